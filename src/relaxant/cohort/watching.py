"""From the looks of a batch to the counts of a period: who is at risk of what for how long, what is new, and month by month who takes what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from relaxant.cohort.days import EPOCH
from relaxant.cohort.episodes import Episodes
from relaxant.cohort.looks import Looks
from relaxant.cohort.over_time import Found, Month, OverTime, Watched
from relaxant.cohort.period import Period
from relaxant.cohort.tally import STOPPED, TAKING
from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.rules.columns import Fired
from relaxant.rules.evaluate import Test, program
from relaxant.rules.ragged import Index

_NEVER = np.iinfo(np.int32).max
_DAILY = "daily"
_WITHDRAWAL = "-withdrawal"


def watched_after_stop(test: Test, back: int) -> int:
    """For how many days after a stop a rule of an agent may meet its condition: 0 for one that speaks of somebody who takes it."""
    if list(test.rule.on) != [STOPPED]:
        return 0
    column = f"{test.agent}:stopped_days"
    ends = [leaf.threshold for clause in test.clauses for leaf in clause if leaf.column == column and leaf.below]
    return math.ceil(max(ends)) - 1 if ends else back


def speaks_of_abrupt_stop(test: Test) -> bool:
    """Whether a rule speaks of somebody who stopped an agent and may be in withdrawal from it."""
    return list(test.rule.on) == [STOPPED] and test.rule.cause.endswith(_WITHDRAWAL)


def rules_watched(knowledge: Knowledge, jurisdiction: Jurisdiction) -> dict[str, dict[str, Test]]:
    """The rules of a jurisdiction by agent and name."""
    compiled, out = program(knowledge, jurisdiction), dict[str, dict[str, Test]]()
    for agent in compiled.agents:
        compiled.groups(agent)
    for test in compiled.tests.values():
        if test.modifier < 0:
            out.setdefault(test.agent, {})[test.rule.rule] = test
    return out


class Uses(msgspec.Struct, frozen=True):
    """One agent at the looks: who takes it, how long ago it was stopped (NaN: it was not), and the looks at which it was begun anew."""

    agent: str
    taking: Mask
    stopped_days: Floats
    new: Mask


def uses_of(facts: Facts, looks: Looks, period: Period) -> Iterator[Uses]:
    """Every agent that somebody has at some look."""
    for agent, own in facts.inputs.agents.items():
        taking = own[TAKING] == 1
        stopped = np.where(own[STOPPED] == 1, facts.agent_number(agent, "stopped_days"), np.nan)
        duration = facts.agent_number(agent, "duration_days")
        yield Uses(agent, taking, stopped, _new_use(taking, stopped, duration, looks, period))


def _new_use(taking: Mask, stopped_days: Floats, duration: Floats, looks: Looks, period: Period) -> Mask:
    """The looks at which an agent was begun, without it in the washout before; the registry knows the person for as long."""
    first, _ = period.days
    here = np.arange(looks.rows)
    taken = np.where(taking, here, -1)
    latest = np.maximum.accumulate(taken)
    before = np.append(-1, latest[:-1])  # the last look before at which it was taken, of whomever
    own = before >= looks.first[looks.person]
    last_day = np.where(own, looks.end[np.maximum(before, 0)], -_NEVER).astype(np.float64)
    said = np.append(np.nan, (looks.day - stopped_days)[:-1])
    last_day = np.where(~looks.begins & ~np.isnan(said), np.fmax(last_day, said), last_day)
    begun = taking & np.where(looks.begins, duration == 0, ~np.append(False, taking[:-1]))
    known = looks.followed[looks.person]
    clean = (looks.day - last_day > period.washout) & ~(known > looks.day - period.washout)
    return begun & clean & (looks.day >= first)


def first_uses(uses: Sequence[Uses], looks: Looks) -> Index:
    """The day on which each person first began an agent anew; a day that never comes for those who did not."""
    anew = np.zeros(looks.rows, bool)
    for use in uses:
        anew |= use.new
    return _first(anew, looks, looks.day, _NEVER)


def over_time_of(
    facts: Facts, looks: Looks, found: Fired, episodes: Episodes, uses: Sequence[Uses], period: Period
) -> OverTime:  # fmt: skip
    """The counts of a batch. Shapes are those of the looks."""
    out, rules = OverTime(), rules_watched(facts.knowledge, facts.jurisdiction)
    first, _ = period.days
    back = int(facts.knowledge.policy("registry_days_back"))
    entered = np.fmax(first, np.where(np.isnan(looks.followed), -_NEVER, looks.followed) + period.washout)
    stop_tests = [i for i, test in enumerate(found.tests) if test.modifier < 0 and speaks_of_abrupt_stop(test)]
    for use in uses:
        since = np.full(looks.people, first)
        enter = np.fmin(entered, _NEVER).astype(np.intp)
        if period.new_users:
            since = enter = _first(use.new, looks, looks.day, _NEVER)
        own = rules.get(use.agent, {})
        spans = {name: watched_after_stop(test, back) for name, test in own.items()}
        risks = {}
        for span in sorted({0, *spans.values()}):
            at_risk = use.taking | (use.stopped_days <= span) if span else use.taking
            risks[span] = risk = _Risk(looks, at_risk, enter, period)
            if risk.days.any():
                out.watched[use.agent, span] = risk.watched
        for place, test in enumerate(found.tests):
            if test.agent == use.agent and test.modifier < 0:
                rows = np.unique(found.row[found.test == place])
                if len(rows) and (told := risks[spans[test.rule.rule]].found(rows)) != Found():
                    out.found[test.rule.rule, use.agent] = told
        abrupt = episodes.first[np.isin(episodes.test, [i for i in stop_tests if found.tests[i].agent == use.agent])]
        _months(out, facts, looks, use, since, abrupt, period)
    return out


def _first(here: Mask, looks: Looks, values: Index, nobody: int) -> Index:
    """The value of each person's first look of some; ``nobody`` where there is none."""
    out = np.full(looks.people, nobody, np.intp)
    rows = np.flatnonzero(here)[::-1]
    out[looks.person[rows]] = values[rows]
    return out


class _Risk:
    """The days on which each person is watched: those at risk, from the day ``enter`` on, within the period."""

    def __init__(self, looks: Looks, at_risk: Mask, enter: Index, period: Period) -> None:
        self._looks, self._enter, self._washout = looks, enter, period.washout
        self._last = period.days[1]
        begin = np.maximum(looks.day, enter[looks.person])
        self._overlap = np.where(at_risk, np.maximum(np.minimum(looks.end, self._last) - begin + 1, 0), 0)
        self.days = np.bincount(looks.person, self._overlap, minlength=looks.people).astype(np.intp)
        self._on_last = at_risk & (looks.day == self._last) & (self._overlap > 0)

    @property
    def watched(self) -> Watched:
        """Who was watched, for how long."""
        return Watched(int(np.count_nonzero(self.days)), int(self.days.sum()), int(np.count_nonzero(self._on_last)))

    def found(self, rows: Index) -> Found:
        """What a rule found that fired at some looks: a person is at risk until the first day of the first episode, that day with it."""
        looks, enter = self._looks, self._enter
        person = looks.person[rows]
        earlier = (looks.day[rows] < enter[person]) & (looks.end[rows] >= enter[person] - self._washout)
        before = np.zeros(looks.people, bool)
        before[person[earlier]] = True
        event = np.full(looks.people, -1, np.intp)
        later = rows[looks.day[rows] >= enter[person]][::-1]
        event[looks.person[later]] = later
        watched = self.days > 0
        new = np.flatnonzero((event >= 0) & ~before & watched)
        already = before & watched
        until = np.cumsum(self._overlap) - self._overlap  # days of all looks before
        to_event = until[event[new]] - until[looks.first[new]] + (self._overlap[event[new]] > 0)
        lost = int((self.days[new] - to_event).sum() + self.days[already].sum())
        last = np.count_nonzero((looks.day[rows] == self._last) & watched[person])
        return Found(len(new), int(np.count_nonzero(already)), lost, int(last))


def _months(
    out: OverTime, facts: Facts, looks: Looks, use: Uses, since: Index, abrupt: Index, period: Period
) -> None:  # fmt: skip
    """Counts one agent by the months of the period, of each person from the day ``since`` on."""
    first, last = period.days
    begin = np.maximum(looks.day, np.maximum(since[looks.person], first))
    end = np.minimum(looks.end, last)
    counted = begin <= end
    taken = np.flatnonzero(use.taking & counted)
    base = int(_month(np.array([first]))[0])
    spread = _month(end[taken]) - _month(begin[taken]) + 1
    row = np.repeat(taken, spread)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(spread) - spread, spread)
    month = np.repeat(_month(begin[taken]), spread) + offset
    key = looks.person[row] * 10_000 + (month - base)
    final = np.append(key[1:] != key[:-1], True)[: len(key)]
    row, month = row[final], month[final]
    day = np.minimum(end[row], _last_of(month))

    column = facts.column(f"{use.agent}:over_limit:{_DAILY}")
    dose = facts.column(f"{use.agent}:daily_dose")
    known = (dose.low == dose.high)[row]
    limited = (column.low == column.high)[row] & known & bool(facts.ceilings(use.agent, _DAILY))
    duration = facts.agent_number(use.agent, "duration_days")[row] + (day - looks.day[row])

    stop = ~use.taking & ~looks.begins & np.append(False, use.taking[:-1]) & counted & (looks.day >= since[looks.person])
    stop &= use.stopped_days <= int(facts.knowledge.policy("registry_gap_days"))
    stop &= facts.agent_number(use.agent, "duration_days") > 0  # what is given on one day is not stopped
    new = np.flatnonzero(use.new & counted)
    sudden = abrupt[(looks.day[abrupt] >= np.maximum(since[looks.person[abrupt]], first)) & ~looks.begins[abrupt]]
    sudden = sudden[_once(looks.person[sudden], _month(looks.day[sudden]))]
    stopped = np.flatnonzero(stop)
    for name, months in (
        ("taking", month),
        ("new", _month(looks.day[new])),
        ("stopped", _month(looks.day[stopped[_once(looks.person[stopped], _month(looks.day[stopped]))]])),
        ("abrupt", _month(looks.day[sudden])),
        ("limited", month[limited]),
        ("above", month[limited & (column.low[row] == 1)]),
    ):
        for number, count in zip(*np.unique(months, return_counts=True), strict=True):
            at = _named(int(number)), use.agent
            out.months[at] = out.months.get(at, Month()) + Month(**{name: int(count)})
    for counts, its, values in ((out.doses, known, dose.low[row]), (out.durations, ~np.isnan(duration), duration)):
        pairs, times = np.unique(np.stack((month[its].astype(np.float64), values[its])), axis=1, return_counts=True)
        for (number, value), count in zip(pairs.T.tolist(), times.tolist(), strict=True):
            kind = float if counts is out.doses else int
            counts[_named(int(number)), use.agent, kind(value)] = count  # type: ignore[index]


def _once(person: Index, month: Index) -> Index:
    """The places of the first of each person in each month."""
    _, first = np.unique(np.stack((person, month)), axis=1, return_index=True)
    return np.sort(first)


def _month(day: Index) -> Index:
    """The month of a day, counted from January 1970."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.intp)


def _last_of(month: Index) -> Index:
    """The last day of a month."""
    return (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.intp) - 1


def _named(month: int) -> str:
    return f"{EPOCH.year + month // 12:04d}-{month % 12 + 1:02d}"
