"""Model cards: each is sound, gives back what was published, and a broken one is told what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError, KnowledgeError, RelaxantError
from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.cards import (
    Bounds,
    Compartment,
    Correlation,
    Flow,
    Input,
    Model,
    Output,
    Parameter,
    Published,
    Relation,
)
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course, courses
from relaxant.pharmacology.cards.mammillary import closed_form
from relaxant.pharmacology.cards.measures import recovery_of
from relaxant.pharmacology.cards.model import (
    amount_in,
    entry_for,
    individual,
    is_linear,
    milligrams,
    multiplier,
    network_of,
    variability,
)
from relaxant.pharmacology.cards.published import all_reproduced, reproduced
from relaxant.pharmacology.cards.soundness import faults_of
from relaxant.pharmacology.kinetics.network import Period, amounts, exponential
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

exact = pytest.importorskip("exact", reason="mpmath is a test dependency")
CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]


@pytest.mark.parametrize("name", sorted(CARDS))
def test_every_card_is_sound(name: str) -> None:
    assert list(faults_of(CARDS[name])) == []


@pytest.mark.parametrize("name", sorted(n for n, m in CARDS.items() if is_linear(m)))
def test_every_linear_card_gives_back_what_was_published(name: str) -> None:
    for number in all_reproduced(CARDS[name]):
        assert number.holds or number.misses, (number.title, number.computed, number.published)


def test_independent_numbers_have_one_range_and_what_misses_says_so() -> None:
    number = next(n for n in SIMON.reproduces if n.measure == "clearance" and n.independent)
    ratio = reproduced(SIMON, number).computed / number.value
    for times, holds in (
        (ratio / 1.2499, True),
        (ratio / 1.2501, False),
        (ratio / 0.8001, True),
        (ratio / 0.7999, False),
    ):
        made = reproduced(SIMON, msgspec.structs.replace(number, value=number.value * times))
        assert made.holds is holds, times
    computed = ratio * number.value
    assert reproduced(SIMON, msgspec.structs.replace(number, value=1.0, between=(0.9 * computed, computed))).holds
    assert not reproduced(SIMON, msgspec.structs.replace(number, between=(1.1 * computed, 2 * computed))).holds
    for changed, said in (
        ({"tolerance": 0.5}, "no tolerance of its own"),
        ({"misses": "for no reason"}, "it holds, so take"),
        ({"value": number.value * 2}, "say why under"),
        ({"between": (2.0, 1.0)}, "from low to high"),
    ):
        broken = _with(reproduces=(msgspec.structs.replace(number, **changed),))
        assert any(said in what for _, what in faults_of(broken)), changed
    kept = _with(reproduces=(msgspec.structs.replace(number, value=number.value * 2, misses="another assay"),))
    assert list(faults_of(kept)) == []


CIRCUMSTANCES = {"fed", "single_dose", "sevoflurane", "temperature", "asian", "genotype:CYP2C19"}
"""What a card depends on and no fact of a person says: of the course, of the operation, or of the person but not in the file."""


@pytest.mark.parametrize("name", sorted(CARDS))
def test_covariates_are_facts_or_circumstances_in_the_facts_own_units(name: str) -> None:
    card = CARDS[name]
    for at in (*card.bounds, *card.relations):
        covariate, form = (at.covariate, "") if isinstance(at, Bounds) else (at.on, at.form)
        fact = PERSON_FACTS.get(covariate)
        assert fact is not None or covariate in CIRCUMSTANCES, covariate
        if fact is not None and form != "factor":
            assert at.unit == fact.unit, covariate


@pytest.mark.parametrize("name", sorted(CARDS))
def test_nobody_is_silently_inside(name: str) -> None:
    """Age, kidneys, dialysis, liver and pregnancy have bounds on every card; severe liver disease and pregnancy are never within what was studied."""
    bounds = {b.covariate: b for b in CARDS[name].bounds}
    assert "age" in bounds
    assert {"kidney_function", "creatinine_clearance", "creatinine", "egfr"} & set(bounds)
    for covariate in ("severe_hepatic_impairment", "pregnant"):
        if covariate in bounds:
            assert bounds[covariate].studied == (0, 0)
    oldest = bounds["age"].extrapolate_to[1]
    if name != "baclofen-intrathecal-csf":  # spinal fluid: neither the liver nor dialysis reaches it
        assert "on_dialysis" in bounds
        assert "severe_hepatic_impairment" in bounds or bounds["hepatic_impairment"].extrapolate_to == (0, 0)
        assert "weight" in bounds
    assert "pregnant" in bounds or oldest <= 12 or bounds["age"].extrapolate_to[0] >= 70
    if any(i.route == "oral" for i in CARDS[name].inputs):
        assert bounds["tube_feeding"].studied == (0, 0)


def _with(**changes: object) -> Model:
    return msgspec.structs.replace(SIMON, **changes)


def _reproducing(**changes: object) -> Model:
    return _with(reproduces=(msgspec.structs.replace(SIMON.reproduces[0], **changes),))


def _parameter(name: str, **changes: object) -> Model:
    return _with(
        parameters=tuple(msgspec.structs.replace(p, **changes) if p.parameter == name else p for p in SIMON.parameters)
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda: _parameter("CL", unit="L"), "does not fit where the card uses it"),
        (lambda: _parameter("CL", unit="furlongs"), "is not known"),
        (lambda: _parameter("CL", value=-1.0), "negative"),
        (lambda: _parameter("CL", value=50.0), "outside its own interval"),
        (lambda: _parameter("CL", iiv_sd=0.2), "given twice"),
        (lambda: _parameter("ka", parameter="kb"), "there is no parameter “ka”"),
        (lambda: _with(flows=(*SIMON.flows, Flow(giver="central", to="bone", rate="ka"))), "there is no compartment “bone”"),
        (lambda: _with(flows=(*SIMON.flows, Flow(giver="central", rate="ka", clearance="CL"))), "one of them"),
        (lambda: _with(parameters=(*SIMON.parameters, Parameter(parameter="idle", value=1, unit="L", description="", source="x", place="y"))), "nothing uses it"),
        (lambda: _with(parameters=(*SIMON.parameters, SIMON.parameters[0])), "defined twice"),
        (lambda: _parameter("CL", iiv_cv=-0.2), "its spread is negative"),
        (lambda: _with(bounds=(msgspec.structs.replace(SIMON.bounds[0], studied=(18.0, 90.0), extrapolate_to=(40.0, 70.0)),)), "both from low to high"),
        (lambda: _with(relations=(*SIMON.relations, Relation(parameter="CL", on="age", form="power", coefficient=1.0, source="x", place="y"))), "the form power needs a reference"),
        (lambda: _with(relations=(*SIMON.relations, Relation(parameter="CL", on="sex", form="category", source="x", place="y"))), "needs its levels"),
        (lambda: _with(correlations=(Correlation(between=("CL", "CL_dialysis"), value=0.5, source="x", place="y"),)), "two parameters that differ"),
        (lambda: _reproducing(tolerance=0.0, independent=False), "a tolerance is above 0"),
        (lambda: _reproducing(measure="volume", unit="L"), "a volume is a parameter"),
        (lambda: _reproducing(count=3, every=None), "repeats a dose without the time between"),
        (lambda: _with(reproduces=()), "at least one published number"),
        (lambda: _with(reproduces=(msgspec.structs.replace(SIMON.reproduces[0], value=9.0),)), "more than it is allowed"),
        (
            lambda: _with(
                correlations=tuple(
                    Correlation(between=b, value=v, source="x", place="y")
                    for b, v in ((("ka", "CL"), 0.95), (("CL", "V"), 0.95), (("ka", "V"), -0.95))
                )
            ),
            "contradict each other",
        ),
    ],
)  # fmt: skip
def test_a_broken_card_is_told_what_is_wrong(broken: Callable[[], Model], said: str) -> None:
    assert any(said in what for _, what in faults_of(broken())), list(faults_of(broken()))


def test_a_repeated_dose_is_measured_over_its_last_interval() -> None:
    number = Published(
        title="average", output="concentration", measure="average", value=1, unit="ng/mL", dose=20, every=8, count=60, source="s", place="p",
    )  # fmt: skip
    clearance = float(individual(SIMON, {})["CL"][0])
    assert reproduced(SIMON, number).computed == pytest.approx(
        20 / clearance / 8 * 1e3, rel=1e-9
    )  # dose over clearance and interval
    peak, trough = (reproduced(SIMON, msgspec.structs.replace(number, measure=m)).computed for m in ("peak", "trough"))
    assert trough < 20 / clearance / 8 * 1e3 < peak


def test_when_a_course_is_back_above_a_level() -> None:
    times = np.linspace(0.0, 10.0, 21)
    assert recovery_of(lambda t: np.abs(t - 4.3), times, 1.5) == pytest.approx(5.8, abs=1e-6)
    assert np.isnan(recovery_of(lambda t: 3.0 + t, times, 1.5))  # never under it


def test_what_the_lint_would_reject_is_refused_where_it_is_computed() -> None:
    with pytest.raises(KnowledgeError, match=f"{SIMON.model}: the unit “furlongs” is not known"):
        individual(_parameter("CL", unit="furlongs"), {})
    with pytest.raises(KnowledgeError, match="CL on age has no reference"):
        multiplier(Relation(parameter="CL", on="age", form="power", coefficient=1.0, source="x", place="y"), 40.0)
    binding = CARDS["rocuronium-sugammadex-kleijn-2011"]
    with pytest.raises(KnowledgeError, match="which no linear network does"):
        network_of(binding, individual(binding, {}))


def test_a_card_that_asks_for_the_size_of_a_dose_takes_a_mass() -> None:
    assert milligrams(0.5, "g") == pytest.approx(500)
    with pytest.raises(InputError, match="give it in mg"):
        milligrams(100, "units")


def test_variability_is_a_covariance_of_logarithms() -> None:
    names, covariance = variability(SIMON)
    assert names == ("ka", "CL", "V")
    assert covariance[1, 1] == pytest.approx(np.log1p(0.21**2))


@pytest.mark.parametrize(
    ("form", "given", "want"),
    [
        ({"form": "power", "reference": 70, "coefficient": 0.75}, 35.0, 0.5**0.75),
        ({"form": "power", "reference": 70, "coefficient": 1, "most": 50}, 60.0, 50 / 70),
        ({"form": "linear", "reference": 40, "coefficient": -0.01}, 50.0, 0.9),
        ({"form": "exponential", "reference": 40, "coefficient": -0.01}, 50.0, np.exp(-0.1)),
        ({"form": "factor", "coefficient": 0.5}, 1.0, 0.5),
        ({"form": "factor", "coefficient": 0.5}, 0.0, 1.0),
        ({"form": "hyperbolic", "reference": 100, "coefficient": 2}, 50.0, (2 / 3) ** 2),
        ({"form": "decline", "reference": 100}, 100.0, 0.5),
        ({"form": "affine", "intercept": 0.2, "coefficient": 0.01}, 30.0, 0.5),
        ({"form": "maturation", "reference": 40, "coefficient": 3}, 40.0, 0.5),
        ({"form": "above", "reference": 65, "coefficient": 0.7}, 65.0, 0.7),
        ({"form": "below", "reference": 25, "coefficient": 0.4}, 25.0, 1.0),
        ({"form": "category", "levels": {"poor": 0.25}}, "poor", 0.25),
    ],
)
def test_relations(form: dict[str, object], given: object, want: float) -> None:
    relation = Relation(parameter="CL", on="x", source="s", place="p", **form)
    assert multiplier(relation, given)[0] == pytest.approx(want)


def test_an_unknown_category_and_an_unknown_number_stay_unknown() -> None:
    category = Relation(parameter="CL", on="x", form="category", levels={"poor": 0.25}, source="s", place="p")
    assert np.isnan(multiplier(category, "slow")[0])
    for form in ("power", "factor", "above"):
        relation = Relation(parameter="CL", on="x", form=form, reference=1.0, source="s", place="p")
        assert np.isnan(multiplier(relation, np.nan)[0]), form


def test_a_persons_parameters_broadcast_and_refuse_other_lengths() -> None:
    got = individual(SIMON, {"kidney_function": np.array([20.0, 40.0, 120.0])}, deviations={"ka": 0.1})
    assert got["CL"].shape == got["ka"].shape == (3,)
    assert got["CL"][0] < got["CL"][1] < got["CL"][2]
    with pytest.raises(InputError):
        individual(SIMON, {"kidney_function": np.array([20.0, 40.0])}, deviations={"ka": np.zeros(3)})


def test_the_most_specific_input_is_taken() -> None:
    card = CARDS["tizanidine-oral-empirical"]
    plain, capsule = entry_for(card, "oral"), entry_for(card, "oral", form="capsule", fed=True)
    assert capsule is not None and capsule.form == "capsule" and capsule.fed is True
    assert plain is None or plain != capsule
    assert entry_for(card, "rectal") is None
    turned = msgspec.structs.replace(card, inputs=card.inputs[::-1])  # the order in which they are written says nothing
    assert entry_for(turned, "oral") == plain
    assert entry_for(turned, "oral", form="capsule", fed=True) == capsule


def test_mass_becomes_substance_only_with_a_molar_mass() -> None:
    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    entry = card.inputs[0]
    with pytest.raises(InputError, match="molar mass"):
        amount_in(
            msgspec.structs.replace(card, molar_mass=None), 42.0, "mg", msgspec.structs.replace(entry, molar_mass=None)
        )
    given = amount_in(card, 42.0, "mg", msgspec.structs.replace(entry, molar_mass=609.68))
    assert given == pytest.approx(42 / 609.68 * 1000)


@pytest.mark.parametrize("seed", range(12))
def test_the_network_exponential_is_componentwise_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 6))
    rates = np.where(rng.random((size, size)) < 0.6, 10.0 ** rng.uniform(-4, 2, (size, size)), 0.0)
    np.fill_diagonal(rates, 0.0)
    np.fill_diagonal(rates, -(rates.sum(axis=0) + 10.0 ** rng.uniform(-3, 1, size)))
    for time in (1e-3, 0.5, 24.0):
        got = exponential(rates[:, :, None], time)[:, :, 0]
        want = exact.exponential(exact.mp.matrix(rates.tolist()), exact.mp.mpf(time))
        for i in range(size):
            for j in range(size):
                true = want[i, j]
                if true > 1e-290:
                    assert abs(got[i, j] - true) / true < 1e-11, (seed, time, i, j)


def test_a_network_as_the_closed_form_and_rates_that_change_on_the_way() -> None:
    from relaxant.pharmacology.kinetics.disposition import one_compartment
    from relaxant.pharmacology.kinetics.linear import concentration, oral

    parameters = individual(SIMON, {})
    usual = network_of(SIMON, parameters)
    washed = network_of(SIMON, parameters, during=("haemodialysis",))
    times = np.linspace(0, 24, 49)
    prepared = schedule([Dose(amount=20, entry="oral", every=8, count=3)], times)
    volume = parameters["V"]
    wanted = {"concentration": {"central": 1 / volume}}
    plain = amounts([Period(0, usual)], {"oral": ("gut", 1.0)}, prepared, wanted)["concentration"][:, 0]
    closed = concentration(one_compartment(parameters["CL"], volume), {"oral": oral(parameters["ka"])}, prepared)[:, 0]
    np.testing.assert_allclose(plain, closed, rtol=1e-11)
    session = [Period(0, usual), Period(10.25, washed), Period(14.25, usual)]
    cleared = amounts(session, {"oral": ("gut", 1.0)}, prepared, wanted)["concentration"][:, 0]
    np.testing.assert_allclose(cleared[times <= 10.25], plain[times <= 10.25], rtol=1e-12)
    assert (cleared[times > 10.25] < plain[times > 10.25]).all()


def test_a_published_number_without_its_weight_is_refused() -> None:
    number = Published(
        title="x", output="concentration", measure="peak", value=1, unit="ng/mL", dose=1, dose_per_kg=True, source="s", place="p",
    )  # fmt: skip
    assert any("state the weight" in what for _, what in faults_of(_with(reproduces=(number,))))


@pytest.mark.parametrize(
    "name", ["baclofen-oral-child-he-2014", "rocuronium-kleijn-2011", "carisoprodol-meprobamate-adult-label"]
)
def test_the_equation_solver_agrees_with_the_exact_path_where_both_apply(name: str) -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    from relaxant.pharmacology.cards.nonlinear import integrate

    card = CARDS[name]
    parameters = individual(card, {"weight": 20.0} if "child" in name else {})
    net = network_of(card, parameters)
    into = card.inputs[0].into
    times = np.linspace(0, 40, 81)
    doses = [Dose(amount=20, entry="in"), Dose(time=7.3, amount=5, entry="in", duration=3.1)]
    every = {n: {n: 1.0} for n in net.names}
    want = amounts([Period(0, net)], {"in": (into, 1.0)}, schedule(doses, times), every)
    got = integrate(card, parameters, [(0.0, into, 20.0, 0.0), (7.3, into, 5.0, 3.1)], times)
    for compartment in net.names:
        np.testing.assert_allclose(got[compartment], want[compartment][:, 0], rtol=1e-6, atol=1e-8)


DEEP = (
    # beside the gut and the blood: a second way in, tissue behind tissue, a loss from the tissue, an exchange written as two rates
    (Flow(giver="gut", to="central", rate="ka2"),),
    (Flow(giver="central", to="near", clearance="Q", both_ways=True), Flow(giver="near", to="far", clearance="Q2", both_ways=True)),
    (Flow(giver="central", to="near", clearance="Q", both_ways=True), Flow(giver="near", clearance="Q2")),
    (Flow(giver="central", to="near", rate="k12"), Flow(giver="near", to="central", rate="k21")),
)  # fmt: skip


@pytest.mark.parametrize("added", DEEP)
def test_what_is_no_mammillary_card_goes_by_the_network_and_is_solved_right(added: tuple[Flow, ...]) -> None:
    expm = pytest.importorskip("scipy.linalg", reason="SciPy checks the network").expm
    values = {"ka2": (0.4, "1/h"), "Q": (9.0, "L/h"), "Q2": (3.0, "L/h"), "V2": (30.0, "L"), "V3": (80.0, "L"), "k12": (0.3, "1/h"), "k21": (0.2, "1/h")}  # fmt: skip
    parameters = (*SIMON.parameters, *(Parameter(parameter=n, value=v, unit=u, description=n, source="x", place="y") for n, (v, u) in values.items()))  # fmt: skip
    places = (*SIMON.compartments, Compartment(compartment="near", volume="V2"), Compartment(compartment="far", volume="V3"))  # fmt: skip
    card = _with(parameters=parameters, compartments=places, flows=(*SIMON.flows, *added))
    own = individual(card, {})
    assert closed_form(SIMON, own, "central") is not None and closed_form(card, own, "central") is None
    ka, cl, v, q, q2, v2, v3 = (float(own[n][0]) for n in ("ka", "CL", "V", "Q", "Q2", "V2", "V3"))
    rates = np.zeros((4, 4))  # by hand: gut, central, near, far
    rates[1, 0] = ka
    lost = np.array([0.0, cl / v, 0.0, 0.0])
    if added is DEEP[0]:
        rates[1, 0] += 0.4
    elif added is DEEP[3]:
        rates[2, 1], rates[1, 2] = 0.3, 0.2
    else:
        rates[2, 1], rates[1, 2] = q / v, q / v2
    if added is DEEP[1]:
        rates[3, 2], rates[2, 3] = q2 / v2, q2 / v3
    if added is DEEP[2]:
        lost[2] = q2 / v2
    rates -= np.diag(rates.sum(axis=0) + lost)
    times = np.array([0.5, 2.0, 9.0, 30.0])
    want = [(expm(rates * t) @ np.array([20.0, 0, 0, 0]))[1] / v * 1e3 for t in times]
    np.testing.assert_allclose(course(card, own, [GivenDose(amount=20)], times)[:, 0], want, rtol=1e-9)


def test_a_dose_after_the_last_look_and_someone_else_in_the_solver() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    from relaxant.pharmacology.cards.nonlinear import integrate

    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    own, times = individual(card, {}), np.array([1.0, 5.0, 10.0])
    first = (0.0, "central", 70.0, 0.0)
    alone = integrate(card, own, [first], times)
    later = integrate(card, own, [first, (30.0, "sugammadex_central", 128.0, 0.0)], times)
    np.testing.assert_allclose(later["central"], alone["central"], rtol=1e-6)
    with pytest.raises(InputError, match="of several people"):
        integrate(card, individual(card, {"weight": np.array([50.0, 90.0])}), [first], times)


def test_without_the_solver_a_card_that_binds_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from relaxant.pharmacology.cards import nonlinear

    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    monkeypatch.setattr(nonlinear, "available", lambda: False)
    with pytest.raises(RelaxantError, match=r"relaxant\[nonlinear\]"):
        nonlinear.integrate(card, individual(card, {}), [(0.0, "central", 70.0, 0.0)], np.array([1.0]))


def test_a_metabolite_made_by_a_saturable_way_is_all_that_left() -> None:
    special = pytest.importorskip("scipy.special", reason="SciPy checks the solver")
    values = {"V": (20.0, "L"), "Vmax_Km": (12.0, "L/h"), "Km": (0.3, "mg/L")}
    parameters = tuple(Parameter(parameter=n, value=v, unit=u, description=n, source="x", place="y") for n, (v, u) in values.items())  # fmt: skip
    card = _with(
        parameters=parameters, relations=(), correlations=(), compartments=(Compartment(compartment="central", volume="V"), Compartment(compartment="made")),
        flows=(Flow(giver="central", to="made", clearance="Vmax_Km", saturable="Km"),), inputs=(Input(route="intravenous", into="central"),),
        outputs=(Output(output="concentration", of="central", unit="mg/L", title="drug"), Output(output="metabolite", of="made", unit="mg", title="metabolite")),
    )  # fmt: skip
    times = np.linspace(0.0, 12.0, 13)
    found = courses(card, individual(card, {}), [GivenDose(amount=20, route="intravenous")], times, ("concentration", "metabolite"))  # fmt: skip
    # C + Km ln C falls by (Vmax / V) t: by Lambert's function (Schnell and Mendoza 1997)
    want = 0.3 * special.lambertw(1.0 / 0.3 * np.exp((1.0 - 12.0 / 20.0 * 0.3 * times) / 0.3)).real
    np.testing.assert_allclose(found["concentration"][:, 0], want, rtol=1e-5)
    np.testing.assert_allclose(found["metabolite"][:, 0], 20.0 - 20.0 * want, atol=1e-4)


def test_sugammadex_binds_one_to_one_and_nothing_is_lost() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    from relaxant.pharmacology.cards.nonlinear import integrate

    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    parameters = {n: v * (0.0 if n.startswith("CL") else 1.0) for n, v in individual(card, {}).items()}
    got = integrate(
        card,
        parameters,
        [(0.0, "central", 70.0, 0.0), (10.0, "sugammadex_central", 128.0, 0.0)],
        np.linspace(0, 60, 61),
    )
    bound = got["complex_central"] + got["complex_peripheral"]
    np.testing.assert_allclose((got["central"] + got["peripheral"] + bound), 70.0, rtol=1e-7)
    binder = got["sugammadex_central"] + got["sugammadex_peripheral"] + bound
    np.testing.assert_allclose(binder[11:], 128.0, rtol=1e-7)
    assert bound[-1] > 65
