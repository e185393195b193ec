"""What a registry's codes, units and supplies mean, read by the bedside's own readers."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from relaxant.cohort.asked import asked_ingredients
from relaxant.cohort.doses import DOSES, map_doses
from relaxant.cohort.drugs import DRUG_KEYS, DRUGS, map_drugs
from relaxant.cohort.vocabulary import Glossary
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_line
from relaxant.patient import Patient, to_file

KNOWLEDGE = load_knowledge()
AS_OF = date(2026, 11, 22)
BACLOFEN = {"vocabulary_id": "RxNorm", "concept_code": "197391", "concept_name": "baclofen 10 MG Oral Tablet"}


@pytest.fixture
def glossary() -> Glossary:
    return Glossary(KNOWLEDGE, AS_OF, "US")


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([{"drug_concept_id": i + 1, "drug_source_value": None, "route_concept_id": 0, "rows": 1} | row for i, row in enumerate(rows)])  # fmt: skip


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
        {"drug_concept_id": 0, "drug_source_value": "Zanaflex 4 mg capsules"},
        {"vocabulary_id": "ATC", "concept_code": "M03BX01", "concept_name": "baclofen; oral"},
        strengths=strengths,
    )
    assert [m["ingredients"] for m in made] == [
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
        {"drug_concept_id": 0, "drug_source_value": None, "rows": 5},
    )
    assert [m["line"] is not None for m in made] == [False, False, True, True]
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
        {**bare, "route_concept_id": 0, "route_source_value": "PO"},
        {"vocabulary_id": "RxNorm", "concept_code": "309845", "concept_name": "diazepam 5 MG/ML Injectable Solution"},
    )
    assert [read(glossary, m["line"]).agents for m in made] == [
        ("baclofen intrathecal",),
        ("baclofen",),
        ("baclofen",),
        ("diazepam injection",),
    ]
    assert [m["supply"] for m in made] == [True, True, True, False]
    assert made[1]["ingredients"] == made[2]["ingredients"] == "baclofen|oral" != made[0]["ingredients"]


def test_what_is_given_on_the_spot_is_no_supply(glossary: Glossary) -> None:
    made = drugs(
        glossary,
        {"vocabulary_id": "RxNorm", "concept_code": "1234995", "concept_name": "rocuronium bromide 10 MG/ML Injectable Solution"},
        {"vocabulary_id": "RxNorm", "concept_code": "860192", "concept_name": "onabotulinumtoxinA 100 UNT Injection"},
        {"vocabulary_id": "RxNorm", "concept_code": "68139", "concept_name": "rocuronium"},
        BACLOFEN,
    )  # fmt: skip
    assert [(m["agent"], m["supply"]) for m in made] == [(True, False), (True, False), (True, False), (True, True)]


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
