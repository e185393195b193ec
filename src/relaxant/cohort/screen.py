"""A screen: everybody of a registry who has a relaxant, through the rules of the bedside, batch by batch; what came of it as files."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec
import pyarrow as pa

from relaxant.cohort.batch import RegistryBatches
from relaxant.cohort.bulk import PERSONS
from relaxant.cohort.checking import Checker, Outcome, packed, unpacked
from relaxant.cohort.opening import fingerprint, open_source, shown_source
from relaxant.cohort.period import PeriodAsked
from relaxant.cohort.period_files import write_period
from relaxant.cohort.preparing import Prepared, prepare_registry
from relaxant.cohort.registry import Registry
from relaxant.cohort.results import CHECKS, FINDINGS
from relaxant.cohort.said import SAID
from relaxant.cohort.sources import Asked, batches_of, source_of
from relaxant.cohort.summary import summary_html
from relaxant.cohort.tally import Tally
from relaxant.cohort.unfinished import Span, Unfinished
from relaxant.cohort.vocabulary import left_of, worst_left
from relaxant.cohort.whole import whole_people
from relaxant.cohort.writing import Growing, write_attrition, write_counts, write_unmapped
from relaxant.errors import InputError
from relaxant.io.patient_file import read_country
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.version import __version__

PEOPLE_AT_ONCE = 8_192  # twice as many take a third more memory and save a twentieth of the time
_ROWS_AT_ONCE = 400_000  # of what is said, on a machine of Spark
_READS = "reading the source"
_PACKED = "first long, findings binary, checks binary, tally binary"
Progress = Callable[[str, int, int], None]


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen came to: what was found in the registry, the counts, and the files."""

    prepared: Prepared
    tally: Tally
    source: str
    engine: str
    knowledge_date: str
    knowledge_sha256: str
    findings: Path
    checks: Path | None


def screen(
    source: str | Path,
    output: str | Path,
    *,
    engine: str = "duckdb",
    as_of: date | None = None,
    period: PeriodAsked | None = None,
    country: str = "US",
    checks: bool = False,
    small_counts: bool = False,
    workers: int = 1,
    memory: str = "1200MB",
    people_at_once: int = PEOPLE_AT_ONCE,
    today: date | None = None,
    knowledge: Knowledge | None = None,
    progress: Progress | None = None,
) -> Screen:
    """Screens a registry, or the records of FHIR bulk data, as of a day (its last where none is said), or a registry over a ``period``, and writes ``findings.parquet``, ``counts.csv``, ``attrition.csv``,
    ``unmapped.csv`` and ``summary.html`` into a folder; with ``checks`` all checks too, and ``persons.csv``, which says whose
    record has which number, where the source has ids that are no numbers. Of a period ``incidence.csv`` and ``trends.csv`` too.

    ``workers`` are processes, of which the program that asks for more than one has to be importable without running (``if __name__ ==
    "__main__"``). A screen that was stopped goes on where it was when the same is asked again, and gives the same bytes. ``progress`` is told
    what is done, how much of it, of how much. Raises :class:`InputError` naming what of the source or the settings cannot be used.
    """
    knowledge = knowledge or load_knowledge()
    today = today or date.today()  # noqa: DTZ011 - the caller's own day, as everywhere
    country = read_country(country)
    _one_or_the_other(as_of, period, checks)
    folder = Path(output)
    stamp: dict[str, object] = {
        "engine": __version__,
        "knowledge": knowledge.sha256,
        "source": fingerprint(str(source)),
        "by": engine,
        "as_of": None if as_of is None else as_of.isoformat(),
        "period": None if period is None else msgspec.to_builtins(period),
        "country": country,
        "checks": checks,
        "people_at_once": people_at_once,
    }
    unfinished = Unfinished(folder, stamp)
    tell = progress or (lambda what, done, of: None)
    job = _Job(
        str(source), engine, as_of, period, country, checks, max(1, workers), memory, today, people_at_once, knowledge
    )
    prepared = _on_spark(job, unfinished, tell) if _by_spark(job) else _here(job, unfinished, tell)
    return _finish(job, prepared, unfinished, folder, small_counts)


def _one_or_the_other(as_of: date | None, period: PeriodAsked | None, checks: bool) -> None:
    """Raises :class:`InputError` for what cannot be asked of a period."""
    if period is not None and as_of is not None:
        raise InputError("--as-of", as_of, "a period was asked for too", "give a day, or the first and last day of a period")  # fmt: skip
    if period is not None and checks:
        raise InputError("--checks", "given", "checks are those of one day, and a period has many", "give --as-of instead of --from")  # fmt: skip


class _Job(msgspec.Struct, frozen=True):
    source: str
    engine: str
    as_of: date | None
    period: PeriodAsked | None
    country: str
    checks: bool
    workers: int
    memory: str
    today: date
    people_at_once: int
    knowledge: Knowledge


def _by_spark(job: _Job) -> bool:
    return job.engine == "spark" or job.source.startswith("spark:")


# ---------------------------------------------------------------- in this process, and in processes beside it


def _here(job: _Job, unfinished: Unfinished, tell: Progress) -> Prepared:
    written = unfinished.get("prepared.json")
    if written is None:
        tell(_READS, 0, 1)
        asked = Asked(
            as_of=job.as_of,
            country=job.country,
            today=job.today,
            people_at_once=job.people_at_once,
            memory=job.memory,
            threads=max(job.workers, os.cpu_count() or 1),
            period=job.period,
        )
        prepared = source_of(job.source, job.engine).prepare(
            asked, unfinished, job.knowledge, lambda done, of: tell(_READS, done, of)
        )
        unfinished.put("prepared.json", msgspec.json.encode(prepared))
    else:
        prepared = msgspec.json.decode(written, type=Prepared)
    left = [span for span in prepared.spans if unfinished.get(_name(span, "tally")) is None]
    done = len(prepared.spans) - len(left)
    for _ in _checked(job, prepared, unfinished, left):
        tell("checking", done := done + 1, len(prepared.spans))
    return prepared


def _checked(job: _Job, prepared: Prepared, unfinished: Unfinished, left: Sequence[Span]) -> Iterator[Span]:
    """Checks the batches that are left, each in turn or several beside one another, and gives them as they are done."""
    if job.workers == 1 or len(left) < 2:
        checker = Checker(
            batches_of(prepared, job.knowledge), job.country, job.knowledge, checks=job.checks, period=prepared.period
        )
        for span in left:
            _put(unfinished, span, checker.check(unfinished.read_said(span)))
            yield span
        return
    unfinished.put("knowledge.msgpack", msgspec.msgpack.encode(job.knowledge))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(job.workers, context, _begin, (unfinished, job.country, job.checks)) as pool:
        waiting: set[Future[Span]] = set()
        spans = iter(left)
        try:
            while True:
                for span in spans:
                    waiting.add(pool.submit(_check_span, span))
                    if len(waiting) > job.workers:
                        break
                if not waiting:
                    return
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for one in ready:
                    yield one.result()
        except BrokenProcessPool:
            raise InputError("--workers", job.workers, "one of the processes was ended from outside", "run the same command again: it goes on where it was; with fewer workers if memory was short") from None  # fmt: skip


_SHARED: list[tuple[Unfinished, Checker]] = []


def _begin(unfinished: Unfinished, country: str, checks: bool) -> None:
    """What a process does first: reads knowledge and vocabulary once, and sees to it that it ends with the process that began it."""
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    pa.set_cpu_count(1)
    knowledge = msgspec.msgpack.decode(unfinished.get("knowledge.msgpack") or b"", type=Knowledge)
    prepared = msgspec.json.decode(unfinished.get("prepared.json") or b"", type=Prepared)
    batches = batches_of(prepared, knowledge)
    _SHARED.append((unfinished, Checker(batches, country, knowledge, checks=checks, period=prepared.period)))


def _end_with(other: BaseProcess | None) -> None:
    if other is not None:
        other.join()
        os._exit(1)


def _check_span(span: Span) -> Span:
    unfinished, checker = _SHARED[0]
    _put(unfinished, span, checker.check(unfinished.read_said(span)))
    return span


def _name(span: Span, what: str) -> str:
    return f"batch-{span.number:06d}.{what}"


def _put(unfinished: Unfinished, span: Span, outcome: Outcome) -> None:
    """Writes what came of a batch, the tally last: with it the batch is done."""
    findings, checks, tally = packed(outcome)
    unfinished.put(_name(span, "findings"), findings)
    if checks:
        unfinished.put(_name(span, "checks"), checks)
    unfinished.put(_name(span, "tally"), tally)


# ---------------------------------------------------------------- on Spark


def _on_spark(job: _Job, unfinished: Unfinished, tell: Progress) -> Prepared:
    from relaxant.cohort.spark import SparkEngine

    tell(_READS, 0, 1)
    held = open_source(job.source, job.engine)
    assert isinstance(held, SparkEngine)
    try:
        prepared, said = prepare_registry(
            Registry(held), job.knowledge, as_of=job.as_of, country=job.country, today=job.today, people_at_once=held.tasks * job.people_at_once, period=job.period
        )  # fmt: skip
        begun = unfinished.get("prepared.json")
        if begun is not None:  # how many people are checked at once may be another number now
            prepared = msgspec.structs.replace(prepared, spans=msgspec.json.decode(begun, type=Prepared).spans)
        written = msgspec.json.encode(prepared)
        if begun not in (None, written):
            raise InputError("SOURCE", job.source, "it is no longer what the unfinished screen began with", f"remove {unfinished.folder} to begin anew")  # fmt: skip
        unfinished.put("prepared.json", written)
        held.keep("said", f"SELECT person_id, as_of, kind, item, start, stop, low, high FROM ({said}) AS s")
        check = _OnSpark(prepared, job)
        people = sum(one.persons for one in prepared.people if one.asked) // max(1, len(prepared.spans))
        for span in prepared.spans:
            if unfinished.get(_name(span, "tally")) is None:
                rows = held.mapped(
                    f"SELECT * FROM said WHERE person_id BETWEEN {span.first} AND {span.last}", check, _PACKED, people
                )  # fmt: skip
                _put(unfinished, span, _together(sorted(rows, key=lambda row: int(row["first"]))))
            tell("checking", span.number + 1, len(prepared.spans))
    finally:
        held.close()
    return prepared


class _OnSpark:
    """What every machine of Spark does with the batches that it holds."""

    def __init__(self, prepared: Prepared, job: _Job) -> None:
        self._vocabulary = msgspec.msgpack.encode(prepared.vocabulary)
        self._knowledge = msgspec.msgpack.encode(job.knowledge)
        self._country, self._checks, self._period = job.country, job.checks, prepared.period

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        checker: Checker | None = None
        for said in whole_people(batches, _ROWS_AT_ONCE):
            if checker is None:
                from relaxant.cohort.said import Vocabulary

                knowledge = msgspec.msgpack.decode(self._knowledge, type=Knowledge)
                vocabulary = msgspec.msgpack.decode(self._vocabulary, type=Vocabulary)
                read = RegistryBatches(vocabulary, self._country, knowledge)
                checker = Checker(read, self._country, knowledge, checks=self._checks, period=self._period)
            findings, checks, tally = packed(checker.check(said.cast(SAID)))
            yield pa.RecordBatch.from_pydict(
                {"first": [said["person_id"][0].as_py()], "findings": [findings], "checks": [checks], "tally": [tally]}
            )


def _together(rows: Sequence[dict[str, bytes | int]]) -> Outcome:
    """The outcomes of the parts of a batch as one."""
    tally, findings, checks = Tally(), [FINDINGS.empty_table()], list[pa.Table]()
    for row in rows:
        findings.append(unpacked(bytes(row["findings"])))
        if row["checks"]:
            checks.append(unpacked(bytes(row["checks"])))
        tally.add(msgspec.msgpack.decode(bytes(row["tally"]), type=Tally))
    return Outcome(
        pa.concat_tables(findings).unify_dictionaries(),
        tally,
        pa.concat_tables(checks).unify_dictionaries() if checks else None,
    )


# ---------------------------------------------------------------- what comes of it


def _finish(job: _Job, prepared: Prepared, unfinished: Unfinished, folder: Path, small_counts: bool) -> Screen:
    """Puts the batches together in their order and writes the files; then the unfinished folder goes."""
    tally = prepared.others(job.knowledge)
    with Growing(folder / "findings.parquet.part", FINDINGS) as growing:
        for span in prepared.spans:
            growing.add(unpacked(unfinished.get(_name(span, "findings")) or b""))
            tally.add(msgspec.msgpack.decode(unfinished.get(_name(span, "tally")) or b"", type=Tally))
    os.replace(folder / "findings.parquet.part", folder / "findings.parquet")
    checks = folder / "checks.parquet" if job.checks else None
    if checks is not None:
        with Growing(folder / "checks.parquet.part", CHECKS) as growing:
            for span in prepared.spans:
                growing.add(unpacked(unfinished.get(_name(span, "checks")) or b""))
        os.replace(folder / "checks.parquet.part", checks)
    tally.balanced()
    prepared = msgspec.structs.replace(prepared, left=tuple(worst_left([*prepared.left, *left_of(tally.left)])))
    made = Screen(
        prepared=prepared,
        tally=tally,
        source=shown_source(job.source),
        engine=job.engine,
        knowledge_date=job.knowledge.date,
        knowledge_sha256=job.knowledge.sha256,
        findings=folder / "findings.parquet",
        checks=checks,
    )
    write_counts(folder / "counts.csv", tally)
    write_attrition(folder / "attrition.csv", tally)
    write_unmapped(folder / "unmapped.csv", prepared.left)
    if prepared.period is not None:
        write_period(folder, tally, job.knowledge, prepared.country)
    page = summary_html(
        prepared, tally, job.knowledge, source=made.source, engine=made.engine, small_counts=small_counts
    )
    (folder / "summary.html").write_text(page, encoding="utf-8", newline="\n")
    if (unfinished.folder / PERSONS).exists():
        os.replace(unfinished.folder / PERSONS, folder / PERSONS)
    unfinished.done()
    return made
