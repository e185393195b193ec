"""What the way out of a relaxant says and how it ends, for people met at a review and for generated ones."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.planning.plan import Plan
from relaxant.reviewing import Review
from test_planning import PLANS, leaving, of_kind

SEEDS = range(1500 if FULL else 120)
SOUND: dict[str, Any] = {
    "country": "UK",
    "sex": "female",
    "birth_date": "1972-03-01",
    "weight": "62 kg",
    "height": "165 cm",
    "conditions": ["multiple sclerosis"],
    "allergies": [],
    "dialysis": "none",
    "labs": [
        {"name": "creatinine", "value": "60 umol/L", "date": "2026-11-10"},
        {"name": "ALT", "value": "22 U/L", "date": "2026-11-10"},
    ],
    "observations": [{"name": "systolic blood pressure", "value": "128 mmHg", "date": "2026-11-18"}],
}


def left(taken: list[Any], weighed: list[Any] | None = None, **changes: Any) -> Review:
    return reviewed({**SOUND, **changes, "medicines": taken, "considering": weighed or []})


def the(review: Review, kind: str = "taper") -> Plan:
    (plan,) = of_kind(review, kind)
    return plan


# ---------------------------------------------------------------- nothing is given back where that would harm


@pytest.mark.parametrize("seed", SEEDS)
def test_where_nothing_is_given_the_plan_says_when_to_call_alone(seed: int) -> None:
    _agent, review = leaving(seed)
    for plan in of_kind(review, "taper"):
        if any(PLANS.tapers[p.id].at_once and p.chosen and p.override is None for p in plan.policies):
            assert not plan.steps and not plan.branches and not plan.missed
            assert not any(g.go_on or g.hold or g.go_back for g in plan.gates)
            assert any(g.call for g in plan.gates)


def test_an_inflamed_liver_is_no_place_to_go_back_to_dantrolene() -> None:
    labs = [
        {"name": "ALT", "value": "160 U/L", "date": "2026-11-22"},
        {"name": "bilirubin", "value": "45 umol/L", "date": "2026-11-22"},
    ]
    plan = the(left(["dantrolene 50 mg three times a day since 2026-05-01"], labs=labs))
    assert plan.last_dose == TODAY
    assert not any(g.go_on or g.hold or g.go_back for g in plan.gates)


@pytest.mark.parametrize("other", ["ciprofloxacin 500 mg twice a day", "fluvoxamine 100 mg once a day", None])
def test_tizanidine_is_given_back_only_where_nothing_blocks_its_clearance(other: str | None) -> None:
    taken = ["tizanidine 4 mg three times a day since 2026-01-01", *([other] if other else [])]
    review = left(taken, ["stop tizanidine"])
    plan = the(review)
    back = [t.text for g in plan.gates for t in g.go_back]
    after = [w.act for w in review.monitoring if w.what == "blood pressure and pulse after the last dose"]
    assert any("back once" in text for text in back) == (other is None)
    assert any("ive a low dose back" in do for do in after) == (other is None)
    assert after
