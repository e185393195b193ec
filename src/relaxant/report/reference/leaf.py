"""A page of reference in words (an agent, a rule, a condition, the evidence): the one view that Markdown and HTML draw.

A leaf knows no file and no path: it names the page that it leads to, and what draws it says where that page lies.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from relaxant.report.blocks import Bullets, Line, Table
from relaxant.report.citations import Mark
from relaxant.report.forest import Forest

Kind = Literal["agents", "rules", "conditions", "sources", "evidence"]
Look = Literal["plain", "strong", "soft", "code"]


class Target(msgspec.Struct, frozen=True):
    """A page of reference: its kind and the name of what it is about; the list of its kind where it has none."""

    kind: Kind
    name: str = ""


class Run(msgspec.Struct, frozen=True):
    """A stretch of a sentence, how it looks, and the page or the address that it leads to."""

    text: str
    look: Look = "plain"
    page: Target | None = None
    url: str | None = None


Sentence = tuple[Run | Mark, ...]


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """A sentence or several."""

    sentence: Sentence


class Items(msgspec.Struct, frozen=True, tag="items"):
    """A list without numbers."""

    entries: tuple[Sentence, ...]


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """A table: ``columns`` are its heads, and the first cell of a line names the line."""

    caption: str
    columns: tuple[str, ...]
    lines: tuple[tuple[Sentence, ...], ...]


class SourceList(msgspec.Struct, frozen=True, tag="sources"):
    """The sources of a page by their ids. ``numbered``: in the order in which the page's marks count them."""

    sources: tuple[tuple[str, Sentence], ...]
    numbered: bool = True


LeafBlock = Paragraph | Items | Grid | SourceList | Line | Bullets | Table | Forest


class LeafPart(msgspec.Struct, frozen=True):
    """A heading, or none, and what stands under it."""

    key: str
    heading: str
    blocks: tuple[LeafBlock, ...]


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A page: what it is about, its title, what stands before the first heading, and its parts."""

    target: Target
    title: str
    lead: tuple[LeafBlock, ...] = ()
    parts: tuple[LeafPart, ...] = ()


def slug(name: str) -> str:
    """A name as a file or a path writes it.

    >>> slug("baclofen intrathecal")
    'baclofen-intrathecal'
    """
    return name.lower().replace(" ", "-")
