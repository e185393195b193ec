"""Rules and plans that speak of one person say the same: kidney, what blocks tizanidine, opioids, carisoprodol, lower doses weighed."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import TODAY
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.read import read_medicines
from relaxant.planning.dose import Room, room
from relaxant.planning.plan import Plan
from relaxant.planning.taper import taper_plan
from relaxant.reviewing import Review, review

LONG = "since 2020-01-01"
BREATH = ("methadone 40 mg once a day since 2020-01-01",)


def person(*lines: str, **said: Any) -> dict[str, Any]:
    """Someone of 50 with sound kidneys, liver and pressure unless said otherwise."""
    return {
        "as_of": TODAY.isoformat(), "country": "US", "sex": "female", "age": 50, "weight": "70 kg", "height": "170 cm",
        "conditions": ["multiple sclerosis"], "allergies": [], "dialysis": "none", "smoker": False, "muscle_mass": "normal",
        "labs": creatinine(0.7), "observations": pressure(124), "medicines": list(lines),
    } | said  # fmt: skip


def creatinine(value: float) -> list[dict[str, str]]:
    return [
        {"name": "creatinine", "value": f"{value} mg/dL", "date": "2026-11-20"},
        {"name": "ALT", "value": "20 U/L", "date": "2026-11-20"},
    ]


def pressure(systolic: int) -> list[dict[str, str]]:
    return [
        {"name": "systolic blood pressure", "value": f"{systolic} mmHg", "date": "2026-11-20"},
        {"name": "heart rate", "value": "72 /min", "date": "2026-11-20"},
    ]


def facts_of(knowledge: Knowledge, said: dict[str, Any]) -> tuple[Any, Facts]:
    patient = read_patient(said, knowledge, today=TODAY)
    medicines = read_medicines(patient, knowledge)
    where = {"UK": "UK", "IE": "EU"}.get(said["country"], "US")
    return medicines, Facts(inputs_of([(patient, medicines)], knowledge), knowledge, where)  # type: ignore[arg-type]


def bounded(knowledge: Knowledge, agent: str, said: dict[str, Any]) -> Room:
    return room(agent, facts_of(knowledge, said)[1])


def lowered(knowledge: Knowledge, agent: str, said: dict[str, Any], *, goal: float = 0, ready: bool = False) -> Plan:
    medicines, facts = facts_of(knowledge, said)
    return taper_plan(agent, medicines, facts, TODAY, goal=goal, ready=ready)


def reviewed(knowledge: Knowledge, said: dict[str, Any]) -> Review:
    return review(read_patient(said, knowledge, today=TODAY), knowledge=knowledge, predict=False)


def tiers(found: Review, rule: str) -> list[str]:
    return [f.tier for f in found.findings if rule in f.rules]


# ---------------------------------------------------------------- baclofen: eGFR or clearance, whichever is lower

SMALL = {"age": 60, "weight": "45 kg", "height": "150 cm", "labs": creatinine(1.53)}


def test_a_clearance_below_30_is_one_definition_for_rule_limit_and_taper(knowledge: Knowledge) -> None:
    said = person(f"baclofen 20 mg three times a day {LONG}", **SMALL)
    _, facts = facts_of(knowledge, said)
    assert facts.column("egfr").low.item(0) >= 30
    assert facts.column("kidney_function").high.item(0) < 30
    assert tiers(reviewed(knowledge, said), "baclofen-severe-kidney-disease") == ["DANGER"]
    assert bounded(knowledge, "baclofen", said).never
    assert lowered(knowledge, "baclofen", said).policies[0].id == "baclofen-low-kidney"


def test_the_finding_names_which_of_the_two_counts(knowledge: Knowledge) -> None:
    found = reviewed(knowledge, person(f"baclofen 20 mg three times a day {LONG}", **SMALL))
    first = found.findings[0]
    assert "Creatinine clearance is" in first.summary
    assert "eGFR" in first.summary
    plans = [p for p in found.plan if "baclofen" in p.agents]
    assert [p.kind for p in plans] == ["taper"]
    assert plans[0].last_dose is not None, "to nothing, and not to a dose that its own limit forbids"


def test_a_healthy_kidney_asks_for_no_weight(knowledge: Knowledge) -> None:
    said = person(f"baclofen 10 mg three times a day {LONG}", age=40)
    del said["weight"]
    assert not tiers(reviewed(knowledge, said), "baclofen-severe-kidney-disease")
    assert not any("baclofen-severe-kidney-disease" in u.rules for u in reviewed(knowledge, said).unchecked)


def test_a_restart_without_kidneys_is_for_the_hospital(knowledge: Knowledge) -> None:
    stopped = {
        "drug": "baclofen",
        "dose": "20 mg",
        "frequency": "four times a day",
        "start": "2020-01-01",
        "stop": "2026-11-18",
    }
    found = reviewed(
        knowledge,
        person(medicines=[stopped], considering=["baclofen 20 mg four times a day"], labs=creatinine(3.1), age=64),
    )
    own = [f for f in found.findings if "baclofen" in f.agents and f.tier == "DANGER"]
    assert {f.tier for f in own} == {"DANGER"}
    assert all("ospital" in f.summary for f in own)
    assert not any("up to the last dose" in f.action for f in found.findings)


# ---------------------------------------------------------------- tizanidine beside what blocks it


@pytest.mark.parametrize("partner", ["fluvoxamine 100 mg at night", "ciprofloxacin 500 mg twice a day"])
@pytest.mark.parametrize("systolic", [84, 118])
def test_no_order_says_to_step_down_what_another_holds(knowledge: Knowledge, partner: str, systolic: int) -> None:
    lines = (f"tizanidine 8 mg three times a day {LONG}", f"{partner} since 2026-11-20")
    said = person(*lines, considering=["stop tizanidine"], observations=pressure(systolic))
    found = reviewed(knowledge, said)
    own = [f for f in found.findings if "tizanidine" in f.agents and f.tier in ("DANGER", "CHANGE")]
    assert own
    assert not any("Do not stop at once" in f.action or "2 to 4 mg a day" in f.action for f in own)
    assert any("old" in f.summary and "tizanidine" in f.summary for f in own)
    assert lowered(knowledge, "tizanidine", said).policies[0].id == "tizanidine-strong-inhibitor"


def test_what_is_only_weighed_is_spoken_of_where_it_is_only_weighed(knowledge: Knowledge) -> None:
    tizanidine = f"tizanidine 8 mg three times a day {LONG}"
    taken = lowered(knowledge, "tizanidine", person(tizanidine, "fluvoxamine 100 mg at night since 2026-11-20"))
    assert "tizanidine-inhibitor-weighed" not in [p.id for p in taken.policies]
    weighed = lowered(
        knowledge, "tizanidine", person(tizanidine, considering=["fluvoxamine 100 mg at night", "stop tizanidine"])
    )
    assert "tizanidine-inhibitor-weighed" in [p.id for p in weighed.policies]


def test_low_pressure_on_a_small_dose_is_a_hold_in_finding_and_plan(knowledge: Knowledge) -> None:
    said = person(f"tizanidine 4 mg three times a day {LONG}", observations=pressure(84))
    low = next(f for f in reviewed(knowledge, said).findings if "tizanidine-low-blood-pressure" in f.rules)
    assert "Hold it" in low.summary
    assert lowered(knowledge, "tizanidine", said).policies[0].id == "tizanidine-low-pressure"


def test_a_high_dose_at_low_pressure_goes_by_steps_in_every_order(knowledge: Knowledge) -> None:
    lines = (f"tizanidine 8 mg three times a day {LONG}", "lisinopril 10 mg once a day since 2020-01-01")
    for weighed in ([], ["stop tizanidine"]):
        said = person(*lines, observations=pressure(88), considering=weighed)
        own = [f for f in reviewed(knowledge, said).findings if f.cause in ("hypotension", "tizanidine-withdrawal")]
        assert own
        assert all("4 mg less" in f.action and "ospital" in f.action for f in own if f.tier in ("DANGER", "CHANGE"))
    assert lowered(knowledge, "tizanidine", said).policies[0].id == "tizanidine-low-pressure-steps"


# ---------------------------------------------------------------- opioids


@pytest.mark.parametrize(("agent", "most"), [("diazepam", 6), ("clonazepam", 0.5)])
def test_a_benzodiazepine_beside_an_opioid_stays_at_its_first_stage(
    knowledge: Knowledge, agent: str, most: float
) -> None:
    assert bounded(knowledge, agent, person(*BREATH)).daily == most
    epilepsy = person(*BREATH, conditions=["multiple sclerosis", "epilepsy"])
    assert bounded(knowledge, agent, epilepsy).daily > most, "a dose that keeps seizures away is not cut for it"
    assert bounded(knowledge, agent, person()).daily > most


@pytest.mark.parametrize("agent", ["baclofen", "gabapentin", "pregabalin", "methocarbamol", "tizanidine"])
def test_no_third_sedative_beside_an_opioid_and_a_benzodiazepine(knowledge: Knowledge, agent: str) -> None:
    assert bounded(knowledge, agent, person(*BREATH, "lorazepam 1 mg twice a day since 2020-01-01")).never
    assert not bounded(knowledge, agent, person(*BREATH)).never


# ---------------------------------------------------------------- carisoprodol


def test_high_risk_carisoprodol_is_never_quicker_than_the_usual(knowledge: Knowledge) -> None:
    line = f"carisoprodol 350 mg four times a day {LONG}"
    usual = lowered(knowledge, "carisoprodol", person(line, conditions=["back pain"]))
    seizures = person(line, conditions=["back pain", "seizures"])
    waiting = lowered(knowledge, "carisoprodol", seizures)
    assert waiting.refused is not None
    assert any("treats the seizures" in told.text for told in waiting.first_do)
    ready = lowered(knowledge, "carisoprodol", seizures, ready=True)
    assert ready.policies[0].id == "carisoprodol-seizures"
    assert usual.last_dose is not None
    assert ready.last_dose is not None
    assert (ready.last_dose - TODAY).days > 1.5 * (usual.last_dose - TODAY).days
    double = lowered(
        knowledge,
        "carisoprodol",
        person(f"carisoprodol 700 mg four times a day {LONG}", conditions=["back pain"]),
    )
    assert double.policies[0].id == "carisoprodol-high-risk"
    assert double.last_dose is not None
    assert double.last_dose > ready.last_dose


def test_three_times_the_label_with_seizures_has_a_way_out(knowledge: Knowledge) -> None:
    found = reviewed(
        knowledge, person(f"carisoprodol 1050 mg four times a day {LONG}", conditions=["chronic back pain", "seizures"])
    )
    assert tiers(found, "carisoprodol-seizures") == ["DANGER"]
    assert [p.kind for p in found.plan] == ["taper"]


# ---------------------------------------------------------------- what is taken counts while less is weighed


@pytest.mark.parametrize(
    ("country", "line", "weighed", "rule", "policy"),
    [
        ("UK", "gabapentin 900 mg three times a day", "gabapentin 300 mg twice a day", "gabapentin-kidney-lowered-uk", "gabapentin-kidney-uk-eu"),
        ("US", "gabapentin 1200 mg three times a day", "gabapentin 300 mg twice a day", "gabapentin-kidney-lowered-us", "gabapentin-kidney-us"),
        ("US", "pregabalin 300 mg twice a day", "pregabalin 75 mg twice a day", "pregabalin-kidney-lowered", "pregabalin-kidney"),
    ],
)  # fmt: skip
def test_a_lower_dose_weighed_silences_nothing_of_the_dose_that_is_taken(
    knowledge: Knowledge, country: str, line: str, weighed: str, rule: str, policy: str
) -> None:
    said = person(f"{line} {LONG}", country=country, age=66, labs=creatinine(1.6), considering=[weighed])
    found = reviewed(knowledge, said)
    assert tiers(found, rule) == ["CHANGE"]
    plan = next(p for p in found.plan if p.kind == "taper")
    assert plan.policies[0].id == policy
    assert not tiers(
        reviewed(knowledge, person(f"{weighed} {LONG}", age=66, labs=creatinine(1.6), country=country)), rule
    )


def test_a_high_dose_lowered_to_a_small_one_is_no_small_dose(knowledge: Knowledge) -> None:
    said = person(f"gabapentin 600 mg three times a day {LONG}", considering=["gabapentin 100 mg three times a day"])
    plan = next(p for p in reviewed(knowledge, said).plan if p.kind == "taper")
    assert plan.policies[0].id == "gabapentin-four-days"


def test_a_raise_that_is_weighed_is_not_spoken_of_as_taken(knowledge: Knowledge) -> None:
    said = person(
        f"gabapentin 300 mg once a day {LONG}",
        age=70,
        labs=creatinine(2.8),
        considering=["gabapentin 600 mg three times a day"],
    )
    found = next(f for f in reviewed(knowledge, said).findings if "gabapentin-kidney-us" in f.rules)
    assert "as weighed" in found.summary
    assert "Check alertness today" not in found.summary


# ---------------------------------------------------------------- sessions, years, ages


def test_no_daily_calendar_of_gabapentin_on_dialysis(knowledge: Knowledge) -> None:
    said = person(dialysis="haemodialysis", considering=["gabapentin 100 mg once a day"])
    assert bounded(knowledge, "gabapentin", said).never
    plan = next(p for p in reviewed(knowledge, said).plan if "gabapentin" in p.agents)
    assert not plan.steps


def test_years_of_a_benzodiazepine_for_spasticity_are_looked_back_on(knowledge: Knowledge) -> None:
    found = reviewed(knowledge, person("diazepam 10 mg twice a day since 2015-01-01", country="UK"))
    assert tiers(found, "benzodiazepine-long-use-spasticity") == ["WATCH"]


def test_no_amount_is_written_for_an_age_that_has_no_dose(knowledge: Knowledge) -> None:
    said = person(age="8 months", weight="8 kg", height="70 cm", considering=["gabapentin 600 mg three times a day"])
    actions = [f.action for f in reviewed(knowledge, said).findings if "over-daily-limit-by-weight" in f.rules]
    assert actions == ["Do not start it: no dose is known at this age."]
