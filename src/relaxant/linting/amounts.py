"""What is wrong with the amounts that a predicate asks of agents: a number in another unit would be read as that many of the agent's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relaxant.facts.names import AGENT_FACTS, amount_unit
from relaxant.knowledge.agents import Agent


def faults_of_amounts(node: Any, agents: Sequence[Agent]) -> Iterator[str]:
    """Each amount in a predicate whose unit is not the one in which an agent's is had."""
    if isinstance(node, Mapping):
        fact, unit = node.get("fact"), node.get("unit")
        known = AGENT_FACTS.get(fact) if isinstance(fact, str) else None
        if known and known.unit == "dose" and unit:
            units = {agent.agent: amount_unit(str(fact), agent.dose_unit) for agent in agents}
            for agent, own in units.items():
                if unit != own:
                    would = f"write `unit: {own}`" if len(set(units.values())) == 1 else "write one for each unit"
                    yield f"{fact} of {agent} is in {own}, not {unit}; {would}"
        for part in node.values():
            yield from faults_of_amounts(part, agents)
    elif isinstance(node, (list, tuple)):
        for part in node:
            yield from faults_of_amounts(part, agents)
