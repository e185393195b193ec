"""Tables in files or in a DuckDB database, through DuckDB in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from relaxant.cohort.tables import BY_NAME
from relaxant.errors import InputError, visible

_ENDINGS = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
_BATCH = 100_000


class DuckEngine:
    """A folder with a file or a folder of files for each table (Parquet, or CSV that may be gzipped), or a DuckDB database."""

    name = "duckdb"

    def __init__(self, source: Path, *, memory: str = "1200MB", threads: int = 2, spill: Path | None = None) -> None:
        self._source = source
        self._spill = tempfile.TemporaryDirectory(prefix="relaxant-", dir=spill)
        self._faults: list[tuple[str, str, int]] = []
        self._where: dict[str, str] = {}
        with ExitStack() as undone:
            undone.callback(self._spill.cleanup)
            self._db = connect(Path(self._spill.name), memory, threads)
            undone.callback(self._db.close)
            if source.is_dir():
                self._files(source)
            else:
                self._database(source)
            undone.pop_all()

    def columns(self) -> dict[str, dict[str, str]]:
        """The tables that are there."""
        return {
            table: {name.lower(): name for name, *_ in self._run(f"DESCRIBE SELECT * FROM {where}", table).fetchall()}
            for table, where in self._where.items()
        }

    def source(self, table: str) -> str:
        """How a table of the source stands in a query."""
        return self._where[table]

    def keep(self, name: str, sql: str) -> None:
        """Runs a query once and keeps what it gives."""
        self._run(f"CREATE OR REPLACE TEMPORARY TABLE {name} AS {sql}")

    def load(self, name: str, table: pa.Table) -> None:
        """Puts a small table beside the others."""
        self._db.register("loading", table)
        self.keep(name, "SELECT * FROM loading")
        self._db.unregister("loading")

    def rows(self, sql: str) -> pa.Table:
        """What a query gives."""
        try:
            return self._db.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise self._broken(error) from None

    def stream(self, sql: str) -> Iterator[pa.RecordBatch]:
        """What a query gives, batch by batch."""
        try:
            batches: pa.RecordBatchReader = self._db.sql(sql).to_arrow_reader(_BATCH)
            yield from batches
        except duckdb.Error as error:
            raise self._broken(error) from None

    def faults(self) -> tuple[tuple[str, str, int], ...]:
        """Lines of CSV that could not be read."""
        return tuple(self._faults)

    def close(self) -> None:
        """Lets go of files and memory."""
        self._db.close()
        self._spill.cleanup()

    # ---------------------------------------------------------------- finding the tables

    def _files(self, folder: Path) -> None:
        for table, (ending, paths) in table_files(folder).items():
            if ending == ".parquet":
                self._where[table] = f"read_parquet([{', '.join(map(quoted, paths))}], union_by_name = true)"
            else:
                self._csv(table, paths)

    def _csv(self, table: str, paths: Sequence[Path]) -> None:
        """Reads a table of CSV once, as text; lines that are no rows of it are counted."""
        wanted = [field.name for field in BY_NAME[table].fields]
        there, bad = list[tuple[str, dict[str, str]]](), 0
        for path in paths:
            reads = (
                f"read_csv({quoted(path)}, header = true, all_varchar = true, store_rejects = true, rejects_limit = 0)"
            )
            found = self._run(f"DESCRIBE SELECT * FROM {reads}", path.name).fetchall()
            names = {name.lower(): name for name, *_ in found if name.lower() in wanted}
            if not names:
                raise InputError(f"SOURCE {path.name}", ", ".join(name for name, *_ in found), "it has none of the columns of this table", f"name them in its first line: {', '.join(wanted)}")  # fmt: skip
            there.append((reads, names))
        columns = [name for name in wanted if any(name in names for _, names in there)]
        self._run(f"CREATE TEMPORARY TABLE csv_{table} ({', '.join(f'{name} VARCHAR' for name in columns)})")
        for path, (reads, names) in zip(paths, there, strict=True):
            listed = ", ".join(f'"{name}"' for name in names.values())
            self._run(f"INSERT INTO csv_{table} ({', '.join(names)}) SELECT {listed} FROM {reads}", path.name)
            lines = self._run("SELECT COUNT(DISTINCT (file_id, line)) FROM reject_errors").fetchone()
            bad += int(lines[0]) if lines else 0
            for leftover in ("reject_errors", "reject_scans"):
                self._run(f"DROP TABLE IF EXISTS {leftover}")
        if bad:
            self._faults.append((table, "a line that is no row of the table", bad))
        self._where[table] = f"csv_{table}"

    def _database(self, path: Path) -> None:
        try:
            self._db.execute(f"ATTACH {quoted(path)} AS source (READ_ONLY)")
        except duckdb.Error as error:
            raise self._broken(error) from None
        there = self._db.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
        ).fetchall()
        for schema, name in sorted(there):
            if name.lower() in BY_NAME:
                if name.lower() in self._where:
                    raise InputError("SOURCE", name, "this table is there in more than one schema", "give a database with one")  # fmt: skip
                self._where[name.lower()] = f'source."{schema}"."{name}"'

    def _run(self, sql: str, where: str | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._db.execute(sql)
        except duckdb.Error as error:
            raise self._broken(error, where) from None

    def _broken(self, error: duckdb.Error, where: str | None = None) -> InputError:
        """What DuckDB says of a source that it cannot read, with the file where it names it."""
        said = " ".join(str(error).split()).partition(" LINE 1:")[0]
        place = f"SOURCE {where}" if where else "SOURCE"
        if isinstance(error, duckdb.OutOfMemoryException):
            return InputError(place, self._source, "the memory that was allowed is not enough", "allow more with --memory")  # fmt: skip
        return InputError(
            place, self._source, f"it cannot be read ({visible(said, 220)})", "give whole files of the OMOP tables"
        )


def connect(spill: Path, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    """A DuckDB of this process with nothing in it, which goes to disk in ``spill`` where more than ``memory`` is asked of it.

    Raises :class:`InputError` where that is no amount of memory.
    """
    try:
        made = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(spill),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
    except duckdb.Error:
        raise InputError("--memory", memory, "this is no amount of memory", "write it such as 1200MB or 4GB") from None
    with suppress(duckdb.InvalidInputException):  # in a notebook that can draw none it cannot be put out either
        made.execute("SET enable_progress_bar = false")  # it writes to standard output where nobody runs a file
    return made


def table_files(folder: Path) -> dict[str, tuple[str, list[Path]]]:
    """The tables of a folder, each with the ending of its files and the files: ``person.parquet``, or a folder ``person`` with several."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        table = path.name.lower().partition(".")[0]
        if table not in BY_NAME:
            continue
        parts = sorted(p for p in path.rglob("*") if p.is_file() and _ending(p)) if path.is_dir() else [path]
        found.setdefault(table, []).extend(p for p in parts if _ending(p))
    out = {}
    for table, paths in found.items():
        endings = {ending for p in paths if (ending := _ending(p))}
        if len(endings) > 1:
            raise InputError(
                "SOURCE", table, f"this table is there as {' and '.join(sorted(endings))}", "leave one of them in the folder"
            )  # fmt: skip
        if endings:
            out[table] = endings.pop(), paths
    return out


def quoted(path: Path) -> str:
    """A path as text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _ending(path: Path) -> str | None:
    """``.parquet`` or ``.csv`` (tab-separated and gzipped files too); ``None`` for what is no table."""
    name = path.name.lower()
    if name.startswith((".", "_")) or not name.endswith(_ENDINGS):
        return None
    return ".parquet" if name.endswith(".parquet") else ".csv"


def is_database(path: Path) -> bool:
    """Whether a file is a DuckDB database: its mark stands at byte 8."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"
