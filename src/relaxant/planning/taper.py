"""Lowering to nothing (or to a lower dose): a stated policy, in real pieces, never up, with the ways on where it goes badly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import Taper
from relaxant.knowledge.questions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock
from relaxant.planning.current import Intake, current_lines, form_of, intake
from relaxant.planning.parts import Grains, shares_of, spread
from relaxant.planning.plan import Branch, Plan
from relaxant.planning.products import product_groups
from relaxant.planning.said import amount, gates, missed, policy, withdrawal
from relaxant.planning.tablets import GRAIN, ROUNDING, grains
from relaxant.planning.titration import product_notes
from relaxant.quantities import plain_number
from relaxant.rules.asked import asked
from relaxant.rules.wording import shown_agent_name

_MOST_STEPS = 400


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """The clinician's own way of lowering: a named policy, another amount or part of the dose a step, another time between steps."""

    policy: str | None = None
    by: float | None = None
    percent: float | None = None
    every_days: float | None = None


def taper_plan(
    agent: str,
    medicines: Sequence[Medicine],
    facts: Facts,
    first: date,
    *,
    why: str = "asked",
    override: Override | None = None,
    goal: float = 0.0,
    taken: Intake | None = None,
    row: int = 0,
) -> Plan:
    """The calendar by which one person leaves an agent, or comes down to ``goal`` a day; what is missing is named where none can be made.

    ``taken`` is where it begins, by default what is taken now.
    Raises :class:`KeyError` for an override that names a policy that is not known for the agent.
    """
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    unit, override = facts.knowledge.agents[agent].dose_unit, override or Override()
    taken = taken or intake(agent, current_lines(agent, medicines), facts)
    made = Plan(
        id=f"taper:{agent}",
        kind="taper",
        agents=(name,),
        title=words["titles"]["lower" if goal else "taper"].format(agent=name),
        why=words["why"][why].format(agent=name, goal=amount(goal, unit)),
        unit=unit,
        gates=gates(agent, "taper", facts, row),
        withdrawal=withdrawal(agent, facts),
        missed=missed(agent, facts, row),
    )
    fitting, needs = tapers(agent, facts, row)
    made = msgspec.structs.replace(made, needs_first=needs)
    if taken.why:
        needs = (*needs, words["need"]["dose"].format(agent=name))
        return msgspec.structs.replace(
            made, refused=words["not_known"][taken.why].format(agent=name), needs_first=needs
        )
    of_others = False
    if override.policy is not None:
        named = {t.taper: t for t in facts.knowledge.plans.tapers.values() if agent in t.agents}[override.policy]
        of_others = named not in fitting
        fitting = [named, *(t for t in fitting if t is not named)]
    if not fitting:
        return msgspec.structs.replace(made, refused=words["refused"]["no_policy"].format(agent=name))
    chosen = _overridden(fitting[0], override)
    found = _made(agent, taken, chosen, facts, first, goal)
    if found is None:
        return msgspec.structs.replace(made, refused=words["not_known"]["unmakeable"].format(agent=name))
    foreign = (words["notes"]["not_for_this"].format(who=fitting[0].who),) if of_others else ()
    return msgspec.structs.replace(
        made,
        policies=tuple(
            policy(t, facts, chosen=i == 0, override=_said(override, unit, words["override"]) if i == 0 else None)
            for i, t in enumerate(fitting)
        ),
        products=found.products,
        steps=found.steps,
        supply=found.supply,
        last_dose=None if goal else found.steps[-1].last if found.steps else first,
        branches=tuple(_branches(agent, taken, chosen, found, facts, first, goal)),
        notes=(*foreign, *_notes(fitting, of_others, override, taken, found, facts)),
    )


def tapers(agent: str, facts: Facts, row: int = 0) -> tuple[list[Taper], tuple[str, ...]]:
    """The policies that fit, the plan's choice first, and what would settle whether another fits too."""
    fitting: list[Taper] = []
    needs: dict[str, None] = {}
    for taper in facts.knowledge.plans.tapers.values():
        if agent not in taper.agents or not holds_in(taper, facts.jurisdiction):
            continue
        age = facts.column("age")
        if age.high.item(row) < taper.age_from:
            continue
        answer = asked(taper.when, agent, facts, row)
        if answer.holds:
            fitting.append(taper)
        elif answer.open and not fitting:  # it would have been chosen
            needs.update(dict.fromkeys(answer.settled_by))
    return fitting, tuple(need for need in needs if need not in facts.seldom_asked(row))


def _overridden(chosen: Taper, override: Override) -> Taper:
    if override.by is not None:
        chosen = msgspec.structs.replace(chosen, by=override.by, percent=None, over_days=None)
    elif override.percent is not None:
        chosen = msgspec.structs.replace(chosen, by=None, percent=override.percent, over_days=None)
    return chosen if override.every_days is None else msgspec.structs.replace(chosen, every_days=override.every_days)


def _said(override: Override, unit: str, words: dict[str, str]) -> str | None:
    parts = []
    if override.by is not None:
        parts.append(words["by"].format(amount=amount(override.by, unit)))
    if override.percent is not None:
        parts.append(words["percent"].format(percent=plain_number(override.percent)))
    if override.every_days is not None:
        parts.append(words["every"].format(days=plain_number(override.every_days)))
    return ", ".join(parts) or override.policy


def _made(agent: str, taken: Intake, taper: Taper, facts: Facts, first: date, goal: float) -> Calendar | None:
    """The calendar in the first kind of product that makes the present doses, that of the present product before others."""
    doses = {part: grains(dose) for part, dose in taken.doses.items()}
    groups = product_groups(agent, facts, modified=taken.modified)
    groups = product_groups(agent, facts, form=form_of(taken.form, groups), modified=taken.modified)
    largest = max(taken.doses.values())
    stocks = [held for group in groups if all(d in (held := stock(group, largest, facts)).ways for d in doses.values())]
    made = [(held, merged(list(_rungs(doses, taper, held, grains(goal))))) for held in stocks]
    made = [(held, rungs) for held, rungs in made if rungs] or [
        (held, [Rung(doses=doses, days=taper.every_days)]) for held in stocks[:1]
    ]
    return next(
        (found for held, rungs in made if (found := calendar(agent, rungs, held, first, sum(doses.values()), facts))),
        None,
    )


def _rungs(doses: Grains, taper: Taper, held: Stock, goal: int) -> Iterator[Rung]:
    """The rungs below the present dose: each the policy's dose at that time, made from pieces, no part of the day ever above what it was."""
    shares, before = shares_of({part: float(dose) for part, dose in doses.items()}), dict(doses)
    for ideal in _ideals(float(sum(doses.values())), taper, float(goal)):
        found = spread(ideal, shares, held.amounts, before, at_most=sum(before.values()), nearest=True)
        if not found:
            return
        if sum(found.values()) < goal:
            return
        yield Rung(doses=found, days=taper.every_days)
        before = {part: found.get(part, 0) for part in before}
        if sum(found.values()) <= goal > 0:
            return


def _ideals(whole: float, taper: Taper, goal: float) -> Iterator[float]:
    """The day's doses (grains) that a policy asks for, step by step, down to the last above nothing (or to the goal)."""
    last, now = max((taper.last or 0.0) * GRAIN, goal), whole
    count = math.ceil((taper.over_days or 0.0) / taper.every_days)
    for k in range(1, _MOST_STEPS):
        if now <= last + ROUNDING:
            return
        if taper.by is not None:
            now = whole - taper.by * GRAIN * k
        elif taper.percent is not None:
            lowered = taper.percent / 100
            now = whole * (1 - lowered * k) if taper.of_first else whole * (1 - lowered) ** k
        else:
            now = whole * (1 - k / (count + 1))  # after so many steps the time is over and nothing is taken
        if now <= ROUNDING and not goal:
            return
        yield max(now, goal)


def _branches(
    agent: str, taken: Intake, taper: Taper, found: Calendar, facts: Facts, first: date, goal: float
) -> Iterator[Branch]:
    words = facts.knowledge.words("planning")["branches"]
    yield Branch(kind="hold", text=words["hold"])
    slow = msgspec.structs.replace(taper, every_days=math.ceil(taper.every_days * taper.slower_factor), over_days=None if taper.over_days is None else taper.over_days * taper.slower_factor)  # fmt: skip
    slower = _made(agent, taken, slow, facts, first, goal)
    if slower is not None and slower.steps:
        text = words["slower"].format(days=plain_number(slow.every_days))
        yield Branch(kind="slower", text=text, steps=slower.steps, last_dose=None if goal else slower.steps[-1].last)
    yield Branch(kind="rescue", text=words["rescue"])


def _notes(fitting: Sequence[Taper], named: bool, override: Override, taken: Intake, found: Calendar, facts: Facts) -> tuple[str, ...]:  # fmt: skip
    words, out = facts.knowledge.words("planning")["notes"], []
    if taken.placed:
        out.append(words["placed"])
    out += [words[key] for key in _beyond(fitting, named, override, taken)]
    if found.steps and not any(step.changed for step in found.steps):
        out.append(words["nothing_less"])
    return (*out, words["rounded_taper"], *product_notes(found, facts))


def _beyond(fitting: Sequence[Taper], named: bool, override: Override, taken: Intake) -> Iterator[str]:
    """How an override goes beyond what sources allow this person: the policy that it stands in place of, and all that fit."""
    if not fitting:
        return
    daily, chosen = taken.daily, _overridden(fitting[0], override)
    ours, ours_days = _first_fall(chosen, daily), chosen.every_days
    others = fitting[1:] if named else fitting
    largest = max((_first_fall(t, daily) for t in others), default=0.0)
    soonest = min((t.every_days_least or t.every_days for t in others), default=math.inf)
    fastest = max((_first_fall(t, daily) / (t.every_days_least or t.every_days) for t in others), default=0.0)
    if ours_days < (fitting[0].every_days_least or fitting[0].every_days):
        yield "quicker"
    if ours > _first_fall(fitting[0], daily) + ROUNDING:
        yield "larger"
    beyond_all = ours > largest + ROUNDING or ours_days < soonest or ours / ours_days > fastest + ROUNDING
    if beyond_all and (override.by is not None or override.percent is not None or override.every_days is not None):
        yield "beyond_all"


def _first_fall(taper: Taper, daily: float) -> float:
    """How much of the day's dose the first step takes away."""
    if taper.by is not None:
        return min(taper.by, daily)
    if taper.percent is not None:
        return daily * taper.percent / 100
    return daily / (math.ceil((taper.over_days or 0.0) / taper.every_days) + 1)
