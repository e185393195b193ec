"""FHIR as it comes: one typed shape for every resource, and lenient readers of its parts.

:class:`Resource` is a superset of the resources that are read. Every field whose shape varies between FHIR versions and
senders stays raw bytes until it is needed, so a bundle costs one scan and the fields nobody asks for cost nothing.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import msgspec

from relaxant.patient import Code

EMPTY = msgspec.Raw(b"")


class Valued(msgspec.Struct, gc=False, rename="camel", eq=False):
    """What has a code and a value: an observation, or one component of it."""

    code: msgspec.Raw = EMPTY
    value_quantity: msgspec.Raw = EMPTY
    value_string: msgspec.Raw = EMPTY
    value_codeable_concept: msgspec.Raw = EMPTY
    value_integer: msgspec.Raw = EMPTY
    value_boolean: msgspec.Raw = EMPTY
    data_absent_reason: msgspec.Raw = EMPTY


class Resource(Valued, gc=False, rename="camel", eq=False):
    """Any resource: what is read of it, undecoded. Fields of R4, with the R5 and STU3 spellings of the same thing."""

    resource_type: Any = None
    id: Any = None
    meta: msgspec.Raw = EMPTY
    extension: msgspec.Raw = EMPTY
    contained: msgspec.Raw = EMPTY
    status: msgspec.Raw = EMPTY
    intent: msgspec.Raw = EMPTY
    subject: msgspec.Raw = EMPTY
    patient: msgspec.Raw = EMPTY
    category: msgspec.Raw = EMPTY
    type: msgspec.Raw = EMPTY
    gender: msgspec.Raw = EMPTY
    birth_date: msgspec.Raw = EMPTY
    deceased_boolean: msgspec.Raw = EMPTY
    deceased_date_time: msgspec.Raw = EMPTY
    medication_codeable_concept: msgspec.Raw = EMPTY
    medication_reference: msgspec.Raw = EMPTY
    medication: msgspec.Raw = EMPTY
    authored_on: msgspec.Raw = EMPTY
    dosage_instruction: msgspec.Raw = EMPTY
    rendered_dosage_instruction: msgspec.Raw = EMPTY
    dosage: msgspec.Raw = EMPTY
    dispense_request: msgspec.Raw = EMPTY
    status_changed: msgspec.Raw = EMPTY
    reported_boolean: msgspec.Raw = EMPTY
    reported_reference: msgspec.Raw = EMPTY
    do_not_perform: msgspec.Raw = EMPTY
    prior_prescription: msgspec.Raw = EMPTY
    date_asserted: msgspec.Raw = EMPTY
    taken: msgspec.Raw = EMPTY
    adherence: msgspec.Raw = EMPTY
    when_handed_over: msgspec.Raw = EMPTY
    when_prepared: msgspec.Raw = EMPTY
    days_supply: msgspec.Raw = EMPTY
    effective_date_time: msgspec.Raw = EMPTY
    effective_instant: msgspec.Raw = EMPTY
    effective_period: msgspec.Raw = EMPTY
    occurrence_date_time: msgspec.Raw = EMPTY
    occurrence_period: msgspec.Raw = EMPTY
    occurence_date_time: msgspec.Raw = EMPTY  # R5 spells MedicationAdministration.occurence[x] with one r
    occurence_period: msgspec.Raw = EMPTY
    performed_date_time: msgspec.Raw = EMPTY
    performed_period: msgspec.Raw = EMPTY
    ingredient: msgspec.Raw = EMPTY
    form: msgspec.Raw = EMPTY
    clinical_status: msgspec.Raw = EMPTY
    verification_status: msgspec.Raw = EMPTY
    onset_date_time: msgspec.Raw = EMPTY
    onset_period: msgspec.Raw = EMPTY
    abatement_date_time: msgspec.Raw = EMPTY
    abatement_period: msgspec.Raw = EMPTY
    abatement_boolean: msgspec.Raw = EMPTY
    abatement_string: msgspec.Raw = EMPTY
    abatement_age: msgspec.Raw = EMPTY
    reaction: msgspec.Raw = EMPTY
    substance: msgspec.Raw = EMPTY
    component: msgspec.Raw = EMPTY
    issued: msgspec.Raw = EMPTY
    body_site: msgspec.Raw = EMPTY
    questionnaire: msgspec.Raw = EMPTY
    authored: msgspec.Raw = EMPTY
    item: msgspec.Raw = EMPTY
    issue: msgspec.Raw = EMPTY
    entry: msgspec.Raw = EMPTY
    link: msgspec.Raw = EMPTY


class Notes:
    """What could not be used, gathered by reason so that a thousand like cases are one sentence."""

    def __init__(self) -> None:
        self._refs: dict[str, set[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, ref: str, why: str) -> None:
        """Record that ``ref`` (``Condition/3.onsetDateTime``) could not be used as it came, and ``why``."""
        self._refs.setdefault(why, set()).add(ref)
        self._counts[why] = self._counts.get(why, 0) + 1

    def sentences(self, most: int = 20) -> tuple[str, ...]:
        """One sentence a reason, in a fixed order, at most ``most`` places named in each."""
        out = []
        for why, refs in self._refs.items():
            named = sorted(refs)[:most]
            more = self._counts[why] - len(named)
            out.append(f"{', '.join(named)}{f' and {more} more' if more > 0 else ''}: {why}")
        return tuple(sorted(out))


class Day(msgspec.Struct, frozen=True):
    """A day that a record gives; not ``whole`` where it gave a month or a year only. ``order`` sorts within a day."""

    date: date
    whole: bool
    order: float


class Concept(msgspec.Struct, frozen=True):
    """What a CodeableConcept says: the words, and every coding."""

    text: str | None = None
    codes: tuple[Code, ...] = ()

    @property
    def name(self) -> str | None:
        """The words, else the first display, else the first code."""
        if self.text:
            return self.text
        for code in self.codes:
            if code.display:
                return code.display
        return f"{self.codes[0].system} {self.codes[0].code}".strip() if self.codes else None


def plain(raw: msgspec.Raw) -> Any:
    """The decoded field, ``None`` where it is absent. Raises ``ValueError`` where its JSON cannot be read."""
    return None if raw is EMPTY else msgspec.json.decode(raw)


def one(raw: msgspec.Raw) -> Any:
    """The decoded field; the first of a list where a list came for a single value."""
    value = plain(raw)
    return next(iter(value), None) if isinstance(value, list) else value


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in ``value``: a list's, or the one that came without its list."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def words(value: Any, most: int = 500) -> str | None:
    """Text with its white space and control characters tidied, ``None`` where there is none."""
    if not isinstance(value, str):
        return None
    if len(value) <= most and value.isprintable() and "  " not in value:
        return value.strip() or None
    tidy = " ".join("".join(c if c.isprintable() else " " for c in value[: 4 * most]).split())
    return tidy[:most] or None


def reference_name(resource: Resource) -> str:
    """How a sentence names the resource: ``Condition/3``; the id is cut where it is absurdly long."""
    kind = words(resource.resource_type, 40) or "a resource"
    ident = words(resource.id, 64) if isinstance(resource.id, str) else None
    return f"{kind}/{ident}" if ident else f"{kind} without an id"


_SYSTEMS = {
    "www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "urn:oid:2.16.840.1.113883.6.88": "RxNorm",
    "hl7.org/fhir/sid/ndc": "NDC",
    "urn:oid:2.16.840.1.113883.6.69": "NDC",
    "snomed.info/sct": "SNOMED CT",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED CT",
    "hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "urn:oid:2.16.840.1.113883.6.90": "ICD-10-CM",
    "loinc.org": "LOINC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "www.whocc.no/atc": "ATC",
    "urn:oid:2.16.840.1.113883.6.73": "ATC",
    "fdasis.nlm.nih.gov": "UNII",
    "urn:oid:2.16.840.1.113883.4.9": "UNII",
}


def system_name(value: Any) -> str:
    """The short name of a known code system (https://hl7.org/fhir/R4/terminologies-systems.html), else what came."""
    return _system_name(words(value) or "")


@lru_cache(maxsize=256)
def _system_name(text: str) -> str:
    bare = re.sub(r"^https?://", "", text).rstrip("/").lower()
    return _SYSTEMS.get(bare) or ("SNOMED CT" if bare.startswith("snomed.info/sct/") else text)


def concept(value: Any) -> Concept:
    """A CodeableConcept, however it came: in its form, as a bare Coding, as a CodeableReference, in a list, as text."""
    text: str | None = None
    codes: list[Code] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            text = text or words(item)
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("concept"), dict):  # R5 CodeableReference
            item = item["concept"]
        text = text or words(item.get("text"))
        for coding in objects(item["coding"]) if "coding" in item else [item]:
            code = coding.get("code")
            if isinstance(code, int) and not isinstance(code, bool):
                code = str(code)
            clean, display = words(code, 200), words(coding.get("display"))
            if clean:
                codes.append(Code(system=system_name(coding.get("system")), code=clean, display=display))
            elif display:
                text = text or display
    return Concept(text, tuple(dict.fromkeys(codes)))


def coded(raw: msgspec.Raw) -> Concept:
    """:func:`concept` of a field that names a kind of thing, which records write again and again in the same bytes: each is read once."""
    return _coded(bytes(raw)) if len(bytes(raw)) <= _LONGEST_REPEATED else concept(plain(raw))


_LONGEST_REPEATED = 2048  # bytes


@lru_cache(maxsize=2048)
def _coded(raw: bytes) -> Concept:
    return concept(msgspec.json.decode(raw) if raw else None)


def code_word(raw: msgspec.Raw) -> str | None:
    """A status or similar code in lower case: a plain code, or the first coding of a concept that came in its place."""
    value = one(raw)
    if isinstance(value, dict):
        found = concept(value)
        value = found.codes[0].code if found.codes else found.text
    text = words(value, 40)
    return text.lower().replace(" ", "-").replace("_", "-") if text else None


def flag(raw: msgspec.Raw) -> bool | None:
    """A boolean, also where it came as text."""
    value = one(raw)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """A finite number, also where it came as text in JSON's own form."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?", value.strip()):
        value = value.strip()
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day(value: Any, *, end: bool = False) -> Day | None:
    """The day that a FHIR date, dateTime or instant gives, as written (its own time zone is kept, none is applied).

    A month or a year alone (https://hl7.org/fhir/R4/datatypes.html#dateTime) becomes its first day, its last where
    ``end``.
    ``None`` where it is not a date.
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if len(text) > 10:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                if text[10] not in "T ":
                    return None
                moment = datetime.combine(date.fromisoformat(text[:10]), datetime.min.time())
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return Day(moment.date(), True, (aware - _EPOCH).total_seconds())
        if len(text) == 10:
            found, whole = date.fromisoformat(text), True
        else:
            match = _PARTIAL.fullmatch(text)
            if not match:
                return None
            year, month = int(match[1]), int(match[2]) if match[2] else (12 if end else 1)
            found, whole = date(year, month, calendar.monthrange(year, month)[1] if end else 1), False
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return None
    return Day(found, whole, (found - _EPOCH.date()).total_seconds())


def noted_day(value: Any, ref: str, field: str, notes: Notes, *, end: bool = False) -> Day | None:
    """:func:`day`, with a sentence where the date is partial or cannot be read."""
    if value is None:
        return None
    found = day(value, end=end)
    if found is None:
        notes.add(f"{ref}.{field}", f"“{words(value, 40) or type(value).__name__}” is not a date, so it is not known")
    elif not found.whole:
        which = "latest" if end else "earliest"
        notes.add(
            f"{ref}.{field}",
            f"the record gives only “{words(value, 40)}”; read as {found.date}, the {which} day it can be",
        )
    return found


def first_day(choices: Iterable[tuple[str, Any]], ref: str, notes: Notes, *, end: bool = False) -> Day | None:
    """The first readable date among ``(field, value)`` pairs."""
    for field, value in choices:
        found = noted_day(value, ref, field, notes, end=end)
        if found is not None:
            return found
    return None


def period(raw: msgspec.Raw, side: str) -> Any:
    """``start`` or ``end`` of a Period, ``None`` where it is absent."""
    value = one(raw)
    return value.get(side) if isinstance(value, dict) else None
