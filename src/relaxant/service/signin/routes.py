"""Signing in, signing out, and being launched from a record."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from relaxant.service.house import House, route
from relaxant.service.signin.launch import launch, launch_back
from relaxant.service.signin.origin import same_origin
from relaxant.service.signin.provider import signin, signin_back
from relaxant.service.signin.sessions import leave


def routes(house: House) -> list[BaseRoute]:
    return [
        route("/signin", house, signin),
        route("/signin/back", house, signin_back),
        route("/signout", house, _signout, ("POST",)),
        route("/launch", house, launch),
        route("/launch/back", house, launch_back),
    ]


async def _signout(request: Request, house: House) -> Response:
    same_origin(request, house)
    return await leave(request, house)
