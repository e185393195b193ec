"""Curves of people as a pharmacist meets them: what must be drawn, what must not, and what each sentence has to say."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest

from relaxant import Review, read_patient, review
from relaxant.predicted import ShownPrediction
from relaxant.report.review.course import CourseView
from relaxant.report.review.terminal import render_terminal
from relaxant.report.review.view import view_of

TODAY = date(2026, 11, 25)
LABS = """labs:
- {name: creatinine, value: 0.9 mg/dL, date: 2026-11-20}
- {name: creatinine, value: 0.9 mg/dL, date: 2026-05-20}
- {name: ALT, value: 20 U/L, date: 2026-11-20}
- {name: AST, value: 20 U/L, date: 2026-11-20}
"""
MAN = "sex: male\nage: 40\nweight: 78 kg\nheight: 178 cm\ndialysis: none\nmuscle_mass: normal\nsmoker: false\nswallowing: normal\n"


def _of(*medicines: str, considering: tuple[str, ...] = (), person: str = MAN, labs: str = LABS) -> Review:
    lines = "".join(f"- {m}\n" for m in medicines)
    text = f"{person}{labs}medicines:\n{lines}" if medicines else f"{person}{labs}"
    return review(read_patient(text.encode(), today=TODAY, considering=list(considering)))


def _one(*medicines: str, considering: tuple[str, ...] = (), person: str = MAN, labs: str = LABS) -> ShownPrediction:
    (shown,) = _of(*medicines, considering=considering, person=person, labs=labs).prediction
    return shown


def _middle(shown: ShownPrediction, scenario: int = 0) -> np.ndarray:
    return np.array(shown.scenarios[scenario].curves[0].bands[2])


def _average(shown: ShownPrediction, scenario: int = 0) -> float:
    return shown.scenarios[scenario].measures[0].median


def _said(shown: ShownPrediction) -> str:
    return " ".join(line for s in shown.scenarios for line in s.summary)


# ---------------------------------------------------------------- several lines of one medicine


def test_a_morning_and_a_night_line_are_not_swallowed_together() -> None:
    apart = _one("tizanidine 4 mg tablet in the morning", "tizanidine 4 mg tablet at night")
    one = _one("tizanidine 4 mg tablet morning and night")
    np.testing.assert_allclose(_middle(apart), _middle(one), rtol=0.011)


def test_lines_without_an_hour_begin_in_the_morning_beside_one_at_night() -> None:
    shown = _one("baclofen 10 mg three times a day", "baclofen 20 mg at night")
    values, times = _middle(shown), np.array(shown.scenarios[0].curves[0].times)
    assert 14 < times[values.argmax()] <= 18  # the night dose, 14 h after the morning, with the third of the day


def test_what_is_taken_now_and_what_is_weighed_are_on_one_clock() -> None:
    shown = _one("tizanidine 4 mg tablet in the morning", considering=("tizanidine 4 mg tablet at night",))
    now, weighed = (_middle(shown, i).argmax() for i in (0, 1))
    assert weighed - now == 28  # half hours between 8 and 22


def test_every_other_day_in_the_morning_beside_every_night() -> None:
    shown = _one("diazepam 5 mg at night", "diazepam 2 mg in the morning every other day")
    both = _one("diazepam 7 mg at night")
    assert shown.scenarios[0].every == 48
    assert max(_middle(shown)) < max(_middle(both))


# ---------------------------------------------------------------- odd regimens


def test_a_weekly_dose_has_its_peak() -> None:
    weekly, daily = _one("baclofen 10 mg once a week"), _one("baclofen 10 mg once a day")
    assert max(_middle(weekly)) == pytest.approx(max(_middle(daily)), rel=0.05)  # little is left after a day
    assert "trough next to nothing" in _said(weekly)
    assert not re.search(r"0\.000", _said(weekly))


def test_a_dose_by_weight_is_drawn_where_the_weight_is_known() -> None:
    assert _average(_one("baclofen 0.25 mg/kg three times a day")) == pytest.approx(
        _average(_one("baclofen 19.5 mg three times a day")), rel=0.01
    )
    shown = _one("diazepam 0.1 mg/kg twice a day", person=MAN.replace("weight: 78 kg\n", ""))
    assert shown.sentence is not None and "weight is not known" in shown.sentence


def test_an_infusion_by_weight_and_minute_is_drawn() -> None:
    by_weight = _one("cisatracurium 2 micrograms/kg/min IV")
    assert _average(by_weight) == pytest.approx(_average(_one("cisatracurium 9.36 mg/h IV")), rel=0.01)
    assert "9 in 10" not in by_weight.scenarios[0].summary[0]  # nobody published how clearances differ
    assert "in the typical person" in by_weight.scenarios[0].summary[0]


def test_an_interval_that_leaves_room_is_said() -> None:
    shown = _one("methocarbamol 750 mg every 6 to 8 hours")
    assert any("leaves room" in b for b in shown.banners)


# ---------------------------------------------------------------- what cannot be drawn is said


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("carisoprodol/aspirin 200/325 mg four times a day", "combination"),
        ("tizanidine 2 mg three times a day by tube", "by this route"),
        ("diazepam 10 mg rectal at night", "by this route"),
    ],
)
def test_a_relaxant_that_no_card_can_draw_is_not_passed_over(line: str, why: str) -> None:
    shown = _one(line)
    assert shown.sentence is not None and why in shown.sentence
    assert not shown.scenarios and not shown.banners


def test_a_reversal_that_is_weighed_is_said_not_to_be_drawn() -> None:
    shown = _one("rocuronium 50 mg IV once", considering=("sugammadex 200 mg IV once",))
    assert any("reverses" in b for b in shown.banners)
    assert not any("reverses" in b for b in _one("rocuronium 50 mg IV once").banners)


def test_only_the_nearest_card_says_why_a_toddler_has_no_curve() -> None:
    person = "sex: male\nbirth_date: 2025-08-25\nweight: 9.5 kg\nheight: 77 cm\n"
    shown = _one("baclofen 2.5 mg three times a day", person=person, labs="")
    assert shown.sentence is not None
    assert shown.sentence.count("Age ") == 1 and "2 to 18 years" in shown.sentence


def test_a_flattering_creatinine_gives_no_gabapentin() -> None:
    wasted = MAN.replace("muscle_mass: normal", "muscle_mass: low")
    shown = _one("gabapentin 600 mg three times a day", person=wasted, labs=LABS.replace("0.9", "0.4"))
    assert shown.sentence is not None and "creatinine alone" in shown.sentence
    unsaid = _one("gabapentin 600 mg three times a day", person=MAN.replace("muscle_mass: normal\n", ""))
    assert any("Not known" in b and "creatinine misleads" in b for b in unsaid.banners)


def test_an_open_kidney_is_not_spread_past_anybody_studied() -> None:
    wasted = MAN.replace("muscle_mass: normal", "muscle_mass: low")
    shown = _one("baclofen 20 mg three times a day", person=wasted, labs=LABS.replace("0.9", "0.4"))
    healthy = _one("baclofen 20 mg three times a day")
    assert any("0 to 254 mL/min" in b and "5 to 150 mL/min" in b for b in shown.banners)
    assert _average(shown) > 1.2 * _average(healthy)


def test_a_known_gene_is_not_called_unknown() -> None:
    person = MAN + "genotype: {CYP2C19: '*2/*2'}\n"
    remarks = [r for m in _one("diazepam 5 mg twice a day", person=person).models for r in m.remarks]
    assert not any("CYP2C19" in r for r in remarks)
    remarks = [r for m in _one("diazepam 5 mg twice a day").models for r in m.remarks]
    assert any(r.startswith("CYP2C19 genotype is not known") for r in remarks)


def test_a_single_bound_and_its_unit_read_as_a_number() -> None:
    banners = _one("chlorzoxazone 500 mg three times a day").banners
    assert any("500 mg: 250 mg were studied" in b for b in banners)


# ---------------------------------------------------------------- other medicines come and go


def test_a_partner_long_gone_is_not_listed() -> None:
    shown = _one(
        "tizanidine 4 mg tablet three times a day",
        "ciprofloxacin 500 mg twice a day from 2026-11-12 until 2026-11-22",
    )
    (only,) = shown.scenarios
    assert only.scenario == "now" and not only.changes and only.change_days is None


def test_an_inducer_stopped_three_days_ago_still_acts_and_that_is_said() -> None:
    shown = _one("diazepam 10 mg twice a day", "rifampicin 600 mg once a day from 2026-06-01 until 2026-11-22")
    (only,) = shown.scenarios
    assert 0.4 < only.today < 0.7 and only.change_days is not None and 5 < only.change_days < 20
    assert "has ended and fades" in only.changes[0].text
    assert "That is not so yet: what acts today makes 0.5" in _said(shown)


def test_fluvoxamine_washes_out_in_days() -> None:
    shown = _one(
        "tizanidine 2 mg tablet three times a day",
        "fluvoxamine 100 mg once a day since 2026-01-01",
        considering=("stop fluvoxamine",),
    )
    days = shown.scenarios[-1].change_days
    assert (
        days is not None and 2 < days < 7
    )  # some six of its half-lives of 17.5 h: 33-fold to within a tenth of the way


def test_a_partner_that_is_to_begin_is_drawn_as_weighed() -> None:
    shown = _one("tizanidine 4 mg tablet three times a day", "fluvoxamine 100 mg once a day from 2026-12-20")
    now, then = shown.scenarios
    assert (now.scenario, then.scenario) == ("now", "weighed")
    assert _average(shown, 1) / _average(shown, 0) > 20
    assert "begins in about 25 days" in then.changes[0].text


def test_somebody_who_has_stopped_smoking_is_on_the_way_up() -> None:
    stopped = MAN.replace("smoker: false", "smoker: {now: false, stopped: 2026-11-22}")
    (only,) = _one("tizanidine 4 mg tablet three times a day", person=stopped).scenarios
    assert 0.7 < only.today < 0.95
    assert "fades" in only.changes[0].text and "own parameters" not in only.changes[0].text
    never = _one("tizanidine 4 mg tablet three times a day")
    assert only.curves == never.scenarios[0].curves
    assert not never.scenarios[0].changes


def test_what_is_said_of_the_models_is_of_the_curve_that_is_drawn() -> None:
    shown = _one("tizanidine 4 mg tablet three times a day", "fluvoxamine 100 mg once a day since 2026-01-01")
    now, alone = shown.scenarios
    assert (now.scenario, alone.scenario) == ("now", "alone")
    assert shown.models[0].typical_average == pytest.approx(_average(shown), rel=0.1)
    assert now.left_hours > 2 * alone.left_hours and f"{now.left_hours:.0f} h after the last dose" in _said(shown)
    assert alone.title == "Without the other medicines"


def test_no_change_is_not_called_times_one() -> None:
    tizanidine = next(p for p in _of("baclofen 10 mg three times a day", "tizanidine 2 mg at night").prediction if p.agent == "tizanidine")  # fmt: skip
    (change,) = tizanidine.scenarios[0].changes
    assert change.text == "Baclofen: measured, and it changes nothing." and not change.notes


def test_what_has_a_number_stands_before_what_has_none() -> None:
    shown = _one("tizanidine 4 mg tablet three times a day", "aciclovir 400 mg five times a day", "verapamil 80 mg three times a day", "ciprofloxacin 500 mg twice a day")  # fmt: skip
    assert next(c.by for c in shown.scenarios[0].changes) == "ciprofloxacin"


def test_the_slowest_of_what_is_drawn_says_when_it_is_gone() -> None:
    shown = _one("carisoprodol 350 mg three times a day")
    only = shown.scenarios[0]
    assert only.slowest is not None and "meprobamate" in only.slowest and only.left_hours > 20
    diazepam = _said(_one("diazepam 5 mg twice a day"))
    assert "a tenth is left about 9 days after the last dose" in diazepam and "nordiazepam" in diazepam


def test_the_text_names_what_its_numbers_are() -> None:
    page = render_terminal(_of("diazepam 5 mg twice a day", "grapefruit juice daily"), colour=False, width=400)
    assert "Share of the band: 100%; Typical average:" in page
    assert "More would reach the circulation than a dose holds" in page  # a caveat of the number beside it


# ---------------------------------------------------------------- the page


def _courses(reviewed: Review) -> list[CourseView]:
    return list(view_of(reviewed).courses)


def test_a_table_writes_no_number_below_a_thousandth_of_its_peak() -> None:
    (course,) = _courses(_of("baclofen 10 mg once a week"))
    cells = [cell for chart in course.charts for row in chart.table.rows for cell in row]
    assert not any("0.000" in cell for cell in cells)
    assert "0" in cells


def test_what_is_over_within_hours_is_shown_in_minutes() -> None:
    (course,) = _courses(_of("rocuronium 50 mg IV once"))
    twitch = course.charts[1].table
    assert twitch.head[0] == "Minutes after the first dose"
    back = next(float(row[0]) for row in twitch.rows[1:] if float(row[1]) > 90)
    assert 40 < back < 100  # a train-of-four ratio of 90% after 0.6 mg/kg
    assert "minutes after the first dose" in course.charts[1].svg
    assert "hours after the first dose" in _courses(_of("diazepam 5 mg twice a day"))[0].charts[0].svg


def test_a_banner_that_is_not_of_every_model_says_of_how_many() -> None:
    banners = _one("baclofen 10 mg three times a day", person=MAN.replace("age: 40", "age: 45")).banners
    assert any(b.startswith("Age 45 years") and b.endswith("(In 1 of 3 models.)") for b in banners)
    old = _one("baclofen 10 mg three times a day", person=MAN.replace("age: 40", "age: 80")).banners
    assert any(b.startswith("Age 80 years") and not b.endswith("models.)") for b in old)


def test_somebody_old_is_not_told_that_children_were_studied() -> None:
    person = MAN.replace("age: 40", "age: 97").replace("weight: 78 kg", "weight: 30 kg")
    shown = _one("cisatracurium 10 mg IV once", person=person)
    assert shown.sentence is not None and "children" not in shown.sentence and "30 kg" in shown.sentence


def test_what_is_unknown_is_not_said_to_settle_itself() -> None:
    (shown,) = review(read_patient(b"medicines: [gabapentin 300 mg three times a day]", today=TODAY)).prediction
    assert shown.sentence is not None and shown.sentence.endswith("Creatinine is unknown.")
    assert shown.settled_by == ("creatinine",)


def test_food_is_that_of_the_form_that_is_taken() -> None:
    (capsule,) = _one("tizanidine 4 mg capsule three times a day with food").scenarios[0].changes
    (tablet,) = _one("tizanidine 4 mg tablet three times a day with food").scenarios[0].changes
    assert (capsule.auc_ratio, tablet.auc_ratio) == (1.23, 1.45)


def test_what_is_noted_of_a_measurement_stands_beside_it() -> None:
    (change,) = _one("diazepam 5 mg twice a day", "grapefruit juice daily").scenarios[0].changes
    assert any("immunoassay" in note for note in change.notes)
    (change,) = _one("tizanidine 4 mg tablet three times a day", "fluvoxamine 100 mg once a day since 2026-01-01").scenarios[0].changes[:1]  # fmt: skip
    assert "on average" in change.text and not any("smallest" in note for note in change.notes)


def test_no_more_is_drawn_than_the_most_of_a_day() -> None:
    capped = _one("tizanidine 4 mg tablet every 6 hours as needed, max 12 mg a day")
    assert _average(capped) == pytest.approx(_average(_one("tizanidine 4 mg tablet three times a day")), rel=0.01)


def test_a_partner_that_begins_today_does_not_act_yet() -> None:
    shown = _one("diazepam 5 mg twice a day", "rifampicin 600 mg once a day since 2026-11-25")
    assert shown.scenarios[0].today > 2.5
    assert "That is not so yet" in _said(shown)


@pytest.mark.parametrize(
    "line", ["succinylcholine 100 mg IV once", "mivacurium 15 mg IV once", "rocuronium 100 mg IV once"]
)
def test_a_single_dose_is_drawn_until_the_muscle_is_back(line: str) -> None:
    twitch = next(c for c in _one(line).scenarios[0].curves if c.unit == "%")
    typical = next(iter(twitch.typical.values()))
    assert min(typical) < 10 and typical[-1] > 90


def test_what_is_not_asked_is_no_banner() -> None:
    person = "sex: male\nage: 16\nweight: 62 kg\nheight: 172 cm\nmuscle_mass: normal\nswallowing: normal\n"
    banners = _one("baclofen 20 mg three times a day", person=person).banners
    assert not any("dialysis" in b for b in banners)  # with such kidneys nobody asks


def test_kidneys_are_held_against_studies_in_whole_millilitres() -> None:
    person = "sex: female\nage: 45\nweight: 65 kg\nheight: 165 cm\ndialysis: none\nmuscle_mass: normal\nswallowing: normal\npregnant: false\n"
    shown = _one("metaxalone 800 mg three times a day", person=person, labs=LABS.replace("0.9", "0.8"))
    assert not any("Kidney function" in b for b in shown.banners)  # 79.8 against 80 mL/min


def test_what_is_stretched_widens_how_it_leaves_where_no_spread_of_that_was_published() -> None:
    """Mivacurium's card has a spread of its effect alone; weak kidneys (less cholinesterase) concern its clearance."""
    weak = _one("mivacurium 15 mg IV once", labs=LABS.replace("0.9", "2.5"))
    healthy = _one("mivacurium 15 mg IV once")
    late = -12
    assert any("widened by 30%" in b for b in weak.banners)
    for shown, spread in ((weak, True), (healthy, False)):
        low, *_, high = (row[late] for row in shown.scenarios[0].curves[0].bands)
        assert (high > 1.5 * low) is spread


def test_no_band_is_said_to_be_widened_where_there_is_none() -> None:
    shown = _one("orphenadrine 100 mg extended release twice a day", labs=LABS.replace("0.9", "2.5"))
    said = [*shown.banners, *(r for m in shown.models if m.drawn for r in m.remarks)]
    assert any(s.startswith("Kidney function") for s in said)
    assert not any("widened" in s for s in said)


def test_a_level_that_is_gone_is_not_an_effect_that_is_gone() -> None:
    assert "how long it acts is in the picture" in _said(_one("succinylcholine 100 mg IV once"))
    assert "how long it acts" not in _said(_one("diazepam 10 mg by mouth once"))


def test_what_is_taken_in_a_day_stands_with_what_it_makes() -> None:
    shown = _one("baclofen 10-20 mg three times a day, max 40 mg daily", considering=("baclofen 5 mg twice a day",))
    assert "As taken now (40 mg a day): average" in _said(shown)
    assert "As weighed (10 mg a day): average" in _said(shown)
    pump = _one("baclofen 400 micrograms/day intrathecal")
    assert re.search(r"\(400 micrograms a day\): \d+ ng/mL throughout", _said(pump)) and "after it stops" in _said(pump)


def test_a_tenth_left_of_one_dose_is_read_from_its_curve() -> None:
    shown = _one("rocuronium 50 mg IV once")
    only = shown.scenarios[0]
    times, values = np.array(only.curves[0].times), np.array(next(iter(only.curves[0].typical.values())))
    assert np.interp(only.left_hours, times, values) == pytest.approx(values.max() / 10, rel=0.05)


def test_gabapentin_from_creatinine_alone_is_said_to_run_low_in_old_and_small_people() -> None:
    person = MAN.replace("age: 40", "age: 82").replace("weight: 78 kg", "weight: 50 kg")
    shown = _one("gabapentin 300 mg three times a day", person=person)
    assert any("two to three times" in b for b in shown.banners)
    average = shown.scenarios[0].measures[0]
    residents = 900 * 823 / (1120 + 300) / 24 / 2.93  # the clearance measured in nursing homes
    assert average.high is not None and average.high > residents
    assert not any("two to three times" in b for b in _one("gabapentin 300 mg three times a day").banners)
