"""Whether a card speaks of this person: within what was studied, stretched past it, beyond, or not to be told.

Within, the curve stands. Between what was studied and the card's outer limits it stands with more spread and a remark that names
the covariate and the reason. Beyond them, or where a covariate that the card computes with is unknown, no curve is drawn. What is
known between two bounds (kidney function under a flattering creatinine) is spread over them, and said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.facts.facts import Facts
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.cards import Bounds, Model, Relation
from relaxant.pharmacology.cards.model import Covariates, multiplier

Floats = NDArray[np.float64]
Interval = tuple[float, float]
Status = Literal["studied", "stretched", "beyond", "unknown"]
COUNTED_IN_YEARS = 2.0  # younger children are counted in months
_GRAVITY: tuple[Status, ...] = ("studied", "stretched", "unknown", "beyond")


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """How one covariate of the person stands to a card.

    ``stretched`` and ``beyond`` what was studied; ``unknown``, settled by ``needs``; ``bounded``: known between ``low`` and ``high``;
    ``assumed``: not known, taken as in the people studied; ``disease``: a condition of the people studied that this person has not;
    ``derived``: how the card follows it was derived, not published, and is uncertain by the coefficient of variation ``band_cv``.
    """

    kind: Literal["stretched", "beyond", "unknown", "bounded", "assumed", "disease", "derived"]
    covariate: str
    low: float | None = None
    high: float | None = None
    bounds: Bounds | None = None
    needs: tuple[str, ...] = ()
    band_cv: float | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a card stands to a person: what may be drawn, with which covariates, with how much more spread for which of them."""

    status: Status
    remarks: tuple[Remark, ...]
    covariates: dict[str, Interval]
    widened: dict[str, float]

    @property
    def widen_cv(self) -> float:
        """The widening of all stretched covariates together."""
        return math.sqrt(sum(cv**2 for cv in self.widened.values()))

    @property
    def drawable(self) -> bool:
        """Whether a curve may be drawn."""
        return self.status in ("studied", "stretched")

    @property
    def open(self) -> tuple[str, ...]:
        """The covariates that are known between two bounds alone."""
        return tuple(name for name, (low, high) in self.covariates.items() if low != high)

    def spread(self, points: Floats) -> Covariates:
        """The covariates of virtual copies of the person: what is known as it is, what is open spread between its bounds.

        ``points`` (open covariates, people) lie between 0 and 1.
        """
        out: dict[str, Floats | float] = {name: low for name, (low, high) in self.covariates.items() if low == high}
        for row, name in zip(points, self.open, strict=True):
            low, high = self.covariates[name]
            out[name] = low + (high - low) * row
        return out

    def middle(self) -> dict[str, float]:
        """The person's covariates, the middle of its bounds for one that is not settled."""
        return {name: (low + high) / 2 for name, (low, high) in self.covariates.items()}


def standing(model: Model, facts: Facts, row: int, *, circumstances: Mapping[str, float] | None = None) -> Standing:
    """How a card stands to the person of a row.

    ``circumstances`` are covariates that no person carries about: ``fed``, ``sevoflurane``, ``temperature`` ...; one that is not
    given is taken as in the people studied, and that is remarked.
    """
    said = dict(circumstances or {})
    remarks: list[Remark] = []
    covariates: dict[str, Interval] = {}
    widened: dict[str, float] = {}
    bounds = {b.covariate: b for b in model.bounds}
    related = {r.on: r for r in model.relations}
    for name in dict.fromkeys((*bounds, *related)):
        bound, relation = bounds.get(name), related.get(name)
        interval, needs = _known(name, facts, row, said)
        if interval is None:
            remarks.append(Remark(kind="assumed", covariate=name, bounds=bound))
            continue
        kept, found = _placed(name, interval, needs, bound, relation)
        remarks += found
        if any(r.kind == "stretched" for r in found) and bound is not None:
            widened[name] = bound.widen_cv or 0.0
        if kept is not None and relation is not None:
            covariates[name] = kept
            moved = [
                of.band_cv
                for of in model.relations
                if of.on == name and of.band_cv and (multiplier(of, np.array(kept)) != 1).any()
            ]
            if moved:
                remarks.append(Remark(kind="derived", covariate=name, band_cv=max(moved)))
    remarks += [
        Remark(kind="disease", covariate=condition)
        for condition in model.conditions
        if facts.column(f"condition:{condition}").low.item(row) < 1
    ]
    if any(r.kind == "beyond" for r in remarks):
        remarks = [r for r in remarks if r.kind in ("beyond", "disease")]
    kinds = {r.kind for r in remarks}
    status = max((s for s in _GRAVITY if s == "studied" or s in kinds), key=_GRAVITY.index)
    return Standing(status=status, remarks=tuple(remarks), covariates=covariates, widened=widened)


def _known(name: str, facts: Facts, row: int, said: Mapping[str, float]) -> tuple[Interval | None, tuple[str, ...]]:
    """What is known of a covariate: between which bounds, and what would settle it; ``None`` for a circumstance that was not said."""
    if name in said:
        return (said[name], said[name]), ()
    if name not in PERSON_FACTS:
        return None, ()
    column = facts.column(name)
    return column.bounds(row), column.settled_by(row)


def _placed(
    name: str, interval: Interval, needs: tuple[str, ...], bound: Bounds | None, relation: Relation | None
) -> tuple[Interval | None, list[Remark]]:
    """The interval as far as the card may be computed in it, and what is to be remarked."""
    low, high = interval
    open_ended = math.isinf(low) and math.isinf(high)
    yes_or_no = PERSON_FACTS[name].truth if name in PERSON_FACTS else False
    if (yes_or_no and low != high) or (open_ended and relation is None):
        return None, [Remark(kind="assumed", covariate=name, bounds=bound, needs=needs)]
    if bound is not None and bound.unit == "years" and low >= COUNTED_IN_YEARS and math.isfinite(high):
        low, high = math.floor(low), math.floor(high)  # studies give the ages of their people in completed years
    if bound is not None and bound.unit.startswith("mL/min"):  # and their kidneys in whole mL/min
        low, high = (round(v) if math.isfinite(v) else v for v in (low, high))
    outer = (-math.inf, math.inf) if bound is None else bound.extrapolate_to
    if open_ended or (bound is None and math.isinf(high - low)):
        return None, [Remark(kind="unknown", covariate=name, bounds=bound, needs=needs)]
    if high < outer[0] or low > outer[1]:
        return None, [Remark(kind="beyond", covariate=name, low=_finite(low), high=_finite(high), bounds=bound)]
    if low != high and bound is not None:
        outer = (
            outer[0],
            max(bound.studied[1], low),
        )  # what is open is not spread past anybody studied: its top may be the error itself
    kept = max(low, outer[0]), min(high, outer[1])
    exact = max(interval[0], outer[0]), min(interval[1], outer[1])
    found = []
    if low != high:
        found.append(
            Remark(kind="bounded", covariate=name, low=_finite(low), high=_finite(high), bounds=bound, needs=needs)
        )
    if bound is not None and (kept[0] < bound.studied[0] or kept[1] > bound.studied[1]):
        found.append(Remark(kind="stretched", covariate=name, low=kept[0], high=kept[1], bounds=bound))
    return exact, found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
