"""Facts: values with their method, unknowns with what would settle them, and honesty about creatinine."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conftest import TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.renal import cockcroft_gault_weight_floor
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.reviewing import Review
from relaxant.shown_facts import Fact

WOMAN: dict[str, Any] = {
    "sex": "female",
    "age": "58",
    "weight": "61 kg",
    "height": "165 cm",
    "conditions": [],
    "allergies": [],
}
KIDNEY = {"labs": [{"name": "creatinine", "value": "1.6 mg/dL", "date": "2026-11-10"}]}
BACLOFEN = {"medicines": ["baclofen 10 mg three times a day since 2024-01-05"]}


def fact(review: Review, name: str) -> Fact:
    return next(f for f in review.facts if f.name == name)


def outcome(review: Review, rule: str) -> str:
    return next((c.outcome for c in review.checks if c.rule == rule), "no check")


def test_kidney_with_method_inputs_and_source() -> None:
    review = reviewed({**WOMAN, **KIDNEY, **BACLOFEN})
    egfr = fact(review, "egfr")
    # CKD-EPI 2021: 142 * (1.6/0.7)^-1.2 * 0.9938^58 * 1.012 = 37.1
    assert egfr.value == pytest.approx(37.1, abs=0.1)
    assert (egfr.method, egfr.unit, egfr.source) == ("CKD-EPI 2021", "mL/min/1.73 m2", "ckd-epi-2021")
    clearance = fact(review, "creatinine_clearance")
    # Cockcroft-Gault on the ideal weight, 56.9 kg: (140-58) * 56.9 * 0.85 / (72 * 1.6) = 34.4
    assert clearance.value == pytest.approx(34.4, abs=0.1)
    assert "ideal weight" in clearance.method


def test_dosing_uses_the_absolute_value() -> None:
    review = reviewed({**WOMAN, **KIDNEY, **BACLOFEN})
    assert fact(review, "kidney_function").unit == "mL/min"
    indexed, absolute, surface = (fact(review, n).value for n in ("egfr", "egfr_absolute", "bsa"))
    assert isinstance(indexed, float) and isinstance(absolute, float) and isinstance(surface, float)
    assert absolute == pytest.approx(indexed * surface / 1.73, rel=1e-4)


def test_a_stale_creatinine_is_unknown_and_shown() -> None:
    review = reviewed(
        {**WOMAN, **BACLOFEN, "labs": [{"name": "creatinine", "value": "1.6 mg/dL", "date": "2025-01-10"}]}
    )
    egfr = fact(review, "egfr")
    assert egfr.unknown and "creatinine" in egfr.settled_by
    assert any("2025-01-10" in words and "1.6" in words for words in review.limits)


def test_unknown_sex_runs_both_formulas_and_decides_only_if_they_agree() -> None:
    unsaid = {**WOMAN, **BACLOFEN, "sex": "unknown"}
    between = fact(reviewed({**unsaid, **KIDNEY}), "egfr")
    assert between.unknown and between.low is not None and between.high is not None
    assert between.low == pytest.approx(37.1, abs=0.1) and between.high > between.low
    clear = reviewed({**unsaid, "labs": [{"name": "creatinine", "value": "5 mg/dL", "date": "2026-11-10"}]})
    assert outcome(clear, "baclofen-severe-kidney-disease") == "fires"
    split = reviewed(
        {**unsaid, "dialysis": "none", "labs": [{"name": "creatinine", "value": "2.2 mg/dL", "date": "2026-11-10"}]}
    )
    assert outcome(split, "baclofen-severe-kidney-disease") == "could not check"


@pytest.mark.parametrize(
    "because", [{"muscle_mass": "low"}, {"conditions": ["quadriplegia"]}, {"conditions": ["muscular dystrophy"]}]
)
def test_creatinine_flatters_where_muscle_is_low(because: dict[str, Any]) -> None:
    healthy = {"labs": [{"name": "creatinine", "value": "0.6 mg/dL", "date": "2026-11-10"}]}
    review = reviewed({**WOMAN, **healthy, **BACLOFEN, **because})
    egfr = fact(review, "egfr")
    assert egfr.unknown and egfr.high is not None and egfr.high > 90
    assert "cystatin C" in egfr.settled_by
    assert outcome(review, "baclofen-severe-kidney-disease") == "could not check"
    assert any(u.settled_by == "cystatin C" for u in review.unchecked)


def test_cystatin_c_settles_it() -> None:
    labs = {
        "labs": [
            {"name": "creatinine", "value": "0.6 mg/dL", "date": "2026-11-10"},
            {"name": "cystatin C", "value": "2.4 mg/L", "date": "2026-11-10"},
        ]
    }
    review = reviewed({**WOMAN, **labs, **BACLOFEN, "muscle_mass": "low"})
    assert "cystatin C" in fact(review, "egfr").method
    assert outcome(review, "baclofen-severe-kidney-disease") == "fires"


def test_a_rising_creatinine_is_an_upper_bound() -> None:
    rising = {
        "labs": [
            {"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-18"},
            {"name": "creatinine", "value": "1.3 mg/dL", "date": "2026-11-21"},
        ]
    }
    review = reviewed({**WOMAN, **rising, **BACLOFEN})
    assert fact(review, "acute_kidney_injury").value is True
    assert fact(review, "egfr").unknown


def test_height_unknown_widens_the_clearance() -> None:
    no_height = {k: v for k, v in WOMAN.items() if k != "height"}
    clearance = fact(reviewed({**no_height, **KIDNEY, **BACLOFEN, "weight": "110 kg"}), "creatinine_clearance")
    assert (
        clearance.unknown
        and clearance.low is not None
        and clearance.high is not None
        and clearance.low < clearance.high
    )
    assert "height" in clearance.settled_by


def test_the_least_weight_where_height_is_unknown_goes_by_the_same_policy(knowledge: Knowledge) -> None:
    """The policy says from which index on a weight is adjusted; the least weight that a missing height leaves follows it too."""
    policy = knowledge.policies["adjusted_weight_from_bmi"]
    policies = {**knowledge.policies, policy.policy: msgspec.structs.replace(policy, value=40.0)}
    other = msgspec.structs.replace(knowledge, sha256="other", policies=policies)
    person = {"sex": "male", "age": 58, "weight": "110 kg", **KIDNEY, "medicines": []}
    patient = read_patient({"as_of": "2026-11-22", **person}, knowledge, today=TODAY)
    inputs = inputs_of([(patient, ())], knowledge)
    usual, own = (Facts(inputs, known, "US").column("creatinine_clearance") for known in (knowledge, other))
    floors = [cockcroft_gault_weight_floor(110, 0, 58, adjust_from_bmi=bmi).item() for bmi in (policy.value, 40.0)]
    assert own.low.item() / usual.low.item() == pytest.approx(floors[1] / floors[0])
    assert floors[0] != floors[1]


def test_pregnancy_is_not_asked_of_a_man_nor_of_the_old() -> None:
    for person in ({"sex": "male", "age": "30"}, {"sex": "female", "age": "70"}):
        review = reviewed({**person, **BACLOFEN})
        assert all(u.settled_by != "pregnant" or u.folded for u in review.unchecked)
    asked = reviewed({"sex": "female", "age": "30", **BACLOFEN})
    assert any(u.settled_by == "pregnant" for u in asked.unchecked)


def test_dialysis_is_not_asked_where_the_kidneys_work() -> None:
    folded = {u.settled_by: u.folded for u in reviewed({**WOMAN, **KIDNEY, **BACLOFEN}).unchecked}
    assert folded["dialysis"]
    assert any(u.settled_by == "dialysis" and not u.folded for u in reviewed({**WOMAN, **BACLOFEN}).unchecked)
    assert outcome(reviewed({**WOMAN, **KIDNEY, **BACLOFEN}), "baclofen-severe-kidney-disease") == "could not check"


def test_loads_name_what_they_count() -> None:
    review = reviewed(
        {
            **WOMAN,
            "medicines": [
                "baclofen 10 mg tds",
                "zopiclone 7.5 mg at night",
                "oxycodone 10 mg twice a day",
                "amlodipine 5 mg daily",
            ],
        }
    )
    assert fact(review, "sedative_count").value == 3
    assert set(fact(review, "sedative_count").items) == {"baclofen", "zopiclone", "oxycodone"}
    # CDC 2022: oxycodone 1.5 x 20 mg
    assert fact(review, "opioid_mme").value == 30
    assert fact(review, "hypotensive_count").value == 1


def test_an_opioid_without_a_dose_leaves_the_sum_open() -> None:
    mme = fact(reviewed({**WOMAN, "medicines": ["baclofen 10 mg tds", "oxycodone"]}), "opioid_mme")
    assert mme.unknown


HELD = ["baclofen 10 mg tds", "oxycodone 10 mg twice a day, on hold", "oxybutynin 5 mg twice a day, on hold"]


@pytest.mark.parametrize(
    ("name", "most", "asks"),
    [("opioid_mme", 30, "oxycodone"), ("anticholinergic_burden", 3, "oxybutynin"), ("medicine_count", 3, "oxycodone")],
)
def test_what_may_be_taken_all_the_same_leaves_a_load_open(name: str, most: float, asks: str) -> None:
    load = fact(reviewed({**WOMAN, "medicines": HELD}), name)
    assert (load.unknown, load.high) == (True, most)
    assert f"whether {asks} is taken" in load.settled_by
    assert "dose of the opioid" not in load.settled_by


def test_a_medicine_that_is_not_understood_may_be_an_opioid() -> None:
    mme = fact(
        reviewed({**WOMAN, "medicines": ["baclofen 10 mg tds", "oxycodone 10 mg twice a day", "flurbonazol 5 mg"]}),
        "opioid_mme",
    )
    assert (mme.unknown, mme.low, mme.settled_by) == (True, 30, ("what “flurbonazol 5 mg” is",))


def test_a_topical_or_eye_medicine_does_not_count() -> None:
    drops = reviewed(
        {
            **WOMAN,
            "medicines": ["ciprofloxacin 0.3% eye drops four times a day"],
            "considering": ["tizanidine 2 mg three times a day"],
        }
    )
    assert outcome(drops, "tizanidine-strong-cyp1a2-inhibitor") in ("no check", "silent")


def test_smoke_induces_nicotine_replacement_does_not() -> None:
    person = {**WOMAN, "medicines": [], "considering": ["tizanidine 2 mg three times a day"]}
    assert fact(reviewed({**person, "smoker": {"now": "true", "product": "cigarettes"}}), "smoker").value is True
    assert fact(reviewed({**person, "smoker": {"now": "true", "product": "nicotine patch"}}), "smoker").value is False
    for product in ("vaping", "electronic cigarette", "e-cigarettes", "vape"):
        assert fact(reviewed({**person, "smoker": {"now": "true", "product": product}}), "smoker").value is False


def test_an_intolerance_is_not_an_allergy() -> None:
    intolerant = {**WOMAN, **BACLOFEN, "allergies": [{"to": "baclofen", "kind": "intolerance", "reaction": "nausea"}]}
    allergic = {**WOMAN, **BACLOFEN, "allergies": [{"to": "baclofen", "reaction": "anaphylaxis"}]}
    assert outcome(reviewed(intolerant), "allergic-to-agent") == "silent"
    assert any("intolerance" in words for words in reviewed(intolerant).limits)
    assert outcome(reviewed(allergic), "allergic-to-agent") == "fires"


def test_words_near_a_condition_make_it_unknown() -> None:
    review = reviewed({**WOMAN, **BACLOFEN, "conditions": ["epilesy"]})
    assert outcome(review, "baclofen-epilepsy") == "could not check"
    assert any("did you mean epilepsy" in words for words in review.limits)


def test_an_icd_code_decides_with_and_without_its_dot() -> None:
    for code in ("G40.909", "G40909"):
        review = reviewed({**WOMAN, **BACLOFEN, "conditions": [{"code": code, "system": "ICD-10-CM"}]})
        assert outcome(review, "baclofen-epilepsy") == "fires"


@pytest.mark.parametrize(("drug", "expected"), [("Lioresal", 1.0), ("baclofen", 1.0), (None, 1.0), ("morphine", 0.0)])
def test_a_pump_is_there_by_whichever_name_its_medicine_has(
    knowledge: Knowledge, drug: str | None, expected: float
) -> None:
    said = {"pump": {"reservoir": "40 mL", **({"drug": drug} if drug else {})}}
    patient = read_patient({"as_of": "2026-11-22", **WOMAN, **said}, knowledge, today=TODAY)
    facts = Facts(inputs_of([(patient, ())], knowledge), knowledge, "US")
    assert facts.column("pump_present").bounds(0) == (expected, expected)
