"""What is given to people, in a card's units: doses by the entries they go in by, and what reaches of each under the parameters that hold then.

Parameters may change on the way: at an occasion, with a covariate, by another medicine. What a dose brings (its lag, its duration, what
reaches of it) goes by the parameters at the time at which it was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Input, Model
from relaxant.pharmacology.cards.model import amount_in, entry_for
from relaxant.pharmacology.kinetics.schedule import Dose

Floats = NDArray[np.float64]
Index = NDArray[np.intp]


class GivenDose(msgspec.Struct, frozen=True, kw_only=True):
    """A dose as prescribed: ``amount`` in ``unit`` by a route, at ``time`` (the card's unit), once or ``count`` times ``every`` so long.

    ``infused_over`` makes it an infusion. ``steady``: the same dose was taken ``every`` so long for ever before; several such doses
    add up (a morning and a night dose, each every 24 h). ``form``, ``release``, ``fed`` and ``drug`` choose among the card's inputs.
    """

    time: float = 0.0
    amount: float
    unit: str = "mg"
    route: str = "oral"
    form: str | None = None
    release: str | None = None
    fed: bool | None = None
    drug: str | None = None
    infused_over: float = 0.0
    every: float | None = None
    count: int = 1
    steady: bool = False


class Holding(msgspec.Struct, frozen=True):
    """From ``start`` on these parameters hold, (people,) each; ``reaching`` multiplies what the doses taken from then on deliver.

    ``during`` names circumstances that hold meanwhile.
    """

    start: float
    parameters: Mapping[str, Floats]
    reaching: float = 1.0
    during: tuple[str, ...] = ()

    def of_people(self, who: Index) -> Holding:
        """The same for some of the people."""
        own = {n: of_people(v, who) for n, v in self.parameters.items()}
        return Holding(self.start, own, self.reaching, self.during)


def entry_of(model: Model, dose: GivenDose) -> Input:
    """The card's input that a dose goes in by. Raises :class:`InputError` for a route that the card has not."""
    way = entry_for(model, dose.route, form=dose.form, release=dose.release, fed=dose.fed, drug=dose.drug)
    if way is None:
        came = _said(dose.drug, dose.route, dose.form, dose.release, dose.fed)
        would = sorted({_said(i.drug, i.route, i.form, i.release, i.fed) for i in model.inputs})
        raise InputError("route", came, f"{model.model} has no way in for it", f"use {', '.join(would)}")
    return way


def _said(drug: str | None, route: str, form: str | None, release: str | None, fed: bool | None) -> str:
    meal = None if fed is None else "fed" if fed else "fasted"
    return " ".join(part for part in (drug, route, form, release, meal) if part)


class Given(msgspec.Struct, frozen=True):
    """What is given, and who takes it: doses by entry, the way of each entry and what reaches by it, and what holds from when on.

    ``holding`` are in order of time; the first holds from the beginning. ``lags`` and ``durations`` are of entries where they differ between
    people; elsewhere they are in the doses' own times.
    """

    model: Model
    holding: tuple[Holding, ...]
    doses: list[Dose]
    ways: dict[str, Input]
    reaching: dict[str, Floats]
    lags: dict[str, Floats]
    durations: dict[str, Floats]

    @property
    def people(self) -> int:
        """How many people these are."""
        return max((v.size for v in self.holding[0].parameters.values()), default=1)

    @property
    def entries(self) -> dict[str, tuple[str, Floats]]:
        """Where each entry leads, and what reaches of a dose by it."""
        return {name: (way.into, self.reaching[name]) for name, way in self.ways.items()}

    def holds(self, times: Floats) -> Index:
        """Which of ``holding`` holds at each time."""
        return np.searchsorted(np.array([h.start for h in self.holding[1:]]), times, side="right")

    def apart(self) -> list[list[Dose]]:
        """The doses in courses that add up: each steady state by itself, what is left together."""
        steady = [[d] for d in self.doses if d.steady]
        others = [d for d in self.doses if not d.steady]
        return [*steady, others] if others or not steady else steady

    def of_people(self, who: Index) -> Given:
        """The same for some of the people, who share their lags and durations: those are in the doses' times then."""

        def arriving(dose: Dose) -> Dose:
            late, lasting = self.lags.get(dose.entry), self.durations.get(dose.entry)
            lag = 0.0 if late is None else float(of_people(late, who)[0])
            duration = dose.duration or (0.0 if lasting is None else float(of_people(lasting, who)[0]))
            return msgspec.structs.replace(dose, time=dose.time + lag, duration=duration)

        return Given(
            self.model, tuple(h.of_people(who) for h in self.holding), [arriving(d) for d in self.doses], self.ways,
            {n: of_people(v, who) for n, v in self.reaching.items()}, {}, {},
        )  # fmt: skip

    @staticmethod
    def of(model: Model, holding: Sequence[Holding], doses: Sequence[GivenDose]) -> Given:
        """Doses as prescribed, in the card's units. Raises :class:`InputError` as :func:`entry_of`."""
        made = Given(model, tuple(holding), [], {}, {}, {}, {})
        for dose in doses:
            way = entry_of(model, dose)
            amount = amount_in(model, dose.amount, dose.unit, way)
            for one, turn in _in_turn(made, dose):
                name = f"input {model.inputs.index(way)}, {turn}"
                held = holding[turn]
                lag, late = _time(held.parameters, way.lag)
                own, lasting = _time(held.parameters, way.duration)
                made.ways[name] = way
                made.reaching[name] = held.reaching * (held.parameters[way.bioavailability] if way.bioavailability else np.ones(1))  # fmt: skip
                if late is not None:
                    made.lags[name] = late
                if lasting is not None:
                    made.durations[name] = lasting
                made.doses.append(
                    Dose(time=one.time + lag, amount=amount, entry=name, duration=dose.infused_over or own, every=one.every, count=one.count, steady=one.steady)
                )  # fmt: skip
        return made


def _in_turn(given: Given, dose: GivenDose) -> Iterable[tuple[GivenDose, int]]:
    """The dose in parts, each with what holds when it is taken. A steady state is that of its first time."""
    taken: Floats = dose.time + np.arange(dose.count, dtype=np.float64) * (dose.every or 0.0)
    turns = given.holds(taken)
    for turn in np.flatnonzero(np.bincount(turns)).tolist():
        those = taken[turns == turn]
        steady = dose.steady and turn == turns[0]
        every = dose.every if those.size > 1 or steady else None
        yield (
            msgspec.structs.replace(dose, time=float(those[0]), count=int(those.size), every=every, steady=steady),
            turn,
        )


def _time(parameters: Mapping[str, Floats], name: str | None) -> tuple[float, Floats | None]:
    """A lag or a duration that all share, or 0 and everybody's own."""
    if name is None:
        return 0.0, None
    values = parameters[name]
    return (float(values[0]), None) if np.ptp(values) == 0 else (0.0, values)


def of_people(values: Floats | float, who: Index) -> Floats:
    """The values of some people; one value is everybody's."""
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    return array[who] if array.size > 1 else array
