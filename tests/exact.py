"""Reference kinetics in extended precision: the matrix exponential of the whole rate matrix, by Taylor and squaring in mpmath."""

from __future__ import annotations

from collections.abc import Sequence

import mpmath
from mpmath import mp

mp.dps = 50


def exponential(rates: mpmath.matrix, time: mpmath.mpf) -> mpmath.matrix:
    """exp(rates * time) to some 45 digits."""
    size = rates.rows
    scaled = rates * time
    largest = max((abs(x) for x in scaled), default=mp.mpf(0))
    doublings = max(0, int(mp.ceil(mp.log(largest, 2))) + 6) if largest > 0 else 0
    with mp.workdps(mp.dps + doublings // 3 + 5):
        scaled = scaled / mp.mpf(2) ** doublings
        made, term = mp.eye(size), mp.eye(size)
        for k in range(1, 30):
            term = term * scaled / k
            made = made + term
        for _ in range(doublings):
            made = made * made
    return made


def central(
    exchange: Sequence[tuple[float, float]],
    leaving: float,
    volume: float,
    absorption: float | None,
    events: Sequence[tuple[float, str, float, float]],
    times: Sequence[float],
) -> list[mpmath.mpf]:
    """The central concentration of a mammillary model at each time.

    ``exchange``: (to, back) rates of each peripheral compartment; ``leaving``: the rate out. Events are (time, ``gut`` or
    ``vein``, amount, duration); an event at an observation's time comes before it.
    """
    size = 2 + len(exchange)  # gut, central, peripherals; and one more for what runs in
    rates = mp.zeros(size + 1)
    if absorption is not None:
        rates[0, 0], rates[1, 0] = -mp.mpf(absorption), mp.mpf(absorption)
    rates[1, 1] = -mp.mpf(leaving) - sum(mp.mpf(to) for to, _ in exchange)
    for i, (to, back) in enumerate(exchange):
        rates[2 + i, 1], rates[1, 2 + i], rates[2 + i, 2 + i] = mp.mpf(to), mp.mpf(back), -mp.mpf(back)
    rates[1, size] = 1
    marks = sorted(
        {mp.mpf(t) for t in times} | {mp.mpf(t) for t, *_ in events} | {mp.mpf(t) + mp.mpf(d) for t, _, _, d in events}
    )
    state, now, out = mp.zeros(size + 1, 1), marks[0], {}
    made: dict[mpmath.mpf, mpmath.matrix] = {}
    for mark in marks:
        if mark > now:
            step = mark - now
            if step not in made:
                made[step] = exponential(rates, step)
            state = made[step] * state
            now = mark
        for time, place, amount, duration in events:
            if mp.mpf(time) == mark and duration == 0:
                state[0 if place == "gut" else 1] += mp.mpf(amount)
            if duration > 0 and mp.mpf(time) == mark:
                state[size] += mp.mpf(amount) / mp.mpf(duration)
            if duration > 0 and mp.mpf(time) + mp.mpf(duration) == mark:
                state[size] -= mp.mpf(amount) / mp.mpf(duration)
        out[mark] = state[1] / mp.mpf(volume)
    return [out[mp.mpf(t)] for t in times]
