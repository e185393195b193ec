"""The door, as somebody who means harm finds it: over real sockets, against the real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.service.app import routes
from relaxant.service.door import CLOSED, Door
from relaxant.service.house import House, route, slow
from relaxant.service.line import HEAD_SECONDS, LINE, MOST_HEAD
from relaxant.service.logs import Plain, write_logs
from relaxant.service.measured import Measured
from relaxant.service.settings import Settings
from relaxant.service.store.store import open_store
from serving import in_thread, served


class Gate:
    """The door before a few routes of our own: what arrived, what takes long, what fails."""

    def __init__(self, url: str, house: House, released: threading.Event) -> None:
        self.url, self.house, self.released = url, house, released
        self.port = int(url.rsplit(":", 1)[1])
        self.seen: list[bytes] = []
        self.clients: list[str] = []

    def post(self, body: Any, **how: Any) -> httpx.Response:
        return httpx.post(self.url + "/take", content=body, trust_env=False, timeout=60, **how)

    @contextlib.contextmanager
    def line(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=40) as own:
            yield own

    def say(self, said: bytes) -> bytes:
        """What is answered until the line closes, or nothing more comes for a second."""
        with self.line() as own:
            own.sendall(said)
            return hear(own)


def hear(own: socket.socket, quiet: float = 1.0) -> bytes:
    own.settimeout(quiet)
    heard = b""
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while part := own.recv(65536):
            heard += part
    return heard


@contextlib.contextmanager
def gate(
    folder: Path, knowledge: Knowledge, *, options: dict[str, Any] | None = None, **changed: Any
) -> Iterator[Gate]:
    settings = Settings(**{"folder": str(folder), "rate": 0, "body_seconds": 1.5, "answer_seconds": 1, **changed})
    house = House(settings=settings, knowledge=knowledge, store=open_store(settings), measured=Measured())
    released, own = threading.Event(), list[Gate]()

    async def take(request: Request, house: House) -> Response:
        own[0].seen.append(await request.body())
        own[0].clients.append(request.scope["state"]["client"])
        return Response("taken")

    async def wait(request: Request, house: House) -> Response:
        await asyncio.sleep(30)
        return Response("too late")

    def work(request: Request, house: House) -> Response:
        released.wait(30)
        return Response("worked")

    async def fail(request: Request, house: House) -> Response:
        raise ZeroDivisionError("Mrs Canary, born 1968")

    own_routes = [
        route("/take", house, take, ("POST",)),
        route("/wait", house, wait),
        route("/work", house, slow(work)),
        route("/fail", house, fail),
    ]
    door = Door(Router([*routes(house), *own_routes], redirect_slashes=False), settings, house.measured)
    with in_thread(door, http=LINE, timeout_graceful_shutdown=1, **(options or {})) as url:
        own.append(Gate(url, house, released))
        try:
            yield own[0]
        finally:
            released.set()
    house.store.close()


@pytest.fixture
def at(tmp_path: Path, knowledge: Knowledge) -> Iterator[Gate]:
    with gate(tmp_path, knowledge) as own:
        yield own


def test_a_body_of_a_byte_at_a_time_is_not_waited_for(at: Gate) -> None:
    with at.line() as line:
        line.sendall(b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n")
        heard = b""
        for _ in range(40):
            try:
                line.sendall(b" ")
            except OSError:
                break
            if heard := hear(line, 0.2):
                break
    assert heard.startswith(b"HTTP/1.1 408 ") and b"connection: close" in heard
    assert at.seen == []
    assert at.house.measured.refused.labels("408")._value.get() == 1


def test_a_gigabyte_is_refused_before_it_is_read(at: Gate) -> None:
    heard = at.say(b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1073741824\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 413 ") and b"a body is at most 10 MiB" in heard
    many = b"9" * 5000
    heard = at.say(b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: " + many + b"\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 4")
    heard = at.say(
        b"POST /take HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 1073741824\r\n\r\n"
    )
    assert heard.startswith(b"HTTP/1.1 413 ")  # and never asked to go on
    assert at.seen == []


def test_chunks_without_end_are_counted_as_they_come(at: Gate) -> None:
    sent, chunk = 0, b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with at.line() as line:
        line.sendall(b"POST /take HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while sent < 200 * 1024 * 1024:
                line.sendall(chunk)
                sent += len(chunk)
        except OSError:  # the other side has closed
            pass
    assert 10 * 1024 * 1024 < sent < 40 * 1024 * 1024
    assert at.seen == [] and at.house.measured.refused.labels("413")._value.get() == 1


@pytest.mark.parametrize(
    "headers",
    [
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: -5\r\n",
        b"content-length: 5, 5\r\n",
        b"content-length: 0x5\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b" content-length: 5\r\n",
        b"content-length : 5\r\n",
        b"content-length: 5\nx: y\r\n",
    ],
)
def test_a_length_that_could_be_read_in_two_ways_is_refused(headers: bytes, at: Gate) -> None:
    heard = at.say(
        b"POST /take HTTP/1.1\r\nhost: localhost\r\n"
        + headers
        + b"\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"
    )
    assert heard.startswith(b"HTTP/1.1 400 ") and heard.count(b"HTTP/1.1 ") == 1
    assert b"content-security-policy" in heard


def test_a_length_that_lies(at: Gate) -> None:
    heard = at.say(b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}{}{}")
    assert heard.startswith(b"HTTP/1.1 400 ") and heard.count(b"HTTP/1.1 ") == 1  # what is left over is no request
    assert b"connection: close" in heard
    heard = at.say(b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{}")
    assert heard == b"" or heard.startswith(b"HTTP/1.1 408 ")


def test_bombs(at: Gate) -> None:
    deep = b"[" * 100_000
    assert at.post(deep).status_code == 413
    assert at.post(b'{"a":' * 65 + b"1" + b"}" * 65).status_code == 413
    assert at.post(b'{"a\\\\":' * 65 + b"1" + b"}" * 65).status_code == 413
    assert at.post(b'{"a":' * 64 + b"1" + b"}" * 64).status_code == 200
    within = json.dumps({"text": "[{" * 50_000, "more": '"[[' * 1000}).encode()
    assert at.post(within).status_code == 200  # text is text: whoever reads it again bounds it again
    entry = b'{"resource":{"resourceType":"Observation"}}'
    assert at.post(b'{"entry":[' + b",".join([entry] * 100_000) + b"]}").status_code == 413
    assert at.post(b'{"entry":[' + b",".join([entry] * 5000) + b"]}").status_code == 200
    for escaped in (
        rb"resourceTyp\u0065",
        rb"\u0072esourceT\u0079pe",
        rb"".join(rb"\u00%02X" % c for c in b"resourceType"),
    ):
        entry = b'{"resource":{"' + escaped + b'":"Observation"}}'
        assert at.post(b'{"entry":[' + b",".join([entry] * 6000) + b"]}").status_code == 413


def test_bombs_that_only_a_reader_meets(knowledge: Knowledge) -> None:
    from conftest import TODAY
    from relaxant.errors import RelaxantError

    for body, why in (
        (b"a: " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b'{"medicines":' + b"[" * 500 + b"]" * 500 + b"}", "nested too deeply"),
        (b"medicines:\n" + b"- baclofen\n" * 100_000, "no one person has so many"),
        (b'{"medicines":[' + b"0," * 500_000 + b"0]}", "no one person has so many"),
        (b"medicines: [" + b"x," * 210_000 + b"x]", "more than 200,000 values"),
        (b"a: &a [x,x]\nb: &b [*a,*a]\n", "aliases are not read"),
    ):
        with pytest.raises(RelaxantError, match=why):
            read_bytes(body, knowledge, today=TODAY)


def test_all_bodies_together_are_bounded(tmp_path: Path, knowledge: Knowledge) -> None:
    with gate(tmp_path, knowledge, most_body=0.1, body_seconds=20) as at:
        lines = [socket.create_connection(("127.0.0.1", at.port)) for _ in range(17)]
        try:
            for line in lines:
                line.sendall(
                    b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 104000\r\n\r\n" + b"x" * 103_000
                )
            answers = [hear(line, 0.3) for line in lines]
            refused = [answer for answer in answers if answer]
            assert len(refused) == 1 and refused[0].startswith(b"HTTP/1.1 503 ") and b"retry-after: 5" in refused[0]
        finally:
            for line in lines:
                line.close()
        for _ in range(100):
            if at.post(b"{}").status_code == 200:
                break
            time.sleep(0.05)
        assert at.post(b"x" * 100_000).status_code == 200  # what went is given back


def test_huge_headers(at: Gate) -> None:
    head = b"GET /health HTTP/1.1\r\nhost: localhost\r\n"
    for said in (
        head + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
        head + b"".join(b"x%d: y\r\n" % n for n in range(9000)) + b"\r\n",
        b"GET /health?" + b"q" * 70_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ):
        heard = at.say(said)
        assert heard.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ")) and b"content-security-policy" in heard
        assert b"connection: close" in heard
    sent = 0
    with at.line() as line, contextlib.suppress(OSError):
        line.sendall(head)
        while sent < 50 * 1024 * 1024:
            line.sendall(b"x: " + b"y" * 10_000 + b"\r\n")
            sent += 10_005
    assert sent < 20 * 1024 * 1024  # what lay in the sockets' own buffers
    assert at.say(head + b"x: " + b"y" * 30_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_the_process_bounds_heads_by_its_own_line(tmp_path: Path) -> None:
    """What uvicorn alone would keep waiting for: a head without an end is refused once it is too long, before anything of it is a request."""
    with served(tmp_path) as own, socket.create_connection(("127.0.0.1", own.port), timeout=40) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * (MOST_HEAD + 1000))
        heard = hear(line, 5)
        assert heard.startswith(b"HTTP/1.1 400 ") and b"content-security-policy" in heard
        assert httpx.get(own.url + "/health", trust_env=False).status_code == 200


def test_slow_headers(at: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relaxant.service.line.HEAD_SECONDS", 0.5)
    assert HEAD_SECONDS == 10

    def trickles(line: socket.socket) -> bool:
        """Whether a byte every tenth of a second is cut off."""
        with contextlib.suppress(OSError):
            for _ in range(60):
                line.sendall(b"x")
                line.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    if line.recv(1000) == b"":
                        return True
            return False
        return True

    with at.line() as line:  # nothing at all
        line.settimeout(5)
        assert _ended(line)
    with at.line() as line:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: ")
        assert trickles(line)
    with at.line() as line:  # the second request of a line
        line.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b" 200 " in hear(line, 0.2)
        line.sendall(b"GET /health HTTP/1.1\r\nx: ")
        assert trickles(line)


def _ended(line: socket.socket) -> bool:
    try:
        return line.recv(100) == b""
    except ConnectionResetError:
        return True


def test_what_is_left_of_a_refused_body_may_not_trickle(
    tmp_path: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relaxant.service.line.HEAD_SECONDS", 0.5)
    with gate(tmp_path, knowledge, rate=1) as at:
        assert at.post(b"{}").status_code == 200
        with at.line() as line:
            line.sendall(b"POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 60000\r\n\r\n")
            assert b" 429 " in hear(line, 0.3)
            ended = False
            for _ in range(60):
                try:
                    line.sendall(b"x")
                except OSError:
                    ended = True
                    break
                time.sleep(0.1)
            assert ended
        heard = at.say(b"POST /take HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        assert b" 429 " in heard and b"connection: close" in heard


def test_the_rate(tmp_path: Path, knowledge: Knowledge) -> None:
    with gate(tmp_path, knowledge, rate=5) as at:
        statuses = [at.post(b"{}").status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        answer = at.post(b"{}")
        assert 1 <= int(answer.headers["retry-after"]) <= 60 and answer.json()["status"] == 429
        assert httpx.get(at.url + "/health", trust_env=False).status_code == 200  # counted apart, and bounded as well
        assert [httpx.get(at.url + "/ready", trust_env=False).status_code for _ in range(5)] == [200] * 4 + [429]


def test_forwarded_addresses_are_believed_from_proxies_only(tmp_path: Path, knowledge: Knowledge) -> None:
    others = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    with gate(tmp_path, knowledge, rate=2) as at:
        assert [at.post(b"", headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code for n in range(3)] == [
            200,
            200,
            429,
        ]
        assert at.clients == ["127.0.0.1"] * 2
    with gate(
        tmp_path,
        knowledge,
        rate=2,
        proxies=("127.0.0.1",),
        options={"proxy_headers": True, "forwarded_allow_ips": ["127.0.0.1"]},
    ) as at:
        assert [at.post(b"", headers=others).status_code for n in range(3)] == [200, 200, 429]
        assert at.clients[0] == "198.51.100.7"  # the nearest that is no proxy, not what a caller puts before it
        six = [{"x-forwarded-for": f"2001:db8:1:2::{n:x}"} for n in range(3)]
        assert [at.post(b"", headers=one).status_code for one in six] == [200, 200, 429]


def test_a_process_believes_proxies_as_it_is_told(tmp_path: Path) -> None:
    for proxies, statuses in (((), [200, 200, 429]), (("127.0.0.1",), [200, 200, 200])):
        with served(tmp_path / str(len(proxies)), rate=2, proxies=proxies or None) as own:
            called = []
            for n in range(3):
                called.append(httpx.get(own.url + "/nowhere", headers={"x-forwarded-for": f"203.0.113.{n}"}, trust_env=False).status_code)  # fmt: skip
            assert called == [404 if status == 200 else status for status in statuses]


def test_a_strangers_name_for_this_machine(tmp_path: Path, knowledge: Knowledge) -> None:
    def status(at: Gate, host: bytes) -> int:
        return int(at.say(b"GET /health HTTP/1.1\r\nhost: " + host + b"\r\nconnection: close\r\n\r\n").split()[1])

    with gate(tmp_path, knowledge) as at:
        for host in (b"localhost:80", b"127.0.0.1", b"[::1]:99", b"relaxant", b"192.0.2.1"):
            assert status(at, host) == 200, host
        for host in (b"attacker.example", b"127.0.0.1.attacker.example", b"localhost.attacker.example", b"", b"a@b.c", b"[::1"):  # fmt: skip
            assert status(at, host) == (200 if host == b"" else 421), host
        twice = at.say(b"GET /health HTTP/1.1\r\nhost: localhost\r\nhost: attacker.example\r\n\r\n")
        assert b" 421 " in twice
    with gate(tmp_path, knowledge, public_url="https://relaxant.hospital.example/x") as at:
        assert status(at, b"Relaxant.hospital.example") == 200 and status(at, b"attacker.example") == 421
    with gate(tmp_path, knowledge, proxies=("192.0.2.1",)) as at:
        assert status(at, b"upstream.internal") == 200
    with gate(tmp_path, knowledge, host="0.0.0.0", unauthenticated=True) as at:
        assert status(at, b"ward.hospital.example") == 200


def test_methods(at: Gate) -> None:
    got = httpx.request("HEAD", at.url + "/health", trust_env=False)
    assert got.status_code == 200 and got.content == b""
    for method in ("OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"):
        answer = httpx.request(method, at.url + "/health", headers={"x-secret": "canary"}, trust_env=False)
        assert answer.status_code == 405 and b"canary" not in answer.content
    for said in (
        b"BREW /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ):
        assert at.say(said).split()[1] in (b"400", b"405", b"404")
    upgrade = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\nsec-websocket-version: 13\r\n\r\n"
    assert at.say(upgrade).startswith(b"HTTP/1.1 200 ")  # as if it had not been asked


def test_closed_headers_on_every_answer(tmp_path: Path, knowledge: Knowledge) -> None:
    with gate(tmp_path, knowledge, most_body=0.01, public_url="https://relaxant.hospital.example") as at:
        answers = [
            httpx.get(at.url + "/health", trust_env=False),
            httpx.get(at.url + "/metrics", trust_env=False),
            httpx.get(at.url + "/nowhere", trust_env=False),
            httpx.get(at.url + "/health/", trust_env=False),
            httpx.get(at.url + "/fail", trust_env=False),
            httpx.get(at.url + "/wait", trust_env=False),
            httpx.put(at.url + "/take", trust_env=False),
            at.post(b"x" * 20_000),
            httpx.get(at.url + "/health", headers={"host": "attacker.example"}, trust_env=False),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 500, 503, 405, 413, 421]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in CLOSED} == CLOSED, answer.status_code
        assert "server" not in answer.headers and len(answer.headers["x-request-id"]) == 16
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_an_error_of_ours_says_nothing(at: Gate, caplog: pytest.LogCaptureFixture) -> None:
    answer = httpx.get(at.url + "/fail", trust_env=False)
    assert answer.status_code == 500 and "Canary" not in answer.text
    lines = [Plain().format(record) for record in caplog.records if record.exc_info]
    assert any('"error":"ZeroDivisionError"' in line for line in lines) and not any("Canary" in line for line in lines)


def test_the_time_of_an_answer(tmp_path: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that waits is ended. One that computes in a thread cannot be: its caller is told in time, it goes on to its end, and there are never
    more such threads than the pool has; when all are taken, others wait for one and are then told 503 as well; the loop goes on answering."""
    with gate(tmp_path, knowledge) as at:
        assert httpx.get(at.url + "/wait", trust_env=False, timeout=10).status_code == 503
        before = threading.active_count()
        answers: list[int] = []

        def ask() -> None:
            answers.append(httpx.get(at.url + "/work", trust_env=False, timeout=20).status_code)

        threads = [threading.Thread(target=ask) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [503] * 40
        assert threading.active_count() - before <= 16
        assert httpx.get(at.url + "/health", trust_env=False).status_code == 200
        at.released.set()
        for _ in range(100):
            if httpx.get(at.url + "/work", trust_env=False).status_code == 200:
                break
        assert httpx.get(at.url + "/work", trust_env=False).text == "worked"
        monkeypatch.setattr("relaxant.service.house._MOST_WAITING", 0)
        refused = httpx.get(at.url + "/work", trust_env=False)
        assert refused.status_code == 503 and refused.headers["retry-after"] == "2"


def test_a_request_under_way_ends_before_the_process(tmp_path: Path) -> None:
    with served(tmp_path) as own, socket.create_connection(("127.0.0.1", own.port)) as line:
        line.sendall(b"POST /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\n{}")
        time.sleep(0.3)
        own.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert own.process.poll() is None
        line.sendall(b"  ")
        heard = hear(line, 5)
        assert heard.startswith(b"HTTP/1.1 405 ")
        own.process.wait(20)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", own.port), timeout=1)
    assert [line["status"] for line in own.lines() if line["message"] == "answered"] == [405]


def test_what_nothing_catches_is_logged_without_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    kept = logging.getLogger().handlers[:], sys.excepthook, threading.excepthook, sys.unraisablehook
    try:
        write_logs()

        def fails() -> None:
            raise ValueError("Mrs Canary")

        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        logging.getLogger("asyncio").error("Task exception was never retrieved: ValueError('Mrs Canary')")
        logging.getLogger("elsewhere").error("of %s", "Mrs Canary")
        logging.captureWarnings(False)
    finally:
        logging.getLogger().handlers[:], sys.excepthook, threading.excepthook, sys.unraisablehook = kept
    written = capfd.readouterr().err
    assert "Canary" not in written
    assert written.count("nothing caught an error") == 1 and written.count("left out") == 2


def test_only_heads_are_bounded_by_the_head(at: Gate) -> None:
    body = b"x" * (MOST_HEAD * 3)
    for _ in range(3):
        assert at.post(body).status_code == 200
    with httpx.Client(trust_env=False) as client:
        assert [client.post(at.url + "/take", content=body).status_code for _ in range(4)] == [200] * 4
    assert at.seen == [body] * 7


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    page = (Path(__file__).parent.parent / "docs" / "service" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", page)
    assert len(named) > 40
    for file, test in named:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text(encoding="utf-8"), (file, test)
