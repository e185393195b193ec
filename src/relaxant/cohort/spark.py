"""Tables where Spark is: the queries run there, and so does every check, on Arrow batches (``mapInArrow``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from relaxant.cohort.duck import table_files
from relaxant.cohort.engine import spoken
from relaxant.cohort.tables import BY_NAME
from relaxant.errors import InputError, visible

_CATALOG = "spark:"
_PEOPLE_OF_A_TASK = 1_000  # for fewer the knowledge is read longer than they are checked
_FAILURES = 4  # of a task, as on a cluster


class SparkEngine:
    """A folder that Spark can read (Parquet or CSV for each table), or tables of its catalog: ``spark:DATABASE``."""

    name = "spark"

    def __init__(self, source: str) -> None:
        self._source, self._own = source, SparkSession.getActiveSession() is None
        self.session = local_session()
        self._kept: list[str] = []
        self._where: dict[str, str] = {}
        if source.startswith(_CATALOG):
            self._catalog(source.removeprefix(_CATALOG))
        else:
            self._files(Path(source))

    @property
    def tasks(self) -> int:
        """Into how many tasks people are cut: two for each that can run at once."""
        return 2 * int(self.session.sparkContext.defaultParallelism)

    def columns(self) -> dict[str, dict[str, str]]:
        """The tables that are there."""
        return {
            table: {name.lower(): name for name in self._sql(f"SELECT * FROM {where}").columns}
            for table, where in self._where.items()
        }

    def source(self, table: str) -> str:
        """How a table of the source stands in a query."""
        return self._where[table]

    def keep(self, name: str, sql: str) -> None:
        """Runs a query and keeps what it gives, without how it was come by: else what is asked of the last of twenty names all before it, over again.

        In Spark's checkpoint folder where there is one (``spark.checkpoint.dir``); else where it was computed, and lost with an executor.
        """
        asked = self._sql(spoken(sql, "spark"))
        with _Told(self._source):
            found = asked.checkpoint() if self.session.sparkContext.getCheckpointDir() else asked.localCheckpoint()
        self._kept.append(name)
        found.createOrReplaceTempView(name)

    def load(self, name: str, table: pa.Table) -> None:
        """Puts a small table beside the others."""
        self._kept.append(name)
        self.session.createDataFrame(table).createOrReplaceTempView(name)

    def rows(self, sql: str) -> pa.Table:
        """What a query gives."""
        with _Told(self._source):
            return self._sql(spoken(sql, "spark")).toArrow()

    def stream(self, sql: str) -> Iterator[pa.RecordBatch]:
        """What a query gives, in its order."""
        yield from self.rows(sql).to_batches()

    def mapped(self, sql: str, check: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]], schema: str, people: int) -> Iterator[dict[str, bytes | int]]:  # fmt: skip
        """What ``check`` makes of the rows of a query, on the machines that hold them: nobody's rows are on two of them, and they stand in order.

        ``schema`` is that of what ``check`` gives, in Spark's words. Into how many tasks the ``people`` are cut, at most :attr:`tasks`, changes
        nothing of the outcome.
        """
        order = ("person_id", "as_of", "kind", "item", "start", "stop", "low")
        tasks = min(self.tasks, 1 + people // _PEOPLE_OF_A_TASK)
        with _Told(self._source):
            rows = self._sql(spoken(sql, "spark")).repartitionByRange(tasks, "person_id").sortWithinPartitions(*order)
            made = rows.mapInArrow(check, schema).persist()
            try:
                made.count()  # all tasks beside one another; the iterator alone would ask for one after another
                for row in made.toLocalIterator():
                    yield row.asDict()
            finally:
                made.unpersist()

    def faults(self) -> tuple[tuple[str, str, int], ...]:
        """Rows that Spark could not read are columns without a value, which are counted elsewhere."""
        return ()

    def close(self) -> None:
        """Lets go of what was kept, which Spark clears away once nobody names it; ends Spark where it was begun for this source."""
        for name in self._kept:
            self.session.catalog.dropTempView(name)
        if self._own:
            self.session.stop()

    def _files(self, folder: Path) -> None:
        for table, (ending, paths) in table_files(folder).items():
            view = f"source_{table}"
            reads = self.session.read
            with _Told(self._source):
                found = (
                    reads.option("mergeSchema", "true").parquet(*map(str, paths))
                    if ending == ".parquet"
                    else reads.option("header", "true").option("mode", "FAILFAST").csv(list(map(str, paths)))
                )
            found.createOrReplaceTempView(view)
            self._kept.append(view)
            self._where[table] = view

    def _catalog(self, database: str) -> None:
        with _Told(self._source):
            there = {table.name.lower(): table.name for table in self.session.catalog.listTables(database or None)}
        for table in BY_NAME:
            if table in there:
                self._where[table] = f"`{database}`.`{there[table]}`" if database else f"`{there[table]}`"

    def _sql(self, sql: str) -> DataFrame:
        with _Told(self._source):
            return self.session.sql(sql)


def local_session() -> SparkSession:
    """The session of the program: that of the cluster to which ``spark-submit`` gives it, with the settings given there; else Spark on this
    machine, quiet, with as many tasks at once as there are cores."""
    cores = os.cpu_count() or 1
    builder = SparkSession.builder.appName("relaxant screen")
    if not _given():
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else Spark takes the first python3 that it finds
        builder = (
            builder.master(os.environ.get("SPARK_MASTER", f"local[{cores},{_FAILURES}]"))
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", str(2 * cores))
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
        )
    session = builder.config("spark.sql.session.timeZone", "UTC").config("spark.sql.ansi.enabled", "true").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _given() -> bool:
    """Whether somebody else says where Spark runs: ``spark-submit`` gives the program the port of its gateway."""
    return any(os.environ.get(name) for name in ("PYSPARK_GATEWAY_PORT", "MASTER"))


class _Told:
    """Turns what Spark says of a fault into an :class:`InputError`."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, PySparkException) or type(error).__name__ == "Py4JJavaError":
            lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("\tat ")]
            first = next(
                (line for line in lines if "InputError" in line or "Error: " in line), lines[0] if lines else "no words"
            )
            raise InputError("SOURCE", self._source, f"Spark could not go on ({visible(first, 240)})", "give whole tables of the OMOP model; what was written is whole, and the same command goes on or begins anew") from None  # fmt: skip
