"""A comparison within one person: arms that took turns in blocks, drawn by chance or not."""

from __future__ import annotations

import itertools
import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.diary import Diary
from relaxant.errors import InputError
from relaxant.response.taken import Taken

Floats = NDArray[np.float64]
_MOST_DRAWS = 36  # blocks up to which every draw is counted
_NEAR = 1e-9


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Days in a row in one arm of one block; places from ``begin`` to before ``end``."""

    block: str
    arm: str
    begin: int
    end: int


class Crossover(msgspec.Struct, frozen=True, kw_only=True):
    """Two arms in turn. ``arm`` is compared with ``against``, that of the lower dose or of none."""

    arm: str
    against: str
    periods: tuple[Period, ...]

    @property
    def blocks(self) -> tuple[str, ...]:
        """Blocks in which both arms were taken, in order."""
        both = [b for b in dict.fromkeys(p.block for p in self.periods) if len({p.arm for p in self.periods if p.block == b}) == 2]  # fmt: skip
        return tuple(both)

    @property
    def one_order(self) -> bool:
        """Whether the arms came in the same order in each of several blocks."""
        orders = {tuple(dict.fromkeys(p.arm for p in self.periods if p.block == b)) for b in self.blocks}
        return len(self.blocks) > 1 and len(orders) == 1

    def indicator(self, days: int) -> Floats:
        """1 on the days of ``arm``, shape (days,); a day without an arm goes with the day before."""
        out = np.zeros(days)
        for period, following in itertools.zip_longest(self.periods, self.periods[1:]):
            out[period.begin : following.begin if following else days] = period.arm == self.arm
        return out


def crossover_of(diary: Diary, taken: Taken) -> Crossover | None:
    """The comparison that a diary holds; ``None`` where it names no arm. Raises :class:`InputError` for one that is none."""
    marked = [e for e in diary.entries if e.arm is not None and e.day >= taken.first]
    if not marked:
        return None
    missing = next((e for e in marked if e.block is None), None)
    if missing is not None:
        raise InputError(f"diary, {missing.day}, block", "nothing", "a day with an arm needs its block", "number the blocks in a column called block: each holds every arm once or more")  # fmt: skip
    arms = tuple(dict.fromkeys(e.arm for e in marked if e.arm))
    if len(arms) != 2:
        raise InputError("diary, arm", ", ".join(arms), "a comparison has two arms", "name the arm of each day by one of two words, such as A and B")  # fmt: skip
    places: dict[int, tuple[str, str]] = {}
    for entry in marked:
        place, own = (entry.day - taken.first).days, (str(entry.block), str(entry.arm))
        if places.setdefault(place, own) != own:
            raise InputError(f"diary, {entry.day}, arm", entry.arm, "one day has two arms or blocks", "give each day one")  # fmt: skip
    periods = _periods(places)
    for block in dict.fromkeys(p.block for p in periods):
        own_days = [i for i, (b, _) in sorted(places.items()) if b == block]
        between = [i for i, (b, _) in places.items() if own_days[0] < i < own_days[-1] and b != block]
        if between:
            raise InputError("diary, block", block, "its days are parted by those of another block", "number the blocks one after the other")  # fmt: skip
    arm, against = _order(arms, places, taken)
    return Crossover(arm=arm, against=against, periods=periods)


def _periods(places: dict[int, tuple[str, str]]) -> tuple[Period, ...]:
    out: list[Period] = []
    for place, (block, arm) in sorted(places.items()):
        if out and (out[-1].block, out[-1].arm) == (block, arm):
            out[-1] = msgspec.structs.replace(out[-1], end=place + 1)
        else:
            out.append(Period(block=block, arm=arm, begin=place, end=place + 1))
    return tuple(out)


def _order(arms: tuple[str, ...], places: dict[int, tuple[str, str]], taken: Taken) -> tuple[str, str]:
    """The arm with the higher dose first; by name where the doses do not tell them apart."""
    own = {arm: [i for i, (_, a) in places.items() if a == arm] for arm in arms}
    for medicine in taken.medicines.values():
        mean = {arm: float(medicine.doses[days].mean()) for arm, days in own.items()}
        if mean[arms[0]] != mean[arms[1]]:
            higher = max(arms, key=lambda a: mean[a])
            return higher, next(a for a in arms if a != higher)
    first, second = sorted(arms)
    return second, first


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """The test that needs no model: in how many of all ways to draw the order within blocks the arms would differ at least as much.
    ``difference``: mean of ``arm`` less that of ``against``, over blocks; ``None`` where no block has both with a score.
    ``ways`` is 0 where there are too many blocks to count. ``chance``: the share, then by the normal distribution."""

    blocks: int
    difference: float | None = None
    as_far: int = 0
    ways: int = 0
    chance: float = 1.0


def draw_test(crossover: Crossover, values: Floats, settled: int) -> Draw:
    """By chance alone: each block's order was drawn, so its difference might as well be the other way round. The first ``settled`` days of a period,
    when the arm before still acts, are left out where a period is longer."""
    differences = [d for block in crossover.blocks if (d := _difference(crossover, block, values, settled)) is not None]
    if not differences:
        return Draw(blocks=0)
    blocks, mean = len(differences), math.fsum(differences) / len(differences)
    if blocks > _MOST_DRAWS:
        spread = math.sqrt(math.fsum(d * d for d in differences))
        return Draw(
            blocks=blocks, difference=mean, chance=math.erfc(abs(mean * blocks) / max(spread, _NEAR) / math.sqrt(2))
        )
    first, second = _sums(differences[::2]), np.sort(_sums(differences[1::2]))
    far = abs(math.fsum(differences)) - _NEAR
    below = np.searchsorted(second, -far - first, side="right")
    above = len(second) - np.searchsorted(second, far - first, side="left")
    as_far = int(np.minimum(below + above, len(second)).sum())
    return Draw(blocks=blocks, difference=mean, as_far=as_far, ways=2**blocks, chance=as_far / 2**blocks)


def _sums(differences: list[float]) -> Floats:
    """The sums of differences with every choice of signs, shape (2 ** differences,)."""
    out = np.zeros(1)
    for difference in differences:
        out = np.concatenate((out + difference, out - difference))
    return out


def _difference(crossover: Crossover, block: str, values: Floats, settled: int) -> float | None:
    means = []
    for arm in (crossover.arm, crossover.against):
        own: list[float] = []
        for period in crossover.periods:
            if (period.block, period.arm) == (block, arm):
                begin = period.begin + min(settled, (period.end - period.begin) // 2)
                own += [float(v) for v in values[begin : period.end] if not np.isnan(v)]
        if not own:
            return None
        means.append(sum(own) / len(own))
    return means[0] - means[1]
