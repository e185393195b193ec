"""Calls of order-sign as a record system sends them: 50 kB of prefetch of generated people with twelve medicines, the tokens that go with them, and
the same calls answered without a server."""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import msgspec

from _people import patient_files
from cds import bundle, drafts_of, prefetched, sign
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge
from relaxant.service.cds.cards import Made
from relaxant.service.cds.record import gathered
from relaxant.service.cds.request import read_call
from relaxant.service.cds.routes import reviewed
from relaxant.service.house import House
from signing import Signer

BYTES = 50_000
_LABS = {
    "1742-6": ("Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", 12, 60, "U/L"),
    "1751-7": ("Albumin [Mass/volume] in Serum or Plasma", 3, 5, "g/dL"),
    "1920-8": ("Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", 12, 60, "U/L"),
    "1975-2": ("Bilirubin.total [Mass/volume] in Serum or Plasma", 0.3, 1.1, "mg/dL"),
    "2160-0": ("Creatinine [Mass/volume] in Serum or Plasma", 0.6, 2.4, "mg/dL"),
    "2823-3": ("Potassium [Moles/volume] in Serum or Plasma", 3.5, 5.2, "mmol/L"),
    "2951-2": ("Sodium [Moles/volume] in Serum or Plasma", 133, 145, "mmol/L"),
    "6301-6": ("INR in Platelet poor plasma by Coagulation assay", 0.9, 1.2, "1"),
    "8480-6": ("Systolic blood pressure", 95, 160, "mm[Hg]"),
    "8867-4": ("Heart rate", 55, 100, "/min"),
}


def bodies(count: int, knowledge: Knowledge, today: date, seed: int = 20261122) -> list[bytes]:
    """Calls of ``count`` people, each of 50 kB: eleven medicines taken, one ordered, and values of the last years until the size is reached."""
    chance = random.Random(seed)
    return [_body(file, f"p{i}", knowledge, today, chance) for i, file in enumerate(patient_files(count, seed))]


def _body(file: bytes, ident: str, knowledge: Knowledge, today: date, chance: random.Random) -> bytes:
    person = read_bytes(file, knowledge, today=today)
    sent = prefetched(person)
    drafts = [_recorded(order, ident, chance) for order in drafts_of(person)]
    for key, value in sent.items():
        if key == "patient":
            value.update(_PERSON, id=ident)
        else:
            sent[key] = bundle(_recorded(entry["resource"], ident, chance) for entry in value["entry"])
    listed, day, number = sent["labs"]["entry"], today, itertools.count()
    whole = sign(sent, drafts, hookInstance=_uuid(chance))
    whole["context"] = {**whole["context"], "patientId": ident, "encounterId": _uuid(chance)}
    length = len(msgspec.json.encode(whole))
    while length < BYTES - 500:
        day -= timedelta(days=chance.randint(1, 60))
        code = chance.choice(sorted(_LABS))
        entry = {"resource": _recorded(_value(code, f"v{next(number)}", day, chance), ident, chance)}
        listed.append(entry)
        length += len(msgspec.json.encode(entry)) + 1
    return msgspec.json.encode(whole)


_PERSON: dict[str, Any] = {
    "meta": {"versionId": "7", "lastUpdated": "2026-11-02T08:11:09.000+00:00"},
    "identifier": [{"use": "usual", "system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345"}],
    "active": True,
    "name": [{"use": "official", "family": "Example", "given": ["Alex", "J."]}],
    "telecom": [{"system": "phone", "value": "555 0100", "use": "home"}],
    "address": [{"use": "home", "line": ["1 Example Street"], "city": "Exampleton", "postalCode": "00000"}],
}


def _recorded(resource: dict[str, Any], ident: str, chance: random.Random) -> dict[str, Any]:
    """A resource with what a record system adds to each."""
    kind, whose = resource["resourceType"], {"reference": f"Patient/{ident}", "display": "Alex J. Example"}
    out = {
        **resource,
        "meta": {"versionId": "1", "lastUpdated": "2026-11-02T08:11:09.000+00:00"},
        "identifier": [{"use": "usual", "system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.798268", "value": str(chance.randrange(10**9))}],
        "encounter": {"reference": f"Encounter/{_uuid(chance)}", "display": "Office Visit"},
        ("patient" if kind == "AllergyIntolerance" else "subject"): whose,
    }  # fmt: skip
    if kind == "MedicationRequest":
        out["requester"] = {"reference": "Practitioner/e1", "display": "Sam Example, MD"}
        out["dispenseRequest"] = {"numberOfRepeatsAllowed": 1, "quantity": {"value": 90, "unit": "tablet"}}
    return out


def _value(code: str, ident: str, day: date, chance: random.Random) -> dict[str, Any]:
    name, low, high, unit = _LABS[code]
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory", "display": "Laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}], "text": name},
        "effectiveDateTime": f"{day.isoformat()}T07:30:00+00:00",
        "issued": f"{day.isoformat()}T09:02:11.000+00:00",
        "valueQuantity": {"value": round(chance.uniform(low, high), 2), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        "referenceRange": [{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}],
    }  # fmt: skip


def _uuid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


def write_tokens(file: Path, signer: Signer, audience: str, count: int) -> None:
    """``count`` tokens, one a line, each with a ``jti`` of its own."""
    file.write_text("".join(signer.token(audience) + "\n" for _ in range(count)), encoding="ascii")


def answering(house: House) -> Callable[[bytes], list[Made]]:
    """A call's cards in this process: what the service does between the door and the store."""

    def answer(body: bytes) -> list[Made]:
        call = read_call(body)
        return reviewed(call, gathered(call), house)

    return answer


def processor_ms(answer: Callable[[bytes], object], sent: Iterable[bytes], rounds: int) -> float:
    """Milliseconds of processor time a call, the mean over ``rounds`` of all bodies, after one round to get warm."""
    listed = list(sent)
    for body in listed:
        answer(body)
    begun = time.process_time()
    for _ in range(rounds):
        for body in listed:
            answer(body)
    return (time.process_time() - begun) / (rounds * len(listed)) * 1e3


def now() -> datetime:
    return datetime.now(UTC)
