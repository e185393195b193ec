"""What a regimen makes of a model's people: one course with its spread, or a prediction beside every row of an event table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model, Output
from relaxant.pharmacology.cards.course import GivenDose, course, name_of, output_named
from relaxant.pharmacology.cards.mammillary import closed_form
from relaxant.pharmacology.cards.model import Covariates, factor_of, individual
from relaxant.pharmacology.cards.occasions import Holding, courses_through
from relaxant.pharmacology.estimation.event_people import people_of
from relaxant.pharmacology.estimation.personal import stretches_of
from relaxant.pharmacology.events.event_course import concentration_by_event
from relaxant.pharmacology.events.event_table import COLUMNS, columns_of
from relaxant.pharmacology.events.events import events
from relaxant.pharmacology.events.records import kinds_of
from relaxant.pharmacology.kinetics.alteration import Alteration
from relaxant.pharmacology.kinetics.entries import Entry
from relaxant.pharmacology.kinetics.linear import intravenous, oral
from relaxant.pharmacology.people.populations import bands
from relaxant.pharmacology.spread.quantiles import LEVELS

Floats = NDArray[np.float64]


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """A course: ``typical`` (times,) of the typical person with these covariates and, of ``people`` drawn ones, ``bands`` (levels, times).

    Times are in ``time_unit``, values in ``unit``.
    """

    model: str
    output: str
    title: str
    unit: str
    time_unit: str
    times: tuple[float, ...]
    typical: tuple[float, ...]
    people: int
    levels: tuple[float, ...]
    bands: tuple[tuple[float, ...], ...]


def simulate(
    model: Model,
    doses: Sequence[GivenDose],
    times: ArrayLike,
    *,
    covariates: Covariates | None = None,
    output: str | None = None,
    people: int = 0,
    seed: int = 1,
    levels: tuple[float, ...] = LEVELS,
    during: Sequence[str] = (),
    altered: Sequence[Alteration] = (),
) -> Simulated:
    """The course of a regimen in the typical person with these covariates, and its spread among ``people`` drawn from the model.

    Times are in the model's unit (``h`` or ``min``). Raises :class:`InputError` for an output or a route that the model has not, for a
    covariate that none of its relations asks for, and for doses and times that cannot be.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> card = load_knowledge().models["baclofen-oral-adult-simon-2018"]
    >>> made = simulate(card, [GivenDose(amount=20)], [0.0, 1.5, 8.0])
    >>> made.unit, [round(v) for v in made.typical]
    ('ng/mL', [0, 214, 85])
    """
    given = dict(covariates or {})
    asked = {r.on for r in model.relations}
    odd = next((n for n in given if n not in asked), None)
    if odd is not None:
        would = f"use {', '.join(sorted(asked))}" if asked else "leave it out"
        raise InputError("covariates", odd, f"nothing in {model.model} depends on it", would)
    chosen = output_named(model, output)
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    typical = course(model, individual(model, given), doses, at, output, during=during, altered=altered)
    if typical.shape[1] != 1:
        raise InputError("covariates", typical.shape[1], "they are of several people", "simulate one person at a time, or give an event table")  # fmt: skip
    spread: tuple[tuple[float, ...], ...] = ()
    if people:
        if altered:
            raise InputError("people", people, "a spread under what alters the course on its way is not drawn", "leave one of the two out")  # fmt: skip
        drawn = bands(model, given, doses, at, output, people=people, seed=seed, levels=levels, during=during)
        spread = tuple(tuple(row) for row in drawn.values.tolist())
    return Simulated(
        model=model.model,
        output=name_of(chosen),
        title=chosen.title if isinstance(chosen, Output) else chosen.description,
        unit=chosen.unit,
        time_unit=model.time,
        times=tuple(at.tolist()),
        typical=tuple(typical[:, 0].tolist()),
        people=people,
        levels=levels,
        bands=spread,
    )


def simulate_table(model: Model, table: Any, *, output: str | None = None) -> dict[str, NDArray[Any]]:
    """The columns of an event table (NM-TRAN's, docs/event-tables.md) and ``PRED``: what the model's typical person with each row's covariates
    would have shown at each observation, in the output's unit; NaN at other rows.

    AMT is in the model's unit of amount; columns named as the model's covariates are taken, changes from their row on. Raises
    :class:`InputError` naming column and row.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> card = load_knowledge().models["baclofen-oral-adult-simon-2018"]
    >>> table = {"ID": [1, 1], "TIME": [0, 1.5], "EVID": [1, 0], "AMT": [20, 0], "CMT": [1, 1]}
    >>> simulate_table(card, table)["PRED"].round().tolist()
    [nan, 214.0]
    """
    came = columns_of(table)
    evid, _ = kinds_of(came)
    chosen = output_named(model, output)
    made = _together(model, came, chosen.of) if isinstance(chosen, Output) and not chosen.bound else None
    predicted = np.full(evid.size, np.nan)
    if made is None:
        for rows, values in _one_by_one(model, came, evid, output):
            predicted[rows] = values
    else:
        predicted[made[0]] = made[1] / factor_of(chosen.unit, model)
    return {
        **{name.upper() if name.upper() in COLUMNS else name: values for name, values in came.items()},
        "PRED": predicted,
    }


def _together(model: Model, columns: dict[str, NDArray[Any]], of: str) -> tuple[NDArray[np.intp], Floats] | None:
    """The rows observed and their levels in the model's unit, all people in one walk; ``None`` for a model that has no closed form here."""
    if any(i.lag or i.duration for i in model.inputs) or any(r.form == "category" for r in model.relations):
        return None
    if closed_form(model, individual(model, {}), of) is None:
        return None
    names = list(dict.fromkeys(r.on for r in model.relations if r.on.casefold() in columns))
    places = [c.compartment for c in model.compartments]
    prepared = events(columns, places, covariates=names)
    parameters = individual(model, {n: prepared.covariates[n] for n in names})
    closed = closed_form(model, parameters, of)
    if closed is None:
        return None
    disposition, depots = closed
    entries: dict[str, Entry] = {}
    for way in model.inputs:
        rate, share = depots.get(way.into), parameters[way.bioavailability] if way.bioavailability else 1.0
        if way.into in depots:
            entries.setdefault(way.into, intravenous(share) if rate is None else oral(rate, share))
    return prepared.observations, concentration_by_event(disposition, entries, prepared)


def _one_by_one(
    model: Model, columns: dict[str, NDArray[Any]], evid: NDArray[np.int8], output: str | None
) -> list[tuple[NDArray[np.intp], Floats]]:
    """The rows observed of each person and the output there, along the model's own course."""
    count = evid.size
    table = {**columns, "evid": evid, "mdv": np.zeros(count), "dv": columns.get("dv", np.full(count, np.nan))}
    people = people_of(model, table)
    chosen = output_named(model, output)
    found = []
    labels = np.array([str(who) for who in columns["id"].tolist()])
    for person in people:
        rows = np.flatnonzero((labels == person.label) & (evid == 0))
        holding = [
            Holding(s.start, {n: np.array([v]) for n, v in s.base.items()}) for s in stretches_of(model, person, False)
        ]
        at = np.array([o.time for o in person.observations])
        if at.size:
            found.append((rows, courses_through(model, holding, person.doses, [(chosen, at)])[0][:, 0]))
    return found
