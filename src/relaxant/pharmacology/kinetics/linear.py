"""Linear kinetics, exact: concentrations of many people under one schedule, by closed forms alone.

The central compartment is a sum of exponentials with positive weights (:mod:`relaxant.pharmacology.kinetics.disposition`); an absorbing
depot feeds each of them, an infusion too. So the state of a person is one amount a mode and one a depot; over any stretch of time
all of them move by factors that depend on its length alone (:mod:`relaxant.pharmacology.kinetics.closed_forms`). The factors of each distinct length
of time are made once.

Every factor and every sum is of positive numbers, but where rates are clearly apart and many people share few times, for whom a
difference of exponentials keeps its digits too. So concentrations keep their relative precision from the first minutes to the
last of the tail, with rates that are equal, nearly equal or far apart.

Arrays are (time, subject): a step touches one row of all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.kinetics.disposition import Disposition
from relaxant.pharmacology.kinetics.entries import Entry, entry_named, intravenous, oral, people_of
from relaxant.pharmacology.kinetics.few import few_people
from relaxant.pharmacology.kinetics.moves import Everybody, Move, add_up
from relaxant.pharmacology.kinetics.schedule import Schedule, distinct

__all__ = ["Entry", "concentration", "intravenous", "oral"]

Floats = NDArray[np.float64]
_CHUNK = 10_000  # subjects at a time: long rows, since each NumPy call costs as much as thousands of numbers
_KEPT = 64  # distinct moves whose factors are kept; so few, and everybody's exponentials of all are made at once
# Of a difference of rates times the shortest move: clearer, and differences of exponentials keep twelve digits.
_CLEAR = 1e-3
_FEW = 16  # so few subjects are computed across time at once


def concentration(
    disposition: Disposition, entries: Mapping[str, Entry], prepared: Schedule, *, out: Floats | None = None
) -> Floats:
    """The concentration in the central compartment at each observation time. Shape (times, subjects).

    Exact for these models: closed forms only, no step size. ``out`` (times, subjects) is written where it is given.
    Amounts over litres: mg and L give mg/L. Raises :class:`InputError` for an entry that a dose names and nobody describes, and for
    arrays of unequal length.
    """
    subjects = max(disposition.subjects, *(people_of(e) for e in entries.values()), 1)
    used = [entry_named(entries, name, disposition, subjects) for name in prepared.entries]
    result = _output(out, prepared.times.size, subjects)
    if disposition.subjects not in (1, subjects):
        raise InputError("disposition", disposition.subjects, f"the entries are of {subjects} people", "give as many")
    before = prepared.stretches[0].first if prepared.stretches else prepared.times.size
    if not prepared.stretches:
        pass
    elif subjects <= _FEW:
        few_people(disposition, used, prepared, result)
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
    hops = distinct(prepared.hop_of[prepared.hop_of >= 0]).tolist()
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
