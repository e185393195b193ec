"""Evenly spread virtual people: the same few hundred everywhere, whose quantiles settle sooner than those of drawn ones.

The points are a Kronecker sequence on the generalised golden ratio (Roberts 2018, The unreasonable effectiveness of quasirandom
sequences), which fills a cube of any dimension without lumps; the normal's quantile function makes standard normals of them.
They depend on no random generator, so the same review gives the same bytes on every machine and with every version of a library.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TURNS = 64  # of the fixed-point iteration for the golden ratio: converged long before


@lru_cache(maxsize=64)
def even_points(dimensions: int, count: int) -> Floats:
    """Points within the unit cube, shape (dimensions, count), none on its faces."""
    ratio = 1.5
    for _ in range(_TURNS):
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    points = (0.5 + steps[:, None] * np.arange(1.0, count + 1)) % 1.0
    return np.asarray(np.clip(points, 0.5 / count, 1 - 0.5 / count))


@lru_cache(maxsize=64)
def even_normals(dimensions: int, count: int) -> Floats:
    """Standard normals, shape (dimensions, count).

    >>> spread = even_normals(3, 400)
    >>> abs(float(spread.mean())) < 0.01, abs(float(spread.std()) - 1) < 0.02
    (True, True)
    """
    quantile = NormalDist().inv_cdf
    return np.array([[quantile(p) for p in row] for row in even_points(dimensions, count).tolist()])
