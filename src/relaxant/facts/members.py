"""Who belongs to a role: the ingredients of roles and partner clauses, with the routes that count and how long they last."""

from __future__ import annotations

from relaxant.knowledge.load import Knowledge

Ingredients = dict[str, tuple[tuple[str, ...] | None, float]]
"""Name -> (routes that count or ``None`` for every systemic one, days it lasts after a stop)."""


class Members:
    """The ingredients of a role or a partner clause."""

    __slots__ = ("ingredients", "names")

    def __init__(self, ingredients: Ingredients) -> None:
        self.ingredients, self.names = ingredients, frozenset(ingredients)


_PARTNERS: dict[tuple[str, str], Members] = {}
_ROLES: dict[tuple[str, str], Members] = {}


def partners(knowledge: Knowledge, column: str) -> Members:
    """The ingredients of a partner column, ``agent:with:roles|ingredients|but not``, the agent's own left out."""
    known = _PARTNERS.get((knowledge.sha256, column))
    if known is None:
        agent, _, clause = column.partition(":with:")
        roles, ingredients, but_not = sets_of(clause)
        found: Ingredients = {}
        for role in roles:
            found.update(role_members(knowledge, role).ingredients)
        found.update(dict.fromkeys(ingredients, (None, 0.0)))
        for name in (*but_not, knowledge.agents[agent].ingredient):
            found.pop(name, None)
        known = _PARTNERS[knowledge.sha256, column] = Members(found)
    return known


def sets_of(clause: str) -> tuple[list[str], list[str], list[str]]:
    """The roles, the ingredients and the exceptions of a partner clause as ``rules.predicate.with_column`` writes it.

    >>> sets_of("opioid||insulin, regular, human;codeine")
    (['opioid'], [], ['insulin, regular, human', 'codeine'])
    """
    roles, ingredients, but_not = (part.split(";") if part else [] for part in clause.split("|"))
    return roles, ingredients, but_not


def role_members(knowledge: Knowledge, role: str) -> Members:
    """The ingredients of a role, those of the roles it includes among them. Raises :class:`KeyError` for a role that is not."""
    known = _ROLES.get((knowledge.sha256, role))
    if known is None:
        found: Ingredients = {}
        asked = knowledge.roles[role]
        for included in asked.includes:
            found.update(role_members(knowledge, included).ingredients)
        for member in asked.members:
            for ingredient in member.ingredients:
                lasts = asked.lasts_days if member.lasts_days is None else member.lasts_days
                found[ingredient] = (member.routes or asked.routes or None, lasts)
        known = _ROLES[knowledge.sha256, role] = Members(found)
    return known
