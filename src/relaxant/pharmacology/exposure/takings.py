"""What else a person takes and on which days."""

from __future__ import annotations

import math

import msgspec

from relaxant.errors import InputError

SMOKE = "tobacco smoke"
FOREVER = math.inf


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """Another medicine (or ``tobacco smoke``) and when it is taken, in days from now.

    Nothing said means: taken for long, and on. ``since_days`` ago it was begun, ``stopped_days`` ago ended; ``starts_in_days`` and
    ``stops_in_days`` are still to come. ``daily_mg`` is the dose a day.
    """

    ingredient: str
    route: str | None = None
    daily_mg: float | None = None
    since_days: float | None = None
    stopped_days: float | None = None
    starts_in_days: float | None = None
    stops_in_days: float | None = None

    @property
    def span(self) -> tuple[float, float]:
        """From which day to which it is taken, days from now. Raises :class:`InputError` where the days contradict each other."""
        for name in ("since_days", "stopped_days", "starts_in_days", "stops_in_days", "daily_mg"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InputError(
                    name, value, f"{self.ingredient}: it is below 0 or no number", "give a number from 0 up"
                )
        if self.since_days is not None and self.starts_in_days is not None:
            raise InputError(
                "since_days", self.since_days, f"{self.ingredient} was begun and is still to begin", "give one of them"
            )
        if self.stopped_days is not None and (self.stops_in_days is not None or self.starts_in_days is not None):
            raise InputError("stopped_days", self.stopped_days, f"{self.ingredient} was stopped and is still to start or stop", "give one of them")  # fmt: skip
        first = self.starts_in_days if self.starts_in_days is not None else -(self.since_days if self.since_days is not None else FOREVER)  # fmt: skip
        last = self.stops_in_days if self.stops_in_days is not None else FOREVER
        if self.stopped_days is not None:
            last = -self.stopped_days
        if last <= first:
            raise InputError(
                "stopped_days", last, f"{self.ingredient} would stop before it starts", "give days in order"
            )
        return first, last
