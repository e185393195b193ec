"""What a caller is told when something cannot be done: a status and one sentence, as a problem (RFC 9457)."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from relaxant.errors import InputError, RelaxantError


class Problem(Exception):  # noqa: N818 - the standard's own word
    """An answer that is a refusal. ``title``: one plain sentence; ``field``: what it is about. Both go back to the caller and nowhere else: they may
    repeat what was sent, which may be a patient's."""

    def __init__(
        self, status: int, title: str, *, field: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.field, self.headers = status, title, field, headers or {}


def problem_of(error: RelaxantError) -> Problem:
    """The refusal of an input that cannot be used."""
    return Problem(422, str(error), field=error.field if isinstance(error, InputError) else None)


def answer(problem: Problem, *, request_id: str = "") -> Response:
    """The problem as a response; 401 is bare."""
    if problem.status == 401:
        return Response(status_code=401, headers=problem.headers)
    body: dict[str, Any] = {"type": "about:blank", "title": problem.title, "status": problem.status}
    if problem.field:
        body["field"] = problem.field
    if request_id:
        body["request"] = request_id
    return Response(msgspec.json.encode(body), problem.status, problem.headers, "application/problem+json")
