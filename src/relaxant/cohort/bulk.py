"""FHIR bulk data to records: its lines are read once, then brought to their patients by DuckDB, which goes to disk where memory ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from relaxant.cohort.days import day_number, day_of
from relaxant.cohort.duck import connect, quoted
from relaxant.cohort.ndjson import bulk_files
from relaxant.cohort.preparing import Prepared, nobody
from relaxant.cohort.records import RECORDS
from relaxant.cohort.registry import Missing
from relaxant.cohort.resources import Met, write_resources
from relaxant.cohort.unfinished import Span, Unfinished
from relaxant.cohort.vocabulary import Left, worst_left
from relaxant.cohort.writing import write_csv
from relaxant.errors import InputError, visible
from relaxant.io.fhir_contents import THINGS
from relaxant.io.fhir_medicines import KINDS as MEDICINES

PERSONS = "persons.csv"
_MOST_BYTES = 32 * 1024 * 1024  # of the records of a batch: more only where one person has them
_ROWS = 1024  # resources on their way at once
_UNKNOWN = {
    "Condition": "what anybody has",
    "Observation": "laboratory values, weights and blood pressures",
    "AllergyIntolerance": "allergies",
}


def prepare_bulk(
    source: Path,
    unfinished: Unfinished,
    *,
    as_of: date | None,
    country: str,
    today: date,
    people_at_once: int,
    memory: str,
    threads: int,
    told: Callable[[int, int], None],
) -> Prepared:
    """Prepares a screen as of a day (the newest of the data where none is said): the records, person by person, and who has which number.

    ``told`` hears how many bytes of how many are read. Raises :class:`InputError` where nothing can be screened, naming the file or the kind.
    """
    files, others = bulk_files(source)
    whole = sum(path.stat().st_size for path in files)
    with unfinished.spill() as spill:
        kept = spill / "resources.parquet"
        met = write_resources(files, kept, lambda done: told(done, whole))
        with connect(spill, memory, threads) as db:
            try:
                kinds = _bring_together(db, kept)
                if not kinds.get("Patient"):
                    raise InputError("SOURCE", source, "no Patient with an id is in its lines", "give the Patient resources of the export as well")  # fmt: skip
                if not any(kinds.get(kind) for kind in MEDICINES):
                    raise InputError("SOURCE", source, "nothing in it says what anybody takes", f"give {' or '.join(MEDICINES)} resources as well")  # fmt: skip
                newest = _newest(db, today)
                day = as_of or newest
                if day is None:
                    raise InputError("SOURCE", source, "nothing in it has a day up to today", "give the day with --as-of")  # fmt: skip
                _keep_placed(db, day)
                spans = _spans(db, people_at_once)
                unfinished.put_said(_cut(_records(db), spans), RECORDS)
                unfinished.made(PERSONS, lambda path: write_csv(path, ("person_id", "id"), _persons(db)))
                again = _one(db, "SELECT COALESCE(SUM(times - 1), 0) FROM patients")
                unusable = _unusable(db, met, others, day)
            except duckdb.OutOfMemoryException:
                raise InputError("--memory", memory, "this is not enough", "allow more") from None
            except duckdb.Error as error:
                said = visible(" ".join(str(error).split()), 220)
                raise InputError("SOURCE", source, f"it cannot be brought together ({said})", "make room on the disk of the output") from None  # fmt: skip
    return Prepared(
        as_of=day,
        as_of_said=as_of is not None,
        last=newest,
        country=country,
        people=(nobody("a Patient without an id", met.nobody),) if met.nobody else (),
        again=again,
        missing=tuple(
            Missing(f"the resource {kind}", "is not there", what)
            for kind, what in _UNKNOWN.items()
            if not kinds.get(kind)
        ),
        unusable=unusable,
        implausible=0,
        left=tuple(worst_left(_unread(met))),
        vocabulary=None,
        spans=spans,
    )


def _unread(met: Met) -> Iterator[Left]:
    for kind, count in met.unread.items():
        yield Left(domain="resource", vocabulary=None, code=None, name=visible(kind, 60), rows=count, why="no rule asks for it", lost=False)  # fmt: skip


# ---------------------------------------------------------------- from lines to people


def _bring_together(db: duckdb.DuckDBPyConnection, resources: Path) -> dict[str, int]:
    """Keeps ``resources``, and ``patients`` with their numbers, in the order of their ids. Gives how many there are of each kind."""
    db.execute(f"CREATE VIEW resources AS SELECT * FROM read_parquet({quoted(resources)})")
    db.execute(
        """
        CREATE TABLE patients AS
        SELECT ROW_NUMBER() OVER (ORDER BY about) AS person_id, about AS id, COUNT(*) AS times
        FROM resources WHERE kind = 'Patient' GROUP BY about
        """
    )
    return dict(db.execute("SELECT kind, COUNT(*) FROM resources GROUP BY kind").fetchall())


def _newest(db: duckdb.DuckDBPyConnection, today: date) -> date | None:
    found = _one(db, f"SELECT COALESCE(MAX(day), {_NO_DAY}) FROM resources WHERE day <= {day_number(today)}")
    return None if found == _NO_DAY else day_of(found)


_NO_DAY = -(10**9)


def _keep_placed(db: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Keeps ``placed``: of everything that was on record by the day whose it is. A thing is everybody's whose medicines refer to it, or to what is made of it."""
    in_time = f"(r.day IS NULL OR r.day <= {day_number(as_of)})"
    things = f"kind IN {THINGS}"
    db.execute(
        f"""
        CREATE TABLE wanted AS
        WITH RECURSIVE wanted(person_id, thing) AS (
            SELECT p.person_id, UNNEST(r.refers) FROM resources AS r JOIN patients AS p ON p.id = r.about
            WHERE r.kind IN {MEDICINES} AND {in_time}
            UNION
            SELECT w.person_id, UNNEST(t.refers) FROM wanted AS w JOIN resources AS t ON t.about = w.thing AND t.{things})
        SELECT * FROM wanted
        """
    )
    db.execute(
        f"""
        CREATE VIEW placed AS
        SELECT p.person_id, r.* FROM resources AS r JOIN patients AS p ON p.id = r.about WHERE NOT r.{things} AND {in_time}
        UNION ALL
        SELECT w.person_id, t.* FROM resources AS t JOIN wanted AS w ON w.thing = t.about WHERE t.{things}
        """
    )


def _spans(db: duckdb.DuckDBPyConnection, people_at_once: int) -> tuple[Span, ...]:
    """The batches: people in the order of their numbers, at most so many and of about so many bytes."""
    sql = "SELECT person_id, CAST(SUM(size) AS BIGINT) AS size FROM placed GROUP BY person_id ORDER BY person_id"
    columns: pa.Table = db.sql(sql).to_arrow_table()
    person, size = (columns[name].to_numpy() for name in ("person_id", "size"))
    by_count, by_size = np.arange(len(person)) // people_at_once, (np.cumsum(size) - size) // _MOST_BYTES
    first = np.flatnonzero(np.diff(by_count, prepend=-1) + np.diff(by_size, prepend=-1))
    ends = [*(first[1:] - 1), len(person) - 1] if len(person) else []
    return tuple(
        Span(number, int(person[a]), int(person[b])) for number, (a, b) in enumerate(zip(first, ends, strict=True))
    )


def _records(db: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    """What was placed, people one after another, each person's resources in the order of files and lines."""
    found = db.sql("SELECT person_id, kind, resource FROM placed ORDER BY person_id, file, line")
    yield from found.to_arrow_reader(_ROWS)


def _cut(batches: Iterable[pa.RecordBatch], spans: Sequence[Span]) -> Iterator[pa.RecordBatch]:
    """The rows of each span together."""
    waiting, ahead = list[pa.RecordBatch](), iter(spans)
    last = next(ahead).last
    for batch in batches:
        person = batch["person_id"].to_numpy()
        begun = 0
        while person[-1] > last:
            end = int(np.searchsorted(person, last, side="right"))
            yield pa.concat_batches([*waiting, batch.slice(begun, end - begun)])
            waiting, begun, last = [], end, next(ahead).last
        waiting.append(batch.slice(begun))
    if waiting:
        yield pa.concat_batches(waiting)


def _persons(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str]]:
    found = db.execute("SELECT person_id, id FROM patients ORDER BY person_id")
    while rows := found.fetchmany(10_000):
        yield from rows


# ---------------------------------------------------------------- what is not used


def _unusable(db: duckdb.DuckDBPyConnection, met: Met, others: Sequence[Path], as_of: date) -> tuple[tuple[str, str, int], ...]:  # fmt: skip
    """Lines and resources that are not used, by file or kind: (which, why, how many)."""
    of_nobody = f"SELECT kind, COUNT(*) FROM resources AS r WHERE NOT kind IN {THINGS} AND NOT EXISTS (SELECT 1 FROM patients AS p WHERE p.id = r.about) GROUP BY kind"
    later = f"SELECT kind, COUNT(*) FROM resources WHERE day > {day_number(as_of)} GROUP BY kind"
    out = [(place, why, count) for (place, why), count in met.unusable.items()]
    out += [(path.name, "a file without FHIR resources, one a line", 1) for path in others]
    for sql, why in ((of_nobody, "its patient is not there"), (later, "it lies after the day of the screen")):
        out += [(kind, why, count) for kind, count in db.execute(sql).fetchall()]
    return tuple(sorted(out))


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = db.execute(sql).fetchone()
    assert found is not None
    return int(found[0])
