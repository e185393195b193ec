"""Evenly spread virtual people: the same few hundred everywhere, whose quantiles settle sooner than those of drawn ones.

The points are multiples of the square roots of primes, whole numbers taken off (Richtmyer's sequence; Niederreiter 1992, Random
number generation and quasi-Monte Carlo methods, chapter 3), taken by rank so that each dimension alone is spread exactly evenly;
the normal's quantile function makes standard normals of them. They depend on no random generator, so that the same review gives the same bytes wherever it is made.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.spread.normal import normal_quantile

Floats = NDArray[np.float64]
_PRIMES = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71], dtype=np.float64)


@lru_cache(maxsize=64)
def even_points(dimensions: int, count: int) -> Floats:
    """Points within the unit cube, shape (dimensions, count), none on its faces. Raises :class:`InputError` past twenty dimensions."""
    if dimensions > len(_PRIMES):
        raise InputError("dimensions", dimensions, "so many are not spread evenly here", f"use at most {len(_PRIMES)}")
    points = np.sqrt(_PRIMES[:dimensions])[:, None] * np.arange(1.0, count + 1) % 1.0
    ranks = points.argsort(axis=1).argsort(axis=1)
    return np.asarray((ranks + 0.5) / count)


@lru_cache(maxsize=64)
def even_normals(dimensions: int, count: int) -> Floats:
    """Standard normals, shape (dimensions, count), none correlated with another.

    >>> spread = even_normals(3, 400)
    >>> abs(float(spread.mean())) < 1e-9, float(np.abs(np.corrcoef(spread) - np.eye(3)).max()) < 1e-9
    (True, True)
    """
    normals = normal_quantile(even_points(dimensions, count))
    if dimensions > 1:
        normals = np.linalg.solve(np.linalg.cholesky(np.corrcoef(normals)), normals)
    return np.asarray(normals / normals.std(axis=1, keepdims=True))
