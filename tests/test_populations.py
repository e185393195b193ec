"""Courses of whole cards by each way of computing, and the spread of virtual people."""

from __future__ import annotations

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.alteration import Alteration
from relaxant.pharmacology.course import GivenDose, area, closed_form, course
from relaxant.pharmacology.model import individual, is_linear
from relaxant.pharmacology.network import Period, amounts
from relaxant.pharmacology.populations import attained, bands, drawn
from relaxant.pharmacology.schedule import Dose, schedule
from relaxant.pharmacology.soundness import variability

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
    from relaxant.pharmacology.model import network_of

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
    from relaxant.pharmacology.model import factor_of

    np.testing.assert_allclose(got * factor_of(card.outputs[0].unit, card), net, rtol=1e-10, atol=1e-15)


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
    monkeypatch.setattr("relaxant.pharmacology.populations._MOST_NUMBERS", 2000 * 7)
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


def test_the_area_under_a_course_is_exact() -> None:
    parameters = individual(SIMON, {})
    found = area(SIMON, parameters, [GivenDose(amount=20)], [1e4])[0, 0]
    assert found == pytest.approx(20 / float(parameters["CL"][0]) * 1e3, rel=1e-9)  # mg/L is 1000 ng/mL
