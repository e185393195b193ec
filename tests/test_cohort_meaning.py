"""From the tables of a registry to patient files: what is in the rows of one person is what a review is given."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relaxant.cohort.duck import DuckEngine
from relaxant.cohort.person import patients_of
from relaxant.cohort.preparing import Prepared, prepare_registry
from relaxant.cohort.registry import Registry
from relaxant.cohort.said import SAID
from relaxant.cohort.screen import screen
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.patient import Allergy, Patient, Smoker, Stated, to_file
from relaxant.reviewing import review

KNOWLEDGE = load_knowledge()
AS_OF = date(2026, 11, 22)
CONCEPTS = {
    1: ("RxNorm", "197391", "baclofen 10 MG Oral Tablet"),
    2: ("RxNorm", "2551", "ciprofloxacin"),
    3: ("SNOMED", "24700007", "Multiple sclerosis"),
    4: ("SNOMED", "409622000", "Respiratory failure"),
    5: ("LOINC", "2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
    6: ("UCUM", "umol/L", "micromole per liter"),
    7: ("LOINC", "72166-2", "Tobacco smoking status"),
    8: ("LOINC", "LA15920-4", "Former smoker"),
    9: ("SNOMED", "91936005", "Allergy to penicillin"),
    10: ("ICD10CM", "Z99.2", "Dependence on renal dialysis"),
    11: ("SNOMED", "426373005", "Relapsing remitting multiple sclerosis"),
    12: ("LOINC", "718-7", "Hemoglobin"),
    13: ("LOINC", "8310-5", "Body temperature"),
    14: ("UCUM", "[degF]", "degree Fahrenheit"),
    15: ("LOINC", "6301-6", "INR in Platelet poor plasma by Coagulation assay"),
    16: ("UCUM", "{INR}", "international normalized ratio"),
    17: ("RxNorm", "73032", "remifentanil"),
    18: ("SNOMED", "230690007", "Cerebrovascular accident"),
    19: ("ICD10CM", "Z86.73", "Personal history of transient ischemic attack (TIA), and cerebral infarction"),
    20: ("SNOMED", "716186003", "No known allergy"),
    21: ("SNOMED", "302497006", "Hemodialysis"),
    22: ("ICD10PCS", "B030ZZZ", "Magnetic Resonance Imaging (MRI) of Brain"),
    23: ("ICD10CM", "K65.0", "Generalized (acute) peritonitis"),
}


def write(folder: Path, table: str, rows: list[dict[str, Any]]) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    pq.write_table(pa.Table.from_pylist([{n: row.get(n) for n in names} for row in rows]), folder / f"{table}.parquet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "concept", [{"concept_id": i, "vocabulary_id": v, "concept_code": c, "concept_name": n} for i, (v, c, n) in CONCEPTS.items()])  # fmt: skip
    write(tmp_path, "person", [{"person_id": 1, "gender_concept_id": 8532, "year_of_birth": 1968, "month_of_birth": 3, "day_of_birth": 2}])  # fmt: skip
    drug = {"person_id": 1, "drug_concept_id": 1, "route_concept_id": 0, "quantity": 90.0, "days_supply": 30, "sig": None, "drug_source_value": "x"}  # fmt: skip
    given = ((date(2026, 10, 20), date(2026, 11, 18)), (date(2026, 11, 19), date(2026, 12, 18)))
    exposures = [{**drug, "drug_exposure_start_date": start, "drug_exposure_end_date": end} for start, end in given]
    unknown = {**drug, "drug_concept_id": 0, "drug_source_value": "Frobnozine tablets"}
    exposures += [{**unknown, "drug_exposure_start_date": start, "drug_exposure_end_date": end} for start, end in given]
    write(tmp_path, "drug_exposure", exposures)
    noted = ((3, date(2020, 5, 1)), (11, date(2015, 2, 1)), (3, date(2026, 1, 1)), (4, date(2026, 1, 1)))
    write(tmp_path, "condition_occurrence", [{"person_id": 1, "condition_concept_id": c, "condition_start_date": d} for c, d in noted])  # fmt: skip
    value = {"person_id": 1, "measurement_concept_id": 5, "unit_concept_id": 6, "measurement_date": date(2026, 11, 1)}
    values = [{**value, "value_as_number": 88.4}, {**value, "measurement_concept_id": 12, "value_as_number": 140.0}]
    write(tmp_path, "measurement", values)
    seen = {"person_id": 1, "observation_date": date(2026, 3, 1), "value_as_concept_id": 0}
    write(tmp_path, "observation", [
        {**seen, "observation_concept_id": 7, "value_as_concept_id": 8},
        {**seen, "observation_concept_id": 9},
        {**seen, "observation_concept_id": 10},
    ])  # fmt: skip
    return tmp_path


def prepared(folder: Path) -> tuple[Prepared, Patient]:
    """What is known of a registry of one person, and that person."""
    engine = DuckEngine(folder, threads=1)
    made, query = prepare_registry(
        Registry(engine), KNOWLEDGE, as_of=AS_OF, country="US", today=AS_OF, people_at_once=10
    )
    rows = engine.rows(f"SELECT * FROM ({query}) AS said ORDER BY ALL").select(SAID.names).cast(SAID)
    engine.close()
    assert made.vocabulary is not None
    ((person, patient),) = patients_of(rows, made.vocabulary, "US")
    assert person == 1
    return made, patient


def test_what_the_tables_hold_of_a_person_is_said_in_the_patient_file(folder: Path) -> None:
    _, patient = prepared(folder)
    lines = {line.said: line for line in patient.medicines or ()}
    baclofen = lines["baclofen 10 MG Oral Tablet, 90 in 30 days"]
    assert (baclofen.start, baclofen.stop, baclofen.dose) == (date(2026, 10, 20), None, "3 tablets/day")
    assert "Frobnozine tablets" in lines
    assert sorted(patient.conditions or (), key=lambda c: c.name or "") == [
        Stated(name="dialysis", since=date(2026, 3, 1)),
        Stated(name="multiple sclerosis", since=date(2015, 2, 1)),  # two codes of one meaning, the first day of either
    ]
    (creatinine,) = patient.labs
    assert creatinine.value == pytest.approx(1.0, rel=1e-3) and creatinine.unit == "mg/dL"
    assert patient.smoker == Smoker(now=False) and patient.allergies == (Allergy(to="penicillin"),)


def test_the_person_s_file_is_reviewed_as_the_person(folder: Path) -> None:
    _, patient = prepared(folder)
    again = read_bytes(msgspec.json.encode(to_file(patient)), KNOWLEDGE, today=AS_OF)
    assert again == patient
    reviewed = review(again)
    assert reviewed.checks == review(patient).checks
    daily = next(m.regimen.daily for m in reviewed.medicines if "baclofen" in m.agents)
    assert daily is not None and (daily.low, daily.unit) == (30.0, "mg")


def test_values_come_in_their_units_and_those_with_a_sign_are_none(folder: Path) -> None:
    value = {"person_id": 1, "measurement_date": AS_OF, "operator_concept_id": 0}
    write(folder, "measurement", [
        {**value, "measurement_concept_id": 13, "unit_concept_id": 14, "value_as_number": 95.0},
        {**value, "measurement_concept_id": 15, "unit_concept_id": 16, "value_as_number": 1.1, "operator_concept_id": 4172703},
        {**value, "measurement_concept_id": 5, "unit_concept_id": 6, "value_as_number": 88.4},
        {**value, "measurement_concept_id": 5, "unit_concept_id": 6, "value_as_number": 20.0, "operator_concept_id": 4171756},
    ])  # fmt: skip
    made, patient = prepared(folder)
    assert {m.name: (m.value, m.unit) for m in patient.labs} == {
        "temperature": (35.0, "degC"),  # to the last bit: a rule asks for below 35
        "inr": (1.1, None),
        "creatinine": (pytest.approx(1.0, rel=1e-3), "mg/dL"),
    }
    (left,) = [o for o in made.left if o.domain == "measurement"]
    assert (left.name, left.rows, left.lost) == (CONCEPTS[5][2], 1, True)


def days_ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def given(folder: Path, *rows: dict[str, Any]) -> dict[str, tuple[date | None, date | None]]:
    """Start and stop of the lines that are not of a relaxant, after rows of remifentanil of nothing but days."""
    bare = {"person_id": 1, "drug_concept_id": 17, "route_concept_id": 0, "quantity": None, "days_supply": None, "sig": None}  # fmt: skip
    own = pq.read_table(folder / "drug_exposure.parquet").to_pylist()[:2]
    made = [{**bare, "drug_exposure_start_date": r["start"], "drug_exposure_end_date": r["end"], **r} for r in rows]
    write(folder, "drug_exposure", [*own, *made])
    _, patient = prepared(folder)
    return {line.said: (line.start, line.stop) for line in patient.medicines or () if "baclofen" not in line.said}


def test_what_says_nothing_but_one_day_was_given_on_it(folder: Path) -> None:
    on = days_ago(10)
    assert given(folder, {"start": on, "end": on}) == {"remifentanil": (on, on)}
    assert given(folder, {"start": AS_OF, "end": AS_OF}) == {"remifentanil": (AS_OF, None)}
    assert given(folder, {"start": on, "end": None}) == {"remifentanil": (on, None)}  # its end is not known
    assert given(folder, {"start": on, "end": on, "quantity": 30.0}) == {"remifentanil": (on, None)}  # handed out
    daily = [{"start": days_ago(n), "end": days_ago(n)} for n in (9, 5, 4, 3)]
    assert given(folder, *daily) == {"remifentanil": (days_ago(5), days_ago(3))}
    supplied = {"start": days_ago(40), "end": days_ago(20), "quantity": 20.0, "days_supply": 20}
    assert given(folder, supplied, {"start": on, "end": on}) == {"remifentanil": (days_ago(40), None)}  # within its gap


def test_a_tablet_of_one_day_lives_on_as_a_supply(folder: Path) -> None:
    bare = {"drug_concept_id": 1, "start": days_ago(10), "end": days_ago(10)}
    given(folder, bare)
    _, patient = prepared(folder)
    assert {line.stop for line in patient.medicines or ()} == {None}


def noted(folder: Path, *rows: tuple[int, int], source: int = 0) -> Patient:
    """The person after conditions of a concept so many days ago."""
    row = {"person_id": 1, "condition_source_concept_id": source}
    write(folder, "condition_occurrence", [{**row, "condition_concept_id": c, "condition_start_date": days_ago(ago)} for c, ago in rows])  # fmt: skip
    return prepared(folder)[1]


def since(patient: Patient, name: str) -> int:
    (day,) = [c.since for c in patient.conditions or () if c.name == name]
    assert day is not None
    return (AS_OF - day).days


def test_a_second_stroke_is_of_its_day_and_one_that_is_remembered_is_not(folder: Path) -> None:
    assert since(noted(folder, (18, 2000), (18, 30)), "stroke") == 30
    assert since(noted(folder, (18, 2000), (19, 30)), "stroke") == 2000
    assert since(noted(folder, (19, 400), (19, 30)), "stroke") == 400
    assert since(noted(folder, (3, 400), (3, 30)), "multiple sclerosis") == 400


def test_an_infection_is_since_the_first_note_that_counts(folder: Path) -> None:
    assert since(noted(folder, (23, 700), (23, 20), (23, 1)), "peritonitis") == 20


def test_allergies_are_known_where_there_are_none_known(folder: Path) -> None:
    seen = {"person_id": 1, "observation_date": AS_OF, "value_as_concept_id": 0}
    write(folder, "observation", [{**seen, "observation_concept_id": 20}])
    assert prepared(folder)[1].allergies == ()
    assert noted(folder, (9, 3)).allergies == (
        Allergy(to="penicillin"),
    )  # denied in one table, written down in another
    (folder / "observation.parquet").unlink()
    assert noted(folder, (9, 3)).allergies == (Allergy(to="penicillin"),)
    assert noted(folder, (20, 3)).allergies == ()
    assert noted(folder, (3, 3)).allergies is None


def test_dialysis_counts_for_its_days_and_a_scan_is_of_its_day(folder: Path) -> None:
    def done(*rows: tuple[int, int]) -> Patient:
        write(folder, "procedure_occurrence", [{"person_id": 1, "procedure_concept_id": c, "procedure_date": days_ago(ago)} for c, ago in rows])  # fmt: skip
        return prepared(folder)[1]

    lasts = int(KNOWLEDGE.policy("registry_dialysis_days"))
    assert done((21, lasts - 1)).dialysis == "haemodialysis"
    assert done((21, lasts)).dialysis is None
    assert since(done((22, 300), (22, 9)), "magnetic resonance imaging") == 9


def screened(folder: Path) -> set[tuple[Any, ...]]:
    """The checks of a screen of the person, once found to be those of the review of the file."""
    _, patient = prepared(folder)
    with tempfile.TemporaryDirectory() as out:
        made = screen(folder, Path(out) / "out", as_of=AS_OF, today=AS_OF, checks=True, knowledge=KNOWLEDGE)
        assert made.checks is not None
        rows = pq.read_table(made.checks).to_pylist()
    checks = {(r["rule"], r["agent"], tuple(r["partners"]), r["outcome"], tuple(r["settled_by"])) for r in rows}
    own = review(patient, knowledge=KNOWLEDGE, predict=False, plan=False).checks
    assert checks == {(c.rule, c.agent, tuple(c.partners), c.outcome, tuple(c.settled_by)) for c in own}
    return checks


def test_all_of_it_reaches_the_checks_of_a_screen(folder: Path) -> None:
    seen = {"person_id": 1, "observation_date": AS_OF, "value_as_concept_id": 0}
    write(folder, "observation", [{**seen, "observation_concept_id": 20}])
    write(folder, "procedure_occurrence", [{"person_id": 1, "procedure_concept_id": 21, "procedure_date": days_ago(2)}])
    value = {"person_id": 1, "measurement_date": AS_OF, "operator_concept_id": 0}
    sign = {**value, "operator_concept_id": 4171756, "value_as_number": 0.9}
    write(folder, "measurement", [{**sign, "measurement_concept_id": 5, "unit_concept_id": 6}])
    dialysed = {rule: outcome for rule, agent, _, outcome, _ in screened(folder) if agent == "baclofen"}
    write(folder, "procedure_occurrence", [{"person_id": 1, "procedure_concept_id": 21, "procedure_date": days_ago(200)}])  # fmt: skip
    (folder / "observation.parquet").unlink()
    asked = {rule: outcome for rule, agent, _, outcome, _ in screened(folder) if agent == "baclofen"}
    assert (dialysed["baclofen-severe-kidney-disease"], asked["baclofen-severe-kidney-disease"]) == (
        "fires",
        "could not check",
    )
    assert (dialysed["allergic-to-agent"], asked["allergic-to-agent"]) == ("silent", "could not check")


def test_what_was_left_is_counted_by_its_rows(folder: Path) -> None:
    made, _ = prepared(folder)
    assert [(o.domain, o.name, o.rows, o.lost) for o in made.left] == [
        ("drug", "Frobnozine tablets", 2, True),
        ("measurement", "Hemoglobin", 1, False),
    ]


UNEXPLAINED = 900_000  # added to every concept: numbers that no table explains


def unexplained(folder: Path) -> None:
    """A registry with numbers of concepts, the source's words beside them, and no row in ``concept`` for those numbers."""
    write(folder, "person", [{"person_id": 1, "gender_concept_id": 8532, "year_of_birth": 1968}])
    drug = {"person_id": 1, "drug_exposure_start_date": date(2026, 11, 1), "quantity": 90.0, "days_supply": 30}
    write(folder, "drug_exposure", [
        {**drug, "drug_concept_id": UNEXPLAINED + 1, "drug_source_value": "baclofen 10 MG Oral Tablet"},
        {**drug, "drug_concept_id": UNEXPLAINED + 2, "drug_source_value": None},
    ])  # fmt: skip
    noted = {"person_id": 1, "condition_start_date": date(2020, 5, 1)}
    write(folder, "condition_occurrence", [{**noted, "condition_concept_id": UNEXPLAINED + 3, "condition_source_value": "multiple sclerosis"}])  # fmt: skip
    value = {"person_id": 1, "measurement_date": date(2026, 11, 1), "value_as_number": 88.4}
    write(folder, "measurement", [{**value, "measurement_concept_id": UNEXPLAINED + 5, "measurement_source_value": "2160-0", "unit_concept_id": UNEXPLAINED + 6, "unit_source_value": "umol/L"}])  # fmt: skip


@pytest.mark.parametrize("explained", [None, {}, CONCEPTS])
def test_a_concept_that_nothing_explains_is_read_by_the_words_of_its_source(
    tmp_path: Path, explained: dict[int, tuple[str, str, str]] | None
) -> None:
    unexplained(tmp_path)
    if explained is not None:
        rows = [{"concept_id": i, "vocabulary_id": v, "concept_code": c, "concept_name": n} for i, (v, c, n) in explained.items()]  # fmt: skip
        write(tmp_path, "concept", rows or [{"concept_id": 0, "vocabulary_id": None, "concept_code": None, "concept_name": "none"}])  # fmt: skip
    made, patient = prepared(tmp_path)
    said = [line.said for line in patient.medicines or ()]
    assert "baclofen 10 MG Oral Tablet, 90 in 30 days" in said and len(said) == 2
    assert [c.name for c in patient.conditions or ()] == ["multiple sclerosis"]
    (creatinine,) = patient.labs
    assert creatinine.value == pytest.approx(1.0, rel=1e-3)
    assert [(one.domain, one.vocabulary, one.code, one.rows) for one in made.left if one.lost] == [("drug", "concept_id", str(UNEXPLAINED + 2), 1)]  # fmt: skip
