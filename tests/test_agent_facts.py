"""Facts of an agent's own line that depend on the person: doses by weight, intervals, when a condition began, the genotype."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.names import AGENT_FACTS, amount_unit
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, leaf_outcome
from relaxant.rules.predicate import read_predicate

KNOWN = load_knowledge()


def facts_of(person: dict[str, Any]) -> Facts:
    patient = read_patient({"as_of": "2026-11-22", **person}, KNOWN, today=date(2026, 11, 22))
    return Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)


def outcome(person: dict[str, Any], node: dict[str, Any], agent: str = "baclofen") -> int:
    """The outcome of one predicate on one person: the best alternative's worst leaf, unknown between."""
    facts, rank = facts_of(person), {SILENT: 0, UNKNOWN: 1, FIRES: 2}
    best = max(
        min(rank[leaf_outcome(leaf, *facts.column(leaf.column).bounds(0))] for leaf in clause)
        for clause in read_predicate(node, agent, "test")
    )
    return {0: SILENT, 1: UNKNOWN, 2: FIRES}[best]


def test_a_dose_by_weight_is_an_amount_where_the_weight_is_known() -> None:
    facts = facts_of({"weight": "70 kg", "medicines": [], "considering": ["rocuronium 0.6 mg/kg intravenous once"]})
    assert facts.column("rocuronium:most_single_dose").bounds(0) == pytest.approx((42, 42))
    assert facts.column("rocuronium:most_single_dose_per_kg").bounds(0) == pytest.approx((0.6, 0.6))


def test_a_dose_by_weight_is_known_by_weight_alone_where_the_weight_is_not() -> None:
    facts = facts_of({"medicines": [], "considering": ["rocuronium 0.6 mg/kg intravenous once"]})
    assert facts.column("rocuronium:most_single_dose_per_kg").bounds(0) == pytest.approx((0.6, 0.6))
    assert not facts.column("rocuronium:most_single_dose").settled(0)


def test_an_amount_is_a_dose_by_weight_where_the_weight_is_known() -> None:
    line = {"medicines": [], "considering": ["onabotulinumtoxinA 160 units intramuscular once"]}
    assert facts_of({**line, "weight": "16 kg"}).column("onabotulinumtoxinA:most_single_dose_per_kg").bounds(0) == (
        10,
        10,
    )
    open_one = facts_of(line).column("onabotulinumtoxinA:most_single_dose_per_kg")
    assert not open_one.settled(0)
    assert "weight" in open_one.settled_by(0)


def test_an_amount_of_an_agent_is_had_in_the_unit_in_which_a_rule_has_to_ask_for_it() -> None:
    """The linter refuses a rule's number in any other: it would be read as that many of the fact's own."""
    for agent in ("baclofen", "baclofen intrathecal", "onabotulinumtoxinA"):
        facts = facts_of({"medicines": [agent]})
        for name, fact in AGENT_FACTS.items():
            if fact.unit == "dose":
                assert facts.column(f"{agent}:{name}").unit == amount_unit(name, KNOWN.agents[agent].dose_unit), name


def test_the_days_between_doses() -> None:
    weeks = facts_of({"medicines": ["Botox 300 units intramuscular every 12 weeks"]})
    assert weeks.column("onabotulinumtoxinA:dose_interval_days").bounds(0) == (84, 84)
    hours = facts_of({"medicines": ["baclofen 10 mg three times a day"]})
    assert hours.column("baclofen:dose_interval_days").bounds(0) == pytest.approx((1 / 3, 1 / 3), abs=1e-4)


def test_what_is_given_once_is_never_too_soon_again() -> None:
    once = facts_of({"medicines": [], "considering": ["onabotulinumtoxinA 300 units intramuscular once"]})
    assert once.column("onabotulinumtoxinA:dose_interval_days").bounds(0)[0] > 84


RECENT = {"since": "stroke", "at_most": 90, "unit": "days"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([{"name": "stroke", "since": "2026-10-01"}], FIRES),
        ([{"name": "hemiplegia after stroke", "since": "2026-10-01"}], FIRES),
        ([{"name": "stroke", "since": "2020-10-01"}], SILENT),
        (["stroke"], UNKNOWN),
        ([], SILENT),
        ([{"name": "stroke", "since": "2020-10-01"}, {"name": "stroke", "since": "2026-11-01"}], FIRES),
    ],
)
def test_when_a_condition_began(conditions: list[Any], expected: int) -> None:
    assert outcome({"conditions": conditions}, RECENT) == expected


def test_what_follows_from_a_condition_in_question_is_in_question() -> None:
    (name, known) = next((n, c) for n, c in KNOWN.conditions.items() if c.implies)
    facts = facts_of({"conditions": [f"possible {known.title}"]})
    for one in (name, *known.implies):
        assert facts.column(f"condition:{one}").bounds(0) == (0, 1), one
        assert outcome({"conditions": [f"possible {known.title}", known.title]}, {"condition": one}) == FIRES


def test_how_long_ago_is_asked_only_of_who_has_the_condition() -> None:
    column = facts_of({"conditions": ["stroke"]}).column("since:stroke")
    assert column.settled_by(0) == ("when stroke began",)


@pytest.mark.parametrize(
    ("genotype", "expected"),
    [({"CYP2C19": "*2/*2"}, FIRES), ({"CYP2C19": "poor metaboliser"}, FIRES), ({"CYP2C19": "*1/*1"}, SILENT), (None, UNKNOWN)],
)  # fmt: skip
def test_a_genotype_by_alleles_or_status(genotype: dict[str, str] | None, expected: int) -> None:
    person = {"genotype": genotype} if genotype else {}
    assert outcome(person, {"genotype": "CYP2C19", "is": "poor"}) == expected


def test_a_route_that_is_for_something_else_is_no_agent_and_no_wrong_route() -> None:
    patient = read_patient(
        {"medicines": ["glycopyrronium 44 micrograms inhaled once a day"]}, KNOWN, today=date(2026, 11, 22)
    )
    (medicine,) = read_medicines(patient, KNOWN)
    assert (medicine.agents, medicine.route_not_licensed) == ((), False)
    assert [i.name for i in medicine.ingredients] == ["glycopyrronium"]


def settled(person: dict[str, Any], column: str) -> tuple[tuple[float, float], tuple[str, ...]]:
    """The bounds of a fact and what would settle it."""
    made = facts_of(person).column(column)
    return made.bounds(0), made.settled_by(0)


BY_WEIGHT = {"medicines": ["dantrolene 0.5 mg/kg three times a day"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("most_daily_dose_per_kg", 1.5), ("most_single_dose_per_kg", 0.5), ("doses_daily", 3)],
)
def test_the_weight_is_not_needed_for_what_is_written_by_weight(name: str, expected: float) -> None:
    assert settled(BY_WEIGHT, f"dantrolene:{name}") == (pytest.approx((expected, expected)), ())


@pytest.mark.parametrize("name", ["daily_dose", "most_daily_dose", "most_single_dose"])
def test_the_weight_settles_an_amount_that_is_written_by_weight(name: str) -> None:
    assert settled(BY_WEIGHT, f"dantrolene:{name}")[1] == ("weight",)


def test_of_a_dose_by_weight_and_an_amount_the_larger_counts() -> None:
    lines = {"considering": ["rocuronium 0.6 mg/kg intravenous once", "rocuronium 100 mg intravenous once"]}
    bounds, _ = settled({**lines, "weight": "70 kg"}, "rocuronium:most_single_dose_per_kg")
    assert bounds == pytest.approx((100 / 70, 100 / 70))
    assert settled(lines, "rocuronium:most_single_dose_per_kg")[1] == ("weight",)


def test_what_one_line_says_is_certain_whatever_the_other_leaves_out() -> None:
    said, unsaid = "baclofen 10 mg three times a day", "baclofen twice a day"
    for lines in ([said, unsaid], [unsaid, said]):
        assert settled({"medicines": lines}, "baclofen:daily_dose")[0] == (30, float("inf"))
        assert settled({"medicines": lines}, "baclofen:most_single_dose")[1] == ("dose of baclofen",)


def test_the_lowest_of_several_limits_is_the_one_that_is_shown() -> None:
    agent = KNOWN.agents["baclofen"]
    daily = next(x for x in agent.limits if x.kind == "daily" and "US" in x.jurisdiction and x.age_from > 0)
    low, high = (msgspec.structs.replace(daily, value=v, age_from=0.0, age_to=200.0) for v in (50.0, 90.0))
    for limits in ((low, high), (high, low)):
        agents = {**KNOWN.agents, "baclofen": msgspec.structs.replace(agent, limits=limits)}
        knowledge = msgspec.structs.replace(KNOWN, agents=agents, sha256=f"limits {limits[0].value:g}")
        facts = Facts(facts_of({"medicines": []}).inputs, knowledge, "US")
        assert facts.column("baclofen:limit:daily").bounds(0) == (50, 50)


@pytest.mark.parametrize(
    ("dose", "bands", "expected"),
    [
        (100, ((0, 18, 50), (18, 200, 80)), (1, 1)),
        (60, ((0, 18, 50), (18, 200, 80)), (0, 1)),
        (40, ((0, 18, 50), (18, 200, 80)), (0, 0)),
        (100, ((0, 18, 50), (20, 200, 80)), (0, 1)),
        (100, ((0, 200, 80), (65, 200, 50)), (1, 1)),
        (60, ((0, 200, 80), (65, 200, 50)), (0, 1)),
    ],
)
def test_without_an_age_a_dose_above_the_limit_of_every_age_is_above_it(
    dose: int, bands: tuple[tuple[int, int, int], ...], expected: tuple[float, float]
) -> None:
    agent = KNOWN.agents["baclofen"]
    daily = next(x for x in agent.limits if x.kind == "daily" and "US" in x.jurisdiction)
    limits = tuple(
        msgspec.structs.replace(daily, value=float(v), age_from=float(a), age_to=float(b), tier="CHANGE")
        for a, b, v in bands
    )
    agents = {**KNOWN.agents, "baclofen": msgspec.structs.replace(agent, limits=limits)}
    knowledge = msgspec.structs.replace(KNOWN, agents=agents, sha256=f"bands {bands}")
    facts = Facts(facts_of({"medicines": [f"baclofen {dose} mg once a day"]}).inputs, knowledge, "US")
    assert facts.column("baclofen:over_limit:daily").bounds(0) == expected


def test_a_medicine_that_may_be_taken_leaves_the_exposure_open() -> None:
    person = {"medicines": ["tizanidine 4 mg three times a day", "fluvoxamine 50 mg once a day"]}
    taken, open_one = facts_of(person), facts_of(person)
    low, high = taken.column("tizanidine:exposure_ratio").bounds(0)
    assert low == high > 1
    for (ingredient, _), intake in open_one.inputs.intake.items():
        if ingredient == "fluvoxamine":
            intake.now[0] = float("nan")
    column = open_one.column("tizanidine:exposure_ratio")
    assert (column.bounds(0), column.settled_by(0)) == ((1, high), ("whether fluvoxamine is taken",))


def test_a_medicine_that_is_not_understood_leaves_the_exposure_open() -> None:
    column = facts_of({"medicines": ["tizanidine 4 mg three times a day", "flurbonazol 5 mg"]}).column("tizanidine:exposure_ratio")  # fmt: skip
    greatest = max(
        e.auc_ratio for e in load_knowledge().exposures_of("tizanidine") if e.verified and e.kind == "interaction"
    )
    assert (column.bounds(0), column.settled_by(0)) == ((1, greatest), ("what “flurbonazol 5 mg” is",))


def test_who_may_become_pregnant_asks_for_what_is_missing() -> None:
    assert settled({"birth_date": "1990-01-01"}, "may_become_pregnant") == ((0, 1), ("sex",))
    assert settled({"sex": "female"}, "may_become_pregnant") == ((0, 1), ("age",))
    assert settled({"sex": "male"}, "may_become_pregnant") == ((0, 0), ())


def test_severe_liver_disease_asks_for_the_conditions_where_nothing_was_said_of_them() -> None:
    assert settled({}, "severe_hepatic_impairment") == ((0, 1), ("conditions",))


def test_a_child_pugh_score_of_class_b_asks_for_the_rest() -> None:
    labs = [("bilirubin", "4 mg/dL"), ("albumin", "20 g/L")]
    said = [{"name": name, "value": value, "date": "2026-11-20"} for name, value in labs]
    assert settled({"conditions": [], "labs": said}, "child_pugh") == ((9, 11), ("INR",))


FOR_MONTHS = {"taken_for": "cns_depressant", "at_least": 90, "unit": "days"}
OLD, NEW = {"drug": "amitriptyline", "start": "2025-03-01"}, {"drug": "quetiapine", "start": "2026-11-15"}


@pytest.mark.parametrize(
    ("medicines", "considering", "expected"),
    [
        ([OLD], [], FIRES),
        ([OLD, NEW], [], SILENT),
        ([OLD], ["zolpidem 5 mg at night"], SILENT),
        ([OLD, "zolpidem 5 mg at night"], [], UNKNOWN),
        ([NEW, "zolpidem 5 mg at night"], [], SILENT),
        ([OLD, "flurbonazol 5 mg"], [], UNKNOWN),
        (None, ["zolpidem 5 mg at night"], SILENT),
        ([OLD, {"drug": "zolpidem", "start": "2026-11-01", "stop": "2026-11-10"}], [], FIRES),
        (["baclofen 10 mg three times a day since 2026-11-20"], [], FIRES),
    ],
)
def test_for_how_long_the_others_have_been_taken(
    medicines: list[Any] | None, considering: list[str], expected: int
) -> None:
    """The agent itself does not count; the one begun last decides; a start that was not said leaves it open."""
    lists = {"medicines": medicines} if medicines is not None else {}
    assert outcome({**lists, "considering": considering}, FOR_MONTHS) == expected
