"""What a reader asks of every agent, and which of its values answer: the coverage register is held against this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from relaxant.knowledge.agents import Agent, Coverage, Question
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.schema import Cited, Jurisdiction

QUESTIONS: tuple[Question, ...] = get_args(Question)
SECTIONS: tuple[str, ...] = (*QUESTIONS, "administration")
"""What a page shows: the questions, and what is asked of a few agents only."""
_LIMITS: dict[str, tuple[str, ...]] = {
    "single maximum": ("single", "single_per_kg"),
    "daily maximum": ("daily", "daily_per_kg", "doses_daily"),
    "course maximum": ("course",),
}


def answers(agent: Agent, question: str) -> tuple[Cited, ...]:
    """The agent's values that answer a question, of every jurisdiction, in the order in which they are written."""
    if question in _LIMITS:
        return tuple(limit for limit in agent.limits if limit.kind in _LIMITS[question])
    if question in ("products", "indications", "dosing", "monitoring"):
        return tuple(getattr(agent, question))
    if question == "adverse reactions":
        return agent.adverse_reactions
    said = tuple(statement for statement in agent.statements if statement.topic == question)
    return (
        said if question != "paediatric" else (*said, *(limit for limit in agent.limits if limit.kind == "least_age"))
    )


def coverage_faults(agent: Agent, rows: dict[Jurisdiction, Coverage]) -> Iterator[str]:
    """What is wrong with an agent's rows of the register: a question neither answered nor said to be silent, or both."""
    for jurisdiction in JURISDICTIONS:
        row = rows.get(jurisdiction)
        if row is None:
            yield f"the coverage register has no row under {jurisdiction}; write `{{agent: {agent.agent}, jurisdiction: {jurisdiction}, verified_on: YYYY-MM-DD, silent: {{...}}}}` under `coverage:`"
            continue
        if row.not_sold:
            if row.silent:
                yield f"coverage {jurisdiction}: it is not sold there, so nothing is silent"
            continue
        for question in QUESTIONS:
            answered = any(holds_in(value, jurisdiction) for value in answers(agent, question))
            if not answered and not row.silent.get(question, "").strip():
                yield f"coverage {jurisdiction}: “{question}” is neither answered nor said to be silent"
            if answered and question in row.silent:
                yield f"coverage {jurisdiction}: “{question}” is said to be silent and is answered"
