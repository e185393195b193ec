"""The tables of a screen's page, as its template draws them."""

from __future__ import annotations

import msgspec

from relaxant.cohort.shown_counts import Text


class Tier(msgspec.Struct, frozen=True):
    """A tier by its key, in its word."""

    key: str
    word: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table with a bar: ``bar`` are shares of the whole width in percent, the longest first; ``small`` stands beside the name."""

    name: str
    cells: tuple[Text, ...]
    bar: tuple[float, ...] = ()
    tier: Tier | None = None
    small: str = ""
    kind: str = ""


class More(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a table that are folded, under a summary."""

    summary: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    tagged: str = ""
    plain: bool = False


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table whose rows are drawn as bars; ``tagged`` is the heading of the tiers, where they have a column, ``plain`` where the
    bars are not in their colours."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    tagged: str = ""
    plain: bool = False
    more: More | None = None
