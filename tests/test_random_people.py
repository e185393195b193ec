"""Random people on random relaxants: every summary is short, filled and says nothing of a medicine with itself."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from conftest import FULL, reviewed
from relaxant.knowledge.agents import Agent
from relaxant.knowledge.load import load_knowledge

KNOWN = load_knowledge()
OTHERS = (
    "lisinopril 10 mg once a day", "amlodipine 5 mg once a day", "sertraline 50 mg once a day", "omeprazole 20 mg once a day",
    "zolpidem 5 mg at night", "ciprofloxacin 500 mg twice a day", "oxycodone 5 mg every 6 h as needed", "ibuprofen 400 mg three times a day",
    "furosemide 40 mg once a day", "amitriptyline 25 mg at night", "metoprolol 50 mg twice a day", "ketoconazole 200 mg once a day",
    "gentamicin 320 mg intravenous once a day", "ethinyl estradiol 30 micrograms / levonorgestrel 150 micrograms once a day", "donepezil 10 mg once a day",
)  # fmt: skip
SEEDS = range(400 if FULL else 40)


def _line(agent: Agent) -> dict[str, str]:
    rows = [d for d in agent.dosing if d.start is not None]
    once = agent.routes[0] in ("intravenous", "intramuscular")
    line = {"drug": agent.ingredient, "route": agent.routes[0], "frequency": "once" if once else "once a day"}
    return {**line, "dose": f"{rows[0].start:g} {rows[0].unit}"} if rows else line


def somebody(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    agents = chance.sample(sorted(KNOWN.agents.values(), key=lambda a: a.agent), chance.randint(1, 4))
    conditions = chance.sample(sorted(KNOWN.conditions), chance.randint(0, 4))
    return {
        "country": chance.choice(["US", "UK", "DE"]),
        "sex": chance.choice(["male", "female"]),
        "age": chance.choice([6, 30, 50, 70, 88]),
        "weight": "70 kg",
        "height": "170 cm",
        "conditions": [KNOWN.conditions[c].title for c in conditions],
        "allergies": [],
        "medicines": [{**_line(a), "start": "2026-05-01"} for a in agents[1:]]
        + chance.sample(OTHERS, chance.randint(0, 6)),
        "considering": [_line(agents[0])],
        "labs": [
            {"name": "creatinine", "value": chance.choice(["0.8 mg/dL", "1.9 mg/dL", "5 mg/dL"]), "date": "2026-11-20"}
        ],
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_said_is_short_and_filled(seed: int) -> None:
    for finding in reviewed(somebody(seed)).findings:
        assert len(finding.summary) <= 139, finding.summary
        texts = (finding.summary, finding.action, finding.consequence, finding.mechanism, *finding.also)
        assert not any("{" in text or ".." in text for text in texts), finding.rules
        assert not re.search(r"\b(\w+) with \1\b", finding.summary, re.I), finding.summary
        assert finding.sources
