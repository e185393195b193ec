"""Lowering to nothing (or to a lower dose): a stated policy, in real pieces, never up, with the ways on where it goes badly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import Taper
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Calendar
from relaxant.planning.current import Intake, current_lines, intake
from relaxant.planning.dose import OneWay, dangers, one_way
from relaxant.planning.other_form import other_form
from relaxant.planning.overriding import beyond_sources, not_taken_again
from relaxant.planning.plan import Branch, Gate, Missed, Plan, Taken, Told
from relaxant.planning.product_notes import product_notes
from relaxant.planning.products import swallows_no_tablets, whole_only
from relaxant.planning.rungs_down import Goal, calendar_down
from relaxant.planning.said import amount, asked_by, days_said, gates, missed, policy, withdrawal
from relaxant.planning.tablets import ROUNDING
from relaxant.planning.way_down import (
    Override,
    Way,
    abrupt,
    beyond_all,
    ends_from,
    fall_of,
    named_policy,
    overridden,
    smallest_piece,
    tapers,
    way_of,
)
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import capital, shown_agent_name

_SENTENCE = re.compile(r"(?<=[.!]) ")
_KNOWN = ("mixed", "not_taken")  # why there is no calendar although the dose is known


def taper_plan(
    agent: str,
    medicines: Sequence[Medicine],
    facts: Facts,
    first: date,
    *,
    why: str = "asked",
    override: Override | None = None,
    goal: float = 0.0,
    within: float | None = None,
    taken: Intake | None = None,
    findings: Sequence[Finding] = (),
    ready: bool = False,
    row: int = 0,
) -> Plan:
    """The calendar by which one person leaves an agent, or comes down to ``goal`` a day; what is missing is named where none can be made.

    With ``within``, the most at one time, the goal is the most that is allowed in a day, and where products do not make it the plan ends below. ``taken`` is where it begins, by default what is taken now. What the DANGERs among the ``findings`` ask for stands before the first step.
    ``ready``: what has to be done before ``first`` is done by then. Raises :class:`KeyError` for an override that names a policy that is not
    known for the agent, and :class:`InputError` for a step of an override that is no step.
    """
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    unit, override = facts.knowledge.agents[agent].dose_unit, override or Override()
    taken = taken or intake(agent, current_lines(agent, medicines), facts)
    only_down = one_way(agent, facts, row)
    signs = gates(agent, "taper", facts, row)
    made = Plan(
        id=f"taper:{agent}",
        kind="taper",
        agents=(name,),
        title=words["titles"]["lower" if goal else "taper"].format(agent=name),
        why=words["why"][why].format(agent=name, goal=amount(goal, unit)),
        unit=unit,
        first_do=tuple(_beside_it(asked_by(dangers(agent, findings, facts)), words["first_do"]["itself"])),
        gates=_downwards(signs) if only_down else signs,
        withdrawal=withdrawal(agent, facts),
        missed=tuple(_no_restart(missed(agent, facts, row), facts)) if only_down else missed(agent, facts, row),
    )
    fitting, needs = tapers(agent, facts, row)
    made = msgspec.structs.replace(made, needs_first=needs)
    named = named_policy(override, agent, facts)
    chosen = named or (fitting[0] if fitting else None)
    if chosen is None:
        return msgspec.structs.replace(made, refused=words["refused"]["no_policy"].format(agent=name))
    others = [t for t in fitting if t is not chosen]
    said = _said(override, unit, words["override"])
    made = msgspec.structs.replace(
        made,
        first_do=(*made.first_do, *_before(chosen, named is not None and named not in fitting, words, facts)),
        policies=(policy(chosen, facts, override=said), *(policy(t, facts, chosen=False) for t in others)),
    )
    if chosen.at_once and not override.changes:
        call = gates(agent, "taper", facts, row, stepless=True)
        return msgspec.structs.replace(made, last_dose=None if goal else first, gates=call, missed=())
    if taken.why:
        needs = needs if taken.why in _KNOWN else (*needs, words["need"]["dose"].format(agent=name))
        return msgspec.structs.replace(
            made, refused=capital(words["not_known"][taken.why].format(agent=name)), needs_first=needs
        )
    if chosen.first_do and not ready:
        return msgspec.structs.replace(made, refused=words["refused"]["not_ready"])
    own = overridden(chosen, override, taken, unit, smallest_piece(agent, taken, facts))
    goals, way = Goal(goal, within), way_of(agent, own, taken, facts, row)
    found = calendar_down(agent, taken, way, facts, first, goals, row, only_down)
    if found is None:
        return msgspec.structs.replace(made, refused=words["not_known"]["unmakeable"].format(agent=name))
    beyond = own != chosen and beyond_all(own, fitting, taken.daily)
    end = None if goal or not found.steps else found.steps[-1].daily
    sudden = end is not None and beyond and abrupt(own, fitting, end)
    made = beyond_sources(made, agent, facts, findings, last=end if sudden else None) if beyond else made
    at_once = own != chosen and (chosen.at_once or (beyond and bool(fitting) and fitting[0].at_once))
    if at_once:
        made, found = not_taken_again(made, facts), _never_back(found)
    return msgspec.structs.replace(
        made,
        first_do=(*_to_the_test(found, goal, only_down, words["first_do"]), *made.first_do),
        products=found.products,
        taken=(Taken(agent=agent, doses=taken.doses),),
        steps=found.steps,
        supply=found.supply,
        last_dose=None if goal else found.steps[-1].last if found.steps else first,
        branches=()
        if at_once
        else (Branch(kind="rescue", text=words["branches"]["one_way"]),)
        if only_down
        else tuple(_branches(agent, taken, way, found, facts, first, goals)),
        gates=_above(made.gates, way, chosen, name, unit, facts),
        notes=(
            *other_form(agent, taken.form, found.products, facts, modified=taken.modified),
            *_notes(chosen, way, taken, found, facts),
        ),
    )


def _downwards(signs: Sequence[Gate]) -> tuple[Gate, ...]:
    """The signs without those for which a dose is kept up or given back."""
    return tuple(msgspec.structs.replace(gate, hold=(), go_back=()) for gate in signs)


def _no_restart(gaps: Sequence[Missed], facts: Facts) -> Iterator[Missed]:
    """What to do after missed days where nothing leads back up: after as many as would begin it again, to call."""
    text = facts.knowledge.words("planning")["branches"]["no_restart"]
    for gap in gaps:
        yield msgspec.structs.replace(gap, do="call", text=text) if gap.do == "retitrate" else gap


def _to_the_test(found: Calendar, goal: float, only_down: OneWay | None, words: Mapping[str, Any]) -> Iterator[Told]:
    """That the last dose goes by the test which is there again on its last day, where one is."""
    last = found.steps[-1].last if found.steps else None
    if goal and only_down and only_down.recheck_days and last:
        text = words["to_the_test"].format(day=last.isoformat())
        yield Told(text=text, verified=only_down.verified, source=only_down.source)


def _beside_it(asked_for: Sequence[Told], itself: Sequence[str]) -> Iterator[Told]:
    """What findings ask for, without the sentences that ask for nothing but the taper which is shown."""
    for told in asked_for:
        kept = [s for s in _SENTENCE.split(told.text) if not s.startswith(tuple(itself))]
        if kept:
            yield msgspec.structs.replace(told, text=" ".join(kept))


def _before(chosen: Taper, strange: bool, words: Mapping[str, Any], facts: Facts) -> Iterator[Told]:
    """What a policy asks for before its first step."""
    said = words["first_do"]
    texts = [chosen.first_do, said["supervised"] if chosen.supervised else None]
    if strange:
        texts.append(said["strange"].format(who=chosen.who))
    for text in texts:
        if text:
            yield Told(text=text, verified=chosen.verified, source=cited(facts.knowledge, chosen.source, chosen.place))


def _said(override: Override, unit: str, words: dict[str, str]) -> str | None:
    parts = []
    if override.by is not None:
        parts.append(words["by"].format(amount=amount(override.by, unit)))
    if override.percent is not None:
        parts.append(words["percent"].format(percent=plain_number(override.percent)))
    if override.every_days is not None:
        parts.append(words["every"].format(days=plain_number(override.every_days)))
    return ", ".join(parts) or override.policy


def _above(signs: tuple[Gate, ...], way: Way, chosen: Taper, name: str, unit: str, facts: Facts) -> tuple[Gate, ...]:
    """The signs, with a word first where they are no reason to wait or to go back: above what the person's limits leave."""
    if not way.most:
        return signs
    text = facts.knowledge.words("planning")["branches"]["above"].format(agent=name, most=amount(way.most, unit))
    told = Told(text=text, verified=False, source=cited(facts.knowledge, chosen.source, chosen.place))
    return tuple(msgspec.structs.replace(g, hold=(told, *g.hold), go_back=(told, *g.go_back)) for g in signs)


def _branches(agent: str, taken: Intake, way: Way, found: Calendar, facts: Facts, first: date, goal: Goal) -> Iterator[Branch]:  # fmt: skip
    words, unit = facts.knowledge.words("planning")["branches"], facts.knowledge.agents[agent].dose_unit
    most = amount(way.most, unit)
    above = f"{words['above'].format(agent=shown_agent_name(agent, facts), most=most)} " if way.most else ""
    yield Branch(kind="hold", text=above + words["hold"])
    slow = way.slower
    slower = calendar_down(agent, taken, slow, facts, first, goal)
    if slower is not None and slower.steps and slower.steps != found.steps:
        key, days = "slower_from" if way.most else "slower", (slow.then or slow.taper).every_days
        last = None if goal.daily else slower.steps[-1].last
        text = words[key].format(days=days_said(days, facts), most=most)
        yield Branch(kind="slower", text=text, steps=slower.steps, last_dose=last)
    yield Branch(kind="rescue", text=above + words["rescue"])


def _notes(source: Taper, way: Way, taken: Intake, found: Calendar, facts: Facts) -> tuple[str, ...]:
    words, own = facts.knowledge.words("planning")["notes"], way.taper
    out = [words["placed"]] if taken.placed else []
    if way.then is not None and way.then != own:
        out.append(words["then"].format(most=amount(way.most, found.products[0].unit), then=way.then.text))
    small = own.end_most
    to_nothing = bool(found.steps) and found.steps[-1].last is not None
    if small is not None and to_nothing and ends_from(own, taken.daily) > small + ROUNDING:
        out.append(words["smaller_end"].format(most=amount(small, found.products[0].unit)))
    if own != source and not source.at_once:
        fall, sources = fall_of(own, taken.daily), fall_of(source, taken.daily)
        if fall > sources * (1 + ROUNDING):
            out.append(words["larger"])
        if fall / own.every_days > sources / (source.every_days_least or source.every_days) * (1 + ROUNDING):
            out.append(words["quicker"])
    if found.steps and not any(step.changed for step in found.steps) and taken.daily > (own.last or 0.0) + ROUNDING:
        out.append(words["nothing_less"])
    if whole_only(found.products) and swallows_no_tablets(facts):
        out.append(words["whole"])
    return (*out, words["rounded_taper"], *product_notes(found, facts))


def _never_back(found: Calendar) -> Calendar:
    """The calendar without a step that leads back."""
    return msgspec.structs.replace(found, steps=tuple(msgspec.structs.replace(s, back_to=None) for s in found.steps))
