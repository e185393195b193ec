"""What people's amounts become over a length of time, and people who move by it: the factors of each length, made once."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.pharmacology.kinetics.closed_forms import between, filled, poured, steady
from relaxant.pharmacology.kinetics.disposition import Disposition
from relaxant.pharmacology.kinetics.entries import Entry
from relaxant.pharmacology.kinetics.schedule import Stretch

Floats = NDArray[np.float64]


class Factors(msgspec.Struct):
    """What one unit becomes over each of some lengths of time, as a concentration. Axes (mode,) length, subject.

    ``staying``: of a mode in itself; ``waiting``: of a depot in itself; ``arriving``: of a depot in each mode;
    ``filling``: of an infusion of one unit a unit of time in each mode; ``pouring``: of one into a depot, in each mode and in the depot.
    """

    staying: Floats
    waiting: dict[int, Floats]
    arriving: dict[int, Floats]
    filling: Floats | None
    pouring: dict[int, tuple[Floats, Floats]]


def factors_of(
    disposition: Disposition, entries: list[Entry], infused: tuple[int, ...], lengths: Floats, *, apart: bool = False
) -> Factors:
    """The factors of each length, from the exponentials themselves; ``infused`` are the entries by which anything runs in.

    Positive terms only, but where rates are ``apart``: there a difference of exponentials stands as it is.
    """
    time = lengths[:, None]
    rates, weights = disposition.rates[:, None, :], weights_of(disposition)[:, None, :]
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
    return Factors(staying, waiting, arriving, weights * filled(rates, time) if straight else None, pouring)


def weights_of(disposition: Disposition) -> Floats:
    """What a unit put into the central compartment is in each mode, as a concentration."""
    return disposition.weights / disposition.volume


def steady_state(
    disposition: Disposition, entry: Entry, amount: float, duration: float, interval: float
) -> tuple[Floats, Floats | None]:
    """Modes and the entry's depot in the limit of many doses, just before the next."""
    lasts, every, much = np.asarray(duration), np.asarray(interval), np.asarray(amount * entry.reaching)
    return steady(disposition.rates, weights_of(disposition), entry.absorption, much, lasts, every)


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
        self.weights, modes = weights_of(disposition), len(disposition.rates)
        depots = [i for i, e in enumerate(entries) if e.absorption is not None]
        self.row = {i: modes + k for k, i in enumerate(depots)}
        self.state, self.feed = np.zeros((modes + len(depots), subjects)), np.empty((modes, subjects))
        self.modes, self.depots = self.state[:modes], list(self.state[modes:])

    def begin(self, stretch: Stretch) -> list[tuple[int | None, Floats | float]]:
        """What a stretch begins with: steady states and doses. Gives what runs in it, by the row that it runs into."""
        reaching, row = [e.reaching for e in self.entries], self.row
        for i, amount, duration, interval in stretch.steady:
            modes, depot = steady_state(self.disposition, self.entries[i], amount, duration, interval)
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
        of = factors_of(self.disposition, self.entries, self.infused, length, apart=apart)
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


def add_up(parts: list[Floats], row: Floats) -> None:
    """The sum of some rows, into another."""
    if len(parts) == 1:
        np.copyto(row, parts[0])
        return
    np.add(parts[0], parts[1], out=row)
    for part in parts[2:]:
        np.add(row, part, out=row)
