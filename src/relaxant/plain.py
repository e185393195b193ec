"""Plain text to plain values: YAML or JSON whose scalars stay text, so nothing is typed behind the writer's back.

YAML's own typing (``010`` is 8, ``no`` is false, ``12:30`` is 750) has no place in a prescription; its aliases can
explode, its duplicate keys vanish. Here every scalar is text, aliases and duplicate keys are refused with the line they
stand on, and size and depth are bounded. What a program gives is brought to the same form by :func:`as_written`.
Results go the other way by :func:`as_json`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import date
from numbers import Number
from typing import Any

import msgspec
import yaml

from relaxant.errors import InputError

MOST_BYTES = 8 * 1024 * 1024
MOST_YAML_BYTES = 4 * 1024 * 1024
MOST_DEPTH = 60
MOST_VALUES = 200_000
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_UNWRITTEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_PACKED = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or an office document",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7z archive",
    b"BZh": "a bzip2 archive",
    b"SQLite format 3": "a database",
}
_ONE = ("one file is one patient", "give each patient a file of its own")
_EXAMPLE = "start with lines such as `age: 58` and `medicines:`"


def decode_text(data: bytes, name: str) -> str:
    """The text of a file: UTF-8 (with or without a byte-order mark) or UTF-16 with one. Raises :class:`InputError`."""
    for start, kind in _PACKED.items():
        if data.startswith(start):
            would_do = "unpack it and give the file inside" if "archive" in kind else "give a YAML or JSON text file"
            raise InputError(name, kind, "this is not a text file", would_do)
    if len(data) > MOST_BYTES:
        raise InputError(
            name,
            f"{len(data):,} bytes",
            "this is larger than a patient file can be",
            "give one patient; for many, split the file",
        )
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}, line {line}",
            f"byte 0x{data[error.start]:02x}",
            "this is not UTF-8 text",
            "save the file as UTF-8",
        ) from None
    if "\x00" in text:
        raise InputError(
            name, "a NUL character", "this is not a text file", "give a YAML or JSON text file, saved as UTF-8"
        )
    if not text.strip():
        raise InputError(name, "nothing", "the file is empty", _EXAMPLE)
    return text


def read_json(text: str, name: str) -> Any:
    """A JSON document whose numbers stay text as written. Raises :class:`InputError` with the place of the fault."""
    import json  # here, because a YAML file needs none of it and a cold start is felt

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in pairs:
            if key in out:
                raise InputError(key, value, "the same field stands twice", "keep one of the two")
            out[key] = value
        return out

    def refuse(constant: str) -> str:
        raise InputError(name, constant, "this is not a number", "leave the field out when the value is unknown")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_float=str, parse_int=str, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}, line {error.lineno}, column {error.colno}",
            _nearby(text, error.pos),
            f"this is not JSON ({error.msg})",
            "check the commas, quotes and brackets there",
        ) from None
    except RecursionError:
        raise _too_deep(name) from None
    return as_written(value, name)


def _nearby(text: str, position: int) -> str:
    """What stands at a place of the text: the rest of its line, or the end of the line before."""
    rest = text[position : position + 40].split("\n")[0].strip()
    return rest or text[max(0, position - 40) : position].strip().rpartition("\n")[2] or "nothing"


def _too_deep(where: str) -> InputError:
    return InputError(
        where,
        f"more than {MOST_DEPTH} levels",
        "this is nested too deeply for a patient file",
        "write fields and lists as in the patient file's documentation",
    )


def as_written(value: Any, name: str, *, but: Container[Any] = ()) -> Any:
    """The values of a program as a file would hold them: yes and no, numbers and days become text.

    What stands under a key in ``but`` stays as it came. Raises :class:`InputError` where it is nested too deeply.

    >>> as_written({"age": 58, "weight": 61.0, "pregnant": False, "dosage": [{"sequence": 1}]}, "input", but=("dosage",))
    {'age': '58', 'weight': '61', 'pregnant': 'false', 'dosage': [{'sequence': 1}]}
    """
    return _as_written(value, name, but, 0)


def as_json(value: Any) -> bytes:
    """A result as JSON: one space a level, an end of line, the same bytes every time."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _as_written(value: Any, name: str, but: Container[Any], depth: int) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (Mapping, list, tuple)):
        if depth >= MOST_DEPTH:
            raise _too_deep(name)
        if isinstance(value, Mapping):
            return {k: v if k in but else _as_written(v, name, but, depth + 1) for k, v in value.items()}
        return [_as_written(v, name, but, depth + 1) for v in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value).removesuffix(".0")
    if isinstance(value, Number):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _line(event: yaml.Event) -> int:
    """The line, from 1, that an event starts on."""
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _tabbed(text: str, line: int) -> bool:
    """Whether a line (from 0) is indented with a tab."""
    row = [*text.splitlines(), *[""] * (line + 1)][line]
    return "\t" in row[: len(row) - len(row.lstrip())]


def _row(text: str, line: int) -> str:
    """The words of a line (from 0), or of the last one before it that has any."""
    rows = text.splitlines()[: line + 1]
    return next((row.strip() for row in reversed(rows) if row.strip()), "nothing")


def read_yaml(text: str, name: str, one: tuple[str, str] = _ONE) -> Any:
    """A YAML document whose scalars are all text (empty is ``None``). ``one`` says why there is no second, and what would do. Raises
    :class:`InputError` with the line."""
    if len(text) > MOST_YAML_BYTES:
        raise InputError(
            name, f"{len(text):,} characters", "this is larger than a patient file can be", "give one patient a file"
        )
    if found := _UNWRITTEN.search(text):
        raise InputError(
            f"{name}, line {text.count(chr(10), 0, found.start()) + 1}",
            found.group(),
            "this control character cannot stand in YAML",
            "delete it",
        )
    stack: list[tuple[Any, Any]] = []  # (container, pending key)
    root: Any = None
    documents = values = 0
    waiting = object()
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.ScalarEvent):
                # The C parser gives a bare scalar the style "", Python's gives None: only quotes make an empty text.
                value: Any = None if event.value == "" and event.style not in ("'", '"', "|", ">") else event.value
            elif isinstance(event, yaml.MappingStartEvent):
                value = {}
            elif isinstance(event, yaml.SequenceStartEvent):
                value = []
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
                continue
            elif isinstance(event, yaml.AliasEvent):
                raise InputError(
                    f"{name}, line {_line(event)}",
                    f"*{event.anchor}",
                    "YAML aliases are not read",
                    "write the value out again",
                )
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise InputError(
                        f"{name}, line {_line(event)}",
                        "a second document",
                        *one,
                    )
                continue
            else:
                continue
            values += 1
            if values > MOST_VALUES:
                raise InputError(
                    f"{name}, line {_line(event)}",
                    f"more than {MOST_VALUES:,} values",
                    "no one person's file has so many",
                    "give one patient a file",
                )
            line = _line(event)
            if not stack:
                root = value
            elif isinstance(stack[-1][0], list):
                stack[-1][0].append(value)
            else:
                container, key = stack[-1]
                if key is waiting:
                    if not isinstance(value, str):
                        raise InputError(
                            f"{name}, line {line}", value, "a field's name must be plain words", "write `name: value`"
                        )
                    if value in container:
                        raise InputError(
                            value,
                            f"a second time on line {line}",
                            "a field can be said only once",
                            "keep one of the two",
                        )
                    stack[-1] = (container, value)
                else:
                    container[key] = value
                    stack[-1] = (container, waiting)
            if isinstance(value, (dict, list)):
                if len(stack) >= MOST_DEPTH:
                    raise _too_deep(f"{name}, line {line}")
                stack.append((value, waiting))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where, came = (
            (f"{name}, line {mark.line + 1}, column {mark.column + 1}", _row(text, mark.line))
            if mark
            else (name, "this text")
        )
        raise InputError(
            where,
            came,
            f"this is not valid YAML ({getattr(error, 'problem', None) or 'it cannot be read'})",
            "a tab stands at its beginning: indent with spaces"
            if mark and _tabbed(text, mark.line)
            else "check the indentation, colons, quotes and brackets there",
        ) from None
    return root
