"""The agents that reverse a block: their rows at a depth, what was given of each, what the rules say of giving it, and how much is due."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relaxant.knowledge.blocks import Block, BlockAgain, BlockReversal, BlockWarning
from relaxant.planning.block_depth import Depth, fits
from relaxant.planning.block_doses import amount_text
from relaxant.planning.block_person import Subject, Taken, grave_and_open, holding, ordered, refuses, taken, weighing
from relaxant.planning.block_weight import Open, Weighed, dosing_weight
from relaxant.quantities import Quantity, compared, convert, plain_number, three_digits
from relaxant.rules.findings import Finding
from relaxant.rules.wording import shown_agent_name

_DIGITS = 3
MASS, _PER_KG = "mg", "/kg"


class Reverser(msgspec.Struct, frozen=True):
    """An agent that reverses the blocker: its rows at this depth, the weight it goes by, what was given of it and what is found of giving it.

    ``spent`` is what was given before the blocker that is weighed, and takes nothing off. ``against`` takes its amounts away, ``warning`` stands
    beside them.
    """

    block: Block
    rows: tuple[BlockReversal, ...]
    weight: Weighed | Open
    given: Taken
    spent: Taken = Taken()
    found: tuple[Finding, ...] = ()
    against: Finding | None = None
    warning: BlockWarning | None = None

    @property
    def dosed(self) -> bool:
        """Whether it has an amount at this depth."""
        return any(row.usual is not None for row in self.rows)


def reversers(
    agent: str, depth: Depth | None, missing: Sequence[str], subject: Subject
) -> tuple[list[Reverser], list[str]]:
    """Every agent that reverses the blocker at some depth, with its rows at this one (all of them where no depth is known)."""
    out: list[Reverser] = []
    needs: list[str] = []
    for block in subject.facts.knowledge.plans.blocks.values():
        every = [row for row in holding(block.reversals, subject.facts) if agent in row.reverses]
        if not every:
            continue
        rows = [row for row in every if not row.immediate or _after_enough(row, agent, subject)]
        if depth is not None:
            rows = [] if missing else [row for row in rows if fits(row, depth)]
            first = next((row for row in rows if not row.immediate), None)
            rows = [row for row in rows if row is first or row.immediate]
        weight = dosing_weight(block, subject.facts)
        given = taken(block.agent, subject)
        made = Reverser(block, tuple(rows), weight, given)
        if depth is None and ordered(agent, subject):  # the block that is planned comes after what was given
            made = msgspec.structs.replace(made, given=Taken(), spent=given)
        if any(row.usual is not None for row in every):
            found, unchecked = weighing(block.agent, subject, None, beside=agent)
            against = next(
                (f for f in found if refuses(f, block, subject) or set(f.rules) & set(block.withheld_by)), None
            )
            spoken = {rule for f in found for rule in f.rules}
            warning = next((w for w in holding(block.warnings, subject.facts) if spoken & set(w.rules)), None)
            made = msgspec.structs.replace(made, found=found, against=against, warning=warning)
            if made.dosed:
                keys = {rule for w in block.warnings for rule in w.rules} | set(block.withheld_by)
                seldom = subject.facts.seldom_asked(0)
                needs += grave_and_open(unchecked, block, subject)
                needs += [u.settled_by for u in unchecked if keys & set(u.rules) and u.settled_by not in seldom]
                needs += weight.needs if isinstance(weight, Open) else ()
                if made.given.mg is None:
                    needs.append(subject.words["reversal"]["need_given"].format(agent=name_of(made, subject)))
        out.append(made)
    return out, needs


def _after_enough(row: BlockReversal, agent: str, subject: Subject) -> bool:
    """Whether as much of the blocker was given as the row is for, or nobody knows how much."""
    given, weight = taken(agent, subject), subject.facts.column("weight")
    if row.after is None or given.mg is None or not given.lines or not weight.settled(0):
        return True
    return given.mg >= row.after * weight.low.item(0)


def fit_of(mass: float, due: float, row: BlockReversal, subject: Subject) -> str:
    """Whether an order is what is due, less or more; a row's own low and high end count as due, in the measure of its usual amount, and what
    is rounded to an ampoule."""
    rounding = subject.facts.knowledge.policy("reversal_rounding")
    low, high = (due * (end or row.usual or 1) / (row.usual or 1) for end in (row.low, row.high))
    return compared(mass, low * (1 - rounding), high * (1 + rounding))


def given_in_full(one: Reverser, others: Sequence[Reverser], subject: Subject) -> Reverser | None:
    """Another agent of which all that this depth takes was given today already."""
    for other in others:
        rows = [row for row in other.rows if row.usual is not None and not row.immediate]
        if other is one or not rows or not other.given.lines or other.given.mg is None:
            continue
        whole = _whole(other, rows[0], subject)[0]
        if whole is not None and three_digits(other.given.mg) >= three_digits(whole):
            return other
    return None


def amount_due(one: Reverser, row: BlockReversal, subject: Subject) -> tuple[float | None, list[str], list[str]]:
    """The amount in mg, cut to the most and less what was given already; how it was reached; and what is to be said of that."""
    words, given = subject.words["reversal"], one.given
    whole, steps, kg = _whole(one, row, subject)
    if whole is None:
        return None, steps, []
    most = [m for m in (row.most, None if row.most_per_kg is None or kg is None else row.most_per_kg * kg) if m]
    if most and whole > min(most):
        whole = min(most)
        steps.append(words["cut"].format(most=_most_text(row, subject), amount=amount_text(whole, MASS)))
    name = name_of(one, subject)
    if not given.lines:
        return three_digits(whole), steps, [words["given_spent"].format(agent=name)] if one.spent.lines else []
    if given.mg is None:
        return None, steps, [words["given_unknown"].format(agent=name)]
    said = {"given": amount_text(given.mg, MASS), "whole": amount_text(whole, MASS), "agent": name}
    steps.append(words["less"].format(**said))
    if three_digits(given.mg) >= three_digits(whole):
        return None, steps, [words["given_all"].format(**said)]
    return three_digits(whole - given.mg), steps, [words["given_part"].format(**said)]


def _whole(one: Reverser, row: BlockReversal, subject: Subject) -> tuple[float | None, list[str], float | None]:
    """The amount of a row in mg before anything cuts it, how it was reached, and the weight in kg."""
    words = subject.words["reversal"]
    kg = one.weight.kg if isinstance(one.weight, Weighed) else None
    if row.usual is None:
        return None, [], kg
    if row.unit == MASS:
        if kg is None:
            return (
                (None, [words["unweighed"]], None)
                if row.most_per_kg is not None
                else (row.usual, [words["fixed"]], None)
            )
        per = amount_text(row.usual / kg, "mg/kg")
        return row.usual, [words["fixed_per"].format(amount=amount_text(row.usual, MASS), per=per)], kg
    if not isinstance(one.weight, Weighed) or kg is None:
        return None, [words["unweighed"]], None
    amount = convert(Quantity(row.usual * kg, row.unit.replace(_PER_KG, "", 1)), MASS)
    if amount is None:
        raise AssertionError(f"the lint lets no reversal in {row.unit} pass")
    step = words["dose"].format(
        per=amount_text(row.usual, row.unit),
        kg=plain_number(kg, _DIGITS),
        weight=subject.words["weights"][one.weight.of.weight],
    )
    return amount, [step], kg


def _most_text(row: BlockReversal, subject: Subject) -> str:
    values = [(row.most_per_kg, "mg/kg"), (row.most, MASS)]
    shown = [amount_text(v, unit) for v, unit in values if v is not None]
    return str(subject.words["reversal"]["or"]).join(shown)


def amount_again(one: Reverser, entry: BlockAgain, subject: Subject) -> tuple[float | None, str]:
    if entry.usual is None or not isinstance(one.weight, Weighed):
        return None, ""
    amount = convert(Quantity(entry.usual * one.weight.kg, entry.unit.replace(_PER_KG, "", 1)), MASS)
    step = subject.words["reversal"]["dose"].format(
        per=amount_text(entry.usual, entry.unit),
        kg=plain_number(one.weight.kg, _DIGITS),
        weight=subject.words["weights"][one.weight.of.weight],
    )
    return (None if amount is None else three_digits(amount)), str(step)


def name_of(one: Reverser, subject: Subject) -> str:
    return shown_agent_name(one.block.agent, subject.facts)
