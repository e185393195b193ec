"""What one address takes and answers, in types. It is said where the route is made, so that the document of the API and the routes are one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from relaxant.service.problems import Problem

JSON, FORM, PARTS = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
HTML, PLAIN, CSS = "text/html", "text/plain", "text/css"
FHIR, YAML, PDF, CSV = "application/fhir+json", "application/yaml", "application/pdf", "text/csv"

Whom = Literal["anybody", "client", "people", "link"]
Body = Mapping[str, Any]
"""From a media type to what it holds: a type, whose schema is written; ``str`` for text, ``bytes`` for what is not even that; :class:`Filled` for a form;
a mapping for a schema as it stands."""


class Filled(msgspec.Struct, frozen=True):
    """A form: the ``names`` of its fields, text each; those of ``many`` may stand more than once, those of ``files`` hold a file. Any may be left out."""

    names: tuple[str, ...]
    many: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Query(msgspec.Struct, frozen=True):
    """A parameter of the query. ``many``: it may stand more than once. ``of``: what it may be, where that is a list."""

    name: str
    description: str
    required: bool = False
    many: bool = False
    of: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. ``slots``: what may stand in a slot of the path, where that is a list. ``takes``: the body of the request, left out where there is none; ``bare``: it may be left away. ``gives``: the answers that are
    no refusals, by status; ``None`` where nothing is in them. ``refuses``: the statuses of its own refusals, beside those that every address has.
    ``whom``: who is answered."""

    slots: Mapping[str, tuple[str, ...]] = {}
    query: tuple[Query, ...] = ()
    takes: Body = {}
    bare: bool = False
    gives: Mapping[int, Body | None] = {}
    refuses: tuple[int, ...] = ()
    whom: Whom = "anybody"


class Address(Route):
    """A route that says what it takes and answers; ``operation`` is ``None`` where nobody has said. ``allowed``: the methods of all routes of its path;
    ``apart``: addresses of their own, which a slot of this one does not stand for."""

    operation: Operation | None = None
    allowed: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.NONE, {}) if scope.get("path") in self.apart else super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            allowed = ", ".join(sorted(self.allowed | self.methods))
            raise Problem(405, "this address is called otherwise", headers={"allow": allowed})
        if self.operation is not None and self.operation.query:
            _once(QueryParams(scope["query_string"]), self.operation)
        await self.app(scope, receive, send)


def together(routes: list[BaseRoute]) -> list[BaseRoute]:
    """The routes, each told of the methods that others of its path have, and of the addresses that are written out."""
    own = [one for one in routes if isinstance(one, Address)]
    allowed: dict[str, frozenset[str]] = {}
    for one in own:
        allowed[one.path] = allowed.get(one.path, frozenset()) | frozenset(one.methods or ())
    for one in own:
        one.allowed = allowed[one.path]
        one.apart = frozenset(path for path in allowed if path != one.path and one.path_regex.match(path))
    return routes


def _once(said: QueryParams, operation: Operation) -> None:
    """Refuses a query that says twice what may be said once: which of the two would hold is nobody's to guess."""
    for one in operation.query:
        if not one.many and len(said.getlist(one.name)) > 1:
            raise Problem(400, f"{one.name} is said twice in the address", field=one.name)
