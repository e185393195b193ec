"""Virtual people: how far a card's courses spread, and how many reach a target.

Their parameters are drawn from the card's own spread between people, with its correlations, around what a person's (or each
person's) covariates make of the typical values. Quantiles are of the drawn people themselves. When people times times would not
fit into memory both are taken in parts, of the same people, so the answer does not depend on the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model, Target
from relaxant.pharmacology.cards.course import GivenDose, course, output_named
from relaxant.pharmacology.cards.model import Covariates, factor_of, individual, variability
from relaxant.pharmacology.cards.window import Measure, in_range, measured, watch, within
from relaxant.pharmacology.spread.quantiles import LEVELS

Floats = NDArray[np.float64]
_MOST_NUMBERS = 8_000_000  # people times times at once: 64 MB
_PART = 10_000  # people at once within that: long rows, and little in between
_PEOPLE = 1000


class Bands(msgspec.Struct, frozen=True):
    """Quantiles of the drawn people's courses. ``values`` is (quantiles, times), in the output's unit; ``levels`` are the quantiles.

    ``unknown`` people are left out: a covariate that the card asks for is unknown in them (an ideal weight under 152.4 cm, say).
    """

    times: Floats
    levels: tuple[float, ...]
    values: Floats
    people: int
    unknown: int = 0


class Attainment(msgspec.Struct, frozen=True, kw_only=True):
    """How many people reach a range: ``share``, and the quantiles of what was measured, in ``unit``.

    For ``any`` the share is of those within the range at some time of the window, ``always`` of those within it all the time (what a
    ceiling asks for), ``time_within`` the average share of the window that people are within it, and the quantiles are of
    their peaks. ``unknown`` people are left out.
    """

    measure: Measure
    low: float | None
    high: float | None
    unit: str
    share: float
    always: float | None
    time_within: float | None
    levels: tuple[float, ...]
    quantiles: Floats
    people: int
    unknown: int


class Cohort(msgspec.Struct, frozen=True):
    """People with parameters of their own, made to compute. ``parameters`` are (people,); ``model`` the card they go with."""

    model: Model
    parameters: dict[str, Floats]
    people: int
    unknown: int

    def parts(self) -> Iterator[tuple[slice, dict[str, Floats]]]:
        """The people in parts: which, and their parameters."""
        for start in range(0, self.people, _PART):
            who = slice(start, min(start + _PART, self.people))
            yield who, {name: values[who] for name, values in self.parameters.items()}


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


def widened(deviations: Mapping[str, Floats], extra_cv: float, *, seed: int) -> dict[str, Floats]:
    """Deviations with more spread: independent lognormal noise of this coefficient of variation on each parameter."""
    if extra_cv <= 0:
        return dict(deviations)
    noise = np.random.default_rng(seed + 1)
    spread = float(np.sqrt(np.log1p(extra_cv**2)))
    return {name: own + spread * noise.standard_normal(own.size) for name, own in deviations.items()}


def cohort(
    model: Model,
    covariates: Covariates,
    *,
    people: int | None = None,
    seed: int = 1,
    extra_cv: float = 0.0,
    dose_per_kg: bool = False,
) -> Cohort:
    """People drawn around their covariates: one value for all, or arrays of one value a person.

    Without ``people`` there are as many as the covariates are of, or 1000. With ``dose_per_kg`` amounts are a kilogram of each
    person's weight. Raises :class:`InputError` for covariates of unequal number, a weight that is missing, nobody left.
    """
    sizes = {n: np.size(v) for n, v in covariates.items() if not isinstance(v, str) and np.size(v) > 1}
    count = people if people is not None else max(sizes.values(), default=_PEOPLE)
    odd = next((name for name, size in sizes.items() if size != count), None)
    if odd is not None:
        raise InputError(odd, sizes[odd], f"there are {count} people", "give one value a person, or one for all")
    parameters = individual(model, covariates, deviations=widened(drawn(model, count, seed=seed), extra_cv, seed=seed))
    parameters = {name: np.broadcast_to(values, (count,)) for name, values in parameters.items()}
    if dose_per_kg:
        if "weight" not in covariates:
            raise InputError("weight", None, "a dose a kilogram needs the weight", "give weight among the covariates")
        model, parameters = _by_weight(model, parameters, np.asarray(covariates["weight"], dtype=np.float64))
    known = np.all([np.isfinite(values) for values in parameters.values()], axis=0)
    left = int(np.count_nonzero(known))
    if not left:
        raise InputError("covariates", ", ".join(covariates), "nobody's parameters follow from them", "look for values that are unknown or impossible")  # fmt: skip
    if left < count:
        parameters = {name: values[known] for name, values in parameters.items()}
    return Cohort(model, parameters, left, count - left)


def _by_weight(model: Model, parameters: Mapping[str, Floats], weight: Floats) -> tuple[Model, dict[str, Floats]]:
    """The card with each person's weight in what reaches of a dose: an amount then is one a kilogram."""
    made, inputs = dict(parameters), []
    for entry in model.inputs:
        name = f"{entry.bioavailability or 'all'} by weight"
        reach = parameters[entry.bioavailability] if entry.bioavailability else np.ones(1)
        made[name] = np.broadcast_to(reach * weight, next(iter(parameters.values())).shape)
        inputs.append(msgspec.structs.replace(entry, bioavailability=name))
    return msgspec.structs.replace(model, inputs=tuple(inputs)), made


def bands(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    people: int | None = None,
    seed: int = 1,
    levels: tuple[float, ...] = LEVELS,
    extra_cv: float = 0.0,
    dose_per_kg: bool = False,
    during: Sequence[str] = (),
) -> Bands:
    """The 50% and 90% prediction bands and the median of an output (any quantiles by ``levels``).

    Covariates may be arrays of one value a person (:func:`relaxant.pharmacology.people.people.virtual_people` draws such).
    ``extra_cv`` widens every parameter's spread (a card stretched past whom it was measured in says by how much). Raises
    :class:`InputError` for quantiles outside 0 to 1, and as :func:`cohort` does.
    """
    _check_levels(levels)
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    group = cohort(model, covariates, people=people, seed=seed, extra_cv=extra_cv, dose_per_kg=dose_per_kg)
    made = [
        np.quantile(values, levels, axis=1, overwrite_input=True)
        for values in _courses(group, doses, at, output, during)
    ]
    return Bands(at, levels, np.concatenate(made, axis=1), group.people, group.unknown)


def attained(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    people: int | None = None,
    seed: int = 1,
    extra_cv: float = 0.0,
    dose_per_kg: bool = False,
    during: Sequence[str] = (),
) -> Floats:
    """The share of people whose output lies within ``low`` to ``high`` at each time. Shape (times,)."""
    at = np.atleast_1d(np.asarray(times, dtype=np.float64))
    group = cohort(model, covariates, people=people, seed=seed, extra_cv=extra_cv, dose_per_kg=dose_per_kg)
    shares = [in_range(values, low, high).mean(axis=1) for values in _courses(group, doses, at, output, during)]
    return np.concatenate(shares)


def attainment(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    measure: Measure,
    between: tuple[float, float],
    output: str | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    people: int | None = None,
    seed: int = 1,
    levels: tuple[float, ...] = LEVELS,
    extra_cv: float = 0.0,
    dose_per_kg: bool = False,
    during: Sequence[str] = (),
) -> Attainment:
    """The share of people whose average, peak, trough or area over a window (or output at any time of it) lies within a range.

    ``between`` is the window in the card's time; ``low`` and ``high`` are in the output's unit, areas in that times the
    card's time. People are taken in parts, so memory does not grow with the window. Raises :class:`InputError` as :func:`cohort`
    and :func:`relaxant.pharmacology.cards.window.window` do.
    """
    _check_levels(levels)
    group = cohort(model, covariates, people=people, seed=seed, extra_cv=extra_cv, dose_per_kg=dose_per_kg)
    return _attained(group, doses, measure, between, output, low, high, levels, during)


def _attained(
    group: Cohort,
    doses: Sequence[GivenDose],
    measure: Measure,
    between: tuple[float, float],
    output: str | None,
    low: float | None,
    high: float | None,
    levels: tuple[float, ...],
    during: Sequence[str],
) -> Attainment:
    watched = watch(group.model, group.parameters, doses, between)
    found, share_of_time = np.empty(group.people), np.empty(group.people)
    inside, always = (np.empty(group.people, dtype=bool) for _ in range(2))
    for who, own in group.parts():
        values = course(group.model, own, doses, watched.times, output, during=during)
        found[who] = measured(watched, values, measure)
        if measure == "any":
            inside[who], always[who], share_of_time[who] = within(watched, values, low, high)
    if measure != "any":
        inside = in_range(found, low, high)
    unit = unit_of(group.model, output) + (f" x {group.model.time}" if measure == "auc" else "")
    return Attainment(
        measure=measure,
        low=low,
        high=high,
        unit=unit,
        share=float(inside.mean()),
        always=float(always.mean()) if measure == "any" else None,
        time_within=float(share_of_time.mean()) if measure == "any" else None,
        levels=levels,
        quantiles=np.quantile(found, levels),
        people=group.people,
        unknown=group.unknown,
    )


def targets_attained(
    model: Model,
    covariates: Covariates,
    doses: Sequence[GivenDose],
    between: tuple[float, float],
    *,
    people: int | None = None,
    seed: int = 1,
    extra_cv: float = 0.0,
    dose_per_kg: bool = False,
    during: Sequence[str] = (),
) -> tuple[tuple[Target, Attainment], ...]:
    """Each range that the card's sources published, with the share of people within it over a window."""
    if not model.targets:
        return ()
    group = cohort(model, covariates, people=people, seed=seed, extra_cv=extra_cv, dose_per_kg=dose_per_kg)
    made = []
    for target in model.targets:
        ours = factor_of(target.unit, model) / factor_of(unit_of(model, target.output), model)
        low, high = (None if bound is None else bound * ours for bound in (target.low, target.high))
        reached = _attained(group, doses, target.measure, between, target.output, low, high, LEVELS, during)
        made.append((target, reached))
    return tuple(made)


def unit_of(model: Model, output: str | None) -> str:
    """The unit of an output or effect (the card's first by default). Raises :class:`InputError` for one that the card has not."""
    return output_named(model, output).unit


def _check_levels(levels: Sequence[float]) -> None:
    if not all(0 <= level <= 1 for level in levels):
        raise InputError("levels", levels, "a quantile lies between 0 and 1", "give such as 0.05")


def _courses(
    group: Cohort, doses: Sequence[GivenDose], times: Floats, output: str | None, during: Sequence[str]
) -> Iterator[Floats]:
    """Everybody's courses, some times at once. Shape (times of the part, people)."""
    size = max(1, _MOST_NUMBERS // group.people)
    for start in range(0, times.size, size):
        part = times[start : start + size]
        values = np.empty((part.size, group.people))
        for who, own in group.parts():
            values[:, who] = course(group.model, own, doses, part, output, during=during)
        yield values
