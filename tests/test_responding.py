"""What a diary changes at the next step: harm first, then what else makes worse, then more."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import numpy as np
import pytest

from relaxant.diary import Diary, Entry
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.responding import asked, next_of
from relaxant.response.reading import Reading, Said
from relaxant.response.response import respond
from relaxant.reviewing import Review, review

FIRST = date(2026, 8, 3)
PERSON = {
    "as_of": "2026-09-28", "country": "UK", "sex": "female", "age": 54, "weight": "62 kg", "allergies": [], "conditions": ["multiple sclerosis"],
    "labs": [{"name": "creatinine", "value": "60 umol/L", "date": "2026-09-20"}],
    "medicines": ["baclofen 15 mg three times a day since 2026-08-31"], "considering": ["increase baclofen to 20 mg three times a day"],
}  # fmt: skip


def reading(scale: str, said: Said, *, harm: bool = False) -> Reading:
    return Reading(scale=scale, harm=harm, said=said, days_before=14, days_after=14, mean_before=5, mean_now=5)


@pytest.mark.parametrize(
    ("symptom", "harm", "step"),
    [
        ("better", "no worse", "stay"),
        ("better", "worse", "back"),
        ("better", "worse, cause open", "back-open"),
        ("worse", "no worse", "reasons"),
        ("worse, cause open", "too few days", "reasons"),
        ("not better", "no worse", "further"),
        ("not better", "worse", "back"),
        ("better, cause open", "no worse", "stay-open"),
        ("too few days", "too few days", "wait"),
        ("cannot be told", "no worse", "turns"),
    ],
)
def test_harm_comes_first_and_more_medicine_last(knowledge: Knowledge, symptom: Said, harm: Said, step: str) -> None:
    found = asked((reading("spasticity-nrs", symptom), reading("drowsiness", harm, harm=True)), knowledge)
    assert found is not None and found[0].next_step == step


def test_a_symptom_that_cannot_be_told_yet_holds_the_step(knowledge: Knowledge) -> None:
    """Sleep that is not better raises no dose while stiffness cannot be told."""
    found = asked((reading("spasticity-nrs", "too few days"), reading("sleep-disruption", "not better")), knowledge)
    assert found is not None and found[0].next_step == "wait"


def test_no_step_goes_on_where_a_harm_or_a_symptom_is_worse(knowledge: Knowledge) -> None:
    for symptom in get_args(Said):
        for harm in ("worse", "worse, cause open"):
            found = asked((reading("spasticity-nrs", symptom), reading("drowsiness", harm, harm=True)), knowledge)
            assert found is not None and found[0].next_step.startswith("back")


def diary(effect: float, seed: int = 1) -> Diary:
    rng = np.random.default_rng(seed)
    doses = [0.0] * 21 + [15.0] * 7 + [30.0] * 7 + [45.0] * 21
    entries = tuple(
        Entry(
            day=FIRST + timedelta(days=i),
            doses={"baclofen": dose},
            scores={"spasticity-nrs": float(np.clip(round(7 + effect * dose / 45 + rng.normal(0, 0.7)), 0, 10))},
        )
        for i, dose in enumerate(doses)
    )
    return Diary(entries=entries, units={"baclofen": "mg"}, scales=("spasticity-nrs",))


@pytest.fixture(scope="module")
def reviewed(knowledge: Knowledge) -> Review:
    level = {"name": "baclofen level", "value": "320 ng/mL", "after_dose": "3 h", "date": "2026-09-25"}
    return review(read_patient({**PERSON, "observations": [level]}, knowledge, today=FIRST), knowledge=knowledge)


def test_the_next_dose_of_the_plan_is_foretold(knowledge: Knowledge, reviewed: Review) -> None:
    own = diary(-4)
    found = next_of(respond(own, knowledge), own, reviewed, knowledge)
    assert found is not None and (found.agent, found.dose_now, found.dose_next) == ("baclofen", 45.0, 60.0)
    (forecast,) = found.forecasts
    low, high = forecast.more.wide
    beyond = respond(own, knowledge).readings[0].beyond
    assert beyond is not None
    assert low < forecast.more.middle < high
    assert forecast.more.middle == pytest.approx(beyond.middle / 3, rel=0.25)  # a third more of the dose


def test_a_level_is_said_beside_what_was_expected(knowledge: Knowledge, reviewed: Review) -> None:
    own = diary(-4)
    found = next_of(respond(own, knowledge), own, reviewed, knowledge)
    assert found is not None
    (level,) = found.levels
    assert level.value == 320 and level.low < level.expected < level.high


def test_without_a_plan_there_is_no_dose(knowledge: Knowledge) -> None:
    own = diary(0)
    found = next_of(respond(own, knowledge), own, None, knowledge)
    assert found is None or found.agent is None
