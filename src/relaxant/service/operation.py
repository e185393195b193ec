"""What one address takes and answers, in types. It is said where the route is made, so that the document of the API and the routes are one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from starlette.routing import Route

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
    """A parameter of the query. ``many``: it may stand more than once."""

    name: str
    description: str
    required: bool = False
    many: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. ``takes``: the body of the request, left out where there is none; ``bare``: it may be left away. ``gives``: the answers that are
    no refusals, by status; ``None`` where nothing is in them. ``refuses``: the statuses of its own refusals, beside those that every address has.
    ``whom``: who is answered."""

    query: tuple[Query, ...] = ()
    takes: Body = {}
    bare: bool = False
    gives: Mapping[int, Body | None] = {}
    refuses: tuple[int, ...] = ()
    whom: Whom = "anybody"


class Address(Route):
    """A route that says what it takes and answers; ``None`` where nobody has said."""

    operation: Operation | None = None
