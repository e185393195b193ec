"""What came of a card in a population, as it is told: one value, of which JSON is the exact image, and the table of a CSV file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from relaxant.cohort.simulated.placed import STATUSES
from relaxant.cohort.simulated.simulate import Population
from relaxant.cohort.simulated.tallied import ALL, LEVELS, PLANS, Plan
from relaxant.cohort.writing import write_csv
from relaxant.knowledge.load import Knowledge
from relaxant.pharmacology.cards.course import name_of, output_named
from relaxant.rules.reasons import Cited, cited

Range = tuple[float, ...]


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """The 5%, 50% and 95% quantiles of area, average and peak, and the share above the level; ``None`` where nobody was followed, or no level asked for."""

    auc: Range | None
    average: Range | None
    peak: Range | None
    above: float | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """People by kidney function: how many take it, how many of them the card speaks of in which way, how many the plan takes off it or lowers, and what is reached
    at the label's dose and at their own."""

    kidney_function: str
    people: int
    studied: int
    stretched: int
    beyond: int
    unknown: int
    taken_off: int
    lowered: int
    label: Reached
    individual: Reached

    @property
    def followed(self) -> int:
        return self.studied + self.stretched


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds the dose of some ``people``, with its source."""

    id: str
    why: str
    kind: str
    value: float
    unit: str
    people: int
    verified: bool
    source: Cited


class Dose(msgspec.Struct, frozen=True):
    """A dose of a day and how many have it."""

    daily: float
    people: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. ``unit`` is that of the output, ``area_unit`` of areas; ``daily`` the label's dose of a day in ``dose_unit``."""

    model: str
    title: str
    output: str
    unit: str
    area_unit: str
    agent: str
    dose: str
    daily: float
    dose_unit: str
    measure: str
    level: float | None
    copies: int
    seed: int
    levels: tuple[float, ...]
    source: str
    as_of: date
    as_of_said: bool
    country: str
    persons: int
    lines: tuple[Line, ...]
    doses: tuple[Dose, ...]
    bounds: tuple[Bound, ...]
    with_partner: int
    sources: tuple[Cited, ...]


def told(population: Population, knowledge: Knowledge) -> Told:
    """The answer."""
    wanted, exposed = population.wanted, population.exposed
    model = wanted.model
    chosen = output_named(model, wanted.output)
    return Told(
        model=model.model,
        title=model.title,
        output=name_of(chosen),
        unit=chosen.unit,
        area_unit=f"{chosen.unit} x {model.time}",
        agent=wanted.agent,
        dose=wanted.medicine.said,
        daily=population.daily,
        dose_unit=knowledge.agents[wanted.agent].dose_unit,
        measure=wanted.measure,
        level=wanted.level,
        copies=wanted.copies,
        seed=wanted.seed,
        levels=LEVELS,
        source=population.source,
        as_of=population.as_of,
        as_of_said=population.as_of_said,
        country=population.country,
        persons=population.persons,
        lines=tuple(_line(population, band) for band in (*population.bands, ALL) if exposed.people.get(band)),
        doses=tuple(Dose(daily, n) for (band, daily), n in sorted(exposed.doses.items()) if band == ALL),
        bounds=tuple(
            Bound(
                id=b.id, why=b.why, kind=b.kind, value=b.value, unit=b.unit, people=exposed.bounds[b.id], verified=b.verified, source=b.source
            )
            for b in population.bounds
            if b.value is not None
        ),
        with_partner=exposed.partners,
        sources=tuple(cited(knowledge, ref.source, ref.place, ref.says) for ref in model.sources),
    )  # fmt: skip


def _line(population: Population, band: str) -> Line:
    exposed = population.exposed
    studied, stretched, unknown, beyond = (exposed.status.get((band, word), 0) for word in STATUSES)
    return Line(
        kidney_function=band,
        people=exposed.people[band],
        studied=studied,
        stretched=stretched,
        beyond=beyond,
        unknown=unknown,
        taken_off=exposed.left.get(band, 0),
        lowered=exposed.lowered.get(band, 0),
        label=_reached(population, band, "label"),
        individual=_reached(population, band, "individual"),
    )


def _reached(population: Population, band: str, plan: Plan) -> Reached:
    exposed, copies = population.exposed, population.exposed.copies.get(band, 0)
    return Reached(
        auc=exposed.quantiles(band, plan, "auc"),
        average=exposed.quantiles(band, plan, "average"),
        peak=exposed.quantiles(band, plan, "peak"),
        above=exposed.above[band, plan] / copies if population.wanted.level is not None and copies else None,
    )


def write_exposure(path: Path, answer: Told) -> None:
    """``exposure.csv``: a row for each band of kidney function and plan. No number is hidden in it."""
    head = (
        "kidney_function_ml_min", "dose", "people", "studied", "stretched", "beyond", "unknown", "taken_off", "lowered",
        *(f"{measure}_{round(100 * level)}" for measure in ("auc", "average", "peak") for level in LEVELS), "share_above", "unit", "area_unit", "level", "measure", "model",
    )  # fmt: skip
    rows = []
    for line in answer.lines:
        for plan in PLANS:
            reached: Reached = getattr(line, plan)
            quantiles = [
                q for its in (reached.auc, reached.average, reached.peak) for q in (its or (None,) * len(LEVELS))
            ]
            rows.append((
                line.kidney_function, plan, line.people, line.studied, line.stretched, line.beyond, line.unknown, line.taken_off, line.lowered,
                *(None if q is None else f"{q:.4g}" for q in quantiles), None if reached.above is None else f"{reached.above:.4f}",
                answer.unit, answer.area_unit, answer.level, answer.measure, answer.model,
            ))  # fmt: skip
    write_csv(path, head, rows)
