"""One writer, many readers. What is written together is committed together, and nobody is told that it is kept before it is."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from relaxant.errors import InputError
from relaxant.service.settings import Settings
from relaxant.service.store.tables import METADATA

T = TypeVar("T")
_MOST_TOGETHER = 64
_WAIT_FOR_LOCK = 5_000  # milliseconds
_WRITERS = 0x72656C61  # the advisory lock of PostgreSQL that makes writers of several processes take turns


class Store:
    """A database. Writes are functions of a connection; those that wait at the same moment share one transaction, each with a savepoint of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._waiting: queue.SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._writer.start()

    def write(self, what: Callable[[Connection], T]) -> T:
        """Does it, and returns once it is committed."""
        return self._asked(what).result()

    async def written(self, what: Callable[[Connection], T]) -> T:
        """The same, for a handler that must not wait in its thread."""
        return await asyncio.wrap_future(self._asked(what))

    def read(self, what: Callable[[Connection], T]) -> T:
        """What a connection that only reads gives."""
        with self.engine.connect().execution_options(reads=True) as connection:
            return what(connection)

    def ready(self) -> None:
        """Raises unless the database can be written."""
        self.write(lambda connection: connection.execute(text("SELECT 1")))

    def close(self) -> None:
        """Finishes what waits, and lets the database go."""
        self._waiting.put(None)
        self._writer.join(timeout=30)
        self.engine.dispose()

    def _asked(self, what: Callable[[Connection], T]) -> Future[T]:
        future: Future[T] = Future()
        self._waiting.put((what, future))
        return future

    def _write_all(self) -> None:
        ended = False
        while not ended:
            first = self._waiting.get()
            if first is None:
                return
            batch = [first]
            while len(batch) < _MOST_TOGETHER:
                try:
                    another = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if another is None:
                    ended = True
                    break
                batch.append(another)
            self._write_together(batch)

    def _write_together(self, batch: list[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            with self.engine.connect() as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITERS})
                for what, future in batch:
                    done.append((future, *self._one(connection, what)))
        except Exception as error:  # nothing of the batch is kept, and everybody who waits is told so
            for _, future in batch:
                future.set_exception(error)
            return
        for future, result, failed in done:
            if failed is None:
                future.set_result(result)
            else:
                future.set_exception(failed)

    @staticmethod
    def _one(connection: Connection, what: Callable[[Connection], Any]) -> tuple[Any, Exception | None]:
        point = connection.begin_nested()
        try:
            result = what(connection)
        except Exception as error:
            point.rollback()
            return None, error
        point.commit()
        return result, None


def open_store(settings: Settings) -> Store:
    """The store of some settings, with its tables. Raises :class:`InputError` where the database cannot be had."""
    try:
        url = make_url(settings.url)
    except SQLAlchemyError:
        raise InputError("database", "an address", "this is no database's address", "such as sqlite:///relaxant.sqlite3 or postgresql+pg8000://host/name") from None  # fmt: skip
    try:
        engine = _sqlite(url, settings) if url.get_backend_name() == "sqlite" else _postgresql(url)
        METADATA.create_all(engine)
    except (SQLAlchemyError, OSError) as error:
        raise InputError("database", url.render_as_string(hide_password=True), f"it cannot be opened ({type(error).__name__})", "look whether it is there and may be written") from None  # fmt: skip
    return Store(engine)


def _sqlite(url: URL, settings: Settings) -> Engine:
    if settings.database is None:
        settings.place.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _WAIT_FOR_LOCK / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin and commit ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={_WAIT_FOR_LOCK}",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    if url.get_backend_name() != "postgresql":
        raise InputError(
            "database",
            url.get_backend_name(),
            "there is no way to this kind of database",
            "SQLite or PostgreSQL (postgresql+pg8000)",
        )
    return create_engine(url.set(drivername="postgresql+pg8000"), pool_size=4, pool_pre_ping=True)
