"""The pieces of a day: the fewest of the products that a plan may use that make the doses of one step."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.planning.calendar import stock
from relaxant.planning.plan import Plan, Product, Step, Told
from relaxant.planning.products import product_groups
from relaxant.planning.tablets import best_products, counts, grains


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces (mL where ``liquid``) in a day, and of which products."""

    count: float
    liquid: bool
    products: tuple[Product, ...]


def fewest(step: Step, plan: Plan, facts: Facts) -> Day:
    """The fewest pieces for a day of this step, in products of the form that the plan uses. A plan keeps to few strengths while a dose rises;
    who stays at a dose may have the strength that makes it."""
    group = _group(step.agent, plan, facts)
    held = stock(group, max(t.amount for t in step.takes), facts)
    makings = best_products((grains(t.amount) for t in step.takes), held.ways, 0)
    liquid_step = facts.knowledge.policy("plan_liquid_step")
    if makings is None:
        taken = [c for t in step.takes for c in t.counts]
        products: Sequence[Product] = plan.products
    else:
        taken = [c for t in step.takes for c in counts(makings[grains(t.amount)], group, liquid_step)]
        products = group
    return Day(
        count=sum(c.count for c in taken),
        liquid=products[0].liquid,
        products=tuple(products[i] for i in sorted({c.product for c in taken})),
    )


def steps_told(plan: Plan | None) -> Told | None:
    """How the steps of a plan go, in the words of their source; ``None`` without steps."""
    chosen = [p for p in plan.policies if p.chosen] if plan is not None and plan.steps else []
    return next((Told(text=p.text, verified=p.verified, source=p.source) for p in chosen), None)


def _group(agent: str, plan: Plan, facts: Facts) -> Sequence[Product]:
    """The products of the plan's form, with every strength of it."""
    modified = plan.products[0].modified_release
    groups = product_groups(agent, facts, form=plan.products[0].name, modified=modified)
    return next((g for g in groups if set(plan.products) <= set(g)), plan.products)
