"""``relaxant cohort person``: the review of the file has the checks of the screen; what is no person is said."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pg8000.dbapi
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from relaxant.cli.main import main
from relaxant.cohort.one_person import open_person
from relaxant.cohort.screen import screen
from relaxant.cohort.synthesize import synthesize
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.reviewing import review

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 22)
BACLOFEN, ASPIRIN, FEMALE = 1, 2, 8532
CONCEPTS = ((BACLOFEN, "197391", "baclofen 10 MG Oral Tablet"), (ASPIRIN, "1191", "aspirin"))


def checks_of(file: bytes) -> list[tuple[object, ...]]:
    patient = read_bytes(file, KNOWLEDGE, today=TODAY)
    made = review(patient, knowledge=KNOWLEDGE, predict=False, plan=False).checks
    return sorted((c.rule, c.agent, tuple(c.partners), c.outcome, tuple(c.settled_by)) for c in made)


def screened(folder: Path) -> dict[int, list[tuple[object, ...]]]:
    """The checks of everybody, by person."""
    out: dict[int, list[tuple[object, ...]]] = {}
    for row in pq.read_table(folder / "checks.parquet").to_pylist():
        one = (row["rule"], row["agent"], tuple(row["partners"]), row["outcome"], tuple(row["settled_by"]))
        out.setdefault(row["person_id"], []).append(one)
    return {person: sorted(checks) for person, checks in out.items()}


def opened(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[bytes, str]:
    assert main(["cohort", "person", *map(str, arguments)]) == 0
    said = capsys.readouterr()
    return said.out.encode(), said.err


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["cohort", "person", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err


def test_the_review_of_the_file_has_the_checks_of_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    synthesize(tmp_path / "registry", 1200, 3, KNOWLEDGE, dirt="heavy")
    screen(tmp_path / "registry", tmp_path / "out", checks=True, knowledge=KNOWLEDGE, today=TODAY)
    everybody = screened(tmp_path / "out")
    assert len(everybody) > 100
    for person in sorted(everybody)[:: len(everybody) // 25]:
        file, said = opened(capsys, tmp_path / "registry", person)
        assert checks_of(file) == everybody[person], person
        assert "no relaxant" not in said


def supplied(person: int, quantity: float, concept: int = BACLOFEN, words: str | None = None) -> dict[str, Any]:
    start, end = date(2026, 10, 20), date(2026, 11, 18)
    return {
        "person_id": person, "drug_concept_id": concept, "drug_exposure_start_date": start, "drug_exposure_end_date": end,
        "quantity": quantity, "days_supply": 30, "drug_source_value": words,
    }  # fmt: skip


def born(person: int, year: int) -> dict[str, Any]:
    return {"person_id": person, "gender_concept_id": FEMALE, "year_of_birth": year, "month_of_birth": 3, "day_of_birth": 2}  # fmt: skip


def tables() -> dict[str, pa.Table]:
    """Person 17 was handed two products of one strength on one day, in different numbers, which stand tenth and eleventh among everybody's; 18 has no
    relaxant, 19 is dead, 20 was not born."""
    others = [f"aa{n} that nobody knows" for n in range(9)]
    rows: dict[str, list[dict[str, Any]]] = {
        "person": [born(n, 1968) for n in (17, 18, 19, *range(100, 130))] + [born(20, 2027)],
        "drug_exposure": [
            supplied(17, 90.0, 0, "baclofen 10 mg tablet"),
            supplied(17, 270.0, 0, "baclofen 10 mg tablets"),
            supplied(18, 30.0, ASPIRIN),
            supplied(19, 90.0),
            *(supplied(n, 90.0) for n in range(100, 130)),
            *(supplied(100 + n, 1.0, 0, words) for n, words in enumerate(others)),
        ],
        "death": [{"person_id": 19, "death_date": date(2026, 11, 1)}],
        "concept": [
            {"concept_id": n, "vocabulary_id": "RxNorm", "concept_code": c, "concept_name": w} for n, c, w in CONCEPTS
        ],
    }
    return {name: pa.Table.from_pylist(of) for name, of in rows.items()}


@pytest.fixture(params=["parquet", "csv"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    registry = tmp_path / "registry"
    registry.mkdir()
    for name, table in tables().items():
        if request.param == "parquet":
            pq.write_table(table, registry / f"{name}.parquet")
        else:
            pyarrow.csv.write_csv(table, registry / f"{name}.csv")
    return registry


def test_of_two_supplies_of_one_day_the_file_has_the_one_of_the_screen(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which of the two counts does not depend on what the others have."""
    screen(folder, tmp_path / "out", checks=True, knowledge=KNOWLEDGE, as_of=TODAY, today=TODAY)
    file, _ = opened(capsys, folder, 17, "--as-of", TODAY)
    assert checks_of(file) == screened(tmp_path / "out")[17]
    alone = open_person(str(folder), 17, KNOWLEDGE, today=TODAY, as_of=TODAY).patient.medicines
    assert alone is not None and len(alone) == 1


def test_the_day_is_the_last_of_the_registry_and_not_of_the_person(folder: Path) -> None:
    later = {**supplied(105, 90.0), "drug_exposure_start_date": date(2026, 11, 20), "drug_exposure_end_date": date(2026, 12, 19)}  # fmt: skip
    more = folder / "drug_exposure"
    more.mkdir()
    (old,) = folder.glob("drug_exposure.*")
    rows = pa.Table.from_pylist([*tables()["drug_exposure"].to_pylist(), later])
    if old.suffix == ".csv":
        pyarrow.csv.write_csv(rows, more / "all.csv")
    else:
        pq.write_table(rows, more / "all.parquet")
    old.unlink()
    assert open_person(str(folder), 17, KNOWLEDGE, today=TODAY).patient.as_of == date(2026, 11, 20)


def test_who_has_no_relaxant_has_a_file_all_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, said = opened(capsys, folder, 18)
    assert b"aspirin" in file and "no relaxant is on the list" in said
    assert checks_of(file) == []


def test_the_file_is_written_where_it_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder.parent / "patient.yaml"
    printed, said = opened(capsys, folder, 17, "--output", file, "--country", "UK")
    assert printed == b"" and str(file) in said
    assert "country: UK" in file.read_text(encoding="utf-8")
    assert main(["review", str(file)]) == 0
    assert "baclofen" in capsys.readouterr().out


def test_who_is_not_there_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for person in (4711, 99_999_999_999, -5):
        assert f"ID: “{person}”: nobody in the table person" in refused(capsys, folder, person)


def test_fhir_records_are_files_already(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Patient.ndjson").write_text('{"resourceType": "Patient", "id": "a"}\n')
    assert "these are FHIR records" in refused(capsys, tmp_path, 1)


@pytest.mark.parametrize("said", ["seventeen", "17.5", "1e3", "", "９", "99999999999999999999"])
def test_what_is_no_number_is_said(folder: Path, capsys: pytest.CaptureFixture[str], said: str) -> None:
    assert "this is no number of a person" in refused(capsys, folder, said)


@pytest.mark.parametrize(("person", "why"), [(19, "died before that day"), (20, "born after the day")])
def test_of_whom_a_screen_says_nothing_nothing_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], person: int, why: str
) -> None:
    assert why in refused(capsys, folder, person, "--as-of", TODAY)


def test_a_person_of_a_postgresql_database(server: Any, folder: Path) -> None:
    url = server.new()
    parts = urlsplit(url)
    database = pg8000.dbapi.connect(
        user=parts.username, password=parts.password, host=parts.hostname, port=parts.port, database=parts.path[1:]
    )
    kinds = {pa.int64(): "INTEGER", pa.float64(): "NUMERIC", pa.date32(): "DATE", pa.string(): "TEXT"}
    cursor = database.cursor()
    for name, table in tables().items():
        cursor.execute(f"CREATE TABLE {name} ({', '.join(f'{f.name} {kinds[f.type]}' for f in table.schema)})")
        places = ", ".join(["%s"] * table.num_columns)
        cursor.executemany(f"INSERT INTO {name} VALUES ({places})", [tuple(row.values()) for row in table.to_pylist()])
    database.commit()
    database.close()
    there = open_person(url, 17, KNOWLEDGE, today=TODAY, as_of=TODAY)
    assert there == open_person(str(folder), 17, KNOWLEDGE, today=TODAY, as_of=TODAY)


def test_rows_of_the_person_that_cannot_be_used_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "person.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8532,1970\n2,8507,1960\n")
    rows = [
        "1,tizanidine 4 MG tablet,31/12/2025,30",
        "1,aspirin,2025-12-01,30",
        "2,baclofen 10 MG tablet,2025-13-40,30",
    ]
    head = "person_id,drug_source_value,drug_exposure_start_date,days_supply"
    (tmp_path / "drug_exposure.csv").write_text("\n".join([head, *rows]) + "\n")
    for more in ((), ("--as-of", "2025-12-15")):
        file, said = opened(capsys, tmp_path, 1, *more)
        assert b"tizanidine" not in file
        assert "not used: 1 row of drug_exposure: drug_exposure_start_date is no day" in said


def test_of_a_person_with_different_rows_no_other_day_is_advised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "person.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8532,1970\n1,8532,1960\n")
    head = "person_id,drug_source_value,drug_exposure_start_date,days_supply"
    (tmp_path / "drug_exposure.csv").write_text(f"{head}\n1,aspirin,2025-12-01,30\n")
    said = refused(capsys, tmp_path, 1)
    assert "the same person_id on different rows" in said and "--as-of" not in said and "mend the row" in said
