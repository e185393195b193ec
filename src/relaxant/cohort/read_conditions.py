"""The conditions of many people as columns: each condition of the vocabulary is read once, by the bedside's reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np

from relaxant.cohort.rows import Lists, Numbers, Rows, laid_out
from relaxant.cohort.said import Vocabulary
from relaxant.facts.column import Floats, Mask
from relaxant.facts.conditions import condition_ids, conditions_said, events_of, implied_by
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient, Stated
from relaxant.rules.ragged import Index, Ragged

_ANY_DAY = date(2000, 1, 1)  # what has no date says the same on every day


class Marks:
    """Yes and perhaps of people by name: 1, NaN, or 0 where nothing was said. What is surely so is, whatever else is in question."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self.columns: dict[str, Floats] = {}

    def add(self, row: Index, name: Index, words: Sequence[str], value: float) -> None:
        """Marks persons by names (numbers of ``words``) with 1 or NaN; those with 1 last."""
        order = np.argsort(name, kind="stable")
        names, first = np.unique(name[order], return_index=True)
        for number, start, end in zip(names.tolist(), first.tolist(), [*first[1:].tolist(), len(name)], strict=False):
            self.columns.setdefault(words[number], np.zeros(self._rows))[row[order[start:end]]] = value


class ConditionReader:
    """Reads the conditions of batch after batch."""

    def __init__(self, vocabulary: Vocabulary, knowledge: Knowledge) -> None:
        self._names = Numbers[str]()
        said = [
            conditions_said(_somebody(stated), knowledge, {}, pump=pump)
            for pump in (False, True)
            for stated in vocabulary.conditions
        ]
        self._surely = self._numbered([[name for name, has in one.items() if has == 1] for one in said])
        self._maybe = self._numbered([[name for name, has in one.items() if has != 1] for one in said])
        named = [condition_ids(stated, knowledge) for stated in vocabulary.conditions]
        self._dated = self._numbered([[o for n in ids for o in (n, *implied_by(n, knowledge))] for ids in named])
        self._events = self._numbered([events_of(s.name, knowledge) if s.name else () for s in vocabulary.conditions])
        self._items = len(vocabulary.conditions)

    def _numbered(self, lists: Sequence[Sequence[str]]) -> Ragged:
        out = Lists()
        for words in lists:
            out.add([self._names.number(word) for word in words])
        return out.ragged()

    def conditions_of(self, rows: Rows, pump: Mask) -> dict[str, Floats]:
        """What people have: 1, or NaN where it is in question. ``pump`` is in whose spine something runs: words then speak of that. Shape (rows,)."""
        current, words = _current(rows), self._names.words
        said, marks = current.item + self._items * pump[current.row], Marks(len(pump))
        for lists, value in ((self._maybe, np.nan), (self._surely, 1.0)):
            place, name = laid_out(lists, said)
            marks.add(current.row[place], name, words, value)
        return marks.columns

    def since_of(self, rows: Rows, people: int) -> dict[str, Floats]:
        """``since:NAME``, the days since a condition began, for those with a date: the latest where it was said more than once. An event without
        a date counts as of the day looked at; of one to come the days are below nought."""
        current, words = _current(rows), self._names.words
        table = np.full((len(words), people), np.inf)
        place, event = laid_out(self._events, current.item)
        row, days = current.row[place], current.start[place]
        coming = np.full(table.shape, -np.inf)
        np.maximum.at(coming, (event, row), np.where(days < 0, days, -np.inf))
        np.minimum.at(table, (event, row), np.where(days >= 0, days, np.inf))
        unsaid = np.zeros(table.shape, bool)
        unsaid[event, row] = True
        table = np.where(unsaid & (table == np.inf), np.where(coming > -np.inf, coming, 0.0), table)
        dated = current.start >= 0
        place, name = laid_out(self._dated, current.item[dated])
        np.minimum.at(table, (name, current.row[dated][place]), current.start[dated][place])
        known = np.isfinite(table)
        return {
            f"since:{words[n]}": np.where(known[n], table[n], np.nan)
            for n in np.flatnonzero(known.any(axis=1)).tolist()
        }


def _somebody(stated: Stated) -> Patient:
    return Patient(as_of=_ANY_DAY, conditions=(msgspec.structs.replace(stated, since=None, until=None),))


def _current(rows: Rows) -> Rows:
    """The conditions that are not over."""
    return rows.some(~(rows.stop >= 0))
