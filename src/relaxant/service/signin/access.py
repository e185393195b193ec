"""Who may see and do what on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from relaxant.service.house import Handler, House
from relaxant.service.problems import Problem
from relaxant.service.settings import ROLES
from relaxant.service.signin.sessions import Person, signed_in
from relaxant.service.tokens.caller import unguarded

_OURS = re.compile(r"/(?:[A-Za-z0-9_~-][A-Za-z0-9/_.~-]*)?")


def require(*roles: str) -> Callable[[Handler], Handler]:
    """A handler that only somebody of one of the ``roles`` reaches (none named: any role). A browser that wants a page is sent to sign in.

    route("/diaries", house, require("prescriber", "nurse")(handler))
    """
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise ValueError(f"there are no such roles: {', '.join(sorted(unknown))}")

    def guarded(handler: Handler) -> Handler:
        async def handled(request: Request, house: House) -> Response:
            try:
                await run_in_threadpool(admitted, request, house, *roles)
            except Problem as problem:
                wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
                if problem.status == 401 and wants_page:
                    return RedirectResponse(f"/signin?then={quote(ours(request.url.path), safe='/')}", 303)
                raise
            return await handler(request, house)

        return handled

    return guarded


def admitted(request: Request, house: House, *roles: str) -> Person | None:
    """Who may go on; None where nobody has to sign in: without ``login``, on loopback or with ``unauthenticated``. Raises :class:`Problem` 401 or 403."""
    person = signed_in(request, house)
    if person is not None:
        if roles and person.role not in roles:
            raise Problem(403, f"this is for {' or '.join(roles)}")
        return person
    if house.settings.login is not None:
        raise Problem(401, "")
    if unguarded(house.settings):
        return None
    if house.settings.smart:
        raise Problem(403, "this page is opened from a patient's record: open it there, or there again")
    raise Problem(403, "the pages of this service are open to nobody: neither `login` nor `unauthenticated` is set")


def ours(path: str) -> str:
    """A path of this service to go to; the first page instead of anything that could lead elsewhere.

    >>> ours("/review"), ours("//elsewhere.example"), ours("/\\\\\\\\elsewhere.example"), ours("https://elsewhere.example")
    ('/review', '/', '/', '/')
    """
    return path if _OURS.fullmatch(path) and len(path) < 200 else "/"
