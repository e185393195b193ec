"""The whole API as an OpenAPI document: the CDS service from its own types, every other address from the routes as they stand."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relaxant.service.cds.card import Answer
from relaxant.service.cds.catalogue import ORDERS, PATIENT, Services
from relaxant.service.cds.feedback import Report
from relaxant.service.cds.request import OrderSelect, OrderSign, PatientView
from relaxant.service.house import House
from relaxant.version import __version__

_TYPES = {
    "Services": Services,
    "Request": PatientView | OrderSelect | OrderSign,
    "Answer": Answer,
    "Report": Report,
}
_REF = "#/components/schemas/{name}"
_SLOT = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something could not be done (RFC 9457)."""

    type: str
    title: str
    status: int
    field: str | None = None
    request: str | None = None


async def openapi(request: Request, house: House) -> Response:
    """The document of the addresses that there are."""
    known = request.scope.get("router")
    made = document(house.settings.base, getattr(known, "routes", []))
    return Response(msgspec.json.encode(made), media_type="application/json")


def document(base: str, routes: list[BaseRoute]) -> dict[str, Any]:
    """The document as plain values."""
    schemas, components = msgspec.json.schema_components([*_TYPES.values(), Refusal], ref_template=_REF)
    of = dict(zip([*_TYPES, "Refusal"], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in routes:
        if isinstance(one, Route):
            path = _SLOT.sub(r"{\1}", one.path)
            for method in sorted((one.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(path, {})[method.lower()] = _operation(path, method, of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "relaxant", "version": __version__, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": base}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {"client": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }  # fmt: skip


def _operation(path: str, method: str, of: dict[str, Any]) -> dict[str, Any]:
    """One operation: what our types say of it, or no more than that it is there."""
    slots = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _SLOT.findall(path)
    ]
    refused = {"description": "refused", "content": {"application/problem+json": {"schema": of["Refusal"]}}}
    out: dict[str, Any] = {"operationId": f"{method.lower()} {path}", "responses": {"default": refused}}
    body, answer = _BODIES.get((path, method), (None, None))
    if path.startswith("/cds-services/"):
        slots[0]["schema"] = {"enum": [PATIENT, ORDERS]}
        out["security"] = [{"client": []}, {}]
        out["responses"]["401"] = {"description": "no token that is trusted"}
    if slots:
        out["parameters"] = slots
    if body is not None:
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": of[body]}}}
    out["responses"]["200"] = {"description": "answered"} | ({"content": {"application/json": {"schema": of[answer]}}} if answer else {})  # fmt: skip
    return out


_BODIES: dict[tuple[str, str], tuple[str | None, str | None]] = {
    ("/cds-services", "GET"): (None, "Services"),
    ("/cds-services/{service}", "POST"): ("Request", "Answer"),
    ("/cds-services/{service}/feedback", "POST"): ("Report", None),
}
