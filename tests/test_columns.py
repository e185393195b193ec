"""What the rules say of many people as columns is what they say of each of them at the bedside, check by check."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from typing import Any, get_type_hints

import msgspec
import numpy as np
import pytest

from conftest import FULL, ROOT, TODAY
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.rules import Modifier, Partner, Rule, Situation
from relaxant.knowledge.schema import TIERS, Jurisdiction, Tier
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.rules import trace
from relaxant.rules.columns import Fired, Lacking, Made, Questions, fired, lacking, made, questions
from relaxant.rules.evaluate import Checks, Program, evaluate, program
from relaxant.rules.findings import SPEAKS_FIRST, Check, cause_of, read_causes, silent_checks
from relaxant.rules.ragged import Index, Ragged, gathered
from relaxant.rules.trace import Small

COUNTRIES: tuple[tuple[str, Jurisdiction], ...] = (("US", "US"), ("UK", "UK"), ("DE", "EU"))
CASES = 100_000 if FULL else 400
PRESSURE = {"name": "systolic blood pressure", "value": "95 mmHg", "date": "2026-11-22"}
FEW: tuple[dict[str, Any], ...] = (
    {
        "sex": "female", "age": "70", "weight": "61 kg", "conditions": ["sleep apnoea"],
        "labs": [{"name": "creatinine", "value": "1.6 mg/dL", "date": "2026-11-10"}],
        "medicines": [
            "baclofen 20 mg three times a day since 2024-01-05", "tizanidine 8 mg three times a day", "ciprofloxacin 500 mg twice a day",
            "oxycodone 20 mg three times a day", "diazepam 5 mg at night",
        ],
    },
    {"medicines": ["amlodipine 5 mg once a day", "bisoprolol 5 mg once a day"], "considering": ["tizanidine 4 mg three times a day"]},
    {
        "medicines": ["tizanidine 8 mg three times a day", "baclofen 10 mg three times a day since 2026-11-15", "fluvoxamine 50 mg once a day"],
        "considering": ["stop tizanidine", "stop baclofen"],
    },
    {"age": "40", "medicines": ["baclofen 20 mg three times a day since 2020-01-05 until 2026-11-20"]},
    {},
    {"considering": ["tizanidine 4 mg three times a day"], "observations": [PRESSURE]},
    {
        "medicines": [
            "baclofen 10 mg three times a day", "tizanidine 4 mg at night", "oxycodone 10 mg twice a day, on hold",
            "fluvoxamine 50 mg once a day, on hold", "flurbonazol 5 mg",
        ],
    },
)  # fmt: skip
"""Whom the walk treats apart: a first and a later modifier, every situation, no list, a list with what may be taken."""
TABLES = (*(country for country, _ in COUNTRIES), "a few")
tables = pytest.mark.parametrize("table", TABLES)


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


@cache
def table_of(table: str) -> Checks:
    """Those of a country, or a few people of two agents: quicker."""
    for country in COUNTRIES:
        if country[0] == table:
            return checks_of(country)
    return evaluate(program(load_knowledge(), "US"), facts_of(*FEW), {"baclofen", "tizanidine"})


def facts_of(*plains: dict[str, Any]) -> Facts:
    known = load_knowledge()
    some = [read_patient({"as_of": str(TODAY), **plain}, known, today=TODAY) for plain in plains]
    return Facts(inputs_of([(one, read_medicines(one, known)) for one in some], known), known, "US")


def rule(
    name: str,
    tier: Tier,
    when: dict[str, Any] | None = None,
    modifiers: tuple[tuple[Tier, dict[str, Any]], ...] = (),
    on: tuple[Situation, ...] = ("starting", "taking"),
) -> Rule:
    """A rule of baclofen, made for a test."""
    return Rule(
        rule=name,
        title=name,
        agents=("baclofen",),
        on=on,
        when=when,
        tier=tier,
        cause=name,
        summary=name,
        consequence=name,
        mechanism=name,
        action=name,
        evidence="theory",
        modifiers=tuple(Modifier(when=its, why=name, tier=graver) for graver, its in modifiers),
        sources=(),
        cases=(),
    )


def checked(own: Rule | tuple[Rule, ...], *plains: dict[str, Any]) -> Checks:
    """One rule or some on some people who take baclofen."""
    taken = ({"medicines": ["baclofen 10 mg three times a day"], **plain} for plain in plains)
    rules = {one.rule: one for one in ((own,) if isinstance(own, Rule) else own)}
    known = msgspec.structs.replace(load_knowledge(), rules=rules)
    return evaluate(Program(known, "US"), Facts(facts_of(*taken).inputs, known, "US"))


def egfr_below(bound: int) -> dict[str, Any]:
    return {"fact": "egfr", "below": str(bound), "unit": "mL/min/1.73 m2"}


def age_from(bound: int) -> dict[str, Any]:
    return {"fact": "age", "at_least": str(bound), "unit": "years"}


def words(names: tuple[str, ...], lists: Ragged, entry: int) -> tuple[str, ...]:
    return tuple(names[i] for i in lists.at(entry))


@tables
def test_every_check_is_that_of_the_bedside(table: str) -> None:
    checks = table_of(table)
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


@tables
def test_what_fired_is_that_of_the_bedside(table: str) -> None:
    """Tier, modifier, partners, and the leaves that made it fire with the bounds of their facts."""
    checks = table_of(table)
    many: Fired = fired(checks)
    ends = np.searchsorted(many.row, np.arange(checks.facts.rows + 1))
    assert (np.diff(many.row * len(many.tests) + many.test) > 0).all()  # by row, and in it in the order of the program
    modified = 0
    for row in range(checks.facts.rows):
        bedside = {(f.test.rule.rule, f.test.agent): f for c in read_causes(checks, row)[1] for f in c.group}
        assert ends[row + 1] - ends[row] == len(bedside)
        leads = {(c.group[0].test.rule.rule, c.group[0].test.agent): c for c in read_causes(checks, row)[1]}
        for i in range(ends[row], ends[row + 1]):
            test = many.tests[many.test[i]]
            one = bedside[test.rule.rule, test.agent]
            assert TIERS[many.tier[i]] == one.tier
            assert many.modifier[i] == (-1 if one.modifier is None else test.rule.modifiers.index(one.modifier))
            assert words(many.names, many.partners, i) == one.partners
            if lead := leads.get((test.rule.rule, test.agent)):
                assert (SPEAKS_FIRST[many.situation[i]], cause_of(test)) == (lead.situation, lead.cause)
            assert tuple(many.why[n] for n in many.leaves.at(i)) == one.leaves
            here = slice(many.leaves.first[i], many.leaves.first[i + 1])
            bounds = [checks.facts.column(leaf.column).bounds(row) for leaf in one.leaves]
            assert list(zip(many.low[here].tolist(), many.high[here].tolist(), strict=True)) == bounds
            assert [many.unit[n] for n in many.leaves.at(i)] == [checks.facts.column(x.column).unit for x in one.leaves]
            modified += one.modifier is not None
    assert modified > (5 if table == "a few" else 20)


@tables
def test_what_is_asked_is_that_of_the_bedside(table: str) -> None:
    checks = table_of(table)
    asked: Questions = questions(checks)
    ends = np.searchsorted(asked.row, np.arange(checks.facts.rows + 1))
    assert (
        np.diff(asked.row * len(asked.names) + asked.need) > 0
    ).all()  # by row, and in it by the number of the input
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


def test_each_is_told_the_alternative_that_holds_for_them() -> None:
    """Of a rule with two ways to hold: whoever meets the second is not told the first, and who meets both is told one."""
    own = rule("old-or-weak", "WATCH", {"any": [age_from(65), egfr_below(30)]})
    weak = {"sex": "female", "labs": [{"name": "creatinine", "value": "4 mg/dL", "date": str(TODAY)}]}
    many = fired(checked(own, {"age": "50", **weak}, {"age": "70"}, {"age": "50", **weak}, {"age": "80", **weak}))
    told = [[many.why[n].column for n in many.leaves.at(i) if ":on:" not in many.why[n].column] for i in range(4)]
    assert told == [["egfr"], ["age"], ["egfr"], ["age"]]
    ages = [low for low, n in zip(many.low, many.leaves.values, strict=True) if many.why[n].column == "age"]
    assert ages == [70, 80]


def test_an_input_that_two_modifiers_wait_for_is_one_check() -> None:
    """What most checks wait for is asked first: a rule that asks twice for one thing is still one check."""
    own = rule("kidneys", "WATCH", None, (("CHANGE", egfr_below(60)), ("DANGER", egfr_below(30))))
    asked = lacking(questions(checked(own, {"age": "50", "sex": "male"}, {"sex": "female"})))
    assert asked == (Lacking("creatinine", "DANGER", 2, 2), Lacking("age", "DANGER", 1, 1))


def test_an_input_that_only_a_note_waits_for_is_no_graver() -> None:
    asked = questions(checked(rule("kidneys", "NOTE", egfr_below(30)), {"age": "50", "sex": "male"}))
    assert lacking(asked) == (Lacking("creatinine", "NOTE", 1, 1),)


def test_nothing_is_asked_about_what_the_first_modifier_has_settled() -> None:
    """The first that holds speaks: a later one would change nothing, so what it waits for is not asked of that person."""
    own = rule("kidneys", "WATCH", None, (("NOTE", age_from(65)), ("DANGER", egfr_below(30))))
    checks = checked(own, {"age": "70", "sex": "male"}, {"age": "50", "sex": "male"})
    found, asked = fired(checks), questions(checks)
    assert (found.modifier.tolist(), [TIERS[n] for n in found.tier]) == ([0, -1], ["NOTE", "WATCH"])
    assert [(row, asked.names[n]) for row, n in zip(asked.row, asked.need, strict=True)] == [(1, "creatinine")]


def test_what_no_input_would_settle_is_asked_by_its_own_name() -> None:
    """On dialysis nothing tells what the kidneys do: the check is open, and is neither silent nor left out of what is asked. It is as grave as the rule
    may become, though its modifiers were tested of nobody."""
    creatinine = {"name": "creatinine", "value": "4 mg/dL", "date": str(TODAY)}
    person = {"age": "50", "sex": "male"}
    checks = checked(
        rule("kidneys", "WATCH", egfr_below(15), (("DANGER", age_from(65)),)),
        person,
        {**person, "labs": [creatinine], "dialysis": "haemodialysis"},
        {**person, "labs": [creatinine], "muscle_mass": "low"},
    )
    every, asked = made(checks), questions(checks)
    assert [every.word(i) for i in range(3)] == ["could not check"] * 3
    needs = [words(every.names, every.settled_by, i) for i in range(3)]
    assert needs == [("creatinine",), ("egfr",), ("cystatin C",)]
    assert needs == [(asked.names[n],) for n in asked.need] and asked.row.tolist() == [0, 1, 2]
    assert [TIERS[n] for n in asked.tier] == ["DANGER"] * 3


def test_no_fact_is_made_for_the_walk() -> None:
    """A rule whose situation is nobody's is not looked into: what it asks would be reckoned for everybody of a registry."""
    checks = evaluate(program(load_knowledge(), "US"), facts_of(*FEW[:1]), {"baclofen"})
    before = checks.facts.made
    assert len(fired(checks).row) and len(made(checks).row) and len(questions(checks).row)
    assert checks.facts.made == before


def test_what_many_rules_ask_of_everybody_is_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One partner, what would tell of one fact, and who takes an agent at all: a registry of millions does not wait for each again with every rule."""
    times = Counter[str]()

    def counted(owner: Any, name: str) -> None:
        own = getattr(owner, name)

        def inner(*given: Any) -> Any:
            times[name] += 1
            return own(*given)

        monkeypatch.setattr(owner, name, inner)

    two = tuple(
        msgspec.structs.replace(rule(name, "WATCH", egfr_below(bound)), partner=Partner(roles=("opioid",)))
        for name, bound in (("weak kidneys", 60), ("weaker kidneys", 30))
    )
    lines = ["baclofen 10 mg three times a day", "oxycodone 20 mg three times a day"]
    checks = checked(two, {"age": "50", "sex": "male", "medicines": lines}, {"medicines": lines[:1]})
    counted(trace, "gathered")
    counted(Facts, "where_agent_is_said")
    every = made(checks)
    told = [(words(every.names, every.partners, i), words(every.names, every.settled_by, i)) for i in range(len(every.row))]  # fmt: skip
    assert told == [(("oxycodone",), ("creatinine",))] * 2
    assert times == {"gathered": 2, "where_agent_is_said": 1}


def test_what_is_held_of_everybody_is_as_narrow_as_it_is_said_to_be(knowledge: Knowledge) -> None:
    """A registry of millions keeps a tier, a modifier, a situation and an outcome for each person and rule: a byte each. Nobody's are so as well, so
    that parts of a registry join."""
    nobody = evaluate(program(knowledge, "US"), Facts(inputs_of([], knowledge), knowledge, "US"))
    for checks in (table_of("a few"), nobody):
        for part in (fired(checks), made(checks), questions(checks)):
            of = get_type_hints(type(part))
            for kind, width in ((Small, np.int8), (Index, np.intp)):
                own = {name: getattr(part, name).dtype for name, its in of.items() if its == kind}
                assert own and set(own.values()) == {np.dtype(width)}, own


def test_nobody_has_nothing(knowledge: Knowledge) -> None:
    """A table without rows, and one of somebody who takes no relaxant."""
    for readings in ([], [(Patient(as_of=TODAY, medicines=()), ())]):
        facts = Facts(inputs_of(readings, knowledge), knowledge, "US")
        checks = evaluate(program(knowledge, "US"), facts)
        assert not len(fired(checks).row) and not len(made(checks).row) and not len(questions(checks).row)
        assert lacking(questions(checks)) == ()


def test_lists_of_which_none_has_anything() -> None:
    held = gathered([], 3)
    assert [held.at(i) for i in range(3)] == [[], [], []]
    assert held.lengths.tolist() == [0, 0, 0] and held.values.tolist() == []
    assert held.values.dtype == np.intp, (
        "as fractions they number no names, and a registry of which nobody lacks anything fails"
    )


def test_lists_of_different_lengths() -> None:
    held = gathered([(np.array([0, 2]), 7), (np.array([2, 2, 0]), np.array([1, 2, 3]))], 4)
    assert [held.at(i) for i in range(4)] == [[7, 3], [], [7, 1, 2], []]
    other = held.of(np.array([2, 1, 2, 0]))
    assert [other.at(i) for i in range(4)] == [[7, 1, 2], [], [7, 1, 2], [7, 3]]
    assert other.lengths.tolist() == [3, 0, 3, 2]
