"""Markers of disease among a person's results: which were seen, which rose, which cannot be used. None of them moves a dose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from relaxant.io.scale_entries import scale_of
from relaxant.io.scale_names import plain
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Marker
from relaxant.patient import Measured, Patient
from relaxant.quantities import Quantity, convert, plain_number

_MRI = frozenset({"mri", "mr", "magnetic"})
_FILLING = frozenset({"of", "on", "in", "the", "a", "and", "or", "level", "concentration", "serum", "plasma", "blood"})
_WORD = re.compile(r"[a-z0-9+]+")
_COUNT = re.compile(r"\d+")


class MarkerSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A marker of disease on a day, as it was said; ``marker`` by id. ``value`` in ``unit`` where a number was given."""

    marker: str
    day: date
    said: str
    value: float | None = None
    unit: str | None = None


class Rise(msgspec.Struct, frozen=True, kw_only=True):
    """A marker whose last result is above the one before; where a result above nought is by itself new, ``before`` may be left out. ``fits``: it
    was studied in a condition of this person, or nobody said which they have."""

    marker: str
    before: MarkerSeen | None
    last: MarkerSeen
    fits: bool


class Markers(msgspec.Struct, frozen=True, kw_only=True):
    """``seen`` in order of days; ``unread``: a sentence for each result that is no measure, scale or marker that is known, or has no day."""

    seen: tuple[MarkerSeen, ...] = ()
    unread: tuple[str, ...] = ()


def markers_of(patient: Patient, knowledge: Knowledge) -> Markers:
    """The markers among labs and observations; and what of the file looks like one and cannot be used."""
    words = knowledge.words("respond")["unused"]
    seen, unread = list[MarkerSeen](), list[str]()
    for measured in (*patient.labs, *patient.observations):
        said = f"{measured.name}: {_said(measured)}" if _said(measured) else measured.name
        marker = marker_of(measured, knowledge)
        if marker is not None and measured.date is not None:
            value = measured.value if measured.value is not None else _counted(measured.text)
            seen.append(MarkerSeen(marker=marker.marker, day=measured.date, said=_said(measured) or measured.name, value=value, unit=measured.unit))  # fmt: skip
        elif marker is not None:
            unread.append(words["no_day"].format(said=said))
        elif _unknown(measured, knowledge):
            on = words["on"].format(day=measured.date) if measured.date else ""
            unread.append(words["not_known"].format(said=said, on=on))
    if patient.procedure is not None and _MRI & set(_WORD.findall(plain(patient.procedure.kind))):
        unread.append(words["mri"].format(said=patient.procedure.kind))
    return Markers(seen=tuple(sorted(seen, key=lambda m: (m.day, m.marker))), unread=tuple(dict.fromkeys(unread)))


def marker_of(measured: Measured, knowledge: Knowledge) -> Marker | None:
    """The marker that a result is of: by its code, by the words of its name in any order, or where an MRI is named by the words of its result."""
    markers = knowledge.responses.markers.values()
    for marker in markers:
        if measured.code is not None and measured.code in (*marker.loinc, *marker.snomed):
            return marker
    own = _words(measured.name)
    named = [(_words(name), marker) for marker in markers for name in (marker.title, *marker.names)]
    exact = next((marker for words, marker in named if words == own), None)
    if exact is not None or not own & _MRI:
        return exact
    whole = own | _words(measured.text or "")
    within = [(len(words - _MRI), marker) for words, marker in named if words - _MRI and words - _MRI <= whole]
    return max(within, key=lambda found: found[0])[1] if within else None


def rises(seen: tuple[MarkerSeen, ...], knowledge: Knowledge, conditions: frozenset[str], told: bool) -> tuple[Rise, ...]:  # fmt: skip
    """What rose between the last two results in one unit."""
    out = []
    for marker in knowledge.responses.markers.values():
        own = [m for m in seen if m.marker == marker.marker and m.value is not None]
        if not own:
            continue
        last, before = own[-1], own[-2] if len(own) > 1 else None
        difference = None if before is None else _difference(before, last)
        if (difference or 0) > 0:
            out.append(Rise(marker=marker.marker, before=before, last=last, fits=fits(marker, conditions, told)))
        elif marker.fresh and (last.value or 0) > 0:
            out.append(Rise(marker=marker.marker, before=None, last=last, fits=fits(marker, conditions, told)))
    return tuple(out)


def fits(marker: Marker, conditions: frozenset[str], told: bool) -> bool:
    """Whether a marker was studied in a condition of this person, or nobody said which they have."""
    return not told or not marker.conditions or bool(conditions & set(marker.conditions))


def _difference(before: MarkerSeen, last: MarkerSeen) -> float | None:
    """How much the last result is above the one before; ``None`` where their units are not one."""
    first = before.value
    if first is None or last.value is None:
        return None
    if (before.unit or "") != (last.unit or ""):
        first = convert(Quantity(first, before.unit or ""), last.unit or "")
    return None if first is None else last.value - first


def _unknown(measured: Measured, knowledge: Knowledge) -> bool:
    """Whether nothing here knows what a result is."""
    drug = any(measured.name == f"{m.ingredient} level" for m in knowledge.models.values())
    return measured.name not in knowledge.labs and not drug and scale_of(measured, knowledge) is None


def _words(said: str) -> frozenset[str]:
    """The words of a name, without order, plurals and what fills: ``MRI: new lesion(s)`` and ``new MRI lesions`` are one.

    >>> _words("MRI: new lesion(s)") == _words("new MRI lesions")
    True
    """
    found = _WORD.findall(plain(said).replace("(s)", "").replace("-", " "))
    return frozenset(w[:-1] if w.endswith("s") and len(w) > len("gas") else w for w in found) - _FILLING


def _counted(text: str | None) -> float | None:
    """The number that words begin with (``2 new T2 lesions``)."""
    match = _COUNT.match((text or "").strip())
    return float(match[0]) if match else None


def _said(measured: Measured) -> str:
    number = "" if measured.value is None else plain_number(measured.value)
    return " ".join(part for part in (number, measured.unit, measured.text) if part)


def sentences_of_record(patient: Patient) -> Iterator[str]:
    """What the reading of a record could not use of observations and questionnaires, and what the record held."""
    for text in patient.unused:
        if text.startswith(("Observation", "QuestionnaireResponse")):
            yield text
    if patient.record is not None:
        yield patient.record
