"""What a line says whoever takes it and since when: its amounts in its agent's unit, and what else its agent's facts ask of it.

A registry's lines are of few kinds; each is read once, and a table of them serves everybody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from relaxant.facts.column import Floats, Mask
from relaxant.medicines.dose.units import interval_hours
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.regimen import Regimen
from relaxant.quantities import Quantity, convert

NAN, ENDLESS = math.nan, math.inf
_BY_WEIGHT = "/kg"
_ONCE = "once"
_DIGITS = 9  # three doses of a third are three doses


class LineKind(NamedTuple):
    """One line in the dose unit of its agent, as numbers; a yes is 1, a no 0, NaN what was not said.

    ``daily_low`` is what is certain of a day's dose and ``daily_high`` the most of it, endless where not said; ``least`` and ``most`` are the
    same of one dose, and ``single`` its most or NaN. What is written by weight stands in the fields ``per_kg`` instead, where the most is
    endless or, of one dose, below nought for what is not. ``single_per_kg`` is NaN unless all doses are by weight. ``often`` is the shortest
    number of days between doses, below nought so that the greatest is the shortest, endless where nothing repeats; ``wait`` are the same days,
    NaN where no dose was said.
    """

    # summed over the lines that count
    daily_high: float
    daily_per_kg_high: float
    doses_daily: float
    daily_low: float
    # the greatest of them
    single: float
    single_per_kg: float
    by_weight: float
    regular: float
    modified_release: float
    capsule: float
    doses: float
    often: float
    not_licensed: float
    # the others
    least: float
    most: float
    daily_per_kg_low: float
    least_per_kg: float
    most_per_kg: float
    once: float
    wait: float
    duration_days: float


BY_FIELD = {name: place for place, name in enumerate(LineKind._fields)}
"""The place of each field in a table of kinds."""


class LineKinds:
    """A table of kinds. ``values`` has shape (fields of :class:`LineKind`, kinds); ``products`` tells form and release of each, and ``by_weight``
    whether an amount of any is a kg."""

    __slots__ = ("_by_routes", "by_weight", "products", "routes", "values")

    def __init__(self, kinds: Sequence[LineKind], regimens: Sequence[Regimen]) -> None:
        self.values: Floats = np.array(kinds, np.float64).reshape(-1, len(BY_FIELD)).T
        self.by_weight = any(k.by_weight or k.daily_per_kg_low or k.daily_per_kg_high < ENDLESS for k in kinds)
        self.routes = [regimen.route for regimen in regimens]
        self._by_routes: dict[tuple[str, ...], Mask] = {}
        self.products = [(regimen.form, regimen.release) for regimen in regimens]

    def by_routes(self, routes: tuple[str, ...]) -> Mask:
        """Which kinds are given by one of some routes, or by one that was not said. Shape (kinds,)."""
        known = self._by_routes.get(routes)
        if known is None:
            known = self._by_routes[routes] = np.array([route is None or route in routes for route in self.routes])
        return known


_KINDS: dict[tuple[Regimen, bool, str], LineKind] = {}
_MOST_REMEMBERED = 8192


def line_kind(medicine: Medicine, unit: str) -> LineKind:
    """The kind of a line of an agent that is dosed in ``unit``."""
    key = (medicine.regimen, medicine.route_not_licensed, unit)
    known = _KINDS.get(key)
    if known is None:
        if len(_KINDS) >= _MOST_REMEMBERED:
            _KINDS.clear()
        known = _KINDS[key] = _read(*key)
    return known


def _read(regimen: Regimen, not_licensed: bool, unit: str) -> LineKind:
    day_low, day_high, day_by_weight = _daily(regimen, unit)
    amounts = [_into(dose.low, dose.high, dose.unit, unit) for dose in regimen.doses]
    plain = [(low, high) for low, high, by_weight in amounts if not by_weight]
    weighed = [(low, high) for low, high, by_weight in amounts if by_weight]
    by_weight = bool(weighed) or (regimen.daily is not None and day_by_weight)
    once, interval = repeats(regimen)
    single = _largest([high for _, high in plain]) if amounts else NAN
    return LineKind(
        daily_high=ENDLESS if day_by_weight else day_high,
        daily_per_kg_high=day_high if day_by_weight else ENDLESS,
        doses_daily=_doses_daily(regimen, unit, by_weight=by_weight),
        daily_low=0.0 if day_by_weight else day_low,
        single=single,
        single_per_kg=_largest([high for _, high in weighed]) if amounts and not plain else NAN,
        by_weight=float(by_weight),
        regular=NAN if regimen.as_needed is None else float(not regimen.as_needed),
        modified_release=NAN if regimen.release is None else float(regimen.release == "modified"),
        capsule=NAN if regimen.form is None else float(regimen.form == "capsule"),
        doses=float(bool(amounts)),
        often=-interval,
        not_licensed=float(not_licensed),
        least=min((low for low, _ in plain), default=ENDLESS if weighed else 0.0),
        most=ENDLESS if math.isnan(single) else single,
        daily_per_kg_low=day_low if day_by_weight else 0.0,
        least_per_kg=min((low for low, _ in weighed), default=ENDLESS),
        most_per_kg=_largest([high for _, high in weighed]) if weighed else -ENDLESS,
        once=float(once),
        wait=interval if amounts else NAN,
        duration_days=NAN if regimen.duration_days is None else regimen.duration_days,
    )


def _largest(amounts: Sequence[float]) -> float:
    """The largest amount, nought of none; NaN where one is unknown."""
    return NAN if any(map(math.isnan, amounts)) else max(amounts, default=0.0)


def _into(low: float | None, high: float | None, unit: str, wanted: str) -> tuple[float, float, bool]:
    """The least of an amount (nought where not known), the most (NaN where not known), and whether both are a kg."""
    by_weight = unit.endswith(_BY_WEIGHT)
    plain = unit.removesuffix(_BY_WEIGHT)
    least, most = (
        value if value is None or plain == wanted else convert(Quantity(value, plain), wanted) for value in (low, high)
    )
    return least or 0.0, NAN if most is None else most, by_weight


def _daily(regimen: Regimen, unit: str) -> tuple[float, float, bool]:
    amount = regimen.daily or regimen.rate
    if amount is None:
        return 0.0, ENDLESS, False
    low, high, by_weight = _into(amount.low, amount.high, amount.unit.removesuffix("/day"), unit)
    return low, ENDLESS if math.isnan(high) else high, by_weight


def _doses_daily(regimen: Regimen, unit: str, *, by_weight: bool) -> float:
    """How many doses a day the line makes; the weight cancels out."""
    daily, given = regimen.daily, regimen.doses
    if regimen.max_doses_daily is not None:
        return regimen.max_doses_daily
    if len(given) > 1:
        return float(len(given))
    if daily is None or not given:
        return NAN
    a_day, at_once = (
        _into(None, high, said, unit)[1] if said.endswith(_BY_WEIGHT) == by_weight else NAN
        for high, said in ((daily.high, daily.unit), (given[0].high, given[0].unit))
    )
    return round(a_day / at_once, _DIGITS) if a_day and at_once else NAN


def repeats(regimen: Regimen) -> tuple[bool, float]:
    """Whether all that the line says is given once, and the shortest days between its doses: NaN where one is no interval, endless where none
    repeats."""
    repeated = [dose.every for dose in regimen.doses if dose.every != _ONCE]
    spans = [interval_hours(every) for every in repeated]
    hours = [span[0] for span in spans if span is not None]
    shortest = NAN if len(hours) < len(spans) else min(hours, default=ENDLESS) / 24
    return bool(regimen.doses) and not repeated, shortest


def by_weight(kind: Floats, weight: Floats) -> Floats:
    """Lines' kinds with the amounts by weight times the person's weight (kg), each unknown where that is. Shape (fields, lines)."""

    def said(name: str) -> Floats:
        values: Floats = kind[BY_FIELD[name]]
        return values

    most, least = said("most_per_kg"), said("least_per_kg")
    single = np.where(most < 0, said("single"), np.maximum(said("single"), most * weight))
    by_dose = np.where(least < np.inf, np.fmax(least * weight, 0.0), np.inf)
    out = kind.copy()
    for name, values in (
        ("daily_high", np.fmin(said("daily_high"), said("daily_per_kg_high") * weight)),
        ("daily_low", np.fmax(said("daily_low"), said("daily_per_kg_low") * weight)),
        ("single", single),
        ("by_weight", said("by_weight") * np.isnan(weight)),
        ("least", np.minimum(said("least"), by_dose)),
        ("most", np.where(np.isnan(single), np.inf, single)),
    ):
        out[BY_FIELD[name]] = values
    return out
