"""Whom a statement is about: the relaxants, partners and conditions that it names, by any of their names."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from relaxant.claims.sentences import plain_words
from relaxant.knowledge.load import Knowledge

_LONGEST = 7
_PRONOUNS = frozenset({"it", "its", "this", "they", "these", "the drug", "the medicine", "the medication"})
_NO_NAMES = frozenset({"ms", "cp", "as", "no", "is", "up", "bka", "als"})
"""Condition names that are words of the language or would be read out of other words."""


class Subjects(msgspec.Struct, frozen=True):
    """What a clause names, each by its id: agents, ingredients of partners, partner roles, conditions."""

    agents: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class Names:
    """Every name that the knowledge has, in plain words, and what it stands for."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._names: dict[tuple[str, ...], set[tuple[str, str]]] = {}
        own: set[str] = set()
        for agent in knowledge.agents.values():
            own.add(agent.ingredient)
            for name in {
                agent.agent,
                agent.ingredient,
                *agent.names.values(),
                *(b for p in agent.products for b in p.brands),
            }:
                self._add(name, "agents", agent.agent)
        for role in knowledge.roles.values():
            for name in {role.title, role.plural, role.role.replace("_", " ")}:
                self._add(name, "roles", role.role)
            for member in role.members:
                for ingredient in member.ingredients:
                    self._add(ingredient, "partners", ingredient)
        for condition in knowledge.conditions.values():
            for name in {condition.title, condition.condition.replace("_", " "), *condition.names}:
                if name.casefold() not in _NO_NAMES:
                    self._add(name, "conditions", condition.condition)
        self._by_default = {a.ingredient: a.agent for a in knowledge.agents.values() if a.default_route}
        self._ingredient = {a.agent: a.ingredient for a in knowledge.agents.values()}

    def _add(self, name: str, kind: str, what: str) -> None:
        words = plain_words(name)
        if words and len(words) <= _LONGEST:
            self._names.setdefault(words, set()).add((kind, what))
            if len(words[-1]) > 3 and not words[-1].endswith("s"):
                self._names.setdefault((*words[:-1], f"{words[-1]}s"), set()).add((kind, what))

    def of(self, words: tuple[str, ...]) -> Subjects:
        """What stands in these words; the longest name at a place counts."""
        found: dict[str, dict[str, None]] = {"agents": {}, "partners": {}, "roles": {}, "conditions": {}}
        at = 0
        while at < len(words):
            for length in range(min(_LONGEST, len(words) - at), 0, -1):
                meant = self._names.get(words[at : at + length])
                if meant:
                    for kind, what in sorted(meant):
                        found[kind][what] = None
                    at += length - 1
                    break
            at += 1
        agents = self._usual(found["agents"])
        ingredients = {self._ingredient[a] for a in agents}
        return Subjects(
            tuple(agents),
            tuple(p for p in found["partners"] if p not in ingredients),
            tuple(found["roles"]),
            tuple(found["conditions"]),
        )

    def _usual(self, agents: Mapping[str, None]) -> list[str]:
        """Of the agents of one ingredient that a bare name may mean, the usual one."""
        out: list[str] = []
        for agent in agents:
            usual = self._by_default.get(self._ingredient[agent], agent)
            chosen = usual if usual in agents else agent
            if chosen not in out:
                out.append(chosen)
        return out


def begins_with_a_pronoun(words: tuple[str, ...]) -> bool:
    """Whether a clause speaks of what the one before it named."""
    return bool(words) and (words[0] in _PRONOUNS or " ".join(words[:2]) in _PRONOUNS)
