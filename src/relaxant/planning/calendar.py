"""From doses to a calendar: rungs become dated steps in pieces of one set of products, with what is to be supplied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import DAY_PARTS
from relaxant.planning.parts import Grains
from relaxant.planning.plan import Product, Step, Supply, Take
from relaxant.planning.tablets import GRAIN, ROUNDING, Making, Ways, best_products, counts, ways


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """A day's doses (grains) for so many days; without an end where ``days`` is ``None``. ``bounds`` are the ids of what held it down."""

    doses: Grains
    days: float | None
    bounds: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The day's dose in grains."""
        return sum(self.doses.values())


class Stock(msgspec.Struct, frozen=True):
    """The products that a calendar is built from, and the amounts (grains, ascending) that a step is made of; ``ways`` may hold others, which
    are taken already."""

    products: tuple[Product, ...]
    ways: Ways
    amounts: tuple[int, ...]


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Dated steps, the products that they use, and the supplies."""

    steps: tuple[Step, ...]
    products: tuple[Product, ...]
    supply: tuple[Supply, ...]


def stock(products: Sequence[Product], largest: float, facts: Facts) -> Stock:
    """What these products make, up to ``largest`` at one time."""
    policy = facts.knowledge.policy
    middle = policy("plan_liquid_middle_from"), policy("plan_liquid_step_middle")
    large = policy("plan_liquid_large_from"), policy("plan_liquid_step_large")
    marks = Marks(fine=policy("plan_liquid_step"), middle=middle, large=large)
    return _stock(tuple(products), round(policy("plan_pieces_at_once")), marks, largest)


class Marks(NamedTuple):
    """The marks (mL) of oral syringes: the finest, and for each larger syringe the volume above which it is used with its own marks."""

    fine: float
    middle: tuple[float, float]
    large: tuple[float, float]


@lru_cache(maxsize=256)
def _stock(products: tuple[Product, ...], most: int, marks: Marks, largest: float) -> Stock:
    made = ways(products, most, marks.fine, largest)
    amounts = sorted(made)
    if products and products[0].liquid:
        amounts = [a for a in amounts if _readable(made[a][0].halves[0][1] * marks.fine, marks)]
    return Stock(products, made, tuple(amounts))


def _readable(volume: float, marks: Marks) -> bool:
    """Whether a volume (mL) is at a mark of a syringe that holds it: of its own, or of the large one."""
    steps = [step for above, step in (marks.middle, marks.large) if volume > above + ROUNDING]
    own = steps[-1:] or [marks.fine]
    return any(abs(volume / step - round(volume / step)) < ROUNDING for step in (*own, marks.large[1]))


def merged(rungs: Sequence[Rung]) -> list[Rung]:
    """The rungs with those alike that follow one another made one."""
    out: list[Rung] = []
    for rung in rungs:
        if out and out[-1].doses == rung.doses:
            last = out[-1]
            days = None if last.days is None or rung.days is None else last.days + rung.days
            out[-1] = Rung(doses=last.doses, days=days, bounds=tuple(dict.fromkeys((*last.bounds, *rung.bounds))))
        else:
            out.append(rung)
    return out


def calendar(agent: str, rungs: Sequence[Rung], held: Stock, first: date, before: int, facts: Facts) -> Calendar | None:
    """The calendar of these rungs from ``first`` on; ``None`` where one set of products does not make all doses. ``before`` is the day's
    dose (grains) until then. The last rung that has an end is followed by nothing."""
    comfortable = round(facts.knowledge.policy("plan_pieces_comfortable"))
    makings = best_products((a for rung in rungs for a in rung.doses.values()), held.ways, comfortable)
    if makings is None:
        return None
    used = sorted({place for way in makings.values() for place in way.products})
    liquid_step = facts.knowledge.policy("plan_liquid_step")
    steps: list[Step] = []
    day, total = first, before
    for number, rung in enumerate(rungs, 1):
        last = None if rung.days is None else day + timedelta(days=math.ceil(rung.days) - 1)
        steps.append(
            Step(
                number=number,
                agent=agent,
                first=day,
                last=last,
                takes=tuple(
                    _take(part, rung.doses[part], makings, held, used, liquid_step)
                    for part in DAY_PARTS
                    if part in rung.doses
                ),
                daily=rung.total / GRAIN,
                changed=(rung.total - total) / GRAIN,
                back_to=number - 1 if number > 1 else None,
                bounds=rung.bounds,
            )
        )
        total = rung.total
        if last is not None:
            day = last + timedelta(days=1)
    return Calendar(steps=tuple(steps), products=tuple(held.products[p] for p in used), supply=supplies(steps, facts))


def _take(part: str, amount: int, makings: dict[int, Making], held: Stock, used: list[int], liquid_step: float) -> Take:
    made = counts(makings[amount], held.products, liquid_step)
    own = tuple(msgspec.structs.replace(c, product=used.index(c.product)) for c in made)
    return Take(at=part, amount=amount / GRAIN, counts=own)  # type: ignore[arg-type]


def supplies(steps: Sequence[Step], facts: Facts) -> tuple[Supply, ...]:
    """What each supply holds: one for every so many days, from the first day to the last; a step without an end is supplied for one more."""
    if not steps:
        return ()
    span = round(facts.knowledge.policy("plan_supply_days"))
    end = max(step.last or step.first + timedelta(days=span - 1) for step in steps)
    out, first = [], min(step.first for step in steps)
    while first <= end:
        until = min(first + timedelta(days=span - 1), end)
        needed: dict[int, float] = {}
        for step in steps:
            days = (min(until, step.last or until) - max(first, step.first)).days + 1
            for take in step.takes if days > 0 else ():
                for count in take.counts:
                    needed[count.product] = needed.get(count.product, 0.0) + count.count * days
        out += [Supply(product=p, count=round(n, 3), first=first, until=until) for p, n in sorted(needed.items())]
        first = until + timedelta(days=1)
    return tuple(out)
