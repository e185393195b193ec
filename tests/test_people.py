"""Virtual patients: the published tables come back, measures hang together as measured, nobody is impossible, the same seed gives the same people."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from conftest import reviewed
from relaxant.errors import InputError, KnowledgeError
from relaxant.facts import renal
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.people import Measure, Population
from relaxant.pharmacology.people.people import creatinine_for, table_of, virtual_people
from relaxant.pharmacology.people.people_soundness import all_reproduced_of_people, faults_of_people

POPULATIONS = load_knowledge().populations
ADULTS, CHILDREN = POPULATIONS["us-adults-2018"], POPULATIONS["us-children"]
MANY = 40_000
REPRODUCED = [(p.population, made) for p in POPULATIONS.values() for made in all_reproduced_of_people(p)]


@pytest.mark.parametrize(("population", "made"), REPRODUCED, ids=[f"{p}: {m.number.title}" for p, m in REPRODUCED])
def test_published_numbers_come_back(population: str, made) -> None:
    assert made.holds, f"{made.computed:.4g}, {made.error:+.1%}"


TABLES = [(p, m) for p in POPULATIONS.values() for m in p.measures]


@pytest.mark.parametrize(
    ("population", "table"), TABLES, ids=[f"{p.population} {m.measure} {m.sex}" for p, m in TABLES]
)
def test_people_of_a_rows_age_have_the_rows_percentiles(population: Population, table: Measure) -> None:
    # Within 1 % for heights, 4 % for weights and creatinines: what 20,000 people scatter by in the tails.
    tolerance = 0.01 if table.measure == "height" else 0.04
    rows = table.rows if len(table.rows) < 10 else table.rows[::5]
    for age, *values in rows:
        if not population.age[0] <= age <= population.age[1]:
            continue
        drawn = virtual_people(population, 20_000, seed=3, age=(age, age), share_female=float(table.sex == "female"))
        seen = drawn.covariates[table.measure]
        if table.form == "percentiles":
            got = np.percentile(seen, table.percentiles[1:-1])
            np.testing.assert_allclose(got, values[1:-1], rtol=tolerance)
        else:
            power, median, spread = values
            at = np.array([-1.6449, -0.6745, 0.0, 0.6745, 1.6449])
            wanted = median * np.exp(np.log1p(power * spread * at) / power if power else spread * at)
            np.testing.assert_allclose(np.percentile(seen, [5, 25, 50, 75, 95]), wanted, rtol=tolerance)


def test_a_whole_decade_has_the_decades_median() -> None:
    # The rows stand at the middle of ten years; everybody in them lies between rows.
    for name, tolerance in (("height", 0.01), ("weight", 0.04), ("creatinine", 0.04)):
        for sex, share in (("female", 1.0), ("male", 0.0)):
            rows = table_of(ADULTS, name, sex).rows
            for row, first in zip(rows[1:-1], (30, 40, 50, 60, 70), strict=True):
                people = virtual_people(ADULTS, MANY, seed=5, age=(first, first + 10), share_female=share)
                assert np.median(people.covariates[name]) == pytest.approx(row[5], rel=tolerance), (name, sex, first)


def test_scores_are_correlated_as_measured() -> None:
    for share, wanted in ((1.0, (0.28, 0.19, 0.09)), (0.0, (0.43, 0.10, 0.08))):
        people = virtual_people(ADULTS, MANY, seed=1, age=(45, 45), share_female=share).covariates
        ranks = np.array([np.argsort(np.argsort(people[n])) for n in ("height", "weight", "creatinine")])
        seen = 2 * np.sin(np.pi / 6 * np.corrcoef(ranks))  # of normal scores, from that of ranks
        np.testing.assert_allclose(seen[[0, 0, 1], [1, 2, 2]], wanted, atol=0.02)


def test_the_same_seed_draws_the_same_people() -> None:
    one, other = (virtual_people(ADULTS, 500, seed=7) for _ in range(2))
    assert all((one.covariates[n] == other.covariates[n]).all() for n in ("age", "female", "weight", "creatinine"))
    assert not (one.covariates["weight"] == virtual_people(ADULTS, 500, seed=8).covariates["weight"]).any()


@pytest.mark.parametrize("population", POPULATIONS.values(), ids=POPULATIONS)
def test_nobody_is_impossible_and_few_are_drawn_again(population: Population) -> None:
    people = virtual_people(population, MANY, seed=2)
    for bound in population.bounds:
        values = people.covariates[bound.measure]
        assert (values >= bound.low).all() and (values <= bound.high).all()
    assert 0 < people.redrawn < 0.005 * MANY


def test_who_is_drawn_again_is_counted_and_an_empty_range_is_said() -> None:
    narrow = msgspec.structs.replace(ADULTS, bounds=tuple(msgspec.structs.replace(b, low=160, high=180) if b.measure == "height" else b for b in ADULTS.bounds))  # fmt: skip
    people = virtual_people(narrow, 5000, seed=2)
    assert people.redrawn > 2000 and (people.covariates["height"] >= 160).all()
    nobody = msgspec.structs.replace(ADULTS, bounds=tuple(msgspec.structs.replace(b, low=400, high=500) if b.measure == "height" else b for b in ADULTS.bounds))  # fmt: skip
    with pytest.raises(KnowledgeError, match="cannot be drawn"):
        virtual_people(nobody, 10, seed=2)


def test_ages_and_sexes_share_out_as_in_the_population() -> None:
    people = virtual_people(ADULTS, MANY, seed=4).covariates
    assert people["female"].mean() == pytest.approx(0.518, abs=0.01)
    assert ((people["age"] >= 18) & (people["age"] < 30)).mean() == pytest.approx(0.2122, abs=0.01)
    assert (people["age"] >= 80).mean() == pytest.approx(0.0452, abs=0.005)
    some = virtual_people(ADULTS, 4000, seed=4, age=(65, 72), share_female=0.9).covariates
    assert some["age"].min() >= 65 and some["age"].max() < 72
    assert some["female"].mean() == pytest.approx(0.9, abs=0.02)
    assert (virtual_people(ADULTS, 50, seed=4, age=(95, 95)).covariates["age"] == 95).all()
    assert (virtual_people(CHILDREN, 50, seed=4, age=(6, 6)).covariates["age"] == 6).all()


def test_the_kidneys_are_those_of_the_bedside() -> None:
    people = virtual_people(ADULTS, 12, seed=11).covariates
    names = ("egfr", "egfr_absolute", "creatinine_clearance", "kidney_function", "bsa", "bmi", "ideal_weight", "lean_weight")  # fmt: skip
    for i in range(12):
        own = {n: float(v[i]) for n, v in people.items()}
        seen = reviewed({
            "sex": "female" if own["female"] else "male", "age": f"{own['age']:.12f}", "weight": f"{own['weight']:.12f} kg", "height": f"{own['height']:.12f} cm",
            "labs": [{"name": "creatinine", "value": f"{own['creatinine']:.12f} mg/dL", "date": "2026-11-20"}], "medicines": ["baclofen 5 mg daily"],
        })  # fmt: skip
        facts = {f.name: f.value for f in seen.facts if not f.unknown}
        for name in names:
            if name in facts and not np.isnan(own[name]):
                assert facts[name] == pytest.approx(own[name], rel=1e-3), name
        assert {"egfr", "creatinine_clearance", "kidney_function"} <= facts.keys()


def test_children_have_no_adult_numbers() -> None:
    people = virtual_people(CHILDREN, 2000, seed=1).covariates
    assert not {"creatinine_clearance", "ideal_weight", "lean_weight", "adjusted_weight"} & people.keys()
    np.testing.assert_allclose(people["egfr"], 0.413 * people["height"] / people["creatinine"])
    np.testing.assert_allclose(people["egfr_absolute"], people["egfr"] * people["bsa"] / 1.73)
    np.testing.assert_allclose(people["kidney_function"], people["egfr"])


def test_todays_children_are_heavier_than_the_reference() -> None:
    was, now = (virtual_people(CHILDREN, MANY, seed=1, age=(10, 10), among=g).covariates for g in (None, "children as examined in 2017 and 2018"))  # fmt: skip
    assert np.median(now["weight"]) > 1.06 * np.median(was["weight"])
    assert np.median(now["height"]) == pytest.approx(np.median(was["height"]), rel=0.015)


@pytest.mark.parametrize(("population", "stage", "low", "high"), [(ADULTS, "G3a", 45, 60), (ADULTS, "G5", 5, 15), (CHILDREN, "G4", 15, 30)])  # fmt: skip
def test_a_kidney_stage_has_its_filtration_rates(population: Population, stage: str, low: float, high: float) -> None:
    people = virtual_people(population, 5000, seed=1, among=f"kidney stage {stage}").covariates
    assert people["egfr"].min() > low * (1 - 1e-9) and people["egfr"].max() < high * (1 + 1e-9)
    assert np.mean(people["egfr"]) == pytest.approx((low + high) / 2, rel=0.02)
    chosen = virtual_people(population, 5000, seed=1, egfr=(low, high)).covariates
    np.testing.assert_array_equal(chosen["creatinine"], people["creatinine"])


def test_a_creatinine_is_found_for_any_rate() -> None:
    random = np.random.default_rng(1)
    rate, age = random.uniform(2, 160, 4000), random.uniform(2, 95, 4000)
    female, height = (random.random(4000) < 0.5).astype(float), random.uniform(90, 200, 4000)
    serum = creatinine_for(rate, age, female, height)
    np.testing.assert_allclose(renal.egfr(serum, age, female, height).value, rate, rtol=1e-9)


def test_a_lame_persons_creatinine_flatters_kidneys_that_are_as_they_were() -> None:
    well, lame = (virtual_people(ADULTS, 2000, seed=1, among=g).covariates for g in (None, "motor complete spinal cord injury"))  # fmt: skip
    np.testing.assert_allclose(lame["kidney_function"], well["kidney_function"])
    np.testing.assert_allclose(lame["creatinine"], 0.664 * well["creatinine"])
    np.testing.assert_allclose(lame["creatinine_clearance_estimated"], 1.506 * well["creatinine_clearance"], rtol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: virtual_people(ADULTS, 0, seed=1), "count"),
        (lambda: virtual_people(ADULTS, 5, seed=1, age=(10, 40)), "age"),
        (lambda: virtual_people(ADULTS, 5, seed=1, age=(50, 40)), "age"),
        (lambda: virtual_people(ADULTS, 5, seed=1, share_female=1.5), "share_female"),
        (lambda: virtual_people(ADULTS, 5, seed=1, among="athletes"), "among"),
        (lambda: virtual_people(ADULTS, 5, seed=1, egfr=(30, 15)), "egfr"),
    ],
)
def test_what_cannot_be_names_the_field(wrong: Callable[[], object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field


def test_a_broken_population_is_found_out() -> None:
    replace = msgspec.structs.replace
    table, correlations = ADULTS.measures[0], ADULTS.correlations[0]
    grown = next(m for m in CHILDREN.measures if m.form == "lms")
    other = tuple(m for m in CHILDREN.measures if m is not grown)
    broken = {
        "ages of the rows do not rise": replace(ADULTS, measures=(replace(table, rows=table.rows[::-1]), *ADULTS.measures[1:])),
        "a median and a spread are above 0": replace(CHILDREN, measures=(replace(grown, rows=((5.0, 1.0, 110.0, 0.0),)), *other)),
        "percentiles rise between 0 and 100": replace(ADULTS, measures=(replace(table, percentiles=table.percentiles[::-1]), *ADULTS.measures[1:])),
        "from a lower age to a higher one": replace(ADULTS, ages=tuple(replace(a, rows=tuple((end, start, share) for start, end, share in a.rows)) for a in ADULTS.ages)),
        "a spread is above 0": replace(CHILDREN, among=tuple(replace(g, scores=tuple(replace(s, sd=0.0) for s in g.scores)) for g in CHILDREN.among)),
        "do not fall": replace(ADULTS, measures=(replace(table, rows=((20.0, *range(20, 10, -1)),)), *ADULTS.measures[1:])),
        "one table is needed": replace(ADULTS, measures=ADULTS.measures[1:]),
        "an age and 10 values": replace(ADULTS, measures=(replace(table, rows=((20.0, 1.0),)), *ADULTS.measures[1:])),
        "its unit is cm": replace(ADULTS, measures=(replace(table, unit="in"), *ADULTS.measures[1:])),
        "contradict each other": replace(ADULTS, correlations=(replace(correlations, rows=((18, 0.9, 0.9, -0.9),)), *ADULTS.correlations[1:])),
        "not to 1": replace(ADULTS, ages=ADULTS.ages[:1]),
        "from low to high": replace(ADULTS, bounds=(replace(ADULTS.bounds[0], low=500),)),
        "at least one published number": replace(ADULTS, reproduces=()),
        "people have": replace(ADULTS, reproduces=(replace(ADULTS.reproduces[0], value=99.0),)),
        "it is defined twice": replace(ADULTS, among=(ADULTS.among[0], ADULTS.among[0])),
        "above 0, and in order": replace(ADULTS, among=(replace(ADULTS.among[0], egfr=(90.0, 60.0)),)),
    }  # fmt: skip
    for words, population in broken.items():
        faults = list(faults_of_people(population))
        assert any(words in what for _, what in faults), words
        if words != "people have":  # nobody is drawn from tables that are wrong
            assert not any("people have" in what or "cannot be computed" in what for _, what in faults), words
    assert not list(faults_of_people(replace(ADULTS, reproduces=ADULTS.reproduces[:1])))


def test_a_review_does_not_load_the_populations() -> None:
    code = "import sys; from relaxant.knowledge.load import load_knowledge, loaded; load_knowledge(); loaded.cache_clear(); [sys.modules.pop(m) for m in list(sys.modules) if m.startswith('relaxant')]; from relaxant.knowledge.load import load_knowledge; load_knowledge(); print('relaxant.knowledge.people' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
