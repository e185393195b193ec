"""A rise that is weighed: a jump past the next step fires, the present dose has its days, and nobody is left without doses until it rises."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise, product
from typing import Any

import pytest

from conftest import FULL, TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.pace import PACE
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.plans import Titration
from relaxant.medicines.read import read_medicines
from test_rise import WELL

KNOWN = load_knowledge()
JUMP, EARLY = "raised-by-more-than-a-step", "raised-before-its-days"
COUNTRY = {"US": "US", "UK": "UK", "EU": "DE"}


def rules_of(now: list[str], weighed: str, **changed: Any) -> set[str]:
    review = reviewed({**WELL, "medicines": now, "considering": [weighed], **changed})
    return {rule for finding in review.findings for rule in finding.rules}


@pytest.mark.parametrize(
    ("country", "now", "weighed", "fires"),
    [
        ("UK", "baclofen 5 mg three times a day since 2026-11-20", "baclofen 20 mg three times a day", {JUMP, EARLY}),
        ("US", "tizanidine 2 mg three times a day since 2026-11-21", "tizanidine 8 mg three times a day", {JUMP}),
        ("US", "tizanidine 2 mg three times a day since 2026-11-21", "tizanidine 6 mg three times a day", set()),
        ("UK", "baclofen 10 mg three times a day", "baclofen 20 mg three times a day", {JUMP}),
        ("UK", "baclofen 10 mg three times a day since 2026-01-01", "baclofen 15 mg three times a day", set()),
        ("UK", "baclofen 10 mg three times a day since 2026-11-15", "baclofen 15 mg three times a day", {EARLY}),
        ("UK", "baclofen 20 mg three times a day since 2026-11-15", "baclofen 5 mg three times a day", set()),
    ],
)
def test_an_order_that_jumps_or_comes_too_soon_is_said_on_the_first_page(
    country: str, now: str, weighed: str, fires: set[str]
) -> None:
    assert rules_of([now], weighed, country=country) & {JUMP, EARLY} == fires


def _beyond(titration: Titration, jurisdiction: str, now: float, weighed: float) -> bool:
    """Whether a rise from one amount a day to another is more than a step for somebody whom the titration is for."""
    unit, per_kg = KNOWN.agents[titration.agent].dose_unit, titration.unit.endswith("/kg")
    years = (titration.age_from + min(titration.age_to, 90)) / 2
    weight = max(titration.weight_from or 0, 20 if years < 12 else 60)
    release = "modified release" if titration.release != "immediate" else ""
    route = KNOWN.agents[titration.agent].routes[0]

    def line(daily: float) -> dict[str, str]:
        amount = daily * (weight if per_kg else 1)
        return {"drug": f"{KNOWN.agents[titration.agent].ingredient} {release}".strip(), "route": route, "dose": f"{amount:.6g} {unit}", "frequency": "once a day"}  # fmt: skip

    person = {
        "as_of": TODAY.isoformat(), "country": COUNTRY[jurisdiction], "age": f"{years:g}", "weight": f"{weight:g} kg",
        "conditions": [KNOWN.conditions[c].title for c in titration.conditions[:1]], "medicines": [line(now)], "considering": [line(weighed)],
    }  # fmt: skip
    patient = read_patient(person, KNOWN, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)
    column = facts.column(f"{titration.agent}:{PACE[0]}")
    assert column.settled(0)
    return bool(column.surely[0])


@pytest.mark.parametrize("name", [n for n, t in KNOWN.plans.titrations.items() if not t.falls and len(t.stages) > 1])
def test_a_step_of_a_source_is_no_jump(name: str) -> None:
    titration = KNOWN.plans.titrations[name]
    if titration.unit.removesuffix("/kg") != KNOWN.agents[titration.agent].dose_unit:
        return
    totals = [stage.daily for stage in titration.stages]
    for jurisdiction in titration.jurisdiction or ("US", "UK", "EU"):
        assert not any(_beyond(titration, jurisdiction, a, b) for a, b in pairwise(totals))
        assert not _beyond(titration, jurisdiction, totals[0] / 2, totals[0])


@pytest.mark.parametrize(
    "name", [n for n, t in KNOWN.plans.titrations.items() if not t.falls and len(t.stages) > 3 and t.unit == "mg"]
)
def test_from_the_first_stage_to_the_last_is_a_jump(name: str) -> None:
    titration = KNOWN.plans.titrations[name]
    for jurisdiction in titration.jurisdiction or ("US", "UK", "EU"):
        assert _beyond(titration, jurisdiction, titration.stages[0].daily, titration.stages[-1].daily)


# ---------------------------------------------------------------- until the first rise

RISES = [
    ("baclofen", "5 mg three times a day", "15 mg three times a day"),
    ("tizanidine", "2 mg at night", "4 mg three times a day"),
    ("dantrolene", "25 mg once a day", "50 mg three times a day"),
    ("pregabalin", "75 mg twice a day", "150 mg twice a day"),
    ("oxybutynin", "2.5 mg twice a day", "5 mg three times a day"),
]
PEOPLE = list(product(("US", "UK", "DE"), ("1972-03-01", "1948-03-01"), ("since", None), (0, 2, 6, 40)))


@pytest.mark.parametrize(("agent", "now", "weighed"), RISES)
def test_until_a_rise_the_present_dose_goes_on_with_its_supply(agent: str, now: str, weighed: str) -> None:
    made = 0
    for country, born, since, ago in PEOPLE[:: 1 if FULL else 5]:
        line = f"{agent} {now}" + (f" since {TODAY - timedelta(days=ago)}" if since else "")
        review = reviewed({**WELL, "country": country, "birth_date": born, "medicines": [line], "considering": [f"{agent} {weighed}"]})  # fmt: skip
        for plan in (p for p in review.plan if p.kind == "titration" and p.steps):
            made += 1
            assert plan.steps[0].first == TODAY == min(s.first for s in plan.supply)
            assert all(b.first == (a.last or TODAY) + timedelta(days=1) for a, b in pairwise(plan.steps))
            if plan.steps[0].changed == 0:
                assert plan.steps[0].daily == sum(plan.taken[0].doses.values())
                assert plan.steps[1].back_to == 1
            else:
                assert plan.steps[0].changed > 0
    assert made


def test_a_start_in_days_to_come_is_asked_for() -> None:
    considering = ["tizanidine 8 mg three times a day"]
    now = f"tizanidine 4 mg twice a day since {TODAY + timedelta(days=14)}"
    review = reviewed({**WELL, "country": "UK", "medicines": [now], "considering": considering})
    plan = next(p for p in review.plan if p.kind == "titration")
    assert "since when tizanidine is taken at the present dose" in plan.needs_first
    assert plan.steps[1].first == TODAY + timedelta(days=4)


def test_options_name_no_pace_where_their_plan_sets_it() -> None:
    now = ["baclofen 5 mg three times a day since 2026-01-05"]
    review = reviewed({**WELL, "country": "UK", "medicines": now, "considering": [], "goals": ["night spasms"]})
    assert review.options and "more than one step" not in str(review.options)
