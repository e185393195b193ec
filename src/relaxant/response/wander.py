"""How days that follow one another stray together: an Ornstein-Uhlenbeck process, whose inverse covariance has three diagonals.

So a product with its covariance, or a system with its inverse, is two walks along the days, however many they are. Arrays are (days, batch, ...),
that a day of a whole batch lies together.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Wander(msgspec.Struct, frozen=True):
    """``variance``, shape (batch,), the same on every day; ``keep``: how much of a day's the next one has, shape (days, batch), 0 for the first."""

    variance: Floats
    keep: Floats

    def times(self, right: Floats) -> Floats:
        """The covariance times ``right``, shape (days, batch)."""
        forward, backward = np.empty_like(right), np.zeros_like(right)
        carried = np.zeros_like(right[0])
        for day, (keep, own) in enumerate(zip(self.keep, right, strict=True)):
            carried = keep * carried + own
            forward[day] = carried
        for day in range(len(right) - 1, 0, -1):
            backward[day - 1] = self.keep[day] * (backward[day] + right[day])
        return np.asarray(self.variance * (forward + backward))

    def log_determinant(self) -> Floats:
        """Of the covariance, shape (batch,)."""
        return np.asarray(np.log(self.variance * (1 - self.keep**2)).sum(axis=0))

    def with_weights(self, weight: Floats) -> Diagonals:
        """The inverse covariance with weights on its diagonal, shape (days, batch), factored."""
        own = 1 / (self.variance * (1 - self.keep**2))
        diagonal = own + weight
        diagonal[:-1] += self.keep[1:] ** 2 * own[1:]
        beside = -self.keep * own  # of a day and the one before it
        pivot, ratio = np.empty_like(diagonal), np.zeros_like(diagonal)
        pivot[0] = diagonal[0]
        for day in range(1, len(diagonal)):
            ratio[day] = beside[day] / pivot[day - 1]
            pivot[day] = diagonal[day] - ratio[day] * beside[day]
        return Diagonals(pivot, ratio)


class Diagonals(msgspec.Struct, frozen=True):
    """A symmetric matrix of three diagonals as its pivots and what each day takes of the one before, each of shape (days, batch)."""

    pivot: Floats
    ratio: Floats

    def solved(self, right: Floats) -> Floats:
        """The system's solution for ``right``, shape (days, batch, columns)."""
        out = right.copy()
        ratio, pivot = self.ratio[:, :, None], self.pivot[:, :, None]
        for day in range(1, len(out)):
            out[day] -= ratio[day] * out[day - 1]
        out /= pivot
        for day in range(len(out) - 2, -1, -1):
            out[day] -= ratio[day + 1] * out[day + 1]
        return out

    def log_determinant(self) -> Floats:
        """Shape (batch,)."""
        return np.asarray(np.log(self.pivot).sum(axis=0))
