"""Diaries: made, found by their code, listed, renewed, closed, erased."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from relaxant.service.diaries.codes import hash_of, new_code, same
from relaxant.service.diaries.columns import Columns
from relaxant.service.diaries.entries import erase_entries
from relaxant.service.store.tables import DIARIES
from relaxant.service.store.times import milliseconds, moment

State = Literal["open", "expired", "revoked"]


class Diary(msgspec.Struct, frozen=True, kw_only=True):
    """A diary that a link opens. Times are UTC."""

    diary: str
    label: str | None
    columns: Columns
    call: str | None
    made: datetime
    until: datetime
    revoked: datetime | None

    def state(self, now: datetime) -> State:
        """Whether its link works."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if now >= self.until else "open"


def make(connection: Connection, *, label: str | None, columns: Columns, call: str | None, days: int, now: datetime) -> tuple[str, str]:  # fmt: skip
    """A new diary: its id, and the code of its link, which is nowhere else."""
    diary, code = str(uuid.uuid4()), new_code()
    values = {"label": label, "columns": msgspec.json.encode(columns).decode(), "call": call}
    until = now + timedelta(days=days)
    connection.execute(insert(DIARIES).values(diary=diary, code=hash_of(code), made=milliseconds(now), until=milliseconds(until), revoked=None, **values))  # fmt: skip
    return diary, code


def by_code(connection: Connection, code: str) -> Diary | None:
    """The diary of a code, whether its link still works or not."""
    wanted = hash_of(code)
    row = connection.execute(select(DIARIES).where(DIARIES.c.code == wanted)).mappings().one_or_none()
    return _read(row) if row is not None and same(bytes(row["code"]), wanted) else None


def by_id(connection: Connection, diary: str) -> Diary | None:
    """The diary of an id."""
    row = connection.execute(select(DIARIES).where(DIARIES.c.diary == diary)).mappings().one_or_none()
    return None if row is None else _read(row)


def every(connection: Connection) -> list[Diary]:
    """All diaries, the newest first."""
    rows = connection.execute(select(DIARIES).order_by(DIARIES.c.made.desc(), DIARIES.c.diary)).mappings()
    return [_read(row) for row in rows]


def revoke(connection: Connection, diary: str, now: datetime) -> None:
    """Closes the link at once; one that is closed stays closed since then."""
    connection.execute(update(DIARIES).where((DIARIES.c.diary == diary) & DIARIES.c.revoked.is_(None)).values(revoked=milliseconds(now)))  # fmt: skip


def renew(connection: Connection, diary: str, days: int, now: datetime) -> None:
    """Lets the link live for so many days from now. One that was closed stays closed: who knows it should not."""
    connection.execute(update(DIARIES).where(DIARIES.c.diary == diary).values(until=milliseconds(now + timedelta(days=days))))  # fmt: skip


def new_link(connection: Connection, diary: str, days: int, now: datetime) -> str:
    """Another code in place of the one before, which opens nothing any more."""
    code = new_code()
    until = milliseconds(now + timedelta(days=days))
    connection.execute(update(DIARIES).where(DIARIES.c.diary == diary).values(code=hash_of(code), until=until, revoked=None))  # fmt: skip
    return code


def set_columns(connection: Connection, diary: str, columns: Columns) -> None:
    """What the diary asks, changed."""
    text = msgspec.json.encode(columns).decode()
    connection.execute(update(DIARIES).where(DIARIES.c.diary == diary).values(columns=text))


def erase(connection: Connection, diary: str) -> None:
    """Erases a diary with every entry."""
    erase_entries(connection, diary)
    connection.execute(delete(DIARIES).where(DIARIES.c.diary == diary))


def _read(row: Mapping[Any, Any]) -> Diary:
    return Diary(
        diary=row["diary"],
        label=row["label"],
        columns=msgspec.json.decode(row["columns"], type=Columns),
        call=row["call"],
        made=moment(row["made"]),
        until=moment(row["until"]),
        revoked=None if row["revoked"] is None else moment(row["revoked"]),
    )
