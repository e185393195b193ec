"""The list of a rehabilitation ward: patches, slashed routes, other measures, a medicine that is no relaxant, and tapers of unknown length."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conftest import reviewed
from relaxant.facts.conditions import condition_ids
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Stated
from relaxant.planning.parts import spread
from relaxant.planning.plan import Plan
from relaxant.planning.taper import taper_plan
from relaxant.report.review.view import view_of
from relaxant.report.reviews import render_review

DAY = date(2026, 11, 27)
MAN: dict[str, Any] = {"as_of": str(DAY), "country": "UK", "sex": "male", "age": 71}


def line(knowledge: Knowledge, said: Any) -> Medicine:
    (medicine,) = read_medicines(read_patient({**MAN, "medicines": [said]}, knowledge, today=DAY), knowledge)
    return medicine


def tapered(knowledge: Knowledge, said: str, agent: str, country: str = "UK") -> Plan:
    patient = read_patient({**MAN, "country": country, "medicines": [said]}, knowledge, today=DAY)
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    return taper_plan(agent, medicines, facts, DAY)


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize("said", ["BuTrans 10 patch every 7 days", "fentanyl 2 patch every 3 days", "estradiol 4 patches weekly"])  # fmt: skip
def test_a_bare_number_beside_a_patch_is_no_number_of_patches(said: str, knowledge: Knowledge) -> None:
    read = line(knowledge, said)
    assert read.status == "partly read" and "strength of a patch" in (read.why or "")
    assert all(dose.high is None for dose in read.regimen.doses) and read.regimen.daily is None


def test_so_many_patches_of_a_record_are_asked_about(knowledge: Knowledge) -> None:
    dosage = {"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "patch"}}], "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}}  # fmt: skip
    read = line(knowledge, {"drug": "buprenorphine transdermal patch", "dosage": [dosage]})
    assert read.status == "partly read" and "strength of a patch" in (read.why or "")


def test_patches_that_are_worn_together_keep_their_rate(knowledge: Knowledge) -> None:
    read = line(knowledge, "fentanyl 12 mcg/h patch 2 patches every 3 days")
    assert [(d.low, d.high, d.unit) for d in read.regimen.doses] == [(2, 2, "patch")]
    assert read.regimen.rate is not None and (read.regimen.rate.low, read.regimen.rate.unit) == (12, "micrograms/h")
    assert read.regimen.daily is not None and read.regimen.daily.high == pytest.approx(2 * 12 * 24 / 1000)
    assert read.status == "read"


@pytest.mark.parametrize(
    ("said", "route"),
    [
        ("Enoxaparin 40mg s/c OD", "subcutaneous"),
        ("baclofen 10 mg p/o tds", "oral"),
        ("hyoscine butylbromide 20 mg i/v stat", "intravenous"),
    ],
)
def test_a_route_with_a_slash_is_read(said: str, route: str, knowledge: Knowledge) -> None:
    read = line(knowledge, said)
    assert (read.regimen.route, read.regimen.unread) == (route, ())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("baclofen 10 units tds", "measured in mg, not in units"),
        ("botox 100 mg left arm", "measured in units, not in mg"),
        ("tizanidine 2 mL nocte", "in one mL was not said"),
        ("dantrolene 1 capsule od", "in one capsule was not said"),
    ],
)
def test_a_dose_that_tells_no_amount_of_a_relaxant_says_so(said: str, why: str, knowledge: Knowledge) -> None:
    read = line(knowledge, said)
    assert read.status == "partly read" and why in (read.why or "")


@pytest.mark.parametrize("said", ["baclofen 5 mg/5 mL 10 mL tds", "botox 200 units left arm", "Sativex 4 sprays a day", "baclofen 10 mg tablets 2 tds", "sertraline 1 tablet od"])  # fmt: skip
def test_a_dose_that_tells_its_amount_is_not_asked_about(said: str, knowledge: Knowledge) -> None:
    read = line(knowledge, said)
    assert "was not said: write" not in (read.why or "") and "is measured in" not in (read.why or "")


@pytest.mark.parametrize(
    ("said", "condition"),
    [("left MCA stroke", "stroke"), ("R MCA infarct", "stroke"), ("LACS", "stroke"), ("CKD3", "ckd_stage_3"), ("stage 3b CKD", "ckd_stage_3")],
)  # fmt: skip
def test_conditions_are_known_as_a_ward_writes_them(said: str, condition: str, knowledge: Knowledge) -> None:
    assert condition_ids(Stated(name=said), knowledge) == (condition,)


# ---------------------------------------------------------------- what is weighed


def test_what_is_weighed_and_is_no_relaxant_stands_at_the_head(knowledge: Knowledge) -> None:
    person = {**MAN, "medicines": ["baclofen 10 mg three times a day"]}
    made = reviewed({**person, "considering": ["quinine sulfate 300 mg at night"]})
    assert any("is no relaxant" in text and "quinine" in text for text in view_of(made).glance)
    assert any("quinine" in text and "no muscle relaxant" in text for text in made.limits)
    for considering in ("stop baclofen", "tizanidine 2 mg at night"):
        assert not any(
            "no relaxant" in text for text in view_of(reviewed({**person, "considering": [considering]})).glance
        )


@pytest.mark.parametrize(("weighed", "whole"), [("tizanidine low dose", True), ("tizanidine 6 mg three times a day", False)])  # fmt: skip
def test_steps_up_without_an_amount_that_is_weighed_say_so(weighed: str, whole: bool) -> None:
    (plan,) = reviewed(
        {**MAN, "medicines": [], "observations": ["heart rate 74", "BP 138/74"], "considering": [weighed]}
    ).plan
    assert plan.steps and ("No amount was weighed" in plan.why) is whole


# ---------------------------------------------------------------- tapers


@pytest.mark.parametrize(
    ("agent", "said", "country", "policy"),
    [
        ("baclofen", "baclofen 20 mg four times a day", "UK", "baclofen-long-use"),
        ("baclofen", "baclofen 20 mg four times a day", "US", "baclofen-long-use"),
        ("pregabalin", "pregabalin 150 mg twice a day", "US", "pregabalin-long-use"),
        ("cyclobenzaprine", "cyclobenzaprine 10 mg three times a day", "US", "cyclobenzaprine-long-use"),
    ],
)
def test_a_time_that_nobody_said_is_taken_as_long(agent: str, said: str, country: str, policy: str, knowledge: Knowledge) -> None:  # fmt: skip
    made = tapered(knowledge, said, agent, country)
    assert next(p.id for p in made.policies if p.chosen) == policy
    assert f"start date of {agent}" in made.needs_first


def test_a_time_that_is_known_to_be_short_goes_by_the_countrys_own_way(knowledge: Knowledge) -> None:
    made = tapered(knowledge, "baclofen 20 mg four times a day since 2026-10-20", "baclofen")
    assert next(p.id for p in made.policies if p.chosen) == "baclofen-uk"


@pytest.mark.parametrize("said", ["baclofen 80 mg daily", "baclofen 60 mg od", "tizanidine 24 mg daily"])
def test_a_days_total_is_not_laid_out_as_one_dose(said: str, knowledge: Knowledge) -> None:
    agent = said.partition(" ")[0]
    made = tapered(knowledge, said, agent)
    assert not made.steps and "dose of the whole day" in (made.refused or "")
    assert f"how much {agent} is really taken, at which times" in made.needs_first


@pytest.mark.parametrize("said", ["baclofen 20 mg daily", "baclofen 30 mg at night", "baclofen 20 mg four times a day", "diazepam 10 mg daily"])  # fmt: skip
def test_a_dose_that_can_be_one_is_laid_out(said: str, knowledge: Knowledge) -> None:
    assert tapered(knowledge, said, said.partition(" ")[0]).steps


def test_another_form_than_what_is_taken_is_said_before_the_calendar() -> None:
    made = reviewed({**MAN, "medicines": ["baclofen 7 mg three times a day"], "considering": ["stop baclofen"]})
    text = render_review(made, "text").decode()
    assert 0 < text.index("HAZARD") < text.index("doses of each day") and text.count("HAZARD") == 1


def test_two_doses_that_are_left_of_four_stand_far_apart(knowledge: Knowledge) -> None:
    made = tapered(knowledge, "baclofen 20 mg four times a day", "baclofen")
    assert [take.at for take in made.steps[-1].takes] == ["morning", "night"]


def test_empty_parts_of_a_day_are_those_between_morning_and_night() -> None:
    shares = {"morning": 0.25, "noon": 0.25, "evening": 0.25, "night": 0.25}
    upper = dict.fromkeys(shares, 5)
    left = [sorted(spread(n * 5, shares, [5], upper, at_most=n * 5)) for n in (3, 2, 1)]  # type: ignore[arg-type]
    assert left == [["morning", "night", "noon"], ["morning", "night"], ["night"]]
