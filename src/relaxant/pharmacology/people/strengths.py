"""What a dose becomes when it is made of whole pieces of the strengths there are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from relaxant.errors import InputError

_MOST_STEPS = 1_000_000


def rounded(dose: float, strengths: Sequence[float]) -> float:
    """The nearest dose that whole pieces of the strengths add up to, at least one piece; the lower of two as near.

    Raises :class:`InputError` for strengths that are not above 0, or so small that a dose takes a million of their common part.

    >>> rounded(17, [10, 25]), rounded(13, [5]), rounded(2, [10]), rounded(31, [2.5, 10])
    (20.0, 15.0, 10.0, 30.0)
    """
    pieces = [Fraction(str(float(s))) for s in strengths]
    if not pieces or min(pieces) <= 0:
        raise InputError("strengths", strengths, "a strength is above 0", "give such as [5, 10, 20]")
    common = lcm(*(p.denominator for p in pieces))
    whole = [int(p * common) for p in pieces]
    part = gcd(*whole)
    sizes = [w // part for w in whole]
    step = part / common
    most = int(dose / step) + max(sizes) + 1
    if most > _MOST_STEPS:
        raise InputError(
            "strengths", strengths, f"{dose:g} takes too many pieces", "give the strengths in the dose's unit"
        )
    made = np.zeros(most + 1, dtype=bool)
    made[0] = True
    for size in sizes:
        for start in range(size):  # with one more piece each time: whatever a chain has reached stays reached
            made[start::size] = np.logical_or.accumulate(made[start::size])
    possible = np.flatnonzero(made)[1:]
    return float(possible[np.argmin(np.abs(possible * step - dose))] * part / common)
