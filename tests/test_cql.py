"""Rules in CQL, run by the reference engine (`@cqframework/cql`, `cql-execution`, `cql-exec-fhir`): the same outcome as at the bedside, person by person."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clients.installed import brought_by_npm
from cql_people import AS_OF, bundle
from relaxant.cohort.cql.library import NAME, Library, library
from relaxant.cohort.cql.write import VALUE_SETS, write_library
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.reviewing import review

HERE = Path(__file__).parent / "clients" / "cql"
NODE = shutil.which("node")
FULL = os.environ.get("RELAXANT_FULL") == "1"
PERSONS = 5000 if FULL else 300
KNOWLEDGE = load_knowledge()
WORDS = {True: "fires", False: "silent", None: "could not check"}
RULES = (
    "tizanidine-ciprofloxacin",
    "tizanidine-fluvoxamine",
    "baclofen-severe-kidney-disease",
    "baclofen-reduced-kidney-function",
)


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference engine with what npm brings, as the lock file has it."""
    if NODE is None:
        pytest.skip("node is not on this machine")
    return brought_by_npm("cql", HERE, tmp_path_factory)


def executed(npm: Path, made: Library, people: Sequence[dict[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """What the engine finds of each person, by definition."""
    write_library(made, folder)
    persons = folder / "people.ndjson"
    persons.write_text("".join(json.dumps(one) + "\n" for one in people), encoding="utf-8")
    names = [rule.definition for rule in made.rules]
    command = [
        str(NODE),
        "client.mjs",
        str(folder / f"{NAME}.cql"),
        str(folder / VALUE_SETS),
        str(persons),
        AS_OF.isoformat(),
        *names,
    ]
    done = subprocess.run(command, cwd=npm, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert last["persons"] == len(people) == len(lines)
    return {line.pop("id"): line for line in lines}


def at_the_bedside(record: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The outcome of each check of a person; what was not checked, because nothing of it is on the list, is silent."""
    patient = read_bytes(json.dumps(record).encode(), KNOWLEDGE, today=AS_OF, as_of=AS_OF.isoformat(), country="US")
    found = review(patient, knowledge=KNOWLEDGE, predict=False, plan=False)
    return {(check.rule, check.agent): check.outcome for check in found.checks}


def compared(npm: Path, made: Library, people: Sequence[dict[str, Any]], folder: Path) -> Counter[tuple[str, str]]:
    """How often each rule came to each outcome, all of them alike in both."""
    found = executed(npm, made, people, folder)
    outcomes: Counter[tuple[str, str]] = Counter()
    differ = []
    for record in people:
        person = record["entry"][0]["resource"]["id"]
        bedside = at_the_bedside(record)
        for rule in made.rules:
            ours, theirs = bedside.get((rule.rule, rule.agent), "silent"), WORDS[found[person][rule.definition]]
            outcomes[rule.rule, ours] += 1
            if ours != theirs:
                differ.append((person, rule.definition, ours, theirs))
    assert not differ, (len(differ), differ[:10])
    return outcomes


@pytest.mark.full
def test_the_reference_engine_comes_to_the_outcome_of_the_bedside(npm: Path, tmp_path: Path) -> None:
    made = library(KNOWLEDGE, RULES)
    outcomes = compared(npm, made, [bundle(seed) for seed in range(PERSONS)], tmp_path)
    never = {("baclofen-severe-kidney-disease", "never")}
    for rule in RULES:
        for outcome in ("fires", "silent", "could not check"):
            assert outcomes[rule, outcome] >= 3 or (rule, outcome) in never, (rule, outcome, outcomes)
