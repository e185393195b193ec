"""The shape of knowledge: every clinical value and sentence, with where it comes from.

The YAML under ``knowledge/`` (and in any overlay pack) is decoded into these frozen types. An unknown key is an error,
so a misspelt field cannot vanish. Every clinical value names a ``source`` (an id under ``sources/``) and the ``place`` in
that source. ``jurisdiction`` lists the countries' labels it holds for (``US``, ``UK``, ``EU``); empty means everywhere.
``verified: false`` marks what nobody has seen in the source itself: it is shown as such and may not drive DANGER or CHANGE.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

Tier = Literal["DANGER", "CHANGE", "WATCH", "NOTE"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""The gravest first."""
Evidence = Literal["label", "guideline", "trial", "study", "case", "theory", "local"]
Situation = Literal["starting", "taking", "stopping", "stopped"]
Spoken = Literal[
    "starting", "taking", "stopping", "stopped", "adding"
]  # adding: the agent is taken, the partner weighed
Jurisdiction = Literal["US", "UK", "EU"]
Suitability = Literal["licensed", "supported", "off label", "not established", "not recommended", "harmful"]
SUITABILITIES: tuple[Suitability, ...] = get_args(Suitability)
"""The best supported first."""
Outcome = Literal["fires", "silent", "could not check"]
EVERY_AGENT = "every agent"
"""What stands for all agents where a rule or a change names them."""


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Frozen, keyword-only, and strict about keys. Knowledge holds no cycles, so the garbage collector need not walk it."""


class Source(Frozen, frozen=True, kw_only=True, gc=False):
    """Something a person can open and check. ``date`` is its own; where it carries none, ``seen_on`` is the day it was read."""

    id: str
    title: str
    kind: Literal[
        "label", "guideline", "study", "trial", "review", "case report", "reference data", "standard", "policy"
    ]
    publisher: str | None = None
    date: str | None = None
    url: str | None = None
    doi: str | None = None
    jurisdiction: tuple[Jurisdiction, ...] = ()
    seen: Literal["text", "mirror", "abstract", "excerpt", "not seen"] = "text"
    seen_on: str | None = None
    note: str | None = None

    @property
    def address(self) -> str | None:
        """Where it can be opened: its own address, or by its doi."""
        return self.url or (f"https://doi.org/{self.doi}" if self.doi else None)


class Cited(Frozen, frozen=True, kw_only=True, gc=False):
    """What every cited thing carries."""

    source: str
    place: str
    jurisdiction: tuple[Jurisdiction, ...] = ()
    verified: bool = True
    note: str | None = None


class SourceRef(Frozen, frozen=True, kw_only=True, gc=False):
    """A pointer from a rule to the place in a source; ``says`` states in our words what that place holds."""

    source: str
    place: str
    says: str | None = None


# ---------------------------------------------------------------- agents


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
    names: dict[str, str] = {}
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


# ---------------------------------------------------------------- partners, exposures, conditions, labs, allergens


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


class Condition(Frozen, frozen=True, kw_only=True, gc=False):
    """A condition that some rule or fact acts on.

    Three kinds of words count for whoever has a medicine running or weighed into the spinal fluid, or a pump for one: ``pump_names`` are then
    names of it too; ``pump_words``, inside something that is not understood, put it in question, unless one of ``not_pump_words`` (another device,
    or the pump as such) stands there as well.

    A name of a condition with ``levels`` may carry a level of the cord (“SCI T10”): it then names as well the condition that reaches least far below
    that level, by ``down_to`` (``T6``).

    An ``event`` happens on a day: a procedure of this name counts as it. It lies as many days back as its day is, below nought where it is still to
    come, and nought days where no day was said. Words of ``beside``, and a date, may stand beside its names.

    ``lasts_days`` is how long a registry's note of something acute counts, which has no end there; without it a note counts for good. A patient
    file says itself what is over. ``lasts_reason`` says why so long; it is our choice. What happens ``again`` is in a registry since its newest note;
    anything else is since its first. ``past`` are those of its ICD-10-CM codes that are of something that was: they make nothing newer.
    """

    condition: str
    title: str
    names: tuple[str, ...]
    levels: bool = False
    down_to: str | None = None
    event: bool = False
    beside: tuple[str, ...] = ()
    pump_names: tuple[str, ...] = ()
    pump_words: tuple[str, ...] = ()
    not_pump_words: tuple[str, ...] = ()
    icd10cm: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    lasts_days: float | None = None
    lasts_reason: str | None = None
    again: bool = False
    past: tuple[str, ...] = ()
    source: str | None = None
    place: str | None = None


class Combination(Frozen, frozen=True, kw_only=True, gc=False):
    """Medicines given together for a condition: what is known of benefit and of harm, often nothing.

    ``agents`` are relaxants, ``partners`` ingredients and ``roles`` partner roles beside them. It speaks of whoever takes all of
    the agents, all of the partners and a medicine of each role. ``evidence`` is ``None`` where nobody has studied them together.
    """

    combination: str
    condition: str
    agents: tuple[str, ...]
    partners: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    used_for: str
    benefit: str
    harm: str
    evidence: Evidence | None = None
    verified: bool = True
    sources: tuple[SourceRef, ...]


Verdict = Literal[
    "contradicted",
    "supported",
    "depends on the country",
    "term has two meanings",
    "important omission",
    "cannot judge",
]


class Claim(Frozen, frozen=True, kw_only=True, gc=False):
    """A statement that articles make, and what is known of it.

    ``about`` names agents (every name and brand of them counts) or plain phrases; one of them must stand in the sentence, or be what
    the sentence's pronoun means. Every group of ``says`` must be met by one of its phrases; a phrase is whole words in order, ``*`` ends
    a word openly, ``...`` lets up to six words pass. A phrase of ``unless`` anywhere in the text takes an ``important omission`` back,
    anywhere in the sentence any other verdict. ``affirmed`` is the verdict on the statement, ``denied`` on its negation; ``holds`` says what is so.
    """

    claim: str
    about: tuple[str, ...]
    says: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...] = ()
    affirmed: Verdict
    denied: Verdict = "cannot judge"
    holds: str
    verified: bool = True
    sources: tuple[SourceRef, ...]


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
    silent: dict[Question, str] = {}


class Lab(Frozen, frozen=True, kw_only=True, gc=False):
    """A laboratory value, vital sign or measure: its names, unit, physical bounds and how long it stays true."""

    lab: str
    title: str
    names: tuple[str, ...]
    loinc: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    unit: str
    molar_mass: float | None = None
    equivalents: float | None = None
    unit_required: bool = True
    plausible_low: float
    plausible_high: float
    upper_normal: float | None = None
    upper_normal_female: float | None = None
    lower_normal: float | None = None
    valid_days: float
    valid_reason: str
    source: str
    place: str
    verified: bool = True


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


class Policy(Frozen, frozen=True, kw_only=True, gc=False):
    """A number that is our choice and not a fact of nature, with its reason."""

    policy: str
    value: float
    unit: str
    reason: str
    source: str
    place: str


# ---------------------------------------------------------------- rules


class Partner(Frozen, frozen=True, kw_only=True, gc=False):
    """With what: any current member of ``roles`` or any of ``ingredients``, except ``but_not``. The agent itself never counts."""

    roles: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()


class Modifier(Frozen, frozen=True, kw_only=True, gc=False):
    """What about this person changes the tier or the advice. The first whose ``when`` holds is applied."""

    when: dict[str, Any]
    why: str
    tier: Tier | None = None
    summary: str | dict[Spoken, str] | None = None
    action: str | dict[Spoken, str] | None = None
    consequence: str | None = None


class Case(Frozen, frozen=True, kw_only=True, gc=False):
    """One patient file and what the rule must say of it."""

    name: str
    patient: dict[str, Any]
    expect: Outcome
    agent: str | None = None
    tier: Tier | None = None


class Rule(Frozen, frozen=True, kw_only=True, gc=False):
    """For whom, with what, when, and what follows: HL7's minimum information for a drug interaction, as data."""

    rule: str
    title: str
    agents: tuple[str, ...]
    partner: Partner | None = None
    on: tuple[Situation, ...] = ("starting", "taking")
    jurisdiction: tuple[Jurisdiction, ...] = ()
    when: dict[str, Any] | None = None
    tier: Tier
    cause: str
    summary: str | dict[Spoken, str]
    consequence: str
    mechanism: str
    action: str | dict[Spoken, str]
    alternatives: tuple[str, ...] = ()
    evidence: Evidence
    frequency: str | None = None
    verified: bool = True
    modifiers: tuple[Modifier, ...] = ()
    sources: tuple[SourceRef, ...]
    cases: tuple[Case, ...]
