"""Pseudonyms. Each person has a random key of his own; without it nothing leads from the audit, or from a card, to the person."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.store.prepared import Prepared
from relaxant.service.store.store import Store, check_secret
from relaxant.service.store.tables import PEOPLE

_KEY = Prepared(select(PEOPLE.c.key).where(PEOPLE.c.lookup == bindparam("lookup")))
_ADD = Prepared(insert(PEOPLE))


def pseudonym(connection: Connection, secret: bytes, issuer: str, patient_id: str) -> bytes:
    """The person's pseudonym, 32 bytes, the same every time until the person is erased; call it inside a write, for it may make the key.

    ``secret``: the store's. ``issuer``, ``patient_id``: whose record number, and the number; both exactly as they are sent."""
    lookup = _lookup(secret, issuer, patient_id)
    key = _KEY(connection, {"lookup": lookup}).scalar()
    if key is None:
        key = secrets.token_bytes(32)
        _ADD(connection, {"lookup": lookup, "key": key})
    return hmac.digest(bytes(key), b"relaxant: a person", hashlib.sha256)


class Erased(msgspec.Struct, frozen=True):
    """``known``: whether the person was. ``cleared``: whether the database has overwritten what it kept of deleted rows; where it has not, somebody
    reads a state from before, and erasing again once that has ended does."""

    known: bool
    cleared: bool


def erase(
    store: Store, secret: bytes, issuer: str, patient_id: str, *, by: str = "command line", at: datetime | None = None
) -> Erased:
    """Forgets a person: deletes the key, records that somebody was erased, and has the database overwrite what it keeps of deleted rows. Raises
    :class:`InputError` where ``secret`` is not the one that the database was begun with.

    The row that records it names no pseudonym: whoever knows who asked to be erased, and when, would else know whose rows they are."""

    def forgets(connection: Connection) -> bool:
        check_secret(connection, secret)
        gone = connection.execute(delete(PEOPLE).where(PEOPLE.c.lookup == _lookup(secret, issuer, patient_id)))
        if gone.rowcount:
            record(connection, Kind.ERASED, by, None, {"people": gone.rowcount}, at=at)
        return bool(gone.rowcount)

    known = store.write(forgets)
    return Erased(known, store.clear(PEOPLE, later=False))


def _lookup(secret: bytes, issuer: str, patient_id: str) -> bytes:
    return hmac.digest(secret, msgspec.json.encode([issuer, patient_id]), hashlib.sha256)
