"""The door of the service: every request passes here before anything reads it, and every answer on its way out.

Bytes are counted as they arrive, whatever a header promises; a body that is too long, too slow, too deep or of too many entries goes no further. What
one body may not, all bodies under way together, and what is fetched for them, may not either. A page of somebody else's that gives its name this
machine's address (DNS rebinding) is not answered.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relaxant.errors import RelaxantError
from relaxant.service.held import Held, Share
from relaxant.service.logs import log
from relaxant.service.measured import Measured
from relaxant.service.problems import Problem, answer, problem_of
from relaxant.service.rate import Rate
from relaxant.service.settings import Settings, loopback

_log = log("door")
MOST_HEAD = 64 * 1024
_MOST_HEADERS = 200
_ENTRY = b'"resourceType"'
_ESCAPED_ENTRY = re.compile(b'"' + b"".join(rb"(?:%c|\\u00%02x)" % (c, c) for c in b"resourceType") + b'"', re.I)
_LONG = 256 * 1024  # bytes of a body from which on it is looked through beside the others
_SHORT = (
    64 * 1024
)  # bytes that are read and let go rather than closing the line on a caller who was refused before its body was read
_QUOTE, _OPENS, _CLOSES = 3, 1, 2
_KINDS = bytes(
    {**dict.fromkeys(b"[{", _OPENS), **dict.fromkeys(b"]}", _CLOSES), ord('"'): _QUOTE}.get(c, 0) for c in range(256)
)
_EMPTY = bytes(
    (_QUOTE, _QUOTE)
)  # a text without a bracket; or the end of one with and the beginning of the next, which may as well be one text
_OTHERS = bytes(c for c in range(256) if not _KINDS[c])
_STEPS = np.array([0, 1, -1, 0], np.int32)
CLOSED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none at all a browser calls the origin of our own forms null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
Refusal = Callable[[Problem, Scope], Response]
"""How a problem is said to whoever called."""
_OPEN_PATHS = ("/health", "/ready", "/metrics")  # asked by machines that keep watch, and never limited


def as_data(problem: Problem, scope: Scope) -> Response:
    """A problem as a program reads it."""
    return answer(problem, request_id=scope["state"]["request_id"])


class Door:
    """ASGI middleware around the whole service. It puts ``request_id``, ``client`` and ``share``, what the request holds, into the scope's state.
    ``refusal``: how what cannot be done is said, whoever could not do it."""

    def __init__(self, app: ASGIApp, settings: Settings, measured: Measured, refusal: Refusal = as_data) -> None:
        self.app, self.settings, self.measured, self.refusal = app, settings, measured, refusal
        self.rate = Rate(settings.rate) if settings.rate else None
        self.hosts = _hosts(settings)
        self.closed = tuple(CLOSED.items())
        if settings.base.startswith("https:"):
            self.closed += (("strict-transport-security", "max-age=31536000"),)
        self.held = Held(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, request_id = time.perf_counter(), secrets.token_hex(8)
        client = network_of(str((scope.get("client") or ("unknown", 0))[0]))
        scope.setdefault("state", {}).update(request_id=request_id, client=client, share=Share(self.held))
        out = _Out(scope, send, request_id, self.closed, self.refusal)
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
            scope["state"]["share"].end()
            self.measured.working.dec()
            self._count(scope, out, time.perf_counter() - begun)

    async def _pass(self, scope: Scope, receive: Receive, out: _Out, client: str) -> None:
        self._meet(scope, client)
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

    def _meet(self, scope: Scope, client: str) -> None:
        """Refuses by what stands before the body: the host that was called, and how often the client has."""
        closes = {"connection": "close"} if _brings(scope) else {}
        size = sum(len(name) + len(value) for name, value in scope["headers"]) + len(scope.get("query_string", b""))
        if size > MOST_HEAD or len(scope["headers"]) > _MOST_HEADERS:
            raise Problem(
                431,
                f"headers are at most {_MOST_HEADERS}, of {MOST_HEAD // 1024} KiB together",
                headers={"connection": "close"},
            )
        if self.hosts is not None and not _called_by(scope, self.hosts):
            raise Problem(421, "this service is not called by that name", headers=closes)
        if self.rate is None:
            return
        key = f"{client} watches" if scope["path"] in _OPEN_PATHS else client
        if wait := self.rate.wait(key):
            raise Problem(429, "too many calls", headers={"retry-after": str(math.ceil(wait)), **closes})

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, or the refusal that its bytes call for."""
        promised = _header(scope, b"content-length")
        if promised.isdigit() and int(promised[:20]) > self.settings.most_bytes:
            raise _too_long(self.settings)
        body = await self._read(receive, scope["state"]["share"])
        if len(body) > _LONG:
            await asyncio.to_thread(_look, body, self.settings)
        else:
            _look(body, self.settings)
        return body

    async def _read(self, receive: Receive, share: Share) -> bytes:
        settings, parts = self.settings, list[bytes]()
        try:
            async with asyncio.timeout(settings.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Problem(400, "the caller went away")
                    part = message.get("body", b"")
                    if share.now + len(part) > settings.most_bytes:
                        raise _too_long(settings)
                    share.take(len(part))
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise Problem(
                408, f"the body did not arrive within {settings.body_seconds:g} s", headers={"connection": "close"}
            ) from None

    def _count(self, scope: Scope, out: _Out, took: float) -> None:
        route = route_of(scope)
        self.measured.requests.labels(route, method_of(scope), str(out.status)).inc()
        self.measured.seconds.labels(route).observe(took)
        if route not in _OPEN_PATHS:
            extra = {"request": out.request_id, "method": method_of(scope), "route": route, "status": out.status, "seconds": round(took, 4), "bytes": out.bytes}  # fmt: skip
            _log.info("answered", extra=extra)


class _Out:
    """An answer on its way out: closed headers, and what was sent of it."""

    def __init__(
        self, scope: Scope, send: Send, request_id: str, closed: tuple[tuple[str, str], ...], refusal: Refusal
    ) -> None:
        self.scope, self._send, self.request_id, self.closed, self.refusal = scope, send, request_id, closed, refusal
        self.status, self.bytes = 0, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self.closed:
                headers.setdefault(name, value)
            headers["x-request-id"] = self.request_id
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
        await self._send(message)

    async def refuse(self, problem: Problem, receive: Receive) -> None:
        if self.status:  # half an answer is out; closing the line is all that is left
            return
        try:
            made = self.refusal(problem, self.scope)
        except Exception:  # whatever is wrong with a page, the caller is answered
            _log.exception("an error of ours", extra={"request": self.request_id, "route": route_of(self.scope)})
            made = as_data(problem, self.scope)
        await made(self.scope, receive, self.send)


def _too_long(settings: Settings) -> Problem:
    return Problem(413, f"a body is at most {settings.most_body:g} MiB", headers={"connection": "close"})


def _look(body: bytes, settings: Settings) -> None:
    """Refuses a body of too many resources, or too deep."""
    plain = b"\\" not in body or rb"\u00" not in body  # one byte is looked for far faster than four
    entries = body.count(_ENTRY) if plain else sum(1 for _ in _ESCAPED_ENTRY.finditer(body))
    if entries > settings.most_entries:
        raise Problem(413, f"more than {settings.most_entries:,} resources in one request")
    if depth_of(body, settings.most_depth) > settings.most_depth:
        raise Problem(413, f"nested deeper than {settings.most_depth}")


def depth_of(body: bytes, most: int) -> int:
    """How deep a body of JSON is nested, brackets in texts apart; not reckoned where it has too few brackets to be deeper than ``most``.

    >>> depth_of(b'{"a": [1, {"b": "]]{{"}]}', 2)
    3
    >>> depth_of(rb'{"a\\\\": "\\"[[[[[[", "b": [{"c": 1}]}', 2)
    3
    >>> depth_of(b"[" * 100_000, 64)
    100000
    """
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = body.translate(_KINDS, _OTHERS).replace(_EMPTY, b"")
    if marks.count(_OPENS) <= most:
        return 0
    kinds = np.frombuffer(marks, np.uint8)
    steps = _STEPS[kinds]
    if _QUOTE in marks:
        steps[np.logical_xor.accumulate(kinds == _QUOTE)] = 0
    return int(np.cumsum(steps).max(initial=0))


def network_of(client: str) -> str:
    """Whom a rate is counted for: an address, and of IPv6 the network of 64 bits, of which one caller has all addresses.

    >>> network_of("192.0.2.7"), network_of("2001:db8::1"), network_of("unknown")
    ('192.0.2.7', '2001:db8::', 'unknown')
    """
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> 64 << 64))


def _hosts(settings: Settings) -> frozenset[str] | None:
    """The names that this service is called by; None where nobody has said, beyond loopback, or where a proxy decides."""
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    if settings.proxies or (public is None and not loopback(settings.host)):
        return None
    return frozenset({"localhost", settings.host, *([public] if public else [])})


def _called_by(scope: Scope, hosts: frozenset[str]) -> bool:
    """Whether the host that was called is ours. Addresses are, and names without a dot: no stranger can give those to a page of his."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    if len(named) != 1:
        return not named and scope.get("http_version") == "1.0"
    try:
        host = urlsplit("//" + named[0].decode("ascii")).hostname or ""
    except ValueError:
        return False
    if host in hosts or ("." not in host.rstrip(".") and ":" not in host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _brings(scope: Scope) -> bool:
    """Whether a request comes with a body that is too long to be read for nothing."""
    promised = _header(scope, b"content-length")
    return bool(_header(scope, b"transfer-encoding")) or (promised.isdigit() and int(promised[:20]) > _SHORT)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def route_of(scope: Mapping[str, Any]) -> str:
    """The route as it is written in our code, never the path as it was called: a path may hold a link code."""
    return str(scope.get("state", {}).get("route", "none"))


def method_of(scope: Mapping[str, Any]) -> str:
    """The method, of those that there are."""
    method = str(scope.get("method", ""))
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
