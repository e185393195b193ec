"""The evidence as pages of Markdown: verdicts of every pair of treatments, outcomes with plots and numbers, every trial in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relaxant.evidence.compared_trials import Evidence, evidence
from relaxant.evidence.outcomes import PLACEBO
from relaxant.knowledge.load import Knowledge
from relaxant.report.citations import Citations, Mark
from relaxant.report.compare_evidence import Evidencing
from relaxant.report.forest import Forest, forest_text
from relaxant.report.plan_page import Bullets, Cell, Line, Saying, Table
from relaxant.rules.wording import capital

_WIDTH = 100
_SPECIAL = str.maketrans({"|": "\\|", "*": "\\*", "_": "\\_", "<": "&lt;"})

Block = Line | Bullets | Table | Forest


def pages(knowledge: Knowledge) -> dict[str, str]:
    """File name below ``docs/evidence`` to text."""
    agents = sorted({a.agent for t in knowledge.trials.values() for a in t.arms if a.agent in knowledge.agents})
    found = evidence(agents, knowledge)
    words = knowledge.words("evidence")["pages"]
    return {
        "README.md": _index(found, knowledge),
        "outcomes.md": _page(words["outcomes_title"], "outcomes", found, agents, knowledge),
        "trials.md": _page(words["trials_title"], "trials", found, agents, knowledge),
    }


def _index(found: Evidence, knowledge: Knowledge) -> str:
    words = knowledge.words("evidence")["pages"]
    out = [f"# {words['title']}", words["made"], words["lead"], f"## {words['how_heading']}"]
    out.append("\n".join(f"- {line}" for line in words["how"]))
    for key, beside in (("beside", True), ("placebo", False)):
        own = [p for p in found.pairs if (p.against != PLACEBO) == beside and (p.trials or p.reviews)]
        rows = "\n".join(f"- **{capital(p.agent)}, {p.against}**: {p.verdict}" for p in own)
        out += [f"## {words['pairs_heading']}: {words[key][0].lower()}{words[key][1:]}", rows]
    return "\n\n".join(out) + "\n"


def _page(title: str, kind: str, found: Evidence, agents: Sequence[str], knowledge: Knowledge) -> str:
    words = knowledge.words("evidence")["pages"]
    citations = Citations(knowledge, knowledge.words("report"))
    evidencing = Evidencing(knowledge, {a: a for a in agents}, citations.mark, side_by_side=True)
    out = [f"# {title}", words["made"]]
    if kind == "trials":
        out += _blocks(evidencing.trials(found))
    else:
        for outcome in found.outcomes:
            blocks = _blocks(evidencing.outcome(outcome))
            if blocks:
                out += [f"## {knowledge.words('evidence')['outcomes'][outcome.outcome]['title']}", *blocks]
        out += _blocks([evidencing.alone([c for o in found.outcomes for c in o.contrasts if c.value is None])])
    listed = "\n".join(
        f"{s.number}. {_safe(s.title)}" + (f" ({s.seen})" if s.seen else "") + (f" <{s.url}>" if s.url else "")
        for s in citations.listed()
    )
    return "\n\n".join([*out, f"## {words['sources']}", listed]) + "\n"


# ---------------------------------------------------------------- blocks as Markdown


def _blocks(blocks: Iterable[Block]) -> list[str]:
    out = []
    for block in blocks:
        if isinstance(block, Forest):
            drawn = "\n".join(forest_text(block, _WIDTH))
            out.append(f"```text\n{drawn}\n```")
        elif isinstance(block, Line):
            out.append(f"### {_said(block.saying)}" if block.strong else _said(block.saying))
        elif isinstance(block, Bullets):
            lines = "\n".join(f"- {_said(s)}" for s in block.sayings)
            out.append(f"{block.label}:\n\n{lines}" if block.label else lines)
        else:
            out += [f"**{block.caption}**", _table(block)]
    return out


def _table(table: Table) -> str:
    head = f"| {' | '.join(table.head)} |\n|{'---|' * len(table.head)}"
    return "\n".join([head, *(f"| {' | '.join(map(_cell, row))} |" for row in table.rows)])


def _cell(cell: Cell) -> str:
    return "<br>".join(_said(s) for s in cell)


def _said(saying: Saying) -> str:
    tags = "".join(f" *({tag})*" for tag in saying.tags)
    marks = "".join(f" [{_mark(mark)}]" for mark in saying.marks)
    return f"{_safe(saying.text)}{tags}{marks}"


def _mark(mark: Mark) -> str:
    return f"{mark.number}: {_safe(mark.place)}" if mark.place else str(mark.number)


def _safe(text: str) -> str:
    return text.translate(_SPECIAL)
