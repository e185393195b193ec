"""The resources of FHIR bulk data, each with whom it is about: read once, line by line, and kept until they are put together person by person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from relaxant.cohort.days import day_number
from relaxant.cohort.ndjson import lines
from relaxant.io.fhir_contents import READ, THINGS
from relaxant.io.fhir_medicines import KINDS as MEDICINES
from relaxant.io.fhir_resources import EMPTY, day
from relaxant.io.fhir_subject import patient_id, split_reference

RESOURCES = pa.schema(
    [
        pa.field("file", pa.int32(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("about", pa.string()),
        pa.field("day", pa.int32()),
        pa.field("refers", pa.list_(pa.string()), nullable=False),
        pa.field("size", pa.int32(), nullable=False),
        pa.field("resource", pa.binary(), nullable=False),
    ]
)
"""``about`` is the id of the patient, or of the thing itself (a Medication, a Substance), ``day`` the first day that the resource gives for itself,
``refers`` the ids of the things that a medicine refers to."""

_AT_ONCE = 16 * 1024 * 1024  # bytes of resources in a group of rows
_REFERENCE = re.compile(rb'"reference"\s*:\s*"([^"\\]{1,500})"')
_REFER = frozenset((*MEDICINES, *THINGS))


class _Line(msgspec.Struct, gc=False, eq=False, rename="camel"):
    """What is looked at of a resource before it is known whose record it belongs to."""

    resource_type: Any = None
    id: Any = None
    subject: msgspec.Raw = EMPTY
    patient: msgspec.Raw = EMPTY
    authored_on: Any = None
    authored: Any = None
    date_asserted: Any = None
    recorded_date: Any = None
    issued: Any = None
    effective_date_time: Any = None
    effective_instant: Any = None
    effective_period: Any = None
    occurrence_date_time: Any = None
    occurrence_period: Any = None
    performed_date_time: Any = None
    performed_period: Any = None
    onset_date_time: Any = None
    onset_period: Any = None
    when_prepared: Any = None
    when_handed_over: Any = None


_DAYS = tuple(name for name in _Line.__struct_fields__ if name not in ("resource_type", "id", "subject", "patient"))
_decode = msgspec.json.Decoder(_Line).decode


class Met(msgspec.Struct):
    """What was met on the way: ``unusable`` by where (a file, a kind) and why, ``unread`` by kind, and ``nobody``, patients without an id."""

    unusable: Counter[tuple[str, str]]
    unread: Counter[str]
    nobody: int = 0


def write_resources(files: Sequence[Path], path: Path, told: Callable[[int], None]) -> Met:
    """Writes the resources of the files that are of a kind that is read as Parquet (:data:`RESOURCES`); ``told`` hears how many bytes are read.

    Raises :class:`relaxant.errors.InputError` for a file that cannot be read to its end.
    """
    met = Met(Counter(), Counter())
    with pq.ParquetWriter(path, RESOURCES, compression="zstd", compression_level=1) as writer:
        rows, size = list[tuple[Any, ...]](), 0
        for row in _rows(files, met, told):
            rows.append(row)
            size += len(row[-1])
            if size >= _AT_ONCE:
                writer.write_batch(_batch(rows))
                rows, size = [], 0
        writer.write_batch(_batch(rows))
    return met


def _batch(rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ((),) * len(RESOURCES)
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, RESOURCES, strict=True)], schema=RESOURCES)


def _rows(files: Sequence[Path], met: Met, told: Callable[[int], None]) -> Iterator[tuple[Any, ...]]:
    before = 0
    for number, path in enumerate(files):
        for place, line in enumerate(lines(path, lambda at, before=before: told(before + at)), 1):  # type: ignore[misc]
            if line == b"":
                continue
            if line is None:
                met.unusable[path.name, "a line longer than any resource of a record"] += 1
                continue
            try:
                resource = _decode(line)
            except (ValueError, RecursionError):
                met.unusable[path.name, "a line that is no JSON of a resource"] += 1
                continue
            kind = resource.resource_type
            if not isinstance(kind, str):
                met.unusable[path.name, "a line without a resourceType"] += 1
            elif kind not in READ:
                met.unread[kind] += 1
            elif kind == "Patient" and not _id(resource):
                met.nobody += 1
            elif (about := _about(resource, kind)) is None:
                met.unusable[kind, "it has no id" if kind in THINGS else "it names no patient by an id"] += 1
            else:
                refers = _refers(line) if kind in _REFER else ()
                yield number, place, kind, about, None if kind == "Patient" else _day(resource), refers, len(line), line
        before += path.stat().st_size


def _id(resource: _Line) -> str | None:
    return resource.id if isinstance(resource.id, str) and resource.id else None


def _about(resource: _Line, kind: str) -> str | None:
    """Whom a resource is about: a patient and a thing are about themselves."""
    if kind == "Patient" or kind in THINGS:
        return _id(resource)
    raw = bytes(resource.subject if resource.subject is not EMPTY else resource.patient)
    return _subject(raw) if raw else None


@lru_cache(maxsize=4096)
def _subject(raw: bytes) -> str | None:
    try:
        return patient_id(msgspec.Raw(raw))
    except (ValueError, RecursionError):
        return None


def _refers(line: bytes) -> tuple[str, ...]:
    """The ids of what a medicine, or a part of one, refers to and that may be a thing."""
    found = (one.decode(errors="replace") for one in _REFERENCE.findall(line.replace(rb"\/", b"/")))
    return tuple(dict.fromkeys(_thing(one) for one in found if one.startswith("urn:") or any(f"{kind}/" in one for kind in THINGS)))  # fmt: skip


def _thing(reference: str) -> str:
    return reference.rsplit(":", 1)[-1] if reference.startswith("urn:") else split_reference(reference)[1]


def _day(resource: _Line) -> int | None:
    """The first day that a resource gives for itself."""
    days = list[int]()
    for name in _DAYS:
        value = getattr(resource, name)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str) and (found := _number(value[:10])) is not None:
            days.append(found)
    return min(days, default=None)


@lru_cache(maxsize=65_536)
def _number(text: str) -> int | None:
    found = day(text)
    return None if found is None or found.date < date(1, 1, 2) else day_number(found.date)
