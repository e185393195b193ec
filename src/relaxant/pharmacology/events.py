"""Each person's own doses and times: the field's event table, and the same closed forms along it.

The table has one row an event, with the columns of NM-TRAN: ID, TIME, EVID (0 observation, 1 dose, 2 other, 3 reset, 4 reset and
dose), AMT, CMT, RATE, II, ADDL, SS. It is laid out once as (event, person) arrays, short histories padded at their end, so
that a step of all people is one row, and no line of Python runs for one person.

Records of one person are taken in the order of the table where their times are equal: an observation before a dose at the
same time sees what was there before it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.disposition import Disposition
from relaxant.pharmacology.linear import Entry

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_CLOSE = 1e-4  # of a difference of rates times a step: nearer, and the difference of exponentials is taken by its own function
_PEOPLE_AT_A_TIME, _FEWEST_AT_A_TIME = 10_000, 2500  # long rows: each call costs as much as thousands of numbers
_COLUMNS = ("id", "time", "evid", "amt", "cmt", "rate", "ii", "addl", "ss")


class Given(msgspec.Struct, frozen=True):
    """What happens to some people at some events, event by event: ``first[level]`` to ``first[level + 1]`` are those of a level."""

    first: Index
    person: Index
    amount: Floats


class Events(msgspec.Struct, frozen=True):
    """Everybody's history, prepared.

    ``step`` is the time since the event before, as (event, person). ``given`` holds what each entry is given, ``running`` the change of
    its rate of infusion, ``reset`` who is emptied. ``seen`` marks observations; ``order`` puts them, person by person, into the
    table's own order, and is ``None`` where it is that.
    """

    people: NDArray[np.generic]
    step: Floats
    given: dict[str, Given]
    running: dict[str, Given]
    reset: Given
    seen: NDArray[np.bool_]
    order: Index | None


def events(table: Mapping[str, ArrayLike], entries: Sequence[str]) -> Events:
    """Prepares an event table: a mapping from column (any case) to values, rows in the order they happened for each person.

    ``entries`` names compartment 1, 2 and so on. Raises :class:`InputError` naming the column and the row for what cannot be:
    a time that goes back, a negative amount, a compartment that has no name.
    """
    columns = {str(name).casefold(): np.atleast_1d(np.asarray(values)) for name, values in table.items()}
    for name in ("id", "time"):
        if name not in columns:
            raise InputError("table", ", ".join(columns), f"the column {name.upper()} is missing", f"give {', '.join(c.upper() for c in _COLUMNS)}")  # fmt: skip
    count = columns["id"].size
    odd = next((n for n, c in columns.items() if c.size != count), None)
    if odd is not None:
        raise InputError(odd, columns[odd].size, f"the table has {count} rows", "give one value a row")

    def column(name: str, default: float) -> Floats:
        return np.asarray(columns.get(name, np.full(count, default)), dtype=np.float64)

    time, amount, rate = column("time", 0), column("amt", 0), column("rate", 0)
    interval, more, steady = column("ii", 0), column("addl", 0), column("ss", 0)
    evid = column("evid", 0) if "evid" in columns else np.where(amount > 0, 1.0, 0.0)
    compartment = column("cmt", 1)
    _refuse(time, amount, rate, interval, more, steady, evid, compartment, len(entries))
    people, person = _people(columns["id"])
    order = np.arange(count) if (person[1:] >= person[:-1]).all() else np.argsort(person, kind="stable")
    same = person[order][1:] == person[order][:-1]
    back = np.flatnonzero(same & (np.diff(time[order]) < 0) & ~np.isin(evid[order][1:], (3, 4)))
    if back.size:
        row = int(order[back[0] + 1])
        raise InputError("TIME", time[row], f"row {row + 1} goes back in time", "sort each person's rows by time")

    dose = np.flatnonzero(np.isin(evid, (1, 4)))
    repeats = (more[dose] + 1).astype(np.intp)
    source = np.repeat(dose, repeats)
    turn = np.arange(source.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    dose_time = time[source] + turn * interval[source]
    infused = rate[source] > 0
    length = np.where(infused, amount[source] / np.where(infused, rate[source], 1.0), 0.0)
    other = np.flatnonzero(~np.isin(evid, (1, 4)))
    # One line of each dose, of each infusion's end, of each other record; told apart by kind.
    at = np.concatenate((dose_time, dose_time[infused] + length[infused], time[other]))
    who = np.concatenate((person[source], person[source][infused], person[other]))
    place = np.concatenate((source, source[infused], other))
    added = np.concatenate((turn > 0, np.ones(int(infused.sum()), bool), np.zeros(other.size, bool)))
    bolus = np.concatenate((np.where(infused, 0.0, amount[source]), np.zeros(int(infused.sum()) + other.size)))
    change = np.concatenate((np.where(infused, rate[source], 0.0), -rate[source][infused], np.zeros(other.size)))
    where = np.concatenate((compartment[source], compartment[source][infused], np.zeros(other.size))).astype(np.intp)
    reset = np.concatenate((evid[source] == 4, np.zeros(int(infused.sum()), bool), evid[other] == 3))
    reset[: source.size] &= turn == 0
    if (
        at.size == count
        and ((person[1:] > person[:-1]) | ((person[1:] == person[:-1]) & (time[1:] >= time[:-1]))).all()
    ):
        sequence = np.empty(count, dtype=np.intp)
        sequence[np.concatenate((dose, other))] = np.arange(count)  # nothing was added: each row is one event, in order
    else:
        sequence = np.lexsort((place, ~added, at, who))
    return _laid_out(people, tuple(entries), sequence, who, at, bolus, change, where, reset, np.concatenate((np.full(source.size + int(infused.sum()), -1), np.where(evid[other] == 0, np.cumsum(evid[other] == 0) - 1, -1))))  # fmt: skip


def _people(ids: NDArray[Any]) -> tuple[NDArray[np.generic], Index]:
    """The people in order of their ID, and of each row which; without sorting where the rows are in that order."""
    if ids.dtype.kind in "iuf" and ids.size and (ids[1:] >= ids[:-1]).all():
        new = np.concatenate(([True], ids[1:] != ids[:-1]))
        return ids[new], np.cumsum(new) - 1
    people, person = np.unique(ids, return_inverse=True)
    return people, person.astype(np.intp)


def _refuse(
    time: Floats,
    amount: Floats,
    rate: Floats,
    interval: Floats,
    more: Floats,
    steady: Floats,
    evid: Floats,
    compartment: Floats,
    entries: int,
) -> None:
    for name, values, fine, would in (
        ("TIME", time, np.isfinite(time), "give a finite number"),
        ("AMT", amount, (amount >= 0) & np.isfinite(amount), "give 0 or more"),
        ("RATE", rate, (rate >= 0) & np.isfinite(rate), "give 0 or more; a modelled rate is the model's own"),
        ("ADDL", more, (more >= 0) & (more == np.floor(more)) & ((more == 0) | (interval > 0)), "give a whole number, and II with it"),
        ("SS", steady, steady == 0, "write the doses that lead to it, or use a regimen with a steady dose"),
        ("EVID", evid, np.isin(evid, (0, 1, 2, 3, 4)), "give 0, 1, 2, 3 or 4"),
        ("CMT", compartment, (compartment >= 1) & (compartment <= entries) | ~np.isin(evid, (1, 4)), f"give 1 to {entries}"),
    ):  # fmt: skip
        if not fine.all():
            row = int(np.flatnonzero(~fine)[0])
            raise InputError(name, values[row], f"row {row + 1} cannot stand", would)


def _laid_out(
    people: NDArray[np.generic],
    entries: tuple[str, ...],
    sequence: Index,
    who: Index,
    at: Floats,
    bolus: Floats,
    change: Floats,
    where: Index,
    reset: NDArray[np.bool_],
    row: Index,
) -> Events:
    who = who[sequence]
    counts = np.bincount(who, minlength=people.size)
    firsts = np.cumsum(counts) - counts
    level = np.arange(who.size) - np.repeat(firsts, counts)
    shape = (int(counts.max(initial=0)), people.size)

    times = at[sequence]
    step = np.diff(times, prepend=0.0)
    step[firsts[counts > 0]] = 0.0
    restarts = reset[sequence]
    step[restarts] = 0.0
    steps = np.zeros(shape)
    steps[level, who] = step
    seen = np.zeros(shape, bool)
    seen[level, who] = row[sequence] >= 0
    in_order = row[sequence][row[sequence] >= 0]

    def at_events(values: Floats) -> Given:
        ordered = values[sequence]
        chosen = np.flatnonzero(ordered != 0)
        chosen = chosen[np.argsort(level[chosen], kind="stable")]
        first = np.searchsorted(level[chosen], np.arange(shape[0] + 1))
        return Given(first.astype(np.intp), who[chosen], ordered[chosen])

    amounts = {n: at_events(np.where(where == i + 1, bolus, 0.0)) for i, n in enumerate(entries)}
    changes = {n: at_events(np.where(where == i + 1, change, 0.0)) for i, n in enumerate(entries)}
    return Events(
        people,
        steps,
        {n: g for n, g in amounts.items() if g.person.size},
        {n: g for n, g in changes.items() if g.person.size},
        at_events(reset.astype(np.float64)),
        seen,
        None if (np.diff(in_order) > 0).all() else in_order,
    )


def concentration_by_event(
    disposition: Disposition, entries: Mapping[str, Entry], prepared: Events, *, threads: int | None = None
) -> Floats:
    """The central concentration at each observation of the table, in the table's order. Shape (observations,).

    Disposition and entries are of the people in order of their ID. ``threads`` is how many people-blocks run at once (all the
    machine's by default). Raises :class:`InputError` for an entry that is not described and for arrays of another length.
    """
    count = prepared.people.size
    for name in (*prepared.given, *prepared.running):
        if name not in entries:
            raise InputError("entry", name, "no entry of this name is described", f"use {', '.join(entries)}")
        if name in prepared.running and entries[name].absorption is not None:
            raise InputError("RATE", name, "an infusion into an absorbing place is no closed form here", "infuse into the central compartment")  # fmt: skip
    if disposition.subjects not in (1, count):
        raise InputError("disposition", disposition.subjects, f"the table has {count} people", "give as many")
    workers = max(1, min(threads or os.cpu_count() or 1, count // _FEWEST_AT_A_TIME))
    size = max(1, min(_PEOPLE_AT_A_TIME, -(-count // workers)))
    parts = [slice(i, min(i + size, count)) for i in range(0, count, size)]

    def walk(part: slice) -> Floats:
        return _walk(disposition, entries, prepared, part)

    if workers <= 1:
        walked = [walk(part) for part in parts]
    else:
        with ThreadPoolExecutor(workers) as pool:
            walked = list(pool.map(walk, parts))
    values = np.concatenate(walked) if walked else np.empty(0)
    if prepared.order is None:
        return values
    out = np.empty_like(values)
    out[prepared.order] = values
    return out


class _AtLevel:
    """What is given to the people of one block, level by level."""

    def __init__(self, given: Given, part: slice, reaching: Floats) -> None:
        inside = (given.person >= part.start) & (given.person < part.stop)
        self.first = np.concatenate(([0], np.cumsum(inside)))[given.first].tolist()
        self.person = given.person[inside] - part.start
        self.amount = given.amount[inside] * reaching[self.person]

    def at(self, level: int) -> tuple[Index, Floats] | None:
        first, last = self.first[level], self.first[level + 1]
        return (self.person[first:last], self.amount[first:last]) if last > first else None


def _walk(disposition: Disposition, entries: Mapping[str, Entry], prepared: Events, part: slice) -> Floats:
    """Along the events of some people, row by row; what was observed, person by person."""
    size = part.stop - part.start
    steps = prepared.step[:, part]

    def own(values: Floats | float) -> Floats:
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
        chosen = array[..., part] if array.shape[-1] > 1 else array
        return np.ascontiguousarray(np.broadcast_to(chosen, (*array.shape[:-1], size)))

    rates, weights = own(disposition.rates), own(disposition.weights / disposition.volume)
    absorption = {n: own(e.absorption) for n in prepared.given if (e := entries[n]).absorption is not None}
    boluses = {n: _AtLevel(g, part, own(entries[n].reaching)) for n, g in prepared.given.items()}
    changes = {n: _AtLevel(g, part, own(entries[n].reaching)) for n, g in prepared.running.items()}
    emptied = _AtLevel(prepared.reset, part, np.ones(size))
    modes = [np.zeros(size) for _ in rates]
    depots = {n: np.zeros(size) for n in absorption}
    gaps = {n: np.abs(a - rates) for n, a in absorption.items()}
    # What arrives of a unit of depot for each unit of difference between the two exponentials.
    scales = {n: weights * a / np.where(gaps[n] > 0, gaps[n], np.inf) for n, a in absorption.items()}
    near = _near(steps, gaps)
    minus_rates, minus_absorption = -rates, {n: -a for n, a in absorption.items()}
    running = np.zeros(size) if changes else None
    staying, arriving, waiting = np.empty(size), np.empty(size), {n: np.empty(size) for n in absorption}
    total = np.empty(steps.shape)
    for level, step in enumerate(steps):
        for n, waits in waiting.items():
            np.exp(np.multiply(minus_absorption[n], step, out=waits), out=waits)
        for j, mode in enumerate(modes):
            np.exp(np.multiply(minus_rates[j], step, out=staying), out=staying)
            mode *= staying
            for n, waits in waiting.items():
                np.abs(np.subtract(staying, waits, out=arriving), out=arriving)
                arriving *= scales[n][j]
                if (close := near(level)).size:
                    arriving[close] = _nearly_equal(
                        rates[j, close], absorption[n][close], step[close], weights[j, close]
                    )
                arriving *= depots[n]
                mode += arriving
            if running is not None:
                mode += running * weights[j] * -np.expm1(minus_rates[j] * step) / rates[j]
        for n, waits in waiting.items():
            depots[n] *= waits
        if given := emptied.at(level):
            for state in (*modes, *depots.values(), *(() if running is None else (running,))):
                state[given[0]] = 0.0
        for n, bolus in boluses.items():
            if given := bolus.at(level):
                who, amount = given
                if n in depots:
                    depots[n][who] += amount
                else:
                    for mode, weight in zip(modes, weights, strict=True):
                        mode[who] += amount * weight[who]
        if running is not None:
            for change in changes.values():
                if given := change.at(level):
                    running[given[0]] = np.maximum(running[given[0]] + given[1], 0.0)
        if len(modes) == 1:
            np.copyto(total[level], modes[0])
        else:
            np.add(modes[0], modes[1], out=total[level])
            for mode in modes[2:]:
                total[level] += mode
    return np.asarray(total.T[prepared.seen[:, part].T])


def _near(steps: Floats, gaps: Mapping[str, Floats]) -> Callable[[int], Index]:
    """Of each level the people whose step is so short, or whose rates so near, that the difference of exponentials loses digits."""
    if not gaps:
        return lambda level: np.empty(0, dtype=np.intp)
    smallest = np.min([gap.min(axis=0) for gap in gaps.values()], axis=0)
    with np.errstate(divide="ignore"):
        level, person = np.nonzero((steps < _CLOSE / smallest) & (steps > 0))
    first = np.searchsorted(level, np.arange(len(steps) + 1))
    return lambda at: person[first[at] : first[at + 1]]


def _nearly_equal(rate: Floats, absorption: Floats, step: Floats, weight: Floats) -> Floats:
    """What arrives of a depot where the two rates, or the two times, are nearly one: the same integral by its own function."""
    gap = np.abs(absorption - rate)
    share = np.where(gap > 0, -np.expm1(-gap * step) / np.where(gap > 0, gap, 1.0), step)
    return np.asarray(weight * absorption * np.exp(-np.minimum(rate, absorption) * step) * share)
