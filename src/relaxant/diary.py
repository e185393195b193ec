"""A diary: what was taken and what was felt, day by day, as it was written."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.knowledge.plans import DayPart


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One day, or one part of it. ``doses`` by agent in the diary's unit of that agent and ``scores`` by scale hold what was written alone: what is
    not there was not written. ``block`` and ``arm`` are those of a comparison within one person."""

    day: date
    part: DayPart | None = None
    doses: dict[str, float] = {}
    scores: dict[str, float] = {}
    block: str | None = None
    arm: str | None = None
    note: str = ""


class Diary(msgspec.Struct, frozen=True, kw_only=True):
    """Entries in order of day and part. ``units``: each agent's unit. ``scales``: what was scored, by id. ``said``: what a reader has to know of how
    it was read, in words."""

    entries: tuple[Entry, ...]
    units: dict[str, str]
    scales: tuple[str, ...]
    label: str | None = None
    said: tuple[str, ...] = ()

    @property
    def first(self) -> date:
        return self.entries[0].day

    @property
    def last(self) -> date:
        return self.entries[-1].day
