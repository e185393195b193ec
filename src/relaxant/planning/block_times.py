"""How long the label says that each planned dose lasts: one line a milestone and source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relaxant.knowledge.blocks import Block, BlockDose, BlockTime
from relaxant.planning.block_doses import TIMED, Given, amount_text
from relaxant.planning.block_person import Subject, Words, holding, source_of
from relaxant.planning.plan import Line
from relaxant.quantities import plain_number

_DIGITS = 3


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
    if time.text:
        texts.append(time.text)
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
