"""Whether an agent suits what the person has: its indications of this jurisdiction against the conditions said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import SAID, Column, Mask, anywhere, gather_needs, truth
from relaxant.facts.conditions import implied_by
from relaxant.facts.limits import OLDEST
from relaxant.knowledge.agents import Indication
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.schema import Jurisdiction

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts
    from relaxant.knowledge.agents import Agent

SUITS = ("licensed", "supported", "off label")
SUITS_NOT = ("not recommended", "harmful")
SUITS_OPEN = ("not established",)
SPEAKING = {"unsuited": SUITS_NOT, "unestablished": SUITS_OPEN}
"""The facts on suitability, and the statuses that each speaks of."""
_RELAXANTS = ("centrally acting", "peripherally acting")
_FOR_ANAESTHESIA = ("neuromuscular blocker", "reversal")
"""Given for an operation or ventilation, which is no condition: what else the person has is no reason against them."""


def indications(agent: Agent, jurisdiction: Jurisdiction, country: str | None = None) -> tuple[Indication, ...]:
    """The agent's indications, and what it is not for, under one jurisdiction; with a ``country`` without what labels of other countries alone say."""
    own = (i for i in agent.indications if holds_in(i, jurisdiction))
    return tuple(i for i in own if country is None or not i.countries or country in i.countries)


def unsuited(facts: Facts, agent: str) -> Column:
    """True where the person has a condition for which the agent is not recommended or harmful, and none that it suits."""
    if facts.knowledge.agents[agent].family in _FOR_ANAESTHESIA:
        return _never(facts)
    return _against(facts, agent, SUITS_NOT)


def unestablished(facts: Facts, agent: str) -> Column:
    """True where a relaxant of skeletal muscle is not established in a condition that the person has, and suits none of them.

    Antispasmodics and adjuncts are for something else in most people: what they would do for tone is not asked of them.
    """
    if facts.knowledge.agents[agent].family not in _RELAXANTS:
        return _never(facts)
    return _against(facts, agent, SUITS_OPEN)


def _never(facts: Facts) -> Column:
    nowhere = np.zeros(facts.rows)
    return Column(nowhere, nowhere, "", True, SAID, ("conditions",))


def _against(facts: Facts, agent: str, statuses: tuple[str, ...]) -> Column:
    """True where a condition of these statuses is there and none that the agent suits."""
    own = indications(facts.knowledge.agents[agent], facts.jurisdiction)
    bad = [i for i in own if i.status in statuses]
    if not bad:
        return _never(facts)
    good = [i for i in own if i.status in SUITS]
    surely, maybe = _any(facts, bad)
    if not anywhere(maybe):
        return _never(facts)
    if good:
        fits, may_fit = _any(facts, good)
        surely, maybe = surely & ~may_fit, maybe & ~fits
    open_ones = maybe & ~surely
    asked = [facts.column(f"condition:{c}") for c in sorted({i.condition for i in (*bad, *good)})]
    asked += [facts.column("age")] if any(not _any_age(i) for i in (*bad, *good)) else []
    return truth(surely, open_ones, needs=gather_needs(asked, open_ones), inputs=("conditions",), methods=SAID)


def _any(facts: Facts, known: Sequence[Indication]) -> tuple[Mask, Mask]:
    """Where one of these speaks of the person, by condition and age: surely, and maybe."""
    surely = maybe = np.zeros(facts.rows, dtype=bool)
    for one in known:
        there = facts.column(f"condition:{one.condition}")
        if anywhere(may_have := there.maybe):
            at_age, may_be = facts.age_band(one.age_from, one.age_to)
            surely, maybe = surely | (there.surely & at_age), maybe | (may_have & may_be)
    return surely, maybe


def _any_age(known: Indication) -> bool:
    return known.age_from <= 0 and known.age_to >= OLDEST


def may_be_of_age(known: Indication, facts: Facts, row: int) -> bool:
    """Whether what is said of a medicine may hold at the age of one person."""
    return facts.of_age(known.age_from, known.age_to, row)[1]


def speaking(facts: Facts, agent: str, row: int, statuses: tuple[str, ...]) -> tuple[Indication, ...]:
    """The agent's indications of these statuses for conditions that one person has."""
    return tuple(
        i
        for i in indications(facts.knowledge.agents[agent], facts.jurisdiction)
        if i.status in statuses
        and facts.column(f"condition:{i.condition}").surely[row]
        and may_be_of_age(i, facts, row)
    )


def said_as(facts: Facts, condition: str, row: int) -> list[str]:
    """What was said of the person that amounts to a condition: multiple sclerosis for damage to the brain or spinal cord."""
    known = facts.knowledge.conditions
    present = [c for c, values in facts.inputs.conditions.items() if values[row] == 1]
    meant = [c for c in present if condition in implied_by(c, facts.knowledge)]
    first = [c for c in meant if not any(c in implied_by(other, facts.knowledge) for other in meant)]
    return [known[c].title for c in sorted(first)] or [known[condition].title]
