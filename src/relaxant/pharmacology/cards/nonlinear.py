"""Kinetics that no linear network has: drugs that bind each other, flows that saturate, responses with a turnover of their own.

The solver is LSODA as SciPy carries it (extra ``relaxant[nonlinear]``); it is started anew at every dose and every end of an
infusion, where the right side jumps. Some hundred people are solved at once, in one system whose matrix is a band because nobody's
compartments touch another's: steps are as short as the fastest person asks for, and the cost of a step in Python is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError, RelaxantError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.model import linear_part
from relaxant.pharmacology.kinetics.schedule import Dose

Floats = NDArray[np.float64]
Given = tuple[float, str, Floats, float]  # time, compartment, amount of each person, duration
RESPONSE, FEEDBACK = "response", "moderator of the response"
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12  # of each compartment, and of the largest amount given
_TOGETHER = 256  # people in one system


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """A response beside the kinetics: driven by the compartment ``of``, starting at ``start``.

    ``change`` gives how fast it changes, from parameters, concentration, the moderator's level, the response and its feedback, each of
    shape (people,). With ``follows`` a feedback moderator runs after the response at that rate.
    """

    of: str
    moderator: str | None
    start: Floats
    follows: Floats | None
    change: Callable[..., Floats]


def available() -> bool:
    """Whether the solver is installed."""
    return find_spec("scipy") is not None


def solved(
    model: Model,
    parameters: Mapping[str, Floats],
    given: Sequence[Dose],
    entries: Mapping[str, tuple[str, Floats | float]],
    times: Floats,
    wanted: Mapping[str, Mapping[str, Floats | float]],
    *,
    during: Sequence[str] = (),
    areas: bool = False,
    turnover: Turnover | None = None,
) -> dict[str, Floats]:
    """What is in the card's compartments at each time, by name a (times, people) array of each ``wanted`` weighted sum of them.

    Doses, ``entries`` and ``wanted`` as in :func:`relaxant.pharmacology.kinetics.network.amounts`; an observation at the time of a dose is taken
    after it. With ``turnover`` the compartment ``RESPONSE`` holds the response. Raises :class:`InputError` for a dose of a steady state,
    :class:`RelaxantError` without SciPy or where the solver gives up.
    """
    if any(dose.steady for dose in given):
        raise InputError("dose.steady", True, "what binds or saturates has no steady state in closed form", "give the doses one by one")  # fmt: skip
    everyone = max([1, *(v.size for v in parameters.values()), *(np.size(reach) for _, reach in entries.values())])
    order = np.argsort(times, kind="stable")
    out = {name: np.zeros((times.size, everyone)) for name in wanted}
    for first in range(0, everyone, _TOGETHER):
        people = slice(first, min(first + _TOGETHER, everyone))
        count = people.stop - people.start
        own = {name: _of(value, people, count) for name, value in parameters.items()}
        doses = [
            (dose.time + i * (dose.every or 0.0), entries[dose.entry][0], dose.amount * _of(entries[dose.entry][1], people, count), dose.duration)
            for dose in given
            for i in range(dose.count)
        ]  # fmt: skip
        part = turnover and msgspec.structs.replace(
            turnover,
            start=_of(turnover.start, people, count),
            follows=None if turnover.follows is None else _of(turnover.follows, people, count),
        )
        system = _System(model, own, count, during, areas, part)
        states = system.walked(doses, times[order])
        for name, parts in wanted.items():
            for compartment, weight in parts.items():
                out[name][order, people] += states[:, :, system.place[compartment]] * _of(weight, people, count)
    return out


def integrate(
    model: Model,
    parameters: Mapping[str, Floats],
    given: Sequence[tuple[float, str, float, float]],
    times: Floats,
    *,
    during: Sequence[str] = (),
    areas: bool = False,
) -> dict[str, Floats]:
    """What is in each compartment at each time, for one person: amounts, concentrations at effect sites, areas where asked for.

    ``given``: (time, compartment, amount, duration), a duration of 0 for at once. ``times`` ascend; an observation at the time of
    a dose is taken after it. Raises :class:`InputError` for parameters of more than one person, :class:`RelaxantError` without SciPy
    or where the solver gives up.
    """
    if any(v.size != 1 for v in parameters.values()):
        raise InputError("parameters", len(parameters), "they are of several people", "give those of one person")
    system = _System(model, parameters, 1, during, areas, None)
    doses = [(time, into, np.array([amount]), duration) for time, into, amount, duration in given]
    states = system.walked(doses, times)
    return {name: states[:, 0, i] for name, i in system.place.items()}


def solved_through(
    model: Model,
    holding: Sequence[tuple[float, Mapping[str, Floats]]],
    given: Sequence[Dose],
    entries: Mapping[str, tuple[str, Floats | float]],
    times: Floats,
    wanted: Mapping[str, Mapping[str, float]],
    *,
    during: Sequence[str] = (),
    areas: bool = False,
) -> dict[str, Floats]:
    """As :func:`solved` where parameters change on the way: from each start on those beside it hold, the first from the beginning.

    One person after the other; at each change what is in the body is given anew to the next parameters.
    """
    people = max(v.size for v in holding[0][1].values())
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    out = {name: np.zeros((times.size, people)) for name in wanted}
    edges = [-np.inf, *(start for start, _ in holding[1:]), np.inf]
    for person in range(people):
        state: dict[str, float] = {}
        one = slice(person, person + 1)
        doses = [
            (dose.time + i * (dose.every or 0.0), entries[dose.entry][0], dose.amount * float(_of(entries[dose.entry][1], one, 1)[0]), dose.duration)
            for dose in given
            for i in range(dose.count)
        ]  # fmt: skip
        for (_, held), start, end in zip(holding, edges, edges[1:], strict=False):
            own = {n: _of(v, one, 1) for n, v in held.items()}
            part = [(start, c, a, 0.0) for c, a in state.items() if a > 0]
            for time, into, amount, duration in doses:
                first, last = max(time, start), min(time + duration, end)
                if duration == 0 and start <= time < end:
                    part.append((time, into, amount, 0.0))
                elif duration > 0 and last > first:
                    part.append((first, into, amount * (last - first) / duration, last - first))
            here = (ordered >= start) & (ordered < end)
            asked = ordered[here] if end == np.inf else np.append(ordered[here], end)
            if part and asked.size:
                found = integrate(model, own, part, asked, during=during, areas=areas)
                for name, weights in wanted.items():
                    out[name][order[here], person] = sum(found[c][: int(here.sum())] * w for c, w in weights.items())
                state = {c: float(v[-1]) for c, v in found.items()}
    return out


def _of(value: Floats | float, people: slice, count: int) -> Floats:
    """These people's share of a value that is one for all or one a person."""
    array = np.atleast_1d(np.asarray(value, dtype=np.float64))
    return np.broadcast_to(array if array.size == 1 else array[people], (count,))


class _System:
    """The right side of the equations of some people. States are (people, compartments)."""

    def __init__(
        self,
        model: Model,
        own: Mapping[str, Floats],
        people: int,
        during: Sequence[str],
        areas: bool,
        turnover: Turnover | None,
    ) -> None:
        if not available():
            raise RelaxantError("this card needs an equation solver: install relaxant[nonlinear]")
        self.name, self.own, self.people, self.turnover = model.model, own, people, turnover
        network = linear_part(model, own, during=during, areas=areas)
        names = [*network.names]
        if turnover is not None:
            names += [RESPONSE] if turnover.follows is None else [RESPONSE, FEEDBACK]
        self.place = {name: i for i, name in enumerate(names)}
        linear = len(network.names)
        self.rates = np.zeros((people, len(names), len(names)))
        self.rates[:, :linear, :linear] = network.rates.transpose(2, 0, 1)
        if turnover is not None and turnover.follows is not None:
            self.rates[:, -1, -2], self.rates[:, -1, -1] = turnover.follows, -turnover.follows
        self.running = np.zeros((people, len(names)))
        volume = {c.compartment: own[c.volume] for c in model.compartments if c.volume}
        self.volume = None if turnover is None else volume.get(turnover.of, np.ones(people))
        place = self.place
        self.bindings = [
            (place[b.one], place[b.other], place[b.complex], own[b.off] / own[b.dissociation] if b.dissociation else own[str(b.on)], own[b.off], volume[b.one])
            for b in model.bindings
        ]  # fmt: skip
        self.saturable = [
            (place[f.giver], None if f.to is None else place[f.to], f.ratio, own[f.rate] if f.rate else own[str(f.clearance)] / volume[f.giver], own[f.saturable] * volume[f.giver])
            for f in model.flows
            if f.saturable and (f.during is None or f.during in during)
        ]  # fmt: skip
        self.removals = [
            (place[c.compartment], place[c.removed_by], own[c.removal] / volume[c.removed_by])
            for c in model.compartments
            if c.removal and c.removed_by
        ]

    def change(self, _: float, flat: Floats) -> Floats:
        state = flat.reshape(self.people, -1)
        out = np.matmul(self.rates, state[:, :, None])[:, :, 0] + self.running
        for free, binder, bound, on, off, volume in self.bindings:
            joined = on * (state[:, free] / volume) * state[:, binder] - off * state[:, bound]
            out[:, free] -= joined
            out[:, binder] -= joined
            out[:, bound] += joined
        for giver, to, ratio, rate, half in self.saturable:
            flux = rate * state[:, giver] / (1 + state[:, giver] / half)
            out[:, giver] -= flux
            if to is not None:
                out[:, to] += flux * ratio
        for site, remover, rate in self.removals:
            out[:, site] -= rate * state[:, remover] * state[:, site]
        if self.turnover is not None and self.volume is not None:
            concentration = state[:, self.place[self.turnover.of]] / self.volume
            moderator = None if self.turnover.moderator is None else state[:, self.place[self.turnover.moderator]]
            feedback = None if self.turnover.follows is None else state[:, -1]
            at = self.place[RESPONSE]
            out[:, at] = self.turnover.change(self.own, concentration, moderator, state[:, at], feedback)
        return np.asarray(out.ravel())

    def walked(self, given: Sequence[Given], times: Floats) -> Floats:
        """The states at each of the ascending times, shape (times, people, compartments)."""
        from scipy.integrate import solve_ivp  # half a second to load: only where it is used

        size = len(self.place)
        state = np.zeros((self.people, size))
        tolerance = np.full((self.people, size), _ABSOLUTE * (max((float(a.max()) for _, _, a, _ in given), default=1.0) or 1.0))  # fmt: skip
        if self.turnover is not None:
            own = slice(self.place[RESPONSE], size)
            state[:, own] = self.turnover.start[:, None]
            tolerance[:, own] = _ABSOLUTE * self.turnover.start[:, None]
        marks = sorted({t for t, _, _, _ in given} | {t + d for t, _, _, d in given if d > 0} | set(times[:1].tolist()))
        out = np.zeros((times.size, self.people, size))
        for i, mark in enumerate(marks):
            if not times.size or mark > times[-1]:
                break
            for time, into, amount, duration in given:
                if time == mark and duration == 0:
                    state[:, self.place[into]] += amount
                if duration > 0 and time == mark:
                    self.running[:, self.place[into]] += amount / duration
                if duration > 0 and time + duration == mark:
                    self.running[:, self.place[into]] -= amount / duration
            last = i + 1 == len(marks)
            end = float(times[-1]) if last else marks[i + 1]
            inside = np.flatnonzero((times >= mark) & ((times < end) | last))
            if end == mark:
                out[inside] = state
                continue
            asked = np.unique(np.append(times[inside], end))
            found = solve_ivp(
                self.change, (mark, end), state.ravel(), method="LSODA", t_eval=asked,
                rtol=_RELATIVE, atol=tolerance.ravel(), lband=size - 1, uband=size - 1,
            )  # fmt: skip
            if not found.success:
                raise RelaxantError(f"{self.name}: the solver stopped at {found.t[-1]:g}: {found.message}")
            out[inside] = found.y.T[np.searchsorted(asked, times[inside])].reshape(inside.size, self.people, size)
            state = found.y[:, -1].reshape(self.people, size).copy()
        return np.maximum(out, 0.0)
