"""Tables in columns of text: how wide each column is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from relaxant.report.columns import text_width

GAP = 2  # columns between those of a table
_PROSE = 72  # columns from which sentences stand side by side
_MOST = 4  # columns of sentences that do
_ABREAST = 25  # of a row that stands as a column
_NARROW = 10  # a column of sentences is no narrower

Column = Sequence[Sequence[str]]
"""The cells of a column with their lines, the head first."""


def dose_widths(columns: Sequence[Column], width: int) -> list[int] | None:
    """Columns as wide as they like, the widest made narrower until all fit; ``None`` where a word would have to break."""
    wish, least = [_wish(c) for c in columns], [_least(c) for c in columns]
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(wish) > room:
        free = [i for i in range(len(wish)) if wish[i] > least[i]]
        wish[max(free, key=lambda i: wish[i])] -= 1
    return wish


def prose_widths(columns: Sequence[Column], width: int) -> list[int] | None:
    """Columns of sentences, as wide as the root of their longest cell asks; ``None`` where they read better one under the other."""
    room = width - GAP * (len(columns) - 1)
    wish = [_wish(c) for c in columns]
    least = [min(w, max(_least(c), _NARROW)) for c, w in zip(columns, wish, strict=True)]
    if width < _PROSE or len(columns) > _MOST or sum(least) > room:
        return None
    weights = [math.sqrt(max(sum(map(text_width, cell)) for cell in column)) for column in columns]
    widths = list(least)
    for _ in range(room - sum(least)):
        free = [i for i in range(len(widths)) if widths[i] < wish[i]]
        if not free:
            break
        widths[min(free, key=lambda i: widths[i] / max(weights[i], 1))] += 1
    return widths


def _wish(column: Column) -> int:
    return max(text_width(line) for cell in column for line in cell)


def _least(column: Column) -> int:
    return max(text_width(word) for cell in column for line in cell for word in line.split(" "))


def abreast(width: int) -> int:
    """How many rows of a table of sentences may stand side by side, each as a column; fewer than 2 where there is no room."""
    return (width + GAP) // (_ABREAST + GAP) if width >= _PROSE else 1
