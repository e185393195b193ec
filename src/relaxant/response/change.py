"""How far a symptom has moved since before the doses changed: its posterior over all that a diary leaves open.

For given drift, noise, memory and delay the series is a Gaussian process seen through counts or scores, and what it says of the change is
Laplace's approximation (:mod:`relaxant.response.latent`). Over those four it is an average, weighted by how well each explains the diary:
evenly spread points of the prior, then as many about where the weight lies (adaptive importance sampling). No random number is drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.responses import ResponsePrior
from relaxant.pharmacology.estimation.likelihoods import counts
from relaxant.pharmacology.spread.even import even_normals
from relaxant.pharmacology.spread.normal import normal_share
from relaxant.response.course import LEVEL, PLACEBO, TREND, Series, course
from relaxant.response.latent import Likelihood, fitted, told
from relaxant.response.mixture import Mixture
from relaxant.response.scores import scores

Floats = NDArray[np.float64]
POINTS = 64
_OPEN = 4  # drift, noise, memory, delay
_WEEK = 7
_WIDER, _LEAST_SPREAD = 1.3, 0.05  # of the second set of points beside the first's weighted covariance
_LOGIT_SD = np.pi / np.sqrt(3.0)  # a logistic's standard deviation
_MOST_LOG_MEAN = 12.0


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Posteriors in the series' unit (points; for a count the natural logarithm of its mean). ``beyond``: the change since before that neither
    a bad spell, nor expectation, nor the disease's trend accounts for; ``whole``: with expectation and trend; ``before``: the level before
    the doses changed. ``points`` is how many points carry the weight."""

    beyond: Mixture
    whole: Mixture
    before: Mixture
    points: float


def change(series: Series, prior: ResponsePrior, *, points: int = POINTS, last: int = _WEEK) -> Change:
    """The change of one series since before its first change of dose; ``last`` is how many of its last days count as now."""
    first = even_normals(_OPEN, points)
    told_first = _at(series, prior, first, last)
    centre, factor = _about(first, told_first.evidence)
    second = centre[:, None] + factor @ first
    told_second = _at(series, prior, second, last)
    where = np.concatenate((first, second), axis=1)
    density = _log_normal(where, np.zeros(_OPEN), np.eye(_OPEN))
    drawn = np.logaddexp(density, _log_normal(where, centre, factor))
    log_weight = np.concatenate((told_first.evidence, told_second.evidence)) + density - drawn
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    beyond, whole, before = (
        Mixture(weight, np.concatenate(mean), np.sqrt(np.concatenate(variance)))
        for mean, variance in zip(
            zip(told_first.means, told_second.means, strict=True),
            zip(told_first.variances, told_second.variances, strict=True),
            strict=True,
        )
    )
    return Change(beyond=beyond, whole=whole, before=before, points=float(1 / (weight**2).sum()))


class _Told(NamedTuple):
    evidence: Floats
    means: tuple[Floats, ...]
    variances: tuple[Floats, ...]


def _at(series: Series, prior: ResponsePrior, points: Floats, last: int) -> _Told:
    """The evidence of each point and what it says of the three changes."""
    scale = series.range
    drift, noise, memory, delay = _opened(points, prior, scale)
    known = course(series, prior, drift, memory, delay, last)
    seen = ~np.isnan(series.values)
    day = np.flatnonzero(seen)
    columns = known.columns[:, seen]
    apart = np.abs(day[:, None] - day[None, :])
    covariance = (columns * known.variance) @ columns.transpose(0, 2, 1)
    covariance += drift[:, None, None] ** 2 * np.exp(-apart / memory[:, None, None])
    covariance += (prior.week_sd * scale) ** 2 * (apart % _WEEK == 0)
    fit = fitted(columns @ known.mean, covariance, _likelihood(series, noise, seen))
    aims = np.zeros((3, len(drift), len(known.mean)))
    aims[:2, :, -len(series.doses) :] = known.effect
    aims[1, :, PLACEBO] = known.columns[:, -last:, PLACEBO].mean(axis=-1)
    aims[1, :, TREND] = known.columns[:, -last:, TREND].mean(axis=-1)
    aims[2, :, LEVEL] = 1.0
    aims[2, :, -len(series.doses) :] = known.before
    means, variances = [], []
    for aim in aims:
        shared = np.einsum("bdc,bc->bd", columns * known.variance, aim)
        more, less = told(fit, shared)
        means.append(aim @ known.mean + more)
        variances.append(np.maximum((aim**2) @ known.variance - less, np.finfo(float).tiny))
    return _Told(fit.log_evidence, tuple(means), tuple(variances))


def _likelihood(series: Series, noise: Floats, seen: NDArray[np.bool_]) -> Likelihood:
    observed, spread = series.values[seen], noise[:, None]
    if series.bounds is None:

        def of_counts(latent: Floats) -> tuple[Floats, Floats, Floats]:
            mean = np.exp(np.minimum(latent, _MOST_LOG_MEAN))
            value, slope, curvature = counts(mean, observed, dispersion=np.broadcast_to(spread, latent.shape))
            return value, slope * mean, curvature * mean**2

        return of_counts
    low, high = series.bounds
    lower = np.where(observed <= low, -np.inf, observed - series.step / 2)
    upper = np.where(observed >= high, np.inf, observed + series.step / 2)
    width = spread / _LOGIT_SD
    return lambda latent: scores(latent, lower, upper, width)


# ---------------------------------------------------------------- points of what is not known


def _opened(points: Floats, prior: ResponsePrior, scale: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Drift, noise, memory and delay of points that the prior spreads as standard normals, each of shape (points,)."""
    noisy = 1.0 if prior.kind == "count" else scale  # a dispersion has no unit
    return (
        prior.drift[0] * scale * np.exp(prior.drift[1] * points[0]),
        prior.noise[0] * noisy * np.exp(prior.noise[1] * points[1]),
        _between(prior.memory, points[2]),
        _between(prior.delay, points[3]),
    )


def _between(bounds: tuple[float, float], point: Floats) -> Floats:
    """Evenly spread on a log scale."""
    return np.asarray(bounds[0] * (bounds[1] / bounds[0]) ** normal_share(point))


def _about(points: Floats, evidence: Floats) -> tuple[Floats, Floats]:
    """The weighted centre of points, and a factor of a somewhat wider covariance."""
    weight = np.exp(evidence - evidence.max())
    weight /= weight.sum()
    centre = points @ weight
    away = points - centre[:, None]
    covariance = _WIDER * ((away * weight) @ away.T + _LEAST_SPREAD * np.eye(len(points)))
    return centre, np.linalg.cholesky(covariance)


def _log_normal(points: Floats, centre: Floats, factor: Floats) -> Floats:
    """The density at points, but for a constant of all normals of so many dimensions."""
    standard = np.linalg.solve(factor, points - centre[:, None])
    return np.asarray(-0.5 * (standard**2).sum(axis=0) - np.log(np.diag(factor)).sum())
