"""When an effect reaches a level, over virtual people: onset, clinical duration, recovery of the train-of-four, with their spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.course import GivenDose, course, slowest_leaving
from relaxant.pharmacology.cards.effects import with_moderator
from relaxant.pharmacology.cards.measures import Direction, crossing, resolving
from relaxant.pharmacology.cards.model import Covariates, individual
from relaxant.pharmacology.people.populations import drawn

Floats = NDArray[np.float64]
_POINTS, _LEVELS = 257, 10  # even grids, each half as long as the one before, from every start
_LONG = 20.0  # slowest rates times: what is left in the typical person is under 1e-8
_MOST_NUMBERS = 4_000_000  # people times times at once


class Reaching(msgspec.Struct, frozen=True):
    """When people reached a level, in the card's unit of time since ``since``: ``median``, and ``low`` to ``high`` for 90% of them.

    Who never reached it within ``until`` counts as later than everybody else: a quantile that falls on them is infinite. ``never`` is
    their share, ``each`` everybody's time, infinite for those. A card that knows no spread between people has one person in ``each``.
    """

    level: float
    direction: str
    since: float
    until: float
    median: float
    low: float
    high: float
    never: float
    each: Floats


def times_to(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    effect: str,
    level: float,
    direction: Direction,
    *,
    people: int = 1000,
    seed: int = 1,
    since: float = 0.0,
    until: float | None = None,
    of_own_baseline: bool = False,
    during: Sequence[str] = (),
) -> Reaching:
    """How long after ``since`` an effect falls to a level, or has risen back to it for good.

    ``falling``: the first time at or under the level (onset of a block). ``rising``: the time from which on it stays at or above, 0 for
    who was never under it (duration to a twitch of 25%, recovery to a ratio of 90%, from the dose of the reversal on where ``since`` is
    its time). ``level`` is in the effect's unit; with ``of_own_baseline`` a percentage of what the person has without any drug, as
    monitors normalise it. Read from curves resolved to half a percent of the time since the last of: first dose, ``since``, last dose.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> card = load_knowledge().models["rocuronium-kleijn-2011"]
    >>> dose = [GivenDose(amount=42, route="intravenous")]
    >>> back = times_to(card, {"weight": 70}, dose, "tof_ratio", 90, "rising", of_own_baseline=True)
    >>> 50 < back.median < 70
    True

    Raises :class:`InputError` for a direction that is none, a look that ends before it starts, and what :func:`course` refuses.
    """
    if direction not in ("falling", "rising"):
        raise InputError("direction", direction, "an effect falls or rises", "give falling or rising")
    typical = individual(model, {n: v for n, v in covariates.items() if isinstance(v, str) or (np.size(v) == 1 and not np.isnan(v))})  # fmt: skip
    given = [dose.time for dose in doses] + [d.time + (d.count - 1) * (d.every or 0.0) + d.infused_over for d in doses]
    first, last = min(given, default=since), max([since, *given])
    end = last + _LONG / _slowest(model, typical, effect, during) if until is None else until
    if not end > since:
        raise InputError("until", end, f"the look starts at {since:g}", "give a later end")
    times = looks(sorted({t for t in (first, since, last) if t < end}), end)
    parameters = individual(model, covariates, deviations=drawn(model, people, seed=seed))
    each = reached(
        model, parameters, doses, effect, level, direction, times[times >= since], of_own_baseline=of_own_baseline, during=during
    ) - since  # fmt: skip
    low, median, high = np.quantile(each, (0.05, 0.5, 0.95), method="inverted_cdf").tolist()
    return Reaching(level, direction, since, end, median, low, high, float(np.isinf(each).mean()), each)


def looks(starts: Sequence[float], end: float) -> Floats:
    """Times to look at an effect up to ``end``, resolved to half a percent of the time since the last of the starts."""
    return np.unique(np.concatenate([resolving(start, end, _POINTS, _LEVELS) for start in starts]))


def reached(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    effect: str,
    level: float,
    direction: Direction,
    times: Floats,
    *,
    of_own_baseline: bool = False,
    during: Sequence[str] = (),
) -> Floats:
    """When each of these people reaches the level; infinite for never within the times, NaN for who has unknown parameters."""
    everyone = max(v.size for v in parameters.values())
    size = max(1, _MOST_NUMBERS // times.size)
    found = []
    for first in range(0, everyone, size):
        own = {name: value[first : first + size] for name, value in parameters.items()}

        def at(these: Floats, own: Mapping[str, Floats] = own) -> Floats:
            return course(model, own, doses, these, effect, during=during)

        values = at(times)
        wanted = level * course(model, own, [], times[:1], effect)[0] / 100 if of_own_baseline else np.array([level])
        rough = crossing(times, values, wanted, direction)
        when = rough.at
        if everyone == 1 and rough.inside[0]:  # one person is worth a closer look
            fine = np.linspace(times[rough.before[0]], times[rough.after[0]], _POINTS)
            when = crossing(fine, at(fine), wanted, direction).at
        found.append(np.where(np.isnan(values).any(axis=0), np.nan, when))
    return np.concatenate(found)


def _slowest(model: Model, typical: Mapping[str, Floats], name: str, during: Sequence[str]) -> float:
    """The slowest rate of the card's kinetics, its moderator of tolerance and its turnover, in the typical person."""
    effect = next((e for e in model.effects if e.effect == name), None)
    card = model if effect is None else with_moderator(model, effect)
    loss = [float(typical[effect.loss][0])] if effect is not None and effect.loss else []
    return min([slowest_leaving(card, typical, during=during), *loss])
