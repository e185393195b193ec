"""Predicted courses as the review carries them: numbers, and every remark in words with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.cards import Effect, Model, Parameter, Relation, Target
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.pharmacology.domain import Remark
from relaxant.pharmacology.prediction import Curve, Eligible, Measure, Prediction, Scenario, predictions
from relaxant.quantities import plain_number
from relaxant.rules.findings import Cited, shown_agent_name
from relaxant.rules.wording import amount_text, capital, listed

Words = Mapping[str, Any]
_DIGITS = 2  # of what is said; more would be arithmetic: models differ in the first


class ShownModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the medicine: whether it is drawn, its share of the band, and how it stands to the person."""

    model: str
    title: str
    people: str
    status: str
    drawn: bool
    weight: float
    typical_average: float | None
    verified: bool
    remarks: tuple[str, ...]
    limits: tuple[str, ...]
    sources: tuple[Cited, ...]


class ShownScenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken, as read, and its courses. ``scenario`` is ``now``, ``weighed`` or ``alone``."""

    scenario: str
    title: str
    lines: tuple[str, ...]
    summary: tuple[str, ...]
    every: float | None
    curves: tuple[Curve, ...]
    measures: tuple[Measure, ...]
    settled_days: float | None
    left_hours: float


class ShownPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """The predicted courses of one medicine; ``sentence`` stands in place of the curve where there is none.

    ``unverified`` names the effects that rest on a number that nobody has seen in its source.
    """

    agent: str
    ingredient: str
    route: str
    title: str
    sentence: str | None
    settled_by: tuple[str, ...]
    banners: tuple[str, ...]
    scenarios: tuple[ShownScenario, ...]
    models: tuple[ShownModel, ...]
    marks: tuple[str, ...]
    unverified: tuple[str, ...]


def predicted(medicines: tuple[Medicine, ...], facts: Facts, row: int = 0) -> tuple[ShownPrediction, ...]:
    """The predictions of a review, in words."""
    return tuple(_Said(p, facts, row).shown() for p in predictions(medicines, facts, row))


class _Said:
    """One prediction and the words it is said in."""

    def __init__(self, prediction: Prediction, facts: Facts, row: int) -> None:
        self.prediction, self.facts, self.row = prediction, facts, row
        self.knowledge: Knowledge = facts.knowledge
        self.words: Words = self.knowledge.words("prediction")
        self.values: Words = self.knowledge.words("values")
        self.titles: Words = self.knowledge.words("facts")

    def shown(self) -> ShownPrediction:
        found = self.prediction
        sentence, settled_by = self.sentence()
        medicine = shown_agent_name(found.agent, self.facts) if found.agent in self.knowledge.agents else found.agent
        route = self.words["routes"].get(found.route, found.route)
        named = route in medicine or found.route in medicine
        return ShownPrediction(
            agent=found.agent,
            ingredient=found.ingredient,
            route=found.route,
            title=capital(medicine if named else self.words["name"].format(medicine=medicine, route=route)),
            sentence=sentence,
            settled_by=settled_by,
            banners=tuple(self.banners()),
            scenarios=tuple(self.scenario(s, last=s is found.scenarios[-1]) for s in found.scenarios),
            models=tuple(self.model(e) for e in found.cards),
            marks=tuple(self.marks()),
            unverified=tuple(dict.fromkeys(e for c in self.drawn() for e in _unverified(c))),
        )

    # ------------------------------------------------------------ no curve

    def sentence(self) -> tuple[str | None, tuple[str, ...]]:
        """Why there is no curve, and which inputs would settle it."""
        found = self.prediction
        if found.refused:
            return str(self.words["refused"][found.refused]), ()
        if any(e.standing.drawable for e in found.cards):
            return None, ()
        unknown = [e for e in found.cards if e.standing.status == "unknown"]
        asked = unknown or found.cards
        kind = "unknown" if unknown else "beyond"
        remarks = [r for e in asked for r in e.standing.remarks if r.kind == kind]
        reasons = dict.fromkeys(self.remark(r) for r in remarks)
        needs = dict.fromkeys(need for r in remarks for need in r.needs)
        return str(self.words["refused"][kind]).format(reasons=" ".join(reasons)), tuple(needs)

    # ------------------------------------------------------------ remarks

    def banners(self) -> Iterable[str]:
        """What a reader must know before the curve: where the line left room, and what the drawn models are stretched over."""
        said = {key: str(self.words["remarks"][key]) for key in self.prediction.remarks}
        drawn = [e for e in self.prediction.cards if e.standing.drawable]
        behind = [e for e in drawn if e.weight] or drawn  # what the band rests on; the table of models has all
        for kind in ("stretched", "bounded", "disease"):
            for eligible in behind:
                for remark in eligible.standing.remarks:
                    if remark.kind == kind:
                        said.setdefault(f"{kind} {remark.covariate}", self.remark(remark))
        return said.values()

    def remark(self, remark: Remark) -> str:
        words, bounds = self.words["standing"], remark.bounds
        slots = {"title": self.title(remark.covariate), "value": self.value(remark), "needs": self.needs(remark)}
        key = str(remark.kind)
        if bounds is not None:
            yes_no = bounds.extrapolate_to[1] <= 1 and not bounds.unit
            slots["reason"] = bounds.reason
            slots["studied"] = self.between(bounds.studied, bounds.unit)
            slots["outer"] = self.between(bounds.extrapolate_to, bounds.unit)
            slots["percent"] = plain_number(100 * (bounds.widen_cv or 0.0))
            if key in ("stretched", "beyond") and yes_no:
                key += "_yes"
            if remark.kind == "stretched" and not bounds.widen_cv:
                key += "_plain"
        return capital(str(words[key]).format(**slots))

    def title(self, covariate: str) -> str:
        condition = self.knowledge.conditions.get(covariate)
        if condition is not None:
            return condition.title
        return str(
            self.titles.get(covariate) or self.words["circumstances"].get(covariate, covariate.replace("_", " "))
        )

    def value(self, remark: Remark) -> str:
        unit = PERSON_FACTS[remark.covariate].unit if remark.covariate in PERSON_FACTS else ""
        low, high = remark.low, remark.high
        if low is not None and high is not None:
            if low == high or plain_number(low, 3) == plain_number(high, 3):
                return amount_text(low, unit, self.values)
            return self.between((low, high), unit)
        if high is not None:
            return str(self.values["at_most"]).format(value=amount_text(high, unit, self.values))
        if low is not None:
            return str(self.values["at_least"]).format(value=amount_text(low, unit, self.values))
        return str(self.values["unknown"])

    def between(self, interval: tuple[float, float], unit: str) -> str:
        low, high = interval
        return str(self.words["standing"]["range"]).format(low=plain_number(low, 3), high=plain_number(high, 3), unit=unit).strip()  # fmt: skip

    def needs(self, remark: Remark) -> str:
        return listed([str(self.titles.get(n) or n.replace("_", " ")) for n in remark.needs] or [self.title(remark.covariate)], self.values)  # fmt: skip

    # ------------------------------------------------------------ what is drawn

    def scenario(self, scenario: Scenario, *, last: bool) -> ShownScenario:
        return ShownScenario(
            scenario=scenario.key,
            title=str(self.words["scenarios"][scenario.key]),
            lines=scenario.lines,
            summary=tuple(self.summary(scenario, last)),
            every=scenario.every,
            curves=scenario.curves,
            measures=scenario.measures,
            settled_days=scenario.settled_days,
            left_hours=scenario.left_hours,
        )

    def summary(self, scenario: Scenario, last: bool) -> Iterable[str]:
        """The scenario in a sentence; after the last one how far the models agree and how fast it comes and goes."""
        words = self.words["summary"]
        title = str(self.words["scenarios"][scenario.key])
        by = {m.measure: m for m in scenario.measures}
        unit = scenario.curves[0].unit

        def amount(value: float) -> str:
            return str(self.words["amount"]).format(value=plain_number(value, _DIGITS), unit=shown_unit(unit))

        first = by["average" if scenario.every else "peak"]
        spread = first.low is not None and first.high is not None
        key = ("band" if spread else "typical") if scenario.every else ("single" if spread else "single_typical")
        yield str(words[key]).format(
            scenario=title,
            average=amount(by["average"].median),
            peak=amount(by["peak"].median),
            trough=amount(by["trough"].median),
            low=plain_number(first.low or 0.0, _DIGITS),
            high=amount(first.high or 0.0),
        )
        if not last:
            return
        averages = [_average(t) for t in scenario.curves[0].typical.values()]
        if (
            scenario.every
            and len(averages) > 1
            and plain_number(min(averages), _DIGITS) != plain_number(max(averages), _DIGITS)
        ):
            yield str(words["apart"]).format(low=plain_number(min(averages), _DIGITS), high=amount(max(averages)))
        hours = plain_number(scenario.left_hours, _DIGITS)
        if scenario.settled_days is None:
            yield str(words["left"]).format(hours=hours)
        else:
            yield str(words["settled"]).format(days=self.days(scenario.settled_days), hours=hours)

    def days(self, days: float) -> str:
        words = self.words["summary"]["days"]
        if days < 1:
            return str(words["less"])
        count = round(days)
        return str(words["one" if count == 1 else "other"]).format(count=count)

    def model(self, eligible: Eligible) -> ShownModel:
        card = self.knowledge.models[eligible.model]
        typical = [
            s.curves[0].typical[card.model]
            for s in self.prediction.scenarios
            if s.every and card.model in s.curves[0].typical
        ]
        return ShownModel(
            model=card.model,
            title=card.title,
            people=card.people,
            status=eligible.standing.status,
            drawn=eligible.standing.drawable,
            weight=eligible.weight,
            typical_average=float(f"{_average(typical[-1]):.3g}") if typical else None,
            verified=_verified(card),
            remarks=tuple(dict.fromkeys(self.remark(r) for r in eligible.standing.remarks)),
            limits=card.limits,
            sources=tuple(self.cited(s.source, s.place, s.says) for s in card.sources),
        )

    def marks(self) -> Iterable[str]:
        """What a drawn model's sources say of levels."""
        return dict.fromkeys(self.mark(t) for card in self.drawn() for t in card.targets)

    def drawn(self) -> list[Model]:
        return [self.knowledge.models[e.model] for e in self.prediction.cards if e.standing.drawable]

    def mark(self, target: Target) -> str:
        words, unit = self.words["marks"], shown_unit(target.unit)
        low, high = (None if v is None else plain_number(v, 3) for v in (target.low, target.high))
        if target.kind == "toxic" and low is None:
            low, high = high, None  # a toxic level is one from which on
        key = "between" if low and high else "from" if low else "up_to"
        return str(words[key]).format(low=low, high=high, unit=unit, text=target.text)

    def cited(self, source: str, place: str, says: str | None) -> Cited:
        known = self.knowledge.sources[source]
        url = known.url or (f"https://doi.org/{known.doi}" if known.doi else None)
        return Cited(id=source, title=known.title, place=place, url=url, says=says)


def _average(values: tuple[float, ...]) -> float:
    """The average of a course at even times, by the trapezoid rule."""
    return (sum(values) - (values[0] + values[-1]) / 2) / (len(values) - 1)


def _verified(card: Model) -> bool:
    """Whether every number that the concentration rests on was seen in its source."""
    apart = set().union(*(_of_effect(card, e) for e in card.effects))
    rest: list[Parameter | Relation] = [*card.parameters, *card.relations]
    own = (c.verified for c in rest if c.parameter not in apart)
    return all(own) and all(c.verified for c in card.correlations)


def _unverified(card: Model) -> Iterable[str]:
    """The effects that rest on a number that nobody has seen in its source."""
    for effect in card.effects:
        own = _of_effect(card, effect)
        every: list[Parameter | Relation] = [*card.parameters, *card.relations]
        if not (effect.verified and all(c.verified for c in every if c.parameter in own)):
            yield effect.effect


def _of_effect(card: Model, effect: Effect) -> set[str]:
    """The parameters of an effect and of its site."""
    site = next((c for c in card.compartments if c.compartment == effect.of and c.effect_of), None)
    tolerance = effect.tolerance
    named = [effect.half_at, effect.slope, effect.baseline, effect.largest, effect.hill, effect.loss]
    named += [site.rate] if site else []
    named += [tolerance.rate, tolerance.half_at, tolerance.gain] if tolerance else []
    return {name for name in named if name is not None}


def shown_unit(text: str) -> str:
    """A unit in the words of a page."""
    return text.replace("ug", "micrograms").replace("umol", "micromol").replace("*", " ")
