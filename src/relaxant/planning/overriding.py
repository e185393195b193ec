"""The clinician's own way of lowering where it goes beyond every source that fits the person: said before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.planning.dose import dangers
from relaxant.planning.plan import Missed, Plan, Told
from relaxant.planning.said import amount, asked_by
from relaxant.rules.findings import Finding


def beyond_sources(plan: Plan, agent: str, facts: Facts, findings: Sequence[Finding], *, last: float | None = None) -> Plan:  # fmt: skip
    """The plan with its override marked, what that asks for first, and all that the DANGERs ask for: these steps are not the taper that answers
    them. ``last`` is the day's dose (in the agent's unit) from which it goes to nothing, where that alone is more than any source allows."""
    words = facts.knowledge.words("planning")["first_do"]
    text = words["beyond"] if last is None else words["beyond_last"].format(last=amount(last, plan.unit))
    policies = tuple(msgspec.structs.replace(p, beyond=True) if p.chosen else p for p in plan.policies)
    warned = [Told(text=text, verified=True, source=p.source) for p in plan.policies if p.chosen]
    grave = asked_by(dangers(agent, findings, facts))
    rest = [t for t in plan.first_do if not any(t.source == g.source and t.text in g.text for g in grave)]
    return msgspec.structs.replace(plan, policies=policies, first_do=(*warned, *grave, *rest))


def not_taken_again(plan: Plan, facts: Facts) -> Plan:
    """The plan of an override whose source gives nothing from the first day on: that no dose is given back stands beside it, no sign leads back
    up, and no missed dose is taken."""
    words = facts.knowledge.words("planning")
    chosen = next(p for p in plan.policies if p.chosen)
    told = Told(text=words["first_do"]["none_back"], verified=chosen.verified, source=chosen.source)
    at = next((n for n, t in enumerate(plan.first_do, 1) if t.source == chosen.source), 0)
    gaps = [msgspec.structs.replace(g, do="call", text=words["branches"]["not_again"]) for g in plan.missed]
    return msgspec.structs.replace(
        plan,
        first_do=(*plan.first_do[:at], told, *plan.first_do[at:]),
        gates=tuple(msgspec.structs.replace(gate, go_back=()) for gate in plan.gates),
        missed=tuple(_one_band(gaps)),
    )


def _one_band(gaps: Sequence[Missed]) -> Iterator[Missed]:
    """Bands of missed days that ask for the same, as one."""
    if gaps:
        now = any(gap.now for gap in gaps)
        yield msgspec.structs.replace(
            gaps[0], days_to=gaps[-1].days_to, now=now, verified=all(g.verified for g in gaps)
        )
