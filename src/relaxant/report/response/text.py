"""A diary's answer as text."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.quantities import plain_number
from relaxant.report.columns import text_width
from relaxant.report.response.diary_chart import Strip
from relaxant.report.response.page import ResponseView
from relaxant.report.text_page import BOLD, TextPage

_BLOCKS = "▁▂▃▄▅▆▇█"
_MISSING = "·"
_MOST = 60  # columns of a row of blocks
_NAME = 26


def response_text(view: ResponseView, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The answer in at most ``width`` columns (20 at the least), with ANSI colours only when ``colour``."""
    page = TextPage(colour, width, encoding)
    page.put(view.label, style=BOLD)
    page.put(view.kind_text)
    page.put(view.about)
    page.lines.append("")
    page.put(view.banner)
    for notice in view.notices:
        page.put(f"- {notice}")
    for section in view.sections:
        page.section(section)
    if view.strips:
        page.heading(view.words["chart"]["heading"])
    for strip in view.strips:
        _row(page, strip, view)
    for section in view.below:
        page.section(section)
    page.sources(view.sources, view.source_words)
    page.heading(view.stamp_heading)
    for name, value in view.stamp:
        page.beside(name, [value])
    return page.text()


def _row(page: TextPage, strip: Strip, view: ResponseView) -> None:
    """A series as blocks, so many days to a block, with the ends of its axis."""
    top = strip.top if strip.top is not None else max((v for v in strip.values if v is not None), default=0.0)
    span = view.words["chart"]["text_axis"].format(low=plain_number(strip.bottom), high=plain_number(top))
    room = min(_MOST, page.width)
    page.put(f"{strip.name} ({span})")
    blocks = page.plain(blocks_of(strip.values, room, strip.bottom, top))
    page.lines.append(blocks if text_width(blocks) <= page.width else blocks[: page.width])


def blocks_of(values: Sequence[float | None], room: int, low: float, high: float) -> str:
    """A series in block characters between the ends of its axis; a dot where nothing is written.

    >>> blocks_of([0.0, 5.0, None, 10.0], 4, 0.0, 10.0)
    '▁▅·█'
    """
    count = min(room, len(values))
    out = []
    for place in range(count):
        begin, end = place * len(values) // count, (place + 1) * len(values) // count
        seen = [v for v in values[begin:end] if v is not None]
        if not seen:
            out.append(_MISSING)
            continue
        share = (sum(seen) / len(seen) - low) / (high - low) if high > low else 0.0
        out.append(_BLOCKS[min(int(share * (len(_BLOCKS) - 1) + 0.5), len(_BLOCKS) - 1)])
    return "".join(out)
