"""The review as one self-contained HTML page: no script, nothing fetched, safe for hostile text, fit for paper."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from relaxant.knowledge.load import Knowledge
from relaxant.report.plan_words import whole
from relaxant.report.view import view_of
from relaxant.reviewing import Review

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER = Path(__file__).parent
_TEMPLATE, _STYLES = "review.html.j2", ("review.css", "plan.css")


def render_html(review: Review, *, knowledge: Knowledge | None = None) -> str:
    """The review as a page of HTML. The same review gives the same text, wherever and whenever.

    >>> from datetime import date
    >>> from relaxant import read_patient, render_html, review
    >>> render_html(review(read_patient(b"medicines: [aspirin]", today=date(2026, 11, 22)))).splitlines()[0]
    '<!DOCTYPE html>'
    """
    from markupsafe import Markup  # with jinja2 loaded only for a page: a command that prints text starts without them

    style = Markup("\n".join(page_file(name) for name in _STYLES))
    return template(_TEMPLATE).render(view=view_of(review, knowledge=knowledge), style=style, drawn=Markup)


def page_file(name: str, folder: Path = _FOLDER) -> str:
    """A template or style sheet that lies beside this file, or in another folder."""
    return (folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


@lru_cache(maxsize=16)
def template(name: str, folder: Path = _FOLDER) -> Template:
    """A page's template, by its file; everything set into it is escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(partial(page_file, folder=folder)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["together"] = whole
    return environment.get_template(name)
