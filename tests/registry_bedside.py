"""A registry's rows as bedside patients, in plain Python and without a line of SQL: what a screen is held against.

What one drug, supply, value, condition or observation means is read by the same readers that the screen asks (``map_drugs`` and the others).
Which of a person's rows count, and for what, is done again here, by docs/decisions/0030-what-a-registry-says.md. Values are given to the bedside
all together: it chooses the newest itself, and the creatinine before.
"""

from __future__ import annotations

import calendar
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from relaxant.cohort.conditions import map_conditions
from relaxant.cohort.doses import map_doses
from relaxant.cohort.drugs import map_drugs
from relaxant.cohort.measurements import map_measurements
from relaxant.cohort.observations import map_observations
from relaxant.cohort.procedures import map_procedures
from relaxant.cohort.said import ALLERGY, CONDITION, HABIT
from relaxant.cohort.vocabulary import Glossary
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Allergy, Line, Measured, Patient, Smoker, Stated

Row = dict[str, Any]
Key = tuple[Any, ...]
Noted = dict[int, list[Row]]
_SEXES = {8532: "female", 8507: "male"}
_EQUALS = 4172703
_OLDEST_DAYS = 125 * 365.25


class Bedside:
    """Everybody of a registry: ``patients`` are those who are asked about, ``rejected`` those of whom nothing is said, ``dead`` those
    who died before the day; the others have no relaxant."""

    def __init__(self, folder: Path, country: str, as_of: date, knowledge: Knowledge) -> None:
        self.as_of, self.country, self.knowledge = as_of, country, knowledge
        self.tables = {path.stem: pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")}
        self.glossary = Glossary(knowledge, as_of, country)
        self.concepts = {c["concept_id"]: (c["vocabulary_id"], c["concept_code"], c["concept_name"]) for c in self.tables["concept"]}  # fmt: skip
        people, self.rejected = self._people()
        exposures = self._exposures()
        values, noted = self._values(), defaultdict[int, list[Row]](list)
        self._note_conditions(noted)
        self._note_observations(noted)
        self._note_procedures(noted)
        self.dead = {p for p, who in people.items() if p not in self.rejected and who["died"] is not None and who["died"] < as_of}  # fmt: skip
        self.patients: dict[int, Patient] = {}
        for person, who in people.items():
            own = exposures[person]
            if (
                person in self.rejected
                or (who["died"] is not None and who["died"] < as_of)
                or not any(map(self._asks, own))
            ):
                continue
            valid = list(filter(self._lasts, noted[person]))
            self.patients[person] = Patient(
                as_of=as_of,
                country=country,
                sex=_SEXES.get(who["gender_concept_id"]),  # type: ignore[arg-type]
                birth_date=who["born"],
                died=who["died"] if who["died"] is not None and who["died"] <= as_of else None,
                labs=tuple(values[person]),
                medicines=self._lines(own),
                conditions=self._stated(valid),
                allergies=self._allergies(valid),
                **self._habits(valid),
            )  # fmt: skip

    # ------------------------------------------------------------ who there is

    def _people(self) -> tuple[dict[int, Row], set[int]]:
        rows, rejected = dict[int, Row](), set[int]()
        died: dict[int, date] = {}
        for row in self.tables["death"]:
            died[row["person_id"]] = min(row["death_date"], died.get(row["person_id"], row["death_date"]))
        for row in self.tables["person"]:
            person = row["person_id"]
            said = {name: row[name] for name in ("gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth")}  # fmt: skip
            if person in rows and any(rows[person][name] != value for name, value in said.items()):
                rejected.add(person)
            born = _born(row["year_of_birth"], row["month_of_birth"], row["day_of_birth"])
            rows.setdefault(person, {**said, "born": born, "died": died.get(person)})
            if born is not None and (born > self.as_of or (self.as_of - born).days > round(_OLDEST_DAYS) or (person in died and died[person] < born)):  # fmt: skip
                rejected.add(person)
        return rows, rejected

    # ------------------------------------------------------------ what was handed out

    def _exposures(self) -> dict[int, list[Row]]:
        """Those up to the day of drugs that a rule asks for, each with what it means."""

        def key(row: Row) -> Key:
            concept = row["drug_concept_id"] or 0
            return concept, "" if concept else row["drug_source_value"] or "", row["route_concept_id"] or 0

        rows = self.tables["drug_exposure"]
        routes = {"route_code": 1, "route_name": 2}
        distinct = self._distinct(rows, key, ("concept", "source", "route"), {"concept": _OWN, "route": routes})
        means = _by_key(map_drugs(distinct, self.glossary, self._strengths()), 3)
        out = defaultdict[int, list[Row]](list)
        for row in rows:
            meant, start = means[key(row)], row["drug_exposure_start_date"]
            if not meant["asked"] or start > self.as_of:
                continue
            days = row["days_supply"] if row["days_supply"] is not None and 1 <= row["days_supply"] <= 1000 else None
            end = row["drug_exposure_end_date"] or (start + timedelta(days=days - 1) if days else start)
            quantity, supplied = row["quantity"], row["days_supply"]
            nothing = (supplied or 0) <= 0 and (quantity or 0) <= 1 and not row["sig"]
            spot = not meant["supply"] or (meant["bare"] and row["drug_exposure_end_date"] == start and nothing)
            gap = timedelta(days=0 if spot else self.knowledge.policy("registry_gap_days"))
            how = -1.0 if quantity is None else quantity, -1 if supplied is None else supplied, row["sig"] or ""
            out[row["person_id"]].append(
                {**meant, "start": start, "end": max(start, end), "over": max(start, end) + gap, "how": how}
            )
        dosed = [e for all_of in out.values() for e in all_of if e["dosed"]]
        supplies = {(e["drug"], *e["how"]) for e in dosed}
        table = pa.Table.from_pylist(
            [dict(zip(("drug", "quantity", "days_supply", "sig"), supply, strict=True)) for supply in supplies]
        )
        lines = _by_key(map_doses(table, self.glossary), 4) if supplies else {}
        items = self.glossary.lines.items
        for all_of in out.values():
            for e in all_of:
                supply = lines.get((e["drug"], *e["how"])) if e["dosed"] else None
                e["says"] = items[supply["line"] if supply else e["line"]]
                e["dose_known"] = bool(supply and supply["dose_known"])
        return out

    def _asks(self, exposure: Row) -> bool:
        return bool(exposure["agent"]) and self._in_view(exposure["end"])

    def _in_view(self, end: date) -> bool:
        return (self.as_of - end).days <= self.knowledge.policy("registry_days_back")

    def _lines(self, exposures: Iterable[Row]) -> tuple[Line, ...]:
        """What is given on the spot is a course of its own; of what is taken for days the last course counts."""
        courses = defaultdict[Key, list[Row]](list)
        for e in exposures:
            if self._in_view(e["end"]):
                courses[e["chain"], None if e["supply"] else e["start"]].append(e)
        return tuple(line for fills in courses.values() for line in self._course(_last_course(fills)))

    def _course(self, fills: list[Row]) -> list[Line]:
        """The lines of one course: what is of one strength and form says its last supply, and older strengths have given way to the newest."""
        begun = min(f["start"] for f in fills)
        pieces = defaultdict[Any, list[Row]](list)
        for fill in fills:
            pieces[fill["piece"]].append(fill)
        newest = max(min(f["start"] for f in own) for own in pieces.values())
        taken = {piece: max(f["over"] for f in own) >= self.as_of for piece, own in pieces.items()}
        out = []
        for piece, own in pieces.items():
            if max(f["start"] for f in own) < newest or (any(taken.values()) and not taken[piece]):
                continue
            last = max(own, key=lambda f: (f["start"], f["dose_known"], msgspec.json.encode(f["says"])))
            stop = None if taken[piece] else max(f["end"] for f in own)
            out.append(msgspec.structs.replace(last["says"], start=begun, stop=stop))
        return out

    def _strengths(self) -> pa.Table:
        rows = []
        for row in self.tables["drug_strength"]:
            ingredient = self.concepts.get(row["ingredient_concept_id"], _NOTHING)
            units = {u: self.concepts.get(row[f"{u}_concept_id"] or -1, _NOTHING)[1] for u in ("amount_unit", "numerator_unit", "denominator_unit")}  # fmt: skip
            rows.append({**row, "ingredient_vocabulary_id": ingredient[0], "ingredient_code": ingredient[1], **units})
        return pa.Table.from_pylist(rows)

    # ------------------------------------------------------------ what was measured

    def _values(self) -> dict[int, list[Measured]]:
        """Every value up to the day that lies within the bounds of its lab; one that only lies below or above a number is none."""

        def key(row: Row) -> Key:
            concept, unit = row["measurement_concept_id"] or 0, row["unit_concept_id"] or 0
            return (
                concept,
                "" if concept else row["measurement_source_value"] or "",
                unit,
                "" if unit else row["unit_source_value"] or "",
            )

        rows = [r for r in self.tables["measurement"] if r["operator_concept_id"] in (None, 0, _EQUALS)]
        units = {"unit_code": 1, "unit_name": 2}
        distinct = self._distinct(rows, key, ("concept", "source", "unit", "unit_source"), {"concept": _OWN, "unit": units})  # fmt: skip
        means = _by_key(map_measurements(distinct, self.glossary), 4)
        out = defaultdict[int, list[Measured]](list)
        names = self.glossary.measured.items
        for row in rows:
            meant = means.get(key(row))
            if meant is None or row["value_as_number"] is None or row["measurement_date"] > self.as_of:
                continue
            value = math.floor((row["value_as_number"] * meant["scale"] + meant["shift"]) * 1e9 + 0.5) / 1e9
            lab = self.knowledge.labs[names[meant["item"]]]
            if lab.plausible_low <= value <= lab.plausible_high:
                unit = None if lab.unit in ("", "1") else lab.unit
                out[row["person_id"]].append(Measured(name=lab.lab, value=value, unit=unit, date=row["measurement_date"]))  # fmt: skip
        return out

    # ------------------------------------------------------------ what was written down

    def _note_conditions(self, noted: Noted) -> None:
        def key(row: Row) -> Key:
            concept = row["condition_concept_id"] or 0
            return (
                concept,
                row["condition_source_concept_id"] or 0,
                "" if concept else row["condition_source_value"] or "",
            )

        rows = self.tables["condition_occurrence"]
        source = {"source_vocabulary_id": 0, "source_code": 1, "source_name": 2}
        distinct = self._distinct(rows, key, ("concept", "source_concept", "source"), {"concept": _OWN, "source_concept": source})  # fmt: skip
        _note(noted, rows, key, "condition_start_date", _by_key(map_conditions(distinct, self.glossary), 3))

    def _note_observations(self, noted: Noted) -> None:
        def key(row: Row) -> Key:
            concept = row["observation_concept_id"] or 0
            return (
                concept,
                row["value_as_concept_id"] or 0,
                "" if concept else row["observation_source_value"] or "",
                row["value_as_string"] or "",
            )

        rows = self.tables["observation"]
        answer = {"value_vocabulary_id": 0, "value_code": 1, "value_name": 2}
        distinct = self._distinct(rows, key, ("concept", "value_concept", "source", "value_text"), {"concept": _OWN, "value_concept": answer})  # fmt: skip
        _note(noted, rows, key, "observation_date", _by_key(map_observations(distinct, self.glossary), 4))

    def _note_procedures(self, noted: Noted) -> None:
        def key(row: Row) -> Key:
            concept = row["procedure_concept_id"] or 0
            return concept, "" if concept else row["procedure_source_value"] or ""

        rows = self.tables.get("procedure_occurrence", [])
        distinct = self._distinct(rows, key, ("concept", "source"), {"concept": _OWN})
        _note(noted, rows, key, "procedure_date", _by_key(map_procedures(distinct, self.glossary), 2))

    def _lasts(self, note: Row) -> bool:
        """Whether a note counts on the day: it has been written, and is not past its days."""
        lasts = note["lasts_days"]
        return note["day"] <= self.as_of and (lasts is None or (self.as_of - note["day"]).days < lasts)

    def _stated(self, valid: list[Row]) -> tuple[Stated, ...]:
        """A condition is since its newest note that came again, else since the first that counts."""
        own = defaultdict[int, list[Row]](list)
        for note in valid:
            if note["kind"] == CONDITION:
                own[note["item"]].append(note)
        items = self.glossary.conditions.items
        return tuple(
            msgspec.structs.replace(
                items[item], since=max((n["day"] for n in notes if n["again"]), default=min(n["day"] for n in notes))
            )
            for item, notes in own.items()
        )

    def _allergies(self, valid: list[Row]) -> tuple[Allergy, ...] | None:
        """Those written down; none where none was known; nothing said where nothing was."""
        items = {self.glossary.allergies.items[note["item"]] for note in valid if note["kind"] == ALLERGY}
        return tuple(one for one in items if one is not None) if items else None

    def _habits(self, valid: list[Row]) -> dict[str, Any]:
        """Of each habit the newest answer; none where two of one day differ, but of dialysis the one that has a kind."""
        newest = defaultdict[str, list[Row]](list)
        for note in valid:
            if note["kind"] == HABIT:
                newest[note["field"]].append(note)
        out: dict[str, Any] = {}
        for field, notes in newest.items():
            last = max(n["day"] for n in notes)
            said = {self.glossary.habits.items[n["item"]].value for n in notes if n["day"] == last}
            if field == "dialysis":
                out[field] = "peritoneal" if "peritoneal" in said else "haemodialysis"
            elif len(said) == 1:
                out[field] = Smoker(now=said == {True}) if field == "smoker" else said.pop()
        return out

    # ------------------------------------------------------------ what it all stands for

    def _distinct(self, rows: list[Row], key: Callable[[Row], Key], names: tuple[str, ...], concepts: dict[str, dict[str, int]]) -> pa.Table:  # fmt: skip
        """The distinct things of a table with what their concepts stand for."""
        counts: dict[Key, int] = {}
        for row in rows:
            counts[key(row)] = counts.get(key(row), 0) + 1
        out = []
        for own, count in counts.items():
            one: Row = dict(zip(names, own, strict=True), rows=count)
            for column, parts in concepts.items():
                found = self.concepts.get(one[column], _NOTHING) if one[column] else _NOTHING
                one |= {name: found[part] for name, part in parts.items()}
            out.append(one)
        return pa.Table.from_pylist(out) if out else pa.table({name: pa.array([], pa.string()) for name in names})


_OWN = {"vocabulary_id": 0, "concept_code": 1, "concept_name": 2}
_NOTHING = (None, None, None)


def _by_key(table: pa.Table, keys: int) -> dict[Key, Row]:
    names = table.column_names[:keys]
    return {tuple(row[name] for name in names): row for row in table.to_pylist()}


def _born(year: int | None, month: int | None, day: int | None) -> date | None:
    """In the middle of the year or month where no more is said."""
    if year is None:
        return None
    if month is None:
        return date(year, 7, 1)
    return date(year, month, min(day or 15, calendar.monthrange(year, month)[1]))


def _note(noted: Noted, rows: list[Row], key: Callable[[Row], Key], day: str, means: dict[Key, Row]) -> None:
    """Adds what rows say of each person, with their days."""
    for row in rows:
        if (meant := means.get(key(row))) is not None:
            noted[row["person_id"]].append({**meant, "day": row[day]})


def _last_course(fills: Iterable[Row]) -> list[Row]:
    """The fills of the last course: a new one begins when the last supply, with the gap, has been over for a day."""
    course = list[Row]()
    reaches: date | None = None
    for fill in sorted(fills, key=lambda f: (f["start"], f["end"])):
        if reaches is None or fill["start"] > reaches + timedelta(days=1):
            course, reaches = [], fill["over"]
        course.append(fill)
        reaches = max(reaches, fill["over"])
    return course
