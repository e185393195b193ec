"""The rows of what a registry says, as arrays by kind; and what its items mean, as lists laid end to end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relaxant.cohort.said import PERSON
from relaxant.errors import InputError
from relaxant.facts.column import Floats, Mask
from relaxant.rules.ragged import Index, Ragged, starts

Days = NDArray[np.int64]
Word = TypeVar("Word")


class Rows(NamedTuple):
    """Rows of one kind. ``row`` is whose each is, in the order of people and days, and ``item`` what; ``as_of`` is the day looked at, from
    1970-01-01. ``start`` and ``stop`` are in days before that, below nought after it, NaN where null. Each has shape (rows of the kind,)."""

    row: Index
    item: Index
    as_of: Days
    start: Floats
    stop: Floats
    low: Floats
    high: Floats

    def some(self, which: Mask) -> Rows:
        """Some of the rows."""
        row, item, as_of, start, stop, low, high = self
        return Rows(row[which], item[which], as_of[which], start[which], stop[which], low[which], high[which])


class People(NamedTuple):
    """Who is looked at on which day, with the rows of each kind. ``person`` and ``as_of`` have shape (rows,), a row for each person and day."""

    person: NDArray[np.int64]
    as_of: Days
    kinds: dict[int, Rows]


def people_of(said: pa.Table, kinds: Sequence[int]) -> People:
    """The rows of a table (:data:`relaxant.cohort.said.SAID`, whole people one after another) by kind.

    Raises :class:`InputError` where a person's rows do not begin with one that says who it is, or have two.
    """
    person, as_of, kind, item = (
        said.column(n).to_numpy().astype(np.int64) for n in ("person_id", "as_of", "kind", "item")
    )
    start, stop = (as_of - said.column(name).to_numpy().astype(np.float64) for name in ("start", "stop"))
    low, high = (said.column(name).to_numpy().astype(np.float64) for name in ("low", "high"))
    begins = kind == PERSON
    new = np.ones(len(person), bool)
    new[1:] = (person[1:] != person[:-1]) | (as_of[1:] != as_of[:-1])
    for wrong in np.flatnonzero(new != begins)[:1].tolist():
        _refuse(int(person[wrong]), begins=bool(begins[wrong]))
    row = begins.cumsum() - 1

    def of(one: int) -> Rows:
        here = np.flatnonzero(kind == one)
        return Rows(row[here], item[here], as_of[here], start[here], stop[here], low[here], high[here])

    return People(person[begins], as_of[begins], {one: of(one) for one in (PERSON, *kinds)})


def _refuse(person: int, *, begins: bool) -> None:
    if begins:
        raise InputError("kind", PERSON, f"person {person} has such a row twice", "give each person once")
    raise InputError(
        "person_id",
        person,
        "the rows of this person do not begin with the one that says who it is",
        "give a row of the person table for everyone with rows elsewhere, and each person once",
    )


class Numbers(Generic[Word]):
    """Distinct things by number, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[Word, int] = {}

    def number(self, word: Word) -> int:
        """The number of a thing."""
        return self._numbers.setdefault(word, len(self._numbers))

    @property
    def words(self) -> list[Word]:
        """The things by number."""
        return list(self._numbers)


class Lists:
    """Lists of numbers, one an entry, that grow by entries."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._values: list[float] = []

    def add(self, values: Sequence[float]) -> None:
        """The list of the next entry."""
        self._lengths.append(len(values))
        self._values += values

    def ragged(self) -> Ragged:
        """All of them."""
        return Ragged(starts(np.array(self._lengths, np.intp)), np.array(self._values, np.intp))


def laid_out(lists: Ragged, entries: Index) -> tuple[Index, Index]:
    """The values of the lists of some entries, end to end, and the place among ``entries`` of each."""
    of = lists.of(entries)
    return np.repeat(np.arange(len(entries)), of.lengths), of.values
