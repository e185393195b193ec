"""The shape of what is known of the ways by which relaxants are cleared, and of what moves those ways.

A measured change of a relaxant's exposure is an :class:`~relaxant.knowledge.partners.Exposure`. Where none was measured, a
change is estimated by the contribution-ratio method: how much of a clearance an enzyme carries (:class:`Contribution`), and what
the partner leaves of that enzyme, learned from other drugs that the same enzyme clears (:class:`ProbeRatio`).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from relaxant.knowledge.schema import Cited, Frozen

Mechanism = Literal["reversible", "mechanism-based", "induction"]


class Enzyme(Cited, frozen=True, kw_only=True, gc=False):
    """An enzyme (or the kidney's transport), how fast it is renewed, and the partner roles that act on it.

    ``half_life`` is that of the enzyme itself in hours, ``low`` and ``high`` bound it; none where it has no turnover that matters.
    """

    enzyme: str
    half_life: float | None = None
    low: float | None = None
    high: float | None = None
    inhibitors: tuple[str, ...] = ()
    inducers: tuple[str, ...] = ()


class Contribution(Cited, frozen=True, kw_only=True, gc=False):
    """The share of a clearance that an enzyme carries.

    ``parameter`` names the clearance on the drug's cards; for a probe drug, which has no card, it is left out and the share is of the
    oral clearance. ``low`` and ``high`` bound the share with 90%. No share: the enzyme is known to take part, and nobody has said how much.
    """

    ingredient: str
    enzyme: str
    parameter: str | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None
    derived: str | None = None


class Availability(Cited, frozen=True, kw_only=True, gc=False):
    """The share of an oral dose that reaches the circulation; what is lost on the way is taken to be lost to the same enzymes."""

    ingredient: str
    value: float
    low: float
    high: float


class ProbeRatio(Cited, frozen=True, kw_only=True, gc=False):
    """A published change of a probe drug's exposure by a partner: ratio of AUC with to without.

    ``daily_mg`` is the partner's dose a day, ``days`` how long it had been taken.
    """

    partner: str
    victim: str
    auc_ratio: float
    daily_mg: float | None = None
    days: float | None = None


class Precipitant(Cited, frozen=True, kw_only=True, gc=False):
    """How a partner acts on enzymes and how long it stays: ``half_life`` in hours, a mechanism for each enzyme."""

    ingredient: str
    half_life: float | None = None
    mechanisms: dict[str, Mechanism] = msgspec.field(default_factory=dict)


class Allele(Cited, frozen=True, kw_only=True, gc=False):
    """What an allele of a gene does."""

    gene: str
    allele: str
    function: Literal["none", "decreased", "normal", "increased"]


class Phenotype(Cited, frozen=True, kw_only=True, gc=False):
    """A metaboliser status: the pairs of allele functions that make it, and the enzyme's activity (1 is normal) where somebody gave it.

    Where a gene's variants are too many to list, ``words`` are what reports write for a status, and the one with ``otherwise`` is meant by
    every other text but those of ``unsettled``, which say that there is no result.
    """

    gene: str
    phenotype: str
    functions: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    otherwise: bool = False
    unsettled: tuple[str, ...] = ()
    activity: float | None = None
    low: float | None = None
    high: float | None = None


class Pathways(Frozen, frozen=True, kw_only=True, gc=False):
    """All of it, as one file of a pack may hold it."""

    enzymes: tuple[Enzyme, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    availabilities: tuple[Availability, ...] = ()
    probe_ratios: tuple[ProbeRatio, ...] = ()
    precipitants: tuple[Precipitant, ...] = ()
    alleles: tuple[Allele, ...] = ()
    phenotypes: tuple[Phenotype, ...] = ()


KEYS: dict[str, tuple[str, ...]] = {
    "enzymes": ("enzyme",),
    "contributions": ("ingredient", "enzyme", "parameter"),
    "availabilities": ("ingredient",),
    "probe_ratios": ("partner", "victim", "source", "place", "daily_mg", "days", "auc_ratio"),
    "precipitants": ("ingredient",),
    "alleles": ("gene", "allele"),
    "phenotypes": ("gene", "phenotype"),
}
"""What tells two entries of a list apart: an overlay pack's entry with the same key stands in place of the earlier one."""


def laid_over(layers: list[Pathways]) -> Pathways:
    """Several packs' pathways as one, a later entry in place of an earlier one with the same key."""
    kept: dict[str, dict[tuple[object, ...], object]] = {name: {} for name in KEYS}
    for layer in layers:
        for name, key in KEYS.items():
            for entry in getattr(layer, name):
                kept[name][tuple(getattr(entry, field) for field in key)] = entry
    return Pathways(**{name: tuple(entries.values()) for name, entries in kept.items()})  # type: ignore[arg-type]
