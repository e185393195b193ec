"""A person's rows of a registry as a patient file: it says the same when written, read and reviewed."""

from __future__ import annotations

from datetime import date

import msgspec
import pyarrow as pa
import pytest

from relaxant.cohort.person import patients_of
from relaxant.cohort.said import ALLERGY, CONDITION, EARLIER, HABIT, LINE, MEASURED, PERSON, SAID, Habit, Vocabulary
from relaxant.errors import InputError
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.patient import Allergy, Code, Line, Patient, Smoker, Stated, to_file
from relaxant.reviewing import review

AS_OF = date(2026, 11, 22)
BACLOFEN = Line(
    said="baclofen 10 MG Oral Tablet, 90 in 30 days",
    drug="baclofen",
    codes=(Code(system="RxNorm", code="197391"),),
    dose="30 mg/day",
    route="oral",
)
TIZANIDINE = Line(said="tizanidine 4 MG Oral Tablet", drug="tizanidine", dose="12 mg/day", route="oral")
VOCABULARY = Vocabulary(
    lines=(BACLOFEN, TIZANIDINE),
    measured=("creatinine", EARLIER, "weight", "height", "qtc", "inr"),
    conditions=(
        Stated(name="Multiple sclerosis", codes=(Code(system="ICD-10-CM", code="G35"),)),
        Stated(name="Chronic kidney disease stage 4", codes=(Code(system="SNOMED CT", code="431857002"),)),
    ),
    allergies=(Allergy(to="baclofen"), None),
    habits=(
        Habit(field="smoker", value=True),
        Habit(field="smoker", value=False),
        Habit(field="pregnant", value=False),
        Habit(field="dialysis", value="haemodialysis"),
    ),
)


def day(iso: str) -> int:
    return (date.fromisoformat(iso) - date(1970, 1, 1)).days


def rows(*said: tuple[object, ...]) -> pa.Table:
    """Rows of person_id, kind, item, start, stop, low, high; what is left out at the end is not known."""
    full = [(row[0], day(AS_OF.isoformat()), *row[1:], *(None,) * (len(SAID) - 1 - len(row))) for row in said]
    return pa.Table.from_pylist([dict(zip(SAID.names, row, strict=True)) for row in full], schema=SAID)


def only(table: pa.Table) -> Patient:
    ((_, patient),) = patients_of(table, VOCABULARY, "US")
    return patient


FULL = rows(
    (7, PERSON, 0, day("1968-03-02"), None, 1.0),
    (7, LINE, 0, day("2026-01-05")),
    (7, LINE, 1, day("2026-02-01"), day("2026-09-15")),
    (7, MEASURED, 0, day("2026-11-10"), None, 1.6, 1.6),
    (7, MEASURED, 1, day("2026-10-01"), None, 1.1, 1.1),
    (7, MEASURED, 2, day("2026-10-01"), None, 61.0, 61.0),
    (7, MEASURED, 3, day("2026-10-01"), None, 165.0, 165.0),
    (7, MEASURED, 4, day("2026-10-01"), None, 431.5, 431.5),
    (7, MEASURED, 5, day("2026-10-01"), None, 1.1, 1.1),
    (7, CONDITION, 0, day("2020-01-01")),
    (7, CONDITION, 1, day("2021-01-01"), day("2022-01-01")),
    (7, ALLERGY, 0, day("2020-01-01")),
    (7, HABIT, 1, day("2025-01-01")),
    (7, HABIT, 0, day("2026-01-01")),
    (7, HABIT, 2, day("2026-01-01")),
    (7, HABIT, 3, day("2026-01-01")),
)


def again(patient: Patient) -> Patient:
    """The patient written as a file and read back."""
    return read_bytes(msgspec.json.encode(to_file(patient)), load_knowledge(), today=date(2027, 1, 1))


def test_every_kind_of_row_is_said_in_the_patient_file() -> None:
    patient = only(FULL)
    assert (patient.sex, patient.birth_date) == ("female", date(1968, 3, 2))
    assert patient.medicines == (
        msgspec.structs.replace(BACLOFEN, start=date(2026, 1, 5)),
        msgspec.structs.replace(TIZANIDINE, start=date(2026, 2, 1), stop=date(2026, 9, 15)),
    )
    assert [(m.name, m.value, m.unit, m.date) for m in patient.labs] == [
        ("creatinine", 1.6, "mg/dL", date(2026, 11, 10)),
        ("creatinine", 1.1, "mg/dL", date(2026, 10, 1)),
        ("qtc", 431.5, "ms", date(2026, 10, 1)),
        ("inr", 1.1, None, date(2026, 10, 1)),
    ]
    assert patient.weight is not None and (patient.weight.value, patient.weight.unit) == (61.0, "kg")
    assert patient.height is not None and (patient.height.value, patient.height.unit) == (165.0, "cm")
    assert [(c.since, c.until) for c in patient.conditions or ()] == [
        (date(2020, 1, 1), None),
        (date(2021, 1, 1), date(2022, 1, 1)),
    ]
    assert patient.allergies == (Allergy(to="baclofen"),)
    assert patient.smoker == Smoker(now=True)  # the newest of two
    assert patient.pregnant is False and patient.dialysis == "haemodialysis"


def test_the_file_is_read_back_as_it_was_and_reviewed_alike() -> None:
    patient = only(FULL)
    assert again(patient) == patient
    reviewed = review(patient)
    assert review(again(patient)).checks == reviewed.checks
    roles = {m.said: m.role for m in reviewed.medicines}
    assert roles == {BACLOFEN.said: "current", TIZANIDINE.said: "stopped"}
    daily = {m.said: m.regimen.daily for m in reviewed.medicines}[BACLOFEN.said]
    assert daily is not None and (daily.low, daily.high, daily.unit) == (30.0, 30.0, "mg")


def test_what_a_registry_knows_of_nobody_and_what_it_knows_by_not_having_it() -> None:
    patient = only(rows((1, PERSON, 0, day("1950-01-01"), day("2026-11-01"), 0.0)))
    assert (patient.medicines, patient.conditions, patient.allergies) == ((), (), None)
    assert (patient.sex, patient.died) == ("male", date(2026, 11, 1))
    assert only(rows((1, PERSON, 0, day("1950-01-01")))).sex is None
    assert again(patient) == patient


def test_no_known_allergies_are_an_empty_list_unless_one_is_written_down() -> None:
    who, denied = (1, PERSON, 0, day("1950-01-01")), (1, ALLERGY, 1, day("2020-01-01"))
    assert only(rows(who, denied)).allergies == ()
    assert again(only(rows(who, denied))).allergies == ()
    assert only(rows(who, (1, ALLERGY, 0, day("2010-01-01")), denied)).allergies == (Allergy(to="baclofen"),)


def test_two_values_of_one_day_are_said_both_and_disagree() -> None:
    who = (1, PERSON, 0, day("1950-01-01"), None, 0.0)
    line = (1, LINE, 0, day("2026-01-05"))
    patient = only(rows(who, line, (1, MEASURED, 0, day("2026-11-10"), None, 0.9, 2.4)))
    assert [m.value for m in patient.labs] == [0.9, 2.4]
    egfr = next(f for f in review(patient).facts if f.name == "egfr")
    assert egfr.unknown
    weights = only(rows(who, line, (1, MEASURED, 2, day("2026-11-10"), None, 60.0, 90.0)))
    assert weights.weight is not None
    assert sorted(m.value or 0 for m in (weights.weight, *weights.labs)) == [60.0, 90.0]
    assert again(weights) == weights


def test_two_habits_of_one_day_that_disagree_say_nothing() -> None:
    who = (1, PERSON, 0, day("1950-01-01"), None, 0.0)
    on = day("2026-01-01")
    assert only(rows(who, (1, HABIT, 0, on), (1, HABIT, 1, on))).smoker is None
    assert again(only(rows(who, (1, HABIT, 1, on)))).smoker == Smoker(now=False)


def test_persons_follow_one_another_across_batches() -> None:
    one = rows((1, PERSON, 0, day("1950-01-01"), None, 0.0), (1, LINE, 0, day("2026-01-05")))
    two = rows((2, PERSON, 0, day("1960-01-01"), None, 1.0), (2, LINE, 1, day("2026-01-05")))
    table = pa.concat_tables([one.slice(0, 1), one.slice(1), two])
    found = dict(patients_of(table, VOCABULARY, "US"))
    assert {person: [m.drug for m in p.medicines or ()] for person, p in found.items()} == {
        1: ["baclofen"],
        2: ["tizanidine"],
    }


def test_rows_of_nobody_and_a_person_twice_are_refused() -> None:
    with pytest.raises(InputError, match="do not begin with"):
        only(rows((1, LINE, 0, day("2026-01-05"))))
    with pytest.raises(InputError, match="twice"):
        only(rows((1, PERSON, 0, day("1950-01-01")), (1, PERSON, 0, day("1951-01-01"))))


def test_a_person_may_be_looked_at_on_several_days() -> None:
    table = rows((1, PERSON, 0, day("1950-01-01"), None, 0.0), (1, LINE, 0, day("2026-01-05")))
    earlier = table.set_column(1, SAID.field("as_of"), pa.array([day("2026-02-01")] * 2, pa.int32()))
    found = list(patients_of(pa.concat_tables([earlier, table]), VOCABULARY, "US"))
    assert [(person, p.as_of) for person, p in found] == [(1, date(2026, 2, 1)), (1, AS_OF)]
