"""Who calls the CDS service."""

from __future__ import annotations

from starlette.requests import Request

from relaxant.service.house import House
from relaxant.service.problems import Problem

LOOPBACK = "loopback"


async def caller(_request: Request, house: House) -> str:
    """The name of the issuer whose token the request carries; ``loopback`` where no issuers are configured. Raises :class:`Problem` 401."""
    if house.settings.issuers:
        raise Problem(401, "a signed token is needed")
    return LOOPBACK
