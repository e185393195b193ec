"""How changes of exposure come and go: against closed forms, and the steps against the smooth course."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.exposure.contributions import ways_out
from relaxant.pharmacology.exposure.exposure import Act, Change, changes
from relaxant.pharmacology.exposure.onset import TOLERANCE, activity, alterations, present, smooth
from relaxant.pharmacology.exposure.takings import SMOKE, Taking

KNOWN = load_knowledge()
TIZANIDINE = KNOWN.models["tizanidine-oral-empirical"]
DIAZEPAM = KNOWN.models["diazepam-oral-adult-greenblatt"]
TURNOVER = 38.6
RATE = math.log(2) * 24 / TURNOVER
HOURLY = np.arange(-10 * 24, 40 * 24 + 1) / 24


def _change(half_life: float | None, starts: float = 0.0, stops: float = math.inf) -> Change:
    return Change(
        by="partner",
        kind="interaction",
        grade="measured",
        auc_ratio=2.0,
        half_life=half_life,
        starts=starts,
        stops=stops,
    )


def _level(mechanism: str, left: float, change: Change, days: np.ndarray = HOURLY) -> np.ndarray:
    act = Act(enzyme="CYP1A2", mechanism=mechanism, oral=left, systemic=left, turnover=TURNOVER)  # type: ignore[arg-type]
    return activity([(act, present(change, days))], days, oral=True)


def test_a_partner_comes_and_goes_with_its_half_life() -> None:
    x = present(_change(24.0, 0.0, 5.0), np.array([-1.0, 0.0, 1.0, 5.0, 6.0, 7.0]))
    assert x == pytest.approx([0, 0, 0.5, 1 - 0.5**5, (1 - 0.5**5) / 2, (1 - 0.5**5) / 4])
    assert present(_change(24.0, -math.inf), np.array([0.0])) == pytest.approx([1.0])


def test_induction_follows_the_turnover_of_the_enzyme() -> None:
    """A step of induction: E = 1 + (IC - 1)(1 - exp(-k t)), and back from where it was."""
    days, induced = HOURLY, 1.7
    on = _level("induction", induced, _change(None, 0.0))
    expected = np.where(days < 0, 1.0, 1 + (induced - 1) * -np.expm1(-RATE * np.maximum(days, 0)))
    assert np.abs(np.log(on / expected)).max() < 0.007  # half an hour of a step at the hour
    off = _level("induction", induced, _change(None, -math.inf, 0.0))
    expected = np.where(days < 0, induced, 1 + (induced - 1) * np.exp(-RATE * np.maximum(days, 0)))
    assert np.abs(np.log(off / expected)).max() < 0.007


def test_an_inducer_that_lingers_gives_the_two_exponentials() -> None:
    days, induced, half_life = HOURLY, 8.0, 15.0
    slow = math.log(2) * 24 / half_life
    off = _level("induction", induced, _change(half_life, -math.inf, 0.0))
    t = np.maximum(days, 0)
    expected = 1 + (induced - 1) * (RATE / (RATE - slow) * (np.exp(-slow * t) - np.exp(-RATE * t)) + np.exp(-RATE * t))
    assert np.abs(np.log(off / np.where(days < 0, induced, expected))).max() < 1e-3


def test_a_mechanism_based_inhibitor_wears_the_enzyme_down_and_lets_it_be_remade() -> None:
    days, left = HOURLY, 0.2
    on = _level("mechanism-based", left, _change(None, 0.0))
    expected = np.where(days < 0, 1.0, left + (1 - left) * np.exp(-RATE / left * np.maximum(days, 0)))
    assert np.abs(np.log(on / expected)).max() < 0.06  # the step at the hour, five times as fast
    off = _level("mechanism-based", left, _change(None, -math.inf, 0.0))
    expected = np.where(days < 0, left, 1 - (1 - left) * np.exp(-RATE * np.maximum(days, 0)))
    assert np.abs(np.log(off / expected)).max() < 0.06


def test_a_finer_grid_comes_to_the_closed_form() -> None:
    left = 0.2
    errors = []
    for hours in (1.0, 0.25, 0.0625):
        days = np.arange(-1, 6, hours / 24)
        expected = np.where(days < 0, 1.0, left + (1 - left) * np.exp(-RATE / left * np.maximum(days, 0)))
        errors.append(float(np.abs(np.log(_level("mechanism-based", left, _change(None, 0.0), days) / expected)).max()))
    assert errors[1] < errors[0] / 3 and errors[2] < errors[1] / 3


def test_a_reversible_inhibitor_goes_as_it_is_washed_out() -> None:
    left, half_life = 0.1, 12.0
    off = _level("reversible", left, _change(half_life, -math.inf, 0.0))
    x = np.exp(-math.log(2) * 24 / half_life * np.maximum(HOURLY, 0))
    assert off == pytest.approx(1 / (1 + (1 / left - 1) * x))


CASES = {
    "ciprofloxacin for a week": (TIZANIDINE, [Taking(ingredient="ciprofloxacin", starts_in_days=0, stops_in_days=7)]),
    "fluvoxamine stopped": (TIZANIDINE, [Taking(ingredient="fluvoxamine", stopped_days=2)]),
    "rifampicin begun": (DIAZEPAM, [Taking(ingredient="rifampin", daily_mg=600, starts_in_days=1)]),
    "omeprazole stopped, clarithromycin begun": (DIAZEPAM, [Taking(ingredient="omeprazole", daily_mg=40, stops_in_days=3), Taking(ingredient="clarithromycin", starts_in_days=5, stops_in_days=12)]),
    "begun and stopped long ago": (DIAZEPAM, [Taking(ingredient="fluvoxamine", since_days=900, stopped_days=300)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("tolerance", [TOLERANCE, 0.15])
def test_the_steps_lie_near_the_smooth_course(name: str, tolerance: float) -> None:
    card, takings = CASES[name]
    found = changes(card, KNOWN, takings)
    steps = alterations(card, found, KNOWN, tolerance=tolerance)
    days = np.linspace(-28, 28, 40_001)
    reaching, ratios = smooth(card, found, KNOWN, np.concatenate([[-400.0], days]))
    at = np.searchsorted([s.start / 24 for s in steps], days, side="right") - 1
    assert at.min() == 0
    given = np.array([steps[i].reaching for i in at])
    events = [e for c in found for e in (c.starts, c.stops)]
    fair = np.min([np.abs(days - e) for e in events], axis=0) > 1e-3
    assert np.abs(np.log(given / reaching[1:]))[fair].max() < tolerance * 1.15
    for parameter, smoothed in ratios.items():
        given = np.array([steps[i].ratios[parameter] for i in at])
        assert np.abs(np.log(given / smoothed[1:]))[fair].max() < tolerance * 1.15


def test_before_it_starts_nothing_is_changed_and_long_after_it_nothing_is_left() -> None:
    card, takings = CASES["ciprofloxacin for a week"]
    steps = alterations(card, changes(card, KNOWN, takings), KNOWN)
    assert (steps[0].start, steps[0].reaching, steps[0].log_sd, set(steps[0].ratios.values())) == (
        -28 * 24.0,
        1.0,
        0.0,
        {1.0},
    )
    assert steps[1].start == 0.0
    assert steps[-1].reaching == pytest.approx(1.0, abs=0.06)
    fullest = max(steps, key=lambda s: s.reaching)
    assert 9 < fullest.reaching <= 10.5 and fullest.log_sd > 0.3


def test_the_day_of_reference_moves_every_step() -> None:
    card, takings = CASES["rifampicin begun"]
    found = changes(card, KNOWN, takings)
    here, later = alterations(card, found, KNOWN), alterations(card, found, KNOWN, at=3.0, days=(-31.0, 25.0))
    assert [s.start - 72 for s in here] == pytest.approx([s.start for s in later])


def test_minutes_are_the_cards_own_unit() -> None:
    card, takings = CASES["rifampicin begun"]
    found = changes(card, KNOWN, takings)
    quick = msgspec.structs.replace(card, time="min")
    starts = [s.start for s in alterations(card, found, KNOWN)]
    assert [s.start for s in alterations(quick, found, KNOWN)] == pytest.approx([60 * s for s in starts])


def test_what_the_card_carries_is_not_counted_twice() -> None:
    """A smoker on the card who stops: the curve moves from the smoker's to the other's, a third more exposure, in the enzyme's time."""
    smoking = Taking(ingredient=SMOKE, stops_in_days=0)
    steps = alterations(
        TIZANIDINE, changes(TIZANIDINE, KNOWN, [], smoking=smoking, covariates={"smoker": True}), KNOWN, tolerance=0.01
    )
    assert steps[0].reaching == pytest.approx(1, abs=1e-4) and steps[0].ratios["CL"] == pytest.approx(1, abs=1e-4)
    assert steps[0].log_sd == pytest.approx(0, abs=1e-4)
    exposure = [s.reaching / sum(w * s.ratios[p] for p, w in ways_out(TIZANIDINE).items()) for s in steps]
    assert exposure == sorted(exposure)
    assert exposure[-1] == pytest.approx(1 / 0.67, rel=0.02)
    half = next(s.start for s, e in zip(steps, exposure, strict=True) if 1 / (0.67 * e) < 1 + (1 / 0.67 - 1) / 2)
    assert half == pytest.approx(TURNOVER, rel=0.25)
    after = alterations(TIZANIDINE, changes(TIZANIDINE, KNOWN, [], smoking=Taking(ingredient=SMOKE, stopped_days=60), covariates={"smoker": False}), KNOWN)  # fmt: skip
    assert [s.reaching for s in after] == pytest.approx([1.0], abs=1e-3)


def test_smoke_in_a_card_that_was_not_told_is_wholly_in_the_steps() -> None:
    found = changes(TIZANIDINE, KNOWN, [], smoking=Taking(ingredient=SMOKE))
    (only,) = alterations(TIZANIDINE, found, KNOWN)
    assert only.reaching / only.ratios["CL"] == pytest.approx(0.67, rel=1e-6)


def test_a_window_has_a_length_and_a_tolerance_is_above_nought() -> None:
    with pytest.raises(InputError, match="window"):
        alterations(TIZANIDINE, (), KNOWN, days=(1.0, 1.0))
    with pytest.raises(InputError, match="tolerance"):
        alterations(TIZANIDINE, (), KNOWN, tolerance=0.0)
    (nothing,) = alterations(TIZANIDINE, (), KNOWN)
    assert nothing.reaching == 1.0 and set(nothing.ratios.values()) == {1.0} and nothing.log_sd == 0.0


def test_an_inhibitor_that_leaves_less_than_the_other_ways_carry_still_washes_out() -> None:
    """33-fold is more than CYP1A2 carries of tizanidine: what is beyond it must not hold the enzyme at nothing for good."""
    found = changes(TIZANIDINE, KNOWN, [Taking(ingredient="fluvoxamine", since_days=60, stops_in_days=0)])
    assert all(a.oral > 0 for c in found for a in c.acts)
    reaching, ratios = smooth(TIZANIDINE, found, KNOWN, np.arange(-61.0, 31.0, 0.25))
    assert reaching[200] / ratios["CL"][200] == pytest.approx(33, rel=1e-3)
    assert reaching[-1] / ratios["CL"][-1] == pytest.approx(1, rel=0.01)


def test_a_second_inhibitor_of_an_enzyme_that_is_held_adds_little() -> None:
    """Disulfiram's 6.7-fold is all that CYP2E1 carries of chlorzoxazone: isoniazid cannot double it."""
    card = KNOWN.models["chlorzoxazone-adult-savary-1998"]
    days = np.array([0.0])

    def exposure(*names: str) -> float:
        found = changes(card, KNOWN, [Taking(ingredient=n) for n in names])
        reaching, ratios = smooth(card, found, KNOWN, days)
        return float(reaching[0] / sum(w * ratios[p][0] for p, w in ways_out(card).items()))

    assert exposure("disulfiram", "isoniazid") < 1.2 * exposure("disulfiram")
