"""Part for part: as the new agent rises by the published ratio the old one falls by what it replaces, so that both together are never more
than was taken; what the new one may not replace goes by the old one's own taper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import DayPart, Switch
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock
from relaxant.planning.current import Intake, form_of
from relaxant.planning.dose import Room
from relaxant.planning.handover import of_stage, raised, stages_of
from relaxant.planning.joined import following, placed_step
from relaxant.planning.parts import Grains, kept_parts, shares_of, spread
from relaxant.planning.plan import Plan
from relaxant.planning.products import beginning_groups, product_groups, usable_groups
from relaxant.planning.tablets import GRAIN, ROUNDING, grains


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The calendars of both while they are exchanged; ``rest`` is what of the old is left (empty: none), from the day ``then`` on.

    Something is left where the new one may not, or need not by what is weighed, replace all of the old.
    """

    rising: Calendar
    falling: Calendar | None
    rest: dict[DayPart, float]
    then: date
    covers: float
    """The part of the old one that the most of the new one which is allowed takes the place of: 1 for all of it or more."""


def exchanged(
    switch: Switch, taken: Intake, stands: Room, goal: float | None, facts: Facts, first: date, row: int = 0
) -> Exchanged | str:
    """The exchange in ``switch.parts`` steps, or why there is none: a key of the words of refusal."""
    ratio = switch.ratio if switch.ratio is not None else switch.ratio_low
    stages = [stage.doses for stage in stages_of(switch.to_agent, facts, row)]
    old = old_stock(switch.from_agent, taken, facts, row)
    if not stages:
        return "no_schedule"
    if ratio is None or old is None:
        return "no_exchange"
    whole, parts = taken.daily * GRAIN, max(switch.parts or 1, 1)
    days = max(math.ceil((switch.over_days or parts) / parts), math.ceil(stands.days))
    shares = shares_of(kept_parts(stages[-1], round(min(stands.doses_daily, len(stages[-1])))))
    most = max(sum(stage.values()) for stage in stages) * GRAIN * stands.share
    top = min(whole * ratio, stands.daily * GRAIN, most if stands.share < 1 else math.inf)
    if goal is not None:
        top = min(top, goal * GRAIN)
    least = min(whole * ratio, top) * (switch.ratio_low or ratio) / ratio
    wanted = [min(whole * ratio * k / parts, of_stage(k - 1, stages, stands)) for k in range(1, parts + 1)]
    new, rises = _rises(switch.to_agent, wanted, whole * ratio / parts, top, least, shares, stands, facts, row)
    if new is None or not rises[-1][0]:
        return "no_exchange"
    up, down = list[Rung](), list[Rung]()
    now, part_of = {part: grains(dose) for part, dose in taken.doses.items()}, 0.0
    for k, (doses, free) in enumerate(rises, 1):
        total = sum(doses.values())
        replaced = total / (whole * ratio)
        if total and free and total >= whole * (switch.ratio_low or ratio) * k / parts - 1:
            replaced = k / parts  # within the published span, from which nothing but rounding held it down
        part_of = max(part_of, min(k / parts, replaced))
        less = _lowered(whole * (1 - part_of), now, old)
        now = less if less or k == parts else now  # its last dose goes with the last part
        if doses:
            up.append(Rung(doses=doses, days=days if k < parts else None))
        if now:
            down.append(Rung(doses=now, days=days))
    rising = calendar(switch.to_agent, merged(up), new, first + timedelta(days=days * (parts - len(up))), 0, facts)
    falling = calendar(switch.from_agent, merged(down), old, first, round(whole), facts) if down else None
    if rising is None or (down and falling is None):
        return "no_exchange"
    rest = {part: dose / GRAIN for part, dose in now.items()}
    covers = min(stands.daily * GRAIN, most if stands.share < 1 else math.inf) / (whole * ratio)
    then = first + timedelta(days=days * parts)
    return Exchanged(rising=rising, falling=falling, rest=rest, then=then, covers=min(covers, 1.0))


def _rises(agent: str, wanted: Sequence[float], part: float, top: float, least: float, shares: dict[DayPart, float], stands: Room, facts: Facts, row: int) -> tuple[Stock | None, list[tuple[Grains, bool]]]:  # fmt: skip
    """The new one's doses of each step, and whether nothing but rounding held them down, in the first kind of product that comes to
    within the published span, else in the one that comes nearest."""
    made: list[tuple[Stock, list[tuple[Grains, bool]]]] = []
    for group in beginning_groups(agent, facts, row):
        held, doses, before = stock(group, top / GRAIN, facts), list[tuple[Grains, bool]](), Grains()
        rounded = True  # nothing but rounding has held it down so far, which the next part makes good
        for k, aim in enumerate(wanted):
            step = max(part, aim - sum(before.values())) if rounded else part
            before, free = raised(aim, top, step, shares, held, stands, before, first=k == 0)
            rounded = rounded and free
            free = free and aim >= part * (k + 1) - 1
            doses.append((before, free))
        made.append((held, doses))
    fitting = [m for m in made if sum(m[1][-1][0].values()) >= least - 1]
    held_down = [
        m for m in made if sum(m[1][-1][0].values()) and not m[1][-1][1]
    ]  # by the room: a finer product is no help
    best = fitting[:1] or held_down[:1] or sorted(made, key=lambda m: -sum(m[1][-1][0].values()))[:1]
    return best[0] if best else (None, [({}, False)])


def _lowered(wanted: float, now: Grains, held: Stock) -> Grains:
    """The old one's doses once a part is replaced: no part of the day above what it was."""
    if wanted <= ROUNDING * GRAIN or not now:
        return {}
    shares = shares_of({part: float(dose) for part, dose in now.items()})
    return spread(wanted, shares, held.amounts, now, at_most=sum(now.values()), nearest=True)


def old_stock(agent: str, taken: Intake, facts: Facts, row: int = 0) -> Stock | None:
    """The products that make the present doses of the old one: those of the present product first."""
    doses = {grains(dose) for dose in taken.doses.values()}
    groups = usable_groups(agent, facts, said=taken.form, modified=taken.modified, row=row)
    stocks = (stock(group, max(taken.doses.values()), facts) for group in groups)
    return next((held for held in stocks if doses <= set(held.ways)), None)


def as_now_until(day: date, agent: str, falling: Plan, taken: Intake, facts: Facts, first: date) -> Plan:
    """The way out of the old one with the time before it as a step of its own, at the present dose, so that the supply lasts from the
    ``first`` day on. Where products here do not make the present dose nothing is added."""
    if day <= first or not falling.steps or taken.why:
        return falling
    doses = {part: grains(dose) for part, dose in taken.doses.items()}
    now = Rung(doses=doses, days=float((day - first).days))
    stocks = (_same_form(agent, falling, taken, facts), old_stock(agent, taken, facts))
    made = (calendar(agent, [now], held, first, now.total, facts) for held in stocks if held is not None)
    found = next((calendar_made for calendar_made in made if calendar_made), None)
    if found is None:
        return falling
    products = (*falling.products, *(p for p in found.products if p not in falling.products))
    places = [products.index(p) for p in found.products]
    steps = (*(placed_step(s, places) for s in found.steps), *following(falling.steps, 0, len(found.steps)))
    return msgspec.structs.replace(falling, products=products, steps=steps)


def _same_form(agent: str, falling: Plan, taken: Intake, facts: Facts) -> Stock | None:
    """The products of the way out, where they are of the form that is taken: the fewer strengths the better."""
    groups = product_groups(agent, facts, modified=taken.modified)
    form = form_of(taken.form, groups) or taken.form or next((group[0].name for group in groups), None)
    if any(product.name != form for product in falling.products):
        return None
    return stock(falling.products, max(taken.doses.values()), facts)
