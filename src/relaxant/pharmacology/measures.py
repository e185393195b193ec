"""What is read from a course: peak and its time, trough, average, time above a level, crossings.

Times are (times,), values (times, people); what is returned is (people,). Between two times a course is taken as straight; where a
peak or a crossing must be found closely, :func:`peak_of` and :func:`recovery_of` refine the times around it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
"""Times (times,) to values (times,): the course of one person."""
_POINTS, _LEVELS = 65, 14


def peak(values: Floats) -> Floats:
    """The highest value of each person."""
    return np.asarray(values.max(axis=0))


def time_of_peak(times: Floats, values: Floats) -> Floats:
    """When each person's value is highest."""
    return np.asarray(times[values.argmax(axis=0)])


def trough(values: Floats) -> Floats:
    """The lowest value of each person."""
    return np.asarray(values.min(axis=0))


def average(times: Floats, values: Floats) -> Floats:
    """The average over the times, by the trapezoid rule.

    >>> average(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [2.0], [0.0]]))
    array([1.])
    """
    return np.asarray(np.trapezoid(values, times, axis=0) / (times[-1] - times[0]))


def time_above(times: Floats, values: Floats, level: float) -> Floats:
    """How long each person is above a level.

    >>> time_above(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [2.0], [0.0]]), 1.0)
    array([1.])
    """
    over = values - level
    first, second = over[:-1], over[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(
            (first > 0) & (second > 0), 1.0, np.where((first > 0) != (second > 0), np.maximum(first, second) / np.abs(second - first), 0.0)
        )  # fmt: skip
    return np.asarray((share * np.diff(times)[:, None]).sum(axis=0))


def resolving(first: float, last: float) -> Floats:
    """Times from first to last, ever closer towards the first: even grids, each over half the span of the one before."""
    return np.unique(
        np.concatenate([first + np.linspace(0, 1, _POINTS) * (last - first) / 2.0**level for level in range(_LEVELS)])
    )


def peak_of(curve: Curve, times: Floats) -> tuple[float, float]:
    """When the course is highest, and how high, resolved a further time around the highest of these times."""
    fine = _finer(times, int(np.argmax(curve(times))))
    values = curve(fine)
    best = int(np.argmax(values))
    return float(fine[best]), float(values[best])


def recovery_of(curve: Curve, times: Floats, level: float) -> float:
    """When the course is back above a level for good; NaN where it never was under it, or never comes back."""
    under = np.flatnonzero(curve(times) < level)
    if not under.size or under[-1] + 1 >= times.size:
        return float("nan")
    fine = np.linspace(times[under[-1]], times[under[-1] + 1], _POINTS)
    values = curve(fine)
    low = int(np.flatnonzero(values < level)[-1])
    share = (level - values[low]) / (values[low + 1] - values[low])
    return float(fine[low] + share * (fine[low + 1] - fine[low]))


def _finer(times: Floats, at: int) -> Floats:
    return np.linspace(times[max(at - 1, 0)], times[min(at + 1, times.size - 1)], _POINTS)
