"""A synthetic registry: the same bytes for the same seed, OMOP's own columns, rates as the knowledge has them, and dirt that is counted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from relaxant.cli.main import main
from relaxant.cohort import synthesize as module
from relaxant.cohort.cdm import TABLES
from relaxant.cohort.progress import Progress
from relaxant.cohort.synthesize import synthesize
from relaxant.cohort.synthetic.block import BLOCK
from relaxant.cohort.synthetic.blueprint import Blueprint, blueprint
from relaxant.cohort.synthetic.people import cell_of, draw_people, factors_of
from relaxant.errors import InputError
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.codes import RXNORM, lookup_code
from relaxant.medicines.read import read_medicines

KNOWLEDGE = load_knowledge()
PEOPLE = 30_000
LAST = date(2025, 12, 31)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "made"
    synthesize(folder, PEOPLE, 7, KNOWLEDGE)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "clean"
    synthesize(folder, 5_000, 7, KNOWLEDGE, dirt="none")
    return folder


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    return blueprint(KNOWLEDGE)


def tables(folder: Path) -> Iterator[tuple[str, pa.Table]]:
    for name in TABLES:
        yield name, pyarrow.parquet.read_table(folder / f"{name}.parquet")


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for name in TABLES:
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder}/{name}.parquet'")
    connection.execute("""CREATE VIEW supplied AS SELECT d.*, concept_name AS drug, drug_exposure_start_date AS first_day,
        drug_exposure_end_date AS last_day FROM drug_exposure d JOIN concept ON drug_concept_id = concept_id""")
    return connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    row = connection.execute(query).fetchone()
    assert row is not None
    return float(row[0])


# ---------------------------------------------------------------- bytes


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        synthesize(tmp_path / name, 400, seed, KNOWLEDGE)
    for table in TABLES:
        first, again = ((tmp_path / name / f"{table}.parquet").read_bytes() for name in ("one", "two"))
        assert first == again, table
    for table in ("person", "drug_exposure", "measurement"):
        assert (tmp_path / "one" / f"{table}.parquet").read_bytes() != (tmp_path / "other" / f"{table}.parquet").read_bytes()  # fmt: skip


def test_a_person_does_not_depend_on_how_many_there_are(made: Path, tmp_path: Path) -> None:
    synthesize(tmp_path / "few", 300, 7, KNOWLEDGE)
    for name, few in tables(tmp_path / "few"):
        if "person_id" not in few.column_names:
            continue
        many = pyarrow.parquet.read_table(made / f"{name}.parquet")
        numbers = few["person_id"].to_numpy()
        kept = many.filter(pa.array(np.isin(many["person_id"].to_numpy(), numbers)))
        assert kept.drop_columns(kept.column_names[0]).equals(few.drop_columns(few.column_names[0])), name


def test_many_people_come_in_several_files_numbered_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", BLOCK)
    synthesize(tmp_path / "parts", 2 * BLOCK + 5, 1, KNOWLEDGE)
    files = sorted((tmp_path / "parts" / "measurement").iterdir())
    assert [f.name for f in files] == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert (tmp_path / "parts" / "concept.parquet").is_file()
    connection = duckdb.connect(config={"threads": 1})
    for name, number in (("measurement", "measurement_id"), ("drug_exposure", "drug_exposure_id"), ("person", "person_id")):  # fmt: skip
        rows, different = connection.execute(f"SELECT count(*), count(DISTINCT {number}) FROM '{tmp_path}/parts/{name}/*.parquet'").fetchone() or (0, 1)  # fmt: skip
        assert rows == different > 0
    assert rows == 2 * BLOCK + 5


def test_csv_says_the_same(tmp_path: Path) -> None:
    synthesize(tmp_path / "parquet", 200, 5, KNOWLEDGE)
    synthesize(tmp_path / "csv", 200, 5, KNOWLEDGE, form="csv")
    connection = duckdb.connect(config={"threads": 1})
    for name, schema in TABLES.items():
        numbers = [f.name for f in schema if pa.types.is_integer(f.type) or pa.types.is_date(f.type)]
        columns = ", ".join(f"CAST({c} AS VARCHAR)" for c in numbers)
        query = f"SELECT {columns} FROM {{}} ORDER BY ALL"
        read = connection.execute(query.format(f"read_csv('{tmp_path}/csv/{name}.csv', all_varchar=true)")).fetchall()
        assert read == connection.execute(query.format(f"'{tmp_path}/parquet/{name}.parquet'")).fetchall(), name


# ---------------------------------------------------------------- columns


def test_columns_are_those_of_the_data_model(made: Path) -> None:
    counted = {"person": 18, "observation_period": 5, "death": 7, "drug_exposure": 23, "condition_occurrence": 16, "measurement": 23, "observation": 21, "concept": 10, "drug_strength": 12, "cdm_source": 11}  # fmt: skip
    for name, table in tables(made):
        assert table.schema.names == TABLES[name].names and len(table.schema) == counted[name]
        for field in TABLES[name]:
            assert table.schema.field(field.name).type == field.type, field.name
            assert field.nullable or table[field.name].null_count == 0, (name, field.name)
            if pa.types.is_string(field.type) and field.name not in ("sig", "source_description", "concept_name", "cdm_source_name", "cdm_holder"):  # fmt: skip
                longest = max((len(v) for v in table[field.name].unique().to_pylist() if v is not None), default=0)
                assert longest <= 50, field.name
    assert TABLES["drug_exposure"].field("quantity").type == pa.float64()
    assert TABLES["measurement"].field("measurement_datetime").type == pa.timestamp("us")


def test_every_concept_that_is_named_is_there(made: Path) -> None:
    there = set(pyarrow.parquet.read_table(made / "concept.parquet")["concept_id"].to_pylist())
    for name, table in tables(made):
        for column in table.column_names:
            if column.endswith("concept_id"):
                assert set(table[column].unique().to_pylist()) - {None} <= there, (name, column)


def test_the_dictionary_reads_every_drug_and_its_dose_line(made: Path) -> None:
    connection = opened(made)
    codes = connection.execute("SELECT DISTINCT concept_code FROM drug_exposure JOIN concept ON concept_id = drug_concept_id WHERE concept_id > 0").fetchall()  # fmt: skip
    assert len(codes) > 150
    for (code,) in codes:
        entry = lookup_code(RXNORM, code)
        assert entry is not None and entry.ingredients and entry.strength, code
    held = connection.execute("""SELECT amount_value, numerator_value, denominator_value, u.concept_code FROM drug_strength s JOIN concept d ON d.concept_id = s.drug_concept_id
        JOIN concept u ON u.concept_id = coalesce(amount_unit_concept_id, numerator_unit_concept_id) WHERE d.concept_code IN ('313413', '1648755', '1234995') ORDER BY d.concept_code""").fetchall()
    assert held == [(None, 10.0, 1.0, "mg"), (100.0, None, None, "mg"), (4.0, None, None, "mg")]
    lines = connection.execute("""SELECT DISTINCT drug, sig, first_value(round(quantity / days_supply, 3)) OVER (PARTITION BY drug, sig ORDER BY quantity / days_supply)
        FROM supplied WHERE sig LIKE 'Take%' AND drug_concept_id > 0 AND drug LIKE 'tizanidine%' AND quantity > 0""").fetchall()
    assert len(lines) > 3
    said = {"as_of": "2025-12-31", "medicines": [f"{drug}. {sig}" for drug, sig, _ in lines]}
    patient = read_bytes(msgspec.json.encode(said), KNOWLEDGE, today=LAST)
    for medicine in read_medicines(patient, KNOWLEDGE):
        assert medicine.status == "read" and medicine.regimen.daily is not None, medicine.said


# ---------------------------------------------------------------- rates


def test_rates_are_those_of_the_knowledge(plan: Blueprint) -> None:
    factors, random = factors_of(plan), np.random.Generator(np.random.SFC64(11))
    blocks = [draw_people(plan, factors, BLOCK, 20_000, random) for _ in range(20)]
    cell, has = (
        np.concatenate([cell_of(b.female, b.age) for b in blocks]),
        np.concatenate([b.has for b in blocks], axis=1),
    )
    for i, entry in enumerate(plan.entries):
        at = has[i] if entry.among is None else has[i][has[entry.among]]
        wanted = entry.table.ravel()[cell].mean()
        allowed = 0.07 * wanted + 5 * np.sqrt(wanted / at.size) + (1e-5)
        assert abs(at.mean() - wanted) < allowed, (entry.name, at.mean(), wanted)


def test_bodies_and_kidneys_go_with_age_and_disease(plan: Blueprint) -> None:
    random = np.random.Generator(np.random.SFC64(12))
    people = [draw_people(plan, factors_of(plan), BLOCK, 20_000, random) for _ in range(3)]
    age, serum = (np.concatenate([getattr(p, name) for p in people]) for name in ("age", "creatinine"))
    failing = np.concatenate([p.has[plan.names["ckd_stage_4"]] for p in people])
    assert np.isnan(serum[age < 2]).all() and not np.isnan(serum[age >= 2]).any()
    assert 1.4 < np.median(serum[failing]) < 5 and 0.7 < np.median(serum[(age >= 18) & ~failing]) < 1.0
    weight = np.concatenate([p.weight for p in people])
    assert 12 < np.median(weight[(age >= 2) & (age < 4)]) < 17 and 70 < np.median(weight[age >= 18]) < 90


def test_about_one_in_five_has_a_relaxant(made: Path) -> None:
    ingredients = sorted({agent.ingredient for agent in KNOWLEDGE.agents.values()})
    anything = " OR ".join(f"drug LIKE '{name.replace(chr(39), '')} %'" for name in ingredients)
    share = one(opened(made), f"SELECT count(DISTINCT person_id) FROM supplied WHERE {anything}") / PEOPLE
    assert 0.16 < share < 0.23


def test_rows_a_person(made: Path) -> None:
    connection = opened(made)
    assert 4.5 < one(connection, "SELECT count(*) FROM drug_exposure") / PEOPLE < 6.5
    assert 7 < one(connection, "SELECT count(*) FROM measurement") / PEOPLE < 9


def test_what_a_screen_looks_for_is_there(made: Path) -> None:
    connection = opened(made)

    def together(*drugs: str) -> float:
        names = "abc"[: len(drugs)]
        joins = " ".join(f"JOIN supplied {n} USING (person_id)" for n in names[1:])
        overlap = " AND ".join(f"{m}.first_day <= {n}.last_day" for m in names for n in names if m != n)
        what = " AND ".join(f"regexp_matches({n}.drug, '{d}')" for n, d in zip(names, drugs, strict=True))
        return one(connection, f"SELECT count(DISTINCT a.person_id) FROM supplied a {joins} WHERE {what} AND {overlap}")

    on_tizanidine = one(connection, "SELECT count(DISTINCT person_id) FROM supplied WHERE drug LIKE 'tizanidine%'")
    assert 0.005 < together("^tizanidine", "^ciprofloxacin") / on_tizanidine < 0.08
    triple = together("^(cyclobenz|tizan|baclo|methocarb|carisop|metax)", "hydrocodone|^oxycodone|^tramadol", "^(alpraz|loraz|clonaz|diaz)")  # fmt: skip
    assert 0.001 < triple / PEOPLE < 0.01
    assert one(connection, "SELECT count(*) FROM (SELECT person_id FROM supplied WHERE drug LIKE 'carisoprodol%' GROUP BY ALL HAVING sum(days_supply) > 21)") > 20  # fmt: skip
    assert one(connection, "SELECT count(DISTINCT person_id) FROM supplied WHERE drug LIKE 'dantrolene%' AND person_id NOT IN (SELECT person_id FROM measurement WHERE measurement_source_value = '1742-6')") >= 1  # fmt: skip
    assert one(connection, "SELECT count(DISTINCT person_id) FROM supplied JOIN condition_occurrence USING (person_id) WHERE drug LIKE 'baclofen%tablet' AND condition_source_value IN ('N18.4', 'N18.6', 'Z99.2')") >= 1  # fmt: skip
    stopped = "SELECT person_id FROM supplied WHERE drug LIKE 'baclofen%tablet' GROUP BY ALL HAVING count(*) > 3 AND max(last_day) < DATE '2025-10-01'"  # fmt: skip
    assert one(connection, f"SELECT count(*) FROM ({stopped})") > 5
    for code in ("Z34.90", "Z99.2", "G35", "G80.9"):
        assert one(connection, f"SELECT count(*) FROM condition_occurrence WHERE condition_source_value = '{code}'") > 3
    children = "SELECT count(DISTINCT person_id) FROM supplied JOIN person USING (person_id) WHERE year_of_birth > 2010 AND regexp_matches(drug, '^(baclofen|diazepam|clonazepam|onabotul)')"  # fmt: skip
    assert one(connection, children) > 3
    assert one(connection, "SELECT count(*) FROM supplied WHERE drug LIKE 'rocuronium%'") > 50
    assert one(connection, "SELECT count(*) FROM measurement WHERE measurement_source_value = '2160-0' AND unit_source_value = 'umol/L'") > 50  # fmt: skip


# ---------------------------------------------------------------- dirt


def test_without_dirt_nothing_is_wrong(clean: Path) -> None:
    connection = opened(clean)
    for wrong in (
        "SELECT count(*) FROM drug_exposure WHERE drug_concept_id = 0 OR quantity IS NULL OR quantity <= 0",
        "SELECT count(*) FROM measurement WHERE measurement_concept_id = 0 OR unit_concept_id IS NULL OR unit_concept_id = 0 OR value_as_number IS NULL OR value_as_number <= 0",
        "SELECT count(*) FROM supplied JOIN observation_period o USING (person_id) WHERE first_day > observation_period_end_date OR first_day < observation_period_start_date OR last_day < first_day",
        "SELECT count(*) FROM measurement JOIN observation_period o USING (person_id) WHERE measurement_date NOT BETWEEN observation_period_start_date AND observation_period_end_date",
        "SELECT count(*) FROM drug_exposure WHERE person_id NOT IN (SELECT person_id FROM person)",
        "SELECT count(*) FROM person WHERE gender_concept_id = 0 OR day_of_birth IS NULL",
    ):
        assert one(connection, wrong) == 0, wrong


def test_dirt_is_as_common_as_the_knowledge_says(made: Path, plan: Blueprint) -> None:
    connection, dirt = opened(made), plan.people.dirt
    for what, table, wrong in (
        ("unmapped_drug", "drug_exposure", "drug_concept_id = 0 AND drug_source_value IS NOT NULL"),
        ("no_quantity", "drug_exposure", "quantity IS NULL"),
        ("end_before_start", "drug_exposure", "drug_exposure_end_date < drug_exposure_start_date"),
        ("future_day", "drug_exposure", "drug_exposure_start_date > DATE '2025-12-31'"),
        ("no_unit", "measurement", "unit_concept_id IS NULL"),
        ("unmapped_unit", "measurement", "unit_concept_id = 0"),
        ("no_value", "measurement", "value_as_number IS NULL"),
        ("unmapped_measurement", "measurement", "measurement_concept_id = 0"),
        ("implausible_value", "measurement", "value_as_number IN (0.0, 999.0, -1.0, 0.01, 99999.0)"),
        ("no_birthday", "person", "day_of_birth IS NULL AND month_of_birth IS NULL"),
        ("no_sex", "person", "gender_concept_id = 0"),
        ("nobody", "measurement", "person_id NOT IN (SELECT person_id FROM person)"),
        ("unmapped_condition", "condition_occurrence", "condition_source_concept_id = 0"),
    ):
        rows = one(connection, f"SELECT count(*) FROM {table}")
        found = one(connection, f"SELECT count(*) FROM {table} WHERE {wrong}")
        expected = dirt[what] * rows
        assert abs(found - expected) < 5 * np.sqrt(expected) + 0.02 * expected + 1, (what, found, expected)
    deceased = one(connection, "SELECT count(*) FROM supplied JOIN death USING (person_id) WHERE first_day > death_date AND first_day <= DATE '2025-12-31'")  # fmt: skip
    assert deceased >= 1


def test_heavy_dirt_is_more(tmp_path: Path, plan: Blueprint) -> None:
    synthesize(tmp_path / "heavy", 2_000, 1, KNOWLEDGE, dirt="heavy")
    connection = opened(tmp_path / "heavy")
    share = one(connection, "SELECT avg(CAST(drug_concept_id = 0 AS INT)) FROM drug_exposure")
    assert share == pytest.approx(10 * plan.people.dirt["unmapped_drug"], rel=0.15)


# ---------------------------------------------------------------- input and output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--people", "0"], "--people"),
        (["--people", "-3"], "-3"),
        (["--people", "many"], "many"),
        (["--people", "999999999999"], "give 1 to"),
        (["--people", "5", "--seed", "lucky"], "lucky"),
        (["--people", "5", "--seed", "-1"], "-1"),
        (["--people", "5", "--as-of", "soon"], "2026-11-22"),
        (["--people", "5", "--as-of", "1900-01-01"], "give a day from"),
        (["--people", "5", "--country", "UK"], "use US"),
        (["--people", "5", "--format", "xlsx"], "xlsx"),
        (["--people", "5", "--dirt", "filthy"], "filthy"),
        ([], "--people"),
    ],
)
def test_odd_input_gets_one_line(arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    try:
        status = main(["cohort", "synthesize", "--output", str(tmp_path / "out"), *arguments])
    except SystemExit as left:
        status = int(left.code or 0)
    said = capsys.readouterr()
    assert status == 2 and says in said.err and said.err.count("\n") == 1 and "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="something is there already"):
        synthesize(tmp_path, 5, 1, KNOWLEDGE)
    with pytest.raises(InputError, match="something is there already"):
        synthesize(tmp_path / "note.txt", 5, 1, KNOWLEDGE)
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


def test_an_empty_folder_will_do_and_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    target = tmp_path / "empty"
    target.mkdir()
    assert main(["cohort", "synthesize", "--people", "50", "--seed", "2", "--output", str(target), "--as-of", "2024-06-30"]) == 0  # fmt: skip
    said = capsys.readouterr()
    assert said.out == "" and "50 person" in said.err and "2024-06-30" in said.err
    connection = opened(target)
    assert one(connection, "SELECT count(*) FROM observation_period WHERE observation_period_end_date > DATE '2024-06-30'") == 0  # fmt: skip
    assert connection.execute("SELECT cdm_version, source_release_date FROM cdm_source").fetchall() == [("5.4", date(2024, 6, 30))]  # fmt: skip


def test_a_stop_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "out", 100, 1, KNOWLEDGE, progress=stop)
    assert not list(tmp_path.iterdir())


def test_without_arrow_it_says_how_to_install(tmp_path: Path) -> None:
    script = f"import sys; sys.modules['pyarrow'] = None; from relaxant.cli.main import main; sys.exit(main(['cohort', 'synthesize', '--people', '5', '--output', r'{tmp_path / 'out'}']))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 2 and b"pip install 'relaxant[screen]'" in done.stderr and b"Traceback" not in done.stderr


class _Terminal:
    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_the_bar_shows_after_two_seconds_and_goes_away() -> None:
    terminal, now = _Terminal(), [0.0]
    with Progress(1000, "people", terminal, lambda: now[0]) as progress:  # type: ignore[arg-type]
        now[0] = 1.0
        progress(100)
        assert terminal.text == ""
        now[0] = 4.0
        progress(500)
        assert "500 of 1 000 people, 4 s left" in terminal.text and "#" * 15 + " " in terminal.text
    assert terminal.text.endswith("\r") and not terminal.text.rstrip("\r ").endswith("left" + " ")
