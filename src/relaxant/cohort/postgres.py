"""Tables in PostgreSQL: the queries run there, what is kept lives in temporary tables of one connection."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.dbapi
import pyarrow as pa
import pyarrow.csv

from relaxant.cohort.engine import spoken
from relaxant.cohort.opening import shown_source
from relaxant.cohort.said import SAID
from relaxant.cohort.tables import BY_NAME
from relaxant.errors import InputError, visible

_TYPES = {pa.int8(): "SMALLINT", pa.int32(): "INT", pa.int64(): "BIGINT", pa.float64(): "DOUBLE PRECISION", pa.string(): "TEXT", pa.bool_(): "BOOLEAN"}  # fmt: skip


class PostgresEngine:
    """``postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME``; the schema is that of the search path where none is named."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._said = shown_source(url)  # no password in any message
        try:
            self._db = pg8000.dbapi.connect(
                user=unquote(parts.username or "postgres"),
                password=unquote(parts.password) if parts.password else None,
                host=parts.hostname or "localhost",
                port=parts.port or 5432,
                database=parts.path.lstrip("/") or None,
                **({"unix_sock": asked["unix_sock"][0]} if "unix_sock" in asked else {}),
            )
        except (pg8000.dbapi.Error, OSError, ValueError) as error:
            raise InputError("SOURCE", self._said, f"the database does not answer ({_said(error)})", "give postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None  # fmt: skip
        self._db.autocommit = True
        self._schema = asked["schema"][0] if "schema" in asked else str(self._all("SELECT current_schema()")[0][0])
        self._there = {
            table: {column.lower(): column for (column,) in self._columns(table)}
            for (table,) in self._all(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", self._schema
            )
            if table in BY_NAME
        }

    def columns(self) -> dict[str, dict[str, str]]:
        """The tables that are there."""
        return self._there

    def source(self, table: str) -> str:
        """How a table of the source stands in a query."""
        return f'"{self._schema}"."{table}"'

    def keep(self, name: str, sql: str) -> None:
        """Runs a query once and keeps what it gives until the connection is over."""
        self._all(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self._all(f"CREATE TEMPORARY TABLE {name} AS {spoken(sql, 'postgres')}")
        self._all(f"ANALYZE {name}")

    def load(self, name: str, table: pa.Table) -> None:
        """Puts a small table beside the others."""
        columns = ", ".join(f"{field.name} {_TYPES[field.type]}" for field in table.schema)
        self._all(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self._all(f"CREATE TEMPORARY TABLE {name} ({columns})")
        text = io.BytesIO()
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
        pyarrow.csv.write_csv(table, text, options)
        text.seek(0)
        with self._told():
            self._db.cursor().execute(f"COPY {name} FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL ({_texts(table)}))" if _texts(table) else f"COPY {name} FROM STDIN WITH (FORMAT csv)", stream=text)  # fmt: skip
        self._all(f"ANALYZE {name}")

    def rows(self, sql: str) -> pa.Table:
        """What a query gives."""
        cursor = self._db.cursor()
        with self._told():
            cursor.execute(spoken(sql, "postgres"))
        names = [column[0] for column in cursor.description or ()]
        found = cursor.fetchall()
        return pa.table({name: [row[i] for row in found] for i, name in enumerate(names)})

    def stream(self, sql: str) -> Iterator[pa.RecordBatch]:
        """What a query gives in the form of :data:`relaxant.cohort.said.SAID`, through a file that is gone afterwards."""
        with tempfile.TemporaryFile() as file:
            with self._told():
                self._db.cursor().execute(f"COPY ({_spoken(sql)}) TO STDOUT WITH (FORMAT csv)", stream=file)
            file.seek(0)
            if not file.read(1):
                return
            file.seek(0)
            yield from pyarrow.csv.open_csv(
                file,
                read_options=pyarrow.csv.ReadOptions(column_names=SAID.names, block_size=4 << 20),
                convert_options=pyarrow.csv.ConvertOptions(column_types=SAID),
            )

    def faults(self) -> tuple[tuple[str, str, int], ...]:
        """A database has no rows that cannot be read."""
        return ()

    def close(self) -> None:
        """Ends the connection, and with it what was kept."""
        self._db.close()

    def _columns(self, table: str) -> list[tuple[Any, ...]]:
        return self._all("SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s", self._schema, table)  # fmt: skip

    def _all(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        cursor = self._db.cursor()
        with self._told():
            cursor.execute(sql, values)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def _told(self) -> _Told:
        return _Told(self._said)


class _Told:
    """Turns what the database says of a fault into an :class:`InputError`."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pg8000.dbapi.Error, OSError)):
            raise InputError("SOURCE", self._source, f"the database refused ({_said(error)})", "give tables of the types of the OMOP model, and a user who may read them and make temporary tables") from None  # fmt: skip


def _spoken(sql: str) -> str:
    """A query of ours as the driver takes it beside a stream: there a sign of per cent stands for a value."""
    return spoken(sql, "postgres").replace("%", "%%")


def _said(error: BaseException) -> str:
    """The words of a fault, without what the driver puts around them."""
    first = error.args[0] if error.args else error
    return visible(str(first.get("M", first) if isinstance(first, dict) else first), 200)


def _texts(table: pa.Table) -> str:
    """The text columns, whose empty words are words and not nothing."""
    return ", ".join(field.name for field in table.schema if field.type == pa.string())
