"""A patient's scores: what was observed that is a score of a scale, each with its site and its day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from relaxant.errors import InputError
from relaxant.io.scale_names import Named, scale_names
from relaxant.io.scale_score import NoScoreError, score
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Scale
from relaxant.patient import Measured, Patient
from relaxant.plain import as_written


class ScaleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One score. ``value``: the rank of the level of an ordinal scale (never to be averaged), else a number in the scale's unit; ``said`` the level
    as it is written, or the number. ``site`` as said. ``by``: the resource of a record."""

    scale: str
    site: str | None
    day: date
    value: float
    said: str
    by: str | None = None


class ScaleEntries(msgspec.Struct, frozen=True, kw_only=True):
    """The scores in order of their days, and in ``unread`` a sentence for each observation of a scale that cannot be used as one."""

    entries: tuple[ScaleEntry, ...]
    unread: tuple[str, ...]


def scale_entries(patient: Patient, knowledge: Knowledge, *, strict: bool = False) -> ScaleEntries:
    """The scores of scales among the patient's labs and observations.

    One that cannot be used (out of range, no step of the scale, without its day, or without the site that the scale is scored for) is named
    in ``unread``; with ``strict`` it raises :class:`InputError` that names the field, what came and what would do.
    """
    out, unread = list[ScaleEntry](), list[str]()
    for field, measured in _measured(patient):
        named = scale_of(measured, knowledge)
        if named is None:
            continue
        try:
            out.append(_entry(field, measured, named))
        except InputError as error:
            if strict:
                raise
            unread.append(str(error))
    out.sort(key=lambda e: e.day)
    return ScaleEntries(entries=tuple(out), unread=tuple(dict.fromkeys(unread)))


def scale_of(measured: Measured, knowledge: Knowledge) -> Named | None:
    """The scale that a measured thing is a score of: by its name, else by its code."""
    return named_scale(measured.name, measured.code, knowledge)


def named_scale(name: str | None, code: str | None, knowledge: Knowledge) -> Named | None:
    """The scale of a name in words, else of a LOINC or SNOMED CT code."""
    names = scale_names(knowledge)
    named = names.by_words(name) if name else None
    if named is None and (scale := names.by_code(code)) is not None:
        return Named(scale)
    return named


def false_score(field: str, said: str, scale: Scale) -> str | None:
    """What is wrong with a number that the scale does not have, in words: it is kept as said and no file is refused for it. Words that are no score of
    it may mean something else and pass."""
    try:
        score(field, said, scale)
    except NoScoreError:
        return None
    except InputError as error:
        return str(error)
    return None


def _measured(patient: Patient) -> Iterator[tuple[str, Measured]]:
    for kind, all_of in (("labs", patient.labs), ("observations", patient.observations)):
        for measured in all_of:
            on = f" of {measured.date}" if measured.date is not None else ""
            yield f"{measured.by or kind} {measured.name}{on}", measured


def _entry(field: str, measured: Measured, named: Named) -> ScaleEntry:
    scale = named.scale
    found = score(f"{field}, value", _said(measured), scale)
    site = measured.site or named.site
    if scale.sided and not site:
        raise InputError(f"{field}, site", None, f"{scale.title} is scored for a muscle or a limb of one side", f"write it, such as site: {scale.site_example}")  # fmt: skip
    if measured.date is None:
        raise InputError(f"{field}, date", None, "a score without its day cannot be set against another", "write year-month-day, such as 2026-11-22")  # fmt: skip
    return ScaleEntry(
        scale=scale.scale, site=site, day=measured.date, value=found.value, said=found.said, by=measured.by
    )


def _said(measured: Measured) -> str:
    if measured.value is None:
        return measured.text or ""
    return f"{as_written(measured.value, measured.name)} {measured.unit or ''}".strip()
