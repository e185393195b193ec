"""What the documents show runs as they show it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from relaxant.knowledge.cards import Model
from relaxant.linting import lint
from relaxant.pharmacology.cards.soundness import faults_of
from relaxant.plain import read_yaml

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "adding-a-model.md").read_text(encoding="utf-8")


def test_the_model_of_the_page_is_a_sound_pack(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.S)
    assert block is not None
    (tmp_path / "model.yaml").write_text(block[1], encoding="utf-8")
    assert lint(str(tmp_path)) == []


def test_the_effect_of_the_page_makes_a_sound_card() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    written = read_yaml(blocks[0], "page")["models"][0] | read_yaml(blocks[1], "page")
    written["parameters"] += [
        {"parameter": name, "value": "1", "unit": unit, "description": name, "source": "my-study", "place": "Table 4"}
        for name, unit in (("HR0", "1/min"), ("kout", "1/h"), ("EC50", "ng/mL"), ("Emax", "1"), ("ktol", "1/h"), ("TC50", "ng/mL"))
    ]  # fmt: skip
    assert list(faults_of(msgspec.convert(written, Model, strict=False))) == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_python_of_the_page_runs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    block = re.findall(r"```python\n(.*?)```", PAGE, re.S)[number]
    exec(compile(block, "adding-a-model.md", "exec"), {})
    assert re.search(r"\d", capsys.readouterr().out)


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
    spec = importlib.util.spec_from_file_location("diary_charts", DOCS.parent / "tools" / "diary_charts.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
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
    spec = importlib.util.spec_from_file_location("scale_table", DOCS.parent / "tools" / "scale_table.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    page = tool.PAGE.read_text(encoding="utf-8")
    row = "| {people} | 5 | 8 | 1 | {engine} | {seconds} | 3.0 | 2.0 | 9 | 1.00 | 5.0 | 4.0 | 1.50 |"
    ours, theirs, again = (
        row.format(people="7", engine=engine, seconds=seconds)
        for engine, seconds in (("spark", 9.0), ("duckdb", 6.0), ("spark", 8.0))
    )
    made = tool.filled(page, [f"said before\n{ours}\n", f"{theirs}\n"])
    assert f"|\n{theirs}\n{ours}\n" in made and tool.filled(made, [made]) == made
    assert ours not in tool.filled(made, [f"{again}\n"]) and again in tool.filled(made, [f"{again}\n"])
