"""One rule as a page: when it is tested, what follows, what changes it, its sources and its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from relaxant.formulary.agent_page import Reference, reference
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.phenotypes import status_text
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import Tier
from relaxant.quantities import plain_number
from relaxant.rules.wording import SUITABILITY_SLOTS, capital, slots


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A source and what stands there, in our words."""

    source: Reference
    says: str | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What about a person changes the tier or the advice."""

    when: str
    why: str
    tier: Tier | None


class RulePage(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with everything that decides and everything that it says."""

    rule: str
    title: str
    agents: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    situations: tuple[str, ...]
    partner: str | None
    when: str | None
    tier: Tier
    verified: bool
    evidence: str
    summary: tuple[tuple[str, str], ...]
    action: tuple[tuple[str, str], ...]
    consequence: str
    mechanism: str
    alternatives: tuple[str, ...]
    changes: tuple[Change, ...]
    sources: tuple[Said, ...]
    cases: tuple[tuple[str, str], ...]


def rule_page(knowledge: Knowledge, name: str) -> RulePage:
    """The page of a rule. Raises :class:`KeyError` for a name that is no rule."""
    rule = knowledge.rules[name]
    words = knowledge.words("formulary")["when"]

    def said(text: str) -> str:
        return _slotted(text, rule, knowledge)

    return RulePage(
        rule=rule.rule,
        title=rule.title,
        agents=rule.agents,
        jurisdictions=rule.jurisdiction,
        situations=rule.on,
        partner=_partner(rule, knowledge, words),
        when=in_words(rule.when, knowledge) if rule.when else None,
        tier=rule.tier,
        verified=rule.verified,
        evidence=rule.evidence,
        summary=_spoken(rule.summary, said),
        action=_spoken(rule.action, said),
        consequence=said(rule.consequence),
        mechanism=said(rule.mechanism),
        alternatives=tuple(said(a.say) for a in rule.alternatives),
        changes=tuple(Change(when=in_words(m.when, knowledge), why=said(m.why), tier=m.tier) for m in rule.modifiers),
        sources=tuple(Said(source=reference(knowledge, s.source, s.place), says=s.says) for s in rule.sources),
        cases=tuple((case.name, case.expect) for case in rule.cases),
    )


def in_words(node: Mapping[str, Any], knowledge: Knowledge) -> str:
    """A predicate as a sentence part: ``age at least 65 years and (epilepsy or seizures)``."""
    words = knowledge.words("formulary")["when"]
    titles = knowledge.words("facts")
    if "all" in node or "any" in node:
        key = "all" if "all" in node else "any"
        parts = [in_words(part, knowledge) for part in node[key]]
        joined = str(words[key]).join(parts)
        return joined if len(parts) == 1 else f"({joined})"
    if "not" in node:
        return str(words["not"]).format(what=in_words(node["not"], knowledge))
    if "condition" in node:
        return knowledge.conditions[node["condition"]].title
    if "since" in node:
        began = words["since"].format(what=knowledge.conditions[node["since"]].title)
        return _compared(began, node, words)
    if "genotype" in node:
        said = knowledge.words("values")["genotype_status"]
        return status_text(node["genotype"], node["is"], knowledge.pathways, said)
    if "allergy" in node:
        return str(knowledge.words("values")["allergy_to"]).format(what=str(node["allergy"]).replace("_", " "))
    if "given" in node:
        return str(words["given"]).format(what=node["given"])
    if "stopped" in node:
        return _compared(words["stopped"].format(what=node["stopped"]), node, words)
    if "takes" in node:
        return str(words["takes"]).format(what=node["takes"])
    if "taken_for" in node:
        return _compared(words["taken_for"].format(what=knowledge.roles[node["taken_for"]].plural), node, words)
    if "role" in node:
        return _compared(words["takes"].format(what=knowledge.roles[node["role"]].plural), node, words)
    if "over_limit" in node:
        return str(words["over"]).format(kind=str(node["over_limit"]).replace("_", " "))
    return _compared(str(titles[node["fact"]]), node, words)


def _compared(name: str, node: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    parts = [
        str(words[word]).format(value=plain_number(float(node[word])), unit=node.get("unit", "")).rstrip()
        for word in ("below", "at_most", "above", "at_least")
        if word in node
    ]
    return f"{name} {str(words['all']).join(parts)}" if parts else name


def _partner(rule: Rule, knowledge: Knowledge, words: Mapping[str, Any]) -> str | None:
    if rule.partner is None:
        return None
    names = [*(knowledge.roles[r].plural for r in rule.partner.roles), *rule.partner.ingredients]
    said = ", ".join(names)
    return (
        str(words["but_not"]).format(what=said, but=", ".join(rule.partner.but_not)) if rule.partner.but_not else said
    )


def _spoken(text: Any, said: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    return (("", said(text)),) if isinstance(text, str) else tuple((where, said(each)) for where, each in text.items())


def _slotted(text: str, rule: Rule, knowledge: Knowledge) -> str:
    """A sentence whose slots a person would fill: the relaxant and the partner by name where the rule has one, what is measured in brackets."""
    if not slots(text):
        return text
    words, titles = knowledge.words("formulary")["slots"], knowledge.words("facts")
    names = rule.partner.ingredients if rule.partner and not rule.partner.roles else ()
    known = {
        "agent": rule.agents[0] if len(rule.agents) == 1 and rule.agents[0] in knowledge.agents else words["agent"],
        "partners": names[0] if len(names) == 1 else words["partner"],
    }
    for slot in slots(text):
        kind = "limit" if slot.startswith("limit_") else "conditions" if slot in SUITABILITY_SLOTS else "fact"
        known.setdefault(slot, words[kind].format(title=titles.get(slot, "")))
    return capital(text.format_map(known))
