"""Whose labels hold: the jurisdictions, and what holds under one."""

from __future__ import annotations

from typing import get_args

from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import Cited, Jurisdiction

JURISDICTIONS: tuple[Jurisdiction, ...] = get_args(Jurisdiction)


def holds_in(value: Cited | Rule, jurisdiction: Jurisdiction) -> bool:
    """Whether a value or a rule holds under a jurisdiction: it names it, or it names none."""
    return not value.jurisdiction or jurisdiction in value.jurisdiction
