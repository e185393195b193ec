"""What is wrong with what plans are made from: names that are not known, predicates, order of numbers, what is left unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from relaxant.errors import KnowledgeError
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.parts import parts_of
from relaxant.knowledge.plans import DoseBound, FollowUp, Gap, Goal, Plans, Stage, Switch, Taper, Titration, Uptake
from relaxant.knowledge.prose import faults_of_prose
from relaxant.linting.amounts import faults_of_amounts
from relaxant.linting.pump import faults_of_pump
from relaxant.rules.predicate import read_predicate
from relaxant.rules.wording import TEXT_SLOTS, column_of_slot, slots

_AT_THE_PUMP = "pump"  # no sheet
_TITRATED_IN = ("mg", "micrograms", "units", "sprays", "mg/kg", "micrograms/kg", "units/kg")


def faults_of_plans(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the plan knowledge: where, and what."""
    plans = knowledge.plans
    for kind in plans.__struct_fields__:
        for key, entry in getattr(plans, kind).items():
            where = f"{kind} {key}"
            yield from _names(entry, where, knowledge)
            yield from _prose(entry, where)
    yield from _person(plans)
    for titration in plans.titrations.values():
        yield from _titration(titration)
        yield from _sold_for(titration, knowledge)
    for bound in plans.dose_bounds.values():
        yield from _bound(bound)
    for taper in plans.tapers.values():
        yield from _taper(taper)
    for gap in plans.gaps.values():
        yield from _gap(gap)
    for switch in plans.switches.values():
        yield from _switch(switch, plans)
    for uptake in plans.uptakes.values():
        yield from _uptake(uptake, knowledge)
    for follow in plans.follow_ups.values():
        yield from _follow_up(follow, knowledge)
    for pump in plans.pumps.values():
        yield from faults_of_pump(pump, knowledge)


def _agents(entry: Any) -> tuple[str, ...]:
    if hasattr(entry, "agents"):
        return tuple(entry.agents)
    if hasattr(entry, "agent"):
        return (entry.agent,)
    if isinstance(entry, Goal):
        return entry.too_brief
    return (entry.from_agent, entry.to_agent) if isinstance(entry, Switch) else ()


def _names(entry: Any, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    agents = _agents(entry)
    if not agents and not isinstance(entry, Goal):
        yield where, "it names no agent"
    for agent in agents:
        if agent not in knowledge.agents:
            yield where, f"there is no agent “{agent}”"
    for condition in getattr(entry, "conditions", ()):
        if condition not in knowledge.conditions:
            yield where, f"there is no condition “{condition}”"
    for _, part in parts_of(entry):
        when = getattr(part, "when", None)
        if when is not None and agents and agents[0] in knowledge.agents:
            try:
                read_predicate(when, agents[0], where)
            except KnowledgeError as error:
                yield where, f"predicate: {error}"
            asked = [knowledge.agents[a] for a in (agents[:1] if isinstance(entry, Switch) else agents) if a in knowledge.agents]  # fmt: skip
            yield from ((where, f"predicate: {what}") for what in faults_of_amounts(when, asked))


def _prose(entry: Any, where: str) -> Iterator[tuple[str, str]]:
    for _, part in parts_of(entry):
        for name in ("text", "why", "what", "at", "do", "action", "onset"):
            if isinstance(text := getattr(part, name, None), str) and text not in ("resume", "retitrate", "call"):
                yield from ((where, what) for what in faults_of_prose(text))


def _person(plans: Plans) -> Iterator[tuple[str, str]]:
    """What the sheet of the person says: every call that may stand on one has words for it."""
    for gates in plans.gates.values():
        where = f"gates {gates.gates}"
        for call in gates.call:
            if call.person is None and gates.of != _AT_THE_PUMP:
                yield (
                    where,
                    f"a call has no words for the person (person, or [] where it is not for the person): “{call.text[:50]}”",
                )
            yield from ((where, what) for text in call.person or () for what in faults_of_prose(text))
    for signs in plans.withdrawals.values():
        texts = (*(signs.person_signs or ()), *(signs.person_emergency or ()))
        yield from ((f"withdrawals {signs.withdrawal}", what) for text in texts for what in faults_of_prose(text))


def _titration(titration: Titration) -> Iterator[tuple[str, str]]:
    where = f"titrations {titration.titration}"
    if titration.unit not in _TITRATED_IN:
        yield where, f"a dose is not in “{titration.unit}”"
    if not titration.stages:
        yield where, "it has no stage"
    if titration.rise_most is not None and titration.rise_most <= 0:
        yield where, "rise_most is above nought"
    if titration.age_from >= titration.age_to:
        yield where, "age_from is not below age_to"
    if (
        titration.target_low is not None
        and titration.target_high is not None
        and titration.target_low > titration.target_high
    ):
        yield where, "target_low is above target_high"
    if (titration.target_low is not None or titration.target_high is not None) and not titration.target_unit:
        yield where, "a bare number: the target's unit is missing"
    for i, stage in enumerate(titration.stages):
        yield from _stage(stage, f"{where} stage {i + 1}", last=i == len(titration.stages) - 1)
    for one, two in pairwise(titration.stages):
        if titration.falls and two.daily >= one.daily:
            yield where, "it begins high, and a stage's day is not below that of the stage before"
        elif not titration.falls and two.daily <= one.daily:
            yield where, "a stage's day is not above that of the stage before"


def _sold_for(titration: Titration, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Wherever a titration holds and the agent is sold, some product is of its release, and of its form where it names one."""
    agent = knowledge.agents.get(titration.agent)
    if agent is None:
        return
    for jurisdiction in titration.jurisdiction or JURISDICTIONS:
        sold = [p for p in agent.products if holds_in(p, jurisdiction)]
        if not sold and not titration.jurisdiction:
            continue  # what holds everywhere holds where the agent is sold
        if not any(p.release == titration.release and titration.form in (None, p.form) for p in sold):
            what = f"{titration.release} release" + (f", as {titration.form}," if titration.form else "")
            yield f"titrations {titration.titration}", f"no product of {what} is sold in {jurisdiction}"


def _stage(stage: Stage, where: str, *, last: bool) -> Iterator[tuple[str, str]]:
    if not stage.doses or min(stage.doses.values()) <= 0:
        yield where, "a stage has doses above nought"
    if stage.days is None and not last:
        yield where, "only the last stage has no days"
    if stage.days is not None and stage.days < 1:
        yield where, "a stage lasts a day at least"
    if stage.days_least is not None and (stage.days is None or not 0 < stage.days_least <= stage.days):
        yield where, "days_least is not between nought and days"


def _bound(bound: DoseBound) -> Iterator[tuple[str, str]]:
    where = f"dose_bounds {bound.bound}"
    numbers = (
        bound.share, bound.start, bound.start_daily, bound.step, bound.step_daily, bound.single, bound.daily, bound.days, bound.doses_daily,
    )  # fmt: skip
    if not bound.never and all(n is None for n in numbers):
        yield where, "it bounds nothing"
    if bound.leave and not bound.never:
        yield where, "what is to be left is never started: never is missing"
    if bound.one_way and not bound.never:
        yield where, "what forbids a step back forbids a rise: never is missing"
    if bound.recheck_days is not None and not (bound.one_way and bound.recheck_days >= 1):
        yield where, "recheck_days is a day at least, and goes with one_way"
    if any(n is not None and n <= 0 for n in numbers) or (bound.share is not None and bound.share > 1):
        yield where, "a bound is above nought, and a share at most 1"
    for slot in slots(bound.why):
        if slot not in TEXT_SLOTS and column_of_slot(slot, bound.agents[0]) is None:
            yield where, f"there is no fact for the slot {{{slot}}}"


def _taper(taper: Taper) -> Iterator[tuple[str, str]]:
    where = f"tapers {taper.taper}"
    said = [n for n in (taper.by, taper.percent, taper.over_days, 1 if taper.at_once else None) if n is not None]
    if len(said) != 1 or said[0] <= 0:
        yield where, "exactly one of by, percent, over_days and at_once says how much a step is"
    if taper.percent is not None and taper.percent >= 100:
        yield where, "a step of 100 percent is a stop"
    if taper.every_days < 1 or not 0 < (taper.every_days_least or taper.every_days) <= taper.every_days:
        yield where, "every_days is a day at least, and every_days_least at most that"
    if taper.percent is not None and not taper.of_first and taper.last is None:
        yield (
            where,
            "a percentage of what is left never ends: say from which daily dose (last) the next step is nothing",
        )
    if (taper.least, taper.percent_most) != (None, None) and (taper.percent is None or taper.of_first):
        yield where, "least and percent_most belong to a percentage of the dose at that time"
    if taper.least_most is not None and not 0 < (taper.least or 0) <= taper.least_most:
        yield where, "least_most is the other end of a span that least begins"
    if taper.percent_most is not None and not (taper.percent or 0) <= taper.percent_most < 100:
        yield where, "percent_most is at least percent, and less than all"
    if taper.slower_factor <= 1:
        yield where, "slower_factor is above 1"


def _gap(gap: Gap) -> Iterator[tuple[str, str]]:
    if gap.days_from < 0 or (gap.days_to is not None and gap.days_to <= gap.days_from):
        yield f"gaps {gap.gap}", "days_from is not below days_to"


def _switch(switch: Switch, plans: Plans) -> Iterator[tuple[str, str]]:
    where = f"switches {switch.switch}"
    low, middle, high = switch.ratio_low, switch.ratio, switch.ratio_high
    known = [n for n in (low, middle, high) if n is not None]
    if known != sorted(known) or any(n <= 0 for n in known):
        yield where, "ratio_low, ratio and ratio_high are not in order above nought"
    if switch.method == "exchange" and not (known and switch.parts and switch.over_days):
        yield where, "an exchange has a ratio, parts and over_days"
    if switch.method == "same dose" and (switch.ratio != 1 or not switch.to_form):
        yield where, "the same dose is a ratio of 1, in a form that is named"
    if switch.method in ("retitrate", "trial") and known:
        yield where, "what begins anew or through a test has no ratio"
    if switch.from_agent == switch.to_agent and not switch.to_form:
        yield where, "from an agent to itself: it names the form"
    if switch.after is not None and switch.from_agent not in getattr(plans.tapers.get(switch.after), "agents", ()):
        yield where, f"there is no taper “{switch.after}” of what is left"


def _uptake(uptake: Uptake, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    where = f"uptakes {uptake.uptake}"
    if not 0 < uptake.low <= uptake.high:
        yield where, "low and high are not in order above nought"
    known = knowledge.agents.get(uptake.agent)
    if known is not None and uptake.form not in {product.form for product in known.products}:
        yield where, f"{uptake.agent} has no product of the form “{uptake.form}”"
    if uptake.meal not in knowledge.words("planning")["meals"]:
        yield where, f"there is no way to food “{uptake.meal}” among the words for meals"


def _follow_up(follow: FollowUp, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    where = f"follow_ups {follow.follow_up}"
    for lab in follow.labs:
        if lab not in knowledge.labs:
            yield where, f"there is no lab “{lab}”"
    if any(not group or set(group) - set(follow.labs) for group in follow.done_by):
        yield where, "done_by names some of its labs"
    if (follow.from_daily is not None) != (follow.anchor == "daily dose"):
        yield where, "from_daily belongs to the anchor daily dose"
    moments = ("start", "step", "highest dose", "daily dose", "session")
    if not follow.labs and follow.every_days is None and follow.lapses_days is None and follow.anchor in moments:
        yield where, "no record shows that something was asked: it lapses, or comes again"
    if any(a.again_days is not None and (a.when is None or a.again_days < 0 or not follow.labs) for a in follow.act):
        yield where, "again_days belongs to a result that a record shows"
    if not follow.days and follow.every_days is None and not follow.baseline:
        yield where, "it is never due"
    if follow.every_days is not None and follow.every_days < 1:
        yield where, "every_days is a day at least"
    if list(follow.days) != sorted(set(follow.days)) or any(d < 0 for d in follow.days):
        yield where, "days are in order, from nought up, each once"
    if follow.every_days is None and (follow.from_day is not None or follow.to_day is not None):
        yield where, "from_day and to_day bound every_days, which is missing"
    first = follow.every_days if follow.from_day is None else follow.from_day
    if first is not None and follow.to_day is not None and follow.to_day < first:
        yield where, "to_day is before the first day that every_days gives"
    if follow.every_days is not None and follow.anchor == "step":
        yield where, "after a step it is due on days, and not again and again: the next step comes"
    if follow.steps != "every" and follow.anchor != "step":
        yield where, "steps belongs to the anchor step"
    if follow.within_step and (follow.anchor != "step" or follow.labs):
        yield where, "within_step belongs to what is asked after a step"
    grace = follow.grace_days if follow.days_grace is None else follow.days_grace
    named = (0.0, *follow.days) if follow.baseline and follow.days else follow.days
    if follow.days_grace is not None and not (follow.labs and follow.days and follow.days_grace < follow.grace_days):
        yield where, "days_grace is a shorter grace for the days of a value on record"
    if follow.labs and any(b > a and 2 * grace >= b - a for a, b in pairwise(named)):
        yield where, "one value would do for two of its days: the grace is less than half of the time between them"
    if follow.baseline and not follow.labs:
        yield where, "a baseline is a value on record: it names labs"
    if follow.not_before and (follow.labs or follow.every_days is not None):
        yield where, "not_before is a day from which something is allowed: it has days alone"
    if follow.at is None and not follow.in_place_of:
        yield where, "it says in words when (at), or stands in place of an entry of monitoring that does"
    if not follow.act:
        yield where, "it does not say what to do at which result"
    yield from _in_place_of(follow, where, knowledge)


def _in_place_of(follow: FollowUp, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Each entry of monitoring that a follow-up stands in place of exists, for each of its agents, where the follow-up holds."""
    for what in follow.in_place_of:
        for agent in follow.agents:
            named = (
                [m for m in knowledge.agents[agent].monitoring if m.what == what] if agent in knowledge.agents else []
            )
            if not any(
                not m.jurisdiction or not follow.jurisdiction or set(m.jurisdiction) & set(follow.jurisdiction)
                for m in named
            ):
                yield where, f"{agent} has no monitoring “{what}” where this holds"
