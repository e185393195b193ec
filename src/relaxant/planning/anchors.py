"""The days that what is followed of an agent is counted from: told by its lines and by the plans of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from relaxant.facts.facts import Facts
from relaxant.facts.sessions import last_session
from relaxant.knowledge.plans import FollowUp
from relaxant.medicines.medicine import Medicine
from relaxant.planning.due_dates import Anchors, Change, Span, later
from relaxant.planning.plan import Plan, Step
from relaxant.quantities import Quantity, convert
from relaxant.rules.wording import shown_agent_name

_RAISES = ("titration", "switch", "resume")


class Lines(NamedTuple):
    """What the lines of an agent and the plans of it say: the lines by their part in the review, the planned steps, and those that raise."""

    agent: str
    as_of: date
    current: list[Medicine]
    stopped: list[Medicine]
    weighed: list[Medicine]
    steps: list[Step]
    raised: list[Step]
    rise: float
    ends: date | None

    @property
    def present(self) -> date | None:
        """The day from which the present dose holds; ``None`` where nobody said it, or nothing is taken."""
        return max((d for m in self.current if (d := m.regimen.start) is not None and d <= self.as_of), default=None)

    @property
    def weighed_from(self) -> date | None:
        """The day on which what is weighed begins, the day of the review unless its line says another."""
        return max((m.regimen.start or self.as_of for m in self.weighed), default=None)


def lines_of(
    agent: str, facts: Facts, as_of: date, medicines: Sequence[Medicine], row: int, plans: Sequence[Plan]
) -> Lines:
    """The lines of an agent, and the steps of the plans that may be made."""
    own = [m for m in medicines if agent in m.agents]
    made = [p for p in plans if p.refused is None]
    weighed = [m for m in own if m.role == "considering" and m.change != "stop"]
    return Lines(
        agent,
        as_of,
        [m for m in own if m.role == "current"],
        [m for m in own if m.role == "stopped"],
        weighed,
        [s for p in made for s in p.steps if s.agent == agent],
        [s for p in made if p.kind in _RAISES for s in p.steps if s.agent == agent],
        _rise(agent, facts, row) if weighed else 0,
        _ends(agent, facts, as_of, own, made, plans),
    )


def _ends(agent: str, facts: Facts, as_of: date, own: Sequence[Medicine], made: Sequence[Plan], plans: Sequence[Plan]) -> date | None:  # fmt: skip
    """The day of the last dose: that of a plan which ends with one, of a stop that needs no steps, or of a line that says its own; ``None``
    where it is taken on, or no day is planned."""
    name = shown_agent_name(agent, facts)
    lasts = [
        max(steps, key=lambda s: s.first).last for p in made if (steps := [s for s in p.steps if s.agent == agent])
    ]
    lasts += [p.last_dose for p in made if p.kind == "taper" and not p.steps and p.agents == (name,)]
    if lasts:
        known = [day for day in lasts if day is not None]
        return max(known) if len(known) == len(lasts) else None
    current = [m for m in own if m.role == "current"]
    if any(name in p.agents for p in plans) or any(m.role == "considering" and m.change != "stop" for m in own):
        return None
    if any(m.stop_weighed for m in current):
        lowered = any(agent in t.agents for t in facts.knowledge.plans.tapers.values())
        return None if lowered else as_of
    said = [m.regimen.stop for m in current if m.regimen.stop is not None and m.regimen.stop >= as_of]
    return max(said) if current and len(said) == len(current) else None


def anchors_of(lines: Lines, refill: date | None) -> Anchors:
    """The first dose, the days of the highest doses and of the changes of dose. What is weighed is taken as begun on the day of the review,
    unless its line or a plan says another."""
    present, weighed = lines.present, lines.weighed_from
    highest = [] if present is None else [present]
    changes = [Change(s.first, s.changed) for s in lines.steps]
    rises: date | None = None
    if lines.raised:
        highest.append(max(s.first for s in lines.raised))
        rises = min((s.first for s in lines.raised if s.changed > 0), default=None)
    elif weighed is not None and (lines.rise > 0 or not lines.current):
        highest.append(weighed)
        rises = weighed
    if weighed is not None and not lines.steps:
        changes.append(Change(weighed, lines.rise if lines.current else 1))
    if present is not None:
        changes.append(Change(present, 1))
    return Anchors(
        review=lines.as_of,
        start=_start(lines),
        highest=tuple(dict.fromkeys(highest)),
        rises=rises,
        refill=refill,
        changes=tuple(sorted(changes, key=lambda c: c.day)),
        since_known=not lines.current or present is not None,
        ends=lines.ends,
    )


def _start(lines: Lines) -> date | None:
    """The first dose of the present course: a line that was stopped belongs to it where the next began by the day after."""
    if not lines.current:
        if lines.raised:
            return min(s.first for s in lines.raised)
        return min([m.regimen.start or lines.as_of for m in lines.weighed], default=None)
    begun = [d for m in lines.current if (d := m.regimen.start) is not None]
    before = [m.regimen for m in lines.stopped if m.regimen.start is not None]
    start = min(begun, default=None)
    if start is None:
        return min((r.start for r in before if r.start is not None and r.start <= lines.as_of), default=None)
    for regimen in sorted(before, key=lambda r: r.stop or date.max, reverse=True):
        if regimen.start is not None and regimen.start < start and (regimen.stop or start) >= later(start, -1):
            start = regimen.start
    return start if start <= lines.as_of else None


def _rise(agent: str, facts: Facts, row: int) -> float:
    """Whether what is weighed raises the dose (1), lowers it (-1) or leaves it (0); a start is a rise, as is what cannot be told."""
    low, high = facts.column(f"{agent}:dose_drop").bounds(row)
    return -1 if low > 0 else 0 if low == high == 0 else 1


# ---------------------------------------------------------------- sessions


def sessions(follow: FollowUp, lines: Lines) -> tuple[date, ...]:
    """The days of the sessions that a follow-up is counted from: the last on record and the one that is weighed.

    Where there may have been another since the last on record, that one still says from when at the earliest, and after that day nothing.
    """
    last, sure = last_session([*lines.current, *lines.stopped], lines.as_of)
    ahead = () if lines.weighed_from is None else (lines.weighed_from,)
    before = bool(lines.current or lines.stopped)
    if not before:
        return ahead
    first = min(follow.days, default=0.0)
    if last is None or (not sure and later(last, first) <= lines.as_of):
        return ()
    too_soon = follow.not_before and ahead and later(last, first) > ahead[0]
    return (last,) if too_soon else (last, *ahead)


# ---------------------------------------------------------------- the day of a dose


class _Spell(NamedTuple):
    """So much a day, in the agent's unit, from one day up to another; endless where ``until`` is ``None``."""

    first: date
    until: date | None
    daily: float


def daily_span(least: float, lines: Lines, facts: Facts) -> Span | None:
    """The days on which the day's dose is ``least`` (in the agent's unit) or more without a break: those of now, else the next that are
    planned or weighed. ``None`` where there are none, or where the line that makes them so has no first day."""
    unit = facts.knowledge.agents[lines.agent].dose_unit
    ends = min((s.first for s in lines.steps), default=lines.weighed_from)
    spells: list[_Spell] = []
    for line in lines.current:
        daily, start = _daily(line, unit), line.regimen.start
        if start is None and daily >= least:
            return None
        ended = ends if line.replaced or lines.steps else None
        spells.append(_Spell(start or date.min, ended, daily))
    spells += [_Spell(m.regimen.start, m.regimen.stop, _daily(m, unit)) for m in lines.stopped if m.regimen.start]
    if lines.steps:
        steps = sorted(lines.steps, key=lambda s: s.first)
        ends_of = [*(s.first for s in steps[1:]), None if steps[-1].last is None else later(steps[-1].last, 1)]
        spells += [_Spell(s.first, end, s.daily) for s, end in zip(steps, ends_of, strict=True)]
    else:
        spells += [_Spell(m.regimen.start or lines.as_of, None, _daily(m, unit)) for m in lines.weighed]
    # What is lowered today was taken until now, and what was due until now is still due.
    return next((s for s in _spans(least, spells) if s.until is None or s.until >= lines.as_of), None)


def _spans(least: float, spells: Sequence[_Spell]) -> list[Span]:
    days = sorted({s.first for s in spells} | {s.until for s in spells if s.until is not None})
    out: list[Span] = []
    since: date | None = None
    for day in days:
        total = sum(s.daily for s in spells if s.first <= day and (s.until is None or day < s.until))
        if total >= least:
            since = since or day
        elif since is not None:
            out.append(Span(since, day))
            since = None
    return [*out, Span(since)] if since is not None else out


def _daily(line: Medicine, unit: str) -> float:
    """The most that a line allows in a day, in a unit; endless where it says none."""
    daily = line.regimen.daily
    if daily is None or daily.high is None:
        return math.inf
    its = daily.unit.removesuffix("/day")
    amount = daily.high if its == unit else convert(Quantity(daily.high, its), unit)
    return math.inf if amount is None else amount
