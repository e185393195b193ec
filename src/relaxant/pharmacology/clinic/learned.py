"""What drug levels teach of this person: each ready card's people drawn from what is probable after the levels, the cards weighed by how
well they foresaw them.

A level is taken to be of the steady state of the line as it is taken now, so long after a dose. It is used where that can be:
where the time since the dose was said, all doses are alike and evenly spaced, and the line had been taken long enough by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from relaxant.knowledge.cards import Correlation, Model
from relaxant.pharmacology.cards.course import GivenDose, output_named
from relaxant.pharmacology.cards.model import an_hour
from relaxant.pharmacology.clinic.levels import Level
from relaxant.pharmacology.clinic.others import Altered
from relaxant.pharmacology.clinic.ready import ReadyCard, Taken, entry_of_line, followed_by, steady_doses
from relaxant.pharmacology.spread.quantiles import LEVELS, weighted_quantiles
from relaxant.quantities import Quantity, convert, three_digits

if TYPE_CHECKING:  # estimation is loaded where there is a level to learn from
    from relaxant.pharmacology.estimation.estimated import Estimated
    from relaxant.pharmacology.estimation.several import Opinion

_DAY = 24.0


class UsedLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level in the curve's unit, and what the models expected of people like this one before it: the middle and 9 in 10 of them.

    ``why`` is the reason why it was not used: ``no_time``, ``uneven``, ``late``, ``not_settled``, ``unit``, ``alone``.
    """

    value: float
    unit: str
    date: date
    after_hours: float | None
    why: str | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """The cards after the levels, their shares of the band, every level and, by card, the one whose residual error it borrowed."""

    cards: tuple[ReadyCard, ...]
    shares: dict[str, float]
    levels: tuple[UsedLevel, ...]
    borrowed: dict[str, str] = {}


def learned(
    cards: Sequence[ReadyCard],
    shares: Mapping[str, float],
    lines: Taken,
    exposed: Sequence[Altered],
    levels: Sequence[Level],
    settled_days: float,
) -> Learned:
    """The ready cards with what the levels of this medicine say. ``exposed`` is what changes each card's exposure as it is taken now."""
    first = cards[0].model
    unit = output_named(first, None).unit
    given = [_given(level, lines, settled_days, unit, first) for level in levels]
    usable = [
        (g, level) for g, level in zip(given, levels, strict=True) if g.why is None and level.after_hours is not None
    ]
    behind = [(card, by) for card, by in zip(cards, exposed, strict=True) if card.model.model in shares]
    if not usable or not behind:
        alone = [msgspec.structs.replace(g, why=g.why or "alone") for g in given]
        return Learned(cards=tuple(cards), shares=dict(shares), levels=tuple(alone))
    from relaxant.pharmacology.estimation.several import weighed

    expected = _expected(cards, exposed, shares, lines, [level.after_hours or 0.0 for _, level in usable])
    opinions = [_opinion(card, by, lines, [g for g, _ in usable], unit) for card, by in behind]
    found = {w.model: w for w in weighed(opinions)}
    count = behind[0][0].aside.size - 1
    after = tuple(_after(c, found[c.model.model].estimated, count) if c.model.model in found else c for c in cards)
    said = iter(expected)
    return Learned(
        cards=after,
        shares={name: w.weight for name, w in found.items()},
        levels=tuple(_with(g, next(said)) if g.why is None else g for g in given),
        borrowed={name: w.borrowed for name, w in found.items() if w.borrowed is not None},
    )


def _given(level: Level, lines: Taken, settled_days: float, unit: str, model: Model) -> UsedLevel:
    """The level in the curve's unit, or why it cannot be used."""
    value = convert(Quantity(level.value, level.unit), unit, molar_mass=model.molar_mass)
    plain = UsedLevel(value=level.value, unit=level.unit, date=level.date, after_hours=level.after_hours)
    if value is None:
        return msgspec.structs.replace(plain, why="unit")
    plain = msgspec.structs.replace(plain, value=three_digits(value), unit=unit)
    if level.after_hours is None:
        return msgspec.structs.replace(plain, why="no_time")
    medicine, own = lines[0]
    gaps = np.diff([*(d.hour for d in own.doses), own.doses[0].hour + (own.every or 0.0)])
    alike = len(lines) == 1 and own.every is not None and len({(d.amount, d.unit) for d in own.doses}) == 1
    if not alike or np.ptp(gaps) > 1e-6 * _DAY:
        return msgspec.structs.replace(plain, why="uneven")
    if level.after_hours > float(gaps[0]):
        return msgspec.structs.replace(plain, why="late")
    start = medicine.regimen.start
    if start is not None and (level.date - start).days < settled_days:
        return msgspec.structs.replace(plain, why="not_settled")
    return plain


def _expected(
    cards: Sequence[ReadyCard],
    exposed: Sequence[Altered],
    shares: Mapping[str, float],
    lines: Taken,
    hours: Sequence[float],
) -> list[tuple[float, float, float]]:
    """The middle and 9 in 10 of the virtual people at each time after a dose, before anything was learned."""
    first, at = cards[0].model, np.array(hours)
    output = first.outputs[0].output
    values, weights = [], []
    for card, by in zip(cards, exposed, strict=True):
        if card.model.model in shares:
            own = followed_by(card.altered(by), first, lines, at, [output])[output][:, 1:]
            values.append(own)
            weights.append(np.full(own.shape[1], shares[card.model.model] / own.shape[1]))
    made = weighted_quantiles(np.concatenate(values, axis=1), np.concatenate(weights), (0.5, LEVELS[0], LEVELS[-1]))
    return [(three_digits(m), three_digits(low), three_digits(high)) for m, low, high in made.T.tolist()]


def _with(level: UsedLevel, expected: tuple[float, float, float]) -> UsedLevel:
    middle, low, high = expected
    return msgspec.structs.replace(level, expected=middle, low=low, high=high)


def _opinion(card: ReadyCard, by: Altered, lines: Taken, levels: Sequence[UsedLevel], unit: str) -> Opinion:
    """The card as it is in this person: exposure as changed, spread as widened, doses in its time, levels in its unit."""
    from relaxant.pharmacology.estimation.observations import Observation
    from relaxant.pharmacology.estimation.several import Opinion

    model, scale = card.model, an_hour(card.model)
    own = output_named(model, None).unit
    doses: list[GivenDose] = [
        d for m, each in lines for d in steady_doses(each, entry_of_line(model, m, card.route), scale)
    ]
    seen = [
        Observation(
            time=(level.after_hours or 0.0) * scale,
            value=convert(Quantity(level.value, unit), own, molar_mass=model.molar_mass) or 0.0,
        )
        for level in levels
    ]
    return Opinion(model=_here(card, by), doses=doses, observations=seen, covariates=card.standing.middle())


def _here(card: ReadyCard, by: Altered) -> Model:
    """The card with its typical values as changed for this person, and the spread between people with all that widens it."""
    changed = card.altered(by)
    sds = np.sqrt(np.diag(card.prior))
    spread = dict(zip(card.names, sds.tolist(), strict=True))
    parameters = tuple(
        msgspec.structs.replace(
            p,
            value=p.value * float(changed.parameters[p.parameter][0] / card.parameters[p.parameter][0]),
            low=None,
            high=None,
            iiv_cv=None,
            iiv_sd=spread.get(p.parameter),
        )
        for p in card.model.parameters
    )
    correlations = tuple(
        Correlation(between=(one, other), value=float(card.prior[i, j] / (sds[i] * sds[j])), source="", place="")
        for i, one in enumerate(card.names)
        for j, other in enumerate(card.names[:i])
        if card.prior[i, j]
    )
    return msgspec.structs.replace(card.model, parameters=parameters, correlations=correlations)


def _after(card: ReadyCard, found: Estimated, count: int) -> ReadyCard:
    """The card's people as they are after the levels: about the most probable parameters, as wide as these leave open."""
    order = [found.names.index(name) for name in card.names]
    covariance = found.covariance[:, :, 0][np.ix_(order, order)]
    return card.peopled(found.deviations[order, 0], covariance, count)
