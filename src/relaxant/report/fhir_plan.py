"""A plan as FHIR R4: a Bundle with a CarePlan, a MedicationRequest for each step and a DetectedIssue for each bound that decides.

Everything is a proposal and a draft. The person is a Patient with nothing in it: name and record number never enter. Ids are made
from the plan's, so the same plan is the same bytes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec

from relaxant.report.plan_page import Bullets, DoseView, Line, PlanHead, PlanView, Section, StepView, Table, Words
from relaxant.report.plan_text import marked

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_UCUM = "http://unitsofmeasure.org"
_WHEN = {"morning": "MORN", "noon": "NOON", "evening": "EVE", "night": "NIGHT"}
_CODES = {"mg": "mg", "micrograms": "ug", "units": "[U]", "g": "g", "mL": "mL"}
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://relaxant.invalid/fhir")


def plan_bundle(view: PlanView) -> dict[str, Any]:
    """The Bundle as plain values."""
    care_plan, *others = plan_resources(view)
    return bundle_of(_uid(view, "bundle"), view.head, [care_plan, person(view.head, view.words), *others])


def plan_resources(view: PlanView) -> list[dict[str, Any]]:
    """The CarePlan, then its MedicationRequests and DetectedIssues."""
    steps = [(s, _uid(view, "step", s.uid)) for s in view.steps]
    requests = [_request(view, step, uid) for step, uid in steps]
    issues = [_issue(view, i, steps) for i in range(len(view.bounds))]
    if view.refused:
        issues.append(_refusal(view))
    return [_care_plan(view, [uid for _, uid in steps]), *requests, *issues]


def bundle_of(uid: str, head: PlanHead, resources: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Resources as a collection."""
    return {
        "resourceType": "Bundle",
        "id": uid,
        "type": "collection",
        "timestamp": f"{head.as_of.isoformat()}T00:00:00Z",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources],
    }


def written(bundle: dict[str, Any]) -> bytes:
    """A Bundle as JSON, indented, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n"


def plan_fhir(view: PlanView) -> bytes:
    """The plan's Bundle as JSON."""
    return written(plan_bundle(view))


def uid_of(head: PlanHead, *names: str) -> str:
    """An id that is the same whenever the same is written for the same person."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join((head.whose, *names))))


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


# ---------------------------------------------------------------- parts


def _uid(view: PlanView, *names: str) -> str:
    return uid_of(view.head, view.id, *names)


def _day(view: PlanView) -> str:
    return view.head.as_of.isoformat()


def _period(step: StepView) -> dict[str, str]:
    end = {} if step.last is None else {"end": step.last.isoformat()}
    return {"start": step.first.isoformat(), **end}


def _care_plan(view: PlanView, requests: list[str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "resourceType": "CarePlan",
        "id": _uid(view, "plan"),
        "language": view.head.language,
        "status": "draft",
        "intent": "proposal",
        "title": view.title,
        "description": view.words["between"].join((view.kind_text, view.head.as_of_text, view.head.labels)),
        "subject": subject(view.head),
        "created": _day(view),
        "note": [{"text": text} for text in (*view.banners, *map(_section, view.sections), *_sources(view))],
    }
    if view.steps:
        ends = [s.last for s in view.steps]
        open_end = any(e is None for e in ends)
        last = {} if open_end else {"end": max(e for e in ends if e is not None).isoformat()}
        out["period"] = {"start": min(s.first for s in view.steps).isoformat(), **last}
        out["activity"] = [{"reference": to(uid)} for uid in requests]
    return out


def _section(section: Section) -> str:
    """A section of the page as markdown."""
    lines = [f"## {section.heading}"]
    for block in section.blocks:
        if isinstance(block, Line):
            lines.append(marked(block.saying))
        elif isinstance(block, Bullets):
            label = f"{block.label}: " if block.label else ""
            lines += [f"- {label}{marked(s)}" for s in block.sayings]
        else:
            lines += _rows(block)
    return "\n".join(lines)


def _rows(table: Table) -> list[str]:
    rows = ["; ".join(f"{h}: {', '.join(map(marked, c))}" for h, c in zip(table.head, r, strict=True) if c) for r in table.rows]  # fmt: skip
    return [table.caption, *(f"- {row}" for row in rows)]


def _sources(view: PlanView) -> list[str]:
    words = view.source_words
    lines = []
    for s in view.sources:
        places = words["at"].format(places=s.places) if s.places else ""
        notes = "; ".join(filter(None, (s.seen, places)))
        lines.append(" ".join(filter(None, (f"[{s.number}] {s.title}", f"({notes})" if notes else "", s.url))))
    return ["\n".join((f"## {words['heading']}", *(f"- {line}" for line in lines)))] if lines else []


def _request(view: PlanView, step: StepView, uid: str) -> dict[str, Any]:
    words, agent = view.words["fhir"], next(a for a in view.agents if a.id == step.agent)
    notes = [words["step"].format(number=step.number, dates=step.dates), step.length, step.total, *step.notes]
    if step.first == min(s.first for s in view.steps):
        named = view.words["name_value"]
        notes += [named.format(name=view.words["first_do"]["heading"], value=text) for text in view.first_do]
    medicine: dict[str, Any] = {"text": agent.name}
    if agent.rxcui:
        medicine["coding"] = [{"system": _RXNORM, "code": agent.rxcui, "display": agent.id}]
    out: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": uid,
        "language": view.head.language,
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": medicine,
        "subject": subject(view.head),
        "authoredOn": _day(view),
        "note": [{"text": n} for n in (*notes, view.banners[0])],
    }
    if step.doses:
        out["dosageInstruction"] = [_dosage(view, step, d, i) for i, d in enumerate(step.doses, 1)]
    else:
        out["doNotPerform"] = True
        out["note"].insert(0, {"text": words["no_dose"].format(agent=agent.name)})
    return out


def _dosage(view: PlanView, step: StepView, dose: DoseView, number: int) -> dict[str, Any]:
    quantity: dict[str, Any] = {"value": dose.amount, "unit": dose.unit}
    if code := _CODES.get(dose.unit):
        quantity |= {"system": _UCUM, "code": code}
    return {
        "sequence": number,
        "text": view.words["fhir"]["dose"].format(dose=dose.text, part=dose.part.lower(), pieces=dose.pieces),
        "timing": {
            "repeat": {
                "boundsPeriod": _period(step),
                "frequency": 1,
                "period": 1,
                "periodUnit": "d",
                "when": [_WHEN[dose.at]],
            }
        },
        "doseAndRate": [{"doseQuantity": quantity}],
    }


def _issue(view: PlanView, place: int, steps: list[tuple[StepView, str]]) -> dict[str, Any]:
    words, bound = view.words["fhir"], view.bounds[place]
    detail = words["bound"].format(agent=view.name(bound.agent), limit=bound.limit, why=bound.why)
    out: dict[str, Any] = {
        "resourceType": "DetectedIssue",
        "id": _uid(view, "bound", str(place), bound.id),
        "status": "preliminary",
        "code": {"text": words["limit"]},
        "severity": "high" if bound.never else "moderate",
        "patient": subject(view.head),
        "identifiedDateTime": _day(view),
        "evidence": [{"code": [{"text": bound.source}]}],
        "detail": detail,
    }
    own = [(step, uid) for step, uid in steps if step.agent == bound.agent]
    held = [uid for step, uid in own if bound.id in step.bounds] or [uid for _, uid in own]
    if held:
        out["implicated"] = [to(uid) for uid in held]
    if bound.url:
        out["reference"] = bound.url
    return out


def _refusal(view: PlanView) -> dict[str, Any]:
    return {
        "resourceType": "DetectedIssue",
        "id": _uid(view, "refused"),
        "status": "preliminary",
        "code": {"text": view.words["fhir"]["refused"]},
        "severity": "high",
        "patient": subject(view.head),
        "identifiedDateTime": _day(view),
        "detail": view.refused,
    }
