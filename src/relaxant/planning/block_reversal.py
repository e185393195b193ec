"""Reversal: which agent and how much at the depth that was typed in, or the whole table where nothing was; and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.blocks import Block, BlockReversal
from relaxant.planning.block_doses import amount_text
from relaxant.planning.block_person import (
    GRAVEST,
    Open,
    Subject,
    Weighed,
    dosing_weight,
    holding,
    outcome_of,
    source_of,
    weighing,
)
from relaxant.planning.plan import Line
from relaxant.quantities import Quantity, convert, plain_number, three_digits
from relaxant.rules.evaluate import FIRES
from relaxant.rules.findings import Finding
from relaxant.rules.wording import shown_agent_name

RATIO, COUNT, POST_TETANIC = "train_of_four_ratio", "train_of_four_count", "post_tetanic_count"
_FULL_COUNT = 4
_DIGITS = 3
_MASS = "mg"


class Depth(msgspec.Struct, frozen=True):
    """What a monitor showed, as typed in; ``None`` for what was not."""

    ratio: float | None
    count: float | None
    post_tetanic: float | None

    @property
    def known(self) -> bool:
        """Whether anything was typed in."""
        return any(v is not None for v in (self.ratio, self.count, self.post_tetanic))

    def text(self, words: dict[str, str]) -> str:
        """What was typed in, in words."""
        shown = {"ratio": self.ratio, "count": self.count, "post_tetanic": self.post_tetanic}
        return ", ".join(
            words[name].format(value=plain_number(v, _DIGITS)) for name, v in shown.items() if v is not None
        )


def depth_of(facts: Facts) -> Depth:
    """The measures in force today."""
    ratio, count, post_tetanic = (facts.numbers(name).item(0) for name in (RATIO, COUNT, POST_TETANIC))
    return Depth(*(None if math.isnan(v) else v for v in (ratio, count, post_tetanic)))


def settled(depth: Depth, words: dict[str, str]) -> tuple[Depth, tuple[str, ...]]:
    """The depth with what follows from it (a ratio above nought has four twitches, a twitch more than any post-tetanic count), and what has
    to be measured before anything is reckoned."""
    ratio, count, post_tetanic = depth.ratio, depth.count, depth.post_tetanic
    if ratio and count is not None and count < _FULL_COUNT:
        shown = {"ratio": plain_number(ratio, _DIGITS), "count": plain_number(count, _DIGITS)}
        return depth, (words["conflict"].format(**shown),)
    if ratio:
        count = float(_FULL_COUNT)
    elif ratio is not None and count is not None and count < _FULL_COUNT:
        ratio = None  # a monitor shows a ratio of nought where the fourth twitch is missing
    if count is None and post_tetanic != 0:
        return depth, (words["need_count"],) if depth.known else ()
    if count is None:
        count = 0.0
    if count == 0 and post_tetanic is None:
        return Depth(ratio, count, None), (words["need_post_tetanic"],)
    return Depth(ratio, count, post_tetanic), ()


def fits(row: BlockReversal, depth: Depth) -> bool:
    """Whether a depth lies within all bounds of a row; one that was not measured lies within none."""
    for value, low, high in (
        (depth.post_tetanic, row.post_tetanic_from, row.post_tetanic_to),
        (depth.count, row.count_from, row.count_to),
        (depth.ratio, row.ratio_from, row.ratio_to),
    ):
        if low is None and high is None:
            continue
        if value is None or (low is not None and value < low) or (high is not None and value >= high):
            return False
    return True


def reversal_lines(agent: str, subject: Subject) -> tuple[list[Line], tuple[str, ...]]:
    """The lines of reversal for a blocker: the rows that fit what was typed in, all of them where nothing was; and what is missing."""
    words, facts = subject.words["reversal"], subject.facts
    if not facts.column("age").settled(0):
        return [], facts.column("age").settled_by(0)
    typed = depth_of(facts)
    depth, missing = settled(typed, words)
    needs = list(missing)
    lines: list[Line] = []
    for block in facts.knowledge.plans.blocks.values():
        rows = [row for row in holding(block.reversals, facts) if agent in row.reverses]
        if typed.known:
            rows = [] if missing else [row for row in rows if fits(row, depth)]
            first = next((row for row in rows if not row.immediate), None)
            rows = [row for row in rows if row is first or row.immediate]
        if not rows:
            continue
        weight = dosing_weight(block, facts)
        found, open_needs = _against(block, rows, subject)
        needs += open_needs
        if isinstance(weight, Open) and any(row.usual is not None for row in rows):
            needs += weight.needs
        how = words["typed"].format(values=depth.text(words)) if typed.known else words["table"]
        lines += [_line(block, row, weight, found, how, subject) for row in rows]
        lines += _minded(block, rows, found, subject)
    if typed.known and not missing and not lines:
        lines.append(Line(what=words["none_what"], how="", value=None, unit="", text=_none(agent, depth, subject)))
    return lines, tuple(dict.fromkeys(needs))


def _none(agent: str, depth: Depth, subject: Subject) -> str:
    words, blocks = subject.words["reversal"], subject.facts.knowledge.plans.blocks
    if not any(agent in row.reverses for block in blocks.values() for row in block.reversals):
        return str(words["alone"])
    return str(words["none"].format(values=depth.text(words)))


def _against(block: Block, rows: list[BlockReversal], subject: Subject) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What the rules find of giving the reversal agent, and what they lack for its gravest and for those that withhold it."""
    if all(row.usual is None for row in rows):
        return (), ()
    found, unchecked = weighing(block.agent, subject, None)
    keys, seldom = set(block.withheld_by), subject.facts.seldom_asked(0)
    grave = [u for u in unchecked if (u.worst_tier == GRAVEST and not u.folded) or keys & set(u.rules)]
    return found, tuple(u.settled_by for u in grave if u.settled_by not in seldom)


def _withholds(block: Block, found: tuple[Finding, ...]) -> Finding | None:
    return next((f for f in found if f.tier == GRAVEST or set(f.rules) & set(block.withheld_by)), None)


def _line(
    block: Block, row: BlockReversal, weight: Weighed | Open, found: tuple[Finding, ...], how: str, subject: Subject
) -> Line:
    words, facts = subject.words["reversal"], subject.facts
    name = shown_agent_name(block.agent, facts)
    what = words["immediate" if row.immediate else "what"].format(agent=name, depth=row.depth)
    against = _withholds(block, found) if row.usual is not None else None
    texts, value, steps = [row.text], None, [how]
    if against is not None:
        texts = [words["withheld"].format(summary=against.summary), against.action]
    elif row.usual is not None:
        value, step = _amount(row, weight, subject)
        steps.append(step)
    return Line(
        what=what,
        how="; ".join(s for s in steps if s),
        value=value,
        unit=_MASS,
        text=" ".join(texts),
        sources=(*source_of(row, facts), *(against.sources if against else ())),
        verified=row.verified and (against is None or against.verified),
    )


def _amount(row: BlockReversal, weight: Weighed | Open, subject: Subject) -> tuple[float | None, str]:
    """The amount in mg, cut to the most, and how it was reached."""
    words = subject.words["reversal"]
    if row.usual is None:
        return None, ""
    if row.unit == _MASS:
        return row.usual, str(words["fixed"])
    if isinstance(weight, Open):
        return None, str(words["unweighed"])
    kg, entry = weight.kg, weight.of
    amount = convert(Quantity(row.usual * kg, row.unit.replace("/kg", "", 1)), _MASS)
    if amount is None:
        raise AssertionError(f"the lint lets no reversal in {row.unit} pass")
    step = words["dose"].format(
        per=amount_text(row.usual, row.unit),
        kg=plain_number(kg, _DIGITS),
        weight=subject.words["weights"][entry.weight],
    )
    if row.most is not None and amount > row.most:
        return row.most, f"{step} {subject.words['dose']['capped'].format(most=plain_number(row.most, _DIGITS))}"
    return three_digits(amount), str(step)


def _minded(block: Block, rows: list[BlockReversal], found: tuple[Finding, ...], subject: Subject) -> Iterator[Line]:
    """What else the rules say of the agent for this person, and what is to be minded with it."""
    facts, words = subject.facts, subject.words
    if all(row.usual is None for row in rows):
        return
    against = _withholds(block, found)
    for finding in found:
        if finding is not against:
            yield Line(
                what=f"{shown_agent_name(block.agent, facts)}: {words['change']['other'].lower()}",
                how=words["change"]["how"].format(tier=finding.tier, rules=", ".join(finding.rules)),
                value=None,
                unit="",
                text=finding.summary,
                sources=finding.sources,
                verified=finding.verified,
            )
    for note in holding(block.notes, facts):
        if outcome_of(note.when, block.agent, facts)[0] == FIRES:
            yield Line(
                what=f"{shown_agent_name(block.agent, facts)}: {words['change']['other'].lower()}",
                how="",
                value=None,
                unit="",
                text=note.text,
                sources=source_of(note, facts),
                verified=note.verified,
            )
