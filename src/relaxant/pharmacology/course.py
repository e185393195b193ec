"""A card's course for people with these parameters: doses as given, times, and what is measured, by the fastest exact way.

A card that is a depot and one to three exchanging compartments goes through the closed form; any other linear card, and any that
something alters on the way, through the network; a card that binds or saturates, and a response with a turnover, through the equation
solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Input, Model, Output
from relaxant.pharmacology.alteration import Alteration
from relaxant.pharmacology.disposition import Disposition
from relaxant.pharmacology.effects import moderator_of, response, turnover_of, with_moderator
from relaxant.pharmacology.linear import Entry, concentration, intravenous, oral
from relaxant.pharmacology.mammillary import Form, closed_form
from relaxant.pharmacology.model import (
    AREA,
    amount_in,
    entry_for,
    factor_of,
    is_linear,
    linear_part,
    network_of,
)
from relaxant.pharmacology.network import Period, amounts, reached
from relaxant.pharmacology.nonlinear import RESPONSE, Turnover, solved
from relaxant.pharmacology.schedule import Dose, schedule

Floats = NDArray[np.float64]
_STILL = 1e-12  # of the fastest rate: slower is standing still
Places = tuple[str, ...]
"""A compartment and those whose content is measured with it."""


class GivenDose(msgspec.Struct, frozen=True, kw_only=True):
    """A dose as prescribed: ``amount`` in ``unit`` by a route, at ``time`` (the card's unit), once or ``count`` times ``every`` so long.

    ``infused_over`` makes it an infusion. ``steady``: the same dose was taken ``every`` so long for ever before; several such doses
    add up (a morning and a night dose, each every 24 h). ``form``, ``release``, ``fed`` and ``drug`` choose among the card's inputs.
    """

    time: float = 0.0
    amount: float
    unit: str = "mg"
    route: str = "oral"
    form: str | None = None
    release: str | None = None
    fed: bool | None = None
    drug: str | None = None
    infused_over: float = 0.0
    every: float | None = None
    count: int = 1
    steady: bool = False


def course(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    during: Sequence[str] = (),
    altered: Sequence[Alteration] = (),
) -> Floats:
    """The output (the card's first by default, or an effect) at each time, in the output's own unit. Shape (times, people).

    ``altered`` are in order of their start; before the first of them nothing is altered. Raises :class:`InputError` for a dose by a
    route that the card has not, for an output that it has not, and for an alteration that it cannot carry.
    """
    chosen = output_named(model, output)
    return courses(model, parameters, doses, times, (name_of(chosen),), during=during, altered=altered)[name_of(chosen)]


def courses(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    times: ArrayLike,
    outputs: Sequence[str],
    *,
    during: Sequence[str] = (),
    altered: Sequence[Alteration] = (),
) -> dict[str, Floats]:
    """Several outputs and effects of the same doses at the same times, by name: what they share is computed once. See :func:`course`."""
    at = _times(times)
    given = _Given.of(model, parameters, doses, altered)
    chosen = {name: output_named(model, name) for name in outputs}
    direct = {n: c for n, c in chosen.items() if isinstance(c, Output) or c.form != "turnover"}
    for one in direct.values():
        if isinstance(one, Effect):
            given = msgspec.structs.replace(given, model=with_moderator(given.model, one))
    moderators = {n: (m,) for n, c in direct.items() if isinstance(c, Effect) and (m := moderator_of(c)) is not None}
    places = {n: places_of(c) for n, c in direct.items()}
    levels = _levels(given, at, dict.fromkeys((*places.values(), *moderators.values())), during)
    out = {}
    for name, one in chosen.items():
        if isinstance(one, Output):
            values = levels[places[name]]
        elif name in direct:
            values = response(one, parameters, levels[places[name]], levels[moderators[name]] if name in moderators else None)  # fmt: skip
        else:
            values = _turnover(msgspec.structs.replace(given, model=with_moderator(model, one)), at, one, during)
        out[name] = np.asarray(values / factor_of(one.unit, model))
    return out


def area(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    during: Sequence[str] = (),
    altered: Sequence[Alteration] = (),
) -> Floats:
    """The area under an output's concentration from the first dose to each time, in its unit times the card's time unit, exact.

    Shape (times, people). Raises :class:`InputError` as :func:`course`, and for an output that is no concentration.
    """
    chosen = output_named(model, output)
    volume = volume_of(model, chosen.of)
    if isinstance(chosen, Effect) or volume is None:
        raise InputError("output", output, "only a concentration has an area", "name an output with a volume")
    given = _Given.of(model, parameters, doses, altered)
    wanted = {AREA + of: 1.0 for of in (chosen.of, *chosen.bound)}
    values = _amounts(given, _times(times), {"area": wanted}, during, areas=True)["area"]
    return np.asarray(values / factor_of(chosen.unit, model))


def output_named(model: Model, name: str | None) -> Output | Effect:
    """An output or effect of the card by name; its first for ``None``. Raises :class:`InputError` for one that it has not."""
    known: list[Output | Effect] = [*model.outputs, *model.effects]
    names = [name_of(o) for o in known]
    if name is None:
        return known[0]
    if name not in names:
        raise InputError("output", name, f"{model.model} has no such output", f"use {', '.join(names)}")
    return known[names.index(name)]


def name_of(chosen: Output | Effect) -> str:
    """The name of an output or effect."""
    return chosen.output if isinstance(chosen, Output) else chosen.effect


def places_of(chosen: Output | Effect) -> Places:
    """Where an output or effect is measured."""
    return (chosen.of, *(chosen.bound if isinstance(chosen, Output) else ()))


def volume_of(model: Model, compartment: str) -> str | None:
    """The parameter that turns a compartment's amount into a concentration."""
    return next((c.volume for c in model.compartments if c.compartment == compartment), None)


def entry_of(model: Model, dose: GivenDose) -> Input:
    """The card's input that a dose goes in by. Raises :class:`InputError` for a route that the card has not."""
    way = entry_for(model, dose.route, form=dose.form, release=dose.release, fed=dose.fed, drug=dose.drug)
    if way is None:
        raise InputError("route", dose.route, f"{model.model} has no way in for it", f"use {', '.join(sorted({i.route for i in model.inputs}))}")  # fmt: skip
    return way


def slowest_rate(
    model: Model, parameters: Mapping[str, Floats], into: str, of: str, *, during: Sequence[str] = ()
) -> float:
    """The slowest rate (1/time) that what enters at ``into`` ever shows in ``of``, for the first of these people."""
    network = linear_part(model, parameters, during=during)
    reach = reached(network.rates)
    place = {name: i for i, name in enumerate(network.names)}
    between = [i for i in place.values() if reach[i, place[into]] and reach[place[of], i]]
    decays = -np.linalg.eigvals(network.rates[np.ix_(between, between)][:, :, 0]).real
    return float(decays[decays > 0].min())


def slowest_leaving(model: Model, parameters: Mapping[str, Floats], *, during: Sequence[str] = ()) -> float:
    """The slowest rate (1/time) at which anything leaves in any of these people (of the linear part, where a card has more)."""
    rates = np.moveaxis(linear_part(model, parameters, during=during).rates, 2, 0)
    decays = -np.linalg.eigvals(rates).real
    return float(decays[decays > decays.max() * _STILL].min())


def _times(times: ArrayLike) -> Floats:
    return np.atleast_1d(np.asarray(times, dtype=np.float64))


class _Given(msgspec.Struct, frozen=True):
    """What is given, in the card's units: doses by the entries they go in by, what reaches of each, and who takes it."""

    model: Model
    parameters: Mapping[str, Floats]
    people: int
    doses: list[Dose]
    ways: dict[str, Input]
    reaching: dict[str, Floats]
    altered: tuple[Alteration, ...]

    def apart(self) -> list[list[Dose]]:
        """The doses in courses that add up: each steady state by itself, what is left together."""
        steady = [[d] for d in self.doses if d.steady]
        others = [d for d in self.doses if not d.steady]
        return [*steady, others] if others or not steady else steady

    @staticmethod
    def of(
        model: Model, parameters: Mapping[str, Floats], doses: Sequence[GivenDose], altered: Sequence[Alteration]
    ) -> _Given:
        _refuse(model, altered)
        given: list[Dose] = []
        ways: dict[str, Input] = {}
        reaching: dict[str, Floats] = {}
        for dose in doses:
            way = entry_of(model, dose)
            lag, own = _shared(parameters, way.lag), _shared(parameters, way.duration)
            amount = amount_in(model, dose.amount, dose.unit, way)
            share = parameters[way.bioavailability] if way.bioavailability else np.ones(1)
            for one, alteration in _in_turn(dose, altered):
                name = f"input {model.inputs.index(way)}" + ("" if alteration is None else f", altered {alteration}")
                ways[name] = way
                reaching[name] = share if alteration is None else share * altered[alteration].reaching
                given.append(
                    Dose(time=one.time + lag, amount=amount, entry=name, duration=dose.infused_over or own, every=one.every, count=one.count, steady=one.steady)
                )  # fmt: skip
        people = max((v.size for v in parameters.values()), default=1)
        return _Given(model, parameters, people, given, ways, reaching, tuple(altered))


def _refuse(model: Model, altered: Sequence[Alteration]) -> None:
    starts = [a.start for a in altered]
    if starts != sorted(starts):
        raise InputError("altered", starts, "the alterations are not in order of time", "sort them by their start")
    volumes = {c.volume for c in model.compartments if c.volume}
    known = {p.parameter for p in model.parameters}
    for alteration in altered:
        for name, ratio in alteration.ratios.items():
            if name not in known or name in volumes:
                raise InputError("altered", name, f"{model.model} has no rate or clearance of that name", f"use one of {', '.join(sorted(known - volumes))}")  # fmt: skip
            if not 0 <= ratio < np.inf:
                raise InputError("altered", ratio, f"a ratio on {name} is a number from 0 up", "give such as 0.5")


def _in_turn(dose: GivenDose, altered: Sequence[Alteration]) -> Iterable[tuple[GivenDose, int | None]]:
    """The dose as it stands where one thing holds throughout; else taken apart, each with the alteration at its time."""

    def holding(time: float) -> int | None:
        before = [i for i, a in enumerate(altered) if a.start <= time]
        return before[-1] if before else None

    last = dose.time + (dose.count - 1) * (dose.every or 0.0)
    first = holding(dose.time)
    if holding(last) == first:
        yield dose, first
        return
    for i in range(dose.count):
        at = dose.time + i * (dose.every or 0.0)
        single = msgspec.structs.replace(
            dose, time=at, count=1, steady=dose.steady and i == 0, every=dose.every if dose.steady and i == 0 else None
        )
        yield single, holding(at)


def _shared(parameters: Mapping[str, Floats], name: str | None) -> float:
    """A time that everybody shares: its typical value, since the people's courses are computed on one time axis."""
    return 0.0 if name is None else float(np.median(parameters[name]))


def _turnover(given: _Given, times: Floats, effect: Effect, during: Sequence[str]) -> Floats:
    turnover = turnover_of(effect, given.parameters)
    return _amounts(given, times, {RESPONSE: {RESPONSE: 1.0}}, during, turnover=turnover)[RESPONSE]


def _levels(given: _Given, times: Floats, wanted: Iterable[Places], during: Sequence[str]) -> dict[Places, Floats]:
    """What is in the compartments, over the volume of the first where it has one: all in closed form, or all in one pass."""
    model, parameters, every = given.model, given.parameters, list(wanted)
    closed = _all_closed(given, every, during)
    if closed is not None:
        return {places: _in_closed_form(given, times, *form) for places, form in closed.items()}
    weights: dict[str, dict[str, Floats | float]] = {}
    for places in every:
        volume = volume_of(model, places[0])
        weights[" and ".join(places)] = dict.fromkeys(places, np.ones(1) if volume is None else 1 / parameters[volume])
    return dict(zip(every, _amounts(given, times, weights, during).values(), strict=True)) if every else {}


def _all_closed(given: _Given, wanted: Iterable[Places], during: Sequence[str]) -> dict[Places, Form] | None:
    """The closed form of each place; ``None`` where one of them has none, or something given does not fit it."""
    out: dict[Places, Form] = {}
    for places in wanted:
        of, *bound = places
        form = None if during or bound or given.altered else closed_form(given.model, given.parameters, of)
        if form is None or not all(_fits(form[1], given.ways[d.entry], d) for d in given.doses):
            return None
        out[places] = form
    return out


def _in_closed_form(given: _Given, times: Floats, disposition: Disposition, depots: Mapping[str, Floats | None]) -> Floats:  # fmt: skip
    entries: dict[str, Entry] = {}
    for name, way in given.ways.items():
        rate = depots[way.into]
        entries[name] = intravenous(given.reaching[name]) if rate is None else oral(rate, given.reaching[name])
    return np.asarray(sum(concentration(disposition, entries, schedule(doses, times)) for doses in given.apart()))


def _fits(depots: Mapping[str, Floats | None], way: Input, dose: Dose) -> bool:
    return way.into in depots and (dose.duration == 0 or depots[way.into] is None)


def _amounts(
    given: _Given,
    times: Floats,
    wanted: Mapping[str, Mapping[str, Floats | float]],
    during: Sequence[str],
    *,
    areas: bool = False,
    turnover: Turnover | None = None,
) -> dict[str, Floats]:
    """Weighted sums of compartments at each time, by the network or the solver. Shapes (times, people)."""
    model = given.model
    into = {name: (way.into, given.reaching[name]) for name, way in given.ways.items()}
    if is_linear(model) and turnover is None:
        periods = _periods(given, during, areas)
        apart = [amounts(periods, into, schedule(doses, times), wanted) for doses in given.apart()]
        return {name: np.asarray(sum(one[name] for one in apart)) for name in wanted}
    if any(a.ratios for a in given.altered) or any(d.steady for d in given.doses):
        raise InputError("doses", model.model, "what binds, saturates or turns over is followed from the first dose, unaltered", "give the doses one by one, or alter the parameters from the start")  # fmt: skip
    return solved(model, given.parameters, given.doses, into, times, wanted, during=during, areas=areas, turnover=turnover)  # fmt: skip


def _periods(given: _Given, during: Sequence[str], areas: bool) -> list[Period]:
    """The rates from the start on, and anew at each alteration."""
    out = [Period(-np.inf, network_of(given.model, given.parameters, during=during, areas=areas))]
    for alteration in given.altered:
        parameters = dict(given.parameters)
        for name, ratio in alteration.ratios.items():
            parameters[name] = parameters[name] * ratio
        out.append(Period(alteration.start, network_of(given.model, parameters, during=during, areas=areas)))
    return out
