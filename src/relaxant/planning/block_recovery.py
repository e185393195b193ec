"""How long a dose of a blocker lasts by the model cards, with the spread between people, and what such a number leaves out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from relaxant.facts.facts import Facts
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.blocks import Block, BlockRecovery
from relaxant.knowledge.cards import Model
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of
from relaxant.pharmacology.cards.course import GivenDose
from relaxant.pharmacology.cards.model import is_linear
from relaxant.pharmacology.clinic.domain import Standing, standing
from relaxant.pharmacology.people.person import Person
from relaxant.pharmacology.people.questions import TimeAnswer, time_to_train_of_four
from relaxant.planning.block_doses import TIMED, Given, amount_text
from relaxant.planning.block_person import Subject, source_of
from relaxant.planning.plan import Line
from relaxant.quantities import plain_number, three_digits
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import fact_text, listed

_DIGITS = 2  # of a predicted time: more would be arithmetic
_ROUTE = "intravenous"


def recovery_lines(block: Block, doses: Sequence[Given], subject: Subject) -> Iterator[Line]:
    """When the block of each planned dose has worn off to the levels that the entry names, by the first card that reaches the person."""
    planned = [own for own in doses if own.entry.purpose in TIMED]
    if not planned:
        return
    cards = _cards(block, subject.facts)
    stands = [
        (card, standing(card, subject.facts, 0, circumstances=_circumstances(card, subject.facts))) for card in cards
    ]
    usable = next(((card, own) for card, own in stands if own.drawable), None)
    if usable is None:
        yield _refused(stands, subject)
        return
    for own in planned:
        for recovery in block.recoveries:
            if any(e.effect == recovery.effect for e in usable[0].effects):
                yield _line(*usable, own, recovery, subject)


def _cards(block: Block, facts: Facts) -> list[Model]:
    """The cards of the blocker alone that draw an effect which the entry reads, the first to be used first."""
    wanted = {r.effect for r in block.recoveries}
    return sorted(
        (
            m
            for m in facts.knowledge.models.values()
            if block.agent in m.agents
            and is_linear(m)
            and any(e.effect in wanted for e in m.effects)
            and any(i.route == _ROUTE for i in m.inputs)
        ),
        key=lambda m: (m.rank, m.model),
    )


def _circumstances(card: Model, facts: Facts) -> dict[str, float]:
    """The medicines that the card computes with, taken or not as far as the list tells."""
    out, dictionary = {}, dictionary_of(facts.knowledge)
    for name in {r.on for r in card.relations} | {b.covariate for b in card.bounds}:
        if lookup_name(name, dictionary) is None:
            continue
        if facts.takes_by_any_route(name)[0]:
            out[name] = 1.0
        elif facts.lists_known and not facts.inputs.unread[0]:
            out[name] = 0.0
    return out


def _line(card: Model, own: Standing, dose: Given, recovery: BlockRecovery, subject: Subject) -> Line:
    said = subject.words["recovery"]
    person = Person(card, own.middle(), extra_cv=own.widen_cv)
    answer = time_to_train_of_four(
        person,
        [GivenDose(amount=dose.amount, unit=dose.unit, route=_ROUTE)],
        level=recovery.level,
        output=recovery.effect,
        normalised=recovery.of_own,
    )
    return Line(
        what=said["what"].format(
            purpose=subject.words["purposes"][dose.entry.purpose],
            amount=amount_text(dose.amount, dose.unit),
            milestone=subject.words["milestones"][recovery.milestone],
        ),
        how=said["how"].format(card=card.title, covariates=_covariates(own, subject)),
        value=three_digits(answer.typical) if math.isfinite(answer.typical) and answer.typical > 0 else None,
        unit=answer.unit,
        text=" ".join(_texts(card, own, answer, recovery, subject)),
        sources=(
            *source_of(recovery, subject.facts),
            *(cited(subject.facts.knowledge, s.source, s.place, s.says) for s in card.sources),
        ),
        verified=recovery.verified
        and all(p.verified for p in card.parameters)
        and all(e.verified for e in card.effects),
    )


def _covariates(own: Standing, subject: Subject) -> str:
    words, middle = subject.words["recovery"], own.middle()
    shown = [words["covariate"].format(name=_title(n, subject), value=_value(n, v, subject)) for n, v in middle.items()]
    return ", ".join(shown) or str(words["plain"])


def _value(covariate: str, value: float, subject: Subject) -> str:
    """A covariate's value as far as it is known of the person."""
    facts, words = subject.facts, subject.facts.knowledge.words("values")
    if covariate in PERSON_FACTS:
        return fact_text(facts.column(covariate), 0, words)
    return str(words["yes"] if value else words["no"])  # a circumstance: a medicine that is taken or not


def _title(covariate: str, subject: Subject) -> str:
    knowledge = subject.facts.knowledge
    circumstances = knowledge.words("prediction")["circumstances"]
    return str(knowledge.words("facts").get(covariate) or circumstances.get(covariate, covariate.replace("_", " ")))


def _texts(card: Model, own: Standing, answer: TimeAnswer, recovery: BlockRecovery, subject: Subject) -> Iterator[str]:
    said = subject.words["recovery"]
    low, _, high = answer.interval
    typical = plain_number(answer.typical, _DIGITS)
    slots = {"typical": typical, "low": plain_number(low, _DIGITS), "high": plain_number(high, _DIGITS)}
    if answer.typical <= 0:
        yield said["not_blocked"]
    elif low < high and math.isfinite(high):
        yield said["spread" if low > 0 else "spread_from_nought"].format(**slots)
    elif math.isfinite(answer.typical):
        yield said["typical" if low == high else "typical_alone"].format(typical=typical)
    if not math.isfinite(high):
        yield said["never"].format(looked=plain_number(answer.looked, _DIGITS))
    if not recovery.of_own:
        yield said["twitch"]
    misses = list(_misses(card, recovery))
    if misses:
        yield said["misses"].format(misses="; ".join(misses))
    for kind in ("stretched", "bounded", "assumed"):
        names = _titles(own, kind, subject)
        if names:
            yield said[kind].format(names=names)
    changing = [f for f in subject.findings if f.cause in subject.words["change"]["titles"]]
    if not all(_counted(f, own, subject) for f in changing):
        yield said["not_counted"]


def _misses(card: Model, recovery: BlockRecovery) -> Iterator[str]:
    """Where the card is known to miss a published recovery from a single dose; of two that begin alike the longer."""
    found = [
        p.misses
        for p in card.reproduces
        if p.misses and p.output == recovery.effect and p.window is None and not p.infused_over
    ]
    kept = [m for m in dict.fromkeys(found) if not any(o != m and o.startswith(m) for o in found)]
    yield from kept


def _counted(finding: Finding, own: Standing, subject: Subject) -> bool:
    """Whether the card computes with what a finding rests on: the medicines it names, or the facts behind it."""
    known = own.middle()
    if finding.partners:
        return all(known.get(name) for name in finding.partners)
    titles = {_title(name, subject) for name in known}
    return bool(finding.because) and all(b.fact in titles for b in finding.because)


def _titles(own: Standing, kind: str, subject: Subject) -> str:
    plain = subject.words["recovery"]["names"]
    names = [plain.get(r.covariate) or _title(r.covariate, subject) for r in own.remarks if r.kind == kind]
    return listed(list(dict.fromkeys(names)), subject.facts.knowledge.words("values")) if names else ""


def _refused(stands: Sequence[tuple[Model, Standing]], subject: Subject) -> Line:
    said = subject.words["recovery"]
    reasons = [
        said["reason"][own.status].format(card=card.title, names=_titles(own, own.status, subject))
        for card, own in stands
    ]
    text = said["refused"].format(reasons=" ".join(reasons)) if reasons else said["reason"]["none"]
    return Line(
        what=said["refused_what"],
        how="",
        value=None,
        unit="min",
        text=text,
    )
