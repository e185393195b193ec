"""Malignant hyperthermia: triggers beside a blocker, the crisis on record, and an order of dantrolene held against the weight."""

from __future__ import annotations

import pytest

from test_block_people import found
from test_blockade import line, plan

# ---------------------------------------------------------------- a vapour beside a blocker


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"conditions": ["malignant hyperthermia susceptibility"]}, "DANGER"),
        ({"conditions": ["malignant hyperthermia in the family"]}, "DANGER"),
        ({"genotype": {"RYR1": "pathogenic variant"}}, "DANGER"),
        ({"genotype": {"CACNA1S": "variant of uncertain significance"}}, "CHANGE"),
        ({"genotype": {"RYR1": "normal", "CACNA1S": "normal"}}, "NOTE"),
        ({}, "NOTE"),
    ],
)
def test_a_vapour_beside_a_blocker_is_a_trigger_in_malignant_hyperthermia(said: dict[str, object], tier: str) -> None:
    own = found(**said, considering=["sevoflurane", "rocuronium 50 mg IV"])["block-volatile"]
    assert own.tier == tier
    assert ("usual dose" in own.action) == (tier == "NOTE")


def test_the_blocker_keeps_its_plan_beside_a_trigger() -> None:
    made = plan(
        "rocuronium", conditions=["mh susceptible"], medicines=["sevoflurane"], considering=["rocuronium 50 mg IV"]
    )
    assert made.refused is None and line(made, "Intubating dose").value
