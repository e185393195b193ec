"""A plan, and the sheet for the person, as self-contained HTML pages: no script, nothing fetched, fit for paper."""

from __future__ import annotations

from relaxant.report.html import page_file, template
from relaxant.report.plan_page import PlanView

_STYLES = ("review.css", "plan.css")


def plan_html(view: PlanView) -> str:
    """The plan as a page of HTML. The same view gives the same text."""
    return page("plan.html.j2", _STYLES, view)


def page(name: str, styles: tuple[str, ...], view: object, **drawn: object) -> str:
    """A page of a template, with its styles and what is ``drawn`` for it written into it."""
    from markupsafe import Markup  # loaded with jinja2, only for a page

    style = "\n".join(page_file(style) for style in styles)
    return template(name).render(view=view, style=Markup(style), **drawn)
