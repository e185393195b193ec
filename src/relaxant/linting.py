"""``relaxant lint``: what is wrong with a knowledge pack, found by reading it and by running every rule's cases.

Anyone can run it on their own pack: it is laid over the shipped knowledge and the whole is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from relaxant.errors import KnowledgeError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.questions import coverage_faults
from relaxant.knowledge.schema import Coverage, Jurisdiction
from relaxant.medicines.dictionary import lookup_name
from relaxant.quantities import unit

_DOSE_UNITS = ("mg", "micrograms", "units", "g", "sprays")
_AGE_UNITS = ("years", "months")
_EVERY_AGE = (0, 200)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, and where."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def lint(*packs: str) -> list[Fault]:
    """Every fault of the shipped knowledge with these packs laid over it; empty when it is sound."""
    try:
        knowledge = load_knowledge(*packs)
    except KnowledgeError as error:
        return [Fault("pack", str(error))]
    return lint_knowledge(knowledge)


def lint_knowledge(knowledge: Knowledge) -> list[Fault]:
    """Every fault of one knowledge."""
    from relaxant.lint_block import faults_of_blocks
    from relaxant.lint_cases import faults_of_cases
    from relaxant.lint_changes import faults_of_changes
    from relaxant.lint_conditions import faults_of_conditions
    from relaxant.lint_exposure import faults_of_exposure  # here, so that a review does not load what it does not use
    from relaxant.lint_plans import faults_of_plans
    from relaxant.lint_registries import faults_of_registries
    from relaxant.lint_responses import faults_of_responses
    from relaxant.lint_rules import faults_of_rule
    from relaxant.lint_scales import faults_of_scales
    from relaxant.lint_trials import faults_of_trials
    from relaxant.pharmacology.people.people_soundness import faults_of_people

    faults = [*_citations(knowledge), *_agents(knowledge), *_partners(knowledge), *_measures(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_conditions(knowledge)]
    faults += _coverage(knowledge)
    faults += _combinations(knowledge)
    faults += _claims(knowledge)
    faults += [Fault(where, what) for where, what in faults_of_exposure(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_plans(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_blocks(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_changes(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_scales(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_responses(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_trials(knowledge)]
    faults += [Fault(where, what) for where, what in faults_of_registries(knowledge)]
    faults += [Fault(where, what) for where, what in _of_models(bytes(knowledge.models_packed))]
    for population in knowledge.populations.values():
        faults += [Fault(where, what) for where, what in faults_of_people(population)]
    for rule in knowledge.rules.values():
        faults += [Fault(where, what) for where, what in faults_of_rule(rule, knowledge)]
    if not any(_stops_the_cases(f) for f in faults):
        faults += [Fault(where, what) for where, what in faults_of_cases(knowledge)]
    return faults


@lru_cache(maxsize=4)
def _of_models(packed: bytes) -> tuple[tuple[str, str], ...]:
    """The faults of model cards; the same cards are computed once however many packs are laid over them."""
    from relaxant.knowledge.cards import Model
    from relaxant.pharmacology.cards.soundness import faults_of

    models = msgspec.msgpack.decode(packed, type=dict[str, Model])
    return tuple(fault for model in models.values() for fault in faults_of(model))


def _stops_the_cases(fault: Fault) -> bool:
    """Whether rules could not even be compiled or tested with this fault in the pack."""
    return any(words in fault.what for words in ("predicate", "there is no", "is not known", "a dose is not in"))


# ---------------------------------------------------------------- citations


def _cited(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every struct inside ``value`` that names a source, with where it stands."""
    if isinstance(value, msgspec.Struct):
        if "source" in value.__struct_fields__ and value.source is not None:  # type: ignore[attr-defined]
            yield where, value
        for name in value.__struct_fields__:
            yield from _cited(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from _cited(item, f"{where}[{i}]")


def _resolved(found: Iterable[tuple[str, Any]], knowledge: Knowledge, used: set[str]) -> Iterator[Fault]:
    """What is wrong with citations; the sources that they name are added to ``used``."""
    for where, cited in found:
        used.add(cited.source)
        if cited.source not in knowledge.sources:
            yield Fault(where, f"there is no source “{cited.source}”")
        if not (cited.place or "").strip():
            yield Fault(where, "the place in the source is missing")


def _citations(knowledge: Knowledge) -> Iterator[Fault]:
    used: set[str] = set()
    for kind in (
        "agents",
        "roles",
        "conditions",
        "labs",
        "allergens",
        "policies",
        "rules",
        "combinations",
        "claims",
        "models",
        "populations",
        "trials",
    ):
        for key, entry in getattr(knowledge, kind).items():
            yield from _resolved(_cited(entry, f"{kind} {key}"), knowledge, used)
    for group, held in (
        ("plans", knowledge.plans),
        ("responses", knowledge.responses),
        ("registries", knowledge.registries),
    ):
        for kind in held.__struct_fields__:
            yield from _resolved(_cited(tuple(getattr(held, kind).values()), f"{group} {kind}"), knowledge, used)
    used |= {e.source for e in knowledge.exposures} | {c.source for _, c in _cited(knowledge.pathways, "pathways")}
    used |= EQUATION_SOURCES
    for source in sorted(set(knowledge.sources) - used):
        yield Fault(f"sources {source}", "nothing cites it; remove it or cite it")
    for source in sorted(EQUATION_SOURCES - set(knowledge.sources)):
        yield Fault(f"sources {source}", "an equation cites it and it is missing")
    for known in knowledge.sources.values():
        if known.date and known.date[:10] > date.today().isoformat()[: len(known.date)]:  # noqa: DTZ011 - a day is all that is asked
            yield Fault(f"sources {known.id}", f"its date, {known.date}, is still to come")
        if not known.date and not known.seen_on:
            yield Fault(f"sources {known.id}", "a source has its date, or the day it was seen on")
        if known.kind != "policy" and not (known.url or known.doi or known.publisher):
            yield Fault(f"sources {known.id}", "a source has a url, a doi or at least a publisher")
        if known.url and not known.url.startswith(("https://", "http://")):
            yield Fault(f"sources {known.id}", "the url is not one")


EQUATION_SOURCES = frozenset(
    {
        "devine-1974",
        "winter-2012",
        "janmahasatian-2005",
        "mosteller-1987",
        "kdigo-aki-2012",
        "kdigo-ckd-2024",
        "ckd-epi-cystatin-2012",
        "ckd-epi-2021",
        "cockcroft-gault-1976",
        "child-pugh-1973",
        "cdc-opioid-2022",
        "bnfc-renal-2018",
    }
)
"""Sources that the equations of ``facts`` name."""


# ---------------------------------------------------------------- agents, partners, measures


def _agents(knowledge: Knowledge) -> Iterator[Fault]:
    for agent in knowledge.agents.values():
        where = f"agents {agent.agent}"
        if lookup_name(agent.ingredient) is None:
            yield Fault(where, f"the dictionary does not know the ingredient “{agent.ingredient}”")
        for limit in agent.limits:
            if limit.age_from >= limit.age_to:
                yield Fault(f"{where} limit", "age_from is not below age_to")
            if limit.value <= 0:
                yield Fault(f"{where} limit", "a limit is above nought")
            if limit.kind != "doses_daily" and unit(limit.unit.split("/")[0]) is None:
                yield Fault(f"{where} limit", f"the unit “{limit.unit}” is not known")
            if limit.kind not in ("course", "doses_daily", "least_age") and limit.unit.split("/")[0] not in _DOSE_UNITS:
                yield Fault(f"{where} limit", f"a dose is not in “{limit.unit}”")
            if limit.kind == "least_age" and limit.unit not in _AGE_UNITS:
                yield Fault(f"{where} limit", f"an age is not in “{limit.unit}”; there are {', '.join(_AGE_UNITS)}")
            if limit.kind == "least_age" and (limit.age_from, limit.age_to) != _EVERY_AGE:
                yield Fault(f"{where} limit", "a least age has no ages of its own")
            if limit.kind == "course" and limit.routes:
                yield Fault(f"{where} limit", "a course counts every route")
            for route in limit.routes:
                if route not in agent.routes:
                    yield Fault(f"{where} limit", f"the agent has no route “{route}”")
        for statement in agent.statements:
            if statement.value is not None and not statement.unit:
                yield Fault(f"{where} {statement.topic}", "a bare number: the unit is missing")
            if statement.low is not None and statement.high is not None and statement.low > statement.high:
                yield Fault(f"{where} {statement.topic}", "low is above high")
        for reaction in agent.adverse_reactions:
            if not 0 <= reaction.percent_low <= reaction.percent_high <= 100:
                yield Fault(f"{where} {reaction.name}", "the percentages are not in order")
        for reactions in agent.listed_reactions:
            if not reactions.names:
                yield Fault(f"{where} listed reactions", "they name none")
        for dosing in agent.dosing:
            if (
                dosing.target_low is not None
                and dosing.target_high is not None
                and dosing.target_low > dosing.target_high
            ):
                yield Fault(f"{where} dosing {dosing.who}", "target_low is above target_high")
        for product in agent.products:
            if not product.strengths or min(product.strengths) <= 0:
                yield Fault(f"{where} product {product.form}", "a product has strengths above nought")
        for indication in agent.indications:
            if indication.condition not in knowledge.conditions:
                yield Fault(f"{where} indication", f"there is no condition “{indication.condition}”")
        yield from _of_prose(
            where,
            [s.text for s in agent.statements]
            + [d.text for d in agent.dosing]
            + [i.text for i in agent.indications]
            + [r.text for r in agent.listed_reactions if r.text],
        )
    owners: dict[tuple[str, str], str] = {}
    for agent in knowledge.agents.values():
        for route in agent.routes:
            if (other := owners.setdefault((agent.ingredient, route), agent.agent)) != agent.agent:
                yield Fault(f"agents {agent.agent}", f"{other} already has the route {route}")


def _of_prose(where: str, texts: Iterable[str]) -> Iterator[Fault]:
    yield from (Fault(where, what) for text in texts for what in faults_of_prose(text))


def _coverage(knowledge: Knowledge) -> Iterator[Fault]:
    rows: dict[str, dict[Jurisdiction, Coverage]] = {}
    for row in knowledge.coverage:
        rows.setdefault(row.agent, {})[row.jurisdiction] = row
        if row.agent not in knowledge.agents:
            yield Fault(f"coverage {row.agent}", f"there is no agent “{row.agent}”")
        if not _DAY.fullmatch(row.verified_on) or row.verified_on > date.today().isoformat():  # noqa: DTZ011 - a day is all that is asked
            yield Fault(f"coverage {row.agent}", f"verified_on “{row.verified_on}” is no day up to now")
    for agent in knowledge.agents.values():
        for what in coverage_faults(agent, rows.get(agent.agent, {})):
            yield Fault(f"agents {agent.agent}", what)


def _combinations(knowledge: Knowledge) -> Iterator[Fault]:
    for known in knowledge.combinations.values():
        where = f"combinations {known.combination}"
        if known.condition not in knowledge.conditions:
            yield Fault(where, f"there is no condition “{known.condition}”")
        for agent in known.agents:
            if agent not in knowledge.agents:
                yield Fault(where, f"there is no agent “{agent}”")
        for role in known.roles:
            if role not in knowledge.roles:
                yield Fault(where, f"there is no role “{role}”")
        for partner in known.partners:
            if lookup_name(partner) is None:
                yield Fault(where, f"the dictionary does not know “{partner}”")
        if not known.sources:
            yield Fault(where, "a combination has a source")
        yield from _of_prose(where, (known.used_for, known.benefit, known.harm))


def _claims(knowledge: Knowledge) -> Iterator[Fault]:
    for claim in knowledge.claims.values():
        where = f"claims {claim.claim}"
        if not claim.about or not claim.says or not all(claim.says):
            yield Fault(where, "it says whom it is about and what is said")
        if claim.affirmed == "cannot judge":
            yield Fault(where, "a claim without a verdict is left out")
        if not claim.sources:
            yield Fault(where, "a claim has a source")
        for phrase in (*claim.about, *(p for group in claim.says for p in group), *claim.unless):
            if phrase != phrase.lower() and phrase not in knowledge.agents:
                yield Fault(where, f"“{phrase}” is not in lower case and would never be heard")
        yield from _of_prose(where, (claim.holds,))


def _partners(knowledge: Knowledge) -> Iterator[Fault]:
    for role in knowledge.roles.values():
        where = f"roles {role.role}"
        for included in role.includes:
            if included not in knowledge.roles:
                yield Fault(where, f"there is no role “{included}”")
        if not role.members and not role.includes:
            yield Fault(where, "a role has members or includes roles")
        for member in role.members:
            for ingredient in member.ingredients:
                entry = lookup_name(ingredient)
                if entry is None:
                    yield Fault(where, f"the dictionary does not know “{ingredient}”")
                elif entry.ingredients and entry.ingredients[0].name != ingredient and len(entry.ingredients) == 1:
                    yield Fault(where, f"“{ingredient}” is read as “{entry.ingredients[0].name}”; write that name")
    for allergen in knowledge.allergens.values():
        for cross in allergen.cross:
            if cross not in knowledge.allergens:
                yield Fault(f"allergens {allergen.allergen}", f"there is no allergen “{cross}”")


def _measures(knowledge: Knowledge) -> Iterator[Fault]:
    for lab in knowledge.labs.values():
        where = f"labs {lab.lab}"
        if lab.plausible_low >= lab.plausible_high:
            yield Fault(where, "plausible_low is not below plausible_high")
        if lab.unit and lab.unit != "1" and unit(lab.unit) is None:
            yield Fault(where, f"the unit “{lab.unit}” is not known")
        if lab.valid_days <= 0 or not lab.valid_reason.strip():
            yield Fault(where, "a value's time of validity is above nought and has a reason")
    for policy in knowledge.policies.values():
        if not policy.reason.strip() or not policy.unit.strip():
            yield Fault(f"policies {policy.policy}", "a policy has a unit and a reason")
