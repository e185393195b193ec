"""The shape of a model card: one published model of concentration or effect, as data.

A card is a network of compartments with flows between them, the parameters of those flows with their spread between people,
what each parameter depends on, whom it was measured in and how far it may be stretched, and the published numbers that it
must reproduce. The same shape serves a one-compartment tablet and rocuronium bound by sugammadex; a user's own card goes
through the same reader and the same checks.

Amounts are in the card's ``amount`` unit, time in its ``time`` unit, volumes in litres; each parameter says its own unit and
is converted. ``verified: false`` marks a number that nobody has seen in the source itself.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from relaxant.knowledge.schema import Cited, Frozen, SourceRef


class Parameter(Cited, frozen=True, kw_only=True, gc=False):
    """A typical value with its unit, its uncertainty and its spread.

    ``low`` and ``high`` are the published 95% confidence interval. The spread between people is lognormal: ``iiv_cv`` is a
    coefficient of variation (the standard deviation of the logarithm is sqrt(ln(1 + CV squared))), ``iiv_sd`` that standard
    deviation itself, as the source gives it. ``iov_cv`` is the spread between occasions. ``fixed`` marks a value that the
    source did not estimate.
    """

    parameter: str
    value: float
    unit: str
    description: str
    low: float | None = None
    high: float | None = None
    iiv_cv: float | None = None
    iiv_sd: float | None = None
    iov_cv: float | None = None
    fixed: bool = False
    derived: str | None = None  # how the value was computed from published ones, where it was


class Correlation(Cited, frozen=True, kw_only=True, gc=False):
    """The correlation of two parameters' logarithms between people."""

    between: tuple[str, str]
    value: float
    derived: str | None = None


Form = Literal[
    "power",
    "linear",
    "exponential",
    "factor",
    "hyperbolic",
    "decline",
    "affine",
    "maturation",
    "category",
    "above",
    "below",
]


class Relation(Cited, frozen=True, kw_only=True, gc=False):
    """What multiplies a parameter, from one covariate x; ``least`` and ``most`` clamp x first.

    ============  =====================================================
    power         (x / reference) ** coefficient
    linear        1 + coefficient * (x - reference)
    exponential   exp(coefficient * (x - reference))
    factor        coefficient where x is true, else 1
    hyperbolic    (2 x / (x + reference)) ** coefficient
    decline       1 / (1 + x / reference)
    affine        intercept + coefficient * x
    maturation    x ** coefficient / (reference ** coefficient + x ** coefficient)
    category      by name: ``levels`` gives the factor of each; a name that is not there is unknown
    above         coefficient where x >= reference, else 1
    below         coefficient where x < reference, else 1
    ============  =====================================================

    ``band_cv`` is the extra spread of a relation that is itself uncertain.
    """

    parameter: str
    on: str
    form: Form
    unit: str = ""
    coefficient: float = 1.0
    reference: float | None = None
    intercept: float | None = None
    least: float | None = None
    most: float | None = None
    levels: dict[str, float] = msgspec.field(default_factory=dict)
    band_cv: float | None = None
    derived: str | None = None


class Bounds(Cited, frozen=True, kw_only=True, gc=False):
    """How far a covariate was studied and how far the card may be stretched, with the reason.

    Inside ``studied`` the curve stands; between the two it stands with ``widen_cv`` more spread and a banner; beyond it a
    sentence stands in its place. For a yes/no covariate the bounds are 0 and 1.
    """

    covariate: str
    unit: str = ""
    studied: tuple[float, float]
    extrapolate_to: tuple[float, float]
    reason: str
    widen_cv: float | None = None


class Compartment(Frozen, frozen=True, kw_only=True, gc=False):
    """A place that holds drug. ``volume`` names the parameter that turns its amount into a concentration.

    ``effect_of`` names a compartment that drives this one without giving it any drug (an effect site with ``rate``). Such a site
    may lose drug to another compartment's: ``removal`` (1/concentration/time) times the concentration in ``removed_by``.
    """

    compartment: str
    volume: str | None = None
    effect_of: str | None = None
    rate: str | None = None
    removed_by: str | None = None
    removal: str | None = None


class Flow(Frozen, frozen=True, kw_only=True, gc=False):
    """A first-order flow: by ``rate`` (1/time) or by ``clearance`` (volume/time, over the giver's volume).

    ``to`` is a compartment or absent for out of the body. ``both_ways`` makes it an exchange by one clearance. ``ratio`` is what
    arrives of what leaves (the ratio of molar masses of a metabolite and its parent). ``stages`` puts that many transit
    compartments of the same ``rate`` between. ``fraction`` names a parameter that is the share of the flow taking this way; one
    minus it with ``other_fraction``. ``during`` names a circumstance (``haemodialysis``): the flow runs only then. ``saturable``
    names the concentration (parameter) at which the flow is half its largest: Michaelis-Menten.
    """

    giver: str
    to: str | None = None
    rate: str | None = None
    clearance: str | None = None
    both_ways: bool = False
    ratio: float = 1.0
    stages: int = 0
    fraction: str | None = None
    other_fraction: str | None = None
    during: str | None = None
    saturable: str | None = None


class Binding(Frozen, frozen=True, kw_only=True, gc=False):
    """Two compartments' drugs bind into a third's, one to one, in amounts of substance.

    ``off`` (1/time) times the complex comes apart; the two concentrations times ``on`` (1/concentration/time) and the volume of ``other``
    come together. ``dissociation`` (a concentration) may stand in place of ``on``, which then is ``off`` over it.
    """

    one: str
    other: str
    complex: str
    off: str
    on: str | None = None
    dissociation: str | None = None


class Input(Frozen, frozen=True, kw_only=True, gc=False):
    """How a route (and product) enters: into which compartment, with bioavailability, lag and, for a zero-order input, duration.

    ``route`` is a regimen's route; ``form``, ``release`` and ``fed`` narrow it, and the input that fits in most of them is taken;
    ``drug`` tells the doses of two drugs apart, ``molar_mass`` (g/mol, as dosed) stands before the card's.
    """

    route: str
    into: str
    drug: str | None = None
    form: str | None = None
    release: str | None = None
    fed: bool | None = None
    bioavailability: str | None = None
    lag: str | None = None
    duration: str | None = None
    molar_mass: float | None = None


class Tolerance(Frozen, frozen=True, kw_only=True, gc=False):
    """How an effect wears off while the drug stays. All name parameters; ``rate`` (1/time) is how fast it comes and goes.

    noncompetitive  the drug's effect is divided by 1 + m / half_at
    competitive     the effect's ``half_at`` is multiplied by it
    feedback        of a turnover: its making is multiplied by (baseline / m) ** gain (``gain`` 1 where none is named)

    The moderator m follows the driving concentration, m' = rate * (c - m), from 0; in feedback it follows the response,
    m' = rate * (response - m), from ``baseline``. ``half_at`` of the tolerance is the moderator's level that halves the effect.
    """

    form: Literal["noncompetitive", "competitive", "feedback"]
    rate: str
    half_at: str | None = None
    gain: str | None = None


class Effect(Cited, frozen=True, kw_only=True, gc=False):
    """What a concentration c does: ``baseline`` (0 where none is named) and what the drug adds to it or takes from it.

    linear          baseline + slope * c
    emax            baseline + largest * c / (half_at + c)
    sigmoid         the same with c ** hill
    inhibition      baseline * (1 - largest * c ** hill / (half_at ** hill + c ** hill))
    turnover        an indirect response: made at the rate baseline * loss and lost at ``loss`` times what is there, with one of the
                    two inhibited, 1 - e, or stimulated, 1 + e, as ``acts`` says; e is largest * c ** hill / (half_at ** hill + c ** hill)
                    or slope * c (stimulation only). It starts at ``baseline``.

    Slope, half_at, largest, hill, loss and baseline name parameters. ``tolerance`` says how the drug's part wears off.
    """

    effect: str
    unit: str
    of: str  # the compartment whose concentration drives it
    form: Literal["linear", "emax", "sigmoid", "inhibition", "turnover"]
    half_at: str | None = None
    slope: str | None = None
    baseline: str | None = None
    largest: str | None = None
    hill: str | None = None
    loss: str | None = None
    acts: Literal["inhibits production", "inhibits loss", "stimulates production", "stimulates loss"] | None = None
    tolerance: Tolerance | None = None
    description: str


class Residual(Cited, frozen=True, kw_only=True, gc=False):
    """What an observation differs by: ``proportional`` (a share) and ``additive`` (in the output's unit)."""

    output: str
    proportional: float | None = None
    additive: float | None = None
    unit: str = ""


class Output(Frozen, frozen=True, kw_only=True, gc=False):
    """What is measured: the concentration in a compartment (or its amount), in a unit of the field. ``bound`` are compartments
    whose amount is measured with it: drug in a complex."""

    output: str
    of: str
    bound: tuple[str, ...] = ()
    unit: str
    title: str


class Target(Cited, frozen=True, kw_only=True, gc=False):
    """A range or ceiling that somebody published for an output. ``kind`` says what it bounds."""

    target: str
    output: str
    measure: Literal["average", "peak", "trough", "auc", "any"]
    low: float | None = None
    high: float | None = None
    unit: str
    kind: Literal["therapeutic", "toxic", "effect"]
    text: str


class Given(Frozen, frozen=True, kw_only=True, gc=False):
    """A further dose of a published course."""

    dose: float
    dose_unit: str = "mg"
    dose_per_kg: bool = False
    route: str
    drug: str | None = None
    at: float


class Published(Cited, frozen=True, kw_only=True, gc=False):
    """A published number that the card is held to: within 0.80 to 1.25 of it (docs/decisions/0011).

    Where the source gives only a range, ``between`` is that range and stands in place of it. ``tolerance`` (a share) is for numbers that the
    card was made from and for our own solutions; an independent number has none of its own. ``misses`` says why a number that the card
    does not reproduce is kept: it stays on the page as not reproduced.

    ``doses``: amounts in ``unit_of_dose`` at ``times`` (the card's time unit), or ``every`` so long ``count`` times; ``infused_over``
    makes them infusions; ``also`` are further doses. ``covariates`` are the person's, as text (``true``, ``70``, ``poor``). ``during``
    names a circumstance that lasts the whole course. ``measure`` is taken of ``output`` over ``window`` (all by default);
    ``accumulation`` is the ratio of the peak of the last dose to that of the first.
    """

    title: str
    output: str
    measure: Literal["peak", "time of peak", "auc", "auc to infinity", "half-life", "average", "trough", "at", "time below", "clearance", "volume", "accumulation"]  # fmt: skip
    value: float
    unit: str
    tolerance: float | None = None
    between: tuple[float, float] | None = None
    misses: str | None = None
    dose: float | None = None
    dose_unit: str = "mg"
    dose_per_kg: bool = False
    route: str = "oral"
    form: str | None = None
    fed: bool | None = None
    drug: str | None = None
    every: float | None = None
    count: int = 1
    infused_over: float | None = None
    at: float | None = None
    level: float | None = None
    window: tuple[float, float] | None = None
    covariates: dict[str, str] = msgspec.field(default_factory=dict)
    also: tuple[Given, ...] = ()
    during: str | None = None
    release: str | None = None
    independent: bool = True  # whether the number was not itself used to make the card
    ours: bool = False  # published by nobody: our own solution of the same equations, kept so that it comes out again


class Model(Frozen, frozen=True, kw_only=True, gc=False):
    """One card. ``ingredient`` is whose concentration it describes; ``agents`` whose review may show it.

    ``rank`` orders the eligible cards of an agent, the best first. ``moiety`` says what one unit of amount is (a salt or the base).
    """

    model: str
    title: str
    agents: tuple[str, ...]
    ingredient: str
    moiety: str
    rank: int = 1
    time: Literal["h", "min"] = "h"
    amount: Literal["mg", "ug", "umol"] = "mg"
    molar_mass: float | None = None
    people: str  # whom it was measured in, in words, with their number
    conditions: tuple[str, ...] = ()  # what they had: a difference of disease alone is a banner
    compartments: tuple[Compartment, ...]
    inputs: tuple[Input, ...]
    flows: tuple[Flow, ...]
    bindings: tuple[Binding, ...] = ()
    outputs: tuple[Output, ...]
    effects: tuple[Effect, ...] = ()
    parameters: tuple[Parameter, ...]
    correlations: tuple[Correlation, ...] = ()
    relations: tuple[Relation, ...] = ()
    bounds: tuple[Bounds, ...] = ()
    residuals: tuple[Residual, ...] = ()
    targets: tuple[Target, ...] = ()
    reproduces: tuple[Published, ...]
    limits: tuple[str, ...] = ()  # what the card does not know, in words for the page
    history: tuple[str, ...] = ()
    sources: tuple[SourceRef, ...]
