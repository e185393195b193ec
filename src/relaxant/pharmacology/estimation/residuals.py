"""How an observation scatters around what was predicted, as a likelihood: levels, levels below the limit of quantification, outliers.

A likelihood is a function of what was predicted and what was observed that gives, number by number, twice the negative logarithm of
the probability (up to a constant), its first derivative by the prediction, and a curvature by the prediction that is positive.
The walk to a person's most probable parameters needs no more of an observation, whatever its kind: a level, a count, a score.

Levels scatter by a share of the prediction and by a constant together, evaluated at the prediction. With ``degrees`` the
scatter is Student's: an outlier then pulls the less the further out it lies. A level below the limit of quantification counts by
the probability to be there (the M3 method of Beal 2001), under the same scatter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.estimation.likelihoods import Terms

Floats = NDArray[np.float64]
Likelihood = Callable[[Floats, Floats], Terms]
"""(predicted, observed) -> (twice the negative log likelihood, its first derivative by predicted, a positive curvature by predicted).

Arrays of one shape or that broadcast, ``predicted`` of (observations, people or draws)."""

_TINY = float(np.finfo(np.float64).tiny)
_LEAST_VARIANCE = 1e-120  # so small, and its inverse times any residual is still a number
_LEAST = 0.05  # of the expected curvature: where the observed one is less, or bends the other way
_FEWEST_DEGREES = 1.0  # under it even the interval of a level alone has no sense
_TAIL = 12.0  # standard deviations: beyond, the expansion of the tail has all digits
_TAIL_TERMS = 12
_LOG_TWO_PI = math.log(2 * math.pi)
_POINTS = 64  # of the rule for Student's tail


class ResidualError(msgspec.Struct, frozen=True):
    """The residual's standard deviation: ``proportional`` (a share of the prediction) and ``additive`` (in the output's unit).

    ``degrees`` makes it Student's with so many degrees of freedom, the standard deviation its scale; ``None`` is normal.
    """

    proportional: float = 0.0
    additive: float = 0.0
    degrees: float | None = None


def residual_error(proportional: float = 0.0, additive: float = 0.0, degrees: float | None = None) -> ResidualError:
    """A residual error, checked. Raises :class:`InputError` for one of nothing and for degrees of freedom under 1."""
    if not (0 <= proportional < math.inf and 0 <= additive < math.inf and proportional + additive > 0):
        raise InputError("residual", f"{proportional:g}, {additive:g}", "nothing would be uncertain", "give one above 0")  # fmt: skip
    if degrees is not None and not degrees >= _FEWEST_DEGREES:
        raise InputError("degrees", degrees, "it is no number of degrees of freedom", "give 1 or more, such as 4")
    return ResidualError(proportional, additive, None if degrees == math.inf else degrees)


def spread(error: ResidualError, predicted: Floats) -> Floats:
    """The standard deviation (Student's: the scale) of a level around what was predicted. Shape of ``predicted``."""
    return np.sqrt(np.maximum((error.proportional * predicted) ** 2 + error.additive**2, _LEAST_VARIANCE))


def of_levels(error: ResidualError, limit: Floats | None = None) -> Likelihood:
    """The likelihood of levels. Below ``limit`` (NaN: none) an observation counts as below, whatever it is."""

    def likelihood(predicted: Floats, observed: Floats) -> Terms:
        return level_terms(error, predicted, observed, limit)

    return likelihood


def level_terms(error: ResidualError, predicted: Floats, observed: Floats, limit: Floats | None = None) -> Terms:
    """Twice the negative log likelihood of levels, its slope and a positive curvature, by the prediction. Shape of ``predicted``."""
    share = error.proportional**2
    variance = np.maximum(share * predicted * predicted + error.additive**2, _LEAST_VARIANCE)
    each = 1 / variance
    growth = (2 * share) * predicted * each  # the variance's slope over itself
    bend = (2 * share) * each - growth * growth  # of the variance's logarithm
    off = observed - predicted
    scaled = off * each
    distance = off * scaled  # z, the square of the standardised residual
    first = -2 * scaled - distance * growth  # of z
    second = 2 * each + 4 * scaled * growth + distance * (growth * growth - bend)
    if error.degrees is None:
        value, slope, expected = distance + np.log(variance), first + growth, 2 * each + growth * growth
        observed_bend = second + bend
    else:
        nu = error.degrees
        heavy = (nu + 1) / (nu + distance)
        value = (nu + 1) * np.log1p(distance / nu) + np.log(variance)
        slope = heavy * first + growth
        observed_bend = heavy * second - heavy * first * (first / (nu + distance)) + bend
        expected = (2 * (nu + 1) * each + nu * growth * growth) / (nu + 3)
    curvature = np.maximum(observed_bend, _LEAST * expected)
    if limit is not None and (below := observed < limit).any():
        under = _below(error, predicted, limit, np.sqrt(variance), growth)
        value, slope, curvature = (np.where(below, b, a) for a, b in zip((value, slope, curvature), under, strict=True))
    return value, slope, curvature


def _below(error: ResidualError, predicted: Floats, limit: Floats, deviation: Floats, growth: Floats) -> Terms:
    """The terms of a level that is known to be below its limit."""
    z = np.where(np.isnan(limit), 0.0, limit - predicted) / deviation
    slope_z = -1 / deviation - z * growth / 2
    if error.degrees is None:
        log_below, hazard, excess = normal_tail(z)
    else:
        nu = error.degrees
        log_below, log_density = log_student_below(z, nu)
        hazard = np.exp(log_density - log_below)
        excess = np.maximum(hazard + (nu + 1) * z / (nu + z * z), _LEAST * hazard)
    curvature = 2 * hazard * excess * slope_z**2
    return -2 * log_below, -2 * hazard * slope_z, curvature


_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_tail(z: Floats) -> tuple[Floats, Floats, Floats]:
    """Of a standard normal: the logarithm of the chance to be below z, density over that chance, and that plus z (above 0)."""
    far = z < -_TAIL
    x = np.where(far, -z, _TAIL)
    series, term = np.zeros_like(x), np.ones_like(x)  # 1 minus Mills' ratio times x: 1/x² - 3/x⁴ + 15/x⁶ ...
    for k in range(1, _TAIL_TERMS + 1):
        term = -term * (2 * k - 1) / x**2
        series = series - term
    near = np.where(far, 0.0, z)
    beside = np.asarray(_erfc(np.abs(near) / math.sqrt(2)), dtype=np.float64) / 2
    with np.errstate(divide="ignore"):
        log_near = np.where(near > 0, np.log1p(-beside), np.log(beside))
    hazard_near = np.exp(-(near**2) / 2 - _LOG_TWO_PI / 2 - log_near)
    log_far = -(x**2) / 2 - _LOG_TWO_PI / 2 - np.log(x) + np.log1p(-series)
    return (
        np.where(far, log_far, log_near),
        np.where(far, x / (1 - series), hazard_near),
        np.where(far, x * series / (1 - series), hazard_near + near),
    )


@cache
def _rule() -> tuple[Floats, Floats]:
    """Points and weights of Gauss and Legendre."""
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    return np.asarray(points, dtype=np.float64), np.asarray(weights, dtype=np.float64)


def log_student_below(z: Floats, degrees: float) -> tuple[Floats, Floats]:
    """The logarithms of the probability of Student's t below z, and of its density at z.

    The integral of cos(angle) ** (degrees - 1) from -pi/2 to arctan(z / sqrt(degrees)), by Gauss and Legendre on 64 points; above 0
    one minus that of the other side.
    """
    constant = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(degrees * math.pi)
    density = constant - (degrees + 1) / 2 * np.log1p(z * z / degrees)
    # From the tail's end: x = angle + pi/2 runs over (0, width), and cos(angle) is sin(x).
    width = np.arctan2(math.sqrt(degrees), np.abs(z))
    points, weights = _rule()
    angles = np.multiply.outer((points + 1) / 2, width)
    tail = np.tensordot(weights, np.sin(angles) ** (degrees - 1), axes=1) * width / 2
    log_tail = np.log(np.maximum(tail, _TINY)) + constant + 0.5 * math.log(degrees)
    return np.where(z <= 0, log_tail, np.log1p(-np.exp(np.minimum(log_tail, math.log(0.5))))), density
