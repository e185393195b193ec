"""What a diary says was taken: by day, and as stretches of one dose with the days on which it was less or more."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.diary import Diary
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import Onset
from relaxant.response.course import Medicine

Floats = NDArray[np.float64]
_BACK, _AWAY = 0.2, 0.5  # of the largest change: no further off is back, further off is away


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Days of one usual dose a day. ``less`` and ``more``: on how many of them less or more was taken."""

    agent: str
    dose: float
    unit: str
    first: date
    last: date
    days: int
    less: int = 0
    more: int = 0


Asked = Literal["last days", "while it was different", "while it acts"]


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """A dose of one day, many times what is usual: taken for the highest usual one."""

    agent: str
    day: date
    dose: float
    usual: float
    unit: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The days that are used, from ``first`` on. ``medicines`` by agent. ``start``: the day from which on doses are no longer those of the beginning;
    ``days`` where they stay so. ``now``: from which day to before which is set against the days before, and why these (``asked``): the last ones; the
    last with another dose, where it is back to what it was; those on which what was given once acts.
    ``stretches`` of what is taken daily, day by day of what is given rarely. ``carried``: by agent, on how many days
    nothing was written; ``seldom``: on how many days it was taken, where no dose a day is usual. ``less``: on how many days less than the usual dose of
    any was taken. ``lowered``: the doses have gone down and none up."""

    first: date
    days: int
    medicines: dict[str, Medicine]
    stretches: tuple[Stretch, ...]
    start: int
    now: tuple[int, int]
    asked: Asked
    lowered: bool
    slips: tuple[Slip, ...]
    carried: dict[str, int]
    seldom: dict[str, int]
    less: int
    cut: bool

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    def day(self, place: int) -> date:
        """The date of a day by its place."""
        return self.first + timedelta(days=place)


def taken(diary: Diary, knowledge: Knowledge) -> Taken:
    """What was taken in the last ``respond_window`` days of a diary.

    A day on which nothing was written of a dose counts as the day before: to forget to write is not to forget to take.
    """
    most, lapse = int(knowledge.policy("respond_window")), int(knowledge.policy("respond_lapse"))
    first = max(diary.first, diary.last - timedelta(days=most - 1))
    days = (diary.last - first).days + 1
    medicines, carried, seldom, starts, found = {}, {}, {}, [days], []
    less = np.zeros(days, dtype=bool)
    usuals, sessions, slips = dict[str, Floats](), list[tuple[int, Onset]](), list[Slip]()
    for agent, unit in diary.units.items():
        onset = onset_of(agent, knowledge)
        doses, carried[agent] = by_day(diary, agent, first, days, carry=onset is None or onset.fades is None)
        delay, fades = (None, None) if onset is None else (onset.days, onset.fades)
        if onset is not None and fades is not None:
            given = [int(d) for d in np.flatnonzero(doses)]
            starts += [d for d in given if d > 0][:1]
            found += [_stretch(agent, unit, doses, doses, first, d, d + 1) for d in given]
            sessions += [(d, onset) for d in given]
            medicines[agent] = Medicine(doses=doses, delay=delay, fades=fades)
            continue
        own = usual(doses, lapse)
        if _seldom(doses, own, knowledge.policy("respond_least_days")):
            own, seldom[agent] = np.zeros(days), int((doses > 0).sum())
        highest = float(own.max())
        less |= doses < own
        slips += [
            Slip(agent=agent, day=first + timedelta(days=int(d)), dose=float(doses[d]), usual=highest, unit=unit)
            for d in np.flatnonzero((doses > knowledge.policy("respond_slip") * highest) & (highest > 0))
        ]
        starts += [int(d) for d in np.flatnonzero(own != own[0])[:1]]
        found += [_stretch(agent, unit, doses, own, first, begin, end) for begin, end in _runs(own)]
        usuals[agent] = own
        medicines[agent] = Medicine(
            doses=doses if agent in seldom else np.minimum(doses, highest),
            before=float(own[0]),
            most=float(np.abs(own - own[0]).max()) or None,
            delay=delay,
            fades=fades,
        )
    now, asked = _now(usuals, sessions, days, knowledge)
    moved = [own[slice(*now)].mean() - own[0] for own in usuals.values()]
    return Taken(
        first=first,
        days=days,
        medicines=medicines,
        stretches=tuple(found),
        start=min(starts),
        now=now,
        asked=asked,
        lowered=not sessions and any(m < 0 for m in moved) and not any(m > 0 for m in moved),
        slips=tuple(slips),
        carried={agent: count for agent, count in carried.items() if count},
        seldom=seldom,
        less=int(less.sum()),
        cut=first > diary.first,
    )


def _now(usuals: dict[str, Floats], sessions: list[tuple[int, Onset]], days: int, knowledge: Knowledge) -> tuple[tuple[int, int], Asked]:  # fmt: skip
    """The days that are set against those before."""
    last = min(int(knowledge.policy("respond_now")), days)
    changes = [np.abs(own - own[0]) for own in usuals.values() if (own != own[0]).any()]
    if changes and all(c[-1] <= _BACK * c.max() for c in changes):
        away = np.max([c / c.max() for c in changes], axis=0) > _AWAY
        end = int(np.flatnonzero(away)[-1]) + 1
        begin = next((d + 1 for d in range(end - 1, -1, -1) if not away[d]), 0)
        return (max(begin, end - last), end), "while it was different"
    if sessions and not changes:
        given, onset = sessions[-1]
        begin, end = given + math.ceil(onset.days[1]), min(days, given + math.ceil(onset.fades or 0))
        if begin + int(knowledge.policy("respond_least_days")) <= end:
            return (begin, end), "while it acts"
    return (days - last, days), "last days"


def onset_of(agent: str, knowledge: Knowledge) -> Onset | None:
    """How soon an agent acts; ``None`` where no source says."""
    return next((o for o in knowledge.responses.onsets.values() if agent in o.agents), None)


def usual(doses: Floats, lapse: int) -> Floats:
    """The usual dose of each day, of one agent's, shape (days,): what leads back to the dose before within ``lapse`` days is a lapse of it.

    >>> usual(np.array([30, 30, 0, 30, 45, 45.0]), 3).tolist()
    [30.0, 30.0, 30.0, 30.0, 45.0, 45.0]
    """
    out, day = doses.copy(), 1
    while day < len(doses):
        before = out[day - 1]
        again = np.flatnonzero(doses[day : day + lapse + 1] == before)
        if len(again):
            out[day : day + int(again[0])] = before
            day += int(again[0])
        day += 1
    return out


def _seldom(doses: Floats, own: Floats, least: float) -> bool:
    """Whether no dose is usual: the last days have none, and more days have one beside those on which it was usual, fewer than could be compared with."""
    usually = int((own > 0).sum())
    return bool(own[-1] == 0 and usually < least and int((doses[own == 0] > 0).sum()) > usually)


def by_day(diary: Diary, agent: str, first: date, days: int, *, carry: bool) -> tuple[Floats, int]:
    """An agent's dose by day, and on how many days it was not written; with ``carry`` these are as the day before, else nothing."""
    written = dict[int, float]()
    for entry in diary.entries:
        if agent in entry.doses:
            day = (entry.day - first).days
            written[day] = written.get(day, 0.0) + entry.doses[agent]
    doses = np.array([written.get(day, np.nan) for day in range(days)])
    before = written[max(earlier)] if (earlier := [day for day in written if day < 0]) else 0.0
    missing = int(np.isnan(doses).sum())
    if not carry:
        return np.nan_to_num(doses), 0
    for day in range(days):
        before = doses[day] = before if np.isnan(doses[day]) else float(doses[day])
    return doses, missing


def _runs(values: Floats) -> list[tuple[int, int]]:
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(itertools.pairwise(edges))


def _stretch(agent: str, unit: str, doses: Floats, own: Floats, first: date, begin: int, end: int) -> Stretch:
    return Stretch(
        agent=agent,
        dose=float(own[begin]),
        unit=unit,
        first=first + timedelta(days=begin),
        last=first + timedelta(days=end - 1),
        days=end - begin,
        less=int((doses[begin:end] < own[begin]).sum()),
        more=int((doses[begin:end] > own[begin]).sum()),
    )
