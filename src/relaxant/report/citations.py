"""Sources numbered in the order in which a page first cites them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.report.shown import clean
from relaxant.rules.reasons import Cited

_WEB = re.compile(r"https?://[^\s<>\"'\\^`{|}]+\Z")


class Mark(msgspec.Struct, frozen=True):
    """A citation in the text: the source's number, the place in it, what it says there."""

    number: int
    place: str
    says: str | None = None


class SourceView(msgspec.Struct, frozen=True):
    """A numbered source: title, how much of it was seen if not all, the places cited, its address if that is safe. ``cited_at``: the places one by one."""

    number: int
    title: str
    seen: str
    places: str
    url: str | None
    host: str
    id: str
    cited_at: tuple[str, ...]


def source_line(source: SourceView, words: Mapping[str, Any]) -> str:
    """A source in a list of text: its number, its title, how much of it was seen and where in it is cited. ``words`` are those of sources."""
    places = words["at"].format(places=source.places) if source.places else ""
    notes = "; ".join(note for note in (source.seen, places) if note)
    return f"[{source.number}] {source.title}" + (f" ({notes})" if notes else "")


def safe_url(url: str | None) -> str | None:
    """The address if it is one that a page may link to, else ``None``.

    >>> safe_url("https://example.org/a"), safe_url("javascript:alert(1)")
    ('https://example.org/a', None)
    """
    return url if url and url.isascii() and url.isprintable() and _WEB.match(url) else None


class Citations:
    """Gives each source its number and remembers the places cited in it."""

    def __init__(self, knowledge: Knowledge, words: Mapping[str, Any]) -> None:
        self._knowledge, self._words = knowledge, words
        self._cited: dict[str, tuple[str, str | None, dict[str, None]]] = {}

    def mark(self, cited: Cited) -> Mark:
        """The mark of a source at a place."""
        entry = self._cited.setdefault(cited.id, (clean(cited.title), cited.url, {}))
        place = clean(cited.place)
        if place:
            entry[2][place] = None
        return Mark(list(self._cited).index(cited.id) + 1, place, clean(cited.says) if cited.says else None)

    def ids(self) -> tuple[str, ...]:
        """The sources cited so far by their ids, in the order of their numbers."""
        return tuple(self._cited)

    def listed(self) -> tuple[SourceView, ...]:
        """The sources cited so far, by number."""
        words, out = self._words, []
        for number, (source, (title, url, places)) in enumerate(self._cited.items(), 1):
            safe = safe_url(url)
            known = self._knowledge.sources.get(source)
            seen = words["sources"]["seen"][known.seen] if known else ""
            between = str(words["between_places"])
            host = safe.split("/")[2] if safe else ""
            out.append(SourceView(number, title, seen, between.join(places), safe, host, source, tuple(places)))
        return tuple(out)
