"""Doses and observation times, prepared once for any number of people who share them.

Time is cut at every dose and at every end of an infusion. Within such a stretch nothing enters but what runs already, so the
amounts at each observation follow from those at its start and the time since then. What is prepared here is which
distinct lengths of time occur at all, because their exponentials are most of the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_NOISE = 8 * np.finfo(np.float64).eps  # times that differ by no more, of the largest, are the same time
_MOST_DOSES = 1_000_000


class Dose(msgspec.Struct, frozen=True, kw_only=True):
    """An amount at a time, by an entry (the name of a place where drug enters), once or ``count`` times ``every`` so long.

    ``duration`` makes it an infusion at constant rate. ``steady`` puts the person into the steady state of this dose given
    ``every`` so long for ever, at its first time: what was there before is gone.
    """

    time: float = 0.0
    amount: float
    entry: str = "oral"
    duration: float = 0.0
    every: float | None = None
    count: int = 1
    steady: bool = False


class Stretch(msgspec.Struct, frozen=True):
    """From ``start`` to the next: what is given at its start, what runs in it, and the observations in it."""

    start: float
    bolus: tuple[tuple[int, float], ...]  # entry, amount
    running: tuple[tuple[int, float], ...]  # entry, rate
    steady: tuple[tuple[int, float, float, float], ...]  # entry, amount, duration, interval
    length: int  # to the next stretch, as a place among the lengths; 0 for the last
    rest: int  # from the last observation in it to the next stretch, as a place among the moves; -1 for no time at all
    first: int  # observations, in order of time
    last: int


class Schedule(msgspec.Struct, frozen=True):
    """Doses and times, prepared. ``lengths`` are the distinct times since a stretch's start, ascending, the first 0."""

    times: Floats
    order: Index | None  # of the observations as given, where they were not in order of time
    entries: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    lengths: Floats
    length_of: Index  # of each stretch: its length to the next, as a place among the lengths; 0 for the last
    stretch_of: Index  # of each observation
    offset_of: Index  # of each observation
    moves: Floats  # the distinct times from one observation or start of a stretch to the next
    hop_of: Index  # of each observation: which move leads to it; -1 for no time at all
    given: Floats  # what each entry (rows) is given at the start of each stretch
    rates: Floats  # and what runs in by it
    infused: tuple[int, ...]  # the entries by which anything ever runs in
    spans: Index  # the lengths that a stretch has as a whole, as places among the lengths


def schedule(doses: Sequence[Dose], times: ArrayLike) -> Schedule:
    """Prepares doses and observation times. An observation at the time of a dose is taken just after it.

    Raises :class:`InputError` for a dose or a time that is no number, a negative amount, duration or time.
    """
    observed = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if observed.ndim != 1 or not np.isfinite(observed).all():
        raise InputError("times", times, "a time is not a finite number", "give the hours since the first dose")
    order = None if (observed[1:] >= observed[:-1]).all() else np.argsort(observed, kind="stable")
    inorder = observed if order is None else observed[order]
    entries = tuple(dict.fromkeys(dose.entry for dose in doses))
    given = [event for dose in doses for event in _given(dose, entries.index(dose.entry))]
    last = max([*(e[0] for e in given), *(e[0] + e[3] for e in given), *inorder[-1:].tolist()], default=0.0)
    noise = _NOISE * max(last, 1.0)
    starts, at = _starts(given, inorder, noise)
    return _prepared(given, inorder, order, entries, starts, at, noise)


_Event = tuple[float, int, float, float, float]  # time, entry, amount, duration, interval of the steady state or 0


def _given(dose: Dose, entry: int) -> Iterable[_Event]:
    for field, value in (("time", dose.time), ("amount", dose.amount), ("duration", dose.duration)):
        if not (np.isfinite(value) and (value >= 0 or field == "time")):
            raise InputError(f"dose.{field}", value, "it is not a number that a dose can have", "give 0 or more")
    if dose.count < 1 or dose.count > _MOST_DOSES:
        raise InputError("dose.count", dose.count, "it is not a number of doses", f"give 1 to {_MOST_DOSES:,}")
    every = 0.0 if dose.every is None else dose.every
    if (dose.count > 1 or dose.steady) and not (0 < every < np.inf):
        raise InputError("dose.every", dose.every, "repeated doses need a time between them", "give it, such as 8")
    if dose.steady and dose.duration > every:
        raise InputError("dose.duration", dose.duration, f"an infusion longer than its interval of {every:g} has no single steady state here", "give the doses one by one")  # fmt: skip
    for i in range(dose.count):
        yield dose.time + i * every, entry, dose.amount, dose.duration, every if dose.steady and i == 0 else 0.0


def _starts(given: list[_Event], times: Floats, noise: float) -> tuple[Floats, Index]:
    """The starts of the stretches and which one each event's start falls on.

    Where observations lie on a grid that the doses do not, a stretch of its own from the first observation after each dose
    leaves fewer distinct lengths: it is cut there too.
    """
    events = np.array([e[0] for e in given] + [e[0] + e[3] for e in given if e[3] > 0])
    starts = _merged(np.sort(events), noise) if events.size else np.zeros(0)
    follows = np.searchsorted(times, starts - noise, side="left")
    firsts = times[distinct(follows[follows < times.size])] if times.size else times
    recut = _merged(np.sort(np.concatenate((starts, firsts))), noise) if firsts.size else starts
    if recut.size > starts.size and _distinct(recut, times, noise) < _distinct(starts, times, noise):
        starts = recut
    return starts, np.searchsorted(starts, np.array([e[0] for e in given]) + noise, side="right") - 1


def distinct(places: Index) -> Index:
    """The different places, ascending: as :func:`numpy.unique`, which loads a tenth of NumPy more."""
    ordered = np.sort(places)
    return ordered[np.diff(ordered, prepend=-1) > 0] if ordered.size else ordered


def _merged(ascending: Floats, noise: float) -> Floats:
    """Ascending values with those that are the same but for rounding left out."""
    if not ascending.size:
        return ascending
    return ascending[np.concatenate(([True], np.diff(ascending) > noise))]


def _offsets(starts: Floats, times: Floats, noise: float) -> tuple[Index, Floats]:
    """Of each observation the stretch that it lies in (-1 before the first) and the time since its start."""
    stretch = np.searchsorted(starts, times + noise, side="right") - 1
    return stretch, np.where(stretch >= 0, np.maximum(times - starts[np.maximum(stretch, 0)], 0.0), 0.0) if starts.size else times * 0  # fmt: skip


def _distinct(starts: Floats, times: Floats, noise: float) -> int:
    """How many distinct lengths of time a cut asks for."""
    _, offsets = _offsets(starts, times, noise)
    return int(_merged(np.sort(np.concatenate(([0.0], offsets, np.diff(starts)))), noise).size)


def _prepared(
    given: list[_Event],
    times: Floats,
    order: Index | None,
    entries: tuple[str, ...],
    starts: Floats,
    at: Index,
    noise: float,
) -> Schedule:
    stretch_of, offsets = _offsets(starts, times, noise)
    spans = np.diff(starts)
    lengths = _merged(np.sort(np.concatenate(([0.0], offsets, spans))), noise)
    offset_of = np.searchsorted(lengths, offsets + noise, side="right") - 1
    length_of = np.append(np.searchsorted(lengths, spans + noise, side="right") - 1, 0)
    bolus: list[list[tuple[int, float]]] = [[] for _ in starts]
    running: list[list[tuple[int, float]]] = [[] for _ in starts]
    steady: list[list[tuple[int, float, float, float]]] = [[] for _ in starts]
    for (time, entry, amount, duration, interval), place in zip(given, at.tolist(), strict=True):
        if interval:
            steady[place].append((entry, amount, duration, interval))
        if duration == 0:
            bolus[place].append((entry, amount))
        else:
            end = int(np.searchsorted(starts, time + duration - noise, side="left"))
            for i in range(place, end):
                running[i].append((entry, amount / duration))
    firsts = np.searchsorted(stretch_of, np.arange(len(starts)), side="left")
    lasts = np.searchsorted(stretch_of, np.arange(len(starts)), side="right")
    before = np.where(np.diff(stretch_of, prepend=-2) == 0, np.concatenate(([0.0], offsets[:-1])), 0.0)
    hop = offsets - before
    inside = np.concatenate(([0.0], offsets))[np.where(lasts > firsts, lasts, 0)]  # up to a stretch's last observation
    rest = np.append(spans, 0.0) - inside
    rest[-1:] = 0.0
    moves = _merged(np.sort(np.concatenate((hop[hop > noise], rest[rest > noise]))), noise)

    def among(times: Floats) -> Index:
        return np.where(times > noise, np.searchsorted(moves, times + noise, side="right") - 1, -1)

    rest_of = among(rest)
    amounts, rates = np.zeros((2, len(entries), len(starts)))
    for k in range(len(starts)):
        for entry, amount in bolus[k]:
            amounts[entry, k] += amount
        for entry, rate in running[k]:
            rates[entry, k] += rate
    stretches = tuple(
        Stretch(
            float(starts[i]),
            tuple(bolus[i]),
            tuple(running[i]),
            tuple(steady[i]),
            int(length_of[i]),
            int(rest_of[i]),
            int(firsts[i]),
            int(lasts[i]),
        )
        for i in range(len(starts))
    )
    return Schedule(
        times,
        order,
        entries,
        stretches,
        lengths,
        length_of.astype(np.intp),
        stretch_of,
        offset_of,
        moves,
        among(hop),
        amounts,
        rates,
        tuple(np.flatnonzero(rates.any(axis=1)).tolist()),
        distinct(length_of[:-1]),
    )
