"""The clinician's own way of lowering where it goes beyond every source that fits the person: said before anything else."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.planning.dose import dangers
from relaxant.planning.plan import Plan, Told
from relaxant.planning.said import asked_by
from relaxant.rules.findings import Finding


def beyond_sources(plan: Plan, agent: str, facts: Facts, findings: Sequence[Finding]) -> Plan:
    """The plan with its override marked, what that asks for first, and all that the DANGERs ask for: these steps are not the taper that answers
    them."""
    text = facts.knowledge.words("planning")["first_do"]["beyond"]
    policies = tuple(msgspec.structs.replace(p, beyond=True) if p.chosen else p for p in plan.policies)
    warned = [Told(text=text, verified=True, source=p.source) for p in plan.policies if p.chosen]
    grave = asked_by(dangers(agent, findings, facts))
    rest = [t for t in plan.first_do if not any(t.source == g.source and t.text in g.text for g in grave)]
    return msgspec.structs.replace(plan, policies=policies, first_do=(*warned, *grave, *rest))
