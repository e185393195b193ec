"""How far a symptom has moved since before the doses changed: its posterior over all that a diary leaves open.

For given drift, noise, memory and delay the series is a Gaussian process seen through counts or scores, and what it says of the change is
Laplace's approximation (:mod:`relaxant.response.latent`). Over those four it is an average, weighted by how well each explains the diary:
evenly spread points of the prior, then twice as many about where the weight lies (adaptive importance sampling with the mixture of all
rounds as the proposal: Cornuet and others 2012). No random number is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.responses import ResponsePrior
from relaxant.pharmacology.estimation.likelihoods import counting
from relaxant.pharmacology.spread.even import even_normals
from relaxant.pharmacology.spread.normal import normal_share
from relaxant.response.course import Course, Open, Series, before_and_after
from relaxant.response.latent import Likelihood, Process, fitted, told
from relaxant.response.mixture import Mixture
from relaxant.response.scores import scores
from relaxant.response.wander import Wander

Floats = NDArray[np.float64]
Courses = Callable[[Series, ResponsePrior, Open], Course]
POINTS, _ROUNDS = 40, 3
_OPEN = len(Open._fields)
_WEEK = 7
_WIDER, _LEAST_SPREAD = 1.3, 0.05  # of a set of points beside the weighted covariance of those before
_LEAST_POINTS, _COOLER = 10, 0.8
_LEAST_NOISE = (
    0.5  # of a step of the scale: below it all that is within a step is alike, and Laplace's approximation fails
)
_TOO_NARROW = 1.06  # Laplace's approximation of scores, of diaries drawn from the model itself: benchmarks/responses.py
_LOGIT_SD = np.pi / np.sqrt(3.0)  # a logistic's standard deviation
_MOST_LOG_MEAN, _LEAST_MEAN = 12.0, 0.1


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Posteriors in the series' unit (points; for a count the natural logarithm of its mean). ``beyond``: the change since before that neither
    a bad spell, nor expectation, nor the disease's trend accounts for; ``level``: the change of the level itself, whatever it is due to;
    ``before``: the level before the doses changed. ``points`` is how many points carry the weight."""

    beyond: Mixture
    level: Mixture
    before: Mixture
    points: float


def change(
    series: Series,
    prior: ResponsePrior,
    *,
    points: int = POINTS,
    courses: Courses = before_and_after,
) -> Change:
    """The change of one series since before its first change of dose, or what else the ``courses`` ask."""
    weight, told_there = _averaged(series, prior, points, courses)
    wider = 1.0 if series.bounds is None else _TOO_NARROW
    beyond, level, before = (
        Mixture(
            weight,
            np.concatenate([t.mean[:, i] for t in told_there]),
            wider * np.sqrt(np.concatenate([t.variance[:, i] for t in told_there])),
        )
        for i in range(3)
    )
    return Change(beyond=beyond, level=level, before=before, points=float(1 / (weight**2).sum()))


class _Told(NamedTuple):
    """What points were told: their log evidence, and of each change its mean and variance, shape (points, changes)."""

    evidence: Floats
    mean: Floats
    variance: Floats


def _averaged(series: Series, prior: ResponsePrior, points: int, courses: Courses) -> tuple[Floats, list[_Told]]:  # fmt: skip
    """What every round of points was told, and the weight of each point."""
    standard = even_normals(_OPEN, points)
    centre, factor = np.zeros(_OPEN), np.eye(_OPEN)
    where, told_there, drawn = [], [], []
    for _ in range(_ROUNDS):
        where.append(centre[:, None] + factor @ standard)
        told_there.append(_at(series, prior, where[-1], courses))
        drawn.append((centre, factor))
        everywhere = np.concatenate(where, axis=1)
        log_drawn = np.logaddexp.reduce([_log_normal(everywhere, *one) for one in drawn])
        log_weight = np.concatenate([t.evidence for t in told_there]) - log_drawn
        log_weight += _log_normal(everywhere, np.zeros(_OPEN), np.eye(_OPEN))
        centre, factor = _about(everywhere, _tempered(log_weight))
    return _shares(log_weight), told_there


def _at(series: Series, prior: ResponsePrior, points: Floats, courses: Courses) -> _Told:
    """The evidence of each point and what it says of the three changes."""
    scale = series.range
    guess = _opened(points, prior, scale)
    known = courses(series, prior, guess)
    seen = ~np.isnan(series.values)
    columns = known.columns.transpose(1, 0, 2)
    weekdays = np.arange(series.days)[:, None] % _WEEK == np.arange(_WEEK)
    week = np.broadcast_to((prior.week_sd * scale * weekdays)[:, None, :], (*columns.shape[:2], _WEEK))
    loads = np.concatenate((columns * np.sqrt(known.variance), week), axis=2)
    every_day = Process(columns @ known.mean, _wander(guess, np.arange(series.days)), loads)
    written = Process(every_day.mean[seen], _wander(guess, np.flatnonzero(seen)), loads[seen])
    likelihood, near = _observed(series, guess.noise, seen)
    fit = fitted(written, likelihood, np.broadcast_to(near, written.mean.shape))
    levels = _levels(series)
    shared = every_day.times(np.broadcast_to(levels[:, None], (*every_day.mean.shape, levels.shape[1])))
    own = np.einsum("dbc,bc->db", columns * known.variance, known.effect)
    more, less = told(fit, np.concatenate((own[:, :, None], shared), axis=2)[seen])
    mean = np.column_stack((known.effect @ known.mean, every_day.mean.T @ levels))
    variance = np.column_stack(((known.effect**2) @ known.variance, np.einsum("dbl,dl->bl", shared, levels)))
    return _Told(fit.log_evidence, mean + more, np.maximum(variance - less, np.finfo(float).tiny))


def _wander(guess: Open, days: NDArray[np.int_]) -> Wander:
    """The wander on these days, in order."""
    keep = np.zeros((len(days), len(guess.memory)))
    keep[1:] = np.exp(-np.diff(days)[:, None] / guess.memory)
    return Wander(guess.drift**2, keep)


def _levels(series: Series) -> Floats:
    """Weights of the days whose sum is the level now less that before, and the level before; shape (days, 2)."""
    before, now = np.zeros((2, series.days))
    before[: series.start or series.days] = 1 / (series.start or series.days)
    now[slice(*series.now)] = 1 / (series.now[1] - series.now[0])
    return np.column_stack((now - before, before))


def _observed(series: Series, noise: Floats, seen: NDArray[np.bool_]) -> tuple[Likelihood, Floats]:
    """How likely what was written is, and latent values near it, shape (days, 1): of counts halfway to their mean, as none has no logarithm."""
    observed = series.values[seen][:, None]
    if series.bounds is None:
        of_mean = counting(observed, dispersion=noise)

        def of_counts(latent: Floats) -> tuple[Floats, Floats, Floats]:
            mean = np.exp(np.minimum(latent, _MOST_LOG_MEAN))
            value, slope, curvature = of_mean(mean)
            return value, slope * mean, curvature * mean**2

        return of_counts, np.log((observed + max(observed.mean(), _LEAST_MEAN)) / 2)
    low, high = series.bounds
    lower = np.where(observed <= low, -np.inf, observed - series.step / 2)
    upper = np.where(observed >= high, np.inf, observed + series.step / 2)
    return scores(lower, upper, np.hypot(noise, _LEAST_NOISE * series.step) / _LOGIT_SD), observed


# ---------------------------------------------------------------- points of what is not known


def _opened(points: Floats, prior: ResponsePrior, scale: float) -> Open:
    """The guesses at points that the prior spreads as standard normals."""
    noisy = 1.0 if prior.kind == "count" else scale  # a dispersion has no unit
    return Open(
        drift=prior.drift[0] * scale * np.exp(prior.drift[1] * points[0]),
        noise=prior.noise[0] * noisy * np.exp(prior.noise[1] * points[1]),
        memory=_between(prior.memory, points[2]),
        late=np.asarray(normal_share(points[3])),
        shape=_between(prior.shape, points[4]),
    )


def _between(bounds: tuple[float, float], point: Floats) -> Floats:
    """Evenly spread on a log scale."""
    return np.asarray(bounds[0] * (bounds[1] / bounds[0]) ** normal_share(point))


def _shares(log_weight: Floats) -> Floats:
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _tempered(log_weight: Floats) -> Floats:
    """The weights, flattened until at least ``_LEAST_POINTS`` carry them: a single point says nothing of how far to look about it."""
    heat = 1.0
    weight = _shares(log_weight)
    while 1 / (weight**2).sum() < min(_LEAST_POINTS, len(weight)):
        heat *= _COOLER
        weight = _shares(log_weight * heat)
    return weight


def _about(points: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The weighted centre of points, and a factor of a somewhat wider covariance."""
    centre = points @ weight
    away = points - centre[:, None]
    covariance = _WIDER * ((away * weight) @ away.T + _LEAST_SPREAD * np.eye(len(points)))
    return centre, np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


def _log_normal(points: Floats, centre: Floats, factor: Floats) -> Floats:
    """The density at points, but for a constant of all normals of so many dimensions."""
    standard = np.linalg.solve(factor, points - centre[:, None])
    return np.asarray(-0.5 * (standard**2).sum(axis=0) - np.log(np.diag(factor)).sum())
