"""How a fact is derived: the register of makers, and the parts that many of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import Column, Floats, Mask, Methods, anywhere, between, gather_needs, only

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts

Maker = Callable[["Facts"], Column]
MAKERS: dict[str, Maker] = {}
"""Each fact of the person that is derived, with what derives it; the others are measured as they stand."""


def makes(name: str) -> Callable[[Maker], Maker]:
    """Registers the function below as the maker of a fact."""

    def keep(maker: Maker) -> Maker:
        MAKERS[name] = maker
        return maker

    return keep


def both_sexes(
    facts: Facts,
    compute: Callable[[Floats], Floats],
    unit: str,
    inputs: tuple[str, ...],
    method: str,
    source: str,
    needs_of: Iterable[Column],
) -> Column:
    """A formula that asks for sex: where it is unknown, both are run and the interval kept."""
    female = facts.said("female")
    unsaid = np.isnan(female)
    a = compute(np.where(unsaid, 1.0, female))
    b = compute(np.where(unsaid, 0.0, female)) if anywhere(unsaid) else a
    missing = np.isnan(a) | np.isnan(b)
    needs = gather_needs(needs_of, missing)
    needs["sex"] = unsaid
    return between(a, b, unit, needs=needs, source=source, inputs=inputs, methods=((method, ~missing),))


def values(column: Column) -> Floats:
    """The settled values of a column; NaN where it is not settled."""
    return only(column.known, column.low)


def with_methods(column: Column, methods: Methods) -> Column:
    """The same values, reached by other methods."""
    return Column(
        column.low, column.high, column.unit, column.truth, methods, column.inputs, column.source, column.needs
    )


def only_where(column: Column, here: Mask) -> tuple[Methods, dict[str, Mask]]:
    """The methods and the needs of a column, where it counts."""
    methods = tuple((words, here if mask is None else mask & here) for words, mask in column.methods)
    return methods, {name: mask & here for name, mask in column.needs.items()}


def either(here: Mask, one: Column, other: Column, inputs: tuple[str, ...], source: str | None) -> Column:
    """One column where the mask is true and another elsewhere, in the unit of the other, each with its methods and needs."""
    (methods, needs), (own, its_needs) = only_where(other, ~here), only_where(one, here)
    for name, mask in its_needs.items():
        needs[name] = needs[name] | mask if name in needs else mask
    low, high = np.where(here, one.low, other.low), np.where(here, one.high, other.high)
    return Column(low, high, other.unit, False, (*methods, *own), inputs, source, needs)
