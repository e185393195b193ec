"""A comparison as one self-contained HTML page: no script, nothing fetched, fit for paper."""

from __future__ import annotations

from relaxant.report.compare_page import CompareView
from relaxant.report.forest import Forest, forest_svg
from relaxant.report.html import page_file, template

_TEMPLATE, _STYLES = "compare.html.j2", ("review.css", "plan.css", "compare.css")


def compare_html(view: CompareView) -> str:
    """The comparison as a page of HTML. The same view gives the same text."""
    from markupsafe import Markup  # loaded with jinja2, only for a page

    def drawn(plot: Forest) -> Markup:
        return Markup(forest_svg(plot))

    style = Markup("\n".join(page_file(name) for name in _STYLES))
    return template(_TEMPLATE).render(view=view, style=style, drawn=drawn)
