"""The emergency pages of an intrathecal pump, and what stands against a test or a start: children, kidneys, overdose, anticoagulants."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.planning.plan import Plan
from relaxant.reviewing import Review, review
from relaxant.rules.findings import Finding

TODAY = date(2026, 11, 22)
KNOWLEDGE = load_knowledge()
PUMP = {
    "drug": "baclofen",
    "concentration": "2000 micrograms/mL",
    "reservoir": "20 mL",
    "residual": "11.4 mL",
    "residual_on": "2026-11-22",
    "alarm": "2 mL",
    "refilled": "2026-10-10",
}


def line(rate: float = 400, **more: str) -> dict[str, str]:
    return {"drug": "baclofen", "dose": f"{rate} micrograms/day", "route": "intrathecal", "start": "2024-01-05", **more}


def reviewed(**plain: Any) -> Review:
    about = {"sex": "male", "age": 45, "weight": "80 kg", "height": "180 cm", "conditions": ["multiple sclerosis"], "allergies": [], "dialysis": "none"}  # fmt: skip
    about["labs"] = [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-20"}]
    said = {k: v for k, v in {**about, **plain}.items() if v is not None}
    return review(
        read_patient({"as_of": TODAY.isoformat(), **said}, KNOWLEDGE, today=TODAY), knowledge=KNOWLEDGE, predict=False
    )


def pump_page(found: Review) -> Plan:
    (page,) = [plan for plan in found.plan if plan.kind == "pump"]
    return page


def text_of(page: Plan, what: str | None = None) -> str:
    return " ".join(entry.text for entry in page.reckoning if what is None or entry.what == what)


def told(found: Review, rule: str) -> list[Finding]:
    return [finding for finding in found.findings if rule in finding.rules]


# ---------------------------------------------------------------- children in withdrawal

BY_MOUTH = "Until delivery is restored, by mouth"
CHILD: dict[str, Any] = {
    "age": 8,
    "weight": "25 kg",
    "height": "126 cm",
    "conditions": ["cerebral palsy"],
    "medicines": [line(200, stop="2026-11-21")],
}


@pytest.mark.parametrize(
    ("country", "most", "source"),
    [
        ("UK", "2 mg/kg a day, at 40 mg a day below 8 years", "baclofen-children-smpc"),
        ("US", "at most 80 mg a day", "baclofen-he-2014"),
    ],
)
def test_a_child_in_withdrawal_gets_no_adult_dose(country: str, most: str, source: str) -> None:
    creatinine = {"name": "creatinine", "value": "35 umol/L", "date": "2026-11-20"}
    for labs in ([creatinine], []):
        found = reviewed(country=country, **CHILD, labs=labs)
        page = pump_page(found)
        (entry,) = [e for e in page.reckoning if e.what == BY_MOUTH]
        assert most in entry.text and "no adult dose" in entry.text
        assert source in {s.id for s in entry.sources}
        (finding,) = told(found, "baclofen-intrathecal-stopped")
        for words in (text_of(page), finding.action, finding.summary):
            assert "10 to 20 mg" not in words and "10-20 mg" not in words and "4 to 8 mg" not in words
        assert "girl of 14" in text_of(page, "Until delivery is restored")


def test_adults_and_an_age_that_is_not_known() -> None:
    adult = pump_page(reviewed(medicines=[line(stop="2026-11-21")]))
    assert "oral baclofen 10 to 20 mg" in text_of(adult, BY_MOUTH) and "adult dose" not in text_of(adult)
    open_ = pump_page(reviewed(age=None, medicines=[line(stop="2026-11-21")]))
    assert "from 18 years, 10 to 20 mg" in text_of(open_, BY_MOUTH) and "no adult dose" in text_of(open_, BY_MOUTH)


# ---------------------------------------------------------------- kidneys that may lie in more than one band


def test_a_kidney_function_that_may_lie_in_several_bands_is_not_known() -> None:
    """With little muscle the creatinine gives an upper bound only: neither the strictest band nor the mildest is true."""
    for person in ({"conditions": ["spinal cord injury"]}, {"muscle_mass": "low"}):
        page = pump_page(reviewed(**person, medicines=[line(stop="2026-11-21")]))
        said = text_of(page, BY_MOUTH)
        assert "not known well enough" in said and "No oral baclofen" not in said


def test_an_upper_bound_within_the_strictest_band_is_enough() -> None:
    labs = [{"name": "creatinine", "value": "3.4 mg/dL", "date": "2026-11-21"}]
    page = pump_page(reviewed(muscle_mass="low", labs=labs, medicines=[line(stop="2026-11-21")]))
    assert "No oral baclofen" in text_of(page, BY_MOUTH)


def test_of_egfr_and_creatinine_clearance_the_lower_decides() -> None:
    """A woman of 78, 50 kg, creatinine 130 micromol/L: eGFR about 35, Cockcroft-Gault (140 - 78) x 50 x 1.04 / 130 = 24.8 mL/min."""
    labs = [{"name": "creatinine", "value": "130 umol/L", "date": "2026-11-20"}]
    found = reviewed(
        age=78, sex="female", weight="50 kg", height="158 cm", labs=labs, medicines=[line(stop="2026-11-21")]
    )
    assert "No oral baclofen" in text_of(pump_page(found), BY_MOUTH)
    (finding,) = told(found, "baclofen-intrathecal-stopped")
    assert "no oral baclofen" in finding.action


# ---------------------------------------------------------------- a needle in the spine that may bleed

TEST_DOSE = "baclofen 50 micrograms intrathecal once"


@pytest.mark.parametrize(
    ("person", "rule", "tier", "words"),
    [
        ({"medicines": ["apixaban 5 mg twice a day"]}, "lumbar-puncture-anticoagulant", "DANGER", "anticoagulant"),
        ({"medicines": ["dabigatran 150 mg twice a day"]}, "lumbar-puncture-anticoagulant", "DANGER", "anticoagulant"),
        ({"medicines": ["clopidogrel 75 mg once a day"]}, "lumbar-puncture-antiplatelet", "CHANGE", "antiplatelet"),
        (
            {"medicines": [], "conditions": ["stroke", "ITP"]},
            "lumbar-puncture-bleeding-disorder",
            "CHANGE",
            "haematology",
        ),
    ],
)
def test_no_test_dose_where_the_needle_may_bleed(person: dict[str, Any], rule: str, tier: str, words: str) -> None:
    for weighed in (TEST_DOSE, line(100)):
        found = reviewed(**person, considering=[weighed])
        assert [finding.tier for finding in told(found, rule)] == [tier]
        page = pump_page(found)
        assert page.refused is not None and words in page.refused and not page.policies


def test_aspirin_alone_and_a_running_pump_are_no_such_reason() -> None:
    assert pump_page(reviewed(medicines=["aspirin 75 mg once a day"], considering=[TEST_DOSE])).refused is None
    found = reviewed(medicines=["apixaban 5 mg twice a day", line()], pump=PUMP)
    assert not told(found, "lumbar-puncture-anticoagulant") and pump_page(found).refused is None


# ---------------------------------------------------------------- an overdose on a running pump

BREATHS = {"name": "respiratory rate", "value": "6 /min", "date": "2026-11-22"}


@pytest.mark.parametrize(
    "person",
    [
        *({"conditions": ["multiple sclerosis", words]} for words in ("baclofen overdose", "baclofen toxicity", "intrathecal baclofen overdose", "coma", "respiratory depression")),
        {"observations": [BREATHS]},
    ],
)  # fmt: skip
def test_an_overdose_on_record_gets_its_page_and_no_dose(person: dict[str, Any]) -> None:
    """Watve 2012, abstract; LIORESAL INTRATHECAL, overdosage: stop delivery, 30 to 40 mL of spinal fluid, coma of up to 72 hours."""
    found = reviewed(**person, medicines=[line()], pump=PUMP, considering=[line(480)])
    assert [finding.tier for finding in told(found, "baclofen-intrathecal-overdose")] == ["DANGER"]
    page = pump_page(found)
    assert page.refused is not None and "overdose" in page.refused and not page.bounds
    said = text_of(page)
    for words in ("Stop delivery at once", "Airway", "30 to 40 mL", "no antidote", "Call the doctor who runs the pump"):
        assert words in said
    assert not [entry for entry in page.reckoning if "rise" in entry.what]


@pytest.mark.parametrize(("words", "tier"), [("respiratory failure", "CHANGE"), ("sedation", "CHANGE")])
def test_what_may_be_of_long_standing_stops_the_rises_only(words: str, tier: str) -> None:
    found = reviewed(conditions=["multiple sclerosis", words], medicines=[line()], pump=PUMP)
    assert [finding.tier for finding in told(found, "baclofen-intrathecal-overdose")] == [tier]
    page = pump_page(found)
    assert page.refused is not None and "no rise until" in page.refused and not page.bounds
    assert "Refill by" in {entry.what for entry in page.reckoning}


def test_a_child_in_overdose_has_no_amount_of_spinal_fluid() -> None:
    page = pump_page(reviewed(age=8, conditions=["cerebral palsy", "coma"], medicines=[line(200)], pump=PUMP))
    assert "the team decides how much" in text_of(page) and "the label says 30 to 40 mL" not in text_of(page)


OLD_COMA = {"name": "coma", "since": "2019-03-01"}


def test_a_coma_of_long_ago_is_no_emergency_of_today() -> None:
    """Severe brain injury is who has a pump: the refill is still reckoned, 37 days from 11.4 to 4 mL at 0.2 mL a day."""
    for old in (OLD_COMA, {"name": "respiratory depression", "since": "2026-11-07"}):
        found = reviewed(conditions=["traumatic brain injury", old], medicines=[line()], pump=PUMP)
        assert [finding.tier for finding in told(found, "baclofen-intrathecal-overdose")] == ["CHANGE"]
        page = pump_page(found)
        assert page.refused is not None and "no rise until" in page.refused and not page.bounds
        assert "2026-12-29" in text_of(page, "Refill by") and "Stop delivery" not in text_of(page)
    past = reviewed(conditions=["multiple sclerosis", {"name": "baclofen overdose", "since": "2024-01-01"}], medicines=[line()], pump=PUMP)  # fmt: skip
    assert [finding.tier for finding in told(past, "baclofen-intrathecal-overdose")] == ["WATCH"]
    assert pump_page(past).refused is None


@pytest.mark.parametrize(
    "person",
    [
        {"conditions": [{**OLD_COMA, "since": "2026-11-08"}]},
        {"conditions": [OLD_COMA, "baclofen overdose"]},
        {"conditions": [OLD_COMA], "observations": [BREATHS]},
        {"conditions": ["coma"]},
        {"conditions": ["coma"], "observations": [{**BREATHS, "value": "14 /min", "date": "2026-11-21"}]},
        {"conditions": ["coma"], "observations": [{**BREATHS, "value": "11 /min"}]},
        {"conditions": ["coma"], "observations": [{**BREATHS, "value": "28 /min"}]},
        {"conditions": ["coma", "mechanical ventilation"], "observations": [{**BREATHS, "value": "14 /min"}]},
        {"conditions": ["coma", "baclofen overdose"], "observations": [{**BREATHS, "value": "14 /min"}]},
    ],
)
def test_a_coma_of_late_or_without_a_day_stays_one_and_names_the_refill(person: dict[str, Any]) -> None:
    found = reviewed(**person, medicines=[line()], pump=PUMP)
    assert [finding.tier for finding in told(found, "baclofen-intrathecal-overdose")] == ["DANGER"]
    page = pump_page(found)
    assert "Stop delivery at once" in text_of(page)
    assert "refill by 2026-12-29. Nothing may flow from 2027-01-11" in text_of(page, "If delivery goes on")


def test_a_coma_without_a_day_and_normal_breathing_of_today_stop_no_pump() -> None:
    """Problem lists seldom have a day: what may be of long standing keeps its pump, and what is new stays an overdose."""
    normal = [{**BREATHS, "value": "14 /min"}]
    found = reviewed(conditions=["coma"], observations=normal, medicines=[line()], pump=PUMP)
    (finding,) = told(found, "baclofen-intrathecal-overdose")
    assert finding.tier == "CHANGE" and "overdose until shown otherwise" in finding.summary
    assert "keep the pump running and refilled" in finding.action and "emergency call" in finding.action
    page = pump_page(found)
    assert page.refused is not None and "count breaths and rouse now" in page.refused
    assert "Stop delivery" not in text_of(page) and "2026-12-29" in text_of(page)


def test_overdose_and_a_pump_that_failed_get_both_pages() -> None:
    page = pump_page(
        reviewed(conditions=["multiple sclerosis", "coma"], medicines=[line(stop="2026-11-21")], pump=PUMP)
    )
    assert {"Overdose", "Delivery stopped"} <= {entry.what for entry in page.reckoning}


def test_ordinary_breathing_an_old_count_and_none_are_no_overdose() -> None:
    for seen in ([{**BREATHS, "value": "14 /min"}], [{**BREATHS, "date": "2026-10-01"}], []):
        found = reviewed(medicines=[line()], pump=PUMP, observations=seen)
        assert not told(found, "baclofen-intrathecal-overdose") and pump_page(found).refused is None
    assert not [entry for entry in reviewed(medicines=[line()], pump=PUMP).unchecked if "respir" in entry.settled_by]


# ---------------------------------------------------------------- the day to refill at the rate that is weighed


def test_a_rise_that_is_weighed_brings_the_refill_forward() -> None:
    """11.4 mL at 2000 micrograms/mL: 4 mL are left after 37 days at 400 micrograms/day, after 30.8 at 480."""
    found = reviewed(medicines=[line()], pump=PUMP, considering=[line(480)])
    page = pump_page(found)
    assert "Refill by 2026-12-29" in text_of(page, "Refill by")
    then = text_of(page, "Refill at the rate that is weighed")
    assert "Refill by 2026-12-22" in then and "2026-12-29" in then
    dated = " ".join(str(entry) for entry in found.monitoring)
    assert "datetime.date(2026, 12, 22)" in dated and "datetime.date(2026, 12, 29)" not in dated


def test_a_lower_rate_that_is_weighed_puts_no_refill_off() -> None:
    found = reviewed(medicines=[line()], pump=PUMP, considering=[line(360)])
    assert not text_of(pump_page(found), "Refill at the rate that is weighed")
    assert "datetime.date(2026, 12, 29)" in " ".join(str(entry) for entry in found.monitoring)


# ---------------------------------------------------------------- a refill that is due, and rises from high doses


@pytest.mark.parametrize(
    ("rate", "pump"),
    [
        (350, {**PUMP, "concentration": "500 micrograms/mL", "reservoir": "40 mL", "residual": "3.6 mL", "refilled": "2026-10-01"}),  # the floor of 4 mL
        (1000, {**PUMP, "concentration": "500 micrograms/mL", "residual": "9 mL", "refilled": "2026-11-18"}),  # the alarm in 3 days
        (100, {**PUMP, "refilled": "2026-05-01"}),  # 205 days old
    ],
)  # fmt: skip
def test_an_overdue_refill_is_for_today_and_comes_before_any_rise(rate: float, pump: dict[str, str]) -> None:
    found = reviewed(medicines=[line(rate)], pump=pump)
    (finding,) = told(found, "baclofen-intrathecal-refill-due")
    assert finding.tier == "CHANGE" and "today" in finding.summary and "within days" not in finding.action
    page = pump_page(found)
    assert text_of(page, "Refill today") and not text_of(page, "Refill by")
    assert page.refused is not None and not page.bounds
    assert not [entry for entry in page.reckoning if entry.what.startswith("Next rise")]


def test_the_finding_of_a_refill_goes_with_the_plan() -> None:
    for tenths in range(20, 120, 7):
        found = reviewed(medicines=[line(600)], pump={**PUMP, "residual": f"{tenths / 10} mL", "refilled": "unknown"})
        if not told(found, "baclofen-intrathecal-reservoir-low") and not told(found, "baclofen-intrathecal-volume-gap"):
            due = bool(told(found, "baclofen-intrathecal-refill-due"))
            assert due == bool(text_of(pump_page(found), "Refill today"))


def test_from_a_high_dose_no_step_goes_past_20_percent() -> None:
    """baclofen-itb-dosing-2015, results: at high doses more than 20% may be too much."""
    found = reviewed(country="UK", medicines=[line(1200)], pump={**PUMP, "residual": "19 mL", "refilled": "2026-11-20"}, considering=[line(1500)])  # fmt: skip
    page = pump_page(found)
    rises = [entry for entry in page.reckoning if entry.what.startswith("Next rise")]
    assert rises and all("20%" in entry.how and "to between" in entry.text for entry in rises)
    assert not [entry for entry in page.reckoning if "30%" in entry.how + entry.text or "40%" in entry.how + entry.text]
    assert max(bound.value or 0 for bound in page.bounds if bound.kind == "step_daily") == 240
    assert "no step goes past 20%" in text_of(page, "Steps") and "take it in parts" in text_of(
        page, "The change that is weighed"
    )
    assert [finding.tier for finding in told(found, "baclofen-intrathecal-rise-above-step")] == ["CHANGE"]
    lower = pump_page(reviewed(medicines=[line()], pump=PUMP))
    assert "20%" not in text_of(lower, "Steps")


# ---------------------------------------------------------------- a restart within days


def test_a_restart_within_days_at_the_old_rate_is_the_treatment() -> None:
    found = reviewed(medicines=[line(stop="2026-11-21")], considering=[line(start="2026-11-22")], pump={**PUMP, "residual": "20 mL", "refilled": "2026-11-22"})  # fmt: skip
    assert not told(found, "baclofen-intrathecal-start-high")
    early = told(found, "baclofen-intrathecal-restart-early")
    assert early and "pump team sets the rate" in early[0].summary + early[0].action
    assert "200 micrograms" not in " ".join(f.summary + f.action for f in found.findings)
    refused = pump_page(found).refused
    assert refused is not None and "may restart today" in refused and "no start" not in refused


def test_above_the_old_rate_or_after_two_weeks_it_is_not() -> None:
    above = reviewed(medicines=[line(stop="2026-11-21")], considering=[line(450)])
    (early,) = told(above, "baclofen-intrathecal-restart-early")
    assert early.tier == "CHANGE" and "no higher" in early.summary
    assert "200 micrograms" not in " ".join(f.summary + f.action for f in above.findings)  # half of what was taken
    late = reviewed(medicines=[line(stop="2026-11-02")], considering=[line()])
    assert [f.tier for f in told(late, "baclofen-intrathecal-restart-old-rate")] == ["DANGER"]
    assert not told(late, "baclofen-intrathecal-restart-early")


# ---------------------------------------------------------------- tablets and weak kidneys beside a test


def test_on_dialysis_the_tablets_are_not_kept_and_the_kidneys_are_named() -> None:
    about: dict[str, Any] = {"medicines": ["baclofen 10 mg three times a day"], "considering": [TEST_DOSE], "pump": {}}
    page = pump_page(
        reviewed(**about, dialysis="haemodialysis", conditions=["multiple sclerosis", "chronic kidney disease"])
    )
    assert "Keep tablets" not in text_of(page) and "do not wait for the pump" in text_of(page, "Starting")
    assert "a lower dose may do" in text_of(page, "Weak kidneys")
    healthy = pump_page(reviewed(**about))
    assert "Keep tablets" in text_of(healthy, "Starting") and "do not wait for the pump" not in text_of(healthy)
    assert not text_of(healthy, "Weak kidneys")


@pytest.mark.parametrize(
    ("device", "how", "asks"),
    [
        ({"residual": "1.8 mL", "residual_on": "2026-11-22"}, "by the volume that was said", False),
        (
            {"residual": None, "residual_on": None, "refilled": "2026-08-20"},
            "by the day of the refill and the rate",
            True,
        ),
    ],
)
def test_an_alarm_says_whether_the_volume_was_measured_or_reckoned(device: dict[str, Any], how: str, asks: bool) -> None:  # fmt: skip
    """A volume that nobody measured is no reason to believe the reservoir: it is asked for."""
    pump = {k: v for k, v in {**PUMP, **device}.items() if v is not None}
    page = pump_page(reviewed(medicines=[line()], pump=pump))
    (alarm,) = [entry for entry in page.reckoning if entry.what in ("Reservoir at its alarm", "Reservoir empty")]
    assert how in alarm.text
    assert any("residual" in need for need in page.needs_first) == asks


# ---------------------------------------------------------------- false alarms, and a rate that cannot run


def test_a_rate_below_what_the_pump_delivers_is_a_finding() -> None:
    """SynchroMed II: no less than 0.048 mL a day; 60 micrograms/day at 2000 micrograms/mL are 0.03."""
    for plain in ({"medicines": [line(60)]}, {"medicines": [], "considering": [line(60)]}):
        found = reviewed(**plain, pump={"drug": "baclofen", "concentration": "2000 micrograms/mL"})
        (finding,) = told(found, "baclofen-intrathecal-flow-too-slow")
        assert finding.tier == "CHANGE" and "cannot run" in finding.summary
    assert not told(reviewed(medicines=[line()], pump=PUMP), "baclofen-intrathecal-flow-too-slow")


def test_morphine_goes_into_the_spine_in_mg_and_baclofen_does_not() -> None:
    found = reviewed(medicines=[line(), "morphine 2 mg/day intrathecal"], pump=PUMP)
    assert not [m for m in found.medicines if m.status != "read"]
    slip = reviewed(medicines=["baclofen 400 mg/day intrathecal"])
    assert any("confirm the unit" in (m.why or "") for m in slip.medicines)


@pytest.mark.parametrize("words", ["baclofen 50 micrograms intrathecal test dose", "test dose of baclofen 50 micrograms intrathecal", "baclofen 25 micrograms intrathecal as a screening dose"])  # fmt: skip
def test_a_test_dose_is_one_dose_and_no_other_medicine(words: str) -> None:
    found = reviewed(medicines=[], considering=[words])
    (medicine,) = found.medicines
    assert medicine.status == "read" and medicine.read_as.endswith("as a single dose")


def test_tablets_before_a_first_pump_are_not_tablets_beside_one() -> None:
    tablets = "baclofen 20 mg three times a day"
    for weighed, pump in ((TEST_DOSE, {}), (line(150), {"drug": "baclofen", "screening_dose": "75 micrograms"})):
        assert not told(reviewed(medicines=[tablets], considering=[weighed], pump=pump), "baclofen-oral-beside-pump")
    assert told(reviewed(medicines=[tablets, line()], pump=PUMP), "baclofen-oral-beside-pump")
    assert told(reviewed(medicines=[tablets], pump=PUMP), "baclofen-oral-beside-pump")


@pytest.mark.parametrize(("country", "age"), [("UK", 8), ("DE", 15), ("US", 10)])
def test_a_stand_in_for_a_childs_stopped_pump_meets_no_adult_dose_and_no_contradiction(country: str, age: int) -> None:
    """The plan of the emergency stands first, and beside it nobody is told to begin low or to ask whether the pump delivers."""
    person = {**CHILD, "age": age, "country": country, "pump": PUMP}
    found = reviewed(**person, considering=["baclofen 10 mg four times a day"])
    assert [plan.kind for plan in found.plan][:2] == ["pump", "switch"]
    for plan in found.plan:
        assert "10 to 20 mg" not in text_of(plan) and "30 mg" not in text_of(plan)
    said = " ".join(f"{f.summary} {f.action}" for f in found.findings)
    assert "0.3 mg/kg" not in said and "whether the pump delivers" not in said
    assert {f.tier for f in told(found, "baclofen-oral-beside-pump")} == {"WATCH"}


def test_a_stand_in_of_an_adult_is_no_first_start() -> None:
    found = reviewed(medicines=[line(stop="2026-11-21")], considering=["baclofen 20 mg four times a day"])
    (finding,) = told(found, "baclofen-start-above-label")
    assert finding.tier == "WATCH" and "5 mg" not in finding.action
    assert ("days since baclofen intrathecal was stopped", "1 day") in [(b.fact, b.value) for b in finding.because]
    long_ago = reviewed(medicines=[line(stop="2026-10-21")], considering=["baclofen 20 mg four times a day"])
    assert told(long_ago, "baclofen-start-above-label")[0].tier == "CHANGE"


def test_a_running_pump_keeps_the_order_of_the_plans() -> None:
    found = reviewed(medicines=[line()], pump=PUMP, considering=["tizanidine 2 mg three times a day"])
    assert [plan.kind for plan in found.plan] == ["titration", "pump"]


# ---------------------------------------------------------------- low, and still running

LATER = "Once nothing flows, or with signs of withdrawal"


@pytest.mark.parametrize(
    ("pump", "conditions", "left"),
    [
        ({**PUMP, "residual": "1.8 mL", "refilled": "2026-10-20"}, ["multiple sclerosis"], "0.7 days"),  # 0.4 mL / 0.55
        ({**PUMP, "residual": "2.4 mL", "refilled": "2026-10-20"}, ["multiple sclerosis"], "43.6 hours"),  # 1 mL / 0.55
        (PUMP, ["multiple sclerosis", "catheter leak"], None),
    ],
)
def test_a_pump_that_may_still_deliver_gets_nothing_on_top(
    pump: dict[str, str], conditions: list[str], left: str | None
) -> None:
    """At 1100 micrograms/day and 2000 micrograms/mL 0.55 mL flow a day, and the last 1.4 mL of a SynchroMed II do not."""
    found = reviewed(conditions=conditions, medicines=[line(1100)], pump=pump, considering=[line(1400)])
    page = pump_page(found)
    whats = [entry.what for entry in page.reckoning]
    assert "Until delivery is restored" not in whats and BY_MOUTH not in whats
    assert whats.index("While it may still flow") < whats.index(LATER) < whats.index(f"{LATER}, by mouth")
    assert left is None or left in text_of(page)
    (rise,) = told(found, "baclofen-intrathecal-rise-above-step")
    assert rise.tier == "NOTE" and rise.summary.startswith("No rise now")


def test_an_empty_pump_is_treated_at_once() -> None:
    page = pump_page(reviewed(medicines=[line()], pump={**PUMP, "residual": "1.4 mL"}))
    assert {"Until delivery is restored", BY_MOUTH} <= {entry.what for entry in page.reckoning}
    assert LATER not in {entry.what for entry in page.reckoning}
