"""What a screen asks of whatever holds the tables. Its questions are written once, in DuckDB's SQL; sqlglot puts them into an engine's own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import pyarrow as pa
import sqlglot


class Engine(Protocol):
    """A place where the tables lie and SQL runs: DuckDB, PostgreSQL, Spark."""

    name: str

    def columns(self) -> dict[str, dict[str, str]]:
        """The tables that are there: of each its columns, in small letters, with the names that they have there."""

    def source(self, table: str) -> str:
        """How a table of the source stands in a query."""

    def keep(self, name: str, sql: str) -> None:
        """Runs a query once and keeps what it gives under a name."""

    def load(self, name: str, table: pa.Table) -> None:
        """Puts a small table beside the others."""

    def rows(self, sql: str) -> pa.Table:
        """What a query gives, as a whole."""

    def stream(self, sql: str) -> Iterator[pa.RecordBatch]:
        """What a query gives, in its order, batch by batch."""

    def faults(self) -> tuple[tuple[str, str, int], ...]:
        """Rows that could not even be read, by table: (table, why, how many)."""

    def close(self) -> None:
        """Lets go of the source; nothing is left behind there."""


@lru_cache(maxsize=256)
def spoken(sql: str, dialect: str) -> str:
    """A query of ours in the SQL of an engine.

    >>> spoken("SELECT COUNT(*) FILTER (WHERE TRY_CAST(a AS DOUBLE) > 1) AS n FROM t", "postgres")
    'SELECT COUNT(*) FILTER(WHERE CAST(a AS DOUBLE PRECISION) > 1) AS n FROM t'
    """
    said = sqlglot.transpile(sql, read="duckdb", write=dialect)[0]
    return said.replace("DATE_FROM_PARTS(", "MAKE_DATE(")  # PostgreSQL has it by the name that DuckDB has
