"""How pages of HTML are made: from templates and style sheets, self-contained, no script, nothing fetched.

``jinja2`` and ``markupsafe`` are loaded only for a page: a command that prints text starts without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from relaxant.report.unbroken import whole

if TYPE_CHECKING:
    from jinja2 import Template

_FOLDER = Path(__file__).parent / "templates"


def page(name: str, styles: Sequence[str], view: object, **given: object) -> str:
    """A page of a template, with its styles written into it and what else is ``given`` to it."""
    from markupsafe import Markup

    style = "\n".join(page_file(style) for style in styles)
    return template(name).render(view=view, style=Markup(style), **given)


def page_file(name: str, folder: Path = _FOLDER) -> str:
    """A template or style sheet of the reports, or of another folder."""
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
