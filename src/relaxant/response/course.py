"""What a series may follow: the doses with their delay, the disease, an expectation, a bad spell at the start, the day of the week."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.responses import ResponsePrior

Floats = NDArray[np.float64]
MONTH = 30.0
LEVEL, TREND, PLACEBO, SPELL = range(4)
_MEDICINES = 4  # the columns of the medicines come after these


class Medicine(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine of a series. ``doses``: by day, shape (days,). ``delay``: between how many days and how many its effect comes, evenly spread on a
    log scale; ``None``: the prior's. ``fades``: in how many days what one dose brought falls to a third, for what is given rarely; ``None`` for what is taken daily."""

    doses: Floats
    delay: tuple[float, float] | None = None
    fades: float | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One symptom by day, and what was taken. ``values``: shape (days,), NaN where nothing was noted: scores of a scale with these ``bounds``, in
    steps of ``step``; or counts, where it has none. ``worse``: 1 where more is worse, -1 where more is better. ``start``: the day from which on
    the doses are no longer those of the beginning; the number of days where they stay so."""

    values: Floats
    medicines: tuple[Medicine, ...]
    bounds: tuple[float, float] | None
    step: float = 1.0
    worse: int
    start: int

    @property
    def range(self) -> float:
        """What a prior's share is of: the range of the scale; 1 for a count, whose logarithm needs none."""
        return 1.0 if self.bounds is None else self.bounds[1] - self.bounds[0]

    @property
    def days(self) -> int:
        return len(self.values)


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of courses, one for each drift, memory and delay. ``columns``: shape (batch, days, columns). ``mean`` and ``variance``: of their
    coefficients, shape (columns,). ``effect``: what is asked of the coefficients, shape (batch, columns): the change that the medicines account
    for."""

    columns: Floats
    mean: Floats
    variance: Floats
    effect: Floats


def before_and_after(series: Series, prior: ResponsePrior, drift: Floats, memory: Floats, late: Floats, last: int) -> Course:  # fmt: skip
    """The courses of a series with a start: level, trend, placebo, spell, each medicine.

    ``drift`` (in the series' unit), ``memory`` (days) and ``late`` (how far between a medicine's shortest and longest delay, 0 to 1) are of shape
    (batch,). ``last`` is how many days count as now.
    """
    batch, days = len(drift), series.days
    since = np.arange(days) - series.start
    acting = shares(series, prior, late)
    columns = np.zeros((batch, days, _MEDICINES + len(series.medicines)))
    columns[:, :, LEVEL] = 1.0
    columns[:, :, TREND] = since / MONTH
    columns[:, :, PLACEBO] = np.where(since >= 0, -np.expm1(-(since + 1) / prior.placebo_days), 0.0)
    columns[:, :, SPELL] = series.worse * drift[:, None] * np.exp(-np.abs(since)[None, :] / memory[:, None])
    columns[:, :, _MEDICINES:] = acting.transpose(0, 2, 1)
    mean, sd = _coefficients(series, prior)
    known = acting[:, :, : series.start].mean(axis=-1) if series.start else np.zeros(acting.shape[:2])
    effect = np.zeros((batch, len(mean)))
    effect[:, _MEDICINES:] = acting[:, :, -last:].mean(axis=-1) - known
    return Course(columns=columns, mean=mean, variance=sd**2, effect=effect)


def arm_against_arm(series: Series, prior: ResponsePrior, drift: Floats, memory: Floats, late: Floats, last: int) -> Course:  # fmt: skip
    """The courses of a comparison within one person, whose first medicine is the arm that is compared: level, trend, each arm.

    Nothing is taken for a bad spell or an expectation: the arms take turns, and whatever comes with being treated comes in both.
    """
    batch, days = len(drift), series.days
    columns = np.zeros((batch, days, _MEDICINES + len(series.medicines)))
    columns[:, :, LEVEL] = 1.0
    columns[:, :, TREND] = (np.arange(days) - days / 2) / MONTH
    columns[:, :, _MEDICINES:] = shares(series, prior, late).transpose(0, 2, 1)
    mean, sd = _coefficients(series, prior)
    sd[[PLACEBO, SPELL]] = mean[[PLACEBO, SPELL]] = 0.0
    effect = np.zeros((batch, len(mean)))
    effect[:, _MEDICINES] = 1.0
    return Course(columns=columns, mean=mean, variance=sd**2, effect=effect)


def _coefficients(series: Series, prior: ResponsePrior) -> tuple[Floats, Floats]:
    """What the coefficients are before a day is read: their means and standard deviations, in the series' unit."""
    scale, lowest = series.range, 0.0 if series.bounds is None else series.bounds[0]
    mean = np.zeros(_MEDICINES + len(series.medicines))
    sd = np.full(len(mean), prior.effect_sd * scale)
    mean[[LEVEL, PLACEBO, SPELL]] = (
        lowest + prior.level_mean * scale,
        series.worse * prior.placebo_mean * scale,
        prior.spell_mean,
    )
    sd[[LEVEL, TREND, PLACEBO, SPELL]] = prior.level_sd * scale, prior.trend_sd * scale, prior.placebo_sd * scale, prior.spell_sd  # fmt: skip
    return mean, sd


def shares(series: Series, prior: ResponsePrior, late: Floats) -> Floats:
    """How much of its effect each medicine has each day, of that of the highest dose in the series; shape (batch, medicines, days)."""
    out = np.empty((len(late), len(series.medicines), series.days))
    for place, medicine in enumerate(series.medicines):
        short, long = medicine.delay or prior.delay
        delay = short * (long / short) ** late
        taken = medicine.doses / max(float(medicine.doses.max(initial=0.0)), np.finfo(float).tiny)
        out[:, place] = _steady(taken, delay) if medicine.fades is None else _rare(taken, delay, medicine.fades)
    return out


def _steady(taken: Floats, delay: Floats) -> Floats:
    """What is taken daily: its effect follows with a delay of first order. The dose of the first day was taken before it, too."""
    keep = np.exp(-1 / delay)
    out = np.empty((len(delay), len(taken)))
    now = np.full(len(delay), taken[0])
    for day, dose in enumerate(taken):
        now = keep * now + (1 - keep) * dose
        out[:, day] = now
    return out


def _rare(taken: Floats, delay: Floats, fades: float) -> Floats:
    """What is given rarely: an effect that comes with a delay and fades, 1 at its peak after one dose."""
    rise = np.minimum(delay, fades / 2)  # what comes no sooner than it goes has no peak
    peak = np.log(fades / rise) / (1 / rise - 1 / fades)
    height = np.exp(-peak / fades) - np.exp(-peak / rise)
    held, coming = np.zeros((2, len(delay)))
    out = np.empty((len(delay), len(taken)))
    for day, dose in enumerate(taken):
        held, coming = np.exp(-1 / fades) * held + dose, np.exp(-1 / rise) * coming + dose
        out[:, day] = (held - coming) / height
    return out
