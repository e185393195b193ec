"""The arithmetic of a reservoir: what is in it, how long it lasts, when to refill, and how one concentration follows another.

Doses are in micrograms, rates in micrograms a day, volumes in mL, concentrations in micrograms/mL. Nothing here is rounded but dates,
which are always the earlier day.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Literal

import msgspec

HOURS_A_DAY = 24
_TENTHS = 10
_ROUNDING = 1e-9  # a volume that ends on a day in exact arithmetic ends on that day


def daily_volume(rate: float, concentration: float) -> float:
    """How much fluid a day's dose is, in mL.

    >>> daily_volume(400, 2000)
    0.2
    """
    return rate / concentration


def days_until(now: float, left: float, a_day: float) -> float:
    """How many days until only ``left`` mL of ``now`` mL are in the reservoir at ``a_day`` mL a day; 0 where it has come to that.

    >>> days_until(20, 2, 0.2)
    90.0
    """
    return max(0.0, now - left) / a_day


def day_after(start: date, days: float) -> date:
    """The day that lies ``days`` after ``start``, the earlier one where it is not a whole number; the last day of the calendar beyond it.

    >>> day_after(date(2026, 11, 22), 10.9)
    datetime.date(2026, 12, 2)
    """
    most = (date.max - start).days
    return start + timedelta(days=min(most, math.floor(days + _ROUNDING)))


Deciding = Literal["alarm", "floor", "oldest"]


class Refill(msgspec.Struct, frozen=True, kw_only=True):
    """The days that bound a refill: when the alarm is due, when the floor volume is reached, when no more can be delivered, when the
    filling is too old (each ``None`` where what it rests on is not known), by when to refill, and which of them decides that."""

    alarm: date | None
    floor: date | None
    empty: date | None
    oldest: date | None
    by: date
    decides: Deciding


def refill_days(
    today: date,
    volume: float | None,
    a_day: float | None,
    *,
    alarm: float | None,
    floor: float,
    dead: float,
    margin_days: float,
    longest_days: float,
    refilled: date | None,
) -> Refill | None:
    """The days that bound a refill. ``by`` is the earliest of: ``margin_days`` before the alarm, the day the floor volume is reached, and
    ``longest_days`` after the last refill. It may lie in the past. ``None`` where none of them can be told.
    """
    at_alarm = at_floor = empty = None
    if volume is not None and a_day is not None:
        at_floor = day_after(today, days_until(volume, floor, a_day))
        empty = day_after(today, days_until(volume, dead, a_day))
        if alarm is not None:
            at_alarm = day_after(today, days_until(volume, alarm, a_day))
    oldest = None if refilled is None else day_after(refilled, longest_days)
    bounds: list[tuple[date, Deciding]] = []
    if at_alarm is not None:
        bounds.append((at_alarm - timedelta(days=math.ceil(margin_days)), "alarm"))
    if at_floor is not None:
        bounds.append((at_floor, "floor"))
    if oldest is not None:
        bounds.append((oldest, "oldest"))
    if not bounds:
        return None
    by, decides = min(bounds, key=lambda bound: bound[0])
    return Refill(alarm=at_alarm, floor=at_floor, empty=empty, oldest=oldest, by=by, decides=decides)


def whole_tenths(days: float) -> float:
    """Days cut to the earlier tenth.

    >>> whole_tenths(26.6667)
    26.6
    """
    return math.floor(days * _TENTHS + _ROUNDING) / _TENTHS


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of concentration asks for until the old solution has left the tip.

    ``volume`` lies between reservoir and tip and holds ``old_drug`` micrograms; it leaves in ``hours`` at ``flow`` mL/h, so that the daily dose
    stays what it was. Counted in the new concentration that volume is ``counted`` micrograms. Without a bridge the person would get
    ``unbridged`` micrograms a day for ``unbridged_hours``.
    """

    volume: float
    old_drug: float
    hours: float
    flow: float
    counted: float
    unbridged: float
    unbridged_hours: float


def bridge(rate: float, old: float, new: float, catheter: float, tubing: float) -> Bridge:
    """The bridge from concentration ``old`` to ``new`` at ``rate`` micrograms a day.

    >>> made = bridge(400, 500, 2000, 0.2, 0.2)
    >>> made.hours, made.old_drug, made.unbridged, made.unbridged_hours
    (12.0, 200.0, 100.0, 48.0)
    """
    volume = catheter + tubing
    before, after = daily_volume(rate, old), daily_volume(rate, new)
    return Bridge(
        volume=volume,
        old_drug=volume * old,
        hours=volume / before * HOURS_A_DAY,
        flow=before / HOURS_A_DAY,
        counted=volume * new,
        unbridged=after * old,
        unbridged_hours=volume / after * HOURS_A_DAY,
    )


def mixed(old: float, new: float, left: float, capacity: float) -> float:
    """The concentration of a reservoir that is filled up with ``new`` while ``left`` mL of ``old`` stayed in it.

    >>> mixed(500, 2000, 2, 40)
    1925.0
    """
    return (left * old + (capacity - left) * new) / capacity


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the day from one full hour to another, its dose in micrograms and its rate in micrograms/h."""

    first: int
    until: int
    hours: int
    dose: float
    rate: float


def day_in_two(daily: float, more_from: int, more_to: int, more_percent: float) -> tuple[Segment, Segment]:
    """A day's dose in two parts: from ``more_from`` to ``more_to`` o'clock at a rate ``more_percent`` above the even one, in the rest at what is
    left. Doses are in tenths of a microgram, the first rounded down, so that both make the day's dose exactly.

    >>> [part.dose for part in day_in_two(240, 22, 8, 10)]
    [110.0, 130.0]
    """
    hours = (more_to - more_from) % HOURS_A_DAY
    fuller = daily * hours / HOURS_A_DAY * (1 + more_percent / 100)
    fuller = math.floor(fuller * _TENTHS + _ROUNDING) / _TENTHS
    rest = daily - fuller
    return (
        Segment(first=more_from, until=more_to, hours=hours, dose=fuller, rate=fuller / hours),
        Segment(
            first=more_to, until=more_from, hours=HOURS_A_DAY - hours, dose=rest, rate=rest / (HOURS_A_DAY - hours)
        ),
    )


def stepped(rate: float, percent: float) -> float:
    """A rate raised (or, below nought, lowered) by a percentage.

    >>> stepped(400, 10), stepped(400, -20)
    (440.0, 320.0)
    """
    return rate * (100 + percent) / 100
