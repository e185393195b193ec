"""A comparison of relaxants in the format that is asked for: the one way in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

from relaxant.evidence.comparison import Comparison, to_json
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.report.compare.page import PARTS
from relaxant.report.compare.view import compare_view

Format = Literal["text", "json", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render_comparison(
    comparison: Comparison,
    format: Format,
    *,
    knowledge: Knowledge | None = None,
    colour: bool = False,
    width: int = 80,
    encoding: str = "utf-8",
    parts: Collection[str] = PARTS,
) -> bytes:
    """The comparison as bytes. ``parts``: those of the page that are shown; JSON is always whole. ``colour``, ``width`` and ``encoding`` are for text alone."""
    knowledge = knowledge or load_knowledge()
    if format == "json":
        return to_json(comparison)
    view = compare_view(comparison, knowledge=knowledge, side_by_side=format == "html", parts=parts)
    if format == "html":
        from relaxant.report.compare.html import compare_html

        return compare_html(view).encode()
    from relaxant.report.compare.text import compare_text

    return compare_text(view, colour=colour, width=width, encoding=encoding).encode(encoding)
