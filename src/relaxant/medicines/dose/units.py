"""Units of a dose, and intervals between doses."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from relaxant.medicines.dose.numbers import tidy

MASS: Final[dict[str, float]] = {"mg": 1.0, "micrograms": 1e-3, "g": 1e3, "ng": 1e-6}
HOURS: Final[dict[str, float]] = {"min": 1 / 60, "h": 1.0, "d": 24.0, "wk": 168.0, "mo": 730.5, "y": 8766.0}
COUNTED: Final = frozenset(
    {"tablet", "capsule", "piece", "patch", "puff", "drop", "spray", "sachet", "suppository", "lozenge", "film", "vial"}
    | {"ampoule", "application"}
)
WHOLE_PIECES: Final = COUNTED - {"puff", "drop", "spray", "application"}
"""Pieces of which nobody takes more than a few at once: a larger count is what was supplied."""
SOLID: Final = frozenset({"tablet", "capsule", "piece", "patch", "suppository", "lozenge", "film"})
"""Pieces of which nobody measures a volume."""
MOST_PIECES: Final = 10.0
MOST_PATCHES: Final = 3.0
"""Patches that somebody wears at once: a larger number beside the word is the strength of one."""
BY_STRENGTH: Final = COUNTED | {"mL"}
"""Units that a product's strength turns into a mass."""
MICROGRAM_ROUTES: Final = frozenset({"intrathecal", "epidural"})
VOLUMES: Final = {"teaspoon": 5.0, "tablespoon": 15.0, "L": 1000.0}
"""Volumes that are kept in mL."""
SPOONS: Final = frozenset({"teaspoon", "tablespoon"})
LARGEST: Final = 1e7


def too_many(unit: str, high: float | None) -> str | None:
    """The key of the sentence that so many of these are more than anyone takes, or wears, at once; None where somebody may."""
    if high is None or unit not in WHOLE_PIECES:
        return None
    if unit == "patch":
        return "many_patches" if high > MOST_PATCHES else None
    return "many_pieces" if high > MOST_PIECES else None


@lru_cache(maxsize=1024)
def interval(low: float, high: float | None = None) -> str:
    """The one way in which an interval in hours is written: ``8 h``, ``6-8 h``, ``1 d``, ``12 wk``, ``1 mo``."""
    high = low if high is None else high
    low, high = min(low, high), max(low, high)
    unit = "h"
    for name in ("mo", "wk", "d"):
        if low >= HOURS[name] and not low % HOURS[name] and not high % HOURS[name]:
            unit = name
            break
    first, last = (f"{value / HOURS[unit]:.6g}" for value in (low, high))
    return f"{first} {unit}" if first == last else f"{first}-{last} {unit}"


@lru_cache(maxsize=1024)
def interval_hours(every: str | None) -> tuple[float, float] | None:
    """The shortest and longest hours between doses of an ``every``; none for ``once`` or what is not an interval."""
    span, _, unit = (every or "").partition(" ")
    if unit not in HOURS:
        return None
    low, _, high = span.partition("-")
    try:
        return float(low) * HOURS[unit], float(high or low) * HOURS[unit]
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def times_in_a_day(every: str) -> tuple[float, float] | None:
    """The fewest and the most doses in a day of an ``every``; the most is one whole dose where it is rarer than daily.

    Writing an interval in six figures took a little from it, which is given back.
    """
    hours = interval_hours(every)
    if hours is None:
        return None
    fewest, most = 24 / hours[1], (24 / hours[0] if hours[0] <= 24 else 1.0)
    whole = [float(round(times)) if abs(times - round(times)) < 1e-4 else times for times in (fewest, most)]
    return whole[0], whole[1]


def in_family(value: float | None, unit: str, target: str) -> float | None:
    """The value in another unit of its kind: mg, micrograms, g and ng convert into each other, nothing else does."""
    if value is None or unit == target:
        return value
    if unit in MASS and target in MASS:
        return tidy(value * MASS[unit] / MASS[target])
    return None


def in_unit(value: float | None, unit: str, target: str) -> float | None:
    """The value in another unit with the same divisor: ``mg/kg`` in ``micrograms/kg``."""
    if value is None or unit == target:
        return value
    base, _, divisor = unit.partition("/")
    goal, _, goal_divisor = target.partition("/")
    return in_family(value, base, goal) if divisor == goal_divisor else None


@lru_cache(maxsize=256)
def day_unit(unit: str, route: str | None) -> str:
    """The unit in which a day's intake is given: mg for a mass, micrograms where it goes into the spine."""
    base, slash, divisor = unit.partition("/")
    if base in MASS:
        base = "micrograms" if route in MICROGRAM_ROUTES else "mg"
    return base + slash + divisor
