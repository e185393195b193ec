"""The plans of a review: for what is weighed, for what has to be left, and for what was left too fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.blockade import block_plan, blockers
from relaxant.planning.crisis import crisis_agents, crisis_plan
from relaxant.planning.current import (
    current_lines,
    intake,
    release_of,
    taken_until,
    weighed_daily,
    weighed_line,
    weighed_times,
)
from relaxant.planning.dose import danger, leaves
from relaxant.planning.lowering import allowed_dose, lower_dose, to_be_left
from relaxant.planning.parts import Grains
from relaxant.planning.plan import Plan, Told
from relaxant.planning.products import product_groups
from relaxant.planning.pump import is_urgent, pump_plan
from relaxant.planning.reform import form_plan
from relaxant.planning.said import asked_by, missed, withdrawal
from relaxant.planning.switch import plan_of_switch, switches, without_exchange
from relaxant.planning.tablets import grains
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.planning.until_then import until_then
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import shown_agent_name


def planned(
    patient: Patient,
    medicines: Sequence[Medicine],
    facts: Facts,
    told: Callable[[str], Sequence[Finding]],
    row: int = 0,
) -> tuple[Plan, ...]:
    """What is to be done for each relaxant that is weighed, to be stopped, in DANGER or stopped of late; the way out stands first, before it an emergency.

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
    plans += [crisis_plan(agent, patient, medicines, facts) for agent in crisis_agents(medicines, facts)]
    plans = [msgspec.structs.replace(p, taken=taken_until((s.agent for s in p.steps), medicines, facts)) for p in plans]
    first = pump is not None and is_urgent(patient, medicines, facts)
    return tuple(sorted(plans, key=lambda p: (_FIRST if first and p.kind == "pump" else _ORDER[p.kind], p.id)))


_GRAVE = ("DANGER", "CHANGE")
_START_LOW = "retitrate"  # what a row of missed days says
_FIRST = -1  # where the page of an emergency stands
_ORDER = {"crisis": _FIRST, "resume": 0, "switch": 1, "taper": 2, "titration": 3, "pump": 4, "block": 5}


def plans_of_agent(
    agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int = 0
) -> list[Plan]:
    """The plans of one relaxant alone, as :func:`planned` makes them before it looks at switches, pumps and several at a time."""
    weighed, left = weighed_line(agent, medicines) is not None, _is_left(agent, medicines)
    return _of_agent(agent, left, weighed, patient, medicines, facts, findings, row)


def _of_agent(agent: str, left: bool, weighed: bool, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int) -> list[Plan]:  # fmt: skip
    plans = facts.knowledge.plans
    lowers = any(agent in t.agents for t in plans.tapers.values())
    raises = any(t.agent == agent for t in plans.titrations.values())
    now = current_lines(agent, medicines)
    grave = bool(now) and (bool(to_be_left(agent, findings, facts, row)) or leaves(agent, facts, row))
    if left:
        return [taper_plan(agent, medicines, facts, patient.as_of, why="stop_weighed", findings=findings, row=row)] if lowers else []  # fmt: skip
    if weighed and (form := form_plan(agent, medicines, facts, findings, patient.as_of, row)) is not None:
        stays = form.kind == "switch" and form.refused is not None
        return [form, *(allowed_dose(agent, patient, medicines, facts, findings, row) if lowers and stays else [])]
    if not now:
        gap = _after_a_stop(agent, weighed, facts, findings, row)
        again = not gap or any(m.now and m.do == _START_LOW for m in gap[0].missed)
        return [*gap, *(_toward(agent, patient, medicines, facts, findings, row) if weighed and raises and again else [])]  # fmt: skip
    made: list[Plan] = []
    if weighed:
        down = lower_dose(agent, patient, medicines, facts, findings, row) if lowers and not grave else None
        made = [down] if down is not None else _toward(agent, patient, medicines, facts, findings, row) if raises else []  # fmt: skip
    if any(p.kind == "taper" for p in made):
        return made
    if not lowers:  # no way down is known, and where more is taken than is allowed the plan says so
        above = not grave and all(p.refused for p in made) and bool(product_groups(agent, facts))
        return [*made, *(allowed_dose(agent, patient, medicines, facts, findings, row) if above else [])]
    if grave:
        why = "danger" if danger(agent, findings, facts) else "leave"
        made.append(taper_plan(agent, medicines, facts, patient.as_of, why=why, findings=findings, row=row))
    elif all(p.refused for p in made):
        made += allowed_dose(agent, patient, medicines, facts, findings, row)
    return made


def _toward(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int) -> list[Plan]:  # fmt: skip
    """From what is taken, or from nothing, up to the dose that is weighed; what is taken goes on until the first rise."""
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    goal = weighed_daily(agent, medicines, facts)
    before: Grains = {}
    since: date | None = None
    form: str | None = None
    if now and line is not None and not line.beside:
        taken = intake(agent, now, facts)
        if taken.why or goal is None or goal <= taken.daily:
            return []
        before = {part: grains(dose) for part, dose in taken.doses.items()}
        since, form = taken.since, taken.form
    order, placed = weighed_times(agent, medicines, facts)
    wanted = Wanted(
        first=patient.as_of,
        order=order,
        placed=placed,
        before=before,
        since=since,
        goal=goal,
        form=line.regimen.form if line else None,
        taken=form,
        release=release_of(line, now),
        country=patient.country,
    )
    made = titration_plan(agent, facts, findings, wanted, row)
    return [until_then(made, agent, medicines, facts, patient.as_of) if before else made]


def _after_a_stop(agent: str, weighed: bool, facts: Facts, findings: Sequence[Finding], row: int) -> list[Plan]:
    """What to do some days after the last dose: resume, start low again or call, by the number of days. No doses are planned: why it was
    stopped is for the prescriber to ask."""
    stopped = facts.column(f"{agent}:stopped_days")
    if not stopped.settled(row) or stopped.low.item(row) > facts.knowledge.policy("plan_missed_days"):
        return []
    told = missed(agent, facts, row)
    if not any(m.now for m in told):
        return []
    words, name, days = facts.knowledge.words("planning"), shown_agent_name(agent, facts), stopped.low.item(row)
    said = words["why"]["resume"]["today" if days <= 0 else "one" if days == 1 else "other"]
    return [
        Plan(
            id=f"resume:{agent}",
            kind="resume",
            agents=(name,),
            title=words["titles"]["resume"].format(agent=name),
            why=said.format(agent=name, count=plain_number(days)),
            unit=facts.knowledge.agents[agent].dose_unit,
            first_do=asked_by(f for f in findings if f.tier in _GRAVE and {name, agent} & set(f.agents)),
            missed=told,
            withdrawal=withdrawal(agent, facts),
            notes=() if weighed else (words["notes"]["why_stopped"].format(agent=name),),
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
