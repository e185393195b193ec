"""Quantiles of people, and those that a band is drawn by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The middle, half of the people, nine tenths of them."""


def weighted_quantiles(values: Floats, weights: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of people who do not count alike. ``values`` (times, people), ``weights`` (people,); shape (levels, times).

    >>> weighted_quantiles(np.array([[1.0, 2.0, 3.0]]), np.ones(3), [0.5])
    array([[2.]])
    """
    if np.ptp(weights) <= weights[0] * 1e-12:  # everybody counts alike: the places are the same at every time
        ranked = np.sort(values, axis=1)
        at = np.clip(np.asarray(levels) * weights.size - 0.5, 0, weights.size - 1)
        below = np.floor(at).astype(np.intp)
        low, high = ranked[:, below], ranked[:, np.minimum(below + 1, weights.size - 1)]
        return np.asarray((low + (high - low) * (at - below)).T)
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    share = weights[order] / weights.sum()
    middle = np.cumsum(share, axis=1) - share / 2
    return np.array([[np.interp(level, at, row) for at, row in zip(middle, ranked, strict=True)] for level in levels])
