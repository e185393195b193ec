"""The formulary for a terminal: the list of relaxants, and the page of one."""

from __future__ import annotations

from typing import Any

from relaxant.formulary.agent_page import AgentPage, Line, Reference, source_line
from relaxant.formulary.condition_page import ConditionPage
from relaxant.knowledge.load import Knowledge
from relaxant.report.columns import wrapped

WIDTH = 80
_INDENT = 2


def listed(knowledge: Knowledge) -> str:
    """Every relaxant under its family: name, class, and the labels it has."""
    words = knowledge.words("formulary")
    sold: dict[str, list[str]] = {}
    for row in knowledge.coverage:
        if not row.not_sold:
            sold.setdefault(row.agent, []).append(row.jurisdiction)
    lines: list[str] = []
    for family, title in words["families"].items():
        lines += ["", title, "─" * WIDTH]
        for agent in sorted((a for a in knowledge.agents.values() if a.family == family), key=lambda a: a.agent):
            where = ", ".join(sold.get(agent.agent, []))
            others = sorted(set(agent.names.values()) - {agent.agent})
            names = f" ({', '.join(others)})" if others else ""
            lines += _put(f"{agent.agent}{names}: {agent.drug_class}{f' [{where}]' if where else ''}")
    return "\n".join(lines[1:]) + "\n"


def page_text(page: AgentPage, knowledge: Knowledge) -> str:
    """One relaxant: what it is, every question with its answers and their sources, its rules."""
    words = knowledge.words("formulary")
    sources: dict[str, Reference] = {}
    lines = _put(f"{page.agent}: {page.drug_class}")
    facts = [(words["family"], words["families"][page.family]), (words["routes"], ", ".join(page.routes))]
    if page.names:
        facts.append((words["also_called"], ", ".join(f"{n} ({where})" for where, n in page.names.items())))
    for row in page.checked:
        said = (
            words["not_sold"].format(why=row.not_sold)
            if row.not_sold
            else words["checked_on"].format(date=row.verified_on)
        )
        facts.append((row.jurisdiction, said))
    lines += [line for name, text in facts for line in _put(f"{name}: {text}")]
    for section in page.sections:
        lines += ["", section.title, "─" * WIDTH]
        for line in section.lines:
            lines += _put(_line(line, words, sources))
        for where, why in section.silent:
            lines += _put(f"{where}: {words['silent'].format(why=why)}")
    lines += ["", words["rules"], "─" * WIDTH]
    for rule in page.rules:
        lines += _put(f"{rule.tier}  {rule.title} ({rule.rule})")
    if not page.rules:
        lines.append(words["no_rules"])
    return "\n".join([*lines, *_source_list(sources, words, knowledge)]) + "\n"


def _line(line: Line, words: dict[str, Any], sources: dict[str, Reference]) -> str:
    sources.setdefault(line.source.id, line.source)
    number = list(sources).index(line.source.id) + 1
    where = f"{', '.join(line.jurisdictions)}: " if line.jurisdictions else ""
    flag = "" if line.verified else f" ({words['not_verified']})"
    note = f" {words['note'].format(text=line.note)}" if line.note else ""
    return f"- {where}{line.text}{flag}{note} [{number}] {line.source.place}"


def _put(text: str) -> list[str]:
    first, *rest = wrapped(text, WIDTH - _INDENT)
    return [first, *(" " * _INDENT + line for line in rest)]


def condition_text(page: ConditionPage, knowledge: Knowledge) -> str:
    """What each relaxant is to one condition, the best supported first, and what is known of combinations."""
    words, report = knowledge.words("formulary"), knowledge.words("report")
    suits, sources = report["suits"], dict[str, Reference]()

    def cited(source: Reference) -> str:
        sources.setdefault(source.id, source)
        return f"[{list(sources).index(source.id) + 1}] {source.place}"

    lines = _put(page.title)
    status = ""
    for one in page.suited:
        if one.status != status:
            status = one.status
            lines += ["", suits["statuses"][status].capitalize(), "─" * WIDTH]
        where = f"{', '.join(one.jurisdictions)}: " if one.jurisdictions else ""
        of = f" ({words['said_of'].format(condition=one.through)})" if one.through else ""
        flag = "" if one.verified else f" ({words['not_verified']})"
        evidence = report["evidence"][one.evidence]
        lines += _put(f"- {where}{one.agent}{of}: {one.text} ({evidence}){flag} {cited(one.source)}")
    if page.together:
        lines += ["", words["together"], "─" * WIDTH]
    for pair in page.together:
        evidence = report["evidence"][pair.evidence] if pair.evidence else suits["nobody"]
        said = " ".join(
            f"{suits[name]}: {text}"
            for name, text in (("used_for", pair.used_for), ("benefit", pair.benefit), ("harm", pair.harm))
        )
        flag = "" if pair.verified else f" ({words['not_verified']})"
        marks = " ".join(cited(s) for s in pair.sources)
        lines += _put(f"- {suits['and'].join(pair.parts)} ({evidence}): {said}{flag} {marks}")
    return "\n".join([*lines, *_source_list(sources, words, knowledge)]) + "\n"


def _source_list(sources: dict[str, Reference], words: dict[str, Any], knowledge: Knowledge) -> list[str]:
    lines = ["", words["rule"]["sources"], "─" * WIDTH]
    for number, source in enumerate(sources.values(), 1):
        lines += _put(f"[{number}] {source_line(source, knowledge)}")
        if source.url:
            lines.append(" " * _INDENT + source.url)
    return lines
