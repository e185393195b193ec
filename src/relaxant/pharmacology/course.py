"""A card's course for people with these parameters: doses as given, times, and what is measured, by the fastest exact way.

A card that is a depot and one to three exchanging compartments goes through the closed form; any other linear card through the network;
a card that binds or saturates through the equation solver. Effects follow in :mod:`relaxant.pharmacology.effects`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Input, Model, Output
from relaxant.pharmacology.disposition import Disposition, one_compartment, three_compartments, two_compartments
from relaxant.pharmacology.effects import effect_course
from relaxant.pharmacology.linear import Entry, concentration, intravenous, oral
from relaxant.pharmacology.model import amount_in, entry_for, factor_of, is_linear, network_of
from relaxant.pharmacology.network import Period, amounts
from relaxant.pharmacology.nonlinear import solved
from relaxant.pharmacology.schedule import Dose, schedule

Floats = NDArray[np.float64]
_MOST_PERIPHERAL = 2


class GivenDose(msgspec.Struct, frozen=True, kw_only=True):
    """A dose as prescribed: ``amount`` in ``unit`` by a route, at ``time`` (the card's unit), once or ``count`` times ``every`` so long.

    ``infused_over`` makes it an infusion. ``form``, ``release``, ``fed`` and ``drug`` choose among the card's inputs.
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


def course(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    during: Sequence[str] = (),
) -> Floats:
    """The output (the card's first by default, or an effect) at each time, in the output's own unit. Shape (times, people).

    Raises :class:`InputError` for a dose by a route that the card has not and for an output that it has not.
    """
    chosen = _output(model, output)
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    ways: dict[str, Input] = {}
    given: list[Dose] = []
    for dose in doses:
        way = entry_for(model, dose.route, form=dose.form, release=dose.release, fed=dose.fed, drug=dose.drug)
        if way is None:
            raise InputError("route", dose.route, f"{model.model} has no way in for it", f"use {', '.join(sorted({i.route for i in model.inputs}))}")  # fmt: skip
        name = f"input {model.inputs.index(way)}"
        ways[name] = way
        lag, own = _shared(parameters, way.lag), _shared(parameters, way.duration)
        amount = amount_in(model, dose.amount, dose.unit, way)
        given.append(Dose(time=dose.time + lag, amount=amount, entry=name, duration=dose.infused_over or own, every=dose.every, count=dose.count))  # fmt: skip
    reaching = {n: parameters[w.bioavailability] if w.bioavailability else np.ones(1) for n, w in ways.items()}
    if isinstance(chosen, Effect):
        into = {name: (way.into, reaching[name]) for name, way in ways.items()}
        values = effect_course(model, parameters, chosen, given, into, at, during=during)
    else:
        values = _measured(model, parameters, given, ways, reaching, at, chosen, during)
    return np.asarray(values / factor_of(chosen.unit, model))


def _output(model: Model, name: str | None) -> Output | Effect:
    known: list[Output | Effect] = [*model.outputs, *model.effects]
    names = [o.output if isinstance(o, Output) else o.effect for o in known]
    if name is None:
        return known[0]
    if name not in names:
        raise InputError("output", name, f"{model.model} has no such output", f"use {', '.join(names)}")
    return known[names.index(name)]


def _shared(parameters: Mapping[str, Floats], name: str | None) -> float:
    """A time that everybody shares: its typical value, since the people's courses are computed on one time axis."""
    return 0.0 if name is None else float(np.median(parameters[name]))


def _measured(
    model: Model,
    parameters: Mapping[str, Floats],
    given: list[Dose],
    ways: Mapping[str, Input],
    reaching: Mapping[str, Floats],
    times: Floats,
    chosen: Output,
    during: Sequence[str],
) -> Floats:
    closed = None if during else closed_form(model, parameters, chosen.of)
    if closed is not None and all(w.into in closed[1] and (d.duration == 0 or closed[1][w.into] is None) for d in given for w in (ways[d.entry],)):  # fmt: skip
        disposition, depots = closed
        entries: dict[str, Entry] = {}
        for name, way in ways.items():
            rate = depots[way.into]
            entries[name] = intravenous(reaching[name]) if rate is None else oral(rate, reaching[name])
        return concentration(disposition, entries, schedule(given, times))
    volume = next((c.volume for c in model.compartments if c.compartment == chosen.of), None)
    scale = 1.0 if volume is None else 1 / parameters[volume]
    wanted = {"it": dict.fromkeys((chosen.of, *chosen.bound), scale)}
    into = {name: (way.into, reaching[name]) for name, way in ways.items()}
    if is_linear(model):
        net = network_of(model, parameters, during=during)
        return amounts([Period(0.0, net)], into, schedule(given, times), wanted)["it"]
    return solved(model, parameters, given, into, times, wanted, during=during)["it"]


def closed_form(
    model: Model, parameters: Mapping[str, Floats], of: str
) -> tuple[Disposition, dict[str, Floats | None]] | None:
    """The disposition of a compartment and the absorption rate of each place that feeds it; ``None`` where the card is more than that."""
    volumes = {c.compartment: c.volume for c in model.compartments}
    if not is_linear(model) or volumes.get(of) is None:
        return None
    leaving: list[Floats] = []
    exchanges: list[tuple[Floats, Floats]] = []
    depots: dict[str, Floats | None] = {of: None}
    peripheral: set[str] = set()
    for flow in model.flows:
        if flow.during:
            continue
        if flow.fraction or flow.other_fraction or flow.stages:
            return None
        if flow.both_ways:
            far = flow.to if flow.giver == of else flow.giver if flow.to == of else None
            if far is None or volumes.get(far) is None or flow.clearance is None:
                return None
            exchanges.append((parameters[flow.clearance], parameters[str(volumes[far])]))
            peripheral.add(far)
        elif flow.giver == of and flow.to is None:
            leaving.append(parameters[flow.clearance] if flow.clearance else parameters[str(flow.rate)] * parameters[str(volumes[of])])  # fmt: skip
        elif flow.to == of and flow.rate and volumes.get(flow.giver) is None and flow.ratio == 1.0:
            if flow.giver in depots:
                return None
            depots[flow.giver] = parameters[flow.rate]
        else:
            return None
    if len(leaving) != 1 or len(exchanges) > _MOST_PERIPHERAL or any(f.giver in peripheral and f.to is None for f in model.flows):  # fmt: skip
        return None
    volume = parameters[str(volumes[of])]
    if not exchanges:
        return one_compartment(leaving[0], volume), depots
    if len(exchanges) == 1:
        return two_compartments(leaving[0], volume, *exchanges[0]), depots
    return three_compartments(leaving[0], volume, *exchanges[0], *exchanges[1]), depots
