"""The evidence as pages: verdicts of every pair of treatments, outcomes with plots and numbers, every trial in words."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.evidence.compared_trials import Evidence, evidence
from relaxant.evidence.outcomes import PLACEBO
from relaxant.evidence.summaries import can_pool
from relaxant.knowledge.load import Knowledge
from relaxant.report.blocks import Line, Saying
from relaxant.report.citations import Citations
from relaxant.report.compare.evidence import Evidencing
from relaxant.report.reference.leaf import Items, Leaf, LeafBlock, LeafPart, Paragraph, Run, SourceList, Target
from relaxant.report.reference.leaf_markdown import leaf_markdown
from relaxant.rules.wording import capital

PAGES = ("", "outcomes", "trials")
"""The pages of the evidence by name; the first, without one, leads to the others."""


def pages(knowledge: Knowledge) -> dict[str, str]:
    """File name below ``docs/evidence`` to text."""
    made = knowledge.words("evidence")["pages"]["made"]
    return {
        _file(n): leaf_markdown(leaf, made=made, address=_address) for n, leaf in evidence_leaves(knowledge).items()
    }


def evidence_leaves(knowledge: Knowledge) -> dict[str, Leaf]:
    """Every page of the evidence by its name."""
    agents = sorted({a.agent for t in knowledge.trials.values() for a in t.arms if a.agent in knowledge.agents})
    found = evidence(agents, knowledge)
    return {"": _index(found, knowledge), **{name: _leaf(name, found, agents, knowledge) for name in PAGES[1:]}}


def _index(found: Evidence, knowledge: Knowledge) -> Leaf:
    words = knowledge.words("evidence")["pages"]
    parts = [LeafPart("how", words["how_heading"], (Items(tuple((Run(line),) for line in words["how"])),))]
    for key, beside in (("beside", True), ("placebo", False)):
        own = [p for p in found.pairs if (p.against != PLACEBO) == beside and (p.trials or p.reviews)]
        rows = tuple((Run(f"{capital(p.agent)}, {p.against}", "strong"), Run(f": {p.verdict}")) for p in own)
        heading = f"{words['pairs_heading']}: {words[key][0].lower()}{words[key][1:]}"
        parts.append(LeafPart(key, heading, (Items(rows),)))
    lead: list[LeafBlock] = [
        Paragraph((Run(words["lead"]),)),
        Items(tuple((Run(words[f"{name}_title"], page=Target("evidence", name)),) for name in PAGES[1:])),
    ]
    return Leaf(target=Target("evidence"), title=words["title"], lead=tuple(lead), parts=tuple(parts))


def _leaf(name: str, found: Evidence, agents: Sequence[str], knowledge: Knowledge) -> Leaf:
    words = knowledge.words("evidence")
    citations = Citations(knowledge, knowledge.words("report"))
    evidencing = Evidencing(knowledge, {a: a for a in agents}, citations.mark, side_by_side=True)
    parts = []
    unpooled = Line(Saying(knowledge.words("compare")["evidence"]["no_library"]))
    lead = () if can_pool() else (unpooled,)
    if name == "trials":
        parts.append(LeafPart("trials", "", tuple(evidencing.trials(found))))
    else:
        for outcome in found.outcomes:
            blocks = tuple(evidencing.outcome(outcome))
            if blocks:
                parts.append(LeafPart(outcome.outcome, words["outcomes"][outcome.outcome]["title"], blocks))
        alone = evidencing.alone([c for o in found.outcomes for c in o.contrasts if c.value is None])
        parts.append(LeafPart("alone", "", (alone,)))
    listed = tuple(
        (source, (Run(s.title, url=s.url), *((Run(f" ({s.seen})"),) if s.seen else ())))
        for source, s in zip(citations.ids(), citations.listed(), strict=True)
    )
    parts.append(LeafPart("sources", words["pages"]["sources"], (SourceList(listed),)))
    return Leaf(target=Target("evidence", name), title=words["pages"][f"{name}_title"], lead=lead, parts=tuple(parts))


def _file(name: str) -> str:
    return f"{name or 'README'}.md"


def _address(target: Target) -> str | None:
    return _file(target.name) if target.kind == "evidence" else None
