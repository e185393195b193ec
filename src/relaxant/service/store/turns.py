"""Whose turn it is to write. Whoever asks while nobody writes does it for all who wait, in his own thread.

A thread of the writer's own would contend with the event loop for the interpreter at every statement, and hold the database the longer. So a loop runs
its statements itself, where they are those of a file and take microseconds, and leaves only the commit, which waits for the disk, to a thread.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from relaxant.service.logs import log
from relaxant.service.store.away import Away, is_away
from relaxant.service.store.engines import POLL, Engines, is_busy

T = TypeVar("T")
_log = log("store")
_MOST_TOGETHER = 64
_SHARED = 0.25  # seconds after which nobody more is taken into a turn, so that other processes get theirs
_SHARED_ON_LOOP = 0.02  # the same on a loop, which has others to answer
_WRITERS = 0x72656C61  # the advisory lock of PostgreSQL that makes writers of several processes take turns
TURN = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=_WRITERS)
_Asked = tuple[Callable[[Connection], Any], Future[Any]]
_Done = tuple[Any, BaseException | None]


class Turns:
    """Those who wait to write into a database, and the turn that one thread has at a time."""

    def __init__(self, ways: Engines) -> None:
        self._ways = ways
        self._at_once = ways.writes.execution_options(at_once=True)
        self.waiting: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._writes: int | None = None  # the thread that runs what was asked, while it does
        self._loops: set[asyncio.AbstractEventLoop] = set()  # on which somebody waits
        self._soon: set[asyncio.AbstractEventLoop] = set()  # whose turn comes once all that is ready on them has run
        self._tries: asyncio.AbstractEventLoop | None = None  # which will try again, because another process writes
        self._locked: float | None = None  # since when
        self._beside = ThreadPoolExecutor(1, "commits")
        self._was_away = False

    def asks(self, what: Callable[[Connection], T]) -> Future[T]:
        """Puts it at the end of those who wait. Raises :class:`RuntimeError` for a write within a write, which would wait for itself."""
        if self._writes == threading.get_ident():
            raise RuntimeError("a write within a write would wait for itself")
        future: Future[T] = Future()
        self.waiting.put((what, future))
        return future

    def wait(self, future: Future[Any], seconds: float) -> None:
        """Returns once it is written or has failed, by this thread or by whoever had the turn before. Raises :class:`Away` after ``seconds``."""
        if not self._turn.acquire(timeout=seconds):
            future.cancel()
            raise Away("the store took too long; call again")
        self._write_until(future.done)

    def lead(self, loop: asyncio.AbstractEventLoop) -> None:
        """Has written what waits, soon, for those who wait on a loop; called on it. Who is ready to ask on that loop asks before: all of them are
        one transaction."""
        self._loops.add(loop)
        if self._ways.file is None:
            with suppress(RuntimeError):  # it ends, and its end writes what waits
                self._beside.submit(self._take)
        elif self._tries is not loop and loop not in self._soon:
            self._soon.add(loop)
            loop.call_soon(self._come, loop)

    def close(self, seconds: float) -> None:
        """Writes what waits, and ends."""
        if self._turn.acquire(timeout=seconds):
            self._write_until(self.waiting.empty)
        self._beside.shutdown()

    def _take(self) -> None:
        self._turn.acquire()
        self._write_until(self.waiting.empty)

    def _write_until(self, done: Callable[[], bool]) -> None:
        """In the thread that has the turn, which is given back."""
        try:
            while not done():
                self._write()
        finally:
            self._pass_on()

    def _write(self) -> None:
        """Writes a batch, commits, and only then tells each. Never raises: the others must go on."""
        batch: list[_Asked] = []
        with ExitStack() as stack:
            try:
                connection = _begun(stack, self._ways.writes)
                self._locked = None
                done = self._do(connection, batch, _SHARED)
            except BaseException as error:  # nothing of the batch is acknowledged, and everybody who waits is told so
                _taken_back(stack.pop_all(), error)
                self._fail(batch or self._batch(), error)
            else:
                self._commit(stack.pop_all(), batch, done)

    def _come(self, loop: asyncio.AbstractEventLoop) -> None:
        self._soon.discard(loop)
        self._lead(loop)

    def _lead(self, loop: asyncio.AbstractEventLoop) -> None:
        """The same on a loop, which waits neither for another process nor for the disk."""
        if not self._turn.acquire(blocking=False):
            return  # whoever has it sees to those who wait
        batch: list[_Asked] = []
        stack = ExitStack()
        try:
            if self.waiting.empty():
                self._locked = None
                self._pass_on()
                return
            connection = _begun(stack, self._at_once)
            self._locked = None
            done = self._do(connection, batch, _SHARED_ON_LOOP)
        except BaseException as error:
            _taken_back(stack, error)
            if batch or not is_busy(error) or self._too_long():
                self._fail(batch or self._batch(), error)
                self._pass_on()
            else:
                self._turn.release()
                self._tries = loop
                loop.call_later(POLL, self._try, loop)
        else:
            try:
                self._beside.submit(self._end, stack, batch, done)
            except RuntimeError:  # the store has ended meanwhile
                self._end(stack, batch, done)

    def _try(self, loop: asyncio.AbstractEventLoop) -> None:
        self._tries = None
        self._lead(loop)

    def _too_long(self) -> bool:
        now = time.monotonic()
        self._locked = self._locked or now
        if now - self._locked < self._ways.wait:
            return False
        self._locked = None
        return True

    def _end(self, stack: ExitStack, batch: Sequence[_Asked], done: Sequence[_Done]) -> None:
        try:
            self._commit(stack, batch, done)
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Gives the turn back, and lets the loops know on which somebody waits."""
        self._turn.release()
        if not self.waiting.empty():
            for loop in tuple(self._loops):
                try:
                    loop.call_soon_threadsafe(self.lead, loop)
                except RuntimeError:  # it is closed
                    self._loops.discard(loop)

    def _batch(self) -> list[_Asked]:
        """Those who wait, without whoever stopped waiting; from here on nobody can."""
        batch: list[_Asked] = []
        while len(batch) < _MOST_TOGETHER and (one := self._next()) is not None:
            batch.append(one)
        return batch

    def _next(self) -> _Asked | None:
        """Whoever has waited longest and still does; from here on nobody can stop him."""
        while True:
            try:
                one = self.waiting.get_nowait()
            except queue.Empty:
                return None
            if one[1].set_running_or_notify_cancel():
                return one

    def _do(self, connection: Connection, batch: list[_Asked], seconds: float) -> list[_Done]:
        """Takes those who wait into the ``batch`` and does what each asked, for so many ``seconds``: the rest has the next turn."""
        self._writes = threading.get_ident()
        done, until = list[_Done](), time.monotonic() + seconds
        try:
            if self._ways.file is None:
                connection.execute(TURN)
            while len(batch) < _MOST_TOGETHER and (one := self._next()) is not None:
                batch.append(one)
                if len(batch) == 1 and self.waiting.empty():
                    return [_alone(connection, one[0])]
                done.append(_one(connection, one[0]))
                if time.monotonic() >= until:
                    break
            return done
        finally:
            self._writes = None

    def _commit(self, stack: ExitStack, batch: Sequence[_Asked], done: Sequence[_Done]) -> None:
        try:
            stack.close()
        except BaseException as error:
            self._fail(batch, error)
            return
        if self._was_away:
            _log.warning("the database can be written again")
        self._was_away = False
        for (_, future), (result, failed) in zip(batch, done, strict=True):
            if failed is None:
                future.set_result(result)
            else:
                future.set_exception(failed)

    def _fail(self, batch: Sequence[_Asked], error: BaseException) -> None:
        if not self._was_away:
            _log.error("the database cannot be written", extra={"reason": type(error).__name__}, exc_info=error)
        self._was_away = True
        failed = Away() if is_away(error) or isinstance(error, (SQLAlchemyError, OSError)) else error
        failed.__cause__ = None if failed is error else error
        for _, future in batch:
            future.set_exception(failed)


def _begun(stack: ExitStack, engine: Engine) -> Connection:
    """A connection on which a transaction has begun; the stack's end commits it, or takes it back where there was an error."""
    connection = stack.enter_context(engine.connect())
    stack.enter_context(connection.begin())
    return connection


def _taken_back(stack: ExitStack, error: BaseException) -> None:
    """Ends a transaction that failed. Where even that fails the connection is lost, and the turn must still be given back."""
    try:
        stack.__exit__(type(error), error, error.__traceback__)
    except Exception as further:
        _log.error("a transaction could not be taken back", extra={"reason": type(further).__name__}, exc_info=further)


def _alone(connection: Connection, what: Callable[[Connection], Any]) -> _Done:
    """Does the one write of a transaction; where it fails, that is taken back whole. Raises where not even that can be done."""
    try:
        return what(connection), None
    except BaseException as error:
        if connection.invalidated:
            raise
        transaction = connection.get_transaction()
        assert transaction is not None
        transaction.rollback()
        return None, _told(error)


def _one(connection: Connection, what: Callable[[Connection], Any]) -> _Done:
    """Does one of a batch; what fails undoes its own part alone. Raises where not even that can be done."""
    connection.exec_driver_sql("SAVEPOINT own")
    try:
        result = what(connection)
        connection.exec_driver_sql("RELEASE SAVEPOINT own")
    except BaseException as error:
        if connection.invalidated:  # it went away, and with it what the others of the batch had written
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT own")
        connection.exec_driver_sql("RELEASE SAVEPOINT own")
        return None, _told(error)
    return result, None


def _told(error: BaseException) -> BaseException:
    """What whoever asked is told of an error of his own write."""
    if not is_away(error) or isinstance(error, Away):
        return error
    away = Away()
    away.__cause__ = error
    return away
