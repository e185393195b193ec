"""The door of the service: every request passes here before anything reads it, and every answer on its way out.

Bytes are counted as they arrive, whatever a header promises; a body that is too long, too slow, too deep or of too many entries goes no further.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relaxant.errors import RelaxantError
from relaxant.service.logs import log
from relaxant.service.measured import Measured
from relaxant.service.problems import Problem, answer, problem_of
from relaxant.service.settings import Settings

_log = log("door")
_BUT_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[^\[\]{}"]+', re.S)
_ENTRY = b'"resourceType"'
_CLOSED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_OPEN_PATHS = ("/health", "/ready", "/metrics")  # asked by machines that keep watch, and never limited


class Door:
    """ASGI middleware around the whole service. It puts ``request_id`` and ``client`` into the scope's state."""

    def __init__(self, app: ASGIApp, settings: Settings, measured: Measured) -> None:
        self.app, self.settings, self.measured = app, settings, measured
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.rate = RateLimitItemPerMinute(settings.rate) if settings.rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, request_id = time.perf_counter(), secrets.token_hex(8)
        client = str((scope.get("client") or ("unknown", 0))[0])
        scope.setdefault("state", {}).update(request_id=request_id, client=client)
        out = _Out(scope, send, request_id)
        self.measured.working.inc()
        try:
            await self._pass(scope, receive, out, client)
        except Problem as problem:
            if problem.status in (408, 413, 429):
                self.measured.refused.labels(str(problem.status)).inc()
            await out.refuse(problem, receive)
        except RelaxantError as error:
            await out.refuse(problem_of(error), receive)
        except TimeoutError:
            await out.refuse(Problem(503, "the answer took too long; call again"), receive)
        except Exception:
            _log.exception("an error of ours", extra={"request": request_id, "route": route_of(scope)})
            await out.refuse(Problem(500, "an error of ours; it is logged under this request's number"), receive)
        finally:
            self.measured.working.dec()
            self._count(scope, out, time.perf_counter() - begun)

    async def _pass(self, scope: Scope, receive: Receive, out: _Out, client: str) -> None:
        if self.rate is not None and scope["path"] not in _OPEN_PATHS and not self.limiter.hit(self.rate, client):
            ends, _ = self.limiter.get_window_stats(self.rate, client)
            raise Problem(429, "too many calls", headers={"retry-after": str(max(1, round(ends - time.time())))})
        body = await self._body(scope, receive)
        given = False

        async def read() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async with asyncio.timeout(self.settings.answer_seconds):
            await self.app(scope, read, out.send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, or the refusal that its bytes call for."""
        settings, parts, length = self.settings, list[bytes](), 0
        promised = next((v for k, v in scope["headers"] if k == b"content-length"), b"")
        if promised.isdigit() and int(promised) > settings.most_bytes:
            raise _too_long(settings)
        try:
            async with asyncio.timeout(settings.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Problem(400, "the caller went away")
                    part = message.get("body", b"")
                    length += len(part)
                    if length > settings.most_bytes:
                        raise _too_long(settings)
                    parts.append(part)
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise Problem(
                408, f"the body did not arrive within {settings.body_seconds:g} s", headers={"connection": "close"}
            ) from None
        body = b"".join(parts)
        if body.count(_ENTRY) > settings.most_entries:
            raise Problem(413, f"more than {settings.most_entries:,} resources in one request")
        if depth_of(body, settings.most_depth) > settings.most_depth:
            raise Problem(413, f"nested deeper than {settings.most_depth}")
        return body

    def _count(self, scope: Scope, out: _Out, took: float) -> None:
        route = route_of(scope)
        self.measured.requests.labels(route, method_of(scope), str(out.status)).inc()
        self.measured.seconds.labels(route).observe(took)
        if route not in _OPEN_PATHS:
            extra = {"request": out.request_id, "method": method_of(scope), "route": route, "status": out.status, "seconds": round(took, 4), "bytes": out.bytes}  # fmt: skip
            _log.info("answered", extra=extra)


class _Out:
    """An answer on its way out: closed headers, and what was sent of it."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self.scope, self._send, self.request_id = scope, send, request_id
        self.status, self.bytes = 0, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _CLOSED.items():
                headers.setdefault(name, value)
            headers["x-request-id"] = self.request_id
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
        await self._send(message)

    async def refuse(self, problem: Problem, receive: Receive) -> None:
        if self.status:  # half an answer is out; closing the line is all that is left
            return
        await answer(problem, request_id=self.request_id)(self.scope, receive, self.send)


def _too_long(settings: Settings) -> Problem:
    return Problem(413, f"a body is at most {settings.most_body:g} MiB", headers={"connection": "close"})


def depth_of(body: bytes, most: int) -> int:
    """How deep a body of JSON is nested; not reckoned where it has too few brackets to be deeper than ``most``.

    >>> depth_of(b'{"a": [1, {"b": "]]{{"}]}', 2)
    3
    >>> depth_of(b"[" * 100_000, 64)
    100000
    """
    if body.count(b"{") + body.count(b"[") <= most:
        return 0
    brackets = np.frombuffer(_BUT_BRACKETS.sub(b"", body), np.uint8)
    if not len(brackets):
        return 0
    opens = (brackets == ord("{")) | (brackets == ord("["))
    return int(np.cumsum(np.where(opens, 1, -1)).max())


def route_of(scope: Mapping[str, Any]) -> str:
    """The route as it is written in our code, never the path as it was called: a path may hold a link code."""
    return str(scope.get("state", {}).get("route", "none"))


def method_of(scope: Mapping[str, Any]) -> str:
    """The method, of those that there are."""
    method = str(scope.get("method", ""))
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
