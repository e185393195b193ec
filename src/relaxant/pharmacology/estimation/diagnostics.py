"""Whether a card describes these people: normalised prediction errors, simulated from the card and freed of their correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.estimated import Estimated, Part
from relaxant.pharmacology.estimation.personal import Personal
from relaxant.pharmacology.estimation.residuals import ResidualError, spread
from relaxant.pharmacology.spread.normal import normal_quantile

Floats = NDArray[np.float64]
_AT_ONCE = 20_000  # simulated people at once


def prediction_errors(found: Estimated, simulations: int = 1000, *, seed: int) -> Floats:
    """The npde of each row of ``found.seen``, standard normal where the card is right; NaN below quantification and for what is no level.

    Each person's observations are simulated from the card (spread between people and occasions, residual error); observed and simulated
    values are freed of their correlation by Cholesky's factor of the simulated covariance, and an observation's place among the
    simulated ones becomes a quantile (Brendel et al. 2006; Comets et al. 2008). Raises :class:`InputError` where the simulations are
    too few for somebody's observations.
    """
    rows = [np.flatnonzero(found.seen.person == i) for i in range(len(found.labels))]
    most = max(r.size for r in rows)
    if simulations <= 2 * most:
        raise InputError("simulations", simulations, f"somebody has {most} observations", "give some hundreds at least")
    random = np.random.default_rng(seed)
    out = np.full(found.seen.time.size, np.nan)
    for part in found.parts:
        step = max(1, _AT_ONCE // simulations)
        for first in range(0, part.people.size, step):
            chosen = np.arange(first, min(first + step, part.people.size))
            made = _simulated(part, chosen, simulations, random)
            for j, place in enumerate(chosen.tolist()):
                own = rows[int(part.people[place])]
                out[own] = _freed(found.seen.observed[own], made[: own.size, :, j], ~np.isnan(found.seen.residual[own]))
    return out


def _simulated(part: Part, chosen: NDArray[np.intp], simulations: int, random: np.random.Generator) -> Floats:
    """Observations of some of a part's people from the card, (observations, simulations, people); NaN for what is no level."""
    hill = part.hill
    factor = np.linalg.cholesky(np.linalg.inv(hill.precision)) if hill.size else np.zeros((0, 0))
    deviations = factor @ random.standard_normal((hill.size, simulations * chosen.size))
    made = hill.predictions(deviations, np.tile(chosen, simulations))
    if isinstance(hill, Personal):
        for series, rows in zip(hill.series, hill.parts(), strict=True):
            made[rows] = np.nan if series.error is None else _scattered(made[rows], series.error, random)
    else:
        made = _scattered(made, hill.error, random)
    return made.reshape(-1, simulations, chosen.size)


def _scattered(predicted: Floats, error: ResidualError, random: np.random.Generator) -> Floats:
    shape = predicted.shape
    normal = random.standard_normal(shape) if error.degrees is None else random.standard_t(error.degrees, shape)
    return np.asarray(predicted + spread(error, predicted) * normal)


def _freed(observed: Floats, simulated: Floats, told: NDArray[np.bool_]) -> Floats:
    """The errors of one person's observations; ``simulated`` is (observations, simulations)."""
    out = np.full(observed.shape, np.nan)
    if not told.any():
        return out
    made, count = simulated[told], simulated.shape[1]
    centre = made.mean(axis=1, keepdims=True)
    factor = np.linalg.cholesky(np.atleast_2d(np.cov(made)))
    freed = np.linalg.solve(factor, np.column_stack((observed[told, None] - centre, made - centre)))
    below = (freed[:, 1:] < freed[:, :1]).mean(axis=1)
    out[told] = normal_quantile(np.clip(below, 0.5 / count, 1 - 0.5 / count))
    return out
