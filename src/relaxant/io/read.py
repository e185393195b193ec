"""Any input to a :class:`Patient`: a patient file (YAML or JSON), a FHIR R4 bundle or NDJSON."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.io.patient_file import read_patient
from relaxant.io.said import MOST_TEXT, clean
from relaxant.io.scale_names import scale_names
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Line, Patient
from relaxant.plain import decode_text, read_json, read_yaml

_FHIR = re.compile(rb'"resourceType"\s*:|"entry"\s*:\s*\[')
_HEAD = 65536
MOST_RECORD_BYTES = 256 * 1024 * 1024
MOST_LINES = 100_000


def read_file(
    path: str | Path,
    knowledge: Knowledge,
    *,
    today: date,
    considering: Iterable[str] = (),
    country: str | None = None,
    as_of: str | None = None,
) -> Patient:
    """The patient in a file. Raises :class:`InputError` naming the field, what came and what would do."""
    source = Path(path)
    try:
        if source.is_file() and (size := source.stat().st_size) > MOST_RECORD_BYTES:
            raise InputError(
                "FILE",
                str(path),
                f"{size:,} bytes are more than one person's record can be",
                "give one person's record",
            )
        data = source.read_bytes()
    except IsADirectoryError:
        raise InputError("FILE", str(path), "this is a folder", "give one patient's file") from None
    except OSError as error:
        raise InputError(
            "FILE", str(path), f"it cannot be read ({error.strerror})", "give the path of a patient file"
        ) from None
    return read_bytes(
        data, knowledge, today=today, name=source.name, considering=considering, country=country, as_of=as_of
    )


def read_bytes(
    data: bytes,
    knowledge: Knowledge,
    *,
    today: date,
    name: str = "input",
    considering: Iterable[str] = (),
    country: str | None = None,
    as_of: str | None = None,
) -> Patient:
    """The patient in the bytes of a file, whichever of the inputs it is."""
    if len(data) > MOST_RECORD_BYTES:
        raise InputError(
            name, f"{len(data):,} bytes", "this is more than one person's record can be", "give one person's record"
        )
    head = _head(data)
    if not head:
        raise InputError(name, "nothing", "the file is empty", "start with lines such as `age: 58` and `medicines:`")
    if head[:5] == b"<?xml" or re.match(rb"<[A-Z][A-Za-z]*\s[^>]*hl7\.org/fhir", head):
        raise InputError(name, "XML", "FHIR is read as JSON only", "export the bundle as JSON")
    record = head[:1] in (b"{", b"[") and _FHIR.search(head) is not None
    plain = read_record(data, knowledge, name) if record else _patient_file(data, name)
    patient = read_patient(_asked(plain, country, as_of), knowledge, today=today, lenient=record, name=name)
    return weighed(patient, considering)


def read_mapping(
    plain: Mapping[str, Any],
    knowledge: Knowledge,
    *,
    today: date,
    considering: Iterable[str] = (),
    country: str | None = None,
    as_of: str | None = None,
) -> Patient:
    """The patient in a program's own values: the fields of a patient file, or a FHIR resource as decoded JSON."""
    if "resourceType" in plain:
        return read_bytes(
            msgspec.json.encode(plain), knowledge, today=today, considering=considering, country=country, as_of=as_of
        )
    return weighed(read_patient(_asked(plain, country, as_of), knowledge, today=today, name="patient"), considering)


def _asked(plain: Mapping[str, Any], country: str | None, as_of: str | None) -> dict[str, Any]:
    """The fields with the country and the day that whoever calls asks for in place of those said."""
    return {**plain, **{field: value for field, value in (("country", country), ("as_of", as_of)) if value is not None}}


def read_record(data: bytes, knowledge: Knowledge, name: str) -> dict[str, Any]:
    """What a FHIR record says, as a patient file."""
    from relaxant.io.fhir import read_fhir  # here, because a patient file needs none of it and a cold start is felt

    first = _head(data).split(b"\n", 1)[0].rstrip()
    if first[:1] == b"{" and first[-1:] == b"}" and (lines := data.count(b"\n")) > MOST_LINES:
        raise InputError(
            name, f"{lines:,} lines", "this is more than one person's record can be", "give one person's record"
        )
    wanted, markers = _asked_for(knowledge)
    return read_fhir(data, source=name, wanted=wanted, scales=scale_names(knowledge), every=markers)


_ASKED_FOR: dict[str, tuple[dict[str, str], frozenset[str]]] = {}


def _asked_for(knowledge: Knowledge) -> tuple[dict[str, str], frozenset[str]]:
    """The LOINC codes that a record is read for with the names of what they measure, and those names of which every result is read."""
    known = _ASKED_FOR.get(knowledge.sha256)
    if known is None:
        markers = {code: m.title for m in knowledge.responses.markers.values() for code in m.loinc}
        labs = {code: lab.lab for lab in knowledge.labs.values() for code in lab.loinc}
        known = _ASKED_FOR[knowledge.sha256] = {**markers, **labs}, frozenset(markers.values())
    return known


def _patient_file(data: bytes, name: str) -> dict[str, Any]:
    """The mapping in a patient file, JSON or YAML; other things that are mappings are named for what they are."""
    text = decode_text(data, name)
    found = read_json(text, name) if text.lstrip()[:1] in ("{", "[") and _is_json(text) else read_yaml(text, name)
    if not isinstance(found, dict):
        raise InputError(
            name, found, "a patient file is a mapping of fields", "start with lines such as `age: 58` and `medicines:`"
        )
    if "stamp" in found and "patient" in found:
        raise InputError(
            name,
            "a review",
            "this is a review that was made before",
            "use `relaxant replay`, or give the patient file",
        )
    if "hook" in found or "prefetch" in found:
        raise InputError(
            name,
            "a CDS Hooks request",
            "this version reads patient files and FHIR R4 bundles",
            "give the bundle of the prefetch",
        )
    return found


def _head(data: bytes) -> bytes:
    """The start of the file as UTF-8, without byte-order mark and leading spaces; empty where the file says nothing."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data[:_HEAD].decode("utf-16", errors="ignore").encode(errors="ignore").strip()
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    head = data[start : start + _HEAD].lstrip()
    return head or data[start:].lstrip()[:_HEAD]


def _is_json(text: str) -> bool:
    """JSON starts with ``{"``, ``{}``, ``[``; YAML's flow style may start with a brace too, a bare word after it."""
    return re.match(r"\s*(?:\{\s*[\"}]|\[)", text) is not None


def something_to_review(patient: Patient) -> None:
    """Raises :class:`InputError` for a patient of whom there is nothing to review, for a caller who asks for a review: an answer without findings would
    read as if something had been looked at."""
    if not patient.considering and not patient.medicines and not patient.goals:
        raise InputError(
            "medicines",
            "nothing",
            "there is no medicine to review",
            "list the medicines, say what is weighed (`considering` or --considering), or name goals",
        )


def weighed(patient: Patient, considering: Iterable[str]) -> Patient:
    """The patient with further items to weigh, in words."""
    lines = []
    for words in considering:
        said = clean(words)
        if not said:
            raise InputError(
                "--considering",
                words,
                "there is nothing to weigh",
                'write it in words, such as "tizanidine 4 mg three times a day"',
            )
        if len(said) > MOST_TEXT:
            raise InputError("--considering", said, f"this is longer than {MOST_TEXT:,} characters", "shorten it")
        lines.append(Line(said=said))
    if not lines:
        return patient
    return msgspec.structs.replace(patient, considering=(*patient.considering, *lines))
