"""One predicate asked of one person: what plans ask outside the rules, answered by the same leaves."""

from __future__ import annotations

from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Row
from relaxant.rules.predicate import Clauses, read_predicate


class Answer(msgspec.Struct, frozen=True):
    """Whether it ``holds``; where that is not known (``open``), ``settled_by`` are the inputs that would tell."""

    holds: bool
    open: bool = False
    settled_by: tuple[str, ...] = ()


YES = Answer(True)
NO = Answer(False)
_READ: dict[tuple[int, str], tuple[Any, Clauses]] = {}


def asked(when: dict[str, Any] | None, agent: str, facts: Facts, row: int = 0) -> Answer:
    """The answer for an agent and a person; yes where there is no condition. Raises :class:`KnowledgeError` for an unsound one."""
    if when is None:
        return YES
    kept = _READ.get((id(when), agent))
    if kept is None or kept[0] is not when:
        kept = _READ[id(when), agent] = when, read_predicate(when, agent, "when")
    person, needs = Row(facts, row), dict[str, None]()
    for clause in kept[1]:
        outcomes = [person.outcome(leaf) for leaf in clause]
        if all(outcome == FIRES for outcome in outcomes):
            return YES
        if SILENT not in outcomes:
            for leaf, outcome in zip(clause, outcomes, strict=True):
                if outcome == UNKNOWN:
                    needs.update(dict.fromkeys(person.needs(leaf)))
    return Answer(False, True, tuple(needs)) if needs else NO
