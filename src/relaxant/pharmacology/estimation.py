"""A person's own parameters from what was measured: the most probable ones, for one person or a batch at once.

Prior knowledge is the card's: typical values and the covariance of their logarithms between people. What is minimised for each
person is twice the negative logarithm of the posterior, the residual's own variance included (proportional plus additive, evaluated
at the prediction); a level below the limit of quantification counts by the probability to be there (the M3 method). Fisher
scoring with Levenberg's damping, its curvature learned on the way, moves everybody at once; who has arrived is left out of further steps.

Concentrations are sums over doses of the unit response in closed form, so their derivatives with respect to rates are exact; how
rates follow from clearances and volumes is differentiated by a central difference, to some ten digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.disposition import Disposition

Floats = NDArray[np.float64]
_STEP = 1e-5  # of a logarithm, for the central difference: some ten digits
_MOST_STEPS = 60
_ARRIVED = 1e-5  # of a logarithm: the last step; what is left after it is far less
_ROUNDING = 1e-13
_LEAST = 0.05  # of the expected curvature: where the observed one is less, or bends the other way
_CLOSE = 1e-2  # of a difference of rates times a time: nearer, series stand for differences of exponentials
_TAILS = 4.0  # degrees of freedom of the proposal
_HOPELESS = 1e10  # a damping under which no step is one
_FIRST_DAMPING = 0.3  # after a first step too far
_LEARN_FROM = 4  # steps, before curvature is learned on the way
_FINITE_CHANGE = 1.0  # no step moves a logarithm further


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


class Way(msgspec.Struct, frozen=True):
    """How people's parameters make a disposition, an absorption rate (``None``: straight into the vein) and what reaches."""

    disposition: Disposition
    absorption: Floats | None = None
    reaching: Floats | float = 1.0


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
    problem: _Problem

    def posterior(self, draws: int = 1000, *, seed: int) -> Posterior:
        """Draws from each person's posterior, by importance resampling from a wide distribution around the most probable values.

        The proposal is Student's with four degrees of freedom, shaped by Laplace's covariance, so that its tails hold the posterior's.
        """
        random = np.random.default_rng(seed)
        size, people = self.deviations.shape
        factor = np.linalg.cholesky(self.covariance.transpose(2, 0, 1))
        everyone = np.arange(people)
        standard = random.standard_normal((draws, people, size))
        tails = np.sqrt(_TAILS / random.chisquare(_TAILS, (draws, people)))
        offsets = np.einsum("pij,dpj->dip", factor, standard * tails[:, :, None])
        logarithms = np.empty((draws, people))
        for k in range(draws):
            tried = self.deviations + offsets[k]
            value, _ = self.problem.predicted(tried, everyone, slopes=False)
            logarithms[k] = -self.problem.objective(value, tried, everyone) / 2
        distance = ((standard * tails[:, :, None]) ** 2).sum(axis=2)
        proposal = -(_TAILS + size) / 2 * np.log1p(distance / _TAILS)
        weights = np.exp(logarithms - proposal - (logarithms - proposal).max(axis=0))
        weights /= weights.sum(axis=0)
        place = (np.arange(draws)[:, None] + random.random((1, people))) / draws
        chosen = np.empty((draws, people), dtype=np.intp)
        for j in range(people):
            chosen[:, j] = np.minimum(np.searchsorted(np.cumsum(weights[:, j]), place[:, j]), draws - 1)
        kept = self.deviations[None] + np.take_along_axis(offsets, chosen[:, None, :], axis=0)
        return Posterior(self.names, kept, np.asarray(1 / (weights**2).sum(axis=0)))

    def shrinkage(self, covariance: Floats) -> Floats:
        """How much of each parameter's spread between people the data did not show: 1 - the spread seen over the prior's."""
        return np.asarray(1 - self.deviations.std(axis=1) / np.sqrt(np.diag(covariance)))


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
    way: Callable[[Mapping[str, Floats]], Way],
    data: Levels,
    *,
    proportional: float,
    additive: float,
) -> Estimate:
    """The most probable parameters of each person.

    ``typical``: every parameter that ``way`` asks for, one value or one a person. ``free`` are those that differ between people, and
    ``covariance`` that of their logarithms. ``proportional`` (a share) and ``additive`` (in the values' unit) are the residual's
    standard deviations. Raises :class:`InputError` for a residual of nothing and a covariance that is none.
    """
    if not (proportional >= 0 and additive >= 0 and proportional + additive > 0):
        raise InputError(
            "residual", f"{proportional:g}, {additive:g}", "nothing would be uncertain", "give one above 0"
        )
    omega = np.atleast_2d(np.asarray(covariance, dtype=np.float64))
    size, people = len(free), data.values.shape[1]
    if omega.shape != (size, size) or np.linalg.eigvalsh(omega).min() <= 0:
        raise InputError("covariance", omega.shape, "it is not a positive definite matrix of the free parameters", f"give {size} by {size}")  # fmt: skip
    base = {n: np.broadcast_to(np.asarray(v, dtype=np.float64), (people,)) for n, v in typical.items()}
    problem = _Problem(
        base, tuple(free), np.asarray(np.linalg.inv(omega), dtype=np.float64), way, data, proportional, additive
    )
    return problem.solved()


class _Problem:
    """The posterior of each person and the walk to its top."""

    def __init__(
        self,
        base: Mapping[str, Floats],
        free: tuple[str, ...],
        precision: Floats,
        way: Callable[[Mapping[str, Floats]], Way],
        data: Levels,
        proportional: float,
        additive: float,
    ) -> None:
        self.base, self.free, self.precision, self.way, self.data = base, free, precision, way, data
        self.proportional, self.additive = proportional, additive
        since = data.times[:, None, :] - data.dose_times[None, :, :]
        given = np.where(np.isnan(data.amounts), 0.0, data.amounts)[None]
        self.amount = np.where(since >= 0, given, 0.0)
        self.since = np.where((since >= 0) & ~np.isnan(since), since, 0.0)
        # Doses that nobody has before an observation cost nothing.
        used = np.flatnonzero((self.amount > 0).any(axis=(0, 2)))
        self.since, self.amount = np.ascontiguousarray(self.since[:, used]), np.ascontiguousarray(self.amount[:, used])
        self.seen = ~np.isnan(data.values)
        self.censored = np.zeros_like(self.seen)
        if data.quantified_from is not None:
            self.censored = self.seen & (data.values < data.quantified_from)
        self.values = np.where(self.seen, data.values, 0.0)

    def parameters(self, deviations: Floats, people: NDArray[np.intp]) -> dict[str, Floats]:
        made = {n: v[people] for n, v in self.base.items()}
        for i, name in enumerate(self.free):
            made[name] = made[name] * np.exp(deviations[i])
        return made

    def predicted(self, deviations: Floats, people: NDArray[np.intp], *, slopes: bool) -> tuple[Floats, Floats | None]:
        """The concentrations (observations, people) and their derivatives (parameters, observations, people)."""
        way = self.way(self.parameters(deviations, people))
        inner = _Response(way, self.since[:, :, people], self.amount[:, :, people], slopes)
        if not slopes:
            return inner.value, None
        # Every parameter a little up and a little down, all in one call: shapes (up and down, parameter, people).
        size, count = deviations.shape
        moved = np.broadcast_to(deviations[:, None, None], (size, 2, size, count)).copy()
        for i in range(size):
            moved[i, 0, i] += _STEP
            moved[i, 1, i] -= _STEP
        parts = _flat(self.way(self.parameters(moved.reshape(size, -1), np.tile(people, 2 * size))))
        out = np.zeros((size, *inner.value.shape))
        for part, slope in inner.slopes.items():
            if parts[part].size == 2 * size * count:
                both = parts[part].reshape(2, size, count)
                out += slope * ((both[0] - both[1]) / (2 * _STEP))[:, None]
        return inner.value, out

    def objective(self, value: Floats, deviations: Floats, people: NDArray[np.intp]) -> Floats:
        """Twice the negative logarithm of the posterior of each person, up to a constant."""
        variance = (self.proportional * value) ** 2 + self.additive**2
        variance = np.maximum(variance, np.finfo(np.float64).tiny)
        off = self.values[:, people] - value
        each = off**2 / variance + np.log(variance)
        if self.censored.any() and self.data.quantified_from is not None:
            z = (self.data.quantified_from[:, people] - value) / np.sqrt(variance)
            each = np.where(self.censored[:, people], -2 * _log_below(z), each)
        prior = np.einsum("is,ij,js->s", deviations, self.precision, deviations)
        return np.asarray(np.where(self.seen[:, people], each, 0.0).sum(axis=0) + prior)

    def step(
        self, value: Floats, slopes: Floats, deviations: Floats, people: NDArray[np.intp]
    ) -> tuple[Floats, Floats]:
        """The gradient (parameters, people) and the curvature (parameters, parameters, people) of the objective, positive."""
        variance = np.maximum((self.proportional * value) ** 2 + self.additive**2, np.finfo(np.float64).tiny)
        growth = 2 * self.proportional**2 * value
        off = self.values[:, people] - value
        pull = -2 * off / variance + growth * (1 - off**2 / variance) / variance
        expected = 2 / variance + growth**2 / variance**2
        share = off**2 / variance
        observed = 2 / variance + 2 * off * growth / variance**2
        observed += 2 * self.proportional**2 * (1 - share) / variance
        observed += growth * (2 * off + share * growth - (1 - share) * growth) / variance**2
        weight = np.maximum(observed, _LEAST * expected)
        if self.censored.any() and self.data.quantified_from is not None:
            spread = np.sqrt(variance)
            z = (self.data.quantified_from[:, people] - value) / spread
            slope_z = -1 / spread - z * growth / (2 * variance)
            hazard = np.exp(-(z**2) / 2 - 0.5 * math.log(2 * math.pi) - _log_below(z))
            censored = self.censored[:, people]
            pull = np.where(censored, -2 * hazard * slope_z, pull)
            weight = np.where(censored, 2 * hazard * np.maximum(hazard + z, 0.0) * slope_z**2, weight)
        seen = self.seen[:, people]
        pull, weight = np.where(seen, pull, 0.0), np.where(seen, weight, 0.0)
        gradient = np.einsum("ios,os->is", slopes, pull) + 2 * self.precision @ deviations
        curvature = np.einsum("ios,os,jos->ijs", slopes, weight, slopes) + 2 * self.precision[:, :, None]
        return gradient, np.asarray(curvature, dtype=np.float64)

    def solved(self) -> Estimate:
        size, count = len(self.free), self.values.shape[1]
        deviations = np.zeros((size, count))
        damping = np.full(count, 1e-3)
        everyone = np.arange(count)
        value, slopes = self.predicted(deviations, everyone, slopes=True)
        if slopes is None:
            raise AssertionError("derivatives were asked for")
        objective = self.objective(value, deviations, everyone)
        arrived = np.zeros(count, dtype=bool)
        gradient, curvature = self.step(value, slopes, deviations, everyone)
        for turn_number in range(_MOST_STEPS):
            people = np.flatnonzero(~arrived)
            if not people.size:
                break
            damped = curvature[:, :, people]
            np.einsum("iis->is", damped)[:] *= 1 + damping[people]
            solved = np.linalg.solve(damped.transpose(2, 0, 1), gradient[:, people].T[:, :, None])
            change = np.asarray(-solved[:, :, 0].T, dtype=np.float64)
            np.clip(change, -_FINITE_CHANGE, _FINITE_CHANGE, out=change)
            tried = deviations[:, people] + change
            new_value, new_slopes = self.predicted(tried, people, slopes=True)
            if new_slopes is None:
                raise AssertionError("derivatives were asked for")
            new_objective = self.objective(new_value, tried, people)
            better = new_objective <= objective[people] + _ROUNDING * np.abs(objective[people])
            moved, kept = people[better], people[~better]
            new_gradient, new_curvature = self.step(
                new_value[:, better], new_slopes[:, :, better], tried[:, better], moved
            )
            if turn_number >= _LEARN_FROM:
                turn = new_gradient - gradient[:, moved]
                new_curvature = _learned(curvature[:, :, moved], change[:, better], turn, new_curvature)
            curvature[:, :, moved] = new_curvature
            deviations[:, moved], gradient[:, moved] = tried[:, better], new_gradient
            value[:, moved], objective[moved] = new_value[:, better], new_objective[better]
            slopes[:, :, moved] = new_slopes[:, :, better]
            damping[moved] /= 10
            damping[kept] = np.maximum(damping[kept] * 10, _FIRST_DAMPING)
            arrived[people[(np.abs(change).max(axis=0) < _ARRIVED) | (damping[people] > _HOPELESS)]] = True
        _, curvature = self.step(value, slopes, deviations, everyone)
        covariance = np.asarray(2 * np.linalg.inv(curvature.transpose(2, 0, 1)).transpose(1, 2, 0), dtype=np.float64)
        return Estimate(
            self.free, self.parameters(deviations, everyone), deviations, covariance, value, objective, arrived, self
        )


def _learned(curvature: Floats, change: Floats, turn: Floats, expected: Floats) -> Floats:
    """The curvature after a step, by what the gradient did along it (Broyden, Fletcher, Goldfarb, Shanno).

    Expected curvature alone goes to the top in a straight line where residuals are large; what is learned on the way makes it
    faster than linear. Where the gradient turned the wrong way, the expected one stands.
    """
    pushed = np.einsum("ijs,js->is", curvature, change)
    along, gained = (change * pushed).sum(axis=0), (change * turn).sum(axis=0)
    sound = (gained > 1e-8 * along) & (along > 0)
    along, gained = np.where(sound, along, 1.0), np.where(sound, gained, 1.0)
    out = curvature - pushed[:, None] * pushed[None] / along + turn[:, None] * turn[None] / gained
    return np.asarray(np.where(sound, out, expected))


def _flat(way: Way) -> dict[str, Floats]:
    """The numbers that the unit response rests on: each rate, each weight over volume, absorption, what reaches."""
    out = {f"rate {j}": rate for j, rate in enumerate(way.disposition.rates)}
    out |= {f"weight {j}": w for j, w in enumerate(way.disposition.weights / way.disposition.volume)}
    if way.absorption is not None:
        out["absorption"] = way.absorption
    out["reaching"] = np.asarray(way.reaching, dtype=np.float64)
    return out


class _Response:
    """Concentrations as sums over doses, and their slopes in rates, weights, absorption and what reaches."""

    def __init__(self, way: Way, since: Floats, amount: Floats, slopes: bool) -> None:
        parts = _flat(way)
        amount = amount * parts["reaching"]
        count = way.disposition.rates.shape[0]
        self.slopes: dict[str, Floats] = {}
        value = np.zeros((since.shape[0], since.shape[2]))
        absorption = parts.get("absorption")
        gone = None if absorption is None else np.exp(-absorption * since)
        of_absorption = np.zeros_like(value)
        for j in range(count):
            rate, weight = parts[f"rate {j}"], parts[f"weight {j}"]
            stays = np.exp(-rate * since)
            if absorption is None or gone is None:
                unit, unit_rate, unit_absorption = stays, -since * stays, None
            else:
                unit, unit_rate, unit_absorption = _moved_on(absorption, rate, since, gone, stays)
            shape = np.einsum("ods,ods->os", amount, unit)
            value += weight * shape
            if slopes:
                self.slopes[f"weight {j}"] = shape
                self.slopes[f"rate {j}"] = weight * np.einsum("ods,ods->os", amount, unit_rate)
                if unit_absorption is not None:
                    of_absorption += weight * np.einsum("ods,ods->os", amount, unit_absorption)
        if slopes:
            if absorption is not None:
                self.slopes["absorption"] = of_absorption
            self.slopes["reaching"] = value / parts["reaching"]
        self.value = value


def _moved_on(
    absorption: Floats, rate: Floats, time: Floats, gone: Floats, stays: Floats
) -> tuple[Floats, Floats, Floats]:
    """absorption * (exp(-rate t) - exp(-absorption t)) / (absorption - rate), and its slopes in rate and in absorption."""
    gap = absorption - rate
    scale = 1 / np.where(gap == 0, 1.0, gap)
    share = stays - gone
    share *= scale
    in_rate = share - time * stays
    in_rate *= scale
    in_absorption = time * gone
    in_absorption -= share
    in_absorption *= scale
    near = np.nonzero((np.abs(gap) * time < _CLOSE) & (time > 0))
    if near[0].size:
        # Series in z = gap * t around equal rates, of the integral and of its two slopes.
        t, z = time[near], gap[near[-1]] * time[near]
        whole = stays[near]
        share[near] = t * whole * (1 - z / 2 + z**2 / 6 - z**3 / 24 + z**4 / 120)
        in_rate[near] = -(t**2) * whole * (1 / 2 - z / 6 + z**2 / 24 - z**3 / 120 + z**4 / 720)
        in_absorption[near] = -(t**2) * whole * (1 / 2 - z / 3 + z**2 / 8 - z**3 / 30 + z**4 / 144)
    return absorption * share, absorption * in_rate, share + absorption * in_absorption


_erfc = np.frompyfunc(math.erfc, 1, 1)


def _log_below(z: Floats) -> Floats:
    """The logarithm of the probability of a standard normal below z; by its tail's expansion where that probability is nothing."""
    tail = z < -25
    plain = np.asarray(_erfc(-np.where(tail, 0.0, z) / math.sqrt(2)), dtype=np.float64) / 2
    far = np.where(tail, z, -26.0)
    return np.where(tail, -(far**2) / 2 - np.log(-far) - 0.5 * math.log(2 * math.pi), np.log(plain))
