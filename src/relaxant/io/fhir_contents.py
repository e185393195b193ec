"""What a FHIR input holds: its resources by kind, out of a bundle of any type, a list, one resource or NDJSON.

One broken resource never spoils the rest; each that cannot be used is named in the notes.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.io.fhir_medicines import KINDS
from relaxant.io.fhir_resources import EMPTY, Notes, Resource, day, objects, plain, reference_name, words

RECORDS = ("Patient", "Medication", "Substance", *KINDS, "Condition", "AllergyIntolerance", "Observation", "Procedure")
ANSWERED = "QuestionnaireResponse"  # read for scores of scales alone
READ = (*RECORDS, ANSWERED)
"""The kinds of resources that are read at all."""
THINGS = ("Medication", "Substance")
"""Of those, what is nobody's: the resources of a person refer to it."""
WOULD_DO = "give a FHIR R4 Bundle, a resource, or one resource a line (NDJSON), as UTF-8 JSON"
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


class Found:
    """The resources of the input, by kind, each with the ``fullUrl`` of its entry."""

    def __init__(self, notes: Notes) -> None:
        self.notes, self.counts = notes, Counter[str]()
        self.kinds: dict[str, list[tuple[Resource, Any]]] = {kind: [] for kind in (*RECORDS, ANSWERED)}
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


def contents(data: bytes, source: str, notes: Notes) -> Found:
    """The resources in ``data``; in one scan where it is a sound bundle, else piece by piece."""
    data = _utf8(data, source)
    found = Found(notes)
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


def _loose(data: bytes, source: str, found: Found) -> Found:
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
            source, f"{len(data)} bytes", f"it is not a FHIR resource: {_reason(error)}", WOULD_DO
        ) from None
    if kind == "Bundle" or (kind is None and top.entry is not EMPTY):
        found.bundle(plain_header(top.link), top.entry, plain_header(top.timestamp), 0)
    elif isinstance(kind, str):
        found.form = "resource"
        found.loose(data, None, words(kind, 40) or "the resource", 0)
    else:
        raise InputError(source, f"{len(data)} bytes", "it is JSON without a resourceType, so not FHIR", WOULD_DO)
    return found


def _lines(data: bytes, source: str, found: Found, error: Exception) -> Found:
    """NDJSON, where the first line is an object by itself; otherwise the JSON is broken and ``error`` says where."""
    lines = [(place, line.strip()) for place, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    try:
        if len(lines) < 2:
            raise error
        _decode_loose_bundle(lines[0][1])
    except ValueError:
        raise InputError(source, f"{len(data)} bytes", f"it is not JSON: {_reason(error)}", WOULD_DO) from None
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
            raise InputError(source, f"{len(data)} bytes", "it is neither UTF-8 nor UTF-16 text", WOULD_DO) from None
    data = data.strip() if data[:1].isspace() else data
    if not data:
        raise InputError(source, "nothing", "it is empty", WOULD_DO)
    if b"\x00" in data[:4]:
        raise InputError(source, f"{len(data)} bytes", "it is not UTF-8 text", WOULD_DO)
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
