"""A rise from what is taken: not before the present dose has had its time, and in the times of day of the order."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.dose import room
from relaxant.planning.plan import Plan
from relaxant.planning.rungs import staged
from relaxant.planning.schedule import titrations

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
    assert plan.steps[0].first == since + timedelta(days=days)
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
            assert plan.steps[0].first >= max(TODAY, since + timedelta(days=_least_days(agent, now, changed)))
    assert made


def _least_days(agent: str, now: str, changed: dict[str, Any]) -> int:
    """The least days of any stage that the present dose may be, and of what bounds the steps."""
    patient = read_patient({**WELL, "medicines": [f"{agent} {now}"], **changed}, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    stages = [s.days or 0.0 for t in titrations(agent, facts) for s in staged(t, agent, facts, 0)[:1]]
    return math.ceil(max(min(stages), room(agent, facts).days))
