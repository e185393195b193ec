"""Times to a level over virtual people: against the curves themselves, published recoveries, and the shares that bands give."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, course
from relaxant.pharmacology.cards.model import individual
from relaxant.pharmacology.people.populations import attained, bands, drawn
from relaxant.pharmacology.people.reaching import times_to

CARDS = load_knowledge().models
KLEIJN = CARDS["rocuronium-kleijn-2011"]
PERSON = {"weight": 70.0, "age": 43.0, "creatinine_clearance": 119.0, "sevoflurane": 0.0, "asian": 0.0, "female": 0.0}
ROCURONIUM = [GivenDose(amount=42, route="intravenous")]
WITH_SPREAD = {
    "rocuronium-kleijn-2011": ("tof_ratio", 42.0, "mg"),
    "vecuronium-caldwell-2000": ("first_twitch", 7.0, "mg"),
    "atracurium-fisher-1990": ("first_twitch", 35.0, "mg"),
    "cisatracurium-bergeron-2001": ("first_twitch", 7.0, "mg"),
    "succinylcholine-roy-torda": ("first_twitch", 70.0, "mg"),
}


def _alike(card):
    return msgspec.structs.replace(
        card,
        parameters=tuple(msgspec.structs.replace(p, iiv_cv=None, iiv_sd=None) for p in card.parameters),
        correlations=(),
    )


@pytest.mark.parametrize(("level", "minutes"), [(1, 27.4), (25, 40.9), (90, 58.8)])
def test_the_typical_persons_recovery_is_the_cards_own(level: float, minutes: float) -> None:
    """The recoveries under propofol that the card keeps under what it must reproduce."""
    back = times_to(_alike(KLEIJN), PERSON, ROCURONIUM, "tof_ratio", level, "rising")
    assert back.each.size == 1 and back.low == back.median == back.high
    assert back.median == pytest.approx(minutes, rel=0.003)
    fine = np.linspace(back.median - 0.5, back.median + 0.5, 10_001)
    curve = course(KLEIJN, individual(KLEIJN, PERSON), ROCURONIUM, fine, "tof_ratio")[:, 0]
    assert back.median == pytest.approx(fine[np.argmax(curve >= level)], abs=0.01)


@pytest.mark.parametrize("name", WITH_SPREAD)
def test_blockers_have_a_band_of_effect_and_times_that_agree_with_it(name: str) -> None:
    effect, amount, unit = WITH_SPREAD[name]
    card, dose = CARDS[name], [GivenDose(amount=amount, unit=unit, route="intravenous")]
    spread = bands(card, PERSON, dose, np.linspace(0, 120, 61), effect, people=500, seed=3)
    assert (np.diff(spread.values, axis=0) >= 0).all() and spread.values[-1].max() > 80
    assert (spread.values[-1] - spread.values[0]).max() > 10
    for level in (25.0, 70.0):
        back = times_to(card, PERSON, dose, effect, level, "rising", people=500, seed=3)
        assert back.never == 0 and back.low < back.median < back.high
        shares = attained(card, PERSON, dose, [back.low, back.median, back.high], effect, low=level, people=500, seed=3)
        np.testing.assert_allclose(shares, [0.05, 0.5, 0.95], atol=0.004)
    onset = times_to(card, PERSON, dose, effect, 50, "falling", people=500, seed=3)
    shares = attained(card, PERSON, dose, [onset.low, onset.median], effect, high=50, people=500, seed=3)
    np.testing.assert_allclose(shares, [0.05, 0.5], atol=0.004)


def test_who_never_gets_there_is_counted_and_not_averaged_in() -> None:
    raw = times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 90, "rising", people=2000, seed=1)
    baselines = course(KLEIJN, individual(KLEIJN, PERSON, deviations=drawn(KLEIJN, 2000, seed=1)), [], [0.0], "tof_ratio")[0]  # fmt: skip
    assert raw.never == pytest.approx((baselines < 90).mean(), abs=1e-12) and raw.never > 0.05
    assert np.isinf(raw.high) and np.isfinite(raw.median)
    of_own = times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 90, "rising", people=2000, seed=1, of_own_baseline=True)
    assert of_own.never == 0 and np.isfinite(of_own.high)
    tiny = [GivenDose(amount=2, route="intravenous")]
    onset = times_to(KLEIJN, PERSON, tiny, "tof_ratio", 5, "falling", people=500)
    assert onset.never > 0.9 and np.isinf(onset.median)
    assert times_to(KLEIJN, PERSON, tiny, "tof_ratio", 5, "rising", people=500).median == 0
    short = times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 90, "rising", people=500, until=30.0)
    assert short.never > 0.8 and short.each[np.isfinite(short.each)].max() <= 30


def test_more_people_than_fit_at_once_are_the_same_people(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 25, "rising", people=300, seed=4)
    monkeypatch.setattr("relaxant.pharmacology.people.reaching._MOST_NUMBERS", 7 * 2500)
    np.testing.assert_allclose(times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 25, "rising", people=300, seed=4).each, whole.each, rtol=1e-9)  # fmt: skip


def test_recovery_after_sugammadex_is_minutes_from_its_dose_and_has_a_spread() -> None:
    pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
    card = CARDS["rocuronium-sugammadex-kleijn-2011"]
    doses = [GivenDose(amount=42, route="intravenous", drug="rocuronium"), GivenDose(time=30, amount=140, route="intravenous", drug="sugammadex")]  # fmt: skip
    back = times_to(card, PERSON, doses, "tof_ratio", 90, "rising", since=30, people=200, of_own_baseline=True)
    alone = times_to(card, PERSON, doses[:1], "tof_ratio", 90, "rising", since=30, people=200, of_own_baseline=True)
    assert back.never == 0 and 0 < back.low < back.median < back.high < alone.high
    assert back.median < alone.median / 3
    spread = bands(card, PERSON, doses, [30.0, 30 + back.median, 90.0], "tof_ratio", people=200)
    assert spread.values[0, 1] < 90 < spread.values[-1, 1]


def test_unknown_covariates_leave_the_time_unknown() -> None:
    unknown = times_to(KLEIJN, PERSON | {"weight": float("nan")}, ROCURONIUM, "tof_ratio", 90, "rising", people=20)  # fmt: skip
    assert np.isnan(unknown.each).all() and np.isnan(unknown.median)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 90, "sideways"), "direction"),
        (lambda: times_to(KLEIJN, PERSON, ROCURONIUM, "tof_ratio", 90, "rising", since=50, until=40), "until"),
        (lambda: times_to(KLEIJN, PERSON, ROCURONIUM, "nausea", 90, "rising"), "output"),
    ],
)
def test_what_cannot_be_names_the_field(wrong, field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field
