"""People's own parameters under whole cards: an optimum found by other means, every kind of observation, tables, data that cannot be."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model, Parameter
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.estimation.diagnostics import prediction_errors
from relaxant.pharmacology.estimation.estimate import estimate, estimate_people, estimate_table
from relaxant.pharmacology.estimation.event_people import people_of
from relaxant.pharmacology.estimation.likelihoods import counts, ordinal
from relaxant.pharmacology.estimation.observations import Changed, Observation, Person
from relaxant.pharmacology.estimation.residuals import ResidualError
from relaxant.pharmacology.people.populations import drawn

FULL = os.environ.get("RELAXANT_FULL") == "1"
PROBLEMS = 20 if FULL else 3
CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]
ROCURONIUM = CARDS["rocuronium-kleijn-2011"]
THRICE = [GivenDose(amount=20, every=8, count=6)]
NG = 1e3  # ng/mL in mg/L
OWN = {p.parameter: p for p in SIMON.parameters}
SPREAD = np.sqrt(np.log1p(np.array([OWN[n].iiv_cv for n in ("ka", "CL", "V")]) ** 2))
TYPICAL = np.array([OWN[n].value for n in ("ka", "CL", "V")])
SHARE = next(r.proportional for r in SIMON.residuals if r.output == "concentration")


def one_compartment(ka: float, cl: float, v: float, doses: Sequence[tuple[float, float]], times: np.ndarray) -> np.ndarray:  # fmt: skip
    """By the formula of the books, in ng/mL."""
    k, out = cl / v, np.zeros(len(times))
    for at, amount in doses:
        t = np.maximum(times - at, 0.0)
        out += amount * ka / v / (ka - k) * (np.exp(-k * t) - np.exp(-ka * t)) * NG
    return out


def best(objective: Callable[[np.ndarray], float], size: int, restarts: int = 3) -> np.ndarray:
    """The lowest of some descents by SciPy, polished by Nelder and Mead where they are few parameters."""
    minimize = pytest.importorskip("scipy.optimize").minimize
    random = np.random.default_rng(size)

    def safe(eta: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            value = objective(eta)
        return value if np.isfinite(value) else 1e10

    starts = [np.zeros(size), *(random.normal(0, 0.2, (restarts - 1, size)))]
    found = min((minimize(safe, s, method="BFGS", jac="3-point", options={"gtol": 1e-5}) for s in starts), key=lambda f: f.fun)  # fmt: skip
    if size > 6:
        return found.x
    simplex = np.vstack((found.x, found.x + 1e-3 * np.eye(size)))
    polished = minimize(safe, found.x, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12, "maxfev": 20000, "maxiter": 20000, "initial_simplex": simplex})  # fmt: skip
    return polished.x if polished.fun < found.fun else found.x


def normal(observed: np.ndarray, predicted: np.ndarray, sd: np.ndarray) -> float:
    return float((((observed - predicted) / sd) ** 2 + 2 * np.log(sd)).sum())


def simulated(seed: int, observations: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    ka, cl, v = TYPICAL * np.exp(SPREAD * random.standard_normal(3))
    times = np.sort(random.uniform(32.5, 50, observations)).round(2)
    true = one_compartment(ka, cl, v, [(8.0 * i, 20.0) for i in range(6)], times)
    return times, true * (1 + SHARE * random.standard_normal(observations).clip(-2, 2))


@pytest.mark.parametrize("seed", range(PROBLEMS))
@pytest.mark.parametrize("kind", ["normal", "robust", "below", "robust and below"])
def test_levels_as_an_independent_optimiser(kind: str, seed: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    times, values = simulated(seed)
    degrees = 4.0 if "robust" in kind else None
    if "robust" in kind:
        values[1] *= 3
    limit = float(np.sort(values)[1] * 1.01) if "below" in kind else 0.0
    seen = [Observation(time=t, value=v, limit=limit or None) for t, v in zip(times, values, strict=True)]
    found = estimate(SIMON, {}, THRICE, seen, degrees=degrees)

    def objective(eta: np.ndarray) -> float:
        predicted = one_compartment(*TYPICAL * np.exp(eta), [(8.0 * i, 20.0) for i in range(6)], times)
        sd, told = SHARE * predicted, values >= limit
        z, edge = (values - predicted) / sd, (limit - predicted) / sd
        law = stats.norm if degrees is None else stats.t(degrees)
        each = np.where(told, law.logpdf(z) - np.log(sd), law.logcdf(edge))
        return float(-2 * each.sum() + ((eta / SPREAD) ** 2).sum())

    assert found.arrived.all()
    np.testing.assert_allclose(found.deviations[:, 0], best(objective, 3), atol=1e-4)


def with_occasions(card: Model, **cv: float) -> Model:
    return msgspec.structs.replace(card, parameters=tuple(msgspec.structs.replace(p, iov_cv=cv.get(p.parameter)) for p in card.parameters))  # fmt: skip


@pytest.mark.parametrize("seed", range(PROBLEMS))
def test_occasions_as_an_independent_optimiser(seed: int) -> None:
    """The depot and the body at the end of an occasion go on into the next, under its rates and volume."""
    card = with_occasions(SIMON, ka=0.3, CL=0.2, V=0.15)
    between = np.sqrt(np.log1p(np.array([0.3, 0.2, 0.15]) ** 2))
    random = np.random.default_rng(seed)
    times = np.sort(random.uniform(1, 50, 6)).round(2)
    values = random.uniform(100, 500, 6)
    found = estimate(card, {}, THRICE, [Observation(time=t, value=v) for t, v in zip(times, values, strict=True)], occasions=[24.0])  # fmt: skip
    assert found.varying == ("ka", "CL", "V")

    def objective(eta: np.ndarray) -> float:
        depot, body, now, predicted = 0.0, 0.0, 0.0, {}
        for mark in sorted({*times.tolist(), *(8.0 * i for i in range(6)), 24.0}):
            ka, cl, v = TYPICAL * np.exp(eta[:3] + (eta[3:6] if now < 24 else eta[6:]))
            stays, waits = np.exp(-cl / v * (mark - now)), np.exp(-ka * (mark - now))
            depot, body, now = depot * waits, body * stays + depot * ka * (stays - waits) / (ka - cl / v), mark
            if mark % 8 == 0 and mark < 48:
                depot += 20.0
            volume = TYPICAL[2] * np.exp(eta[2] + (eta[5] if now < 24 else eta[8]))
            predicted[mark] = body / volume * NG
        p = np.array([predicted[t] for t in times])
        prior = ((eta[:3] / SPREAD) ** 2).sum() + ((eta[3:].reshape(2, 3) / between) ** 2).sum()
        return normal(values, p, SHARE * p) + float(prior)

    want = best(objective, 9, restarts=2)
    np.testing.assert_allclose(found.deviations[:, 0], want[:3], atol=1e-4)
    np.testing.assert_allclose(found.kappas[:, :, 0], want[3:].reshape(2, 3), atol=1e-4)


def test_occasions_without_spread_between_them_change_nothing() -> None:
    times, values = simulated(5)
    seen = [Observation(time=t, value=v) for t, v in zip(times, values, strict=True)]
    plain, parted = (estimate(SIMON, {}, THRICE, seen, occasions=o) for o in ((), (24.0,)))
    np.testing.assert_allclose(parted.deviations, plain.deviations, atol=1e-9)
    assert not plain.warnings and "no spread between occasions" in parted.warnings[0]


def test_the_example_of_the_docstring_runs() -> None:
    import doctest

    from relaxant.pharmacology.estimation import estimate as module

    result = doctest.testmod(module)
    assert result.attempted > 3 and result.failed == 0


def test_levels_and_train_of_four_together_as_an_independent_optimiser() -> None:
    card = ROCURONIUM
    values = {p.parameter: float(v[0]) for p in card.parameters for v in (individual(card, {})[p.parameter],)}
    from relaxant.pharmacology.cards.model import variability

    names, omega = variability(card)
    level_times, twitch_times = np.array([3.0, 10.0, 25.0]), np.array([20.0, 35.0, 50.0, 65.0])
    doses = [GivenDose(amount=42, route="intravenous", drug="rocuronium")]
    other = individual(card, {}, deviations=dict(zip(names, np.linspace(-0.2, 0.25, len(names)), strict=True)))
    levels = course(card, other, doses, level_times, "concentration")[:, 0] * [1.1, 0.9, 1.05]
    twitch = course(card, other, doses, twitch_times, "tof_ratio")[:, 0] + [1.0, -2.0, 2.0, -1.0]
    seen = [Observation(time=t, value=v) for t, v in zip(level_times, levels, strict=True)]
    seen += [Observation(time=t, value=v, output="tof_ratio") for t, v in zip(twitch_times, twitch, strict=True)]
    found = estimate(card, {}, doses, seen)
    flows = {(f.giver, f.to): f for f in card.flows}
    residual = {r.output: r for r in card.residuals}
    dose = 42 / (card.molar_mass or 1) * 1e3 if card.amount == "umol" else 42.0
    unit = course(card, individual(card, {}), doses, [0.0], "concentration")[0, 0] / (dose / values["V1"])

    def objective(eta: np.ndarray) -> float:
        p = {n: v * np.exp(dict(zip(names, eta, strict=True)).get(n, 0.0)) for n, v in values.items()}
        places = [c for c in card.compartments if c.effect_of is None]
        size = len(places) + 1
        rates = np.zeros((size, size))
        place = {c.compartment: i for i, c in enumerate(places)}
        volume = {c.compartment: p[str(c.volume)] for c in places}
        for (giver, to), flow in flows.items():
            rate = p[flow.rate] if flow.rate else p[str(flow.clearance)] / volume[giver]
            rates[place[giver], place[giver]] -= rate
            if to is not None:
                rates[place[to], place[giver]] += rate
            if flow.both_ways and to is not None:
                rates[place[to], place[to]] -= p[str(flow.clearance)] / volume[to]
                rates[place[giver], place[to]] += p[str(flow.clearance)] / volume[to]
        rates[-1, 0], rates[-1, -1] = p["ke0"] / volume["central"], -p["ke0"]
        start = np.zeros(size)
        start[0] = dose
        decays, modes = np.linalg.eig(rates)
        share = np.linalg.solve(modes, start)
        c = np.array([(modes[0] @ (np.exp(decays * t) * share)).real for t in level_times]) / p["V1"] * unit
        site = np.array([(modes[-1] @ (np.exp(decays * t) * share)).real for t in twitch_times])
        ratio = p["E0"] * 100 * (1 - site ** p["hill"] / (site ** p["hill"] + p["EC50"] ** p["hill"]))
        total = normal(levels, c, float(residual["concentration"].proportional or 0) * c)
        total += normal(twitch, ratio, np.full(4, float(residual["tof_ratio"].additive or 0)))
        return total + float(eta @ np.linalg.solve(omega, eta))

    assert found.seen.output.count("tof_ratio") == 4
    np.testing.assert_allclose(found.deviations[:, 0], best(objective, len(names), restarts=2), atol=1e-4)


def with_effect(form: str) -> Model:
    """Simon's card with a response on it, a spasm count or the logit of a score; our own numbers, to test with."""
    own = {"source": "baclofen-simon-2018", "place": "none", "verified": False}
    parameters = [
        Parameter(parameter="E0", value=6.0, unit="1", iiv_cv=0.4, description="at the beginning", **own),
        Parameter(parameter="EC50", value=250.0, unit="ng/mL", iiv_cv=0.5, description="half", **own),
    ]
    effect = Effect(effect="response", unit="1", of="central", form=form, half_at="EC50", baseline="E0" if form == "inhibition" else None, largest=None if form == "inhibition" else "E0", description="a response", **own)  # fmt: skip
    return msgspec.structs.replace(SIMON, effects=(effect,), parameters=(*SIMON.parameters, *parameters))


@pytest.mark.parametrize("kind", ["count", "score"])
def test_levels_with_counts_or_scores_as_an_independent_optimiser(kind: str) -> None:
    stats = pytest.importorskip("scipy.stats")
    card = with_effect("inhibition" if kind == "count" else "emax")
    cuts = np.array([1.0, 3.0, 4.5])
    times, values = simulated(3)
    at, answers = np.array([2.0, 20.0, 36.0, 47.9]), np.array([4, 2, 3, 5] if kind == "count" else [2, 1, 3, 1])
    law = (lambda f, y: counts(f, y, dispersion=0.3)) if kind == "count" else (lambda f, y: ordinal(f, y, cuts=cuts))
    seen = [Observation(time=t, value=v) for t, v in zip(times, values, strict=True)]
    seen += [Observation(time=t, value=float(v), output="response") for t, v in zip(at, answers, strict=True)]
    found = estimate(card, {}, THRICE, seen, likelihoods={"response": law})
    spread = np.concatenate((SPREAD, np.sqrt(np.log1p(np.array([0.4, 0.5]) ** 2))))

    def objective(eta: np.ndarray) -> float:
        doses = [(8.0 * i, 20.0) for i in range(6)]
        own = TYPICAL * np.exp(eta[:3])
        predicted, c = one_compartment(*own, doses, times), one_compartment(*own, doses, at)
        share = c / (c + 250 * np.exp(eta[4]))
        top = 6 * np.exp(eta[3])
        if kind == "count":
            mean = top * (1 - share)
            each = stats.nbinom.logpmf(answers, 1 / 0.3, 1 / (1 + 0.3 * mean))
        else:
            below = [np.zeros(4), *(1 / (1 + np.exp(-(cut - top * share))) for cut in cuts), np.ones(4)]
            each = np.log([below[y + 1][i] - below[y][i] for i, y in enumerate(answers)])
        return normal(values, predicted, SHARE * predicted) - 2 * float(each.sum()) + float(((eta / spread) ** 2).sum())

    np.testing.assert_allclose(found.deviations[:, 0], best(objective, 5), atol=1e-4)


def saturable(card: Model, half: float) -> Model:
    flows = tuple(msgspec.structs.replace(f, saturable="Km") if f.giver == "central" and f.during is None else f for f in card.flows)  # fmt: skip
    km = Parameter(parameter="Km", value=half, unit="mg/L", description="half", source="baclofen-simon-2018", place="none", verified=False)  # fmt: skip
    return msgspec.structs.replace(card, flows=flows, parameters=(*card.parameters, km))


@pytest.mark.parametrize("occasions", [(), (24.0,)])
def test_what_hardly_saturates_is_estimated_as_what_does_not(occasions: tuple[float, ...]) -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    card = with_occasions(SIMON, CL=0.2, V=0.15)
    times = [3.0, 12.0, 23.0, 30.0, 47.0]
    seen = [Observation(time=t, value=v) for t, v in zip(times, (210.0, 300.0, 150.0, 420.0, 260.0), strict=True)]
    doses = [*THRICE, GivenDose(time=22, amount=5, unit="mg", every=None)]
    linear = estimate(card, {}, doses, seen, occasions=occasions)
    solved = estimate(saturable(card, 1e7), {}, doses, seen, occasions=occasions)
    np.testing.assert_allclose(solved.deviations, linear.deviations, atol=5e-5)
    np.testing.assert_allclose(solved.kappas, linear.kappas, atol=5e-5)
    slow = estimate(saturable(card, 0.3), {}, doses, seen, occasions=occasions)
    assert slow.deviations[1, 0] > linear.deviations[1, 0] + 0.1  # half of the clearance is missing: it must be larger


def test_binding_drugs_with_levels_and_train_of_four_come_to_a_top() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    doses = [GivenDose(amount=42, route="intravenous", drug="rocuronium"), GivenDose(time=20, amount=70, route="intravenous", drug="sugammadex")]  # fmt: skip
    seen = [Observation(time=10, value=1.9, unit="umol/L"), Observation(time=22, value=70.0, output="tof_ratio")]
    found = estimate(card, {"weight": 70}, doses, seen)
    assert found.arrived.all()
    hill, top = found.parts[0].hill, found.parts[0].walk.deviations
    here = hill.heights(top, np.zeros(1, dtype=int))
    for i in range(hill.size):
        for step in (-0.01, 0.01):
            there = top.copy()
            there[i] += step
            assert hill.heights(there, np.zeros(1, dtype=int))[0] > here[0]


def test_one_by_one_is_the_batch() -> None:
    people = []
    for seed in range(6):
        times, values = simulated(seed, 3 + seed % 3)
        doses = [GivenDose(amount=20, every=8, count=6)] if seed % 2 else [GivenDose(time=8.0 * i, amount=20 + 5 * (i == 3)) for i in range(6)]  # fmt: skip
        people.append(Person(doses=doses, observations=[Observation(time=t, value=v) for t, v in zip(times, values, strict=True)], covariates={"kidney_function": 40.0 + 15 * seed}))  # fmt: skip
    together = estimate_people(SIMON, people)
    assert len(together.parts) == 1
    for i, person in enumerate(people):
        alone = estimate_people(SIMON, [person], during=("nothing",))  # goes along the card's course
        np.testing.assert_allclose(alone.deviations[:, 0], together.deviations[:, i], atol=1e-6)
        np.testing.assert_allclose(alone.objective[0], together.objective[i], rtol=1e-9)
        np.testing.assert_allclose(
            alone.seen.individual, together.seen.individual[together.seen.person == i], rtol=1e-6
        )


def test_covariates_that_change_on_the_way_change_the_rates_from_then_on() -> None:
    seen = [Observation(time=47, value=300.0)]
    well, failing = {"kidney_function": 110.0}, {"kidney_function": 30.0}
    never, at_once, later = (
        estimate_people(SIMON, [Person(doses=THRICE, observations=seen, covariates=first, changed=changed)]).seen.population[0]
        for first, changed in ((well, []), (failing, []), (well, [Changed(24.0, failing)]))
    )  # fmt: skip
    assert never < later < at_once
    early = Person(doses=THRICE, observations=seen, covariates=well, changed=[Changed(-1.0, failing)])
    np.testing.assert_allclose(estimate_people(SIMON, [early]).seen.population[0], at_once, rtol=1e-9)


def test_flip_flop_twins_are_both_reported() -> None:
    wide = {"ka": 1.2, "CL": 0.4, "V": 1.2}
    parameters = tuple(msgspec.structs.replace(p, value=0.35 if p.parameter == "ka" else p.value, iiv_cv=wide.get(p.parameter), low=None, high=None) for p in SIMON.parameters)  # fmt: skip
    card = msgspec.structs.replace(SIMON, parameters=parameters)
    times = np.array([1.0, 3.0, 6.0, 10.0, 14.0])
    values = one_compartment(0.9, 11.6, 60.0, [(0.0, 20.0)], times)
    found = estimate(card, {}, [GivenDose(amount=20)], [Observation(time=t, value=v) for t, v in zip(times, values, strict=True)])  # fmt: skip
    ka, cl, v = (float(found.parameters[n][0]) for n in ("ka", "CL", "V"))
    twin, share = found.twins()[0]
    assert (ka > cl / v) != (twin["ka"] > twin["CL"] / twin["V"])
    np.testing.assert_allclose([twin["ka"], twin["CL"] / twin["V"]], [cl / v, ka], rtol=0.25)
    assert 0 < share < 0.5
    part = found.parts[0]
    assert part.twins is not None and part.twins.objective[0] > found.objective[0]
    here = part.hill.heights(part.twins.deviations, part.people)
    for i in range(3):  # a top of its own
        for step in (-0.01, 0.01):
            there = part.twins.deviations.copy()
            there[i] += step
            assert part.hill.heights(there, part.people)[0] > here[0]
    assert len(found.warnings) == 1 and "flip-flop" in found.warnings[0]
    draws = found.posterior(4000, seed=2)
    slow = (np.exp(draws.deviations[:, 0, 0]) * 0.35 < np.exp(draws.deviations[:, 1, 0] - draws.deviations[:, 2, 0]) * TYPICAL[1] / TYPICAL[2]).mean()  # fmt: skip
    assert abs(min(slow, 1 - slow) - share) < 0.1 and draws.effective[0] > 500


def table() -> dict[str, list[float]]:
    rows = [
        # ID TIME EVID AMT II ADDL DV MDV kidney_function
        (7, 0, 1, 20, 8, 5, np.nan, 1, 80),
        (7, 33.5, 0, 0, 0, 0, 420, 0, 80),
        (7, 40.0, 0, 0, 0, 0, 180, 0, 80),
        (7, 41.0, 0, 0, 0, 0, 500, 1, 80),
        (3, 0, 1, 15, 8, 5, np.nan, 1, 45),
        (3, 47.0, 0, 0, 0, 0, 310, 0, 45),
    ]
    names = ("ID", "TIME", "EVID", "AMT", "II", "ADDL", "DV", "MDV", "KIDNEY_FUNCTION")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_a_table_is_its_people() -> None:
    found = estimate_table(SIMON, table())
    people = [
        Person(doses=THRICE, observations=[Observation(time=33.5, value=420), Observation(time=40, value=180)], covariates={"kidney_function": 80.0}, label="7"),
        Person(doses=[GivenDose(amount=15, every=8, count=6)], observations=[Observation(time=47, value=310)], covariates={"kidney_function": 45.0}, label="3"),
    ]  # fmt: skip
    want = estimate_people(SIMON, people)
    assert found.labels == want.labels == ("7", "3")
    np.testing.assert_allclose(found.deviations, want.deviations, atol=1e-7)


def test_a_table_with_outputs_limits_occasions_and_steady_doses() -> None:
    card = with_occasions(SIMON, CL=0.2)
    base = {"ID": [1] * 5, "TIME": [0, 7.9, 24, 31, 31.5], "AMT": [20, 0, 20, 0, 0], "II": [8, 0, 8, 0, 0], "SS": [1, 0, 0, 0, 0], "ADDL": [2, 0, 2, 0, 0]}  # fmt: skip
    observed = {"DV": [".", 150, ".", 200, 50], "CENS": [0, 0, 0, 0, 1], "OCC": [1, 1, 2, 2, 2], "DVID": [1] * 5}
    found = estimate_table(card, base | observed, outputs={1: "concentration"})
    doses = [GivenDose(amount=20, every=8, count=3, steady=True), GivenDose(time=24, amount=20, every=8, count=3)]
    seen = [Observation(time=7.9, value=150), Observation(time=31, value=200), Observation(time=31.5, limit=50)]
    want = estimate(card, {}, doses, seen, occasions=[24.0])
    np.testing.assert_allclose(found.deviations, want.deviations, atol=1e-7)
    np.testing.assert_allclose(found.kappas, want.kappas, atol=1e-7)
    assert found.kappas.shape == (2, 1, 1) and np.isnan(found.seen.residual[2])


def test_a_table_whose_covariate_changes_is_the_person_who_changes() -> None:
    columns = {"ID": [1] * 6, "TIME": [0, 12, 24, 24, 30, 47], "EVID": [1, 0, 2, 2, 0, 0], "AMT": [20] + [0] * 5, "II": [8] + [0] * 5, "ADDL": [5] + [0] * 5}  # fmt: skip
    columns |= {"DV": [None, 150, None, None, 300, 400], "KIDNEY_FUNCTION": [90, 90, 60, 30, 30, "."]}
    (person,) = people_of(SIMON, columns)
    assert person.covariates == {"kidney_function": 90.0}
    assert list(person.changed) == [
        Changed(24.0, {"kidney_function": 30.0})
    ]  # two rows of one time are one change; no value is no change
    seen = [Observation(time=t, value=v) for t, v in ((12, 150), (30, 300), (47, 400))]
    want = estimate_people(SIMON, [Person(doses=THRICE, observations=seen, covariates={"kidney_function": 90.0}, changed=[Changed(24.0, {"kidney_function": 30.0})])])  # fmt: skip
    np.testing.assert_allclose(estimate_table(SIMON, columns).deviations, want.deviations, atol=1e-7)


def test_a_table_names_categories_and_infusions() -> None:
    card = CARDS["carisoprodol-meprobamate-adult-label"]
    (on,) = {r.on for r in card.relations if r.form == "category"}
    table = {"ID": ["a", "b"] * 2, "TIME": [0, 0, 2, 2], "AMT": [350, 350, 0, 0], "DV": [None, None, 1.5, 1.5], on: ["poor", "normal"] * 2}  # fmt: skip
    order = np.argsort(table["ID"], kind="stable")
    poor, normal = people_of(card, {n: np.array(v, dtype=object)[order] for n, v in table.items()})
    assert (poor.covariates[on], normal.covariates[on]) == ("poor", "normal")
    infused = {"ID": [1, 1], "TIME": [0, 60], "AMT": [70, 0], "RATE": [7, 0], "DV": [None, 1.0]}
    (person,) = people_of(ROCURONIUM, infused | {"CMT": [1, 1]})
    assert person.doses[0].infused_over == pytest.approx(10)


def test_a_level_written_before_a_dose_of_its_time_is_a_trough() -> None:
    before = {"ID": [1] * 3, "TIME": [0, 30, 30], "AMT": [70, 0, 70], "DV": [None, 0.5, None]}
    after = {"ID": [1] * 3, "TIME": [0, 30, 30], "AMT": [70, 70, 0], "DV": [None, None, 0.5]}
    own = individual(ROCURONIUM, {})
    seen = []
    for columns in (before, after):
        (person,) = people_of(ROCURONIUM, columns)
        (look,) = person.observations
        seen.append(course(ROCURONIUM, own, person.doses, [look.time])[0, 0])
    single, first = (course(ROCURONIUM, own, [GivenDose(amount=70, unit=ROCURONIUM.amount, route="intravenous")], [t])[0, 0] for t in (30.0, 0.0))  # fmt: skip
    assert seen == pytest.approx([single, single + first], rel=1e-6)


def virtual(people: int, seed: int) -> list[Person]:
    random = np.random.default_rng(seed)
    own = individual(SIMON, {}, deviations=drawn(SIMON, people, seed=seed))
    out = []
    for i in range(people):
        times = np.sort(random.uniform(32, 52, 3))
        true = course(SIMON, {n: v[i : i + 1] for n, v in own.items()}, THRICE, times)[:, 0]
        noisy = np.abs(true * (1 + SHARE * random.standard_normal(3)))
        out.append(Person(doses=THRICE, observations=[Observation(time=t, value=v) for t, v in zip(times, noisy, strict=True)]))  # fmt: skip
    return out


def test_prediction_errors_are_standard_normal_where_the_card_is_right_and_not_where_it_is_wrong() -> None:
    stats = pytest.importorskip("scipy.stats")
    people = virtual(200, 21)
    right = prediction_errors(estimate_people(SIMON, people), 400, seed=5)
    assert stats.kstest(right, "norm").pvalue > 0.01
    assert abs(np.corrcoef(right.reshape(-1, 3).T)[0, 1]) < 0.2
    wrong = msgspec.structs.replace(SIMON, parameters=tuple(msgspec.structs.replace(p, value=p.value * (1.5 if p.parameter == "CL" else 1), low=None, high=None) for p in SIMON.parameters))  # fmt: skip
    assert stats.kstest(prediction_errors(estimate_people(wrong, people), 400, seed=5), "norm").pvalue < 1e-6


def test_prediction_errors_along_a_course_are_those_of_the_closed_form() -> None:
    people = virtual(12, 3)
    same = [Changed(9.0, {"kidney_function": 90.0})]  # a change to the same: followed along the course
    closed = [msgspec.structs.replace(p, covariates={"kidney_function": 90.0}) for p in people]
    followed = [msgspec.structs.replace(p, changed=same) for p in closed]
    want, found = (prediction_errors(estimate_people(SIMON, who), 4000, seed=5) for who in (closed, followed))
    np.testing.assert_allclose(found, want, atol=0.25)  # ranks among 4000 draws each


def test_nobody_is_judged_by_levels_below_quantification_alone() -> None:
    below = Person(doses=THRICE, observations=[Observation(time=47, limit=50)])
    errors = prediction_errors(estimate_people(SIMON, [*virtual(2, 3), below]), 50, seed=5)
    assert np.isfinite(errors[:6]).all() and np.isnan(errors[6:]).all()


def test_what_is_not_absorbed_has_no_flip_flop_twin() -> None:
    doses = [GivenDose(amount=70, unit=ROCURONIUM.amount, route="intravenous")]
    found = estimate(ROCURONIUM, {}, doses, [Observation(time=t, value=v) for t, v in ((5.0, 2.0), (60.0, 0.4))])
    assert found.twins() == {} and not found.warnings


def test_what_was_seen_against_what_was_predicted() -> None:
    found = estimate_people(SIMON, virtual(60, 4))
    seen = found.seen
    np.testing.assert_allclose(seen.residual, (seen.observed - seen.individual) / (SHARE * seen.individual), rtol=1e-12)
    assert ((seen.observed - seen.individual) ** 2).sum() < ((seen.observed - seen.population) ** 2).sum()
    assert seen.residual.std() < 1.1
    shrinkage = dict(zip(found.names, found.shrinkage(), strict=True))
    assert shrinkage["CL"] < shrinkage["ka"] < 1


def test_the_same_seed_gives_the_same_draws() -> None:
    found = estimate_people(SIMON, virtual(3, 4))
    one, other = (found.posterior(50, seed=9).deviations for _ in range(2))
    np.testing.assert_array_equal(one, other)


def level(time: float, value: float | None, **more: object) -> Observation:
    return Observation(time=time, value=value, **more)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        (lambda: estimate(SIMON, {}, [], [level(1, 1.0)]), "doses", "nothing was given"),
        (lambda: estimate(SIMON, {}, THRICE, []), "observations", "nothing was measured"),
        (lambda: estimate(SIMON, {}, THRICE, [level(np.nan, 1.0)]), "concentration", "the time of a measurement"),
        (lambda: estimate(SIMON, {}, THRICE, [level(1, np.nan)]), "concentration", "not a number"),
        (lambda: estimate(SIMON, {}, THRICE, [level(1, None)]), "concentration", "not a number"),
        (lambda: estimate(SIMON, {}, THRICE, [level(1, -3.0)]), "concentration", "no level"),
        (lambda: estimate(SIMON, {}, THRICE, [level(1, 3.0, unit="mmol/L")]), "concentration", "no unit of"),
        (lambda: estimate(SIMON, {}, THRICE, [level(1, 3.0, limit=-1.0)]), "concentration", "no limit"),
        (lambda: estimate(SIMON, {}, THRICE, [level(1, 3.0, output="mood")]), "output", "no such output"),
        (lambda: estimate(SIMON, {}, THRICE, [level(-2, 30.0)]), "concentration", "before any dose"),
        (lambda: estimate(SIMON, {}, THRICE, [level(0, 30.0)]), "concentration", "nothing of the doses can be there"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 0.0)]), "concentration", "a level of 0"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 10.0), level(2, 90.0)]), "concentration", "contradict each other"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 10.0), level(2, 10.0)]), "concentration", "given twice"),
        (lambda: estimate(SIMON, {"kidney_function": np.nan}, THRICE, [level(2, 10.0)]), "covariates", "has no value"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 10.0)], occasions=[9.0, 3.0]), "occasions", "not times in order"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 10.0)], degrees=0.5), "degrees", "degrees of freedom"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 10.0)], extra_cv=-1), "extra_cv", "coefficient of variation"),
        (lambda: estimate(CARDS["pancuronium-label"], {}, [GivenDose(amount=5, route="intravenous")], [level(2, 10.0)], residuals={"concentration": ResidualError(0.2)}), "card", "nothing in it differs"),
        (lambda: estimate(CARDS["tizanidine-oral-empirical"], {}, [GivenDose(amount=4)], [level(2, 1.0)]), "residuals", "how concentration scatters"),
        (lambda: estimate_people(SIMON, []), "people", "nobody"),
        (lambda: estimate_table(SIMON, {"ID": [1], "TIME": [0]}), "table", "DV is missing"),
        (lambda: estimate_table(SIMON, table() | {"TIME": [0, 33.5, 3, 4, 0, 47.0]}), "TIME", "goes back"),
        (lambda: estimate_table(SIMON, table() | {"AMT": [0, 0, 0, 0, 15, 0]}), "AMT", "a dose of nothing"),
        (lambda: estimate_table(SIMON, table() | {"CMT": [2, 1, 1, 1, 9, 1]}), "CMT", "into no input"),
        (lambda: estimate_table(SIMON, table() | {"EVID": [1, 0, 3, 0, 1, 0]}), "EVID", "cannot stand"),
        (lambda: estimate_table(SIMON, table() | {"II": [0] * 6}), "II", "no interval"),
        (lambda: estimate_table(SIMON, table() | {"OCC": [1, 2, 1, 1, 1, 1]}), "OCC", "comes back"),
        (lambda: estimate_table(SIMON, table() | {"DV": ["a"] * 6}), "DV", "not a number"),
        (lambda: estimate_table(SIMON, table() | {"DV": [420, 180]}), "DV", "the table has 6 rows"),
        (lambda: estimate_table(SIMON, table() | {"EVID": [1, 1, 0, 0, 1, 0], "AMT": [20, 20, 0, 0, 15, 0], "SS": [0, 1, 0, 0, 0, 0], "II": [8] * 6}), "SS", "would forget the doses before it"),
        (lambda: estimate_table(SIMON, table() | {"RATE": [-1] * 6}), "RATE", "give 0 or more"),
        (lambda: estimate_table(SIMON, table() | {"ADDL": [1.5] * 6}), "ADDL", "whole number of further doses"),
        (lambda: estimate_table(SIMON, table() | {"SS": [3] * 6}), "SS", "SS 0, 1 or 2"),
        (lambda: estimate_table(SIMON, table() | {"DVID": [4] * 6}, outputs={1: "concentration"}), "DVID", "of no output"),
        (lambda: estimate_people(SIMON, [Person(doses=THRICE, observations=[level(2, 9.0)])]).shrinkage(), "people", "spread between people"),
        (lambda: prediction_errors(estimate(SIMON, {}, THRICE, [level(2, 9.0)]), 2, seed=1), "simulations", "observations"),
        (lambda: estimate(SIMON, {}, THRICE, [level(2, 9.0)]).posterior(0, seed=1), "draws", "nothing to draw"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_why(wrong, field: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field
    assert says in str(caught.value)
