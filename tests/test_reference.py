"""The reference is what the code is: schemas up to date, examples and reviews valid by them, house rules kept."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

import relaxant
from conftest import ROOT, TODAY
from relaxant import read_patient, review, to_json
from relaxant.plain import read_yaml

EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "docs" / "reference" / name).read_text(encoding="utf-8"))
    return loaded


def test_the_reference_is_up_to_date() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_and_their_reviews_are_valid(path: Any) -> None:
    jsonschema.validate(read_yaml(path.read_text(encoding="utf-8"), path.name), schema("patient.schema.json"))
    made = json.loads(to_json(review(read_patient(path, today=TODAY))))
    jsonschema.validate(made, schema("review.schema.json"))
    jsonschema.validate(made["patient"], schema("patient.schema.json"))


def test_at_least_eight_examples() -> None:
    assert len(EXAMPLES) >= 8


def test_house_rules() -> None:
    made = subprocess.run([sys.executable, ROOT / "tools" / "house.py"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout


def test_the_readme_has_two_commands() -> None:
    for which in ("review", "test"):
        made = subprocess.run(
            [sys.executable, ROOT / "tools" / "readme_command.py", which], capture_output=True, text=True, check=True
        )
        assert made.stdout.startswith("python3 -m venv")


def test_public_names_are_few_and_exist() -> None:
    assert len([name for name in relaxant.__all__ if name != "__version__"]) <= 25
    assert all(hasattr(relaxant, name) for name in relaxant.__all__)
    assert callable(relaxant.review) and callable(relaxant.lint)
