"""The doses of a blocker in milligrams: which entry is for this person, by which weight, and how long the label says that each lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.knowledge.blocks import PURPOSES, Block, BlockDose, BlockTime
from relaxant.planning.block_person import Open, Subject, Weighed, Words, dosing_weight, holding, outcome_of, source_of
from relaxant.planning.plan import Line
from relaxant.quantities import Quantity, convert, plain_number, shown_unit, three_digits
from relaxant.rules.evaluate import FIRES, UNKNOWN
from relaxant.rules.wording import capital, listed

_DIGITS = 3
_PER_KG = "/kg"
_RATE = "mg/h"
_TEST = "test"
_MASS = "mg"
TIMED = ("intubation", "rapid sequence")
"""The purposes whose course is said."""


class Given(msgspec.Struct, frozen=True):
    """A dose in mg: its entry, how much, and whether it is cut to the most."""

    entry: BlockDose
    amount: float
    unit: str
    capped: bool = False


class Reckoned(msgspec.Struct, frozen=True):
    """The lines of weight and doses, the doses in mg, the weight that they go by, and the inputs that are missing."""

    lines: tuple[Line, ...] = ()
    doses: tuple[Given, ...] = ()
    weight: Weighed | None = None
    needs: tuple[str, ...] = ()


def chosen(block: Block, subject: Subject) -> tuple[list[BlockDose], tuple[str, ...], tuple[str, ...]]:
    """The dose of each purpose for this person, the purposes without one, and what would settle which."""
    found: list[BlockDose] = []
    missing: list[str] = []
    needs: list[str] = []
    for purpose in PURPOSES:
        own = [d for d in holding(block.doses, subject.facts) if d.purpose == purpose]
        for dose in own:
            if dose.rules and subject.spoke(dose.rules) is None:
                continue
            outcome, open_to = outcome_of(dose.when, block.agent, subject.facts)
            if outcome == FIRES:
                found.append(dose)
                break
            if outcome == UNKNOWN:
                needs += open_to
                break
        else:
            if purpose != _TEST and any(d.purpose == purpose for d in block.doses):
                missing.append(purpose)
    if subject.spoke(block.withheld_by) is not None:
        found, missing = [d for d in found if d.purpose == _TEST], []
    return found, tuple(missing), tuple(dict.fromkeys(needs))


def given(dose: BlockDose, per_kg: float, kg: float) -> Given:
    """An amount by weight, a rate in mg/h, cut to the most in all."""
    amount, unit = Quantity(per_kg * kg, dose.unit.replace(_PER_KG, "", 1)), dose.unit.replace(_PER_KG, "", 1)
    wanted = _MASS if convert(amount, _MASS) is not None else _RATE
    value = convert(amount, wanted)
    if value is None:
        raise AssertionError(f"the lint lets no dose in {unit} pass")
    if dose.most is not None and value > dose.most:
        return Given(dose, dose.most, wanted, capped=True)
    return Given(dose, value, wanted)


def amount_text(amount: float, unit: str) -> str:
    """An amount as it is read."""
    return f"{plain_number(amount, _DIGITS)} {shown_unit(unit)}"


def reckoned(block: Block, subject: Subject) -> Reckoned:
    """The weight and the doses of a blocker, or what is missing to reckon them."""
    words, facts = subject.words, subject.facts
    age, weight = facts.column("age"), dosing_weight(block, facts)
    doses, missing, needs = chosen(block, subject)
    if isinstance(weight, Open) or not age.settled(0):
        of_weight = weight.needs if isinstance(weight, Open) else ()
        return Reckoned(needs=tuple(dict.fromkeys((*age.settled_by(0), *of_weight, *needs))))
    amounts = tuple(given(dose, dose.usual, weight.kg) for dose in doses)
    lines = [_weight_line(weight, subject), *(_dose_line(own, weight, subject) for own in amounts)]
    lines += _withheld(block, subject)
    if missing:
        purposes = capital(listed([words["purposes"][p].lower() for p in missing], facts.knowledge.words("values")))
        text = words["dose"]["none"].format(purposes=purposes)
        lines.append(Line(what=purposes, how="", value=None, unit="", text=text))
    return Reckoned(tuple(lines), amounts, weight, needs)


def _weight_line(weight: Weighed, subject: Subject) -> Line:
    words, entry = subject.words, weight.of
    title = words["weights"][entry.weight]
    return Line(
        what=words["weight"]["what"],
        how=words["weight"]["how"].format(title=title, method=weight.method) if weight.method else title,
        value=three_digits(weight.kg),
        unit="kg",
        text=entry.why,
        sources=source_of(entry, subject.facts),
        verified=entry.verified,
    )


def _dose_line(own: Given, weight: Weighed, subject: Subject) -> Line:
    words, dose = subject.words, own.entry
    said = words["dose"]
    texts = [dose.text]
    low, high = (None if per is None else given(dose, per, weight.kg) for per in (dose.low, dose.high))
    if low is not None and high is not None and low.amount < high.amount:
        span = plain_number(low.amount, _DIGITS), amount_text(high.amount, high.unit)
        texts.append(said["range"].format(low=span[0], high=span[1]))
    if own.capped:
        texts.append(said["capped"].format(most=plain_number(own.amount, _DIGITS)))
    for name, kg in weight.also.items():
        other = given(dose, dose.usual, kg)
        texts.append(
            said["also"].format(
                weight=words["weights"][name],
                kg=plain_number(kg, _DIGITS),
                amount=amount_text(other.amount, other.unit),
            )
        )
    return Line(
        what=words["purposes"][dose.purpose],
        how=said["how"].format(
            per=amount_text(dose.usual, dose.unit),
            kg=plain_number(weight.kg, _DIGITS),
            weight=words["weights"][weight.of.weight],
        ),
        value=three_digits(own.amount),
        unit=own.unit,
        text=" ".join(texts),
        sources=source_of(dose, subject.facts),
        verified=dose.verified,
    )


def _withheld(block: Block, subject: Subject) -> Iterator[Line]:
    finding = subject.spoke(block.withheld_by)
    if finding is not None:
        said = subject.words["dose"]
        yield Line(
            what=said["withheld_what"],
            how="",
            value=None,
            unit="",
            text=said["withheld"].format(summary=finding.summary, action=finding.action),
            sources=finding.sources,
            verified=finding.verified,
        )


# ---------------------------------------------------------------- how long


def time_lines(block: Block, doses: Sequence[Given], subject: Subject) -> Iterator[Line]:
    """The published times of the doses that are planned, from their low end to their high one, one line a milestone and source."""
    said: set[int] = set()
    for own in doses:
        if own.entry.purpose not in TIMED:
            continue
        for i, time in enumerate(block.times):
            if i not in said and time in holding((time,), subject.facts) and _is_of(time, own.entry):
                said.add(i)
                yield _time_line(time, own, subject)


def _is_of(time: BlockTime, dose: BlockDose) -> bool:
    """Whether a time is of amounts within those of a dose."""
    low, high = dose.low or dose.usual, dose.high or dose.usual
    return time.dose <= high and (time.dose_to or time.dose) >= low


def _time_line(time: BlockTime, own: Given, subject: Subject) -> Line:
    words = subject.words
    said = words["time"]
    slots = {
        "middle": "" if time.middle is None else plain_number(time.middle, _DIGITS),
        "low": "" if time.low is None else plain_number(time.low, _DIGITS),
        "high": "" if time.high is None else plain_number(time.high, _DIGITS),
        "unit": time.unit,
    }
    if time.spread and time.low is not None and time.high is not None:
        texts = [said["spread"][time.spread].format(**slots)]
    elif time.middle is None:
        texts = [said["within"].format(**slots)]
    else:
        texts = [said["middle"].format(**slots)]
    if time.under:
        texts.append(said["under"].format(under=time.under))
    if time.people:
        texts.append(said["people"].format(people=time.people))
    return Line(
        what=said["what"].format(
            purpose=words["purposes"][own.entry.purpose],
            per=_per(time, own.entry.unit, words),
            milestone=words["milestones"][time.milestone],
        ),
        how=said["how"],
        value=time.middle,
        unit=time.unit,
        text=" ".join(texts),
        sources=source_of(time, subject.facts),
        verified=time.verified,
    )


def _per(time: BlockTime, unit: str, words: Words) -> str:
    if time.dose_to is None:
        return amount_text(time.dose, unit)
    return str(words["time"]["per"].format(low=plain_number(time.dose, _DIGITS), high=amount_text(time.dose_to, unit)))
