"""Doses gathered into runs: the same concentrations and slopes as dose by dose, near equal rates too."""

from __future__ import annotations

import numpy as np
import pytest

from relaxant.pharmacology.estimation.unit_response import Way, flat, responded, runs_of
from relaxant.pharmacology.kinetics.disposition import two_compartments

TIMES = np.array([[0.0, 3.0], [5.0, 8.0], [47.0, 60.0], [300.0, 8.0 * 30]])


def doses(kind: str) -> tuple[np.ndarray, np.ndarray]:
    regular = np.arange(30.0) * 8
    if kind == "regular":
        at, amount = np.column_stack((regular, regular + 0.5)), np.full((30, 2), 20.0)
    elif kind == "changed on the way":
        at, amount = np.column_stack((regular, np.where(np.arange(30) < 9, regular, regular + 4))), np.full((30, 2), 20.0)  # fmt: skip
        amount[12:, 0] = 30.0
    else:
        at = np.column_stack((regular + np.random.default_rng(1).uniform(0, 3, 30), regular))
        amount = np.random.default_rng(2).choice([10.0, 20.0], (30, 2))
    at, amount = at.copy(), amount.copy()
    at[-1, 1] = amount[-1, 1] = np.nan
    return at, amount


def one_by_one(parts: dict[str, np.ndarray], at: np.ndarray, amount: np.ndarray) -> np.ndarray:
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 40
    out = np.zeros(TIMES.shape)
    for (i, person), time in np.ndenumerate(TIMES):
        total = mp.mpf(0)
        for given, dose in zip(at[:, person], amount[:, person], strict=True):
            if np.isnan(given) or given > time:
                continue
            t = mp.mpf(float(time)) - mp.mpf(float(given))
            for j in range(2):
                r, w = mp.mpf(parts[f"rate {j}"][person]), mp.mpf(parts[f"weight {j}"][person])
                if "absorption" not in parts:
                    total += dose * w * mp.exp(-r * t)
                    continue
                a = mp.mpf(parts["absorption"][person])
                total += dose * w * (a * t * mp.exp(-r * t) if a == r else a * (mp.exp(-r * t) - mp.exp(-a * t)) / (a - r))  # fmt: skip
        out[i, person] = float(total) * parts.get("reaching", np.ones(2))[person]
    return out


@pytest.mark.parametrize("kind", ["regular", "changed on the way", "irregular"])
@pytest.mark.parametrize("gap", [None, 0.0, 1e-9, 1e-4, 3e-3, 0.05, 5.0])
@pytest.mark.parametrize("reaching", [1.0, np.array([0.6, 0.9])], ids=["all of it", "their own shares"])
def test_runs_are_the_doses_one_by_one_with_their_slopes(
    kind: str, gap: float | None, reaching: float | np.ndarray
) -> None:
    at, amount = doses(kind)
    runs = runs_of(at, amount, TIMES)
    assert runs.series == (kind != "irregular") and (runs.amount.shape[1] < 5) == runs.series
    person = two_compartments(np.array([10.0, 4.0]), 50.0, 5.0, 40.0)
    absorption = None if gap is None else person.rates[1] * (1 + gap)
    parts = flat(Way(person, absorption, reaching))
    assert ("reaching" in parts) == isinstance(reaching, np.ndarray)
    found = responded(parts, runs, 2, slopes=True)
    np.testing.assert_allclose(found.value, one_by_one(parts, at, amount), rtol=2e-11, atol=1e-14)
    np.testing.assert_allclose(responded(parts, runs, 2, slopes=False).value, found.value, rtol=1e-14)
    for name, slope in found.slopes.items():
        step = 1e-3 * parts[name]
        moved = [one_by_one({**parts, name: parts[name] + k * step}, at, amount) for k in (-2, -1, 1, 2)]
        want = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / (12 * step)
        np.testing.assert_allclose(slope, want, rtol=1e-7, atol=1e-9 * np.abs(want).max())


def test_what_nobody_was_given_is_nothing() -> None:
    runs = runs_of(np.array([[50.0]]), np.array([[10.0]]), np.array([[1.0], [2.0]]))
    found = responded(flat(Way(two_compartments(10.0, 50.0, 5.0, 40.0), np.array([1.0]))), runs, 2, slopes=True)
    assert (found.value == 0).all()
