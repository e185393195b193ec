"""What is known of the person beside the diary: conditions, what was started, a pump, markers of disease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.facts.conditions import conditions_said
from relaxant.io.said import fold
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Marker
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Measured, Patient
from relaxant.quantities import plain_number
from relaxant.response.visits import Visits, visits


class MarkerSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A marker of disease on a day, as it was said; ``marker`` by id."""

    marker: str
    day: date
    said: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """``conditions`` by id; ``told``: whether anybody said which. ``started``: ingredients with the day of their start, where one was said. ``pump``: a
    medicine runs into the spinal fluid. ``visits``: scales on record."""

    conditions: frozenset[str] = frozenset()
    told: bool = False
    started: dict[str, date] = {}
    pump: bool = False
    markers: tuple[MarkerSeen, ...] = ()
    visits: Visits | None = None


def person_of(patient: Patient, medicines: Sequence[Medicine], knowledge: Knowledge) -> Person:
    """What a patient file tells."""
    started: dict[str, date] = {}
    for medicine in medicines:
        if medicine.role == "current" and medicine.regimen.start is not None:
            started.update({i.name: medicine.regimen.start for i in medicine.ingredients})
    intrathecal = {a.agent for a in knowledge.agents.values() if "intrathecal" in a.routes}
    return Person(
        conditions=frozenset(name for name, has in conditions_said(patient, knowledge, {}).items() if has == 1.0),
        told=patient.conditions is not None,
        started=started,
        pump=patient.pump is not None or any(m.role == "current" and intrathecal & set(m.agents) for m in medicines),
        markers=tuple(_markers(patient, knowledge)),
        visits=visits(patient, knowledge),
    )


def _markers(patient: Patient, knowledge: Knowledge) -> list[MarkerSeen]:
    """The markers among labs and observations that have a day, in its order."""
    out = []
    for measured in (*patient.labs, *patient.observations):
        marker = _marker(measured, knowledge)
        if marker is not None and measured.date is not None:
            out.append(MarkerSeen(marker=marker.marker, day=measured.date, said=_said(measured)))
    return sorted(out, key=lambda m: (m.day, m.marker))


def _marker(measured: Measured, knowledge: Knowledge) -> Marker | None:
    for marker in knowledge.responses.markers.values():
        if fold(measured.name) in {fold(n) for n in (marker.title, *marker.names)}:
            return marker
        if measured.code is not None and measured.code in (*marker.loinc, *marker.snomed):
            return marker
    return None


def _said(measured: Measured) -> str:
    number = "" if measured.value is None else plain_number(measured.value)
    return " ".join(part for part in (number, measured.unit, measured.text) if part)
