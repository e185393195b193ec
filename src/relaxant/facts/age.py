"""Age on the day of the review: completed years plus the fraction of the year since the last birthday, of one person or of many."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relaxant.facts.column import Floats
from relaxant.patient import Patient
from relaxant.quantities import convert, quantity

_YEAR_DAYS = 366
_EPOCH_YEAR = 1970
_CENTURIES_DAYS = 146_097  # of four hundred years
_BEFORE_EPOCH = 719_468  # days from 1 March of the year nought


def completed_age(patient: Patient) -> float:
    """The age of one person in years; NaN where it is not known."""
    if (born := patient.birth_date) is not None:
        now = patient.as_of
        return float(_years(born.year, born.month, born.day, now.year, now.month, now.day))
    if patient.age is not None:
        said = quantity(patient.age, "age", example="58", bare=True)
        years = said.value if not said.unit else convert(said, "year")
        return math.nan if years is None else years
    return math.nan


def ages(born: NDArray[np.int64], as_of: NDArray[np.int64]) -> Floats:
    """The ages of many in years, by the days of birth and of the review, counted from 1970-01-01. Shape (rows,)."""
    years: Floats = _years(*_calendar(born), *_calendar(as_of))
    return years


def _calendar(days: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Year, month and day of the month."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    months = month.astype(np.int64)
    return months // 12 + _EPOCH_YEAR, months % 12 + 1, (day - month).astype(np.int64) + 1


def _years(year: Any, month: Any, day: Any, now_year: Any, now_month: Any, now_day: Any) -> Any:
    """Of whole numbers or arrays of them. Who was born on 29 February has a birthday on 1 March in other years."""
    years = now_year - year - ((now_month < month) | ((now_month == month) & (now_day < day)))
    return years + (_number(now_year, now_month, now_day) - _number(year + years, month, day)) / _YEAR_DAYS


def _number(year: Any, month: Any, day: Any) -> Any:
    """The number of a day of the Gregorian calendar, counted from 1970-01-01; a year begins in March here, so that the leap day is its last."""
    year = year - (month <= 2)
    of_four_centuries = year % 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    of_days = of_four_centuries * 365 + of_four_centuries // 4 - of_four_centuries // 100 + of_year
    return year // 400 * _CENTURIES_DAYS + of_days - _BEFORE_EPOCH
