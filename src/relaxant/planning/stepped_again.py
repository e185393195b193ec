"""Forms, or ways to food, that are not alike: the old one is lowered to what cannot peak higher in the new one, which is then stepped up again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import Taper, Uptake
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Rung, Stock, calendar, merged, stock, supplies
from relaxant.planning.dose import room
from relaxant.planning.joined import following
from relaxant.planning.parts import Grains, shares_of, spread
from relaxant.planning.plan import Gate, Line, Plan, Step
from relaxant.planning.product_change import Change, ways_on, with_calendar
from relaxant.planning.product_said import groups_of
from relaxant.planning.said import amount, points, policy
from relaxant.planning.tablets import GRAIN, ROUNDING, grains
from relaxant.planning.taper import taper_plan
from relaxant.planning.which_titration import titrations
from relaxant.quantities import plain_number
from relaxant.rules.reasons import cited
from relaxant.rules.wording import shown_agent_name


def stepped_again(change: Change, made: Plan, medicines: Sequence[Medicine], facts: Facts, row: int) -> Plan:
    """The old form is lowered, at its own pace, to what cannot peak higher in the new one; the new begins there and is stepped to the
    dose of before, by the steps of the agent's titration. Where the new form cannot peak higher it begins at the dose of before."""
    agent, daily, words = change.agent, change.taken.daily, facts.knowledge.words("planning")
    fitting = [t for t in titrations(agent, facts, row) if t.unit == made.unit]
    share, pairs = _share(change, facts)
    if not fitting or not pairs:
        key = "no_schedule" if not fitting else "no_uptake"
        return msgspec.structs.replace(made, refused=words["refused"][key].format(agent=shown_agent_name(agent, facts)))
    held = _stock(change, facts)
    begin = _begin(change, held, daily * share)
    if not begin:
        refused = words["refused"]["form_too_coarse"].format(agent=shown_agent_name(agent, facts), form=change.new.form)
        return msgspec.structs.replace(made, refused=refused)
    lower = _lowered(change, medicines, facts, sum(begin.values()) / GRAIN, row)
    if lower is not None and not lower.steps:
        why = lower.refused or words["refused"]["no_policy"].format(agent=shown_agent_name(agent, facts))
        return msgspec.structs.replace(made, refused=why, needs_first=lower.needs_first, first_do=lower.first_do)
    steps = _ending(lower.steps, facts.knowledge.plans.tapers[lower.policies[0].id]) if lower else ()
    day = change.first if not steps or steps[-1].last is None else steps[-1].last + timedelta(days=1)
    stages = fitting[0].stages
    rise = sum(stages[1].doses.values()) - sum(stages[0].doses.values()) if len(stages) > 1 else sum(stages[0].doses.values())  # fmt: skip
    stands = room(agent, facts, row)
    top = min(daily, stands.daily) * GRAIN
    days = max(stages[0].days or 1, stands.days)
    rungs = merged(
        list(_rises(change, held, begin, min(rise, stands.step * len(begin), stands.step_daily) * GRAIN, top, days))
    )
    rungs[-1] = Rung(doses=rungs[-1].doses, days=None)
    before = grains(steps[-1].daily if steps else daily)
    found = calendar(agent, rungs, held, day, before, facts)
    if found is None:
        refused = words["refused"]["form_too_coarse"].format(agent=shown_agent_name(agent, facts), form=change.new.form)
        return msgspec.structs.replace(made, refused=refused)
    shift = len(lower.products) if lower else 0
    policies = (*made.policies, *(lower.policies if lower else ()), policy(fitting[0], facts))
    lines = (*_peaks(change, pairs, share, daily, facts), *points(change.switch, agent, facts, row))
    whole = with_calendar(msgspec.structs.replace(made, policies=policies), found, lines, change, facts)
    ways = ("hold", "rescue_form") if lower is None and len(found.steps) == 1 else ("hold", "rescue")
    whole = msgspec.structs.replace(whole, branches=ways_on(ways, facts), needs_first=_meal_needed(change, facts))
    if lower is None:
        return whole
    return msgspec.structs.replace(
        whole,
        steps=(both := (*steps, *following(found.steps, shift, len(steps)))),
        products=(*lower.products, *found.products),
        first_do=lower.first_do,
        supply=supplies(both, facts),
        gates=_both(whole.gates, lower.gates),
        notes=tuple(dict.fromkeys((*lower.notes, *whole.notes))),
    )


def _both(rising: Sequence[Gate], falling: Sequence[Gate]) -> tuple[Gate, ...]:
    """One list of what decides while it is stepped back and up again: what to go on by is that of the rise."""
    if not rising or not falling:
        return (*rising, *falling)
    one, two = rising[0], falling[0]
    told = {
        kind: tuple(dict.fromkeys((*getattr(two, kind), *getattr(one, kind)))) for kind in ("hold", "go_back", "call")
    }
    return (msgspec.structs.replace(one, **told),)


def _ending(steps: tuple[Step, ...], taper: Taper) -> tuple[Step, ...]:
    """The way down of the old form, whose last step makes way for the new one after the policy's time."""
    last = steps[-1].first + timedelta(days=math.ceil(taper.every_days) - 1)
    return (*steps[:-1], msgspec.structs.replace(steps[-1], last=steps[-1].last or last))


def _meal_needed(change: Change, facts: Facts) -> tuple[str, ...]:
    """The way to food, where the line that is taken does not say it."""
    words = facts.knowledge.words("planning")["need"]
    return () if change.old.meal else (words["meal"].format(agent=shown_agent_name(change.agent, facts)),)


def _share(change: Change, facts: Facts) -> tuple[float, tuple[tuple[Uptake, Uptake], ...]]:
    """The part of the day's dose at which the new form begins, so that it peaks no higher than the old may have; the strictest over
    the ways to food where none is said."""
    known = {(u.form, u.meal): u for u in facts.knowledge.plans.uptakes.values() if u.agent == change.agent}
    meals = dict.fromkeys(meal for _, meal in known)
    pairs = [
        (known[old], known[new])
        for old_meal in ([change.old.meal] if change.old.meal else meals)
        for new_meal in ([change.new.meal] if change.new.meal else [change.old.meal or old_meal])
        if (old := (str(change.old.form), old_meal)) in known and (new := (str(change.new.form), new_meal)) in known
    ]
    return min((_ratio(pair) for pair in pairs), default=1.0), tuple(pairs)


def _ratio(pair: tuple[Uptake, Uptake]) -> float:
    """The part of the dose at which the new peak is surely no higher than the old one."""
    return min(1.0, pair[0].low / pair[1].high)


def _peaks(
    change: Change, pairs: Sequence[tuple[Uptake, Uptake]], share: float, daily: float, facts: Facts
) -> Iterator[Line]:
    words, unit = facts.knowledge.words("planning")["exchange"], facts.knowledge.agents[change.agent].dose_unit
    for uptake in dict.fromkeys(u for pair in pairs for u in pair):
        low, high = plain_number(uptake.low), plain_number(uptake.high)
        peak = words["peak_same" if low == high else "peak_span"].format(low=low, high=high)
        yield Line(
            what=words["peak"].format(form=uptake.form, meal=uptake.meal),
            how=words["no_sum"],
            value=uptake.high,
            unit=words["times"],
            text=f"{peak} {uptake.text}",
            sources=(cited(facts.knowledge, uptake.source, uptake.place),),
            verified=uptake.verified,
        )
    old, new = min(pairs, key=_ratio)
    key = "begin_lower" if share < 1 else "begin_same"
    yield Line(
        what=words["begin"],
        how=words["peak_divided"].format(low=plain_number(old.low), high=plain_number(new.high)),
        value=round(share * daily, 1),
        unit=unit,
        text=words[key].format(share=plain_number(round(share * 100)), most=amount(round(share * daily, 1), unit)),
        sources=(cited(facts.knowledge, change.switch.source, change.switch.place),),
        verified=change.switch.verified,
    )


def _stock(change: Change, facts: Facts) -> Stock:
    groups = groups_of(str(change.new.form), change.agent, facts, change.new.strength)
    return stock(groups[0], max(change.taken.doses.values()), facts)


def _begin(change: Change, held: Stock, most: float) -> Grains:
    """The first doses in the new form: no part of the day above what it was, the day at most ``most``."""
    doses = {part: grains(dose) for part, dose in change.taken.doses.items()}
    if most * GRAIN >= sum(doses.values()) - ROUNDING and all(dose in held.ways for dose in doses.values()):
        return doses
    shares = shares_of({part: float(dose) for part, dose in doses.items()})
    return spread(most * GRAIN, shares, held.amounts, doses, at_most=math.floor(most * GRAIN + ROUNDING))


def _lowered(change: Change, medicines: Sequence[Medicine], facts: Facts, goal: float, row: int) -> Plan | None:
    """The way down of the old form to where the new one begins; ``None`` where there is none to go."""
    if goal >= change.taken.daily - ROUNDING:
        return None
    made = taper_plan(change.agent, medicines, facts, change.first, why="lower", goal=goal, row=row)
    if made.steps and not any(step.changed < 0 for step in made.steps):
        return None  # nothing between the two can be made: the new begins at once
    return made


def _rises(change: Change, held: Stock, begin: Grains, step: float, top: float, days: float) -> Iterator[Rung]:
    """From where the new form begins up to the dose of before, no part of the day above what it was."""
    doses = {part: grains(dose) for part, dose in change.taken.doses.items()}
    shares, now = shares_of({part: float(dose) for part, dose in doses.items()}), begin
    while True:
        yield Rung(doses=now, days=days)
        total = sum(now.values())
        aim = min(total + step, top)
        more = spread(aim, shares, held.amounts, doses, at_most=math.floor(aim + ROUNDING))
        if sum(more.values()) <= total:
            return
        now = more
