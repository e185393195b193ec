"""What a review says of suitability: what each relaxant is to the conditions the person has, and what is known of it together
with others for them."""

from __future__ import annotations

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.members import role_members
from relaxant.facts.suitability import indications, may_be_of_age, said_as
from relaxant.knowledge.agents import SUITABILITIES, Indication, Suitability
from relaxant.knowledge.conditions import Combination
from relaxant.knowledge.schema import Evidence
from relaxant.quantities import plain_number
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import listed, shown_agent_name, shown_name

_LICENSED: Suitability = "licensed"
_OFF_LABEL: Suitability = "off label"


class ShownSuitability(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is to one condition of the person under the labels of the country. ``other_age``: its licence is for another age."""

    agent: str
    condition: str
    status: Suitability
    text: str
    evidence: Evidence
    other_age: bool = False
    verified: bool
    source: Cited


class ShownCombination(msgspec.Struct, frozen=True, kw_only=True):
    """Medicines that are taken or weighed together for a condition, and what is known of that; ``evidence`` null: nobody studied it."""

    together: tuple[str, ...]
    condition: str
    used_for: str
    benefit: str
    harm: str
    evidence: Evidence | None
    verified: bool
    sources: tuple[Cited, ...]


def suitability(facts: Facts, row: int = 0) -> tuple[ShownSuitability, ...]:
    """The indications of each agent that is taken or weighed, for the conditions that the person has; what suits comes first."""
    out = []
    for agent in sorted(facts.inputs.agents):
        if not _present(agent, facts, row):
            continue
        known = [
            i
            for i in indications(facts.knowledge.agents[agent], facts.jurisdiction)
            if facts.column(f"condition:{i.condition}").surely[row]
        ]
        own = [i for i in known if may_be_of_age(i, facts, row)]
        licensed = {i.condition for i in own if i.status == _LICENSED}
        others = [i for i in known if i not in own and i.status == _LICENSED and i.condition not in licensed]
        found = sorted((*own, *others), key=lambda i: SUITABILITIES.index(_status(i, i in others)))
        out += [_shown_status(agent, i, i in others, facts, row) for i in found]
    return tuple(out)


def _status(known: Indication, other_age: bool) -> Suitability:
    """What it is to the person: what is licensed for another age alone is off label."""
    return _OFF_LABEL if other_age else known.status


def _shown_status(agent: str, known: Indication, other_age: bool, facts: Facts, row: int) -> ShownSuitability:
    words, text = facts.knowledge.words("review")["licence"], known.text
    if other_age:
        key = "from" if known.age_from > 0 else "to"
        ages = words[key].format(age=plain_number(known.age_from if key == "from" else known.age_to))
        text = words["other_age"].format(ages=ages, text=text)
    return ShownSuitability(
        agent=shown_agent_name(agent, facts),
        condition=listed(said_as(facts, known.condition, row), facts.knowledge.words("values")),
        status=_status(known, other_age),
        text=text,
        evidence=known.evidence,
        other_age=other_age,
        verified=known.verified,
        source=cited(facts.knowledge, known.source, known.place),
    )


def combinations(facts: Facts, row: int = 0) -> tuple[ShownCombination, ...]:
    """What is known of the combinations that the person takes or weighs for a condition they have. Of the same medicines one
    entry speaks: that of the narrowest class, and that of a partner by name before any class."""

    def breadth(known: Combination) -> int:
        return sum(len(role_members(facts.knowledge, role).names) for role in known.roles)

    found: dict[tuple[str, frozenset[str]], ShownCombination] = {}
    for known in sorted(facts.knowledge.combinations.values(), key=breadth):
        if (parts := _together(known, facts, row)) is not None:
            found.setdefault((known.condition, frozenset(parts)), _shown(known, parts, facts))
    return tuple(found.values())


def _present(agent: str, facts: Facts, row: int) -> bool:
    own = facts.inputs.agents.get(agent)
    return own is not None and bool(own["taking"][row] == 1 or own["starting"][row] == 1)


def _together(known: Combination, facts: Facts, row: int) -> tuple[str, ...] | None:
    """The names of what is combined, or ``None`` where the condition or a part is missing."""
    if not all(_present(agent, facts, row) for agent in known.agents):
        return None
    if not facts.column(f"condition:{known.condition}").surely[row]:
        return None
    if not all(facts.takes_by_any_route(partner)[row] for partner in known.partners):
        return None
    own = {facts.knowledge.agents[a].ingredient for a in known.agents}
    members = []
    for role in known.roles:
        taken = [n for n in facts.members_taken(role_members(facts.knowledge, role), row) if n not in own]
        if not taken:
            return None
        members += taken
    names = [shown_agent_name(a, facts) for a in known.agents]
    return tuple(dict.fromkeys([*names, *(shown_name(p, facts) for p in (*known.partners, *members))]))


def _shown(known: Combination, parts: tuple[str, ...], facts: Facts) -> ShownCombination:
    return ShownCombination(
        together=parts,
        condition=facts.knowledge.conditions[known.condition].title,
        used_for=known.used_for,
        benefit=known.benefit,
        harm=known.harm,
        evidence=known.evidence,
        verified=known.verified,
        sources=tuple(cited(facts.knowledge, s.source, s.place, s.says) for s in known.sources),
    )
