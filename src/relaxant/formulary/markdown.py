"""The pages of the formulary as Markdown: one file an agent, one a rule, and an index with the coverage of every question."""

from __future__ import annotations

from typing import Any

from relaxant.formulary.agent_page import AgentPage, Line, Reference, agent_page, source_line
from relaxant.formulary.condition_page import ConditionPage, condition_page, conditions_spoken_of
from relaxant.formulary.rule_page import RulePage, rule_page
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.questions import JURISDICTIONS, QUESTIONS, answers, holds_in
from relaxant.knowledge.schema import SUITABILITIES

_MADE = "<!-- Made by `python tools/formulary.py` from the knowledge; edit that instead. -->"


def file_name(name: str) -> str:
    """The file of an agent or a rule: lower case, no spaces."""
    return f"{name.lower().replace(' ', '-')}.md"


def pages(knowledge: Knowledge) -> dict[str, str]:
    """Path below ``docs/formulary`` to text, for every agent and every rule, and the index."""
    words = knowledge.words("formulary")
    made = {"README.md": _index(knowledge, words)}
    for agent in knowledge.agents:
        made[f"agents/{file_name(agent)}"] = _agent(agent_page(knowledge, agent), knowledge, words)
    for rule in knowledge.rules:
        made[f"rules/{file_name(rule)}"] = _rule(rule_page(knowledge, rule), knowledge, words)
    for condition in conditions_spoken_of(knowledge):
        made[f"conditions/{file_name(condition)}"] = _condition(condition_page(knowledge, condition), knowledge, words)
    return made


def _index(knowledge: Knowledge, words: dict[str, Any]) -> str:
    rows = {(row.agent, row.jurisdiction): row for row in knowledge.coverage}
    out = [f"# {words['title']}", _MADE, words["lead"]]
    for family, title in words["families"].items():
        own = sorted((a for a in knowledge.agents.values() if a.family == family), key=lambda a: a.agent)
        table = [f"| {words['class']} | | {' | '.join(JURISDICTIONS)} |", f"|---|---|{'---|' * len(JURISDICTIONS)}"]
        for agent in own:
            cells = []
            for jurisdiction in JURISDICTIONS:
                row = rows.get((agent.agent, jurisdiction))
                answered = sum(any(holds_in(v, jurisdiction) for v in answers(agent, q)) for q in QUESTIONS)
                cells.append("–" if row is None or row.not_sold else f"{answered}/{len(QUESTIONS)}, {row.verified_on}")
            table.append(
                f"| [{agent.agent}](agents/{file_name(agent.agent)}) | {agent.drug_class} | {' | '.join(cells)} |"
            )
        out += [f"## {title}", "\n".join(table)]
    conditions = [
        f"- [{knowledge.conditions[c].title}](conditions/{file_name(c)})" for c in conditions_spoken_of(knowledge)
    ]
    out += [f"## {words['conditions']}", "\n".join(conditions)]
    rules = [
        f"- [{rule.title}](rules/{file_name(rule.rule)}) ({rule.tier})"
        for rule in sorted(knowledge.rules.values(), key=lambda r: r.rule)
    ]
    return "\n\n".join([*out, f"## {words['rules']}", "\n".join(rules)]) + "\n"


def _agent(page: AgentPage, knowledge: Knowledge, words: dict[str, Any]) -> str:
    facts = [
        f"- {words['class']}: {page.drug_class}",
        f"- {words['family']}: {words['families'][page.family]}",
        f"- {words['ingredient']}: {page.ingredient}",
        f"- {words['routes']}: {', '.join(page.routes)}",
    ]
    if page.names:
        facts.append(
            f"- {words['also_called']}: {', '.join(f'{name} ({where})' for where, name in page.names.items())}"
        )
    if codes := [*([f"RxNorm {page.rxcui}"] if page.rxcui else []), *(f"ATC {code}" for code in page.atc)]:
        facts.append(f"- {words['codes']}: {', '.join(codes)}")
    for row in page.checked:
        said = (
            words["not_sold"].format(why=row.not_sold)
            if row.not_sold
            else words["checked_on"].format(date=row.verified_on)
        )
        facts.append(f"- {row.jurisdiction}: {said}")
    sources: dict[str, Reference] = {}
    out = [f"# {page.agent}", _MADE, "\n".join(facts)]
    for section in page.sections:
        lines = [_line(line, words, sources) for line in section.lines]
        lines += [f"- {where}: {words['silent'].format(why=why)}" for where, why in section.silent]
        out += [f"## {section.title}", "\n".join(lines)]
    if page.rules:
        out += [
            f"## {words['rules']}",
            "\n".join(f"- [{r.title}](../rules/{file_name(r.rule)}) ({r.tier})" for r in page.rules),
        ]
    if page.models:
        out += [f"## {words['models']}", "\n".join(f"- `{model}`" for model in page.models)]
    return "\n\n".join([*out, *_sources(sources, words, knowledge)]) + "\n"


def _line(line: Line, words: dict[str, Any], sources: dict[str, Reference]) -> str:
    sources.setdefault(line.source.id, line.source)
    number = list(sources).index(line.source.id) + 1
    where = f"**{', '.join(line.jurisdictions)}** " if line.jurisdictions else ""
    flag = "" if line.verified else f" *({words['not_verified']})*"
    note = f" {words['note'].format(text=line.note)}" if line.note else ""
    return f"- {where}{line.text}{flag}{note} [{number}: {line.source.place}]"


def _condition(page: ConditionPage, knowledge: Knowledge, words: dict[str, Any]) -> str:
    report = knowledge.words("report")
    sources: dict[str, Reference] = {}

    def cited(source: Reference) -> str:
        sources.setdefault(source.id, source)
        return f"[{list(sources).index(source.id) + 1}: {source.place}]"

    facts = [f"- {words['also_called']}: {', '.join(page.names)}"] if page.names else []
    if codes := [*(f"ICD-10-CM {c}" for c in page.icd10cm), *(f"SNOMED CT {c}" for c in page.snomed)]:
        facts.append(f"- {words['codes']}: {', '.join(codes)}")
    out = [f"# {page.title}", _MADE, *(["\n".join(facts)] if facts else [])]
    for status in SUITABILITIES:
        own = [s for s in page.suited if s.status == status]
        if own:
            lines = []
            for one in own:
                where = f"**{', '.join(one.jurisdictions)}** " if one.jurisdictions else ""
                of = f" ({words['said_of'].format(condition=one.through)})" if one.through else ""
                flag = "" if one.verified else f" *({words['not_verified']})*"
                evidence = report["evidence"][one.evidence]
                lines.append(
                    f"- {where}[{one.agent}](../agents/{file_name(one.agent)}){of}: {one.text} ({evidence}){flag} {cited(one.source)}"
                )
            out += [f"## {report['suits']['statuses'][status].capitalize()}", "\n".join(lines)]
    if page.together:
        suits = report["suits"]
        lines = []
        for pair in page.together:
            evidence = report["evidence"][pair.evidence] if pair.evidence else suits["nobody"]
            said = " ".join(
                f"{suits[name]}: {text}"
                for name, text in (("used_for", pair.used_for), ("benefit", pair.benefit), ("harm", pair.harm))
            )
            flag = "" if pair.verified else f" *({words['not_verified']})*"
            lines.append(
                f"- **{suits['and'].join(pair.parts)}** ({evidence}): {said}{flag} {' '.join(cited(s) for s in pair.sources)}"
            )
        out += [f"## {words['together']}", "\n".join(lines)]
    return "\n\n".join([*out, *_sources(sources, words, knowledge)]) + "\n"


def _sources(sources: dict[str, Reference], words: dict[str, Any], knowledge: Knowledge) -> list[str]:
    listed = [f"{i}. {_reference(source, knowledge)}" for i, source in enumerate(sources.values(), 1)]
    return [f"## {words['rule']['sources']}", "\n".join(listed)] if listed else []


def _reference(source: Reference, knowledge: Knowledge) -> str:
    return source_line(f"[{source.title}]({source.url})" if source.url else source.title, source, knowledge)


def _rule(page: RulePage, knowledge: Knowledge, words: dict[str, Any]) -> str:
    own = words["rule"]
    report = knowledge.words("report")
    situations = own["situation_words"]
    verified = report["verified"] if page.verified else report["not_verified"]
    agents = [own["every_agent"] if a == "every agent" else f"[{a}](../agents/{file_name(a)})" for a in page.agents]
    where = f" ({', '.join(page.jurisdictions)})" if page.jurisdictions else ""
    facts = [
        f"- {own['agents']}: {', '.join(agents)}{where}",
        f"- {own['situations']}: {', '.join(situations[s] for s in page.situations)}",
    ]
    facts += [f"- {own['partner']}: {page.partner}"] if page.partner else []
    facts += [f"- {own['when']}: {page.when or own['always']}"] if page.when or page.partner else []
    out = [
        f"# {page.title}",
        _MADE,
        own["lead"].format(tier=page.tier, evidence=report["evidence"][page.evidence], verified=verified),
        "\n".join(facts),
    ]
    for title, spoken in ((own["summary"], page.summary), (own["action"], page.action)):
        out += [
            f"## {title}",
            "\n".join(f"- {situations[s]}: {text}" if s else text for s, text in spoken),
        ]
    out += [f"## {own['consequence']}", page.consequence, f"## {own['mechanism']}", page.mechanism]
    if page.alternatives:
        out += [f"## {own['alternatives']}", "\n".join(f"- {a}" for a in page.alternatives)]
    if page.changes:
        out += [
            f"## {own['changes']}",
            "\n".join(
                f"- {own['change'].format(tier=c.tier or page.tier, why=c.why, when=c.when)}" for c in page.changes
            ),
        ]
    out += [
        f"## {own['sources']}",
        "\n".join(
            f"- {_reference(s.source, knowledge)}, {s.source.place}{f': {s.says}' if s.says else ''}"
            for s in page.sources
        ),
        f"## {own['cases']}",
        "\n".join(f"- {name}: {outcome}" for name, outcome in page.cases),
    ]
    return "\n\n".join(out) + "\n"
