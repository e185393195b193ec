"""Whether a card gives back the numbers that were published: each is computed from the card alone and compared.

The person is the card's typical one with the covariates of the published number. Times are resolved finely enough that
what is read from a curve (a peak, a crossing) is off by far less than a number is allowed to differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError, KnowledgeError
from relaxant.knowledge.cards import Effect, Model, Output, Published
from relaxant.pharmacology.cards.course import GivenDose, area, course, entry_of, output_named, slowest_rate
from relaxant.pharmacology.cards.measures import Curve, peak_of, recovery_of, resolving
from relaxant.pharmacology.cards.model import SINGLE_DOSE, amount_in, factor_of, individual

Floats = NDArray[np.float64]
_LONG = 40.0  # slowest rates times: what is left is under 1e-17
_JUST_BEFORE = 1 - 1e-12
LIKE = 1.25
"""Ratios from 1 over this to this count as the same: the range in which regulators call two products bioequivalent (docs/decisions/0011)."""


class Reproduced(msgspec.Struct, frozen=True):
    """A published number and what the card gives for it, in the published unit."""

    model: str
    title: str
    measure: str
    published: float
    computed: float
    unit: str
    tolerance: float | None
    between: tuple[float, float] | None
    misses: str | None
    independent: bool
    ours: bool
    source: str
    place: str

    @property
    def error(self) -> float:
        """The difference as a share of the published number."""
        return self.computed / self.published - 1

    @property
    def used(self) -> float:
        """How much of what is allowed the difference takes: above 1 the number is not reproduced."""
        if self.between is not None:
            low, high = self.between
            return abs(self.computed - (low + high) / 2) / ((high - low) / 2)
        if self.tolerance is not None:
            return abs(self.error) / self.tolerance
        return abs(math.log(self.computed / self.published)) / math.log(LIKE) if self.computed > 0 else math.inf

    @property
    def holds(self) -> bool:
        """Whether the card reproduces the number."""
        return self.used <= 1


def reproduced(model: Model, number: Published) -> Reproduced:
    """One published number, computed. Raises :class:`KnowledgeError` for what the card cannot express."""
    return Reproduced(
        model.model,
        number.title,
        number.measure,
        number.value,
        trial(model, number).measured(),
        number.unit,
        number.tolerance,
        number.between,
        number.misses,
        number.independent and not number.ours,
        number.ours,
        number.source,
        number.place,
    )


def _as_written(written: Mapping[str, str]) -> dict[str, float | str]:
    """Covariates as a card writes them: numbers, true and false as 1 and 0, names as they are."""
    out: dict[str, float | str] = {}
    for name, text in written.items():
        if text in ("true", "false"):
            out[name] = float(text == "true")
        else:
            try:
                out[name] = float(text)
            except ValueError:
                out[name] = text
    return out


class Trial(msgspec.Struct, frozen=True):
    """The doses of a published number in the card's typical person with its covariates."""

    model: Model
    number: Published
    parameters: dict[str, Floats]
    doses: tuple[GivenDose, ...]
    during: tuple[str, ...]
    output: Output | Effect

    def curve(self) -> Curve:
        """The output's course in its own unit."""
        return lambda times: course(self.model, self.parameters, self.doses, times, self.number.output, during=self.during)[:, 0]  # fmt: skip

    def areas(self, *times: float) -> list[float]:
        """The area under the output to each time, in its own unit times the card's time."""
        found = area(self.model, self.parameters, self.doses, times, self.number.output, during=self.during)
        return [float(value) for value in found[:, 0]]

    def amount(self) -> float:
        """One dose, in the card's unit."""
        first = self.doses[0]
        return amount_in(self.model, first.amount, first.unit, entry_of(self.model, first))

    def slowest(self) -> float:
        """The slowest rate that what was given ever shows in the output."""
        into = entry_of(self.model, self.doses[0]).into
        return slowest_rate(self.model, self.parameters, into, self.output.of, during=self.during)

    def end(self) -> float:
        """When nothing of the last dose is left."""
        way = entry_of(self.model, self.doses[0])
        lag, own = (float(self.parameters[name][0]) if name else 0.0 for name in (way.lag, way.duration))
        last = max(d.time + (d.count - 1) * (d.every or 0.0) + d.infused_over for d in self.doses)
        return last + lag + own + _LONG / self.slowest()

    def window(self) -> tuple[float, float]:
        """When the number is measured."""
        number = self.number
        if number.window is not None:
            return number.window
        if number.every and number.measure in ("peak", "average", "trough", "auc", "time of peak"):
            last = (number.count - 1) * number.every
            return last, last + number.every
        return 0.0, self.end()

    def measured(self) -> float:
        """The number, in the unit in which it was published."""
        number = self.number
        first, last = self.window()
        own = factor_of(self.output.unit, self.model)
        published = factor_of(number.unit, self.model)
        match number.measure:
            case "peak":
                return peak_of(self.curve(), resolving(first, last))[1] * own / published
            case "time of peak":
                return (peak_of(self.curve(), resolving(first, last))[0] - first) / published
            case "trough":
                return float(self.curve()(np.array([last * _JUST_BEFORE]))[0]) * own / published
            case "at":
                return float(self.curve()(np.array([number.at or 0.0]))[0]) * own / published
            case "auc" | "average":
                start, end = self.areas(first, last)
                over = (last - first) if number.measure == "average" else 1.0
                return (end - start) / over * own / published
            case "auc to infinity":
                return self.areas(self.end())[0] * own / published
            case "clearance":
                return self.amount() * number.count / (self.areas(self.end())[0] * own) / published
            case "half-life":
                return math.log(2) / self.slowest() / published
            case "accumulation":
                return self._accumulation()
            case "time below":
                start = number.window[0] if number.window else 0.0
                return (recovery_of(self.curve(), resolving(first, last), number.level or 0.0) - start) / published
            case "volume":
                raise KnowledgeError(
                    f"{self.model.model}: “{number.title}”: a volume is a parameter, not a measure here"
                )

    def _accumulation(self) -> float:
        every, number = self.number.every or 0.0, self.number
        first, last = (
            peak_of(self.curve(), np.linspace(turn * every, (turn + 1) * every, 65))[1]
            for turn in (0, number.count - 1)
        )
        return last / first


def trial(model: Model, number: Published) -> Trial:
    """The course behind a published number. Raises :class:`KnowledgeError` for doses that the card cannot take."""
    covariates = _as_written(number.covariates)
    if number.fed is not None:
        covariates.setdefault("fed", float(number.fed))
    if number.dose is not None and not number.dose_per_kg:
        covariates.setdefault(SINGLE_DOSE, number.dose)
    if number.count > 1 and not number.every:
        raise KnowledgeError(f"{model.model}: “{number.title}” repeats a dose without the time between")
    weight = covariates.get("weight")

    def amount(dose: float, per_kg: bool) -> float:
        if not per_kg:
            return dose
        if not isinstance(weight, float):
            raise KnowledgeError(f"{model.model}: “{number.title}” is dosed by weight; state the weight")
        return dose * weight

    first = GivenDose(
        amount=amount(1.0 if number.dose is None else number.dose, number.dose_per_kg),
        unit=number.dose_unit,
        route=number.route,
        form=number.form,
        release=number.release,
        fed=number.fed,
        drug=number.drug,
        infused_over=number.infused_over or 0.0,
        every=number.every,
        count=number.count,
    )
    also = [
        GivenDose(time=g.at, amount=amount(g.dose, g.dose_per_kg), unit=g.dose_unit, route=g.route, drug=g.drug)
        for g in number.also
    ]
    doses = (first, *also)
    for dose in doses:
        try:
            entry_of(model, dose)
        except InputError as error:
            raise KnowledgeError(
                f"{model.model}: “{number.title}” is given by a route that no input has; write one of the routes of `inputs`"
            ) from error
    try:
        output = output_named(model, number.output)
    except InputError as error:
        raise KnowledgeError(f"{model.model}: “{number.title}” is of an output that the card has not") from error
    during = (number.during,) if number.during else ()
    return Trial(model, number, individual(model, covariates), doses, during, output)


def all_reproduced(model: Model) -> list[Reproduced]:
    """Every published number of a card."""
    return [reproduced(model, number) for number in model.reproduces]
