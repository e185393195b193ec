"""Linear kinetics, exact: concentrations of many people under one schedule, by closed forms alone.

The central compartment is a sum of exponentials with positive weights (:mod:`relaxant.pharmacology.disposition`); an absorbing
depot feeds each of them, an infusion too. So the state of a person is one amount a mode and one a depot; over any stretch of time
all of them move by factors that depend on its length alone (:mod:`relaxant.pharmacology.closed_forms`). The factors of each distinct length
of time are made once.

Every factor and every sum is of positive numbers, but where rates are clearly apart and many people share few times, for whom a
difference of exponentials keeps its digits too. So concentrations keep their relative precision from the first minutes to the
last of the tail, with rates that are equal, nearly equal or far apart.

Arrays are (time, subject): a step touches one row of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.closed_forms import between, filled, poured, steady
from relaxant.pharmacology.disposition import Disposition
from relaxant.pharmacology.schedule import Schedule, Stretch

Floats = NDArray[np.float64]
_CHUNK = 10_000  # subjects at a time: long rows, since each NumPy call costs as much as thousands of numbers
_KEPT = 64  # distinct moves whose factors are kept; so few, and everybody's exponentials of all are made at once
# Of a difference of rates times the shortest move: clearer, and differences of exponentials keep twelve digits.
_CLEAR = 1e-3
_FEW = 16  # so few subjects are computed across time at once


class Entry(msgspec.Struct, frozen=True):
    """How an entry delivers: first-order at ``absorption`` (1/time), or straight into the central compartment for ``None``.

    ``reaching`` is what arrives of the amount: bioavailability, and where doses are in mg/kg the weight.
    """

    absorption: Floats | None = None
    reaching: Floats | float = 1.0


def oral(absorption: ArrayLike, reaching: ArrayLike = 1.0) -> Entry:
    """An entry with first-order absorption. Raises :class:`InputError` where the rate is not a positive number."""
    rate = np.atleast_1d(np.asarray(absorption, dtype=np.float64))
    if not ((rate > 0) & (rate < np.inf)).all():
        raise InputError("absorption", absorption, "it is not a positive rate for every person", "give rates above 0")
    return Entry(rate, _reaching(reaching))


def intravenous(reaching: ArrayLike = 1.0) -> Entry:
    """An entry straight into the central compartment."""
    return Entry(None, _reaching(reaching))


def _reaching(value: ArrayLike) -> Floats | float:
    array = np.asarray(value, dtype=np.float64)
    if not ((array >= 0) & (array < np.inf)).all():
        raise InputError("reaching", value, "it is not a share or a weight", "give 0 or more")
    return float(array) if array.ndim == 0 else array


def concentration(
    disposition: Disposition, entries: Mapping[str, Entry], prepared: Schedule, *, out: Floats | None = None
) -> Floats:
    """The concentration in the central compartment at each observation time. Shape (times, subjects).

    Exact for these models: closed forms only, no step size. ``out`` (times, subjects) is written where it is given.
    Amounts over litres: mg and L give mg/L. Raises :class:`InputError` for an entry that a dose names and nobody describes, and for
    arrays of unequal length.
    """
    subjects = max(disposition.subjects, *(_subjects(e) for e in entries.values()), 1)
    used = [_entry(entries, name, disposition, subjects) for name in prepared.entries]
    result = _output(out, prepared.times.size, subjects)
    if disposition.subjects not in (1, subjects):
        raise InputError("disposition", disposition.subjects, f"the entries are of {subjects} people", "give as many")
    before = prepared.stretches[0].first if prepared.stretches else prepared.times.size
    if not prepared.stretches:
        pass
    elif subjects <= _FEW:
        _few(disposition, used, prepared, result)
    else:
        for start in range(0, subjects, _CHUNK):
            part = slice(start, min(start + _CHUNK, subjects))
            people, ways = _part(disposition, part), [_entry_part(e, part) for e in used]
            few = not prepared.infused and prepared.moves.size + prepared.spans.size <= _KEPT
            if few and _apart(people, ways, prepared):
                _hopping(people, ways, prepared, result[:, part])
            else:
                _moving(people, ways, prepared, result[:, part])
    result[:before] = 0.0
    if prepared.order is not None:
        result[prepared.order] = result.copy()
    return result


def _subjects(entry: Entry) -> int:
    return max(
        1 if entry.absorption is None else entry.absorption.size,
        1 if isinstance(entry.reaching, float) else entry.reaching.size,
    )


def _entry(entries: Mapping[str, Entry], name: str, disposition: Disposition, subjects: int) -> Entry:
    try:
        entry = entries[name]
    except KeyError:
        raise InputError("entry", name, "no entry of this name is described", f"use {', '.join(entries)}") from None
    for part in (entry.absorption, entry.reaching):
        if isinstance(part, np.ndarray) and part.size not in (1, subjects):
            raise InputError(f"entry {name}", part.size, f"there are {subjects} people", "give one value or as many")
    return entry


def _output(out: Floats | None, times: int, subjects: int) -> Floats:
    if out is None:
        return np.empty((times, subjects))
    if out.shape != (times, subjects) or out.dtype != np.float64:
        raise InputError("out", out.shape, "it does not fit", f"give float64 of shape ({times}, {subjects})")
    return out


def _part(disposition: Disposition, part: slice) -> Disposition:
    if disposition.subjects == 1:
        return disposition
    return Disposition(disposition.rates[:, part], disposition.weights[:, part], disposition.volume[part])


def _entry_part(entry: Entry, part: slice) -> Entry:
    absorption, reaching = entry.absorption, entry.reaching
    return Entry(
        absorption[part] if absorption is not None and absorption.size > 1 else absorption,
        reaching[part] if isinstance(reaching, np.ndarray) and reaching.size > 1 else reaching,
    )


class _Factors(msgspec.Struct):
    """What one unit becomes over each of some lengths of time, as a concentration. Axes (mode,) length, subject.

    ``staying``: of a mode in itself; ``waiting``: of a depot in itself; ``arriving``: of a depot in each mode;
    ``filling``: of an infusion of one unit a unit of time in each mode; ``pouring``: of one into a depot, in each mode and in the depot.
    """

    staying: Floats
    waiting: dict[int, Floats]
    arriving: dict[int, Floats]
    filling: Floats | None
    pouring: dict[int, tuple[Floats, Floats]]


def _factors(
    disposition: Disposition, entries: list[Entry], infused: tuple[int, ...], lengths: Floats, *, apart: bool = False
) -> _Factors:
    """The factors of each length, from the exponentials themselves; ``infused`` are the entries by which anything runs in.

    Positive terms only, but where rates are ``apart``: there a difference of exponentials stands as it is.
    """
    time = lengths[:, None]
    rates, weights = disposition.rates[:, None, :], _weights(disposition)[:, None, :]
    staying = np.exp(-rates * time)
    waiting, arriving, pouring = {}, {}, {}
    for i, entry in enumerate(entries):
        into = entry.absorption
        if into is not None:
            waits = waiting[i] = np.exp(-into * time)
            share = (staying - waits) / (into - rates) if apart else between(into, rates, time, waits, staying)
            arriving[i] = weights * into * share
            if i in infused:
                pouring[i] = weights * poured(into, rates, time), filled(into, time)
    straight = any(entries[i].absorption is None for i in infused)
    return _Factors(staying, waiting, arriving, weights * filled(rates, time) if straight else None, pouring)


def _weights(disposition: Disposition) -> Floats:
    return disposition.weights / disposition.volume


_Number = Any  # a float for one person, an array over the people otherwise: the same lines serve both


class _State(msgspec.Struct):
    """What is there at the start of a stretch: each mode, each depot by its entry's number, and the rates that run in."""

    modes: list[_Number]
    depots: dict[int, _Number]
    running: _Number
    pouring: dict[int, _Number]


def _states(
    disposition: Disposition,
    entries: list[Entry],
    prepared: Schedule,
    factors: _Factors,
    place: NDArray[np.intp] | None = None,
) -> Iterator[_State]:
    """The states at the starts of the stretches, one from the other. ``place`` says where the factors have each length."""
    one = factors.staying.shape[-1] == 1

    def plain(values: Floats) -> Any:
        return values[..., 0].tolist() if one else values

    weights = plain(_weights(disposition))
    waiting = [(i, plain(w)) for i, w in factors.waiting.items()]
    arriving = {i: plain(a) for i, a in factors.arriving.items()}
    ways = [(j, stays, [(i, a[j]) for i, a in arriving.items()]) for j, stays in enumerate(plain(factors.staying))]
    filling = None if factors.filling is None else plain(factors.filling)
    pouring = {i: (plain(modes), plain(depot)) for i, (modes, depot) in factors.pouring.items()}
    reaching = [plain(e.reaching) if isinstance(e.reaching, np.ndarray) else e.reaching for e in entries]
    state = _State([0.0] * len(weights), {i: 0.0 for i, _ in waiting}, 0.0, {})
    for stretch in prepared.stretches:
        _begun(state, stretch, disposition, entries, reaching, weights, one)
        yield state
        length = stretch.length if place is None else int(place[stretch.length])
        moved = []
        for j, stays, feeds in ways:
            mode = state.modes[j] * stays[length]
            for i, arrives in feeds:
                mode = mode + state.depots[i] * arrives[length]
            if filling is not None and stretch.running:
                mode = mode + state.running * filling[j][length]
            for i, rate in state.pouring.items():
                mode = mode + rate * pouring[i][0][j][length]
            moved.append(mode)
        depots = {i: state.depots[i] * waits[length] for i, waits in waiting}
        for i, rate in state.pouring.items():
            depots[i] = depots[i] + rate * pouring[i][1][length]
        state = _State(moved, depots, 0.0, {})


def _begun(
    state: _State,
    stretch: Stretch,
    disposition: Disposition,
    entries: list[Entry],
    reaching: list[_Number],
    weights: Any,
    one: bool,
) -> None:
    """What a stretch begins with: steady states, doses, and what runs in it."""
    for i, amount, duration, interval in stretch.steady:
        state.modes, state.depots = _steady(disposition, entries, i, amount, duration, interval)
        if one:
            state.modes = [m.item() for m in state.modes]
            state.depots = {k: np.asarray(d).item() for k, d in state.depots.items()}
    for i, amount in stretch.bolus:
        given = amount * reaching[i]
        if i in state.depots:
            state.depots[i] = state.depots[i] + given
        else:
            state.modes = [mode + given * weight for mode, weight in zip(state.modes, weights, strict=True)]
    for i, rate in stretch.running:
        if i in state.depots:
            state.pouring[i] = state.pouring.get(i, 0.0) + rate * reaching[i]
        else:
            state.running = state.running + rate * reaching[i]


def _steady(
    disposition: Disposition, entries: list[Entry], i: int, amount: float, duration: float, interval: float
) -> tuple[list[Floats], dict[int, Floats]]:
    """Modes and depots in the limit of many doses, just before the next."""
    depots = {k: np.zeros(disposition.subjects) for k, e in enumerate(entries) if e.absorption is not None}
    lasts, every, much = np.asarray(duration), np.asarray(interval), np.asarray(amount * entries[i].reaching)
    modes, depot = steady(disposition.rates, _weights(disposition), entries[i].absorption, much, lasts, every)
    if depot is not None:
        depots[i] = depot
    return list(modes), depots


def _infused(prepared: Schedule) -> tuple[int, ...]:
    """The entries by which anything ever runs in."""
    return tuple(sorted({i for s in prepared.stretches for i, _ in s.running})) if prepared.infused else ()


class _Move(msgspec.Struct):
    """The factors of one length of time, for modes and depots in one table; what of a depot arrives; what infusions fill.

    ``filling`` by the row of a depot, or ``None`` for the central compartment: what is in each mode and in the depot itself.
    """

    falling: Floats
    arriving: list[Floats]
    filling: dict[int | None, tuple[Floats, Floats]]


def _moving(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats) -> None:
    """Fills ``out`` by moves from mark to mark, for any times and rates: every factor is positive."""
    modes, subjects = len(disposition.rates), out.shape[1]
    depots = [i for i, e in enumerate(entries) if e.absorption is not None]
    row = {i: modes + k for k, i in enumerate(depots)}
    infused = _infused(prepared)
    state, feed = np.zeros((modes + len(depots), subjects)), np.empty((modes, subjects))
    moving, weights = state[:modes], _weights(disposition)
    multiply, add = np.multiply, np.add
    uses = np.bincount(np.concatenate((prepared.hop_of, [s.rest for s in prepared.stretches])).astype(np.intp) + 1)[1:]
    kept: dict[int, _Move] = {}

    def move_of(which: int) -> _Move:
        made = kept.get(which)
        if made is None:
            of = _factors(disposition, entries, infused, prepared.moves[which : which + 1])
            falling = np.empty_like(state)
            falling[:modes] = of.staying[:, 0]
            for i, waits in of.waiting.items():
                falling[row[i]] = waits[0]
            filling: dict[int | None, tuple[Floats, Floats]] = {
                row[i]: (into[:, 0], inside[0]) for i, (into, inside) in of.pouring.items()
            }
            if of.filling is not None:
                filling[None] = of.filling[:, 0], np.zeros(1)
            made = _Move(falling, [a[:, 0] for a in of.arriving.values()], filling)
            if uses[which] > 1 and len(kept) < _KEPT:
                kept[which] = made
        return made

    def moved(which: int, running: list[tuple[int | None, _Number]]) -> None:
        move = move_of(which)
        for k, arrives in enumerate(move.arriving):
            if k:
                add(feed, arrives * state[modes + k], out=feed)
            else:
                multiply(arrives, state[modes], out=feed)
        multiply(state, move.falling, out=state)
        if depots:
            add(moving, feed, out=moving)
        for into, rate in running:
            fills, waits = move.filling[into]
            add(moving, rate * fills, out=moving)
            if into is not None:
                state[into] += rate * waits

    reaching: list[_Number] = [e.reaching for e in entries]
    hop_of = prepared.hop_of.tolist()
    for stretch in prepared.stretches:
        for i, amount, duration, interval in stretch.steady:
            settled, resting = _steady(disposition, entries, i, amount, duration, interval)
            for k, values in enumerate([*settled, *resting.values()]):
                state[k] = values
        for i, amount in stretch.bolus:
            if i in row:
                state[row[i]] += amount * reaching[i]
            else:
                moving += amount * reaching[i] * weights
        running = [(row.get(i), rate * reaching[i]) for i, rate in stretch.running]
        for at in range(stretch.first, stretch.last):
            if hop_of[at] >= 0:
                moved(hop_of[at], running)
            if modes == 1:
                np.copyto(out[at], moving[0])
                continue
            add(moving[0], moving[1], out=out[at])
            for mode in moving[2:]:
                add(out[at], mode, out=out[at])
        if stretch.rest >= 0:
            moved(stretch.rest, running)


def _apart(disposition: Disposition, entries: list[Entry], prepared: Schedule) -> bool:
    """Whether everybody's absorption is so far from every elimination rate that exponentials may be subtracted."""
    shortest = min(np.concatenate((prepared.moves[:1], prepared.lengths[prepared.spans[:1]])), default=0.0)
    return all(
        e.absorption is None or float(np.abs(e.absorption - disposition.rates).min()) * shortest > _CLEAR
        for e in entries
    )


def _hopping(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats) -> None:
    """Fills ``out`` by hops from observation to observation: each exponential is one row, multiplied along.

    States at the starts of stretches are of positive sums as ever; only within a stretch, and only where rates are well
    apart, a depot's share is written as a difference. At the moment of a dose nothing has moved, and nothing is subtracted.
    """
    used = np.append(prepared.spans, 0)
    at_spans = _factors(disposition, entries, (), prepared.lengths[used], apart=True)
    place = np.zeros(prepared.lengths.size, dtype=np.intp)
    place[used] = np.arange(used.size)
    weights = _weights(disposition)
    hops = np.unique(prepared.hop_of[prepared.hop_of >= 0])
    lengths = prepared.moves[hops][:, None]
    decays = [dict(zip(hops.tolist(), np.exp(-rate * lengths), strict=True)) for rate in disposition.rates]
    absorbing = {}
    for i, entry in enumerate(entries):
        if entry.absorption is not None:
            into = entry.absorption
            shares = [w * into / (into - rate) for rate, w in zip(disposition.rates, weights, strict=True)]
            waits = dict(zip(hops.tolist(), np.exp(-into * lengths), strict=True))
            absorbing[i] = shares, -sum(shares[1:], shares[0]), waits
    multiply, add = np.multiply, np.add
    hop_of = prepared.hop_of.tolist()
    for stretch, state in zip(
        prepared.stretches, _states(disposition, entries, prepared, at_spans, place), strict=True
    ):
        if stretch.first == stretch.last:
            continue
        waves = [np.array(np.broadcast_to(mode, out.shape[1])) for mode in state.modes]
        first = stretch.first
        while first < stretch.last and hop_of[first] < 0:  # at the very moment
            row = out[first]
            np.copyto(row, waves[0])
            for wave in waves[1:]:
                add(row, wave, row)
            first += 1
        moving = list(zip(waves, decays, strict=True))
        for i, (shares, opposite, waits) in absorbing.items():
            for wave, share in zip(waves, shares, strict=True):
                wave += state.depots[i] * share
            moving.append((state.depots[i] * opposite, waits))
        first_wave, others = moving[0][0], moving[1:]
        for at in range(first, stretch.last):
            row, hop = out[at], hop_of[at]
            if hop >= 0:
                for wave, decay in moving:
                    multiply(wave, decay[hop], wave)
            if len(others) == 0:
                np.copyto(row, first_wave)
                continue
            add(first_wave, others[0][0], row)
            for wave, _ in others[1:]:
                add(row, wave, row)


def _few(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats) -> None:
    """Fills ``out`` for a few people: all times at once, from the states at the starts of the stretches."""
    infused = _infused(prepared)
    factors = _factors(disposition, entries, infused, prepared.lengths)
    parts = [*factors.staying, *(_sum(a) for a in factors.arriving.values())]
    if factors.filling is not None:
        parts.append(_sum(factors.filling))
    parts += [_sum(modes) for modes, _ in factors.pouring.values()]
    rows = [
        (*s.modes, *s.depots.values(), *(() if factors.filling is None else (s.running,)), *(s.pouring.get(i, 0.0) for i in factors.pouring))
        for s in _states(disposition, entries, prepared, factors)
    ]  # fmt: skip
    at, of = prepared.offset_of, prepared.stretch_of
    for i, part in enumerate(parts):
        if out.shape[1] == 1:
            amounts = np.array([row[i] for row in rows])
            term = part[:, 0].take(at)
            term *= amounts.take(of)
            term = term[:, None]
        else:
            amounts = np.array(np.broadcast_arrays(*(row[i] for row in rows), out[0])[:-1])
            term = part[at] * amounts[of]
        if i == 0:
            np.copyto(out, term)
        else:
            out += term


def _sum(of_modes: Floats) -> Floats:
    return np.asarray(of_modes.sum(axis=0)) if len(of_modes) > 1 else of_modes[0]
