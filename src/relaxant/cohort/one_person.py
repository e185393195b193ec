"""One person of a registry as a patient file: what a clinician opens from a screen. Only this person's rows are read."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.cohort import prepare
from relaxant.cohort.days import day_number
from relaxant.cohort.meaning import Concepts, read_drugs
from relaxant.cohort.opening import holds_bulk, open_source
from relaxant.cohort.person import patients_of
from relaxant.cohort.preparing import said_of
from relaxant.cohort.registry import Registry
from relaxant.cohort.said import SAID
from relaxant.cohort.vocabulary import Glossary, Left
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient

_MOST = 2**63 - 1
_DIED = "died before that day"
_OF_A_DAY = (_DIED, prepare.BORN_LATER, prepare.TOO_OLD)
"""Reasons why nothing is said of somebody that another day does away with."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a patient file, on the day of the file. ``relaxant`` is whether a screen looks at them: whether a relaxant is on the list. ``left``:
    what nothing was made of, and of it what a rule might have used. ``unusable``: rows that cannot be used, by table and reason."""

    patient: Patient
    relaxant: bool
    left: tuple[Left, ...]
    unusable: tuple[tuple[str, str, int], ...]


def open_person(
    source: str,
    person: int,
    knowledge: Knowledge,
    *,
    today: date,
    as_of: date | None = None,
    country: str = "US",
    engine: str = "duckdb",
) -> Opened:
    """What a screen as of that day (the registry's last where none is said) has of a person. Raises :class:`InputError` where nobody has that number, or
    nothing can be said of whoever has it."""
    if holds_bulk(source):
        raise InputError("SOURCE", source, "these are FHIR records, and everybody's record is their file", "give `relaxant review` a Bundle of the person's resources; persons.csv of the screen says whose the number is")  # fmt: skip
    held = open_source(source, engine)
    try:
        day = as_of or Registry(held).last_day(today)
        if day is None:
            raise InputError("SOURCE", source, "nothing in it has a day up to today", "give the day with --as-of")
        registry = Registry(held, person)
        glossary, concepts = Glossary(knowledge, day, country), Concepts(registry)
        read_drugs(registry, concepts, glossary)
        prepare.keep_persons(registry, day)
        _usable(registry, person, day)
        unusable = registry.unusable(date.max if as_of is not None else day)
        prepare.keep_asked(registry, day, knowledge)
        relaxant = bool(held.rows("SELECT person_id FROM ask").num_rows)
        held.keep("ask", f"SELECT person_id, CAST({day_number(day)} AS INT) AS as_of FROM persons")
        query = prepare.in_order(said_of(registry, concepts, glossary))
        rows = held.rows(query).select(SAID.names).cast(SAID)
    finally:
        held.close()
    ((_, patient),) = patients_of(rows, glossary.vocabulary(), country, knowledge=knowledge)
    return Opened(patient=patient, relaxant=relaxant, left=tuple(one for one in glossary.left() if one.lost), unusable=unusable)  # fmt: skip


def number_said(said: str) -> int:
    """The number of a person. Raises :class:`InputError` for what is none."""
    number = int(said) if said.removeprefix("-").isascii() and said.removeprefix("-").isdigit() else None
    if number is None or abs(number) > _MOST:
        raise InputError("ID", said, "this is no number of a person", "give a person_id, as findings.parquet has it, such as 17")  # fmt: skip
    return number


def _usable(registry: Registry, person: int, day: date) -> None:
    """Raises :class:`InputError` where a screen would count this person as not there or rejected."""
    found = registry.engine.rows("SELECT rejected, died FROM persons").to_pylist()
    if not found:
        raise InputError("ID", person, "nobody in the table person has this number", "give a person_id, as findings.parquet has it")  # fmt: skip
    why, died = found[0]["rejected"], found[0]["died"]
    if why is None and died is not None and died < day_number(day):
        why = _DIED
    if why is not None:
        would = (
            "give another day with --as-of, or another person"
            if why in _OF_A_DAY
            else "give another person, or mend the row in the table person"
        )
        raise InputError("ID", person, f"nothing can be said of this person as of {day}: {why}", would)
