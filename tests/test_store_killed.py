"""A process of the service is killed while it writes: what it acknowledged is kept, and the audit's chain is whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from conftest import FULL
from databases import Server, end
from relaxant.service.audit.verify import verify
from relaxant.service.settings import Settings
from relaxant.service.store.store import Store, open_store
from relaxant.service.store.tables import ANSWERS, AUDIT, CARDS, ENTRIES

_KILLS = 50 if FULL else 5
_WRITING = Path(__file__).parent / "writing.py"


def started(database: str, folder: Path, name: str, rows: int | None = None) -> subprocess.Popen[bytes]:
    told = [sys.executable, str(_WRITING), database, str(folder), name, *([] if rows is None else [str(rows)])]
    return subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def said_by(process: subprocess.Popen[bytes], first: bytes = b"") -> list[list[str]]:
    """Every whole line that it printed."""
    assert process.stdout is not None and process.stderr is not None
    text = first + process.stdout.read()
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert not errors, errors
    return [line.split() for line in text.decode().split("\n")[:-1]]


def check(store: Store, acknowledged: list[list[str]]) -> None:
    """Everything acknowledged is there, nothing is there by half, and the chain is whole."""

    def reads(connection: Any) -> tuple[dict[int, str], set[str], set[str], set[tuple[str, str]], list[str]]:
        rows = {r.number: r.what for r in connection.execute(select(AUDIT.c.number, AUDIT.c.what))}
        cards = {r.card for r in connection.execute(select(CARDS.c.card))}
        answers = {r.card for r in connection.execute(select(ANSWERS.c.card))}
        entries = {(r.diary, r.day) for r in connection.execute(select(ENTRIES.c.diary, ENTRIES.c.day))}
        return rows, cards, answers, entries, list(rows.values())

    rows, cards, answers, entries, said = store.read(reads)
    together = "\n".join(said)
    for kind, *what in acknowledged:
        if kind == "audit":
            assert f'"{what[1]}"' in rows[int(what[0])]
        elif kind == "answer":
            assert what[0] in answers and what[0] in cards
        elif kind == "entry":
            assert (what[0], what[1]) in entries
    for card in answers:  # an answer and its row of the audit are kept together or not at all
        assert card in together
    assert sum('"day"' in what for what in said) == len(entries)
    verdict = verify(store)
    assert verdict.sound and verdict.number == len(rows), verdict


def test_what_a_killed_process_acknowledged_is_kept(database: str, tmp_path: Path) -> None:
    chance, acknowledged = random.Random(7), list[list[str]]()
    for i in range(_KILLS):
        both = [started(database, tmp_path, f"p{i}{one}") for one in "ab"]  # the other is killed a moment later
        begun = []
        for process in both:
            assert process.stdout is not None
            begun.append(process.stdout.readline())
        time.sleep(chance.uniform(0.02, 0.25))
        for process, first in zip(both, begun, strict=True):
            assert process.poll() is None, process.stderr and process.stderr.read()
            end(process)
            assert process.returncode == -signal.SIGKILL
            acknowledged += said_by(process, first)
            time.sleep(chance.uniform(0, 0.05))
    store = open_store(Settings(database=database, folder=str(tmp_path)))
    try:
        assert {kind for kind, *_ in acknowledged} >= {"audit", "answer", "entry"}
        check(store, acknowledged)
    finally:
        store.close()


def test_two_processes_append_to_one_chain_at_once(database: str, tmp_path: Path) -> None:
    rows = 400 if FULL else 100
    both = [started(database, tmp_path, name, rows) for name in ("a", "b", "c")]
    acknowledged = [line for process in both for line in said_by(process)]
    assert [process.wait(timeout=60) for process in both] == [0, 0, 0]
    assert len(acknowledged) == 3 * (3 * rows + 1)
    store = open_store(Settings(database=database, folder=str(tmp_path)))
    try:
        check(store, acknowledged)
        numbers = [int(line[1]) for line in acknowledged if line[0] == "audit"]
        assert len(set(numbers)) == 3 * rows
        assert verify(store).number == 9 * rows
    finally:
        store.close()


def test_a_crash_of_postgresql_loses_nothing_acknowledged(server: Server, tmp_path: Path) -> None:
    """One of the server's processes is killed; it then ends all the others and recovers from its log. The service's process lives on."""
    database = server.new()
    name, store = database.rsplit("/", 1)[1], open_store(Settings(database=database, folder=str(tmp_path)))
    try:
        process = started(database, tmp_path, "crash")
        assert process.stdout is not None
        text = process.stdout.readline()
        for _ in range(10 if FULL else 2):
            time.sleep(0.2)
            subprocess.run(["kill", "-KILL", str(server.worker(name))], check=True)
            while not text.endswith(b"\n") or b"refused" not in text.splitlines()[-1]:  # it was told 503
                text += process.stdout.readline()
            while b"refused" in text.splitlines()[-1]:  # and then it was well again
                text += process.stdout.readline()
        end(process)
        said = said_by(process, text)
        _until_ready(store)
        check(store, said)
    finally:
        store.close()


def _until_ready(store: Store) -> None:
    for _ in range(200):
        try:
            store.ready()
            return
        except Exception:
            time.sleep(0.05)
    store.ready()
