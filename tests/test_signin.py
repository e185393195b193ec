"""Signing in by OpenID Connect and being launched from a record, with real providers on this machine and a browser that keeps cookies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, event, insert, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from conftest import TODAY
from providers import NAMES, Provider, Records, standing
from relaxant.errors import InputError
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.service.app import routes
from relaxant.service.audit.verify import rows
from relaxant.service.door import Door
from relaxant.service.house import House, route
from relaxant.service.measured import Measured
from relaxant.service.settings import Login, Settings, Smart, read_settings
from relaxant.service.signin.access import ours, require
from relaxant.service.signin.launch import launched_bundle
from relaxant.service.signin.origin import same_origin
from relaxant.service.signin.sessions import signed_in
from relaxant.service.store.store import open_store
from relaxant.service.store.tables import STEPS
from serving import free_port, in_thread
from signing import Signer

ROLES = {"doctors": "prescriber", "chemists": "pharmacist", "ward": "nurse"}
SESSION, STEP = "__Host-relaxant", "__Host-relaxant-step"


class Browser:
    """Keeps cookies as a browser does (these have Secure, which a browser sends to this machine over plain http as well), and follows nothing by itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies: dict[str, str] = {}
        self.attributes: dict[str, Any] = {}

    def go(self, where: str, method: str = "GET", **headers: str) -> httpx.Response:
        url = where if where.startswith("http") else self.url + where
        sent = {"accept": "text/html", **headers}
        if url.startswith(self.url) and self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = httpx.request(method, url, headers=sent, trust_env=False, timeout=30)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.attributes[name] = morsel
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def back(self, where: str = "/signin") -> str:
        """From the service to the provider: the address that the provider sends the browser back to."""
        sent = self.go(where)
        assert sent.status_code == 303, sent.text
        return self.go(sent.headers["location"]).headers["location"]

    def enter(self, where: str = "/signin") -> httpx.Response:
        return self.go(self.back(where))


class Ward:
    """A service with a few guarded routes."""

    def __init__(self, url: str, house: House, door: Door) -> None:
        self.url, self.house, self.door, self.late = url, house, door, timedelta()

    def rows(self, table: str) -> int:
        return int(self.house.store.read(lambda c: c.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()))


@contextlib.contextmanager
def ward(folder: Path, knowledge: Knowledge, **settings: Any) -> Iterator[Ward]:
    own: list[Ward] = []
    port = free_port()
    said = Settings(**{"folder": str(folder), "rate": 0, "port": port, **settings})
    house = House(
        settings=said,
        knowledge=knowledge,
        store=open_store(said),
        measured=Measured(),
        now=lambda: datetime.now(UTC) + own[0].late,
    )

    async def who(request: Request, house: House) -> Response:
        person = signed_in(request, house)
        return Response("nobody" if person is None else f"{person.role} {person.by.hex()} {person.launched}")

    async def change(request: Request, house: House) -> Response:
        same_origin(request, house)
        return Response("changed")

    async def bundle(request: Request, house: House) -> Response:
        return Response(await launched_bundle(request, house) or b"none")

    guarded = [
        route("/who", house, who),
        route("/any", house, require()(who)),
        route("/orders", house, require("prescriber", "pharmacist")(who)),
        route("/change", house, change, ("POST",)),
        route("/bundle", house, require()(bundle)),
    ]
    door = Door(Router([*routes(house), *guarded], redirect_slashes=False), said, house.measured)
    with in_thread(door, port=port) as url:
        own.append(Ward(url, house, door))
        yield own[0]
    house.store.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    own = Provider()
    with standing(own):
        yield own


@pytest.fixture
def at(tmp_path: Path, knowledge: Knowledge, provider: Provider) -> Iterator[Ward]:
    login = Login(issuer=provider.url, client="relaxant", roles=ROLES)
    with ward(tmp_path, knowledge, login=login) as own:
        yield own


def test_somebody_signs_in_and_out(at: Ward, provider: Provider) -> None:
    browser = Browser(at.url)
    assert browser.go("/any").headers["location"] == "/signin?then=/any"
    assert browser.go("/any", accept="application/json").status_code == 401
    assert browser.go("/change", "POST").status_code == 200  # a guard and a check of the origin are two things
    sent = browser.go("/signin?then=/any")
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert (
        asked["response_type"] == ["code"]
        and asked["code_challenge_method"] == ["S256"]
        and asked["scope"] == ["openid"]
    )
    assert len(asked["state"][0]) == 43 and len(asked["nonce"][0]) == 43
    entered = browser.enter("/signin?then=/any")
    assert (entered.status_code, entered.headers["location"]) == (303, "/any")
    cookie = browser.attributes[SESSION]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
    assert cookie["samesite"].lower() == "lax" and int(cookie["max-age"]) == 8 * 3600
    assert STEP not in browser.cookies
    said = browser.go("/any").text.split()
    assert (said[0], len(said[1]), said[2]) == ("prescriber", 64, "False")
    assert provider.asked[0]["client_id"] == "relaxant" and len(provider.asked[0]["code_verifier"]) == 43
    crossing = browser.go("/signout", "POST", **{"sec-fetch-site": "cross-site"})
    assert crossing.status_code == 403 and browser.go("/any").status_code == 200
    kept = dict(browser.cookies)
    assert browser.go("/signout", "POST", **{"sec-fetch-site": "same-origin"}).status_code == 303
    assert SESSION not in browser.cookies
    browser.cookies = kept  # a copy of the cookie is worth nothing afterwards
    assert browser.go("/who").text == "nobody" and at.rows("sessions") == 0


def test_roles(at: Ward, provider: Provider) -> None:
    for roles, any_, orders in (
        ("chemists", 200, 200),
        (["ward"], 200, 403),
        (["ward", "doctors"], 200, 200),
        (["porters"], 403, 403),
        ([7, None], 403, 403),
        ({"doctors": True}, 403, 403),
        (None, 403, 403),
    ):
        provider.claims = {"roles": roles}
        browser = Browser(at.url)
        entered = browser.enter()
        assert entered.status_code == (303 if any_ == 200 else 403), roles
        if any_ == 200:
            assert (browser.go("/any").status_code, browser.go("/orders").status_code) == (any_, orders)
        else:
            assert SESSION not in browser.cookies
    with pytest.raises(ValueError, match="no such roles"):
        require("doctor")
    refused = [row for row in rows(at.house.store) if row.kind == "refused"]  # who it was is known
    assert [(row.by[:13], row.person, row.what) for row in refused] == [("without role ", None, '{"reason":"role"}')]


def test_a_review_by_somebody_who_is_signed_in_is_in_the_audit(at: Ward, tmp_path: Path, knowledge: Knowledge) -> None:
    """Once in a quarter of an hour of a session: the page asks for one at every change. Of whom it was nobody knows."""
    browser = Browser(at.url)
    browser.enter()
    form = {"medicines": "tizanidine 4 mg three times a day"}

    def asks(path: str, form: dict[str, str], url: str = at.url) -> int:
        headers = {"sec-fetch-site": "same-origin", "cookie": f"{SESSION}={browser.cookies[SESSION]}"}
        return httpx.post(url + path, data=form, headers=headers, trust_env=False, timeout=60).status_code

    def reviewed() -> list[str]:
        return [row.by for row in rows(at.house.store) if row.kind == "reviewed" and row.person is None]

    assert asks("/api/review", {"medicines": ""}) == 200 and asks("/api/review", {"age": "no age"}) == 422
    assert reviewed() == []
    assert [asks(path, form) for path in ("/api/review", "/review", "/api/review.json", "/api/review")] == [200] * 4
    assert len(reviewed()) == 1 and reviewed()[0].startswith("prescriber ")
    at.late = timedelta(minutes=16)
    assert asks("/api/review.json", form) == 200 and len(reviewed()) == 2
    with ward(tmp_path / "open", knowledge) as other:  # where nobody signs in nobody is known
        assert asks("/api/review", form, other.url) == 200 and other.rows("audit") == 0


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "claims"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["relaxant", "another"]}, "audience"),
        ({"azp": "another"}, "audience"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_100}, "future"),
        ({"sub": None}, "claims"),
    ],
)
def test_an_id_token_that_is_wrong(
    changed: dict[str, Any], reason: str, at: Ward, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.changed = changed
    browser = Browser(at.url)
    answer = browser.enter()
    assert answer.status_code == 403 and answer.json()["title"] == "the sign-in was refused"
    assert SESSION not in browser.cookies and at.rows("sessions") == 0
    assert [record.reason for record in caplog.records if record.msg == "a sign-in was refused"] == [reason]


def test_an_id_token_that_another_key_has_signed(at: Ward, provider: Provider) -> None:
    for forger, header in (
        (Signer("RS256", "p1"), {}),
        (Signer("ES256", "p1"), {}),
        (Signer("RS256", "p2"), {}),
        (None, {"kid": None}),
    ):
        provider.forger, provider.header = forger, header
        if header:
            provider.header = {"kid": "unknown"}
        assert Browser(at.url).enter().status_code == 403
    assert at.rows("sessions") == 0


def test_the_way_back_is_gone_once_and_by_the_browser_that_went(at: Ward, provider: Provider) -> None:
    browser, other = Browser(at.url), Browser(at.url)
    back = browser.back()
    other.go("/signin")
    stolen = other.go(back)  # somebody else's code and state, in another browser: nobody is signed in
    assert stolen.status_code == 400 and SESSION not in other.cookies
    assert browser.go(back).status_code == 400  # and they are spent
    back = browser.back()
    assert browser.go(back).status_code == 303
    assert Browser(at.url).go(back).status_code == 400
    assert browser.go(back).status_code == 400
    back = browser.back()
    for wrong in ("state=" + "A" * 43, "state=", "state=%ed%a0%80", "code=x"):
        assert browser.go(f"/signin/back?code=x&{wrong}").status_code == 400
    refused = browser.go(f"/signin/back?error=canary&state={parse_qs(urlsplit(back).query)['state'][0]}")
    assert refused.status_code == 403 and "canary" not in refused.text
    back = browser.back()
    assert browser.go(back + "&iss=https://elsewhere.example").status_code == 403
    back = browser.back()
    at.late = timedelta(minutes=11)
    assert browser.go(back).status_code == 400
    at.late = timedelta()
    back = browser.back()
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert browser.go(back.replace(code, "forged")).status_code == 403
    assert browser.go("/launch/back?" + urlsplit(browser.back()).query).status_code == 400  # another kind of step


def test_who_begins_too_often_is_refused_and_nobody_is_asked_for_him(at: Ward, records: Records, tmp_path: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("relaxant.service.signin.steps.MOST_BEGUN", 3)
    browser = Browser(at.url)
    answers = [browser.go("/signin", accept="*/*") for _ in range(6)]
    assert [one.status_code for one in answers] == [303] * 3 + [429] * 3 and at.rows("steps") == 3
    assert all(1 <= int(one.headers["retry-after"]) <= 60 and one.json()["status"] == 429 for one in answers[3:])
    assert b'relaxant_refused_total{reason="429"} 3.0' in at.house.measured.text()
    with launching(tmp_path / "other", knowledge, records) as own:
        one = Browser(own.url)
        statuses = [one.go(f"/launch?iss={records.url}/fhir&launch=1").status_code for _ in range(6)]
        assert statuses == [303] * 3 + [429] * 3 and own.rows("steps") == 3
        assert records.abouts == 3  # the record system was not asked either


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_too_old_or_too_much_goes_little_by_little_and_by_the_index(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, knowledge: Knowledge, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A stranger begins without end: what is kept stays bounded, the newest may go on, and no begin deletes, or reads, all that there is."""
    monkeypatch.setattr("relaxant.service.signin.steps._MOST_KEPT", 100)
    monkeypatch.setattr("relaxant.service.signin.steps._LOOKED", 1)
    login = Login(issuer=provider.url, client="relaxant", roles=ROLES)
    database = None if kind == "sqlite" else request.getfixturevalue("server").new()
    with ward(tmp_path, knowledge, login=login, database=database) as own:
        now = int(own.house.now().timestamp() * 1000)
        many = [{"state": bytes([i]) * 32, "held": "x", "until": now + (-1000 + i if i < 70 else 500_000 + i)} for i in range(250)]  # fmt: skip
        own.house.store.write(lambda c: c.execute(insert(STEPS), many))
        told: list[tuple[int, str, Any]] = []
        event.listen(own.house.store.ways.writes, "after_cursor_execute", lambda _, cursor, words, given, *_more: told.append((cursor.rowcount, words, given)))  # fmt: skip

        def deleted() -> list[int]:
            return [count for count, words, _ in told if words.startswith("DELETE FROM steps")]

        browser = Browser(own.url)
        back = browser.back()  # begun, and led back once the stranger has gone on
        assert deleted() == [32] and own.rows("steps") == 219
        for _ in range(8):
            assert Browser(own.url).go("/signin").status_code == 303
        assert max(deleted()) == 32 and own.rows("steps") == 100
        begun = {words: given for _, words, given in told if "steps.until" in words and not words.startswith("INSERT")}
        assert len(begun) == 2  # what is looked for, and what is deleted
        for words, given in begun.items():
            assert "steps_until" in own.house.store.read(lambda c, words=words, given=given: explained(c, words, given))
        assert browser.go(back).status_code == 303


def explained(connection: Connection, words: str, given: Any) -> str:
    """How the database finds what a statement asks for, of a table of any length."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    how = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    return str(connection.exec_driver_sql(how + words, given).all())


def test_a_session_that_somebody_planted_is_not_taken_up(at: Ward, provider: Provider) -> None:
    victim, attacker = Browser(at.url), Browser(at.url)
    attacker.enter()
    planted = attacker.cookies[SESSION]
    victim.cookies[SESSION] = planted
    provider.sub = "person-2"
    victim.enter()
    assert victim.cookies[SESSION] != planted
    assert attacker.go("/who").text == "nobody"  # what was planted is ended
    unknown = Browser(at.url)
    unknown.cookies[SESSION] = "A" * 43
    assert unknown.go("/who").text == "nobody"
    unknown.enter()
    assert unknown.cookies[SESSION] != "A" * 43


def test_a_session_ends_by_itself(at: Ward) -> None:
    browser = Browser(at.url)
    browser.enter()
    at.late = timedelta(hours=7, minutes=59)
    assert browser.go("/any").status_code == 200
    at.late = timedelta(hours=8, minutes=1)
    assert browser.go("/who").text == "nobody"


def test_the_database_alone_signs_nobody_in(at: Ward, tmp_path: Path) -> None:
    browser = Browser(at.url)
    browser.back()
    step = browser.cookies[STEP]
    browser.enter()
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("relaxant.sqlite3*"))
    assert len(written) > 10_000
    for secret in (browser.cookies[SESSION], step, "person-1"):
        assert secret.encode() not in written


def test_a_provider_that_fails(tmp_path: Path, knowledge: Knowledge, provider: Provider) -> None:
    provider.issuer_said = "https://elsewhere.example"
    login = Login(issuer=provider.url, client="relaxant", roles=ROLES)
    with ward(tmp_path, knowledge, login=login) as own:
        assert Browser(own.url).go("/signin").status_code == 502
        provider.issuer_said = None
        browser = Browser(own.url)
        assert browser.enter().status_code == 303  # asked again
    nobody = Login(issuer=f"http://127.0.0.1:{free_port()}", client="relaxant")
    with ward(tmp_path / "2", knowledge, login=nobody) as own:
        assert Browser(own.url).go("/signin").status_code == 502


def test_a_client_with_a_secret(tmp_path: Path, knowledge: Knowledge, provider: Provider) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    login = Login(issuer=provider.url, client="relaxant", roles=ROLES, secret_file=str(secret))
    with ward(tmp_path, knowledge, login=login) as own:
        assert Browser(own.url).enter().status_code == 303
    assert provider.authorization == ["Basic cmVsYXhhbnQ6czNjcmV0"] and "client_id" not in provider.asked[0]


def test_without_login(tmp_path: Path, knowledge: Knowledge) -> None:
    for settings, status in (
        ({}, 200),
        ({"public_url": "https://relaxant.hospital.example"}, 403),
        ({"public_url": "https://relaxant.hospital.example", "unauthenticated": True}, 200),
        ({"host": "0.0.0.0"}, 403),
        ({"host": "0.0.0.0", "unauthenticated": True}, 200),
    ):
        with ward(tmp_path, knowledge, **settings) as own:
            browser = Browser(own.url)
            assert browser.go("/any").status_code == status, settings
            assert browser.go("/signin").status_code == 404 and browser.go("/bundle").status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "{url}"}, 403),
        ({"origin": "{url}"}, 200),
        ({"origin": "null"}, 403),
        ({"origin": "http://attacker.example"}, 403),
        ({"origin": "{url}.attacker.example"}, 403),
        ({"origin": "https{url}"}, 403),
    ],
)
def test_the_origin(headers: dict[str, str], status: int, tmp_path: Path, knowledge: Knowledge) -> None:
    with ward(tmp_path, knowledge) as own:
        sent = {name: value.replace("{url}", own.url) for name, value in headers.items()}
        assert Browser(own.url).go("/change", "POST", **sent).status_code == status


def test_paths_to_go_to() -> None:
    for path in (
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "/%2felsewhere",
        "/a\r\nb",
        "review",
        "/../x?y",
        "/" + "a" * 300,
    ):
        assert ours(path) == "/", path
    assert ours("/agents/baclofen") == "/agents/baclofen"


@pytest.fixture
def records() -> Iterator[Records]:
    own = Records()
    with standing(own):
        yield own


@contextlib.contextmanager
def launching(folder: Path, knowledge: Knowledge, records: Records, **settings: Any) -> Iterator[Ward]:
    smart = Smart(fhir=records.url + "/fhir", client="relaxant-page")
    with ward(folder, knowledge, **{"smart": (smart,), **settings}) as own:
        yield own


def test_a_launch_reads_that_patients_record(tmp_path: Path, knowledge: Knowledge, records: Records) -> None:
    records.fails = {"MedicationStatement": 404, "Procedure": 403}
    with launching(tmp_path, knowledge, records, public_url=None) as own:
        browser = Browser(own.url)
        where = f"/launch?iss={records.url}/fhir&launch=ticket-1"
        sent = browser.go(where)
        asked = {name: value[0] for name, value in parse_qs(urlsplit(sent.headers["location"]).query).items()}
        assert asked["aud"] == records.url + "/fhir" and asked["launch"] == "ticket-1"
        assert asked["redirect_uri"] == own.url + "/launch/back" and "patient/MedicationRequest.rs" in asked["scope"]
        assert browser.enter(where).status_code == 303
        said = browser.go("/any").text.split()
        assert (said[0], said[2]) == ("prescriber", "True")
        bundle = browser.go("/bundle")
        assert bundle.status_code == 200
        patient = read_bytes(bundle.content, knowledge, today=TODAY)
        kinds = [entry["resource"]["resourceType"] for entry in bundle.json()["entry"]]
        assert kinds.count("MedicationRequest") == 3 and kinds.count("Medication") == 3  # over two pages
        assert "OperationOutcome" not in kinds
        assert len(patient.medicines) == 3 and {line.said for line in patient.medicines} == set(NAMES.values())
        assert patient.sex == "female" and patient.allergies is None
        written = b"".join(file.read_bytes() for file in tmp_path.rglob("relaxant.sqlite3*"))
        assert records.access.encode() not in written and b"p-1" not in written and b"ticket-1" not in written
        assert Browser(own.url).go("/bundle").text == "none"


def test_a_record_of_which_a_part_fails_is_not_shown_by_half(
    tmp_path: Path, knowledge: Knowledge, records: Records
) -> None:
    with launching(tmp_path, knowledge, records) as own:
        browser = Browser(own.url)
        browser.enter(f"/launch?iss={records.url}/fhir&launch=1")
        for fails, status in (
            ({"MedicationRequest": 500}, 502),
            ({"Patient": 404}, 502),
            ({"Medication": 500}, 502),
            ({"Condition": 401}, 403),
        ):
            records.fails = fails
            assert browser.go("/bundle").status_code == status, fails
        records.fails = {}
        with standing(elsewhere := Records()):
            records.next = elsewhere.url + "/fhir/MedicationRequest?patient=p-1"
            assert browser.go("/bundle").status_code == 502  # no page of a list is fetched from another server
            assert elsewhere.read == []
        records.next = f"{records.url}/fhir/MedicationRequest?patient=p-1&start=0"  # pages without end
        assert browser.go("/bundle").status_code == 502
        records.next = None
        records.access = "another"  # the token was taken back
        assert browser.go("/bundle").status_code == 403


def test_what_is_read_of_a_record_is_bounded_as_a_whole_and_given_back(tmp_path: Path, knowledge: Knowledge, records: Records) -> None:  # fmt: skip
    """Answers of which each could stand by itself."""

    def large(count: int, length: int) -> list[dict[str, Any]]:
        return [{"resourceType": "Condition", "note": [{"text": "x" * length}]} for _ in range(count)]

    with launching(tmp_path, knowledge, records, most_body=0.1) as own:
        browser = Browser(own.url)
        browser.enter(f"/launch?iss={records.url}/fhir&launch=1")
        for conditions, status in (
            (large(2, 40_000), 200),
            (large(3, 40_000), 413),  # more than a body may hold
            (large(12, 40_000), 413),  # more than is read at all
            (large(2, 60_000), 502),  # one answer that is too long
        ):
            records.resources["Condition"] = conditions
            assert browser.go("/bundle").status_code == status
            assert own.door.held.now == 0
        records.resources["Condition"] = large(12, 40_000)
        own.door.held.now = own.door.held.most - 50_000  # as if others held it
        answer = browser.go("/bundle")
        assert answer.status_code == 503 and answer.headers["retry-after"] == "5"
        assert own.door.held.now == own.door.held.most - 50_000
        for fails in ({"Condition": 401}, {"MedicationRequest": 500}):
            records.fails = fails
            assert browser.go("/bundle").status_code in (403, 502, 503)
            assert own.door.held.now == own.door.held.most - 50_000


def test_launches_that_are_not_taken(tmp_path: Path, knowledge: Knowledge, records: Records) -> None:
    with launching(tmp_path, knowledge, records) as own, standing(elsewhere := Records()):
        browser = Browser(own.url)
        for query in (f"iss={elsewhere.url}/fhir&launch=1", f"iss={records.url}&launch=1", "launch=1", ""):
            assert browser.go("/launch?" + query).status_code == 403, query
        assert browser.go(f"/launch?iss={records.url}/fhir").status_code == 400
        assert elsewhere.read == [] and own.rows("steps") == 0
        for patient in ("", "../Patient", "a b", "x" * 70):
            records.patient = patient
            assert browser.enter(f"/launch?iss={records.url}/fhir&launch=1").status_code == 403
        records.patient, records.lasts = "p-1", 60
        browser.enter(f"/launch?iss={records.url}/fhir&launch=1")
        assert browser.go("/any").status_code == 200
        own.late = timedelta(seconds=90)  # no longer than the token reads
        assert browser.go("/who").text == "nobody"


def test_a_launch_opens_a_service_that_is_closed_to_others(
    tmp_path: Path, knowledge: Knowledge, records: Records, provider: Provider
) -> None:
    login = Login(issuer=provider.url, client="relaxant", roles=ROLES)
    with launching(tmp_path, knowledge, records, login=login) as own:
        browser = Browser(own.url)
        assert browser.go("/any", accept="*/*").status_code == 401
        browser.enter(f"/launch?iss={records.url}/fhir&launch=1")
        assert browser.go("/any", accept="*/*").status_code == 200


def test_settings() -> None:
    for given in (
        {"login": {"issuer": "http://provider.example", "client": "x"}},
        {"login": {"issuer": "https://provider.example", "client": "x", "roles": {"a": "doctor"}}},
        {"smart": [{"fhir": "https://records.example", "client": "x", "role": "doctor"}]},
        {"smart": [{"fhir": "http://records.example", "client": "x"}]},
        {"smart": [{"fhir": "https://[records.example", "client": "x"}]},
    ):
        with pytest.raises(InputError):
            read_settings(None, {}, given)
    text = msgspec.json.encode({"issuer": "https://provider.example", "client": "x", "roles": ROLES}).decode()
    assert read_settings(None, {"RELAXANT_SERVE_LOGIN": text}, {}).login is not None
