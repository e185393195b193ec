"""Units of laboratory results in CQL: each spelling that records use, with what the bedside's own reader makes of it."""

from __future__ import annotations

from datetime import date

from relaxant.facts.measured import values_in_force
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge

_DAY = date(2000, 1, 1)
_TRIED = tuple(digit * 10.0**power for power in range(-5, 7) for digit in (1, 3, 4))
_SAME = 1e-12  # of a ratio; a scale with another nought gives another one each time
_SPELLINGS = (
    "mg/dL", "mg/dl", "umol/L", "umol/l", "µmol/L", "μmol/L", "mmol/L", "mmol/l", "nmol/L", "mg/L", "mg/l", "g/L", "g/l", "g/dL", "g/dl", "ng/mL",
    "ug/L", "ug/dL", "ug/mL", "meq/L", "mEq/L", "U/L", "u/L", "[IU]/L", "IU/L", "ukat/L", "kg", "g", "lb", "[lb_av]", "cm", "m", "mm", "in", "[in_i]",
    "mL/min/{1.73_m2}", "mL/min/1.73_m2", "mL/min/1.73 m2", "mL/min/1.73m2", "mL/min", "%", "1", "{INR}", "ms", "mmHg", "mm[Hg]", "kPa", "/min", "1/min",
    "{beats}/min", "Cel", "°C", "[degF]", "L", "s", "10*9/L",
)  # fmt: skip


def factors(lab: Lab, knowledge: Knowledge) -> dict[str, float]:
    """Spelling -> what a number in it is multiplied with for the lab's own unit; those that do not measure it are left out."""
    out = {}
    for unit in dict.fromkeys((lab.unit, *_SPELLINGS)):
        read = [one for value in _TRIED if (one := _read(lab, value, unit, knowledge)) is not None]
        ratios = [found / value for value, found in read]
        if len(ratios) > 1 and max(ratios) - min(ratios) < _SAME * max(ratios):
            out[unit] = float(f"{ratios[0]:.12g}")
    return out


def _read(lab: Lab, value: float, unit: str, knowledge: Knowledge) -> tuple[float, float] | None:
    """The number and what the reader takes it for in the lab's own unit."""
    field = lab.lab if lab.lab in ("weight", "height") else "labs"
    said = {"value": f"{value:.12g} {unit}".strip(), "name": lab.lab, "date": _DAY.isoformat()}
    plain = {"as_of": _DAY.isoformat(), "medicines": [], field: said if field == lab.lab else [said]}
    patient = read_patient(plain, knowledge, today=_DAY, lenient=True)
    found = values_in_force(patient, knowledge, {}).get(lab.lab)
    return None if found is None else (value, found)
