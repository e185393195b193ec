"""Each relaxant weighed for one person: what a review would find and plan if it were begun today, or raised from what is taken.

One row a relaxant goes through the same facts and rules as every review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.pace import PACE
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Line, Patient
from relaxant.planning.current import Intake, current_lines, intake, release_of
from relaxant.planning.dose import danger
from relaxant.planning.plan import Plan, Step
from relaxant.planning.tablets import grains
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.planning.which_titration import titrations
from relaxant.quantities import plain_number
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import Finding, read_row
from relaxant.rules.wording import shown_agent_name


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """What weighing one relaxant gave. ``plan`` goes up from nothing, or from what is taken now (``now``); ``whole`` always from nothing.
    ``stopped_rise`` is the DANGER that stands at the raised dose and not at the present one."""

    findings: tuple[Finding, ...]
    open: tuple[str, ...]
    plan: Plan | None
    whole: Plan | None
    now: Intake | None = None
    stopped_rise: str | None = None


def weighed(
    patient: Patient, agents: Sequence[str], medicines: Sequence[Medicine], here: Facts, knowledge: Knowledge
) -> dict[str, Weighed]:
    """Each relaxant weighed, all in one call: one that is not taken in its first dose, one that is taken as it is and at its next doses. What the
    patient file weighs already is weighed with each."""
    taken = {a for a in agents if current_lines(a, medicines)}
    lines = {a: () if a in taken else (ordered(a, _first_stage(a, here), "start", here),) for a in agents}
    _, standing, _ = read_row(evaluate(program(knowledge, patient.jurisdiction), here), 0)
    without = frozenset(f.rules[0] for f in standing if f.tier == "DANGER")
    out = _of_lines(patient, lines, knowledge, without)
    raised = {
        a: (ordered(a, _doses_of(out[a].plan.steps[-1]), "replace", here),)  # type: ignore[union-attr]
        for a in taken
        if out[a].plan and out[a].plan.steps  # type: ignore[union-attr]
    }
    for agent, above in _of_lines(patient, raised, knowledge, without).items():
        grave = danger(agent, above.findings, here)
        if grave and not danger(agent, out[agent].findings, here):
            out[agent] = msgspec.structs.replace(out[agent], stopped_rise=grave)
        elif not grave:
            out[agent] = msgspec.structs.replace(out[agent], findings=above.findings)
    return out


def ordered(agent: str, doses: Sequence[float], change: str, facts: Facts) -> Line:
    """An order of an agent by its usual route: so much in each dose of the day (their mean, where they differ); no dose, name and route alone."""
    known, words = facts.knowledge.agents[agent], facts.knowledge.words("planning")["order"]
    said = f"{known.ingredient} {known.routes[0]}"
    line = Line(said=said, drug=known.ingredient, route=known.routes[0], change="replace" if change == "replace" else "start")  # fmt: skip
    if not doses:
        return line
    dose, often = f"{plain_number(sum(doses) / len(doses))} {known.dose_unit}", words[str(len(doses))]
    return msgspec.structs.replace(line, said=f"{said} {dose} {often}", dose=dose, frequency=often)


def _doses_of(step: Step) -> list[float]:
    return [take.amount for take in step.takes]


def _first_stage(agent: str, facts: Facts) -> list[float]:
    """The doses of the first day as the titration that fits writes them; none where it goes by weight or none fits."""
    found = titrations(agent, facts)
    if not found or found[0].unit != facts.knowledge.agents[agent].dose_unit:
        return []
    return list(found[0].stages[0].doses.values())


def _of_lines(
    patient: Patient, lines: Mapping[str, tuple[Line, ...]], knowledge: Knowledge, without: frozenset[str]
) -> dict[str, Weighed]:
    """A row for each agent. A DANGER that others are in ``without`` it (by the rule that speaks) is none of an agent that is not taken,
    and how fast a dose is reached is no finding where the plan sets its steps."""
    if not lines:
        return {}
    people = [
        msgspec.structs.replace(patient, considering=(*(patient.considering or ()), *own)) for own in lines.values()
    ]
    readings = [(one, read_medicines(one, knowledge)) for one in people]
    facts = Facts(inputs_of(readings, knowledge), knowledge, patient.jurisdiction)
    checks = evaluate(program(knowledge, patient.jurisdiction), facts, frozenset(lines))
    out = {}
    for row, agent in enumerate(lines):
        _, findings, unchecked = read_row(checks, row, agent)
        name, new = shown_agent_name(agent, facts), bool(lines[agent]) and lines[agent][0].change == "start"
        own = tuple(
            f
            for f in findings
            if f.situation != "stopped"
            and not _of_pace(f, knowledge)
            and not (new and f.tier == "DANGER" and f.rules[0] in without and name not in _shown(f, facts))
        )
        asks = tuple(u.settled_by for u in unchecked if not u.folded and agent in u.agents)
        out[agent] = _planned(agent, patient, readings[row][1], facts, own, asks, row)
    return out


def _of_pace(finding: Finding, knowledge: Knowledge) -> bool:
    """Whether a finding is about how fast a dose rises alone."""
    return all((knowledge.rules[rule].when or {}).get("fact") in PACE for rule in finding.rules)


def _shown(finding: Finding, facts: Facts) -> list[str]:
    return [shown_agent_name(a, facts) for a in finding.agents if a in facts.knowledge.agents]


def _planned(
    agent: str,
    patient: Patient,
    medicines: Sequence[Medicine],
    facts: Facts,
    findings: tuple[Finding, ...],
    asks: tuple[str, ...],
    row: int,
) -> Weighed:
    own = current_lines(agent, medicines)
    now = intake(agent, own, facts) if own else None
    if not any(t.agent == agent for t in facts.knowledge.plans.titrations.values()):
        return Weighed(findings=findings, open=asks, plan=None, whole=None, now=now)
    whole = titration_plan(agent, facts, findings, Wanted(first=patient.as_of), row)
    if now is None:
        return Weighed(findings=findings, open=asks, plan=whole, whole=whole)
    if now.why:
        return Weighed(findings=findings, open=asks, plan=None, whole=whole, now=now)
    before = {part: grains(dose) for part, dose in now.doses.items()}
    wanted = Wanted(
        first=patient.as_of,
        before=before,
        since=now.since,
        form=now.form,
        release=release_of(None, own),
    )
    return Weighed(
        findings=findings,
        open=asks,
        plan=titration_plan(agent, facts, findings, wanted, row),
        whole=whole,
        now=now,
    )
