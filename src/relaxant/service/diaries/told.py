"""What the API of the diaries answers, to the clinic and to the phone."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from relaxant.service.diaries.columns import Columns
from relaxant.service.diaries.diaries import State
from relaxant.service.diaries.entries import Answer, Kept

Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class _Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only; nothing stands beside what is named."""


class Summary(_Told, frozen=True, kw_only=True):
    """A diary in short. ``state``: of its link; ``days_written``: on how many something stands, ``two_devices``: on how many phones disagreed."""

    diary: str
    label: str | None
    state: State
    made: Time
    until: Time
    revoked: Time | None
    days_written: int
    last_day: Day | None
    two_devices: int


class Whole(Summary, frozen=True, kw_only=True):
    """A diary with what it asks and what is written in it."""

    columns: Columns
    call: str | None
    days: tuple[Kept, ...]


class Made(_Told, frozen=True, kw_only=True):
    """The link of a diary, shown this once, with its square as SVG."""

    diary: str
    link: str
    qr: str
    until: Time


class Taken(_Told, frozen=True, kw_only=True):
    """A medicine as the phone asks for it."""

    agent: str
    name: str
    unit: str
    planned: bool


class Asked(_Told, frozen=True, kw_only=True):
    """A scale as the phone asks for it. ``high`` is null for a count; ``levels`` are those that may be chosen, none for a number."""

    scale: str
    title: str
    low: float
    high: float | None
    levels: tuple[float, ...]


class Shown(_Told, frozen=True, kw_only=True):
    """What the phone is told of a diary: never what is planned, so that nothing on it tells anybody what to take."""

    diary: str
    label: str | None
    by_part: bool
    medicines: tuple[Taken, ...]
    scales: tuple[Asked, ...]
    call: str | None
    now: tuple[str, ...]
    team: tuple[str, ...]
    until: Time
    today: Day
    days: tuple[Kept, ...]


class Written(_Told, frozen=True, kw_only=True):
    """What became of every entry that was sent, and what then stands."""

    answers: tuple[Answer, ...]
    days: tuple[Kept, ...]
