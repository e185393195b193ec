"""Where products do not make even the first labelled dose, the refusal says which dose and which piece, and where the steps come from."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import TODAY, reviewed
from relaxant.planning.plan import Plan

CHILD: dict[str, Any] = {
    "as_of": TODAY.isoformat(), "country": "UK", "age": 8, "sex": "male", "height": "126 cm", "conditions": ["cerebral palsy"],
    "allergies": [], "medicines": [], "considering": ["dantrolene"], "stands_on_tone": False,
    "labs": [{"name": "ALT", "value": "20 U/L", "date": "2026-11-22"}, {"name": "AST", "value": "25 U/L", "date": "2026-11-22"}],
}  # fmt: skip


def started(weight: str, country: str = "UK", **more: Any) -> Plan:
    plans = reviewed({**CHILD, "weight": weight, "country": country, **more}).plan
    return next(p for p in plans if p.kind == "titration")


@pytest.mark.parametrize(
    ("weight", "country", "first"),
    [("25 kg", "UK", "12.5 mg"), ("20 kg", "US", "10 mg"), ("12 kg", "UK", "6 mg")],  # 0.5 mg/kg
)
def test_the_refusal_names_the_dose_and_the_piece(weight: str, country: str, first: str) -> None:
    made = started(weight, country)
    assert made.refused is not None
    assert f"begins with {first} at a time" in made.refused and "makes is 25 mg" in made.refused
    (source,) = [p for p in made.policies if p.chosen]
    assert "suspension of 5 mg/mL" in source.text
    assert not made.steps


def test_from_fifty_kilograms_the_capsule_makes_it() -> None:
    made = started("52 kg", age=14)
    assert made.refused is None and made.steps[0].daily == 25
