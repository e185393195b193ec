"""Why a finding stands: the facts that made its rules fire, the sources of these, and the measured effect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.limits import LIMITED, Ceiling, plain_kind
from relaxant.facts.names import PERSON_FACTS
from relaxant.facts.suitability import SPEAKING, said_as, speaking
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.phenotypes import status_text
from relaxant.knowledge.rules import Modifier, Rule
from relaxant.knowledge.schema import SourceRef, Tier
from relaxant.quantities import plain_number
from relaxant.rules.evaluate import Test
from relaxant.rules.predicate import Leaf
from relaxant.rules.wording import fact_text, listed, shown_agent_name, shown_name

_RISES = {"dose_drop": -1.0, "dose_rise": 1.0}  # facts that are a change of the daily dose, with the sign of a rise


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that made a rule fire, with its value."""

    fact: str
    value: str


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """A source at a place."""

    id: str
    title: str
    place: str
    url: str | None
    says: str | None = None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """A measured change of exposure."""

    auc_ratio: float
    low: float | None
    high: float | None


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that fired for one agent, with the modifier that holds, the partners found and the leaves that made it fire."""

    test: Test
    tier: Tier
    modifier: Modifier | None
    partners: tuple[str, ...]
    leaves: tuple[Leaf, ...]


def is_weighed(ingredient: str, facts: Facts, row: int) -> bool:
    """Whether a medicine is weighed and not yet taken."""
    weighed = facts.inputs.weighed.get(ingredient)
    return weighed is not None and weighed[row] == 1


def effect_of(agent: str, partners: Sequence[str], knowledge: Knowledge) -> Effect | None:
    """The largest measured change of the agent's exposure by one of the partners."""
    rows = [e for e in knowledge.exposures_of(agent) if e.partner in partners and e.verified]
    found = [e for e in rows if e.auc_ratio != 1]
    if not found:
        return None
    largest = max(found, key=lambda e: abs(e.auc_ratio - 1))
    return Effect(auc_ratio=largest.auc_ratio, low=largest.auc_low, high=largest.auc_high)


def _title(leaf: Leaf, agent: str, facts: Facts) -> str | None:
    """What a leaf asks, as a reader names it; ``None`` for situation and partners, which are said elsewhere."""
    head, _, rest = leaf.column.partition(":")
    if head == "condition":
        return facts.knowledge.conditions[rest].title
    if head == "since":
        return str(facts.knowledge.words("values")["days_since"]).format(what=facts.knowledge.conditions[rest].title)
    if head == "genotype":
        gene, _, status = rest.partition(":")
        words = facts.knowledge.words("values")["genotype_status"]
        return status_text(gene, status, facts.knowledge.pathways, words)
    if head == "allergy":
        return str(facts.knowledge.words("values")["allergy_to"]).format(what=rest.replace("_", " "))
    titles = facts.knowledge.words("facts")
    if head in facts.knowledge.agents and head != agent and rest == "stopped_days":
        return str(facts.knowledge.words("values")["days_since_stop"]).format(what=shown_agent_name(head, facts))
    name = rest if head in facts.knowledge.agents else leaf.column
    return str(titles[name]) if name in titles else None


def because_of(group: Sequence[Fired], facts: Facts, row: int) -> tuple[Because, ...]:
    """The facts that made the rules of one cause fire, each once."""
    words = facts.knowledge.words("values")
    out: list[tuple[str, str]] = []
    for fired in group:
        agent = fired.test.agent
        for leaf in fired.leaves:
            title = _title(leaf, agent, facts)
            if leaf.below and facts.column(leaf.column).truth:
                continue  # that something is absent is no reason a reader needs
            if statuses := _suitability(leaf):
                for known in speaking(facts, agent, row, statuses):
                    out.append((listed(said_as(facts, known.condition, row), words), known.text.removesuffix(".")))
            elif _is_event(leaf, facts):
                out += _when(leaf, facts, row)
            elif (other := _given(leaf, agent)) is not None:
                out.append((str(words["takes"]), shown_agent_name(other, facts)))
            elif title is not None:
                out.append(_change(leaf, facts, row) or (title, fact_text(facts.column(leaf.column), row, words)))
            elif ":over_limit:" in leaf.column:
                kind = leaf.column.rpartition(":")[2]
                tested = LIMITED[plain_kind(kind)]
                column = tested if tested in PERSON_FACTS else f"{agent}:{tested}"
                out.append((str(facts.knowledge.words("facts")[tested]), fact_text(facts.column(column), row, words)))
                limit = str(words["limit"]).format(kind=plain_kind(kind).replace("_", " "))
                out.append((limit, fact_text(facts.column(f"{agent}:limit:{kind}"), row, words)))
    partners = dict.fromkeys(p for fired in group for p in fired.partners)
    for word, weighed in (("takes", False), ("weighed", True)):
        names = [shown_name(p, facts) for p in partners if is_weighed(p, facts, row) == weighed]
        if names:
            out.append((str(words[word]), ", ".join(dict.fromkeys(names))))
    return tuple(Because(fact=f, value=v) for f, v in dict.fromkeys(out))


def _change(leaf: Leaf, facts: Facts, row: int) -> tuple[str, str] | None:
    """A change of dose with which way it goes and by how much, where that is certain."""
    rises = _RISES.get(leaf.column.rpartition(":")[2])
    low, high = facts.column(leaf.column).bounds(row)
    if rises is None or low != high:
        return None
    words, rise = facts.knowledge.words("values"), high * rises
    said = "dose_raised" if rise > 0 else "dose_lowered" if rise < 0 else "dose_same"
    return str(words["dose_change"]), str(words[said]).format(percent=plain_number(abs(rise) * 100, 3))


def _given(leaf: Leaf, agent: str) -> str | None:
    """Another agent that a leaf asks to be taken; ``None`` for every other leaf."""
    head, _, rest = leaf.column.partition(":")
    return head if rest == "on:taking" and head != agent else None


def _is_event(leaf: Leaf, facts: Facts) -> bool:
    """Whether a leaf asks how long ago an event was."""
    head, _, rest = leaf.column.partition(":")
    return head == "since" and facts.knowledge.conditions[rest].event


def _when(leaf: Leaf, facts: Facts, row: int) -> list[tuple[str, str]]:
    """How many days ago an event was, or how many there are until it; nothing for one of today or without a day."""
    words, days = facts.knowledge.words("values"), facts.column(leaf.column).low.item(row)
    if not math.isfinite(days) or days == 0:
        return []
    title = facts.knowledge.conditions[leaf.column.partition(":")[2]].title
    said = str(words["a_day"]) if abs(days) == 1 else str(words["in_days"]).format(count=plain_number(abs(days)))
    return [(str(words["days_until" if days < 0 else "days_after"]).format(what=title), said)]


def _suitability(leaf: Leaf) -> tuple[str, ...] | None:
    """The statuses that a leaf on suitability speaks of; ``None`` for every other leaf."""
    return SPEAKING.get(leaf.column.rpartition(":")[2])


def sources_of(group: Sequence[Fired], facts: Facts, row: int, partners: Sequence[str]) -> tuple[Cited, ...]:
    """Where that stands: the sources of the limits, indications, rules and verified changes of exposure behind one cause."""
    knowledge = facts.knowledge
    refs: dict[tuple[str, str], str | None] = {}
    for fired in group:
        for leaf in fired.leaves:
            if statuses := _suitability(leaf):
                for known in speaking(facts, fired.test.agent, row, statuses):
                    refs.setdefault((known.source, known.place), known.text)
            if ":over_limit:" in leaf.column:
                for ceiling in ceilings_of(leaf, fired.test.agent, facts, row):
                    refs.setdefault((ceiling.limit.source, ceiling.limit.place), None)
        for ref in own_sources(fired.test.rule, fired.test.agent, knowledge):
            refs.setdefault((ref.source, ref.place), ref.says)
        for exposure in knowledge.exposures_of(fired.test.agent):
            if exposure.partner in partners and exposure.verified:
                refs.setdefault((exposure.source, exposure.place), None)
    return tuple(cited(knowledge, source, place, says) for (source, place), says in refs.items())


def ceilings_of(leaf: Leaf, agent: str, facts: Facts, row: int) -> Iterator[Ceiling]:
    """The limits that a leaf on a limit of the agent held an order against: those of this person's age and routes; none for *not over the limit*."""
    for ceiling in () if leaf.below else facts.ceilings(agent, leaf.column.rpartition(":")[2]):
        of_age = ceiling.for_all or facts.of_age(ceiling.age_from, ceiling.age_to, row)[1]
        if of_age and (not ceiling.of or facts.agent_number(agent, f"given{ceiling.of}")[row] != 0):
            yield ceiling


def own_sources(rule: Rule, agent: str, knowledge: Knowledge) -> Sequence[SourceRef]:
    """The sources of a rule for many agents that speak of this one: labels of its other agents are left out, unless nothing is left."""
    if len(rule.agents) == 1:
        return rule.sources
    own, all_of_them = knowledge.agents[agent].ingredient, {knowledge.agents[a].ingredient for a in rule.agents}
    owners = _owners(knowledge)
    mine = [ref for ref in rule.sources if own in (of := owners.get(ref.source, set())) or not of & all_of_them]
    return mine or rule.sources


_OWNERS: dict[str, dict[str, set[str]]] = {}


def _owners(knowledge: Knowledge) -> dict[str, set[str]]:
    """The ingredients that each label speaks of: those of the agents that cite it."""
    owners = _OWNERS.get(knowledge.sha256)
    if owners is None:
        owners = _OWNERS[knowledge.sha256] = {}
        for known in knowledge.agents.values():
            values = (
                *known.products,
                *known.indications,
                *known.dosing,
                *known.limits,
                *known.statements,
                *known.monitoring,
                *known.adverse_reactions,
                *known.listed_reactions,
            )
            for value in values:
                if knowledge.sources[value.source].kind == "label":
                    owners.setdefault(value.source, set()).add(known.ingredient)
    return owners


def decided_here(source: str, knowledge: Knowledge) -> bool:
    """Whether a source is a decision that a pack brings, and no label or study that it adds."""
    return f"sources {source}" in knowledge.local and knowledge.sources[source].kind == "policy"


def cited(knowledge: Knowledge, source: str, place: str, says: str | None = None) -> Cited:
    """A source at a place, with its title and address."""
    known = knowledge.sources[source]
    own = decided_here(source, knowledge) and known.publisher is not None and known.publisher not in known.title
    title = f"{known.title}, {known.publisher}" if own else known.title
    return Cited(id=source, title=title, place=place, url=known.address, says=says)
