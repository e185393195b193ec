"""One predicate asked of one person: what plans ask outside the rules, answered by the same leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.rules.evaluate import FIRES, UNKNOWN, Row, tested
from relaxant.rules.predicate import Clauses, read_predicate


class Answer(msgspec.Struct, frozen=True):
    """Whether it ``holds``; where that is not known (``open``), ``settled_by`` are the inputs that would tell."""

    holds: bool
    open: bool = False
    settled_by: tuple[str, ...] = ()


_READ: dict[tuple[int, str], tuple[Any, Clauses]] = {}
"""By the identity of a predicate, which is kept beside its clauses: nothing else comes to stand in its place."""


def asked(when: Mapping[str, Any] | None, agent: str, facts: Facts, row: int = 0) -> Answer:
    """The answer for an agent and a person; yes where there is no condition. Raises :class:`KnowledgeError` for an unsound one."""
    outcome, needs = outcome_of(when, agent, facts, row)
    return Answer(outcome == FIRES, outcome == UNKNOWN, needs)


def outcome_of(when: Mapping[str, Any] | None, agent: str, facts: Facts, row: int = 0) -> tuple[int, tuple[str, ...]]:
    """The same as the three-valued outcome of a rule, and what would settle it."""
    if when is None:
        return FIRES, ()
    kept = _READ.get((id(when), agent))
    if kept is None:
        kept = _READ[id(when), agent] = when, read_predicate(when, agent, "when")
    return tested(kept[1], Row(facts, row))
