"""One writer, many readers. What is written together is committed together, and nobody is told that it is kept before it is."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Table, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from relaxant.errors import InputError
from relaxant.service.logs import log
from relaxant.service.settings import Settings
from relaxant.service.store.away import Away, is_away, reason
from relaxant.service.store.engines import Engines, cleared, engines, sqlite_file, url_of
from relaxant.service.store.secret import check_value, make_secret, read_secret
from relaxant.service.store.tables import MADE, METADATA, VERSION
from relaxant.service.store.turns import TURN, Turns
from relaxant.service.store.upgrades import bring_forward, leads

T = TypeVar("T")
_log = log("store")
_LONGEST = 30.0  # seconds that somebody waits for a write before being told to call again
_CLEARS = 2.0  # seconds for which whoever erased something waits until it is overwritten
_LATER = 5.0  # seconds between two tries after that


class Store:
    """A database. Writes are functions of a connection; those that wait at the same moment share one transaction, each with a savepoint of its
    own, and no two transactions write at once, whatever number of processes there is. A write may be told :class:`Away` (503) and never is
    told that it is kept unless it is. A function that is written must not commit, roll back or write again through the store, and is short: an
    event loop that asks for it may run it itself."""

    def __init__(self, ways: Engines, secret: bytes | None = None) -> None:
        self.ways = ways
        self._secret = secret
        self._turns = Turns(ways)
        self._closing = threading.Lock()
        self._closed = False
        self._ends = threading.Event()
        self._clears: threading.Thread | None = None  # which tries again to have overwritten what was deleted
        self._to_clear: set[str] = set()  # of which tables

    @property
    def secret(self) -> bytes:
        """The installation's secret, which pseudonyms need."""
        if self._secret is None:
            raise InputError("secret_file", "nothing", "this store was opened without its secret", "open it with open_store")  # fmt: skip
        return self._secret

    @property
    def waiting(self) -> int:
        """How many writes wait for their turn."""
        return self._turns.waiting.qsize()

    def write(self, what: Callable[[Connection], T]) -> T:
        """Does it, and returns once it is committed. Raises what ``what`` raises, having kept nothing of it, and :class:`Away`."""
        future = self._asked(what)
        self._turns.wait(future, _LONGEST)
        return future.result()

    async def written(self, what: Callable[[Connection], T]) -> T:
        """The same, for a handler that must not wait in its thread. A caller who goes away before his turn has nothing written."""
        future = self._asked(what)
        self._turns.lead(asyncio.get_running_loop())
        return await asyncio.wrap_future(future)

    def read(self, what: Callable[[Connection], T]) -> T:
        """What a connection that only reads gives: one state of the database, however long it takes, and no writer waits for it."""
        try:
            with self.ways.reads.connect() as connection:
                return what(connection)
        except Exception as error:
            if (is_away(error) and not isinstance(error, Away)) or isinstance(error, OSError):
                raise Away from error
            raise

    def ready(self) -> None:
        """Raises :class:`Away` unless the database can be written."""
        self.write(lambda connection: connection.execute(update(MADE).values(version=MADE.c.version)))

    def clear(self, *tables: Table, later: bool = True) -> bool:
        """Has the database overwrite what was deleted of tables. Whether it could at once, or within moments; where somebody reads what was there before,
        or has locked a table, it is tried again every few seconds until it can, and once more at the end of this store, unless ``later`` says that
        nobody waits for that."""
        names = [table.name for table in tables]
        done = cleared(self.ways, names, _CLEARS)
        if done or not later:
            return done
        _log.warning("what was erased is not overwritten yet; it is tried again")
        with self._closing:
            self._to_clear |= set(names)
            if self._clears is None and not self._closed:
                self._clears = threading.Thread(target=self._clear_later, name="clears", daemon=True)
                self._clears.start()
        return False

    def close(self) -> None:
        """Takes nothing more, finishes what waits, and lets the database go."""
        with self._closing:
            self._closed = True
            clears = self._clears
        self._turns.close(_LONGEST)
        self._ends.set()
        if clears is not None:
            clears.join()
        self.ways.dispose()

    def _clear_later(self) -> None:
        while True:
            last = self._ends.wait(_LATER)
            with self._closing:
                names, self._to_clear = self._to_clear, set()
            done = cleared(self.ways, sorted(names), _CLEARS)
            with self._closing:
                if not done:
                    self._to_clear |= names
                if last or not self._to_clear:
                    self._clears = None
                    break
        if done:
            _log.warning("what was erased is overwritten now")

    def _asked(self, what: Callable[[Connection], T]) -> Future[T]:
        with self._closing:
            if self._closed:
                raise Away("the service is stopping")
            return self._turns.asks(what)


def open_store(settings: Settings) -> Store:
    """The store of some settings, begun where it is new. Raises :class:`InputError` where the database cannot be had, was made by a newer
    relaxant or by another program, or where the secret is missing or another."""
    url = url_of(settings.url)
    try:
        if url.get_backend_name() == "sqlite":
            _begin_file(settings)
        ways = engines(url)
    except OSError as error:
        raise _cannot(settings, error) from None
    with _opening(ways, settings), ways.writes.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(TURN)
        secret = _begin(connection, settings)
    return Store(ways, secret)


def open_kept(settings: Settings) -> Store:
    """The store of some settings as it stands, for those who look at it: nothing is begun, and no secret is needed. Raises :class:`InputError`."""
    ways = engines(url_of(settings.url))
    if ways.file is not None and not ways.file.is_file():
        raise InputError(
            "database", ways.file, f"there is no such file as {ways.file}", "give the database of a service"
        )
    with _opening(ways, settings), ways.reads.connect() as connection:
        version = _version(connection)
        if version is None:
            raise InputError("database", _shown(settings), "no service has kept anything here", "give the database of a service")  # fmt: skip
        if version < VERSION:
            raise InputError("database", f"version {version}", f"an older relaxant keeps its tables so; this one knows version {VERSION}", "start the service once with a copy at hand: it brings them forward")  # fmt: skip
    return Store(ways)


@contextmanager
def _opening(ways: Engines, settings: Settings) -> Iterator[None]:
    """What is opened is closed again where it cannot be used."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        ways.dispose()
        raise _cannot(settings, error) from None
    except BaseException:
        ways.dispose()
        raise


def check_secret(connection: Connection, secret: bytes) -> None:
    """Raises :class:`InputError` unless the database was begun with this secret."""
    if connection.execute(select(MADE.c.secret)).scalar() != check_value(secret):
        raise InputError("secret_file", "a secret", "the database was begun with another one", "bring that one back; with this one nobody would be found again")  # fmt: skip


def _begin_file(settings: Settings) -> None:
    """An empty file that nobody else may read, where there is none; SQLite gives its other files the same rights."""
    file = sqlite_file(url_of(settings.url))
    if settings.database is None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _begin(connection: Connection, settings: Settings) -> bytes:
    """Makes the tables of a new database, within one transaction; gives the secret."""
    version = _version(connection)
    if version is not None:
        secret = read_secret(settings)
        check_secret(connection, secret)
        if version < VERSION:
            bring_forward(connection, version, VERSION)
            _log.warning("the tables were brought forward from an older relaxant", extra={"count": VERSION - version})
        return secret
    others = sorted(set(METADATA.tables) & set(inspect(connection).get_table_names()))
    if others:
        raise InputError("database", _shown(settings), f"it holds tables of another program ({', '.join(others)})", "give a database of its own")  # fmt: skip
    make_secret(settings)
    secret = read_secret(settings)
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(insert(MADE).values(version=VERSION, secret=check_value(secret)))
    return secret


def _version(connection: Connection) -> int | None:
    """The version of the tables; nothing where there are none. Raises :class:`InputError` for one that is not ours, or that no step leads on from."""
    if not inspect(connection).has_table(MADE.name):
        return None
    version = connection.execute(select(MADE.c.version)).scalar()
    if version is not None and 0 < version <= VERSION and leads(version, VERSION):
        return int(version)
    if version is not None and version > VERSION:
        raise InputError("database", f"version {version}", f"a newer relaxant keeps its tables so; this one knows version {VERSION}", "install the newer one, or give another database")  # fmt: skip
    raise InputError("database", f"version {version}", f"these tables are not known; this relaxant knows version {VERSION}", "give another database")  # fmt: skip


def _shown(settings: Settings) -> str:
    return url_of(settings.url).render_as_string(hide_password=True)


def _cannot(settings: Settings, error: Exception) -> InputError:
    return InputError("database", _shown(settings), f"it cannot be opened ({reason(error)})", "look whether it is there and may be written")  # fmt: skip
