"""Who is signed in, by a cookie of which the database has the hash."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.people import pseudonym
from relaxant.service.audit.record import record
from relaxant.service.house import House
from relaxant.service.signin.sealed import found_under, opened, seal, secret
from relaxant.service.signin.steps import COOKIE as STEP_COOKIE
from relaxant.service.store.tables import SESSIONS
from relaxant.service.store.times import milliseconds

COOKIE = "__Host-relaxant"
_LASTS = 8 * 3600  # seconds


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. ``by``: a hash of who that is at the provider, or of the record system that launched the page."""

    role: str
    by: bytes
    launched: bool = False

    @property
    def word(self) -> str:
        """The person in a word for the audit: a role and a hash."""
        return f"{self.role} {self.by.hex()}"


class Launched(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch has given: the record system's base, the patient there, and the token that reads."""

    fhir: str
    patient: str
    token: str


def signed_in(request: Request, house: House) -> Person | None:
    """Who has made the request, if that is known."""
    row = _row(request, house)
    return None if row is None else Person(role=row.role, by=row.by, launched=row.held != "")


def launched(request: Request, house: House) -> Launched | None:
    """The launch that the browser is in."""
    row = _row(request, house)
    if row is None or not row.held:
        return None
    held = opened(request.cookies[COOKIE], row.held)
    return None if held is None else msgspec.convert(held, Launched)


async def enter(
    request: Request, house: House, then: str, person: Person, *, held: Launched | None = None, lasts: float = _LASTS
) -> Response:
    """Signs somebody in under a cookie of its own, whatever the browser brought, and goes on to the path ``then``."""
    cookie, old, now = secret(), request.cookies.get(COOKIE), milliseconds(house.now())
    lasts = int(max(1, min(lasts, _LASTS)))

    def kept(connection: Connection) -> None:
        connection.execute(delete(SESSIONS).where(SESSIONS.c.until < now))
        if old:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.cookie == found_under(old)))
        row = {
            "cookie": found_under(cookie),
            "role": person.role,
            "by": person.by,
            "held": seal(cookie, held) if held else "",
            "until": now + lasts * 1000,
        }
        connection.execute(insert(SESSIONS).values(row))
        whose = None if held is None else pseudonym(connection, house.store.secret, held.fhir, held.patient)
        record(connection, Kind.SIGNED_IN if held is None else Kind.LAUNCHED, person.word, whose, {}, at=house.now())

    await house.store.written(kept)
    answer = RedirectResponse(then, 303)
    answer.set_cookie(COOKIE, cookie, max_age=lasts, path="/", secure=True, httponly=True, samesite="lax")
    answer.delete_cookie(STEP_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


async def leave(request: Request, house: House) -> Response:
    """Signs out: the session is gone, not only its cookie."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        own = SESSIONS.c.cookie == found_under(cookie)

        def ended(connection: Connection) -> None:
            row = connection.execute(select(SESSIONS.c.role, SESSIONS.c.by).where(own)).one_or_none()
            if row is not None:
                connection.execute(delete(SESSIONS).where(own))
                record(connection, Kind.SIGNED_OUT, Person(role=row.role, by=row.by).word, None, {}, at=house.now())

        await house.store.written(ended)
    answer = RedirectResponse("/signout", 303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def hashed(*names: str) -> bytes:
    """A hash of who somebody is, from the names that lead there."""
    return hashlib.sha256("\0".join(names).encode()).digest()


def _row(request: Request, house: House) -> Any:
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    now = milliseconds(house.now())
    wanted = select(SESSIONS).where(SESSIONS.c.cookie == found_under(cookie), SESSIONS.c.until > now)
    return house.store.read(lambda connection: connection.execute(wanted).one_or_none())
