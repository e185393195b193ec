"""One symptom of a diary as a series by day, with the doses that were taken."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from relaxant.diary import Diary, Entry
from relaxant.knowledge.scales import Scale
from relaxant.response.course import Series
from relaxant.response.taken import Taken

Floats = NDArray[np.float64]
_STEPS = (1.0, 0.5, 0.25, 0.1, 0.01)
_NEAR = 1e-9


def series_of(diary: Diary, scale: Scale, taken: Taken) -> Series:
    """A scale's series in the days that are used. Scores of several parts of a day are averaged, counts added up."""
    values = _scores([e for e in diary.entries if e.day >= taken.first], scale, taken.first, taken.days)
    return Series(
        values=values,
        medicines=tuple(taken.medicines.values()),
        bounds=None if scale.kind == "count" or scale.high is None else (scale.low, scale.high),
        step=scale.step or _step(values - scale.low),
        worse=1 if scale.better == "lower" else -1,
        start=taken.start,
        now=taken.now,
    )


def _scores(entries: list[Entry], scale: Scale, first: date, days: int) -> Floats:
    written: dict[int, list[float]] = {}
    for entry in entries:
        if scale.scale in entry.scores:
            written.setdefault((entry.day - first).days, []).append(entry.scores[scale.scale])
    values = np.full(days, np.nan)
    for day, scores in written.items():
        values[day] = sum(scores) if scale.kind == "count" else sum(scores) / len(scores)
    return values


def _step(above: Floats) -> float:
    """The coarsest step that all scores keep to."""
    seen = above[~np.isnan(above)]
    return next((s for s in _STEPS if (np.abs(seen / s - np.round(seen / s)) < _NEAR).all()), _STEPS[-1])
