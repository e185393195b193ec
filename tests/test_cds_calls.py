"""Calls that can be answered, and those that cannot: a clear refusal, never a card from what could not be read."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from sqlalchemy import Connection, func
from sqlalchemy import select as chosen

from cds import ORDERS, PATIENT, Desk, bundle, example, order, prefetched, select, sign, valid, view
from relaxant.service.cds.card import Uuid
from relaxant.service.cds.cards import Made
from relaxant.service.cds.kept import show
from relaxant.service.settings import Issuer
from relaxant.service.store.tables import AUDIT, CARDS
from signing import ISSUER, Signer


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture
def sent() -> dict[str, Any]:
    """What is sent along of a patient who takes baclofen and has kidney disease."""
    return prefetched(example("ms-ckd-baclofen"))


TIZANIDINE = order("tizanidine 4 mg tablet", "4 mg three times a day")
CIPROFLOXACIN = order("ciprofloxacin 500 mg tablet", "500 mg twice a day", "draft2")


def test_an_answer_is_json_with_cards(desk: Desk, sent: dict[str, Any]) -> None:
    answer = desk.post(PATIENT, view(sent))
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["cards"] and answer.json()["cards"]


def test_nothing_to_say_is_a_list_of_no_cards(desk: Desk) -> None:
    plain = {"patient": {"resourceType": "Patient", "id": "p1"}, "medicationRequests": bundle([order("metformin 500 mg tablet", "500 mg twice a day", "m1", status="active")])}  # fmt: skip
    assert desk.cards(view(plain)) == []
    assert desk.cards(sign(plain, [order("amoxicillin 500 mg capsule", "500 mg three times a day")])) == []
    assert desk.cards(sign(plain, [])) == []


def test_no_null_and_nothing_empty_is_written(desk: Desk, sent: dict[str, Any]) -> None:
    def walk(value: Any) -> Iterator[Any]:
        yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(inner)

    for call in (view(sent), sign(sent, [TIZANIDINE, CIPROFLOXACIN])):
        cards = desk.cards(call)
        assert cards and not any(v is None or v in ("", [], {}) for v in walk(cards))
    assert not any(v is None or v in ("", [], {}) for v in walk(desk.get("/cds-services").json()))


def test_the_calls_of_the_tests_are_as_our_schema_says(sent: dict[str, Any]) -> None:
    for call in (view(sent), select(sent, [TIZANIDINE]), sign(sent, [TIZANIDINE])):
        valid(call, "cds-request")


@pytest.mark.parametrize("gone", ["hook", "hookInstance", "context"])
def test_a_call_without_what_it_must_have_is_refused(desk: Desk, sent: dict[str, Any], gone: str) -> None:
    call = view(sent)
    del call[gone]
    assert desk.post(PATIENT, call).status_code == 400


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("hook",), "order-review"),
        (("hook",), "order-sign"),
        (("hookInstance",), "not a uuid"),
        (("context", "userId"), None),
        (("context", "userId"), ""),
        (("context", "patientId"), 5),
        (("context", "patientId"), "../Patient/p1"),
        (("prefetch",), []),
        (("fhirServer",), 7),
        (("extension",), "text"),
    ],
)
def test_a_call_with_something_else_in_a_field_is_refused(desk: Desk, sent: dict[str, Any], path: tuple[str, ...], value: Any) -> None:  # fmt: skip
    call = copy.deepcopy(view(sent))
    inner: Any = call
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    answer = desk.post(PATIENT, call)
    assert answer.status_code == 400 and answer.json()["title"]


@pytest.mark.parametrize("ident", ["abc\n", "\nabc", "abc\r", "a" * 65, "a b", "ä", ""])
def test_an_id_is_an_id_to_its_last_letter(desk: Desk, sent: dict[str, Any], ident: str) -> None:
    call = view(sent)
    call["context"]["patientId"] = ident
    assert desk.post(PATIENT, call).status_code == 400
    with pytest.raises(jsonschema.ValidationError):
        valid(call, "cds-request")
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n", Uuid)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"7", b'"text"', b"\xff\xfe", b'{"hook": "patient-view"', b"[" * 40]
)
def test_a_body_that_is_no_call_is_refused(desk: Desk, body: bytes) -> None:
    for path in (PATIENT, ORDERS, ORDERS + "/feedback"):
        assert desk.post(path, body).status_code == 400


def test_a_body_has_to_be_json_by_its_type(desk: Desk, sent: dict[str, Any]) -> None:
    body = json.dumps(view(sent)).encode()
    assert desk.post(PATIENT, body, headers={"content-type": "text/plain"}).status_code == 415
    assert desk.post(PATIENT, body, headers={"content-type": "application/json; charset=utf-8"}).status_code == 200


def test_a_token_for_a_server_that_is_not_named_is_refused(desk: Desk, sent: dict[str, Any]) -> None:
    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "s"}
    assert desk.post(PATIENT, view(sent, fhirAuthorization=token)).status_code == 400
    assert desk.post(PATIENT, view(sent, fhirAuthorization={**token, "token_type": "Basic"}, fhirServer="https://f.example")).status_code == 400  # fmt: skip
    assert desk.post(PATIENT, view(sent, fhirAuthorization=token, fhirServer="https://f.example")).status_code == 200


def test_an_extension_is_passed_over(desk: Desk, sent: dict[str, Any]) -> None:
    plain = [c["summary"] for c in desk.cards(view(sent))]
    assert [c["summary"] for c in desk.cards(view(sent, extension={"com.example.x": {"y": 1}}, later="field"))] == plain


# ---------------------------------------------------------------- what cannot be had


def test_412_where_the_patient_could_not_be_had(desk: Desk, sent: dict[str, Any]) -> None:
    without = {k: v for k, v in sent.items() if k != "patient"}
    for prefetch in (without, {}, None, {**sent, "patient": None}, {**sent, "patient": {"resourceType": "OperationOutcome", "issue": []}}):  # fmt: skip
        assert desk.post(PATIENT, view(prefetch)).status_code == 412
        assert desk.post(ORDERS, sign(prefetch, [TIZANIDINE])).status_code == 412


def test_412_where_the_draft_orders_could_not_be_had(desk: Desk, sent: dict[str, Any]) -> None:
    call = sign(sent, [TIZANIDINE])
    del call["context"]["draftOrders"]
    assert desk.post(ORDERS, call).status_code == 412
    call = sign(sent, [TIZANIDINE])
    del call["context"]["draftOrders"]["entry"][0]["resource"]
    assert desk.post(ORDERS, call).status_code == 412


def test_missing_history_is_a_card_and_no_refusal(desk: Desk, sent: dict[str, Any]) -> None:
    [*_, card] = desk.cards(sign({"patient": sent["patient"]}, [TIZANIDINE]))
    assert card["source"]["topic"]["code"] == "unchecked" and "medicines" in card["summary"]


def test_null_says_that_there_is_nothing(desk: Desk, sent: dict[str, Any]) -> None:
    cards = desk.cards(sign({**sent, "allergies": None, "labs": None}, [TIZANIDINE]))
    assert "creatinine" in cards[-1]["detail"]


def test_an_error_in_the_prefetch_is_noticed(desk: Desk, sent: dict[str, Any]) -> None:
    said = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout", "diagnostics": "the ward's list is down"}]}  # fmt: skip
    statements = bundle([order("baclofen 10 mg", "10 mg three times a day", "s1", resourceType="MedicationStatement", status="active")])  # fmt: skip
    [*_, card] = desk.cards(sign({**sent, "medicationRequests": said, "medicationStatements": statements}, [TIZANIDINE]))  # fmt: skip
    assert card["source"]["topic"]["code"] == "unchecked" and card["indicator"] == "warning"
    assert "`medicationRequests`" in card["detail"] and "the ward's list is down" in card["detail"]


def test_an_error_in_the_prefetch_is_noticed_when_a_record_is_opened(desk: Desk, sent: dict[str, Any]) -> None:
    [card] = desk.cards(view({**sent, "allergies": {"resourceType": "OperationOutcome", "issue": []}}))
    assert card["source"]["topic"]["code"] != "unchecked" and "error for `allergies`" in card["detail"]


def test_a_large_record_is_answered_the_same(desk: Desk, sent: dict[str, Any]) -> None:
    """It is worked on beside the loop."""
    ballast = bundle([{"resourceType": "Observation", "id": f"x{i}", "status": "final", "code": {"text": "x" * 400}} for i in range(400)])  # fmt: skip
    plain, large = sign(sent, [TIZANIDINE]), sign({**sent, "more": ballast}, [TIZANIDINE])
    assert len(json.dumps(large)) > 150_000
    assert [c["summary"] for c in desk.cards(large)] == [c["summary"] for c in desk.cards(plain)]


def test_further_pages_are_noticed(desk: Desk, sent: dict[str, Any]) -> None:
    paged = {**sent["medicationRequests"], "link": [{"relation": "next", "url": "https://f.example/next"}]}
    [*_, card] = desk.cards(sign({**sent, "medicationRequests": paged}, [TIZANIDINE]))
    assert "more pages follow for `medicationRequests`" in card["detail"]


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    "value",
    [5, "text", [], True, {}, {"resourceType": 5}, {"resourceType": "Bundle", "entry": 5}, {"resourceType": "Bundle", "entry": ["x"]}, {"resourceType": "Bundle", "entry": [{"resource": "x"}]}, {"resourceType": "Bundle", "entry": [{}]}],
)  # fmt: skip
def test_422_where_what_was_sent_along_is_no_resource(desk: Desk, sent: dict[str, Any], value: Any) -> None:
    answer = desk.post(ORDERS, sign({**sent, "conditions": value}, [TIZANIDINE]))
    assert answer.status_code == 422 and "conditions" in answer.json()["title"]


def test_422_where_a_draft_is_no_resource(desk: Desk, sent: dict[str, Any]) -> None:
    assert desk.post(ORDERS, sign(sent, [{"id": "x"}])).status_code == 422
    call = sign(sent, [])
    call["context"]["draftOrders"] = {"resourceType": "List"}
    assert desk.post(ORDERS, call).status_code == 400


def test_422_where_two_people_are_sent(desk: Desk, sent: dict[str, Any]) -> None:
    other = {**sent, "patient": {**sent["patient"], "id": "p2"}}
    assert desk.post(PATIENT, view(other)).status_code == 422
    theirs = order("tizanidine 4 mg tablet", "4 mg at night", subject={"reference": "Patient/p2"})
    assert desk.post(ORDERS, sign(sent, [theirs])).status_code == 422


def test_422_where_a_selection_is_not_among_the_drafts(desk: Desk, sent: dict[str, Any]) -> None:
    assert desk.post(ORDERS, select(sent, [TIZANIDINE], ["MedicationRequest/other"])).status_code == 422
    assert desk.post(ORDERS, select(sent, [TIZANIDINE], [])).status_code == 400
    assert desk.post(ORDERS, select(sent, [TIZANIDINE], ["draft1"])).status_code == 200


@pytest.mark.parametrize(
    "draft",
    [
        {k: v for k, v in TIZANIDINE.items() if k != "medicationCodeableConcept"},
        {**TIZANIDINE, "medicationCodeableConcept": 5},
        {**TIZANIDINE, "medicationCodeableConcept": {"text": "zzyzx forte"}},
        {"resourceType": "MedicationOrder", "id": "draft1", "medicationCodeableConcept": {"text": "tizanidine"}},
    ],
)
def test_an_order_that_could_not_be_read_is_said_to_be_unchecked(desk: Desk, sent: dict[str, Any], draft: dict[str, Any]) -> None:  # fmt: skip
    [*_, card] = desk.cards(sign(sent, [draft]))
    assert card["indicator"] == "warning" and "could not be read" in card["summary"]


def test_two_orders_that_say_the_same_are_both_read(desk: Desk, sent: dict[str, Any]) -> None:
    cards = desk.cards(sign(sent, [TIZANIDINE, {**TIZANIDINE, "id": "draft2"}]))
    assert not any("could not be read" in c["summary"] for c in cards)


@pytest.mark.parametrize("status", ["draft", "active", "unknown"])
def test_an_order_is_weighed_whatever_its_status(desk: Desk, status: str) -> None:
    """order-sign comes again for orders that are revised, and these are no drafts."""
    taken = {**prefetched(example("ms-ckd-baclofen"))}
    taken["medicationRequests"]["entry"].append({"resource": {**CIPROFLOXACIN, "id": "m9", "status": "active"}})
    cards = desk.cards(sign(taken, [{**TIZANIDINE, "status": status}]))
    assert cards[0]["indicator"] == "critical"


def test_an_order_signed_to_end_a_medicine_weighs_its_stop(desk: Desk) -> None:
    sent = prefetched(example("ms-ckd-baclofen"))
    stop = {**sent["medicationRequests"]["entry"][0]["resource"], "status": "stopped"}
    cards = desk.cards(sign(sent, [stop]))
    assert any(c["source"]["topic"]["code"] == "withdrawal" for c in cards)
    assert not any("suggestions" in c for c in cards)


def test_orders_that_are_no_medicines_have_no_cards(desk: Desk, sent: dict[str, Any]) -> None:
    test = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "intent": "order", "subject": {"reference": "Patient/p1"}}  # fmt: skip
    assert desk.cards(sign(sent, [test])) == []


# ---------------------------------------------------------------- who calls


def test_with_issuers_a_call_without_a_token_is_refused_bare(tmp_path_factory: pytest.TempPathFactory, sent: dict[str, Any]) -> None:  # fmt: skip
    issuers = (Issuer(issuer="https://records.example", name="records", key_set="https://records.example/jwks"),)
    desk = Desk(tmp_path_factory.mktemp("closed"), issuers=issuers, public_url="https://relaxant.hospital.example")
    try:
        for path, call in ((PATIENT, view(sent)), (ORDERS, sign(sent, [TIZANIDINE])), (ORDERS + "/feedback", {"feedback": []})):  # fmt: skip
            refused = desk.post(path, call)
            assert refused.status_code == 401 and refused.content == b""
        assert desk.get("/cds-services").status_code == 200
    finally:
        desk.close()


@contextmanager
def guarded(folder: Path, *, desks: int = 1, **settings: Any) -> Iterator[tuple[Callable[[str], dict[str, str]], list[Desk]]]:  # fmt: skip
    """Services over one store that ask for tokens; and what makes the header with a new token for a path."""
    signer, keys, base = Signer("ES384"), folder / "keys.json", "https://relaxant.hospital.example"
    keys.write_text(json.dumps({"keys": [signer.jwk()]}), encoding="utf-8")
    issuer = Issuer(issuer=ISSUER, name="records", keys=str(keys))
    made = [Desk(folder, issuers=(issuer,), public_url=base, **settings) for _ in range(desks)]
    for desk in made:
        desk.clock[0] = datetime.now(UTC)
    try:
        yield lambda path: {"authorization": f"Bearer {signer.token(base + path)}"}, made
    finally:
        for desk in made:
            desk.close()


def kept(desk: Desk) -> tuple[int, int]:
    """How many cards and rows of calls in the audit there are."""
    cards = chosen(func.count()).select_from(CARDS)
    rows = chosen(func.count()).select_from(AUDIT).where(AUDIT.c.kind == "called")
    return desk.house.store.read(lambda c: (c.execute(cards).scalar_one(), c.execute(rows).scalar_one()))


def test_a_replay_leaves_no_card_and_no_row(tmp_path: Path, sent: dict[str, Any]) -> None:
    call = sign(sent, [TIZANIDINE])
    with guarded(tmp_path) as (token, (desk,)):
        own = token(ORDERS)
        shown = len(desk.post(ORDERS, call, headers=own).json()["cards"])
        before = kept(desk)
        assert shown and before == (shown, 1)
        for body in (
            call,
            b"{",
            {**call, "hook": "patient-view"},
            sign({}, [TIZANIDINE]),
        ):  # which body it is is not told
            again = desk.post(ORDERS, body, headers=own)
            assert (again.status_code, again.content) == (401, b"")
        assert kept(desk) == before
        assert desk.house.measured.refused.labels("token: replayed")._value.get() == 4


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [(ORDERS, b"{", 400), (ORDERS, sign({}, [TIZANIDINE]), 412), (ORDERS, view({}), 400), ("/cds-services/none", b"{}", 404)],
)  # fmt: skip
def test_a_call_that_fails_spends_its_token(path: str, body: Any, status: int, tmp_path: Path, sent: dict[str, Any]) -> None:  # fmt: skip
    with guarded(tmp_path) as (token, (desk,)):
        own = token(path)
        assert desk.post(path, body, headers=own).status_code == status
        for again in (body, sign(sent, [TIZANIDINE])):
            assert desk.post(path, again, headers=own).status_code == 401
        assert kept(desk) == (0, 0)


def test_a_call_whose_cards_cannot_be_kept_spends_its_token(tmp_path: Path, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def fails(connection: Connection, *what: Any) -> list[Made]:
        show(connection, *what)
        raise RuntimeError("after all was written")

    with guarded(tmp_path) as (token, (desk,)):
        own, call = token(ORDERS), sign(sent, [TIZANIDINE])
        with monkeypatch.context() as changed:
            changed.setattr("relaxant.service.cds.routes.show", fails)
            assert desk.post(ORDERS, call, headers=own).status_code == 500
        assert kept(desk) == (0, 0)
        assert desk.post(ORDERS, call, headers=own).status_code == 401
        assert desk.post(ORDERS, call, headers=token(ORDERS)).status_code == 200


def test_of_two_services_that_get_a_token_at_once_one_answers(tmp_path: Path, sent: dict[str, Any]) -> None:
    call = sign(sent, [TIZANIDINE])
    with guarded(tmp_path, desks=2) as (token, desks):
        tokens = [token(ORDERS) for _ in range(12)]
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(lambda d: [d.post(ORDERS, call, headers=t).status_code for t in tokens], d) for d in desks]  # fmt: skip
            first, second = (run.result() for run in runs)
        assert [sorted(pair) for pair in zip(first, second, strict=True)] == [[200, 401]] * len(tokens)
        assert kept(desks[0])[1] == len(tokens)


def test_a_token_that_came_before_begins_no_long_work(tmp_path: Path, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    begun = []

    async def beside(work: Callable[..., Any], *given: Any) -> Any:
        begun.append(work)
        return work(*given)

    monkeypatch.setattr("relaxant.service.cds.routes.beside", beside)
    many = bundle(order(f"unknownium{i}", "1 tablet", f"m{i}", status="active") for i in range(60))
    with guarded(tmp_path) as (token, (desk,)):
        own, call = token(PATIENT), view({**sent, "medicationRequests": many})
        assert [desk.post(PATIENT, call, headers=own).status_code for _ in range(2)] == [200, 401]
    assert len(begun) == 1


def test_a_token_that_came_before_asks_no_other_server(tmp_path: Path, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    asked = []

    async def fetched(*what: Any) -> dict[str, bytes]:
        asked.append(what)
        return {}

    monkeypatch.setattr("relaxant.service.cds.routes.fetched", fetched)
    server = "https://records.example/r4"
    may = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "s"}
    call = sign(sent, [TIZANIDINE], fhirServer=server, fhirAuthorization=may)
    with guarded(tmp_path, fhir_servers=(server,)) as (token, (desk,)):
        own = token(ORDERS)
        assert [desk.post(ORDERS, call, headers=own).status_code for _ in range(2)] == [200, 401]
    assert len(asked) == 1


def test_with_a_right_token_a_call_is_answered_once(tmp_path: Path, sent: dict[str, Any]) -> None:
    base = "https://relaxant.hospital.example"
    with guarded(tmp_path) as (made, (desk,)):
        for path, call in ((PATIENT, view(sent)), (ORDERS, sign(sent, [TIZANIDINE]))):
            token = made(path)
            answer = desk.post(path, call, headers=token)
            assert answer.status_code == 200 and answer.json()["cards"]
            assert all(link["url"].startswith(base) for c in answer.json()["cards"] for link in c["links"])
            assert desk.post(path, call, headers=token).status_code == 401
        assert desk.post(ORDERS, sign(sent, [TIZANIDINE]), headers=made(PATIENT)).status_code == 401
