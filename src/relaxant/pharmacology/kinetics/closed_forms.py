"""What of an amount is where after a while: the integrals that every closed form of linear kinetics is made of.

A depot empties at one rate, a mode at another; an infusion runs at a constant rate into either. Each function is of positive
sums, or switches to a form that is where a difference would lose digits: rates that are equal, nearly equal or far apart, and times from
nothing to the end of the tail, keep their relative precision.

Arrays broadcast: rates and times of any matching shapes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TERMS = 20  # of the series of a second divided difference: its arguments are at most 1


def between(one: Floats, other: Floats, time: Floats, one_stays: Floats, other_stays: Floats) -> Floats:
    """The integral of exp(-one s) exp(-other (t - s)) over s from 0 to t: the chance to have moved on, once.

    (exp(-other t) - exp(-one t)) / (one - other), written so that equal rates lose nothing.
    """
    gap = np.abs(one - other)
    share = -np.expm1(-gap * time)
    if np.count_nonzero(gap) == gap.size:
        share /= gap
    else:
        share = np.where(gap > 0, share / np.where(gap > 0, gap, 1.0), time)
    return np.asarray(np.maximum(one_stays, other_stays) * share)


def filled(rate: Floats, time: Floats) -> Floats:
    """What an infusion of one unit a unit of time leaves in a place that empties at ``rate``: (1 - exp(-rate t)) / rate."""
    return np.asarray(-np.expm1(-rate * time) / rate)


def poured(absorption: Floats, rate: Floats, time: Floats) -> Floats:
    """What an infusion of one unit a unit of time into an emptying depot leaves in a mode that empties at ``rate``.

    The integral of (1 - exp(-absorption s)) exp(-rate (t - s)): the second divided difference of the exponential at 0 and both rates,
    times absorption t squared. By first differences divided by the larger of both, which then keep their digits; by its series
    where both are small.
    """
    absorption, rate, time = np.broadcast_arrays(absorption, rate, time)
    x, y = rate * time, absorption * time
    large = np.maximum(x, y)
    fast, slow = large, np.minimum(x, y)
    first = np.where(slow > 0, -np.expm1(-slow) / np.where(slow > 0, slow, 1.0), 1.0)
    one = np.ones_like(fast)
    second = between(fast, slow, one, np.exp(-fast), np.exp(-slow))
    share = (first - second) / np.where(fast > 0, fast, 1.0)
    small = fast < 1.0
    if small.any():
        share = np.where(small, _series(np.where(small, x, 0.0), np.where(small, y, 0.0)), share)
    return np.asarray(absorption * time * time * share)


def _series(x: Floats, y: Floats) -> Floats:
    """The second divided difference of exp at 0, -x and -y: complete symmetric sums of both over factorials."""
    total, symmetric, power, factorial = np.full_like(x, 0.5), np.ones_like(x), np.ones_like(x), 2.0
    for k in range(1, _TERMS):
        power = power * -x
        symmetric = power - y * symmetric
        factorial *= k + 2
        total = total + symmetric / factorial
    return total


def steady(
    rates: Floats, into: Floats, absorption: Floats | None, amount: Floats, duration: Floats, interval: Floats
) -> tuple[Floats, Floats | None]:
    """Modes (modes, n) and depot (n) in the limit of many doses, just before the next: geometric series, exact.

    ``rates`` and ``into`` (what a unit put into the central compartment is in each mode) are (modes, n). ``duration`` makes the doses infusions,
    which may outlast their ``interval``. An ``interval`` of 0 is one infusion for ever, of ``amount`` a unit of time.
    """
    for_ever = interval == 0
    bolus = (duration == 0) & ~for_ever
    every = np.where(for_ever, 1.0, interval)
    lasts = np.where(bolus | for_ever, every, duration)
    rate = np.where(for_ever, amount, amount / lasts)
    running = np.where(bolus | for_ever, 0.0, np.ceil(lasts / every) - 1)
    since_end = np.maximum((running + 1) * every - lasts, 0.0)
    of_one = -np.expm1(-rates * every)
    if absorption is None:
        whole = np.where(
            bolus, amount * np.exp(-rates * every), rate * filled(rates, lasts) * np.exp(-rates * since_end)
        )
        modes = np.where(for_ever, rate / rates, whole / of_one)
        for k in range(1, int(running.max(initial=0)) + 1):
            modes = modes + np.where(k <= running, rate * filled(rates, k * every), 0.0)
        return into * modes, None

    def passed(time: Floats) -> Floats:
        return absorption * between(absorption, rates, time, np.exp(-absorption * time), np.exp(-rates * time))

    left = np.where(bolus, amount, rate * filled(absorption, lasts))
    wait = np.where(bolus, every, since_end)
    arrived = (
        np.where(bolus, 0.0, rate * poured(absorption, rates, lasts)) * np.exp(-rates * wait) + passed(wait) * left
    )
    depot = left * np.exp(-absorption * wait) / -np.expm1(-absorption * every)
    modes = (arrived + passed(every) * depot) / of_one
    depot = np.where(for_ever, rate / absorption, depot)
    modes = np.where(for_ever, rate / rates, modes)
    for k in range(1, int(running.max(initial=0)) + 1):
        still = k <= running
        depot = depot + np.where(still, rate * filled(absorption, k * every), 0.0)
        modes = modes + np.where(still, rate * poured(absorption, rates, k * every), 0.0)
    return into * modes, depot
