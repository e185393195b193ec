"""Area, average, peak and its time, trough, time above and amounts against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import course
from relaxant.pharmacology.cards.given import GivenDose
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.cards.summary import amount, summary
from relaxant.pharmacology.people.populations import drawn

CARDS = load_knowledge().models
SIMON = CARDS["baclofen-oral-adult-simon-2018"]


def test_one_dose_comes_to_what_the_closed_form_says() -> None:
    people = individual(SIMON, {}, deviations=drawn(SIMON, 40, seed=2))
    ka, k, v = people["ka"], people["CL"] / people["V"], people["V"]
    made = summary(SIMON, people, [GivenDose(amount=20)], 0.0, 400.0, above=100.0)
    when = np.log(ka / k) / (ka - k)
    peak = 20e3 / v * np.exp(-k * when)
    np.testing.assert_allclose(made.time_of_peak, when, atol=0.01)
    np.testing.assert_allclose(made.peak, peak, rtol=1e-5)
    np.testing.assert_allclose(made.auc, 20e3 / people["CL"], rtol=1e-9)
    np.testing.assert_allclose(made.average, made.auc / 400.0, rtol=1e-12)
    fine = np.linspace(0, 60, 120_001)
    above = (course(SIMON, people, [GivenDose(amount=20)], fine) > 100.0).mean(axis=0) * 60
    assert made.time_above is not None
    np.testing.assert_allclose(made.time_above, above, atol=0.02)
    assert (made.unit, made.time_unit) == ("ng/mL", "h")


def test_a_day_in_steady_state() -> None:
    one = individual(SIMON, {})
    doses = [GivenDose(amount=20, every=8, count=4, steady=True)]
    made = summary(SIMON, one, doses, 0.0, 24.0)
    assert made.auc[0] == pytest.approx(3 * 20e3 / one["CL"][0], rel=1e-9)
    ends = course(SIMON, one, doses, [8.0 - 1e-9])[0, 0]
    assert made.trough[0] == pytest.approx(ends, rel=1e-3)


def test_an_effect_has_an_average_and_a_lowest_value() -> None:
    card = CARDS["rocuronium-kleijn-2011"]
    made = summary(
        card, individual(card, {}), [GivenDose(amount=50, route="intravenous")], 0.0, 60.0, "tof_ratio", above=90.0
    )
    times = np.linspace(0, 60, 20_001)
    values = course(card, individual(card, {}), [GivenDose(amount=50, route="intravenous")], times, "tof_ratio")[:, 0]
    assert made.average[0] == pytest.approx(np.trapezoid(values, times) / 60, rel=1e-4)
    assert made.trough[0] == pytest.approx(values.min(), rel=1e-2)
    assert made.time_above is not None and made.time_above[0] == pytest.approx((values > 90).mean() * 60, abs=0.1)


def test_the_amount_is_what_is_in_the_place() -> None:
    one = individual(SIMON, {})
    found = amount(SIMON, one, [GivenDose(amount=20)], [0.0, 2.0, 500.0])[:, 0]
    ka, k = float(one["ka"][0]), float(one["CL"][0] / one["V"][0])
    by_hand = 20 * ka / (ka - k) * (math.exp(-k * 2) - math.exp(-ka * 2))
    assert found == pytest.approx([0.0, by_hand, 0.0], rel=1e-9, abs=1e-12)
    card = CARDS["rocuronium-kleijn-2011"]
    with pytest.raises(InputError, match="only a concentration"):
        amount(card, individual(card, {}), [GivenDose(amount=50, route="intravenous")], [1.0], "tof_ratio")


def test_times_that_are_no_stretch_are_refused() -> None:
    with pytest.raises(InputError, match="no stretch of time"):
        summary(SIMON, individual(SIMON, {}), [GivenDose(amount=20)], 8.0, 8.0)
