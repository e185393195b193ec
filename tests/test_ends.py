"""The process begins and ends as an operator expects: told to stop it answers what is under way, writes it down, and ends with status 0."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from relaxant.cli.main import main
from relaxant.knowledge.load import Knowledge
from relaxant.service.audit.verify import rows, verify
from relaxant.service.settings import Settings
from relaxant.service.store.store import open_kept
from relaxant.version import __version__
from serving import served
from test_door import hear


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_answered_and_the_status_is_0(told: signal.Signals, tmp_path: Path) -> None:
    """A call whose body comes in two halves, the second after the signal."""
    body = json.dumps({"medicines": ["baclofen 10 mg three times a day"], "age": "58"}).encode()
    head = f"POST /api/review HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with served(tmp_path) as own, socket.create_connection(("127.0.0.1", own.port)) as line:
        line.sendall(head + body[:9])
        time.sleep(0.3)
        own.process.send_signal(told)
        time.sleep(0.5)
        assert own.process.poll() is None
        line.sendall(body[9:])
        heard = hear(line, 20)
        assert heard.startswith(b"HTTP/1.1 200 ") and b'"reviewed"' in heard
        assert own.process.wait(30) == 0
    assert "Traceback" not in own.log()


def test_a_service_of_two_processes_ends_with_status_0(tmp_path: Path) -> None:
    with served(tmp_path, workers=2) as own:
        assert own.stop() == 0
    with_status = open_kept(Settings(folder=str(tmp_path)))
    kinds = [row.kind for row in rows(with_status)]
    with_status.close()
    assert sorted(kinds) == ["started", "started", "stopped", "stopped"] and "Traceback" not in own.log()


def test_its_beginning_and_its_end_are_in_the_audit(database: str, tmp_path: Path, knowledge: Knowledge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    for more in ({}, {"public_url": "https://relaxant.hospital.example"}):
        with served(tmp_path, database=database, **more) as own:
            assert own.stop() == 0
    with served(tmp_path, database=database) as own:
        assert httpx.get(own.url + "/ready", trust_env=False).status_code == 200
        own.process.kill()  # says nothing, and what it had said stands
        own.process.wait()
    store = open_kept(Settings(database=database, folder=str(tmp_path)))
    kept = list(rows(store))
    assert verify(store).sound
    store.close()
    assert [row.kind for row in kept] == ["started", "stopped", "started", "stopped", "started"]
    assert {(row.by, row.person) for row in kept} == {("service", None)}
    what = [json.loads(row.what) for row in kept]
    assert {(one["engine"], one["knowledge"], one["knowledge_date"]) for one in what} == {(__version__, knowledge.sha256, knowledge.date)}  # fmt: skip
    assert [one["unauthenticated"] for one in what] == [True, True, False, False, True]
    monkeypatch.setenv("RELAXANT_SERVE_DATABASE", database)
    monkeypatch.setenv("RELAXANT_SERVE_FOLDER", str(tmp_path))
    assert main(["audit", "verify"]) == 0 and "5 rows" in capsys.readouterr().out
