"""The cases of rules, run: every case's patient as one row, each jurisdiction's rows in one evaluation."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from relaxant.errors import InputError, meant
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Case, Rule
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.rules.evaluate import FIRES, UNKNOWN, Checks, evaluate, program
from relaxant.rules.findings import read_row
from relaxant.rules.wording import LONGEST_SUMMARY

CASE_DAY = date(2026, 11, 22)


class CaseOutcome(NamedTuple):
    """What a rule says of a case: its outcome, the tier of its finding if it fires, and the summaries shown."""

    outcome: str
    tier: str | None
    summaries: tuple[str, ...]


class _Read(NamedTuple):
    rule: Rule
    case: Case
    patient: Patient
    medicines: tuple[Medicine, ...]


def faults_of_cases(knowledge: Knowledge, of: Container[str] | None = None) -> Iterator[tuple[str, str]]:
    """Where and what: cases whose patient cannot be read or that do not come out as they say; with ``of`` those of these rules alone."""
    read: dict[Jurisdiction, list[_Read]] = {}
    for rule in knowledge.rules.values():
        if of is not None and rule.rule not in of:
            continue
        for case in rule.cases:
            if case.agent is not None and case.agent not in knowledge.agents:
                would = meant(case.agent, knowledge.agents) or "write one of the rule's agents"
                yield _where(rule, case), f"there is no agent “{case.agent}”; {would}"
                continue
            try:
                one = _read(rule, case, knowledge)
            except InputError as error:
                yield _where(rule, case), f"its patient cannot be read: {error}"
                continue
            read.setdefault(one.patient.jurisdiction, []).append(one)
    for jurisdiction, cases in read.items():
        for one, made in zip(cases, _run(cases, jurisdiction, knowledge), strict=True):
            for what in _faults(one.case, made):
                yield _where(one.rule, one.case), what


def run_case(rule: Rule, case: Case, knowledge: Knowledge) -> CaseOutcome:
    """What the rule says of one case. Raises :class:`InputError` where its patient cannot be read."""
    one = _read(rule, case, knowledge)
    return next(_run([one], one.patient.jurisdiction, knowledge))


def _where(rule: Rule, case: Case) -> str:
    return f"rules {rule.rule}, case “{case.name}”"


def _faults(case: Case, made: CaseOutcome) -> Iterator[str]:
    if made.outcome != case.expect:
        yield f"expected “{case.expect}”, got “{made.outcome}”; mend the rule, or the patient of the case"
    if case.tier and case.tier != made.tier:
        yield f"expected tier {case.tier}, got {made.tier}"
    for summary in made.summaries:
        if len(summary) > LONGEST_SUMMARY:
            yield f"the summary has {len(summary)} characters, {LONGEST_SUMMARY} is the most: “{summary}”"


def _read(rule: Rule, case: Case, knowledge: Knowledge) -> _Read:
    patient = read_patient(
        {"as_of": CASE_DAY.isoformat(), **case.patient}, knowledge, today=CASE_DAY, name=f"{rule.rule}: {case.name}"
    )
    return _Read(rule, case, patient, read_medicines(patient, knowledge))


def _run(cases: Sequence[_Read], jurisdiction: Jurisdiction, knowledge: Knowledge) -> Iterator[CaseOutcome]:
    facts = Facts(inputs_of([(c.patient, c.medicines) for c in cases], knowledge), knowledge, jurisdiction)
    checks = evaluate(program(knowledge, jurisdiction), facts)
    for row, one in enumerate(cases):
        outcome = _outcome(checks, row, one)
        findings = read_row(checks, row)[1] if outcome == "fires" else []
        found = [f for f in findings if one.rule.rule in f.rules]
        yield CaseOutcome(outcome, found[0].tier if found else None, tuple(f.summary for f in found))


def _outcome(checks: Checks, row: int, one: _Read) -> str:
    made = {
        outcome
        for test, outcome in checks.row(row)
        if test.modifier < 0 and test.rule.rule == one.rule.rule and one.case.agent in (None, test.agent)
    }
    return "fires" if FIRES in made else "could not check" if UNKNOWN in made else "silent"
