"""Whether a dose brings somebody into a useful range: the usual dose of a source, and the published range of a level where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import UsefulLevel
from relaxant.medicines.read import read_medicines
from relaxant.patient import Line, Patient
from relaxant.pharmacology.clinic.prediction import predictions
from relaxant.pharmacology.clinic.scenario import Scenario
from relaxant.planning.option import Chance, Useful, UsualDose
from relaxant.planning.plan import Step
from relaxant.planning.weighing import ordered
from relaxant.planning.which_titration import titrations
from relaxant.quantities import Quantity, convert
from relaxant.rules.reasons import cited

_A_DAY = "/day"
_BY_WEIGHT = "/kg"
_ROUNDING = 1e-9


def usual_dose(agent: str, ceiling: float | None, facts: Facts) -> UsualDose | None:
    """The usual dose of a day by the titration that fits, and whether the ``ceiling`` of the person comes to it; ``None`` where its
    source gives none, or only by a weight that is not known."""
    for titration in titrations(agent, facts)[:1]:
        low, high, unit = titration.target_low, titration.target_high, titration.target_unit
        if high is None or unit is None:
            return None
        own = facts.knowledge.agents[agent].dose_unit
        amounts = [None if value is None else _in_unit(value, unit, own, facts) for value in (low, high)]
        if amounts[1] is None:
            return None
        least = amounts[0] if amounts[0] is not None else amounts[1]
        return UsualDose(
            low=amounts[0],
            high=amounts[1],
            unit=own,
            reached=None if ceiling is None else ceiling >= least - _ROUNDING,
            verified=titration.verified,
            source=cited(facts.knowledge, titration.source, titration.place),
        )
    return None


def _in_unit(value: float, unit: str, own: str, facts: Facts) -> float | None:
    plain = unit.removesuffix(_A_DAY)
    if plain.endswith(_BY_WEIGHT):
        weight = facts.column("weight")
        if not weight.settled(0):
            return None
        value, plain = value * weight.low.item(0), plain.removesuffix(_BY_WEIGHT)
    return value if plain == own else convert(Quantity(value, plain), own)


def useful_levels(
    agent: str, conditions: set[str], patient: Patient, steps: Sequence[Step], *, taken: bool, facts: Facts
) -> tuple[Useful, ...]:
    """What is published of useful levels, with the chance to be in the range at the first and the last step where a model can say it."""
    known = [
        u
        for u in facts.knowledge.plans.useful_levels.values()
        if u.agent == agent
        and holds_in(u, facts.jurisdiction)
        and (not u.conditions or conditions & set(u.conditions))
        and facts.of_age(u.age_from, math.inf)[1]
    ]
    return tuple(
        Useful(
            text=u.text,
            verified=u.verified,
            source=cited(facts.knowledge, u.source, u.place),
            chances=tuple(_chances(u, patient, steps, taken=taken, facts=facts)),
        )
        for u in known
    )


def _chances(
    useful: UsefulLevel, patient: Patient, steps: Sequence[Step], *, taken: bool, facts: Facts
) -> Iterator[Chance]:
    if useful.target is None:
        return
    change = "replace" if taken else "start"
    for step in dict.fromkeys((*steps[:1], *steps[-1:])):
        line = ordered(useful.agent, [t.amount for t in step.takes], change, facts)
        for scenario in _courses(patient, line, useful.agent, facts):
            for reached in scenario.attained:
                if reached.target == useful.target:
                    yield Chance(daily=step.daily, average=reached.average, always=reached.always)


def _courses(patient: Patient, line: Line, agent: str, facts: Facts) -> Iterable[Scenario]:
    """The course of the order as weighed."""
    one = msgspec.structs.replace(patient, considering=(line,))
    medicines = read_medicines(one, facts.knowledge)
    own = [m for m in medicines if agent in m.agents]
    beside = [m for m in medicines if agent not in m.agents]
    with_line = Facts(inputs_of([(one, medicines)], facts.knowledge), facts.knowledge, facts.jurisdiction)
    for made in predictions((*own, *beside), with_line, patient.as_of, patient.genotype):
        if made.agent == agent:
            yield from (s for s in made.scenarios if s.key == "weighed")
