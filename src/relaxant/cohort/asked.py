"""What the knowledge asks for at all: a registry holds far more than any rule reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relaxant.facts.members import role_members
from relaxant.knowledge.load import Knowledge
from relaxant.patient import jurisdiction_of

_COUNTED = "medicine_count"
"""The fact for which every medicine counts, whatever it is."""


def asked_ingredients(knowledge: Knowledge) -> frozenset[str] | None:
    """The ingredients that some rule or fact looks for beside an agent, agents' own among them; ``None`` where a rule counts every medicine."""
    whens = [rule.when for rule in knowledge.rules.values()]
    whens += [modifier.when for rule in knowledge.rules.values() for modifier in rule.modifiers]
    if any(_COUNTED in named for named in _said(whens, "fact")):
        return None
    out = {agent.ingredient for agent in knowledge.agents.values()}
    for role in knowledge.roles:
        out |= role_members(knowledge, role).names
    for rule in knowledge.rules.values():
        out.update(rule.partner.ingredients if rule.partner else ())
    out.update(_said(whens, "takes"))
    out.update(exposure.partner for agent in knowledge.agents for exposure in knowledge.exposures_of(agent))
    return frozenset(out)


def dosed_ingredients(knowledge: Knowledge) -> frozenset[str]:
    """The ingredients whose dose some rule reads: the agents, and the opioids that count in morphine equivalents."""
    opioids = knowledge.roles.get("opioid")
    counted = {n for m in (opioids.members if opioids else ()) if m.factor is not None for n in m.ingredients}
    return frozenset({agent.ingredient for agent in knowledge.agents.values()} | counted)


def shown_agent(agent: str, knowledge: Knowledge, country: str) -> str:
    """An agent by the name that it has where the labels of a country hold."""
    return knowledge.agents[agent].names.get(jurisdiction_of(country), agent)


def _said(node: Any, key: str) -> Iterator[str]:
    """Every name under a key of a predicate, however deep."""
    if isinstance(node, dict):
        if isinstance(node.get(key), str):
            yield node[key]
        for part in node.values():
            yield from _said(part, key)
    elif isinstance(node, (list, tuple)):
        for part in node:
            yield from _said(part, key)
