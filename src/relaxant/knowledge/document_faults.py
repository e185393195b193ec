"""What is wrong with the text of a pack's file: every entry that does not fit its type, with its line, what came and what would do."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import yaml

from relaxant.errors import meant, shown, visible
from relaxant.knowledge.document import Document
from relaxant.knowledge.schema import Cited

_AT = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*)`)?", re.S)
_STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<index>\d+)\]|(?P<any>\[\.\.\.\])|(?P<key>key)")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_EXPECTED = re.compile(r"Expected `(.*)`, got `(.*)`")
_LENGTH = re.compile(r"Expected `array` of length (.*), got (.*)")
_OF_A_PERSON = frozenset({"as_of", "age", "birth_date", "sex", "weight", "country", "medicines", "considering"})
Path = tuple[str | int, ...]


def faults_of_document(plain: object, text: str, name: str) -> list[str]:
    """Every fault of a file's entries, one for each entry. ``plain`` is the file as read, ``text`` as written."""
    if not isinstance(plain, Mapping):
        return [f"{name}, line 1: {shown(plain)}: a file of a pack has named lists; begin with one such as `rules:`"]
    hints, out = get_type_hints(Document), []
    for key, value in plain.items():
        hint = hints.get(key)
        if hint is None:
            lists = ", ".join(sorted(hints))
            would = (
                "this is a line of a patient file; keep it outside the pack's folder"
                if key in _OF_A_PERSON
                else meant(str(key), hints) or f"write one of {lists}"
            )
            out.append(f"{_place(text, name, (key,))}: {shown(key)}: a pack has no such list; {would}")
            continue
        entry = get_args(hint)[0] if get_origin(hint) is tuple else None
        entries = list(enumerate(value)) if entry is not None and isinstance(value, list) else [(None, value)]
        for number, one in entries:
            path: Path = (key,) if number is None else (key, number)
            wanted = hint if number is None else entry
            try:
                msgspec.convert(one, wanted, strict=False)
            except msgspec.ValidationError as error:
                out.append(_said(str(error), one, wanted, path, text, name))
    return out


def _said(message: str, value: object, wanted: Any, path: Path, text: str, name: str) -> str:
    called = _called(value, wanted)
    match = _AT.fullmatch(message)
    what, rest = (match["what"], _steps(match["path"] or "")) if match else (message, ())
    here, hint = _follow(value, wanted, rest)
    rest = _settled(value, rest)
    at = (*path, *rest)
    if found := _UNKNOWN.fullmatch(what):
        fields = sorted(get_type_hints(hint)) if isinstance(hint, type) else []
        would = meant(found[1], fields) or f"write one of {', '.join(fields)}"
        return f"{_place(text, name, (*at, found[1]))}: {_dotted(at, called)}: {shown(found[1])}: there is no such field here; {would}"
    if found := _MISSING.fullmatch(what):
        hints = get_type_hints(hint) if isinstance(hint, type) else {}
        return f"{_place(text, name, at)}: {_dotted(at, called)}: no “{found[1]}”: this field is needed; write `{found[1]}: {_example(hints.get(found[1]))}`"
    return (
        f"{_place(text, name, at)}: {_dotted(at, called)}: {shown(here)}: {_why(what, here)}; {_would(hint, at, here)}"
    )


def _steps(path: str) -> Path:
    out: list[str | int] = []
    for m in _STEP.finditer(path.removeprefix("$")):
        out.append(int(m["index"]) if m["index"] else m["field"] if m["field"] else "...")
    return tuple(out)


def _settled(value: object, steps: Path) -> Path:
    """The path as far as it can be followed: where it goes through any key of a mapping, up to it."""
    return steps[: steps.index("...")] if "..." in steps else steps


def _follow(value: Any, hint: Any, steps: Path) -> tuple[Any, Any]:
    """The value at the end of a path, and its type."""
    hint = _bare(hint, value)
    for step in steps:
        if step == "...":
            return value, hint
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
            inner = get_args(hint)
            hint = (
                inner[min(step, len(inner) - 1)] if inner and inner[-1] is not Ellipsis else inner[0] if inner else None
            )
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
            hint = (
                get_type_hints(hint).get(step)
                if isinstance(hint, type) and hasattr(hint, "__struct_fields__")
                else None
            )
        hint = _bare(hint, value)
    return value, hint


def _bare(hint: Any, value: object) -> Any:
    """A type without ``None`` beside it; of several the one that a value of this shape is held against."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    kinds = [k for k in get_args(hint) if k is not types.NoneType]
    mappings = [k for k in kinds if get_origin(k) is dict or hasattr(k, "__struct_fields__")]
    return mappings[0] if isinstance(value, Mapping) and mappings else kinds[0]


_PLAIN = {
    str: "words, in quotes where they begin with a bracket or a brace",
    float: "a number such as 20",
    int: "a whole number such as 3",
    bool: "true or false",
}


def _example(hint: Any) -> str:
    """What a field of a type looks like, shortly."""
    hint = _bare(hint, None)
    if get_origin(hint) is Literal:
        return " | ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return "[...]"
    if get_origin(hint) is dict or hasattr(hint, "__struct_fields__"):
        return "{...}"
    return {float: "NUMBER", int: "NUMBER", bool: "true"}.get(hint, "...")


def _why(what: str, here: object) -> str:
    if here is None:
        return "nothing is written here"
    if found := _LENGTH.fullmatch(what):
        return f"a list of {found[1]} must stand here, and there is one of {found[2]}"
    if what.startswith("Invalid enum value"):
        return "it is none of the words that may stand here"
    if found := _EXPECTED.fullmatch(what):
        kinds = {
            "array": "a list",
            "object": "fields of its own",
            "str": "words",
            "float": "a number",
            "int": "a whole number",
            "bool": "true or false",
        }
        wanted = " or ".join(dict.fromkeys(kinds.get(k, k) for k in found[1].split(" | ") if k != "null"))
        return f"{wanted} must stand here"
    return visible(what[:1].lower() + what[1:])


def _would(hint: Any, at: Path, here: object) -> str:
    field = next((str(step) for step in reversed(at) if isinstance(step, str)), "")
    if get_origin(hint) is Literal:
        return f"write one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is tuple:
        return f"write a list: `{field}: [{visible(str(here), 30) if isinstance(here, str) else '...'}]`"
    if get_origin(hint) is dict or hasattr(hint, "__struct_fields__"):
        fields = [] if get_origin(hint) is dict else list(get_type_hints(hint))
        return f"write `{field}:` with its fields below it, indented" + (f": {', '.join(fields)}" if fields else "")
    return f"write {_PLAIN.get(hint, 'what docs/knowledge-schema.md says of it')}"


def _called(value: object, wanted: Any) -> str | None:
    """The id of an entry, where it says it."""
    fields = [f for f in getattr(wanted, "__struct_fields__", ()) if f not in Cited.__struct_fields__]
    said = value.get(fields[0]) if fields and isinstance(value, Mapping) else None
    return said if isinstance(said, str) else None


def _dotted(at: Path, called: str | None) -> str:
    """A path in words: ``rules[0] (ward-lithium).tier``."""
    out = ""
    for i, step in enumerate(at):
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
        if i == 1 and called is not None:
            out += f" ({visible(called, 40)})"
    return out


def _place(text: str, name: str, path: Path) -> str:
    return f"{name}, line {line_at(text, path)}"


def line_at(text: str, path: Path) -> int:
    """The line of a file's text where a path leads, or where it is left."""
    node = next(_documents(text), None)
    line = node.start_mark.line if node is not None else 0
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if getattr(k, "value", None) == step), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _documents(text: str) -> Iterator[yaml.Node]:
    yield from (node for node in yaml.compose_all(text, Loader=yaml.BaseLoader) if node is not None)
