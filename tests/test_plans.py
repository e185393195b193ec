"""Plans against the labels and against what a pharmacist would say: exact where nothing bounds, bounded and said where something does."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conftest import TODAY, reviewed
from made_plans import steps_of
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.calendar import supplies
from relaxant.planning.plan import Plan
from relaxant.planning.planned import planned
from relaxant.planning.taper import taper_plan
from test_lint import pack

BASE: dict[str, Any] = {
    "sex": "female",
    "age": 45,
    "weight": "64 kg",
    "height": "168 cm",
    "dialysis": "none",
    "pregnant": False,
    "stands_on_tone": False,
    "conditions": ["multiple sclerosis"],
    "allergies": [],
    "labs": [
        {"name": "creatinine", "value": "0.7 mg/dL", "date": "2026-11-20"},
        {"name": "ALT", "value": "20 U/L", "date": "2026-11-20"},
        {"name": "AST", "value": "20 U/L", "date": "2026-11-20"},
    ],
    "observations": [
        {"name": "systolic blood pressure", "value": "128 mmHg", "date": "2026-11-20"},
        {"name": "heart rate", "value": "72 /min", "date": "2026-11-20"},
    ],
}


def plan_of(kind: str, **changes: Any) -> Plan:
    (plan,) = (p for p in reviewed({**BASE, "medicines": [], **changes}).plan if p.kind == kind)
    return plan


def doses(plan: Plan) -> list[tuple[tuple[float, ...], int | None]]:
    return [(tuple(t.amount for t in s.takes), s.days) for s in plan.steps]


def test_baclofen_is_raised_as_the_us_label_says() -> None:
    """Ozobax 2.1: 5 mg three times a day for 3 days, 10, 15, 20 three times a day, each 3 days; at most 80 mg a day (20 mg four times)."""
    plan = plan_of("titration", considering=["baclofen"])
    assert doses(plan) == [
        ((5, 5, 5), 3),
        ((10, 10, 10), 3),
        ((15, 15, 15), 3),
        ((20, 20, 20), 3),
        ((20, 20, 20, 20), None),
    ]
    assert plan.needs_first == () and plan.refused is None
    assert [w.agent for w in plan.withdrawal] == ["baclofen"]


def test_tizanidine_begins_at_two_milligrams() -> None:
    """US label 2.1/2.2: start at 2 mg, up to three times a day, raise by 2 to 4 mg a dose, at most 36 mg a day."""
    plan = plan_of("titration", considering=["tizanidine"])
    first, *_, last = plan.steps
    assert [t.amount for t in first.takes] == [2, 2, 2]
    assert last.daily == 36 and len(last.takes) == 3
    rises = [b.takes[0].amount - a.takes[0].amount for a, b in zip(plan.steps, plan.steps[1:], strict=False)]
    assert all(2 <= rise <= 4 for rise in rises)


def test_a_first_dose_below_the_label_names_what_holds_it_there() -> None:
    """US, from 65 years: 2 mg in the whole first day, where the label begins with 2 mg three times a day."""
    first, second, *_ = plan_of("titration", age=70, considering=["tizanidine"]).steps
    assert [t.amount for t in first.takes] == [2] and first.bounds == ("tizanidine-older-adult-us",)
    assert second.daily == 6 and second.bounds == (), "the bound is of the first day alone"


def test_a_first_dose_and_each_rise_beside_an_opioid_name_what_holds_them() -> None:
    """Pregabalin beside an opioid begins with 25 mg once: the label begins with 150 mg a day."""
    plan = plan_of("titration", medicines=["oxycodone 5 mg three times a day"], considering=["pregabalin"])
    assert [(s.daily, s.bounds) for s in plan.steps[:2]] == [(d, ("pregabalin-breathing",)) for d in (25, 75)]


def test_a_first_dose_that_is_held_down_for_age_alone_says_so() -> None:
    said = {"age": 70, "country": "US", "conditions": ["irritable bowel syndrome"]}
    first = plan_of("titration", **said, considering=["dicyclomine"]).steps[0]
    assert first.daily == 20 and first.bounds == ("dicycloverine-older",)


def test_what_rounding_to_the_syringe_leaves_is_made_up_with_the_next_rise() -> None:
    """UK: 0.3 mg/kg a day and as much more each time, up to 2 mg/kg a day: the last rise of a child of 11 kg comes to 22 mg, and no later."""
    child = {
        "country": "UK",
        "age": 6,
        "weight": "11 kg",
        "height": "110 cm",
        "conditions": ["cerebral palsy"],
        "labs": [],
    }
    plan = plan_of("titration", **child, considering=["baclofen"])
    assert [s.daily for s in plan.steps] == pytest.approx([3.2, 6.4, 9.6, 12.8, 16, 19.2, 22])


def test_a_measured_rise_of_exposure_divides_the_first_dose_and_is_shown_with_its_agent() -> None:
    """Mexiletine raises the exposure to tizanidine 3.4 times (Momo 2010): 1 mg in the first days, where the label begins with 6 mg."""
    plan = plan_of("titration", medicines=["mexiletine 50 mg three times a day"], considering=["tizanidine"])
    (held,) = (b for b in plan.bounds if b.id == "exposure:mexiletine")
    assert (held.agent, held.kind, held.decides, held.verified) == ("tizanidine", "share", True, True)
    assert held.value == pytest.approx(1 / 3.4) and "exiletine raises exposure 3.4 times" in held.why
    assert {b.agent for b in plan.bounds} == {"tizanidine"} and all(b.source.id for b in plan.bounds)
    assert plan.steps[0].daily == 1 and "exposure:mexiletine" in plan.steps[0].bounds
    assert max(b.daily - a.daily for a, b in pairwise(plan.steps)) <= 6 / 3.4, (
        "no rise is more than its part of the label's"
    )
    free = plan_of("titration", considering=["tizanidine"])
    assert free.steps[0].daily == 6 and not any(b.id.startswith("exposure:") for b in free.bounds)


@pytest.mark.parametrize("partner", ["rifampin 600 mg once a day", "baclofen 5 mg at night"])
def test_a_partner_that_lowers_or_leaves_the_exposure_raises_no_dose(partner: str) -> None:
    """Rifampicin halves the exposure to tizanidine (Backman 2006): no dose is doubled for it, since it rises again when rifampicin ends."""
    plain, beside = (plan_of("titration", medicines=own, considering=["tizanidine"]) for own in ([], [partner]))
    assert [s.daily for s in beside.steps] == [s.daily for s in plain.steps]
    assert not any(b.id.startswith("exposure:") for b in beside.bounds)


def test_a_plan_says_the_usual_dose_of_its_source() -> None:
    assert (
        "The usual dose is reached between 900 and 1800 mg a day"
        in plan_of("titration", considering=["gabapentin"]).why
    )
    tizanidine = plan_of("titration", country="UK", considering=["tizanidine"])
    assert "The usual dose lies up to 24 mg a day" in tizanidine.why


def test_a_limit_by_weight_has_no_amount_where_the_weight_is_not_known() -> None:
    child = {
        **{k: v for k, v in BASE.items() if k not in ("weight", "height")},
        "age": 8,
        "conditions": ["cerebral palsy"],
    }
    (plan,) = reviewed({**child, "medicines": [], "considering": ["dantrolene"]}).plan
    (held,) = (b for b in plan.bounds if b.kind == "daily" and "weight" in b.settled_by)
    assert held.open and held.value is None and not held.decides


@pytest.mark.parametrize("days", [28, 29, 57])
def test_what_is_supplied_is_what_is_taken_to_the_last_day(days: int, knowledge: Knowledge) -> None:
    """Every supply is for 28 days: a calendar of 29 days has a second one for its last day."""
    first = date(2026, 11, 23)
    steps = steps_of("baclofen", [{"night": (15, [(1.5, 0)])}], first=first, each=days, before=20)
    facts = Facts(inputs_of([], knowledge), knowledge, "US")
    found = supplies(steps, facts)
    assert sum(s.count for s in found) == 1.5 * days and found[-1].until == steps[-1].last
    assert [(s.first - first).days for s in found] == list(range(0, days, 28))


def test_dantrolene_is_raised_as_the_us_label_says() -> None:
    """25 mg once a day for 7 days, 25 mg three times a day for 7, 50 mg three times a day for 7, 100 mg three times a day."""
    plan = plan_of(
        "titration", sex="male", considering=["dantrolene"]
    )  # of women over 35 a liver bound ends it earlier
    assert doses(plan)[:4] == [((25,), 7), ((25, 25, 25), 7), ((50, 50, 50), 7), ((100, 100, 100), doses(plan)[3][1])]


def test_the_steps_end_at_the_dose_that_is_weighed() -> None:
    plan = plan_of("titration", considering=["baclofen 10 mg three times a day"])
    assert doses(plan) == [((5, 5, 5), 3), ((10, 10, 10), None)]
    assert "30 mg a day" in plan.why


def test_a_dose_above_the_ceiling_is_cut_and_says_so() -> None:
    plan = plan_of("titration", considering=["baclofen 40 mg three times a day"])
    assert plan.steps[-1].daily == 80
    assert "120 mg" in plan.why and "80 mg" in plan.why


def test_raising_begins_above_what_is_taken() -> None:
    line = "baclofen 10 mg three times a day since 2026-09-01"
    plan = plan_of("titration", medicines=[line], considering=["baclofen 20 mg three times a day"])
    assert doses(plan) == [((15, 15, 15), 3), ((20, 20, 20), None)]
    assert plan.title == "Raising baclofen"
    assert plan.steps[0].changed == 15


def test_weak_kidneys_get_the_stricter_of_two_published_shares_and_both_are_shown() -> None:
    creatinine = {"name": "creatinine", "value": "1.2 mg/dL", "date": "2026-11-20"}
    plan = plan_of("titration", labs=[creatinine, *BASE["labs"][1:]], considering=["baclofen"])
    shares = [b for b in plan.bounds if b.kind == "share" and not b.open]
    assert len({b.id for b in shares}) >= 2
    decisive = [b for b in shares if b.decides]
    assert decisive and all(b.value == min(x.value for x in shares if x.value) for b in decisive)
    assert plan.steps[-1].daily <= 80 * (decisive[0].value or 1)
    assert all(set(s.bounds) & {b.id for b in decisive} for s in plan.steps)


def test_failing_kidneys_are_not_started_and_a_person_on_it_gets_the_way_out() -> None:
    failing = {"labs": [{"name": "creatinine", "value": "4 mg/dL", "date": "2026-11-20"}]}
    assert plan_of("titration", **failing, considering=["baclofen"]).refused
    taken = {"medicines": ["baclofen 10 mg three times a day since 2024-01-05"]}
    way_out = plan_of("taper", **failing, **taken)
    assert way_out.steps and way_out.last_dose is not None
    assert next(p for p in way_out.policies if p.chosen).id == "baclofen-low-kidney"
    assert way_out.why == "A DANGER stands for baclofen: the way out."


def test_a_danger_refuses_the_start_and_says_why() -> None:
    plan = plan_of(
        "titration", medicines=["ciprofloxacin 500 mg twice a day"], considering=["tizanidine 2 mg at night"]
    )
    assert plan.refused is not None and "iprofloxacin" in plan.refused
    assert not plan.steps


def test_an_unknown_kidney_is_asked_before_the_first_dose() -> None:
    plan = plan_of("titration", labs=[], considering=["baclofen"])
    assert "creatinine" in plan.needs_first
    assert any(b.kind == "never" and b.open for b in plan.bounds)


def test_a_taper_in_tablets_ends_on_a_day() -> None:
    line = "baclofen 20 mg three times a day since 2024-01-05"
    plan = plan_of("taper", medicines=[line], considering=["stop baclofen"])
    assert [s.daily for s in plan.steps] == sorted({s.daily for s in plan.steps}, reverse=True)
    assert plan.steps[0].first == TODAY and plan.last_dose == plan.steps[-1].last
    assert plan.withdrawal and plan.withdrawal[0].emergency
    assert plan.missed[0].days_from == 0
    (slower,) = (b for b in plan.branches if b.kind == "slower")
    assert [s.back_to for s in plan.steps] == [None, *(s.number for s in plan.steps[:-1])]
    assert {s.days for s in slower.steps} == {6} and "6 days or more at each dose" in slower.text
    assert slower.last_dose is not None and plan.last_dose is not None and slower.last_dose > plan.last_dose


def test_a_modified_release_product_is_lowered_in_its_own_products() -> None:
    line = "clonidine extended-release 0.1 mg twice a day since 2024-01-01"
    plan = plan_of("taper", country="US", medicines=[line], considering=["stop clonidine"])
    assert plan.steps and all(p.modified_release for p in plan.products)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("baclofen as needed 10 mg", "really taken"),
        ("baclofen 5-10 mg three times a day since 2024-01-05", "really taken"),
        ("baclofen since 2024-01-05", "really taken"),
    ],
)
def test_a_taper_is_not_guessed(line: str, missing: str) -> None:
    plan = plan_of("taper", medicines=[line], considering=["stop baclofen"])
    assert plan.refused and not plan.steps
    assert any(missing in need for need in plan.needs_first)


def test_a_lower_dose_is_reached_and_kept() -> None:
    line = "baclofen 20 mg three times a day since 2024-01-05"
    plan = plan_of("taper", medicines=[line], considering=["baclofen 10 mg three times a day"])
    assert plan.title == "Lowering baclofen" and plan.steps[-1].daily == 30
    assert plan.last_dose is None


def test_a_lower_dose_that_is_weighed_in_millilitres_is_reached_in_milligrams() -> None:
    line = "baclofen 5 mg/5 mL oral solution 20 mL three times a day since 2024-01-05"
    lower = {"drug": "baclofen oral solution 5 mg/5 mL", "dose": "10 mL", "frequency": "three times a day"}
    plan = plan_of("taper", medicines=[line], considering=[lower])
    assert plan.steps[0].daily < 60 and plan.steps[-1].daily == 30 and "30 mg a day" in plan.why
    assert all(p.liquid for p in plan.products)


@pytest.mark.parametrize(("stopped", "do"), [("2026-11-21", "call"), ("2026-11-05", "retitrate")])
def test_missed_days_decide_what_to_do(stopped: str, do: str) -> None:
    line = {
        "drug": "baclofen",
        "dose": "20 mg",
        "frequency": "three times a day",
        "start": "2024-01-05",
        "stop": stopped,
    }
    plan = plan_of("resume", medicines=[line])
    (now,) = (m for m in plan.missed if m.now)
    assert now.do == do
    assert not plan.steps or do == "retitrate"


def test_what_to_do_after_missed_days_may_depend_on_the_dose_that_was_taken(tmp_path: Path) -> None:
    """A place sends those to hospital who took 40 mg a day or more: nobody who took less reads it."""
    hospital = {
        "gap": "ward-high-dose", "agents": ["baclofen"], "days_from": 1, "days_to": 14, "do": "call", "source": "my-source", "place": "page 1",
        "when": {"fact": "previous_daily_dose", "at_least": "40", "unit": "mg/day"}, "text": "Come to the hospital now.",
    }  # fmt: skip
    knowledge = load_knowledge(pack(tmp_path / "ward", gaps=[hospital]))
    for dose, told in (("20 mg", True), ("5 mg", False)):
        line = {
            "drug": "baclofen",
            "dose": dose,
            "frequency": "three times a day",
            "start": "2024-01-05",
            "stop": "2026-11-20",
        }
        (plan,) = (p for p in reviewed({**BASE, "medicines": [line]}, knowledge).plan if p.kind == "resume")
        assert (hospital["text"] in [m.text for m in plan.missed if m.now]) == told


def test_a_switch_is_one_calendar_of_both() -> None:
    line = "baclofen 20 mg three times a day since 2024-01-05"
    plan = plan_of("switch", medicines=[line], considering=["stop baclofen", "tizanidine 4 mg three times a day"])
    up, down = ([s for s in plan.steps if s.agent == a] for a in ("tizanidine", "baclofen"))
    assert up and down and down[0].first == up[0].first and down[0].changed == 0 > down[1].changed
    assert [s.daily for s in up] == sorted(s.daily for s in up)
    assert [s.daily for s in down] == sorted((s.daily for s in down), reverse=True)
    assert "to compare with" in plan.why
    assert plan.last_dose == down[-1].last
    for step in (*plan.steps, *(s for b in plan.branches for s in b.steps)):
        for take in step.takes:
            assert sum(c.count * plan.products[c.product].strength for c in take.counts) == pytest.approx(take.amount)


def test_liquid_for_whoever_is_fed_by_tube() -> None:
    plan = plan_of("titration", swallowing="tube", considering=["baclofen via feeding tube"])
    assert plan.products[0].liquid
    assert all(
        c.count * plan.products[0].strength == pytest.approx(t.amount)
        for s in plan.steps
        for t in s.takes
        for c in t.counts
    )


def test_children_by_weight_with_the_cap() -> None:
    """UK label: about 0.3 mg/kg a day to start, usually up to 2 mg/kg a day, at most 40 mg below 8 years."""
    child = {
        "country": "UK",
        "age": 6,
        "weight": "18 kg",
        "height": "110 cm",
        "conditions": ["cerebral palsy"],
        "labs": [],
    }
    plan = plan_of("titration", **child, considering=["baclofen"])
    assert plan.steps[0].daily <= 0.3 * 18 + 1e-9
    assert plan.steps[-1].daily <= min(2 * 18, 40)
    assert plan.products[0].liquid


def test_a_plan_begins_on_the_day_of_the_review() -> None:
    assert plan_of("titration", considering=["baclofen"]).steps[0].first == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("lines", "weighed", "own"),
    [
        (["clonazepam 0.5 mg three times a day since 2024-01-05"], [{"drug": "clonazepam", "change": "stop"}, "diazepam"], {"swallowing": "tube"}),
        ([], ["methocarbamol"], {"age": 80, "conditions": ["back pain"]}),
        (["baclofen 20 mg three times a day since 2024-01-05"], ["baclofen 25 mg three times a day"], {"labs": [{"name": "creatinine", "value": "1.8 mg/dL", "date": "2026-11-20"}]}),
    ],
)  # fmt: skip
def test_who_stands_second_in_a_table_is_planned_as_if_alone(lines: list[str], weighed: list[Any], own: dict[str, Any]) -> None:  # fmt: skip
    """Beside somebody who swallows everything, is younger and has sound kidneys: nobody gets another one's dose or product."""
    knowledge = load_knowledge()
    people = [
        read_patient({"as_of": "2026-11-22", **BASE, "country": "US", **said, "medicines": lines, "considering": weighed}, knowledge, today=TODAY)
        for said in ({}, own)
    ]  # fmt: skip
    readings = [(patient, read_medicines(patient, knowledge)) for patient in people]

    def doses(table: list[Any], row: int) -> list[Any]:
        facts = Facts(inputs_of(table, knowledge), knowledge, people[0].jurisdiction)
        patient, medicines = table[row]
        plans = planned(patient, medicines, facts, lambda _: (), row)
        return [(p.id, p.refused, p.bounds, p.products, p.steps, p.missed, p.last_dose) for p in plans]

    second = doses(readings, 1)
    assert second and second == doses(readings[1:], 0)
    assert second != doses(readings, 0), "the one before is planned otherwise"


def test_how_long_ago_the_second_of_a_table_stopped_marks_where_they_stand() -> None:
    knowledge = load_knowledge()
    stopped = "baclofen 20 mg three times a day since 2024-01-05 stopped 2026-11-20"
    people = [
        read_patient({"as_of": "2026-11-22", **BASE, "medicines": own}, knowledge, today=TODAY)
        for own in ([], [stopped])
    ]
    readings = [(patient, read_medicines(patient, knowledge)) for patient in people]
    facts = Facts(inputs_of(readings, knowledge), knowledge, people[0].jurisdiction)
    first, second = (taper_plan("baclofen", own, facts, TODAY, row=row) for row, (_, own) in enumerate(readings))
    assert not any(gap.now for gap in first.missed) and any(gap.now for gap in second.missed)
