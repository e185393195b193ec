"""A FHIR R4 record of one person, read leniently and said honestly.

:func:`read_fhir` takes a Bundle of any type, a single resource, a list of resources or NDJSON, and writes what it
says as a patient file. Whatever cannot be used is named, with the reason, in ``unused``; one broken resource never
spoils the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.io.fhir_contents import ANSWERED, RECORDS, THINGS, WOULD_DO, Found, contents
from relaxant.io.fhir_medicines import KINDS, Said, read_medicine
from relaxant.io.fhir_named import Catalogue
from relaxant.io.fhir_observations import Observed, observations
from relaxant.io.fhir_problems import allergies, conditions, dialysis
from relaxant.io.fhir_reconcile import reconcile
from relaxant.io.fhir_resources import (
    Notes,
    Resource,
    reference_name,
    words,
)
from relaxant.io.fhir_scales import Scored, scale_scores
from relaxant.io.fhir_subject import Persons, read_person
from relaxant.io.scale_names import ScaleNames


def read_fhir(
    data: bytes,
    *,
    source: str = "bundle",
    wanted: Mapping[str, str] | None = None,
    scales: ScaleNames | None = None,
    every: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The patient file that the FHIR record ``data`` amounts to, without ``as_of`` and ``country``.

    ``wanted`` maps the LOINC codes to read to the names they get in ``labs`` and ``observations`` (vital signs);
    weight, height, smoking and pregnancy are always read. Of the names in ``every`` a run of results is read, else the newest. Every score of ``scales`` is read into ``observations``, from Observations and from the
    totals of QuestionnaireResponses. Values and units stay as they came. ``source`` names the
    input in messages. ``unused`` says what could not be used, ``record`` what the record was. A kind with no resource
    is absent: unknown.

    Raises :class:`InputError` where the input is not FHIR JSON or speaks of two people.

    >>> read_fhir(b'{"resourceType": "Patient", "gender": "female"}')["sex"]
    'female'
    """
    notes = Notes()
    try:
        found = contents(data, source, notes)
        return _patient_file(found, source, wanted or {}, scales, every, notes)
    except RecursionError:
        raise InputError(
            source, f"{len(data)} bytes", "it is nested too deeply to be a medical record", WOULD_DO
        ) from None


def _patient_file(
    found: Found,
    source: str,
    wanted: Mapping[str, str],
    scales: ScaleNames | None,
    every: frozenset[str],
    notes: Notes,
) -> dict[str, Any]:
    persons = Persons(source, notes)
    for resource, url in found.kinds["Patient"]:
        persons.patient(resource, url)
    about = {
        kind: [r for r in found.of(kind) if persons.concerns(r)] for kind in RECORDS if kind not in ("Patient", *THINGS)
    }
    answered = [r for r in found.of(ANSWERED) if persons.concerns(r)] if scales is not None else []
    persons.check()
    out: dict[str, Any] = {}
    for resource in found.of("Patient"):
        read_person(resource, out, notes)
    seen = observations(about["Observation"], wanted, notes, every)
    scored = Scored() if scales is None else scale_scores(about["Observation"], answered, scales, notes)
    for name, value in (
        ("conditions", conditions(about["Condition"], notes)),
        ("allergies", allergies(about["AllergyIntolerance"], notes)),
        ("dialysis", dialysis(about["Procedure"], notes)),
        ("weight", seen.weight),
        ("height", seen.height),
        ("labs", seen.labs or None),
        ("observations", [*seen.observations, *scored.observations] or None),
    ):
        if value is not None:
            out[name] = value
    if seen.smoker is not None:
        out["smoker"] = {"now": seen.smoker}
    medicines = [r for kind in KINDS for r in about[kind]]
    last_day = _medicines(medicines, found, seen.last_day, out, notes)
    _pregnancy(seen, last_day, out, notes)
    out["record"] = _record(found, seen, scored)
    if not any(found.counts[kind] for kind in RECORDS):
        notes.add("the record", "it holds no resource of a kind that is read")
    return {**dict(sorted(out.items())), "unused": notes.sentences()}


def _medicines(
    resources: list[Resource], found: Found, last_day: date | None, out: dict[str, Any], notes: Notes
) -> date | None:
    """Write ``medicines`` and ``considering``; return the last day that the record speaks of."""
    catalogue, said, listed = Catalogue(), list[Said](), False
    for kind in THINGS:
        for resource, url in found.kinds[kind]:
            catalogue.add(resource, url)
    for resource in resources:
        try:
            what, lists = read_medicine(resource, catalogue, notes)
        except (ValueError, RecursionError):
            listed = True
            notes.add(
                reference_name(resource),
                "it could not be read; this medicine is not checked, look it up before prescribing",
            )
            continue
        said += what
        listed = listed or lists
    last_day = max((d for d in [last_day, found.last_day, *(s.seen_on for s in said)] if d is not None), default=None)
    medicines, weighed = reconcile(said, last_day, notes)
    if listed:
        out["medicines"] = [msgspec.to_builtins(line) for line in medicines]
    if weighed:
        out["considering"] = [msgspec.to_builtins(line) for line in weighed]
    return last_day


def _pregnancy(seen: Observed, last_day: date | None, out: dict[str, Any], notes: Notes) -> None:
    """Pregnant stays until the record says otherwise; not pregnant holds for its day, so only at the record's end."""
    if seen.pregnant is None:
        return
    pregnant, when, ref = seen.pregnant
    on = f" on {when.date}" if when else ""
    if pregnant:
        out["pregnant"] = True
        notes.add(ref, f"the record says pregnant{on}; read as still so, change it if that is over")
    elif when is not None and when.date == last_day:
        out["pregnant"] = False
    else:
        notes.add(ref, f"the record says not pregnant{on}, before its last day; whether so now is not known")


def _record(found: Found, seen: Observed, scored: Scored) -> str:
    """What the record was, as one sentence."""
    read, kinds = [], {*RECORDS, *([ANSWERED] if scored.of_questionnaires else [])}
    for kind in RECORDS:
        count = found.counts[kind]
        if count and kind == "Observation":
            scales = f" and {scored.of_observations} with scores of scales" if scored.of_observations else ""
            read.append(f"{seen.read} of {count} Observation (the newest of each kind asked for){scales}")
        elif count and kind == "Procedure":
            read.append(f"{count} Procedure (for dialysis only)")
        elif count:
            read.append(f"{count} {kind}")
    if scored.of_questionnaires:
        read.append(f"{scored.of_questionnaires} of {found.counts[ANSWERED]} {ANSWERED} (for scores of scales only)")
    rest = sorted(
        ((n, words(kind, 40) or "?") for kind, n in found.counts.items() if kind not in kinds),
        key=lambda r: (-r[0], r[1]),
    )
    others = ", ".join(f"{n} {kind}" for n, kind in rest[:30]) + (
        f" and {len(rest) - 30} more kinds" if len(rest) > 30 else ""
    )
    total = sum(found.counts.values())
    parts = [f"FHIR R4 {found.form}, {total} resource{'' if total == 1 else 's'}"]
    parts += [f"read: {', '.join(read)}"] if read else []
    parts += [f"not read: {others}"] if others else []
    return "; ".join(parts) + "."
