"""The templates of the service's pages, beside those of the reports: a page sets a report's body into itself."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from relaxant.report.html import page_file
from relaxant.report.plan_words import whole
from relaxant.service.pages.static import asset


@lru_cache(maxsize=16)
def template(name: str) -> Template:
    """A template by its file, here or among the reports'; everything set into it is escaped."""
    return _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["together"] = whole
    environment.globals["asset"] = asset
    return environment


def _source(name: str) -> str:
    own = Path(__file__).parent / name
    return own.read_text(encoding="utf-8").replace("\r\n", "\n") if own.is_file() else page_file(name)
