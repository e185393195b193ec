"""Things that lie in the database but can be read only by whoever brings the secret that they were sealed with: the cookie, or the state of a sign-in.
The database holds a hash of the secret, under which they are found."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def secret() -> str:
    """256 bits that nobody guesses, as text for an address or a cookie."""
    return secrets.token_urlsafe(32)


def found_under(by: str) -> bytes:
    """The hash that stands for a secret in the database."""
    return hashlib.sha256(b"found:" + by.encode()).digest()


def seal(by: str, held: Any) -> str:
    """JSON of ``held``, sealed.

    >>> opened("s", seal("s", {"a": 1})), opened("t", seal("s", {"a": 1}))
    ({'a': 1}, None)
    """
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(_key(by)).encrypt(nonce, msgspec.json.encode(held), None)).decode()


def opened(by: str, sealed: str) -> Any:
    """What was sealed; None where the secret is another."""
    data = base64.b64decode(sealed)
    try:
        return msgspec.json.decode(AESGCM(_key(by)).decrypt(data[:_NONCE], data[_NONCE:], None))
    except InvalidTag:
        return None


def _key(by: str) -> bytes:
    """A key of its own, from a secret that is random already."""
    return hashlib.sha256(b"sealed:" + by.encode()).digest()
