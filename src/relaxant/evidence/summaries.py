"""Contrasts of one outcome taken together, where that is honest; and the plain reason where it is not.

Pooled are two or more randomised comparisons with numbers of the same outcome on the same scale, in people who share a condition: random
effects (REML, intervals by Hartung and Knapp), with a prediction interval from three trials on. A network of treatments is pooled only where
it is connected and holds more contrasts than treatments.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
import numpy as np

from relaxant.evidence.contrasts import Group, log_risks, network
from relaxant.evidence.outcomes import PLACEBO, Contrast, Scale, agents_of, contrasts
from relaxant.evidence.pooling import Pooled, pooled
from relaxant.knowledge.load import Knowledge

_FEWEST = 2
Reason = Literal["nothing", "no numbers", "one", "unlike", "no library"]


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """Comparisons taken together: ``value`` with its 95% interval and, from three trials on, where the true effect of a further trial lies.
    ``common`` is the same (value, low, high) if the trials do not differ in truth, which two trials cannot tell. ``tau2``: variance between trials on the pooled scale (the logarithm of a ratio); ``i2``: the share of variance that lies between trials."""

    condition: str
    scale: Scale
    trials: tuple[str, ...]
    value: float
    low: float
    high: float
    prediction: tuple[float, float] | None
    common: tuple[float, float, float]
    tau2: float
    i2: float
    q: float
    freedom: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparisons of two treatments in one outcome come to: pools, or why there is none."""

    agent: str
    against: str
    pools: tuple[Pool, ...]
    why_none: Reason | None


class Networked(msgspec.Struct, frozen=True, kw_only=True):
    """One treatment beside the reference of a network."""

    agent: str
    value: float
    low: float
    high: float


class Net(msgspec.Struct, frozen=True, kw_only=True):
    """A network of treatments in one outcome and condition."""

    condition: str
    scale: Scale
    reference: str
    effects: tuple[Networked, ...]
    trials: tuple[str, ...]
    tau2: float
    i2: float
    q: float
    freedom: int


def can_pool() -> bool:
    """Whether the library that intervals need is installed."""
    return importlib.util.find_spec("scipy") is not None


def summary(found: Sequence[Contrast], agent: str, against: str) -> Summary:
    """The pools of these contrasts of two treatments in one outcome, or why there is none."""
    fit = [c for c in found if c.why_not is None]
    pools: list[Pool] = []
    if can_pool():
        for scale in dict.fromkeys(c.scale for c in fit):
            pools += [_pool(condition, own) for condition, own in _alike([c for c in fit if c.scale == scale])]
    return Summary(agent=agent, against=against, pools=tuple(pools), why_none=None if pools else _why_none(found, fit))


def _why_none(found: Sequence[Contrast], fit: Sequence[Contrast]) -> Reason:
    if not found:
        return "nothing"
    if not fit:
        return "no numbers"
    if len(fit) < _FEWEST:
        return "one"
    return "unlike" if can_pool() else "no library"


def _alike(fit: Sequence[Contrast]) -> list[tuple[str, list[Contrast]]]:
    """The contrasts by the condition that all their trials share, two at the least; none that is part of another."""
    by: dict[str, list[Contrast]] = {}
    for contrast in fit:
        for condition in contrast.conditions:
            by.setdefault(condition, []).append(contrast)
    large = sorted((c, own) for c, own in by.items() if len(own) >= _FEWEST)
    large.sort(key=lambda pair: -len(pair[1]))
    out: list[tuple[str, list[Contrast]]] = []
    for condition, own in large:
        named = {c.trial for c in own}
        if not any(named & {c.trial for c in kept} for _, kept in out):
            out.append((condition, own))
    return out


def _pool(condition: str, own: Sequence[Contrast]) -> Pool:
    y, spread = _arrays(own)
    made, same = pooled(y, np.diag(spread)), pooled(y, np.diag(spread), method="common")
    log = own[0].scale == "risk ratio"
    (low, high), ahead = made.interval(), made.prediction()
    least, most = same.interval()
    return Pool(
        condition=condition,
        scale=own[0].scale,
        trials=tuple(c.trial for c in own),
        value=_shown(float(made.estimate[0]), log),
        low=_shown(low, log),
        high=_shown(high, log),
        prediction=None if ahead is None else (_shown(ahead[0], log), _shown(ahead[1], log)),
        common=(_shown(float(same.estimate[0]), log), _shown(least, log), _shown(most, log)),
        tau2=made.tau2,
        i2=made.i2,
        q=made.q,
        freedom=made.freedom,
    )


def _arrays(own: Iterable[Contrast]) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(c.measured, c.variance) for c in own if c.measured is not None and c.variance is not None]
    return np.array([m for m, _ in pairs]), np.array([v for _, v in pairs])


def _shown(value: float, log: bool) -> float:
    return math.exp(value) if log else value


# ---------------------------------------------------------------- networks


def net(knowledge: Knowledge, outcome: str, agents: Sequence[str]) -> Net | None:
    """The network of an outcome counted in people that joins two of these agents, if there is one: connected, with more contrasts than
    treatments; the largest by condition."""
    if not can_pool():
        return None
    best: Net | None = None
    trials = {t.trial: t for t in knowledge.trials.values() if any(r.outcome == outcome for r in t.results)}
    for condition in sorted({c for t in trials.values() for c in t.conditions}):
        groups = {
            name: own
            for name, trial in trials.items()
            if condition in trial.conditions and len(own := _groups(knowledge, name, outcome)) >= _FEWEST
        }
        joined = _joined(groups, agents)
        made = _network(condition, joined, agents)
        if made is not None and (best is None or len(made.trials) > len(best.trials)):
            best = made
    return best


def _groups(knowledge: Knowledge, name: str, outcome: str) -> list[Group]:
    """The arms of one trial that may be pooled, those of one treatment together."""
    trial = knowledge.trials[name]
    treatments = sorted(agents_of(trial), key=lambda a: (a != PLACEBO, a))
    counts: dict[str, tuple[int, int]] = {}
    for i, one in enumerate(treatments):
        for other in treatments[i + 1 :]:
            for c in contrasts(knowledge, outcome, other, one):
                if c.trial == name and c.why_not is None and c.share is not None and c.share_against is not None:
                    counts.setdefault(one, (c.share_against.count, c.share_against.n))
                    counts.setdefault(other, (c.share.count, c.share.n))
    return [
        Group(treatment=treatment, value=value, variance=variance)
        for treatment, (value, variance) in zip(counts, log_risks(list(counts.values())), strict=True)
    ]


def _joined(groups: dict[str, list[Group]], agents: Sequence[str]) -> dict[str, list[Group]]:
    """The trials that are joined to the first of the agents by common treatments, if another of them is joined, too."""
    for start in agents:
        reached = {start}
        while True:
            near = {n: own for n, own in groups.items() if any(g.treatment in reached for g in own)}
            wider = reached | {g.treatment for own in near.values() for g in own}
            if wider == reached:
                break
            reached = wider
        if len(reached & set(agents)) >= _FEWEST:
            return near
    return {}


def _network(condition: str, joined: dict[str, list[Group]], agents: Sequence[str]) -> Net | None:
    if not joined:
        return None
    treatments = {g.treatment for own in joined.values() for g in own}
    reference = PLACEBO if PLACEBO in treatments else next(a for a in agents if a in treatments)
    known = network(list(joined.values()), reference)
    if len(known.y) <= len(treatments):
        return None
    made = pooled(known.y, known.V, known.X, known.R)
    return Net(
        condition=condition,
        scale="risk ratio",
        reference=reference,
        effects=tuple(_effect(made, i, name) for i, name in enumerate(known.treatments)),
        trials=tuple(joined),
        tau2=made.tau2,
        i2=made.i2,
        q=made.q,
        freedom=made.freedom,
    )


def _effect(made: Pooled, column: int, name: str) -> Networked:
    low, high = made.interval(column)
    return Networked(agent=name, value=math.exp(float(made.estimate[column])), low=math.exp(low), high=math.exp(high))
