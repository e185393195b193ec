"""The patient: what was said of a person, with value, unit, when and who said it. Frozen, nothing derived.

``None`` is *unknown*. ``medicines``, ``conditions`` and ``allergies`` are ``None`` when nothing was said of them and a tuple,
perhaps empty, when they are complete as said. The written form of a :class:`Patient` is itself a patient file (``to_file``),
so a review can be recomputed from its own ``patient``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

Sex = Literal["female", "male", "other", "unknown"]
Dialysis = Literal["haemodialysis", "peritoneal", "none"]
Swallowing = Literal["normal", "crushed", "tube"]
Change = Literal["start", "replace", "stop"]


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen, keyword-only; unsaid fields are not written."""


class Measured(_Frozen, frozen=True, kw_only=True):
    """A lab, vital sign, scale or drug level: ``value`` in ``unit``, or ``text`` where it is not a number (``1+``).

    ``after_dose`` says of a drug level (``baclofen level``) how long after a dose it was taken: ``3 h``.
    """

    name: str
    value: float | None = None
    unit: str | None = None
    text: str | None = None
    date: date | None = None
    site: str | None = None
    after_dose: str | None = None
    code: str | None = None
    system: str | None = None
    by: str | None = None


class Code(_Frozen, frozen=True, kw_only=True):
    """A code in a system: ``ICD-10-CM``, ``SNOMED CT``, ``RxNorm``, ``NDC``, ``ATC``, ``LOINC`` or a FHIR system URL."""

    system: str
    code: str
    display: str | None = None


class Stated(_Frozen, frozen=True, kw_only=True):
    """A condition as said: in words, by code, or both; ``since`` and ``until`` when known."""

    name: str | None = None
    codes: tuple[Code, ...] = ()
    since: date | None = None
    until: date | None = None


class Allergy(_Frozen, frozen=True, kw_only=True):
    """An allergy or intolerance as said. ``kind`` is ``intolerance`` only when the record says so."""

    to: str
    reaction: str | None = None
    kind: Literal["allergy", "intolerance"] = "allergy"
    codes: tuple[Code, ...] = ()


class Smoker(_Frozen, frozen=True, kw_only=True):
    """Tobacco: whether now, which product, since when not."""

    now: bool | None = None
    product: str | None = None
    stopped: date | None = None


class Procedure(_Frozen, frozen=True, kw_only=True):
    """A procedure that is planned or was done."""

    kind: str
    date: date | None = None


class Pump(_Frozen, frozen=True, kw_only=True):
    """An intrathecal device. Whether it delivers is said by the drug's line in ``medicines``.

    ``reservoir`` is its capacity, ``residual`` what is in it now or was on ``residual_on``, ``alarm`` the volume at which it calls for a refill;
    ``catheter`` and ``tubing`` are the volumes from the reservoir to the tip. ``new_concentration`` is planned for the next refill, ``refilled``
    the day of the last and ``filled`` the volume that was then in it, where it was not filled up. ``screening_dose`` is the test dose that worked and ``screening_hours`` how long it did.
    """

    drug: str | None = None
    concentration: str | None = None
    reservoir: str | None = None
    residual: str | None = None
    residual_on: date | None = None
    catheter: str | None = None
    tubing: str | None = None
    alarm: str | None = None
    refilled: date | None = None
    filled: str | None = None
    new_concentration: str | None = None
    screening_dose: str | None = None
    screening_hours: str | None = None


class Line(_Frozen, frozen=True, kw_only=True):
    """One medicine as said: the words of the line, or its parts, or a record's codes and FHIR Dosage.

    ``said`` is what a person reads back. ``dosage`` holds FHIR R4 Dosage objects as they came.
    ``active`` is the record's own word on whether it is taken, ``None`` where it says nothing; false without ``stop`` is
    no longer taken, since a day that the record does not give.
    """

    said: str
    drug: str | None = None
    codes: tuple[Code, ...] = ()
    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    form: str | None = None
    strength: str | None = None
    rate: str | None = None
    max_daily: str | None = None
    as_needed: str | None = None
    duration: str | None = None
    site: str | None = None
    dosage: tuple[dict[str, Any], ...] = ()
    start: date | None = None
    stop: date | None = None
    active: bool | None = None
    change: Change | None = None
    by: str | None = None


class Patient(_Frozen, frozen=True, kw_only=True):
    """What was said of one person on one day."""

    as_of: date
    country: str = "US"
    label: str | None = None
    sex: Sex | None = None
    birth_date: date | None = None
    age: str | None = None
    weight: Measured | None = None
    height: Measured | None = None
    muscle_mass: Literal["low", "normal"] | None = None
    pregnant: bool | None = None
    breastfeeding: bool | None = None
    stands_on_tone: bool | None = None
    dialysis: Dialysis | None = None
    smoker: Smoker | None = None
    alcohol: str | None = None
    swallowing: Swallowing | None = None
    conditions: tuple[Stated, ...] | None = None
    allergies: tuple[Allergy, ...] | None = None
    genotype: dict[str, str] | None = None
    goals: tuple[str, ...] = ()
    labs: tuple[Measured, ...] = ()
    observations: tuple[Measured, ...] = ()
    procedure: Procedure | None = None
    pump: Pump | None = None
    medicines: tuple[Line, ...] | None = None
    considering: tuple[Line, ...] = ()
    died: date | None = None
    record: str | None = None
    unused: tuple[str, ...] = ()

    @property
    def jurisdiction(self) -> Literal["US", "UK", "EU"]:
        """Whose labels and limits apply: ``US``, ``UK`` or ``EU``."""
        return jurisdiction_of(self.country)


def jurisdiction_of(country: str) -> Literal["US", "UK", "EU"]:
    """Whose labels hold in a country as :func:`relaxant.io.patient_file.read_country` gives it."""
    return "US" if country == "US" else "UK" if country == "UK" else "EU"


def to_file(patient: Patient) -> dict[str, Any]:
    """The patient as a patient file: plain values, only what was said, keys in a fixed order."""
    written = msgspec.to_builtins(patient)
    if not isinstance(written, dict):  # pragma: no cover - to_builtins of a struct is a mapping
        raise TypeError("a patient is written as a mapping")
    written["country"] = patient.country
    return dict(sorted(written.items()))
