"""Which rules are tested on whom: each on those whom it is about, together as alone, compiled once for its country."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from relaxant.errors import KnowledgeError
from relaxant.knowledge.load import Knowledge
from relaxant.rules import evaluate as evaluating
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Checks, Program, evaluate, program, situation_column
from test_evaluate import facts_of

TIZANIDINE = "tizanidine 4 mg three times a day"
CIPROFLOXACIN = "ciprofloxacin 500 mg twice a day"
FLUVOXAMINE = "fluvoxamine 50 mg at night"
LOW = [{"name": "systolic blood pressure", "value": "85 mmHg", "date": "2026-11-20"}]


def person(*medicines: Any, **more: Any) -> dict[str, Any]:
    return {"sex": "male", "age": 50, "medicines": list(medicines), "observations": LOW, **more}


def checks_of(knowledge: Knowledge, *people: dict[str, Any]) -> Checks:
    return evaluate(program(knowledge, "US"), facts_of(knowledge, *people))


def outcomes(checks: Checks, row: int) -> dict[str, int]:
    """What came of each rule that was tested on one person; modifiers are left out."""
    return {test.rule.rule: outcome for test, outcome in checks.row(row) if test.modifier < 0}


def test_an_interaction_is_tested_on_those_alone_who_take_both_or_may(knowledge: Knowledge) -> None:
    """A registry's checks of one person hold nothing of what the others take: neither the rule nor what makes it graver."""
    people = [
        person(TIZANIDINE, CIPROFLOXACIN),
        person(TIZANIDINE),
        person(CIPROFLOXACIN),
        person(TIZANIDINE, "qwertzuiop 5 mg"),
        person(),
    ]
    checks = checks_of(knowledge, *people)
    found = [outcomes(checks, row) for row in range(len(people))]
    assert [one.get("tizanidine-ciprofloxacin") for one in found] == [FIRES, None, None, UNKNOWN, None]
    assert found == [outcomes(checks_of(knowledge, one), 0) for one in people]
    graver = [(test.modifier, outcome) for test, outcome in checks.spoken(0) if test.rule.rule == "tizanidine-ciprofloxacin"]  # fmt: skip
    assert graver == [(-1, FIRES), (0, FIRES)]  # the blood pressure is low, of all five
    for row in range(len(people)):
        spoken, silent = [*checks.spoken(row)], [*checks.silent(row)]
        assert SILENT not in {outcome for _, outcome in spoken} and {outcome for _, outcome in silent} <= {SILENT}
        assert sorted(map(repr, checks.row(row))) == sorted(map(repr, [*spoken, *silent]))


def test_a_partner_that_was_stopped_is_not_tested_and_hides_no_other_danger(knowledge: Knowledge) -> None:
    """The rules of an agent's partners follow each other: one that is about nobody ends only itself."""
    stopped = {"drug": "ciprofloxacin", "dose": "500 mg", "frequency": "twice a day", "start": "2026-01-01", "stop": "2026-02-01"}  # fmt: skip
    found = outcomes(checks_of(knowledge, person(TIZANIDINE, FLUVOXAMINE, stopped)), 0)
    assert found["tizanidine-fluvoxamine"] == FIRES and "tizanidine-ciprofloxacin" not in found
    assert found == outcomes(checks_of(knowledge, person(TIZANIDINE, FLUVOXAMINE)), 0)


def test_what_makes_a_rule_graver_is_tested_where_the_rule_fires_for_somebody(knowledge: Knowledge) -> None:
    """The facts that a review lists are those that were asked: what bears on nothing that was found stays out of it."""
    people = [person(TIZANIDINE, CIPROFLOXACIN), person("baclofen 10 mg three times a day")]
    checks = checks_of(knowledge, *people)
    tested = checks.tests.tolist()
    fires = {
        number
        for number, outcome, about in zip(tested, checks.outcome, checks.candidate, strict=True)
        if checks.program.tests[number].modifier < 0 and ((outcome == FIRES) & about).any()
    }
    modifiers = {number + 1 + i for number in fires for i in range(len(checks.program.tests[number].rule.modifiers))}
    assert modifiers and modifiers == {number for number in tested if checks.program.tests[number].modifier >= 0}


def test_a_rule_of_a_start_is_silent_for_who_takes_it_and_asks_for_nothing(knowledge: Knowledge) -> None:
    """Diabetes bears on a start of baclofen alone: of somebody who takes it the check is listed, and the fact is not asked."""
    asked = "condition:diabetes"
    taking = checks_of(knowledge, person("baclofen 10 mg three times a day", conditions=["diabetes"]))
    assert outcomes(taking, 0)["baclofen-diabetes"] == SILENT and asked not in taking.facts.made
    starting = checks_of(knowledge, person(conditions=["diabetes"], considering=["baclofen 5 mg three times a day"]))
    assert outcomes(starting, 0)["baclofen-diabetes"] == FIRES and asked in starting.facts.made


def test_where_nobody_is_in_a_rules_situation_each_rule_stands_beside_its_own_agents_people(
    knowledge: Knowledge,
) -> None:
    """Two who have each left an agent whose rules speak of no stop: all its rules are silent checks of theirs, and none of the other's."""
    people = [person(f"{line} stopped 2026-11-01") for line in ("dantrolene 25 mg once a day", "metaxalone 800 mg once a day")]  # fmt: skip
    checks = checks_of(knowledge, *people)
    for row, agent in enumerate(("dantrolene", "metaxalone")):
        own = [test for test, outcome in checks.row(row) if outcome == SILENT]
        assert len(own) > 20 and {test.agent for test in own} == {agent} and not [*checks.spoken(row)]
        assert own == [test for test, _ in checks_of(knowledge, people[row]).row(0)]
        alone = {test.rule.rule for test in program(knowledge, "US").tests.values() if test.agent == agent and test.modifier < 0 and test.partners is None}  # fmt: skip
        assert {test.rule.rule for test in own} == alone


@pytest.mark.parametrize("few", [64, 0])
def test_a_registry_keeps_a_byte_for_each_check(few: int, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """A wider number would take eight times the room of millions of checks. With rules that fire, and with none that can."""
    monkeypatch.setattr(evaluating, "_FEW", few)
    for people in ([person(TIZANIDINE, CIPROFLOXACIN), person()], [person("dantrolene 25 mg stopped 2026-11-01")], [person()]):  # fmt: skip
        checks = checks_of(knowledge, *people)
        assert checks.outcome.dtype == np.int8 and checks.candidate.dtype == bool and checks.tests.dtype == np.intp
        assert checks.outcome.shape == checks.candidate.shape == (len(checks.tests), len(people))


def test_a_table_in_parts_takes_each_row_once(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts bound the room that a registry takes, and a row that stood in several would cost the time of all of them."""
    made, widths = evaluating._any_of_all, list[int]()

    def counted(leaves: Any, *more: Any) -> Any:
        widths.append(leaves.shape[1])
        return made(leaves, *more)

    monkeypatch.setattr(evaluating, "_any_of_all", counted)
    facts = facts_of(knowledge, *(person(TIZANIDINE, CIPROFLOXACIN) for _ in range(18)))
    whole = evaluate(program(knowledge, "US"), facts)
    assert set(widths) == {3}  # eighteen people, eight in a byte
    times = len(widths)
    widths.clear()
    monkeypatch.setattr(evaluating, "_ROWS_AT_A_TIME", 8)
    parts = evaluate(program(knowledge, "US"), facts)
    assert widths == [1] * 3 * times and (parts.outcome == whole.outcome).all()


def test_each_country_has_rules_of_its_own_and_those_of_a_pack_stay_its_own(
    knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was reviewed first decides by which labels nobody else is."""
    monkeypatch.setattr(evaluating, "_PROGRAMS", {})
    us, uk = program(knowledge, "US"), program(knowledge, "UK")
    ruled = []
    for one in (us, uk):
        one.groups("baclofen")
        ruled.append({test.rule.rule for test in one.tests.values()})
    assert "baclofen-child-us" in ruled[0] - ruled[1] and ruled[1] - ruled[0]
    rules = {name: rule for name, rule in knowledge.rules.items() if name != "baclofen-falls"}
    other = program(replace(knowledge, rules=rules, sha256="of another text"), "US")
    other.groups("baclofen")
    assert "baclofen-falls" in ruled[0] and "baclofen-falls" not in {test.rule.rule for test in other.tests.values()}


def test_what_is_compiled_is_kept(knowledge: Knowledge) -> None:
    """A service answers each call from the same arrays: an agent's rules are read once, and each column is gathered once."""
    made = program(knowledge, "US")
    assert program(knowledge, "US") is made
    for agent in ("baclofen", "tizanidine"):
        assert made.groups(agent) is made.groups(agent)
    assert len(set(made.columns)) == len(made.columns)
    assert {situation_column("baclofen", ("starting",)), "age", "egfr"} <= set(made.columns)


@pytest.mark.parametrize("place", ["when", "modifiers[0]"])
def test_a_fault_of_a_rule_names_the_rule_when_it_is_first_asked(place: str, knowledge: Knowledge) -> None:
    """Knowledge that was not linted: its author reads in which rule the name is wrong, and in which of its parts."""
    rule, wrong = knowledge.rules["baclofen-child-us"], {"fact": "shoe_size"}
    changed = replace(rule, when=wrong) if place == "when" else replace(rule, modifiers=(replace(rule.modifiers[0], when=wrong),))  # fmt: skip
    made = Program(replace(knowledge, rules={**knowledge.rules, rule.rule: changed}), "US")
    with pytest.raises(KnowledgeError) as refused:
        made.groups("baclofen")
    assert str(refused.value).startswith(f"{rule.rule}.{place}: there is no fact “shoe_size”")
