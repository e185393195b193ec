"""The review as one self-contained HTML page: no script, nothing fetched, safe for hostile text, fit for paper."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from relaxant.knowledge.load import Knowledge
from relaxant.report.view import view_of
from relaxant.reviewing import Review

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE, _STYLE = "review.html.j2", "review.css"


def render_html(review: Review, *, knowledge: Knowledge | None = None) -> str:
    """The review as a page of HTML. The same review gives the same text, wherever and whenever."""
    from markupsafe import Markup  # with jinja2 loaded only for a page: a command that prints text starts without them

    return _template().render(view=view_of(review, knowledge=knowledge), style=Markup(_file(_STYLE)), drawn=Markup)


def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8").replace("\r\n", "\n")


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_file),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(_TEMPLATE)
