"""Plans of an intrathecal pump: the labels' numbers, the arithmetic of reservoir and bridge, what is missing, and the emergency page."""

from __future__ import annotations

import doctest
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.pump import Device, Held, device_of, held
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.pumps import PumpProtocol
from relaxant.linting.pump import faults_of_pump
from relaxant.medicines.read import read_medicines
from relaxant.patient import to_file
from relaxant.plain import read_yaml
from relaxant.planning import reservoir
from relaxant.planning.plan import Line, Plan
from relaxant.planning.pump import pump_plan, refill_by
from relaxant.planning.reservoir import bridge, daily_volume, day_in_two, refill_days, stepped
from relaxant.reviewing import review
from relaxant.rules.findings import Finding

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


def plan(knowledge: Knowledge = KNOWLEDGE, **plain: Any) -> Plan | None:
    patient = read_patient({"as_of": TODAY.isoformat(), **plain}, knowledge, today=TODAY)
    medicines = read_medicines(patient, knowledge)
    return pump_plan(
        patient,
        medicines,
        Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction),
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
    assert not lines(start, "Smaller first test dose")
    child = made(age=6, conditions=["cerebral palsy"], medicines=[], considering=[{"drug": "baclofen", "route": "intrathecal"}])  # fmt: skip
    small = one(child, "Smaller first test dose")
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
        day, differs = one(start, "First day"), one(start, "First day by another source")
        assert day.value == first and differs.value == other and "the sources differ" in differs.text
        hours, others = (8, 12) if country == "US" else (12, 8)
        assert day.how.startswith(f"{first / 75:g} × 75 micrograms") and f"the label's line is {hours} hours" in day.how
        assert differs.how == f"{other / 75:g} × 75 micrograms, line at {others} hours"
        assert f"under the {'EU' if country == 'US' else 'US'} label" in differs.text
        assert "no text of this country" not in day.text
    assert {p.source.id for p in start.policies} == {"baclofen-gablofen-us", "baclofen-lioresal-intrathecal-de"}


def test_a_test_dose_above_every_label_makes_no_first_day() -> None:
    start = made(age=30, medicines=[], pump={"screening_dose": "125 micrograms", "screening_hours": "6"})
    assert one(start, "Test dose as said").value == 125 and lines(start, "First day") == []


def test_the_first_day_in_fluid() -> None:
    start = made(age=30, medicines=[], pump={"screening_dose": "50 micrograms", "screening_hours": "6", "concentration": "500 micrograms/mL"})  # fmt: skip
    fluid = one(start, "First day in fluid")
    assert fluid.value == pytest.approx(0.2) and fluid.unit == "mL/day"


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
    assert [b.value for b in found.bounds if b.kind == "step_daily"] == [titration[1] - 400, refill[1] - 400]


def test_steps_german_label_dosierung() -> None:
    """LIORESAL INTRATHECAL (Germany, Dosierung): 5 to 30%, whatever the origin. The US text for the cerebral one is stricter and counts."""
    spinal = running(400, country="DE", conditions=["multiple sclerosis"])
    rise = one(spinal, "Next rise, while the dose is sought")
    assert rise.text.startswith("From 400 to between 420 and 520") and "label" not in rise.text
    assert not lines(spinal, "Rise by another source, while the dose is sought")
    cerebral = running(400, country="DE", conditions=["stroke"])
    for when, most in (("while the dose is sought", 460), ("at a refill", 480)):
        rise = one(cerebral, f"Next rise, {when}")
        assert rise.value == most and "From the US label, which goes by the cause and is stricter" in rise.text
        other = one(cerebral, f"Rise by another source, {when}")
        assert other.value == 520 and sources(other) == {"baclofen-lioresal-intrathecal-de"}
    assert [e.how for e in lines(cerebral, "Where most people end")] == ["300 to 800 micrograms/day", "90 to 703 micrograms/day"]  # fmt: skip


def test_german_steps_without_a_cause_take_the_stricter_and_ask_for_it() -> None:
    found = running(400, country="DE", conditions=[])
    assert one(found, "Next rise, while the dose is sought").value == 460
    assert any("cause of the spasticity" in need for need in found.needs_first)


def test_without_a_cause_no_other_country_speaks_for_a_label_that_was_read() -> None:
    found = running(400, conditions=[])
    assert not [e for e in found.reckoning if "no text of this country" in e.text]
    assert lines(found, "Where most people end") == [] and any("cause of the spast" in n for n in found.needs_first)


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
    assert lines(running(700), "Above 1000 micrograms/day") == []
    assert "check pump, catheter" in one(running(1001), "Above 1000 micrograms/day").text
    assert max(b.value or 0 for b in running(1900).bounds) == 2003


def test_each_bound_of_a_pump_has_a_name_of_its_own_and_says_how_far_a_step_may_go() -> None:
    """The label of a spinal cause: 30% while the dose is sought, 40% at a refill."""
    bounds = {bound.id: bound.why for bound in running(400).bounds}
    assert bounds.keys() == {f"intrathecal-baclofen-{name}" for name in ("daily", "step-titration", "step-refill")}
    assert (
        bounds["intrathecal-baclofen-step-titration"]
        == "One step is at most 30% of 400 micrograms/day, while the dose is sought: from 400 to no more than 520."
    )
    assert (
        bounds["intrathecal-baclofen-step-refill"]
        == "One step is at most 40% of 400 micrograms/day, at a refill: from 400 to no more than 560."
    )


@pytest.mark.parametrize(("condition", "capped"), [("spinal cord injury", True), ("cerebral palsy", False)])
def test_the_cap_of_high_doses_is_said_where_a_step_would_pass_it(condition: str, capped: bool) -> None:
    """20% from above 1000 micrograms a day: less than the 30 and 40% of a spinal cause, no less than the 15 and 20% of a cerebral one."""
    found = running(1001, conditions=[condition])
    assert any("no step goes past 20%" in entry.text for entry in lines(found, "Steps")) == capped
    assert one(found, "Next rise, at a refill").value == pytest.approx(1201.2)


def test_the_mark_above_1000_counts_the_dose_weighed_and_the_one_a_step_leads_to() -> None:
    assert one(running(800), "Above 1000 micrograms/day").how == "1120 against 1000"  # 40% at a refill
    weighed = made(age=40, conditions=["stroke"], medicines=[line("700 micrograms/day")], considering=[line("1100 micrograms/day", change="replace")])  # fmt: skip
    assert one(weighed, "Above 1000 micrograms/day").how == "1100 against 1000"


def test_the_cap_of_high_doses_holds_for_the_step_of_the_other_label_beside() -> None:
    """Had a centre a cap of 10%, below both steps of a cerebral cause in Germany, neither of the two rises that are shown would pass it."""
    marks = tuple(m if m.step_most is None else msgspec.structs.replace(m, step_most=10) for m in PROTOCOL.marks)
    plans = msgspec.structs.replace(KNOWLEDGE.plans, pumps={PROTOCOL.pump: msgspec.structs.replace(PROTOCOL, marks=marks)})  # fmt: skip
    packed = msgspec.Raw(msgspec.msgpack.encode(plans))
    capped = msgspec.structs.replace(KNOWLEDGE, sha256="a cap of 10%", plans_packed=packed)
    found = plan(capped, age=52, country="DE", conditions=["stroke"], medicines=[line("1010 micrograms/day")])
    assert found is not None
    for when in ("while the dose is sought", "at a refill"):
        assert one(found, f"Next rise, {when}").value == one(found, f"Rise by another source, {when}").value == 1111


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
    change = one(found, "The change that is weighed")
    assert verdict in change.text and sources(change) == {"baclofen-gablofen-us"}


def test_of_a_range_the_largest_change_that_both_lines_allow_is_judged() -> None:
    """From 350 to 400 micrograms a day down to 300: by a quarter, if 400 run."""
    found = made(age=40, conditions=["spinal cord injury"], medicines=["baclofen pump 350-400 micrograms/day since 2024-01-05"], considering=[line("300 micrograms/day", change="replace") | {"start": TODAY.isoformat()}])  # fmt: skip
    change = one(found, "The change that is weighed")
    assert change.value == -25 and "risks withdrawal" in change.text


def test_a_change_that_is_weighed_without_a_cause_cannot_be_judged() -> None:
    found = made(age=40, medicines=[line()], considering=[{"drug": "baclofen", "dose": "300 micrograms/day", "route": "intrathecal"}])  # fmt: skip
    change = one(found, "The change that is weighed")
    assert change.value == -25 and "−25%" in change.text and "How far one step may go is not known" in change.text


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
    assert [e.value for e in (alarm, floor, empty)] == pytest.approx([30, 27.5, 30.7])  # cut to the earlier tenth
    assert one(found, "Expected now").value == pytest.approx(26.4)  # 40 - 17 * 0.8
    assert one(found, "Volume against expected").value == pytest.approx(0.4)
    assert (day_in(alarm), day_in(floor), day_in(empty)) == (date(2026, 12, 22), date(2026, 12, 19), date(2026, 12, 22))
    assert alarm.how == "(26 − 2) mL ÷ 0.8 mL a day"
    by = one(found, "Refill by")
    assert day_in(by) == date(2026, 12, 15) and by.value == 23
    assert day_in(one(found, "Age of the filling")) == date(2027, 5, 4)
    assert found.needs_first == ()


@pytest.mark.parametrize(("residual", "refused"), [("4 mL", True), ("4.1 mL", False)])
def test_no_rise_is_planned_once_the_floor_volume_is_reached(residual: str, refused: bool) -> None:
    found = running(100, {"concentration": "2000 micrograms/mL", "residual": residual, "alarm": "2 mL"})
    assert (found.refused is not None and "no rise is planned until the pump is refilled" in found.refused) == refused


def test_the_floor_volume_rules_where_the_alarm_is_set_low_and_the_flow_is_slow() -> None:
    """The 2004 study: no withdrawal recurred with the alarm at 4 mL."""
    found = running(100, {"concentration": "2000 micrograms/mL", "residual": "5 mL", "alarm": "2 mL"})
    by = one(found, "Refill by")
    assert day_in(by) == TODAY + timedelta(days=20)  # (5 - 4) mL at 0.05 mL a day
    assert "The last 4 mL decide." in by.text and sources(by) == {"pump-residual-withdrawal-2004"}
    assert sources(one(found, "Days until 4 mL are left")) == {"pump-residual-withdrawal-2004"}


def test_a_filling_is_not_used_for_more_than_180_days() -> None:
    slow = {**DEVICE, "concentration": "2000 micrograms/mL", "residual": "36 mL", "refilled": "2026-07-01"}
    by = one(running(50, slow), "Refill by")
    assert day_in(by) == date(2026, 7, 1) + timedelta(days=180) and "The age of the filling decides." in by.text


def test_an_overdue_refill_says_today() -> None:
    found = running(400, {k: v for k, v in DEVICE.items() if k != "refilled"} | {"residual": "5 mL"})
    by = one(found, "Refill today")
    assert "The refill was due by 2026-11-18, 4 days ago: refill today. The alarm decides." in by.text
    assert by.value is None


def test_a_range_empties_by_its_upper_end() -> None:
    found = made(age=40, conditions=["stroke"], medicines=["baclofen pump 350-400 micrograms/day"], pump=DEVICE)
    assert one(found, "Fluid a day").how == "400 micrograms/day ÷ 500 micrograms/mL"
    assert "leaves room" in one(found, "Daily dose").text


def test_a_flow_below_what_the_pump_delivers_is_said() -> None:
    """SynchroMed II, Mindestflussrate: 0.048 mL a day."""
    slow = one(running(90, {**DEVICE, "concentration": "2000 micrograms/mL"}), "Slowest flow")
    assert slow.value == pytest.approx(0.045) and sources(slow) == {"synchromed-ii-de"}
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


def test_a_new_concentration_that_is_not_sold_is_named_beside_one_that_is() -> None:
    found = one(running(400, {**CHANGE, "new_concentration": "4000 micrograms/mL"}), "Concentration")
    assert found.text.startswith("4000 micrograms/mL is above the strongest product (2000 micrograms/mL)")


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
    down = {
        **CHANGE,
        "residual": "36 mL",
        "concentration": "2000 micrograms/mL",
        "new_concentration": "500 micrograms/mL",
    }
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


def test_without_a_concentration_only_the_age_of_the_filling_bounds_the_refill() -> None:
    found = running(400, {k: v for k, v in DEVICE.items() if k != "concentration"})
    assert any("pump.concentration" in need for need in found.needs_first)
    by = one(found, "Refill by")
    assert day_in(by) == date(2027, 5, 4) and "may ask for it earlier, are not both known" in by.text
    assert lines(found, "Days to the alarm") == [] and lines(found, "Days to empty") == []


def test_without_an_alarm_the_other_bounds_stand() -> None:
    found = running(400, {k: v for k, v in DEVICE.items() if k != "alarm"})
    assert any("pump.alarm" in need for need in found.needs_first)
    assert day_in(one(found, "Refill by")) == date(2026, 12, 19) and lines(found, "Days to the alarm") == []


def test_without_a_residual_the_refill_and_the_rate_give_the_volume() -> None:
    """40 mL on 2026-11-05, 17 days at 0.8 mL: 26.4 mL; (26.4 - 2) / 0.8 = 30.5 days."""
    found = running(400, {k: v for k, v in DEVICE.items() if k != "residual"})
    assert any("pump.residual" in need for need in found.needs_first) and found.refused is None
    assert one(found, "Expected now").value == pytest.approx(26.4)
    assert one(found, "Days to the alarm").value == pytest.approx(30.5)


def test_without_the_day_of_the_refill_the_age_of_the_filling_is_asked_for() -> None:
    found = running(400, {k: v for k, v in DEVICE.items() if k != "refilled"})
    assert any("pump.refilled" in need for need in found.needs_first)
    assert lines(found, "Refill by") and lines(found, "Age of the filling") == []


def test_no_dose_no_dates_and_no_steps() -> None:
    found = made(age=40, conditions=["stroke"], medicines=[{"drug": "baclofen", "route": "intrathecal"}], pump=CHANGE)
    assert any("daily dose" in need for need in found.needs_first)
    assert not [e for e in found.reckoning if e.what in ("Fluid a day", "Days to the alarm", "Length of the bridge") or "rise" in e.what]  # fmt: skip


def test_two_lines_of_one_pump_make_no_step_and_the_earliest_refill() -> None:
    found = made(age=40, conditions=["stroke"], medicines=[line(), line("100 micrograms/day")], pump=DEVICE)
    assert "which of the 2 lines of the pump holds now" in found.needs_first
    assert one(found, "Fluid a day").how == "500 micrograms/day ÷ 500 micrograms/mL" and lines(found, "Refill by")
    assert not [e for e in found.reckoning if e.what.startswith("Next rise")]


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


def test_no_start_after_an_overdose() -> None:
    weighed = [{"drug": "baclofen", "route": "intrathecal"}]
    found = made(age=30, conditions=["cerebral palsy", "baclofen overdose"], medicines=[], considering=weighed)
    assert found.refused is not None and "overdose is on record" in found.refused
    assert not lines(found, "Test doses") and not found.steps


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
    assert found.refused is not None and "until delivery is secured" in found.refused
    assert not found.bounds and not found.steps
    whats = [e.what for e in found.reckoning]
    when = "Once nothing flows, or with signs of withdrawal" if "conditions" in plain else "Until delivery is restored"
    assert whats.index("Whom to call") < whats.index("Emergency") < whats.index(when)
    meanwhile = " ".join(e.text for e in lines(found, when))
    assert "benzodiazepines" in meanwhile and "Cyproheptadine 4 to 8 mg every 6 to 8 hours" in meanwhile
    assert "creatinine first" in one(found, f"{when}, by mouth").text
    (signs,) = [s for s in found.withdrawal if "itching without a rash" in s.signs]
    assert "high fever" in signs.emergency and "1 to 3 days" in signs.onset and "Hospital now" in signs.action
    assert not {"Fluid a day", "Refill by", "The day's sum"} & set(whats) and not [w for w in whats if "rise" in w]


def test_the_emergency_page_says_what_ran_and_since_when() -> None:
    found = made(age=40, medicines=[line(stop="2026-11-20")])
    assert one(found, "Delivery stopped").text == "It stopped 2 days ago, on 2026-11-20. It ran at 400 micrograms/day."  # fmt: skip
    for day, said in (("2026-11-21", "1 day ago"), ("2026-11-22", "today")):
        assert f"It stopped {said}, on {day}" in one(made(age=40, medicines=[line(stop=day)]), "Delivery stopped").text
    unknown = made(age=40, medicines=[line(active="false")])
    assert any("day on which delivery stopped" in need for need in unknown.needs_first)


@pytest.mark.parametrize(
    ("taken", "ran"),
    [
        (line("300-400 micrograms/day", stop="2026-11-20"), "300 to 400 micrograms/day"),
        ({"drug": "baclofen", "route": "intrathecal", "stop": "2026-11-20"}, "not known"),
    ],
)
def test_the_emergency_page_says_how_far_the_rate_that_ran_is_known(taken: dict[str, str], ran: str) -> None:
    assert ran in one(made(age=40, medicines=[taken]), "Delivery stopped").text


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


# ---------------------------------------------------------------- what must be in it by its own arithmetic


STRONG = {"drug": "baclofen", "concentration": "2000 micrograms/mL", "reservoir": "20 mL", "alarm": "2 mL"}


@pytest.mark.parametrize(
    ("rate", "pump", "what", "value"),
    [
        (1200, {**STRONG, "refilled": "2026-10-01"}, "Reservoir empty", 0),  # 52 days at 0.6 mL from 20 mL
        (600, {**STRONG, "refilled": "2026-05-01"}, "Reservoir empty", 0),
        (600, {**STRONG, "refilled": "2026-09-23"}, "Reservoir at its alarm", 2),  # 60 days at 0.3 mL
        (400, {**STRONG, "residual": "1.9 mL"}, "Reservoir at its alarm", 1.9),
        (950, {**DEVICE, "refilled": "?", "residual": "2.6 mL"}, "Hours of drug left", 15.1),  # (2.6 - 1.4) / 1.9 * 24
        (
            400,
            {**STRONG, "residual": "5.5 mL", "residual_on": "2026-11-02"},
            "Reservoir at its alarm",
            1.5,
        ),  # less 20 days at 0.2 mL
    ],
)
def test_a_pump_that_must_be_dry_gets_the_emergency_page_and_no_rise(rate: float, pump: dict[str, str], what: str, value: float) -> None:  # fmt: skip
    found = running(rate, pump)
    assert one(found, what).value == pytest.approx(value)
    assert found.refused is not None and "nearly so" in found.why and not found.bounds
    assert not [e for e in found.reckoning if "rise" in e.what or e.what.startswith(("Refill by", "The day"))]


def test_a_reservoir_that_was_not_filled_up_lasts_less_long() -> None:
    """20 mL in a reservoir of 40 mL, 17 days at 0.8 mL: 6.4 mL."""
    found = running(400, {**DEVICE, "filled": "20 mL", "residual": "6 mL"})
    entry = one(found, "Expected now")
    assert (
        entry.value == pytest.approx(6.4)
        and "if it held 20 mL on 2026-11-05" in entry.text
        and "do not fit" not in (found.refused or "")
    )


def test_a_residual_of_before_the_refill_is_not_that_of_now() -> None:
    """What was drawn on 2026-09-30 says nothing of the filling of 2026-10-01."""
    found = running(200, {**STRONG, "residual": "3 mL", "residual_on": "2026-09-30", "refilled": "2026-10-01"})
    assert one(found, "Expected now").value == pytest.approx(14.8) and found.refused is None
    assert not lines(found, "Volume against expected") and any("pump.residual" in n for n in found.needs_first)


def test_the_expected_volume_says_when_it_ran_dry() -> None:
    """20 mL less the 1.4 mL that cannot be delivered, at 0.6 mL a day: 31 days from 2026-10-01."""
    entry = one(running(1200, {**STRONG, "refilled": "2026-10-01"}), "Expected now")
    assert entry.how == "20 mL − 52 days × 0.6 mL a day" and "run dry on 2026-11-01" in entry.text


@pytest.mark.parametrize(("residual", "fits"), [("2.4 mL", True), ("2.39 mL", False), ("6.4 mL", True), ("6.41 mL", False), ("15 mL", False)])  # fmt: skip
def test_a_residual_more_than_2_ml_from_the_expected_stops_the_rises(residual: str, fits: bool) -> None:
    """52 days at 0.3 mL from 20 mL leave 4.4 mL."""
    found = running(600, {**STRONG, "refilled": "2026-10-01", "residual": residual})
    entry = one(found, "Volume against expected")
    assert ("They fit." in entry.text) == fits == ("too far from the one expected" not in (found.refused or ""))
    rises = fits and residual != "2.4 mL"  # less than 4 mL: the refill comes first
    assert bool([e for e in found.reckoning if e.what.startswith("Next rise")]) == rises
    assert any("pump.residual_on" in need for need in found.needs_first) != fits
    if residual == "15 mL":  # days go by the smaller
        assert one(found, "Days to the alarm").how == "(4.4 − 2) mL ÷ 0.3 mL a day"


def test_a_volume_of_some_days_ago_is_that_of_today_at_the_fastest_of_a_range() -> None:
    """10 mL four days ago, 12.5 mL expected: at 350 to 400 micrograms a day and 2000 micrograms/mL 9.2 to 9.3 mL are left, and the smaller counts."""
    pump = {**STRONG, "refilled": "2026-10-13", "residual": "10 mL", "residual_on": "2026-11-18"}
    found = made(age=50, conditions=["stroke"], medicines=["baclofen pump 350-400 micrograms/day since 2024-01-05"], pump=pump)  # fmt: skip
    assert one(found, "Volume against expected").how == "9.2 mL against 12 mL"


def test_a_rate_that_began_after_the_refill_leaves_the_expected_volume_open() -> None:
    pump = {**STRONG, "refilled": "2026-10-01", "residual": "9 mL"}
    found = made(age=50, conditions=["stroke"], medicines=[line("600 micrograms/day", start="2026-11-12")], pump=pump)
    assert "began on 2026-11-12, after the refill" in one(found, "Expected now").text
    assert "is open" in one(found, "Volume against expected").text and found.refused is None
    maybe = made(age=50, conditions=["stroke"], medicines=[line("1200 micrograms/day", start="2026-11-12")], pump={k: v for k, v in pump.items() if k != "residual"})  # fmt: skip
    assert maybe.refused is not None and "may be low or empty" in maybe.refused and not maybe.bounds


# ---------------------------------------------------------------- the kidneys and the emergency page


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"dialysis": "haemodialysis"}, "avoided on dialysis"),
        ({"labs": [{"name": "creatinine", "value": "3.4 mg/dL", "date": "2026-11-21"}]}, "below an eGFR of 30"),
        ({"labs": [{"name": "creatinine", "value": "1.7 mg/dL", "date": "2026-11-21"}]}, "only in a reduced dose"),
        ({"labs": [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-21"}]}, "oral baclofen 10 to 20 mg"),
        ({}, "creatinine first"),
    ],
)
def test_oral_baclofen_as_a_stand_in_goes_by_the_kidneys(person: dict[str, Any], words: str) -> None:
    for medicines, pump in (([line(stop="2026-11-21")], {}), ([line()], {"pump": {"residual": "0.9 mL"}})):
        found = made(age=70, sex="male", medicines=medicines, **pump, **person)
        said = one(found, "Until delivery is restored, by mouth").text
        assert words in said
        if "No oral baclofen" in said:
            assert not [e for e in found.reckoning if "10 to 20 mg" in e.text or "10-20 mg" in e.text]


# ---------------------------------------------------------------- what the record says in its own words


@pytest.mark.parametrize(
    "words",
    ["catheter fracture", "catheter kink", "broken pump catheter", "catheter dislodgement", "catheter leak", "critical alarm", "pump alarm", "pump stopped"],
)  # fmt: skip
def test_a_fault_in_free_text_is_a_fault_where_there_is_a_pump(words: str) -> None:
    found = running(400, DEVICE, conditions=["multiple sclerosis", words])
    assert lines(found, "Delivery in doubt") and found.refused is not None and not found.bounds


def test_words_on_the_pump_that_are_not_understood_stop_the_rises() -> None:
    found = running(400, DEVICE, conditions=["multiple sclerosis", "clicking noise of the pump"])
    assert found.refused is not None and "not understood" in found.refused and not found.bounds
    assert lines(found, "Refill by")


@pytest.mark.parametrize("words", ["urinary catheter", "intrathecal baclofen pump", "insulin pump", "dialysis catheter", "hypertension"])  # fmt: skip
def test_other_devices_and_the_pump_itself_do_not(words: str) -> None:
    assert running(400, DEVICE, conditions=["multiple sclerosis", words]).refused is None


def test_a_catheter_means_a_pump_only_where_there_is_one() -> None:
    def doubt(**plain: Any) -> tuple[float, float]:
        patient = read_patient({"as_of": TODAY.isoformat(), **plain}, KNOWLEDGE, today=TODAY)
        medicines = read_medicines(patient, KNOWLEDGE)
        facts = Facts(inputs_of([(patient, medicines)], KNOWLEDGE), KNOWLEDGE, patient.jurisdiction)
        return facts.column("condition:pump_delivery_in_doubt").bounds(0)

    assert doubt(conditions=["catheter leak"], medicines=["baclofen 10 mg three times a day"]) == (0, 0)
    assert doubt(conditions=["catheter leak"], medicines=[line()]) == (1, 1)
    assert doubt(conditions=["trouble with the catheter"], medicines=[line()]) == (0, 1)


# ---------------------------------------------------------------- one thing at a time


def test_a_danger_stands_against_every_rise() -> None:
    patient = read_patient({"as_of": TODAY.isoformat(), "country": "DE", "age": 40, "conditions": ["spinal cord injury"], "medicines": [line()], "considering": [{"drug": "baclofen", "dose": "2000 micrograms/day", "route": "intrathecal"}]}, KNOWLEDGE, today=TODAY)  # fmt: skip
    found = review(patient, knowledge=KNOWLEDGE, predict=False)
    assert next(f.rules for f in found.findings if f.tier == "DANGER")[0] == "baclofen-intrathecal-rise-double"
    (page,) = [p for p in found.plan if p.kind == "pump"]
    assert page.refused is not None and "doubles" in page.refused and not page.bounds


def test_another_concentration_and_another_dose_are_not_planned_together() -> None:
    weighed = [line("480 micrograms/day", change="replace") | {"start": TODAY.isoformat()}]
    found = made(age=40, conditions=["stroke"], medicines=[line()], pump=CHANGE, considering=weighed)
    assert found.refused is not None and "one at a time" in found.refused and not found.bounds
    assert lines(found, "Length of the bridge")


def test_a_mixture_makes_no_step() -> None:
    for more in ({"pump": {**DEVICE, "drug": "baclofen and morphine"}}, {"pump": DEVICE, "medicines": [line(), {"drug": "morphine", "dose": "2 mg/day", "route": "intrathecal"}]}):  # fmt: skip
        found = made(**{"age": 40, "conditions": ["stroke"], "medicines": [line()], **more})
        assert found.refused is not None and "The pump holds morphine too" in found.refused and not found.bounds
        assert lines(found, "A mixture") and not [e for e in found.reckoning if e.what.startswith("Next rise")]


def test_an_injection_now_and_then_is_no_mixture() -> None:
    found = made(age=40, conditions=["stroke"], medicines=[line(), "nusinersen 12 mg intrathecal every 4 months"], pump=DEVICE)  # fmt: skip
    assert found.refused is None and not lines(found, "A mixture")


def test_a_second_line_beside_the_running_one_counts_as_a_rise() -> None:
    patient = read_patient({"as_of": TODAY.isoformat(), "age": 40, "conditions": ["spinal cord injury"], "medicines": [line()], "considering": [{"drug": "baclofen", "dose": "400 micrograms/day", "route": "intrathecal", "change": "start"}]}, KNOWLEDGE, today=TODAY)  # fmt: skip
    found = review(patient, knowledge=KNOWLEDGE, predict=False, plan=False)
    assert "baclofen-intrathecal-rise-double" in {
        rule for f in found.findings if f.tier == "DANGER" for rule in f.rules
    }


@pytest.mark.parametrize("words", ["pneumonia", "active infection", "cellulitis", "uti"])
def test_no_test_dose_during_an_infection(words: str) -> None:
    found = made(age=40, conditions=["multiple sclerosis", words], medicines=[], considering=[{"drug": "baclofen", "route": "intrathecal"}])  # fmt: skip
    assert found.refused is not None and "until it is treated" in found.refused and not lines(found, "Test doses")


def test_the_start_that_is_weighed_is_held_against_the_first_day() -> None:
    """Age 9, 75 micrograms for 10 hours: 75 a day under the US label; an order of 150 is twice that."""
    for order, verdict in ((150, "2 × the first day reckoned. That is more"), (75, "It keeps within it")):
        found = made(age=9, conditions=["cerebral palsy"], medicines=[], pump={"screening_dose": "75 micrograms", "screening_hours": "10"}, considering=[{"drug": "baclofen", "dose": f"{order} micrograms/day", "route": "intrathecal"}])  # fmt: skip
        assert verdict in one(found, "The start that is weighed").text


def test_an_order_is_held_against_the_first_day_also_where_no_start_is_planned() -> None:
    """Whoever orders 150 micrograms a day in an infection is told of both: no start now, and twice the first day reckoned."""
    found = made(age=9, conditions=["cerebral palsy", "meningitis"], medicines=[], pump={"screening_dose": "75 micrograms", "screening_hours": "10"}, considering=[{"drug": "baclofen", "dose": "150 micrograms/day", "route": "intrathecal"}])  # fmt: skip
    assert found.refused is not None and "until it is treated" in found.refused
    assert "2 × the first day reckoned. That is more" in one(found, "The start that is weighed").text


def test_in_the_uk_the_most_cautious_ladder_is_shown_and_the_childrens_line_for_children() -> None:
    for age, said in ((40, 0), (9, 1)):
        start = made(age=age, country="UK", medicines=[], considering=[{"drug": "baclofen", "route": "intrathecal"}])
        ladder = one(start, "Test doses")
        assert sources(ladder) == {"lioresal-intrathecal-be"} and "From the EU label" in ladder.text
        assert one(start, "Smaller first test dose").text.startswith("25 micrograms first for anyone")
        assert len([e for e in start.reckoning if "children's hospital" in e.text]) == said


def test_steps_are_spoken_of_only_where_one_is_shown() -> None:
    assert lines(running(400), "Steps")
    assert not lines(made(age=40, medicines=[line()]), "Steps")


# ---------------------------------------------------------------- a pump that was off for long


@pytest.mark.parametrize("weighed", [False, True])
def test_after_more_than_14_days_off_it_begins_like_a_first_pump(weighed: bool) -> None:
    order = [{"drug": "baclofen", "dose": "400 micrograms/day", "route": "intrathecal"}] if weighed else []
    found = made(age=44, country="UK", conditions=["multiple sclerosis"], medicines=[line(stop="2026-11-01")], considering=order, pump={**STRONG, "residual": "15 mL", "catheter": "0.2 mL", "tubing": "0.2 mL"})  # fmt: skip
    assert "has been off for long" in found.why
    assert one(found, "The pump has been off").text.startswith(
        "21 days, since 2026-11-01. It ran at 400 micrograms/day"
    )
    assert one(found, "Drug that may still be in the reservoir").value == 30000
    assert one(found, "Old drug in tubing and catheter").value == pytest.approx(800)
    said = " ".join(e.text for e in lines(found, "Beginning again"))
    assert "Never restart at the old rate" in said and "new test dose" in said and "hospital all the same" in said
    assert lines(found, "Test doses") and not [e for e in found.reckoning if e.what.startswith("Next rise")]
    assert len(lines(found, "Against the old rate")) == weighed


@pytest.mark.parametrize("away", ["concentration", "residual"])
def test_what_a_pump_that_is_off_still_holds_is_asked_for_and_not_guessed(away: str) -> None:
    pump = {name: value for name, value in {**STRONG, "residual": "15 mL"}.items() if name != away}
    found = made(age=44, country="UK", conditions=["multiple sclerosis"], medicines=[line(stop="2026-11-01")], pump=pump)  # fmt: skip
    assert not lines(found, "Drug that may still be in the reservoir")
    asked = {name for name in ("concentration", "residual") if any(name in need for need in found.needs_first)}
    assert asked == {away}


# ---------------------------------------------------------------- the day to refill, for the schedule


def test_the_day_to_refill() -> None:
    def day(**plain: Any) -> date | None:
        patient = read_patient({"as_of": TODAY.isoformat(), "age": 40, **plain}, KNOWLEDGE, today=TODAY)
        medicines = read_medicines(patient, KNOWLEDGE)
        facts = Facts(inputs_of([(patient, medicines)], KNOWLEDGE), KNOWLEDGE, patient.jurisdiction)
        return refill_by(patient, medicines, facts)

    assert day(medicines=[line()], pump=DEVICE) == date(2026, 12, 15)
    assert day(medicines=[line()], pump={**DEVICE, "residual": "1 mL"}) == TODAY - timedelta(
        days=7
    )  # the alarm is due now
    assert day(medicines=[line()], pump={"residual": "1 mL"}) == TODAY
    assert day(medicines=[line()], pump={**DEVICE, "residual": "unknown", "concentration": "unknown"}) is None
    assert day(medicines=[line()], pump={"refilled": "2026-04-01"}) == date(2026, 9, 28)  # too old
    assert day(medicines=[line()], conditions=["catheter leak"]) == TODAY
    assert day(medicines=[line()]) is None and day(medicines=[]) is None


# ---------------------------------------------------------------- the patient file


def test_the_parts_of_a_pump_are_read_and_written_back() -> None:
    plain = {"pump": {**CHANGE, "residual_on": "2026-11-20", "screening_dose": "50 micrograms", "screening_hours": "8"}}
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
        ({"filled": "41 mL", "reservoir": "40 mL"}, "pump.filled: .*more than the reservoir holds"),
        ({"alarm": "50 mL", "reservoir": "40 mL"}, "pump.alarm: .*below what the reservoir holds"),
        ({"refilled": "2026-12-01"}, "pump.refilled: .*after the day of the review"),
        ({"refilled": "last week"}, "pump.refilled: .*not a date"),
        ({"residul": "4 mL"}, r"pump.residul: .*did you mean `residual`"),
        ({"flow": "0.2 mL/day"}, "pump.flow: .*there is no such field here"),
        ({"catheter": "20 mL"}, r"pump.catheter: .*more than 1 mL.*did you mean 0.2 mL\?"),
        ({"tubing": "1.1 mL"}, "pump.tubing: .*more than 1 mL"),
        ({"residual_on": "2026-12-01"}, "pump.residual_on: .*after the day of the review"),
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


@given(volumes, st.none() | volumes, rates, strengths, st.none() | st.integers(0, 200))
def test_the_days_of_a_refill_are_in_order(volume: float, alarm: float | None, rate: float, strength: float, ago: int | None) -> None:  # fmt: skip
    numbers = PROTOCOL.numbers
    refilled = None if ago is None else TODAY - timedelta(days=ago)
    days = refill_days(
        TODAY, volume, daily_volume(rate, strength),
        alarm=alarm, floor=numbers.floor.value, dead=numbers.dead.value,
        margin_days=numbers.margin.value, longest_days=numbers.longest.value, refilled=refilled,
    )  # fmt: skip
    assert days is not None and days.floor is not None and days.empty is not None
    assert days.by <= days.floor <= days.empty and days.empty >= TODAY
    assert (days.alarm is None) == (alarm is None)
    if days.alarm is not None and alarm is not None:
        assert days.by <= days.alarm - timedelta(days=numbers.margin.value) and days.alarm >= TODAY
        assert (days.alarm <= days.empty) if alarm >= numbers.dead.value else (days.alarm >= days.empty)
    assert days.oldest is None or days.by <= days.oldest
    assert days.by == {"alarm": days.alarm and days.alarm - timedelta(days=numbers.margin.value), "floor": days.floor, "oldest": days.oldest}[days.decides]  # fmt: skip


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


ANY_PUMP = st.fixed_dictionaries(
    {},
    optional={
        "concentration": strengths.map(lambda c: f"{c:g} micrograms/mL"),
        "reservoir": st.sampled_from(["60 mL"]),
        "residual": volumes.map(lambda v: f"{v} mL"),
        "alarm": st.sampled_from(["1 mL", "2 mL", "4 mL"]),
        "refilled": st.sampled_from(["2026-11-20", "2026-11-01", "2026-02-01"]),
        "filled": st.sampled_from(["20 mL"]),
        "residual_on": st.sampled_from(["2026-11-22", "2026-11-12"]),
        "catheter": st.sampled_from(["0.15 mL", "0.3 mL"]),
        "tubing": st.sampled_from(["0.2 mL"]),
        "new_concentration": strengths.map(lambda c: f"{c:g} micrograms/mL"),
    },
)


@given(
    rates,
    st.sampled_from(["US", "UK", "DE"]),
    st.sampled_from([None, 5, 9, 14, 17, 30, 66]),
    st.lists(
        st.sampled_from(["multiple sclerosis", "stroke", "cerebral palsy", "spasticity", "catheter trouble"]),
        max_size=2,
        unique=True,
    ),
    ANY_PUMP,
    st.booleans(),
)
def test_any_pump(
    rate: float, country: str, age: int | None, conditions: list[str], pump: dict[str, str], tone: bool
) -> None:
    """Whatever is known of a running pump: days in order, steps within limits, sums, missing things named, words as they should be."""
    person = {} if age is None else {"age": age}
    found = made(country=country, conditions=conditions, medicines=[line(f"{rate} micrograms/day")], stands_on_tone=tone, pump=pump, **person)  # fmt: skip
    now = held_of(rate, pump)
    dry = now.at_alarm[0] or (now.days is not None and now.days[1] < PROTOCOL.numbers.urgent.value)
    assert ("nearly so" in found.why) == dry
    unfit = now.gap is not None and now.gap[0] > PROTOCOL.numbers.gap.value + 1e-9
    rises = [e for e in found.reckoning if e.what.startswith("Next rise")]
    if dry or unfit or "catheter trouble" in conditions:
        assert found.refused is not None and not rises and not found.bounds and not lines(found, "Length of the bridge")
    for refill in (*lines(found, "Refill by"), *lines(found, "Refill today")):
        if alarm := lines(found, "Days to the alarm"):
            assert day_in(refill) <= day_in(alarm[0]) - timedelta(days=PROTOCOL.numbers.margin.value)
    if not dry:
        assert (now.measured is None) == any("(pump.residual)" in need for need in found.needs_first)
        for part in ("concentration", "alarm", "refilled"):
            assert (part in pump) != any(f"(pump.{part})" in need for need in found.needs_first)
    limit = 1199 if age is None or age < 12 else 2003
    for bound in found.bounds:
        assert bound.value is not None and bound.value <= limit
        assert bound.kind != "step_daily" or 0 < bound.value <= rate * 0.4 + 1e-6
    for rise in rises:
        assert rise.value is not None and rate < rise.value <= rate * 1.4 + 1e-6 and rise.value <= limit
    for total in lines(found, "The day's sum"):
        assert total.value == pytest.approx(rate)
    for entry in found.reckoning:
        assert entry.text and "{" not in entry.text + entry.how + entry.what and "None" not in entry.text + entry.how
        said = f"{entry.what}: {entry.how}: {entry.text}"
        assert not re.search(r"mcg|µg|\bug\b|\d,\d|(?<![\d.])\.\d|\d\.\d*0(?!\d)|(?<![\d.])1 days|-\d+ days", said), (
            said
        )
        assert entry.value is None or (entry.how and entry.unit) or entry.what in ("Second check",)
    assert any("no programming order" in note for note in found.notes)
    assert dry or lines(found, "Second check")
    assert found.withdrawal and found.gates and found.gates[0].call
    assert len(set(found.needs_first)) == len(found.needs_first)


def held_of(rate: float, pump: dict[str, str]) -> Held:
    """What is in a pump that has run at one rate since 2024."""
    patient = read_patient({"as_of": TODAY.isoformat(), "pump": pump}, KNOWLEDGE, today=TODAY)
    device = device_of(patient.pump) if patient.pump else Device()
    return held(device, (rate, rate), date(2024, 1, 5), TODAY, PROTOCOL.numbers.dead.value)


@settings(max_examples=40)
@given(rates, ANY_PUMP)
def test_the_finding_of_a_dry_pump_and_its_page_go_together(rate: float, pump: dict[str, str]) -> None:
    patient = read_patient({"as_of": TODAY.isoformat(), "age": 40, "conditions": ["stroke"], "medicines": [line(f"{rate} micrograms/day")], "pump": pump}, KNOWLEDGE, today=TODAY)  # fmt: skip
    found = review(patient, knowledge=KNOWLEDGE, predict=False)
    (page,) = [p for p in found.plan if p.kind == "pump"]
    dangers = {rule for f in found.findings if f.tier == "DANGER" for rule in f.rules}
    assert ("baclofen-intrathecal-reservoir-low" in dangers) == ("nearly so" in page.why)
    if dangers:
        assert page.refused is not None and not page.bounds


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
        (_broken(oral=PROTOCOL.oral[1:]), "one sentence is for dialysis"),
        (_broken(oral=(*PROTOCOL.oral[:1], *PROTOCOL.oral[2:])), "leave no gap"),
        (_broken(not_with=(msgspec.structs.replace(PROTOCOL.not_with[0], conditions=("gout",)),)), "no condition “gout”"),
        (_broken(restart=()), "nothing is said of its restart"),
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


# ---------------------------------------------------------------- a scan, the end of the battery, a restart, and words


def findings(**plain: Any) -> list[Finding]:
    about = {"age": 52, "conditions": ["multiple sclerosis"], "medicines": [line("400 micrograms/day")], **plain}
    return list(
        review(
            read_patient({"as_of": str(TODAY), **about}, KNOWLEDGE, today=TODAY),
            knowledge=KNOWLEDGE,
            predict=False,
            plan=False,
        ).findings
    )


def tiers(rule: str, **plain: Any) -> list[str]:
    return [f.tier for f in findings(**plain) if rule in f.rules]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"procedure": {"kind": "MRI", "date": "2026-11-21"}}, ["CHANGE"]),
        ({"procedure": {"kind": "MRI brain under general anaesthesia", "date": "2026-12-01"}}, ["CHANGE"]),
        ({"procedure": "MRI"}, ["CHANGE"]),
        ({"conditions": ["multiple sclerosis", "MRI yesterday"]}, ["CHANGE"]),
        (
            {"conditions": ["multiple sclerosis", {"name": "MRI of the lumbar spine", "since": "2026-11-15"}]},
            ["CHANGE"],
        ),
        ({"conditions": ["multiple sclerosis", {"name": "MRI of the lumbar spine", "since": "2026-10-15"}]}, []),
        ({"procedure": {"kind": "dental extraction", "date": "2026-11-21"}}, []),
        ({"conditions": ["multiple sclerosis", "MRI compatible pump"]}, []),
    ],
)
def test_a_scan_asks_for_the_pump_to_be_read(said: dict[str, Any], expected: list[str]) -> None:
    assert tiers("baclofen-intrathecal-mri", **said) == expected


def test_a_scan_that_is_to_come_reads_differently_from_one_that_was_done() -> None:
    (planned,) = [f for f in findings(procedure={"kind": "MRI", "date": "2026-12-01"}) if "baclofen-intrathecal-mri" in f.rules]  # fmt: skip
    (done,) = [f for f in findings(procedure={"kind": "MRI", "date": "2026-11-20"}) if "baclofen-intrathecal-mri" in f.rules]  # fmt: skip
    assert planned.summary.startswith("MRI is planned") and "before the scan" in planned.action
    assert done.summary.startswith("An MRI was done") and "today" in done.summary


def test_no_rise_is_planned_until_the_pump_was_read_after_a_scan() -> None:
    done = running(400, DEVICE, procedure={"kind": "MRI", "date": "2026-11-20"})
    assert done.refused is not None and "read after it" in done.refused and not done.bounds
    assert running(400, DEVICE, procedure={"kind": "MRI", "date": "2026-12-20"}).refused is None
    assert running(400, DEVICE, procedure={"kind": "MRI", "date": "2026-10-20"}).refused is None
    new = {**DEVICE, "new_concentration": "2000 micrograms/mL", "catheter": "0.2 mL", "tubing": "0.2 mL"}
    assert lines(running(400, new), "Old drug in it")
    assert not lines(running(400, new, procedure={"kind": "MRI", "date": "2026-11-20"}), "Old drug in it")


@pytest.mark.parametrize(
    ("words", "rule", "tier"),
    [
        ("elective replacement indicator", "baclofen-intrathecal-replacement-due", "CHANGE"),
        ("pump battery low", "baclofen-intrathecal-replacement-due", "CHANGE"),
        ({"name": "pump ERI", "since": "2026-08-24"}, "baclofen-intrathecal-replacement-due", "DANGER"),
        ({"name": "pump ERI", "since": "2026-08-25"}, "baclofen-intrathecal-replacement-due", "CHANGE"),
        ("end of life of the pump", "baclofen-intrathecal-delivery-in-doubt", "DANGER"),
        ("pump battery at end of life", "baclofen-intrathecal-delivery-in-doubt", "DANGER"),
        ("end of service", "baclofen-intrathecal-delivery-in-doubt", "DANGER"),
    ],
)
def test_the_end_of_a_pumps_service_is_a_finding(words: Any, rule: str, tier: str) -> None:
    assert tiers(rule, conditions=["multiple sclerosis", words]) == [tier]


def test_an_indicator_is_of_the_pump_only_where_there_is_one() -> None:
    assert tiers("baclofen-intrathecal-replacement-due", conditions=["elective replacement indicator"], medicines=["baclofen 10 mg three times a day"]) == []  # fmt: skip


@pytest.mark.parametrize(
    ("stop", "new", "refused"),
    [
        ("2026-11-02", "400 micrograms/day", True),
        ("2026-11-02", "500 micrograms/day", True),
        ("2026-11-02", "201 micrograms/day", True),
        ("2026-11-02", "100 micrograms/day", False),
    ],
)
def test_a_restart_at_the_old_rate_is_refused_after_a_long_stop(stop: str, new: str, refused: bool) -> None:
    old = {**line("400 micrograms/day"), "start": "2024-01-05", "stop": stop}
    weighed = {"drug": "baclofen", "dose": new, "route": "intrathecal"}
    said = {"medicines": [old], "considering": [weighed]}
    assert tiers("baclofen-intrathecal-restart-old-rate", **said) == (["DANGER"] if refused else [])
    shown = review(read_patient({"as_of": str(TODAY), "age": 52, "conditions": ["multiple sclerosis"], **said}, KNOWLEDGE, today=TODAY), knowledge=KNOWLEDGE, predict=False)  # fmt: skip
    (page,) = [p for p in shown.plan if p.kind == "pump"]
    assert (page.refused is not None) is refused
    assert bool([entry for entry in page.reckoning if entry.what == "Test doses"]) is (not refused)  # fmt: skip


def test_what_is_reached_has_no_days_left() -> None:
    low = running(100, {**DEVICE, "residual": "3 mL", "concentration": "2000 micrograms/mL"})
    reached = one(low, "The last 4 mL")
    assert reached.value is None and reached.text.startswith("They are reached.")
    assert not lines(low, "Days until 4 mL are left") and one(low, "Days to the alarm").value == 20
    by = next(entry for entry in low.reckoning if entry.what == "Refill today")
    assert "the last 4 mL, which are reached" in by.how and "due today" in by.text and by.value is None
    for rate in (50, 400, 900):
        for residual in ("0.5 mL", "2 mL", "4 mL", "12 mL", "39 mL"):
            shown = running(rate, {**DEVICE, "residual": residual})
            assert not [e for e in shown.reckoning if e.unit == "days" and e.value is not None and e.value <= 0]
            assert not [e for e in shown.reckoning if " -" in e.text or " 0 days" in e.text]


def test_nothing_is_reckoned_with_a_slip_of_the_unit() -> None:
    slip = made(age=45, conditions=["multiple sclerosis"], medicines=[line("400 mg/day")], pump=DEVICE)
    assert slip.refused is not None and "slip of its unit" in slip.refused
    assert not lines(slip, "Hours of drug left") and not lines(slip, "Fluid a day") and not slip.bounds
    assert any("slip of its unit" in need for need in slip.needs_first)


def test_lines_that_differ_are_said_on_the_emergency_page() -> None:
    about = {"age": 45, "conditions": ["multiple sclerosis"]}
    found = made(**about, medicines=[line("400 micrograms/day"), line("100 micrograms/day")], pump={**DEVICE, "residual": "1 mL"})  # fmt: skip
    assert any("100 to 500 micrograms/day, as its 2 lines differ" in entry.text for entry in found.reckoning)


def test_a_pump_that_is_only_weighed_has_no_emergency_now() -> None:
    start = made(age=45, conditions=["multiple sclerosis"], medicines=[], considering=[{"drug": "baclofen", "dose": "100 micrograms/day", "route": "intrathecal"}])  # fmt: skip
    assert all(t.text.startswith("Once the pump delivers: ") for g in start.gates for t in g.call)
    assert all(w.action.startswith("Once the pump delivers: ") for w in start.withdrawal)
    assert not [t for g in running(400, DEVICE).gates for t in g.call if t.text.startswith("Once")]


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-11-23", ("until", "1 day")), ("2026-12-01", ("until", "9 days")), ("2026-11-20", ("since", "2 days")), ("2026-11-22", None)],
)  # fmt: skip
def test_how_far_a_scan_is_away_is_said_without_a_minus(day: str, said: tuple[str, str] | None) -> None:
    (found,) = [f for f in findings(procedure={"kind": "MRI", "date": day}) if "baclofen-intrathecal-mri" in f.rules]
    when = [(b.fact.partition(" ")[0], b.value) for b in found.because if b.value not in ("yes", "no")]
    assert when == ([] if said is None else [said])


def test_a_dry_pump_was_due_the_longer_ago_the_slower_it_runs() -> None:
    """Between two rates the due day that is past lies between two; it was said from the later to the earlier, and so as “at most”."""
    filled = {**DEVICE, "concentration": "2000 micrograms/mL", "refilled": "2026-07-05"}
    dry = {name: value for name, value in filled.items() if name != "residual"}
    for rate, said in (("620 to 740", "13 to 14 days ago"), ("740", "13 days ago"), ("620", "14 days ago")):
        made = findings(medicines=[line(f"{rate} micrograms/day")], pump=dry)
        (found,) = [f for f in made if "baclofen-intrathecal-refill-due" in f.rules]
        assert ("days until the refill is due", said) in [(b.fact, b.value) for b in found.because], rate


def test_a_described_pump_that_no_line_runs_is_not_said_to_run() -> None:
    found = made(age=45, conditions=["multiple sclerosis"], medicines=[], pump={**DEVICE, "residual": "1 mL"})
    assert "if it runs at all" in one(found, "Reservoir empty").text
    assert any("whether the pump runs" in need for need in found.needs_first)
    stopped = made(age=45, conditions=["multiple sclerosis"], medicines=[line(stop=TODAY.isoformat())], pump=DEVICE)
    assert one(stopped, "Delivery stopped").value is None
