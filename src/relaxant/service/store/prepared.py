"""Statements that every call runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable


class Prepared:
    """A statement that is written out once for each kind of database; each time after it is only handed over. SQLAlchemy takes several times as long
    to find a statement among those it knows as SQLite to run it. An insert names every column of its table."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._written: dict[str, tuple[str, Sequence[str], dict[str, Any]]] = {}

    def __call__(
        self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> CursorResult[Any]:
        """Runs it, with one set of values or, for an insert, with several."""
        words, names, own = self._written.get(connection.dialect.name) or self._write(connection)
        if isinstance(values, Mapping):
            given = {**own, **values} if own else values
            return connection.exec_driver_sql(words, tuple([given[name] for name in names]))
        return connection.exec_driver_sql(words, [tuple([one[name] for name in names]) for one in values])

    def _write(self, connection: Connection) -> tuple[str, Sequence[str], dict[str, Any]]:
        """Its words, the names of its values in their order, and those that it has itself."""
        made: Any = self._statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]
        own = {name: value for name, value in made.params.items() if value is not None}
        self._written[connection.dialect.name] = written = (str(made), tuple(made.positiontup), own)
        return written
