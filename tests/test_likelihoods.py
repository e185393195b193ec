"""Likelihoods of scores and counts: against SciPy and extended precision, their slopes by differences, their information by sums."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import stats

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.likelihoods import (
    counts,
    ordinal,
    simulated_counts,
    simulated_ordinal,
)

RNG = np.random.default_rng(7)
CUTS = [-2.0, -0.5, 0.25, 3.0]
MEANS = 10.0 ** RNG.uniform(-3, 3, (6, 40))
COUNTED = RNG.poisson(MEANS).astype(float)
LOGITS = RNG.uniform(-6, 6, (6, 40))
SCORES = RNG.integers(0, 5, LOGITS.shape).astype(float)

EVERY = {
    "poisson": (MEANS, COUNTED, counts),
    "negative binomial": (MEANS, COUNTED, lambda f, y: counts(f, y, dispersion=0.7)),
    "ordinal": (LOGITS, SCORES, lambda f, y: ordinal(f, y, cuts=CUTS)),
}


@pytest.mark.parametrize("name", EVERY)
def test_the_slope_is_that_of_the_value_and_the_curvature_is_positive(name: str) -> None:
    f, y, terms = EVERY[name]
    value, slope, curvature = terms(f, y)
    assert value.shape == slope.shape == curvature.shape == f.shape
    step = 1e-5 * np.maximum(np.abs(f), 1e-2)
    twice = [(terms(f + k * step, y)[0] - terms(f - k * step, y)[0]) / (2 * k * step) for k in (1, 2)]
    by_difference = (4 * twice[0] - twice[1]) / 3
    np.testing.assert_allclose(slope, by_difference, rtol=2e-6, atol=2e-6 * np.abs(slope).max() * 1e-3)
    assert (curvature > 0).all()


@pytest.mark.parametrize("name", EVERY)
def test_what_was_not_observed_counts_nothing(name: str) -> None:
    f, y, terms = EVERY[name]
    unseen = y.copy()
    unseen[::2] = np.nan
    with_all, with_some = terms(f, y), terms(f, unseen)
    for whole, some in zip(with_all, with_some, strict=True):
        assert (some[::2] == 0).all()
        np.testing.assert_array_equal(some[1::2], whole[1::2])


def test_values_are_those_of_scipy() -> None:
    np.testing.assert_allclose(counts(MEANS, COUNTED)[0], -2 * stats.poisson(MEANS).logpmf(COUNTED), rtol=1e-9)
    size = 1 / 0.7
    nb = stats.nbinom(size, size / (size + MEANS))
    np.testing.assert_allclose(counts(MEANS, COUNTED, dispersion=0.7)[0], -2 * nb.logpmf(COUNTED), rtol=1e-9, atol=1e-9)  # fmt: skip
    edges = np.concatenate(([-np.inf], CUTS, [np.inf]))
    chance = stats.logistic.cdf(edges[SCORES.astype(int) + 1] - LOGITS) - stats.logistic.cdf(edges[SCORES.astype(int)] - LOGITS)  # fmt: skip
    np.testing.assert_allclose(ordinal(LOGITS, SCORES, cuts=CUTS)[0], -2 * np.log(chance), rtol=1e-9)


@pytest.mark.parametrize("dispersion", [0.0, 1e-300, 1e-12, 1e-6, 9.9e-4, 1.01e-3, 0.1, 3.0, 1e4])
@pytest.mark.parametrize(("mean", "count"), [(1e-8, 0), (1e-8, 3), (0.7, 0), (5.0, 4), (900.0, 1000), (3.0, 40_000)])
def test_counts_keep_their_digits_down_to_poissons_limit(dispersion: float, mean: float, count: int) -> None:
    with mpmath.workdps(400):
        m, y, a = mpmath.mpf(mean), mpmath.mpf(count), mpmath.mpf(dispersion)
        if a == 0:
            want = y * mpmath.log(m) - m - mpmath.loggamma(y + 1)
        else:
            r = 1 / a
            rising = mpmath.loggamma(y + r) - mpmath.loggamma(r)
            want = rising - mpmath.loggamma(y + 1) + r * mpmath.log(r / (r + m)) + y * mpmath.log(m / (r + m))
        slope = y / m - (1 + a * y) / (1 + a * m)
    got = counts(mean, count, dispersion=dispersion)
    assert float(got[0]) == pytest.approx(float(-2 * want), rel=1e-11, abs=1e-9)
    assert float(got[1]) == pytest.approx(float(-2 * slope), rel=1e-12)


@pytest.mark.parametrize("logit", [-700.0, -40.0, 0.0, 40.0, 700.0])
def test_a_score_hardly_allowed_keeps_its_digits(logit: float) -> None:
    cuts = [-1.0, -1.0 + 1e-9, 2.0]
    with mpmath.workdps(400):
        inner = [mpmath.mpf(c) for c in cuts]

        def up_to(k: int) -> mpmath.mpf:
            return mpmath.mpf(k >= 0) if k < 0 or k > 2 else 1 / (1 + mpmath.exp(mpmath.mpf(logit) - inner[k]))

        want = [-2 * mpmath.log(up_to(k) - up_to(k - 1)) for k in range(4)]
    got = ordinal(np.full(4, logit), np.arange(4), cuts=cuts)
    for k in range(4):
        assert float(got[0][k]) == pytest.approx(float(want[k]), rel=1e-9 if k != 1 else 1e-6, abs=1e-300)
    assert np.isfinite(got[1]).all()


def _expected(chances: np.ndarray, slopes: np.ndarray) -> float:
    """Twice the information: the mean square of the score, which is half of minus the slope of twice the log likelihood."""
    return float(2 * (chances * (slopes / 2) ** 2).sum())


def test_the_curvature_is_twice_the_expected_information() -> None:
    ys = np.arange(4000.0)
    for mean, a in ((0.4, 0.0), (6.0, 0.5), (40.0, 2.0)):
        value, slope, curvature = counts(np.full(ys.shape, mean), ys, dispersion=a)
        assert np.exp(-value / 2).sum() == pytest.approx(1, rel=1e-9)
        assert curvature[0] == pytest.approx(_expected(np.exp(-value / 2), slope), rel=1e-7)
    for logit in (-3.0, 0.2, 4.0):
        value, slope, curvature = ordinal(np.full(5, logit), np.arange(5.0), cuts=CUTS)
        assert np.exp(-value / 2).sum() == pytest.approx(1, rel=1e-12)
        assert curvature[0] == pytest.approx(_expected(np.exp(-value / 2), slope), rel=1e-10)


def test_simulated_observations_have_the_distribution_and_the_seed_decides() -> None:
    people = 200_000
    for dispersion in (0.0, 0.6):
        spasms = simulated_counts(np.full(people, 3.0), dispersion=dispersion, seed=3)
        ks = np.arange(60.0)
        chances = np.exp(-counts(np.full(60, 3.0), ks, dispersion=dispersion)[0] / 2)
        expected = chances * people
        kept = expected > 5
        have = np.array([(spasms == k).sum() for k in ks])
        square = ((have - expected)[kept] ** 2 / expected[kept]).sum()
        assert stats.chi2(kept.sum() - 1).sf(square) > 1e-3
    scores = simulated_ordinal(np.full(people, 0.7), cuts=CUTS, seed=4)
    expected = np.exp(-ordinal(np.full(5, 0.7), np.arange(5.0), cuts=CUTS)[0] / 2) * people
    have = np.array([(scores == k).sum() for k in range(5)])
    assert stats.chi2(4).sf(((have - expected) ** 2 / expected).sum()) > 1e-3
    again = simulated_counts(np.full(people, 3.0), dispersion=0.6, seed=3)
    np.testing.assert_array_equal(again, spasms)


def test_a_mean_of_nothing_allows_no_count_but_zero() -> None:
    for terms in (counts(0.0, 0.0), counts(0.0, 0.0, dispersion=2.0)):
        assert (terms[0], terms[1]) == (pytest.approx(0, abs=1e-280), pytest.approx(2))
    impossible = counts(0.0, 3.0)
    assert impossible[0] > 1000 and impossible[1] < -1e100 and np.isfinite(impossible).all()


def test_cuts_of_each_person() -> None:
    own = np.stack([np.linspace(-1, 1, 40), np.linspace(2, 4, 40)])
    together = ordinal(LOGITS, np.minimum(SCORES, 2), cuts=own[:, None, :])
    for person in (0, 13, 39):
        alone = ordinal(LOGITS[:, person], np.minimum(SCORES[:, person], 2), cuts=own[:, person])
        for t, a in zip(together, alone, strict=True):
            np.testing.assert_allclose(t[:, person], a, rtol=1e-14)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: counts([1.0, 2.0], [1.0, 2.0, 3.0]), "observed"),
        (lambda: counts([-1.0], [1.0]), "predicted"),
        (lambda: counts([1.0], [1.5]), "observed"),
        (lambda: counts([1.0], [1.0], dispersion=-0.1), "dispersion"),
        (lambda: ordinal([0.0], [0.0], cuts=[1.0, 1.0]), "cuts"),
        (lambda: ordinal([0.0], [3.0], cuts=[0.0, 1.0]), "observed"),
    ],
)
def test_what_cannot_be_names_the_field(wrong, field: str) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    assert caught.value.field == field
