"""The level of a cord lesion, as people write it beside its name: “SCI T10”, “T6 complete paraplegia”, “C5/6 tetraplegia, AIS B”."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEGMENTS = "".join(part * count for part, count in (("c", 8), ("t", 12), ("l", 5), ("s", 5)))
_FIRST = {part: _SEGMENTS.index(part) for part in "ctls"}
_COUNT = {part: _SEGMENTS.count(part) for part in "ctls"}
_LEVEL = re.compile(r"\b(c|th|t|d|l|s)\s?(\d{1,2})\b(?:\s\d{1,2}\b)?")
_GRADE = re.compile(r"\b(?:ais|asia)(?:\s(?:grade|scale))?(?:\s[a-e])?\b")
_BESIDE = re.compile(
    r"\b(?:complete|incomplete|motor|sensory|neurological|level|levels|at|from|to|of|below|grade|since|and)\b"
)


def place_of(level: str) -> int | None:
    """Which segment of the cord a level is, counted from the top; ``None`` for what is none."""
    match = _LEVEL.fullmatch(level.casefold())
    return None if match is None else _place(match)


def level_within(words: str) -> tuple[int, str] | None:
    """The highest level that folded words name, and the words without it, its grade and how complete it is; ``None`` without a level."""
    places = [place for match in _LEVEL.finditer(words) if (place := _place(match)) is not None]
    if not places:
        return None
    rest = _BESIDE.sub(" ", _GRADE.sub(" ", _LEVEL.sub(" ", words)))
    return min(places), " ".join(rest.split())


def narrowest(place: int, least: Iterable[tuple[str, str]]) -> str | None:
    """Of conditions, each with the lowest level that it reaches to, the one that reaches least far below a place."""
    reach = [(low, name) for name, level in least if (low := place_of(level)) is not None and place <= low]
    return min(reach)[1] if reach else None


def _place(match: re.Match[str]) -> int | None:
    part, number = match[1].replace("th", "t").replace("d", "t"), int(match[2])
    return _FIRST[part] + number - 1 if 1 <= number <= _COUNT[part] else None
