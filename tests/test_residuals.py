"""How levels scatter: against SciPy's distributions, with slopes by differences, far below the limit and far out."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.residuals import (
    level_terms,
    log_student_below,
    normal_tail,
    residual_error,
)

PREDICTED = np.array([0.05, 0.4, 1.0, 3.0, 20.0])[:, None]
OBSERVED = np.array([0.3, 1.0, 3.0, 0.0])[None]
LIMIT = np.array([np.nan, np.nan, np.nan, 0.4])[None]


@pytest.mark.parametrize("degrees", [None, 1.0, 2.5, 4.0, 30.0])
@pytest.mark.parametrize(("proportional", "additive"), [(0.2, 0.1), (0.0, 0.3), (0.24, 0.0)])
def test_terms_are_the_distributions_with_their_slopes(degrees, proportional: float, additive: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    error = residual_error(proportional, additive, degrees)
    value, slope, curvature = level_terms(error, PREDICTED, OBSERVED, LIMIT)
    sd = np.sqrt((proportional * PREDICTED) ** 2 + additive**2)
    law = stats.norm if degrees is None else stats.t(degrees)
    want = -2 * np.where(OBSERVED < LIMIT, law.logcdf((LIMIT - PREDICTED) / sd), law.logpdf((OBSERVED - PREDICTED) / sd) - np.log(sd))  # fmt: skip
    constant = (want - value)[:, :3]
    np.testing.assert_allclose(constant, constant[0, 0], atol=1e-9)
    np.testing.assert_allclose(value[:, 3], want[:, 3], rtol=1e-9)
    step = 1e-3 * PREDICTED
    terms = [level_terms(error, PREDICTED + k * step, OBSERVED, LIMIT) for k in (-2, -1, 1, 2)]

    def by_differences(which: int) -> np.ndarray:
        a, b, c, d = (t[which] for t in terms)
        return (a - 8 * b + 8 * c - d) / (12 * step)

    np.testing.assert_allclose(slope, by_differences(0), rtol=1e-5, atol=1e-5)
    assert (curvature > 0).all()
    bend = by_differences(1)
    told = np.broadcast_to(OBSERVED >= 0.3, bend.shape)  # below the limit it is an expectation
    assert (curvature >= bend - 1e-3 * np.abs(bend))[told].all()
    assert np.isclose(curvature, bend, rtol=1e-3)[told].any()  # and no more than that where it bends enough


def test_an_outlier_pulls_less_the_further_out_it_lies() -> None:
    heavy, normal = residual_error(0.0, 1.0, 4.0), residual_error(0.0, 1.0)
    far = np.array([2.0, 5.0, 50.0])
    pull = [np.abs(level_terms(e, np.zeros(3), far)[1]) for e in (heavy, normal)]
    assert (np.diff(pull[0]) < 0).all() and (np.diff(pull[1]) > 0).all()


@pytest.mark.parametrize("degrees", [None, 4.0])
def test_a_prediction_of_nothing_is_very_unlikely_and_still_a_number(degrees) -> None:
    nothing = np.array([0.0, 1e-300, 1e-70, 1e-59])[:, None]
    for terms in level_terms(residual_error(0.2, 0.0, degrees), nothing, OBSERVED, LIMIT):
        assert np.isfinite(terms).all()


def test_many_degrees_of_freedom_are_normal() -> None:
    for heavy, normal in zip(level_terms(residual_error(0.2, 0.1, 1e7), PREDICTED, OBSERVED), level_terms(residual_error(0.2, 0.1), PREDICTED, OBSERVED), strict=True):  # fmt: skip
        np.testing.assert_allclose(heavy, normal, rtol=1e-4)


def test_tails_keep_their_digits() -> None:
    stats = pytest.importorskip("scipy.stats")
    z = np.linspace(-60, 8, 69)
    np.testing.assert_allclose(normal_tail(z)[0], stats.norm.logcdf(z), rtol=1e-11)
    for degrees in (1.0, 3.0, 8.0, 100.0):
        np.testing.assert_allclose(log_student_below(z, degrees)[0], stats.t.logcdf(z, degrees), atol=1e-9)


@pytest.mark.parametrize("off", [-400.0, -60.0, -13.0, -12.0, -11.9, -3.0, 0.0, 5.0, 9.0, 30.0])
def test_a_level_below_the_limit_keeps_its_digits_in_the_tails(off: float) -> None:
    """The limit lies so many standard deviations above the prediction."""
    with mpmath.workdps(500):
        z = mpmath.mpf(off)
        chance = mpmath.ncdf(z)
        hazard = mpmath.npdf(z) / chance
        want = [-2 * mpmath.log(chance), 2 * hazard, 2 * hazard * (hazard + z)]
    got = level_terms(residual_error(0.0, 1.0), np.array([100.0 - off]), np.zeros(1), np.full(1, 100.0))
    for have, should in zip(got, want, strict=True):
        assert have[0] == pytest.approx(float(should), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("wrong", [(0.0, 0.0, None), (-0.1, 0.2, None), (np.nan, 0.1, None), (0.1, 0.1, 0.5), (0.1, np.inf, None)])  # fmt: skip
def test_an_error_that_is_none_is_refused(wrong) -> None:
    with pytest.raises(InputError):
        residual_error(*wrong)
