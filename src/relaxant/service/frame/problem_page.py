"""What cannot be done, said on a page where a person at a browser asked for one; programs get the problem as data (RFC 9457), from the door."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relaxant.errors import RelaxantError
from relaxant.service.frame.header import header
from relaxant.service.frame.templates import template
from relaxant.service.house import House
from relaxant.service.problems import Problem, problem_of

_NO_PAGES = (
    "/diary/",
    "/cds-services",
    "/api/",
)  # the patient's own page says what is wrong itself; the others are for programs


class ProblemPages:
    """ASGI middleware between the door and the routes."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app, self.house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _for_a_person(scope):
            await self.app(scope, receive, send)
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except (Problem, RelaxantError) as error:
            if begun:
                raise
            problem = error if isinstance(error, Problem) else problem_of(error)
            await problem_page(problem, scope, self.house)(scope, receive, send)


def problem_page(problem: Problem, scope: Scope, house: House) -> Response:
    """The page of a problem."""
    site = header(str(scope["path"]), house.knowledge)
    own = site.words["problem"]
    title = own["signed_out"] if problem.status == 401 else problem.title
    request = own["number"].format(request=scope.get("state", {}).get("request_id", ""))
    return HTMLResponse(template("problem.html.j2").render(site=site, words=own, said=title, request=request, posted=scope["method"] == "POST"), problem.status, problem.headers)  # fmt: skip


def _for_a_person(scope: Scope) -> bool:
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accept and not str(scope["path"]).startswith(_NO_PAGES)
