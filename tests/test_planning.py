"""Plans of thousands of generated people: within every ceiling, in pieces that exist, without gaps, never up on the way down."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest

from conftest import FULL, TODAY, in_danger, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.current import current_lines, intake
from relaxant.planning.plan import Plan, Step
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.reviewing import Review

KNOWN = load_knowledge()
PLANS = KNOWN.plans
RAISED = sorted({t.agent for t in PLANS.titrations.values()})
LOWERED = sorted({a for t in PLANS.tapers.values() for a in t.agents})
OTHERS = (
    "lisinopril 10 mg once a day", "amlodipine 5 mg once a day", "sertraline 50 mg once a day", "omeprazole 20 mg once a day",
    "ciprofloxacin 500 mg twice a day", "oxycodone 5 mg three times a day", "ibuprofen 400 mg three times a day", "furosemide 40 mg once a day",
    "ketoconazole 200 mg once a day", "fluvoxamine 100 mg once a day", "acyclovir 400 mg twice a day",
    "ethinyl estradiol 30 micrograms / levonorgestrel 150 micrograms once a day", "cimetidine 400 mg twice a day",
)  # fmt: skip
SEEDS = range(3000 if FULL else 200)


def person(chance: random.Random) -> dict[str, Any]:
    child = chance.random() < 0.2
    return {
        "country": chance.choice(["US", "UK", "DE"]),
        "sex": chance.choice(["male", "female"]),
        "age": chance.choice([6, 9, 14]) if child else chance.choice([25, 45, 60, 72, 88]),
        "weight": f"{chance.choice([20, 31, 50]) if child else chance.choice([45, 60, 80, 120])} kg",
        "height": "130 cm" if child else "170 cm",
        "dialysis": chance.choice(["none", "none", "none", "haemodialysis"]),
        "swallowing": chance.choice(["normal", "normal", "tube"]),
        "conditions": chance.sample(["multiple sclerosis", "spinal cord injury", "cerebral palsy", "stroke", "back pain", "cirrhosis", "epilepsy", "glaucoma"], chance.randint(0, 3)),
        "allergies": [],
        "labs": [{"name": "creatinine", "value": f"{chance.choice([0.5, 0.9, 1.4, 2.2, 4])} mg/dL", "date": "2026-11-20"}],
    }  # fmt: skip


def line(agent: str, dose: float, often: str) -> dict[str, str]:
    known = KNOWN.agents[agent]
    return {
        "drug": known.ingredient,
        "route": known.routes[0],
        "dose": f"{dose:g} {known.dose_unit}",
        "frequency": often,
    }


def starting(seed: int) -> tuple[str, Review]:
    chance = random.Random(seed)
    agent = chance.choice(RAISED)
    weighed = {"drug": KNOWN.agents[agent].ingredient, "route": KNOWN.agents[agent].routes[0]}
    return agent, reviewed(
        {**person(chance), "medicines": chance.sample(OTHERS, chance.randint(0, 3)), "considering": [weighed]}
    )


def leaving(seed: int) -> tuple[str, Review]:
    chance = random.Random(seed)
    agent = chance.choice(LOWERED)
    strengths = sorted(
        {
            s
            for p in KNOWN.agents[agent].products
            for s in p.strengths
            if p.unit == KNOWN.agents[agent].dose_unit and p.per == "piece"
        }
    )
    dose = chance.choice(strengths or [1.0]) * chance.choice([1, 2])
    taken = {
        **line(agent, dose, chance.choice(["once a day", "twice a day", "three times a day"])),
        "start": "2024-05-01",
    }
    stop = {"drug": KNOWN.agents[agent].ingredient, "route": KNOWN.agents[agent].routes[0], "change": "stop"}
    return agent, reviewed({**person(chance), "medicines": [taken, *chance.sample(OTHERS, chance.randint(0, 3))], "considering": [stop]})  # fmt: skip


def sound(plan: Plan) -> None:
    """What holds of every calendar."""
    for agent in {s.agent for s in plan.steps}:
        own = [s for s in plan.steps if s.agent == agent]
        for one, two in itertools.pairwise(own):
            assert one.last is not None and two.first == one.last + timedelta(days=1)
            assert two.number == one.number + 1 and two.changed == pytest.approx(two.daily - one.daily)
        assert all(s.last is None or s.last >= s.first for s in own)
    for step in (*plan.steps, *(s for b in plan.branches for s in b.steps)):
        assert step.daily == pytest.approx(sum(t.amount for t in step.takes))
        for take in step.takes:
            made = sum(c.count * plan.products[c.product].strength for c in take.counts)
            assert made == pytest.approx(take.amount)
            for count in take.counts:
                held = plan.products[count.product]
                assert held.liquid or count.count % 1 == 0 or (held.scored and count.count % 1 == 0.5)
    assert {c.product for s in plan.steps for t in s.takes for c in t.counts} == set(range(len(plan.products)))
    _supplied(plan)


def _supplied(plan: Plan) -> None:
    """The supplies are what the steps take up to the last day supplied."""
    if not plan.steps:
        return
    until = max(s.until for s in plan.supply)
    for product in range(len(plan.products)):
        needed = sum(
            c.count * ((min(s.last or until, until) - s.first).days + 1)
            for s in plan.steps
            for t in s.takes
            for c in t.counts
            if c.product == product
        )
        assert sum(s.count for s in plan.supply if s.product == product) == pytest.approx(needed)


def of_kind(review: Review, *kinds: str) -> list[Plan]:
    return [p for p in review.plan if p.kind in kinds]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_start_stays_within_every_bound(seed: int) -> None:
    _agent, review = starting(seed)
    for plan in of_kind(review, "titration"):
        sound(plan)
        if in_danger(review) & set(plan.agents):
            assert plan.refused and not plan.steps
        if any(b.kind == "never" and not b.open for b in plan.bounds):
            assert plan.refused and not plan.steps
        if not plan.steps:
            assert plan.refused
            continue
        least = {
            k: min((b.value for b in plan.bounds if b.kind == k and not b.open and b.value), default=1e9)
            for k in ("daily", "single", "doses_daily")
        }
        chosen = next(PLANS.titrations[p.id] for p in plan.policies if p.chosen)
        factor = float(str(review.patient["weight"]["value"]).split()[0]) if chosen.unit.endswith("/kg") else 1.0
        days = [sum(s.doses.values()) * factor for s in chosen.stages]
        rise = max(b - a for a, b in zip([0.0, *days], days, strict=False))
        before = 0.0
        for step in plan.steps:
            assert step.daily <= least["daily"] + 1e-9
            assert max(t.amount for t in step.takes) <= least["single"] + 1e-9
            assert len(step.takes) <= least["doses_daily"]
            if chosen.falls and before:
                assert step.daily < before and step.back_to is None
            else:
                assert 0 < step.daily - before <= rise + 1e-9
            before = step.daily
        assert len({p.modified_release for p in plan.products}) == len({p.form for p in plan.products}) == 1
        assert plan.products[0].modified_release == (chosen.release != "immediate")
        assert plan.steps[-1].last == plan.last_dose  # none but where a source ends the course


@pytest.mark.parametrize("seed", SEEDS)
def test_a_way_out_never_rises_and_ends(seed: int) -> None:
    _agent, review = leaving(seed)
    (plan,) = of_kind(review, "taper")
    sound(plan)
    if not plan.steps:
        assert plan.refused or (plan.last_dose is not None and plan.policies), (
            "refused, or held at once as a policy says"
        )
        return
    calendars: list[tuple[Step, ...]] = [plan.steps, *(b.steps for b in plan.branches if b.steps)]
    for steps in calendars:
        before: dict[str, float] | None = None
        for step in steps:
            now = {str(t.at): t.amount for t in step.takes}
            if before is not None:
                assert all(now.get(part, 0) <= amount for part, amount in before.items()) and set(now) <= set(before)
                assert step.changed < 0
            assert step.changed <= 0
            before = now
        assert steps[-1].last is not None
    assert plan.last_dose == plan.steps[-1].last
    slower = next((b for b in plan.branches if b.kind == "slower"), None)
    assert slower is None or (
        slower.last_dose is not None and plan.last_dose is not None and slower.last_dose >= plan.last_dose
    )
    leads_back = any(step.back_to is not None for step in plan.steps) or bool(plan.gates and plan.gates[0].go_back)
    assert {b.kind for b in plan.branches} >= ({"hold", "rescue"} if leads_back else {"rescue"})


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
@pytest.mark.parametrize("agent", ["baclofen", "gabapentin", "pregabalin"])
def test_less_kidney_never_gives_more(agent: str, country: str) -> None:
    """Day by day, over creatinines from sound kidneys to failing ones."""
    before: list[float] | None = None
    for tenth in range(4, 61, 1 if FULL else 3):
        made = _titration(agent, country, f"{tenth / 10} mg/dL")
        day_by_day = [_on(made, n) for n in range(120)]
        assert before is None or all(now <= then + 1e-9 for now, then in zip(day_by_day, before, strict=True))
        before = day_by_day
    assert before is not None and (agent != "baclofen" or max(before) == 0)


def _titration(agent: str, country: str, creatinine: str) -> Plan:
    facts = _facts({"country": country, "sex": "female", "age": 50, "weight": "60 kg", "height": "165 cm", "dialysis": "none", "medicines": [], "labs": [{"name": "creatinine", "value": creatinine, "date": "2026-11-20"}]})  # fmt: skip
    return titration_plan(agent, facts, (), Wanted(first=TODAY))


def _facts(plain: dict[str, Any]) -> Facts:
    patient = read_patient({"as_of": TODAY.isoformat(), **plain}, KNOWN, today=TODAY)
    return Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)


def _on(plan: Plan, day: int) -> float:
    when = TODAY + timedelta(days=day)
    return next((s.daily for s in plan.steps if s.first <= when and (s.last is None or when <= s.last)), 0.0)


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("10 mg 07:00, 15:00 and 10 mg at bedtime", {"morning": 10, "noon": 10, "night": 10}),
        ("10 mg at breakfast, lunch and dinner", {"morning": 10, "noon": 10, "evening": 10}),
        ("10 mg 15:45", {"evening": 10}),  # 2 h 15 min before six, 2 h 45 min after one
        ("10 mg 08:00 and 10 mg 00:30", {"morning": 10, "night": 10}),  # half past midnight is no morning
        ("10 mg 03:30", {"morning": 10}),
        ("5 mg/5 mL oral solution, 10 mL three times a day", {"morning": 10, "noon": 10, "night": 10}),
    ],
)
def test_each_dose_stays_at_the_part_of_the_day_whose_hour_is_nearest(said: str, parts: dict[str, float]) -> None:
    patient = read_patient({"medicines": [f"baclofen {said}"]}, KNOWN, today=TODAY)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    taken = intake("baclofen", current_lines("baclofen", medicines), facts)
    assert taken.doses == parts and taken.why is None


def test_a_line_with_steps_of_its_own_is_asked_about() -> None:
    plans = reviewed({"medicines": ["baclofen 5 mg three times a day for 3 days then 10 mg three times a day"], "considering": [{"drug": "baclofen", "change": "stop"}]}).plan  # fmt: skip
    (plan,) = (p for p in plans if p.kind == "taper")
    assert plan.refused == "The line of baclofen holds steps of its own: say the dose of today." and not plan.steps
