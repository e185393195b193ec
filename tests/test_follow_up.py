"""The monitoring schedule: the labels' days, what the record shows as done, and that nothing is said twice."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.plans import Act, FollowUp
from relaxant.knowledge.schema import Jurisdiction
from relaxant.linting.plans import faults_of_plans
from relaxant.medicines.read import read_medicines
from relaxant.monitoring import Watch
from relaxant.plain import read_yaml
from relaxant.planning.due_dates import Anchors, Change, Span, fixed_days, when_due
from relaxant.planning.follow_up import Due, follow_up, in_words
from relaxant.planning.plan import Plan, Step
from relaxant.planning.pump import refill_by
from relaxant.report.review.html import render_html
from relaxant.report.review.terminal import render_terminal
from relaxant.reviewing import Review, review

KNOWN = load_knowledge()
DAY = timedelta(days=1)
TODAY = date(2026, 11, 26)
START = date(2026, 1, 1)


def followed(person: dict[str, Any], *plans: Plan, today: date = TODAY) -> tuple[Due, ...]:
    patient = read_patient({"as_of": today.isoformat(), **person}, KNOWN, today=today)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    return follow_up(facts, patient, medicines, plans=plans)


def item(what: str, person: dict[str, Any], *plans: Plan, today: date = TODAY) -> Due:
    (one,) = [d for d in followed(person, *plans, today=today) if d.what == what]
    return one


def reviewed(person: dict[str, Any], today: date = TODAY) -> Review:
    return review(read_patient({"as_of": today.isoformat(), **person}, KNOWN, today=today), predict=False)


def line(drug: str, dose: str, frequency: str = "three times a day", start: date | None = START) -> dict[str, Any]:
    return {
        "drug": drug,
        "dose": dose,
        "frequency": frequency,
        **({} if start is None else {"start": start.isoformat()}),
    }


def lab(name: str, value: str, day: date | None) -> dict[str, Any]:
    return {"name": name, "value": value, **({} if day is None else {"date": day.isoformat()})}


def entry(name: str) -> FollowUp:
    return KNOWN.plans.follow_ups[name]


def after(start: date, *days: int) -> list[date]:
    return [start + timedelta(days=d) for d in days]


def calendar(follow: FollowUp, until: int) -> list[date]:
    """The days on which it falls due when each is done on the day: from the start, with the highest dose reached at once."""
    anchors = Anchors(
        review=START, start=START, highest=(START,), daily=Span(START), sessions=(START,), changes=(Change(START, 1),)
    )
    valid = max((KNOWN.labs[name].valid_days for name in follow.labs), default=0)
    out: list[date] = []
    last: date | None = None
    while (due := when_due(follow, anchors, last, valid).due) is not None and (due - START).days <= until:
        assert last is None or due > last
        out.append(due)
        last = due
    return out


# ---------------------------------------------------------------- the labels' days


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("tizanidine-liver-us", (0, 30)),
        ("tizanidine-liver-us-earlier", (0, 30, 90, 180)),
        ("tizanidine-liver-eu", (30, 60, 90, 120)),
        ("tizanidine-liver-uk", (30, 60, 90, 120)),
        ("dantrolene-liver-us", (0, 14, 28, 42, 84, 126, 168, 210, 252, 294, 336)),
        ("dantrolene-liver-uk-eu", (0, 14, 28, 42, 84, 126, 168, 210, 252, 294, 336)),
        ("dantrolene-liver-us-late", (426, 516)),
        ("dantrolene-liver-uk-eu-late", (426, 516)),
        ("dantrolene-liver-uk-eu-late-risk", (378, 420, 462, 504)),
        ("dantrolene-liver-child-titrating", (0, 7)),
        ("dantrolene-liver-child", (60, 120, 180, 240, 300, 360)),
        ("baclofen-kidney", (0, 180, 360)),
        ("cyproheptadine-weight", (0, 30, 60, 90)),
        ("mirabegron-residual", (0, 30)),
    ],
)
def test_a_measured_schedule_is_that_of_its_source(name: str, days: tuple[int, ...]) -> None:
    assert calendar(entry(name), 365 if days[-1] <= 365 else 520) == after(START, *days)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("carisoprodol-need", (7, 14, 21)),
        ("cyclobenzaprine-need", (7, 14, 21)),
        ("diazepam-need", (28,)),
        ("nabiximols-trial-uk", (28,)),
        ("nabiximols-trial-eu", (28,)),
        ("baclofen-benefit", (42,)),
        ("baclofen-benefit-eu", (56,)),
        ("dantrolene-function", (45,)),
        ("dantrolene-function-uk", (45,)),
        ("onabotulinum-next", (84,)),
        ("botulinum-session", (42,)),
        ("darifenacin-benefit", (14,)),
        ("fesoterodine-benefit", (56,)),
        ("dicycloverine-effect", (7, 14)),
    ],
)
def test_an_asked_schedule_is_that_of_its_source(name: str, days: tuple[int, ...]) -> None:
    anchors = Anchors(review=START, start=START, highest=(START,), sessions=(START,))
    assert list(fixed_days(entry(name), anchors)) == after(START, *days)


def test_a_label_that_is_no_longer_in_force_is_kept_and_not_used() -> None:
    assert not entry("tizanidine-liver-us-earlier").verified
    for country in ("US", "UK", "DE"):
        due = followed({"country": country, "medicines": [line("tizanidine", "4 mg")]})
        assert "tizanidine-liver-us-earlier" not in [d.follow_up for d in due]


# ---------------------------------------------------------------- what the record shows

ALT = "ALT and AST"


def on_tizanidine(*labs: dict[str, Any]) -> dict[str, Any]:
    return {"labs": list(labs), "medicines": [line("tizanidine", "4 mg")]}


def test_before_the_start_and_a_month_after_the_highest_dose() -> None:
    nothing = item(ALT, on_tizanidine(), today=START)
    assert (nothing.due, nothing.overdue, nothing.then) == (START, False, (START + 30 * DAY,))
    begun = item(ALT, on_tizanidine(lab("ALT", "30 U/L", START - 3 * DAY)), today=START)
    assert (begun.due, begun.last_done, begun.last_value) == (START + 30 * DAY, START - 3 * DAY, "ALT 30 U/L")
    done = item(ALT, on_tizanidine(lab("ALT", "30 U/L", START + 31 * DAY)), today=START + 40 * DAY)
    assert (done.due, done.overdue, done.last_done) == (None, False, START + 31 * DAY)


@pytest.mark.parametrize(("days", "overdue"), [(29, 0), (30, 0), (31, 1)])
def test_a_day_is_overdue_from_the_day_after_it(days: int, overdue: int) -> None:
    due = item(ALT, on_tizanidine(lab("AST", "20 U/L", START)), today=START + days * DAY)
    assert (due.due, due.overdue, due.overdue_days) == (START + 30 * DAY, overdue > 0, overdue)


@pytest.mark.parametrize(("days", "counts"), [(22, False), (23, True), (24, True)])
def test_a_value_counts_from_the_days_of_grace_on(days: int, counts: bool) -> None:
    due = item(ALT, on_tizanidine(lab("ALT", "30 U/L", START + days * DAY)), today=START + 60 * DAY)
    assert (due.due is None) == counts


@pytest.mark.parametrize(("age", "counts"), [(89, True), (90, True), (91, False)])
def test_a_baseline_is_as_old_as_a_value_stays_true(age: int, counts: bool) -> None:
    assert KNOWN.labs["alt"].valid_days == 90
    due = item(ALT, on_tizanidine(lab("ALT", "30 U/L", START - age * DAY)), today=START)
    assert due.due == (START + 30 * DAY if counts else START)


def test_what_goes_on_is_due_an_interval_after_the_last_value() -> None:
    what, seen = "kidney function (creatinine, eGFR)", START + 100 * DAY
    person = {"labs": [lab("creatinine", "1 mg/dL", seen)], "medicines": [line("baclofen", "10 mg")]}
    due = item(what, person, today=START + 200 * DAY)
    assert (due.due, due.overdue) == (seen + 180 * DAY, False)
    assert due.then[0] == seen + 360 * DAY
    late = item(what, person, today=seen + 181 * DAY)
    assert (late.due, late.overdue_days) == (seen + 180 * DAY, 1)
    assert late.then[0] == seen + 361 * DAY  # an interval after today, when it will have been done


def test_a_value_without_a_date_counts_as_of_today_and_is_shown_without_one() -> None:
    due = item(ALT, on_tizanidine(lab("ALT", "30 U/L", None)))
    assert (due.due, due.last_done, due.last_value) == (None, None, "ALT 30 U/L (no date)")


def test_all_values_of_the_last_day_are_shown() -> None:
    due = item(
        ALT, on_tizanidine(lab("ALT", "30 U/L", START), lab("AST", "25 U/L", START), lab("AST", "99 U/L", START - DAY))
    )
    assert due.last_value == "ALT 30 U/L, AST 25 U/L"


def test_the_last_day_of_the_calendar_breaks_nothing() -> None:
    for start in (date(2020, 1, 1), date(9999, 12, 1)):
        due = item(
            ALT,
            {"medicines": [line("tizanidine", "4 mg", start=start), line("baclofen", "10 mg", start=None)]},
            today=date.max,
        )
        assert due.due == start


# ---------------------------------------------------------------- what is not known


def unstarted(*labs: dict[str, Any]) -> dict[str, Any]:
    return {"labs": list(labs), "medicines": [line("baclofen", "10 mg", start=None)]}


def test_without_a_start_it_is_due_now_unless_a_value_of_its_interval_is_on_record() -> None:
    what = "kidney function (creatinine, eGFR)"
    now = item(what, unstarted())
    assert (now.due, now.overdue, now.start_known, now.settled_by) == (TODAY, False, False, ("start date of baclofen",))
    seen = TODAY - 180 * DAY
    assert item(what, unstarted(lab("creatinine", "1 mg/dL", seen))).due == TODAY
    assert item(what, unstarted(lab("creatinine", "1 mg/dL", seen + DAY))).due == TODAY + DAY
    assert item(what, unstarted(lab("creatinine", "1 mg/dL", seen - DAY))).due == TODAY


def test_what_belongs_to_a_moment_has_no_day_without_a_start() -> None:
    due = item("confusion, drowsiness, myoclonus", unstarted())
    assert (due.due, due.start_known, due.settled_by) == (None, False, ())


def test_who_it_is_for_is_three_valued() -> None:
    what = "liver function tests"

    def found(dose: str | None) -> list[Due]:
        medicine = line("tizanidine", dose) if dose else {"drug": "tizanidine", "start": START.isoformat()}
        return [d for d in followed({"country": "DE", "medicines": [medicine]}) if d.what == what]

    assert [d.settled_by for d in found("4 mg")] == [()]
    assert found("2 mg") == []
    (open_one,) = found(None)
    assert open_one.settled_by == ("how much tizanidine is taken in a day",)


def test_where_no_day_holds_the_words_stay() -> None:
    def said(dose: str) -> list[Watch]:
        found = reviewed({"country": "DE", "medicines": [line("tizanidine", dose)]}).monitoring
        return [w for w in found if w.what == "liver function tests"]

    assert [w.dated for w in said("4 mg")] == [True]
    assert [w.dated for w in said("2 mg")] == [False]


def test_what_is_for_children_is_not_said_to_adults() -> None:
    def whats(age: int) -> set[str]:
        return {w.what for w in reviewed({"age": str(age), "medicines": [line("dantrolene", "25 mg")]}).monitoring}

    assert "liver tests in children" in whats(10) - whats(40)
    assert "AST, ALT, alkaline phosphatase, bilirubin" in whats(40) - whats(10)


# ---------------------------------------------------------------- what to do now


def test_the_act_of_the_last_value_is_marked() -> None:
    def holding(*values: str) -> list[bool | None]:
        labs = [lab("ALT", v, TODAY - DAY) for v in values] + [lab("AST", "20 U/L", TODAY - DAY) for _ in values]
        return [a.holds for a in item(ALT, on_tizanidine(*labs)).act]

    assert KNOWN.labs["alt"].upper_normal == 40
    assert holding("119 U/L") == [False, None]
    assert holding("120 U/L") == [True, None]
    assert holding() == [None, None]


# ---------------------------------------------------------------- the days to count from


def a_plan(agent: str, kind: str, *steps: tuple[date, float, float]) -> Plan:
    return msgspec.convert(
        {
            "id": "plan", "kind": kind, "agents": [agent], "title": "", "why": "", "unit": "mg",
            "steps": [
                {"number": i + 1, "agent": agent, "first": first, "last": None, "takes": [], "daily": daily, "changed": changed}
                for i, (first, daily, changed) in enumerate(steps)
            ],
        },
        Plan,
    )  # fmt: skip


def test_a_plan_says_when_the_highest_dose_is_reached() -> None:
    steps = [(TODAY + i * 4 * DAY, 2.0 * (i + 1), 2.0) for i in range(5)]
    plan = a_plan("tizanidine", "titration", *steps)
    person = {"medicines": [], "considering": [line("tizanidine", "2 mg", start=None)]}
    due = item(ALT, {**person, "labs": [lab("ALT", "20 U/L", TODAY)]}, plan)
    assert due.due == steps[-1][0] + 30 * DAY
    pressure = item("blood pressure (lying and standing) and heart rate", person, plan)
    assert (pressure.due, pressure.then) == (TODAY, tuple(s[0] for s in steps[1:]))
    assert isinstance(plan.steps[0], Step)


def test_a_taper_asks_for_what_follows_a_fall_and_not_for_what_follows_a_rise() -> None:
    plan = a_plan("baclofen", "taper", (TODAY, 25, -5), (TODAY + 7 * DAY, 20, -5))
    person = {"medicines": [line("baclofen", "10 mg")]}
    assert item("confusion, drowsiness, myoclonus", person, plan).due is None
    falls = item("standing, walking, falls", person, plan)
    assert (falls.due, falls.then) == (
        TODAY + 6 * DAY,
        (TODAY + 14 * DAY,),
    )  # the first step ends before its seventh day


def test_a_plan_that_is_refused_gives_no_day() -> None:
    plan = msgspec.structs.replace(a_plan("baclofen", "titration", (TODAY, 15, 15)), refused="not with these kidneys")
    assert followed({"medicines": [line("baclofen", "10 mg")]}, plan) == followed(
        {"medicines": [line("baclofen", "10 mg")]}
    )


def test_a_rise_asks_what_the_last_step_brings_and_not_the_dose_that_it_leaves() -> None:
    what = "benefit at the highest tolerated dose"
    plan = a_plan("baclofen", "titration", (TODAY, 15, 0), (TODAY + 12 * DAY, 30, 15), (TODAY + 40 * DAY, 45, 15))
    taken = {"country": "UK", "medicines": [line("baclofen", "5 mg", start=TODAY - 2 * DAY)]}
    due = item(what, {**taken, "considering": [line("baclofen", "15 mg", start=None)]}, plan)
    assert (due.due, due.then) == (TODAY + 82 * DAY, ())
    long = {"country": "UK", "medicines": [line("baclofen", "5 mg", start=TODAY - 38 * DAY)]}
    soon = item(what, {**long, "considering": [line("baclofen", "15 mg", start=None)]}, plan)
    assert (soon.due, soon.then) == (TODAY + 4 * DAY, (TODAY + 82 * DAY,))  # before the rise it is the highest still


@pytest.mark.parametrize(
    ("medicines", "considering", "labs", "refused"),
    [
        (["tizanidine 8 mg three times a day since 2022-01-01"], ["stop tizanidine", {"drug": "baclofen", "dose": "10 mg", "frequency": "three times a day", "change": "replace"}], "230 umol/L", "baclofen"),
        ([], ["carisoprodol 350 mg four times a day"], "60 umol/L", "carisoprodol"),
        ([], ["baclofen 5 mg three times a day"], "400 umol/L", "baclofen"),
    ],
)  # fmt: skip
def test_a_start_that_is_refused_is_not_followed(
    medicines: list[Any], considering: list[Any], labs: str, refused: str
) -> None:
    person = {
        "country": "US", "sex": "female", "age": "76", "weight": "62 kg", "height": "165 cm", "dialysis": "none", "conditions": ["multiple sclerosis"],
        "medicines": medicines, "considering": considering, "labs": [lab("creatinine", labs, TODAY)],
    }  # fmt: skip
    found = reviewed(person)
    assert any(plan.refused for plan in found.plan)
    assert refused not in {watch.agent for watch in found.monitoring}
    assert not medicines or found.monitoring


def test_what_is_weighed_begins_today() -> None:
    due = item("need, dependence and misuse", {"medicines": [], "considering": ["diazepam 2 mg twice a day"]})
    assert (due.due, due.start_known) == (TODAY + 28 * DAY, True)


def test_a_dose_that_is_weighed_lower_is_no_rise() -> None:
    taken = {"medicines": [line("baclofen", "20 mg")]}
    lower = {**taken, "considering": [line("baclofen", "10 mg", start=None)]}
    higher = {**taken, "considering": [line("baclofen", "25 mg", start=None)]}
    none = item("confusion, drowsiness, myoclonus", lower)
    assert (none.due, none.start_known) == (None, True)
    assert item("confusion, drowsiness, myoclonus", higher).due == TODAY + 3 * DAY


@pytest.mark.parametrize(("days", "due"), [(83, 84), (84, 84), (85, 84), (449, 84), (450, None)])
def test_the_next_session_has_a_day_from_which_it_is_allowed(days: int, due: int | None) -> None:
    session = TODAY - days * DAY
    botox = {
        "drug": "onabotulinumtoxinA",
        "dose": "300 units",
        "route": "intramuscular",
        "frequency": "once",
        "start": session.isoformat(),
    }
    found = item("the next session", {"medicines": [botox]})
    assert (found.due, found.overdue) == (None if due is None else session + due * DAY, False)


def test_of_repeated_sessions_the_last_must_be_said() -> None:
    every = {"drug": "onabotulinumtoxinA", "dose": "300 units", "route": "intramuscular", "frequency": "every 12 weeks"}
    recent = item("the next session", {"medicines": [{**every, "start": (TODAY - 83 * DAY).isoformat()}]})
    assert recent.due == TODAY + DAY
    old = item("the next session", {"medicines": [{**every, "start": (TODAY - 84 * DAY).isoformat()}]})
    assert (old.due, old.settled_by) == (None, ("day of the last session of onabotulinumtoxinA",))


def test_what_is_asked_falls_due_next_and_when_all_days_have_passed_it_was_due() -> None:
    def due(days: int) -> tuple[int | None, int]:
        found = item("need and effect", {"medicines": [line("carisoprodol", "350 mg", start=TODAY - days * DAY)]})
        return found.due and (found.due - TODAY).days + days, found.overdue_days

    assert [due(d) for d in (0, 7, 8, 21, 22, 60)] == [(7, 0), (7, 0), (14, 0), (21, 0), (21, 1), (21, 39)]


def test_what_lapses_is_left_to_the_words() -> None:
    def due(days: int) -> date | None:
        return item("a function named at the start (transfer, brace, hygiene)", {"medicines": [line("dantrolene", "25 mg", start=TODAY - days * DAY)]}).due  # fmt: skip

    assert due(120) == TODAY - 75 * DAY
    assert due(121) is None


def test_only_what_is_taken_or_weighed_and_only_its_country() -> None:
    stopped = {**line("tizanidine", "4 mg"), "stop": "2026-11-20"}
    assert followed({"medicines": [stopped]}) == ()
    assert followed({"medicines": []}) == ()
    for country, jurisdiction in (("US", "US"), ("UK", "UK"), ("FR", "EU")):
        for due in followed(
            {"country": country, "medicines": [line("tizanidine", "4 mg"), line("dantrolene", "25 mg")]}
        ):
            assert holds_in(entry(due.follow_up), jurisdiction)  # type: ignore[arg-type]


# ---------------------------------------------------------------- what the record has to show

LIVER = "AST, ALT, alkaline phosphatase, bilirubin"


def on_dantrolene(*labs: dict[str, Any], start: date = START, **more: Any) -> dict[str, Any]:
    return {"age": "45", "sex": "male", "labs": list(labs), "medicines": [line("dantrolene", "50 mg", start=start)], **more}  # fmt: skip


def test_a_bilirubin_alone_is_no_liver_test() -> None:
    due = item(LIVER, on_dantrolene(lab("bilirubin", "0.6 mg/dL", TODAY - 7 * DAY)))
    assert (due.due, due.overdue_days, due.last_done) == (START, (TODAY - START).days, None)
    assert (due.lacking, due.last_value) == (("ALT or AST",), "total bilirubin 0.6 mg/dL (2026-11-19)")
    done = item(LIVER, on_dantrolene(lab("AST", "20 U/L", TODAY - 7 * DAY), lab("bilirubin", "0.6 mg/dL", TODAY)))
    assert (done.lacking, done.last_done, done.overdue) == ((), TODAY - 7 * DAY, False)
    assert done.last_value == "AST 20 U/L, total bilirubin 0.6 mg/dL (2026-11-26)"


PRESSURE = "blood pressure (lying and standing) and heart rate"


def test_a_pulse_alone_is_no_blood_pressure() -> None:
    person = {"medicines": [], "considering": [line("tizanidine", "2 mg", start=None)]}
    pulse = lab("heart rate", "70 /min", TODAY)
    alone = item(PRESSURE, {**person, "observations": [pulse]})
    assert (alone.due, alone.lacking) == (TODAY, ("systolic blood pressure",))
    both = item(PRESSURE, {**person, "observations": [pulse, lab("systolic blood pressure", "120 mmHg", TODAY)]})
    assert (both.due, both.lacking) == (None, ())


def test_a_low_pressure_is_shown_beside_a_newer_pulse_and_measured_again() -> None:
    seen = TODAY - 21 * DAY
    labs = [lab("systolic blood pressure", "84 mmHg", seen), lab("heart rate", "47 /min", TODAY)]
    due = item(PRESSURE, {"medicines": [line("tizanidine", "2 mg")], "observations": labs})
    assert (due.due, due.overdue_days, due.last_done) == (seen, 21, seen)
    assert due.last_value == f"systolic blood pressure 84 mmHg, heart rate 47 /min ({TODAY})"
    assert [a.holds for a in due.act[:2]] == [True, True]


@pytest.mark.parametrize(("value", "again"), [("95 U/L", 7), ("119 U/L", 7), ("120 U/L", 0), ("140 U/L", 0)])
@pytest.mark.parametrize("ago", [0, 20, 89, 135, 500])
def test_a_raised_enzyme_is_measured_again_however_old_it_is(value: str, again: int, ago: int) -> None:
    seen = TODAY - ago * DAY
    for country, what in (("US", LIVER), ("UK", "liver tests")):
        due = item(what, on_dantrolene(lab("ALT", value, seen), start=date(2024, 2, 10), country=country))
        assert due.due == seen + again * DAY
        assert due.overdue == (ago > again)
        assert any(a.holds or a.at_last for a in due.act) and any(a.at_last for a in due.act) == (ago > 90)
        normal = lab("ALT", "30 U/L", TODAY)
        if ago:
            later = item(what, on_dantrolene(lab("ALT", value, seen), normal, start=date(2024, 2, 10), country=country))
            assert (later.due, later.overdue) == (TODAY + 90 * DAY, False)


def test_dantrolene_is_tested_every_six_weeks_for_a_year_and_for_good_at_higher_risk() -> None:
    def gaps(**who: Any) -> list[int]:
        due = item(LIVER, on_dantrolene(lab("ALT", "20 U/L", TODAY), start=TODAY - 84 * DAY, **who))
        days = [due.due or TODAY, *due.then]
        return [(b - a).days for a, b in zip([TODAY, *days], days, strict=False)]

    assert gaps() == [42] * 6 + [90]
    assert gaps(age="45", sex="female") == gaps(age="65", sex="male") == [42] * 8
    assert set(gaps(sex="unknown")[:6]) == {42}


def test_the_schedule_and_the_finding_have_one_number() -> None:
    rule = KNOWN.rules["dantrolene-liver-risk"]
    assert entry("dantrolene-liver-us").every_days == entry("dantrolene-liver-us-late-risk").every_days == 42
    assert "6 weeks" in str(rule.summary) and "every 6 weeks;" in str(rule.action)
    assert entry("dantrolene-function-uk").days == entry("dantrolene-function").days == (45,)
    assert "45 days" in str(KNOWN.rules["dantrolene-trial-over"].summary)


def test_the_month_counts_from_the_day_that_the_dose_was_reached() -> None:
    what, reached = "liver function tests", date(2026, 10, 1)
    before = {**line("tizanidine", "2 mg", start=date(2025, 1, 1)), "stop": reached.isoformat()}
    person = {"country": "DE", "labs": [lab("ALT", "30 U/L", date(2026, 3, 20))]}
    due = item(what, {**person, "medicines": [line("tizanidine", "4 mg", start=reached), before]})
    assert (due.due, due.overdue_days) == (reached + 30 * DAY, 26)
    assert due.then == tuple(reached + d * DAY for d in (90, 120))  # today's would do for the day in 4 days
    at_once = item(what, {**person, "medicines": [line("tizanidine", "4 mg", start=date(2026, 2, 1))]})
    assert at_once.due == date(2026, 2, 1) + 60 * DAY
    open_one = item(what, {**person, "medicines": [line("tizanidine", "4 mg", start=None)]})
    assert (open_one.due, open_one.settled_by) == (TODAY, ("start date of tizanidine",))


def test_what_is_lowered_today_leaves_what_was_due_until_now() -> None:
    what, since = "liver function tests", TODAY - 50 * DAY
    person = {"country": "DE", "medicines": [line("tizanidine", "4 mg", start=since)]}
    for weighed in (line("tizanidine", "2 mg", start=None), "stop tizanidine"):
        due = item(what, {**person, "considering": [weighed]})
        assert due.due == since + 30 * DAY
        assert due.then == (() if isinstance(weighed, dict) else tuple(since + d * DAY for d in (60, 90, 120)))
        done = followed({**person, "considering": [weighed], "labs": [lab("ALT", "20 U/L", TODAY - DAY)]})
        assert all(d.due is None or not d.overdue for d in done if d.what == what)


def test_what_is_weighed_beside_the_present_dose_is_added_to_it() -> None:
    """6 mg a day are taken and 6 mg more are weighed: from 12 mg a day on the liver is tested every month."""
    what, more = "liver function tests", {**line("tizanidine", "2 mg", start=None), "change": "start"}
    person = {"country": "DE", "medicines": [line("tizanidine", "2 mg")]}
    assert [d for d in followed(person) if d.what == what] == []
    due = item(what, {**person, "considering": [more]})
    assert (due.due, due.then) == (TODAY + 30 * DAY, tuple(TODAY + d * DAY for d in (60, 90, 120)))


def test_a_plan_says_on_which_day_a_dose_will_be_reached() -> None:
    steps = [(TODAY + i * 4 * DAY, 2.0 * (i + 1), 2.0) for i in range(8)]
    plan = a_plan("tizanidine", "titration", *steps)
    person = {"country": "DE", "medicines": [], "considering": [line("tizanidine", "4 mg", start=None)]}
    assert item("liver function tests", person, plan).due == steps[5][0] + 30 * DAY  # 12 mg a day


def test_a_rise_that_is_weighed_hides_nothing_that_is_overdue() -> None:
    begun = date(2024, 2, 10)
    person = {"labs": [lab("ALT", "30 U/L", date(2024, 2, 1))], "medicines": [line("tizanidine", "8 mg", start=begun)]}
    weighed = {**person, "considering": [line("tizanidine", "12 mg", start=None)]}
    now, then = item(ALT, person), item(ALT, weighed)
    assert now.due == then.due == begun + 30 * DAY
    assert (now.then, then.then) == ((), (TODAY + 30 * DAY,))
    lower = item(ALT, {**person, "considering": [line("tizanidine", "2 mg", start=None)]})
    assert (lower.due, lower.then) == (now.due, ())


# ---------------------------------------------------------------- the end of a plan, and of a step

AFTER = {f.what for f in KNOWN.plans.follow_ups.values() if f.anchor == "last dose"}
STOPS = [
    ("UK", "baclofen", "20 mg"), ("DE", "tizanidine", "8 mg"), ("US", "dantrolene", "50 mg"), ("DE", "dantrolene", "50 mg"),
    ("US", "carisoprodol", "350 mg"), ("US", "gabapentin", "300 mg"), ("UK", "diazepam", "2 mg"), ("US", "clonazepam", "0.5 mg"),
]  # fmt: skip


@pytest.mark.parametrize(("country", "drug", "dose"), STOPS)
@pytest.mark.parametrize("ago", [10, 100, 700])
def test_after_the_last_dose_only_withdrawal_is_looked_for(country: str, drug: str, dose: str, ago: int) -> None:
    labs = [lab("creatinine", "0.9 mg/dL", TODAY - DAY), lab("ALT", "20 U/L", TODAY - DAY)]
    taken = line(drug, dose, start=TODAY - ago * DAY)
    found = reviewed({"country": country, "age": "45", "sex": "male", "conditions": ["multiple sclerosis"], "labs": labs,
                      "dialysis": "none", "medicines": [taken], "considering": [f"stop {drug}"]})  # fmt: skip
    (plan,) = found.plan
    assert plan.last_dose is not None
    later = {w.what for w in found.monitoring for day in (w.due, *w.then) if day is not None and day > plan.last_dose}
    assert later and later <= AFTER
    assert "benefit at the highest tolerated dose" not in {w.what for w in found.monitoring}
    for watch in found.monitoring:
        if watch.what in AFTER:
            assert watch.due is not None and watch.due > plan.last_dose


def test_where_nothing_ends_nothing_is_said_of_after_the_end() -> None:
    for person in (
        {"medicines": [line("baclofen", "20 mg")]},
        {"medicines": [line("baclofen", "20 mg")], "considering": [line("baclofen", "10 mg", start=None)]},
        {"medicines": [], "considering": [line("tizanidine", "4 mg", start=None)]},
    ):
        assert not {w.what for w in reviewed(person).monitoring} & AFTER


def test_a_stop_without_steps_ends_today_and_an_order_with_its_own_stop_on_that_day() -> None:
    kidney, taken = "creatinine clearance", line("oxybutynin", "5 mg", start=TODAY - DAY)
    person = {"medicines": [taken], "considering": ["stop oxybutynin"]}
    assert all(w.due is None or w.due <= TODAY for w in reviewed(person).monitoring)
    ends = TODAY + 20 * DAY
    course = {**line("gabapentin", "300 mg", start=TODAY), "stop": ends.isoformat()}
    found = reviewed({"medicines": [course], "labs": [lab("creatinine", "0.9 mg/dL", TODAY)]})
    assert kidney not in {w.what for w in found.monitoring}
    assert {w.due for w in found.monitoring if w.what in AFTER} == {ends + 2 * DAY}


def test_a_raised_enzyme_is_measured_again_although_the_plan_ends() -> None:
    labs = [lab("ALT", "95 U/L", TODAY - DAY)]
    person = {
        "country": "DE",
        "labs": labs,
        "medicines": [line("dantrolene", "25 mg")],
        "considering": ["stop dantrolene"],
    }
    (watch,) = [w for w in reviewed(person).monitoring if w.what == "liver tests"]
    assert (watch.due, watch.then) == (TODAY + 6 * DAY, ())


@pytest.mark.parametrize(("days", "after"), [(1, 0), (3, 2), (6, 5), (7, 6), (8, 7), (30, 7)])
def test_falls_are_asked_for_by_the_end_of_the_step(days: int, after: int) -> None:
    steps = [(TODAY + i * days * DAY, 15.0 * (i + 1), 15.0) for i in range(4)]
    person = {"medicines": [], "considering": [line("baclofen", "20 mg", start=None)]}
    falls = item("standing, walking, falls", person, a_plan("baclofen", "titration", *steps))
    assert [falls.due, *falls.then] == [*(s[0] + after * DAY for s in steps[:-1]), steps[-1][0] + 7 * DAY]


def test_a_step_that_keeps_the_dose_is_no_change() -> None:
    """As the days of a cross-taper in which the old medicine is taken as before."""
    plan = a_plan("baclofen", "switch", (TODAY, 30, 0), (TODAY + 9 * DAY, 25, -5), (TODAY + 20 * DAY, 25, 0))
    falls = item("standing, walking, falls", {"medicines": [line("baclofen", "10 mg")]}, plan)
    assert (falls.due, falls.then) == (TODAY + 16 * DAY, ())


def test_what_is_asked_after_a_rise_looks_at_sedation_within_the_step() -> None:
    for follow in KNOWN.plans.follow_ups.values():
        if follow.anchor == "step" and any(w in follow.what for w in ("sedation", "drowsiness", "falls", "mind")):
            assert follow.within_step, follow.follow_up


@pytest.mark.parametrize("country", ["DE", "UK"])
@pytest.mark.parametrize("ago", [0, 7, 21, 35])
def test_one_liver_test_does_for_one_of_the_two_weekly_days(country: str, ago: int) -> None:
    """A value half an interval before a day did for that day and the one before it."""
    start = TODAY - ago * DAY
    due = item("liver tests", on_dantrolene(start=start, country=country))
    assert [d for d in after(start, 14, 28, 42, 84, 126) if d > TODAY] == list(due.then)[: len([d for d in (14, 28, 42, 84, 126) if d > ago])]  # fmt: skip
    assert (due.due, due.overdue_days) == (start, ago)
    for early, counts in ((4, False), (3, True)):
        of_day = item("liver tests", on_dantrolene(lab("ALT", "20 U/L", start + (14 - early) * DAY), start=start, country=country), today=start + 14 * DAY)  # fmt: skip
        assert of_day.due == start + (28 if counts else 14) * DAY


# ---------------------------------------------------------------- sessions, and what was asked


def botox(day: date | None, frequency: str | None = "once") -> dict[str, Any]:
    made = {"drug": "onabotulinumtoxinA", "dose": "400 units", "route": "intramuscular"}
    return {**made, **({"frequency": frequency} if frequency else {}), **({"start": day.isoformat()} if day else {})}


@pytest.mark.parametrize("ago", [0, 20, 43, 83, 84, 100])
def test_a_session_that_is_weighed_does_not_take_the_place_of_the_last(ago: int) -> None:
    last = TODAY - ago * DAY
    person = {"medicines": [botox(last)], "considering": [botox(None)]}
    due = item("the next session", person)
    assert due.due == last + 84 * DAY
    assert due.then == (() if ago < 84 else (TODAY + 84 * DAY,))
    fired = [f for f in reviewed(person).findings if "botulinum-last-session-recent" in f.rules]
    assert bool(fired) == (ago < 84)
    looked = item("tone and the goal set for the session", person)
    assert looked.due == (last + 42 * DAY if ago <= 42 else TODAY + 42 * DAY)


def test_what_is_overdue_stands_before_what_is_allowed() -> None:
    person = {"medicines": [botox(TODAY - 120 * DAY), line("tizanidine", "4 mg", start=TODAY - 31 * DAY)]}
    found = followed(person)
    assert [d.overdue for d in found] == sorted((d.overdue for d in found), reverse=True)
    assert found[0].overdue and any(d.not_before and d.due and d.due < TODAY for d in found)


def test_the_last_session_may_lie_later_than_the_one_on_record() -> None:
    person = {"medicines": [botox(TODAY - 20 * DAY, None)], "considering": [botox(None)]}
    assert item("the next session", person).due == TODAY + 64 * DAY
    old = item("the next session", {**person, "medicines": [botox(TODAY - 200 * DAY, "every 12 weeks")]})
    assert (old.due, old.settled_by) == (None, ("day of the last session of onabotulinumtoxinA",))


def test_what_was_asked_years_ago_is_left_to_the_words() -> None:
    what = "need, dependence and misuse"

    def found(days: int) -> date | None:
        return item(what, {"medicines": [line("diazepam", "5 mg", start=TODAY - days * DAY)]}).due

    assert found(28 + 90) == TODAY - 90 * DAY
    assert found(28 + 91) is None
    watched = reviewed({"medicines": [line("diazepam", "5 mg", start=date(2020, 1, 1))]}).monitoring
    assert ["each review" in w.at for w in watched if w.what == what] == [True]
    for follow in KNOWN.plans.follow_ups.values():
        if not follow.labs and follow.every_days is None:
            assert follow.lapses_days is not None or follow.anchor in ("refill", "review", "last dose"), (
                follow.follow_up
            )


PUMP = {"drug": "baclofen", "dose": "400 micrograms/day", "route": "intrathecal", "start": "2025-01-10"}


@pytest.mark.parametrize(("filled", "overdue"), [(20, False), (60, False), (100, True), (200, True)])
def test_a_refill_is_due_on_the_day_that_the_pump_reckons(filled: int, overdue: bool) -> None:
    what, day = "refill date, reservoir and alarms", TODAY - filled * DAY
    device = {"drug": "baclofen", "concentration": "2000 micrograms/mL", "reservoir": "20 mL", "alarm": "2 mL"}
    person = {"medicines": [PUMP], "pump": {**device, "refilled": day.isoformat()}}
    patient = read_patient({"as_of": TODAY.isoformat(), **person}, KNOWN, today=TODAY)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    by = refill_by(patient, medicines, facts)
    found = reviewed(person)
    (watch,) = [w for w in found.monitoring if w.what == what]
    assert watch.due == by and by is not None and watch.last_done == day
    assert watch.overdue_days == max(0, (TODAY - by).days) and watch.overdue == overdue
    text = " ".join(render_terminal(found, colour=False).split())
    assert ("OVERDUE by" in text) == overdue and f"last on record {day}, refilled" in text
    unknown = reviewed({"medicines": [PUMP], "pump": {"drug": "baclofen"}})
    (watch,) = [w for w in unknown.monitoring if w.what == what]
    assert (watch.due, watch.settled_by) == (TODAY, ("by when the pump is to be refilled",))


def test_a_start_prints_all_days_of_its_first_months() -> None:
    person = {
        "age": "45", "sex": "male", "weight": "80 kg", "conditions": ["multiple sclerosis"], "allergies": [], "dialysis": "none", "medicines": [],
        "labs": [lab(n, v, TODAY - DAY) for n, v in (("ALT", "20 U/L"), ("AST", "20 U/L"), ("creatinine", "0.8 mg/dL"))],
    }  # fmt: skip
    for country in ("US", "DE"):
        for drug, dose in (("dantrolene", "50 mg"), ("tizanidine", "8 mg")):
            found = reviewed({**person, "country": country, "considering": [line(drug, dose, start=None)]})
            (plan,) = found.plan
            text = " ".join(render_terminal(found, colour=False).split())
            days = [day for w in found.monitoring for day in (w.due, *w.then) if day is not None]
            assert all(day.isoformat() in text for day in days)
            if drug == "tizanidine":
                (pressure,) = [w for w in found.monitoring if w.what == PRESSURE]
                assert [pressure.due, *pressure.then] == [s.first for s in plan.steps]
                liver = next(w for w in found.monitoring if w.what in (ALT, "liver function tests"))
                reached = plan.steps[-1] if country == "US" else next(s for s in plan.steps if s.daily >= 12)
                assert liver.due == reached.first + 30 * DAY
                assert len(liver.then) == (0 if country == "US" else 3)
            else:
                liver = next(w for w in found.monitoring if w.what in (LIVER, "liver tests"))
                assert [liver.due, *liver.then] == after(TODAY, 14, 28, 42, 84, 126, 168, 210, 252, 294, 336)


# ---------------------------------------------------------------- nothing twice


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
@pytest.mark.parametrize("agent", sorted(KNOWN.agents))
def test_each_thing_to_monitor_is_said_once(agent: str, jurisdiction: Jurisdiction) -> None:
    known = KNOWN.agents[agent]
    person = {
        "country": {"US": "US", "UK": "UK", "EU": "DE"}[jurisdiction],
        "medicines": [{"drug": known.ingredient, "route": known.routes[0], "start": START.isoformat()}],
    }
    patient = read_patient({"as_of": TODAY.isoformat(), **person}, KNOWN, today=TODAY)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    if agent not in facts.inputs.agents:
        pytest.skip("its route is read as another agent's")
    dated = [d for d in follow_up(facts, patient, medicines) if d.agent == agent]
    words = [m for a, m in in_words(facts, dated) if a == agent]
    said = [d.what for d in dated] + [m.what for m in words]
    assert len(said) == len(set(said))
    for follow in KNOWN.plans.follow_ups.values():
        if follow.follow_up in [d.follow_up for d in dated]:
            assert not {m.what for m in words} & set(follow.in_place_of)
    replaced = {
        w
        for f in KNOWN.plans.follow_ups.values()
        if agent in f.agents and holds_in(f, jurisdiction)
        for w in f.in_place_of
    }
    for monitored in known.monitoring:
        if holds_in(monitored, jurisdiction):
            assert (monitored in words) != (monitored.what in replaced) or monitored.what in {"liver function tests"}


def test_overdue_comes_first_in_the_review_and_is_marked_in_words() -> None:
    found = reviewed({"medicines": [line("tizanidine", "4 mg"), line("baclofen", "10 mg", start=TODAY)]})
    days = [w.due for w in found.monitoring if w.due is not None]
    assert days == sorted(days) and [w.due is None for w in found.monitoring] == sorted(
        w.due is None for w in found.monitoring
    )
    assert found.monitoring[0].overdue
    for page in (render_terminal(found, colour=False), render_html(found)):
        text = " ".join(page.split())
        assert "OVERDUE by 329 days, due on 2026-01-01; none on record" in text
        assert text.index("OVERDUE") < text.index("Due today, 2026-11-26") < text.index("sedation and hallucinations")


def test_the_review_says_what_the_record_cannot_show() -> None:
    text = " ".join(
        render_terminal(
            reviewed({"medicines": [line("carisoprodol", "350 mg", start=TODAY - 22 * DAY)]}), colour=False
        ).split()
    )
    assert "Was due on 2026-11-25, 1 day ago (a record cannot show whether it was done)" in text


def test_the_json_keeps_its_fields() -> None:
    (first, *_) = msgspec.to_builtins(reviewed({"medicines": [line("tizanidine", "4 mg")]}).monitoring)
    assert {"agent", "what", "at", "act", "verified", "source"} <= set(first)
    assert first["due"] == "2026-01-01" and first["acts"][0].keys() == {"at", "do", "holds", "at_last"}


# ---------------------------------------------------------------- the page

PAGE = (Path(__file__).parent.parent / "docs" / "planning" / "monitoring.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The rows of the page's table with this heading."""
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_the_example_of_the_page_comes_out_as_written() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.S)
    assert block is not None
    found = reviewed(read_yaml(block[1], "page"))
    written = [
        [w.agent, w.what, str(w.due), str(w.overdue_days), "" if w.last_done is None else str(w.last_done)]
        for w in found.monitoring
        if w.due is not None
    ]
    assert written == rows("Medicine")
    undated = {(w.agent, w.what) for w in found.monitoring if w.due is None}
    assert {
        ("baclofen", "benefit at the highest tolerated dose"),
        ("tizanidine", "blood pressure (lying and standing) and heart rate"),
    } <= undated


def test_the_labels_of_the_page_are_those_of_the_knowledge() -> None:
    names = ("tizanidine-liver-us", "tizanidine-liver-us-earlier", "tizanidine-liver-eu")
    for name, (_, said) in zip(names, rows("Tizanidine, liver tests"), strict=True):
        days = [(day - START).days for day in calendar(entry(name), 365)]
        assert [int(n) for n in re.findall(r"\d+", said)] == [d for d in days if d]
        assert ("before the start" in said) == (days[0] == 0)


# ---------------------------------------------------------------- what holds for every schedule

DAYS = st.integers(0, 800)
FOLLOWS = st.builds(
    lambda days, every, first, end, grace, baseline, lapses, anchor: FollowUp(
        follow_up="any", agents=("baclofen",), what="any", at="any", source="s", place="p", labs=("alt",), anchor=anchor, baseline=baseline,
        days=tuple(sorted(days)), every_days=every, from_day=first if every else None,
        to_day=(first or every) + end if every and end is not None else None, grace_days=grace, lapses_days=lapses, act=(Act(at="a", do="b"),),
    ),
    st.sets(DAYS, max_size=4), st.none() | st.integers(1, 400), st.none() | st.integers(1, 400), st.none() | DAYS, st.integers(0, 10),
    st.booleans(), st.none() | st.integers(0, 60), st.sampled_from(["start", "step", "highest dose"]),
)  # fmt: skip


def anchors_from(start: date | None, today: date) -> Anchors:
    if start is None:
        return Anchors(review=today)
    return Anchors(
        review=today, start=start, highest=(start + 20 * DAY,), changes=(Change(start, 1), Change(start + 20 * DAY, 1))
    )


@given(FOLLOWS, st.none() | st.integers(-60, 1500), st.none() | st.integers(0, 1500))
def test_what_holds_for_every_schedule(follow: FollowUp, begun: int | None, ago: int | None) -> None:
    start = None if begun is None else TODAY - begun * DAY
    anchors = anchors_from(start, TODAY)
    last = None if ago is None else TODAY - ago * DAY
    found = when_due(follow, anchors, last, 90)
    if found.due is not None:
        assert start is None or found.due >= start
        assert all(day > max(found.due, TODAY) for day in found.then)
        assert list(found.then) == sorted(set(found.then))
    today = when_due(follow, anchors, TODAY, 90)
    assert today.due is None or today.due > TODAY  # what was done today is due on a later day
    if last is not None and found.due is not None and today.due is not None:
        assert today.due >= found.due  # a newer value never brings a day forward


@given(FOLLOWS, st.integers(0, 1500), st.none() | st.integers(0, 1500), st.integers(1, 60))
def test_time_alone_never_moves_a_day_that_does_not_lapse(
    follow: FollowUp, begun: int, ago: int | None, later: int
) -> None:
    follow = msgspec.structs.replace(follow, lapses_days=None)
    last = None if ago is None else TODAY - ago * DAY
    one, two = (
        when_due(follow, anchors_from(TODAY - begun * DAY, day), last, 90).due for day in (TODAY, TODAY + later * DAY)
    )
    assert one == two


@given(FOLLOWS, st.none() | st.integers(-60, 1500))
def test_what_is_asked_has_the_next_day_or_the_last(follow: FollowUp, begun: int | None) -> None:
    asked = msgspec.structs.replace(follow, labs=(), baseline=False)
    found = when_due(asked, anchors_from(None if begun is None else TODAY - begun * DAY, TODAY), None, 0)
    if found.due is not None and found.due < TODAY:
        assert not found.then
        assert asked.lapses_days is None or (TODAY - found.due).days <= asked.lapses_days
    assert all(found.due is not None and day > found.due for day in found.then)


AGENTS = ["baclofen", "tizanidine", "dantrolene", "diazepam", "gabapentin", "carisoprodol", "oxybutynin", "clonidine"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(AGENTS), unique=True, max_size=5),
    st.lists(st.none() | st.integers(0, 900), min_size=5, max_size=5),
    st.lists(
        st.tuples(st.sampled_from(["ALT", "creatinine", "systolic blood pressure"]), st.integers(0, 900)), max_size=4
    ),
    st.sampled_from(["US", "UK", "DE"]),
    st.none() | st.sampled_from(["9", "40", "80"]),
)
def test_what_holds_for_every_review(
    agents: list[str], starts: list[int | None], labs: list[tuple[str, int]], country: str, age: str | None
) -> None:
    units = {"ALT": "30 U/L", "creatinine": "1 mg/dL", "systolic blood pressure": "110 mmHg"}
    person: dict[str, Any] = {
        "country": country,
        "medicines": [
            line(a, "1 mg", start=None if s is None else TODAY - s * DAY) for a, s in zip(agents, starts, strict=False)
        ],
        "observations": [lab(name, units[name], TODAY - ago * DAY) for name, ago in labs],
        **({} if age is None else {"age": age}),
    }
    due = followed(person)
    assert len({(d.agent, d.what) for d in due}) == len(due)
    assert [d.due or date.max for d in due] == sorted(d.due or date.max for d in due)
    for one in due:
        assert one.agent in agents and one.at and one.act
        assert one.overdue == (one.due is not None and one.due < TODAY and not one.not_before)
        assert one.overdue_days == (max(0, (TODAY - one.due).days) if one.due and one.overdue else 0)
        assert one.last_done is None or one.last_done <= TODAY


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([*AGENTS, "onabotulinumtoxinA"]),
    st.integers(0, 900),
    st.lists(
        st.tuples(st.sampled_from(["ALT", "AST", "creatinine", "systolic blood pressure"]), st.integers(0, 900)),
        max_size=4,
    ),
    st.sampled_from(["US", "UK", "DE"]),
    st.sampled_from(["replace", "start", "stop"]),
)
def test_what_is_weighed_hides_nothing_that_is_overdue(
    agent: str, start: int, labs: list[tuple[str, int]], country: str, change: str
) -> None:
    units = {"ALT": "30 U/L", "AST": "130 U/L", "creatinine": "1 mg/dL", "systolic blood pressure": "85 mmHg"}
    person: dict[str, Any] = {
        "country": country,
        "age": "45",
        "sex": "female",
        "medicines": [line(agent, "4 mg" if agent != "onabotulinumtoxinA" else "100 units", start=TODAY - start * DAY)],
        "observations": [lab(name, units[name], TODAY - ago * DAY) for name, ago in labs],
    }
    weighed = {**line(agent, "8 mg" if agent != "onabotulinumtoxinA" else "200 units", start=None), "change": change}
    after_it = {(d.agent, d.what): d for d in followed({**person, "considering": [weighed]})}
    for due in followed(person):
        if due.measured and due.overdue:
            then = after_it[due.agent, due.what]
            assert then.due is not None and due.due is not None and then.due <= due.due, (due, then)


# ---------------------------------------------------------------- lint


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"labs": ("no-such-lab",)}, "there is no lab"),
        ({"days": (), "baseline": False}, "never due"),
        ({"days": (30, 7)}, "days are in order"),
        ({"to_day": 90}, "every_days, which is missing"),
        ({"every_days": 30, "to_day": 20}, "to_day is before"),
        ({"every_days": 30, "anchor": "step"}, "the next step comes"),
        ({"steps": "rise"}, "steps belongs to"),
        ({"labs": (), "baseline": True}, "a baseline is a value on record"),
        ({"not_before": True}, "days alone"),
        ({"in_place_of": ()}, "says in words when"),
        ({"in_place_of": ("no such entry",)}, "has no monitoring"),
        ({"jurisdiction": ("EU",)}, "has no monitoring"),
        ({"act": ()}, "what to do at which result"),
        ({"done_by": (("bilirubin",),)}, "done_by names some of its labs"),
        ({"done_by": ((),)}, "done_by names some of its labs"),
        ({"anchor": "daily dose"}, "from_daily belongs to"),
        ({"from_daily": 12}, "from_daily belongs to"),
        ({"labs": (), "baseline": False}, "it lapses, or comes again"),
        ({"act": (Act(at="Any", do="any", again_days=7),)}, "a result that a record shows"),
        ({"when": {"fact": "no_such_fact"}}, "predicate"),
        ({"within_step": True}, "within_step belongs to"),
        ({"days_grace": 9}, "a shorter grace"),
        ({"days": (14, 28)}, "one value would do for two"),
    ],
)
def test_lint_finds_what_is_wrong_with_a_schedule(changed: dict[str, Any], fault: str) -> None:
    good = msgspec.structs.replace(entry("tizanidine-liver-us"), anchor="start")
    follow = msgspec.structs.replace(good, **changed)
    plans = msgspec.structs.replace(KNOWN.plans, follow_ups={follow.follow_up: follow})
    packed = msgspec.Raw(msgspec.msgpack.encode(plans))
    knowledge = msgspec.structs.replace(KNOWN, sha256=f"follow {fault} {sorted(changed)}", plans_packed=packed)
    assert any(fault in what for _, what in faults_of_plans(knowledge))
