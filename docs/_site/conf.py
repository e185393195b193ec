"""How Sphinx makes the site; ``tools/site.py`` lays out what it reads."""

from __future__ import annotations

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import relaxant

project = "relaxant"
author = "The relaxant authors"
copyright = "2026, the relaxant authors, Apache-2.0"
version = release = relaxant.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
root_doc = "index"
myst_heading_anchors = 4
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r".*")]  # the public names are documented, what they are made of is not
autodoc_typehints = "signature"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = "relaxant"
html_static_path = ["_site/static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00566b", "color-brand-content": "#00566b"},
    "dark_css_variables": {"color-brand-primary": "#7cc7db", "color-brand-content": "#7cc7db"},
}

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_raise_on_error = True
nb_execution_timeout = 120
suppress_warnings = ["myst.header"]  # a page from the knowledge may begin with a table under a small heading
exclude_patterns = ["conf.py", "_site"]


def setup(app: Sphinx) -> None:
    """Tables with commas are shown as they are."""
    app.add_lexer("csv", TextLexer)
