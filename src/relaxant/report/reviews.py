"""A review in the format that is asked for: the one way in."""

from __future__ import annotations

from typing import Literal, get_args

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.reviewing import Review, to_json

Format = Literal["text", "json", "html", "pdf", "ics", "fhir"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render_review(
    review: Review,
    format: Format,
    *,
    knowledge: Knowledge | None = None,
    colour: bool = False,
    width: int = 80,
    encoding: str = "utf-8",
) -> bytes:
    """The review as bytes. ``colour``, ``width`` and ``encoding`` are for text alone.

    Raises :class:`InputError` for a format in which this review has nothing to say (a calendar file without a day), or whose library is
    not installed.
    """
    knowledge = knowledge or load_knowledge()
    # What draws a format is loaded with it: text must not wait for the others.
    if format == "json":
        return to_json(review)
    if format == "text":
        from relaxant.report.review.terminal import render_terminal

        text = render_terminal(review, colour=colour, width=width, encoding=encoding, knowledge=knowledge)
        return text.encode(encoding, errors="replace")
    if format == "html":
        from relaxant.report.review.html import render_html

        return render_html(review, knowledge=knowledge).encode()
    words = knowledge.words("plan", review.stamp.language)
    if format not in FORMATS:
        formats = str(words["between"]).join(FORMATS)
        unusable = words["unusable"]
        raise InputError("format", format, unusable["format"], unusable["no_steps_do"].format(formats=formats))
    from relaxant.report.review.view import view_of

    view = view_of(review, knowledge=knowledge)
    if format == "pdf":
        from relaxant.report.pdf import review_pdf

        return review_pdf(view, words["unusable"])
    if format == "ics":
        from relaxant.report.calendar import review_calendar

        return review_calendar(view, review.monitoring, words)
    from relaxant.report.fhir.review import review_fhir

    return review_fhir(view, review, words)
