"""A source as a result used it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A source as a result used it. ``date`` is its own; ``seen`` says how much of it was read, and ``seen_on`` the day of that where it carries no
    date. ``places``: where in it, empty for the whole of it; ``unverified``: those that a statement rests on which was not verified there."""

    number: int
    id: str
    title: str
    kind: str
    publisher: str | None
    date: str | None
    url: str | None
    doi: str | None
    seen: str
    seen_on: str | None
    places: tuple[str, ...]
    unverified: tuple[str, ...]


def how_seen(one: Reference, words: Mapping[str, Any]) -> str:
    """How much of a source was read, and when where that is told."""
    parts, seen = words["parts"], str(words["seen"][one.seen])
    return str(parts["read_on"]).format(seen=seen, date=one.seen_on) if one.seen_on else seen


def how_verified(one: Reference, words: Mapping[str, Any]) -> str:
    """At which of its places something was not verified."""
    parts, places = words["parts"], [place for place in one.unverified if place]
    return str(parts["unverified"]).format(places=str(parts["between"]).join(places)) if places else str(parts["unverified_whole"])  # fmt: skip
