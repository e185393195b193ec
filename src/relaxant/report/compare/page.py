"""What a page of a comparison is made of: the sections of a plan's page, with forest plots among their blocks."""

from __future__ import annotations

import msgspec

from relaxant.report.blocks import Bullets, Line, Table, Words
from relaxant.report.citations import SourceView
from relaxant.report.compare.citations import ShortSource
from relaxant.report.forest import Forest

PARTS = ("person", "glance", "evidence", "reactions", "mechanism", "dosing", "kinetics", "interactions", "factors", "monitoring", "stopping", "trials", "limits")  # fmt: skip
"""The parts of a comparison by name, from top to bottom."""
ALSO = {
    "patient": "person", "difference": "person", "differences": "person",
    "summary": "glance", "overview": "glance", "cost": "glance", "costs": "glance", "tablets": "glance",
    "efficacy": "evidence", "effect": "evidence",
    "adverse": "reactions", "harm": "reactions", "harms": "reactions", "adverse reactions": "reactions", "side effects": "reactions", "safety": "reactions",
    "licence": "mechanism", "license": "mechanism", "indications": "mechanism", "contraindications": "mechanism",
    "dose": "dosing", "doses": "dosing", "products": "dosing", "half-life": "kinetics",
    "interaction": "interactions",
    "patient factors": "factors", "kidney": "factors", "liver": "factors", "pregnancy": "factors",
    "withdrawal": "stopping", "taper": "stopping", "stop": "stopping",
    "trial": "trials",
}  # fmt: skip
"""Other words for the parts."""


def part_named(name: str) -> str | None:
    """The part that a word means, by its own name or another; ``None`` for none.

    >>> part_named("efficacy"), part_named("Adverse-reactions"), part_named("prices")
    ('evidence', 'reactions', None)
    """
    said = " ".join(name.casefold().replace("_", " ").split())
    for word in (said, said.replace("-", " ")):
        if word in PARTS or word in ALSO:
            return ALSO.get(word, word)
    return None


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
    short: tuple[ShortSource, ...]
    source_words: Words
    stamp_heading: str
    stamp: tuple[tuple[str, str], ...]
