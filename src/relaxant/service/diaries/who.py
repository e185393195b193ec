"""Who may see the clinic's pages of diaries."""

from __future__ import annotations

from starlette.requests import Request

from relaxant.service.house import House
from relaxant.service.signin.access import admitted
from relaxant.service.signin.origin import same_origin

_SAFE = ("GET", "HEAD")


def clinician(request: Request, house: House) -> str:
    """Who asks, in a word for the audit: a role and a keyed hash, or ``loopback`` where nobody has to sign in. Raises :class:`Problem` for whoever may
    not, and for what another site's page sends."""
    person = admitted(request, house)
    if request.method not in _SAFE:
        same_origin(request, house)
    return "loopback" if person is None else person.word
