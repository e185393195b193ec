"""Draws from people's posteriors, by importance resampling around their most probable values."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.twins import Twins
from relaxant.pharmacology.estimation.walk import Hill

Floats = NDArray[np.float64]
_TAILS = 4.0  # degrees of freedom of the proposal
_AT_ONCE = 20_000  # places on the hill at once


class Posterior(msgspec.Struct, frozen=True):
    """Draws from each person's posterior: ``deviations`` (draws, parameters, people) and the effective number of draws behind them.

    An effective number far under the draws says that the proposal missed the posterior's shape: ask for more draws.
    """

    names: tuple[str, ...]
    deviations: Floats
    effective: Floats

    def interval(self, share: float = 0.9) -> tuple[Floats, Floats]:
        """The central interval that holds a share of the draws. Shapes (parameters, people)."""
        low, high = np.quantile(self.deviations, [(1 - share) / 2, (1 + share) / 2], axis=0)
        return low, high


def resampled(
    hill: Hill, deviations: Floats, covariance: Floats, draws: int, *, seed: int, twins: Twins | None = None
) -> tuple[Floats, Floats]:
    """Draws (draws, parameters, people) and the effective number behind each person's.

    The proposal is Student's with four degrees of freedom, shaped by Laplace's covariance, so that its tails hold the posterior's;
    half of it stands around the twin of those who have one. Raises :class:`InputError` for fewer draws than one.
    """
    if draws < 1:
        raise InputError("draws", draws, "there is nothing to draw", "give at least 1")
    random = np.random.default_rng(seed)
    size, people = deviations.shape
    centres, factors = [deviations], [_factor(covariance)]
    shares = np.ones((1, people))
    if twins is not None and twins.people.size:
        centres.append(deviations.copy())
        centres[1][:, twins.people] = twins.deviations
        factors.append(factors[0].copy())
        factors[1][twins.people] = _factor(twins.covariance)
        shares = np.full((2, people), 0.5)
    standard = random.standard_normal((draws, people, size))
    standard *= np.sqrt(_TAILS / random.chisquare(_TAILS, (draws, people)))[:, :, None]
    tried = np.einsum("pij,dpj->dip", factors[0], standard) + centres[0]
    if len(centres) > 1:
        other = np.einsum("pij,dpj->dip", factors[1], standard) + centres[1]
        tried = np.where(random.random((draws, people))[:, None] < 0.5, tried, other)
    proposal = _logarithm(tried, centres, factors, shares, standard if len(centres) == 1 else None)
    logarithms = np.empty((draws, people))
    everyone, step = np.arange(people), max(1, _AT_ONCE // max(people, 1))
    for start in range(0, draws, step):
        part = tried[start : start + step]
        flat = part.transpose(1, 0, 2).reshape(size, -1)
        logarithms[start : start + step] = -hill.heights(flat, np.tile(everyone, len(part))).reshape(len(part), people) / 2  # fmt: skip
    weights = np.exp(logarithms - proposal - (logarithms - proposal).max(axis=0))
    weights /= weights.sum(axis=0)
    place = (np.arange(draws)[:, None] + random.random((1, people))) / draws
    chosen = np.empty((draws, people), dtype=np.intp)
    for j in range(people):
        chosen[:, j] = np.minimum(np.searchsorted(np.cumsum(weights[:, j]), place[:, j]), draws - 1)
    return np.take_along_axis(tried, chosen[:, None, :], axis=0), np.asarray(1 / (weights**2).sum(axis=0))


def _factor(covariance: Floats) -> Floats:
    """Cholesky's, of each person: (people, parameters, parameters)."""
    return np.asarray(np.linalg.cholesky(covariance.transpose(2, 0, 1)), dtype=np.float64)


def _logarithm(
    tried: Floats, centres: list[Floats], factors: list[Floats], shares: Floats, standard: Floats | None
) -> Floats:
    """The logarithm of the proposal's density at what was tried, up to a constant. Shape (draws, people)."""
    size = tried.shape[1]
    parts = []
    for centre, factor, share in zip(centres, factors, shares, strict=True):
        scaled = standard
        if scaled is None:
            scaled = np.einsum("pij,djp->dpi", np.linalg.inv(factor), tried - centre)
        distance = (scaled**2).sum(axis=2)
        volume = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        parts.append(np.log(share) - volume - (_TAILS + size) / 2 * np.log1p(distance / _TAILS))
    return np.asarray(parts[0] if len(parts) == 1 else np.logaddexp(*parts))
