"""A plan as FHIR R4: a Bundle with a CarePlan, a MedicationRequest for each step and product, a Medication for each product, and a
DetectedIssue for each bound that decides.

Everything of the plan is a proposal and a draft; what is taken already stands beside it as it was told. Of a step that two products
make there are two requests of one group, for a request speaks of one product. What the plan gives no more is a request not to give it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from relaxant.report.blocks import Bullets, Line, Section, Table, marked
from relaxant.report.fhir.medicines import meant_ids, medicines, taken_ids
from relaxant.report.fhir.parts import (
    RXNORM,
    WHEN_OF,
    bundle_of,
    named_by,
    notes,
    period,
    person,
    quantity,
    route_of,
    source_lines,
    subject,
    to,
    uid_of,
    written,
)
from relaxant.report.fhir.standing import beside_plans
from relaxant.report.plan.page import AgentView, DoseView, GivenView, PlanView, ProductView, StepView, WithheldView


def plan_bundle(view: PlanView) -> dict[str, Any]:
    """The Bundle as plain values."""
    view = msgspec.structs.replace(view, head=beside_plans(view.head, [view]))
    care_plan, *others = plan_resources(view)
    first = [care_plan, person(view.head, view.words), *medicines(view.head, view.words)]
    return bundle_of(f"bundle {view.id}", view.head, [*first, *others])


def plan_resources(view: PlanView) -> list[dict[str, Any]]:
    """The CarePlan, then its MedicationRequests, Medications and DetectedIssues."""
    requests = _Requests(view)
    issues = [_issue(view, i, requests) for i in range(len(view.bounds))]
    if view.refused:
        issues.append(_whole(view, "refused", view.refused, meant_ids(view.head, [a.id for a in view.agents])))
    if view.beyond:
        issues.append(_whole(view, "beyond", view.beyond, requests.ids))
    products = [_product(view, agent, place) for agent, place in requests.products]
    return [_care_plan(view, requests), *requests.made, *products, *issues]


def first_requests(view: PlanView) -> list[str]:
    """The ids of the requests of each medicine's first step."""
    found: dict[str, list[str]] = {}
    for step, uids in _Requests(view).of_step:
        found.setdefault(step.agent, uids)
    return [uid for uids in found.values() for uid in uids]


def plan_fhir(view: PlanView) -> bytes:
    """The plan's Bundle as JSON."""
    return written(plan_bundle(view))


# ---------------------------------------------------------------- parts


def _uid(view: PlanView, *names: str) -> str:
    return uid_of(view.head, view.id, *names)


def _day(view: PlanView) -> str:
    return view.head.as_of.isoformat()


def _agent(view: PlanView, agent: str) -> AgentView:
    return next(a for a in view.agents if a.id == agent)


def _product_uid(view: PlanView, agent: str, place: int) -> str:
    return _uid(view, "product", agent, str(place))


class _Requests:
    """The requests of a plan in the order of its steps, with the ids of each step's and the products that they name."""

    def __init__(self, view: PlanView) -> None:
        self.of_step: list[tuple[StepView, list[str]]] = []
        self.made: list[dict[str, Any]] = []
        self.products: list[tuple[str, int]] = []
        before: dict[str, dict[str, str]] = {
            a.id: {uid: uid for uid in taken_ids(view.head, a.id)} for a in view.agents
        }
        for step in view.steps:
            places = sorted({m.product for d in step.doses for m in d.made})
            self.products += [(step.agent, p) for p in places if (step.agent, p) not in self.products]
            own = list(_of_step(view, step, places, before[step.agent]))
            self.of_step.append((step, [r["id"] for r in own]))
            self.made += own
            before[step.agent] = {_names(r): r["id"] for r in own}
        self.made += [_withheld(view, one) for one in view.withheld]

    @property
    def ids(self) -> list[str]:
        return [r["id"] for r in self.made]


def _care_plan(view: PlanView, requests: _Requests) -> dict[str, Any]:
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
        "note": notes((*view.banners, *map(_section, view.sections), *_sources(view))),
    }
    if view.steps:
        ends = [s.last for s in view.steps]
        last = None if None in ends else max(e for e in ends if e is not None)
        out["period"] = period(min(s.first for s in view.steps), last)
    if requests.made:
        out["activity"] = [{"reference": to(uid)} for uid in requests.ids]
    if taken := taken_ids(view.head):
        out["supportingInfo"] = [to(uid) for uid in taken]
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
    lines = [f"- {line}" for line in source_lines(view.sources, words)]
    return ["\n".join((f"## {words['heading']}", *lines))] if lines else []


def _request(view: PlanView, agent: AgentView, uid: str, said: Iterable[str]) -> dict[str, Any]:
    """What every request of a plan says."""
    out: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": uid,
        "language": view.head.language,
        "status": "draft",
        "intent": "proposal",
        "subject": subject(view.head),
        "authoredOn": _day(view),
        "note": notes((*said, *view.banners)),
    }
    if view.needs:
        out["statusReason"] = {"text": _needed(view)}
    return out


def _needed(view: PlanView) -> str:
    return str(view.words["name_value"]).format(
        name=view.words["needs"]["heading"], value=str(view.words["between"]).join(view.needs)
    )


def _concept(agent: AgentView, text: str) -> dict[str, Any]:
    code = {"system": RXNORM, "code": agent.rxcui, "display": agent.id}
    return {"text": text, "coding": [code]} if agent.rxcui else {"text": text}


def _at_first(view: PlanView) -> Iterator[str]:
    """What stands before the first dose."""
    named = view.words["name_value"]
    yield from (named.format(name=view.words["first_do"]["heading"], value=text) for text in view.first_do)
    if view.needs:
        yield _needed(view)


def _names(request: dict[str, Any]) -> str:
    """What a request names: a product, or a medicine alone."""
    return str(request.get("medicationReference", {}).get("reference", ""))


def _of_step(view: PlanView, step: StepView, places: list[int], before: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The requests of a step, one for each product. ``before`` are the requests that they take the place of, by what these name: that of the same
    product is named, and where several end all of them are."""
    words, agent = view.words["fhir"], _agent(view, step.agent)
    said = [words["step"].format(number=step.number, dates=step.dates), step.length, step.total, *step.notes]
    if step.first == min(s.first for s in view.steps):
        said += _at_first(view)
    for number, place in enumerate(places or [None], 1):
        own = list(said)
        if place is None:
            own.insert(0, words["no_dose"].format(agent=agent.name))
        elif len(places) > 1:
            own.insert(1, words["group"].format(number=number, count=len(places)))
        out = _request(view, agent, _uid(view, "step", step.uid, *([str(place)] if number > 1 else [])), own)
        out["groupIdentifier"] = named_by(step.uid)
        if place is None:
            out |= {"medicationCodeableConcept": _concept(agent, agent.name), "doNotPerform": True}
        else:
            product = view.products[place]
            out["medicationReference"] = {
                **to(_product_uid(view, step.agent, place)),
                "display": _called(view, agent, product),
            }
            doses = [(d, m) for d in step.doses for m in d.made if m.product == place]
            out["dosageInstruction"] = [_dosage(view, step, d, m, i) for i, (d, m) in enumerate(doses, 1)]
            out["dispenseRequest"] = _supply(step, [m for _, m in doses], product)
        if before:
            out["priorPrescription"] = to(before.get(_names(out), next(iter(before.values()))))
        if len(before) > 1:
            out["supportingInformation"] = [to(uid) for uid in before.values()]
        yield out


def _dosage(view: PlanView, step: StepView, dose: DoseView, made: GivenView, number: int) -> dict[str, Any]:
    agent, product = _agent(view, step.agent), view.products[made.product]
    pieces = str(view.words["fhir"]["between"]).join(m.text for m in dose.made)
    key = "dose" if len(dose.made) == 1 else "dose_part"
    out: dict[str, Any] = {
        "sequence": number,
        "text": view.words["fhir"][key].format(dose=dose.text, part=dose.part.lower(), pieces=pieces, made=made.text),
        "timing": {
            "repeat": {
                "boundsPeriod": period(step.first, step.last),
                "frequency": 1,
                "period": 1,
                "periodUnit": "d",
                "when": [WHEN_OF[dose.at]],
            }
        },
        "doseAndRate": [{"doseQuantity": quantity(made.count * product.strength, dose.unit)}],
    }
    if agent.route:
        out["route"] = route_of(agent.route, agent.route_text)
    return out


def _supply(step: StepView, made: list[GivenView], product: ProductView) -> dict[str, Any]:
    """What the step takes of one product from its first day to its last; of one without an end, to the last that is supplied."""
    days = (step.until - step.first + timedelta(days=1)).days
    count = sum(m.count for m in made) * days
    return {
        "validityPeriod": period(step.first, step.until),
        "quantity": quantity(count, "mL" if product.liquid else product.forms if count > 1 else product.form),
        "expectedSupplyDuration": quantity(days, "d"),
    }


def _called(view: PlanView, agent: AgentView, product: ProductView) -> str:
    return str(view.words["fhir"]["product"]).format(agent=agent.name, product=product.name)


def _product(view: PlanView, agent_id: str, place: int) -> dict[str, Any]:
    """A product: its form, and how much of the medicine is in a piece or in a mL."""
    agent, product = _agent(view, agent_id), view.products[place]
    ingredient: dict[str, Any] = {"itemCodeableConcept": _concept(agent, agent.name), "isActive": True}
    if product.unit != product.forms:  # what is dosed by the piece says nothing of how much is in one
        per = quantity(1, "mL" if product.liquid else product.form)
        ingredient["strength"] = {"numerator": quantity(product.strength, product.unit), "denominator": per}
    return {
        "resourceType": "Medication",
        "id": _product_uid(view, agent_id, place),
        "language": view.head.language,
        "code": _concept(agent, _called(view, agent, product)),
        "form": {"text": product.form},
        "ingredient": [ingredient],
    }


def _withheld(view: PlanView, one: WithheldView) -> dict[str, Any]:
    """A request not to give what the plan holds or stops at once."""
    agent = _agent(view, one.agent)
    out = _request(view, agent, _uid(view, "withheld", agent.id), (one.text, *one.says, *_at_first(view)))
    out |= {"doNotPerform": True, "medicationCodeableConcept": _concept(agent, agent.name)}
    if taken := taken_ids(view.head, agent.id):
        out["priorPrescription"] = to(taken[0])
    return out


def _issue(view: PlanView, place: int, requests: _Requests) -> dict[str, Any]:
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
    own = [(step, uids) for step, uids in requests.of_step if step.agent == bound.agent]
    held = [uids for step, uids in own if bound.id in step.bounds] or [uids for _, uids in own]
    implicated = [uid for uids in held for uid in uids] or meant_ids(view.head, (bound.agent,))
    if implicated:
        out["implicated"] = [to(uid) for uid in implicated]
    if bound.url:
        out["reference"] = bound.url
    return out


def _whole(view: PlanView, name: str, detail: str, implicated: Sequence[str]) -> dict[str, Any]:
    """What stands against the plan as a whole."""
    out: dict[str, Any] = {
        "resourceType": "DetectedIssue",
        "id": _uid(view, name),
        "status": "preliminary",
        "code": {"text": view.words["fhir"][name]},
        "severity": "high",
        "patient": subject(view.head),
        "identifiedDateTime": _day(view),
        "detail": detail,
    }
    if implicated:
        out["implicated"] = [to(uid) for uid in implicated]
    return out
