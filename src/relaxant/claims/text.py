"""The marked statements of an article for a terminal."""

from __future__ import annotations

from relaxant.claims.check import ClaimsReport, Marked
from relaxant.formulary.agent_page import source_line
from relaxant.knowledge.load import Knowledge
from relaxant.report.columns import wrapped

WIDTH = 80


def report_text(report: ClaimsReport, knowledge: Knowledge) -> str:
    """Every judged statement with what is so and where that stands; at the end how much could be judged at all."""
    words = knowledge.words("claims")
    out: list[str] = []
    judged = [m for m in report.marked if m.verdict != "cannot judge"]
    for one in judged:
        out += ["", *_marked(one, knowledge)]
    if not judged:
        out += ["", words["nothing"]]
    places = {(m.line, m.sentence) for m in judged}
    summary = words["summary"].format(
        marked=len(places), known=report.about_something_known, statements=report.statements
    )
    return "\n".join([*out[1:], "", *wrapped(summary, WIDTH)]) + "\n"


def _marked(one: Marked, knowledge: Knowledge) -> list[str]:
    words = knowledge.words("claims")
    verdict = str(words["verdicts"][one.verdict])
    flag = "" if one.verified else f" {words['not_verified']}"
    lines = wrapped(f"{words['line'].format(line=one.line)}: “{one.sentence}”", WIDTH)
    lines += _indented(f"{verdict}{flag}")
    if one.holds:
        lines += _indented(words["so"].format(holds=one.holds))
    for source in one.sources:
        lines += _indented(f"- {source_line(source, knowledge)}, {source.place}")
        if source.url:
            lines.append(f"    {source.url}")
    return lines


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in wrapped(text, WIDTH - 2)]
