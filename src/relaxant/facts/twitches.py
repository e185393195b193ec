"""The train-of-four count of today, as typed in or as it follows from a ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import SAID, Column, number
from relaxant.facts.derive import makes
from relaxant.facts.names import PERSON_FACTS

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts

_FULL_COUNT = 4.0


@makes("train_of_four_count_today")
def _count_today(facts: Facts) -> Column:
    """The count; where a ratio above nought alone was typed in all four twitches were there to make it."""
    name, ratio = "train_of_four_count_today", facts.numbers("train_of_four_ratio_today")
    count = np.where(np.isnan(facts.numbers(name)) & (ratio > 0), _FULL_COUNT, facts.numbers(name))
    lab = facts.knowledge.labs.get("train_of_four_count")
    return number(
        count,
        PERSON_FACTS[name].unit,
        needs=name if lab is None else lab.title,
        inputs=("train_of_four_count", "train_of_four_ratio"),
        methods=SAID,
    )
