"""The whole API as an OpenAPI document: every address as its route says it (:mod:`relaxant.service.operation`), for the service as it is set up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from relaxant.service.house import House
from relaxant.service.operation import FORM, HTML, JSON, Address, Body, Filled, Operation, Whom
from relaxant.service.settings import Settings
from relaxant.service.signin.sessions import COOKIE
from relaxant.service.tokens.caller import unguarded
from relaxant.version import __version__

_PROBLEM = "application/problem+json"
_REF = "#/components/schemas/{name}"
_SLOT = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")
_DOOR = (408, 413, 421, 429, 431, 503)  # what the door may say to anybody, before an address is looked at
_TEXT = {"type": "string"}
_BARE = {"401": "nobody is said to be asking, or nobody who is trusted; nothing is in it"}


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Why something could not be done (RFC 9457). ``field``: what it is about; ``request``: the number under which it is logged."""

    type: str
    title: str
    status: int
    field: str | None = None
    request: str | None = None


class Schemas:
    """The schemas of types, in one list of components."""

    def __init__(self, kinds: Sequence[Any]) -> None:
        held = {repr(kind): kind for kind in kinds if not _plain(kind)}
        made, self.components = msgspec.json.schema_components(list(held.values()), ref_template=_REF)
        self._of = dict(zip(held, made, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        if isinstance(kind, Filled):
            return _filled(kind)
        if isinstance(kind, dict):
            return dict(kind)
        return {} if kind is bytes else dict(self._of[repr(kind)])

    def content(self, body: Body) -> dict[str, Any]:
        out: dict[str, Any] = {kind: {"schema": self.of(held)} for kind, held in body.items()}
        if isinstance(body.get(FORM), Filled):
            out[FORM]["encoding"] = {name: {"style": "form", "explode": True} for name in body[FORM].many}
        return out


async def openapi(request: Request, house: House) -> Response:
    """The document of the addresses that there are."""
    known = request.scope.get("router")
    made = document(house.settings, getattr(known, "routes", []))
    return Response(msgspec.json.encode(made), media_type=JSON)


def document(settings: Settings, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document as plain values."""
    own = [one for one in routes if isinstance(one, Address)]
    schemas = Schemas([Refusal, *(kind for one in own for kind in _kinds(one.operation or Operation()))])
    refused = {
        "content": {_PROBLEM: {"schema": schemas.of(Refusal)}, HTML: {"schema": _TEXT}}
    }  # a page, where a browser asks for one
    paths: dict[str, dict[str, Any]] = {}
    for one in own:
        path = _SLOT.sub(r"{\1}", one.path)
        for method in sorted((one.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path, {})[method.lower()] = _operation(path, method, one.operation or Operation(), settings, schemas)  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "relaxant", "version": __version__, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": settings.base}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas.components,
            "responses": {f"{s}": {"description": _words(s), **refused} for s in sorted(_statuses(own))},
            "securitySchemes": {
                "client": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "people": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "link": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Diary`, a space, and the code of the link."},
            },
        },
    }  # fmt: skip


def _operation(path: str, method: str, said: Operation, settings: Settings, schemas: Schemas) -> dict[str, Any]:
    guarded = _guarded(said.whom, settings)
    refuses = {*said.refuses, *_DOOR, *_closed(said, method, settings), *((400,) if said.query else ())} - set(
        said.gives
    )
    answers: dict[str, Any] = {f"{status}": _answer(status, body, said, schemas) for status, body in said.gives.items()}
    answers |= {f"{status}": {"$ref": f"#/components/responses/{status}"} for status in refuses}
    if guarded:
        answers |= {status: {"description": words} for status, words in _BARE.items()}
        if said.whom == "people" and method == "GET":
            answers.setdefault("303", {"description": "to where people sign in, for a browser"})
    out: dict[str, Any] = {"operationId": f"{method.lower()} {path}", "responses": dict(sorted(answers.items()))}
    if guarded:
        out["security"] = [{said.whom: []}]
    slots = [{"name": name, "in": "path", "required": True, "schema": _one_of(said.slots.get(name, ()))} for name in _SLOT.findall(path)]  # fmt: skip
    asked = [
        {"name": q.name, "in": "query", "description": q.description, "required": q.required, "schema": {"type": "array", "items": _one_of(q.of)} if q.many else _one_of(q.of)}
        for q in said.query
    ]  # fmt: skip
    if slots or asked:
        out["parameters"] = [*slots, *asked]
    if said.takes:
        out["requestBody"] = {"required": not said.bare, "content": schemas.content(said.takes)}
    return out


def _answer(status: int, body: Body | None, said: Operation, schemas: Schemas) -> dict[str, Any]:
    """One answer; where the same status may be a refusal of ours as well, both."""
    content = {} if body is None else schemas.content(body)
    if status in said.refuses or (status == HTTPStatus.BAD_REQUEST and said.query):
        content |= {_PROBLEM: {"schema": schemas.of(Refusal)}, HTML: {"schema": _TEXT}}
    return {"description": _words(status), **({"content": content} if content else {})}


def _guarded(whom: Whom, settings: Settings) -> bool:
    """Whether somebody has to say who it is."""
    if whom == "link":
        return True
    return (whom == "client" and bool(settings.issuers)) or (whom == "people" and settings.login is not None)


def _closed(said: Operation, method: str, settings: Settings) -> tuple[int, ...]:
    """What those hear whom nobody has let in, and what another site's page hears."""
    if said.whom == "people" and (method != "GET" or settings.login is not None or not unguarded(settings)):
        return (403,)
    return ()


def _kinds(said: Operation) -> list[Any]:
    """Every type that an operation speaks of."""
    return [kind for body in (said.takes, *said.gives.values()) for kind in (body or {}).values()]


def _plain(kind: Any) -> bool:
    return kind is bytes or isinstance(kind, Filled | dict)


def _filled(form: Filled) -> dict[str, Any]:
    properties: dict[str, Any] = dict.fromkeys(form.names, _TEXT)
    properties |= {name: {"type": "array", "items": _TEXT} for name in form.many}
    properties |= {name: {"type": "string", "format": "binary"} for name in form.files}
    return {"type": "object", "properties": properties}


def _one_of(values: tuple[str, ...]) -> dict[str, Any]:
    return {**_TEXT, "enum": list(values)} if values else _TEXT


def _statuses(own: Sequence[Address]) -> set[int]:
    return {400, 403, *_DOOR, *(status for one in own if one.operation for status in one.operation.refuses)}


def _words(status: int) -> str:
    return HTTPStatus(status).phrase
