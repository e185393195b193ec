"""Rules in CQL, run by the reference engine (`@cqframework/cql`, `cql-execution`, `cql-exec-fhir`): the same outcome as at the bedside, person by person."""

from __future__ import annotations

import gzip
import json
import math
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clients.installed import brought_by_npm
from cql_people import AS_OF, ICD, LOINC, MEDICINES, RXNORM, SNOMED, bundle, bundle_of, record
from relaxant.cli.main import main
from relaxant.cohort.cql.library import NAME, Exported, Library, library
from relaxant.cohort.cql.write import VALUE_SETS, write_library
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.reviewing import review

HERE = Path(__file__).parent / "clients" / "cql"
NODE = shutil.which("node")
FULL = os.environ.get("RELAXANT_FULL") == "1"
PEOPLE = 5_000 if FULL else 100
EVERY_RULE_PEOPLE = 150 if FULL else 12
KNOWLEDGE = load_knowledge()
WORDS = {True: "fires", False: "silent", None: "could not check"}
RULES = (
    "tizanidine-ciprofloxacin",
    "tizanidine-fluvoxamine",
    "baclofen-severe-kidney-disease",
    "baclofen-reduced-kidney-function",
    "baclofen-older-start",
)
Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference engine with what npm brings, as the lock file has it."""
    if NODE is None:
        pytest.skip("node is not on this machine")
    return brought_by_npm("cql", HERE, tmp_path_factory)


@pytest.fixture(scope="module")
def made() -> Library:
    """The library of the rules above."""
    return library(KNOWLEDGE, RULES)


@pytest.fixture(scope="module")
def everything() -> Library:
    """The library of every rule that can be expressed."""
    return library(KNOWLEDGE)


def executed(npm: Path, made: Library, people: Sequence[dict[str, Any]], folder: Path, *more: str) -> Found:
    """What the engine finds of each person: every rule of the library, and what else is named."""
    write_library(made, folder)
    persons = folder / "people.ndjson"
    persons.write_text("".join(json.dumps(one) + "\n" for one in people), encoding="utf-8")
    names = [rule.definition for rule in made.rules] + list(more)
    where = [str(folder / f"{NAME}.cql"), str(folder / VALUE_SETS), str(persons), AS_OF.isoformat()]
    command = [str(NODE), "client.mjs", *where, *names]
    done = subprocess.run(command, cwd=npm, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert last["persons"] == len(people) == len(lines)
    return {line.pop("id"): line for line in lines}


def read(one: dict[str, Any]) -> Patient:
    return read_bytes(json.dumps(one).encode(), KNOWLEDGE, today=AS_OF, as_of=AS_OF.isoformat(), country="US")


def outcome_at_the_bedside(patient: Patient, rules: Sequence[Exported]) -> dict[str, str]:
    """The outcome of each rule by the review's `checks`; what is not checked, because nothing of it is on the list, is silent."""
    found = review(patient, knowledge=KNOWLEDGE, predict=False, plan=False)
    checks = {(check.rule, check.agent): check.outcome for check in found.checks}
    return {rule.definition: checks.get((rule.rule, rule.agent), "silent") for rule in rules}


def compared(people: Sequence[dict[str, Any]], found: Found, rules: Sequence[Exported]) -> Counter[tuple[str, str]]:
    """How often each rule came to each outcome, which are alike in both."""
    outcomes: Counter[tuple[str, str]] = Counter()
    differ = []
    for one in people:
        person = one["entry"][0]["resource"]["id"]
        for definition, outcome in outcome_at_the_bedside(read(one), rules).items():
            theirs = WORDS[found[person][definition]]
            outcomes[definition, outcome] += 1
            if outcome != theirs:
                differ.append(f"{person} {definition}: {outcome} at the bedside, {theirs} in CQL")
    assert not differ, "\n".join([f"{len(differ)} differ", *differ[:20]])
    return outcomes


# ---------------------------------------------------------------- the reference engine


@pytest.mark.full
def test_the_reference_engine_comes_to_the_outcome_of_the_bedside(npm: Path, made: Library, tmp_path: Path) -> None:
    """100 persons, 5,000 at full size; the kidney facts that lie behind are the same numbers."""
    people = [bundle(seed) for seed in range(PEOPLE)]
    found = executed(npm, made, people, tmp_path, "Kidney")
    outcomes = compared(people, found, made.rules)
    seldom = [f"{r}: {o}" for r in RULES for o in WORDS.values() if not outcomes[r, o]]
    assert not seldom, outcomes
    readings = [(patient, read_medicines(patient, KNOWLEDGE)) for patient in map(read, people)]
    facts = Facts(inputs_of(readings, KNOWLEDGE), KNOWLEDGE, "US")
    for name in ("egfr", "kidney_function"):
        column = facts.column(name)
        for end, ours, unbounded in (("low", column.low, -math.inf), ("high", column.high, math.inf)):
            theirs = [one["Kidney"][name][end] for one in found.values()]
            theirs = [unbounded if value is None else value for value in theirs]
            np.testing.assert_allclose(theirs, ours, rtol=1e-6, err_msg=f"{name} {end}")


@pytest.mark.full
def test_every_rule_that_can_be_expressed_has_the_outcome_of_the_bedside(npm: Path, everything: Library, tmp_path: Path) -> None:  # fmt: skip
    """All of them and 150 persons at full size, else a sample of 10 rules and 30 persons; people have what the rules ask for."""
    known = everything
    names = sorted({rule.rule for rule in known.rules})
    assert len(names) > 250 and len(names) + len(known.refused) == len(KNOWLEDGE.rules)
    made = known if FULL else library(KNOWLEDGE, random.Random(8).sample(names, 6))
    sets = [
        one.codes
        for one in made.value_sets
        if one.system == RXNORM and one.codes and one.name not in ("recognised medicines", "relaxants")
    ]
    asked = set(re.findall(r'define "has (\w+)"', made.text))
    named = [c for c in KNOWLEDGE.conditions.values() if c.condition in asked]
    conditions = [(SNOMED, code) for c in named for code in c.snomed] + [
        (ICD, code) for c in named for code in c.icd10cm
    ]
    labs = [lab for lab in KNOWLEDGE.labs.values() if lab.loinc]
    people = [bundle_of(seed, sets, conditions, labs) for seed in range(EVERY_RULE_PEOPLE)]
    outcomes = compared(people, executed(npm, made, people, tmp_path), made.rules)
    by_outcome = Counter[str]()
    for (_, outcome), count in outcomes.items():
        by_outcome[outcome] += count
    assert all(by_outcome[outcome] >= 5 for outcome in WORDS.values()), by_outcome


# ---------------------------------------------------------------- persons, one by one


def person(number: int, **said: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{number}", "gender": "female", "birthDate": "1960-05-17", **said}


def taken(name: str, product: int = 0, status: str = "active") -> dict[str, Any]:
    concept = {"coding": [{"system": RXNORM, "code": MEDICINES[name][product]}]}
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept,
    }


def result(code: str, value: float, unit: str, days: int = 5) -> dict[str, Any]:
    when = (AS_OF - timedelta(days=days)).isoformat()
    amount = {"value": value, "unit": unit, "code": unit}
    return {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": LOINC, "code": code}]}, "effectiveDateTime": when, "valueQuantity": amount}  # fmt: skip


def creatinine(value: float, days: int = 5) -> dict[str, Any]:
    return result("2160-0", value, "mg/dL", days)


BODY = (result("29463-7", 75, "kg"), result("8302-2", 175, "cm"))
KIDNEY, PAIR = "baclofen-severe-kidney-disease", "tizanidine-ciprofloxacin"
CASES: tuple[tuple[str, str, str, dict[str, Any], tuple[dict[str, Any], ...]], ...] = (
    ("both medicines, by ingredient", PAIR, "fires", {}, (taken("tizanidine"), taken("ciprofloxacin"))),
    ("both medicines, by product", PAIR, "fires", {}, (taken("tizanidine", 1), taken("ciprofloxacin", 2))),
    ("the relaxant stopped", PAIR, "silent", {}, (taken("tizanidine", 1, "stopped"), taken("ciprofloxacin"))),
    ("the antibiotic over", PAIR, "silent", {}, (taken("tizanidine"), taken("ciprofloxacin", 1, "completed"))),
    ("the antibiotic as eye drops", PAIR, "silent", {}, (taken("tizanidine"), taken("ciprofloxacin for eye or ear"))),
    ("the antibiotic a draft", PAIR, "fires", {}, (taken("tizanidine"), taken("ciprofloxacin", 1, "draft"))),
    ("an order entered in error", PAIR, "silent", {}, (taken("tizanidine"), taken("ciprofloxacin", 1, "entered-in-error"))),
    ("no medicine is said", PAIR, "could not check", {}, (creatinine(1.0),)),
    ("a code that nobody knows", PAIR, "could not check", {}, (taken("tizanidine"), {**taken("ciprofloxacin"), "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "99999999"}]}})),
    ("no creatinine", KIDNEY, "could not check", {}, (taken("baclofen"),)),
    ("a creatinine past its time", KIDNEY, "could not check", {}, (taken("baclofen"), creatinine(4.0, 181))),
    ("on the last day of its time", KIDNEY, "fires", {}, (taken("baclofen"), creatinine(4.0, 180))),
    ("an eGFR of 29.99", KIDNEY, "fires", {}, (taken("baclofen"), creatinine(1.8301))),
    ("an eGFR of 30.00", KIDNEY, "could not check", {}, (taken("baclofen"), *BODY, creatinine(1.8294))),  # dialysis is not said
    ("sex unknown, both formulas below", KIDNEY, "fires", {"gender": "unknown"}, (taken("baclofen"), creatinine(4.0))),
    ("sex unknown, one formula below", KIDNEY, "could not check", {"gender": "unknown"}, (taken("baclofen"), creatinine(2.0))),
    ("sex known, the same creatinine", KIDNEY, "fires", {"gender": "female"}, (taken("baclofen"), creatinine(2.0))),
    ("two values of one day", KIDNEY, "could not check", {}, (taken("baclofen"), creatinine(4.0), creatinine(1.0))),
    ("stage 4 on record", KIDNEY, "fires", {}, (taken("baclofen"), {"resourceType": "Condition", "code": {"coding": [{"system": ICD, "code": "N18.4"}]}})),
    ("baclofen stopped", KIDNEY, "silent", {}, (taken("baclofen", 1, "stopped"), creatinine(4.0))),
    ("baclofen into the spine alone", KIDNEY, "silent", {}, (taken("baclofen into the spine"), creatinine(4.0))),
)  # fmt: skip


def test_each_case_has_its_outcome_in_both(npm: Path, made: Library, tmp_path: Path) -> None:
    people = [
        record(person(i, **said), *(dict(one) for one in found)) for i, (_, _, _, said, found) in enumerate(CASES)
    ]
    found = executed(npm, made, people, tmp_path, f"{KIDNEY} outcome", f"{PAIR} outcome")
    compared(people, found, made.rules)
    for i, (case, rule, outcome, _, _) in enumerate(CASES):
        assert WORDS[found[f"p{i}"][rule]] == outcome == found[f"p{i}"][f"{rule} outcome"], case


# ---------------------------------------------------------------- what is written, and what is refused


def test_the_command_writes_the_same_bytes_and_leaves_nothing_of_another_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    def written() -> dict[str, bytes]:
        return {str(p.relative_to(tmp_path)): p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}

    ask = ["cohort", "cql", "--output", str(tmp_path), "--rule"]
    assert main([*ask, PAIR, "--rule", KIDNEY]) == 0
    assert "2 rules written to" in capsys.readouterr().err
    assert "valuesets/agent-baclofen.json" in written()
    assert main([*ask, PAIR]) == 0
    first = written()
    assert "valuesets/agent-tizanidine.json" in first and "valuesets/agent-baclofen.json" not in first
    assert main([*ask, PAIR]) == 0
    assert written() == first
    rules = json.loads(first["rules.json"])
    assert rules == [{"rule": PAIR, "agent": "tizanidine", "definition": PAIR, "outcome": f"{PAIR} outcome"}]
    sets = [json.loads(data) for name, data in first.items() if name.startswith("valuesets/")]
    asked = re.findall(r"^valueset \"[^\"]+\": '([^']+)'", first[f"{NAME}.cql"].decode(), re.M)
    assert sorted(asked) == sorted(one["url"] for one in sets)


@pytest.mark.parametrize(
    ("rule", "country", "said"),
    [
        ("baclofen-stopped-abruptly", "US", "baclofen stopped"),
        ("baclofen-alcohol", "US", "alcohol_units_weekly"),
        ("carisoprodol-cyp2c19-poor", "US", "genes"),
        ("carisoprodol-carbamate-allergy", "US", "allergies"),
        ("tizanidine-low-blood-pressure", "US", "systolic_blood_pressure"),
        ("baclofen-peptic-ulcer-eu", "US", "labels of EU alone"),
        ("no-such-rule", "US", "there is no such rule"),
        ("tizanidine-fluvoxamine", "XX", "country"),
    ],
)
def test_what_cannot_be_expressed_is_refused_with_what_stands_in_the_way(rule: str, country: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        library(KNOWLEDGE, [rule], country=country)


# ---------------------------------------------------------------- records of another maker


@pytest.mark.full
def test_of_records_with_words_the_library_never_says_more_than_the_bedside(npm: Path, everything: Library, tmp_path: Path) -> None:  # fmt: skip
    """Synthea's patients, with three relaxants more: where codes are not all that is said, CQL may leave open what the bedside knows, and nothing else."""
    of_these = [
        rule for rule, one in KNOWLEDGE.rules.items() if {"diazepam", "baclofen", "gabapentin"} & set(one.agents)
    ]
    known = {one.rule for one in everything.rules}
    made = library(KNOWLEDGE, [*RULES, "tizanidine-baclofen", *[rule for rule in of_these if rule in known][::9]])
    people = []
    for path in sorted((Path(__file__).parent / "data" / "synthea_fhir_r4").glob("*.json.gz")):
        whole = json.loads(gzip.decompress(path.read_bytes()))
        more = [{**taken(name), "id": f"more-{name}"} for name in ("baclofen", "tizanidine", "gabapentin")]
        entries = sorted(whole["entry"], key=lambda entry: entry["resource"]["resourceType"] != "Patient")
        people.append({**whole, "entry": [*entries, *({"resource": one} for one in more)]})
    found = executed(npm, made, people, tmp_path)
    alike = Counter[str]()
    for one in people:
        person = one["entry"][0]["resource"]["id"]
        for definition, outcome in outcome_at_the_bedside(read(one), made.rules).items():
            theirs = WORDS[found[person][definition]]
            assert theirs in (outcome, "could not check"), (person, definition, outcome, theirs)
            alike[outcome] += outcome == theirs
    assert alike["fires"] and alike["silent"] > 10 and alike["could not check"], alike
