"""Who counts as a partner of a relaxant: roles, allergens, and measured changes of exposure."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.schema import Cited, Frozen


class Member(Cited, frozen=True, kw_only=True, gc=False):
    """Ingredients of a role, with the same source. ``points`` is a burden score, ``factor`` a conversion (MME per unit)."""

    ingredients: tuple[str, ...]
    points: float | None = None
    factor: float | None = None
    factor_unit: str | None = None
    routes: tuple[str, ...] = ()
    lasts_days: float | None = None


class Ending(Cited, frozen=True, kw_only=True, gc=False):
    """What is to be said where a medicine of a role is stopped and no taper of it is known here."""

    text: str


class Role(Frozen, frozen=True, kw_only=True, gc=False):
    """What a partner medicine does that matters to a relaxant.

    ``ending`` is for those that must not end at once. ``routes`` lists the routes that count (empty: all systemic routes; a route that was not said counts).
    ``includes`` names roles whose members belong here too. ``lasts_days`` keeps a stopped medicine in the role that long. ``but_not`` are
    ingredients that a member's name begins, or that begin a member's name, and that are not meant: the linter asks for every other one.
    """

    role: str
    title: str
    plural: str
    routes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    lasts_days: float = 0
    ending: Ending | None = None


class Exposure(Cited, frozen=True, kw_only=True, gc=False):
    """A measured change of an agent's exposure: ratio of AUC (and Cmax, half-life) with to without.

    ``kind`` says by what; ``partner`` is the other medicine's ingredient or, for the other kinds, ``tobacco smoke``, a gene and phenotype
    (``CYP2C19 poor``), ``food`` or a form. ``auc_low`` and ``auc_high`` bound the ratio as ``interval`` says: a confidence interval or
    the least and greatest of the ``n`` people. ``daily_mg`` is the partner's dose a day; ``through`` names the enzymes it acts by, where
    that is known. ``route`` is that of the agent in the study. ``metabolite`` is the ratio of the active metabolite's AUC.
    """

    agent: str
    partner: str
    kind: Literal["interaction", "smoking", "genotype", "food", "formulation"] = "interaction"
    auc_ratio: float
    auc_low: float | None = None
    auc_high: float | None = None
    interval: Literal["90%", "95%", "range"] | None = None
    cmax_ratio: float | None = None
    half_life_ratio: float | None = None
    metabolite: float | None = None
    n: int | None = None
    regimen: str | None = None
    daily_mg: float | None = None
    route: Literal["oral", "intravenous"] = "oral"
    form: str | None = None
    through: tuple[str, ...] = ()


class Allergen(Frozen, frozen=True, kw_only=True, gc=False):
    """A substance or class a person can be allergic to; ``cross`` are allergens with shared sensitivity."""

    allergen: str
    names: tuple[str, ...]
    ingredients: tuple[str, ...] = ()
    excipients: tuple[str, ...] = ()
    cross: tuple[str, ...] = ()
    source: str
    place: str
    verified: bool = True
