"""The store: who writes waits for nobody's fault, who reads holds nobody up, and nothing is acknowledged that is not kept."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import ssl
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, delete, event, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from databases import Server
from relaxant.errors import InputError
from relaxant.service.app import build, service
from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.audit.verify import verify
from relaxant.service.settings import Settings
from relaxant.service.store.away import Away
from relaxant.service.store.engines import _secured, engines, url_of
from relaxant.service.store.secret import check_value
from relaxant.service.store.store import Store, open_kept, open_store
from relaxant.service.store.tables import ANSWERS, CARDS, MADE, SESSIONS, STEPS, TOKENS, VERSION
from relaxant.service.store.uses import first_use

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def settings(database: str, tmp_path: Path) -> Settings:
    return Settings(database=database, folder=str(tmp_path))


@pytest.fixture
def store(database: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(settings(database, tmp_path))
    yield opened
    opened.close()


def step(name: str) -> Callable[[Connection], Any]:
    return lambda c: c.execute(insert(STEPS), {"state": name.encode().ljust(32), "held": name, "until": 1})


def steps(store: Store) -> set[str]:
    return store.read(lambda c: set(c.execute(select(STEPS.c.held)).scalars()))


def tables(connection: Connection) -> dict[str, Any]:
    """How the tables of a database are made."""
    looked = inspect(connection)
    words = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'" if connection.dialect.name == "sqlite" else "SELECT tgname, tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"  # fmt: skip
    return {
        "triggers": sorted(map(tuple, connection.execute(text(words)))),
        **{
            name: {
                "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in looked.get_columns(name)],
                "key": looked.get_pk_constraint(name)["constrained_columns"],
                "indexes": sorted((str(i["name"]), i["column_names"]) for i in looked.get_indexes(name)),
                "unique": [u["column_names"] for u in looked.get_unique_constraints(name)],
                "leads": [(k["constrained_columns"], k["referred_table"]) for k in looked.get_foreign_keys(name)],
            }
            for name in looked.get_table_names()
        },
    }


def file_of(database: str) -> Path:
    return Path(database.removeprefix("sqlite:///"))


@contextmanager
def held_up(store: Store) -> Iterator[None]:
    """The writer is kept busy, so that what is asked for meanwhile becomes one batch."""
    begun, go = threading.Event(), threading.Event()

    def waits(_connection: Connection) -> None:
        begun.set()
        go.wait(20)

    waiting = ThreadPoolExecutor(1)
    done = waiting.submit(store.write, waits)
    begun.wait(20)
    try:
        yield
    finally:
        go.set()
        done.result(20)
        waiting.shutdown()


def asked(store: Store, whats: list[Callable[[Connection], Any]]) -> list[Future[Any]]:
    """Each asked from a thread of its own, in this order."""
    pool, out = ThreadPoolExecutor(len(whats)), []
    for number, what in enumerate(whats, store.waiting + 1):
        out.append(pool.submit(store.write, what))
        for _ in range(2000):
            if store.waiting >= number:
                break
            time.sleep(0.005)
    pool.shutdown(wait=False)
    return out


class TestWriting:
    def test_what_waits_together_is_committed_together(self, store: Store) -> None:
        commits = []
        event.listen(store.ways.writes, "commit", lambda _connection: commits.append(1))
        with held_up(store):
            told = asked(store, [step(f"s{i}") for i in range(20)])
        for one in told:
            one.result(20)
        assert len(commits) == 2  # of the one that held them up, and of the twenty
        assert steps(store) == {f"s{i}" for i in range(20)}

    def test_what_fails_harms_nothing_else_of_its_batch(self, store: Store) -> None:
        def half(connection: Connection) -> None:
            step("half")(connection)
            raise ValueError("thought better of it")

        def statement(connection: Connection) -> None:
            step("statement")(connection)
            connection.execute(text("SELECT nothing FROM steps WHERE"))

        def surrogate(connection: Connection) -> None:
            connection.execute(insert(STEPS), {"state": b"s" * 32, "held": "\ud800", "until": 1})

        def large(connection: Connection) -> None:
            connection.execute(insert(STEPS), {"state": b"l" * 32, "held": "large", "until": 2**70})

        def ends_thread(_connection: Connection) -> None:
            raise SystemExit(1)

        store.write(step("there"))
        faults = [half, step("there"), statement, surrogate, large, ends_thread]
        whats = [what for i, fault in enumerate(faults) for what in (step(f"good{i}"), fault)]
        with held_up(store):
            told = asked(store, [*whats, step("last")])
        assert [type(one.exception(20)) is type(None) for one in told] == [True, False] * len(faults) + [True]
        assert isinstance(told[1].exception(), ValueError)
        assert isinstance(told[3].exception(), IntegrityError)
        assert steps(store) == {"there", "last", *(f"good{i}" for i in range(len(faults)))}

    def test_a_write_gives_what_its_function_gives(self, store: Store) -> None:
        assert store.write(lambda c: c.execute(select(func.count()).select_from(STEPS)).scalar()) == 0

    def test_a_caller_who_goes_away_before_his_turn_writes_nothing_and_stops_nobody(self, store: Store) -> None:
        async def goes_away() -> None:
            waiting = asyncio.create_task(store.written(step("never")))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        with held_up(store):
            asyncio.run(goes_away())
        store.write(step("next"))
        assert steps(store) == {"next"}

    def test_a_caller_who_goes_away_during_his_turn_stops_nobody(self, store: Store) -> None:
        begun, go = threading.Event(), threading.Event()

        def slow(_connection: Connection) -> None:
            if not begun.is_set():
                begun.set()
                go.wait(20)

        event.listen(store.ways.writes, "commit", slow)

        async def goes_away() -> None:
            waiting = asyncio.create_task(store.written(step("slow")))
            await asyncio.to_thread(begun.wait, 20)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            next_ = asyncio.create_task(store.written(step("next")))
            await asyncio.sleep(0.05)
            go.set()
            await next_

        asyncio.run(goes_away())
        assert steps(store) == {"slow", "next"}

    def test_loops_and_threads_take_turns(self, database: str, store: Store, tmp_path: Path) -> None:
        """Two loops and three threads of this process, and a store of another, write at once; everything is kept, in no more than as many commits."""
        other, commits = open_store(settings(database, tmp_path)), []
        event.listen(store.ways.writes, "commit", lambda _connection: commits.append(1))

        async def many(own: Store, name: str) -> None:
            await asyncio.gather(*(own.written(step(f"{name}{i}")) for i in range(40)))

        def one_by_one(name: str) -> None:
            for i in range(40):
                store.write(step(f"{name}{i}"))

        with ThreadPoolExecutor(6) as pool:
            told = [
                pool.submit(asyncio.run, many(own, name)) for own, name in ((store, "a"), (store, "b"), (other, "c"))
            ]
            told += [pool.submit(one_by_one, name) for name in "def"]
            for one in told:
                one.result(60)
        assert steps(store) == {f"{name}{i}" for name in "abcdef" for i in range(40)}
        assert len(commits) < 200  # of two hundred writes some shared one
        other.close()

    def test_a_loop_does_not_wait_for_another_process(self, database: str, store: Store, tmp_path: Path) -> None:
        other = open_store(settings(database, tmp_path))

        async def waits() -> None:
            with held_up(other):
                waiting = asyncio.create_task(store.written(step("late")))
                for _ in range(20):
                    await asyncio.sleep(0.002)  # a loop that waited would never come back to let the other go
                assert not waiting.done()
            await waiting

        asyncio.run(waits())
        assert steps(store) == {"late"}
        other.close()

    def test_a_loop_that_waits_too_long_is_told(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'relaxant.sqlite3'}"
        other = open_store(settings(url, tmp_path))
        store = Store(engines(url_of(url), wait=0.2))
        with held_up(other):
            for _ in range(2):
                with pytest.raises(Away):
                    asyncio.run(store.written(step("locked out")))
        asyncio.run(store.written(step("after")))
        assert steps(store) == {"after"}
        store.close()
        other.close()

    def test_a_write_within_a_write_is_refused(self, store: Store) -> None:
        with pytest.raises(RuntimeError, match="within a write"):
            store.write(lambda _: store.write(step("inner")))
        assert steps(store) == set()

    def test_who_waits_too_long_is_told(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        with held_up(store):
            monkeypatch.setattr("relaxant.service.store.store._LONGEST", 0.1)
            with pytest.raises(Away, match="too long"):
                store.write(step("late"))
            monkeypatch.undo()
        store.write(step("next"))
        assert steps(store) == {"next"}


class TestClearing:
    """What was deleted is overwritten, and nobody who writes waits for that."""

    def holds(self, tmp_path: Path) -> bool:
        return any(b"canary" in file.read_bytes() for file in tmp_path.glob("relaxant.sqlite3*"))

    def test_a_reader_of_an_older_state_holds_up_nobody_and_is_waited_for(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
        monkeypatch.setattr("relaxant.service.store.store._LATER", 0.05)
        url = f"sqlite:///{tmp_path / 'relaxant.sqlite3'}"
        store = open_store(settings(url, tmp_path))
        other = Store(engines(url_of(url), wait=1.0))  # as another process, which is told after a second
        store.write(step("canary"))
        reader = sqlite3.connect(tmp_path / "relaxant.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT held FROM steps").fetchall() == [("canary",)]
        store.write(lambda c: c.execute(delete(STEPS)))
        clearing, written = ThreadPoolExecutor(1), 0
        done = clearing.submit(store.clear, STEPS)
        while not done.done():
            other.write(step(f"meanwhile {written}"))
            written += 1
        assert not done.result() and written and self.holds(tmp_path)  # the reader may still ask for it
        assert reader.execute("SELECT held FROM steps").fetchall() == [("canary",)]
        reader.execute("COMMIT")
        until = time.monotonic() + 60
        while self.holds(tmp_path):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert len(steps(store)) == written
        clearing.shutdown()
        for one in (reader, other, store):
            one.close()

    def test_a_store_that_ends_meanwhile_tries_once_more(self, tmp_path: Path) -> None:
        store = open_store(settings(f"sqlite:///{tmp_path / 'relaxant.sqlite3'}", tmp_path))
        other = sqlite3.connect(tmp_path / "relaxant.sqlite3", isolation_level=None)  # stays: no last one tidies up
        store.write(step("canary"))
        other.execute("BEGIN")
        assert other.execute("SELECT held FROM steps").fetchall() == [("canary",)]
        store.write(lambda c: c.execute(delete(STEPS)))
        assert not store.clear(STEPS) and self.holds(tmp_path)
        other.execute("COMMIT")
        store.close()
        assert not self.holds(tmp_path)
        other.close()

    def test_deleted_rows_of_postgresql_are_cleared_beside_a_write(self, server: Server, tmp_path: Path) -> None:
        store = open_store(settings(server.new(), tmp_path))
        name = store.ways.writes.url.database
        assert name is not None
        for i in range(5):
            store.write(step(f"s{i}"))
        store.write(lambda c: c.execute(delete(STEPS).where(STEPS.c.held != "s1")))
        with held_up(store):
            assert store.clear(STEPS, SESSIONS)
        server.say("CREATE EXTENSION pageinspect", name)
        assert server.say("SELECT count(*) FROM heap_page_items(get_raw_page('steps', 0)) WHERE lp_len > 0", name) == "1"  # fmt: skip
        assert steps(store) == {"s1"}
        store.close()

    def test_a_table_of_postgresql_that_somebody_has_locked_is_cleared_later(self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
        monkeypatch.setattr("relaxant.service.store.store._LATER", 0.05)
        url = server.new()
        open_store(settings(url, tmp_path)).close()
        store = Store(engines(url_of(url), wait=0.2))
        name = store.ways.writes.url.database
        assert name is not None
        server.say("CREATE EXTENSION pageinspect", name)
        store.write(step("canary"))
        store.write(lambda c: c.execute(delete(STEPS)))
        other = engines(url_of(url))
        with other.writes.begin() as connection:
            connection.execute(text("LOCK TABLE steps IN SHARE UPDATE EXCLUSIVE MODE"))
            assert not store.clear(SESSIONS, STEPS)
            store.write(step("meanwhile"))
        left = "SELECT count(*) FROM heap_page_items(get_raw_page('steps', 0)) WHERE lp_len > 0"
        until = time.monotonic() + 60
        while server.say(left, name) != "1":
            assert time.monotonic() < until
            time.sleep(0.05)
        store.close()
        other.dispose()


class TestReading:
    def test_a_reader_sees_one_state_and_holds_no_writer_up(self, store: Store) -> None:
        store.write(step("before"))

        def looks(connection: Connection) -> tuple[int, int]:
            count = select(func.count()).select_from(STEPS)
            first = connection.execute(count).scalar_one()
            for i in range(5):
                store.write(step(f"during{i}"))  # would wait for ever if a reader held it up
            return first, connection.execute(count).scalar_one()

        assert store.read(looks) == (1, 1)
        assert len(steps(store)) == 6

    def test_a_reader_reads_while_somebody_writes(self, store: Store) -> None:
        with held_up(store):
            assert steps(store) == set()

    def test_a_reader_cannot_write(self, store: Store) -> None:
        with pytest.raises((DBAPIError, Away)):
            store.read(step("sly"))
        assert steps(store) == set()

    def test_many_read_at_once(self, store: Store) -> None:
        store.write(step("one"))
        with ThreadPoolExecutor(30) as pool:
            assert list(pool.map(lambda _: steps(store), range(60))) == [{"one"}] * 60


class TestClosing:
    def test_it_finishes_what_waits_and_takes_nothing_more(self, database: str, tmp_path: Path) -> None:
        store = open_store(settings(database, tmp_path))
        with held_up(store):
            told = asked(store, [step(f"s{i}") for i in range(100)])  # more than one batch
            closing = threading.Thread(target=store.close)
            closing.start()
            time.sleep(0.05)
            with pytest.raises(Away, match="stopping"):
                store.write(step("late"))
        closing.join(20)
        assert [one.exception(20) for one in told] == [None] * 100
        store.close()
        again = open_store(settings(database, tmp_path))
        assert len(steps(again)) == 100
        again.close()


class TestGoneAndBack:
    def test_an_sqlite_file_that_is_moved_away_and_back(self, tmp_path: Path) -> None:
        file, aside = tmp_path / "relaxant.sqlite3", tmp_path / "aside"
        store = open_store(settings(f"sqlite:///{file}", tmp_path))
        store.write(step("before"))
        file.rename(aside)
        for _ in range(2):
            with pytest.raises(Away):
                store.write(step("lost"))  # into the file that is gone it would be lost
            with pytest.raises(Away):
                steps(store)
            with pytest.raises(Away):
                store.ready()
        assert not file.exists()  # and none is begun in its place
        aside.rename(file)
        store.ready()
        store.write(step("after"))
        assert steps(store) == {"before", "after"}
        store.close()

    def test_another_file_in_its_place_is_not_written_into(self, tmp_path: Path) -> None:
        file = tmp_path / "relaxant.sqlite3"
        store = open_store(settings(f"sqlite:///{file}", tmp_path))
        file.rename(tmp_path / "aside")
        sqlite3.connect(file).close()
        with pytest.raises(Away):
            store.write(step("lost"))
        store.close()

    def test_an_sqlite_file_that_another_process_locks(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'relaxant.sqlite3'}"
        open_store(settings(url, tmp_path)).close()
        store = Store(engines(url_of(url), wait=0.2))
        other = sqlite3.connect(tmp_path / "relaxant.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Away):
            store.write(step("locked out"))
        assert steps(store) == set()  # reading goes on
        other.execute("COMMIT")
        store.write(step("after"))
        assert steps(store) == {"after"}
        other.close()
        store.close()

    def test_a_full_disk(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'relaxant.sqlite3'}"
        store = open_store(settings(url, tmp_path))

        def fills(connection: Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")  # as SQLite answers where no room is left
            connection.execute(insert(STEPS), {"state": b"f" * 32, "held": "x" * 1_000_000, "until": 1})

        with pytest.raises(Away):
            store.write(fills)
        store.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000"))
        store.write(step("after"))
        assert steps(store) == {"after"}
        store.close()

    def test_postgresql_that_stops_and_starts(self, server: Server, tmp_path: Path) -> None:
        store = open_store(settings(server.new(), tmp_path))
        store.write(step("before"))
        assert steps(store) == {"before"}
        server.stop()
        try:
            for _ in range(2):
                with pytest.raises(Away) as told:
                    store.write(step("lost"))
                assert told.value.status == 503 and "retry-after" in told.value.headers
                with pytest.raises(Away):
                    steps(store)
        finally:
            server.start()
        store.ready()
        store.write(step("after"))
        assert steps(store) == {"before", "after"}
        store.close()

    def test_postgresql_whose_worker_is_ended_in_the_middle(self, server: Server, tmp_path: Path) -> None:
        url = server.new()
        store = open_store(settings(url, tmp_path))

        def ended(connection: Connection) -> None:
            step("lost")(connection)
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            server.say(f"SELECT pg_terminate_backend({pid}, 5000)")
            step("lost too")(connection)

        with held_up(store):
            told = asked(store, [step("with it"), ended, step("after it")])
        for one in told[:2]:
            assert isinstance(one.exception(20), Away)
        told[2].result(20)  # it had not been begun, and has the next turn
        store.write(step("next"))
        assert steps(store) == {"after it", "next"}
        store.close()

    def test_postgresql_that_does_not_answer(self, server: Server, tmp_path: Path) -> None:
        url = server.new()
        open_store(settings(url, tmp_path)).close()
        store = Store(engines(url_of(url), wait=0.3, answer=1.0))
        pid = store.write(lambda c: c.execute(text("SELECT pg_backend_pid()")).scalar_one())
        subprocess.run(["kill", "-STOP", str(pid)], check=True)
        try:
            with pytest.raises(Away):
                store.write(step("lost"))
        finally:
            subprocess.run(["kill", "-CONT", str(pid)], check=True)
        store.write(step("next"))
        assert steps(store) == {"next"}
        store.close()

    def test_a_standing_writer_of_another_process_on_postgresql(self, server: Server, tmp_path: Path) -> None:
        url = server.new()
        other = open_store(settings(url, tmp_path))
        store = Store(engines(url_of(url), wait=0.3))
        with held_up(other), pytest.raises(Away):
            store.write(step("locked out"))
        store.write(step("after"))
        assert steps(store) == {"after"}
        store.close()
        other.close()


class TestOpening:
    def test_only_the_service_can_read_an_sqlite_file_and_the_secret(self, tmp_path: Path) -> None:
        before = os.umask(0o022)
        try:
            store = open_store(Settings(folder=str(tmp_path / "state")))
        finally:
            os.umask(before)
        store.write(step("one"))
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "state").iterdir()}
        assert set(modes) == {"relaxant.sqlite3", "relaxant.sqlite3-wal", "relaxant.sqlite3-shm", "relaxant.secret"}
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
        store.close()

    def test_it_opens_again_with_the_same_secret(self, database: str, tmp_path: Path) -> None:
        store = open_store(settings(database, tmp_path))
        store.write(step("kept"))
        store.close()
        again = open_store(settings(database, tmp_path))
        assert again.secret == store.secret and len(again.secret) == 32
        assert steps(again) == {"kept"}
        again.close()

    def test_several_processes_begin_one_database_at_once(self, database: str, tmp_path: Path) -> None:
        script = textwrap.dedent("""
            import sys
            from relaxant.service.settings import Settings
            from relaxant.service.store.store import open_store
            sys.stdin.readline()
            store = open_store(Settings(database=sys.argv[1], folder=sys.argv[2]))
            print(store.secret.hex())
            store.close()
        """)
        told = [sys.executable, "-c", script, database, str(tmp_path)]
        processes = [subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        time.sleep(1)
        said = [process.communicate("go\n", timeout=60)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * 3
        assert len(set(said)) == 1 and len(said[0].strip()) == 64

    @pytest.mark.parametrize(("version", "words"), [(999, "a newer relaxant"), (0, "not known")])
    def test_tables_of_another_version_are_refused(self, database: str, tmp_path: Path, version: int, words: str) -> None:  # fmt: skip
        store = open_store(settings(database, tmp_path))
        store.write(lambda c: c.execute(MADE.update().values(version=version)))
        store.close()
        for opens in (open_store, open_kept):
            with pytest.raises(InputError, match=f"version {version}.*{words}"):
                opens(settings(database, tmp_path))

    def test_tables_of_an_older_version_are_brought_forward(self, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
        """As a relaxant two versions on would: two steps, once, and nothing where one of them fails or whoever only looks."""
        store = open_store(settings(database, tmp_path))
        store.write(lambda c: record(c, Kind.STARTED, "service", None, {}))
        store.close()
        taken: list[int] = []

        def first(connection: Connection) -> None:
            taken.append(1)
            connection.exec_driver_sql("ALTER TABLE cards ADD COLUMN place VARCHAR(20)")

        def second(connection: Connection) -> None:
            taken.append(2)
            connection.exec_driver_sql("UPDATE cards SET place = 'none'")
            if len(taken) == 2:
                raise RuntimeError("the first time it fails")

        monkeypatch.setattr("relaxant.service.store.store.VERSION", VERSION + 2)
        with pytest.raises(InputError, match=rf"version {VERSION}.*not known"):
            open_store(settings(database, tmp_path))
        monkeypatch.setattr("relaxant.service.store.upgrades.STEPS", {VERSION: first, VERSION + 1: second})
        with pytest.raises(InputError, match=r"an older relaxant.*brings them forward"):
            open_kept(settings(database, tmp_path))
        with pytest.raises(RuntimeError):
            open_store(settings(database, tmp_path))
        for _ in range(2):  # the failed try left nothing behind; the second time there is nothing to do
            again = open_store(settings(database, tmp_path))
            assert again.read(lambda c: c.execute(select(MADE.c.version)).scalar()) == VERSION + 2
            assert again.read(lambda c: c.exec_driver_sql("SELECT place FROM cards").all()) == []
            assert verify(again).sound and verify(again).number == 1
            again.close()
        assert taken == [1, 2, 1, 2]
        monkeypatch.undo()
        with pytest.raises(InputError, match=rf"version {VERSION + 2}.*a newer relaxant"):
            open_store(settings(database, tmp_path))

    def test_the_tables_of_version_1(self, database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        """A database as relaxant began it then, and used it, becomes one as it is begun now; nothing in it is lost."""
        kind = "sqlite" if database.startswith("sqlite") else "postgresql"
        words = (Path(__file__).parent / "data" / f"tables_1.{kind}.sql").read_text(encoding="utf-8").strip()
        (tmp_path / "relaxant.secret").write_text("ab" * 32)
        (tmp_path / "relaxant.secret").chmod(0o600)
        blob = (lambda byte: f"x'{byte * 32}'") if kind == "sqlite" else (lambda byte: f"decode('{byte * 32}', 'hex')")
        if kind == "sqlite":
            file_of(database).touch()
        older = engines(url_of(database))
        with older.writes.begin() as connection:
            for one in words.split("\n\n"):
                connection.exec_driver_sql(one)
            connection.execute(insert(MADE).values(version=1, secret=check_value(b"\xab" * 32)))
            record(connection, Kind.STARTED, "service", None, {})
            step("half way")(connection)
            for card, said in (("answered", "01"), ("not", "02")):
                connection.exec_driver_sql(
                    f"INSERT INTO cards VALUES ('{card}', 1, 'order-sign', 'ward', {blob('00')}, 'f', 'r', 'critical', {blob(said)})"
                )
            connection.exec_driver_sql("INSERT INTO answers VALUES ('answered', 2, 'overridden', 'other', '[]')")
        older.dispose()
        with pytest.raises(InputError, match=r"version 1.*an older relaxant.*brings them forward"):
            open_kept(settings(database, tmp_path))
        for _ in range(2):
            store = open_store(settings(database, tmp_path))
            assert store.read(lambda c: c.execute(select(MADE.c.version)).scalar()) == VERSION
            assert steps(store) == {"half way"} and verify(store).sound and verify(store).number == 1
            assert store.read(lambda c: [(a.card, bytes(a.said)) for a in c.execute(select(ANSWERS))]) == [
                ("answered", bytes.fromhex("01" * 32))
            ]
            assert store.read(lambda c: {c.card for c in c.execute(select(CARDS))}) == {"answered", "not"}
            forward = store.read(tables)
            store.close()
        another = "sqlite:///" + str(tmp_path / "new.sqlite3") if kind == "sqlite" else request.getfixturevalue("server").new()  # fmt: skip
        new = open_store(settings(another, tmp_path))
        assert forward == new.read(tables)
        new.close()

    def test_tables_of_another_program_are_refused(self, database: str, tmp_path: Path) -> None:
        ways = engines(url_of(database)) if not database.startswith("sqlite") else None
        if ways is None:
            other = sqlite3.connect(file_of(database))
            other.execute("CREATE TABLE sessions (id INTEGER)")
            other.close()
        else:
            with ways.writes.begin() as connection:
                connection.execute(text("CREATE TABLE sessions (id INTEGER)"))
            ways.dispose()
        with pytest.raises(InputError, match=r"tables of another program \(sessions\)"):
            open_store(settings(database, tmp_path))

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("sqlite://", "in memory"),
            ("sqlite:///:memory:", "in memory"),
            ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
            ("sqlite:///a.sqlite3?cache=shared", "nothing behind its file"),
            ("mysql://host/name", "no way to this kind"),
            ("no address", "no database's address"),
            ("postgresql://host/name?sslmode=prefer", "sslmode=disable"),
            ("postgresql://host/name?options=-c", "sslmode=disable"),
            ("postgresql://127.0.0.1/name?sslmode=verify-full&sslrootcert=missing.pem", "cannot be read"),
        ],
    )
    def test_addresses_that_cannot_be_used(self, tmp_path: Path, address: str, words: str) -> None:
        with pytest.raises(InputError, match=words):
            open_store(Settings(database=address, folder=str(tmp_path)))

    def test_no_password_is_shown(self, server: Server, tmp_path: Path) -> None:
        address = server.url("postgres").replace(server.password, "wrong-word")
        with pytest.raises(InputError, match="password authentication failed") as told:
            open_store(settings(address, tmp_path))
        assert "wrong-word" not in str(told.value)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot be opened"):
            open_store(settings(f"sqlite:///{tmp_path / 'missing' / 'a.sqlite3'}", tmp_path))

    def test_what_is_no_database(self, tmp_path: Path) -> None:
        file = tmp_path / "notes"
        file.write_text("Lorem ipsum " * 1000)
        with pytest.raises(InputError, match="not a database"):
            open_store(settings(f"sqlite:///{file}", tmp_path))
        assert file.read_text() == "Lorem ipsum " * 1000

    def test_looking_begins_nothing(self, database: str, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no such file|no service has kept anything"):
            open_kept(settings(database, tmp_path))
        assert not database.startswith("sqlite") or not file_of(database).exists()
        open_store(settings(database, tmp_path)).close()
        store = open_kept(settings(database, tmp_path))
        with pytest.raises(InputError, match="without its secret"):
            _ = store.secret
        store.close()

    def test_encryption_is_checked(self, server: Server, tmp_path: Path) -> None:
        """The server's certificate is believed where its authority is named, and not otherwise."""
        url = server.new()
        certificate = server.encrypt()
        with pytest.raises(InputError, match="certificate verify failed"):
            open_store(settings(f"{url}?sslmode=verify-full", tmp_path))
        with pytest.raises(
            InputError, match=r"certificate verify failed|cannot be opened"
        ):  # a certificate for another name
            open_store(settings(f"{url.replace('127.0.0.1', 'localhost')}?sslmode=verify-full&sslrootcert={certificate}", tmp_path))  # fmt: skip
        encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        for more, is_so in ((f"?sslmode=verify-full&sslrootcert={certificate}", True), ("?sslmode=disable", False)):
            store = open_store(settings(f"{url}{more}", tmp_path))
            assert store.write(lambda c: c.execute(text(encrypted)).scalar()) is is_so
            assert store.read(lambda c: c.execute(text(encrypted)).scalar()) is is_so
            store.close()

    def test_beyond_this_machine_encryption_is_asked_for(self) -> None:
        for address, checked in (
            ("db.example", True),
            ("127.0.0.1", False),
            ("db.example/name?sslmode=disable", False),
        ):
            url, secured = _secured(url_of(f"postgresql://user@{address}"))
            assert (secured is not False) is checked and not url.query
            assert secured is False or (secured.check_hostname and secured.verify_mode is ssl.CERT_REQUIRED)


class TestThroughTheDoor:
    def test_callers_are_told_503_and_then_answered_again(self, tmp_path: Path) -> None:
        given = settings(f"sqlite:///{tmp_path / 'relaxant.sqlite3'}", tmp_path)
        house = build(given)
        app = service(given, house=house)

        async def asks() -> int:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642") as client:
                return (await client.get("/ready")).status_code

        assert asyncio.run(asks()) == 200
        (tmp_path / "relaxant.sqlite3").rename(tmp_path / "aside")
        assert asyncio.run(asks()) == 503
        (tmp_path / "aside").rename(tmp_path / "relaxant.sqlite3")
        assert asyncio.run(asks()) == 200
        house.store.close()


class TestSecret:
    def test_a_secret_that_is_lost_is_not_made_anew(self, database: str, tmp_path: Path) -> None:
        open_store(settings(database, tmp_path)).close()
        (tmp_path / "relaxant.secret").unlink()
        with pytest.raises(InputError, match="nobody can be found again"):
            open_store(settings(database, tmp_path))
        assert not (tmp_path / "relaxant.secret").exists()

    def test_another_secret_is_refused(self, database: str, tmp_path: Path) -> None:
        open_store(settings(database, tmp_path)).close()
        (tmp_path / "relaxant.secret").write_text("00" * 32)
        with pytest.raises(InputError, match="begun with another one"):
            open_store(settings(database, tmp_path))

    def test_a_secret_that_others_can_read_is_refused(self, database: str, tmp_path: Path) -> None:
        open_store(settings(database, tmp_path)).close()
        (tmp_path / "relaxant.secret").chmod(0o640)
        with pytest.raises(InputError, match="others than the service may read it"):
            open_store(settings(database, tmp_path))

    @pytest.mark.parametrize("held", ["", "00" * 31, "not hexadecimal", "ä" * 64])
    def test_what_is_no_secret_is_refused(self, tmp_path: Path, held: str) -> None:
        file = tmp_path / "named"
        file.write_text(held)
        file.chmod(0o600)
        with pytest.raises(InputError, match="32 bytes in hexadecimal"):
            open_store(Settings(folder=str(tmp_path), secret_file=str(file)))

    def test_a_secret_that_a_setting_names(self, tmp_path: Path) -> None:
        file = tmp_path / "elsewhere"
        with pytest.raises(InputError, match="cannot be read"):
            open_store(Settings(folder=str(tmp_path / "s"), secret_file=str(file)))
        file.write_text("ab" * 32 + "\n")
        file.chmod(0o600)
        store = open_store(Settings(folder=str(tmp_path / "s"), secret_file=str(file)))
        assert store.secret == b"\xab" * 32
        assert not (tmp_path / "s" / "relaxant.secret").exists()
        store.close()


class TestFirstUse:
    def test_once_and_no_more(self, store: Store) -> None:
        until = NOW + timedelta(minutes=5)
        one, other = b"\x01" * 32, b"\x02" * 32
        assert store.write(lambda c: first_use(c, one, until, NOW))
        assert not store.write(lambda c: first_use(c, one, until, NOW))
        assert store.write(lambda c: first_use(c, other, until, NOW))
        assert not store.write(lambda c: first_use(c, one, until, NOW))

    def test_what_has_expired_is_forgotten(self, store: Store) -> None:
        for i in range(1, 20):
            store.write(lambda c, i=i: first_use(c, bytes([1, i]) * 16, NOW + timedelta(seconds=i), NOW))
        later = NOW + timedelta(seconds=10)
        assert store.write(lambda c: first_use(c, bytes(32), later + timedelta(minutes=1), later))
        left = store.read(lambda c: set(c.execute(select(TOKENS.c.token)).scalars()))
        assert left == {bytes(32), *(bytes([1, i]) * 16 for i in range(10, 20))}

    def test_of_several_processes_one_is_told_yes(self, database: str, tmp_path: Path) -> None:
        open_store(settings(database, tmp_path)).close()
        script = textwrap.dedent("""
            import hashlib, sys
            from datetime import UTC, datetime, timedelta
            from relaxant.service.settings import Settings
            from relaxant.service.store.store import open_store
            from relaxant.service.store.uses import first_use
            store, now = open_store(Settings(database=sys.argv[1], folder=sys.argv[2])), datetime(2026, 11, 26, tzinfo=UTC)
            sys.stdin.readline()
            for i in range(60):
                used = hashlib.sha256(bytes([i])).digest()
                if store.write(lambda c: first_use(c, used, now + timedelta(days=1), now)):
                    print(i)
            store.close()
        """)
        told = [sys.executable, "-c", script, database, str(tmp_path)]
        processes = [subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        time.sleep(1)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60)[0].split() for process in processes]
        assert [process.returncode for process in processes] == [0] * 3
        assert sorted(int(i) for one in said for i in one) == list(range(60))


class TestTurns:
    """Whose turn it is, on a loop."""

    def test_writes_that_take_long_hold_a_loop_up_one_at_a_time(self, store: Store) -> None:
        def slowly(connection: Connection) -> None:
            time.sleep(0.05)
            connection.execute(text("SELECT 1"))

        async def runs() -> float:
            worst, ended = 0.0, False

            async def beats() -> None:
                nonlocal worst
                while not ended:
                    begun = time.monotonic()
                    await asyncio.sleep(0.001)
                    worst = max(worst, time.monotonic() - begun)

            beating = asyncio.create_task(beats())
            await asyncio.gather(*(store.written(slowly) for _ in range(20)))
            ended = True
            await beating
            return worst

        assert asyncio.run(runs()) < 0.5  # of a second that all of them take

    def test_that_another_process_wrote_a_while_ago_is_no_reason_to_refuse(self, tmp_path: Path) -> None:
        database = f"sqlite:///{tmp_path / 'own.sqlite3'}"
        store = open_store(settings(database, tmp_path))
        other = sqlite3.connect(file_of(database), isolation_level=None, check_same_thread=False)
        turns = store._turns

        async def runs() -> None:
            loop = asyncio.get_running_loop()
            other.execute("BEGIN IMMEDIATE")
            first = turns.asks(step("first"))
            turns.lead(loop)
            await asyncio.sleep(0)  # another process writes: it is tried again in a moment
            other.execute("ROLLBACK")
            await asyncio.to_thread(turns.wait, first, 20.0)  # somebody in a thread was quicker
            if turns._locked is not None:
                turns._locked -= 60  # a minute goes by
            other.execute("BEGIN IMMEDIATE")
            loop.call_later(0.05, other.execute, "ROLLBACK")
            await store.written(step("second"))

        try:
            asyncio.run(runs())
            assert steps(store) == {"first", "second"}
        finally:
            other.close()
            store.close()

    def test_a_transaction_that_cannot_be_taken_back_ends_nobody_elses_turn(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
        store = open_store(settings(f"sqlite:///{tmp_path / 'own.sqlite3'}", tmp_path))

        def lost(*_given: Any) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

        async def runs() -> None:
            with monkeypatch.context() as broken:
                broken.setattr(store._turns, "_do", lost)
                broken.setattr(store.ways.writes.dialect, "do_rollback", lost)
                with pytest.raises(Away):
                    await asyncio.wait_for(store.written(step("lost")), 5)
            await asyncio.wait_for(store.written(step("kept")), 5)

        try:
            asyncio.run(runs())
            assert steps(store) == {"kept"}
        finally:
            store.close()
