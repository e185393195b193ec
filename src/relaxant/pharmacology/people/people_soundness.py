"""What is wrong with a population, found by reading its tables, and by drawing people and comparing them with published numbers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from relaxant.errors import RelaxantError
from relaxant.knowledge.people import Measure, Population, PublishedOfPeople
from relaxant.pharmacology.people.people import VirtualPeople, virtual_people

_PEOPLE, _SEED = 40_000, 20261125
_UNITS = {"height": "cm", "weight": "kg", "creatinine": "mg/dL", "bmi": "kg/m2"}
_SEXES = ("female", "male")


class ReproducedOfPeople(msgspec.Struct, frozen=True):
    """A published number of a population and what the drawn people give for it."""

    number: PublishedOfPeople
    computed: float

    @property
    def error(self) -> float:
        """The difference as a share of the published number."""
        return self.computed / self.number.value - 1

    @property
    def holds(self) -> bool:
        """Whether the difference is within the number's own tolerance."""
        return abs(self.error) <= self.number.tolerance


def all_reproduced_of_people(population: Population) -> tuple[ReproducedOfPeople, ...]:
    """Every published number of a population, from people drawn for its sex and ages."""
    drawn: dict[tuple[str | None, tuple[float, float]], VirtualPeople] = {}
    out = []
    for number in population.reproduces:
        share = {"female": 1.0, "male": 0.0, None: None}[number.sex]
        key = number.sex, number.age
        if key not in drawn:
            drawn[key] = virtual_people(population, _PEOPLE, seed=_SEED, age=number.age, share_female=share)
        values = drawn[key].covariates[number.measure]
        at = number.at or 0.0
        match number.statistic:
            case "mean":
                computed = float(values.mean())
            case "percentile":
                computed = float(np.percentile(values, at))
            case "share below":
                computed = float((values < at).mean())
            case "correlation with height":
                computed = float(np.corrcoef(drawn[key].covariates["height"], values)[0, 1])
        out.append(ReproducedOfPeople(number, computed))
    return tuple(out)


def faults_of_people(population: Population) -> Iterator[tuple[str, str]]:
    """Every fault of a population: where, and what."""
    where = f"populations {population.population}"
    found = [*_tables(population), *_rest(population)]
    for place, what in found:
        yield f"{where} {place}", what
    if not population.reproduces:
        yield where, "a population reproduces at least one published number"
    if found:
        return
    try:
        for made in all_reproduced_of_people(population):
            if not made.holds:
                yield f"{where} reproduces “{made.number.title}”", f"people have {made.computed:.4g}, {made.error:+.1%} of {made.number.value:.4g}; its tolerance is {made.number.tolerance:.0%}"  # fmt: skip
    except (RelaxantError, KeyError) as error:
        yield f"{where} reproduces", f"it cannot be computed: {error}"


def _tables(population: Population) -> Iterator[tuple[str, str]]:
    for name in ("height", "weight", "creatinine"):
        for sex in _SEXES:
            tables = [m for m in population.measures if (m.measure, m.sex) == (name, sex)]
            if len(tables) != 1:
                yield f"{name} of the {sex}", f"one table is needed and {len(tables)} are there"
            for table in tables:
                yield from ((f"{name} of the {sex}", fault) for fault in _table(table))


def _table(table: Measure) -> Iterator[str]:
    if table.unit != _UNITS[table.measure]:
        yield f"its unit is {_UNITS[table.measure]}"
    columns = 3 if table.form == "lms" else len(table.percentiles)
    if not table.rows or any(len(row) != columns + 1 for row in table.rows):
        yield f"a row has an age and {columns} values"
        return
    rows = np.array(table.rows)
    if (np.diff(rows[:, 0]) <= 0).any():
        yield "the ages of the rows do not rise"
    if table.form == "lms":
        if (rows[:, 2:] <= 0).any():
            yield "a median and a spread are above 0"
        return
    if columns < 4 or (np.diff(table.percentiles) <= 0).any() or not 0 < table.percentiles[0] < table.percentiles[-1] < 100:  # fmt: skip
        yield "percentiles rise between 0 and 100, four at least"
    if (rows[:, 1:] <= 0).any() or (np.diff(rows[:, 1:], axis=1) < 0).any():
        yield "the values of a row are above 0 and do not fall"


def _rest(population: Population) -> Iterator[tuple[str, str]]:
    for kind, sexes in (("ages", [a.sex for a in population.ages]), ("correlations", [c.sex for c in population.correlations])):  # fmt: skip
        if sorted(sexes) != list(_SEXES):
            yield kind, "they are given once for each sex"
    total = sum(share for each in population.ages for _, _, share in each.rows)
    if abs(total - 1) > 1e-3:
        yield "ages", f"the shares sum to {total:.4f}, not to 1"
    if any(start >= end or share < 0 for each in population.ages for start, end, share in each.rows):
        yield "ages", "a row goes from a lower age to a higher one, with a share of 0 or more"
    for each in population.correlations:
        for _, both, tall, heavy in each.rows:
            matrix = np.array([[1, both, tall], [both, 1, heavy], [tall, heavy, 1]])
            if np.linalg.eigvalsh(matrix).min() <= 0:
                yield f"correlations of the {each.sex}", "these correlations contradict each other"
    for bound in population.bounds:
        if bound.low >= bound.high or bound.unit != _UNITS[bound.measure]:
            yield f"bounds of {bound.measure}", f"they go from low to high, in {_UNITS[bound.measure]}"
    names = [group.among for group in population.among]
    for group in population.among:
        if names.count(group.among) > 1:
            yield f"among {group.among}", "it is defined twice"
        if any(shift.sd <= 0 for shift in group.scores):
            yield f"among {group.among}", "a spread is above 0"
        if (group.egfr and not 0 < group.egfr[0] < group.egfr[1]) or (group.creatinine_ratio or 1) <= 0:
            yield f"among {group.among}", "rates and ratios are above 0, and in order"
