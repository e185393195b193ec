"""Signing in, signing out, and being launched from a record."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from relaxant.service.house import House, route
from relaxant.service.operation import Operation, Query
from relaxant.service.signin.launch import launch, launch_back
from relaxant.service.signin.origin import same_origin
from relaxant.service.signin.provider import signin, signin_back
from relaxant.service.signin.sessions import leave

_BACK = (
    Query("state", "As it was sent."),
    Query("code", "What is exchanged for tokens."),
    Query("error", "Why there is none."),
)
_STEP = Operation(query=_BACK, gives={303: None}, refuses=(400, 403, 404, 502))


def routes(house: House) -> list[BaseRoute]:
    """Every route of signing in."""
    then = Query("then", "The path of this service to go to at the end.")
    issuer = Query("iss", "The base of a configured record system.", required=True)
    ticket = Query("launch", "What the record system calls this launch.", required=True)
    return [
        route("/signin", house, signin, said=Operation(query=(then,), gives={303: None}, refuses=(404, 502))),
        route(
            "/signin/back",
            house,
            signin_back,
            said=msgspec.structs.replace(_STEP, query=(*_BACK, Query("iss", "The provider."))),
        ),
        route("/signout", house, _signout, ("POST",), Operation(gives={303: None}, refuses=(403,))),
        route(
            "/launch", house, launch, said=Operation(query=(issuer, ticket), gives={303: None}, refuses=(400, 403, 502))
        ),
        route("/launch/back", house, launch_back, said=_STEP),
    ]


async def _signout(request: Request, house: House) -> Response:
    same_origin(request, house)
    return await leave(request, house)
