"""Laplace's approximation of a latent course that is seen through counts or scores: where it most probably lies, and what that says of any linear function of it.

Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, chapter 3; for a batch of settings at once. The course is a wander of days
(:mod:`relaxant.response.wander`) and a few coefficients beside, so that nothing grows faster than the days (the matrix inversion lemma). Arrays are
(days, batch, ...).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.response.wander import Wander

Floats = NDArray[np.float64]
Likelihood = Callable[[Floats], tuple[Floats, Floats, Floats]]
"""Latent values, shape (days, batch), to minus twice the log likelihood, its derivative and a positive curvature, of that shape."""
_STEPS, _HALVINGS, _SETTLED = 40, 8, 1e-4  # of the log evidence


class Process(msgspec.Struct, frozen=True):
    """The prior of a course: its ``mean``, shape (days, batch), a ``wander``, and ``loads``: what each standard normal coefficient adds to each day, shape
    (days, batch, coefficients)."""

    mean: Floats
    wander: Wander
    loads: Floats

    def times(self, right: Floats) -> Floats:
        """The prior covariance times ``right``, shape (days, batch, columns)."""
        loads = _by_batch(self.loads)
        return self.wander.times(right) + _by_day(loads @ (_turned(loads) @ _by_batch(right)))


class Fitted(msgspec.Struct, frozen=True):
    """The mode. ``pull``: the prior's precision times (mode - mean), shape (days, batch); ``log_evidence``, shape (batch,); ``seen``: the
    systems at the mode."""

    mode: Floats
    pull: Floats
    log_evidence: Floats
    seen: _Seen


class _Seen:
    """The systems of one curvature, ``weight`` of shape (days, batch), without a division by a weight that may be next to nothing."""

    def __init__(self, process: Process, weight: Floats) -> None:
        self.process, self.weight = process, weight
        self.diagonals = process.wander.with_weights(weight)
        weighted = weight[:, :, None] * process.loads
        self.loads = self.diagonals.halfway(weighted)
        self.inner = np.eye(weighted.shape[-1]) + self._shared(weighted, self.loads)

    def step(self, right: Floats) -> tuple[Floats, Floats]:
        """``(1 + weight covariance)^-1`` times ``right``, and the covariance times that; each of shape (days, batch)."""
        halfway = self.diagonals.halfway(right[:, :, None])
        own = np.linalg.solve(self.inner, self._shared(right[:, :, None], halfway))
        rest = self.diagonals.rest(halfway - _by_day(_by_batch(self.loads) @ own))
        moved = (rest + _by_day(_by_batch(self.process.loads) @ own))[:, :, 0]
        return right - self.weight * moved, moved

    def between(self, right: Floats) -> Floats:
        """``(covariance + 1 / weight)^-1`` between each column of ``right``, shape (days, batch, columns), and itself; shape (batch, columns)."""
        weighted = self.weight[:, :, None] * right
        halfway = self.diagonals.halfway(weighted)
        shared = self._shared(weighted, halfway)
        own = (shared * np.linalg.solve(self.inner, shared)).sum(axis=1)
        return np.asarray((right * weighted - halfway**2).sum(axis=0) - own)

    def log_determinant(self) -> Floats:
        """Of ``1 + weight covariance``, shape (batch,)."""
        wander = self.process.wander.log_determinant() + self.diagonals.log_determinant()
        return np.asarray(wander + np.linalg.slogdet(self.inner)[1])

    def _shared(self, right: Floats, halfway: Floats) -> Floats:
        """What the coefficients have in common with ``right`` once the wander has had its part; shape (batch, coefficients, columns)."""
        ours = _turned(_by_batch(self.process.loads)) @ _by_batch(right)
        return np.asarray(ours - _turned(_by_batch(self.loads)) @ _by_batch(halfway))


def _by_batch(days: Floats) -> Floats:
    """Shape (days, batch, ...) as (batch, days, ...), which products of matrices ask for."""
    return days.swapaxes(0, 1)


def _by_day(batch: Floats) -> Floats:
    return batch.swapaxes(0, 1)


def _turned(matrices: Floats) -> Floats:
    return matrices.swapaxes(1, 2)


def fitted(process: Process, likelihood: Likelihood, near: Floats) -> Fitted:
    """The mode of a batch: scoring steps, each halved for those of the batch for which it does not lower the objective.

    The first is reckoned as from ``near``, latent values close to what was seen: from the prior mean the narrow cells of a scale throw it too far.
    """
    mean = process.mean
    pull, mode, seen_from = np.zeros_like(mean), mean, near
    objective = likelihood(mean)[0].sum(axis=0) / 2
    _, slope, curvature = likelihood(near)
    for _ in range(_STEPS):
        weight = curvature / 2
        aim, moved = _Seen(process, weight).step(weight * (seen_from - mean) - slope / 2)
        towards, length = moved - (mode - mean), np.ones(mean.shape[1])
        for _ in range(_HALVINGS):
            tried, there = pull + length * (aim - pull), mode + length * towards
            value, slope, curvature = likelihood(there)
            reached = value.sum(axis=0) / 2 + (tried * (there - mean)).sum(axis=0) / 2
            worse = ~(reached <= objective + _SETTLED)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        settled = bool((np.abs(reached - objective) < _SETTLED).all())
        pull, mode, seen_from, objective = tried, there, there, reached
        if settled:
            break
    seen = _Seen(process, curvature / 2)
    return Fitted(mode, pull, -objective - seen.log_determinant() / 2, seen)


def told(fit: Fitted, shared: Floats) -> tuple[Floats, Floats]:
    """What the observations add to the prior mean of linear functions, and take off their prior variance; each of shape (batch, functions).

    ``shared`` is their prior covariance with the latent values, shape (days, batch, functions).
    """
    return (shared * fit.pull[:, :, None]).sum(axis=0), fit.seen.between(shared)
