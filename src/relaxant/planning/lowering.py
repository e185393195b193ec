"""Down to a lower dose: to the one that is weighed, or to what the label and this person's kidneys, liver and medicines allow."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.current import Intake, current_lines, intake, weighed_daily, weighed_line
from relaxant.planning.dose import Room, dangers, most_at_once, most_taken, room
from relaxant.planning.plan import Plan, ShownBound
from relaxant.planning.said import amount
from relaxant.planning.tablets import ROUNDING
from relaxant.planning.taper import taper_plan
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import is_weighed
from relaxant.rules.wording import shown_agent_name, shown_name

_CHANGE = "CHANGE"
_DOWN = (
    "never",
    "share",
    "daily",
    "single",
    "doses_daily",
)  # what bounds a dose that is taken; the others bound its rise


def to_be_left(agent: str, findings: Sequence[Finding], facts: Facts, row: int = 0) -> list[Finding]:
    """The DANGERs for which an agent has to be left: not those with a medicine that is only weighed, which is the one to leave out."""
    weighed = {shown_name(i, facts) for i in facts.inputs.weighed if is_weighed(i, facts, row)}
    return [f for f in dangers(agent, findings, facts) if not f.partners or not set(f.partners) <= weighed]


def allowed_dose(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int = 0) -> list[Plan]:  # fmt: skip
    """Where a finding asks for a change and more is taken than the label's most, or this person's kidneys, liver or medicines, allow: down to
    that. A dose that is surely more and cannot be laid out over the day gives no steps; the plan says what to ask."""
    name = shown_agent_name(agent, facts)
    if not any(f.tier == _CHANGE and {name, agent} & set(f.agents) for f in findings):
        return []
    lines, own = _as_taken(patient, medicines, facts)
    stands = room(agent, own, row)
    most, daily = most_taken(stands), own.column(f"{agent}:daily_dose").low.item(row)
    if most is None or not daily > most + ROUNDING:
        return []
    made = taper_plan(agent, lines, own, patient.as_of, why="above", goal=most, within=most_at_once(stands), findings=findings, row=row)  # fmt: skip
    return [_bounded(made, stands, "above", most, facts)]


def lower_dose(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int = 0) -> Plan | None:  # fmt: skip
    """Down to the lower dose that is weighed, and on to what is allowed where that is still less; ``None`` where no lower dose is weighed.

    How it is lowered goes by the dose that is taken, not by the one that is weighed.
    """
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    goal = weighed_daily(agent, medicines, facts)
    if not now or line is None or line.beside or goal is None:
        return None
    taken = intake(agent, now, facts)
    if taken.why or goal >= taken.daily:
        return None
    lines, own = _as_taken(patient, medicines, facts)
    stands = room(agent, own, row)
    most = most_taken(stands)
    if most is None or goal <= most:
        made = taper_plan(agent, lines, own, patient.as_of, why="lower", goal=goal, findings=findings, row=row)
        return _rhythm(made, intake(agent, [line], facts), facts)
    made = taper_plan(agent, lines, own, patient.as_of, why="lower", goal=most, within=most_at_once(stands), findings=findings, row=row)  # fmt: skip
    return _bounded(made, stands, "lower_not_enough", most, facts, weighed=amount(goal, made.unit))


def _rhythm(made: Plan, weighed: Intake, facts: Facts) -> Plan:
    """The plan with a word where its last doses are not spread over the day as those that are weighed: no part of the day rises on the way."""
    last = {take.at: take.amount for take in made.steps[-1].takes} if made.steps else weighed.doses
    if weighed.why or last == weighed.doses:
        return made
    said = facts.knowledge.words("planning")["notes"]["rhythm"]
    return msgspec.structs.replace(made, notes=(said, *made.notes))


def _as_taken(patient: Patient, medicines: Sequence[Medicine], facts: Facts) -> tuple[list[Medicine], Facts]:
    """The medicines without what is weighed, and the facts by them."""
    if all(m.role != "considering" for m in medicines) and not patient.considering:
        return list(medicines), facts
    lines = [m for m in medicines if m.role != "considering"]
    return lines, Facts(inputs_of([(patient, lines)], facts.knowledge), facts.knowledge, patient.jurisdiction)


def _bounded(made: Plan, stands: Room, why: str, most: float, facts: Facts, weighed: str = "") -> Plan:
    """The plan with what bounds the dose that it comes down to, and that dose as products make it."""
    reached = amount(made.steps[-1].daily if made.steps else most, made.unit)
    text = facts.knowledge.words("planning")["why"][why].format(agent=made.agents[0], goal=reached, weighed=weighed)
    bounds = tuple(_deciding(b, most) for b in stands.bounds if b.kind in _DOWN and not b.soft)
    return msgspec.structs.replace(made, bounds=bounds, why=text)


def _deciding(bound: ShownBound, most: float) -> ShownBound:
    """A bound of the day with whether it is the one that is come down to, now that what is for special care alone is left out."""
    if bound.kind != "daily" or bound.value is None:
        return bound
    return msgspec.structs.replace(bound, decides=not bound.open and bound.value <= most + ROUNDING)
