"""What is known of the person beside the diary: conditions, what was started, a pump, markers of disease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.facts.conditions import conditions_said
from relaxant.facts.pump import pumped_agents
from relaxant.io.scale_entries import ScaleEntries, scale_entries
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.response.markers import MarkerSeen, markers_of, rises, sentences_of_record


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """``conditions`` by id; ``told``: whether anybody said which. ``started``: ingredients with the day of their start, where one was said. ``pump``: a
    medicine runs into the spinal fluid. ``risen``: markers of disease, by id, whose last result is above the one before or is new by itself, where this
    person has what they were studied in.
    ``scored``: scales on record. ``unused``: a sentence for each result that is none that is known or cannot be used."""

    conditions: frozenset[str] = frozenset()
    told: bool = False
    started: dict[str, date] = {}
    pump: bool = False
    markers: tuple[MarkerSeen, ...] = ()
    risen: tuple[str, ...] = ()
    scored: ScaleEntries | None = None
    unused: tuple[str, ...] = ()


def person_of(patient: Patient, medicines: Sequence[Medicine], knowledge: Knowledge) -> Person:
    """What a patient file tells."""
    started: dict[str, date] = {}
    for medicine in medicines:
        if medicine.role == "current" and medicine.regimen.start is not None:
            started.update({i.name: medicine.regimen.start for i in medicine.ingredients})
    markers = markers_of(patient, knowledge)
    conditions = frozenset(name for name, has in conditions_said(patient, knowledge, {}).items() if has == 1.0)
    told = patient.conditions is not None
    intrathecal = pumped_agents(knowledge)
    return Person(
        conditions=conditions,
        told=told,
        started=started,
        pump=patient.pump is not None or any(m.role == "current" and intrathecal & set(m.agents) for m in medicines),
        markers=markers.seen,
        risen=tuple(r.marker for r in rises(markers.seen, knowledge, conditions, told) if r.fits),
        scored=scale_entries(patient, knowledge),
        unused=(*markers.unread, *sentences_of_record(patient)),
    )
