"""The relaxants that names mean, for a comparison: two to four, each once."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.relaxants import agent_named

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
