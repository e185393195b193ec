"""Concentrations along everybody's own events, by the closed forms: a step of all people is one row.

A person's state is one number a mode and one a depot. From event to event each falls by its exponential, a depot hands on what it loses, an
infusion adds what it fills. All modes and depots of a block of people are one table, so that a step is one exponential of a table and a few
products. What happens to some people only is done to those.

Where a person's parameters change on the way, modes are the orthonormal ones, the amounts in the compartments pass from one set to the
next (:func:`relaxant.pharmacology.kinetics.disposition.basis`), and everything else stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.events.events import Block, Events, Given
from relaxant.pharmacology.kinetics.closed_forms import between, filled, poured, steady
from relaxant.pharmacology.kinetics.disposition import Disposition, basis
from relaxant.pharmacology.kinetics.entries import Entry

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_LEVELS = 4  # worked on together: longer calls, and still within the cache
_CLOSE = 1e-5  # of a difference of rates times a step: nearer, and the difference of exponentials is taken by its own function


def concentration_by_event(
    disposition: Disposition,
    entries: Mapping[str, Entry],
    prepared: Events,
    *,
    threads: int | None = None,
    out: Floats | None = None,
) -> Floats:
    """The central concentration at each observation of the table, in the table's order. Shape (observations,).

    Disposition and entries are of the people in order of their ID, or one a spell where covariates change (``prepared.spell_of``). ``threads``
    is how many blocks of people run at once (all the machine's by default); ``out`` is written where it is given. Raises
    :class:`InputError` for an entry that is not described and for arrays of another length.
    """
    used = dict.fromkeys(n for b in prepared.blocks for kind in (b.boluses, b.running, b.steady) for n in kind)
    for name in used:
        if name not in entries:
            raise InputError("entry", name, "no entry of this name is described", f"use {', '.join(entries)}")
        entry = entries[name]
        for size in (1 if entry.absorption is None else entry.absorption.size, np.size(entry.reaching)):
            if size not in (1, prepared.spells):
                raise InputError(f"entry {name}", size, f"the table has {prepared.spells} sets of parameters", "give one value or as many")  # fmt: skip
    if disposition.subjects not in (1, prepared.spells):
        raise InputError("disposition", disposition.subjects, f"the table has {prepared.spells} sets of parameters", "give one or as many")  # fmt: skip
    people = _People(disposition, {n: entries[n] for n in used}, prepared)
    count = prepared.observations.size
    if out is None:
        out = np.empty(count)
    elif out.shape != (count,) or out.dtype != np.float64:
        raise InputError("out", out.shape, "it does not fit", f"give float64 of shape ({count},)")
    result = out
    workers = max(1, min(threads or os.cpu_count() or 1, len(prepared.blocks)))
    if workers == 1:
        for block in prepared.blocks:
            _Walk(people, block).along(result)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda block: _Walk(people, block).along(result), prepared.blocks))
    return result


class _People:
    """Everybody's parameters, one column a spell, in the shape that a walk asks for."""

    def __init__(self, disposition: Disposition, entries: Mapping[str, Entry], prepared: Events) -> None:
        spells = prepared.spells

        def each(values: Floats | float) -> Floats:
            array = np.atleast_1d(np.asarray(values, dtype=np.float64))
            return np.broadcast_to(array, (*array.shape[:-1], spells))

        self.rates = each(disposition.rates)
        self.reading: Floats | None = None
        self.basis: Floats | None = None
        self.volumes: Floats | None = None
        if spells > prepared.people.size:
            made = basis(disposition)
            self.basis = each(made)
            volumes = (
                disposition.volume[None]
                if disposition.others is None
                else np.stack((disposition.volume, *disposition.others))
            )
            self.volumes = each(volumes)
            self.into = self.reading = each(made[0] / disposition.volume)
        else:
            self.into = each(disposition.weights / disposition.volume)
        self.absorption = {n: each(e.absorption) for n, e in entries.items() if e.absorption is not None}
        self.reaching = {n: each(e.reaching) for n, e in entries.items()}


class _Walk:
    """One block's people on their way."""

    def __init__(self, people: _People, block: Block) -> None:
        self.people, self.block = people, block
        modes, size = len(people.rates), block.starts.size
        used = {n for kind in (block.boluses, block.running, block.steady) for n in kind}
        self.depots = [n for n in people.absorption if n in used]
        self.row = {n: modes + i for i, n in enumerate(self.depots)}
        self.modes = modes
        self.state = np.zeros((modes + len(self.depots), size))
        self.falls = np.empty_like(self.state)  # minus each rate
        self.into = np.empty((modes, size))
        self.reading = None if people.reading is None else np.empty((modes, size))
        self.scales = {n: np.empty((modes, size)) for n in self.depots}
        self.limit = np.empty(size)
        self.runs = {n: np.zeros(size) for n in block.running}
        self.spell = block.starts.copy()
        self.lives(np.arange(size), block.starts)
        boluses = {n: (g, g.amount * people.reaching[n][g.of]) for n, g in block.boluses.items()}
        self.boluses = {n: (g, amount) for n, (g, amount) in boluses.items() if n not in self.row}
        # Doses into depots are most of what happens: level by level, ready to be added.
        self.gifts: dict[int, list[tuple[Floats, Index, Floats]]] = {}
        for n, row in self.row.items():
            if n in boluses:
                given, amount = boluses[n]
                for level in _levels(given):
                    now = slice(given.first[level], given.first[level + 1])
                    self.gifts.setdefault(level, []).append((self.state[row], given.who[now], amount[now]))
        self.changes = {
            n: (r.given, r.given.amount * people.reaching[n][r.given.of], r.keeps) for n, r in block.running.items()
        }
        self.steady = {n: (s.given, *self.settled(n, s.given, s.duration, s.interval)) for n, s in block.steady.items()}

        others = [block.turns, block.reset, *(g for g, *_ in self.steady.values()), *(g for g, _ in self.boluses.values()), *(g for g, *_ in self.changes.values())]  # fmt: skip
        self.busy = frozenset(level for given in others for level in _levels(given))

    def lives(self, who: Index, of: Index) -> None:
        """These people have these parameters from now on."""
        people = self.people
        rates = people.rates[:, of]
        self.falls[: self.modes, who] = -rates
        self.into[:, who] = into = people.into[:, of]
        if self.reading is not None and people.reading is not None:
            self.reading[:, who] = people.reading[:, of]
        nearest = np.full(who.size, np.inf)
        for n in self.depots:
            absorption = people.absorption[n][of]
            self.falls[self.row[n], who] = -absorption
            gap = absorption - rates
            # What arrives of a unit of depot for each unit of difference between the two exponentials; the signs cancel.
            self.scales[n][:, who] = into * absorption / np.where(gap == 0, np.inf, gap)
            nearest = np.minimum(nearest, np.abs(gap).min(axis=0))
        with np.errstate(divide="ignore"):
            self.limit[who] = _CLOSE / nearest

    def settled(self, name: str, given: Given, duration: Floats, interval: Floats) -> tuple[Floats, Floats | None]:
        """The states that steady doses put people into."""
        people, of = self.people, given.of
        absorption = people.absorption[name][of] if name in people.absorption else None
        return steady(people.rates[:, of], people.into[:, of], absorption, given.amount * people.reaching[name][of], duration, interval)  # fmt: skip

    def along(self, out: Floats) -> None:
        """From the first event to the last, each observation to its place; some levels at a time, the exponentials of all in one call."""
        block, modes, size = self.block, self.modes, self.limit.size
        rows = len(self.state)
        decay, arriving = np.empty((_LEVELS, rows, size)), [np.empty((_LEVELS, modes, size)) for _ in self.depots]
        total, close = np.empty((_LEVELS, size)), np.empty((_LEVELS, size), dtype=bool)
        multiply, add, width, plain = np.multiply, np.add, -1, modes == 2 and self.reading is None
        for start, end in self.stages():
            n, count = block.active[start], end - start
            if n != width:
                width = n
                state = self.state[:, :n]
                moving, depots = state[:modes], [state[self.row[d]] for d in self.depots]
                first, second = moving[0], moving[-1]
            at = slice(block.first[start], block.first[end])
            steps = block.step[at].reshape(count, n)
            # Views of their own shape, so that what is worked on lies together.
            decays = decay.reshape(-1)[: count * rows * n].reshape(count, rows, n)
            arrived = [a.reshape(-1)[: count * modes * n].reshape(count, modes, n) for a in arriving]
            totals = total.reshape(-1)[: count * n].reshape(count, n)
            multiply(self.falls[:, :n], steps[:, None], out=decays)
            np.exp(decays, out=decays)
            self.arrives(steps, decays, arrived, close.reshape(-1)[: count * n].reshape(count, n))
            falling, feeding = list(decays), list(zip(*arrived, strict=True)) if arrived else [()] * count
            for k, level in enumerate(range(start, end)):
                if level:
                    filling = self.filling(steps[k], n) if self.runs else ()
                    for fed, depot in zip(feeding[k], depots, strict=True):
                        multiply(fed, depot, fed)
                    multiply(state, falling[k], state)
                    for fed in feeding[k]:
                        add(moving, fed, moving)
                    for row, who, much in filling:
                        self.state[row, who] += much
                if level in self.busy:
                    self.happens(level)
                for into, who, much in self.gifts.get(level, ()):
                    into[who] += much
                if plain:
                    add(first, second, totals[k])
                else:
                    self.seen(moving, totals[k])
            # In order: what is no observation is overwritten by the one that follows it.
            out[block.place[at]] = totals.reshape(-1)

    def stages(self) -> Iterator[tuple[int, int]]:
        """Levels that are worked on together: of the same people, all under the parameters that they have at the first."""
        active, turns = self.block.active, self.block.turns.first
        start = 0
        while start < len(active):
            end = start + 1
            while (
                end < min(start + _LEVELS, len(active))
                and active[end] == active[start]
                and turns[end] == turns[end - 1]
            ):
                end += 1
            yield start, end
            start = end

    def arrives(self, steps: Floats, decays: Floats, arrived: list[Floats], close: NDArray[np.bool_]) -> None:
        """What arrives in each mode of a unit of each depot, over each step."""
        n, modes = steps.shape[1], self.modes
        for name, arrives in zip(self.depots, arrived, strict=True):
            row = self.row[name]
            np.subtract(decays[:, :modes], decays[:, row, None], out=arrives)
            np.multiply(arrives, self.scales[name][:, :n], out=arrives)
        if self.depots and (near := np.less(steps, self.limit[:n], out=close).reshape(-1).nonzero()[0]).size:
            # Where two rates, or two times, are nearly one: the same integral by its own function.
            level, who = np.divmod(near[steps.reshape(-1)[near] > 0], n)
            rates, into, step = -self.falls[:modes, who], self.into[:, who], steps[level, who]
            for name, arrives in zip(self.depots, arrived, strict=True):
                row = self.row[name]
                absorption, waits, stays = -self.falls[row, who], decays[level, row, who], decays[level, :modes, who].T
                arrives[level, :, who] = (into * absorption * between(absorption, rates, step, waits, stays)).T

    def seen(self, moving: Floats, total: Floats) -> None:
        """The concentration, as a sum of what the modes are."""
        if self.reading is not None:
            np.einsum("js,js->s", moving, self.reading[:, : total.size], out=total)
        elif len(moving) == 1:
            np.copyto(total, moving[0])
        else:
            np.add(moving[0], moving[1], out=total)
            for mode in moving[2:]:
                np.add(total, mode, out=total)

    def filling(self, step: Floats, n: int) -> list[tuple[slice | int, Index, Floats]]:
        """What infusions add over a step: to which rows, to whom, how much."""
        made: list[tuple[slice | int, Index, Floats]] = []
        for name, runs in self.runs.items():
            who = np.flatnonzero(runs[:n])
            if not who.size:
                continue
            rate, time, rates = runs[who], step[who], -self.falls[: self.modes, who]
            if name in self.row:
                absorption = -self.falls[self.row[name], who]
                made.append((slice(0, self.modes), who, rate * self.into[:, who] * poured(absorption, rates, time)))
                made.append((self.row[name], who, rate * filled(absorption, time)))
            else:
                made.append((slice(0, self.modes), who, rate * self.into[:, who] * filled(rates, time)))
        return made

    def happens(self, level: int) -> None:
        """What happens to some at their events of this level: parameters change, places are emptied, doses are given."""
        if (turn := _at(self.block.turns, level)) is not None:
            self.turns(self.block.turns.who[turn], self.block.turns.of[turn])
        if (now := _at(self.block.reset, level)) is not None:
            who = self.block.reset.who[now]
            self.state[:, who] = 0.0
            for runs in self.runs.values():
                runs[who] = 0.0
        for name, (given, modes, depot) in self.steady.items():
            if (now := _at(given, level)) is not None:
                self.state[: self.modes, given.who[now]] += modes[:, now]
                if depot is not None:
                    self.state[self.row[name], given.who[now]] += depot[now]
        for given, amount in self.boluses.values():
            if (now := _at(given, level)) is not None:
                who = given.who[now]
                self.state[: self.modes, who] += amount[now] * self.into[:, who]
        for name, (given, amount, keeps) in self.changes.items():
            if (now := _at(given, level)) is not None:
                who = given.who[now]
                self.runs[name][who] = np.maximum(self.runs[name][who] + amount[now], 0.0) * keeps[now]

    def turns(self, who: Index, of: Index) -> None:
        """New parameters for some: what is in each compartment stays, and is seen in the new modes."""
        people = self.people
        if people.basis is None or people.volumes is None:
            raise AssertionError("parameters change only where there are more spells than people")
        before = self.spell[who]
        amounts = np.einsum("ijs,js->is", people.basis[:, :, before], self.state[: self.modes, who])
        self.state[: self.modes, who] = np.einsum("ijs,is->js", people.basis[:, :, of], amounts / people.volumes[:, of])
        self.spell[who] = of
        self.lives(who, of)


def _at(given: Given, level: int) -> slice | None:
    first, last = given.first[level], given.first[level + 1]
    return slice(first, last) if last > first else None


def _levels(given: Given) -> list[int]:
    """The levels at which anything of it happens."""
    return np.flatnonzero(np.diff(given.first)).tolist()
