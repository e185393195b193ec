"""How likely a score is of which only its cell is known: proportional odds with cuts evenly apart, the ends of the scale open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scores(latent: Floats, lower: Floats, upper: Floats, width: Floats) -> tuple[Floats, Floats, Floats]:
    """Minus twice the log likelihood, its derivative by ``latent`` and its curvature, of scores whose cells reach from ``lower`` to ``upper``.

    ``latent``: shape (days, batch); the cells: (days, 1), without end at the ends of the scale; ``width`` of the logistic noise: (batch,).
    The difference of two logistics is written as a product, so that nothing is subtracted; it is concave, so the curvature is its own.
    """
    over, under = (upper - latent) / width, (latent - lower) / width
    cell = np.log(-np.expm1(-(upper - lower) / width))
    value = -2 * (_log_logistic(over) + _log_logistic(under) + cell)
    past, short = _logistic(-over), _logistic(-under)
    slope = 2 * (past - short) / width
    curvature = 2 * (past * _logistic(over) + short * _logistic(under)) / width**2
    return value, slope, curvature


def _logistic(x: Floats) -> Floats:
    return np.exp(_log_logistic(x))


def _log_logistic(x: Floats) -> Floats:
    return np.asarray(-np.logaddexp(0.0, -x))
