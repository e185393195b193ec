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

from collections.abc import Mapping, Sequence
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
    subjects = max(disposition.subjects, *(people_of(e) for e in entries.values()), 1)
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


def people_of(entry: Entry) -> int:
    """How many people an entry describes: 1 where everybody has it alike."""
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


def of_people(
    disposition: Disposition, entries: Mapping[str, Entry], names: Sequence[str], part: slice, people: int
) -> tuple[Disposition, list[Entry]]:
    """Some people's disposition and entries, a column each, the entries in the order of ``names``."""
    size = part.stop - part.start

    def each(values: Floats | float) -> Floats:
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
        chosen = array[..., part] if array.shape[-1] > 1 else array
        return np.broadcast_to(chosen, (*chosen.shape[:-1], size))

    used = [_entry(entries, name, disposition, people) for name in names]
    whole = Disposition(each(disposition.rates), each(disposition.weights), each(disposition.volume))
    return whole, [Entry(None if e.absorption is None else each(e.absorption), each(e.reaching)) for e in used]


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


def _steady(
    disposition: Disposition, entry: Entry, amount: float, duration: float, interval: float
) -> tuple[Floats, Floats | None]:
    """Modes and the entry's depot in the limit of many doses, just before the next."""
    lasts, every, much = np.asarray(duration), np.asarray(interval), np.asarray(amount * entry.reaching)
    return steady(disposition.rates, _weights(disposition), entry.absorption, much, lasts, every)


class Move(msgspec.Struct):
    """The factors of one length of time, for modes and depots in one table; what of a depot arrives; what infusions fill.

    ``filling`` by the row of a depot, or ``None`` for the central compartment: what is in each mode and in the depot itself.
    """

    falling: Floats
    arriving: list[Floats]
    filling: dict[int | None, tuple[Floats, Floats]]


class Everybody:
    """The state of many people on their way: a row a mode, then a row a depot."""

    def __init__(self, disposition: Disposition, entries: list[Entry], infused: tuple[int, ...], subjects: int) -> None:
        self.disposition, self.entries, self.infused = disposition, entries, infused
        self.weights, modes = _weights(disposition), len(disposition.rates)
        depots = [i for i, e in enumerate(entries) if e.absorption is not None]
        self.row = {i: modes + k for k, i in enumerate(depots)}
        self.state, self.feed = np.zeros((modes + len(depots), subjects)), np.empty((modes, subjects))
        self.modes, self.depots = self.state[:modes], list(self.state[modes:])

    def begin(self, stretch: Stretch) -> list[tuple[int | None, Floats | float]]:
        """What a stretch begins with: steady states and doses. Gives what runs in it, by the row that it runs into."""
        reaching, row = [e.reaching for e in self.entries], self.row
        for i, amount, duration, interval in stretch.steady:
            modes, depot = _steady(self.disposition, self.entries[i], amount, duration, interval)
            self.state[:] = 0.0
            self.modes[:] = modes
            if depot is not None:
                self.state[row[i]] = depot
        for i, amount in stretch.bolus:
            if i in row:
                self.state[row[i]] += amount * reaching[i]
            else:
                self.modes += amount * reaching[i] * self.weights
        return [(row.get(i), rate * reaching[i]) for i, rate in stretch.running]

    def factors(self, length: Floats, *, apart: bool = False) -> Move:
        """The factors of one length of time."""
        of = _factors(self.disposition, self.entries, self.infused, length, apart=apart)
        falling = np.empty_like(self.state)
        falling[: len(self.modes)] = of.staying[:, 0]
        for i, waits in of.waiting.items():
            falling[self.row[i]] = waits[0]
        filling: dict[int | None, tuple[Floats, Floats]] = {
            self.row[i]: (into[:, 0], inside[0]) for i, (into, inside) in of.pouring.items()
        }
        if of.filling is not None:
            filling[None] = of.filling[:, 0], np.zeros(1)
        return Move(falling, [a[:, 0] for a in of.arriving.values()], filling)

    def move(self, move: Move, running: list[tuple[int | None, Floats | float]]) -> None:
        """Everybody a length of time further."""
        for k, (arrives, depot) in enumerate(zip(move.arriving, self.depots, strict=True)):
            if k:
                np.add(self.feed, arrives * depot, out=self.feed)
            else:
                np.multiply(arrives, depot, out=self.feed)
        np.multiply(self.state, move.falling, out=self.state)
        if move.arriving:
            np.add(self.modes, self.feed, out=self.modes)
        for into, rate in running:
            fills, inside = move.filling[into]
            self.modes += rate * fills
            if into is not None:
                self.state[into] += rate * inside


def _moving(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats) -> None:
    """Fills ``out`` by moves from mark to mark, for any times and rates: every factor is positive."""
    people = Everybody(disposition, entries, prepared.infused, out.shape[1])
    uses = np.bincount([1 + i for i in (*prepared.hop_of.tolist(), *(s.rest for s in prepared.stretches))])[1:]
    kept: dict[int, Move] = {}

    def over(which: int) -> Move:
        made = kept.get(which)
        if made is None:
            made = people.factors(prepared.moves[which : which + 1])
            if uses[which] > 1 and len(kept) < _KEPT:
                kept[which] = made
        return made

    hop_of, modes = prepared.hop_of.tolist(), list(people.modes)
    for stretch in prepared.stretches:
        running = people.begin(stretch)
        for at in range(stretch.first, stretch.last):
            if hop_of[at] >= 0:
                people.move(over(hop_of[at]), running)
            add_up(modes, out[at])
        if stretch.rest >= 0:
            people.move(over(stretch.rest), running)


def add_up(parts: list[Floats], row: Floats) -> None:
    """The sum of some rows, into another."""
    if len(parts) == 1:
        np.copyto(row, parts[0])
        return
    np.add(parts[0], parts[1], out=row)
    for part in parts[2:]:
        np.add(row, part, out=row)


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
    people = Everybody(disposition, entries, (), out.shape[1])
    whole = {i: people.factors(prepared.lengths[i : i + 1], apart=True) for i in prepared.spans.tolist()}
    hops = np.unique(prepared.hop_of[prepared.hop_of >= 0]).tolist()
    lengths = prepared.moves[hops][:, None]
    decays = [dict(zip(hops, np.exp(-rate * lengths), strict=True)) for rate in disposition.rates]
    absorbing = []
    for i, row in people.row.items():
        into = np.asarray(entries[i].absorption)
        shares = [w * into / (into - rate) for rate, w in zip(disposition.rates, people.weights, strict=True)]
        waits = dict(zip(hops, np.exp(-into * lengths), strict=True))
        absorbing.append((people.state[row], shares, -sum(shares[1:], shares[0]), waits))
    hop_of, waves = prepared.hop_of.tolist(), np.empty_like(people.state)
    for stretch in prepared.stretches:
        people.begin(stretch)
        first = stretch.first
        while first < stretch.last and hop_of[first] < 0:  # at the very moment
            add_up(list(people.modes), out[first])
            first += 1
        if first < stretch.last:
            np.copyto(waves, people.state)
            moving = list(zip(waves, decays, strict=False))
            for wave, (depot, shares, opposite, waits) in zip(waves[len(decays) :], absorbing, strict=True):
                for mode, share in zip(waves, shares, strict=False):
                    mode += depot * share
                np.multiply(depot, opposite, out=wave)
                moving.append((wave, waits))
            parts = [wave for wave, _ in moving]
            for at in range(first, stretch.last):
                hop = hop_of[at]
                if hop >= 0:
                    for wave, decay in moving:
                        np.multiply(wave, decay[hop], out=wave)
                add_up(parts, out[at])
        if stretch.length:
            people.move(whole[stretch.length], [])


def _few(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats) -> None:
    """Fills ``out`` for a few people: all times at once, from the states at the starts of the stretches."""
    factors = _factors(disposition, entries, prepared.infused, prepared.lengths)
    parts, states = _starts(disposition, entries, prepared, factors)
    at, of = prepared.offset_of, prepared.stretch_of
    for i, (part, state) in enumerate(zip(parts, states, strict=True)):
        if out.shape[1] == 1:
            term = part[:, 0].take(at)
            term *= np.array(state).take(of)
            term = term[:, None]
        else:
            term = part[at] * np.array([np.broadcast_to(s, out.shape[1]) for s in state])[of]
        if i == 0:
            np.copyto(out, term)
        else:
            out += term


def _starts(
    disposition: Disposition, entries: list[Entry], prepared: Schedule, factors: _Factors
) -> tuple[list[Floats], list[list[_Number]]]:
    """The states at the starts of the stretches, number by number: of each depot, each mode, each rate that runs in.

    With each the factors, by length, of what a unit of it is in the central compartment. Each number follows from its own one before, so
    that for one person these are loops of plain floats.
    """
    one, lengths = factors.staying.shape[-1] == 1, prepared.length_of

    def by_stretch(values: Floats) -> Floats:
        """Factors of each length, taken for each stretch: the length that leads to the next."""
        return values[..., 0].take(lengths, axis=-1) if one else values.take(lengths, axis=-2)

    def brought(amounts: Floats, entry: Entry) -> Floats:
        if one:
            return amounts * entry.reaching
        return np.broadcast_to(amounts[:, None] * entry.reaching, (amounts.size, factors.staying.shape[-1]))

    settled = {
        k: [(i, *_steady(disposition, entries[i], *dose)) for i, *dose in s.steady]
        for k, s in enumerate(prepared.stretches)
        if s.steady
    }
    parts: list[Floats] = []
    states: list[list[_Number]] = []
    given: Floats | float = 0.0
    running: Floats | float = 0.0
    arriving: Floats | float = 0.0
    for i, entry in enumerate(entries):
        dosed = brought(prepared.given[i], entry)
        ran = brought(prepared.rates[i], entry) if i in prepared.infused else None
        if entry.absorption is None:
            given = given + dosed
            running = running if ran is None else running + ran
            continue
        added = None
        if ran is not None:
            into_modes, inside = factors.pouring[i]
            added, arriving = ran * by_stretch(inside), arriving + ran * by_stretch(into_modes)
            parts.append(_sum(into_modes))
            states.append(list(ran))
        resting = {k: next((d for n, _, d in those if n == i and d is not None), 0.0) for k, those in settled.items()}
        depot = _followed(dosed, by_stretch(factors.waiting[i]), added, resting, one)
        arriving = arriving + np.array(depot) * by_stretch(factors.arriving[i])
        parts.append(_sum(factors.arriving[i]))
        states.append(depot)
    if factors.filling is not None:
        arriving = arriving + running * by_stretch(factors.filling)
        parts.append(_sum(factors.filling))
        states.append(list(np.asarray(running)))
    staying, weights = by_stretch(factors.staying), _weights(disposition)
    for j, stays in enumerate(staying):
        resting = {k: those[-1][1][j] for k, those in settled.items()}
        put_in = None if isinstance(given, float) else given * weights[j]
        parts.append(factors.staying[j])
        states.append(_followed(put_in, stays, arriving[j] if isinstance(arriving, np.ndarray) else None, resting, one))
    return parts, states


def _followed(
    given: Floats | None, stays: Floats, added: Floats | None, settled: Mapping[int, _Number], one: bool
) -> list[_Number]:
    """A number at the start of each stretch: what is given joins it, it falls by what stays, what is added joins by the next."""

    def numbers(values: Floats | None) -> list[_Number]:
        return [0.0] * len(stays) if values is None else values.tolist() if one else list(values)

    now: _Number = 0.0
    out: list[_Number] = []
    for k, (dose, stay, joins) in enumerate(zip(numbers(given), numbers(stays), numbers(added), strict=True)):
        if k in settled:
            now = np.asarray(settled[k]).item() if one else settled[k]
        now = now + dose
        out.append(now)
        now = now * stay + joins
    return out


def _sum(of_modes: Floats) -> Floats:
    return np.asarray(of_modes.sum(axis=0)) if len(of_modes) > 1 else of_modes[0]
