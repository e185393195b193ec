"""From the looks of a batch to the counts of a period: who is at risk of what for how long, what is new, and month by month who takes what."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from relaxant.cohort.episodes import Episodes
from relaxant.cohort.looks import Looks
from relaxant.cohort.months import count_months
from relaxant.cohort.over_time import Found, OverTime, Watched
from relaxant.cohort.period import Period
from relaxant.cohort.tally import STOPPED
from relaxant.cohort.uses import NEVER, Uses, first_of
from relaxant.facts.column import Mask
from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.rules.columns import Fired
from relaxant.rules.evaluate import Test, program
from relaxant.rules.ragged import Index

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


def over_time_of(
    facts: Facts, looks: Looks, found: Fired, episodes: Episodes, uses: Sequence[Uses], period: Period
) -> OverTime:  # fmt: skip
    """The counts of a batch. Shapes are those of the looks."""
    out, rules = OverTime(), rules_watched(facts.knowledge, facts.jurisdiction)
    first, _ = period.days
    back = int(facts.knowledge.policy("registry_days_back"))
    entered = np.fmax(first, np.where(np.isnan(looks.followed), -NEVER, looks.followed) + period.washout)
    fired_by = _fired(found, [use.agent for use in uses])
    stop_tests = [i for i, test in enumerate(found.tests) if test.modifier < 0 and speaks_of_abrupt_stop(test)]
    for use in uses:
        since = np.full(looks.people, first)
        enter = np.fmin(entered, NEVER).astype(np.intp)
        if period.new_users:
            since = enter = first_of(use.new, looks, looks.day, NEVER)
        own = rules.get(use.agent, {})
        spans = {name: watched_after_stop(test, back) for name, test in own.items()}
        risks = {}
        for span in sorted({0, *spans.values()}):
            at_risk = use.taking | (use.stopped_days <= span) if span else use.taking
            risks[span] = risk = _Risk(looks, at_risk, enter, period)
            if risk.days.any():
                out.watched[use.agent, span] = risk.watched
        for test, rows in fired_by[use.agent]:
            if (told := risks[spans[test.rule.rule]].found(rows)) != Found():
                out.found[test.rule.rule, use.agent] = told
        abrupt = episodes.first[np.isin(episodes.test, [i for i in stop_tests if found.tests[i].agent == use.agent])]
        count_months(out, facts, looks, use, since, abrupt, period)
    return out


def _fired(found: Fired, agents: Sequence[str]) -> dict[str, list[tuple[Test, Index]]]:
    """The rules that fired, by agent, each with the looks at which they did."""
    out: dict[str, list[tuple[Test, Index]]] = {agent: [] for agent in agents}
    if not len(found.test):
        return out
    order = np.argsort(found.test, kind="stable")
    places, first = np.unique(found.test[order], return_index=True)
    for place, rows in zip(places.tolist(), np.split(found.row[order], first[1:]), strict=True):
        out[found.tests[place].agent].append((found.tests[place], np.unique(rows)))
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
