"""The tutorials run as a reader runs them, from any folder, leave nothing behind, and show what they teach."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from conftest import ROOT

FOLDER = ROOT / "docs" / "tutorials"
LESSONS = sorted(FOLDER.glob("*.py"))
CELL = re.compile(r"^# %%(?: \[markdown\])?$", re.M)


@lru_cache(maxsize=8)
def printed(name: str) -> str:
    """What a lesson prints, run by a fresh Python in a folder that is not the repository."""
    if name == "screening_a_cohort":
        pytest.importorskip("duckdb")
    source = str(ROOT / "src")
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    before = sorted(FOLDER.iterdir())
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-B", FOLDER / f"{name}.py"],
        cwd=FOLDER.anchor,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert not ran.stderr and sorted(FOLDER.iterdir()) == before
    return ran.stdout.decode()


def row(name: str, begins: str) -> str:
    """The first line of what a lesson prints that begins so."""
    return next(line for line in printed(name).splitlines() if line.strip().startswith(begins))


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_a_notebook_in_percent_format(lesson: Path) -> None:
    text = lesson.read_text(encoding="utf-8")
    head, _, body = text.partition("\n# ---\n\n")
    assert head.startswith("# ---\n") and "format_name: percent" in head and "name: python3" in head
    cells = CELL.split(body)
    assert not cells[0].strip() and len(cells) > 10
    kinds = CELL.findall(body)
    assert kinds[0].endswith("[markdown]") and {"# %%", "# %% [markdown]"} == set(kinds)
    for kind, cell in zip(kinds, cells[1:], strict=True):
        lines = [line for line in cell.splitlines() if line.strip()]
        assert lines
        if kind.endswith("[markdown]"):
            assert all(line.startswith("#") for line in lines), lines
        else:
            compile(cell, lesson.name, "exec")
    titles = [line for line in body.splitlines() if line.startswith("# # ")]
    assert len(titles) == 1


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_jupytext_reads_a_lesson_and_writes_it_back(lesson: Path) -> None:
    jupytext = pytest.importorskip("jupytext")
    text = lesson.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    assert {cell.cell_type for cell in notebook.cells} == {"markdown", "code"}
    assert CELL.findall(jupytext.writes(notebook, fmt="py:percent")) == CELL.findall(text)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_uses_what_relaxant_offers_to_all(lesson: Path) -> None:
    text = lesson.read_text(encoding="utf-8")
    assert "from relaxant import" in text and not re.search(r"(?:from|import) relaxant\.", text)
    assert f"]({lesson.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_lesson_of_the_list_is_there() -> None:
    listed = re.findall(r"\]\((\w+\.py)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [path.name for path in LESSONS]


def test_the_first_review_shows_what_one_blood_test_changes() -> None:
    name = "first_review"
    text = printed(name)
    assert row(name, "unrecognised").endswith("(meant: glatiramer, patiromer?)")
    assert re.search(r"^creatinine +\d+ checks, up to DANGER$", text, re.M)
    before, after = text.split("creatinine", 1)
    assert "Kidney function is reduced" not in before and "CHANGE: Kidney function is reduced" in after
    assert "eGFR: 37 mL/min/1.73 m2 (CKD-EPI 2021)" in text
    assert re.search(r"Because of: .*eGFR 37", text)
    assert numbers(row(name, "review.html"))[0] > 50 and re.search(r"^\d\d sources$", text, re.M)


def test_tizanidine_shows_the_danger_and_how_much() -> None:
    name = "tizanidine_and_an_inhibitor"
    text = printed(name)
    assert "0 findings without the antibiotic" in text
    assert "DANGER: Ciprofloxacin raises tizanidine about tenfold and is contraindicated with it." in text
    assert row(name, "AUC ratio") == "AUC ratio 10, up to 24 in one person"
    now, weighed = (numbers(row(name, begins)) for begins in ("As taken now", "As weighed"))
    assert weighed[0] / now[0] == pytest.approx(10, rel=0.1)
    assert weighed[1] > now[2] and weighed[4] > now[5], "the lesson says that the bands hardly meet"
    assert row(name, "levofloxacin").split() == ["levofloxacin", "NOTE"]
    assert "nothing found" in row(name, "nitrofurantoin")
    assert row(name, "fluvoxamine").split() == ["fluvoxamine", "DANGER", "AUC", "times", "33"]
    assert numbers(row(name, "review.html holds"))[0] >= 1


def test_baclofen_turns_from_less_to_no() -> None:
    name = "baclofen_in_kidney_disease"
    text = printed(name)
    healthy, worst = numbers(row(name, "100 mL/min")), numbers(row(name, "15 mL/min"))
    assert 2 < worst[2] / healthy[2] < 3 and worst[1] / healthy[1] > 4, "the lesson says so of peak and trough"
    taking, starting = text.split("0.8 mg/dL: ")
    assert "no finding" in taking and "plan: Lowering baclofen" in taking and "DANGER: Below 30 mL/min" in taking
    assert row(name, "0.8 mg/dL: ").endswith("10, 20, 30, 40, 50 mg a day")
    assert row(name, "1.6 mg/dL: ").endswith("5, 10, 15, 20, 30, 40 mg a day")
    assert row(name, "2.6 mg/dL: ").endswith("Do not start it.")
    assert "below 50 mL/min half of the usual doses give the usual exposure" in starting
    assert "On dialysis 1 in 14 new baclofen users reached hospital" in starting and "Instead: " in starting
    assert "eGFR: at most 85.4" in text and "up to DANGER: settled by cystatin C" in text


def test_the_taper_is_made_of_tablets_that_exist() -> None:
    name = "taper_in_tablets"
    text = printed(name)
    steps = re.findall(r"^(\d{4}-\d\d-\d\d) +(\d+) +([\d.]+)  (.*)$", text, re.M)
    assert len(steps) >= 5
    daily = [float(step[2]) for step in steps]
    assert daily == sorted(daily, reverse=True) and daily[0] < 60
    for _, _, dose, tablets in steps:
        made = re.findall(r"([\d.]+) x (\d+) mg", tablets)
        assert sum(float(count) * float(strength) for count, strength in made) == float(dose)
        assert {strength for _, strength in made} <= {"5", "10"}
    for number, strength in (("[0]", "5"), ("[1]", "10")):
        assert row(name, number).startswith(f"{number} tablet {strength} mg")
        used = sum(float(c) * int(s[1]) for s in steps for c, mg in re.findall(r"([\d.]+) x (\d+) mg", s[3]) if mg == strength)  # fmt: skip
        assert re.search(rf"^{used:g} x tablet {strength} mg, from ", text, re.M)
    assert "by 5 mg a day each step, days between steps: 14" in text
    assert "agent: “diazepam”" in text and "(not verified)" in text
    assert "Call: Fever, rigid muscles" in text


def test_the_screen_counts_and_says_what_it_could_not_look_at() -> None:
    text = printed("screening_a_cohort")
    persons, relaxant, finding = numbers(re.search(r".* persons, .* with a finding", text)[0])  # type: ignore[index]
    assert persons == 3000 and relaxant > finding > 0
    gravest = re.findall(r"^ +(\d+) with [A-Z]+ as the gravest$", text, re.M)
    assert sum(map(int, gravest)) == finding
    assert "under 11" in text and re.search(r"^ +1  tizanidine   tizanidine-ciprofloxacin$", text, re.M)
    assert re.search(r"^ +\d+ people, +\d+ checks: creatinine$", text, re.M)
    assert all(f"  {file}" in text for file in ("summary.html", "counts.csv", "findings.parquet"))
    assert re.search(r"^\d+ sources; the first:\n\[1\] ", text, re.M)
