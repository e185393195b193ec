"""What a regimen makes of this person's concentrations: every card that speaks of the medicine, drawn where it may be drawn.

For each relaxant by mouth, vein or pump the course of a day in steady state is computed, as it is taken now and as it is
weighed, by each card whose domain holds the person. Nothing of it feeds a rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.pharmacology.cards.model import SINGLE_DOSE, is_linear, milligrams
from relaxant.pharmacology.clinic.domain import Standing, standing
from relaxant.pharmacology.clinic.learned import Learned, UsedLevel, learned
from relaxant.pharmacology.clinic.levels import Level
from relaxant.pharmacology.clinic.others import Altered, Around, altered, around
from relaxant.pharmacology.clinic.ready import (
    ReadyCard,
    Taken,
    entry_of_line,
    fed_of,
    hours_of_day,
    meals_of,
    usual_route,
)
from relaxant.pharmacology.clinic.regimens import NoPattern, Pattern, pattern
from relaxant.pharmacology.clinic.scenario import Scenario, scenario_of, settled_days

_AVERAGE = Standing(status="studied", remarks=(), covariates={}, widened={})  # the people a card was made from


class Eligible(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the medicine and how it stands to the person. ``weight`` is its share of the band; 0 for one that has no spread."""

    model: str
    standing: Standing
    weight: float = 0.0


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
        after = learned(drawn, shares, patterns["now"], by, levels, settled_days(drawn[0], patterns["now"]))
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
        yield scenario_of("now", patterns["now"], cards, shares, of_now)
    last, of_last = patterns["now"], of_now
    if patterns["weighed"] and (changed or moved):
        yield scenario_of("weighed", patterns["weighed"], cards, shares, of_then)
        last, of_last = patterns["weighed"], of_then
    shown_apart = moved and patterns["now"] and patterns["weighed"]
    if last and any(a.interacting for a in of_last) and not shown_apart:
        yield scenario_of("alone", last, cards, shares, _exposed(cards, then.alone(), knowledge))


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
    yield scenario_of("typical", lines, average, shares, [Altered() for _ in average])
    yield scenario_of("patient", lines, cards, shares, of_now)
    if any(level.why is None for level in after.levels):
        yield scenario_of("observed", lines, after.cards, after.shares, of_now)
    of_then = _exposed(cards, then, knowledge)
    moved = any(a.auc_ratio != b.auc_ratio for a, b in zip(of_now, of_then, strict=True))
    if patterns["now"] and patterns["weighed"] and (changed or moved):
        yield scenario_of("proposed", patterns["weighed"], after.cards, after.shares, of_then)
