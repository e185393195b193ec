"""The document of the API as tests send from it: beside what it allows, values that the service knows, so that more than refusals is reached."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml

from conftest import ROOT
from relaxant.service.frame.static import manifest
from relaxant.service.operation import FHIR, JSON, PARTS, PLAIN, YAML
from relaxant.service.operation import FORM as FORM_KIND

DOCUMENT = ROOT / "docs" / "reference" / "openapi.json"
LINES = ("baclofen 10 mg three times a day since 2024-01-05", "tizanidine 4 mg three times a day", "ciprofloxacin 500 mg twice a day", "ibuprofen", "none", "warfarin 3 mg once a day\nSt John's wort")  # fmt: skip
FORM: dict[str, tuple[str, ...]] = {
    "as_of": ("2026-11-22", ""),
    "country": ("US", "UK", "DE", ""),
    "label": ("bed 12", "=1+1", "<b>x</b>"),
    "sex": ("female", "male", "unknown"),
    "age": ("58", "1968-03-02", "8 months", "130"),
    "weight": ("61 kg", "134 lb", "61"),
    "height": ("165 cm",),
    "dialysis": ("haemodialysis", "none"),
    "smoker": ("yes", "no"),
    "alcohol": ("20 units/week", "none"),
    "pregnant": ("yes", "no"),
    "breastfeeding": ("no",),
    "stands_on_tone": ("yes",),
    "muscle_mass": ("low",),
    "swallowing": ("tube", "normal"),
    "procedure": ("general anaesthesia", "MRI"),
    "creatinine": ("1.6 mg/dL", "141 umol/L on 2026-11-10"),
    "egfr": ("37 mL/min/1.73 m2",),
    "alt": ("120 U/L",),
    "ast": ("30 U/L",),
    "bilirubin": ("2 mg/dL",),
    "albumin": ("3.1 g/dL",),
    "inr": ("1.4",),
    "medicines": LINES,
    "considering": (*LINES, "stop baclofen", "increase baclofen to 20 mg three times a day"),
    "conditions": ("multiple sclerosis", "spinal cord injury\nepilepsy", "none"),
    "allergies": ("penicillin", "none"),
    "goals": ("night spasms", "function"),
    "measurements": ("systolic blood pressure 92 mmHg on 2026-11-20", "MAS left gastrocnemius 1+"),
    "more": ("pump: {drug: baclofen, concentration: 2000 micrograms/mL, reservoir: 40 mL}", "genotype: {CYP2C19: poor metaboliser}"),
    "kept": ("", "{}", '{"medicines": {"baclofen 10 mg": [{"said": "baclofen 10 mg"}]}}', '{"measurements": {"x": [1, null, []]}}'),
    "seen": ("", "[]", '[["c", ["baclofen"], "DANGER", "s"]]'),
    "choose": ("medicines:1:baclofen", "considering:9:x", "medicines", ""),
    "asked_field": ("creatinine", "medicines", "measurements", "sex"),
    "asked_name": ("creatinine", ""),
    "answer": ("1.6 mg/dL", "no"),
    "skip": ("creatinine", "weight"),
}  # fmt: skip
CLINIC: dict[str, tuple[Any, ...]] = {
    "by": ("part", "day"),
    "days": ("30", "1", "1100", "1101", "0"),
    "agent": ("baclofen", "tizanidine"),
    "agent_1": ("baclofen", "tizanidine", ""),
    "agent_2": ("dantrolene", "baclofen intrathecal", ""),
    "agent_3": ("",),
    "agent_4": ("",),
    "since": ("2026-11-20", ""),
    "scales": ("nrs", "spasms", "sleep"),
    "conditions": ("multiple sclerosis", ""),
    "sure": ("yes",),
    **{f"planned_{part}": ("10", "0", "2.5", "") for part in ("morning", "noon", "evening", "night")},
    **{f"planned_{row}_{part}": ("10", "") for row in range(1, 5) for part in ("morning", "noon", "evening", "night")},
}  # fmt: skip


def narrowed(calls: list[dict[str, Any]], days: list[str]) -> dict[str, Any]:
    """The document, with ``calls`` of the CDS service and the ``days`` of a diary among what may be sent. A patient file is drawn
    from its schema at one address, as JSON; elsewhere examples are sent."""
    made = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    schemas, paths = made["components"]["schemas"], made["paths"]
    file = json.loads((ROOT / "docs" / "reference" / "patient.schema.json").read_text(encoding="utf-8"))
    del file["$schema"]
    _patients(file)
    examples = [yaml.safe_load(p.read_text(encoding="utf-8")) for p in sorted((ROOT / "examples").glob("*.yaml"))[:6]]
    schemas["PatientFile"] = file
    texts = [yaml.safe_dump(json.loads(json.dumps(e, default=str))) for e in examples]
    known = [{"enum": json.loads(json.dumps(examples, default=str))}, {"enum": _bundles(calls)}]
    drawn = {"anyOf": [{"$ref": "#/components/schemas/PatientFile"}, *known]}
    for path in ("/review", "/api/review", "/api/review.{format}"):
        content = paths[path]["post"]["requestBody"]["content"]
        for kind in (JSON, FHIR, YAML):
            content[kind]["schema"] = drawn if (path, kind) == ("/api/review", JSON) else {"anyOf": known}
        content[PLAIN]["schema"] = {"anyOf": [{"enum": texts}, {"type": "string"}]}
        for kind in (FORM_KIND, PARTS):
            _known(content[kind]["schema"]["properties"], FORM)
    for path in ("/diaries", "/diaries/{diary}/plan", "/diaries/{diary}/renew", "/diaries/{diary}/link", "/diaries/{diary}/erase"):  # fmt: skip
        _known(paths[path]["post"]["requestBody"]["content"][FORM_KIND]["schema"]["properties"], CLINIC)  # fmt: skip
    for path, one in paths.items():
        for parameter in one.get("get", {}).get("parameters", ()):
            _parameter(path, parameter)
    _among(schemas["Medicine"]["properties"], "agent", ["baclofen", "tizanidine", "dantrolene"])
    _among(schemas["Medicine"]["properties"], "unit", ["mg", "micrograms", ""])
    for name in ("Wanted", "Columns"):
        schemas[name]["properties"]["scales"]["items"] = {"anyOf": [{"enum": ["nrs", "spasms", "sleep"]}, {"type": "string"}]}  # fmt: skip
    _among(schemas[_named(schemas, "clinic.Change")]["properties"], "agent", ["baclofen", "tizanidine"])
    entry, said = schemas[_named(schemas, "entries.Entry")]["properties"], schemas["Said"]["properties"]
    entry["day"] = {"anyOf": [{"enum": days}, entry["day"]]}
    said["scores"] = {"anyOf": [{"type": "object", "properties": {"spasticity-nrs": {"type": "number"}, "spasm-count": {"type": "integer"}}, "additionalProperties": False}, said["scores"]]}  # fmt: skip
    said["doses"] = {"anyOf": [{"enum": [{"baclofen": "planned"}, {"tizanidine": 4.5}, {"baclofen": "none"}]}, said["doses"]]}  # fmt: skip
    _calls(schemas, calls)
    return made  # type: ignore[no-any-return]


def _calls(schemas: dict[str, Any], calls: list[dict[str, Any]]) -> None:
    """Whole prefetches and orders of good calls, for any call."""
    prefetches = [call["prefetch"] for call in calls]
    orders = [call["context"]["draftOrders"] for call in calls if "draftOrders" in call["context"]]
    picked = [call["context"]["selections"] for call in calls if "selections" in call["context"]]
    for kind in ("PatientView", "OrderSelect", "OrderSign"):
        own = schemas[kind]["properties"]
        own["fhirAuthorization"] = {
            "type": "null"
        }  # it needs fhirServer beside it, which no schema says; test_cds_fetch.py sends both
        own["prefetch"] = {"anyOf": [{"enum": prefetches}, own["prefetch"]]}
    for kind in ("Opened", "Selecting", "Signing"):
        own = schemas[kind]["properties"]
        own["patientId"] = {"type": "string", "enum": ["p1"]}  # of whom the prefetches are
        if "draftOrders" in own:
            own["draftOrders"] = {"anyOf": [{"enum": orders}, own["draftOrders"]]}
        if "selections" in own:
            own["selections"] = {"anyOf": [{"enum": picked}, own["selections"]]}


def _patients(file: dict[str, Any]) -> None:
    known = file["properties"]
    for name in ("medicines", "considering", "conditions"):
        lines = [line for text in FORM[name] for line in text.split("\n")]
        known[name]["items"] = {"anyOf": [{"enum": lines}, known[name]["items"]]}
    for name in ("as_of", "country", "weight", "height", "age", "alcohol"):
        known[name] = {"anyOf": [{"enum": [text for text in FORM[name] if text]}, copy.deepcopy(known[name])]}


def _bundles(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of the calls, each as one bundle."""
    out = []
    for call in calls:
        entries: list[Any] = []
        for value in call["prefetch"].values():
            entries += value["entry"] if value["resourceType"] == "Bundle" else [{"resource": value}]
        out.append({"resourceType": "Bundle", "type": "collection", "entry": entries})
    return out


def _known(properties: dict[str, Any], values: dict[str, tuple[Any, ...]]) -> None:
    for name, schema in properties.items():
        if name in values and schema.get("type") == "array":
            schema["items"] = {"anyOf": [{"enum": list(values[name])}, schema["items"]]}
        elif name in values:
            properties[name] = {"anyOf": [{"enum": list(values[name])}, schema]}


def _among(properties: dict[str, Any], name: str, values: list[Any]) -> None:
    properties[name] = {**{k: v for k, v in properties[name].items() if k == "default"}, "anyOf": [{"enum": values}, {"type": "string"}]}  # fmt: skip


def _parameter(path: str, parameter: dict[str, Any]) -> None:
    names = {
        "/agents/{name}": ["baclofen", "tizanidine", "Lioresal", "botox", "baclofen-intrathecal"],
        "/conditions/{name}": ["multiple_sclerosis", "parkinsons_disease", "kidney"],
        "/rules/{name}": ["abobotulinum-milk-protein", "allergic-to-agent", "x"],
        "/sources/{name}": ["aagbi-soba-2015", "aan-als-2009", "x"],
        "/evidence/{name}": ["outcomes", "trials", "x"],
        "/static/{name}": [*manifest().values(), "x"],
        "/static/reference/{name}": ["reference.css", "review.css", "x"],
    }
    queries = {"agents": ["baclofen", "tizanidine", "dantrolene", "Lioresal"], "q": ["baclofen", "bacl", "spasms", "botox"], "then": ["/review", "//x"]}  # fmt: skip
    if parameter["in"] == "path" and path in names:
        parameter["schema"] = {"anyOf": [{"enum": names[path]}, {"type": "string"}]}
    elif parameter["in"] == "query" and parameter["name"] in queries:
        either = {"anyOf": [{"enum": queries[parameter["name"]]}, {"type": "string"}]}
        many = parameter["schema"].get("type") == "array"
        parameter["schema"] = {**parameter["schema"], "items": either} if many else either


def _named(schemas: dict[str, Any], ending: str) -> str:
    return next(name for name in schemas if name.endswith(ending))
