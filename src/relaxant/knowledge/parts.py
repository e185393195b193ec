"""Every part of an entry, with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

_HOLDS_PARTS = (msgspec.Struct, tuple, list)


def parts_of(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every struct inside a value, itself first, each with its place (``rules baclofen-kidney.sources[0]``)."""
    if isinstance(value, msgspec.Struct):
        yield where, value
        for name in value.__struct_fields__:
            if isinstance(part := getattr(value, name), _HOLDS_PARTS):
                yield from parts_of(part, f"{where}.{name}")
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            if isinstance(item, _HOLDS_PARTS):
                yield from parts_of(item, f"{where}[{i}]")


def cited_parts(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Those that name a source."""
    return ((place, part) for place, part in parts_of(value, where) if getattr(part, "source", None) is not None)
