"""How a dose is lowered: the policies that fit a person, the clinician's own step and time, and the day's doses that a policy asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Taper
from relaxant.planning.current import Intake
from relaxant.planning.dose import most_taken, room
from relaxant.planning.plan import Step
from relaxant.planning.products import product_groups
from relaxant.planning.said import amount
from relaxant.planning.tablets import GRAIN, ROUNDING
from relaxant.rules.asked import asked

MOST_STEPS = 400


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


def named_policy(override: Override, agent: str, facts: Facts) -> Taper | None:
    if override.policy is None:
        return None
    return {t.taper: t for t in facts.knowledge.plans.tapers.values() if agent in t.agents}[override.policy]


def overridden(chosen: Taper, override: Override, taken: Intake, unit: str, smallest: float | None) -> Taper:
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
        if taken.daily / override.by > MOST_STEPS:
            raise InputError("--by", amount(override.by, unit), f"that is more than {MOST_STEPS} steps", "give a larger step")  # fmt: skip
        return msgspec.structs.replace(own, by=override.by, percent=None, over_days=None)
    if override.percent is not None:
        last = chosen.last if chosen.least or chosen.last or smallest is None else min(smallest, taken.daily)
        return msgspec.structs.replace(own, by=None, percent=override.percent, over_days=None, last=last)
    if chosen.at_once:
        raise InputError("--every", amount(override.every_days or 0, "days"), "this way of lowering has no steps", "give --by or --percent with it, or name another --policy")  # fmt: skip
    return own


def smallest_piece(agent: str, taken: Intake, facts: Facts) -> float | None:
    """The smallest piece that is sold and swallowed, half a tablet where it may be halved; ``None`` where all is measured."""
    groups = product_groups(agent, facts, modified=taken.modified)
    pieces = [p.strength / (2 if p.scored else 1) for g in groups for p in g if not (p.liquid or p.drop)]
    return min(pieces, default=None)


def way_of(agent: str, taper: Taper, taken: Intake, facts: Facts, row: int) -> Way:
    """A policy with the one that follows it below the most that the person's limits leave: the first of those named that has a step to take, or
    itself."""
    most = most_taken(room(agent, facts, row)) if taper.built_up else None
    if most is None or taken.daily <= most + ROUNDING:
        return Way(taper)
    for name in taper.then:
        then = facts.knowledge.plans.tapers[name]
        if holds_in(then, facts.jurisdiction) and next(ideals(most * GRAIN, then, 0.0), None) is not None:
            return Way(taper, then, most)
    return Way(taper, taper, most)


def _slower(taper: Taper) -> Taper:
    over = None if taper.over_days is None else taper.over_days * taper.slower_factor
    return msgspec.structs.replace(taper, every_days=math.ceil(taper.every_days * taper.slower_factor), over_days=over)


def aims_of(whole: float, way: Way, goal: float) -> Iterator[Aim]:
    """The doses of a way with their days: down to the most that the person's limits leave by its first policy, from there by the other one, and
    in the end from no more to nothing than the first allows."""
    taper, then, most = way.taper, way.then, way.most * GRAIN
    if then is None or goal >= most:
        small = math.inf if taper.end_most is None or goal else taper.end_most * GRAIN
        doses = list(ideals(whole, taper, goal))
        last = doses[-1] if doses else whole
        yield from (Aim(dose, taper.every_days) for dose in doses[:-1])
        if doses:
            yield Aim(last, taper.every_days, small if last <= small else math.inf)
        parts = math.ceil(last / small - ROUNDING)
        for left in range(parts - 1, 0, -1):
            yield Aim(last * left / parts, taper.every_days, small if left == 1 else math.inf)
        return
    *quick, kept = list(ideals(whole, taper, most))
    yield from (Aim(dose, taper.every_days) for dose in quick)
    yield Aim(kept, then.every_days, most)
    yield from (Aim(dose, then.every_days, most) for dose in ideals(most, then, goal))


def ideals(whole: float, taper: Taper, goal: float) -> Iterator[float]:
    """The day's doses (grains) that a policy asks for, step by step, down to the last above nothing (or to the goal)."""
    last, now = max((taper.last or 0.0) * GRAIN, goal), whole
    count = math.ceil((taper.over_days or 0.0) / taper.every_days)
    for k in range(1, MOST_STEPS):
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


def beyond_all(own: Taper, fitting: Sequence[Taper], daily: float) -> bool:
    """Whether an override takes a larger step, at its end too, or goes quicker than every policy that fits the person; or has steps at all where
    the one that comes first gives nothing from today."""
    if fitting and fitting[0].at_once:
        return True
    stepped = [t for t in fitting if not t.at_once]
    largest = max((fall_of(t, daily) for t in stepped), default=0.0)
    fastest = max((fall_of(t, daily) / (t.every_days_least or t.every_days) for t in stepped), default=0.0)
    fall = fall_of(own, daily)
    return (
        abrupt(own, fitting, ends_from(own, daily))
        or fall > largest * (1 + ROUNDING)
        or fall / own.every_days > fastest * (1 + ROUNDING)
    )


def abrupt(own: Taper, fitting: Sequence[Taper], last: float) -> bool:
    """Whether an override goes to nothing from more in a day (``last``) than every policy that fits the person does."""
    ends = [t.end_most for t in fitting if not t.at_once]
    return own.end_most is None and bool(ends) and all(end is not None and last > end + ROUNDING for end in ends)


def ends_from(taper: Taper, daily: float) -> float:
    """The last dose of a day above nothing that a policy asks for, by even steps of its own."""
    return [daily * GRAIN, *ideals(daily * GRAIN, taper, 0.0)][-1] / GRAIN


def fall_of(taper: Taper, daily: float) -> float:
    """The first step of a policy, as an amount of the day."""
    whole = daily * GRAIN
    return (whole - next(ideals(whole, taper, 0.0), 0.0)) / GRAIN
