"""Small counts of a screen's page: what is shown gives none of them away, as linear programming sees it."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pytest
from scipy.optimize import linprog

from conftest import FULL
from relaxant.cohort.hiding import Cell, Sum, unshown

LEAST = 11


def range_of(cell: Cell, counts: Mapping[Cell, int], sums: Sequence[Sum], hidden: Collection[Cell], told: Collection[Cell]) -> tuple[float, float]:  # fmt: skip
    """The least and the most that a count can be for a reader of the page: everything shown is an equation."""
    cells = list(counts)
    place = {c: i for i, c in enumerate(cells)}
    limits = [((1, LEAST - 1) if c in told else (0, None)) if c in hidden else (counts[c], counts[c]) for c in cells]
    rows = np.zeros((len(sums), len(cells)))
    for i, one in enumerate(sums):
        rows[i, place[one.total]] -= 1
        for part in one.parts:
            rows[i, place[part]] += 1
    ends = []
    for sign in (1, -1):
        aim = np.zeros(len(cells))
        aim[place[cell]] = sign
        found = linprog(aim, A_eq=rows, b_eq=np.zeros(len(sums)), bounds=limits, method="highs")
        ends.append(sign * found.fun if found.status == 0 else sign * -np.inf)
    return ends[0], ends[1]


def page(draw: random.Random) -> tuple[dict[Cell, int], list[Sum], list[Cell]]:
    """Counts as a page has them: persons by band, those with a relaxant and those with a finding in each, and some rules."""
    counts: dict[Cell, int] = {}
    sums, apart = [], []
    size = draw.choice((3, 30, 300))
    for band in range(draw.randint(1, 5)):
        there = [draw.choice((0, draw.randint(0, 12), draw.randint(0, size))) for _ in range(3)]
        none, only, found = there
        for name, count in (
            ("none", none),
            ("only", only),
            ("found", found),
            ("with", only + found),
            ("all", sum(there)),
        ):
            counts[name, str(band)] = count
            counts[name, "sum"] = counts.get((name, "sum"), 0) + count
        apart += [("none", str(band)), ("only", str(band))]
        sums += [
            Sum(("with", str(band)), (("only", str(band)), ("found", str(band)))),
            Sum(("all", str(band)), (("none", str(band)), ("with", str(band)))),
        ]
    bands = [b for name, b in counts if name == "all" and b != "sum"]
    sums += [Sum((n, "sum"), tuple((n, b) for b in bands)) for n in ("none", "only", "found", "with", "all")]
    apart += [("only", "sum")]
    for rule in range(3):
        counts["rule", str(rule)] = draw.randint(0, counts["found", "sum"])
        counts["rest", str(rule)] = counts["with", "sum"] - counts["rule", str(rule)]
        sums.append(Sum(("with", "sum"), (("rule", str(rule)), ("rest", str(rule)))))
        apart.append(("rest", str(rule)))
    return counts, sums, apart


@pytest.mark.parametrize("seed", range(600 if FULL else 60))
def test_no_small_count_follows_from_what_is_shown(seed: int) -> None:
    counts, sums, apart = page(random.Random(seed))
    hidden = unshown(counts, sums, apart, LEAST)
    small = {cell for cell, count in counts.items() if 0 < count < LEAST}
    assert small - set(apart) <= hidden and not hidden & set(apart)
    told = small - set(apart)
    for cell in sorted(small):
        low, high = range_of(cell, counts, sums, hidden | set(apart), told)
        assert low <= counts[cell] <= high and high - low > 0.5, (cell, low, high)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    counts, sums = {("all",): 50, ("a",): 20, ("b",): 30, ("c",): 0}, [Sum(("all",), (("a",), ("b",), ("c",)))]
    assert unshown(counts, sums, (), LEAST) == frozenset()


def test_the_least_of_the_others_goes_with_a_small_one() -> None:
    counts = {("all",): 99, ("a",): 4, ("b",): 60, ("c",): 35, ("d",): 0}
    assert unshown(counts, [Sum(("all",), (("a",), ("b",), ("c",), ("d",)))], (), LEAST) == {("a",), ("c",)}


def test_two_small_ones_that_fill_their_sum_are_not_enough() -> None:
    """Of 20 two counts of at most 10 are 10 each: everybody can tell."""
    counts, sums = {("all",): 50, ("a",): 10, ("b",): 10, ("c",): 30}, [Sum(("all",), (("a",), ("b",), ("c",)))]
    assert unshown(counts, sums, (), LEAST) == {("a",), ("b",), ("c",)}
    alone = {("all",): 20, ("a",): 10, ("b",): 10}
    assert unshown(alone, [Sum(("all",), (("a",), ("b",)))], (), LEAST) == {("all",), ("a",), ("b",)}


def test_what_stands_nowhere_is_guarded() -> None:
    """Of 50 with a relaxant 45 have a finding: that 5 have none must not be told either."""
    counts, sums = {("with",): 50, ("found",): 45, ("none",): 5}, [Sum(("with",), (("found",), ("none",)))]
    assert unshown(counts, sums, [("none",)], LEAST) == {("found",)}
