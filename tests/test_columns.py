"""What the rules say of many people as columns is what they say of each of them at the bedside, check by check."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import numpy as np
import pytest

from conftest import FULL, ROOT, TODAY
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import TIERS, Jurisdiction
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.rules.columns import Fired, Made, Questions, fired, lacking, made, questions
from relaxant.rules.evaluate import Checks, evaluate, program
from relaxant.rules.findings import SPEAKS_FIRST, Check, cause_of, read_causes, silent_checks
from relaxant.rules.ragged import Ragged, gathered

COUNTRIES: tuple[tuple[str, Jurisdiction], ...] = (("US", "US"), ("UK", "UK"), ("DE", "EU"))
CASES = 100_000 if FULL else 400
countries = pytest.mark.parametrize("country", COUNTRIES, ids=lambda c: c[0])


def people(country: str, knowledge: Knowledge) -> list[Patient]:
    """Those of the rules' cases, as people of one country, and those of the examples; a case whose words only another country has is left out."""
    cases = [case.patient for rule in knowledge.rules.values() for case in rule.cases]
    some = random.Random(country).sample(cases, min(CASES, len(cases)))
    out = [read_bytes(path.read_bytes(), knowledge, today=TODAY) for path in sorted((ROOT / "examples").glob("*.yaml"))]
    for plain in some:
        try:
            out.append(read_patient({"as_of": str(TODAY), **plain, "country": country}, knowledge, today=TODAY))
        except InputError:
            continue
    assert len(out) > 0.95 * len(some)
    return out


@cache
def checks_of(country: tuple[str, Jurisdiction]) -> Checks:
    """All of them in one table."""
    knowledge = load_knowledge()
    readings = [(patient, read_medicines(patient, knowledge)) for patient in people(country[0], knowledge)]
    return evaluate(program(knowledge, country[1]), Facts(inputs_of(readings, knowledge), knowledge, country[1]))


def words(names: tuple[str, ...], lists: Ragged, entry: int) -> tuple[str, ...]:
    return tuple(names[i] for i in lists.at(entry))


@countries
def test_every_check_is_that_of_the_bedside(country: tuple[str, Jurisdiction]) -> None:
    checks = checks_of(country)
    many: Made = made(checks)
    ends = np.searchsorted(many.row, np.arange(checks.facts.rows + 1))
    assert len(many.row) == ends[-1] and {many.word(i) for i in range(len(many.row))} == {"fires", "silent", "could not check"}  # fmt: skip
    for row in range(checks.facts.rows):
        own = [
            Check(
                rule=many.tests[many.test[i]].rule.rule,
                agent=many.tests[many.test[i]].agent,
                partners=words(many.names, many.partners, i),
                outcome=many.word(i),
                settled_by=words(many.names, many.settled_by, i),
            )
            for i in range(ends[row], ends[row + 1])
        ]
        assert own == [*read_causes(checks, row)[0], *silent_checks(checks, row)]


@countries
def test_what_fired_is_that_of_the_bedside(country: tuple[str, Jurisdiction]) -> None:
    """Tier, modifier, partners, and the leaves that made it fire with the bounds of their facts."""
    checks = checks_of(country)
    many: Fired = fired(checks)
    ends = np.searchsorted(many.row, np.arange(checks.facts.rows + 1))
    modified = 0
    for row in range(checks.facts.rows):
        bedside = {(f.test.rule.rule, f.test.agent): f for c in read_causes(checks, row)[1] for f in c.group}
        assert ends[row + 1] - ends[row] == len(bedside)
        leads = {(c.group[0].test.rule.rule, c.group[0].test.agent): c for c in read_causes(checks, row)[1]}
        for i in range(ends[row], ends[row + 1]):
            test = many.tests[many.test[i]]
            one = bedside[test.rule.rule, test.agent]
            assert TIERS[many.tier[i]] == one.tier
            assert (test.rule.modifiers[many.modifier[i]] if many.modifier[i] >= 0 else None) is one.modifier
            assert words(many.names, many.partners, i) == one.partners
            if lead := leads.get((test.rule.rule, test.agent)):
                assert (SPEAKS_FIRST[many.situation[i]], cause_of(test)) == (lead.situation, lead.cause)
            assert tuple(many.why[n] for n in many.leaves.at(i)) == one.leaves
            here = slice(many.leaves.first[i], many.leaves.first[i + 1])
            bounds = [checks.facts.column(leaf.column).bounds(row) for leaf in one.leaves]
            assert list(zip(many.low[here].tolist(), many.high[here].tolist(), strict=True)) == bounds
            assert [many.unit[n] for n in many.leaves.at(i)] == [checks.facts.column(x.column).unit for x in one.leaves]
            modified += one.modifier is not None
    assert modified > 20


@countries
def test_what_is_asked_is_that_of_the_bedside(country: tuple[str, Jurisdiction]) -> None:
    checks = checks_of(country)
    asked: Questions = questions(checks)
    ends = np.searchsorted(asked.row, np.arange(checks.facts.rows + 1))
    people, all_checks = dict[str, int](), dict[str, int]()
    for row in range(checks.facts.rows):
        own = {
            asked.names[asked.need[i]]: (TIERS[asked.tier[i]], int(asked.checks[i])) for i in range(ends[row], ends[row + 1])
        }  # fmt: skip
        bedside = {u.settled_by: (u.worst_tier, u.checks) for u in read_causes(checks, row)[2]}
        assert own == bedside and len(own) == ends[row + 1] - ends[row]
        for need, (_, count) in bedside.items():
            people[need] = people.get(need, 0) + 1
            all_checks[need] = all_checks.get(need, 0) + count
    assert {one.need: one.people for one in lacking(asked)} == people
    assert {one.need: one.checks for one in lacking(asked)} == all_checks


def test_a_modifier_that_would_be_graver_is_asked_about() -> None:
    """The sample reaches what is rare: something that fired, and yet waits for what would make it graver."""
    checks = checks_of(COUNTRIES[0])
    asked, every = questions(checks), made(checks)
    told = Counter(
        (row, every.names[need])
        for row, need in zip(np.repeat(every.row, every.settled_by.lengths), every.settled_by.values, strict=True)
    )
    more = {(row, asked.names[need]): n for row, need, n in zip(asked.row, asked.need, asked.checks, strict=True)}
    assert told.keys() <= more.keys() and sum(more.values()) > sum(told.values())


def test_nobody_has_nothing(knowledge: Knowledge) -> None:
    """A table without rows, and one of somebody who takes no relaxant."""
    for readings in ([], [(Patient(as_of=TODAY, medicines=()), ())]):
        facts = Facts(inputs_of(readings, knowledge), knowledge, "US")
        checks = evaluate(program(knowledge, "US"), facts)
        assert not len(fired(checks).row) and not len(made(checks).row) and not len(questions(checks).row)
        assert lacking(questions(checks)) == ()


def test_lists_of_different_lengths() -> None:
    held = gathered([(np.array([0, 2]), 7), (np.array([2, 2, 0]), np.array([1, 2, 3]))], 4)
    assert [held.at(i) for i in range(4)] == [[7, 3], [], [7, 1, 2], []]
    other = held.of(np.array([2, 1, 2, 0]))
    assert [other.at(i) for i in range(4)] == [[7, 1, 2], [], [7, 1, 2], [7, 3]]
    assert other.lengths.tolist() == [3, 0, 3, 2]
