"""Calls of the CDS service made from the example patients, and the service to send them to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import msgspec

from relaxant.io.read import read_file
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.patient import Code, Line, Patient
from relaxant.service.app import service
from relaxant.service.house import House
from relaxant.service.measured import Measured
from relaxant.service.settings import Settings
from relaxant.service.store.store import open_store

KNOWLEDGE = load_knowledge()
ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
SCHEMAS = ROOT / "docs" / "reference"
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
ORDERS, PATIENT = "/cds-services/relaxant-orders", "/cds-services/relaxant-patient"
SYSTEMS = {
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "SNOMED CT": "http://snomed.info/sct",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
}
LOINC = {"weight": "29463-7", "height": "8302-2"}


class Desk:
    """A service in this process with a store of its own. ``post`` and ``get`` give the answer; every answer of a call is checked by our schemas."""

    def __init__(self, folder: Path, knowledge: Knowledge = KNOWLEDGE, **settings: Any) -> None:
        self.settings = Settings(folder=str(folder), rate=0, **settings)
        self.clock = [NOW]
        self.house = House(
            settings=self.settings,
            knowledge=knowledge,
            store=open_store(self.settings),
            measured=Measured(),
            now=lambda: self.clock[0],
        )
        app = service(self.settings, house=self.house)
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642")

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        answer = self.send("POST", path, content=content, headers=headers, **more)
        if answer.status_code == 200 and not path.endswith("/feedback"):
            valid(answer.json(), "cds-response")
        return answer

    def cards(self, call: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The cards of a call that is answered."""
        answer = self.post(PATIENT if call["hook"] == "patient-view" else ORDERS, call)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["cards"])

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.house.store.close()


def valid(value: Any, schema: str) -> None:
    """Raises unless a value is as one of our schemas says."""
    _validator(schema).validate(value)


_VALIDATORS: dict[str, Any] = {}


def _validator(schema: str) -> Any:
    if schema not in _VALIDATORS:
        text = (SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8")
        _VALIDATORS[schema] = jsonschema.Draft202012Validator(json.loads(text))
    return _VALIDATORS[schema]


# ---------------------------------------------------------------- resources


def example(name: str) -> Patient:
    """An example patient."""
    return read_file(EXAMPLES / f"{name}.yaml", KNOWLEDGE, today=TODAY)


def names() -> list[str]:
    """Every example that a record can say: those whose medicines are lines."""
    return sorted(p.stem for p in EXAMPLES.glob("*.yaml"))


def _concept(text: str | None, codes: tuple[Code, ...]) -> dict[str, Any]:
    coding = [{"system": SYSTEMS.get(c.system, c.system), "code": c.code} for c in codes]
    return ({"text": text} if text else {}) | ({"coding": coding} if coding else {})


def _medicine(line: Line, ident: str, status: str) -> dict[str, Any]:
    regimen = " ".join(v for v in (line.dose, line.route, line.frequency) if v)
    dosage = {"dosageInstruction": [{"text": regimen}]} if regimen else {}
    authored = {"authoredOn": line.start.isoformat()} if line.start else {}
    return {
        "resourceType": "MedicationRequest",
        "id": ident,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": _concept(line.drug or line.said, line.codes),
        **dosage,
        **authored,
    }


def _observation(one: Any, ident: str, code: str | None) -> dict[str, Any]:
    known = KNOWLEDGE.labs.get(one.name)
    loinc = code or (known.loinc[0] if known and known.loinc else None)
    coding = [{"system": "http://loinc.org", "code": loinc}] if loinc else []
    value = {"valueQuantity": {"value": one.value, "unit": one.unit}} if one.value is not None else {"valueString": one.text}  # fmt: skip
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": one.name, "coding": coding},
        "effectiveDateTime": (one.date or TODAY).isoformat(),
        **value,
    }


def prefetched(patient: Patient) -> dict[str, Any]:
    """What a client would send along of a patient."""
    own: dict[str, Any] = {"resourceType": "Patient", "id": "p1"}
    if patient.sex:
        own["gender"] = patient.sex
    if patient.birth_date:
        own["birthDate"] = patient.birth_date.isoformat()
    elif patient.age and patient.age.split()[0].isdigit():
        years = int(patient.age.split()[0]) if "month" not in patient.age else 0
        own["birthDate"] = f"{TODAY.year - years}-01-02"
    out: dict[str, Any] = {"patient": own}
    taken = [line for line in patient.medicines or () if line.stop is None]
    if patient.medicines is not None:
        out["medicationRequests"] = bundle(_medicine(line, f"m{i}", "active") for i, line in enumerate(taken))
    if patient.conditions is not None:
        out["conditions"] = bundle(
            {
                "resourceType": "Condition",
                "id": f"c{i}",
                "subject": {"reference": "Patient/p1"},
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "code": _concept(c.name, c.codes),
            }
            for i, c in enumerate(patient.conditions)
        )
    if patient.allergies is not None:
        out["allergies"] = bundle(
            {
                "resourceType": "AllergyIntolerance",
                "id": f"a{i}",
                "patient": {"reference": "Patient/p1"},
                "code": {"text": a.to},
            }
            for i, a in enumerate(patient.allergies)
        )
    seen = [*patient.labs, *patient.observations]
    out["labs"] = bundle(_observation(one, f"o{i}", None) for i, one in enumerate(seen))
    body = [(m, name) for name, m in (("weight", patient.weight), ("height", patient.height)) if m is not None]
    out["person"] = bundle(_observation(m, name, LOINC[name]) for m, name in body)
    return out


def bundle(resources: Any) -> dict[str, Any]:
    """A searchset of resources."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]}


def order(name: str, text: str, ident: str = "draft1", **more: Any) -> dict[str, Any]:
    """A draft order."""
    return {
        "resourceType": "MedicationRequest",
        "id": ident,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": name},
        "dosageInstruction": [{"text": text}],
        **more,
    }


def drafts_of(patient: Patient) -> list[dict[str, Any]]:
    """The orders that an example weighs."""
    out = []
    for i, line in enumerate(patient.considering):
        ends = line.change == "stop" or line.said.startswith("stop ")
        plain = msgspec.structs.replace(line, said=line.said.removeprefix("stop "))
        out.append(_medicine(plain, f"d{i}", "stopped" if ends else "draft"))
    return out


# ---------------------------------------------------------------- calls


def view(prefetch: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A call of patient-view."""
    out: dict[str, Any] = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        **more,
    }
    return out if prefetch is None else {**out, "prefetch": dict(prefetch)}


def sign(prefetch: Mapping[str, Any] | None, orders: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A call of order-sign."""
    out = view(prefetch, **more)
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": o} for o in orders]}
    return {**out, "hook": "order-sign", "context": {**out["context"], "draftOrders": drafts}}


def select(prefetch: Mapping[str, Any] | None, orders: list[dict[str, Any]], picked: list[str] | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    """A call of order-select; all orders are picked unless some are named."""
    out = sign(prefetch, orders, **more)
    chosen = [f"MedicationRequest/{o['id']}" for o in orders] if picked is None else picked
    return {**out, "hook": "order-select", "context": {**out["context"], "selections": chosen}}


def as_bundle(call: Mapping[str, Any]) -> bytes:
    """Everything that a call holds as the one bundle that the bedside would be given; a stop is weighed there in words (``stops_of``)."""
    entries: list[Any] = []
    for value in (call.get("prefetch") or {}).values():
        if value is not None:
            entries += value["entry"] if value["resourceType"] == "Bundle" else [{"resource": value}]
    for entry in call["context"].get("draftOrders", {}).get("entry", []):
        if entry["resource"].get("status") != "stopped":
            entries.append({"fullUrl": f"urn:draft:{len(entries)}", "resource": entry["resource"]})
    return msgspec.json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


def stops_of(call: Mapping[str, Any]) -> list[str]:
    """The stops that a call weighs, as the bedside is told of them."""
    drafts = [e["resource"] for e in call["context"].get("draftOrders", {}).get("entry", [])]
    return [f"stop {d['medicationCodeableConcept']['text']}" for d in drafts if d.get("status") == "stopped"]
