"""The walk to the top of a posterior: Fisher scoring with Levenberg's damping, its curvature learned on the way, everybody at once.

What is minimised for each person is twice the negative logarithm of the posterior. Who has arrived is left out of further steps. How
predictions come about, and of what kind the observations are, is the hill's own matter: it shows height, slope and curvature at a place.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_MOST_STEPS = 60
_ARRIVED = 1e-5  # of a logarithm: the last step; what is left after it is far less
_HOPELESS = 1e10  # a damping under which no step is one
_FIRST_DAMPING = 0.3  # after a first step too far
_LEARN_FROM = 4  # steps, before curvature is learned on the way
_FINITE_CHANGE = 1.0  # no step moves a logarithm further
_BY_ROWS = 32  # people, from which a small system is solved row by row for all of them


class Look(msgspec.Struct):
    """What a hill looks like where people stand. Shapes: ``value`` (observations, people), ``objective`` (people,), ``gradient``
    (parameters, people), ``curvature`` (parameters, parameters, people), positive definite."""

    value: Floats
    objective: Floats
    gradient: Floats
    curvature: Floats


class Hill(Protocol):
    """Twice the negative log posterior of some people. ``people`` are their places, and may repeat in ``heights``."""

    @property
    def size(self) -> int:
        """How many deviations a person has."""

    @property
    def rounding(self) -> float:
        """What the objective may rise of itself, as a share of it, and a step still stand."""

    def look(self, deviations: Floats, people: Index) -> Look:
        """The hill at (deviations, people)."""

    def heights(self, deviations: Floats, people: Index) -> Floats:
        """Its height alone, (people,)."""

    def predictions(self, deviations: Floats, people: Index) -> Floats:
        """What would be seen there without residual, (observations, people)."""


class Walked(msgspec.Struct, frozen=True):
    """Where a walk ended. ``arrived`` marks whose came to its end."""

    deviations: Floats
    value: Floats
    objective: Floats
    curvature: Floats
    arrived: NDArray[np.bool_]

    @property
    def covariance(self) -> Floats:
        """That of the deviations, by Laplace's approximation. Shape (parameters, parameters, people)."""
        return np.asarray(2 * np.linalg.inv(self.curvature.transpose(2, 0, 1)).transpose(1, 2, 0), dtype=np.float64)


def walked(hill: Hill, start: Floats, people: Index) -> Walked:
    """From ``start`` (deviations, people) to the top."""
    here = start.copy()
    damping = np.full(people.size, 1e-3)
    arrived = np.zeros(people.size, dtype=bool)
    seen = hill.look(here, people)
    value, objective, gradient, curvature = seen.value, seen.objective, seen.gradient, seen.curvature.copy()
    expected = seen.curvature
    for turn_number in range(_MOST_STEPS):
        on = np.flatnonzero(~arrived)
        if not on.size:
            break
        damped = curvature[:, :, on]
        for i in range(len(damped)):
            damped[i, i] *= 1 + damping[on]
        change = np.clip(-solved(damped, gradient[:, on]), -_FINITE_CHANGE, _FINITE_CHANGE)
        tried = here[:, on] + change
        new = hill.look(tried, people[on])
        better = new.objective <= objective[on] + hill.rounding * np.abs(objective[on])
        if better.all():
            moved, kept = on, on[:0]
        else:
            moved, kept = on[better], on[~better]
            new = Look(
                new.value[:, better], new.objective[better], new.gradient[:, better], new.curvature[:, :, better]
            )
        shift = change if moved is on else change[:, better]
        expected[:, :, moved] = new.curvature
        if turn_number >= _LEARN_FROM:
            turn = new.gradient - gradient[:, moved]
            new.curvature = _learned(curvature[:, :, moved], shift, turn, new.curvature)
        curvature[:, :, moved], gradient[:, moved] = new.curvature, new.gradient
        here[:, moved] += shift
        value[:, moved], objective[moved] = new.value, new.objective
        damping[moved] /= 10
        damping[kept] = np.maximum(damping[kept] * 10, _FIRST_DAMPING)
        arrived[on[(np.abs(change).max(axis=0) < _ARRIVED) | (damping[on] > _HOPELESS)]] = True
    return Walked(here, value, objective, expected, arrived)


def _learned(curvature: Floats, change: Floats, turn: Floats, expected: Floats) -> Floats:
    """The curvature after a step, by what the gradient did along it (Broyden, Fletcher, Goldfarb, Shanno).

    Expected curvature alone goes to the top in a straight line where residuals are large; what is learned on the way makes it
    faster than linear. Where the gradient turned the wrong way, the expected one stands.
    """
    pushed = (curvature * change[None]).sum(axis=1)
    along, gained = (change * pushed).sum(axis=0), (change * turn).sum(axis=0)
    sound = (gained > 1e-8 * along) & (along > 0)
    along, gained = np.where(sound, along, 1.0), np.where(sound, gained, 1.0)
    out = curvature - pushed[:, None] * (pushed / along)[None] + turn[:, None] * (turn / gained)[None]
    return np.asarray(np.where(sound, out, expected))


def solved(matrix: Floats, right: Floats) -> Floats:
    """The solution of each person's positive definite system. Shapes (n, n, people) and (n, people); ``matrix`` is written over.

    Elimination without pivots, row by row for all people, which positive definite matrices allow.
    """
    size, people = right.shape
    if people < _BY_ROWS:
        return np.asarray(np.linalg.solve(matrix.transpose(2, 0, 1), right.T[:, :, None])[:, :, 0].T, dtype=np.float64)
    out = right.copy()
    for i in range(size):
        for k in range(i + 1, size):
            factor = matrix[k, i] / matrix[i, i]
            matrix[k, i + 1 :] -= factor * matrix[i, i + 1 :]
            out[k] -= factor * out[i]
    for i in reversed(range(size)):
        if i + 1 < size:
            out[i] -= (matrix[i, i + 1 :] * out[i + 1 :]).sum(axis=0)
        out[i] /= matrix[i, i]
    return out
