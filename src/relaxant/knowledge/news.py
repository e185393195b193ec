"""What changed, for whom: the changelog as data, and rules that went with what took their place."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.schema import Frozen

ChangeKind = Literal["clinical", "engine", "format"]


class Change(Frozen, frozen=True, kw_only=True, gc=False):
    """One change. ``on`` is the day it was written down, ``version`` that of the engine (of a pack: the pack's own).

    ``clinical`` is different advice for somebody: ``who``, in a clause. ``format`` is another form of what goes in or comes out, ``engine`` anything
    else. ``rules`` and ``plans`` (tapers, bounds and the like) by id; ``agents`` narrows or, where neither is named, says whom it touches
    (``every agent``: all). ``pack`` is the overlay that it came with, set where packs are laid on."""

    change: str
    on: str
    version: str
    kind: ChangeKind
    rules: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    who: str = ""
    text: str
    pack: str = ""


class Gone(Frozen, frozen=True, kw_only=True, gc=False):
    """A rule that is no longer there: since when, why, and the rules that say it now (none where nothing does)."""

    gone: str
    on: str
    instead: tuple[str, ...] = ()
    why: str


class Release(Frozen, frozen=True, kw_only=True, gc=False):
    """A version of the engine that is out, and the day on which it came out."""

    release: str
    on: str


class News(Frozen, frozen=True, kw_only=True, gc=False):
    """Every change in the order in which they were written, pack after pack, the rules that went, and the versions that are out."""

    news: dict[str, Change]
    gone: dict[str, Gone]
    releases: dict[str, Release]
