"""The evaluator: its normal form means what the tree means, its rows do not meet, its traces are true."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import TODAY
from relaxant.errors import KnowledgeError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Partner
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.read import read_medicines
from relaxant.rules.asked import Answer, asked
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Program, evaluate, leaf_outcome, program, situation_column
from relaxant.rules.predicate import MOST_CLAUSES, Clauses, Leaf, read_predicate, with_column

NUMBERS = ("egfr", "age", "weight")
TRUTHS = ("pregnant", "smoker", "on_dialysis")
UNITS = {"egfr": "mL/min/1.73 m2", "age": "years", "weight": "kg"}

leaves = st.one_of(
    st.builds(
        lambda name, word, number: {"fact": name, word: number, "unit": UNITS[name]},
        st.sampled_from(NUMBERS),
        st.sampled_from(("below", "at_most", "above", "at_least")),
        st.integers(0, 4),
    ),
    st.builds(lambda name: {"fact": name}, st.sampled_from(TRUTHS)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
intervals = st.one_of(
    st.integers(0, 4).map(lambda n: (float(n), float(n))),
    st.just((-np.inf, np.inf)),
    st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda p: (float(min(p)), float(max(p)))),
)
truths = st.sampled_from([(0.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
people = st.fixed_dictionaries({**dict.fromkeys(NUMBERS, intervals), **dict.fromkeys(TRUTHS, truths)})


def kleene(node: dict[str, Any], person: dict[str, tuple[float, float]]) -> int:
    """Strong Kleene logic straight from the tree, as a textbook has it: -1 false, 0 unknown, 1 true."""
    if "all" in node:
        return min(kleene(part, person) for part in node["all"])
    if "any" in node:
        return max(kleene(part, person) for part in node["any"])
    if "not" in node:
        return -kleene(node["not"], person)
    low, high = person[node["fact"]]
    tests = {
        "below": lambda x, t: x < t, "at_most": lambda x, t: x <= t, "above": lambda x, t: x > t, "at_least": lambda x, t: x >= t,
    }  # fmt: skip
    for word, test in tests.items():
        if word in node:
            ends = {test(low, node[word]), test(high, node[word])}
            return 0 if len(ends) == 2 else 1 if ends == {True} else -1
    return 1 if low == 1 else -1 if high == 0 else 0


def normal_form(clauses: Clauses, person: dict[str, tuple[float, float]]) -> int:
    """The same from the compiled clauses."""
    worth = {FIRES: 1, SILENT: -1, UNKNOWN: 0}
    return max(min(worth[leaf_outcome(leaf, *person[leaf.column])] for leaf in clause) for clause in clauses)


@given(trees, people)
def test_the_normal_form_means_what_the_tree_means(
    tree: dict[str, Any], person: dict[str, tuple[float, float]]
) -> None:
    try:
        clauses = read_predicate(tree, "baclofen", "test")
    except KnowledgeError:  # more alternatives than a rule may have; refused, as its own test shows
        return
    assert normal_form(clauses, person) == kleene(tree, person)


@given(trees, people, st.sampled_from((*NUMBERS, *TRUTHS)))
def test_knowing_less_never_turns_yes_into_no(
    tree: dict[str, Any], person: dict[str, tuple[float, float]], forgotten: str
) -> None:
    """Kleene logic is monotone: forgetting a fact may make an outcome unknown, never reverse it."""
    less = {**person, forgotten: (-np.inf, np.inf) if forgotten in NUMBERS else (0.0, 1.0)}
    assert kleene(tree, less) in (kleene(tree, person), 0)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({}, "mapping"),
        ({"fact": "egfr", "below": "30"}, "is in mL/min/1.73 m2"),
        ({"fact": "egfr", "below": "30", "unit": "mL/min"}, "not mL/min"),
        ({"fact": "egfr"}, "say below"),
        ({"fact": "pregnant", "below": "1"}, "yes/no"),
        ({"fact": "shoe_size"}, "no fact"),
        ({"fact": "egfr", "below": "many", "unit": "mL/min/1.73 m2"}, "needs a number"),
        ({"fact": "egfr", "below": "nan", "unit": "mL/min/1.73 m2"}, "finite"),
        ({"all": []}, "needs a list"),
        ({"all": [{"fact": "pregnant"}], "any": []}, "exactly one"),
        ({"condition": "epilepsy", "below": "3"}, "does not belong"),
        ("pregnant", "mapping"),
    ],
)
def test_a_predicate_outside_the_tree_is_refused(node: Any, says: str) -> None:
    with pytest.raises(KnowledgeError, match=says):
        read_predicate(node, "baclofen", "here")


def test_too_many_alternatives_are_refused() -> None:
    pair = {"any": [{"fact": "pregnant"}, {"fact": "smoker"}]}
    other = {"any": [{"fact": "on_dialysis"}, {"fact": "stands_on_tone"}]}
    wide = {"any": [{"fact": "egfr", "below": str(n), "unit": "mL/min/1.73 m2"} for n in range(20)]}
    with pytest.raises(KnowledgeError, match="alternatives"):
        read_predicate({"all": [pair, other, wide]}, "baclofen", "here")


@pytest.mark.parametrize(
    ("word", "under", "at", "over"),
    [
        ("below", FIRES, SILENT, SILENT),
        ("at_most", FIRES, FIRES, SILENT),
        ("above", SILENT, SILENT, FIRES),
        ("at_least", SILENT, FIRES, FIRES),
    ],
)
def test_a_bound_is_met_or_passed_as_its_word_says(word: str, under: int, at: int, over: int) -> None:
    """A threshold by the least step that a number can make to either side, and a fact that may lie on both."""
    ((leaf,),) = read_predicate({"fact": "egfr", word: "30", "unit": UNITS["egfr"]}, "baclofen", "here")
    values = (math.nextafter(30, 0), 30.0, math.nextafter(30, 31))
    assert [leaf_outcome(leaf, value, value) for value in values] == [under, at, over]
    assert leaf_outcome(leaf, 29.0, 31.0) == UNKNOWN
    assert leaf_outcome(leaf, 29.0, 30.0) == (under if under == at else UNKNOWN)


def test_two_bounds_of_one_fact_hold_together() -> None:
    (clause,) = read_predicate({"fact": "age", "at_least": "2", "below": "12", "unit": "years"}, "baclofen", "here")
    assert set(clause) == {Leaf("age", 2.0), Leaf("age", 12.0, below=True)}


@pytest.mark.parametrize(
    ("node", "clauses"),
    [
        ({"fact": "pregnant"}, [[Leaf("pregnant", 1.0)]]),
        ({"not": {"fact": "pregnant"}}, [[Leaf("pregnant", 1.0, below=True)]]),
        ({"condition": "epilepsy"}, [[Leaf("condition:epilepsy", 1.0)]]),
        ({"allergy": "penicillin"}, [[Leaf("allergy:penicillin", 1.0)]]),
        ({"genotype": "CYP2C19", "is": "poor"}, [[Leaf("genotype:CYP2C19:poor", 1.0)]]),
        ({"given": "tizanidine"}, [[Leaf("tizanidine:on:taking", 1.0)]]),
        ({"takes": "ciprofloxacin"}, [[Leaf("baclofen:with:|ciprofloxacin|", 1.0)]]),
        ({"role": "opioid"}, [[Leaf("baclofen:with:opioid||", 1.0)]]),
        ({"role": "opioid", "at_least": "2"}, [[Leaf("baclofen:with:opioid||", 2.0)]]),
        ({"over_limit": "daily"}, [[Leaf("baclofen:over_limit:daily", 1.0)]]),
        (
            {"taken_for": "opioid", "at_least": "14", "unit": "days"},
            [[Leaf("baclofen:taken_for:opioid", 14.0)]],
        ),
        (
            {"since": "stroke", "below": "30", "unit": "days"},
            [[Leaf("condition:stroke", 1.0), Leaf("since:stroke", 30.0, below=True)]],
        ),
        (
            {"stopped": "tizanidine", "at_least": "2", "unit": "days"},
            [[Leaf("tizanidine:on:stopped", 1.0), Leaf("tizanidine:stopped_days", 2.0)]],
        ),
    ],
)
def test_each_kind_asks_its_own_column(node: dict[str, Any], clauses: list[list[Leaf]]) -> None:
    """A day that was not said is unknown only where what began holds: the two stand together."""
    assert [list(clause) for clause in read_predicate(node, "baclofen", "here")] == clauses


def test_as_many_alternatives_as_a_rule_may_have_are_read() -> None:
    def wide(count: int) -> dict[str, Any]:
        return {"any": [{"fact": "egfr", "below": str(n), "unit": UNITS["egfr"]} for n in range(count)]}

    assert len(read_predicate(wide(MOST_CLAUSES), "baclofen", "here")) == MOST_CLAUSES
    with pytest.raises(KnowledgeError, match=f"over {MOST_CLAUSES} alternatives"):
        read_predicate(wide(MOST_CLAUSES + 1), "baclofen", "here")


DAYS = "is a number of days; say below, at_most, above or at_least, and unit: days"
KINDS = "all, any, not, fact, condition, since, genotype, allergy, takes, given, stopped, role, taken_for, over_limit"
MILD = {"fact": "egfr", "below": "30", "unit": "mg/dL"}


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (
            {"all": [{"fact": "pregnant"}, {"any": [{"fact": "smoker"}, {"not": MILD}]}]},
            ".all[1].any[1].not: egfr is in mL/min/1.73 m2, not mg/dL; write `unit: mL/min/1.73 m2`",
        ),
        ({"fact": "shoe_size"}, ": there is no fact “shoe_size”; see the facts in docs/knowledge-schema.md"),
        ({"fact": "egfrr"}, ": there is no fact “egfrr”; did you mean “egfr”?"),
        ({"fact": "age", "below": "3"}, ": age is in years, and none is said; write `unit: years`"),
        ({"fact": "age", "below": "many", "unit": "years"}, ": below needs a number, not “many”"),
        ({"fact": "age", "above": "inf", "unit": "years"}, ": above needs a finite number"),
        ({"fact": "inr", "above": "3", "unit": "mg/dL"}, ": inr is in no unit, not mg/dL; leave `unit` out"),
        ({"role": "opioid", "at_least": "many"}, ": at_least needs a number, not “many”"),
        ({"since": "stroke", "below": "many", "unit": "days"}, ": below needs a number, not “many”"),
        ({"taken_for": "opioid", "below": "many", "unit": "days"}, ": below needs a number, not “many”"),
        ({"fact": "pregnant", "below": "1"}, ": pregnant is a yes/no fact and is not compared with a number"),
        ({"fact": "age", "unit": "years"}, ": age is a number; say below, at_most, above or at_least"),
        ({"condition": ["epilepsy"]}, ": condition needs a name"),
        ({"any": "epilepsy"}, ": any needs a list"),
        ({"since": "stroke", "below": "3", "unit": "weeks"}, f": since stroke {DAYS}"),
        ({"since": "stroke", "unit": "days"}, f": since stroke {DAYS}"),
        ({"stopped": "baclofen", "below": "3"}, f": stopped baclofen {DAYS}"),
        (
            {"taken_for": "opioid", "below": "3", "unit": "weeks"},
            ": taken_for opioid is a number of days; say at_least or below, and unit: days",
        ),
        (
            {"taken_for": "opioid", "unit": "days"},
            ": taken_for opioid is a number of days; say at_least or below, and unit: days",
        ),
        (
            {"genotype": "CYP2C19"},
            ": genotype CYP2C19 needs `is`, such as {genotype: CYP2C19, is: poor}",
        ),
        (
            {"condition": "epilepsy", "below": "3"},
            ": below does not belong beside condition; nothing stands beside it",
        ),
        (
            {"role": "opioid", "unit": "days", "is": "x"},
            ": is, unit does not belong beside role; there may be below, at_most, above, at_least",
        ),
        ({"nothing": "x"}, f": “{{nothing: x}}”: a predicate has exactly one of {KINDS}"),
        ("pregnant", ": a predicate is a mapping such as {fact: pregnant}, not “pregnant”"),
    ],
)
def test_a_fault_says_where_it_stands_what_came_and_what_would_do(node: Any, says: str) -> None:
    with pytest.raises(KnowledgeError) as refused:
        read_predicate(node, "baclofen", "here")
    assert str(refused.value) == f"here{says}"


def test_a_limit_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KnowledgeError, match=r"here: there is no limit “weekly”; there are single, .*least_age, "):
        read_predicate({"over_limit": "weekly"}, "baclofen", "here")


def test_the_column_of_partners_names_roles_ingredients_and_exceptions() -> None:
    partner = Partner(
        roles=("opioid", "sedative"), ingredients=("omeprazole", "esomeprazole"), but_not=("codeine", "tramadol")
    )
    assert with_column("baclofen", partner) == "baclofen:with:opioid;sedative|omeprazole;esomeprazole|codeine;tramadol"


COUNTRIES: tuple[Jurisdiction, ...] = ("US", "UK", "EU")


@pytest.mark.parametrize("jurisdiction", COUNTRIES)
def test_a_rule_speaks_in_its_situation_with_its_partner_and_in_its_country_alone(
    jurisdiction: Jurisdiction, knowledge: Knowledge
) -> None:
    made = Program(knowledge, jurisdiction)
    for agent in made.agents:
        made.groups(agent)
    own = [test for test in made.tests.values() if test.modifier == -1]
    for test in own:
        rule = test.rule
        assert not rule.jurisdiction or jurisdiction in rule.jurisdiction
        asks = {Leaf(situation_column(test.agent, rule.on), 1.0)}
        if rule.partner:
            asks.add(Leaf(with_column(test.agent, rule.partner), 1.0))
        assert test.clauses and all(asks <= set(clause) for clause in test.clauses), rule.rule
        assert (test.partners is None) == (rule.partner is None)
    assert {(test.rule.rule, test.agent) for test in own} == {
        (rule.rule, agent)
        for rule in knowledge.rules.values()
        if not rule.jurisdiction or jurisdiction in rule.jurisdiction
        for agent in (made.agents if "every agent" in rule.agents else rule.agents)
    }
    for number, test in made.tests.items():
        if test.modifier >= 0:  # beside its rule, with its partners, in the order written
            of = made.tests[number - 1 - test.modifier]
            assert of.rule is test.rule and of.agent == test.agent and of.modifier < 0 and of.partners is test.partners


def facts_of(knowledge: Knowledge, *people: dict[str, Any]) -> Facts:
    read = [read_patient({"as_of": str(TODAY), **plain}, knowledge, today=TODAY) for plain in people]
    return Facts(inputs_of([(one, read_medicines(one, knowledge)) for one in read], knowledge), knowledge, "US")


def test_many_rows_in_parts_come_out_as_all_at_once(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts of eight rows, each rule on those whom it is about, or all rules on every row: the same outcomes."""
    medicines = ["baclofen 10 mg three times a day", "tizanidine 4 mg three times a day", "diazepam 5 mg at night"]
    people = [
        {"sex": "female", "age": 20 + 4 * i, "conditions": ["stroke"] if i % 3 else [], "medicines": medicines[: i % 4]}
        for i in range(18)
    ]
    facts, tests = facts_of(knowledge, *people), program(knowledge, "US")
    whole = evaluate(tests, facts)
    monkeypatch.setattr("relaxant.rules.evaluate._ROWS_AT_A_TIME", 8)
    for few in (64, 0):
        monkeypatch.setattr("relaxant.rules.evaluate._FEW", few)
        parts = evaluate(tests, facts)
        assert (parts.tests == whole.tests).all() and (parts.candidate == whole.candidate).all()
        assert (parts.outcome == whole.outcome)[whole.candidate].all()
    assert len({tuple(column) for column in whole.outcome.T}) > 3


def test_what_is_asked_outside_the_rules_holds_does_not_or_says_what_would_tell(knowledge: Knowledge) -> None:
    """Only what may still hold is asked for: an alternative that is ruled out asks for nothing, and one that holds ends the question."""
    egfr = {"fact": "egfr", "below": "30", "unit": UNITS["egfr"]}
    old, young = ({"fact": "age", word: "50", "unit": "years"} for word in ("at_least", "below"))
    facts = facts_of(knowledge, {"sex": "female", "age": 58, "medicines": []})
    assert asked(None, "baclofen", facts) == asked(old, "baclofen", facts) == Answer(True)
    assert asked(young, "baclofen", facts) == asked({"all": [young, egfr]}, "baclofen", facts) == Answer(False)
    assert asked({"any": [egfr, old]}, "baclofen", facts) == Answer(True)
    for node in (egfr, {"all": [old, egfr]}, {"any": [young, egfr]}):
        answer = asked(node, "baclofen", facts)
        assert not answer.holds and answer.open and "creatinine" in answer.settled_by and "age" not in answer.settled_by
    two = facts_of(knowledge, {"age": 58, "medicines": []}, {"age": 40, "medicines": []})
    assert [asked(old, "baclofen", two, row).holds for row in (0, 1)] == [True, False]
    much = {"fact": "daily_dose", "at_least": "30", "unit": "mg/day"}
    both = facts_of(knowledge, {"medicines": ["baclofen 10 mg three times a day", "tizanidine 2 mg at night"]})
    assert [asked(much, agent, both).holds for agent in ("baclofen", "tizanidine", "baclofen")] == [True, False, True]
    with pytest.raises(KnowledgeError, match=r"^when: there is no fact"):
        asked({"fact": "shoe_size"}, "baclofen", facts)
