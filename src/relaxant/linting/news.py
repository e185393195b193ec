"""What is wrong with the changes: whom they are about, the rules that they name, their days and their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.news import Change
from relaxant.knowledge.prose import faults_of_prose

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"\d+(\.\d+){1,2}\S*")


def faults_of_news(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the changes and of the rules that went: where, and what."""
    known = knowledge.news
    today = date.today().isoformat()  # noqa: DTZ011 - a day is all that is asked
    plans = {key for kind in knowledge.plans.__struct_fields__ for key in getattr(knowledge.plans, kind)}
    packs: dict[str, list[Change]] = {}
    for change in known.news.values():
        where = f"news {change.change}"
        packs.setdefault(change.pack, []).append(change)
        yield from _day(change.on, today if change.pack else knowledge.date, where)
        yield from _whom(change, where)
        release = known.releases.get(change.version)
        if release is not None and not change.pack and change.on > release.on:
            yield where, f"{change.version} came out on {release.on}, before it; it belongs to the next version"
        for rule in change.rules:
            if rule not in knowledge.rules and rule not in known.gone:
                yield where, f"there is no rule “{rule}”, nor one that is gone"
        for plan in change.plans:
            if plan not in plans:
                yield where, f"no plan is made from “{plan}”"
        for agent in change.agents:
            if agent != EVERY_AGENT and agent not in knowledge.agents:
                yield where, f"there is no agent “{agent}”"
        if not change.pack and not _VERSION.fullmatch(change.version):
            yield where, f"“{change.version}” is no version"
        for text in (change.text, change.who):
            yield from ((where, what) for what in faults_of_prose(text))
    for written in packs.values():
        for before, after in pairwise(written):
            if after.on < before.on:
                yield (
                    f"news {after.change}",
                    f"it is older than {before.change}, which stands before it; the newest stands last",
                )
    for release in known.releases.values():
        yield from _day(release.on, today, f"releases {release.release}")
    for gone in known.gone.values():
        where = f"gone {gone.gone}"
        yield from _day(gone.on, today, where)
        if gone.gone in knowledge.rules:
            yield where, "this rule is still there"
        if not gone.why.strip():
            yield where, "it does not say why"
        for rule in gone.instead:
            if rule not in knowledge.rules and rule not in known.gone:
                yield where, f"there is no rule “{rule}” in its place"


def _day(on: str, last: str, where: str) -> Iterator[tuple[str, str]]:
    try:
        real = _DAY.fullmatch(on) is not None and date.fromisoformat(on) is not None
    except ValueError:
        real = False
    if not real:
        yield where, f"“{on}” is no day; write it as 2026-11-22"
    elif _DAY.fullmatch(last) and on > last:
        yield where, f"{on} is after {last}, the last day that it can have; is the knowledge's own date behind?"


def _whom(change: Change, where: str) -> Iterator[tuple[str, str]]:
    if not change.text.strip():
        yield where, "it does not say what changed"
    if change.kind != "clinical":
        return
    if not change.who.strip():
        yield where, "a clinical change says who gets different advice"
    if change.who.endswith("."):
        yield where, "who is a clause, without a full stop"
    if not (change.rules or change.plans or change.agents):
        yield where, "a clinical change names rules, plans or agents"
