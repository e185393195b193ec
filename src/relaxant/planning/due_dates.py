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


class Span(msgspec.Struct, frozen=True):
    """The days from ``first`` up to ``until``, which is not among them; endless without it."""

    first: date
    until: date | None = None


class Anchors(msgspec.Struct, frozen=True, kw_only=True):
    """The days that the follow-ups of one agent are counted from; ``None`` or none where a day is not known.

    ``highest`` are the days on which the present dose and the one that is weighed or planned are reached, ``daily`` the days of a day's dose that a
    follow-up names, ``rises`` the day on which the present dose is left for a higher one, ``refill`` the day by which a pump is to be refilled. ``since_known`` is false where the present dose has no first day.
    ``ends`` is the day of the last dose, where it is planned.
    """

    review: date
    start: date | None = None
    highest: tuple[date, ...] = ()
    rises: date | None = None
    daily: Span | None = None
    sessions: tuple[date, ...] = ()
    refill: date | None = None
    changes: tuple[Change, ...] = ()
    since_known: bool = True
    ends: date | None = None


class When(msgspec.Struct, frozen=True, kw_only=True):
    """The next day on which something is due (``None``: nothing falls due), the days after it, and whether the anchor is known."""

    due: date | None
    then: tuple[date, ...] = ()
    anchored: bool = True


def later(day: date, days: float) -> date:
    """So many whole days after a day, at most the calendar's last; before it where ``days`` is below nought."""
    return date.fromordinal(min(max(day.toordinal() + int(days), 1), date.max.toordinal()))


def anchor_days(follow: FollowUp, anchors: Anchors) -> tuple[date, ...]:
    """The days that the follow-up is counted from, in order; none where they are not known."""
    if follow.anchor == "step":
        sign = {"every": 0, "rise": 1, "fall": -1}[follow.steps]
        return tuple(sorted(c.day for c in anchors.changes if (c.by * sign > 0 if sign else c.by)))
    if follow.anchor in ("highest dose", "session"):
        return tuple(sorted(anchors.highest if follow.anchor == "highest dose" else anchors.sessions))
    found = {
        "start": anchors.start,
        "daily dose": anchors.daily.first if anchors.daily else None,
        "refill": anchors.refill,
        "review": anchors.review,
        "last dose": anchors.ends,
    }[follow.anchor]
    return () if found is None else (found,)


def fixed_days(follow: FollowUp, anchors: Anchors) -> tuple[date, ...]:
    """Every day that the follow-up names after its anchor and up to the last dose, in order; what goes on without end is not among them."""
    first = _first_repeat(follow)
    out = set()
    for day in anchor_days(follow, anchors):
        named = {later(day, d) for d in follow.days}
        if follow.anchor == "highest dose" and not follow.labs and anchors.rises is not None and day < anchors.rises:
            named = {
                d for d in named if d < anchors.rises
            }  # from then on it is not the highest, and nobody asks what it brings
        out |= {min(d, _step_ends(day, anchors)) for d in named} if follow.within_step else named
        if first is not None and follow.every_days is not None and follow.to_day is not None:
            count = int((follow.to_day - first) // follow.every_days) + 1
            out |= {later(day, first + i * follow.every_days) for i in range(count)}
    if follow.anchor == "daily dose" and anchors.daily is not None and anchors.daily.until is not None:
        out = {day for day in out if day < anchors.daily.until}
    return tuple(sorted(day for day in out if _in_time(follow, anchors, day)))


def _step_ends(day: date, anchors: Anchors) -> date:
    """The last day of the dose that begins on a day: the one before the next change, or that of the last dose."""
    changed = min((c.day for c in anchors.changes if c.by and c.day > day), default=None)
    last = date.max if changed is None else later(changed, -1)
    return max(day, last if anchors.ends is None else min(last, anchors.ends))


def _in_time(follow: FollowUp, anchors: Anchors, day: date) -> bool:
    """Whether the medicine is still taken on a day. What counts from the last dose is for the days after it, and a pump that is not refilled
    fails whatever is planned."""
    return anchors.ends is None or follow.anchor in ("last dose", "refill") or day <= anchors.ends


def _first_repeat(follow: FollowUp) -> float | None:
    return follow.every_days if follow.from_day is None else follow.from_day


def when_due(
    follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float, again: date | None = None
) -> When:
    """When the follow-up is due next. ``last`` is the day of the newest value that counts as done; ``valid_days`` is how long such a
    value stays true, and so how old a baseline may be; ``again`` the day by which that value is to be measured again, being what it is.

    A value counts for a day when it was taken on it, after it, or up to ``grace_days`` before it. What goes on without end is due an
    interval after the last value, and nothing after the last dose but ``again`` and what counts from that day. Where nothing is on record because nothing is measured, the next day speaks, and when there is
    none the last that has passed.
    """
    found = _when(follow, anchors, last, valid_days)
    due = min([day for day in (found.due, again) if day is not None], default=None)
    then = () if due is None else days_after(follow, anchors, max(due, anchors.review), valid_days)
    return When(due=due, then=then if found.due is not None or again is not None else (), anchored=found.anchored)


def days_after(follow: FollowUp, anchors: Anchors, done: date, valid_days: float) -> tuple[date, ...]:
    """The days of a year on which it is due when it was done on a day; of what is asked, all that lie after that day."""
    if not anchor_days(follow, anchors):
        return ()
    if not follow.labs:
        return tuple(day for day in _asked_days(follow, anchors) if done < day <= later(anchors.review, _AHEAD))
    days = {day for day, before in _wanted(follow, anchors, valid_days) if later(day, -before) > done}
    rolling = _rolling(follow, anchors, done)
    if rolling is not None and follow.every_days is not None:
        days |= {day for day in _repeated(rolling, follow.every_days, anchors.review) if _in_time(follow, anchors, day)}
    return tuple(sorted(day for day in days if done < day <= later(anchors.review, _AHEAD)))


def _when(follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float) -> When:
    days = anchor_days(follow, anchors)
    if not days or (follow.anchor == "highest dose" and not anchors.since_known):
        found = _without_anchor(follow, anchors, last, valid_days)
        if found.due is not None or not days:
            return found
    return _measured(follow, anchors, last, valid_days) if follow.labs else _asked(follow, anchors)


def _without_anchor(follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float) -> When:
    """What falls due where the day to count from is not known: now, unless a value of the last interval is on record."""
    if anchors.start is not None and follow.baseline and anchors.since_known:
        return _measured(follow, anchors, last, valid_days)
    if follow.anchor in ("step", "daily dose") and anchors.start is not None and anchors.since_known:
        return When(due=None)  # known, and without such a step or such a dose
    if follow.anchor == "refill" and anchors.start is not None and anchors.start >= anchors.review:
        return When(due=None)  # nothing is in it yet
    if follow.lapses_days is not None or follow.not_before or follow.anchor in ("step", "session"):
        return When(due=None, anchored=False)  # its moment may have passed long ago
    interval = follow.every_days or valid_days
    if follow.labs and last is not None and (anchors.review - last).days <= interval:
        return When(due=later(last, interval) if follow.every_days else None, anchored=False)
    return When(due=anchors.review, anchored=False)


def _wanted(follow: FollowUp, anchors: Anchors, valid_days: float) -> list[tuple[date, float]]:
    """The days on which a value is wanted, each with how long before it one may have been taken."""
    named = {later(day, d) for day in anchor_days(follow, anchors) for d in follow.days}
    short = follow.grace_days if follow.days_grace is None else follow.days_grace
    wanted = [(day, short if day in named else follow.grace_days) for day in fixed_days(follow, anchors)]
    if follow.baseline:
        wanted.append((anchors.start or anchors.review, valid_days))
    return wanted


def _measured(follow: FollowUp, anchors: Anchors, last: date | None, valid_days: float) -> When:
    wanted = _wanted(follow, anchors, valid_days)
    open_days = sorted(day for day, before in wanted if last is None or later(day, -before) > last)
    if follow.lapses_days is not None:
        open_days = [day for day in open_days if (anchors.review - day).days <= follow.lapses_days]
    rolling = _rolling(follow, anchors, last)
    if rolling is not None and not _in_time(follow, anchors, rolling):
        rolling = None
    return When(due=min([*open_days, *([rolling] if rolling else [])], default=None))


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


def _asked_days(follow: FollowUp, anchors: Anchors) -> list[date]:
    """The days on which something is asked, in order; of what goes on without end those from the last one before the review on."""
    today = anchors.review
    days = set(fixed_days(follow, anchors))
    rolling = _rolling(follow, anchors, None)
    if rolling is not None and follow.every_days is not None:
        skipped = max(0, (today - rolling).days // int(follow.every_days))
        days |= set(_repeated(later(rolling, skipped * follow.every_days), follow.every_days, today))
    return sorted(day for day in days if _in_time(follow, anchors, day))


def _asked(follow: FollowUp, anchors: Anchors) -> When:
    today, days = anchors.review, _asked_days(follow, anchors)
    ahead = next((day for day in days if day >= today), None)
    passed = max((day for day in days if day < today), default=None)
    due = (passed or ahead) if follow.not_before else (ahead or passed)
    lapsed = due is not None and follow.lapses_days is not None and (today - due).days > follow.lapses_days
    return When(due=None if lapsed else due)
