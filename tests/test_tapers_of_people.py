"""What the way out of a relaxant says and how it ends, for people met at a review and for generated ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.medicines.read import read_medicines
from relaxant.planning.plan import Plan
from relaxant.planning.taper import taper_plan
from relaxant.planning.way_down import Override
from relaxant.report.plans import render_plan
from relaxant.report.review.view import head_of
from relaxant.reviewing import Review
from test_planning import KNOWN, PLANS, leaving, line, of_kind, person

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


# ---------------------------------------------------------------- how a taper ends


def most_to_stop() -> dict[str, float]:
    """From how much a day a stop is no DANGER, by the rules on a stop that name an amount."""
    out: dict[str, float] = {}
    for rule in KNOWN.rules.values():
        if rule.on != ("stopping",) or rule.tier != "DANGER" or rule.when is None:
            continue
        for part in rule.when.get("all", [rule.when]):
            if part.get("fact") == "daily_dose" and float(part["above"]) > 0:
                out |= dict.fromkeys(rule.agents, float(part["above"]))
    return out


END = most_to_stop()


def test_the_rules_on_a_stop_name_amounts() -> None:
    assert END == {"baclofen": 10, "diazepam": 2, "clonazepam": 0.25}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_last_dose_is_one_whose_stop_is_a_danger(seed: int) -> None:
    chance = random.Random(seed)
    agent = chance.choice(sorted(END))
    pieces = {"baclofen": [5, 10, 15, 20, 25, 30, 40], "diazepam": [2, 4, 5, 10, 20], "clonazepam": [0.5, 1, 1.5, 2]}
    often = chance.choice(["once a day", "twice a day", "three times a day", "four times a day"])
    taken = {**line(agent, chance.choice(pieces[agent]), often), "start": chance.choice(["2026-10-01", "2020-05-01"])}
    stop = {"drug": agent, "route": "oral", "change": "stop"}
    review = reviewed({**person(chance), "medicines": [taken], "considering": [stop]})
    for plan in of_kind(review, "taper"):
        if not plan.steps:
            continue
        last = plan.steps[-1].daily
        smallest = min(p.strength / (2 if p.scored else 1) for p in plan.products)
        assert last <= max(END[agent], smallest), (agent, last, plan.policies[0].id)
        for branch in plan.branches:
            assert not branch.steps or branch.steps[-1].daily <= max(END[agent], smallest)


def test_baclofen_of_160_mg_a_day_ends_from_10_mg() -> None:
    plan = the(left(["baclofen 40 mg four times a day since 2019-01-01"], ["stop baclofen"], country="US"))
    assert [step.daily for step in plan.steps] == [140, 120, 100, 80, 60, 40, 20, 10]
    assert any("more than 10 mg a day to nothing" in note for note in plan.notes)


def test_a_plan_that_comes_down_to_a_dose_says_nothing_of_an_end() -> None:
    plan = the(left(["baclofen 30 mg three times a day since 2019-01-01"], ["baclofen 5 mg three times a day"]))
    assert plan.steps[-1].last is None and not any("to nothing" in note for note in plan.notes)


def test_above_the_kidneys_most_gabapentin_goes_quickly_and_from_there_at_the_usual_pace() -> None:
    """NHS Fife: 300 mg a day less each week; 900 mg a day is the most from 30 to 49 mL/min."""
    labs = [{"name": "creatinine", "value": "170 umol/L", "date": "2026-11-10"}]
    who = {"sex": "male", "birth_date": "1955-06-01", "weight": "78 kg", "height": "174 cm", "labs": labs}
    plan = the(left(["gabapentin 900 mg three times a day since 2020-01-01"], ["stop gabapentin"], **who))
    assert plan.policies[0].id == "gabapentin-kidney-uk-eu"
    slow = [(step.daily, step.days) for step in plan.steps if step.days != 1]
    assert slow == [(900, 7), (600, 7), (300, 7)]
    assert sum(step.days or 0 for step in plan.steps if step.daily > 900) <= 7
    slower = next(b for b in plan.branches if b.kind == "slower")
    assert [(step.daily, step.days) for step in slower.steps if step.days != 1] == [(900, 14), (600, 14), (300, 14)]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_has_built_up_neither_waits_nor_is_given_back(seed: int) -> None:
    """Above what the kidneys leave no step leads back, the slower way is no slower, and every way on says so."""
    chance = random.Random(seed)
    agent, often = chance.choice(["gabapentin", "pregabalin"]), chance.choice(["twice a day", "three times a day"])
    dose = chance.choice([300, 600, 800]) if agent == "gabapentin" else chance.choice([75, 150, 300])
    labs = [{"name": "creatinine", "value": f"{chance.choice([130, 170, 240, 400])} umol/L", "date": "2026-11-10"}]
    taken = {**line(agent, dose, often), "start": chance.choice(["2026-11-10", "2020-01-01"])}
    weighed = {"drug": agent, "change": "stop"} if chance.random() < 0.5 else line(agent, 25, "once a day")
    who = {**person(chance), "age": chance.choice([45, 72, 88]), "dialysis": "none", "labs": labs}
    for plan in of_kind(reviewed({**who, "medicines": [taken], "considering": [weighed]}), "taper"):
        if not plan.steps or not PLANS.tapers[plan.policies[0].id].built_up:
            continue
        (most,) = {b.text.split(" ")[1] for b in plan.branches if b.text.startswith("Above ")}
        calendars = [plan.steps, *(b.steps for b in plan.branches if b.steps)]
        for steps in calendars:
            daily = {step.number: step.daily for step in steps}
            assert all(step.back_to is None or daily[step.back_to] <= float(most.replace(",", "")) for step in steps)
            assert [s for s in steps if s.daily > float(most)] == [s for s in plan.steps if s.daily > float(most)]
        ways = {b.kind: b.text for b in plan.branches}
        assert all(ways[kind].startswith("Above ") for kind in ("hold", "rescue"))
        assert all(g.hold[0].text == g.go_back[0].text and g.hold[0].text.startswith("Above ") for g in plan.gates)


def test_diazepam_of_some_weeks_goes_within_weeks_in_the_united_kingdom() -> None:
    plan = the(left(["diazepam 2 mg three times a day since 2026-11-06"], ["stop diazepam"]))
    assert plan.policies[0].id == "diazepam-under-3-months"
    assert plan.last_dose is not None and (plan.last_dose - TODAY).days <= 13 * 7


@pytest.mark.parametrize("seed", SEEDS)
def test_a_taper_begins_lower_than_what_is_taken_wherever_it_can(seed: int) -> None:
    _agent, review = leaving(seed)
    for plan in of_kind(review, "taper"):
        bounded = any(PLANS.tapers[p.id].percent_most for p in plan.policies if p.chosen)
        if plan.steps and not bounded and any(step.changed for step in plan.steps):
            assert plan.steps[0].changed < 0


def test_a_small_night_dose_is_halved_at_once() -> None:
    plan = the(left(["diazepam 2 mg at night since 2025-01-01"], ["stop diazepam"]))
    assert [step.daily for step in plan.steps] == [1]


# ---------------------------------------------------------------- what is sold where the person lives, for who cannot swallow tablets


@pytest.mark.parametrize("said", ["clonazepam 2 mg at night since 2019-01-01", "clonazepam 2 mg tablets, 1 at night since 2019-01-01"])  # fmt: skip
def test_german_clonazepam_goes_in_german_drops_counted_as_drops(said: str) -> None:
    """25 drops a mL, 0.1 mg a drop (Rivotril, Germany); the solution is Irish."""
    plan = the(left([said], ["stop clonazepam"], country="DE"))
    (drops,) = plan.products
    assert (drops.name, drops.strength, drops.drop, drops.liquid) == ("oral drops", 0.1, True, False)
    assert plan.steps[0].takes[0].counts[0].count == 18
    assert not any("known from" in note for note in plan.notes)
    text = render_plan(plan, "text", head=head_of(left([said], ["stop clonazepam"], country="DE"), knowledge=KNOWN), knowledge=KNOWN).decode()  # fmt: skip
    assert "drops, and as many" in text and "pieces for" not in text and "whole only" not in text


def test_what_is_not_known_to_be_sold_here_says_so_on_a_taper_and_on_a_switch() -> None:
    taken = ["clonazepam 0.5 mg at night since 2019-01-01"]
    plan = the(left(taken, ["stop clonazepam"], country="IT"))
    assert any("ask whether it is sold here" in note for note in plan.notes)
    unsaid = the(left(taken, ["stop clonazepam"], country="EU"))
    assert any("ask which are sold" in note for note in unsaid.notes)
    both = left(["clonazepam 1 mg at night since 2024-01-05"], ["stop clonazepam", "diazepam"], country="IT")
    assert any("ask whether it is sold here" in note for note in the(both, "switch").notes)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_cannot_swallow_tablets_gets_a_liquid_where_one_makes_the_doses(seed: int) -> None:
    chance = random.Random(seed)
    agent, dose = chance.choice([("baclofen", 10), ("baclofen", 20), ("diazepam", 2), ("pregabalin", 150), ("gabapentin", 300), ("clonazepam", 1)])  # fmt: skip
    swallowing, country = chance.choice(["tube", "crushed"]), chance.choice(["US", "UK", "DE"])
    taken = {**line(agent, dose, "three times a day"), "start": "2024-05-01", "form": chance.choice(["tablet", "capsule"]) if chance.random() < 0.3 else None}  # fmt: skip
    weighed: dict[str, Any] = {"drug": agent, "route": "oral", "change": "stop"}
    if chance.random() < 0.3:
        weighed = {**line(agent, dose, "once a day"), "change": "replace"}
    who = {**person(chance), "swallowing": swallowing, "country": country}
    review = reviewed({**who, "medicines": [{k: v for k, v in taken.items() if v}], "considering": [weighed]})
    facts_sold = [p for p in KNOWN.agents[agent].products if p.per.endswith("mL") and "oral" in p.form]
    here = [p for p in facts_sold if not p.jurisdiction or {"DE": "EU"}.get(country, country) in p.jurisdiction]
    for plan in of_kind(review, "taper"):
        if plan.steps and here:
            assert all(p.liquid or p.drop for p in plan.products), (agent, country, plan.products)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tube_is_spoken_of_whatever_the_steps_are_made_of(seed: int) -> None:
    """Of a liquid in place of an unsaid form as of tablets; and larger volumes are read at the marks of a large syringe."""
    chance = random.Random(seed)
    agent, dose = chance.choice([("baclofen", 15), ("baclofen", 25), ("diazepam", 10), ("tizanidine", 8), ("dantrolene", 100), ("clonazepam", 2)])  # fmt: skip
    taken = {**line(agent, dose, "three times a day"), "start": "2024-05-01"}
    weighed = {"drug": agent, "route": "oral", "change": "stop"}
    who = {**person(chance), "swallowing": chance.choice(["tube", "crushed"])}
    begun = chance.random() < 0.3
    review = reviewed({**who, "medicines": [] if begun else [taken], "considering": [agent] if begun else [weighed]})
    for plan in of_kind(review, "taper", "titration"):
        if not plan.steps:
            continue
        hazards = [note for note in plan.notes if note.startswith("HAZARD")]
        liquid = plan.products[0].liquid or plan.products[0].drop
        assert any(("crushed and dispersed" in note) != liquid for note in hazards) or (begun and liquid)
        assert not any("is taken as" in note for note in hazards), "nobody said a form"
        volumes = [c.count for s in plan.steps for t in s.takes for c in t.counts if plan.products[c.product].liquid]
        assert all(volume <= 5 or volume * 2 % 1 == 0 for volume in volumes)


# ---------------------------------------------------------------- exchanges


def test_an_exchange_of_gabapentinoids_is_spoken_of_as_its_plan_has_it() -> None:
    taken = ["gabapentin 600 mg three times a day since 2022-01-01"]
    weighed = ["stop gabapentin", {"drug": "pregabalin", "dose": "150 mg", "frequency": "twice a day"}]
    review = left(taken, weighed, country="DE")
    assert the(review, "switch").steps
    grave = [
        f for f in review.findings if f.tier in ("DANGER", "CHANGE") and {"gabapentin", "pregabalin"} & set(f.agents)
    ]
    assert {f.rules[0] for f in grave} == {"gabapentinoid-two", "pregabalin-start-dose"}
    assert all("plan" in f.action for f in grave)
    assert not any("week" in f.action for f in grave)


def test_where_the_new_one_may_not_begin_the_old_one_is_asked_about_before_it_goes() -> None:
    labs = [{"name": "creatinine", "value": "150 umol/L", "date": "2026-11-10"}]
    taken = ["tizanidine 4 mg three times a day since 2024-01-01"]
    weighed = [
        {"drug": "baclofen", "route": "oral", "dose": "5 mg", "frequency": "three times a day"},
        "stop tizanidine",
    ]
    plan = the(left(taken, weighed, labs=labs, birth_date="1945-01-01"), "switch")
    assert plan.refused is not None and not plan.steps
    assert plan.title == "From tizanidine to baclofen"
    assert plan.needs_first[0] == "whether tizanidine is to go at all, now that baclofen may not take its place"


# ---------------------------------------------------------------- overrides


def overridden(agent: str, taken: str, override: Override, **changes: Any) -> Plan:
    """The taper of one person with the clinician's own step or time."""
    patient = read_patient({"as_of": "2026-11-22", **SOUND, **changes, "medicines": [taken]}, KNOWN, today=TODAY)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    return taper_plan(agent, medicines, facts, TODAY, override=override)


def test_steps_where_nothing_is_to_be_given_are_beyond_every_source() -> None:
    labs = [{"name": "ALT", "value": "160 U/L", "date": "2026-11-22"}, {"name": "bilirubin", "value": "45 umol/L", "date": "2026-11-22"}]  # fmt: skip
    plan = overridden("dantrolene", "dantrolene 100 mg four times a day since 2026-05-01", Override(by=50, every_days=7), labs=labs)  # fmt: skip
    assert plan.steps and any(p.beyond for p in plan.policies)
    assert any(t.text.startswith("OVERRIDE") for t in plan.first_do)


def test_another_time_between_steps_keeps_the_end_and_a_step_of_ones_own_that_loses_it_is_marked() -> None:
    taken = "baclofen 40 mg four times a day since 2020-01-05"
    slower = overridden("baclofen", taken, Override(every_days=7), country="US")
    assert slower.steps[-1].daily <= 10 and not any(p.beyond for p in slower.policies)
    own = overridden("baclofen", taken, Override(by=40, every_days=7), country="US")
    assert own.steps[-1].daily > 10 and any(p.beyond for p in own.policies)


def test_nothing_is_lengthened_given_back_or_taken_again_over_a_source_that_gives_nothing() -> None:
    labs = [{"name": "creatinine", "value": "290 umol/L", "date": "2026-11-20"}]
    taken = "baclofen 10 mg three times a day since 2026-11-18"
    plan = overridden("baclofen", taken, Override(percent=20, every_days=3), country="US", labs=labs)
    assert plan.steps and any(p.beyond for p in plan.policies)
    assert not plan.branches and all(step.back_to is None for step in plan.steps)
    assert not any(gate.go_back for gate in plan.gates)
    assert [gap.do for gap in plan.missed] == ["call"]


def test_a_last_step_above_what_any_source_allows_is_named() -> None:
    taken = "baclofen 25 mg four times a day since 2018-01-01"
    by_half = overridden("baclofen", taken, Override(by=50, every_days=21), country="UK")
    assert "from 50 mg a day to nothing" in by_half.first_do[0].text
    quick = overridden("baclofen", taken, Override(percent=50, every_days=1), country="UK")
    assert quick.first_do and "to nothing" not in quick.first_do[0].text


@pytest.mark.parametrize("taken", ["baclofen 10 mg three times a day since 2020-01-01", "diazepam 10 mg three times a day since 2020-01-01"])  # fmt: skip
def test_an_override_by_a_part_of_the_dose_ends_where_pieces_end(taken: str) -> None:
    agent = taken.split()[0]
    plan = overridden(agent, taken, Override(percent=20, every_days=14), country="UK")
    assert plan.steps[-1].daily >= {"baclofen": 3, "diazepam": 0.5}[agent]
    assert len(plan.steps) <= 20
