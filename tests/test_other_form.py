"""A calendar keeps to one form where it can, and says where that is another than what is taken."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.calendar import stock
from relaxant.planning.plan import Plan, Product
from relaxant.planning.products import product_groups
from relaxant.planning.taper import taper_plan
from relaxant.planning.way_down import Override

KNOWN = load_knowledge()

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


# ---------------------------------------------------------------- volumes


def left(taken: Any, *, agent: str = "baclofen", override: Override | None = None, **changed: Any) -> Plan:
    patient = read_patient({**CHILD, "as_of": "2026-11-22", **changed, "medicines": [taken]}, KNOWN, today=TODAY)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    return taper_plan(agent, medicines, facts, TODAY, override=override)


@pytest.mark.parametrize(("dose", "country"), [(5, "UK"), (10, "DE"), (15, "US"), (12.5, "UK")])
def test_a_day_that_was_even_stays_even_in_a_liquid(dose: float, country: str) -> None:
    plan = left(f"baclofen {dose} mg three times a day since 2022-01-01", country=country, swallowing="tube")
    assert plan.steps and all(p.liquid for p in plan.products)
    for step in plan.steps:
        assert len(step.takes) == 3 and len({take.amount for take in step.takes}) == 1


def test_two_millilitres_of_a_strong_solution_are_no_litres() -> None:
    """50 mg of pregabalin in capsules of 25 mg would fall by half at once; 2.5 mL of 20 mg/mL make its steps."""
    weak = [{"name": "creatinine", "value": "2.6 mg/dL", "date": TODAY.isoformat()}]
    adult = {"age": 45, "weight": "64 kg", "height": "168 cm", "conditions": ["multiple sclerosis"], "labs": weak}
    plan = left("pregabalin 50 mg at night since 2024-05-01", agent="pregabalin", country="UK", **adult)
    assert [s.daily for s in plan.steps] == [38, 26, 12] and {p.name for p in plan.products} == {"oral solution"}


def test_a_day_is_made_even_where_that_is_nearer_to_the_aim_than_to_what_is_taken() -> None:
    """From 1.08 mg of diazepam to 1 mg: 0.96 mg in equal parts lie half a step beyond, and 1 mg is made as it is."""
    taken = {"drug": "diazepam", "form": "oral solution", "strength": "0.4 mg/mL", "dose": "0.36 mg", "frequency": "three times a day", "start": "2024-01-05"}  # fmt: skip
    plan = left(taken, age=50, weight="70 kg", height="165 cm", conditions=["multiple sclerosis"], country="UK", agent="diazepam")  # fmt: skip
    (step,) = plan.steps
    assert step.daily == pytest.approx(1) and [t.amount for t in step.takes] == pytest.approx([0.32, 0.32, 0.36])


@pytest.mark.parametrize("days", [None, 14.0])
def test_a_taper_that_tablets_make_well_enough_goes_over_to_no_litres(days: float | None) -> None:
    adult = {"age": 56, "weight": "75 kg", "conditions": ["multiple sclerosis"], "country": "UK"}
    override = Override(every_days=days) if days else None
    plan = left("baclofen 25 mg four times a day since 2018-01-01", override=override, **adult)
    assert plan.steps and not any(p.liquid for p in plan.products)
    tube = left("baclofen 25 mg four times a day since 2018-01-01", override=override, **adult, swallowing="tube")
    assert tube.steps and all(p.liquid for p in tube.products)


@pytest.mark.parametrize(
    ("strength", "readable", "between"),
    [(1.0, [0.3, 2.4, 2.5, 2.6, 3.5, 4.8, 5, 5.5], [2.7, 3.3, 4.9, 5.2, 8.8]), (2.0, [1, 5, 7, 10, 11], [5.4, 8.2, 10.2])],
)  # fmt: skip
def test_a_volume_is_at_a_mark_of_its_syringe(strength: float, readable: list[float], between: list[float]) -> None:
    patient = read_patient({**CHILD, "as_of": "2026-11-22", "medicines": []}, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    source = product_groups("baclofen", facts)[0][0].source
    liquid = Product(name="oral solution", form="oral solution", strength=strength, unit="mg", liquid=True, scored=False, modified_release=False, source=source)  # fmt: skip
    amounts = stock([liquid], 20, facts).amounts
    assert all(round(a * 1000) in amounts for a in readable)
    assert not any(round(a * 1000) in amounts for a in between)


@pytest.mark.parametrize(
    ("country", "drug", "product", "note"),
    [
        ("US", "baclofen 10 mg", ("tablet", 5), None),
        ("DE", "baclofen 10 mg", ("tablet", 5), None),
        ("FR", "baclofen 10 mg", ("tablet", 5), "The tablet 5 mg is known from Germany: ask whether it is sold here."),
        (
            "EU",
            "baclofen 10 mg",
            ("tablet", 5),
            "Strengths differ between the countries of the EU: ask which are sold.",
        ),
        ("DE", "clonazepam 0.5 mg", ("oral drops", 0.1), None),
        ("FR", "clonazepam 0.5 mg", ("oral drops", 2.5), None),
    ],
)
def test_what_is_sold_in_the_own_country_comes_first_and_is_asked_about_where_nobody_knows(country: str, drug: str, product: tuple[str, float], note: str | None) -> None:  # fmt: skip
    """Under the labels of the EU a calendar is of the products of the person's country; where that is not said, or a product is of another one, a
    pharmacy is asked before the first step. Labels of one country leave nothing to ask."""
    about = {"age": 45, "weight": "64 kg", "height": "168 cm", "conditions": ["multiple sclerosis"], "country": country}
    name = drug.split()[0]
    review = reviewed({**CHILD, **about, "medicines": [f"{drug} three times a day since 2024-01-01"], "considering": [{"drug": name, "change": "stop"}]})  # fmt: skip
    (plan,) = review.plan
    assert [(p.name, p.strength) for p in plan.products] == [product]
    asked = [said for said in plan.notes if "sold" in said]
    assert [said.startswith(note) for said in asked if note] == ([True] if note else []) and bool(asked) is bool(note)


@pytest.mark.parametrize("country", ["US", "UK", "DE", "FR"])
def test_no_calendar_holds_two_concentrations_of_a_liquid(country: str) -> None:
    """5 mL of the one in the place of the other is a dose twice or ten times as large."""
    patient = read_patient({**CHILD, "country": country}, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    groups = [group for agent in ("baclofen", "clonazepam", "diazepam") for group in product_groups(agent, facts)]
    assert any(p.liquid for group in groups for p in group)
    assert all(len(group) == 1 for group in groups if any(p.liquid or p.drop for p in group))


def test_what_is_taken_in_extended_release_is_lowered_in_it() -> None:
    """No dose of a capsule is a dose of the tablet that gives it over a day."""
    taken = "pregabalin extended-release tablet 330 mg once a day since 2024-01-01"
    about = {"age": 45, "weight": "64 kg", "height": "168 cm", "conditions": ["multiple sclerosis"]}
    review = reviewed({**CHILD, **about, "medicines": [taken], "considering": [{"drug": "pregabalin", "change": "stop"}]})  # fmt: skip
    (plan,) = review.plan
    assert [s.daily for s in plan.steps] == [247.5, 165, 82.5]
    assert all(p.modified_release and p.name == "extended-release tablet" for p in plan.products)
