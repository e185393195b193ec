"""The routes of the review page and of the API behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
import yaml
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from relaxant.errors import InputError
from relaxant.patient import to_file
from relaxant.report.reviews import FORMATS, render_review
from relaxant.service.frame.header import header
from relaxant.service.frame.static import static
from relaxant.service.frame.templates import template
from relaxant.service.house import House, route
from relaxant.service.pages.answer import RECORD, Answer, Refused, answer
from relaxant.service.pages.fields import Fields, file_of
from relaxant.service.pages.given import Given, read_given
from relaxant.service.pages.review_page import page, parts
from relaxant.service.problems import Problem
from relaxant.service.signin.access import admitted, require
from relaxant.service.signin.launch import launched_bundle
from relaxant.service.signin.origin import same_origin
from relaxant.service.signin.sessions import Person, launched, signed_in

_PATIENT = "yaml"
_KINDS = {
    "json": "application/json",
    "pdf": "application/pdf",
    "fhir": "application/fhir+json",
    "ics": "text/calendar; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    _PATIENT: "application/yaml",
}
_ENDINGS = {"fhir": "fhir.json", "text": "txt"}
Posted = Callable[[Request, House, Given, Person | None], Response]


def routes(house: House) -> list[BaseRoute]:
    """Every route of the page. Those that take a person's data are made by :func:`_posted` and by nothing else: whatever must hold before such a
    request is read (who is signed in, that the page it comes from is ours) is asked there."""
    return [
        route("/", house, require()(_first)),
        route("/signout", house, _signed_out),
        route("/static/{name}", house, static),
        _posted("/review", house, _page),
        route("/review", house, require()(_first)),
        _posted("/api/review", house, _parts),
        _posted("/api/review.{format}", house, _file),
    ]


def _posted(path: str, house: House, handler: Posted) -> BaseRoute:
    async def handled(request: Request, house: House) -> Response:
        person = await run_in_threadpool(admitted, request, house)
        same_origin(request, house)
        given = await read_given(request, house)
        return await run_in_threadpool(handler, request, house, given, person)

    made: Callable[[Request, House], Awaitable[Response]] = handled
    return route(path, house, made, ("POST",))


async def _first(request: Request, house: House) -> Response:
    """The page with nothing said; where a record system opened it, with that patient's record read in. The record is read each time, and kept nowhere:
    neither here nor in an address."""
    person = await run_in_threadpool(signed_in, request, house)
    held = await run_in_threadpool(launched, request, house) if person is not None and person.launched else None
    if held is None:
        return HTMLResponse(page(Answer(fields=Fields()), house, person))
    words = house.knowledge.words("page")
    try:
        record = await launched_bundle(request, house)
    except Problem as problem:
        refused = Refused(field=RECORD, line=None, came="", why=problem.title, would_do=words["refused"]["record_do"])
        return HTMLResponse(page(Answer(fields=Fields(), refused=refused), house, person), problem.status)
    now = house.now()
    source = words["read"]["record"].format(host=urlsplit(held.fhir).netloc, day=now.date().isoformat(), time=now.strftime("%H:%M"))  # fmt: skip
    made = await run_in_threadpool(answer, Given(file=record or b"", source=source, name=RECORD), house)
    shown = await run_in_threadpool(page, made, house, person)
    return HTMLResponse(shown, 422 if made.refused else 200)


async def _signed_out(_request: Request, house: House) -> Response:
    """What is shown after signing out: nobody is sent to sign in again unasked."""
    site = header("/signout", house.knowledge)
    return HTMLResponse(template("signed_out.html.j2").render(site=site, words=site.words["out"]))


def _page(_request: Request, house: House, given: Given, person: Person | None) -> Response:
    """The whole page, for a form without a script."""
    made = answer(given, house)
    return HTMLResponse(page(made, house, person), 422 if made.refused else 200)


def _parts(_request: Request, house: House, given: Given, _person: Person | None) -> Response:
    """The review as data, the same as HTML, the lines as read, and what is asked next."""
    made = answer(given, house)
    found: dict[str, object] = {
        "status": "refused" if made.refused else "reviewed" if made.review else "empty",
        "fields": _filled(made),
        "said": made.moved.said,
        "lines": made.lines,
        "question": made.question,
        "refused": made.refused,
        "html": parts(made, house),
    }
    if not given.form:  # a page shows its HTML; whoever sends a file reads data
        found["review"] = made.review
    return Response(msgspec.json.encode(found), 422 if made.refused else 200, media_type="application/json")


def _filled(made: Answer) -> dict[str, object] | None:
    """The form, where it was changed here."""
    if not made.filled:
        return None
    fields = made.fields
    kept = msgspec.json.encode(fields.kept).decode() if fields.kept else ""
    return {"text": fields.text, "kept": kept, "skipped": fields.skipped}


def _file(request: Request, house: House, given: Given, person: Person | None) -> Response:
    """The review, or the patient (``yaml``), as a file."""
    kind = request.path_params["format"]
    if kind not in _KINDS:
        raise Problem(404, f"a review comes as {', '.join(FORMATS)}, its patient as {_PATIENT}")
    if kind == _PATIENT and given.form and not given.file.strip():
        return _sent(_yaml(file_of(given.fields)), kind, given.fields.said("as_of"))
    made = answer(given, house)
    refused = made.refused
    if made.review is None or made.patient is None:
        words = house.knowledge.words("page")["refused"]
        refused = refused or Refused(
            field="medicines", line=None, came="", why=words["empty"], would_do=words["empty_do"]
        )
    else:
        try:
            if kind == _PATIENT:
                return _sent(_yaml(to_file(made.patient)), kind, made.review.stamp.as_of)
            return _sent(render_review(made.review, kind, knowledge=house.knowledge), kind, made.review.stamp.as_of)
        except InputError as error:  # a format in which this review has nothing to say
            refused = Refused(field=kind, line=None, came=error.came, why=error.why, would_do=error.would_do)
    if given.form and "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(page(msgspec.structs.replace(made, refused=refused), house, person), 422)
    raise Problem(422, f"{refused.why}; {refused.would_do}", field=refused.field)


def _yaml(patient: dict[str, object]) -> bytes:
    return yaml.safe_dump(msgspec.to_builtins(patient), allow_unicode=True, sort_keys=True, width=100).encode()


def _sent(body: bytes, kind: str, as_of: str) -> Response:
    """A file whose name says nothing of the person."""
    day = as_of if as_of.replace("-", "").isdigit() and as_of.isascii() else "undated"
    stem = "patient" if kind == _PATIENT else "review"
    name = f"{stem}-{day}.{_ENDINGS.get(kind, kind)}"
    return Response(body, media_type=_KINDS[kind], headers={"content-disposition": f'attachment; filename="{name}"'})
