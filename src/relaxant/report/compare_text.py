"""A comparison as text: never wider than asked, readable without colour, free of control characters."""

from __future__ import annotations

from itertools import groupby

from relaxant.report.blocks import Bullets, Line, Saying, Section, Table
from relaxant.report.columns import NARROWEST, plainer, text_width, wrapped
from relaxant.report.compare_citations import ShortSource
from relaxant.report.compare_page import CompareView, Part
from relaxant.report.forest import Forest, forest_text
from relaxant.report.text_page import section_lines

_LEAST = 36  # columns of a forest plot
_LEAST_TITLE, _NARROW = 20, 60  # columns of a title cut short; of a page on which sources are wrapped instead
_CUT, _BETWEEN = "…", ", "


def compare_text(view: CompareView, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The comparison in at most ``width`` columns (20 at the least), with ANSI colours only when ``colour``."""
    width = max(width, NARROWEST)
    lead = [view.labels, *([view.of] if view.of else []), view.basis, *view.banners]
    lines = [f"\x1b[1m{line}\x1b[0m" if colour else line for line in wrapped(plainer(view.title, encoding), width)]
    lines += [line for text in lead for line in wrapped(plainer(text, encoding), width)]
    for part in view.parts:
        lines += _part(part, colour, width, encoding)
    lines += section_lines([Section("sources", view.source_words["heading"], ())], colour=colour, width=width, encoding=encoding) if view.short else []  # fmt: skip
    lines += [line for source in view.short for line in _source(source, width, encoding)]
    stamp = Section("stamp", view.stamp_heading, tuple(Bullets(n, (Saying(v),)) for n, v in view.stamp))
    lines += section_lines([stamp], colour=colour, width=width, encoding=encoding)
    return "\n".join(lines) + "\n"


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


def _part(part: Part, colour: bool, width: int, encoding: str) -> list[str]:
    """A heading and its blocks, plots among them as lines of their own."""
    out = section_lines([Section(part.key, part.heading, ())], colour=colour, width=width, encoding=encoding)
    blocks: list[Line | Bullets | Table | Forest] = list(part.blocks)
    for is_plot, run in groupby(blocks, key=lambda b: isinstance(b, Forest)):
        own = list(run)
        if is_plot:
            for plot in own:
                assert isinstance(plot, Forest)
                out += ["", *_title(plot, colour, width, encoding)]
                if width >= _LEAST:
                    out += forest_text(plot, width, encoding)
                out.append("")
        else:
            plain = tuple(b for b in own if not isinstance(b, Forest))
            out += section_lines([Section(part.key, "", plain)], colour=colour, width=width, encoding=encoding)
    return out


def _title(plot: Forest, colour: bool, width: int, encoding: str) -> list[str]:
    lines = wrapped(plainer(f"{plot.title}: {plot.effect.lower()}", encoding), width)
    return [f"\x1b[1m{line}\x1b[0m" if colour else line for line in lines]
