"""A diary's answer in the format that is asked for: the one way in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import msgspec

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.plain import as_json
from relaxant.report.blocks import Section, Words
from relaxant.report.html import page, template
from relaxant.report.pdf import set_pages, standing_alone
from relaxant.report.plan.page import PlanHead
from relaxant.report.response.page import ResponseView
from relaxant.report.response.view import response_view
from relaxant.response.response import Response

Format = Literal["text", "json", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
_ON_PAPER: Final = (  # of the chart: what diary.css gives it on a page
    ".dose{fill:#0b4f83;fill-opacity:.28;stroke:#0b4f83;stroke-width:1}.score{fill:#1a1f24;fill-opacity:.55}"
    ".start{stroke:#1a1f24;stroke-dasharray:3 3}.event{fill:#8a4700}"
)
RESPONSE_STYLES = ("review.css", "plan.css", "diary.css")


def render_response(response: Response, format: Format, *, knowledge: Knowledge, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> bytes:  # fmt: skip
    """The answer as bytes. ``colour``, ``width`` and ``encoding`` are for text alone. Raises :class:`InputError` for a format that it has not."""
    if format == "json":
        return as_json(response)
    if format not in FORMATS:
        raise InputError("format", format, "an answer has no such format", f"use one of {', '.join(FORMATS)}")
    view = response_view(response, knowledge=knowledge)
    if format == "text":
        from relaxant.report.response.text import response_text

        return response_text(view, colour=colour, width=width, encoding=encoding).encode(encoding)
    return response_html(view).encode()


def response_html(view: ResponseView) -> str:
    """The answer as a self-contained page: no script, nothing fetched."""
    from markupsafe import Markup

    return page("response.html.j2", RESPONSE_STYLES, view, chart=Markup(chart_of(view)))


def response_body(view: ResponseView) -> str:
    """What stands in the page of an answer, for a page that brings :data:`RESPONSE_STYLES` itself."""
    from markupsafe import Markup

    return template("response_body.html.j2").render(view=view, chart=Markup(chart_of(view)))


def chart_of(view: ResponseView) -> str:
    """The picture of an answer; empty for a diary of visits alone."""
    from relaxant.report.response.diary_chart import diary_chart

    if not view.strips:
        return ""

    return diary_chart(view.first, view.strips, view.events, view.start, view.words["chart"])


def response_pdf(view: ResponseView, head: PlanHead, words: Words, *, further: Sequence[Section] = ()) -> bytes:
    """The answer as PDF, with its chart, and ``further`` sections before the sources. ``words`` are those of formats that cannot be made. Raises
    :class:`InputError` where typst is not installed or its fonts lack a character."""
    plain = {
        "page_title": view.page_title,
        "kind_text": view.kind_text,
        "label": view.label,
        "about": view.about,
        "banner": view.banner,
        "notices": view.notices,
        "above": msgspec.to_builtins(view.sections),
        "below": msgspec.to_builtins((*view.below, *further)),
        "chart": {"heading": view.words["chart"]["heading"], "title": view.words["chart"]["title"]},
        "svg": standing_alone(chart_of(view), _ON_PAPER) if view.strips else "",
        "sources": msgspec.to_builtins(view.sources),
        "source_words": view.source_words,
        "stamp_heading": view.stamp_heading,
        "stamp": view.stamp,
    }
    return set_pages(("pages.typ", "response.typ"), plain, head, words)
