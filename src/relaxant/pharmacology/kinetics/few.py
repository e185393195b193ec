"""A few people's concentrations: all times at once, from the states at the starts of the stretches; plain floats for one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relaxant.pharmacology.kinetics.disposition import Disposition
from relaxant.pharmacology.kinetics.entries import Entry
from relaxant.pharmacology.kinetics.moves import Factors, factors_of, steady_state, weights_of
from relaxant.pharmacology.kinetics.schedule import Schedule

Floats = NDArray[np.float64]
_Number = Any  # a float for one person, an array over the people otherwise: the same lines serve both


def few_people(disposition: Disposition, entries: list[Entry], prepared: Schedule, out: Floats) -> None:
    """Fills ``out`` for a few people: all times at once, from the states at the starts of the stretches."""
    factors = factors_of(disposition, entries, prepared.infused, prepared.lengths)
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
    disposition: Disposition, entries: list[Entry], prepared: Schedule, factors: Factors
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
        k: [(i, *steady_state(disposition, entries[i], *dose)) for i, *dose in s.steady]
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
    staying, weights = by_stretch(factors.staying), weights_of(disposition)
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
