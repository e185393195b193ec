"""Where a card stands to a person, a line as doses on a clock, and the courses of a review."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from relaxant import Review, load_knowledge, read_patient, review
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.medicines.read import read_medicines
from relaxant.medicines.regimen import Amount, Dose, Regimen, Strength
from relaxant.pharmacology.cards.course import GivenDose, area, course
from relaxant.pharmacology.cards.model import individual, variability
from relaxant.pharmacology.clinic.domain import Standing, standing
from relaxant.pharmacology.clinic.prediction import Prediction, predictions
from relaxant.pharmacology.clinic.regimens import NoPattern, Pattern, pattern
from relaxant.pharmacology.spread.even import even_normals, even_points
from relaxant.pharmacology.spread.normal import normal_quantile
from relaxant.pharmacology.spread.quantiles import weighted_quantiles

KNOWLEDGE = load_knowledge()
CARDS = KNOWLEDGE.models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]
TODAY = date(2026, 11, 22)
HOURS = {"morning": 8.0, "noon": 13.0, "evening": 18.0, "night": 22.0}
PERSON = "sex: female\nage: 50\nweight: 70 kg\nheight: 165 cm\nconditions: [multiple sclerosis]\nallergies: []\ndialysis: none\npregnant: false\n"
KIDNEY = "labs: [{name: creatinine, value: 0.8 mg/dL, date: 2026-11-10}]\n"


def _facts(text: str) -> Facts:
    patient = read_patient(text.encode(), today=TODAY)
    return Facts(inputs_of([(patient, read_medicines(patient, KNOWLEDGE))], KNOWLEDGE), KNOWLEDGE, patient.jurisdiction)


def _stands(text: str, card: str = "baclofen-oral-adult-simon-2018") -> Standing:
    return standing(CARDS[card], _facts(text), 0)


def _predicted(text: str, considering: tuple[str, ...] = ()) -> tuple[Prediction, ...]:
    patient = read_patient(text.encode(), today=TODAY, considering=considering)
    medicines = read_medicines(patient, KNOWLEDGE)
    facts = Facts(inputs_of([(patient, medicines)], KNOWLEDGE), KNOWLEDGE, patient.jurisdiction)
    return predictions(medicines, facts, patient.as_of, patient.genotype)


def _reviewed(text: str, considering: tuple[str, ...] = ()) -> Review:
    return review(read_patient(text.encode(), today=TODAY, considering=considering))


# ---------------------------------------------------------------- where a card holds


def test_a_person_like_those_studied_stands_within() -> None:
    own = _stands(PERSON + KIDNEY)
    assert own.status == "studied"
    assert own.widen_cv == 0
    assert {r.covariate for r in own.remarks if r.kind == "disease"} == {"alcohol_use_disorder"}


def test_between_studied_and_outermost_the_band_widens_with_the_reason() -> None:
    own = _stands(PERSON.replace("age: 50", "age: 80") + KIDNEY)
    assert own.status == "stretched"
    assert own.widen_cv == pytest.approx(0.2)
    (remark,) = [r for r in own.remarks if r.kind == "stretched"]
    assert remark.covariate == "age"
    assert remark.bounds is not None and remark.bounds.reason


def test_two_stretches_add_in_variance() -> None:
    own = _stands(PERSON.replace("age: 50", "age: 85") + KIDNEY.replace("0.8", "2.6"))
    assert own.widen_cv == pytest.approx(math.hypot(0.2, 0.25))


def test_beyond_the_outermost_there_is_no_curve() -> None:
    own = _stands(PERSON.replace("age: 50", "age: 7") + KIDNEY)
    assert own.status == "beyond"
    assert not own.drawable
    assert {r.covariate for r in own.remarks if r.kind == "beyond"} == {"age"}


def test_what_the_card_computes_with_must_be_known() -> None:
    own = _stands(PERSON)
    assert own.status == "unknown"
    (remark,) = [r for r in own.remarks if r.kind == "unknown"]
    assert remark.covariate == "kidney_function"
    assert "creatinine" in remark.needs


def test_a_flattering_creatinine_is_spread_over_what_is_possible() -> None:
    own = _stands(PERSON + KIDNEY + "muscle_mass: low\n")
    assert own.drawable
    low, high = own.covariates["kidney_function"]
    assert low == 5.0 and high > 60  # the lowest that the card draws, and what the creatinine allows
    assert own.open == ("kidney_function",)
    spread = np.asarray(own.spread(even_points(1, 100))["kidney_function"])
    assert low < spread.min() and spread.max() < high
    assert spread.mean() == pytest.approx((low + high) / 2, rel=1e-6)


def test_an_uncertain_relation_and_a_stretch_of_its_covariate_are_counted_once() -> None:
    text = PERSON.replace("age: 50", "age: 70") + KIDNEY.replace("0.8", "0.6") + "smoker: false\n"
    text += (
        "observations: [{name: ALT, value: 20 U/L, date: 2026-11-20}, {name: AST, value: 20 U/L, date: 2026-11-20}]\n"
    )
    (found,) = _predicted(text + "medicines: [tizanidine 2 mg three times a day]\n")
    card = CARDS["tizanidine-oral-empirical"]
    (bound,) = [b for b in card.bounds if b.covariate == "age"]
    (relation,) = [r for r in card.relations if r.on == "age"]
    assert bound.widen_cv == relation.band_cv == 0.5
    names, covariance = variability(card)
    clearance = names.index("CL")
    once = math.sqrt(covariance[clearance, clearance] + math.log1p(0.5**2))
    average = found.scenarios[0].measures[0]
    assert average.low is not None and average.high is not None
    assert math.log(average.high / average.low) / (2 * 1.645) == pytest.approx(once, rel=0.06)


# ---------------------------------------------------------------- a line on a clock


def _pattern(line: str) -> Pattern | NoPattern:
    patient = read_patient(f"medicines: [{line!r}]".encode(), today=TODAY)
    return pattern(read_medicines(patient, KNOWLEDGE)[0].regimen, HOURS)


@pytest.mark.parametrize(
    ("line", "doses", "every", "remarks"),
    [
        ("baclofen 10 mg three times a day", [(0, 10), (8, 10), (16, 10)], 24, ()),
        ("baclofen 10 mg morning and 20 mg at night", [(0, 10), (14, 20)], 24, ()),
        ("baclofen 10 mg 08:00, 14:00, 22:00", [(0, 10), (6, 10), (14, 10)], 24, ()),
        ("carisoprodol 350 mg three times a day and at night", [(0, 350), (14 / 3, 350), (28 / 3, 350), (14, 350)], 24, ()),
        ("tizanidine 2-4 mg every 6-8 hours as needed, max 3 doses a day", [(0, 4), (8, 4), (16, 4)], 24, ("range", "as_needed")),
        ("baclofen 5 mg three times a day for 3 days then 10 mg three times a day", [(0, 10), (8, 10), (16, 10)], 24, ("steps",)),
        ("diazepam 5 mg once daily", [(0, 5)], 24, ()),
        ("rocuronium 50 mg IV once", [(0, 50)], None, ()),
    ],
)  # fmt: skip
def test_a_line_is_put_on_a_clock(
    line: str, doses: list[tuple[float, float]], every: float | None, remarks: tuple[str, ...]
) -> None:
    found = _pattern(line)
    assert isinstance(found, Pattern)
    assert [(pytest.approx(d.hour), d.amount) for d in found.doses] == doses
    assert found.every == every
    assert found.remarks == remarks


def test_a_pump_runs_all_day() -> None:
    found = _pattern("baclofen 400 micrograms/day intrathecal")
    assert isinstance(found, Pattern)
    assert [(d.amount, d.unit, d.infused_over) for d in found.doses] == [(400, "micrograms", 24)]
    assert found.daily == 400


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("baclofen", "no_dose"),
        ("carisoprodol one tablet three times a day", "no_mass"),
        ("gabapentin 300 mg after each dialysis", "no_interval"),
        ("baclofen 10 mg once a week and 5 mg at night", "no_interval"),  # of two lengths: no day is like the other
        ("cisatracurium 2 micrograms/kg/min IV", "no_weight"),
        ("baclofen 0.5 mL/h intrathecal", "no_mass"),
        ("onabotulinumtoxinA 5 units/h", "no_mass"),
        ("baclofen 1 mg/mL oral solution, two tablets at night", "no_mass"),
    ],
)
def test_what_cannot_be_put_on_a_clock_says_why(line: str, why: str) -> None:
    assert _pattern(line) == NoPattern(why)


def test_a_tablet_of_known_strength_is_a_mass() -> None:
    assert isinstance(_pattern("baclofen 10 mg tablet, 2 tablets three times a day"), Pattern)
    assert pattern(Regimen(), HOURS) == NoPattern("no_dose")
    for unit, strength, want in (
        ("tablet", Strength(value=10.0, unit="mg", per="piece"), 20.0),
        ("mL", Strength(value=5.0, unit="mg", per="mL"), 10.0),
    ):
        made = pattern(Regimen(doses=(Dose(low=2.0, high=2.0, unit=unit, every="8 h"),), strength=strength), HOURS)
        assert isinstance(made, Pattern) and {(d.amount, d.unit) for d in made.doses} == {(want, "mg")}
    spoon = Regimen(
        doses=(Dose(low=2.0, high=2.0, unit="mL", every="8 h"),), strength=Strength(value=10.0, unit="mg", per="piece")
    )
    assert pattern(spoon, HOURS) == NoPattern("no_mass")


def test_what_is_given_as_nothing_has_no_course() -> None:
    nothing = Regimen(doses=(Dose(low=0.0, high=0.0, unit="mg", every="8 h"),))
    assert pattern(nothing, HOURS) == NoPattern("no_dose")
    weekly = Regimen(rate=Amount(low=50.0, high=50.0, unit="mg/week"))
    assert pattern(weekly, HOURS) == NoPattern("no_interval")


# ---------------------------------------------------------------- evenly spread people


def test_the_normal_quantile_is_that_of_the_library() -> None:
    from statistics import NormalDist

    shares = np.concatenate((np.logspace(-300, -1, 200), np.linspace(0.1, 0.9, 99), 1 - np.logspace(-15, -1, 60)))
    library = np.array([NormalDist().inv_cdf(p) for p in shares])
    np.testing.assert_allclose(normal_quantile(shares), library, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("dimensions", [2, 4, 8])
def test_a_few_hundred_even_people_have_a_normals_quantiles_in_every_direction(dimensions: int) -> None:
    directions = np.random.default_rng(1).standard_normal((200, dimensions))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = np.quantile(directions @ even_normals(dimensions, 300), [0.05, 0.25, 0.75, 0.95], axis=1)
    off = np.abs(found - np.array([[-1.645], [-0.6745], [0.6745], [1.645]]))
    assert off.mean() < 0.06
    assert off.max() < 0.35


def test_weighted_quantiles_are_plain_ones_where_all_count_alike_and_follow_the_weights_elsewhere() -> None:
    values = np.random.default_rng(2).lognormal(size=(3, 400))
    ours = weighted_quantiles(values, np.ones(400), [0.05, 0.5, 0.95])
    np.testing.assert_allclose(ours, np.quantile(values, [0.05, 0.5, 0.95], axis=1, method="hazen"), rtol=1e-12)
    twice = weighted_quantiles(np.concatenate((values, values[:, :200]), axis=1), np.ones(600), [0.5])
    weights = np.concatenate((np.full(200, 2.0), np.ones(200)))
    np.testing.assert_allclose(weighted_quantiles(values, weights, [0.5]), twice, rtol=0.02)


# ---------------------------------------------------------------- courses of a person


def test_the_typical_course_of_a_day_is_that_of_very_many_days() -> None:
    (found,) = _predicted(PERSON + KIDNEY + "medicines: [baclofen 10 mg morning and 20 mg at night]\n")
    curve = found.scenarios[0].curves[0]
    kidney = float(_facts(PERSON + KIDNEY).column("kidney_function").low[0])
    parameters = individual(SIMON, {"kidney_function": kidney})
    days = 20
    long = [
        GivenDose(amount=10, time=0.0, every=24, count=days + 1),
        GivenDose(amount=20, time=14.0, every=24, count=days + 1),
    ]
    times = np.array(curve.times)
    by_hand = course(SIMON, parameters, long, days * 24 + times)[:, 0]
    np.testing.assert_allclose(curve.typical[SIMON.model], by_hand, rtol=0.006)  # three digits


def test_the_average_is_what_mass_balance_says() -> None:
    (found,) = _predicted(PERSON + KIDNEY + "medicines: [baclofen 10 mg three times a day]\n")
    values = np.array(found.scenarios[0].curves[0].typical[SIMON.model])
    times = np.array(found.scenarios[0].curves[0].times)
    kidney = float(_facts(PERSON + KIDNEY).column("kidney_function").low[0])
    parameters = individual(SIMON, {"kidney_function": kidney})
    whole = area(SIMON, parameters, [GivenDose(amount=10)], [1e4])[
        0, 0
    ]  # one dose's area is one interval's in steady state
    assert np.trapezoid(values, times) / 24 == pytest.approx(3 * whole / 24, rel=0.01)


def test_the_band_holds_what_the_cards_spread_and_line_say() -> None:
    (found,) = _predicted(PERSON + KIDNEY + "medicines: [baclofen 10 mg three times a day]\n")
    weights = {c.model: c.weight for c in found.cards}
    assert weights["baclofen-oral-adult-simon-2018"] > 0
    assert sum(weights.values()) == pytest.approx(1)
    assert {n for n, w in weights.items() if w} == {
        n for n in found.scenarios[0].curves[0].typical if variability(CARDS[n])[0]
    }
    curve = found.scenarios[0].curves[0]
    bands = np.array(curve.bands)
    assert (np.diff(bands, axis=0) >= 0).all()
    for name, weight in weights.items():
        if weight:
            typical = np.array(curve.typical[name])
            assert ((typical > bands[0]) & (typical < bands[-1])).all()


def test_now_and_as_weighed_stand_side_by_side_in_the_same_people() -> None:
    text = PERSON + KIDNEY + "medicines: [baclofen 20 mg three times a day]\n"
    (found,) = _predicted(text, ("baclofen 10 mg three times a day",))
    now, weighed = found.scenarios
    assert (now.key, weighed.key) == ("now", "weighed")
    np.testing.assert_allclose(np.array(now.curves[0].bands), 2 * np.array(weighed.curves[0].bands), rtol=0.011)


def test_a_dose_in_grams_is_the_same_dose() -> None:
    courses = [
        _predicted(PERSON + KIDNEY + f"medicines: [gabapentin {dose} three times a day]\n")[0].scenarios[0].curves
        for dose in ("600 mg", "0.6 g")
    ]
    assert courses[0] == courses[1]


def test_less_kidney_never_gives_less_baclofen() -> None:
    averages = []
    for creatinine in (0.7, 1.0, 1.4, 2.0, 3.0):
        text = PERSON + KIDNEY.replace("0.8", str(creatinine)) + "medicines: [baclofen 10 mg three times a day]\n"
        averages.append(_predicted(text)[0].scenarios[0].measures[0].median)
    assert averages == sorted(averages)


def test_a_medicine_without_a_known_dose_has_a_sentence() -> None:
    (shown,) = _reviewed(PERSON + KIDNEY + "medicines: [baclofen]\n").prediction
    assert shown.sentence is not None and "dose is not known" in shown.sentence
    assert not shown.scenarios


def test_an_unknown_kidney_is_named_as_what_would_settle_it() -> None:
    (shown,) = _reviewed(PERSON + "medicines: [baclofen 10 mg three times a day]\n").prediction
    assert shown.sentence is not None and "kidney function" in shown.sentence.lower()
    assert "creatinine" in shown.settled_by


def test_somebody_with_ms_and_weak_kidneys_gets_a_curve_with_a_banner_of_the_disease() -> None:
    (shown,) = _reviewed(
        PERSON + KIDNEY.replace("0.8", "1.9") + "medicines: [baclofen 10 mg three times a day]\n"
    ).prediction
    assert shown.scenarios
    assert any("alcohol" in b for b in shown.banners)
    assert any("derived" in b and "25%" in b for b in shown.banners)  # the line from kidney function to clearance


def test_a_stop_that_is_weighed_draws_what_is_taken_now() -> None:
    text = PERSON + KIDNEY + "medicines: [baclofen 20 mg three times a day]\n"
    (found,) = _predicted(text, ("stop baclofen",))
    assert [s.key for s in found.scenarios] == ["now"]


def test_a_pump_and_tablets_are_two_predictions() -> None:
    found = _predicted(
        PERSON + KIDNEY + "medicines: [baclofen 10 mg three times a day, baclofen 400 micrograms/day intrathecal]\n"
    )
    assert {(p.agent, p.route) for p in found} == {("baclofen", "oral"), ("baclofen intrathecal", "intrathecal")}
    spinal = next(p for p in found if p.route == "intrathecal").scenarios[0].curves[0]
    row = np.array(next(iter(spinal.typical.values())))
    assert np.ptp(row) < 0.01 * row.mean()  # a pump's level is flat


def test_a_review_without_predictions_has_the_same_findings() -> None:
    patient = read_patient(b"age: 58\nmedicines: [baclofen 10 mg three times a day, ciprofloxacin 500 mg bd]", today=TODAY, considering=["tizanidine 4 mg tds"])  # fmt: skip
    with_them, without = review(patient), review(patient, predict=False)
    assert with_them.findings == without.findings and with_them.checks == without.checks
    assert without.prediction == ()
    assert with_them.prediction


def test_every_card_of_a_swallowed_medicine_is_reached_by_an_ordinary_line() -> None:
    lines: dict[str, Any] = {
        "cyclobenzaprine": "cyclobenzaprine 10 mg three times a day", "methocarbamol": "methocarbamol 1500 mg four times a day",
        "carisoprodol": "carisoprodol 350 mg three times a day", "metaxalone": "metaxalone 800 mg three times a day",
        "chlorzoxazone": "chlorzoxazone 500 mg three times a day", "orphenadrine": "orphenadrine 100 mg twice a day",
        "dantrolene": "dantrolene 25 mg four times a day", "diazepam": "diazepam 5 mg twice a day",
        "pregabalin": "pregabalin 75 mg twice a day", "gabapentin": "gabapentin 300 mg three times a day",
    }  # fmt: skip
    person = (
        PERSON.replace("sex: female", "sex: male")
        .replace("age: 50", "age: 30")
        .replace("conditions: [multiple sclerosis]", "conditions: []")
    )
    text = person + KIDNEY + f"medicines: [{', '.join(lines.values())}]\nsmoker: false\n"
    text += (
        "observations: [{name: ALT, value: 20 U/L, date: 2026-11-20}, {name: AST, value: 20 U/L, date: 2026-11-20}]\n"
    )
    found = {p.ingredient: p for p in _predicted(text)}
    assert set(found) == set(lines)
    for name, prediction in found.items():
        assert prediction.scenarios, (name, prediction.refused, [c.standing.remarks for c in prediction.cards])
        for curve in prediction.scenarios[0].curves:
            assert all(np.isfinite(row).all() and min(row) >= 0 for row in curve.typical.values()), name
