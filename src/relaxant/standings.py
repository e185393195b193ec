"""How cards stand to a person, in words: what each rests on, is stretched over or cannot reach."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from relaxant.facts.facts import Facts
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.cards import Bounds
from relaxant.pharmacology.clinic.domain import Remark, Standing
from relaxant.quantities import plain_number
from relaxant.rules.wording import amount_text, capital, listed

Words = Mapping[str, Any]


class Standings:
    """The words for remarks on a card, for one person."""

    def __init__(self, facts: Facts) -> None:
        self.knowledge = facts.knowledge
        self.words: Words = self.knowledge.words("prediction")
        self.values: Words = self.knowledge.words("values")
        self.titles: Words = self.knowledge.words("facts")

    def remark(self, remark: Remark, *, band: bool = True) -> str:
        """A remark in words; ``band``: whether the card has a spread, which it widens."""
        words, bounds = self.words["standing"], remark.bounds
        slots = {"title": self.title(remark.covariate), "value": self.value(remark), "needs": self.needs(remark)}
        key = str(remark.kind)
        if key == "unknown" and remark.needs in ((), (remark.covariate,)):
            key += "_alone"
        if remark.band_cv is not None:
            slots["percent"] = plain_number(100 * remark.band_cv)
        if bounds is not None:
            yes_no = bounds.extrapolate_to[1] <= 1 and not bounds.unit
            slots["reason"] = bounds.reason
            slots["studied"] = self.between(bounds.studied, bounds.unit)
            slots["outer"] = self.between(bounds.extrapolate_to, bounds.unit)
            slots["spread"] = self.between(_within(remark, bounds), bounds.unit)
            slots["percent"] = plain_number(100 * (bounds.widen_cv or 0.0))
            if key in ("stretched", "beyond") and yes_no:
                key += "_yes"
            if remark.kind == "stretched" and not (bounds.widen_cv and band):
                key += "_plain"
            if remark.kind == "bounded" and _within(remark, bounds) != (remark.low, remark.high):
                key += "_cut"
        return capital(str(words[key]).format(**slots))

    def title(self, covariate: str) -> str:
        """What a covariate is called."""
        condition = self.knowledge.conditions.get(covariate)
        if condition is not None:
            return condition.title
        return str(
            self.titles.get(covariate) or self.words["circumstances"].get(covariate, covariate.replace("_", " "))
        )

    def value(self, remark: Remark) -> str:
        """What is known of the covariate of a remark."""
        own = remark.bounds.unit if remark.bounds is not None else ""
        unit = PERSON_FACTS[remark.covariate].unit if remark.covariate in PERSON_FACTS else own
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
        """From the one to the other, or the one where both are alike."""
        low, high = interval
        if plain_number(low, 3) == plain_number(high, 3):
            return amount_text(low, unit, self.values)
        return str(self.words["standing"]["range"]).format(low=plain_number(low, 3), high=plain_number(high, 3), unit=unit).strip()  # fmt: skip

    def needs(self, remark: Remark) -> str:
        """What would settle a remark."""
        return listed([str(self.titles.get(n) or n.replace("_", " ")) for n in remark.needs] or [self.title(remark.covariate)], self.values)  # fmt: skip


def nearest(every: Sequence[Sequence[Remark]]) -> list[Remark]:
    """Why the card that comes nearest to the person does not reach: the one with the nearest limits, then with the fewest reasons."""

    def far(own: Sequence[Remark]) -> tuple[float, int]:
        return max(map(_distance, own), default=0.0), len(own)

    chosen = min(every, key=far)
    return list(chosen)


def decisive(standings: Sequence[Standing], seldom: frozenset[str]) -> list[str]:
    """What is asked, was not said and is taken as no, where a yes would leave none of the cards that stand so."""
    every = [
        [
            r.covariate
            for r in own.remarks
            if r.kind == "assumed"
            and set(r.needs) - seldom
            and r.bounds is not None
            and r.bounds.extrapolate_to == (0, 0)
        ]
        for own in standings
    ]
    return [c for c in every[0] if all(c in own for own in every[1:])] if every else []


def _within(remark: Remark, bounds: Bounds) -> tuple[float, float]:
    """The part of what is known of a covariate that a card draws."""
    least, most = bounds.extrapolate_to[0], bounds.studied[1]
    low = least if remark.low is None else max(remark.low, least)
    most = max(most, low)
    return low, most if remark.high is None else min(remark.high, most)


def _distance(remark: Remark) -> float:
    """How far a person lies outside a card's limits, as a share of the nearer one; 1 for what a card has not at all."""
    if remark.bounds is None:
        return math.inf
    low, high = remark.bounds.extrapolate_to
    if remark.high is not None and remark.high < low:
        return 1 - remark.high / low
    return 1.0 if remark.low is None or not high else remark.low / high - 1
