"""A card followed in everybody of a registry who takes its agent, batch by batch."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from relaxant.cohort.opening import shown_source
from relaxant.cohort.simulated.most import Most, most_of
from relaxant.cohort.simulated.people import copies_of, typical_people
from relaxant.cohort.simulated.placed import STATUSES, Placed, placed
from relaxant.cohort.simulated.tallied import ALL, MEASURES, NOT_KNOWN, PLANS, Exposed, Plan
from relaxant.cohort.sources import Asked, batches_of, source_of
from relaxant.cohort.unfinished import Unfinished
from relaxant.errors import InputError
from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.io.patient_file import read_country
from relaxant.knowledge.cards import Model, Output
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.patient import jurisdiction_of
from relaxant.pharmacology.cards.course import GivenDose, output_named
from relaxant.pharmacology.cards.model import an_hour, depends_on_dose, is_linear, milligrams, variability
from relaxant.pharmacology.cards.summary import summary
from relaxant.pharmacology.cards.window import Measure
from relaxant.pharmacology.clinic.ready import entry_of_line, hours_of_day, steady_doses, usual_route
from relaxant.pharmacology.clinic.regimens import NoPattern, Pattern, pattern
from relaxant.planning.plan import ShownBound
from relaxant.quantities import Quantity, convert
from relaxant.rules.ragged import Index

_PEOPLE_AT_ONCE = 16_384
_AT_ONCE = 20_000  # people and copies in one course
_BAND = "kidney_band_"
_FIRST = 1  # a dose of the label is taken off nothing


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is followed: a ``medicine`` by its line, on a clock; and above which ``level`` of which ``measure`` (the output's unit; areas times the card's
    time) somebody counts, ``None`` for no level. ``copies`` of each person, drawn by ``seed``."""

    model: Model
    medicine: Medicine
    doses: Pattern
    output: str | None
    measure: Measure
    level: float | None
    copies: int
    seed: int

    @property
    def agent(self) -> str:
        """Whose people are followed."""
        return self.medicine.agents[0]


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, with what it is of. ``bands`` of kidney function, the best first; ``bounds`` that decided for somebody."""

    wanted: Wanted
    exposed: Exposed
    bands: tuple[str, ...]
    bounds: tuple[ShownBound, ...]
    daily: float
    as_of: date
    as_of_said: bool
    country: str
    source: str
    persons: int


def follow(
    source: str,
    wanted: Wanted,
    knowledge: Knowledge,
    *,
    engine: str = "duckdb",
    as_of: date | None = None,
    country: str = "US",
    today: date,
    memory: str = "1200MB",
    people_at_once: int = _PEOPLE_AT_ONCE,
    progress: Callable[[int, int], None] | None = None,
) -> Population:
    """Follows a card in the people of a registry who take its agent on a day, the registry's last where none is said. Raises
    :class:`InputError` naming what cannot be used."""
    country = read_country(country)
    tell = progress or (lambda done, of: None)
    jurisdiction = jurisdiction_of(country)
    exposed, bounds = Exposed(), dict[str, ShownBound]()
    with tempfile.TemporaryDirectory(prefix="relaxant-") as folder:
        unfinished = Unfinished(Path(folder), {})
        asked = Asked(
            as_of=as_of, country=country, today=today, people_at_once=people_at_once, memory=memory, threads=2
        )
        prepared = source_of(source, engine).prepare(asked, unfinished, knowledge, lambda done, of: None)
        batches = batches_of(prepared, knowledge)
        for span in prepared.spans:
            batch = batches.read(unfinished.read_said(span))
            facts = Facts(batch.inputs, knowledge, jurisdiction)
            made, decided = followed(facts, batch.people.person_id[batch.people.asked], wanted)
            exposed.add(made)
            bounds |= decided
            tell(span.number + 1, len(prepared.spans))
        persons = sum(one.persons for one in prepared.people)
    return Population(
        wanted=wanted,
        exposed=exposed,
        bands=band_names(knowledge),
        bounds=tuple(bounds[name] for name in sorted(bounds)),
        daily=daily_of(wanted, knowledge),
        as_of=prepared.as_of,
        as_of_said=prepared.as_of_said,
        country=country,
        source=shown_source(source),
        persons=persons,
    )


def wanted_of(
    model: Model,
    medicine: Medicine,
    knowledge: Knowledge,
    *,
    output: str | None = None,
    measure: Measure = "peak",
    level: float | None = None,
    copies: int | None = None,
    seed: int = 1,
) -> Wanted:
    """What is to be followed. Raises :class:`InputError` for a dose that is not taken again and again, or by weight, and for a medicine that the card is not of."""
    made = pattern(medicine.regimen, hours_of_day(knowledge))
    if isinstance(made, NoPattern) or made.every is None:
        raise InputError("--dose", medicine.said, "it is no dose that is taken again and again on a clock", 'write it such as "20 mg three times a day"')  # fmt: skip
    if not medicine.agents or medicine.agents[0] not in model.agents:
        raise InputError("--dose", medicine.said, f"{model.model} is not of it", f"give a dose of {model.agents[0]}")
    sizes = {(dose.amount, dose.unit) for dose in made.doses}
    if depends_on_dose(model) and len(sizes) > 1:
        raise InputError("--dose", medicine.said, f"{model.model} depends on the size of a dose, and these are not alike", "give equal doses")  # fmt: skip
    output_named(model, output)
    count = int(knowledge.policy("cohort_copies")) if copies is None else copies
    return Wanted(
        model=model, medicine=medicine, doses=made, output=output, measure=measure, level=level,
        copies=count if variability(model)[0] else 1, seed=seed,
    )  # fmt: skip


def followed(facts: Facts, person_id: Index, wanted: Wanted) -> tuple[Exposed, dict[str, ShownBound]]:
    """The people of the rows of ``facts`` who take the agent, and what bounds their doses."""
    out, agent, model = Exposed(), wanted.agent, wanted.model
    own = facts.inputs.agents.get(agent)
    rows = np.flatnonzero(own["taking"] == 1) if own is not None else np.empty(0, np.intp)
    if not len(rows):
        return out, {}
    stands = placed(model, facts, _size_mg(wanted))
    names = band_names(facts.knowledge)
    band = bands_of(facts)[rows]
    most = most_of(agent, facts, rows)
    share = individual_share(wanted, most, facts.knowledge)
    drawn = stands.drawable[rows]
    daily = daily_of(wanted, facts.knowledge)
    for number, name in [*enumerate(names), (-1, ALL)]:
        here = np.ones(len(rows), bool) if name == ALL else band == number
        if not here.any():
            continue
        out.people[name] = int(np.count_nonzero(here))
        for status, word in enumerate(STATUSES):
            if count := int(np.count_nonzero(stands.status[rows[here]] == status)):
                out.status[name, word] = count
        out.left[name] = int(np.count_nonzero(most.leave & here & drawn))
        out.lowered[name] = int(np.count_nonzero((share < _FIRST) & ~most.leave & here & drawn))
        for value, count in zip(*np.unique(daily * share[here & drawn], return_counts=True), strict=True):
            out.doses[name, float(value)] = int(count)
    out.bounds = {bound.id: count for bound, count in most.bounds}
    out.partners = int(np.count_nonzero(_with_partner(agent, facts)[rows] & drawn))
    kept = np.flatnonzero(drawn)
    for part in np.array_split(kept, max(1, -(-len(kept) * wanted.copies // _AT_ONCE))):
        if len(part):
            _count(out, wanted, stands, rows[part], person_id[rows[part]], share[part], [*names], band[part])
    return out, {bound.id: bound for bound, _ in most.bounds}


def _count(
    out: Exposed, wanted: Wanted, stands: Placed, which: Index, person_id: Index, share: Floats, names: Sequence[str], band: Index
) -> None:  # fmt: skip
    """Follows some people and counts what comes of it."""
    copies = wanted.copies
    if variability(wanted.model)[0]:
        parameters = copies_of(wanted.model, stands, which, person_id, copies, wanted.seed)
    else:
        parameters = typical_people(wanted.model, stands, which)
    by_plan = dict(exposures(wanted, parameters, np.repeat(share, copies)))
    of = np.repeat(band, copies)
    for number, name in [*enumerate(names), (-1, ALL)]:
        here = slice(None) if name == ALL else of == number
        count = len(of[here])
        if not count:
            continue
        out.copies[name] = out.copies.get(name, 0) + count
        for plan, values in by_plan.items():
            for measure in MEASURES:
                out.values(name, plan, measure, values[measure][here])
            if wanted.level is not None:
                over = int(np.count_nonzero(values[wanted.measure][here] > wanted.level))
                out.above[name, plan] = out.above.get((name, plan), 0) + over


def exposures(
    wanted: Wanted, parameters: dict[str, Floats], share: Floats
) -> Iterator[tuple[Plan, dict[Measure, Floats]]]:
    """Area, average and peak of one span of the regimen at steady state, at the label's dose and at this share of it. Shapes (people,)."""
    label = _measures(wanted, parameters, 1.0)
    yield PLANS[0], label
    chosen = output_named(wanted.model, wanted.output)
    if is_linear(wanted.model) and not depends_on_dose(wanted.model) and isinstance(chosen, Output):
        yield PLANS[1], {name: values * share for name, values in label.items()}
        return
    own: dict[Measure, Floats] = {name: np.zeros(len(share)) for name in MEASURES}
    for one in np.unique(share).tolist():
        alike = share == one
        those = {name: values[alike] for name, values in parameters.items()}
        for name, values in _measures(wanted, those, one).items():
            own[name][alike] = values
    yield PLANS[1], own


def _measures(wanted: Wanted, parameters: dict[str, Floats], share: float) -> dict[Measure, Floats]:
    model = wanted.model
    if share == 0:
        return {name: np.zeros(len(next(iter(parameters.values())))) for name in MEASURES}
    given = [msgspec.structs.replace(dose, amount=dose.amount * share) for dose in doses_of(wanted)]
    end = (wanted.doses.every or 0.0) * an_hour(model)
    made = summary(model, parameters, given, 0.0, end, wanted.output)
    return {"auc": made.auc, "average": made.average, "peak": made.peak}


def doses_of(wanted: Wanted) -> list[GivenDose]:
    """The doses of the regimen at steady state, in the card's time."""
    model, medicine = wanted.model, wanted.medicine
    entry = entry_of_line(model, medicine, medicine.regimen.route or usual_route([model]))
    if entry is None:
        raise InputError(
            "--dose", medicine.said, f"{model.model} has no way in for it", "say the route and the product"
        )
    return steady_doses(wanted.doses, entry, an_hour(model))


def _size_mg(wanted: Wanted) -> float | None:
    first = wanted.doses.doses[0]
    return milligrams(first.amount, first.unit) if depends_on_dose(wanted.model) else None


def daily_of(wanted: Wanted, knowledge: Knowledge) -> float:
    """The regimen's dose of a day in the agent's dose unit."""
    unit = knowledge.agents[wanted.agent].dose_unit
    a_span = sum(_amount(dose.amount, dose.unit, unit, wanted) for dose in wanted.doses.doses)
    return a_span * 24 / (wanted.doses.every or 24.0)


def _amount(amount: float, of: str, unit: str, wanted: Wanted) -> float:
    made = convert(Quantity(amount, of), unit)
    if made is None:
        raise InputError("--dose", wanted.medicine.said, f"it is no amount in {unit}", f"give it in {unit}")
    return made


def individual_share(wanted: Wanted, most: Most, knowledge: Knowledge) -> Floats:
    """What part of the label's dose each person may have: by the most in a day and at once; none for whom the plan takes off the agent."""
    unit = knowledge.agents[wanted.agent].dose_unit
    largest = max(_amount(dose.amount, dose.unit, unit, wanted) for dose in wanted.doses.doses)
    share = np.minimum(1.0, np.minimum(most.day / daily_of(wanted, knowledge), most.once / largest))
    return np.where(most.leave, 0.0, share)


def _with_partner(agent: str, facts: Facts) -> Mask:
    """Who takes something that is known to change the agent's exposure."""
    return np.asarray(facts.column(f"{agent}:exposure_ratio").low > 1)


# ---------------------------------------------------------------- kidney function


def _edges(knowledge: Knowledge) -> list[float]:
    return sorted((p.value for name, p in knowledge.policies.items() if name.startswith(_BAND)), reverse=True)


def band_names(knowledge: Knowledge) -> tuple[str, ...]:
    """The bands of kidney function (mL/min), the best first; one that is not known last."""
    edges = _edges(knowledge)
    between = [f"{low:g} to under {high:g}" for high, low in pairwise(edges)]
    return (f"{edges[0]:g} and over", *between, f"under {edges[-1]:g}", NOT_KNOWN)


def bands_of(facts: Facts) -> Index:
    """The band of each row; the last where it is not known in which one the kidney function lies."""
    column, edges = facts.column("kidney_function"), np.array(sorted(_edges(facts.knowledge)))
    low, high = (len(edges) - np.searchsorted(edges, values, side="right") for values in (column.low, column.high))
    return np.where((low == high) & ~np.isnan(column.low), low, len(edges) + 1).astype(np.intp)
