"""How the relaxants of acute spasm, the benzodiazepines and the antispasmodics are started: the labels' numbers, limits, bounds, gates."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.agents import Limit
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.plans import Titration
from relaxant.medicines.read import read_medicines
from relaxant.planning.dose import Room, room
from relaxant.planning.said import gates
from relaxant.planning.which_titration import titrations

KNOWN = load_knowledge()
AGENTS = (
    "diazepam", "clonazepam", "cyclobenzaprine", "methocarbamol", "carisoprodol", "metaxalone", "chlorzoxazone", "orphenadrine",
    "tolperisone", "eperisone", "thiocolchicoside", "oxybutynin", "tolterodine", "solifenacin", "darifenacin", "fesoterodine", "trospium",
    "mirabegron", "flavoxate", "propantheline", "glycopyrronium", "dicycloverine", "hyoscine butylbromide", "hyoscyamine", "mebeverine", "alverine",
)  # fmt: skip
COUNTRIES = ("US", "UK", "EU")
OURS = {t.titration: t for t in KNOWN.plans.titrations.values() if t.agent in AGENTS}
PERSON: dict[str, Any] = {
    "age": 40, "sex": "female", "weight": "70 kg", "height": "170 cm", "conditions": [], "medicines": [], "dialysis": "none",
    "labs": [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-10"}],
}  # fmt: skip


def facts_of(person: dict[str, Any]) -> Facts:
    patient = read_patient({"as_of": "2026-11-22", **PERSON, **person}, KNOWN, today=date(2026, 11, 22))
    return Facts(inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN), KNOWN, patient.jurisdiction)


def written(titration: Titration) -> str:
    """Stages as ``morning/noon/evening/night days``, with the quick end where there is one."""
    stages = []
    for stage in titration.stages:
        parts = (stage.morning, stage.noon, stage.evening, stage.night)
        days = "" if stage.days is None else f" x{stage.days:g}"
        least = "" if stage.days_least is None else f"({stage.days_least:g})"
        stages.append("/".join("-" if p is None else f"{p:g}" for p in parts) + days + least)
    return " | ".join(stages)


# What a label writes, stage by stage: doses of morning/noon/evening/night, and the days it gives.
LABELS = [
    ("diazepam-us-older", "US: 2 to 2.5 mg once or twice a day", "-/-/-/2 x14 | 2/-/-/2"),
    ("diazepam-us-children", "US: 1 to 2.5 mg three or four times a day at first", "1/1/-/1"),
    ("diazepam-eu-older", "Germany, Spain: 2 to 2.5 mg once or twice a day", "-/-/-/2 x14 | 2/-/-/2"),
    ("clonazepam-us-epilepsy", "US: at most 1.5 mg a day in three doses, 0.5 to 1 mg more every 3 days", "0.5/0.5/-/0.5 x3 | 0.5/0.5/-/1 x3 | 1/0.5/-/1 x3 | 1/1/-/1"),
    ("clonazepam-uk-epilepsy-older", "UK: at most 0.5 mg a day", "-/-/-/0.5"),
    ("clonazepam-us-children", "US: 0.01 to 0.03 mg/kg a day in two or three doses", "0.01/0.01/-/0.01"),
    ("clonazepam-uk-children-5", "UK from 5 years: at most 0.5 mg a day", "-/-/-/0.5"),
    ("clonazepam-uk-children-1", "UK: at most 0.25 mg a day", "-/-/-/0.25"),
    ("clonazepam-uk-infants", "UK: at most 0.25 mg a day", "-/-/-/0.25"),
    ("clonazepam-eu-children", "France: 0.05 to 0.1 mg/kg a day", "0.025/-/-/0.025"),
    ("cyclobenzaprine-us-tablets", "Flexeril: 5 mg three times a day, up to 10 mg three times", "5/5/-/5 x4 | 10/10/-/10"),
    ("cyclobenzaprine-us-capsule", "Amrix: 15 mg once a day, some 30 mg", "-/-/15/- x7 | -/-/30/-"),
    ("cyclobenzaprine-eu-adults", "Spain: 10 mg three times a day", "10/10/-/10"),
    ("methocarbamol-us-four", "US: 1,500 mg four times a day for 48 to 72 hours, then 1,000 mg four times", "1500/1500/1500/1500 x3(2) | 1000/1000/1000/1000"),
    ("methocarbamol-us-three", "US: 1,500 mg four times a day for 48 to 72 hours, then three times", "1500/1500/1500/1500 x3(2) | 1500/1500/-/1500"),
    ("methocarbamol-uk-adults", "UK: 1,500 mg four times a day to begin, then three times", "1500/1500/1500/1500 x3 | 1500/1500/-/1500"),
    ("methocarbamol-uk-low", "Robaxin-750: at times 750 mg three times a day", "750/750/-/750"),
    ("methocarbamol-eu-adults", "Germany: 1,500 mg four times a day to begin, then three times", "1500/1500/1500/1500 x3 | 1500/1500/-/1500"),
    ("methocarbamol-eu-older", "Spain: 2 to 3 g a day in three or four doses", "500/500/500/500 x3 | 1000/1000/-/1000"),
    ("carisoprodol-us-adults", "US: 250 to 350 mg three times a day and at bedtime", "250/250/250/250"),
    ("metaxalone-us-800", "US: one 800 mg tablet 3 or 4 times a day", "800/800/-/800"),
    ("metaxalone-us-640", "US: one 640 mg tablet 3 or 4 times a day", "640/640/-/640"),
    ("orphenadrine-us-adults", "US: 100 mg in the morning and in the evening", "100/-/100/-"),
    ("orphenadrine-eu-adults", "Germany: 100 mg in the morning and in the evening", "100/-/100/-"),
    ("orphenadrine-uk-parkinsonism", "UK: 150 mg a day, 50 mg more every 2 or 3 days", "50/50/-/50 x3(2) | 100/50/-/50 x3(2) | 100/100/-/50 x3(2) | 100/100/-/100"),
    ("eperisone-eu-contracture", "Italy: 50 or 100 mg three times a day", "50/50/-/50 x7 | 100/100/-/100"),
    ("eperisone-eu-older", "Italy: at most 150 mg a day", "50/50/-/50"),
    ("eperisone-eu-spasticity", "Italy: 100 mg three times a day", "100/100/-/100"),
    ("thiocolchicoside-eu-adults", "France: 8 mg every 12 hours", "8/-/-/8"),
    ("oxybutynin-us-extended", "US: 5 mg once a day, 5 mg more weekly, at most 30 mg", "5/-/-/- x7 | 10/-/-/- x7 | 15/-/-/- x7 | 20/-/-/- x7 | 25/-/-/- x7 | 30/-/-/-"),
    ("oxybutynin-us-children-extended", "US: 5 mg once a day, by 5 mg to at most 20 mg", "5/-/-/- x7 | 10/-/-/- x7 | 15/-/-/- x7 | 20/-/-/-"),
    ("oxybutynin-us-tablets", "US: 5 mg two or three times a day, at most four", "5/-/-/5 x7 | 5/5/-/5 x7 | 5/5/5/5"),
    ("oxybutynin-us-children", "US: 5 mg twice a day, at most three times", "5/-/-/5 x7 | 5/5/-/5"),
    ("oxybutynin-uk-tablets", "UK: 5 mg two or three times a day, at most four", "5/-/-/5 x7 | 5/5/-/5 x7 | 5/5/5/5"),
    ("oxybutynin-uk-older", "UK: 2.5 mg twice a day, 5 mg twice a day if tolerated", "2.5/-/-/2.5 x28 | 5/-/-/5"),
    ("oxybutynin-uk-children", "UK: 2.5 mg twice a day, up to 5 mg two or three times", "2.5/-/-/2.5 x7 | 5/-/-/5 x7 | 5/5/-/5"),
    ("oxybutynin-uk-eu-prolonged", "Lyrinel XL: 5 mg once a day, by 5 mg weekly, at most 20 mg", "5/-/-/- x7 | 10/-/-/- x7 | 15/-/-/- x7 | 20/-/-/-"),
    ("oxybutynin-eu-tablets", "Germany: 2.5 mg three times a day, 7.5 to 15 mg in three doses, at most 5 mg four times", "2.5/2.5/-/2.5 x7 | 5/5/-/5 x7 | 5/5/5/5"),
    ("oxybutynin-eu-older", "Germany: 2.5 mg twice a day", "2.5/-/-/2.5"),
    ("tolterodine-us-extended", "Detrol LA: 4 mg once a day", "4/-/-/-"),
    ("tolterodine-us-tablets", "Detrol: 2 mg twice a day", "2/-/-/2"),
    ("tolterodine-uk-tablets", "UK: 2 mg twice a day", "2/-/-/2"),
    ("tolterodine-eu-prolonged", "Germany: 4 mg once a day", "4/-/-/-"),
    ("solifenacin-adults", "Vesicare: 5 mg once a day, 10 mg", "5/-/-/- x28 | 10/-/-/-"),
    ("solifenacin-us-children-60", "Vesicare LS above 60 kg: 5 mg, at most 10 mg", "5/-/-/- x28 | 10/-/-/-"),
    ("solifenacin-us-children-45", "Vesicare LS to 60 kg: 4 mg, at most 8 mg", "4/-/-/- x28 | 8/-/-/-"),
    ("solifenacin-us-children-30", "Vesicare LS to 45 kg: 3 mg, at most 6 mg", "3/-/-/- x28 | 6/-/-/-"),
    ("solifenacin-us-children-15", "Vesicare LS to 30 kg: 3 mg, at most 5 mg", "3/-/-/- x28 | 5/-/-/-"),
    ("solifenacin-us-children-9", "Vesicare LS to 15 kg: 2 mg, at most 4 mg", "2/-/-/- x28 | 4/-/-/-"),
    ("darifenacin-adults", "Enablex: 7.5 mg, 15 mg from two weeks on", "7.5/-/-/- x14 | 15/-/-/-"),
    ("fesoterodine-adults", "Toviaz: 4 mg, 8 mg", "4/-/-/- x28 | 8/-/-/-"),
    ("fesoterodine-us-children-35", "Toviaz over 35 kg: 4 mg, 8 mg after a week", "4/-/-/- x7 | 8/-/-/-"),
    ("fesoterodine-us-children-25", "Toviaz to 35 kg: 4 mg, 8 mg if needed", "4/-/-/- x28 | 8/-/-/-"),
    ("trospium-us-tablets", "US: 20 mg twice a day", "20/-/-/20"),
    ("trospium-uk-tablets", "as the US tablet: 20 mg twice a day", "20/-/-/20"),
    ("trospium-us-uk-extended", "US, Regurin XL: 60 mg in the morning", "60/-/-/-"),
    ("trospium-eu-tablets", "Germany: 45 mg a day in three doses", "15/15/-/15"),
    ("mirabegron-us-adults", "Myrbetriq: 25 mg, 50 mg after 4 to 8 weeks", "25/-/-/- x56(28) | 50/-/-/-"),
    ("mirabegron-uk-eu-adults", "Betmiga: 50 mg once a day", "50/-/-/-"),
    ("mirabegron-eu-children-35", "Betmiga from 35 kg: 25 mg, 50 mg after 4 to 8 weeks", "25/-/-/- x56(28) | 50/-/-/-"),
    ("mirabegron-us-children-35", "as Betmiga from 35 kg", "25/-/-/- x56(28) | 50/-/-/-"),
    ("mirabegron-us-children-22", "Myrbetriq granules from 22 kg: 32 to 64 mg", "32/-/-/- x56(28) | 64/-/-/-"),
    ("mirabegron-us-children-11", "Myrbetriq granules from 11 kg: 24 to 48 mg", "24/-/-/- x56(28) | 48/-/-/-"),
    ("flavoxate-us", "US: 100 or 200 mg three or four times a day", "100/100/-/100 x7 | 200/200/-/200"),
    ("flavoxate-uk", "UK: 200 mg three times a day", "200/200/-/200"),
    ("flavoxate-eu", "Germany: 200 mg three or four times a day", "200/200/-/200"),
    ("propantheline-us-adults", "US: 15 mg before each meal and 30 mg at bedtime", "15/15/15/30"),
    ("propantheline-us-older", "US: 7.5 mg before each meal", "7.5/7.5/7.5/-"),
    ("propantheline-uk-adults", "UK: 15 mg before each meal and 30 mg at bedtime", "15/15/15/30"),
    ("glycopyrronium-us-adults", "Robinul: 1 mg three times a day, 2 mg at bedtime if needed", "1/1/-/1 x7 | 1/1/-/2"),
    ("glycopyrronium-us-dissolving", "Dartisla: 1.7 mg two or three times a day", "1.7/-/-/1.7 x7 | 1.7/1.7/-/1.7"),
    ("glycopyrronium-us-children", "Cuvposa: 0.02 mg/kg three times a day, 0.02 mg/kg more every 5 to 7 days to 0.1 mg/kg", "0.02/0.02/-/0.02 x7(5) | 0.04/0.04/-/0.04 x7(5) | 0.06/0.06/-/0.06 x7(5) | 0.08/0.08/-/0.08 x7(5) | 0.1/0.1/-/0.1"),
    ("glycopyrronium-uk-children", "UK: 0.02 mg/kg three times a day, raised every 5 to 7 days to 0.1 mg/kg", "0.02/0.02/-/0.02 x7(5) | 0.04/0.04/-/0.04 x7(5) | 0.06/0.06/-/0.06 x7(5) | 0.08/0.08/-/0.08 x7(5) | 0.1/0.1/-/0.1"),
    ("glycopyrronium-uk-adults", "UK: 1 mg three times a day", "1/1/-/1"),
    ("dicycloverine-us-adults", "Bentyl: 20 mg four times a day, after a week 40 mg", "20/20/20/20 x7 | 40/40/40/40"),
    ("dicycloverine-uk-adults", "UK: 10 to 20 mg three times a day", "10/10/-/10 x7 | 20/20/-/20"),
    ("dicycloverine-uk-children-2", "UK: 10 mg three times a day", "10/10/-/10"),
    ("dicycloverine-uk-infants", "UK: 5 to 10 mg three or four times a day", "5/5/-/5"),
    ("hyoscine-butylbromide-uk-adults", "UK: 20 mg four times a day", "20/20/20/20"),
    ("hyoscine-butylbromide-eu-adults", "Germany: 10 to 20 mg three times a day, at most 60 mg", "20/20/-/20"),
    ("hyoscine-butylbromide-uk-bowel", "UK: 10 mg three times a day, up to 20 mg four times", "10/10/-/10 x7 | 20/20/20/20"),
    ("hyoscine-butylbromide-eu-bowel", "Ireland: 10 mg three times a day to begin; Germany: at most 60 mg a day", "10/10/-/10 x7 | 20/20/-/20"),
    ("hyoscine-butylbromide-uk-children", "UK: 10 mg three times a day", "10/10/-/10"),
    ("hyoscyamine-us-extended", "US: 0.375 to 0.75 mg every 12 hours", "0.375/-/-/0.375 x7 | 0.75/-/-/0.75"),
    ("mebeverine-tablets", "UK, Germany: 135 mg three times a day", "135/135/-/135"),
    ("mebeverine-modified", "UK, Poland: 200 mg morning and evening", "200/-/200/-"),
    ("mebeverine-uk-suspension", "UK: 150 mg three times a day", "150/150/-/150"),
    ("alverine-uk", "UK: 60 to 120 mg one to three times a day", "60/60/-/60 x7 | 120/120/-/120"),
    ("alverine-eu", "Ireland: 120 mg one to three times a day", "120/120/-/120"),
]  # fmt: skip

# Where the label writes a range and the steps are ours: the least that a first day may be and the most that the last may be, by the label.
RANGES = [
    ("diazepam-us-adults", "US: 2 to 10 mg three or four times a day", 6, 40),
    ("diazepam-uk-spasm", "UK: 5 to 15 mg a day", 5, 15),
    ("diazepam-uk-spasm-older", "UK: half the adult doses", 2.5, 7.5),
    ("diazepam-uk-spasticity", "UK: 5 to 60 mg a day", 5, 60),
    ("diazepam-uk-spasticity-older", "UK: half the adult doses", 2.5, 30),
    ("diazepam-uk-children", "UK: 5 to 40 mg a day", 5, 40),
    ("diazepam-eu-adults", "Spain: from 2 mg three times a day; Germany: up to 15 mg a day", 6, 15),
    ("diazepam-eu-spasticity", "Spain: from 2 mg three times a day; Germany: at most 60 mg a day", 6, 60),
    ("diazepam-eu-children", "Germany: 0.1 to 0.3 mg/kg a day", 0.1, 0.3),
    ("clonazepam-night", "Australian guideline: 0.5 to 2 mg at night", 0.5, 2),
    ("clonazepam-night-older", "UK: at most 0.5 mg a day at first", 0.25, 0.5),
    ("clonazepam-uk-epilepsy", "UK: at most 1 mg a day at first, 4 to 8 mg", 1, 8),
    ("cyclobenzaprine-us-tablets-older", "Flexeril: from 5 mg, fewer doses a day", 5, 30),
    ("methocarbamol-uk-older", "UK: half of 7,500 mg a day or less", 0, 3750),
    ("chlorzoxazone-us-adults", "Lorzone: 250 mg three times to 750 mg four times a day", 750, 3000),
    ("chlorzoxazone-us-375", "Lorzone: 375 mg three times to 750 mg four times a day", 1125, 3000),
    ("tolperisone-eu-adults", "Germany: 50 to 150 mg three times a day", 150, 450),
    ("glycopyrronium-uk-drooling", "Scotland: 0.2 mg to 1 mg every 8 hours", 0.6, 3),
    ("glycopyrronium-uk-eu-sialanar", "Sialanar as bromide: 0.016 to 0.08 mg/kg three times a day", 0.048, 0.24),
    ("hyoscyamine-us-adults", "US: 0.125 to 0.25 mg every 4 hours, at most 1.5 mg", 0.5, 1.5),
    ("hyoscyamine-us-children", "US: 0.031 to 0.125 mg every 4 hours, at most 0.75 mg", 0.12, 0.75),
]  # fmt: skip


@pytest.mark.parametrize(("name", "label", "stages"), LABELS, ids=[x[0] for x in LABELS])
def test_a_titration_is_as_its_label_writes_it(name: str, label: str, stages: str) -> None:
    assert written(OURS[name]) == stages, label


@pytest.mark.parametrize(("name", "label", "least", "most"), RANGES, ids=[x[0] for x in RANGES])
def test_steps_of_ours_stay_within_the_labels_range(name: str, label: str, least: float, most: float) -> None:
    days = [sum(s.doses.values()) for s in OURS[name].stages]
    assert least - 1e-9 <= days[0], label
    assert days[-1] <= most + 1e-9, label
    assert "ours" in (OURS[name].note or ""), "what is our choice is not said"


def test_every_titration_stands_in_one_table() -> None:
    names = [x[0] for x in LABELS] + [x[0] for x in RANGES]
    assert sorted(names) == sorted(OURS)


def limits_of(titration: Titration, country: str) -> list[Limit]:
    """The agent's limits in a country for the ages of a titration, as the ceilings of the rules choose them."""
    own = [
        x
        for x in KNOWN.agents[titration.agent].limits
        if x.age_from < titration.age_to and titration.age_from < x.age_to
    ]
    local = [x for x in own if country in x.jurisdiction]
    return local or [x for x in own if not x.jurisdiction]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_stage_is_within_the_agents_limits(name: str) -> None:
    titration = OURS[name]
    by_weight = titration.unit.endswith("/kg")
    for country in titration.jurisdiction or COUNTRIES:
        for limit in limits_of(titration, country):
            for stage in titration.stages:
                doses = stage.doses.values()
                value = {
                    "single": None if by_weight else max(doses),
                    "daily": None if by_weight else sum(doses),
                    "single_per_kg": max(doses) if by_weight else None,
                    "daily_per_kg": sum(doses) if by_weight else None,
                    "doses_daily": len(doses),
                }.get(limit.kind)
                assert value is None or value <= limit.value + 1e-9, (country, limit.kind, limit.place)


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_agent_that_is_sold_has_a_titration(country: str) -> None:
    not_sold = {c.agent for c in KNOWN.coverage if c.jurisdiction == country and c.not_sold}
    sold = {a for a in AGENTS if any(holds_in(d, country) for d in KNOWN.agents[a].dosing)} - not_sold
    planned = {t.agent for t in OURS.values() if holds_in(t, country)}
    assert sold - planned == set()


@pytest.mark.parametrize(
    ("agent", "person", "chosen"),
    [
        ("diazepam", {"country": "UK"}, "diazepam-uk-spasm"),
        ("diazepam", {"country": "UK", "conditions": ["multiple sclerosis"]}, "diazepam-uk-spasticity"),
        ("diazepam", {"country": "UK", "age": 70, "conditions": ["stroke"]}, "diazepam-uk-spasticity-older"),
        ("diazepam", {"country": "US", "age": 70}, "diazepam-us-older"),
        ("clonazepam", {"country": "US", "conditions": ["epilepsy"]}, "clonazepam-us-epilepsy"),
        ("clonazepam", {"country": "US", "conditions": ["multiple sclerosis"]}, "clonazepam-night"),
        ("oxybutynin", {"country": "EU", "age": 70}, "oxybutynin-eu-older"),
        ("trospium", {"country": "UK"}, "trospium-uk-tablets"),
        ("tolterodine", {"country": "US"}, "tolterodine-us-tablets"),
        ("cyclobenzaprine", {"country": "US"}, "cyclobenzaprine-us-tablets"),
        ("cyclobenzaprine", {"country": "EU", "age": 70}, None),
        ("glycopyrronium", {"country": "US", "age": 70}, None),
        ("glycopyrronium", {"country": "UK", "age": 70, "conditions": ["drooling"]}, "glycopyrronium-uk-drooling"),
        ("solifenacin", {"country": "US", "age": 8, "weight": "28 kg"}, "solifenacin-us-children-15"),
        ("solifenacin", {"country": "US", "age": 8, "weight": "15 kg"}, "solifenacin-us-children-9"),
        ("mirabegron", {"country": "US", "age": 8, "weight": "34 kg"}, "mirabegron-us-children-22"),
        ("mirabegron", {"country": "US", "age": 12, "weight": "35 kg"}, "mirabegron-us-children-35"),
        ("fesoterodine", {"country": "US", "age": 8, "weight": "30 kg"}, "fesoterodine-us-children-25"),
    ],
)  # fmt: skip
def test_which_titration_comes_first(agent: str, person: dict[str, Any], chosen: str | None) -> None:
    fitting = titrations(agent, facts_of(person))
    assert (fitting[0].titration if fitting else None) == chosen


# ---------------------------------------------------------------- bounds


def bounded(agent: str, person: dict[str, Any]) -> Room:
    return room(agent, facts_of(person))


@pytest.mark.parametrize(
    ("agent", "person", "kind", "value", "label"),
    [
        ("solifenacin", {"medicines": ["itraconazole 200 mg once a day"]}, "daily", 5, "VESIcare 2.4"),
        ("tolterodine", {"medicines": ["ketoconazole 200 mg once a day"]}, "daily", 2, "Detrol LA 2.2"),
        ("darifenacin", {"medicines": ["clarithromycin 500 mg twice a day"]}, "daily", 7.5, "Enablex 7.1"),
        ("fesoterodine", {"medicines": ["clarithromycin 500 mg twice a day"]}, "daily", 4, "Toviaz 7.2"),
        ("mirabegron", {"country": "UK", "medicines": ["itraconazole 200 mg once a day"], "labs": [{"name": "creatinine", "value": "1.2 mg/dL", "date": "2026-11-10"}]}, "daily", 25, "Betmiga 4.2"),
        ("mirabegron", {"conditions": ["Child-Pugh B cirrhosis"]}, "daily", 25, "Myrbetriq 2.4"),
        ("darifenacin", {"conditions": ["Child-Pugh B cirrhosis"]}, "daily", 7.5, "Enablex 2"),
        ("solifenacin", {"conditions": ["Child-Pugh B cirrhosis"]}, "daily", 5, "VESIcare 2.3"),
        ("tolterodine", {"country": "EU", "conditions": ["liver disease"]}, "daily", 2, "German text 4.2"),
        ("fesoterodine", {"country": "EU", "conditions": ["Child-Pugh B cirrhosis"]}, "daily", 4, "Toviaz 4.2"),
        ("cyclobenzaprine", {"age": 75}, "start", 5, "Flexeril, elderly"),
        ("cyclobenzaprine", {"conditions": ["liver disease"]}, "start", 5, "tablets, mild hepatic impairment"),
        ("diazepam", {"age": 75}, "start", 2.5, "US, geriatric patients"),
        ("diazepam", {"country": "UK", "conditions": ["muscle spasm"]}, "daily", 15, "UK 4.2"),
        ("diazepam", {"country": "UK", "age": 75, "conditions": ["muscle spasm"]}, "daily", 7.5, "UK 4.2, half"),
        ("diazepam", {"conditions": ["cirrhosis"]}, "share", 0.5, "clearance half in cirrhosis"),
        ("diazepam", {"genotype": {"CYP2C19": "*2/*2"}}, "share", 0.5, "half the clearance"),
        ("clonazepam", {"conditions": ["multiple sclerosis"]}, "daily", 2, "guideline, 0.5 to 2 mg"),
        ("clonazepam", {"country": "UK", "conditions": ["liver disease"]}, "daily", 1, "UK 4.4, half of 2 mg"),
        ("clonazepam", {"country": "UK", "conditions": ["liver disease", "epilepsy"]}, "share", 0.5, "UK 4.4"),
        ("oxybutynin", {"medicines": ["itraconazole 200 mg once a day"]}, "share", 0.3, "3 to 4-fold with ketoconazole"),
        ("oxybutynin", {"country": "UK", "age": 80, "conditions": ["frailty"]}, "daily", 10, "UK 4.2, elderly"),
        ("methocarbamol", {"dialysis": "haemodialysis"}, "share", 0.5, "clearance 40% lower"),
        ("solifenacin", {"age": 8, "weight": "14 kg"}, "daily", 4, "Vesicare LS, 9 to 15 kg"),
        ("carisoprodol", {"genotype": {"CYP2C19": "*2/*2"}}, "doses_daily", 1, "fourfold exposure"),
        ("orphenadrine", {"age": 75}, "daily", 100, "at most 100 mg over 65"),
        ("glycopyrronium", {"country": "UK", "age": 8, "weight": "16 kg"}, "single", 1.5, "1.5 mg to 17 kg"),
        ("eperisone", {"country": "EU", "age": 75, "conditions": ["liver disease"]}, "daily", 150, "Italy 4.2"),
        ("methocarbamol", {"conditions": ["cirrhosis"]}, "doses_daily", 2, "longer interval"),
    ],
)  # fmt: skip
def test_what_bounds_a_dose(agent: str, person: dict[str, Any], kind: str, value: float, label: str) -> None:
    assert getattr(bounded(agent, {"country": "US", **person}), kind) == pytest.approx(value, rel=1e-6), label


@pytest.mark.parametrize(
    ("agent", "person"),
    [
        ("tolterodine", {"country": "UK", "medicines": ["ketoconazole 200 mg once a day"]}),
        ("darifenacin", {"country": "EU", "medicines": ["verapamil 80 mg three times a day"]}),
        ("mirabegron", {"dialysis": "haemodialysis"}),
        ("solifenacin", {"country": "UK", "dialysis": "haemodialysis"}),
        ("solifenacin", {"conditions": ["Child-Pugh C cirrhosis"]}),
        ("fesoterodine", {"conditions": ["Child-Pugh C cirrhosis"]}),
        ("cyclobenzaprine", {"conditions": ["Child-Pugh B cirrhosis"]}),
        ("clonazepam", {"conditions": ["cirrhosis"]}),
        ("diazepam", {"country": "UK", "medicines": ["ritonavir 100 mg twice a day"]}),
        ("metaxalone", {"dialysis": "haemodialysis"}),
        ("chlorzoxazone", {"conditions": ["cirrhosis"]}),
        (
            "mirabegron",
            {"observations": [{"name": "systolic blood pressure", "value": "185 mmHg", "date": "2026-11-20"}]},
        ),
    ],
)
def test_what_is_never_started(agent: str, person: dict[str, Any]) -> None:
    assert bounded(agent, {"country": "US", **person}).never


def test_clarithromycin_does_not_exclude_darifenacin_in_europe() -> None:
    stands = bounded("darifenacin", {"country": "EU", "medicines": ["clarithromycin 500 mg twice a day"]})
    assert not stands.never
    assert stands.start == 7.5


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_well_adult_is_bounded_by_nothing_of_plans_but_what_holds_for_everybody(country: str) -> None:
    facts = facts_of(
        {"country": country, "observations": [{"name": "blood pressure", "value": "120/75 mmHg", "date": "2026-11-20"}]}
    )
    for agent in AGENTS:
        hold = {b.id for b in room(agent, facts).bounds if not b.open and not b.id.startswith("limit:")}
        assert hold <= {"clonazepam-without-epilepsy"}, agent


def test_older_people_in_the_uk_get_half_of_diazepam_once() -> None:
    stands = bounded("diazepam", {"country": "UK", "age": 75, "conditions": ["multiple sclerosis"]})
    assert stands.share == 1
    assert stands.daily == pytest.approx(30, rel=1e-6)


KIDNEY = (
    "tolterodine", "solifenacin", "fesoterodine", "trospium", "mirabegron", "carisoprodol", "metaxalone", "methocarbamol", "tolperisone",
    "eperisone", "glycopyrronium", "hyoscyamine",
)  # fmt: skip


def allowed(stands: Room) -> tuple[float, ...]:
    """Everything that less kidney may only lower: whether at all, and how much."""
    if stands.never:
        return (0,) * 6
    return (stands.share, stands.start, stands.single, stands.daily, stands.doses_daily, stands.step)


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("more", [{}, {"medicines": ["itraconazole 200 mg once a day"]}, {"conditions": ["liver disease"]}, {"age": 78}, {"age": 9, "weight": "30 kg", "height": "135 cm"}], ids=["alone", "inhibitor", "liver", "older", "child"])  # fmt: skip
def test_less_kidney_never_gives_more(country: str, more: dict[str, Any]) -> None:
    before = dict.fromkeys(KIDNEY, (math.inf,) * 6)
    for tenths in range(4, 120, 3):  # creatinine 0.4 to 11.8 mg/dL
        creatinine = {"name": "creatinine", "value": f"{tenths / 10} mg/dL", "date": "2026-11-20"}
        facts = facts_of({"country": country, "labs": [creatinine], **more})
        for agent in KIDNEY:
            now = allowed(room(agent, facts))
            assert all(a <= b + 1e-9 for a, b in zip(now, before[agent], strict=True)), (agent, tenths)
            before[agent] = now


@pytest.mark.parametrize(
    ("agent", "country", "clearance", "daily"),
    [
        ("solifenacin", "US", 32, 10), ("solifenacin", "US", 28, 5),
        ("tolterodine", "UK", 32, 4), ("tolterodine", "UK", 28, 2), ("tolterodine", "US", 9, 0),
        ("fesoterodine", "EU", 32, 8), ("fesoterodine", "EU", 28, 4),
        ("trospium", "US", 32, 60), ("trospium", "US", 28, 20), ("trospium", "EU", 28, 20),
        ("mirabegron", "US", 33, 50), ("mirabegron", "UK", 25, 25), ("mirabegron", "EU", 13, 0),
    ],
)  # fmt: skip
def test_the_kidney_bands_of_the_labels(agent: str, country: str, clearance: float, daily: float) -> None:
    """The creatinine at which the kidney fact that the label asks for (eGFR for mirabegron) is just on that side."""
    fact = "egfr" if agent == "mirabegron" else "kidney_function"
    facts = facts_of({"country": country})
    for hundredths in range(50, 1500, 2):
        lab = {"name": "creatinine", "value": f"{hundredths / 100} mg/dL", "date": "2026-11-20"}
        facts = facts_of({"country": country, "labs": [lab]})
        if facts.column(fact).high.item(0) <= clearance:
            break
    stands = room(agent, facts)
    assert (0 if stands.never else stands.daily) == pytest.approx(daily, rel=1e-6)


# ---------------------------------------------------------------- gates


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_has_its_gates(agent: str) -> None:
    country = "EU" if agent in ("tolperisone", "eperisone", "thiocolchicoside") else "UK"
    (gate,) = gates(agent, "titration", facts_of({"country": country}))
    assert gate.go_on
    assert gate.hold
    assert gate.call
    assert gate.go_back or agent == "thiocolchicoside"  # one dose, never raised


@pytest.mark.parametrize(
    ("agent", "person", "kind", "word"),
    [
        ("diazepam", {"conditions": ["falls"]}, "hold", "gait"),
        ("diazepam", {"conditions": ["sleep apnoea"]}, "hold", "breathing"),
        ("clonazepam", {"medicines": ["oxycodone 5 mg every 6 hours"]}, "call", "naloxone"),
        ("oxybutynin", {"conditions": ["glaucoma"]}, "hold", "eye clinic"),
        ("solifenacin", {"conditions": ["enlarged prostate"]}, "hold", "200 mL"),
        ("solifenacin", {"conditions": ["long QT"]}, "hold", "ECG"),
        ("tolterodine", {"conditions": ["dementia"]}, "go_back", "four weeks"),
        ("cyclobenzaprine", {"medicines": ["sertraline 50 mg once a day"]}, "hold", "tremor"),
        ("trospium", {"age": 78}, "go_back", "20 mg once a day"),
    ],
)
def test_a_sentence_for_some_is_said_to_them_only(agent: str, person: dict[str, Any], kind: str, word: str) -> None:
    def said(of: dict[str, Any]) -> bool:
        (gate,) = gates(agent, "titration", facts_of({"country": "US", **of}))
        return any(word in told.text for told in getattr(gate, kind))

    assert said(person)
    assert not said({})
