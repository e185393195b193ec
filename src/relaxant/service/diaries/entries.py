"""What a person wrote: one entry for a day or a part of it. The entry written last stands, whichever phone it came from and whenever it arrived."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from relaxant.io.scale_score import on_step
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.knowledge.scales import Scale
from relaxant.quantities import plain_number
from relaxant.report.blocks import Words
from relaxant.service.diaries.columns import MOST_DOSE, Columns
from relaxant.service.store.tables import ENTRIES
from relaxant.service.store.times import day_of, milliseconds

MOST_NOTE = 500
MOST_AT_ONCE = 1000
_MOST_COUNT = 999
_MOST_CROSSED = 50
_BEFORE = timedelta(days=31)  # how long before a diary was made a day may lie: someone may copy what stood on paper
_AHEAD = timedelta(days=1)  # where the sun rises earlier than here
_WHOLE_DAY = ""  # of the table's column

Taken = Literal["planned", "other", "none"] | float
"""A dose: as planned, none, another amount, or another that was not said."""

Outcome = Literal["kept", "same", "older", "refused"]


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry says; what is left out was not said. An entry that says nothing takes back what was there."""

    scores: dict[str, float] = {}
    doses: dict[str, Taken] = {}
    note: str = ""

    @property
    def empty(self) -> bool:
        return not (self.scores or self.doses or self.note)


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry as a phone sends it. ``written``: the phone's time, in milliseconds since 1970; ``device``: a random name of the phone's own."""

    day: date
    part: DayPart | None = None
    written: int
    device: str = ""
    said: Said


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as it stands. ``others``: how many words of other phones for the same time gave way to these."""

    day: date
    part: DayPart | None
    written: int
    said: Said
    others: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an entry that was sent; ``why`` it was refused; ``crossed``: it and another phone's words for the same time differed, and one gave way."""

    day: date
    part: DayPart | None
    written: int
    outcome: Outcome
    why: str | None = None
    crossed: bool = False


class _Row(msgspec.Struct, frozen=True):
    """What the column ``said`` holds. ``sent``: the time of the phone ``device`` as it said it. ``crossed``: phones whose other words gave way, each with its time."""

    said: Said
    device: str
    sent: int
    crossed: tuple[tuple[str, int], ...] = ()


def keep(connection: Connection, diary: str, columns: Columns, made: date, entries: Sequence[Entry], now: datetime, knowledge: Knowledge) -> list[Answer]:  # fmt: skip
    """Keeps what is newer than what stands, each entry by itself; sent again, it changes nothing."""
    words = knowledge.words("diary_page")["problems"]
    return [_keep(connection, diary, columns, made, entry, now, knowledge, words) for entry in entries]


def _keep(connection: Connection, diary: str, columns: Columns, made: date, entry: Entry, now: datetime, knowledge: Knowledge, words: Words) -> Answer:  # fmt: skip
    def answered(outcome: Outcome, why: str | None = None, crossed: bool = False) -> Answer:
        return Answer(day=entry.day, part=entry.part, written=entry.written, outcome=outcome, why=why, crossed=crossed)

    why = fault_of(entry, columns, made, now, knowledge, words)
    if why is not None:
        return answered("refused", why)
    kept = milliseconds(now)
    written = max(0, min(entry.written, kept))  # a clock that runs ahead must not win for ever
    at = (ENTRIES.c.diary == diary) & (ENTRIES.c.day == entry.day.isoformat()) & (ENTRIES.c.part == (entry.part or _WHOLE_DAY))  # fmt: skip
    found = connection.execute(select(ENTRIES.c.said, ENTRIES.c.written).where(at)).one_or_none()
    row = _Row(entry.said, entry.device, entry.written)
    if found is None:
        values = {"diary": diary, "day": entry.day.isoformat(), "part": entry.part or _WHOLE_DAY}
        connection.execute(insert(ENTRIES).values(said=_text(row), written=written, kept=kept, **values))
        return answered("kept")
    before = msgspec.json.decode(found.said, type=_Row)
    if before.said == row.said:
        connection.execute(update(ENTRIES).where(at).values(written=max(found.written, written)))
        return answered("same")
    if (found.written, before.device) > (written, row.device):
        crossed = before.crossed if before.device == row.device else _with(before.crossed, (row.device, row.sent))
        if crossed == before.crossed:
            return answered("older")
        connection.execute(
            update(ENTRIES).where(at).values(said=_text(msgspec.structs.replace(before, crossed=crossed)))
        )
        return answered("older", crossed=True)
    crossed = before.crossed if before.device == row.device else _with(before.crossed, (before.device, before.sent))
    row = msgspec.structs.replace(row, crossed=crossed)
    connection.execute(update(ENTRIES).where(at).values(said=_text(row), written=written, kept=kept))
    return answered("kept", crossed=crossed != before.crossed)


def _with(crossed: tuple[tuple[str, int], ...], one: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    """What crossed, and one more; sent again it is there already."""
    return crossed if one in crossed or len(crossed) >= _MOST_CROSSED else (*crossed, one)


def entries_of(connection: Connection, diary: str) -> list[Kept]:
    """The entries of a diary that say something, in order of day and part."""
    rows = connection.execute(select(ENTRIES.c.day, ENTRIES.c.part, ENTRIES.c.said, ENTRIES.c.written).where(ENTRIES.c.diary == diary))  # fmt: skip
    order = {part: i for i, part in enumerate((None, *DAY_PARTS))}
    out = [_kept(row.day, row.part, row.said, row.written) for row in rows]
    return sorted((e for e in out if not e.said.empty), key=lambda e: (e.day, order[e.part]))


def erase_entries(connection: Connection, diary: str) -> None:
    """Erases every entry of a diary."""
    connection.execute(delete(ENTRIES).where(ENTRIES.c.diary == diary))


def _kept(day: str, part: str, said: str, written: int) -> Kept:
    row = msgspec.json.decode(said, type=_Row)
    return Kept(day=date.fromisoformat(day), part=msgspec.convert(part or None, DayPart | None), written=written, said=row.said, others=len(row.crossed))  # fmt: skip


def _text(row: _Row) -> str:
    return msgspec.json.encode(row).decode()


# ---------------------------------------------------------------- what an entry may say


def fault_of(entry: Entry, columns: Columns, made: date, now: datetime, knowledge: Knowledge, words: Words) -> str | None:  # fmt: skip
    """Why an entry cannot be kept, in words for the person; ``None`` where it can."""
    if entry.day > day_of(now) + _AHEAD:
        return str(words["later"].format(day=entry.day.isoformat()))
    if entry.day < made - _BEFORE:
        return str(words["early"].format(day=entry.day.isoformat()))
    if (entry.part is not None) != columns.by_part:
        return str(words["part" if columns.by_part else "whole"])
    for name, value in entry.said.scores.items():
        if name not in columns.scales:
            return str(words["no_scale"].format(name=name))
        scale = knowledge.responses.scales[name]
        if not _fits(value, scale):
            return str(words["out"].format(title=scale.title, value=plain_number(value)))
    for agent, dose in entry.said.doses.items():
        if columns.medicine(agent) is None:
            return str(words["no_agent"].format(name=agent))
        if isinstance(dose, int | float) and not (math.isfinite(dose) and 0 <= dose <= MOST_DOSE):
            return str(words["dose"])
    return None


def _fits(value: float, scale: Scale) -> bool:
    """Whether a number is a score of the scale."""
    most = _MOST_COUNT if scale.high is None else scale.high
    return math.isfinite(value) and scale.low <= value <= most and on_step(value, scale)
