"""What the person's phone asks for: the page, its words, the diary that a code opens, and a place for what was written.

The code comes in the header ``Authorization: Diary CODE``; it stands in no path, no query and no log.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from relaxant.knowledge.load import Knowledge
from relaxant.report.shown import clean
from relaxant.rules.wording import capital
from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.record import record
from relaxant.service.audit.seldom import seldom
from relaxant.service.diaries import diaries
from relaxant.service.diaries.codes import is_code
from relaxant.service.diaries.diaries import Diary
from relaxant.service.diaries.entries import MOST_AT_ONCE, MOST_NOTE, Entry, Kept, entries_of, keep
from relaxant.service.diaries.flags import flags_of
from relaxant.service.diaries.told import Asked, Shown, Taken, Written
from relaxant.service.house import House, beside
from relaxant.service.operation import JSON
from relaxant.service.problems import Problem
from relaxant.service.store.times import day_of

FILES = {
    "index.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "sw.js": "text/javascript; charset=utf-8",
    "manifest.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
}
_LINK = "link"  # of whom the audit says that he wrote: whoever had it
_SCHEME = "diary "
_MOST_DEVICE = 40
_LONG = 20  # entries that are kept beside the loop, which has others to answer


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phone sends."""

    entries: tuple[Entry, ...]


async def page(_request: Request, house: House) -> Response:
    """The page of the diary, the same for everybody; the script fills it."""
    own = house.knowledge.words("diary_page")["page"]
    text = _bytes("index.html").decode()
    for slot in ("name", "loading", "script"):
        text = text.replace(f"{{{slot}}}", escape(own[slot]))
    return Response(text, media_type=FILES["index.html"])


async def file(request: Request, _house: House) -> Response:
    """One of the files that the page is built of."""
    name = request.path_params["file"]
    if name not in FILES or name == "index.html":
        raise Problem(404, "there is nothing here")
    return _file(name)


async def words(_request: Request, house: House) -> Response:
    """The words of the page."""
    return Response(msgspec.json.encode(house.knowledge.words("diary_page")["page"]), media_type=JSON)


def mine(request: Request, house: House) -> Response:
    """The diary of the code: what it asks, whom to call and when, and what is written in it."""
    code = _code(request, house)

    def found(connection: Connection) -> tuple[Diary, list[Kept]]:
        diary = _open(connection, code, house)
        return diary, entries_of(connection, diary.diary)

    diary, entries = house.store.read(found)
    with seldom(house, Kind.DIARY_OPENED, _LINK, diary.diary) as due:
        if due:
            what = {"diary": diary.diary}
            house.store.write(lambda connection: record(connection, Kind.DIARY_OPENED, _LINK, None, what, at=house.now()))  # fmt: skip
    return Response(msgspec.json.encode(shown(diary, entries, house)), media_type=JSON)


async def write(request: Request, house: House) -> Response:
    """Keeps what a phone sends, and says of each entry what became of it, once it is committed."""
    code = _code(request, house)
    try:
        sent = msgspec.json.decode(await request.body(), type=Sent)
    except msgspec.MsgspecError as error:
        raise Problem(422, f"this is no list of entries: {error}") from None
    if len(sent.entries) > MOST_AT_ONCE:
        raise Problem(413, f"at most {MOST_AT_ONCE} entries at once")
    entries = tuple(map(_plain, sent.entries))
    now = house.now()

    def kept(connection: Connection) -> Written:
        diary = _open(connection, code, house)
        answers = keep(connection, diary.diary, diary.columns, day_of(diary.made), entries, now, house.knowledge)
        new, crossed = sum(a.outcome == "kept" for a in answers), sum(a.crossed for a in answers)
        if new or crossed:
            what: dict[str, str | int] = {"diary": diary.diary, "entries": new, "crossed": crossed}
            record(connection, Kind.DIARY_ENTERED, _LINK, None, what, at=now)
        return Written(answers=tuple(answers), days=tuple(entries_of(connection, diary.diary)))

    done = await (beside(house.store.write, kept) if len(entries) > _LONG else house.store.written(kept))
    return Response(msgspec.json.encode(done), media_type=JSON)


def shown(diary: Diary, entries: Sequence[Kept], house: House) -> Shown:
    """What the phone is told of a diary."""
    knowledge, now = house.knowledge, house.now()
    flags = flags_of(diary.columns, house.settings.country, knowledge)
    return Shown(
        diary=diary.diary,
        label=diary.label,
        by_part=diary.columns.by_part,
        medicines=tuple(
            Taken(agent=m.agent, name=capital(m.agent), unit=m.unit, planned=bool(m.planned))
            for m in diary.columns.medicines
        ),
        scales=tuple(_asked(name, knowledge) for name in diary.columns.scales),
        call=diary.call or house.settings.call,
        now=tuple(f.text for f in flags.now),
        team=tuple(f.text for f in flags.team),
        until=diary.until.isoformat(),
        today=day_of(now).isoformat(),
        days=tuple(entries),
    )


def _asked(name: str, knowledge: Knowledge) -> Asked:
    scale = knowledge.responses.scales[name]
    levels = tuple(level.rank for level in scale.levels)
    return Asked(scale=name, title=scale.title, low=scale.low, high=scale.high, levels=levels)


def _plain(entry: Entry) -> Entry:
    """The entry with its note as one harmless line, and a device's name that is short."""
    said = msgspec.structs.replace(entry.said, note=clean(entry.said.note)[:MOST_NOTE])
    return msgspec.structs.replace(entry, said=said, device=clean(entry.device)[:_MOST_DEVICE])


def _code(request: Request, house: House) -> str:
    """The code in the header. Raises 401 where there is none, and where it has not the form of one, as if no diary had it."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith(_SCHEME):
        raise Problem(401, house.knowledge.words("diary_page")["problems"]["no_code"])
    code = header[len(_SCHEME) :].strip()
    if not is_code(code):
        raise _ended("unknown", house.knowledge)
    return code


def _open(connection: Connection, code: str, house: House) -> Diary:
    """The diary of a code whose link works. Raises :class:`Problem` otherwise, naming in ``field`` why."""
    diary = diaries.by_code(connection, code)
    if diary is None:
        raise _ended("unknown", house.knowledge)
    if (state := diary.state(house.now())) != "open":
        raise _ended(state, house.knowledge)
    return diary


def _ended(how: str, knowledge: Knowledge) -> Problem:
    return Problem(404 if how == "unknown" else 410, knowledge.words("diary_page")["problems"][how], field=how)


def _file(name: str) -> Response:
    return Response(_bytes(name), media_type=FILES[name])


@lru_cache(maxsize=len(FILES))
def _bytes(name: str) -> bytes:
    """A file as it was built."""
    return (files("relaxant.service") / "static" / "diary" / name).read_bytes()
