"""The depth of a block as a monitor showed it and somebody typed it in: what follows from it, what it lacks, and what on record was not used."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.known_names import folded
from relaxant.knowledge.blocks import BlockReversal
from relaxant.patient import Measured
from relaxant.planning.block_person import Subject, Words
from relaxant.planning.plan import Line
from relaxant.quantities import plain_number

RATIO, COUNT, POST_TETANIC = "train_of_four_ratio", "train_of_four_count", "post_tetanic_count"
_LABS = (RATIO, COUNT, POST_TETANIC)
_FULL_COUNT = 4
_DIGITS = 3


class Depth(msgspec.Struct, frozen=True):
    """What a monitor showed, as typed in or as it follows from that; ``None`` for what is not known."""

    ratio: float | None
    count: float | None
    post_tetanic: float | None

    @property
    def known(self) -> bool:
        """Whether anything was typed in."""
        return any(v is not None for v in (self.ratio, self.count, self.post_tetanic))

    def text(self, words: Words) -> str:
        """What was typed in, in words."""
        shown = {"ratio": self.ratio, "count": self.count, "post_tetanic": self.post_tetanic}
        return ", ".join(
            words[name].format(value=plain_number(v, _DIGITS)) for name, v in shown.items() if v is not None
        )


def depth_of(facts: Facts) -> Depth:
    """The measures that are surely of today."""
    ratio, count, post_tetanic = (facts.numbers(f"{name}_today").item(0) for name in _LABS)
    return Depth(*(None if math.isnan(v) else v for v in (ratio, count, post_tetanic)))


def settled(depth: Depth, words: Words) -> tuple[Depth, tuple[str, ...]]:
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


def not_used(subject: Subject) -> Iterator[Line]:
    """What was said of a train-of-four and does not count: a value of another day, or one that nobody can read as a count or a ratio."""
    words, facts = subject.words["on_record"], subject.facts
    keys = [folded(k) for k in words["keys"]]
    for measured in (*subject.patient.labs, *subject.patient.observations):
        lab = facts.knowledge.labs.get(measured.name)
        if measured.name in _LABS and lab is not None:
            if measured.value is not None and measured.date == subject.patient.as_of:
                continue
            title = lab.title
            reason = "unread" if measured.value is None else "undated" if measured.date is None else "old"
        elif lab is None and any(f" {k} " in f" {folded(measured.name)} " for k in keys):
            title, reason = measured.name, "unread"
        else:
            continue
        text = words[reason].format(day=measured.date)
        yield Line(
            what=words["what"],
            how=words["how"].format(title=title, value=_said(measured)),
            value=None,
            unit="",
            text=text,
        )


def _said(measured: Measured) -> str:
    if measured.text is not None:
        return measured.text
    return "" if measured.value is None else plain_number(measured.value, _DIGITS)
