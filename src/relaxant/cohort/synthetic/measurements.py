"""What was measured in people of a synthetic registry: panels on some days, values around a person's own, units as they come."""

from __future__ import annotations

import msgspec
import numpy as np

from relaxant.cohort.synthetic.blueprint import Blueprint, found
from relaxant.cohort.synthetic.draw import Floats, Ints, by_age, chosen, cumulated, stretched
from relaxant.cohort.synthetic.people import YEAR, People
from relaxant.facts.renal import egfr
from relaxant.knowledge.registries import RegistryGiven, RegistryMeasure

_MINUTES = 600, 480  # a laboratory's day: the first minute and how many follow


class Measurements(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of values: places of the person, of the measure and of its unit; the day and its minute; the value in that unit."""

    person: Ints
    measure: Ints
    unit: Ints
    day: Ints
    minute: Ints
    value: Floats


def draw_measurements(plan: Blueprint, people: People, random: np.random.Generator) -> Measurements:
    """Every measurement within the time in which a person is watched, people one after another."""
    parts: list[tuple[Ints, ...]] = []
    values: list[Floats] = []
    watched = (people.last - people.first + 1) / (plan.people.years * YEAR)
    years = np.minimum(people.age.astype(np.int64), by_age(((0, 0),)).size - 1)
    for panel in plan.people.panels:
        mean = by_age(panel.days)[years] * watched * _ratio(plan, people, panel.given)
        who, _ = stretched(random.poisson(mean))
        day = people.first[who] + np.floor(random.random(who.size) * (people.last - people.first + 1)[who]).astype(np.int64)  # fmt: skip
        minute = _MINUTES[0] + random.integers(0, _MINUTES[1], who.size)
        serum = np.full(who.size, np.nan)
        for i, measure in enumerate(plan.measures):
            if measure.panel != panel.panel:
                continue
            value = _value(plan, people, measure, who, serum, years, random)
            if measure.registry_measure == "creatinine":
                serum = value
            kept = np.flatnonzero((random.random(who.size) < measure.share) & ~np.isnan(value))
            unit = chosen(cumulated([[u.share for u in measure.units]]), np.zeros(kept.size, dtype=np.int64), random)
            factor = np.array([u.factor for u in measure.units])
            places = np.array([max(measure.decimals - int(np.floor(np.log10(f) + 1e-9)), 0) for f in factor])
            scale = 10.0 ** places[unit]
            values.append(np.round(value[kept] * factor[unit] * scale) / scale)
            parts.append((who[kept], np.full(kept.size, i), unit, day[kept], minute[kept]))
    person, measure_, unit_, day_, minute_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(person.astype(np.int16), kind="stable")
    return Measurements(
        person=person[order],
        measure=measure_[order],
        unit=unit_[order],
        day=day_[order],
        minute=minute_[order],
        value=np.concatenate(values)[order],
    )


def _ratio(plan: Blueprint, people: People, given: tuple[RegistryGiven, ...]) -> Floats:
    out = np.ones(people.count)
    for one in given:
        (place,) = found(one, plan.names, {})
        out = np.where(people.has[place], out * one.ratio, out)
    return out


def _value(plan: Blueprint, people: People, measure: RegistryMeasure, who: Ints, serum: Floats, years: Ints, random: np.random.Generator) -> Floats:  # fmt: skip
    """Values on those days, in the measure's own unit and within its bounds."""
    sex = people.female.astype(np.float64)
    if measure.form == "egfr":
        return np.clip(egfr(serum, people.age[who], sex[who], people.height[who]).value, measure.low, measure.high)
    within = measure.within * random.standard_normal(who.size)
    if measure.form == "drawn":
        own = {"height": people.height, "weight": people.weight, "creatinine": people.creatinine}
        return np.clip(own[measure.registry_measure][who] * np.exp(within), measure.low, measure.high)
    rows = (measure.female if measure.male is None else measure.male, measure.female)
    middle, spread = (np.where(people.female, by_age(rows[1], k)[years], by_age(rows[0], k)[years]) for k in (1, 2))
    score, ratio = random.standard_normal(people.count), _ratio(plan, people, measure.ratios)
    if measure.form == "lognormal":
        value = (middle * np.exp(spread * score) * ratio)[who] * np.exp(within)
    else:
        value = ((middle + spread * score) * ratio)[who] + within
    return np.clip(value, measure.low, measure.high)
