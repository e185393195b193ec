"""What a page of a comparison is made of: the sections of a plan's page, with forest plots among their blocks."""

from __future__ import annotations

import msgspec

from relaxant.report.citations import SourceView
from relaxant.report.forest import Forest
from relaxant.report.plan_page import Bullets, Line, Table, Words

PARTS = ("person", "glance", "evidence", "reactions", "mechanism", "dosing", "kinetics", "interactions", "factors", "monitoring", "stopping", "trials", "limits")  # fmt: skip
"""The parts of a comparison by name, from top to bottom."""


class Part(msgspec.Struct, frozen=True):
    """A heading and what stands under it."""

    key: str
    heading: str
    blocks: tuple[Line | Bullets | Table | Forest, ...]


class CompareView(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison in words, top to bottom."""

    language: str
    kind: str
    title: str
    page_title: str
    labels: str
    of: str
    basis: str
    banners: tuple[str, ...]
    parts: tuple[Part, ...]
    sources: tuple[SourceView, ...]
    source_words: Words
    stamp_heading: str
    stamp: tuple[tuple[str, str], ...]
