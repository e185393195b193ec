"""Several processes behind one address."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn

from relaxant.errors import InputError
from relaxant.service.listening import bound, listening
from relaxant.service.rate import Rate
from serving import Served, free_port, served

_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads lines over sockets at one address")


@contextlib.contextmanager
def lines(own: Served, count: int) -> Iterator[list[httpx.Client]]:
    """So many callers who each keep a line of their own, all opened before anything is asked."""
    with contextlib.ExitStack() as stack:
        callers = [
            stack.enter_context(httpx.Client(base_url=own.url, trust_env=False, timeout=30)) for _ in range(count)
        ]
        yield callers


def workers(own: Served) -> list[int]:
    """The processes that were begun to serve."""
    children = Path(f"/proc/{own.process.pid}/task/{own.process.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def until_both_listen(own: Served) -> None:
    """Waits for the second worker; a service is there as soon as one answers."""
    until = time.monotonic() + 90
    while (
        sum(f":{own.port:04X} 00000000:0000 0A" in line for line in Path("/proc/net/tcp").read_text().splitlines()) < 2
    ):
        assert time.monotonic() < until, own.log()
        time.sleep(0.1)


@_LINUX
def test_lines_are_spread_over_the_workers(tmp_path: Path) -> None:
    with served(tmp_path, workers=2) as own, lines(own, 24) as callers:
        until_both_listen(own)
        seen = []
        for caller in callers:
            assert caller.get("/nowhere").status_code == 404
            counted = re.search(r'relaxant_requests_total\{method="GET",route="none",status="404"\} (\S+)', caller.get("/metrics").text)  # fmt: skip
            assert counted is not None
            seen.append(float(counted[1]))
        assert max(seen) < len(callers)  # one alone would have counted them all
        assert own.stop() == 0


@_LINUX
def test_where_a_worker_is_killed_the_other_answers_and_it_is_begun_again(tmp_path: Path) -> None:
    with served(tmp_path, workers=2) as own:
        until_both_listen(own)
        killed = workers(own)[0]
        os.kill(killed, signal.SIGKILL)
        time.sleep(0.2)
        for _ in range(20):
            assert httpx.get(own.url + "/ready", trust_env=False).status_code == 200
        until_both_listen(own)
        assert killed not in workers(own)
        assert own.stop() == 0


def begun_by(pid: int) -> list[int]:
    """Every process that a process has begun, and those that these have."""
    children = [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    return [*children, *(further for one in children for further in begun_by(one))]


def seen(pid: int) -> bytes:
    """What others of the same user see of how a process was begun."""
    return Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()


@_LINUX
def test_no_worker_was_begun_with_what_the_settings_say(database: str, tmp_path: Path) -> None:
    """Neither the database's password nor anything else of the settings, whether the environment or a file said it; nor is it left in a file."""
    own_file = tmp_path / "relaxant.toml"
    own_file.write_text('call = "canary-of-the-file"\n')
    program = (sys.executable, "-c", f"import sys; from relaxant.cli.main import main; sys.exit(main([*sys.argv[1:], '--config', {str(own_file)!r}]))")  # fmt: skip
    secrets = [b"canary-of-the-file", b"canary-of-the-environment", database.encode(), b"RELAXANT_SERVE"]
    secrets += [word.encode() for word in [urlsplit(database).password] if word]
    with served(tmp_path / "state", program, workers=2, database=database, country="UK", origins=["https://canary-of-the-environment.example"]) as own:  # fmt: skip
        until_both_listen(own)
        assert b"canary-of-the-environment" in seen(own.process.pid)  # as it was told: the search finds what is there
        for restarted in (False, True):
            if restarted:  # one that is begun again is handed the same
                os.kill(killed := workers(own)[0], signal.SIGKILL)
                until = time.monotonic() + 90
                while killed in workers(own) or len(workers(own)) < 2:
                    assert time.monotonic() < until, own.log()
                    time.sleep(0.1)
                until_both_listen(own)
            begun = begun_by(own.process.pid)
            assert len(workers(own)) == 2 and set(workers(own)) <= set(begun)
            assert not [secret for pid in begun for secret in secrets if secret in seen(pid)]
        allowed = httpx.get(own.url + "/cds-services", headers={"origin": "https://canary-of-the-environment.example"}, trust_env=False)  # fmt: skip
        assert (
            allowed.headers["access-control-allow-origin"] == "https://canary-of-the-environment.example"
        )  # they know
        assert own.stop() == 0
        left = b"".join(file.read_bytes() for file in own.temporary.rglob("*") if file.is_file())
        assert not any(secret in left for secret in secrets)


@pytest.mark.parametrize("count", [1, 2])
def test_a_fault_at_the_start_is_said_once_and_ends_it(tmp_path: Path, count: int) -> None:
    (tmp_path / "relaxant.sqlite3").write_bytes(b"no database at all " * 100)
    started = [sys.executable, "-m", "relaxant", "serve", "--port", str(free_port()), "--workers", str(count)]
    environment = {**os.environ, "RELAXANT_SERVE_FOLDER": str(tmp_path)}
    ended = subprocess.run(started, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "database" in ended.stderr and "Traceback" not in ended.stderr


def test_an_address_that_somebody_else_has() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputError, match="cannot be listened on"):
            bound("127.0.0.1", other.getsockname()[1])


@_LINUX
def test_a_second_service_is_told_that_there_is_one() -> None:
    """Two services of one user may share an address, and each would get a part of the callers."""
    with bound("127.0.0.1", 0) as worker:
        worker.listen()
        config = uvicorn.Config("none", port=worker.getsockname()[1])
        with pytest.raises(InputError, match="cannot be listened on"):
            listening(config)


def test_a_rate_keeps_no_more_than_a_minute_of_calls_and_of_callers() -> None:
    at = [0.0]
    rate: Any = Rate(1_000_000, lambda: at[0])
    for i in range(10_000):
        at[0] += 0.1
        assert rate.wait("steady") == 0
        assert rate.wait(f"once {i}") == 0
        assert len(rate._calls["steady"]) <= 601 and len(rate._calls) <= 1202
