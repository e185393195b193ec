"""What is given in sessions: when the last was, and what those give that act together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from relaxant.facts.column import Floats, Mask
from relaxant.facts.line_kinds import BY_FIELD, repeats
from relaxant.facts.lines import STOPPED, STOPPING, WEIGHED, AgentLines, days_before, grouped, reduced
from relaxant.medicines.medicine import Medicine

_ONCE, _WAIT = BY_FIELD["once"], BY_FIELD["wait"]
_AT_ONCE = slice(BY_FIELD["least"], BY_FIELD["most"] + 1)


def last_session(lines: Sequence[Medicine], as_of: date) -> tuple[date | None, bool]:
    """The newest day on which lines of something given in sessions tell of one, and whether there was surely none since."""
    if not lines:
        return None, True
    table = np.array(
        [
            (
                *repeats(m.regimen),
                bool(m.regimen.doses),
                m.role == "stopped",
                days_before(m.regimen.start, as_of),
                days_before(m.regimen.stop, as_of),
            )
            for m in lines
        ]
    ).T
    once, interval, doses, stopped, start, stop = table
    days, sure = _of_lines(once > 0, np.where(doses > 0, interval, np.nan), stopped > 0, start, stop)
    newest = np.fmin.reduce(days).item()
    return None if math.isnan(newest) else as_of - timedelta(days=newest), bool(sure.all())


def _of_lines(once: Mask, wait: Floats, stopped: Mask, start: Floats, stop: Floats) -> tuple[Floats, Mask]:
    """The days since the session that each line tells of, NaN where of none, and whether there was surely none since.

    Each line was given on its first day. One that is given again and again had surely no other session until its interval was over; one
    that was stopped had its last on the day of the stop, at the latest.
    """
    day = np.where(stopped & ~once, stop, np.where(np.isnan(start), stop, start))
    day = np.where(day >= 0, day, np.nan)
    return day, (day < wait) | (stopped & (day >= 0))


def sessions_of(agent: str, lines: AgentLines, weight: Floats, known: Mask, together: float) -> dict[str, Floats]:
    """``session_low`` and ``_high``, the least and the most days from the last session up to today or, later, the day of the one that is
    weighed, endless where none was or none is weighed; ``sessions_low`` and ``_high``, what the sessions give within ``together`` days up to
    today or the one that is weighed. Each of shape (rows,), as ``weight`` (kg) and ``known`` (whether the list of medicines was said)."""
    place = [known_agent.agent for known_agent in lines.agents].index(agent)
    own = lines.part(slice(*lines.agent.searchsorted((place, place + 1)).tolist()))
    groups, (start, stop) = grouped(own, weight, known), own.days
    ahead, leaving, stopped = (own.role == role for role in (WEIGHED, STOPPING, STOPPED))
    days, sure = _of_lines(groups.kind[_ONCE] == 1, groups.kind[_WAIT], stopped, start, stop)
    weighed = reduced(np.logical_or, ahead, groups.first)
    until = reduced(np.minimum, np.where(ahead, np.where(np.isnan(start), 0.0, start), np.inf), groups.first)
    until = np.where(weighed, until, 0.0)
    before = ~(ahead | leaving)
    last = reduced(np.minimum, np.where(before & (days >= 0), days, np.inf), groups.first)
    unsure = reduced(np.logical_or, before > sure, groups.first)
    since = np.where(weighed, last - np.minimum(until, 0.0), np.inf)
    within = ahead | (days - until[groups.of] < together)
    counted = ~leaving & np.array((within, within | ~(sure | ahead)))
    least, most = reduced(np.add, np.where(counted, groups.kind[_AT_ONCE], 0.0), groups.first)
    said = {
        "session_low": np.where(weighed & (unsure | ~groups.known), 0.0, since),
        "session_high": since,
        "sessions_low": least,
        "sessions_high": np.where(groups.known, most, np.inf),
    }
    out = dict(zip(said, np.full((len(said), len(weight)), np.nan), strict=True))
    for name, values in said.items():
        out[name][groups.row] = values
    return out
