"""A mixture of normal distributions: the posterior of one number, over all that was not known of the series."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.pharmacology.spread.normal import normal_share

Floats = NDArray[np.float64]
_FAR, _STEPS = 9.0, 80
_NEAR = 1e-12  # of a probability
_LEAST_DENSITY = 1e-300


class Mixture(msgspec.Struct, frozen=True):
    """Components by ``weight`` (they sum to 1), ``mean`` and ``sd``; shape (components,)."""

    weight: Floats
    mean: Floats
    sd: Floats

    def below(self, value: float) -> float:
        """The probability of less than a value.

        >>> round(Mixture(np.array([1.0]), np.array([0.0]), np.array([1.0])).below(1.959964), 6)
        0.975
        """
        return float(self.weight @ normal_share((value - self.mean) / self.sd))

    def quantile(self, share: float) -> float:
        """The value below which a share lies: Newton's steps, and half the way between the ends where one leaves them or is not half as long as the last."""
        low, high = float((self.mean - _FAR * self.sd).min()), float((self.mean + _FAR * self.sd).max())
        value, moved = self.middle(), high - low
        for _ in range(_STEPS):
            over = self.below(value) - share
            if abs(over) < _NEAR:
                break
            low, high = (low, value) if over > 0 else (value, high)
            step = -over / max(self._density(value), _LEAST_DENSITY)
            if abs(step) > moved / 2 or not low < value + step < high:
                step = (low + high) / 2 - value
            value, moved = value + step, abs(step)
        return value

    def _density(self, value: float) -> float:
        away = (value - self.mean) / self.sd
        return float(self.weight @ (np.exp(-(away**2) / 2) / self.sd)) / math.sqrt(2 * math.pi)

    def interval(self, share: float) -> tuple[float, float]:
        """The middle share: as much below it as above."""
        return self.quantile((1 - share) / 2), self.quantile((1 + share) / 2)

    def middle(self) -> float:
        """The mean."""
        return float(self.weight @ self.mean)

    def spread(self) -> float:
        """The standard deviation."""
        return math.sqrt(float(self.weight @ (self.sd**2 + self.mean**2)) - self.middle() ** 2)
