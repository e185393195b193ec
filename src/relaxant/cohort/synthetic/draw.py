"""Draws of many things at once: which of a list by shares, and by age."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

OLDEST = 110
"""Years of age that tables by age hold: 0 to this one."""


def by_age(rows: Sequence[tuple[float, ...]], column: int = 1) -> Floats:
    """Rows of (age, values ...) as one value for each year of age from 0: lines between rows, level before the first and after the last."""
    table = np.array(rows, dtype=np.float64)
    return np.interp(np.arange(OLDEST + 1), table[:, 0], table[:, column])


def cumulated(lists: Sequence[Sequence[float]]) -> Floats:
    """Shares of several lists, added up and filled with 2 to the longest, (lists, longest): what :func:`chosen` reads."""
    longest = max((len(shares) for shares in lists), default=1) or 1
    out = np.full((len(lists), longest), 2.0)
    for row, shares in zip(out, lists, strict=True):
        whole = np.cumsum(np.array(shares, dtype=np.float64))
        if whole.size:
            row[: whole.size - 1] = whole[:-1] / whole[-1]  # the last one takes what is left
    return out


def chosen(cumulative: Floats, which: Ints, random: np.random.Generator) -> Ints:
    """For each entry of ``which`` (a row of ``cumulative``) the place of one of its list, by shares."""
    drawn = random.random(which.size)
    place = np.zeros(which.size, dtype=np.int64)
    for column in range(cumulative.shape[1] - 1):
        place += drawn >= cumulative[which, column]
    return place


def stretched(counts: Ints) -> tuple[Ints, Ints]:
    """Which owner each of ``counts`` things belongs to, and its number among the owner's, from 0."""
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(owner.size) - first[owner]
