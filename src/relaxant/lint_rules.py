"""What is wrong with a rule: names that are not known, predicates, slots, what it leaves unsaid, its sources and its cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from relaxant.errors import KnowledgeError
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.schema import Agent, Rule, Situation
from relaxant.medicines.dictionary import lookup_name
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
    yield from (("alternatives", a) for a in rule.alternatives)


def faults_of_rule(rule: Rule, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of a rule: where, and what."""
    where = f"rules {rule.rule}"
    agents: list[Agent] = []
    for name in rule.agents:
        if name == "every agent":
            agents = list(knowledge.agents.values())
        elif name in knowledge.agents:
            agents.append(knowledge.agents[name])
        else:
            yield where, f"there is no agent “{name}”"
    for role in rule.partner.roles if rule.partner else ():
        if role not in knowledge.roles:
            yield where, f"there is no role “{role}”"
    for name in (*rule.partner.ingredients, *rule.partner.but_not) if rule.partner else ():
        if lookup_name(name) is None:
            yield where, f"the dictionary does not know “{name}”"
    for node in [rule.when, *(m.when for m in rule.modifiers)]:
        if node is None:
            continue
        yield from _names(node, where, knowledge)
        for agent in agents[:1]:
            try:
                read_predicate(node, agent.agent, f"{where}.when")
            except KnowledgeError as error:
                yield where, f"predicate: {error}"
    yield from _rule_words(rule, where, agents)
    if rule.tier in ("DANGER", "CHANGE"):
        if not rule.verified:
            yield where, f"not verified, so it may not be {rule.tier}"
        if all(knowledge.sources[s.source].seen == "not seen" for s in rule.sources if s.source in knowledge.sources):
            yield where, f"nobody has seen its sources, so it may not be {rule.tier}"
    seen = [knowledge.sources[s.source].seen != "not seen" for s in rule.sources if s.source in knowledge.sources]
    if rule.verified and rule.sources and not any(seen):
        yield where, "nobody has seen its sources: it is verified: false"
    if not rule.sources:
        yield where, "a rule has a source"
    for outcome in ("fires", "silent", "could not check"):
        if not any(case.expect == outcome for case in rule.cases):
            yield where, f"no case that is “{outcome}”"


def _rule_words(rule: Rule, where: str, agents: list[Agent]) -> Iterator[tuple[str, str]]:
    for place, text in _texts(rule):
        for slot in slots(text):
            if slot == "partners" and rule.partner is None:
                yield f"{where} {place}", "it names {partners} and the rule has none"
            if slot not in TEXT_SLOTS and column_of_slot(slot, agents[0].agent if agents else "") is None:
                yield f"{where} {place}", f"there is no slot {{{slot}}}"
    yield from ((where, what) for _, text in _texts(rule) for what in faults_of_prose(text))
    for name in ("summary", "action"):
        text = getattr(rule, name)
        if isinstance(text, dict):
            missing: list[Situation] = [s for s in rule.on if s not in text]
            if missing:
                yield f"{where} {name}", f"nothing is said for {', '.join(missing)}"
    if rule.tier in ("DANGER", "CHANGE") and "taking" in rule.on:
        action = rule.action if isinstance(rule.action, str) else rule.action.get("taking", "")
        if re.fullmatch(r"\s*(?:stop|discontinue)\b[^,.;]*\.?\s*", action, re.I):
            yield f"{where} action", "someone takes it already: say how to leave it safely"


def _names(node: Any, where: str, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("condition", "since") and value not in knowledge.conditions:
                yield where, f"there is no condition “{value}”"
            elif (
                key == "allergy"
                and value not in knowledge.allergens
                and value not in {a.ingredient for a in knowledge.agents.values()}
            ):
                yield where, f"there is no allergen “{value}”"
            elif key == "genotype" and (value, node.get("is")) not in {
                (p.gene, p.phenotype) for p in knowledge.pathways.phenotypes
            }:
                yield where, f"there is no status “{value} {node.get('is')}” in the pathways"
            elif key in ("role", "taken_for") and value not in knowledge.roles:
                yield where, f"there is no role “{value}”"
            elif key in ("given", "stopped") and value not in knowledge.agents:
                yield where, f"there is no agent “{value}”"
            elif key == "takes" and lookup_name(str(value)) is None:
                yield where, f"the dictionary does not know “{value}”"
            else:
                yield from _names(value, where, knowledge)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _names(item, where, knowledge)
