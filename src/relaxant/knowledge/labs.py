"""Laboratory values, vital signs and measures: names, units, bounds, how long they stay true."""

from __future__ import annotations

from relaxant.knowledge.schema import Frozen


class Lab(Frozen, frozen=True, kw_only=True, gc=False):
    """A laboratory value, vital sign or measure: its names, unit, physical bounds and how long it stays true."""

    lab: str
    title: str
    names: tuple[str, ...]
    loinc: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    unit: str
    molar_mass: float | None = None
    equivalents: float | None = None
    unit_required: bool = True
    plausible_low: float
    plausible_high: float
    upper_normal: float | None = None
    upper_normal_female: float | None = None
    lower_normal: float | None = None
    valid_days: float
    valid_reason: str
    source: str
    place: str
    verified: bool = True
