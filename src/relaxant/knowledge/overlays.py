"""What an overlay pack says of itself, and what it does to the knowledge that lies under it.

An entry with the id of one below takes its place, and is listed under ``replaces``: so nothing is replaced by accident, and an id that is
misspelt is found. What an agent's own file would have to be copied for is a ``change`` of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

import msgspec

from relaxant.errors import KnowledgeError, meant
from relaxant.knowledge.agents import Agent, Limit, Monitoring, Product, Statement
from relaxant.knowledge.jurisdictions import JURISDICTIONS
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import Frozen


class PackSheet(Frozen, frozen=True, kw_only=True, gc=False):
    """Who answers for a pack. ``name`` and ``version`` stand in the stamp of every review that it was used for."""

    name: str
    version: str
    signed_by: str
    signed_on: str
    note: str | None = None


Kind = Literal[
    "sources", "agents", "roles", "conditions", "labs", "allergens", "policies", "rules", "combinations", "claims", "models", "populations", "trials",
    "titrations", "dose_bounds", "gates", "tapers", "gaps", "withdrawals", "switches", "uptakes", "follow_ups", "goals", "choices", "useful_levels", "blocks",
    "crises", "pumps", "scales", "markers", "response_priors", "onsets", "worsenings", "next_steps", "registry_people", "registry_conditions", "registry_uses",
    "registry_measures", "news", "gone", "releases",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)


class Replacement(Frozen, frozen=True, kw_only=True, gc=False):
    """An entry of the knowledge below that the pack writes anew, under the same id."""

    id: str
    kind: Kind
    why: str


class Silence(Frozen, frozen=True, kw_only=True, gc=False):
    """A rule of the knowledge below that is not to be tested; every review of one of its agents says so."""

    rule: str
    why: str
    source: str
    place: str


class Silenced(Frozen, frozen=True, kw_only=True, gc=False):
    """A rule that a pack silenced: its title and agents, for the reviews that it would have been tested in."""

    silence: Silence
    title: str
    agents: tuple[str, ...]


class AgentChange(Frozen, frozen=True, kw_only=True, gc=False):
    """What a pack changes of an agent that lies under it.

    Each of ``limits`` takes the place of the agent's own of its kind and routes, as far as its jurisdictions (all, where it names none) and its
    ages reach; what lies beside these stays. ``products``, ``statements`` and ``monitoring`` stand beside the agent's own.
    """

    agent: str
    limits: tuple[Limit, ...] = ()
    products: tuple[Product, ...] = ()
    statements: tuple[Statement, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()


class MedicineName(Frozen, frozen=True, kw_only=True, gc=False):
    """A name that the dictionary of medicines lacks: a local product, an abbreviation of the house.

    ``ingredients`` are what it stands for, under the names that the dictionary has; ``form``, ``route`` and ``release`` what the name says
    besides. ``new`` is an ingredient that the dictionary does not have: its name stands for itself.
    """

    name: str
    ingredients: tuple[str, ...] = ()
    new: bool = False
    brand: bool = False
    form: str | None = None
    route: str | None = None
    release: Literal["modified", "delayed"] | None = None
    source: str
    place: str

    @property
    def stands_for(self) -> tuple[str, ...]:
        """The ingredients, in order."""
        return tuple(sorted({*self.ingredients, *([self.name.casefold()] if self.new else [])}))


def changed(agent: Agent, change: AgentChange) -> Agent:
    """An agent with a change laid over it."""
    limits = agent.limits
    for over in change.limits:
        limits = tuple(left for own in limits for left in _beside(own, over))
    return msgspec.structs.replace(
        agent,
        limits=limits + change.limits,
        products=agent.products + change.products,
        statements=agent.statements + change.statements,
        monitoring=agent.monitoring + change.monitoring,
    )


def _beside(own: Limit, over: Limit) -> Iterator[Limit]:
    """What stays of an agent's own limit beside one that is laid over it: other jurisdictions, and the ages below and above."""
    meets = own.age_from < over.age_to and over.age_from < own.age_to
    places = over.jurisdiction or JURISDICTIONS
    here = tuple(place for place in own.jurisdiction if place in places)
    by_itself = not own.jurisdiction and over.jurisdiction  # one without a jurisdiction gives way to a local one anyhow
    if (own.kind, own.routes) != (over.kind, over.routes) or not meets or by_itself or (own.jurisdiction and not here):
        yield own
        return
    if left := tuple(place for place in own.jurisdiction if place not in places):
        yield msgspec.structs.replace(own, jurisdiction=left)
    for first, last in ((own.age_from, over.age_from), (over.age_to, own.age_to)):
        if first < last:
            yield msgspec.structs.replace(own, jurisdiction=here, age_from=first, age_to=last)


def lay_over(
    agents: dict[str, Agent], rules: dict[str, Rule], changes: Sequence[AgentChange], silences: Sequence[Silence]
) -> list[Silenced]:
    """Changes agents and takes silenced rules out, in place; gives those. Raises :class:`KnowledgeError` for one that is not there: it has no effect and
    was meant to."""
    for change in changes:
        if change.agent not in agents:
            raise KnowledgeError(missing("changes", "agent", change.agent, agents))
        agents[change.agent] = changed(agents[change.agent], change)
    gone = []
    for silence in silences:
        if silence.rule not in rules:
            raise KnowledgeError(missing("silences", "rule", silence.rule, rules))
        rule = rules.pop(silence.rule)
        gone.append(Silenced(silence=silence, title=rule.title, agents=rule.agents))
    return gone


def missing(place: str, what: str, name: str, known: Iterable[str]) -> str:
    """That a name of the knowledge below is not there, and which was likely meant."""
    return f"{place}: “{name}”: there is no {what} of this name; {meant(name, known) or f'write the id of a {what}'}"
