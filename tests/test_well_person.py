"""A well person who starts a relaxant for what it is licensed for, at its first labelled dose, hears nothing that is not due."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import reviewed
from relaxant.knowledge.agents import Agent
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.schema import Jurisdiction

KNOWN = load_knowledge()
DUE = {
    "neostigmine": "neostigmine-alone",  # it never goes in without an antimuscarinic
    "thiocolchicoside": "thiocolchicoside-contraception",  # its label contraindicates it without contraception, in men too
    "thiocolchicoside injection": "thiocolchicoside-contraception",
}
SOLD = [
    (agent.agent, jurisdiction)
    for agent in KNOWN.agents.values()
    for jurisdiction in JURISDICTIONS
    if not any(r.not_sold for r in KNOWN.coverage if (r.agent, r.jurisdiction) == (agent.agent, jurisdiction))
]


def first_dose(agent: Agent, jurisdiction: Jurisdiction) -> dict[str, str]:
    """The agent's first dose for adults under a label, once."""
    rows = [
        d
        for d in agent.dosing
        if d.start is not None and (d.age_to is None or d.age_to > 40) and holds_in(d, jurisdiction)
    ]
    once = agent.routes[0] in ("intravenous", "intramuscular")
    line = {"drug": agent.ingredient, "route": agent.routes[0], "frequency": "once" if once else "once a day"}
    return {**line, "dose": f"{rows[0].start:g} {rows[0].unit}"} if rows else line


def well(agent: Agent, jurisdiction: Jurisdiction, sex: str) -> dict[str, Any]:
    for_it = [i.condition for i in agent.indications if i.status == "licensed" and holds_in(i, jurisdiction)]
    labs = {"creatinine": "0.8 mg/dL", "ALT": "20 U/L", "AST": "20 U/L", "potassium": "4.1 mmol/L"}
    signs = {
        "systolic blood pressure": "125 mmHg",
        "diastolic blood pressure": "78 mmHg",
        "heart rate": "70 /min",
        "QTc": "410 ms",
    }
    return {
        "country": {"US": "US", "UK": "UK", "EU": "DE"}[jurisdiction],
        "sex": sex, "age": 40, "weight": "75 kg", "height": "178 cm", "conditions": for_it[:1], "allergies": [], "medicines": [],
        "considering": [first_dose(agent, jurisdiction)], "pregnant": False, "breastfeeding": False, "alcohol": "none", "smoker": False,
        "dialysis": "none", "stands_on_tone": False, "swallowing": "normal",
        "labs": [{"name": name, "value": value, "date": "2026-11-20"} for name, value in labs.items()],
        "observations": [{"name": name, "value": value, "date": "2026-11-20"} for name, value in signs.items()],
    }  # fmt: skip


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize(("name", "jurisdiction"), SOLD)
def test_nothing_loud_that_is_not_due(name: str, jurisdiction: Jurisdiction, sex: str) -> None:
    review = reviewed(well(KNOWN.agents[name], jurisdiction, sex))
    loud = [f.rules[0] for f in review.findings if f.tier in ("DANGER", "CHANGE")]
    assert [r for r in loud if not r.startswith(DUE.get(name, "nothing"))] == []
    assert len(review.findings) <= 2
    assert len([u for u in review.unchecked if not u.folded]) <= 1


@pytest.mark.parametrize("name", sorted(DUE))
def test_what_is_due_is_said(name: str) -> None:
    agent = KNOWN.agents[name]
    jurisdiction = next(j for n, j in SOLD if n == name)
    rules = [r for f in reviewed(well(agent, jurisdiction, "male")).findings for r in f.rules]
    assert any(r.startswith(DUE[name]) for r in rules)
