"""From a registry to the prepared relation: who is asked about, what everything means, and the query that gives what is said of them."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.cohort import prepare, prepare_period
from relaxant.cohort.meaning import (
    Concepts,
    read_conditions,
    read_doses,
    read_drugs,
    read_measurements,
    read_observations,
    read_procedures,
)
from relaxant.cohort.period import Period, PeriodAsked
from relaxant.cohort.registry import Missing, Registry
from relaxant.cohort.said import EARLIER, Vocabulary
from relaxant.cohort.tally import UNKNOWN, Tally, age_bands
from relaxant.cohort.unfinished import Span
from relaxant.cohort.vocabulary import Glossary, Left
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge

_CREATININE = "creatinine"
_NUMBER = "person", "person_id"
_SEXES: dict[int | None, str] = {1: "female", 0: "male"}


class People(msgspec.Struct, frozen=True, kw_only=True):
    """How many persons of one kind a registry has: ``female`` (1, 0, or not known), age in years (not known: none), whether they are
    rejected (and why), dead on the day, asked about."""

    female: int | None
    years: int | None
    rejected: str | None
    dead: bool
    asked: bool
    persons: int


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a registry before anybody is checked.

    ``again``: rows of persons that say once more what another row says. ``missing``: what of a source is not there, or not so that it can be used.
    ``unusable``: rows by table and reason. ``implausible``: values beyond the bounds of their lab. ``left``: what nothing was made of, worst
    first. ``last``: the last day of the data, where it was asked. ``vocabulary``: what the items of the prepared rows mean; ``None`` where they are records (:data:`relaxant.cohort.records.RECORDS`), of
    which nothing was read yet. ``period`` is that of a screen of one, whose last day is ``as_of``.
    """

    as_of: date
    as_of_said: bool
    last: date | None = None
    period: Period | None = None
    country: str
    people: tuple[People, ...]
    again: int
    missing: tuple[Missing, ...]
    unusable: tuple[tuple[str, str, int], ...]
    implausible: int
    left: tuple[Left, ...]
    vocabulary: Vocabulary | None
    spans: tuple[Span, ...]

    def others(self, knowledge: Knowledge) -> Tally:
        """The counts of everybody who is not asked about; those who are count with their batch."""
        tally, ages = Tally(), age_bands(knowledge)
        width = int(knowledge.policy("screen_age_band"))
        for one in self.people:
            if one.asked:
                continue
            tally.persons += one.persons
            why = one.rejected or (prepare.DEAD if one.dead else None)
            if why is not None:
                tally.rejected[why] = tally.rejected.get(why, 0) + one.persons
                continue
            tally.no_relaxant += one.persons
            age = ages[-1] if one.years is None else ages[min(one.years // width, len(ages) - 2)]
            key = _SEXES.get(one.female, UNKNOWN), age
            tally.everybody[key] = tally.everybody.get(key, 0) + one.persons
        return tally


def prepare_registry(
    registry: Registry,
    knowledge: Knowledge,
    *,
    as_of: date | None,
    country: str,
    today: date,
    people_at_once: int,
    period: PeriodAsked | None = None,
) -> tuple[Prepared, str]:
    """Prepares a screen as of a day (the registry's last where none is said) or of a period, and gives the query whose rows are those of
    :data:`relaxant.cohort.said.SAID`, not yet in order. ``people_at_once`` are the looks of a batch: one a person as of a day. Raises
    :class:`InputError` where nothing can be screened."""
    last = registry.last_day(today)
    day = as_of or last
    if day is None:
        raise InputError("SOURCE", registry.engine.name, "nothing in it has a day up to today", "give a registry with rows, or the day with --as-of")  # fmt: skip
    within = None if period is None else period.within(last or day)
    day = day if within is None else within.last
    engine = registry.engine
    glossary, concepts = Glossary(knowledge, day, country), Concepts(registry)
    read_drugs(registry, concepts, glossary)
    prepare.keep_persons(registry, day)
    if within is None:
        prepare.keep_asked(registry, day, knowledge)
    said = said_of(registry, concepts, glossary, within)
    people = tuple(
        People(
            female=row["female"], years=row["years"], rejected=row["rejected"], dead=bool(row["dead"]),
            asked=bool(row["asked"]), persons=int(row["persons"]),
        )
        for row in engine.rows(prepare.people(day if within is None else within.first, day)).to_pylist()
    )  # fmt: skip
    unusable = registry.unusable(last or today)
    people += tuple(nobody(why, n) for table, why, n in unusable if (table, why.partition(" ")[0]) == _NUMBER)
    made = Prepared(
        as_of=day,
        as_of_said=as_of is not None,
        last=last,
        period=within,
        country=country,
        people=tuple(sorted(people, key=msgspec.json.encode)),
        again=int(engine.rows("SELECT COALESCE(SUM(times - 1), 0) AS n FROM persons WHERE rejected IS NULL")["n"][0].as_py()),
        missing=registry.missing(),
        unusable=tuple(one for one in unusable if (one[0], one[1].partition(" ")[0]) != _NUMBER),
        implausible=prepare.out_of_bounds(registry) if registry.has("measurement") else 0,
        left=tuple(glossary.left()),
        vocabulary=glossary.vocabulary(),
        spans=tuple(
            Span(i, int(row["first"]), int(row["last"]))
            for i, row in enumerate(engine.rows(prepare.spans(people_at_once)).to_pylist())
        ),
    )  # fmt: skip
    return made, said


def nobody(why: str, persons: int) -> People:
    """Persons whom nothing can be brought to."""
    return People(female=None, years=None, rejected=why, dead=False, asked=False, persons=persons)


def said_of(registry: Registry, concepts: Concepts, glossary: Glossary, period: Period | None = None) -> str:
    """The query of what is said of those in ``ask``, everything read that it stands on. ``drug`` and ``persons`` are there, and ``ask`` too, but for a
    period, for which it is made."""
    knowledge = glossary.knowledge
    if period is None:
        prepare.keep_exposure(registry, knowledge)
        read_doses(registry, glossary)
        parts = [prepare.said_persons(), prepare.said_lines(knowledge)]
    else:
        prepare_period.keep_exposure(registry, period, knowledge)
        read_doses(registry, glossary)
        prepare_period.keep_courses(registry, period, knowledge)
        prepare_period.keep_asked(registry, period, knowledge, glossary.somebody.jurisdiction)
        prepare_period.keep_listed(registry, knowledge)
        parts = [prepare_period.said_persons(registry), prepare_period.said_lines()]
    if registry.has("measurement"):
        read_measurements(registry, concepts, glossary)
        known = glossary.vocabulary().measured
        creatinine, earlier = known.index(_CREATININE), known.index(EARLIER)
        if period is None:
            prepare.keep_values(registry, creatinine)
            parts.append(prepare.said_values(creatinine, earlier, knowledge))
        else:
            prepare_period.keep_values(registry, creatinine, period)
            parts.append(prepare_period.said_values(creatinine, earlier, knowledge))
    if registry.has("condition_occurrence"):
        read_conditions(registry, concepts, glossary)
    if registry.has("observation"):
        read_observations(registry, concepts, glossary)
    if registry.has("procedure_occurrence"):
        read_procedures(registry, concepts, glossary)
    if any(registry.has(table) for table in prepare.NOTES):
        prepare.keep_noted(registry)
        parts.append(prepare.said_noted())
    return " UNION ALL ".join(f"({part})" for part in parts)
