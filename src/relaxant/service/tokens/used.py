"""Tokens that were used: each is accepted once, by whichever process sees it first."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, delete, exists, insert, literal, select

from relaxant.service.store.tables import TOKENS


def first_use(connection: Connection, token: bytes, until: int) -> bool:
    """Whether a token is new; from now on it is not. ``until``: when it may be forgotten, in milliseconds since 1970. Called within a write of the
    store: writers take turns, so that of two processes one is told no."""
    seen = exists().where(TOKENS.c.token == token)
    row = select(literal(token, TOKENS.c.token.type), literal(until, TOKENS.c.until.type)).where(~seen)
    return connection.execute(insert(TOKENS).from_select(["token", "until"], row)).rowcount == 1


def forget(connection: Connection, now: int) -> None:
    """Lets go of tokens that would be refused for their age."""
    connection.execute(delete(TOKENS).where(TOKENS.c.until < now))


def token_hash(issuer: str, jti: str) -> bytes:
    """What stands for a token in the table."""
    return hashlib.sha256(issuer.encode() + b"\0" + jti.encode()).digest()
