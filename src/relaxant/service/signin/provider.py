"""Sign-in by OpenID Connect: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207)."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.audit.seldom import seldom
from relaxant.service.house import House
from relaxant.service.logs import log
from relaxant.service.problems import Problem
from relaxant.service.settings import ROLES, Login, secure
from relaxant.service.signin.access import ours
from relaxant.service.signin.sessions import Person, enter, hashed
from relaxant.service.signin.steps import Step, begin, may_begin, sent_on, take
from relaxant.service.tokens.asking import Unanswered, asked
from relaxant.service.tokens.keys import Refused, read_header, signed
from relaxant.service.tokens.ring import Ring

_MOST = 256 * 1024
_SECONDS = 10.0
_LEEWAY = 30
_log = log("signin")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is exchanged for. It is printed nowhere."""

    access_token: str = ""
    token_type: str = ""
    id_token: str = ""
    expires_in: float | None = None
    patient: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of an ID token that are weighed; ``all`` are looked through for the role."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    azp: str | None = None


async def signin(request: Request, house: House) -> Response:
    """Sends the browser to the provider."""
    login = _login(house)
    may_begin(request, house)
    told, _ = await _provider(request, house, login)
    state, step, browser = await begin(request, house, "signin", ours(request.query_params.get("then", "/")))
    return sent_on(
        with_query(
            told.authorization_endpoint,
            response_type="code",
            client_id=login.client,
            redirect_uri=house.settings.base + "/signin/back",
            scope="openid",
            state=state,
            nonce=step.nonce,
            code_challenge=step.challenge,
            code_challenge_method="S256",
        ),
        browser,
    )


async def signin_back(request: Request, house: House) -> Response:
    """The browser comes back with a code, or without one."""
    login = _login(house)
    step = await take(request, house, "signin")
    told, ring = await _provider(request, house, login)
    if request.query_params.get("iss", told.issuer) != told.issuer:
        raise _refused(request, "issuer")
    tokens = await exchanged(request, step, told.token_endpoint, login.client, login.secret_file, house.settings.base + "/signin/back")  # fmt: skip
    try:
        said, claims = await _vouched(tokens.id_token, login, ring, step, house.now().timestamp())
    except Refused as refused:
        raise _refused(request, refused.reason) from None
    role = role_of(claims, login)
    if role is None:
        await _noted(house, Person(role="without role", by=hashed(said.iss, said.sub)))
        raise Problem(403, "you are signed in, but have no part in this service; ask whoever runs it")
    return await enter(request, house, step.then, Person(role=role, by=hashed(said.iss, said.sub)))


async def exchanged(
    request: Request, step: Step, endpoint: str, client: str, secret_file: str | None, back: str
) -> Tokens:
    """What the code of the request is worth. Raises :class:`Problem`."""
    form = {
        "grant_type": "authorization_code",
        "code": request.query_params["code"],
        "redirect_uri": back,
        "code_verifier": step.verifier,
    }
    auth = None
    if secret_file is None:
        form["client_id"] = client
    else:
        auth = (client, Path(secret_file).read_text(encoding="utf-8").strip())
    try:
        own = request.scope["state"]["share"]
        return msgspec.json.decode(await asked(endpoint, most=_MOST, seconds=_SECONDS, form=form, auth=auth, share=own), type=Tokens)  # fmt: skip
    except Unanswered as error:
        if error.reason == "refused" and 400 <= error.status < 500:
            raise _refused(request, "code") from None
        raise unanswered(error) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _refused(request, "malformed") from None


def role_of(claims: Any, login: Login) -> str | None:
    """The first of our roles that a value of the role claim makes of somebody; a dot in the claim's name leads inwards.

    >>> login = Login(issuer="", client="", role_claim="realm_access.roles", roles={"doctors": "prescriber"})
    >>> role_of({"realm_access": {"roles": ["staff", "doctors"]}}, login), role_of({"roles": "doctors"}, login)
    ('prescriber', None)
    """
    value = claims.get(login.role_claim) if isinstance(claims, dict) else None
    if value is None:
        value = claims
        for name in login.role_claim.split("."):
            value = value.get(name) if isinstance(value, dict) else None
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    had = {login.roles.get(one) for one in values if isinstance(one, str)}
    return next((role for role in ROLES if role in had), None)


def with_query(url: str, **said: str) -> str:
    """A URL with more in its query."""
    return url + ("&" if urlsplit(url).query else "?") + urlencode(said)


def unanswered(error: Unanswered) -> Problem:
    _log.warning("whoever signs people in did not answer", extra={"reason": error.reason})
    return Problem(502, "whoever signs people in does not answer; try again later")


async def _provider(request: Request, house: House, login: Login) -> tuple[Told, Ring]:
    """The provider's endpoints and keys, asked for once in a process; its own name must be the one that is configured, letter for letter."""
    if "provider" not in house.kept:
        where, share = login.issuer.rstrip("/") + "/.well-known/openid-configuration", request.scope["state"]["share"]
        try:
            told = msgspec.json.decode(await asked(where, most=_MOST, seconds=_SECONDS, share=share), type=Told)
        except Unanswered as error:
            raise unanswered(error) from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise unanswered(Unanswered("malformed")) from None
        if told.issuer != login.issuer or not all(map(secure, (told.authorization_endpoint, told.token_endpoint))):
            raise unanswered(Unanswered("issuer"))
        house.kept["provider"] = told, Ring("login", house.measured, url=told.jwks_uri)
    kept: tuple[Told, Ring] = house.kept["provider"]
    return kept


async def _vouched(token: str, login: Login, ring: Ring, step: Step, now: float) -> tuple[Said, Any]:
    """What an ID token says, once its signature, issuer, audience, times and nonce hold. Raises :class:`Refused`."""
    header = read_header(token)
    key = await ring.key(header.kid or "")
    if key is None:
        raise Refused("key")
    payload = signed(token, header, key)
    try:
        said, claims = msgspec.json.decode(payload, type=Said), msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refused("claims") from None
    if said.iss != login.issuer:
        raise Refused("issuer")
    audience = [said.aud] if isinstance(said.aud, str) else said.aud
    if login.client not in audience or (len(audience) > 1 and said.azp is None) or said.azp not in (None, login.client):
        raise Refused("audience")
    if said.exp <= now - _LEEWAY:
        raise Refused("expired")
    if said.iat > now + _LEEWAY:
        raise Refused("future")
    if not hmac.compare_digest(said.nonce.encode(), step.nonce.encode()):
        raise Refused("nonce")
    return said, claims


def _login(house: House) -> Login:
    if house.settings.login is None:
        raise Problem(404, "nobody signs in here")
    return house.settings.login


async def _noted(house: House, person: Person) -> None:
    """Adds to the audit, once in a quarter of an hour, that somebody who has signed in has no part here."""
    with seldom(house, Kind.REFUSED, person.word) as due:
        if due:
            await house.store.written(lambda c: record(c, Kind.REFUSED, person.word, None, {"reason": "role"}, at=house.now()))  # fmt: skip


def _refused(request: Request, reason: str) -> Problem:
    _log.warning("a sign-in was refused", extra={"request": request.scope["state"].get("request_id"), "reason": reason})
    return Problem(403, "the sign-in was refused")
