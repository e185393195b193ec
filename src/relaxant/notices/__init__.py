"""What the package holds that others made or own, with its terms; and the libraries that are installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import msgspec

from relaxant.plain import read_yaml

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
DEVELOPMENT = frozenset({"dev", "docs"})  # extras of those who build it
_LONGEST_LICENCE = 60  # some libraries put the whole text where its name belongs


class Bundled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something of others inside the package: data, codes or a library. ``files`` are patterns of paths in the package, ``licence`` an SPDX
    identifier or the terms in a few words, ``notice`` what its terms ask to be shown, or what was taken of it."""

    component: str
    title: str
    kind: Literal["data", "codes", "library"]
    version: str
    files: tuple[str, ...]
    holder: str
    licence: str
    url: str | None = None
    purl: str | None = None
    notice: str = ""


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """A library that the package asks for: its version where it is installed, what its metadata say of its licence, and for which extras."""

    name: str
    version: str | None
    licence: str | None
    extras: tuple[str, ...]


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bundled: tuple[Bundled, ...]
    words: dict[str, Any]


@cache
def _page() -> _Page:
    path = Path(__file__).parent / "bundled.yaml"
    return msgspec.convert(read_yaml(path.read_text(encoding="utf-8"), path.name), _Page, strict=False)


def bundled() -> tuple[Bundled, ...]:
    """Everything of others that is in the package."""
    return _page().bundled


def notice_words() -> dict[str, Any]:
    """The words around the notices."""
    return _page().words


def libraries() -> Iterator[Library]:
    """The libraries that the installed package asks for, those that it always needs first; none where it has no metadata."""
    try:
        required = metadata.requires("relaxant") or []
    except metadata.PackageNotFoundError:
        return
    extras: dict[str, set[str]] = {}
    for line in required:
        asked, marker = _REQUIREMENT.match(line), _EXTRA.search(line)
        if asked is not None and (marker is None or marker[1] not in DEVELOPMENT):
            extras.setdefault(asked[1].lower(), set()).add("" if marker is None else marker[1])
    for name, needed in sorted(extras.items(), key=lambda item: ("" not in item[1], item[0])):
        wanted = () if "" in needed else tuple(sorted(needed))
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            yield Library(name=name, version=None, licence=None, extras=wanted)
        else:
            yield Library(name=name, version=about["Version"], licence=licence_of(about), extras=wanted)


def licence_of(about: metadata.PackageMetadata) -> str | None:
    """What a package's metadata say of its licence: the expression, else the classifiers, else the first words of the field."""
    if "License-Expression" in about:
        return about["License-Expression"]
    classified = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    named = [c for c in classified if c != "OSI Approved"]
    if named:
        return ", ".join(named)
    said = (about.get_all("License") or [""])[0].strip().partition("\n")[0]
    return said if 0 < len(said) <= _LONGEST_LICENCE else None
