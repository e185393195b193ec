"""One symptom of a diary as a series by day, with the doses that were taken."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from relaxant.diary import Diary, Entry
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Scale
from relaxant.response.course import Series, first_change

Floats = NDArray[np.float64]
_STEPS = (1.0, 0.5, 0.25, 0.1, 0.01)
_NEAR = 1e-9


def series_of(diary: Diary, scale: Scale, knowledge: Knowledge) -> tuple[Series, date, tuple[str, ...]]:
    """The series, its first day, and what a reader has to know of how it was made.

    A day on which nothing was written of a dose counts as the day before: to forget to write is not to forget to take. Scores of several
    parts of a day are averaged, counts added up. The last ``respond_window`` days are used.
    """
    words = knowledge.words("respond")["series"]
    said: list[str] = []
    last, most = diary.last, int(knowledge.policy("respond_window"))
    first = max(diary.first, last - timedelta(days=most - 1))
    if first > diary.first:
        said.append(words["window"].format(days=most, first=first.isoformat()))
    days = (last - first).days + 1
    entries = [e for e in diary.entries if e.day >= first]
    values = _scores(entries, scale, first, days)
    doses, carried = _doses(diary, first, days)
    said += [words["carried"].format(agent=agent, count=count) for agent, count in carried.items() if count]
    missing = int(np.isnan(values).sum())
    if missing:
        said.append(words["missing"].format(missing=missing, days=days))
    bounds = None if scale.kind == "count" or scale.high is None else (scale.low, scale.high)
    series = Series(
        values=values,
        doses=doses,
        bounds=bounds,
        step=scale.step or _step(values - scale.low),
        worse=1 if scale.better == "lower" else -1,
        start=first_change(doses),
    )
    return series, first, tuple(said)


def _scores(entries: list[Entry], scale: Scale, first: date, days: int) -> Floats:
    written: dict[int, list[float]] = {}
    for entry in entries:
        if scale.scale in entry.scores:
            written.setdefault((entry.day - first).days, []).append(entry.scores[scale.scale])
    values = np.full(days, np.nan)
    for day, scores in written.items():
        values[day] = sum(scores) if scale.kind == "count" else sum(scores) / len(scores)
    return values


def _doses(diary: Diary, first: date, days: int) -> tuple[Floats, dict[str, int]]:
    """Each agent's dose by day, shape (agents, days), and on how many days it was not written and taken as the day before."""
    doses, carried = np.full((len(diary.units), days), np.nan), {}
    for row, agent in enumerate(diary.units):
        before = 0.0
        for entry in diary.entries:
            if agent not in entry.doses:
                continue
            day = (entry.day - first).days
            if day < 0:
                before = entry.doses[agent]
            else:
                doses[row, day] = np.nan_to_num(doses[row, day]) + entry.doses[agent]
        carried[agent] = int(np.isnan(doses[row]).sum())
        for day in range(days):
            before = doses[row, day] = before if np.isnan(doses[row, day]) else doses[row, day]
    return doses, carried


def _step(above: Floats) -> float:
    """The coarsest step that all scores keep to."""
    seen = above[~np.isnan(above)]
    return next((s for s in _STEPS if (np.abs(seen / s - np.round(seen / s)) < _NEAR).all()), _STEPS[-1])
