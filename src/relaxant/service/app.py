"""The service as an ASGI application: the door, and behind it every route."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from relaxant.knowledge.load import load_knowledge
from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.cds import routes as cds
from relaxant.service.diaries import routes as diaries
from relaxant.service.door import Door
from relaxant.service.frame.problem_page import refusals
from relaxant.service.house import House, route, slow
from relaxant.service.measured import Measured
from relaxant.service.openapi import openapi
from relaxant.service.operation import JSON, PLAIN, Operation, together
from relaxant.service.pages import reference
from relaxant.service.pages import routes as pages
from relaxant.service.problems import Problem
from relaxant.service.settings import Settings
from relaxant.service.signin import routes as signin
from relaxant.service.store.store import open_store
from relaxant.service.tokens.caller import unguarded
from relaxant.version import __version__

_WATCHED = Operation(gives={200: {PLAIN: str}})
_WHOLE_API = Operation(gives={200: {JSON: dict[str, Any]}})


def service(settings: Settings, *, house: House | None = None) -> ASGIApp:
    """The application of some settings; ``house`` in place of one of their own, for tests."""
    own = house or build(settings)

    @asynccontextmanager
    async def lives(_app: object) -> AsyncIterator[None]:
        try:
            await _noted(own, Kind.STARTED)
            yield
            await _noted(own, Kind.STOPPED)
        finally:
            own.store.close()

    inner = Router(routes(own), redirect_slashes=False, default=_nowhere, lifespan=lives)
    return Door(inner, settings, own.measured, refusals(own))


def build(settings: Settings) -> House:
    """The house of some settings: knowledge is read and the store opened now, so that a fault shows at the start."""
    return House(
        settings=settings,
        knowledge=load_knowledge(*settings.packs),
        store=open_store(settings),
        measured=Measured(),
    )


def routes(house: House) -> list[BaseRoute]:
    """Every route."""
    return together(
        [
            route("/health", house, _health, said=_WATCHED),
            route("/ready", house, slow(_ready), said=_WATCHED),
            route("/metrics", house, _metrics, said=_WATCHED),
            *cds.routes(house),  # called far more often than the others, and routes are looked through in their order
            route("/openapi.json", house, openapi, said=_WHOLE_API),
            *reference.routes(house),
            *diaries.routes(house),
            *pages.routes(house),
            *signin.routes(house),
        ]
    )


async def _noted(house: House, kind: Kind) -> None:
    """That the process began or ended, by what engine and knowledge, and whether it answers callers who do not sign."""
    what: dict[str, str | bool] = {"engine": __version__, "knowledge": house.knowledge.sha256, "knowledge_date": house.knowledge.date, "unauthenticated": not house.settings.issuers and unguarded(house.settings)}  # fmt: skip
    await house.store.written(lambda connection: record(connection, kind, "service", None, what, at=house.now()))


async def _health(_request: Request, _house: House) -> Response:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


def _ready(_request: Request, house: House) -> Response:
    """The store can be written."""
    try:
        house.store.ready()
    except Exception:  # whatever a database says, it is not ready
        raise Problem(503, "the store cannot be reached") from None
    return Response("ready\n", media_type="text/plain")


async def _metrics(_request: Request, house: House) -> Response:
    return Response(house.measured.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _nowhere(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise Problem(404, "there is nothing here")
