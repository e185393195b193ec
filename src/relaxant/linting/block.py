"""What is wrong with what plans of neuromuscular block are made from: names, units, order of numbers, bounds, words that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from relaxant.knowledge.blocks import Block, BlockDose, BlockLess, BlockReversal, BlockTime, Milestone, Purpose, Weight
from relaxant.knowledge.load import Knowledge
from relaxant.planning.block_depth import COUNT, POST_TETANIC, RATIO
from relaxant.quantities import Quantity, convert

_DOSED_IN = ("mg/kg", "micrograms/kg", "micrograms/kg/min", "mg/kg/h")
_REVERSED_IN = ("mg/kg", "micrograms/kg", "mg")
_FAMILIES = ("neuromuscular blocker", "reversal")


def faults_of_blocks(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the entries of blockers and reversal agents: where, and what."""
    blocks = knowledge.plans.blocks
    for block in blocks.values():
        where = f"blocks {block.block}"
        agent = knowledge.agents.get(block.agent)
        if agent is not None and agent.family not in _FAMILIES:
            yield where, f"{block.agent} neither blocks nor reverses a block"
        if not block.weights or block.weights[-1].when is not None:
            yield where, "its last weight is for everybody"
        for rule in _rules_named(block):
            if rule not in knowledge.rules:
                yield where, f"there is no rule “{rule}”"
        for dose in block.doses:
            yield from _dose(dose, f"{where} {dose.purpose} {dose.who}")
        for less in block.less:
            yield from _less(less, block, f"{where} less {', '.join(less.rules)}")
        for time in block.times:
            yield from _time(time, f"{where} {time.milestone} {time.dose:g}")
        effects = {e.effect for m in knowledge.models.values() if block.agent in m.agents for e in m.effects}
        for recovery in block.recoveries:
            if recovery.effect not in effects:
                yield where, f"no model of it has the effect “{recovery.effect}”"
        for row in block.reversals:
            yield from _reversal(row, f"{where} {row.depth}", {b.agent for b in blocks.values() if b.doses})
    if blocks:
        yield from _words(knowledge)
        for lab in (RATIO, COUNT, POST_TETANIC):
            if lab not in knowledge.labs:
                yield "blocks", f"there is no lab “{lab}”"


def _rules_named(block: Block) -> Iterator[str]:
    yield from block.withheld_by
    yield from block.slips
    yield from block.beside
    for dose in block.doses:
        yield from dose.rules
    for entries in (block.changes, block.less, block.warnings):
        for entry in entries:
            yield from entry.rules


def _ordered(values: Iterable[float | None]) -> bool:
    known = [v for v in values if v is not None]
    return known == sorted(known) and all(v > 0 for v in known)


def _ages(entry: Any, where: str) -> Iterator[tuple[str, str]]:
    if entry.age_from >= entry.age_to:
        yield where, "age_from is not below age_to"


def _dose(dose: BlockDose, where: str) -> Iterator[tuple[str, str]]:
    yield from _ages(dose, where)
    if dose.unit not in _DOSED_IN or convert(Quantity(1, dose.unit), dose.unit) is None:
        yield where, f"a dose is not in “{dose.unit}”"
    if not _ordered((dose.low, dose.usual, dose.high)):
        yield where, "low, usual and high are not in order above nought"
    if dose.most is not None and dose.most <= 0:
        yield where, "the most is above nought"


def _less(less: BlockLess, block: Block, where: str) -> Iterator[tuple[str, str]]:
    if less.share is not None and not 0 < less.share < 1:
        yield where, "a share lies between nought and one"
    for purpose in less.purposes:
        if not any(d.purpose == purpose for d in block.doses):
            yield where, f"there is no dose “{purpose}” to make less"


def _time(time: BlockTime, where: str) -> Iterator[tuple[str, str]]:
    yield from _ages(time, where)
    if not _ordered((time.dose, time.dose_to)) or not _ordered((time.low, time.middle, time.high)):
        yield where, "its numbers are not in order above nought"
    if time.middle is None and time.high is None:
        yield where, "it gives no time"
    if time.low is not None and (time.high is None or time.spread is None):
        yield where, "what lies between low and high is not said"


def _reversal(row: BlockReversal, where: str, blockers: set[str]) -> Iterator[tuple[str, str]]:
    yield from _ages(row, where)
    for agent in row.reverses:
        if agent not in blockers:
            yield where, f"“{agent}” is no blocker with doses"
    bounds = [
        (row.post_tetanic_from, row.post_tetanic_to),
        (row.count_from, row.count_to),
        (row.ratio_from, row.ratio_to),
    ]
    if all(low is None and high is None for low, high in bounds):
        yield where, "it bounds nothing"
    if any(low is not None and high is not None and low >= high for low, high in bounds):
        yield where, "a bound ends before it begins"
    if row.unit not in _REVERSED_IN:
        yield where, f"a reversal is not in “{row.unit}”"
    if not _ordered((row.low, row.usual, row.high)) or any(
        m is not None and m <= 0 for m in (row.most, row.most_per_kg)
    ):
        yield where, "its amounts are not in order above nought"


def _words(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    words = knowledge.words("blockade")
    for page, names in (("purposes", Purpose), ("milestones", Milestone), ("weights", Weight)):
        for name in get_args(names):
            if name not in words[page]:
                yield f"wording blockade {page}", f"“{name}” has no words"
