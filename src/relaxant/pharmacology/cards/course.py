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
from relaxant.knowledge.cards import Effect, Model, Output
from relaxant.pharmacology.cards.effects import moderator_of, response, turnover_of, with_moderator
from relaxant.pharmacology.cards.given import Given, Holding, of_people
from relaxant.pharmacology.cards.given import GivenDose as GivenDose
from relaxant.pharmacology.cards.given import entry_of as entry_of
from relaxant.pharmacology.cards.mammillary import Form, closed_form
from relaxant.pharmacology.cards.model import (
    AREA,
    factor_of,
    is_linear,
    linear_part,
    network_of,
)
from relaxant.pharmacology.cards.nonlinear import RESPONSE, Turnover, solved, solved_through
from relaxant.pharmacology.kinetics.alteration import Alteration
from relaxant.pharmacology.kinetics.disposition import Disposition
from relaxant.pharmacology.kinetics.lags import concentration_own_lags
from relaxant.pharmacology.kinetics.linear import Entry, concentration, intravenous, oral
from relaxant.pharmacology.kinetics.network import Period, amounts, reached
from relaxant.pharmacology.kinetics.schedule import schedule

Floats = NDArray[np.float64]
_STILL = 1e-12  # of the fastest rate: slower is standing still
Places = tuple[str, ...]
"""A compartment and those whose content is measured with it."""


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
    return followed(model, _holding(model, parameters, altered), doses, _times(times), outputs, during=during)


def followed(
    model: Model,
    holding: Sequence[Holding],
    doses: Sequence[GivenDose],
    times: Floats,
    outputs: Sequence[str],
    *,
    during: Sequence[str] = (),
) -> dict[str, Floats]:
    """Outputs and effects by name under parameters that change on the way: amounts go on, rates and volumes are those that hold.

    ``holding`` are in order of time; the first holds from the beginning.
    """
    given = Given.of(model, holding, doses)
    chosen = {name: output_named(model, name) for name in outputs}
    direct = {n: c for n, c in chosen.items() if isinstance(c, Output) or c.form != "turnover"}
    for one in direct.values():
        if isinstance(one, Effect):
            given = msgspec.structs.replace(given, model=with_moderator(given.model, one))
    moderators = {n: (m,) for n, c in direct.items() if isinstance(c, Effect) and (m := moderator_of(c)) is not None}
    places = {n: places_of(c) for n, c in direct.items()}
    levels = _levels(given, times, dict.fromkeys((*places.values(), *moderators.values())), during)
    out = {}
    for name, one in chosen.items():
        if isinstance(one, Output):
            values = levels[places[name]]
        elif name in direct:
            values = _response(given, times, one, levels[places[name]], levels[moderators[name]] if name in moderators else None)  # fmt: skip
        else:
            values = _turnover(msgspec.structs.replace(given, model=with_moderator(model, one)), times, one, during)
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
    if isinstance(chosen, Effect) or volume_of(model, chosen.of) is None:
        raise InputError("output", output, "only a concentration has an area", "name an output with a volume")
    given = Given.of(model, _holding(model, parameters, altered), doses)
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


def _holding(model: Model, parameters: Mapping[str, Floats], altered: Sequence[Alteration]) -> list[Holding]:
    """What holds from the beginning, and from each alteration on."""
    _refuse(model, altered)
    out = [Holding(-np.inf, parameters)]
    for a in altered:
        own = {**parameters, **{n: parameters[n] * ratio for n, ratio in a.ratios.items()}} if a.ratios else parameters
        out.append(Holding(a.start, own, a.reaching, a.during))
    return out


def _response(given: Given, times: Floats, effect: Effect, concentration: Floats, moderator: Floats | None) -> Floats:
    """A direct effect, by the parameters that hold at each time."""
    if len(given.holding) == 1:
        return response(effect, given.holding[0].parameters, concentration, moderator)
    out, turns = np.empty(concentration.shape), given.holds(times)
    for turn, held in enumerate(given.holding):
        here = turns == turn
        out[here] = response(effect, held.parameters, concentration[here], None if moderator is None else moderator[here])  # fmt: skip
    return out


def _turnover(given: Given, times: Floats, effect: Effect, during: Sequence[str]) -> Floats:
    turnover = turnover_of(effect, given.holding[0].parameters)
    return _amounts(given, times, {RESPONSE: {RESPONSE: 1.0}}, during, turnover=turnover)[RESPONSE]


def _levels(given: Given, times: Floats, wanted: Iterable[Places], during: Sequence[str]) -> dict[Places, Floats]:
    """What is in the compartments, over the volume of the first where it has one: all in closed form, or all in one pass."""
    every = list(wanted)
    closed = _all_closed(given, every, during)
    if closed is not None:
        return {places: _in_closed_form(given, times, *form) for places, form in closed.items()}
    sums = {" and ".join(places): dict.fromkeys(places, 1.0) for places in every}
    found = _amounts(given, times, sums, during) if every else {}
    return {places: _over_volume(given, times, places[0], values) for places, values in zip(every, found.values(), strict=True)}  # fmt: skip


def _over_volume(given: Given, times: Floats, of: str, amounts: Floats) -> Floats:
    volume = volume_of(given.model, of)
    if volume is None:
        return amounts
    if len(given.holding) == 1:
        return amounts / given.holding[0].parameters[volume]
    turns = given.holds(times)
    return np.concatenate([amounts[i : i + 1] / given.holding[turn].parameters[volume] for i, turn in enumerate(turns)])


def _all_closed(given: Given, wanted: Iterable[Places], during: Sequence[str]) -> dict[Places, Form] | None:
    """The closed form of each place; ``None`` where one of them has none, or something given does not fit it."""
    out: dict[Places, Form] = {}
    if during or len(given.holding) > 1:
        return None
    for places in wanted:
        of, *bound = places
        form = None if bound else closed_form(given.model, given.holding[0].parameters, of)
        if form is None or not all(way.into in form[1] for way in given.ways.values()):
            return None
        out[places] = form
    return out


def _in_closed_form(given: Given, times: Floats, disposition: Disposition, depots: Mapping[str, Floats | None]) -> Floats:  # fmt: skip
    entries: dict[str, Entry] = {}
    for name, way in given.ways.items():
        rate = depots[way.into]
        entries[name] = intravenous(given.reaching[name]) if rate is None else oral(rate, given.reaching[name])
    if given.lags or given.durations:
        return np.asarray(sum(concentration_own_lags(disposition, entries, doses, times, lags=given.lags, durations=given.durations) for doses in given.apart()))  # fmt: skip
    return np.asarray(sum(concentration(disposition, entries, schedule(doses, times)) for doses in given.apart()))


def _amounts(
    given: Given,
    times: Floats,
    wanted: Mapping[str, Mapping[str, float]],
    during: Sequence[str],
    *,
    areas: bool = False,
    turnover: Turnover | None = None,
) -> dict[str, Floats]:
    """Sums of compartments at each time, by the network or the solver. Shapes (times, people)."""
    if given.lags or given.durations:
        return _by_own_times(given, times, wanted, during, areas=areas, turnover=turnover)
    model, first = given.model, given.holding[0].parameters
    if is_linear(model) and turnover is None:
        periods = [Period(h.start, network_of(model, h.parameters, during=(*during, *h.during), areas=areas)) for h in given.holding]  # fmt: skip
        apart = [amounts(periods, given.entries, schedule(doses, times), wanted) for doses in given.apart()]
        return {name: np.asarray(sum(one[name] for one in apart)) for name in wanted}
    if any(d.steady for d in given.doses):
        raise InputError("doses", model.model, "what binds, saturates or turns over is followed from the first dose", "give the doses one by one")  # fmt: skip
    if any(h.during for h in given.holding):
        raise InputError("altered", model.model, "what binds, saturates or turns over is followed under circumstances that stay", "name them in during")  # fmt: skip
    if all(h.parameters is first for h in given.holding):
        return solved(model, first, given.doses, given.entries, times, wanted, during=during, areas=areas, turnover=turnover)  # fmt: skip
    if turnover is not None:
        raise InputError("altered", model.model, "a response with a turnover is followed under parameters that stay", "alter the parameters from the start")  # fmt: skip
    return solved_through(model, [(h.start, h.parameters) for h in given.holding], given.doses, given.entries, times, wanted, during=during, areas=areas)  # fmt: skip


def _by_own_times(
    given: Given,
    times: Floats,
    wanted: Mapping[str, Mapping[str, float]],
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
        turning = turnover
        if turning is not None:
            follows = None if turning.follows is None else of_people(turning.follows, who)
            turning = msgspec.structs.replace(turning, start=of_people(turning.start, who), follows=follows)
        found = _amounts(given.of_people(who), times, wanted, during, areas=areas, turnover=turning)
        for name, values in found.items():
            out[name][:, who] = values
    return out
