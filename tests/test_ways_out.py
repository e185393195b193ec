"""Ways out and down as a pharmacist would want them: the dose that goes on, what comes before the first step, the clinician's own pace."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conftest import TODAY, reviewed
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.plan import Plan
from relaxant.planning.taper import taper_plan
from relaxant.planning.way_down import Override
from relaxant.reviewing import Review
from test_plans import BASE

SIXTY = "baclofen 20 mg three times a day since 2023-01-05"
CREATININE_HIGH = [{"name": "creatinine", "value": "1.5 mg/dL", "date": "2026-11-20"}]


def made(**changes: Any) -> Review:
    return reviewed({**BASE, "medicines": [SIXTY], **changes})


def kinds(review: Review) -> list[str]:
    return [p.kind for p in review.plan]


def tapered(override: Override, medicines: list[str], *, agent: str = "baclofen", ready: bool = False, goal: float = 0.0, **changes: Any) -> Plan:  # fmt: skip
    knowledge = load_knowledge()
    patient = read_patient({"as_of": "2026-11-22", **BASE, "medicines": medicines, **changes}, knowledge, today=TODAY)
    lines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, lines)], knowledge), knowledge, patient.jurisdiction)
    return taper_plan(agent, lines, facts, patient.as_of, override=override, ready=ready, goal=goal)


def test_what_is_held_at_once_has_no_pace_of_its_own() -> None:
    """Tizanidine beside ciprofloxacin is contraindicated: it is held from now, and another time between steps has nothing to act on."""
    lines = ["tizanidine 4 mg three times a day since 2024-01-05", "ciprofloxacin 500 mg twice a day since 2026-11-21"]
    with pytest.raises(InputError, match="has no steps") as caught:
        tapered(Override(every_days=7), lines, agent="tizanidine")
    assert caught.value.field == "--every"


def test_in_steps_of_ones_own_what_a_source_gives_no_more_of_is_never_taken_again() -> None:
    """ALT of 300: dantrolene is held from the first day on. Whoever lowers it in steps all the same is told that nothing is given back, no sign leads
    back up, and of a missed dose, after however many days, to call and not to take it."""
    liver = [{"name": "ALT", "value": "300 U/L", "date": "2026-11-20"}]
    own = tapered(Override(percent=50), ["dantrolene 50 mg three times a day since 2024-01-05"], agent="dantrolene", labs=liver)  # fmt: skip
    assert [s.daily for s in own.steps] == [75, 50, 25]
    assert any("Once a step is taken no higher dose is given back" in told.text for told in own.first_do)
    assert not any(gate.go_back for gate in own.gates) and all(s.back_to is None for s in own.steps)
    (gap,) = own.missed
    assert (gap.days_from, gap.days_to, gap.do) == (0, None, "call")
    assert gap.text.startswith("A missed dose is not taken later, and the doses are not begun again")


def test_a_step_that_would_never_end_is_refused_in_the_agents_unit() -> None:
    with pytest.raises(InputError, match="that is more than") as caught:
        tapered(Override(by=0.01), [SIXTY])
    assert caught.value.field == "--by" and "0.01 mg" in caught.value.came


def test_the_clinicians_own_step_is_kept_to_the_end() -> None:
    """20 mg at a time from 60 mg, although the policy adds smaller steps at the end; and below the most that the kidneys leave of gabapentin, where
    the policy goes on with another one's pace."""
    quick = tapered(Override(by=20), [SIXTY])
    assert [s.daily for s in quick.steps] == [40, 20]
    assert any("The last step, from 20 mg a day to nothing, is itself more" in told.text for told in quick.first_do)
    kidneys = [{"name": "creatinine", "value": "3.5 mg/dL", "date": "2026-11-20"}]
    gabapentin = ["gabapentin 800 mg three times a day since 2024-01-01"]
    own = tapered(Override(), gabapentin, agent="gabapentin", labs=kidneys)
    assert {s.days for s in own.steps} == {1, 4}
    made_ = tapered(Override(by=300), gabapentin, agent="gabapentin", labs=kidneys)
    assert {s.days for s in made_.steps} == {1} and made_.steps[-1].daily == 100


def test_a_part_of_the_dose_at_a_time_ends_at_the_smallest_piece() -> None:
    """A part of the dose each time never comes to nothing: it ends where less than a tablet of 5 mg is left, and not after weeks of tenths of a mL."""
    assert [s.daily for s in tapered(Override(percent=50), [SIXTY]).steps] == [30, 15, 10, 5]
    assert [s.daily for s in tapered(Override(percent=25), [SIXTY]).steps][-2:] == pytest.approx([6, 4.8])


def test_the_way_out_ends_at_the_last_dose_of_the_policy_and_the_way_down_without_a_step_that_is_hardly_one() -> None:
    """Diazepam is left from 2 mg a day, not from 2.1; on the way down to 1.1 mg a day 1.2 mg are near enough."""
    out = tapered(Override(), ["diazepam 2 mg three times a day since 2020-01-01"], agent="diazepam", country="US")
    assert [s.daily for s in out.steps][-2:] == pytest.approx([2.1, 2])
    down = tapered(Override(), ["diazepam 2 mg at night since 2020-01-01"], agent="diazepam", country="UK", goal=1.1)
    assert [s.daily for s in down.steps] == pytest.approx([1.52, 1.2])


def test_the_dose_that_it_comes_down_to_goes_on() -> None:
    (plan,) = made(considering=["baclofen 10 mg three times a day"]).plan
    assert plan.steps[-1].daily == 30 and plan.steps[-1].last is None and plan.last_dose is None
    assert max(s.until for s in plan.supply) > plan.steps[-1].first


def test_more_than_the_kidneys_allow_comes_down_to_what_they_do() -> None:
    """eGFR 41: half of the label's 80 mg a day. The finding asks for it, and the plan says how."""
    review = made(labs=CREATININE_HIGH)
    (plan,) = review.plan
    assert any(f.tier == "CHANGE" for f in review.findings)
    assert plan.kind == "taper" and plan.steps[-1].daily == 40 and plan.steps[-1].last is None
    assert any(b.kind == "share" and b.value == 0.5 and b.decides for b in plan.bounds)


def test_a_dose_above_the_label_comes_down_to_it() -> None:
    (plan,) = made(medicines=["baclofen 30 mg three times a day since 2020-01-05"]).plan
    assert (plan.kind, plan.steps[-1].daily, plan.steps[-1].last, plan.last_dose) == ("taper", 80, None, None)
    assert [b.value for b in plan.bounds if b.kind == "daily" and b.decides] == [80]
    assert made(medicines=["baclofen 20 mg four times a day since 2020-01-05"]).plan == ()


def test_what_is_above_the_label_is_not_raised_and_comes_down() -> None:
    taken = "baclofen 30 mg three times a day since 2020-01-05"
    review = made(medicines=[taken], considering=["baclofen 35 mg three times a day"])
    taper, titration = sorted(review.plan, key=lambda p: p.kind)
    assert titration.refused and not titration.steps
    assert taper.steps[-1].daily == 80
    (lower,) = made(medicines=[taken], considering=["baclofen 28 mg three times a day"]).plan
    assert lower.steps[-1].daily == 80, "what is weighed is above the label still"
    assert "84 mg a day. It still lies above the limits below: the steps go on to 80 mg a day" in lower.why


def test_carisoprodol_above_its_label_comes_down_to_it_or_says_why_not() -> None:
    """1,400 mg a day, 350 mg at one time: the doses that it ends with keep both."""
    (plan,) = made(medicines=["carisoprodol 700 mg four times a day since 2024-01-05"]).plan
    assert {t.at: t.amount for t in plan.steps[-1].takes} == dict.fromkeys(("morning", "noon", "evening", "night"), 350)
    assert all(s.changed < 0 for s in plan.steps) and plan.policies[0].id == "carisoprodol-high-risk"
    (unplaced,) = made(medicines=["carisoprodol 350 mg six times a day since 2024-01-05"]).plan
    assert unplaced.refused and not unplaced.steps and "1400 mg a day" in unplaced.why
    (no_way,) = made(medicines=["metaxalone 1600 mg three times a day since 2026-11-01"]).plan
    assert no_way.refused and [b.value for b in no_way.bounds if b.kind == "daily" and b.decides] == [3200]


def test_what_the_label_keeps_for_special_care_alone_lowers_nobody() -> None:
    """German label of baclofen: usually up to 75 mg a day, 120 mg at the most."""
    taken = "baclofen {} mg four times a day since 2020-01-05"
    assert made(country="DE", medicines=[taken.format(25)]).plan == ()
    (plan,) = made(country="DE", medicines=[taken.format(40)]).plan
    assert plan.steps[-1].daily == 120
    assert not any(b.soft for b in plan.bounds)
    assert [b.value for b in plan.bounds if b.kind == "daily" and b.decides] == [120]


def test_a_rise_that_is_refused_on_dialysis_has_the_way_out_beside_it() -> None:
    review = made(dialysis="haemodialysis", considering=["baclofen 25 mg three times a day"])
    assert sorted(kinds(review)) == ["taper", "titration"]
    taper, titration = sorted(review.plan, key=lambda p: p.kind)
    assert titration.refused and not titration.steps
    assert taper.steps and taper.last_dose is not None


def test_a_lower_dose_that_is_weighed_on_dialysis_goes_to_nothing() -> None:
    (plan,) = made(dialysis="haemodialysis", considering=["baclofen 10 mg three times a day"]).plan
    assert plan.last_dose is not None


def test_what_the_danger_asks_for_stands_before_the_first_step() -> None:
    review = made(dialysis="haemodialysis")
    (plan,) = review.plan
    asked = {f.action for f in review.findings if f.tier == "DANGER"}
    assert asked <= {t.text for t in plan.first_do}


def test_a_partner_that_is_only_weighed_is_the_one_to_leave_out() -> None:
    taken, partner = "tizanidine 4 mg three times a day since 2024-01-05", "ciprofloxacin 500 mg twice a day"
    assert made(medicines=[taken], considering=[partner]).plan == ()
    assert kinds(made(medicines=[taken, partner])) == ["taper"]


def test_tizanidine_with_ciprofloxacin_is_held_and_no_steps_are_made() -> None:
    (plan,) = made(
        medicines=["tizanidine 8 mg three times a day since 2024-01-05", "ciprofloxacin 500 mg twice a day"]
    ).plan
    assert plan.steps == () and plan.refused is None and plan.last_dose == TODAY
    assert any("antibiotic" in t.text for t in plan.first_do)


def test_clonidine_waits_for_the_beta_blocker() -> None:
    taken = ["clonidine 0.1 mg twice a day since 2024-01-05", "metoprolol 50 mg twice a day"]
    waiting = tapered(Override(), taken, agent="clonidine")
    assert waiting.refused and not waiting.steps and waiting.first_do
    assert tapered(Override(), taken, agent="clonidine", ready=True).steps


def test_after_a_stop_no_doses_are_planned_and_nothing_is_refused() -> None:
    """That it was stopped is no danger against taking it up again: the finding itself asks for that."""
    stopped = {"drug": "baclofen", "dose": "20 mg", "frequency": "four times a day", "start": "2023-01-05", "stop": "2026-11-20"}  # fmt: skip
    review = made(medicines=[stopped])
    assert any(f.tier == "DANGER" for f in review.findings)
    (plan,) = review.plan
    assert plan.kind == "resume" and plan.refused is None and not plan.steps
    assert {f.action for f in review.findings if f.tier == "DANGER"} <= {t.text for t in plan.first_do}
    assert sum(m.now for m in plan.missed) == 1


def test_calendars_that_begin_together_are_said_to_be_choices() -> None:
    review = made(medicines=[], considering=["baclofen", "tizanidine"])
    said = load_knowledge().words("planning")["first_do"]["one_at_a_time"]
    assert len(review.plan) == 2 and all(said in [t.text for t in p.first_do] for p in review.plan)
    assert all(said not in [t.text for t in p.first_do] for p in made(considering=["tizanidine"]).plan)


# ---------------------------------------------------------------- the clinician's own pace


def test_more_time_between_even_steps_leaves_their_number() -> None:
    usual = tapered(Override(), [SIXTY])
    slow = tapered(Override(every_days=14), [SIXTY])
    assert [s.daily for s in slow.steps] == [s.daily for s in usual.steps]
    assert all(s.days is not None and s.days % 14 == 0 for s in slow.steps)


@pytest.mark.parametrize("by", [60.0, 100.0, 0.01])
def test_a_step_that_is_no_step_is_an_error(by: float) -> None:
    with pytest.raises(InputError, match="--by"):
        tapered(Override(by=by), [SIXTY])


def test_a_larger_and_a_quicker_step_are_said() -> None:
    words = load_knowledge().words("planning")["notes"]
    plan = tapered(Override(percent=50, every_days=1), [SIXTY])
    assert words["larger"] in plan.notes and words["quicker"] in plan.notes
    gentle = tapered(Override(by=5, every_days=14), [SIXTY])
    assert words["larger"] not in gentle.notes and words["quicker"] not in gentle.notes


def test_a_way_that_is_named_and_is_for_others_is_said() -> None:
    plan = tapered(Override(policy="baclofen-low-kidney"), [SIXTY])
    knowledge = load_knowledge()
    who = knowledge.plans.tapers["baclofen-low-kidney"].who
    assert any(who in t.text for t in plan.first_do)


def test_begin_is_the_day_by_which_everything_is_done() -> None:
    first = date(2026, 12, 5)
    knowledge = load_knowledge()
    patient = read_patient({"as_of": "2026-11-22", **BASE, "medicines": [SIXTY]}, knowledge, today=TODAY)
    lines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, lines)], knowledge), knowledge, patient.jurisdiction)
    plan = taper_plan("baclofen", lines, facts, first, ready=True)
    assert plan.steps[0].first == first


def test_who_may_not_have_it_at_all_gets_the_way_out_although_no_danger_stands() -> None:
    """A small woman: creatinine clearance below 30 mL/min with an eGFR above it."""
    small = {"age": 66, "weight": "45 kg", "height": "150 cm", "labs": [{"name": "creatinine", "value": "1.5 mg/dL", "date": "2026-11-20"}]}  # fmt: skip
    (plan,) = made(**small).plan
    assert plan.kind == "taper" and plan.last_dose is not None


def test_an_alanine_transaminase_of_three_times_the_limit_takes_tizanidine_off() -> None:
    labs = [
        {"name": "creatinine", "value": "0.7 mg/dL", "date": "2026-11-20"},
        {"name": "ALT", "value": "190 U/L", "date": "2026-11-20"},
    ]
    taken = ["tizanidine 8 mg three times a day since 2024-01-05"]
    (plan,) = made(medicines=taken, labs=labs).plan
    assert plan.kind == "taper" and plan.refused and any("Repeat ALT" in t.text for t in plan.first_do)
    after = tapered(Override(), taken, agent="tizanidine", ready=True, labs=labs)
    assert after.last_dose is not None and after.steps


def test_how_a_lower_dose_is_reached_goes_by_the_dose_that_is_taken() -> None:
    """Gabapentin at three times the kidneys' most: the supervised week, whether or not a lower dose is weighed."""
    person = {"age": 66, "weight": "70 kg", "height": "165 cm", "country": "UK", "labs": [{"name": "creatinine", "value": "140 umol/L", "date": "2026-11-20"}]}  # fmt: skip
    taken = ["gabapentin 900 mg three times a day since 2020-01-05"]
    (weighed,) = made(**person, medicines=taken, considering=["gabapentin 300 mg twice a day"]).plan
    (as_is,) = made(**person, medicines=taken).plan
    assert weighed.policies[0].id == as_is.policies[0].id
    assert weighed.steps[-1].daily == 600 and weighed.steps[-1].last is None


def test_a_dose_weighed_after_two_days_without_it_is_no_start() -> None:
    stopped = {"drug": "baclofen", "dose": "20 mg", "frequency": "four times a day", "start": "2023-01-05", "stop": "2026-11-20"}  # fmt: skip
    (plan,) = made(medicines=[stopped], considering=["baclofen 20 mg four times a day"]).plan
    assert plan.kind == "resume" and not plan.steps


def test_a_rise_of_what_is_above_its_limit_already_is_a_way_down() -> None:
    review = made(labs=CREATININE_HIGH, considering=["baclofen 25 mg three times a day"])
    assert sorted(kinds(review)) == ["taper", "titration"]
    taper, titration = sorted(review.plan, key=lambda p: p.kind)
    assert titration.refused and taper.steps[-1].daily == 40


def test_a_benzodiazepine_that_is_no_relaxant_here_is_not_passed_over() -> None:
    review = made(medicines=["lorazepam 2 mg three times a day since 2020-01-05"], considering=[{"drug": "lorazepam", "change": "stop"}])  # fmt: skip
    assert any("Lorazepam is being stopped" in text for text in review.limits)


def test_a_weighed_rhythm_that_would_raise_a_time_of_day_is_said() -> None:
    said = load_knowledge().words("planning")["notes"]["rhythm"]
    (other,) = made(considering=["baclofen 15 mg twice a day"]).plan
    (same,) = made(considering=["baclofen 10 mg three times a day"]).plan
    assert said in other.notes and said not in same.notes
