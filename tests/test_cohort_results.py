"""What a screen writes of many people: tables that say what the bedside says, the same bytes each time, and counts that add up."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="the libraries of the screen are not installed (relaxant[screen])")

import duckdb
import pyarrow.parquet as pq

from conftest import TODAY
from relaxant.cohort.days import day_number
from relaxant.cohort.results import CHECKS, FINDINGS, checks_table, findings_table
from relaxant.cohort.tally import INPUTS, People, Screened, Tally, age_bands, screened, tally_of
from relaxant.cohort.writing import Growing, write_attrition, write_counts
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import TIERS
from relaxant.medicines.read import read_medicines
from relaxant.rules.columns import made
from relaxant.rules.evaluate import Checks, evaluate, program
from relaxant.rules.findings import read_causes, silent_checks
from relaxant.rules.tiers import RANK
from test_columns import COUNTRIES, checks_of


@pytest.fixture(scope="module")
def said() -> Screened:
    return screened(checks_of(COUNTRIES[0]))


def ids(checks: Checks) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Of the rows; that of a person is no row's number."""
    return 1_000_000_007 * np.arange(checks.facts.rows, dtype=np.int64) + 11


def today(facts: Facts) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The day of the review for every row."""
    return np.full(facts.rows, day_number(TODAY), np.intp)


def people(said: Screened, without: int = 0) -> People:
    """The rows as people of a registry, and before them some who have no relaxant."""
    inputs = said.checks.facts.inputs
    female, age = inputs.truths["female"], inputs.numbers["age"]
    return People(
        np.concatenate((np.arange(without), ids(said.checks))),
        np.concatenate((np.zeros(without), female)),
        np.concatenate((np.full(without, 41.9), age)),
        without + np.arange(inputs.rows),
    )


def test_findings_are_those_of_the_bedside(said: Screened) -> None:
    checks = said.checks
    rows = findings_table(ids(checks), said.fired, checks.facts, today(checks.facts)).to_pylist()
    by_person: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        by_person.setdefault(row["person_id"], []).append(row)
    assert [row["person_id"] for row in rows] == sorted(row["person_id"] for row in rows)
    for row, person in enumerate(ids(checks).tolist()):
        causes = read_causes(checks, row)[1]
        assert {(r["rule"], r["agent"], r["tier"], r["cause"], tuple(r["partner"])) for r in by_person.get(person, ())} == {
            (f.test.rule.rule, f.test.agent, f.tier, c.cause, f.partners) for c in causes for f in c.group
        }  # fmt: skip


def table_of(*patients: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of people who are written as patient files."""
    knowledge = load_knowledge()
    read = [read_patient({"as_of": str(TODAY), "country": "US", **one}, knowledge, today=TODAY) for one in patients]
    facts = Facts(inputs_of([(p, read_medicines(p, knowledge)) for p in read], knowledge), knowledge, "US")
    said = screened(evaluate(program(knowledge, "US"), facts))
    return list(findings_table(np.arange(len(read), dtype=np.int64), said.fired, facts, today(facts)).to_pylist())


def test_a_finding_says_since_when_and_why() -> None:
    """With a partner since the later of the two, alone since the agent, after a stop since the stop; and not at all where a start was not said."""
    kidney = {"age": "60", "sex": "female", "weight": "61 kg", "labs": [{"name": "creatinine", "value": "2.4 mg/dL", "date": "2026-11-10"}]}  # fmt: skip
    tizanidine = "tizanidine 4 mg three times a day since 2026-01-05"
    rows = table_of(
        {"medicines": [tizanidine, "ciprofloxacin 500 mg twice a day since 2026-11-20"]},
        {"medicines": ["ciprofloxacin 500 mg twice a day since 2025-11-20", tizanidine]},
        {"medicines": [tizanidine, "ciprofloxacin 500 mg twice a day"]},
        {"medicines": ["baclofen 20 mg three times a day since 2024-01-05"], **kidney},
        {"medicines": [{"drug": "baclofen", "dose": "25 mg", "frequency": "three times a day", "start": "2024-05-01", "stop": "2026-11-20"}]},
    )  # fmt: skip
    together = {r["person_id"]: r for r in rows if r["agent"] == "tizanidine" and r["partner"] == ["ciprofloxacin"] and r["tier"] == "DANGER"}  # fmt: skip
    assert [together[i]["since"] for i in range(3)] == [date(2026, 11, 20), date(2026, 1, 5), None]
    filtered = next(r for r in rows if r["person_id"] == 3 and any(f["fact"] == "egfr" for f in r["facts"]))
    (egfr,) = (f for f in filtered["facts"] if f["fact"] == "egfr")
    assert egfr["low"] == egfr["high"] == pytest.approx(22.6, abs=0.5) and egfr["unit"] == "mL/min/1.73 m2"
    assert filtered["since"] == date(2024, 1, 5) and filtered["situation"] == "taking" and filtered["until"] is None
    stops = [r for r in rows if r["person_id"] == 4 and r["situation"] == "stopped"]
    assert stops and {r["since"] for r in stops} == {date(2026, 11, 20)}


def test_no_fact_is_the_agents_situation_or_its_partner(said: Screened) -> None:
    rows = findings_table(ids(said.checks), said.fired, said.checks.facts, today(said.checks.facts)).to_pylist()
    facts = [(row, fact) for row in rows for fact in row["facts"]]
    assert len(facts) > 200 and all(len({f["fact"] for f in row["facts"]}) == len(row["facts"]) for row in rows)
    for row, fact in facts:
        assert not fact["fact"].startswith("on:") and ":with:" not in fact["fact"] and not fact["fact"].startswith(f"{row['agent']}:")  # fmt: skip
        assert fact["low"] is not None or fact["high"] is not None


def test_the_table_of_checks_is_that_of_the_bedside(said: Screened) -> None:
    checks = said.checks
    table = checks_table(ids(checks), made(checks))
    assert table.schema == CHECKS
    rows = iter(table.to_pylist())
    for row, person in enumerate(ids(checks).tolist()):
        for check in (*read_causes(checks, row)[0], *silent_checks(checks, row)):
            bedside = msgspec.to_builtins(check) | {"partners": list(check.partners), "settled_by": list(check.settled_by)}  # fmt: skip
            assert next(rows) == {"person_id": person, **bedside}
    assert next(rows, None) is None


def test_the_same_people_give_the_same_bytes_which_others_read(said: Screened, tmp_path: Path) -> None:
    table = findings_table(ids(said.checks), said.fired, said.checks.facts, today(said.checks.facts))
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path in paths:
        with Growing(path, FINDINGS) as file:
            for part in (table.slice(0, 100), table.slice(100, 0), table.slice(100)):
                file.add(part)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    back = pq.read_table(paths[0])
    assert back.schema == FINDINGS and back.to_pylist() == table.to_pylist()
    query = f"SELECT tier, count(*), count(DISTINCT person_id) FROM '{paths[0]}' WHERE len(facts) > 0 GROUP BY tier ORDER BY tier"  # fmt: skip
    kept = [row for row in table.to_pylist() if row["facts"]]
    assert duckdb.sql(query).fetchall() == [
        (tier, len(of), len({r["person_id"] for r in of}))
        for tier in sorted(TIERS)
        if (of := [r for r in kept if r["tier"] == tier])
    ]
    with Growing(tmp_path / "none.parquet", FINDINGS):
        pass
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0


# ---------------------------------------------------------------- counts


def test_counts_are_those_of_the_bedside(said: Screened, knowledge: Knowledge) -> None:
    checks = said.checks
    whole = tally_of(
        people(said, 30), said, 2026, persons=said.checks.facts.rows + 37, rejected={"born after the day": 7}
    )
    rules, worst, found, unchecked, wanting = Counter[str](), Counter[str](), Counter[Any](), 0, Counter[str]()
    for row in range(checks.facts.rows):
        _, causes, asked = read_causes(checks, row)
        fired = [f for c in causes for f in c.group]
        rules.update({f.test.rule.rule for f in fired})
        found.update((f.test.rule.rule, f.tier, f.test.agent) for f in fired)
        if fired:
            worst[min((f.tier for f in fired), key=RANK.__getitem__)] += 1
        unchecked += bool(asked)
        wanting.update({u.settled_by: 1 for u in asked})
    assert (whole.rules, whole.worst) == (rules, worst)
    assert (whole.unchecked, whole.checked) == (unchecked, checks.facts.rows - unchecked) and whole.no_relaxant == 30
    assert {need: one.people for need, one in whole.wanting.items()} == wanting
    summed = Counter[Any]()
    for (rule, tier, agent, sex, age, year), count in whole.found.items():
        assert sex in ("female", "male", "unknown") and age in age_bands(knowledge) and year == 2026
        summed[rule, tier, agent] += count
    assert summed == found
    assert sum(whole.everybody.values()) == checks.facts.rows + 30
    assert whole.everybody["male", "40 to 49"] - whole.with_relaxant.get(("male", "40 to 49"), 0) == 30
    assert sum(whole.with_finding.values()) == whole.findings == sum(worst.values())
    assert whole.known.keys() == set(INPUTS) and whole.known["allergies"] == checks.facts.inputs.allergies_known.sum()
    whole.balanced()


def test_counts_of_parts_add_up_and_come_back(said: Screened) -> None:
    """Whatever the order; written down and read again they are the same."""
    one = tally_of(people(said, 5), said, 2026, persons=said.checks.facts.rows + 5, rejected={})
    other = tally_of(people(said, 2), said, 2025, persons=said.checks.facts.rows + 3, rejected={"no birth": 1})
    there, back = Tally(), Tally()
    for part in (one, other):
        there.add(msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=Tally))
    for part in (other, one):
        back.add(part)
    assert there == back and there.persons == one.persons + other.persons and there.rejected == {"no birth": 1}
    assert there.rules == {rule: 2 * count for rule, count in one.rules.items()}
    assert all(there.wanting[need].people == 2 * w.people and there.wanting[need].worst == w.worst for need, w in one.wanting.items())  # fmt: skip
    there.balanced()


def test_who_is_not_accounted_for_is_noticed(said: Screened) -> None:
    one = tally_of(people(said), said, 2026, persons=said.checks.facts.rows + 1, rejected={})
    with pytest.raises(AssertionError, match="accounted for"):
        one.balanced()


def test_nobody_with_a_relaxant(knowledge: Knowledge) -> None:
    facts = Facts(inputs_of([], knowledge), knowledge, "US")
    nobody = screened(evaluate(program(knowledge, "US"), facts))
    everybody = People(np.array([4, 9]), np.array([1.0, np.nan]), np.array([95.0, np.nan]), np.empty(0, np.intp))
    whole = tally_of(everybody, nobody, 2026, persons=2, rejected={})
    assert whole.everybody == {("female", "90 and over"): 1, ("unknown", "unknown"): 1} and not whole.relaxant
    assert findings_table(np.empty(0, np.int64), nobody.fired, facts, today(facts)).num_rows == 0
    assert checks_table(np.empty(0, np.int64), made(nobody.checks)).schema == CHECKS
    whole.balanced()


def test_the_counts_as_files(said: Screened, tmp_path: Path) -> None:
    whole = tally_of(people(said, 30), said, 2026, persons=said.checks.facts.rows + 37, rejected={"born, later": 7})
    write_counts(tmp_path / "counts.csv", whole)
    write_attrition(tmp_path / "attrition.csv", whole)
    counts = duckdb.sql(f"SELECT sum(persons), count(*) FROM '{tmp_path / 'counts.csv'}'").fetchall()
    assert counts[0] == (sum(whole.found.values()), len(whole.found))
    lines = (tmp_path / "attrition.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "step,what,persons,checks,worst_tier" and '"born, later"' in lines[2] and len(lines) > 40
    of = dict(duckdb.sql(f"SELECT step, sum(persons)::INT FROM '{tmp_path / 'attrition.csv'}' GROUP BY step").fetchall())  # fmt: skip
    assert of["persons"] == of["rejected"] + of["no relaxant"] + of["everything checked"] + of["something unchecked"]
    assert of["relaxant"] == of["everything checked"] + of["something unchecked"] and of["gravest finding"] == of["finding"]  # fmt: skip


def test_ages_are_counted_by_completed_years(knowledge: Knowledge) -> None:
    ages = np.array([0.0, 9.99, 10.0, 89.99, 90.0, 117.0, np.nan])
    facts = Facts(inputs_of([], knowledge), knowledge, "US")
    nobody = screened(evaluate(program(knowledge, "US"), facts))
    everybody = People(np.arange(7), np.zeros(7), ages, np.empty(0, np.intp))
    counted = tally_of(everybody, nobody, 2026, persons=7, rejected={}).everybody
    assert {age: count for (_, age), count in counted.items()} == {"0 to 9": 2, "10 to 19": 1, "80 to 89": 1, "90 and over": 2, "unknown": 1}  # fmt: skip
