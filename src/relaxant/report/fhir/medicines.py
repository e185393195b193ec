"""The person's own list of medicines as FHIR R4: a MedicationRequest for each line, so that plans and findings can point at it.

What is taken is written as US Core writes a list that was told and not ordered: intent ``plan`` and reported
(https://hl7.org/fhir/us/core/StructureDefinition-us-core-medicationrequest.html). What is weighed is a draft and a proposal.
A calendar that takes the place of what is taken is a draft as well, so the line has no end: who reads the list would take the medicine for
stopped. A note names the day, and the first step names the line as its ``priorPrescription``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from relaxant.medicines.regimen import Amount, Dose
from relaxant.report.blocks import Words
from relaxant.report.fhir.parts import RXNORM, WHEN_OF, notes, period, plain, quantity, route_of, subject, uid_of
from relaxant.report.plan.page import PlanHead, TakenView

_STATUSES = {"current": "active", "stopped": "stopped", "considering": "draft"}
_TAKEN, _WEIGHED = "current", "considering"
_NO_AMOUNT = "dose"
_EVERY = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))? (min|h|d|wk|mo)")
_CLOCK = re.compile(r"\d\d:\d\d")
_HOURS = 24


def medicine_ids(head: PlanHead) -> list[str]:
    """The ids of the medicines of ``head.taken``, in their order; two lines that say the same are two."""
    seen: Counter[tuple[str, str]] = Counter()
    out = []
    for one in head.taken:
        seen[one.role, one.said] += 1
        out.append(uid_of(head, "medicine", one.role, one.said, str(seen[one.role, one.said])))
    return out


def medicines(head: PlanHead, words: Words) -> list[dict[str, Any]]:
    """The list as resources."""
    return [_medicine(head, one, uid, words) for one, uid in zip(head.taken, medicine_ids(head), strict=True)]


def taken_ids(head: PlanHead, agent: str | None = None) -> list[str]:
    """The ids of what is taken now, all of it or one agent."""
    return [
        uid
        for one, uid in zip(head.taken, medicine_ids(head), strict=True)
        if one.role == _TAKEN and (agent is None or agent in one.agents)
    ]


def meant_ids(head: PlanHead, names: Sequence[str]) -> list[str]:
    """The ids of the medicines that these names (of agents or ingredients) may mean; what is taken or weighed before what was stopped."""
    wanted = set(names)
    found = [
        (one.role, uid)
        for one, uid in zip(head.taken, medicine_ids(head), strict=True)
        if wanted & {*one.names, *one.agents}
    ]
    return [uid for role, uid in found if role in (_TAKEN, _WEIGHED)] or [uid for _, uid in found]


def _medicine(head: PlanHead, one: TakenView, uid: str, words: Words) -> dict[str, Any]:
    weighed = one.role == _WEIGHED
    codes = [{"system": RXNORM, "code": code, "display": name} for name, code in one.codes if code]
    concept = {"text": one.name or one.said}
    out: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": uid,
        "language": head.language,
        "status": _STATUSES[one.role],
        "intent": "proposal" if weighed else "plan",
        "medicationCodeableConcept": {**concept, "coding": codes} if len(codes) == 1 else concept,
        "subject": subject(head),
        "note": notes(_said(one, words)),
    }
    if one.refused:
        out["doNotPerform"] = True
    if not weighed:
        out["reportedBoolean"] = True
        if one.regimen.start is not None:
            out["authoredOn"] = one.regimen.start.isoformat()
    if dosages := list(_dosages(one)):
        out["dosageInstruction"] = dosages
    return out


def _said(one: TakenView, words: Words) -> Iterator[str]:
    own = words["fhir"]
    yield own["as_said"].format(text=one.said)
    yield own["list"][one.role]
    if one.refused:
        yield own["refused_line"].format(why=one.refused)
    if one.replaced_from is not None:
        yield own["replaced"].format(
            date=one.replaced_from.isoformat(), plan=one.replaced_by
        )  # no end: nobody has stopped it yet


# ---------------------------------------------------------------- doses


def _dosages(one: TakenView) -> Iterator[dict[str, Any]]:
    """The doses of a line; in words alone where they follow one another, for no list of them says so."""
    regimen = one.regimen
    doses: tuple[Dose | None, ...] = regimen.doses
    if not doses or any(d is not None and d.step > 1 for d in doses):
        doses = (None,)
    for number, dose in enumerate(doses, 1):
        out: dict[str, Any] = {"sequence": number}
        if number == 1 and one.text:
            out["text"] = one.text
        repeat = _repeat(dose) if dose is not None else {}
        if bounds := period(regimen.start, regimen.stop):
            repeat["boundsPeriod"] = bounds
        if repeat:
            out["timing"] = {"repeat": repeat}
        if regimen.as_needed or (dose is not None and dose.as_needed):
            out["asNeededBoolean"] = True
        if one.route:
            out["route"] = route_of(regimen.route or "", one.route)
        if rate := _rate(regimen.rate):
            out["doseAndRate"] = [rate]
        elif dose is not None and (amount := _amount(dose)):
            out["doseAndRate"] = [amount]
        yield out


def _amount(dose: Dose) -> dict[str, Any]:
    if dose.unit == _NO_AMOUNT or (dose.low is None and dose.high is None):
        return {}
    if dose.low == dose.high and dose.low is not None:
        return {"doseQuantity": quantity(dose.low, dose.unit)}
    ends = {"low": dose.low, "high": dose.high}
    return {"doseRange": {name: quantity(value, dose.unit) for name, value in ends.items() if value is not None}}


def _rate(rate: Amount | None) -> dict[str, Any]:
    if rate is None or rate.low is None or rate.low != rate.high:
        return {}
    return {"rateQuantity": quantity(rate.low, rate.unit)}


def _repeat(dose: Dose) -> dict[str, Any]:
    """How often a dose is taken: so many times a day where the interval divides it, else the interval."""
    out: dict[str, Any] = {}
    if dose.every == "once":
        out = {"count": 1}
    elif (match := _EVERY.fullmatch(dose.every or "")) is not None:
        least, most, unit = float(match[1]), match[2], match[3]
        times = _HOURS / least if unit == "h" and most is None else 0
        if times and times == round(times):
            out = {"frequency": round(times), "period": 1, "periodUnit": "d"}
        else:
            out = {"frequency": 1, "period": plain(least), "periodUnit": unit}
            if most is not None:
                out["periodMax"] = plain(float(most))
    elif dose.at is not None:
        out = {"frequency": 1, "period": 1, "periodUnit": "d"}
    if dose.at is not None and dose.at in WHEN_OF:
        out["when"] = [WHEN_OF[dose.at]]
    elif dose.at is not None and _CLOCK.fullmatch(dose.at):
        out["timeOfDay"] = [f"{dose.at}:00"]
    return out
