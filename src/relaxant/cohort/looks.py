"""The days on which the people of a batch are looked at: a row a look, and for how long what is seen on it stands."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relaxant.cohort.period import Period
from relaxant.cohort.said import PERSON
from relaxant.facts.column import Floats, Mask
from relaxant.rules.ragged import Index


class Looks(msgspec.Struct, frozen=True):
    """Looks in the order of people and days. Of each look: ``person`` is the place of the person in ``person_id``, ``day`` its day as a number, ``end`` the
    last day for which it stands (the day before the next look; the last day of the period, or of the life), ``begins`` and ``ends`` whether it
    is the person's first and last. Of each person: ``first`` is the row of the first look, ``died`` the day of the death and ``followed`` that since which
    the registry knows them, NaN where it is not said."""

    person_id: NDArray[np.int64]
    person: Index
    day: Index
    end: Index
    begins: Mask
    ends: Mask
    first: Index
    died: Floats
    followed: Floats

    @property
    def rows(self) -> int:
        """How many looks."""
        return len(self.day)

    @property
    def people(self) -> int:
        """How many people."""
        return len(self.person_id)

    def of_people(self, rows: Mask | Index) -> Mask:
        """Which people have one of some looks."""
        return np.bincount(self.person[rows], minlength=self.people) > 0


def looks_of(said: pa.Table, period: Period) -> Looks:
    """The looks of whole people in the order of :data:`relaxant.cohort.said.SAID`."""
    who = said.filter(pc.equal(said["kind"], PERSON))
    person_id = who["person_id"].to_numpy()
    day = who["as_of"].to_numpy().astype(np.intp)
    begins = np.ones(len(day), bool)
    begins[1:] = person_id[1:] != person_id[:-1]
    ends = np.append(begins[1:], True)[: len(day)]
    first = np.flatnonzero(begins)
    last = np.flatnonzero(ends)
    stop, since = (who[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("stop", "high"))
    _, end_of_period = period.days
    end = np.empty(len(day), np.intp)
    end[:-1] = day[1:] - 1
    end[last] = np.fmin(stop[last], end_of_period).astype(np.intp)
    return Looks(
        person_id[first], np.cumsum(begins) - 1, day, end, begins, ends, first, stop[last], since[first]
    )  # fmt: skip
