"""Things that may be used once: each is kept, as a hash, until it would be refused for its age anyhow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from relaxant.service.store.prepared import Prepared
from relaxant.service.store.tables import TOKENS
from relaxant.service.store.times import milliseconds

_KEEP = {
    "sqlite": Prepared(sqlite.insert(TOKENS).on_conflict_do_nothing()),
    "postgresql": Prepared(postgresql.insert(TOKENS).on_conflict_do_nothing()),
}
_PRUNED_BY = 16  # a use in so many prunes; which one, the hash's first byte says


def first_use(connection: Connection, token_hash: bytes, until: datetime, now: datetime) -> bool:
    """Whether a token is used for the first time; it then counts as used. ``token_hash``: 32 bytes over issuer and ``jti``; ``until``: its expiry plus
    the leeway that is given. Of any number of processes that ask at once, one is told yes.

    A write that raises afterwards takes the use back: whoever calls it sees to it that the token is spent then all the same."""
    if token_hash[0] % _PRUNED_BY == 0:
        connection.execute(delete(TOKENS).where(TOKENS.c.until < milliseconds(now)))
    kept = _KEEP[connection.dialect.name](connection, {"token": token_hash, "until": milliseconds(until)})
    return bool(kept.rowcount == 1)
