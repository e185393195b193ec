"""A FHIR R4 record of one person, read leniently and said honestly.

:func:`read_fhir` takes a Bundle of any type, a single resource, a list of resources or NDJSON, and writes what it
says as a patient file. Whatever cannot be used is named, with the reason, in ``unused``; one broken resource never
spoils the rest.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.io.fhir_medicines import KINDS, Catalogue, Said, read_medicine
from relaxant.io.fhir_observations import Observed, observations
from relaxant.io.fhir_problems import allergies, conditions, dialysis
from relaxant.io.fhir_reconcile import reconcile
from relaxant.io.fhir_resources import (
    EMPTY,
    Notes,
    Resource,
    day,
    objects,
    plain,
    reference_name,
    words,
)
from relaxant.io.fhir_scales import Scored, scale_scores
from relaxant.io.fhir_subject import Persons, read_person
from relaxant.io.scale_names import ScaleNames

__all__ = ["READ", "THINGS", "read_fhir"]

_READ = ("Patient", "Medication", "Substance", *KINDS, "Condition", "AllergyIntolerance", "Observation", "Procedure")
_ANSWERED = "QuestionnaireResponse"  # read for scores of scales alone
READ = (*_READ, _ANSWERED)
"""The kinds of resources that are read at all."""
THINGS = ("Medication", "Substance")
"""Of those, what is nobody's: the resources of a person refer to it."""
_WOULD_DO = "give a FHIR R4 Bundle, a resource, or one resource a line (NDJSON), as UTF-8 JSON"
_NESTED_BUNDLES = 5


class _Entry(msgspec.Struct, gc=False, eq=False):
    full_url: Any = msgspec.field(default=None, name="fullUrl")
    resource: Resource | None = None


class _Bundle(msgspec.Struct, gc=False, eq=False):
    """The whole input in one scan, where it has the shape that it should have."""

    resource_type: Any = msgspec.field(default=None, name="resourceType")
    timestamp: msgspec.Raw = EMPTY
    link: msgspec.Raw = EMPTY
    entry: list[_Entry] | None = None


class _LooseEntry(msgspec.Struct):
    full_url: msgspec.Raw = msgspec.field(default=EMPTY, name="fullUrl")
    resource: msgspec.Raw = EMPTY


class _LooseBundle(msgspec.Struct):
    resource_type: msgspec.Raw = msgspec.field(default=EMPTY, name="resourceType")
    timestamp: msgspec.Raw = EMPTY
    link: msgspec.Raw = EMPTY
    entry: msgspec.Raw = EMPTY


_decode_bundle = msgspec.json.Decoder(_Bundle).decode
_decode_loose_bundle = msgspec.json.Decoder(_LooseBundle).decode
_decode_loose_entry = msgspec.json.Decoder(_LooseEntry).decode
_decode_resource = msgspec.json.Decoder(Resource).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Found:
    """The resources of the input, by kind, each with the ``fullUrl`` of its entry."""

    def __init__(self, notes: Notes) -> None:
        self.notes, self.counts = notes, Counter[str]()
        self.kinds: dict[str, list[tuple[Resource, Any]]] = {kind: [] for kind in (*_READ, _ANSWERED)}
        self.last_day: date | None = None
        self.form = "bundle"
        self._places: dict[tuple[str, str, Any], int] = {}

    def take(self, resource: Resource, url: Any, where: str, depth: int) -> None:
        """Count the resource and keep it where it is of a kind that is read."""
        kind = resource.resource_type
        if not isinstance(kind, str):
            self.notes.add(where, "a resource without a resourceType, which could be anything; it is not used")
            return
        if kind == "Bundle":
            self.bundle(plain_header(resource.link), resource.entry, None, depth + 1)
            return
        self.counts[kind] += 1
        kept = self.kinds.get(kind)
        if kept is None:
            if kind == "OperationOutcome":
                self._outcome(resource)
            return
        ident = resource.id
        if isinstance(ident, str) and ident:
            url = url if isinstance(url, str) else None
            before = self._places.setdefault((kind, ident, url), len(kept))
            if before != len(kept):
                other = kept[before][0]
                if _version(resource) != _version(other):  # a history: https://hl7.org/fhir/R4/bundle.html#history
                    kept[before] = (max(resource, other, key=_version), url)
                    self.notes.add(
                        reference_name(resource), "the record has several versions of it; the newest is read"
                    )
                    return
                if _content(resource) == _content(other):
                    return
        kept.append((resource, url))

    def bundle(self, link: Any, entries: msgspec.Raw, timestamp: Any, depth: int) -> None:
        """Take in a bundle whose entries have not been decoded, one by one."""
        self.header(link, timestamp)
        if depth > _NESTED_BUNDLES:
            self.notes.add("Bundle", "bundles nested too deeply; the innermost are not read")
            return
        if entries is EMPTY:
            return
        try:
            items = _decode_list(entries)
        except ValueError:
            items = [entries]
        for place, raw in enumerate(items, 1):
            where = f"entry {place}"
            try:
                entry = _decode_loose_entry(raw)
            except ValueError:
                self.notes.add(where, "not an object, so not an entry of a bundle; it is not used")
                continue
            if entry.resource is not EMPTY and bytes(entry.resource) != b"null":
                try:
                    url = plain(entry.full_url)
                except ValueError:
                    url = None
                self.loose(entry.resource, url, where, depth)

    def loose(self, raw: msgspec.Raw | bytes, url: Any, where: str, depth: int) -> None:
        """Take in one undecoded resource."""
        try:
            resource = _decode_resource(raw)
        except (ValueError, RecursionError):
            self.notes.add(where, "a resource that cannot be read; it is not used")
            return
        self.take(resource, url, where, depth)

    def header(self, link: Any, timestamp: Any) -> None:
        """What the bundle says of itself: when it was made, and whether more pages follow."""
        made = day(timestamp)
        self.last_day = made.date if made else self.last_day
        if any(item.get("relation") == "next" for item in objects(link)):
            self.notes.add(
                "Bundle.link",
                "the record says that more pages follow this one; they were not given, so it is incomplete",
            )

    def _outcome(self, resource: Resource) -> None:
        try:
            for issue in objects(plain(resource.issue)):
                if issue.get("severity") in ("fatal", "error", "warning"):
                    self.notes.add(
                        "OperationOutcome",
                        f"the sender reports: {words(issue.get('diagnostics'), 200) or words(issue.get('code'), 40)}",
                    )
        except (ValueError, RecursionError):
            self.notes.add("OperationOutcome", "the sender reports a problem that cannot be read")

    def of(self, *kinds: str) -> Iterator[Resource]:
        """The resources of these kinds."""
        return (resource for kind in kinds for resource, _ in self.kinds[kind])


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
        found = _contents(data, source, notes)
        return _patient_file(found, source, wanted or {}, scales, every, notes)
    except RecursionError:
        raise InputError(
            source, f"{len(data)} bytes", "it is nested too deeply to be a medical record", _WOULD_DO
        ) from None


def _patient_file(
    found: _Found,
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
        kind: [r for r in found.of(kind) if persons.concerns(r)]
        for kind in _READ
        if kind not in ("Patient", "Medication", "Substance")
    }
    answered = [r for r in found.of(_ANSWERED) if persons.concerns(r)] if scales is not None else []
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
    if not any(found.counts[kind] for kind in _READ):
        notes.add("the record", "it holds no resource of a kind that is read")
    return {**dict(sorted(out.items())), "unused": notes.sentences()}


def _medicines(
    resources: list[Resource], found: _Found, last_day: date | None, out: dict[str, Any], notes: Notes
) -> date | None:
    """Write ``medicines`` and ``considering``; return the last day that the record speaks of."""
    catalogue, said, listed = Catalogue(), list[Said](), False
    for kind in ("Medication", "Substance"):
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


def _record(found: _Found, seen: Observed, scored: Scored) -> str:
    """What the record was, as one sentence."""
    read, kinds = [], {*_READ, *([_ANSWERED] if scored.of_questionnaires else [])}
    for kind in _READ:
        count = found.counts[kind]
        if count and kind == "Observation":
            scales = f" and {scored.of_observations} with scores of scales" if scored.of_observations else ""
            read.append(f"{seen.read} of {count} Observation (the newest of each kind asked for){scales}")
        elif count and kind == "Procedure":
            read.append(f"{count} Procedure (for dialysis only)")
        elif count:
            read.append(f"{count} {kind}")
    if scored.of_questionnaires:
        read.append(f"{scored.of_questionnaires} of {found.counts[_ANSWERED]} {_ANSWERED} (for scores of scales only)")
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


def _contents(data: bytes, source: str, notes: Notes) -> _Found:
    """The resources in ``data``; in one scan where it is a sound bundle, else piece by piece."""
    data = _utf8(data, source)
    found = _Found(notes)
    try:
        bundle = _decode_bundle(data)
    except (msgspec.ValidationError, UnicodeDecodeError):
        return _loose(data, source, found)
    except msgspec.DecodeError as error:
        return _lines(data, source, found, error)
    if bundle.resource_type != "Bundle" and not (bundle.resource_type is None and bundle.entry is not None):
        return _loose(data, source, found)
    found.header(plain_header(bundle.link), plain_header(bundle.timestamp))
    for entry in bundle.entry or []:
        if entry.resource is not None:
            found.take(entry.resource, entry.full_url, "an entry", 0)
    return found


def _loose(data: bytes, source: str, found: _Found) -> _Found:
    """A single resource, a list of resources, or a bundle in which something has another shape than it should."""
    try:
        if data[:1] == b"[":
            found.form = "list of resources"
            for place, raw in enumerate(_decode_list(data), 1):
                found.loose(raw, None, f"item {place}", 0)
            return found
        top = _decode_loose_bundle(data)
        kind = plain(top.resource_type)
    except ValueError as error:
        raise InputError(
            source, f"{len(data)} bytes", f"it is not a FHIR resource: {_reason(error)}", _WOULD_DO
        ) from None
    if kind == "Bundle" or (kind is None and top.entry is not EMPTY):
        found.bundle(plain_header(top.link), top.entry, plain_header(top.timestamp), 0)
    elif isinstance(kind, str):
        found.form = "resource"
        found.loose(data, None, words(kind, 40) or "the resource", 0)
    else:
        raise InputError(source, f"{len(data)} bytes", "it is JSON without a resourceType, so not FHIR", _WOULD_DO)
    return found


def _lines(data: bytes, source: str, found: _Found, error: Exception) -> _Found:
    """NDJSON, where the first line is an object by itself; otherwise the JSON is broken and ``error`` says where."""
    lines = [(place, line.strip()) for place, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    try:
        if len(lines) < 2:
            raise error
        _decode_loose_bundle(lines[0][1])
    except ValueError:
        raise InputError(source, f"{len(data)} bytes", f"it is not JSON: {_reason(error)}", _WOULD_DO) from None
    found.form = "NDJSON"
    for place, line in lines:
        found.loose(line, None, f"line {place}", 0)
    return found


def _utf8(data: bytes, source: str) -> bytes:
    """The input as UTF-8 without a byte order mark; UTF-16 with its mark is recoded."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            raise InputError(source, f"{len(data)} bytes", "it is neither UTF-8 nor UTF-16 text", _WOULD_DO) from None
    data = data.strip() if data[:1].isspace() else data
    if not data:
        raise InputError(source, "nothing", "it is empty", _WOULD_DO)
    if b"\x00" in data[:4]:
        raise InputError(source, f"{len(data)} bytes", "it is not UTF-8 text", _WOULD_DO)
    return data


def _reason(error: Exception) -> str:
    return "its text is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def plain_header(raw: msgspec.Raw) -> Any:
    """A field of the bundle itself, ``None`` where it cannot be read."""
    try:
        return plain(raw)
    except (ValueError, RecursionError):
        return None


def _version(resource: Resource) -> tuple[float, int]:
    meta = plain_header(resource.meta)
    meta = meta if isinstance(meta, dict) else {}
    updated, version = day(meta.get("lastUpdated")), meta.get("versionId")
    return (
        updated.order if updated else 0.0,
        int(version) if isinstance(version, str) and version.isdecimal() and len(version) < 19 else 0,
    )


def _content(resource: Resource) -> list[bytes]:
    values = (getattr(resource, name) for name in resource.__struct_fields__)
    return [bytes(value) for value in values if isinstance(value, msgspec.Raw)]
