"""People of a synthetic registry: who they are, how long they are watched, what they have and take, and what their bodies are like."""

from __future__ import annotations

import msgspec
import numpy as np

from relaxant.cohort.synthetic.blueprint import Blueprint
from relaxant.cohort.synthetic.draw import OLDEST, Floats, Ints, Mask, by_age
from relaxant.facts.body import ADULT_YEARS
from relaxant.knowledge.people import Population
from relaxant.pharmacology.people.people import creatinine_for, measures_of

YEAR = 365.25
_FURTHEST = 3.0  # standard deviations that a body lies from the middle at most: what a table of percentiles can carry
_ROUNDS, _CALIBRATION = 12, 30_000
_STAGES = {"ckd_stage_3": ("G3a", "G3b"), "ckd_stage_4": ("G4",), "ckd_stage_5": ("G5",)}


class People(msgspec.Struct, frozen=True, kw_only=True):
    """People in columns, one place a person. Days are counted from 1970-01-01; ``death`` is -1 for who lives. ``has`` is (entry, person)."""

    female: Mask
    age: Floats
    birth: Ints
    first: Ints
    last: Ints
    death: Ints
    episode: Ints
    height: Floats
    weight: Floats
    creatinine: Floats
    has: Mask

    @property
    def count(self) -> int:
        """How many they are."""
        return self.age.size


def draw_people(plan: Blueprint, factors: Floats, count: int, last_day: int, random: np.random.Generator) -> People:
    """So many people, as they are on the last day of the data."""
    female, age = _ages(plan, count, random)
    birth = np.floor(last_day - age * YEAR).astype(np.int64)
    known = plan.people
    begin = last_day - round(known.years * YEAR) + 1
    dies = random.random(count) < by_age(known.deaths)[np.minimum(age.astype(np.int64), OLDEST)]
    stays = random.random(count) < known.stays_to_end
    first = np.where(random.random(count) < known.whole_time, begin, begin + np.floor(random.random(count) * (last_day - begin)).astype(np.int64))  # fmt: skip
    first = np.minimum(np.maximum(first, birth), last_day)
    leaves = first + np.floor(random.random(count) * (last_day - first + 1)).astype(np.int64)
    last = np.where(dies | ~stays, leaves, last_day)
    has = draw_entries(plan, factors, cell_of(female, age), random)
    height, weight, creatinine = _bodies(plan, female, age, has, random)
    return People(
        female=female,
        age=age,
        birth=birth,
        first=first,
        last=last,
        death=np.where(dies, last, -1),
        episode=first + np.floor(random.random(count) * (last - first + 1)).astype(np.int64),
        height=height,
        weight=weight,
        creatinine=creatinine,
        has=has,
    )


def cell_of(female: Mask, age: Floats) -> Ints:
    """Sex and year of age in one number: the place in an entry's flattened table."""
    return female * (OLDEST + 1) + np.minimum(age.astype(np.int64), OLDEST)


def _ages(plan: Blueprint, count: int, random: np.random.Generator) -> tuple[Mask, Floats]:
    stretches: list[tuple[bool, float, float, float]] = []
    youngest = min(p.age[0] for p, _ in plan.populations)
    for sex in (True, False):
        stretches.append((sex, 0.0, youngest, plan.people.infants / 2))
    for population, share in plan.populations:
        for each in population.ages:
            stretches += [(each.sex == "female", low, high, part * share) for low, high, part in each.rows]
    table = np.array(stretches, dtype=np.float64)
    place = np.searchsorted(np.cumsum(table[:, 3]) / table[:, 3].sum(), random.random(count), side="right")
    row = table[np.minimum(place, len(table) - 1)]
    return row[:, 0] > 0, row[:, 1] + (row[:, 2] - row[:, 1]) * random.random(count)


def draw_entries(plan: Blueprint, factors: Floats, cell: Ints, random: np.random.Generator) -> Mask:
    """Who has what, (entry, person): one entry after another, each by age and sex and by what the person has already."""
    has = np.zeros((len(plan.entries), cell.size), dtype=bool)
    for i, entry in enumerate(plan.entries):
        has[i] = random.random(cell.size) < _raw(plan, i, cell, has) * factors[i]
        if entry.among is not None:
            has[i] &= has[entry.among]
    return has


def _raw(plan: Blueprint, place: int, cell: Ints, has: Mask) -> Floats:
    entry = plan.entries[place]
    share = entry.table.ravel()[cell]
    for others, ratio in entry.ratios:
        share = np.where(has[others[0]] if len(others) == 1 else has[list(others)].any(axis=0), share * ratio, share)
    return share


def factors_of(plan: Blueprint) -> Floats:
    """What each entry's share is multiplied by so that ratios move who has it, not how many; found once on people drawn for it, whatever the seed."""
    random = np.random.Generator(np.random.SFC64(0))
    female, age = _ages(plan, _CALIBRATION, random)
    cell = cell_of(female, age)
    has = np.zeros((len(plan.entries), cell.size), dtype=bool)
    factors = np.ones(len(plan.entries))
    for i, entry in enumerate(plan.entries):
        raw = _raw(plan, i, cell, has)
        if entry.among is None and entry.ratios:
            wanted = entry.table.ravel()[cell].mean()
            for _ in range(_ROUNDS):
                now = np.minimum(raw * factors[i], 1.0).mean()
                factors[i] *= 1.0 if now == 0 else wanted / now
        has[i] = random.random(cell.size) < raw * factors[i]
        if entry.among is not None:
            has[i] &= has[entry.among]
    return factors


def _bodies(plan: Blueprint, female: Mask, age: Floats, has: Mask, random: np.random.Generator) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Height (cm), weight (kg), creatinine (mg/dL); NaN for who is younger than every population."""
    drawn = np.full((3, age.size), np.nan)
    sex = female.astype(np.float64)
    scores = np.clip(random.standard_normal((3, age.size)), -_FURTHEST, _FURTHEST)
    for population, _ in plan.populations:
        who = np.flatnonzero(_of(population, age))
        if who.size:
            group = (
                next((g for g in population.among if g.scores), None) if population.age[1] < ADULT_YEARS + 1 else None
            )
            made = measures_of(population, group, age[who], sex[who], scores[:, who])
            drawn[:, who] = made["height"], made["weight"], made["creatinine"]
    groups = {g.among.removeprefix("kidney stage "): g.egfr for p, _ in plan.populations for g in p.among if g.egfr}
    for stage, names in _STAGES.items():
        who = np.flatnonzero(has[plan.names[stage]] & ~np.isnan(drawn[0]))
        low, high = min(groups[n][0] for n in names), max(groups[n][1] for n in names)
        rate = low + (high - low) * random.random(who.size)
        drawn[2, who] = creatinine_for(rate, age[who], sex[who], drawn[0, who])
    return drawn[0], drawn[1], drawn[2]


def _of(population: Population, age: Floats) -> Mask:
    low, high = population.age
    return (age >= low) & (age < high)
