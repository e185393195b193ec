"""A day that an option names."""

from __future__ import annotations

from datetime import date

from relaxant.errors import InputError
from relaxant.io.said import day


def day_named(option: str, said: str) -> date:
    """The day of an option. Raises :class:`InputError` for words that name none."""
    when = day(option, said)
    if when is None:
        raise InputError(option, said, "this names no day", "write year-month-day, such as 2026-11-22")
    return when


def day_asked(option: str, said: str | None) -> date | None:
    """The day of an option that may be left out."""
    return None if said is None else day_named(option, said)
