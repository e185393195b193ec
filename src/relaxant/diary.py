"""A diary: what was taken and what was felt, day by day, as it was written."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.knowledge.plans import DayPart


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One day, or one part of it. ``doses`` by agent in the diary's unit of that agent and ``scores`` by scale hold what was written alone: what is
    not there was not written; a part of a day that was left blank between parts that were not is taken from the same part of another day, and said. ``others``: what else was taken, by its name in
    the diary's unit. ``block`` and ``arm`` are those of a comparison within one person."""

    day: date
    part: DayPart | None = None
    doses: dict[str, float] = {}
    scores: dict[str, float] = {}
    others: dict[str, float] = {}
    block: str | None = None
    arm: str | None = None
    note: str = ""


class VisitScore(msgspec.Struct, frozen=True, kw_only=True):
    """A score of a scale that is scored at visits. ``value``: the rank of a level, or a number in the scale's unit; ``said`` as it is written."""

    scale: str
    site: str | None
    day: date
    value: float
    said: str


class Diary(msgspec.Struct, frozen=True, kw_only=True):
    """Entries in order of day and part. ``units``: each agent's unit. ``scales``: what was scored by day, by id; ``visits``: what was scored at visits,
    and in ``unread`` a sentence for each such score that cannot be used. ``others``: other medicines with their unit, shown and not followed.
    ``notices``: what has to stand at the head of an answer, and ``said`` what else a reader has to know of how it was read, in words."""

    entries: tuple[Entry, ...]
    units: dict[str, str]
    scales: tuple[str, ...]
    visits: tuple[VisitScore, ...] = ()
    unread: tuple[str, ...] = ()
    others: dict[str, str] = {}
    label: str | None = None
    notices: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def first(self) -> date:
        return self.entries[0].day

    @property
    def last(self) -> date:
        return self.entries[-1].day
