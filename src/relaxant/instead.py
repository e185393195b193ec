"""What is named instead, looked at as if it were begun: nothing is offered that would be a danger itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.planning.weighing import ordered
from relaxant.rules.evaluate import FIRES, Checks, evaluate, program
from relaxant.rules.findings import Cause, offered, read_causes
from relaxant.rules.tiers import worst_tier


def dangerous(people: Sequence[tuple[Patient, Sequence[Cause]]], here: Facts) -> list[frozenset[str]]:
    """For each of some people of one jurisdiction, with their causes: the agents that one of these names instead and that would be a DANGER, begun
    today beside all that is taken and weighed. All agents of all people are rows of one call of the evaluator. ``here``: facts of the same
    knowledge and jurisdiction."""
    asked = [(i, agent) for i, (_, causes) in enumerate(people) for agent in _offered(causes)]
    found = [set[str]() for _ in people]
    if asked:
        begun = [_beginning(agent, people[i][0], here) for i, agent in asked]
        readings = [(one, read_medicines(one, here.knowledge)) for one in begun]
        facts = Facts(inputs_of(readings, here.knowledge), here.knowledge, here.jurisdiction)
        checks = evaluate(program(here.knowledge, here.jurisdiction), facts, frozenset(agent for _, agent in asked))
        for row, (i, agent) in enumerate(asked):
            if _in_danger(agent, checks, row):
                found[i].add(agent)
    return [frozenset(one) for one in found]


def _offered(causes: Sequence[Cause]) -> list[str]:
    return list(dict.fromkeys(agent for cause in causes for agent in offered(cause)))


def _beginning(agent: str, patient: Patient, here: Facts) -> Patient:
    line = ordered(agent, (), "start", here)
    return msgspec.structs.replace(patient, considering=(*(patient.considering or ()), line))


def _in_danger(agent: str, checks: Checks, row: int) -> bool:
    """Whether a DANGER is of the agent itself, by a rule of its own."""
    fires = (t.rule for t, outcome in checks.spoken(row) if outcome == FIRES and t.agent == agent and t.modifier < 0)
    if not any(worst_tier(rule) == "DANGER" for rule in fires):
        return False
    causes = read_causes(checks, row, agent)[1]
    return any(c.tier == "DANGER" and c.situation == "starting" and agent in c.agents for c in causes)
