"""Whom a block is planned for: facts, the weight that doses go by, what a predicate says of them, and the findings of weighing an agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.blocks import Block, BlockDose, BlockWeight
from relaxant.knowledge.questions import holds_in
from relaxant.knowledge.schema import Cited as Sourced
from relaxant.medicines.read import read_medicines
from relaxant.patient import Line as Said
from relaxant.patient import Patient
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Row, evaluate, program
from relaxant.rules.findings import Finding, Unchecked, read_row
from relaxant.rules.predicate import read_predicate
from relaxant.rules.reasons import Cited, cited

Words = Mapping[str, Any]
GRAVEST = "DANGER"


class Subject(msgspec.Struct, frozen=True):
    """The person of a plan: what was said, the facts of one row, the words of the page, and what was found of the blocker."""

    patient: Patient
    facts: Facts
    words: Words
    findings: tuple[Finding, ...] = ()

    def spoke(self, rules: Sequence[str]) -> Finding | None:
        """The finding that one of these rules made."""
        return next((f for f in self.findings if set(rules) & set(f.rules)), None)


class Weighed(msgspec.Struct, frozen=True):
    """The weight that doses go by, in kg, with where it comes from; ``also`` are others by name, in kg."""

    kg: float
    of: BlockWeight
    method: str
    also: dict[str, float]


class Open(msgspec.Struct, frozen=True):
    """What is not settled, by the inputs that would settle it."""

    needs: tuple[str, ...]


def outcome_of(when: Mapping[str, Any] | None, agent: str, facts: Facts) -> tuple[int, tuple[str, ...]]:
    """What a predicate says of the person (fires, silent or unknown) and what would settle it; no predicate is for everybody."""
    if when is None:
        return FIRES, ()
    row, best, needs = Row(facts, 0), SILENT, {}
    for clause in read_predicate(when, agent, agent):
        outcomes = [row.outcome(leaf) for leaf in clause]
        if SILENT in outcomes:
            continue
        if UNKNOWN not in outcomes:
            return FIRES, ()
        best = UNKNOWN
        for leaf, outcome in zip(clause, outcomes, strict=True):
            if outcome == UNKNOWN:
                needs.update(dict.fromkeys(row.needs(leaf)))
    return best, tuple(needs)


def of_age(entry: Any, facts: Facts) -> bool:
    """Whether the person is surely of the ages of an entry."""
    surely, _ = facts.age_band(entry.age_from, entry.age_to)
    return bool(surely[0])


def holding(entries: Iterable[Any], facts: Facts) -> list[Any]:
    """The entries of this country, those for the person's age alone where they have one."""
    return [e for e in entries if holds_in(e, facts.jurisdiction) and (not hasattr(e, "age_from") or of_age(e, facts))]


def dosing_weight(block: Block, facts: Facts) -> Weighed | Open:
    """The weight that the doses of an agent go by: the first of its entries that holds and has a value."""
    for entry in block.weights:
        if not holds_in(entry, facts.jurisdiction):
            continue
        outcome, needs = outcome_of(entry.when, block.agent, facts)
        if outcome == SILENT:
            continue
        column = facts.column(entry.weight)
        if outcome == UNKNOWN or (not column.settled(0) and column.settled_by(0)):
            return Open(needs if outcome == UNKNOWN else column.settled_by(0))
        if not column.settled(0):
            continue  # not defined for this person: an ideal weight below the height at which its formula starts
        others = {str(name): facts.column(name) for name in entry.also}
        also = {name: c.low.item(0) for name, c in others.items() if c.settled(0)}
        return Weighed(column.low.item(0), entry, column.method(0), also)
    return Open(facts.column("weight").settled_by(0))


def weighing(agent: str, subject: Subject, dose: BlockDose | None) -> tuple[tuple[Finding, ...], tuple[Unchecked, ...]]:
    """What the rules say of giving an agent to this person, and what they could not check: as found where it is on the list already,
    else as if it were weighed."""
    facts, knowledge = subject.facts, subject.facts.knowledge
    own = facts.inputs.agents.get(agent)
    if own is None or own["taking"][0] + own["starting"][0] == 0:
        known = knowledge.agents[agent]
        amount = None if dose is None else f"{dose.usual:g} {dose.unit}"
        said = " ".join(word for word in (known.ingredient, amount, known.routes[0]) if word)
        line = Said(said=said, drug=known.ingredient, dose=amount, route=known.routes[0], frequency="once")
        patient = msgspec.structs.replace(subject.patient, considering=(*subject.patient.considering, line))
        medicines = read_medicines(patient, knowledge)
        facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, facts.jurisdiction)
    _, findings, unchecked = read_row(evaluate(program(knowledge, facts.jurisdiction), facts, {agent}), 0)
    return tuple(f for f in findings if agent in f.agents), tuple(unchecked)


def source_of(entry: Sourced, facts: Facts) -> tuple[Cited, ...]:
    """Where an entry comes from."""
    return (cited(facts.knowledge, entry.source, entry.place, None),)
