"""A page of reference as HTML, for the service: what stands below its title."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from relaxant.report.compare.html import drawn
from relaxant.report.html import template
from relaxant.report.reference.leaf import Leaf, Target

if TYPE_CHECKING:
    from markupsafe import Markup


def leaf_html(leaf: Leaf, *, words: Mapping[str, Any], address: Callable[[Target], str]) -> Markup:
    """The page's inside. ``address``: the path of another page; ``words``: those around it (``wording/<language>/reference.yaml``)."""
    from markupsafe import Markup

    def source(name: str) -> Target:
        return Target("sources", name)

    made = template("leaf.html.j2").render(leaf=leaf, words=words, address=address, source=source, drawn=drawn)
    return Markup(made)
