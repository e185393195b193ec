"""How days that follow one another stray together: an Ornstein-Uhlenbeck process, whose inverse covariance has three diagonals.

Every second day is eliminated, then every second of those that are left, and so on (cyclic reduction: Hockney 1965, Journal of the ACM 12:95-113),
so that a system of so many days takes a few steps over whole arrays in place of a walk along them. Arrays are (days, batch, ...), that a day of a whole
batch lies together.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Wander(msgspec.Struct, frozen=True):
    """``variance``, shape (batch,), the same on every day; ``keep``: how much of a day's the next one has, shape (days, batch), 0 for the first."""

    variance: Floats
    keep: Floats

    def times(self, right: Floats) -> Floats:
        """The covariance times ``right``, shape (days, batch, columns)."""
        return self.with_weights(np.zeros_like(self.keep)).solved(right)

    def log_determinant(self) -> Floats:
        """Of the covariance, shape (batch,)."""
        return np.asarray(np.log(self.variance * (1 - self.keep**2)).sum(axis=0))

    def with_weights(self, weight: Floats) -> Diagonals:
        """The inverse covariance with weights on its diagonal, shape (days, batch), factored."""
        own = 1 / (self.variance * (1 - self.keep**2))
        pivot, beside = own + weight, -self.keep * own  # of a day, and of it with the one before that is left
        pivot[:-1] += self.keep[1:] ** 2 * own[1:]
        before, after = np.zeros((2, *pivot.shape))
        for gone, left in _halvings(len(pivot)):
            root = np.sqrt(pivot[gone])
            before[gone] = beside[gone] / root
            later = beside[left][1:]
            after[gone][: len(later)] = later / root[: len(later)]
            pivot[left][: len(root)] -= before[gone] ** 2
            pivot[left][1:] -= after[gone][: len(later)] ** 2
            later[:] = -(before[gone] * after[gone])[: len(later)]
        return Diagonals(1 / np.sqrt(pivot), before, after)


class Diagonals(msgspec.Struct, frozen=True):
    """A symmetric matrix of three diagonals as its factor: of each day the inverse ``root`` of its pivot, and what it has, over that root, with the day
    ``before`` it and the one ``after`` it that were left when it went; each of shape (days, batch)."""

    root: Floats
    before: Floats
    after: Floats

    def halfway(self, right: Floats) -> Floats:
        """The inverse of the factor times ``right``, shape (days, batch, columns): the products of what is halfway are those with the inverse matrix
        between."""
        out = right.copy()
        for gone, left in _halvings(len(out)):
            own, others = out[gone], out[left]
            own *= self.root[gone][:, :, None]
            others[: len(own)] -= self.before[gone][:, :, None] * own
            later = len(others) - 1
            others[1:] -= self.after[gone][:later, :, None] * own[:later]
        out[0] *= self.root[0][:, None]
        return out

    def rest(self, halfway: Floats) -> Floats:
        """The other half of the way: the system's solution from what is ``halfway``."""
        out = halfway.copy()
        out[0] *= self.root[0][:, None]
        for gone, left in reversed([*_halvings(len(out))]):
            own, others = out[gone], out[left]
            own -= self.before[gone][:, :, None] * others[: len(own)]
            later = len(others) - 1
            own[:later] -= self.after[gone][:later, :, None] * others[1:]
            own *= self.root[gone][:, :, None]
        return out

    def solved(self, right: Floats) -> Floats:
        """The system's solution for ``right``, shape (days, batch, columns)."""
        return self.rest(self.halfway(right))

    def log_determinant(self) -> Floats:
        """Shape (batch,)."""
        return np.asarray(-2 * np.log(self.root).sum(axis=0))


def _halvings(days: int) -> Iterator[tuple[slice, slice]]:
    """The days that go and those that are left, until the first alone is."""
    apart = 1
    while apart < days:
        yield slice(apart, None, 2 * apart), slice(None, None, 2 * apart)
        apart *= 2
