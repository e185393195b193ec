"""Flip-flop: where absorption and elimination can change places, the same levels have two explanations, and both are found.

A depot that empties at ka into one compartment that empties at CL/V gives the same curve as one with both rates changed, at the volume CL/ka.
The prior tells the two apart, or not quite. From the top that a walk found the second walk starts at the changed place; where it ends
elsewhere the person has a twin, and the better of the two is the answer.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.pharmacology.estimation.walk import Hill, Walked, walked

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_ELSEWHERE = 1e-3  # of a logarithm: further apart, two places are two


class Twins(msgspec.Struct, frozen=True):
    """The other optimum of those who have one. ``people`` are their places.

    ``deviations`` (parameters, those), ``covariance`` (parameters, parameters, those) and ``objective`` (those,) are the twin's;
    ``share`` is its share of the probability of both, by Laplace's approximation.
    """

    people: Index
    deviations: Floats
    covariance: Floats
    objective: Floats
    share: Floats


def with_twins(hill: Hill, found: Walked, start: Floats) -> tuple[Walked, Twins | None]:
    """The better optimum of each person, and the other one of those who have two. ``start``: where the second walk begins."""
    able = np.flatnonzero(np.isfinite(start).all(axis=0) & (np.abs(start - found.deviations).max(axis=0) > _ELSEWHERE))
    if not able.size:
        return found, None
    second = walked(hill, start[:, able], able)
    apart = np.abs(second.deviations - found.deviations[:, able]).max(axis=0) > _ELSEWHERE
    chosen = np.flatnonzero(apart & second.arrived)
    if not chosen.size:
        return found, None
    people = able[chosen]
    first, other = _of(found, people), _of(second, chosen)
    better = other.objective < first.objective
    kept, left = _either(better, other, first), _either(better, first, other)
    best = Walked(found.deviations.copy(), found.value.copy(), found.objective.copy(), found.curvature.copy(), found.arrived.copy())  # fmt: skip
    best.deviations[:, people], best.value[:, people], best.objective[people] = kept.deviations, kept.value, kept.objective  # fmt: skip
    best.curvature[:, :, people], best.arrived[people] = kept.curvature, kept.arrived
    less = (left.objective - kept.objective + _log_determinant(left.curvature) - _log_determinant(kept.curvature)) / 2
    return best, Twins(people, left.deviations, left.covariance, left.objective, 1 / (1 + np.exp(less)))


def _of(walk: Walked, people: Index) -> Walked:
    return Walked(walk.deviations[:, people], walk.value[:, people], walk.objective[people], walk.curvature[:, :, people], walk.arrived[people])  # fmt: skip


def _either(choice: NDArray[np.bool_], one: Walked, other: Walked) -> Walked:
    return Walked(
        np.where(choice, one.deviations, other.deviations),
        np.where(choice, one.value, other.value),
        np.where(choice, one.objective, other.objective),
        np.where(choice, one.curvature, other.curvature),
        np.where(choice, one.arrived, other.arrived),
    )


def _log_determinant(curvature: Floats) -> Floats:
    return np.asarray(np.linalg.slogdet(curvature.transpose(2, 0, 1))[1], dtype=np.float64)
