"""Options: for this person and this goal, what suits, at which dose, at what cost to this person, and why the rest fell out.

Each relaxant is weighed in turn, as if it were ordered today in its first dose: one row a relaxant through the same facts and rules
as every review. Nothing is scored; what stands first is what the sources support most and what speaks least against it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.conditions import implied_by
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.suitability import SUITS, indications, said_as
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import Goal
from relaxant.knowledge.schema import SUITABILITIES, TIERS, Indication, Suitability, Tier
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Line, Patient
from relaxant.planning.current import current_lines
from relaxant.planning.plan import Plan
from relaxant.planning.titration import Wanted, titration_plan, titrations
from relaxant.quantities import plain_number
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import Finding, read_row
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import listed, shown_agent_name


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against it in this person: a finding of the review that weighs it."""

    tier: Tier
    summary: str
    rules: tuple[str, ...]


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is to a condition of the person, in the words of a source."""

    condition: str
    status: Suitability
    text: str
    evidence: str
    verified: bool
    source: Cited


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One relaxant for one goal. ``suits`` where it may be chosen; else ``why_not`` says why it fell out.

    ``first_daily`` and ``top_daily`` (in ``unit``) are the day's dose of the first and last step, ``days`` from one to the other; ``pieces_low`` and
    ``pieces_high`` the tablets (or mL) a day. ``range`` says what is known of a useful level. ``taken`` where it is on the list already.
    """

    agent: str
    suits: bool
    taken: bool
    support: tuple[Support, ...]
    why_not: tuple[str, ...]
    unit: str
    first_daily: float | None
    top_daily: float | None
    days: int | None
    pieces_low: float | None
    pieces_high: float | None
    liquid: bool
    range: str
    harms: tuple[Harm, ...]
    open: tuple[str, ...]
    regimen: str


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options for one goal, those that suit first."""

    goal: str
    text: str
    conditions: tuple[str, ...]
    options: tuple[Option, ...]


def goals_of(patient: Patient, knowledge: Knowledge) -> tuple[list[Goal], list[str]]:
    """The goals that the person named, and the words that name none that is known."""
    known: dict[str, Goal] = {}
    unknown = []
    for said in patient.goals:
        plain = " ".join(said.lower().replace("_", " ").split())
        goal = next((g for g in knowledge.plans.goals.values() if plain in (*g.names, g.title)), None)
        if goal is None:
            unknown.append(said)
        else:
            known[goal.goal] = goal
    return list(known.values()), unknown


def options(patient: Patient, knowledge: Knowledge) -> tuple[Options, ...]:
    """The options for each goal that the patient file names; empty without one."""
    goals, _ = goals_of(patient, knowledge)
    if not goals:
        return ()
    medicines = read_medicines(msgspec.structs.replace(patient, considering=()), knowledge)
    here = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    asked_of = {g.goal: _conditions(g, here) for g in goals}
    agents = sorted({a for found in asked_of.values() for a in _candidates(found, here)})
    weighed = _weighed(patient, agents, here, knowledge)
    return tuple(
        Options(
            goal=goal.title,
            text=goal.text,
            conditions=tuple(knowledge.conditions[c].title for c in asked_of[goal.goal]),
            options=tuple(
                sorted(
                    (
                        _option(a, asked_of[goal.goal], weighed[a], medicines, here)
                        for a in _candidates(asked_of[goal.goal], here)
                    ),
                    key=_order,
                )
            ),
        )
        for goal in goals
    )


def _conditions(goal: Goal, facts: Facts) -> list[str]:
    """The goal's conditions that the person has, the narrowest alone; the goal's first where none was said."""
    own = [c for c in goal.conditions if facts.column(f"condition:{c}").surely[0]]
    narrow = [c for c in own if not any(c != other and c in implied_by(other, facts.knowledge) for other in own)]
    return narrow or [goal.conditions[0]]


def _candidates(conditions: Sequence[str], facts: Facts) -> list[str]:
    """The relaxants of which a source says something for one of the conditions, or for what it is a case of."""
    wider = {c for condition in conditions for c in (condition, *implied_by(condition, facts.knowledge))}
    return sorted(
        agent.agent
        for agent in facts.knowledge.agents.values()
        if any(i.condition in wider for i in indications(agent, facts.jurisdiction))
    )


class _Weighed(msgspec.Struct, frozen=True):
    """What weighing one relaxant gave."""

    findings: tuple[Finding, ...]
    open: tuple[str, ...]
    plan: Plan | None


def _weighed(patient: Patient, agents: Sequence[str], here: Facts, knowledge: Knowledge) -> dict[str, _Weighed]:
    """Each relaxant weighed in its first dose, all in one call."""
    readings = []
    for agent in agents:
        one = msgspec.structs.replace(patient, considering=(_first_dose(agent, here),))
        readings.append((one, read_medicines(one, knowledge)))
    if not readings:
        return {}
    facts = Facts(inputs_of(readings, knowledge), knowledge, patient.jurisdiction)
    checks = evaluate(program(knowledge, patient.jurisdiction), facts, frozenset(agents))
    out = {}
    for row, agent in enumerate(agents):
        _, findings, unchecked = read_row(checks, row)
        name = shown_agent_name(agent, facts)
        own = tuple(f for f in findings if name in f.agents and f.situation != "stopped")
        plan = None
        if titrations(agent, facts, row):
            plan = titration_plan(agent, facts, own, Wanted(first=patient.as_of), row)
        out[agent] = _Weighed(own, tuple(u.settled_by for u in unchecked if not u.folded and agent in u.agents), plan)
    return out


def _first_dose(agent: str, facts: Facts) -> Line:
    """The first dose of the agent's titration as an order; its name and route where no source writes one."""
    known, found = facts.knowledge.agents[agent], titrations(agent, facts)
    said = f"{known.ingredient} {known.routes[0]}"
    if not found:
        return Line(said=said, drug=known.ingredient, route=known.routes[0], change="start")
    doses, words = found[0].stages[0].doses, facts.knowledge.words("planning")["order"]
    dose = f"{plain_number(max(doses.values()))} {found[0].unit}"
    often = words[str(len(doses))]
    return Line(
        said=f"{said} {dose} {often}",
        drug=known.ingredient,
        route=known.routes[0],
        dose=dose,
        frequency=often,
        change="start",
    )


def _option(
    agent: str, conditions: Sequence[str], weighed: _Weighed, medicines: Sequence[Medicine], facts: Facts
) -> Option:
    words, plan = facts.knowledge.words("planning")["options"], weighed.plan
    supports = tuple(_support(i, facts) for i in _about(agent, conditions, facts))
    steps = plan.steps if plan and not plan.refused else ()
    pieces = [sum(c.count for t in s.takes for c in t.counts) for s in steps]
    why_not = tuple(dict.fromkeys((*_not_sold(agent, facts, words), *_why_not(supports, weighed, words))))
    return Option(
        agent=shown_agent_name(agent, facts),
        suits=not why_not,
        taken=bool(current_lines(agent, medicines)),
        support=supports,
        why_not=why_not,
        unit=facts.knowledge.agents[agent].dose_unit,
        first_daily=steps[0].daily if steps else None,
        top_daily=steps[-1].daily if steps else None,
        days=(steps[-1].first - steps[0].first).days if steps else None,
        pieces_low=pieces[0] if pieces else None,
        pieces_high=pieces[-1] if pieces else None,
        liquid=bool(plan and plan.products and plan.products[0].liquid and steps),
        range=words["no_range"],
        harms=tuple(Harm(tier=f.tier, summary=f.summary, rules=f.rules) for f in weighed.findings),
        open=tuple(dict.fromkeys((*(plan.needs_first if plan else ()), *(n for n in weighed.open if agent not in n)))),
        regimen=next((p.text for p in plan.policies if p.chosen), "") if plan else "",
    )


def _not_sold(agent: str, facts: Facts, words: dict[str, str]) -> Iterator[str]:
    """Why there is no product of an agent in the country."""
    for row in facts.knowledge.coverage:
        if row.agent == agent and row.jurisdiction == facts.jurisdiction and row.not_sold:
            yield words["not_sold"].format(why=row.not_sold)


def _about(agent: str, conditions: Sequence[str], facts: Facts) -> list[Indication]:
    """What sources say of the agent for these conditions: the condition's own lines, and those of what it is a case of where there are none."""
    known = indications(facts.knowledge.agents[agent], facts.jurisdiction)
    out: list[Indication] = []
    for condition in conditions:
        own = [i for i in known if i.condition == condition]
        wider = implied_by(condition, facts.knowledge)
        out += own or [i for i in known if i.condition in wider]
    return sorted(out, key=lambda i: SUITABILITIES.index(i.status))


def _support(known: Indication, facts: Facts) -> Support:
    return Support(
        condition=listed(said_as(facts, known.condition, 0), facts.knowledge.words("values")),
        status=known.status,
        text=known.text,
        evidence=known.evidence,
        verified=known.verified,
        source=cited(facts.knowledge, known.source, known.place),
    )


def _why_not(supports: Sequence[Support], weighed: _Weighed, words: dict[str, str]) -> Iterator[str]:
    """Why a relaxant falls out: a DANGER, a dose that may never be, or no source that speaks for it."""
    yield from (f.summary for f in weighed.findings if f.tier == "DANGER")
    if weighed.plan is not None and weighed.plan.refused:
        yield weighed.plan.refused
    if not any(s.status in SUITS for s in supports):
        yield words["unsupported"].format(text=supports[0].text) if supports else words["nothing_said"]


def _order(option: Option) -> tuple[bool, int, int, str]:
    best = min((SUITABILITIES.index(s.status) for s in option.support), default=len(SUITABILITIES))
    worst = min((TIERS.index(h.tier) for h in option.harms), default=len(TIERS))
    return not option.suits, best, -worst, option.agent
