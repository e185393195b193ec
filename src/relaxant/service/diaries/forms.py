"""What the clinic's pages send: fields of a form, made into what the JSON of the API says."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from relaxant.errors import InputError
from relaxant.io.said import day
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.quantities import number
from relaxant.service.operation import FORM, Filled

ROWS = 4
"""Of medicines in the form; the API takes more."""

_DOSES = tuple(f"planned_{part}" for part in DAY_PARTS)
_ROWS = tuple(f"agent_{row}" for row in range(1, ROWS + 1))
_ROW_DOSES = tuple(f"planned_{row}_{part}" for row in range(1, ROWS + 1) for part in DAY_PARTS)
WANTED = Filled(("label", "by", "conditions", "call", "days", *_ROWS, *_ROW_DOSES), many=("scales",))
PLANNED = Filled(("agent", "since", *_DOSES))
LASTS = Filled(("days",))
SURE = Filled(("sure",))
_MOST_FIELDS = 200
Form = dict[str, list[str]]


def is_form(request: Request) -> bool:
    """Whether a page's form was sent."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == FORM


def form_of(body: bytes) -> Form:
    """The fields of a form. Raises :class:`InputError` where it is none."""
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InputError("form", "bytes that are no form", "it cannot be read", "send it from the page") from None


def wanted_of(form: Form) -> dict[str, Any]:
    """A diary to make."""
    return {
        "label": _one(form, "label"),
        "medicines": [m for row in range(1, ROWS + 1) if (m := _medicine(form, row))],
        "scales": form.get("scales", []),
        "by_part": _one(form, "by") == "part",
        "conditions": [c.strip() for c in _one(form, "conditions").split(",") if c.strip()],
        "call": _one(form, "call"),
        "days": days_of(form),
    }


def days_of(form: Form) -> int | None:
    """How many days a link lives. Raises :class:`InputError` for what is no such number."""
    said = _one(form, "days")
    if said and not re.fullmatch("[0-9]{1,9}", said):
        raise InputError("days", said, "this is no number of days", "a whole number")
    return int(said) if said else None


def plan_of(form: Form) -> dict[str, Any]:
    """Another plan of a medicine."""
    since = day("since", _one(form, "since") or None)
    doses = _doses(form, "planned")
    if doses is None:
        raise InputError("planned", "nothing", "the change needs a dose", "write 0 where none is planned any more")
    return {"agent": _one(form, "agent"), "planned": {"since": since.isoformat() if since else None, "doses": doses}}


def _medicine(form: Form, row: int) -> dict[str, Any] | None:
    agent = _one(form, f"agent_{row}")
    if not agent:
        return None
    doses = _doses(form, f"planned_{row}")
    return {"agent": agent, "planned": [] if doses is None else [{"doses": doses}]}


def _doses(form: Form, name: str) -> dict[DayPart, float] | None:
    """What is planned in the parts of a day; ``None`` where nothing is said."""
    said = {part: _one(form, f"{name}_{part}") for part in DAY_PARTS}
    doses = {part: number(text, f"{name}, {part}") for part, text in said.items() if text}
    return doses or None


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0].strip()
