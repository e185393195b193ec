"""The whole API as its own document describes it: every address on a real server, with what the document allows and with what it does not.

Which checks of schemathesis are on: no status of 500 and above; status, media type, body and headers of every answer are declared; data that the
document does not allow are refused; data that it allows are accepted, or refused by what they say (``410``, ``412``, ``422``: a schema tells the form of
a request, and whether its words can be used only reading tells); methods that are not declared get ``405`` with ``Allow``, and ``Allow`` names those
that are; a required header that is missing is refused; whoever has to say who it is has to. Off are those that follow one resource through several
addresses (``use_after_free``, ``ensure_resource_availability``, ``object_level_authorization``): here each case stands alone, and test_diaries.py plays
what is made, closed and erased; and the time of an answer, which no test asserts.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import (
    ChecksConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    SimpleCheckConfig,
)
from schemathesis.config._checks import NegativeDataRejectionConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoverageScenario, TestPhase
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from api_document import DOCUMENT, narrowed
from cds import NOW, drafts_of, example, names, order, prefetched, select, sign, view
from conftest import FULL
from relaxant.knowledge.load import Knowledge
from relaxant.service.app import routes, service
from relaxant.service.house import House
from relaxant.service.line import LINE
from relaxant.service.measured import Measured
from relaxant.service.operation import Address
from relaxant.service.settings import Issuer, Login, Settings
from relaxant.service.store.store import open_store
from serving import free_port, in_thread
from signing import ISSUER, Signer

SEED = 20261126
EACH = 200 if FULL else 4
DAYS = [(NOW - timedelta(days=n)).date().isoformat() for n in (0, 1, 30, 40, 400)] + ["2026-12-31"]
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "410", "412", "422"]
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428", "429"]
OFF = SimpleCheckConfig(enabled=False)
CHECKS = ChecksConfig(
    positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=ACCEPTED),
    negative_data_rejection=NegativeDataRejectionConfig(expected_statuses=REFUSED),
    use_after_free=OFF,
    ensure_resource_availability=OFF,
    object_level_authorization=OFF,
)
BEGUN_ELSEWHERE = ("GET /launch/back", "GET /signin/back")
"""Where somebody comes back from whoever signs people in: a state that was not begun here is refused with 400, whatever it looks like."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""Pairs of text, whatever the type of a field was before it was sent: what a schema would not allow there is allowed on its way."""


def calls() -> list[dict[str, Any]]:
    """Good calls of every hook."""
    out = []
    for name in names()[:: 1 if FULL else 8]:
        patient = example(name)
        orders = drafts_of(patient) or [order("tizanidine 4 mg tablet", "4 mg three times a day")]
        out += [view(prefetched(patient)), select(prefetched(patient), orders), sign(prefetched(patient), orders)]
    return out


API = schemathesis.openapi.from_dict(
    narrowed(calls(), DAYS),
    config=SchemathesisConfig(seed=SEED, projects=ProjectsConfig(default=ProjectConfig(checks=CHECKS))),
)
RUN = settings(
    max_examples=EACH,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


class Desk:
    """A service on a port of this machine. ``seen``: how often each status was answered, by address, phase and kind of data."""

    def __init__(self, url: str) -> None:
        self.url, self.seen = url, Counter[tuple[str, str, str, int]]()
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self.session = requests.Session()
        self.session.trust_env = False
        self.codes = [self.made()[1] for _ in range(3)]
        gone, code = self.made()
        self.client.post(f"/diaries/{gone}/revoke")
        self.codes += [code, "A" * 32, "short"]

    def made(self) -> tuple[str, str]:
        """A diary with some days: its id and its code."""
        asked = {"medicines": [{"agent": "baclofen", "planned": [{"daily": 30}]}, {"agent": "tizanidine"}], "scales": ["nrs", "spasms", "sleep"]}  # fmt: skip
        said = self.client.post("/diaries", json=asked).json()
        code = said["link"].partition("#")[2]
        entries = [{"day": day, "written": n, "said": {"scores": {"spasticity-nrs": n}, "doses": {"baclofen": "planned"}}} for n, day in enumerate(DAYS[:3])]  # fmt: skip
        answer = self.client.post("/diary/entries", json={"entries": entries}, headers={"authorization": f"Diary {code}"})  # fmt: skip
        assert [one["outcome"] for one in answer.json()["answers"]] == ["kept"] * 3
        return said["diary"], code

    def sent(self, case: Any) -> tuple[Any, dict[str, str]]:
        """The answer to a case, and the headers that were put in. What a schema cannot know is put in by a number that the case itself gives: a diary
        that there is, a code that opens one, a browser that wants a page; a call goes to the service of its hook."""
        place, headers = number(case), dict[str, str]()
        good = not case.meta.generation.mode.is_negative
        if place % 3 == 0:
            headers["accept"] = "text/html,*/*;q=0.8"
        if place % 2 == 0 and "{diary}" in case.path and not case.meta.is_negative_at(ParameterLocation.PATH):
            case.path_parameters = {**case.path_parameters, "diary": self.made()[0]}
        if case.path in ("/diary/mine", "/diary/entries") and place % 5:
            headers["authorization"] = f"Diary {self.codes[place % len(self.codes)]}"
        if case.path == "/cds-services/{service}" and good and isinstance(case.body, dict):
            own = "relaxant-patient" if case.body["hook"] == "patient-view" else "relaxant-orders"
            case.path_parameters = {**case.path_parameters, "service": own}
        answer = case.call(base_url=self.url, headers=headers, session=self.session, timeout=120)
        meta = case.meta
        self.seen[case.operation.label, meta.phase.name.value, meta.generation.mode.value, answer.status_code] += 1
        return answer, headers

    def close(self) -> None:
        self.client.close()
        self.session.close()


def number(case: Any) -> int:
    """A number that is the same whenever the same case is drawn."""
    drawn = repr((case.path_parameters, case.query, dict(case.headers or {}), case.body, case.media_type))
    return zlib.crc32(drawn.encode("utf-8", "replace"))


def left_out(case: Any) -> int:
    """Of values at the edges of each schema, which are the same in every run, the sample sends one in so many; every method that is not declared is sent."""
    phase = case.meta.phase
    if FULL or phase.name is not TestPhase.COVERAGE or phase.data.scenario is CoverageScenario.UNSPECIFIED_HTTP_METHOD:
        return 1
    return 16 if "/review" in case.path else 4


def told(desk: Desk) -> list[str]:
    """What was sent and answered, by address."""
    kinds, statuses = Counter[str](), dict[str, Counter[int]]()
    for (label, phase, mode, status), count in desk.seen.items():
        kinds[f"{phase}, {mode}"] += count
        statuses.setdefault(label, Counter())[status] += count
    out = ["| whole API | " + "; ".join(f"{kind}: {n:,}" for kind, n in sorted(kinds.items())) + " |"]
    out += [f"| {label} | {sum(own.values()):,} | {', '.join(f'{s}: {n:,}' for s, n in sorted(own.items()))} |" for label, own in sorted(statuses.items())]  # fmt: skip
    return out


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[Desk]:
    own = Settings(folder=str(tmp_path_factory.mktemp("api")), rate=0, port=free_port())
    house = House(settings=own, knowledge=knowledge, store=open_store(own), measured=Measured(), now=lambda: NOW)
    with in_thread(service(own, house=house), port=own.port, http=LINE) as url:
        desk = Desk(url)
        try:
            yield desk
        finally:
            desk.close()
            print("", *told(desk), sep="\n")


@API.parametrize()
@RUN
def test_every_address(case: Any, at: Desk) -> None:
    if number(case) % left_out(case):
        return
    answer, headers = at.sent(case)
    off = [positive_data_acceptance] if case.operation.label in BEGUN_ELSEWHERE else []
    off += [negative_data_rejection] if case.media_type in FORMS else []
    sent = {"session": at.session, "base_url": at.url}
    case.validate_response(answer, excluded_checks=off, headers=headers, transport_kwargs=sent)
    assert answer.status_code not in (408, 413, 421, 429, 431) or case.meta.generation.mode.is_negative


@pytest.mark.parametrize("name", ["%F1%91%A1%99", "x%0d%0aset-cookie:%20a=b", "x%0aset-cookie:%20a=b", "a%22b%20c"])
def test_what_stands_in_an_address_goes_into_no_header_as_it_is(name: str, at: Desk) -> None:
    """Once a name of other letters was an error of ours here, and one with a line's end wrote a header of its own."""
    answer = at.client.post(f"/diaries/{name}/erase", data={"x": "1"})
    assert answer.status_code == 303 and "set-cookie" not in answer.headers
    assert answer.headers["location"].isascii() and answer.headers["location"].startswith("/diaries/")


# ---------------------------------------------------------------- the document itself


def test_every_route_says_what_it_takes_and_answers(at: Desk, tmp_path: Path, knowledge: Knowledge) -> None:
    own = Settings(folder=str(tmp_path))
    house = House(settings=own, knowledge=knowledge, store=open_store(own), measured=Measured())
    every = routes(house)
    house.store.close()
    assert every and all(isinstance(one, Address) and one.operation is not None and one.operation.gives for one in every), [one for one in every if not isinstance(one, Address) or one.operation is None]  # fmt: skip
    taking = [one for one in every if isinstance(one, Address) and one.operation and "POST" in (one.methods or ())]
    assert len([one for one in taking if one.operation and one.operation.takes]) > len(taking) / 2


def test_the_document_that_is_served_is_the_one_that_is_written_down(at: Desk) -> None:
    served, written = at.client.get("/openapi.json").json(), msgspec.json.decode(DOCUMENT.read_bytes())
    assert served.pop("servers") == [{"url": at.url}]
    assert {key: value for key, value in written.items() if key != "servers"} == served


# ---------------------------------------------------------------- a service that asks who calls


def test_whoever_has_to_say_who_it_is_has_to(tmp_path: Path, knowledge: Knowledge) -> None:
    """Where issuers and a provider are set up, the document says which addresses ask, and each of them refuses: nobody, and somebody with a word that is
    nobody's; those that do not ask answer."""
    signer, port = Signer("ES384", "one"), free_port()
    keys = tmp_path / "keys.json"
    keys.write_bytes(msgspec.json.encode({"keys": [signer.jwk()]}))
    base = f"http://127.0.0.1:{port}"
    own = Settings(
        folder=str(tmp_path), rate=0, port=port, public_url=base,
        issuers=(Issuer(issuer=ISSUER, name="records", keys=str(keys)),), login=Login(issuer="https://login.example", client="relaxant"),
    )  # fmt: skip
    house = House(settings=own, knowledge=knowledge, store=open_store(own), measured=Measured(), now=lambda: datetime.now(UTC))  # fmt: skip
    asked, open_to_all = 0, set[str]()
    with in_thread(service(own, house=house), port=port, http=LINE) as url, httpx.Client(base_url=url, trust_env=False) as client:  # fmt: skip
        document = client.get("/openapi.json").json()
        for path, operations in document["paths"].items():
            for method, said in operations.items():
                where = path.replace("{service}", "relaxant-patient").replace("{format}", "json")
                if "security" not in said:
                    open_to_all.add(f"{method} {path}")
                    continue
                asked += 1
                assert "401" in said["responses"]
                forged = Signer("ES384", "one").token(base + where)
                for sent in ({}, {"authorization": f"Bearer {forged}"}, {"authorization": "Diary " + "A" * 32}, {"cookie": "__Host-relaxant=AAAA"}):  # fmt: skip
                    answer = client.request(method.upper(), where, headers={"content-type": "application/json", **sent}, content=b"{}")  # fmt: skip
                    if said["security"] == [{"link": []}] and "Diary" in sent.get("authorization", ""):
                        assert answer.status_code in (404, 422)  # the form of a code, and no diary's
                    else:
                        assert (answer.status_code, answer.content) == (401, b""), (method, path, sent)
        call = client.post("/cds-services/relaxant-patient", content=b"{}", headers={"content-type": "application/json", "authorization": f"Bearer {signer.token(base + '/cds-services/relaxant-patient')}"})  # fmt: skip
        assert call.status_code == 400  # let in, and read
    assert asked > 20
    watched = {
        "get /health",
        "get /ready",
        "get /metrics",
        "get /openapi.json",
        "get /cds-services",
        "post /signout",
        "get /signout",
        "get /diaries/style.css",
    }
    public = (
        "get /agents",
        "get /conditions",
        "get /rules",
        "get /sources",
        "get /evidence",
        "get /compare",
        "get /search",
        "get /static",
        "get /signin",
        "get /launch",
        "get /diary/",
    )
    assert {one for one in open_to_all if one not in watched and not one.startswith(public)} == set()
