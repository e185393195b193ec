"""Whether a card gives back the numbers that were published: each is computed from the card alone and compared.

The person is the card's typical one with the covariates of the published number. Times are resolved finely enough that
what is read from a curve (a peak, a crossing) is off by far less than any tolerance that a card states.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import KnowledgeError
from relaxant.knowledge.cards import Effect, Model, Output, Published
from relaxant.pharmacology.effects import effect_course
from relaxant.pharmacology.model import (
    AREA,
    amount_in,
    entry_for,
    factor_of,
    individual,
    is_linear,
    linear_part,
)
from relaxant.pharmacology.network import Network, Period, amounts, reached
from relaxant.pharmacology.nonlinear import solved
from relaxant.pharmacology.schedule import Dose, schedule

Floats = NDArray[np.float64]
_POINTS, _LEVELS = 65, 14
_LONG = 40.0  # slowest rates times: what is left is under 1e-17


class Reproduced(msgspec.Struct, frozen=True):
    """A published number and what the card gives for it, in the published unit."""

    model: str
    title: str
    measure: str
    published: float
    computed: float
    unit: str
    tolerance: float
    independent: bool
    ours: bool
    source: str
    place: str

    @property
    def error(self) -> float:
        """The difference as a share of the published number."""
        return self.computed / self.published - 1

    @property
    def holds(self) -> bool:
        """Whether the difference is within the card's own tolerance."""
        return abs(self.error) <= self.tolerance


def reproduced(model: Model, number: Published) -> Reproduced:
    """One published number, computed. Raises :class:`KnowledgeError` for what the card cannot express."""
    course = Course(model, number)
    value = course.measured()
    return Reproduced(
        model.model,
        number.title,
        number.measure,
        number.value,
        value / factor_of(number.unit, model),
        number.unit,
        number.tolerance,
        number.independent and not number.ours,
        number.ours,
        number.source,
        number.place,
    )


def covariate_values(written: Mapping[str, str]) -> dict[str, float | str]:
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


class Course:
    """The doses of a published number in the card's typical person with its covariates."""

    def __init__(self, model: Model, number: Published) -> None:
        self.model, self.number = model, number
        covariates = covariate_values(number.covariates)
        if number.fed is not None:
            covariates.setdefault("fed", float(number.fed))
        if number.dose is not None and not number.dose_per_kg:
            covariates.setdefault("single_dose", number.dose)
        self.parameters = individual(model, covariates)
        self.during = (number.during,) if number.during else ()
        self.network = linear_part(model, self.parameters, during=self.during, areas=True)
        weight = covariates.get("weight")
        releases = {i.release for i in model.inputs if i.route == number.route}
        release = number.release or (releases.pop() if len(releases) == 1 else None)
        entry = entry_for(model, number.route, form=number.form, release=release, fed=number.fed, drug=number.drug)
        if entry is None:
            raise KnowledgeError(f"{model.model}: “{number.title}” is given by a route that no input has")
        if number.dose_per_kg and not isinstance(weight, float):
            raise KnowledgeError(f"{model.model}: “{number.title}” is dosed by weight; state the weight")
        self.entry = entry
        given = (number.dose or 1.0) * (weight if number.dose_per_kg and isinstance(weight, float) else 1.0)
        self.amount = amount_in(model, given, number.dose_unit, entry)
        self.reach = float(self.parameters[entry.bioavailability][0]) if entry.bioavailability else 1.0
        self.lag = float(self.parameters[entry.lag][0]) if entry.lag else 0.0
        own = float(self.parameters[entry.duration][0]) if entry.duration else 0.0
        self.duration = number.infused_over or own
        self.output = self._output()
        self.also = [
            (given_later.at, *self._into(given_later.route, given_later.drug, given_later.dose, given_later.dose_unit, given_later.dose_per_kg, weight))
            for given_later in number.also
        ]  # fmt: skip

    def _into(
        self, route: str, drug: str | None, dose: float, dose_unit: str, per_kg: bool, weight: float | str | None
    ) -> tuple[str, float]:
        entry = entry_for(self.model, route, drug=drug)
        if entry is None or (per_kg and not isinstance(weight, float)):
            raise KnowledgeError(
                f"{self.model.model}: “{self.number.title}”: a further dose has no way in, or no weight"
            )
        return entry.into, amount_in(
            self.model, dose * (weight if per_kg and isinstance(weight, float) else 1.0), dose_unit, entry
        )

    def _output(self) -> Output | Effect:
        for output in self.model.outputs:
            if output.output == self.number.output:
                return output
        for effect in self.model.effects:
            if effect.effect == self.number.output:
                return effect
        raise KnowledgeError(f"{self.model.model}: “{self.number.title}” is of an output that the card has not")

    def doses(self) -> list[Dose]:
        number = self.number
        if number.count > 1 and not number.every:
            raise KnowledgeError(f"{self.model.model}: “{number.title}” repeats a dose without the time between")
        return [
            Dose(time=self.lag, amount=self.amount, entry="in", duration=self.duration, every=number.every, count=number.count)
        ]  # fmt: skip

    def values(self, times: Floats, *, area: bool = False) -> Floats:
        """The output (or the area under its compartment) at each time, in the card's units."""
        given = self.doses() + [Dose(time=at, amount=amount, entry=into) for at, into, amount in self.also]
        entries: dict[str, tuple[str, float]] = {"in": (self.entry.into, self.reach), **{into: (into, 1.0) for _, into, _ in self.also}}  # fmt: skip
        if isinstance(self.output, Effect) and not area:
            return effect_course(self.model, self.parameters, self.output, given, entries, times, during=self.during)[:, 0]  # fmt: skip
        of = self.output.of
        volume = next((c.volume for c in self.model.compartments if c.compartment == of), None)
        scale = 1.0 if area or volume is None else 1 / self.parameters[volume]
        wanted = {"out": {AREA + of if area else of: scale}}
        if isinstance(self.output, Output) and not area:
            wanted["out"].update(dict.fromkeys(self.output.bound, scale))
        if is_linear(self.model):
            return amounts([Period(0.0, self.network)], entries, schedule(given, times), wanted)["out"][:, 0]
        return solved(self.model, self.parameters, given, entries, times, wanted, during=self.during, areas=True)["out"][:, 0]  # fmt: skip

    def slowest(self) -> float:
        """The slowest rate that what was given ever shows in the output."""
        return _slowest(self.network, self.entry.into, self.output.of)

    def end(self) -> float:
        """When nothing of the last dose is left."""
        last = self.lag + (self.number.count - 1) * (self.number.every or 0.0) + self.duration
        last = max([last, *(at for at, _, _ in self.also)])
        return last + _LONG / self.slowest()

    def window(self) -> tuple[float, float]:
        """When the number is measured."""
        number = self.number
        if number.window is not None:
            return number.window
        if number.every and number.measure in ("peak", "average", "trough", "auc", "time of peak"):
            last = (number.count - 1) * number.every
            return last, last + number.every
        return 0.0, self.end()

    def times(self) -> Floats:
        """Times over the window, ever closer towards its start: even grids, each half as long as the one before."""
        first, last = self.window()
        grids = [first + np.linspace(0, 1, _POINTS) * (last - first) / 2.0**level for level in range(_LEVELS)]
        return np.unique(np.concatenate(grids))

    def finer(self, times: Floats, at: int) -> Floats:
        """Times around one of them, between its neighbours."""
        return np.linspace(times[max(at - 1, 0)], times[min(at + 1, times.size - 1)], _POINTS)

    def measured(self) -> float:
        number = self.number
        first, last = self.window()
        match number.measure:
            case "peak" | "time of peak":
                times = self.times()
                times = self.finer(times, int(np.argmax(self.values(times))))
                curve = self.values(times)
                best = int(np.argmax(curve))
                return float(curve[best]) if number.measure == "peak" else float(times[best] - first)
            case "trough":
                return float(self.values(np.array([last * (1 - 1e-12)]))[0])
            case "at":
                return float(self.values(np.array([number.at or 0.0]))[0])
            case "auc" | "average":
                start, end = self.values(np.array([first, last]), area=True)
                return float(end - start) / ((last - first) if number.measure == "average" else 1.0)
            case "auc to infinity":
                return float(self.values(np.array([self.end()]), area=True)[0])
            case "clearance":
                whole = float(self.values(np.array([self.end()]), area=True)[0])
                return self.amount * number.count / whole
            case "half-life":
                return math.log(2) / self.slowest()
            case "accumulation":
                every = number.every or 0.0
                ratio = []
                for turn in (0, number.count - 1):
                    times = np.linspace(turn * every, (turn + 1) * every, _POINTS)
                    fine = self.finer(times, int(np.argmax(self.values(times))))
                    ratio.append(float(self.values(fine).max()))
                return ratio[1] / ratio[0]
            case "time below":
                return self._time_below()
            case "volume":
                raise KnowledgeError(
                    f"{self.model.model}: “{number.title}”: a volume is a parameter, not a measure here"
                )

    def _time_below(self) -> float:
        """Until the output is back above the level for good, from the first dose or from the window's start."""
        number = self.number
        start = number.window[0] if number.window else 0.0
        level = (number.level or 0.0) * (factor_of(self.output.unit, self.model))
        times = self.times()
        curve = self.values(times)
        under = np.flatnonzero(curve < level)
        if not under.size or under[-1] + 1 >= times.size:
            return math.nan
        times = np.linspace(times[under[-1]], times[under[-1] + 1], _POINTS)
        curve = self.values(times)
        low = int(np.flatnonzero(curve < level)[-1])
        high = low + 1
        share = (level - curve[low]) / (curve[high] - curve[low])
        return float(times[low] + share * (times[high] - times[low])) - start


def _slowest(network: Network, start: str, end: str) -> float:
    """The slowest rate among the compartments that lie between an entry and an output."""
    rates = network.rates[:, :, 0]
    place = {name: i for i, name in enumerate(network.names)}
    reach = reached(network.rates)
    between = [
        i for name, i in place.items() if reach[i, place[start]] and reach[place[end], i] and not name.startswith(AREA)
    ]
    decays = -np.linalg.eigvals(rates[np.ix_(between, between)]).real
    return float(decays[decays > 0].min())


def all_reproduced(model: Model) -> list[Reproduced]:
    """Every published number of a card."""
    return [reproduced(model, number) for number in model.reproduces]
