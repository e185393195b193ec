"""The plans of a review: for what is weighed, for what has to be left, and for what was left too fast."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.blockade import block_plan, blockers
from relaxant.planning.current import current_lines, intake, weighed_line
from relaxant.planning.dose import danger
from relaxant.planning.parts import Grains
from relaxant.planning.plan import Plan
from relaxant.planning.pump import pump_plan
from relaxant.planning.said import missed, withdrawal
from relaxant.planning.switch import known_switch, switch_plan
from relaxant.planning.tablets import grains
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.quantities import Quantity, convert, plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.wording import shown_agent_name


def planned(
    patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int = 0
) -> tuple[Plan, ...]:
    """What is to be done for each relaxant that is weighed, to be stopped, in DANGER or stopped of late; the way out stands first."""
    leaving = [a for a in sorted(facts.inputs.agents) if _is_left(a, medicines)]
    weighed = [a for a in sorted(facts.inputs.agents) if weighed_line(a, medicines) is not None]
    plans: list[Plan] = []
    exchanged: set[str] = set()
    for old in list(leaving):
        new = next(
            (
                n
                for n in weighed
                if n != old and (switch := known_switch(old, n, facts)) and switch.method == "cross-taper"
            ),
            None,
        )
        if new is not None and (switch := known_switch(old, new, facts)) is not None:
            goal = _weighed_daily(new, medicines, facts)
            plans.append(switch_plan(switch, medicines, facts, findings, patient.as_of, goal=goal, row=row))
            leaving.remove(old)
            weighed.remove(new)
            exchanged |= {old, new}
    for agent in sorted(set(facts.inputs.agents) - exchanged):
        made = _of_agent(agent, agent in leaving, agent in weighed, patient, medicines, facts, findings, row)
        if made is not None:
            plans.append(made)
    pump = pump_plan(patient, medicines, facts)
    if pump is not None:
        plans.append(pump)
    for agent in sorted(set(facts.inputs.agents) & set(blockers(facts))):
        if agent in weighed or current_lines(agent, medicines):
            plans.append(block_plan(agent, patient, medicines, facts, findings))
    return tuple(sorted(plans, key=lambda p: (_ORDER[p.kind], p.id)))


_ORDER = {"resume": 0, "switch": 1, "taper": 2, "titration": 3, "pump": 4, "block": 5}


def _of_agent(agent: str, left: bool, weighed: bool, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int) -> Plan | None:  # fmt: skip
    plans = facts.knowledge.plans
    lowers = any(agent in t.agents for t in plans.tapers.values())
    raises = any(t.agent == agent for t in plans.titrations.values())
    now = current_lines(agent, medicines)
    if left:
        return taper_plan(agent, medicines, facts, patient.as_of, why="stop_weighed", row=row) if lowers else None
    if weighed:
        return _toward(agent, patient, medicines, facts, findings, row, lowers=lowers) if raises or lowers else None
    if now and lowers and danger(agent, findings, facts):
        return taper_plan(agent, medicines, facts, patient.as_of, why="danger", row=row)
    return None if now else _after_a_stop(agent, patient, medicines, facts, findings, row)


def _toward(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int, *, lowers: bool) -> Plan | None:  # fmt: skip
    """From what is taken, or from nothing, to the dose that is weighed: up, or down."""
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    goal = _weighed_daily(agent, medicines, facts)
    before: Grains = {}
    if now and line is not None and not line.beside:
        taken = intake(agent, now, facts)
        if taken.why or goal is None or goal == taken.daily:
            return None
        if goal < taken.daily:
            return (
                taper_plan(agent, medicines, facts, patient.as_of, why="lower", goal=goal, row=row) if lowers else None
            )
        before = {part: grains(dose) for part, dose in taken.doses.items()}
    regimen = line.regimen if line else None
    wanted = Wanted(
        first=patient.as_of,
        before=before,
        goal=goal,
        form=regimen.form if regimen else None,
        release=_release(line, now),
        country=patient.country,
    )
    return titration_plan(agent, facts, findings, wanted, row)


def _after_a_stop(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int) -> Plan | None:  # fmt: skip
    """What to do some days after the last dose: resume, titrate again or call, by the number of days."""
    stopped = facts.column(f"{agent}:stopped_days")
    if not stopped.settled(row) or stopped.low.item(row) > facts.knowledge.policy("plan_missed_days"):
        return None
    told = missed(agent, facts, row)
    here = next((m for m in told if m.now), None)
    if here is None:
        return None
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    made = Plan(
        id=f"resume:{agent}",
        kind="resume",
        agents=(name,),
        title=words["titles"]["resume"].format(agent=name),
        why=words["why"]["resume"].format(agent=name, days=plain_number(stopped.low.item(row))),
        unit=facts.knowledge.agents[agent].dose_unit,
        missed=told,
        withdrawal=withdrawal(agent, facts),
        refused=danger(agent, findings, facts),
    )
    if here.do != "retitrate" or made.refused:
        return made
    lines = [m for m in medicines if agent in m.agents and m.role == "stopped"]
    before = intake(agent, lines, facts) if lines else None
    goal = before.daily if before is not None and not before.why else None
    wanted = Wanted(first=patient.as_of, goal=goal, release=_release(None, lines), country=patient.country)
    again = titration_plan(agent, facts, findings, wanted, row, kind="resume")
    return msgspec.structs.replace(again, why=f"{made.why} {again.why}")


def _release(weighed: Medicine | None, taken: Sequence[Medicine]) -> str | None:
    """The release of what is weighed, else of what is taken: as one line says it."""
    lines = [weighed, *([] if weighed is not None and weighed.beside else taken)]
    return next((m.regimen.release for m in lines if m is not None and m.regimen.release), None)


def _is_left(agent: str, medicines: Sequence[Medicine]) -> bool:
    return any(m.stop_weighed for m in current_lines(agent, medicines))


def _weighed_daily(agent: str, medicines: Sequence[Medicine], facts: Facts) -> float | None:
    """The daily dose that is weighed, in the agent's unit: the most that the line allows; unknown where it says none."""
    line, unit = weighed_line(agent, medicines), facts.knowledge.agents[agent].dose_unit
    daily = line.regimen.daily if line else None
    if daily is None or daily.high is None:
        return None
    its = daily.unit.removesuffix("/day")
    return daily.high if its == unit else convert(Quantity(daily.high, its), unit)
