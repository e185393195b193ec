"""The rungs of a way down: the day's doses that a policy asks for in real pieces, no part of the day ever above what it was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import DayPart, Taper
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock
from relaxant.planning.current import Intake
from relaxant.planning.dose import OneWay
from relaxant.planning.parts import Grains, evenly, shares_of, spread
from relaxant.planning.products import abroad, usable_groups
from relaxant.planning.tablets import GRAIN, ROUNDING, grains
from relaxant.planning.way_down import MOST_STEPS, Aim, Way, aims_of


class Goal(NamedTuple):
    """The day's dose that a plan comes down to, nothing by default; with ``within``, the most at one time, it is not a piece above it."""

    daily: float = 0.0
    within: float | None = None


def calendar_down(
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
    taper, aims = way.taper, list(aims_of(float(total), way, float(grains(goal.daily))))
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
    for number in range(MOST_STEPS):
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
