"""Tiers in their order, and the gravest that a rule can come to."""

from __future__ import annotations

from relaxant.knowledge.rules import Modifier, Rule
from relaxant.knowledge.schema import TIERS, Tier

RANK: dict[Tier, int] = {tier: i for i, tier in enumerate(TIERS)}
"""The gravest is 0."""


def tier_with(rule: Rule, modifier: Modifier | None) -> Tier:
    """The tier of a rule that fired, with the modifier that holds: of several the first."""
    return (modifier.tier if modifier else None) or rule.tier


def worst_tier(rule: Rule) -> Tier:
    """The gravest tier that a rule can fire with."""
    return min((rule.tier, *(m.tier for m in rule.modifiers if m.tier)), key=RANK.__getitem__)
