"""Changes of an order that may be taken over as they stand: only those that are safe and have a source.

To remove an order is offered where a DANGER would not be there without it. To change its dose is offered where the plan of this person begins with a
smaller one, the ordered product gives it in whole pieces, and the review of the order so changed has neither that finding nor another DANGER.
No other medicine is offered: the knowledge names others in words and without a dose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Line
from relaxant.planning.dose import room
from relaxant.planning.plan import Plan, Step
from relaxant.planning.planned import plans_of_agent
from relaxant.quantities import plain_number
from relaxant.report.fhir.parts import WHEN_OF, quantity
from relaxant.reviewing import Checked, checked
from relaxant.rules.findings import Finding, findings_by_agent
from relaxant.service.cds.card import Action, Suggestion
from relaxant.service.cds.concern import Weighed, orders_of
from relaxant.service.cds.markdown import cut, one_line
from relaxant.service.cds.record import Draft

_GRAVE = ("DANGER", "CHANGE")
_UNSET = "00000000-0000-0000-0000-000000000000"  # numbered with its card
_MOST_LABEL = 120


FirstStep = Callable[[str, Medicine], tuple[Plan, Step] | None]


def first_steps(found: Checked) -> FirstStep:
    """What a start of an agent begins with in place of an order (:func:`_first_step`), reckoned once for all findings of a call."""
    known: dict[tuple[str, str], tuple[Plan, Step] | None] = {}

    def begun(agent: str, medicine: Medicine) -> tuple[Plan, Step] | None:
        key = (agent, medicine.said)
        if key not in known:
            known[key] = _first_step(agent, medicine, found)
        return known[key]

    return begun


def suggested(finding: Finding, orders: Weighed, found: Checked, knowledge: Knowledge, begun: FirstStep) -> list[Suggestion]:  # fmt: skip
    """The changes that a finding offers, the smaller first."""
    about = [(draft, lines) for draft, lines in orders_of(finding, orders) if draft.named and not draft.ends]
    out = [c for draft, lines in about if (c := _changed(finding, draft, lines, found, knowledge, begun)) is not None]
    if finding.tier == "DANGER":
        out += [_removed(finding, d, lines, knowledge) for d, lines in about if _caused(finding, lines, found)]
    return out


# ---------------------------------------------------------------- to remove


def _caused(finding: Finding, lines: Sequence[Medicine], found: Checked) -> bool:
    """Whether the finding is about beginning what the order holds, alone or beside what is taken."""
    if finding.situation == "starting":
        return any(set(m.agents) & set(finding.agents) for m in lines) or _adds(finding, lines, found)
    return finding.situation == "taking" and _adds(finding, lines, found)


def _adds(finding: Finding, lines: Sequence[Medicine], found: Checked) -> bool:
    """Whether all partners that the finding names are new with this order."""
    taken = {i.name for m in found.medicines if m.role == "current" and not m.replaced for i in m.ingredients}
    own = {i.name for m in lines for i in m.ingredients}
    return bool(finding.partners) and set(finding.partners) <= own and not own & taken


def _removed(finding: Finding, draft: Draft, lines: Sequence[Medicine], knowledge: Knowledge) -> Suggestion:
    words, name = knowledge.words("cds")["suggest"], _name(lines)
    told = words["delete_why"].format(name=name, summary=one_line(finding.summary))
    return Suggestion(
        label=cut(words["delete"].format(name=name), _MOST_LABEL),
        uuid=_UNSET,
        actions=(Action(type="delete", description=told, resource_id=draft.ref),),
    )


# ---------------------------------------------------------------- to change the dose


def _changed(finding: Finding, draft: Draft, lines: Sequence[Medicine], found: Checked, knowledge: Knowledge, begun: FirstStep) -> Suggestion | None:  # fmt: skip
    if (
        finding.situation != "starting"
        or len(lines) != 1
        or len(lines[0].agents) != 1
        or len(lines[0].ingredients) != 1
    ):
        return None
    medicine = lines[0]
    agent = medicine.agents[0]
    if agent not in finding.agents or any(agent in m.agents for m in found.medicines if m.role == "current"):
        return None
    if any(f.tier == "DANGER" and agent in f.agents for f in found.causes):  # no plan begins beside a DANGER
        return None
    first = begun(agent, medicine)
    if first is None:
        return None
    plan, step = first
    words = knowledge.words("cds")
    told = _told(step, plan.unit, words)
    dosage = _dosage(step, plan.unit, told, draft.resource, words)
    if not _clears(finding, draft, dosage, found, knowledge):
        return None
    name, policy = _name(lines), next(p for p in plan.policies if p.chosen)
    source = f"{policy.source.title}, {policy.source.place}" if policy.source.place else policy.source.title
    why = words["suggest"]["change_why"].format(name=name, dose=told, source=one_line(source))
    resource = {**draft.resource, "dosageInstruction": dosage}
    return Suggestion(
        label=cut(words["suggest"]["change"].format(name=name, dose=told), _MOST_LABEL),
        uuid=_UNSET,
        actions=(Action(type="update", description=why, resource=resource),),
    )


def _first_step(agent: str, medicine: Medicine, found: Checked) -> tuple[Plan, Step] | None:
    """The plan of a start and its first step, where it has a source, is less than what is ordered, and the ordered product gives it in whole pieces."""
    daily, strength = medicine.regimen.daily, medicine.regimen.strength
    stands = room(agent, found.facts, found.row)
    if daily is None or daily.low is None or stands.needs(found.facts.seldom_asked(found.row)):
        return None  # nothing is begun while something has to be known first
    alone = found if found.facts.rows == 1 else checked(found.patient, knowledge=found.facts.knowledge)
    told = findings_by_agent(alone.tested, 0, alone.dangerous)
    plans = plans_of_agent(agent, alone.patient, alone.medicines, alone.facts, told(agent))
    plan = next((p for p in plans if p.kind == "titration" and not p.refused and not p.needs_first and p.steps), None)
    if plan is None or daily.unit != plan.unit:
        return None
    if not any(p.chosen and p.verified for p in plan.policies):
        return None
    step = plan.steps[0]
    if not step.takes or step.daily >= daily.low:
        return None
    if strength is not None and (strength.unit != plan.unit or any(t.amount % strength.value for t in step.takes)):
        return None
    return plan, step


def _clears(finding: Finding, draft: Draft, dosage: list[dict[str, Any]], found: Checked, knowledge: Knowledge) -> bool:
    """Whether the order so changed is without the finding and without another DANGER than there was."""
    lines = tuple(_again(line, draft, dosage) for line in found.patient.considering)
    after = checked(msgspec.structs.replace(found.patient, considering=lines), knowledge=knowledge)
    before = {f.cause for f in found.causes if f.tier == "DANGER"}
    worse = any(f.tier == "DANGER" and f.cause not in before for f in after.causes)
    same = any(f.cause == finding.cause and f.tier in _GRAVE and set(f.agents) & set(finding.agents) for f in after.causes)  # fmt: skip
    return not worse and not same


def _again(line: Line, draft: Draft, dosage: list[dict[str, Any]]) -> Line:
    return msgspec.structs.replace(line, dosage=tuple(dosage)) if line.by == draft.ref else line


def _dosage(step: Step, unit: str, told: str, order: dict[str, Any], words: dict[str, Any]) -> list[dict[str, Any]]:
    """The first step as FHIR Dosage, by the route that was ordered."""
    before = order.get("dosageInstruction")
    first = before[0] if isinstance(before, list) and before and isinstance(before[0], dict) else {}
    route = {"route": first["route"]} if isinstance(first.get("route"), dict) else {}
    if _even(step):
        repeat: dict[str, Any] = {"frequency": len(step.takes), "period": 1, "periodUnit": "d"}
        amount = {"doseQuantity": quantity(step.takes[0].amount, unit)}
        return [{"text": told, "timing": {"repeat": repeat}, **route, "doseAndRate": [amount]}]
    return [
        {
            "sequence": n,
            "text": _at(take.amount, unit, take.at, words),
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [WHEN_OF[take.at]]}},
            **route,
            "doseAndRate": [{"doseQuantity": quantity(take.amount, unit)}],
        }
        for n, take in enumerate(step.takes, 1)
    ]


def _even(step: Step) -> bool:
    """Whether each dose is the same, and there is more than one or it is at no time that would have to be said."""
    return len(step.takes) > 1 and len({t.amount for t in step.takes}) == 1


def _told(step: Step, unit: str, words: dict[str, Any]) -> str:
    own = words["suggest"]
    if _even(step) and str(len(step.takes)) in own["times"]:
        times = own["times"][str(len(step.takes))]
        return str(own["dose"].format(amount=plain_number(step.takes[0].amount), unit=unit, times=times))
    return str(own["and"].join(_ats(step, unit, words)))


def _ats(step: Step, unit: str, words: dict[str, Any]) -> Iterator[str]:
    for take in step.takes:
        yield _at(take.amount, unit, take.at, words)


def _at(amount: float, unit: str, part: str, words: dict[str, Any]) -> str:
    own = words["suggest"]
    key = "at_night" if part == "night" else "at"
    return str(own[key].format(amount=plain_number(amount), unit=unit, part=words["parts"][part]))


def _name(lines: Sequence[Medicine]) -> str:
    return " + ".join(dict.fromkeys(i.name for m in lines for i in m.ingredients))
