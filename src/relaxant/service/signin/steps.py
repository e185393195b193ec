"""What is kept between the two halves of a sign-in or a launch: found by the state, once, and only in the browser that began it."""

from __future__ import annotations

import base64
import hashlib
import math
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select
from starlette.requests import Request
from starlette.responses import RedirectResponse

from relaxant.service.house import House
from relaxant.service.problems import Problem
from relaxant.service.rate import Rate
from relaxant.service.signin.sealed import found_under, opened, seal, secret
from relaxant.service.store.tables import STEPS
from relaxant.service.store.times import milliseconds

COOKIE = "__Host-relaxant-step"
# Whoever begins a sign-in or a launch needs no account, and has a row written.
MOST_BEGUN = 300  # of one client in a minute
_MOST_KEPT = 50_000  # of all clients, some 30 MB; of more the oldest go, so that the newest may end what they begin
_AT_ONCE = 32  # rows that are deleted with one that is added
_LOOKED = 16  # of so many that begin one looks whether there are too many
_LASTS = 600  # seconds


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """``kind``: signin or launch. ``verifier``: of PKCE. ``browser``: the hash of a cookie. ``then``: the path to go to at the end. ``fhir``: the record
    system's base, of a launch."""

    kind: str
    verifier: str
    nonce: str
    browser: str
    then: str
    fhir: str = ""

    @property
    def challenge(self) -> str:
        """What goes ahead of the verifier (RFC 7636, S256)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def may_begin(request: Request, house: House) -> None:
    """Raises :class:`Problem` 429 for a client who begins too often. Asked before anybody else is asked anything for him."""
    rate: Rate = house.kept.setdefault("signin.begun", Rate(MOST_BEGUN))
    if wait := rate.wait(request.scope["state"]["client"]):
        raise Problem(429, "too many sign-ins are begun; try again in a minute", headers={"retry-after": str(math.ceil(wait))})  # fmt: skip


async def begin(request: Request, house: House, kind: str, then: str, fhir: str = "") -> tuple[str, Step, str]:
    """A state, the step that it leads to, and the browser's cookie. Whether the client may has been asked."""
    state, browser = secret(), request.cookies.get(COOKIE, "")
    if len(browser) != len(state):
        browser = secret()
    step = Step(kind=kind, verifier=secret(), nonce=secret(), browser=found_under(browser).hex(), then=then, fhir=fhir)
    now = milliseconds(house.now())

    def kept(connection: Connection) -> None:
        key = found_under(state)
        connection.execute(insert(STEPS).values(state=key, held=seal(state, step), until=now + _LASTS * 1000))
        _tidy(connection, now, look=key[0] % _LOOKED == 0)

    await house.store.written(kept)
    return state, step, browser


def sent_on(url: str, browser: str) -> RedirectResponse:
    """On the way to whoever signs people in, with the cookie that the way back asks for."""
    answer = RedirectResponse(url, 303)
    answer.set_cookie(COOKIE, browser, max_age=_LASTS, path="/", secure=True, httponly=True, samesite="lax")
    return answer


async def take(request: Request, house: House, kind: str) -> Step:
    """The step of the state that a browser comes back with; it is gone with that. Raises :class:`Problem` 400."""
    state, browser, now = (
        request.query_params.get("state", ""),
        request.cookies.get(COOKIE, ""),
        milliseconds(house.now()),
    )

    def taken(connection: Connection) -> str | None:
        row = connection.execute(
            select(STEPS.c.held).where(STEPS.c.state == found_under(state), STEPS.c.until >= now)
        ).one_or_none()
        connection.execute(delete(STEPS).where(STEPS.c.state == found_under(state)))
        return None if row is None else str(row.held)

    sealed = await house.store.written(taken)
    plain: Any = None if sealed is None else opened(state, sealed)
    step = None if plain is None else msgspec.convert(plain, Step)
    if step is None or step.kind != kind or step.browser != found_under(browser).hex():
        raise Problem(400, "this sign-in was not begun here, or too long ago; begin again")
    if request.query_params.get("error") or not request.query_params.get("code"):
        raise Problem(403, "the sign-in was not completed")
    return step


def _tidy(connection: Connection, now: int, *, look: bool) -> None:
    """Deletes some of the rows that are too old, and of those that are too many where it shall ``look``: more than are added, and so few that nobody
    waits for it."""
    before = now
    if look:
        newer = select(STEPS.c.until).order_by(STEPS.c.until.desc()).offset(_MOST_KEPT - 1).limit(1)
        before = max(now, connection.execute(newer).scalar() or 0)
    old = select(STEPS.c.state).where(STEPS.c.until < before).order_by(STEPS.c.until).limit(_AT_ONCE)
    connection.execute(delete(STEPS).where(STEPS.c.state.in_(old)))
