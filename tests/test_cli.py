"""The command line as a person runs it: its output, its messages, its exit status."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from relaxant.cli.main import main

PATIENT = "as_of: 2026-11-22\nage: 58\nsex: female\nallergies: []\nconditions: []\nmedicines: [ciprofloxacin 500 mg twice a day]\nconsidering: [tizanidine 4 mg three times a day]\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "patient.yaml"
    path.write_text(PATIENT, encoding="utf-8")
    return path


def run(*arguments: str, stdin: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "relaxant", *arguments], capture_output=True, input=stdin, env={**os.environ, **environment}, check=False,
    )  # fmt: skip


def test_review_in_three_formats(file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for wanted, holds in (("text", b"DANGER"), ("json", b'"tier": "DANGER"'), ("html", b"<!doctype html")):
        assert main(["review", str(file), "--format", wanted]) == 0
        assert holds.lower() in capsysbinary.readouterr().out.lower()


def test_output_goes_to_a_file_and_talk_to_standard_error(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "review.json"
    assert main(["review", str(file), "--format", "json", "--output", str(target)]) == 0
    said = capsys.readouterr()
    assert said.out == "" and "written" in said.err
    assert json.loads(target.read_text())["stamp"]["as_of"] == "2026-11-22"


def test_fail_on(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", str(file), "--fail-on", "DANGER"]) == 1
    quiet = file.with_name("quiet.yaml")
    quiet.write_text(
        PATIENT.replace("ciprofloxacin 500 mg twice a day", "vitamin D 1000 units daily"), encoding="utf-8"
    )
    assert main(["review", str(quiet), "--fail-on", "DANGER"]) == 0
    capsys.readouterr()


def test_considering_country_and_standard_input() -> None:
    made = run("review", "-", "--considering", "tizanidine 4 mg tds", "--country", "UK", "--as-of", "2026-11-22", "--format", "json",
               stdin=b"medicines: [fluvoxamine 50 mg at night]")  # fmt: skip
    assert made.returncode == 0, made.stderr
    review = json.loads(made.stdout)
    assert review["stamp"]["country"] == "UK" and review["findings"][0]["tier"] == "DANGER"


def test_replay_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    first = run("review", str(file), "--format", "json")
    saved = tmp_path / "review.json"
    saved.write_bytes(first.stdout)
    again = run("replay", str(saved))
    assert (again.returncode, again.stdout) == (0, first.stdout)
    saved.write_bytes(first.stdout.replace(b'"engine": "0.1.0"', b'"engine": "0.0.9"'))
    refused = run("replay", str(saved))
    assert refused.returncode == 2 and b"engine differs" in refused.stderr and refused.stdout == b""
    current = run("replay", str(saved), "--with-current")
    assert current.returncode == 0 and b"same: DANGER" in current.stdout


def test_bad_input_is_one_line_and_exit_2(tmp_path: Path) -> None:
    for text, field in (
        ("weight: 700 kg\nmedicines: [baclofen 5 mg tds]", b"weight"),
        ("medicines: [", b"patient.yaml"),
        ("", b"patient.yaml"),
    ):
        path = tmp_path / "patient.yaml"
        path.write_text(text, encoding="utf-8")
        made = run("review", str(path))
        assert made.returncode == 2 and made.stdout == b""
        assert made.stderr.count(b"\n") == 1 and field in made.stderr and b"Traceback" not in made.stderr


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.yaml", tmp_path):
        made = run("review", str(path))
        assert made.returncode == 2 and b"FILE" in made.stderr and b"Traceback" not in made.stderr


def test_nothing_to_review_is_said(tmp_path: Path) -> None:
    path = tmp_path / "patient.yaml"
    path.write_text("age: 58\n", encoding="utf-8")
    made = run("review", str(path))
    assert made.returncode == 2 and b"--considering" in made.stderr


def test_no_color_when_not_a_terminal(file: Path) -> None:
    assert b"\x1b[" not in run("review", str(file)).stdout


def test_an_ascii_terminal_is_no_trouble(file: Path) -> None:
    made = run("review", str(file), PYTHONIOENCODING="ascii", LC_ALL="C")
    assert made.returncode == 0 and b"DANGER" in made.stdout


def test_help_names_what_exists_and_nothing_else() -> None:
    said = run("--help").stdout.decode()
    assert all(
        command in said
        for command in (
            "review",
            "replay",
            "simulate",
            "taper",
            "respond",
            "agents",
            "compare",
            "check-claims",
            "lint",
            "serve",
            "audit",
            "screen",
            "cohort",
            "about",
        )
    )


def test_about_carries_the_notice() -> None:
    made = run("about")
    assert made.returncode == 0 and b"National Library of Medicine" in made.stdout


def test_lint_is_clean_on_what_is_shipped() -> None:
    made = run("lint")
    assert made.returncode == 0, made.stdout.decode()


def test_every_shipped_bundle_reviews() -> None:
    for bundle in sorted((ROOT / "examples" / "fhir").glob("*.json")):
        made = run("review", str(bundle), "--considering", "tizanidine 2 mg three times a day", "--as-of", "2026-11-22")
        assert made.returncode == 0, (bundle.name, made.stderr)


@pytest.mark.parametrize("name", ["Douglas_Walsh", "Ernie_Rosenbaum", "Jene_Cummings", "Louis_Maggio", "Oralia_Stark"])
@pytest.mark.parametrize("weighed", ["tizanidine 4 mg three times a day", "baclofen 5 mg three times a day"])
def test_the_synthea_bundles_review_and_replay(name: str, weighed: str, tmp_path: Path) -> None:
    bundle = tmp_path / f"{name}.json"
    packed = Path(__file__).parent / "data" / "synthea_fhir_r4" / f"{name}.json.gz"
    bundle.write_bytes(gzip.decompress(packed.read_bytes()))
    saved = tmp_path / "review.json"
    arguments = [
        "review",
        str(bundle),
        "--considering",
        weighed,
        "--as-of",
        "2026-11-22",
        "--format",
        "json",
        "--output",
        str(saved),
    ]
    assert main(arguments) == 0
    made = json.loads(saved.read_text())
    assert made["checks"] and {m["role"] for m in made["medicines"]} >= {"considering"}
    assert any("Records may be incomplete" in words for words in made["limits"])
    assert not any("False" in words for words in made["limits"])
    assert main(["replay", str(saved)]) == 0
