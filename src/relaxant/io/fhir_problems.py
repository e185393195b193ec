"""Conditions, allergies and dialysis of a FHIR record, as the patient file writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from relaxant.io.fhir_resources import (
    EMPTY,
    Concept,
    Notes,
    Resource,
    code_word,
    concept,
    first_day,
    flag,
    objects,
    one,
    period,
    plain,
    reference_name,
    words,
)
from relaxant.patient import Allergy, Stated

_ERRORS = {"entered-in-error", "refuted"}
# International Patient Summary: https://hl7.org/fhir/uv/ips/CodeSystem-absent-unknown-uv-ips.html
NONE_KNOWN = {"no-known-allergies", "no-known-medication-allergies", "no-known-problems", "no-known-medications"}
NO_INFORMATION = {"no-allergy-info", "no-problem-info", "no-medication-info"}
# SNOMED CT situations that deny allergies: of any kind and to medicines; then of one other kind only.
_NO_ALLERGY = {"716186003", "409137002", "160244002"}
_NO_ALLERGY_WORDS = {
    "no known allergies",
    "no known allergy",
    "no known drug allergies",
    "no known drug allergy",
    "nka",
    "nkda",
    "no known medication allergies",
    "no allergies",
    "none known",
    "nil known",
    "none",
}
_NO_OTHER_ALLERGY = {"429625007", "428607008", "no-known-food-allergies", "no-known-environmental-allergies"}
_NO_OTHER_WORDS = (
    "no known food allerg",
    "no known environmental allerg",
    "no known latex allerg",
    "no known animal allerg",
)
_DIALYSIS = {
    "302497006": "haemodialysis",
    "71192002": "peritoneal",
    "265764009": "",
    "108241001": "",
}
# CPT, and ICD-10-PCS: urinary filtration (the first two are of before October 2017), peritoneal irrigation with dialysate. What is not
# haemodialysis by CPT is peritoneal, or a filtration.
_BILLED = {
    "90935": "haemodialysis",
    "90937": "haemodialysis",
    "90945": "peritoneal",
    "90947": "peritoneal",
    "5A1D00Z": "haemodialysis",
    "5A1D60Z": "haemodialysis",
    "5A1D70Z": "haemodialysis",
    "5A1D80Z": "haemodialysis",
    "5A1D90Z": "haemodialysis",
    "3E1M39Z": "peritoneal",
}
_ANY_DIALYSIS = {**_DIALYSIS, **_BILLED}


def conditions(resources: list[Resource], notes: Notes) -> list[dict[str, Any]] | None:
    """The conditions listed; ``None`` where the record says nothing that lists them."""
    listed, found = False, list[Stated]()
    for resource in resources:
        ref = reference_name(resource)
        try:
            verified = code_word(resource.verification_status)
            if verified in _ERRORS:
                notes.add(ref, f"the record marks this condition as {verified}; it is not counted as present")
                continue
            what = concept(plain(resource.code))
            if _codes(what) & NO_INFORMATION:
                notes.add(ref, "the record says that it has no information on conditions")
                continue
            listed = True
            if _codes(what) & NONE_KNOWN:
                continue
            stated = _condition(resource, ref, what, verified, notes)
        except (ValueError, RecursionError):
            notes.add(ref, "it could not be read; this condition is not counted")
            continue
        if stated is not None:
            found.append(stated)
    unique = sorted(set(found), key=lambda s: (s.name or "", str(s.since), str(s.until), str(s.codes)))
    return [msgspec.to_builtins(item) for item in unique] if listed else None


def _condition(resource: Resource, ref: str, what: Concept, verified: str | None, notes: Notes) -> Stated | None:
    if what.name is None:
        notes.add(f"{ref}.code", "the record does not say which condition this is")
        return None
    status = code_word(resource.clinical_status)
    since = first_day(
        [
            ("onsetDateTime", one(resource.onset_date_time)),
            ("onsetPeriod.start", period(resource.onset_period, "start")),
        ],
        ref,
        notes,
    )
    until = first_day(
        [
            ("abatementDateTime", one(resource.abatement_date_time)),
            ("abatementPeriod.end", period(resource.abatement_period, "end")),
            ("abatementPeriod.start", period(resource.abatement_period, "start")),
        ],
        ref,
        notes,
        end=True,
    )
    over = (
        flag(resource.abatement_boolean) is True
        or resource.abatement_string is not EMPTY
        or resource.abatement_age is not EMPTY
    )
    if verified in ("provisional", "differential", "unconfirmed"):
        notes.add(ref, f"the record marks this condition as {verified}; it is counted as present")
    if status in ("active", "recurrence", "relapse"):
        if until is not None or over:
            notes.add(ref, f"the record calls this condition {status} and also gives its end; it is counted as present")
        until = None
    elif status == "remission":
        notes.add(ref, f"“{what.name}” is in remission; it is counted as present")
        until = None
    elif until is None and (over or status in ("inactive", "resolved")):
        notes.add(
            ref,
            f"“{what.name}” is over ({status or 'abated'}) since a day the record does not give; "
            "it is not counted as present",
        )
        return None
    elif status not in (None, "inactive", "resolved"):
        notes.add(
            f"{ref}.clinicalStatus",
            f"“{status}” is not a status of a condition; it is counted as {'ended' if until else 'present'}",
        )
    return Stated(
        name=what.name, codes=what.codes, since=since.date if since else None, until=until.date if until else None
    )


def allergies(resources: list[Resource], notes: Notes) -> list[dict[str, Any]] | None:
    """The allergies and intolerances listed; ``[]`` where the record denies them; ``None`` where it says nothing."""
    listed, denied, found = False, list[str](), list[Allergy]()
    for resource in resources:
        ref = reference_name(resource)
        try:
            verified, status = code_word(resource.verification_status), code_word(resource.clinical_status)
            old_status = code_word(resource.status)  # DSTU2 has one status
            if verified in _ERRORS or old_status in _ERRORS:
                notes.add(ref, f"the record marks this allergy as {verified or old_status}; it is not counted")
                continue
            reactions = objects(plain(resource.reaction))
            what = concept(plain(resource.code))
            if what.name is None:
                what = concept(plain(resource.substance))
            if what.name is None:
                what = concept(next((r["substance"] for r in reactions if "substance" in r), None))
            codes, said = _codes(what), what.name
            if codes & NO_INFORMATION:
                notes.add(ref, "the record says that it has no information on allergies")
                continue
            if _denies_one_kind(codes, said):
                notes.add(
                    ref, f"“{what.name}” denies one kind of allergy only; it does not say that there are no others"
                )
                continue
            if status in ("inactive", "resolved"):
                listed = True
                notes.add(ref, f"the allergy “{what.name or 'not named'}” is {status} by the record; it is not counted")
                continue
            if denies_allergies(codes, said):
                denied.append(ref)
                continue
            listed = True
            if what.name is None:
                notes.add(
                    f"{ref}.code", "the record has an allergy and does not say to what; check it before prescribing"
                )
                continue
            found.append(
                Allergy(
                    to=what.name,
                    reaction=_reaction(reactions),
                    codes=what.codes,
                    kind="intolerance" if code_word(resource.type) == "intolerance" else "allergy",
                )
            )
        except (ValueError, RecursionError):
            listed = True
            notes.add(ref, "it could not be read; this allergy is not counted, check it before prescribing")
    if found:
        for ref in denied:
            notes.add(ref, "the record denies allergies here and lists some elsewhere; those listed are counted")
    unique = sorted(set(found), key=lambda a: (a.to, a.kind, a.reaction or "", str(a.codes)))
    return [msgspec.to_builtins(item) for item in unique] if listed or denied else None


def _reaction(reactions: list[dict[str, Any]]) -> str | None:
    said = list[str]()
    for reaction in reactions:
        shown = [concept(m).name for m in _listed(reaction.get("manifestation"))]
        said += [name for name in shown if name] or [text for text in [words(reaction.get("description"))] if text]
    return ", ".join(sorted(set(said))) or None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _codes(what: Concept) -> set[str]:
    return {code.code for code in what.codes}


def dialysis_of(code: str) -> str | None:
    """The kind of dialysis that a procedure's code is, haemodialysis where the kind is not said; ``None`` for any other."""
    kind = _ANY_DIALYSIS.get(code)
    return None if kind is None else kind or "haemodialysis"


def denies_allergies(codes: Iterable[str], words: str | None) -> bool:
    """Whether a record says that there are no known allergies, to medicines or at all."""
    return not (_NO_ALLERGY | NONE_KNOWN).isdisjoint(codes) or _plain(words) in _NO_ALLERGY_WORDS


def _denies_one_kind(codes: Iterable[str], words: str | None) -> bool:
    """Whether it says so of one kind of allergy that is not to medicines."""
    return not _NO_OTHER_ALLERGY.isdisjoint(codes) or _plain(words).startswith(_NO_OTHER_WORDS)


def _plain(words: str | None) -> str:
    return (words or "").casefold().strip(" .")


def dialysis_codes(*, billed: bool = False) -> list[str]:
    """The SNOMED CT codes of procedures that are dialysis; with ``billed`` those of CPT and ICD-10-PCS too."""
    return sorted(_ANY_DIALYSIS if billed else _DIALYSIS)


def dialysis(resources: list[Resource], notes: Notes) -> str | None:
    """The newest kind of dialysis among the procedures; every other procedure is left unread."""
    newest: tuple[float, str, str] | None = None
    for resource in resources:
        ref = reference_name(resource)
        try:
            kinds = _codes(concept(plain(resource.code))) & _ANY_DIALYSIS.keys()
            if not kinds or code_word(resource.status) in ("entered-in-error", "not-done", "preparation", "cancelled"):
                continue
            done = first_day(
                [
                    ("performedDateTime", one(resource.performed_date_time)),
                    ("performedPeriod.end", period(resource.performed_period, "end")),
                    ("performedPeriod.start", period(resource.performed_period, "start")),
                    ("occurrenceDateTime", one(resource.occurrence_date_time)),
                    ("occurrencePeriod.start", period(resource.occurrence_period, "start")),
                ],
                ref,
                notes,
            )
        except (ValueError, RecursionError):
            notes.add(ref, "it could not be read; if it was dialysis, say so")
            continue
        kind = max(_ANY_DIALYSIS[code] for code in kinds)
        candidate = (done.order if done else -math.inf, kind, f"{ref} ({done.date})" if done else ref)
        newest = candidate if newest is None else max(newest, candidate)
    if newest is None:
        return None
    if newest[1]:
        notes.add(
            newest[2], f"the last dialysis in the record; read as still on {newest[1]}, change it if that is over"
        )
        return newest[1]
    notes.add(
        newest[2],
        "the last dialysis in the record, its kind not said; read as haemodialysis, change it if that is not so",
    )
    return "haemodialysis"
