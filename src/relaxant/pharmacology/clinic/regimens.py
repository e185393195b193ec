"""A medicine line as doses on a clock: one day of it (or the span after which it repeats), as it is taken for good.

Where a line leaves room ("5 to 10 mg every 6 to 8 hours as needed, at most 3 a day") the most that it allows is taken, and that
is remarked; what cannot be put on a clock is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from relaxant.medicines.dose.units import interval_hours
from relaxant.medicines.regimen import Dose, Regimen
from relaxant.quantities import Quantity, convert, unit

_DAY = 24.0
_MOST_A_DAY = 24


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """An amount at an hour after the first dose of the day (of the span), over ``infused_over`` hours where it runs in."""

    hour: float
    amount: float
    unit: str
    infused_over: float = 0.0


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """The doses of one span of ``every`` hours, repeated for good; once where ``every`` is ``None``.

    ``begins`` is the hour of the clock of its first dose, the morning where the line names none. ``remarks`` are keys of what was
    chosen where the line leaves room: ``range``, ``as_needed``, ``steps``.
    """

    doses: tuple[Timed, ...]
    every: float | None = _DAY
    begins: float = 0.0
    remarks: tuple[str, ...] = ()

    def counted_from(self, hour: float) -> Pattern:
        """The same doses with their hours counted from this hour of the clock."""
        shift = self.begins - hour
        own = (d.hour + shift if self.every is None else (d.hour + shift) % self.every for d in self.doses)
        moved = (msgspec.structs.replace(d, hour=h) for d, h in zip(self.doses, own, strict=True))
        return msgspec.structs.replace(self, doses=tuple(sorted(moved, key=lambda d: d.hour)), begins=hour)

    @property
    def daily(self) -> float:
        """What is taken in a day, in the unit of the first dose."""
        total = sum(d.amount for d in self.doses)
        return total if self.every is None else total * _DAY / self.every


class NoPattern(msgspec.Struct, frozen=True):
    """Why a line gives no doses on a clock: ``no_dose``, ``no_interval``, ``no_mass`` or ``no_weight``."""

    why: str


def pattern(regimen: Regimen, hours: dict[str, float], weight: float | None = None) -> Pattern | NoPattern:
    """The doses of a line. ``hours`` gives the hour of each time of day in words (``morning``: 8), ``weight`` (kg) makes a dose per kg one in mass."""
    if regimen.rate is not None and regimen.rate.high is not None:
        return _running(regimen.rate.high, regimen.rate.unit, weight)
    if not regimen.doses:
        return NoPattern("no_dose")
    last = max(d.step for d in regimen.doses)
    doses = [d for d in regimen.doses if d.step == last]
    remarks = []
    if last > 1:
        remarks.append("steps")
    if any(d.low != d.high or _leaves_room(d.every) for d in doses):
        remarks.append("range")
    if any(d.as_needed for d in doses):
        remarks.append("as_needed")
    placed: list[Timed] = []
    span = _DAY
    clock = sorted(h for d in doses if d.at and (h := _hour(d.at, hours)) is not None)
    for dose in doses:
        found = _placed(dose, regimen, hours, clock, weight)
        if isinstance(found, NoPattern):
            return found
        times, own_span = found
        if own_span != _DAY and len(doses) > 1:
            return NoPattern("no_interval")
        if own_span is None:
            return Pattern(doses=tuple(times), every=None, begins=hours["morning"], remarks=tuple(remarks))
        span = own_span
        placed += times
    if not any(p.amount > 0 for p in placed):
        return NoPattern("no_dose")
    first = min(p.hour for p in placed)
    counted = (msgspec.structs.replace(p, hour=p.hour - first) for p in placed)
    return Pattern(
        doses=tuple(sorted(counted, key=lambda p: p.hour)), every=span, begins=first % _DAY, remarks=tuple(remarks)
    )


def _leaves_room(every: str | None) -> bool:
    span = interval_hours(every)
    return span is not None and span[0] != span[1]


def _running(amount: float, rate_unit: str, weight: float | None) -> Pattern | NoPattern:
    what, _, per = rate_unit.partition("/")
    if per.startswith("kg/"):
        if weight is None:
            return NoPattern("no_weight")
        amount, per = amount * weight, per.removeprefix("kg/")
    hours = {"day": _DAY, "d": _DAY, "h": 1.0, "hour": 1.0, "min": 1 / 60, "minute": 1 / 60}.get(per)
    if hours is None or not _is_mass(what):
        return NoPattern("no_interval" if _is_mass(what) else "no_mass")
    return Pattern(doses=(Timed(hour=0.0, amount=amount * _DAY / hours, unit=what, infused_over=_DAY),))


def _placed(
    dose: Dose, regimen: Regimen, hours: dict[str, float], clock: Sequence[float], weight: float | None
) -> tuple[Sequence[Timed], float | None] | NoPattern:
    """The times of one kind of dose and the span after which they repeat (``None``: once).

    The day begins in the morning. Beside doses at times of the day (``clock``: "three times a day and at night") those of an interval
    are spread from the morning to the first of them.
    """
    amount = dose.high if dose.high is not None else dose.low
    if amount is None:
        return NoPattern("no_dose")
    if dose.unit.endswith("/kg"):
        if weight is None:
            return NoPattern("no_weight")
        amount *= weight
    mass = _mass(amount, dose.unit.removesuffix("/kg"), regimen)
    if mass is None:
        return NoPattern("no_mass")
    value, unit_of = mass
    if dose.every == "once":
        return [Timed(hour=0.0, amount=value, unit=unit_of)], None
    span = interval_hours(dose.every)
    if span is None:
        return NoPattern("no_interval")
    shortest = span[0]
    if shortest >= _DAY:
        hour = _hour(dose.at, hours) if dose.at else hours["morning"]
        return (
            ([Timed(hour=hour, amount=value, unit=unit_of)], shortest) if hour is not None else NoPattern("no_interval")
        )
    count = min(round(_DAY / shortest), _MOST_A_DAY)
    if regimen.max_doses_daily:
        count = max(1, min(count, int(regimen.max_doses_daily)))
    most = regimen.max_daily
    ceiling = None if most is None or most.high is None else _mass(most.high, most.unit, regimen)
    here = None if ceiling is None else convert(Quantity(*ceiling), unit_of)
    if here is not None and value > 0:
        count = max(1, min(count, math.floor(here / value * (1 + 1e-9))))
    start, gap = hours["morning"], _DAY / count
    later = [h for h in clock if h > start]
    if later:
        gap = (later[0] - start) / count
    return [Timed(hour=start + gap * i, amount=value, unit=unit_of) for i in range(count)], _DAY


def _hour(at: str, hours: dict[str, float]) -> float | None:
    if ":" in at:
        hour, minute = at.split(":")
        return int(hour) + int(minute) / 60
    return hours.get(at)


def _mass(amount: float, of: str, regimen: Regimen) -> tuple[float, str] | None:
    """An amount in mass; pieces through the product's strength."""
    if _is_mass(of):
        return amount, of
    strength = regimen.strength
    if strength is not None and _is_mass(strength.unit):
        if strength.per == "piece" and unit(of) is None:
            return amount * strength.value, strength.unit
        if strength.per == of:
            return amount * strength.value, strength.unit
    return None


def _is_mass(text: str) -> bool:
    known = unit(text)
    return known is not None and known.dimensions == (("g", 1),)
