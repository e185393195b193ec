"""A review, a plan, and the sheet for the person, as PDF: tagged for screen readers (PDF/UA), with fonts of its own, the same bytes every time.

The pages are set by typst, which comes as a wheel with its fonts (``relaxant[pdf]``). It gets the words as data: whatever a label
holds, none of it is read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from relaxant.errors import InputError
from relaxant.report.blocks import Words
from relaxant.report.plan.page import PlanHead, PlanView
from relaxant.report.review.chapters import chapters
from relaxant.report.review.page import View
from relaxant.report.unbroken import whole

_TEMPLATES = Path(__file__).parent / "templates"
_STANDARD: Final = "ua-1"
_STYLE: Final = (  # of a chart on paper: what review.css gives it on a page
    ".nine{fill:#0b4f83;fill-opacity:.14}.half{fill:#0b4f83;fill-opacity:.22}.grid{stroke:#d3d8dd}"
    ".axis{stroke:#1a1f24;fill:none}polyline{fill:none;stroke-linejoin:round}.middle{stroke:#0b4f83;stroke-width:2.4}"
    ".other{stroke:#1a1f24;stroke-width:1.8;stroke-dasharray:7 4}.model{stroke:#4b545d;stroke-width:1}"
    "text{font-size:14px}"
)


def plan_pdf(view: PlanView) -> bytes:
    """The plan as PDF. Raises :class:`InputError` where typst is not installed or its fonts lack a character."""
    plain = msgspec.to_builtins(msgspec.structs.replace(view, words={}))
    return set_pages(("pages.typ", "plan.typ"), plain, view.head, view.words["unusable"])


def review_pdf(view: View, words: Words) -> bytes:
    """The review as PDF, its charts included. ``words`` are those of formats that cannot be made; raises as :func:`plan_pdf` does."""
    plain = {
        "page_title": view.page_title,
        "title": view.words["title"],
        "head": msgspec.to_builtins(view.head),
        "tiers": msgspec.to_builtins(view.tiers),
        "glance": list(view.glance),
        "chapters": [_pictured(msgspec.to_builtins(c)) for c in chapters(view)],
        "sources": msgspec.to_builtins(view.sources),
        "source_words": view.words["sources"],
        "stamp_heading": view.words["stamp"]["heading"],
        "orders": view.orders,
    }
    return set_pages(("pages.typ", "review.typ"), plain, view.head, words)


def _pictured(chapter: dict[str, Any]) -> dict[str, Any]:
    """A chapter whose charts stand alone: a page's style sheet does not reach them."""
    for part in chapter["parts"]:
        for block in part["blocks"]:
            if block["type"] == "picture":
                block["svg"] = standing_alone(block["svg"])
    return chapter


def standing_alone(svg: str, style: str = "") -> str:
    """A chart with its style in it, and with what else it needs of ``style``."""
    start, rest = svg.split(">", 1)
    return f'{start} xmlns="http://www.w3.org/2000/svg"><style>{_STYLE}{style}</style>{rest}'


def set_pages(templates: Sequence[str], view: dict[str, Any], head: PlanHead, words: Words) -> bytes:
    """The pages of templates, laid one after the other, with their data."""
    try:
        import typst
    except ImportError:
        raise InputError("format", "pdf", words["missing"], words["missing_do"].format(extra="pdf")) from None
    source = b"\n".join((_TEMPLATES / name).read_bytes() for name in templates)
    day = head.as_of.timetuple()[:3]
    text = whole(msgspec.json.encode({**view, "day": day, "language": head.language}).decode())
    try:
        return typst.compile(
            source, format="pdf", ignore_system_fonts=True, sys_inputs={"view": text}, pdf_standards=_STANDARD
        )
    except typst.TypstError as error:
        if "could not be displayed" in str(error):
            raise InputError("format", "pdf", words["font"], words["font_do"]) from None
        raise
