"""What the service itself asks of others: key sets, sign-in providers, record systems. Each answer is bounded in bytes and in time, no redirect is
followed, nothing is unpacked, and only https is spoken (plain http to this machine itself)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine, Mapping
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from relaxant.service.held import Share
from relaxant.service.settings import secure

T = TypeVar("T")


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
    share: Share | None = None,
) -> bytes:
    """The body of an answer with status 200, of at most ``most`` bytes, had within ``seconds``. ``form``: posted; ``auth``: the client and its secret.
    ``share``: of the request that it is asked for, which holds the body then.

    Raises :class:`Unanswered`: insecure, unreachable, slow, redirected, refused, packed, huge, or too much where the request would hold too much with it;
    and :class:`Problem` 503 where all requests together would.
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
            return await _body(answer, most, share)
    except (TimeoutError, httpx.TimeoutException):
        raise Unanswered("slow") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # the last: a token that no header can hold
        raise Unanswered("unreachable") from None


async def _body(answer: httpx.Response, most: int, share: Share | None) -> bytes:
    parts, length = list[bytes](), 0
    try:
        async for part in answer.aiter_raw():
            if length + len(part) > most:
                raise Unanswered("huge")
            if share is not None:
                if not share.fits(len(part)):
                    raise Unanswered("too much")
                share.take(len(part))
            length += len(part)
            parts.append(part)
    except BaseException:  # also where nobody waits for it any more
        if share is not None:
            share.give(length)
        raise
    return b"".join(parts)


async def all_asked(*questions: Coroutine[Any, Any, T]) -> list[T]:
    """What each gives. Where one fails the others end as well, before its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in questions]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted, read once: reading them takes tens of milliseconds."""
    return httpx.create_ssl_context()
