"""What a registry's codes, units and supplies mean, read by the bedside's own readers."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from relaxant.cohort.asked import asked_ingredients
from relaxant.cohort.conditions import CONDITION_KEYS, asked_snomed, map_conditions
from relaxant.cohort.doses import DOSES, map_doses
from relaxant.cohort.drugs import DRUG_KEYS, DRUGS, map_drugs
from relaxant.cohort.measurements import MEASUREMENT_KEYS, MEASUREMENTS, map_measurements
from relaxant.cohort.noted import NOTED
from relaxant.cohort.observations import OBSERVATION_KEYS, map_observations
from relaxant.cohort.procedures import PROCEDURE_KEYS, map_procedures
from relaxant.cohort.said import ALLERGY, CONDITION, EARLIER, HABIT, Habit
from relaxant.cohort.vocabulary import Glossary
from relaxant.facts.conditions import condition_ids
from relaxant.facts.measured import canonical_value
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.linting.conditions import faults_of_conditions
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_line
from relaxant.patient import Allergy, Code, Measured, Patient, Stated, to_file

KNOWLEDGE = load_knowledge()
AS_OF = date(2026, 11, 22)
BACLOFEN = {"vocabulary_id": "RxNorm", "concept_code": "197391", "concept_name": "baclofen 10 MG Oral Tablet"}


@pytest.fixture
def glossary() -> Glossary:
    return Glossary(KNOWLEDGE, AS_OF, "US")


def arrow(rows: list[dict[str, Any]]) -> pa.Table:
    """A table with every column that some row has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])


def table(*rows: dict[str, Any]) -> pa.Table:
    return arrow([{"concept": i + 1, "source": "", "route": 0, "rows": 1} | row for i, row in enumerate(rows)])  # fmt: skip


def drugs(glossary: Glossary, *rows: dict[str, Any], strengths: pa.Table | None = None) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = map_drugs(table(*rows), glossary, strengths).to_pylist()
    return made


def read(glossary: Glossary, item: int) -> Medicine:
    """A line as a review of a patient file reads it, after that file was written and read."""
    line = glossary.vocabulary().lines[item]
    patient = Patient(as_of=AS_OF, medicines=(line,))
    (again,) = read_patient(to_file(patient), KNOWLEDGE, today=AS_OF).medicines or ()
    assert again == line
    return read_line(again, "current", patient, KNOWLEDGE)


def supplied(glossary: Glossary, drug: dict[str, Any], quantity: Any = None, days: Any = None, sig: Any = None, strengths: pa.Table | None = None) -> Medicine:  # fmt: skip
    """What is read of a supply of one drug."""
    (made,) = drugs(glossary, drug, strengths=strengths)
    assert made["dosed"]
    row = {"drug": made["drug"], "quantity": quantity, "days_supply": days, "sig": sig, "rows": 1}
    (dose,) = map_doses(pa.Table.from_pylist([row]), glossary).to_pylist()
    return read(glossary, dose["line"])


# ---------------------------------------------------------------- which medicine


def test_drugs_by_code_name_source_code_and_table_of_strengths(glossary: Glossary) -> None:
    strengths = pa.Table.from_pylist(
        [
            {
                "drug_concept_id": 4,
                "ingredient_vocabulary_id": "RxNorm",
                "ingredient_code": "1292",
                "amount_value": 10.0,
                "amount_unit": "mg",
            }
        ]
    )
    made = drugs(
        glossary,
        BACLOFEN,
        {"vocabulary_id": "RxNorm", "concept_code": "2551", "concept_name": "ciprofloxacin"},
        {
            "vocabulary_id": "RxNorm Extension",
            "concept_code": "OMOP2",
            "concept_name": "tizanidine 4 MG Oral Tablet by Winthrop",
        },
        {
            "vocabulary_id": "RxNorm Extension",
            "concept_code": "OMOP1",
            "concept_name": "a product of a list from elsewhere",
        },
        {"concept": 0, "source": "Zanaflex 4 mg capsules"},
        {"vocabulary_id": "ATC", "concept_code": "M03BX01", "concept_name": "baclofen; oral"},
        strengths=strengths,
    )
    assert [m["chain"] for m in made] == [
        "baclofen|oral",
        "ciprofloxacin|",
        "tizanidine|oral",
        "baclofen|oral",
        "tizanidine|oral",
        "baclofen|oral",
    ]
    assert [m["agent"] for m in made] == [True, False, True, True, True, True]
    assert [m["dosed"] for m in made] == [True, False, True, True, True, True]
    assert glossary.left() == []
    for m in made:
        assert read(glossary, m["line"]).status == "read"


def test_a_drug_that_nobody_knows_is_carried_as_unknown_and_counted_first(glossary: Glossary) -> None:
    made = drugs(
        glossary,
        {"vocabulary_id": "CVX", "concept_code": "10", "concept_name": "poliovirus vaccine, inactivated", "rows": 900},
        {"vocabulary_id": "RxNorm", "concept_code": "83367", "concept_name": "atorvastatin", "rows": 800},
        {"vocabulary_id": "HCPCS", "concept_code": "J9999", "concept_name": "Quuxozine, 1 mg", "rows": 7},
        {"concept": 0, "rows": 5},
    )
    assert [m["line"] is not None for m in made] == [m["asked"] for m in made] == [False, False, True, True]
    for m in made[2:]:
        medicine = read(glossary, m["line"])
        assert medicine.status == "unrecognised" and not medicine.ingredients
    left = glossary.left()
    assert [(o.rows, o.lost) for o in left] == [(7, True), (5, True), (900, False), (800, False)]
    assert left[0].name == "Quuxozine, 1 mg"


def test_the_route_of_the_rows_decides_which_agent_it_is(glossary: Glossary) -> None:
    bare = {"vocabulary_id": "RxNorm", "concept_code": "1292", "concept_name": "baclofen"}
    made = drugs(
        glossary,
        {**bare, "route_code": "72607000"},
        {**bare, "route_name": "Oral route"},
        {**bare, "route": 4132161, "route_name": "PO"},
        {"vocabulary_id": "RxNorm", "concept_code": "309845", "concept_name": "diazepam 5 MG/ML Injectable Solution"},
    )
    assert [read(glossary, m["line"]).agents for m in made] == [
        ("baclofen intrathecal",),
        ("baclofen",),
        ("baclofen",),
        ("diazepam injection",),
    ]
    assert [m["supply"] for m in made] == [True, True, True, False]
    assert made[1]["chain"] == made[2]["chain"] == "baclofen|oral" != made[0]["chain"]


def test_what_is_given_on_the_spot_is_no_supply(glossary: Glossary) -> None:
    made = drugs(
        glossary,
        {"vocabulary_id": "RxNorm", "concept_code": "1234995", "concept_name": "rocuronium bromide 10 MG/ML Injectable Solution"},
        {"vocabulary_id": "RxNorm", "concept_code": "860192", "concept_name": "onabotulinumtoxinA 100 UNT Injection"},
        {"vocabulary_id": "RxNorm", "concept_code": "68139", "concept_name": "rocuronium"},
        {"vocabulary_id": "RxNorm", "concept_code": "36453", "concept_name": "sevoflurane"},
        BACLOFEN,
    )  # fmt: skip
    assert [(m["agent"], m["supply"]) for m in made] == [
        (True, False),
        (True, False),
        (True, False),
        (False, False),
        (True, True),
    ]


def test_every_medicine_that_a_rule_asks_for_is_asked() -> None:
    asked = asked_ingredients(KNOWLEDGE)
    assert asked is not None
    assert {"ciprofloxacin", "fluvoxamine", "baclofen", "oxycodone", "warfarin"} <= asked
    assert "atorvastatin" not in asked
    for rule in KNOWLEDGE.rules.values():
        assert set(rule.partner.ingredients if rule.partner else ()) <= asked


def test_only_what_a_rule_counts_is_asked_for(glossary: Glossary) -> None:
    rule = next(iter(KNOWLEDGE.rules.values()))
    counting = msgspec.structs.replace(rule, when={"any": [{"fact": "medicine_count", "at_least": 5}]})
    other = msgspec.structs.replace(KNOWLEDGE, rules={**KNOWLEDGE.rules, rule.rule: counting}, sha256="counting")
    assert asked_ingredients(other) is None


# ---------------------------------------------------------------- how much of it


def test_tablets_handed_out_for_days_are_a_dose_a_day(glossary: Glossary) -> None:
    medicine = supplied(glossary, BACLOFEN, 90, 30)
    assert medicine.said == "baclofen 10 MG Oral Tablet, 90 in 30 days"
    assert medicine.regimen.daily is not None
    assert (medicine.regimen.daily.low, medicine.regimen.daily.high, medicine.regimen.daily.unit) == (30.0, 30.0, "mg")
    assert (medicine.regimen.route, medicine.regimen.form, medicine.regimen.release) == ("oral", "tablet", "immediate")
    assert medicine.agents == ("baclofen",) and medicine.regimen.doses == ()


def test_directions_say_more_than_a_supply_and_are_used_where_all_is_read(glossary: Glossary) -> None:
    sig = "take 1 tablet by mouth three times a day as needed for spasms"
    medicine = supplied(glossary, BACLOFEN, 90, 30, sig)
    assert medicine.regimen.daily is not None and medicine.regimen.as_needed
    assert (medicine.regimen.daily.low, medicine.regimen.daily.high) == (0.0, 30.0)
    assert medicine.regimen.doses[0].high == 10.0
    unread = supplied(glossary, BACLOFEN, 90, 30, "use as zorbled")
    assert unread.regimen.daily is not None and unread.regimen.daily.low == 30.0


@pytest.mark.parametrize(("quantity", "days"), [(None, 30), (90, None), (90, 0), (0, 30), (-90, 30), (None, None)])
def test_a_supply_without_amount_or_days_has_no_dose(glossary: Glossary, quantity: Any, days: Any) -> None:
    medicine = supplied(glossary, BACLOFEN, quantity, days)
    assert medicine.regimen.daily is None and medicine.agents == ("baclofen",)


def test_liquids_are_millilitres_unless_a_container_could_be_counted(glossary: Glossary) -> None:
    liquid = {"vocabulary_id": "RxNorm", "concept_code": "250976", "concept_name": "baclofen 1 MG/ML Oral Solution"}
    medicine = supplied(glossary, liquid, 450, 30)
    assert medicine.regimen.daily is not None and (medicine.regimen.daily.low, medicine.regimen.daily.unit) == (15.0, "mg")  # fmt: skip
    bottle = {**liquid, "concept_name": "473 ML baclofen 1 MG/ML Oral Solution"}
    assert supplied(glossary, bottle, 1, 30).regimen.daily is None


def test_what_is_given_on_the_spot_is_one_dose_where_pieces_are_counted(glossary: Glossary) -> None:
    toxin = {
        "vocabulary_id": "RxNorm",
        "concept_code": "860192",
        "concept_name": "onabotulinumtoxinA 100 UNT Injection",
    }
    (dose,) = supplied(glossary, toxin, 2).regimen.doses
    assert (dose.low, dose.high, dose.unit, dose.every) == (200.0, 200.0, "units", "once")
    diazepam = {"vocabulary_id": "RxNorm", "concept_code": "309845", "concept_name": "diazepam 5 MG/ML Injectable Solution"}  # fmt: skip
    assert supplied(glossary, diazepam, 2).regimen.doses == ()  # 2 mL, 2 mg or 2 vials


def test_patches_have_a_rate_where_the_days_of_wear_are_named(glossary: Glossary) -> None:
    patch = {"vocabulary_id": "RxNorm", "concept_code": "245134", "concept_name": "72 HR fentanyl 0.025 MG/HR Transdermal System"}  # fmt: skip
    medicine = supplied(glossary, patch, 10, 30)
    assert medicine.regimen.rate is not None
    assert (medicine.regimen.rate.low, medicine.regimen.rate.unit, medicine.regimen.route) == (25.0, "micrograms/h", "transdermal")  # fmt: skip
    unnamed = {**patch, "concept_name": "fentanyl 0.025 MG/HR Transdermal System"}
    assert supplied(glossary, unnamed, 10, 30).regimen.rate is None


def test_combinations_are_tablets_a_day_of_no_known_amount(glossary: Glossary) -> None:
    both = {"vocabulary_id": "RxNorm", "concept_code": "857005", "concept_name": "acetaminophen 325 MG / hydrocodone bitartrate 7.5 MG Oral Tablet"}  # fmt: skip
    daily = supplied(glossary, both, 90, 30).regimen.daily
    assert daily is not None and (daily.low, daily.unit) == (3.0, "tablet")


def test_a_product_known_by_its_table_of_strengths_has_its_dose(glossary: Glossary) -> None:
    strengths = pa.Table.from_pylist(
        [
            {
                "drug_concept_id": 1,
                "ingredient_vocabulary_id": "RxNorm",
                "ingredient_code": "57258",
                "amount_value": 4.0,
                "amount_unit": "mg",
            }
        ]
    )
    own = {"vocabulary_id": "RxNorm Extension", "concept_code": "OMOP7", "concept_name": "tizanidine 4 MG Extended Release Oral Capsule [Sirdalud MR]"}  # fmt: skip
    medicine = supplied(glossary, own, 60, 30, strengths=strengths)
    assert medicine.agents == ("tizanidine",) and medicine.regimen.daily is not None
    assert (medicine.regimen.daily.low, medicine.regimen.release) == (8.0, "modified")


# ---------------------------------------------------------------- the tables


def test_tables_have_their_keys_and_do_not_depend_on_the_order_of_rows(glossary: Glossary) -> None:
    rows = (BACLOFEN, {"vocabulary_id": "RxNorm", "concept_code": "2551", "concept_name": "ciprofloxacin"})
    one = map_drugs(table(*rows), glossary)
    assert one.schema.names == [*DRUG_KEYS, *DRUGS.names]
    other = Glossary(KNOWLEDGE, AS_OF, "US")
    reversed_rows = table(*rows).take([1, 0])
    assert map_drugs(reversed_rows, other).take([1, 0]) == one
    assert other.vocabulary() == glossary.vocabulary()
    rows_of_doses = pa.table({"drug": [one["drug"][0].as_py()] * 2, "quantity": [90, 60], "days_supply": [30, 30], "sig": [None, None], "rows": [1, 1]})  # fmt: skip
    assert map_doses(rows_of_doses, glossary).schema.names == ["drug", "quantity", "days_supply", "sig", *DOSES.names]


# ---------------------------------------------------------------- measurements


def measurements(glossary: Glossary, *rows: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """What was made of each row, by the place of the row."""
    full = [{"concept": i + 1, "source": "", "unit": 1, "unit_source": "", "vocabulary_id": "LOINC", "rows": 1} | row for i, row in enumerate(rows)]  # fmt: skip
    made = map_measurements(arrow(full), glossary)
    assert made.schema.names == [*MEASUREMENT_KEYS, *MEASUREMENTS.names]
    return {row["concept"] - 1: row for row in made.to_pylist()}


CREATININE = {"concept_code": "2160-0", "concept_name": "Creatinine [Mass/volume] in Serum or Plasma"}


@pytest.mark.parametrize(
    ("code", "unit", "value"),
    [
        ("2160-0", "mg/dL", 1.3),
        ("2160-0", "umol/L", 115.0),
        ("2823-3", "meq/L", 4.1),
        ("1975-2", "umol/L", 20.0),
        ("29463-7", "[lb_av]", 150.0),
        ("3141-9", "kg", 61.0),
        ("8302-2", "[in_i]", 65.0),
        ("8480-6", "mm[Hg]", 120.0),
        ("1742-6", "[iU]/L", 40.0),
        ("98979-8", "mL/min/{1.73_m2}", 50.0),
        ("98979-8", "mL/min", 50.0),
        ("98979-8", "mL/min/1.73.m2", 50.0),
        ("33863-2", "mg/L", 1.1),
        ("1920-8", "[IU]/L", 31.0),
        ("1920-8", "ukat/L", 0.5),
        ("1751-7", "g/L", 38.0),
        ("1751-7", "mg/dL", 3800.0),
        ("2951-2", "mmol/L", 139.0),
        ("2601-3", "mg/dL", 2.0),
        ("8310-5", "[degF]", 100.4),
        ("8310-5", "Cel", 38.0),
        ("8867-4", "/min", 71.0),
        ("8867-4", "{beats}/min", 71.0),
        ("9279-1", "{breaths}/min", 14.0),
        ("6301-6", "{INR}", 1.1),
        ("6301-6", "{ratio}", 1.1),
        ("6301-6", "1", 1.1),
    ],
)
def test_units_come_into_the_lab_s_own_as_at_the_bedside(
    glossary: Glossary, code: str, unit: str, value: float
) -> None:
    found = measurements(glossary, {"concept_code": code, "unit_code": unit, "unit_name": ""})[0]  # fmt: skip
    lab = KNOWLEDGE.labs[glossary.vocabulary().measured[found["item"]]]
    assert code in lab.loinc or code == "3141-9"
    said = {"name": lab.lab, "value": value, "unit": unit, "date": "2026-11-01"}
    patient = read_patient({"labs": [said]}, KNOWLEDGE, today=AS_OF)
    at_bedside = canonical_value(patient.labs[0], lab)
    assert value * found["scale"] + found["shift"] == pytest.approx(at_bedside, rel=1e-11)
    assert (found["least"], found["most"], found["valid_days"]) == (lab.plausible_low, lab.plausible_high, lab.valid_days)  # fmt: skip


def test_a_value_without_a_unit_or_in_one_of_another_kind_is_left_and_counted(glossary: Glossary) -> None:
    made = measurements(
        glossary,
        {**CREATININE, "unit": 0, "rows": 50},
        {**CREATININE, "unit_code": "mmol/mol", "rows": 40},
        {**CREATININE, "unit_code": "quux", "rows": 30},
        {"concept_code": "718-7", "concept_name": "Hemoglobin", "unit_code": "g/dL", "rows": 999},
        {"concept": 0, "source": "creatinine", "unit": 0, "unit_source": "mg/dL"},
        {"concept_code": "6301-6", "concept_name": "INR", "unit": 0},
    )
    assert sorted(glossary.vocabulary().measured[row["item"]] for row in made.values()) == ["creatinine", "inr"]
    left = [(o.rows, o.why, o.lost) for o in glossary.left()]
    assert left == [
        (50, "its values have no unit", True),
        (40, "the unit “mmol/mol” does not measure creatinine", True),
        (30, "the unit “quux” is not known", True),
        (999, "no rule asks for it", False),
    ]


def test_less_than_a_number_is_no_number(glossary: Glossary) -> None:
    made = measurements(glossary, {**CREATININE, "unit_code": "mg/dL", "bound": 1, "rows": 3})
    assert not made
    assert [(o.rows, o.why, o.lost) for o in glossary.left()] == [
        (3, "“less than” or “more than” a number is no number", True)
    ]


def test_every_lab_and_the_earlier_creatinine_have_a_number_before_anything_is_read(glossary: Glossary) -> None:
    assert glossary.vocabulary().measured == (*KNOWLEDGE.labs, EARLIER)


# ---------------------------------------------------------------- conditions


def conditions(
    glossary: Glossary, *rows: dict[str, Any], ancestors: pa.Table | None = None
) -> dict[int, dict[str, Any]]:
    full = [{"concept": i + 1, "source_concept": 0, "source": "", "vocabulary_id": "SNOMED", "rows": 1} | row for i, row in enumerate(rows)]  # fmt: skip
    made = map_conditions(arrow(full), glossary, ancestors)
    assert made.schema.names == [*CONDITION_KEYS, *NOTED.names]
    return {row["concept"] - 1: row for row in made.to_pylist()}


MS = {"concept_code": "24700007", "concept_name": "Multiple sclerosis"}


def test_conditions_by_standard_code_source_code_and_words_are_one_item(glossary: Glossary) -> None:
    made = conditions(
        glossary,
        MS,
        {"concept_code": "1", "concept_name": "Some disorder", "source_concept": 9, "source_vocabulary_id": "ICD10CM", "source_code": "G35"},
        {"concept": 0, "source": "G35"},
        {"concept_code": "2", "concept_name": "Relapsing remitting multiple sclerosis"},
    )  # fmt: skip
    assert {row["item"] for row in made.values()} == {0} and len(made) == 4
    assert glossary.vocabulary().conditions == (Stated(name="multiple sclerosis"),)
    assert all(row["lasts_days"] is None for row in made.values())


def test_what_lies_below_a_code_of_the_knowledge_is_that_condition(glossary: Glossary) -> None:
    below = {"concept_code": "3", "concept_name": "A rare kind of it"}
    assert conditions(glossary, below) == {}
    ancestors = pa.Table.from_pylist([{"concept": 1, "concept_code": "24700007"}])
    (row,) = conditions(glossary, below, ancestors=ancestors).values()
    assert condition_ids(glossary.vocabulary().conditions[row["item"]], KNOWLEDGE) == ("multiple_sclerosis",)
    assert "24700007" in asked_snomed(KNOWLEDGE)


def test_the_acute_lasts_and_the_chronic_stays(glossary: Glossary) -> None:
    made = conditions(
        glossary,
        {"concept_code": "409622000", "concept_name": "Respiratory failure"},
        {"concept_code": "77386006", "concept_name": "Pregnant"},
        {"concept_code": "13645005", "concept_name": "Chronic obstructive lung disease"},
    )
    own = KNOWLEDGE.conditions
    assert [made[i]["lasts_days"] for i in range(3)] == [
        own["respiratory_failure"].lasts_days,
        own["pregnancy"].lasts_days,
        None,
    ]


def test_conditions_that_no_rule_asks_for_are_left_apart_from_those_that_are_lost(glossary: Glossary) -> None:
    made = conditions(
        glossary,
        {"concept_code": "444814009", "concept_name": "Viral sinusitis", "rows": 17},
        {"concept": 0, "source": "DX|4711|b", "rows": 3},
        {"concept": 0, "source": "", "vocabulary_id": None, "rows": 2},
        {"concept_code": "416098002", "concept_name": "Allergy to drug", "rows": 1},
        {"concept_code": "267024001", "concept_name": "Heat intolerance", "rows": 9},
        {"concept_code": "160468000", "concept_name": "Family history of allergy", "rows": 8},
    )
    assert made == {}
    assert [(o.rows, o.lost) for o in glossary.left()] == [
        (3, True),
        (2, True),
        (1, True),
        (17, False),
        (9, False),
        (8, False),
    ]


def test_an_allergy_among_the_conditions_is_an_allergy(glossary: Glossary) -> None:
    by_status = {"concept": 0, "vocabulary_id": None}
    made = conditions(
        glossary,
        {"concept_code": "91936005", "concept_name": "Allergy to penicillin"},
        {"concept_code": "x", "concept_name": "Drug allergy status", "source_concept": 7, "source_vocabulary_id": "ICD10CM", "source_code": "Z88.2", "source_name": "Allergy status to sulfonamides"},
        {"concept_code": "716186003", "concept_name": "No known allergy"},
    )  # fmt: skip
    assert [row["kind"] for row in made.values()] == [ALLERGY] * 3
    assert [glossary.vocabulary().allergies[made[i]["item"]] for i in range(3)] == [
        Allergy(to="penicillin"),
        Allergy(to="sulfonamides"),
        None,
    ]
    (bare,) = map_conditions(arrow([{**by_status, "source_concept": 0, "source": "Z88.0"}]), glossary).to_pylist()
    assert glossary.vocabulary().allergies[bare["item"]] == Allergy(to="penicillin")
    assert not glossary.left()


STROKE = {"concept_code": "230690007", "concept_name": "Cerebrovascular accident"}


@pytest.mark.parametrize(
    ("row", "again"),
    [
        (STROKE, True),
        ({"concept_code": "22298006", "concept_name": "Myocardial infarction"}, True),
        ({**STROKE, "concept_name": "History of stroke"}, False),
        ({**STROKE, "source_concept": 9, "source_vocabulary_id": "ICD10CM", "source_code": "Z86.73"}, False),
        ({**STROKE, "source_concept": 9, "source_vocabulary_id": "ICD10CM", "source_code": "I63.9"}, True),
        ({"vocabulary_id": "ICD10CM", "concept_code": "S06.0X0A", "concept_name": "Concussion"}, True),
        ({"vocabulary_id": "ICD10CM", "concept_code": "S06.0X0D", "concept_name": "Concussion"}, False),
        ({"vocabulary_id": "ICD10CM", "concept_code": "R40.20", "concept_name": "Unspecified coma"}, True),
        ({"vocabulary_id": "ICD10CM", "concept_code": "K65.0", "concept_name": "Acute peritonitis"}, False),
        (MS, False),
        ({"concept_code": "50582007", "concept_name": "Hemiplegia"}, False),
    ],
)
def test_what_happens_again_is_of_its_newest_day_unless_it_is_only_remembered(
    glossary: Glossary, row: dict[str, Any], again: bool
) -> None:
    (made,) = conditions(glossary, row).values()
    assert made["kind"] == CONDITION and made["again"] is again


def test_every_condition_whose_newest_day_a_rule_asks_for_is_known_to_happen_again() -> None:
    """A rule that is graver within some days of an event, or lighter after them, asks for the newest."""
    own = KNOWLEDGE.conditions
    assert {name for name, one in own.items() if one.again or one.event} == {
        "stroke",
        "traumatic_brain_injury",
        "myocardial_infarction",
        "crush_injury",
        "major_burns",
        "malignant_hyperthermia_crisis",
        "coma",
        "respiratory_depression",
        "baclofen_overdose",
        "magnetic_resonance_imaging",
    }


def test_past_codes_are_linted() -> None:
    first = KNOWLEDGE.conditions["stroke"]
    for broken in (msgspec.structs.replace(first, again=False), msgspec.structs.replace(first, past=("G35",))):
        other = msgspec.structs.replace(KNOWLEDGE, conditions={**KNOWLEDGE.conditions, "stroke": broken})
        assert any("past code" in said for _, said in faults_of_conditions(other))


def test_a_code_and_what_stands_above_it_are_one_item(glossary: Glossary) -> None:
    above = pa.Table.from_pylist([{"concept": 1, "concept_code": "414545008"}])
    infarction = {"concept_code": "22298006", "concept_name": "Myocardial infarction"}
    conditions(glossary, infarction, ancestors=above)
    assert glossary.vocabulary().conditions == (Stated(name="myocardial infarction"),)


def test_lasting_and_its_reason_are_linted_together() -> None:
    first = KNOWLEDGE.conditions["fever"]
    for broken, what in (
        (msgspec.structs.replace(first, lasts_days=0.0), "more than nought"),
        (msgspec.structs.replace(first, lasts_reason=None), "belong together"),
        (msgspec.structs.replace(first, lasts_days=None), "belong together"),
    ):
        other = msgspec.structs.replace(KNOWLEDGE, conditions={**KNOWLEDGE.conditions, "fever": broken})
        assert any(what in said for _, said in faults_of_conditions(other))
    assert list(faults_of_conditions(KNOWLEDGE)) == []


# ---------------------------------------------------------------- observations


def observations(glossary: Glossary, *rows: dict[str, Any]) -> dict[int, dict[str, Any]]:
    full = [{"concept": i + 1, "value_concept": 0, "source": "", "value_text": "", "vocabulary_id": "SNOMED", "rows": 1} | row for i, row in enumerate(rows)]  # fmt: skip
    made = map_observations(arrow(full), glossary)
    assert made.schema.names == [*OBSERVATION_KEYS, *NOTED.names]
    return {row["concept"] - 1: row for row in made.to_pylist()}


def test_tobacco_pregnancy_and_dialysis_are_habits(glossary: Glossary) -> None:
    smoking = {"vocabulary_id": "LOINC", "concept_code": "72166-2", "concept_name": "Tobacco smoking status"}
    made = observations(
        glossary,
        {**smoking, "value_concept": 1, "value_code": "449868002"},
        {**smoking, "value_concept": 2, "value_code": "LA15920-4"},
        {**smoking, "value_text": "Never smoker"},
        {"concept_code": "77176002", "concept_name": "Smoker"},
        {"vocabulary_id": "LOINC", "concept_code": "82810-3", "value_concept": 3, "value_code": "60001007"},
        {"concept_code": "302497006", "concept_name": "Hemodialysis"},
        {**smoking, "value_text": "Unknown if ever smoked", "rows": 7},
    )
    habits = glossary.vocabulary().habits
    assert all(row["kind"] == HABIT for row in made.values())
    assert [habits[made[i]["item"]] for i in range(6)] == [
        Habit(field="smoker", value=True),
        Habit(field="smoker", value=False),
        Habit(field="smoker", value=False),
        Habit(field="smoker", value=True),
        Habit(field="pregnant", value=False),
        Habit(field="dialysis", value="haemodialysis"),
    ]
    assert [made[i]["field"] for i in (0, 4, 5)] == ["smoker", "pregnant", "dialysis"]
    assert made[4]["lasts_days"] == KNOWLEDGE.conditions["pregnancy"].lasts_days
    assert [(o.rows, o.lost) for o in glossary.left()] == [(7, True)]


def test_allergies_by_name_and_by_answer(glossary: Glossary) -> None:
    made = observations(
        glossary,
        {"concept_code": "91936005", "concept_name": "Allergy to penicillin"},
        {"concept_code": "300916003", "concept_name": "Latex allergy"},
        {"concept_code": "416098002", "concept_name": "Allergy to drug", "value_concept": 5, "value_vocabulary_id": "RxNorm", "value_code": "1292", "value_name": "baclofen"},
        {"concept_code": "416098002", "concept_name": "Allergy to drug", "rows": 9},
        {"concept_code": "160468000", "concept_name": "Family history of allergy"},
    )  # fmt: skip
    assert [glossary.vocabulary().allergies[row["item"]] for row in made.values() if row["kind"] == ALLERGY] == [
        Allergy(to="penicillin"),
        Allergy(to="Latex"),
        Allergy(to="baclofen", codes=(Code(system="RxNorm", code="1292"),)),
    ]
    assert [(o.rows, o.lost) for o in glossary.left()] == [(9, True), (1, False)]


def test_no_known_allergies_are_an_answer_and_none_of_something_else_is_not(glossary: Glossary) -> None:
    question = {"vocabulary_id": "LOINC", "concept_code": "48765-2", "concept_name": "Allergies"}
    denied = observations(
        glossary,
        {"concept_code": "716186003", "concept_name": "No known allergy"},
        {"concept_code": "409137002", "concept_name": "No known drug allergy"},
        {**question, "value_text": "None known"},
        {**question, "value_text": "NKDA"},
    )
    assert [row["kind"] for row in denied.values()] == [ALLERGY] * 4
    assert {row["item"] for row in denied.values()} == {glossary.vocabulary().allergies.index(None)}
    others = observations(
        glossary,
        {"concept_code": "429625007", "concept_name": "No known food allergy"},
        {"concept_code": "716186003", "concept_name": "No known allergy", "value_text": "No"},
        {"vocabulary_id": "LOINC", "concept_code": "11977-6", "concept_name": "Parity", "value_text": "none"},
    )
    assert others == {}


# ---------------------------------------------------------------- procedures


def procedures(glossary: Glossary, *rows: dict[str, Any]) -> dict[int, dict[str, Any]]:
    full = [{"concept": i + 1, "source": "", "vocabulary_id": "SNOMED", "rows": 1} | row for i, row in enumerate(rows)]
    made = map_procedures(arrow(full), glossary, pa.Table.from_pylist([{"concept": 3, "concept_code": "302497006"}]))
    assert made.schema.names == [*PROCEDURE_KEYS, *NOTED.names]
    return {row["concept"] - 1: row for row in made.to_pylist()}


def test_procedures_are_dialysis_and_events_and_what_a_condition_is_called(glossary: Glossary) -> None:
    billed = {
        "vocabulary_id": "CPT4",
        "concept_code": "90945",
        "concept_name": "Dialysis procedure other than hemodialysis",
    }
    made = procedures(
        glossary,
        {"concept_code": "302497006", "concept_name": "Hemodialysis"},
        billed,
        {"concept_code": "233581009", "concept_name": "Hemofiltration by machine"},
        {"vocabulary_id": "ICD10PCS", "concept_code": "B030ZZZ", "concept_name": "Magnetic Resonance Imaging (MRI) of Brain"},
        {"concept_code": "112798008", "concept_name": "Insertion of endotracheal tube", "rows": 4},
        {"concept_code": "1", "concept_name": "Endotracheal intubation"},
        {"vocabulary_id": "CPT4", "concept_code": "70551", "concept_name": "Magnetic resonance (eg, proton) imaging, brain (including brain stem); without contrast material"},
    )  # fmt: skip
    said = glossary.vocabulary()
    assert [said.habits[made[i]["item"]].value for i in range(3)] == ["haemodialysis", "peritoneal", "haemodialysis"]
    assert {made[i]["lasts_days"] for i in range(3)} == {KNOWLEDGE.policy("registry_dialysis_days")}
    assert [(said.conditions[made[i]["item"]].name, made[i]["again"]) for i in (3, 5, 6)] == [
        ("magnetic resonance imaging", True),
        ("general anaesthesia or ventilation", False),
        ("magnetic resonance imaging", True),
    ]
    assert [(o.domain, o.rows, o.lost) for o in glossary.left()] == [("procedure", 4, False)]


def test_conditions_among_the_observations_are_conditions_unless_denied(glossary: Glossary) -> None:
    dialysis = {"vocabulary_id": "ICD10CM", "concept_code": "Z99.2", "concept_name": "Dependence on renal dialysis"}
    made = observations(glossary, dialysis, {**dialysis, "value_text": "No"})
    assert list(made) == [0] and made[0]["kind"] == CONDITION
    assert condition_ids(glossary.vocabulary().conditions[made[0]["item"]], KNOWLEDGE) == ("dialysis_dependence",)


def test_a_lab_value_of_the_unit_itself_is_not_changed(glossary: Glossary) -> None:
    found = measurements(glossary, {**CREATININE, "unit_code": "mg/dL"})[0]
    assert (found["scale"], found["shift"]) == (1.0, 0.0)
    assert Measured(name="creatinine", value=1.6 * found["scale"]).value == 1.6
