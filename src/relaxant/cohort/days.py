"""Days as numbers: a registry's days are counted from 1970-01-01."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

EPOCH: Final = date(1970, 1, 1)


def day_number(day: date) -> int:
    """The number of a day.

    >>> day_number(date(1970, 1, 31))
    30
    """
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day of a number.

    >>> day_of(30)
    datetime.date(1970, 1, 31)
    """
    return EPOCH + timedelta(days=number)
