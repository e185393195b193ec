"""Parameters that change on the way: a change that changes nothing changes nothing, and amounts go on."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Parameter, Tolerance
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course, output_named
from relaxant.pharmacology.cards.model import individual, is_linear
from relaxant.pharmacology.cards.occasions import Holding, courses_through
from relaxant.pharmacology.estimation.estimate import estimate
from relaxant.pharmacology.estimation.observations import Observation

CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]
TIMES = np.array([0.5, 3.0, 7.0, 8.0, 12.5, 20.0])
OWN = {"source": "baclofen-simon-2018", "place": "none", "verified": False}


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_change_that_changes_nothing_changes_nothing(name: str) -> None:
    card = CARDS[name]
    if not is_linear(card):
        pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    way = card.inputs[0]
    dose = GivenDose(amount=10, unit=card.amount, route=way.route, form=way.form, release=way.release, fed=way.fed, drug=way.drug, every=6, count=3)  # fmt: skip
    doses = [dose]
    if is_linear(card):
        doses.append(msgspec.structs.replace(dose, time=1.0, steady=True))
    if way.duration is None:
        doses.append(msgspec.structs.replace(dose, time=6.0, infused_over=4.0, every=None, count=1))
    parameters = individual(card, {})
    outputs = [o.output for o in card.outputs] + [e.effect for e in card.effects if e.form != "turnover"]
    wanted = [(output_named(card, o), TIMES) for o in outputs]
    parted = courses_through(card, [Holding(t, parameters) for t in (-np.inf, 8.0, 8.5)], doses, wanted)
    for output, values in zip(outputs, parted, strict=True):
        whole = course(card, parameters, doses, TIMES, output)
        np.testing.assert_allclose(values, whole, rtol=1e-9 if is_linear(card) else 1e-6, atol=1e-9 * np.abs(whole).max())  # fmt: skip


def test_a_volume_that_grows_dilutes_what_is_there() -> None:
    parameters = individual(SIMON, {})
    larger = {**parameters, "V": parameters["V"] * 2, "CL": parameters["CL"] * 2}
    before, at = np.array([9.999999]), np.array([10.0])
    (values,) = courses_through(SIMON, [Holding(-np.inf, parameters), Holding(10.0, larger)], [GivenDose(amount=20)], [(SIMON.outputs[0], np.append(before, at))])  # fmt: skip
    np.testing.assert_allclose(values[1] * 2, values[0], rtol=1e-5)


def test_what_a_dose_brings_goes_by_its_own_occasion() -> None:
    parameters = individual(SIMON, {})
    card = msgspec.structs.replace(
        SIMON,
        inputs=tuple(msgspec.structs.replace(i, bioavailability="F") for i in SIMON.inputs),
        parameters=(*SIMON.parameters, Parameter(parameter="F", value=1.0, unit="1", description="share", **OWN)),
    )
    full, half = {**parameters, "F": np.ones(1)}, {**parameters, "F": np.full(1, 0.5)}
    times = np.array([9.0, 20.0])
    made = courses_through(card, [Holding(-np.inf, full), Holding(8.0, half)], [GivenDose(amount=20, every=8, count=2)], [(card.outputs[0], times)])[0]  # fmt: skip
    want = course(SIMON, parameters, [GivenDose(amount=20), GivenDose(time=8, amount=10)], times)
    np.testing.assert_allclose(made, want, rtol=1e-10)


def responding(form: str) -> object:
    added = [Parameter(parameter=n, value=v, unit=u, description="ours", iiv_cv=cv, **OWN) for n, v, u, cv in (("E0", 6.0, "1", 0.3), ("EC50", 250.0, "ng/mL", 0.4), ("kt", 0.2, "1/h", None), ("half", 200.0, "ng/mL", None))]  # fmt: skip
    more = {"loss": "kt", "acts": "inhibits production"} if form == "turnover" else {"tolerance": Tolerance(form="noncompetitive", rate="kt", half_at="half")}  # fmt: skip
    effect = Effect(effect="response", unit="1", of="central", form=form, half_at="EC50", baseline="E0", description="ours", **more, **OWN)  # fmt: skip
    return msgspec.structs.replace(SIMON, effects=(effect,), parameters=(*SIMON.parameters, *added))


def test_tolerance_goes_on_through_a_change() -> None:
    card = responding("inhibition")
    parameters, doses = individual(card, {}), [GivenDose(amount=20, every=8, count=3)]
    (values,) = courses_through(card, [Holding(t, parameters) for t in (-np.inf, 8.0)], doses, [(output_named(card, "response"), TIMES)])  # fmt: skip
    np.testing.assert_allclose(values, course(card, parameters, doses, TIMES, "response"), rtol=1e-9)


def test_a_turnover_is_estimated_with_levels_and_refuses_a_change() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    from relaxant.pharmacology.estimation.residuals import ResidualError

    card, doses = responding("turnover"), [GivenDose(amount=20, every=8, count=3)]
    seen = [Observation(time=10, value=250.0), *(Observation(time=t, value=v, output="response") for t, v in ((0.1, 8.0), (9.0, 6.0), (20.0, 5.5)))]  # fmt: skip
    found = estimate(card, {}, doses, seen, residuals={"response": ResidualError(0, 0.2)})
    assert found.arrived.all() and found.parameters["E0"][0] > 7
    hill, top = found.parts[0].hill, found.parts[0].walk.deviations
    here = hill.heights(top, np.zeros(1, dtype=int))[0]
    for i in range(hill.size):
        for step in (-0.005, 0.005):
            there = top.copy()
            there[i] += step
            assert hill.heights(there, np.zeros(1, dtype=int))[0] > here
    parameters = individual(card, {})
    with pytest.raises(InputError) as caught:
        courses_through(card, [Holding(t, parameters) for t in (-np.inf, 8.0)], doses, [(output_named(card, "response"), TIMES)])  # fmt: skip
    assert caught.value.field == "occasions"


def test_a_steady_dose_of_a_card_that_binds_is_refused() -> None:
    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    parameters = individual(card, {})
    dose = GivenDose(amount=10, route="intravenous", drug="rocuronium", every=60, steady=True)
    with pytest.raises(InputError):
        courses_through(card, [Holding(t, parameters) for t in (-np.inf, 8.0)], [dose], [(card.outputs[0], TIMES)])
