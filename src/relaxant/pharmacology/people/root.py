"""Where a falling or rising function of something positive (a dose, a time) reaches a value: bracketed by factors, then closed in."""

from __future__ import annotations

import math
from collections.abc import Callable

from relaxant.errors import InputError

_FACTOR, _TRIES = 4.0, 12  # each way: some ten million times the first try
_MOST_STEPS = 200
_CLOSE = 1e-11  # of a logarithm, or of the value


def root(function: Callable[[float], float], value: float, first: float, *, what: str, of: str) -> float:
    """Where the function is ``value``. ``first`` is where to start looking; ``what`` and ``of`` name the field and the quantity in errors.

    Raises :class:`InputError` with what was reached where no try is on the other side.
    """

    def off(logarithm: float) -> float:
        return function(math.exp(logarithm)) - value

    a, b = _bracket(off, math.log(first), value, what, of)
    at_a, at_b = off(a), off(b)
    for _ in range(_MOST_STEPS):  # Illinois: the chord's zero; an end that stays is weighed half
        if at_a == 0:
            return math.exp(a)
        if at_b == 0 or abs(b - a) < _CLOSE or abs(at_b) < _CLOSE * abs(value):
            return math.exp(b)
        c = (a * at_b - b * at_a) / (at_b - at_a)
        at_c = off(c)
        if (at_c < 0) != (at_b < 0):
            a, at_a = b, at_b
        else:
            at_a /= 2
        b, at_b = c, at_c
    return math.exp(b)


def _bracket(off: Callable[[float], float], start: float, value: float, what: str, of: str) -> tuple[float, float]:
    """Two logarithms between which the function passes the value: the way it comes nearer first, then the other."""
    step = math.log(_FACTOR)
    here, next_up = off(start), off(start + step)
    seen = [here + value, next_up + value]
    if (here < 0) != (next_up < 0):
        return start, start + step
    up = (start + step, next_up, step)
    down = (start, here, -step)
    for at, was, by in (up, down) if abs(next_up) < abs(here) else (down, up):
        for _ in range(_TRIES):
            there = off(at + by)
            seen.append(there + value)
            if (there < 0) != (was < 0):
                return at, at + by
            at += by
    raise InputError(what, value, f"{of} gives {min(seen):.4g} to {max(seen):.4g}, whatever it is", "ask for something in between")  # fmt: skip
