"""Predicted courses as the review carries them: numbers, and every remark in words with its sources."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.cards import Effect, Model, Parameter, Relation, Target
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.pharmacology.clinic.learned import UsedLevel
from relaxant.pharmacology.clinic.levels import levels_of
from relaxant.pharmacology.clinic.prediction import Eligible, Prediction, predictions
from relaxant.pharmacology.clinic.scenario import Curve, Measure, Scenario
from relaxant.pharmacology.exposure.contributions import measured
from relaxant.pharmacology.exposure.exposure import Change
from relaxant.quantities import plain_number, shown_unit, three_digits
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import amount_text, capital, listed, shown_agent_name
from relaxant.standings import Standings, decisive, nearest

Words = Mapping[str, Any]
_NOTHING = 1e-3  # of the peak
_IN_DAYS = 72  # hours that are said in days
_IN_MG = 10_000  # micrograms that are said in mg
_OF_TIME = ("time_not_seen", "time_unknown")
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


class ShownChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changes the exposure, at its full effect; ``auc_ratio`` is ``None`` where nobody can say how much."""

    by: str
    kind: str
    grade: str
    auc_ratio: float | None
    low: float | None
    high: float | None
    text: str
    notes: tuple[str, ...]
    verified: bool
    sources: tuple[Cited, ...]


class ShownScenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken, as read, and its courses. ``scenario`` is ``now``, ``weighed`` or ``alone``.

    ``changes`` alter its exposure, together ``auc_ratio`` times what the models' own covariates make; ``change_days`` until nine tenths
    of what is still to come of that are there; ``today`` is the exposure of today's clearance against that of the curve.
    ``slowest`` is what goes slowest of what is drawn, where that is not the first curve.
    """

    scenario: str
    title: str
    lines: tuple[str, ...]
    summary: tuple[str, ...]
    every: float | None
    curves: tuple[Curve, ...]
    measures: tuple[Measure, ...]
    settled_days: float | None
    left_hours: float
    changes: tuple[ShownChange, ...] = ()
    auc_ratio: float = 1.0
    change_days: float | None = None
    today: float = 1.0
    slowest: str | None = None


class ShownLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A drug level, what the models expected (``expected``, 9 in 10 people ``low`` to ``high``), and whether they learned from it."""

    value: float
    unit: str
    date: str
    after_hours: float | None
    used: bool
    expected: float | None
    low: float | None
    high: float | None
    text: str


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
    levels: tuple[ShownLevel, ...] = ()


def predicted(medicines: tuple[Medicine, ...], facts: Facts, patient: Patient) -> tuple[ShownPrediction, ...]:
    """The predictions of a review of one person, in words."""
    found = predictions(medicines, facts, patient.as_of, patient.genotype, lambda drug: levels_of(patient, drug))
    return tuple(_Said(p, facts).shown() for p in found)


def steps_of(medicines: tuple[Medicine, ...], facts: Facts, patient: Patient) -> tuple[tuple[ShownScenario, ...], ...]:
    """For each of the predictions, in their order, the course step by step: ``typical``, ``patient``, ``observed``, ``proposed``, as far as there is
    something to draw."""
    found = predictions(
        medicines, facts, patient.as_of, patient.genotype, lambda drug: levels_of(patient, drug), steps=True
    )
    return tuple(tuple(_Said(p, facts).scenario(s, last=False) for s in p.steps) for p in found)


class _Said:
    """One prediction and the words it is said in."""

    def __init__(self, prediction: Prediction, facts: Facts) -> None:
        self.prediction, self.facts = prediction, facts
        self.knowledge: Knowledge = facts.knowledge
        self.words: Words = self.knowledge.words("prediction")
        self.values: Words = self.knowledge.words("values")
        self.standings = Standings(facts)

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
            levels=tuple(self.level(one) for one in found.levels),
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
        kind = "unknown" if unknown else "beyond"
        every = [[r for r in e.standing.remarks if r.kind == kind] for e in unknown or found.cards]
        remarks = [r for own in every for r in own] if unknown else nearest(every)
        reasons = dict.fromkeys(self.standings.remark(r) for r in remarks)
        needs = dict.fromkeys(need for r in remarks for need in r.needs)
        return str(self.words["refused"][kind]).format(reasons=" ".join(reasons)), tuple(needs)

    # ------------------------------------------------------------ levels

    def level(self, level: UsedLevel) -> ShownLevel:
        words, unit = self.words["levels"], shown_unit(level.unit)
        after = (
            "" if level.after_hours is None else str(words["after"]).format(hours=plain_number(level.after_hours, 3))
        )
        slots = {"value": plain_number(level.value, 3), "unit": unit, "after": after, "date": level.date.isoformat()}
        if level.why is None and None not in (level.expected, level.low, level.high):
            numbers = (plain_number(v or 0.0, _DIGITS) for v in (level.expected, level.low, level.high))
            slots |= dict(zip(("expected", "low", "high"), numbers, strict=True))
            text = str(words["used"]).format(**slots)
        else:
            text = str(words["not_used"]).format(**slots, why=words["why"][level.why])
        return ShownLevel(
            value=level.value,
            unit=level.unit,
            date=level.date.isoformat(),
            after_hours=level.after_hours,
            used=level.why is None,
            expected=level.expected,
            low=level.low,
            high=level.high,
            text=text,
        )

    # ------------------------------------------------------------ remarks

    def banners(self) -> Iterable[str]:
        """What a reader must know before the curve: where the line left room, and what the drawn models are stretched over."""
        if not self.prediction.scenarios:
            return ()
        said = {key: str(self.words["remarks"][key]) for key in self.prediction.remarks}
        drawn = [e for e in self.prediction.cards if e.standing.drawable]
        behind = [e for e in drawn if e.weight] or drawn  # what the band rests on; the table of models has all
        for kind in ("stretched", "bounded", "derived", "disease"):
            found: dict[str, list[str]] = {}
            for eligible in behind:
                for remark in (r for r in eligible.standing.remarks if r.kind == kind):
                    text = self.standings.remark(remark, band=eligible.weight > 0)
                    found.setdefault(f"{kind} {remark.covariate}", []).append(text)
            for key, texts in found.items():
                some = str(self.words["standing"]["some"]).format(text=texts[0], count=len(texts), all=len(behind))
                said[key] = texts[0] if len(texts) == len(behind) else some
        seldom = self.facts.seldom_asked(0) - {"muscle_mass"}  # a card that rests on creatinine alone needs it said
        titles = [self.standings.title(c) for c in decisive([e.standing for e in behind], seldom)]
        if titles:
            said["decisive"] = str(self.words["standing"]["decisive"]).format(titles=listed(titles, self.values))
        return said.values()

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
            changes=tuple(self.change(c, scenario) for c in _largest_first(scenario.altered.changes)),
            auc_ratio=three_digits(scenario.altered.auc_ratio),
            change_days=scenario.altered.days,
            slowest=scenario.slowest,
            today=three_digits(scenario.altered.today),
        )

    def change(self, change: Change, scenario: Scenario) -> ShownChange:
        words, said = self.words["exposure"], self.knowledge.words("exposure")
        by = capital(str(words["kinds"].get(change.kind, change.by)))
        enzymes = listed(list(change.enzymes), self.values) if change.enzymes else ""
        if change.auc_ratio is None or change.low is None or change.high is None:
            text = str(words["unquantified"]).format(by=by, reason=said["reasons"][change.reason], enzymes=enzymes)
        else:
            numbers = (plain_number(v, _DIGITS) for v in (change.auc_ratio, change.low, change.high))
            key = "unchanged" if change.auc_ratio == 1 and change.grade != "estimated" else change.grade
            text = str(words[key]).format(by=by, enzymes=enzymes, **dict(zip(("ratio", "low", "high"), numbers, strict=True)))  # fmt: skip
            if change.metabolite is not None:
                text = str(words["metabolite"]).format(text=text, ratio=plain_number(change.metabolite, _DIGITS))
            if change.stops < math.inf:
                text = str(words["ended" if change.stops < 0 else "ends"]).format(text=text)
            elif change.on_card:
                text = str(words["on_card"]).format(text=text)
            elif change.starts > 0:
                text = str(words["begins"]).format(text=text, days=self.days(change.starts))
        return ShownChange(
            by=change.by,
            kind=change.kind,
            grade=change.grade,
            auc_ratio=_three(change.auc_ratio),
            low=_three(change.low),
            high=_three(change.high),
            text=text,
            notes=(
                *(
                    str(said["notes"][n])
                    for n in change.notes
                    if change.auc_ratio != 1 and (n not in _OF_TIME or scenario.altered.days is not None)
                ),
                *self.of_rows(change),
            ),
            verified=change.verified,
            sources=tuple(cited(self.knowledge, s.source, s.place, s.says) for s in change.sources),
        )

    def of_rows(self, change: Change) -> Iterable[str]:
        """What is noted of the measurements behind a change; not how their range was read, which is not what is said here."""
        if change.grade not in ("measured", "label") or change.auc_ratio == 1:
            return ()
        behind = {(s.source, s.place) for s in change.sources}
        rows = measured(self.prediction.ingredient, change.by, self.knowledge)
        return dict.fromkeys(r.note for r in rows if r.note and r.interval != "range" and (r.source, r.place) in behind)

    def summary(self, scenario: Scenario, last: bool) -> Iterable[str]:
        """The scenario in a sentence; after the last one how far the models agree and how fast it comes and goes."""
        words = self.words["summary"]
        title = self.dosed(scenario)
        by = {m.measure: m for m in scenario.measures}
        unit = scenario.curves[0].unit

        def amount(value: float) -> str:
            if abs(value) < _NOTHING * by["peak"].median:
                return str(self.words["nothing"])
            return str(self.words["amount"]).format(value=plain_number(value, _DIGITS), unit=shown_unit(unit))

        first = by["average" if scenario.every else "peak"]
        spread = first.low is not None and first.high is not None and plain_number(first.low, _DIGITS) != plain_number(first.high, _DIGITS)  # fmt: skip
        key = ("band" if spread else "typical") if scenario.every else ("single" if spread else "single_typical")
        if scenario.every and plain_number(by["peak"].median, 3) == plain_number(by["trough"].median, 3):
            key = "level" if spread else "level_typical"
        yield str(words[key]).format(
            scenario=title,
            average=amount(by["average"].median),
            peak=amount(by["peak"].median),
            trough=amount(by["trough"].median),
            low=plain_number(first.low or 0.0, _DIGITS),
            high=amount(first.high or 0.0),
        )
        exposure = self.words["exposure"]
        if scenario.key == "now" and scenario.altered.days is not None:
            yield str(exposure["today"]).format(ratio=plain_number(scenario.altered.today, _DIGITS))
        if not last:
            return
        main = self.main()
        if len([c for c in main.altered.changes if c.auc_ratio is not None and not c.on_card]) > 1:
            yield str(exposure["together"]).format(ratio=plain_number(main.altered.auc_ratio, _DIGITS))
        if main.altered.days is not None:
            yield str(exposure["days"]).format(days=self.days(main.altered.days))
        averages = [_average(t) for t in main.curves[0].typical.values()]
        if (
            main.every
            and len(averages) > 1
            and plain_number(min(averages), _DIGITS) != plain_number(max(averages), _DIGITS)
        ):
            yield str(words["apart"]).format(low=plain_number(min(averages), _DIGITS), high=amount(max(averages)))
        left = self.time(main.left_hours)
        if main.settled_days is None:
            text = str(words["lasting" if self.lasting() else "left"]).format(left=left)
        else:
            running = any(d.infused_over for d in main.doses)
            text = str(words["running" if running else "settled"]).format(days=self.days(main.settled_days), left=left)
        yield text if main.slowest is None else str(words["slowest"]).format(text=text, output=main.slowest)

    def dosed(self, scenario: Scenario) -> str:
        """The title of a scenario with what is taken in a day, as it is drawn."""
        title = str(self.words["scenarios"][scenario.key])
        if scenario.daily is None or scenario.every not in (None, 24.0):
            return title
        amount, unit = scenario.daily, scenario.daily_unit
        if unit == "micrograms" and amount >= _IN_MG:
            amount, unit = amount / 1000, "mg"
        words = self.words["scenarios"]["dosed" if scenario.every else "dosed_once"]
        return str(words).format(scenario=title, amount=amount_text(amount, unit, self.values))

    def lasting(self) -> bool:
        """Whether what is drawn acts at a site that lags behind the blood."""
        first = next(iter(self.drawn()))
        return any(c.effect_of for c in first.compartments)

    def main(self) -> Scenario:
        """What the sentences after the last scenario are of: as weighed, else as taken now."""
        return next(s for s in reversed(self.prediction.scenarios) if s.key != "alone")

    def time(self, hours: float) -> str:
        """Hours, as days from three days on."""
        if hours >= _IN_DAYS:
            return self.days(hours / 24)
        if hours < 1:
            return str(self.words["summary"]["minutes"]).format(minutes=plain_number(60 * hours, _DIGITS))
        return str(self.words["summary"]["hours"]).format(hours=plain_number(hours, _DIGITS))

    def days(self, days: float) -> str:
        words = self.words["summary"]["days"]
        if days < 1:
            return str(words["less"])
        count = round(days)
        return str(words["one" if count == 1 else "other"]).format(count=count)

    def model(self, eligible: Eligible) -> ShownModel:
        card = self.knowledge.models[eligible.model]
        main = self.main() if self.prediction.scenarios else None
        typical = main.curves[0].typical.get(card.model) if main is not None and main.every else None
        standing = (self.standings.remark(r, band=eligible.weight > 0) for r in eligible.standing.remarks)
        return ShownModel(
            model=card.model,
            title=card.title,
            people=card.people,
            status=eligible.standing.status,
            drawn=eligible.standing.drawable,
            weight=eligible.weight,
            typical_average=three_digits(_average(typical)) if typical else None,
            verified=_verified(card),
            remarks=tuple(dict.fromkeys((*standing, *self.lent(card)))),
            limits=card.limits,
            sources=tuple(cited(self.knowledge, s.source, s.place, s.says) for s in card.sources),
        )

    def lent(self, card: Model) -> Iterable[str]:
        """Whose residual error a card was given to learn from levels, where none was published for it."""
        lender = self.prediction.borrowed.get(card.model)
        if lender is not None:
            yield str(self.words["levels"]["borrowed"]).format(title=self.knowledge.models[lender].title)

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


def _largest_first(changes: Sequence[Change]) -> list[Change]:
    """The changes as they matter: the largest first, then those without a number."""
    return sorted(changes, key=lambda c: math.inf if c.auc_ratio is None else -abs(math.log(c.auc_ratio)))


def _three(value: float | None) -> float | None:
    return None if value is None else three_digits(value)


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
