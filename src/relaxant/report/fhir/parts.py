"""What every FHIR resource here is made of: ids, references, the person, quantities, routes, the Bundle.

Ids are made from what is said, so the same plan or review is the same bytes. The person is a Patient with nothing in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from html import escape
from typing import Any, Final

from relaxant.medicines.dosage.codes import ROUTE_CODES, WHEN
from relaxant.plain import as_json
from relaxant.report.blocks import Words
from relaxant.report.citations import SourceView, source_line
from relaxant.report.plan.page import PlanHead

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_UCUM = "http://unitsofmeasure.org"
_SNOMED = "http://snomed.info/sct"
_URI = "urn:ietf:rfc:3986"
_CODES = {"mg": "mg", "micrograms": "ug", "units": "[U]", "g": "g", "mL": "mL", "d": "d"}
WHEN_OF: Final = {part: code for code, part in reversed(WHEN.items())}
"""The code of a part of the day, or of a meal; of several the first."""
_DIGITS = 9  # what arithmetic leaves beyond is not said
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://relaxant.invalid/fhir")
_ROUTES = {route: code for code, route in ROUTE_CODES.items() if list(ROUTE_CODES.values()).count(route) == 1}
"""The code of a route that has one alone: a feeding tube has one for each place that it ends in."""


def bundle_of(name: str, head: PlanHead, resources: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Resources as a collection. Its identifier is another whenever what was put in, the knowledge or the day is."""
    version = uid_of(head, name, head.as_of.isoformat(), head.basis)
    return {
        "resourceType": "Bundle",
        "id": uid_of(head, name),
        "identifier": named_by(version),
        "type": "collection",
        "timestamp": f"{head.as_of.isoformat()}T00:00:00Z",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources],
    }


def written(bundle: dict[str, Any]) -> bytes:
    """A Bundle as JSON, indented, ending in a newline."""
    return as_json(bundle)


def uid_of(head: PlanHead, *names: str) -> str:
    """An id that is the same whenever the same is written for the same person."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join((head.whose, *names))))


def named_by(uid: str) -> dict[str, str]:
    """An id as an identifier."""
    return {"system": _URI, "value": f"urn:uuid:{uid}"}


def to(uid: str) -> dict[str, str]:
    """A reference within the Bundle."""
    return {"reference": f"urn:uuid:{uid}"}


def subject(head: PlanHead) -> dict[str, str]:
    """The reference to the person, by label alone."""
    return {**to(uid_of(head, "person")), "display": head.label}


def person(head: PlanHead, words: Words) -> dict[str, Any]:
    """The person, with nothing in it."""
    who = escape(words["fhir"]["who"])
    return {"resourceType": "Patient", "id": uid_of(head, "person"), "text": narrative(f"<p>{who}</p>")}


def narrative(inner: str) -> dict[str, str]:
    """A narrative, which FHIR wants as XHTML; ``inner`` is escaped already."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


def notes(texts: Iterable[str]) -> list[dict[str, str]]:
    """Sentences as annotations; those that are empty left out."""
    return [{"text": text} for text in texts if text]


def source_lines(sources: Iterable[SourceView], words: Words) -> list[str]:
    """Sources as text, each with its address. ``words`` are those of sources."""
    return [" ".join(filter(None, (source_line(source, words), source.url))) for source in sources]


def quantity(value: float, unit: str) -> dict[str, Any]:
    """A number with its unit, and its code where the unit has one."""
    out: dict[str, Any] = {"value": plain(value), "unit": unit}
    if code := _CODES.get(unit):
        out |= {"system": _UCUM, "code": code}
    return out


def plain(value: float) -> float:
    """A number without what arithmetic left over, whole where it is whole: the digits of a decimal say how exact it is."""
    rounded = round(value, _DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def route_of(route: str, text: str) -> dict[str, Any]:
    """A route in words, and its SNOMED CT code where it has one alone."""
    code = {"coding": [{"system": _SNOMED, "code": _ROUTES[route]}]} if route in _ROUTES else {}
    return {"text": text, **code}


def period(first: date | None, last: date | None) -> dict[str, str]:
    """The days from ``first`` to ``last``, as far as they are known."""
    days = {"start": first, "end": last}
    return {name: day.isoformat() for name, day in days.items() if day is not None}
