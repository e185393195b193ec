"""Every scale as it is shown: by the command, and on a page that is made of the knowledge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relaxant.cli.main import main
from relaxant.knowledge.load import Knowledge
from relaxant.report.reference.scale_pages import scale_page

ROOT = Path(__file__).parent.parent


def test_the_page_of_the_documents_is_what_would_be_written() -> None:
    made = subprocess.run([sys.executable, ROOT / "tools" / "scales.py", "--check"], capture_output=True, text=True, check=False)  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr


def test_every_scale_says_its_range_scoring_terms_and_what_is_not_known(knowledge: Knowledge) -> None:
    page = scale_page(knowledge)
    assert len(page.scales) == len(knowledge.responses.scales) and page.sources and page.markers
    for part in page.scales:
        said = "\n".join(part.lines)
        for word in ("Range: ", "Scoring: ", "Terms: ", "Codes: ", "Column of a diary: ", "Minimal detectable change: ", "is better"):  # fmt: skip
            assert word in said, (part.title, word)


def test_the_command_shows_one_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["respond", "--scales", "MSSS-88"]) == 0
    out = capsys.readouterr().out
    assert "permission is needed" in out and max(map(len, out.splitlines())) <= 80
    assert main(["respond", "--scales"]) == 0
    assert "765771006" in capsys.readouterr().out
    assert main(["respond", "--scales", "tardieu", "--format", "json"]) == 0
    assert capsys.readouterr().out.count('"scale":') == 4
    assert main(["respond", "--scales", "barthl"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_a_diary_is_needed_and_named_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["respond"]) == 2
    assert "a diary is needed" in capsys.readouterr().err
    assert main(["respond", "nosuch.csv"]) == 2
    assert "give the path of a diary" in capsys.readouterr().err
