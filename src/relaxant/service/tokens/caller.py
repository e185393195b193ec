"""Who calls: the issuer whose token came with the request, checked as CDS Hooks 2.0 asks (https://cds-hooks.hl7.org/2.0/#trusting-cds-clients)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.audit.seldom import seldom
from relaxant.service.house import House
from relaxant.service.logs import log
from relaxant.service.problems import Problem
from relaxant.service.settings import Issuer, Settings, loopback
from relaxant.service.store.away import Away
from relaxant.service.store.uses import first_use
from relaxant.service.tokens.keys import Refused, part, read_header, signed
from relaxant.service.tokens.ring import Ring

LEEWAY = 30  # seconds that two clocks may differ
LONGEST = 300  # seconds that a token may live
_MOST_JTI = 256
_BEARER = re.compile(r"bearer +(\S+)", re.I)
_log = log("tokens")
T = TypeVar("T")


class Caller(msgspec.Struct, frozen=True):
    """Who calls. ``name``: the issuer's, from the settings; ``loopback`` or ``anyone`` where no issuer is configured. ``tenant`` is the caller's own
    word: neither logged nor counted."""

    name: str
    tenant: str | None = None


class Claims(msgspec.Struct, frozen=True):
    """What a token claims, before it is weighed."""

    iss: str | None = None
    aud: str | list[str] | None = None
    exp: int | float | None = None
    iat: int | float | None = None
    nbf: int | float | None = None
    jti: str | None = None
    tenant: str | None = None


class Known:
    """What is known of who calls before the token is accepted. ``issuer``: whom it names, if that is one of ours; ``signed``: whether that one has
    signed it."""

    def __init__(self) -> None:
        self.issuer: Issuer | None = None
        self.signed = False


class Gate:
    """What the tokens of one process share: a ring of keys for each issuer."""

    def __init__(self, house: House) -> None:
        self.rings = {
            issuer.issuer: (issuer, Ring(issuer.name, house.measured, url=issuer.key_set, file=issuer.keys))
            for issuer in house.settings.issuers
        }


_claims = msgspec.json.Decoder(Claims)


class Use:
    """A call of somebody known, and the one use of the token that came with it: spent with what the call writes, or in a write of its own."""

    def __init__(self, by: Caller, house: House, token: bytes | None = None, until: float = 0.0) -> None:
        self.by = by
        self._house, self._token, self._until = house, token, until

    async def written(self, what: Callable[[Connection], T]) -> T:
        """Writes ``what`` and spends the token, both or neither. Raises :class:`Refused` where the token is spent; nothing is written then."""
        token, until, now = self._token, datetime.fromtimestamp(self._until, UTC), self._house.now()

        def once(connection: Connection) -> T:
            if token is not None and not first_use(connection, token, until, now):
                raise Refused("replayed")
            return what(connection)

        try:
            done = await self._house.store.written(once)
        except Away:  # nothing can be written, and the caller is told nothing that a second call would not be told
            self._token = None
            raise
        self._token = None
        return done

    async def spent(self) -> None:
        """Spends the token, unless this call did. Raises :class:`Refused` where another did."""
        if self._token is not None:
            await self.written(lambda _connection: None)


@asynccontextmanager
async def calling(request: Request, house: House) -> AsyncIterator[Use]:
    """Who calls, for the time of a call that may spend the token with what it writes; at its end the token is spent, whatever came of the call, and
    one that was spent before is all that is said. Raises :class:`Problem` 401, which tells the caller nothing: why stands as a code in the log and
    in the counters and, where an issuer has signed what was refused, in the audit."""
    known = Known()
    try:
        use = await _checked(request, house, known) if house.settings.issuers else Use(_anybody(house), house)
        try:
            yield use
        finally:
            await use.spent()
    except Refused as refused:
        if known.issuer is not None and known.signed:
            await _noted(house, known.issuer.name, refused.reason)
        raise _refusal(request, house, refused.reason, None if known.issuer is None else known.issuer.name) from None


async def caller(request: Request, house: House) -> Caller:
    """Who calls, whose token is spent by now. Raises :class:`Problem` 401 as :func:`calling` does."""
    async with calling(request, house) as use:
        return use.by


def _anybody(house: House) -> Caller:
    """Who calls where no issuer is configured. Raises :class:`Refused` where nobody may."""
    if not unguarded(house.settings):
        raise Refused("nobody")
    return Caller("loopback" if loopback(house.settings.host) else "anyone")


def unguarded(settings: Settings) -> bool:
    """Whether whoever asks is answered: nothing but this machine can ask, or somebody has set ``unauthenticated``. A service on loopback that has a
    public address is behind a proxy, and so asked by everybody."""
    if settings.unauthenticated:
        return True
    public = settings.public_url is None or loopback(urlsplit(settings.public_url).hostname or "")
    return loopback(settings.host) and public


async def _checked(request: Request, house: House, known: Known) -> Use:
    """The caller with a token that is not spent yet; ``known`` is told what is known as soon as it is. Raises :class:`Refused`."""
    gate = _gate(house)
    token = _presented(request)
    header = read_header(token)
    if header.typ is None or header.typ.upper() != "JWT":
        raise Refused("type")
    named = _read(part(token, 1)).iss
    if named is None or named not in gate.rings:
        raise Refused("issuer")
    issuer, ring = gate.rings[named]
    known.issuer = issuer
    if header.jku is not None and header.jku != issuer.key_set:
        raise Refused("jku")
    if not header.kid:
        raise Refused("key")
    key = await ring.key(header.kid)
    if key is None:
        raise Refused("no keys" if ring.empty else "key")
    payload = signed(token, header, key)
    known.signed = True
    claims = _read(payload)
    until = _weighed(claims, house.settings.base + request.scope["path"], house.now().timestamp())
    return Use(Caller(issuer.name, claims.tenant), house, _hash(issuer.issuer, str(claims.jti)), until)


def _presented(request: Request) -> str:
    """The one token of the request."""
    given = request.headers.getlist("authorization")
    if not given:
        raise Refused("no token")
    if len(given) > 1 or (match := _BEARER.fullmatch(given[0])) is None:
        raise Refused("malformed")
    return match[1]


def _read(payload: bytes) -> Claims:
    try:
        return _claims.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Refused("claims") from None


def _weighed(claims: Claims, called: str, now: float) -> float:
    """When a token whose signature holds may be forgotten, in seconds since 1970. ``called``: the address that was called, which the audience must be,
    or hold, letter for letter. Raises :class:`Refused`."""
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud or []
    if called not in audience:
        raise Refused("audience")
    if claims.exp is None or claims.iat is None:
        raise Refused("no times")
    if claims.exp <= now - LEEWAY:
        raise Refused("expired")
    if claims.iat > now + LEEWAY or (claims.nbf is not None and claims.nbf > now + LEEWAY):
        raise Refused("future")
    if not 0 < claims.exp - claims.iat <= LONGEST + LEEWAY:
        raise Refused("lifetime")
    if not claims.jti or len(claims.jti) > _MOST_JTI:
        raise Refused("no jti")
    return claims.exp + 2 * LEEWAY


def _hash(issuer: str, jti: str) -> bytes:
    """What stands for a token in the table."""
    return hashlib.sha256(issuer.encode() + b"\0" + jti.encode()).digest()


def _gate(house: House) -> Gate:
    if "tokens" not in house.kept:
        house.kept["tokens"] = Gate(house)
    gate: Gate = house.kept["tokens"]
    return gate


async def _noted(house: House, issuer: str, reason: str) -> None:
    """Adds to the audit that a token of an issuer's own was refused, once in a quarter of an hour for each reason: whoever has one that is used or old
    may send it for ever. A token that somebody else has made is counted and logged alone: anybody can make one."""
    what = {"reason": reason.replace(" ", "-")}
    with suppress(Away), seldom(house, Kind.REFUSED, issuer, reason) as due:
        if due:
            await house.store.written(lambda c: record(c, Kind.REFUSED, issuer, None, what, at=house.now()))


def _refusal(request: Request, house: House, reason: str, issuer: str | None) -> Problem:
    house.measured.refused.labels(f"token: {reason}").inc()
    extra = {"request": request.scope["state"].get("request_id"), "reason": reason}
    _log.warning("a token was refused", extra=extra if issuer is None else {**extra, "issuer": issuer})
    return Problem(401, "", headers={"www-authenticate": "Bearer"})
