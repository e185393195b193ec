"""The review as one self-contained HTML page: no script, nothing fetched, safe for hostile text, fit for paper."""

from __future__ import annotations

from relaxant.knowledge.load import Knowledge
from relaxant.report.html import page
from relaxant.report.review.view import view_of
from relaxant.reviewing import Review


def render_html(review: Review, *, knowledge: Knowledge | None = None) -> str:
    """The review as a page of HTML. The same review gives the same text, wherever and whenever.

    >>> from datetime import date
    >>> from relaxant import read_patient, render_html, review
    >>> render_html(review(read_patient(b"medicines: [aspirin]", today=date(2026, 11, 22)))).splitlines()[0]
    '<!DOCTYPE html>'
    """
    from markupsafe import Markup

    return page("review.html.j2", ("review.css", "plan.css"), view_of(review, knowledge=knowledge), drawn=Markup)
