"""Linear kinetics, exact: concentrations of many people under one schedule, by closed forms alone.

The central compartment is a sum of exponentials with positive weights (:mod:`relaxant.pharmacology.disposition`); an absorbing
depot feeds each of them, an infusion too. So the state of a person is one amount a mode and one a depot; from the start of a
stretch to any time in it all of them move by factors that depend on the elapsed time alone. The factors of each distinct length
of time are made once, by multiplying those of the distinct steps between lengths.

Every factor and every sum is of positive numbers, but where rates are clearly apart and many people share few times, for whom a
difference of exponentials keeps its digits too. So concentrations keep their relative precision from the first minutes to the
last of the tail, with rates that are equal, nearly equal or far apart.

Arrays are (time, subject): a step touches one row of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.disposition import Disposition
from relaxant.pharmacology.schedule import Schedule

Floats = NDArray[np.float64]
_CHUNK = 10_000  # subjects at a time: long rows, since each NumPy call costs as much as thousands of numbers
_FEW_LENGTHS = 100  # distinct times to move over: so few, and nobody needs a table of them
_CLEAR = (
    1e-3  # of a difference of rates times the shortest hop: clearer, and differences of exponentials keep twelve digits
)
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
        scratch = _Scratch()
        for start in range(0, subjects, _CHUNK):
            part = slice(start, min(start + _CHUNK, subjects))
            people, ways = _part(disposition, part), [_entry_part(e, part) for e in used]
            if (
                not prepared.infused
                and prepared.hops.size + prepared.spans.size <= _FEW_LENGTHS
                and _apart(people, ways, prepared)
            ):
                _hopping(people, ways, prepared, result[:, part])
            else:
                _many(people, ways, prepared, result[:, part], scratch)
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
    ``filling``: of an infusion of one unit a unit of time in each mode.
    """

    staying: Floats
    waiting: dict[int, Floats]
    arriving: dict[int, Floats]
    filling: Floats | None


def _factors(
    disposition: Disposition, entries: list[Entry], infused: bool, lengths: Floats, *, apart: bool = False
) -> _Factors:
    """The factors of each length, from the exponentials themselves. Positive terms only."""
    time = lengths[:, None]
    rates, weights = disposition.rates[:, None, :], _weights(disposition)[:, None, :]
    staying = np.exp(-rates * time)
    waiting, arriving = {}, {}
    for i, entry in enumerate(entries):
        if entry.absorption is not None:
            waiting[i] = np.exp(-entry.absorption * time)
            share = _between(entry.absorption, rates, time, waiting[i], staying, apart)
            arriving[i] = weights * entry.absorption * share
    return _Factors(staying, waiting, arriving, weights * -np.expm1(-rates * time) / rates if infused else None)


def _weights(disposition: Disposition) -> Floats:
    return disposition.weights / disposition.volume


def _between(
    one: Floats, other: Floats, time: Floats, one_stays: Floats, other_stays: Floats, apart: bool = False
) -> Floats:
    """The integral of exp(-one s) exp(-other (t - s)) over s from 0 to t: the chance to have moved on, once.

    (exp(-other t) - exp(-one t)) / (one - other), written so that equal rates lose nothing; as it stands where they are ``apart``.
    """
    if apart:
        return np.asarray((other_stays - one_stays) / (one - other))
    gap = np.abs(one - other)
    share = -np.expm1(-gap * time)
    if np.count_nonzero(gap) == gap.size:
        share /= gap
    else:
        share = np.where(gap > 0, share / np.where(gap > 0, gap, 1.0), time)
    return np.asarray(np.maximum(one_stays, other_stays) * share)


class _Scratch:
    """Memory that is used again for each chunk of people: fresh pages would cost more than the arithmetic."""

    def __init__(self) -> None:
        self._kept: dict[str, Floats] = {}

    def array(self, name: str, *shape: int) -> Floats:
        """An array of this shape with whatever it held before."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.empty(size)
        return kept[:size].reshape(shape)


def _along(steps: _Factors, prepared: Schedule, scratch: _Scratch) -> _Factors:
    """The factors of each length, from those of the steps between neighbouring lengths."""
    count = prepared.lengths.size

    def table(name: str, of: Floats, first: float) -> Floats:
        made = scratch.array(name, *of.shape[:-2], count, of.shape[-1])
        made[..., 0, :] = first
        return made

    staying = table("staying", steps.staying, 1.0)
    waiting = {i: table(f"waiting {i}", w, 1.0) for i, w in steps.waiting.items()}
    arriving = {i: table(f"arriving {i}", a, 0.0) for i, a in steps.arriving.items()}
    filling = None if steps.filling is None else table("filling", steps.filling, 0.0)
    for at, step in enumerate(prepared.step_of.tolist()):
        stays = steps.staying[:, step]
        np.multiply(staying[:, at], stays, out=staying[:, at + 1])
        for i, waits in steps.waiting.items():
            arrived = np.multiply(arriving[i][:, at], stays, out=arriving[i][:, at + 1])
            arrived += waiting[i][at] * steps.arriving[i][:, step]
            np.multiply(waiting[i][at], waits[step], out=waiting[i][at + 1])
        if filling is not None and steps.filling is not None:
            filled = np.multiply(filling[:, at], stays, out=filling[:, at + 1])
            filled += steps.filling[:, step]
    return _Factors(staying, waiting, arriving, filling)


_Number = Any  # a float for one person, an array over the people otherwise: the same lines serve both


_State = tuple[list[_Number], dict[int, _Number], _Number]
"""What is there at the start of a stretch: each mode, each depot by its entry's number, and the rate that runs in."""


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
    reaching = [plain(e.reaching) if isinstance(e.reaching, np.ndarray) else e.reaching for e in entries]
    modes: list[_Number] = [0.0] * len(weights)
    depots: dict[int, _Number] = {i: 0.0 for i, _ in waiting}
    for stretch in prepared.stretches:
        for i, amount, duration, interval in stretch.steady:
            modes, depots = _steady(disposition, entries, i, amount, duration, interval)
            if one:
                modes, depots = [m.item() for m in modes], {k: np.asarray(d).item() for k, d in depots.items()}
        for i, amount in stretch.bolus:
            given = amount * reaching[i]
            if i in depots:
                depots[i] = depots[i] + given
            else:
                modes = [mode + given * weight for mode, weight in zip(modes, weights, strict=True)]
        running: _Number = 0.0
        for i, rate in stretch.running:
            running = running + rate * reaching[i]
        yield modes, depots, running
        length = stretch.length if place is None else int(place[stretch.length])
        moved = []
        for j, stays, feeds in ways:
            mode = modes[j] * stays[length]
            for i, arrives in feeds:
                mode = mode + depots[i] * arrives[length]
            if filling is not None and stretch.running:
                mode = mode + running * filling[j][length]
            moved.append(mode)
        modes, depots = moved, {i: depots[i] * waits[length] for i, waits in waiting}


def _steady(
    disposition: Disposition, entries: list[Entry], i: int, amount: float, duration: float, interval: float
) -> tuple[list[Floats], dict[int, Floats]]:
    """Modes and depots in the limit of many doses, just before the next: geometric series, term by term."""
    entry = entries[i]
    arriving = amount * entry.reaching
    depots = {k: np.zeros(disposition.subjects) for k, e in enumerate(entries) if e.absorption is not None}
    infused = entry.absorption is None and duration > 0
    whole = _factors(disposition, [entry], infused, np.array([duration if infused else interval]))
    of_one = -np.expm1(-disposition.rates * interval)
    if entry.absorption is not None:
        depots[i] = arriving * whole.waiting[0][0] / -np.expm1(-entry.absorption * interval)
        modes = arriving / -np.expm1(-entry.absorption * interval) * whole.arriving[0][:, 0] / of_one
    elif whole.filling is not None:
        rest = np.exp(-disposition.rates * (interval - duration))
        modes = arriving / duration * whole.filling[:, 0] * rest / of_one
    else:
        modes = arriving * _weights(disposition) * whole.staying[:, 0] / of_one
    return list(modes), depots


def _many(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats, scratch: _Scratch) -> None:
    """Fills ``out`` stretch by stretch."""
    factors = _along(_factors(disposition, entries, prepared.infused, prepared.increments), prepared, scratch)
    # One row at a time: NumPy runs along one contiguous row at three times the speed of a table of short ones.
    modes = [list(stays) for stays in factors.staying]
    wholes = {
        i: list(np.sum(arrives, axis=0, out=scratch.array(f"whole {i}", *arrives.shape[1:])))
        for i, arrives in factors.arriving.items()
    }
    filling = None if factors.filling is None else list(_sum(factors.filling))
    term = scratch.array("term", out.shape[1])
    multiply, add = np.multiply, np.add
    offset_of = prepared.offset_of.tolist()
    for stretch, (at_start, depots, running) in zip(
        prepared.stretches, _states(disposition, entries, prepared, factors), strict=True
    ):
        amounts = list(zip(modes[1:], at_start[1:], strict=True))
        amounts += [(wholes[i], depot) for i, depot in depots.items()]
        if filling is not None and stretch.running:
            amounts.append((filling, running))
        for at in range(stretch.first, stretch.last):
            row, length = out[at], offset_of[at]
            multiply(modes[0][length], at_start[0], row)
            for factor, amount in amounts:
                multiply(factor[length], amount, term)
                add(row, term, row)


def _apart(disposition: Disposition, entries: list[Entry], prepared: Schedule) -> bool:
    """Whether everybody's absorption is so far from every elimination rate that exponentials may be subtracted."""
    shortest = min(np.concatenate((prepared.hops[:1], prepared.lengths[prepared.spans[:1]])), default=0.0)
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
    at_spans = _factors(disposition, entries, False, prepared.lengths[used], apart=True)
    place = np.zeros(prepared.lengths.size, dtype=np.intp)
    place[used] = np.arange(used.size)
    weights = _weights(disposition)
    hops = prepared.hops[:, None]
    decays = [list(np.exp(-rate * hops)) for rate in disposition.rates]
    absorbing = {}
    for i, entry in enumerate(entries):
        if entry.absorption is not None:
            into = entry.absorption
            shares = [w * into / (into - rate) for rate, w in zip(disposition.rates, weights, strict=True)]
            absorbing[i] = shares, -sum(shares[1:], shares[0]), list(np.exp(-into * hops))
    multiply, add = np.multiply, np.add
    hop_of = prepared.hop_of.tolist()
    for stretch, (modes, depots, _) in zip(
        prepared.stretches, _states(disposition, entries, prepared, at_spans, place), strict=True
    ):
        if stretch.first == stretch.last:
            continue
        waves = [np.array(np.broadcast_to(mode, out.shape[1])) for mode in modes]
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
                wave += depots[i] * share
            moving.append((depots[i] * opposite, waits))
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
    factors = _factors(disposition, entries, prepared.infused, prepared.lengths)
    parts = [*factors.staying, *(_sum(a) for a in factors.arriving.values())]
    if factors.filling is not None:
        parts.append(_sum(factors.filling))
    rows = [
        (*modes, *depots.values(), running)
        for modes, depots, running in _states(disposition, entries, prepared, factors)
    ]
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
