"""Small counts that a page does not show, and the others that it then cannot show, since together they would give the small ones away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
import numpy as np
from scipy.optimize import linprog

Cell = tuple[str, ...]
"""What a count is of."""
_SAME = 0.5  # bounds of a whole number that lie closer leave no choice
_NO_END = 3  # of a linear programme


class Sum(msgspec.Struct, frozen=True):
    """``total`` is what ``parts`` add up to, and everybody knows it."""

    total: Cell
    parts: tuple[Cell, ...]


def unshown(counts: Mapping[Cell, int], sums: Sequence[Sum], apart: Collection[Cell], least: int) -> frozenset[Cell]:
    """The cells that may not be shown: those from 1 up to below ``least``, and as many more as it takes that none of these can be reckoned from
    what is shown. ``apart`` are counts that stand nowhere on the page but follow from others; they are guarded, too.

    A reader is taken to know every sum, that nothing is below 0, and of which hidden counts a page says that they are small.

    >>> counts = {("all",): 40, ("a",): 4, ("b",): 16, ("c",): 20}
    >>> sorted(unshown(counts, [Sum(("all",), (("a",), ("b",), ("c",)))], (), 11))
    [('a',), ('b',)]
    """
    small = {cell for cell, count in counts.items() if 0 < count < least}
    page = _Page(counts, sums, small - set(apart), least)
    page.hidden |= small | set(apart)
    for cell in sorted(small):  # what cannot be reckoned stays so when more is hidden
        while page.gives_away(cell) and (more := page.shown_beside(cell)) is not None:
            page.hidden.add(more)
    return frozenset(page.hidden - set(apart))


class _Page:
    """What a reader sees, as equations: ``told`` are the hidden counts of which is said that they are small."""

    def __init__(self, counts: Mapping[Cell, int], sums: Sequence[Sum], told: Collection[Cell], least: int) -> None:
        self._counts, self._sums, self._told, self._least = counts, sums, told, least
        self._place = {cell: place for place, cell in enumerate(counts)}
        self._equations = np.zeros((len(sums), len(counts)))
        for row, one in zip(self._equations, sums, strict=True):
            row[self._place[one.total]] = -1
            row[[self._place[part] for part in one.parts]] = 1
        self.hidden: set[Cell] = set()

    def gives_away(self, cell: Cell) -> bool:
        """Whether everything shown leaves one value alone for a count."""
        rows = self._about(cell)
        open_ = sorted({c for row in rows for c in (self._sums[row].total, *self._sums[row].parts)} & self.hidden)
        if not rows:
            return False
        columns = [self._place[c] for c in open_]
        known = np.array([0 if c in self.hidden else count for c, count in self._counts.items()])
        limits = [(1, self._least - 1) if c in self._told else (0, None) for c in open_]
        aim = np.array([float(c == cell) for c in open_])
        equations, values = self._equations[np.ix_(rows, columns)], -self._equations[rows] @ known
        ends = []
        for sign in (1, -1):
            found = linprog(sign * aim, A_eq=equations, b_eq=values, bounds=limits)
            if found.status == _NO_END:
                return False
            ends.append(np.nan if found.status else found.fun)
        return not bool(abs(ends[0] + ends[1]) >= _SAME)

    def _about(self, cell: Cell) -> list[int]:
        """The sums that say something of a hidden cell: those it is in, those that the hidden ones there are in, and so on."""
        rows, cells = set[int](), {cell}
        while more := {i for i, one in enumerate(self._sums) if i not in rows and cells & {one.total, *one.parts}}:
            rows |= more
            cells |= {c for i in more for c in (self._sums[i].total, *self._sums[i].parts)} & self.hidden
        return sorted(rows)

    def shown_beside(self, cell: Cell) -> Cell | None:
        """The least of the counts that are still shown in a sum with one that is given away, or in any sum that says something of it; a total
        only where no part is left."""
        beside = [one for one in self._sums if cell in one.parts or cell == one.total]
        about = [self._sums[row] for row in self._about(cell)]
        parts, others = ({p for one in sums for p in one.parts} for sums in (beside, about))
        for some in (parts, others, {one.total for one in about}):
            if shown := [c for c in some if c not in self.hidden and self._counts[c]]:
                return min(shown, key=lambda c: (self._counts[c], c))
        return None
