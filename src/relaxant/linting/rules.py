"""What is wrong with a rule: names that are not known, predicates, slots, what it leaves unsaid, its sources and its cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from relaxant.errors import KnowledgeError, meant
from relaxant.facts.names import AGENT_FACTS, PERSON_FACTS
from relaxant.knowledge.agents import EVERY_AGENT, Agent
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.rules import Rule, Situation
from relaxant.linting.amounts import faults_of_amounts
from relaxant.linting.partners import faults_of_partner
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of, unknown
from relaxant.rules.predicate import read_predicate
from relaxant.rules.wording import TEXT_SLOTS, column_of_slot, slots


def _texts(rule: Rule) -> Iterator[tuple[str, str]]:
    for name in ("summary", "action"):
        for holder, where in ((rule, name), *((m, f"modifier {i} {name}") for i, m in enumerate(rule.modifiers))):
            text = getattr(holder, name)
            if isinstance(text, str):
                yield where, text
            elif text:
                yield from ((f"{where}.{situation}", words) for situation, words in text.items())
    for i, modifier in enumerate(rule.modifiers):
        yield f"modifier {i} why", modifier.why
        if modifier.consequence:
            yield f"modifier {i} consequence", modifier.consequence
    yield "consequence", rule.consequence
    yield "mechanism", rule.mechanism
    yield from (("alternatives", a.say) for a in rule.alternatives)


def _predicate(node: object, agent: str, where: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a predicate: each part of it by itself, and if all are sound the whole."""
    parts = [
        (part, f"{where}.{kind}[{i}]")
        for kind in ("all", "any")
        if isinstance(node, Mapping) and list(node) == [kind] and isinstance(node[kind], list)
        for i, part in enumerate(node[kind])
    ]
    faults = [fault for part, place in parts for fault in _predicate(part, agent, place)]
    yield from faults
    if not faults:
        try:
            read_predicate(node, agent, where)
        except KnowledgeError as error:
            place, _, what = str(error).partition(": ")
            yield place, what


def faults_of_rule(rule: Rule, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of a rule: where, and what."""
    where = f"rules {rule.rule}"
    agents: list[Agent] = []
    for name in rule.agents:
        if name == EVERY_AGENT:
            agents = list(knowledge.agents.values())
        elif name in knowledge.agents:
            agents.append(knowledge.agents[name])
        else:
            yield where, _absent("agent", name, knowledge.agents)
    for role in rule.partner.roles if rule.partner else ():
        if role not in knowledge.roles:
            yield where, _absent("role", role, knowledge.roles)
    if rule.partner:
        yield from ((where, fault) for fault in faults_of_partner(rule.partner, knowledge))
    nodes = [("when", rule.when), *((f"modifiers[{i}].when", m.when) for i, m in enumerate(rule.modifiers))]
    for place, node in nodes:
        if node is None:
            continue
        yield from _names(node, where, knowledge)
        somebody = agents[0] if agents else next(iter(knowledge.agents.values()))
        yield from dict.fromkeys(_predicate(node, somebody.agent, f"{where}.{place}"))
        yield from ((f"{where}.{place}", what) for what in faults_of_amounts(node, agents))
    yield from _rule_words(rule, where, agents)
    yield from _alternatives(rule, knowledge)
    if rule.evidence == "local" and where not in knowledge.local:
        yield f"{where}.evidence", "“local” is what a pack's own rule may say; write how good the proof is"
    seen = [knowledge.sources[s.source].seen != "not seen" for s in rule.sources if s.source in knowledge.sources]
    if rule.tier in ("DANGER", "CHANGE"):
        if not rule.verified:
            yield (
                where,
                f"not verified, so it may not be {rule.tier}; write `tier: WATCH` or NOTE, or see the source and take `verified: false` away",
            )
        if seen and not any(seen):
            yield (
                where,
                f"nobody has seen its sources, so it may not be {rule.tier}; write `tier: WATCH` or NOTE, or read them and say how under `seen:`",
            )
    elif rule.verified and seen and not any(seen):
        yield where, "nobody has seen its sources; write `verified: false`, or read them and say how under `seen:`"
    if not rule.sources:
        yield where, "a rule has a source; write `sources: [{source: ID, place: ...}]`"
    for outcome in ("fires", "silent", "could not check"):
        if not any(case.expect == outcome for case in rule.cases):
            yield (
                where,
                f"no case that is “{outcome}”; add one under `cases:`, `{{name: ..., expect: {outcome}, patient: {{...}}}}`",
            )


def _alternatives(rule: Rule, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is offered has to be among its agents: what is in its words alone is offered to those for whom it is a danger, too."""
    for at, one in enumerate(rule.alternatives):
        where = f"rules {rule.rule}.alternatives[{at}]"
        yield from ((where, _absent("agent", a, knowledge.agents)) for a in one.agents if a not in knowledge.agents)
        if one.agents:
            continue
        others = (a for a in knowledge.agents if a not in rule.agents)
        named = next((a for a in others if re.search(rf"\b{re.escape(a)}\b", one.say.casefold())), None)
        if named:
            yield where, f"“{one.say}” names {named}; write `agents: [{named}]` beside it"


def _absent(what: str, name: object, known: Iterable[str]) -> str:
    """That a name is not known, and which was likely meant or where the known ones stand."""
    would = meant(str(name), known) or f"write one of `{what}s:`, ours or this pack's"
    return f"there is no {what} “{name}”; {would}"


def _rule_words(rule: Rule, where: str, agents: list[Agent]) -> Iterator[tuple[str, str]]:
    for place, text in _texts(rule):
        for slot in slots(text):
            if slot == "partners" and rule.partner is None:
                yield (
                    f"{where} {place}",
                    "it names {partners} and the rule has none; write `partner:`, or take the slot out",
                )
            if slot not in TEXT_SLOTS and column_of_slot(slot, agents[0].agent if agents else "") is None:
                yield (
                    f"{where} {place}",
                    f"there is no slot {{{slot}}}; {meant(slot, [*TEXT_SLOTS, *PERSON_FACTS, *AGENT_FACTS]) or 'write one of {agent}, {partners} or a fact'}",
                )
    yield from ((where, what) for _, text in _texts(rule) for what in faults_of_prose(text))
    for name in ("summary", "action"):
        text = getattr(rule, name)
        if isinstance(text, dict):
            missing: list[Situation] = [s for s in rule.on if s not in text]
            if missing:
                yield (
                    f"{where} {name}",
                    f"nothing is said for {', '.join(missing)}; write `{missing[0]}: ...` under `{name}:`, or take it out of `on:`",
                )
    if rule.tier in ("DANGER", "CHANGE") and "taking" in rule.on:
        action = rule.action if isinstance(rule.action, str) else rule.action.get("taking", "")
        if re.fullmatch(r"\s*(?:stop|discontinue)\b[^,.;]*\.?\s*", action, re.I):
            yield (
                f"{where} action",
                f"“{action}”: someone takes it already; say under `taking:` how to leave it safely, such as by which steps or under whose eyes",
            )


def _names(node: Any, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if not isinstance(value, str):
                yield from _names(value, where, knowledge)
            elif key in ("condition", "since") and value not in knowledge.conditions:
                yield where, _absent("condition", value, knowledge.conditions)
            elif (
                key == "allergy"
                and value not in knowledge.allergens
                and value not in {a.ingredient for a in knowledge.agents.values()}
            ):
                yield where, _absent("allergen", value, knowledge.allergens)
            elif key == "genotype" and (value, node.get("is")) not in {
                (p.gene, p.phenotype) for p in knowledge.pathways.phenotypes
            }:
                yield where, f"there is no status “{value} {node.get('is')}” in the pathways"
            elif key in ("role", "taken_for") and value not in knowledge.roles:
                yield where, _absent("role", value, knowledge.roles)
            elif key in ("given", "stopped") and value not in knowledge.agents:
                yield where, _absent("agent", value, knowledge.agents)
            elif key == "takes" and lookup_name(str(value), dictionary_of(knowledge)) is None:
                yield where, unknown(str(value), dictionary_of(knowledge))
            else:
                yield from _names(value, where, knowledge)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _names(item, where, knowledge)
