"""How a database is reached: SQLite in a file, or PostgreSQL. One connection writes, several read, and those that read cannot write."""

from __future__ import annotations

import os
import sqlite3
import ssl
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError

from relaxant.errors import InputError
from relaxant.service.settings import loopback

WAIT = 15.0  # seconds for a lock that another process holds, and for a connection
_ANSWER = 15.0  # seconds within which PostgreSQL answers, or is taken for gone
POLL = 0.001  # seconds between two tries to be the one that writes an SQLite file
_BETWEEN = 0.02  # seconds between two tries to cut SQLite's write-ahead log
_READERS = 8
_WAYS = "such as sqlite:///relaxant.sqlite3 or postgresql+pg8000://user@host/name"


class Engines(msgspec.Struct, frozen=True, kw_only=True):
    """``writes``: one connection at most; a transaction begun on it is the only writer among all processes. ``reads``: refuses to write.
    With the option ``at_once`` on ``writes`` it does not wait for another process that writes an SQLite file: :func:`is_busy`. ``wait``: seconds that
    are waited otherwise. ``file``: SQLite's."""

    writes: Engine
    reads: Engine
    wait: float
    file: Path | None = None

    def dispose(self) -> None:
        """Lets the database go; readers first, so that SQLite's last connection is one that may tidy up."""
        self.reads.dispose()
        self.writes.dispose()


def url_of(said: str) -> URL:
    """A database's address. Raises :class:`InputError` for what is none, and for kinds of database that are not known."""
    try:
        url = make_url(said)
    except (ArgumentError, ValueError):
        raise InputError("database", "an address", "this is no database's address", _WAYS) from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError("database", url.get_backend_name(), "there is no way to this kind of database", _WAYS)
    return url


def engines(url: URL, *, wait: float = WAIT, answer: float = _ANSWER) -> Engines:
    """The engines of a database that is there; nothing is asked of it yet. ``wait``, ``answer``: seconds for a lock and for any answer."""
    return _sqlite(url, wait) if url.get_backend_name() == "sqlite" else _postgresql(url, wait, answer)


def sqlite_file(url: URL) -> Path:
    """The file of an SQLite address. Raises :class:`InputError` where there is none, or where the address asks for more than a file."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise InputError("database", url.render_as_string(), "a database in memory would be gone with the process", "give a file, such as sqlite:///relaxant.sqlite3")  # fmt: skip
    if url.query:
        raise InputError("database", url.render_as_string(), "an SQLite address has nothing behind its file", _WAYS)
    return Path(url.database).absolute()


def cleared(ways: Engines, tables: Sequence[str], seconds: float) -> bool:
    """Has the database overwrite the deleted rows of tables: SQLite by writing all of its write-ahead log into the file and cutting that to nothing,
    PostgreSQL in the tables' pages. Whether it is done. SQLite cannot while anybody reads a state from before, or writes at that moment; it is tried for
    so many ``seconds``, at least once, and each try waits for nobody: one that waited for a reader would hold up everybody who writes until then."""
    if ways.file is None:
        return _vacuumed(ways.reads, tables)  # on a connection that reads: those that write go on meanwhile
    until = time.monotonic() + seconds
    try:
        own = _connect(ways.file, 0)
        try:
            while True:
                own.execute("PRAGMA wal_checkpoint(PASSIVE)")  # nearly all of it, beside those that write
                busy, _, _ = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not busy or time.monotonic() >= until:
                    return not busy
                time.sleep(_BETWEEN)
        finally:
            own.close()
    except sqlite3.Error:  # it is not there, has no room, or is damaged
        return False


def _vacuumed(engine: Engine, tables: Sequence[str]) -> bool:
    dbapi: Any = engine.dialect.loaded_dbapi
    try:
        raw = engine.raw_connection()
        driver: Any = raw.driver_connection
        try:
            driver.rollback()  # the transaction that asking whether it is alive began
            driver.autocommit = True  # VACUUM runs in no transaction
            for table in tables:
                driver.cursor().execute(f"VACUUM {table}")
        finally:
            driver.autocommit = False
            raw.close()
    except (SQLAlchemyError, OSError, dbapi.Error):  # it went away, or somebody has locked the table
        return False
    return True


def _connect(file: Path, wait: float) -> sqlite3.Connection:
    # mode=rw: a file that is gone is not begun anew, which would look like an audit that nobody ever wrote into
    address = f"file:{quote(str(file))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=wait, check_same_thread=False, isolation_level=None)


def _sqlite(url: URL, wait: float) -> Engines:
    file = sqlite_file(url)

    def connect(*, reads: bool) -> sqlite3.Connection:
        connection = _connect(file, wait)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "trusted_schema=OFF"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        if reads:
            connection.execute("PRAGMA query_only=ON")
            connection.text_factory = lambda data: data.decode(
                errors="surrogateescape"
            )  # a broken text is shown, not stumbled over
        else:
            connection.execute("PRAGMA busy_timeout=0")  # whoever waits does so as ``_begin_immediate`` says
        return connection

    def engine(*, reads: bool) -> Engine:
        size = _READERS if reads else 1
        out = create_engine(
            url, creator=lambda: connect(reads=reads), pool_size=size, max_overflow=0, pool_timeout=wait
        )

        @event.listens_for(out, "connect")
        def opened(_connection: Any, record: Any) -> None:
            record.info["file"] = _identity(file)

        @event.listens_for(out, "checkout")
        def taken(_connection: Any, record: Any, _proxy: Any) -> None:
            if record.info.get("file") != _identity(
                file
            ):  # removed or put back: what is written into the old one would be lost
                raise DisconnectionError("another file stands in its place")

        @event.listens_for(out, "begin")
        def begun(connection: Any) -> None:
            driver = connection.connection.driver_connection
            if reads:
                driver.execute("BEGIN")
            else:
                _begin_immediate(driver, 0 if connection.get_execution_options().get("at_once") else wait)

        return out

    return Engines(writes=engine(reads=False), reads=engine(reads=True), wait=wait, file=file)


def _begin_immediate(connection: sqlite3.Connection, wait: float) -> None:
    """Becomes the one that writes. SQLite's own waiting sleeps ever longer, up to 0.1 s, and so loses against a process that writes without
    a pause; many short tries are fair."""
    until = time.monotonic() + wait
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= until:
                raise
            time.sleep(POLL)


def is_busy(error: BaseException) -> bool:
    """Whether SQLite says that another process writes."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        known = os.stat(file)
    except OSError:
        return None
    return known.st_dev, known.st_ino


def _postgresql(url: URL, wait: float, answer: float) -> Engines:
    url, secured = _secured(url)
    milliseconds = round(wait * 1000)

    def engine(*, reads: bool) -> Engine:
        out = create_engine(
            url,
            pool_size=_READERS if reads else 1,
            max_overflow=0,
            pool_timeout=wait,
            pool_pre_ping=True,
            connect_args={"timeout": answer, "application_name": "relaxant", "ssl_context": secured},
        )
        # A writer's statements each see what was committed before them, so the head that is read after the lock is the newest. A server may be
        # set to acknowledge what is not yet on its disk; what we acknowledge is.
        session = (
            f"SET lock_timeout = {milliseconds}",
            f"SET idle_in_transaction_session_timeout = {2 * milliseconds}",
            f"SET default_transaction_isolation = '{'repeatable read' if reads else 'read committed'}'",
            f"SET default_transaction_read_only = {'on' if reads else 'off'}",
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        )

        @event.listens_for(out, "connect")
        def opened(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            for words in session:
                cursor.execute(words)
            connection.commit()

        event.listen(out, "before_cursor_execute", _sendable)
        event.listen(out, "handle_error", _out_of_step)
        return out

    return Engines(writes=engine(reads=False), reads=engine(reads=True), wait=wait)


def _sendable(_connection: Any, _cursor: Any, _words: str, given: Any, *_more: Any) -> None:
    """Refuses text that UTF-8 cannot hold while nothing of it is sent: the driver would notice halfway, and then take the answer to one
    statement for the next one's."""
    for values in given if isinstance(given, list) else (given,):
        for value in values.values() if isinstance(values, dict) else values:
            if isinstance(value, str):
                value.encode()


def _out_of_step(context: ExceptionContext) -> None:
    """An error that is not the server's own answer leaves it open what the server will still say: that connection is not used again."""
    error = context.original_exception
    if isinstance(error, (OSError, struct.error)):
        context.is_disconnect = True


def _secured(url: URL) -> tuple[URL, ssl.SSLContext | Literal[False]]:
    """The address without what it says of encryption, and that. Beyond this machine the server must show a certificate that is believed;
    ``sslrootcert=FILE`` names whose, ``sslmode=disable`` does without."""
    query = dict(url.query)
    mode = str(query.pop("sslmode", "disable" if loopback(url.host or "localhost") else "verify-full"))
    roots = query.pop("sslrootcert", None)
    if query or mode not in ("disable", "verify-full"):
        raise InputError("database", url.render_as_string(), "only sslmode=disable, sslmode=verify-full and sslrootcert=FILE may stand behind the name", _WAYS)  # fmt: skip
    plain = url.set(drivername="postgresql+pg8000", query={})
    if mode == "disable":
        return plain, False
    try:
        return plain, ssl.create_default_context(cafile=None if roots is None else str(roots))
    except OSError as error:
        raise InputError("database, sslrootcert", roots, f"it cannot be read ({error.strerror})", "give a file of certificates in PEM") from None  # fmt: skip
