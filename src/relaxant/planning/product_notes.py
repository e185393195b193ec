"""What to mind of the products of a calendar: how they are taken, and where they are sold."""

from __future__ import annotations

from collections.abc import Iterator

from relaxant.facts.facts import Facts
from relaxant.planning.calendar import Calendar
from relaxant.planning.products import abroad, swallows_no_tablets
from relaxant.planning.said import amount
from relaxant.planning.tablets import SPRAYS
from relaxant.rules.wording import listed


def product_notes(found: Calendar, facts: Facts, country: str | None = None) -> tuple[str, ...]:
    """What to mind of the products of a calendar of one agent, for somebody in ``country`` (left out: as the facts say)."""
    words = facts.knowledge.words("planning")["notes"]
    halves = any(
        c.count % 1 for s in found.steps for t in s.takes for c in t.counts if not found.products[c.product].liquid
    )
    liquid, drops = any(p.liquid for p in found.products), any(p.drop for p in found.products)
    out = [*_not_swallowed(found, facts), *_sold_here(found, country or facts.country(), facts), words["special"]]
    return (*out, *(words[key] for key, holds in (("halves", halves), ("liquid", liquid), ("drops", drops)) if holds))


def _not_swallowed(found: Calendar, facts: Facts) -> Iterator[str]:
    """What to ask where the pieces are to be swallowed, and are not, and need not be left whole."""
    solid = [p for p in found.products if not (p.liquid or p.drop or p.modified_release or p.unit == SPRAYS)]
    if solid and swallows_no_tablets(facts):
        yield facts.knowledge.words("planning")["notes"]["tube_solid"].format(form=solid[0].name)


def _sold_here(found: Calendar, country: str | None, facts: Facts) -> Iterator[str]:
    """What is not known to be sold in the person's country, where countries under the same labels differ."""
    words = facts.knowledge.words("planning")
    unsure = abroad(found.products, found.steps[0].agent, facts, country) if found.steps else ()
    if unsure is None:
        yield words["notes"]["which_country"]
    for one in unsure or ():
        names = [words["countries"].get(c, c) for c in one.countries]
        yield words["notes"]["abroad" if names else "some_countries"].format(
            product=f"{one.product.name} {amount(one.product.strength, one.product.unit)}",
            countries=listed(names, facts.knowledge.words("values")),
        )
