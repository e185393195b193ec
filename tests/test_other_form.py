"""A calendar keeps to one form where it can, and says where that is another than what is taken."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.planning.plan import Plan

CHILD: dict[str, Any] = {
    "as_of": TODAY.isoformat(), "country": "US", "sex": "male", "age": 8, "weight": "24 kg", "height": "128 cm", "conditions": ["cerebral palsy"],
    "allergies": [], "dialysis": "none", "muscle_mass": "normal", "stands_on_tone": False, "swallowing": "normal",
    "labs": [{"name": "creatinine", "value": "35 umol/L", "date": (TODAY - timedelta(days=2)).isoformat()}],
}  # fmt: skip


def raised(taken: Any, weighed: Any, **changed: Any) -> Plan:
    plans = reviewed({**CHILD, "medicines": [taken], "considering": [weighed], **changed}).plan
    return next(p for p in plans if p.kind == "titration")


def hazards(plan: Plan) -> list[str]:
    return [note for note in plan.notes if note.startswith("HAZARD")]


def test_a_child_whose_steps_no_tablet_makes_is_given_the_liquid_from_the_first_day() -> None:
    since = (TODAY - timedelta(days=1)).isoformat()
    plan = raised(f"baclofen 5 mg three times a day since {since}", "baclofen 20 mg three times a day")
    assert plan.steps[0].changed == 0 and plan.steps[1].changed > 0
    assert {p.name for p in plan.products} == {"oral solution"}
    (hazard,) = hazards(plan)
    assert "was not said (tablet as a rule)" in hazard and "made of oral solution" in hazard


@pytest.mark.parametrize(("swallowing", "word"), [("tube", "no tablet is swallowed"), ("normal", None)])
def test_who_swallows_no_tablets_is_told_of_the_liquid(swallowing: str, word: str | None) -> None:
    plan = raised("baclofen 10 mg three times a day since 2025-01-01", "baclofen 20 mg three times a day", age=56, weight="75 kg", conditions=["multiple sclerosis"], country="UK", swallowing=swallowing)  # fmt: skip
    assert [word in hazard for hazard in hazards(plan) if word] == ([True] if word else [])
    assert bool(hazards(plan)) is bool(word)


def test_the_form_that_is_taken_is_kept_where_it_makes_the_steps() -> None:
    taken = {
        "drug": "baclofen",
        "dose": "5 mg",
        "form": "oral solution",
        "frequency": "three times a day",
        "start": "2025-01-01",
    }
    plan = raised(taken, "baclofen 10 mg three times a day", age=56, weight="75 kg", conditions=["multiple sclerosis"], country="UK")  # fmt: skip
    assert {p.name for p in plan.products} == {"oral solution"} and not hazards(plan)


@pytest.mark.parametrize("seed", range(400 if FULL else 12))
def test_no_rise_changes_the_form_in_silence(seed: int) -> None:
    chance = random.Random(seed)
    agent, dose, more = chance.choice([("baclofen", 5, 15), ("baclofen", 10, 20), ("tizanidine", 2, 6), ("gabapentin", 100, 300), ("pregabalin", 25, 75)])  # fmt: skip
    form = chance.choice([None, "tablet", "oral solution", "capsule"])
    taken = {"drug": agent, "dose": f"{dose} mg", "frequency": "three times a day", "start": "2026-10-01", **({"form": form} if form else {})}  # fmt: skip
    who = {"age": chance.choice([8, 40, 80]), "country": chance.choice(["US", "UK", "DE"]), "swallowing": chance.choice(["normal", "tube"])}  # fmt: skip
    review = reviewed({**CHILD, **who, "medicines": [taken], "considering": [f"{agent} {more} mg three times a day"]})
    for plan in (p for p in review.plan if p.kind == "titration" and p.steps):
        forms = {p.name for p in plan.products}
        if len(forms) > 1 or (form and not any(form in f for f in forms)):
            assert hazards(plan), (agent, form, forms)
