"""The measurements of a registry: which laboratory value or vital sign each is, and how its unit comes into that value's own."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from relaxant.cohort.vocabulary import Glossary, Row, beside, in_order, rows_of
from relaxant.io.fhir_observations import body_of
from relaxant.io.said import fold
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge
from relaxant.quantities import scale_and_shift, unit

MEASUREMENT_KEYS: Final = ("concept", "source", "unit", "unit_source")
MEASUREMENTS: Final = pa.schema(
    [
        pa.field("item", pa.int32(), nullable=False),
        pa.field("scale", pa.float64(), nullable=False),
        pa.field("shift", pa.float64(), nullable=False),
        pa.field("least", pa.float64(), nullable=False),
        pa.field("most", pa.float64(), nullable=False),
        pa.field("valid_days", pa.float64(), nullable=False),
    ]
)
"""A value times ``scale`` plus ``shift`` is in the lab's own unit; between ``least`` and ``most`` a body can show it; it is true for ``valid_days``."""

_PER_AREA = "/1.73 m2"
UNITLESS = ("", "1")


class Measurement(Row, frozen=True, kw_only=True):
    """A row of the distinct measurements: ``unit`` the unit's concept with its code and name, ``unit_source`` the source's word where there is none;
    ``bound`` where the number is only one below or above which the value lies."""

    unit: int = 0
    unit_code: str | None = None
    unit_name: str | None = None
    unit_source: str | None = None
    bound: bool = False


def map_measurements(rows: pa.Table, glossary: Glossary) -> pa.Table:
    """Reads each distinct measurement in its unit. Columns of ``rows``: the fields of :class:`Measurement`. Gives :data:`MEASUREMENT_KEYS` and
    :data:`MEASUREMENTS` of those that are a value of the knowledge in a unit that measures it."""
    known = rows_of(rows, Measurement)
    made: list[dict[str, Any] | None] = [None] * len(known)
    for i in in_order(known):
        made[i] = _meaning(known[i], glossary)
    return beside(rows, MEASUREMENT_KEYS, made, MEASUREMENTS)


def _meaning(row: Measurement, glossary: Glossary) -> dict[str, Any] | None:
    lab = lab_of(row, glossary.knowledge)
    if lab is None:
        glossary.leave("measurement", row, "no rule asks for it", lost=False)
        return None
    if row.bound:
        glossary.leave("measurement", row, "“less than” or “more than” a number is no number", lost=True)
        return None
    said = [text for text in (row.unit_code, row.unit_name, row.unit_source) if text]
    line = _line(lab, said)
    if line is None:
        why = (
            "its values have no unit"
            if not said
            else f"the unit “{said[0]}” is not known"
            if all(unit(text) is None for text in said)
            else f"the unit “{said[0]}” does not measure {lab.title}"
        )
        glossary.leave("measurement", row, why, lost=True)
        return None
    scale, shift = line
    return {
        "item": glossary.measured.number(lab.lab),
        "scale": scale,
        "shift": shift,
        "least": lab.plausible_low,
        "most": lab.plausible_high,
        "valid_days": lab.valid_days,
    }


def lab_of(row: Row, knowledge: Knowledge) -> Lab | None:
    """The value of the knowledge that a concept is, by its code, else by its name as written in a patient file; of the source's words both are tried."""
    by_code, by_name = _labs(knowledge)
    code = row.concept_code or row.source or ""
    if (lab := by_code.get(code) or knowledge.labs.get(body_of(code) or "")) is not None:
        return lab
    return by_name.get(fold(row.words)) if row.words else None


_KNOWN: dict[str, tuple[dict[str, Lab], dict[str, Lab]]] = {}


def _labs(knowledge: Knowledge) -> tuple[dict[str, Lab], dict[str, Lab]]:
    """The labs by code and by name, indexed once."""
    made = _KNOWN.get(knowledge.sha256)
    if made is None:
        labs = knowledge.labs.values()
        made = _KNOWN[knowledge.sha256] = (
            {code: lab for lab in labs for code in (*lab.loinc, *lab.snomed)},
            {fold(name): lab for lab in labs for name in (lab.lab, *lab.names)},
        )
    return made


def _line(lab: Lab, said: list[str]) -> tuple[float, float] | None:
    """Scale and shift from the first of the units that measures the lab; from none, where the lab needs none."""
    if not said:
        return (1.0, 0.0) if lab.unit in UNITLESS or not lab.unit_required else None
    rate = lab.unit.removesuffix(
        _PER_AREA
    )  # many laboratories leave the body surface off the unit of an eGFR that is indexed to it
    for text in said:
        for to in dict.fromkeys((rate or "1", lab.unit or "1")):
            line = scale_and_shift(text, to, molar_mass=lab.molar_mass, equivalents=lab.equivalents)
            if line is not None:
                return line
    return None
