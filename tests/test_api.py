"""The whole API as its own document describes it: every address on a real server, with what the document allows and with what it does not.

Which checks of schemathesis are on: no status of 500 and above; status, media type, body and headers of every answer are declared; data that the
document does not allow are refused; data that it allows are accepted, or refused by what they say (``412``, ``422``: a schema tells the form of a
request, and whether its words can be used only reading tells); methods that are not declared get ``405`` with ``Allow``, and ``Allow`` names those that
are; a required header that is missing is refused; whoever has to say who it is does. Off are those that follow one resource through several addresses
(``use_after_free``, ``ensure_resource_availability``, ``object_level_authorization``): here each case stands alone, and test_diaries.py plays what is
made, closed and erased.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import ChecksConfig, PositiveDataAcceptanceConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig, SimpleCheckConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.core.parameters import ParameterLocation

from api_document import DOCUMENT, narrowed
from cds import NOW, drafts_of, example, names, order, prefetched, select, sign, view
from conftest import FULL
from relaxant.knowledge.load import load_knowledge
from relaxant.service.app import service
from relaxant.service.house import House
from relaxant.service.line import LINE
from relaxant.service.measured import Measured
from relaxant.service.settings import Issuer, Settings
from relaxant.service.store.store import open_store
from serving import free_port, in_thread

SEED = 20261126
EACH = 200 if FULL else 4
DAYS = [(NOW - timedelta(days=n)).date().isoformat() for n in (0, 1, 30, 40, 400)] + ["2026-12-31"]
OFF = SimpleCheckConfig(enabled=False)
CHECKS = ChecksConfig(
    positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=["2xx", "3xx", "401", "403", "404", "410", "412", "422"]),
    use_after_free=OFF,
    ensure_resource_availability=OFF,
    object_level_authorization=OFF,
)  # fmt: skip
POSITIVE, NEGATIVE = positive_data_acceptance, negative_data_rejection
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""Pairs of text, whatever the type of a field was before it was sent: what a schema would not allow there is allowed on its way."""
BEGUN_ELSEWHERE = ("GET /launch/back", "GET /signin/back")
"""Where somebody comes back from whoever signs people in: a state that was not begun here is refused with 400, whatever it looks like."""


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

    def __init__(self, url: str, house: House) -> None:
        self.url, self.house = url, house
        self.seen = Counter[tuple[str, str, str, int]]()
        self.session = requests.Session()
        self.session.trust_env = False
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self.codes = [self.made()[1] for _ in range(3)]
        gone, code = self.made()
        self.client.post(f"/diaries/{gone}/revoke")
        self.codes += [code, "A" * 32, "short"]

    def made(self) -> tuple[str, str]:
        """A diary with some days: its id and its code."""
        asked = {"medicines": [{"agent": "baclofen", "planned": [{"daily": 30}]}, {"agent": "tizanidine"}], "scales": ["nrs", "spasms", "sleep"]}  # fmt: skip
        said = self.client.post("/diaries", json=asked).json()
        code = said["link"].partition("#")[2]
        entries = [{"day": day, "written": n, "said": {"scores": {"spasticity-nrs": n % 10}, "doses": {"baclofen": "planned"}}} for n, day in enumerate(DAYS[:3])]  # fmt: skip
        answer = self.client.post("/diary/entries", json={"entries": entries}, headers={"authorization": f"Diary {code}"})
        assert [one["outcome"] for one in answer.json()["answers"]] == ["kept"] * 3
        return said["diary"], code

    def sent(self, case: Any) -> Any:
        """Sends a case. What a schema cannot know is put in by a number that the case itself gives: a diary that there is, a code that opens one,
        a browser that wants a page."""
        place = number(case)
        headers: dict[str, str] = {}
        if place % 3 == 0:
            headers["accept"] = "text/html,*/*;q=0.8"
        if place % 2 == 0 and "{diary}" in case.path and not _negative(case, ParameterLocation.PATH):
            case.path_parameters = {**case.path_parameters, "diary": self.made()[0]}
        if case.path.startswith(("/diary/mine", "/diary/entries")) and place % 5:
            headers["authorization"] = f"Diary {self.codes[place % len(self.codes)]}"
        if case.path == "/cds-services/{service}" and not case.meta.generation.mode.is_negative and isinstance(case.body, dict):
            case.path_parameters = {"service": "relaxant-patient" if case.body["hook"] == "patient-view" else "relaxant-orders"}
        import os
        if os.environ.get("DBG") and "format" in case.path: print("DBG", case.path_parameters, case.media_type, case.meta.phase.data, str(case.body)[:80])
        answer = case.call(base_url=self.url, headers=headers, session=self.session, timeout=120)
        self.seen[case.operation.label, case.meta.phase.name.value, case.meta.generation.mode.value, answer.status_code] += 1  # fmt: skip
        return answer, headers


def number(case: Any) -> int:
    """A number that is the same whenever the same case is drawn."""
    return zlib.crc32(repr((case.path_parameters, case.query, case.body, case.media_type)).encode("utf-8", "replace"))


def _negative(case: Any, where: ParameterLocation) -> bool:
    return bool(case.meta.is_negative_at(where))


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    own = Settings(folder=str(tmp_path_factory.mktemp("api")), rate=0, port=free_port())
    house = House(settings=own, knowledge=load_knowledge(), store=open_store(own), measured=Measured(), now=lambda: NOW)
    with in_thread(service(own, house=house), port=own.port, http=LINE) as url:
        desk = Desk(url, house)
        yield desk
        desk.client.close()
        desk.session.close()


@API.parametrize()
@RUN
def test_every_address(case: Any, at: Desk) -> None:
    answer, headers = at.sent(case)
    off = [POSITIVE] if case.operation.label in BEGUN_ELSEWHERE else [NEGATIVE] if case.media_type in FORMS else []
    case.validate_response(answer, excluded_checks=off, headers=headers, transport_kwargs={"session": at.session, "base_url": at.url})


def test_zz(at):
    c = Counter()
    for (_l,p,m,_s),n in at.seen.items(): c[(p,m)]+=n
    print(c)
    per=Counter()
    for (k,p,m,s),n in at.seen.items(): per[k]+=n
    for k,v in sorted(per.items()):
        d=Counter()
        for (l,p,m,s),n in at.seen.items():
            if l==k: d[s]+=n
        print(k,v,dict(d))
