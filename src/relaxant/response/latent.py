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
        """The prior covariance times ``right``, shape (days, batch)."""
        shared = np.einsum("dbc,db->bc", self.loads, right)
        return np.asarray(self.wander.times(right) + np.einsum("dbc,bc->db", self.loads, shared))


class Fitted(msgspec.Struct, frozen=True):
    """The mode. ``pull``: the prior's precision times (mode - mean), shape (days, batch); ``log_evidence``, shape (batch,); ``seen``: what turns a
    right-hand side into (covariance + 1 / curvature)^-1 times it."""

    mode: Floats
    pull: Floats
    log_evidence: Floats
    seen: _Seen


class _Seen:
    """The systems of one curvature, ``weight`` of shape (days, batch): ``(1 + weight covariance)^-1`` and ``(covariance + 1 / weight)^-1``, which need no
    division by a weight that may be next to nothing."""

    def __init__(self, process: Process, weight: Floats) -> None:
        self.process, self.weight = process, weight
        self.diagonals = process.wander.with_weights(weight)
        loads = weight[:, :, None] * process.loads
        self.loads = loads - weight[:, :, None] * self.diagonals.solved(loads)
        inner = np.einsum("dbi,dbj->bij", process.loads, self.loads)
        self.inner = np.eye(inner.shape[-1]) + inner

    def without(self, right: Floats) -> Floats:
        """``(1 + weight covariance)^-1`` times ``right``, shape (days, batch)."""
        return self._less(right - self.weight * self.diagonals.solved(right[:, :, None])[:, :, 0])

    def between(self, right: Floats) -> Floats:
        """``(covariance + 1 / weight)^-1`` times ``right``, shape (days, batch)."""
        weighted = self.weight * right
        return self._less(weighted - self.weight * self.diagonals.solved(weighted[:, :, None])[:, :, 0])

    def log_determinant(self) -> Floats:
        """Of ``1 + weight covariance``, shape (batch,)."""
        wander = self.process.wander.log_determinant() + self.diagonals.log_determinant()
        return np.asarray(wander + np.linalg.slogdet(self.inner)[1])

    def _less(self, of_wander: Floats) -> Floats:
        """What the coefficients take off."""
        told = np.einsum("dbc,db->bc", self.process.loads, of_wander)
        own = np.linalg.solve(self.inner, told[:, :, None])[:, :, 0]
        return np.asarray(of_wander - np.einsum("dbc,bc->db", self.loads, own))


def fitted(process: Process, likelihood: Likelihood) -> Fitted:
    """The mode of a batch: scoring steps, each halved for those of the batch for which it does not lower the objective."""
    mean = process.mean
    pull, mode = np.zeros_like(mean), mean.copy()
    value, slope, curvature = likelihood(mode)
    objective = value.sum(axis=0) / 2
    for _ in range(_STEPS):
        weight = curvature / 2
        aim = _Seen(process, weight).without(weight * (mode - mean) - slope / 2)
        towards, length = process.times(aim) - (mode - mean), np.ones(mean.shape[1])
        for _ in range(_HALVINGS):
            tried, there = pull + length * (aim - pull), mode + length * towards
            terms = likelihood(there)
            reached = terms[0].sum(axis=0) / 2 + (tried * (there - mean)).sum(axis=0) / 2
            worse = ~(reached <= objective + _SETTLED)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        settled = bool((np.abs(reached - objective) < _SETTLED).all())
        pull, mode, objective = tried, there, reached
        value, slope, curvature = terms
        if settled:
            break
    seen = _Seen(process, curvature / 2)
    return Fitted(mode, pull, -objective - seen.log_determinant() / 2, seen)


def told(fit: Fitted, shared: Floats) -> tuple[Floats, Floats]:
    """What the observations add to the prior mean of a linear function, and take off its prior variance; each of shape (batch,).

    ``shared`` is its prior covariance with the latent values, shape (days, batch).
    """
    return (shared * fit.pull).sum(axis=0), (shared * fit.seen.between(shared)).sum(axis=0)
