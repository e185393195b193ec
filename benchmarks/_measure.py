"""Medians of interleaved runs: what is compared is measured in turn, so that a drifting machine moves both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def times(*functions: Callable[[], object], runs: int = 40, warm: int = 3) -> list[list[float]]:
    """Seconds of each function over ``runs`` rounds, called in turn, each sorted."""
    for function in functions:
        for _ in range(warm):
            function()
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(runs):
        for function, own in zip(functions, taken, strict=True):
            start = time.perf_counter()
            function()
            own.append(time.perf_counter() - start)
    return [sorted(own) for own in taken]


def medians(*functions: Callable[[], object], runs: int = 40, warm: int = 3) -> list[float]:
    """Median seconds of each function over ``runs`` rounds, called in turn."""
    return [statistics.median(own) for own in times(*functions, runs=runs, warm=warm)]


def line(
    what: str, ratio: float, reference: str, *, at_most: float | None = None, at_least: float | None = None
) -> None:
    """One figure as a ratio against its named reference, with the goal it has."""
    goal = (
        f" (goal: at most {at_most:g} x)"
        if at_most is not None
        else f" (goal: at least {at_least:g} x)"
        if at_least is not None
        else ""
    )
    print(f"{what}: {ratio:.3g} x {reference}{goal}")
