"""A plan as one self-contained HTML page: no script, nothing fetched, fit for paper."""

from __future__ import annotations

from relaxant.report.html import page
from relaxant.report.plan.page import PlanView


def plan_html(view: PlanView) -> str:
    """The plan as a page of HTML. The same view gives the same text."""
    return page("plan.html.j2", ("review.css", "plan.css"), view)
