"""A review as FHIR R4: a Bundle with a Composition of the whole page, a DetectedIssue for each finding, and the resources of each plan.

Everything is preliminary or a draft but the list of medicines, which is as it was told. The person is a Patient with nothing in it; ids are made from what is said, so the same review
is the same bytes. What is to be followed is a CarePlan of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from typing import Any

import msgspec

from relaxant.knowledge.schema import Tier
from relaxant.monitoring import Watch
from relaxant.report.blocks import Block, Bullets, Line, Table, Words, marked
from relaxant.report.fhir.medicines import meant_ids, medicines, taken_ids
from relaxant.report.fhir.parts import (
    bundle_of,
    narrative,
    notes,
    period,
    person,
    source_lines,
    subject,
    to,
    uid_of,
    written,
)
from relaxant.report.fhir.plan import first_requests, plan_resources
from relaxant.report.fhir.standing import beside_plans, replaced
from relaxant.report.plan.page import PlanHead
from relaxant.report.review.chapters import Chapter, Part, Picture, chapters, finding_blocks, tagged
from relaxant.report.review.page import FindingView, View, WatchView
from relaxant.reviewing import Review
from relaxant.rules.findings import Finding

_SEVERITIES: dict[Tier, str] = {"DANGER": "high", "CHANGE": "moderate", "WATCH": "low", "NOTE": "low"}
_TYPE = {
    "system": "http://loinc.org",
    "code": "61356-2",
    "display": "Medication pharmaceutical advice.extended Document",
}
_INTERACTION = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "DRG",
    "display": "Drug Interaction Alert",
}
_FINDING = "https://relaxant.invalid/finding"


def review_bundle(view: View, review: Review, words: Words) -> dict[str, Any]:
    """The Bundle as plain values. ``words`` are those of plans."""
    ordered = sorted(review.findings, key=lambda f: f.folded)
    shown = (*view.findings, *view.folded_findings)
    dangers = {name for f in ordered if f.tier == "DANGER" for name in f.agents}
    before, head = view.head, beside_plans(view.head, view.plans, dangers)
    planned = tuple(msgspec.structs.replace(p, head=head) for p in view.plans)
    view = msgspec.structs.replace(view, head=head, plans=planned)
    issues = [_issue(view, finding, own, before) for finding, own in zip(ordered, shown, strict=True)]
    plans = [plan_resources(p) for p in view.plans]
    watched = [_watched(view, review.monitoring)] if view.monitoring else []
    listed = medicines(view.head, words)
    entries = {
        "medicines": [m["id"] for m in listed],
        "findings": [i["id"] for i in issues],
        "monitoring": [w["id"] for w in watched],
    }
    composition = _composition(view, entries, [p[0]["id"] for p in plans])
    others = [r for plan in plans for r in plan]
    first = [composition, person(view.head, words), _device(view, review), *listed]
    return bundle_of("review", view.head, [*first, *issues, *others, *watched])


def review_fhir(view: View, review: Review, words: Words) -> bytes:
    """The Bundle as JSON, indented, ending in a newline."""
    return written(review_bundle(view, review, words))


# ---------------------------------------------------------------- resources


def _composition(view: View, entries: dict[str, list[str]], plans: Sequence[str]) -> dict[str, Any]:
    head, title = view.head, str(view.words["title"])
    counts = ", ".join(view.words["glance"]["count"].format(count=n, tier=word) for _, word, n, _ in view.tiers)
    top = (head.label, f"{head.labels}, {head.as_of_text}", head.person, head.basis, counts, *view.glance, view.orders)
    left = list(plans)
    sections = []
    for chapter in chapters(view):
        own = [left.pop(0)] if chapter.key == "plan" else entries.get(chapter.key, [])
        sections.append(_section(chapter, own))
    if view.sources:
        sections.append(
            _titled(view.words["sources"]["heading"], _list(source_lines(view.sources, view.words["sources"])))
        )
    stamp = _list(view.words["name_value"].format(name=name, value=value) for name, value in view.stamp)
    sections.append(_titled(view.words["stamp"]["heading"], stamp))
    return {
        "resourceType": "Composition",
        "id": uid_of(head, "composition"),
        "language": view.language,
        "text": narrative("".join(f"<p>{escape(text)}</p>" for text in top)),
        "status": "preliminary",
        "type": {"coding": [_TYPE], "text": title},
        "subject": subject(head),
        "date": head.as_of.isoformat(),
        "author": [to(uid_of(head, "device"))],
        "title": title,
        "section": sections,
    }


def _device(view: View, review: Review) -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "id": uid_of(view.head, "device"),
        "deviceName": [{"name": "relaxant", "type": "other"}],
        "version": [{"value": review.stamp.engine}],
    }


def _issue(view: View, finding: Finding, shown: FindingView, before: PlanHead) -> dict[str, Any]:
    """A finding. ``before`` is the head as the review holds it: of what a calendar says in its place the first step is meant."""
    links = [s.url for m in (m for part in shown.parts for m in part.marks) for s in view.sources if s.number == m.number and s.url]  # fmt: skip
    titles = {s.number: s.title for s in view.sources}
    evidence = dict.fromkeys(
        f"{titles[m.number]}, {m.place}" if m.place else titles[m.number] for part in shown.parts for m in part.marks
    )
    out: dict[str, Any] = {
        "resourceType": "DetectedIssue",
        "id": uid_of(view.head, "finding", finding.id),
        "language": view.language,
        "text": narrative(f"<p>{escape(tagged(shown))}</p>{_blocks(finding_blocks(shown))}"),
        "identifier": [{"system": _FINDING, "value": finding.id}],
        "status": "preliminary",
        "code": {"text": shown.about, **({"coding": [_INTERACTION]} if finding.partners else {})},
        "severity": _SEVERITIES[finding.tier],
        "patient": subject(view.head),
        "identifiedDateTime": view.head.as_of.isoformat(),
        "detail": shown.summary,
        "mitigation": [
            {"action": {"text": text}} for part in shown.parts if part.key == "do" for text in part.lines if text
        ],
    }
    names = (*finding.agents, *finding.partners)
    steps = [uid for plan in replaced(before, view.plans, names) for uid in first_requests(plan)]
    if implicated := [*meant_ids(view.head, names), *steps]:
        out["implicated"] = [to(uid) for uid in implicated]
    if evidence:
        out["evidence"] = [{"code": [{"text": text}]} for text in evidence]
    if links:
        out["reference"] = links[0]
    return out


def _watched(view: View, monitoring: Sequence[Watch]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "resourceType": "CarePlan",
        "id": uid_of(view.head, "monitoring"),
        "language": view.language,
        "status": "draft",
        "intent": "proposal",
        "title": view.words["monitoring"]["heading"],
        "subject": subject(view.head),
        "created": view.head.as_of.isoformat(),
        "activity": [
            _activity(w, shown, view.head.as_of) for w, shown in zip(monitoring, view.monitoring, strict=True)
        ],
        "note": notes((view.orders,)),
    }
    if taken := taken_ids(view.head):
        out["supportingInfo"] = [to(uid) for uid in taken]
    return out


def _activity(watch: Watch, shown: WatchView, today: date) -> dict[str, Any]:
    """Something to follow. What is past its day stands on the day of the review, and its reason says so: a day in the past is none to act on."""
    said = ". ".join(
        text.rstrip(".") for text in (f"{shown.agent}: {shown.what}", shown.due, shown.at, shown.act) if text
    )
    out: dict[str, Any] = {"status": "not-started", **_scheduled(watch, shown, today), "description": f"{said}."}
    if watch.due is not None and watch.due < today:
        out["statusReason"] = {"text": shown.due}
    return {"detail": out}


def _scheduled(watch: Watch, shown: WatchView, today: date) -> dict[str, Any]:
    if watch.due is None:
        return {"scheduledString": shown.at or shown.due}
    day = max(watch.due, today)
    if watch.not_before:
        return {"scheduledPeriod": period(day, None)}
    if watch.then:
        return {"scheduledTiming": {"event": [d.isoformat() for d in (day, *watch.then)]}}
    return {"scheduledPeriod": period(day, day)}


# ---------------------------------------------------------------- the page as sections


def _titled(
    title: str, inner: str, entries: Sequence[str] = (), parts: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    out: dict[str, Any] = {"title": title}
    if inner:
        out["text"] = narrative(inner)
    if entries:
        out["entry"] = [to(uid) for uid in entries]
    if parts:
        out["section"] = list(parts)
    return out


def _section(chapter: Chapter, entries: Sequence[str]) -> dict[str, Any]:
    parts = [_part(p) for p in chapter.parts]
    return _titled(chapter.heading, _blocks(chapter.blocks), entries, parts)


def _part(part: Part) -> dict[str, Any]:
    return _titled(part.heading, _blocks(part.blocks))


def _blocks(blocks: Iterable[Block | Picture]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block | Picture) -> str:
    if isinstance(block, Line):
        return f"<p>{escape(marked(block.saying))}</p>"
    if isinstance(block, Bullets):
        label = f"<p><b>{escape(block.label)}</b></p>" if block.label else ""
        return label + _list(marked(s) for s in block.sayings)
    if isinstance(block, Table):
        return _table(block)
    texts = (marked(block.saying), *block.legend)
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _list(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(f"<th>{escape(text)}</th>" for text in table.head)
    rows = (
        "<tr>" + "".join(f"<td>{'<br/>'.join(escape(marked(s)) for s in cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
