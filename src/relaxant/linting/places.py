"""Where in the files of packs a fault stands: the file and the line of the entry, or of the field of it, that the fault names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relaxant.knowledge.document_faults import Path, line_at
from relaxant.linting.overlays import File, entries_of

_STEP = re.compile(r"[. ]?([A-Za-z_]+)|\[(\d+)\]")
_CASE = re.compile(r", case “(.*)”", re.S)
_ENDS = (" ", ".", ",", "[")
_NOT_THERE = re.compile(r"(silences|changes): “([^”]*)”")


class Placed(NamedTuple):
    """An entry of a file: what faults call it (``rules baclofen-lithium``), and the way to it."""

    name: str
    file: File
    path: Path


def placed(files: Sequence[File]) -> dict[str, Placed]:
    """The entries of packs by what faults call them; of two of one name the last, which lies above."""
    return {one.name: one for one in _entries(files)}


def _entries(files: Sequence[File]) -> Iterator[Placed]:
    for file in files:
        for kind, key, number in entries_of(file.document):
            yield Placed(f"{kind} {key}", file, (kind, number))
        for number, one in enumerate(file.document.replaces):
            yield Placed(f"replaces {one.kind} {one.id}", file, ("replaces", number))
        if file.document.pack is not None:
            yield Placed("pack", file, ("pack",))


def in_its_file(where: str, what: str, entries: dict[str, Placed], files: Sequence[File]) -> str:
    """The place of a fault with its file and line before it, where a pack has it."""
    bare = next((where.removeprefix(f"{f.name}: ") for f in files if where.startswith(f"{f.name}: ")), where)
    for called in (bare, bare.replace("agents ", "changes ", 1)):
        own = [name for name in entries if called == name or called.startswith(tuple(f"{name}{end}" for end in _ENDS))]
        if own:
            name = max(own, key=len)
            file, path = entries[name].file, entries[name].path
            return f"{file.name}, line {line_at(file.text, (*path, *_rest(called.removeprefix(name), entries[name])))}: {bare}"
    missed = _NOT_THERE.match(what)
    if missed is not None and (one := entries.get(f"{missed[1]} {missed[2]}")) is not None and one.file.name == where:
        return f"{where}, line {line_at(one.file.text, one.path)}"
    return where


def _rest(said: str, one: Placed) -> Path:
    """The way within an entry: ``.when.all[0]``, `` summary``, ``, case “low”``."""
    if case := _CASE.match(said):
        kind, number = one.path
        cases = getattr(getattr(one.file.document, str(kind))[number], "cases", ())
        return next((("cases", i) for i, known in enumerate(cases) if known.name == case[1]), ())
    return tuple(int(m[2]) if m[2] else m[1] for m in _STEP.finditer(said))
