"""What a screen costs: a synthesised population through every rule, against DuckDB alone and against `cql-execution`, in one run.

    python benchmarks/screen.py [--people N] [--registry DIR] [--ten] [--engine spark] [--growth] [--runs R] [--workers W]

The reference is what somebody who knows DuckDB writes by hand over the same files: everybody's active exposures and everybody's newest value of every laboratory test that the
knowledge knows, in the order of the persons, into Parquet. It holds no conditions, no doses, no courses and no rules. Reference and screen run in turn, each in processes of its
own. `--ten` does the same for ten times the people, `--growth` for a tenth of them, with three times the rows and with twice the rules. The last lines are
rows of the table of docs/cohort/scale.md (tools/scale_table.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq

from _cql import RULES, cql_execution
from _measure import line
from _tree import Spent, watched
from relaxant.cohort.synthesize import synthesize
from relaxant.io.fhir_observations import codes_of
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.packs import shipped_folder
from relaxant.plain import read_yaml

PEOPLE = 1_000_000
AS_OF = date(2025, 12, 31)
GOAL_PERSONS, GOAL_RATIO, GOAL_TEN, GOAL_CQL = 60_000, 10, 11, 500
GOAL_MEMORY, GOAL_MEMORY_TEN = 2e9, 3e9


def registry_of(people: int, folder: Path, knowledge: Knowledge) -> Path:
    """The registry of so many people in a folder, made where it is not there."""
    registry = folder / f"people-{people}"
    if not registry.exists():
        synthesize(registry, people, 1, knowledge, as_of=AS_OF)
    return registry


def rows(registry: Path, table: str) -> int:
    """How many rows a table has."""
    return sum(pq.read_metadata(path).num_rows for path in _files(registry, table))


def with_relaxant(output: Path) -> int:
    """How many persons of a screen have a relaxant."""
    lines = (output / "attrition.csv").read_text(encoding="utf-8").splitlines()
    return sum(int(fields[2]) for fields in (one.split(",") for one in lines) if fields[0] == "relaxant")


def _files(registry: Path, table: str) -> list[Path]:
    folder = registry / table
    return sorted(folder.glob("*.parquet")) if folder.is_dir() else [registry / f"{table}.parquet"]


# ---------------------------------------------------------------- DuckDB alone


def by_hand(registry: Path, output: Path, loinc: list[str]) -> None:
    """The reference, in this process: two queries, two threads."""
    database = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    database.execute("SET enable_progress_bar = false")  # it writes to standard output
    read = {t: f"read_parquet({[str(p) for p in _files(registry, t)]})" for t in ("drug_exposure", "measurement", "concept")}  # fmt: skip
    database.execute(
        f"""
        COPY (
            SELECT person_id, drug_concept_id, route_concept_id, MIN(drug_exposure_start_date) AS since, MAX(drug_exposure_end_date) AS until,
                   ARG_MAX({{'quantity': quantity, 'days': days_supply, 'sig': sig}}, (drug_exposure_start_date, drug_exposure_id)) AS supply
            FROM {read["drug_exposure"]}
            WHERE drug_exposure_start_date <= DATE '{AS_OF}' AND drug_exposure_end_date >= DATE '{AS_OF}' - INTERVAL 30 DAY
            GROUP BY person_id, drug_concept_id, route_concept_id ORDER BY person_id
        ) TO '{output}/exposures.parquet' (FORMAT parquet, COMPRESSION zstd)
        """
    )
    database.execute(
        f"""
        COPY (
            SELECT person_id, measurement_concept_id, MAX(measurement_date) AS day,
                   ARG_MAX({{'value': value_as_number, 'unit': unit_concept_id}}, (measurement_date, measurement_datetime, measurement_id)) AS newest
            FROM {read["measurement"]}
            WHERE measurement_date <= DATE '{AS_OF}' AND value_as_number IS NOT NULL AND measurement_concept_id IN (
                SELECT concept_id FROM {read["concept"]} WHERE vocabulary_id = 'LOINC' AND concept_code IN ({", ".join(f"'{code}'" for code in loinc)}))
            GROUP BY person_id, measurement_concept_id ORDER BY person_id
        ) TO '{output}/measurements.parquet' (FORMAT parquet, COMPRESSION zstd)
        """
    )


def reference(registry: Path, knowledge: Knowledge) -> float:
    """Seconds of DuckDB alone, its start not counted."""
    loinc = sorted({code for lab in knowledge.labs.values() for code in (*lab.loinc, *codes_of(lab.lab))})
    with tempfile.TemporaryDirectory(dir=registry.parent) as output:
        words = f"import sys, time; from pathlib import Path; sys.path.insert(0, {str(Path(__file__).parent)!r}); from screen import by_hand; begun = time.perf_counter(); by_hand(Path({str(registry)!r}), Path({output!r}), {loinc!r}); print(time.perf_counter() - begun)"  # fmt: skip
        done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
    return float(done.stdout)


# ---------------------------------------------------------------- a screen


def screened(registry: Path, output: Path, engine: str, workers: int, *more: str) -> Spent:
    """One screen by the command line, in processes of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "relaxant", "screen", str(registry), "--output", str(output), "--engine", engine]
    looks = {
        "prepared": (output / "unfinished" / "prepared.json").exists,
        "checked": (output / "findings.parquet.part").exists,
    }
    return watched([*command, "--workers", str(workers), *more], environment, looks)


class Case(NamedTuple):
    """A registry, how it is screened, and what that cost: seconds of DuckDB alone and of the screens, in turn."""

    registry: Path
    engine: str
    alone: list[float]
    screens: list[Spent]
    asked: int
    people: int
    counts: tuple[int, int]

    @property
    def screen(self) -> Spent:
        """The screen that took the median time."""
        return sorted(self.screens, key=lambda s: s.seconds)[len(self.screens) // 2]

    def row(self) -> str:
        """The case as a row of the table of docs/cohort/scale.md."""
        spent = self.screen
        prepared, checked = (spent.seen.get(name, spent.seconds) for name in ("prepared", "checked"))
        alone = statistics.median(self.alone)
        cells = (
            *(f"{n:,}" for n in (self.people, *self.counts, self.asked)), self.engine, f"{spent.seconds:.1f}", f"{prepared:.1f}", f"{checked - prepared:.1f}",
            f"{self.people / spent.seconds:,.0f}", f"{alone:.2f}", f"{spent.seconds / alone:.1f}", f"{spent.processor:.1f}", f"{spent.together / 1e9:.2f}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def case(registry: Path, engine: str, workers: int, runs: int, knowledge: Knowledge, *more: str) -> Case:
    """Reference and screen in turn. The files of all runs have to be the same bytes."""
    alone, screens, digests, asked = list[float](), list[Spent](), set[str](), 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=registry.parent) as output:
            alone.append(reference(registry, knowledge))
            screens.append(screened(registry, Path(output), engine, workers, *more))
            asked = with_relaxant(Path(output))
            digests.add(hashlib.sha256((Path(output) / "findings.parquet").read_bytes()).hexdigest())
    assert len(digests) == 1, "the same screen gave other findings"
    counts = rows(registry, "drug_exposure"), rows(registry, "measurement")
    return Case(registry, engine, alone, screens, asked, rows(registry, "person"), counts)


def told(one: Case, workers: int, what: str = "", memory: float = GOAL_MEMORY) -> None:
    """What a case cost; with DuckDB the goals beside."""
    spent, alone = one.screen, statistics.median(one.alone)
    goals = (
        one.engine == "duckdb" and one.people >= PEOPLE and not what
    )  # the start, which is the same for everybody, weighs on fewer
    goal = {"persons": f" (goal: at least {GOAL_PERSONS:,})", "memory": f" (goal: under {memory / 1e9:g} GB)"} if goals else {}  # fmt: skip
    print(f"\n{one.people:,} persons, {one.counts[0]:,} exposures, {one.counts[1]:,} measurements{what}; {one.asked:,} have a relaxant")  # fmt: skip
    print(f"  relaxant screen, every rule, {one.engine}, {workers} workers: {spent.seconds:.1f} s (each run: {', '.join(f'{s.seconds:.1f}' for s in one.screens)}), processor {spent.processor:.1f} s")  # fmt: skip
    print(f"  persons a second: {one.people / spent.seconds:,.0f}{goal.get('persons', '')}")
    line("  time", spent.seconds / alone, f"DuckDB alone, which took {alone:.2f} s", at_most=GOAL_RATIO if goals else None)  # fmt: skip
    print(f"  memory of all processes together, looked at every 50 ms: {spent.together / 1e9:.2f} GB{goal.get('memory', '')}; the sum of each one's own peak: {spent.peaks / 1e9:.2f} GB")  # fmt: skip


# ---------------------------------------------------------------- how it grows


def older(registry: Path, knowledge: Knowledge) -> Path:
    """The same people with their rows of two spans of three years before, so that there are three times as many rows and as many findings."""
    out = registry.parent / f"{registry.name}-older"
    if out.exists():
        return out
    building = Path(tempfile.mkdtemp(dir=registry.parent))
    days = {
        "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
        "measurement": ("measurement_date",),
        "condition_occurrence": ("condition_start_date",),
        "observation": ("observation_date",),
    }
    database = duckdb.connect(config={"threads": 2})
    for path in registry.rglob("*.parquet"):
        to = building / path.relative_to(registry)
        to.parent.mkdir(exist_ok=True)
        table = path.relative_to(registry).parts[0].partition(".")[0]
        if table not in days:
            os.link(path, to)
            continue
        moved = ", ".join(f"CAST({day} - INTERVAL (1096 * k) DAY AS DATE) AS {day}" for day in days[table])
        database.execute(f"COPY (SELECT * REPLACE ({moved}) FROM read_parquet('{path}'), range(3) AS spans(k)) TO '{to}' (FORMAT parquet)")  # fmt: skip
    building.rename(out)
    return out


def twice(folder: Path) -> Path:
    """A pack in which every rule stands once more under another name."""
    pack = folder / "rules-again"
    pack.mkdir(exist_ok=True)
    for path in sorted((shipped_folder() / "rules").glob("*.yaml")):
        rules = read_yaml(path.read_text(encoding="utf-8"), path.name)["rules"]
        again = [{**rule, "rule": f"{rule['rule']}-again"} for rule in rules]
        (pack / path.name).write_text(json.dumps({"rules": again}, ensure_ascii=False), encoding="utf-8")
    return pack


def growth(base: Case, options: argparse.Namespace, knowledge: Knowledge) -> None:
    """Three times the rows, and twice the rules, against the registry as it is."""
    more = case(older(base.registry, knowledge), base.engine, options.workers, options.runs, knowledge)
    told(more, options.workers, ", six more years before the others")
    line("  three times the rows, time", more.screen.seconds / base.screen.seconds, "the registry as it is")
    pack = twice(base.registry.parent)
    known = load_knowledge(str(pack))  # so that its YAML is not read in the run that is timed
    again = case(base.registry, base.engine, options.workers, options.runs, knowledge, "--pack", str(pack))
    told(again, options.workers, f", {len(known.rules):,} rules in place of {len(knowledge.rules):,}")
    line("  twice the rules, time", again.screen.seconds / base.screen.seconds, "the rules as they are")


# ---------------------------------------------------------------- all of it


def against_cql(persons_a_second: float, knowledge: Knowledge) -> None:
    """The reference engine of CQL on the two rules that it is given, against every rule here."""
    try:
        theirs = cql_execution(knowledge, 2000)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"\ncql-execution: not run ({error})")
        return
    print(f"\ncql-execution, {' and '.join(RULES)} alone: {theirs.persons_a_second:.0f} persons a second")
    line("persons a second, every rule", persons_a_second / theirs.persons_a_second, "cql-execution on two rules", at_least=GOAL_CQL)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE, metavar="N")
    parser.add_argument("--registry", type=Path, metavar="DIR", help="where registries are kept, made where they are not there (a temporary folder)")  # fmt: skip
    parser.add_argument("--ten", action="store_true", help="ten times the people, too")
    parser.add_argument(
        "--growth", action="store_true", help="a tenth of the people, three times the rows, and twice the rules, too"
    )
    parser.add_argument("--engine", default="duckdb", choices=("duckdb", "spark"))
    parser.add_argument("--runs", type=int, default=3, metavar="R", help="of each size up to a million; larger ones run once (3)")  # fmt: skip
    parser.add_argument("--workers", type=int, default=2, metavar="W")
    options = parser.parse_args()
    knowledge = load_knowledge()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.registry or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        runs = options.runs if options.people <= PEOPLE else 1
        base = case(registry_of(options.people, folder, knowledge), options.engine, options.workers, runs, knowledge)
        told(base, options.workers)
        cases = [base]
        if options.growth:
            tenth = case(registry_of(options.people // 10, folder, knowledge), options.engine, options.workers, runs, knowledge)  # fmt: skip
            told(tenth, options.workers)
            cases.insert(0, tenth)
            growth(base, options, knowledge)
        if options.ten:
            ten = case(registry_of(10 * options.people, folder, knowledge), options.engine, options.workers, 1, knowledge)  # fmt: skip
            told(ten, options.workers, memory=GOAL_MEMORY_TEN)
            line("  ten times the people, time", ten.screen.seconds / base.screen.seconds, f"{base.people:,} persons", at_most=GOAL_TEN)  # fmt: skip
            cases.append(ten)
        if options.engine == "duckdb" and options.people >= PEOPLE:
            against_cql(base.people / base.screen.seconds, knowledge)
    print("\n" + "\n".join(one.row() for one in cases))


if __name__ == "__main__":
    main()
