"""What changed, in words: for a terminal, and as the changelog."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.load import Knowledge
from relaxant.news import Changed, WhatsNew, every_change, in_order
from relaxant.report.columns import plainer, wrapped
from relaxant.report.shown import clean, counted

WIDTH = 80
_DATE_WIDTH = 12  # a day and two blanks: what stands below a change is indented by it
_HASH_SHOWN = 12
_FEW = 8  # agents that are named; of more the rules say it


def news_text(new: WhatsNew, knowledge: Knowledge, encoding: str = "utf-8") -> str:
    """The page for a terminal, never wider than 80 columns."""
    words = knowledge.words("news")
    lines = [*_head(new, words), *_body(new, words)]
    return plainer("\n".join(lines) + "\n", encoding)


def _head(new: WhatsNew, words: dict[str, Any]) -> Iterator[str]:
    stamp = new.stamp
    packs = words["packs"].format(packs=", ".join(stamp.knowledge.packs)) if stamp.knowledge.packs else ""
    yield words["stamp"].format(engine=stamp.engine, date=stamp.knowledge.date, sha256=stamp.knowledge.sha256[:_HASH_SHOWN], packs=packs)  # fmt: skip
    clinical = sum(change.kind == "clinical" for change in new.changes)
    title = words["since" if new.until is None else "between"].format(since=new.since, until=new.until)
    if not new.changes:
        what = words["nothing_of" if new.narrowed and new.left_out else "nothing"]
        newest = f" {words['newest'].format(newest=new.newest)}" if new.newest and not new.left_out else ""
        yield from _put(f"{title}: {what}{newest}")
    else:
        others = len(new.changes) - clinical
        more = f", {counted(words['others'], others)}" if others or not clinical else ""
        yield from _put(f"{title}: {counted(words['count'], clinical)}{more}.")
    if new.agents:
        yield from _put(f"{words['of'].format(agents=', '.join(new.agents))}.")
    elif new.narrowed:
        yield from _put(words["no_agent"])
    if new.medicines_known is False:
        yield from _put(words["no_medicines"])
    if new.unread:
        yield from _put(words["unread"].format(said=", ".join(clean(said) for said in new.unread)))
    if new.left_out:
        yield from _put(counted(words["left_out"], new.left_out))


def _body(new: WhatsNew, words: dict[str, Any]) -> Iterator[str]:
    for kind, changes in groupby(new.changes, key=lambda change: change.kind):
        yield from ("", words["titles"][kind], "─" * WIDTH)
        for change in changes:
            yield from _change(change, words)
    if new.gone:
        yield from ("", words["titles"]["gone"], "─" * WIDTH)
    for gone in new.gone:
        yield from _put(words["gone"].format(on=gone.on, rule=gone.rule, why=gone.why), _DATE_WIDTH)
        if gone.instead:
            yield from _under(words["instead"].format(rules=", ".join(gone.instead)))


def _change(change: Changed, words: dict[str, Any]) -> Iterator[str]:
    if change.who:
        yield from _put(words["who"].format(on=change.on, who=change.who), _DATE_WIDTH)
        yield from _under(change.text)
    else:
        yield from _put(words["when"].format(on=change.on, text=change.text), _DATE_WIDTH)
    if change.rules:
        yield from _under(words["rules"].format(rules=", ".join(change.rules)))
    if change.plans:
        yield from _under(words["plans"].format(plans=", ".join(change.plans)))
    if change.agents and len(change.agents) <= _FEW:
        yield from _under(words["agents"].format(agents=", ".join(words["every"] if a == EVERY_AGENT else a for a in change.agents)))  # fmt: skip
    if change.pack:
        yield from _under(words["pack"].format(pack=change.pack))


def _put(text: str, indent: int = 0) -> list[str]:
    """Lines of which all but the first are indented; what stands before the first blank pair keeps its place."""
    head, rest = (text[:indent], text[indent:]) if indent else ("", text)
    lines = wrapped(rest, WIDTH - indent)
    return [head + lines[0], *(" " * indent + line for line in lines[1:])]


def _under(text: str) -> list[str]:
    return [" " * _DATE_WIDTH + line for line in wrapped(text, WIDTH - _DATE_WIDTH)]


def changelog(knowledge: Knowledge) -> str:
    """CHANGELOG.md: the newest version first, clinical changes first."""
    words = knowledge.words("news")["changelog"]
    out = [words["title"], words["lead"]]
    out_on = {version: release.on for version, release in knowledge.news.releases.items()}
    versions: dict[str, list[Changed]] = {}
    for change in every_change(knowledge):
        versions.setdefault(change.version, []).append(change)
    for version, changes in reversed(versions.items()):
        out.append(
            words["version" if version in out_on else "unreleased"].format(version=version, on=out_on.get(version))
        )
        for kind, some in groupby(in_order(changes), key=lambda change: change.kind):
            out += [words["kinds"][kind], "\n".join(_entry(change, words) for change in some)]
    return "\n\n".join(out) + "\n"


def _entry(change: Changed, words: dict[str, Any]) -> str:
    named = [f"`{name}`" for name in (*change.rules, *change.plans)]
    tail = f"{change.on}{': ' if named else ''}{', '.join(named)}"
    return str(words["clinical" if change.kind == "clinical" else "other"].format(who=change.who, text=change.text, tail=tail))  # fmt: skip
