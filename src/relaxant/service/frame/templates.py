"""The templates of the service's pages, beside those of the reports: a page sets a report's body into itself."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from relaxant.report.html import page_file
from relaxant.report.shown import clean
from relaxant.report.unbroken import whole
from relaxant.rules.wording import capital
from relaxant.service.frame.static import asset

_SERVICE = Path(__file__).parent.parent
FOLDERS = (_SERVICE / "frame", _SERVICE / "pages", _SERVICE / "diaries")


@lru_cache(maxsize=32)
def template(name: str) -> Template:
    """A template by its file, in a folder of the service's pages or among the reports'; everything set into it is escaped."""
    return _environment().get_template(name)


def own_file(name: str) -> str:
    """A template or style sheet of the service or of a report."""
    folder = next((folder for folder in FOLDERS if (folder / name).is_file()), None)
    return page_file(name) if folder is None else page_file(name, folder)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(own_file),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["together"] = whole
    environment.filters["clean"] = clean
    environment.filters["capital"] = capital
    environment.globals["asset"] = asset
    return environment
