"""What real tables get wrong, in a small share of the rows: lost codes, units, values; days that cannot be; rows twice; rows of nobody."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import numpy as np

from relaxant.cohort.synthetic.blueprint import Blueprint
from relaxant.cohort.synthetic.draw import Mask
from relaxant.cohort.synthetic.exposures import Exposures
from relaxant.cohort.synthetic.measurements import Measurements
from relaxant.cohort.synthetic.people import People

LEVELS = {"none": 0.0, "realistic": 1.0, "heavy": 10.0}
"""How much of the knowledge's shares is laid on, by name."""

_LATER = 30, 4000  # days: after a death at most; after the end of the data at most
_WRONG_VALUES = np.array([0.0, 999.0, -1.0, 0.01, 99999.0])
_Rows = TypeVar("_Rows", bound=msgspec.Struct)


class Dirt(msgspec.Struct, frozen=True):
    """The shares of rows that are wrong, by what is wrong."""

    shares: dict[str, float]

    def of(self, what: str, count: int, random: np.random.Generator) -> Mask:
        """Which of so many rows are wrong in this way."""
        return random.random(count) < self.shares[what]


def dirt_of(plan: Blueprint, level: str) -> Dirt:
    """The knowledge's shares at a level of :data:`LEVELS`, a half at most."""
    return Dirt({name: min(share * LEVELS[level], 0.5) for name, share in plan.people.dirt.items()})


def _twice(rows: _Rows, again: Mask) -> _Rows:
    """The rows with some of them standing there a second time, next to the first."""
    times = np.repeat(np.arange(again.size), 1 + again)
    return type(rows)(**{name: getattr(rows, name)[times] for name in rows.__struct_fields__})


def spoil_exposures(drawn: Exposures, people: People, dirt: Dirt, last_day: int, random: np.random.Generator) -> tuple[Exposures, dict[str, Mask]]:  # fmt: skip
    """The supplies with wrong days and quantities, and which rows lose what else."""
    rows = _twice(drawn, dirt.of("same_row_twice", drawn.person.size, random))
    count = rows.person.size
    lasts = rows.end - rows.start
    death = people.death[rows.person]
    posthumous = (death >= 0) & dirt.of("after_death", count, random)
    start = np.where(posthumous, death + random.integers(1, _LATER[0], count), rows.start)
    future = dirt.of("future_day", count, random)
    start = np.where(future, last_day + random.integers(_LATER[0], _LATER[1], count), start)
    end = start + np.where(dirt.of("end_before_start", count, random), -random.integers(1, _LATER[0], count), lasts)
    odd = dirt.of("odd_quantity", count, random)
    quantity = np.where(odd, _WRONG_VALUES[random.integers(0, _WRONG_VALUES.size, count)], rows.quantity)
    spoilt = msgspec.structs.replace(rows, start=start, end=end, quantity=quantity)
    return spoilt, _lost(dirt, count, random, "nobody", "unmapped_drug", "no_quantity", "no_days_supply")


def spoil_measurements(drawn: Measurements, plan: Blueprint, dirt: Dirt, last_day: int, random: np.random.Generator) -> tuple[Measurements, dict[str, Mask]]:  # fmt: skip
    """The measurements with wrong days and values, and which rows lose what else."""
    rows = _twice(drawn, dirt.of("same_row_twice", drawn.person.size, random))
    count = rows.person.size
    future, odd = dirt.of("future_day", count, random), dirt.of("implausible_value", count, random)
    day = np.where(future, last_day + random.integers(_LATER[0], _LATER[1], count), rows.day)
    value = np.where(odd, _WRONG_VALUES[random.integers(0, _WRONG_VALUES.size, count)], rows.value)
    spoilt = msgspec.structs.replace(rows, day=day, value=value)
    return spoilt, _lost(dirt, count, random, "nobody", "unmapped_measurement", "no_value", "no_unit", "unmapped_unit")


def _lost(dirt: Dirt, count: int, random: np.random.Generator, *names: str) -> dict[str, Any]:
    return {name: dirt.of(name, count, random) for name in names}
