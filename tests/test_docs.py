"""What the documents show runs as they show it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import tool_named

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md"), key=str))
def test_no_link_between_the_documents_is_dead(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_readmes_kinetics_run(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```python\n(.*?)```", readme, re.S) if "simulate" in b)
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out.count("\n") >= 2


def test_the_pages_show_what_the_commands_print() -> None:
    tool = DOCS.parent / "tools" / "shown_commands.py"
    made = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def test_the_charts_of_the_example_diaries_are_those_that_are_drawn() -> None:
    """Word for word; places to a fifth of a pixel, as processors differ in the last digit."""
    tool = tool_named("diary_charts")
    drawn = tool.drawn()
    assert {path.name for path in tool.FOLDER.glob("*.svg")} == set(drawn)
    number = re.compile(r"-?\d+(?:\.\d+)?")
    for name, text in drawn.items():
        kept = (tool.FOLDER / name).read_text(encoding="utf-8")
        assert number.sub("", kept) == number.sub("", text), name
        assert [float(n) for n in number.findall(kept)] == pytest.approx(
            [float(n) for n in number.findall(text)], abs=0.2
        ), name


def test_the_table_of_scale_takes_the_rows_that_the_benchmark_prints() -> None:
    tool = tool_named("scale_table")
    page = tool.PAGE.read_text(encoding="utf-8")
    row = "| {people} | 5 | 8 | 1 | {engine} | {seconds} | 3.0 | 2.0 | 9 | 1.00 | 5.0 | 4.0 | 1.50 |"
    ours, theirs, again = (
        row.format(people="7", engine=engine, seconds=seconds)
        for engine, seconds in (("spark", 9.0), ("duckdb", 6.0), ("spark", 8.0))
    )
    made = tool.filled(page, [f"said before\n{ours}\n", f"{theirs}\n"])
    assert f"|\n{theirs}\n{ours}\n" in made and tool.filled(made, [made]) == made
    assert ours not in tool.filled(made, [f"{again}\n"]) and again in tool.filled(made, [f"{again}\n"])
