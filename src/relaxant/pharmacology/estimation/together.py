"""Which people can be estimated in one batch, in closed form, and the posterior that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.cards import Model, Output
from relaxant.pharmacology.cards.course import entry_of
from relaxant.pharmacology.cards.mammillary import closed_form
from relaxant.pharmacology.cards.model import amount_in, factor_of, individual
from relaxant.pharmacology.estimation.closed_form import Closed, Levels, closed
from relaxant.pharmacology.estimation.observations import Person, Series
from relaxant.pharmacology.estimation.personal import Personal, Stretch
from relaxant.pharmacology.estimation.residuals import ResidualError
from relaxant.pharmacology.estimation.unit_response import Way

Floats = NDArray[np.float64]
Index = NDArray[np.intp]


class Batch(msgspec.Struct, frozen=True):
    """People of one output, one way in and one residual error."""

    people: Index
    output: Output
    entry: int
    error: ResidualError


def batch_of(
    model: Model,
    people: Sequence[Person],
    series: Sequence[tuple[Series, ...]],
    names: Sequence[str],
    varying: bool,
    during: Sequence[str],
) -> tuple[list[Batch], list[int]]:
    """The batches, and the places of those who go one by one."""
    found: dict[tuple[str, int, ResidualError], list[int]] = {}
    outputs: dict[str, Output] = {}
    others: list[int] = []
    base = individual(model, {})
    forms = {o.output: closed_form(model, base, o.of) for o in model.outputs if not o.bound}
    places = {name: set(form[1]) for name, form in forms.items() if form is not None}
    for i, (person, own) in enumerate(zip(people, series, strict=True)):
        way = None if during else _entry(model, person, own, names, varying, places)
        if way is None or own[0].error is None or not isinstance(own[0].output, Output):
            others.append(i)
            continue
        outputs[own[0].name] = own[0].output
        found.setdefault((own[0].name, way, own[0].error), []).append(i)
    return [Batch(np.array(places), outputs[name], way, error) for (name, way, error), places in found.items()], others


def _entry(
    model: Model,
    person: Person,
    series: tuple[Series, ...],
    names: Sequence[str],
    varying: bool,
    places: Mapping[str, set[str]],
) -> int | None:
    """The one input by which everything was given, where the levels have a closed form. ``places`` of drug, by output, that have one."""
    if len(series) != 1 or series[0].name not in places or person.changed or (varying and person.occasions):
        return None
    ways = {model.inputs.index(entry_of(model, dose)) for dose in person.doses}
    way = model.inputs[min(ways)]
    if len(ways) > 1 or way.duration or way.lag in names or any(d.infused_over or d.steady for d in person.doses):
        return None
    return min(ways) if way.into in places[series[0].name] else None


def hill_together(
    model: Model,
    batch: Batch,
    people: Sequence[Person],
    stretches: Sequence[tuple[Stretch, ...]],
    series: Sequence[tuple[Series, ...]],
    names: tuple[str, ...],
    covariance: Floats,
) -> Closed:
    """The posterior of a batch. Doses, times and levels as (doses or observations, people), padded with NaN."""
    those = batch.people.tolist()
    bases = [stretches[i][0].base for i in those]
    base = {n: np.array([b[n] for b in bases]) for n in bases[0]}
    way = model.inputs[batch.entry]
    given = [[(d.time + k * (d.every or 0.0), amount_in(model, d.amount, d.unit, way)) for d in people[i].doses for k in range(d.count)] for i in those]  # fmt: skip
    lag = base[way.lag] if way.lag else np.zeros(len(those))
    times = _padded([[t for t, _ in g] for g in given]) + lag
    amounts = _padded([[a for _, a in g] for g in given])
    limits = _padded([series[i][0].limits.tolist() for i in those])
    data = Levels(times, amounts, _padded([series[i][0].times.tolist() for i in those]), _padded([series[i][0].values.tolist() for i in those]), None if np.isnan(limits).all() else limits)  # fmt: skip
    scale = 1 / factor_of(batch.output.unit, model)

    def person(parameters: Mapping[str, Floats]) -> Way:
        form = closed_form(model, parameters, batch.output.of)
        if form is None:
            raise AssertionError("a batch has a closed form")
        reaching = parameters[way.bioavailability] * scale if way.bioavailability else scale
        return Way(form[0], form[1][way.into], reaching)

    return closed(base, names, np.asarray(np.linalg.inv(covariance), dtype=np.float64), person, data, batch.error)


def _padded(rows: Sequence[Sequence[float]]) -> Floats:
    out = np.full((max(len(r) for r in rows), len(rows)), np.nan)
    for i, row in enumerate(rows):
        out[: len(row), i] = row
    return out


def twin_start(
    model: Model, hill: Closed | Personal, into: str, deviations: Floats, names: Sequence[str]
) -> Floats | None:
    """Where the flip-flop twins of these people lie, about; ``None`` for a card or data in which nothing can change places.

    ``into`` is the place that the doses go into. The absorption rate and the slowest rate of elimination change places; the volume goes with them, so that clearance stays.
    """
    own = hill.parameters(deviations[: len(names)], np.arange(deviations.shape[1]))
    for flow in model.flows:
        if flow.giver != into or flow.rate not in names or flow.to is None:
            continue
        form = closed_form(model, own, flow.to)
        volume = next((c.volume for c in model.compartments if c.compartment == flow.to), None)
        if form is None or volume is None:
            return None
        absorption, slowest = own[str(flow.rate)], form[0].rates.min(axis=0)
        moved = {str(flow.rate): np.log(slowest / absorption), volume: np.log(slowest / absorption)}
        moved |= {f.rate: np.log(absorption / slowest) for f in model.flows if f.giver == flow.to and f.rate}
        out = deviations.copy()
        for i, name in enumerate(names):
            out[i] += moved.get(name, 0.0)
        return out
    return None
