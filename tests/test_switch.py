"""Exchanges: of forms, of routes, part for part and by cross-taper, over generated people and against the numbers of the sources."""

from __future__ import annotations

import itertools
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import FULL, TODAY, in_danger, reviewed
from relaxant.cli.main import main
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.plans import Switch
from relaxant.medicines.read import read_medicines
from relaxant.planning.dose import room
from relaxant.planning.handover import most_daily
from relaxant.planning.plan import Plan, Step
from relaxant.report.plans import render_plan
from relaxant.report.review.view import head_of
from relaxant.reviewing import Review
from test_planning import KNOWN, OTHERS, PLANS, person, sound

SEEDS = range(1500 if FULL else 90)
SWITCHES = list(PLANS.switches.values())
LONG = "2024-05-01"
AS_OF = date(2026, 11, 22)
TABLETS = {
    "drug": "baclofen",
    "form": "tablet",
    "dose": "10 mg",
    "frequency": "three times a day",
    "start": "2024-01-05",
}
PERSON: dict[str, Any] = {
    "country": "US", "sex": "female", "age": 50, "weight": "70 kg", "height": "165 cm", "conditions": ["multiple sclerosis"], "allergies": [], "dialysis": "none", "swallowing": "normal",
    "labs": [{"name": "creatinine", "value": "0.7 mg/dL", "date": "2026-11-20"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-20"}],
}  # fmt: skip


def plans_of(medicines: list[Any], considering: list[Any], **said: Any) -> dict[str, Plan]:
    review = reviewed({**PERSON, "medicines": medicines, "considering": considering, **said})
    return {plan.id: plan for plan in review.plan}


def switch_of(medicines: list[Any], considering: list[Any], **said: Any) -> Plan:
    (plan,) = (p for p in plans_of(medicines, considering, **said).values() if p.kind == "switch")
    return plan


def of(plan: Plan, agent: str) -> list[Step]:
    return [step for step in plan.steps if step.agent == agent]


def stop(drug: str) -> dict[str, str]:
    return {"drug": drug, "change": "stop"}


# ---------------------------------------------------------------- everybody


def taken_line(switch: Switch, chance: random.Random) -> dict[str, Any]:
    """A line of the old one, at a dose that its products make."""
    known = KNOWN.agents[switch.from_agent]
    if known.dose_unit == "units":
        return {"drug": known.ingredient, "dose": "200 units", "frequency": "once", "start": "2026-10-01"}
    if "oral" not in known.routes:
        return {"drug": known.ingredient, "route": known.routes[0], "dose": f"{chance.choice([100, 400])} micrograms/day", "start": LONG}  # fmt: skip
    strengths = [s for p in known.products for s in p.strengths if p.per == "piece" and p.form in ("tablet", "capsule")]
    line = {"drug": known.ingredient, "route": "oral", "dose": f"{chance.choice(strengths) * chance.choice([1, 2]):g} mg", "frequency": chance.choice(["twice a day", "three times a day"]), "start": LONG}  # fmt: skip
    if switch.from_agent == switch.to_agent:
        form = switch.from_form if switch.from_form in ("tablet", "capsule") else "tablet"
        line["form"] = form
        if switch.to_form in ("tablet", "capsule"):
            line["form"] = {"tablet": "capsule", "capsule": "tablet"}[switch.to_form]
        if line["form"] == "capsule" and switch.from_agent != "tizanidine":
            line |= {"form": "oral solution", "strength": "1 mg/mL"}
        if switch.from_form in ("fasted", "with food"):
            line["frequency"] += " with food" if switch.from_form == "with food" else " on an empty stomach"
    return line


def weighed_line(switch: Switch, line: dict[str, Any], chance: random.Random) -> list[dict[str, Any]]:
    known = KNOWN.agents[switch.to_agent]
    if switch.from_agent == switch.to_agent:
        new = {k: v for k, v in line.items() if k not in ("start", "strength")}
        often = str(new["frequency"]).removesuffix(" with food").removesuffix(" on an empty stomach")
        if switch.to_form in PLANS_MEALS:
            words = {
                "with food": " with food",
                "fasted": " on an empty stomach",
                "sprinkled": " sprinkled on apple sauce",
            }
            return [{**new, "frequency": often + words[str(switch.to_form)]}]
        strength = {"oral solution": "1 mg/mL", "oral suspension": "5 mg/mL"}.get(str(switch.to_form))
        return [{**new, "form": switch.to_form, "frequency": often, **({"strength": strength} if strength else {})}]
    new = {"drug": known.ingredient, "route": known.routes[0]}
    old = {"drug": line["drug"], "route": line.get("route", "oral"), "change": "stop"}
    if known.dose_unit == "units" or "oral" not in known.routes:
        return [new] if known.dose_unit == "units" else [new, *([old] if chance.random() < 0.3 else [])]
    return [new, old]


PLANS_MEALS = tuple(KNOWN.words("planning")["meals"])


def exchanging(seed: int) -> tuple[Switch, float, Review]:
    chance = random.Random(seed)
    switch = SWITCHES[seed % len(SWITCHES)]
    who = {**person(chance), "age": chance.choice([25, 45, 60, 72, 88])}
    if switch.jurisdiction:
        who["country"] = chance.choice(["DE" if j == "EU" else j for j in switch.jurisdiction])
    line = taken_line(switch, chance)
    others = chance.sample(OTHERS, chance.randint(0, 3))
    review = reviewed({**who, "medicines": [line, *others], "considering": weighed_line(switch, line, chance)})
    times = {"twice a day": 2, "three times a day": 3}
    often = next((n for words, n in times.items() if str(line.get("frequency", "")).startswith(words)), 0)
    return switch, often * float(str(line["dose"]).split()[0]) if often else 0.0, review


@pytest.mark.parametrize("seed", SEEDS)
def test_an_exchange_keeps_what_an_exchange_promises(seed: int) -> None:
    switch, daily, review = exchanging(seed)
    plans = [p for p in review.plan if p.kind in ("switch", "taper", "titration")]
    for plan in plans:
        sound(plan)
    grave = in_danger(review)
    own = [p for p in plans if p.kind == "switch"]
    if switch.from_agent == switch.to_agent:
        if switch.from_agent in grave or any("asks that it be left" in p.why for p in plans):
            assert [p.kind for p in plans] == ["taper"], "the way out"
            return
        _form_is_kept(switch, daily, own)
        return
    (plan,) = own
    assert plan.policies[0].id == switch.switch
    if switch.to_agent in grave or any(
        b.kind == "never" and not b.open for b in plan.bounds if b.agent == switch.to_agent
    ):
        assert plan.refused
        assert not of(plan, switch.to_agent)
    at_once = any(p.id in PLANS.tapers and PLANS.tapers[p.id].at_once for p in plan.policies if p.chosen)
    if of(plan, switch.to_agent):
        assert at_once or of(plan, switch.from_agent), "nothing is started beside"
    _never_up(plan, switch.from_agent)
    if switch.method in ("cross-taper", "exchange") and of(plan, switch.from_agent):
        assert of(plan, switch.from_agent)[0].first == AS_OF, "the supply lasts from the first day"
        assert min(s.first for s in plan.supply) == AS_OF
    if switch.method in ("cross-taper", "exchange") and plan.steps and not at_once:
        assert sum(b.kind == "rescue" for b in plan.branches) == 1
        assert all("once" in b.text and "call" in b.text for b in plan.branches if b.kind == "rescue")
    if switch.method == "exchange":
        _part_for_part(switch, daily, plan)
        _within_both(switch, daily, plan, review)
    if switch.method == "retitrate":
        assert not plan.steps
        assert "None." in plan.reckoning[0].text
    if switch.method == "trial" and not plan.refused:
        assert not of(plan, switch.to_agent)
        assert plan.withdrawal
        assert any(p.kind == "pump" for p in review.plan)


def _never_up(plan: Plan, agent: str) -> None:
    before: dict[str, float] | None = None
    for step in of(plan, agent):
        now = {str(t.at): t.amount for t in step.takes}
        if before is not None:
            assert all(now.get(part, 0) <= dose for part, dose in before.items())
            assert set(now) <= set(before)
        assert step.changed <= 0
        before = now


def _part_for_part(switch: Switch, daily: float, plan: Plan) -> None:
    """What the new one has reached by a day is never above what the old one has given up for it by the ratio reckoned with."""
    ratio = switch.ratio or switch.ratio_low or 0
    parts, days = switch.parts or 1, -(-(switch.over_days or 0) // (switch.parts or 1))
    for step in of(plan, switch.to_agent):
        first = min(s.first for s in plan.steps)
        part = min(parts, (step.first - first).days // days + 1)
        assert step.daily <= daily * ratio * part / parts + 1e-6
        assert step.changed > 0
    bounds = [b for b in plan.bounds if b.agent == switch.to_agent and not b.open and b.value is not None]
    for step in of(plan, switch.to_agent):
        assert all(step.daily <= (b.value or 0) + 1e-9 for b in bounds if b.kind == "daily")
        assert all(t.amount <= (b.value or 0) + 1e-9 for b in bounds if b.kind == "single" for t in step.takes)


def ceilings(review: Review) -> dict[str, float]:
    """The most in a day of each agent, by what the person's kidneys, liver, age and medicines leave."""
    patient = read_patient(review.patient, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    return {agent: most_daily(room(agent, facts)) for agent in facts.inputs.agents}


def on_day(plan: Plan, agent: str, day: date, taken: float) -> float:
    """The day's dose by the plan; before its first step what is taken now."""
    own = of(plan, agent)
    if not own:
        return 0.0
    if day < own[0].first:
        return own[0].daily - own[0].changed
    return next((s.daily for s in own if s.first <= day and (s.last is None or day <= s.last)), 0.0)


def _within_both(switch: Switch, daily: float, plan: Plan, review: Review) -> None:
    """Each dose as a part of its own most: together never above the whole of what is allowed while the new one is taken, nor above
    what is taken now where the label alone is passed."""
    most = ceilings(review)
    new, old = most[switch.to_agent], most[switch.from_agent]
    for day in sorted({s.first for s in plan.steps}):
        rising, falling = on_day(plan, switch.to_agent, day, 0), on_day(plan, switch.from_agent, day, daily)
        if rising:
            assert rising / new + falling / old <= max(1, daily / old) + 1e-6
    if daily > old and of(plan, switch.from_agent):
        assert plan.steps and min(s.first for s in of(plan, switch.from_agent)) == min(s.first for s in plan.steps)


def _form_is_kept(switch: Switch, daily: float, own: list[Plan]) -> None:
    (plan,) = own
    assert plan.id == f"switch:{switch.from_agent}:form"
    if plan.refused:
        assert not plan.steps
        return
    if switch.method == "same dose":
        (step,) = plan.steps
        assert step.daily == pytest.approx(daily)
        assert step.changed == 0
        assert step.last is None
        assert {p.form for p in plan.products} == {switch.to_form}
        assert len({p.strength for p in plan.products if p.liquid}) <= 1, "one strength of a liquid"
        return
    assert max(s.daily for s in plan.steps) <= daily + 1e-9, "never above what is taken"
    assert plan.steps[-1].last is None
    fell = [s.changed for s in plan.steps]
    assert fell == sorted(fell, key=lambda change: change > 0), "first back, then up"


@pytest.mark.parametrize("number", range(len(SWITCHES)))
def test_every_exchange_is_shown_in_every_format(number: int) -> None:
    _switch, _daily, review = exchanging(number)
    head = head_of(review, knowledge=KNOWN)
    for plan in review.plan:
        if plan.kind == "switch":
            ward = any(p.supervised and p.chosen for p in plan.policies)
            sheet = (
                ("sheet",) if plan.steps and not plan.refused and not ward else ()
            )  # it needs doses that are taken at home
            for format in ("text", "json", "html", "fhir", *sheet):
                assert render_plan(plan, format, head=head, knowledge=KNOWN)  # type: ignore[arg-type]


# ---------------------------------------------------------------- tablets and liquids


@pytest.mark.parametrize(
    ("weighed", "millilitres"),
    [
        ({"drug": "baclofen oral solution 5 mg/5 mL", "dose": "10 mg", "frequency": "three times a day"}, 10),
        ({"drug": "baclofen oral solution 5 mg/5 mL", "dose": "10 mL", "frequency": "three times a day"}, 10),
        ("baclofen 10 mg/5 mL oral solution 10 mg three times a day", 5),
        ("Ozobax 10 mg three times a day", 10),
        ("Fleqsuvy 10 mg three times a day", 2),
        ("baclofen oral suspension 25 mg/5 mL 2 mL three times a day", 2),
        ("switch baclofen tablets to baclofen oral suspension 10 mg three times a day", 2),
    ],
)
def test_tablets_become_the_same_dose_in_other_millilitres(weighed: Any, millilitres: float) -> None:
    plan = switch_of([TABLETS], [weighed])
    (step,) = plan.steps
    assert step.daily == 30
    assert {c.count for t in step.takes for c in t.counts} == {millilitres}
    assert plan.reckoning[0].value == millilitres
    assert "10 mg as tablet" in plan.reckoning[0].text
    assert f"{millilitres} mL" in plan.reckoning[0].text
    assert not any(p.kind in ("titration", "taper") for p in plans_of([TABLETS], [weighed]).values())


def test_a_liquid_becomes_the_same_dose_in_tablets() -> None:
    """What stands for the part of the day is milligrams where tablets are counted, and millilitres where a liquid is measured."""
    plan = switch_of(
        ["baclofen 5 mg/5 mL oral solution 10 mg three times a day"], ["baclofen 10 mg tablet three times a day"]
    )
    line = plan.reckoning[0]
    assert (line.value, line.unit) == (10, "mg")
    assert line.text == "Until now 10 mg, 10 mL of oral solution with 1 mg in 1 mL. From now 10 mg: 1 tablet of 10 mg."
    solution = "baclofen 5 mg/5 mL oral solution 20 mg three times a day"
    two = switch_of([solution], ["baclofen tablets 20 mg three times a day"], country="UK")
    assert two.reckoning[0].text.endswith("From now 20 mg: 2 tablets of 10 mg.")


def test_of_two_liquids_the_millilitres_of_both_are_said_and_what_the_old_ones_would_be_of_the_new() -> None:
    """10 mg are 5 mL of 2 mg/mL and 2 mL of 5 mg/mL; 5 mL of the new bottle would be 25 mg."""
    plan = switch_of(
        ["baclofen 10 mg/5 mL oral solution 10 mg three times a day"], ["Fleqsuvy 10 mg three times a day"]
    )
    dose, hazard, *_ = plan.reckoning
    assert dose.what == "Dose: Morning, Noon and Night"
    assert dose.text.startswith("Until now 10 mg, 5 mL of oral solution with 2 mg in 1 mL. From now 10 mg: 2 mL")
    assert (hazard.what, hazard.value) == ("HAZARD", 25)
    assert hazard.text.startswith("The mL of before poured from the new bottle would be 25 mg instead of 10 mg")


def test_the_tenfold_hazard_is_reckoned_and_named() -> None:
    """Pharmacies mix 1, 5 and 10 mg/mL: the mL of the 1 mg/mL solution would be ten times the dose."""
    plan = switch_of([TABLETS], ["Ozobax 10 mg three times a day"])
    hazards = {line.value: line.text for line in plan.reckoning if line.what == "HAZARD"}
    assert set(hazards) == {20, 50, 100}
    assert "100 mg instead of 10 mg, 10 times the dose" in hazards[100]
    assert any("one concentration" in line.text for line in plan.reckoning)


def test_from_one_liquid_to_another_the_old_millilitres_are_the_first_hazard() -> None:
    old = "baclofen 5 mg/5 mL oral solution 10 mL three times a day since 2024-01-05"
    plan = switch_of([old], ["Fleqsuvy 10 mg three times a day"])
    first = next(line for line in plan.reckoning if line.what == "HAZARD")
    assert first.value == 50
    assert "The mL of before" in first.text
    assert plan.steps[0].takes[0].counts[0].count == 2


def test_no_millilitres_are_written_before_the_strength_is_known() -> None:
    plan = switch_of([TABLETS], ["baclofen oral solution 10 mg three times a day"])
    assert plan.refused
    assert "2 mg in 1 mL" in plan.refused
    assert not plan.steps
    assert plan.needs_first == ("strength of the liquid baclofen, in mg in 1 mL",)


def test_where_one_strength_is_sold_it_is_meant() -> None:
    plan = switch_of([TABLETS], ["baclofen oral solution 10 mg three times a day"], country="UK")
    assert {(p.form, p.strength) for p in plan.products} == {("oral solution", 1)}


@pytest.mark.parametrize(
    ("weighed", "country"),
    [
        ("baclofen oral suspension 10 mg three times a day", "UK"),
        ({"drug": "baclofen", "form": "oral solution", "strength": "10 mg/mL", "dose": "10 mg", "frequency": "three times a day"}, "US"),
        ("baclofen oral granules 10 mg three times a day", "DE"),
    ],
)  # fmt: skip
def test_what_is_not_sold_here_has_no_calendar(weighed: Any, country: str) -> None:
    plan = switch_of([TABLETS], [weighed], country=country)
    assert plan.refused
    assert "Sold here: tablet" in plan.refused
    assert not plan.steps


def test_a_dose_that_the_new_form_does_not_make_is_not_rounded() -> None:
    liquid = {"drug": "baclofen", "form": "oral solution", "strength": "1 mg/mL", "dose": "7 mg", "frequency": "three times a day"}  # fmt: skip
    tablets = {"drug": "baclofen", "form": "tablet", "dose": "7 mg", "frequency": "three times a day"}
    plan = switch_of([{**liquid, "start": LONG}], [tablets], country="UK")
    assert plan.refused is not None and "tablet does not make the present doses" in plan.refused
    assert plan.steps == () and plan.supply == ()


def test_a_form_is_not_exchanged_while_the_dose_is_a_range() -> None:
    liquid = {"drug": "baclofen", "form": "oral solution", "strength": "1 mg/mL", "dose": "10 mg", "frequency": "three times a day"}  # fmt: skip
    plan = switch_of([{**TABLETS, "dose": "10-20 mg"}], [liquid], country="UK")
    assert plan.refused is not None and "is a range" in plan.refused and not plan.steps
    assert plan.needs_first == ("how much baclofen is really taken, at which times",)


def test_an_exchange_of_form_changes_no_dose() -> None:
    """5 mL of 1 mg/mL three times a day is half of what is taken: said, and not followed."""
    plan = switch_of([TABLETS], ["baclofen 5 mg/5 mL oral solution 5 mL three times a day"])
    assert plan.steps[0].daily == 30
    assert "15 mg a day, is not the one that is taken, 30 mg a day" in plan.why


def test_a_line_without_a_form_means_tablets() -> None:
    plain = "baclofen 10 mg three times a day since 2024-01-05"
    assert not plans_of([plain], ["baclofen tablets 10 mg three times a day"])
    assert plans_of([plain], ["baclofen tablets 15 mg three times a day"]).keys() == {"titration:baclofen"}
    assert plans_of([plain], ["Ozobax 10 mg three times a day"]).keys() == {"switch:baclofen:form"}


def test_the_tube_is_spoken_of() -> None:
    for country, words in (("US", "8 French"), ("UK", "licensed choice")):
        weighed = "baclofen 5 mg/5 mL oral solution 10 mg three times a day"
        plan = switch_of([TABLETS], [weighed], country=country, swallowing="tube")
        assert any(words in line.text for line in plan.reckoning)
    plan = switch_of([TABLETS], ["Ozobax 10 mg three times a day"])
    assert not any("tube" in line.text for line in plan.reckoning)


# ---------------------------------------------------------------- tizanidine: form and food


def tizanidine(form: str, often: str = "three times a day", mg: int = 8) -> dict[str, Any]:
    return {"drug": "tizanidine", "form": form, "dose": f"{mg} mg", "frequency": often}


def test_capsules_to_tablets_step_back_and_then_up() -> None:
    """Peaks: a capsule with food 0.8, a tablet with food 1.3 times the reference: 62% of 24 mg, at 2 mg a day (US label)."""
    plan = switch_of([{**tizanidine("capsule"), "start": LONG}], [tizanidine("tablet")])
    forms = [{plan.products[c.product].form for t in s.takes for c in t.counts} for s in plan.steps]
    assert [s.daily for s in plan.steps] == [22, 20, 18, 16, 14, 14, 20, 24]
    assert forms == [{"capsule"}] * 5 + [{"tablet"}] * 3
    assert all(s.days == 1 for s in plan.steps[:5])
    assert any("2 to 3 hours after" in line.text for line in plan.reckoning)
    assert plan.needs_first == ("whether tizanidine is taken with food or without",)


def test_without_food_tablets_and_capsules_are_alike() -> None:
    fasted = "three times a day on an empty stomach"
    plan = switch_of([{**tizanidine("capsule", fasted), "start": LONG}], [tizanidine("tablet", fasted)])
    assert [s.daily for s in plan.steps] == [24]
    assert "Not interchangeable" in plan.policies[0].text


def test_tablets_to_capsules_begin_at_the_dose_and_may_do_less() -> None:
    plan = switch_of([{**tizanidine("tablet"), "start": LONG}], [tizanidine("capsule")])
    assert [s.daily for s in plan.steps] == [24]
    assert any("may do less" in line.text for line in plan.reckoning)


@pytest.mark.parametrize(
    ("before", "after", "begin"),
    [("on an empty stomach", "with food", 18), ("with food", "on an empty stomach", 24)],
)
def test_the_way_to_food_is_an_exchange_of_its_own(before: str, after: str, begin: float) -> None:
    """A tablet with food peaks up to 1.3 times as high: 77% of 24 mg is 18.5 mg."""
    old = {**tizanidine("tablet", f"three times a day {before}"), "start": LONG}
    plan = switch_of([old], [tizanidine("tablet", f"three times a day {after}")], country="UK")
    assert min(s.daily for s in plan.steps) == pytest.approx(begin, abs=1)
    assert plan.steps[-1].daily == 24


def test_a_form_that_no_piece_begins_low_enough_is_not_exchanged() -> None:
    """Fasted, a capsule peaks up to a quarter higher: 80% of 2 mg is 1.6 mg, less than the smallest capsule."""
    old, fasted = "once daily with food", "once daily on an empty stomach"
    plan = switch_of([{**tizanidine("capsule", old, 2), "start": LONG}], [tizanidine("capsule", fasted, 2)])
    assert plan.refused is not None and "capsule does not make" in plan.refused and not plan.steps
    larger = switch_of([{**tizanidine("capsule", old, 4), "start": LONG}], [tizanidine("capsule", fasted, 4)])
    assert min(step.daily for step in larger.steps) == 2


def test_capsules_are_not_sold_outside_the_us() -> None:
    plan = switch_of([{**tizanidine("tablet"), "start": LONG}], [tizanidine("capsule")], country="DE")
    assert plan.refused
    assert not plan.steps


# ---------------------------------------------------------------- tablets and the pump

PUMP = {"drug": "baclofen", "route": "intrathecal", "dose": "400 micrograms/day", "start": "2024-01-05"}


@pytest.mark.parametrize("left", [[], [stop("baclofen by mouth")]])
def test_tablets_stay_through_the_trial_and_go_after_it(left: list[Any]) -> None:
    """Saulino 2015: tablets are lowered once the pump delivers, oral baclofen first, by 25 to 50% at a time."""
    plans = plans_of([{**TABLETS, "dose": "20 mg"}], [{"drug": "baclofen", "route": "intrathecal"}, *left])
    plan = plans["switch:baclofen:baclofen intrathecal"]
    assert "pump:baclofen intrathecal" in plans
    (step,) = plan.steps
    assert (step.daily, step.changed, step.last) == (60, 0, None)
    after = plan.reckoning[-1]
    assert after.sources[0].id == "baclofen-itb-dosing-2015"
    assert after.text.startswith("Then 45 mg, 30 mg, 15 mg a day, and none.")
    assert any("No ratio exists" in p.text for p in plan.policies)
    assert {w.agent for w in plan.withdrawal} == {"baclofen", "baclofen intrathecal"}
    assert plan.gates
    assert any(note.startswith("baclofen has no last day here") for note in plan.notes)


def test_tablets_that_are_to_go_go_their_own_way_where_the_new_one_may_not_begin() -> None:
    """What is to know of the exchange stands beside it all the same."""
    ill = {"conditions": ["multiple sclerosis", "sepsis"]}
    pump = {"drug": "baclofen", "route": "intrathecal"}
    plan = switch_of([TABLETS], [pump, stop("baclofen by mouth")], **ill)
    assert plan.refused is not None and "infection" in plan.refused
    assert plan.steps and plan.steps[-1].last is not None  # and none after it
    assert plan.reckoning == switch_of([TABLETS], [pump], **ill).reckoning != ()


def test_an_infection_keeps_the_tablets_and_gives_no_day() -> None:
    """A spreading infection is a contraindication of the implant: nothing of the tablets changes for it."""
    plan = switch_of([TABLETS], [{"drug": "baclofen", "route": "intrathecal"}], conditions=["multiple sclerosis", "sepsis"])  # fmt: skip
    assert plan.refused is not None and "infection" in plan.refused
    assert plan.steps == () and plan.supply == () and not plan.needs_first
    assert any("Tablets go on unchanged" in line.text for line in plan.reckoning)
    assert not any(line.text.startswith("Then ") for line in plan.reckoning)  # no way down of the tablets


@pytest.mark.parametrize("said", [{"dose": "10-20 mg"}, {"frequency": "three times a day as needed"}])
def test_tablets_whose_dose_is_open_have_no_calendar_beside_a_trial(said: dict[str, str]) -> None:
    plan = switch_of([{**TABLETS, **said}], [{"drug": "baclofen", "route": "intrathecal"}])
    assert plan.needs_first == ("how much baclofen is really taken, at which times",)
    assert plan.refused is None and plan.steps == ()
    assert any("Tablets go on unchanged" in line.text for line in plan.reckoning)


@pytest.mark.parametrize("stopped", [True, False])
def test_from_the_pump_to_tablets_there_is_no_ratio_and_no_calendar(stopped: bool) -> None:
    tablets = "baclofen 10 mg by mouth three times a day"
    lines = [{**PUMP, "stop": "2026-11-20"}] if stopped else [PUMP]
    weighed: list[Any] = [tablets] if stopped else [{"drug": "baclofen", "route": "intrathecal", "change": "stop"}, tablets]  # fmt: skip
    plans = plans_of(lines, weighed)
    plan = plans["switch:baclofen intrathecal:baclofen"]
    assert plan.refused
    assert not plan.steps
    assert not any(p.kind == "titration" for p in plans.values()), "5 mg three times a day is no stand-in"
    assert any("emergency page" in line.text for line in plan.reckoning)
    assert "pump:baclofen intrathecal" in plans


def test_tablets_beside_a_pump_that_runs_are_no_exchange() -> None:
    assert "switch:baclofen intrathecal:baclofen" not in plans_of([PUMP], ["baclofen 5 mg by mouth three times a day"])


# ---------------------------------------------------------------- botulinum toxins


def test_botulinum_units_never_convert_and_the_time_between_sessions_is_kept() -> None:
    old = {"drug": "onabotulinumtoxinA", "dose": "200 units", "frequency": "once", "start": "2026-10-01"}
    plan = switch_of([old], ["abobotulinumtoxinA 500 units"])
    assert not plan.steps
    assert not plan.products
    assert "2026-12-24" in next(line.text for line in plan.reckoning if line.unit == "days")
    assert not any("500" in line.text or "600" in line.text for line in plan.reckoning)
    unsaid = {key: said for key, said in old.items() if key != "frequency"}  # there may have been another since
    later = switch_of([unsaid], ["abobotulinumtoxinA 500 units"])
    told = next(line.text for line in later.reckoning if line.unit == "days")
    assert "2026-12-24" in told and "later if there was one since" in told
    assert later.needs_first == ("day of the last session of onabotulinumtoxinA",)
    long_ago = switch_of([{**unsaid, "start": "2024-10-01"}], ["abobotulinumtoxinA 500 units"])
    assert "not known" in next(line.text for line in long_ago.reckoning if line.unit == "days")
    again = switch_of(["onabotulinumtoxinA 200 units every 12 weeks since 2025-10-01"], ["incobotulinumtoxinA"])
    assert again.needs_first == ("day of the last session of onabotulinumtoxinA",)


# ---------------------------------------------------------------- part for part, and cross-tapers


@pytest.mark.parametrize("age", [50, 80])
@pytest.mark.parametrize("dose", ["2 mg", "3 mg", "5 mg", "7 mg", "9 mg", "10 mg"])
def test_the_old_one_gives_up_no_more_than_the_new_one_replaces(dose: str, age: int) -> None:
    """Tablets of clonazepam round 0.47 mg down to 0.25: an old person on 14 mg of diazepam came down to 5 mg of it in one step, with 5 mg replaced."""
    taken = 2 * float(dose.split()[0])
    for country in ("US", "UK", "DE"):
        plan = switch_of([f"diazepam {dose} by mouth twice a day since 2024-01-05"], [stop("diazepam"), "clonazepam"], country=country, age=age)  # fmt: skip
        new, old = of(plan, "clonazepam"), of(plan, "diazepam")
        for step in new[:-1]:
            beside = sum(s.daily for s in old if s.first <= step.first and (s.last is None or step.first <= s.last))
            assert beside + step.daily / 0.05 >= taken - 1, (country, step)
    if (dose, age) == ("7 mg", 80):
        plan = switch_of([f"diazepam {dose} by mouth twice a day since 2024-01-05"], [stop("diazepam"), "clonazepam"], age=80)  # fmt: skip
        assert [s.daily for s in of(plan, "diazepam")[:3]] == [14, 9, 4]


def test_benzodiazepines_are_exchanged_part_for_part_by_the_lower_equivalent() -> None:
    """15 mg of diazepam: 0.75 mg (Ashton) to 1.5 mg (VA/DoD) of clonazepam; three parts over two weeks."""
    line = "diazepam 5 mg three times a day since 2024-01-05"
    for country in ("US", "UK", "DE"):
        plan = switch_of([line], [stop("diazepam"), "clonazepam"], country=country)
        assert [s.daily for s in of(plan, "clonazepam")] == [0.25, 0.5, 0.75]
        assert of(plan, "diazepam")[0].daily == 10
        assert (of(plan, "clonazepam")[-1].first - plan.steps[0].first).days <= 14
        assert "0.75 to 1.5 mg" in plan.why
        assert any("no way out" in text.text for text in plan.reckoning)


def test_gabapentin_and_pregabalin_are_never_both_at_full_dose() -> None:
    """900 to 150 mg and 1,800 to 300 mg a day (Fudin 2015); half of each for 4 days."""
    line = "gabapentin 600 mg three times a day since 2024-01-05"
    plan = switch_of([line], [stop("gabapentin"), "pregabalin"], country="UK")
    assert [s.daily for s in of(plan, "pregabalin")] == [150, 300]
    assert [(s.daily, s.days) for s in of(plan, "gabapentin")] == [(900, 4)]


def test_above_what_the_kidneys_allow_the_old_one_comes_down_before_the_new_one_begins() -> None:
    """Clearance 29 mL/min: gabapentin at most 600, pregabalin at most 150 mg a day, begun with a quarter of 150 mg."""
    person = {"country": "UK", "age": 70, "weight": "60 kg", "height": "160 cm", "labs": [{"name": "creatinine", "value": "130 umol/L", "date": "2026-11-15"}]}  # fmt: skip
    line = "gabapentin 600 mg three times a day since 2022-01-01"
    plan = switch_of([line], [stop("gabapentin"), "pregabalin 150 mg twice a day"], **person)
    old, new = of(plan, "gabapentin"), of(plan, "pregabalin")
    assert any(p.id == "gabapentin-kidney-uk-eu" for p in plan.policies)
    assert (old[0].first.isoformat(), old[-1].last) == ("2026-11-22", date(2026, 12, 10))
    assert [s.daily for s in new] == [25, 50, 75, 100, 125, 150]
    assert on_day(plan, "gabapentin", new[0].first, 1800) == 300
    assert all((two.first - one.first).days >= 7 for one, two in itertools.pairwise(new))
    assert "goes first" in plan.why
    assert {b.agent for b in plan.bounds} == {"gabapentin", "pregabalin"}
    assert not any(b.kind == "slower" for b in plan.branches)


def creatinine(value: str) -> list[dict[str, str]]:
    return [{"name": "creatinine", "value": f"{value} mg/dL", "date": "2026-11-20"}]


def test_the_new_one_follows_as_soon_as_the_old_one_leaves_room_and_never_beyond_what_it_has_given_up() -> None:
    """Where the kidneys leave half or less, each rise waits for the stage of its own titration: a week, not 8 days times 2 parts. What is taken of
    pregabalin on a day is at most a sixth of what gabapentin has come down by then, and the other way six times."""
    line = "gabapentin 200 mg three times a day since 2024-01-05"
    up = switch_of([line], [stop("gabapentin"), "pregabalin 15 mg twice a day"], country="DE", age=30, labs=creatinine("2.5"))  # fmt: skip
    assert [(s.first.isoformat(), s.daily) for s in of(up, "pregabalin")] == [("2026-11-22", 16), ("2026-11-29", 30)]
    line = "pregabalin 75 mg at night since 2024-01-05"
    down = switch_of([line], [stop("pregabalin"), "gabapentin"], age=30, labs=creatinine("2.5"))
    for plan, old, new, taken, ratio in ((up, "gabapentin", "pregabalin", 600, 1 / 6), (down, "pregabalin", "gabapentin", 75, 6)):  # fmt: skip
        assert "goes first" in plan.why and of(plan, new)
        for step in of(plan, new):
            assert step.daily <= ratio * (taken - on_day(plan, old, step.first, taken)) + 1e-3


def test_both_together_are_weighed_on_every_day_and_not_on_the_first_alone() -> None:
    """45 mg of diazepam would be 2.25 mg of clonazepam and 2 mg are allowed: the 5 mg of diazepam that stay would come on top of all that is allowed,
    although the first part of each is well within."""
    line = "diazepam 15 mg three times a day since 2024-01-05"
    plan = switch_of([line], [stop("diazepam"), "clonazepam"], country="UK", age=30)
    assert "goes first" in plan.why
    assert of(plan, "clonazepam")[-1].daily == 2 and of(plan, "clonazepam")[-1].first > of(plan, "diazepam")[-1].first


def test_the_product_is_one_whose_last_dose_takes_the_place_of_the_old_one() -> None:
    """0.3 mg of clonazepam for 6 mg of diazepam: half a tablet of 0.5 mg comes near after two parts and gets no further; the solution makes it."""
    line = "diazepam 2 mg three times a day since 2024-01-05"
    plan = switch_of([line], [stop("diazepam"), "clonazepam"], country="UK", age=30)
    assert [s.daily for s in of(plan, "clonazepam")] == pytest.approx([0.1, 0.2, 0.3])
    assert plan.last_dose == date(2026, 12, 1) and not any("not replaced by then" in note for note in plan.notes)


def test_where_no_product_makes_the_equivalent_the_one_that_comes_nearest_is_taken() -> None:
    """1.25 mg of diazepam for 0.125 mg of clonazepam: 1.2 mg of the solution, and not half a tablet of 2 mg on the last day."""
    line = "clonazepam 0.125 mg at night since 2024-01-05"
    plan = switch_of([line], [stop("clonazepam"), "diazepam"], age=30)
    assert [s.daily for s in of(plan, "diazepam")] == pytest.approx([0.4, 0.8, 1.2])


def test_where_the_age_holds_the_new_one_down_tablets_are_not_left_for_a_finer_product() -> None:
    """At 80 years 6.5 mg of 7 mg are reached in tablets; drops would bring 0.3 mg more, and another product."""
    line = "clonazepam 0.5 mg twice a day since 2024-01-05"
    plan = switch_of([line], [stop("clonazepam"), "diazepam 2.33 mg three times a day"], age=80, country="FR")
    assert [s.daily for s in of(plan, "diazepam")] == [3, 6.5]
    used = {plan.products[c.product].name for s in of(plan, "diazepam") for t in s.takes for c in t.counts}
    assert used == {"tablet"}


@pytest.mark.parametrize("daily", [600, 900, 1800, 2400, 3600])
@pytest.mark.parametrize("creatinine", ["0.7", "1.2", "1.6", "2.2", "4.5"])
@pytest.mark.parametrize("country", ["US", "UK", "DE"])
@pytest.mark.parametrize("way", [("gabapentin", "pregabalin", 1.0), ("pregabalin", "gabapentin", 6.0)])
def test_gabapentinoids_together_keep_within_what_the_kidneys_allow(way: tuple[str, str, float], country: str, creatinine: str, daily: float) -> None:  # fmt: skip
    old, new, less = way
    labs = [{"name": "creatinine", "value": f"{creatinine} mg/dL", "date": "2026-11-20"}]
    line = {"drug": old, "dose": f"{daily / 3 / less:g} mg", "frequency": "three times a day", "start": LONG}
    review = reviewed({**PERSON, "age": 72, "country": country, "labs": labs, "medicines": [line], "considering": [stop(old), new]})  # fmt: skip
    switch = next(s for s in SWITCHES if (s.from_agent, s.to_agent) == (old, new))
    (plan,) = (p for p in review.plan if p.kind == "switch")
    sound(plan)
    _within_both(switch, daily / less, plan, review)
    _part_for_part(switch, daily / less, plan)
    _never_up(plan, old)
    if "goes first" in plan.why:
        _as_gently_as_a_stop(plan, reviewed({**PERSON, "age": 72, "country": country, "labs": labs, "medicines": [line], "considering": [stop(old)]}))  # fmt: skip
        least = {"gabapentin": 300, "pregabalin": 150}[new]  # the smallest rise of their titrations
        assert all(s.changed <= least for s in of(plan, new)[1:])


def _as_gently_as_a_stop(plan: Plan, alone: Review) -> None:
    """With another one that has hardly begun, or has less of a place, the old one falls no faster than it would by itself."""
    (out,) = (p for p in alone.plan if p.kind == "taper")
    (old,) = {s.agent for s in out.steps}
    assert [(s.first, s.daily) for s in of(plan, old)] == [(s.first, s.daily) for s in out.steps]


def test_what_the_new_one_may_not_replace_goes_by_its_own_taper() -> None:
    """A third of a 1.4 g ceiling by kidney function: the rest of pregabalin is tapered and not dropped."""
    labs = [{"name": "creatinine", "value": "1.9 mg/dL", "date": "2026-11-20"}]
    line = "pregabalin 300 mg twice a day since 2024-01-05"
    plan = switch_of([line], [stop("pregabalin"), "gabapentin"], labs=labs)
    most = next(b.value for b in plan.bounds if b.id == "gabapentin-us-below-60" and b.kind == "daily")
    assert max(s.daily for s in of(plan, "gabapentin")) <= (most or 0)
    assert any(p.id == "pregabalin-long-use" for p in plan.policies)
    assert of(plan, "pregabalin")[-1].daily < 100
    _never_up(plan, "pregabalin")


@pytest.mark.parametrize(
    ("old", "new", "country", "pieces"),
    [
        ("baclofen 20 mg three times a day since 2020-01-01", "tizanidine 8 mg three times a day", "US", {(60.0, 7)}),
        ("diazepam 5 mg three times a day since 2016-01-01", "baclofen 5 mg three times a day", "UK", {(15.0, 7)}),
    ],
)
def test_the_week_of_both_is_a_step_and_is_supplied(old: str, new: str, country: str, pieces: set[tuple[float, int]]) -> None:  # fmt: skip
    drug = old.split()[0]
    plan = switch_of([old], [stop(drug), new], country=country)
    first, second = of(plan, drug)[:2]
    assert {(first.daily, first.days)} == pieces
    assert (first.number, first.changed, first.back_to, second.back_to) == (1, 0, None, 1)
    until = min(s.until for s in plan.supply)
    own = {c.product for s in of(plan, drug) for t in s.takes for c in t.counts}
    mg = sum(s.count * plan.products[s.product].strength for s in plan.supply if s.product in own and s.until == until)
    taken = sum(on_day(plan, drug, AS_OF + timedelta(days=n), 0) for n in range((until - AS_OF).days + 1))
    assert mg == pytest.approx(taken)


def test_a_form_that_is_not_sold_here_is_in_the_week_of_both_what_makes_its_dose_in_one_piece() -> None:
    """Baclofen in capsules of 10 mg: until it is lowered one tablet of 10 mg each time, and not two of the 5 mg by which it is lowered."""
    taken = {"drug": "baclofen", "form": "capsule", "dose": "10 mg", "frequency": "three times a day", "start": LONG}
    plan = switch_of([taken], [stop("baclofen"), "tizanidine"], country="UK")
    counts = [(plan.products[c.product].strength, c.count) for t in of(plan, "baclofen")[0].takes for c in t.counts]
    assert counts == [(10, 1), (10, 1), (10, 1)]


def test_the_ratio_is_shown_with_its_span_and_the_ceiling() -> None:
    line = "baclofen 20 mg four times a day since 2024-01-05"
    plan = switch_of([line], [stop("baclofen"), "tizanidine 12 mg three times a day"])
    assert "40 mg a day of tizanidine, 31.2 to 40 mg" in plan.why
    assert "36 mg a day, whatever the ratio says" in plan.why
    low = switch_of([line], [stop("baclofen"), "tizanidine 4 mg three times a day"])
    assert "12 mg a day, lies below that" in low.why


def test_where_the_new_one_may_not_be_started_the_old_one_has_no_dates_yet() -> None:
    lines = ["baclofen 20 mg three times a day since 2024-01-05", "ciprofloxacin 500 mg twice a day"]
    plan = switch_of(lines, [stop("baclofen"), "tizanidine 4 mg three times a day"])
    assert plan.refused
    assert not of(plan, "tizanidine")
    assert not of(plan, "baclofen") and any("to go at all" in need for need in plan.needs_first)


def test_nothing_is_started_where_the_way_out_is_not_known() -> None:
    plan = switch_of(["baclofen"], [stop("baclofen"), "tizanidine 4 mg three times a day"])
    assert plan.refused
    assert not plan.steps
    assert any("how much baclofen" in need for need in plan.needs_first)


def test_a_danger_of_the_old_one_leaves_no_week_at_full_dose() -> None:
    line = "baclofen 10 mg three times a day since 2024-01-05"
    plan = switch_of([line], [stop("baclofen"), "tizanidine 2 mg three times a day"], dialysis="haemodialysis", country="DE")  # fmt: skip
    assert of(plan, "baclofen")[0].first.isoformat() == "2026-11-22"


# ---------------------------------------------------------------- the command


def taper_of(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    status = main(["taper", str(path), *options])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "person.yaml"
    path.write_text("as_of: 2026-11-22\ncountry: US\nage: 50\nsex: female\nmedicines:\n  - baclofen 20 mg three times a day since 2024-01-05\n  - {drug: gabapentin, dose: 300 mg, frequency: three times a day, start: 2024-01-05, stop: 2026-11-01}\n")  # fmt: skip
    return path


def test_a_taper_of_what_is_not_taken_is_an_error_that_says_what_would_do(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = taper_of(file, capsys, "--agent", "tizanidine")
    assert (status, out) == (2, "")
    for part in ("--agent", "tizanidine", "not among the medicines", "add its line", "baclofen"):
        assert part in err
    status, out, err = taper_of(file, capsys, "--agent", "gabapentin")
    assert (status, out) == (2, "")
    assert "was stopped on 2026-11-01" in err
    assert "relaxant review" in err


@pytest.mark.parametrize(
    ("options", "marked"),
    [
        ((), False),
        (("--by", "30 mg"), True),
        (("--percent", "60"), True),
        (("--every", "1 day"), True),
        (("--percent", "5", "--every", "14 days"), False),
    ],
)
def test_an_override_beyond_every_source_is_kept_and_marked(
    file: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], marked: bool
) -> None:
    status, out, _err = taper_of(file, capsys, "--agent", "baclofen", "--format", "json", *options)
    assert status == 0
    plan = json.loads(out)
    assert any(t["text"].startswith("OVERRIDE: ") for t in plan["first_do"]) is marked
    assert plan["policies"][0]["beyond"] is marked
    assert bool(plan["policies"][0]["override"]) is bool(options)


def test_steps_in_another_form_than_what_is_taken_say_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _status, out, _err = taper_of(file, capsys, "--agent", "baclofen", "--format", "json", "--percent", "10")
    plan = json.loads(out)
    other = {product["form"] for product in plan["products"]} != {"tablet"}
    assert any("(tablet as a rule)" in note for note in plan["notes"]) is other


def test_what_a_bound_held_down_at_first_is_not_made_good_at_once() -> None:
    """At 78 years diazepam begins low: no part of the exchange raises it by more than a third of what replaces clonazepam."""
    line = "clonazepam 2 mg twice a day since 2024-01-05"
    plan = switch_of([line], [stop("clonazepam"), "diazepam"], age=78)
    assert all(s.changed <= 40 / 3 for s in of(plan, "diazepam"))
    assert of(plan, "diazepam")[0].daily <= 5
    assert any("not replaced by then" in note for note in plan.notes)
    _never_up(plan, "clonazepam")


def test_without_a_schedule_for_the_age_the_old_one_has_no_dates_yet() -> None:
    line = "diazepam 2 mg three times a day since 2024-01-05"
    plan = switch_of([line], [stop("diazepam"), "clonazepam"], age=10, weight="30 kg", country="DE")
    assert plan.refused
    assert "at this age" in plan.refused
    assert not of(plan, "clonazepam")
    assert not of(plan, "diazepam") and any("to go at all" in need for need in plan.needs_first)


# ---------------------------------------------------------------- another release


@pytest.mark.parametrize(
    ("country", "taken", "weighed"),
    [
        ("DE", "tizanidine modified-release capsule 12 mg once a day since 2024-01-01", "tizanidine tablet 4 mg three times a day"),
        ("DE", "tizanidine modified-release capsule 12 mg once a day since 2024-01-01", "tizanidine tablet 6 mg three times a day"),
        ("DE", "tizanidine tablet 4 mg three times a day since 2024-01-01", "tizanidine modified-release capsule 12 mg once a day"),
        ("US", "oxybutynin 5 mg twice a day since 2024-01-01", "oxybutynin extended release tablet 10 mg once a day"),
    ],
)  # fmt: skip
def test_from_one_release_to_another_no_dose_is_reckoned(country: str, taken: str, weighed: str) -> None:
    (plan,) = plans_of([taken], [weighed], country=country).values()
    assert plan.id == f"switch:{taken.split()[0]}:release"
    assert plan.refused and "never both" in plan.refused
    assert not plan.steps


def test_a_line_without_a_release_is_no_other_release() -> None:
    taken = "oxybutynin extended release 5 mg once a day since 2024-01-05"
    assert "switch:oxybutynin:release" not in plans_of([taken], ["oxybutynin 15 mg once a day"])


def test_millilitres_are_spoken_of_where_something_is_measured() -> None:
    tablets = switch_of([{**tizanidine("capsule", mg=4), "start": LONG}], [tizanidine("tablet", mg=6)])
    assert "is not the one that is taken" in tablets.why
    assert "mL" not in tablets.why
    liquid = switch_of([TABLETS], ["baclofen 5 mg/5 mL oral solution 5 mL three times a day"])
    assert "how many mL" in liquid.why


def test_a_product_that_is_not_known_here_is_not_asked_for_again() -> None:
    line = "tizanidine modified-release capsule 6 mg once a day since 2022-01-01"
    plan = plans_of([line], [stop("tizanidine")], country="DE")["taper:tizanidine"]
    assert plan.refused and "known to be sold here" in plan.refused
    assert "say which product" not in plan.refused


# ---------------------------------------------------------------- where none is known


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
@pytest.mark.parametrize("age", [50, 80])
@pytest.mark.parametrize("way", [("clonazepam", "diazepam", 10.0), ("diazepam", "clonazepam", 0.05)])
@pytest.mark.parametrize("dose", [0.5, 1, 2])
def test_one_that_may_hardly_take_the_place_of_the_other_is_not_put_beside_it(way: tuple[str, str, float], country: str, age: int, dose: float) -> None:  # fmt: skip
    old, new, ratio = way
    daily = 3 * dose * (1 if old == "clonazepam" else 10)
    line = f"{old} {daily / 3:g} mg three times a day since 2019-01-01"
    plan = switch_of([line], [stop(old), new], country=country, age=age)
    most = min((b.value or 0 for b in plan.bounds if b.agent == new and b.kind == "daily" and not b.open), default=999)
    if most < daily * ratio / 2:
        assert plan.refused is not None and "less than half" in plan.refused
        assert not of(plan, new) and of(plan, old)


def test_nothing_of_the_old_one_lingers_that_a_finer_product_or_the_new_one_takes_away() -> None:
    """2 mg of clonazepam are 20 mg of diazepam (VA/DoD 2021, the lower equivalent)."""
    line = "clonazepam 1 mg twice a day since 2015-01-01"
    plan = switch_of([line], [stop("clonazepam"), "diazepam 10 mg three times a day"])
    assert [s.daily for s in of(plan, "diazepam")][-1] == 20
    assert plan.last_dose is not None and (plan.last_dose - AS_OF).days < 14
    (small,) = (p for p in plans_of(["clonazepam 0.25 mg at night since 2015-01-01"], [stop("clonazepam")]).values())
    assert [s.daily for s in small.steps][-1] == 0.125
    assert not any("makes less" in note for note in small.notes)


def test_two_plans_beside_one_another_say_that_they_are_no_exchange() -> None:
    line = "baclofen 20 mg three times a day since 2022-01-01"
    plans = plans_of([line], [stop("baclofen"), "dantrolene 100 mg three times a day"])
    for name in ("taper:baclofen", "titration:dantrolene"):
        assert "No exchange from baclofen to dantrolene" in plans[name].why
    alone = plans_of([line, "dantrolene 25 mg once a day since 2022-01-01"], [stop("baclofen")])
    assert not any("No exchange" in plan.why for plan in alone.values())
    known = plans_of([line], [stop("baclofen"), "tizanidine 4 mg three times a day"])
    assert not any("No exchange" in plan.why for plan in known.values())


def test_limits_stand_in_one_table_for_each_medicine() -> None:
    labs = [{"name": "creatinine", "value": "130 umol/L", "date": "2026-11-15"}]
    line = "gabapentin 600 mg three times a day since 2022-01-01"
    review = reviewed({**PERSON, "country": "UK", "age": 70, "weight": "60 kg", "labs": labs, "medicines": [line], "considering": [stop("gabapentin"), "pregabalin"]})  # fmt: skip
    (plan,) = review.plan
    text = render_plan(plan, "text", head=head_of(review, knowledge=KNOWN), knowledge=KNOWN).decode()
    for medicine in ("Pregabalin", "Gabapentin"):
        after = text.split(f"{medicine}: limits for this person", 1)[1].splitlines()[1]
        assert after.split() == ["No.", "Limit", "Why", "Standing"]


def test_pieces_have_their_plural() -> None:
    plan = switch_of([{**tizanidine("capsule", mg=4), "start": LONG}], [tizanidine("tablet", mg=4)])
    liquid = switch_of(["baclofen 5 mg/5 mL oral solution 20 mg three times a day since 2024-01-05"], [TABLETS | {"dose": "20 mg"}])  # fmt: skip
    said = " ".join(line.text for p in (plan, liquid) for line in p.reckoning)
    assert "2 tablet of" not in said


# ---------------------------------------------------------------- forms, and more than is allowed


def test_an_exchange_of_form_says_that_more_is_taken_than_is_allowed() -> None:
    """Half of 80 mg at an eGFR below 60: 60 mg a day stay 60 mg as a liquid, and the page says where they have to come to."""
    labs = [{"name": "creatinine", "value": "1.7 mg/dL", "date": "2026-11-20"}]
    weighed = "baclofen 5 mg/5 mL oral solution 20 mg three times a day"
    plan = switch_of([{**TABLETS, "dose": "20 mg"}], [weighed], labs=labs)
    assert [s.daily for s in plan.steps] == [60]
    assert "60 mg a day, than is allowed here, 40 mg a day" in plan.why
    assert {b.kind for b in plan.bounds} == {"daily", "share"}
    assert "is allowed here" not in switch_of([TABLETS], ["baclofen 5 mg/5 mL oral solution 10 mg three times a day"]).why  # fmt: skip


def test_a_form_that_may_not_be_exchanged_now_leaves_the_way_down() -> None:
    pressure = [{"name": "systolic blood pressure", "value": "85 mmHg", "date": "2026-11-20"}]
    plans = plans_of([{**tizanidine("capsule"), "start": LONG}], [tizanidine("tablet")], observations=pressure)
    assert plans["switch:tizanidine:form"].refused
    assert of(plans["taper:tizanidine"], "tizanidine")


def test_a_refused_exchange_asks_whether_the_old_one_goes_before_it_has_dates() -> None:
    person = {
        "country": "US", "sex": "female", "age": "54", "weight": "62 kg", "height": "165 cm", "dialysis": "none", "conditions": ["multiple sclerosis"], "allergies": [],
        "medicines": ["tizanidine 8 mg three times a day since 2022-01-01"], "considering": ["stop tizanidine", "baclofen 10 mg three times a day"],
        "labs": [{"name": n, "value": v, "date": "2026-11-20"} for n, v in (("creatinine", "230 umol/L"), ("ALT", "22 U/L"), ("AST", "22 U/L"))],
    }  # fmt: skip
    (plan,) = reviewed(person).plan
    assert plan.kind == "switch" and plan.title == "From tizanidine to baclofen" and plan.refused
    assert not plan.steps and not plan.supply and plan.last_dose is None
    assert any("to go at all" in need for need in plan.needs_first) and any("its stop alone" in n for n in plan.notes)
    danger = reviewed({**person, "medicines": [*person["medicines"], "ciprofloxacin 500 mg twice a day since 2026-11-20"]})  # fmt: skip
    way_out = next(p for p in danger.plan if "tizanidine" in p.agents)
    assert way_out.steps or way_out.last_dose  # what has to be left has its way out whatever takes its place
