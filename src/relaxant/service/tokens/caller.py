"""Who calls the CDS service."""

from __future__ import annotations

import msgspec
from starlette.requests import Request

from relaxant.service.house import House
from relaxant.service.problems import Problem


class Caller(msgspec.Struct, frozen=True):
    """Who calls. ``name``: the issuer's, from the settings; ``loopback`` where no issuer is configured."""

    name: str


async def caller(_request: Request, house: House) -> Caller:
    """Who calls. Raises :class:`Problem` 401 where issuers are configured and no token was verified."""
    if house.settings.issuers:
        raise Problem(401, "")
    return Caller("loopback")
