"""A relaxant as labels describe it: products, uses, doses, limits, what is to be watched, and which questions were looked up."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from relaxant.knowledge.schema import Cited, Evidence, Frozen, Jurisdiction, Tier

Suitability = Literal["licensed", "supported", "off label", "not established", "not recommended", "harmful"]
SUITABILITIES: tuple[Suitability, ...] = get_args(Suitability)
"""The best supported first."""
EVERY_AGENT = "every agent"
"""What stands for all agents where a rule or a change names them."""


class Product(Cited, frozen=True, kw_only=True, gc=False):
    """A form and its strengths as sold in a jurisdiction. ``countries`` are those of the EU in which the source says it is sold, by their
    codes; empty where it speaks for the whole jurisdiction or names none. ``drops`` is how many drops of its dropper are ``per`` one mL: such a
    product is counted in drops."""

    form: str
    strengths: tuple[float, ...]
    unit: str
    per: str = "piece"
    drops: float | None = None
    scored: bool | None = None
    release: Literal["immediate", "modified", "delayed"] = "immediate"
    countries: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    excipients: tuple[str, ...] = ()


class Indication(Cited, frozen=True, kw_only=True, gc=False):
    """What the agent is for, or is not; ``condition`` is an id of ``conditions.yaml``.

    ``licensed``: a label of the jurisdiction names it. ``supported``: off label, and a guideline or a trial of good quality
    favours it. ``off label``: used, on weaker evidence. ``not established``: studied or tried without an answer. ``not
    recommended``: a label or guideline advises against it, or says that it does not work. ``harmful``: it does harm there.
    ``evidence`` says what the status rests on. ``age_from`` (inclusive) and ``age_to`` (exclusive) are in years.
    ``countries`` (``DE``): whose labels alone say so, where those of a jurisdiction differ.
    """

    condition: str
    status: Suitability
    age_from: float = 0
    age_to: float = 200
    countries: tuple[str, ...] = ()
    text: str
    evidence: Evidence = "label"


class Dosing(Cited, frozen=True, kw_only=True, gc=False):
    """How a group of people starts, steps and where it ends. Amounts are in ``unit`` a dose unless ``unit`` says otherwise.
    With ``conditions`` it is for these alone."""

    who: str
    conditions: tuple[str, ...] = ()
    age_from: float | None = None
    age_to: float | None = None
    unit: str
    start: float | None = None
    start_every: str | None = None
    step: float | None = None
    step_every_days: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    maximum_daily: float | None = None
    text: str


class Limit(Cited, frozen=True, kw_only=True, gc=False):
    """A ceiling. ``daily`` in unit a day, ``single`` in unit a dose, ``course`` in days, ``doses_daily`` in doses a day,
    ``daily_per_kg`` in unit per kg a day, ``single_per_kg`` in unit per kg a dose. ``age_from`` (inclusive) and ``age_to`` (exclusive) are in years.

    ``least_age`` is a floor: below it no dose is known or, with the tier WATCH, doses are known but not licensed. ``routes`` are
    those that the limit is for; none: every route of the agent. A limit without a jurisdiction holds wherever no local one of its
    kind and routes covers some of its ages."""

    kind: Literal["single", "single_per_kg", "daily", "daily_per_kg", "course", "doses_daily", "least_age"]
    value: float
    unit: str
    age_from: float = 0
    age_to: float = 200
    routes: tuple[str, ...] = ()
    tier: Tier = "CHANGE"


class Statement(Cited, frozen=True, kw_only=True, gc=False):
    """A labelled fact in our words that is true whoever the person is (what depends on the person is a rule)."""

    topic: Literal[
        "mechanism",
        "contraindication",
        "boxed warning",
        "warning",
        "renal",
        "hepatic",
        "elderly",
        "paediatric",
        "pregnancy",
        "lactation",
        "withdrawal",
        "overdose",
        "formulation",
        "food",
        "driving",
        "administration",
        "pharmacokinetics",
        "pharmacogenomics",
        "scheduling",
        "interaction",
        "effect",
    ]
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None


class Monitoring(Cited, frozen=True, kw_only=True, gc=False):
    """What to check and when. ``at`` in words; ``act`` what to do at which result."""

    what: str
    at: str
    act: str


class AdverseReaction(Cited, frozen=True, kw_only=True, gc=False):
    """A rate against placebo as published, in percent."""

    name: str
    percent_low: float
    percent_high: float
    placebo_percent: float | None = None


class ListedReactions(Cited, frozen=True, kw_only=True, gc=False):
    """Adverse reactions that a text names without a rate. ``whole``: its list was read to the end, so what neither this nor a rate names it does
    not list. ``text`` says what else was found of them, where it is no rate."""

    names: tuple[str, ...]
    whole: bool = False
    text: str | None = None


class Agent(Frozen, frozen=True, kw_only=True, gc=False):
    """A muscle relaxant with its route family.

    ``drug_class`` is what it is by mechanism, in a few words. ``elsewhere`` lists routes by which the ingredient is sold for
    something else (glycopyrronium inhaled): by these it is a partner and not this agent, and no wrong route either.
    """

    agent: str
    ingredient: str
    drug_class: str
    routes: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    default_route: bool = False
    names: dict[str, str] = msgspec.field(default_factory=dict)
    rxcui: str | None = None
    atc: tuple[str, ...] = ()
    family: Literal[
        "centrally acting", "peripherally acting", "antispasmodic", "neuromuscular blocker", "reversal", "adjunct"
    ]
    dose_unit: Literal["mg", "micrograms", "units", "sprays"]
    products: tuple[Product, ...] = ()
    indications: tuple[Indication, ...] = ()
    dosing: tuple[Dosing, ...] = ()
    limits: tuple[Limit, ...] = ()
    statements: tuple[Statement, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()
    adverse_reactions: tuple[AdverseReaction, ...] = ()
    listed_reactions: tuple[ListedReactions, ...] = ()


Question = Literal[
    "products",
    "indications",
    "dosing",
    "mechanism",
    "contraindication",
    "boxed warning",
    "warning",
    "renal",
    "hepatic",
    "elderly",
    "paediatric",
    "pregnancy",
    "lactation",
    "withdrawal",
    "overdose",
    "single maximum",
    "daily maximum",
    "course maximum",
    "monitoring",
    "adverse reactions",
    "interaction",
    "pharmacokinetics",
    "pharmacogenomics",
    "scheduling",
    "food",
    "formulation",
    "driving",
    "effect",
]
"""What a reader asks of every agent."""


class Coverage(Frozen, frozen=True, kw_only=True, gc=False):
    """What was looked up for an agent under one jurisdiction's labels, and when.

    ``silent`` names the questions without an answer, each with the reason: the label says nothing, it does not apply, it was not
    found. A question that is neither answered by the agent's values nor here is a fault. ``not_sold`` says why there is no label.
    """

    agent: str
    jurisdiction: Jurisdiction
    verified_on: str
    not_sold: str | None = None
    silent: dict[Question, str] = msgspec.field(default_factory=dict)
