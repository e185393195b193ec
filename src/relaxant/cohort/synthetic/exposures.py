"""What people of a synthetic registry were supplied with: courses, fills, gaps, doses that change, single doses of clinicians."""

from __future__ import annotations

import msgspec
import numpy as np

from relaxant.cohort.synthetic.blueprint import Blueprint
from relaxant.cohort.synthetic.draw import Floats, Ints, Mask, chosen, stretched
from relaxant.cohort.synthetic.people import People

_FEW_DAYS = 5
_A_MONTH = 28  # who takes something on and on is not supplied by the week


class Exposures(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of supplies. ``person`` and ``product`` are places; ``days`` and ``sig`` are -1 for none; days are counted from 1970-01-01."""

    person: Ints
    medicine: Ints
    product: Ints
    start: Ints
    end: Ints
    quantity: Floats
    days: Ints
    sig: Ints


def draw_exposures(plan: Blueprint, people: People, random: np.random.Generator) -> Exposures:
    """Every supply of every person's medicines within the time in which the person is watched."""
    known = plan.medicines.known
    medicine, person = np.nonzero(people.has[plan.medicines.entries])
    once = np.array([m.given_once for m in known])[medicine]
    long = random.random(medicine.size) < np.array([m.long for m in known])[medicine]
    extra = random.poisson(np.array([m.courses for m in known])[medicine] - 1)
    owner, _ = stretched(np.where(long | once, 1, 1 + extra))
    medicine, person, long, once, extra = medicine[owner], person[owner], long[owner], once[owner], extra[owner]
    start, length, stops = _courses(plan, people, medicine, person, long, random)
    supply = plan.medicines.supplied[medicine, chosen(plan.medicines.supply, medicine, random)]
    supply = np.where(long & (supply < _A_MONTH), np.maximum(supply, plan.medicines.most[medicine]), supply)
    room = np.maximum(people.last[person] - start, 0) // supply + 1
    fills = np.minimum(np.where(once, 1 + extra, -(-length // supply)), room)
    product = chosen(plan.medicines.products, medicine, random)
    regimen, later = (chosen(plan.medicines.regimens, medicine, random) for _ in range(2))
    changes = long & (random.random(medicine.size) < plan.people.changes_dose)
    course, number = stretched(fills)
    late = _late(plan, number, once[course], random)
    starts = start[course] + number * supply[course] + late
    kept = (starts >= people.first[person[course]]) & (starts <= people.last[person[course]])
    course, number, starts = course[kept], number[kept], starts[kept]
    dose = np.where(changes[course] & (2 * number >= fills[course]), later[course], regimen[course])
    lower = _lower(plan, stops & (random.random(stops.size) < plan.people.tapers), fills, course, number)
    return _rows(plan, course, starts, dose, lower, medicine, person, product, supply)


def _lower(plan: Blueprint, tapers: Mask, fills: Ints, course: Ints, number: Ints) -> Floats:
    """What part of its dose each fill is: all of it, or less in the last ones of a taper."""
    steps = np.array(plan.people.taper)
    left = fills[course] - 1 - number
    lowered = tapers[course] & (left < steps.size) & (number > 0)
    return np.where(lowered, steps[::-1][np.minimum(left, steps.size - 1)], 1.0)


def _courses(plan: Blueprint, people: People, medicine: Ints, person: Ints, long: Mask, random: np.random.Generator) -> tuple[Ints, Ints, Mask]:  # fmt: skip
    """First day and length (days) of each course, and whether it is a long one that is stopped."""
    known = plan.medicines.known
    first, last = people.first[person], people.last[person]
    anywhere = first + np.floor(random.random(medicine.size) * (last - first + 1)).astype(np.int64)
    in_episode = random.random(medicine.size) < np.array([m.episode for m in known])[medicine]
    near = people.episode[person] + random.integers(0, _FEW_DAYS, medicine.size)
    before = long & (random.random(medicine.size) < plan.people.long_before)
    start = np.where(
        in_episode & ~long, near, np.where(before, first + random.integers(0, 30, medicine.size), anywhere)
    )
    names = {m.medicine: i for i, m in enumerate(known)}
    for i, one in enumerate(known):
        if one.among is not None:
            rows, day = medicine == i, np.zeros(people.count, dtype=np.int64)
            anchors = medicine == names[one.among]
            day[person[anchors]] = start[anchors]
            start[rows] = day[person[rows]]
    median, spread = (np.array([getattr(m, name) for m in known])[medicine] for name in ("days", "spread"))
    short = np.ceil(median * np.exp(spread * random.standard_normal(medicine.size))).astype(np.int64)
    stays = random.random(medicine.size) < plan.people.long_stays
    left = np.maximum(last - start, 0) + 1
    length = np.where(stays, left, np.ceil(left * random.random(medicine.size)).astype(np.int64))
    return start, np.maximum(np.where(long, length, short), 1), long & ~stays


def _late(plan: Blueprint, number: Ints, once: Mask, random: np.random.Generator) -> Ints:
    """By how many days each fill has slipped behind its course's first, all delays before it included."""
    known = plan.people
    late = np.where(
        random.random(number.size) < known.late_share, random.exponential(known.late_days, number.size), 0.0
    )
    gaps = np.where(random.random(number.size) < known.gap_share, random.exponential(known.gap_days, number.size), 0.0)
    each = np.where((number == 0) | once, 0, np.floor(late + gaps)).astype(np.int64)
    run = np.cumsum(each)
    begin = np.flatnonzero(number == 0)
    return run - np.repeat(run[begin] - each[begin], np.diff(np.append(begin, number.size)))


def _rows(plan: Blueprint, course: Ints, starts: Ints, dose: Ints, lower: Floats, medicine: Ints, person: Ints, product: Ints, supply: Ints) -> Exposures:  # fmt: skip
    table = plan.medicines
    what, kind, days = medicine[course], product[course], supply[course]
    once = np.array([m.given_once for m in table.known])[what]
    lasts = ~once | np.array([m.lasts for m in table.known])[what]
    pieces, times = table.pieces[what, dose], table.times[what, dose]
    order = np.argsort(person[course].astype(np.int16), kind="stable")
    return Exposures(
        person=person[course][order],
        medicine=what[order],
        product=table.product[what, kind][order],
        start=starts[order],
        end=np.where(lasts, starts + days - 1, starts)[order],
        quantity=np.where(once, pieces, np.ceil(pieces * times * lower * days))[order],
        days=np.where(lasts, days, -1)[order],
        sig=np.where(lower < 1, -1, table.sig[what, kind, dose])[order],
    )
