"""A rise from what is taken: not before the present dose has had its time, and in the times of day of the order."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import combinations, pairwise, product
from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.medicines.read import read_medicines
from relaxant.planning.day_shape import in_times, other_times
from relaxant.planning.dose import room
from relaxant.planning.plan import Plan
from relaxant.planning.rungs import Staged, staged
from relaxant.planning.which_titration import titrations

KNOWN = load_knowledge()
WELL: dict[str, Any] = {
    "as_of": TODAY.isoformat(), "sex": "female", "birth_date": "1972-03-01", "weight": "62 kg", "height": "165 cm", "dialysis": "none", "muscle_mass": "normal",
    "pregnant": False, "breastfeeding": False, "stands_on_tone": False, "smoker": False, "alcohol": "none", "swallowing": "normal", "allergies": [],
    "conditions": ["multiple sclerosis"],
    "labs": [{"name": n, "value": v, "date": "2026-11-18"} for n, v in (("creatinine", "60 umol/L"), ("ALT", "22 U/L"), ("AST", "22 U/L"))],
    "observations": [{"name": "systolic blood pressure", "value": "128 mmHg", "date": "2026-11-18"}, {"name": "heart rate", "value": "72 /min", "date": "2026-11-18"}],
}  # fmt: skip


def raising(now: list[str], weighed: str, **changed: Any) -> Plan:
    review = reviewed({**WELL, "medicines": now, "considering": [weighed], **changed})
    return next(p for p in review.plan if p.kind == "titration")


def risen(plan: Plan) -> date:
    """The day of the first rise; the present dose stands before it."""
    return next(step.first for step in plan.steps if step.changed > 0)


# ---------------------------------------------------------------- the time of the present dose


@pytest.mark.parametrize(
    ("country", "now", "weighed", "days"),
    [
        ("UK", "tizanidine 2 mg at night", "tizanidine 4 mg twice a day", 4),
        ("US", "dantrolene 25 mg once a day", "dantrolene 50 mg three times a day", 7),
        ("UK", "baclofen 5 mg three times a day", "baclofen 10 mg three times a day", 14),
    ],
)
def test_the_first_rise_waits_for_the_days_of_the_present_stage(
    country: str, now: str, weighed: str, days: int
) -> None:
    since = TODAY - timedelta(days=1)
    plan = raising([f"{now} since {since.isoformat()}"], weighed, country=country)
    assert risen(plan) == since + timedelta(days=days)
    assert any(since.isoformat() in note for note in plan.notes)


def test_a_dose_taken_for_long_rises_today() -> None:
    plan = raising(
        ["baclofen 5 mg three times a day since 2026-01-05"], "baclofen 10 mg three times a day", country="UK"
    )
    assert plan.steps[0].first == TODAY and not plan.needs_first


def test_a_dose_taken_since_a_day_that_is_not_known_asks_for_it() -> None:
    plan = raising(["baclofen 5 mg three times a day"], "baclofen 10 mg three times a day", country="UK")
    assert "since when baclofen is taken at the present dose" in plan.needs_first
    assert any("14 days" in note for note in plan.notes)


DOSES = [
    ("baclofen", "5 mg three times a day", "15 mg three times a day"),
    ("tizanidine", "2 mg at night", "4 mg three times a day"),
    ("dantrolene", "25 mg once a day", "50 mg three times a day"),
    ("gabapentin", "300 mg three times a day", "600 mg three times a day"),
    ("diazepam", "2 mg at night", "5 mg three times a day"),
]
PEOPLE = list(product(("US", "UK", "DE"), ("1972-03-01", "1948-03-01"), ("60 umol/L", "110 umol/L"), (0, 2, 6, 13, 40)))


@pytest.mark.parametrize(("agent", "now", "weighed"), DOSES)
def test_no_rise_comes_before_the_days_of_stage_and_bound(agent: str, now: str, weighed: str) -> None:
    made = 0
    for country, born, creatinine, ago in PEOPLE[:: 1 if FULL else 3]:
        since = TODAY - timedelta(days=ago)
        labs = [{"name": "creatinine", "value": creatinine, "date": "2026-11-18"}, *WELL["labs"][1:]]
        changed = {"country": country, "birth_date": born, "labs": labs}
        plans = reviewed({**WELL, "medicines": [f"{agent} {now} since {since}"], "considering": [f"{agent} {weighed}"], **changed}).plan  # fmt: skip
        for plan in (p for p in plans if p.kind == "titration" and p.steps):
            made += 1
            assert risen(plan) >= max(TODAY, since + timedelta(days=_least_days(agent, now, changed)))
    assert made


def _least_days(agent: str, now: str, changed: dict[str, Any]) -> int:
    """The least days of any stage that the present dose may be, and of what bounds the steps."""
    patient = read_patient({**WELL, "medicines": [f"{agent} {now}"], **changed}, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    stages = [s.days or 0.0 for t in titrations(agent, facts) for s in staged(t, agent, facts, 0)[:1]]
    return math.ceil(max(min(stages), room(agent, facts).days))


# ---------------------------------------------------------------- the times of the order


def doses(plan: Plan) -> list[dict[str, float]]:
    return [{take.at: take.amount for take in step.takes} for step in plan.steps]


@pytest.mark.parametrize(
    ("country", "weighed", "changed", "steps"),
    [
        ("US", "tizanidine 4 mg at night", {}, [{"night": 2}, {"night": 4}]),
        ("UK", "tizanidine 4 mg twice a day", {}, [{"night": 2}, {"morning": 2, "night": 2}, {"morning": 2, "night": 4}, {"morning": 4, "night": 4}]),
        ("UK", "diazepam 2 mg at night", {"birth_date": "2019-06-01", "weight": "22 kg", "height": "120 cm", "conditions": ["cerebral palsy"]}, [{"night": 2}]),
    ],
)  # fmt: skip
def test_an_order_keeps_its_times(country: str, weighed: str, changed: dict[str, Any], steps: list[Any]) -> None:
    plan = raising([], weighed, country=country, **changed)
    assert doses(plan) == steps
    assert not any("times of day were changed" in note for note in plan.notes)


def test_times_that_the_source_cannot_keep_are_said_to_be_changed() -> None:
    plan = raising([], "baclofen 40 mg at night", country="US")
    assert len(doses(plan)[-1]) > 1
    assert any("times of day were changed" in note for note in plan.notes)


def test_a_child_ordered_three_doses_a_day_is_not_given_four() -> None:
    changed = {"birth_date": "2018-06-01", "weight": "22 kg", "height": "120 cm", "conditions": ["cerebral palsy"]}
    plan = raising([], "baclofen 5 mg three times a day", country="UK", **changed)
    assert plan.steps[-1].daily == 15
    assert all(len(day) == 3 and max(day.values()) - min(day.values()) <= 0.1 + 1e-9 for day in doses(plan))


GRAINS_OF_ORDER = [(500,), (2_000,), (2_000, 2_000), (5_000, 5_000, 10_000), (10_000, 10_000, 10_000), (4_000, 8_000), (300_000, 600_000), (1_000,) * 4]  # fmt: skip
SOME_PARTS: dict[int, tuple[tuple[DayPart, ...], ...]] = {
    n: tuple(combinations(DAY_PARTS, n)) for n in range(1, 5)
}  # fmt: skip


@pytest.mark.parametrize("name", list(KNOWN.plans.titrations))
def test_stages_at_the_times_of_an_order_are_never_above_those_of_the_source(name: str) -> None:
    titration = KNOWN.plans.titrations[name]
    weight = 70 if titration.unit.endswith("/kg") else 1
    stages = [Staged({p: a * weight * 1000 for p, a in s.doses.items()}, s.days) for s in titration.stages]
    largest = max((two.total - one.total for one, two in pairwise(stages)), default=stages[0].total)
    largest = max(largest, stages[0].total)
    for amounts in GRAINS_OF_ORDER:
        for parts in SOME_PARTS[len(amounts)]:
            for share in (1.0, 0.5):
                order = dict(zip(parts, amounts, strict=True))
                made = in_times(stages, order, {}, share)
                if made is None:
                    continue
                steps = [two.total - one.total for one, two in pairwise(made)]
                assert all(0 < step <= largest + 1e-6 for step in steps)
                assert made[0].total <= stages[0].total + 1e-6
                assert all(dose * share <= order[p] + 1e-6 for stage in made for p, dose in stage.doses.items())
                assert all(stage.days is not None for stage in made[:-1])
                if share == 1:
                    assert {p: round(dose) for p, dose in made[-1].doses.items()} == order


@pytest.mark.parametrize("name", list(KNOWN.plans.titrations))
def test_the_source_s_own_last_day_as_an_order_leaves_its_stages_as_they_are(name: str) -> None:
    titration = KNOWN.plans.titrations[name]
    stages = [Staged({p: a * 1000 for p, a in s.doses.items()}, s.days) for s in titration.stages]
    order = {p: int(max(s.doses.get(p, 0) for s in stages)) for p in DAY_PARTS if any(p in s.doses for s in stages)}
    made = in_times(stages, order, {}, 1.0)
    if made is not None and len(made) == len(stages):
        assert all(s.doses == pytest.approx(t.doses, abs=1) for s, t in zip(made, stages, strict=True))
    assert titration.falls or made is None or len(made) == len(stages)


def test_as_many_doses_at_other_times_than_ordered_are_other_times() -> None:
    assert other_times({"morning": 2, "night": 2}, {"morning": 2, "noon": 2}, placed=False)
    assert not other_times(
        {"morning": 2, "night": 2}, {"morning": 2, "noon": 2}, placed=True
    )  # the order named no time
    assert other_times({"morning": 2, "night": 2}, {"night": 4}, placed=True)


# ---------------------------------------------------------------- why there is none


def test_a_rise_beyond_the_end_of_the_source_s_steps_says_where_they_end() -> None:
    plan = raising(
        ["baclofen 20 mg three times a day since 2026-01-20"], "baclofen 20 mg four times a day", country="UK"
    )
    assert plan.refused == "No rise: the steps of the source end at 60 mg a day, and 60 mg a day is taken already."


def test_the_end_of_the_source_s_steps_is_not_what_a_partner_leaves_of_them() -> None:
    """36 mg a day are the end of the US label's steps, however much a contraceptive raises the exposure."""
    person = {"country": "US", "birth_date": "1990-03-01"}
    now = [
        "tizanidine 12 mg three times a day since 2026-01-20",
        "ethinyl estradiol 0.03 mg and levonorgestrel 0.15 mg once a day",
    ]
    plan = raising(now, "tizanidine 12 mg four times a day", **person)
    assert plan.refused == "No rise: the steps of the source end at 36 mg a day, and 36 mg a day is taken already."


@pytest.mark.parametrize(("weight", "daily"), [("42 kg", [25, 75]), ("55 kg", [25, 75, 150])])
def test_from_twelve_years_dantrolene_begins_with_a_capsule_in_the_uk(weight: str, daily: list[float]) -> None:
    changed = {"birth_date": "2012-06-01", "weight": weight, "height": "150 cm", "conditions": ["cerebral palsy"]}
    plan = raising([], "dantrolene 50 mg three times a day", country="UK", **changed)
    assert plan.refused is None
    assert [step.daily for step in plan.steps] == daily


def test_a_younger_child_whom_no_capsule_fits_is_told_the_dose_of_the_source() -> None:
    changed = {"birth_date": "2018-06-01", "weight": "20 kg", "height": "115 cm", "conditions": ["cerebral palsy"]}
    plan = raising([], "dantrolene 25 mg once a day", country="UK", **changed)
    assert plan.refused is not None and "begins with 10 mg at a time" in plan.refused


def test_steps_that_end_where_coarser_products_begin_are_not_laid_to_a_limit() -> None:
    changed = {"birth_date": "1948-01-01", "conditions": ["stroke", "frailty"]}
    plan = raising([], "baclofen 5 mg three times a day", country="DE", **changed)
    assert plan.steps[-1].daily == 5
    assert "where coarser products could begin" in plan.why and "above what is allowed" not in plan.why


# ---------------------------------------------------------------- courses that end


BACK = {"conditions": ["acute low back pain"], "country": "US"}


@pytest.mark.parametrize(
    ("country", "weighed", "days"),
    [
        ("US", "carisoprodol 250 mg four times a day", 21),
        ("US", "cyclobenzaprine 5 mg at night", 21),
        ("UK", "diazepam 2 mg three times a day", 5),
        ("UK", "methocarbamol 1500 mg four times a day", 30),
    ],
)
def test_a_course_has_a_last_day_and_no_supply_beyond(country: str, weighed: str, days: int) -> None:
    plan = raising([], weighed, **{**BACK, "country": country})
    last = TODAY + timedelta(days=days - 1)
    assert plan.last_dose == last and plan.steps[-1].last == last
    assert max(supply.until for supply in plan.supply) == last
    assert any(last.isoformat() in note for note in plan.notes)
    assert not any("28 days at the highest dose" in note for note in plan.notes)


def test_spasticity_does_not_end_with_a_sore_back() -> None:
    plan = raising(
        [], "diazepam 5 mg three times a day", country="UK", conditions=["multiple sclerosis", "low back pain"]
    )
    assert plan.last_dose is None and plan.steps[-1].last is None


def test_no_rise_is_planned_after_the_end_of_the_course() -> None:
    since = TODAY - timedelta(days=40)
    plan = raising(
        [f"cyclobenzaprine 5 mg three times a day since {since}"], "cyclobenzaprine 10 mg three times a day", **BACK
    )
    assert plan.refused is not None and "at most 21 days" in plan.refused and not plan.steps


def test_no_rise_so_late_in_a_course_that_its_dose_cannot_be_judged() -> None:
    now, weighed = "cyclobenzaprine 5 mg three times a day", "cyclobenzaprine 10 mg three times a day"
    late = raising([f"{now} since {TODAY - timedelta(days=16)}"], weighed, **BACK)
    assert late.refused is not None and "would need 14 days to be judged" in late.refused and not late.steps
    assert late.refused.startswith("No rise: the course of cyclobenzaprine ends on 2026-11-26")
    soon = raising([f"{now} since {TODAY - timedelta(days=5)}"], weighed, **BACK)
    assert soon.refused is None and soon.steps[-1].last == TODAY + timedelta(days=15)


def test_of_a_course_whose_first_day_is_not_known_it_is_asked_whether_it_is_over() -> None:
    plan = raising(["cyclobenzaprine 5 mg three times a day"], "cyclobenzaprine 10 mg three times a day", **BACK)
    assert "At most 21 days of cyclobenzaprine: ask since when it is taken, and whether they are over." in plan.notes


COURSES = [
    ("DE", "thiocolchicoside 4 mg twice a day", "thiocolchicoside 8 mg twice a day"),
    ("US", "cyclobenzaprine 5 mg three times a day", "cyclobenzaprine 10 mg three times a day"),
    ("US", "carisoprodol 250 mg three times a day", "carisoprodol 350 mg four times a day"),
    ("UK", "diazepam 2 mg twice a day", "diazepam 5 mg three times a day"),
]


@pytest.mark.parametrize(("country", "now", "weighed"), COURSES)
def test_every_rise_of_a_course_leaves_days_to_judge_it(country: str, now: str, weighed: str) -> None:
    least = KNOWN.policies["plan_rise_days"].value
    for ago in range(0, 21, 1 if FULL else 4):
        person = {**BACK, "country": country}
        for before in ([], [f"{now} since {TODAY - timedelta(days=ago)}"]):
            plan = raising(before, weighed, **person)
            rises = [s for s in plan.steps if s.changed > 0][0 if before else 1 :]
            assert all(s.days is None or s.days >= least for s in rises[-1:])


def test_what_has_to_be_settled_before_a_dose_stands_first_in_the_plan() -> None:
    person = {"country": "DE", "conditions": ["acute low back pain"], "pregnant": False}
    plan = raising([], "thiocolchicoside 8 mg twice a day", **person)
    assert any("contraception" in told.text for told in plan.first_do)
    jump = raising(["baclofen 5 mg three times a day since 2026-01-01"], "baclofen 20 mg three times a day")
    assert not jump.first_do  # the plan's steps are the answer to a dose that is too large


# ---------------------------------------------------------------- older people


def test_methocarbamol_is_halved_for_older_people_in_the_us() -> None:
    older = raising([], "methocarbamol 1500 mg four times a day", **BACK, birth_date="1950-01-01")
    younger = raising([], "methocarbamol 1500 mg four times a day", **BACK)
    assert [s.daily for s in younger.steps] == [6000, 4000]
    assert [s.daily for s in older.steps] == [3000, 2000]
    assert older.steps[0].bounds == ("methocarbamol-older-us",)


# ---------------------------------------------------------------- an exchange


def exchange(now: str, weighed: str, stopped: str, **changed: Any) -> Plan:
    considering = [{"drug": weighed, "change": "replace"}, f"stop {stopped}"]
    review = reviewed({**WELL, "medicines": [now], "considering": considering, **changed})
    return next(p for p in review.plan if p.kind == "switch")


def test_an_exchange_that_stays_at_the_start_says_so() -> None:
    plan = exchange(
        "baclofen 20 mg three times a day since 2022-01-01", "tizanidine 2 mg at night", "baclofen", country="UK"
    )
    assert "stays there, and raising it is not planned here" in plan.why


def test_an_exchange_keeps_the_times_of_the_order_and_says_where_it_ends() -> None:
    plan = exchange(
        "baclofen 20 mg three times a day since 2022-01-01", "tizanidine 4 mg at night", "baclofen", country="UK"
    )
    new = [step for step in plan.steps if step.agent == "tizanidine"]
    assert [{take.at: take.amount for take in step.takes} for step in new] == [{"night": 2}, {"night": 4}]
    assert "to raise it further is not planned here" in plan.why


@pytest.mark.parametrize("swallowing", ["tube", "crushed"])
def test_who_swallows_no_tablets_is_exchanged_to_a_liquid(swallowing: str) -> None:
    now, weighed = "gabapentin 300 mg three times a day since 2024-01-01", "pregabalin 75 mg twice a day"
    plan = exchange(now, weighed, "gabapentin", country="UK", swallowing=swallowing)
    used = {count.product for s in plan.steps if s.agent == "pregabalin" for take in s.takes for count in take.counts}
    assert used and all(plan.products[place].liquid for place in used)
