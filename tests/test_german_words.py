"""German words of records: the main conditions by name, and how often and when a dose is taken."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conftest import TODAY, reviewed
from relaxant.facts.conditions import conditions_said
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.dose_lines import read_dose
from relaxant.medicines.names import read_name
from relaxant.medicines.regimen import Amount

AS_OF = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10 mg dreimal täglich", 30, 30),
        ("10 mg dreimal taeglich", 30, 30),
        ("10 mg 3x tgl.", 30, 30),
        ("10 mg 2 x tgl.", 20, 20),
        ("10 mg 3 mal am Tag", 30, 30),
        ("10 mg zweimal am Tag", 20, 20),
        ("10 mg viermal täglich", 40, 40),
        ("10 mg alle 8 Stunden", 30, 30),
        ("10 mg zur Nacht", 10, 10),
        ("5 mg morgens und abends", 10, 10),
        ("10 mg dreimal täglich und 20 mg zur Nacht", 50, 50),
        ("10 bis 20 mg dreimal täglich", 30, 60),
        ("10 mg bis zu dreimal täglich", 0, 30),
        ("30 mg pro Tag", 30, 30),
        ("30 mg am Tag", 30, 30),
        ("5 mg bei Bedarf, maximal 15 mg pro Tag", 0, 15),
        ("10 mg bis in die", 20, 20),
    ],
)
def test_dose_lines(text: str, low: float, high: float) -> None:
    assert read_dose(text, as_of=AS_OF).daily == Amount(low=low, high=high, unit="mg")


def test_the_day_is_no_morning() -> None:
    assert [d.at for d in read_dose("10 mg zweimal am Tag", as_of=AS_OF).doses] == [None]
    assert [d.at for d in read_dose("10 mg am", as_of=AS_OF).doses] == ["morning"]
    assert [d.at for d in read_dose("10 mg am Morgen", as_of=AS_OF).doses] == ["morning"]


def test_units_and_sessions() -> None:
    (dose,) = read_dose("200 Einheiten intramuskulär alle 12 Wochen", as_of=AS_OF).doses
    assert (dose.low, dose.unit, dose.every) == (200, "units", "12 wk")


def test_an_end_is_an_end() -> None:
    assert read_dose("10 mg täglich seit 2026-01-05 bis 2026-12-31", as_of=AS_OF).stop == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        ("Multiple Sklerose", "multiple_sclerosis"),
        ("Schlaganfall", "stroke"),
        ("Querschnittlähmung", "spinal_cord_injury"),
        ("Querschnittlaehmung", "spinal_cord_injury"),
        ("Maligne Hyperthermie", "malignant_hyperthermia"),
        ("Verbrennung", "major_burns"),
        ("Muskeldystrophie Duchenne", "muscular_dystrophy"),
        ("Amyotrophe Lateralsklerose", "motor_neurone_disease"),
        ("Guillain-Barré-Syndrom", "guillain_barre_syndrome"),
        ("Infantile Zerebralparese", "cerebral_palsy"),
        ("Niereninsuffizienz", "chronic_kidney_disease"),
        ("Leberzirrhose", "cirrhosis"),
        ("Hyperkaliämie", "hyperkalaemia"),
    ],
)
def test_conditions(knowledge: Knowledge, said: str, condition: str) -> None:
    patient = read_patient({"conditions": [said], "medicines": []}, knowledge, today=TODAY)
    note: dict[str, str] = {}
    assert conditions_said(patient, knowledge, note)[condition] == 1
    assert not note


@pytest.mark.parametrize(
    "said", ["keine maligne Hyperthermie", "Mutter: maligne Hyperthermie", "Verdacht auf Schlaganfall"]
)
def test_words_around_a_name_leave_it_open(knowledge: Knowledge, said: str) -> None:
    patient = read_patient({"conditions": [said], "medicines": []}, knowledge, today=TODAY)
    assert 1 not in conditions_said(patient, knowledge, {}).values()


def test_a_german_record_reaches_the_rules() -> None:
    person: dict[str, Any] = {
        "as_of": TODAY.isoformat(), "country": "DE", "age": 30, "weight": "70 kg", "allergies": [], "medicines": [],
        "conditions": ["Maligne Hyperthermie"], "considering": ["suxamethonium 100 mg i.v. einmalig"],
    }  # fmt: skip
    assert any(f.tier == "DANGER" and "succinylcholine" in f.agents for f in reviewed(person).findings)


@pytest.mark.parametrize(
    ("said", "ingredient"),
    [
        ("Sevofluran", "sevoflurane"),
        ("Isofluran", "isoflurane"),
        ("Desfluran", "desflurane"),
        ("Halothan", "halothane"),
        ("Succinylcholin 100 mg i.v.", "succinylcholine"),
        ("Suxamethoniumchlorid 100 mg i.v.", "succinylcholine"),
        ("Rocuroniumbromid 50 mg i.v.", "rocuronium"),
        ("Neostigmin 2,5 mg i.v.", "neostigmine"),
        ("Magnesiumsulfat 1 g/h i.v.", "magnesium sulfate"),
        ("Morphinsulfat 10 mg zweimal täglich", "morphine"),
        ("Lithiumcarbonat 450 mg", "lithium"),
        ("Fluvoxaminmaleat 100 mg", "fluvoxamine"),
        ("Ciprofloxacinhydrochlorid 500 mg", "ciprofloxacin"),
        ("Dantrolen 20 mg i.v.", "dantrolene"),
        ("Gentamicinsulfat 240 mg i.v.", "gentamicin"),
        ("Chinidin 200 mg", "quinidine"),
    ],
)
def test_german_names_of_medicines_with_salts_in_one_word(said: str, ingredient: str) -> None:
    reading = read_name(said)
    assert reading.status == "read" and [i.name for i in reading.ingredients] == [ingredient]
