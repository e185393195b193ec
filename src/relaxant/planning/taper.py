"""Lowering to nothing (or to a lower dose): a stated policy, in real pieces, never up, with the ways on where it goes badly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import DayPart, Taper
from relaxant.knowledge.questions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock
from relaxant.planning.current import Intake, current_lines, intake
from relaxant.planning.dose import OneWay, dangers, most_taken, one_way, room
from relaxant.planning.other_form import other_form
from relaxant.planning.overriding import beyond_sources, not_taken_again
from relaxant.planning.parts import Grains, evenly, shares_of, spread
from relaxant.planning.plan import Branch, Gate, Missed, Plan, Step, Taken, Told
from relaxant.planning.products import abroad, product_groups, swallows_no_tablets, usable_groups, whole_only
from relaxant.planning.said import amount, asked_by, days_said, gates, missed, policy, withdrawal
from relaxant.planning.tablets import GRAIN, ROUNDING, grains
from relaxant.planning.titration import product_notes
from relaxant.quantities import plain_number
from relaxant.rules.asked import asked
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import capital, shown_agent_name

_MOST_STEPS = 400
_SENTENCE = re.compile(r"(?<=[.!]) ")
_KNOWN = ("mixed", "not_taken")  # why there is no calendar although the dose is known


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """The clinician's own way of lowering: a named policy, another amount or part of the dose a step, another time between steps."""

    policy: str | None = None
    by: float | None = None
    percent: float | None = None
    every_days: float | None = None

    @property
    def changes(self) -> bool:
        """Whether it says a step or a time of its own."""
        return not (self.by is None and self.percent is None and self.every_days is None)


class Way(NamedTuple):
    """How a dose is lowered: by ``taper``. Where it has built up, down to ``most`` a day, the most that the person's limits leave, and by ``then``
    from there: what is above neither waits nor is given back."""

    taper: Taper
    then: Taper | None = None
    most: float = 0.0

    @property
    def slower(self) -> Way:
        """The same way at the slower pace of its policy; what has built up goes no slower."""
        return Way(_slower(self.taper)) if self.then is None else self._replace(then=_slower(self.then))

    def step(self, step: Step) -> Step:
        """A step of the way, which leads back to nothing that is above ``most``."""
        return (
            msgspec.structs.replace(step, back_to=None)
            if self.most and step.daily - step.changed > self.most + ROUNDING
            else step
        )


class Aim(NamedTuple):
    """A day's dose (grains) that a policy asks for, how many days it is for, and the most (grains) that it may be rounded up to."""

    dose: float
    days: float
    most: float = math.inf


class Goal(NamedTuple):
    """The day's dose that a plan comes down to, nothing by default; with ``within``, the most at one time, it is not a piece above it."""

    daily: float = 0.0
    within: float | None = None


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
    named = _named(override, agent, facts)
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
    own = _overridden(chosen, override, taken, unit, _smallest(agent, taken, facts))
    goals, way = Goal(goal, within), _way(agent, own, taken, facts, row)
    found = _made(agent, taken, way, facts, first, goals, row, only_down)
    if found is None:
        return msgspec.structs.replace(made, refused=words["not_known"]["unmakeable"].format(agent=name))
    beyond = own != chosen and _beyond_all(own, fitting, taken.daily)
    end = None if goal or not found.steps else found.steps[-1].daily
    abrupt = end is not None and beyond and _abrupt(own, fitting, end)
    made = beyond_sources(made, agent, facts, findings, last=end if abrupt else None) if beyond else made
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


def _named(override: Override, agent: str, facts: Facts) -> Taper | None:
    if override.policy is None:
        return None
    return {t.taper: t for t in facts.knowledge.plans.tapers.values() if agent in t.agents}[override.policy]


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
        if answer.open and not fitting:  # it would have been chosen
            needs.update(dict.fromkeys(answer.settled_by))
        if answer.holds or (answer.open and taper.if_unknown):
            fitting.append(taper)
    return fitting, tuple(need for need in needs if need not in facts.seldom_asked(row))


def _smallest(agent: str, taken: Intake, facts: Facts) -> float | None:
    """The smallest piece that is sold and swallowed, half a tablet where it may be halved; ``None`` where all is measured."""
    groups = product_groups(agent, facts, modified=taken.modified)
    pieces = [p.strength / (2 if p.scored else 1) for g in groups for p in g if not (p.liquid or p.drop)]
    return min(pieces, default=None)


def _overridden(chosen: Taper, override: Override, taken: Intake, unit: str, smallest: float | None) -> Taper:
    """The policy with the clinician's own step and time. Another time between even steps leaves their number as it was; a part of the dose keeps
    the policy's least step, and where that has none it ends at the ``smallest`` piece."""
    every = override.every_days or chosen.every_days
    over = None if chosen.over_days is None else chosen.over_days * every / chosen.every_days
    own = msgspec.structs.replace(chosen, every_days=every, over_days=over, at_once=False)
    if override.by is not None or override.percent is not None:  # another time alone keeps the policy's own end
        own = msgspec.structs.replace(own, percent_most=None, end_most=None, then=())
    if override.by is not None:
        if override.by >= taken.daily:
            raise InputError("--by", amount(override.by, unit), f"a step takes less than is taken in a day, {amount(taken.daily, unit)}", "give a smaller step")  # fmt: skip
        if taken.daily / override.by > _MOST_STEPS:
            raise InputError("--by", amount(override.by, unit), f"that is more than {_MOST_STEPS} steps", "give a larger step")  # fmt: skip
        return msgspec.structs.replace(own, by=override.by, percent=None, over_days=None)
    if override.percent is not None:
        last = chosen.last if chosen.least or chosen.last or smallest is None else min(smallest, taken.daily)
        return msgspec.structs.replace(own, by=None, percent=override.percent, over_days=None, last=last)
    if chosen.at_once:
        raise InputError("--every", amount(override.every_days or 0, "days"), "this way of lowering has no steps", "give --by or --percent with it, or name another --policy")  # fmt: skip
    return own


def _way(agent: str, taper: Taper, taken: Intake, facts: Facts, row: int) -> Way:
    """A policy with the one that follows it below the most that the person's limits leave: the first of those named that has a step to take, or
    itself."""
    most = most_taken(room(agent, facts, row)) if taper.built_up else None
    if most is None or taken.daily <= most + ROUNDING:
        return Way(taper)
    for name in taper.then:
        then = facts.knowledge.plans.tapers[name]
        if holds_in(then, facts.jurisdiction) and next(_ideals(most * GRAIN, then, 0.0), None) is not None:
            return Way(taper, then, most)
    return Way(taper, taper, most)


def _slower(taper: Taper) -> Taper:
    over = None if taper.over_days is None else taper.over_days * taper.slower_factor
    return msgspec.structs.replace(taper, every_days=math.ceil(taper.every_days * taper.slower_factor), over_days=over)


def _said(override: Override, unit: str, words: dict[str, str]) -> str | None:
    parts = []
    if override.by is not None:
        parts.append(words["by"].format(amount=amount(override.by, unit)))
    if override.percent is not None:
        parts.append(words["percent"].format(percent=plain_number(override.percent)))
    if override.every_days is not None:
        parts.append(words["every"].format(days=plain_number(override.every_days)))
    return ", ".join(parts) or override.policy


def _made(
    agent: str,
    taken: Intake,
    way: Way,
    facts: Facts,
    first: date,
    goal: Goal,
    row: int = 0,
    only_down: OneWay | None = None,
) -> Calendar | None:
    """The calendar in the first kind of product that makes the present doses and no step much larger than the policy's, that of the present
    product before others, and that of the person's own country where its steps are small parts of the present dose; where none is fine enough,
    in the finest. Where it leads ``only_down`` no step leads back."""
    doses = {part: grains(dose) for part, dose in taken.doses.items()}
    groups = usable_groups(agent, facts, said=taken.form, modified=taken.modified, row=row)
    largest, total = max(taken.doses.values()), sum(doses.values())
    coarse = facts.knowledge.policy("plan_coarse_step")
    taper, aims = way.taper, list(_aims(float(total), way, float(grains(goal.daily))))
    best: tuple[tuple[float, float], Stock, list[Rung]] | None = None
    home_does = False
    for group in groups:
        held = stock(group, largest, facts)
        if not all(dose in held.ways for dose in doses.values()):
            continue
        elsewhere = bool(abroad(group, agent, facts, facts.country(row)))
        if elsewhere and home_does:
            continue
        end = _end(doses, goal, held)
        rungs = list(_rungs(doses, aims, taper, held, sum(end.values()) or grains(goal.daily), end))
        if end and (rungs[-1].doses if rungs else doses) != end:
            rungs.append(Rung(doses=end, days=taper.every_days))
        rungs = _begun(doses, rungs, taper)
        large = 1.0 if goal.within is not None and not end else _large(total, rungs, taper)
        over = large, _beyond(total, aims, rungs, taper)
        if best is not None and _litres(rungs, held, facts) and _bearable(best[0], best[1], facts):
            continue
        if best is None or over < best[0]:
            best = over, held, rungs
        home_does = home_does or (not elsewhere and _largest(total, rungs) <= coarse)
        if over[0] <= ROUNDING and over[1] <= coarse:
            break
    if best is None:
        return None
    _, held, rungs = best
    made = merged(rungs) or [Rung(doses=doses, days=taper.every_days)]
    if goal.daily:
        # the dose that it comes down to goes on, or up to the test that tells
        made[-1] = Rung(doses=made[-1].doses, days=_to_recheck(made, only_down))
    out = calendar(agent, made, held, first, total, facts)
    if out is None:
        return out
    steps = (msgspec.structs.replace(s, back_to=None) if only_down else way.step(s) for s in out.steps)
    return msgspec.structs.replace(out, steps=tuple(steps))


def _litres(rungs: Sequence[Rung], held: Stock, facts: Facts) -> bool:
    """Whether a liquid is more in a day than anybody should drink to spare a rounding."""
    most = facts.knowledge.policy("plan_liquid_most_daily") * GRAIN
    product = held.products[0]
    return product.liquid and any(rung.total / product.strength > most + ROUNDING for rung in rungs)


def _bearable(over: tuple[float, float], held: Stock, facts: Facts) -> bool:
    """Whether steps in pieces, although coarse, lie so little above the policy's that a large volume is no better."""
    pieces = not (held.products[0].liquid or held.products[0].drop)
    return pieces and over[0] <= ROUNDING and over[1] <= facts.knowledge.policy("plan_coarse_step_most")


def _to_recheck(made: Sequence[Rung], only_down: OneWay | None) -> float | None:
    """How many days of the last rung are left to the test, a day at least; ``None`` where there is none."""
    if not only_down or only_down.recheck_days is None:
        return None
    return max(1.0, only_down.recheck_days - sum(rung.days or 0.0 for rung in made[:-1]))


def _begun(doses: Grains, rungs: Sequence[Rung], taper: Taper) -> list[Rung]:
    """The rungs without the present dose at their beginning: the time that it would take goes to the last dose. Where a policy bounds its steps
    by their part of the dose the present one stays for its time, unless the next step is one that is allowed at once."""
    lead = next((n for n, rung in enumerate(rungs) if rung.doses != doses), len(rungs))
    if not lead or lead == len(rungs):
        return list(rungs)
    if taper.percent_most is not None:
        total = rungs[0].total
        allowed = max(total * taper.percent_most / 100, (taper.least_most or taper.least or 0.0) * GRAIN)
        return list(rungs[lead:] if total - rungs[lead].total <= allowed + ROUNDING else rungs)
    waited, last = sum(rung.days or 0.0 for rung in rungs[:lead]), rungs[-1]
    days = None if last.days is None else last.days + waited
    return [*rungs[lead:-1], Rung(doses=last.doses, days=days, bounds=last.bounds)]


def _largest(total: int, rungs: Sequence[Rung]) -> float:
    """The largest step as a part of the dose that it all begins with, the last one to nothing apart; the whole where there is none."""
    doses = [total, *(r.total for r in rungs)]
    return max((a - b for a, b in pairwise(doses)), default=0) / total or 1.0


def _large(total: int, rungs: Sequence[Rung], taper: Taper) -> float:
    """By how much of the dose before it the largest step, down to the policy's last dose, lies above the most that it allows, the small steps of
    its end apart; all of it where no step can be made."""
    if taper.percent_most is None:
        return 0.0
    if all(rung.total == total for rung in rungs):
        return 1.0
    doses, last, small = (
        [total, *(r.total for r in rungs)],
        (taper.last or 0.0) * GRAIN,
        (taper.least_most or 0.0) * GRAIN,
    )
    steps = [(a - b) / a for a, b in pairwise(doses) if a > last and a - b > small + ROUNDING]
    return max(0.0, max(steps, default=0.0) - taper.percent_most / 100)


def _beyond(total: int, aims: Sequence[Aim], rungs: Sequence[Rung], taper: Taper) -> float:
    """By how much of the dose before it the largest step lies above the policy's; all of it where no step can be made. What is no more than
    the small steps of its end is not above it."""
    if all(rung.total == total for rung in rungs):
        return 1.0
    made, asked_for = [total, *(r.total for r in rungs)], [float(total), *(aim.dose for aim in aims)]
    steps = zip(made, made[1:], asked_for, asked_for[1:], strict=False)
    small = (taper.least_most or 0.0) * GRAIN
    return max((before - after - max(ideal - lower, small)) / before for before, after, ideal, lower in steps)


def _rungs(doses: Grains, aims: Sequence[Aim], taper: Taper, held: Stock, goal: int, end: Grains) -> Iterator[Rung]:
    """The rungs below the present dose: each the policy's dose at that time, made from pieces, no part of the day ever above what it was.
    None is below the doses that it ends with (``end``).
    Where that is a larger step than the policy allows in its time, the least that is not, and in the end the last dose all the same."""
    shares, before = shares_of({part: float(dose) for part, dose in doses.items()}), dict(doses)
    kept, since = 1 - (taper.percent_most or 100) / 100, 0
    for number in range(_MOST_STEPS):
        late = number >= len(aims)
        if late and not (kept and aims and _lower(aims[-1].dose, shares, held, before, taper)):
            return
        aim, total, since = aims[min(number, len(aims) - 1)], sum(before.values()), since + 1
        floor = total * kept**since if kept else 0.0
        most = min(total, aim.most) if aim.most >= held.amounts[0] else total  # nothing that small is made
        found = spread(
            max(aim.dose, floor), shares, held.amounts, before, at_most=most, at_least=floor, lower=end, nearest=True
        )
        found = _alike(found, before, max(aim.dose, floor), held, at_most=most, at_least=floor, end=end)
        found = found or (before if kept else {})
        if not found or sum(found.values()) < goal:
            return
        yield Rung(doses={part: dose for part, dose in found.items() if dose}, days=aim.days)
        if sum(found.values()) < total:
            since = 0
        before = {part: found.get(part, 0) for part in before}
        if sum(found.values()) <= goal > 0:
            return


def _alike(found: Grains, before: Grains, aim: float, held: Stock, *, at_most: float, at_least: float, end: Grains) -> Grains:  # fmt: skip
    """The doses of a day in equal parts, where a liquid makes them, the present ones are equal, and they lie nearer to the ``aim`` than to the present
    day's dose; else as they were found."""
    alike = len(set(before.values())) == 1
    if (
        not found
        or not alike
        or end
        or not held.products[0].liquid
        or len(set(found.values())) == 1 == len(found) / len(before)
    ):
        return found
    even = evenly(aim, before, held.amounts, at_most=at_most, at_least=at_least)
    near = bool(even) and abs(sum(even.values()) - aim) < (sum(before.values()) - aim) / 2
    return even if near else found


def _end(doses: Grains, goal: Goal, held: Stock) -> Grains:
    """The doses of the day that a plan ends with where it may not end above a goal, no more than is allowed at one time where that costs nothing
    of the day; none where it may end above, or nothing makes them."""
    if goal.within is None:
        return {}
    most, single = goal.daily * GRAIN, goal.within * GRAIN
    shares = shares_of({part: float(dose) for part, dose in doses.items()})
    whole = spread(most, shares, held.amounts, doses, at_most=most)
    upper = {part: math.floor(min(float(dose), single) + ROUNDING) for part, dose in doses.items()}
    divided = spread(most, shares, held.amounts, upper, at_most=most)
    return divided if sum(divided.values()) >= sum(whole.values()) else whole


def _lower(ideal: float, shares: dict[DayPart, float], held: Stock, before: Grains, taper: Taper) -> bool:
    """Whether there is a step to go to a dose, and something between nothing and the present doses that is nearer to it. A step that is
    hardly one is left out, unless the present doses are above the last of the policy."""
    total = sum(before.values())
    if total - ideal < (taper.least or 0.0) * GRAIN / 2 and ideal > (taper.last or 0.0) * GRAIN + ROUNDING:
        return False
    found = sum(spread(ideal, shares, held.amounts, before, at_most=total, nearest=True).values())
    return 0 < found < total


def _aims(whole: float, way: Way, goal: float) -> Iterator[Aim]:
    """The doses of a way with their days: down to the most that the person's limits leave by its first policy, from there by the other one, and
    in the end from no more to nothing than the first allows."""
    taper, then, most = way.taper, way.then, way.most * GRAIN
    if then is None or goal >= most:
        small = math.inf if taper.end_most is None or goal else taper.end_most * GRAIN
        doses = list(_ideals(whole, taper, goal))
        last = doses[-1] if doses else whole
        yield from (Aim(dose, taper.every_days) for dose in doses[:-1])
        if doses:
            yield Aim(last, taper.every_days, small if last <= small else math.inf)
        parts = math.ceil(last / small - ROUNDING) if small < math.inf else 1
        for left in range(parts - 1, 0, -1):
            yield Aim(last * left / parts, taper.every_days, small if left == 1 else math.inf)
        return
    *quick, kept = list(_ideals(whole, taper, most))
    yield from (Aim(dose, taper.every_days) for dose in quick)
    yield Aim(kept, then.every_days, most)
    yield from (Aim(dose, then.every_days, most) for dose in _ideals(most, then, goal))


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
            now = _less(now, whole, taper, last)
        else:
            now = whole * (1 - k / (count + 1))  # after so many steps the time is over and nothing is taken
        if now <= ROUNDING and not goal:
            return
        yield max(now, goal)


def _less(now: float, whole: float, taper: Taper, last: float) -> float:
    """The day's dose (grains) a percentage, or the smallest step, below ``now``; with a smallest step the end is the last dose itself. What
    would be hardly a step then is taken with the one before it, where the policy allows so large a step."""
    least = (taper.least or 0.0) * GRAIN
    lower = now - max((whole if taper.of_first else now) * (taper.percent or 0.0) / 100, least)
    if not least:
        return lower
    hardly = lower - last < least / 2 and now - last <= now * (taper.percent_most or 0.0) / 100
    return last if lower < last or hardly else lower


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
    slower = _made(agent, taken, slow, facts, first, goal)
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
    if small is not None and to_nothing and list(_ideals(taken.daily, own, 0.0))[-1:] > [small + ROUNDING]:
        out.append(words["smaller_end"].format(most=amount(small, found.products[0].unit)))
    if own != source and not source.at_once:
        fall, sources = _fall(own, taken.daily), _fall(source, taken.daily)
        if fall > sources * (1 + ROUNDING):
            out.append(words["larger"])
        if fall / own.every_days > sources / (source.every_days_least or source.every_days) * (1 + ROUNDING):
            out.append(words["quicker"])
    if found.steps and not any(step.changed for step in found.steps) and taken.daily > (own.last or 0.0) + ROUNDING:
        out.append(words["nothing_less"])
    if whole_only(found.products) and swallows_no_tablets(facts):
        out.append(words["whole"])
    return (*out, words["rounded_taper"], *product_notes(found, facts))


def _beyond_all(own: Taper, fitting: Sequence[Taper], daily: float) -> bool:
    """Whether an override takes a larger step, at its end too, or goes quicker than every policy that fits the person; or has steps at all where
    the one that comes first gives nothing from today."""
    if fitting and fitting[0].at_once:
        return True
    stepped = [t for t in fitting if not t.at_once]
    largest = max((_fall(t, daily) for t in stepped), default=0.0)
    fastest = max((_fall(t, daily) / (t.every_days_least or t.every_days) for t in stepped), default=0.0)
    last = ([daily * GRAIN, *_ideals(daily * GRAIN, own, 0.0)][-1]) / GRAIN
    fall = _fall(own, daily)
    return (
        _abrupt(own, fitting, last)
        or fall > largest * (1 + ROUNDING)
        or fall / own.every_days > fastest * (1 + ROUNDING)
    )


def _abrupt(own: Taper, fitting: Sequence[Taper], last: float) -> bool:
    """Whether an override goes to nothing from more in a day (``last``) than every policy that fits the person does."""
    ends = [t.end_most for t in fitting if not t.at_once]
    return own.end_most is None and bool(ends) and all(end is not None and last > end + ROUNDING for end in ends)


def _never_back(found: Calendar) -> Calendar:
    """The calendar without a step that leads back."""
    return msgspec.structs.replace(found, steps=tuple(msgspec.structs.replace(s, back_to=None) for s in found.steps))


def _fall(taper: Taper, daily: float) -> float:
    """The first step of a policy, as an amount of the day."""
    whole = daily * GRAIN
    return (whole - next(_ideals(whole, taper, 0.0), 0.0)) / GRAIN
