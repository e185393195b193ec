"""Two agents within what is allowed of each: parts of their ceilings add up, and where both would be too much the old one goes first and
the new one rises into the room that it leaves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import DayPart, Stage, Switch
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, stock
from relaxant.planning.current import Intake
from relaxant.planning.dose import Room, ceiling
from relaxant.planning.parts import Grains, kept_parts, shares_of, spread
from relaxant.planning.plan import Step
from relaxant.planning.products import beginning_groups
from relaxant.planning.tablets import GRAIN, ROUNDING
from relaxant.planning.which_titration import titrations

_LONG = 500  # days after the last dose of the old one on which the new one may still rise
_CLOSE = 1e-6


def most_daily(stands: Room) -> float:
    """The most in a day of an agent for this person, in its unit: what kidneys, liver or medicines leave of the label's, else the label's."""
    most = ceiling(stands)
    return stands.daily if most is None else most


def part_of_most(daily: float, stands: Room) -> float:
    """Which part of the most that is allowed a day's dose is; nought where nothing bounds it."""
    most = most_daily(stands)
    return math.inf if daily > 0 and most <= 0 else daily / most if daily else 0.0


def stages_of(agent: str, facts: Facts, row: int) -> tuple[Stage, ...]:
    """The stages of the titration that fits, in the agent's unit; none where it is by weight."""
    fitting = [t for t in titrations(agent, facts, row) if t.unit == facts.knowledge.agents[agent].dose_unit]
    return fitting[0].stages if fitting else ()


def of_stage(number: int, stages: Sequence[dict[DayPart, float]], stands: Room) -> float:
    """The most (grains) of the day's dose at the rise of this number (from nought) where something takes a part off the labelled doses:
    that part of the stage. Infinite where nothing does."""
    if stands.share >= 1:
        return math.inf
    return sum(stages[min(number, len(stages) - 1)].values()) * GRAIN * stands.share


def _step(stages: Sequence[dict[DayPart, float]], stands: Room) -> float:
    """By how much (grains) the day's dose rises at most: by its part of the smallest labelled step, since the place of a rise in an exchange
    is no stage of a titration."""
    days = [0.0, *(sum(stage.values()) for stage in stages)]
    return min(two - one for one, two in pairwise(days)) * GRAIN * stands.share


def raised(aim: float, top: float, part: float, shares: dict[DayPart, float], held: Stock, stands: Room, before: Grains, *, first: bool) -> tuple[Grains, bool]:  # fmt: skip
    """The new one's doses of one step: the most up to what replaces a part of the old, within the room, and no less than before. No step
    is larger than a ``part``, so that what a bound held down at first is not made good at once. Beside it, whether nothing but rounding
    held it down."""
    largest, total = held.amounts[-1] if held.amounts else 0, sum(before.values())
    step, daily = (stands.start, stands.start_daily) if first else (stands.step, stands.step_daily)
    upper = {
        dose: math.floor(min(stands.single * GRAIN, largest, before.get(dose, 0) + step * GRAIN) + ROUNDING)
        for dose in shares
    }
    within = min(aim, top, total + part, total + daily * GRAIN)
    found = spread(within, shares, held.amounts, upper, at_most=math.floor(within + 1))
    free = within >= aim - 1 and sum(upper.values()) >= aim - 1
    return (found if sum(found.values()) > total else before), free


def fits_within(rising: Sequence[Step], falling: Sequence[Step], rest: float, taken: Intake, new: Room, old: Room) -> bool:  # fmt: skip
    """Whether on no day both together are more than the whole of what is allowed, nor, where more than that is taken now, more than
    now. Where the old one leaves the person more slowly than others and is above its most, it comes down before anything is begun.
    ``rest`` is what is left of the old one after the last of its steps."""
    now = part_of_most(taken.daily, old)
    if now > 1 + _CLOSE and old.share < 1:
        return False
    most = max(1.0, now) + _CLOSE
    days = sorted({step.first for step in (*rising, *falling)})
    return all(
        part_of_most(_daily(rising, day, 0.0), new) + part_of_most(_daily(falling, day, rest), old) <= most
        for day in [*days, max(days) + timedelta(days=_LONG)]
    )


def _daily(steps: Sequence[Step], day: date, after: float) -> float:
    """The day's dose by these steps; before them nothing, ``after`` behind the last."""
    for step in steps:
        if step.first <= day and (step.last is None or day <= step.last):
            return step.daily
    return 0.0 if steps and day < steps[0].first else after


def followed(switch: Switch, taken: Intake, falling: Sequence[Step], stands: tuple[Room, Room], goal: float | None, facts: Facts, first: date, row: int = 0) -> Calendar | None:  # fmt: skip
    """The new one's calendar while the old one goes by ``falling``: at each rise no more than the room that is left, than what the old
    one has given up, and than its part of the labelled stage. ``stands`` are the rooms of the new and of the old. None where nothing fits."""
    new, old = stands
    ratio = switch.ratio if switch.ratio is not None else switch.ratio_low
    known = stages_of(switch.to_agent, facts, row)
    if ratio is None or not known:
        return None
    stages = [stage.doses for stage in known]
    days = max(math.ceil((switch.over_days or 1) / max(switch.parts or 1, 1)), math.ceil(new.days), 1)
    top = min(taken.daily * ratio, most_daily(new), math.inf if goal is None else goal) * GRAIN
    part = taken.daily * ratio / max(switch.parts or 1, 1) * GRAIN
    shares = shares_of(kept_parts(stages[-1], round(min(new.doses_daily, len(stages[-1])))))
    made: list[tuple[Stock, list[tuple[date, Grains]]]] = []
    for group in beginning_groups(switch.to_agent, facts, row):
        held, before, rungs = stock(group, top / GRAIN, facts), Grains(), list[tuple[date, Grains]]()
        tries, ready = 0, first
        for day, left in _chances(falling, first):
            space, given_up = 1 - part_of_most(left, old), ratio * (taken.daily - left) * GRAIN
            if day < ready or space <= 0 or given_up <= 0:
                continue
            least, total = min(held.amounts, default=0), sum(before.values())
            aim = min(given_up, max(of_stage(tries, stages, new), least), total + max(_step(stages, new), least))
            most = math.floor(min(top, most_daily(new) * space * GRAIN) + ROUNDING)
            more, _ = raised(aim, most, part, shares, held, new, before, first=not rungs)
            risen = sum(more.values()) > total
            if risen or new.share < 1:  # what is too little to make passes its time all the same
                waits = known[min(tries, len(known) - 1)].days or 0 if new.share < 1 else 0
                tries, ready = tries + 1, day + timedelta(days=max(days, math.ceil(waits)))
            if risen:
                rungs.append((day, more))
                before = more
        if rungs:
            made.append((held, rungs))
    if not made:
        return None
    held, rungs = min(made, key=lambda m: -sum(m[1][-1][1].values()))
    ends = [*(day for day, _ in rungs[1:]), None]
    own = [Rung(doses=doses, days=None if end is None else float((end - day).days)) for (day, doses), end in zip(rungs, ends, strict=True)]  # fmt: skip
    return calendar(switch.to_agent, own, held, rungs[0][0], 0, facts)


def _chances(falling: Sequence[Step], first: date) -> Iterator[tuple[date, float]]:
    """Each day of the old one's way out and for a long time after it, with what is taken of the old one from then on."""
    day = first
    for step in falling:
        while step.last is not None and day <= step.last:
            yield day, step.daily
            day += timedelta(days=1)
    for _ in range(_LONG):
        yield day, 0.0
        day += timedelta(days=1)
