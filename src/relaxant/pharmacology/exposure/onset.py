"""How changes of exposure come and go over days, as steps that a course can take.

A partner comes and goes with its half-life: x(t) between 0 and 1. What it holds back reversibly leaves 1 / (1 + phi x) of the
activity, phi = 1 / left - 1. The amount E of an enzyme follows its turnover, dE/dt = k (prod (1 + (induced - 1) x) - E prod (1 + phi x)):
inducers raise what is made, mechanism-based inhibitors raise what is lost, and both pass with the enzyme's own half-life. Several
partners on one enzyme multiply; the clearance they leave is never below what other ways carry.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.pharmacology.cards.model import an_hour
from relaxant.pharmacology.exposure.contributions import by_mouth, shares, ways_out
from relaxant.pharmacology.exposure.exposure import Act, Change
from relaxant.pharmacology.exposure.parting import exposed, together
from relaxant.pharmacology.kinetics.alteration import Alteration

Floats = NDArray[np.float64]
TOLERANCE = 0.05
"""How far, as a logarithm, a step may lie from the smooth course."""
_STEP, _SOON, _GROWTH = 1 / 48, 0.5, 1.08
_SHORTEST = 1e-4
_LONGEST = 400.0
_DAY = 24.0  # hours


def present(change: Change, days: Floats) -> Floats:
    """How much of a partner's lasting amount is there on each day: 0 before it starts, towards 1, and back after it stops."""
    if change.half_life is None:
        return np.where((days >= change.starts) & (days < change.stops), 1.0, 0.0)
    rate = math.log(2) * _DAY / change.half_life
    since = np.maximum(days - change.starts, 0.0)
    on = -np.expm1(-rate * np.minimum(since, change.stops - change.starts))
    return np.asarray(np.where(days < change.starts, 0.0, on * np.exp(-rate * np.maximum(days - change.stops, 0.0))))


def activity(acts: Sequence[tuple[Act, Floats]], days: Floats, *, oral: bool) -> Floats:
    """The activity of one enzyme on each day under these acts and the presence of what does them. Before the first day all was as on it."""
    turnover = next((a.turnover for a, _ in acts if a.turnover), None)
    freely = np.ones(days.size)
    made, lost = np.ones(days.size), np.ones(days.size)
    for act, x in acts:
        left = act.oral if oral else act.systemic
        if act.mechanism == "induction":
            made = made * (1 + (left - 1) * x)
            continue
        with np.errstate(divide="ignore"):
            held = np.where(x > 0, 1 / (1 + (np.inf if left <= 0 else 1 / left - 1) * np.maximum(x, 1e-300)), 1.0)
        if act.mechanism == "mechanism-based" and turnover:
            lost = lost / np.maximum(held, 1e-9)
        else:
            freely = freely * held
    if turnover is None:
        return freely * made / lost
    rate = math.log(2) * _DAY / turnover
    amount = np.empty(days.size)
    amount[0] = now = made[0] / lost[0]
    middle_made, middle_lost = (made[1:] + made[:-1]) / 2, (lost[1:] + lost[:-1]) / 2
    kept = np.exp(-rate * middle_lost * np.diff(days))
    aim = middle_made / middle_lost
    for i in range(days.size - 1):
        now = aim[i] + (now - aim[i]) * kept[i]
        amount[i + 1] = now
    return amount * freely


def alterations(
    card: Model,
    found: Sequence[Change],
    knowledge: Knowledge,
    at: float = 0.0,
    *,
    days: tuple[float, float] = (-28.0, 28.0),
    tolerance: float = TOLERANCE,
) -> tuple[Alteration, ...]:
    """The changes together as steps, in the card's time unit from day ``at``; the first holds from the window's first day.

    Each step lies within ``tolerance`` (a logarithm) of the smooth course, in every ratio. What the card's covariates carry already is
    left out as far as it lasts; what is not quantified is left out and must be said beside the curve. Raises :class:`InputError` for a
    window without length.
    """
    first, last = days
    if not first < last:
        raise InputError(
            "days", f"{first:g} to {last:g}", "the window has no length", "give its first day before its last"
        )
    if not tolerance > 0:
        raise InputError("tolerance", tolerance, "it is not above 0", "give a logarithm such as 0.05")
    active = [c for c in found if c.auc_ratio is not None and not (c.on_card and c.kind in ("food", "formulation"))]
    grid = _grid(active, first + at, last + at)
    while True:
        reaching, ratios = smooth(card, active, knowledge, grid)
        table = np.log(np.vstack([reaching, *ratios.values()]))
        steep = np.flatnonzero((np.abs(np.diff(table, axis=1)).max(axis=0) > tolerance) & (np.diff(grid) > _SHORTEST))
        if not steep.size:
            break
        grid = np.sort(np.concatenate([grid, (grid[steep] + grid[steep + 1]) / 2]))
    spread = (
        np.sqrt(sum((_progress(card, c, knowledge, grid) * c.log_sd) ** 2 for c in active))
        if active
        else np.zeros(grid.size)
    )
    keep = grid >= first + at - 1e-9
    names = sorted(ratios)
    table = np.log(np.vstack([reaching[keep], *(ratios[n][keep] for n in names)]))
    inside, sd = grid[keep], np.asarray(spread)[keep]
    fixed = {e for c in active for e in (c.starts, c.stops)}
    steps: list[Alteration] = []
    begin = 0
    while begin < inside.size - 1 or not steps:
        low = high = table[:, begin]
        end = begin + 1
        while end < inside.size and (end == begin + 1 or float(inside[end - 1]) not in fixed):
            lower, upper = np.minimum(low, table[:, end]), np.maximum(high, table[:, end])
            if end > begin + 1 and float((upper - lower).max()) > 2 * tolerance:
                break
            low, high = lower, upper
            end += 1
        end -= 1
        middle = np.exp((low + high) / 2)
        steps.append(
            Alteration(
                start=float(inside[begin] - at) * _DAY * an_hour(card),
                ratios=dict(zip(names, middle[1:].tolist(), strict=True)),
                reaching=float(middle[0]),
                log_sd=float(sd[begin : end + 1].max()),
            )
        )
        begin = end
    return tuple(steps)


def smooth(
    card: Model, found: Sequence[Change], knowledge: Knowledge, days: Floats
) -> tuple[Floats, dict[str, Floats]]:
    """What reaches the circulation and the ratio on each clearance, on each day, against what the card's covariates already carry."""
    weights, own = ways_out(card), shares(card, knowledge).value
    enzymes = sorted({e for _, e in own} | {a.enzyme for c in found for a in c.acts})

    def course(carried: bool) -> tuple[Floats, dict[str, Floats]]:
        levels: list[dict[str, Floats]] = []
        there = {id(c): (np.full(days.size, 1.0 if c.state else 0.0) if carried else present(c, days)) for c in found if c.on_card or not carried}  # fmt: skip
        for oral in (True, False):
            levels.append({e: activity([(a, there[id(c)]) for c in found if id(c) in there for a in c.acts if a.enzyme == e], days, oral=oral) for e in enzymes})  # fmt: skip
        aside = [np.ones(days.size), np.ones(days.size)]
        for c in found:
            if id(c) in there:
                for i in (0, 1):
                    aside[i] = aside[i] * _between(c.aside[i], there[id(c)])
        return together(
            weights, own, levels[0], levels[1], (aside[0], aside[1]), np.ones(days.size), by_mouth=by_mouth(card)
        )

    reaching, ratios = course(False)
    base_reaching, base = course(True)
    return reaching / base_reaching, {n: ratios[n] / base[n] for n in ratios}


def _between(full: float, x: Floats) -> Floats:
    """A factor on a clearance between none of it and all of it: what is held back goes as 1 / (1 + phi x), what is added in proportion."""
    if full >= 1:
        return 1 + (full - 1) * x
    return 1 / (1 + (1 / max(full, 1e-9) - 1) * x)


def _progress(card: Model, change: Change, knowledge: Knowledge, days: Floats) -> Floats:
    """How much of a change's own effect is there on each day, from 0 to 1."""
    full = abs(math.log(change.auc_ratio or 1.0))
    if full < 1e-6:
        return np.minimum(present(change, days), 1.0)
    alone, ratios = smooth(card, [change], knowledge, days)
    return np.asarray(np.clip(np.abs(np.log(exposed(alone, ratios, ways_out(card)))) / full, 0.0, 1.0))


def _grid(found: Sequence[Change], first: float, last: float) -> Floats:
    """Days close together after everything that starts or stops and further apart the longer ago that was, from before the window on."""
    slowest = max((h for c in found for h in (c.half_life, *(a.turnover for a in c.acts)) if h), default=0.0) / _DAY
    events = [e for c in found for e in (c.starts, c.stops) if math.isfinite(e) and e <= last]
    begin = max(min([first, *events]), first - min(_LONGEST, 15 * slowest))
    span = last - begin
    since = np.concatenate([np.arange(_STEP, _SOON, _STEP), _SOON * _GROWTH ** np.arange(math.ceil(math.log(max(span / _SOON, 1)) / math.log(_GROWTH)) + 1)])  # fmt: skip
    days = [np.array([begin, first, last])]
    for event in {e for e in events if e >= begin}:
        days += [np.array([event - _SHORTEST / 2, event]), event + since]
    every = np.unique(np.concatenate(days))
    return every[(every >= begin) & (every <= last)]
