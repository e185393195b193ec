"""The relaxants that a name means: an agent's own name, its name elsewhere, or a brand."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.dictionary import Ingredient, lookup_name
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.names import read_name


def agents_named(name: str, knowledge: Knowledge, field: str = "NAME") -> list[str]:
    """The agents that a name means: an agent's own, its name elsewhere, or a brand; those of every route for an ingredient's.

    Raises :class:`InputError` naming ``field`` and near names for one that is no relaxant.
    """
    wanted = " ".join(name.casefold().split())
    exact = [
        a.agent
        for a in knowledge.agents.values()
        if wanted in {a.agent.casefold(), *(n.casefold() for n in a.names.values())}
    ]
    if exact:
        return exact
    dictionary = dictionary_of(knowledge)
    reading = read_name(name, dictionary)
    if found := _of(reading.ingredients, knowledge):
        return found
    near = [
        s.name for s in reading.suggestions if (e := lookup_name(s.name, dictionary)) and _of(e.ingredients, knowledge)
    ]
    would = f"did you mean {' or '.join(near)}?" if near else "see the list with `relaxant agents`"
    raise InputError(field, name, "no relaxant that is known here has this name", would)


def agent_named(name: str, knowledge: Knowledge, field: str = "AGENT") -> str:
    """The agent that a name means; of several routes the usual one. Raises :class:`InputError` as :func:`agents_named`, and where several are meant alike."""
    found = agents_named(name, knowledge, field)
    usual = [a for a in found if knowledge.agents[a].default_route]
    if len(found) > 1 and len(usual) != 1:
        raise InputError(field, name, "it means several relaxants", f"name one of {', '.join(dict.fromkeys(found))}")
    return (usual or found)[0]


def _of(ingredients: Sequence[Ingredient], knowledge: Knowledge) -> list[str]:
    names = {i.name for i in ingredients}
    return [a.agent for a in knowledge.agents.values() if a.ingredient in names]
