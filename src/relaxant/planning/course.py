"""How long a source lets a relaxant be taken, and a calendar that ends there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Titration
from relaxant.planning.calendar import Calendar, supplies
from relaxant.planning.plan import Step


def course_days(agent: str, chosen: Titration, facts: Facts, row: int = 0) -> float | None:
    """The most days of a course: of the label's limits and, for what the person has, of guidelines; ``None`` where no source ends it.

    A guideline's end counts only where each that speaks of the agent for this person sets one, and not where the steps are those of
    a condition of their own: nobody ends a treatment of one thing because another ends.
    """
    found = [
        limit.value
        for limit in facts.knowledge.agents[agent].limits
        if limit.kind == "course" and holds_in(limit, facts.jurisdiction) and facts.of_age(limit.age_from, limit.age_to, row)[0]
    ]  # fmt: skip
    said = [
        choice.most_days
        for choice in facts.knowledge.plans.choices.values()
        if agent in choice.agents
        and not choice.goals
        and holds_in(choice, facts.jurisdiction)
        and facts.of_age(choice.age_from, choice.age_to, row)[0]
        and any(facts.column(f"condition:{c}").surely[row] for c in choice.conditions)
    ]
    if not chosen.conditions and None not in said:
        found += [days for days in said if days is not None]
    return min(found, default=None)


def judged_days(course: float, stage_days: float, facts: Facts, looks: float | None = None) -> float:
    """For how many days a higher dose is taken at least, so that a course is worth the rise: those of the present stage, and those (``looks``) after
    which the source looks at the highest dose, where the course has room for them."""
    fitting = [days for days in (stage_days, looks or 0.0) if days < course]
    return max((facts.knowledge.policy("plan_rise_days"), *fitting))


def ended(made: Calendar, last: date, facts: Facts, judged: float = 0.0) -> Calendar:
    """A calendar whose last day with a dose is ``last``, and no supply beyond; as it is where it ends before. No rise is among its steps that
    would last for fewer days than ``judged``."""
    steps = [step for step in made.steps if step.first <= last and (step.number == 1 or step.changed <= 0 or days_left(step.first, last) >= judged)]  # fmt: skip
    whole = len(steps) == len(made.steps)
    if not steps or (whole and steps[-1].last is not None and steps[-1].last <= last):
        return made
    steps[-1] = msgspec.structs.replace(steps[-1], last=last)
    used = sorted({count.product for step in steps for take in step.takes for count in take.counts})
    own = tuple(_of_products(step, used) for step in steps)
    return Calendar(steps=own, products=tuple(made.products[p] for p in used), supply=supplies(own, facts))


def days_left(first: date, last: date) -> int:
    """How many days there are from one day up to and including another."""
    return (last - first).days + 1


def _of_products(step: Step, used: Sequence[int]) -> Step:
    """A step whose counts speak of the products that are left."""
    takes = []
    for take in step.takes:
        counts = tuple(msgspec.structs.replace(count, product=used.index(count.product)) for count in take.counts)
        takes.append(msgspec.structs.replace(take, counts=counts))
    return msgspec.structs.replace(step, takes=tuple(takes))
