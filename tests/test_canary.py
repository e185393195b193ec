"""Nothing that is said of a patient, and nothing secret, stays behind: unique words in every field of everything that can be sent, through every route
that there is, and then a search for them in all that the process has written."""

from __future__ import annotations

import base64
import contextlib
import itertools
import os
import random
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest
from starlette.routing import Route

from conftest import FULL
from providers import Provider, Records, standing
from relaxant.service.app import build, routes
from relaxant.service.settings import Settings
from serving import Served, free_port, served
from signing import ISSUER, KeySets, Signer, key_sets

WORD = "zqcanaryx"
_number = itertools.count()
SIGNER = Signer("ES384", "one")
OF_THE_DIARY = {
    "diaries": ("label", "call", "columns"),
    "entries": ("said",),
}  # what a diary is for is kept there, and nowhere else
GOOD = {"name": ["baclofen"], "agent": ["baclofen"], "format": ["json", "html"]}
_AS_IS = re.compile(r"(?:resourceType|system|status|intent|hook|type|as_of|country|sex|use|category)$")


def canary() -> str:
    return f"{WORD}{next(_number):05d}z"


def forms() -> list[bytes]:
    """The word as it could stand somewhere: plain, in hexadecimal, in base64 at each of three offsets, backwards."""
    word, spread = WORD.encode(), []
    for offset in range(3):  # the whole groups of three bytes that are the word's alone
        groups = base64.b64encode(bytes(offset) + word)
        spread.append(groups[4 if offset else 0 : (offset + len(word)) // 3 * 4])
    return [word, word.hex().encode(), word[::-1], *spread]


def holds(data: bytes) -> list[bytes]:
    """Where a canary stands in some bytes, with what is around it."""
    lower, out = data.lower(), []
    for form in forms():
        source, wanted = (data, form) if form not in (WORD.encode(), WORD.encode()[::-1]) else (lower, form)
        start = source.find(wanted)
        if start >= 0:
            out.append(data[max(0, start - 80) : start + 80])
    return out


def test_the_search_finds_what_it_looks_for() -> None:
    word = canary()
    for n in range(3):
        assert holds(b"x" + base64.b64encode(b"abc"[:n] + word.encode() + b"rest"))
    for data in (word.encode(), word.upper().encode(), word.encode().hex().encode(), word[::-1].encode()):
        assert holds(b"before " + data + b" after")
    assert not holds(b"nothing of that kind" * 1000)


PATIENT: dict[str, Any] = {
    "as_of": "2026-11-22",
    "label": "",
    "sex": "female",
    "birth_date": "1968-03-02",
    "weight": "61 kg",
    "height": "165 cm",
    "muscle_mass": "low",
    "smoker": {"now": True, "product": "cigarettes"},
    "alcohol": "20 units/week",
    "swallowing": "normal",
    "conditions": ["", {"name": "", "since": "2025-01-10"}, "multiple sclerosis"],
    "allergies": ["", {"to": "", "reaction": ""}],
    "genotype": {"CYP2C19": "*2/*2"},
    "labs": [
        {"name": "creatinine", "value": "1.6 mg/dL", "date": "2026-11-10"},
        {"name": "", "value": "1 mg/dL", "date": "2026-11-10"},
    ],
    "observations": [
        {"name": "systolic blood pressure", "value": "92 mmHg", "date": "2026-11-20"},
        {"name": "MAS", "site": "", "value": "2", "date": "2026-11-01"},
    ],
    "medicines": [
        "baclofen 10 mg three times a day since 2024-01-05",
        "",
        {"drug": "", "dose": "500 mg", "frequency": "twice a day"},
    ],
    "considering": ["tizanidine 4 mg three times a day"],
}


def resource(kind: str, **said: Any) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": "",
        "identifier": [{"system": "urn:x", "value": ""}],
        "text": {"status": "generated", "div": "<div>@</div>"},
        "note": [{"text": ""}],
        "subject": {"reference": "Patient/#patient", "display": ""},
        **said,
    }


BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "urn:uuid:@",
            "resource": {
                "resourceType": "Patient",
                "id": "#patient",
                "gender": "female",
                "birthDate": "1968-03-02",
                "identifier": [{"system": "urn:x", "value": ""}],
                "name": [{"family": "", "given": ["", ""], "text": ""}],
                "telecom": [{"system": "phone", "value": ""}],
                "address": [{"line": [""], "city": ""}],
            },
        },
        {
            "resource": resource(
                "MedicationRequest",
                id="#order",
                status="active",
                intent="order",
                requester={"display": ""},
                medicationCodeableConcept={
                    "text": "baclofen 10 mg tablet",
                    "coding": [{"system": "urn:x", "code": "", "display": ""}],
                },
                dosageInstruction=[{"text": "10 mg three times a day @", "patientInstruction": ""}],
            )
        },
        {
            "resource": resource(
                "MedicationRequest", status="active", intent="order", medicationCodeableConcept={"text": ""}
            )
        },
        {"resource": resource("Condition", code={"text": ""})},
        {"resource": resource("AllergyIntolerance", code={"text": ""}, reaction=[{"manifestation": [{"text": ""}]}])},
        {
            "resource": resource(
                "Observation",
                status="final",
                code={"text": "creatinine"},
                effectiveDateTime="2026-11-10",
                valueQuantity={"value": 1.6, "unit": "mg/dL"},
            )
        },
        {"resource": resource("@")},
    ],
}


def call(hook: str) -> dict[str, Any]:
    draft = {"resourceType": "Bundle", "type": "collection", "entry": [BUNDLE["entry"][1]]}
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://records.example/@",
        "fhirAuthorization": {
            "access_token": "",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "",
        },
        "context": {
            "userId": "Practitioner/@",
            "patientId": "#patient",
            "encounterId": "",
            "draftOrders": draft,
            "selections": ["MedicationRequest/#order"],
        },
        "prefetch": {
            "patient": BUNDLE["entry"][0]["resource"],
            "medications": BUNDLE,
            "conditions": BUNDLE,
            "observations": BUNDLE,
            "orders": draft,
            "allergies": BUNDLE,
        },
        "extension": {"org.example": ""},
    }


FEEDBACK = {
    "feedback": [
        {
            "card": "",
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "", "system": "urn:x", "display": ""}, "userComment": ""},
            "outcomeTimestamp": "2026-11-22T10:00:00Z",
            "acceptedSuggestions": [{"id": ""}],
        }
    ]
}
DIARY = {
    "entries": [{"day": "2026-11-22", "part": "", "said": {"note": "", "spasms": 3}, "written": 1}],
    "label": "",
    "call": "",
    "code": "",
    "agents": [""],
}


def filled(plain: Any, shared: dict[str, str] | None = None) -> Any:
    """The same with a canary in every text that was left for one: where it is empty, at ``@``, and, one throughout, at ``#patient`` and ``#order``."""
    own = {"#patient": canary(), "#order": canary()} if shared is None else shared
    if isinstance(plain, dict):
        return {name: filled(value, own) for name, value in plain.items()}
    if isinstance(plain, list):
        return [filled(value, own) for value in plain]
    if not isinstance(plain, str):
        return plain
    for name, word in own.items():
        plain = plain.replace(name, word)
    return canary() if plain == "" else plain.replace("@", canary())


def spoilt(plain: Any, at: str = "") -> Iterator[Any]:
    """The same again and again, each time with a canary in one more place: also where no text belongs."""
    if isinstance(plain, dict):
        for name, value in plain.items():
            yield {**plain, canary(): value, name: value}
            for other in spoilt(value, name):
                yield {**plain, name: other}
    elif isinstance(plain, list):
        for n, value in enumerate(plain):
            for other in spoilt(value, at):
                yield [*plain[:n], other, *plain[n + 1 :]]
    else:
        yield canary()


def bodies() -> list[tuple[str, bytes]]:
    """What is sent to every route that takes something: whole, and spoilt; each with its media type."""
    encode = msgspec.json.encode
    whole = [PATIENT, BUNDLE, call("order-sign"), call("order-select"), call("patient-view"), FEEDBACK, DIARY]
    out = [("application/json", encode(filled(plain))) for plain in whole]
    out += [
        ("application/yaml", encode(filled(PATIENT))),
        ("text/plain", f"baclofen 10 mg three times a day\n{canary()} 5 mg\n".encode()),
    ]
    form = {
        name: value if isinstance(value, str) else encode(value).decode() for name, value in filled(PATIENT).items()
    }
    form |= {
        "text": canary(),
        "patient": encode(filled(PATIENT)).decode(),
        "bundle": encode(filled(BUNDLE)).decode(),
        "q": canary(),
    }
    out.append(("application/x-www-form-urlencoded", urlencode(form).encode()))
    large = (
        encode(filled(PATIENT)) + f" {canary()}".encode() * 120_000
    )  # beyond what is held in memory where files are spooled
    parts = b'--edge\r\ncontent-disposition: form-data; name="file"; filename="%s"\r\ncontent-type: application/json\r\n\r\n%s\r\n--edge--\r\n'
    out.append(("multipart/form-data; boundary=edge", parts % (canary().encode(), large)))
    out.append(("application/json", b'{"a": "' + canary().encode()))
    out.append(("application/json", b"\xff\xfe" + canary().encode()))
    out.append(("application/json", f'{{"{canary()}": '.encode() * 80))
    every = [("application/json", encode(one)) for plain in whole for one in spoilt(filled(plain))]
    return out + (every if FULL else random.Random(7).sample(every, 4))


class Watch:
    """Every file that the process holds open or that lies in its temporary folder, looked at all the time."""

    def __init__(self, own: Served) -> None:
        self.own, self.seen, self._ended = own, set[str](), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        descriptors = Path(f"/proc/{self.own.process.pid}/fd")
        while not self._ended.wait(0.005):
            self.seen |= {str(file) for file in self.own.temporary.rglob("*")}
            with contextlib.suppress(OSError):
                for one in descriptors.iterdir():
                    with contextlib.suppress(OSError):
                        self.seen.add(os.readlink(one))

    def end(self) -> set[str]:
        """The temporary files that there were: in the folder of such files, or without a name any more."""
        self._ended.set()
        self._thread.join()
        return {
            name
            for name in self.seen
            if name.startswith(str(self.own.temporary)) or (name.endswith("(deleted)") and "memfd" not in name)
        }


def every_route(folder: Path) -> list[tuple[str, str]]:
    """Each method and path of the service, as the application itself lists them."""
    house = build(Settings(folder=str(folder)))
    try:
        found = [
            (method, one.path)
            for one in routes(house)
            if isinstance(one, Route)
            for method in sorted(one.methods or ())
        ]
        assert len(found) == sum(len(one.methods or ()) for one in routes(house)), (
            "a route of a kind that is not enumerated"
        )  # type: ignore[attr-defined]
    finally:
        house.store.close()
    assert ("GET", "/health") in found
    return found


def paths(path: str, good: dict[str, list[str]]) -> list[str]:
    """A path with a canary, and with what there is, in each of its places."""
    names = re.findall(r"{(\w+)(?::\w+)?}", path)
    if not names:
        return [path]
    choices = [[canary(), *good.get(name, [])] for name in names]
    out = []
    for values in itertools.product(*choices):
        one = path
        for name, value in zip(names, values, strict=True):
            one = re.sub(r"{" + name + r"(?::\w+)?}", quote(value), one)
        out.append(one)
    return out


def send(own: Served, listed: list[tuple[str, str]], signed: bool, cookies: dict[str, str]) -> dict[str, set[int]]:
    """Everything to everywhere; gives the statuses that each route answered with."""
    answered: dict[str, set[int]] = {}
    with httpx.Client(base_url=own.url, trust_env=False, timeout=60) as client:
        services = client.get("/cds-services")
        known = [one["id"] for one in services.json()["services"]] if services.status_code == 200 else []
        good = {**GOOD, "service": known}
        for method, path in listed:
            if path == "/metrics":
                continue
            takes = bodies() if method in ("POST", "PUT", "PATCH") else [("", b"")]
            for one in paths(path, good):
                for kind, body in takes:
                    headers = {
                        "user-agent": canary(),
                        "referer": f"https://records.example/{canary()}",
                        "x-forwarded-for": canary(),
                        "x-request-id": canary(),
                        "accept": "text/html, application/json",
                        "cookie": "; ".join([f"a={canary()}", *(f"{name}={value}" for name, value in cookies.items())]),
                    }
                    if kind:
                        headers["content-type"] = kind
                    headers |= _signed(own, one, signed)
                    query = {
                        "q": canary(),
                        "text": canary(),
                        "code": canary(),
                        "state": canary(),
                        "iss": canary(),
                        "launch": canary(),
                        "then": "/" + canary(),
                        canary(): "1",
                    }
                    answer = client.request(method, one, params=query, content=body or None, headers=headers)
                    answered.setdefault(f"{method} {path}", set()).add(answer.status_code)
        for authorization in (
            f"Bearer {canary()}",
            f"Basic {canary()}",
            canary(),
            f"Bearer {canary()}.{canary()}.{canary()}",
        ):
            for path in {path for _, path in listed if "{" not in path} | {"/" + canary()}:
                client.post(
                    path,
                    headers={"authorization": authorization, "origin": f"https://{canary()}.example"},
                    content=canary(),
                )
        if signed and known:
            for wrong in (
                {"iss": canary()},
                {"aud": canary()},
                {"exp": 1},
                {"jti": None, "sub": canary()},
                {"header": {"kid": canary()}},
                {"header": {"jku": canary()}},
            ):
                audience = wrong.pop("aud", f"{own.url}/cds-services/{known[0]}")
                token = SIGNER.token(audience, **{"tenant": canary(), **wrong})
                client.post(f"/cds-services/{known[0]}", headers={"authorization": f"Bearer {token}"}, content=b"{}")
    return answered


def go_through(own: Served, listed: list[tuple[str, str]], signed: bool, cookies: dict[str, str]) -> set[str]:
    """What is done in several steps, of the parts that are there: cards and the answers to them, a diary and its link. Gives the secrets on the way."""
    secrets = set[str]()
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with httpx.Client(base_url=own.url, trust_env=False, timeout=60, headers={"cookie": cookie}) as client:
        if ("POST", "/cds-services/{service}") in listed:
            cards = 0
            for service in client.get("/cds-services").json()["services"]:
                path = f"/cds-services/{service['id']}"
                answer = client.post(path, json=filled(call(service["hook"])), headers=_signed(own, path, signed))
                assert answer.status_code == 200, answer.text
                for card in answer.json()["cards"]:
                    said = filled(FEEDBACK)
                    said["feedback"][0]["card"] = card["uuid"]
                    del said["feedback"][0]["acceptedSuggestions"]
                    back = client.post(path + "/feedback", json=said, headers=_signed(own, path + "/feedback", signed))
                    assert back.status_code < 500, back.text
                    cards += back.status_code == 200
            assert cards
        if ("POST", "/diaries") in listed:
            wanted = {"label": canary(), "call": canary(), "scales": ["nrs"], "medicines": [{"agent": "baclofen"}]}
            made = client.post("/diaries", json=wanted)
            assert made.status_code == 201, made.text
            diary, code = made.json()["diary"], made.json()["link"].rsplit("#", 1)[1]
            secrets.add(code)
            opened = {"authorization": f"Diary {code}"}
            entry = {
                "day": time.strftime("%Y-%m-%d", time.gmtime()),
                "written": int(time.time() * 1000),
                "said": {"note": canary()},
            }
            assert client.post("/diary/entries", json={"entries": [entry]}, headers=opened).status_code == 200
            for path in (
                one.replace("{diary}", diary) for method, one in listed if method == "GET" and "{diary}" in one
            ):
                assert client.get(path, headers=opened).status_code == 200, path
            assert client.get("/diary/mine", headers=opened).status_code == 200
    return secrets


def _signed(own: Served, path: str, signed: bool) -> dict[str, str]:
    token = SIGNER.token(own.url + path, jti=canary(), tenant=canary(), name=canary())
    return {"authorization": f"Bearer {token}"} if signed else {}


def remains(own: Served, begun: float, watch: Watch) -> dict[str, list[bytes]]:
    """Every place where a canary was found."""
    found = {"metrics": holds(httpx.get(own.url + "/metrics", trust_env=False).content)}
    diary_rows = _rows_of_the_diary(own)
    for file in own.folder.rglob("*"):
        if file.is_file() and not (diary_rows and file.name.startswith("relaxant.sqlite3")):
            found[file.name] = holds(file.read_bytes())
    temporary = watch.end()
    if temporary:
        found["temporary files"] = [name.encode() for name in temporary]
    own.stop()
    database = sqlite3.connect(own.folder / "relaxant.sqlite3")
    with contextlib.closing(database):
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = database.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in rows.description]
            for row in rows.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if column in OF_THE_DIARY.get(table, ()):
                        continue
                    data = value if isinstance(value, bytes) else str(value).encode()
                    if at := holds(data):
                        found[f"table {table}, {column}"] = at
        for table in ("entries", "diaries"):
            database.execute(f"DELETE FROM {table}")
        database.commit()
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for file in own.folder.rglob("*"):
        if file.is_file():
            found[f"{file.name} at the end"] = holds(file.read_bytes())
    cache = os.environ.get("RELAXANT_CACHE")
    for file in Path(cache).rglob("*") if cache else ():
        if file.is_file() and file.stat().st_mtime > begun:
            found[f"cache {file.name}"] = holds(file.read_bytes())
    return {place: at for place, at in found.items() if at}


def _rows_of_the_diary(own: Served) -> int:
    database = sqlite3.connect(f"file:{own.folder / 'relaxant.sqlite3'}?mode=ro", uri=True)
    with contextlib.closing(database):
        return int(
            database.execute("SELECT (SELECT count(*) FROM diaries) + (SELECT count(*) FROM entries)").fetchone()[0]
        )


def _needs_proc() -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files are listed under /proc, which this system has not")


def test_nothing_stays_of_callers_on_loopback(tmp_path: Path) -> None:
    _needs_proc()
    listed = every_route(tmp_path / "listed")
    with served(tmp_path / "own") as own:
        watch, begun = Watch(own), time.time()
        answered = send(own, listed, signed=False, cookies={})
        assert set(answered) == {f"{method} {path}" for method, path in listed if path != "/metrics"}
        failed = {route: statuses for route, statuses in answered.items() if 500 in statuses}
        assert not failed
        assert sum(line["message"] == "answered" for line in own.lines()) >= len(listed)
        secrets = go_through(own, listed, signed=False, cookies={})
        assert not _written(own, secrets)
        assert remains(own, begun, watch) == {}


def test_nothing_stays_of_callers_who_sign_and_people_who_sign_in(tmp_path: Path) -> None:
    _needs_proc()
    listed = every_route(tmp_path / "listed")
    provider, records, port = Provider(), Records(), free_port()
    provider.sub, provider.claims = canary(), {"roles": ["doctors"], "name": canary(), "email": canary()}
    records.access, records.patient = canary(), canary()
    records.resources["Condition"][0]["code"]["text"] = canary()
    sets: KeySets
    with key_sets(SIGNER.jwk()) as sets, standing(provider), standing(records):
        settings = {
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "issuers": [{"issuer": ISSUER, "name": "records", "key_set": sets.url}],
            "login": {"issuer": provider.url, "client": "relaxant", "roles": {"doctors": "prescriber"}},
            "smart": [{"fhir": records.url + "/fhir", "client": "relaxant"}],
        }
        with served(tmp_path / "own", **settings) as own:
            watch, begun = Watch(own), time.time()
            secrets = set[str]()
            for way in ("/signin", f"/launch?iss={records.url}/fhir&launch={canary()}"):
                cookies = _entered(own, way, secrets)
                answered = send(own, listed, signed=True, cookies=cookies)
                assert not {route: statuses for route, statuses in answered.items() if 500 in statuses}
                cookies = _entered(own, way, secrets)  # everything was called, signing out too
                secrets |= go_through(own, listed, signed=True, cookies=cookies)
            assert len(secrets) >= 8 and not _written(own, secrets)
            assert remains(own, begun, watch) == {}


def _written(own: Served, secrets: set[str]) -> list[str]:
    """Those of the secrets that stand in a file."""
    written = b"".join(file.read_bytes() for file in own.folder.rglob("*") if file.is_file())
    return [one for one in secrets if one.encode() in written]


def _entered(own: Served, way: str, secrets: set[str]) -> dict[str, str]:
    """Signs in as a browser would, and gives the session's cookie; every secret on the way is remembered."""
    first = httpx.get(own.url + way, trust_env=False)
    assert first.status_code == 303, first.text
    step = first.headers["set-cookie"].split(";")[0]
    back = httpx.get(first.headers["location"], trust_env=False).headers["location"]
    entered = httpx.get(back, headers={"cookie": step, "user-agent": canary()}, trust_env=False)
    assert entered.status_code == 303, entered.text
    name, _, value = entered.headers["set-cookie"].split(";")[0].partition("=")
    secrets |= {
        step.partition("=")[2],
        value,
        re.findall(r"state=([\w-]+)", back)[0],
        re.findall(r"code=([\w-]+)", back)[0],
    }
    assert httpx.get(own.url + "/signin/back", trust_env=False).status_code == 400
    return {name: value}
