"""What came with a request to the review page: a filled form, or a patient file or record as it is. Nothing of it is written anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from relaxant.patient import Patient
from relaxant.service.house import House
from relaxant.service.operation import FHIR, FORM, JSON, PARTS, PLAIN, YAML, Body, Filled
from relaxant.service.pages.fields import NAMES, SOURCE, Fields, Kept
from relaxant.service.pages.moved import Seen
from relaxant.service.problems import Problem

_MOST_FIELDS = 2000
_ALONE = (*NAMES, SOURCE, "kept", "seen", "choose", "asked_field", "asked_name", "answer", "skip")
_FILLED = Filled(_ALONE, many=("right", "skipped"))
_FILE = {
    "type": "object",
    "description": "A patient file (patient.schema.json in docs/reference) or a FHIR R4 Bundle of one patient.",
    "anyOf": [
        {"properties": dict.fromkeys(Patient.__struct_fields__, True), "additionalProperties": False},
        {"properties": {"resourceType": {"type": "string"}}, "required": ["resourceType"]},
    ],
}
TAKEN: Body = {
    JSON: _FILE,
    FHIR: _FILE,
    YAML: _FILE,
    PLAIN: str,
    FORM: _FILLED,
    PARTS: msgspec.structs.replace(_FILLED, files=("file",)),
}
"""What the review page is sent: a file of any of these kinds, or the form."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A request. ``file`` is what a patient file or record holds, ``source`` in words where a record was read; the rest are the form's fields, what was shown before (``seen``), and what is to be
    done with them: a name chosen for a line, an answer, a question to skip."""

    fields: Fields = Fields()
    form: bool = False
    file: bytes = b""
    source: str = ""
    name: str = "file"
    seen: tuple[Seen, ...] | None = None
    choose: str = ""
    asked_field: str = ""
    asked_name: str = ""
    answer: str = ""
    skip: str = ""


async def read_given(request: Request, house: House) -> Given:
    """The request's body, whichever of them it is."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        body = await request.body()
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
        except ValueError:
            raise Problem(400, "the form cannot be read; send it as UTF-8, percent-encoded") from None
        return _form(pairs)
    if kind == PARTS:
        return await _parts(request, house)
    return Given(file=await request.body())


async def _parts(request: Request, house: House) -> Given:
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=_MOST_FIELDS, max_part_size=house.settings.most_bytes)  # fmt: skip
    parser.spool_max_size = house.settings.most_bytes + 1  # so that no part of it is put on a disk
    try:
        data = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        raise Problem(400, "the form cannot be read; send it as multipart/form-data with its boundary") from None
    try:
        given = _form((name, value) for name, value in data.multi_items() if isinstance(value, str))
        file = data.get("file")
        return msgspec.structs.replace(given, file=await file.read()) if isinstance(file, UploadFile) else given
    finally:
        await data.close()


def _form(pairs: Iterable[tuple[str, str]]) -> Given:
    single: dict[str, str] = {}
    right, skipped = [], []
    for name, value in pairs:
        if name == "right":
            right.append(value)
        elif name == "skipped":
            skipped.append(value)
        else:
            single[name] = value
    seen, kept = single.get("seen"), single.get("kept")
    fields = Fields(
        text={name: single[name].replace("\r\n", "\n") for name in (*NAMES, SOURCE) if name in single},
        kept=_decoded(kept, Kept, "kept") if kept else {},
        right=tuple(right),
        skipped=tuple(skipped),
    )
    return Given(
        fields=fields,
        form=True,
        seen=_decoded(seen, tuple[Seen, ...], "seen") if seen else None,
        choose=single.get("choose", ""),
        asked_field=single.get("asked_field", ""),
        asked_name=single.get("asked_name", ""),
        answer=single.get("answer", ""),
        skip=single.get("skip", ""),
    )


def _decoded(text: str, kind: Any, name: str) -> Any:
    try:
        return msgspec.json.decode(text.encode(), type=kind)
    except msgspec.DecodeError:
        raise Problem(422, f"the form's field {name} was changed on its way; reload the page", field=name) from None
