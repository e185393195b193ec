"""What an answer changes at the next step of a plan."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.response.reading import Span


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What the next dose would bring a scale beyond now, as far as the doses so far tell; for a count a ratio."""

    scale: str
    harm: bool
    more: Span


class LevelSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A drug level of an ``agent`` from which the person's own kinetics were learned, and what was expected of people like this one: the middle, and 9 in 10 of them."""

    agent: str
    value: float
    unit: str
    day: date
    expected: float
    low: float
    high: float

    @property
    def explained(self) -> bool:
        """Whether it lies where that of 9 in 10 people does."""
        return self.low <= self.value <= self.high


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """``next_step`` by id. ``decided_by``: the scales whose answers decide; none where the review does. ``agent`` with its dose a day now and at the
    plan's next step, from ``first`` on; ``None`` where no dose is to be given next. ``levels`` of what the diary holds."""

    next_step: str
    decided_by: tuple[str, ...]
    agent: str | None = None
    unit: str = ""
    dose_now: float | None = None
    dose_next: float | None = None
    first: date | None = None
    forecasts: tuple[Forecast, ...] = ()
    levels: tuple[LevelSeen, ...] = ()
