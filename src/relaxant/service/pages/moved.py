"""What changed between two reviews of one page: findings that came, went or changed their tier, in words and by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relaxant.report.shown import clean, counted
from relaxant.rules.findings import Finding


class Seen(msgspec.Struct, frozen=True):
    """A finding as the page showed it."""

    cause: str
    agents: tuple[str, ...]
    tier: str
    summary: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What changed. ``said``: one sentence; ``lines``: what came, changed and went, in words; ``marks``: for each finding of the review that is
    new or changed, a word for it."""

    said: str = ""
    lines: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


def seen_of(findings: Sequence[Finding]) -> tuple[Seen, ...]:
    """The findings as a page remembers them."""
    return tuple(Seen(f.cause, f.agents, f.tier, clean(f.summary)) for f in findings)


def moved(before: Sequence[Seen] | None, findings: Sequence[Finding], words: Mapping[str, Any]) -> Moved:
    """What changed since ``before``; ``None`` where nothing was shown yet. A finding is the same one if its cause and its agents are."""
    marks: list[str] = []
    if before is None:
        return Moved(said=counted(words["first"], len(findings)), marks=("",) * len(findings))
    waiting = list(before)
    came, changed = [], []
    for finding in seen_of(findings):
        same = next((s for s in waiting if (s.cause, s.agents) == (finding.cause, finding.agents)), None)
        same = same or next((s for s in waiting if s.cause == finding.cause), None)
        if same is None:
            marks.append(str(words["mark_new"]))
            came.append(str(words["came"]).format(tier=finding.tier, summary=finding.summary))
            continue
        waiting.remove(same)
        if same.tier != finding.tier:
            marks.append(str(words["mark_was"]).format(tier=same.tier))
            changed.append(str(words["changed"]).format(before=same.tier, tier=finding.tier, summary=finding.summary))
        elif same.summary != finding.summary:
            marks.append(str(words["mark_reworded"]))
            changed.append(str(words["reworded"]).format(tier=finding.tier, summary=finding.summary))
        else:
            marks.append("")
    gone = [str(words["went"]).format(tier=s.tier, summary=s.summary) for s in waiting]
    parts = [counted(words[key], len(own)) for key, own in (("count_came", came), ("count_changed", changed), ("count_went", gone)) if own]  # fmt: skip
    said = str(words["between"]).join(parts) if parts else str(words["nothing"])
    return Moved(said=said, lines=(*came, *changed, *gone), marks=tuple(marks))
