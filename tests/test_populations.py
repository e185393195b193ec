"""Courses of whole cards by each way of computing, and the spread of virtual people."""

from __future__ import annotations

from statistics import NormalDist

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, area, course, courses
from relaxant.pharmacology.cards.mammillary import closed_form
from relaxant.pharmacology.cards.model import individual, is_linear, variability
from relaxant.pharmacology.cards.window import measured, peaks, window, within
from relaxant.pharmacology.kinetics.alteration import Alteration, sessions
from relaxant.pharmacology.kinetics.network import Period, amounts
from relaxant.pharmacology.kinetics.schedule import Dose, schedule
from relaxant.pharmacology.people.people import virtual_people
from relaxant.pharmacology.people.populations import attained, attainment, bands, cohort, drawn, targets_attained

CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]
TIMES = np.arange(0, 48.5, 0.5)
THRICE = [GivenDose(amount=20, every=8, count=6)]


CLOSED = sorted(
    n
    for n, m in CARDS.items()
    if is_linear(m) and (f := closed_form(m, individual(m, {}), m.outputs[0].of)) and m.inputs[0].into in f[1]
)


@pytest.mark.parametrize("name", CLOSED)
def test_the_closed_form_is_the_network(name: str) -> None:
    from relaxant.pharmacology.cards.model import network_of

    card = CARDS[name]
    parameters = individual(card, {})
    of = card.outputs[0].of
    way = card.inputs[0]
    given = GivenDose(
        amount=10, unit=card.amount, route=way.route, form=way.form, release=way.release, fed=way.fed, drug=way.drug
    )
    times = np.linspace(0, 30, 31)
    got = course(card, parameters, [given], times)[:, 0]
    volume = parameters[next(c.volume for c in card.compartments if c.compartment == of)]
    reach = parameters[way.bioavailability] if way.bioavailability else 1.0
    lag = float(parameters[way.lag][0]) if way.lag else 0.0
    net = amounts([Period(0, network_of(card, parameters))], {"in": (way.into, reach)}, schedule([Dose(time=lag, amount=10, entry="in")], times), {"it": {of: 1 / volume}})["it"][:, 0]  # fmt: skip
    from relaxant.pharmacology.cards.model import factor_of

    np.testing.assert_allclose(got * factor_of(card.outputs[0].unit, card), net, rtol=1e-10, atol=1e-15)


def _names(card: Model) -> list[str]:
    return [*(o.output for o in card.outputs), *(e.effect for e in card.effects)]


@pytest.mark.parametrize("name", sorted(n for n, m in CARDS.items() if is_linear(m) and len(_names(m)) > 1))
def test_outputs_and_effects_together_are_each_by_itself(name: str) -> None:
    card, names = CARDS[name], _names(CARDS[name])
    way = card.inputs[0]
    parameters = individual(card, {}, deviations=drawn(card, 5, seed=3))
    dose = GivenDose(amount=10, unit=card.amount, route=way.route, form=way.form, release=way.release, fed=way.fed, drug=way.drug)  # fmt: skip
    times = np.linspace(0, 30, 13)
    together = courses(card, parameters, [dose], times, names)
    assert list(together) == names
    for each in names:
        np.testing.assert_allclose(
            together[each], course(card, parameters, [dose], times, each), rtol=1e-10, atol=1e-15
        )


def test_most_cards_have_a_closed_form() -> None:
    assert len(CLOSED) > 20


def test_drawn_people_have_the_cards_spread_and_correlation() -> None:
    card = CARDS["rocuronium-kleijn-2011"]
    names, covariance = variability(card)
    people = drawn(card, 200_000, seed=4)
    seen = np.cov(np.array([people[n] for n in names]))
    np.testing.assert_allclose(seen, covariance, atol=0.01 * np.abs(covariance).max() + 1e-3)


def test_bands_hold_what_they_say_and_do_not_depend_on_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bands(SIMON, {}, THRICE, TIMES, people=2000, seed=3)
    assert (np.diff(whole.values, axis=0) >= 0).all()
    fresh = individual(SIMON, {}, deviations=drawn(SIMON, 2000, seed=99))
    courses = course(SIMON, fresh, THRICE, TIMES)
    inside = ((courses >= whole.values[0][:, None]) & (courses <= whole.values[-1][:, None]))[1:].mean()
    assert 0.88 < inside < 0.92
    monkeypatch.setattr("relaxant.pharmacology.people.populations._MOST_NUMBERS", 2000 * 7)
    np.testing.assert_allclose(
        bands(SIMON, {}, THRICE, TIMES, people=2000, seed=3).values, whole.values, rtol=1e-9, atol=1e-12
    )
    monkeypatch.setattr("relaxant.pharmacology.people.populations._PART", 333)
    np.testing.assert_allclose(
        bands(SIMON, {}, THRICE, TIMES, people=2000, seed=3).values, whole.values, rtol=1e-9, atol=1e-12
    )
    wider = bands(SIMON, {}, THRICE, TIMES, people=2000, seed=3, extra_cv=0.5)
    assert (wider.values[-1] - wider.values[0])[5:].mean() > (whole.values[-1] - whole.values[0])[5:].mean() * 1.2


def test_a_weak_kidney_raises_the_band_and_the_share_above_a_level() -> None:
    well, weak = ({"kidney_function": k} for k in (120.0, 25.0))
    low, high = (bands(SIMON, c, THRICE, TIMES).values[2, -1] for c in (well, weak))
    assert high > 1.8 * low
    share = [attained(SIMON, c, THRICE, [46.0], low=400.0)[0] for c in (well, weak)]
    assert share[0] < 0.2 < share[1]


PEOPLE = virtual_people(load_knowledge().populations["us-adults-2018"], 3000, seed=5)


def test_people_with_covariates_of_their_own_differ_more() -> None:
    spread = bands(SIMON, PEOPLE.covariates, THRICE, TIMES, seed=3)
    assert (spread.people, spread.unknown) == (3000, 0)
    own = individual(SIMON, PEOPLE.covariates, deviations=drawn(SIMON, 3000, seed=3))
    wanted = np.quantile(course(SIMON, own, THRICE, TIMES), (0.05, 0.25, 0.5, 0.75, 0.95), axis=1)
    np.testing.assert_allclose(spread.values, wanted, rtol=1e-12, atol=1e-12)
    alike = bands(SIMON, {"kidney_function": float(np.median(PEOPLE.covariates["kidney_function"]))}, THRICE, TIMES, people=3000, seed=3)  # fmt: skip
    ratio = [(b.values[4, -1] / b.values[0, -1]) for b in (spread, alike)]
    assert ratio[0] > 1.15 * ratio[1]


def test_who_has_an_unknown_covariate_is_counted_and_left_out() -> None:
    pregabalin = CARDS["pregabalin-oral-adult-shoji-2011"]
    short = int(np.isnan(PEOPLE.covariates["ideal_weight"]).sum())
    spread = bands(pregabalin, PEOPLE.covariates, [GivenDose(amount=75, release="immediate")], [2.0, 12.0])
    assert 50 < short == spread.unknown and spread.people == 3000 - short and np.isfinite(spread.values).all()
    with pytest.raises(InputError, match="nobody's parameters"):
        bands(pregabalin, {"ideal_weight": np.nan}, [GivenDose(amount=75, release="immediate")], [2.0])


@pytest.mark.parametrize("measure", ["average", "peak", "trough", "auc", "any"])
def test_attainment_is_what_each_person_has(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    doses, between = [GivenDose(amount=20, every=8, count=6)], (40.0, 48.0)
    own = individual(SIMON, PEOPLE.covariates, deviations=drawn(SIMON, 3000, seed=3))
    times = np.linspace(*between, 2001)
    times[-1] *= 1 - 1e-12
    values = course(SIMON, own, doses, times)
    areas = np.trapezoid(values, times, axis=0)
    each = {"average": areas / 8, "auc": areas, "peak": values.max(axis=0), "trough": values[-1], "any": values.max(axis=0)}[measure]  # fmt: skip
    low, high = np.quantile(each, [0.3, 0.8])
    found = attainment(SIMON, PEOPLE.covariates, doses, measure, between, low=low, high=high, seed=3)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.quantiles, np.quantile(each, found.levels), rtol=1e-4)
    if measure == "any":
        inside = (values >= low) & (values <= high)
        assert found.share == pytest.approx(inside.any(axis=0).mean(), abs=0.01)
        assert found.always == pytest.approx(inside.all(axis=0).mean(), abs=0.01)
        assert found.time_within == pytest.approx(inside[:-1].mean(), abs=0.01)
    else:
        assert found.share == pytest.approx(0.5, abs=0.002) and found.time_within is None
    monkeypatch.setattr("relaxant.pharmacology.people.populations._PART", 777)
    again = attainment(SIMON, PEOPLE.covariates, doses, measure, between, low=low, high=high, seed=3)  # type: ignore[arg-type]
    np.testing.assert_allclose(again.quantiles, found.quantiles, rtol=1e-12)
    assert (again.share, again.unit) == (found.share, "ng/mL x h" if measure == "auc" else "ng/mL")


def test_the_chance_of_an_area_is_the_lognormals() -> None:
    card, people = CARDS["cyclobenzaprine-ir-adult-label"], 40_000
    settled = [GivenDose(amount=10, every=8, count=120, release="immediate")]
    typical = attainment(card, {}, settled, "auc", (952.0, 960.0), people=people)
    spread = float(np.sqrt(variability(card)[1][0, 0]))
    middle = float(typical.quantiles[2])
    found = attainment(card, {}, settled, "auc", (952.0, 960.0), people=people, low=0.8 * middle, high=1.25 * middle)  # fmt: skip
    wanted = 1 - 2 * NormalDist().cdf(np.log(0.8) / spread)
    assert found.share == pytest.approx(wanted, abs=0.012)


def test_a_dose_by_weight_is_each_persons_own() -> None:
    card = CARDS["rocuronium-kleijn-2011"]
    some = {n: v[:5] for n, v in PEOPLE.covariates.items() if n in ("weight", "age", "creatinine_clearance")}
    shot = GivenDose(amount=0.6, route="intravenous", drug="rocuronium")
    group = cohort(card, some, seed=1, dose_per_kg=True)
    by_weight = course(group.model, group.parameters, [shot], [5.0, 30.0], "tof_ratio")
    plain = cohort(card, some, seed=1)
    for i, weight in enumerate(some["weight"]):
        own = {n: v[i : i + 1] for n, v in plain.parameters.items()}
        given = msgspec.structs.replace(shot, amount=0.6 * weight)
        np.testing.assert_allclose(course(card, own, [given], [5.0, 30.0], "tof_ratio")[:, 0], by_weight[:, i], rtol=1e-9)  # fmt: skip
    spread = bands(card, some, [shot], [5.0], "tof_ratio", dose_per_kg=True)
    assert spread.values[0, 0] < spread.values[-1, 0]


def test_a_cards_own_targets_are_asked() -> None:
    card = CARDS["gabapentin-oral-adult-al-zubaydi-2024"]
    made = targets_attained(card, {"creatinine": 1.0, "single_dose": 300.0}, [GivenDose(amount=300, every=8, count=9)], (64.0, 72.0))  # fmt: skip
    (reference, inside), (toxic, below) = made
    assert (reference.target, toxic.target) == ("laboratory reference range", "toxic")
    assert 0.95 < inside.share < 1 and inside.always == pytest.approx(0.3, abs=0.3)
    assert below.always == 1.0 and below.time_within == pytest.approx(1.0)
    dantrolene = CARDS["dantrolene-oral-adult"]
    ((_, reached),) = targets_attained(dantrolene, {}, [GivenDose(amount=100, every=6, count=20)], (108.0, 114.0))
    assert (reached.low, reached.unit) == (pytest.approx(0.3 if reached.unit == "ug/mL" else 300), reached.unit)


def test_a_window_integrates_and_finds_the_peak() -> None:
    first, last = np.array([[0.2, 3.0, 40.0]]), np.array([[0.01, 0.1, 0.19]])

    def at(times: np.ndarray) -> np.ndarray:
        since = times[:, None] % 12.0
        return np.exp(-last * since) - np.exp(-first * since)

    watched = window(0, 24, [12.0])
    area = 2 * ((1 - np.exp(-last * 12)) / last - (1 - np.exp(-first * 12)) / first)[0]
    np.testing.assert_allclose(measured(watched, at(watched.times), "auc"), area, rtol=1e-8)
    when = (np.log(first / last) / (first - last))[0]
    top = np.where(when < 12, np.diag(at(when)), at(np.array([11.999999999]))[0])
    np.testing.assert_allclose(peaks(watched, at)[1], top, rtol=1e-6)
    np.testing.assert_allclose(measured(watched, at(watched.times), "peak"), top, rtol=1e-3)
    some, always, share = within(watched, at(watched.times), 0.5, None)
    grid = (at(np.linspace(0, 24, 100_001)) >= 0.5).mean(axis=0)
    np.testing.assert_allclose(share, grid, atol=0.02)
    assert (some == (grid > 0)).all() and not always.any()


def test_binding_goes_through_the_solver_one_by_one() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    parameters = individual(card, {"weight": np.array([60.0, 80.0])})
    doses = [GivenDose(amount=42, route="intravenous", drug="rocuronium"), GivenDose(time=20, amount=140, route="intravenous", drug="sugammadex")]  # fmt: skip
    ratio = course(card, parameters, doses, [0.0, 10.0, 25.0], "tof_ratio")
    assert ratio.shape == (3, 2)
    assert (ratio[0] > 100).all() and (ratio[1] < 1).all() and (ratio[2] > 90).all()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: course(SIMON, individual(SIMON, {}), [GivenDose(amount=1, route="rectal")], [1.0]), "route"),
        (lambda: course(SIMON, individual(SIMON, {}), THRICE, [1.0], "nausea"), "output"),
        (lambda: course(SIMON, individual(SIMON, {}), [GivenDose(amount=1, unit="mL")], [1.0]), "dose"),
        (lambda: bands(SIMON, {}, THRICE, [1.0], people=0), "count"),
        (lambda: bands(SIMON, {}, THRICE, [1.0], levels=(5.0,)), "levels"),
        (lambda: bands(SIMON, {"kidney_function": np.ones(7)}, THRICE, [1.0], people=8), "kidney_function"),
        (lambda: bands(SIMON, {}, THRICE, [1.0], dose_per_kg=True), "weight"),
        (lambda: attainment(SIMON, {}, THRICE, "peak", (8.0, 8.0)), "window"),
        (lambda: attainment(SIMON, {}, THRICE, "peak", (0.0, 8.0), "nausea"), "output"),
    ],
)
def test_what_cannot_be_names_the_field(wrong, field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field


def test_an_alteration_changes_the_course_from_its_start_on_and_nothing_before() -> None:
    doses = [GivenDose(amount=20, every=8, count=12)]
    times = np.linspace(0, 96, 193)
    parameters = individual(SIMON, {})
    plain = course(SIMON, parameters, doses, times)[:, 0]
    halved = [Alteration(start=40.0, ratios={"CL": 0.5}, reaching=2.0)]
    altered = course(SIMON, parameters, doses, times, altered=halved)[:, 0]
    np.testing.assert_allclose(altered[times < 40], plain[times < 40], rtol=1e-10)
    # The dose at 40 h is the first that reaches twice: from there on, what came before plus twice each dose, at half the clearance.
    slow = {**parameters, "CL": parameters["CL"] * 0.5}
    at_change = course(SIMON, parameters, doses[:1], np.array([40.0 - 1e-9]))[0, 0]
    later = [GivenDose(amount=40, time=40.0, every=8, count=7)]
    added = course(SIMON, slow, later, times[times >= 40])[:, 0]
    k = float(slow["CL"][0] / slow["V"][0])
    rest = at_change * np.exp(-k * (times[times >= 40] - 40.0))
    assert (
        np.abs(altered[times >= 40] - added - rest) < 1e-4 * plain.max()
    ).all()  # what was still in the gut is left out here
    nothing = [Alteration(start=40.0, ratios={"CL": 1.0})]
    np.testing.assert_allclose(course(SIMON, parameters, doses, times, altered=nothing)[:, 0], plain, rtol=1e-9)


def test_an_alteration_from_the_start_is_that_of_the_parameters() -> None:
    doses = [GivenDose(amount=20, every=8, count=3, steady=True)]
    times = np.linspace(0, 24, 49)
    parameters = individual(SIMON, {})
    altered = [Alteration(start=-1e6, ratios={"CL": 0.4})]
    by_hand = course(SIMON, {**parameters, "CL": parameters["CL"] * 0.4}, doses, times)
    np.testing.assert_allclose(course(SIMON, parameters, doses, times, altered=altered), by_hand, rtol=1e-9)


@pytest.mark.parametrize(
    ("altered", "said"),
    [
        ([Alteration(start=1.0, ratios={}), Alteration(start=0.0, ratios={})], "not in order of time"),
        ([Alteration(start=0.0, ratios={"V": 2.0})], "no rate or clearance"),
        ([Alteration(start=0.0, ratios={"CL": -2.0})], "a ratio on CL"),
    ],
)
def test_an_alteration_that_cannot_be_is_refused(altered: list[Alteration], said: str) -> None:
    with pytest.raises(InputError, match=said):
        course(SIMON, individual(SIMON, {}), [GivenDose(amount=20)], [1.0], altered=altered)


def test_a_card_that_binds_is_altered_on_its_way() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    parameters, dose = individual(card, {}), [GivenDose(amount=42, route="intravenous", drug="rocuronium")]
    times = np.array([5.0, 20.0, 60.0])
    from_the_start = course(card, parameters, dose, times, altered=[Alteration(start=-1.0, ratios={"CL": 0.5})])
    at_once = course(card, {**parameters, "CL": parameters["CL"] / 2}, dose, times)
    np.testing.assert_allclose(from_the_start, at_once, rtol=1e-6)
    later = course(card, parameters, dose, times, altered=[Alteration(start=10.0, ratios={"CL": 0.5})])
    plain = course(card, parameters, dose, times)
    np.testing.assert_allclose(later[0], plain[0], rtol=1e-6)
    assert (later[1:] > plain[1:]).all() and (later[1:] < at_once[1:]).all()


def test_an_infusion_runs_on_where_a_card_that_binds_is_altered() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    binding, plain = CARDS["rocuronium-sugammadex-kleijn-2011"], CARDS["rocuronium-kleijn-2011"]
    drip = [GivenDose(amount=42, route="intravenous", drug="rocuronium", infused_over=30.0)]
    times, halved = np.array([5.0, 12.0, 29.0, 31.0, 60.0]), [Alteration(start=10.0, ratios={"CL": 0.5})]
    for card in (binding, plain):
        assert individual(card, {})["CL"] == individual(binding, {})["CL"]
    # without any sugammadex nothing is bound, so the exact way of the other card has the answer
    found = course(binding, individual(binding, {}), drip, times, "concentration", altered=halved)
    want = course(plain, individual(plain, {}), drip, times, "concentration", altered=halved)
    np.testing.assert_allclose(found, want, rtol=1e-5)


def test_the_area_under_a_course_is_exact() -> None:
    parameters = individual(SIMON, {})
    found = area(SIMON, parameters, [GivenDose(amount=20)], [1e4])[0, 0]
    assert found == pytest.approx(20 / float(parameters["CL"][0]) * 1e3, rel=1e-9)  # mg/L is 1000 ng/mL


@pytest.mark.parametrize(
    "name", ["pregabalin-oral-adult-shoji-2011", "metaxalone-adult-label", "tizanidine-oral-empirical"]
)
@pytest.mark.parametrize("steady", [False, True])
def test_everybody_has_an_own_lag_by_every_way_of_computing(name: str, steady: bool) -> None:
    card = CARDS[name]
    plain = individual(card, {})
    lag = next(i.lag for i in card.inputs if i.lag and i.lag in plain)
    lags = float(plain[lag][0]) * np.array([0.5, 1.0, 2.0, 2.0])
    together = {n: np.broadcast_to(v, (4,)) for n, v in plain.items()} | {lag: lags}
    (way,) = [i for i in card.inputs if i.lag == lag][:1]
    doses = [
        GivenDose(
            amount=20,
            every=12,
            count=3,
            steady=steady,
            route=way.route,
            form=way.form,
            release=way.release,
            fed=way.fed,
        )
    ]
    times = np.linspace(13, 36, 24)  # after the first dose of a steady state has arrived
    output = card.effects[0].effect if card.effects else None
    found = course(card, together, doses, times, output)
    for person, value in enumerate(lags):
        alone = course(card, plain | {lag: np.array([value])}, doses, times, output)[:, 0]
        np.testing.assert_allclose(found[:, person], alone, rtol=1e-9, atol=1e-12 * alone.max())


def test_a_haemodialysis_session_runs_its_clearance_for_its_hours_alone() -> None:
    parameters = individual(SIMON, {"kidney_function": 10.0})
    doses, times = [GivenDose(amount=20)], np.array([24.0, 28.0, 28.0 + 1e-9, 40.0])
    found = course(SIMON, parameters, doses, times, altered=sessions("haemodialysis", [24.0], 4.0))[:, 0]
    plain = course(SIMON, parameters, doses, times)[:, 0]
    own, machine = (float(parameters[n][0] / parameters["V"][0]) for n in ("CL", "CL_dialysis"))
    assert found[0] == pytest.approx(plain[0], rel=1e-9)
    assert found[1] == pytest.approx(
        found[0] * np.exp(-(own + machine) * 4), rel=1e-6
    )  # nothing is left in the gut by then
    assert found[3] == pytest.approx(found[1] * np.exp(-own * 12), rel=1e-6)
    whole = course(SIMON, parameters, doses, times, during=("haemodialysis",))[:, 0]
    assert (whole < found).all()
    with pytest.raises(InputError, match="not one after the other"):
        sessions("haemodialysis", [24.0, 26.0], 4.0)
