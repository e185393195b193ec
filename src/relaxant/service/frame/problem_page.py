"""What cannot be done, said on a page where a person at a browser asked for one; programs get the problem as data (RFC 9457)."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from relaxant.service.door import Refusal
from relaxant.service.frame.header import header
from relaxant.service.frame.templates import template
from relaxant.service.house import House
from relaxant.service.problems import Problem, answer

_PAGE, _DATA = "text/html", ("application/json", "application/problem+json", "application/*", "*/*")
_NO_PAGES = ("/diary/", "/cds-services")  # the patient's own page says what is wrong itself; the other is for programs
_FILES = "/api/"  # for programs as well, and for a person who takes a file away from a page


def refusals(house: House) -> Refusal:
    """How this house refuses, whoever of it does: a route, the door, or a fault of ours."""

    def refusal(problem: Problem, scope: Scope) -> Response:
        if _for_a_person(scope):
            return problem_page(problem, scope, house)
        return answer(problem, request_id=_number(scope))

    return refusal


def problem_page(problem: Problem, scope: Scope, house: House) -> Response:
    """The page of a problem."""
    site = header(str(scope["path"]), house.knowledge)
    own = site.words["problem"]
    title = own["signed_out"] if problem.status == 401 else problem.title
    request = own["number"].format(request=_number(scope))
    return HTMLResponse(template("problem.html.j2").render(site=site, words=own, said=title, request=request, posted=scope["method"] == "POST"), problem.status, problem.headers)  # fmt: skip


def _number(scope: Scope) -> str:
    """The number under which the request is logged."""
    return str(scope.get("state", {}).get("request_id", ""))


def _for_a_person(scope: Scope) -> bool:
    path = str(scope["path"])
    if path.startswith(_NO_PAGES):
        return False
    said = {name: value for name, value in scope["headers"] if name in (b"accept", b"sec-fetch-mode")}
    if path.startswith(_FILES) and said.get(b"sec-fetch-mode") != b"navigate":
        return False
    return prefers_pages(",".join(v.decode("latin-1") for n, v in scope["headers"] if n == b"accept"))


def prefers_pages(accept: str) -> bool:
    """Whether a page is named, and data is not wanted as much.

    >>> prefers_pages("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), prefers_pages("*/*")
    (True, False)
    >>> prefers_pages("application/json, text/html;q=0.9"), prefers_pages("text/html;q=0"), prefers_pages("text/html;q=x")
    (False, False, False)
    """
    wanted: dict[str, float] = {}
    for one in accept.lower().split(","):
        kind, *parts = (part.strip() for part in one.split(";"))
        weight = next((part[2:] for part in parts if part.startswith("q=")), "1")
        wanted[kind] = float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 0.0
    return wanted.get(_PAGE, 0.0) > max(wanted.get(kind, 0.0) for kind in _DATA)
