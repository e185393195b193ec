"""When something is due: the dates of a follow-up, and the next of them that the record does not show as done. All days are whole days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from relaxant.knowledge.plans import FollowUp

_AHEAD = 366  # how many days ahead later dates are listed


class Change(msgspec.Struct, frozen=True):
    """A day on which the dose changed or is planned to; ``by`` is the day's dose after it less that before."""

    day: date
    by: float


class Anchors(msgspec.Struct, frozen=True, kw_only=True):
    """The days that the follow-ups of one agent are counted from; ``None`` where a day is not known. ``line`` is the day from which the
    present dose, or the one that is weighed, holds."""

    review: date
    start: date | None = None
    line: date | None = None
    highest: date | None = None
    session: date | None = None
    changes: tuple[Change, ...] = ()


class When(msgspec.Struct, frozen=True, kw_only=True):
    """The next day on which something is due (``None``: nothing falls due), the days after it, and whether the anchor is known."""

    due: date | None
    then: tuple[date, ...] = ()
    anchored: bool = True


def later(day: date, days: float) -> date:
    """So many whole days after a day, at most the calendar's last; before it where ``days`` is below nought."""
    return date.fromordinal(min(max(day.toordinal() + int(days), 1), date.max.toordinal()))


def anchor_days(follow: FollowUp, anchors: Anchors) -> tuple[date, ...]:
    """The days that the follow-up is counted from; none where they are not known."""
    if follow.anchor == "step":
        sign = {"every": 0, "rise": 1, "fall": -1}[follow.steps]
        return tuple(c.day for c in anchors.changes if not sign or c.by * sign > 0)
    found = {
        "start": anchors.start,
        "highest dose": anchors.highest,
        "session": anchors.session,
        "review": anchors.review,
    }[follow.anchor]
    return () if found is None else (found,)


def fixed_days(follow: FollowUp, anchors: Anchors) -> tuple[date, ...]:
    """Every day that the follow-up names after its anchor, in order; what goes on without end is not among them."""
    first = _first_repeat(follow)
    out = set()
    for day in anchor_days(follow, anchors):
        out |= {later(day, d) for d in follow.days}
        if first is not None and follow.every_days is not None and follow.to_day is not None:
            count = int((follow.to_day - first) // follow.every_days) + 1
            out |= {later(day, first + i * follow.every_days) for i in range(count)}
    return tuple(sorted(out))


def _first_repeat(follow: FollowUp) -> float | None:
    return follow.every_days if follow.from_day is None else follow.from_day


def when_due(follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float) -> When:
    """When the follow-up is due next. ``last`` is the day of the newest value that counts as done; ``valid_days`` is how long such a
    value stays true, and so how old a baseline may be.

    A value counts for a day when it was taken on it, after it, or up to ``grace_days`` before it. What goes on without end is due an
    interval after the last value. Where nothing is on record because nothing is measured, the next day speaks, and when there is
    none the last that has passed.
    """
    if not anchor_days(follow, anchors):
        return _without_anchor(follow, anchors, last, valid_days)
    return _measured(follow, anchors, last, valid_days) if follow.labs else _asked(follow, anchors)


def _without_anchor(follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float) -> When:
    """What falls due where the day to count from is not known: now, unless a value of the last interval is on record."""
    if anchors.start is not None and follow.baseline:
        return _measured(follow, anchors, last, valid_days)
    if follow.anchor == "step" and anchors.start is not None:
        return When(due=None)  # known, and without such a step
    if follow.lapses_days is not None or follow.not_before or follow.anchor in ("step", "session"):
        return When(due=None, anchored=False)  # its moment may have passed long ago
    interval = follow.every_days or valid_days
    if follow.labs and last is not None and (anchors.review - last).days <= interval:
        return When(due=later(last, interval) if follow.every_days else None, anchored=False)
    return When(due=anchors.review, anchored=False)


def _measured(follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float) -> When:
    today, grace = anchors.review, follow.grace_days
    wanted = [(day, grace) for day in fixed_days(follow, anchors)]
    if follow.baseline:
        wanted.append((anchors.start or today, valid_days))
    open_days = sorted(day for day, before in wanted if last is None or later(day, -before) > last)
    if follow.lapses_days is not None:
        open_days = [day for day in open_days if (today - day).days <= follow.lapses_days]
    rolling = _rolling(follow, anchors, last)
    due = min([*open_days, *([rolling] if rolling else [])], default=None)
    if due is None:
        return When(due=None)
    done = max(due, today)  # the day on which it will have been done
    then = {day for day, before in wanted if later(day, -before) > done}
    if rolling is not None and follow.every_days is not None:
        then |= set(_repeated(rolling if rolling > done else done, follow.every_days, today))
    return When(due=due, then=tuple(sorted(day for day in then if done < day <= later(today, _AHEAD))))


def _rolling(follow: FollowUp, anchors: Anchors, last: date | None) -> date | None:
    """The next day of what goes on without end; ``None`` for what has an end, or does not repeat."""
    first, days = _first_repeat(follow), anchor_days(follow, anchors)
    if first is None or follow.every_days is None or follow.to_day is not None or not days:
        return None
    begins = later(days[0], first)
    if last is None:
        return begins
    again = later(last, follow.every_days)
    return max(again, begins if follow.from_day is not None else anchors.start or again)


def _repeated(day: date, every_days: float, today: date) -> Iterator[date]:
    while day <= later(today, _AHEAD):
        yield day
        if (following := later(day, every_days)) <= day:
            return
        day = following


def _asked(follow: FollowUp, anchors: Anchors) -> When:
    today = anchors.review
    days = set(fixed_days(follow, anchors))
    rolling = _rolling(follow, anchors, None)
    if rolling is not None and follow.every_days is not None:
        skipped = max(0, (today - rolling).days // int(follow.every_days))
        days |= set(_repeated(later(rolling, skipped * follow.every_days), follow.every_days, today))
    ahead = sorted(day for day in days if day >= today)
    passed = max((day for day in days if day < today), default=None)
    first = ahead[0] if ahead else None
    due = (passed or first) if follow.not_before else (first or passed)
    lapsed = due is not None and follow.lapses_days is not None and (today - due).days > follow.lapses_days
    if due is None or lapsed:
        return When(due=None)
    return When(due=due, then=tuple(day for day in ahead if due < day <= later(today, _AHEAD)))
