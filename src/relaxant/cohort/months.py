"""Month by month: who takes an agent, who is new to it, who stopped, at what dose and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from relaxant.cohort.days import EPOCH
from relaxant.cohort.looks import Looks
from relaxant.cohort.over_time import Month, OverTime
from relaxant.cohort.period import Period
from relaxant.cohort.uses import Uses
from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.rules.ragged import Index

_DAILY = "daily"


def count_months(
    out: OverTime, facts: Facts, looks: Looks, use: Uses, since: Index, abrupt: Index, period: Period
) -> None:
    """Counts one agent by the months of the period, of each person from the day ``since`` on. ``abrupt``: the looks at which an abrupt stop was first found."""
    first, last = period.days
    begin = np.maximum(looks.day, np.maximum(since[looks.person], first))
    end = np.minimum(looks.end, last)
    counted = begin <= end
    row, month = _last_of_month(np.flatnonzero(use.taking & counted), looks.person, begin, end)
    day = np.minimum(end[row], _last_day(month))
    seen = counted & (looks.day >= begin)  # what happens at a look happens on its day
    stopped = _once_a_month(np.flatnonzero(_stopped(facts, looks, use) & seen), looks)
    sudden = _once_a_month(abrupt[seen[abrupt] & ~looks.begins[abrupt]], looks)
    limit, dose = (facts.column(f"{use.agent}:{name}") for name in (f"over_limit:{_DAILY}", "daily_dose"))
    known = (dose.low == dose.high)[row]
    limited = (limit.low == limit.high)[row] & known & bool(facts.ceilings(use.agent, _DAILY))
    for name, months in (
        ("taking", month),
        ("new", _month(looks.day[use.new & seen])),
        ("stopped", _month(looks.day[stopped])),
        ("abrupt", _month(looks.day[sudden])),
        ("limited", month[limited]),
        ("above", month[limited & (limit.low[row] == 1)]),
    ):
        for number, count in zip(*np.unique(months, return_counts=True), strict=True):
            at = _named(int(number)), use.agent
            out.months[at] = out.months.get(at, Month()) + Month(**{name: int(count)})
    duration = facts.agent_number(use.agent, "duration_days")[row] + (day - looks.day[row])
    for value, at_month, count in _counted(dose.low[row], month, known):
        out.doses[_named(at_month), use.agent, value] = count
    for value, at_month, count in _counted(duration, month, ~np.isnan(duration)):
        out.durations[_named(at_month), use.agent, int(value)] = count


def _stopped(facts: Facts, looks: Looks, use: Uses) -> Mask:
    """The looks at which an agent that was taken until then no longer is, and could have been handed out again; what is given on one day is not stopped."""
    before = ~looks.begins & np.append(False, use.taking[:-1])
    in_time = use.stopped_days <= int(facts.knowledge.policy("registry_gap_days"))
    return np.asarray(before & ~use.taking & in_time & (facts.agent_number(use.agent, "duration_days") > 0))


def _last_of_month(rows: Index, person: Index, begin: Index, end: Index) -> tuple[Index, Index]:
    """The last of some looks that reaches into each month of each person, and the month; a look stands from ``begin`` to ``end``."""
    spread = _month(end[rows]) - _month(begin[rows]) + 1
    row = np.repeat(rows, spread)
    month = np.repeat(_month(begin[rows]), spread) + np.arange(len(row)) - np.repeat(np.cumsum(spread) - spread, spread)
    final = np.ones(len(row), bool)
    final[:-1] = (person[row[1:]] != person[row[:-1]]) | (month[1:] != month[:-1])
    return row[final], month[final]


def _once_a_month(rows: Index, looks: Looks) -> Index:
    """The first of some looks of each person in each month."""
    pairs = np.stack((looks.person[rows], _month(looks.day[rows])))
    _, first = np.unique(pairs, axis=1, return_index=True)
    return rows[np.sort(first)]


def _counted(values: Floats, month: Index, which: Mask) -> Iterator[tuple[float, int, int]]:
    """How many times each value stands in each month: (value, month, times)."""
    pairs, times = np.unique(np.stack((values[which], month[which])), axis=1, return_counts=True)
    for (value, number), count in zip(pairs.T.tolist(), times.tolist(), strict=True):
        yield value, int(number), count


def _month(day: Index) -> Index:
    """The month of a day, counted from January 1970."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.intp)


def _last_day(month: Index) -> Index:
    return (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.intp) - 1


def _named(month: int) -> str:
    return f"{EPOCH.year + month // 12:04d}-{month % 12 + 1:02d}"
