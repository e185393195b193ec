"""A comparison as one self-contained HTML page: no script, nothing fetched, fit for paper; or as the inside of another page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relaxant.report.compare.page import CompareView
from relaxant.report.forest import Forest, forest_svg
from relaxant.report.html import page, template

if TYPE_CHECKING:
    from markupsafe import Markup


def compare_html(view: CompareView) -> str:
    """The comparison as a page of HTML. The same view gives the same text."""
    return page("compare.html.j2", ("review.css", "plan.css", "compare.css"), view, drawn=drawn, apart=False)


def compare_inside(view: CompareView) -> Markup:
    """What stands between the frame of a page: title, parts, sources and stamp, without styles."""
    from markupsafe import Markup

    return Markup(template("compare_inside.html.j2").render(view=view, drawn=drawn, apart=True))


def drawn(plot: Forest) -> Markup:
    """A forest plot as a drawing that a page sets in as it is."""
    from markupsafe import Markup

    return Markup(forest_svg(plot))
