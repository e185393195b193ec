"""What the prefetch lacks, asked of a FHIR server that is on the list, and of no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from starlette.routing import Router

from cds import ORDERS, PATIENT, Desk, bundle, example, order, prefetched, sign, view
from relaxant.service.cds.fetch import Servers
from relaxant.service.cds.routes import routes
from relaxant.service.door import Door
from relaxant.service.house import House

SERVER = "https://fhir.example/r4"
TOKEN = {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "s"}  # fmt: skip
TIZANIDINE = order("tizanidine 4 mg tablet", "4 mg three times a day")
Answering = Callable[[httpx.Request], httpx.Response]


def desk(folder: Path, answering: Answering, listed: tuple[str, ...] = (SERVER,)) -> tuple[Desk, list[httpx.Request]]:
    """A service, what it asks written down, and answered by a function in place of the network."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answering(request)

    def wrap(house: House) -> Any:
        servers = Servers(house, httpx.MockTransport(answer))
        return Door(Router(routes(house, servers)), house.settings, house.measured)

    return Desk(folder, wrap=wrap, fhir_servers=listed), asked


def record(request: httpx.Request) -> httpx.Response:
    """A FHIR server with the example patient."""
    sent = prefetched(example("ms-ckd-baclofen"))
    kind = request.url.path.removeprefix("/r4/").split("/")[0]
    keys = {"Patient": "patient", "MedicationRequest": "medicationRequests", "Condition": "conditions", "AllergyIntolerance": "allergies"}  # fmt: skip
    if kind == "Observation":
        return httpx.Response(200, json=sent["person" if "29463-7" in str(request.url) else "labs"])
    return httpx.Response(200, json=sent.get(keys.get(kind, ""), bundle([])))


def summaries(made: Desk, call: dict[str, Any]) -> list[str]:
    return [c["summary"] for c in made.cards(call)]


def test_missing_keys_are_fetched_and_read_the_same(tmp_path: Path) -> None:
    made, asked = desk(tmp_path, record)
    whole = sign(prefetched(example("ms-ckd-baclofen")), [TIZANIDINE])
    fetched = sign(None, [TIZANIDINE], fhirServer=SERVER + "/", fhirAuthorization=TOKEN)
    assert summaries(made, fetched) == summaries(made, whole)
    assert len(asked) == 8 and all(str(r.url).startswith(SERVER + "/") for r in asked)
    assert all(r.headers["authorization"] == "Bearer canary-token" and r.method == "GET" for r in asked)
    assert "/r4/Patient/p1" in {r.url.path for r in asked}
    made.close()


def test_what_was_sent_is_not_asked_again(tmp_path: Path) -> None:
    made, asked = desk(tmp_path, record)
    sent = prefetched(example("ms-ckd-baclofen"))
    del sent["conditions"]
    made.cards(sign({**sent, "allergies": None}, [TIZANIDINE], fhirServer=SERVER, fhirAuthorization=TOKEN))
    assert sorted(r.url.path for r in asked) == ["/r4/Condition", "/r4/MedicationStatement", "/r4/Procedure"]
    made.close()


def test_no_other_server_is_asked(tmp_path: Path) -> None:
    made, asked = desk(tmp_path, record)
    for server in ("https://fhir.example", "https://fhir.example/r4/../x", "http://fhir.example/r4", "https://fhir.example.evil/r4", "https://evil.example/r4"):  # fmt: skip
        assert made.post(PATIENT, view(None, fhirServer=server, fhirAuthorization=TOKEN)).status_code == 412
    assert made.post(PATIENT, view(None, fhirServer=SERVER)).status_code == 412
    assert asked == []
    made.close()


def test_a_server_without_https_is_never_asked(tmp_path: Path) -> None:
    made, asked = desk(tmp_path, record, ("http://fhir.example/r4",))
    assert made.post(PATIENT, view(None, fhirServer="http://fhir.example/r4", fhirAuthorization=TOKEN)).status_code == 412  # fmt: skip
    assert asked == []
    made.close()


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    made, asked = desk(tmp_path, lambda _: httpx.Response(302, headers={"location": "https://evil.example/"}))
    assert made.post(PATIENT, view(None, fhirServer=SERVER, fhirAuthorization=TOKEN)).status_code == 412
    assert {r.url.host for r in asked} == {"fhir.example"} and len(asked) == 8
    made.close()


def test_the_next_page_is_not_followed_and_said(tmp_path: Path) -> None:
    def paged(request: httpx.Request) -> httpx.Response:
        answer = record(request).json()
        if request.url.path.endswith("/MedicationRequest"):
            answer["link"] = [{"relation": "next", "url": "https://evil.example/next"}]
        return httpx.Response(200, json=answer)

    made, asked = desk(tmp_path, paged)
    [*_, card] = made.cards(sign(None, [TIZANIDINE], fhirServer=SERVER, fhirAuthorization=TOKEN))
    assert "more pages follow for `medicationRequests`" in card["detail"]
    assert {r.url.host for r in asked} == {"fhir.example"}
    made.close()


def test_what_fails_is_missing_and_said(tmp_path: Path) -> None:
    def failing(request: httpx.Request) -> httpx.Response:
        kind = request.url.path.rsplit("/", 1)[1]
        answers = {
            "Condition": httpx.Response(500),
            "AllergyIntolerance": httpx.Response(200, text="<html>not FHIR</html>"),
            "MedicationRequest": httpx.Response(200, json={"resourceType": "OperationOutcome", "issue": []}),
        }
        if kind == "Observation":
            raise httpx.ConnectTimeout("slow")
        return answers.get(kind) or record(request)

    made, _ = desk(tmp_path, failing)
    [*_, card] = made.cards(sign(None, [TIZANIDINE], fhirServer=SERVER, fhirAuthorization=TOKEN))
    assert card["indicator"] == "warning"
    assert "`medicationRequests`" in card["detail"] and "`allergies`" in card["detail"]
    made.close()


def test_a_huge_answer_is_let_go(tmp_path: Path) -> None:
    made, _ = desk(tmp_path, lambda _: httpx.Response(200, content=b"x" * 11 * 1024 * 1024))
    assert made.post(PATIENT, view(None, fhirServer=SERVER, fhirAuthorization=TOKEN)).status_code == 412
    made.close()


def test_a_slow_server_is_not_waited_for(tmp_path: Path, monkeypatch: Any) -> None:
    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(60)
            return httpx.Response(200)

    monkeypatch.setattr("relaxant.service.cds.fetch._SECONDS", 0.05)

    def wrap(house: House) -> Any:
        return Door(Router(routes(house, Servers(house, Slow()))), house.settings, house.measured)

    made = Desk(tmp_path, wrap=wrap, fhir_servers=(SERVER,))
    assert made.post(ORDERS, sign(None, [TIZANIDINE], fhirServer=SERVER, fhirAuthorization=TOKEN)).status_code == 412
    made.close()
