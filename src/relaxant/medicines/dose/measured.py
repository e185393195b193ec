"""Numbers with a unit: a dose, the strength of the product, a rate or the total of a day."""

from __future__ import annotations

from relaxant.medicines.dose.amounts import add_amount, add_unknown
from relaxant.medicines.dose.counts import bare_number
from relaxant.medicines.dose.dates import is_date_in_words, on_month
from relaxant.medicines.dose.durations import on_uk_duration
from relaxant.medicines.dose.numbers import figure, tidy
from relaxant.medicines.dose.often import set_every
from relaxant.medicines.dose.reading import Reading
from relaxant.medicines.dose.spans import Span, is_uk_duration, number_at, period_at, span_at, value_at
from relaxant.medicines.dose.supply import as_supply
from relaxant.medicines.dose.totals import over_period, set_day_total
from relaxant.medicines.dose.units import COUNTED, LARGEST, SOLID, SPOONS, VOLUMES
from relaxant.medicines.dose.when import clock_in_figures, on_clock
from relaxant.medicines.regimen import Strength

_BETWEEN_CLOCKS = frozenset({",", "/", "and", "+", "&", "-"})
_NOT_GUESSED = {"grains?": "grains", "milliunits?": "milliunits"}


def on_number(r: Reading, i: int) -> int:
    if is_uk_duration(r, i):
        return on_uk_duration(r, i)
    if r.kind[i] == "num" and is_date_in_words(r, i):
        return on_month(r, i)
    if r.kind[i] == "num" and len(r.meaning[i]) == 4 and _is_one_of_clocks(r, i):
        return on_clock(r, i)
    found = span_at(r, i)
    if found is None:
        r.problem("stray_number", said=r.said(i, i + 1))
        return i + 1
    if found.unit is None:
        return bare_number(r, i, found.low, found.high, found.end)
    return _measured(r, i, found, found.unit)


def _is_one_of_clocks(r: Reading, i: int) -> bool:
    """``10 mg 0800 1400 2000``: times of day in four figures, two of them or more."""
    if clock_in_figures(r, i) is None or not r.has_dose() or r.kind[i + 1] in {"unit", "form", "time"}:
        return False
    around = (
        i - 2 if r.meaning[i - 1] in _BETWEEN_CLOCKS else i - 1,
        i + 2 if r.meaning[i + 1] in _BETWEEN_CLOCKS else i + 1,
    )
    return any(r.kind[k] == "num" and clock_in_figures(r, k) is not None for k in around)


def on_article(r: Reading, i: int) -> int:
    """``a tablet``, ``half a tablet``, ``10 mg a day``."""
    if number_at(r, i) is not None:
        return on_number(r, i)
    period = period_at(r, i)
    clause = r.last()
    if period is not None and clause is not None and not clause.scheduled():
        set_every(r, period[0])
        return period[1]
    return i + 1


def on_unit(r: Reading, i: int) -> int:
    r.problem("lone_unit", said=r.said(i, i + 1))
    clause = r.clause()
    if clause.unit is None:
        clause.unit = "dose"
    return i + 1


def on_strength(r: Reading, i: int) -> int:
    j = i + 2 if r.meaning[i + 1] == ":" else i + 1
    found = span_at(r, j)
    if found is None or found.unit is None:
        return j
    if r.meaning[found.end] == "/" or r.keyword[found.end] == "per":
        end = _concentration(r, j, found.low, found.high, found.unit, found.end)
        if end is not None:
            return end
    if found.low is not None and found.low == found.high:
        r.strength = Strength(value=found.low, unit=found.unit)
    return found.end


def refused(r: Reading, i: int, key: str) -> int:
    """A number after a sign that makes it no amount: its dose is unknown."""
    found = span_at(r, i + 1)
    j = found.end if found is not None else i + 2
    r.problem(key, said=r.said(i, j))
    add_unknown(r, (found.unit if found is not None else None) or "dose", i, j)
    return j


def _measured(r: Reading, i: int, found: Span, unit: str) -> int:
    low, high, _, j = found
    if unit in {"%", "kg"}:
        r.note(i, j)
        return j
    low, high, unit = _usable(r, low, high, unit, r.said(i, j))
    if unit == "mL" and r.form in SOLID and r.keyword[i - 1] == "in" and r.last() is not None:
        r.note(i - 1, j)  # one tablet in 10 mL of water
        return j
    keyword = r.keyword[j]
    if r.meaning[j] == "/" or keyword == "per":
        if r.kind[j + 1] == "unit" and r.meaning[j + 1] == "kg":
            unit, j = f"{unit}/kg", j + 2
        strength = _concentration(r, i, low, high, unit, j)
        if strength is not None:
            return strength
        if r.keyword[j + 1] == "doses":
            j += 2
        keyword = r.keyword[j]
    elif keyword == "in" and unit not in COUNTED and unit != "mL":
        strength = _concentration(r, i, low, high, unit, j)
        if strength is not None:
            return strength
    period = period_at(r, j)
    if period is not None:
        end = over_period(r, i, low, high, unit, j, period)
        if end is not None:
            return end
    return _dose(r, i, low, high, unit, j)


def _dose(r: Reading, i: int, low: float | None, high: float | None, unit: str, j: int) -> int:
    if r.meaning[j] == "=":
        r.paren = True
    keyword = r.keyword[j]
    clause = r.last()
    after_count = clause is not None and clause.unit in COUNTED
    if as_supply(r, i, low, high, unit, j):
        return j
    of_dose = clause is not None and r.paren and (clause.pieces is not None or (clause.low, clause.unit) == (low, unit))
    if keyword == "total" and not after_count and not of_dose:
        return set_day_total(r, low, high, unit, j + 1)
    each = keyword == "every" and r.raw(j) == "each" and r.kind[j + 1] not in {"at", "time", "num", "weekday"}
    if unit == "units" and r.kind[i + 1] == "unit":
        r.taking = False
    each_of_them = each or (after_count and r.keyword[i - 1] == "of")
    add_amount(r, low, high, unit, i, j, each=each_of_them, total=keyword == "total")
    if unit in COUNTED and unit != "piece":
        r.form = r.form or unit
    elif r.kind[j] == "form" and r.clauses:
        r.clauses[-1].form_after = True
    return j + 1 if each or keyword == "total" else j


def _usable(
    r: Reading, low: float | None, high: float | None, unit: str, said: str
) -> tuple[float | None, float | None, str]:
    """The amount in a unit that is kept; unknown where the unit can be mistaken or the amount cannot be true."""
    if unit in _NOT_GUESSED:
        r.problem(_NOT_GUESSED[unit], said=said)
        return None, None, "dose"
    if unit in VOLUMES:
        low, high = (None if value is None else value * VOLUMES[unit] for value in (low, high))
        if unit in SPOONS and high is not None:
            r.problem("spoon", said=said, read=f"{figure(high)} mL")
        unit = "mL"
    if high is not None and (high == 0 or high > LARGEST):
        r.problem("zero" if high == 0 else "absurd", said=said)
        return None, None, unit
    return low, high, unit


def _concentration(r: Reading, i: int, low: float | None, high: float | None, unit: str, j: int) -> int | None:
    """``10 mg/5 mL``, ``10 mg per tablet``: the strength of the product, not a dose."""
    k, count = j + 1, 1.0
    if r.kind[k] == "num" and r.kind[k + 1] == "unit":
        value = value_at(r, k)
        if not value:
            return None
        count, k = value, k + 1
    kind, meaning = r.kind[k], r.meaning[k]
    if kind == "unit" and meaning in {"mL", "L"}:
        if low is not None and low == high:
            volume = count * (1000 if meaning == "L" else 1)
            r.strength = Strength(value=tidy(low / volume), unit=unit, per="mL")
        return k + 1
    if kind == "form" and meaning in COUNTED and unit not in COUNTED:
        if low is not None and low == high:
            r.strength = Strength(value=low, unit=unit)
        r.form = r.form or (meaning if meaning != "piece" else None)
        return k + 1
    if kind == "unit" and meaning != "kg" and r.meaning[j] == "/":
        r.problem("pair", said=r.said(i, k + 1))
        add_unknown(r, unit, i, k + 1)
        return k + 1
    return None
