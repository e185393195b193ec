"""Facts as columns: one interval a person, so that *unknown* is a value and not an exception.

A column holds ``low`` and ``high`` over the rows (persons). A known number has ``low == high``; an unknown one is
``-inf .. inf``; a number known to lie between two (both sexes' formulas, a dose range) keeps both ends. A yes/no fact is the
same thing on 0 and 1: yes is ``1..1``, no is ``0..0``, unknown ``0..1``. The three-valued logic of the rules follows from that.

``needs`` says, per row, which inputs would settle an unknown: a mapping from the input's name to a mask over the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Methods = tuple[tuple[str, Mask | None], ...]
"""Words, and where they hold; everywhere for ``None``."""
SAID: Methods = (("as said", None),)
_LOWEST, _HIGHEST, _NO, _YES, _UNKNOWN = (np.array(bound) for bound in (-np.inf, np.inf, 0.0, 1.0, np.nan))


class Column(msgspec.Struct, frozen=True, gc=False):
    """One fact for every row. ``methods`` holds (words, mask) pairs: how the value was reached where the mask is true."""

    low: Floats
    high: Floats
    unit: str = ""
    truth: bool = False
    methods: Methods = ()
    inputs: tuple[str, ...] = ()
    source: str | None = None
    needs: Mapping[str, Mask] = {}

    @property
    def surely(self) -> Mask:
        """Where a yes/no fact is true, a count at least one."""
        return np.asarray(self.low >= _YES)

    @property
    def maybe(self) -> Mask:
        """Where a yes/no fact is true or unknown, a count maybe at least one."""
        return np.asarray(self.high >= _YES)

    @property
    def known(self) -> Mask:
        """Where the value is settled. Shape (rows,)."""
        return np.asarray(self.low == self.high)

    def bounds(self, row: int) -> tuple[float, float]:
        """The least and the most that the value of one row can be."""
        return self.low.item(row), self.high.item(row)

    def settled(self, row: int) -> bool:
        """Whether the value of one row is settled."""
        return self.low.item(row) == self.high.item(row)

    def method(self, row: int) -> str:
        """How the value of one row was reached, in words."""
        return "; ".join([words for words, mask in self.methods if mask is None or mask[row]])

    def settled_by(self, row: int) -> tuple[str, ...]:
        """The inputs that would settle this fact for one row; empty when it is known."""
        if self.settled(row):
            return ()
        return tuple([name for name, mask in self.needs.items() if mask[row]])


def anywhere(mask: Mask) -> bool:
    """Whether a mask is true for anybody; on one row a fraction of the cost of :meth:`numpy.ndarray.any`."""
    return bool(np.count_nonzero(mask))


def only(fine: Mask, values: Floats) -> Floats:
    """The values where they are fine, NaN elsewhere; the array itself where all are, which is the usual case."""
    return values if np.count_nonzero(fine) == values.size else np.where(fine, values, _UNKNOWN)


def number(
    value: Floats,
    unit: str,
    *,
    needs: Mapping[str, Mask] | str,
    source: str | None = None,
    methods: Methods = (),
    inputs: tuple[str, ...] = (),
) -> Column:
    """A number whose unknown rows are NaN in ``value``. ``needs`` may name the one input whose lack makes it unknown."""
    if isinstance(needs, str):
        needs = {needs: np.isnan(value)}
    return Column(np.fmax(value, _LOWEST), np.fmin(value, _HIGHEST), unit, False, methods, inputs, source, needs)


def yes_no(value: Floats, need: str, *, methods: Methods = SAID) -> Column:
    """A yes/no fact from 1, 0 and NaN; the input ``need`` would settle it where it is unknown."""
    return Column(np.fmax(value, _NO), np.fmin(value, _YES), "", True, methods, (need,), None, {need: np.isnan(value)})


def between(
    a: Floats,
    b: Floats,
    unit: str,
    *,
    needs: Mapping[str, Mask] | None = None,
    source: str | None = None,
    methods: Methods = (),
    inputs: tuple[str, ...] = (),
) -> Column:
    """A number known to lie between ``a`` and ``b`` (in either order); NaN in either is unknown."""
    # The smaller and the larger; where either is NaN so is their minimum, and the interval is open on both sides.
    low, high = np.fmax(np.minimum(a, b), _LOWEST), np.fmin(np.maximum(a, b), _HIGHEST)
    return Column(low, high, unit, False, methods, inputs, source, needs or {})


def truth(
    surely: Mask,
    maybe: Mask,
    *,
    needs: Mapping[str, Mask] | None = None,
    source: str | None = None,
    methods: Methods = (),
    inputs: tuple[str, ...] = (),
) -> Column:
    """A yes/no fact: ``surely`` where it is true, ``maybe`` where it may be (true or unknown)."""
    return Column(
        surely.astype(np.float64), (surely | maybe).astype(np.float64), "", True, methods, inputs, source, needs or {}
    )


def gather_needs(columns: Iterable[Column], where: Mask) -> dict[str, Mask]:
    """What would settle a fact derived from ``columns`` in the rows ``where`` it is unknown."""
    out: dict[str, Mask] = {}
    if not anywhere(where):
        return out
    for column in columns:
        for name, mask in column.needs.items():
            out[name] = (out[name] | (mask & where)) if name in out else mask & where
    return out
