"""Virtual patients: age, sex, height, weight and creatinine drawn together as a published population has them, and what follows.

Three scores (standard normal, correlated as measured) are drawn a person; each becomes a height, a weight, a creatinine through
the population's tables for this sex and age. Everything else (surface, ideal weight, filtration rate, clearance) comes from the
equations that the bedside review uses. Whoever lies outside what was ever measured in that population is drawn again, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError, KnowledgeError
from relaxant.facts import body, renal
from relaxant.knowledge.people import Among, Measure, Population, Sex
from relaxant.pharmacology.spread.normal import normal_quantile

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_SEXES: tuple[tuple[Sex, float], ...] = (("female", 1.0), ("male", 0.0))
_DRAWN = ("height", "weight", "creatinine")
_MOST_ROUNDS = 200
_HIGH_CREATININE, _NUDGE, _NEWTON = 100.0, 1e-6, 8  # mg/dL to start from, of a logarithm, steps
_FLAT = 1e-9  # a Box-Cox power under which the curve is lognormal


class VirtualPeople(msgspec.Struct, frozen=True):
    """Drawn people. ``covariates`` are arrays of one value a person, by the names that facts and cards use.

    ``redrawn`` counts the draws thrown away because nobody in that population was ever so: an honest tail needs few. Where a
    creatinine flatters the kidney, ``egfr``, ``creatinine_clearance`` and ``kidney_function`` are the true ones and those
    with ``_estimated`` behind their names what a clinic would compute.
    """

    population: str
    count: int
    covariates: dict[str, Floats]
    redrawn: int


def virtual_people(
    population: Population,
    count: int,
    *,
    seed: int,
    age: tuple[float, float] | None = None,
    share_female: float | None = None,
    among: str | None = None,
    egfr: tuple[float, float] | None = None,
) -> VirtualPeople:
    """So many people of a population, the same for the same seed.

    ``age`` (years) narrows them, ``share_female`` replaces the population's own share, ``among`` names one of its groups, ``egfr``
    (mL/min/1.73 m2) draws the filtration rate evenly between two bounds. Raises :class:`InputError` for ages that the population
    has not, a share outside 0 to 1, a group that is not there, rates out of order, fewer than one person.
    """
    if count < 1:
        raise InputError("count", count, "there is nobody to draw", "give at least 1")
    if share_female is not None and not 0 <= share_female <= 1:
        raise InputError("share_female", share_female, "a share lies between 0 and 1", "give such as 0.5")
    group = _group(population, among)
    rates = egfr or (group.egfr if group else None)
    if rates is not None and not 0 < rates[0] <= rates[1]:
        raise InputError("egfr", rates, "the rates are not in order, or not above 0", "give such as (15, 30)")
    random = np.random.default_rng(seed)
    years, female = _ages(population, count, age or population.age, share_female, random)
    drawn = {name: np.empty(count) for name in _DRAWN}
    target = None if rates is None else random.uniform(rates[0], rates[1], count)
    redrawn, left = 0, np.arange(count)
    for _ in range(_MOST_ROUNDS):
        standard = random.standard_normal((len(_DRAWN), left.size))
        made = measures_of(population, group, years[left], female[left], standard)
        if target is not None:
            made["creatinine"] = creatinine_for(target[left], years[left], female[left], made["height"])
        for name, values in made.items():
            drawn[name][left] = values
        left = left[~_possible(population, made, rates is None)]
        if not left.size:
            break
        redrawn += left.size
    else:
        raise KnowledgeError(f"{population.population}: {left.size} people cannot be drawn within its own bounds")
    flatters = group.creatinine_ratio if group else None
    return VirtualPeople(population.population, count, _covariates(years, female, drawn, flatters), redrawn)


def creatinine_for(egfr: Floats, age: Floats, female: Floats, height: Floats) -> Floats:
    """The creatinine (mg/dL) at which the estimated filtration rate is this one. Shapes (people,)."""
    serum = np.full(egfr.shape, _HIGH_CREATININE)
    wanted = np.log(egfr)
    for _ in range(_NEWTON):  # the logarithm of the rate falls along two straight lines, so that steps end on the root
        here = np.log(renal.egfr(serum, age, female, height).value)
        beyond = np.log(renal.egfr(serum * np.exp(_NUDGE), age, female, height).value)
        serum = serum * np.exp((wanted - here) * _NUDGE / (beyond - here))
    return serum


def _group(population: Population, name: str | None) -> Among | None:
    if name is None:
        return None
    for each in population.among:
        if each.among == name:
            return each
    raise InputError("among", name, f"{population.population} has no such group", f"use {', '.join(a.among for a in population.among)}")  # fmt: skip


def _ages(
    population: Population, count: int, limits: tuple[float, float], share: float | None, random: np.random.Generator
) -> tuple[Floats, Floats]:
    low, high = limits
    if not population.age[0] <= low <= high <= population.age[1]:
        raise InputError("age", limits, f"{population.population} has people of {population.age[0]:g} to {population.age[1]:g} years", "narrow the ages")  # fmt: skip
    stretches = []
    for each in population.ages:
        for start, end, part in each.rows:
            first, last = max(start, low), min(end, high)
            if first < last or (low == high and start <= low and (low < end or low == population.age[1] == end)):
                density = part / (end - start)
                stretches.append((each.sex == "female", first, last, density * ((last - first) or 1.0)))
    weights = np.array([s[3] for s in stretches])
    if share is not None:
        women = np.array([s[0] for s in stretches])
        weights = np.where(women, share * weights / weights[women].sum(), (1 - share) * weights / weights[~women].sum())
    place = np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(count), side="right")
    chosen = np.array([s[:3] for s in stretches], dtype=np.float64)[np.minimum(place, len(stretches) - 1)]
    return chosen[:, 1] + (chosen[:, 2] - chosen[:, 1]) * random.random(count), chosen[:, 0]


def measures_of(
    population: Population, group: Among | None, years: Floats, female: Floats, standard: Floats
) -> dict[str, Floats]:
    """Height, weight and creatinine from independent standard normal numbers, (3, people)."""
    out = {name: np.empty(years.size) for name in _DRAWN}
    for sex, code in _SEXES:
        who = np.flatnonzero(female == code)
        if not who.size:
            continue
        scores = _correlated(population, sex, years[who], standard[:, who])
        for i, name in enumerate(_DRAWN):
            shift = next((s for s in group.scores if (s.measure, s.sex) == (name, sex)), None) if group else None
            score = scores[i] if shift is None else shift.mean + shift.sd * scores[i]
            out[name][who] = values_at(table_of(population, name, sex), years[who], score)
    return out


def table_of(population: Population, name: str, sex: Sex) -> Measure:
    """A population's table of a measure for a sex. Raises :class:`KnowledgeError` where it has none."""
    for each in population.measures:
        if (each.measure, each.sex) == (name, sex):
            return each
    raise KnowledgeError(f"{population.population}: there is no {name} of the {sex}")


def _correlated(population: Population, sex: Sex, years: Floats, standard: Floats) -> Floats:
    rows = next((np.array(c.rows) for c in population.correlations if c.sex == sex), None)
    if rows is None:
        raise KnowledgeError(f"{population.population}: there are no correlations of the {sex}")
    both, tall, heavy = (np.interp(years, rows[:, 0], rows[:, k]) for k in (1, 2, 3))
    rest = np.sqrt(1 - both**2)
    shared = (heavy - tall * both) / rest
    own = np.sqrt(1 - tall**2 - shared**2)
    height, weight = standard[0], both * standard[0] + rest * standard[1]
    return np.array([height, weight, tall * standard[0] + shared * standard[1] + own * standard[2]])


def values_at(table: Measure, years: Floats, scores: Floats) -> Floats:
    """A measure of people of these ages with these scores. NaN where a growth chart's curve has no value so far out.

    Percentiles are joined by lines of the logarithm over the score; beyond the last one the line of the outer two stretches goes on.
    """
    rows = np.array(table.rows)
    before = np.clip(np.searchsorted(rows[:, 0], years, side="right") - 1, 0, max(len(rows) - 2, 0))
    after = np.minimum(before + 1, len(rows) - 1)
    width = np.where(after > before, rows[after, 0] - rows[before, 0], 1.0)
    share = np.clip((years - rows[before, 0]) / width, 0.0, 1.0)
    if table.form == "lms":
        power, median, spread = (rows[before, k] * (1 - share) + rows[after, k] * share for k in (1, 2, 3))
        with np.errstate(invalid="ignore", divide="ignore"):
            safe = np.where(np.abs(power) < _FLAT, 1.0, power)
            grown = np.log1p(safe * spread * scores) / safe
        return np.asarray(median * np.exp(np.where(np.abs(power) < _FLAT, spread * scores, grown)))
    logarithms = np.log(rows[:, 1:])
    at = normal_quantile(np.array(table.percentiles) / 100)

    def node(k: NDArray[np.intp]) -> Floats:
        return np.asarray(logarithms[before, k] * (1 - share) + logarithms[after, k] * share)

    last = at.size - 1
    low = np.clip(np.searchsorted(at, scores) - 1, 0, last - 1)
    high = low + 1
    low, high = np.where(scores > at[last], last - 2, low), np.where(scores < at[0], 2, high)
    beyond = np.where(scores > at[last], last, np.where(scores < at[0], 0, low))
    slope = (node(high) - node(low)) / (at[high] - at[low])
    return np.asarray(np.exp(node(beyond) + slope * (scores - at[beyond])))


def _possible(population: Population, made: Mapping[str, Floats], creatinine: bool) -> Mask:
    fine = np.ones(made["height"].shape, dtype=bool)
    for bound in population.bounds:
        if bound.measure == "bmi":
            value = body.body_mass_index(made["weight"], made["height"])
        elif bound.measure == "creatinine" and not creatinine:
            continue
        else:
            value = made[bound.measure]
        fine &= (value >= bound.low) & (value <= bound.high)
    return fine


def _covariates(years: Floats, female: Floats, drawn: Mapping[str, Floats], flatters: float | None) -> dict[str, Floats]:  # fmt: skip
    height, weight, serum = (drawn[name] for name in _DRAWN)
    surface, ideal = body.body_surface_area(weight, height), body.ideal_body_weight(height, female, years)
    out = {
        "age": years,
        "female": female,
        "height": height,
        "weight": weight,
        "bmi": body.body_mass_index(weight, height),
        "bsa": surface,
        "ideal_weight": ideal,
        "adjusted_weight": body.adjusted_body_weight(weight, ideal),
        "lean_weight": body.lean_body_weight(weight, height, female, years),
        "creatinine": serum,
    }
    out |= _kidneys(out, serum)
    if flatters is not None:
        out["creatinine"] = serum * flatters
        out |= {f"{name}_estimated": values for name, values in _kidneys(out, out["creatinine"]).items()}
    return {name: values for name, values in out.items() if not np.isnan(values).all()}


def _kidneys(people: Mapping[str, Floats], serum: Floats) -> dict[str, Floats]:
    """What a creatinine says of the kidneys, as the facts of the same names do."""
    rate = renal.egfr(serum, people["age"], people["female"], people["height"]).value
    chosen = renal.cockcroft_gault_weight(people["weight"], people["ideal_weight"], people["adjusted_weight"], people["bmi"])  # fmt: skip
    clearance = renal.creatinine_clearance(serum, people["age"], chosen.value, people["female"])
    absolute = renal.absolute_filtration(rate, people["bsa"])
    grown = np.where(np.isnan(clearance), absolute, clearance)
    function = np.where(people["age"] < body.ADULT_YEARS, rate, grown)
    return {"egfr": rate, "egfr_absolute": absolute, "creatinine_clearance": clearance, "kidney_function": function}
