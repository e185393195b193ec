"""How likely a score is of which only its cell is known: proportional odds with cuts evenly apart, the ends of the scale open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scores(lower: Floats, upper: Floats, width: Floats) -> Callable[[Floats], tuple[Floats, Floats, Floats]]:
    """Of scores whose cells reach from ``lower`` to ``upper``: latent values to minus twice the log likelihood, its derivative and its curvature.

    The cells: (days, 1), without end at the ends of the scale; ``width`` of the logistic noise: (batch,); latent values: (days, batch).
    The difference of two logistics is written as a product, so that nothing is subtracted; it is concave, so the curvature is its own.
    """
    cell = -2 * np.log(-np.expm1(-(upper - lower) / width))

    def terms(latent: Floats) -> tuple[Floats, Floats, Floats]:
        over, under = (upper - latent) / width, (latent - lower) / width
        past, short = _Odds(over), _Odds(under)
        value = cell + 2 * (past.lost + short.lost + np.log1p(past.rare + short.rare + past.rare * short.rare))
        slope = 2 * (past.beyond - short.beyond) / width
        return value, slope, 2 * (past.bend + short.bend) / width**2

    return terms


class _Odds:
    """A logistic variable against an edge, ``within`` its widths from it, without overflow: minus the log of the chance to stay within is ``lost`` +
    log(1 + ``rare``); the chance to be ``beyond``; the product of both chances, ``bend``."""

    def __init__(self, within: Floats) -> None:
        self.rare = np.exp(-np.abs(within))
        self.lost = np.maximum(-within, 0.0)
        likely = 1 / (1 + self.rare)
        unlikely = self.rare * likely
        self.beyond = np.where(within >= 0, unlikely, likely)
        self.bend = likely * unlikely
