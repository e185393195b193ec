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
from relaxant.pharmacology.lags import concentration_own_lags
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
Index = NDArray[np.intp]
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
        came = _said(dose.drug, dose.route, dose.form, dose.release, dose.fed)
        would = sorted({_said(i.drug, i.route, i.form, i.release, i.fed) for i in model.inputs})
        raise InputError("route", came, f"{model.model} has no way in for it", f"use {', '.join(would)}")
    return way


def _said(drug: str | None, route: str, form: str | None, release: str | None, fed: bool | None) -> str:
    meal = None if fed is None else "fed" if fed else "fasted"
    return " ".join(part for part in (drug, route, form, release, meal) if part)


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
    """What is given, in the card's units: doses by the entries they go in by, what reaches of each, and who takes it.

    ``lags`` and ``durations`` are of entries where they differ between people; elsewhere they are in the doses' own times.
    """

    model: Model
    parameters: Mapping[str, Floats]
    people: int
    doses: list[Dose]
    ways: dict[str, Input]
    reaching: dict[str, Floats]
    altered: tuple[Alteration, ...]
    lags: dict[str, Floats]
    durations: dict[str, Floats]

    def of_people(self, who: Index) -> _Given:
        """The same for some of the people, who share their lags and durations: those are in the doses' times then."""

        def arriving(dose: Dose) -> Dose:
            late, lasting = self.lags.get(dose.entry), self.durations.get(dose.entry)
            lag = 0.0 if late is None else float(_of(late, who)[0])
            duration = dose.duration or (0.0 if lasting is None else float(_of(lasting, who)[0]))
            return msgspec.structs.replace(dose, time=dose.time + lag, duration=duration)

        return _Given(
            self.model, {n: _of(v, who) for n, v in self.parameters.items()}, who.size, [arriving(d) for d in self.doses], self.ways,
            {n: _of(v, who) for n, v in self.reaching.items()}, self.altered, {}, {},
        )  # fmt: skip

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
        lags: dict[str, Floats] = {}
        durations: dict[str, Floats] = {}
        for dose in doses:
            way = entry_of(model, dose)
            lag, late = _time(parameters, way.lag)
            own, lasting = _time(parameters, way.duration)
            amount = amount_in(model, dose.amount, dose.unit, way)
            share = parameters[way.bioavailability] if way.bioavailability else np.ones(1)
            for one, alteration in _in_turn(dose, altered):
                name = f"input {model.inputs.index(way)}" + ("" if alteration is None else f", altered {alteration}")
                ways[name] = way
                reaching[name] = share if alteration is None else share * altered[alteration].reaching
                lags |= {} if late is None else {name: late}
                durations |= {} if lasting is None else {name: lasting}
                given.append(
                    Dose(time=one.time + lag, amount=amount, entry=name, duration=dose.infused_over or own, every=one.every, count=one.count, steady=one.steady)
                )  # fmt: skip
        people = max((v.size for v in parameters.values()), default=1)
        return _Given(model, parameters, people, given, ways, reaching, tuple(altered), lags, durations)


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


def _time(parameters: Mapping[str, Floats], name: str | None) -> tuple[float, Floats | None]:
    """A lag or a duration that all share, or 0 and everybody's own."""
    if name is None:
        return 0.0, None
    values = parameters[name]
    return (float(values[0]), None) if np.ptp(values) == 0 else (0.0, values)


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
        if form is None or not all(way.into in form[1] for way in given.ways.values()):
            return None
        out[places] = form
    return out


def _in_closed_form(given: _Given, times: Floats, disposition: Disposition, depots: Mapping[str, Floats | None]) -> Floats:  # fmt: skip
    entries: dict[str, Entry] = {}
    for name, way in given.ways.items():
        rate = depots[way.into]
        entries[name] = intravenous(given.reaching[name]) if rate is None else oral(rate, given.reaching[name])
    if given.lags or given.durations:
        return np.asarray(sum(concentration_own_lags(disposition, entries, doses, times, lags=given.lags, durations=given.durations) for doses in given.apart()))  # fmt: skip
    return np.asarray(sum(concentration(disposition, entries, schedule(doses, times)) for doses in given.apart()))


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
    if given.lags or given.durations:
        return _by_own_times(given, times, wanted, during, areas=areas, turnover=turnover)
    model = given.model
    into = {name: (way.into, given.reaching[name]) for name, way in given.ways.items()}
    if is_linear(model) and turnover is None:
        periods = _periods(given, during, areas)
        apart = [amounts(periods, into, schedule(doses, times), wanted) for doses in given.apart()]
        return {name: np.asarray(sum(one[name] for one in apart)) for name in wanted}
    if any(a.ratios for a in given.altered) or any(d.steady for d in given.doses):
        raise InputError("doses", model.model, "what binds, saturates or turns over is followed from the first dose, unaltered", "give the doses one by one, or alter the parameters from the start")  # fmt: skip
    return solved(model, given.parameters, given.doses, into, times, wanted, during=during, areas=areas, turnover=turnover)  # fmt: skip


def _by_own_times(
    given: _Given,
    times: Floats,
    wanted: Mapping[str, Mapping[str, Floats | float]],
    during: Sequence[str],
    *,
    areas: bool,
    turnover: Turnover | None,
) -> dict[str, Floats]:
    """The same where lags or durations differ: people with the same ones together."""
    own = [np.broadcast_to(v, (given.people,)) for v in (*given.lags.values(), *given.durations.values())]
    _, group = np.unique(np.stack(own), axis=1, return_inverse=True)
    out = {name: np.empty((times.size, given.people)) for name in wanted}
    for one in range(int(group.max()) + 1):
        who = np.flatnonzero(group == one)
        mine = {name: {n: _of(w, who) for n, w in weights.items()} for name, weights in wanted.items()}
        turning = turnover
        if turning is not None:
            follows = None if turning.follows is None else _of(turning.follows, who)
            turning = msgspec.structs.replace(turning, start=_of(turning.start, who), follows=follows)
        found = _amounts(given.of_people(who), times, mine, during, areas=areas, turnover=turning)
        for name, values in found.items():
            out[name][:, who] = values
    return out


def _of(values: Floats | float, who: Index) -> Floats:
    """The values of some people; one value is everybody's."""
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    return array[who] if array.size > 1 else array


def _periods(given: _Given, during: Sequence[str], areas: bool) -> list[Period]:
    """The rates from the start on, and anew at each alteration."""
    out = [Period(-np.inf, network_of(given.model, given.parameters, during=during, areas=areas))]
    for alteration in given.altered:
        parameters = dict(given.parameters)
        for name, ratio in alteration.ratios.items():
            parameters[name] = parameters[name] * ratio
        out.append(Period(alteration.start, network_of(given.model, parameters, during=during, areas=areas)))
    return out
