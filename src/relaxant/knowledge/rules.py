"""A rule: for whom, with what, when, and what follows, with its cases."""

from __future__ import annotations

from typing import Any, Literal

from relaxant.knowledge.schema import Evidence, Frozen, Jurisdiction, SourceRef, Tier

Situation = Literal["starting", "taking", "stopping", "stopped"]
Spoken = Literal[
    "starting", "taking", "stopping", "stopped", "adding"
]  # adding: the agent is taken, the partner weighed
Outcome = Literal["fires", "silent", "could not check"]


class Partner(Frozen, frozen=True, kw_only=True, gc=False):
    """With what: any current member of ``roles`` or any of ``ingredients``, except ``but_not``. The agent itself never counts."""

    roles: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()


class Modifier(Frozen, frozen=True, kw_only=True, gc=False):
    """What about this person changes the tier or the advice. The first whose ``when`` holds is applied."""

    when: dict[str, Any]
    why: str
    tier: Tier | None = None
    summary: str | dict[Spoken, str] | None = None
    action: str | dict[Spoken, str] | None = None
    consequence: str | None = None


class Alternative(Frozen, frozen=True, kw_only=True, gc=False):
    """What may be done instead, in words. Of the ``agents`` that it offers none is named to a person for whom it would be a danger."""

    say: str
    agents: tuple[str, ...] = ()


class Case(Frozen, frozen=True, kw_only=True, gc=False):
    """One patient file and what the rule must say of it."""

    name: str
    patient: dict[str, Any]
    expect: Outcome
    agent: str | None = None
    tier: Tier | None = None


class Rule(Frozen, frozen=True, kw_only=True, gc=False):
    """For whom, with what, when, and what follows: HL7's minimum information for a drug interaction, as data."""

    rule: str
    title: str
    agents: tuple[str, ...]
    partner: Partner | None = None
    on: tuple[Situation, ...] = ("starting", "taking")
    jurisdiction: tuple[Jurisdiction, ...] = ()
    when: dict[str, Any] | None = None
    tier: Tier
    cause: str
    summary: str | dict[Spoken, str]
    consequence: str
    mechanism: str
    action: str | dict[Spoken, str]
    alternatives: tuple[Alternative, ...] = ()
    evidence: Evidence
    frequency: str | None = None
    verified: bool = True
    modifiers: tuple[Modifier, ...] = ()
    sources: tuple[SourceRef, ...]
    cases: tuple[Case, ...]
