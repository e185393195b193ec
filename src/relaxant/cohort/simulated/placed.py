"""Where a card stands to many people: :func:`relaxant.pharmacology.clinic.domain.standing` in columns."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.cards import Bounds, Model, Relation
from relaxant.pharmacology.cards.model import multiplier, variability
from relaxant.pharmacology.clinic.domain import COUNTED_IN_YEARS, Status
from relaxant.pharmacology.exposure.contributions import ways_out

STATUSES: tuple[Status, ...] = ("studied", "stretched", "unknown", "beyond")
"""By number; the graver comes later."""
STUDIED, STRETCHED, UNKNOWN, BEYOND = range(len(STATUSES))


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """How a card stands to each person. ``status`` by number; ``low`` and ``high`` of every covariate that the card computes with, NaN where it is taken as in
    the people studied; ``extra``, by parameter, the variance of its logarithm that is added to the card's own. Shapes (people,)."""

    status: NDArray[np.int8]
    low: dict[str, Floats]
    high: dict[str, Floats]
    extra: dict[str, Floats]

    @property
    def drawable(self) -> Mask:
        """Of whom anything is computed."""
        return np.asarray(self.status <= STRETCHED)


def placed(model: Model, facts: Facts, dose_mg: float | None = None) -> Placed:
    """Where a card stands to everybody. ``dose_mg`` is the size of one dose, for a card that depends on it."""
    status = np.zeros(facts.rows, np.int8)
    low, high, widened = dict[str, Floats](), dict[str, Floats](), dict[str, Floats]()
    bounds = {b.covariate: b for b in model.bounds}
    related = {r.on: r for r in model.relations}
    for name in dict.fromkeys((*bounds, *related)):
        said = _said(name, facts, dose_mg)
        if said is not None:
            one = _one(name, *said, bounds.get(name), related.get(name))
            status = np.maximum(status, one.status)
            if name in related:
                low[name], high[name] = one.low, one.high
            if name in bounds:
                widened[name] = np.where(one.stretched, bounds[name].widen_cv or 0.0, 0.0)
    return Placed(status=status, low=low, high=high, extra=_extra(model, facts.rows, low, high, widened))


def _said(name: str, facts: Facts, dose_mg: float | None) -> tuple[Floats, Floats] | None:
    """The interval of a covariate; ``None`` for a circumstance that nobody carries about."""
    if name == "single_dose" and dose_mg is not None:
        size = np.full(facts.rows, dose_mg)
        return size, size
    if name not in PERSON_FACTS:
        return None
    column = facts.column(name)
    return column.low.astype(np.float64), column.high.astype(np.float64)


class _Covariate(msgspec.Struct, frozen=True):
    status: NDArray[np.int8]
    low: Floats
    high: Floats
    stretched: Mask


def _one(name: str, low: Floats, high: Floats, bound: Bounds | None, relation: Relation | None) -> _Covariate:
    """One covariate of everybody, as far as the card may be computed in it. See :func:`relaxant.pharmacology.clinic.domain.standing`."""
    exact, settled = (low, high), low == high
    open_ended = np.isinf(low) & np.isinf(high) & (low < high)
    yes_or_no = PERSON_FACTS[name].truth if name in PERSON_FACTS else False
    assumed = (yes_or_no & ~settled) | (open_ended & (relation is None))
    if bound is not None and bound.unit == "years":  # studies give the ages of their people in completed years
        whole = (low >= COUNTED_IN_YEARS) & np.isfinite(high)
        low, high = np.where(whole, np.floor(low), low), np.where(whole, np.floor(high), high)
    if bound is not None and bound.unit.startswith("mL/min"):  # and their kidneys in whole mL/min
        low, high = np.round(low), np.round(high)
    unknown = ~assumed & (open_ended | ((bound is None) & np.isinf(high - low)))
    outer = (-np.inf, np.inf) if bound is None else bound.extrapolate_to
    beyond = ~assumed & ~unknown & ((high < outer[0]) | (low > outer[1]))
    top: Floats | float = outer[1]
    if bound is not None:  # what is open is not spread past anybody studied: its top may be the error itself
        top = np.where(settled, outer[1], np.maximum(bound.studied[1], low))
    kept = np.maximum(low, outer[0]), np.minimum(high, top)
    inside = ~(assumed | unknown | beyond)
    stretched = np.zeros(len(low), bool)
    if bound is not None:
        stretched = inside & ((kept[0] < bound.studied[0]) | (kept[1] > bound.studied[1]))
    status = np.where(beyond, BEYOND, np.where(unknown, UNKNOWN, np.where(stretched, STRETCHED, STUDIED)))
    return _Covariate(
        status.astype(np.int8),
        np.where(inside, np.maximum(exact[0], outer[0]), np.nan),
        np.where(inside, np.minimum(exact[1], top), np.nan),
        stretched,
    )


def _extra(
    model: Model, people: int, low: dict[str, Floats], high: dict[str, Floats], widened: dict[str, Floats]
) -> dict[str, Floats]:
    """What is added to the spread for what is stretched and for relations that are uncertain, as a bedside's card has it."""
    names, _ = variability(model)
    if not names:
        return {}
    out: dict[str, Floats] = {}
    wide = sum((cv**2 for cv in widened.values()), np.zeros(people))
    if wide.any():
        out = {name: np.log1p(wide) for name in dict.fromkeys((*names, *ways_out(model)))}
    for relation in model.relations:
        if not relation.band_cv or relation.on not in low:
            continue
        ends = np.stack((low[relation.on], high[relation.on]))
        moved = np.array([multiplier(relation, end) != 1 for end in ends]).any(axis=0) & ~np.isnan(ends[0])
        own = np.log1p(relation.band_cv**2) - np.log1p(widened.get(relation.on, np.zeros(people)) ** 2)
        band = np.where(moved, np.maximum(own, 0.0), 0.0)
        out[relation.parameter] = out.get(relation.parameter, np.zeros(people)) + band
    return out
