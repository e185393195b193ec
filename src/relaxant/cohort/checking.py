"""One batch of people through facts and rules: the columns of what is said of them, the one evaluator, and what came of it."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pyarrow as pa

from relaxant.cohort.days import day_of
from relaxant.cohort.reading import Reader
from relaxant.cohort.results import checks_table, findings_table
from relaxant.cohort.said import Vocabulary
from relaxant.cohort.tally import People, Tally, screened, tally_of
from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.patient import jurisdiction_of
from relaxant.rules.columns import made
from relaxant.rules.evaluate import evaluate, program


class Outcome(msgspec.Struct, frozen=True):
    """What came of one batch. ``checks`` is ``None`` where they were not asked for."""

    findings: pa.Table
    checks: pa.Table | None
    tally: Tally


class Checker:
    """Checks batch after batch of a registry: its ``vocabulary`` is read once."""

    def __init__(self, vocabulary: Vocabulary, country: str, knowledge: Knowledge, *, checks: bool = False) -> None:
        self._reader = Reader(vocabulary, country, knowledge)
        self._knowledge, self._jurisdiction, self._checks = knowledge, jurisdiction_of(country), checks

    def check(self, said: pa.Table) -> Outcome:
        """Every rule on everybody in ``said``, whole people in the order of :data:`relaxant.cohort.said.SAID`."""
        people, as_of, inputs = self._reader.inputs(said)
        facts = Facts(inputs, self._knowledge, self._jurisdiction)
        tested = evaluate(program(self._knowledge, self._jurisdiction), facts, facts.inputs.agents.keys() or None)
        result = screened(tested)
        everybody = People(people, inputs.truths["female"], inputs.numbers["age"], np.arange(len(people)))
        day = day_of(int(as_of.max(initial=0)))
        return Outcome(
            findings_table(people, result.fired, facts, day),
            checks_table(people, made(tested)) if self._checks else None,
            tally_of(everybody, result, day.year, persons=len(people), rejected={}),
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
