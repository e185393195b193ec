"""What a regimen makes of this person's concentrations: every card that speaks of the medicine, drawn where it may be drawn.

For each relaxant by mouth, vein or pump the course of a day in steady state is computed, as it is taken now and as it is
weighed, by each card whose domain holds the person. The spread between people of every card, weighted, makes one band; each card's
typical course stands beside it, so that their disagreement is seen. Nothing of it feeds a rule.

Times are hours from the first dose of the day; numbers are rounded to three digits, which is more than any card knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.knowledge.cards import Effect, Model, Output, Relation
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.pharmacology import measures
from relaxant.pharmacology.course import GivenDose, course, entry_of, output_named, slowest_rate
from relaxant.pharmacology.domain import Remark, Standing, standing
from relaxant.pharmacology.even import even_normals, even_points
from relaxant.pharmacology.model import Covariates, individual, is_linear, multiplier
from relaxant.pharmacology.regimens import NoPattern, Pattern, Timed, pattern
from relaxant.pharmacology.soundness import variability
from relaxant.quantities import Quantity, convert

Floats = NDArray[np.float64]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_DAY, _MINUTES = 24.0, 60.0
_STEPS = 48  # of a span: every half hour of a day
_NEARLY = math.log(
    10
)  # slowest rates times: nine tenths of the way to a steady state, or a tenth left of what was there
_SINGLE = "single_dose"


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


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken (``lines`` as read), and the courses it makes. ``key`` is ``now``, ``weighed`` or ``alone`` (without what alters the exposure).

    ``settled_days`` is when nine tenths of the steady state are reached, ``left_hours`` when a tenth is left after the last dose,
    for the typical person of the first card.
    """

    key: str
    lines: tuple[str, ...]
    doses: tuple[Timed, ...]
    every: float | None
    curves: tuple[Curve, ...]
    measures: tuple[Measure, ...]
    settled_days: float | None
    left_hours: float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """The courses of one medicine by one route. Without ``scenarios`` the reason is in ``refused`` or in the cards' standings."""

    ingredient: str
    agent: str
    route: str
    said: tuple[str, ...]
    cards: tuple[Eligible, ...]
    scenarios: tuple[Scenario, ...]
    remarks: tuple[str, ...]
    refused: str | None = None


class _Lines(msgspec.Struct):
    """The lines of one ingredient by one route: those taken now, and those that would be taken."""

    now: list[Medicine]
    weighed: list[Medicine]
    changes: bool


def predictions(medicines: Sequence[Medicine], facts: Facts, row: int = 0) -> tuple[Prediction, ...]:
    """A prediction for each medicine that a card speaks of, what is weighed first."""
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
        if eligible:
            found.append((not lines.changes, _prediction(ingredient, route, lines, eligible, facts, row)))
    return tuple(p for _, p in sorted(found, key=lambda f: (f[0], f[1].agent, f[1].route)))


def _lines(medicines: Sequence[Medicine], cards: Mapping[str, list[Model]]) -> dict[tuple[str, str], _Lines]:
    out: dict[tuple[str, str], _Lines] = {}
    for medicine in medicines:
        if medicine.role == "stopped" or medicine.over or len(medicine.ingredients) != 1:
            continue
        ingredient = medicine.ingredients[0].name
        if ingredient not in cards:
            continue
        route = medicine.regimen.route or _usual_route(cards[ingredient])
        lines = out.setdefault((ingredient, route), _Lines([], [], False))
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


def _usual_route(cards: Sequence[Model]) -> str:
    routes = [i.route for m in cards for i in m.inputs]
    return "oral" if "oral" in routes else routes[0]


def _prediction(
    ingredient: str, route: str, lines: _Lines, cards: Sequence[Model], facts: Facts, row: int
) -> Prediction:
    agent = next((a for m in (*lines.weighed, *lines.now) for a in m.agents), ingredient)
    said = tuple(m.said for m in dict.fromkeys((*lines.now, *lines.weighed)))
    remarks: dict[str, None] = {}
    wanted = [("now", lines.now)] if lines.now else []
    wanted += [("weighed", lines.weighed)] if lines.changes else []
    patterns: dict[str, list[tuple[Medicine, Pattern]]] = {}
    for key, own in wanted:
        patterns[key] = []
        for medicine in own:
            made = pattern(medicine.regimen, _hours(facts.knowledge))
            if isinstance(made, NoPattern):
                return Prediction(
                    ingredient=ingredient, agent=agent, route=route, said=said, cards=(), scenarios=(), remarks=(), refused=made.why
                )  # fmt: skip
            remarks |= dict.fromkeys(made.remarks)
            patterns[key].append((medicine, made))
    if all(m.regimen.route is None for m in (*lines.now, *lines.weighed)):
        remarks["route"] = None
    drawn, standings, product = [], [], False
    for card in sorted(cards, key=lambda m: m.rank):
        entries = [_entry(card, medicine, route) for own in patterns.values() for medicine, _ in own]
        if any(e is None for e in entries):
            product = True
            continue
        largest = max(d.amount for own in patterns.values() for _, p in own for d in p.doses)
        own_standing = standing(card, facts, row, circumstances={_SINGLE: largest})
        standings.append(Eligible(model=card.model, standing=own_standing))
        if own_standing.drawable:
            drawn.append(_Card.of(card, own_standing, route, facts.knowledge))
    if product and not standings:
        return Prediction(ingredient=ingredient, agent=agent, route=route, said=said, cards=(), scenarios=(), remarks=(), refused="product")  # fmt: skip
    spread = [c for c in drawn if c.spreads]
    shares = {c.model.model: 1 / len(spread) for c in spread}
    scenarios = tuple(_scenario(key, own, drawn, shares) for key, own in patterns.items() if own and drawn)
    return Prediction(
        ingredient=ingredient,
        agent=agent,
        route=route,
        said=said,
        cards=tuple(msgspec.structs.replace(s, weight=shares.get(s.model, 0.0)) for s in standings),
        scenarios=scenarios,
        remarks=tuple(remarks),
    )


def _hours(knowledge: Knowledge) -> dict[str, float]:
    prefix = "hour_of_"
    return {name.removeprefix(prefix): p.value for name, p in knowledge.policies.items() if name.startswith(prefix)}


# ---------------------------------------------------------------- one card


class _Card(msgspec.Struct, frozen=True):
    """A card made ready for the person: its typical parameters, those of the virtual people, and how it is entered."""

    model: Model
    standing: Standing
    route: str
    typical: dict[str, Floats]
    people: dict[str, Floats]
    spreads: bool

    @staticmethod
    def of(model: Model, own: Standing, route: str, knowledge: Knowledge) -> _Card:
        count = round(knowledge.policy("predicted_people"))
        names, covariance = variability(model)
        middle = individual(model, _only(own.middle(), model))
        extra = dict.fromkeys(names, math.log1p(own.widen_cv**2))
        for relation in model.relations:
            band = _band(relation, own)
            if band:
                extra[relation.parameter] = extra.get(relation.parameter, 0.0) + band
        wide = np.diag(list(extra.values()))
        wide[: len(names), : len(names)] += covariance
        if not names:
            return _Card(model, own, route, middle, {}, False)
        normals = even_normals(len(extra), count)
        deviations = dict(zip(extra, np.linalg.cholesky(wide) @ normals, strict=True))
        covariates = own.spread(even_points(len(extra) + len(own.open), count)[len(extra) :])
        return _Card(
            model, own, route, middle, individual(model, _only(covariates, model), deviations=deviations), True
        )

    def with_dose(self, parameters: dict[str, Floats], amount: float) -> dict[str, Floats]:
        """The parameters at a dose, where one of them depends on it."""
        relations = [r for r in self.model.relations if r.on == _SINGLE]
        if not relations:
            return parameters
        changed = individual(self.model, {_SINGLE: amount})
        plain = individual(self.model, {})
        return {n: v * (changed[n] / plain[n]) for n, v in parameters.items()}


def _band(relation: Relation, own: Standing) -> float:
    """The variance that an uncertain relation adds to its parameter's logarithm, where it changes anything here.

    Where its covariate is stretched as well, the widening for that says the same: what the relation has beyond it is added.
    """
    interval = own.covariates.get(relation.on)
    if not relation.band_cv or interval is None or (multiplier(relation, np.array(interval)) == 1).all():
        return 0.0
    return max(0.0, math.log1p(relation.band_cv**2) - math.log1p(own.widened.get(relation.on, 0.0) ** 2))


def _only(covariates: Covariates, model: Model) -> Covariates:
    """Without the single dose, which differs from dose to dose."""
    return {name: value for name, value in covariates.items() if name != _SINGLE}


def _entry(card: Model, medicine: Medicine, route: str) -> GivenDose | None:
    """How a line enters a card: the product as said, else as the card has it; ``None`` where the card has no such product."""
    regimen = medicine.regimen
    releases = {i.release for i in card.inputs if i.route == route}
    if regimen.release in (None, "immediate"):
        asked: list[str | None] = [r for r in ("immediate", None) if r in releases]
    else:
        asked = [*sorted(r for r in releases if r is not None and r != "immediate")]
    forms = {i.form for i in card.inputs if i.route == route}
    form = regimen.form if regimen.form in forms else None
    drug = card.ingredient if any(i.drug for i in card.inputs) else None
    for release in asked:
        for fed in (None, False):
            dose = GivenDose(amount=1.0, route=route, form=form, release=release, fed=fed, drug=drug)
            try:
                entry_of(card, dose)
            except InputError:
                continue
            return dose
    return None


# ---------------------------------------------------------------- scenarios


def _scenario(
    key: str, lines: Sequence[tuple[Medicine, Pattern]], cards: Sequence[_Card], shares: Mapping[str, float]
) -> Scenario:
    doses = tuple(sorted((d for _, p in lines for d in p.doses), key=lambda d: d.hour))
    every = max((p.every for _, p in lines if p.every is not None), default=None)
    first = cards[0]
    entry = _entry(first.model, lines[0][0], first.route)
    if entry is None:
        raise AssertionError("a card without an entry for the line is not drawn")
    way = entry_of(first.model, entry)
    scale = _MINUTES if first.model.time == "min" else 1.0
    rate = slowest_rate(first.model, first.typical, way.into, first.model.outputs[0].of) * scale  # per hour
    span = every if every is not None else 2 * _NEARLY / rate
    times = np.linspace(0, span, _STEPS + 1)
    curves, found = [], []
    for output in _outputs(first.model):
        curve, own = _curve(output, lines, cards, shares, times)
        curves.append(curve)
        found += own
    return Scenario(
        key=key,
        lines=tuple(m.read_as or m.said for m, _ in lines),
        doses=doses,
        every=every,
        curves=tuple(curves),
        measures=tuple(found),
        settled_days=None if every is None else _rounded(_NEARLY / rate / _DAY),
        left_hours=_rounded(_NEARLY / rate),
    )


def _outputs(model: Model) -> list[str]:
    """What is drawn: the first concentration, those of active metabolites, and every effect; not the effect site by itself."""
    sites = {c.compartment for c in model.compartments if c.effect_of}
    first, *others = model.outputs
    return [first.output, *(o.output for o in others if o.of not in sites), *(e.effect for e in model.effects)]


def _curve(
    output: str,
    lines: Sequence[tuple[Medicine, Pattern]],
    cards: Sequence[_Card],
    shares: Mapping[str, float],
    times: Floats,
) -> tuple[Curve, list[Measure]]:
    first = output_named(cards[0].model, output)
    typical: dict[str, Floats] = {}
    values: list[Floats] = []
    weights: list[Floats] = []
    for card in cards:
        name = _same(card.model, first, cards[0].model)
        factor = None if name is None else _factor(output_named(card.model, name).unit, first.unit, card.model)
        if name is None or factor is None:
            continue
        typical[card.model.model] = _values(card, card.typical, lines, times, name)[:, 0] * factor
        if card.spreads:
            own = _values(card, card.people, lines, times, name) * factor
            values.append(own)
            weights.append(np.full(own.shape[1], shares[card.model.model] / own.shape[1]))
    bands: tuple[tuple[float, ...], ...] = ()
    prefix = "" if output == cards[0].model.outputs[0].output else f"{output}: "
    if values:
        everybody, weight = np.concatenate(values, axis=1), np.concatenate(weights)
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


def _same(model: Model, wanted: Output | Effect, of: Model) -> str | None:
    """The output of another card that is the same thing: its first concentration, or what has the same name."""
    if isinstance(wanted, Output):
        if wanted.output == of.outputs[0].output:
            return model.outputs[0].output
        return wanted.output if any(o.output == wanted.output for o in model.outputs) else None
    return wanted.effect if any(e.effect == wanted.effect for e in model.effects) else None


def _factor(have: str, want: str, model: Model) -> float | None:
    return convert(Quantity(1.0, have), want, molar_mass=model.molar_mass)


def _values(
    card: _Card, parameters: dict[str, Floats], lines: Sequence[tuple[Medicine, Pattern]], times: Floats, output: str
) -> Floats:
    """The output at these hours. Doses whose size changes a parameter are computed apart and added."""
    scale = _MINUTES if card.model.time == "min" else 1.0
    doses = [dose for medicine, own in lines for dose in _given(own, _entry(card.model, medicine, card.route), scale)]
    if not any(r.on == _SINGLE for r in card.model.relations):
        return _followed(card.model, parameters, doses, times * scale, output)
    sizes = dict.fromkeys(d.amount for d in doses)
    parts = [
        _followed(
            card.model, card.with_dose(parameters, size), [d for d in doses if d.amount == size], times * scale, output
        )
        for size in sizes
    ]
    return np.asarray(sum(parts))


def _followed(
    model: Model, parameters: Mapping[str, Floats], doses: Sequence[GivenDose], times: Floats, output: str
) -> Floats:
    people = max(v.size for v in parameters.values())
    found = course(model, parameters, doses, times, output)
    return found if found.shape[1] == people else np.broadcast_to(found, (times.size, people))


def _given(own: Pattern, entry: GivenDose | None, scale: float) -> list[GivenDose]:
    """A pattern's doses as the course takes them, in the card's time: equal ones at equal intervals as one."""
    if entry is None:
        raise AssertionError("a card without an entry for the line is not drawn")

    def dose(timed: Timed, **how: float | int | bool | None) -> GivenDose:
        return msgspec.structs.replace(
            entry, amount=timed.amount, unit=timed.unit, infused_over=timed.infused_over * scale, **how
        )

    if own.every is None:
        return [dose(d, time=d.hour * scale) for d in own.doses]
    gaps = np.diff([*(d.hour for d in own.doses), own.doses[0].hour + own.every])
    alike = len({(d.amount, d.unit, d.infused_over) for d in own.doses}) == 1
    if alike and np.ptp(gaps) < own.every * 1e-9:
        gap = float(gaps[0])
        return [
            dose(own.doses[0], time=(own.doses[0].hour - own.every) * scale, every=gap * scale, count=2 * len(own.doses) + 1, steady=True)
        ]  # fmt: skip
    return [
        dose(d, time=(d.hour - own.every) * scale, every=own.every * scale, count=3, steady=True) for d in own.doses
    ]


def _measures(
    prefix: str, of: Output | Effect, times: Floats, values: Floats, weight: Floats, *, alone: bool = False
) -> list[Measure]:
    """What is read from a course. Of an effect the lowest and highest; of a concentration average, peak and trough."""
    made = [("peak", measures.peak(values)), ("trough", measures.trough(values))]
    if isinstance(of, Output):
        made.insert(0, ("average", measures.average(times, values)))
    out = []
    for name, of_people in made:
        low, middle, high = weighted_quantiles(of_people[None], weight, (LEVELS[0], 0.5, LEVELS[-1]))[:, 0].tolist()
        out.append(
            Measure(
                measure=prefix + name,
                unit=of.unit,
                median=_rounded(middle),
                low=None if alone else _rounded(low),
                high=None if alone else _rounded(high),
            )
        )
    return out


def weighted_quantiles(values: Floats, weights: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles of people who do not count alike. ``values`` (times, people), ``weights`` (people,); shape (levels, times).

    >>> weighted_quantiles(np.array([[1.0, 2.0, 3.0]]), np.ones(3), [0.5])
    array([[2.]])
    """
    if np.ptp(weights) <= weights[0] * 1e-12:  # everybody counts alike: the places are the same at every time
        ranked = np.sort(values, axis=1)
        at = np.clip(np.asarray(levels) * weights.size - 0.5, 0, weights.size - 1)
        below = np.floor(at).astype(np.intp)
        low, high = ranked[:, below], ranked[:, np.minimum(below + 1, weights.size - 1)]
        return np.asarray((low + (high - low) * (at - below)).T)
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    share = weights[order] / weights.sum()
    middle = np.cumsum(share, axis=1) - share / 2
    return np.array([[np.interp(level, at, row) for at, row in zip(middle, ranked, strict=True)] for level in levels])


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(_rounded(v) for v in values.tolist())


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


__all__ = ["Curve", "Eligible", "Measure", "Prediction", "Remark", "Scenario", "predictions", "weighted_quantiles"]
