"""How likely what was observed is, given what was predicted: scores in ordered steps, and counts (levels: :mod:`relaxant.pharmacology.estimation.residuals`).

Each function takes predictions and observations of one shape and gives three arrays of it: minus twice the logarithm of the
likelihood (constants included), its first derivative by the prediction, and a positive curvature for scoring steps (twice the
expected information). An observation of NaN was not made: it counts 0 in all three.

No step subtracts nearly equal numbers, so the tails keep their digits: a score that the model hardly allows, counts
close to Poisson's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError

Floats = NDArray[np.float64]
Terms = tuple[Floats, Floats, Floats]
"""Minus twice the log likelihood, its derivative by the prediction, and a positive curvature."""
_LARGE = 1e3  # beyond, a difference of log gammas would cancel: Stirling's series of the difference stands for it
_LEAST_MEAN = 1e-290  # of a count, so that its inverse is a number
_NEARLY_POISSON = 1e-60  # a dispersion that changes no digit any more
_lgamma = np.frompyfunc(math.lgamma, 1, 1)


def counts(predicted: ArrayLike, observed: ArrayLike, *, dispersion: ArrayLike = 0.0) -> Terms:
    """A count (spasms a day) with this mean: negative binomial with variance mean + dispersion * mean², Poisson for 0.

    Raises :class:`InputError` for a mean or dispersion under 0 and for an observation that is no count.
    """
    return counting(observed, dispersion=dispersion)(predicted)


def counting(observed: ArrayLike, *, dispersion: ArrayLike = 0.0) -> Callable[[ArrayLike], Terms]:
    """:func:`counts` of one set of observations for one prediction after another: what no prediction moves is reckoned once."""
    y, a = np.asarray(observed, dtype=np.float64), np.asarray(dispersion, dtype=np.float64)
    _checked_dispersion(a)
    counted = np.where(np.isnan(y), 0.0, y)
    if (counted < 0).any() or (counted != np.floor(counted)).any() or np.isinf(counted).any():
        raise InputError("observed", float(counted.min()), "it is no count", "give whole numbers from 0")
    ways = _rising(counted, a) - _log_gamma(counted + 1)

    def terms(predicted: ArrayLike) -> Terms:
        f, _ = _arrays(predicted, y)
        _checked_mean(f)
        mean = np.maximum(f, _LEAST_MEAN)
        x = a * mean
        log_grown = np.log1p(x)
        per_mean = np.where(x > 0, log_grown / np.where(x > 0, x, 1.0), 1.0)  # log(1 + dispersion * mean) of it
        spread = np.where(counted > 0, counted * np.log(mean), 0.0) - counted * log_grown - mean * per_mean
        slope = -2 * (counted - mean) / (mean * (1 + x))
        return _seen(y, -2 * (spread + ways), slope, 2 / (mean * (1 + x)))

    return terms


def ordinal(predicted: ArrayLike, observed: ArrayLike, *, cuts: ArrayLike) -> Terms:
    """A score in ordered steps 0, 1, 2 ... (a spasm scale, sedation) by proportional odds.

    ``predicted`` is on the scale of the logit: the chance of a score up to k is logistic(cuts[k] - predicted), so a higher prediction
    means higher scores. ``cuts`` ascend along their first axis, one fewer than there are scores; further axes fit those of the
    observations. Raises :class:`InputError` for cuts out of order and for a score that the cuts do not have.
    """
    f, y = _arrays(predicted, observed)
    edges = _edges(cuts, f.ndim)
    scores = len(edges) - 1
    score = np.where(np.isnan(y), 0.0, y)
    if ((score < 0) | (score >= scores) | (score != np.floor(score))).any():
        raise InputError("observed", float(score.max()), f"a score is one of 0 to {scores - 1}", "add cuts, or correct the score")  # fmt: skip
    value, slope, curvature = (np.zeros(f.shape) for _ in range(3))
    for k in range(scores):
        # logistic(upper) - logistic(lower) as a product: nothing is subtracted.
        lower, upper = edges[k] - f, edges[k + 1] - f
        log_chance = _log_logistic(upper) + _log_logistic(-lower) + np.log(-np.expm1(edges[k] - edges[k + 1]))
        under, over = np.exp(_log_logistic(lower)), np.exp(_log_logistic(-upper))
        here = score == k
        value = np.where(here, -2 * log_chance, value)
        slope = np.where(here, -2 * (under - over), slope)
        bend = under * np.exp(_log_logistic(-lower)) + over * np.exp(_log_logistic(upper))
        curvature = curvature + 2 * np.exp(log_chance) * bend
    return _seen(y, value, slope, curvature)


def simulated_counts(predicted: ArrayLike, *, dispersion: float = 0.0, seed: int) -> Floats:
    """Counts as :func:`counts` describes them: Poisson's, about a mean that a gamma distribution spreads."""
    f = np.asarray(predicted, dtype=np.float64)
    _checked_mean(f)
    _checked_dispersion(np.asarray(dispersion, dtype=np.float64))
    random = np.random.default_rng(seed)
    mean = f if dispersion == 0 else f * random.gamma(1 / dispersion, dispersion, f.shape)
    return np.asarray(random.poisson(mean), dtype=np.float64)


def simulated_ordinal(predicted: ArrayLike, *, cuts: ArrayLike, seed: int) -> Floats:
    """Scores as :func:`ordinal` describes them."""
    f = np.asarray(predicted, dtype=np.float64)
    inner = _edges(cuts, f.ndim)[1:-1]
    shape = np.broadcast_shapes(f.shape, inner.shape[1:])
    logistic = np.random.default_rng(seed).logistic(size=shape)
    return np.asarray((f + logistic > inner).sum(axis=0), dtype=np.float64)


# ---------------------------------------------------------------- parts


def _arrays(predicted: ArrayLike, observed: ArrayLike) -> tuple[Floats, Floats]:
    f, y = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    try:
        f, y = np.broadcast_arrays(f, y)
    except ValueError:
        raise InputError("observed", y.shape, f"the predictions are of shape {f.shape}", "give one of each") from None
    return f, y


def _seen(observed: Floats, value: Floats, slope: Floats, curvature: Floats) -> Terms:
    missing = np.isnan(observed)
    return np.where(missing, 0.0, value), np.where(missing, 0.0, slope), np.where(missing, 0.0, curvature)


def _log_logistic(x: Floats) -> Floats:
    return np.asarray(-np.logaddexp(0.0, -x))


def _edges(cuts: ArrayLike, axes: int) -> Floats:
    """The cuts with what is below the first and above the last; axes added so that they fit observations of so many axes."""
    inner = np.atleast_1d(np.asarray(cuts, dtype=np.float64))
    if not inner.size or not np.isfinite(inner).all() or (np.diff(inner, axis=0) <= 0).any():
        raise InputError("cuts", cuts, "they are not in ascending order", "give at least one, ascending")
    if inner.ndim == 1:
        inner = inner.reshape(inner.shape + (1,) * axes)
    end = np.full((1, *inner.shape[1:]), np.inf)
    return np.concatenate((-end, inner, end))


def _checked_mean(mean: Floats) -> None:
    if (mean < 0).any():
        raise InputError("predicted", float(np.nanmin(mean)), "a mean count is not under 0", "give 0 or more")


def _checked_dispersion(dispersion: Floats) -> None:
    if not (dispersion >= 0).all():
        raise InputError("dispersion", float(dispersion.min()), "it is no dispersion", "give 0 (Poisson) or more")


def _log_gamma(x: Floats) -> Floats:
    return np.asarray(_lgamma(x), dtype=np.float64)


def _rising(count: Floats, dispersion: Floats) -> Floats:
    """log((1 + 0 a)(1 + 1 a) ... (1 + (count - 1) a)), for a dispersion a: what a negative binomial has beside Poisson's terms."""
    count, a = np.broadcast_arrays(count, dispersion)
    size = 1 / np.maximum(a, _NEARLY_POISSON)
    large = size > _LARGE
    small = np.where(large, _LARGE, size)
    by_gamma = _log_gamma(count + small) - _log_gamma(small) - count * np.log(small)
    r = np.where(large, size, _LARGE)
    beyond = r + count
    by_series = (beyond - 0.5) * np.log1p(count / r) - count
    by_series += (1 / beyond - 1 / r) / 12 - (1 / beyond**3 - 1 / r**3) / 360
    return np.where(large, by_series, by_gamma)
