"""A row of the audit, and the bytes that its hash is over."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import select, type_coerce
from sqlalchemy.types import NullType

from relaxant.service.store.tables import AUDIT

FIRST = bytes(32)  # stands for the hash before row 1

# Columns as the driver gives them: a row that was tampered with may hold anything, and is to be named and not stumbled over.
ROWS = select(*(type_coerce(AUDIT.c[name], NullType()).label(name) for name in ("number", "at", "kind", "by", "person", "what", "hash")))  # fmt: skip


class Row(msgspec.Struct, frozen=True):
    """``at``: milliseconds since 1970, UTC. ``person``: a pseudonym of 32 bytes, or nothing. ``what``: JSON. ``hash``: 32 bytes."""

    number: int
    at: int
    kind: str
    by: str
    person: bytes | None
    what: str
    hash: bytes


def hash_of(before: bytes, number: int, at: int, kind: str, by: str, person: bytes | None, what: str) -> bytes:
    """SHA-256 over the 32 bytes of the hash before, then the row as a JSON array ``[number,at,kind,by,person,what]`` in UTF-8 without spaces;
    ``person`` in lower-case hexadecimal or ``null``, ``what`` as the string that is kept.

    >>> hash_of(FIRST, 1, 0, "started", "service", None, "{}").hex()[:16]
    '7ca9dbe474d46a6b'
    """
    row = msgspec.json.encode([number, at, kind, by, None if person is None else person.hex(), what])
    return hashlib.sha256(before + row).digest()
