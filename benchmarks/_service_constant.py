"""The service with one route that answers a constant card: the same server, door, signed calls and store, and no review. ``python _service_constant.py
serve --port N`` takes its settings as ``relaxant serve`` does."""

from __future__ import annotations

import argparse
import os
import sys

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from relaxant.service.app import build
from relaxant.service.door import Door
from relaxant.service.frame.problem_page import refusals
from relaxant.service.house import House, route
from relaxant.service.logs import write_logs
from relaxant.service.serve import serve
from relaxant.service.settings import Settings, read_settings
from relaxant.service.tokens.caller import caller

CARD = "constant.json"  # in the service's folder


def application(settings: Settings) -> object:
    """What a worker serves."""
    write_logs()
    house = build(settings)
    card = (house.settings.place / CARD).read_bytes()

    async def constant(request: Request, house: House) -> Response:
        await caller(request, house)
        await request.body()
        return Response(card, media_type="application/json")

    async def well(_request: Request, _house: House) -> Response:
        return Response("ok\n", media_type="text/plain")

    routes = [route("/cds-services/relaxant-orders", house, constant, ("POST",)), route("/health", house, well)]
    return Door(Router(routes), house.settings, house.measured, refusals(house))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("serve")
    parser.add_argument("--port", type=int)
    settings = read_settings(None, os.environ, {"port": parser.parse_args().port})
    write_logs()
    serve(settings, application)


if __name__ == "__main__":
    sys.exit(main())
