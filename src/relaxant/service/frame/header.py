"""The navigation of all pages for professionals: the same on each, with the page that is shown marked. The patient's diary has none of it."""

from __future__ import annotations

from typing import Any

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.service.signin.sessions import Person

_PATHS = {"review": "/", "agents": "/agents", "conditions": "/conditions", "rules": "/rules", "compare": "/compare", "evidence": "/evidence", "diaries": "/diaries"}  # fmt: skip
_CARRY = ("agents", "conditions", "rules", "compare", "evidence")  # whose pages show labels of a country


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is linked. ``current``: ``page`` where it is the one that is shown, ``true`` where that is one below it."""

    path: str
    title: str
    current: str


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at the top of a page. ``signed``: who is signed in, in words, and nothing on pages that a cache may keep."""

    words: dict[str, Any]
    pages: tuple[Linked, ...]
    signed: str = ""


def header(path: str, knowledge: Knowledge, *, query: str = "", person: Person | None = None) -> Header:
    """The header of the page at a ``path``. ``query`` goes on to the pages of reference. ``person``: who is signed in, for a page that no cache keeps."""
    words = knowledge.words("site")
    first = "review" if path in ("/", "/review") else path.strip("/").partition("/")[0]
    pages = tuple(
        Linked(
            path=f"{where}?{query}" if query and name in _CARRY else where,
            title=words["pages"][name],
            current="" if name != first else "page" if path in (where, "/review") else "true",
        )
        for name, where in _PATHS.items()
    )
    return Header(words=words, pages=pages, signed="" if person is None else _signed(words, person))


def _signed(words: dict[str, Any], person: Person) -> str:
    role = words["roles"][person.role]
    return str(words["launched" if person.launched else "signed"].format(role=role))
