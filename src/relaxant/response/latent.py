"""A Gaussian process seen through counts or scores: its mode, and what the observations say of linear functions of it.

Laplace's approximation about the mode (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, algorithms 3.1 and 3.2), for
a batch of covariances at once. Nothing inverts the prior's covariance, so a smooth prior is no trouble.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Likelihood = Callable[[Floats], tuple[Floats, Floats, Floats]]
"""Latent values, shape (batch, days), to minus twice the log likelihood, its derivative and a positive curvature, of that shape."""
_STEPS, _HALVINGS, _SETTLED = 40, 8, 1e-4  # of the log evidence


class Fitted(msgspec.Struct, frozen=True):
    """The mode of a batch. ``pull``: the prior's precision times (mode - mean), shape (batch, days); ``log_evidence``, shape (batch,); ``root``: the
    root of the curvature, (batch, days); ``whitened``: 1 + root covariance root, (batch, days, days)."""

    mode: Floats
    pull: Floats
    log_evidence: Floats
    root: Floats
    whitened: Floats


def fitted(mean: Floats, covariance: Floats, likelihood: Likelihood) -> Fitted:
    """The mode under a Gaussian prior: ``mean`` of shape (batch, days), ``covariance`` (batch, days, days).

    Scoring steps, each halved for those of the batch for which it does not lower the objective.
    """
    batch = len(mean)
    pull = np.zeros_like(mean)
    mode = mean.copy()
    value, slope, curvature = likelihood(mode)
    objective = value.sum(axis=-1) / 2
    for _ in range(_STEPS):
        root = np.sqrt(curvature / 2)
        target = curvature / 2 * (mode - mean) - slope / 2
        seen = np.einsum("bij,bj->bi", covariance, target)
        aim = target - root * _solved(_whitened(covariance, root), root * seen)
        length = np.ones(batch)
        for _ in range(_HALVINGS):
            tried = pull + length[:, None] * (aim - pull)
            there = mean + np.einsum("bij,bj->bi", covariance, tried)
            terms = likelihood(there)
            reached = terms[0].sum(axis=-1) / 2 + (tried * (there - mean)).sum(axis=-1) / 2
            worse = ~(reached <= objective + _SETTLED)
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        settled = bool((np.abs(reached - objective) < _SETTLED).all())
        pull, mode, objective = tried, there, reached
        value, slope, curvature = terms
        if settled:
            break
    root = np.sqrt(curvature / 2)
    whitened = _whitened(covariance, root)
    spread = np.log(np.diagonal(np.linalg.cholesky(whitened), axis1=1, axis2=2)).sum(axis=-1)
    return Fitted(mode, pull, -objective - spread, root, whitened)


def told(fit: Fitted, shared: Floats) -> tuple[Floats, Floats]:
    """What the observations add to the prior mean of a linear function, and take off its prior variance; each of shape (batch,).

    ``shared`` is its prior covariance with the latent values, shape (batch, days).
    """
    weighted = fit.root * shared
    return (shared * fit.pull).sum(axis=-1), (weighted * _solved(fit.whitened, weighted)).sum(axis=-1)


def _whitened(covariance: Floats, root: Floats) -> Floats:
    return np.asarray(np.eye(root.shape[-1]) + root[:, :, None] * covariance * root[:, None, :])


def _solved(matrix: Floats, right: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0])
