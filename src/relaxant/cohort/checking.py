"""One batch of people through facts and rules: the columns of what is said of them, the one evaluator, and what came of it."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pyarrow as pa

from relaxant.cohort.batch import Batches
from relaxant.cohort.days import day_number
from relaxant.cohort.looks import looks_of
from relaxant.cohort.over_the_period import over_the_period
from relaxant.cohort.period import Period
from relaxant.cohort.results import checks_table, findings_table
from relaxant.cohort.tally import Tally, screened, tally_of
from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.patient import jurisdiction_of
from relaxant.rules.columns import made
from relaxant.rules.evaluate import evaluate, program


class Outcome(msgspec.Struct, frozen=True):
    """What came of one batch. ``checks`` is ``None`` where they were not asked for."""

    findings: pa.Table
    tally: Tally
    checks: pa.Table | None


class Checker:
    """Checks batch after batch of a source, as its ``batches`` read them."""

    def __init__(
        self, batches: Batches, country: str, knowledge: Knowledge, *, checks: bool = False, period: Period | None = None
    ) -> None:  # fmt: skip
        self._batches, self._knowledge, self._checks, self._period = batches, knowledge, checks, period
        self._jurisdiction = jurisdiction_of(country)

    def check(self, rows: pa.Table) -> Outcome:
        """Every rule on everybody in the rows who has a relaxant: whole people one after another. Of a period, what becomes of it over time."""
        batch = self._batches.read(rows)
        people = batch.people.person_id[batch.people.asked]
        facts = Facts(batch.inputs, self._knowledge, self._jurisdiction)
        tested = evaluate(program(self._knowledge, self._jurisdiction), facts, facts.inputs.agents.keys() or None)
        result = screened(tested)
        if self._period is not None:
            return Outcome(*over_the_period(looks_of(rows, self._period), result, self._period), None)
        tally = tally_of(batch.people, result, batch.day.year, persons=batch.persons, rejected=batch.rejected)
        tally.left = batch.left
        return Outcome(
            findings_table(people, result.fired, facts, np.full(facts.rows, day_number(batch.day))),
            tally,
            checks_table(people, made(tested)) if self._checks else None,
        )


def packed(outcome: Outcome) -> tuple[bytes, bytes, bytes]:
    """An outcome as bytes: findings and checks as Arrow streams (nothing where not asked for), the tally as MessagePack."""
    return (
        _stream(outcome.findings),
        b"" if outcome.checks is None else _stream(outcome.checks),
        msgspec.msgpack.encode(outcome.tally),
    )


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpacked(data: bytes) -> pa.Table:
    """A table from :func:`packed`."""
    return pa.ipc.open_stream(data).read_all()
