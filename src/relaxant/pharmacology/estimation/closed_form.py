"""A person's own parameters from measured levels: the most probable ones, for one person or a batch at once, in closed form.

Prior knowledge is the card's: typical values and the covariance of their logarithms between people. What is minimised for each
person is twice the negative logarithm of the posterior (:mod:`relaxant.pharmacology.estimation.walk`), the residual's own variance included
(:mod:`relaxant.pharmacology.estimation.residuals`). Concentrations and their slopes in rates are exact
(:mod:`relaxant.pharmacology.estimation.unit_response`); how rates follow from clearances and volumes is differentiated by a central
difference, to some ten digits.

Where absorption and elimination can change places (flip-flop), the same levels may have two explanations. ``twin`` says how the
parameters of one become those of the other: everybody walks a second time from there, and who arrives elsewhere has a twin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.posterior import Posterior, resampled
from relaxant.pharmacology.estimation.residuals import ResidualError, level_terms, residual_error
from relaxant.pharmacology.estimation.twins import Twins, with_twins
from relaxant.pharmacology.estimation.unit_response import Runs, Way, flat, responded, runs_of
from relaxant.pharmacology.estimation.walk import Look, walked

__all__ = ["Estimate", "Levels", "Posterior", "Twins", "Way", "levels", "most_probable"]

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
Parameters = Mapping[str, Floats]
_STEP = 1e-5  # of a logarithm, for the central difference: some ten digits
_ROUNDING = 1e-13


class Levels(msgspec.Struct, frozen=True):
    """What was given and measured. ``dose_times`` and ``amounts`` are (doses, people), ``times`` and ``values`` (observations, people).

    NaN pads where somebody has fewer. ``quantified_from`` is the limit of quantification of each observation or ``None``: a value
    below it counts as *below*, whatever it is.
    """

    dose_times: Floats
    amounts: Floats
    times: Floats
    values: Floats
    quantified_from: Floats | None = None


class Estimate(msgspec.Struct, frozen=True):
    """The most probable parameters. Shapes: ``deviations`` (parameters, people), ``covariance`` (parameters, parameters, people).

    ``deviations`` are the logarithms of a person's parameters over the typical ones; ``covariance`` that of the deviations
    by Laplace's approximation. ``predicted`` are the concentrations at the observations; ``arrived`` marks whose walk came to its end.
    """

    names: tuple[str, ...]
    parameters: dict[str, Floats]
    deviations: Floats
    covariance: Floats
    predicted: Floats
    objective: Floats
    arrived: NDArray[np.bool_]
    problem: Closed
    twins: Twins | None = None

    def posterior(self, draws: int = 1000, *, seed: int) -> Posterior:
        """Draws from each person's posterior, by importance resampling from a wide distribution around the most probable values.

        Where a person has a twin, the proposal covers both.
        """
        kept, effective = resampled(self.problem, self.deviations, self.covariance, draws, seed=seed, twins=self.twins)
        return Posterior(self.names, kept, effective)


def levels(
    dose_times: ArrayLike,
    amounts: ArrayLike,
    times: ArrayLike,
    values: ArrayLike,
    *,
    quantified_from: ArrayLike | None = None,
) -> Levels:
    """Checks and shapes data of one person or many (doses or observations first, people second).

    Raises :class:`InputError` naming what is empty, contradictory or no number.
    """
    table = {
        n: _table(np.asarray(v, dtype=np.float64))
        for n, v in (("dose_times", dose_times), ("amounts", amounts), ("times", times), ("values", values))
    }
    people = max(t.shape[1] for t in table.values())
    for name, array in table.items():
        if array.shape[1] not in (1, people):
            raise InputError(name, array.shape[1], f"other data are of {people} people", "give as many columns")
        table[name] = np.array(np.broadcast_to(array, (array.shape[0], people)))
    for one, other in (("dose_times", "amounts"), ("times", "values")):
        if table[one].shape != table[other].shape:
            raise InputError(
                other, table[other].shape, f"it does not fit {one} of {table[one].shape}", "give one of each"
            )
        half = np.isnan(table[one]) & ~np.isnan(table[other])
        if half.any():
            raise InputError(one, "unknown", f"a value of {other} has no time", "give the time, or leave both out")
    if (table["amounts"] < 0).any() or np.isinf(table["amounts"]).any():
        raise InputError("amounts", float(np.nanmin(table["amounts"])), "it is no amount", "give 0 or more")
    if (table["values"] < 0).any() or np.isinf(table["values"]).any():
        raise InputError("values", float(np.nanmin(table["values"])), "it is no concentration", "give 0 or more")
    nothing = np.flatnonzero(np.isnan(table["values"]).all(axis=0))
    if nothing.size:
        raise InputError("values", f"person {int(nothing[0]) + 1}", "nothing was measured", "leave this person out")
    limit = None
    if quantified_from is not None:
        limit = np.array(np.broadcast_to(_table(np.asarray(quantified_from, dtype=np.float64)), table["values"].shape))
        if (limit < 0).any():
            raise InputError("quantified_from", float(np.nanmin(limit)), "it is no concentration", "give 0 or more")
    return Levels(table["dose_times"], table["amounts"], table["times"], table["values"], limit)


def _table(values: Floats) -> Floats:
    return values[:, None] if values.ndim == 1 else np.atleast_2d(values)


def most_probable(
    typical: Mapping[str, ArrayLike],
    covariance: ArrayLike,
    free: Sequence[str],
    way: Callable[[Parameters], Way],
    data: Levels,
    *,
    proportional: float,
    additive: float,
    degrees: float | None = None,
    twin: Callable[[Parameters], Parameters] | None = None,
) -> Estimate:
    """The most probable parameters of each person.

    ``typical``: every parameter that ``way`` asks for, one value or one a person. ``free`` are those that differ between people, and
    ``covariance`` that of their logarithms. ``proportional`` (a share) and ``additive`` (in the values' unit) are the residual's
    standard deviations; ``degrees`` makes it Student's, so that outliers pull less. ``twin`` gives the parameters with
    absorption and elimination changed. Raises :class:`InputError` for a residual of nothing, a covariance that is none and levels that
    cannot come from these doses.
    """
    error = residual_error(proportional, additive, degrees)
    omega = np.atleast_2d(np.asarray(covariance, dtype=np.float64))
    size, people = len(free), data.values.shape[1]
    if omega.shape != (size, size) or np.linalg.eigvalsh(omega).min() <= 0:
        raise InputError("covariance", omega.shape, "it is not a positive definite matrix of the free parameters", f"give {size} by {size}")  # fmt: skip
    base = {n: np.broadcast_to(np.asarray(v, dtype=np.float64), (people,)) for n, v in typical.items()}
    hill = closed(base, tuple(free), np.asarray(np.linalg.inv(omega), dtype=np.float64), way, data, error)
    _refuse_impossible(hill, data)
    everyone = np.arange(people)
    found = walked(hill, np.zeros((size, people)), everyone)
    twins = None
    if twin is not None:
        found, twins = with_twins(hill, found, hill.twin_start(found.deviations, twin))
    parameters = {n: np.array(v) for n, v in hill.parameters(found.deviations, everyone).items()}
    return Estimate(tuple(free), parameters, found.deviations, found.covariance, found.value, found.objective, found.arrived, hill, twins)  # fmt: skip


def _refuse_impossible(hill: Closed, data: Levels) -> None:
    """Levels that no parameters explain where the scatter is a share of the prediction: something of nothing, nothing of something."""
    if hill.error.additive > 0:
        return
    measured = ~np.isnan(data.values)
    if hill.limit is not None:
        measured &= ~(data.values < hill.limit)
    zeros = np.zeros((hill.size, data.values.shape[1]))
    nothing = hill.predictions(zeros, np.arange(data.values.shape[1])) == 0
    for found, why, would_do in (
        (measured & nothing & (data.values > 0), "nothing of the doses can be there by then", "give the doses before it, or leave it out"),
        (measured & ~nothing & (data.values == 0), "a level of 0 has no place in a scatter that is a share of the level", "give the limit of quantification, or an additive scatter"),
    ):  # fmt: skip
        if found.any():
            at, who = (int(i) for i in np.argwhere(found)[0])
            raise InputError("values", f"{data.values[at, who]:g} at {data.times[at, who]:g} (person {who + 1})", why, would_do)  # fmt: skip


class Closed(msgspec.Struct, frozen=True):
    """The posterior of each person whose levels have a closed form: a hill to walk on."""

    base: dict[str, Floats]
    free: tuple[str, ...]
    precision: Floats
    way: Callable[[Parameters], Way]
    error: ResidualError
    runs: Runs
    values: Floats
    seen: NDArray[np.bool_]
    limit: Floats | None

    @property
    def size(self) -> int:
        """How many deviations a person has."""
        return len(self.free)

    @property
    def rounding(self) -> float:
        """What of the objective is rounding."""
        return _ROUNDING

    def parameters(self, deviations: Floats, people: Index) -> dict[str, Floats]:
        """Everybody's own, (people,) each."""
        made = {n: v[people] for n, v in self.base.items()}
        for name, deviation in zip(self.free, deviations, strict=True):
            made[name] = made[name] * np.exp(deviation)
        return made

    def predictions(self, deviations: Floats, people: Index) -> Floats:
        """The concentrations, (observations, people)."""
        way = self.way(self.parameters(deviations, people))
        made = responded(
            flat(way), self.runs.of(people), len(way.disposition.rates), slopes=False, reaching=_fixed(way)
        )
        return made.value  # fmt: skip

    def heights(self, deviations: Floats, people: Index) -> Floats:
        """Twice the negative logarithm of the posterior of each person, up to a constant."""
        return self._terms(self.predictions(deviations, people), deviations, people)[0]

    def look(self, deviations: Floats, people: Index) -> Look:
        """Height, gradient and curvature."""
        value, slopes = self.sloped(deviations, people)
        objective, pull, weight = self._terms(value, deviations, people)
        gradient = (slopes * pull).sum(axis=1) + 2 * self.precision @ deviations
        bent = slopes * weight
        curvature = np.empty((self.size, *slopes.shape[::2]))
        for i in range(self.size):
            for j in range(i + 1):
                curvature[i, j] = (bent[i] * slopes[j]).sum(axis=0) + 2 * self.precision[i, j]
                curvature[j, i] = curvature[i, j]
        return Look(value, objective, gradient, curvature)

    def sloped(self, deviations: Floats, people: Index) -> tuple[Floats, Floats]:
        """The concentrations (observations, people) and their derivatives (parameters, observations, people)."""
        size, count = deviations.shape
        own = self.parameters(deviations, people)
        # As they are, then every parameter a little up and a little down, all in one call.
        blocks = {n: np.tile(v, 2 * size + 1) for n, v in own.items()}
        for i, name in enumerate(self.free):
            blocks[name][(1 + i) * count : (2 + i) * count] *= math.exp(_STEP)
            blocks[name][(1 + size + i) * count : (2 + size + i) * count] *= math.exp(-_STEP)
        way = self.way(blocks)
        parts = {n: v.reshape(2 * size + 1, count) for n, v in flat(way).items() if v.size > 1 or count * size == 0}
        fixed = {n: v for n, v in flat(way).items() if n not in parts}
        inner = responded({**fixed, **{n: v[0] for n, v in parts.items()}}, self.runs.of(people), len(way.disposition.rates), slopes=True, reaching=_fixed(way))  # fmt: skip
        out = np.zeros((size, *inner.value.shape))
        for name, both in parts.items():
            change = (both[1 : 1 + size] - both[1 + size :]) / (2 * _STEP)
            for i in np.flatnonzero(change.any(axis=1)).tolist():
                out[i] += inner.slopes[name] * change[i]
        return inner.value, out

    def _terms(self, value: Floats, deviations: Floats, people: Index) -> tuple[Floats, Floats, Floats]:
        """The height of each person, and the pull and weight of each observation on its prediction."""
        limit = None if self.limit is None else self.limit[:, people]
        each, pull, weight = level_terms(self.error, value, self.values[:, people], limit)
        seen = self.seen[:, people]
        if not seen.all():
            each, pull, weight = (np.where(seen, of, 0.0) for of in (each, pull, weight))
        prior = (deviations * (self.precision @ deviations)).sum(axis=0)
        return np.asarray(each.sum(axis=0) + prior, dtype=np.float64), pull, weight

    def twin_start(self, deviations: Floats, twin: Callable[[Parameters], Parameters]) -> Floats:
        """Where the twin of each person lies, about: the deviations of the changed parameters."""
        own = self.parameters(deviations, np.arange(deviations.shape[1]))
        changed = twin(own)
        moved = [np.log(changed[n] / own[n]) if n in changed else np.zeros(deviations.shape[1]) for n in self.free]
        return np.asarray(deviations + np.array(moved), dtype=np.float64)


def closed(
    base: dict[str, Floats],
    free: tuple[str, ...],
    precision: Floats,
    way: Callable[[Parameters], Way],
    data: Levels,
    error: ResidualError,
) -> Closed:
    """The hill of these people; what was measured before the first dose and below quantification says nothing."""
    first = np.where(np.nan_to_num(data.amounts) > 0, data.dose_times, np.inf).min(axis=0)
    seen = ~np.isnan(data.values) & (data.times >= first)
    limit = data.quantified_from
    values = np.where(seen, data.values, 0.0)
    return Closed(base, free, precision, way, error, runs_of(data.dose_times, data.amounts, data.times), values, seen, limit)  # fmt: skip


def _fixed(way: Way) -> float:
    return 1.0 if isinstance(way.reaching, np.ndarray) else way.reaching
