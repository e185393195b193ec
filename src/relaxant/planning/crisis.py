"""The reckoning of an antidote in a crisis: amounts by actual weight, vials and water, what to do beside it. No finding withholds it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from relaxant.facts.conditions import unread_conditions
from relaxant.facts.facts import Facts
from relaxant.knowledge.crises import Crisis, CrisisDose, CrisisVial
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.block_doses import amount_text
from relaxant.planning.block_person import Subject, Taken, Words, holding, mass_of, ordered, source_of, taken
from relaxant.planning.current import current_lines, weighed_line
from relaxant.planning.plan import Line, Plan, Told
from relaxant.quantities import compared, plain_number, three_digits
from relaxant.rules.asked import outcome_of
from relaxant.rules.evaluate import FIRES, UNKNOWN
from relaxant.rules.wording import shown_agent_name

_UNIT, _PER = "mg", "mg/kg"
_BEFORE, _FIRST, _AGAIN = "before", "first", "again"
_DIGITS = 3
_ROUNDING = 1e-9  # a dose that is just so many vials asks for no more


def crisis_agents(medicines: Sequence[Medicine], facts: Facts) -> tuple[str, ...]:
    """The agents that a crisis of now asks for, or that stand on the list, by name."""
    return tuple(
        sorted(
            c.agent
            for c in facts.knowledge.plans.crises.values()
            if is_now(c, facts)
            or _in_question(c, facts)
            or weighed_line(c.agent, medicines) is not None
            or current_lines(c.agent, medicines)
        )
    )


def is_now(crisis: Crisis, facts: Facts) -> bool:
    """Whether a crisis is said, and not said to be over."""
    said, over = (outcome_of(when, crisis.agent, facts)[0] == FIRES for when in (crisis.when, crisis.over))
    return said and not over


def _in_question(crisis: Crisis, facts: Facts) -> bool:
    """Whether conditions were said, and some of them leave open whether it is a crisis of now."""
    said, over = (outcome_of(when, crisis.agent, facts)[0] for when in (crisis.when, crisis.over))
    return bool(facts.inputs.conditions_known[0]) and said == UNKNOWN and over != FIRES


def crisis_plan(agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts) -> Plan:
    """What is reckoned for one person of an agent that a crisis asks for: amounts in mg, vials, mL of water and of what is drawn up. A weight
    that is not known leaves the amounts by weight; nothing is asked for first, because nothing may be waited for."""
    crisis = next(c for c in facts.knowledge.plans.crises.values() if c.agent == agent)
    words, now = facts.knowledge.words("crisis"), is_now(crisis, facts)
    said = crisis if now else crisis.apart
    unsure = patient.conditions is None or _in_question(crisis, facts) or unread_conditions(patient, facts.knowledge)
    subject = Subject(patient, facts, words, tuple(medicines))
    weight = facts.column("weight")
    kg = float(weight.low.item(0)) if weight.settled(0) else None
    own = taken(agent, subject)
    lines = [_weight(kg, words), *_given(own, kg, subject), *_ordered(crisis, own, kg, subject)]
    for dose in holding(crisis.doses, facts):
        if now and dose.purpose == _BEFORE:
            continue
        lines.append(_dose(dose, crisis, kg, subject))
        if dose.purpose == _FIRST and kg is not None:
            lines += [_vials(vial, dose.usual * kg, subject) for vial in holding(crisis.vials, facts)]
    return Plan(
        id=f"crisis-{agent.replace(' ', '-')}",
        kind="crisis",
        agents=(shown_agent_name(agent, facts),),
        title=crisis.apart.unsure if unsure and not now else said.title,
        why=said.why,
        unit=_UNIT,
        first_do=tuple(
            Told(text=n.text, person=(), verified=n.verified, source=source_of(n, facts)[0])
            for n in holding(said.first, facts)
        ),
        reckoning=tuple(lines),
        notes=tuple(words["notes"]),
    )


def _weight(kg: float | None, words: Words) -> Line:
    own = words["weight"]
    if kg is None:
        return Line(what=own["what"], how="", value=None, unit="", text=words["unweighed"])
    return Line(what=own["what"], how=own["how"], value=three_digits(kg), unit="kg", text="")


def _given(own: Taken, kg: float | None, subject: Subject) -> Iterator[Line]:
    """What was given today already."""
    words = subject.words["given"]
    if not own.lines:
        return
    text = words["unknown"] if own.mg is None else ""
    if own.mg is not None and kg is not None:
        text = words["per"].format(per=amount_text(own.mg / kg, _PER))
    value = None if own.mg is None else three_digits(own.mg)
    yield Line(what=words["what"], how=words["how"], value=value, unit="" if value is None else _UNIT, text=text)


def _ordered(crisis: Crisis, own: Taken, kg: float | None, subject: Subject) -> Iterator[Line]:
    """Each order that is weighed, held against the dose that is due: the first one, or after it a repeat."""
    words, purpose = subject.words["ordered"], _AGAIN if own.lines else _FIRST
    due = next(dose for dose in holding(crisis.doses, subject.facts) if dose.purpose == purpose)
    for medicine in ordered(crisis.agent, subject):
        mass = mass_of(medicine, subject)
        text = words["unknown"] if mass is None else ""
        if mass is not None and kg is not None:
            per = words["per"].format(per=amount_text(mass / kg, _PER), kg=plain_number(kg, _DIGITS))
            said = {"dose": words[purpose], "amount": amount_text(due.usual * kg, _UNIT)}
            text = f"{per} {words[_fit(mass / kg, due, subject)].format(**said)}"
        yield Line(
            what=words["what"],
            how=medicine.read_as or medicine.said,
            value=None if mass is None else three_digits(mass),
            unit="" if mass is None else _UNIT,
            text=text,
        )


def _fit(per_kg: float, due: CrisisDose, subject: Subject) -> str:
    """Whether an order in mg/kg is the dose that is due, more or less; what rounding explains is the dose."""
    rounding = subject.facts.knowledge.policy("crisis_rounding")
    return compared(per_kg, due.low or due.usual * (1 - rounding), due.usual * (1 + rounding))


def _dose(dose: CrisisDose, crisis: Crisis, kg: float | None, subject: Subject) -> Line:
    words, per = subject.words, amount_text(dose.usual, _PER)
    how = words["how_unweighed"].format(per=per) if kg is None else words["how"].format(per=per, kg=plain_number(kg, _DIGITS))  # fmt: skip
    texts = [dose.text]
    if dose.purpose == "reappraisal" and kg is not None:
        texts = [_count(vial, dose.usual * kg, words) for vial in holding(crisis.vials, subject.facts)][:1] + texts
    return Line(
        what=words["purposes"][dose.purpose],
        how=how,
        value=None if kg is None else three_digits(dose.usual * kg),
        unit="" if kg is None else _UNIT,
        text=" ".join(texts),
        sources=source_of(dose, subject.facts),
        verified=dose.verified,
    )


def _needed(vial: CrisisVial, mg: float) -> int:
    return math.ceil(mg / vial.mg - _ROUNDING)


def _count(vial: CrisisVial, mg: float, words: Words) -> str:
    """How many vials an amount takes, and how much water."""
    count = _needed(vial, mg)
    return str(words["vial"].format(count=count, name=vial.name, ml=plain_number(count * vial.ml, _DIGITS)))


def _vials(vial: CrisisVial, mg: float, subject: Subject) -> Line:
    words, count = subject.words, _needed(vial, mg)
    water = words["water"].format(ml=plain_number(count * vial.ml, _DIGITS))
    strength = vial.strength or vial.mg / vial.ml
    drawn = {"ml": mg / strength, "all": count * vial.mg / strength, "strength": strength}
    draw = words["draw_all"] if count * vial.mg - mg <= _ROUNDING * mg else words["draw"]
    draw = draw.format(**{name: plain_number(value, _DIGITS) for name, value in drawn.items()})
    return Line(
        what=words["vials"],
        how=vial.name,
        value=count,
        unit="vials",
        text=f"{water} {draw} {vial.text}",
        sources=source_of(vial, subject.facts),
        verified=vial.verified,
    )
