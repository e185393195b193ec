"""What a screen of a period shows besides: what was new, and month by month who takes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relaxant.cohort.asked import shown_agent
from relaxant.cohort.period import Period
from relaxant.cohort.period_files import Incidence, Trend, abrupt_rules, incidences, trends
from relaxant.cohort.preparing import Prepared
from relaxant.cohort.shown_counts import Counts, Text
from relaxant.cohort.summary_tables import More, Row, Table, Tier
from relaxant.cohort.tally import Tally
from relaxant.cohort.watching import rules_watched
from relaxant.knowledge.load import Knowledge
from relaxant.patient import jurisdiction_of
from relaxant.quantities import plain_number, three_digits
from relaxant.report.shown import counted
from relaxant.rules.evaluate import Test
from relaxant.rules.tiers import RANK

_RULES, _AGENTS = 20, 12
_WIDE, _HIGH = 10, 38  # of a month's bar with its gap, and of the highest bar


class Bar(msgspec.Struct, frozen=True):
    """A month's bar; ``height`` is ``None`` for a number that is not shown."""

    x: int
    height: float | None


class MonthRow(msgspec.Struct, frozen=True):
    """A month in numbers."""

    month: str
    cells: tuple[Text, ...]


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """A relaxant month by month: the picture, and its numbers."""

    name: str
    said: str
    width: int
    bars: tuple[Bar, ...]
    rows: tuple[MonthRow, ...]


def period_words(knowledge: Knowledge) -> dict[str, Any]:
    """The words of the page of a period: those of a screen, some of them replaced."""
    return _with(knowledge.words("screen"), knowledge.words("screen_period"))


def _with(words: Mapping[str, Any], instead: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(words)
    for key, value in instead.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _with(out[key], value) if both else value
    return out


def over_time_view(
    prepared: Prepared, tally: Tally, knowledge: Knowledge, counts: Counts, words: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The section by name, as its template asks for it; ``None`` for a screen as of a day."""
    if prepared.period is None:
        return None
    view = _View(prepared, prepared.period, tally, knowledge, counts, words["over_time"])
    return {**view.new(), **view.months()}


class _View:
    def __init__(
        self,
        prepared: Prepared,
        period: Period,
        tally: Tally,
        knowledge: Knowledge,
        counts: Counts,
        words: Mapping[str, Any],
    ) -> None:
        self._prepared, self._period, self._tally, self._knowledge = prepared, period, tally, knowledge
        self._counts, self._words = counts, words
        self._rules = rules_watched(knowledge, jurisdiction_of(prepared.country))
        self._tier_words: dict[str, str] = knowledge.words("report")["tier"]

    def _shown(self, count: int) -> bool:
        return not self._counts.number(count).kept

    # ------------------------------------------------------------ what was new

    def new(self) -> dict[str, Any]:
        """Incidence, rule by rule."""
        words = self._words["new"]
        back = int(self._knowledge.policy("registry_days_back"))
        every = [one for one in incidences(self._tally.over_time, self._rules, back) if one.new]
        every.sort(key=lambda one: (RANK[self._test(one).rule.tier], -one.new if self._shown(one.new) else 0, one.rule, one.agent))  # fmt: skip
        rows = tuple(map(self._row, every))
        head, kept = words["head"], rows[:_RULES]
        table = Table(
            caption=words["caption"],
            head=(words["rule"], *(head[name] for name in ("at_risk", "years", "new", "rate", "last"))),
            rows=kept,
            tagged=words["tier"],
        )
        if rest := tuple(row for row, one in zip(rows, every, strict=True) if self._shown(one.new))[_RULES:]:
            more = More(summary=counted(words["more"], len(rest)), caption=table.caption, head=table.head, rows=rest, tagged=table.tagged)  # fmt: skip
            table = msgspec.structs.replace(table, more=more)
        lead = str(words["lead_new_users" if self._period.new_users else "lead"])
        return {
            "incidence": table if rows else None,
            "lead": lead.format(washout=self._period.washout),
            "all": words["all"],
        }

    def _test(self, one: Incidence) -> Test:
        return self._rules[one.agent][one.rule]

    def _row(self, one: Incidence) -> Row:
        words, number = self._words["new"], self._counts.number
        rule, nothing = self._test(one).rule, Text("")
        rate = nothing
        if (
            self._shown(one.at_risk)
            and self._shown(one.new)
            and one.rate is not None
            and one.low is not None
            and one.high is not None
        ):
            rate = Text(str(words["rate"]).format(rate=_round(one.rate), low=_round(one.low), high=_round(one.high)))
        last = number(one.last)
        if not last.kept and self._shown(one.watched):
            last = Text(str(words["of"]).format(count=last.words, of=number(one.watched).words))
        return Row(
            name=rule.title,
            small=f"{one.rule}, {shown_agent(one.agent, self._knowledge, self._prepared.country)}",
            tier=Tier(rule.tier, self._tier_words[rule.tier]),
            cells=(
                number(one.at_risk),
                Text(_round(one.years)) if self._shown(one.at_risk) else nothing,
                number(one.new),
                rate,
                last,
            ),
        )

    # ------------------------------------------------------------ month by month

    def months(self) -> dict[str, Any]:
        """Each relaxant month by month, those that most take first."""
        words = self._words["months"]
        by_agent: dict[str, list[Trend]] = {}
        for one in trends(self._tally.over_time):
            by_agent.setdefault(one.agent, []).append(one)
        names = _months_between(self._period)
        most = {agent: max(t.counts.taking for t in its) for agent, its in by_agent.items()}
        shown = [a for a in sorted(by_agent, key=lambda a: (-most[a], a)) if self._shown(most[a])][:_AGENTS]
        rules = abrupt_rules(self._rules, self._tally)
        abrupt = counted(words["abrupt"], len(rules), rules=", ".join(rules)) if rules else ""
        head = words["head"]
        return {
            "agents": [self._agent(agent, {t.month: t for t in by_agent[agent]}, names) for agent in shown],
            "taking": str(words["lead"]).format(gap=int(self._knowledge.policy("registry_gap_days")), abrupt=abrupt).strip(),
            "first": names[0],
            "last": names[-1],
            "head": [head[name] for name in ("month", "taking", "new", "stopped", "abrupt", "dose", "above", "days")],
            "others": counted(words["others"], rest) if (rest := len(by_agent) - len(shown)) else None,
        }  # fmt: skip

    def _agent(self, agent: str, by_month: Mapping[str, Trend], names: Sequence[str]) -> Agent:
        words, number = self._words["months"], self._counts.number
        taking = [by_month[name].counts.taking if name in by_month else 0 for name in names]
        most = max((count for count in taking if self._shown(count)), default=0)
        bars = tuple(
            Bar(i * _WIDE, round(_HIGH * count / most, 1) if self._shown(count) and most else None)
            for i, count in enumerate(taking)
        )
        said = str(words["said"]).format(first=number(taking[0]).words, last=number(taking[-1]).words)
        return Agent(
            name=shown_agent(agent, self._knowledge, self._prepared.country),
            said=said,
            width=_WIDE * len(names),
            bars=bars,
            rows=tuple(self._month(by_month[name]) for name in names if name in by_month),
        )

    def _month(self, one: Trend) -> MonthRow:
        words, number, nothing = self._words["months"], self._counts.number, Text("")
        dose = days = nothing
        if one.dose_median is not None and one.dose_p90 is not None and self._shown(one.doses):
            unit = f"{self._knowledge.agents[one.agent].dose_unit}/day"
            dose = Text(str(words["dose"]).format(median=_round(one.dose_median), p90=_round(one.dose_p90), unit=unit))
        if one.days_median is not None and self._shown(one.counts.taking):
            days = Text(_round(one.days_median))
        counts = (one.counts.taking, one.counts.new, one.counts.stopped, one.counts.abrupt)
        return MonthRow(one.month, (*map(number, counts), dose, number(one.counts.above), days))


def _months_between(period: Period) -> list[str]:
    first, last = period.first, period.last
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [
        f"{first.year + (first.month - 1 + i) // 12:04d}-{(first.month - 1 + i) % 12 + 1:02d}" for i in range(count)
    ]


def _round(value: float) -> str:
    """Three figures, no more."""
    return plain_number(three_digits(value))
