"""Doses made of real pieces, exactly: which products, how many of each.

Everything that up to ``most`` pieces at once can make is listed, and among the sets of products that make every dose of a calendar
the best is found by trying them all: first without halves, then with few strengths, then with few pieces. Amounts are whole
thousandths of the unit inside, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, combinations_with_replacement

import msgspec

from relaxant.planning.plan import Count, Product

GRAIN = 1000
SPRAYS = "sprays"
"""The unit of what is sprayed, one after the other: no burden to swallow, whatever their number."""
ROUNDING = 1e-6
"""What the arithmetic of amounts may leave over."""


class Making(msgspec.Struct, frozen=True):
    """One way to make an amount: halves of each product by its place, and how many pieces and broken ones that is."""

    halves: tuple[tuple[int, int], ...]
    pieces: int
    broken: int

    @property
    def products(self) -> frozenset[int]:
        return frozenset(place for place, _ in self.halves)


Ways = Mapping[int, tuple[Making, ...]]
"""The ways to make each amount, in grains."""


def grains(amount: float) -> int:
    """An amount as whole thousandths of its unit."""
    return round(amount * GRAIN)


def ways(products: Sequence[Product], most: int, liquid_step: float, largest: float) -> Ways:
    """Every amount that these products make with at most ``most`` pieces, and how; of a liquid every ``liquid_step`` mL up to ``largest``."""
    if products and products[0].liquid:
        return _poured(products[0], liquid_step, largest)
    if products and (products[0].unit == SPRAYS or products[0].drop):
        one = grains(products[0].strength)
        return {n * one: (Making(((0, 2 * n),), 1, 0),) for n in range(1, (grains(largest) + one // 2) // one + 1)}
    coins = [(place, 2) for place in range(len(products))] + [(p, 1) for p, x in enumerate(products) if x.scored]
    found: dict[int, dict[tuple[tuple[int, int], ...], Making]] = {}
    for pieces in range(1, most + 1):
        for chosen in combinations_with_replacement(coins, pieces):
            halves: dict[int, int] = {}
            for place, half in chosen:
                halves[place] = halves.get(place, 0) + half
            broken = sum(count % 2 for count in halves.values())
            if broken > 1 or broken != sum(half == 1 for _, half in chosen):
                continue  # two halves of one product are a whole piece, and nobody breaks two tablets for one dose
            amount = sum(grains(products[p].strength) * n for p, n in halves.items())
            if amount % 2 == 0 and amount <= 2 * grains(largest):
                key = tuple(sorted(halves.items()))
                found.setdefault(amount // 2, {}).setdefault(key, Making(key, pieces, broken))
    return {amount: tuple(own.values()) for amount, own in found.items()}


def _poured(product: Product, step: float, largest: float) -> Ways:
    volumes = range(1, int(largest / product.strength / step + ROUNDING) + 1)
    return {grains(n * step * product.strength): (Making(((0, n),), 1, 0),) for n in volumes}


def best_products(amounts: Iterable[int], made: Ways, comfortable: int) -> dict[int, Making] | None:
    """How each amount is made with one set of products for all; ``None`` where they cannot all be made.

    Best is, in this order: no more than ``comfortable`` pieces at once, no broken pieces, few products, few pieces in all.
    """
    wanted = sorted(set(amounts) - {0})
    if any(amount not in made for amount in wanted):
        return None
    used = sorted({p for amount in wanted for way in made[amount] for p in way.products})
    best: tuple[tuple[int, int, int, int], tuple[int, ...], dict[int, Making]] | None = None
    for size in range(1, len(used) + 1):
        for chosen in combinations(used, size):
            plan = _with(frozenset(chosen), wanted, made, comfortable)
            if plan is None:
                continue
            ways_ = plan.values()
            over = sum(max(0, w.pieces - comfortable) for w in ways_)
            score = (over, sum(w.broken for w in ways_), size, sum(w.pieces for w in ways_))
            if best is None or (score, chosen) < best[:2]:
                best = score, chosen, plan
    return best[2] if best else {}


def _with(chosen: frozenset[int], wanted: Sequence[int], made: Ways, comfortable: int) -> dict[int, Making] | None:
    out = {}
    for amount in wanted:
        own = [way for way in made[amount] if way.products <= chosen]
        if not own:
            return None
        out[amount] = min(own, key=lambda w: (max(0, w.pieces - comfortable), w.broken, w.pieces, w.halves))
    return out


def counts(way: Making, products: Sequence[Product], liquid_step: float) -> tuple[Count, ...]:
    """The pieces of one making, or its mL."""
    return tuple(
        Count(count=round(n * liquid_step, 3) if products[place].liquid else n / 2, product=place)
        for place, n in way.halves
    )
