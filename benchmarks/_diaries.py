"""Diaries whose truth is known: drawn from the model that reads them, or from people whom it does not describe."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.responses import ResponsePrior
from relaxant.response.course import Medicine, Open, Series, arm_against_arm, before_and_after
from relaxant.response.taken import usual

Floats = NDArray[np.float64]
AFTER = 42
LAST = 7
BLOCKS = 4
_SPARE = 400


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What is so. ``effect``: of the highest dose, in points, for a ``count`` in its logarithm. ``top``: the scale goes from 0 to it in whole steps.
    ``before``: days before the start. ``missing`` and ``slips``: shares of days. ``bad_week``: the start follows one of the worst weeks in seven.
    ``memory``: how far a day resembles the one before; by chance where ``None``. ``steps``: the dose rises in three steps, a week apart; with ``at_once``
    the first of them brings the whole effect. ``on_top``: a dose is taken already and goes up by half. ``slip_of_dose``: on one day ten times the dose is written.
    ``turns``: in place of a start, weeks with and without in blocks of two whose order chance draws."""

    effect: float = 0.0
    top: int = 10
    before: int = 14
    count: bool = False
    turns: bool = False
    missing: float = 0.1
    slips: float = 0.02
    bad_week: bool = True
    memory: float | None = None
    steps: bool = False
    at_once: bool = False
    on_top: bool = False
    slip_of_dose: bool = False
    from_prior: bool = False


class Drawn(msgspec.Struct, frozen=True):
    """A series, and the change that is true of it, by the medicine alone: of the last seven days against before; of turns, of one arm against the
    other once settled. ``treated``: the days that plain rules set against the others."""

    series: Series
    true: float
    treated: NDArray[np.bool_]


def _turns(rng: np.random.Generator) -> Floats:
    """Weeks of the highest dose and of none."""
    return np.repeat(np.concatenate([rng.permutation([0.0, 1.0]) for _ in range(BLOCKS)]), 7)


def _doses(before: int, *, steps: bool) -> Floats:
    doses = np.zeros(before + AFTER)
    doses[before:] = 1.0
    if steps:
        doses[before : before + 14] = np.repeat([1 / 3, 2 / 3], 7)
    return doses


def person(rng: np.random.Generator, truth: Truth) -> Drawn:
    """Somebody whose days follow one another by an autoregression, with a placebo response that wears off in half of them."""
    doses = _turns(rng) if truth.turns else _doses(truth.before, steps=truth.steps)
    days, begun = len(doses), 0 if truth.turns else truth.before
    near = rng.uniform(0.3, 0.85) if truth.memory is None else truth.memory
    away = np.zeros(_SPARE)
    shocks = rng.standard_normal(_SPARE)
    for i in range(1, _SPARE):
        away[i] = near * away[i - 1] + math.sqrt(1 - near**2) * shocks[i]
    start = rng.integers(begun, _SPARE - days)
    if truth.bad_week:
        weeks = np.convolve(away, np.ones(7) / 7, "valid")[: _SPARE - days - 7]
        worst = np.flatnonzero(weeks >= np.quantile(weeks, 0.85))
        start = max(int(rng.choice(worst)) + 7, begun)
    away = away[start - begun : start - begun + days]
    since = np.arange(days) - begun
    scale = 0.3 if truth.count else 1.0  # a point of a rating is to a count as about a third of its logarithm
    course = rng.uniform(0.7, 1.6) * away + rng.uniform(0.0, 0.6) * np.sin(2 * np.pi * (since + rng.integers(7)) / 7)
    if rng.random() < 0.5:
        wears = np.exp(-np.maximum(since, 0) / rng.uniform(20, 90))
        course = course - rng.uniform(0.3, 1.8) * np.where(since >= 0, -np.expm1(-(since + 1) / 2) * wears, 0.0)
    course = scale * (course + rng.normal(0, 0.4) * since / 30)
    keep, acting, now = math.exp(-1 / rng.uniform(1, 8)), np.zeros(days), 0.0
    for day, dose in enumerate(doses > 0 if truth.at_once else doses):
        now = keep * now + (1 - keep) * dose
        acting[day] = now
    if truth.on_top:
        doses = 2 + doses
    if truth.slip_of_dose:
        doses[begun + 3 * LAST] *= 10
    course = course + truth.effect * (1.0 if truth.count else 10 / truth.top) * acting
    if truth.count:
        mean = np.exp(rng.uniform(1.0, 2.5) + course)
        size = 1 / rng.uniform(0.05, 0.4)
        values = rng.negative_binomial(size, size / (size + mean)).astype(float)
        slip = rng.random(days) < truth.slips
        values[slip] = np.round(values[slip] * rng.choice([0.2, 4.0], int(slip.sum())))
    else:
        noisy = rng.uniform(4, 7.5) + course + rng.normal(0, rng.uniform(0.3, 0.8), days)
        slip = rng.random(days) < truth.slips
        noisy[slip] += rng.choice([-4, 4], int(slip.sum()))
        values = np.clip(np.round(noisy * truth.top / 10), 0, truth.top)
    values[rng.random(days) < truth.missing] = np.nan
    series = _series(values, doses, begun, None if truth.count else truth.top)
    if truth.turns:
        return Drawn(series, truth.effect, doses > 0)
    return Drawn(series, truth.effect * float(acting[-LAST:].mean() - acting[:begun].mean()), since >= 0)


def drawn_from_prior(rng: np.random.Generator, prior: ResponsePrior, truth: Truth) -> Drawn:
    """Somebody drawn from the model itself: every number from its prior."""
    count = truth.count
    doses = _turns(rng) if truth.turns else _doses(truth.before, steps=truth.steps)
    days, before = len(doses), 0 if truth.turns else truth.before
    series = _series(np.zeros(days), doses, before, None if count else truth.top)
    scale, noisy = series.range, 1.0 if count else series.range
    drift = prior.drift[0] * scale * math.exp(prior.drift[1] * rng.standard_normal())
    noise = prior.noise[0] * noisy * math.exp(prior.noise[1] * rng.standard_normal())
    memory = prior.memory[0] * (prior.memory[1] / prior.memory[0]) ** rng.random()
    late = rng.random()
    shape = prior.shape[0] * (prior.shape[1] / prior.shape[0]) ** rng.random()
    courses = arm_against_arm if truth.turns else before_and_after
    guess = Open(*(np.array([v]) for v in (drift, noise, memory, late, shape)))
    known = courses(series, prior, guess)
    coefficients = known.mean + np.sqrt(known.variance) * rng.standard_normal(len(known.mean))
    apart = np.abs(np.arange(days)[:, None] - np.arange(days))
    wander = drift**2 * np.exp(-apart / memory) + (prior.week_sd * scale) ** 2 * (apart % 7 == 0)
    latent = known.columns[0] @ coefficients + np.linalg.cholesky(wander + 1e-9 * np.eye(days)) @ rng.standard_normal(
        days
    )
    if count:
        mean = np.exp(np.minimum(latent, 12))
        values = rng.negative_binomial(1 / noise, 1 / (1 + noise * mean)).astype(float)
    else:
        width = math.hypot(noise, 0.5) * math.sqrt(3) / math.pi
        values = np.clip(np.round(latent + rng.logistic(0, width, days)), 0, truth.top)
    treated = doses > 0 if truth.turns else np.arange(days) >= before
    return Drawn(msgspec.structs.replace(series, values=values), float(known.effect[0] @ coefficients), treated)


def _series(values: Floats, doses: Floats, start: int, top: int | None) -> Series:
    """A scale from 0 to ``top``; a count where it has none."""
    bounds = None if top is None else (0.0, float(top))
    own = usual(doses, 3) if start else doses
    medicine = Medicine(
        doses=np.minimum(doses, own.max()),
        before=float(own[0]) if start else 0.0,
        most=float(np.abs(own - own[0]).max()) if start else None,
    )
    return Series(
        values=values, medicines=(medicine,), bounds=bounds, worse=1, start=start, now=(len(values) - LAST, len(values))
    )
