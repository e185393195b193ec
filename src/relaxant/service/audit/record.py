"""Adding to the audit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, insert, select

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.rows import FIRST, hash_of
from relaxant.service.store.prepared import Prepared
from relaxant.service.store.tables import AUDIT
from relaxant.service.store.times import milliseconds

Said = str | int | bool | None | Sequence[str]

_NAME = re.compile(r"[a-z][a-z_]{0,39}\Z")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}\Z")
_MOST_BY = 200
_HEAD = Prepared(select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1))
_ADD = Prepared(insert(AUDIT))
_encode = msgspec.json.Encoder(order="deterministic").encode


def record(
    connection: Connection, kind: Kind, by: str, person: bytes | None, what: Mapping[str, Said], *, at: datetime | None = None
) -> int:  # fmt: skip
    """Adds one row and gives its number. Call it inside a write of the store: its transactions take turns among all processes, so each row
    follows the one before.

    ``by``: who did it, a name of ours: an issuer's, a role, a hash of somebody's account. ``person``: a pseudonym. ``what``: names of ours with ids,
    counts, yes or no; never a word that somebody typed. Raises :class:`ValueError` for anything else, which is a fault of the caller's code."""
    _check(by, person, what)
    head = _HEAD(connection, {}).first()
    number, before = (1, FIRST) if head is None else (head.number + 1, bytes(head.hash))
    when, said = milliseconds(at or datetime.now(UTC)), _encode(what).decode()
    made = hash_of(before, number, when, kind.value, by, person, said)
    row = {"number": number, "at": when, "kind": kind.value, "by": by, "person": person, "what": said, "hash": made}
    _ADD(connection, row)
    return number


def _check(by: str, person: bytes | None, what: Mapping[str, Said]) -> None:
    if not by or len(by) > _MOST_BY or not by.isprintable():
        raise ValueError("`by` is a name of ours in one line")
    if person is not None and len(person) != len(FIRST):
        raise ValueError("`person` is a pseudonym of 32 bytes")
    for name, said in what.items():
        if not _NAME.match(name):
            raise ValueError("a name in `what` is made of small letters and _")
        for one in (said,) if isinstance(said, str | int | None) else said:
            if isinstance(one, str) and not _ID.match(one):
                raise ValueError(f"what `{name}` says is not an id")
