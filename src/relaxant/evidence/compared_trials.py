"""What trials say of two to four relaxants: beside each other and against placebo, pooled where that is honest, and in plain words where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, get_args

import msgspec

from relaxant.evidence.outcomes import PLACEBO, WHYS, Contrast, Why, agents_of, contrasts, outcomes_of
from relaxant.evidence.summaries import Net, Summary, net, summary
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.trials import Arm, Trial
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import capital, listed

Better = Literal["more", "fewer", "higher", "lower"]
BETTERS: tuple[Better, ...] = get_args(Better)
"""Which way an outcome gets better: counted people more or fewer, a mean higher or lower."""
_REVIEW = "pooled"


class OutcomeFound(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome of trials of the agents compared. ``better`` says which way it gets better."""

    outcome: str
    harm: bool
    better: Better
    contrasts: tuple[Contrast, ...]
    summaries: tuple[Summary, ...]
    net: Net | None


class TrialSaid(msgspec.Struct, frozen=True, kw_only=True):
    """A trial in our words. ``beside``: it compared two of the agents. ``pooled`` in some outcome, or ``why_not``: the gravest reason of its own.
    ``no_numbers``: no number of the compared agents could be had."""

    trial: str
    title: str
    year: int
    design: str
    randomised: bool
    blinded: str
    population: str
    n: int | None
    weeks: float | None
    arms: tuple[Arm, ...]
    says: str
    beside: bool
    review: bool
    why_not: Why | Literal["no numbers"] | None
    risk_of_bias: str
    judged_by: str
    bias: str
    verified: bool
    note: str | None
    source: Cited


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two treatments that trials compared: how many trials (reviews apart), how many randomised, and the verdict in words."""

    agent: str
    against: str
    trials: int
    randomised: int
    reviews: int
    pooled: tuple[str, ...]
    verdict: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The trials of the agents compared: every pair with its verdict, every outcome with its numbers, every trial in words."""

    pairs: tuple[Pair, ...]
    outcomes: tuple[OutcomeFound, ...]
    trials: tuple[TrialSaid, ...]


def evidence(agents: Sequence[str], knowledge: Knowledge, names: Mapping[str, str] | None = None) -> Evidence:
    """What trials say of these agents. ``names``: how the country calls them."""
    words = knowledge.words("evidence")
    called = {PLACEBO: words["placebo"], **{a: a for a in agents}, **(names or {})}
    pairs = [*combinations(agents, 2), *((a, PLACEBO) for a in agents)]
    trials = [t for t in knowledge.trials.values() if _speaks(t, agents)]
    found = tuple(_outcomes(pairs, agents, trials, knowledge))
    return Evidence(
        pairs=tuple(_pair(one, other, trials, found, called, words) for one, other in pairs),
        outcomes=found,
        trials=tuple(_said(t, agents, found, knowledge) for t in sorted(trials, key=lambda t: _order(t, agents))),
    )


def better_of(outcome: str, knowledge: Knowledge) -> Better:
    """Which way an outcome gets better. Raises :class:`KeyError` for one that the words do not know."""
    way: Better = knowledge.words("evidence")["outcomes"][outcome]["better"]
    return way


def _speaks(trial: Trial, agents: Sequence[str]) -> bool:
    """Whether a trial compares two of the agents, or one with placebo or nothing; or had one alone."""
    treated = agents_of(trial)
    own = treated & set(agents)
    rest = treated - own
    return len(own) > 1 or bool(own and (PLACEBO in rest or not rest or "no treatment" in rest))


def _order(trial: Trial, agents: Sequence[str]) -> tuple[bool, bool, int, str]:
    beside = len(agents_of(trial) & set(agents)) > 1
    return not beside, trial.design == _REVIEW, trial.year, trial.trial


def _outcomes(
    pairs: Sequence[tuple[str, str]], agents: Sequence[str], trials: Sequence[Trial], knowledge: Knowledge
) -> Iterator[OutcomeFound]:
    """The outcomes: first those in which two of the agents were compared, benefit before harm."""
    found = []
    for outcome, harm in outcomes_of(trials).items():
        own: list[Contrast] = []
        made: list[Summary] = []
        for one, other in pairs:
            here = contrasts(knowledge, outcome, one, other)
            own += here
            if here:
                made.append(summary(here, one, other))
        if own:
            better = better_of(outcome, knowledge)
            found.append(
                OutcomeFound(
                    outcome=outcome,
                    harm=harm,
                    better=better,
                    contrasts=tuple(own),
                    summaries=tuple(made),
                    net=net(knowledge, outcome, agents),
                )
            )
    yield from sorted(found, key=lambda o: (all(c.against == PLACEBO for c in o.contrasts), o.harm))


# ---------------------------------------------------------------- verdicts


def _reason(trial: Trial, one: str, other: str, found: Sequence[OutcomeFound]) -> Why | Literal["no numbers"] | None:
    """Why a trial of two treatments is not pooled: the first reason of its best number; ``None`` where a number may be."""
    own = [c for o in found for c in o.contrasts if c.trial == trial.trial and (c.agent, c.against) == (one, other)]
    if any(c.why_not is None for c in own):
        return None
    reasons = [c.why_not for c in own if c.why_not is not None]
    if reasons:
        return min(reasons, key=WHYS.index)
    if trial.design in ("open", "cohort"):
        return "open"
    return "no numbers" if trial.randomised else "not randomised"


def _pair(
    one: str,
    other: str,
    trials: Sequence[Trial],
    found: Sequence[OutcomeFound],
    called: Mapping[str, str],
    words: Mapping[str, Any],
) -> Pair:
    both = [t for t in trials if {one, other} <= agents_of(t)]
    own, reviews = [t for t in both if t.design != _REVIEW], [t for t in both if t.design == _REVIEW]
    pooled = tuple(o.outcome for o in found for s in o.summaries if (s.agent, s.against) == (one, other) and s.pools)
    single = tuple(
        o.outcome for o in found for s in o.summaries if (s.agent, s.against) == (one, other) and s.why_none == "one"
    )
    reasons: Counter[str] = Counter(why for t in own if (why := _reason(t, one, other, found)) is not None)
    randomised = sum(t.randomised for t in own)
    return Pair(
        agent=one,
        against=other,
        trials=len(own),
        randomised=randomised,
        reviews=len(reviews),
        pooled=pooled,
        verdict=" ".join(_verdict(one, other, len(own), randomised, len(reviews), pooled, single, reasons, called, words["verdict"])),
    )  # fmt: skip


def _verdict(
    one: str,
    other: str,
    count: int,
    randomised: int,
    reviews: int,
    pooled: Sequence[str],
    single: Sequence[str],
    reasons: Mapping[str, int],
    called: Mapping[str, str],
    words: Mapping[str, Any],
) -> Iterator[str]:
    names = {"one": called[one], "other": called[other]}
    if not count:
        yield str(words["none"]).format(**names)
    else:
        key = "one" if count == 1 else "other"
        yield capital(str(words["count"][key]).format(count=count, **names))
        yield str(words["all_randomised" if randomised == count else "some_randomised"][key]).format(count=randomised)
    if pooled:
        yield str(words["pooled"]).format(outcomes=listed(pooled, words, len(pooled)))
    if single:
        yield str(words["single"]).format(outcomes=listed(single, words, len(single)))
    if count and reasons:
        parts = [
            str(words["reasons"][why]["one" if n == 1 else "other"]).format(count=n)
            for why, n in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        yield str(words["because" if pooled or single else "nothing"]).format(reasons=listed(parts, words, len(parts)))
    if reviews:
        yield str(words["reviews"]["one" if reviews == 1 else "other"]).format(count=reviews)


# ---------------------------------------------------------------- trials in words


def _said(trial: Trial, agents: Sequence[str], found: Sequence[OutcomeFound], knowledge: Knowledge) -> TrialSaid:
    own = [a for a in agents if a in agents_of(trial)]
    pairs = [*combinations(own, 2), *((a, PLACEBO) for a in own if PLACEBO in agents_of(trial))]
    reasons = [_reason(trial, one, other, found) for one, other in pairs] or [_alone(trial)]
    return TrialSaid(
        trial=trial.trial,
        title=trial.title,
        year=trial.year,
        design=trial.design,
        randomised=trial.randomised,
        blinded=trial.blinded,
        population=trial.population,
        n=trial.n,
        weeks=trial.weeks,
        arms=trial.arms,
        says=trial.says,
        beside=len(own) > 1,
        review=trial.design == _REVIEW,
        why_not=None if None in reasons else reasons[0],
        risk_of_bias=trial.bias.overall,
        judged_by=trial.bias.by,
        bias=trial.bias.why,
        verified=trial.verified,
        note=trial.note,
        source=cited(knowledge, trial.source, trial.place),
    )


def _alone(trial: Trial) -> Why:
    """Of a trial that had one of the agents and nothing to compare it with here."""
    return "open" if trial.design in ("open", "cohort") else "one arm"
