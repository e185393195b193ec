"""Dose lines as people write them become the contract's regimen; traps are said and never guessed."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relaxant.medicines.dose_lines import (
    daily_intake,
    figure,
    interval,
    interval_hours,
    read_dose,
    read_number,
    regimen_from_parts,
)
from relaxant.medicines.regimen import Amount, Dose, Regimen, Strength

AS_OF = date(2026, 11, 22)
FIVE_MG = Strength(value=5.0, unit="mg")


def daily(text: str, **product: object) -> tuple[float | None, float | None, str] | None:
    found = read_dose(text, as_of=AS_OF, **product).daily  # type: ignore[arg-type]
    return None if found is None else (found.low, found.high, found.unit)


def doses(regimen: Regimen) -> list[tuple[float | None, float | None, str, str | None, str | None]]:
    return [(dose.low, dose.high, dose.unit, dose.at, dose.every) for dose in regimen.doses]


@pytest.mark.parametrize(
    ("text", "expected", "in_a_day"),
    [
        ("10 mg three times a day since 2024-01-05", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("5-10 mg every 6-8 h", (5, 10, "mg", None, "6-8 h"), (15, 40, "mg")),
        ("5 to 10 mg every 6 to 8 hours", (5, 10, "mg", None, "6-8 h"), (15, 40, "mg")),
        ("4 mg tds", (4, 4, "mg", None, "8 h"), (12, 12, "mg")),
        ("20 mg four times daily", (20, 20, "mg", None, "6 h"), (80, 80, "mg")),
        ("10 mg bid", (10, 10, "mg", None, "12 h"), (20, 20, "mg")),
        ("10 mg b.i.d.", (10, 10, "mg", None, "12 h"), (20, 20, "mg")),
        ("10 mg om", (10, 10, "mg", "morning", "1 d"), (10, 10, "mg")),
        ("10 mg on", (10, 10, "mg", "night", "1 d"), (10, 10, "mg")),
        ("10 mg nocte", (10, 10, "mg", "night", "1 d"), (10, 10, "mg")),
        ("10 mg at bedtime", (10, 10, "mg", "bedtime", "1 d"), (10, 10, "mg")),
        ("10 mg every night at bedtime", (10, 10, "mg", "bedtime", "1 d"), (10, 10, "mg")),
        ("10 mg six hourly", (10, 10, "mg", None, "6 h"), (40, 40, "mg")),
        ("10mgtid", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("10 mg 2-3 times a day", (10, 10, "mg", None, "8-12 h"), (20, 30, "mg")),
        ("10 mg once or twice a day", (10, 10, "mg", None, "12-24 h"), (10, 20, "mg")),
        ("10 mg tid w/ food", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("10 mg tid w/meals", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("10 mg w/ breakfast", (10, 10, "mg", "breakfast", "1 d"), (10, 10, "mg")),
        ("10 mg tid w/o food", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("I take 2 tablets tds", (2, 2, "tablet", None, "8 h"), (6, 6, "tablet")),
        ("2 tablets to be taken three times a day", (2, 2, "tablet", None, "8 h"), (6, 6, "tablet")),
        ("patient to take 10 mg bid", (10, 10, "mg", None, "12 h"), (20, 20, "mg")),
        ("1 tab × 3 a day", (1, 1, "tablet", None, "8 h"), (3, 3, "tablet")),
        ("ten milligrams thrice daily", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("150mcg daily", (150, 150, "micrograms", None, "1 d"), (0.15, 0.15, "mg")),
        ("two tablets tds", (2, 2, "tablet", None, "8 h"), (6, 6, "tablet")),
        ("half a tablet bd", (0.5, 0.5, "tablet", None, "12 h"), (1, 1, "tablet")),
        ("½ tab bd", (0.5, 0.5, "tablet", None, "12 h"), (1, 1, "tablet")),
        ("1½ tabs bd", (1.5, 1.5, "tablet", None, "12 h"), (3, 3, "tablet")),
        ("one and a half tablets bd", (1.5, 1.5, "tablet", None, "12 h"), (3, 3, "tablet")),
        ("60 mg/day in 3 divided doses", (20, 20, "mg", None, "8 h"), (60, 60, "mg")),
        ("60 mg daily in three divided doses", (20, 20, "mg", None, "8 h"), (60, 60, "mg")),
        ("60 mg per day divided tid", (20, 20, "mg", None, "8 h"), (60, 60, "mg")),
        ("5 ml (5 mg) tds", (5, 5, "mg", None, "8 h"), (15, 15, "mg")),
        ("10 mg/5 mL 5 mL tds", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("5 mL tds", (5, 5, "mL", None, "8 h"), (15, 15, "mL")),
        ("10 mg tablet, take 2 tablets by mouth 3 times daily", (20, 20, "mg", None, "8 h"), (60, 60, "mg")),
        ("Take 1 tablet (10 mg total) by mouth 3 (three) times daily.", (10, 10, "mg", None, "8 h"), (30, 30, "mg")),
        ("take 2 500 mg tablets bd", (1000, 1000, "mg", None, "12 h"), (2000, 2000, "mg")),
        ("increase to 20 mg tds", (20, 20, "mg", None, "8 h"), (60, 60, "mg")),
        ("10 mg once", (10, 10, "mg", None, "once"), (0, 10, "mg")),
        ("10 mg stat", (10, 10, "mg", None, "once"), (0, 10, "mg")),
        ("up to 8 mg tid", (0, 8, "mg", None, "8 h"), (0, 24, "mg")),
        ("tid", (None, None, "dose", None, "8 h"), None),
        ("10 mg", (10, 10, "mg", None, None), None),
    ],
)
def test_lines_are_read_as_people_write_them(
    text: str, expected: tuple[object, ...], in_a_day: tuple[object, ...]
) -> None:
    regimen = read_dose(text)
    assert doses(regimen) == [expected]
    assert daily(text) == in_a_day
    assert regimen.unread == ()


@pytest.mark.parametrize(
    ("text", "in_a_day"),
    [
        ("10 mg TID prn spasms x 30 days", (0, 30, "mg")),
        ("2 mg q6-8h prn", (0, 8, "mg")),
        ("2 mg q6-8h prn max 3 doses/24 h", (0, 6, "mg")),
        ("2 mg prn", (0, None, "mg")),
        ("2 mg prn max 3 doses in 24 hours", (0, 6, "mg")),
        ("4 mg q4h prn, max 16 mg/day", (0, 16, "mg")),
        ("take 1-2 tablets every 4 to 6 hours as needed, maximum 8 in 24 hours", (0, 8, "tablet")),
        ("10 mg bid and prn", (20, None, "mg")),
        ("10 mg up to three times a day", (0, 30, "mg")),
        ("10 mg tid, max 36 mg/day", (30, 30, "mg")),
    ],
)
def test_as_needed_is_not_certain_and_is_capped_by_what_was_said(text: str, in_a_day: tuple[object, ...]) -> None:
    assert daily(text) == in_a_day


@pytest.mark.parametrize(
    ("text", "every", "in_a_day"),
    [
        ("20 mg every other day", "2 d", (10, 20, "mg")),
        ("70 mg weekly", "1 wk", (10, 70, "mg")),
        ("7 mg twice a week", "84 h", (2, 7, "mg")),
        ("7 mg on Mon, Wed and Fri", "56 h", (3, 7, "mg")),
        ("84 units every 12 weeks", "12 wk", (1, 84, "units")),
        ("10 mg fortnightly", "2 wk", None),
        ("10 mg every 72 hours", "3 d", None),
    ],
)
def test_rare_doses_count_their_average_as_certain_and_one_whole_dose_as_the_most(
    text: str, every: str, in_a_day: tuple[object, ...] | None
) -> None:
    assert read_dose(text).doses[0].every == every
    if in_a_day is not None:
        assert daily(text) == in_a_day


def test_several_times_of_day() -> None:
    expected = [(5, 5, "mg", "morning", "1 d"), (10, 10, "mg", "noon", "1 d"), (15, 15, "mg", "night", "1 d")]
    assert doses(read_dose("5 mg AM, 10 mg noon, 15 mg at night")) == expected
    assert daily("5 mg AM, 10 mg noon, 15 mg at night") == (30, 30, "mg")
    assert [dose.at for dose in read_dose("10 mg at 8 am and 20:00").doses] == ["08:00", "20:00"]
    assert [(dose.low, dose.at) for dose in read_dose("10mg 1-1-2").doses] == [
        (10, "morning"),
        (10, "noon"),
        (20, "night"),
    ]
    assert [(dose.low, dose.unit) for dose in read_dose("½-0-1 tab").doses] == [(0.5, "tablet"), (1, "tablet")]
    assert daily("10 mg bid and 20 mg at bedtime") == (40, 40, "mg")


def test_strength_turns_pieces_and_volumes_into_mass() -> None:
    assert daily("1/2 tab qhs", strength=FIVE_MG) == (2.5, 2.5, "mg")
    assert daily("1/2 tab qhs") == (0.5, 0.5, "tablet")
    assert daily("5 mL tds", strength=Strength(value=1, unit="mg", per="mL")) == (15, 15, "mg")
    assert daily("5 mL tds", strength=FIVE_MG) == (15, 15, "mL")
    assert daily("2 tabs prn max 8 tabs/day", strength=FIVE_MG) == (0, 40, "mg")


def test_routes_rates_sites_and_release() -> None:
    pump = read_dose("400 micrograms/day intrathecal")
    assert pump.rate == Amount(low=400, high=400, unit="micrograms/day")
    assert (pump.route, pump.daily, pump.doses) == ("intrathecal", Amount(low=400, high=400, unit="micrograms"), ())
    patch = read_dose("patch 25 micrograms/h every 72 hours")
    assert (patch.rate, patch.form, patch.route) == (
        Amount(low=25, high=25, unit="micrograms/h"),
        "patch",
        "transdermal",
    )
    assert patch.daily == Amount(low=0.6, high=0.6, unit="mg")
    assert patch.doses[0].every == "3 d"
    assert read_dose("100 units every 12 weeks into left gastrocnemius").site == "left gastrocnemius"
    said = [read_dose(f"10 mg {words}").route for words in ("PO", "by mouth", "via PEG", "IV", "PR", "SC", "IM")]
    assert said == ["oral", "oral", "enteral tube", "intravenous", "rectal", "subcutaneous", "intramuscular"]
    assert read_dose("10 mg extended-release tablet daily").release == "modified"
    assert read_dose("1 daily", form="Extended Release Oral Tablet").form == "tablet"


@pytest.mark.parametrize(
    ("text", "start", "stop", "days"),
    [
        ("10 mg tds from 2024-01-05", date(2024, 1, 5), None, None),
        ("10 mg tds until 2026-11-15", None, date(2026, 11, 15), None),
        ("10 mg tds started 3 weeks ago", date(2026, 11, 1), None, None),
        ("10 mg tds since 5 January 2024", date(2024, 1, 5), None, None),
        ("10 mg tds since Jan 5, 2024", date(2024, 1, 5), None, None),
        ("10 mg tds since 25/04/2026", date(2026, 4, 25), None, None),
        ("10 mg tds from 2024-01-05 to 2024-03-01", date(2024, 1, 5), date(2024, 3, 1), None),
        ("10 mg tds for 10 days", None, None, 10),
        ("10 mg tds x2/52", None, None, 14),
        ("10 mg tds 1/52", None, None, 7),
        ("10 mg tds 5/7", None, None, 5),
        ("10 mg tds x 30 days", None, None, 30),
    ],
)
def test_dates_and_durations(text: str, start: date | None, stop: date | None, days: float | None) -> None:
    regimen = read_dose(text, as_of=AS_OF)
    assert (regimen.start, regimen.stop, regimen.duration_days) == (start, stop, days)
    assert (regimen.problems, daily(text)) == ((), (30, 30, "mg"))


@pytest.mark.parametrize(
    "said", ["03/04/2026", "01-02-2026", "03/04/26", "2026-13-45", "2024", "3 weeks ago", "March 2024"]
)
def test_a_day_that_is_not_certain_is_said_and_not_guessed(said: str) -> None:
    regimen = read_dose(f"10 mg tid since {said}")
    assert regimen.start is None
    assert any(said.lower() in sentence.lower() for sentence in regimen.problems)
    assert regimen.daily == Amount(low=30, high=30, unit="mg")


TRAPS_READ = [
    ("0,5 mg", 0.5, "mg", "decimal"),
    ("0,125 mg", 0.125, "mg", "comma"),
    ("2,5 mg", 2.5, "mg", "comma"),
    ("1,000 mg", 1000, "mg", "not as 1:"),
    ("1.500.000 units", 1500000, "units", "thousands"),
    ("1.0 mg", 1, "mg", "ten times"),
    ("10.50 mg", 10.5, "mg", "ten times"),
    (".5 mg", 0.5, "mg", "leading zero"),
    ("10U", 10, "units", "units"),
    ("10 IU", 10, "units", "units"),
    ("5 \u00b5g", 5, "micrograms", "micrograms"),
    ("5 \u03bcg", 5, "micrograms", "micrograms"),
    ("5 ug", 5, "micrograms", "micrograms"),
    ("5 cc", 5, "mL", "mL"),
    ("i tab", 1, "tablet", "Roman"),
    ("2 tsp", 10, "mL", "spoon"),
]


@pytest.mark.parametrize(("text", "value", "unit", "_word"), TRAPS_READ)
def test_traps_that_can_be_read_are_read_and_said(text: str, value: float, unit: str, _word: str) -> None:
    regimen = read_dose(f"{text} daily")
    assert doses(regimen)[0][:3] == (value, value, unit)
    assert regimen.problems


@pytest.mark.parametrize(
    "text",
    [
        "1.000 mg",
        "100.000 units",
        "1.250 mg",
        "05 mg",
        "5,10 mg",
        "-5 mg",
        "−5 mg",
        "0 mg",
        "NaN mg",
        "infinity mg",
        "1e5 mg",
        "99999999999999999999 mg",
        "50000000 mg",
        "5 gr",
        "5 mu",
        "T tab",
        "iv tabs",
        "5/325 mg",
        "2.5 mg/25 mcg",
        "1 500 mg",
        "<10 mg",
        "10",
        "1.2.3 mg",
        "\u202e01 mg\u202c",
    ],
)
def test_traps_that_cannot_be_read_leave_the_amount_unknown(text: str) -> None:
    regimen = read_dose(f"{text} daily")
    assert all(dose.low is None and dose.high is None for dose in regimen.doses)
    assert regimen.daily is None
    assert regimen.problems


@pytest.mark.parametrize(("text", "every"), [("10 mg q.d.", "1 d"), ("10 mg QOD", "2 d"), ("10 mg tiw", "56 h")])
def test_mistaken_abbreviations_are_said(text: str, every: str) -> None:
    assert read_dose(text).doses[0].every == every
    assert read_dose(text).problems
    assert read_dose("10 mg q.i.d.").doses[0].every == "6 h"
    assert (daily("10 mg od"), read_dose("10 mg od").problems) == ((10, 10, "mg"), ())
    assert read_dose("1 drop od").site == "right eye"


def test_more_traps() -> None:
    assert any("morphine" in sentence for sentence in read_dose("MS 10 mg daily").problems)
    assert read_dose("10 mg biweekly").doses[0].every is None
    assert read_dose("10 mg biweekly").problems
    assert any("micrograms" in sentence for sentence in read_dose("400 mg/day intrathecal").problems)
    assert read_dose("400 micrograms/day intrathecal").problems == ()
    assert any(
        "times the strength" in s
        for s in read_dose("10 mg tid", strength=Strength(value=10, unit="micrograms")).problems
    )
    assert any("can be the amount of each" in sentence for sentence in read_dose("2 tablets (20 mg) bd").problems)
    assert daily("2 tablets (20 mg) bd") == (40, 80, "mg")
    assert daily("2 tablets (10 mg) bd", strength=FIVE_MG) == (20, 20, "mg")
    assert daily("10 mg tid and 2 tablets at night") is None
    assert read_dose("10 mg tid and 2 tablets at night").problems
    assert daily("10 mg tid (total 40 mg daily)") == (30, 40, "mg")
    assert read_dose("10 mg tid (total 40 mg daily)").problems
    assert daily("10 mg tid, not taking") == (None, 30, "mg")
    assert daily("20 mg q6h max 40 mg/day") == (80, 80, "mg")
    assert read_dose("20 mg q6h max 40 mg/day").problems


def test_a_volume_of_a_tablet_is_no_amount() -> None:
    for said in ("10 mg tablet, 5 mL at night", "10 mg capsules 5 mL tds", "5 mL of 10 mg tablets bd"):
        regimen = read_dose(said)
        assert regimen.daily is None and all(dose.low is None for dose in regimen.doses), said
        assert any("is a volume" in sentence for sentence in regimen.problems), said
    assert read_dose("5 mL at night", form="tablet", strength=Strength(value=10, unit="mg")).daily is None
    assert not read_dose("5 mg/5 mL solution, 5 mL at night").problems
    for said in ("10 mg tablets, crush in 10 mL water, twice a day", "10 mg tablets, one in 10 mL of water bd"):
        assert daily(said) == (20, 20, "mg"), said
        assert not read_dose(said).problems, said


def test_a_count_after_the_product_multiplies_and_a_number_out_of_place_leaves_the_day_unknown() -> None:
    assert daily("10mg tabs 1-2 tds prn") == (0, 60, "mg")
    assert daily("10 mg tablets 2 tds") == (60, 60, "mg")
    assert daily("10 mg 2 tds") == (60, 60, "mg")
    assert read_dose("10 mg 2 tds").problems
    assert daily("2 mg at night for 3 nights then 4 mg at night") == (2, 4, "mg")
    assert read_dose("10 mg tid for 7 days then stop").duration_days == 7


def test_changes_of_dose() -> None:
    steps = read_dose("5 mg tid for 3 days then 10 mg tid for 3 days then 15 mg tid")
    assert [(dose.low, dose.step, dose.days) for dose in steps.doses] == [(5, 1, 3), (10, 2, 3), (15, 3, None)]
    assert steps.daily == Amount(low=15, high=45, unit="mg")
    assert daily("5 mg tid, increase to 10 mg tid after 1 week") == (15, 30, "mg")
    assert daily("increase from 5 mg tid to 10 mg tid") == (30, 30, "mg")
    assert daily("5 mg tid, increase by 5 mg every 3 days") == (15, None, "mg")
    assert read_dose("5 mg tid, increase by 5 mg every 3 days").problems


def test_nothing_is_lost() -> None:
    regimen = read_dose("10 mg tid with food for muscle spasms, glorp the snark 😀")
    assert regimen.notes == ("with food", "for muscle spasms")
    assert regimen.unread == ("glorp", "snark 😀")
    assert regimen.daily == Amount(low=30, high=30, unit="mg")


@pytest.mark.parametrize("digits", ["１０", "١٠", "१०", "10"])
def test_digits_of_any_script_are_the_same(digits: str) -> None:
    assert read_dose(f"{digits} mg tid") == read_dose("10 mg tid")


def test_structured_lines_go_the_same_way() -> None:
    regimen = regimen_from_parts(dose="500 mg", route="oral", frequency="twice a day")
    assert regimen == read_dose("500 mg, oral, twice a day")
    assert (regimen.route, regimen.daily) == ("oral", Amount(low=1000, high=1000, unit="mg"))
    full = regimen_from_parts(
        dose="1 tablet",
        frequency="every 6 hours",
        form="tablet",
        strength="2 mg",
        max_daily="6 mg",
        as_needed="true",
        duration="10 days",
    )
    assert (full.daily, full.as_needed, full.duration_days) == (Amount(low=0, high=6, unit="mg"), True, 10)
    since = regimen_from_parts(dose="8 mg", frequency="three times a day since 3 weeks ago", as_of=AS_OF)
    assert since.start == AS_OF - timedelta(weeks=3)
    assert regimen_from_parts(rate="400 micrograms/day", route="intrathecal").rate == Amount(
        low=400, high=400, unit="micrograms/day"
    )


def test_intervals_have_one_form() -> None:
    assert [interval(8), interval(24), interval(72), interval(6, 8), interval(168 * 12)] == [
        "8 h",
        "1 d",
        "3 d",
        "6-8 h",
        "12 wk",
    ]
    assert interval_hours("6-8 h") == (6, 8)
    assert interval_hours("once") is None
    assert read_dose("4 mg q8h").doses == read_dose("4 mg three times a day").doses == read_dose("4 mg 8 hourly").doses


@given(st.text(max_size=200))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_without_an_error(text: str) -> None:
    regimen = read_dose(text, as_of=AS_OF)
    for dose in regimen.doses:
        assert dose.low is None or dose.high is None or 0 <= dose.low <= dose.high


DOSE_WORDS = """
10 5 1/2 0,5 1.000 mg mcg ml tab tabs tid prn q 6 - 8 h max every day for since 2024-01-05 ( ) / , and then to increase
by
x 3 times a at night 1-1-2 into left total divided doses strength per iv t i -5 < on od weekly until ago weeks
"""
WORDS = st.sampled_from(DOSE_WORDS.split())


@given(st.lists(WORDS, max_size=25))
@settings(max_examples=600, deadline=None)
def test_any_order_of_dose_words_is_read_without_an_error(words: list[str]) -> None:
    for line in (" ".join(words), "".join(words)):
        found = read_dose(line, as_of=AS_OF).daily
        if found is not None and found.low is not None and found.high is not None:
            assert 0 <= found.low <= found.high * (1 + 1e-9)


@given(
    st.integers(1, 4000), st.sampled_from(["tid", "q6h", "at night", "every other day", "prn q4h", "intrathecal bid"])
)
def test_mg_and_micrograms_give_the_same_day(thousandths: int, how_often: str) -> None:
    in_mg = read_dose(f"{figure(thousandths / 1000)} mg {how_often}").daily
    in_micrograms = read_dose(f"{thousandths} micrograms {how_often}").daily
    if (thousandths / 1000).is_integer() or read_number(figure(thousandths / 1000))[0] is not None:
        assert in_mg == in_micrograms


def test_a_long_line_costs_in_proportion_to_its_length() -> None:
    """Not a benchmark: a pattern that backtracks would need hours here, not a minute."""
    began = time.monotonic()
    for piece in (
        "1",
        "1-",
        "a ",
        "a.",
        "10 mg ",
        "for the ",
        "1 h-",
        "q6",
        "½",
        "(",
        "1,000",
        "mon ,",
        "1 tab 10 mg ",
    ):
        read_dose(piece * (20_000 // len(piece)))
    assert time.monotonic() - began < 60


def test_a_day_of_mixed_units_is_unknown() -> None:
    pair = (Dose(low=1, high=1, unit="mg", every="8 h"), Dose(low=1, high=1, unit="units", every="8 h"))
    found, problems = daily_intake(pair)
    assert found is None
    assert problems


@pytest.mark.parametrize(
    "text",
    [
        "10 mg tablets 28 tablet - Take ONE three times a day",
        "10mg tablets 84 tablet(s) 1 TDS",
        "10mg tablets x 28 1 tds",
        "10mg tablets (28) 1 tds",
        "10mg tablets #90 1 tds",
        "10mg tablets qty 90 1 tds",
        "10mg tablets 1 tds disp 30",
        "10mg tablets - 84 - one tds",
        "10mg tablets 56 tablets - 1 tds",
        "10mg tablet 1 tablet tds, 84 tablets",
        "28 x 10 mg tablets, one tds",
        "10 mg tablets 10 tablet - Take ONE three times a day",
    ],
)
def test_what_was_supplied_is_no_dose(text: str) -> None:
    assert daily(text) == (30, 30, "mg")
    assert doses(read_dose(text)) == [(10, 10, "mg", None, "8 h")]


@pytest.mark.parametrize("text", ["20 tablets tds", "take 28 tablets tds", "10 mg tablets 28 tablets tds"])
def test_more_pieces_than_anyone_takes_at_once_are_not_believed(text: str) -> None:
    assert daily(text) is None or daily(text) == (None, None, "mg")
    assert any("more than anyone takes" in sentence for sentence in read_dose(text).problems)


@pytest.mark.parametrize(
    ("text", "in_a_day"),
    [
        ("15mg tid (was 10mg tid)", (45, 45, "mg")),
        ("was 10mg tid, now 15 mg tid", (45, 45, "mg")),
        ("was 10mg tid 15 mg tid", (45, 45, "mg")),
        ("15 mg tid, previously 5mg am, 10mg pm", (45, 45, "mg")),
        ("10mg TID - reduced from 20mg TID", (30, 30, "mg")),
        ("10mg TID reduced from 20mg TID for spasms", (30, 30, "mg")),
        ("10mg tds (increased from 5mg tds)", (30, 30, "mg")),
        ("1 tab tds (increased from 5mg tds)", (3, 3, "tablet")),
        ("10mg tds → 20mg tds", (60, 60, "mg")),
        ("10mg tds -> 20mg tds", (60, 60, "mg")),
        ("10mg tds now 20mg tds", (60, 60, "mg")),
        ("10mg tds (→ 20mg tds next week)", (30, 60, "mg")),
        ("10mg tds (previously 20mg TDS)", (30, 30, "mg")),
        ("10mg tds to 20mg tds", (30, 60, "mg")),
        ("5 mg tid x 3d, 10 mg tid x 3d, 15 mg tid x 3d, 20 mg tid", (15, 60, "mg")),
        ("5mg TDS increasing by 5mg/dose every 3 days to 20mg TDS", (15, 60, "mg")),
    ],
)
def test_a_former_dose_is_not_added_to_that_of_now(text: str, in_a_day: tuple[object, ...]) -> None:
    assert daily(text) == in_a_day
    assert len(read_dose(text).problems) == 1


def test_doses_of_one_duration_that_are_said_together_add_up() -> None:
    assert daily("10 mg tid for 7 days and 5 mg at night for 7 days") == (35, 35, "mg")
    assert daily("10 mg mane for 7 days, 5 mg nocte for 7 days") == (15, 15, "mg")
    assert daily("10 mg tid changed from 2024-01-05") == (30, 30, "mg")


@pytest.mark.parametrize(
    ("text", "ats"),
    [
        ("10 mg 8am 2pm 8pm", ["08:00", "14:00", "20:00"]),
        ("10 mg 6am 2pm 10pm", ["06:00", "14:00", "22:00"]),
        ("10 mg 08:00 14:00 20:00", ["08:00", "14:00", "20:00"]),
        ("10 mg 0800 1400 2000", ["08:00", "14:00", "20:00"]),
        ("10mg mane midi nocte", ["morning", "noon", "night"]),
        ("10 mg breakfast lunch and bedtime", ["breakfast", "lunch", "bedtime"]),
        ("10 mg morning, evening and night", ["morning", "evening", "night"]),
    ],
)
def test_every_time_of_day_is_a_dose(text: str, ats: list[str]) -> None:
    regimen = read_dose(text)
    assert [dose.at for dose in regimen.doses] == ats
    assert (daily(text), regimen.problems, regimen.unread) == ((30, 30, "mg"), (), ())


def test_one_time_of_day_said_twice_is_one_dose() -> None:
    for text in ("10 mg at night at bedtime", "10 mg every evening at bedtime", "10 mg in the morning with breakfast"):
        assert daily(text) == (10, 10, "mg")


@pytest.mark.parametrize(
    ("text", "amount", "certain"),
    [
        ("IT 350 mcg per day", 350, True),
        ("it 350 mcg per day", 350, True),
        ("2000mcg/ml IT 250 mcg/day", 250, True),
        ("350 mcg/day IT", 350, True),
        ("ITB pump 350 microgram/day", 350, True),
        ("via pump 300 micrograms daily", 300, False),
        ("300 micrograms daily via pump", 300, False),
    ],
)
def test_a_pump_into_the_spine_is_not_read_as_oral(text: str, amount: float, certain: bool) -> None:
    regimen = read_dose(text)
    assert (regimen.route, regimen.doses) == ("intrathecal", ())
    assert regimen.rate == Amount(low=amount, high=amount, unit="micrograms/day")
    assert bool(regimen.problems) != certain


def test_a_pump_or_an_it_that_is_none() -> None:
    assert (read_dose("pump").route, read_dose("ITB").route) == ("intrathecal", "intrathecal")
    assert read_dose("24 units/day via insulin pump").route is None
    for text in (
        "10 mg tid, I like it",
        "TAKE IT TDS",
        "10 mg tds, pump",
        "20 mg od (proton pump inhibitor)",
        "10 mg tds. IT helps",
        "I need it 3 times a day",
    ):
        assert read_dose(text).route is None
    assert (read_dose("10 mg oral tid, it helps").route, daily("10 mg tid, it helps")) == ("oral", (30, 30, "mg"))


@pytest.mark.parametrize(
    ("text", "in_a_day", "problems"),
    [
        (
            "4 mg tablet Take 1 tablet (4 mg total) by mouth every 8 (eight) hours as needed for muscle spasms.",
            (0, 12, "mg"),
            0,
        ),
        ("5 mg tablet Take 2 tablets (10 mg total) by mouth 3 (three) times daily.", (30, 30, "mg"), 0),
        ("Tab. 2mg 1 om, 1 lunchtime + 2 nocte", (8, 8, "mg"), 0),
        ("10mg tabs 1 at 8am, 1 at 2pm and 2 at 10pm", (40, 40, "mg"), 0),
        ("10mg 1 tds", (30, 30, "mg"), 0),
        ("10mg 2 tds", (60, 60, "mg"), 1),
        ("220mg 2 BID", (880, 880, "mg"), 1),
        ("10mg 1-2 qds prn", (0, 80, "mg"), 1),
        ("10mg i-ii tds", (30, 60, "mg"), 1),
        ("10mg 1-2 tabs tds", (30, 60, "mg"), 0),
        ("10mg tablets 1-2 QDS PRN (max 8/24h)", (0, 80, "mg"), 0),
        ("10mg tablets 1-2 QDS PRN (max 6/24)", (0, 60, "mg"), 0),
        ("10mg T TDS", None, 1),
        ("10 mg -3 times a day", None, 1),
        ("5mg M/W/F, 2.5mg other days", (3.571428571, 7.5, "mg"), 1),
        ("10mg tds (started 20/11)", (30, 30, "mg"), 1),
        ("100mg after each dialysis", None, 1),
        ("100mg on dialysis days", None, 1),
    ],
)
def test_everyday_ways_of_writing(text: str, in_a_day: tuple[object, ...] | None, problems: int) -> None:
    assert daily(text) == in_a_day
    assert (len(read_dose(text).problems), read_dose(text).unread) == (problems, ())


def test_a_minus_after_the_unit_is_no_dash() -> None:
    regimen = read_dose("10 mg -3 times a day")
    assert (doses(regimen), regimen.duration_days) == ([(None, None, "mg", None, "1 d")], None)
    assert regimen.problems
    assert daily("10 mg - 3 times a day") == (30, 30, "mg")


def test_every_problem_is_a_sentence() -> None:
    for text in ("10 mg qd", "0,5 mg x 3", "10 mg and 20 mg tds", "20 mg q6h max 40 mg/day"):
        problems = read_dose(text).problems
        assert problems
        assert all(sentence.endswith(".") and not sentence.endswith("..") for sentence in problems)


@pytest.mark.parametrize(
    ("text", "in_a_day"),
    [
        ("10mg tds since 2026-11-01 (5mg tds before)", (15, 30, "mg")),
        ("20mg tds (usual dose 10mg tds)", (30, 60, "mg")),
        ("10mg tds, last week 5mg tds", (15, 30, "mg")),
        ("increased to 10mg tds from 5mg tds", (30, 30, "mg")),
    ],
)
def test_two_doses_of_several_times_a_day_are_not_added(text: str, in_a_day: tuple[object, ...]) -> None:
    assert daily(text) == in_a_day
    assert read_dose(text).problems
    assert daily("10 mg tid and 5 mg bid") == (40, 40, "mg")


def test_a_bottle_a_clock_and_days_of_the_week() -> None:
    assert daily("5mg/5ml oral solution 300 ml, 5ml tds") == (15, 15, "mg")
    assert daily("5mg/5ml oral solution 10 ml tds") == (30, 30, "mg")
    assert read_dose("10 mg 2 am 2 pm").problems
    assert read_dose("10 mg 8 am 2 pm").problems == ()
    assert read_dose("5mg OD Mon Wed Fri").doses[0].every == "56 h"
    assert read_dose("5mg Mon Wed Fri and 10 mg Tue Thu").problems
    assert (daily("10mg x 2 tds"), read_dose("i.t. 350 mcg/day").route) == (None, "intrathecal")


@pytest.mark.parametrize(
    "said",
    [
        "400 units intramuscular once on 2026-10-10",
        "400 units IM once, 10/10/2026",
        "400 units single dose given 10 October 2026",
        "400 units once on the 10th of October 2026",
        "400 units IM on 2026-10-10",
    ],
)
def test_the_one_day_beside_a_single_dose_is_its_day(said: str) -> None:
    regimen = read_dose(said, as_of=AS_OF)
    assert (regimen.start, regimen.stop, regimen.problems, regimen.unread) == (date(2026, 10, 10), None, (), ())
    assert [(d.low, d.high, d.unit) for d in regimen.doses] == [(400, 400, "units")]


@pytest.mark.parametrize(
    "said", ["10 mg tds 2026-10-10", "400 units once 2026-10-10 2026-07-01", "400 units once October 2026"]
)
def test_another_date_without_start_or_stop_is_said_and_not_used(said: str) -> None:
    regimen = read_dose(said, as_of=AS_OF)
    assert regimen.start is None and any("neither start nor stop" in sentence for sentence in regimen.problems)
