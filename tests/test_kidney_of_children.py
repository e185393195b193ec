"""Kidneys of children against marks made for adults: what goes by size is held against the rate of 1.73 m2."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.read import read_medicines

TODDLER: dict[str, Any] = {
    "as_of": TODAY.isoformat(), "country": "US", "sex": "male", "age": "14 months", "weight": "9.5 kg", "height": "76 cm",
    "conditions": [], "allergies": [], "dialysis": "none", "muscle_mass": "normal", "medicines": ["rocuronium 6 mg IV"],
    "labs": [{"name": "creatinine", "value": "0.3 mg/dL", "date": "2026-11-20"}],
}  # fmt: skip
KIDNEY_RULES = ("aminosteroid-kidney", "sugammadex-kidney", "pancuronium-kidney")


def facts_of(knowledge: Knowledge, said: dict[str, Any]) -> Facts:
    patient = read_patient(said, knowledge, today=TODAY)
    return Facts(inputs_of([(patient, read_medicines(patient, knowledge))], knowledge), knowledge, "US")


def outcomes(said: dict[str, Any]) -> dict[str, str]:
    return {c.rule: c.outcome for c in reviewed(said).checks if c.rule in KIDNEY_RULES}


@pytest.mark.parametrize("drug", ["rocuronium 6 mg IV", "pancuronium 1 mg IV", "vecuronium 1 mg IV"])
def test_a_healthy_toddler_has_no_renal_impairment(drug: str) -> None:
    assert set(outcomes({**TODDLER, "medicines": [drug]}).values()) == {"silent"}


def test_a_toddler_with_failing_kidneys_has() -> None:
    labs = [{"name": "creatinine", "value": "1.5 mg/dL", "date": "2026-11-20"}]  # 0.413 x 76 / 1.5 = 20.9
    assert outcomes({**TODDLER, "labs": labs})["aminosteroid-kidney"] == "fires"


def test_without_a_height_nobody_can_say() -> None:
    assert outcomes({k: v for k, v in TODDLER.items() if k != "height"})["aminosteroid-kidney"] == "could not check"


def test_the_value_says_that_it_is_a_childs(knowledge: Knowledge) -> None:
    fact = next(f for f in reviewed(TODDLER).facts if f.name == "kidney_function")
    assert fact.value == pytest.approx(0.413 * 76 / 0.3, rel=1e-3)  # bedside Schwartz 2009
    assert "1.73 m2" in (fact.method or "")
    assert fact.inputs == ("egfr",)


def test_doses_that_do_not_go_by_size_keep_the_clearance_of_the_body(knowledge: Knowledge) -> None:
    girl = {**TODDLER, "sex": "female", "age": 12, "weight": "30 kg", "height": "140 cm", "medicines": []}
    girl["labs"] = [{"name": "creatinine", "value": "0.85 mg/dL", "date": "2026-11-20"}]
    facts = facts_of(knowledge, girl)
    indexed, own = facts.column("kidney_function").low.item(0), facts.column("clearance_absolute").low.item(0)
    assert indexed == pytest.approx(68, abs=0.1)  # 0.413 x 140 / 0.85
    assert own == pytest.approx(68 * 1.08 / 1.73, abs=0.2)  # Mosteller 1.08 m2


def test_from_eighteen_years_both_are_the_clearance(knowledge: Knowledge) -> None:
    grown = facts_of(knowledge, {**TODDLER, "age": 18, "weight": "60 kg", "height": "170 cm"})
    assert grown.column("kidney_function").bounds(0) == grown.column("clearance_absolute").bounds(0)
