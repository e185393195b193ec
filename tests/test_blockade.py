"""Plans of neuromuscular block: labelled doses, the weight that they go by, times and spread, reversal by depth, who is refused, what is missing."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.lint_block import faults_of_blocks
from relaxant.medicines.read import read_medicines
from relaxant.planning.block_reversal import Depth, settled
from relaxant.planning.blockade import block_plan, blockers
from relaxant.planning.plan import Line, Plan
from relaxant.reviewing import review
from relaxant.rules.findings import Finding

DAY = "2026-11-22"
TODAY = date(2026, 11, 22)
PAGE = (Path(__file__).parent.parent / "docs" / "planning" / "blockade.md").read_text(encoding="utf-8")
SOUND: dict[str, Any] = {
    "sex": "male", "age": "40", "weight": "70 kg", "height": "178 cm", "dialysis": "none",
    "conditions": [], "allergies": [], "medicines": [],
    "labs": [{"name": "creatinine", "value": "0.9 mg/dL", "date": DAY}, {"name": "potassium", "value": "4.1 mmol/L", "date": DAY}],
}  # fmt: skip
OBESE = {"sex": "female", "age": "58", "weight": "96 kg", "height": "165 cm"}
ALL = ("atracurium", "cisatracurium", "mivacurium", "pancuronium", "rocuronium", "succinylcholine", "vecuronium")
SPREAD = re.compile(r"([\d.]+) min in the typical person; ([\d.]+) to ([\d.]+) in 9 of 10")


def plan(agent: str, findings: tuple[Finding, ...] = (), **said: Any) -> Plan:
    """The plan for a sound man of 40 years and 70 kg with what is said put in its place; ``None`` takes something away."""
    knowledge = load_knowledge()
    plain = {k: v for k, v in {"as_of": DAY, **SOUND, **said}.items() if v is not None}
    patient = read_patient(plain, knowledge, today=TODAY)
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    return block_plan(agent, patient, medicines, facts, findings)


def line(made: Plan, what: str) -> Line:
    found = [one for one in made.reckoning if one.what == what]
    assert len(found) == 1, [one.what for one in made.reckoning]
    return found[0]


def dosed(made: Plan, what: str) -> float:
    value = line(made, what).value
    assert value is not None
    return value


def lines(made: Plan, beginning: str) -> list[Line]:
    return [one for one in made.reckoning if one.what.startswith(beginning)]


def measured(**values: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", " "), "value": value, "date": DAY} for name, value in values.items()]


# ---------------------------------------------------------------- labelled doses


@pytest.mark.parametrize(
    ("agent", "label", "said", "what", "amount", "unit"),
    [
        ("rocuronium", "US label 2.2: 0.6 mg/kg", {}, "Intubating dose", 42, "mg"),
        ("rocuronium", "US label 2.3: up to 1.2 mg/kg", {}, "Rapid sequence dose", 84, "mg"),
        ("rocuronium", "US label 2.5: 10 to 12 micrograms/kg/min", {}, "Infusion", 42, "mg/h"),
        ("rocuronium", "US label 2.4: 0.15 mg/kg", {}, "Repeat dose", 10.5, "mg"),
        ("rocuronium", "US label 2.6: children 7 to 10 micrograms/kg/min", {"age": "6", "weight": "20 kg", "height": "115 cm"}, "Infusion", 8.4, "mg/h"),
        ("rocuronium", "UK SmPC 4.2: rapid sequence 1 mg/kg", {"country": "UK"}, "Rapid sequence dose", 70, "mg"),
        ("rocuronium", "SmPC 4.2: 0.3 to 0.6 mg/kg/h", {"country": "UK"}, "Infusion", 21, "mg/h"),
        ("rocuronium", "SmPC 4.2: repeat 0.075 to 0.1 mg/kg from 65 years", {"country": "UK", "age": "70"}, "Repeat dose", 5.25, "mg"),
        ("rocuronium", "SmPC 4.2: repeat 0.075 to 0.1 mg/kg under a vapour", {"country": "UK", "medicines": ["sevoflurane inhaled"]}, "Repeat dose", 5.25, "mg"),
        ("vecuronium", "US label, dosage: 0.08 to 0.1 mg/kg", {}, "Intubating dose", 7, "mg"),
        ("vecuronium", "US label: infusion from 1 microgram/kg/min", {}, "Infusion", 4.2, "mg/h"),
        ("vecuronium", "SmPC 4.2: repeat 0.02 to 0.03 mg/kg", {"country": "UK"}, "Repeat dose", 1.4, "mg"),
        ("cisatracurium", "US label 2: 0.15 or 0.2 mg/kg", {}, "Intubating dose", 10.5, "mg"),
        ("cisatracurium", "US label 2: 3 micrograms/kg/min", {}, "Infusion", 12.6, "mg/h"),
        ("cisatracurium", "US label 2: children of 2 to 12 years 0.1 mg/kg", {"age": "6", "weight": "20 kg", "height": "115 cm"}, "Intubating dose", 2, "mg"),
        ("cisatracurium", "SmPC 4.4: at most 0.02 mg/kg in myasthenia", {"country": "UK", "conditions": ["myasthenia gravis"]}, "Test dose", 1.4, "mg"),
        ("atracurium", "US label, dosage: 0.4 to 0.5 mg/kg", {}, "Intubating dose", 28, "mg"),
        ("atracurium", "US label: 0.3 to 0.4 mg/kg where histamine is dangerous", {"conditions": ["asthma"]}, "Intubating dose", 21, "mg"),
        ("atracurium", "UK SmPC 4.2: 0.5 to 0.6 mg/kg to intubate", {"country": "UK"}, "Intubating dose", 35, "mg"),
        ("mivacurium", "US label, initial doses: 0.15 mg/kg", {}, "Intubating dose", 10.5, "mg"),
        ("mivacurium", "UK SmPC 4.2: 0.2 mg/kg over 30 seconds", {"country": "UK"}, "Intubating dose", 14, "mg"),
        ("mivacurium", "SmPC 4.2: 0.15 mg/kg in liver failure", {"country": "UK", "conditions": ["cirrhosis"]}, "Intubating dose", 10.5, "mg"),
        ("pancuronium", "US dosing: 0.06 to 0.1 mg/kg", {}, "Intubating dose", 4.2, "mg"),
        ("pancuronium", "Irish SmPC 4.2: 0.05 to 0.1 mg/kg", {"country": "IE"}, "Intubating dose", 5.6, "mg"),
        ("succinylcholine", "US label 2: 0.6 mg/kg", {}, "Intubating dose", 42, "mg"),
        ("succinylcholine", "UK SmPC 4.2: 1 mg/kg", {"country": "UK"}, "Intubating dose", 70, "mg"),
    ],
)  # fmt: skip
def test_a_dose_is_the_labels(
    agent: str, label: str, said: dict[str, Any], what: str, amount: float, unit: str
) -> None:
    own = line(plan(agent, **said), what)
    assert (own.value, own.unit) == (amount, unit), label
    assert own.sources and own.verified


def test_the_ends_of_a_labelled_range_stand_beside() -> None:
    assert "That is 31.5 to 42 mg." in line(plan("rocuronium"), "Intubating dose").text
    assert "That is 42 to 50.4 mg/h." in line(plan("rocuronium"), "Infusion").text


def test_rapid_sequence_is_not_planned_where_no_label_has_it() -> None:
    child = plan("rocuronium", age="6", weight="20 kg", height="115 cm")
    assert line(child, "Rapid sequence dose").value is None
    assert not lines(plan("cisatracurium"), "Rapid sequence")
    assert any("Not for rapid sequence" in one.text for one in plan("cisatracurium").reckoning)


def test_the_uk_total_of_suxamethonium_caps_the_dose() -> None:
    heavy = plan("succinylcholine", country="UK", weight="520 kg", height="190 cm")
    assert dosed(heavy, "Intubating dose") == 500
    assert "Cut to the most in all, 500 mg." in line(heavy, "Intubating dose").text


# ---------------------------------------------------------------- the weight


@pytest.mark.parametrize("agent", [a for a in ALL if a != "succinylcholine"])
def test_in_obesity_a_competitive_blocker_goes_by_ideal_weight(agent: str) -> None:
    made = plan(agent, **OBESE)
    ideal = 45.5 + 2.3 * (165 / 2.54 - 60)
    weight = line(made, "Weight for the doses")
    assert weight.value == pytest.approx(ideal, rel=2e-3) and weight.how.startswith("ideal weight")
    assert "By actual weight (96 kg)" in line(made, "Intubating dose").text
    assert any("dosed by their actual weight" in note for note in made.notes)


def test_rocuronium_in_obesity_shows_the_us_labels_amount_too() -> None:
    own = line(plan("rocuronium", **OBESE), "Intubating dose")
    assert own.value == 34.1
    assert "By lean weight (51.2 kg): 30.7 mg. By actual weight (96 kg): 57.6 mg." in own.text


def test_succinylcholine_and_sugammadex_go_by_actual_weight_in_obesity() -> None:
    assert dosed(plan("succinylcholine", **OBESE), "Intubating dose") == pytest.approx(57.6)
    made = plan("rocuronium", **OBESE, observations=measured(train_of_four_count="2"))
    assert dosed(made, "Reversal with sugammadex, moderate block") == 192


def test_neostigmine_in_obesity_goes_by_adjusted_weight_and_stops_at_5_mg() -> None:
    made = plan("cisatracurium", **OBESE, observations=measured(train_of_four_ratio="0.6"))
    adjusted = (ideal := 45.5 + 2.3 * (165 / 2.54 - 60)) + 0.4 * (96 - ideal)
    assert dosed(made, "Reversal with neostigmine, minimal block") == pytest.approx(0.03 * adjusted, rel=2e-3)
    heavy = plan("cisatracurium", weight="400 kg", height="200 cm", observations=measured(train_of_four_ratio="0.6"))
    assert dosed(heavy, "Reversal with neostigmine, minimal block") == 5


def test_below_the_height_of_devines_formula_lean_weight_steps_in() -> None:
    own = line(plan("rocuronium", sex="female", weight="80 kg", height="148 cm"), "Weight for the doses")
    assert own.how.startswith("lean weight") and own.value is not None and own.value < 80


def test_without_obesity_the_weight_is_the_actual_one() -> None:
    assert line(plan("rocuronium"), "Weight for the doses").value == 70


@given(
    weight=st.floats(12, 40),
    agent=st.sampled_from(("vecuronium", "pancuronium")),
    country=st.sampled_from(("US", "UK")),
)
def test_a_childs_doses_are_in_proportion_to_the_weight(weight: float, agent: str, country: str) -> None:
    child = {"age": "8", "height": "125 cm", "labs": [], "country": country}
    one, two = (plan(agent, weight=f"{kg} kg", **child) for kg in (weight, 2 * weight))
    for what in ("Intubating dose", "Repeat dose"):
        if lines(one, what)[0].value is not None:
            assert dosed(two, what) == pytest.approx(2 * dosed(one, what), rel=0.02)


@given(weight=st.floats(40, 200), height=st.floats(153, 200), sex=st.sampled_from(("female", "male")))
def test_a_dose_is_its_mg_per_kg_times_the_weight_that_is_shown(weight: float, height: float, sex: str) -> None:
    made = plan("vecuronium", weight=f"{weight} kg", height=f"{height} cm", sex=sex)
    kg = dosed(made, "Weight for the doses")
    assert kg <= weight * 1.01
    assert dosed(made, "Intubating dose") == pytest.approx(0.1 * kg, rel=0.01)
    assert dosed(made, "Infusion") == pytest.approx(0.06 * kg, rel=0.01)  # 1 microgram/kg/min is 0.06 mg/kg/h
    deep, moderate = (dosed(made, f"Reversal with sugammadex, {depth} block") for depth in ("deep", "moderate"))
    assert deep == pytest.approx(4 * weight, rel=0.01)
    assert deep == pytest.approx(2 * moderate, rel=0.01)


# ---------------------------------------------------------------- times


def test_rocuroniums_published_times_stand_with_their_spread() -> None:
    made = plan("rocuronium")
    own = line(made, "Intubating dose of 0.6 mg/kg: a quarter of the twitch is back (clinical duration)")
    assert own.value == 31 and "from 15 to 85" in own.text
    assert line(made, "Intubating dose of 0.6 mg/kg: block of 80%").value == 1


def test_cisatracuriums_labelled_duration_stands_beside_the_models() -> None:
    made = plan("cisatracurium", observations=measured(temperature="37 °C"))
    label = line(made, "Intubating dose of 0.15 mg/kg: a quarter of the twitch is back (clinical duration)")
    assert label.value == 55 and "from 44 to 74" in label.text
    model = line(made, "Intubating dose of 10.5 mg: a quarter of the twitch is back (clinical duration), by a model")
    assert model.value is not None and 44 <= model.value <= 74


@pytest.mark.parametrize(
    "agent", ["rocuronium", "cisatracurium", "atracurium", "mivacurium", "succinylcholine", "vecuronium"]
)
def test_the_spread_of_a_model_is_in_order_about_its_typical_person(agent: str) -> None:
    found = [SPREAD.search(one.text) for one in plan(agent, observations=measured(temperature="37 °C")).reckoning]
    seen = [tuple(map(float, match.groups())) for match in found if match]
    assert seen
    for typical, low, high in seen:
        assert 0 <= low <= typical <= high


@given(
    weight=st.floats(50, 100),
    age=st.integers(20, 80),
    agent=st.sampled_from(("rocuronium", "atracurium", "cisatracurium")),
)
def test_the_spread_is_in_order_for_whoever_it_is(weight: float, age: int, agent: str) -> None:
    made = plan(agent, weight=f"{weight} kg", age=str(age))
    assume(made.refused is None)
    for one in made.reckoning:
        if match := SPREAD.search(one.text):
            typical, low, high = map(float, match.groups())
            assert low <= typical <= high


def test_the_time_to_a_ratio_of_0_9_is_kleijns() -> None:
    made = plan("rocuronium")
    own = line(made, "Intubating dose of 42 mg: train-of-four ratio of 0.9, by a model")
    assert own.value == pytest.approx(59, abs=5) and own.unit == "min"  # 58.8 min at 43 years in docs/validation
    assert "Kleijn 2011" in own.how


def test_sevoflurane_on_the_list_is_in_the_model_and_lengthens_it() -> None:
    name = "Intubating dose of 42 mg: train-of-four ratio of 0.9, by a model"
    own = line(plan("rocuronium", medicines=["sevoflurane inhaled"]), name)
    assert own.value is not None and own.value > 1.4 * dosed(plan("rocuronium"), name)
    assert "is not in it" not in own.text
    with_more = line(plan("rocuronium", medicines=["sevoflurane inhaled", "gentamicin 240 mg IV"]), name)
    assert "is not in it" in with_more.text


def test_a_twitch_is_not_called_a_ratio() -> None:
    made = plan("atracurium")
    models = [one for one in made.reckoning if one.what.endswith("by a model")]
    assert models and all("first twitch and not the ratio" in one.text for one in models)


def test_a_blocker_without_a_model_of_its_effect_says_so() -> None:
    assert line(plan("pancuronium"), "Recovery by a model").value is None


def test_older_people_get_pancuroniums_longer_duration() -> None:
    what = "Intubating dose of 0.07 to 0.1 mg/kg: a quarter of the twitch is back (clinical duration)"
    assert line(plan("pancuronium", age="80"), what).value == 73
    assert line(plan("pancuronium"), what).value == 44


# ---------------------------------------------------------------- what changes the block


def test_potentiation_and_resistance_come_from_the_findings_with_how_much() -> None:
    made = plan("rocuronium", medicines=["gentamicin 240 mg IV", "phenytoin 300 mg at night"])
    assert any("Gentamicin" in one.text for one in lines(made, "Deepens or lengthens"))
    weaker = line(made, "Weakens or shortens the block")
    assert "Phenytoin" in weaker.text and "Two of four people" in weaker.text
    assert {s.id for s in weaker.sources} >= {"esmeron-interactions", "rocuronium-label-us-quoted"}


def test_cold_says_how_much_longer() -> None:
    made = plan("vecuronium", observations=measured(temperature="34.5 °C"))
    assert "62 instead of 28 minutes" in line(made, "Deepens or lengthens the block").text


@pytest.mark.parametrize("agent", [a for a in ALL if a not in ("succinylcholine", "cisatracurium")])
def test_myasthenia_takes_the_usual_doses_away(agent: str) -> None:
    made = plan(agent, conditions=["myasthenia gravis"])
    assert line(made, "Usual doses").value is None
    assert not any(one.value for one in lines(made, "Intubating dose"))


# ---------------------------------------------------------------- reversal by depth


@pytest.mark.parametrize(
    ("shown", "depth", "amount"),
    [
        ({"train_of_four_ratio": "0.95"}, "recovered", None),
        ({"train_of_four_ratio": "95%"}, "recovered", None),
        ({"train_of_four_ratio": "0.9"}, "recovered", None),
        ({"train_of_four_ratio": "0.89"}, "minimal", 140),
        ({"train_of_four_ratio": "40%"}, "minimal", 140),
        ({"train_of_four_ratio": "0.39"}, "shallow", 140),
        ({"train_of_four_count": "4"}, "shallow", 140),
        ({"train_of_four_count": "3"}, "moderate", 140),
        ({"train_of_four_count": "2"}, "moderate", 140),
        ({"train_of_four_count": "2", "train_of_four_ratio": "0"}, "moderate", 140),
        ({"train_of_four_count": "1"}, "one twitch", 280),
        ({"train_of_four_count": "0", "post_tetanic_count": "2"}, "deep", 280),
        ({"train_of_four_count": "0", "post_tetanic_count": "1"}, "deep", 280),
        ({"train_of_four_count": "0", "post_tetanic_count": "0"}, "complete", None),
        ({"post_tetanic_count": "0"}, "complete", None),
    ],
)
@pytest.mark.parametrize("agent", ["rocuronium", "vecuronium"])
def test_sugammadex_goes_by_the_depth_that_was_typed_in(agent: str, shown: dict[str, str], depth: str, amount: float | None) -> None:  # fmt: skip
    made = plan(agent, observations=measured(**shown))
    assert made.needs_first == ()
    of_sugammadex = lines(made, "Reversal with sugammadex,")
    assert line(made, f"Reversal with sugammadex, {depth} block").value == amount
    assert len([one for one in of_sugammadex if "emergency" not in one.what]) == 1
    emergency = [one for one in of_sugammadex if "emergency" in one.what]
    assert bool(emergency) == (agent == "rocuronium" and depth in ("deep", "complete"))
    assert all(one.value == 1120 for one in emergency)  # 16 mg/kg
    assert bool(lines(made, "Reversal with neostigmine")) == (depth == "minimal")


@pytest.mark.parametrize(
    ("shown", "depth", "amount"),
    [
        ({"train_of_four_ratio": "0.92"}, "recovered", None),
        ({"train_of_four_ratio": "0.4"}, "minimal", 2.1),
        ({"train_of_four_ratio": "0.3"}, "shallow", None),
        ({"train_of_four_count": "4"}, "shallow", None),
        ({"train_of_four_count": "2"}, "moderate", None),
        ({"train_of_four_count": "0", "post_tetanic_count": "3"}, "deep or complete", None),
    ],
)
@pytest.mark.parametrize("agent", ["cisatracurium", "atracurium", "mivacurium", "pancuronium"])
def test_neostigmine_waits_for_a_minimal_block(agent: str, shown: dict[str, str], depth: str, amount: float | None) -> None:  # fmt: skip
    made = plan(agent, observations=measured(**shown))
    assert [one.what for one in lines(made, "Reversal with")] == [f"Reversal with neostigmine, {depth} block"]
    assert line(made, f"Reversal with neostigmine, {depth} block").value == amount


def test_neostigmine_in_the_uk_is_a_fixed_dose_and_by_weight_in_children() -> None:
    typed = measured(train_of_four_ratio="0.6")
    assert (
        dosed(plan("cisatracurium", country="UK", observations=typed), "Reversal with neostigmine, minimal block")
        == 2.5
    )
    child = plan("cisatracurium", country="UK", age="6", weight="20 kg", height="115 cm", observations=typed)
    assert dosed(child, "Reversal with neostigmine, minimal block") == 1


def test_without_a_train_of_four_the_whole_table_stands() -> None:
    made = plan("rocuronium")
    assert [one.value for one in lines(made, "Reversal with sugammadex")] == [None, 140, 140, 140, 280, 280, None, 1120]


def test_sixteen_mg_per_kg_is_not_for_children_nor_after_vecuronium() -> None:
    deep = measured(train_of_four_count="0", post_tetanic_count="1")
    assert not lines(
        plan("rocuronium", age="6", weight="20 kg", height="115 cm", observations=deep), "Reversal with sugammadex, in"
    )
    assert not lines(plan("vecuronium", observations=deep), "Reversal with sugammadex, in")


@pytest.mark.parametrize(
    ("shown", "need"),
    [
        ({"train_of_four_count": "0"}, "post-tetanic count"),
        ({"post_tetanic_count": "5"}, "train-of-four count"),
        ({"train_of_four_ratio": "0"}, "train-of-four count"),
        ({"train_of_four_count": "2", "train_of_four_ratio": "0.5"}, "train-of-four again"),
    ],
)
def test_what_does_not_settle_the_depth_is_asked_for(shown: dict[str, str], need: str) -> None:
    made = plan("rocuronium", observations=measured(**shown))
    assert any(n.startswith(need) for n in made.needs_first)
    assert not [one for one in lines(made, "Reversal with") if one.value is not None]


def test_yesterdays_train_of_four_does_not_count() -> None:
    made = plan("rocuronium", observations=[{"name": "TOF count", "value": "2", "date": "2026-11-21"}])
    assert len(lines(made, "Reversal with sugammadex")) == 8


def test_a_ratio_that_is_no_ratio_is_refused_when_read() -> None:
    with pytest.raises(InputError, match="train-of-four ratio"):
        plan("rocuronium", observations=measured(train_of_four_ratio="40"))


@given(ratio=st.one_of(st.none(), st.floats(0, 1.2)), count=st.one_of(st.none(), st.integers(0, 4)), ptc=st.one_of(st.none(), st.integers(0, 20)))  # fmt: skip
def test_whatever_was_typed_in_one_row_fits_or_something_is_asked_for(ratio: float | None, count: int | None, ptc: int | None) -> None:  # fmt: skip
    words = load_knowledge().words("blockade")["reversal"]
    depth, missing = settled(
        Depth(ratio, None if count is None else float(count), None if ptc is None else float(ptc)), words
    )
    if not missing and (ratio, count, ptc) != (None, None, None):
        assert depth.count is not None
        assert depth.count > 0 or depth.post_tetanic is not None


def test_severe_renal_impairment_withholds_sugammadex() -> None:
    made = plan("rocuronium", dialysis="haemodialysis", observations=measured(train_of_four_count="2"))
    own = line(made, "Reversal with sugammadex, moderate block")
    assert own.value is None and "not recommended" in own.text
    unknown = plan("rocuronium", labs=[], observations=measured(train_of_four_count="2"))
    assert "creatinine" in unknown.needs_first


def test_a_blocked_bowel_withholds_neostigmine() -> None:
    made = plan(
        "cisatracurium", conditions=["small bowel obstruction"], observations=measured(train_of_four_ratio="0.6")
    )
    own = line(made, "Reversal with neostigmine, minimal block")
    assert own.value is None and own.text.startswith("Withheld")


def test_a_contraceptive_is_minded_with_sugammadex() -> None:
    made = plan("rocuronium", sex="female", medicines=["desogestrel 75 micrograms once a day"], observations=measured(train_of_four_count="2"))  # fmt: skip
    assert any("7 days" in one.text for one in lines(made, "sugammadex: to mind"))
    assert line(made, "Reversal with sugammadex, moderate block").value == 140


def test_nothing_reverses_succinylcholine() -> None:
    made = plan("succinylcholine", observations=measured(train_of_four_count="2"))
    assert line(made, "Reversal").text == "No reversal agent is for it."
    assert any("Nothing reverses it" in one.text for one in made.reckoning)


# ---------------------------------------------------------------- who is refused, what is missing


@pytest.mark.parametrize(
    "said",
    [
        {"conditions": [{"name": "major burns", "since": "2026-11-01"}]},
        {"conditions": ["malignant hyperthermia"]},
        {"conditions": ["pseudocholinesterase deficiency"]},
        {"conditions": ["Guillain-Barre syndrome"]},
        {"conditions": ["Duchenne muscular dystrophy"]},
        {"conditions": ["prolonged immobility"]},
        {"conditions": [{"name": "spinal cord injury", "since": "2026-09-01"}]},
        {"labs": [{"name": "potassium", "value": "6.1 mmol/L", "date": DAY}]},
        {"allergies": ["rocuronium"]},
    ],
)
def test_a_danger_refuses_succinylcholine_without_being_named_in_the_review(said: dict[str, Any]) -> None:
    made = plan("succinylcholine", **said)
    assert made.refused
    assert not [one for one in made.reckoning if one.value is not None]
    assert any(one.how.startswith("DANGER") for one in made.reckoning)


def test_a_danger_of_the_review_refuses_and_its_summary_is_said() -> None:
    knowledge = load_knowledge()
    said = {
        "as_of": DAY,
        **SOUND,
        "conditions": ["suxamethonium apnoea"],
        "considering": ["mivacurium 0.2 mg/kg IV once"],
    }
    patient = read_patient(said, knowledge, today=TODAY)
    found = review(patient, knowledge=knowledge, predict=False).findings
    danger = next(f for f in found if f.tier == "DANGER" and "mivacurium" in f.agents)
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    made = block_plan("mivacurium", patient, medicines, facts, found)
    assert made.refused == danger.summary
    assert not lines(made, "Intubating dose")


def test_a_finding_that_was_handed_in_counts_even_where_the_rules_are_silent() -> None:
    knowledge = load_knowledge()
    said = {
        "as_of": DAY,
        **SOUND,
        "conditions": ["suxamethonium apnoea"],
        "considering": ["mivacurium 0.2 mg/kg IV once"],
    }
    found = review(read_patient(said, knowledge, today=TODAY), knowledge=knowledge, predict=False).findings
    assert plan("mivacurium").refused is None
    assert plan("mivacurium", tuple(found)).refused


def test_a_refused_blocker_that_was_given_keeps_its_way_out() -> None:
    made = plan("vecuronium", allergies=["rocuronium"], medicines=["vecuronium 7 mg IV"], observations=measured(train_of_four_count="2"))  # fmt: skip
    assert made.refused and not lines(made, "Intubating dose")
    assert dosed(made, "Reversal with sugammadex, moderate block") == 140
    assert lines(made, "Given, as read")


@pytest.mark.parametrize(
    ("away", "needs"),
    [("weight", {"weight"}), ("height", {"height"}), ("age", {"age"}), ("conditions", {"conditions"})],
)
def test_what_is_missing_is_named_and_never_guessed(away: str, needs: set[str]) -> None:
    made = plan("rocuronium" if away != "conditions" else "succinylcholine", **{away: None})
    assert needs <= set(made.needs_first)
    if away != "conditions":
        assert not [one for one in made.reckoning if one.what in ("Intubating dose", "Rapid sequence dose", "Infusion")]
        assert any("No dose is reckoned" in note for note in made.notes)


def test_in_obesity_the_sex_is_needed_for_an_ideal_weight() -> None:
    assert "sex" in plan("rocuronium", weight="120 kg", height="170 cm", sex=None).needs_first


def test_succinylcholine_needs_no_height() -> None:
    assert dosed(plan("succinylcholine", height=None), "Intubating dose") == 42


@pytest.mark.parametrize("agent", ALL)
def test_it_says_that_it_is_no_monitor(agent: str) -> None:
    made = plan(agent)
    assert "not a monitor" in made.title
    assert any("quantitative monitor" in note for note in made.notes)
    assert made.kind == "block" and made.steps == () and made.agents == (agent,)


def test_an_agent_that_blocks_nothing_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="no neuromuscular blocker"):
        plan("baclofen")
    with pytest.raises(InputError, match="no neuromuscular blocker"):
        plan("sugammadex")


def test_every_blocker_of_the_knowledge_can_be_planned(knowledge: Knowledge) -> None:
    family = {a.agent for a in knowledge.agents.values() if a.family == "neuromuscular blocker"}
    facts = Facts(inputs_of([], knowledge), knowledge, "US")
    assert set(blockers(facts)) == family == set(ALL)


def test_the_same_plan_comes_out_twice() -> None:
    one, two = (plan("rocuronium", **OBESE) for _ in range(2))
    assert msgspec.json.encode(one) == msgspec.json.encode(two)


# ---------------------------------------------------------------- the knowledge and the page


def test_the_shipped_entries_are_sound(knowledge: Knowledge) -> None:
    assert list(faults_of_blocks(knowledge)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("usual: 0.6, high: 0.6, unit: mg/kg", "usual: 0.7, high: 0.6, unit: mg/kg", "not in order"),
        ("usual: 0.6, high: 0.6, unit: mg/kg", "usual: 0.6, high: 0.6, unit: tablets", "a dose is not in"),
        ("rules: [block-burns]", "rules: [no-such-rule]", "no rule"),
        ("reverses: [rocuronium], depth", "reverses: [baclofen], depth", "no blocker with doses"),
        ("middle: 31, low: 15, high: 85", "middle: 31, low: 45, high: 85", "not in order"),
        ("effect: tof_ratio", "effect: no_effect", "no model of it"),
    ],
)
def test_a_fault_is_found(old: str, new: str, fault: str, tmp_path: Path) -> None:
    source = Path(__file__).parent.parent / "src" / "relaxant" / "knowledge" / "plans" / "block.yaml"
    written = source.read_text(encoding="utf-8")
    assert old in written
    (tmp_path / "block.yaml").write_text(written.replace(old, new, 1), encoding="utf-8")
    assert any(fault in what for _, what in faults_of_blocks(load_knowledge(str(tmp_path))))


def test_the_worked_plan_of_the_page_is_what_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.S)
    shown = re.search(r"```text\n(.*?)```", PAGE, re.S)
    assert code and shown
    exec(compile(code[1], "blockade.md", "exec"), {})
    assert capsys.readouterr().out == shown[1]
