"""Exchanging one agent for another: the new one raised as its titration says, the old one lowered as its taper says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import Switch
from relaxant.knowledge.questions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.planning.current import current_lines, intake
from relaxant.planning.plan import Branch, Plan, Policy, Step, Supply, Take
from relaxant.planning.said import amount
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import shown_agent_name


def known_switch(old: str, new: str, facts: Facts) -> Switch | None:
    """What is known of exchanging one agent for another, form aside."""
    return next(
        (
            s
            for s in facts.knowledge.plans.switches.values()
            if (s.from_agent, s.to_agent) == (old, new)
            and not (s.from_form or s.to_form)
            and holds_in(s, facts.jurisdiction)
        ),
        None,
    )


def switch_plan(
    switch: Switch,
    medicines: Sequence[Medicine],
    facts: Facts,
    findings: Sequence[Finding],
    first: date,
    *,
    goal: float | None = None,
    row: int = 0,
) -> Plan:
    """One calendar of both agents. Where the new one may not be started the way out of the old one is planned alone, and says why."""
    words = facts.knowledge.words("planning")
    old, new = switch.from_agent, switch.to_agent
    taken = intake(old, current_lines(old, medicines), facts)
    reckoned = None if switch.ratio is None or taken.why else taken.daily * switch.ratio
    rising = titration_plan(
        new, facts, findings, Wanted(first=first, goal=goal if goal is not None else reckoned), row, kind="titration"
    )
    later = first + timedelta(days=round(switch.overlap_days or 0))
    falling = taper_plan(old, medicines, facts, later, why="stop_weighed", row=row)
    names = {"old": shown_agent_name(old, facts), "new": shown_agent_name(new, facts)}
    source = cited(facts.knowledge, switch.source, switch.place)
    own = Policy(id=switch.switch, text=switch.text, verified=switch.verified, source=source)
    shift = len(rising.products)
    return Plan(
        id=f"switch:{old}:{new}",
        kind="switch",
        agents=(names["new"], names["old"]),
        title=words["titles"]["switch"].format(**names),
        why=" ".join(
            (
                words["why"]["switch"].format(**names),
                *_equivalent(switch, taken.daily if not taken.why else None, facts),
            )
        ),
        unit=facts.knowledge.agents[new].dose_unit,
        refused=rising.refused or falling.refused,
        needs_first=tuple(dict.fromkeys((*rising.needs_first, *falling.needs_first))),
        policies=(own, *rising.policies, *falling.policies),
        bounds=rising.bounds,
        products=(*rising.products, *falling.products),
        steps=(*rising.steps, *(_shifted_step(s, shift) for s in falling.steps)),
        gates=(*rising.gates, *falling.gates),
        branches=tuple(_shifted_branch(b, shift) for b in falling.branches),
        last_dose=falling.last_dose,
        supply=(*rising.supply, *(_shifted_supply(s, shift) for s in falling.supply)),
        withdrawal=falling.withdrawal,
        missed=(*rising.missed, *falling.missed),
        notes=tuple(dict.fromkeys((*rising.notes, *falling.notes))),
    )


def _equivalent(switch: Switch, daily: float | None, facts: Facts) -> tuple[str, ...]:
    """What the published ratio makes of the present dose, with its span: a thing to compare with, never a dose to start at."""
    if switch.ratio is None or daily is None:
        return ()
    words, unit = facts.knowledge.words("planning")["why"], facts.knowledge.agents[switch.to_agent].dose_unit
    low, high = switch.ratio_low or switch.ratio, switch.ratio_high or switch.ratio
    text = words["equivalent"].format(
        old=shown_agent_name(switch.from_agent, facts),
        dose=amount(daily, facts.knowledge.agents[switch.from_agent].dose_unit),
        new=shown_agent_name(switch.to_agent, facts),
        middle=amount(daily * switch.ratio, unit),
        low=plain_number(daily * low),
        high=amount(daily * high, unit),
    )
    return (text,)


def _shifted_step(step: Step, shift: int) -> Step:
    return msgspec.structs.replace(step, takes=tuple(_shifted_take(t, shift) for t in step.takes))


def _shifted_take(take: Take, shift: int) -> Take:
    return msgspec.structs.replace(
        take, counts=tuple(msgspec.structs.replace(c, product=c.product + shift) for c in take.counts)
    )


def _shifted_branch(branch: Branch, shift: int) -> Branch:
    return msgspec.structs.replace(branch, steps=tuple(_shifted_step(s, shift) for s in branch.steps))


def _shifted_supply(supply: Supply, shift: int) -> Supply:
    return msgspec.structs.replace(supply, product=supply.product + shift)
