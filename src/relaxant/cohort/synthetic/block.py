"""A block of people as tables of OMOP. A block depends on the seed and its number alone, not on how many people there are in all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relaxant.cohort.cdm import TABLES
from relaxant.cohort.synthetic import concepts as c
from relaxant.cohort.synthetic.blueprint import Blueprint, drug_number
from relaxant.cohort.synthetic.dirt import Dirt, spoil_exposures, spoil_measurements
from relaxant.cohort.synthetic.draw import OLDEST, Floats, Ints, Mask, by_age, chosen, cumulated, stretched
from relaxant.cohort.synthetic.exposures import Exposures, draw_exposures
from relaxant.cohort.synthetic.measurements import Measurements, draw_measurements
from relaxant.cohort.synthetic.people import People, draw_people

BLOCK = 10_000
"""People in a block."""

_DAY_IN_MICROSECONDS, _MINUTE = 86_400_000_000, 60_000_000
_EPOCH_YEAR = 1970
_NOBODY = 2_000_000_000  # added to a person's number: somebody who is in no table of people
_ROW_IDS = {"drug_exposure": "drug_exposure_id", "condition_occurrence": "condition_occurrence_id", "measurement": "measurement_id", "observation": "observation_id"}  # fmt: skip
_LATEST = 180

Columns = Mapping[str, Any]


def block(plan: Blueprint, factors: Floats, dirt: Dirt, seed: int, number: int, count: int, last_day: int) -> dict[str, pa.Table]:  # fmt: skip
    """The tables of the block's first ``count`` people, without numbers of rows."""
    random = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, number])))
    people = draw_people(plan, factors, BLOCK, last_day, random)
    exposures = draw_exposures(plan, people, random)
    measured = draw_measurements(plan, people, random)
    offset = number * BLOCK + 1
    tables = {
        "person": _person(plan, people, dirt, offset, random),
        "observation_period": _period(people, offset),
        "death": _death(people, offset),
        "condition_occurrence": _conditions(plan, people, dirt, offset, random),
        "observation": _observations(plan, people, offset, random),
        "drug_exposure": _drugs(plan, people, exposures, dirt, offset, last_day, random),
        "measurement": _measurements(plan, measured, dirt, offset, last_day, random),
    }
    if count == BLOCK:
        return tables
    last = offset + count - 1
    return {name: _of_the_first(table, last) for name, table in tables.items()}


def _of_the_first(table: pa.Table, last: int) -> pa.Table:
    numbers = table["person_id"].to_numpy()
    return table.filter(pa.array(np.where(numbers >= _NOBODY, numbers - _NOBODY, numbers) <= last))


def with_row_numbers(name: str, table: pa.Table, first: int) -> pa.Table:
    """The table with its rows numbered from ``first`` on, where it has numbers of rows."""
    if name not in _ROW_IDS:
        return table
    numbers = pa.array(np.arange(first, first + len(table), dtype=np.int32))
    return table.set_column(0, TABLES[name].field(0), numbers)


def _table(name: str, count: int, columns: Columns) -> pa.Table:
    """A table of OMOP from the columns that are filled; the rest is null, numbers of rows are 0 as yet."""
    arrays = []
    for field in TABLES[name]:
        if field.name in columns:
            arrays.append(columns[field.name])
        elif field.name == _ROW_IDS.get(name):
            arrays.append(pa.array(np.zeros(count, dtype=np.int32)))
        else:
            arrays.append(pa.nulls(count, field.type))
    names = [f.name for f in TABLES[name]]
    return pa.table(dict(zip(names, arrays, strict=True)))


def _int(values: NDArray[Any], missing: Mask | None = None) -> pa.Array:
    return pa.array(values.astype(np.int32), mask=missing)


def _day(values: Ints, missing: Mask | None = None) -> pa.Array:
    return pa.array(values.astype(np.int32), mask=missing).view(pa.date32())


def _same(value: int, count: int) -> pa.Array:
    return pa.array(np.full(count, value, dtype=np.int32))


def _words(places: Ints, words: tuple[str, ...], missing: Mask | None = None) -> pa.Array:
    """Words by their place in a list, the list kept once; what is missing points at its first, so that the same rows are the same bytes."""
    unique = {word: i for i, word in enumerate(dict.fromkeys(words))}
    kept = np.array([unique[word] for word in words], dtype=np.int32)[places]
    if missing is not None:
        kept = np.where(missing, np.int32(0), kept)
    return pa.DictionaryArray.from_arrays(pa.array(kept, mask=missing), pa.array(list(unique), pa.string()))


def _person(plan: Blueprint, people: People, dirt: Dirt, offset: int, random: np.random.Generator) -> pa.Table:
    count = people.count
    birth = people.birth.astype("datetime64[D]")
    month = birth.astype("datetime64[M]")
    no_day, no_sex = dirt.of("no_birthday", count, random), dirt.of("no_sex", count, random)
    white, hispanic = random.random(count) < plan.people.white, random.random(count) < plan.people.hispanic
    numbers = np.arange(offset, offset + count)
    sex = np.where(no_sex, 2, people.female)
    return _table(
        "person",
        count,
        {
            "person_id": _int(numbers),
            "gender_concept_id": _int(np.array([c.MALE, c.FEMALE, c.UNKNOWN])[sex]),
            "year_of_birth": _int(birth.astype("datetime64[Y]").astype(np.int64) + _EPOCH_YEAR),
            "month_of_birth": _int(month.astype(np.int64) % 12 + 1, no_day),
            "day_of_birth": _int((birth - month).astype(np.int64) + 1, no_day),
            "race_concept_id": _int(np.where(white, c.WHITE, c.UNKNOWN)),
            "ethnicity_concept_id": _int(np.where(hispanic, c.HISPANIC, c.NOT_HISPANIC)),
            "person_source_value": pa.array([f"S{n:09d}" for n in numbers.tolist()]),
            "gender_source_value": _words(sex, ("M", "F", "U")),
            "race_source_value": _words(white.astype(np.int64), ("other", "white")),
        },
    )


def _period(people: People, offset: int) -> pa.Table:
    numbers = _int(np.arange(offset, offset + people.count))
    return _table(
        "observation_period",
        people.count,
        {
            "observation_period_id": numbers,
            "person_id": numbers,
            "observation_period_start_date": _day(people.first),
            "observation_period_end_date": _day(people.last),
            "period_type_concept_id": _same(c.RECORD, people.count),
        },
    )


def _death(people: People, offset: int) -> pa.Table:
    who = np.flatnonzero(people.death >= 0)
    return _table(
        "death",
        who.size,
        {
            "person_id": _int(who + offset),
            "death_date": _day(people.death[who]),
            "death_type_concept_id": _same(c.RECORD, who.size),
        },
    )


def _conditions(plan: Blueprint, people: People, dirt: Dirt, offset: int, random: np.random.Generator) -> pa.Table:
    known = plan.conditions
    what, person = np.nonzero(people.has[: len(known)])
    codes = cumulated([[code.share for code in one.icd10cm] for one in known])
    flat = [code for one in known for code in one.icd10cm]
    start_of = np.cumsum([0, *(len(one.icd10cm) for one in known[:-1])])
    code = start_of[what] + chosen(codes, what, random)
    span = people.last[person] - people.first[person] + 1
    early = random.random(what.size) < np.array([one.known_before for one in known])[what]
    since = np.where(early, np.minimum(span, _LATEST), span) * random.random(what.size)
    begin = people.first[person] + np.floor(since).astype(np.int64)
    row, times = stretched(1 + random.poisson(np.array([one.times for one in known])[what] - 1))
    left = people.last[person][row] - begin[row] + 1
    day = begin[row] + np.where(times == 0, 0, np.floor(random.random(row.size) * left)).astype(np.int64)
    order = np.argsort(person[row].astype(np.int16), kind="stable")
    row, day = row[order], day[order]
    lasts = np.array([one.lasts_days or -1 for one in known])[what[row]]
    standard = np.array([0 if one.snomed is None else plan.concepts.number("SNOMED", one.snomed.code) for one in known])
    source = np.array([plan.concepts.number("ICD10CM", one.code) for one in flat])
    lost = dirt.of("unmapped_condition", row.size, random)
    return _table(
        "condition_occurrence",
        row.size,
        {
            "person_id": _int(person[row] + offset),
            "condition_concept_id": _int(np.where(lost, c.UNKNOWN, standard[what[row]])),
            "condition_start_date": _day(day),
            "condition_end_date": _day(day + lasts, lasts < 0),
            "condition_type_concept_id": _same(c.RECORD, row.size),
            "condition_source_value": _words(code[row], tuple(one.code for one in flat)),
            "condition_source_concept_id": _int(np.where(lost, c.UNKNOWN, source[code[row]])),
        },
    )


def _observations(plan: Blueprint, people: People, offset: int, random: np.random.Generator) -> pa.Table:
    known, count = plan.people, people.count
    year = np.minimum(people.age.astype(np.int64), OLDEST)
    drawn = random.random(count)
    smokes = drawn < by_age(known.smoker)[year]
    smoked = ~smokes & (drawn < (by_age(known.smoker) + by_age(known.former_smoker))[year])
    asked = (random.random(count) < known.smoking_known) & (by_age(known.smoker)[year] > 0)
    allergic = random.random((len(known.allergies), count)) < np.array([[a.share] for a in known.allergies])
    none = ~allergic.any(axis=0) & (random.random(count) < known.no_known_allergy)
    status = plan.concepts.number(*c.SMOKING_STATUS[:2])
    answers = np.array([plan.concepts.number(*a[:2]) for a in (c.NEVER_SMOKED, c.SMOKED, c.SMOKES)])
    words = [c.SMOKING_STATUS[1], *(a.code for a in known.allergies), c.NO_ALLERGY[1]]
    numbers = np.array([status, *(plan.concepts.number("SNOMED", code) for code in words[1:])])
    kind, person = np.nonzero(np.vstack([asked, allergic, none]))
    day = people.first[person] + np.floor(random.random(kind.size) * (people.last - people.first + 1)[person]).astype(np.int64)  # fmt: skip
    order = np.argsort(person.astype(np.int16), kind="stable")
    kind, person, day = kind[order], person[order], day[order]
    answer = np.where(smokes, 2, np.where(smoked, 1, 0))[person]
    return _table(
        "observation",
        kind.size,
        {
            "person_id": _int(person + offset),
            "observation_concept_id": _int(numbers[kind]),
            "observation_date": _day(day),
            "observation_type_concept_id": _same(c.RECORD, kind.size),
            "value_as_concept_id": _int(answers[answer], kind > 0),
            "observation_source_value": _words(kind, tuple(words)),
        },
    )


def _drugs(plan: Blueprint, people: People, drawn: Exposures, dirt: Dirt, offset: int, last_day: int, random: np.random.Generator) -> pa.Table:  # fmt: skip
    rows, wrong = spoil_exposures(drawn, people, dirt, last_day, random)
    drug = np.array([drug_number(p) for p in plan.products])
    route = np.array([number for _, number in plan.routes])[plan.medicines.route]
    said = (random.random(rows.person.size) < plan.people.sig_share) & (rows.sig >= 0)
    return _table(
        "drug_exposure",
        rows.person.size,
        {
            "person_id": _int(rows.person + offset + np.where(wrong["nobody"], _NOBODY, 0)),
            "drug_concept_id": _int(np.where(wrong["unmapped_drug"], c.UNKNOWN, drug[rows.product])),
            "drug_exposure_start_date": _day(rows.start),
            "drug_exposure_end_date": _day(rows.end),
            "drug_type_concept_id": _same(c.RECORD, rows.person.size),
            "quantity": pa.array(rows.quantity, mask=wrong["no_quantity"]),
            "days_supply": _int(rows.days, wrong["no_days_supply"] | (rows.days < 0)),
            "sig": _words(rows.sig, plan.sigs, ~said),
            "route_concept_id": _int(route[rows.medicine]),
            "drug_source_value": _words(rows.product, plan.sources),
            "drug_source_concept_id": _same(c.UNKNOWN, rows.person.size),
            "route_source_value": _words(plan.medicines.route[rows.medicine], tuple(name for name, _ in plan.routes)),
        },
    )


def _measurements(plan: Blueprint, drawn: Measurements, dirt: Dirt, offset: int, last_day: int, random: np.random.Generator) -> pa.Table:  # fmt: skip
    rows, wrong = spoil_measurements(drawn, plan, dirt, last_day, random)
    units = [unit for one in plan.measures for unit in one.units]
    start_of = np.cumsum([0, *(len(one.units) for one in plan.measures[:-1])])
    unit = start_of[rows.measure] + rows.unit
    number = np.array([plan.concepts.number("UCUM", one.unit) for one in units])
    what = np.array([plan.concepts.number("LOINC", one.loinc) for one in plan.measures])
    moment = rows.day * _DAY_IN_MICROSECONDS + rows.minute * _MINUTE
    return _table(
        "measurement",
        rows.person.size,
        {
            "person_id": _int(rows.person + offset + np.where(wrong["nobody"], _NOBODY, 0)),
            "measurement_concept_id": _int(np.where(wrong["unmapped_measurement"], c.UNKNOWN, what[rows.measure])),
            "measurement_date": _day(rows.day),
            "measurement_datetime": pa.array(moment).view(pa.timestamp("us")),
            "measurement_type_concept_id": _same(c.RECORD, rows.person.size),
            "value_as_number": pa.array(rows.value, mask=wrong["no_value"]),
            "unit_concept_id": _int(np.where(wrong["unmapped_unit"], c.UNKNOWN, number[unit]), wrong["no_unit"]),
            "measurement_source_value": _words(rows.measure, tuple(one.loinc for one in plan.measures)),
            "unit_source_value": _words(unit, tuple(one.said for one in units), wrong["no_unit"]),
        },
    )
