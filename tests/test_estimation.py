"""A person's own parameters: the optimum of an independent optimiser, intervals that cover the truth, data that cannot be."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.closed_form import Estimate, Levels, Way, levels, most_probable
from relaxant.pharmacology.kinetics.disposition import one_compartment, two_compartments
from relaxant.pharmacology.kinetics.linear import concentration, oral
from relaxant.pharmacology.kinetics.schedule import Dose, Schedule, schedule

FULL = os.environ.get("RELAXANT_FULL") == "1"
OMEGA = np.diag([0.3**2, 0.2**2, 0.4**2])
TYPICAL = {"CL": 10.0, "V": 50.0, "ka": 1.5, "Q": 5.0, "V2": 40.0}
FREE = ("CL", "V", "ka")
PROPORTIONAL, ADDITIVE = 0.15, 0.01


def way(p: Mapping[str, np.ndarray]) -> Way:
    return Way(two_compartments(p["CL"], p["V"], p["Q"], p["V2"]), p["ka"])


def simulated(people: int, seed: int, observations: int = 3) -> tuple[Levels, np.ndarray]:
    random = np.random.default_rng(seed)
    eta = random.multivariate_normal(np.zeros(3), OMEGA, people).T
    times = np.sort(random.uniform(41, 56, (observations, people)), axis=0)
    values = np.empty_like(times)
    for i in range(people):
        person = two_compartments(10 * np.exp(eta[0, i]), 50 * np.exp(eta[1, i]), 5.0, 40.0)
        course = schedule([Dose(amount=20, every=8, count=6)], times[:, i])
        true = concentration(person, {"oral": oral(1.5 * np.exp(eta[2, i]))}, course)[:, 0]
        noise = np.sqrt((PROPORTIONAL * true) ** 2 + ADDITIVE**2) * random.standard_normal(observations)
        values[:, i] = np.maximum(true + noise, 0.0)
    doses = np.arange(6.0) * 8
    return levels(doses, np.full(6, 20.0), times, values), eta


def estimated(data: Levels) -> Estimate:
    return most_probable(TYPICAL, OMEGA, FREE, way, data, proportional=PROPORTIONAL, additive=ADDITIVE)


def test_as_an_independent_optimiser() -> None:
    minimize = pytest.importorskip("scipy.optimize").minimize
    data, _ = simulated(300 if FULL else 25, 7)
    found = estimated(data)
    assert found.arrived.all()
    for person in range(found.deviations.shape[1]):
        course = schedule([Dose(amount=20, every=8, count=6)], data.times[:, person])

        def objective(eta: np.ndarray, course: Schedule = course, person: int = person) -> float:
            cl, v, ka = np.array([10.0, 50.0, 1.5]) * np.exp(eta)
            predicted = concentration(two_compartments(cl, v, 5.0, 40.0), {"oral": oral(ka)}, course)[:, 0]
            variance = (PROPORTIONAL * predicted) ** 2 + ADDITIVE**2
            each = (data.values[:, person] - predicted) ** 2 / variance + np.log(variance)
            return float(each.sum() + eta @ np.linalg.solve(OMEGA, eta))

        best = minimize(objective, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxfev": 6000, "maxiter": 6000})  # fmt: skip
        np.testing.assert_allclose(found.deviations[:, person], best.x, atol=1e-4)
        np.testing.assert_allclose(found.objective[person], best.fun, rtol=1e-9)


def test_twins_are_tops_of_their_own_and_not_the_better_ones() -> None:
    """Two compartments, where absorption changes places with the slower of two rates, and no twin is exact."""
    typical, omega = {"CL": 10.0, "V": 50.0, "ka": 0.4, "Q": 5.0, "V2": 40.0}, np.diag([0.3, 1.0, 1.0]) ** 2
    random = np.random.default_rng(2)
    times = np.tile(np.array([[0.5], [2.0], [5.0], [9.0], [16.0]]), 30)
    values = np.empty_like(times)
    for i in range(30):
        person = two_compartments(10 * np.exp(random.normal(0, 0.3)), 50 * np.exp(random.normal(0, 0.5)), 5.0, 40.0)
        course = schedule([Dose(amount=20)], times[:, i])
        values[:, i] = concentration(person, {"oral": oral(0.4 * np.exp(random.normal(0, 1)))}, course)[:, 0]

    def changed(p: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        slow = two_compartments(p["CL"], p["V"], p["Q"], p["V2"]).rates[1]
        return {"ka": slow, "V": p["V"] * slow / p["ka"]}

    data = levels([0.0], [20.0], times, values)
    found = most_probable(typical, omega, FREE, way, data, proportional=0.1, additive=0.002, twin=changed)
    twins = found.twins
    assert twins is not None and 5 < twins.people.size < 30
    assert (twins.objective >= found.objective[twins.people]).all()
    assert ((twins.share > 0) & (twins.share < 1)).all()
    seen = found.problem.look(twins.deviations, twins.people)
    assert (np.abs(seen.gradient) < 1e-3 * np.sqrt(np.einsum("iip->ip", seen.curvature))).all()
    plain = most_probable(typical, omega, FREE, way, data, proportional=0.1, additive=0.002)
    assert (found.objective <= plain.objective + 1e-9).all()


def test_predictions_are_those_of_the_schedule() -> None:
    data, _ = simulated(4, 3)
    found = estimated(data)
    for i in range(4):
        own = {n: v[i] for n, v in found.parameters.items()}
        course = schedule([Dose(amount=20, every=8, count=6)], data.times[:, i])
        want = concentration(
            two_compartments(own["CL"], own["V"], own["Q"], own["V2"]), {"oral": oral(own["ka"])}, course
        )
        np.testing.assert_allclose(found.predicted[:, i], want[:, 0], rtol=1e-11)


@pytest.mark.parametrize("gap", [0.0, 1e-9, 1e-4, 5e-3, 0.3])
def test_slopes_are_those_of_differences_near_equal_rates_too(gap: float) -> None:
    data = levels([0.0, 6.0], [10.0, 10.0], [1.0, 7.0, 20.0], [0.1, 0.1, 0.1])

    def single(p: Mapping[str, np.ndarray]) -> Way:
        return Way(one_compartment(p["CL"], p["V"]), p["ka"])

    typical = {"CL": 10.0, "V": 50.0, "ka": 0.2 * (1 + gap)}
    problem = most_probable(typical, OMEGA, FREE, single, data, proportional=0.1, additive=0.01).problem
    one, at = np.array([0]), np.zeros((3, 1))
    _, slopes = problem.sloped(at, one)
    for i in range(3):
        moved = []
        for step in (-2e-3, -1e-3, 1e-3, 2e-3):
            there = at.copy()
            there[i] += step
            moved.append(problem.predictions(there, one))
        want = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / 12e-3
        np.testing.assert_allclose(slopes[i], want, rtol=2e-8, atol=1e-12)


def test_the_posterior_covers_the_truth_as_often_as_it_says() -> None:
    people = 2000 if FULL else 400
    data, eta = simulated(people, 11)
    posterior = estimated(data).posterior(500, seed=1)
    low, high = posterior.interval(0.9)
    covered = ((low <= eta) & (eta <= high)).mean()
    assert (0.88 if FULL else 0.87) <= covered <= (0.92 if FULL else 0.93)
    assert np.median(posterior.effective) > 150


def test_levels_below_quantification_pull_down_without_being_zero() -> None:
    times = np.array([[42.0], [50.0], [55.9]])
    seen = np.array([[0.25], [0.12], [0.0]])
    doses, amounts = np.arange(6.0) * 8, np.full(6, 20.0)
    limit = np.full((3, 1), 0.05)
    censored = estimated(levels(doses, amounts, times, seen, quantified_from=limit))
    as_zero = estimated(levels(doses, amounts, times, seen))
    unseen = np.where(seen == 0, np.nan, seen)
    without = estimated(levels(doses, amounts, times, unseen))
    assert as_zero.predicted[2, 0] < censored.predicted[2, 0] < without.predicted[2, 0]
    assert censored.arrived.all()


def test_a_level_of_nothing_below_quantification_needs_no_additive_scatter() -> None:
    data = levels([0.0], [20.0], [2.0, 15.0], [0.3, 0.0], quantified_from=[0.02, 0.02])
    found = most_probable(TYPICAL, OMEGA, FREE, way, data, proportional=PROPORTIONAL, additive=0)
    without = most_probable(TYPICAL, OMEGA, FREE, way, levels([0.0], [20.0], [2.0], [0.3]), proportional=PROPORTIONAL, additive=0)  # fmt: skip
    later = concentration(way(without.parameters).disposition, {"oral": oral(without.parameters["ka"])}, schedule([Dose(amount=20)], [15.0]))  # fmt: skip
    assert later[0, 0] > 0.02  # what the first level alone foretells, so that the second speaks for a faster clearance
    assert found.deviations[0, 0] > without.deviations[0, 0]


def test_a_batch_is_each_person_alone_and_padding_changes_nothing() -> None:
    data, _ = simulated(12, 5)
    together = estimated(data)
    for i in (0, 7, 11):
        alone = estimated(Levels(data.dose_times[:, i : i + 1], data.amounts[:, i : i + 1], data.times[:, i : i + 1], data.values[:, i : i + 1]))  # fmt: skip
        np.testing.assert_allclose(together.deviations[:, i], alone.deviations[:, 0], atol=1e-6)
    padded = Levels(
        np.vstack((data.dose_times, np.full((1, 12), np.nan))),
        np.vstack((data.amounts, np.full((1, 12), np.nan))),
        np.vstack((data.times, np.full((1, 12), np.nan))),
        np.vstack((data.values, np.full((1, 12), np.nan))),
    )
    np.testing.assert_allclose(estimated(padded).deviations, together.deviations, atol=1e-7)


def test_no_information_gives_the_prior() -> None:
    data = levels([0.0], [20.0], [1e-6], [1e-7])
    found = most_probable(TYPICAL, OMEGA, FREE, way, data, proportional=5.0, additive=100.0)
    np.testing.assert_allclose(found.deviations, 0.0, atol=1e-3)
    np.testing.assert_allclose(np.diagonal(found.covariance[:, :, 0]), np.diag(OMEGA), rtol=1e-2)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (lambda: levels([0.0], [-1.0], [1.0], [1.0]), "amounts"),
        (lambda: levels([0.0], [1.0], [[1.0, 2.0, 3.0]], [[1.0, 1.0]]), "values"),
        (lambda: most_probable(TYPICAL, OMEGA, FREE, way, levels([2.0], [1.0], [1.0], [0.1]), proportional=0.1, additive=0), "values"),
        (lambda: most_probable(TYPICAL, OMEGA, FREE, way, levels([0.0], [1.0], [1.0], [0.0]), proportional=0.1, additive=0), "values"),
        (lambda: levels([0.0], [1.0], [1.0], [-0.5]), "values"),
        (lambda: levels([0.0], [1.0], [1.0], [np.nan]), "values"),
        (lambda: levels([0.0], [1.0], [np.nan], [1.0]), "times"),
        (lambda: levels([0.0, 1.0], [1.0], [1.0], [1.0]), "amounts"),
        (lambda: levels([0.0], [1.0], [1.0], [np.inf]), "values"),
        (lambda: levels([0.0], [1.0], [1.0], [1.0], quantified_from=[-1.0]), "quantified_from"),
        (lambda: most_probable(TYPICAL, OMEGA, FREE, way, levels([0.0], [1.0], [1.0], [1.0]), proportional=0, additive=0), "residual"),
        (lambda: most_probable(TYPICAL, -OMEGA, FREE, way, levels([0.0], [1.0], [1.0], [1.0]), proportional=0.1, additive=0), "covariance"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_name_the_field(data, field: str) -> None:
    with pytest.raises(InputError) as caught:
        data()
    assert caught.value.field == field
