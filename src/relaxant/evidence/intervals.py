"""Intervals of shares and of their difference, honest for small groups.

A share: Wilson (1927). A difference of two independent shares: Newcombe (1998), method 10, which joins the two Wilson intervals
(Stat Med 1998;17:873-90).
"""

from __future__ import annotations

import math

import numpy as np

from relaxant.pharmacology.spread.normal import normal_quantile

SHARE = 0.95
"""The share that every interval here covers."""
Z = float(normal_quantile(np.array((1 + SHARE) / 2)))
"""The normal deviate of that share."""


def share_interval(count: int, n: int) -> tuple[float, float]:
    """The interval of a share, as parts of 1.

    >>> tuple(round(x, 4) for x in share_interval(81, 263))  # Newcombe 1998, Stat Med 17:857-72, table I
    (0.2553, 0.3662)
    """
    middle = count + Z**2 / 2
    half = Z * math.sqrt(count * (n - count) / n + Z**2 / 4)
    return max(0.0, (middle - half) / (n + Z**2)), min(1.0, (middle + half) / (n + Z**2))


def difference_interval(count: int, n: int, other: int, of: int) -> tuple[float, float, float]:
    """The difference of two shares (the first less the second) and its interval, as parts of 1.

    >>> tuple(round(x, 4) for x in difference_interval(56, 70, 48, 80))  # Newcombe 1998, Stat Med 17:873-90, table II
    (0.2, 0.0524, 0.3339)
    """
    first, second = count / n, other / of
    (low, high), (least, most) = share_interval(count, n), share_interval(other, of)
    apart = first - second
    below = math.sqrt((first - low) ** 2 + (most - second) ** 2)
    above = math.sqrt((high - first) ** 2 + (second - least) ** 2)
    return apart, max(-1.0, apart - below), min(1.0, apart + above)
