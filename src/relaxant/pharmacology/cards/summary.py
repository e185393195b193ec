"""What is read from a course over a stretch of time: area, average, peak and its time, trough, time above a level; amounts in the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model
from relaxant.pharmacology.cards.course import area, course, output_named, volume_of
from relaxant.pharmacology.cards.given import GivenDose
from relaxant.pharmacology.cards.model import factor_of
from relaxant.pharmacology.cards.window import peaks, watch
from relaxant.pharmacology.kinetics.alteration import Alteration

Floats = NDArray[np.float64]
_EVENLY = 2049  # looks for a crossing of a level, beside those after every dose


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What people's courses come to between two times, (people,) each: in ``unit``, times in ``time_unit``, ``auc`` in unit times time_unit.

    ``time_above`` is how long each was above the level that was asked for; ``None`` where none was.
    """

    start: float
    end: float
    unit: str
    time_unit: str
    auc: Floats
    average: Floats
    peak: Floats
    time_of_peak: Floats
    trough: Floats
    time_above: Floats | None = None


def summary(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    start: float,
    end: float,
    output: str | None = None,
    *,
    above: float | None = None,
    during: Sequence[str] = (),
    altered: Sequence[Alteration] = (),
) -> Summary:
    """Area (exact where the output is a concentration), average, peak, its time, trough, and time above a level, between two times.

    The peak is looked for on looks that are close together after every dose, and closely around the highest of them; time above a
    level is straight between looks. Raises :class:`InputError` for times that are no stretch, and as
    :func:`relaxant.pharmacology.cards.course.course`.

    >>> from relaxant.knowledge.load import load_knowledge
    >>> from relaxant.pharmacology.cards.model import individual
    >>> card = load_knowledge().models["baclofen-oral-adult-simon-2018"]
    >>> made = summary(card, individual(card, {}), [GivenDose(amount=20)], 0.0, 100.0)
    >>> made.auc.round().tolist(), made.peak.round().tolist(), made.time_of_peak.round(2).tolist()
    ([1724.0], [214.0], [1.57])
    """
    if not (np.isfinite(start) and np.isfinite(end) and start < end):
        raise InputError(
            "start, end", f"{start:g}, {end:g}", "they are no stretch of time", "give the earlier one first"
        )
    chosen = output_named(model, output)

    def at(times: Floats) -> Floats:
        return course(model, parameters, doses, times, output, during=during, altered=altered)

    looks = watch(model, parameters, doses, (start, end))
    values = at(looks.times)
    if isinstance(chosen, Effect) or volume_of(model, chosen.of) is None:
        auc = np.asarray(looks.weights @ values)
    else:
        first, last = area(model, parameters, doses, [start, end], output, during=during, altered=altered)
        auc = last - first
    when, peak = peaks(looks, at)
    return Summary(
        start=start,
        end=end,
        unit=chosen.unit,
        time_unit=model.time,
        auc=auc,
        average=auc / (end - start),
        peak=peak,
        time_of_peak=when,
        trough=np.asarray(values.min(axis=0)),
        time_above=None if above is None else _time_above(at, looks.times, above),
    )


def amount(
    model: Model,
    parameters: Mapping[str, Floats],
    doses: Sequence[GivenDose],
    times: ArrayLike,
    output: str | None = None,
    *,
    during: Sequence[str] = (),
    altered: Sequence[Alteration] = (),
) -> Floats:
    """How much drug is in the place whose concentration an output is, in the model's unit of amount. Shape (times, people).

    Raises :class:`InputError` for an output that is no concentration.
    """
    chosen = output_named(model, output)
    volume = volume_of(model, chosen.of)
    if isinstance(chosen, Effect) or volume is None:
        raise InputError(
            "output", output, "only a concentration has an amount behind it", "name an output with a volume"
        )
    level = course(model, parameters, doses, times, output, during=during, altered=altered) * factor_of(
        chosen.unit, model
    )
    return np.asarray(level * parameters[volume])


def _time_above(at: Callable[[Floats], Floats], looks: Floats, level: float) -> Floats:
    times = np.union1d(looks, np.linspace(looks[0], looks[-1], _EVENLY))
    over = at(times) - level
    first, second = over[:-1], over[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.maximum(first, second) / np.abs(second - first)
    share = np.where((first > 0) & (second > 0), 1.0, np.where((first > 0) != (second > 0), part, 0.0))
    return np.asarray((share * np.diff(times)[:, None]).sum(axis=0))
