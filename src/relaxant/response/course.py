"""What a series may follow: the doses with their delay, the disease, an expectation, a bad spell at the start, the day of the week."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.responses import ResponsePrior

Floats = NDArray[np.float64]
MONTH = 30.0
LEVEL, TREND, PLACEBO, SPELL = range(4)
_MEDICINES = 4  # the columns of the medicines come after these


class Medicine(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine of a series. ``doses``: by day, shape (days,). ``before``: the dose at the beginning; ``most``: the largest change from it that was
    meant, ``None``: the largest there is. ``delay``: between how many days and how many its effect comes, evenly spread on a
    log scale; ``None``: the prior's. ``fades``: in how many days what one dose brought falls to a third, for what is given rarely; ``None`` for what is taken daily."""

    doses: Floats
    before: float = 0.0
    most: float | None = None
    delay: tuple[float, float] | None = None
    fades: float | None = None

    def changes(self) -> Floats:
        """The dose of each day as a share of the largest change from the beginning, shape (days,): 0 as before, 1 or -1 at the largest. A slip of the pen
        counts as no more."""
        return np.asarray(np.clip(self.change(self.doses), -1.0, 1.0))

    def change(self, doses: Floats) -> Floats:
        """Doses as such shares; beyond 1 where they go further than any in the series."""
        most = self.most or float(np.abs(self.doses - self.before).max(initial=0.0))
        return np.asarray((doses - self.before) / max(most, np.finfo(float).tiny))


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One symptom by day, and what was taken. ``values``: shape (days,), NaN where nothing was noted: scores of a scale with these ``bounds``, in
    steps of ``step``; or counts, where it has none. ``worse``: 1 where more is worse, -1 where more is better. ``start``: the day from which on
    the doses are no longer those of the beginning; the number of days where they stay so. ``now``: from which day to before which counts as now."""

    values: Floats
    medicines: tuple[Medicine, ...]
    bounds: tuple[float, float] | None
    step: float = 1.0
    worse: int
    start: int
    now: tuple[int, int]

    @property
    def range(self) -> float:
        """What a prior's share is of: the range of the scale; 1 for a count, whose logarithm needs none."""
        return 1.0 if self.bounds is None else self.bounds[1] - self.bounds[0]

    @property
    def days(self) -> int:
        return len(self.values)


class Open(NamedTuple):
    """What is not known of a course, a batch of guesses at it, each of shape (batch,): ``drift`` (in the series' unit) and ``memory`` (days) of the days'
    wander, ``noise`` of what is each day's own, how ``late`` a medicine acts between its shortest and longest delay (0 to 1), and the power of a dose's
    share that its effect follows, ``shape``: 1 in proportion, less where the first step brings most."""

    drift: Floats
    noise: Floats
    memory: Floats
    late: Floats
    shape: Floats


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of courses, one for each guess. ``columns``: shape (batch, days, columns). ``mean`` and ``variance``: of their
    coefficients, shape (columns,). ``effect``: what is asked of the coefficients, shape (batch, columns): the change that the medicines account
    for."""

    columns: Floats
    mean: Floats
    variance: Floats
    effect: Floats


def before_and_after(series: Series, prior: ResponsePrior, guess: Open) -> Course:
    """The courses of a series with a start: level, trend, placebo, spell, each medicine."""
    batch, days = len(guess.drift), series.days
    since = np.arange(days) - series.start
    acting = shares(series, prior, guess)
    columns = np.zeros((batch, days, _MEDICINES + len(series.medicines)))
    columns[:, :, LEVEL] = 1.0
    columns[:, :, TREND] = since / MONTH
    columns[:, :, PLACEBO] = np.where(since >= 0, -np.expm1(-(since + 1) / prior.placebo_days), 0.0)
    columns[:, :, SPELL] = series.worse * guess.drift[:, None] * np.exp(-np.abs(since)[None, :] / guess.memory[:, None])
    columns[:, :, _MEDICINES:] = acting.transpose(0, 2, 1)
    mean, sd = _coefficients(series, prior)
    known = acting[:, :, : series.start].mean(axis=-1) if series.start else np.zeros(acting.shape[:2])
    effect = np.zeros((batch, len(mean)))
    effect[:, _MEDICINES:] = acting[:, :, slice(*series.now)].mean(axis=-1) - known
    return Course(columns=columns, mean=mean, variance=sd**2, effect=effect)


def arm_against_arm(series: Series, prior: ResponsePrior, guess: Open) -> Course:
    """The courses of a comparison within one person, whose first medicine is the arm that is compared: level, trend, each arm.

    Nothing is taken for a bad spell or an expectation: the arms take turns, and whatever comes with being treated comes in both.
    """
    batch, days = len(guess.drift), series.days
    columns = np.zeros((batch, days, _MEDICINES + len(series.medicines)))
    columns[:, :, LEVEL] = 1.0
    columns[:, :, TREND] = (np.arange(days) - days / 2) / MONTH
    columns[:, :, _MEDICINES:] = shares(series, prior, guess).transpose(0, 2, 1)
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


def shares(series: Series, prior: ResponsePrior, guess: Open) -> Floats:
    """How much of its effect each medicine has each day, of that of the largest change of its dose; shape (batch, medicines, days)."""
    out = np.empty((len(guess.late), len(series.medicines), series.days))
    for place, medicine in enumerate(series.medicines):
        short, long = medicine.delay or prior.delay
        delay = short * (long / short) ** guess.late
        taken = shaped(medicine.changes(), guess.shape)
        out[:, place] = _steady(taken, delay) if medicine.fades is None else _rare(taken, delay, medicine.fades)
    return out


def shaped(share: Floats, shape: Floats) -> Floats:
    """The effect of shares of a dose, shape (batch, days) of shares (days,)."""
    return np.asarray(np.sign(share) * np.abs(share) ** shape[:, None])


def _steady(taken: Floats, delay: Floats) -> Floats:
    """What is taken daily: its effect follows with a delay of first order. The dose of the first day was taken before it, too."""
    keep = np.exp(-1 / delay)
    out = np.empty_like(taken)
    now = taken[:, 0]
    for day in range(taken.shape[1]):
        now = keep * now + (1 - keep) * taken[:, day]
        out[:, day] = now
    return out


def _rare(taken: Floats, delay: Floats, fades: float) -> Floats:
    """What is given rarely: an effect that comes with a delay and fades, 1 at its peak after one dose."""
    rise = np.minimum(delay, fades / 2)  # what comes no sooner than it goes has no peak
    peak = np.log(fades / rise) / (1 / rise - 1 / fades)
    height = np.exp(-peak / fades) - np.exp(-peak / rise)
    held, coming = np.zeros((2, len(delay)))
    out = np.empty_like(taken)
    for day in range(taken.shape[1]):
        held, coming = np.exp(-1 / fades) * held + taken[:, day], np.exp(-1 / rise) * coming + taken[:, day]
        out[:, day] = (held - coming) / height
    return out


def at_dose(place: int, dose: float) -> Callable[[Series, ResponsePrior, Open], Course]:
    """Courses that ask what a medicine (by its place) would bring beyond what it brings now, once settled at a dose; the effect is taken to grow with the
    dose as it did."""

    def courses(series: Series, prior: ResponsePrior, guess: Open) -> Course:
        plain = before_and_after(series, prior, guess)
        effect = np.zeros_like(plain.effect)
        there = shaped(series.medicines[place].change(np.array([dose])), guess.shape)[:, 0]
        effect[:, _MEDICINES + place] = there - plain.columns[:, slice(*series.now), _MEDICINES + place].mean(axis=-1)
        return msgspec.structs.replace(plain, effect=effect)

    return courses
