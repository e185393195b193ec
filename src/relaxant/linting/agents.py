"""What is wrong with an agent: its names, limits, statements, products and routes, and what the coverage register says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from relaxant.errors import meant
from relaxant.facts.limits import in_dose_unit
from relaxant.knowledge.agents import Coverage
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.questions import coverage_faults
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of, unknown
from relaxant.quantities import unit

_DOSE_UNITS = ("mg", "micrograms", "units", "g", "sprays")
_AGE_UNITS = ("years", "months")
_EVERY_AGE = (0, 200)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def faults_of_agents(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of agents and of what was looked up for them: where, and what."""
    dictionary = dictionary_of(knowledge)
    for agent in knowledge.agents.values():
        where = f"agents {agent.agent}"
        if lookup_name(agent.ingredient, dictionary) is None:
            yield where, unknown(agent.ingredient, dictionary)
        for limit in agent.limits:
            if limit.age_from >= limit.age_to:
                yield f"{where} limit", "age_from is not below age_to"
            if limit.value <= 0:
                yield f"{where} limit", "a limit is above nought"
            of = {"course": "days", "least_age": "years"}.get(limit.kind, agent.dose_unit)
            if limit.kind != "doses_daily" and unit(limit.unit.split("/")[0]) is None:
                yield f"{where} limit", f"the unit “{limit.unit}” is not known; write it in {of}"
            elif (
                limit.kind not in ("course", "doses_daily", "least_age") and limit.unit.split("/")[0] not in _DOSE_UNITS
            ):
                yield f"{where} limit", f"a dose is not in “{limit.unit}”; write it in {agent.dose_unit}"
            elif in_dose_unit(limit, agent.dose_unit) is None:
                yield (
                    f"{where} limit",
                    f"“{limit.unit}” does not fit an agent dosed in {agent.dose_unit}; write it in {agent.dose_unit}",
                )
            if limit.kind == "least_age" and limit.unit not in _AGE_UNITS:
                yield f"{where} limit", f"an age is not in “{limit.unit}”; there are {', '.join(_AGE_UNITS)}"
            if limit.kind == "least_age" and (limit.age_from, limit.age_to) != _EVERY_AGE:
                yield f"{where} limit", "a least age has no ages of its own"
            if limit.kind == "course" and limit.routes:
                yield f"{where} limit", "a course counts every route"
            for route in limit.routes:
                if route not in agent.routes:
                    yield f"{where} limit", f"the agent has no route “{route}”"
        for statement in agent.statements:
            if statement.value is not None and not statement.unit:
                yield f"{where} {statement.topic}", "a bare number: the unit is missing; write `unit:` beside it"
            if statement.low is not None and statement.high is not None and statement.low > statement.high:
                yield f"{where} {statement.topic}", "low is above high"
        for reaction in agent.adverse_reactions:
            if not 0 <= reaction.percent_low <= reaction.percent_high <= 100:
                yield f"{where} {reaction.name}", "the percentages are not in order"
        for reactions in agent.listed_reactions:
            if not reactions.names:
                yield f"{where} listed reactions", "they name none"
        for dosing in agent.dosing:
            if (
                dosing.target_low is not None
                and dosing.target_high is not None
                and dosing.target_low > dosing.target_high
            ):
                yield f"{where} dosing {dosing.who}", "target_low is above target_high"
        for product in agent.products:
            if not product.strengths or min(product.strengths) <= 0:
                yield f"{where} product {product.form}", "a product has strengths above nought"
        for indication in agent.indications:
            if indication.condition not in knowledge.conditions:
                would = (
                    meant(indication.condition, knowledge.conditions)
                    or "write one of `conditions:`, ours or the pack's"
                )
                yield f"{where} indication", f"there is no condition “{indication.condition}”; {would}"
        texts = (
            [s.text for s in agent.statements]
            + [d.text for d in agent.dosing]
            + [i.text for i in agent.indications]
            + [r.text for r in agent.listed_reactions if r.text]
        )
        yield from ((where, what) for text in texts for what in faults_of_prose(text))
    owners: dict[tuple[str, str], str] = {}
    for agent in knowledge.agents.values():
        for route in agent.routes:
            if (other := owners.setdefault((agent.ingredient, route), agent.agent)) != agent.agent:
                yield f"agents {agent.agent}", f"{other} already has the route {route}"
    yield from _coverage(knowledge)


def _coverage(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    rows: dict[str, dict[Jurisdiction, Coverage]] = {}
    for row in knowledge.coverage:
        rows.setdefault(row.agent, {})[row.jurisdiction] = row
        if row.agent not in knowledge.agents:
            yield f"coverage {row.agent}", f"there is no agent “{row.agent}”"
        if not _DAY.fullmatch(row.verified_on) or row.verified_on > date.today().isoformat():  # noqa: DTZ011 - a day is all that is asked
            yield f"coverage {row.agent}", f"verified_on “{row.verified_on}” is no day up to now"
    for agent in knowledge.agents.values():
        for what in coverage_faults(agent, rows.get(agent.agent, {})):
            yield f"agents {agent.agent}", what
