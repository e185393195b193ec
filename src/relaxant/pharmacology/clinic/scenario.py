"""One scenario: what is taken and the courses that it makes under every card, with what is read from them.

The spread between people of every card, weighted, makes one band; each card's typical course stands beside it, so that their disagreement is
seen. Times are hours from the first dose of the day; numbers are rounded to three digits, which is more than any card knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.cards import Effect, Model, Output
from relaxant.pharmacology.cards.course import GivenDose, entry_of, output_named, slowest_rate
from relaxant.pharmacology.cards.model import an_hour, factor_of
from relaxant.pharmacology.clinic.others import Altered
from relaxant.pharmacology.clinic.ready import ReadyCard, Taken, entry_of_line, followed_by, outputs_drawn
from relaxant.pharmacology.clinic.regimens import Timed
from relaxant.pharmacology.spread.quantiles import LEVELS, weighted_quantiles
from relaxant.quantities import three_digits

Floats = NDArray[np.float64]
_DAY = 24.0
_NEARLY = math.log(10)  # slowest rates times: nine tenths of the way to a steady state, or a tenth left of what was
_STEPS, _MOST_STEPS = 48, 336  # of a span: every half hour of a day, of a week
_BACK, _LONGER = 0.05, 16  # of an effect's swing: what is over; how often a span is drawn out for it
_SLOWER = 0.95  # of a rate: what is not told apart from it


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One output over a span: quantiles of the virtual people, (levels, times), empty where no card gives a spread; and each card's
    typical course."""

    output: str
    title: str
    unit: str
    times: tuple[float, ...]
    levels: tuple[float, ...]
    bands: tuple[tuple[float, ...], ...]
    typical: dict[str, tuple[float, ...]]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A number read from a course: the middle of the people and the 90% interval; of the typical people where there is no spread."""

    measure: str
    unit: str
    median: float
    low: float | None = None
    high: float | None = None


class Attained(msgspec.Struct, frozen=True, kw_only=True):
    """A target of the first card, and the share of the people who are within it: by the day's average, and the whole day long."""

    target: str
    average: float
    always: float


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken (``lines`` as read), and the courses it makes. ``key`` is ``now``, ``weighed`` or ``alone`` (without other medicines).

    ``settled_days`` is when nine tenths of the steady state are reached, ``left_hours`` when at most a tenth is left after the last dose,
    for the typical person of the first card and what goes slowest of what is drawn: ``slowest`` is its title where that is not the
    first curve. ``daily`` is what is taken in a day (in all, where it is given once) in ``daily_unit``, ``None`` where lines have several
    units; ``altered`` is what changes its exposure there. ``attained`` are the targets for good, where some card gives a spread.
    """

    key: str
    lines: tuple[str, ...]
    doses: tuple[Timed, ...]
    every: float | None
    curves: tuple[Curve, ...]
    measures: tuple[Measure, ...]
    settled_days: float | None
    left_hours: float
    slowest: str | None = None
    daily: float | None = None
    daily_unit: str = ""
    altered: Altered = Altered()
    attained: tuple[Attained, ...] = ()


def scenario_of(
    key: str, lines: Taken, plain: Sequence[ReadyCard], shares: Mapping[str, float], exposed: Sequence[Altered]
) -> Scenario:
    """The courses of what is taken, with what changes the exposure of each card (``exposed``, card by card)."""
    cards = [card.altered(by) for card, by in zip(plain, exposed, strict=True)]
    doses = tuple(sorted((d for _, p in lines for d in p.doses), key=lambda d: d.hour))
    every = max((p.every for _, p in lines if p.every is not None), default=None)
    first = cards[0]
    way = entry_of(first.model, _entered(first, lines))
    outputs = outputs_drawn(first.model)
    rates = {
        o.output: slowest_rate(first.model, first.typical, way.into, o.of) * an_hour(first.model)
        for o in first.model.outputs
        if o.output in outputs
    }
    own = first.model.outputs[0].output
    rate = min(rates.values())
    slowest = next((o.title for o in first.model.outputs if rates.get(o.output) == rate and rate < rates[own] * _SLOWER), None)  # fmt: skip
    span = every if every is not None else _until_over(first, lines, 2 * _NEARLY / rates[own])
    times = np.linspace(0, span, 1 + min(max(_STEPS, math.ceil(span * _STEPS / _DAY)), _MOST_STEPS))
    units = {d.unit for d in doses}
    followed = {card.model.model: followed_by(card, first.model, lines, times, outputs) for card in cards}
    curves, found, reached = [], [], list[Attained]()
    for output in outputs:
        of_cards = {n: of[output] for n, of in followed.items() if output in of}
        curve, read = _curve(output, first.model, of_cards, shares, times)
        curves.append(curve)
        found += read
        reached += _attained(output, first.model, of_cards, shares, times)
    return Scenario(
        key=key,
        lines=tuple(m.read_as or m.said for m, _ in lines),
        doses=doses,
        every=every,
        curves=tuple(curves),
        measures=tuple(found),
        settled_days=None if every is None else three_digits(_NEARLY / rate / _DAY),
        left_hours=three_digits(_NEARLY / rate if every is not None else _tenth_left(curves[0], first.model.model)),
        slowest=slowest if every is not None else None,
        daily=three_digits(sum(p.daily for _, p in lines)) if len(units) == 1 else None,
        daily_unit=next(iter(units)),
        altered=exposed[0],
        attained=tuple(reached),
    )


def settled_days(card: ReadyCard, lines: Taken) -> float:
    """When nine tenths of the steady state of the card's first output are reached."""
    way = entry_of(card.model, _entered(card, lines))
    return _NEARLY / (slowest_rate(card.model, card.typical, way.into, card.model.outputs[0].of) * an_hour(card.model)) / _DAY  # fmt: skip


def _entered(card: ReadyCard, lines: Taken) -> GivenDose:
    """Where a card lets the first of the lines in."""
    entry = entry_of_line(card.model, lines[0][0], card.route)
    if entry is None:
        raise AssertionError("a card without an entry for the line is not drawn")
    return entry


def _tenth_left(curve: Curve, model: str) -> float:
    """When a model's typical course after one dose is down to a tenth of its peak; the end of the curve where it is not."""
    times, values = np.array(curve.times), np.array(curve.typical[model])
    top = int(values.argmax())
    below = np.flatnonzero(values[top:] <= values[top] / 10)
    if not below.size:
        return float(times[-1])
    i = top + int(below[0])
    return float(np.interp(-values[top] / 10, -values[i - 1 : i + 1], times[i - 1 : i + 1]))


def _until_over(card: ReadyCard, lines: Taken, span: float) -> float:
    """How long to draw what is given once: until the typical effects are nearly back where they began, not while somebody lies paralysed."""
    alone = msgspec.structs.replace(card, parameters=card.typical, aside=np.zeros(1))
    for effect in card.model.effects:
        for _ in range(_LONGER):
            followed = followed_by(alone, card.model, lines, np.linspace(0, span, _STEPS + 1), [effect.effect])
            values = followed[effect.effect][:, 0]
            away = np.abs(values - values[0])
            if away[-1] <= _BACK * away.max():
                break
            span *= 1.25
    return span


def _curve(
    output: str, of: Model, followed: Mapping[str, Floats], shares: Mapping[str, float], times: Floats
) -> tuple[Curve, list[Measure]]:
    first = output_named(of, output)
    typical = {model: values[:, 0] for model, values in followed.items()}
    bands: tuple[tuple[float, ...], ...] = ()
    prefix = "" if output == of.outputs[0].output else f"{output}: "
    if spread := _everybody(followed, shares):
        everybody, weight = spread
        bands = tuple(_row(row) for row in weighted_quantiles(everybody, weight, LEVELS))
        found = _measures(prefix, first, times, everybody, weight)
    else:
        among = np.stack(list(typical.values()), axis=1)
        found = _measures(prefix, first, times, among, np.full(among.shape[1], 1 / among.shape[1]), alone=True)
    return (
        Curve(
            output=output,
            title=first.title if isinstance(first, Output) else first.description,
            unit=first.unit,
            times=_row(times),
            levels=LEVELS,
            bands=bands,
            typical={name: _row(row) for name, row in typical.items()},
        ),
        found,
    )


def _everybody(followed: Mapping[str, Floats], shares: Mapping[str, float]) -> tuple[Floats, Floats] | None:
    """The courses of the virtual people of every card with a spread, (times, people), and the weight of each; ``None`` where none has one."""
    own = {model: values[:, 1:] for model, values in followed.items() if model in shares}
    if not own:
        return None
    weights = [np.full(values.shape[1], shares[model] / values.shape[1]) for model, values in own.items()]
    return np.concatenate(list(own.values()), axis=1), np.concatenate(weights)


def _attained(
    output: str, of: Model, followed: Mapping[str, Floats], shares: Mapping[str, float], times: Floats
) -> Iterator[Attained]:
    """The share of the people within each range that the first card's sources call useful."""
    spread = _everybody(followed, shares)
    for target in of.targets:
        if target.output != output or target.kind == "toxic" or spread is None:
            continue
        everybody, weight = spread
        ours = factor_of(target.unit, of) / factor_of(output_named(of, output).unit, of)
        low = -math.inf if target.low is None else target.low * ours
        high = math.inf if target.high is None else target.high * ours
        mean = np.trapezoid(everybody, times, axis=0) / (times[-1] - times[0])
        inside = (everybody >= low) & (everybody <= high)
        yield Attained(
            target=target.target,
            average=float(weight[(mean >= low) & (mean <= high)].sum() / weight.sum()),
            always=float(weight[inside.all(axis=0)].sum() / weight.sum()),
        )


def _measures(
    prefix: str, of: Output | Effect, times: Floats, values: Floats, weight: Floats, *, alone: bool = False
) -> list[Measure]:
    """What is read from a course. Of an effect the lowest and highest; of a concentration average, peak and trough."""
    made = [("peak", values.max(axis=0)), ("trough", values.min(axis=0))]
    if isinstance(of, Output):
        made.insert(0, ("average", np.trapezoid(values, times, axis=0) / (times[-1] - times[0])))
    out = []
    for name, of_people in made:
        low, middle, high = weighted_quantiles(of_people[None], weight, (LEVELS[0], 0.5, LEVELS[-1]))[:, 0].tolist()
        out.append(
            Measure(
                measure=prefix + name,
                unit=of.unit,
                median=three_digits(middle),
                low=None if alone else three_digits(low),
                high=None if alone else three_digits(high),
            )
        )
    return out


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(three_digits(v) for v in values.tolist())
