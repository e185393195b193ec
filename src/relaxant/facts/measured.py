"""The value in force of each laboratory test and vital sign: the newest, while it is still valid."""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np

from relaxant.facts.column import Floats, Mask
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Measured, Patient
from relaxant.quantities import Quantity, convert, plain_number

NAN = math.nan
_SAME = 0.01  # two values of one day that differ by no more are one value, rounded or converted


@overload
def differ(one: float, other: float) -> bool: ...
@overload
def differ(one: Floats, other: Floats) -> Mask: ...
def differ(one: Any, other: Any) -> Any:
    """Whether two values of one day are two, so that nobody knows which one holds."""
    apart = abs(one - other)
    return (apart > _SAME * abs(one)) & (apart > _SAME * abs(other))


def in_force(least: Floats, most: Floats, age_days: Floats, valid_days: float) -> Floats:
    """The newest values of many people, each the least and the most of its day (NaN where nothing was measured) that was so many days ago; NaN
    where it is past its time or the two differ. Shape (rows,)."""
    return np.where(differ(least, most) | (age_days > valid_days), np.nan, most)


def values_in_force(patient: Patient, knowledge: Knowledge, note: dict[str, str]) -> dict[str, float]:
    """Each value in the unit of its lab, NaN where it is past its time or two of one day disagree; ``note`` gains why.

    One that is surely of the day of the review stands as ``<lab>_today`` as well. With a creatinine come ``creatinine_before`` and ``creatinine_before_hours``: the lowest earlier one of KDIGO's window,
    else the last.
    """
    by_lab: dict[str, list[tuple[Measured, float]]] = {}
    for measured in (*patient.labs, *patient.observations, patient.weight, patient.height):
        lab = knowledge.labs.get(measured.name) if measured is not None else None
        if measured is not None and lab is not None and (value := canonical_value(measured, lab)) is not None:
            by_lab.setdefault(lab.lab, []).append((measured, value))
    out: dict[str, float] = {}
    for lab_id, values in by_lab.items():
        values.sort(key=lambda pair: (pair[0].date or patient.as_of, pair[0].date is None, pair[1]))
        out[lab_id] = _in_force(values, knowledge.labs[lab_id], patient, note)
        if values[-1][0].date == patient.as_of:
            out[f"{lab_id}_today"] = out[lab_id]
        if lab_id == "creatinine" and not math.isnan(out[lab_id]):
            out.update(_earlier(values, patient, knowledge))
    return out


def canonical_value(measured: Measured, lab: Lab) -> float | None:
    """A measured value in the unit of its lab; ``None`` for words."""
    if measured.value is None:
        return None
    if not measured.unit or not lab.unit:
        return measured.value
    return convert(
        Quantity(measured.value, measured.unit), lab.unit, molar_mass=lab.molar_mass, equivalents=lab.equivalents
    )


def _said(measured: Measured, lab: Lab) -> str:
    return f"{plain_number(measured.value or 0.0)} {measured.unit or lab.unit}".rstrip()


def _in_force(values: list[tuple[Measured, float]], lab: Lab, patient: Patient, note: dict[str, str]) -> float:
    newest, value = values[-1]
    day = newest.date or patient.as_of
    others = [(m, v) for m, v in values[:-1] if (m.date or patient.as_of) == day]
    if any(differ(v, value) for _, v in others):
        listed = " and ".join(_said(m, lab) for m, _ in (*others, values[-1]))
        note[lab.lab] = f"{lab.title}: {listed} are given for {day}; which one holds is not known"
        return NAN
    age_days = (patient.as_of - day).days
    if age_days > lab.valid_days:
        note[lab.lab] = (
            f"last {lab.title} {_said(newest, lab)} on {day} is {age_days} days old, past its {lab.valid_days:g} days"
        )
        return NAN
    if newest.date is None and newest is not patient.weight and newest is not patient.height:
        note[lab.lab] = f"{lab.title} {_said(newest, lab)} has no date; it is taken as current"
        dated = [m for m, v in values[:-1] if m.date is not None]
        if dated:
            note[lab.lab] += f", before {_said(dated[-1], lab)} of {dated[-1].date}"
    return value


def _earlier(values: list[tuple[Measured, float]], patient: Patient, knowledge: Knowledge) -> dict[str, float]:
    day = values[-1][0].date or patient.as_of
    earlier = [(m.date, v) for m, v in values[:-1] if m.date is not None and m.date < day]
    if not earlier:
        return {}
    window = knowledge.policy("kidney_injury_ratio_days")
    recent = [(when, v) for when, v in earlier if (day - when).days <= window]
    when, before = min(recent, key=lambda pair: pair[1]) if recent else earlier[-1]
    return {"creatinine_before": before, "creatinine_before_hours": (day - when).days * 24.0}
