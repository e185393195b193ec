"""Each line of the medicine list as it was read, to be confirmed by whoever wrote it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relaxant.io.said import clean
from relaxant.report.shown import clean as harmless
from relaxant.reviewing import ShownMedicine
from relaxant.service.pages.fields import Fields

_OFFERED = 3
_KEY = 16


class ReadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line. ``key`` is what a tick stands for: the line and how it was read, so that a tick is gone when either changes."""

    field: str
    number: int
    said: str
    read_as: str
    status: str
    remarks: tuple[str, ...]
    offered: tuple[str, ...]
    key: str
    right: bool


def read_back(fields: Fields, medicines: Sequence[ShownMedicine], words: Mapping[str, Any]) -> tuple[ReadLine, ...]:
    """Every line of what is taken and of what is weighed, in the order in which they were written."""
    waiting = list(medicines)
    out = []
    for field in ("medicines", "considering"):
        for number, line in enumerate(fields.lines(field), 1):
            said = _said(fields, field, line)
            found = next((m for m in waiting if m.said == said and (m.role == "considering") == (field == "considering")), None)  # fmt: skip
            if found is None:
                continue  # that there are none, or that they are unknown
            waiting.remove(found)
            out.append(_line(field, number, line, found, fields, words))
    return tuple(out)


def _said(fields: Fields, field: str, line: str) -> str:
    kept = fields.kept.get(field, {}).get(line)
    return str(kept[0].get("said", line)) if kept and isinstance(kept[0], dict) else clean(line)


def _line(
    field: str, number: int, line: str, read: ShownMedicine, fields: Fields, words: Mapping[str, Any]
) -> ReadLine:
    key = hashlib.sha256(f"{field}\0{line}\0{read.read_as}".encode()).hexdigest()[:_KEY]
    unplaced = (
        [str(words["not_understood"]).format(words=", ".join(read.not_understood))] if read.not_understood else []
    )
    return ReadLine(
        field=field,
        number=number,
        said=harmless(line),
        read_as=harmless(read.read_as),
        status=read.status,
        remarks=tuple(harmless(text) for text in ([read.why] if read.why else []) + unplaced),
        offered=tuple(s.name for s in read.suggestions[:_OFFERED]) if len(read.not_understood) == 1 else (),
        key=key,
        right=key in fields.right,
    )


def chosen(fields: Fields, field: str, number: int, name: str, medicines: Sequence[ShownMedicine]) -> Fields:
    """The form with a name put in place of the word in a line that was not understood. The form as it is, where there is no such line."""
    lines = fields.lines(field)
    if field not in ("medicines", "considering") or not 1 <= number <= len(lines):
        return fields
    line = lines[number - 1]
    read = next((m for m in medicines if m.said == _said(fields, field, line)), None)
    if read is None or len(read.not_understood) != 1 or name not in {s.name for s in read.suggestions}:
        return fields
    at = re.search(re.escape(read.not_understood[0]), line, re.I)
    if at is None:
        return fields
    lines[number - 1] = line[: at.start()] + name + line[at.end() :]
    return fields.with_text(field, "\n".join(lines))
