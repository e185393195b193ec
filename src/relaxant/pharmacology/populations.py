"""Virtual people: how far a card's courses spread, and how many reach a target.

Their parameters are drawn from the card's own spread between people, with its correlations, around what a person's (or each
person's) covariates make of the typical values. Quantiles are of the drawn people themselves. When people times times would not
fit into memory the times are taken in parts, with the same people drawn again from the same seed, so the bytes of the answer do
not depend on the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.course import GivenDose, course
from relaxant.pharmacology.model import Covariates, individual
from relaxant.pharmacology.soundness import variability

Floats = NDArray[np.float64]
_MOST_NUMBERS = 20_000_000  # people times times at once: 160 MB


class Bands(msgspec.Struct, frozen=True):
    """Quantiles of the drawn people's courses. ``values`` is (quantiles, times), in the output's unit; ``levels`` are the quantiles."""

    times: Floats
    levels: tuple[float, ...]
    values: Floats
    people: int


def drawn(model: Model, count: int, *, seed: int) -> dict[str, Floats]:
    """Deviations (of logarithms) of so many people, by parameter. Raises :class:`InputError` for a count under 1."""
    if count < 1:
        raise InputError("count", count, "there is nobody to draw", "give at least 1")
    names, covariance = variability(model)
    if not names:
        return {}
    factor = np.linalg.cholesky(covariance)
    normal = np.random.default_rng(seed).standard_normal((len(names), count))
    return dict(zip(names, factor @ normal, strict=True))


def bands(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    people: int = 1000,
    seed: int = 1,
    levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95),
    extra_cv: float = 0.0,
    during: Sequence[str] = (),
) -> Bands:
    """The 50% and 90% prediction bands and the median of an output (any quantiles by ``levels``).

    ``extra_cv`` widens every parameter's spread (a card stretched past whom it was measured in says by how much). Raises
    :class:`InputError` for quantiles outside 0 to 1.
    """
    if not all(0 <= level <= 1 for level in levels):
        raise InputError("levels", levels, "a quantile lies between 0 and 1", "give such as 0.05")
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    parameters = _parameters(model, covariates, people, seed, extra_cv)
    made = [
        np.quantile(course(model, parameters, doses, part, output, during=during), levels, axis=1)
        for part in _parts(at, people)
    ]
    return Bands(at, levels, np.concatenate(made, axis=1), people)


def attained(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    people: int = 1000,
    seed: int = 1,
    during: Sequence[str] = (),
) -> Floats:
    """The share of people whose output lies within ``low`` to ``high`` at each time. Shape (times,)."""
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    parameters = _parameters(model, covariates, people, seed, 0.0)
    shares = []
    for part in _parts(at, people):
        values = course(model, parameters, doses, part, output, during=during)
        inside = np.ones(values.shape, dtype=bool)
        if low is not None:
            inside &= values >= low
        if high is not None:
            inside &= values <= high
        shares.append(inside.mean(axis=1))
    return np.concatenate(shares)


def _parameters(model: Model, covariates: Covariates, people: int, seed: int, extra_cv: float) -> Mapping[str, Floats]:
    deviations = drawn(model, people, seed=seed)
    if extra_cv > 0:
        wider = np.random.default_rng(seed + 1)
        spread = float(np.sqrt(np.log1p(extra_cv**2)))
        deviations = {n: d + spread * wider.standard_normal(people) for n, d in deviations.items()}
    return individual(model, covariates, deviations=deviations)


def _parts(times: Floats, people: int) -> Iterator[Floats]:
    size = max(1, _MOST_NUMBERS // max(people, 1))
    for start in range(0, times.size, size):
        yield times[start : start + size]
