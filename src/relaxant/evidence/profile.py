"""One relaxant under the labels of a country, in the parts that are laid beside those of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

import msgspec

from relaxant.evidence.origin import KINDS, Origin, origin
from relaxant.evidence.pieces import fewest, steps_told
from relaxant.evidence.reactions import Listed, Reaction, listed, reactions
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.suitability import indications
from relaxant.facts.value_words import value_text
from relaxant.knowledge.agents import SUITABILITIES, Agent, Suitability
from relaxant.knowledge.cards import Model, Published
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import TIERS, Jurisdiction, Tier
from relaxant.knowledge.schema import Cited as Known
from relaxant.patient import Patient
from relaxant.planning.option import UsualDose
from relaxant.planning.plan import Plan, Product, Told
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.planning.useful import usual_dose
from relaxant.quantities import plain_number
from relaxant.rules.reasons import Cited, cited

Part = Literal[
    "mechanism",
    "boxed warning",
    "contraindication",
    "dosing",
    "daily maximum",
    "single maximum",
    "course maximum",
    "products",
    "half-life",
    "clearance",
    "pharmacokinetics",
    "pharmacogenomics",
    "renal",
    "hepatic",
    "elderly",
    "paediatric",
    "pregnancy",
    "lactation",
    "driving",
    "monitoring",
    "withdrawal",
    "taper",
    "scheduling",
]
_STATED = (
    "mechanism", "boxed warning", "contraindication", "pharmacokinetics", "pharmacogenomics", "renal", "hepatic", "elderly", "paediatric",
    "pregnancy", "lactation", "driving", "withdrawal", "scheduling",
)  # fmt: skip
_LIMITS: dict[str, tuple[str, ...]] = {
    "daily maximum": ("daily", "daily_per_kg", "doses_daily"),
    "single maximum": ("single", "single_per_kg"),
    "course maximum": ("course",),
}
_HALF_LIFE = "half-life"
_TRUE = "true"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A value in words with its source. ``jurisdictions``: the labels that it holds under alone (none: everywhere). ``adults``: false where it is
    for other ages alone."""

    text: str
    jurisdictions: tuple[Jurisdiction, ...]
    adults: bool = True
    verified: bool
    note: str | None = None
    source: Cited


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one part, in the order in which the knowledge holds it."""

    part: Part
    said: tuple[Said, ...]


class ForWhat(msgspec.Struct, frozen=True, kw_only=True):
    """A condition and what the agent is to it, in the words of one source."""

    condition: str
    status: Suitability
    text: str
    verified: bool
    source: Cited


class HalfLife(msgspec.Struct, frozen=True, kw_only=True):
    """A half-life that was measured or labelled; ``title`` says of what or in whom, ``origin`` whose it is. ``usual``: not in a disease or other
    state that changes it."""

    value: float
    unit: str
    title: str
    usual: bool
    verified: bool
    origin: Origin
    source: Cited


class NamedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about the agent with another medicine."""

    rule: str
    tier: Tier
    title: str
    verified: bool
    source: Cited


class Interactions(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one kind about the agent with other medicines, the gravest first."""

    kind: str
    rules: tuple[NamedRule, ...]


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """A measured change of the agent's exposure by another medicine: the ratio of AUC."""

    partner: str
    auc_ratio: float
    verified: bool
    source: Cited


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """What an adult of whom nothing else is said swallows in a day, in products of the country: ``low`` to ``high`` pieces (mL where ``liquid``), the
    fewest that make ``daily_low`` to ``daily_high`` of ``unit`` a day, the usual dose or, where no source gives one, the most."""

    at: Literal["usual", "most"]
    daily_low: float
    daily_high: float
    unit: str
    low: float
    high: float
    liquid: bool
    products: tuple[Product, ...]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One relaxant: ``agent`` its id, ``name`` as the country has it. ``not_sold`` says why there is no label here. ``start`` and ``most`` (``unit`` a
    day) are the first and last step of an adult, by ``steps``."""

    agent: str
    name: str
    drug_class: str
    family: str
    unit: str
    not_sold: str | None
    suits: tuple[ForWhat, ...]
    topics: tuple[Topic, ...]
    half_lives: tuple[HalfLife, ...]
    reactions: tuple[Reaction, ...]
    listed: tuple[Listed, ...]
    interactions: tuple[Interactions, ...]
    exposed: tuple[Exposed, ...]
    usual: UsualDose | None
    start: float | None
    most: float | None
    steps: Told | None
    pieces: Pieces | None

    def said(self, part: str) -> tuple[Said, ...]:
        """What is known of a part; empty where nothing is."""
        return next((t.said for t in self.topics if t.part == part), ())


def profile(name: str, country: str, jurisdiction: Jurisdiction, knowledge: Knowledge) -> Profile:
    """The profile of an agent. Raises :class:`KeyError` for a name that is no agent."""
    agent = knowledge.agents[name]
    plan, facts = _adult(name, country, knowledge)
    usual = usual_dose(name, plan.steps[-1].daily if plan and plan.steps else None, facts)
    return Profile(
        agent=name,
        name=agent.names.get(jurisdiction, name),
        drug_class=agent.drug_class,
        family=agent.family,
        unit=agent.dose_unit,
        not_sold=_not_sold(name, jurisdiction, knowledge),
        suits=tuple(_for_what(agent, country, jurisdiction, knowledge)),
        topics=tuple(_topics(agent, jurisdiction, knowledge, facts)),
        half_lives=tuple(_half_lives(name, jurisdiction, knowledge)),
        reactions=tuple(reactions(agent, jurisdiction, knowledge)),
        listed=tuple(listed(agent, jurisdiction, knowledge)),
        interactions=tuple(_interactions(agent, jurisdiction, knowledge)),
        exposed=tuple(_exposed(agent, knowledge)),
        usual=usual,
        start=plan.steps[0].daily if plan and plan.steps else None,
        most=plan.steps[-1].daily if plan and plan.steps else None,
        steps=steps_told(plan),
        pieces=_pieces(plan, usual, facts),
    )


def _not_sold(name: str, jurisdiction: Jurisdiction, knowledge: Knowledge) -> str | None:
    return next(
        (c.not_sold for c in knowledge.coverage if c.agent == name and c.jurisdiction == jurisdiction and c.not_sold),
        None,
    )


# ---------------------------------------------------------------- topics


def _topics(agent: Agent, jurisdiction: Jurisdiction, knowledge: Knowledge, facts: Facts) -> Iterator[Topic]:
    def topic(part: Part, values: Iterable[Known]) -> Iterator[Topic]:
        said = tuple(_said(v, knowledge, facts) for v in values if holds_in(v, jurisdiction))
        if said:
            yield Topic(part=part, said=tuple(sorted(said, key=lambda s: not s.adults)))

    for part in _STATED:
        own = [s for s in agent.statements if s.topic == part]
        if part == "pharmacokinetics":
            yield from topic("half-life", [s for s in own if _HALF_LIFE in s.text.casefold()])
            own = [s for s in own if _HALF_LIFE not in s.text.casefold()]
        yield from topic(part, own)  # type: ignore[arg-type]
    yield from topic("dosing", agent.dosing)
    for part, kinds in _LIMITS.items():
        yield from topic(part, [limit for limit in agent.limits if limit.kind in kinds])  # type: ignore[arg-type]
    yield from topic("products", agent.products)
    yield from topic("monitoring", agent.monitoring)
    tapers = [t for t in knowledge.plans.tapers.values() if agent.agent in t.agents and t.when is None]
    known = [t for t in tapers if holds_in(t, jurisdiction)]
    if known:
        yield Topic(part="taper", said=tuple(_plain(t, t.text, knowledge) for t in known))
    ways = [c for c in knowledge.pathways.contributions if c.ingredient == agent.ingredient and c.parameter in ("CL", None)]  # fmt: skip
    if ways:
        words = knowledge.words("compare")["clearance"]
        texts = (words["share" if w.share else "part"].format(way=words["ways"].get(w.enzyme, w.enzyme), percent=plain_number(100 * (w.share or 0), 3)) for w in ways)  # fmt: skip
        yield Topic(
            part="clearance", said=tuple(_plain(w, text, knowledge) for w, text in zip(ways, texts, strict=True))
        )


def _plain(value: Known, text: str, knowledge: Knowledge) -> Said:
    return Said(
        text=text,
        jurisdictions=value.jurisdiction,
        verified=value.verified,
        note=value.note,
        source=cited(knowledge, value.source, value.place),
    )


def _said(value: Known, knowledge: Knowledge, facts: Facts) -> Said:
    low, high = getattr(value, "age_from", None) or 0, getattr(value, "age_to", None)
    age = facts.column("age").low.item(0)
    adults = low <= age and (high is None or age < high)
    return msgspec.structs.replace(_plain(value, value_text(value, knowledge), knowledge), adults=adults)


def _half_lives(agent: str, jurisdiction: Jurisdiction, knowledge: Knowledge) -> list[HalfLife]:
    """The half-lives that the model cards of an agent are held to: of usual people first, then those of labels (of this country before others),
    then those of the best card, each value of a source once."""
    found: list[HalfLife] = []
    seen: set[tuple[str, float]] = set()
    for card in sorted((m for m in knowledge.models.values() if agent in m.agents), key=lambda m: (m.rank, m.model)):
        for number in card.reproduces:
            if number.measure == _HALF_LIFE and not number.ours and (number.source, number.value) not in seen:
                seen.add((number.source, number.value))
                found.append(
                    HalfLife(
                        value=number.value,
                        unit=number.unit,
                        title=number.title,
                        usual=_usual(number, card),
                        verified=number.verified,
                        origin=origin(number, jurisdiction, knowledge),
                        source=cited(knowledge, number.source, number.place),
                    )
                )
    return sorted(
        found, key=lambda h: (not h.usual, KINDS.index(h.origin.kind), not (h.origin.here and h.origin.countries))
    )


def _usual(number: Published, card: Model) -> bool:
    """Whether a number is of people as the card was studied in, in no state that changes it."""
    if _TRUE in number.covariates.values():
        return False
    for bounds in card.bounds:
        try:
            value = float(number.covariates.get(bounds.covariate, bounds.studied[0]))
        except ValueError:
            continue
        if not bounds.studied[0] <= value <= bounds.studied[1]:
            return False
    return True


def _for_what(agent: Agent, country: str, jurisdiction: Jurisdiction, knowledge: Knowledge) -> Iterator[ForWhat]:
    """What the agent is to each condition, the best supported first."""
    here = indications(agent, jurisdiction, country)
    for one in sorted(here, key=lambda i: SUITABILITIES.index(i.status)):
        yield ForWhat(
            condition=knowledge.conditions[one.condition].title,
            status=one.status,
            text=one.text,
            verified=one.verified,
            source=cited(knowledge, one.source, one.place),
        )


# ---------------------------------------------------------------- reactions and other medicines


def _interactions(agent: Agent, jurisdiction: Jurisdiction, knowledge: Knowledge) -> Iterator[Interactions]:
    kinds = knowledge.words("compare")["interactions"]["causes"]
    by: dict[str, list[Rule]] = {}
    for rule in knowledge.rules.values():
        if agent.agent in rule.agents and rule.partner is not None and holds_in(rule, jurisdiction):
            kind = next((k for k, causes in kinds.items() if rule.cause in causes), None)
            kind = kind or ("enzymes" if _moves_level(rule) else "other")
            by.setdefault(kind, []).append(rule)
    for kind in (*kinds, *(k for k in ("enzymes", "other") if k not in kinds)):
        if own := by.get(kind):
            own.sort(key=lambda r: (TIERS.index(r.tier), r.rule))
            yield Interactions(kind=kind, rules=tuple(_rule(r, knowledge) for r in own))


def _moves_level(rule: Rule) -> bool:
    """Whether a rule is about enzymes, by its cause or the roles of its partner."""
    roles = rule.partner.roles if rule.partner else ()
    return "cyp" in rule.cause or any(role.startswith("cyp") for role in roles)


def _rule(rule: Rule, knowledge: Knowledge) -> NamedRule:
    first = rule.sources[0]
    return NamedRule(
        rule=rule.rule,
        tier=rule.tier,
        title=rule.title,
        verified=rule.verified,
        source=cited(knowledge, first.source, first.place),
    )


def _exposed(agent: Agent, knowledge: Knowledge) -> Iterator[Exposed]:
    """The greatest measured rise by each other medicine, the greatest first."""
    most: dict[str, Exposed] = {}
    own = [e for e in knowledge.exposures_of(agent.agent) if e.kind == "interaction"]
    for e in sorted(own, key=lambda e: -e.auc_ratio):
        source = cited(knowledge, e.source, e.place)
        most.setdefault(
            e.partner, Exposed(partner=e.partner, auc_ratio=e.auc_ratio, verified=e.verified, source=source)
        )
    yield from most.values()


# ---------------------------------------------------------------- pieces of an adult


def _adult(agent: str, country: str, knowledge: Knowledge) -> tuple[Plan | None, Facts]:
    """The start of an adult of whom nothing else is said."""
    age = plain_number(knowledge.policy("compare_adult_age"))
    person = Patient(
        as_of=date.fromisoformat(knowledge.date),
        country=country,
        age=f"{age} years",
        conditions=(),
        medicines=(),
        allergies=(),
    )
    facts = Facts(inputs_of([(person, ())], knowledge), knowledge, person.jurisdiction)
    if not any(t.agent == agent for t in knowledge.plans.titrations.values()):
        return None, facts
    plan = titration_plan(agent, facts, (), Wanted(first=person.as_of, country=country))
    return (None if plan.refused else plan), facts


def _pieces(plan: Plan | None, usual: UsualDose | None, facts: Facts) -> Pieces | None:
    """The fewest pieces at the usual dose, where a step reaches it; else at the end of the steps."""
    if plan is None or not plan.steps:
        return None
    steps = list(plan.steps)
    least = usual.high if usual is not None and usual.low is None else usual.low if usual is not None else None
    within = [s for s in steps if usual is not None and least is not None and least <= s.daily <= usual.high]
    chosen = [within[0], within[-1]] if within else [steps[-1]]
    made = [fewest(s, plan, facts) for s in chosen]
    return Pieces(
        at="usual" if within else "most",
        daily_low=min(s.daily for s in chosen),
        daily_high=max(s.daily for s in chosen),
        unit=plan.unit,
        low=min(m.count for m in made),
        high=max(m.count for m in made),
        liquid=made[0].liquid,
        products=tuple(dict.fromkeys(p for m in made for p in m.products)),
    )
