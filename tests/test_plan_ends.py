"""Over thousands of generated people: what is followed ends with the plan, falls are asked for within the step, nobody stays above the label,
tapers of benzodiazepines are short enough to be made, and the units of sessions add up."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.dose import most_taken, room
from relaxant.planning.plan import Plan, Product, Step
from relaxant.planning.products import product_groups
from relaxant.planning.taper import taper_plan
from relaxant.planning.way_down import ends_from
from relaxant.reviewing import Review
from test_planning import KNOWN, LOWERED, OTHERS, PLANS, RAISED, leaving, line, of_kind, person, sound, starting

DAY = timedelta(days=1)
SEEDS = range(2000 if FULL else 150)
LAST = {f.what for f in PLANS.follow_ups.values() if f.anchor == "last dose"}
WITHIN = {(agent, f.what): f for f in PLANS.follow_ups.values() if f.within_step for agent in f.agents}
BENZODIAZEPINES = ("clonazepam", "diazepam")


def days_of(review: Review, what: str | None = None) -> list[date]:
    return [d for w in review.monitoring if what in (None, w.what) for d in (w.due, *w.then) if d is not None]


# ---------------------------------------------------------------- what is followed


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_but_withdrawal_is_followed_after_the_last_dose(seed: int) -> None:
    _agent, review = leaving(seed)
    (plan,) = of_kind(review, "taper")
    name = plan.agents[0]
    own = [w for w in review.monitoring if w.agent == name]
    if plan.last_dose is None:
        assert plan.refused
        assert not {w.what for w in own} & LAST
        return
    for watch in own:
        for day in (watch.due, *watch.then):
            if day is not None and day > plan.last_dose:
                again = watch.measured and watch.last_done is not None and day == watch.due
                assert watch.what in LAST or again, (watch.what, day)
        if watch.what in LAST:
            assert watch.due is not None and watch.due > plan.last_dose


def falls_of(plan: Plan, agent: str) -> list[tuple[Step, date]]:
    """The steps of a plan, each with the day after its last one."""
    own = [s for s in plan.steps if s.agent == agent]
    return [(one, two.first) for one, two in itertools.pairwise(own)] + [(own[-1], date.max)]


@pytest.mark.parametrize("seed", SEEDS)
def test_falls_and_sedation_are_asked_for_within_the_step(seed: int) -> None:
    """The earlier of the days that the schedule says and the step's last."""
    agent, review = starting(seed) if seed % 2 else leaving(seed)
    for plan in of_kind(review, "titration", "taper"):
        for (of_agent, what), follow in WITHIN.items():
            if of_agent != agent or not plan.steps or plan.agents[0] not in {w.agent for w in review.monitoring}:
                continue
            said = set(days_of(review, what))
            for step, following in falls_of(plan, agent):
                if follow.steps == "rise" and step.changed <= 0:
                    continue
                wanted = min(step.first + follow.days[0] * DAY, following - DAY, plan.last_dose or date.max)
                if step.changed and wanted <= TODAY + 365 * DAY and any(w.what == what for w in review.monitoring):
                    assert wanted in said, (what, step.number)


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
@pytest.mark.parametrize("ago", range(0, 50, 1 if FULL else 6))
def test_the_liver_tests_of_a_start_are_never_further_apart_than_the_schedule(ago: int, country: str) -> None:
    """Whatever was measured last: the next two-weekly day is lost by no value of more than 3 days before it."""
    start = TODAY - ago * DAY
    fixed = [start + d * DAY for d in (0, 14, 28, 42, 84, 126, 168)]
    for last in (None, *(TODAY - n * DAY for n in range(0, ago + 1, 1 if FULL else 5))):
        labs = [] if last is None else [{"name": "ALT", "value": "20 U/L", "date": last.isoformat()}]
        taken = {"drug": "dantrolene", "dose": "25 mg", "frequency": "twice a day", "start": start.isoformat()}
        review = reviewed({"country": country, "age": 45, "sex": "male", "labs": labs, "medicines": [taken]})
        (watch,) = [w for w in review.monitoring if w.measured and w.agent == "dantrolene"]
        days = [d for d in (watch.due, *watch.then) if d is not None]
        assert days[: len(fixed)] == sorted(days[: len(fixed)])
        done = max(watch.due or TODAY, TODAY)
        ahead = [d for d in fixed if d - (3 if d <= start + 42 * DAY else 7) * DAY > done]
        assert [d for d in watch.then if d <= fixed[-1]] == ahead


# ---------------------------------------------------------------- above the label


def above(seed: int) -> tuple[str, dict[str, Any]]:
    """Somebody who takes more than the label's most in a day, with and without another dose that is weighed."""
    chance = random.Random(seed)
    plain = {**person(chance), "dialysis": "none"}
    agent = chance.choice([a for a in sorted({*LOWERED, *RAISED}) if KNOWN.agents[a].routes[0] == "oral"])
    known = KNOWN.agents[agent]
    pieces = sorted({s for p in known.products for s in p.strengths if p.unit == known.dose_unit and p.per == "piece"})
    dose = (pieces or [1.0])[-1] * chance.choice([1, 2, 3, 4])
    often = chance.choice(["twice a day", "three times a day", "four times a day", "six times a day"])
    plain["medicines"] = [
        {**line(agent, dose, often), "start": "2024-05-01"},
        *chance.sample(OTHERS, chance.randint(0, 2)),
    ]
    if chance.random() < 0.4:
        plain["considering"] = [line(agent, dose * chance.choice([0.5, 2]), often)]
    return agent, plain


def weighed_less(plain: dict[str, Any]) -> float:
    """The day's dose that is weighed."""
    times = {"twice a day": 2, "three times a day": 3, "four times a day": 4, "six times a day": 6}
    (weighed,) = plain["considering"]
    return float(weighed["dose"].split()[0]) * times[weighed["frequency"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_raised_above_the_label_and_whoever_is_comes_down_or_is_told_why_not(seed: int) -> None:
    agent, plain = above(seed)
    review = reviewed(plain)
    patient = read_patient({"as_of": TODAY.isoformat(), **plain, "considering": []}, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    stands, daily = room(agent, facts), facts.column(f"{agent}:daily_dose").low.item(0)
    most, label = (
        most_taken(stands),
        [b.value for b in stands.bounds if b.kind == "daily" and b.of_label and not b.soft],
    )
    known = [value for value in label if value is not None]
    if most is None or not known or daily <= min(known) + 1e-9:
        return
    plans = [p for p in review.plan if p.kind in ("taper", "switch", "titration")]
    assert not any(s.changed > 0 for p in plans for s in p.steps)
    ways, changes = (
        [p for p in plans if p.kind == "taper"],
        [f for f in review.findings if f.tier in ("CHANGE", "DANGER")],
    )
    if plain.get("considering") and weighed_less(plain) <= most:
        return  # what is weighed is within the label: down to that, where a way of lowering is known
    assert changes or weighed_less(plain) <= min(known)
    if agent not in LOWERED and (not product_groups(agent, facts) or any(f.tier == "DANGER" for f in changes)):
        assert not ways  # no way of lowering is known: the finding says what to do, and there is nothing to make it of
        return
    assert ways or any(p.kind == "switch" for p in plans), [f.summary for f in changes]
    for plan in ways:
        sound(plan)
        if not plan.steps:
            assert plan.refused or (plan.policies and PLANS.tapers[plan.policies[0].id].at_once)
        elif plan.last_dose is None:  # down to what is allowed: never above it, and no further than products make it
            least = min(p.strength / 2 if p.scored else p.strength for p in plan.products)
            assert plan.steps[-1].daily <= max(most, 0.0 if plan.products[0].liquid else least) + 1e-9
            assert any(b.decides and b.kind in ("daily", "share") for b in plan.bounds)
            assert all(s.changed <= 0 for s in plan.steps)


# ---------------------------------------------------------------- benzodiazepines

MOST_STEPS = 45


def left(agent: str, seed: int) -> Plan:
    chance = random.Random(f"{agent} {seed}")
    country = chance.choice(["US", "UK", "DE"])
    pieces = sorted(
        {
            s
            for p in KNOWN.agents[agent].products
            for s in p.strengths
            if p.per == "piece" and p.unit == "mg" and "tablet" in p.form
        }
    )
    often = chance.choice(["once a day", "twice a day", "three times a day"])
    since = chance.choice(["2026-11-15", "2026-10-01", "2024-01-05"])
    plain = {
        "country": country, "age": chance.choice([25, 50, 80]), "sex": "female", "conditions": chance.choice([[], [], ["epilepsy"]]), "allergies": [],
        "medicines": [{**line(agent, chance.choice(pieces) * chance.choice([1, 1, 2]), often), "start": since}],
    }  # fmt: skip
    patient = read_patient({"as_of": TODAY.isoformat(), **plain}, KNOWN, today=TODAY)
    medicines = read_medicines(patient, KNOWN)
    facts = Facts(inputs_of([(patient, medicines)], KNOWN), KNOWN, patient.jurisdiction)
    return taper_plan(agent, medicines, facts, patient.as_of, ready=True)


@pytest.mark.parametrize("agent", BENZODIAZEPINES)
@pytest.mark.parametrize("seed", range(400 if FULL else 40))
def test_a_benzodiazepine_goes_in_a_number_of_steps_that_can_be_made(agent: str, seed: int) -> None:
    """Joint guideline 2025: at most 25% in 2 weeks. UK schedule: an eighth in 2 weeks, then 0.5 to 1 mg. No step below what a source takes, but for
    the rounding of a liquid; coarse products wait until 25% a fortnight would have come as far."""
    plan = left(agent, seed)
    if plan.refused:
        return
    sound(plan)
    taper = PLANS.tapers[plan.policies[0].id]
    assert 0 < len(plan.steps) <= MOST_STEPS and plan.policies[0].source.id
    assert plan.last_dose is not None
    if taper.least is None or taper.percent is None:
        return
    first = plan.products[0]
    waited = 0
    for number, step in enumerate(plan.steps):
        before, fall = step.daily - step.changed, -step.changed
        rounding = rounded(first, before / 3)
        waited = (plan.steps[number - 1].days or 0) if number else int(taper.every_days)
        if not fall:
            continue
        assert fall >= min(taper.least, before - (taper.last or 0)) - rounding
        if taper.percent_most is not None:
            since = number and not plan.steps[number - 1].changed  # the present dose was taken before the plan as well
            turns = max(1, round(waited / taper.every_days)) + bool(since)
            small = fall <= (taper.least_most or 0) + 1e-9  # the small steps of a policy's end
            assert small or step.daily >= before * (1 - taper.percent_most / 100) ** turns - 1e-9
    assert plan.steps[-1].daily >= (taper.last or 0) - rounding
    assert plan.steps[-1].daily <= (taper.last or 0) + max(taper.least, rounding) or not plan.products[0].liquid


def rounded(product: Product, most: float) -> float:
    """By how much a day's dose may miss what is aimed at: a mark of the syringe for each of three times, or a drop."""
    if not product.liquid:
        return max(product.strength if product.drop else 0.0, 1e-9)
    volume, policy = most / product.strength, KNOWN.policy
    names = ("plan_liquid_step_large", "plan_liquid_step_middle", "plan_liquid_step")
    above = (policy("plan_liquid_large_from"), policy("plan_liquid_middle_from"), 0.0)
    return 3 * product.strength * next(policy(n) for n, low in zip(names, above, strict=True) if volume >= low)


def test_clonazepam_ends_where_diazepam_does() -> None:
    """By the published equivalents (0.5 or 1 mg to 10 mg) the last dose stands for no more than that of diazepam under the same guideline."""
    last, of_diazepam = PLANS.tapers["clonazepam-joint-guideline"].last, PLANS.tapers["diazepam-joint-guideline"].last
    assert last is not None and of_diazepam is not None
    assert last * 10 / 1 <= of_diazepam
    for name in ("epilepsy", "uk", "under-3-months", "joint-guideline"):
        taper = PLANS.tapers[f"clonazepam-{name}"]
        assert (taper.last, taper.least) == (0.125, 0.025)
        diazepam = PLANS.tapers[f"diazepam-{name}"]
        assert diazepam.least == 0.5 and taper.least == diazepam.least * 0.5 / 10


# ---------------------------------------------------------------- sessions

TOXINS = {"onabotulinumtoxinA": "Botox", "abobotulinumtoxinA": "Dysport", "incobotulinumtoxinA": "Xeomin"}
SESSIONS_OVER = "botulinum-sessions-over-limit"


@pytest.mark.parametrize("seed", range(600 if FULL else 60))
def test_the_units_of_sessions_add_up(seed: int) -> None:
    chance = random.Random(seed)
    toxin, country = chance.choice(sorted(TOXINS)), chance.choice(["US", "UK", "IE"])
    units = [chance.choice([100, 200, 300, 400, 800, 1000]) for _ in range(3)]
    ago = [chance.choice([3, 40, 83, 84, 120]) for _ in range(2)]
    given: list[Any] = [
        {
            "drug": TOXINS[toxin],
            "dose": f"{n} units",
            "route": "intramuscular",
            "frequency": "once",
            "start": (TODAY - d * DAY).isoformat(),
        }
        for n, d in zip(units, ago, strict=False)
    ]
    weighed = f"{TOXINS[toxin]} {units[2]} units intramuscular once"
    plain = {"country": country, "age": 50, "weight": "80 kg", "medicines": given, "considering": [weighed]}
    review = reviewed(plain)
    limits = [
        x.value
        for x in KNOWN.agents[toxin].limits
        if x.kind == "single"
        and x.age_to > 50
        and x.tier == "CHANGE"
        and ({"US": "US", "UK": "UK", "IE": "EU"}[country] in x.jurisdiction)
    ]
    fired = any(SESSIONS_OVER in f.rules for f in review.findings)
    together = units[2] + sum(n for n, d in zip(units, ago, strict=False) if d < 84)
    limit = min(limits, default=None)
    alone = limit is not None and max(units) > limit
    if limit is None or together <= limit:
        assert not fired
    elif not alone:
        assert fired
    session = [w for w in review.monitoring if w.what == "the next session"]
    assert [w.due for w in session] == [TODAY - min(ago) * DAY + 84 * DAY]


def test_knowledge_is_that_of_the_tests() -> None:
    assert load_knowledge().sha256 == KNOWN.sha256


def test_a_taper_by_an_amount_says_from_which_dose_it_goes_to_nothing() -> None:
    """Of 80 a day by 15 a step the last is 5, by 30 it is 20; by parts of the time the last of four is a fifth."""
    whole = next(iter(PLANS.tapers.values()))
    own = msgspec.structs.replace(whole, by=15.0, percent=None, over_days=None, least=None, last=None, at_once=False)
    assert ends_from(own, 80.0) == pytest.approx(5.0)
    assert ends_from(msgspec.structs.replace(own, by=30.0), 80.0) == pytest.approx(20.0)
    assert ends_from(msgspec.structs.replace(own, by=None, over_days=4, every_days=1), 80.0) == pytest.approx(16.0)
