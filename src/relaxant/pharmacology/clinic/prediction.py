"""What a regimen makes of this person's concentrations: every card that speaks of the medicine, drawn where it may be drawn.

For each relaxant by mouth, vein or pump the course of a day in steady state is computed, as it is taken now and as it is
weighed, by each card whose domain holds the person. The spread between people of every card, weighted, makes one band; each card's
typical course stands beside it, so that their disagreement is seen. Nothing of it feeds a rule.

Times are hours from the first dose of the day; numbers are rounded to three digits, which is more than any card knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.facts.facts import Facts
from relaxant.knowledge.cards import Effect, Model, Output
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.pharmacology.cards.course import GivenDose, entry_of, output_named, slowest_rate
from relaxant.pharmacology.cards.model import (
    SINGLE_DOSE,
    an_hour,
    factor_of,
    is_linear,
    milligrams,
)
from relaxant.pharmacology.clinic.domain import Standing, standing
from relaxant.pharmacology.clinic.learned import Learned, UsedLevel, learned
from relaxant.pharmacology.clinic.levels import Level
from relaxant.pharmacology.clinic.others import Altered, Around, altered, around
from relaxant.pharmacology.clinic.ready import (
    ReadyCard,
    Taken,
    entry_of_line,
    fed_of,
    followed_by,
    hours_of_day,
    meals_of,
    outputs_drawn,
    usual_route,
)
from relaxant.pharmacology.clinic.regimens import NoPattern, Pattern, Timed, pattern
from relaxant.pharmacology.spread.quantiles import LEVELS, weighted_quantiles
from relaxant.quantities import three_digits

Floats = NDArray[np.float64]
_DAY = 24.0
_STEPS, _MOST_STEPS = 48, 336  # of a span: every half hour of a day, of a week
_NEARLY = math.log(
    10
)  # slowest rates times: nine tenths of the way to a steady state, or a tenth left of what was there
_BACK, _LONGER = 0.05, 16  # of an effect's swing: what is over; how often a span is drawn out for it
_AVERAGE = Standing(status="studied", remarks=(), covariates={}, widened={})  # the people a card was made from
_SLOWER = 0.95  # of a rate: what is not told apart from it


class Eligible(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the medicine and how it stands to the person. ``weight`` is its share of the band; 0 for one that has no spread."""

    model: str
    standing: Standing
    weight: float = 0.0


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


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """The courses of one medicine by one route. Without ``scenarios`` the reason is in ``refused`` or in the cards' standings.

    ``levels`` are what was measured of it; where any was used, the cards' weights and people are as they are after it, and ``borrowed``
    names, by card, the one whose residual error stood in for its own.
    """

    ingredient: str
    agent: str
    route: str
    said: tuple[str, ...]
    cards: tuple[Eligible, ...]
    scenarios: tuple[Scenario, ...]
    remarks: tuple[str, ...]
    refused: str | None = None
    levels: tuple[UsedLevel, ...] = ()
    borrowed: dict[str, str] = {}
    steps: tuple[Scenario, ...] = ()
    """What each further thing known makes of the course, where that was asked for: ``typical``, ``patient``, ``observed``, ``proposed``."""


class _Lines(msgspec.Struct):
    """The lines of one ingredient by one route: those taken now, and those that would be taken; ``refused`` says why they cannot be drawn."""

    now: list[Medicine]
    weighed: list[Medicine]
    changes: bool
    refused: str | None = None


def predictions(
    medicines: Sequence[Medicine],
    facts: Facts,
    as_of: date,
    genotype: Mapping[str, str] | None = None,
    levels: Callable[[str], tuple[Level, ...]] | None = None,
    *,
    steps: bool = False,
) -> tuple[Prediction, ...]:
    """A prediction for each medicine that a card speaks of, what is weighed first. The facts are of one person; ``levels`` gives the drug
    levels that were measured of an ingredient. With ``steps`` the course is drawn step by step as well."""
    knowledge = facts.knowledge
    cards: dict[str, list[Model]] = {}
    for model in knowledge.models.values():
        cards.setdefault(model.ingredient, []).append(model)
    found = []
    for (ingredient, route), lines in _lines(medicines, cards).items():
        eligible = [
            m
            for m in cards[ingredient]
            if is_linear(m) and any(i.route == route and i.drug in (None, ingredient) for i in m.inputs)
        ]
        if not eligible:
            if any(i.route == route for m in cards[ingredient] for i in m.inputs):
                continue  # of cards that this way of computing cannot follow
            lines.refused = "route"
        person = _Person(medicines, facts, as_of, genotype, levels)
        made = _prediction(ingredient, route, lines, eligible, person, steps=steps)
        found.append((not lines.changes, made))
    return tuple(p for _, p in sorted(found, key=lambda f: (f[0], f[1].agent, f[1].route)))


def _lines(medicines: Sequence[Medicine], cards: Mapping[str, list[Model]]) -> dict[tuple[str, str], _Lines]:
    out: dict[tuple[str, str], _Lines] = {}
    for medicine in medicines:
        if medicine.role == "stopped" or medicine.over:
            continue
        for ingredient in (i.name for i in medicine.ingredients if i.name in cards):
            route = medicine.regimen.route or usual_route(cards[ingredient])
            lines = out.setdefault((ingredient, route), _Lines([], [], False))
            if len(medicine.ingredients) > 1 and medicine.change != "stop":
                lines.refused = "combination"
            if medicine.role == "considering":
                lines.changes = True
                if medicine.change != "stop":
                    lines.weighed.append(medicine)
                continue
            lines.now.append(medicine)
            if medicine.stop_weighed or medicine.replaced:
                lines.changes = True
            else:
                lines.weighed.append(medicine)
    return {key: lines for key, lines in out.items() if lines.now or lines.weighed}


class _Person(msgspec.Struct, frozen=True):
    """Whose courses these are: all medicines, the facts of one person, the day, the genes."""

    medicines: Sequence[Medicine]
    facts: Facts
    as_of: date
    genotype: Mapping[str, str] | None
    levels: Callable[[str], tuple[Level, ...]] | None


def _prediction(
    ingredient: str, route: str, lines: _Lines, cards: Sequence[Model], person: _Person, *, steps: bool
) -> Prediction:
    knowledge = person.facts.knowledge
    agent = next((a for m in (*lines.weighed, *lines.now) for a in m.agents), ingredient)
    plain = Prediction(
        ingredient=ingredient, agent=agent, route=route, said=tuple(m.said for m in dict.fromkeys((*lines.now, *lines.weighed))),
        cards=(), scenarios=(), remarks=(),
    )  # fmt: skip
    if lines.refused:
        return msgspec.structs.replace(plain, refused=lines.refused)
    remarks: dict[str, None] = {}
    patterns: dict[str, Taken] = {}
    weight = person.facts.column("weight").bounds(0)
    for key, own in (("now", lines.now), ("weighed", lines.weighed)):
        placed: list[tuple[Medicine, Pattern]] = []
        for medicine in own:
            made = pattern(medicine.regimen, hours_of_day(knowledge), weight[0] if weight[0] == weight[1] else None)
            if isinstance(made, NoPattern):
                return msgspec.structs.replace(plain, refused=made.why)
            remarks |= dict.fromkeys(made.remarks)
            placed.append((medicine, made))
        patterns[key] = placed
    if _reversed(ingredient, person):
        remarks["reversal"] = None
    first = min(p.begins for taken in patterns.values() for _, p in taken)
    patterns = {key: [(m, p.counted_from(first)) for m, p in taken] for key, taken in patterns.items()}
    every = [*patterns["now"], *patterns["weighed"]]
    largest = max(milligrams(d.amount, d.unit) for _, p in every for d in p.doses)
    drawn, standings = [], []
    for card in sorted(cards, key=lambda m: m.rank):
        if any(entry_of_line(card, medicine, route) is None for medicine, _ in every):
            continue  # a product that the card has not
        own_standing = _without_genes(
            standing(card, person.facts, 0, circumstances={SINGLE_DOSE: largest, **meals_of(every)}), person.genotype
        )
        standings.append(Eligible(model=card.model, standing=own_standing))
        if own_standing.drawable:
            drawn.append(ReadyCard.of(card, own_standing, route, knowledge))
    if not standings:
        return msgspec.structs.replace(plain, refused="product")
    spread = [c for c in drawn if c.spreads]
    shares = before = {c.model.model: 1 / len(spread) for c in spread}
    levels = person.levels(ingredient) if person.levels and drawn and patterns["now"] else ()
    after = Learned(cards=tuple(drawn), shares=shares, levels=())
    if levels:
        by = _exposed(drawn, _surroundings(ingredient, patterns["now"], person, weighed=False), knowledge)
        after = learned(drawn, shares, patterns["now"], by, levels, _settled_days(drawn[0], patterns["now"]))
        shares = after.shares
    return msgspec.structs.replace(
        plain,
        levels=after.levels,
        borrowed=after.borrowed,
        cards=tuple(msgspec.structs.replace(s, weight=shares.get(s.model, 0.0)) for s in standings),
        scenarios=tuple(_scenarios(patterns, lines.changes, after.cards, shares, ingredient, person)) if drawn else (),
        remarks=tuple(remarks),
        steps=tuple(_steps(patterns, lines.changes, drawn, before, after, ingredient, person))
        if steps and drawn
        else (),
    )


def _surroundings(ingredient: str, lines: Taken, person: _Person, *, weighed: bool) -> Around:
    """What surrounds the medicine as it is now, or with what is weighed done."""
    forms = {m.regimen.form for m, _ in lines}
    return around(
        person.medicines, ingredient, person.facts, person.genotype, person.as_of,
        weighed=weighed, fed=fed_of(lines), form=forms.pop() if len(forms) == 1 else None,
    )  # fmt: skip


def _exposed(cards: Sequence[ReadyCard], by: Around, knowledge: Knowledge) -> list[Altered]:
    return [altered(card.model, knowledge, by, card.standing.middle()) for card in cards]


def _settled_days(card: ReadyCard, lines: Taken) -> float:
    """When nine tenths of the steady state of the card's first output are reached."""
    way = entry_of(card.model, _entered(card, lines))
    return _NEARLY / (slowest_rate(card.model, card.typical, way.into, card.model.outputs[0].of) * an_hour(card.model)) / _DAY  # fmt: skip


def _entered(card: ReadyCard, lines: Taken) -> GivenDose:
    entry = entry_of_line(card.model, lines[0][0], card.route)
    if entry is None:
        raise AssertionError("a card without an entry for the line is not drawn")
    return entry


def _reversed(ingredient: str, person: _Person) -> bool:
    """Whether a medicine is taken or weighed with which a card gives this one together, as its reversal."""
    beside = {i.drug for m in person.facts.knowledge.models.values() if m.ingredient == ingredient for i in m.inputs}
    return any(
        i.name in beside - {ingredient}
        for m in person.medicines
        if m.role != "stopped" and not m.over and m.change != "stop"
        for i in m.ingredients
    )


def _without_genes(own: Standing, genotype: Mapping[str, str] | None) -> Standing:
    """Without the remark that a gene is not known where it was said: what it changes is listed with the other changes."""
    known = {f"genotype:{gene}" for gene in genotype or {}}
    return msgspec.structs.replace(
        own, remarks=tuple(r for r in own.remarks if not (r.kind == "assumed" and r.covariate in known))
    )


def _scenarios(
    patterns: Mapping[str, Taken],
    changed: bool,
    cards: Sequence[ReadyCard],
    shares: Mapping[str, float],
    ingredient: str,
    person: _Person,
) -> Iterator[Scenario]:
    """As taken now; as weighed, where the dose or what surrounds it changes; and without what alters it, where the two do not show that."""
    lines = patterns["weighed"] or patterns["now"]
    knowledge = person.facts.knowledge
    now, then = (_surroundings(ingredient, lines, person, weighed=weighed) for weighed in (False, True))
    of_now = _exposed(cards, now, knowledge)
    of_then = of_now if then == now else _exposed(cards, then, knowledge)
    moved = any(math.log(a.auc_ratio / b.auc_ratio) != 0 for a, b in zip(of_now, of_then, strict=True))
    if patterns["now"]:
        yield _scenario("now", patterns["now"], cards, shares, of_now)
    last, of_last = patterns["now"], of_now
    if patterns["weighed"] and (changed or moved):
        yield _scenario("weighed", patterns["weighed"], cards, shares, of_then)
        last, of_last = patterns["weighed"], of_then
    shown_apart = moved and patterns["now"] and patterns["weighed"]
    if last and any(a.interacting for a in of_last) and not shown_apart:
        yield _scenario("alone", last, cards, shares, _exposed(cards, then.alone(), knowledge))


def _steps(
    patterns: Mapping[str, Taken],
    changed: bool,
    cards: Sequence[ReadyCard],
    shares: Mapping[str, float],
    after: Learned,
    ingredient: str,
    person: _Person,
) -> Iterator[Scenario]:
    """The course as each further thing known changes it: in the average of the people studied, who take nothing else; in this person; after
    the levels, where any was used; as weighed, where that changes it. What is not taken yet is drawn as weighed from the first step on."""
    knowledge = person.facts.knowledge
    lines = patterns["now"] or patterns["weighed"]
    now, then = (
        _surroundings(ingredient, patterns["weighed"] or lines, person, weighed=weighed) for weighed in (False, True)
    )
    of_now = _exposed(cards, now if patterns["now"] else then, knowledge)
    average = [ReadyCard.of(c.model, _AVERAGE, c.route, knowledge) for c in cards]
    yield _scenario("typical", lines, average, shares, [Altered() for _ in average])
    yield _scenario("patient", lines, cards, shares, of_now)
    if any(level.why is None for level in after.levels):
        yield _scenario("observed", lines, after.cards, after.shares, of_now)
    of_then = _exposed(cards, then, knowledge)
    moved = any(a.auc_ratio != b.auc_ratio for a, b in zip(of_now, of_then, strict=True))
    if patterns["now"] and patterns["weighed"] and (changed or moved):
        yield _scenario("proposed", patterns["weighed"], after.cards, after.shares, of_then)


# ---------------------------------------------------------------- scenarios


def _scenario(
    key: str, lines: Taken, plain: Sequence[ReadyCard], shares: Mapping[str, float], exposed: Sequence[Altered]
) -> Scenario:
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
