"""The parts of a CQL library: definitions that are written once beside this file, and which of them a library needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import msgspec

_FILES = ("record.cql", "results.cql", "kidney.cql")
_NAME = re.compile(r'^define (?:function )?"([^"]+)"', re.M)
_USED = re.compile(r'"([^"\n]+)"')
_HOLE = re.compile(r"\{\{([\w.]+)\}\}")


class Part(msgspec.Struct, frozen=True):
    """One definition: what it is called, its text, and the quoted names in it, other definitions among them."""

    name: str
    text: str

    @property
    def uses(self) -> frozenset[str]:
        """The quoted names in its code, its own left out."""
        code = "\n".join(line for line in self.text.splitlines() if not line.startswith("//"))
        return frozenset(_USED.findall(code)) - {self.name}


@cache
def written() -> tuple[Part, ...]:
    """The definitions as they stand in the files, places to fill in double braces."""
    found = []
    for name in _FILES:
        text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
        for block in re.split(r"\n{2,}", text.strip()):
            if (named := _NAME.search(block)) is not None:
                found.append(Part(named[1], block))
    return tuple(found)


def filled(part: Part, values: Mapping[str, str]) -> Part:
    """The part with its places filled. Raises :class:`KeyError` for a place that has no value."""
    text = _HOLE.sub(lambda hole: values[hole[1]], part.text)
    named = _NAME.search(text)
    return Part(named[1] if named else part.name, text)


def needed(parts: Iterable[Part], wanted: Iterable[str]) -> tuple[Part, ...]:
    """Those of the parts that the wanted names need, each behind what it uses, by the order in which they are met."""
    known = {part.name: part for part in parts}
    out: dict[str, Part] = {}

    def add(name: str) -> None:
        part = known.get(name)
        if part is None or name in out:
            return
        for used in sorted(part.uses):
            add(used)
        out[name] = part

    for name in wanted:
        add(name)
    return tuple(out.values())
