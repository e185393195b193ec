"""One person's rows of what a registry says, as the bedside's patient: what a clinician opens from a screen, and what a screen is held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import msgspec
import pyarrow as pa

from relaxant.cohort.days import day_of
from relaxant.cohort.measurements import UNITLESS
from relaxant.cohort.said import ALLERGY, CONDITION, EARLIER, HABIT, LINE, MEASURED, PERSON, Habit, Vocabulary
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.patient import Allergy, Line, Measured, Patient, Smoker, Stated

_SEXES: dict[float | None, Literal["female", "male"]] = {1.0: "female", 0.0: "male"}
_BODY = ("weight", "height")
_OF_EARLIER = "creatinine"


class _Row(NamedTuple):
    """A row of ``said.SAID`` without its person and day."""

    kind: int
    item: int
    start: date | None
    stop: date | None
    low: float | None
    high: float | None


def patients_of(
    said: pa.Table, vocabulary: Vocabulary, country: str, *, knowledge: Knowledge | None = None
) -> Iterator[tuple[int, Patient]]:
    """Each person and day of the rows (``said.SAID``, whole persons one after another) with the patient file that they make on that day.

    Medicines and conditions are known, perhaps none; allergies are where one is written down, or that there is none. A value whose least and most of a
    day differ is measured twice. ``knowledge`` gives the units of what is measured.
    Raises :class:`InputError` where a person's rows do not begin with one that says who it is.
    """
    labs = (knowledge or load_knowledge()).labs
    for (person, as_of), rows in groupby(_rows(said), key=itemgetter(0)):
        yield person, _patient(person, [row for _, row in rows], vocabulary, as_of, country, labs)


def _rows(said: pa.Table) -> Iterator[tuple[tuple[int, date], _Row]]:
    for batch in said.to_batches():
        person, as_of, kind, item, start, stop, low, high = (column.to_pylist() for column in batch.columns)
        days = [day_of(n) for n in as_of]
        for one in zip(person, days, kind, item, _days(start), _days(stop), low, high, strict=True):
            yield one[:2], _Row(*one[2:])


def _days(numbers: Iterable[int | None]) -> list[date | None]:
    return [None if n is None else day_of(n) for n in numbers]


def _patient(
    person: int, rows: Sequence[_Row], vocabulary: Vocabulary, as_of: date, country: str, labs: dict[str, Any]
) -> Patient:
    who = rows[0]
    if who.kind != PERSON:
        raise InputError(
            "person_id",
            person,
            "the rows of this person do not begin with the one that says who it is",
            "give a row of the person table for everyone with rows elsewhere, and each person once",
        )
    lines: list[Line] = []
    conditions: list[Stated] = []
    allergies: list[Allergy | None] = []
    measured: list[Measured] = []
    habits: list[tuple[Habit, date | None]] = []
    for row in rows[1:]:
        if row.kind == LINE:
            lines.append(msgspec.structs.replace(vocabulary.lines[row.item], start=row.start, stop=row.stop))
        elif row.kind == CONDITION:
            named = vocabulary.conditions[row.item]
            conditions.append(msgspec.structs.replace(named, since=row.start, until=row.stop))
        elif row.kind == ALLERGY:
            allergies.append(vocabulary.allergies[row.item])
        elif row.kind == HABIT:
            habits.append((vocabulary.habits[row.item], row.start))
        elif row.kind == MEASURED:
            measured += _measured(vocabulary.measured[row.item], row, labs)
        else:
            raise InputError("kind", row.kind, f"person {person} has such a row twice", "give each person once")
    body = {name: next((m for m in measured if m.name == name), None) for name in _BODY}
    return Patient(
        as_of=as_of,
        country=country,
        sex=_SEXES.get(who.low),
        birth_date=who.start,
        died=who.stop,
        weight=body["weight"],
        height=body["height"],
        labs=tuple(m for m in measured if not any(m is own for own in body.values())),
        medicines=tuple(lines),
        conditions=tuple(conditions),
        allergies=tuple(a for a in allergies if a is not None) if allergies else None,
        **fields_of(habits),
    )


def _measured(name: str, row: _Row, labs: dict[str, Any]) -> list[Measured]:
    """The least and the most of a day; one value where they are the same."""
    lab = labs[_OF_EARLIER if name == EARLIER else name]
    unit = None if lab.unit in UNITLESS else lab.unit
    values = dict.fromkeys(value for value in (row.low, row.high) if value is not None)
    return [Measured(name=lab.lab, value=value, unit=unit, date=row.start) for value in values]


def fields_of(habits: Sequence[tuple[Habit, date | None]]) -> dict[str, Any]:
    """The newest of each field; none where two of one day disagree."""
    newest: dict[str, tuple[date, set[str | bool]]] = {}
    for habit, day in habits:
        when = day or date.min
        known = newest.get(habit.field)
        if known is None or when > known[0]:
            newest[habit.field] = (when, {habit.value})
        elif when == known[0]:
            known[1].add(habit.value)
    sure = {field: next(iter(values)) for field, (_, values) in newest.items() if len(values) == 1}
    return {field: Smoker(now=value is True) if field == "smoker" else value for field, value in sure.items()}
