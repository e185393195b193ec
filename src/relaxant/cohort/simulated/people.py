"""The parameters of people as they are, and of copies of them that differ as people with the same covariates do.

The copies of a person depend on the person's number and the seed alone, so that a registry gives the same in one batch or in many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relaxant.cohort.simulated.placed import Placed
from relaxant.facts.column import Floats
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.cards.model import multiplier, typical, variability
from relaxant.pharmacology.spread.even import even_points
from relaxant.pharmacology.spread.normal import normal_quantile
from relaxant.rules.ragged import Index

_EDGE = 1e-9  # of the unit cube, where no quantile is


def typical_people(model: Model, placed: Placed, which: Index) -> dict[str, Floats]:
    """Everybody's own parameters: the card's typical values times what the middle of their covariates makes of them. Shapes (people,)."""
    middle = {name: (placed.low[name][which] + placed.high[name][which]) / 2 for name in placed.low}
    return _parameters(model, middle, len(which))


def copies_of(
    model: Model, placed: Placed, which: Index, person_id: NDArray[np.int64], copies: int, seed: int
) -> dict[str, Floats]:  # fmt: skip
    """The parameters of so many copies of each person, a person's after one another. ``person_id`` are the numbers of ``which``. Shapes (people times copies,)."""
    names, covariance = variability(model)
    extra = [name for name, variance in placed.extra.items() if variance[which].any()]
    spread = [name for name in placed.low if (placed.low[name][which] < placed.high[name][which]).any()]
    dimensions = len(names) + len(extra) + len(spread)
    points = _points(person_id, dimensions, copies, seed)
    normals = normal_quantile(np.clip(points[: len(names) + len(extra)], _EDGE, 1 - _EDGE))
    covariates = {
        name: np.repeat((placed.low[name][which] + placed.high[name][which]) / 2, copies) for name in placed.low
    }
    for row, name in enumerate(spread, len(names) + len(extra)):
        low, high = np.repeat(placed.low[name][which], copies), np.repeat(placed.high[name][which], copies)
        covariates[name] = low + (high - low) * points[row]
    parameters = _parameters(model, covariates, len(which) * copies)
    if names:
        for name, own in zip(names, np.linalg.cholesky(covariance) @ normals[: len(names)], strict=True):
            parameters[name] = parameters[name] * np.exp(own)
    for row, name in enumerate(extra, len(names)):
        parameters[name] = parameters[name] * np.exp(
            np.repeat(np.sqrt(placed.extra[name][which]), copies) * normals[row]
        )
    return parameters


def _parameters(model: Model, covariates: dict[str, Floats], count: int) -> dict[str, Floats]:
    """Typical values times their relations; a covariate that is not known leaves its relation out."""
    values = {name: np.full(count, value) for name, value in typical(model).items()}
    for relation in model.relations:
        if relation.on in covariates:
            given = covariates[relation.on]
            values[relation.parameter] = values[relation.parameter] * np.where(np.isnan(given), 1.0, multiplier(relation, given))  # fmt: skip
    return values


def _points(person_id: NDArray[np.int64], dimensions: int, copies: int, seed: int) -> Floats:
    """Evenly spread points, each person's moved by an own offset (Cranley and Patterson 1976). Shape (dimensions, people times copies)."""
    if not dimensions:
        return np.empty((0, len(person_id) * copies))
    even = even_points(dimensions, copies)
    with np.errstate(over="ignore"):
        start = person_id.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        moved = np.array([_mixed(start + np.uint64(0xD1B54A32D192ED03) * np.uint64(d + 1)) for d in range(dimensions)])
    return np.asarray((even[:, None, :] + moved[:, :, None]) % 1.0).reshape(dimensions, -1)


def _mixed(state: NDArray[np.uint64]) -> Floats:
    """A number from 0 to 1 from each (SplitMix64: Steele, Lea and Flood 2014)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(((state ^ (state >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53)
