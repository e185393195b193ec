"""What sources say of one relaxant for a person and what the person has: what it is to that, its place among the treatments, how it is given, for how long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from relaxant.facts.conditions import implied_by
from relaxant.facts.facts import Facts
from relaxant.facts.suitability import SUITS, indications, said_as
from relaxant.knowledge.agents import SUITABILITIES, Dosing, Indication
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Choice, Goal
from relaxant.knowledge.schema import Cited as KnownAs
from relaxant.patient import Patient
from relaxant.planning.falling_out import only_weight
from relaxant.planning.option import Course, Place, Support
from relaxant.planning.plan import Plan, Step, Told
from relaxant.planning.said import days_said
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import capital, listed


def wider_of(conditions: Sequence[str], facts: Facts) -> set[str]:
    """The conditions, and what they are cases of."""
    return {*conditions, *(wide for condition in conditions for wide in implied_by(condition, facts.knowledge))}


def said_about(agent: str, conditions: Sequence[str], facts: Facts) -> tuple[list[Indication], list[Indication]]:
    """What sources say of the agent for these conditions at this age, and what would suit at another age alone.

    The condition's own lines decide; those of what it is a case of do where there are none, and add what the label allows where the
    agent suits.
    """
    known = indications(facts.knowledge.agents[agent], facts.jurisdiction)
    wider = wider_of(conditions, facts)
    fitting = [i for i in known if facts.of_age(i.age_from, i.age_to)[1]]
    out: list[Indication] = []
    for condition in conditions:
        own = [i for i in fitting if i.condition == condition]
        more = [i for i in fitting if i.condition in implied_by(condition, facts.knowledge)]
        if own and any(i.status in SUITS for i in own):
            own += [i for i in more if i.status == "licensed"] if not any(i.status == "licensed" for i in own) else []
        out += own or more
    others = [i for i in known if i not in fitting and i.condition in wider and i.status in SUITS]
    return sorted(dict.fromkeys(out), key=lambda i: SUITABILITIES.index(i.status)), others


def support_of(known: Indication, patient: Patient, facts: Facts) -> Support:
    """What an indication says, for a person of a country."""
    return Support(
        condition=listed(said_as(facts, known.condition, 0), facts.knowledge.words("values")),
        status=known.status,
        text=known.text,
        evidence=known.evidence,
        elsewhere=bool(known.countries) and patient.country not in known.countries,
        verified=known.verified,
        source=cited(facts.knowledge, known.source, known.place),
    )


def places(agent: str, goal: Goal, conditions: Sequence[str], facts: Facts) -> Iterator[Place]:
    """Where guidelines and labels put it for each condition: of the person's own country first; those of the narrowest condition alone."""
    for condition in conditions:
        own = list(_choices(agent, goal, [condition], facts))
        for known in own or _choices(agent, goal, implied_by(condition, facts.knowledge), facts):
            yield Place(
                line=known.line,
                after=known.after,
                text=known.text,
                verified=known.verified,
                source=cited(facts.knowledge, known.source, known.place),
            )


def _choices(agent: str, goal: Goal, conditions: Sequence[str], facts: Facts) -> list[Choice]:
    found = [
        c
        for c in facts.knowledge.plans.choices.values()
        if agent in c.agents
        and set(conditions) & set(c.conditions)
        and (not c.goals or goal.goal in c.goals)
        and holds_in(c, facts.jurisdiction)
        and facts.of_age(c.age_from, c.age_to)[1]
    ]
    return sorted(found, key=lambda c: not c.jurisdiction)


def regimen(agent: str, conditions: Sequence[str], plan: Plan | None, facts: Facts) -> Iterator[Told]:
    """How it is given, in words: the titration of the calendar; without one what the dosing of this age and condition says."""
    chosen = [p for p in plan.policies if p.chosen] if plan is not None and not plan.refused else []
    for used in chosen:
        yield Told(text=used.text, verified=used.verified, source=used.source)
    if chosen or (plan is not None and plan.refused and not only_weight(plan, facts) and plan.policies):
        return
    wider = wider_of(conditions, facts)
    fitting = [
        d
        for d in facts.knowledge.agents[agent].dosing
        if holds_in(d, facts.jurisdiction) and facts.of_age(d.age_from or 0, d.age_to or math.inf)[1]
    ]
    if not fitting:
        yield from _of_pump(agent, facts)
    for dosing in _for_conditions(fitting, wider):
        yield _told(f"{capital(dosing.who)}: {dosing.text}", dosing, facts)


def _of_pump(agent: str, facts: Facts) -> Iterator[Told]:
    """The test doses and the first day, of what a pump delivers."""
    for pump in facts.knowledge.plans.pumps.values():
        if pump.agent != agent:
            continue
        for test in pump.screening:
            if holds_in(test, facts.jurisdiction) and facts.of_age(test.age_from, math.inf)[1]:
                yield _told(test.text, test, facts)
        for start in pump.start:
            if holds_in(start, facts.jurisdiction):
                yield _told(start.text, start, facts)


def _told(text: str, known: KnownAs, facts: Facts) -> Told:
    return Told(text=text, verified=known.verified, source=cited(facts.knowledge, known.source, known.place))


def _for_conditions(fitting: Sequence[Dosing], wider: set[str]) -> list[Dosing]:
    """The first that is for any condition, and those for one of these; tables by muscle and the like only where no whole dose is said."""
    found = [*[d for d in fitting if not d.conditions][:1], *[d for d in fitting if wider & set(d.conditions)]]
    return [d for d in found if (d.start, d.target_low, d.target_high, d.maximum_daily) != (None,) * 4] or found


def course_of(agent: str, goal: Goal, conditions: Sequence[str], steps: Sequence[Step], facts: Facts) -> Course | None:
    """The longest treatment that a label or guideline allows, the shorter of them."""
    found: list[tuple[float, Cited, bool]] = [
        (limit.value, cited(facts.knowledge, limit.source, limit.place), limit.verified)
        for limit in facts.knowledge.agents[agent].limits
        if limit.kind == "course"
        and holds_in(limit, facts.jurisdiction)
        and facts.of_age(limit.age_from, limit.age_to)[1]
    ]
    found += [
        (c.most_days, cited(facts.knowledge, c.source, c.place), c.verified)
        for c in _choices(agent, goal, conditions, facts)
        if c.most_days is not None
    ]
    if not found:
        return None
    days, source, verified = min(found, key=lambda f: f[0])
    within = _of_days(steps, days)
    text = facts.knowledge.words("planning")["options"]["course"].format(days=days_said(days, facts))
    return Course(days=days, reached=within[-1].daily if within else None, text=text, verified=verified, source=source)


def _of_days(steps: Sequence[Step], days: float) -> tuple[Step, ...]:
    """The steps that begin within so many days."""
    return tuple(s for s in steps if (s.first - steps[0].first).days < days)


def within(steps: Sequence[Step], course: Course | None) -> tuple[Step, ...]:
    """The steps that the longest time of treatment leaves room for."""
    return tuple(steps) if course is None else _of_days(steps, course.days)


def driving(agent: str, facts: Facts) -> Iterator[Told]:
    """What the medicine does to driving, for those of an age to drive."""
    if not facts.of_age(facts.knowledge.policy("options_driving_from"), math.inf)[1]:
        return
    for said in facts.knowledge.agents[agent].statements:
        if said.topic == "driving" and holds_in(said, facts.jurisdiction):
            yield Told(text=said.text, verified=said.verified, source=cited(facts.knowledge, said.source, said.place))
            return
