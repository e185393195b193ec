"""Questions as a prescriber asks them: which dose for this exposure, how often, how long until the muscle is back, and how sure.

The dose is the one that brings the typical such person, or the middle of what is known of this one, to what was asked for; chance
and interval are of all the draws at that dose. Where the output is in proportion to the dose the answer is exact; where it is
not (bioavailability that falls with the dose, drugs that bind, an effect) the root is bracketed and found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.cards.course import GivenDose, course, slowest_leaving
from relaxant.pharmacology.cards.model import depends_on_dose, is_linear
from relaxant.pharmacology.cards.window import Measure, in_range, measured, peaks, watch, window
from relaxant.pharmacology.people.person import (
    Known,
    Person,
    known_of,
    middle,
    parameters_of,
)
from relaxant.pharmacology.people.populations import unit_of
from relaxant.pharmacology.people.reaching import looks, reached
from relaxant.pharmacology.people.root import root
from relaxant.pharmacology.people.strengths import rounded

Floats = NDArray[np.float64]
Asked = Literal["auc", "average", "trough", "peak"]
_GONE = 1e-12  # of what was given: what is still to come
_INTERVAL = (0.05, 0.5, 0.95)
Bound = tuple[float | None, float | None]


class DoseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A dose or the time between doses, and what comes of it.

    ``dose`` (in ``unit``) is given ``every`` so long (the card's time), or once (``None``). ``exact`` is what was asked for before
    rounding to what there is. ``reached`` is what the typical person, or the middle of the draws, has of ``measure`` then, ``interval`` holds
    90% of the draws, ``chance`` is the share of them ``within`` (``None`` where no range was stated); all in ``of_unit``.
    """

    question: str
    model: str
    measure: Asked
    output: str
    dose: float
    unit: str
    every: float | None
    exact: float
    target: float
    reached: float
    interval: tuple[float, float]
    within: Bound | None
    chance: float | None
    of_unit: str
    draws: int
    based_on: str


class TimeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How long after the last dose an effect is back above a level for good. ``typical`` and ``interval`` (5, 50, 95%) in ``unit``.

    ``inf`` means not within ``looked``. ``never_below`` is the share of draws that never fell under the level: their time is 0.
    ``chance`` is the share back ``by`` a time (``None`` where none was stated).
    """

    question: str
    model: str
    output: str
    level: float
    typical: float
    interval: tuple[float, float, float]
    unit: str
    by: float | None
    chance: float | None
    never_below: float
    looked: float
    draws: int
    based_on: str


def dose_for_auc(
    person: Person,
    target: float,
    regimen: GivenDose,
    *,
    within: Bound | None = None,
    already: Sequence[GivenDose] = (),
    strengths: Sequence[float] = (),
    output: str | None = None,
) -> DoseAnswer:
    """The dose whose area under the output is ``target`` (the output's unit times the card's time).

    ``regimen`` says route, unit and times; its amount does not count. Given once the area is that to the end; with ``every`` it is that
    of one interval, at steady state, or after the last of ``count`` doses where there are several. ``already`` are doses that
    were given before, ``strengths`` the pieces to round to. Raises :class:`InputError` for what no dose reaches.
    """
    return _dose_for("auc", person, target, regimen, within, already, strengths, output)


def dose_for_average(
    person: Person,
    target: float,
    regimen: GivenDose,
    *,
    within: Bound | None = None,
    already: Sequence[GivenDose] = (),
    strengths: Sequence[float] = (),
    output: str | None = None,
) -> DoseAnswer:
    """The dose whose average over an interval between doses is ``target``. ``regimen`` needs ``every``; the rest as :func:`dose_for_auc`."""
    return _dose_for("average", person, target, regimen, within, already, strengths, output)


def dose_for_trough(
    person: Person,
    target: float,
    regimen: GivenDose,
    *,
    within: Bound | None = None,
    already: Sequence[GivenDose] = (),
    strengths: Sequence[float] = (),
    output: str | None = None,
) -> DoseAnswer:
    """The dose whose level just before the next dose is ``target``. ``regimen`` needs ``every``; the rest as :func:`dose_for_auc`."""
    return _dose_for("trough", person, target, regimen, within, already, strengths, output)


def dose_for_peak(
    person: Person,
    target: float,
    regimen: GivenDose,
    *,
    within: Bound | None = None,
    already: Sequence[GivenDose] = (),
    strengths: Sequence[float] = (),
    output: str | None = None,
) -> DoseAnswer:
    """The dose whose highest level is ``target``; the rest as :func:`dose_for_auc`."""
    return _dose_for("peak", person, target, regimen, within, already, strengths, output)


def interval_for_trough(
    person: Person,
    target: float,
    regimen: GivenDose,
    *,
    within: Bound | None = None,
    intervals: Sequence[float] = (),
    output: str | None = None,
) -> DoseAnswer:
    """How far apart doses of the regimen's amount may be for a level of ``target`` just before the next one, at steady state.

    ``intervals`` are those to choose from; the nearest by ratio is taken. Raises :class:`InputError` where no interval gives that level.
    """
    output = _ready(person, target, output)
    known = known_of(person)

    def trough(every: float, deviations: Mapping[str, Floats]) -> Floats:
        return _results(
            "trough", person, deviations, msgspec.structs.replace(regimen, every=every, count=1), (), output
        )

    first = math.log(2) / slowest_leaving(
        person.model, parameters_of(person, known.aimed, regimen), during=person.during
    )
    exact = root(lambda every: middle(trough(every, known.aimed)), target, first, what="target", of=_says(person, output, "an interval"))  # fmt: skip
    every = min(intervals, key=lambda each: abs(math.log(each / exact))) if intervals else exact
    return _answer("interval_for_trough", "trough", person, known, regimen.amount, regimen, every, exact, target, within, output, lambda d: trough(every, d))  # fmt: skip


def time_to_train_of_four(
    person: Person,
    doses: Sequence[GivenDose],
    *,
    level: float,
    output: str = "tof_ratio",
    normalised: bool = False,
    by: float | None = None,
) -> TimeAnswer:
    """How long after the last dose the train-of-four ratio (or first twitch, by ``output``) is back to ``level`` for good.

    ``level`` is in the output's unit (90 for a ratio of 0.9 in %); ``normalised`` makes it a percentage of each one's own value
    before any drug. The time counts from the last dose or end of infusion; ``by`` asks for the chance to be back by then. Raises
    :class:`InputError` where the card has no such output, where an output has no value before drug, where nothing is given.
    """
    if not doses:
        raise InputError("doses", doses, "nothing is given", "give at least one dose")
    unit_of(person.model, output)
    baseline = next((e.baseline for e in person.model.effects if e.effect == output), None)
    if normalised and baseline is None:
        raise InputError("normalised", output, "it has no value before drug", "ask for a level in its own unit")
    known = known_of(person)
    start = max(d.time + (d.count - 1) * (d.every or 0.0) + d.infused_over for d in doses)
    largest = max(doses, key=lambda d: d.amount)
    parameters = parameters_of(person, known.deviations, largest)
    looked = -math.log(_GONE) / slowest_leaving(person.model, parameters, during=person.during)
    at = looks([start], start + looked)

    def back(own: Mapping[str, Floats]) -> Floats:
        model, during = person.model, person.during
        return reached(model, own, doses, output, level, "rising", at, of_own_baseline=normalised, during=during) - start  # fmt: skip

    times = back(parameters)
    aimed = back(parameters_of(person, {}, largest)) if known.typical else times
    typical = float(np.quantile(aimed, 0.5, method="lower"))
    low, middle, high = (float(q) for q in np.quantile(times, _INTERVAL, method="lower"))
    return TimeAnswer(
        question="time_to_train_of_four",
        model=person.model.model,
        output=output,
        level=level,
        typical=typical,
        interval=(low, middle, high),
        unit=person.model.time,
        by=by,
        chance=None if by is None else float((times <= by).mean()),
        never_below=float((times == 0).mean()),
        looked=looked,
        draws=times.size,
        based_on=known.based_on,
    )


def _ready(person: Person, target: float, output: str | None) -> str:
    name = person.model.outputs[0].output if output is None else output
    unit_of(person.model, name)
    if not (math.isfinite(target) and target > 0):
        raise InputError("target", target, "it is not above 0", f"give it in {unit_of(person.model, name)}")
    return name


def _dose_for(
    measure: Asked,
    person: Person,
    target: float,
    regimen: GivenDose,
    within: Bound | None,
    already: Sequence[GivenDose],
    strengths: Sequence[float],
    output: str | None,
) -> DoseAnswer:
    name = _ready(person, target, output)
    if regimen.every is None and measure in ("average", "trough"):
        raise InputError("every", None, f"a dose given once has no {measure} between doses", "say how far apart the doses are")  # fmt: skip
    known = known_of(person)

    def results(amount: float, deviations: Mapping[str, Floats]) -> Floats:
        return _results(measure, person, deviations, msgspec.structs.replace(regimen, amount=amount), already, name)

    effect = name in {e.effect for e in person.model.effects}
    bent = not is_linear(person.model) or effect or depends_on_dose(person.model) or (measure == "peak" and bool(already))  # fmt: skip
    first = regimen.amount if regimen.amount > 0 else 1.0
    if bent:
        exact = root(lambda amount: middle(results(amount, known.aimed)), target, first, what="target", of=_says(person, name, "a dose"))  # fmt: skip
    else:
        none = results(0.0, known.aimed) if already else np.zeros(1)
        each = (results(first, known.aimed) - none) / first
        if middle(none) >= target:
            raise InputError("target", target, f"the doses already given leave {middle(none):.4g} without any more", "wait, or ask for more")  # fmt: skip
        exact = root(lambda amount: middle(none + amount * each), target, first, what="target", of=_says(person, name, "a dose")) if already else target / middle(each)  # fmt: skip
    dose = rounded(exact, strengths) if strengths else exact
    return _answer(f"dose_for_{measure}", measure, person, known, dose, regimen, regimen.every, exact, target, within, name, lambda d: results(dose, d))  # fmt: skip


def _says(person: Person, output: str, of_what: str) -> str:
    return f"{of_what} for {output} of {person.model.model}"


def _results(
    measure: Measure,
    person: Person,
    deviations: Mapping[str, Floats],
    regimen: GivenDose,
    already: Sequence[GivenDose],
    output: str,
) -> Floats:
    """The measure in each draw. Shape (draws,); one for no deviations."""
    parameters = parameters_of(person, deviations, regimen)
    model, linear = person.model, is_linear(person.model) and output not in {e.effect for e in person.model.effects}
    start, every, count, scale = regimen.time, regimen.every, regimen.count, 1.0
    settled = every is not None and count == 1
    if every is not None and settled:
        if linear and measure in ("auc", "average") and not already:
            scale = 1.0 if measure == "auc" else 1 / every  # an interval's area is then that of one dose to its end
            measure, every = "auc", None
        elif is_linear(model):
            count = 2  # the second, so that a lag is over
        else:
            raise InputError("count", count, f"{model.model} binds or saturates, so its steady state is not known beforehand", "say how many doses come first")  # fmt: skip
    if every is None:
        between = (
            start,
            start + regimen.infused_over - math.log(_GONE) / slowest_leaving(model, parameters, during=person.during),
        )
        given = msgspec.structs.replace(regimen, every=None, count=1)
    else:
        between = start + (count - 1) * every, start + count * every
        given = msgspec.structs.replace(regimen, count=count, steady=settled)
    doses = [*already, given]

    def at(times: Floats) -> Floats:
        return course(model, parameters, doses, times, output, during=person.during)

    if measure == "trough":
        return np.asarray(at(window(*between).times[-1:])[-1])
    look = watch(model, parameters, doses, between)
    return peaks(look, at)[1] if measure == "peak" else scale * measured(look, at(look.times), measure)


def _answer(
    question: str,
    measure: Asked,
    person: Person,
    known: Known,
    dose: float,
    regimen: GivenDose,
    every: float | None,
    exact: float,
    target: float,
    within: Bound | None,
    output: str,
    results: Callable[[Mapping[str, Floats]], Floats],
) -> DoseAnswer:
    values = results(known.deviations)
    low, _, high = (float(q) for q in np.quantile(values, _INTERVAL))
    chance = None
    if within is not None:
        chance = float(in_range(values, *within).mean())
    return DoseAnswer(
        question=question,
        model=person.model.model,
        measure=measure,
        output=output,
        dose=dose,
        unit=regimen.unit,
        every=every,
        exact=exact,
        target=target,
        reached=middle(results(known.aimed)),
        interval=(low, high),
        within=within,
        chance=chance,
        of_unit=unit_of(person.model, output) + (f" x {person.model.time}" if measure == "auc" else ""),
        draws=values.size,
        based_on=known.based_on,
    )
