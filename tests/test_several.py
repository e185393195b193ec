"""Several models of one medicine, weighed by what was measured."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual, variability
from relaxant.pharmacology.estimation.estimate import estimate
from relaxant.pharmacology.estimation.observations import Observation
from relaxant.pharmacology.estimation.several import Opinion, log_evidence, weighed

CARDS = load_knowledge().models
SIMON, CHEVILLARD = (CARDS[f"baclofen-oral-adult-{n}"] for n in ("simon-2018", "chevillard-2018"))
DOSES = [GivenDose(amount=20, every=8, count=4, steady=True)]


def _opinion(model: Model, observations: list[Observation], **how: float) -> Opinion:
    return Opinion(model=model, doses=DOSES, observations=observations, covariates={"kidney_function": 110.0}, **how)


def _averaged(model: Model, observations: list[Observation]) -> float:
    """The logarithm of the probability of the levels, averaged over very many of the model's people."""
    names, covariance = variability(model)
    draws = np.random.default_rng(7).multivariate_normal(np.zeros(len(names)), covariance, 200_000).T
    parameters = individual(model, {"kidney_function": 110.0}, deviations=dict(zip(names, draws, strict=True)))
    predicted = course(model, parameters, DOSES, [o.time for o in observations])
    (residual,) = SIMON.residuals
    sd = (residual.proportional or 0.0) * predicted
    z = (np.array([[o.value] for o in observations], dtype=np.float64) - predicted) / sd
    return float(np.log(np.exp(-(z**2).sum(axis=0) / 2 - np.log(sd).sum(axis=0)).mean()))


def test_the_evidence_is_the_probability_averaged_over_the_people_of_the_model() -> None:
    observations = [Observation(time=18.0, value=330.0), Observation(time=23.5, value=160.0)]
    found = estimate(SIMON, {"kidney_function": 110.0}, DOSES, observations)
    assert log_evidence(found) == pytest.approx(_averaged(SIMON, observations), abs=0.05)


def test_the_model_that_foresaw_the_levels_weighs_more_and_both_learn() -> None:
    times = [2.0, 7.5]
    truth = course(CHEVILLARD, individual(CHEVILLARD, {"kidney_function": 110.0}), DOSES, times)[:, 0]
    observations = [Observation(time=t, value=float(v)) for t, v in zip(times, truth, strict=True)]
    simon, chevillard = weighed([_opinion(SIMON, observations), _opinion(CHEVILLARD, observations)])
    assert simon.weight + chevillard.weight == pytest.approx(1)
    assert chevillard.weight > simon.weight
    assert simon.estimated.parameters["CL"][0] < 11.6  # higher levels than it expected
    assert chevillard.borrowed == SIMON.model  # its paper's residual error was not seen
    assert simon.borrowed is None


@pytest.mark.parametrize("levels", [(60.0, 25.0), (900.0, 700.0), (300.0, 120.0)])
def test_weights_are_shares_of_the_evidence(levels: tuple[float, float]) -> None:
    observations = [Observation(time=2.0, value=levels[0]), Observation(time=7.5, value=levels[1])]
    found = weighed([_opinion(SIMON, observations), _opinion(CHEVILLARD, observations)])
    logs = np.array([_averaged(SIMON, observations), _averaged(CHEVILLARD, observations)])
    by_hand = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
    assert [w.weight for w in found] == pytest.approx(by_hand, abs=0.06)


def test_what_cannot_be_weighed_says_why() -> None:
    one, two = (
        [Observation(time=2.0, value=300.0)],
        [Observation(time=2.0, value=300.0), Observation(time=5.0, value=250.0)],
    )
    with pytest.raises(InputError, match="nothing to weigh"):
        weighed([])
    with pytest.raises(InputError, match="different observations"):
        weighed([_opinion(SIMON, one), _opinion(CHEVILLARD, two)])
    with pytest.raises(InputError, match="no model says how a level scatters"):
        weighed([_opinion(msgspec.structs.replace(CHEVILLARD, residuals=()), one)])


def test_a_residual_error_is_lent_in_the_unit_of_the_levels() -> None:
    """0.03 mg/L of a card is 30 ng/mL to the model that borrows it."""
    (own,) = SIMON.residuals
    observations = [Observation(time=2.0, value=300.0), Observation(time=7.5, value=120.0)]
    found = []
    for additive, unit in ((30.0, "ng/mL"), (0.03, "mg/L")):
        lender = msgspec.structs.replace(SIMON, residuals=(msgspec.structs.replace(own, additive=additive, unit=unit),))
        found.append(weighed([_opinion(lender, observations), _opinion(CHEVILLARD, observations)]))
    assert [w.borrowed for w in found[1]] == [None, SIMON.model]
    assert [w.weight for w in found[0]] == pytest.approx([w.weight for w in found[1]])
