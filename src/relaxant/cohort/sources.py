"""The forms that a source can have. Each is prepared once, into rows of people one after another, and read batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Protocol

import msgspec

from relaxant.cohort import prepare
from relaxant.cohort.batch import Batches, RegistryBatches
from relaxant.cohort.bulk import prepare_bulk
from relaxant.cohort.opening import holds_bulk, open_source
from relaxant.cohort.period import PeriodAsked
from relaxant.cohort.preparing import Prepared, prepare_registry
from relaxant.cohort.records import RecordBatches
from relaxant.cohort.registry import Registry
from relaxant.cohort.unfinished import Unfinished
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a source, and what its preparation may take."""

    as_of: date | None
    country: str
    today: date
    people_at_once: int
    memory: str
    threads: int
    period: PeriodAsked | None = None


class Source(Protocol):
    """A source in this process."""

    def prepare(
        self, asked: Asked, unfinished: Unfinished, knowledge: Knowledge, told: Callable[[int, int], None]
    ) -> Prepared:
        """Writes the prepared rows, and gives what is known before anybody is checked."""


class Tables(msgspec.Struct, frozen=True):
    """The tables of OMOP."""

    source: str
    engine: str

    def prepare(
        self, asked: Asked, unfinished: Unfinished, knowledge: Knowledge, told: Callable[[int, int], None]
    ) -> Prepared:
        """What is said of everybody who has a relaxant."""
        with (
            unfinished.spill() as spill,
            closing(open_source(self.source, self.engine, memory=asked.memory, threads=asked.threads, spill=spill)) as held,
        ):  # fmt: skip
            prepared, said = prepare_registry(
                Registry(held), knowledge, as_of=asked.as_of, country=asked.country, today=asked.today, people_at_once=asked.people_at_once, period=asked.period
            )  # fmt: skip
            unfinished.put_said(held.stream(prepare.in_order(said)))
            return prepared


class Bulk(msgspec.Struct, frozen=True):
    """FHIR bulk data."""

    source: Path

    def prepare(
        self, asked: Asked, unfinished: Unfinished, knowledge: Knowledge, told: Callable[[int, int], None]
    ) -> Prepared:
        """Everybody's record. Raises :class:`InputError` for a period: a record says how a medicine is, and not what was handed out when."""
        if asked.period is not None:
            raise InputError("--from", asked.period.first, "FHIR bulk data are looked at as of one day", "leave it out, or give the tables of OMOP")  # fmt: skip
        return prepare_bulk(
            self.source,
            unfinished,
            as_of=asked.as_of,
            country=asked.country,
            today=asked.today,
            people_at_once=asked.people_at_once,
            memory=asked.memory,
            threads=asked.threads,
            told=told,
        )


def source_of(source: str, engine: str) -> Source:
    """The form of a source."""
    return Bulk(Path(source)) if holds_bulk(source) else Tables(source, engine)


def batches_of(prepared: Prepared, knowledge: Knowledge) -> Batches:
    """The reader of the rows that were prepared."""
    if prepared.vocabulary is None:
        return RecordBatches(prepared.as_of, prepared.country, knowledge)
    return RegistryBatches(prepared.vocabulary, prepared.country, knowledge)
