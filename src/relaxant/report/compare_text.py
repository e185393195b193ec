"""A comparison as text: never wider than asked, readable without colour, free of control characters."""

from __future__ import annotations

from itertools import groupby

from relaxant.report.columns import NARROWEST, plainer, wrapped
from relaxant.report.compare_page import CompareView, Part
from relaxant.report.forest import Forest, forest_text
from relaxant.report.plan_page import Bullets, Line, Saying, Section, Table
from relaxant.report.plan_text import section_lines, source_lines

_LEAST = 36  # columns of a forest plot


def compare_text(view: CompareView, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    """The comparison in at most ``width`` columns (20 at the least), with ANSI colours only when ``colour``."""
    width = max(width, NARROWEST)
    lead = [view.labels, *([view.of] if view.of else []), view.basis, *view.banners]
    lines = [f"\x1b[1m{line}\x1b[0m" if colour else line for line in wrapped(plainer(view.title, encoding), width)]
    lines += [line for text in lead for line in wrapped(plainer(text, encoding), width)]
    for part in view.parts:
        lines += _part(part, colour, width, encoding)
    lines += source_lines(view.sources, view.source_words, colour=colour, width=width, encoding=encoding)
    stamp = Section("stamp", view.stamp_heading, tuple(Bullets(n, (Saying(v),)) for n, v in view.stamp))
    lines += section_lines([stamp], colour=colour, width=width, encoding=encoding)
    return "\n".join(lines) + "\n"


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
