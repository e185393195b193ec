"""What every handler is given: the settings, the knowledge, the store, the counters, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relaxant.knowledge.load import Knowledge
from relaxant.service.measured import Measured
from relaxant.service.operation import Address, Operation
from relaxant.service.problems import Problem
from relaxant.service.settings import Settings
from relaxant.service.store.store import Store

T = TypeVar("T")
_THREADS = ThreadPoolExecutor(16, "slow")
_MOST_WAITING = 256


class House(msgspec.Struct, frozen=True, kw_only=True):
    """One service, in one process. ``now``: the time, in UTC. ``kept``: what a part keeps between requests, under its own name."""

    settings: Settings
    knowledge: Knowledge
    store: Store
    measured: Measured
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    kept: dict[str, Any] = msgspec.field(default_factory=dict)


Handler = Callable[[Request, House], Awaitable[Response]]
Plain = Callable[[Request, House], Response]


def route(path: str, house: House, handler: Handler, methods: tuple[str, ...] = ("GET",), said: Operation | None = None) -> Address:  # fmt: skip
    """A route whose handler is given the house; what is counted and logged is its ``path`` as it stands here. ``said``: what it takes and answers."""

    async def handled(request: Request) -> Response:
        request.scope["state"]["route"] = path
        return await handler(request, house)

    made = Address(path, handled, methods=list(methods))
    made.operation = said
    return made


def slow(handler: Plain) -> Handler:
    """A handler that works for longer than a few milliseconds, or waits for the store: it runs beside the others, in one of a fixed number of threads.
    One whose caller has been told that it took too long goes on to its end and keeps its thread until then; those that still wait for a thread are let
    go. While too many wait, 503."""

    async def handled(request: Request, house: House) -> Response:
        return await beside(handler, request, house)

    return handled


async def beside(work: Callable[..., T], *given: Any) -> T:
    """The same for a part of what a handler does. Starlette's own threads would be as many as there are callers who were told that it took too long."""
    if _THREADS._work_queue.qsize() >= _MOST_WAITING:
        raise Problem(503, "too much is being worked on; call again", headers={"retry-after": "2"})
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *given)
