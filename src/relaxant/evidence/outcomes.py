"""What trials measured, one comparison of two treatments at a time, and why a number stands outside every pool.

People counted give a risk ratio, means a difference; of two arms with the same medicine the people are put together. What is printed as a
difference or a ratio is taken as printed. A contrast that may not be pooled keeps its numbers and says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

import msgspec

from relaxant.evidence.contrasts import log_risks
from relaxant.evidence.intervals import Z, difference_interval, share_interval
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.trials import Result, Trial
from relaxant.rules.reasons import Cited, cited

Why = Literal[
    "pooled",
    "open",
    "withdrawal",
    "crossover",
    "not randomised",
    "one arm",
    "other time",
    "no spread",
    "printed ratio",
    "assumed",
    "no events",
]
WHYS: tuple[Why, ...] = get_args(Why)
"""Why a number stands outside every pool: the reason that comes first is the one given."""
Scale = Literal["risk ratio", "mean difference", "printed ratio"]
PLACEBO = "placebo"
_BY_DESIGN: dict[str, Why] = {
    "pooled": "pooled",
    "open": "open",
    "cohort": "open",
    "withdrawal": "withdrawal",
    "crossover": "crossover",
}


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """So many of so many people, in percent, with the 95% interval (Wilson)."""

    count: int
    n: int
    percent: float
    low: float
    high: float


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of two shares in percentage points, with the 95% interval (Newcombe)."""

    points: float
    low: float
    high: float


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """What one trial found of one outcome in ``agent`` beside ``against``. ``value`` with ``low`` and ``high`` of the 95% interval, on the ``scale``:
    a risk ratio, or ``agent`` less ``against``. ``measured`` and ``variance`` are what is pooled: the logarithm of a ratio, or the difference.
    ``why_not`` says why it is not pooled; null where it may be. ``derived`` says what the source does not print."""

    trial: str
    title: str
    year: int
    conditions: tuple[str, ...]
    population: str
    at: str
    outcome: str
    agent: str
    against: str
    scale: Scale
    value: float | None = None
    low: float | None = None
    high: float | None = None
    share: Share | None = None
    share_against: Share | None = None
    apart: Apart | None = None
    mean: float | None = None
    mean_against: float | None = None
    p: str | None = None
    measured: float | None = None
    variance: float | None = None
    why_not: Why | None = None
    verified: bool = True
    derived: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    sources: tuple[Cited, ...] = ()


def outcomes_of(trials: Iterable[Trial]) -> dict[str, bool]:
    """The outcomes that these trials measured, in the order of the files, and whether each is a harm."""
    return {r.outcome: r.harm for trial in trials for r in trial.results}


def agents_of(trial: Trial) -> frozenset[str]:
    """The treatments of a trial's arms."""
    return frozenset(arm.agent for arm in trial.arms)


def contrasts(knowledge: Knowledge, outcome: str, agent: str, against: str) -> tuple[Contrast, ...]:
    """Every contrast of two treatments in one outcome, by year."""
    found = [
        contrast
        for trial in knowledge.trials.values()
        if {agent, against} <= agents_of(trial)
        for contrast in _of_trial(trial, outcome, agent, against, knowledge)
    ]
    return tuple(sorted(found, key=lambda c: (c.year, c.trial)))


def share(count: int, n: int) -> Share:
    """A share with its interval, in percent.

    >>> share(14, 111).percent
    12.612612612612613
    """
    low, high = share_interval(count, n)
    return Share(count=count, n=n, percent=100 * count / n, low=100 * low, high=100 * high)


# ---------------------------------------------------------------- parts


def _of_trial(trial: Trial, outcome: str, agent: str, against: str, knowledge: Knowledge) -> Iterator[Contrast]:
    treated = {arm.arm: arm.agent for arm in trial.arms}
    own = [r for r in trial.results if r.outcome == outcome]
    main = True
    for at in dict.fromkeys(r.at for r in own):
        found = _at_time(
            trial,
            [r for r in own if r.at == at and treated[r.arm] == agent],
            [r for r in own if r.at == at and treated[r.arm] == against],
            [r for r in own if r.at == at and r.against is not None and {treated[r.arm], treated[r.against]} == {agent, against}],
            treated,
            agent,
            against,
        )  # fmt: skip
        if found is None:
            continue
        yield _with_words(found, trial, own, at, main, knowledge)
        main = False


def _at_time(
    trial: Trial,
    one: Sequence[Result],
    other: Sequence[Result],
    between: Sequence[Result],
    treated: dict[str, str],
    agent: str,
    against: str,
) -> Contrast | None:
    counted = [[r for r in side if r.measure == "events"] for side in (one, other)]
    if all(counted):
        return _counted(trial, counted[0], counted[1], agent, against)
    if between:
        return _printed(trial, between[0], treated, agent, against)
    means = [[r for r in side if r.measure in ("mean change", "mean after")] for side in (one, other)]
    if all(means):
        return _means(trial, means[0], means[1], agent, against)
    alone = next((r for r in (*one, *other) if r.against is None), None)
    return None if alone is None else _alone(trial, one, other, alone, agent, against)


def _blank(trial: Trial, outcome: str, agent: str, against: str, scale: Scale) -> Contrast:
    return Contrast(
        trial=trial.trial,
        title=trial.title,
        year=trial.year,
        conditions=trial.conditions,
        population=trial.population,
        at="",
        outcome=outcome,
        agent=agent,
        against=against,
        scale=scale,
    )


def _added(results: Sequence[Result]) -> tuple[int, int]:
    return sum(r.count or 0 for r in results), sum(r.n or 0 for r in results)


def _counted(trial: Trial, one: Sequence[Result], other: Sequence[Result], agent: str, against: str) -> Contrast:
    (count, n), (less, of) = _added(one), _added(other)
    points, low, high = difference_interval(count, n, less, of)
    made = msgspec.structs.replace(
        _blank(trial, one[0].outcome, agent, against, "risk ratio"),
        share=share(count, n),
        share_against=share(less, of),
        apart=Apart(points=100 * points, low=100 * low, high=100 * high),
    )
    if count == less == 0:
        return msgspec.structs.replace(made, why_not="no events")
    (first, its), (second, others) = log_risks([(count, n), (less, of)])
    return _measured(made, first - second, its + others, log=True)


def _means(trial: Trial, one: Sequence[Result], other: Sequence[Result], agent: str, against: str) -> Contrast:
    first, second = _one_mean(one), _one_mean(other)
    made = msgspec.structs.replace(
        _blank(trial, one[0].outcome, agent, against, "mean difference"),
        mean=first[0],
        mean_against=second[0],
        p=next((r.p for r in (*one, *other) if r.p), None),
    )
    if None in (first[1], second[1]) or None in (first[0], second[0]):
        value = None if first[0] is None or second[0] is None else first[0] - second[0]
        return msgspec.structs.replace(made, value=value, why_not="no spread")
    assert first[0] is not None and second[0] is not None and first[1] is not None and second[1] is not None
    return _measured(made, first[0] - second[0], first[1] + second[1], log=False)


def _one_mean(results: Sequence[Result]) -> tuple[float | None, float | None]:
    """The mean of all the people of these arms, and its sampling variance; ``None`` where it cannot be had.

    Means and standard deviations of several arms become those of all their people (Cochrane Handbook, table 6.5.a).
    """
    if len(results) == 1:
        (only,) = results
        if only.sd is not None and only.n:
            return only.value, only.sd**2 / only.n
        if only.low is not None and only.high is not None:
            return only.value, ((only.high - only.low) / (2 * Z)) ** 2
        return only.value, None
    known = [(r.value, r.sd, r.n) for r in results if r.value is not None and r.sd is not None and r.n]
    if len(known) < len(results):
        return None, None
    n = sum(of for _, _, of in known)
    mean = sum(value * of for value, _, of in known) / n
    squares = sum((of - 1) * sd**2 + of * (value - mean) ** 2 for value, sd, of in known)
    return mean, squares / (n - 1) / n


def _printed(trial: Trial, result: Result, treated: dict[str, str], agent: str, against: str) -> Contrast:
    """A difference or ratio as printed, turned so that ``agent`` comes first."""
    turned = treated[result.arm] == against
    value, low, high = result.value, result.low, result.high
    ratio = result.measure == "ratio"
    if turned:
        value, low, high = (
            (None if x is None else 1 / x if ratio else -x) for x in (result.value, result.high, result.low)
        )
    made = msgspec.structs.replace(
        _blank(trial, result.outcome, agent, against, "printed ratio" if ratio else "mean difference"),
        value=value,
        low=low,
        high=high,
        p=result.p,
    )
    if low is None or high is None or value is None:
        return msgspec.structs.replace(made, why_not="no spread")
    if ratio:
        return msgspec.structs.replace(made, why_not="printed ratio")
    return msgspec.structs.replace(made, measured=value, variance=((high - low) / (2 * Z)) ** 2)


def _alone(
    trial: Trial, one: Sequence[Result], other: Sequence[Result], alone: Result, agent: str, against: str
) -> Contrast:
    """Numbers of one side alone."""
    scale: Scale = "risk ratio" if alone.measure == "events" else "mean difference"
    shares = [share(*_added(side)) if side and side[0].measure == "events" else None for side in (one, other)]
    means = [_one_mean(side)[0] if side and side[0].measure != "events" else None for side in (one, other)]
    return msgspec.structs.replace(
        _blank(trial, alone.outcome, agent, against, scale),
        share=shares[0],
        share_against=shares[1],
        mean=means[0],
        mean_against=means[1],
        why_not="one arm",
    )


def _measured(made: Contrast, value: float, variance: float, *, log: bool) -> Contrast:
    half = Z * math.sqrt(variance)
    shown = [math.exp(x) if log else x for x in (value, value - half, value + half)]
    return msgspec.structs.replace(made, value=shown[0], low=shown[1], high=shown[2], measured=value, variance=variance)


def _with_words(
    made: Contrast, trial: Trial, own: Sequence[Result], at: str, main: bool, knowledge: Knowledge
) -> Contrast:
    """The contrast with its sources, and with the first reason why it is not pooled."""
    treated = {arm.arm: arm.agent for arm in trial.arms}
    used = [r for r in own if r.at == at and treated[r.arm] in (made.agent, made.against)]
    verified = trial.verified and all(r.verified for r in used)
    found: list[Why | None] = [_BY_DESIGN.get(trial.design)]
    found += [
        "not randomised" if not trial.randomised else None,
        "other time" if not main else None,
        "assumed" if not verified else None,
        made.why_not,
    ]
    reasons = [why for why in found if why is not None]
    places = dict.fromkeys((r.source, r.place) for r in used)
    return msgspec.structs.replace(
        made,
        at=at,
        why_not=min(reasons, key=WHYS.index) if reasons else None,
        verified=verified,
        derived=tuple(dict.fromkeys(r.derived for r in used if r.derived)),
        text=tuple(dict.fromkeys(r.text for r in used if r.text)),
        sources=tuple(cited(knowledge, source, place) for source, place in places),
    )
