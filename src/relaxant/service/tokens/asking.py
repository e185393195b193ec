"""What the service itself asks of others: key sets, sign-in providers, record systems. Each answer is bounded in bytes and in time, no redirect is
followed, nothing is unpacked, and only https is spoken (plain http to this machine itself)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from relaxant.service.settings import loopback


class Unanswered(Exception):  # noqa: N818 - not an error of ours
    """There was no answer that can be used. ``reason``: one of our own words; ``status``: what the other side said, if it said something."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


async def asked(
    url: str,
    *,
    most: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> bytes:
    """The body of an answer with status 200, of at most ``most`` bytes, had within ``seconds``. ``form``: posted; ``auth``: the client and its secret.

    Raises :class:`Unanswered`: insecure, unreachable, slow, redirected, refused, packed, huge.
    """
    if not secure(url):
        raise Unanswered("insecure")
    plain = urlsplit(url).scheme == "http"
    sent = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "relaxant", **(headers or {})}
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(verify=_trust(), follow_redirects=False, trust_env=not plain, timeout=seconds) as client,
            client.stream("POST" if form is not None else "GET", url, headers=sent, data=form, auth=auth) as answer,
        ):
            if answer.is_redirect or 300 <= answer.status_code < 400:
                raise Unanswered("redirected", answer.status_code)
            if answer.status_code != 200:
                raise Unanswered("refused", answer.status_code)
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Unanswered("packed")
            parts, length = list[bytes](), 0
            async for part in answer.aiter_raw():
                length += len(part)
                if length > most:
                    raise Unanswered("huge")
                parts.append(part)
            return b"".join(parts)
    except (TimeoutError, httpx.TimeoutException):
        raise Unanswered("slow") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # the last: a token that no header can hold
        raise Unanswered("unreachable") from None


def secure(url: str) -> bool:
    """Whether a URL may be asked: https, or http on this machine.

    >>> secure("https://keys.example/set"), secure("http://keys.example/set"), secure("http://127.0.0.1:9/set"), secure("file:///etc/passwd")
    (True, False, True, False)
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and loopback(host)))


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted, read once: reading them takes tens of milliseconds."""
    return httpx.create_ssl_context()
