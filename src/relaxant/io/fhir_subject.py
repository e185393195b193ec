"""Whom a FHIR record is about: one person, or it is refused. Ids are compared and never kept."""

from __future__ import annotations

import re
from typing import Any, NoReturn

import msgspec

from relaxant.errors import InputError, shown
from relaxant.io.fhir_resources import (
    EMPTY,
    Notes,
    Resource,
    day,
    flag,
    noted_day,
    objects,
    one,
    plain,
    reference_name,
    words,
)

_ONE_PATIENT = "give the record of one patient"


class Persons:
    """The person or persons that the record names, by id and by server."""

    def __init__(self, source: str, notes: Notes) -> None:
        self._source, self._notes = source, notes
        self._patients: list[set[str]] = []
        self._servers: set[str] = set()
        self._subjects: dict[str, str] = {}
        self._identifiers: dict[str, str] = {}
        self._known: dict[bytes, bool] = {}
        self._resources = 0

    def patient(self, resource: Resource, url: Any) -> None:
        """Take in a Patient resource with the ``fullUrl`` of its entry."""
        self._resources += 1
        names = {resource.id} if isinstance(resource.id, str) and resource.id else set[str]()
        if isinstance(url, str) and url:
            server, ident = split_reference(url)
            names.add(ident)
            if server:
                self._servers.add(server)
        same = [known for known in self._patients if known & names]
        self._patients = [known for known in self._patients if not known & names] + [names.union(*same)]

    def concerns(self, resource: Resource) -> bool:
        """Whether the resource is about a person; a sentence says so where it is about a thing or a group."""
        raw = resource.subject if resource.subject is not EMPTY else resource.patient
        if raw is EMPTY:
            return True
        key = bytes(raw)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._about(raw, resource)
        if not known:
            self._notes.add(reference_name(resource), "it is about something other than a patient; it is not used")
        return known

    def _about(self, raw: msgspec.Raw, resource: Resource) -> bool:
        try:
            subject = one(raw)
        except ValueError:
            return True
        if isinstance(subject, str):
            subject = {"reference": subject}
        if not isinstance(subject, dict):
            return True
        reference = subject.get("reference")
        if not isinstance(reference, str) or not reference.strip():
            identifier = subject.get("identifier")
            if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
                system, value = str(identifier.get("system")), identifier["value"]
                if self._identifiers.setdefault(system, value) != value:
                    self._refuse(f"{reference_name(resource)} is about another patient than the resources before it")
            return True
        reference = reference.strip()
        if reference.startswith("#"):
            return True
        if _of_another_kind(reference):
            return False
        server, ident = split_reference(reference)
        self._subjects.setdefault(ident, reference_name(resource))
        if server:
            self._servers.add(server)
        return True

    def check(self) -> None:
        """Raise :class:`InputError` where the record names two people."""
        if len(self._patients) > 1:
            self._refuse("they are two people as far as the record says", f"{self._resources} Patient resources")
        if len(self._servers) > 1:
            self._refuse("the same record mixes the patients of two servers")
        own = self._patients[0] if self._patients and self._patients[0] else set(list(self._subjects)[:1])
        for ident, ref in self._subjects.items():
            if ident not in own:
                self._refuse(f"{ref} is about another patient than the rest")

    def _refuse(self, why: str, came: str = "a record of two patients") -> NoReturn:
        raise InputError(self._source, came, why, _ONE_PATIENT)


def patient_id(raw: msgspec.Raw) -> str | None:
    """The id of the patient whom a resource names as its subject; ``None`` where it names none by id, or something else than a patient.

    Raises ``ValueError`` where the JSON cannot be read.
    """
    subject = one(raw)
    reference = subject.get("reference") if isinstance(subject, dict) else subject
    if not isinstance(reference, str) or not (reference := reference.strip()) or reference.startswith("#"):
        return None
    return None if _of_another_kind(reference) else split_reference(reference)[1] or None


def _of_another_kind(reference: str) -> bool:
    kind = re.search(r"([A-Z][A-Za-z]+)/[^/]+$", reference.split("/_history/")[0])
    return kind is not None and kind[1] != "Patient"


def split_reference(reference: str) -> tuple[str, str]:
    """Server (empty where relative or a URN) and id of a reference."""
    reference = reference.split("/_history/")[0].rstrip("/")
    if reference.startswith("urn:"):
        return "", reference.rsplit(":", 1)[-1].lower()
    parts = reference.rsplit("/", 2)
    server = re.sub(r"^https?://", "", parts[0]).casefold() if len(parts) == 3 else ""
    return server, parts[-1]


_SEX = {
    "female": "female",
    "f": "female",
    "male": "male",
    "m": "male",
    "other": "other",
    "o": "other",
    "unknown": "unknown",
    "u": "unknown",
}


def read_person(resource: Resource, out: dict[str, Any], notes: Notes) -> None:
    """Sex, birth date and death; never a name or a record number."""
    try:
        gender = words(one(resource.gender), 40)
        sex = _SEX.get(gender.casefold()) if gender else None
        if gender and sex is None:
            notes.add("Patient.gender", f"“{gender}” is not one of female, male, other, unknown")
        for extension in objects(plain(resource.extension)):
            birth_sex = (
                str(extension.get("valueCode")) if str(extension.get("url")).endswith("us-core-birthsex") else ""
            )
            if sex in ("female", "male") and birth_sex in ("F", "M") and _SEX[birth_sex.lower()] != sex:
                notes.add("Patient.gender", "differs from the sex recorded at birth; formulas are run for both")
                sex = "unknown"
        if sex and out.setdefault("sex", sex) != sex:
            notes.add("Patient.gender", "two versions of the patient differ in it; formulas are run for both")
            out["sex"] = "unknown"
        birth = one(resource.birth_date)
        born = day(birth)
        if born is not None and born.whole:
            if out.setdefault("birth_date", born.date.isoformat()) != born.date.isoformat():
                raise InputError(
                    "Patient.birthDate", "two birth dates", "one person has one", "give the record of one patient, once"
                )
        elif birth is not None:
            notes.add(
                "Patient.birthDate",
                f"{shown(str(birth), 20)} is not a whole date, so the age is not known; give age or birth_date",
            )
        died = noted_day(one(resource.deceased_date_time), "Patient", "deceasedDateTime", notes)
        if died is not None:
            out["died"] = died.date.isoformat()
        elif flag(resource.deceased_boolean) is True:
            notes.add("Patient.deceasedBoolean", "the record says that the person has died, without the day")
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        notes.add("Patient", "a part of it could not be read")
