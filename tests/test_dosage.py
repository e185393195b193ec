"""FHIR Dosage becomes the same regimen as the words would; malformed parts are said and never raise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import FULL
from relaxant.medicines.dosage import ROUTE_CODES, read_dosage
from relaxant.medicines.dose_lines import read_dose
from relaxant.medicines.read_back import read_back
from relaxant.medicines.regimen import Amount, Regimen, Strength

TID: dict[str, Any] = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}


def entry(value: object = 10, unit: str | None = "mg", timing: object = None, **more: object) -> dict[str, Any]:
    quantity = {"value": value} if unit is None else {"value": value, "unit": unit}
    return {"timing": TID if timing is None else timing, "doseAndRate": [{"doseQuantity": quantity}], **more}


def every(repeat: dict[str, Any]) -> tuple[str | None, list[str | None]]:
    doses = read_dosage([entry(timing={"repeat": repeat})]).doses
    return doses[0].every, [dose.at for dose in doses]


def in_a_day(regimen: Regimen) -> tuple[float | None, float | None, str] | None:
    return None if regimen.daily is None else (regimen.daily.low, regimen.daily.high, regimen.daily.unit)


def test_a_coded_dosage_reads_as_its_words_do() -> None:
    regimen = read_dosage(
        [entry(route={"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]})], form="Oral Tablet"
    )
    assert regimen == read_dose("10 mg by mouth three times a day", form="tablet")
    assert read_back("baclofen", regimen) == "baclofen, tablet, DOSE 10 mg, by mouth, three times a day"


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ({"frequency": 1, "period": 8, "periodUnit": "h"}, ("8 h", [None])),
        ({"frequency": 1, "period": 6, "periodMax": 8, "periodUnit": "h"}, ("6-8 h", [None])),
        ({"frequency": 2, "frequencyMax": 3, "period": 1, "periodUnit": "d"}, ("8-12 h", [None])),
        ({"frequency": 1, "period": 12, "periodUnit": "wk"}, ("12 wk", [None])),
        ({"period": 2, "periodUnit": "d"}, ("2 d", [None])),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]}, ("1 d", ["bedtime"])),
        ({"when": ["MORN", "NIGHT"]}, ("1 d", ["morning", "night"])),
        ({"timeOfDay": ["08:00:00", "20:00:00"]}, ("1 d", ["08:00", "20:00"])),
        (
            {"frequency": 2, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00", "20:00:00"]},
            ("1 d", ["08:00", "20:00"]),
        ),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "wed", "fri"]}, ("56 h", [None])),
        ({"frequency": 3, "period": 1, "periodUnits": "d"}, ("8 h", [None])),
        ({"count": 1}, ("once", [None])),
        ({"frequency": 3}, (None, [None])),
    ],
)
def test_repeats(repeat: dict[str, Any], expected: tuple[str | None, list[str | None]]) -> None:
    assert every(repeat) == expected


@pytest.mark.parametrize(
    ("code", "interval", "at"),
    [
        ("BID", "12 h", None),
        ("TID", "8 h", None),
        ("QID", "6 h", None),
        ("QD", "1 d", None),
        ("QOD", "2 d", None),
        ("Q4H", "4 h", None),
        ("Q6H", "6 h", None),
        ("AM", "1 d", "morning"),
        ("PM", "1 d", "afternoon"),
        ("BED", "1 d", "bedtime"),
        ("WK", "1 wk", None),
        ("MO", "1 mo", None),
    ],
)
def test_timing_codes(code: str, interval: str, at: str | None) -> None:
    for concept in ({"coding": [{"code": code}]}, {"text": code}):
        regimen = read_dosage([entry(timing={"code": concept})])
        assert (regimen.doses[0].every, regimen.doses[0].at) == (interval, at)
        assert regimen.problems == ()


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (10, "mg", (30, 30, "mg")),
        (500, "ug", (1.5, 1.5, "mg")),
        (500, "mcg", (1.5, 1.5, "mg")),
        (1, "g", (3000, 3000, "mg")),
        (10, "[iU]", (30, 30, "units")),
        (10, "[USP'U]", (30, 30, "units")),
        (1, "{pill}", (15, 15, "mg")),
        (1, "{tablet}", (15, 15, "mg")),
        (1, "TAB", (15, 15, "mg")),
        (1, "1", (15, 15, "mg")),
        (1, None, (15, 15, "mg")),
        ("2", "{tablet}", (30, 30, "mg")),
        (5, "mL", (15, 15, "mL")),
        (1, "mg/kg", (3, 3, "mg/kg")),
    ],
)
def test_units(value: object, unit: str | None, expected: tuple[float, float, str]) -> None:
    assert in_a_day(read_dosage([entry(value, unit)], strength=Strength(value=5, unit="mg"))) == expected


def test_pieces_of_an_unknown_strength_stay_pieces() -> None:
    assert in_a_day(read_dosage([entry(1, "{pill}")])) == (3, 3, "piece")
    assert in_a_day(read_dosage([entry(1, None)], form="Oral Capsule")) == (3, 3, "capsule")


@pytest.mark.parametrize(
    "quantity",
    [
        {"value": -5, "unit": "mg"},
        {"value": 0, "unit": "mg"},
        {"value": float("nan"), "unit": "mg"},
        {"value": float("inf"), "unit": "mg"},
        {"value": 10**400, "unit": "mg"},
        {"value": "1.000", "unit": "mg"},
        {"value": "ten", "unit": "mg"},
        {"value": True, "unit": "mg"},
        {"value": [10], "unit": "mg"},
        {"value": 10, "unit": "glorp"},
        {"value": 10, "unit": "mg", "code": "ug"},
        {"value": 10, "unit": "gr"},
        {"value": 10, "unit": "mg", "comparator": "<"},
        "10 mg",
        [10],
        7,
    ],
)
def test_amounts_that_cannot_be_used_are_said(quantity: object) -> None:
    regimen = read_dosage([{"timing": TID, "doseAndRate": [{"doseQuantity": quantity}]}])
    assert all(dose.low is None for dose in regimen.doses)
    assert regimen.daily is None
    assert regimen.problems


def test_older_and_newer_spellings() -> None:
    ten = {"value": 10, "unit": "mg"}
    top = read_dosage([{"timing": TID, "doseQuantity": ten}])
    assert in_a_day(top) == (30, 30, "mg")
    assert in_a_day(read_dosage([{"timing": TID, "quantity": ten}])) == (30, 30, "mg")
    ranged = {"low": {"value": 5, "unit": "mg"}, "high": ten}
    assert in_a_day(read_dosage([{"timing": TID, "doseAndRate": [{"doseRange": ranged}]}])) == (15, 30, "mg")
    assert in_a_day(read_dosage([{"timing": TID, "doseRange": ranged}])) == (15, 30, "mg")


def test_as_needed_and_the_most_in_a_day() -> None:
    six_hourly = {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}
    limit = {"numerator": {"value": 20, "unit": "mg"}, "denominator": {"value": 24, "unit": "h"}}
    for most in (limit, [limit], {**limit, "denominator": {"value": 1, "code": "d"}}):
        regimen = read_dosage([entry(timing=six_hourly, asNeededBoolean=True, maxDosePerPeriod=most)])
        assert (in_a_day(regimen), regimen.as_needed) == ((0, 20, "mg"), True)
    coded = read_dosage([entry(timing=six_hourly, asNeededCodeableConcept={"text": "spasms"})])
    assert (in_a_day(coded), coded.as_needed, coded.notes) == ((0, 40, "mg"), True, ("spasms",))
    pieces = {"numerator": {"value": 8, "unit": "{tablet}"}, "denominator": {"value": 24, "unit": "h"}}
    tablets = read_dosage([entry(2, "{tablet}", six_hourly, asNeededBoolean=True, maxDosePerPeriod=pieces)])
    assert in_a_day(tablets) == (0, 8, "tablet")
    monthly = {"numerator": {"value": 8, "unit": "mg"}, "denominator": {"value": 1, "unit": "mo"}}
    assert read_dosage([entry(maxDosePerPeriod=monthly)]).problems
    only = read_dosage([{"sequence": 1, "asNeededBoolean": True}])
    assert (only.as_needed, only.doses, only.daily, only.problems) == (True, (), None, ())


def test_rates() -> None:
    spine = {"coding": [{"code": "72607000"}]}
    per_day = {"doseAndRate": [{"rateQuantity": {"value": 400, "unit": "ug/d"}}], "route": spine}
    regimen = read_dosage([per_day])
    assert (regimen.rate, regimen.daily) == (
        Amount(low=400, high=400, unit="micrograms/day"),
        Amount(low=400, high=400, unit="micrograms"),
    )
    ratio = {"numerator": {"value": 400, "unit": "ug"}, "denominator": {"value": 1, "unit": "d"}}
    assert read_dosage([{"doseAndRate": [{"rateRatio": ratio}], "route": spine}]) == regimen
    assert read_dose("400 micrograms/day intrathecal") == regimen
    hourly = {"rateRange": {"low": {"value": 1, "unit": "mg/h"}, "high": {"value": 2, "unit": "mg/h"}}}
    assert in_a_day(read_dosage([{"doseAndRate": [hourly]}])) == (24, 48, "mg")
    milligrams = {"doseAndRate": [{"rateQuantity": {"value": 400, "unit": "mg/d"}}], "route": spine}
    assert any("micrograms" in sentence for sentence in read_dosage([milligrams]).problems)


@pytest.mark.parametrize(("code", "route"), sorted(ROUTE_CODES.items()))
def test_routes_by_code(code: str, route: str) -> None:
    assert read_dosage([entry(route={"coding": [{"code": code}]})]).route == route


@pytest.mark.parametrize(
    ("text", "route"),
    [("Oral use", "oral"), ("PO", "oral"), ("Intravenous route", "intravenous"), ("IV", "intravenous")],
)
def test_routes_by_words(text: str, route: str) -> None:
    assert read_dosage([entry(route={"text": text})]).route == route
    assert read_dosage([entry(route={"coding": [{"display": text}]})]).route == route
    assert read_dosage([entry(route={"text": "glorp"})]).problems


def bounded(value: float, start: str, end: str | None) -> dict[str, Any]:
    period = {"start": start} if end is None else {"start": start, "end": end}
    return entry(value, timing={"repeat": {**TID["repeat"], "boundsPeriod": period}})


def test_steps_do_not_add_up_and_concurrent_entries_do() -> None:
    steps = read_dosage([bounded(10, "2026-11-08", None), bounded(5, "2026-11-01", "2026-11-07")])
    assert [(dose.low, dose.step, dose.days) for dose in steps.doses] == [(5, 1, 7), (10, 2, None)]
    assert in_a_day(steps) == (15, 30, "mg")
    assert (steps.start, steps.stop) == (date(2026, 11, 1), None)
    overlapping = read_dosage([bounded(10, "2026-11-05", None), bounded(5, "2026-11-01", "2026-11-07")])
    assert in_a_day(overlapping) == (45, 45, "mg")
    morning, night = (entry(dose, timing={"repeat": {"when": [when]}}) for dose, when in ((5, "MORN"), (10, "HS")))
    assert in_a_day(read_dosage([morning, night])) == (15, 15, "mg")
    assert in_a_day(read_dosage([{**morning, "sequence": 1}, {**night, "sequence": 2}])) == (15, 15, "mg")
    week = {"value": 1, "unit": "wk"}
    timed = [
        entry(dose, timing={"repeat": {**TID["repeat"], "boundsDuration": week}}, sequence=n)
        for n, dose in ((1, 5), (2, 10))
    ]
    assert in_a_day(read_dosage(timed)) == (15, 30, "mg")
    assert read_dosage(timed).duration_days == 14
    regular, needed = (
        entry(10),
        entry(5, timing={"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}, asNeededBoolean=True),
    )
    assert in_a_day(read_dosage([regular, needed])) == (30, 50, "mg")


def test_text_alone_is_read_and_text_beside_codes_is_compared() -> None:
    assert read_dosage([{"text": "10 mg three times a day"}]) == read_dose("10 mg three times a day")
    assert in_a_day(read_dosage([{"text": "10 mg tid", "asNeededBoolean": False, "sequence": 1}])) == (30, 30, "mg")
    assert in_a_day(read_dosage([{"text": "10 mg tid", "timing": TID}])) == (30, 30, "mg")
    agreed = read_dosage([entry(text="10 mg three times a day")])
    assert (in_a_day(agreed), agreed.problems) == ((30, 30, "mg"), ())
    differing = read_dosage([entry(text="20 mg three times a day")])
    assert in_a_day(differing) == (30, 60, "mg")
    assert differing.problems
    total = read_dosage([{"text": "60 mg/day"}])
    assert in_a_day(total) == (60, 60, "mg")


@pytest.mark.parametrize(
    "shape", [None, "x", 3, {}, [None], ["x"], [3], [[]], [{"timing": []}], [{"doseAndRate": {}}], [{"route": 5}]]
)
def test_malformed_shapes_are_said(shape: Any) -> None:
    regimen = read_dosage(shape)
    assert regimen.daily is None
    if shape not in ({}, [{"doseAndRate": {}}]):
        assert regimen.problems


PART_NAMES = """
timing repeat frequency frequencyMax period periodMax periodUnit when timeOfDay dayOfWeek count boundsPeriod
boundsDuration boundsRange start end code coding text display event doseAndRate doseQuantity doseRange low high
value unit comparator
rateQuantity rateRange rateRatio numerator denominator asNeededBoolean asNeededCodeableConcept maxDosePerPeriod route
maxDosePerAdministration site sequence additionalInstruction patientInstruction type quantity
"""
NAMES = st.sampled_from(PART_NAMES.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["mg", "d", "h", "2026-11-01", "2026", "BID", "HS", "10 mg tid", "08:00:00", "{pill}", "ug/d", "12:", "0"]
    ),
    st.text(max_size=8),
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=40
)


@given(st.lists(st.dictionaries(NAMES, TREES, max_size=10), max_size=4))
@settings(max_examples=600 if FULL else 60, deadline=None)
def test_any_shape_is_read_without_an_error(dosages: list[dict[str, Any]]) -> None:
    regimen = read_dosage(dosages)
    read_back("x", regimen)
    for dose in regimen.doses:
        assert dose.low is None or dose.high is None or 0 <= dose.low <= dose.high


@st.composite
def shaped(draw: st.DrawFn) -> dict[str, Any]:
    """A dosage of the right shape with any one part replaced by anything."""
    dosage = entry(
        asNeededBoolean=True,
        route={"text": "oral"},
        maxDosePerPeriod={"numerator": {"value": 3}, "denominator": {"value": 1, "unit": "d"}},
    )
    dosage = {**dosage, "timing": {"repeat": dict(TID["repeat"])}}
    where = draw(
        st.sampled_from(
            [dosage, dosage["timing"], dosage["timing"]["repeat"], dosage["doseAndRate"][0], dosage["maxDosePerPeriod"]]
        )
    )
    where[draw(st.sampled_from(sorted(where)))] = draw(TREES)
    return dosage


@given(shaped())
@settings(max_examples=400, deadline=None)
def test_one_part_replaced_by_anything_is_read_without_an_error(dosage: dict[str, Any]) -> None:
    read_back("x", read_dosage([dosage]))


def test_the_order_of_entries_changes_no_amount() -> None:
    entries = [
        bounded(5, "2026-11-01", "2026-11-07"),
        bounded(10, "2026-11-08", "2026-11-14"),
        bounded(15, "2026-11-15", None),
    ]
    assert read_dosage(entries).daily == read_dosage(entries[::-1]).daily == Amount(low=15, high=45, unit="mg")


def test_more_pieces_than_anyone_takes_at_once_are_not_believed() -> None:
    timing = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}
    amount = [{"doseQuantity": {"value": 84, "unit": "tablet"}}]
    regimen = read_dosage([{"timing": timing, "doseAndRate": amount}], strength=Strength(value=10, unit="mg"))
    assert regimen.daily is None
    assert any("more than anyone takes" in sentence for sentence in regimen.problems)
