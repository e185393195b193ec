"""The review: one typed object with everything and why. JSON is its exact image."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.facts.conditions import unclear_conditions, unread_conditions
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.limits import limits
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.medicines.regimen import Regimen
from relaxant.monitoring import Watch, monitoring
from relaxant.patient import Patient, to_file
from relaxant.plain import as_json
from relaxant.planning.option import Options
from relaxant.planning.options import options
from relaxant.planning.plan import Plan
from relaxant.planning.planned import planned
from relaxant.predicted import ShownPrediction, ShownScenario, predicted, steps_of
from relaxant.rules.evaluate import Checks, danger_if_begun, evaluate, program
from relaxant.rules.findings import (
    Cause,
    Check,
    Finding,
    Unchecked,
    findings_by_agent,
    offered,
    read_causes,
    silent_checks,
    worded,
)
from relaxant.shown_facts import Fact, genotype_facts, shown_facts
from relaxant.suited import ShownCombination, ShownSuitability, combinations, suitability
from relaxant.version import __version__


class KnowledgeStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which knowledge spoke."""

    date: str
    sha256: str
    packs: tuple[str, ...]


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What made this review: with the same stamp and patient the bytes are the same."""

    engine: str
    knowledge: KnowledgeStamp
    input_sha256: str
    as_of: str
    country: str
    language: str
    time_zone: str


class ShownIngredient(msgspec.Struct, frozen=True, kw_only=True):
    """An ingredient by its generic name."""

    name: str
    rxcui: str | None


class ShownSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a name may have been meant to be."""

    name: str
    confidence: float


class ShownMedicine(msgspec.Struct, frozen=True, kw_only=True):
    """A medicine line as read, for the output."""

    said: str
    status: str
    role: str
    change: str | None
    ingredients: tuple[ShownIngredient, ...]
    agents: tuple[str, ...]
    read_as: str
    regimen: Regimen
    replaced: bool
    stop_weighed: bool = False
    suggestions: tuple[ShownSuggestion, ...]
    why: str | None
    not_understood: tuple[str, ...]


class UnclearCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition in words that are not understood, and the title of the one that they may be."""

    said: str
    may_be: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Everything said of one person on one day, most important first."""

    stamp: Stamp
    patient: dict[str, Any]
    medicines: tuple[ShownMedicine, ...]
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    checks: tuple[Check, ...]
    suitability: tuple[ShownSuitability, ...]
    combinations: tuple[ShownCombination, ...]
    options: tuple[Options, ...]
    prediction: tuple[ShownPrediction, ...]
    plan: tuple[Plan, ...]
    monitoring: tuple[Watch, ...]
    limits: tuple[str, ...]
    unread_conditions: tuple[str, ...] = ()
    unclear_conditions: tuple[UnclearCondition, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One person up to the findings: the ``patient`` in one order, the medicines as read, and what every rule said of them; ``checks`` are those
    that were not silent. ``causes`` are the findings, in their order, before they are put into words. ``facts`` and ``tested`` may be of several
    people; this one's is the ``row``. ``dangerous`` are agents that a finding would name instead and that would be a danger themselves."""

    patient: Patient
    medicines: tuple[Medicine, ...]
    facts: Facts
    tested: Checks
    row: int
    checks: tuple[Check, ...]
    causes: tuple[Cause, ...]
    unchecked: tuple[Unchecked, ...]
    dangerous: frozenset[str]

    def worded(self, cause: Cause) -> Finding:
        """The finding of one of the causes."""
        return worded(cause, self.facts, self.row, self.dangerous)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All of them in words."""
        return tuple(map(self.worded, self.causes))


def checked(patient: Patient, *, knowledge: Knowledge | None = None) -> Checked:
    """The part of a review up to its findings, without options, plans, courses and what to monitor: what a card shows.

    Raises :class:`relaxant.errors.KnowledgeError` for an unsound pack.
    """
    return checked_together([patient], knowledge=knowledge)[0]


def checked_together(patients: Sequence[Patient], *, knowledge: Knowledge | None = None) -> list[Checked]:
    """Several people, each as :func:`checked` says of them alone, in one call of the evaluator for all whose medicines were said under one
    jurisdiction: most of what a call costs it costs once.

    Raises :class:`relaxant.errors.KnowledgeError` for an unsound pack.
    """
    knowledge = knowledge or load_knowledge()
    readings = [(one, read_medicines(one, knowledge)) for one in map(canonical, patients)]
    together: dict[tuple[Jurisdiction, int], list[int]] = {}
    for place, (patient, _) in enumerate(readings):
        # Where the medicines were not said any relaxant may be taken; what was named of this person is tested, and nothing that others named.
        together.setdefault((patient.jurisdiction, -1 if patient.medicines is not None else place), []).append(place)
    out: dict[int, Checked] = {}
    for (jurisdiction, _), places in together.items():
        facts = Facts(inputs_of([readings[place] for place in places], knowledge), knowledge, jurisdiction)
        tested = evaluate(program(knowledge, jurisdiction), facts, facts.inputs.agents.keys() or None)
        read = [read_causes(tested, row) for row in range(len(places))]
        grave = _dangerous([causes for _, causes, _ in read], tested)
        for row, place in enumerate(places):
            checks, causes, unchecked = read[row]
            out[place] = Checked(
                patient=readings[place][0],
                medicines=readings[place][1],
                facts=facts,
                tested=tested,
                row=row,
                checks=tuple(checks),
                causes=tuple(causes),
                unchecked=tuple(unchecked),
                dangerous=grave[row],
            )
    return [out[place] for place in range(len(readings))]


def _dangerous(causes: Sequence[Sequence[Cause]], tested: Checks) -> list[frozenset[str]]:
    """For each row with its causes: the agents that one of these names instead and that would be a DANGER if they were begun."""
    named = [dict.fromkeys(agent for cause in own for agent in offered(cause)) for own in causes]
    grave = {a: danger_if_begun(tested.program, tested.facts, a) for a in dict.fromkeys(itertools.chain(*named))}
    return [frozenset(a for a in own if grave[a][row]) for row, own in enumerate(named)]


def review(patient: Patient, *, knowledge: Knowledge | None = None, predict: bool = True, plan: bool = True) -> Review:
    """Reviews one person: reads the medicines, derives the facts, tests every rule, sorts what it found, predicts the courses.

    Without ``predict`` no course is computed, without ``plan`` no calendar: findings and checks are the same, in a fraction of the time.

    Raises :class:`relaxant.errors.InputError` for what is no patient, :class:`relaxant.errors.KnowledgeError` for an unsound pack. Findings are never
    exceptions.

    >>> from datetime import date
    >>> from relaxant import read_patient, review
    >>> patient = read_patient(b"{sex: female, age: 58, dialysis: haemodialysis, medicines: []}", today=date(2026, 11, 22), considering=["baclofen"])
    >>> [finding.tier for finding in review(patient, predict=False, plan=False).findings]
    ['DANGER']
    """
    if not isinstance(patient, Patient):
        raise InputError("patient", type(patient).__name__, "this is no Patient", "read it first: relaxant.read_patient takes a path, bytes or a mapping")  # fmt: skip
    knowledge = knowledge or load_knowledge()
    found = checked(patient, knowledge=knowledge)
    patient, medicines, facts, tested = found.patient, found.medicines, found.facts, found.tested
    asked = facts.made
    plans = planned(patient, medicines, facts, findings_by_agent(tested, 0, found.dangerous)) if plan else ()
    written = to_file(patient)
    return Review(
        stamp=_stamp(patient, written, knowledge),
        patient=written,
        medicines=tuple(_shown(m) for m in _ordered(medicines)),
        facts=(*genotype_facts(patient), *shown_facts(facts, asked)),
        findings=found.findings,
        unchecked=found.unchecked,
        checks=(*found.checks, *silent_checks(tested, 0)),
        suitability=suitability(facts),
        combinations=combinations(facts),
        options=options(patient, knowledge) if plan else (),
        prediction=predicted(medicines, facts, patient) if predict else (),
        plan=plans,
        monitoring=tuple(monitoring(facts, patient, medicines, plans)),
        limits=tuple(limits(patient, medicines, facts)),
        unread_conditions=unread_conditions(patient, knowledge),
        unclear_conditions=tuple(
            UnclearCondition(said=said, may_be=knowledge.conditions[condition].title)
            for said, condition in unclear_conditions(patient, knowledge)
        ),
    )


def course_steps(patient: Patient, *, knowledge: Knowledge | None = None) -> tuple[tuple[ShownScenario, ...], ...]:
    """For each of a review's predictions, in their order, its course step by step: in the average of the people studied, in this person,
    after the levels, as weighed. No part of a review: a page shows it beside."""
    knowledge = knowledge or load_knowledge()
    patient = canonical(patient)
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    return steps_of(medicines, facts, patient)


def canonical(patient: Patient) -> Patient:
    """The patient with every list in one order, so that the order in which things were said changes nothing."""

    def ordered(values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        return (
            None
            if values is None
            else tuple(sorted(values, key=lambda v: msgspec.json.encode(v, order="deterministic")))
        )

    return msgspec.structs.replace(
        patient,
        conditions=ordered(patient.conditions),
        allergies=ordered(patient.allergies),
        labs=ordered(patient.labs) or (),
        observations=ordered(patient.observations) or (),
        medicines=ordered(patient.medicines),
        considering=ordered(patient.considering) or (),
        goals=tuple(sorted(patient.goals)),
        unused=tuple(sorted(patient.unused)),
    )


def to_json(reviewed: Review) -> bytes:
    """The review as JSON, indented, keys in a fixed order, ending in a newline.

    >>> from datetime import date
    >>> from relaxant import read_patient, review, to_json
    >>> patient = read_patient(b"medicines: [aspirin]", today=date(2026, 11, 22))
    >>> to_json(review(patient))[:13]
    b'{\\n "stamp": {'
    """
    return as_json(reviewed)


# ---------------------------------------------------------------- parts


def _stamp(patient: Patient, written: dict[str, Any], knowledge: Knowledge) -> Stamp:
    digest = hashlib.sha256(msgspec.json.encode(written, order="deterministic")).hexdigest()
    return Stamp(
        engine=__version__,
        knowledge=KnowledgeStamp(date=knowledge.date, sha256=knowledge.sha256, packs=knowledge.packs),
        input_sha256=digest,
        as_of=patient.as_of.isoformat(),
        country=patient.country,
        language="en",
        time_zone=str(knowledge.words("review")["time_zone"]),
    )


_STATUS_ORDER = {"unrecognised": 0, "partly read": 1, "read": 2}
_ROLE_ORDER = {"considering": 0, "current": 1, "stopped": 2}


def _ordered(medicines: tuple[Medicine, ...]) -> list[Medicine]:
    return sorted(
        medicines,
        key=lambda m: (_STATUS_ORDER[m.status] > 0, _ROLE_ORDER[m.role], not m.agents, m.read_as or m.said, m.said),
    )


def _shown(medicine: Medicine) -> ShownMedicine:
    return ShownMedicine(
        said=medicine.said,
        status=medicine.status,
        role=medicine.role,
        change=medicine.change,
        ingredients=tuple(ShownIngredient(name=i.name, rxcui=i.rxcui) for i in medicine.ingredients),
        agents=medicine.agents,
        read_as=medicine.read_as,
        regimen=medicine.regimen,
        replaced=medicine.replaced,
        stop_weighed=medicine.stop_weighed,
        suggestions=tuple(
            ShownSuggestion(name=s.name, confidence=round(s.confidence, 2)) for s in medicine.suggestions
        ),
        why=medicine.why,
        not_understood=medicine.not_understood,
    )
