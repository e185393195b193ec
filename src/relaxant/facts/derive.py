"""How a fact is derived: the register of makers, and the parts that many of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import Column, Floats, Mask, anywhere, between, gather_needs, only

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


def with_methods(column: Column, methods: tuple[tuple[str, Mask | None], ...], *, source: str | None = None) -> Column:
    """The same values, reached by other methods."""
    return Column(
        column.low,
        column.high,
        column.unit,
        column.truth,
        methods,
        column.inputs,
        source or column.source,
        column.needs,
    )
