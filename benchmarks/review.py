"""What a review costs: warm, cold, with its curves, with a thousand more rules, and for a hundred thousand rows at once.

    python benchmarks/review.py

The references in the same run (a plain loop; the start of Python itself) show what the machine did meanwhile.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from _measure import line, medians, times
from _people import patient_files, table
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import take
from relaxant.io.read import read_bytes
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.reviewing import review, to_json
from relaxant.rules.evaluate import Checks, evaluate, program
from relaxant.rules.findings import Check, read_row, silent_checks

TODAY = date(2026, 11, 22)
ROWS = 100_000


def with_rules(knowledge: Knowledge, agent: str, count: int) -> Knowledge:
    """The knowledge with ``count`` more rules about an agent, copies of its own under new names."""
    own = [r for r in knowledge.rules.values() if r.agents == ("baclofen",)]
    more = {}
    for i, rule in zip(range(count), itertools.cycle(own)):
        name = f"synthetic-{agent}-{i:04d}"
        more[name] = msgspec.structs.replace(rule, rule=name, agents=(agent,), cause=f"{rule.cause}-{i % 50}")
    agents = dict(knowledge.agents)
    if agent not in agents:
        agents[agent] = msgspec.structs.replace(
            agents["baclofen"], agent=agent, ingredient="dantrolene", routes=("oral",)
        )
    return msgspec.structs.replace(
        knowledge, sha256=f"{knowledge.sha256[:40]}-{agent}-{count}", rules={**knowledge.rules, **more}, agents=agents
    )


def warm(knowledge: Knowledge) -> None:
    """Parse, facts, all rules, triage and JSON of people with 12 medicines, against the same with more rules and with curves."""
    files = patient_files(60)
    other, same = with_rules(knowledge, "dantrolene", 1000), with_rules(knowledge, "baclofen", 1000)

    def reviewer(known: Knowledge, *, predict: bool = False):
        turn = itertools.cycle(files)
        return lambda: to_json(
            review(read_bytes(next(turn), known, today=TODAY), knowledge=known, predict=predict, plan=False)
        )

    def loop() -> int:
        return sum(i * i for i in range(50_000))

    reference, own = times(loop, reviewer(knowledge), runs=400, warm=20)
    for name, at in (("median", 200), ("fastest tenth", 40)):
        print(
            f"warm review, 12 medicines, {name}: {own[at] * 1e3:.2f} ms (goal: at most 5 ms); the reference, a plain loop "
            f"of 50,000 squares, took {reference[at] * 1e3:.2f} ms"
        )
    line("warm review, 12 medicines", own[200] / reference[200], "a plain loop of 50,000 squares")
    plain, curves = medians(reviewer(knowledge), reviewer(knowledge, predict=True), runs=120)
    print(f"the curves of its relaxants add {(curves - plain) * 1e3:.1f} ms")
    line("with curves", curves / plain, "the same review without")
    plain, more_other, more_same = medians(reviewer(knowledge), reviewer(other), reviewer(same), runs=120)
    print(f"1,000 more rules about another agent add {(more_other - plain) * 1e3:.2f} ms (goal: at most 1 ms)")
    line("with them", more_other / plain, "the same review")
    print(f"1,000 more rules about the same agent add {(more_same - plain) * 1e3:.2f} ms (goal: at most 10 ms)")
    line("with them", more_same / plain, "the same review")


def cold() -> None:
    """The command line on a small patient file, each time a new process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "patient.yaml"
        file.write_text("age: 58\nmedicines: [baclofen 10 mg three times a day]\nas_of: 2026-11-22\n")
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as an ordinary install
        environment["RELAXANT_CACHE"] = folder
        command = [sys.executable, "-m", "relaxant", "review", str(file)]

        def run(arguments: list[str]):
            return lambda: subprocess.run(arguments, check=True, capture_output=True, env=environment)

        bare, whole = medians(run([sys.executable, "-c", "pass"]), run(command), runs=15)
    line("the command line, cold", whole / bare, "python -c pass", at_most=20)


def made(checks: Checks, row: int) -> list[Check]:
    """All checks of one person."""
    return [*read_row(checks, row)[0], *silent_checks(checks, row)]


def columns(knowledge: Knowledge) -> None:
    """Every rule of the agents named on 100,000 rows in one call against one call a row, with the same checks."""
    inputs = table(ROWS, knowledge)
    named = inputs.agents  # as a review does: where the medicines are unknown it is of what was named
    compiled = program(knowledge, "US")
    sample = range(0, ROWS, 499)

    def together():
        return evaluate(compiled, Facts(inputs, knowledge, "US"), named)

    def one(row: int):
        return evaluate(compiled, Facts(take(inputs, slice(row, row + 1)), knowledge, "US"), named)

    def apart() -> None:
        for row in sample:
            one(row)

    whole, single = medians(together, apart, runs=3, warm=1)
    line(
        "persons a second, 100,000 rows in one call",
        (ROWS / whole) / (len(sample) / single),
        "one call a person",
        at_least=100,
    )
    checks = together()
    for row in sample:
        assert made(checks, row) == made(one(row), 0), row
    fires = np.count_nonzero((checks.outcome == 1) & checks.candidate)
    print(
        f"checks identical for {len(sample)} of {ROWS:,} rows; {np.count_nonzero(checks.candidate):,} checks, {fires:,} fire"
    )


if __name__ == "__main__":
    known = load_knowledge()
    warm(known)
    cold()
    columns(known)
