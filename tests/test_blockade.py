"""Plans of neuromuscular block: labelled doses, the weight that they go by, times and spread, reversal by depth, who is refused, what is missing."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conftest import FULL
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.linting.block import faults_of_blocks
from relaxant.medicines.read import read_medicines
from relaxant.pharmacology.people.questions import TimeAnswer
from relaxant.planning import block_recovery
from relaxant.planning.block_depth import Depth, settled
from relaxant.planning.block_weight import ideal_weight_of_child
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
    return planned(load_knowledge(), agent, findings, said)


def planned(knowledge: Knowledge, agent: str, findings: tuple[Finding, ...], said: dict[str, Any]) -> Plan:
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


def test_the_plan_of_a_blocker_is_told_from_that_of_another() -> None:
    assert plan("pancuronium").id == "block-pancuronium"


@pytest.mark.parametrize(
    "said",
    [
        {"considering": ["sugammadex 140 mg IV"], "observations": measured(train_of_four_count="2")},
        {"medicines": ["sugammadex 200 mg IV"], "conditions": ["asthma"], "observations": measured(train_of_four_count="0", post_tetanic_count="0")},
        {"medicines": ["neostigmine 2.5 mg IV"], "observations": measured(train_of_four_count="1")},
        {"age": "4 days", "weight": "1.1 kg", "height": "36 cm", "country": "UK", "conditions": ["preterm birth at 28 weeks"]},
    ],
)  # fmt: skip
def test_what_is_written_is_what_a_program_reads(said: dict[str, Any]) -> None:
    """A service that reads the plan by its schema refuses a unit or sources that are null: the whole plan would be missing."""
    made = plan("rocuronium", **said)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Plan) == made and made.reckoning


def test_a_dose_that_is_a_range_says_both_ends_in_milligrams() -> None:
    made = plan("pancuronium", considering=["pancuronium 7 mg IV"])
    assert line(made, "Intubating dose").text.startswith("0.06 to 0.1 mg/kg. That is 4.2 to 7 mg.")
    assert line(made, "Order that is weighed").text.startswith("That is 0.1 mg/kg of actual weight (70 kg).")


@pytest.mark.parametrize(
    ("typed", "how"),
    [
        ({"observations": measured(train_of_four_ratio="0.7")}, "train-of-four ratio 0.7 (so 4 twitches); 2.5 mg as is usual, here 0.0312 mg/kg"),
        ({}, "one row of the table of depths; type a train-of-four to choose it; 2.5 mg as is usual, here 0.0312 mg/kg"),
    ],
)  # fmt: skip
def test_a_reversal_says_whether_its_depth_was_measured_and_what_it_is_by_weight(typed: dict[str, Any], how: str) -> None:  # fmt: skip
    made = plan("pancuronium", country="UK", medicines=["pancuronium 7 mg IV"], weight="80 kg", **typed)
    assert line(made, "Reversal with neostigmine, minimal block").how == how


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
    assert dosed(heavy, "Rapid sequence dose") == 500


# ---------------------------------------------------------------- the weight


@pytest.mark.parametrize("agent", [a for a in ALL if a != "succinylcholine"])
def test_in_obesity_a_competitive_blocker_goes_by_ideal_weight(agent: str) -> None:
    made = plan(agent, **OBESE)
    ideal = 45.5 + 2.3 * (165 / 2.54 - 60)
    weight = line(made, "Weight for the doses")
    assert weight.value == pytest.approx(ideal, rel=2e-3) and weight.how == "ideal weight: Devine"
    dose = line(made, "Intubating dose")
    assert "By actual weight (96 kg)" in dose.text and dose.how.endswith("56.9 kg (ideal weight)")
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
    weight=st.floats(12, 16),
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


def test_an_obese_child_is_dosed_by_ideal_weight_with_the_actual_one_beside() -> None:
    made = plan("rocuronium", age="14", weight="120 kg", height="165 cm")
    ideal = ideal_weight_of_child(165, female=False)
    assert ideal == pytest.approx(54.2, abs=0.1)  # Braillon 2017: 2.379 exp(1.895 x 1.65)
    own = line(made, "Intubating dose")
    assert own.value == pytest.approx(0.6 * ideal, rel=5e-3) and "By actual weight (120 kg): 72 mg." in own.text
    assert line(plan("rocuronium", age="14", weight="60 kg", height="165 cm"), "Weight for the doses").value == 60


@pytest.mark.parametrize(("weight", "by"), [("73 kg", "actual weight"), ("79 kg", "ideal weight")])
def test_mivacurium_in_the_us_goes_by_ideal_weight_from_130_percent_of_it(weight: str, by: str) -> None:
    made = plan("mivacurium", sex="female", weight=weight, height="165 cm")  # ideal 56.9 kg, BMI 26.8 and 29
    assert line(made, "Weight for the doses").how.startswith(by)


def test_without_an_ideal_weight_the_sentence_on_actual_weight_stays() -> None:
    own = line(plan("rocuronium", sex="female", age="50", weight="160 kg", height="150 cm"), "Weight for the doses")
    assert "actual weight hardly speeds the onset" in own.text and "US label takes actual weight" in own.text


# ---------------------------------------------------------------- what a finding does to a dose


def test_mivacuriums_infusion_is_halved_in_cirrhosis() -> None:
    ordinary, ill = plan("mivacurium"), plan("mivacurium", conditions=["cirrhosis"])
    assert dosed(ill, "Infusion") == pytest.approx(dosed(ordinary, "Infusion") / 2, rel=0.01)
    assert "Half of the usual rate" in line(ill, "Infusion").text


def test_vecuronium_on_dialysis_is_the_low_end() -> None:
    made = plan("vecuronium", dialysis="haemodialysis")
    assert dosed(made, "Intubating dose") == 5.6  # 0.08 mg/kg
    assert dosed(made, "Infusion") == 3.36  # 0.8 micrograms/kg/min


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
def test_atracurium_in_asthma_is_0_3_mg_per_kg_in_every_country(country: str) -> None:
    assert dosed(plan("atracurium", country=country, conditions=["asthma"]), "Intubating dose") == 21


def test_magnesium_takes_the_low_end_of_what_is_labelled() -> None:
    assert dosed(plan("rocuronium", medicines=["magnesium sulfate 4 g IV"]), "Intubating dose") == 31.5


@pytest.mark.parametrize("agent", ALL)
def test_before_term_no_dose_is_known(agent: str) -> None:
    early = {"age": "4 days", "weight": "1.1 kg", "height": "36 cm", "country": "UK"}
    made = plan(agent, **early, conditions=["preterm birth at 28 weeks"])
    assert not lines(made, "Intubating dose") and "Born before term" in line(made, "Usual doses").text


@settings(max_examples=200 if FULL else 10)  # each draws a population twice
@given(
    conditions=st.lists(st.sampled_from(("cirrhosis", "asthma", "Duchenne muscular dystrophy")), unique=True),
    medicines=st.lists(st.sampled_from(("magnesium sulfate 4 g IV", "sevoflurane inhaled", "gentamicin 240 mg IV")), unique=True),
    agent=st.sampled_from([a for a in ALL if a != "succinylcholine"]),
    country=st.sampled_from(("US", "UK", "DE")),
)  # fmt: skip
def test_what_deepens_a_block_never_raises_a_dose(conditions: list[str], medicines: list[str], agent: str, country: str) -> None:  # fmt: skip
    ill = plan(agent, country=country, conditions=conditions, medicines=medicines)
    well = {one.what: one.value for one in plan(agent, country=country).reckoning}
    for one in ill.reckoning:
        before = well.get(one.what)
        if one.what in ("Intubating dose", "Rapid sequence dose", "Repeat dose", "Infusion") and before:
            assert one.value is not None and one.value <= before * 1.001


# ---------------------------------------------------------------- what is weighed


@pytest.mark.parametrize(
    ("order", "mass", "verdict"),
    [
        ("succinylcholine 1.5 mg/kg IV once", 105, "within the doses below: 21 to 105 mg"),
        ("succinylcholine 2 mg/kg IV once", 140, "more than the doses below"),
        ("succinylcholine 10 mg IV once", 10, "less than the doses below"),
        ("succinylcholine 2 mg/kg intramuscular once", 140, "less than the doses below: 150 mg"),
    ],
)
def test_an_order_that_is_weighed_is_held_against_the_plan(order: str, mass: float, verdict: str) -> None:
    own = line(plan("succinylcholine", considering=[order]), "Order that is weighed")
    assert own.value == mass and verdict in own.text


def test_an_order_of_a_blocker_without_a_dose_says_so() -> None:
    own = line(plan("succinylcholine", conditions=["tetanus"], considering=["succinylcholine 80 mg IV once"]), "Order that is weighed")  # fmt: skip
    assert "No dose is planned to hold it against" in own.text


@pytest.mark.parametrize(
    ("said", "what", "amount"),
    [
        ({}, "Rapid sequence dose", 70),
        ({}, "Dose into a muscle", 150),
        ({"age": "5", "weight": "18 kg", "height": "108 cm"}, "Intubating dose", 36),
        ({"age": "5", "weight": "18 kg", "height": "108 cm"}, "Dose into a muscle", 54),
        ({"age": "12", "weight": "40 kg", "height": "150 cm"}, "Intubating dose", 40),
        ({"age": "12", "weight": "40 kg", "height": "150 cm"}, "Dose into a muscle", 120),
        ({"age": "5", "weight": "18 kg", "height": "108 cm", "country": "UK"}, "Dose into a muscle", 72),
        ({}, "Repeat dose", 2.8),
    ],
)
def test_succinylcholine_for_rapid_sequence_children_and_muscle(said: dict[str, Any], what: str, amount: float) -> None:
    assert dosed(plan("succinylcholine", **said), what) == pytest.approx(amount)


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
    ("typical", "interval", "said"),
    [
        (30.0, (20.0, 28.0, 45.0), "30 min in the typical person; 20 to 45 in 9 of 10 such people."),
        (30.0, (30.0, 30.0, 30.0), "30 min in the typical person; no spread between people was published."),
        (30.0, (20.0, 28.0, math.inf), "30 min in the typical person. Not within 400 min in some of them."),
        (math.inf, (20.0, math.inf, math.inf), "Not within 400 min in some of them."),
    ],
)
def test_a_block_that_does_not_end_in_the_time_looked_at_has_no_longest_time(
    typical: float, interval: tuple[float, float, float], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(person: object, doses: object, *, level: float, output: str, normalised: bool) -> TimeAnswer:
        return TimeAnswer(
            question="time_to_train_of_four", model="", output=output, level=level, typical=typical, interval=interval, unit="min", by=None,
            chance=None, never_below=0.0, looked=400.0, draws=1000, based_on="",
        )  # fmt: skip

    monkeypatch.setattr(block_recovery, "time_to_train_of_four", answered)
    found = [one for one in plan("rocuronium").reckoning if one.what.endswith("by a model")]
    assert found and all(one.text.startswith(said) for one in found)
    assert {one.value for one in found} == {None if math.isinf(typical) else typical}


@pytest.mark.parametrize(
    "agent", ["rocuronium", "cisatracurium", "atracurium", "mivacurium", "succinylcholine", "vecuronium"]
)
def test_the_spread_of_a_model_is_in_order_about_its_typical_person(agent: str) -> None:
    found = [SPREAD.search(one.text) for one in plan(agent, observations=measured(temperature="37 °C")).reckoning]
    seen = [tuple(map(float, match.groups())) for match in found if match]
    assert seen
    for typical, low, high in seen:
        assert 0 <= low <= typical <= high


@settings(max_examples=200 if FULL else 10)  # each draws a population twice
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


def test_a_spread_from_nought_says_that_some_are_not_blocked() -> None:
    made = plan("rocuronium", sex="female", age="50", weight="160 kg", height="150 cm")
    own = line(made, "Intubating dose of 34.1 mg: train-of-four ratio of 0.9, by a model")
    assert "some are not blocked so far" in own.text and "0 to" not in own.text


def test_pancuroniums_two_durations_say_why_they_differ() -> None:
    found = [one for one in plan("pancuronium").reckoning if "a quarter of the twitch" in one.what]
    assert {one.value for one in found} == {44, 100} and all("label's number" in one.text for one in found)


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
    named = depth if depth in ("recovered", "one twitch") else f"{depth} block"
    own = line(made, f"Reversal, {named}" if amount is None else f"Reversal with sugammadex, {named}")
    assert own.value == amount
    emergency = lines(made, "Reversal with sugammadex, emergency")
    assert bool(emergency) == (agent == "rocuronium" and depth == "complete")
    assert all(one.value == 1120 for one in emergency)  # 16 mg/kg
    others = [one for one in lines(made, "Reversal") if one is not own and one not in emergency]
    assert [one.what for one in others] == (["Reversal with neostigmine, minimal block"] if depth == "minimal" else [])


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
    named = depth if depth == "recovered" else f"{depth} block"
    what = f"Reversal, {named}" if amount is None else f"Reversal with neostigmine, {named}"
    assert [one.what for one in lines(made, "Reversal")] == [what]
    assert line(made, what).value == amount


def test_neostigmine_in_the_uk_is_a_fixed_dose_below_0_04_mg_per_kg_and_by_weight_in_children() -> None:
    typed = measured(train_of_four_ratio="0.6")
    what = "Reversal with neostigmine, minimal block"
    assert dosed(plan("cisatracurium", country="UK", observations=typed), what) == 2.5
    small = line(
        plan("cisatracurium", country="DE", age="79", weight="38 kg", height="150 cm", observations=typed), what
    )
    assert small.value == 1.52
    assert "here 0.0658 mg/kg" in small.how and "cut to 0.04 mg/kg or 5 mg" in small.how
    child = plan("cisatracurium", country="UK", age="6", weight="20 kg", height="115 cm", observations=typed)
    assert dosed(child, what) == 0.8


def test_without_a_train_of_four_the_whole_table_stands() -> None:
    made = plan("rocuronium")
    of_sugammadex = [one.value for one in lines(made, "Reversal with sugammadex")]
    assert of_sugammadex == [140, 140, 140, 280, 280, 1120]
    assert [one.what for one in lines(made, "Reversal, ")] == ["Reversal, recovered", "Reversal, complete block"]


@pytest.mark.parametrize(
    ("given", "counts", "shown"),
    [
        ("rocuronium 84 mg IV", {"train_of_four_count": "0", "post_tetanic_count": "0"}, True),  # 1.2 mg/kg
        ("rocuronium IV", {"train_of_four_count": "0", "post_tetanic_count": "0"}, True),  # nobody knows how much
        ("rocuronium 42 mg IV", {"train_of_four_count": "0", "post_tetanic_count": "0"}, False),  # 0.6 mg/kg
        ("rocuronium 84 mg IV", {"train_of_four_count": "0", "post_tetanic_count": "2"}, False),  # deep: 4 mg/kg
    ],
)
def test_sixteen_mg_per_kg_is_for_no_count_after_about_1_2_mg_per_kg(given: str, counts: dict[str, str], shown: bool) -> None:  # fmt: skip
    made = plan("rocuronium", medicines=[given], observations=measured(**counts))
    assert bool(lines(made, "Reversal with sugammadex, emergency")) is shown


def test_sixteen_mg_per_kg_is_not_for_children_nor_after_vecuronium() -> None:
    deep = measured(train_of_four_count="0", post_tetanic_count="0")
    assert not lines(
        plan("rocuronium", age="6", weight="20 kg", height="115 cm", observations=deep), "Reversal with sugammadex, em"
    )
    assert not lines(plan("vecuronium", observations=deep), "Reversal with sugammadex, em")


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
    assert len(lines(made, "Reversal with sugammadex")) == 6
    own = line(made, "Train-of-four on record")
    assert own.how == "train-of-four count 2" and "Of 2026-11-21, not of today" in own.text
    assert "train-of-four of today" in made.needs_first


def test_a_train_of_four_that_nobody_can_read_is_named_in_the_plan() -> None:
    made = plan("rocuronium", observations=[{"name": "train-of-four", "value": "1", "date": DAY}])
    own = line(made, "Train-of-four on record")
    assert own.how == "train-of-four 1" and "could not be read" in own.text
    others = [
        *measured(twitches_of_the_left_hand="2"),
        *measured(hand_grip="4"),
    ]  # no name that is known: one is of twitches
    assert line(plan("rocuronium", observations=others), "Train-of-four on record").how == "twitches of the left hand 2"
    assert not lines(plan("rocuronium", observations=measured(train_of_four_count="2")), "Train-of-four on record")


def test_twitches_that_follow_from_a_ratio_are_not_shown_as_typed() -> None:
    made = plan("rocuronium", observations=measured(train_of_four_ratio="0.35"))
    own = line(made, "Reversal with sugammadex, shallow block")
    assert own.how.startswith("train-of-four ratio 0.35 (so 4 twitches)")
    counted = line(
        plan("rocuronium", observations=measured(train_of_four_count="2")), "Reversal with sugammadex, moderate block"
    )
    assert counted.how.startswith("train-of-four count 2; ")  # what was counted follows from nothing


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


def test_severe_renal_impairment_keeps_sugammadexs_amount_with_the_warning() -> None:
    on_dialysis = {"dialysis": "haemodialysis"}
    made = plan("rocuronium", **on_dialysis, observations=measured(train_of_four_count="2"))
    own = line(made, "Reversal with sugammadex, moderate block")
    assert own.value == 140 and "labels advise against it" in own.text and "then neostigmine" in own.text
    table = plan("rocuronium", **on_dialysis)
    assert len([one for one in table.reckoning if "labels advise against it" in one.text]) == 1
    assert dosed(table, "Reversal with sugammadex, emergency after a large dose") == 1120
    unknown = plan("rocuronium", labs=[], observations=measured(train_of_four_count="2"))
    assert "creatinine" in unknown.needs_first


def test_a_blocked_bowel_takes_neostigmines_amount_away_and_says_so_once() -> None:
    made = plan(
        "cisatracurium", conditions=["small bowel obstruction"], observations=measured(train_of_four_ratio="0.6")
    )
    own = line(made, "Reversal with neostigmine")
    assert own.value is None and own.text.startswith("Not for this person")
    assert len(lines(made, "Reversal")) == 1


@pytest.mark.parametrize("shown", [{"train_of_four_ratio": "0.5"}, {"train_of_four_count": "1"}])
def test_where_neither_reversal_is_first_choice_they_do_not_point_at_each_other(shown: dict[str, str]) -> None:
    made = plan(
        "rocuronium",
        conditions=["small bowel obstruction"],
        dialysis="haemodialysis",
        medicines=["rocuronium 50 mg IV"],
        observations=measured(**shown),
    )
    own = next(one for one in lines(made, "Reversal with sugammadex"))
    assert own.value and own.text.startswith("Ventilate and sedate until the block has gone. If the airway demands")
    said = " ".join(one.text for one in lines(made, "Reversal"))
    assert "use neostigmine" not in said.lower() and "with sugammadex, or wait" not in said


@pytest.mark.parametrize("country", ["US", "UK"])
@pytest.mark.parametrize("agent", ["rocuronium", "cisatracurium"])
def test_neostigmine_that_was_given_counts(agent: str, country: str) -> None:
    typed = measured(train_of_four_ratio="0.6")
    what = "Reversal with neostigmine, minimal block"
    usual = dosed(plan(agent, country=country, observations=typed), what)
    some = line(plan(agent, country=country, medicines=["neostigmine 1 mg IV"], observations=typed), what)
    assert some.value == pytest.approx(usual - 1) and "1 mg given already" in some.how
    for first in ("neostigmine 2.5 mg IV", "neostigmine 5 mg IV"):
        full = plan(agent, country=country, medicines=[first], observations=typed)
        assert line(full, what).value is None and "no more of it now" in line(full, what).text
        assert "glycopyrronium" not in line(full, what).text  # how it is given is not said of what is not to be given
        assert "Ventilate" in line(full, "neostigmine was given already").text
    unknown = plan(agent, country=country, medicines=["neostigmine IV"], observations=typed)
    assert line(unknown, what).value is None
    assert "how much neostigmine was given" in unknown.needs_first


@given(first=st.floats(0.1, 5), weight=st.floats(35, 120), ratio=st.floats(0.4, 0.89))
def test_neostigmine_never_passes_its_dose_at_this_depth(first: float, weight: float, ratio: float) -> None:
    made = plan(
        "cisatracurium",
        weight=f"{weight} kg",
        medicines=[f"neostigmine {first:.2f} mg IV"],
        observations=measured(train_of_four_ratio=f"{ratio:.2f}"),
    )
    more = line(made, "Reversal with neostigmine, minimal block").value or 0
    assert more == 0 or round(first, 2) + more <= 0.0305 * weight


def test_sugammadex_that_was_given_counts_and_a_block_that_came_back_has_its_own_dose() -> None:
    made = plan("rocuronium", medicines=["sugammadex 200 mg IV"], observations=measured(train_of_four_ratio="0.6"))
    assert line(made, "Reversal with sugammadex, minimal block").value is None
    assert dosed(made, "sugammadex was given already") == 280  # 4 mg/kg
    deeper = plan("rocuronium", medicines=["sugammadex 200 mg IV"], observations=measured(train_of_four_count="1"))
    rest = line(deeper, "Reversal with sugammadex, one twitch")
    assert rest.value == 80 and "the whole is due" in rest.text
    earlier = [{"drug": "sugammadex", "dose": "200 mg", "route": "intravenous", "start": "2026-11-20"}]
    again = plan("rocuronium", medicines=earlier, observations=measured(train_of_four_count="2"))
    assert dosed(again, "Reversal with sugammadex, moderate block") == 140


def test_sugammadex_whose_amount_nobody_knows_makes_neostigmine_wait_for_nothing() -> None:
    """Only where it was given in full is there no amount of the other until it has had its minutes."""
    typed = measured(train_of_four_ratio="0.6")
    unknown = plan("rocuronium", medicines=["sugammadex IV"], observations=typed)
    assert dosed(unknown, "Reversal with neostigmine, minimal block") == 2.1
    assert any("how much sugammadex was given" in need for need in unknown.needs_first)
    whole = plan("rocuronium", medicines=["sugammadex 200 mg IV"], observations=typed)
    assert line(whole, "Reversal with neostigmine, minimal block").value is None


@pytest.mark.parametrize(("order", "said"), [("sugammadex 140 mg IV", (140, "mg")), ("sugammadex IV", (None, ""))])
def test_an_order_of_a_reversal_agent_stands_with_its_unit(order: str, said: tuple[float | None, str]) -> None:
    own = line(plan("rocuronium", considering=[order], observations=measured(train_of_four_count="2")), "Order of sugammadex that is weighed")  # fmt: skip
    assert (own.value, own.unit) == said


def test_what_was_given_is_listed_whichever_agent_it_is() -> None:
    made = plan("rocuronium", medicines=["rocuronium 50 mg IV", "neostigmine 2.5 mg IV", "vecuronium 5 mg IV"])
    said = " ".join(one.text for one in lines(made, "Given, as read"))
    assert all(name in said for name in ("rocuronium", "neostigmine", "vecuronium"))


@pytest.mark.parametrize("condition", ["myasthenia gravis", "Lambert-Eaton myasthenic syndrome"])
def test_in_myasthenia_neostigmine_has_no_amount(condition: str) -> None:
    typed = measured(train_of_four_ratio="0.85")
    made = plan("rocuronium", conditions=[condition], medicines=["rocuronium 30 mg IV"], observations=typed)
    assert line(made, "Reversal with neostigmine").value is None
    assert dosed(made, "Reversal with sugammadex, minimal block") == 140
    assert not any("first dose" in one.text for one in lines(made, "Usual doses"))  # paralysed already
    other = plan("cisatracurium", conditions=[condition], observations=typed)
    assert line(other, "Reversal with neostigmine").value is None


def test_in_myasthenia_rocuronium_has_a_reduced_first_dose_with_its_study() -> None:
    own = line(plan("rocuronium", conditions=["myasthenia gravis"]), "Reduced first dose")
    assert own.value == 21 and own.sources[0].id == "ulke-2013"


def test_anaphylaxis_and_a_slow_heart_stand_with_sugammadex() -> None:
    said = " ".join(one.text for one in lines(plan("rocuronium"), "sugammadex: to mind"))
    assert "Anaphylaxis" in said and "bradycardia" in said


def test_a_contraceptive_is_minded_with_sugammadex() -> None:
    made = plan("rocuronium", sex="female", medicines=["desogestrel 75 micrograms once a day"], observations=measured(train_of_four_count="2"))  # fmt: skip
    assert any("7 days" in one.text for one in lines(made, "sugammadex: to mind"))
    assert line(made, "Reversal with sugammadex, moderate block").value == 140


def test_a_depth_that_no_row_of_a_pack_is_for_is_named() -> None:
    """Where a ward's own table ends at the minimal block, two twitches leave no amount, and the plan says for which depth."""
    knowledge = load_knowledge()
    blocks = {name: msgspec.structs.replace(block, reversals=tuple(r for r in block.reversals if r.ratio_from is not None)) for name, block in knowledge.plans.blocks.items()}  # fmt: skip
    packed = msgspec.Raw(msgspec.msgpack.encode(msgspec.structs.replace(knowledge.plans, blocks=blocks)))
    ward = msgspec.structs.replace(knowledge, sha256="a table that ends", plans_packed=packed)
    made = planned(ward, "rocuronium", (), {"observations": measured(train_of_four_count="2")})
    assert "train-of-four count 2" in line(made, "Reversal").text
    assert not [one for one in lines(made, "Reversal") if one.value is not None]


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
        {"conditions": ["spinal cord injury", "paraplegia"]},
        {"conditions": ["stroke"]},
        {"conditions": ["subarachnoid haemorrhage"]},
        {"conditions": ["tetanus"]},
        {"conditions": ["botulism"]},
        {"conditions": ["intra-abdominal sepsis"]},
        {"conditions": [{"name": "peritonitis", "since": "2026-11-01"}]},
        {"conditions": ["Charcot-Marie-Tooth disease"]},
        {"conditions": ["G61.81"]},
        {"conditions": ["organophosphate poisoning"]},
        {"medicines": ["vecuronium infusion 5 mg/h IV since 2026-11-15"]},
        {"labs": [{"name": "potassium", "value": "6.1 mmol/L", "date": DAY}]},
        {"allergies": ["rocuronium"]},
    ],
)
def test_a_danger_refuses_succinylcholine_without_being_named_in_the_review(said: dict[str, Any]) -> None:
    made = plan("succinylcholine", **said)
    assert made.refused
    assert not [one for one in made.reckoning if one.value is not None]
    assert any(one.how.startswith("DANGER") for one in made.reckoning)
    assert all(note.startswith("Instead: ") for note in made.notes[2:])


@pytest.mark.parametrize(
    ("said", "need"),
    [
        ({"conditions": ["peritonitis"]}, "when peritonitis began"),
        ({"labs": []}, "potassium"),
        ({"allergies": None}, "allergies"),
        ({"medicines": ["vecuronium 7 mg IV"]}, "how long the other medicines have been taken"),
        ({"conditions": ["suspected tetanus"]}, "conditions"),
    ],
)
def test_a_danger_that_is_not_settled_shows_no_dose(said: dict[str, Any], need: str) -> None:
    made = plan("succinylcholine", **said)
    assert made.refused is None and need in made.needs_first
    assert not [one for one in made.reckoning if one.value is not None]
    assert need in line(made, "Usual doses").text


@pytest.mark.parametrize(
    "said",
    [
        {"conditions": ["multiple sclerosis"]},
        {"conditions": [{"name": "spinal cord injury", "since": "2020-01-01"}]},
        {"conditions": [{"name": "stroke", "since": "2025-10-01"}]},
    ],
)
def test_an_old_upper_motor_neurone_lesion_takes_succinylcholines_dose_away(said: dict[str, Any]) -> None:
    made = plan("succinylcholine", **said)
    assert made.refused is None and line(made, "Usual doses").value is None
    assert not lines(made, "Intubating dose") and not lines(made, "Rapid sequence dose")


def test_in_the_first_days_after_a_head_injury_succinylcholine_keeps_its_dose() -> None:
    assert dosed(plan("succinylcholine", conditions=[{"name": "traumatic brain injury", "since": DAY}]), "Intubating dose") == 42  # fmt: skip


def test_one_altered_gene_of_cholinesterase_is_understood() -> None:
    made = plan("succinylcholine", conditions=["heterozygous pseudocholinesterase deficiency"])
    assert made.refused is None
    assert any("One altered cholinesterase gene" in one.text for one in made.reckoning)


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


@pytest.mark.parametrize(("away", "agent", "age"), [("height", "rocuronium", "8"), ("sex", "rocuronium", "8"), ("height", "mivacurium", "40")])  # fmt: skip
def test_a_weight_that_may_be_far_from_ideal_is_not_dosed_by_without_what_tells(
    away: str, agent: str, age: str
) -> None:
    body = {"weight": "60 kg", "height": "125 cm"} if age == "8" else {}
    made = plan(agent, age=age, **{**body, away: None})
    assert made.needs_first == (away,)
    assert not lines(made, "Intubating dose") and not lines(made, "Infusion")


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
        ("purposes: [infusion], share: 0.5", "purposes: [infusion], share: 1.5", "between nought and one"),
        (
            "purposes: [infusion], share: 0.5",
            "purposes: [rapid sequence], share: 0.5",
            "no dose “rapid sequence” to make less",
        ),
        ("warnings:\n      - {rules: [sugammadex-kidney]", "warnings:\n      - {rules: [no-such-rule]", "no rule"),
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


@pytest.mark.parametrize(
    ("dialysis", "creatinine", "day", "given"),
    [
        ("haemodialysis", "0.9 mg/dL", "2026-11-21", False),
        ("none", "6 mg/dL", "2026-11-21", False),
        ("none", "0.9 mg/dL", "2026-11-21", True),
        ("haemodialysis", "6 mg/dL", DAY, True),
        ("none", "6 mg/dL", DAY, True),
    ],
)
def test_with_weak_kidneys_a_potassium_of_today_alone_settles(
    dialysis: str, creatinine: str, day: str, given: bool
) -> None:
    labs = [
        {"name": "creatinine", "value": creatinine, "date": "2026-11-21"},
        {"name": "potassium", "value": "4.1 mmol/L", "date": day},
    ]
    made = plan("succinylcholine", dialysis=dialysis, labs=labs)
    assert bool(lines(made, "Intubating dose")) is given
    assert made.needs_first == (() if given else ("a potassium of today",))


@pytest.mark.parametrize(("value", "rule"), [("4.9", None), ("5.0", "upper"), ("5.5", "upper"), ("5.6", "refused")])
def test_a_potassium_at_the_upper_limit_is_said_beside_the_dose(value: str, rule: str | None) -> None:
    labs = [SOUND["labs"][0], {"name": "potassium", "value": f"{value} mmol/L", "date": DAY}]
    made = plan("succinylcholine", labs=labs)
    assert bool([one for one in made.reckoning if "succinylcholine-potassium-upper" in one.how]) is (rule == "upper")
    assert bool(lines(made, "Intubating dose")) is (rule != "refused") and bool(made.refused) is (rule == "refused")


@pytest.mark.parametrize("agent", ["rocuronium", "cisatracurium"])
@pytest.mark.parametrize("count", ["1", "2", "3", "4"])
def test_neostigmine_that_was_given_is_said_where_it_has_no_amount(agent: str, count: str) -> None:
    medicines = [f"{agent} 30 mg IV once", "neostigmine 2.5 mg IV once"]
    made = plan(agent, medicines=medicines, observations=measured(train_of_four_count=count))
    own = line(made, "neostigmine was given already")
    assert own.how == "2.5 mg today" and "more neostigmine weakens" in own.text and own.sources
    assert any("neostigmine-alone" in one.how and "CHANGE" in one.how for one in lines(made, "neostigmine: to mind"))
    assert not [one for one in lines(made, "Reversal with neostigmine") if one.value is not None]
    with_atropine = plan(agent, medicines=[*medicines, "atropine 1.2 mg IV once"], observations=measured(train_of_four_count=count))  # fmt: skip
    assert not [one for one in with_atropine.reckoning if "neostigmine-alone" in one.how]


def test_sugammadex_that_was_given_is_said_under_a_complete_block_without_an_amount() -> None:
    medicines = ["rocuronium 50 mg IV once", "sugammadex 200 mg IV once"]
    made = plan("rocuronium", medicines=medicines, observations=measured(train_of_four_count="0", post_tetanic_count="0"))  # fmt: skip
    own = line(made, "sugammadex was given already")
    assert own.value is None and own.how == "200 mg today" and "measure again" in own.text


def test_nothing_more_is_said_of_neostigmine_once_the_block_has_gone() -> None:
    medicines = ["cisatracurium 10 mg IV once", "neostigmine 2.5 mg IV once"]
    made = plan("cisatracurium", medicines=medicines, observations=measured(train_of_four_ratio="0.95"))
    assert not lines(made, "neostigmine was given already")


def test_twitches_in_short_choose_the_row() -> None:
    made = plan("rocuronium", observations=[{"name": "TOF", "value": "2/4", "date": DAY}])
    assert line(made, "Reversal with sugammadex, moderate block").value == 140


def test_a_train_of_four_without_a_day_is_not_used_as_it_says() -> None:
    made = plan("rocuronium", observations=["TOF 2/4"])
    assert "it is not used" in line(made, "Train-of-four on record").text
    assert len(lines(made, "Reversal with sugammadex")) == 6 and "train-of-four of today" in made.needs_first
