"""Ways out and bounds in danger: what is held, what has to be done first, what the kidney, pressure and other medicines leave."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import TODAY
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.read import read_medicines
from relaxant.planning.dose import Room, room
from relaxant.planning.plan import Plan
from relaxant.planning.taper import taper_plan

LONG = "since 2024-01-05"
DAYS = "since 2026-11-18"
COUNTRY: dict[str, str] = {"US": "US", "UK": "UK", "EU": "IE"}


def facts_of(knowledge: Knowledge, where: Jurisdiction, **said: Any) -> tuple[Any, Any, Facts]:
    """Someone of 50 with sound kidneys, liver and pressure unless said otherwise."""
    person = {
        "as_of": TODAY.isoformat(), "country": COUNTRY[where], "sex": "female", "age": 50, "weight": "70 kg", "height": "170 cm",
        "conditions": [], "dialysis": "none", "medicines": [], "smoker": False,
        "labs": [{"name": "creatinine", "value": "0.7 mg/dL", "date": "2026-11-20"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-20"}],
        "observations": seen(124, 72),
    }  # fmt: skip
    patient = read_patient({**person, **said}, knowledge, today=TODAY)
    medicines = read_medicines(patient, knowledge)
    return patient, medicines, Facts(inputs_of([(patient, medicines)], knowledge), knowledge, where)


def seen(systolic: int, pulse: int) -> list[dict[str, str]]:
    return [
        {"name": "systolic blood pressure", "value": f"{systolic} mmHg", "date": "2026-11-20"},
        {"name": "heart rate", "value": f"{pulse} /min", "date": "2026-11-20"},
    ]


def creatinine(value: float) -> list[dict[str, str]]:
    return [{"name": "creatinine", "value": f"{value} mg/dL", "date": "2026-11-20"}]


def taper(knowledge: Knowledge, agent: str, where: Jurisdiction, *lines: str, ready: bool = False, **said: Any) -> Plan:
    patient, medicines, facts = facts_of(knowledge, where, medicines=list(lines), **said)
    return taper_plan(agent, medicines, facts, patient.as_of, ready=ready)


def bounded(knowledge: Knowledge, agent: str, where: Jurisdiction, **said: Any) -> Room:
    return room(agent, facts_of(knowledge, where, **said)[2])


# ---------------------------------------------------------------- tizanidine is held

HELD: list[tuple[Jurisdiction, tuple[str, ...], dict[str, Any], str]] = [
    ("US", (f"tizanidine 8 mg three times a day {LONG}", f"ciprofloxacin 500 mg twice a day {DAYS}"), {}, "tizanidine-strong-inhibitor"),
    ("UK", (f"tizanidine 2 mg three times a day {LONG}", f"fluvoxamine 100 mg once a day {DAYS}"), {}, "tizanidine-strong-inhibitor"),
    ("EU", (f"tizanidine 4 mg three times a day {LONG}", f"ciprofloxacin 500 mg twice a day {DAYS}"), {"observations": seen(84, 60)}, "tizanidine-strong-inhibitor"),
    ("US", (f"tizanidine 4 mg three times a day {LONG}", "mexiletine 200 mg three times a day"), {"observations": seen(94, 60)}, "tizanidine-inhibitor-low-pressure"),
    ("US", (f"tizanidine 4 mg three times a day {LONG}", "cimetidine 400 mg twice a day"), {"observations": seen(86, 60)}, "tizanidine-inhibitor-low-pressure"),
    ("UK", (f"tizanidine 4 mg three times a day {LONG}",), {"observations": seen(86, 60)}, "tizanidine-low-pressure"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "lines", "said", "policy"), HELD)
def test_tizanidine_is_held_where_every_step_would_be_too_much(
    knowledge: Knowledge, country: Jurisdiction, lines: tuple[str, ...], said: dict[str, Any], policy: str
) -> None:
    plan = taper(knowledge, "tizanidine", country, *lines, **said)
    assert plan.refused is None
    assert plan.policies[0].id == policy
    assert plan.policies[0].text.startswith("Hold tizanidine")
    assert not plan.policies[0].verified
    assert (plan.steps, plan.branches) == ((), ())
    assert "rebound" in plan.policies[0].text


def test_a_high_dose_at_low_pressure_is_lowered_and_not_ended(knowledge: Knowledge) -> None:
    """The rule on low pressure: do not stop 20 mg a day or more at once. The label's quick end is 4 mg a day."""
    for lines in (
        (f"tizanidine 8 mg three times a day {LONG}",),
        (f"tizanidine 4 mg three times a day {LONG}", f"clonidine 0.1 mg twice a day {LONG}"),
    ):
        plan = taper(knowledge, "tizanidine", "US", *lines, observations=seen(84, 60))
        assert plan.policies[0].id == "tizanidine-low-pressure-steps"
        assert plan.steps[0].changed == -4


def test_both_borne_for_weeks_may_go_by_steps(knowledge: Knowledge) -> None:
    lines = (f"tizanidine 8 mg three times a day {LONG}", f"fluvoxamine 100 mg once a day {LONG}")
    plan = taper(knowledge, "tizanidine", "US", *lines)
    assert [p.id for p in plan.policies[:2]] == ["tizanidine-strong-inhibitor", "tizanidine-strong-inhibitor-steps"]
    low = taper(knowledge, "tizanidine", "US", *lines, observations=seen(92, 60))
    assert "tizanidine-strong-inhibitor-steps" not in {p.id for p in low.policies}


def test_without_danger_tizanidine_goes_as_before(knowledge: Knowledge) -> None:
    for other in ("levofloxacin 500 mg once a day", "lisinopril 10 mg once a day"):
        plan = taper(knowledge, "tizanidine", "US", f"tizanidine 8 mg three times a day {LONG}", other)
        assert plan.policies[0].id == "tizanidine-label"


def test_nothing_is_given_back_beside_what_blocks_its_clearance(knowledge: Knowledge) -> None:
    plan = taper(
        knowledge,
        "tizanidine",
        "US",
        f"tizanidine 8 mg three times a day {LONG}",
        f"ciprofloxacin 500 mg twice a day {DAYS}",
    )
    (gate,) = plan.gates
    assert not gate.go_back
    assert "nothing is given back outside hospital" in plan.withdrawal[0].action
    assert "2 days" in plan.policies[0].text


def test_dantrolene_ends_at_once_with_an_injured_liver(knowledge: Knowledge) -> None:
    """US label, warnings: hepatitis or jaundice, stop. The rule on aminotransferases stops it from 3 times the upper limit."""
    labs = [{"name": "ALT", "value": "180 U/L", "date": "2026-11-20"}]
    plan = taper(knowledge, "dantrolene", "US", f"dantrolene 50 mg three times a day {LONG}", labs=labs)
    assert plan.policies[0].id == "dantrolene-liver"
    assert plan.steps == ()
    well = taper(knowledge, "dantrolene", "US", f"dantrolene 50 mg three times a day {LONG}")
    assert well.policies[0].id == "dantrolene-down"


SEVERE: list[dict[str, str]] = [
    {"name": name, "value": value, "date": "2026-11-20"}
    for name, value in (("bilirubin", "60 umol/L"), ("INR", "1.8"), ("albumin", "26 g/L"))
]


@pytest.mark.parametrize("where", ["US", "UK", "EU"])
@pytest.mark.parametrize("alt", [20, 160])
@pytest.mark.parametrize("dose", [4, 8, 10])
@pytest.mark.parametrize("severe", [True, False])
def test_no_way_down_of_tizanidine_waits_for_a_liver_test_that_changes_nothing(knowledge: Knowledge, where: Jurisdiction, alt: float, dose: int, severe: bool) -> None:  # fmt: skip
    labs = [{"name": "ALT", "value": f"{alt} U/L", "date": "2026-11-20"}, *(SEVERE if severe else ())]
    plan = taper(knowledge, "tizanidine", where, f"tizanidine {dose} mg four times a day {LONG}", labs=labs, conditions=["cirrhosis"] if severe else [])  # fmt: skip
    raised, above = alt > 120, dose * 4 > 36
    if raised and not above and not severe:
        assert plan.refused and not plan.steps and any("Repeat ALT" in t.text for t in plan.first_do)
        return
    assert plan.refused is None and plan.steps[0].first == TODAY
    assert plan.steps[0].changed == -(4 if severe or raised else 2)
    told = [t.text for g in plan.gates for t in g.go_on if t.text.startswith("ALT")]
    assert bool(told) == (raised and not severe), "what the second value decides"


# ---------------------------------------------------------------- what has to be done first

FIRST: list[tuple[str, tuple[str, ...], dict[str, Any], str, str]] = [
    ("clonidine", (f"clonidine 0.1 mg twice a day {LONG}", "atenolol 50 mg once a day"), {}, "clonidine-beta-blocker", "beta-blocker"),
    ("gabapentin", (f"gabapentin 600 mg three times a day {LONG}",), {"conditions": ["epilepsy"]}, "gabapentin-epilepsy", "antiepileptic"),
    ("pregabalin", (f"pregabalin 150 mg twice a day {LONG}",), {"conditions": ["epilepsy"]}, "pregabalin-epilepsy", "antiepileptic"),
    ("diazepam", (f"diazepam 5 mg twice a day {DAYS}",), {"conditions": ["epilepsy"]}, "diazepam-epilepsy", "antiepileptic"),
    ("clonazepam", (f"clonazepam 1 mg twice a day {DAYS}",), {"conditions": ["epilepsy"]}, "clonazepam-epilepsy", "antiepileptic"),
]  # fmt: skip


@pytest.mark.parametrize(("agent", "lines", "said", "policy", "what"), FIRST)
def test_no_dates_before_what_has_to_be_done_first(
    knowledge: Knowledge, agent: str, lines: tuple[str, ...], said: dict[str, Any], policy: str, what: str
) -> None:
    plan = taper(knowledge, agent, "US", *lines, **said)
    assert plan.policies[0].id == policy
    assert plan.steps == ()
    assert plan.refused
    assert any(what in told.text for told in plan.first_do)
    ready = taper(knowledge, agent, "US", *lines, ready=True, **said)
    assert ready.refused is None
    assert ready.steps
    assert all(step.changed <= 0 for step in ready.steps)


def test_seizures_take_three_months(knowledge: Knowledge) -> None:
    """Cochrane: up to three months is rapid. Seven even steps of 13 days end on day 91."""
    plan = taper(
        knowledge,
        "gabapentin",
        "US",
        f"gabapentin 600 mg three times a day {LONG}",
        conditions=["epilepsy"],
        ready=True,
    )
    assert plan.last_dose is not None
    assert 85 <= (plan.last_dose - plan.steps[0].first).days + 1 <= 91


# ---------------------------------------------------------------- the kidney

KIDNEYS: list[tuple[str, Jurisdiction, str, list[dict[str, str]], float]] = [
    # most in a day: Neurontin, US label 2.4 table 1; Chincholkar 2020 table 1; pregabalin labels
    ("gabapentin", "US", "gabapentin 1200 mg three times a day", creatinine(2.6), 700),
    ("gabapentin", "US", "gabapentin 1200 mg three times a day", creatinine(1.6), 1400),
    ("gabapentin", "UK", "gabapentin 900 mg three times a day", creatinine(2.6), 600),
    ("gabapentin", "UK", "gabapentin 800 mg three times a day", creatinine(1.3), 900),
    ("pregabalin", "US", "pregabalin 300 mg twice a day", creatinine(2.6), 150),
    ("pregabalin", "EU", "pregabalin 300 mg twice a day", creatinine(1.6), 300),
]


@pytest.mark.parametrize(("agent", "country", "line", "labs", "most"), KIDNEYS)
def test_the_most_for_the_kidney_is_kept_within_the_week(
    knowledge: Knowledge, agent: str, country: Jurisdiction, line: str, labs: list[dict[str, str]], most: float
) -> None:
    plan = taper(knowledge, agent, country, f"{line} {LONG}", "oxycodone 10 mg twice a day", labs=labs, age=70)
    assert plan.policies[0].id.startswith(f"{agent}-kidney")
    kept = next(step.first for step in plan.steps if step.daily <= most)
    assert (kept - plan.steps[0].first).days < 7
    assert plan.last_dose is not None
    assert (plan.last_dose - plan.steps[0].first).days + 2 >= 7, "the label's least week"


def test_with_seizures_on_record_the_end_is_slower(knowledge: Knowledge) -> None:
    line = f"gabapentin 1200 mg three times a day {LONG}"
    plan = taper(knowledge, "gabapentin", "US", line, labs=creatinine(2.6), age=70, conditions=["epilepsy"])
    assert plan.policies[0].id == "gabapentin-kidney-seizures-us"
    kept = next(step.first for step in plan.steps if step.daily <= 700)
    assert (kept - plan.steps[0].first).days <= 10
    assert plan.last_dose is not None
    assert (plan.last_dose - plan.steps[0].first).days >= 14
    assert any("other antiepileptic treatment" in p.text for p in plan.policies[:1])


def test_a_dose_that_the_kidney_allows_goes_as_before(knowledge: Knowledge) -> None:
    plan = taper(knowledge, "gabapentin", "US", f"gabapentin 300 mg twice a day {LONG}", labs=creatinine(2.6), age=70)
    assert plan.policies[0].id == "gabapentin-label"


def test_a_little_above_the_most_of_a_fair_kidney_goes_as_others_do(knowledge: Knowledge) -> None:
    """1,800 mg at about 40 mL/min, of which 1,400 mg are allowed: by 300 mg every 4 days that is reached on day 5."""
    plan = taper(
        knowledge, "gabapentin", "US", f"gabapentin 600 mg three times a day {LONG}", labs=creatinine(1.5), age=70
    )
    assert plan.policies[0].id == "gabapentin-four-days"
    kept = next(step.first for step in plan.steps if step.daily <= 1400)
    assert (kept - plan.steps[0].first).days < 7


def test_on_dialysis_and_by_a_stage_on_record(knowledge: Knowledge) -> None:
    line = f"gabapentin 300 mg three times a day {LONG}"
    on = taper(knowledge, "gabapentin", "US", line, labs=[], dialysis="haemodialysis")
    assert on.policies[0].id == "gabapentin-kidney-us"
    stage = [{"code": "N18.4", "system": "ICD-10-CM"}]
    staged = taper(knowledge, "gabapentin", "UK", line, labs=creatinine(2.6), age=70, conditions=stage)
    assert staged.policies[0].id == "gabapentin-kidney-uk-eu"


# ---------------------------------------------------------------- baclofen that may not be new


@pytest.mark.parametrize("country", ["US", "UK", "EU"])
def test_a_new_order_of_baclofen_is_not_taken_for_a_new_treatment(knowledge: Knowledge, country: Jurisdiction) -> None:
    plan = taper(knowledge, "baclofen", country, f"baclofen 20 mg three times a day {DAYS}")
    assert plan.policies[0].id == f"baclofen-{country.lower()}"
    assert "baclofen-new" in {p.id for p in plan.policies[1:]}
    assert plan.last_dose is not None
    assert (plan.last_dose - plan.steps[0].first).days >= 11


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("country", ["US", "UK", "EU"])
def test_low_pressure_leaves_one_dose_or_none(knowledge: Knowledge, country: Jurisdiction) -> None:
    low = bounded(knowledge, "tizanidine", country, observations=seen(96, 70))
    assert (low.never, low.daily, low.doses_daily) == ((), 2, 1)
    assert bounded(knowledge, "tizanidine", country, observations=seen(88, 70)).never
    slow = bounded(knowledge, "tizanidine", country, observations=seen(120, 46))
    assert (slow.never, slow.daily, slow.doses_daily) == ((), 2, 1)


@pytest.mark.parametrize(
    ("medicines", "systolic", "pulse"),
    [
        (["lisinopril 10 mg once a day"], 96, 70),
        (["clonidine 0.1 mg twice a day"], 96, 70),
        (["mexiletine 200 mg three times a day"], 96, 70),
        (["atenolol 50 mg once a day"], 120, 46),
        (["digoxin 125 micrograms once a day"], 120, 46),
        (["oxycodone 5 mg twice a day", "lorazepam 1 mg at night"], 120, 70),
    ],
)
def test_where_a_finding_says_do_not_start_nothing_is_started(
    knowledge: Knowledge, medicines: list[str], systolic: int, pulse: int
) -> None:
    assert bounded(knowledge, "tizanidine", "US", medicines=medicines, observations=seen(systolic, pulse)).never
    apart = bounded(knowledge, "tizanidine", "US", medicines=medicines[:1], observations=seen(120, 70))
    assert not apart.never


def test_a_weak_kidney_has_a_most_in_each_country(knowledge: Knowledge) -> None:
    """UK and EU: up to six times the exposure, 36 / 6 mg. US: clearance more than halved, 36 / 2 and 16 / 2 mg."""
    labs = creatinine(3.6)
    for country in ("UK", "EU"):
        here = bounded(knowledge, "tizanidine", country, labs=labs)
        assert (here.daily, here.doses_daily, here.start) == (36 / 6, 1, 2)
    us = bounded(knowledge, "tizanidine", "US", labs=labs)
    assert (us.daily, us.single, us.start, us.start_daily, us.share) == (36 / 2, 16 / 2, 2, 2, 1)
    old = bounded(knowledge, "tizanidine", "US", age=72)
    assert (old.daily, old.single, old.start_daily, old.share) == (36 / 2, 16 / 2, 2, 1)


def test_what_raises_tizanidine_bounds_the_whole_day(knowledge: Knowledge) -> None:
    """US label of 2013, 7.3 and 7.4: 2 mg, then steps of 2 to 4 mg a day."""
    for line in (
        "cimetidine 400 mg twice a day",
        "ethinyl estradiol 30 micrograms / levonorgestrel 150 micrograms once a day",
    ):
        here = bounded(knowledge, "tizanidine", "US", medicines=[line], age=30)
        assert (here.start_daily, here.step_daily) == (2, 2)


@pytest.mark.parametrize("beside", ["oxycodone 5 mg twice a day", "lorazepam 1 mg at night"])
def test_gabapentinoids_beside_what_slows_breathing_rise_by_the_day(knowledge: Knowledge, beside: str) -> None:
    gabapentin = bounded(knowledge, "gabapentin", "US", medicines=[beside])
    assert (gabapentin.start_daily, gabapentin.step_daily, gabapentin.days) == (100, 100, 3)
    pregabalin = bounded(knowledge, "pregabalin", "UK", medicines=[beside])
    assert (pregabalin.start_daily, pregabalin.step_daily) == (25, 50)


def test_a_week_passes_between_steps_of_baclofen_with_weak_kidneys(knowledge: Knowledge) -> None:
    assert bounded(knowledge, "baclofen", "US", labs=creatinine(1.5)).days == 7
    assert bounded(knowledge, "baclofen", "US").days < 7


# ---------------------------------------------------------------- products


@pytest.mark.parametrize(
    ("agent", "country", "line"),
    [
        ("diazepam", "US", "diazepam 5 mg twice a day"),
        ("diazepam", "US", "diazepam 2 mg three times a day"),
        ("diazepam", "UK", "diazepam 5 mg three times a day"),
        ("diazepam", "ES", "diazepam 5 mg twice a day"),
        ("clonazepam", "US", "clonazepam 1 mg twice a day"),
        ("clonazepam", "US", "clonazepam 0.5 mg three times a day"),
        ("clonazepam", "IE", "clonazepam 1 mg twice a day"),
    ],
)
def test_no_step_of_a_benzodiazepine_takes_more_than_a_quarter(
    knowledge: Knowledge, agent: str, country: str, line: str
) -> None:
    """Joint guideline 2025: not more than 25% every 2 weeks, down to the dose that is the last of the policy; but for the smallest piece.
    The UK schedule ends in steps of 0.5 to 1 mg."""
    where: Jurisdiction = "US" if country == "US" else "UK" if country == "UK" else "EU"
    plan = taper(knowledge, agent, where, f"{line} {LONG}", country=country)
    policy = knowledge.plans.tapers[plan.policies[0].id]
    for step in plan.steps:
        before = step.daily - step.changed
        if before > (policy.last or 0):
            piece = min(product.strength for product in plan.products)
            own = piece if agent == "clonazepam" else policy.least_most or 0
            assert -step.changed <= max(before / 4, own) + 1e-9, (
                step.daily,
                step.changed,
            )


# ---------------------------------------------------------------- words


def test_no_sign_of_withdrawal_is_an_emergency_too(knowledge: Knowledge) -> None:
    """In plain words and clinical ones: what is for the hospital does not stand among what may wait."""
    same = {
        "confusion": ("confus", "mixed up", "delirium", "place or time"),
        "hallucinations": ("hallucinat", "seeing or hearing", "hearing or seeing"),
        "seizure": ("seizure", "fit"),
        "fever": ("fever",),
        "suicide": ("suicide",),
    }
    for entry in knowledge.plans.withdrawals.values():
        signs, emergency = " ".join(entry.signs).lower(), " ".join(entry.emergency).lower()
        for name, words in same.items():
            both = any(w in signs.split() or w in signs for w in words) and any(w in emergency for w in words)
            assert not both, f"{entry.withdrawal}: {name} stands in both"
        assert "that deepens" not in emergency


def test_no_policy_says_that_a_stop_at_once_is_nothing(knowledge: Knowledge) -> None:
    for entry in knowledge.plans.tapers.values():
        assert "no emergency" not in entry.text
