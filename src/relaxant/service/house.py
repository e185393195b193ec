"""What every handler is given: the settings, the knowledge, the store, the counters, the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relaxant.knowledge.load import Knowledge
from relaxant.service.measured import Measured
from relaxant.service.settings import Settings
from relaxant.service.store.store import Store


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


def route(path: str, house: House, handler: Handler, methods: tuple[str, ...] = ("GET",)) -> Route:
    """A route whose handler is given the house; what is counted and logged is its ``path`` as it stands here."""

    async def handled(request: Request) -> Response:
        request.scope["state"]["route"] = path
        return await handler(request, house)

    return Route(path, handled, methods=list(methods))


def slow(handler: Plain) -> Handler:
    """A handler that works for longer than a few milliseconds, or waits for the store: it runs beside the others."""

    async def handled(request: Request, house: House) -> Response:
        return await run_in_threadpool(handler, request, house)

    return handled
