"""A registry as found: which tables and columns it has, its rows as typed, what of them cannot be used, and its last day."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from relaxant.cohort.engine import Engine
from relaxant.cohort.tables import BY_NAME, SQL_TYPE, TABLES, WORDS, Field, Table
from relaxant.errors import InputError


class Missing(NamedTuple):
    """What cannot be used of a source (``what``: the table death), why ("is not there"), and what is not known then."""

    what: str
    why: str
    unknown: str


class Registry:
    """An opened source whose tables are those of OMOP; with ``person`` its rows of that person alone. Raises :class:`InputError` where persons or
    their medicines are not there."""

    def __init__(self, engine: Engine, person: int | None = None) -> None:
        self.engine, self._person = engine, person
        self._there = dict(engine.columns())
        if not self._there:
            raise InputError("SOURCE", engine.name, "none of the tables of OMOP is there", f"give a source with {', '.join(t.name for t in TABLES)}")  # fmt: skip
        self._missing = list[Missing]()
        self._unexplained: dict[tuple[str, str], tuple[int, ...]] = {}
        for table in TABLES:
            there = self._there.get(table.name)
            lacking = [f.name for f in table.fields if f.needed and f.name not in (there or ())]
            if table.needed and there is None:
                raise InputError("SOURCE", ", ".join(sorted(self._there)), f"the table {table.name} is missing, which says {table.without}", "give it as well")  # fmt: skip
            if table.needed and lacking:
                raise InputError(f"SOURCE {table.name}", ", ".join(there or ()), f"the column {lacking[0]} is missing", f"give {', '.join(f.name for f in table.fields)}")  # fmt: skip
            if lacking:
                why = "is not there" if there is None else f"has no column {lacking[0]}"
                self._missing.append(Missing(f"the table {table.name}", why, table.without))
                self._there.pop(table.name, None)
            elif there is not None and (absent := [f.name for f in table.fields if f.name not in there]):
                self._missing.append(Missing(f"the table {table.name}", f"has no column {', '.join(absent)}", "what they say"))  # fmt: skip

    def has(self, table: str) -> bool:
        """Whether a table is there."""
        return table in self._there

    def missing(self) -> tuple[Missing, ...]:
        """The tables that are not there, or not so that they can be used."""
        return tuple(self._missing)

    def typed(self, table: str, *columns: str) -> str:
        """A table with columns of the model's own types, as a subquery; a column that is not there is empty, a value that is none of its type too."""
        fields = {f.name: f for f in BY_NAME[table].fields}
        listed = ", ".join(f"{self._said(table, fields[name])} AS {name}" for name in columns or fields)
        return f"(SELECT {listed} FROM {self.engine.source(table)} AS s{self._of_person(table)})"

    def by_words(self, table: str, column: str, concepts: Collection[int]) -> None:
        """From here on the rows of these concepts, which nothing in the registry explains, go by the source's own words, where they have any."""
        self._unexplained[table, column] = tuple(sorted(concepts))

    def _said(self, table: str, field: Field) -> str:
        value, concepts = self._value(table, field), self._unexplained.get((table, field.name))
        if not concepts:
            return value
        words = self._value(table, {f.name: f for f in BY_NAME[table].fields}[WORDS[table, field.name]])
        which = f"{value} IN ({', '.join(map(str, concepts))})" if self.has("concept") else f"{value} IS NOT NULL"
        return f"CASE WHEN {which} AND COALESCE({words}, '') <> '' THEN 0 ELSE {value} END"

    def _of_person(self, table: str) -> str:
        """Which rows of a table are asked for: all, or those of one person, found by an index where there is one."""
        if self._person is None or "person_id" not in (fields := {f.name: f for f in BY_NAME[table].fields}):
            return ""
        name = self._there[table]["person_id"]
        found = self.engine.rows(f'SELECT "{name}" AS person_id FROM {self.engine.source(table)} LIMIT 1')
        as_text = pa.types.is_string(found["person_id"].type)
        value = self._value(table, fields["person_id"]) if as_text else f's."{name}"'
        return f" WHERE {value} = {self._person}"

    def _value(self, table: str, field: Field) -> str:
        name = self._there[table].get(field.name)
        kind = SQL_TYPE[field.kind]
        return f"CAST(NULL AS {kind})" if name is None else f'TRY_CAST(s."{name}" AS {kind})'

    def last_day(self, today: date) -> date | None:
        """The last day of the data, up to today: that until which anybody is followed, or where that is not said the last on which anything begins."""
        followed = (("observation_period", "observation_period_end_date"),)
        begins = (
            ("drug_exposure", "drug_exposure_start_date"),
            ("condition_occurrence", "condition_start_date"),
            ("measurement", "measurement_date"),
        )
        for ends in (followed, begins):
            parts = [
                f"SELECT {column} AS day FROM {self.typed(table, column)} AS a"
                for table, column in ends
                if self.has(table)
            ]
            if not parts:
                continue
            sql = f"SELECT MAX(day) AS day FROM ({' UNION ALL '.join(parts)}) AS c WHERE day <= DATE '{today}'"
            found = self.engine.rows(sql)["day"][0].as_py()
            if found is not None:
                return found if type(found) is date else date.fromisoformat(str(found)[:10])
        return None

    def unusable(self, last: date) -> tuple[tuple[str, str, int], ...]:
        """Rows that cannot be used, by table: (table, why, how many). ``last`` is the last day of the data; ``persons`` is kept."""
        out = [] if self._person is not None else list(self.engine.faults())  # of these nobody can say whose they are
        for table in TABLES:
            if not self.has(table.name) or table.name in ("concept", "concept_ancestor", "drug_strength"):
                continue
            tests = self._tests(table, last)
            joined = ""
            if table.name != "person":
                person = self._value(table.name, table.fields[0])
                tests["its person is not in the table person"] = f"p.person_id IS NULL AND {person} IS NOT NULL"
                joined = f"LEFT JOIN persons AS p ON p.person_id = {person}"
            counts = ", ".join(f"COUNT(*) FILTER (WHERE {test}) AS n{i}" for i, test in enumerate(tests.values()))
            row = self.engine.rows(f"SELECT {counts} FROM {self.engine.source(table.name)} AS s {joined}{self._of_person(table.name)}").to_pylist()[0]  # fmt: skip
            out += [(table.name, why, int(n)) for why, n in zip(tests, row.values(), strict=True) if n]
        return tuple(out)

    def _tests(self, table: Table, last: date) -> dict[str, str]:
        """What makes a value of a table unusable, each with its test."""
        there, sure, tests = self._there[table.name], self._sure(table), dict[str, str]()
        for field in (field for field in table.fields if field.name in there):
            said, value = f's."{there[field.name]}"', self._value(table.name, field)
            if field.needed:
                tests[f"{field.name} is missing"] = f"{said} IS NULL"
            if field.name not in sure:
                tests[f"{field.name} is no {_words(field)}"] = f"{said} IS NOT NULL AND {value} IS NULL"
            if field.needed and field.kind == "day":
                tests[f"{field.name} lies after the last day of the data"] = f"{value} > DATE '{last}'"
        days = {f.name: self._value(table.name, f) for f in table.fields if f.name in there and f.kind == "day"}
        for start, end in ((day, day.replace("_start_", "_end_")) for day in days if "_start_" in day):
            if end in days:
                tests[f"{end} lies before {start}"] = f"{days[end]} < {days[start]}"
        return tests

    def _sure(self, table: Table) -> frozenset[str]:
        """The columns that cannot hold anything but what they should."""
        names = {f.name: self._there[table.name][f.name] for f in table.fields if f.name in self._there[table.name]}
        listed = ", ".join(f'"{there}" AS {name}' for name, there in names.items())
        found = self.engine.rows(f"SELECT {listed} FROM {self.engine.source(table.name)} LIMIT 1").schema
        return frozenset(f.name for f in table.fields if f.name in names and _OF_KIND[f.kind](found.field(f.name).type))


_OF_KIND: dict[str, Callable[[pa.DataType], bool]] = {
    "number": pa.types.is_integer,
    "amount": lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind),
    "day": pa.types.is_temporal,
    "text": lambda kind: True,
}


def _words(field: Field) -> str:
    return {"number": "whole number", "amount": "number", "day": "day", "text": "text"}[field.kind]
