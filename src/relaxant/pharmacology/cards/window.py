"""A stretch of time watched closely enough to say its area, average, peak and trough: where to look, and what each look weighs.

Between two jumps (a dose, the end of an infusion) a course is smooth and changes fastest just after the first. Gauss and Legendre's
points on panels that halve towards each jump give the area to some nine digits; the highest of the same points, with a parabola
through its neighbours, gives the peak. Works for any output, effects and equation solvers included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.given import GivenDose
from relaxant.pharmacology.cards.model import entry_for

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Measure = Literal["average", "peak", "trough", "auc", "any"]
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_HALVINGS = 12
_CLOSELY = 129
_JUST_BEFORE = 1 - 1e-12


class Window(msgspec.Struct, frozen=True):
    """Where to look: ``times`` ascending, and ``weights`` that integrate over them (0 where a time is only looked at)."""

    start: float
    end: float
    times: Floats
    weights: Floats


def window(start: float, end: float, jumps: Iterable[float] = ()) -> Window:
    """The looks from ``start`` to just before ``end``; ``jumps`` are where something is given or stops running in.

    Raises :class:`InputError` for an end that is not after the start.
    """
    if not 0 <= start < end < np.inf:
        raise InputError("window", (start, end), "it does not go from a time to a later one", "give such as (0, 24)")
    edges = np.unique([start, end, *(t for t in jumps if start < t < end)])
    times, weights = [], []
    for first, last in pairwise(edges):
        cuts = first + (last - first) * np.concatenate([[0.0], 0.5 ** np.arange(_HALVINGS, -1, -1)])
        half = np.diff(cuts) / 2
        inner = (cuts[:-1] + half)[:, None] + half[:, None] * _POINTS
        times += [[first], inner.ravel(), [first + (last - first) * _JUST_BEFORE]]
        weights += [[0.0], (half[:, None] * _WEIGHTS).ravel(), [0.0]]
    return Window(start, end, np.concatenate(times), np.concatenate(weights))


def watch(
    model: Model, parameters: Mapping[str, Floats], doses: Sequence[GivenDose], between: tuple[float, float]
) -> Window:
    """The looks that a window of this regimen needs."""
    jumps: list[float] = []
    for dose in doses:
        way = entry_for(model, dose.route, form=dose.form, release=dose.release, fed=dose.fed, drug=dose.drug)
        shared = (way.lag, way.duration) if way else (None, None)
        lag, own = (0.0 if name is None else float(np.median(parameters[name])) for name in shared)
        starts = dose.time + lag + np.arange(dose.count) * (dose.every or 0.0)
        starts = starts[(starts >= between[0] - (dose.infused_over or own)) & (starts < between[1])]
        jumps += [*starts, *(starts + (dose.infused_over or own))]
    return window(*between, jumps)


def measured(watched: Window, values: Floats, measure: Measure) -> Floats:
    """A measure of each person's course, from its values at the window's times. Shapes (times, people) to (people,).

    ``any`` has no value of its own: whoever asks looks at :func:`within`.
    """
    match measure:
        case "auc":
            return np.asarray(watched.weights @ values)
        case "average":
            return np.asarray(watched.weights @ values / (watched.end - watched.start))
        case "trough":
            return np.asarray(values[-1])
        case _:
            return _highest(watched.times, watched.weights > 0, values)[1]


def within(watched: Window, values: Floats, low: float | None, high: float | None) -> tuple[Mask, Mask, Floats]:
    """Who is within a range at some time, who all the time, and for which share of the window. Shapes (people,)."""
    inside = in_range(values, low, high)
    share = watched.weights @ inside / (watched.end - watched.start)
    return np.asarray(inside.any(axis=0)), np.asarray(inside.all(axis=0)), np.asarray(share)


def in_range(values: Floats, low: float | None, high: float | None) -> Mask:
    """Where values lie from ``low`` to ``high``, both included; an end that is ``None`` is open."""
    inside = np.ones(values.shape, dtype=bool)
    if low is not None:
        inside &= values >= low
    if high is not None:
        inside &= values <= high
    return inside


def peaks(watched: Window, at: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """When each person's value is highest, and how high, looked for twice: over the window, then closely around where the first look found it.

    ``at`` gives values (times, people) at times. A peak at a jump (a bolus, the end of an infusion) was seen exactly the first time.
    """
    first = at(watched.times)
    when, best, smooth, middle = _highest(watched.times, watched.weights > 0, first)
    if not smooth.any():
        return when, best
    times = np.linspace(watched.times[middle[smooth] - 1].min(), watched.times[middle[smooth] + 1].max(), _CLOSELY)
    then, again, found, _ = _highest(times, np.ones(times.size, dtype=bool), at(times))
    return np.where(smooth & found, then, when), np.where(smooth & found, again, best)


def _highest(times: Floats, even: Mask, values: Floats) -> tuple[Floats, Floats, Mask, NDArray[np.intp]]:  # fmt: skip
    """When, and the highest value; whether it is a smooth top, then by the parabola through it and its neighbours; where the look was.

    ``even`` marks the looks that stand at no jump.
    """
    top = np.argmax(values, axis=0)
    people = np.arange(values.shape[1])
    best: Floats = values[top, people]
    middle = np.clip(top, 1, times.size - 2)
    before, after = middle - 1, middle + 1
    near, far = times[middle] - times[before], times[after] - times[middle]
    with np.errstate(divide="ignore", invalid="ignore"):
        rise, fall = (best - values[before, people]) / near, (best - values[after, people]) / far
        bend = (rise + fall) / (near + far)
        slope = (rise * far - fall * near) / (near + far)
        away = slope / (2 * bend)
    smooth = (top == middle) & even[before] & even[middle] & even[after] & (bend > 0) & (away > -near) & (away < far)
    moved, higher = np.where(smooth, away, 0.0), np.where(smooth, slope * away / 2, 0.0)
    return times[top] + moved, best + higher, smooth, middle
