"""The routes of the review page and of the API behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import UNSET, UnsetType
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from relaxant.errors import InputError
from relaxant.patient import to_file
from relaxant.report.reviews import FORMATS, render_review
from relaxant.reviewing import Review
from relaxant.service.frame.header import header
from relaxant.service.frame.static import KINDS, static
from relaxant.service.frame.templates import template
from relaxant.service.house import House, beside, route
from relaxant.service.operation import HTML, JSON, Body, Operation
from relaxant.service.pages.answer import RECORD, Answer, Refused, answer
from relaxant.service.pages.asked import Question
from relaxant.service.pages.fields import Fields, file_of
from relaxant.service.pages.given import TAKEN, Given, read_given
from relaxant.service.pages.read_back import ReadLine
from relaxant.service.pages.review_page import page, parts
from relaxant.service.problems import Problem
from relaxant.service.signin.access import admitted, require
from relaxant.service.signin.launch import launched_bundle
from relaxant.service.signin.origin import same_origin
from relaxant.service.signin.reviewed import note_review
from relaxant.service.signin.sessions import Person, launched, signed_in


class FilledForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of the form as they are now; ``kept``: what stands behind them, as JSON, to be sent back as it is."""

    text: dict[str, str]
    kept: str
    skipped: tuple[str, ...]


class Parts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``/api/review`` answers: the review as data (where a file was sent), the same as HTML, the lines as read, and what is asked next."""

    status: Literal["refused", "reviewed", "empty"]
    fields: FilledForm | None
    said: str
    lines: tuple[ReadLine, ...]
    question: Question | None
    refused: Refused | None
    html: dict[str, str]
    review: Review | UnsetType | None = UNSET


_AS_PAGE = {HTML: str}
_FIRST = Operation(gives=dict.fromkeys((200, 403, 413, 422, 502), _AS_PAGE), refuses=(403, 413), whom="people")
_PATIENT = "yaml"
_REVIEWED = "reviewed"  # in the request's state: whether it got a review
_KINDS = {
    "json": "application/json",
    "pdf": "application/pdf",
    "fhir": "application/fhir+json",
    "ics": "text/calendar; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    _PATIENT: "application/yaml",
}
_HELD: dict[str, Any] = {"json": Review, "pdf": bytes, "fhir": dict[str, Any], _PATIENT: dict[str, Any]}
_FILES = {kind.partition(";")[0]: _HELD.get(name, str) for name, kind in _KINDS.items()}
_ENDINGS = {"fhir": "fhir.json", "text": "txt"}
Posted = Callable[[Request, House, Given, Person | None], Response]


def routes(house: House) -> list[BaseRoute]:
    """Every route of the page. Those that take a person's data are made by :func:`_posted` and by nothing else: whatever must hold before such a
    request is read (who is signed in, that the page it comes from is ours) is asked there."""
    return [
        route("/", house, require()(_first), said=_FIRST),
        route("/signout", house, _signed_out, said=Operation(gives={200: {HTML: str}})),
        route("/static/{name}", house, static, said=Operation(gives={200: KINDS}, refuses=(404,))),
        _posted("/review", house, _page, {200: {HTML: str}, 422: {HTML: str}}),
        route("/review", house, require()(_first), said=_FIRST),
        _posted("/api/review", house, _parts, {200: {JSON: Parts}, 422: {JSON: Parts}}),
        _posted("/api/review.{format}", house, _file, {200: _FILES, 422: {HTML: str}}, 404),
    ]


def _posted(path: str, house: House, handler: Posted, gives: Mapping[int, Body | None], *refuses: int) -> BaseRoute:
    slots = {"format": tuple(_KINDS)} if "{format}" in path else {}
    said = Operation(slots=slots, takes=TAKEN, bare=True, gives=gives, refuses=(400, 403, 422, *refuses), whom="people")

    async def handled(request: Request, house: House) -> Response:
        person = await run_in_threadpool(admitted, request, house)
        same_origin(request, house)
        given = await read_given(request, house)
        answered = await beside(handler, request, house, given, person)
        if person is not None and request.scope["state"].get(_REVIEWED):
            await note_review(request, house, person)
        return answered

    made: Callable[[Request, House], Awaitable[Response]] = handled
    return route(path, house, made, ("POST",), said)


def _answer(request: Request, house: House, given: Given) -> Answer:
    made = answer(given, house)
    request.scope["state"][_REVIEWED] = made.review is not None
    return made


async def _first(request: Request, house: House) -> Response:
    """The page with nothing said; where a record system opened it, with that patient's record read in. The record is read each time, and kept nowhere:
    neither here nor in an address."""
    person = await run_in_threadpool(signed_in, request, house)
    held = await run_in_threadpool(launched, request, house) if person is not None and person.launched else None
    if person is None or held is None:
        return HTMLResponse(page(Answer(fields=Fields()), house, person))
    words = house.knowledge.words("page")
    try:
        record = await launched_bundle(request, house)
    except Problem as problem:
        refused = Refused(field=RECORD, line=None, came="", why=problem.title, would_do=words["refused"]["record_do"])
        return HTMLResponse(page(Answer(fields=Fields(), refused=refused), house, person), problem.status)
    now = house.now()
    source = words["read"]["record"].format(host=urlsplit(held.fhir).netloc, day=now.date().isoformat(), time=now.strftime("%H:%M"))  # fmt: skip
    made = await beside(answer, Given(file=record or b"", source=source, name=RECORD), house)
    await note_review(request, house, person)
    shown = await beside(page, made, house, person)
    return HTMLResponse(shown, 422 if made.refused else 200)


async def _signed_out(_request: Request, house: House) -> Response:
    """What is shown after signing out: nobody is sent to sign in again unasked."""
    site = header("/signout", house.knowledge)
    return HTMLResponse(template("signed_out.html.j2").render(site=site, words=site.words["out"]))


def _page(request: Request, house: House, given: Given, person: Person | None) -> Response:
    """The whole page, for a form without a script."""
    made = _answer(request, house, given)
    return HTMLResponse(page(made, house, person), 422 if made.refused else 200)


def _parts(request: Request, house: House, given: Given, _person: Person | None) -> Response:
    """The review as data, the same as HTML, the lines as read, and what is asked next."""
    made = _answer(request, house, given)
    found = Parts(
        status="refused" if made.refused else "reviewed" if made.review else "empty",
        fields=_filled(made),
        said=made.moved.said,
        lines=made.lines,
        question=made.question,
        refused=made.refused,
        html=parts(made, house),
        review=UNSET if given.form else made.review,  # a page shows its HTML; whoever sends a file reads data
    )
    return Response(msgspec.json.encode(found), 422 if made.refused else 200, media_type=JSON)


def _filled(made: Answer) -> FilledForm | None:
    """The form, where it was changed here."""
    if not made.filled:
        return None
    fields = made.fields
    kept = msgspec.json.encode(fields.kept).decode() if fields.kept else ""
    return FilledForm(text=fields.text, kept=kept, skipped=fields.skipped)


def _file(request: Request, house: House, given: Given, person: Person | None) -> Response:
    """The review, or the patient (``yaml``), as a file."""
    kind = request.path_params["format"]
    if kind not in _KINDS:
        raise Problem(404, f"a review comes as {', '.join(FORMATS)}, its patient as {_PATIENT}")
    if kind == _PATIENT and given.form and not given.file.strip():
        return _sent(_yaml(file_of(given.fields)), kind, given.fields.said("as_of"))
    made = _answer(request, house, given)
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
