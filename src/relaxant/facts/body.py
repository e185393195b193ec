"""Body size: body mass index, ideal, adjusted and lean weight, body surface area.

Every function works element by element over float64 arrays and broadcasts. NaN is unknown: NaN in, NaN out, and NaN
where an input is impossible (zero, negative, infinite) or the person is outside the equation's population. Weight is
in kg, height in cm, age in years; ``female`` is 1 for female, 0 for male, NaN for unknown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from relaxant.facts.column import Floats, only

ADULT_YEARS = 18.0
"""The age from which the adult equations are used (CKD-EPI 2021, KDIGO)."""

CM_PER_INCH = 2.54
DEVINE_INCHES = 60.0
DEVINE_CM = DEVINE_INCHES * CM_PER_INCH
"""152.4 cm, the height at which Devine's formula starts."""

_ZERO, _ONE, _UNKNOWN = np.array(0.0), np.array(1.0), np.array(np.nan)  # made once: NumPy takes a Python number slowly


def positive(values: ArrayLike) -> Floats:
    """Measurements as float64, with what no measurement can be (zero, negative, infinite) unknown.

    >>> positive([70, 0, -1, float("inf"), float("nan")]).tolist()
    [70.0, nan, nan, nan, nan]
    """
    array = np.asarray(values, dtype=np.float64)
    return only(np.isfinite(array) & (array > _ZERO), array)


def within(values: ArrayLike, low: float, below: float) -> Floats:
    """Values from ``low`` up to, not including, ``below``; unknown outside.

    >>> within([17.9, 18, 92, 140], 18, 140).tolist()
    [nan, 18.0, 92.0, nan]
    """
    array = np.asarray(values, dtype=np.float64)
    return only((array >= low) & (array < below), array)


def by_sex(female: ArrayLike, for_female: float, for_male: float) -> Floats:
    """The coefficient of each row's sex; unknown where ``female`` is neither 1 nor 0.

    >>> by_sex([1, 0, float("nan")], 0.85, 1.0).tolist()
    [0.85, 1.0, nan]
    """
    array = np.asarray(female, dtype=np.float64)
    return np.where(array == _ONE, for_female, np.where(array == _ZERO, for_male, _UNKNOWN))


def known(values: ArrayLike) -> Floats:
    """A result as an array, unknown where the arithmetic left the range of a float."""
    array = np.asarray(values, dtype=np.float64)
    return only(np.isfinite(array), array)


def body_mass_index(weight: ArrayLike, height: ArrayLike) -> Floats:
    """Body mass index in kg/m2 from weight (kg) and height (cm): weight over height in metres squared (Quetelet).

    >>> body_mass_index([70, 70], [175, float("nan")]).round(2).tolist()
    [22.86, nan]
    """
    with np.errstate(all="ignore"):
        return known(positive(weight) / np.square(positive(height) / 100))


def ideal_body_weight(height: ArrayLike, female: ArrayLike, age: ArrayLike) -> Floats:
    """Ideal body weight in kg of an adult by Devine, from height (cm), sex and age (years).

    50 kg (male) or 45.5 kg (female) plus 2.3 kg for each inch over 5 feet. Devine gives no value under 5 feet (152.4
    cm) and none for children; extrapolating downwards is custom, not evidence, so both are unknown here, and so is
    unknown age.

    Source: Devine BJ. Gentamicin therapy. Drug Intell Clin Pharm 1974;8:650-655. Seen as restated by ClinCalc
    (clincalc.com/kinetics/IdealBW.aspx), which notes that the equation "lacks a scientific basis" though it is the
    standard.

    >>> ideal_body_weight([177.8, 167.64, 150], [0, 1, 1], [40, 40, 40]).round(2).tolist()
    [73.0, 59.3, nan]
    """
    inches = within(height, DEVINE_CM, np.inf) / CM_PER_INCH
    adult = within(age, ADULT_YEARS, np.inf) * 0
    return known(by_sex(female, 45.5, 50.0) + 2.3 * (inches - DEVINE_INCHES) + adult)


def adjusted_body_weight(actual: ArrayLike, ideal: ArrayLike) -> Floats:
    """Adjusted body weight in kg: ideal plus 0.4 of what the person weighs above it (all in kg).

    Unknown where actual is under ideal: there is no excess to adjust.

    Source for the factor 0.4 with Cockcroft-Gault: Winter MA, Guhr KN, Berg GM. Pharmacotherapy 2012;32:604-612
    (doi:10.1002/j.1875-9114.2012.01098.x), seen as restated by MDCalc's creatinine clearance page and by ClinCalc.

    >>> adjusted_body_weight([123, 60], [73, 73]).round(2).tolist()
    [93.0, nan]
    """
    real, target = positive(actual), positive(ideal)
    return known(np.where(real >= target, target + 0.4 * (real - target), np.nan))


def lean_body_weight(weight: ArrayLike, height: ArrayLike, female: ArrayLike, age: ArrayLike) -> Floats:
    """Lean body weight (fat-free mass) in kg of an adult by Janmahasatian, from weight (kg), height (cm), sex and age.

    Male 9270 W / (6680 + 216 BMI), female 9270 W / (8780 + 244 BMI). It rises with weight at every size, unlike
    James' equation. Derived in adults; unknown under 18. Paralysis and amputation (less muscle for the same size) are
    not in it.

    Source: Janmahasatian S, Duffull SB, Ash S, Ward LC, Byrne NM, Green B. Quantification of lean bodyweight. Clin
    Pharmacokinet 2005;44:1051-1065 (doi:10.2165/00003088-200544100-00004), coefficients seen as restated elsewhere.

    >>> lean_body_weight([110, 70], [178, 165], [0, 1], [50, 50]).round(1).tolist()
    [71.9, 43.1]
    """
    adult = within(age, ADULT_YEARS, np.inf) * 0
    with np.errstate(all="ignore"):
        bmi = body_mass_index(weight, height)
        below = by_sex(female, 8780.0, 6680.0) + by_sex(female, 244.0, 216.0) * bmi
        return known(9270.0 * positive(weight) / below + adult)


def body_surface_area(weight: ArrayLike, height: ArrayLike) -> Floats:
    """Body surface area in m2 by Mosteller, from weight (kg) and height (cm): the root of (height x weight / 3600).

    Used for children and adults: Du Bois' equation, from nine people, falls short in obesity by up to 20 % (Livingston EH,
    Lee S. Am J Physiol Endocrinol Metab 2001;281:E586-E591, abstract seen).

    Source: Mosteller RD. Simplified calculation of body-surface area. N Engl J Med 1987;317:1098, seen as restated by
    GlobalRPh (globalrph.com/bsa2.htm).

    >>> body_surface_area([70, 80], [170, 180]).round(3).tolist()
    [1.818, 2.0]
    """
    with np.errstate(all="ignore"):
        return known(np.sqrt(positive(height) * positive(weight) / 3600))
