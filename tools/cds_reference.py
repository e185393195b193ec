"""Writes what the service is checked against: docs/reference/cds-*.schema.json from its own types, docs/reference/openapi.json from its routes, and
docs/conformance.md from docs/conformance.yaml.

python tools/cds_reference.py          writes them
python tools/cds_reference.py --check  exits with 1 when they are not what would be written
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import Any

import msgspec
import yaml
from generated import ROOT, keep

from relaxant.service.app import build, routes
from relaxant.service.cds.card import Answer
from relaxant.service.cds.catalogue import Services
from relaxant.service.cds.feedback import Report
from relaxant.service.cds.request import Call
from relaxant.service.openapi import document
from relaxant.service.settings import Settings

DRAFT = "https://json-schema.org/draft/2020-12/schema"
STANDARD = "https://cds-hooks.hl7.org/2.0/#"
TYPES: dict[str, tuple[str, Any]] = {
    "cds-discovery": ("CDS Hooks 2.0: what GET /cds-services answers", Services),
    "cds-request": ("CDS Hooks 2.0: what POST /cds-services/{id} is sent", Call),
    "cds-response": ("CDS Hooks 2.0: what POST /cds-services/{id} answers", Answer),
    "cds-feedback": ("CDS Hooks 2.0: what POST /cds-services/{id}/feedback is sent", Report),
}
_NOTHING: tuple[Any, ...] = (None, (), [])
# What the types cannot say.
_BESIDES: dict[str, dict[str, Any]] = {
    "Card": {"dependentRequired": {"suggestions": ["selectionBehavior"], "selectionBehavior": ["suggestions"]}},
    "Action": {
        "if": {"properties": {"type": {"const": "delete"}}},
        "then": {"required": ["resourceId"], "not": {"required": ["resource"]}},
        "else": {"required": ["resource"]},
    },
}


def schema(name: str) -> dict[str, Any]:
    """The schema of one of the types."""
    title, kind = TYPES[name]
    made = _closed(msgspec.json.schema(kind))
    for part, more in _BESIDES.items():
        if part in made["$defs"]:
            made["$defs"][part] |= more
    return {"$schema": DRAFT, "title": title, **made}


def _closed(value: Any) -> Any:
    """Without ``null`` and defaults: what is not set is not written, so nothing that is written is null or empty."""
    if isinstance(value, list):
        return [_closed(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {k: _closed(v) for k, v in value.items() if k != "default" or v not in _NOTHING}
    if isinstance(kinds := out.get("anyOf"), list):
        kept = [k for k in kinds if k != {"type": "null"}]
        if len(kept) < len(kinds):
            rest = {k: v for k, v in out.items() if k != "anyOf"}
            return {**rest, **kept[0]} if len(kept) == 1 else {**rest, "anyOf": kept}
    return out


def requirements() -> list[dict[str, Any]]:
    """The requirements with our answers."""
    loaded = yaml.safe_load((ROOT / "docs" / "conformance.yaml").read_text(encoding="utf-8"))
    return list(loaded["requirements"])


def conformance() -> str:
    """The page."""
    rows, all_of = [], requirements()
    for one in all_of:
        place = f"[{one['id']}]({STANDARD}{one['at']})"
        rows.append(f"| {place} | {one['level']} | {one['who']} | {_cell(one['text'])} | {_answer(one)} |")
    service = [r for r in all_of if "Service" in r["who"]]
    count = {k: sum(k in r for r in service) for k in ("met", "not_applicable", "not_met")}
    return f"""# Conformance to CDS Hooks 2.0

Made by `python tools/cds_reference.py` from `conformance.yaml`; a test checks that every requirement is there once and that every test and every measurement named exists.
The requirements are those of [CDS Hooks 2.0](https://cds-hooks.hl7.org/2.0/), numbered 1 to {len(all_of)} and shortened here; the standard is © HL7, CC BY 4.0.

Of the {len(service)} requirements for a service, {count["met"]} are met, {count["not_applicable"]} do not apply and {count["not_met"]} are not met.

The schemas that the tests validate with: {", ".join(f"[{n}](reference/{n}.schema.json)" for n in TYPES)}.

| id | level | who | requirement | relaxant |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _answer(one: dict[str, Any]) -> str:
    if "met" in one:
        return "met: " + ", ".join(f"`{t}`" for t in one["met"])
    if "not_applicable" in one:
        return f"not applicable: {_cell(one['not_applicable'])}"
    return f"not met: {_cell(one['not_met'])}"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def written() -> dict[str, str]:
    """File (from the root) to text."""
    out = {f"docs/reference/{n}.schema.json": json.dumps(schema(n), indent=1, ensure_ascii=False) + "\n" for n in TYPES}
    return {**out, "docs/reference/openapi.json": api(), "docs/conformance.md": conformance()}


def api() -> str:
    """The document of the whole API, of a service that is set up as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        house = build(Settings(folder=folder))
        made = document(house.settings, routes(house))
        house.store.close()
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(keep(written()))
