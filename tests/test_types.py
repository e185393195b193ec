"""What a program outside the repository sees of the types: every public name, no ``Any`` in what the verbs take and give, and faults that are caught."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import relaxant
from conftest import ROOT

CONSUMER = """
from datetime import date
import relaxant
from relaxant import {names}

TODAY = date(2026, 11, 22)
patient = read_patient(b"medicines: [baclofen]", today=TODAY)
made = review(patient)
reveal_type(patient)
reveal_type(made)
reveal_type(made.findings[0].tier)
reveal_type(made.findings[0].effect)
reveal_type(cite(made))
reveal_type(cite(made).sources[0].places)
reveal_type(taper(patient, "baclofen", by="5 mg").steps[0].daily)
reveal_type(compare(["baclofen", "tizanidine"]).evidence)
reveal_type(respond(b"", today=TODAY, patient=patient))
reveal_type(load_knowledge().models["card"])
reveal_type(simulate(load_knowledge().models["card"], [GivenDose(amount=20)], [1.0]).typical)
reveal_type(estimate(load_knowledge().models["card"], {{}}, [GivenDose(amount=20)], [Observation(time=1)]).parameters)
reveal_type(to_json(made))
reveal_type(render_html(made))
reveal_type(render_terminal(made, colour=False))
reveal_type(replay(b"", patient))
reveal_type(lint())
reveal_type(screen("registry", "out").tally.persons)
reveal_type(relaxant.__version__)
"""
REVEALED = [
    "relaxant.patient.Patient",
    "relaxant.reviewing.Review",
    "Literal['DANGER'] | Literal['CHANGE'] | Literal['WATCH'] | Literal['NOTE']",
    "relaxant.rules.reasons.Effect | None",
    "relaxant.citing.references.References",
    "tuple[str, ...]",
    "float",
    "relaxant.evidence.compared_trials.Evidence",
    "relaxant.response.response.Response",
    "relaxant.knowledge.cards.Model",
    "tuple[float, ...]",
    None,  # an array, written as the version of NumPy writes it
    "bytes",
    "str",
    "str",
    "relaxant.reviewing.Review",
    "list[relaxant.linting.check.Fault]",
    "int",
    "str",
]
FAULTS = """
from datetime import date
from relaxant import cite, read_patient, review, taper
import relaxant

patient = read_patient("file.yaml", today=date(2026, 11, 22))
review("file.yaml")
read_patient("file.yaml")
cite("review.json")
taper(patient, "baclofen", step="5 mg")
relaxant.reveiw
review(patient).findings[0].teir
"""


def checked(written: str, folder: Path) -> tuple[int, list[str]]:
    """What mypy says of a program in a folder of its own, as strictly as it can."""
    pytest.importorskip("mypy")
    (folder / "consumer.py").write_text(written, encoding="utf-8")
    (folder / "mypy.ini").write_text("[mypy]\nstrict = true\nfollow_imports = silent\n", encoding="utf-8")
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    cache = os.environ.get("MYPY_CACHE_DIR", str(folder / "cache"))
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", cache, "consumer.py"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr and ran.returncode in (0, 1), ran.stdout + ran.stderr
    return ran.returncode, ran.stdout.splitlines()


def test_every_public_name_has_its_type(tmp_path: Path) -> None:
    names = sorted(set(relaxant.__all__) - {"__version__"})
    uses = "".join(f"reveal_type({name})\n" for name in names)
    status, said = checked(CONSUMER.format(names=", ".join(names)) + uses, tmp_path)
    assert status == 0, "\n".join(said)
    revealed = [match[1] for line in said if (match := re.search(r'Revealed type is "(.*)"$', line))]
    first, rest = revealed[: len(REVEALED)], revealed[len(REVEALED) :]
    for found, expected in zip(first, REVEALED, strict=True):
        assert expected is None or plain(found) == plain(expected)
        assert "Any" not in found or expected is None
    assert len(rest) == len(names)
    for name, found in zip(names, rest, strict=True):
        assert found not in ("Any", "builtins.object", "object"), name
        assert not takes_any(name, found), f"{name}: {found}"


def plain(found: str) -> str:
    """A revealed type without what versions of mypy write differently."""
    return found.replace("builtins.", "").replace("?", "")


def takes_any(name: str, found: str) -> bool:
    """Whether the type of a verb has an ``Any``. Values hold what has no one shape (a FHIR Dosage, words of a page); event tables are data frames of any library, and NumPy writes arrays of every shape with one."""
    tables = {"estimate_table", "simulate_table"}
    without = re.sub(r"numpy\.(?:_typing|ndarray|dtype)[^,)]*(?:\[[^]]*\])*", "", found)
    return name.islower() and name not in tables and bool(re.search(r"\bAny\b", without))


def test_faults_of_a_program_are_caught(tmp_path: Path) -> None:
    status, said = checked(FAULTS, tmp_path)
    lines = {int(match[1]) for line in said if (match := re.match(r"consumer\.py:(\d+): error", line))}
    wrong = range(FAULTS[: FAULTS.index('review("')].count("\n") + 1, FAULTS.count("\n") + 1)
    assert status == 1 and lines == set(wrong), "\n".join(said)
