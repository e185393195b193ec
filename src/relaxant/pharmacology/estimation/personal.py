"""One person's posterior under any card: several outputs and kinds of observation, occasions, covariates that change on the way.

Predictions come from the card's own course, by whichever way is exact for it; they are differentiated by central differences, all
parameters moved at once as if they were so many people. With occasions each parameter that varies between them has a deviation of
its own for each, on top of the person's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.cards.model import individual, is_linear
from relaxant.pharmacology.cards.occasions import Holding, courses_through
from relaxant.pharmacology.estimation.observations import Person, Series
from relaxant.pharmacology.estimation.walk import Look

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_STEP, _ROUNDING = 1e-4, 1e-13  # exact courses: of a logarithm, and of an objective
_SOLVED_STEP, _SOLVED_ROUNDING = 1e-3, 1e-8  # through the equation solver, which has nine digits


class Stretch(msgspec.Struct, frozen=True):
    """From ``start`` on: these typical values, and the number of the occasion."""

    start: float
    base: dict[str, float]
    occasion: int


class Personal(msgspec.Struct, frozen=True):
    """One person's posterior: a hill to walk on. Deviations are those of ``names``, then of ``varying`` for each occasion in turn."""

    model: Model
    doses: tuple[GivenDose, ...]
    series: tuple[Series, ...]
    stretches: tuple[Stretch, ...]
    names: tuple[str, ...]
    varying: tuple[str, ...]
    occasions: int
    precision: Floats
    during: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many deviations the person has."""
        return len(self.precision)

    @property
    def exact(self) -> bool:
        """Whether no equation solver stands between parameters and predictions."""
        turns = any(isinstance(s.output, Effect) and s.output.form == "turnover" for s in self.series)
        return is_linear(self.model) and not turns

    @property
    def rounding(self) -> float:
        """What of the objective is rounding."""
        return _ROUNDING if self.exact else _SOLVED_ROUNDING

    def parameters(self, deviations: Floats, people: Index) -> dict[str, Floats]:
        """The person's own at the beginning, deviations between occasions left out; shapes (columns,)."""
        return self._held(deviations[: len(self.names)], 0)

    def _held(self, deviations: Floats, stretch: int) -> dict[str, Floats]:
        """The person's own in a stretch; shapes (columns,) for deviations (deviations, columns)."""
        held = self.stretches[stretch]
        made = {n: np.full(deviations.shape[1], v) for n, v in held.base.items()}
        at = len(self.names) + held.occasion * len(self.varying)
        for name, deviation in zip(self.names, deviations, strict=False):
            made[name] = made[name] * np.exp(deviation)
        for name, deviation in zip(self.varying, deviations[at:], strict=False):
            made[name] = made[name] * np.exp(deviation)
        return made

    def predictions(self, deviations: Floats, people: Index) -> Floats:
        """What would be seen without residual at these deviations: (observations, columns), series after series."""
        holding = [Holding(s.start, self._held(deviations, i)) for i, s in enumerate(self.stretches)]
        wanted = [(s.output, s.times) for s in self.series]
        return np.concatenate(courses_through(self.model, holding, self.doses, wanted, during=self.during))

    def heights(self, deviations: Floats, people: Index) -> Floats:
        """Twice the negative logarithm of the posterior of each column, up to a constant."""
        return self._terms(self.predictions(deviations, people), deviations)[0]

    def look(self, deviations: Floats, people: Index) -> Look:
        """Height, gradient and curvature at each column of the deviations."""
        size, count = deviations.shape
        step = _STEP if self.exact else _SOLVED_STEP
        moved = np.tile(deviations[:, None], (1, 2 * size + 1, 1))
        for i in range(size):
            moved[i, 1 + i] += step
            moved[i, 1 + size + i] -= step
        made = self.predictions(moved.reshape(size, -1), people).reshape(-1, 2 * size + 1, count)
        value = np.ascontiguousarray(made[:, 0])
        slopes = (made[:, 1 : 1 + size] - made[:, 1 + size :]) / (2 * step)
        objective, pull, weight = self._terms(value, deviations)
        gradient = np.einsum("ois,os->is", slopes, pull) + 2 * self.precision @ deviations
        curvature = np.einsum("ois,os,ojs->ijs", slopes, weight, slopes) + 2 * self.precision[:, :, None]
        return Look(value, objective, gradient, np.asarray(curvature, dtype=np.float64))

    def _terms(self, value: Floats, deviations: Floats) -> tuple[Floats, Floats, Floats]:
        each, pull, weight = np.empty_like(value), np.empty_like(value), np.empty_like(value)
        for series, part in zip(self.series, self.parts(), strict=True):
            observed = np.broadcast_to(series.values[:, None], value[part].shape)
            each[part], pull[part], weight[part] = series.likelihood(value[part], observed)
        prior = (deviations * (self.precision @ deviations)).sum(axis=0)
        return np.asarray(each.sum(axis=0) + prior), pull, weight

    def parts(self) -> list[slice]:
        """Where each series stands among the predictions."""
        ends = np.cumsum([0, *(s.times.size for s in self.series)]).tolist()
        return [slice(a, b) for a, b in pairwise(ends)]


def personal(
    model: Model,
    person: Person,
    stretches: tuple[Stretch, ...],
    series: tuple[Series, ...],
    names: tuple[str, ...],
    covariance: Floats,
    between: Mapping[str, float],
    *,
    during: Sequence[str] = (),
) -> Personal:
    """The posterior of one person. ``between``: the standard deviation of each parameter's logarithm between occasions."""
    occasions = 1 + max(s.occasion for s in stretches)
    varying = tuple(between) if occasions > 1 else ()
    size = len(names) + occasions * len(varying)
    precision = np.zeros((size, size))
    precision[: len(names), : len(names)] = np.linalg.inv(covariance) if names else 0.0
    spread = np.array([between[n] for n in varying] * occasions)
    precision[range(len(names), size), range(len(names), size)] = 1 / spread**2
    return Personal(model, tuple(person.doses), series, stretches, names, varying, occasions, precision, tuple(during))


def stretches_of(model: Model, person: Person, varying: bool) -> tuple[Stretch, ...]:
    """The typical values from each start on, with what changed by then, and the occasion; occasions only where anything varies.

    Raises :class:`InputError` for occasions and changes that are not in order of time, and for covariates without which a parameter has
    no value.
    """
    occasions = [float(o) for o in person.occasions] if varying else []
    changes = {float(c.start): c.covariates for c in person.changed}
    for field, starts in (("occasions", list(person.occasions)), ("changed", [c.start for c in person.changed])):
        if any(not math.isfinite(s) for s in starts) or any(b <= a for a, b in pairwise(starts)):
            raise InputError(f"{person.label} {field}".lstrip(), starts, "they are not times in order", "sort them")
    covariates, out = dict(person.covariates), []
    for start in [-math.inf, *sorted({*occasions, *changes})]:
        covariates |= changes.get(start, {})
        base = {n: float(v[0]) for n, v in individual(model, covariates).items()}
        odd = next((n for n, v in base.items() if not (math.isfinite(v) and v >= 0)), None)
        if odd is not None:
            on = ", ".join(dict.fromkeys(r.on for r in model.relations if r.parameter == odd))
            raise InputError(f"{person.label} covariates".lstrip(), base[odd], f"{odd} of {model.model} has no value with these covariates", f"give {on}, or leave out what is not known")  # fmt: skip
        out.append(Stretch(start, base, sum(o <= start for o in occasions)))
    return tuple(out)
