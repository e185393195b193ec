"""Reversal: which agent and how much at the depth that was typed in, or the whole table where nothing was; less what was given already.

What speaks against an agent is said once. An agent that may not be given has no amount; one that labels advise against keeps its amount, with
the warning, because it may be all there is when the airway fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.knowledge.blocks import Block, BlockAgain, BlockReversal, BlockWarning
from relaxant.planning.block_depth import Depth, depth_of, fits, not_used, settled
from relaxant.planning.block_doses import amount_text
from relaxant.planning.block_person import (
    Subject,
    Taken,
    grave_and_open,
    holding,
    mass_of,
    ordered,
    refuses,
    source_of,
    taken,
    weighing,
)
from relaxant.planning.block_weight import Open, Weighed, dosing_weight
from relaxant.planning.block_when import outcome_of
from relaxant.planning.plan import Line
from relaxant.quantities import Quantity, convert, plain_number, three_digits
from relaxant.rules.evaluate import FIRES
from relaxant.rules.findings import Finding
from relaxant.rules.wording import capital, shown_agent_name

_DIGITS = 3
_MASS, _PER_KG = "mg", "/kg"


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


def reversal_lines(agent: str, subject: Subject) -> tuple[list[Line], tuple[str, ...]]:
    """The lines of reversal for a blocker: the rows that fit what was typed in, all of them where nothing was; and what is missing."""
    words, facts = subject.words["reversal"], subject.facts
    if not facts.column("age").settled(0):
        return [], facts.column("age").settled_by(0)
    typed = depth_of(facts)
    depth, missing = settled(typed, words)
    lines = list(not_used(subject))
    needs = [*missing]
    if lines and not typed.known:
        needs.append(words["need_today"])
    own, open_needs = _reversers(agent, depth if typed.known else None, missing, subject)
    needs += open_needs
    recovered = typed.known and any(_is_recovery(row) for one in own for row in one.rows)
    for one in own:
        lines += _ordered(one, typed.known, missing, subject)
        lines += _lines(one, own, typed, depth, subject)
        if not one.dosed and not recovered:
            lines += _given_before(one, subject)
    if typed.known and not missing and not any(one.rows for one in own):
        lines.append(Line(what=words["none_what"], how="", value=None, unit="", text=_none(agent, depth, subject)))
    return lines, tuple(dict.fromkeys(needs))


def _is_recovery(row: BlockReversal) -> bool:
    """Whether a row is of a block that has gone."""
    return row.usual is None and row.ratio_from is not None and row.ratio_to is None


def _none(agent: str, depth: Depth, subject: Subject) -> str:
    words, blocks = subject.words["reversal"], subject.facts.knowledge.plans.blocks
    if not any(agent in row.reverses for block in blocks.values() for row in block.reversals):
        return str(words["alone"])
    return str(words["none"].format(values=depth.text(words)))


def _reversers(
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
                    needs.append(subject.words["reversal"]["need_given"].format(agent=_name(made, subject)))
        out.append(made)
    return out, needs


def _after_enough(row: BlockReversal, agent: str, subject: Subject) -> bool:
    """Whether as much of the blocker was given as the row is for, or nobody knows how much."""
    given, weight = taken(agent, subject), subject.facts.column("weight")
    if row.after is None or given.mg is None or not given.lines or not weight.settled(0):
        return True
    return given.mg >= row.after * weight.low.item(0)


def _lines(one: Reverser, others: Sequence[Reverser], typed: Depth, depth: Depth, subject: Subject) -> Iterator[Line]:
    words = subject.words["reversal"]
    if not one.rows:
        return
    how = words["typed"].format(values=_shown(typed, depth, subject)) if typed.known else words["table"]
    warned = None if one.against is not None or one.warning is None else _warning(one, others)
    if one.against is not None and one.dosed:
        yield _withheld(one, one.against, others, subject)
    elif warned is not None and one.dosed and not typed.known:
        yield _warned(one, warned, subject)
    for row in one.rows:
        if row.usual is not None and one.against is None and typed.known and (other := _in_full(one, others, subject)):
            yield _waits(one, row, how, other, subject)
        elif row.usual is None or one.against is None:
            yield _line(one, row, how, warned if typed.known else None, subject)
    if one.dosed:
        yield from _again(one, subject)
        yield from _minded(one, subject)


def _ordered(one: Reverser, measured: bool, missing: Sequence[str], subject: Subject) -> Iterator[Line]:
    """Each order of the agent that is weighed, held against what this depth still takes."""
    words, said = subject.words["ordered"], subject.words["ordered"]["reversal"]
    for medicine in ordered(one.block.agent, subject):
        mass = mass_of(medicine, subject)
        rows = [row for row in one.rows if row.usual is not None and not row.immediate]
        due = _amount(one, rows[0], subject)[0] if rows and one.against is None else None
        if mass is None:
            text = words["unknown"]
        elif not measured or missing:
            text = said["table"]
        elif due is None:
            text = said["none"]
        else:
            verdict, slip = _fit(mass, due, rows[0], subject), next((f for f in one.found if set(f.rules) & set(one.block.slips)), None)  # fmt: skip
            verdict = "slip" if slip is not None and verdict == "above" else verdict
            text = said[verdict].format(amount=amount_text(due, _MASS), summary="" if slip is None else slip.summary)
        kg = subject.facts.column("weight")
        if mass is not None and kg.settled(0):
            weight = kg.low.item(0)
            text = f"{words['per'].format(per=amount_text(mass / weight, 'mg/kg'), kg=plain_number(weight, _DIGITS))} {text}"
        yield Line(
            what=words["reversal_what"].format(agent=_name(one, subject)),
            how=medicine.read_as or medicine.said,
            value=None if mass is None else three_digits(mass),
            unit="" if mass is None else _MASS,
            text=text,
        )


def _fit(mass: float, due: float, row: BlockReversal, subject: Subject) -> str:
    """Whether an order is what is due, less or more; a row's own low and high end count as due, in the measure of its usual amount, and what
    is rounded to an ampoule."""
    rounding = subject.facts.knowledge.policy("reversal_rounding")
    low, high = (due * (end or row.usual or 1) / (row.usual or 1) for end in (row.low, row.high))
    low, high = low * (1 - rounding), high * (1 + rounding)
    if three_digits(mass) < three_digits(low):
        return "below"
    return "above" if three_digits(mass) > three_digits(high) else "within"


def _in_full(one: Reverser, others: Sequence[Reverser], subject: Subject) -> Reverser | None:
    """Another agent of which all that this depth takes was given today already."""
    for other in others:
        rows = [row for row in other.rows if row.usual is not None and not row.immediate]
        if other is one or not rows or not other.given.lines or other.given.mg is None:
            continue
        whole = _whole(other, rows[0], subject)[0]
        if whole is not None and three_digits(other.given.mg) >= three_digits(whole):
            return other
    return None


def _waits(one: Reverser, row: BlockReversal, how: str, other: Reverser, subject: Subject) -> Line:
    """An agent without an amount while another one that was given in full may still act."""
    words = subject.words["reversal"]
    return Line(
        what=words["agent_at"].format(agent=_name(one, subject), depth=row.depth),
        how=how,
        value=None,
        unit="",
        text=words["other_in_full"].format(agent=capital(_name(other, subject))),
        sources=source_of(row, subject.facts),
        verified=row.verified,
    )


def _shown(typed: Depth, depth: Depth, subject: Subject) -> str:
    """What was typed in, and the number of twitches that follows from it."""
    words = subject.words["reversal"]
    text = typed.text(words)
    if typed.count is None and depth.count is not None:
        text = words["implied"].format(values=text, count=plain_number(depth.count, _DIGITS))
    return text


def _warning(one: Reverser, others: Sequence[Reverser]) -> str:
    """The warning's text: whether another agent may take its place."""
    assert one.warning is not None
    free = any(o is not one and o.against is None and o.warning is None for o in others)
    return one.warning.text if free else one.warning.alone


def _warned(one: Reverser, text: str, subject: Subject) -> Line:
    assert one.warning is not None
    return Line(
        what=subject.words["reversal"]["before"].format(agent=_name(one, subject)),
        how="",
        value=None,
        unit="",
        text=text,
        sources=source_of(one.warning, subject.facts),
        verified=one.warning.verified,
    )


def _withheld(one: Reverser, against: Finding, others: Sequence[Reverser], subject: Subject) -> Line:
    """Why an agent has no amount, said once; what to do instead where no other line says it."""
    words = subject.words["reversal"]
    other = any(o is not one and o.against is None and o.dosed for o in others)
    texts = [words["withheld"].format(summary=against.summary), *([] if other else [against.action])]
    return Line(
        what=words["agent"].format(agent=_name(one, subject)),
        how=words["rule"].format(tier=against.tier, rules=", ".join(against.rules)),
        value=None,
        unit="",
        text=" ".join(texts),
        sources=against.sources,
        verified=against.verified,
    )


def _line(one: Reverser, row: BlockReversal, how: str, warned: str | None, subject: Subject) -> Line:
    words, facts = subject.words["reversal"], subject.facts
    key = "immediate" if row.immediate else "agent_at" if row.usual is not None else "at"
    value, steps, texts = None, [how], [row.text]
    if row.usual is not None:
        value, own_steps, own_texts = _amount(one, row, subject)
        steps += own_steps
        texts = [*([warned] if warned else ()), *own_texts, *([] if own_texts and value is None else [row.text])]
    sources = source_of(row, facts)
    if warned and one.warning is not None:
        sources = (*sources, *source_of(one.warning, facts))
    return Line(
        what=words[key].format(agent=_name(one, subject), depth=row.depth),
        how="; ".join(s for s in steps if s),
        value=value,
        unit=_MASS if value is not None else "",
        text=" ".join(texts),
        sources=sources,
        verified=row.verified and (not warned or one.warning is None or one.warning.verified),
    )


def _amount(one: Reverser, row: BlockReversal, subject: Subject) -> tuple[float | None, list[str], list[str]]:
    """The amount in mg, cut to the most and less what was given already; how it was reached; and what is to be said of that."""
    words, given = subject.words["reversal"], one.given
    whole, steps, kg = _whole(one, row, subject)
    if whole is None:
        return None, steps, []
    most = [m for m in (row.most, None if row.most_per_kg is None or kg is None else row.most_per_kg * kg) if m]
    if most and whole > min(most):
        whole = min(most)
        steps.append(words["cut"].format(most=_most_text(row, subject), amount=amount_text(whole, _MASS)))
    name = _name(one, subject)
    if not given.lines:
        return three_digits(whole), steps, [words["given_spent"].format(agent=name)] if one.spent.lines else []
    if given.mg is None:
        return None, steps, [words["given_unknown"].format(agent=name)]
    said = {"given": amount_text(given.mg, _MASS), "whole": amount_text(whole, _MASS), "agent": name}
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
    if row.unit == _MASS:
        if kg is None:
            return (
                (None, [words["unweighed"]], None)
                if row.most_per_kg is not None
                else (row.usual, [words["fixed"]], None)
            )
        per = amount_text(row.usual / kg, "mg/kg")
        return row.usual, [words["fixed_per"].format(amount=amount_text(row.usual, _MASS), per=per)], kg
    if not isinstance(one.weight, Weighed) or kg is None:
        return None, [words["unweighed"]], None
    amount = convert(Quantity(row.usual * kg, row.unit.replace(_PER_KG, "", 1)), _MASS)
    if amount is None:
        raise AssertionError(f"the lint lets no reversal in {row.unit} pass")
    step = words["dose"].format(
        per=amount_text(row.usual, row.unit),
        kg=plain_number(kg, _DIGITS),
        weight=subject.words["weights"][one.weight.of.weight],
    )
    return amount, [step], kg


def _most_text(row: BlockReversal, subject: Subject) -> str:
    values = [(row.most_per_kg, "mg/kg"), (row.most, _MASS)]
    shown = [amount_text(v, unit) for v, unit in values if v is not None]
    return str(subject.words["reversal"]["or"]).join(shown)


def _again(one: Reverser, subject: Subject) -> Iterator[Line]:
    """What to do where the agent was given already and the block is still there."""
    words = subject.words["reversal"]
    if not one.given.lines or one.against is not None:
        return
    for entry in holding(one.block.again, subject.facts):
        value, how = _again_amount(one, entry, subject)
        yield Line(
            what=words["again"].format(agent=_name(one, subject)),
            how=how,
            value=value,
            unit=_MASS if value is not None else "",
            text=entry.text,
            sources=source_of(entry, subject.facts),
            verified=entry.verified,
        )


def _given_before(one: Reverser, subject: Subject) -> Iterator[Line]:
    """What was given already of an agent that has no amount at this depth: what that means, and what the rules say of it."""
    words, given = subject.words["reversal"], one.given
    if not given.lines:
        return
    said = words["given_amount"].format(amount=words["unsaid"] if given.mg is None else amount_text(given.mg, _MASS))
    plain = [entry for entry in holding(one.block.again, subject.facts) if entry.usual is None]
    what = words["again"].format(agent=_name(one, subject))
    if not plain:
        yield Line(what=what, how=said, value=None, unit="", text=words["given_deep"])
    for entry in plain:
        sources = source_of(entry, subject.facts)
        yield Line(what=what, how=said, value=None, unit="", text=entry.text, sources=sources, verified=entry.verified)
    yield from _found(one, set(), subject)


def _again_amount(one: Reverser, entry: BlockAgain, subject: Subject) -> tuple[float | None, str]:
    if entry.usual is None or not isinstance(one.weight, Weighed):
        return None, ""
    amount = convert(Quantity(entry.usual * one.weight.kg, entry.unit.replace(_PER_KG, "", 1)), _MASS)
    step = subject.words["reversal"]["dose"].format(
        per=amount_text(entry.usual, entry.unit),
        kg=plain_number(one.weight.kg, _DIGITS),
        weight=subject.words["weights"][one.weight.of.weight],
    )
    return (None if amount is None else three_digits(amount)), str(step)


def _minded(one: Reverser, subject: Subject) -> Iterator[Line]:
    """What else the rules say of the agent for this person, and what is to be minded with it."""
    facts, words = subject.facts, subject.words
    if one.against is not None:
        return
    what = words["reversal"]["mind"].format(agent=_name(one, subject))
    yield from _found(one, set(one.warning.rules) if one.warning is not None else set(), subject)
    for note in holding(one.block.notes, facts):
        if outcome_of(note.when, one.block.agent, facts)[0] == FIRES:
            yield Line(
                what=what,
                how="",
                value=None,
                unit="",
                text=note.text,
                sources=source_of(note, facts),
                verified=note.verified,
            )


def _found(one: Reverser, said: set[str], subject: Subject) -> Iterator[Line]:
    """What the rules say of the agent, but for those that were said already."""
    words = subject.words
    for finding in one.found:
        if not set(finding.rules) & said:
            yield Line(
                what=words["reversal"]["mind"].format(agent=_name(one, subject)),
                how=words["change"]["how"].format(tier=finding.tier, rules=", ".join(finding.rules)),
                value=None,
                unit="",
                text=" ".join((finding.summary, *finding.also)),
                sources=finding.sources,
                verified=finding.verified,
            )


def _name(one: Reverser, subject: Subject) -> str:
    return shown_agent_name(one.block.agent, subject.facts)
