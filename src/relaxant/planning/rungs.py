"""The rungs of a start or a rise: a source's stages for one person, within the room for a dose, in amounts that products make."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import BY_WEIGHT, DayPart, Titration
from relaxant.planning.calendar import Rung, Stock
from relaxant.planning.dose import Room
from relaxant.planning.parts import Grains, kept_parts, shares_of, spread
from relaxant.planning.tablets import GRAIN, ROUNDING
from relaxant.quantities import Quantity, convert

_ROUNDS = 100  # rises within the last stage, where each is bounded more tightly than the label's, or the start was


class Staged(msgspec.Struct, frozen=True):
    """A stage in grains for this person, as labelled."""

    doses: dict[DayPart, float]
    days: float | None

    @property
    def total(self) -> float:
        return sum(self.doses.values())


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """What a start or a rise keeps to: the doses of a day until now (grains), the room, and the most in a day (grains) whatever bounds it;
    ``falls`` where the source begins high and goes lower."""

    before: Grains
    stands: Room
    most: float
    falls: bool = False


def staged(titration: Titration, agent: str, facts: Facts, row: int) -> list[Staged]:
    """The stages of a titration in grains; those by weight for the least that the person may weigh."""
    unit, its = titration.unit.removesuffix(BY_WEIGHT), facts.knowledge.agents[agent].dose_unit
    factor = facts.column("weight").low.item(row) if titration.unit.endswith(BY_WEIGHT) else 1.0
    own = factor if unit == its else convert(Quantity(factor, unit), its)
    if own is None:
        raise ValueError(f"a titration in {titration.unit} does not fit an agent dosed in another kind of unit")
    return [Staged({p: a * own * GRAIN for p, a in s.doses.items()}, s.days) for s in titration.stages]


def rungs(stages: Sequence[Staged], climb: Climb, held: Stock) -> list[Rung]:
    """The stages within the room, rounded down to what can be made; the labelled doses themselves where nothing bounds them. None where
    the first dose cannot be made: a later stage is no place to begin."""
    if climb.falls and not climb.before:
        return _falling(stages, climb, held)
    return _rising(stages[-1:] if climb.falls else stages, climb, held)


def present_days(stages: Sequence[Staged], stands: Room, before: Grains) -> float:
    """How many days a dose that is taken (``before``, grains) lasts at least before it rises: those of the stage that it has reached, or of
    the first where it is below all, and never less than what bounds a person's steps. Nought where nothing is taken."""
    total = sum(before.values())
    if not total:
        return 0.0
    reached = [s for s in stages if s.total * stands.share <= total + ROUNDING] or [min(stages, key=lambda s: s.total)]
    return max(max(reached, key=lambda s: s.total).days or 0.0, stands.days)


def least_rise(climb: Climb, held: Stock, parts: int) -> float:
    """The smallest day's dose (grains) above the present one that these products can make in so many doses: nobody who rises with them
    takes less. Infinite where they make nothing."""
    if not held.amounts:
        return math.inf
    now, sums = sum(climb.before.values()), {0}
    for _ in range(parts):
        sums |= {total + a for total in sums for a in held.amounts}
    return min((total for total in sums if total > now), default=now + held.amounts[0])


def _rising(stages: Sequence[Staged], climb: Climb, held: Stock) -> list[Rung]:
    """One rung a stage, so that whoever has more room is never later; the last stage is climbed as far as the room goes."""
    out: list[Rung] = []
    stands, before = climb.stands, dict(climb.before)
    top = min(stands.daily * GRAIN, climb.most)
    turns = _turns(stages, climb)
    largest = max((turn.step * stands.share for turn in turns), default=0.0)
    for number, turn in enumerate((*turns, *(turns[-1:] * _ROUNDS))):
        first = turn.first and not out
        now = sum(before.values())
        at_most = now + max(step := _step(turn, stands, held), min(step + _behind(turn, stands, held, now), largest))
        rung = _rung(turn.stage, at_most, stands, before, top, held, turn.days, first=first)
        if rung is not None and rung.total > sum(before.values()):
            out.append(rung)
            before = dict(rung.doses)
        elif first:
            least = _least(turn, stands, top, held)
            if least is None:
                return []
            out.append(least)
            before = dict(least.doses)
        elif number >= len(turns):
            break
        elif out:  # too little to make: the time passes all the same
            out[-1] = Rung(doses=out[-1].doses, days=(out[-1].days or 0) + turn.days, bounds=out[-1].bounds)
        if out and sum(before.values()) >= top:
            break
    return out


def _step(turn: _Turn, stands: Room, held: Stock) -> float:
    """By how much the day's dose rises at most (grains): by its part of the labelled step, or the least that can be made where that is more."""
    return turn.step if stands.share == 1 else max(turn.step * stands.share, min(held.amounts, default=0))


def _behind(turn: _Turn, stands: Room, held: Stock, now: int) -> float:
    """What the rounding of a liquid to its marks has left of the labelled dose before this turn (grains): made up for with the next rise, which is none the less
    no larger than the largest that is labelled. Nought where more than a mark at each time is missing, which something else than rounding holds back."""
    missing = (turn.stage.total - turn.step) * stands.share - now
    if not held.products[0].liquid or missing <= 0:
        return 0.0
    near = bisect_right(held.amounts, max(turn.stage.doses.values()))
    mark = max((b - a for a, b in pairwise(held.amounts[max(near - 2, 0) : near + 1])), default=0)
    return missing if missing <= mark * len(turn.stage.doses) + ROUNDING else 0.0


def _least(turn: _Turn, stands: Room, top: float, held: Stock) -> Rung | None:
    """The smallest dose that products make, once a day: where the first dose of a share cannot be made, and something names an amount for this
    person (a start, or a most in a day) that is not below it."""
    named = [b.value for b in stands.bounds if b.names_amount]
    if not held.amounts:
        return None
    smallest = held.amounts[0]
    if (
        not named
        or smallest > min(stands.start, stands.start_daily, stands.single, stands.daily) * GRAIN
        or smallest > top
    ):
        return None
    if smallest > max(turn.stage.doses.values()) + ROUNDING:
        return None
    part = next(iter(kept_parts(turn.stage.doses, 1)))
    return Rung(
        doses={part: smallest}, days=turn.days, bounds=stands.deciding("share", "start", "start_daily", "daily")
    )


class _Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A rise to a stage: by how much at most in a day (grains), how long it lasts, and whether it is the first dose."""

    stage: Staged
    step: float
    days: float
    first: bool


def _turns(stages: Sequence[Staged], climb: Climb) -> list[_Turn]:
    """The rises that are tried, in order. Where the first dose is bounded its stage comes twice, within that bound and then without."""
    out: list[_Turn] = []
    stands, start, labelled, days = climb.stands, sum(climb.before.values()), 0.0, max(climb.stands.days, 1.0)
    for stage in stages:
        step, labelled = stage.total - labelled, stage.total
        days = days if stage.days is None else max(stage.days, stands.days)
        if climb.before and stage.total * stands.share <= start:
            continue
        begins = not out and not climb.before
        out.append(_Turn(stage=stage, step=step, days=days, first=begins))
        if begins and (
            stage.total > stands.start_daily * GRAIN or any(d > stands.start * GRAIN for d in stage.doses.values())
        ):
            out.append(_Turn(stage=stage, step=step, days=days, first=False))
    return out


def _falling(stages: Sequence[Staged], climb: Climb, held: Stock) -> list[Rung]:
    """Each stage within the room, and never above the one before; what is above the dose that is wanted is left out. None where a lower one
    cannot be made: the high one is for its days alone."""
    out: list[Rung] = []
    stands, at_most = climb.stands, math.inf
    top = min(stands.daily * GRAIN, climb.most)
    fitting = [s for s in stages if s.total <= climb.most + ROUNDING] or list(stages[-1:])
    for i, stage in enumerate(fitting):
        before = dict(out[-1].doses) if out else {}
        days = 1.0 if stage.days is None else stage.days
        rung = _rung(stage, min(at_most, stage.total), stands, before, top, held, days, first=not i)
        if rung is None:
            return []
        out.append(rung)
        at_most = rung.total
    return out


def _rung(
    stage: Staged, at_most: float, stands: Room, before: Grains, top: float, held: Stock, days: float, *, first: bool
) -> Rung | None:
    of_day = stands.start_daily * GRAIN if first else sum(before.values()) + stands.step_daily * GRAIN
    parts = min(stands.doses_daily, len(stage.doses))
    if first and of_day < stage.total:  # as many doses as labelled ones fit, rather than pieces of them
        parts = min(parts, max(1.0, of_day // max(stage.doses.values())))
    doses = kept_parts(stage.doses, round(parts))
    most = {part: min(dose, stands.single * GRAIN) for part, dose in doses.items()}
    if first:
        most = {part: min(dose, stands.start * GRAIN) for part, dose in most.items()}
    elif stands.step < math.inf:
        most = {part: min(dose, before.get(part, 0) + stands.step * GRAIN) for part, dose in most.items()}
    total = min(sum(min(dose * stands.share, most[part]) for part, dose in doses.items()), top)
    held_by = _held_by(stage, doses, most, total, of_day, top, stands, first=first)
    total, at_most = min(total, of_day), min(at_most, of_day)
    if (
        not held_by
        and stage.total <= at_most + ROUNDING
        and all(round(dose) in held.amounts for dose in doses.values())
    ):
        return Rung(doses={part: round(dose) for part, dose in doses.items()}, days=days)
    upper = {part: math.floor(dose + ROUNDING) for part, dose in most.items()}
    found = spread(min(total, at_most), shares_of(doses), held.amounts, upper, at_most=at_most)
    return Rung(doses=found, days=days, bounds=held_by) if found else None


def _held_by(stage: Staged, doses: dict[DayPart, float], most: dict[DayPart, float], total: float, of_day: float, top: float, stands: Room, *, first: bool) -> tuple[str, ...]:  # fmt: skip
    """The bounds that hold a stage below what is labelled."""
    kinds: list[Any] = []
    if stands.share < 1:
        kinds.append("share")
    if stands.doses_daily < len(stage.doses):
        kinds.append("doses_daily")
    if any(stands.single * GRAIN < dose for dose in doses.values()):
        kinds.append("single")
    if any(most[part] < min(dose, stands.single * GRAIN) for part, dose in doses.items()):
        kinds.append("start" if first else "step")
    if of_day < min(stage.total, top):
        kinds.append("start_daily" if first else "step_daily")
    if top < stage.total and total >= top >= stands.daily * GRAIN - ROUNDING:
        kinds.append("daily")
    return stands.deciding(*kinds) or (("goal",) if min(total, of_day) < stage.total - ROUNDING else ())
