"""Doses in real pieces: every amount made exactly, and no better way left untried."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaxant.knowledge.plans import DAY_PARTS
from relaxant.planning.parts import spread
from relaxant.planning.plan import Product
from relaxant.planning.tablets import Making, best_products, counts, grains, ways
from relaxant.rules.reasons import Cited

SOURCE = Cited(id="x", title="x", place="x", url=None)
MOST, COMFORTABLE = 4, 3


def piece(strength: float, *, scored: bool = False, liquid: bool = False) -> Product:
    return Product(
        name=f"{strength:g}", form="tablet", strength=strength, unit="mg", liquid=liquid, scored=scored, modified_release=False, source=SOURCE
    )  # fmt: skip


def worth(way: Making, products: list[Product]) -> float:
    return sum(n / 2 * products[p].strength for p, n in way.halves)


packs = st.lists(
    st.tuples(st.sampled_from([0.5, 1, 2, 2.5, 4, 5, 10, 25, 100]), st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda p: p[0],
).map(lambda own: [piece(s, scored=scored) for s, scored in sorted(own)])


@given(packs)
def test_every_way_makes_its_amount_from_pieces_that_may_be_broken(products: list[Product]) -> None:
    for amount, own in ways(products, MOST, 0.1, 1000).items():
        for way in own:
            assert grains(worth(way, products)) == amount
            assert way.pieces <= MOST and way.broken <= 1
            assert way.broken == sum(n % 2 for _, n in way.halves)
            assert all(n % 2 == 0 or products[p].scored for p, n in way.halves)


@given(packs)
def test_no_amount_is_missed(products: list[Product]) -> None:
    made = ways(products, MOST, 0.1, 1000)
    for numbers in product(*(range(MOST + 1) for _ in products)):
        if 0 < sum(numbers) <= MOST:
            whole = sum(n * p.strength for n, p in zip(numbers, products, strict=True))
            assert grains(whole) in made
            for extra in products:
                if extra.scored and sum(numbers) < MOST:
                    assert grains(whole + extra.strength / 2) in made


def score(plan: dict[int, Making]) -> tuple[int, int, int, int]:
    over = sum(max(0, w.pieces - COMFORTABLE) for w in plan.values())
    kinds = {p for w in plan.values() for p in w.products}
    return over, sum(w.broken for w in plan.values()), len(kinds), sum(w.pieces for w in plan.values())


@given(packs, st.data())
def test_the_products_of_a_calendar_are_the_best_of_all(products: list[Product], data: st.DataObject) -> None:
    made = ways(products, MOST, 0.1, 1000)
    amounts = data.draw(st.lists(st.sampled_from(sorted(made)), min_size=1, max_size=3, unique=True))
    found = best_products(amounts, made, COMFORTABLE)
    assert found is not None and set(found) == set(amounts)
    every = [dict(zip(amounts, choice, strict=True)) for choice in product(*(made[a] for a in amounts))]
    assert score(found) == min(score(plan) for plan in every)


def test_what_cannot_be_made_is_not() -> None:
    products = [piece(5), piece(10)]
    assert best_products([grains(7.5)], ways(products, MOST, 0.1, 100), COMFORTABLE) is None
    scored = [piece(5), piece(10, scored=True)]
    made = best_products([grains(15)], ways(scored, MOST, 0.1, 100), COMFORTABLE)
    assert made is not None and made[grains(15)].broken == 0


def test_a_liquid_is_poured_to_the_mark_of_the_syringe() -> None:
    product_ = [piece(1, liquid=True)]
    made = ways(product_, MOST, 0.1, 20)
    assert grains(0.05) not in made and grains(2.5) in made
    (count,) = counts(made[grains(2.5)][0], product_, 0.1)
    assert count.count == pytest.approx(2.5)


@given(
    st.integers(1, 60),
    st.lists(st.integers(1, 20), min_size=3, max_size=3),
    st.lists(st.integers(1, 24), min_size=1, max_size=8, unique=True),
)
def test_a_day_is_the_most_up_to_what_is_allowed(total: int, upper: list[int], amounts: list[int]) -> None:
    allowed, parts = sorted(amounts), ("morning", "noon", "night")
    most = dict(zip(parts, upper, strict=True))
    found = spread(total, dict.fromkeys(parts, 1 / 3), allowed, most, at_most=total)  # type: ignore[arg-type]
    assert all(a in allowed and a <= most[part] for part, a in found.items())
    near = [[0, *[a for a in allowed if a <= u]] for u in upper]
    best = max((sum(day) for day in product(*near) if sum(day) <= total), default=0)
    # Amounts are looked for near each part's even share: what is missed is less than one piece of the coarsest.
    assert best - max(allowed) < sum(found.values()) <= total or sum(found.values()) == best


def test_half_a_tablet_is_swallowed_rather_than_more_pieces_than_are_comfortable() -> None:
    """Three at once are comfortable, so half of a 40 mg tablet and not four of 5 mg; three whole ones rather than a broken one."""
    products = [piece(5), piece(40, scored=True)]
    four = best_products([grains(20)], ways(products, MOST, 0.1, 100), COMFORTABLE)
    assert four is not None and four[grains(20)].halves == ((1, 1),)
    products = [piece(5), piece(30, scored=True)]
    three = best_products([grains(15)], ways(products, MOST, 0.1, 100), COMFORTABLE)
    assert three is not None and three[grains(15)].halves == ((0, 6),)


@given(
    st.integers(1, 12),
    st.lists(st.integers(0, 6), min_size=4, max_size=4).filter(any),
    st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True),
    st.integers(2, 4),
)
def test_of_the_days_with_the_most_none_is_more_like_the_present_one(total: int, now: list[int], amounts: list[int], upper: int) -> None:  # fmt: skip
    """A dose is taken from all times of day alike: whoever takes most in the morning keeps most in the morning."""
    allowed = sorted(a for a in amounts if a <= upper)
    shares = {part: a / sum(now) for part, a in zip(DAY_PARTS, now, strict=True) if a}
    found = spread(total, shares, allowed, dict.fromkeys(shares, upper), at_most=total)
    days = [day for day in product((0, *allowed), repeat=len(shares)) if sum(day) <= total]

    def unlike(day: Sequence[float]) -> float:
        return sum((amount - total * share) ** 2 for amount, share in zip(day, shares.values(), strict=True))

    most = max(map(sum, days))
    assert sum(found.values()) == most
    least = min(unlike(day) for day in days if sum(day) == most)
    assert unlike([found.get(part, 0) for part in shares]) == pytest.approx(least, abs=0.002)


def test_nobody_breaks_two_tablets_for_one_dose() -> None:
    """7.5 mg are a tablet of 5 mg and half of another, not a half of 5 mg and a half of 10 mg."""
    made = ways([piece(5, scored=True), piece(10, scored=True)], MOST, 0.1, 100)
    assert {way.broken for own in made.values() for way in own} == {0, 1}
    assert Making(((0, 3),), 2, 1) in made[grains(7.5)]


def test_what_one_part_of_the_day_may_not_take_goes_to_the_others() -> None:
    found = spread(100, {"morning": 0.8, "night": 0.2}, range(1, 101), {"morning": 50, "night": 100}, at_most=100)
    assert found == {"morning": 50, "night": 50}


def test_two_equal_doses_that_are_left_stand_far_apart() -> None:
    thirds = dict.fromkeys(("morning", "noon", "night"), 1 / 3)
    found = spread(2, thirds, [1], dict.fromkeys(thirds, 1), at_most=2)  # type: ignore[arg-type]
    assert found == {"morning": 1, "night": 1}
