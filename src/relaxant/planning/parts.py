"""A day's dose over the parts of the day, in amounts that products make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.planning.tablets import ROUNDING

_NEAR = 4
"""Amounts looked at on each side of a part's even share: a better one never lies further off."""
Grains = dict[DayPart, int]
_KEPT: tuple[DayPart, ...] = ("night", "morning", "noon", "evening")
"""The parts of the day in which a dose is kept longest: two that are left stand far apart."""


def spread(
    total: float,
    shares: Mapping[DayPart, float],
    allowed: Sequence[int],
    upper: Mapping[DayPart, int],
    *,
    at_most: float,
    at_least: float = 0.0,
    lower: Mapping[DayPart, int] = {},
    nearest: bool = False,
) -> Grains:
    """The parts' amounts (grains) whose sum is the greatest up to ``total``, or with ``nearest`` the nearest to it, from ``at_least`` to ``at_most``;
    among these the one most like ``shares`` (which sum to 1) and the larger of two, where parts stay empty those of :data:`_KEPT` last, the rest falling to the later parts. ``allowed`` are the amounts that can be made, ascending; nought always can. No part is below ``lower``."""
    parts = [part for part in DAY_PARTS if shares.get(part)]
    ideals = _within(total, {part: shares[part] for part in parts}, upper)
    choices = [_near(ideals[part], allowed, upper[part], lower.get(part, 0)) for part in parts]
    every = np.array(list(product(*choices)), dtype=np.int64)
    sums = every.sum(axis=1)
    fits = (sums <= at_most + ROUNDING) & (sums >= at_least - ROUNDING)
    if not nearest:
        fits &= sums <= total + ROUNDING
    every, sums = every[fits], sums[fits]
    if not len(every):
        return {}
    off = np.abs(sums - total)
    wanted = np.array([total * shares[part] for part in parts])
    uneven = ((every - wanted) ** 2).sum(axis=1)
    later = -(every * np.arange(1, len(parts) + 1)).sum(axis=1)
    kept = np.where(every > 0, [_KEPT.index(part) for part in parts], 0).sum(axis=1)
    best = np.lexsort((later, kept, -sums, np.round(uneven, 3), off))[0]
    return {part: int(amount) for part, amount in zip(parts, every[best], strict=True) if amount}


def evenly(
    total: float, parts: Mapping[DayPart, int], allowed: Sequence[int], *, at_most: float, at_least: float = 0.0
) -> Grains:
    """The same amount (grains) in each of the ``parts``, none above what the part holds, whose sum lies nearest to ``total`` and from ``at_least`` to
    ``at_most``: the larger of two that are as near. Nothing where there is none."""
    count, most = len(parts), min(parts.values(), default=0)
    fitting = [a for a in allowed if a <= most and at_least - ROUNDING <= a * count <= at_most + ROUNDING]
    best = min(fitting, key=lambda a: (round(abs(a * count - total), 3), -a), default=0)
    return dict.fromkeys(parts, best) if best else {}


def _within(total: float, shares: Mapping[DayPart, float], upper: Mapping[DayPart, int]) -> dict[DayPart, float]:
    """Each part's share of the day's dose; what a part may not take goes to those that may."""
    out: dict[DayPart, float] = {}
    left, open_ = total, dict(shares)
    while open_:
        whole = sum(open_.values())
        full = [part for part, share in open_.items() if left * share / whole > upper[part]]
        if not full:
            return out | {part: left * share / whole for part, share in open_.items()}
        for part in full:
            out[part] = float(upper[part])
            left -= upper[part]
            del open_[part]
    return out


def _near(ideal: float, allowed: Sequence[int], most: int, least: int) -> list[int]:
    usable = [a for a in (0, *allowed) if least <= a <= most]
    below = [a for a in usable if a <= ideal + ROUNDING]
    above = [a for a in usable if a > ideal + ROUNDING]
    return below[-_NEAR:] + above[:_NEAR]


def shares_of(doses: Mapping[DayPart, float]) -> dict[DayPart, float]:
    """What part of the day's dose each part has."""
    whole = sum(doses.values())
    return {part: amount / whole for part, amount in doses.items() if amount}


def kept_parts(doses: Mapping[DayPart, float], most: int) -> dict[DayPart, float]:
    """The doses of at most so many parts of the day: the night first, then the morning, noon and evening."""
    kept = [part for part in _KEPT if part in doses][: max(most, 1)]
    return {part: doses[part] for part in DAY_PARTS if part in kept}
