"""What is exchanged where one product of an agent takes the place of another, and whether a calendar of it can be made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Switch
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Calendar
from relaxant.planning.current import Intake, current_lines, intake, weighed_daily, weighed_line
from relaxant.planning.plan import Branch, Line, Plan
from relaxant.planning.product_notes import product_notes
from relaxant.planning.product_said import ProductSaid, form_sold, groups_of, product_said, usual_form
from relaxant.planning.products import product_groups
from relaxant.quantities import plain_number
from relaxant.rules.wording import shown_agent_name


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is exchanged: the product taken, the one weighed, what is known of it, and what is taken each day."""

    agent: str
    old: ProductSaid
    new: ProductSaid
    switch: Switch
    taken: Intake
    weighed: float | None
    first: date


def product_change(agent: str, medicines: Sequence[Medicine], facts: Facts, first: date) -> Change | None:
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    known = [s for s in facts.knowledge.plans.switches.values() if s.from_agent == s.to_agent == agent]
    if line is None or line.beside or not now or not known:
        return None
    new, olds = product_said(line, agent, facts), {product_said(m, agent, facts) for m in now}
    if len(olds) != 1 or new.modified or next(iter(olds)).modified:
        return None
    old = next(iter(olds))
    if old.form is None:
        old = msgspec.structs.replace(old, form=usual_form(agent, facts))
    if new.form is None:
        new = msgspec.structs.replace(new, form=old.form, strength=old.strength)
    switch = _switch(known, old, new, facts)
    if switch is None:
        return None
    return Change(agent=agent, old=old, new=new, switch=switch, taken=intake(agent, now, facts), weighed=weighed_daily(agent, medicines, facts), first=first)  # fmt: skip


def _switch(known: Sequence[Switch], old: ProductSaid, new: ProductSaid, facts: Facts) -> Switch | None:
    """What is known of this exchange: of the form first, then of the strength of a liquid, then of the way to food."""
    other_form = new.form != old.form
    other_strength = None not in (old.strength, new.strength) and old.strength != new.strength
    if other_form or other_strength:
        fits = [
            s for s in known if s.to_form and new.form and new.form in s.to_form and s.from_form in (None, old.form)
        ]
        here = [s for s in fits if holds_in(s, facts.jurisdiction)]
        return next(iter(here or ([] if new.sold else fits)), None)
    if old.meal is None or new.meal is None or old.meal == new.meal:
        return None
    fits = [s for s in known if (s.from_form, s.to_form) == (old.meal, new.meal)]
    return next((s for s in fits if holds_in(s, facts.jurisdiction)), None)


def said_product(product: ProductSaid, facts: Facts) -> str:
    """A form with its strength and its way to food, as far as they are said."""
    words = facts.knowledge.words("planning")["exchange"]
    meals = {m for s in facts.knowledge.plans.switches.values() for m in (s.from_form, s.to_form)}
    said = product.form or words["form_unsaid"]
    if product.strength is not None:
        said = words["of_strength"].format(form=said, strength=plain_number(product.strength))
    if product.meal is not None and product.meal in meals:
        said = words["of_meal"].format(form=said, meal=product.meal)
    return str(said)


def not_possible(change: Change, facts: Facts) -> str | None:
    """Why no calendar of this exchange can be made, or ``None``."""
    words, name = facts.knowledge.words("planning"), shown_agent_name(change.agent, facts)
    if change.taken.why:
        return str(words["not_known"][change.taken.why].format(agent=name))
    form = change.new.form
    sold = ", ".join(_sold(change.agent, facts))
    if form is None or form_sold(form, change.agent, facts) is None:
        return str(words["refused"]["form_not_sold"].format(agent=name, form=form, sold=sold))
    groups = groups_of(form, change.agent, facts, change.new.strength)
    if not groups:
        strength = words["exchange"]["strength"].format(strength=plain_number(change.new.strength or 0))
        return str(words["refused"]["strength_not_sold"].format(agent=name, strength=strength, sold=sold))
    if groups[0][0].liquid and len(groups) > 1:
        return str(words["refused"]["strength_unsaid"].format(sold=sold))
    return None


def _sold(agent: str, facts: Facts) -> Iterator[str]:
    """The forms sold here, liquids with their strengths."""
    words, seen = facts.knowledge.words("planning")["exchange"], dict[str, None]()
    for group in product_groups(agent, facts):
        form, strength = group[0].form, plain_number(group[0].strength)
        seen[words["of_strength"].format(form=form, strength=strength) if group[0].liquid else form] = None
    yield from seen


def needs_of(change: Change, facts: Facts) -> tuple[str, ...]:
    words, name = facts.knowledge.words("planning")["need"], shown_agent_name(change.agent, facts)
    if change.taken.why:
        return (words["dose"].format(agent=name),)
    form = change.new.form
    if form and len(groups_of(form, change.agent, facts, change.new.strength)) > 1:
        return (words["strength"].format(agent=name),)
    return ()


def with_calendar(made: Plan, found: Calendar, lines: tuple[Line, ...], change: Change, facts: Facts) -> Plan:
    words = facts.knowledge.words("planning")["notes"]
    placed = (words["placed"],) if change.taken.placed else ()
    return msgspec.structs.replace(
        made,
        products=found.products,
        steps=found.steps,
        supply=found.supply,
        reckoning=lines,
        branches=ways_on(("rescue_form",), facts),
        notes=(*placed, *product_notes(found, facts)),
    )


def ways_on(keys: Sequence[str], facts: Facts) -> tuple[Branch, ...]:
    words = facts.knowledge.words("planning")["branches"]
    return tuple(Branch(kind="hold" if key == "hold" else "rescue", text=words[key]) for key in keys)
