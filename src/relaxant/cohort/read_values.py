"""What was measured of many people, their allergies and their habits, as columns: each item of the vocabulary is read once."""

from __future__ import annotations

from datetime import date

import numpy as np

from relaxant.cohort.person import fields_of
from relaxant.cohort.read_conditions import Marks
from relaxant.cohort.rows import Lists, Numbers, Rows, laid_out
from relaxant.cohort.said import EARLIER, Vocabulary
from relaxant.facts.allergies import allergies_said
from relaxant.facts.column import Floats, Mask
from relaxant.facts.inputs import full, said_of_person
from relaxant.facts.measured import in_force
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient
from relaxant.rules.ragged import Index

_ANY_DAY = date(2000, 1, 1)  # what has no date says the same on every day
_CREATININE = "creatinine"
_HOURS = 24.0


# ---------------------------------------------------------------- what was measured


def values_of(rows: Rows, vocabulary: Vocabulary, people: int, knowledge: Knowledge) -> dict[str, Floats]:
    """The values in force of people, by the name of their lab, with ``_today`` where one is of the day looked at; and the creatinine before."""
    newest = {vocabulary.measured[item]: _newest(rows, item, people) for item in np.unique(rows.item).tolist()}
    out: dict[str, Floats] = {}
    for name, (least, most, ago, dated) in newest.items():
        if name != EARLIER:
            out[name] = in_force(least, most, ago, knowledge.labs[name].valid_days)
            out[f"{name}_today"] = np.where(dated & (ago == 0), out[name], np.nan)
    if _CREATININE in newest and EARLIER in newest:
        least, most, ago, _ = newest[EARLIER]
        between = np.where(np.isnan(out[_CREATININE]), np.nan, ago - newest[_CREATININE][2])
        before = np.where(between <= knowledge.policy("kidney_injury_ratio_days"), least, most)
        out["creatinine_before"] = np.where(np.isnan(between), np.nan, before)
        out["creatinine_before_hours"] = between * _HOURS
    return out


def _newest(rows: Rows, item: int, people: int) -> tuple[Floats, Floats, Floats, Mask]:
    """Of each person the least and the most of the newest day, how many days ago that was (NaN of whom nothing was measured), and whether it is dated."""
    here = (rows.item == item) & ~(np.isnan(rows.low) & np.isnan(rows.high))
    row, start, low, high = rows.row[here], rows.start[here], rows.low[here], rows.high[here]
    days = np.where(np.isnan(start), 0.0, start)
    ago = np.full(people, np.inf)
    np.minimum.at(ago, row, days)
    newest = days == ago[row]
    row, start, low, high = row[newest], start[newest], low[newest], high[newest]
    least, most, dated = full(people), full(people), np.zeros(people, bool)
    np.fmin.at(least, row, np.fmin(low, high))
    np.fmax.at(most, row, np.fmax(low, high))
    dated[row] = ~np.isnan(start)
    return least, most, np.where(np.isinf(ago), np.nan, ago), dated


# ---------------------------------------------------------------- allergies


class AllergyReader:
    """Reads the allergies of batch after batch."""

    def __init__(self, vocabulary: Vocabulary, knowledge: Knowledge) -> None:
        self._names, self._surely, self._maybe = Numbers[str](), Lists(), Lists()
        for allergy in vocabulary.allergies:
            said = allergies_said(Patient(as_of=_ANY_DAY, allergies=(allergy,) if allergy else ()), knowledge, {})
            self._surely.add([self._names.number(name) for name, is_so in said.items() if is_so == 1])
            self._maybe.add([self._names.number(name) for name, is_so in said.items() if is_so != 1])

    def allergies_of(
        self, rows: Rows, of_lines: tuple[Index, Index, list[str]], people: int
    ) -> tuple[dict[str, Floats], Mask]:
        """What people are allergic to: 1, or NaN where it is in question or nothing was said of their allergies; and of whom something was said.
        ``of_lines`` are the persons and names (by number) of lines that tell of an allergy."""
        known, marks = np.zeros(people, bool), Marks(people)
        known[rows.row] = True
        for lists, value in ((self._maybe, np.nan), (self._surely, 1.0)):
            place, name = laid_out(lists.ragged(), rows.item)
            marks.add(rows.row[place], name, self._names.words, value)
        marks.add(*of_lines, 1.0)
        for column in marks.columns.values():
            column[(column == 0) & ~known] = np.nan
        return marks.columns, known


# ---------------------------------------------------------------- habits


class HabitReader:
    """Reads the habits of batch after batch."""

    def __init__(self, vocabulary: Vocabulary, country: str, knowledge: Knowledge) -> None:
        fields = Numbers[str]()
        self._field = np.array([fields.number(habit.field) for habit in vocabulary.habits], np.intp)
        self._fields = len(fields.words)
        self._said: list[tuple[dict[str, float], dict[str, float]]] = []
        for habit in vocabulary.habits:
            patient = Patient(as_of=_ANY_DAY, country=country, **fields_of([(habit, None)]))
            self._said.append(said_of_person(patient, knowledge, {}))

    def add(self, rows: Rows, numbers: dict[str, Floats], truths: dict[str, Floats], people: int) -> None:
        """Adds what people's habits say: the newest of each field, nothing where two of one day disagree."""
        keys, whose = np.unique(rows.row * self._fields + self._field[rows.item], return_inverse=True)
        days = np.where(np.isnan(rows.start), np.inf, rows.start)
        ago = np.full(len(keys), np.inf)
        np.minimum.at(ago, whose, days)
        newest = days == ago[whose]
        least, most = np.full(len(keys), len(self._said)), np.full(len(keys), -1)
        np.minimum.at(least, whose[newest], rows.item[newest])
        np.maximum.at(most, whose[newest], rows.item[newest])
        row, item = keys[least == most] // self._fields, least[least == most]
        for number in np.unique(item).tolist():
            for columns, said in zip((numbers, truths), self._said[number], strict=True):
                for name, value in said.items():
                    if value == value:
                        columns.setdefault(name, full(people))[row[item == number]] = value
