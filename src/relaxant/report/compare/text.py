"""A comparison as text: never wider than asked, readable without colour, free of control characters."""

from __future__ import annotations

from itertools import groupby

from relaxant.report.blocks import Bullets, Saying, Section
from relaxant.report.columns import plainer, text_width, wrapped
from relaxant.report.compare.citations import ShortSource
from relaxant.report.compare.page import CompareView, Part
from relaxant.report.forest import Forest, forest_text
from relaxant.report.text_page import BOLD, TextPage

_LEAST = 36  # columns of a forest plot
_LEAST_TITLE, _NARROW = 20, 60  # columns of a title cut short; of a page on which sources are wrapped instead
_CUT, _BETWEEN = "…", ", "


def compare_text(view: CompareView, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The comparison in at most ``width`` columns (20 at the least), with ANSI colours only when ``colour``."""
    page = TextPage(colour, width, encoding)
    page.put(view.title, style=BOLD)
    for line in (view.labels, *([view.of] if view.of else []), view.basis, *view.banners):
        page.put(line)
    for part in view.parts:
        _part(page, part)
    if view.short:
        page.heading(view.source_words["heading"])
        page.lines += [line for source in view.short for line in _source(source, page.width, encoding)]
    page.section(Section("stamp", view.stamp_heading, tuple(Bullets(n, (Saying(v),)) for n, v in view.stamp)))
    return page.text()


def _source(source: ShortSource, width: int, encoding: str) -> list[str]:
    """A source on one line: its title, cut short where it is long, its year and host."""
    number, end = f"[{source.number}] ", ", ".join(x for x in (source.year, source.host) if x)
    title = plainer(source.title, encoding)
    if width < _NARROW:
        return wrapped(plainer(f"{number}{title}{_BETWEEN if end else ''}{end}", encoding), width)
    dots = plainer(_CUT, encoding)
    end = _cut(plainer(end, encoding), width - len(number) - _LEAST_TITLE - len(_BETWEEN), dots)
    title = _cut(title, width - len(number) - (text_width(end) + len(_BETWEEN) if end else 0), dots)
    return [f"{number}{title}{_BETWEEN if end else ''}{end}"]


def _cut(text: str, room: int, dots: str) -> str:
    """A text cut short to so many columns."""
    while text_width(text) > room:
        text = f"{text.removesuffix(dots)[:-1].rstrip(' ,;:(.')}{dots}"
    return text


def _part(page: TextPage, part: Part) -> None:
    """A heading and its blocks, plots among them as lines of their own."""
    page.heading(part.heading)
    for is_plot, run in groupby(part.blocks, key=lambda b: isinstance(b, Forest)):
        own = list(run)
        if not is_plot:
            page.section(Section(part.key, "", tuple(b for b in own if not isinstance(b, Forest))))
            continue
        for plot in own:
            assert isinstance(plot, Forest)
            page.gap()
            page.put(f"{plot.title}: {plot.effect.lower()}", style=BOLD)
            if page.width >= _LEAST:
                page.lines += forest_text(plot, page.width, page.encoding)
            page.gap()
