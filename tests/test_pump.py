"""Plans of an intrathecal pump: the labels' numbers, the arithmetic of reservoir and bridge, what is missing, and the emergency page."""

from __future__ import annotations

import doctest
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.pumps import PumpProtocol
from relaxant.lint_pump import faults_of_pump
from relaxant.medicines.read import read_medicines
from relaxant.patient import to_file
from relaxant.plain import read_yaml
from relaxant.planning import reservoir
from relaxant.planning.plan import Line, Plan
from relaxant.planning.pump import pump_plan
from relaxant.planning.reservoir import bridge, daily_volume, day_in_two, refill_days, stepped

TODAY = date(2026, 11, 22)
KNOWLEDGE = load_knowledge()
PROTOCOL = KNOWLEDGE.plans.pumps["intrathecal-baclofen"]
DEVICE = {
    "drug": "baclofen",
    "concentration": "500 micrograms/mL",
    "reservoir": "40 mL",
    "residual": "26 mL",
    "alarm": "2 mL",
    "refilled": "2026-11-05",
}
CHANGE = {**DEVICE, "new_concentration": "2000 micrograms/mL", "catheter": "0.2 mL", "tubing": "0.2 mL"}
LABEL = {"US": "US", "EU": "DE"}


def line(dose: str = "400 micrograms/day", **more: str) -> dict[str, str]:
    return {"drug": "baclofen", "dose": dose, "route": "intrathecal", "start": "2024-01-05", **more}


def plan(**plain: Any) -> Plan | None:
    patient = read_patient({"as_of": TODAY.isoformat(), **plain}, KNOWLEDGE, today=TODAY)
    medicines = read_medicines(patient, KNOWLEDGE)
    return pump_plan(
        patient,
        medicines,
        Facts(inputs_of([(patient, medicines)], KNOWLEDGE), KNOWLEDGE, patient.jurisdiction),
    )


def made(**plain: Any) -> Plan:
    found = plan(**plain)
    assert found is not None
    return found


def running(rate: float = 400, pump: dict[str, str] | None = None, **person: Any) -> Plan:
    about = {"age": 52, "conditions": ["multiple sclerosis"], **person}
    return made(medicines=[line(f"{rate} micrograms/day")], **({"pump": pump} if pump else {}), **about)


def lines(of: Plan, what: str) -> list[Line]:
    return [entry for entry in of.reckoning if entry.what == what]


def one(of: Plan, what: str) -> Line:
    (found,) = lines(of, what)
    return found


def day_in(entry: Line) -> date:
    found = re.search(r"\d{4}-\d{2}-\d{2}", entry.text)
    assert found is not None
    return date.fromisoformat(found[0])


def sources(entry: Line) -> set[str]:
    return {source.id for source in entry.sources}


# ---------------------------------------------------------------- the labels, number by number


def test_us_label_dosage_screening_phase() -> None:
    """GABLOFEN and LIORESAL INTRATHECAL, dosage, screening phase: 50, 75, 100 micrograms, 24 hours apart; 25 for the very small."""
    start = made(age=30, conditions=["cerebral palsy"], medicines=[], considering=[{"drug": "baclofen", "route": "intrathecal"}])  # fmt: skip
    ladder = one(start, "Test doses")
    assert ladder.how == "50, 75, 100 micrograms, 24 hours apart"
    assert "over at least 1 minute" in ladder.text and "No response to 100 micrograms: no pump" in ladder.text
    assert sources(ladder) == {"baclofen-gablofen-us"} and ladder.verified
    small = one(start, "Smaller first test dose")
    assert (small.value, small.unit, small.text) == (25, "micrograms", "25 micrograms first for a very small child.")
    assert one(start, "Watching after each test dose").how == "4 to 8 hours"
    assert len(lines(start, "What counts as a response")) == 2


def test_belgian_and_german_label_test_phase() -> None:
    """LIORESAL INTRATHECAL (Belgium, Phase de test; Germany, Dosierung): 25 or 50, by 25 micrograms, at most 100."""
    start = made(age=30, country="DE", medicines=[], pump={"drug": "Lioresal"})
    ladder = one(start, "Test doses")
    assert sources(ladder) == {"lioresal-intrathecal-be"}
    assert (ladder.value, "25 or 50 micrograms" in ladder.text) == (100, True)
    assert "at least 4 to 8 hours" in one(start, "What counts as a response").text


@pytest.mark.parametrize(
    ("country", "hours", "first"),
    [
        ("US", "4", 100),
        ("US", "8", 100),
        ("US", "8.5 h", 50),
        ("US", "13", 50),
        ("DE", "8.5", 100),
        ("DE", "12", 100),
        ("DE", "13 hours", 50),
    ],
)
def test_first_day_us_label_dosage_titration_and_german_label_dosierung(country: str, hours: str, first: float) -> None:
    """Twice the test dose over 24 hours; once where its effect lasted more than 8 hours (US) or 12 hours (Germany)."""
    start = made(age=30, country=country, medicines=[], pump={"screening_dose": "50 micrograms", "screening_hours": hours})  # fmt: skip
    day = one(start, "First day")
    assert (day.value, day.unit) == (first, "micrograms/day")
    assert one(start, "First day by the hour").value == pytest.approx(first / 24)
    assert one(start, "No rise before").value == 24
    (taken,) = [p for p in start.policies if p.chosen]
    assert taken.source.id == ("baclofen-gablofen-us" if country == "US" else "baclofen-lioresal-intrathecal-de")
    assert start.needs_first == ()


def test_between_8_and_12_hours_both_labels_are_said() -> None:
    for country, first, other in (("US", 75, 150), ("DE", 150, 75)):
        start = made(age=30, country=country, medicines=[], pump={"screening_dose": "75 micrograms", "screening_hours": "10"})  # fmt: skip
        assert one(start, "First day").value == first
        differs = one(start, "First day by another source")
        assert differs.value == other and "the sources differ" in differs.text
    assert {p.source.id for p in start.policies} == {"baclofen-gablofen-us", "baclofen-lioresal-intrathecal-de"}


def test_a_test_dose_above_every_label_makes_no_first_day() -> None:
    start = made(age=30, medicines=[], pump={"screening_dose": "125 micrograms", "screening_hours": "6"})
    assert one(start, "Test dose as said").value == 125 and lines(start, "First day") == []


def test_the_first_day_in_fluid() -> None:
    start = made(age=30, medicines=[], pump={"screening_dose": "50 micrograms", "screening_hours": "6", "concentration": "500 micrograms/mL"})  # fmt: skip
    assert one(start, "First day in fluid").value == pytest.approx(0.2)


def test_in_the_uk_the_lower_first_day_counts_and_its_origin_is_said() -> None:
    start = made(age=30, country="UK", medicines=[], pump={"screening_dose": "50 micrograms", "screening_hours": "10"})
    day = one(start, "First day")
    assert day.value == 50 and "From the US label" in day.text
    assert one(start, "First day by another source").value == 100


@pytest.mark.parametrize(
    ("condition", "age", "titration", "refill"),
    [
        ("multiple sclerosis", 52, (440, 520), (440, 560)),
        ("spinal cord injury", 18, (440, 520), (440, 560)),
        ("cerebral palsy", 30, (420, 460), (420, 480)),
        ("stroke", 70, (420, 460), (420, 480)),
        ("spinal cord injury", 10, (420, 460), (420, 480)),
        ("cerebral palsy", 17, (420, 460), (420, 480)),
    ],
)
def test_steps_us_label_dosage_titration_and_maintenance(
    condition: str, age: int, titration: tuple[float, float], refill: tuple[float, float]
) -> None:
    """Spinal 10 to 30% every 24 hours, at refills 10 to 40%; cerebral and children 5 to 15%, at refills 5 to 20%; down by 10 to 20%."""
    found = running(400, age=age, conditions=[condition])
    for when, (low, high) in (("while the dose is sought", titration), ("at a refill", refill)):
        rise = one(found, f"Next rise, {when}")
        assert rise.text.startswith(f"From 400 to between {low} and {high} micrograms/day") and rise.value == high
        assert one(found, f"Lowering for unwanted effects, {when}").text == "From 400 to between 320 and 360 micrograms/day."  # fmt: skip
    assert "at most once in 24 hours" in one(found, "Next rise, while the dose is sought").text
    assert [b.value for b in found.bounds if b.kind == "step"] == [titration[1], refill[1]]


def test_steps_german_label_dosierung_need_no_cause() -> None:
    """LIORESAL INTRATHECAL (Germany, Dosierung): 5 to 30%, whatever the origin."""
    found = running(400, country="DE", conditions=[])
    assert one(found, "Next rise, while the dose is sought").text.startswith("From 400 to between 420 and 520")
    assert not any("cause" in need for need in found.needs_first)


def test_both_causes_take_the_smaller_step() -> None:
    found = running(400, conditions=["multiple sclerosis", "stroke"])
    assert one(found, "Next rise, while the dose is sought").value == 460


def test_a_child_in_the_eu_is_stepped_as_the_us_label_says() -> None:
    rise = one(running(100, age=9, country="FR"), "Next rise, while the dose is sought")
    assert rise.value == 115 and "From the US label" in rise.text


@pytest.mark.parametrize(
    ("condition", "age", "low", "high"),
    [("multiple sclerosis", 40, 300, 800), ("cerebral palsy", 40, 90, 703)],
)
def test_ranges_us_label_dosage_maintenance(condition: str, age: int, low: float, high: float) -> None:
    """Most need 300 to 800 micrograms a day (spinal), 90 to 703 (cerebral)."""
    for rate, where in ((low - 1, "below that"), (low, "within it"), (high, "within it"), (high + 1, "above that")):
        entry = one(running(rate, age=age, conditions=[condition]), "Where most people end")
        assert entry.how == f"{low} to {high} micrograms/day" and entry.text.endswith(f"{rate} is {where}.")


def test_children_under_12_us_label_dosage_maintenance() -> None:
    """24 to 1199 micrograms a day were used under 12 years; no step leads further."""
    found = running(1100, age=8, conditions=["cerebral palsy"])
    assert one(found, "What was used at all").how == "24 to 1199 micrograms/day"
    rise = one(found, "Next rise, while the dose is sought")
    assert rise.value == 1199 and "No further than 1199 micrograms/day" in rise.text
    full = running(1199, age=8, conditions=["cerebral palsy"])
    assert not [entry for entry in full.reckoning if entry.what.startswith("Next rise")]
    assert one(full, "No further rise").value == 1199


def test_above_1000_german_label_dosierung() -> None:
    """Little experience above 1000 micrograms a day; the highest used was 2003."""
    assert lines(running(1000), "Above 1000 micrograms/day") == []
    assert "check pump, catheter" in one(running(1001), "Above 1000 micrograms/day").text
    assert max(b.value or 0 for b in running(1900).bounds) == 2003


# ---------------------------------------------------------------- what is weighed


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        ("520", "within one step while the dose is sought"),
        ("521", "more than one step while the dose is sought"),
        ("560", "keeps within one at a refill"),
        ("561", "take it in parts"),
        ("320", "keeps within what a lowering may be"),
        ("319", "risks withdrawal"),
        ("400", "Nothing changes"),
        ("2100", "past the highest dose on record"),
    ],
)
def test_a_change_that_is_weighed_is_held_against_one_step(new: str, verdict: str) -> None:
    found = made(age=40, conditions=["spinal cord injury"], medicines=[line()], considering=[line(f"{new} micrograms/day", change="replace") | {"start": TODAY.isoformat()}])  # fmt: skip
    assert verdict in one(found, "The change that is weighed").text


def test_a_change_that_is_weighed_without_a_cause_cannot_be_judged() -> None:
    found = made(age=40, medicines=[line()], considering=[{"drug": "baclofen", "dose": "300 micrograms/day", "route": "intrathecal"}])  # fmt: skip
    change = one(found, "The change that is weighed")
    assert change.value == -25 and "How far one step may go is not known" in change.text


def test_a_stop_that_is_weighed_is_refused_and_no_rise_is_shown() -> None:
    found = made(age=40, conditions=["stroke"], medicines=[line()], pump=DEVICE, considering=[{"drug": "baclofen", "route": "intrathecal", "change": "stop"}])  # fmt: skip
    assert found.refused is not None and "lowers the rate in small steps" in found.refused
    assert not [entry for entry in found.reckoning if "rise" in entry.what]
    assert lines(found, "Refill by")  # the pump goes on running, and must not run dry
    assert found.withdrawal


# ---------------------------------------------------------------- the reservoir


def test_the_examples_of_the_arithmetic() -> None:
    assert doctest.testmod(reservoir).failed == 0


def test_the_reservoir_by_hand() -> None:
    """26 mL of 500 micrograms/mL at 400 micrograms a day: 0.8 mL a day; (26 - 2) / 0.8 = 30 days; (26 - 4) / 0.8 = 27.5; (26 - 1.4) / 0.8 = 30.75."""
    found = running(400, DEVICE)
    assert one(found, "Drug in the reservoir now").value == 13000
    assert one(found, "Drug in a full reservoir").value == 20000
    assert one(found, "Fluid a day").value == pytest.approx(0.8)
    alarm, floor, empty = (one(found, what) for what in ("Days to the alarm", "Days until 4 mL are left", "Days to empty"))  # fmt: skip
    assert [e.value for e in (alarm, floor, empty)] == pytest.approx([30, 27.5, 30.75])
    assert (day_in(alarm), day_in(floor), day_in(empty)) == (date(2026, 12, 22), date(2026, 12, 19), date(2026, 12, 22))
    assert alarm.how == "(26 − 2) mL ÷ 0.8 mL a day"
    by = one(found, "Refill by")
    assert day_in(by) == date(2026, 12, 15) and by.value == 23
    assert day_in(one(found, "Age of the filling")) == date(2027, 5, 4)
    assert found.needs_first == ()


def test_the_floor_volume_rules_where_the_alarm_is_set_low_and_the_flow_is_slow() -> None:
    """The 2004 study: no withdrawal recurred with the alarm at 4 mL."""
    found = running(100, {**DEVICE, "concentration": "2000 micrograms/mL", "residual": "5 mL"})
    assert day_in(one(found, "Refill by")) == TODAY + timedelta(days=20)  # (5 - 4) mL at 0.05 mL a day
    assert sources(one(found, "Days until 4 mL are left")) == {"pump-residual-withdrawal-2004"}


def test_a_filling_is_not_used_for_more_than_180_days() -> None:
    found = running(
        50, {**DEVICE, "concentration": "2000 micrograms/mL", "residual": "20 mL", "refilled": "2026-07-01"}
    )
    assert day_in(one(found, "Refill by")) == date(2026, 7, 1) + timedelta(days=180)


def test_an_overdue_refill_says_today() -> None:
    found = running(400, {**DEVICE, "residual": "5 mL"})
    assert "refill today" in one(found, "Refill by").text and found.refused is None


def test_a_range_empties_by_its_upper_end() -> None:
    found = made(age=40, conditions=["stroke"], medicines=["baclofen pump 350-400 micrograms/day"], pump=DEVICE)
    assert one(found, "Fluid a day").how == "400 micrograms/day ÷ 500 micrograms/mL"
    assert "leaves room" in one(found, "Daily dose").text


def test_a_flow_below_what_the_pump_delivers_is_said() -> None:
    """SynchroMed II, Mindestflussrate: 0.048 mL a day."""
    assert one(running(90, {**DEVICE, "concentration": "2000 micrograms/mL"}), "Slowest flow").value == pytest.approx(0.045)  # fmt: skip
    assert lines(running(96, {**DEVICE, "concentration": "2000 micrograms/mL"}), "Slowest flow") == []


@pytest.mark.parametrize(
    ("country", "concentration", "words"),
    [
        ("US", "1000", None),
        ("UK", "1000", "No pump product of this country has 1000 micrograms/mL"),
        ("US", "4000", "above the strongest product (2000 micrograms/mL)"),
        ("DE", "500", None),
    ],
)
def test_concentrations_that_are_not_sold(country: str, concentration: str, words: str | None) -> None:
    found = running(400, {**DEVICE, "concentration": f"{concentration} micrograms/mL"}, country=country)
    said = " ".join(entry.text for entry in lines(found, "Concentration"))
    assert (words in said) if words else said == ""


# ---------------------------------------------------------------- another concentration


def test_the_bridge_by_hand() -> None:
    """From 500 to 2000 micrograms/mL at 400 micrograms a day, 0.2 mL of catheter and 0.2 mL of tubing.

    0.4 mL hold 0.4 × 500 = 200 micrograms. At 400 ÷ 500 = 0.8 mL a day they leave in 0.4 ÷ 0.8 = half a day, 12 hours: 200 micrograms in
    12 hours are 400 a day, as before. Unbridged the pump would move 400 ÷ 2000 = 0.2 mL a day of the old solution: 100 micrograms a
    day, for 0.4 ÷ 0.2 = 2 days.
    """
    found = running(400, CHANGE)
    assert one(found, "New concentration if the reservoir is not rinsed").value == pytest.approx(
        (1.4 * 500 + 38.6 * 2000) / 40
    )
    assert one(found, "Volume between reservoir and tip").value == pytest.approx(0.4)
    assert one(found, "Old drug in it").value == pytest.approx(200)
    assert one(found, "Length of the bridge").value == pytest.approx(12)
    assert one(found, "Flow of the bridge").value == pytest.approx(0.8 / 24)
    assert one(found, "The bridge counted in the new concentration").value == pytest.approx(800)
    unbridged = one(found, "Without a bridge")
    assert unbridged.text == "The person would get 100 micrograms/day instead of 400 for 48 hours: too little, with the risk of withdrawal."  # fmt: skip
    assert one(found, "Fluid a day at the new concentration").value == pytest.approx(0.2)
    assert one(found, "A full reservoir then lasts").value == pytest.approx(190)
    assert any("synchromed-el-manual" in sources(entry) for entry in lines(found, "Change of concentration"))


def test_a_weaker_solution_without_a_bridge_is_an_overdose() -> None:
    down = {**CHANGE, "concentration": "2000 micrograms/mL", "new_concentration": "500 micrograms/mL"}
    unbridged = one(running(400, down), "Without a bridge")
    assert unbridged.value == 1600 and "too much, with the risk of overdose" in unbridged.text


@pytest.mark.parametrize("missing", ["catheter", "tubing"])
def test_no_bridge_without_both_volumes(missing: str) -> None:
    found = running(400, {k: v for k, v in CHANGE.items() if k != missing})
    assert any(f"pump.{missing}" in need for need in found.needs_first)
    assert lines(found, "Length of the bridge") == [] and lines(found, "Without a bridge") == []
    assert lines(found, "Change of concentration")


def test_the_same_concentration_needs_no_bridge() -> None:
    found = running(400, {**CHANGE, "new_concentration": "0.5 mg/mL"})
    assert lines(found, "Change of concentration") == []


# ---------------------------------------------------------------- the day in parts


def test_the_day_in_parts_by_hand() -> None:
    """400 a day is 16.67 an hour; 10% more for the 10 hours from 22 to 8 is 183.3 micrograms, and 216.7 are left for the other 14."""
    found = running(400, goals=["Night spasms"])
    night, day = one(found, "22:00 to 08:00"), one(found, "08:00 to 22:00")
    assert (night.value, night.how) == (183.3, "10 h × 18.33 micrograms/h")
    assert day.value == pytest.approx(216.7)
    assert one(found, "The day's sum").value == 400
    assert one(found, "The even rate").text.endswith("10% above it, the smallest step for this person.")


def test_the_day_in_parts_is_for_night_goals_or_standing() -> None:
    assert lines(running(400), "The day's sum") == []
    assert lines(running(400, stands_on_tone=True), "The day's sum")
    assert lines(running(400, stands_on_tone=False, goals=["care"]), "The day's sum") == []


# ---------------------------------------------------------------- what is missing


@pytest.mark.parametrize("missing", ["concentration", "residual", "alarm"])
def test_no_refill_day_without_what_it_rests_on(missing: str) -> None:
    found = running(400, {k: v for k, v in DEVICE.items() if k != missing})
    assert any(f"pump.{missing}" in need for need in found.needs_first)
    assert lines(found, "Refill by") == [] and lines(found, "Days to the alarm") == []


def test_without_the_day_of_the_refill_the_age_of_the_filling_is_asked_for() -> None:
    found = running(400, {k: v for k, v in DEVICE.items() if k != "refilled"})
    assert any("pump.refilled" in need for need in found.needs_first)
    assert lines(found, "Refill by") and lines(found, "Age of the filling") == []


def test_no_dose_no_dates_and_no_steps() -> None:
    found = made(age=40, conditions=["stroke"], medicines=[{"drug": "baclofen", "route": "intrathecal"}], pump=CHANGE)
    assert any("daily dose" in need for need in found.needs_first)
    assert not [e for e in found.reckoning if e.what in ("Fluid a day", "Refill by", "Length of the bridge") or "rise" in e.what]  # fmt: skip


def test_two_lines_of_one_pump_are_not_added() -> None:
    found = made(age=40, conditions=["stroke"], medicines=[line(), line("300 micrograms/day")], pump=DEVICE)
    assert "which of the 2 lines of the pump holds now" in found.needs_first
    assert lines(found, "Fluid a day") == []


def test_without_a_cause_no_step_is_shown_where_the_label_goes_by_it() -> None:
    for conditions in ({}, {"conditions": ["spasticity"]}):
        found = made(age=40, medicines=[line()], **conditions)
        assert any("cause of the spasticity" in need for need in found.needs_first)
        assert not [e for e in found.reckoning if e.what.startswith("Next rise")]


def test_without_an_age_no_step_is_shown() -> None:
    found = made(conditions=["stroke"], medicines=[line()])
    assert "age" in found.needs_first
    assert not [e for e in found.reckoning if e.what.startswith("Next rise")]


def test_without_the_hours_both_first_days_are_said_and_none_is_chosen() -> None:
    found = made(age=40, medicines=[], pump={"screening_dose": "50 micrograms"})
    day = one(found, "First day")
    assert day.value is None and day.text.startswith("50 micrograms over 24 hours if the effect lasted more than 8 hours, 100")  # fmt: skip
    assert any("screening_hours" in need for need in found.needs_first)


def test_a_described_pump_that_no_line_runs_asks_whether_it_does() -> None:
    found = made(age=40, medicines=[], pump=DEVICE)
    assert any("whether the pump runs" in need for need in found.needs_first)


# ---------------------------------------------------------------- whom no plan, or no start, is for


def test_no_pump_no_plan() -> None:
    assert plan(medicines=["baclofen 10 mg three times a day"]) is None
    assert plan(pump={"drug": "morphine", "concentration": "10 mg/mL"}, medicines=[]) is None
    assert plan(pump={"reservoir": "40 mL"}, medicines=[]) is None  # of whatever medicine
    assert plan(medicines=[line(stop="2025-11-20")]) is None  # taken out a year ago


def test_no_start_under_4_years_or_with_an_allergy() -> None:
    weighed = [{"drug": "baclofen", "route": "intrathecal"}]
    for person in ({"age": 3}, {"age": 30, "allergies": ["baclofen"]}):
        found = made(medicines=[], considering=weighed, **person)
        assert found.refused is not None
        assert {e.what for e in found.reckoning} == {"Second check"}
    assert made(age=4, medicines=[], considering=weighed).refused is None


# ---------------------------------------------------------------- the emergency page


EMERGENCIES: list[dict[str, Any]] = [
    {"medicines": [line(stop="2026-11-20")]},
    {"medicines": [line(active="false")]},
    {"medicines": [line()], "pump": {"residual": "0 mL"}},
    {"medicines": [line()], "pump": {"residual": "1.4 mL"}},
    {"pump": {**DEVICE, "residual": "1 mL"}},
    {"medicines": [line()], "conditions": ["missed pump refill"]},
]


@pytest.mark.parametrize(
    "plain", EMERGENCIES, ids=["stopped", "over", "dry", "dead volume", "no line", "missed refill"]
)
def test_delivery_that_stopped_gets_the_emergency_page_and_no_dose(plain: dict[str, Any]) -> None:
    found = made(age=40, goals=["night spasms"], **plain)
    assert found.refused is not None and "until delivery is restored" in found.refused
    assert not found.bounds and not found.steps
    whats = [e.what for e in found.reckoning]
    assert whats.index("Whom to call") < whats.index("Emergency") < whats.index("Until delivery is restored")
    meanwhile = " ".join(e.text for e in lines(found, "Until delivery is restored"))
    assert "oral baclofen 10-20 mg every 6 hours" in meanwhile and "Cyproheptadine 4-8 mg every 6-8 hours" in meanwhile
    (signs,) = [s for s in found.withdrawal if "itching without a rash" in s.signs]
    assert "high fever" in signs.emergency and "1 to 3 days" in signs.onset and "Hospital now" in signs.action
    assert not {"Fluid a day", "Refill by", "The day's sum"} & set(whats) and not [w for w in whats if "rise" in w]


def test_the_emergency_page_says_what_ran_and_since_when() -> None:
    found = made(age=40, medicines=[line(stop="2026-11-20")])
    assert one(found, "Delivery stopped").text == "2 days ago, on 2026-11-20. It ran at 400 micrograms/day."
    unknown = made(age=40, medicines=[line(active="false")])
    assert any("day on which delivery stopped" in need for need in unknown.needs_first)


def test_the_telephone_number_is_the_countrys() -> None:
    def number(country: str) -> bool:
        found = made(age=40, country=country, medicines=[line(stop="2026-11-20")])
        return any("800-707-0933" in e.text for e in lines(found, "Whom to call"))

    assert number("US") and not number("UK") and not number("DE")


@pytest.mark.parametrize(("days", "emergency"), [(0, True), (14, True), (15, False)])
def test_the_emergency_page_lasts_14_days(days: int, emergency: bool) -> None:
    stop = (TODAY - timedelta(days=days)).isoformat()
    found = plan(age=40, medicines=[line(stop=stop)])
    assert (found is not None and found.refused is not None) == emergency


# ---------------------------------------------------------------- the patient file


def test_the_parts_of_a_pump_are_read_and_written_back() -> None:
    plain = {"pump": {**CHANGE, "screening_dose": "50 micrograms", "screening_hours": "8"}}
    patient = read_patient(plain, KNOWLEDGE, today=TODAY)
    assert patient.pump is not None and patient.pump.refilled == date(2026, 11, 5)
    assert read_patient(to_file(patient), KNOWLEDGE, today=TODAY) == patient


@pytest.mark.parametrize(
    ("pump", "words"),
    [
        ({"alarm": "2"}, "pump.alarm: .*the unit is missing"),
        ({"alarm": "2 mg"}, "pump.alarm: .*not an amount of its kind"),
        ({"tubing": "-0.2 mL"}, "pump.tubing: .*not an amount of its kind"),
        ({"concentration": "0 micrograms/mL"}, "pump.concentration: .*not an amount of its kind"),
        ({"new_concentration": "2000 mg/mL"}, "pump.new_concentration: .*did you mean 2000 micrograms/mL"),
        ({"screening_dose": "50 mg"}, "pump.screening_dose: .*500 times the largest test dose; did you mean 50 micrograms"),
        ({"screening_dose": "50"}, "pump.screening_dose: .*the unit is missing"),
        ({"screening_hours": "8 mL"}, "pump.screening_hours: .*not an amount of its kind"),
        ({"residual": "41 mL", "reservoir": "40 mL"}, "pump.residual: .*more than the reservoir holds"),
        ({"alarm": "50 mL", "reservoir": "40 mL"}, "pump.alarm: .*below what the reservoir holds"),
        ({"refilled": "2026-12-01"}, "pump.refilled: .*after the day of the review"),
        ({"refilled": "last week"}, "pump.refilled: .*not a date"),
        ({"residul": "4 mL"}, r"pump.residul: .*did you mean `residual`"),
        ({"flow": "0.2 mL/day"}, "pump.flow: .*there is no such field here"),
    ],
)  # fmt: skip
def test_what_a_pump_cannot_be_is_refused_by_its_field(pump: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_patient({"pump": pump}, KNOWLEDGE, today=TODAY)


def test_a_concentration_given_in_another_unit_that_is_far_too_strong() -> None:
    with pytest.raises(InputError, match="times the strongest product; check the number"):
        read_patient({"pump": {"drug": "baclofen", "concentration": "900000 micrograms/mL"}}, KNOWLEDGE, today=TODAY)


def test_unknown_parts_of_a_pump_are_unknown() -> None:
    patient = read_patient({"pump": {"drug": "baclofen", "residual": "unknown", "alarm": "?"}}, KNOWLEDGE, today=TODAY)
    assert patient.pump is not None and (patient.pump.residual, patient.pump.alarm) == (None, None)


# ---------------------------------------------------------------- properties of the arithmetic

volumes = st.floats(0.5, 60).map(lambda v: round(v, 2))
rates = st.floats(10, 2000).map(lambda v: round(v, 1))
strengths = st.sampled_from([50.0, 500.0, 1000.0, 1500.0, 2000.0])


@given(volumes, volumes, rates, strengths, st.none() | st.integers(0, 200))
def test_the_days_of_a_refill_are_in_order(residual: float, alarm: float, rate: float, strength: float, ago: int | None) -> None:  # fmt: skip
    numbers = PROTOCOL.numbers
    refilled = None if ago is None else TODAY - timedelta(days=ago)
    days = refill_days(
        TODAY, residual, daily_volume(rate, strength),
        alarm=alarm, floor=numbers.floor.value, dead=numbers.dead.value,
        margin_days=numbers.margin.value, longest_days=numbers.longest.value, refilled=refilled,
    )  # fmt: skip
    assert days.by <= days.alarm - timedelta(days=numbers.margin.value) and days.by <= days.floor <= days.empty
    assert days.alarm >= TODAY and days.empty >= TODAY
    assert (days.alarm <= days.empty) if alarm >= numbers.dead.value else (days.alarm >= days.empty)
    assert days.oldest is None or days.by <= days.oldest


@given(rates, strengths, volumes)
def test_twice_the_concentration_is_half_the_volume_and_twice_the_time(rate: float, strength: float, volume: float) -> None:  # fmt: skip
    assert daily_volume(rate, 2 * strength) == pytest.approx(daily_volume(rate, strength) / 2)
    one_way, other = bridge(rate, strength, 2 * strength, volume, 0.1), bridge(rate, 2 * strength, strength, volume, 0.1)  # fmt: skip
    assert other.hours == pytest.approx(2 * one_way.hours)
    assert one_way.unbridged == pytest.approx(rate / 2) and other.unbridged == pytest.approx(2 * rate)


@given(rates, strengths, strengths, volumes, volumes)
def test_a_bridge_gives_the_dose_of_before(rate: float, old: float, new: float, catheter: float, tubing: float) -> None:
    made_of = bridge(rate, old, new, catheter, tubing)
    assert made_of.old_drug / made_of.hours * 24 == pytest.approx(rate)
    assert made_of.flow * made_of.hours == pytest.approx(made_of.volume)


@given(rates, st.integers(0, 23), st.integers(0, 23), st.sampled_from([5, 10, 15, 30]))
def test_the_parts_of_a_day_make_its_dose(daily: float, first: int, until: int, percent: float) -> None:
    hours = (until - first) % 24
    assume(hours > 0 and hours * (1 + percent / 100) < 24)
    parts = day_in_two(daily, first, until, percent)
    assert sum(part.dose for part in parts) == pytest.approx(daily, abs=1e-9)
    assert sum(part.hours for part in parts) == 24
    assert (parts[0].until, parts[1].until) == (parts[1].first, parts[0].first)
    assert all(part.dose >= 0 and part.rate == pytest.approx(part.dose / part.hours) for part in parts)
    assert parts[0].rate <= daily / 24 * (1 + percent / 100) + 1e-9


@given(
    rates,
    st.sampled_from(["US", "UK", "DE"]),
    st.sampled_from([None, 5, 9, 14, 17, 30, 66]),
    st.lists(
        st.sampled_from(["multiple sclerosis", "stroke", "cerebral palsy", "spasticity"]), max_size=2, unique=True
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "concentration": strengths.map(lambda c: f"{c:g} micrograms/mL"),
            "reservoir": st.sampled_from(["60 mL"]),
            "residual": volumes.map(lambda v: f"{v} mL"),
            "alarm": st.sampled_from(["1 mL", "2 mL", "4 mL"]),
            "refilled": st.sampled_from(["2026-11-01", "2026-02-01"]),
            "catheter": st.sampled_from(["0.15 mL", "0.3 mL"]),
            "tubing": st.sampled_from(["0.2 mL"]),
            "new_concentration": strengths.map(lambda c: f"{c:g} micrograms/mL"),
        },
    ),
    st.booleans(),
)
def test_any_pump(
    rate: float, country: str, age: int | None, conditions: list[str], pump: dict[str, str], tone: bool
) -> None:
    """Whatever is known of a running pump: days in order, steps within limits, sums, missing things named, words as they should be."""
    person = {} if age is None else {"age": age}
    found = made(country=country, conditions=conditions, medicines=[line(f"{rate} micrograms/day")], stands_on_tone=tone, pump=pump, **person)  # fmt: skip
    empty = float(pump.get("residual", "60 mL").split()[0]) <= PROTOCOL.numbers.dead.value
    assert (found.refused is not None) == empty
    if refill := lines(found, "Refill by"):
        assert {"concentration", "residual", "alarm"} <= set(pump)
        assert day_in(refill[0]) <= day_in(one(found, "Days to the alarm"))
    elif not empty:
        assert any(f"pump.{part}" in need for part in ("concentration", "residual", "alarm") for need in found.needs_first)  # fmt: skip
    limit = 1199 if age is None or age < 12 else 2003
    for bound in found.bounds:
        assert bound.value is not None and bound.value <= max(limit, 0)
    for rise in (e for e in found.reckoning if e.what.startswith("Next rise")):
        assert rise.value is not None and rate < rise.value <= rate * 1.4 + 1e-9 and rise.value <= limit
    for total in lines(found, "The day's sum"):
        assert total.value == pytest.approx(rate)
    for entry in found.reckoning:
        assert entry.text and "{" not in entry.text + entry.how + entry.what and "None" not in entry.text + entry.how
        said = f"{entry.what}: {entry.how}: {entry.text}"
        assert not re.search(r"mcg|µg|\bug\b|\d,\d|(?<![\d.])\.\d|\d\.\d*0(?!\d)", said), said
        assert entry.value is None or (entry.how and entry.unit) or entry.what in ("Second check",)
    assert any("no programming order" in note for note in found.notes)
    assert empty or lines(found, "Second check")
    assert found.withdrawal and found.gates and found.gates[0].call
    assert len(set(found.needs_first)) == len(found.needs_first)


@given(st.floats(10, 5000), st.floats(-50, 50))
def test_a_step_is_a_percentage(rate: float, percent: float) -> None:
    assert stepped(rate, percent) == pytest.approx(rate * (1 + percent / 100))


# ---------------------------------------------------------------- the knowledge


def test_every_part_of_the_protocol_is_cited() -> None:
    def check(value: Any) -> None:
        if isinstance(value, msgspec.Struct):
            if "source" in value.__struct_fields__:
                assert value.source in KNOWLEDGE.sources and value.place  # type: ignore[attr-defined]
            for name in value.__struct_fields__:
                check(getattr(value, name))
        elif isinstance(value, tuple):
            for item in value:
                check(item)

    check(PROTOCOL)
    assert list(faults_of_pump(PROTOCOL, KNOWLEDGE)) == []


def _broken(**changes: Any) -> PumpProtocol:
    return msgspec.structs.replace(PROTOCOL, **changes)


@pytest.mark.parametrize(
    ("pump", "words"),
    [
        (_broken(agent="baclofen"), "not given into the spinal fluid"),
        (_broken(origins=(msgspec.structs.replace(PROTOCOL.origins[0], conditions=("gout",)),)), "no condition “gout”"),
        (_broken(check=()), "nothing is said of its check"),
        (_broken(screening=(msgspec.structs.replace(PROTOCOL.screening[0], doses=(75.0, 50.0)),)), "test doses rise"),
        (_broken(screening=(msgspec.structs.replace(PROTOCOL.screening[0], lower_for=None),)), "belong together"),
        (_broken(screening=(msgspec.structs.replace(PROTOCOL.screening[0], watch_low=9.0),)), "hours of a test"),
        (_broken(screening=(msgspec.structs.replace(PROTOCOL.screening[0], response=()),)), "counts as a response"),
        (_broken(start=(msgspec.structs.replace(PROTOCOL.start[0], prolonged_factor=3.0),)), "a first day"),
        (_broken(steps=(msgspec.structs.replace(PROTOCOL.steps[0], up_low=50.0),)), "a step"),
        (_broken(steps=(msgspec.structs.replace(PROTOCOL.steps[0], down_low=None),)), "both its ends"),
        (_broken(steps=(msgspec.structs.replace(PROTOCOL.steps[0], down_high=100.0),)), "a lowering"),
        (_broken(steps=(msgspec.structs.replace(PROTOCOL.steps[0], every_hours=None),)), "how often it may come"),
        (_broken(ranges=(msgspec.structs.replace(PROTOCOL.ranges[0], used_low=None),)), "a range has both its ends"),
        (_broken(marks=(msgspec.structs.replace(PROTOCOL.marks[0], above=0.0),)), "a mark lies above nought"),
        (_broken(flex=(msgspec.structs.replace(PROTOCOL.flex[0], more_to="hour_of_tea"),)), "hours among the policies"),
        (_broken(flex=(msgspec.structs.replace(PROTOCOL.flex[0], more_to="hour_of_bedtime"),)), "its two parts are one"),
        (_broken(numbers=msgspec.structs.replace(PROTOCOL.numbers, floor=PROTOCOL.numbers.margin)), "above nought in mL"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_protocol_is_found(pump: PumpProtocol, words: str) -> None:
    assert any(words in what for _, what in faults_of_pump(pump, KNOWLEDGE))


# ---------------------------------------------------------------- the page


PAGE = (Path(__file__).parent.parent / "docs" / "planning" / "pump.md").read_text(encoding="utf-8")
WORKED = PAGE.partition("## A worked plan")[2]


def test_the_worked_plan_of_the_page_is_what_comes_out() -> None:
    block = re.search(r"```yaml\n(.*?)```", WORKED, re.S)
    assert block is not None
    found = made(**{k: v for k, v in read_yaml(block[1], "page").items() if k != "as_of"})
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in WORKED.splitlines() if row.startswith("| ")]
    shown = [row for row in rows if row[0] not in ("what", "---")]
    assert shown == [[e.what, e.how, e.text] for e in found.reckoning if e.how]
    for said in (e.text for e in found.reckoning if not e.how):
        assert said in PAGE
    assert found.notes[0] in PAGE and found.needs_first == ()
