"""The relaxants that names mean, for a comparison: two to four, each once."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.dictionary import Ingredient, lookup_name
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.names import read_name

FEWEST, MOST = 2, 4


def agents_compared(names: Sequence[str], knowledge: Knowledge) -> tuple[str, ...]:
    """The agents of two to four names. Raises :class:`InputError` for too few or too many, one that is no relaxant, and the same one twice."""
    if not FEWEST <= len(names) <= MOST:
        raise InputError(
            "AGENT",
            ", ".join(names) or "nothing",
            "a comparison takes two to four relaxants",
            "name two to four, such as baclofen tizanidine",
        )
    out: dict[str, str] = {}
    for name in names:
        agent = agent_named(name, knowledge)
        if agent in out:
            said = name if out[agent] == name else f"{out[agent]} and {name}"
            raise InputError("AGENT", said, f"{agent} is named twice", "name each relaxant once")
        out[agent] = name
    return tuple(out)


def agent_named(name: str, knowledge: Knowledge) -> str:
    """The agent that a name means: its own, its name in a country, or a brand; of several routes the usual one.

    Raises :class:`InputError` with near names for one that is no relaxant, and where several are meant alike.
    """
    wanted = " ".join(name.casefold().split())
    known = knowledge.agents.values()
    exact = [a.agent for a in known if wanted in {a.agent.casefold(), *(n.casefold() for n in a.names.values())}]
    if len(exact) == 1:
        return exact[0]
    dictionary = dictionary_of(knowledge)
    reading = read_name(name, dictionary)
    found = exact or _of(reading.ingredients, knowledge)
    usual = [a for a in found if knowledge.agents[a].default_route]
    if len(found) == 1 or len(usual) == 1:
        return (usual or found)[0]
    if found:
        raise InputError("AGENT", name, "it means several relaxants", f"name one of {', '.join(dict.fromkeys(found))}")
    near = [
        s.name for s in reading.suggestions if (e := lookup_name(s.name, dictionary)) and _of(e.ingredients, knowledge)
    ]
    would = f"did you mean {' or '.join(near)}?" if near else "see the list with `relaxant agents`"
    raise InputError("AGENT", name, "no relaxant that is known here has this name", would)


def _of(ingredients: Sequence[Ingredient], knowledge: Knowledge) -> list[str]:
    names = {i.name for i in ingredients}
    return [a.agent for a in knowledge.agents.values() if a.ingredient in names]
