"""Doses of children: what a review says of too much for the age and weight, by which route, and where no dose is known."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest
import yaml

from relaxant.api import Review, read_patient, review
from relaxant.facts.limits import ceilings
from relaxant.knowledge.agents import Agent, Dosing, Limit
from relaxant.knowledge.jurisdictions import JURISDICTIONS
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import Jurisdiction

COUNTRIES: dict[Jurisdiction, str] = {"US": "US", "UK": "UK", "EU": "DE"}
WEIGHTS = {0.5: 7.5, 2: 12, 5: 18, 8: 25, 12: 40, 15: 55}  # kg at an age in years
_DAY = date(2026, 11, 22)
_CHILD = 18
_GRAVE = ("DANGER", "CHANGE")
_TOO_YOUNG = {"no-dose-at-this-age", "below-the-licensed-age"}


@cache
def known() -> Knowledge:
    return load_knowledge()


def reviewed(line: str, *, taken: bool = False, plan: bool = False, **person: Any) -> Review:
    said = {"as_of": _DAY.isoformat(), "sex": "female", "pregnant": False, "conditions": [], "allergies": [], **person}
    said |= {"medicines": [line] if taken else [], "considering": [] if taken else [line]}
    patient = read_patient(yaml.safe_dump(said).encode(), today=_DAY)
    return review(patient, knowledge=known(), predict=False, plan=plan)


def tiers(found: Review) -> dict[str, str]:
    return {rule: f.tier for f in found.findings for rule in f.rules}


# ---------------------------------------------------------------- the cases of the review


@pytest.mark.parametrize(
    ("country", "age", "weight"), [("US", "8 months", "8 kg"), ("DE", "3", "14 kg"), ("UK", "20 months", "11 kg")]
)
def test_an_adult_dose_of_diazepam_in_a_small_child(country: str, age: str, weight: str) -> None:
    for taken in (False, True):
        found = tiers(
            reviewed("diazepam 10 mg three times a day", taken=taken, country=country, age=age, weight=weight)
        )
        assert found["over-daily-limit-by-weight"] == "CHANGE"
        assert "over-usual-daily-amount" in found


@pytest.mark.parametrize("country", COUNTRIES.values())
def test_gabapentin_in_an_infant(country: str) -> None:
    found = reviewed("gabapentin 600 mg three times a day", country=country, age="8 months", weight="8 kg", plan=True)
    assert tiers(found)["no-dose-at-this-age"] == "CHANGE"
    assert tiers(found)["over-daily-limit-by-weight"] == "CHANGE"
    assert all(not plan.steps for plan in found.plan)


def test_baclofen_in_a_light_adolescent() -> None:
    found = reviewed("baclofen 20 mg four times a day", country="US", age="12", weight="25 kg", plan=True)
    assert tiers(found)["over-daily-limit-by-weight"] == "CHANGE"
    assert all(step.daily <= 2 * 25 for plan in found.plan for step in plan.steps)
    heavier = reviewed("baclofen 20 mg four times a day", country="US", age="15", weight="55 kg")
    assert "over-daily-limit-by-weight" not in tiers(heavier)


def test_dantrolene_starts_by_weight_in_a_child() -> None:
    child = {"country": "US", "age": "10", "weight": "30 kg", "conditions": ["cerebral palsy"]}
    for line in ("dantrolene 25 mg once a day", "dantrolene 50 mg three times a day"):
        found = reviewed(line, **child)
        assert tiers(found)["dantrolene-child-start"] == "CHANGE"
        said = next(f for f in found.findings if "dantrolene-child-start" in f.rules)
        assert "0.5 mg/kg once a day" in said.summary
        assert "0.5 mg/kg" in said.action
    assert "dantrolene-child-start" not in tiers(reviewed("dantrolene 15 mg once a day", **child))
    adult = reviewed("dantrolene 50 mg three times a day", country="US", age="40", conditions=["multiple sclerosis"])
    assert "25 mg once a day" in next(f for f in adult.findings if "dantrolene-start-dose" in f.rules).summary


# ---------------------------------------------------------------- by route


def test_a_rectal_limit_is_no_limit_of_the_tablets() -> None:
    child = {"country": "US", "age": "8", "weight": "25 kg"}
    assert "over-single-limit" in tiers(reviewed("diazepam 12 mg by mouth at night", **child))
    assert "over-single-limit" not in tiers(reviewed("diazepam 12.5 mg rectal gel once", **child))
    assert "over-single-limit" in tiers(reviewed("diazepam 25 mg rectal gel once", **child))


def test_limits_of_two_routes_are_held_against_their_own_lines() -> None:
    said = {
        "as_of": _DAY.isoformat(),
        "country": "US",
        "age": "40",
        "medicines": ["diazepam 5 mg by mouth three times a day", "diazepam 20 mg rectal gel as needed"],
    }
    found = review(
        read_patient(yaml.safe_dump(said).encode(), today=_DAY), knowledge=known(), predict=False, plan=False
    )
    assert not {"over-single-limit", "over-daily-limit", "over-usual-daily-amount"} & set(tiers(found))


def test_a_plan_by_mouth_is_bound_by_limits_by_mouth() -> None:
    found = reviewed("diazepam", country="US", age="8", weight="25 kg", conditions=["cerebral palsy"], plan=True)
    single = [b.value for plan in found.plan for b in plan.bounds if b.kind == "single"]
    assert single
    assert max(v for v in single if v is not None) == 10


def test_a_limit_that_holds_everywhere_stays_where_no_local_one_covers_its_ages() -> None:
    """Cyproheptadine: the ceilings of children name no jurisdiction, that of adults does."""
    for country in COUNTRIES.values():
        found = tiers(reviewed("cyproheptadine 8 mg three times a day", country=country, age="5", weight="18 kg"))
        assert found["over-daily-limit"] == "CHANGE"
    for place in JURISDICTIONS:
        for agent in known().agents.values():
            for kind in ("daily", "single", "daily_per_kg", "single_per_kg"):
                limits = [c.limit for c in ceilings(known(), place, agent.agent, kind)]
                assert not any(
                    a != b and not a.jurisdiction and b.jurisdiction and _meet(a, b) for a in limits for b in limits
                )


def _meet(a: Limit, b: Limit) -> bool:
    ages = a.age_from < b.age_to and b.age_from < a.age_to
    return ages and (not a.routes or not b.routes or bool(set(a.routes) & set(b.routes)))


# ---------------------------------------------------------------- the whole formulary


def by_mouth() -> list[tuple[Agent, Jurisdiction]]:
    sold = {(c.agent, c.jurisdiction) for c in known().coverage if not c.not_sold}
    return [
        (agent, place)
        for agent in known().agents.values()
        if "oral" in agent.routes
        for place in JURISDICTIONS
        if (agent.agent, place) in sold
    ]


def rows_of(agent: Agent, place: Jurisdiction, age: float) -> list[Dosing]:
    return [
        d
        for d in agent.dosing
        if (not d.jurisdiction or place in d.jurisdiction) and (d.age_from or 0) <= age < (d.age_to or 200)
    ]


def adult_daily(agent: Agent, place: Jurisdiction) -> float | None:
    """The largest usual day of an adult, in the agent's unit; of any country where this one's text gives none."""
    for rows in (rows_of(agent, place, 40), [d for d in agent.dosing if (d.age_to or 200) > 40]):
        days = [d.maximum_daily for d in rows if d.maximum_daily]
        days += [d.target_high for d in rows if d.target_high and d.unit == f"{agent.dose_unit}/day"]
        days += [d.target_high * 3 for d in rows if d.target_high and d.unit == agent.dose_unit]
        if days:
            return max(days)
    limits = [x.value for x in agent.limits if x.kind == "daily" and x.age_to > 40]
    return max(limits, default=None)


def said_age(age: float) -> str:
    return f"{age * 12:g} months" if age < 2 else f"{age:g}"


@pytest.mark.parametrize(("agent", "place"), by_mouth(), ids=lambda x: x if isinstance(x, str) else x.agent)
def test_no_child_gets_an_adult_dose_unremarked(agent: Agent, place: Jurisdiction) -> None:
    """What a day of an adult is in a child: a finding in small children, and ten times it (by weight) a grave one at every age."""
    daily = adult_daily(agent, place)
    assert daily is not None, "no dose of an adult is known"
    for age, weight in WEIGHTS.items():
        child = {"country": COUNTRIES[place], "age": said_age(age), "weight": f"{weight} kg"}
        if age < 5:
            line = f"{agent.agent} {round(daily / 3, 4)} {agent.dose_unit} by mouth three times a day"
            assert {"DANGER", "CHANGE", "WATCH"} & set(tiers(reviewed(line, **child)).values()), line
        tenfold = daily * 10 * min(1, weight / 60)
        line = f"{agent.agent} {round(tenfold / 3, 4)} {agent.dose_unit} by mouth three times a day"
        assert set(_GRAVE) & set(tiers(reviewed(line, **child)).values()), (age, line)


@pytest.mark.parametrize(("agent", "place"), by_mouth(), ids=lambda x: x if isinstance(x, str) else x.agent)
def test_adults_and_children_of_a_labelled_age_are_not_too_young(agent: Agent, place: Jurisdiction) -> None:
    for age in (*WEIGHTS, 18, 40, 80):
        rows = [d for d in rows_of(agent, place, age) if d.start or d.target_high]
        rows = [d for d in rows if "unlicensed" not in d.text.lower() and "not licensed" not in d.text.lower()]
        if age < _CHILD and not any(d.age_from is not None and d.age_from < _CHILD for d in rows):
            continue
        found = reviewed(f"{agent.agent} by mouth", country=COUNTRIES[place], age=said_age(age))
        assert not _TOO_YOUNG & set(tiers(found)), age


def test_the_least_age_is_a_bound_of_plans() -> None:
    found = reviewed("gabapentin", country="UK", age="1", weight="10 kg", plan=True)
    assert [p for p in found.plan if p.refused and "2 years" in p.refused]
