"""What the lines of one agent say of it: in which situation it is, its doses, how often, for how long, and what changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from relaxant.facts.limits import of_routes
from relaxant.knowledge.schema import Agent
from relaxant.medicines.dose.units import interval_hours
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.quantities import Quantity, convert

SITUATIONS = ("taking", "starting", "stopping", "stopped")
"""Whom nothing was said of is in none of them; any other value of theirs is unknown."""
_BY_WEIGHT = "/kg"
_DIGITS = 9  # three doses of a third are three doses


class _DoseUnit(NamedTuple):
    """An agent's dose unit and the person's weight in kg (NaN where not known): how amounts come into its own unit."""

    unit: str
    weight: float

    def amount(self, value: float | None, unit: str) -> float | None:
        """An amount in the agent's unit, one by weight times the weight; ``None`` where it cannot be told."""
        if value is None or not unit.endswith(_BY_WEIGHT):
            return self._converted(value, unit)
        return None if math.isnan(self.weight) else self._converted(value * self.weight, unit.removesuffix(_BY_WEIGHT))

    def per_kg(self, value: float | None, unit: str) -> float | None:
        """An amount that is written by weight, in the agent's unit a kg; ``None`` for any other."""
        return self._converted(value, unit.removesuffix(_BY_WEIGHT)) if unit.endswith(_BY_WEIGHT) else None

    def _converted(self, value: float | None, unit: str) -> float | None:
        return value if value is None or unit == self.unit else convert(Quantity(value, unit), self.unit)


_Into = Callable[[float | None, str], float | None]
"""One of the two ways of a :class:`_DoseUnit`."""


def said_of_agent(
    agent: Agent, patient: Patient, lines: Sequence[Medicine], weight: float, together: float
) -> dict[str, float]:
    """Every value that the agent's lines give for one person, by name; NaN is unknown. ``weight`` is in kg, NaN where not known; ``together``
    is for how many days the sessions of what is given in sessions count together."""
    unit = _DoseUnit(agent.dose_unit, weight)
    current = [m for m in lines if m.role == "current"]
    weighed = [m for m in lines if m.role == "considering" and m.change != "stop"]
    stops = [m for m in lines if m.role == "considering" and m.change == "stop"]
    stopped = [m for m in lines if m.role == "stopped"]
    replaced = [m for m in current if m.replaced]
    kept = [m for m in current if not m.replaced]
    ahead = weighed + kept
    used = ahead or current or stops or stopped
    out: dict[str, float] = {
        "taking": float(bool(current)),
        "starting": float(bool(weighed) and not current),
        "stopping": float(bool(stops)),
        "stopped": float(bool(stopped) and not current),
        "route_not_licensed": float(any(m.route_not_licensed for m in lines if m.role != "stopped")),
        "current_twice": float(len(ahead) > 1),
        "weighed": float(bool(weighed)),
    }
    low, high = _daily(used, unit.amount)
    on_top_of_unknown = patient.medicines is None and any(m.beside for m in weighed)
    if on_top_of_unknown:
        high = math.inf
        out["current_twice"] = math.nan
    out["daily_low"] = low
    out |= _doses(used, unit, on_top_of_unknown)
    for routes in {limit.routes for limit in agent.limits if limit.routes}:
        by_these = [m for m in used if m.regimen.route in (None, *routes)]
        own = {"given": float(bool(by_these)), **_doses(by_these, unit, on_top_of_unknown and bool(by_these))}
        out |= {f"{name}{of_routes(routes)}": value for name, value in own.items()}
    out["dose_interval_days"] = _interval(used, out["doses_daily"])
    out["dose_known"] = float(math.isfinite(high))
    out["as_needed"] = (
        math.nan if any(m.regimen.as_needed is None for m in used) else float(all(m.regimen.as_needed for m in used))
    )
    out["modified_release"] = (
        math.nan
        if any(m.regimen.release is None for m in used)
        else float(any(m.regimen.release == "modified" for m in used))
    )
    out["capsule"] = (
        math.nan if any(m.regimen.form is None for m in used) else float(any(m.regimen.form == "capsule" for m in used))
    )
    starts = [m.regimen.start for m in current + stopped if m.regimen.start is not None]
    if stopped and not current:
        ends = [m.regimen.stop for m in stopped if m.regimen.stop is not None]
        if len(ends) == len(stopped):
            out["stopped_days"] = float((patient.as_of - max(ends)).days)
            out["duration_days"] = float((max(ends) - min(starts)).days) if starts else math.nan
    elif current:
        planned = [m.regimen.duration_days for m in weighed if m.regimen.duration_days]
        out["duration_days"] = _since(patient, starts) if starts else max(planned, default=math.nan)
    elif weighed:
        known = [m.regimen.duration_days for m in weighed if m.regimen.duration_days is not None]
        out["duration_days"] = max(known) if len(known) == len(weighed) else math.nan
    if current and all(m.regimen.start is not None for m in current):
        out["present_days"] = _since(patient, [max(m.regimen.start for m in current if m.regimen.start is not None)])
    before = (current if weighed else []) or (stopped if not current else [])
    listed = patient.medicines is not None or stopped or current
    out["restarting"] = float(bool(weighed and stopped) and not current) if listed or not weighed else math.nan
    until = max((m.regimen.start or patient.as_of for m in weighed), default=patient.as_of)
    out["session_low"], out["session_high"] = (
        _since_session(patient, current + stopped, until) if weighed else (math.inf, math.inf)
    )
    out["sessions_low"], out["sessions_high"] = _together(current + stopped, weighed, until, patient, together, unit)
    out["dose_drop"], out["product_changes"] = (0.0, 0.0) if current and not weighed else (math.nan, math.nan)
    if before:
        before_low, before_high = _daily(before, unit.amount)
        out["before_low"], out["before_high"] = before_low, before_high
        if weighed and before_low == before_high and low == high and math.isfinite(low) and before_low > 0:
            out["dose_drop"] = 1 - low / before_low
    if replaced and weighed:
        forms = (
            {(m.regimen.form, m.regimen.release) for m in replaced},
            {(m.regimen.form, m.regimen.release) for m in weighed},
        )
        said = all(f is not None for side in forms for f, _ in side)
        out["product_changes"] = float(forms[0] != forms[1]) if said else math.nan
    return out


def _doses(lines: Sequence[Medicine], unit: _DoseUnit, on_top_of_unknown: bool) -> dict[str, float]:
    """What limits are held against, of the lines together: the most in a day and at once, as amounts and by weight, and the number of doses."""
    _, high = _daily(lines, unit.amount)
    _, per_kg = _daily(lines, unit.per_kg)
    return {
        "daily_high": math.inf if on_top_of_unknown else high,
        "daily_per_kg_high": math.inf if on_top_of_unknown else per_kg,
        "single_high": _single(lines, unit.amount),
        "single_per_kg_high": _single(lines, unit.per_kg),
        "weight_missing": float(math.isnan(unit.weight) and any(map(_by_weight, lines))),
        "doses_daily": math.nan if on_top_of_unknown else _doses_daily(lines, unit),
    }


def _since(patient: Patient, starts: Sequence[date]) -> float:
    """Days since the first start; unknown where the record dates it after the review."""
    days = float((patient.as_of - min(starts)).days)
    return days if days >= 0 else math.nan


def _daily(lines: Sequence[Medicine], into: _Into) -> tuple[float, float]:
    """The sum of the lines' daily doses: what is certain, and the most that is allowed; infinite where not said."""
    low = high = 0.0
    for medicine in lines:
        amount = medicine.regimen.daily or medicine.regimen.rate
        if amount is None:
            high = math.inf
            continue
        unit = amount.unit.removesuffix("/day")
        at_least, at_most = into(amount.low, unit), into(amount.high, unit)
        low += at_least or 0.0
        high = math.inf if at_most is None else high + at_most
    return low, high


def _single(lines: Sequence[Medicine], into: _Into) -> float:
    """The largest dose of the lines; unknown where one of them does not say its dose."""
    largest = 0.0
    for medicine in lines:
        given = [into(dose.high, dose.unit) for dose in medicine.regimen.doses]
        if not given:
            return math.nan
        for amount in given:
            if amount is None:
                return math.nan
            largest = max(largest, amount)
    return largest


def _by_weight(medicine: Medicine) -> bool:
    """Whether a line doses by weight."""
    regimen = medicine.regimen
    daily = (regimen.daily.unit.removesuffix("/day"),) if regimen.daily else ()
    return any(unit.endswith(_BY_WEIGHT) for unit in (*daily, *(d.unit for d in regimen.doses)))


def _doses_daily(lines: Sequence[Medicine], unit: _DoseUnit) -> float:
    """How many doses a day the lines make."""
    total = 0.0
    for medicine in lines:
        daily, given = medicine.regimen.daily, medicine.regimen.doses
        if medicine.regimen.max_doses_daily is not None:
            total += medicine.regimen.max_doses_daily
        elif len(given) > 1:
            total += len(given)
        elif daily is not None and given:
            into = unit.per_kg if _by_weight(medicine) else unit.amount  # the weight cancels out
            a_day, at_once = into(daily.high, daily.unit), into(given[0].high, given[0].unit)
            total += round(a_day / at_once, _DIGITS) if a_day and at_once else math.nan
        else:
            return math.nan
    return total


_ONCE = "once"


def last_session(lines: Sequence[Medicine], as_of: date) -> tuple[date | None, bool]:
    """The newest day on which lines of something given in sessions tell of one, and whether there was surely none since.

    Each line was given on its first day. One that is given again and again had surely no other session until its interval was over; one
    that was stopped had its last on the day of the stop, at the latest.
    """
    found = [_session(line, as_of) for line in lines]
    days = [day for day, _ in found if day is not None]
    return max(days, default=None), all(sure for _, sure in found)


def _session(line: Medicine, as_of: date) -> tuple[date | None, bool]:
    regimen = line.regimen
    once = bool(regimen.doses) and all(d.every == _ONCE for d in regimen.doses)
    day = regimen.stop if line.role == "stopped" and not once else regimen.start or regimen.stop
    if day is None or day > as_of:
        return None, False
    return day, once or line.role == "stopped" or (as_of - day).days < _interval((line,), math.nan)


def _since_session(patient: Patient, lines: Sequence[Medicine], until: date) -> tuple[float, float]:
    """The least and the most days from the last session up to today or, later, the day of the one that is weighed; endless where there was
    none."""
    last, sure = last_session(lines, patient.as_of)
    days = math.inf if last is None else float((max(until, patient.as_of) - last).days)
    return (days if sure and patient.medicines is not None else 0.0), days


def _together(
    given: Sequence[Medicine], weighed: Sequence[Medicine], until: date, patient: Patient, days: float, unit: _DoseUnit
) -> tuple[float, float]:
    """The least and the most that sessions give within so many days up to ``until``, the day of the review or of the session that is weighed."""
    low, high = (0.0, 0.0) if patient.medicines is not None else (0.0, math.inf)
    for line in (*given, *weighed):
        doses = line.regimen.doses
        least = min((unit.amount(d.low, d.unit) or 0.0 for d in doses), default=0.0)
        amounts = [unit.amount(d.high, d.unit) for d in doses]
        most = math.inf if not amounts or None in amounts else max(a for a in amounts if a is not None)
        day, sure = (until, True) if line in weighed else _session(line, patient.as_of)
        within = day is not None and (until - day).days < days
        low, high = low + (least if within else 0.0), high + (most if within or not sure else 0.0)
    return low, high


def _interval(lines: Sequence[Medicine], doses_daily: float) -> float:
    """Days between doses: of the most frequent line, or the day by the number of its doses; endless for what is given once."""
    every = [d.every for m in lines for d in m.regimen.doses]
    repeated = [e for e in every if e != _ONCE]
    if every and not repeated:
        return math.inf
    spans = [interval_hours(e) for e in repeated]
    shortest = [span[0] / 24 for span in spans if span is not None]
    if not shortest or len(shortest) < len(spans):
        return math.nan
    return min(shortest) if min(shortest) > 1 or not doses_daily > 1 else 1 / doses_daily
