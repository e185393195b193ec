"""Every start that knowledge holds, planned in products as sold in three countries; releases, forms and countries kept apart."""

from __future__ import annotations

import json
import math
import random
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.plans import Titration
from relaxant.linting.check import lint
from relaxant.medicines.read import read_medicines
from relaxant.patient import jurisdiction_of
from relaxant.planning.calendar import stock
from relaxant.planning.dose import Room
from relaxant.planning.plan import Plan
from relaxant.planning.products import product_groups
from relaxant.planning.rungs import Climb, least_rise, staged
from relaxant.planning.titration import Found, Wanted, in_products, titration_plan

KNOWN = load_knowledge()
TITRATIONS = KNOWN.plans.titrations
COUNTRIES = ("US", "UK", "DE")


@cache
def person(country: str, age: int, conditions: tuple[str, ...] = ()) -> Facts:
    """Somebody ordinary: sound kidneys and liver, an ordinary weight, no other medicine."""
    child = age < 18
    plain: dict[str, Any] = {
        "as_of": TODAY.isoformat(), "country": country, "sex": "male", "age": age, "pregnant": False, "dialysis": "none",
        "weight": "28 kg" if child else "75 kg", "height": "130 cm" if child else "172 cm", "conditions": list(conditions), "medicines": [],
        "allergies": [],
        "labs": [{"name": "creatinine", "value": "0.5 mg/dL" if child else "0.8 mg/dL", "date": "2026-11-20"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-20"}, {"name": "AST", "value": "20 U/L", "date": "2026-11-20"}],
        "observations": [{"name": "systolic blood pressure", "value": "128 mmHg", "date": "2026-11-20"}],
    }  # fmt: skip
    patient = read_patient(plain, KNOWN, today=TODAY)
    return Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)


def age_for(titration: Titration) -> int:
    """58 years where the titration is for that age; else an age that it is for."""
    if titration.age_from <= 58 < titration.age_to:
        return 58
    return 70 if titration.age_from >= 60 else max(2, math.ceil((titration.age_from + min(titration.age_to, 18)) / 2))


def held_in(country: str) -> list[Titration]:
    own = jurisdiction_of(country)
    return [t for t in TITRATIONS.values() if not t.jurisdiction or own in t.jurisdiction]


def planned(titration: Titration, country: str) -> Plan:
    said = tuple(KNOWN.conditions[c].names[0] for c in titration.conditions[:1])
    facts = person(country, age_for(titration), said)
    return titration_plan(
        titration.agent, facts, (), Wanted(first=TODAY, country=country, titration=titration.titration)
    )


# ---------------------------------------------------------------- every titration as its label writes it

ADULTS = [(t.titration, c) for c in COUNTRIES for t in held_in(c) if t.age_to > 18]
EXCEPT = {
    ("propantheline-us-older", "US"): "7.5 mg are labelled, and the one tablet sold is 15 mg, coated and without a score",
}  # fmt: skip


@pytest.mark.parametrize(("name", "country"), ADULTS)
def test_an_ordinary_adult_gets_the_stages_of_the_label(name: str, country: str) -> None:
    titration, plan = TITRATIONS[name], planned(TITRATIONS[name], country)
    if (name, country) in EXCEPT:
        assert plan.refused and not plan.steps
        return
    assert plan.refused is None
    assert [{t.at: t.amount for t in s.takes} for s in plan.steps] == [stage.doses for stage in titration.stages]
    course = plan.last_dose and (plan.last_dose - TODAY).days + 1
    before = sum(math.ceil(stage.days) for stage in titration.stages if stage.days is not None)
    assert [s.days for s in plan.steps] == [
        course and course - before if stage.days is None else math.ceil(stage.days) for stage in titration.stages
    ]
    assert next(p.id for p in plan.policies if p.chosen) == name
    assert {p.modified_release for p in plan.products} == {titration.release != "immediate"}
    assert len({p.form for p in plan.products}) == 1


@pytest.mark.parametrize(("name", "country"), ADULTS)
def test_a_course_ends_on_its_last_day(name: str, country: str) -> None:
    plan = planned(TITRATIONS[name], country)
    if plan.steps and plan.last_dose:
        assert plan.steps[-1].last == plan.last_dose


def test_the_exceptions_are_still_needed() -> None:
    assert all(planned(TITRATIONS[name], country).refused for name, country in EXCEPT)


def test_no_more_than_three_pieces_at_a_time_where_products_allow() -> None:
    """20 mg of oxybutynin are four tablets: the prolonged-release tablet is known in 5 mg alone in the EU."""
    many = set()
    for name, country in ADULTS:
        plan = planned(TITRATIONS[name], country)
        for step in plan.steps:
            for take in step.takes:
                if (
                    not plan.products[0].liquid
                    and TITRATIONS[name].unit != "sprays"
                    and sum(c.count for c in take.counts) > 3
                ):
                    many.add((name, country))
    assert many == {("oxybutynin-uk-eu-prolonged", "DE")}


# ---------------------------------------------------------------- release and form

BASE: dict[str, Any] = {
    "sex": "female", "age": 58, "weight": "66 kg", "height": "165 cm", "dialysis": "none", "pregnant": False, "conditions": [], "allergies": [],
    "medicines": [], "labs": [{"name": "creatinine", "value": "0.7 mg/dL", "date": "2026-11-20"}],
}  # fmt: skip


def plan_of(**changes: Any) -> Plan:
    (plan,) = (p for p in reviewed({**BASE, **changes}).plan if p.kind == "titration")
    return plan


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("agent", ["darifenacin", "fesoterodine", "mirabegron"])
def test_what_is_sold_for_modified_release_alone_is_planned_in_it(agent: str, country: str) -> None:
    plan = plan_of(country=country, considering=[agent])
    assert plan.refused is None and plan.steps and plan.products[0].modified_release
    assert any("swallow it whole" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        ("tolterodine", "tolterodine-us-tablets"),
        ("tolterodine 2 mg twice a day", "tolterodine-us-tablets"),
        ("tolterodine extended release 4 mg once a day", "tolterodine-us-extended"),
        ("oxybutynin XL 10 mg once a day", "oxybutynin-us-extended"),
        ("Amrix 15 mg once a day", "cyclobenzaprine-us-capsule"),
        ("trospium extended release 60 mg once a day", "trospium-us-uk-extended"),
        ("orphenadrine", "orphenadrine-us-adults"),
        ("methocarbamol 1500 mg three times a day", "methocarbamol-us-three"),
    ],
)
def test_the_release_that_is_weighed_decides_the_steps(line: str, chosen: str) -> None:
    plan = plan_of(considering=[line])
    assert plan.refused is None
    assert next(p.id for p in plan.policies if p.chosen) == chosen
    assert {p.modified_release for p in plan.products} == {TITRATIONS[chosen].release == "modified"}


def test_no_steps_are_borrowed_from_another_release() -> None:
    plan = plan_of(considering=["gabapentin extended release 600 mg once a day"])
    assert plan.refused is not None and "release" in plan.refused and not plan.steps


def test_the_release_that_is_taken_is_kept_when_the_dose_is_raised() -> None:
    taken = "oxybutynin extended release 5 mg once a day since 2026-01-05"
    plan = plan_of(medicines=[taken], considering=["oxybutynin 15 mg once a day"])
    assert [s.daily for s in plan.steps] == [10, 15]
    assert all(p.modified_release for p in plan.products)


def test_modified_release_is_neither_crushed_nor_given_by_tube() -> None:
    plan = plan_of(swallowing="tube", considering=["darifenacin"])
    assert plan.refused is not None and "tube" in plan.refused and not plan.steps


ANEW = {"id": "tolterodine-eu-prolonged", "kind": "titrations", "why": "to be tested"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"release": "immediate"}, "no product of immediate release is sold in EU"),
        ({"form": "granules"}, "no product of modified release, as granules, is sold in EU"),
        ({"jurisdiction": ["EU", "UK"], "release": "delayed"}, "no product of delayed release is sold in UK"),
        ({"stages": [{"night": 4, "days": 3}, {"night": 2, "days": 3}, {"night": 2}]}, "it begins high"),
        ({"stages": [{"night": 2, "days": 3}, {"night": 4, "days": 3}, {"night": 4}]}, "not above that of the stage before"),
        ({}, None),
    ],
)  # fmt: skip
def test_a_titration_that_no_product_fits_is_a_fault(tmp_path: Path, changed: dict[str, Any], says: str | None) -> None:
    own = {k: v for k, v in msgspec.to_builtins(TITRATIONS["tolterodine-eu-prolonged"]).items() if v is not None}
    (tmp_path / "start.yaml").write_text(json.dumps({"titrations": [{**own, **changed}], "replaces": [ANEW]}))
    faults = [f.what for f in lint(str(tmp_path)) if "tolterodine-eu-prolonged" in f.where]
    assert faults == [] if says is None else any(says in what for what in faults)


# ---------------------------------------------------------------- weight and age that would decide


def test_an_unknown_weight_is_asked_for_and_not_guessed() -> None:
    """The German label of dantrolene is for adults from 50 kg."""
    plan = plan_of(country="DE", sex="male", weight=None, considering=["dantrolene"])
    assert plan.refused and not plan.steps and "weight" in plan.needs_first
    assert plan_of(country="DE", sex="male", weight="50 kg", considering=["dantrolene"]).steps


def test_a_lighter_band_that_surely_fits_is_not_passed_over_in_silence() -> None:
    child = {"age": 8, "height": "128 cm", "considering": ["mirabegron"]}
    assert next(p.id for p in plan_of(**child, weight="23 kg").policies if p.chosen) == "mirabegron-us-children-22"
    unknown = plan_of(**child, weight=None)
    assert unknown.refused and "weight" in unknown.needs_first


def test_an_unknown_age_is_asked_for() -> None:
    plan = plan_of(age=None, considering=["tizanidine"])
    assert plan.refused and not plan.steps and "age" in plan.needs_first


# ---------------------------------------------------------------- doses too small for the usual product


def test_a_dose_below_the_smallest_tablet_is_made_of_another_form() -> None:
    plan = plan_of(considering=["clonazepam 0.125 mg at night"])
    assert [s.daily for s in plan.steps] == [0.125]
    assert plan.products[0].form == "orally disintegrating tablet"
    assert any("0.25 mg a day" in note for note in plan.notes)


def test_how_little_is_left_of_a_first_dose_is_said_where_no_tablet_is_as_small() -> None:
    """With itraconazole a third of the doses: 1.5 of 5 mg, and what gives it over a day is not halved."""
    plan = plan_of(conditions=["overactive bladder"], medicines=["itraconazole 200 mg once a day since 2026-11-01"], considering=["oxybutynin XL 5 mg once a day"], country="US")  # fmt: skip
    assert plan.refused is not None and "leave 1.5 mg a day of the source's first dose" in plan.refused


def test_the_least_rise_of_a_liquid_is_at_a_mark_of_its_syringe() -> None:
    """After 3 mL comes 3.2 mL in a syringe of 5 mL, in one dose a day: nothing lies at 3.1, which would hold down whoever takes another form."""
    facts = person("US", 58)
    (liquid, *_) = [g for g in product_groups("baclofen", facts) if g[0].liquid and g[0].strength == 1]
    climb = Climb(before={"night": 3000}, stands=Room(), most=math.inf)
    assert least_rise(climb, stock(liquid, 10.0, facts), 1) == 3200


def test_another_form_goes_no_higher_than_the_one_before_begins() -> None:
    facts, titration = person("US", 58), TITRATIONS["pregabalin-us"]
    found = in_products("pregabalin", facts, titration, staged(titration, "pregabalin", facts, 0), Room(share=0.1), Wanted(first=TODAY), 0)  # fmt: skip
    assert not isinstance(found, str)
    assert found.calendar.products[0].liquid and 0 < found.calendar.steps[0].daily <= 15
    assert max(s.daily for s in found.calendar.steps) <= 25  # the smallest capsule


ROOMS = range(6000 if FULL else 400)
DAYS = [*range(60), *range(60, 400, 7)]


def rooms(chance: random.Random, top: float, dose: float) -> tuple[Room, Room]:
    """A room, and one that is nowhere wider."""
    sizes = {"daily": top, "start": dose, "single": dose, "step": dose, "share": 1.0}
    wide = {k: chance.choice([math.inf, size * chance.random()]) for k, size in sizes.items()}
    wide["share"] = min(wide["share"], 1.0)
    days = chance.choice([0.0, 0.0, 5.0, 14.0])
    tight = {k: min(v, sizes[k] if chance.random() < 0.4 else v) * chance.choice([1, 1, chance.random()]) for k, v in wide.items()}  # fmt: skip
    return Room(days=days, **wide), Room(days=days, **tight)


@pytest.mark.parametrize("seed", ROOMS)
def test_less_room_never_gives_more_on_any_day(seed: int) -> None:
    """Whatever bounds a dose, in whichever form: this is what keeps “less kidney never gives more” where a form gives way to another."""
    chance = random.Random(seed)
    country = chance.choice(COUNTRIES)
    titration = chance.choice(held_in(country))
    facts = person(country, age_for(titration))
    stages = staged(titration, titration.agent, facts, 0)
    top, dose = max(s.total for s in stages) / 1000, max(max(s.doses.values()) for s in stages) / 1000
    day_by_day = []
    for room in rooms(chance, top, dose):
        found = in_products(titration.agent, facts, titration, stages, room, Wanted(first=TODAY, country=country), 0)
        steps = () if not isinstance(found, Found) else found.calendar.steps
        when = [TODAY + timedelta(days=n) for n in DAYS]
        day_by_day.append([next((s.daily for s in steps if s.first <= w and (s.last is None or w <= s.last)), 0.0) for w in when])  # fmt: skip
        assert all(s.daily <= room.daily + 1e-9 and max(t.amount for t in s.takes) <= room.single + 1e-9 for s in steps)
        assert all(s.daily <= top * room.share + 1e-6 for s in steps)
    assert all(b <= a + 1e-9 for a, b in zip(*day_by_day, strict=True))


# ---------------------------------------------------------------- courses that begin high


def test_methocarbamol_begins_high_and_goes_lower() -> None:
    """US label: 1,500 mg four times a day for 48 to 72 hours, then about 4 g a day."""
    plan = plan_of(considering=["methocarbamol"])
    assert [(s.daily, s.days, s.back_to) for s in plan.steps] == [(6000, 3, None), (4000, None, None)]
    assert "6000 mg" in plan.why and "4000 mg" in plan.why


def test_a_lower_dose_that_is_weighed_does_not_begin_higher() -> None:
    plan = plan_of(considering=["methocarbamol 750 mg four times a day"])
    assert [s.daily for s in plan.steps] == [3000]


def test_a_raise_is_not_a_beginning() -> None:
    taken = "methocarbamol 500 mg three times a day since 2026-11-01"
    plan = plan_of(medicines=[taken], considering=["methocarbamol 1000 mg four times a day"])
    assert [s.daily for s in plan.steps] == [4000]


# ---------------------------------------------------------------- countries of the EU


def test_what_is_known_from_another_country_is_said() -> None:
    plan = plan_of(country="DE", considering=["clonidine"])
    assert any("Ireland" in note for note in plan.notes)
    assert not any("known from" in note for note in plan_of(country="IE", considering=["clonidine"]).notes)
    assert any("countries of the EU" in note for note in plan_of(country="EU", considering=["clonidine"]).notes)
    assert any("not every country" in note for note in plan_of(country="DE", considering=["pregabalin"]).notes)


def test_products_of_the_country_come_first() -> None:
    plan = plan_of(country="DE", considering=["gabapentin"])
    assert {p.source.id for p in plan.products} == {"gabapentin-neurontin-de"}
    assert not any("known from" in note for note in plan.notes)


def test_every_country_that_a_product_names_has_a_name() -> None:
    named = {c for a in KNOWN.agents.values() for p in a.products for c in p.countries}
    assert named and named <= set(KNOWN.words("planning")["countries"])


def test_immediate_and_modified_release_are_never_one_group() -> None:
    for country in COUNTRIES:
        facts = person(country, 58)
        for agent in {t.agent for t in TITRATIONS.values()}:
            for modified in (False, True):
                groups = product_groups(agent, facts, modified=modified, country=country)
                assert all(len({p.modified_release for p in group}) == 1 for group in groups)
