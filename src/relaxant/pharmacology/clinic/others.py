"""What a person's other medicines, smoke, genes and meals make of a card here: the full effect, and how soon it is there.

A medicine that is weighed starts today; one whose stop is weighed ends today. What was stopped lingers as long as its own time
constants say. The steady state of a day is drawn with every change at its full effect; how long that takes is said beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np

from relaxant.facts.facts import Facts
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.pharmacology.exposure.contributions import ways_out
from relaxant.pharmacology.exposure.exposure import Change, changes
from relaxant.pharmacology.exposure.onset import smooth
from relaxant.pharmacology.exposure.parting import exposed
from relaxant.pharmacology.exposure.takings import FOREVER, SMOKE, Taking
from relaxant.quantities import Quantity, convert

_NEARLY = 0.9  # of the logarithm of the whole change
_WATCHED = 120  # days
_NOTHING = math.log(1.05)  # of an exposure: what is not told apart from no change


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds a relaxant: other medicines with their days, smoke, genes, and whether it is taken with food, in which form."""

    takings: tuple[Taking, ...] = ()
    smoking: Taking | None = None
    genotype: dict[str, str] = msgspec.field(default_factory=dict)
    fed: bool | None = None
    form: str | None = None

    def alone(self) -> Around:
        """The same person without other medicines."""
        return msgspec.structs.replace(self, takings=())


class Altered(msgspec.Struct, frozen=True, kw_only=True):
    """A card's exposure as changed by what surrounds it, at its full effect.

    ``reaching`` and ``ratios`` are against what the card's covariates already carry; ``auc_ratio`` is the exposure against that;
    ``log_sd`` one person's spread of its logarithm. ``days`` until nine tenths of what is still to come of it are there, ``None``
    where nothing moves any more; ``today`` is the exposure of today's clearance against that of the end.
    """

    changes: tuple[Change, ...] = ()
    reaching: float = 1.0
    ratios: dict[str, float] = msgspec.field(default_factory=dict)
    auc_ratio: float = 1.0
    log_sd: float = 0.0
    days: float | None = None
    today: float = 1.0

    @property
    def interacting(self) -> bool:
        """Whether another medicine that goes on is behind any of it."""
        return any(
            c.kind == "interaction" and c.auc_ratio not in (None, 1.0) and c.stops == FOREVER for c in self.changes
        )


def around(
    medicines: Sequence[Medicine], own: str, facts: Facts, genotype: Mapping[str, str] | None, as_of: date, *, weighed: bool, fed: bool | None = None, form: str | None = None
) -> Around:  # fmt: skip
    """What surrounds the relaxant ``own``: as it is now, or (``weighed``) with what is weighed done today."""
    takings = []
    for medicine in medicines:
        for ingredient in medicine.ingredients:
            taking = _taking(medicine, ingredient.name, as_of, weighed) if ingredient.name != own else None
            if taking is not None:
                takings.append(taking)
    smokes = facts.column("smoker")
    smoking = Taking(ingredient=SMOKE) if smokes.low.item(0) == 1 else None
    ended, at_most = facts.column("smoking_stopped_days").bounds(0)
    if smoking is None and ended == at_most < math.inf:
        smoking = Taking(ingredient=SMOKE, stopped_days=ended)
    return Around(takings=_merged(takings), smoking=smoking, genotype=dict(genotype or {}), fed=fed, form=form)


def _merged(takings: Sequence[Taking]) -> tuple[Taking, ...]:
    """One taking an ingredient and route: of several lines the one that goes on, else the one that ended last."""
    kept: dict[tuple[str, str | None], Taking] = {}
    for taking in takings:
        key = taking.ingredient, taking.route
        before = kept.get(key)
        if before is None or taking.span[1] > before.span[1]:
            kept[key] = taking
    return tuple(kept.values())


def _taking(medicine: Medicine, ingredient: str, as_of: date, weighed: bool) -> Taking | None:
    regimen = medicine.regimen
    since = None if regimen.start is None else float((as_of - regimen.start).days)
    stopped = None if regimen.stop is None else float((as_of - regimen.stop).days)
    plain = Taking(ingredient=ingredient, route=regimen.route, daily_mg=_daily_mg(medicine))
    if medicine.role == "considering":
        if not weighed or medicine.change == "stop":
            return None
        return msgspec.structs.replace(plain, starts_in_days=0.0)
    if medicine.role == "stopped" or medicine.over:
        if stopped is None or stopped < 0 or (since is not None and since <= stopped):
            return None
        return msgspec.structs.replace(plain, stopped_days=stopped, since_days=since)
    if weighed and (medicine.stop_weighed or medicine.replaced):
        ends_now = since is None or since > 0
        return (
            msgspec.structs.replace(plain, since_days=since, stops_in_days=0.0)
            if ends_now and medicine.stop_weighed
            else None
        )
    if since is not None and since < 0:  # not begun yet
        return msgspec.structs.replace(plain, starts_in_days=-since) if weighed else None
    return msgspec.structs.replace(plain, since_days=since)


def _daily_mg(medicine: Medicine) -> float | None:
    daily = medicine.regimen.daily
    if daily is None or daily.high is None or len(medicine.ingredients) != 1:
        return None
    return convert(Quantity(daily.high, daily.unit), "mg") or None


def altered(card: Model, knowledge: Knowledge, around: Around, covariates: Mapping[str, object]) -> Altered:
    """The changes of a card's exposure by what surrounds it, together and at their full effect."""
    found = changes(
        card, knowledge, around.takings, smoking=around.smoking, genotype=around.genotype, fed=around.fed, form=around.form, covariates=covariates
    )  # fmt: skip
    found = tuple(c for c in map(_long_since, found) if not _gone(card, c, knowledge))
    if not found:
        return Altered()
    # Of the steady state: what goes on has always been there, what has ended or ends is gone.
    lasting = [
        msgspec.structs.replace(c, starts=-FOREVER) for c in found if c.auc_ratio is not None and c.stops == FOREVER
    ]
    reaching, ratios, ratio = _at(card, lasting, knowledge, np.zeros(1))
    drawn = [c for c in lasting if not c.on_card]
    days, today = _days(card, found, knowledge, float(ratio[0]))
    return Altered(
        changes=found,
        reaching=float(reaching[0]),
        ratios={n: float(r[0]) for n, r in ratios.items() if float(r[0]) != 1.0},
        auc_ratio=float(ratio[0]),
        log_sd=math.sqrt(sum(c.log_sd**2 for c in drawn)),
        days=days,
        today=today,
    )


def _long_since(change: Change) -> Change:
    """What began before anything still remembers it has always been there."""
    return msgspec.structs.replace(change, starts=-FOREVER) if change.starts < -_WATCHED else change


def _gone(card: Model, change: Change, knowledge: Knowledge) -> bool:
    """Whether it ended so long ago that it changes nothing any more."""
    if change.auc_ratio is None or change.stops >= 0:
        return False
    if change.stops < -_WATCHED:
        return True
    carried_on = msgspec.structs.replace(change, on_card=False)
    days = np.arange(min(max(change.starts, -2 * _WATCHED), change.stops) - 1.0, 0.01, 0.25)
    return abs(math.log(_at(card, [carried_on], knowledge, days)[2][-1])) < _NOTHING


def _at(
    card: Model, found: Sequence[Change], knowledge: Knowledge, days: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """What reaches, the ratio on each clearance, and the ratio of exposure that they make, on each day."""
    if not found:
        one = np.ones(days.size)
        return one, {}, one
    reaching, ratios = smooth(card, found, knowledge, days)
    return reaching, ratios, exposed(reaching, ratios, ways_out(card))


def _days(card: Model, found: Sequence[Change], knowledge: Knowledge, full: float) -> tuple[float | None, float]:
    """When nine tenths of the change that is still to come are there, and today's exposure against that of the end; no day where they are one."""
    moving = [c for c in found if c.auc_ratio is not None]
    if all(c.starts == -FOREVER and c.stops == FOREVER for c in moving):
        return None, 1.0
    start = min(
        0.0, *(c.starts for c in moving if c.starts > -FOREVER), *(c.stops for c in moving if c.stops < FOREVER), 0.0
    )
    days = np.concatenate((np.arange(start - 1.0, 0.0, 0.25), np.arange(0.0, _WATCHED, 0.25)))
    log_ratio = np.log(_at(card, moving, knowledge, days)[2])
    today = float(np.interp(0.0, days, log_ratio))
    to_come = math.log(full) - today
    if abs(to_come) < _NOTHING:
        return None, 1.0
    there = np.flatnonzero((days >= 0) & (np.abs(log_ratio - math.log(full)) <= (1 - _NEARLY) * abs(to_come)))
    return float(days[there[0]]) if there.size else float(_WATCHED), math.exp(-to_come)
