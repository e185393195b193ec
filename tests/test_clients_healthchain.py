"""HealthChain's SandboxClient against `relaxant serve`. Most of what it sends is no call of CDS Hooks 2.0: each test holds what it really sends, byte for
byte through a relay on this machine, and the plain refusal that it gets; where a request is right, the answer is a list of cards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds import ORDERS, PATIENT, bundle, example, order, prefetched, valid
from clients.installed import Away, installed
from clients.spoken import Spoken
from serving import Served, in_thread, served

HERE = Path(__file__).parent / "clients" / "healthchain"
AWAY = re.compile(r"NewConnectionError|ConnectTimeout|ReadTimeout|Name or service not known|Temporary failure|ProxyError")  # fmt: skip
GIVEN = {"patient": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1968-03-02"}}
DRAFTS = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order("tizanidine 4 mg tablet", "4 mg three times a day")}]}  # fmt: skip


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds HealthChain, as the lock file has it."""

    def bring(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
        command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
        how = ["--no-deps", "--no-compile", "--require-hashes", "--retries=1", "-r", str(HERE / "requirements.lock")]
        done = subprocess.run([*command, *how], capture_output=True, text=True, timeout=600, check=False)
        if done.returncode and AWAY.search(done.stderr):
            raise Away("pip cannot reach its index")
        assert done.returncode == 0, done.stderr

    return installed("healthchain", bring, tmp_path_factory) / "bin" / "python"


class Exchange(msgspec.Struct):
    """What went through: the path, the headers and the body that were sent, and the answer."""

    path: str
    headers: dict[str, str]
    sent: dict[str, Any]
    status: int
    answer: dict[str, Any]


class Desk:
    """A service, a relay before it, and the client."""

    def __init__(self, service: Served, client: Spoken) -> None:
        self.service, self.client, self.url = service, client, ""
        self.seen: list[Exchange] = []

    async def relay(self, request: Request) -> Response:
        body, path = await request.body(), request.url.path
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        async with httpx.AsyncClient(trust_env=False, timeout=60) as ahead:
            got = await ahead.post(self.service.url + path, content=body, headers=headers)
        self.seen.append(Exchange(path, headers, json.loads(body), got.status_code, got.json()))
        return Response(got.content, got.status_code, media_type=got.headers["content-type"])

    def run(self, at: str, workflow: str, **job: Any) -> dict[str, Any]:
        """What the client made of its requests; what went through is in ``seen``."""
        self.seen.clear()
        return self.client.told({"url": self.url + at, "workflow": workflow, **job})


@pytest.fixture(scope="module")
def desk(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    client = Spoken([str(python), str(HERE / "client.py")], tmp_path_factory.mktemp("sandbox"))
    with served(tmp_path_factory.mktemp("service")) as service:
        own = Desk(service, client)
        with in_thread(Starlette(routes=[Route("/{rest:path}", own.relay, methods=["POST"])])) as url:
            own.url = url
            yield own
            client.close()


def kept(folder: Path, value: Any) -> str:
    """A file of JSON to load."""
    (folder / "given.json").write_text(json.dumps(value), encoding="utf-8")
    return str(folder / "given.json")


def refused(made: dict[str, Any], one: Exchange, status: int, field: str) -> None:
    """The answer is a refusal that names the field, in the words that the client shows its user."""
    assert one.status == status and field in json.dumps(one.answer), one.answer
    assert "cards" not in one.answer and one.answer["status"] == status and one.answer["title"]
    assert {} in made["responses"] and any(one.answer["title"] in line for line in made["told"]), made["told"]


# ---------------------------------------------------------------- what it sends that is wrong


def test_the_patient_in_view_is_made_up(desk: Desk, tmp_path: Path) -> None:
    """`load_from_path`: the context is random, so it is about somebody else than the Patient that was loaded."""
    made = desk.run(PATIENT, "patient-view", path=kept(tmp_path, GIVEN))
    (one,) = desk.seen
    assert one.sent.keys() == {"hook", "hookInstance", "context", "prefetch"} and one.sent["prefetch"] == GIVEN
    assert one.sent["context"].keys() == {"userId", "patientId"} and re.fullmatch(r"\d{7}", one.sent["context"]["patientId"])  # fmt: skip
    assert "authorization" not in one.headers  # it has no way to sign a call
    refused(made, one, 422, "prefetch.patient")
    assert one.answer["title"] == "the Patient that was sent is not the one of context.patientId"


def test_made_up_records_are_of_three_different_people(desk: Desk) -> None:
    """`load_synthetic`: the context, the Patient and the subject of the rest each have another id; Encounter has a field that FHIR has not."""
    made = desk.run(PATIENT, "patient-view", synthetic=3, seed=7)
    assert len(desk.seen) == 3
    for one in desk.seen:
        sent = one.sent["prefetch"]
        assert sent.keys() == {"patient", "encounter", "condition"} and "class_fhir" in sent["encounter"]
        assert sent["condition"]["subject"]["reference"] == "Patient/123"
        assert len({one.sent["context"]["patientId"], sent["patient"]["id"], "123"}) == 3
        refused(made, one, 422, "prefetch.patient")


def test_a_hook_that_is_not_ours(desk: Desk) -> None:
    made = desk.run(PATIENT, "encounter-discharge", synthetic=1, seed=7)
    (one,) = desk.seen
    assert one.sent["hook"] == "encounter-discharge"
    refused(made, one, 400, "$.hook")


def test_orders_cannot_be_loaded_at_all(desk: Desk, tmp_path: Path) -> None:
    """`load_from_path` makes an empty context, which its own model of these hooks refuses: nothing is sent."""
    for workflow, field in (("order-sign", "draftOrders"), ("order-select", "selections")):
        made = desk.run(ORDERS, workflow, path=kept(tmp_path, GIVEN))
        assert desk.seen == [] and field in made["raised"] and "Field required" in made["raised"]


def test_draft_orders_are_lost_on_the_way(desk: Desk) -> None:
    """Its constructor takes a whole context; what is written of it is what all hooks have in common, without the orders."""
    context = {"patientId": "p1", "userId": "Practitioner/1", "draftOrders": DRAFTS}
    made = desk.run(ORDERS, "order-sign", built={"prefetch": GIVEN, "context": context})
    (one,) = desk.seen
    assert one.sent["context"] == {"patientId": "p1", "userId": "Practitioner/1"}
    refused(made, one, 412, "context.draftOrders")
    made = desk.run(ORDERS, "order-select", built={"prefetch": GIVEN, "context": {**context, "selections": ["MedicationRequest/draft1"]}})  # fmt: skip
    (one,) = desk.seen
    assert one.sent["context"] == {"patientId": "p1", "userId": "Practitioner/1"}
    refused(made, one, 400, "selections")


def test_a_bundle_is_sent_as_if_it_were_a_prefetch(desk: Desk, tmp_path: Path) -> None:
    """`load_from_path` of a FHIR bundle: its own fields become the keys of the prefetch."""
    made = desk.run(PATIENT, "patient-view", path=kept(tmp_path, bundle(GIVEN.values())))
    (one,) = desk.seen
    assert one.sent["prefetch"].keys() == {"resourceType", "type", "entry"}
    refused(made, one, 422, "prefetch.resourceType")


def test_a_bundle_of_its_registry_is_split_by_type_and_about_nobody(desk: Desk, tmp_path: Path) -> None:
    """`load_from_registry("synthea-patient")`: a prefetch of bundles, and a context that is random again."""
    kept(tmp_path, bundle(GIVEN.values()))
    made = desk.run(PATIENT, "patient-view", registry="synthea-patient", data=str(tmp_path))
    (one,) = desk.seen
    assert [value["resourceType"] for value in one.sent["prefetch"].values()] == ["Bundle"]
    refused(made, one, 422, "prefetch.patient")


def test_a_note_is_no_patient(desk: Desk, tmp_path: Path) -> None:
    """`load_free_text`: a DocumentReference and nothing else."""
    (tmp_path / "notes.csv").write_text("text\nspasms at night\n", encoding="utf-8")
    made = desk.run(PATIENT, "patient-view", text=str(tmp_path / "notes.csv"))
    (one,) = desk.seen
    assert one.sent["prefetch"].keys() == {"document"}
    refused(made, one, 412, "prefetch.patient")


def test_the_wrong_address(desk: Desk) -> None:
    built = {"prefetch": GIVEN, "context": {"patientId": "p1", "userId": "Practitioner/1"}}
    made = desk.run(ORDERS, "patient-view", built=built)
    refused(made, desk.seen[0], 400, "hook")
    assert desk.seen[0].answer["title"] == "this service is for order-select and order-sign"
    made = desk.run("/cds-services/discharge-summarizer", "patient-view", built=built)
    refused(made, desk.seen[0], 404, "there is no such service")


# ---------------------------------------------------------------- what it sends that is right


def test_a_patient_without_an_id_is_right_by_chance(desk: Desk, tmp_path: Path) -> None:
    """Then nothing contradicts the context that it made up."""
    nobody = {"patient": {k: v for k, v in GIVEN["patient"].items() if k != "id"}}
    made = desk.run(PATIENT, "patient-view", path=kept(tmp_path, nobody))
    (one,) = desk.seen
    assert one.status == 200 and made["responses"] == [one.answer]
    valid(one.answer, "cds-response")


def test_a_record_opened_with_the_right_context_gets_its_card(desk: Desk) -> None:
    """The card is right by the standard and by our schema; HealthChain's own model of it asks for `autoLaunchable`, which the standard leaves
    open, so that its user is given the answer as it came."""
    sent = prefetched(example("ms-ckd-baclofen"))
    running = [("tizanidine 4 mg tablet", "4 mg three times a day", "m8"), ("ciprofloxacin 500 mg", "500 mg twice a day", "m9")]  # fmt: skip
    for name, dose, ident in running:
        sent["medicationRequests"]["entry"].append({"resource": order(name, dose, ident, status="active")})
    made = desk.run(PATIENT, "patient-view", built={"prefetch": sent, "context": {"patientId": "p1", "userId": "Practitioner/1"}})  # fmt: skip
    (one,) = desk.seen
    assert one.status == 200 and one.sent["prefetch"] == sent
    valid(one.answer, "cds-response")
    (card,) = one.answer["cards"]
    assert card["indicator"] == "critical" and "tizanidine" in card["summary"]
    assert made["responses"] == [one.answer]
    raised = desk.client.told({"parse": one.answer})["raised"]
    assert set(re.findall(r"^(cards\.\S+)$", raised, re.M)) == {f"cards.0.links.{n}.autoLaunchable" for n in range(2)}
