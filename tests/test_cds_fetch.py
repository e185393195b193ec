"""What the prefetch lacks, asked of a FHIR server that is on the list, and of no other. The servers are real ones, on this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from cds import ORDERS, PATIENT, Desk, bundle, example, order, prefetched, sign, view
from relaxant.service.app import service
from relaxant.service.held import Share
from serving import in_thread

TOKEN = {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "s"}  # fmt: skip
TIZANIDINE = order("tizanidine 4 mg tablet", "4 mg three times a day")
Answering = Callable[[Request], Response]


@contextmanager
def fhir(answering: Answering, go: threading.Event | None = None) -> Iterator[tuple[str, list[Request]]]:
    """A FHIR server on this machine: its base URL, and what it was asked. It answers once it may ``go``."""
    asked: list[Request] = []

    async def answer(request: Request) -> Response:
        asked.append(request)
        while go is not None and not go.is_set():
            await asyncio.sleep(0.01)
        return answering(request)

    with in_thread(Router([Route("/{rest:path}", answer)])) as url:
        yield f"{url}/r4", asked


def record(request: Request) -> Response:
    """The example patient."""
    sent = prefetched(example("ms-ckd-baclofen"))
    kind = request.url.path.removeprefix("/r4/").split("/")[0]
    keys = {"Patient": "patient", "MedicationRequest": "medicationRequests", "Condition": "conditions", "AllergyIntolerance": "allergies"}  # fmt: skip
    if kind == "Observation":
        return JSONResponse(sent["person" if "29463-7" in str(request.url) else "labs"])
    return JSONResponse(sent.get(keys.get(kind, ""), bundle([])))


@contextmanager
def desk(folder: Path, answering: Answering, go: threading.Event | None = None) -> Iterator[tuple[Desk, str, list[Request]]]:  # fmt: skip
    """A service that may ask one server."""
    with fhir(answering, go) as (server, asked):
        made = Desk(folder, fhir_servers=(server,))
        try:
            yield made, server, asked
        finally:
            made.close()


def summaries(made: Desk, call: dict[str, Any]) -> list[str]:
    return [c["summary"] for c in made.cards(call)]


def test_missing_keys_are_fetched_and_read_the_same(tmp_path: Path) -> None:
    with desk(tmp_path, record) as (made, server, asked):
        whole = sign(prefetched(example("ms-ckd-baclofen")), [TIZANIDINE])
        fetched = sign(None, [TIZANIDINE], fhirServer=server + "/", fhirAuthorization=TOKEN)
        assert summaries(made, fetched) == summaries(made, whole)
        assert len(asked) == 8 and all(str(r.url).startswith(server + "/") for r in asked)
        assert all(r.headers["authorization"] == "Bearer canary-token" and r.method == "GET" for r in asked)
        assert "/r4/Patient/p1" in {r.url.path for r in asked}
        assert all(r.query_params.get("patient", "p1") == "p1" for r in asked)


def test_what_was_sent_is_not_asked_again(tmp_path: Path) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    del sent["conditions"]
    with desk(tmp_path, record) as (made, server, asked):
        made.cards(sign({**sent, "allergies": None}, [TIZANIDINE], fhirServer=server, fhirAuthorization=TOKEN))
        assert sorted(r.url.path for r in asked) == ["/r4/Condition", "/r4/MedicationStatement", "/r4/Procedure"]


def test_no_other_server_is_asked(tmp_path: Path) -> None:
    with fhir(record) as (other, theirs), desk(tmp_path, record) as (made, server, asked):
        base = server.removesuffix("/r4")
        for named in (other, base, f"{server}/../x", server.replace("127.0.0.1", "localhost"), f"{base}@evil.example/r4", "https://evil.example/r4"):  # fmt: skip
            assert made.post(PATIENT, view(None, fhirServer=named, fhirAuthorization=TOKEN)).status_code == 412
        assert made.post(PATIENT, view(None, fhirServer=server)).status_code == 412
        assert asked == [] and theirs == []


def test_a_server_without_https_is_never_asked(tmp_path: Path) -> None:
    made = Desk(tmp_path, fhir_servers=("http://fhir.example/r4",))
    try:
        call = view(None, fhirServer="http://fhir.example/r4", fhirAuthorization=TOKEN)
        assert made.post(PATIENT, call).status_code == 412
    finally:
        made.close()


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with fhir(record) as (other, theirs), desk(tmp_path, lambda r: RedirectResponse(other + r.url.path)) as (made, server, asked):  # fmt: skip
        assert made.post(PATIENT, view(None, fhirServer=server, fhirAuthorization=TOKEN)).status_code == 412
        assert len(asked) == 8 and theirs == []


def test_the_next_page_is_not_followed_and_said(tmp_path: Path) -> None:
    with fhir(record) as (other, theirs):

        def paged(request: Request) -> Response:
            if request.url.path.endswith("/MedicationRequest"):
                taken = prefetched(example("ms-ckd-baclofen"))["medicationRequests"]
                return JSONResponse({**taken, "link": [{"relation": "next", "url": other + "/next"}]})
            return record(request)

        with desk(tmp_path, paged) as (made, server, asked):
            [*_, card] = made.cards(sign(None, [TIZANIDINE], fhirServer=server, fhirAuthorization=TOKEN))
            assert "more pages follow for `medicationRequests`" in card["detail"]
            assert len(asked) == 8 and theirs == []


def test_what_fails_is_missing_and_said(tmp_path: Path) -> None:
    def failing(request: Request) -> Response:
        kind = request.url.path.rsplit("/", 1)[1]
        answers = {
            "Condition": Response(status_code=500),
            "AllergyIntolerance": Response("<html>not FHIR</html>"),
            "MedicationRequest": JSONResponse({"resourceType": "OperationOutcome", "issue": []}),
        }
        return answers.get(kind) or record(request)

    with desk(tmp_path, failing) as (made, server, _):
        [*_, card] = made.cards(sign(None, [TIZANIDINE], fhirServer=server, fhirAuthorization=TOKEN))
        assert card["indicator"] == "warning"
        assert "`medicationRequests`" in card["detail"] and "`allergies`" in card["detail"]
        assert "not sent: `conditions`" in card["detail"]


def test_a_huge_answer_is_let_go(tmp_path: Path) -> None:
    with desk(tmp_path, lambda _: Response(b"x" * 11 * 1024 * 1024)) as (made, server, _):
        assert made.post(PATIENT, view(None, fhirServer=server, fhirAuthorization=TOKEN)).status_code == 412


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Share]]:
    """Every share that was taken of, with the most that it held."""
    shares: list[Share] = []
    takes = Share.take

    def take(own: Share, count: int) -> None:
        takes(own, count)
        if own not in shares:
            shares.append(own)
        assert own.now <= own.of.most_own and own.of.now <= own.of.most

    monkeypatch.setattr(Share, "take", take)
    return lambda: shares


def padded(request: Request) -> Response:
    """The example patient, in answers of 60 kB."""
    return Response(record(request).body + b" " * 60_000, media_type="application/fhir+json")


def test_what_is_fetched_for_a_call_is_bounded_as_a_whole(tmp_path: Path, most: Callable[[], list[Share]]) -> None:
    """Six answers, each shorter than the greatest body: what would be too much together is missing, and said."""
    with fhir(padded) as (server, asked):
        made = Desk(tmp_path, fhir_servers=(server,), most_body=0.1)
        try:
            sent = prefetched(example("ms-ckd-baclofen"))
            known = {key: sent[key] for key in ("patient", "medicationRequests")}
            [*_, card] = made.cards(sign(known, [TIZANIDINE], fhirServer=server, fhirAuthorization=TOKEN))
            assert "not sent: `" in card["detail"] and len(asked) == 6
            assert len(most()) == 1 and most()[0].now == most()[0].of.now == 0  # given back
            assert most()[0].of.most_own == 2 * made.settings.most_bytes and most()[0].of.most == 16 * made.settings.most_bytes  # fmt: skip
        finally:
            made.close()


def test_what_is_fetched_counts_among_all_bodies(tmp_path: Path, most: Callable[[], list[Share]]) -> None:
    """While others send so much that there is no room, whoever has something fetched is told to call again, and nobody's answer is waited for."""
    with fhir(padded) as (server, _):
        made = Desk(tmp_path, fhir_servers=(server,), most_body=0.1, body_seconds=60)
        call = json.dumps(sign(None, [TIZANIDINE], fhirServer=server, fhirAuthorization=TOKEN)).encode()
        try:
            with in_thread(service(made.settings, house=made.house), lifespan="off") as url:
                port = int(url.rsplit(":", 1)[1])
                lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(15)]
                for line in lines:
                    line.sendall(b"POST /cds-services/none HTTP/1.1\r\nhost: localhost\r\ncontent-length: 104000\r\n\r\n" + b"x" * 103_000)  # fmt: skip
                _until(lambda: sum(one.now for one in most()) == 15 * 103_000)
                headers = {"content-type": "application/json"}
                answer = httpx.post(url + ORDERS, content=call, headers=headers, trust_env=False, timeout=60)
                assert answer.status_code == 503 and answer.headers["retry-after"] == "5", answer.text
                _until(lambda: most()[0].of.now == 15 * 103_000)  # what was fetched of it is given back
                for line in lines:
                    line.close()
                _until(lambda: most()[0].of.now == 0)
                answer = httpx.post(url + ORDERS, content=call, headers=headers, trust_env=False, timeout=60)
                assert answer.status_code in (200, 412)  # of eight answers not all fit, and which is missing is chance
                _until(lambda: most()[0].of.now == 0)
        finally:
            made.close()


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_slow_server_is_not_waited_for(tmp_path: Path) -> None:
    """The server answers only after the caller has been answered: were it waited for, neither ever would be."""
    answered, go, done = list[str](), threading.Event(), threading.Event()

    def late(request: Request) -> Response:
        answered.append("server")
        done.set()
        return record(request)

    with desk(tmp_path, late, go) as (made, server, _):
        call = sign(None, [TIZANIDINE], fhirServer=server, fhirAuthorization=TOKEN)
        assert made.post(ORDERS, call).status_code == 412
        answered.append("caller")
        go.set()
        assert done.wait(60)
    assert answered[:2] == ["caller", "server"]
