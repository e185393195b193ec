"""A small FHIR R4 server on this machine, for clients that fetch what our prefetch templates ask for: reads and searches of what it keeps, by the
parameters that the templates use; a search by any other is refused, so that a template that asks for more than the standard's subset would fail here.

with standing(Records(resources, token="...")) as own:
    httpx.get(own.url + "/Condition?patient=p1", headers={"authorization": "Bearer ..."})
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving import in_thread

Resource = dict[str, Any]
_DATES = {"Observation": "effectiveDateTime", "Procedure": "performedDateTime"}
_TOKENS = {"MedicationRequest": {"status"}, "MedicationStatement": {"status"}, "Observation": {"code"}, "Procedure": {"code"}}  # fmt: skip
_KINDS = {"MedicationRequest", "MedicationStatement", "Condition", "AllergyIntolerance", "Observation", "Procedure"}


class Records:
    """What is kept, by type and id, behind a bearer token. ``page``: how many entries a page holds; ``asked``: what was asked, method and address."""

    def __init__(self, resources: list[Resource], token: str, page: int = 1000) -> None:
        self.kept = {(one["resourceType"], one["id"]): one for one in resources}
        self.token, self.page, self.url = token, page, ""
        self.asked: list[str] = []

    async def answer(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/fhir/')}{query}")
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _outcome(401, "login", "no such token")
        kind, _, ident = request.path_params["rest"].partition("/")
        if request.method == "GET":
            return self._read(kind, ident) if ident else self._search(kind, request)
        if (kind, ident) not in self.kept:
            return _outcome(404, "not-found", f"there is no {kind}/{ident}")
        if request.method == "DELETE":
            del self.kept[kind, ident]
            return Response(status_code=204)
        told = msgspec.json.decode(await request.body())
        if (told.get("resourceType"), told.get("id")) != (kind, ident):
            return _outcome(400, "invariant", "type or id are not those of the address")
        self.kept[kind, ident] = told
        return _fhir(200, told)

    def _read(self, kind: str, ident: str) -> Response:
        found = self.kept.get((kind, ident))
        return _outcome(404, "not-found", f"there is no {kind}/{ident}") if found is None else _fhir(200, found)

    def _search(self, kind: str, request: Request) -> Response:
        asked = request.query_params
        known = {"patient", "_sort", "start", *_TOKENS.get(kind, ())}
        if kind not in _KINDS or set(asked) - known or asked.get("_sort", "-date") != "-date" or "patient" not in asked:
            return _outcome(400, "not-supported", f"{kind} cannot be searched by {sorted(asked)}")
        found = [one for (own, _), one in self.kept.items() if own == kind and _of(one) == _patient(asked["patient"])]
        for name in _TOKENS.get(kind, ()):
            if name in asked:
                wanted = asked[name].split(",")
                found = [one for one in found if any(_is(one[name], token) for token in wanted)]
        if "_sort" in asked:
            found.sort(key=lambda one: str(one.get(_DATES[kind], "")), reverse=True)
        start = int(asked.get("start", 0))
        links = [{"relation": "self", "url": str(request.url)}]
        if start + self.page < len(found):
            links.append({"relation": "next", "url": str(request.url.include_query_params(start=start + self.page))})
        entries = [
            {"fullUrl": f"{self.url}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in found[start : start + self.page]
        ]
        whole = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links, "entry": entries}
        return _fhir(200, whole)


@contextlib.contextmanager
def standing(own: Records) -> Iterator[Records]:
    """The server, answering under its ``url``."""
    app = Starlette(routes=[Route("/fhir/{rest:path}", own.answer, methods=["GET", "PUT", "DELETE"])])
    with in_thread(app, timeout_graceful_shutdown=1) as url:
        own.url = url + "/fhir"
        yield own


def _of(resource: Resource) -> str | None:
    return (resource.get("subject") or resource.get("patient") or {}).get("reference")


def _patient(value: str) -> str:
    return value if "/" in value else f"Patient/{value}"


def _is(element: Any, token: str) -> bool:
    """Whether a code or a concept is the one of a token, ``code`` or ``system|code``."""
    system, bar, code = token.rpartition("|")
    if isinstance(element, str):
        return not bar and element == code
    return any(
        one.get("code") == code and (not bar or one.get("system") == system) for one in element.get("coding", ())
    )


def _outcome(status: int, code: str, text: str) -> Response:
    issue = {"severity": "error", "code": code, "details": {"text": text}}
    return _fhir(status, {"resourceType": "OperationOutcome", "issue": [issue]})


def _fhir(status: int, resource: Resource) -> Response:
    return Response(msgspec.json.encode(resource), status, media_type="application/fhir+json")
