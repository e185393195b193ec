"""The drug levels that were measured in a person, as far as a model can be told of them."""

from __future__ import annotations

from datetime import date

import msgspec

from relaxant.patient import Patient
from relaxant.quantities import convert, quantity


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A level in ``unit``, taken ``after_hours`` after a dose (``None``: not said) on a day."""

    value: float
    unit: str
    date: date
    after_hours: float | None


def levels_of(patient: Patient, ingredient: str) -> tuple[Level, ...]:
    """Every level of a drug, the oldest first."""
    name = f"{ingredient} level"
    found = [
        Level(value=m.value, unit=m.unit, date=m.date or patient.as_of, after_hours=_hours(m.after_dose))
        for m in (*patient.labs, *patient.observations)
        if m.name == name and m.value is not None and m.unit
    ]
    return tuple(sorted(found, key=lambda one: (one.date, one.after_hours or 0.0, one.value)))


def _hours(said: str | None) -> float | None:
    return None if said is None else convert(quantity(said, "after_dose", example="3 h"), "h")
