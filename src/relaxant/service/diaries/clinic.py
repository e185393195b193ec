"""The clinic's side of a diary: make one, hand over its link, read it, close it, erase it. Pages for people, JSON for whoever does not ask for HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Meta
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from relaxant.errors import InputError
from relaxant.report.fhir.parts import written
from relaxant.report.responses import RESPONSE_STYLES
from relaxant.report.shown import clean
from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.audit.seldom import seldom
from relaxant.service.diaries import diaries, pages
from relaxant.service.diaries.codes import link_of, square_of
from relaxant.service.diaries.columns import Columns, Medicine, Planned, checked, with_plan
from relaxant.service.diaries.diaries import Diary
from relaxant.service.diaries.entries import Kept, entries_of
from relaxant.service.diaries.exports import diary_answer, diary_csv, diary_pdf
from relaxant.service.diaries.forms import days_of, form_of, is_form, plan_of, wanted_of
from relaxant.service.diaries.resources import diary_bundle
from relaxant.service.diaries.told import Made, Summary, Whole
from relaxant.service.diaries.who import clinician
from relaxant.service.frame.templates import own_file
from relaxant.service.house import House
from relaxant.service.operation import JSON
from relaxant.service.problems import Problem
from relaxant.service.signin.sessions import signed_in
from relaxant.service.store.tables import DIARIES, ENTRIES

MOST_LABEL, MOST_CALL, MOST_DAYS = 200, 300, 1100
T = TypeVar("T")
Lasts = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": MOST_DAYS})]


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A diary to make; ``days``: how long its link lives, as the settings say where it is left out."""

    label: str | None = None
    medicines: tuple[Medicine, ...] = ()
    scales: tuple[str, ...] = ()
    by_part: bool = False
    conditions: tuple[str, ...] = ()
    call: str | None = None
    days: Lasts | None = None


class Days(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a link lives."""

    days: Lasts | None = None


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another plan of one medicine."""

    agent: str
    planned: Planned


# ---------------------------------------------------------------- all of them


def every(request: Request, house: House) -> Response:
    """The list of diaries, with the form for another."""
    clinician(request, house)

    def found(connection: Connection) -> list[tuple[Diary, list[Kept]]]:
        return [(diary, entries_of(connection, diary.diary)) for diary in diaries.every(connection)]

    listed = house.store.read(found)
    if _html(request):
        return _page(pages.every_page(listed, house, signed_in(request, house)))
    return _json([_summary(diary, entries, house) for diary, entries in listed])


async def make(request: Request, house: House) -> Response:
    """Makes a diary, and shows its link this once."""
    by = await run_in_threadpool(clinician, request, house)
    body = await request.body()
    wanted = msgspec.convert(wanted_of(form_of(body)), Wanted) if is_form(request) else _decoded(body, Wanted)
    columns = Columns(medicines=wanted.medicines, scales=wanted.scales, by_part=wanted.by_part, conditions=wanted.conditions)  # fmt: skip
    columns = checked(columns, house.knowledge)
    label, call = _short("label", wanted.label, MOST_LABEL), _short("call", wanted.call, MOST_CALL)
    days, now = _days(wanted.days, house), house.now()

    def made(connection: Connection) -> tuple[str, str]:
        diary, code = diaries.make(connection, label=label, columns=columns, call=call, days=days, now=now)
        _noted(connection, Kind.DIARY_MADE, by, diary, house)
        return diary, code

    diary, code = await house.store.written(made)
    return await run_in_threadpool(_link, request, house, diary, code, 201)


# ---------------------------------------------------------------- one of them


def one(request: Request, house: House) -> Response:
    """A diary: its days, its answer, its link's state."""
    return _shown(request, house, *_opened(request, house))


def _shown(request: Request, house: House, diary: Diary, entries: list[Kept]) -> Response:
    if _html(request):
        return _page(pages.one_page(diary, entries, house, signed_in(request, house)))
    summary = msgspec.structs.asdict(_summary(diary, entries, house))
    return _json(Whole(**summary, columns=diary.columns, call=diary.call, days=tuple(entries)))


async def plan(request: Request, house: House) -> Response:
    """Keeps what is planned of a medicine from a day on. It is known to the clinic's side alone."""
    by = await run_in_threadpool(clinician, request, house)
    body = await request.body()
    change = msgspec.convert(plan_of(form_of(body)), Change) if is_form(request) else _decoded(body, Change)

    def changed(connection: Connection, diary: Diary) -> None:
        diaries.set_columns(connection, diary.diary, with_plan(diary.columns, change.agent, change.planned))
        _noted(connection, Kind.DIARY_PLANNED, by, diary.diary, house)

    return await _done(request, house, changed)


async def renew(request: Request, house: House) -> Response:
    """Lets the link live longer."""
    by = await run_in_threadpool(clinician, request, house)
    days = _days((await _asked_days(request)).days, house)

    def renewed(connection: Connection, diary: Diary) -> None:
        diaries.renew(connection, diary.diary, days, house.now())
        _noted(connection, Kind.DIARY_RENEWED, by, diary.diary, house)

    return await _done(request, house, renewed)


async def revoke(request: Request, house: House) -> Response:
    """Closes the link."""
    by = await run_in_threadpool(clinician, request, house)

    def revoked(connection: Connection, diary: Diary) -> None:
        diaries.revoke(connection, diary.diary, house.now())
        _noted(connection, Kind.DIARY_REVOKED, by, diary.diary, house)

    return await _done(request, house, revoked)


async def link(request: Request, house: House) -> Response:
    """Another link in place of the one before; shown this once."""
    by = await run_in_threadpool(clinician, request, house)
    days = _days((await _asked_days(request)).days, house)
    name = request.path_params["diary"]

    def made(connection: Connection) -> str:
        _known(connection, name, house)
        _noted(connection, Kind.DIARY_LINKED, by, name, house)
        return diaries.new_link(connection, name, days, house.now())

    code = await house.store.written(made)
    return await run_in_threadpool(_link, request, house, name, code, 200)


async def erase(request: Request, house: House) -> Response:
    """Erases a diary and every entry of it."""
    by = await run_in_threadpool(clinician, request, house)
    if is_form(request) and "sure" not in form_of(await request.body()):
        return _see(f"/diaries/{request.path_params['diary']}")
    name = request.path_params["diary"]

    def erased(connection: Connection) -> None:
        diaries.erase(connection, _known(connection, name, house).diary)
        _noted(connection, Kind.DIARY_ERASED, by, name, house)

    await house.store.written(erased)
    await run_in_threadpool(house.store.clear, ENTRIES, DIARIES)
    return _see("/diaries") if _html(request) else Response(status_code=204)


# ---------------------------------------------------------------- to take along


def csv(request: Request, house: House) -> Response:
    """As ``relaxant respond`` reads it."""
    diary, entries = _taken(request, house)
    return _file(diary_csv(diary.columns, entries, house.knowledge), "text/csv; charset=utf-8", "diary.csv")


def pdf(request: Request, house: House) -> Response:
    """The answer and every entry, on paper."""
    diary, entries = _taken(request, house)
    return _file(diary_pdf(diary, entries, house.knowledge, house.now()), "application/pdf", "diary.pdf")


def fhir(request: Request, house: House) -> Response:
    """As a FHIR R4 Bundle."""
    diary, entries = _taken(request, house)
    bundle = diary_bundle(diary, entries, house.knowledge, house.now())
    return _file(written(bundle), "application/fhir+json", "diary.fhir.json")


def answer(request: Request, house: House) -> Response:
    """The answer, the exact image of :class:`relaxant.response.response.Response`."""
    diary, entries = _opened(request, house)
    return _json(diary_answer(diary, entries, house.knowledge, house.now()))


async def style(_request: Request, _house: House) -> Response:
    """The style of these pages: that of an answer, and their own."""
    text = "\n".join(map(own_file, (*RESPONSE_STYLES, "clinic.css", "site.css")))
    return Response(text, media_type="text/css; charset=utf-8")


# ---------------------------------------------------------------- what they share


def _found(request: Request, house: House) -> tuple[Diary, list[Kept]]:
    """The diary of an address with its days, for whoever calls; who that is has been asked."""
    name = request.path_params["diary"]

    def found(connection: Connection) -> tuple[Diary, list[Kept]]:
        diary = _known(connection, name, house)
        return diary, entries_of(connection, diary.diary)

    return house.store.read(found)


def _opened(request: Request, house: House) -> tuple[Diary, list[Kept]]:
    """A diary that the clinic looks into, which is noted once in a quarter of an hour of whoever looks."""
    by, found = clinician(request, house), _found(request, house)
    name = found[0].diary
    with seldom(house, Kind.DIARY_OPENED, by, name) as due:
        if due:
            house.store.write(lambda connection: _noted(connection, Kind.DIARY_OPENED, by, name, house))
    return found


def _taken(request: Request, house: House) -> tuple[Diary, list[Kept]]:
    """A diary that leaves the house, which is noted."""
    by, found = clinician(request, house), _found(request, house)
    house.store.write(lambda connection: _noted(connection, Kind.DIARY_EXPORTED, by, found[0].diary, house))
    return found


def _noted(connection: Connection, kind: Kind, by: str, diary: str, house: House) -> None:
    """Adds to the audit what was done to a diary."""
    record(connection, kind, by, None, {"diary": diary}, at=house.now())


def _known(connection: Connection, name: str, house: House) -> Diary:
    diary = diaries.by_id(connection, name)
    if diary is None:
        raise Problem(404, house.knowledge.words("diary_page")["problems"]["no_diary"])
    return diary


async def _done(request: Request, house: House, what: Callable[[Connection, Diary], object]) -> Response:
    """Does something to the diary of the path, and shows it."""
    name = request.path_params["diary"]
    await house.store.written(lambda connection: what(connection, _known(connection, name, house)))
    if _html(request):
        return _see(f"/diaries/{name}")
    return await run_in_threadpool(lambda: _shown(request, house, *_found(request, house)))


def _link(request: Request, house: House, name: str, code: str, status: int) -> Response:
    diary = house.store.read(lambda connection: _known(connection, name, house))
    url = link_of(house.settings.base, code)
    square = square_of(url)
    if _html(request):
        return _page(pages.link_page(diary, url, square, house, signed_in(request, house)), status)
    return _json(Made(diary=name, link=url, qr=square, until=diary.until.isoformat()), status)


def _summary(diary: Diary, entries: list[Kept], house: House) -> Summary:
    return Summary(
        diary=diary.diary,
        label=diary.label,
        state=diary.state(house.now()),
        made=diary.made.isoformat(),
        until=diary.until.isoformat(),
        revoked=None if diary.revoked is None else diary.revoked.isoformat(),
        days_written=len({e.day for e in entries}),
        last_day=entries[-1].day.isoformat() if entries else None,
        two_devices=len({e.day for e in entries if e.others}),
    )


async def _asked_days(request: Request) -> Days:
    body = await request.body()
    if is_form(request):
        return Days(days_of(form_of(body)))
    return _decoded(body, Days) if body.strip() else Days()


def _days(said: int | None, house: House) -> int:
    days = house.settings.link_days if said is None else said
    if not 1 <= days <= MOST_DAYS:
        raise InputError("days", days, "a link lives for a time", f"1 to {MOST_DAYS}")
    return days


def _short(field: str, said: str | None, most: int) -> str | None:
    text = clean(said or "")
    if len(text) > most:
        raise InputError(field, f"{len(text)} characters", "it is too long", f"{most} or fewer")
    return text or None


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Problem(422, str(error)) from None
    except msgspec.DecodeError:
        raise Problem(422, "this is no JSON") from None


def _html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _page(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="text/html; charset=utf-8")


def _json(what: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(what), status, media_type=JSON)


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _see(path: str) -> Response:
    return Response(status_code=303, headers={"location": quote(path)})
