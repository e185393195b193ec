"""The files of a period: ``incidence.csv`` and ``trends.csv``. No count is hidden in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import numpy as np

from relaxant.cohort.over_time import Found, Month, OverTime, Watched
from relaxant.cohort.tally import Tally
from relaxant.cohort.watching import rules_watched, speaks_of_abrupt_stop, watched_after_stop
from relaxant.cohort.writing import write_csv
from relaxant.knowledge.load import Knowledge
from relaxant.patient import jurisdiction_of
from relaxant.rules.evaluate import Test

_YEAR, _PER, _CONFIDENCE = 365.25, 1000, 0.95


def write_period(folder: Path, tally: Tally, knowledge: Knowledge, country: str) -> None:
    """Writes both into a folder."""
    rules = rules_watched(knowledge, jurisdiction_of(country))
    write_incidence(folder / "incidence.csv", tally, rules, knowledge)
    write_trends(folder / "trends.csv", tally, knowledge)


class Incidence(msgspec.Struct, frozen=True, kw_only=True):
    """How often a rule of an agent met its condition anew. ``at_risk`` persons in ``years`` of the period, of whom ``new`` had their first episode, with the rate
    per 1,000 person-years and its exact interval (none without a day at risk); on the last day ``last`` of ``watched`` persons have one."""

    rule: str
    agent: str
    counts: str
    at_risk: int
    years: float
    new: int
    rate: float | None
    low: float | None
    high: float | None
    watched: int
    last: int


def incidences(over_time: OverTime, rules: Mapping[str, Mapping[str, Test]], back: int) -> Iterator[Incidence]:
    """The incidence of everything that was found, by rule and agent."""
    for (rule, agent), found in sorted(over_time.found.items()):
        span = watched_after_stop(rules[agent][rule], back)
        yield _incidence(rule, agent, span, over_time.watched.get((agent, span), Watched()), found)


def _incidence(rule: str, agent: str, span: int, watched: Watched, found: Found) -> Incidence:
    years = (watched.days - found.days) / _YEAR
    rate, low, high = (_PER * n / years if years else None for n in (found.new, *poisson_interval(found.new)))
    return Incidence(
        rule=rule,
        agent=agent,
        counts="taking" if span == 0 else f"taking, and {span} days after a stop",
        at_risk=watched.persons - found.before,
        years=years,
        new=found.new,
        rate=rate,
        low=low,
        high=high,
        watched=watched.last,
        last=found.last,
    )


def poisson_interval(count: int) -> tuple[float, float]:
    """The exact interval (95%) of the expectation of a Poisson count, by the quantiles of chi-square: Garwood, Biometrika 1936;28:437.

    >>> tuple(round(end, 3) for end in poisson_interval(10))
    (4.795, 18.39)
    """
    from scipy.stats import chi2

    tail = (1 - _CONFIDENCE) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * count + 2) / 2)


def write_incidence(path: Path, tally: Tally, rules: Mapping[str, Mapping[str, Test]], knowledge: Knowledge) -> None:
    """``incidence.csv``: how often each rule met its condition anew, by agent."""
    head = (
        "rule", "tier", "agent", "time_counted", "persons_at_risk", "person_years", "new_persons", "per_1000_person_years", "low_95", "high_95",
        "watched_on_last_day", "found_on_last_day", "prevalence_on_last_day",
    )  # fmt: skip
    back = int(knowledge.policy("registry_days_back"))
    write_csv(path, head, (
        (
            one.rule, rules[one.agent][one.rule].rule.tier, one.agent, one.counts, one.at_risk, _shown(one.years, 2), one.new, _shown(one.rate),
            _shown(one.low), _shown(one.high), one.watched, one.last, _shown(one.last / one.watched if one.watched else None, 4),
        )
        for one in incidences(tally.over_time, rules, back)
    ))  # fmt: skip


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """One agent in one month: the counts, the dose of those whose dose is known on the last day on which they took it, and for how long they have taken it by then."""

    month: str
    agent: str
    counts: Month
    doses: int
    dose_median: float | None
    dose_p90: float | None
    days_median: float | None


def trends(over_time: OverTime) -> Iterator[Trend]:
    """Every agent month by month, in the order of the agents."""
    doses, durations = _by_month(over_time.doses), _by_month(over_time.durations)
    for month, agent in sorted(over_time.months, key=lambda key: (key[1], key[0])):
        dose, days = doses.get((month, agent), {}), durations.get((month, agent), {})
        yield Trend(
            month=month,
            agent=agent,
            counts=over_time.months[month, agent],
            doses=sum(dose.values()),
            dose_median=quantile(dose, 0.5),
            dose_p90=quantile(dose, 0.9),
            days_median=quantile(days, 0.5),
        )


def _by_month(
    counts: Mapping[tuple[str, str, float], int] | Mapping[tuple[str, str, int], int],
) -> dict[tuple[str, str], dict[float, int]]:
    out: dict[tuple[str, str], dict[float, int]] = {}
    for (month, agent, value), count in counts.items():
        out.setdefault((month, agent), {})[value] = count
    return out


def quantile(counts: Mapping[float, int], part: float) -> float | None:
    """The quantile of values of which each is there so many times (NumPy's inverted distribution: a value that is there); ``None`` of none.

    >>> quantile({10.0: 3, 20.0: 1}, 0.5)
    10.0
    """
    if not counts:
        return None
    values = np.array(sorted(counts))
    weights = np.array([counts[value] for value in values.tolist()])
    return float(np.quantile(values, part, weights=weights, method="inverted_cdf"))


def write_trends(path: Path, tally: Tally, knowledge: Knowledge) -> None:
    """``trends.csv``: every agent month by month."""
    head = (
        "agent", "month", "persons_taking", "new_users", "persons_stopped", "persons_stopped_abruptly", "persons_with_dose", "dose_unit", "daily_dose_median",
        "daily_dose_p90", "persons_with_limit", "above_label_maximum", "share_above_label_maximum", "days_taken_median",
    )  # fmt: skip
    write_csv(path, head, (
        (
            one.agent, one.month, one.counts.taking, one.counts.new, one.counts.stopped, one.counts.abrupt, one.doses,
            f"{knowledge.agents[one.agent].dose_unit}/day" if one.doses else None, _shown(one.dose_median), _shown(one.dose_p90), one.counts.limited, one.counts.above,
            _shown(one.counts.above / one.counts.limited if one.counts.limited else None, 4), _shown(one.days_median, 0),
        )
        for one in trends(tally.over_time)
    ))  # fmt: skip


def abrupt_rules(rules: Mapping[str, Mapping[str, Test]], tally: Tally) -> list[str]:
    """The rules that speak of an abrupt stop of an agent that somebody took."""
    agents = {agent for _, agent in tally.over_time.months}
    return sorted(
        {name for agent in agents for name, test in rules.get(agent, {}).items() if speaks_of_abrupt_stop(test)}
    )


def _shown(value: float | None, digits: int = 1) -> str | None:
    return None if value is None else f"{value:.{digits}f}"
