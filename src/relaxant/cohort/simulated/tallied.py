"""What a card comes to in the people of a registry, counted: it adds up over batches, and holds no person."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from relaxant.cohort.over_time import put_together
from relaxant.facts.column import Floats
from relaxant.pharmacology.cards.window import Measure

ALL, NOT_KNOWN = "all", "not known"
Plan = Literal["label", "individual"]
PLANS: tuple[Plan, ...] = ("label", "individual")
MEASURES: tuple[Measure, ...] = ("auc", "average", "peak")
LEVELS = (0.05, 0.5, 0.95)
_WIDTH = np.log(1.01)  # of a bin: values are told apart to one part in a hundred
_NOTHING = -1_000_000  # the bin of nought


class Exposed(msgspec.Struct, kw_only=True):
    """Counts by band of kidney function, with ``ALL``. ``people`` who take the agent; of them by ``status`` of the card; ``left`` whom the plan takes off the agent, and
    ``lowered`` those whose most is below the label's dose. ``copies`` were followed; ``above`` the level of them, by plan; ``bins`` how many by band, plan, measure and
    value (a power of 1.01). ``doses`` how many people by the individual dose of a day. ``bounds`` by id how many they decide for; ``partners`` of people followed, those
    with another medicine that is known to change exposure."""

    people: dict[str, int] = {}
    status: dict[tuple[str, str], int] = {}
    left: dict[str, int] = {}
    lowered: dict[str, int] = {}
    copies: dict[str, int] = {}
    above: dict[tuple[str, Plan], int] = {}
    bins: dict[tuple[str, Plan, Measure, int], int] = {}
    doses: dict[tuple[str, float], int] = {}
    bounds: dict[str, int] = {}
    partners: int = 0

    def add(self, other: Exposed) -> None:
        """Adds the counts of other people to these."""
        self.partners += other.partners
        for name in self.__struct_fields__:
            if name != "partners":
                put_together(getattr(self, name), getattr(other, name))

    def values(self, band: str, plan: Plan, measure: Measure, values: Floats) -> None:
        """Counts values."""
        bins = np.full(len(values), _NOTHING, np.intp)
        some = values > 0
        bins[some] = np.floor(np.log(values[some]) / _WIDTH).astype(np.intp)
        for number, count in zip(*np.unique(bins, return_counts=True), strict=True):
            key = (band, plan, measure, int(number))
            self.bins[key] = self.bins.get(key, 0) + int(count)

    def quantiles(self, band: str, plan: Plan, measure: Measure) -> tuple[float, ...] | None:
        """The quantiles :data:`LEVELS` to half of one part in a hundred; ``None`` of nobody."""
        its = sorted((n, count) for (b, p, m, n), count in self.bins.items() if (b, p, m) == (band, plan, measure))
        if not its:
            return None
        numbers, counts = (np.array(column) for column in zip(*its, strict=True))
        reached = np.cumsum(counts)
        places = np.searchsorted(reached, np.array(LEVELS) * reached[-1])
        return tuple(0.0 if n == _NOTHING else float(np.exp((n + 0.5) * _WIDTH)) for n in numbers[places].tolist())
