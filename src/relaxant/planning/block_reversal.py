"""Reversal: which agent and how much at the depth that was typed in, or the whole table where nothing was; less what was given already.

What speaks against an agent is said once. An agent that may not be given has no amount; one that labels advise against keeps its amount, with
the warning, because it may be all there is when the airway fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relaxant.knowledge.blocks import BlockReversal
from relaxant.planning.block_depth import Depth, depth_of, not_used, settled
from relaxant.planning.block_doses import amount_text
from relaxant.planning.block_person import Subject, holding, mass_of, ordered, source_of
from relaxant.planning.block_reverser import (
    MASS,
    Reverser,
    amount_again,
    amount_due,
    fit_of,
    given_in_full,
    name_of,
    reversers,
)
from relaxant.planning.plan import Line
from relaxant.quantities import plain_number, three_digits
from relaxant.rules.asked import outcome_of
from relaxant.rules.evaluate import FIRES
from relaxant.rules.findings import Finding
from relaxant.rules.wording import capital

_DIGITS = 3


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
    own, open_needs = reversers(agent, depth if typed.known else None, missing, subject)
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
        if (
            row.usual is not None
            and one.against is None
            and typed.known
            and (other := given_in_full(one, others, subject))
        ):
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
        due = amount_due(one, rows[0], subject)[0] if rows and one.against is None else None
        if mass is None:
            text = words["unknown"]
        elif not measured or missing:
            text = said["table"]
        elif due is None:
            text = said["none"]
        else:
            verdict, slip = fit_of(mass, due, rows[0], subject), next((f for f in one.found if set(f.rules) & set(one.block.slips)), None)  # fmt: skip
            verdict = "slip" if slip is not None and verdict == "above" else verdict
            text = said[verdict].format(amount=amount_text(due, MASS), summary="" if slip is None else slip.summary)
        kg = subject.facts.column("weight")
        if mass is not None and kg.settled(0):
            weight = kg.low.item(0)
            text = f"{words['per'].format(per=amount_text(mass / weight, 'mg/kg'), kg=plain_number(weight, _DIGITS))} {text}"
        yield Line(
            what=words["reversal_what"].format(agent=name_of(one, subject)),
            how=medicine.read_as or medicine.said,
            value=None if mass is None else three_digits(mass),
            unit="" if mass is None else MASS,
            text=text,
        )


def _waits(one: Reverser, row: BlockReversal, how: str, other: Reverser, subject: Subject) -> Line:
    """An agent without an amount while another one that was given in full may still act."""
    words = subject.words["reversal"]
    return Line(
        what=words["agent_at"].format(agent=name_of(one, subject), depth=row.depth),
        how=how,
        value=None,
        unit="",
        text=words["other_in_full"].format(agent=capital(name_of(other, subject))),
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
        what=subject.words["reversal"]["before"].format(agent=name_of(one, subject)),
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
        what=words["agent"].format(agent=name_of(one, subject)),
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
        value, own_steps, own_texts = amount_due(one, row, subject)
        steps += own_steps
        texts = [*([warned] if warned else ()), *own_texts, *([] if own_texts and value is None else [row.text])]
    sources = source_of(row, facts)
    if warned and one.warning is not None:
        sources = (*sources, *source_of(one.warning, facts))
    return Line(
        what=words[key].format(agent=name_of(one, subject), depth=row.depth),
        how="; ".join(s for s in steps if s),
        value=value,
        unit=MASS if value is not None else "",
        text=" ".join(texts),
        sources=sources,
        verified=row.verified and (not warned or one.warning is None or one.warning.verified),
    )


def _again(one: Reverser, subject: Subject) -> Iterator[Line]:
    """What to do where the agent was given already and the block is still there."""
    words = subject.words["reversal"]
    if not one.given.lines or one.against is not None:
        return
    for entry in holding(one.block.again, subject.facts):
        value, how = amount_again(one, entry, subject)
        yield Line(
            what=words["again"].format(agent=name_of(one, subject)),
            how=how,
            value=value,
            unit=MASS if value is not None else "",
            text=entry.text,
            sources=source_of(entry, subject.facts),
            verified=entry.verified,
        )


def _given_before(one: Reverser, subject: Subject) -> Iterator[Line]:
    """What was given already of an agent that has no amount at this depth: what that means, and what the rules say of it."""
    words, given = subject.words["reversal"], one.given
    if not given.lines:
        return
    said = words["given_amount"].format(amount=words["unsaid"] if given.mg is None else amount_text(given.mg, MASS))
    plain = [entry for entry in holding(one.block.again, subject.facts) if entry.usual is None]
    what = words["again"].format(agent=name_of(one, subject))
    if not plain:
        yield Line(what=what, how=said, value=None, unit="", text=words["given_deep"])
    for entry in plain:
        sources = source_of(entry, subject.facts)
        yield Line(what=what, how=said, value=None, unit="", text=entry.text, sources=sources, verified=entry.verified)
    yield from _found(one, set(), subject)


def _minded(one: Reverser, subject: Subject) -> Iterator[Line]:
    """What else the rules say of the agent for this person, and what is to be minded with it."""
    facts, words = subject.facts, subject.words
    if one.against is not None:
        return
    what = words["reversal"]["mind"].format(agent=name_of(one, subject))
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
                what=words["reversal"]["mind"].format(agent=name_of(one, subject)),
                how=words["change"]["how"].format(tier=finding.tier, rules=", ".join(finding.rules)),
                value=None,
                unit="",
                text=" ".join((finding.summary, *finding.also)),
                sources=finding.sources,
                verified=finding.verified,
            )
