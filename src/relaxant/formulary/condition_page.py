"""One condition as a page: what each relaxant is to it, the best supported first, and what is known of combinations."""

from __future__ import annotations

import msgspec

from relaxant.facts.conditions import implied_by
from relaxant.formulary.agent_page import Reference, reference
from relaxant.knowledge.agents import SUITABILITIES, Suitability
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Evidence, Jurisdiction


class Suited(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is to the condition, under which labels, and by what evidence. ``through`` names a wider condition that it was said of."""

    agent: str
    status: Suitability
    text: str
    evidence: Evidence
    jurisdictions: tuple[Jurisdiction, ...]
    verified: bool
    through: str | None
    source: Reference


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """Medicines given together for the condition; ``evidence`` is null where nobody studied them together."""

    parts: tuple[str, ...]
    used_for: str
    benefit: str
    harm: str
    evidence: Evidence | None
    verified: bool
    sources: tuple[Reference, ...]


class ConditionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A condition with its names and codes, and what helps or harms in it."""

    condition: str
    title: str
    names: tuple[str, ...]
    icd10cm: tuple[str, ...]
    snomed: tuple[str, ...]
    suited: tuple[Suited, ...]
    together: tuple[Together, ...]


def condition_page(knowledge: Knowledge, name: str, jurisdiction: Jurisdiction | None = None) -> ConditionPage:
    """The page of a condition, of every jurisdiction or of one. Raises :class:`KeyError` for an id that is no condition."""
    known = knowledge.conditions[name]
    wanted = (jurisdiction,) if jurisdiction else JURISDICTIONS
    wider = implied_by(name, knowledge)
    suited = [
        Suited(
            agent=agent.agent,
            status=i.status,
            text=i.text,
            evidence=i.evidence,
            jurisdictions=i.jurisdiction,
            verified=i.verified,
            through=None if i.condition == name else knowledge.conditions[i.condition].title,
            source=reference(knowledge, i.source, i.place),
        )
        for agent in knowledge.agents.values()
        for i in agent.indications
        if (i.condition == name or i.condition in wider) and any(holds_in(i, j) for j in wanted)
    ]
    return ConditionPage(
        condition=name,
        title=known.title,
        names=known.names,
        icd10cm=known.icd10cm,
        snomed=known.snomed,
        suited=tuple(sorted(suited, key=lambda s: (SUITABILITIES.index(s.status), s.through is not None, s.agent))),
        together=tuple(
            Together(
                parts=(*c.agents, *c.partners, *(knowledge.roles[r].title for r in c.roles)),
                used_for=c.used_for,
                benefit=c.benefit,
                harm=c.harm,
                evidence=c.evidence,
                verified=c.verified,
                sources=tuple(reference(knowledge, s.source, s.place) for s in c.sources),
            )
            for c in knowledge.combinations.values()
            if c.condition == name
        ),
    )


def conditions_spoken_of(knowledge: Knowledge) -> list[str]:
    """The conditions that some agent's indication or some combination names, by title."""
    named = {i.condition for a in knowledge.agents.values() for i in a.indications}
    named |= {c.condition for c in knowledge.combinations.values()}
    return sorted(named, key=lambda c: knowledge.conditions[c].title)
