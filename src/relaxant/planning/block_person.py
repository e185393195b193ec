"""Whom a block is planned for: what was said, the facts, what was given today, and the findings of weighing an agent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.names import TAKEN_FOR
from relaxant.knowledge.blocks import Block, BlockDose
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.schema import Cited as Sourced
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Line as Said
from relaxant.patient import Patient
from relaxant.planning.current import current_lines
from relaxant.quantities import Quantity, convert
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import Finding, Unchecked, read_row
from relaxant.rules.reasons import Cited, cited

Words = Mapping[str, Any]
GRAVEST = "DANGER"
_ASKS = ("DANGER", "CHANGE")
"""The tiers that ask for something else than what is weighed."""
RATE = "mg/h"
_MASS, _PER_KG, _ONCE = "mg", "/kg", "once"
_INTO_A_VEIN = (None, "intravenous", "injection")


class Subject(msgspec.Struct, frozen=True):
    """The person of a plan: what was said, the facts of one row, the words of the page, the list of medicines, and what was found of the blocker."""

    patient: Patient
    facts: Facts
    words: Words
    medicines: tuple[Medicine, ...] = ()
    findings: tuple[Finding, ...] = ()

    def spoke(self, rules: Sequence[str]) -> Finding | None:
        """The finding that one of these rules made."""
        return next((f for f in self.findings if set(rules) & set(f.rules)), None)

    def forbade(self, rules: Sequence[str]) -> Finding | None:
        """The finding of one of these rules that asks for a change or more."""
        return next((f for f in self.findings if set(rules) & set(f.rules) and f.tier in _ASKS), None)


class Taken(msgspec.Struct, frozen=True):
    """What was given today of one agent into a vein: the sum in mg, ``None`` where an amount is not known; nought where nothing was."""

    mg: float | None = 0.0
    lines: tuple[Medicine, ...] = ()

    @property
    def known(self) -> float:
        """The sum in mg, nought where it is not known."""
        return self.mg or 0.0


def taken(agent: str, subject: Subject) -> Taken:
    """What of an agent was given today; a line that began on an earlier day is of that day and does not count, nor does a regular one."""
    total: float | None = 0.0
    lines = []
    for medicine in current(agent, subject):
        regimen = medicine.regimen
        earlier = regimen.start is not None and regimen.start < subject.patient.as_of
        regular = any(d.every not in (None, _ONCE) for d in regimen.doses)
        if earlier or regular or regimen.route not in _INTO_A_VEIN:
            continue
        lines.append(medicine)
        amount = mass_of(medicine, subject)
        total = None if total is None or amount is None else total + amount
    return Taken(total, tuple(lines))


def current(agent: str, subject: Subject) -> list[Medicine]:
    """The lines by which an agent is on the list as taken."""
    return current_lines(agent, subject.medicines)


def ordered(agent: str, subject: Subject) -> list[Medicine]:
    """The lines by which an agent is weighed, but for its stop."""
    return [m for m in subject.medicines if agent in m.agents and m.role == "considering" and m.change != "stop"]


def mass_of(medicine: Medicine, subject: Subject) -> float | None:
    """The dose of a line in mg, an amount by kg times the actual weight; ``None`` where it is not said or is a rate."""
    if not medicine.regimen.doses or medicine.regimen.rate is not None:
        return None
    total = 0.0
    for dose in medicine.regimen.doses:
        if dose.high is None:
            return None
        amount, unit = dose.high, dose.unit
        if unit.endswith(_PER_KG):
            weight = subject.facts.column("weight")
            if not weight.settled(0):
                return None
            amount, unit = amount * weight.low.item(0), unit.removesuffix(_PER_KG)
        mass = convert(Quantity(amount, unit), _MASS)
        if mass is None:
            return None
        total += mass
    return total


def rate_of(medicine: Medicine, subject: Subject) -> float | None:
    """The rate of a line in mg/h, a rate by kg times the actual weight; ``None`` where it has none or the weight is not known."""
    rate = medicine.regimen.rate
    if rate is None or rate.high is None:
        return None
    amount, unit = rate.high, rate.unit
    if _PER_KG in unit:
        weight = subject.facts.column("weight")
        if not weight.settled(0):
            return None
        amount, unit = amount * weight.low.item(0), unit.replace(_PER_KG, "", 1)
    return convert(Quantity(amount, unit), RATE)


def of_age(entry: Any, facts: Facts) -> bool:
    """Whether the person is surely of the ages of an entry."""
    return facts.of_age(entry.age_from, entry.age_to)[0]


def holding(entries: Iterable[Any], facts: Facts) -> list[Any]:
    """The entries of this country, those for the person's age alone where they have one."""
    return [e for e in entries if holds_in(e, facts.jurisdiction) and (not hasattr(e, "age_from") or of_age(e, facts))]


def weighing(
    agent: str, subject: Subject, dose: BlockDose | None, beside: str | None = None
) -> tuple[tuple[Finding, ...], tuple[Unchecked, ...]]:
    """What the rules say of giving an agent to this person, and what they could not check: as found where it is on the list already,
    else as if it were weighed, with ``beside`` (the blocker that it reverses) taken as given."""
    facts, knowledge = subject.facts, subject.facts.knowledge
    added = []
    if beside is not None and not _on_list(beside, facts):
        added.append(_line(beside, None, subject))
    if not _on_list(agent, facts):
        added.append(_line(agent, dose, subject))
    if added:
        patient = msgspec.structs.replace(subject.patient, considering=(*subject.patient.considering, *added))
        medicines = read_medicines(patient, knowledge)
        facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, facts.jurisdiction)
    _, findings, unchecked = read_row(evaluate(program(knowledge, facts.jurisdiction), facts, {agent}), 0)
    return tuple(f for f in findings if agent in f.agents), tuple(unchecked)


def _on_list(agent: str, facts: Facts) -> bool:
    own = facts.inputs.agents.get(agent)
    return own is not None and bool(own["taking"][0] + own["starting"][0] > 0)


def _line(agent: str, dose: BlockDose | None, subject: Subject) -> Said:
    known = subject.facts.knowledge.agents[agent]
    amount = None if dose is None else f"{dose.usual:g} {dose.unit}"
    said = " ".join(word for word in (known.ingredient, amount, known.routes[0]) if word)
    return Said(said=said, drug=known.ingredient, dose=amount, route=known.routes[0], frequency=_ONCE)


def refuses(finding: Finding, block: Block, subject: Subject) -> bool:
    """Whether a finding is a danger of the agent itself; one of the order that is weighed leaves what is right to be said."""
    return finding.tier == GRAVEST and _of_agent(finding.rules, block, subject)


def grave_and_open(unchecked: Iterable[Unchecked], block: Block, subject: Subject) -> tuple[str, ...]:
    """The inputs that would settle whether there is a danger; what is seldom known (a genotype) is not asked for, the length of an infusion is.
    What only settles whether the order itself slipped is not asked for either."""
    seldom = subject.facts.seldom_asked(0) - {TAKEN_FOR}
    return tuple(
        u.settled_by
        for u in unchecked
        if u.worst_tier == GRAVEST and u.settled_by not in seldom and _of_agent(u.rules, block, subject)
    )


def _of_agent(rules: Iterable[str], block: Block, subject: Subject) -> bool:
    """Whether one of these rules can name a danger and is of the agent, not of the order or of what is beside it."""
    known = subject.facts.knowledge.rules
    others = [known[rule] for rule in rules if rule not in (*block.slips, *block.beside)]
    return any(GRAVEST in (rule.tier, *(m.tier for m in rule.modifiers)) for rule in others)


def source_of(entry: Sourced, facts: Facts) -> tuple[Cited, ...]:
    """Where an entry comes from."""
    return (cited(facts.knowledge, entry.source, entry.place, None),)
