"""The plans of a review: for what is weighed, for what has to be left, and for what was left too fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.blockade import block_plan, blockers
from relaxant.planning.current import current_lines, intake, release_of, weighed_daily, weighed_line
from relaxant.planning.dose import ceiling, danger, dangers, room
from relaxant.planning.parts import Grains
from relaxant.planning.plan import Plan, Told
from relaxant.planning.pump import pump_plan
from relaxant.planning.reform import form_plan
from relaxant.planning.said import asked_by, missed, withdrawal
from relaxant.planning.switch import plan_of_switch, switches, without_exchange
from relaxant.planning.tablets import grains
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited, is_weighed
from relaxant.rules.wording import shown_agent_name, shown_name


def planned(
    patient: Patient,
    medicines: Sequence[Medicine],
    facts: Facts,
    told: Callable[[str], Sequence[Finding]],
    row: int = 0,
) -> tuple[Plan, ...]:
    """What is to be done for each relaxant that is weighed, to be stopped, in DANGER or stopped of late; the way out stands first.

    ``told`` gives the findings about one agent alone: what is said of several together is as grave as its gravest, and the way out of one
    is no way out for another.
    """
    leaving = [a for a in sorted(facts.inputs.agents) if _is_left(a, medicines)]
    weighed = [a for a in sorted(facts.inputs.agents) if weighed_line(a, medicines) is not None]
    asked = switches(medicines, facts, row)
    plans = [plan_of_switch(s, patient, medicines, facts, (*told(s.from_agent), *told(s.to_agent)), row) for s in asked]
    exchanged = {agent for switch in asked for agent in (switch.from_agent, switch.to_agent)}
    for agent in sorted(set(facts.inputs.agents) - exchanged):
        plans += _of_agent(agent, agent in leaving, agent in weighed, patient, medicines, facts, told(agent), row)
    plans = _one_at_a_time(without_exchange(plans, asked, medicines, facts), facts)
    pump = pump_plan(patient, medicines, facts, told)
    if pump is not None:
        plans.append(pump)
    for agent in sorted(set(facts.inputs.agents) & set(blockers(facts))):
        if agent in weighed or current_lines(agent, medicines):
            plans.append(block_plan(agent, patient, medicines, facts, told(agent)))
    return tuple(sorted(plans, key=lambda p: (_ORDER[p.kind], p.id)))


_CHANGE = "CHANGE"
_GRAVE = ("DANGER", _CHANGE)
_ORDER = {"resume": 0, "switch": 1, "taper": 2, "titration": 3, "pump": 4, "block": 5}


def _of_agent(agent: str, left: bool, weighed: bool, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int) -> list[Plan]:  # fmt: skip
    plans = facts.knowledge.plans
    lowers = any(agent in t.agents for t in plans.tapers.values())
    raises = any(t.agent == agent for t in plans.titrations.values())
    now = current_lines(agent, medicines)
    grave = bool(_to_be_left(agent, findings, facts, row))
    made: list[Plan] = []
    why: str | None
    if left:
        why = "stop_weighed"
    elif weighed and (form := form_plan(agent, medicines, facts, findings, patient.as_of, row)) is not None:
        return [form]
    elif weighed:
        if raises or lowers:
            made += _toward(agent, patient, medicines, facts, findings, row, lowers=lowers)
        why = "danger" if now and grave and not any(p.kind == "taper" for p in made) else None
    elif now and grave:
        why = "danger"
    elif now:
        return _down_to_what_is_allowed(agent, patient, medicines, facts, findings, row) if lowers else []
    else:
        return _after_a_stop(agent, facts, findings, row)
    if why and lowers:
        made.append(taper_plan(agent, medicines, facts, patient.as_of, why=why, findings=findings, row=row))
    return made


def _to_be_left(agent: str, findings: Sequence[Finding], facts: Facts, row: int) -> list[Finding]:
    """The DANGERs for which an agent has to be left: not those with a medicine that is only weighed, which is the one to leave out."""
    weighed = {shown_name(i, facts) for i in facts.inputs.weighed if is_weighed(i, facts, row)}
    return [f for f in dangers(agent, findings, facts) if not f.partners or not set(f.partners) <= weighed]


def _down_to_what_is_allowed(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int) -> list[Plan]:  # fmt: skip
    """Where a finding asks for a change and more is taken than this person's kidneys, liver or medicines allow: down to that."""
    name = shown_agent_name(agent, facts)
    if not any(f.tier == _CHANGE and {name, agent} & set(f.agents) for f in findings):
        return []
    stands = room(agent, facts, row)
    taken, most = intake(agent, current_lines(agent, medicines), facts), ceiling(stands)
    if taken.why or most is None or taken.daily <= most:
        return []
    made = taper_plan(agent, medicines, facts, patient.as_of, why="above", goal=most, findings=findings, row=row)
    return [msgspec.structs.replace(made, bounds=stands.bounds)]


def _toward(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int, *, lowers: bool) -> list[Plan]:  # fmt: skip
    """From what is taken, or from nothing, to the dose that is weighed: up, or down."""
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    goal = weighed_daily(agent, medicines, facts)
    before: Grains = {}
    if now and line is not None and not line.beside:
        taken = intake(agent, now, facts)
        if taken.why or goal is None or goal == taken.daily:
            return []
        if goal < taken.daily:
            if not lowers or danger(agent, findings, facts):
                return []  # where a DANGER stands the way out goes to nothing
            stands = room(agent, facts, row)
            most = ceiling(stands)
            why = "lower" if most is None or goal <= most else "lower_not_enough"
            made = taper_plan(agent, medicines, facts, patient.as_of, why=why, goal=goal, row=row)
            return [msgspec.structs.replace(made, bounds=() if why == "lower" else stands.bounds)]
        before = {part: grains(dose) for part, dose in taken.doses.items()}
    regimen = line.regimen if line else None
    wanted = Wanted(
        first=patient.as_of,
        before=before,
        goal=goal,
        form=regimen.form if regimen else None,
        release=release_of(line, now),
        country=patient.country,
    )
    return [titration_plan(agent, facts, findings, wanted, row)]


def _after_a_stop(agent: str, facts: Facts, findings: Sequence[Finding], row: int) -> list[Plan]:
    """What to do some days after the last dose: resume, start low again or call, by the number of days. No doses are planned: why it was
    stopped is for the prescriber to ask."""
    stopped = facts.column(f"{agent}:stopped_days")
    if not stopped.settled(row) or stopped.low.item(row) > facts.knowledge.policy("plan_missed_days"):
        return []
    told = missed(agent, facts, row)
    if not any(m.now for m in told):
        return []
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    return [
        Plan(
            id=f"resume:{agent}",
            kind="resume",
            agents=(name,),
            title=words["titles"]["resume"].format(agent=name),
            why=words["why"]["resume"].format(agent=name, days=plain_number(stopped.low.item(row))),
            unit=facts.knowledge.agents[agent].dose_unit,
            first_do=asked_by(f for f in findings if f.tier in _GRAVE and {name, agent} & set(f.agents)),
            missed=told,
            withdrawal=withdrawal(agent, facts),
            notes=(words["notes"]["why_stopped"].format(agent=name),),
        )
    ]


def _one_at_a_time(plans: Sequence[Plan], facts: Facts) -> list[Plan]:
    """Calendars of one kind that all begin today are said to be choices."""
    text = facts.knowledge.words("planning")["first_do"]["one_at_a_time"]
    source = facts.knowledge.policies["plan_one_at_a_time"]
    told = Told(text=text, verified=True, source=cited(facts.knowledge, source.source, source.place))
    many = {k for k in ("titration", "taper") if sum(p.kind == k and bool(p.steps) for p in plans) > 1}
    return [
        msgspec.structs.replace(p, first_do=(told, *p.first_do)) if p.kind in many and p.steps else p for p in plans
    ]


def _is_left(agent: str, medicines: Sequence[Medicine]) -> bool:
    return any(m.stop_weighed for m in current_lines(agent, medicines))
