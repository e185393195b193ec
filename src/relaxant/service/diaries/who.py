"""Who may see the clinic's pages of diaries: the one place at which sign-in joins."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from relaxant.service.house import House
from relaxant.service.problems import Problem
from relaxant.service.settings import loopback

_SAFE = ("GET", "HEAD")


def clinician(request: Request, house: House) -> str:
    """Who asks, in a word for the audit. Raises :class:`Problem` for whoever may not.

    Without sign-in the pages are open on this machine alone: for a caller on it, who calls it by a name of it. A form of another site is refused.
    """
    words = house.knowledge.words("diary_page")["problems"]
    settings, client = house.settings, request.client.host if request.client else ""
    names = [settings.host, client, _host(f"//{request.headers.get('host', '')}"), _host(settings.base)]
    if not all(loopback(name) for name in names):
        raise Problem(403, words["closed"])
    if request.method not in _SAFE and not _own(request):
        raise Problem(403, words["elsewhere"])
    return "loopback"


def _own(request: Request) -> bool:
    """Whether what was sent comes from our own page, or from no page at all. Our pages send no referrer, so browsers call their origin null."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
