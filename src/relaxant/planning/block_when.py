"""What a predicate of an entry says of the one person of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relaxant.facts.facts import Facts
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Row
from relaxant.rules.predicate import read_predicate


def outcome_of(when: Mapping[str, Any] | None, agent: str, facts: Facts) -> tuple[int, tuple[str, ...]]:
    """What a predicate says of the person (fires, silent or unknown) and what would settle it; no predicate is for everybody."""
    if when is None:
        return FIRES, ()
    row, best, needs = Row(facts, 0), SILENT, dict[str, None]()
    for clause in read_predicate(when, agent, agent):
        outcomes = [row.outcome(leaf) for leaf in clause]
        if SILENT in outcomes:
            continue
        if UNKNOWN not in outcomes:
            return FIRES, ()
        best = UNKNOWN
        for leaf, outcome in zip(clause, outcomes, strict=True):
            if outcome == UNKNOWN:
                needs.update(dict.fromkeys(row.needs(leaf)))
    return best, tuple(needs)
