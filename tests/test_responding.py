"""What a diary changes at the next step: harm first, then what else makes worse, then more."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import numpy as np
import pytest

from relaxant.diary import Diary, Entry
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import Standing
from relaxant.patient import Patient
from relaxant.report.responses import render_response
from relaxant.responding import answer, asked, reviewed, standing
from relaxant.response.as_taken import AsTaken, as_taken
from relaxant.response.person import Person
from relaxant.response.reading import Reading, Said
from relaxant.response.reviewed import Reviewed
from relaxant.response.taken import taken
from relaxant.response.worse import reasons
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
        ("no days before", "no worse", "turns"),
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


@pytest.mark.parametrize("said", ["better", "better, cause open"])
def test_one_better_and_another_not_has_words_of_its_own(knowledge: Knowledge, said: Said) -> None:
    found = asked((reading("spasticity-nrs", "not better"), reading("sleep-disruption", said)), knowledge)
    assert found is not None and found[0].next_step == "mixed" and len(found[1]) == 2


# ---------------------------------------------------------------- the review comes first

STANDS: tuple[Standing, ...] = get_args(Standing)
HOLDS: tuple[Standing, ...] = ("DANGER", "CHANGE", "refused", "level")


@pytest.mark.parametrize("stands", HOLDS)
def test_nothing_rises_and_nothing_stays_beside_what_the_review_says(knowledge: Knowledge, stands: Standing) -> None:
    """Whatever the scales say: no rise, no dose from the plan, and no word that the dose stays."""
    for symptom in (None, *get_args(Said)):
        for harm in (None, *get_args(Said)):
            scored = ((symptom, "spasticity-nrs", False), (harm, "drowsiness", True))
            readings = tuple(reading(scale, said, harm=own) for said, scale, own in scored if said is not None)
            found = asked(readings, knowledge, frozenset({stands}))
            assert found is not None
            step = found[0]
            assert not step.raises and not step.next_dose
            assert step.next_step not in ("stay", "stay-open", "further", "wait", "mixed")
            if stands == "DANGER":
                assert step.next_step == "danger" and found[1] == ()


def test_every_standing_has_a_step(knowledge: Knowledge) -> None:
    said = {s for step in knowledge.responses.next_steps.values() for s in step.standing}
    assert said == set(STANDS)
    assert [s.next_step for s in knowledge.responses.next_steps.values() if s.raises] == ["further"]


def test_a_worse_symptom_after_the_dose_went_down_goes_back_one_step(knowledge: Knowledge) -> None:
    for said in ("worse", "worse, cause open"):
        found = asked((reading("spasticity-nrs", said),), knowledge, frozenset({"dose down"}))
        assert found is not None and found[0].next_step == "dose-down"
    found = asked((reading("spasticity-nrs", "not better"),), knowledge, frozenset({"dose down"}))
    assert found is not None and found[0].next_step == "further"


def test_nothing_taken_is_no_dose_to_stay_at(knowledge: Knowledge) -> None:
    found = asked((reading("spasticity-nrs", "better"),), knowledge, frozenset({"dose down", "stopped"}))
    assert found is not None and found[0].next_step == "stopped"


def days(agent: str, doses: list[float], unit: str = "mg", scores: list[float] | None = None) -> Diary:
    entries = tuple(
        Entry(
            day=FIRST + timedelta(days=i),
            doses={agent: dose},
            scores={"spasticity-nrs": 6.0 if scores is None else scores[i]},
        )
        for i, dose in enumerate(doses)
    )
    return Diary(entries=entries, units={agent: unit}, scales=("spasticity-nrs",))


def person(knowledge: Knowledge, **said: object) -> Patient:
    return read_patient({**PERSON, **said}, knowledge, today=FIRST)


def told(knowledge: Knowledge, diary: Diary, patient: Patient | None) -> tuple[AsTaken, Review, Reviewed, frozenset[Standing]]:  # fmt: skip
    own = taken(diary, knowledge)
    left = as_taken(patient, diary, own, knowledge, country="UK")
    whole = review(left.patient, knowledge=knowledge, predict=False)
    first = reviewed(diary, own, left, whole, knowledge)
    return left, whole, first, standing(first, own, (), knowledge)


def test_a_danger_of_the_review_stands_first_and_overrules_better(knowledge: Knowledge) -> None:
    own = days("tizanidine", [0.0] * 20 + [12.0] * 36)
    file = person(knowledge, medicines=["tizanidine 4 mg three times a day since 2026-08-23", "ciprofloxacin 500 mg twice a day since 2026-08-25"], considering=["tizanidine 8 mg three times a day"])  # fmt: skip
    left, _, first, stands = told(knowledge, own, file)
    assert left.said == ()
    assert [(f.tier, f.partners) for f in first.findings] == [("DANGER", ("ciprofloxacin",))]
    assert first.refused and first.refused[0].agent == "tizanidine"
    assert {"DANGER", "refused"} <= stands
    found = asked((reading("spasticity-nrs", "better"),), knowledge, stands)
    assert found is not None and found[0].next_step == "danger"


def test_a_change_that_asks_for_less_holds_the_step(knowledge: Knowledge) -> None:
    own = days("baclofen", [0.0] * 20 + [30.0] * 36)
    file = person(knowledge, sex="male", age=66, weight="82 kg", height="175 cm", dialysis="none", conditions=["stroke"], labs=[{"name": "creatinine", "value": "180 umol/L", "date": "2026-09-12"}], medicines=["baclofen 10 mg three times a day since 2026-08-23"], considering=["baclofen 20 mg three times a day"])  # fmt: skip
    _, _, first, stands = told(knowledge, own, file)
    assert "CHANGE" in {f.tier for f in first.findings} and "CHANGE" in stands
    found = asked((reading("spasticity-nrs", "better"),), knowledge, stands)
    assert found is not None and found[0].next_step == "change"


def test_a_step_that_only_the_weighed_dose_is_too_large_for_holds_nothing(knowledge: Knowledge) -> None:
    """30 to 60 mg is more than one step; the plan takes one, so that the answer may."""
    own = days("baclofen", [0.0] * 20 + [30.0] * 36)
    file = person(knowledge, medicines=["baclofen 10 mg three times a day since 2026-08-23"])
    _, whole, first, stands = told(knowledge, own, file)
    assert any(f.tier == "CHANGE" for f in whole.findings)
    assert first.findings == () and stands == frozenset()


# ---------------------------------------------------------------- as the diary leaves them


def test_where_file_and_diary_agree_the_file_stands(knowledge: Knowledge) -> None:
    own = days("baclofen", [30.0] * 20 + [45.0] * 36)
    file = person(knowledge)
    left, *_ = told(knowledge, own, file)
    assert left.patient.medicines == file.medicines and left.said == () and left.newer == frozenset()


def test_a_dose_that_differs_is_said_and_the_diary_counts(knowledge: Knowledge) -> None:
    own = days("baclofen", [60.0] * 20 + [30.0] * 36)
    left, whole, _, _ = told(knowledge, own, person(knowledge))
    assert "45 mg" in left.said[0] and "30 mg" in left.said[0]
    (medicine,) = (m for m in whole.medicines if m.role == "current")
    assert medicine.regimen.daily is not None and medicine.regimen.daily.low == medicine.regimen.daily.high == 30
    rises = [s for plan in whole.plan for s in plan.steps if s.changed > 0]
    assert rises and rises[0].daily - rises[0].changed == 30  # from the diary's dose and in its times


@pytest.mark.parametrize("last", [0.0, 5.0, 15.0, 22.0, 30.0, 60.0, 75.0])
def test_no_plan_goes_on_from_the_file_where_the_diary_ends_elsewhere(knowledge: Knowledge, last: float) -> None:
    own = days("baclofen", [45.0] * 20 + [last] * 36)
    left, whole, _, _ = told(knowledge, own, person(knowledge))
    assert left.said
    for step in (s for plan in whole.plan for s in plan.steps[:1]):
        assert step.daily - step.changed == pytest.approx(last)
        assert step.first >= own.last


def test_the_day_of_the_review_is_not_before_the_diary_ends(knowledge: Knowledge) -> None:
    own = days("baclofen", [30.0] * 20 + [45.0] * 36)
    left, whole, _, _ = told(knowledge, own, person(knowledge, as_of="2026-09-21"))
    assert left.patient.as_of == own.last and "2026-09-21" in left.granted[0]
    assert all(s.first >= own.last for plan in whole.plan for s in plan.steps)


def test_a_dose_that_the_file_gave_later_is_not_reckoned_with(knowledge: Knowledge) -> None:
    own = days("baclofen", [30.0] * 56)
    left, *_ = told(knowledge, own, person(knowledge, as_of="2026-11-20", medicines=["baclofen 20 mg three times a day since 2026-11-01"], considering=[]))  # fmt: skip
    assert left.newer == {"baclofen"} and left.said


def test_without_a_file_the_diary_alone_is_reviewed(knowledge: Knowledge) -> None:
    left, _, first, stands = told(knowledge, days("baclofen", [0.0] * 20 + [30.0] * 36), None)
    assert first.findings == () and stands == frozenset()
    assert "UK" in left.granted[0] and left.said == ()


@pytest.mark.parametrize(("agent", "dose"), [("baclofen", 200.0), ("tizanidine", 60.0)])
@pytest.mark.parametrize("filed", [True, False])
def test_a_dose_above_the_limit_is_found_with_and_without_a_file(knowledge: Knowledge, agent: str, dose: float, filed: bool) -> None:  # fmt: skip
    own = days(agent, [0.0] * 20 + [dose] * 36)
    file = person(knowledge, medicines=[f"{agent} 4 mg three times a day"], considering=[]) if filed else None
    _, _, first, stands = told(knowledge, own, file)
    (finding,) = (f for f in first.findings if "over-daily-limit" in f.rules)
    assert "CHANGE" in stands and "unknown" not in finding.summary + finding.action


def test_one_day_far_above_the_limit_is_named(knowledge: Knowledge) -> None:
    own = days("baclofen", [0.0] * 20 + [30.0] * 6 + [3000.0] + [30.0] * 29)
    _, _, first, stands = told(knowledge, own, None)
    assert [f.tier for f in first.above] == ["DANGER"] and "3000" in first.above[0].summary
    assert "CHANGE" in stands


# ---------------------------------------------------------------- missed and stopped


def test_an_abrupt_stop_is_a_danger_with_the_way_back(knowledge: Knowledge) -> None:
    own = days("baclofen", [90.0] * 46 + [0.0] * 10)
    left, whole, first, stands = told(knowledge, own, person(knowledge, considering=[]))
    assert left.said
    assert [f.tier for f in first.findings] == ["DANGER"] and "90 mg" in first.findings[0].summary
    assert first.restart and first.withdrawal
    assert not any(s.changed > 0 for plan in whole.plan for s in plan.steps)
    assert {"DANGER", "dose down", "stopped"} <= stands


def test_an_abrupt_stop_is_seen_without_a_file(knowledge: Knowledge) -> None:
    _, _, first, _ = told(knowledge, days("baclofen", [90.0] * 46 + [0.0] * 10), None)
    assert [f.tier for f in first.findings] == ["DANGER"] and first.restart


def test_a_taper_to_nothing_is_no_abrupt_stop(knowledge: Knowledge) -> None:
    doses = [30.0] * 28 + [25.0] * 4 + [20.0] * 4 + [15.0] * 4 + [10.0] * 4 + [5.0] * 4 + [0.0] * 8
    _, _, first, stands = told(knowledge, days("baclofen", doses), None)
    assert first.findings == () and "DANGER" not in stands


def test_a_large_step_down_of_the_last_days_is_told(knowledge: Knowledge) -> None:
    own = days("baclofen", [60.0] * 46 + [15.0] * 10)
    _, _, first, stands = told(knowledge, own, None)
    assert any("baclofen-large-step-down" in f.rules for f in first.stepped_down)
    assert stands == {"dose down"}


def test_missed_days_falls_and_gaps_are_the_first_reason(knowledge: Knowledge) -> None:
    gap = days("baclofen", [60.0] * 30 + [0.0] * 4 + [60.0] * 5 + [0.0] + [60.0] * 16)
    first = reasons(taken(gap, knowledge), Person(), knowledge)[0]
    assert first.worsening == "missed-doses" and first.less_days == 1
    assert [(f.before, f.after, f.days, f.lasts) for f in first.falls] == [(60, 0, 4, False)]
    assert told(knowledge, gap, None)[2].gaps == first.falls


def test_a_dose_that_went_down_is_a_reason_of_its_own(knowledge: Knowledge) -> None:
    down = days("baclofen", [60.0] * 14 + [45.0] * 14 + [30.0] * 14 + [15.0] * 14)
    found = reasons(taken(down, knowledge), Person(), knowledge)
    assert [r.worsening for r in found[:2]] == ["missed-doses", "dose-down"] and len(found[0].falls) == 3
    up = days("baclofen", [15.0] * 28 + [30.0] * 28)
    assert "dose-down" not in {r.worsening for r in reasons(taken(up, knowledge), Person(), knowledge)}


def test_a_day_with_less_of_two_medicines_is_one_day(knowledge: Knowledge) -> None:
    entries = tuple(
        Entry(day=FIRST + timedelta(days=i), doses={"baclofen": 0.0 if i == 9 else 30.0, "tizanidine": 0.0 if i in (9, 15) else 6.0})
        for i in range(28)
    )  # fmt: skip
    own = taken(Diary(entries=entries, units={"baclofen": "mg", "tizanidine": "mg"}, scales=()), knowledge)
    assert reasons(own, Person(), knowledge)[0].less_days == 2


# ---------------------------------------------------------------- now and then


SELDOM = [0.0] * 7 + [4.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0] * 7


def now_and_then(knowledge: Knowledge, medicines: list[str] | None) -> tuple[AsTaken, Review]:
    file = None if medicines is None else person(knowledge, medicines=medicines, considering=[])
    left, whole, _, stands = told(knowledge, days("tizanidine", SELDOM), file)
    assert not stands & {"stopped", "dose down"}
    return left, whole


@pytest.mark.parametrize(
    "medicines",
    [None, [], ["tizanidine 4 mg three times a day"], ["tizanidine 4 mg, stopped 2026-08-01"]],
    ids=["no file", "not in it", "daily", "stopped before"],
)
def test_what_is_taken_now_and_then_is_reviewed_as_taken_when_needed(knowledge: Knowledge, medicines: list[str] | None) -> None:  # fmt: skip
    left, whole = now_and_then(knowledge, medicines)
    (own,) = (m for m in whole.medicines if m.agents == ("tizanidine",) and m.role == "current")
    assert own.status == "read" and own.regimen.as_needed and own.regimen.daily is not None
    assert (own.regimen.daily.low, own.regimen.daily.high) == (0, 8)
    assert bool(left.said) == (medicines is not None) and all(
        "14 days" in text and "8 mg" in text for text in left.said
    )


@pytest.mark.parametrize("line", ["tizanidine 4 mg as needed", "tizanidine 4 mg, stopped 2026-09-26"])
def test_a_file_that_has_it_as_needed_or_stopped_stands(knowledge: Knowledge, line: str) -> None:
    left, _ = now_and_then(knowledge, [line])
    assert left.said == () and left.patient.medicines == person(knowledge, medicines=[line], considering=[]).medicines


def test_a_last_dose_long_after_the_usual_ones_is_the_day_it_stopped(knowledge: Knowledge) -> None:
    own = days("baclofen", [30.0] * 30 + [0.0] * 10 + [5.0] + [0.0] * 5)
    left, *_ = told(knowledge, own, person(knowledge, considering=[]))
    (line,) = left.patient.medicines or ()
    assert line.stop == FIRST + timedelta(days=40) and "5 mg" in line.said


def test_sessions_are_no_falls(knowledge: Knowledge) -> None:
    own = days("onabotulinumtoxinA", [0.0] * 14 + [300.0] + [0.0] * 41, unit="units")
    found = reasons(taken(own, knowledge), Person(), knowledge)
    assert found[0].falls == ()
    _, _, first, stands = told(knowledge, own, None)
    assert first.findings == () and stands == frozenset()


def test_a_pump_is_reviewed_by_its_rate(knowledge: Knowledge) -> None:
    own = days("baclofen intrathecal", [120.0] * 20 + [150.0] * 36, unit="micrograms")
    _, whole, _, _ = told(knowledge, own, None)
    (medicine,) = whole.medicines
    assert medicine.agents == ("baclofen intrathecal",) and medicine.status == "read"
    stopped = days("baclofen intrathecal", [150.0] * 50 + [0.0] * 6, unit="micrograms")
    assert "DANGER" in told(knowledge, stopped, None)[3]


# ---------------------------------------------------------------- the whole answer


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


def with_level(knowledge: Knowledge, value: str) -> Patient:
    level = {"name": "baclofen level", "value": value, "after_dose": "3 h", "date": "2026-09-25"}
    return person(knowledge, observations=[level])


def test_the_next_dose_of_the_plan_is_foretold(knowledge: Knowledge) -> None:
    found = answer(diary(-4), with_level(knowledge, "320 ng/mL"), knowledge)
    own, beyond = found.next, found.readings[0].beyond
    assert own is not None and beyond is not None
    assert (own.agent, own.dose_now, own.dose_next) == ("baclofen", 45.0, 60.0)
    (forecast,) = own.forecasts
    low, high = forecast.more.wide
    assert low < forecast.more.middle < high
    assert forecast.more.middle == pytest.approx(beyond.middle / 3, rel=0.25)  # a third more of the dose
    (level,) = own.levels
    assert level.value == 320 and level.low < level.expected < level.high and level.explained


def test_a_level_outside_what_is_expected_holds_the_rise(knowledge: Knowledge) -> None:
    found = answer(diary(0), with_level(knowledge, "900 ng/mL"), knowledge)
    own = found.next
    assert own is not None and own.next_step == "level" and own.dose_next is None and own.decided_by == ()
    (level,) = own.levels
    assert not level.explained
    page = " ".join(render_response(found, "text", knowledge=knowledge).decode().split())
    assert "no rise until that is explained" in page and "the plan of the review goes to" not in page


def test_the_page_of_an_abrupt_stop_begins_with_the_danger(knowledge: Knowledge) -> None:
    scores = [float(v) for v in np.clip(np.round(np.random.default_rng(3).normal([3.5] * 46 + [8.5] * 10, 0.7)), 0, 10)]
    found = answer(days("baclofen", [90.0] * 46 + [0.0] * 10, scores=scores), person(knowledge), knowledge)
    assert found.next is not None and found.next.next_step == "danger" and found.next.dose_next is None
    page = " ".join(render_response(found, "text", knowledge=knowledge).decode().split())
    assert page.index("What comes first") < page.index("DANGER: Baclofen stopped") < page.index("What changed")
    assert "no day with less than the usual dose" not in page and "goes to" not in page
    assert "from 90 mg a day down to none" in page and "the file says 45 mg a day" in page


def test_words_for_sessions_never_speak_of_a_taper(knowledge: Knowledge) -> None:
    own = days("onabotulinumtoxinA", [0.0] * 14 + [300.0] + [0.0] * 41, unit="units")
    found = answer(own, None, knowledge)
    for name, step in knowledge.responses.next_steps.items():
        if step.session is not None:
            assert "taper" not in step.session.text and "session" in step.session.text
        if step.next_dose or step.harms:
            assert step.session is not None, name
    assert found.next is not None
    step = knowledge.responses.next_steps[found.next.next_step]
    assert step.session is not None
    page = " ".join(render_response(found, "text", knowledge=knowledge).decode().split())
    assert step.session.text in page and step.text not in page
