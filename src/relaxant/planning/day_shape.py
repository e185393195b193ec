"""The times of day of an order: a source's stages put into them, so that a night's dose stays a night's dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.planning.parts import Grains, kept_parts
from relaxant.planning.rungs import Staged
from relaxant.planning.tablets import ROUNDING


def in_times(
    stages: Sequence[Staged], order: Grains, before: Grains, share: float, *, placed: bool = False
) -> list[Staged] | None:
    """The stages with their doses at the times of an order (grains), none above what is ordered for that time: a time keeps the dose that
    the source gives it, and another time takes over one that is left. No day's dose is above the source's.

    ``None`` where the source's steps never reach the order that way, where what is taken ``before`` has other times, or where they fall.
    ``share`` is the part of the labelled doses that is given; ``placed`` where the order names how many doses alone.
    """
    wanted = _times_of_source(stages, order) if placed else order
    falls = any(two.total < one.total for one, two in pairwise(stages))
    if not wanted or falls or any(dose > wanted.get(part, 0) for part, dose in before.items()):
        return None
    moved = [_moved(stage.doses, wanted) for stage in stages]
    if any(moved[-1].get(part, 0) < dose - ROUNDING for part, dose in wanted.items()):
        return None
    out: list[Staged] = []
    for stage, doses in zip(stages, moved, strict=True):
        least = {part: float(dose) / share for part, dose in before.items()}
        parts = [part for part in DAY_PARTS if part in doses or part in least]
        own = {p: min(max(doses.get(p, 0.0), least.get(p, 0.0)), wanted[p] / share) for p in parts}
        if out and sum(own.values()) <= out[-1].total + ROUNDING:
            both = (out[-1].days, stage.days)
            out[-1] = Staged(out[-1].doses, None if None in both else max(days for days in both if days is not None))
        else:
            out.append(Staged(own, stage.days))
    return out


def other_times(doses: Mapping[DayPart, float], order: Mapping[DayPart, float], *, placed: bool) -> bool:
    """Whether a day has other times than those of an order; in number alone where that names no more."""
    return len(doses) != len(order) if placed else set(doses) != set(order)


def _times_of_source(stages: Sequence[Staged], order: Grains) -> Grains:
    """An order of so many equal doses at the times that the source gives to as many."""
    alike = [stage for stage in stages if len(stage.doses) == len(order)]
    if not alike or len(set(order.values())) > 1:
        return order
    return dict.fromkeys(alike[-1].doses, next(iter(order.values())))


def _moved(doses: Mapping[DayPart, float], order: Grains) -> dict[DayPart, float]:
    """As many of a day's doses as the order has times for: at their own time where the order has it, the larger ones of the rest elsewhere."""
    own = {part: float(dose) for part, dose in order.items() if part in doses}
    others = {part: float(dose) for part, dose in order.items() if part not in doses}
    free = len(doses) - len(own)
    taken_over = kept_parts(others, free) if others and free else {}
    left = sorted((dose for part, dose in doses.items() if part not in own), reverse=True)
    given = dict(zip(sorted(taken_over, key=lambda p: -others[p]), left, strict=False))
    return {part: doses[part] if part in own else given[part] for part in DAY_PARTS if part in own or part in given}
