"""An overdose of a botulinum toxin is one in every country, and what a country forbids is a DANGER there."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import TODAY, reviewed

CHILD: dict[str, Any] = {
    "as_of": TODAY.isoformat(), "sex": "male", "age": 5, "weight": "17 kg", "height": "106 cm", "conditions": ["cerebral palsy"],
    "allergies": [], "medicines": [],
}  # fmt: skip
MAN: dict[str, Any] = {**CHILD, "age": 60, "weight": "80 kg", "height": "180 cm", "conditions": ["stroke"]}


def tiers(said: dict[str, Any], line: str, rule: str) -> list[str]:
    return [f.tier for f in reviewed({**said, "considering": [line]}).findings if rule in f.rules]


@pytest.mark.parametrize("country", ["US", "UK", "DE", "IE"])
@pytest.mark.parametrize(
    ("said", "line"),
    [
        (CHILD, "Botox 200 units intramuscular once"),
        (MAN, "Botox 600 units intramuscular once"),
        (MAN, "Dysport 1800 units intramuscular once"),
        (CHILD, "Dysport 700 units intramuscular once"),
        (MAN, "Xeomin 700 units intramuscular once"),
    ],
)
def test_an_overdose_is_one_everywhere(country: str, said: dict[str, Any], line: str) -> None:
    assert set(tiers({**said, "country": country}, line, "botulinum-over-session-dose")) <= {"CHANGE", "DANGER"}
    assert tiers({**said, "country": country}, line, "botulinum-over-session-dose")


@pytest.mark.parametrize(
    ("units", "expected"), [(100, []), (120, ["NOTE"]), (150, ["WATCH"])]
)  # 5.9, 7.1 and 8.8 units/kg
def test_the_limit_of_one_limb_asks_which_limbs(units: int, expected: list[str]) -> None:
    line = f"Botox {units} units intramuscular once"
    assert tiers({**CHILD, "country": "UK"}, line, "onabotulinum-child-one-limb") == expected


@pytest.mark.parametrize(("country", "expected"), [("DE", "DANGER"), ("UK", "CHANGE"), ("US", "CHANGE")])
def test_als_is_forbidden_where_the_label_says_so(country: str, expected: str) -> None:
    said = {**MAN, "country": country, "conditions": ["amyotrophic lateral sclerosis"]}
    assert tiers(said, "Botox 200 units intramuscular once", "botulinum-neuromuscular-disease") == [expected]


@pytest.mark.parametrize("drug", ["warfarin", "phenprocoumon", "acenocoumarol"])
@pytest.mark.parametrize(("inr", "expected"), [("4.2", "CHANGE"), ("2.5", "WATCH")])
def test_the_inr_is_read(drug: str, inr: str, expected: str) -> None:
    labs = [{"name": "INR", "value": inr, "date": "2026-11-20"}]
    said = {**MAN, "country": "DE", "medicines": [f"{drug} 3 mg once a day"], "labs": labs}
    found = reviewed({**said, "considering": ["Xeomin 400 units intramuscular once"]}).findings
    (finding,) = [f for f in found if "botulinum-anticoagulant" in f.rules]
    assert finding.tier == expected
    assert ("INR 4.2" if expected == "CHANGE" else "check INR (3.5 at most)") in finding.summary
