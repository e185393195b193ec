"""What the lines of agents and ingredients come to: the same for one person alone as in a table with many others."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np
import pytest

from conftest import TODAY
from relaxant.facts.agent_lines import SITUATIONS
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import Inputs, inputs_of, take
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.rules.columns import made
from relaxant.rules.evaluate import evaluate, program

KNOWN = load_knowledge()
AGENTS = (
    "baclofen",
    "tizanidine",
    "diazepam",
    "dantrolene",
    "Botox",
    "rocuronium",
    "carisoprodol",
    "codeine",
    "frobnitz",
)
DOSES = (
    "10 mg three times a day",
    "5-10 mg every 6-8 h as needed",
    "",
    "0.6 mg/kg intravenous once",
    "0.1 mg/kg three times a day",
    "300 units every 12 weeks",
    "300 units once",
    "modified release 6 mg once a day",
    "8 mg, at most 3 a day",
    "10 mg in the morning and 20 mg at night",
    "5 mg four times a day for 3 weeks",
    "10 mg rectal once",
)
DAYS = (
    "",
    "",
    "since 2024-01-05",
    "since 2026-12-05",
    "since 2025-01-01 until 2026-11-10",
    "stopped",
    "since 2026-11-20",
)


def line(chance: random.Random) -> str:
    return " ".join(part for part in (chance.choice(AGENTS), chance.choice(DOSES), chance.choice(DAYS)) if part)


def person(chance: random.Random) -> dict[str, Any]:
    out: dict[str, Any] = {"as_of": TODAY.isoformat(), "age": str(chance.randint(2, 90))}
    if chance.random() < 0.5:
        out["weight"] = f"{chance.randint(20, 90)} kg"
    if chance.random() < 0.8:
        out["medicines"] = sorted({line(chance) for _ in range(chance.randint(0, 6))})
    asked = {
        chance.choice(("", "stop ", "start ", "increase ", "halve ")) + line(chance)
        for _ in range(chance.choice((0, 0, 1, 2)))
    }
    return {**out, "considering": sorted(asked)} if asked else out


def readings(seed: int, count: int) -> list[Any]:
    chance = random.Random(seed)
    people = [read_patient(person(chance), KNOWN, today=TODAY) for _ in range(count)]
    return [(patient, read_medicines(patient, KNOWN)) for patient in people]


def said(inputs: Inputs) -> dict[tuple[str, ...], np.ndarray]:
    """Every column that lines make, by what it is of; those that say of nobody anything left out."""
    facts, out = Facts(inputs, KNOWN, "US"), dict[tuple[str, ...], np.ndarray]()
    for agent, own in inputs.agents.items():
        for name, values in {**own, **facts.sessions(agent)}.items():
            out[agent, name] = values
    for ingredient in facts.intake:
        out[ingredient, "taken"] = facts.takes_by_any_route(ingredient)
        out[ingredient, "days"] = facts.taken_days(ingredient)
    for name in ("opioid_mme_low", "opioid_mme_high"):
        out["numbers", name] = inputs.numbers[name]
    return out


@pytest.mark.parametrize("seed", range(6))
def test_a_person_in_a_table_is_that_person_alone(seed: int) -> None:
    people = readings(seed, 40)
    together = inputs_of(people, KNOWN)
    every = said(together)
    assert {"baclofen", "tizanidine", "diazepam"} <= set(together.agents)
    for row, one in enumerate(people):
        alone, cut = said(inputs_of([one], KNOWN)), said(take(together, slice(row, row + 1)))
        for key, values in every.items():
            nothing = 0.0 if key[-1] in (*SITUATIONS, "taken") else np.nan
            expected = alone[key][0] if key in alone else nothing
            assert np.array_equal(values[row], expected, equal_nan=True), (row, key)
            if key in cut:
                assert np.array_equal(cut[key][0], expected, equal_nan=True), (row, key)


def test_everybody_checked_at_once_is_checked_as_alone() -> None:
    people = [one for one in readings(11, 60) if one[0].medicines is not None]

    def checks(some: list[Any]) -> list[list[tuple[Any, ...]]]:
        inputs = inputs_of(some, KNOWN)
        every = made(evaluate(program(KNOWN, "US"), Facts(inputs, KNOWN, "US"), inputs.agents.keys()))
        out: list[list[tuple[Any, ...]]] = [[] for _ in some]
        for entry, (row, test) in enumerate(zip(every.row.tolist(), every.test.tolist(), strict=True)):
            known, needs = every.tests[test], [every.names[n] for n in every.settled_by.at(entry)]
            partners = [every.names[n] for n in every.partners.at(entry)]
            out[row].append((known.rule.rule, known.agent, every.word(entry), partners, needs))
        return out

    together = checks(people)
    assert sum(map(len, together)) > len(people)
    for row, one in enumerate(people):
        assert together[row] == checks([one])[0]


def test_the_sum_of_lines_is_the_same_in_whichever_order_they_stand() -> None:
    lines = ["baclofen 0.1 mg once a day", "baclofen 0.2 mg once a day", "baclofen 0.3 mg once a day"]
    patient = read_patient({"as_of": TODAY.isoformat(), "medicines": lines}, KNOWN, today=date(2026, 11, 22))
    medicines = read_medicines(patient, KNOWN)
    sums = {
        inputs_of([(patient, order)], KNOWN).agents["baclofen"]["daily_high"].item()
        for order in (medicines, medicines[::-1])
    }
    assert sums == {0.6}
