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


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One symptom by day, and what was taken. ``values``: shape (days,), NaN where nothing was noted: scores of a scale with these ``bounds``, in
    steps of ``step``; or counts, where it has none. ``doses``: shape (medicines, days). ``worse``: 1 where more is worse, -1 where more is
    better. ``start``: the first day on which a dose differs from the first; the number of days where none does."""

    values: Floats
    doses: Floats
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
    """A batch of courses, one for each delay and memory. ``columns``: shape (batch, days, columns): level, trend, placebo, spell, each medicine.
    ``mean`` and ``variance``: of their coefficients, shape (columns,). ``effect``: the medicines' share of their effect now less that before,
    shape (batch, medicines); ``before``: before alone."""

    columns: Floats
    mean: Floats
    variance: Floats
    effect: Floats
    before: Floats


def first_change(doses: Floats) -> int:
    """The first day on which some dose is not that of the first day; the number of days where none is."""
    changed = (doses != doses[:, :1]).any(axis=0)
    return int(changed.argmax()) if changed.any() else doses.shape[1]


def course(series: Series, prior: ResponsePrior, drift: Floats, memory: Floats, delay: Floats, last: int) -> Course:  # fmt: skip
    """The courses of a batch of drifts (in the series' unit), memories and delays (days), each of shape (batch,). ``last`` is
    how many days count as now."""
    scale, lowest = series.range, 0.0 if series.bounds is None else series.bounds[0]
    batch, days, medicines = len(drift), series.days, len(series.doses)
    day = np.arange(days)
    since = day - series.start
    acting = shares(series.doses, delay)
    columns = np.zeros((batch, days, _MEDICINES + medicines))
    columns[:, :, LEVEL] = 1.0
    columns[:, :, TREND] = since / MONTH
    columns[:, :, PLACEBO] = np.where(since >= 0, -np.expm1(-(since + 1) / prior.placebo_days), 0.0)
    columns[:, :, SPELL] = series.worse * drift[:, None] * np.exp(-np.abs(since)[None, :] / memory[:, None])
    columns[:, :, _MEDICINES:] = acting.transpose(0, 2, 1)
    mean = np.zeros(_MEDICINES + medicines)
    mean[[LEVEL, PLACEBO, SPELL]] = (
        lowest + prior.level_mean * scale,
        series.worse * prior.placebo_mean * scale,
        prior.spell_mean,
    )
    sd = np.full(_MEDICINES + medicines, prior.effect_sd * scale)
    sd[[LEVEL, TREND, PLACEBO, SPELL]] = prior.level_sd * scale, prior.trend_sd * scale, prior.placebo_sd * scale, prior.spell_sd  # fmt: skip
    before = acting[:, :, : series.start].mean(axis=-1) if series.start else np.zeros((batch, medicines))
    return Course(
        columns=columns,
        mean=mean,
        variance=sd**2,
        effect=acting[:, :, -last:].mean(axis=-1) - before,
        before=before,
    )


def shares(doses: Floats, delay: Floats) -> Floats:
    """How much of its effect each medicine has each day: the dose over the highest of the diary, with a delay of first order. Shape (batch,
    medicines, days)."""
    most = np.maximum(doses.max(axis=1, keepdims=True), np.finfo(float).tiny)
    taken, keep = doses / most, np.exp(-1 / delay)[:, None]
    out = np.empty((len(delay), *doses.shape))
    now = np.broadcast_to(taken[:, 0], (len(delay), len(doses)))
    for day in range(doses.shape[1]):
        now = keep * now + (1 - keep) * taken[:, day]
        out[:, :, day] = now
    return out
