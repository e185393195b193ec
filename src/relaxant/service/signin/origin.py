"""Whether a request comes from a page of our own: a browser adds a person's cookies to whatever page asks it to."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from relaxant.service.house import House
from relaxant.service.problems import Problem


def same_origin(request: Request, house: House) -> None:
    """Raises :class:`Problem` 403 where another's page has made the request. What changes something calls this first.

    A browser says where a request comes from, in ``Sec-Fetch-Site`` or, where that is not sent, in ``Origin``, and no page can change what it says.
    Whoever sends neither is no browser of today, and has nobody's cookies.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = origin is None or origin in _origins(request, house) if site is None else site in ("same-origin", "none")
    if not own:
        raise Problem(403, "this may only be done from the service's own pages")


def _origins(request: Request, house: House) -> set[str]:
    """Ours as configured, and as it was called: by a name that the door lets pass."""
    parts = urlsplit(house.settings.base)
    called = request.headers.get("host", "")
    return {f"{parts.scheme}://{parts.netloc}", *({f"{request.scope['scheme']}://{called}"} if called else set())}
