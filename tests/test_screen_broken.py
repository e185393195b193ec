"""Registries in which something is wrong, through the command: one clear line and no more, or a screen in which everything that was not used is
counted; and screens that were killed, which go on and give the same bytes."""

from __future__ import annotations

import csv
import gzip
import html
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the libraries of the screen are not installed (relaxant[screen])")

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from relaxant.cli.main import main
from relaxant.cohort.opening import fingerprint
from relaxant.cohort.screen import screen
from relaxant.cohort.synthesize import synthesize
from relaxant.cohort.unfinished import Unfinished
from relaxant.knowledge.load import load_knowledge

PERSONS, LAST = 300, "2025-12-31"
FILES = ("findings.parquet", "checks.parquet", "counts.csv", "attrition.csv", "unmapped.csv", "summary.html")
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in which nothing is wrong, as Parquet and as CSV."""
    folder = tmp_path_factory.mktemp("registry")
    for form in ("parquet", "csv"):
        synthesize(folder / form, PERSONS, 7, load_knowledge(), as_of=date.fromisoformat(LAST), form=form)
    return folder


@pytest.fixture
def parquet(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole / "parquet", tmp_path / "registry"))


@pytest.fixture
def tables(whole: Path, tmp_path: Path) -> Path:
    """The same as CSV."""
    return Path(shutil.copytree(whole / "csv", tmp_path / "registry"))


def command(source: Path | str, *options: str, output: Path | None = None) -> tuple[int, str]:
    """The exit status and what was said on standard error."""
    out = output or Path(source).parent / "out"
    with redirect_stderr(StringIO()) as said:
        status = main(["screen", str(source), "--output", str(out), "--workers", "1", *options])
    return status, said.getvalue()


def refused(source: Path | str, *options: str, output: Path | None = None) -> str:
    """The one line that says why a source is not screened."""
    status, said = command(source, *options, output=output)
    assert status == 2 and said.startswith("relaxant: ") and said.count("\n") == 1, said
    return said


class Screened:
    """What a screen wrote. Everybody is accounted for."""

    def __init__(self, source: Path, *options: str, persons: int = PERSONS) -> None:
        status, self.said = command(source, *options)
        assert status == 0, self.said
        folder = source.parent / "out"
        with (folder / "attrition.csv").open(encoding="utf-8") as file:
            self.attrition = {(row["step"], row["what"]): int(row["persons"]) for row in csv.DictReader(file)}
        with (folder / "unmapped.csv").open(encoding="utf-8") as file:
            self.unmapped = {(row["code"] or row["name"], row["why"]): int(row["rows"]) for row in csv.DictReader(file)}
        self.page = html.unescape((folder / "summary.html").read_text(encoding="utf-8")).replace("\u202f", "")
        self.rejected = {what: count for (step, what), count in self.attrition.items() if step == "rejected"}
        parts = [self.attrition[step, ""] for step in ("no relaxant", "everything checked", "something unchecked")]
        assert sum(parts) + sum(self.rejected.values()) == self.attrition["persons", ""] == persons

    @property
    def relaxant(self) -> int:
        return self.attrition["everything checked", ""] + self.attrition["something unchecked", ""]

    def counts(self, table: str, why: str) -> int:
        """How often the page says that something of a table was not used."""
        found = re.search(rf"{re.escape(table)}: {re.escape(why)}, (\d+)", self.page)
        assert found is not None, f"{table}: {why}"
        return int(found[1])


def edit(source: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    path = source / f"{table}.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def column(source: Path, table: str, name: str, values: Callable[[int, Any], Any], kind: pa.DataType) -> int:
    """Puts other values in a column; gives how many rows it has."""

    def change(rows: pa.Table) -> pa.Table:
        new = [values(place, value) for place, value in enumerate(rows[name].to_pylist())]
        return rows.set_column(rows.column_names.index(name), name, pa.array(new, kind))

    edit(source, table, change)
    return int(pq.read_metadata(source / f"{table}.parquet").num_rows)


def third(value: Any) -> Callable[[int, Any], Any]:
    """Every third row says something else, the others the same in text."""
    return lambda place, said: value if place % 3 == 0 else None if said is None else str(said)


# ---------------------------------------------------------------- tables and columns that are not there


@pytest.mark.parametrize("table", ["person", "drug_exposure"])
def test_without_people_or_medicines_nothing_is_screened(table: str, parquet: Path) -> None:
    (parquet / f"{table}.parquet").unlink()
    said = refused(parquet)
    assert f"the table {table} is missing" in said and "give it as well" in said


@pytest.mark.parametrize(
    ("table", "unknown"),
    [
        ("measurement", "laboratory values"),
        ("condition_occurrence", "what anybody has"),
        ("observation", "allergies and smoking"),
        ("death", "who has died"),
        ("observation_period", "from when to when"),
        ("concept", "what the concepts of the other tables stand for"),
        ("drug_strength", "the strengths"),
    ],
)
def test_what_another_table_would_say_is_not_known(table: str, unknown: str, parquet: Path) -> None:
    (parquet / f"{table}.parquet").unlink()
    found = Screened(parquet)
    assert f"the table {table} is not there; not known: {unknown}" in found.said
    assert f"The table {table} is not there. Not known: {unknown}" in found.page
    assert (
        "were looked for" not in found.said
    )  # where concepts stand for nothing the words of the source tell the medicines


def test_without_concepts_and_without_words_of_the_source_no_relaxant_is_found(parquet: Path) -> None:
    (parquet / "concept.parquet").unlink()
    edit(parquet, "drug_exposure", lambda rows: rows.drop_columns(["drug_source_value"]))
    found = Screened(parquet)
    assert "0 with a relaxant" in found.said and "were looked for" in found.said


@pytest.mark.parametrize(("table", "name"), [("person", "person_id"), ("drug_exposure", "drug_exposure_start_date")])
def test_a_needed_column_is_asked_for(table: str, name: str, parquet: Path) -> None:
    edit(parquet, table, lambda rows: rows.drop_columns([name]))
    said = refused(parquet)
    assert f"SOURCE {table}" in said and f"the column {name} is missing" in said and f"give {'person_id'}" in said


def test_a_table_without_its_needed_column_is_not_used(parquet: Path) -> None:
    edit(parquet, "measurement", lambda rows: rows.drop_columns(["measurement_date"]))
    found = Screened(parquet)
    assert "the table measurement has no column measurement_date; not known: laboratory values" in found.said
    assert found.attrition["input known", "creatinine"] == 0


def test_another_column_that_is_not_there_is_said(parquet: Path) -> None:
    edit(parquet, "person", lambda rows: rows.drop_columns(["year_of_birth", "month_of_birth"]))
    found = Screened(parquet)
    assert "the table person has no column year_of_birth, month_of_birth; not known: what they say" in found.said
    assert found.attrition["input known", "age"] == 0 and found.relaxant


# ---------------------------------------------------------------- values that are none


@pytest.mark.parametrize(
    ("table", "name", "value", "is_no"),
    [
        ("measurement", "value_as_number", "high", "number"),
        ("drug_exposure", "person_id", "p17", "whole number"),
        ("drug_exposure", "drug_concept_id", "baclofen", "whole number"),
        ("drug_exposure", "days_supply", "a month", "whole number"),
        ("drug_exposure", "drug_exposure_start_date", "31.12.2024", "day"),
        ("condition_occurrence", "condition_start_date", "2024-02-30", "day"),
        ("person", "year_of_birth", "unknown", "whole number"),
    ],
)
def test_a_value_of_another_type_is_counted(table: str, name: str, value: str, is_no: str, parquet: Path) -> None:
    rows = column(parquet, table, name, third(value), pa.string())
    assert Screened(parquet).counts(table, f"{name} is no {is_no}") == -(-rows // 3)


def test_a_column_of_lists_holds_no_days(parquet: Path) -> None:
    rows = column(parquet, "drug_exposure", "drug_exposure_start_date", lambda place, _: [place], pa.list_(pa.int32()))
    found = Screened(parquet)
    assert found.counts("drug_exposure", "drug_exposure_start_date is no day") == rows and found.relaxant == 0


def test_values_that_are_not_there_are_counted(parquet: Path) -> None:
    edit(parquet, "drug_exposure", lambda rows: pa.table({name: rows[name] for name in rows.column_names}))  # nullable
    rows = column(parquet, "drug_exposure", "drug_exposure_start_date", lambda place, day: None if place % 3 == 0 else day, pa.date32())  # fmt: skip
    assert Screened(parquet).counts("drug_exposure", "drug_exposure_start_date is missing") == -(-rows // 3)


# ---------------------------------------------------------------- people


def again(rows: pa.Table, count: int, **other: Any) -> pa.Table:
    """The rows, and the first of them once more with other values."""
    more = rows.slice(0, count)
    for name, value in other.items():
        place = more.column_names.index(name)
        more = more.set_column(place, name, pa.array([value] * count, more.schema.field(name).type))
    plain = pa.schema([field.with_nullable(True) for field in rows.schema])
    return pa.concat_tables([rows.cast(plain), more.cast(plain)])


def test_the_same_row_of_a_person_twice_is_one_person(parquet: Path) -> None:
    whole = Screened(parquet)
    edit(parquet, "person", lambda rows: again(rows, 20))
    found = Screened(parquet)
    assert found.attrition == whole.attrition
    assert "20 rows of persons say once more what another row says" in found.page


def test_different_rows_of_a_person_are_nobody(parquet: Path) -> None:
    edit(parquet, "person", lambda rows: again(rows, 20, year_of_birth=1901))
    assert Screened(parquet).rejected["the same person_id on different rows"] == 20


def test_a_person_without_a_number_is_rejected(parquet: Path) -> None:
    edit(parquet, "person", lambda rows: again(rows, 20, person_id=None))
    assert Screened(parquet, persons=PERSONS + 20).rejected["person_id is missing"] == 20


def test_a_number_of_a_person_that_is_none_is_rejected_and_its_rows_are_nobodys(parquet: Path) -> None:
    column(parquet, "person", "person_id", third("p17"), pa.string())
    found = Screened(parquet)
    assert found.rejected["person_id is no whole number"] == PERSONS // 3
    assert found.counts("observation_period", "its person is not in the table person") == PERSONS // 3


def test_rows_of_nobody_are_counted(parquet: Path) -> None:
    edit(parquet, "person", lambda rows: rows.slice(100))
    found = Screened(parquet, persons=PERSONS - 100)
    assert found.counts("observation_period", "its person is not in the table person") == 100


def test_a_death_before_the_birth_is_rejected(parquet: Path) -> None:
    deaths = column(parquet, "death", "death_date", lambda *_: date(1850, 1, 1), pa.date32())
    assert Screened(parquet).rejected == {"died before the birth": deaths}


def test_births_that_cannot_be_are_rejected(parquet: Path) -> None:
    column(parquet, "person", "year_of_birth", lambda place, year: 2100 if place < 20 else 1880 if place < 50 else year, pa.int32())  # fmt: skip
    found = Screened(parquet)
    assert found.rejected["born after the day of the screen"] == 20 and found.rejected["older than 125 years"] == 30


# ---------------------------------------------------------------- days


def test_days_in_the_future_are_counted_and_move_nothing(parquet: Path) -> None:
    future = date(2999, 1, 1)
    rows = column(parquet, "drug_exposure", "drug_exposure_start_date", lambda place, day: future if place % 3 == 0 else day, pa.date32())  # fmt: skip
    column(parquet, "observation_period", "observation_period_end_date", lambda place, day: future if place % 3 == 0 else day, pa.date32())  # fmt: skip
    found = Screened(parquet)
    assert f"as of {LAST}, the last day of the data" in found.said
    why = "lies after the last day of the data"
    assert found.counts("drug_exposure", f"drug_exposure_start_date {why}") == -(-rows // 3)
    assert found.counts("observation_period", f"observation_period_end_date {why}") == PERSONS // 3


def test_an_end_before_its_start_is_no_end_and_counted(parquet: Path) -> None:
    rows = column(parquet, "drug_exposure", "drug_exposure_end_date", lambda *_: date(1950, 1, 1), pa.date32())
    found = Screened(parquet)
    assert found.counts("drug_exposure", "drug_exposure_end_date lies before drug_exposure_start_date") == rows
    without = pq.read_table(parquet / "drug_exposure.parquet").drop_columns(["drug_exposure_end_date"])
    pq.write_table(without, parquet / "drug_exposure.parquet")
    assert Screened(parquet).attrition == found.attrition, "as if no end were said"


# ---------------------------------------------------------------- units


def test_values_without_a_unit_or_with_another_are_counted(parquet: Path) -> None:
    measured = pq.read_table(parquet / "measurement.parquet")
    concepts = pq.read_table(parquet / "concept.parquet").to_pylist()
    (creatinine,) = (row["concept_id"] for row in concepts if row["concept_code"] == "2160-0")
    of = [place for place, concept in enumerate(measured["measurement_concept_id"].to_pylist()) if concept == creatinine]  # fmt: skip
    turn = {place: number % 3 for number, place in enumerate(of)}
    units = {0: None, 1: "furlong", 2: "kg"}
    column(parquet, "measurement", "unit_concept_id", lambda place, unit: 0 if place in turn else unit, pa.int32())
    column(parquet, "measurement", "unit_source_value", lambda place, unit: units[turn[place]] if place in turn else unit, pa.string())  # fmt: skip
    found = Screened(parquet)
    asked = {why: count for (code, why), count in found.unmapped.items() if code == "2160-0"}
    assert asked == {
        "its values have no unit": sum(number == 0 for number in turn.values()),
        "the unit “furlong” is not known": sum(number == 1 for number in turn.values()),
        "the unit “kg” does not measure creatinine": sum(number == 2 for number in turn.values()),
    }
    assert found.attrition["input known", "creatinine"] == 0


# ---------------------------------------------------------------- files


def zipped(path: Path, cut: int) -> None:
    data = gzip.compress(path.read_bytes())
    path.with_suffix(".csv.gz").write_bytes(data[: len(data) - cut])
    path.unlink()


def test_tables_of_csv_give_what_tables_of_parquet_give(whole: Path, tables: Path, tmp_path: Path) -> None:
    zipped(tables / "drug_exposure.csv", 0)
    ours = Screened(tables)
    parquet = Path(shutil.copytree(whole / "parquet", tmp_path / "other" / "registry"))
    assert ours.attrition == Screened(parquet).attrition
    for name in ("findings.parquet", "counts.csv", "unmapped.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "other" / "out" / name).read_bytes(), name


@pytest.mark.parametrize(("table", "cut"), [("drug_exposure", 9000), ("person", 10)])
def test_a_gzipped_table_that_is_cut_short_is_named(table: str, cut: int, tables: Path) -> None:
    zipped(tables / f"{table}.csv", cut)
    said = refused(tables)
    assert f"SOURCE {table}.csv.gz" in said and "it cannot be read" in said and "give whole files" in said


def test_a_table_that_is_not_gzipped_is_named(tables: Path) -> None:
    (tables / "person.csv").rename(tables / "person.csv.gz")
    assert "SOURCE person.csv.gz" in refused(tables)


@pytest.mark.parametrize("left", [0, 2000])
def test_a_parquet_file_that_is_cut_short_is_named(left: int, parquet: Path) -> None:
    path = parquet / "measurement.parquet"
    path.write_bytes(path.read_bytes()[:left])
    said = refused(parquet)
    assert "SOURCE measurement" in said and "measurement.parquet" in said and "give whole files" in said


def test_a_parquet_file_that_is_broken_within_is_refused(parquet: Path) -> None:
    path = parquet / "person.parquet"
    data = bytearray(path.read_bytes())
    data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
    path.write_bytes(bytes(data))
    assert "SOURCE" in refused(parquet)


def test_lines_that_are_no_rows_are_counted(tables: Path) -> None:
    path = tables / "drug_exposure.csv"
    head, *rows = path.read_bytes().splitlines()
    rows[5:5] = [b"1,2,3"] * 12 + [b"1," * 60] * 3 + [b"\xff\xfe," * (head.count(b",")) + b"\xff"] * 2
    path.write_bytes(b"\n".join([head, *rows]) + b"\n")
    assert Screened(tables).counts("drug_exposure", "a line that is no row of the table") == 17


def test_a_file_without_a_line_of_the_table_is_named(tables: Path) -> None:
    (tables / "person.csv").write_bytes(b"")
    assert "SOURCE person.csv" in refused(tables)
    (tables / "person.csv").write_text("name,colour\nx,blue\n")
    said = refused(tables)
    assert "SOURCE person.csv" in said and "name, colour" in said and "person_id" in said


def test_tables_without_rows_have_nobody(tables: Path) -> None:
    path = tables / "person.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    found = Screened(tables, persons=0)
    assert "were looked for" in found.said
    assert found.counts("observation_period", "its person is not in the table person") == PERSONS


def test_a_table_in_two_forms_is_named(parquet: Path, whole: Path) -> None:
    shutil.copy(whole / "csv" / "person.csv", parquet)
    said = refused(parquet)
    assert "person" in said and ".csv and .parquet" in said and "leave one of them" in said


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    said = refused(tmp_path / "nothing")
    assert "none of the tables of OMOP is there" in said and "give a folder with Parquet or CSV" in said


def test_what_is_no_source_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert "there is nothing of that name" in refused(path)
    path.write_text("hello\n")
    assert "no DuckDB database" in refused(path)
    path.write_bytes(bytes(8) + b"DUCK" + bytes(9000))
    assert "it cannot be read" in refused(path)
    with duckdb.connect(str(path.with_suffix(".duckdb"))) as db:
        db.execute("CREATE TABLE weather (day DATE)")
    assert "none of the tables of OMOP" in refused(path.with_suffix(".duckdb"))
    assert "the database does not answer" in refused("postgresql://nobody:secret@127.0.0.1:9/none", output=tmp_path / "out")  # fmt: skip


# ---------------------------------------------------------------- settings


def test_settings_that_cannot_be_are_named(parquet: Path) -> None:
    for options, says in (
        (("--as-of", "yesterday"), "--as-of: “yesterday”: this is not a date that reads one way only"),
        (("--as-of", "2025-02-30"), "--as-of: “2025-02-30”: there is no such day"),
        (("--as-of", "20251231"), "--as-of: “20251231”: this is not a date that reads one way only"),
        (("--as-of", "1825-12-31"), "--as-of: “1825-12-31”: this is before anyone alive was born"),
        (("--from", "unknown"), "--from: “unknown”: this names no day"),
        (("--memory", "lots"), "--memory: “lots”: this is no amount of memory"),
        (("--memory", "1KB"), "allow more with --memory"),
        (("--engine", "oracle"), "--engine: “oracle”: there is no such engine"),
        (("--country", "Atlantis"), "country: “Atlantis”"),
    ):
        assert says in refused(parquet, *options)


def test_a_folder_that_cannot_be_written_is_named(parquet: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for output in (tmp_path / "file", tmp_path / "file" / "within"):
        said = refused(parquet, output=output)
        assert "--output" in said and "it cannot be written" in said and "give a folder" in said


@pytest.mark.parametrize("day", ["1900-01-01", "9999-12-31"])
def test_a_day_on_which_nobody_lives_has_nobody(day: str, parquet: Path) -> None:
    found = Screened(parquet, "--as-of", day)
    assert found.relaxant == 0 and "were looked for" in found.said


# ---------------------------------------------------------------- killed


@pytest.mark.parametrize("other", ["db:5433/omop", "db/omop?schema=b", "db/other", "db/omop?unix_sock=/run/a"])
def test_a_screen_of_other_tables_is_not_gone_on_with(other: str) -> None:
    """The same host and name, and another port or schema: other people. No password is written down."""
    one, two = (fingerprint(f"postgresql://me:secret@{where}") for where in ("db/omop", other))
    assert one != two and "secret" not in f"{one}{two}"
    assert two == fingerprint(f"postgresql://you:word@{other}")


def test_what_goes_to_disk_lies_in_the_output_and_is_gone(parquet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    screen(parquet, tmp_path / "out", people_at_once=100)
    assert not (tmp_path / "out" / "unfinished").exists()
    killed = Unfinished(tmp_path / "out", {"of": "one"})
    (killed.folder / "spill-of-it").mkdir()
    with Unfinished(tmp_path / "out", {"of": "one"}).spill() as spill:
        assert list(killed.folder.glob("spill-*")) == [spill]
    assert not list(killed.folder.glob("spill-*"))


PROGRAM = """
import sys
from pathlib import Path
from relaxant.cohort.screen import screen
from relaxant.errors import InputError

if __name__ == "__main__":
    try:
        screen(sys.argv[1], sys.argv[2], checks=True, workers=2, people_at_once=3)
    except InputError as error:
        sys.exit(f"refused: {error}")
"""


@pytest.fixture
def running(parquet: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A screen in small batches in two processes, of which some are done and some are not."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = subprocess.Popen([sys.executable, str(program), str(parquet), str(tmp_path / "out")], stderr=subprocess.PIPE, text=True)  # fmt: skip
    deadline = time.monotonic() + 120
    while not list((tmp_path / "out" / "unfinished").glob("batch-*.tally")):
        assert process.poll() is None and time.monotonic() < deadline, "no batch was done"
        time.sleep(0.005)
    yield process
    process.kill()
    process.communicate()


def processes_of(parent: int) -> list[int]:
    """The processes in which batches are checked."""
    out = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat, line = (path / "stat").read_text(), (path / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == parent and b"spawn_main" in line:
            out.append(int(path.name))
    return out


def gone(process: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def same_as_undisturbed(parquet: Path, tmp_path: Path) -> None:
    """Going on gives the bytes of a screen that nobody disturbed."""
    left = sorted((tmp_path / "out" / "unfinished").glob("batch-*.tally"))
    assert 0 < len(left) < 12, "it was stopped half way"
    times = {path.name: path.stat().st_mtime_ns for path in left}
    going: dict[str, int] = {}

    def tell(what: str, done: int, of: int) -> None:
        if what == "checking" and not going:
            going.update({p.name: p.stat().st_mtime_ns for p in (tmp_path / "out" / "unfinished").glob("batch-*.tally")})  # fmt: skip

    screen(parquet, tmp_path / "out", checks=True, people_at_once=3, progress=tell)
    assert {name: going[name] for name in times} == times, "what was done is not done again"
    screen(parquet, tmp_path / "undisturbed", checks=True, people_at_once=3)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes(), name
    assert not (tmp_path / "out" / "unfinished").exists()


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked for in /proc")
def test_a_screen_that_was_killed_goes_on(running: subprocess.Popen[str], parquet: Path, tmp_path: Path) -> None:
    workers = processes_of(running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(workers) == 2 and all(gone(worker) for worker in workers), "its processes end with it"
    same_as_undisturbed(parquet, tmp_path)


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked for in /proc")
def test_a_screen_of_which_a_process_was_killed_says_so_and_goes_on(running: subprocess.Popen[str], parquet: Path, tmp_path: Path) -> None:  # fmt: skip
    os.kill(processes_of(running.pid)[0], signal.SIGKILL)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "refused: --workers: “2”: one of the processes was ended from outside; run the same command again" in said
    same_as_undisturbed(parquet, tmp_path)
