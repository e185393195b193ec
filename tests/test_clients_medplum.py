"""Medplum's own CDS client (@medplum/core) against `relaxant serve`: it discovers, fills our prefetch templates from a FHIR server, signs and fires the
hooks, does what suggestions say and reports back. Service, FHIR server and key set are processes or servers on this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from cds import KNOWLEDGE, as_bundle, example, order, prefetched, valid
from clients.installed import brought_by_npm
from clients.records import Records, Resource, standing
from clients.spoken import Spoken
from relaxant.io.read import read_bytes
from relaxant.reviewing import review
from relaxant.service.cds.cards import INDICATORS
from serving import Served, free_port, served
from signing import ISSUER, Signer, key_sets

HERE = Path(__file__).parent / "clients" / "medplum"
NODE, NPM = shutil.which("node"), shutil.which("npm")
pytestmark = pytest.mark.skipif(NODE is None or NPM is None, reason="node and npm are not installed")
TOKEN = "of-the-records"
USER = {"resourceType": "Practitioner", "id": "dr-1"}
CIPROFLOXACIN = ("ciprofloxacin 500 mg tablet", "500 mg twice a day")
TIZANIDINE = ("tizanidine 4 mg tablet", "4 mg three times a day")
GABAPENTIN = ("gabapentin 300 mg capsule", "900 mg three times a day")


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client with what npm brings, as the lock file has it."""
    return brought_by_npm("medplum", HERE, tmp_path_factory)


class Client:
    """The client's process. ``say`` gives what a verb had, ``refused`` the text of the OperationOutcome that Medplum threw."""

    def __init__(self, folder: Path, where: dict[str, Any]) -> None:
        version = subprocess.run([str(NODE), "--version"], capture_output=True, text=True, check=True).stdout
        flags = ["--experimental-websocket"] if int(version[1:].split(".")[0]) < 22 else []
        self.process = Spoken([str(NODE), *flags, "client.mjs"], folder)
        self.process.put(where)

    def say(self, verb: str, **more: Any) -> Any:
        told = self.process.told({"verb": verb, **more})
        assert "had" in told, told
        return told["had"]

    def refused(self, verb: str, **more: Any) -> str:
        told = self.process.told({"verb": verb, **more})
        assert "refused" in told, told
        return str(told["refused"]["issue"][0]["details"]["text"])

    def cards(self, hook: str, patient: str, **more: Any) -> list[dict[str, Any]]:
        """The cards of a hook that fires, each checked by our schema."""
        answer = self.say("fire", hook=hook, patient=patient, **more)["answer"]
        valid(answer, "cds-response")
        return list(answer["cards"])


@pytest.fixture(scope="module")
def records() -> Iterator[Records]:
    with standing(Records([], TOKEN)) as own:
        yield own


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("ES384", "medplum-1")


@pytest.fixture(scope="module")
def service(records: Records, signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that trusts one issuer, and may ask one FHIR server."""
    port = free_port()
    with key_sets(signer.jwk()) as sets:
        settings: dict[str, Any] = {
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "issuers": [{"issuer": ISSUER, "name": "records", "key_set": sets.url}],
            "fhir_servers": [records.url],
        }
        with served(tmp_path_factory.mktemp("service"), **settings) as own:
            yield own


@pytest.fixture(scope="module")
def client(npm: Path, service: Served, records: Records, signer: Signer) -> Iterator[Client]:
    key = {**jwt.get_algorithm_by_name("ES384").to_jwk(signer.private, as_dict=True), "kid": signer.kid}
    where = {
        "service": service.url,
        "records": {"url": records.url, "token": TOKEN},
        "user": USER,
        "signer": {"key": key, "iss": ISSUER},
    }
    own = Client(npm, where)
    own.say("discover")
    yield own
    own.process.close()


@pytest.fixture
def patient() -> str:
    """Somebody whom the service has not seen: what was answered for one is not asked again."""
    return f"p-{uuid.uuid4()}"


# ---------------------------------------------------------------- what the records hold


def resources(name: str, patient: str) -> list[Resource]:
    """An example patient, whose values are of the day before yesterday."""
    out: list[Resource] = []
    for value in prefetched(example(name)).values():
        out += [e["resource"] for e in value["entry"]] if value["resourceType"] == "Bundle" else [value]
    seen = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    out = [{**one, "effectiveDateTime": seen} if one["resourceType"] == "Observation" else one for one in out]
    return [of(patient, one) for one in out]


def of(patient: str, resource: Resource) -> Resource:
    """The resource as one of another patient."""
    return dict(json.loads(json.dumps(resource).replace('"Patient/p1"', f'"Patient/{patient}"').replace('"p1"', f'"{patient}"')))  # fmt: skip


def keep(records: Records, patient: str, name: str, active: tuple[str, str] | None, *drafts: tuple[str, str]) -> None:
    """The records hold an example, with an order that runs and draft orders d0, d1 ..."""
    held = resources(name, patient)
    held += [of(patient, order(*active, "running", status="active"))] if active else []
    held += [of(patient, order(*one, f"d{place}")) for place, one in enumerate(drafts)]
    records.kept = {(one["resourceType"], one["id"]): one for one in held}
    records.asked.clear()


def indicators(cards: list[dict[str, Any]]) -> list[str]:
    return [card["indicator"] for card in cards]


def graver(cards: list[dict[str, Any]]) -> list[str]:
    """The summaries of the cards that are more than information."""
    return [card["summary"] for card in cards if card["indicator"] != "info"]


# ---------------------------------------------------------------- discovery and prefetch


def test_the_client_discovers_the_services(client: Client, service: Served) -> None:
    found = client.say("discover")
    assert found["url"] == service.url + "/cds-services"
    assert [(one["id"], one["hook"]) for one in found["services"]] == [
        ("relaxant-patient", "patient-view"),
        ("relaxant-orders", "order-select"),
        ("relaxant-orders", "order-sign"),
    ]


def test_the_client_fills_every_token_of_our_templates(client: Client) -> None:
    services = client.say("discover")["services"]
    filled = client.say("templates", context={"userId": "Practitioner/dr-1", "patientId": "p-7"})
    for one, done in zip(services, filled, strict=True):
        assert one["prefetch"].keys() == done.keys()
        for key, template in one["prefetch"].items():
            assert "{{" not in done[key] and done[key] == template.replace("{{context.patientId}}", "p-7")


def test_the_client_sends_what_the_templates_ask_for_and_nothing_else(client: Client, records: Records, patient: str) -> None:  # fmt: skip
    """A server that refuses what it does not know answers each of our queries, and finds by them what is meant."""
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    lab = {"resourceType": "Observation", "status": "final", "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": "2020-01-02"}  # fmt: skip
    creatinine = {"code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}}
    zinc = {"code": {"coding": [{"system": "http://loinc.org", "code": "5763-8"}]}}
    others = [
        of("somebody-else", order("diazepam 5 mg tablet", "5 mg once a day", "other", status="active")),
        of(patient, order("dantrolene 25 mg capsule", "25 mg once a day", "ended", status="stopped")),
        {**lab, **creatinine, "id": "old"},
        {**lab, **zinc, "id": "zinc"},
    ]
    records.kept |= {(one["resourceType"], one["id"]): one for one in others}
    sent = client.say("fire", hook="patient-view", patient=patient)["request"]["prefetch"]
    assert len(records.asked) == len(sent) == 8
    ids = {key: [e["resource"]["id"] for e in value.get("entry", ())] for key, value in sent.items()}
    assert sent["patient"]["id"] == patient
    assert "running" in ids["medicationRequests"] and not {"other", "ended", "d0"} & set(ids["medicationRequests"])
    assert ids["labs"][-1] == "old" and len(ids["labs"]) > 2 and "zinc" not in ids["labs"]
    assert set(ids["person"]) == {"weight", "height"}
    assert all(value["resourceType"] == "Bundle" for key, value in sent.items() if key != "patient")


def test_a_patient_whom_the_records_do_not_have_is_no_call(client: Client, records: Records, patient: str) -> None:
    keep(records, patient, "ms-ckd-baclofen", None)
    assert "there is no Patient/nobody" in client.refused("fire", hook="patient-view", patient="nobody")


# ---------------------------------------------------------------- the hooks


def test_an_opened_record_gets_one_card_of_the_gravest_finding(client: Client, records: Records, patient: str) -> None:
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN)
    records.kept["MedicationRequest", "taken"] = of(patient, order(*TIZANIDINE, "taken", status="active"))
    (card,) = client.cards("patient-view", patient)
    assert card["indicator"] == "critical"
    assert re.search("tizanidine", card["summary"], re.I) and re.search("ciprofloxacin", card["summary"], re.I)
    assert "**Further findings:**" in card["detail"] and "suggestions" not in card


def test_a_dangerous_pair_is_critical_and_goes_when_the_suggestion_is_done(client: Client, records: Records, patient: str) -> None:  # fmt: skip
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    cards = client.cards("order-select", patient, selections=["MedicationRequest/d0"])
    card = cards[0]
    assert card["indicator"] == "critical" and indicators(cards).count("critical") == 1
    assert card["summary"].startswith("Ciprofloxacin raises tizanidine about tenfold")
    assert card["source"]["topic"]["code"] == "interaction" and card["selectionBehavior"] == "at-most-one"
    (suggestion,) = card["suggestions"]
    assert [(a["type"], a["resourceId"]) for a in suggestion["actions"]] == [("delete", "MedicationRequest/d0")]
    client.say("apply", actions=suggestion["actions"])
    assert ("MedicationRequest", "d0") not in records.kept
    assert graver(client.cards("order-sign", patient)) == []


def test_a_high_first_dose_is_a_warning_and_goes_when_the_suggestion_is_done(client: Client, records: Records, patient: str) -> None:  # fmt: skip
    keep(records, patient, "nothing-wrong", None, GABAPENTIN)
    before = records.kept["MedicationRequest", "d0"]
    cards = client.cards("order-sign", patient)
    (card,) = [one for one in cards if "suggestions" in one]
    assert card["indicator"] == "warning" and "2700 mg/day of gabapentin" in card["summary"]
    (suggestion,) = card["suggestions"]
    (action,) = suggestion["actions"]
    assert action["type"] == "update" and action["resource"]["id"] == "d0"
    client.say("apply", actions=suggestion["actions"])
    after = records.kept["MedicationRequest", "d0"]
    assert {k: v for k, v in after.items() if k != "dosageInstruction"} == {k: v for k, v in before.items() if k != "dosageInstruction"}  # fmt: skip
    assert after["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 300
    assert graver(client.cards("order-sign", patient)) == []


@pytest.mark.parametrize(
    ("name", "active", "draft"),
    [
        ("ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE),
        ("ms-ckd-baclofen", None, GABAPENTIN),
        ("nothing-wrong", None, ("baclofen 10 mg tablet", "20 mg three times a day")),
        ("pregnancy", None, TIZANIDINE),
    ],
)
def test_the_colour_of_each_card_is_that_of_the_bedsides_finding(client: Client, records: Records, patient: str, name: str, active: tuple[str, str] | None, draft: tuple[str, str]) -> None:  # fmt: skip
    """What Medplum put together, read as a bundle at the bedside, has the finding of every card, in the tier that the card's indicator says."""
    keep(records, patient, name, active, draft)
    fired = client.say("fire", hook="order-sign", patient=patient)
    day = datetime.now(UTC).date()
    whole = review(read_bytes(as_bundle(fired["request"]), KNOWLEDGE, today=day), knowledge=KNOWLEDGE, predict=False, plan=False)  # fmt: skip
    tiers = {finding.summary: finding.tier for finding in whole.findings}
    shown = [card for card in fired["answer"]["cards"] if card["source"]["topic"]["code"] != "unchecked"]
    assert shown and all(card["indicator"] == INDICATORS[tiers[card["summary"]]] for card in shown)


def test_an_order_of_no_relaxant_gets_no_card(client: Client, records: Records, patient: str) -> None:
    keep(records, patient, "nothing-wrong", None, ("paracetamol 500 mg tablet", "500 mg once a day"))
    assert client.cards("order-sign", patient) == []


def test_what_the_service_asks_for_itself_gives_the_same_cards(client: Client, records: Records, patient: str) -> None:
    """Without prefetch, with the token that Medplum lends (`CdsRequestWithAuth`)."""
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    sent = client.cards("order-sign", patient)
    records.asked.clear()
    assert [c["summary"] for c in client.cards("order-sign", patient, lent=True)] == [c["summary"] for c in sent]
    assert len(records.asked) == 9  # the drafts by the client, eight templates by the service


def test_a_first_page_is_not_taken_for_the_whole(client: Client, records: Records, patient: str) -> None:
    """Medplum sends the first page of a search as it came; the service says that more follows."""
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    records.page = 2
    try:
        cards = client.cards("order-sign", patient)
    finally:
        records.page = 1000
    (card,) = [one for one in cards if one["source"]["topic"]["code"] == "unchecked"]
    assert card["indicator"] == "warning" and re.search(r"more pages follow for .*medicationRequests", card["detail"])


# ---------------------------------------------------------------- feedback


def answered(card: dict[str, Any], outcome: str, **more: Any) -> list[dict[str, Any]]:
    when = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [{"card": card["uuid"], "outcome": outcome, "outcomeTimestamp": when, **more}]


def counted(service: Served, outcome: str) -> float:
    text = httpx.get(service.url + "/metrics", trust_env=False).text
    found = re.search(rf'relaxant_feedback_total{{outcome="{outcome}",rule="tizanidine-ciprofloxacin"}} (\S+)', text)
    return float(found[1]) if found else 0


def test_what_was_overridden_when_it_was_selected_is_not_asked_again_when_it_is_signed(client: Client, records: Records, service: Served, patient: str) -> None:  # fmt: skip
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    card = client.cards("order-select", patient, selections=["MedicationRequest/d0"])[0]
    before = counted(service, "overridden")
    given = {"reason": next(one for one in card["overrideReasons"] if one["code"] == "advised")}
    said = answered(card, "overridden", overrideReason=given)
    assert client.say("feedback", hook="order-select", feedback=said) is None
    assert counted(service, "overridden") == before + 1
    assert card["summary"] not in [one["summary"] for one in client.cards("order-sign", patient)]
    records.kept["MedicationRequest", "d0"] = of(patient, order(TIZANIDINE[0], "8 mg three times a day", "d0"))
    assert "critical" in indicators(client.cards("order-sign", patient))  # it is another order now


def test_an_accepted_suggestion_is_reported_by_its_id(client: Client, records: Records, service: Served, patient: str) -> None:  # fmt: skip
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    card = client.cards("order-sign", patient)[0]
    before = counted(service, "accepted")
    chosen = [{"id": card["suggestions"][0]["uuid"]}]
    client.say("feedback", hook="order-sign", feedback=answered(card, "accepted", acceptedSuggestions=chosen))
    assert counted(service, "accepted") == before + 1
    wrong = answered({"uuid": str(uuid.uuid4())}, "overridden")
    assert "this card was not shown by this service" in client.refused("feedback", hook="order-sign", feedback=wrong)


# ---------------------------------------------------------------- refusals


def test_without_its_token_the_client_is_told_no_and_stays_signed_in_to_the_records(client: Client, records: Records, patient: str) -> None:  # fmt: skip
    keep(records, patient, "ms-ckd-baclofen", None)
    body = client.say("fire", hook="patient-view", patient=patient)["request"]
    assert client.refused("send", id="relaxant-patient", body=body, unsigned=True) == "Unauthorized"
    assert client.cards("patient-view", patient)


def test_one_client_for_both_is_signed_out_of_the_records_by_our_401(client: Client, records: Records, patient: str) -> None:  # fmt: skip
    """With `cdsServicesUrl`, Medplum keeps the token of the records to itself, and drops it when the service refuses a call."""
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN)
    had = client.say("together", patient=patient)
    assert len(had["answer"]["cards"]) == 1
    assert (had["before"], had["refused"], had["after"]) == (TOKEN, "Unauthorized", None)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"hookInstance": None}, "hookInstance"),
        ({"hook": "encounter-start"}, "$.hook"),
        ({"context": {"userId": "Practitioner/dr-1", "patientId": "another"}}, "prefetch.patient"),
        ({"prefetch": {}}, "prefetch.patient"),
    ],
)
def test_a_refusal_reaches_the_user_of_medplum_with_its_field(client: Client, records: Records, patient: str, changed: dict[str, Any], sentence: str) -> None:  # fmt: skip
    keep(records, patient, "ms-ckd-baclofen", None)
    body = client.say("fire", hook="patient-view", patient=patient)["request"]
    assert sentence in client.refused("send", id="relaxant-patient", body={**body, **changed})


# ---------------------------------------------------------------- types


def test_client_and_cards_have_the_types_of_medplum(client: Client, records: Records, npm: Path, patient: str, tmp_path: Path) -> None:  # fmt: skip
    """Real answers, as literals, satisfy `CdsResponse` and the orders in them `MedicationRequest`; of what the standard has, Medplum's card lacks
    `selectionBehavior` and `overrideReasons`, which are added here. Discovery satisfies `CdsDiscoveryResponse`."""
    keep(records, patient, "ms-ckd-baclofen", CIPROFLOXACIN, TIZANIDINE)
    selected = {"selections": ["MedicationRequest/d0"]}
    answers = [client.say("fire", hook="order-select", patient=patient, **selected)["answer"]]
    answers += [client.say("fire", hook="patient-view", patient=patient)["answer"]]
    keep(records, patient, "nothing-wrong", None, GABAPENTIN)
    answers += [client.say("fire", hook="order-sign", patient=patient)["answer"]]
    kinds = {a["type"] for r in answers for c in r["cards"] for s in c.get("suggestions", ()) for a in s["actions"]}
    assert kinds == {"delete", "update"}
    found = {"services": client.say("discover")["services"]}
    head = [
        "import type { CdsCard, CdsDiscoveryResponse, CdsResponse } from '@medplum/core';",
        "import type { Coding } from '@medplum/fhirtypes';",
        "type Card = CdsCard & { selectionBehavior?: 'at-most-one' | 'any'; overrideReasons?: Coding[] };",
    ]
    checked = f"export const answers = {json.dumps(answers)} satisfies (CdsResponse & {{ cards: Card[] }})[];"
    lines = [
        checked,
        f"export const found = {json.dumps(found)} satisfies CdsDiscoveryResponse;",
        "export const card: CdsCard = answers[0].cards[0];",
        "// @ts-expect-error Medplum's card has no such field; once it has, the type above is Medplum's own",
        "export const missing = (one: CdsCard) => [one.selectionBehavior];",
        "// @ts-expect-error nor this one",
        "export const lacking = (one: CdsCard) => [one.overrideReasons];",
    ]
    for name in ("package.json", "tsconfig.json", "client.mjs"):
        shutil.copy(npm / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(npm / "node_modules")
    wrong = checked.replace('"indicator": "critical"', '"indicator": "danger"', 1)
    assert wrong != checked
    (tmp_path / "answers.ts").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    (tmp_path / "wrong.ts").write_text("\n".join([*head, wrong]) + "\n", encoding="utf-8")
    command = [str(NODE), str(npm / "node_modules" / "typescript" / "bin" / "tsc")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False).stdout
    faults = [line for line in told.splitlines() if re.match(r"\S+\(\d+,\d+\): error", line)]
    assert len(faults) == 1 and faults[0].startswith("wrong.ts(") and "danger" in faults[0], told
