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
from relaxant.knowledge.questions import coverage_faults
from relaxant.knowledge.schema import Agent, Coverage, Jurisdiction, Rule, Situation
from relaxant.medicines.dictionary import lookup_name
from relaxant.quantities import unit
from relaxant.rules.predicate import read_predicate
from relaxant.rules.wording import TEXT_SLOTS, column_of_slot, slots

_CASE_DAY = date(2026, 11, 22)
_ICD = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?")
_TRAILING_ZERO = re.compile(
    r"(?<![\d.])\d+\.\d*0(?=\s*(?:mg|micrograms|g|mL|units)\b)|(?<![\d])\.\d+\s*(?:mg|micrograms|g|mL)\b"
)
_DOSE_UNITS = ("mg", "micrograms", "units", "g", "sprays")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_JURISDICTIONS: tuple[Jurisdiction, ...] = ("US", "UK", "EU")


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
    from relaxant.lint_cases import faults_of_cases
    from relaxant.lint_exposure import faults_of_exposure  # here, so that a review does not load what it does not use
    from relaxant.pharmacology.people.people_soundness import faults_of_people

    faults = [*_citations(knowledge), *_agents(knowledge), *_partners(knowledge), *_measures(knowledge)]
    faults += _coverage(knowledge)
    faults += _combinations(knowledge)
    faults += _claims(knowledge)
    faults += [Fault(where, what) for where, what in faults_of_exposure(knowledge)]
    faults += [Fault(where, what) for where, what in _of_models(bytes(knowledge.models_packed))]
    for population in knowledge.populations.values():
        faults += [Fault(where, what) for where, what in faults_of_people(population)]
    for rule in knowledge.rules.values():
        faults += _rule(rule, knowledge)
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
    ):
        for key, entry in getattr(knowledge, kind).items():
            for where, cited in _cited(entry, f"{kind} {key}"):
                used.add(cited.source)
                if cited.source not in knowledge.sources:
                    yield Fault(where, f"there is no source “{cited.source}”")
                if not (cited.place or "").strip():
                    yield Fault(where, "the place in the source is missing")
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
            if limit.kind not in ("course", "doses_daily") and limit.unit.split("/")[0] not in _DOSE_UNITS:
                yield Fault(f"{where} limit", f"a dose is not in “{limit.unit}”")
        for statement in agent.statements:
            if statement.value is not None and not statement.unit:
                yield Fault(f"{where} {statement.topic}", "a bare number: the unit is missing")
            if statement.low is not None and statement.high is not None and statement.low > statement.high:
                yield Fault(f"{where} {statement.topic}", "low is above high")
        for reaction in agent.adverse_reactions:
            if not 0 <= reaction.percent_low <= reaction.percent_high <= 100:
                yield Fault(f"{where} {reaction.name}", "the percentages are not in order")
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
        yield from _prose(
            where,
            [s.text for s in agent.statements] + [d.text for d in agent.dosing] + [i.text for i in agent.indications],
        )
    owners: dict[tuple[str, str], str] = {}
    for agent in knowledge.agents.values():
        for route in agent.routes:
            if (other := owners.setdefault((agent.ingredient, route), agent.agent)) != agent.agent:
                yield Fault(f"agents {agent.agent}", f"{other} already has the route {route}")


def _prose(where: str, texts: Iterable[str]) -> Iterator[Fault]:
    for text in texts:
        if match := _TRAILING_ZERO.search(text):
            yield Fault(where, f"“{match.group()}”: write doses with a leading zero and no trailing zeros")
        if re.search(r"(?<![A-Za-z])(?:mcg|µg|ug)(?![A-Za-z])", text):
            yield Fault(where, f"write micrograms out: “{text[:50]}”")


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
        yield from _prose(where, (known.used_for, known.benefit, known.harm))


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
        yield from _prose(where, (claim.holds,))


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
    for condition in knowledge.conditions.values():
        for implied in condition.implies:
            if implied not in knowledge.conditions:
                yield Fault(f"conditions {condition.condition}", f"there is no condition “{implied}”")
        for code in condition.icd10cm:
            if not _ICD.fullmatch(code):
                yield Fault(f"conditions {condition.condition}", f"“{code}” is not an ICD-10-CM code")


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


# ---------------------------------------------------------------- rules


def _texts(rule: Rule) -> Iterator[tuple[str, str]]:
    for name in ("summary", "action"):
        for holder, where in ((rule, name), *((m, f"modifier {i} {name}") for i, m in enumerate(rule.modifiers))):
            text = getattr(holder, name)
            if isinstance(text, str):
                yield where, text
            elif text:
                yield from ((f"{where}.{situation}", words) for situation, words in text.items())
    yield "consequence", rule.consequence
    yield "mechanism", rule.mechanism
    yield from (("alternatives", a) for a in rule.alternatives)


def _rule(rule: Rule, knowledge: Knowledge) -> Iterator[Fault]:
    where = f"rules {rule.rule}"
    agents: list[Agent] = []
    for name in rule.agents:
        if name == "every agent":
            agents = list(knowledge.agents.values())
        elif name in knowledge.agents:
            agents.append(knowledge.agents[name])
        else:
            yield Fault(where, f"there is no agent “{name}”")
    for role in rule.partner.roles if rule.partner else ():
        if role not in knowledge.roles:
            yield Fault(where, f"there is no role “{role}”")
    for name in (*rule.partner.ingredients, *rule.partner.but_not) if rule.partner else ():
        if lookup_name(name) is None:
            yield Fault(where, f"the dictionary does not know “{name}”")
    for node in [rule.when, *(m.when for m in rule.modifiers)]:
        if node is None:
            continue
        yield from _names(node, where, knowledge)
        for agent in agents[:1]:
            try:
                read_predicate(node, agent.agent, f"{where}.when")
            except KnowledgeError as error:
                yield Fault(where, f"predicate: {error}")
    yield from _rule_words(rule, where, agents)
    if rule.tier in ("DANGER", "CHANGE"):
        if not rule.verified:
            yield Fault(where, f"not verified, so it may not be {rule.tier}")
        if all(knowledge.sources[s.source].seen == "not seen" for s in rule.sources if s.source in knowledge.sources):
            yield Fault(where, f"nobody has seen its sources, so it may not be {rule.tier}")
    seen = [knowledge.sources[s.source].seen != "not seen" for s in rule.sources if s.source in knowledge.sources]
    if rule.verified and rule.sources and not any(seen):
        yield Fault(where, "nobody has seen its sources: it is verified: false")
    if not rule.sources:
        yield Fault(where, "a rule has a source")
    for outcome in ("fires", "silent", "could not check"):
        if not any(case.expect == outcome for case in rule.cases):
            yield Fault(where, f"no case that is “{outcome}”")


def _rule_words(rule: Rule, where: str, agents: list[Agent]) -> Iterator[Fault]:
    for place, text in _texts(rule):
        for slot in slots(text):
            if slot == "partners" and rule.partner is None:
                yield Fault(f"{where} {place}", "it names {partners} and the rule has none")
            if slot not in TEXT_SLOTS and column_of_slot(slot, agents[0].agent if agents else "") is None:
                yield Fault(f"{where} {place}", f"there is no slot {{{slot}}}")
    yield from _prose(where, [text for _, text in _texts(rule)])
    for name in ("summary", "action"):
        text = getattr(rule, name)
        if isinstance(text, dict):
            missing: list[Situation] = [s for s in rule.on if s not in text]
            if missing:
                yield Fault(f"{where} {name}", f"nothing is said for {', '.join(missing)}")
    if rule.tier in ("DANGER", "CHANGE") and "taking" in rule.on:
        action = rule.action if isinstance(rule.action, str) else rule.action.get("taking", "")
        if re.fullmatch(r"\s*(?:stop|discontinue)\b[^,.;]*\.?\s*", action, re.I):
            yield Fault(f"{where} action", "someone takes it already: say how to leave it safely")


def _names(node: Any, where: str, knowledge: Knowledge) -> Iterator[Fault]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("condition", "since") and value not in knowledge.conditions:
                yield Fault(where, f"there is no condition “{value}”")
            elif (
                key == "allergy"
                and value not in knowledge.allergens
                and value not in {a.ingredient for a in knowledge.agents.values()}
            ):
                yield Fault(where, f"there is no allergen “{value}”")
            elif key == "genotype" and (value, node.get("is")) not in {
                (p.gene, p.phenotype) for p in knowledge.pathways.phenotypes
            }:
                yield Fault(where, f"there is no status “{value} {node.get('is')}” in the pathways")
            elif key == "role" and value not in knowledge.roles:
                yield Fault(where, f"there is no role “{value}”")
            elif key == "takes" and lookup_name(str(value)) is None:
                yield Fault(where, f"the dictionary does not know “{value}”")
            else:
                yield from _names(value, where, knowledge)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _names(item, where, knowledge)
