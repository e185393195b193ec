"""What every page is made of: sections of lines, lists and tables in words, each sentence with its citations. What draws a page adds layout alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from relaxant.report.citations import Mark

Words = Mapping[str, Any]
"""The words of a page, by their keys: a part of ``wording/<language>/``."""


class Saying(msgspec.Struct, frozen=True):
    """A sentence with its tags (``not verified``) and citations."""

    text: str
    tags: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


def marked(saying: Saying) -> str:
    """A sentence with its tags and citations in brackets."""
    tags = "".join(f" ({tag})" for tag in saying.tags)
    marks = "".join(f" {cited(mark)}" for mark in saying.marks)
    return f"{saying.text}{tags}{marks}".strip()


def cited(mark: Mark) -> str:
    """A citation: number, place, what it says."""
    return f"[{mark.number}]" + (f" {mark.place}" if mark.place else "") + (f": {mark.says}" if mark.says else "")


Cell = tuple[Saying, ...]
"""What stands in one cell of a table, line by line."""


class Line(msgspec.Struct, frozen=True, tag="line"):
    """A paragraph."""

    saying: Saying
    strong: bool = False


class Bullets(msgspec.Struct, frozen=True, tag="bullets"):
    """Sentences under a label (``GO ON IF``), or under none."""

    label: str
    sayings: tuple[Saying, ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows under a head. ``prose``: its cells hold sentences and may be set one under the other where room is short."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    prose: bool = False


Block = Line | Bullets | Table


class Section(msgspec.Struct, frozen=True):
    """A heading and what stands under it."""

    key: str
    heading: str
    blocks: tuple[Block, ...]
