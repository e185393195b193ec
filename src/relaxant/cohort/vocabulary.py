"""From the distinct things that a registry holds to what they mean: each read once, by the bedside's own readers.

The ``map_*`` functions of :mod:`relaxant.cohort.drugs`, :mod:`~relaxant.cohort.doses`, :mod:`~relaxant.cohort.measurements`,
:mod:`~relaxant.cohort.conditions`, :mod:`~relaxant.cohort.observations` and :mod:`~relaxant.cohort.procedures` take a table of the distinct things with how many rows each has,
write into one :class:`Glossary`, and give a table with the same keys to be joined with. The order of the rows changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Generic, TypeVar

import msgspec
import pyarrow as pa

from relaxant.cohort.said import EARLIER, Habit, Vocabulary
from relaxant.cohort.tally import LeftKey
from relaxant.io.said import clean
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Allergy, Line, Patient, Stated

Item = TypeVar("Item")
Kind = TypeVar("Kind", bound="Row")

SYSTEMS: Final[dict[str, str]] = {
    # vocabulary_id of OMOP -> the name of the system in a patient file; those of other vocabularies are read by their words
    "RxNorm": "RxNorm",
    "NDC": "NDC",
    "ATC": "ATC",
    "SNOMED": "SNOMED CT",
    "ICD10CM": "ICD-10-CM",
    "ICD10": "ICD-10",
    "LOINC": "LOINC",
}


DIALYSES: Final = (Habit(field="dialysis", value="peritoneal"), Habit(field="dialysis", value="haemodialysis"))
"""Of two kinds on one day the first counts, as at the bedside: what is of no kind is read as the second."""


class Left(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something of a registry that no line, value or condition was made of, with why. ``lost`` where a rule might have used it; what no rule asks
    for is not lost."""

    domain: str
    vocabulary: str | None
    code: str | None
    name: str | None
    rows: int
    why: str
    lost: bool


def worst_left(left: Iterable[Left]) -> list[Left]:
    """What was left, each once, the worst first: what a rule might have used before what none asks for, then by rows."""
    together = Counter[LeftKey]()
    for one in left:
        together[one.domain, one.vocabulary, one.code, one.name, one.why, one.lost] += one.rows
    return sorted(left_of(together), key=lambda o: (not o.lost, -o.rows, o.domain, o.name or "", o.code or "", o.why))


def left_of(counts: Mapping[LeftKey, int]) -> Iterator[Left]:
    """What was left, as counted."""
    for (domain, vocabulary, code, name, why, lost), rows in counts.items():
        yield Left(domain=domain, vocabulary=vocabulary, code=code, name=name, rows=rows, why=why, lost=lost)


class Glossary:
    """What has been read so far: every kind of item by its number, and what was left."""

    def __init__(self, knowledge: Knowledge, as_of: date, country: str) -> None:
        self.knowledge, self.somebody = knowledge, Patient(as_of=as_of, country=country)
        self.lines, self.conditions = Numbered[Line](), Numbered[Stated]()
        self.allergies, self.habits = Numbered[Allergy | None](), Numbered[Habit](DIALYSES)
        self.measured = Numbered[str]((*knowledge.labs, EARLIER))
        self.products: list[Any] = []
        """What :mod:`relaxant.cohort.drugs` knows of each drug, for its doses."""
        self._left: list[Left] = []

    def leave(self, domain: str, row: Row, why: str, *, lost: bool, name: str | None = None) -> None:
        """Note that nothing was made of a row."""
        known = row.vocabulary_id if row.concept_code else None
        code = row.concept_code or row.source
        if code is None and row.words is None and row.concept:
            known, code = "concept_id", str(row.concept)
        self._left.append(
            Left(domain=domain, vocabulary=known, code=code, name=name or row.words, rows=row.rows, why=why, lost=lost)
        )

    def left(self) -> list[Left]:
        """What was left, the worst first."""
        return worst_left(self._left)

    def vocabulary(self) -> Vocabulary:
        """The items by number."""
        return Vocabulary(
            lines=self.lines.items,
            measured=self.measured.items,
            conditions=self.conditions.items,
            allergies=self.allergies.items,
            habits=self.habits.items,
        )


class Numbered(Generic[Item]):
    """Distinct items, each with the number under which it was first met."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._numbers: dict[Item, int] = {}
        for item in items:
            self.number(item)

    def number(self, item: Item) -> int:
        """The number of an item, given on the first asking."""
        return self._numbers.setdefault(item, len(self._numbers))

    def numbers(self, items: Sequence[Item]) -> list[int]:
        """The numbers of items, new ones in the order of what they say: which of two comes first is so whatever else there is."""
        for item in sorted(set(items), key=msgspec.json.encode):
            self.number(item)
        return [self._numbers[item] for item in items]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(self._numbers)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every domain's table of distinct things has: the number of its concept (0: none) with what that is, ``source``, the source's own words
    where there is no concept, and ``rows``, how many the registry has of it."""

    concept: int = 0
    vocabulary_id: str | None = None
    concept_code: str | None = None
    concept_name: str | None = None
    source: str | None = None
    rows: int = 1

    @property
    def words(self) -> str | None:
        """What it is called."""
        return self.concept_name or self.source


def rows_of(table: pa.Table, kind: type[Kind]) -> list[Kind]:
    """The rows of a table as structs, their words cleaned; columns that are no fields are passed over, fields without a column are not known."""
    fields = kind.__struct_fields__
    columns = {name: table.column(name).to_pylist() for name in table.column_names if name in fields}
    tidy = {name: [_tidy(v) for v in values] for name, values in columns.items()}
    return [
        msgspec.convert(
            {name: value for name, value in zip(tidy, row, strict=True) if value is not None}, kind, strict=False
        )
        for row in zip(*tidy.values(), strict=True)
    ]


def _tidy(value: Any) -> Any:
    """A value without what no patient file can hold; empty words are none."""
    return (clean(value) or None) if isinstance(value, str) else value


def in_order(rows: Sequence[Kind]) -> list[int]:
    """The places of the rows in an order of their own, whatever the order in which an engine gave them."""
    return sorted(range(len(rows)), key=lambda i: msgspec.json.encode(rows[i]))


def beside(
    table: pa.Table, keys: Sequence[str], made: Sequence[Mapping[str, Any] | None], schema: pa.Schema
) -> pa.Table:
    """The key columns of a table with what was made of each of its rows beside them, without the rows of which nothing was made."""
    kept = [i for i, row in enumerate(made) if row is not None]
    out = table.select(list(keys)).take(pa.array(kept, pa.int64()))
    meant = [row for row in made if row is not None]
    for field in schema:
        out = out.append_column(field, pa.array([row[field.name] for row in meant], field.type))
    return out
