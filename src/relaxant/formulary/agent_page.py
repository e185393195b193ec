"""One relaxant as a page: every question a reader asks, what answers it under which label, and where nothing does."""

from __future__ import annotations

import msgspec

from relaxant.facts.value_words import value_text
from relaxant.knowledge.agents import Agent
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.questions import SECTIONS, answers
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import TIERS, Cited, Jurisdiction, Tier


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A source at a place: enough to open and check it. ``seen`` says how much of the source itself was read."""

    id: str
    title: str
    place: str
    date: str | None
    seen_on: str | None
    url: str | None
    seen: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One value in words, the labels it holds under (none: all), its source, and whether somebody has seen it there."""

    text: str
    jurisdictions: tuple[Jurisdiction, ...]
    verified: bool
    note: str | None
    source: Reference


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its answers; ``silent`` gives, for each jurisdiction without one, the reason."""

    question: str
    title: str
    lines: tuple[Line, ...]
    silent: tuple[tuple[Jurisdiction, str], ...]


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is tested for the agent."""

    rule: str
    title: str
    tier: Tier
    verified: bool
    jurisdictions: tuple[Jurisdiction, ...]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """When the agent's values were last held against the labels of a jurisdiction, or why there is no label."""

    jurisdiction: Jurisdiction
    verified_on: str
    not_sold: str | None


class AgentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A relaxant with everything known of it."""

    agent: str
    names: dict[str, str]
    ingredient: str
    drug_class: str
    family: str
    routes: tuple[str, ...]
    rxcui: str | None
    atc: tuple[str, ...]
    sections: tuple[Section, ...]
    rules: tuple[RuleLine, ...]
    models: tuple[str, ...]
    checked: tuple[Checked, ...]


def agent_page(knowledge: Knowledge, name: str, jurisdiction: Jurisdiction | None = None) -> AgentPage:
    """The page of an agent, of every jurisdiction or of one. Raises :class:`KeyError` for a name that is no agent."""
    agent = knowledge.agents[name]
    words = knowledge.words("formulary")
    wanted = (jurisdiction,) if jurisdiction else JURISDICTIONS
    rows = {row.jurisdiction: row for row in knowledge.coverage if row.agent == name}
    sections = []
    for question in SECTIONS:
        values = [v for v in answers(agent, question) if any(holds_in(v, j) for j in wanted)]
        silent = tuple(
            (j, row.silent[question]) for j in wanted if (row := rows.get(j)) is not None and question in row.silent
        )
        if values or silent:
            lines = tuple(_line(v, knowledge) for v in values)
            sections.append(Section(question=question, title=words["questions"][question], lines=lines, silent=silent))
    return AgentPage(
        agent=agent.agent,
        names={where: name for where, name in agent.names.items() if name != agent.agent},
        ingredient=agent.ingredient,
        drug_class=agent.drug_class,
        family=agent.family,
        routes=agent.routes,
        rxcui=agent.rxcui,
        atc=agent.atc,
        sections=tuple(sections),
        rules=tuple(_rule_line(r) for r in rules_of(knowledge, agent) if any(holds_in(r, j) for j in wanted)),
        models=tuple(sorted(m.model for m in knowledge.models.values() if m.ingredient == agent.ingredient)),
        checked=tuple(
            Checked(jurisdiction=j, verified_on=row.verified_on, not_sold=row.not_sold)
            for j in wanted
            if (row := rows.get(j)) is not None
        ),
    )


def rules_of(knowledge: Knowledge, agent: Agent) -> list[Rule]:
    """The rules that name the agent, the gravest first; those of every agent are left out."""
    own = [r for r in knowledge.rules.values() if agent.agent in r.agents]
    return sorted(own, key=lambda r: (TIERS.index(r.tier), r.rule))


def reference(knowledge: Knowledge, source: str, place: str) -> Reference:
    """A source at a place, to open and check."""
    known = knowledge.sources[source]
    return Reference(
        id=source,
        title=known.title,
        place=place,
        date=known.date,
        seen_on=known.seen_on,
        url=known.address,
        seen=known.seen,
    )


def source_line(source: Reference, knowledge: Knowledge) -> str:
    """A source's title with its date and, where it is not the text itself, how much of it was seen."""
    return f"{source.title}{seen_words(source, knowledge)}"


def seen_words(source: Reference, knowledge: Knowledge) -> str:
    """What stands behind a source's title: its date or the day it was read, and how much of it was seen."""
    words = knowledge.words("formulary")
    dated = words["dated" if source.date else "read_on"].format(title="", date=source.date or source.seen_on)
    seen = knowledge.words("report")["sources"]["seen"][source.seen]
    return str(words["seen"]).format(source=dated, seen=seen) if seen else str(dated)


def _rule_line(rule: Rule) -> RuleLine:
    return RuleLine(
        rule=rule.rule, title=rule.title, tier=rule.tier, verified=rule.verified, jurisdictions=rule.jurisdiction
    )


def _line(value: Cited, knowledge: Knowledge) -> Line:
    return Line(
        text=value_text(value, knowledge),
        jurisdictions=value.jurisdiction,
        verified=value.verified,
        note=value.note,
        source=reference(knowledge, value.source, value.place),
    )
