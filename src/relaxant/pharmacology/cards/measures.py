"""What is read from a course: its peak, and when it passes a level.

Times are (times,), values (times, people) or, of one person's :data:`Curve`, (times,). Between two times a course is taken as straight; where a
peak or a crossing must be found closely, :func:`peak_of` and :func:`recovery_of` refine the times around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
Curve = Callable[[Floats], Floats]
"""Times (times,) to values (times,): the course of one person."""
Direction = Literal["falling", "rising"]
_POINTS, _LEVELS = 65, 14


class Crossing(msgspec.Struct, frozen=True):
    """When each person's course passes a level: ``at``, between the looks ``before`` and ``after``; infinite for who never does.

    Who was there from the first look on has that as ``at``, ``before`` and ``after``. Shapes (people,).
    """

    at: Floats
    before: Index
    after: Index

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Whose course passes the level between two looks."""
        return np.isfinite(self.at) & (self.after > self.before)


def crossing(times: Floats, values: Floats, level: Floats | float, direction: Direction) -> Crossing:
    """``falling``: the first time at or under the level. ``rising``: the time from which on it stays at or above.

    ``values`` (times, people); ``level`` one for all, or one a person.

    >>> crossing(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [4.0], [4.0]]), 1.0, "rising").at
    array([0.25])
    """
    people = np.arange(values.shape[1])
    wanted = np.broadcast_to(level, people.shape)
    if direction == "falling":
        there = values <= wanted
        reached, after = there.any(axis=0), there.argmax(axis=0)
    else:
        under = values < wanted
        reached, after = ~under[-1], np.where(under.any(axis=0), times.size - under[::-1].argmax(axis=0), 0)
    after = np.minimum(after, times.size - 1)
    before = np.maximum(after - 1, 0)
    rise = values[after, people] - values[before, people]
    share = np.where(rise != 0, (wanted - values[before, people]) / np.where(rise != 0, rise, 1.0), 1.0)
    at = times[before] + np.clip(share, 0.0, 1.0) * (times[after] - times[before])
    return Crossing(np.where(reached, at, np.inf), before, after)


def resolving(first: float, last: float, points: int = _POINTS, levels: int = _LEVELS) -> Floats:
    """Times from first to last, ever closer towards the first: even grids, each over half the span of the one before."""
    share = np.linspace(0, 1, points)
    return np.unique(np.concatenate([first + share * (last - first) / 2.0**level for level in range(levels)]))


def peak_of(curve: Curve, times: Floats) -> tuple[float, float]:
    """When the course is highest, and how high, resolved a further time around the highest of these times."""
    at = int(np.argmax(curve(times)))
    fine = np.linspace(times[max(at - 1, 0)], times[min(at + 1, times.size - 1)], _POINTS)
    values = curve(fine)
    best = int(np.argmax(values))
    return float(fine[best]), float(values[best])


def recovery_of(curve: Curve, times: Floats, level: float) -> float:
    """When the course is back above a level for good; NaN where it never was under it, or never comes back."""
    rough = crossing(times, curve(times)[:, None], level, "rising")
    if not rough.inside[0]:
        return float("nan")
    fine = np.linspace(times[rough.before[0]], times[rough.after[0]], _POINTS)
    return float(crossing(fine, curve(fine)[:, None], level, "rising").at[0])
