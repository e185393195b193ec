"""The code that opens a diary: made here, shown once, and kept as a hash alone.

It stands in the fragment of the link, which no browser sends to a server, and comes back in a header, which nothing here logs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

BYTES = 24
"""Of chance in a code: 192 bits."""

_CODE = re.compile(r"[A-Za-z0-9_-]{32}")


def new_code() -> str:
    """A code that nobody has had, in letters that a link takes as they are."""
    return secrets.token_urlsafe(BYTES)


def is_code(said: str) -> bool:
    """Whether it has the form of a code."""
    return _CODE.fullmatch(said) is not None


def hash_of(code: str) -> bytes:
    """What is kept of a code. It is chance alone, so one round of SHA-256 is as hard to turn back as many."""
    return hashlib.sha256(b"relaxant diary\0" + code.encode()).digest()


def same(kept: bytes, found: bytes) -> bool:
    """Whether two hashes are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(kept, found)


def link_of(base: str, code: str) -> str:
    """The link that is handed over."""
    return f"{base}/diary/#{code}"


def square_of(link: str) -> str:
    """The link as a QR code, in SVG."""
    import segno

    square = segno.make_qr(link, error="m")
    return str(square.svg_inline(scale=6, border=4, dark="#000", light="#fff", omitsize=False))
