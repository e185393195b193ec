"""The facts of one person as a review shows them: each with its method and inputs, or unknown with what would settle it."""

from __future__ import annotations

import math

import msgspec

from relaxant.facts.column import Column
from relaxant.facts.facts import Facts
from relaxant.facts.loads import LOADS
from relaxant.facts.members import role_members
from relaxant.facts.names import PERSON_FACTS
from relaxant.patient import Patient
from relaxant.rules.wording import fact_text

_CORE = ("age", "weight", "creatinine", "egfr", "creatinine_clearance")  # listed even when no rule asked for them
_SIX_DIGITS = 1e6


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact with its method and inputs; or unknown, with what would settle it. ``low`` and ``high`` bound what is not settled."""

    name: str
    title: str
    text: str
    value: float | bool | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    method: str = ""
    inputs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    source: str = ""
    agent: str | None = None
    note: str | None = None
    unknown: bool = False
    settled_by: tuple[str, ...] = ()


def genotype_facts(patient: Patient) -> list[Fact]:
    """The genotype as said, gene by gene."""
    return [
        Fact(name=f"genotype:{gene}", title=gene, text=said, method="as said", inputs=("genotype",), source="patient")
        for gene, said in sorted((patient.genotype or {}).items())
    ]


def shown_facts(facts: Facts, asked: frozenset[str]) -> list[Fact]:
    """The facts worth a reader's eye: all that are known, and those unknown ones that a rule asked for or that carry a word."""
    titles = facts.knowledge.words("facts")
    notes = facts.inputs.notes[0] if facts.inputs.notes else {}
    out = []
    liver = facts.column("condition:liver_disease").low[0] >= 1
    for name, fact in PERSON_FACTS.items():
        if not fact.listed or (name == "child_pugh" and name not in asked and not liver):
            continue  # that score speaks of chronic liver disease alone
        column = facts.column(name)
        bounded = not column.truth and math.isfinite(column.high.item(0))
        if column.settled(0) or bounded or name in asked or name in notes or name in _CORE:
            items = tuple(facts.members_taken(role_members(facts.knowledge, LOADS[name]), 0)) if name in LOADS else ()
            out.append(_fact(name, str(titles[name]), column, facts, notes.get(name), items))
    for name, values in sorted(facts.inputs.conditions.items()):
        if values[0] == 1:
            condition = facts.knowledge.conditions[name]
            out.append(_fact(f"condition:{name}", condition.title, facts.column(f"condition:{name}"), facts, None, ()))
    for role, known in facts.knowledge.roles.items():
        if role.startswith("cyp") and (taken := facts.members_taken(role_members(facts.knowledge, role), 0)):
            column = facts.count_members(role_members(facts.knowledge, role))
            out.append(_fact(role, known.plural, column, facts, None, taken))
    for agent in sorted(facts.inputs.agents):
        if facts.agent_is_said(agent, 0):
            for name in (
                "daily_dose",
                "most_single_dose",
                "duration_days",
                "stopped_days",
                "dose_drop",
                "exposure_ratio",
            ):
                column = facts.column(f"{agent}:{name}")
                if name in ("stopped_days", "dose_drop") and (not column.settled(0) or column.low[0] <= 0):
                    continue
                if name == "exposure_ratio" and column.low[0] == 1:
                    continue
                out.append(_fact(name, str(titles[name]), column, facts, None, (), agent))
    return [f for f in out if not f.unknown and f.value is not None] + [
        f for f in out if f.unknown and (f.settled_by or f.note)
    ]


def _fact(
    name: str,
    title: str,
    column: Column,
    facts: Facts,
    note: str | None,
    items: tuple[str, ...],
    agent: str | None = None,
) -> Fact:
    low, high = column.bounds(0)
    known, words = low == high, facts.knowledge.words("values")
    value: float | bool | None = None
    if known:
        value = bool(low) if column.truth else _rounded(low) if math.isfinite(low) else None
    bounded = not known and not column.truth
    return Fact(
        name=name,
        title=title,
        text=fact_text(column, 0, words),
        value=value,
        low=_rounded(low) if bounded and math.isfinite(low) else None,
        high=_rounded(high) if bounded and math.isfinite(high) else None,
        unit=column.unit,
        method=column.method(0),
        inputs=column.inputs,
        items=items,
        source=column.source or "patient",
        agent=agent,
        note=note,
        unknown=not known,
        settled_by=() if known else column.settled_by(0),
    )


def _rounded(value: float) -> float:
    """Six significant digits: more would print the arithmetic and not the person."""
    return value if value.is_integer() and abs(value) < _SIX_DIGITS else float(f"{value:.6g}")
