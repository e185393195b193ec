"""Concentrations as sums over doses of the response to one unit, with exact slopes in rates, weights and absorption: what a walk needs.

Everybody's doses are gathered into runs: equal amounts at equal intervals. What a run has left at a time is a geometric series, so it
costs as much as two doses, however many it has; a dose of its own is a run of one. Where rates are so near to each other that a
difference of exponentials would lose its digits, series in their gap are summed dose by dose.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.pharmacology.kinetics.disposition import Disposition

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_CLOSE = 1e-2  # of a difference of exponentials over the larger: nearer, series stand for them
_SAME = 64 * np.finfo(np.float64).eps  # of the latest dose: intervals that differ by no more are equal
_JUST = 1e-11  # of an interval: a dose so near to an observation is at its time
_WORTH = 3  # so many times fewer runs than doses, and series pay
_MOST_NUMBERS = 1_000_000  # at once, where series are summed dose by dose


class Way(msgspec.Struct, frozen=True):
    """How people's parameters make a disposition, an absorption rate (``None``: straight into the vein) and what reaches."""

    disposition: Disposition
    absorption: Floats | None = None
    reaching: Floats | float = 1.0


class Runs(msgspec.Struct, frozen=True):
    """Everybody's doses as they stand at each observation. Shapes (observations, runs, people), ``interval`` (runs, people).

    ``since`` is the time since the run's last dose, ``repeats`` how many were given by then (0: none), ``amount`` of each one.
    ``series`` says whether any run has more than one dose, ``soonest`` (people,) is the shortest time since a dose that counts.
    """

    since: Floats
    repeats: Floats
    amount: Floats
    interval: Floats
    soonest: Floats
    series: bool

    def of(self, people: Index) -> Runs:
        """Those of some people."""
        return Runs(self.since[:, :, people], self.repeats[:, :, people], self.amount[:, :, people], self.interval[:, people], self.soonest[people], self.series)  # fmt: skip


def runs_of(dose_times: Floats, amounts: Floats, times: Floats) -> Runs:
    """The doses (doses, people) as runs, at the observation times (observations, people). NaN pads both."""
    order = np.argsort(dose_times, axis=0, kind="stable")
    dose_times = np.take_along_axis(dose_times, order, axis=0)
    amounts = np.take_along_axis(amounts, order, axis=0)
    given = ~np.isnan(dose_times) & (np.nan_to_num(amounts) > 0)
    first, interval, count, amount = _gathered(dose_times, amounts, given)
    series = first.shape[0] * _WORTH <= int(given.sum(axis=0).max(initial=0))
    if not series:
        first, amount = np.where(given, dose_times, np.nan), np.where(given, amounts, 0.0)
        interval, count = np.ones_like(first), given.astype(np.float64)
    place = (times[:, None, :] - first) / interval
    with np.errstate(invalid="ignore"):
        repeats = np.clip(np.floor(place * (1 + _JUST) + _JUST) + 1, 0, count)
    repeats = np.where(np.isnan(repeats), 0.0, repeats)
    since = np.maximum(times[:, None, :] - (first + (repeats - 1) * interval), 0.0)
    since = np.where((repeats > 0) & ~np.isnan(since), since, 0.0)
    amount = np.where(repeats > 0, amount, 0.0)
    used = np.flatnonzero((amount > 0).any(axis=(0, 2)))
    since, repeats, amount = (np.ascontiguousarray(of[:, used]) for of in (since, repeats, amount))
    counts = (amount > 0) & ((since > 0) | (repeats > 1))
    soonest = np.where(counts, since, np.inf).min(axis=(0, 1), initial=np.inf)
    return Runs(since, repeats, amount, np.ascontiguousarray(interval[used]), soonest, series)


def _gathered(times: Floats, amounts: Floats, given: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats, Floats]:
    """Ascending doses gathered, dose after dose for all people: first time, interval, count and amount of each run (runs, people)."""
    doses, people = times.shape
    first, interval = np.full((doses, people), np.nan), np.ones((doses, people))
    count, amount = np.zeros((doses, people)), np.zeros((doses, people))
    everyone, now = np.arange(people), np.full(people, -1)
    noise = _SAME * np.nanmax(np.abs(times), initial=1.0)
    for time, given_now, is_dose in zip(times, amounts, given, strict=True):
        at = np.maximum(now, 0)
        so_far, apart = count[at, everyone], time - (first[at, everyone])
        with np.errstate(invalid="ignore"):
            second = (so_far == 1) & (apart > noise)
            next_one = (so_far > 1) & (np.abs(apart - so_far * interval[at, everyone]) <= noise * so_far)
        joins = is_dose & (now >= 0) & (given_now == amount[at, everyone]) & (second | next_one)
        begins = is_dose & ~joins
        now = now + begins
        who = everyone[begins]
        first[now[who], who], amount[now[who], who], count[now[who], who] = time[who], given_now[who], 1.0
        who = everyone[joins]
        fresh = who[second[who]]
        interval[now[fresh], fresh] = apart[fresh]
        count[now[who], who] += 1
    most = int(now.max(initial=-1)) + 1
    return first[:most], interval[:most], count[:most], amount[:most]


class Response(msgspec.Struct, frozen=True):
    """Concentrations (observations, people) and their slopes by what they rest on, as :func:`flat` names it."""

    value: Floats
    slopes: dict[str, Floats]


def flat(way: Way) -> dict[str, Floats]:
    """The numbers that concentrations rest on: each rate, each weight over volume, absorption, what reaches where that varies."""
    out = {f"rate {j}": rate for j, rate in enumerate(way.disposition.rates)}
    out |= {f"weight {j}": w for j, w in enumerate(way.disposition.weights / way.disposition.volume)}
    if way.absorption is not None:
        out["absorption"] = way.absorption
    if isinstance(way.reaching, np.ndarray):
        out["reaching"] = way.reaching
    return out


def responded(parts: dict[str, Floats], runs: Runs, modes: int, *, slopes: bool, reaching: float = 1.0) -> Response:
    """Concentrations from the numbers that :func:`flat` gives (``reaching`` where they have none), and their slopes in each of them."""
    by: dict[str, Floats] = {}
    value = np.zeros((runs.since.shape[0], runs.since.shape[2]))
    absorption, scale = parts.get("absorption"), parts.get("reaching", reaching)
    whole = runs.repeats * runs.interval if runs.series else None
    entering = None if absorption is None else _remaining(absorption, runs, whole, slopes)
    of_absorption = np.zeros_like(value)

    def summed(unit: Floats) -> Floats:
        given = runs.amount * unit
        return given[:, 0] if given.shape[1] == 1 else np.asarray(given.sum(axis=1))

    for j in range(modes):
        rate, weight = parts[f"rate {j}"], parts[f"weight {j}"] * scale
        staying = _remaining(rate, runs, whole, slopes)
        if absorption is None or entering is None:
            unit, in_rate, in_absorption = staying[0], staying[1], None
        else:
            unit, in_rate, in_absorption = _moved_on(absorption, rate, runs, entering, staying, slopes)
        shape = summed(unit)
        value += weight * shape
        if slopes:
            by[f"weight {j}"] = scale * shape
            by[f"rate {j}"] = weight * summed(in_rate)
            if in_absorption is not None:
                of_absorption += weight * summed(in_absorption)
    if slopes and absorption is not None:
        by["absorption"] = of_absorption
    if slopes and "reaching" in parts:
        by["reaching"] = value / np.where(parts["reaching"] > 0, parts["reaching"], 1.0)
    return Response(value, by)


def _remaining(rate: Floats, runs: Runs, whole: Floats | None, slopes: bool) -> tuple[Floats, Floats]:
    """The sum over a run's doses of exp(-rate * time since), and its slope in the rate (nothing where not asked for)."""
    one = -rate * runs.since
    np.exp(one, out=one)
    if whole is None:
        return one, np.multiply(-runs.since, one) if slopes else one
    less_one, less_all = np.expm1(-rate * runs.interval), np.expm1(-rate * whole)
    ratio = less_all / less_one
    total = one * ratio
    if not slopes:
        return total, total
    steeper = (ratio * runs.interval * (1 + less_one) - whole * (1 + less_all)) / less_one
    return total, one * steeper - runs.since * total


def _moved_on(
    absorption: Floats,
    rate: Floats,
    runs: Runs,
    entering: tuple[Floats, Floats],
    staying: tuple[Floats, Floats],
    slopes: bool,
) -> tuple[Floats, Floats, Floats]:
    """The sum over a run's doses of absorption * (exp(-rate t) - exp(-absorption t)) / (absorption - rate), its slopes in both rates."""
    gap = absorption - rate
    scale = 1 / np.where(gap == 0, 1.0, gap)
    share = staying[0] - entering[0]
    near = _too_near(share, gap, runs, staying[0], entering[0])
    share *= scale
    if not slopes:
        if near is not None:
            share[near] = _near(runs, near, gap[near[2]], rate[near[2]])[0]
        share *= absorption
        return share, share, share
    in_rate = share + staying[1]
    in_rate *= scale
    in_absorption = share + entering[1]
    in_absorption *= -scale
    if near is not None:
        share[near], in_rate[near], in_absorption[near] = _near(runs, near, gap[near[2]], rate[near[2]])
    in_rate *= absorption
    in_absorption *= absorption
    in_absorption += share
    share *= absorption
    return share, in_rate, in_absorption


def _too_near(apart: Floats, gap: Floats, runs: Runs, staying: Floats, entering: Floats) -> tuple[Index, ...] | None:
    """Where a difference of exponentials has lost its digits; ``None`` for nowhere. A person's soonest dose tells whether to look."""
    people = np.flatnonzero(np.abs(gap) * runs.soonest <= 2 * _CLOSE)
    if not people.size:
        return None
    largest = np.maximum(staying[:, :, people], entering[:, :, people])
    lost = (np.abs(apart[:, :, people]) <= _CLOSE * largest) & (runs.amount[:, :, people] > 0)
    at, run, who = np.nonzero(lost)
    return (at, run, people[who]) if at.size else None


def _near(runs: Runs, at: tuple[Index, ...], gap: Floats, rate: Floats) -> tuple[Floats, Floats, Floats]:
    """Series in z = gap * t around equal rates, of the integral and of its two slopes, summed dose by dose.

    Doses so long ago that z is large for them are differences of exponentials again.
    """
    out = np.zeros((3, gap.size))
    since, interval, repeats = runs.since[at], runs.interval[at[1:]], runs.repeats[at]
    most = int(repeats.max())
    step = max(1, _MOST_NUMBERS // gap.size)
    for start in range(0, most, step):
        turn = np.arange(start, min(start + step, most))[:, None]
        t = since + turn * interval
        stays = np.where(turn < repeats, np.exp(-rate * t), 0.0)
        z = gap * t
        small = np.abs(z) < _CLOSE
        y = np.where(small, z, 0.0)
        parts: tuple[Floats, ...] = (
            t * (1 - y / 2 + y**2 / 6 - y**3 / 24 + y**4 / 120),
            -(t**2) * (1 / 2 - y / 6 + y**2 / 24 - y**3 / 120 + y**4 / 720),
            -(t**2) * (1 / 2 - y / 3 + y**2 / 8 - y**3 / 30 + y**4 / 144),
        )
        parts = tuple(stays * part for part in parts)
        if not small.all():
            safe = np.where(small, 1.0, gap)
            gone = np.where(turn < repeats, np.exp(-(rate + gap) * t), 0.0)
            share = (stays - gone) / safe
            clear = (share, (share - t * stays) / safe, (t * gone - share) / safe)
            parts = tuple(np.where(small, one, other) for one, other in zip(parts, clear, strict=True))
        for k, part in enumerate(parts):
            out[k] += part.sum(axis=0)
    return out[0], out[1], out[2]
