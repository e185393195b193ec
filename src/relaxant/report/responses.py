"""A diary's answer in the format that is asked for: the one way in."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.report.response_view import ResponseView, response_view
from relaxant.response.response import Response

Format = Literal["text", "json", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render_response(response: Response, format: Format, *, knowledge: Knowledge, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> bytes:  # fmt: skip
    """The answer as bytes. ``colour``, ``width`` and ``encoding`` are for text alone. Raises :class:`InputError` for a format that it has not."""
    if format == "json":
        return msgspec.json.format(msgspec.json.encode(response), indent=1) + b"\n"
    if format not in FORMATS:
        raise InputError("format", format, "an answer has no such format", f"use one of {', '.join(FORMATS)}")
    view = response_view(response, knowledge=knowledge)
    if format == "text":
        from relaxant.report.response_text import response_text

        return response_text(view, colour=colour, width=width, encoding=encoding).encode(encoding)
    return response_html(view).encode()


def response_html(view: ResponseView) -> str:
    """The answer as a self-contained page: no script, nothing fetched."""
    from markupsafe import Markup

    from relaxant.report.diary_chart import diary_chart
    from relaxant.report.plan_html import page

    drawn = diary_chart(view.first, view.strips, view.events, view.start, view.words["chart"])
    return page("response.html.j2", ("review.css", "plan.css", "diary.css"), view, chart=Markup(drawn))
