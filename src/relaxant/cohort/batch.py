"""A batch of people as the rules take it: who they are, and the columns of those who have a relaxant. Each form of a source has its reader."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa

from relaxant.cohort.days import day_of
from relaxant.cohort.reading import Reader
from relaxant.cohort.said import Vocabulary
from relaxant.cohort.tally import LeftKey, People
from relaxant.facts.inputs import Inputs
from relaxant.knowledge.load import Knowledge


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """``people`` are all of whom something can be said, ``inputs`` those of them who are ``asked``, in their order; ``persons`` are all, the
    ``rejected`` among them, by reason. ``day``: that on which they are looked at. ``left``: of what nothing was made, with how many times."""

    people: People
    inputs: Inputs
    day: date
    persons: int
    rejected: dict[str, int] = {}
    left: dict[LeftKey, int] = {}


class Batches(Protocol):
    """Reads batch after batch of what was prepared."""

    def read(self, rows: pa.Table) -> Batch:
        """The people of some rows, which are whole people one after another."""


class RegistryBatches:
    """Rows of :data:`relaxant.cohort.said.SAID`: everybody in them has a relaxant."""

    def __init__(self, vocabulary: Vocabulary, country: str, knowledge: Knowledge) -> None:
        self._reader = Reader(vocabulary, country, knowledge)

    def read(self, rows: pa.Table) -> Batch:
        """The people of the rows."""
        number, as_of, inputs = self._reader.inputs(rows)
        people = People(number, inputs.truths["female"], inputs.numbers["age"], np.arange(len(number)))
        return Batch(people=people, inputs=inputs, day=day_of(int(as_of.max(initial=0))), persons=len(number))
