"""How much of a drug's clearance each enzyme carries, and what a partner leaves of an enzyme: the contribution-ratio method.

With shares s of an oral clearance and activities A left of the enzymes, AUC ratio = 1 / (sum of s A + 1 - sum of s)
(Ohno 2007 for inhibition, Ohno 2008 for induction). A partner's A comes from the published ratios of drugs that one enzyme clears:
A = (1 / ratio - (1 - s)) / s. The shares of our own drugs start from what is known of them and are moved by the pairs that
were measured, each weighed by its error (as in the Bayesian form for genes and interactions together, AAPS J 2013).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.partners import Exposure
from relaxant.knowledge.pathways import Contribution, Mechanism
from relaxant.knowledge.phenotypes import phenotype_of
from relaxant.knowledge.schema import SourceRef
from relaxant.pharmacology.cards.model import typical
from relaxant.pharmacology.spread.normal import NORMAL_90, NORMAL_95, normal_quantile

Floats = NDArray[np.float64]
Level = TypeVar("Level", float, Floats)
"""An activity now, or one for each of many days."""
Key = tuple[str, str]
"""A clearance of the card and an enzyme that carries a share of it."""
_Misfit = Callable[[Floats], Floats]
_LEAST_LEFT = 0.01
_LEAST_SPREAD = 0.2
_LEAST_CHANGE = 0.3


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner leaves of an enzyme's activity at its full effect (below 1 inhibits, above 1 induces).

    ``log_se`` is the standard error of the logarithm of ``1 / left - 1`` (inhibition) or of ``left`` (induction). ``at_dose`` says whether
    the studies' dose was near the dose taken.
    """

    enzyme: str
    left: float
    log_se: float
    mechanism: Mechanism
    studies: int
    at_dose: bool
    sources: tuple[SourceRef, ...]

    def moved(self, by: float) -> float:
        """What is left when the strength is ``by`` standard errors greater."""
        if self.left > 1:
            return self.left * math.exp(by * self.log_se)
        if self.left <= 0:
            return self.left
        return 1 / (1 + (1 / self.left - 1) * math.exp(by * self.log_se))

    @property
    def inhibition_ratio(self) -> float:
        """Ohno's IR: the share of the activity that is taken away; negative for an inducer."""
        return 1 - self.left


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """The shares of a drug's clearances, with the directions in which they are uncertain.

    ``axes`` are shares one standard deviation away along each independent direction. Shape: (directions, shares in the order of ``value``).
    """

    value: dict[Key, float]
    axes: tuple[dict[Key, float], ...]
    sources: tuple[SourceRef, ...]


# ---------------------------------------------------------------- a card's ways out


def ways_out(card: Model) -> dict[str, float]:
    """The clearances by which the card's drug leaves, each with its part of the whole. Empty where none is a clearance."""
    values, of = typical(card), card.outputs[0].of
    names = {f.clearance for f in card.flows if f.giver == of and f.clearance and not f.both_ways and f.during is None}
    whole = sum(values[n] for n in names)
    return {n: values[n] / whole for n in sorted(names)}


def contributions(card: Model, knowledge: Knowledge) -> tuple[Contribution, ...]:
    """What is known of the enzymes on the card's clearances (its metabolites' too)."""
    names = {p.parameter for p in card.parameters}
    return tuple(
        c for c in knowledge.pathways.contributions if c.ingredient == card.ingredient and c.parameter in names
    )


def clearance_ratio(
    weights: Mapping[str, float], own: Mapping[Key, float], activity: Mapping[str, Level], whole: Level
) -> Level:
    """What is left of a clearance with these activities of the enzymes; ``whole`` is that of one not named (1, or as many ones as days)."""
    left = whole
    for (parameter, enzyme), share in own.items():
        if enzyme in activity and parameter in weights:
            left = left + (activity[enzyme] - whole) * (weights[parameter] * share)
    return left


# ---------------------------------------------------------------- measured pairs


def spread_of_pair(row: Exposure, knowledge: Knowledge) -> tuple[float, float]:
    """The standard deviation between people and the standard error of the mean of a measured ratio's logarithm."""
    n = row.n or int(knowledge.policy("exposure_people_unknown"))
    between = knowledge.policy("exposure_between_people") * min(1.0, max(abs(math.log(row.auc_ratio)), _LEAST_CHANGE))
    if row.auc_low and row.auc_high and row.interval:
        width = math.log(row.auc_high / row.auc_low)
        if row.interval == "range":
            between = width / (2 * float(normal_quantile(np.array((n - 0.375) / (n + 0.25)))))
        else:
            between = width / 2 / (NORMAL_90 if row.interval == "90%" else NORMAL_95) * math.sqrt(n)
    return between, between / math.sqrt(n)


def measured(
    ingredient: str, partner: str, knowledge: Knowledge, *, daily_mg: float | None = None
) -> tuple[Exposure, ...]:
    """The measured rows of a pair: what was seen in its source before what was not, then those whose dose is nearest to the dose taken."""
    rows = [e for e in knowledge.exposures if e.agent == ingredient and e.partner == partner]
    rows = [e for e in rows if e.verified] or rows
    dosed = [e for e in rows if e.daily_mg]
    if daily_mg and dosed:
        far = {id(e): abs(math.log(float(e.daily_mg or 0) / daily_mg)) for e in dosed}
        window = math.log(knowledge.policy("exposure_dose_window")) * (1 - 1e-9)
        near = [e for e in dosed if far[id(e)] < window]
        rows = near or [e for e in dosed if far[id(e)] <= min(far.values()) + 1e-9]
    return tuple(rows)


# ---------------------------------------------------------------- a partner's strength


def strength(
    partner: str, enzyme: str, knowledge: Knowledge, *, daily_mg: float | None = None, without: Key | None = None
) -> Strength | None:
    """What a partner leaves of an enzyme, from probe drugs and from relaxants that it acts on by this enzyme alone; ``None`` without a study.

    ``without`` (ingredient, partner) leaves that measured pair out, to predict it.
    """
    _KNOWN[knowledge.sha256] = knowledge
    return _strength(partner, enzyme, knowledge.sha256, daily_mg, without, True)


_KNOWN: dict[str, Knowledge] = {}
"""The knowledge behind a hash, so that what is learned from it is learned once."""


@lru_cache(maxsize=4096)
def _strength(
    partner: str, enzyme: str, sha256: str, daily_mg: float | None, without: Key | None, relaxants: bool
) -> Strength | None:
    knowledge = _KNOWN[sha256]
    found = _from_probes(partner, enzyme, knowledge, without)
    if relaxants:
        found += _from_relaxants(partner, enzyme, knowledge, without)
    if not found:
        return None
    inhibits = float(np.mean([math.log(left) for left, *_ in found])) < 0
    window = math.log(knowledge.policy("exposure_dose_window")) * (1 - 1e-9)
    near = [f for f in found if not daily_mg or not f[1] or abs(math.log(f[1] / daily_mg)) < window]
    at_dose = bool(near)
    strengths: list[float] = []
    for left, dose, _ in near or found:
        size = max(1 / left - 1, 0.02) if inhibits else max(left, 0.02)
        if not near and inhibits and daily_mg and dose:
            size *= daily_mg / dose
        strengths.append(math.log(size))
    used = near or found
    if not near and not inhibits and daily_mg:
        used = [min(found, key=lambda f: abs(math.log((f[1] or daily_mg) / daily_mg)))]
        strengths = [math.log(max(used[0][0], 0.02))]
    one = knowledge.policy("exposure_between_studies")
    spread = max(float(np.std(strengths, ddof=1)), _LEAST_SPREAD) if len(strengths) > 1 else one
    error = math.hypot(spread / math.sqrt(len(strengths)), 0.0 if at_dose else one)
    size = math.exp(float(np.mean(strengths)))
    row = next((p for p in knowledge.pathways.precipitants if p.ingredient == partner), None)
    mechanism: Mechanism = "reversible" if inhibits else "induction"
    if inhibits and row is not None and row.mechanisms.get(enzyme) == "mechanism-based":
        mechanism = "mechanism-based"
    sources = tuple(dict.fromkeys(s for *_, s in used))
    return Strength(enzyme=enzyme, left=1 / (1 + size) if inhibits else size, log_se=error, mechanism=mechanism, studies=len(used), at_dose=at_dose, sources=sources)  # fmt: skip


_Found = tuple[float, float | None, SourceRef]


def _from_probes(partner: str, enzyme: str, knowledge: Knowledge, without: Key | None) -> list[_Found]:
    shares = {
        c.ingredient: c.share
        for c in knowledge.pathways.contributions
        if c.enzyme == enzyme and c.parameter is None and c.share
    }
    return [
        (_left(r.auc_ratio, shares[r.victim]), r.daily_mg, SourceRef(source=r.source, place=r.place))
        for r in knowledge.pathways.probe_ratios
        if r.partner == partner and r.victim in shares and (r.victim, r.partner) != without
    ]


def _from_relaxants(partner: str, enzyme: str, knowledge: Knowledge, without: Key | None) -> list[_Found]:
    found: list[_Found] = []
    for row in knowledge.exposures:
        if (
            row.partner != partner
            or row.through != (enzyme,)
            or not row.verified
            or (row.agent, row.partner) == without
        ):
            continue
        card = first_card(row.agent, knowledge)
        if card is None:
            continue
        weights, known = ways_out(card), shares(card, knowledge, without=(row.agent, row.partner))
        whole = sum(weights.get(p, 0.0) * s for (p, e), s in known.value.items() if e == enzyme)
        if whole > 0:
            found.append((_left(row.auc_ratio, whole), row.daily_mg, SourceRef(source=row.source, place=row.place)))
    return found


def _left(ratio: float, share: float) -> float:
    return max((1 / ratio - (1 - share)) / share, _LEAST_LEFT)


def first_card(ingredient: str, knowledge: Knowledge) -> Model | None:
    """The drug's best card whose clearances have known contributions, one of a dose by mouth first."""
    cards = [m for m in knowledge.models.values() if m.ingredient == ingredient]
    cards.sort(key=lambda m: (not by_mouth(m), m.rank, m.model))
    return next((m for m in cards if any(c.parameter in ways_out(m) for c in contributions(m, knowledge))), None)


def by_mouth(card: Model) -> bool:
    """Whether the card knows a way in other than the vein."""
    return any(i.route != "intravenous" for i in card.inputs)


# ---------------------------------------------------------------- a drug's shares


def shares(card: Model, knowledge: Knowledge, *, without: Key | None = None) -> Shares:
    """The shares on a card's clearances: starting values moved by the measured pairs, but not by the pair ``without``."""
    _KNOWN[knowledge.sha256] = knowledge
    return _shares(card.model, knowledge.sha256, without)


@lru_cache(maxsize=1024)
def _shares(model: str, sha256: str, without: Key | None) -> Shares:
    knowledge = _KNOWN[sha256]
    card = knowledge.models[model]
    known = [c for c in contributions(card, knowledge) if c.share is not None]
    weights = ways_out(card)
    keys: list[Key] = [(str(c.parameter), c.enzyme) for c in known]
    start = np.array([float(c.share or 0.0) for c in known])
    sources = tuple(SourceRef(source=c.source, place=c.place) for c in known)
    fixed = np.array(
        [c.low is None or c.high is None or c.low >= c.high or not 0 < float(c.share or 0) < 1 for c in known], bool
    )
    free = np.flatnonzero(~fixed)
    if not free.size:
        return Shares(value=dict(zip(keys, start.tolist(), strict=True)), axes=(), sources=sources)
    odds = _logit(start[free])
    widths = np.array(
        [(_logit(_inside(known[i].high)) - _logit(_inside(known[i].low))) / (2 * NORMAL_90) for i in free]
    )
    pairs = _pairs(card, knowledge, without)

    def value_at(z: Floats) -> dict[Key, float]:
        found = start.copy()
        found[free] = 1 / (1 + np.exp(-z))
        for name in {
            p for p, _ in keys
        }:  # a clearance is carried once: where the shares run over, they are brought back together
            at = [i for i, (p, _) in enumerate(keys) if p == name]
            found[at] /= max(1.0, float(found[at].sum()))
        return dict(zip(keys, found.tolist(), strict=True))

    def misfit(z: Floats) -> Floats:
        own = value_at(z)
        out = [*((z - odds) / widths)]
        out += [
            (math.log(ratio) + math.log(max(clearance_ratio(weights, own, activity, 1.0), 1e-3))) / error
            for ratio, activity, error in pairs
        ]
        return np.array(out)

    z, spread = _least_squares(misfit, odds)
    axes = tuple(value_at(z + column) for column in spread.T)
    return Shares(value=value_at(z), axes=axes, sources=sources)


def _pairs(card: Model, knowledge: Knowledge, without: Key | None) -> list[tuple[float, dict[str, float], float]]:
    """Measured pairs that say something of the shares: the ratio, the activities that the probes give, the error."""
    method = knowledge.policy("exposure_method_error")
    enzymes = {
        c.enzyme for c in contributions(card, knowledge) if c.share is not None and c.parameter in ways_out(card)
    }
    found: list[tuple[float, dict[str, float], float]] = []
    for row in knowledge.exposures:
        if row.agent != card.ingredient or (row.agent, row.partner) == without or not row.verified:
            continue
        if row.kind not in ("interaction", "smoking", "genotype") or not row.through or not set(row.through) <= enzymes:
            continue
        activity: dict[str, float] = {}
        error = math.hypot(method, spread_of_pair(row, knowledge)[1])
        if row.kind == "genotype":
            gene, _, status = row.partner.partition(" ")
            phenotype = phenotype_of(gene, status, knowledge.pathways)
            if phenotype is None or phenotype.activity is None:
                continue
            activity[gene] = phenotype.activity
        else:
            strengths = [_strength(row.partner, e, knowledge.sha256, row.daily_mg, None, False) for e in row.through]
            known = [s for s in strengths if s is not None]
            if len(known) < len(strengths):
                continue
            for s in known:
                activity[s.enzyme] = s.left
                error = math.hypot(error, s.log_se * abs(1 - 1 / max(row.auc_ratio, 1 / row.auc_ratio)))
        found.append((row.auc_ratio, activity, error))
    return found


def _inside(bound: float | None) -> float:
    return min(max(float(bound or 0.0), 0.001), 0.999)


def _logit(share: float | Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-np.asarray(share)), dtype=np.float64)


def _least_squares(misfit: _Misfit, start: Floats) -> tuple[Floats, Floats]:
    """Damped Gauss-Newton for a handful of unknowns: the best point and the columns of the covariance's square root."""
    z, damping = start.copy(), 1e-2
    now = misfit(z)
    for _ in range(60):
        slope = _slope(misfit, z, now)
        step = np.linalg.solve(slope.T @ slope + damping * np.eye(z.size), -slope.T @ now)
        tried = misfit(z + step)
        if tried @ tried <= now @ now:
            z, now, damping = z + step, tried, damping / 5
            if float(np.abs(step).max()) < 1e-8:
                break
        else:
            damping *= 5
    slope = _slope(misfit, z, now)
    return z, np.linalg.cholesky(np.linalg.inv(slope.T @ slope))


def _slope(misfit: _Misfit, z: Floats, now: Floats) -> Floats:
    out = np.empty((now.size, z.size))
    for i in range(z.size):
        near = z.copy()
        near[i] += 1e-5
        out[:, i] = (misfit(near) - now) / 1e-5
    return out
