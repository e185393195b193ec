"""Public keys as a key set (RFC 7517) gives them, each bound to the algorithms that its kind signs with, and what such a key has signed."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.api_jws import PyJWS

MOST_TOKEN = 8192
_MOST_KEYS = 100
_FEWEST_BITS = 2048
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_EDWARDS = ("Ed25519", "Ed448")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_JWS = PyJWS()


class Key(msgspec.Struct, frozen=True):
    """A public key. ``algorithms``: those that may have been signed with; never a symmetric one, never none."""

    kid: str
    algorithms: tuple[str, ...]
    public: Any


class Header(msgspec.Struct, frozen=True):
    """What a token says of its own signature. ``crit``: extensions that must be understood; there are none that we do."""

    alg: str | None = None
    kid: str | None = None
    typ: str | None = None
    jku: str | None = None
    crit: Any = None
    b64: Any = None


class Refused(Exception):  # noqa: N818 - a verdict
    """A token that is not accepted. ``reason``: a code of ours, for the log and the counters; the caller never hears it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_keys(data: bytes) -> dict[str, Key]:
    """The keys of a key set that can check signatures, by ``kid``. A ``kid`` that stands twice names no key. Raises :class:`ValueError` where it is no
    key set."""
    try:
        plain = msgspec.json.decode(data)
        listed = plain["keys"]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, KeyError, TypeError):
        raise ValueError("no key set") from None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError("no key set")
    keys, twice = dict[str, Key](), set[str]()
    for one in listed:
        key = _key(one)
        if key is None:
            continue
        if key.kid in keys:
            twice.add(key.kid)
        keys[key.kid] = key
    return {kid: key for kid, key in keys.items() if kid not in twice}


def read_header(token: str) -> Header:
    """The header of a token in compact form, which nobody has vouched for yet. Raises :class:`Refused`."""
    if len(token) > MOST_TOKEN:
        raise Refused("oversized")
    if not _COMPACT.fullmatch(token):
        raise Refused("malformed")
    try:
        header = msgspec.json.decode(part(token, 0), type=Header)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Refused("malformed") from None
    if header.crit is not None or header.b64 is not None:
        raise Refused("extension")
    return header


def part(token: str, which: int) -> bytes:
    """One part of a token in compact form: 0 the header, 1 the payload, which nobody has vouched for yet. Raises :class:`Refused`."""
    text = token.split(".")[which]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Refused("malformed") from None


def signed(token: str, header: Header, key: Key) -> bytes:
    """What a key has signed: the payload. Raises :class:`Refused` where the algorithm is not the key's, or the signature does not hold."""
    if header.alg not in key.algorithms:
        raise Refused("algorithm")
    try:
        return bytes(_JWS.decode_complete(token, key.public, algorithms=[header.alg])["payload"])
    except jwt.InvalidSignatureError:
        raise Refused("signature") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Refused("malformed") from None


def _key(plain: Any) -> Key | None:
    """One key of a set; None where it is private, symmetric, short, for another use, or not understood."""
    if not isinstance(plain, dict) or "d" in plain or "k" in plain:
        return None
    kid, kind = plain.get("kid"), plain.get("kty")
    if not isinstance(kid, str) or not 0 < len(kid) <= 256 or plain.get("use", "sig") != "sig":
        return None
    operations = plain.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    algorithms: tuple[str, ...] = ()
    if kind == "EC" and isinstance(plain.get("crv"), str) and plain["crv"] in _CURVES:
        algorithms = (_CURVES[plain["crv"]],)
    elif kind == "RSA":
        algorithms = _RSA
    elif kind == "OKP" and plain.get("crv") in _EDWARDS:
        algorithms = ("EdDSA",)
    if "alg" in plain:
        algorithms = tuple(algorithm for algorithm in algorithms if algorithm == plain["alg"])
    if not algorithms:
        return None
    try:
        public = jwt.PyJWK({**plain, "alg": algorithms[0]}).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < _FEWEST_BITS:
        return None
    return Key(kid, algorithms, public)
