"""Doses, intervals and times against closed forms, chances against the lognormal, and honest errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.estimation.closed_form import Posterior
from relaxant.pharmacology.people.person import Person, draws_of
from relaxant.pharmacology.people.questions import (
    dose_for_auc,
    dose_for_average,
    dose_for_peak,
    dose_for_trough,
    interval_for_trough,
    time_to_train_of_four,
)
from relaxant.pharmacology.people.root import root
from relaxant.pharmacology.people.strengths import rounded

CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]
GABAPENTIN = CARDS["gabapentin-oral-adult-al-zubaydi-2024"]
ROCURONIUM = CARDS["rocuronium-kleijn-2011"]
CLEARANCE, VOLUME, SPREAD, HALF, STEEP = 5.0, 40.0, 0.3, 0.2, 4.0
RATE = CLEARANCE / VOLUME
VEIN = GivenDose(amount=1, route="intravenous")
EVERY_EIGHT = GivenDose(amount=1, route="intravenous", every=8)


def cited(**what: object) -> dict[str, object]:
    return {"source": "x", "place": "x", **what}


ONE = msgspec.convert(
    {
        "model": "one", "title": "One compartment", "agents": ["baclofen"], "ingredient": "baclofen", "moiety": "baclofen", "people": "nobody",
        "compartments": [{"compartment": "central", "volume": "V"}],
        "inputs": [{"route": "intravenous", "into": "central"}],
        "flows": [{"giver": "central", "clearance": "CL"}],
        "outputs": [{"output": "concentration", "of": "central", "unit": "mg/L", "title": "in plasma"}],
        "effects": [cited(effect="first_twitch", unit="%", of="central", form="inhibition", baseline="full", half_at="EC50", hill="hill", description="twitch")],
        "parameters": [
            cited(parameter="CL", value=CLEARANCE, unit="L/h", iiv_sd=SPREAD, description="clearance"), cited(parameter="V", value=VOLUME, unit="L", description="volume"),
            cited(parameter="EC50", value=HALF, unit="mg/L", description="half"), cited(parameter="hill", value=STEEP, unit="1", description="steepness"),
            cited(parameter="full", value=100, unit="%", description="twitch before drug"),
        ],
        "reproduces": [], "sources": [],
    },
    Model,
)  # fmt: skip
PERSON = Person(ONE)


def test_an_area_takes_target_times_clearance() -> None:
    assert dose_for_auc(PERSON, 12.0, VEIN).dose == pytest.approx(12 * CLEARANCE, rel=1e-10)
    assert dose_for_auc(PERSON, 12.0, EVERY_EIGHT).dose == pytest.approx(12 * CLEARANCE, rel=1e-10)
    infused = msgspec.structs.replace(VEIN, infused_over=3.0)
    assert dose_for_auc(PERSON, 12.0, infused).dose == pytest.approx(12 * CLEARANCE, rel=1e-10)
    assert dose_for_auc(PERSON, 12.0, VEIN).of_unit == "mg/L x h"


def test_an_average_takes_target_times_clearance_times_interval() -> None:
    assert dose_for_average(PERSON, 2.0, EVERY_EIGHT).dose == pytest.approx(2 * CLEARANCE * 8, rel=1e-10)


def test_a_trough_and_a_peak_at_steady_state() -> None:
    left = math.exp(-RATE * 8)
    trough = dose_for_trough(PERSON, 0.5, EVERY_EIGHT)
    assert trough.dose == pytest.approx(0.5 * VOLUME * (1 - left) / left, rel=1e-8)
    assert trough.reached == pytest.approx(0.5, rel=1e-9)
    assert dose_for_peak(PERSON, 2.0, EVERY_EIGHT).dose == pytest.approx(2 * VOLUME * (1 - left), rel=1e-8)
    infused = msgspec.structs.replace(EVERY_EIGHT, infused_over=2.0)
    highest = (1 - math.exp(-RATE * 2)) / (2 * CLEARANCE) / (1 - left)  # a mg each 8 h, at the end of each infusion
    assert dose_for_peak(PERSON, 2.0, infused).dose == pytest.approx(2 / highest, rel=1e-8)


def test_a_peak_between_looks_is_found() -> None:
    first, k = (float(individual(SIMON, {})[p][0]) for p in ("ka", "CL"))
    k /= float(individual(SIMON, {})["V"][0])
    when = math.log(first / k) / (first - k)
    level = first / (first - k) * (math.exp(-k * when) - math.exp(-first * when)) / float(individual(SIMON, {})["V"][0])
    answer = dose_for_peak(Person(SIMON), 300.0, GivenDose(amount=10))
    assert answer.dose == pytest.approx(300e-3 / level, rel=2e-6)


def test_the_interval_for_a_trough() -> None:
    regimen = msgspec.structs.replace(VEIN, amount=100.0)
    answer = interval_for_trough(PERSON, 0.5, regimen)
    assert answer.every == pytest.approx(math.log1p(100 / VOLUME / 0.5) / RATE, rel=1e-8)
    chosen = interval_for_trough(PERSON, 0.5, regimen, intervals=[6, 8, 12, 24], within=(0.3, 0.9))
    assert chosen.every == 12 and chosen.exact == answer.every and chosen.dose == 100
    assert chosen.reached == pytest.approx(100 / VOLUME / math.expm1(RATE * 12), rel=1e-6)


def test_after_a_stated_number_of_doses() -> None:
    three = msgspec.structs.replace(EVERY_EIGHT, count=3)
    left = math.exp(-RATE * 8)
    assert dose_for_trough(PERSON, 0.5, three).dose == pytest.approx(0.5 * VOLUME / (left + left**2 + left**3), rel=1e-9)  # fmt: skip


def test_what_was_given_already_counts() -> None:
    already = [GivenDose(amount=100, route="intravenous")]
    later = msgspec.structs.replace(VEIN, time=4.0)
    remains = 100 / VOLUME * math.exp(-RATE * 4)
    peak = dose_for_peak(PERSON, 3.0, later, already=already)
    assert peak.dose == pytest.approx((3 - remains) * VOLUME, rel=1e-6)
    area = dose_for_auc(PERSON, 30.0, later, already=already)
    assert area.dose == pytest.approx((30 - remains / RATE) * CLEARANCE, rel=1e-8)
    with pytest.raises(InputError, match="already given leave"):
        dose_for_auc(PERSON, 5.0, later, already=already)


def test_the_chance_is_the_lognormals() -> None:
    people = 40_000
    answer = dose_for_auc(Person(ONE, people=people), 10.0, VEIN, within=(8.0, 12.5))
    normal = NormalDist(0, SPREAD)
    wanted = normal.cdf(math.log(12.5 / 10)) - normal.cdf(math.log(8 / 10))
    assert answer.chance == pytest.approx(wanted, abs=4 * math.sqrt(wanted * (1 - wanted) / people))
    low, high = (10 * math.exp(z * SPREAD) for z in (-1.6449, 1.6449))
    assert answer.interval == pytest.approx((low, high), rel=0.02)
    assert answer.draws == people and "as the card says" in answer.based_on
    above = dose_for_auc(Person(ONE, people=people), 10.0, VEIN, within=(10.0, None)).chance
    assert above == pytest.approx(0.5, abs=0.01)


def test_more_spread_lowers_the_chance() -> None:
    plain, wide = (dose_for_auc(Person(ONE, extra_cv=cv), 10.0, VEIN, within=(8, 12.5)).chance for cv in (0.0, 0.4))
    assert plain is not None and wide is not None and wide < 0.8 * plain


def test_a_persons_own_draws_decide() -> None:
    draws = np.random.default_rng(1).normal(math.log(0.6), 0.1, 4001)
    answer = dose_for_auc(Person(ONE, draws={"CL": draws}), 10.0, VEIN, within=(8, 12.5))
    assert answer.dose == pytest.approx(10 * CLEARANCE * math.exp(np.median(draws)), rel=1e-9)
    assert answer.draws == 4001 and "own parameters" in answer.based_on
    assert answer.chance == pytest.approx(np.mean(np.abs(draws - np.median(draws)) <= math.log(1.25)), abs=1e-3)
    estimate = dose_for_auc(Person(ONE, draws={"CL": math.log(0.6)}), 10.0, VEIN, within=(8, 12.5))
    assert estimate.chance == 1.0 and estimate.interval == pytest.approx((10, 10)) and estimate.draws == 1


def test_draws_of_one_among_several() -> None:
    posterior = Posterior(("CL", "V"), np.arange(12.0).reshape(2, 2, 3), np.ones(3))
    assert draws_of(posterior, 1)["V"].tolist() == [4.0, 10.0]


def test_a_dose_is_rounded_and_judged_as_rounded() -> None:
    answer = dose_for_auc(PERSON, 10.0, VEIN, strengths=[20, 25], within=(8, 12.5))
    assert (answer.exact, answer.dose) == (pytest.approx(50.0), 50.0)
    answer = dose_for_auc(PERSON, 11.0, VEIN, strengths=[20])
    assert answer.dose == 60 and answer.reached == pytest.approx(12.0) and answer.exact == pytest.approx(55.0)


@pytest.mark.parametrize(
    ("dose", "strengths", "made"),
    [(17, [10, 25], 20), (13, [5], 15), (2, [10], 10), (31, [2.5, 10], 30), (7.4, [3, 5], 8), (4, [3, 5], 3), (1.1, [0.5], 1.0), (1e4, [1], 1e4)],
)  # fmt: skip
def test_whole_pieces(dose: float, strengths: list[float], made: float) -> None:
    assert rounded(dose, strengths) == pytest.approx(made)


def test_a_bioavailability_that_falls_with_the_dose() -> None:
    person = Person(GABAPENTIN, {"creatinine": 1.0})
    regimen = GivenDose(amount=300, every=8)
    answer = dose_for_average(person, 6.0, regimen, within=(4, 10))
    own = individual(GABAPENTIN, {"creatinine": 1.0, "single_dose": answer.dose})
    doses = [GivenDose(amount=answer.dose, every=8, count=60)]
    times = np.linspace(59 * 8, 60 * 8 * (1 - 1e-12), 20_001)
    assert np.trapezoid(course(GABAPENTIN, own, doses, times)[:, 0], times) / 8 == pytest.approx(6.0, rel=1e-4)
    half = dose_for_average(person, 3.0, regimen)
    assert answer.dose > 2.2 * half.dose
    with pytest.raises(InputError, match=r"gives .* to") as caught:
        dose_for_average(person, 600.0, regimen)
    assert caught.value.field == "target"


def test_recovery_of_the_twitch_in_closed_form() -> None:
    dose = 40.0
    level = HALF * (1 / 0.25 - 1) ** (1 / STEEP)  # the concentration that leaves a quarter
    answer = time_to_train_of_four(PERSON, [GivenDose(amount=dose, route="intravenous")], level=25, output="first_twitch", by=15.0)  # fmt: skip
    assert answer.typical == pytest.approx(math.log(dose / VOLUME / level) / RATE, rel=1e-5)
    spread = [math.log(dose / VOLUME / level) / RATE * math.exp(z * SPREAD) for z in (-1.6449, 0, 1.6449)]
    assert answer.interval == pytest.approx(spread, rel=0.06)
    wanted = NormalDist(math.log(answer.typical), SPREAD).cdf(math.log(15.0))
    assert answer.chance == pytest.approx(wanted, abs=0.06)
    assert answer.never_below == 0 and answer.unit == "h"
    none = time_to_train_of_four(PERSON, [GivenDose(amount=0.1, route="intravenous")], level=25, output="first_twitch")
    assert none.typical == 0 and none.never_below == 1
    never = time_to_train_of_four(PERSON, [GivenDose(amount=40, route="intravenous")], level=101, output="first_twitch")
    assert never.typical == math.inf


def test_recovery_after_rocuronium_and_by_ones_own_baseline() -> None:
    person = Person(ROCURONIUM, {"weight": 70.0, "age": 43.0})
    given = [GivenDose(amount=42, route="intravenous", drug="rocuronium")]
    answer = time_to_train_of_four(person, given, level=90)
    parameters = individual(ROCURONIUM, person.covariates)
    fine = np.linspace(0, 200, 200_001)
    ratio = course(ROCURONIUM, parameters, given, fine, "tof_ratio")[:, 0]
    assert answer.typical == pytest.approx(fine[np.flatnonzero(ratio < 90)[-1] + 1], abs=2e-3)
    assert math.isinf(answer.interval[2])  # the card's baselines differ: some never show 90 % even before drug
    own = time_to_train_of_four(person, given, level=90, normalised=True, by=90.0)
    assert own.interval[0] < own.typical < own.interval[2] < math.inf
    assert own.chance is not None and 0.3 < own.chance < 1


def test_sugammadex_brings_the_twitch_back_sooner() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    person = Person(CARDS["rocuronium-sugammadex-kleijn-2011"], {"weight": 70.0, "age": 43.0}, people=8)
    block = GivenDose(amount=42, route="intravenous", drug="rocuronium")
    reversal = GivenDose(time=20, amount=140, route="intravenous", drug="sugammadex")
    answer = time_to_train_of_four(person, [block, reversal], level=90, normalised=True)
    assert 0.5 < answer.typical < 6 and answer.draws == 8


def test_a_root_is_found_either_way_and_said_where_there_is_none() -> None:
    for first in (1e-4, 1.0, 1e4):
        assert root(lambda x: x**3, 8.0, first, what="target", of="it") == pytest.approx(2.0, rel=1e-9)
        assert root(lambda x: 1 / x, 0.5, first, what="target", of="it") == pytest.approx(2.0, rel=1e-9)
        assert root(lambda x: x / (1 + x), 0.999, first, what="target", of="it") == pytest.approx(999, rel=1e-6)
    assert root(lambda x: 10 / x, 10.0, 1.0, what="target", of="it") == 1.0  # the first try is the answer
    with pytest.raises(InputError, match="whatever it is"):
        root(lambda x: x / (1 + x), 1.5, 1.0, what="target", of="it")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: dose_for_auc(PERSON, -1, VEIN), "target"),
        (lambda: dose_for_auc(PERSON, math.nan, VEIN), "target"),
        (lambda: dose_for_trough(PERSON, 1, VEIN), "every"),
        (lambda: dose_for_average(PERSON, 1, VEIN), "every"),
        (lambda: dose_for_auc(PERSON, 1, VEIN, output="nausea"), "output"),
        (lambda: dose_for_auc(PERSON, 1, GivenDose(amount=1, route="rectal")), "route"),
        (lambda: dose_for_auc(Person(SIMON, {"kidney_function": np.array([50.0, 60.0])}), 1, GivenDose(amount=1)), "kidney_function"),
        (lambda: dose_for_auc(Person(SIMON, {"kidney_function": math.nan}), 1, GivenDose(amount=1)), "covariates"),
        (lambda: dose_for_auc(Person(ONE, draws={"KA": [0.1]}), 1, VEIN), "draws"),
        (lambda: dose_for_auc(Person(ONE, draws={"CL": [math.inf]}), 1, VEIN), "draws"),
        (lambda: dose_for_auc(PERSON, 1, VEIN, strengths=[0]), "strengths"),
        (lambda: dose_for_auc(PERSON, 1e9, VEIN, strengths=[0.001]), "strengths"),
        (lambda: dose_for_peak(Person(CARDS["rocuronium-sugammadex-kleijn-2011"]), 1, GivenDose(amount=1, route="intravenous", drug="rocuronium", every=60)), "count"),
        (lambda: time_to_train_of_four(PERSON, [VEIN], level=90), "output"),
        (lambda: time_to_train_of_four(PERSON, [], level=90, output="first_twitch"), "doses"),
        (lambda: time_to_train_of_four(PERSON, [VEIN], level=90, output="concentration", normalised=True), "normalised"),
    ],
)  # fmt: skip
def test_what_cannot_be_names_the_field(wrong: Callable[[], object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field
