"""The products from which somebody begins an agent, by how that person swallows."""

from __future__ import annotations

from relaxant.facts.facts import Facts
from relaxant.planning.plan import Product
from relaxant.planning.products import product_groups, whole_only


def no_tablets(facts: Facts, row: int = 0) -> bool:
    """Whether tablets surely go through a tube, or are crushed."""
    return any(bool(facts.column(name).surely[row]) for name in ("tube_feeding", "crushes_tablets"))


def swallowed_groups(agent: str, facts: Facts, row: int = 0) -> list[tuple[Product, ...]]:
    """The products by form: for whoever takes no whole tablets liquids first, and nothing that has to be swallowed whole."""
    tube = no_tablets(facts, row)
    return [g for g in product_groups(agent, facts, liquid_first=tube) if not (tube and whole_only(g))]
