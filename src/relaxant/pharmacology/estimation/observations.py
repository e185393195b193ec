"""What was measured in a person, of every kind, and what of it cannot be: read, put into the output's unit, refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model, Output
from relaxant.pharmacology.cards.course import GivenDose, name_of, output_named
from relaxant.pharmacology.cards.model import Covariates, factor_of
from relaxant.pharmacology.estimation.residuals import Likelihood, ResidualError, of_levels, residual_error, spread
from relaxant.quantities import unit

Floats = NDArray[np.float64]
_FAR_OUT = (
    5.0  # standard deviations of the assay: a level before any dose that is further from 0 is none of the assay's
)


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement: a level, a train-of-four, a blood pressure, a score, a count, at ``time`` (the card's time unit).

    ``output`` names an output or effect of the card, its first where left out; ``unit`` is that output's where left out. ``limit`` is
    the limit of quantification: a value below it, or none, counts as *below*.
    """

    time: float
    value: float | None = None
    output: str | None = None
    unit: str | None = None
    limit: float | None = None


class Changed(msgspec.Struct, frozen=True):
    """From ``start`` on these covariates hold in place of those before."""

    start: float
    covariates: Covariates


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One person's data: covariates (``changed``: those that change on the way), doses, observations.

    ``occasions`` are the times at which a further occasion begins: parameters with a spread between occasions differ then.
    """

    doses: Sequence[GivenDose]
    observations: Sequence[Observation]
    covariates: Covariates = msgspec.field(default_factory=dict)
    changed: Sequence[Changed] = ()
    occasions: Sequence[float] = ()
    label: str = ""


class Series(msgspec.Struct, frozen=True):
    """The observations of one output, in order of time and in its unit. ``limits`` are NaN where there is none.

    ``error`` is the scatter of a level; ``None`` where the output has a likelihood of its own.
    """

    output: Output | Effect
    name: str
    times: Floats
    values: Floats
    limits: Floats
    likelihood: Likelihood
    error: ResidualError | None


def series_of(
    model: Model,
    person: Person,
    residuals: Mapping[str, ResidualError],
    likelihoods: Mapping[str, Likelihood],
    degrees: float | None,
) -> tuple[Series, ...]:
    """A person's observations by output, checked. Raises :class:`InputError` naming what came and what would do."""
    if not person.doses:
        raise InputError(_field(person, "doses"), "none", "nothing was given", "give at least one dose")
    if not person.observations:
        raise InputError(_field(person, "observations"), "none", "nothing was measured", "give at least one level or response")  # fmt: skip
    by_output: dict[str, list[Observation]] = {}
    for seen in person.observations:
        by_output.setdefault(name_of(output_named(model, seen.output)), []).append(seen)
    return tuple(_series(model, person, name, seen, residuals, likelihoods, degrees) for name, seen in by_output.items())  # fmt: skip


def _series(
    model: Model,
    person: Person,
    name: str,
    seen: Sequence[Observation],
    residuals: Mapping[str, ResidualError],
    likelihoods: Mapping[str, Likelihood],
    degrees: float | None,
) -> Series:
    output = output_named(model, name)
    rows = sorted((_row(model, person, output, one) for one in seen), key=lambda row: row[0])
    times, values, limits = (np.array(column) for column in zip(*rows, strict=True))
    for i in np.flatnonzero(np.diff(times) == 0).tolist():
        came = f"{values[i]:g} and {values[i + 1]:g} at {times[i]:g}"
        if values[i] == values[i + 1]:
            raise InputError(_field(person, name), came, "one measurement was given twice", "give it once")
        raise InputError(_field(person, name), came, "two measurements of one time contradict each other", "give the right one, or their mean")  # fmt: skip
    if name in likelihoods:
        return Series(output, name, times, values, limits, likelihoods[name], None)
    error = _error(model, output, name, residuals, degrees)
    first = min((-math.inf if d.steady else d.time for d in person.doses if d.amount > 0), default=math.inf)
    for why, would_do, found in _impossible(output, error, times, values, limits, first):
        raise InputError(_field(person, name), f"{values[found]:g} at {times[found]:g}", why, would_do)
    return Series(output, name, times, values, limits, of_levels(error, None if np.isnan(limits).all() else limits[:, None]), error)  # fmt: skip


def _row(model: Model, person: Person, output: Output | Effect, seen: Observation) -> tuple[float, float, float]:
    name = name_of(output)
    if not math.isfinite(seen.time):
        raise InputError(_field(person, name), seen.time, "the time of a measurement is not a number", "give the time since the first dose")  # fmt: skip
    factor = 1.0
    if seen.unit is not None:
        known, own = unit(seen.unit), unit(output.unit)
        if known is None or own is None or known.dimensions != own.dimensions:
            raise InputError(_field(person, name), seen.unit, f"it is no unit of {name}, which is in {output.unit}", f"give it in {output.unit}")  # fmt: skip
        factor = factor_of(seen.unit, model) / factor_of(output.unit, model)
    limit = math.nan if seen.limit is None else seen.limit * factor
    if seen.limit is not None and not 0 < seen.limit < math.inf:
        raise InputError(_field(person, name), seen.limit, "it is no limit of quantification", "give a level above 0")
    if seen.value is None and seen.limit is not None:
        return seen.time, 0.0, limit
    if seen.value is None or not math.isfinite(seen.value):
        raise InputError(_field(person, name), seen.value, f"what was measured at {seen.time:g} is not a number", "leave it out, or give the limit of quantification that it was below")  # fmt: skip
    return seen.time, seen.value * factor, limit


def _error(
    model: Model, output: Output | Effect, name: str, residuals: Mapping[str, ResidualError], degrees: float | None
) -> ResidualError:
    given = residuals.get(name)
    if given is None:
        given = published_error(model, output)
        if given is None:
            raise InputError("residuals", name, f"{model.model} does not say how {name} scatters", "give its residual error or a likelihood")  # fmt: skip
    return residual_error(given.proportional, given.additive, given.degrees if degrees is None else degrees)


def published_error(model: Model, output: Output | Effect) -> ResidualError | None:
    """The residual error that a card gives of an output, in the output's unit; ``None`` where it gives none."""
    own = next((r for r in model.residuals if r.output == name_of(output)), None)
    if own is None:
        return None
    factor = factor_of(own.unit, model) / factor_of(output.unit, model) if own.unit else 1.0
    return ResidualError(own.proportional or 0.0, (own.additive or 0.0) * factor)


def _impossible(
    output: Output | Effect, error: ResidualError, times: Floats, values: Floats, limits: Floats, first: float
) -> Iterator[tuple[str, str, int]]:
    """What no parameters explain, each with the reason, what would do and which one it is."""
    if isinstance(output, Effect):
        return
    with np.errstate(invalid="ignore"):
        told = ~(values < limits)
    for why, would_do, found in (
        ("it is no level", "give 0 or more, or the limit of quantification", values < 0),
        ("it was measured before any dose", "give the doses before it, or leave it out", told & (times < first) & (values > _FAR_OUT * error.additive)),
        ("a level of 0 has no place in a scatter that is a share of the level", "give the limit of quantification", told & (values == 0) & (error.additive == 0)),
    ):  # fmt: skip
        if found.any():
            yield why, would_do, int(np.flatnonzero(found)[0])


def refuse_unexplained(series: Series, predicted: Floats, label: str = "") -> None:
    """Raises :class:`InputError` for a level where nothing can be yet, at the time of the first dose or within its lag.

    ``predicted``: what the typical parameters give at each observation.
    """
    if series.error is None or isinstance(series.output, Effect):
        return
    with np.errstate(invalid="ignore"):
        found = (predicted == 0) & (series.values > _FAR_OUT * series.error.additive) & ~(series.values < series.limits)
    if found.any():
        at = int(np.flatnonzero(found)[0])
        raise InputError(f"{label} {series.name}".lstrip(), f"{series.values[at]:g} at {series.times[at]:g}", "nothing of the doses can be there by then", "give the doses before it, or correct its time")  # fmt: skip


def standardised(series: Series, predicted: Floats) -> Floats:
    """(observed - predicted) / standard deviation of each level; NaN for one below quantification and for what is no level."""
    if series.error is None:
        return np.full(series.times.shape, np.nan)
    with np.errstate(invalid="ignore"):
        below = series.values < series.limits
    return np.where(below, np.nan, (series.values - predicted) / spread(series.error, predicted))


def _field(person: Person, name: str) -> str:
    return f"{person.label} {name}".lstrip()
