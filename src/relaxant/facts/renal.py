"""Kidney: creatinine clearance, estimated filtration rates, and how fast creatinine is changing.

Every function works element by element over float64 arrays and broadcasts. NaN is unknown: NaN in, NaN out, and NaN
where an input is impossible or the person is outside the equation's population. Creatinine is in mg/dL by a method
traceable to isotope dilution mass spectrometry, cystatin C in mg/L by one traceable to ERM-DA471/IFCC, age in years,
weight in kg, height in cm; ``female`` is 1 for female, 0 for male, NaN for unknown. All of them suppose a steady
state: none holds while creatinine moves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.facts.body import (
    ADULT_YEARS,
    DEVINE_CM,
    adjusted_body_weight,
    by_sex,
    ideal_body_weight,
    known,
    positive,
    within,
)
from relaxant.facts.column import Floats

STANDARD_BSA = 1.73
"""The body surface area, in m2, that indexed filtration rates are given for."""

CHILD_YEARS = 1.0
"""The age from which the paediatric equations hold: their cohort (CKiD) began at one year."""

_DECIMALS = 9
"""A limit met exactly stays met in binary arithmetic (1.2 - 0.9 is a rise of 0.3)."""

Codes = NDArray[np.int8]


class Chosen(NamedTuple):
    """A value for each row and, as a code, how it was reached; the function that returns it names the codes' words."""

    value: Floats
    code: Codes


COCKCROFT_GAULT_WEIGHTS = (
    "weight unknown",
    "actual weight, not above ideal",
    "ideal weight",
    "adjusted weight, ideal + 0.4 of the excess",
    "actual weight, because height is unknown",
    "actual weight, because no ideal weight is defined (height under 152.4 cm, or sex or age unknown)",
)
"""Words for the codes of :func:`cockcroft_gault_weight`."""

HEIGHT_UNKNOWN = 4
"""The code for actual weight taken because height is unknown."""


def cockcroft_gault_weight(
    actual: ArrayLike, ideal: ArrayLike, adjusted: ArrayLike, bmi: ArrayLike, *, adjust_from_bmi: float = 25.0
) -> Chosen:
    """The weight (kg) to put into Cockcroft-Gault, and which it is (``COCKCROFT_GAULT_WEIGHTS[code]``).

    Actual where it is not above ideal; else ideal under a body mass index of ``adjust_from_bmi``, adjusted (0.4) from
    there on. Without an ideal weight the actual one is used, as Cockcroft and Gault did, and the code says why; it
    flatters the kidney of an obese person, so where only height is missing (code 4) it is the high end of what height
    would settle, and :func:`cockcroft_gault_weight_floor` is the low end. The value never falls as actual weight rises.

    Source: Winter MA, Guhr KN, Berg GM. Impact of various body weights and serum creatinine concentrations on the
    bias and accuracy of the Cockcroft-Gault equation. Pharmacotherapy 2012;32:604-612
    (doi:10.1002/j.1875-9114.2012.01098.x): by class of body mass index, actual when underweight (under 18.5), ideal
    when normal, adjusted by 0.4 when overweight or obese (25 and more); seen as restated by MDCalc, which adds Brown
    DL et al. Ann Pharmacother 2013;47:1039-1044. One departure: a person of normal index who weighs less than ideal
    gets the actual weight (Pharmacy Times, 2 June 2016; GlobalRPh), so that ideal weight never adds clearance. The
    other custom, to adjust from 120 % or 130 % of ideal (ClinCalc), jumps further.

    >>> chosen = cockcroft_gault_weight([60, 74, 123, 80], [73, 73, 73, float("nan")],
    ...                                 [float("nan"), 73.4, 93, float("nan")], [19, 23.4, 38.9, float("nan")])
    >>> chosen.value.tolist(), chosen.code.tolist()
    ([60.0, 73.0, 93.0, 80.0], [1, 2, 3, 4])
    """
    real, target, reduced, index = positive(actual), positive(ideal), positive(adjusted), positive(bmi)
    above = np.where(index < adjust_from_bmi, 2, 3)
    code = np.where(np.isnan(target), 5, np.where(real <= target, 1, above))
    code = np.where(np.isnan(real), 0, np.where(np.isnan(index), 4, code)).astype(np.int8)
    value = np.where(code == 2, target, np.where(code == 3, reduced, real))
    return Chosen(value, code)


def cockcroft_gault_weight_floor(
    actual: ArrayLike, female: ArrayLike, age: ArrayLike, *, adjust_from_bmi: float = 25.0
) -> Floats:
    """The least weight (kg) that :func:`cockcroft_gault_weight` could choose for an adult whose height is unknown.

    With the actual weight as the other end, a missing height widens the clearance instead of raising it. It is reached
    either at 152.4 cm, where Devine's formula starts, or at the height where the index is ``adjust_from_bmi``.

    Source: follows from the rule of :func:`cockcroft_gault_weight`; no further number.

    >>> cockcroft_gault_weight_floor([45, 60, 80], [0, 0, 0], [50, 50, 50]).round(1).tolist()
    [45.0, 52.3, 62.0]
    """
    real = positive(actual)
    with np.errstate(all="ignore"):
        turning_cm = np.maximum(100 * np.sqrt(real / adjust_from_bmi), DEVINE_CM)
        shortest = ideal_body_weight(DEVINE_CM, female, age)
        ideal_there = ideal_body_weight(turning_cm, female, age)
        adjusted = np.where(turning_cm > DEVINE_CM, adjusted_body_weight(real, shortest), np.inf)
        least = np.fmin(np.minimum(ideal_there, real), adjusted)
    return known(np.where(np.isnan(shortest), np.nan, least))


def creatinine_clearance(creatinine: ArrayLike, age: ArrayLike, weight: ArrayLike, female: ArrayLike) -> Floats:
    """Creatinine clearance in mL/min (absolute, not indexed) of an adult by Cockcroft-Gault, the scale of most labels.

    (140 - age) x weight / (72 x creatinine), times 0.85 if female. ``weight`` is the one that
    :func:`cockcroft_gault_weight` chose. Derived in 249 hospital patients of 18 to 92 years, 96 % of them men;
    unknown under 18 and from 140. It was fitted to creatinine before today's standardisation and to actual weight.

    Source: Cockcroft DW, Gault MH. Prediction of creatinine clearance from serum creatinine. Nephron 1976;16:31-41
    (doi:10.1159/000180580), seen as restated by Taber's and MDCalc.

    >>> creatinine_clearance([1.4, 0.9], [65, 45], [70, 60], [0, 1]).round(1).tolist()
    [52.1, 74.8]
    """
    years = within(age, ADULT_YEARS, 140)
    with np.errstate(all="ignore"):
        clearance = (140 - years) * positive(weight) / (72 * positive(creatinine)) * by_sex(female, 0.85, 1.0)
    return known(clearance)


def egfr_ckd_epi_2021(creatinine: ArrayLike, age: ArrayLike, female: ArrayLike) -> Floats:
    """Filtration rate of an adult from creatinine in mL/min/1.73 m2, by CKD-EPI 2021 (no race). Unknown under 18.

    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age x 1.012 if female; k 0.7 and a -0.241 (female), 0.9 and
    -0.302.

    Source: Inker LA, Eneanya ND, Coresh J, et al. N Engl J Med 2021;385:1737-1749 (doi:10.1056/NEJMoa2102953),
    coefficients seen at the National Kidney Foundation (kidney.org/ckd-epi-creatinine-equation-2021).

    >>> egfr_ckd_epi_2021([1.2, 0.9], [55, 55], [0, 1]).round(0).tolist()
    [71.0, 75.0]
    """
    with np.errstate(all="ignore"):
        ratio = positive(creatinine) / by_sex(female, 0.7, 0.9)
        years = within(age, ADULT_YEARS, np.inf)
        return known(
            142.0
            * np.minimum(ratio, 1) ** by_sex(female, -0.241, -0.302)
            * np.maximum(ratio, 1) ** -1.200
            * 0.9938**years
            * by_sex(female, 1.012, 1.0)
        )


def egfr_ckd_epi_cystatin_2012(cystatin_c: ArrayLike, age: ArrayLike, female: ArrayLike) -> Floats:
    """Filtration rate of an adult from cystatin C in mL/min/1.73 m2, by CKD-EPI 2012. Unknown under 18.

    133 x min(Scys/0.8, 1)^-0.499 x max(Scys/0.8, 1)^-1.328 x 0.996^age x 0.932 if female. Owes nothing to muscle mass;
    moved by thyroid disease, glucocorticoids and inflammation.

    Source: Inker LA, Schmid CH, Tighiouart H, et al. N Engl J Med 2012;367:20-29 (doi:10.1056/NEJMoa1114248),
    coefficients seen at the National Kidney Foundation (kidney.org/content/ckd-epi-cystatin-c-equation-2012). The
    2021 paper prints the age factor as 0.9962, which gives 1.2 % more at 60 years; 0.996 is kept, as the Foundation
    prints it for 2012.

    >>> egfr_ckd_epi_cystatin_2012([0.9, 2.0], [55, 55], [0, 1]).round(1).tolist()
    [91.2, 29.4]
    """
    with np.errstate(all="ignore"):
        ratio = positive(cystatin_c) / 0.8
        years = within(age, ADULT_YEARS, np.inf)
        return known(
            133.0
            * np.minimum(ratio, 1) ** -0.499
            * np.maximum(ratio, 1) ** -1.328
            * 0.996**years
            * by_sex(female, 0.932, 1.0)
        )


def egfr_bedside_schwartz_2009(creatinine: ArrayLike, age: ArrayLike, height: ArrayLike) -> Floats:
    """Filtration rate of a child from creatinine and height in mL/min/1.73 m2, by bedside Schwartz 2009.

    0.413 x height (cm) / creatinine. Known from one year to under 18. Derived in 349 children of 1 to 16 years with
    chronic kidney disease (median 41 mL/min/1.73 m2); its authors ask for more data at higher rates. Not equal to
    CKD-EPI at 18.

    Source: Schwartz GJ, Munoz A, Schneider MF, et al. J Am Soc Nephrol 2009;20:629-637 (doi:10.1681/ASN.2008030287),
    abstract seen; ages as the National Kidney Foundation gives them.

    >>> egfr_bedside_schwartz_2009([0.4, 0.4], [4, 18], [100, 100]).round(2).tolist()
    [103.25, nan]
    """
    child = within(age, CHILD_YEARS, ADULT_YEARS) * 0
    with np.errstate(all="ignore"):
        return known(0.413 * positive(height) / positive(creatinine) + child)


def egfr_ckid_u25_cystatin_2021(cystatin_c: ArrayLike, age: ArrayLike, female: ArrayLike) -> Floats:
    """Filtration rate of a child from cystatin C in mL/min/1.73 m2, by CKiD U25. Known here from one year to under 18.

    K / cystatin C; K is 87.2 x 1.011^(age - 15) under 15 and 87.2 x 0.960^(age - 15) from there (male), 79.9 x
    1.004^(age - 12) under 12 and 79.9 x 0.974^(age - 12) from there (female). Made for calibrated assays, so it needs
    none of the 1.17 that the older Schwartz 2012 equation asks for. Derived in children with chronic kidney disease.

    Source: Pierce CB, Munoz A, Ng DK, et al. Kidney Int 2021;99:948-956 (doi:10.1016/j.kint.2020.10.047), abstract
    seen; coefficients and examples seen in the study's own code (github.com/ckidstudy/CKiD_U25).

    >>> egfr_ckid_u25_cystatin_2021([1.3, 1.3, 1.6, 1.6], [11, 11, 15, 15], [0, 1, 0, 1]).round(1).tolist()
    [64.2, 61.2, 54.5, 46.1]
    """
    years = within(age, CHILD_YEARS, ADULT_YEARS)
    male = 87.2 * np.where(years < 15, 1.011, 0.960) ** (years - 15)
    girl = 79.9 * np.where(years < 12, 1.004, 0.974) ** (years - 12)
    with np.errstate(all="ignore"):
        return known((by_sex(female, 0, 1) * male + by_sex(female, 1, 0) * girl) / positive(cystatin_c))


EGFR_METHODS = ("unknown", "CKD-EPI 2021", "bedside Schwartz 2009")
"""Words for the codes of :func:`egfr`."""

EGFR_CYSTATIN_METHODS = ("unknown", "CKD-EPI 2012 cystatin C", "CKiD U25 2021 cystatin C")
"""Words for the codes of :func:`egfr_cystatin`."""


def egfr(creatinine: ArrayLike, age: ArrayLike, female: ArrayLike, height: ArrayLike) -> Chosen:
    """Filtration rate from creatinine in mL/min/1.73 m2: CKD-EPI 2021 from 18 years, bedside Schwartz from 1 year.

    ``EGFR_METHODS[code]`` names the equation. Height (cm) counts only for a child, sex only for an adult.

    >>> chosen = egfr([1.2, 0.4, 0.3], [55, 4, 0.5], [0, float("nan"), 1], [float("nan"), 100, 60])
    >>> chosen.value.round(0).tolist(), chosen.code.tolist()
    ([71.0, 103.0, nan], [1, 2, 0])
    """
    years = np.asarray(age, dtype=np.float64)
    if not (years < ADULT_YEARS).any():  # a table of adults alone is spared the children's equation
        adult = egfr_ckd_epi_2021(creatinine, years, female)
        return Chosen(adult, (~np.isnan(adult)).astype(np.int8))
    return _first(egfr_ckd_epi_2021(creatinine, years, female), egfr_bedside_schwartz_2009(creatinine, years, height))


def egfr_cystatin(cystatin_c: ArrayLike, age: ArrayLike, female: ArrayLike) -> Chosen:
    """Filtration rate from cystatin C in mL/min/1.73 m2: CKD-EPI 2012 from 18 years, CKiD U25 from 1 to under 18.

    ``EGFR_CYSTATIN_METHODS[code]`` names the equation.

    >>> chosen = egfr_cystatin([0.9, 1.3], [55, 11], [0, 0])
    >>> chosen.value.round(1).tolist(), chosen.code.tolist()
    ([91.2, 64.2], [1, 2])
    """
    return _first(
        egfr_ckd_epi_cystatin_2012(cystatin_c, age, female), egfr_ckid_u25_cystatin_2021(cystatin_c, age, female)
    )


def _first(adult: Floats, child: Floats) -> Chosen:
    grown, young = np.broadcast_arrays(adult, child)
    code = np.where(~np.isnan(grown), 1, np.where(~np.isnan(young), 2, 0)).astype(np.int8)
    return Chosen(np.where(code == 1, grown, young), code)


def absolute_filtration(indexed: ArrayLike, body_surface_area: ArrayLike) -> Floats:
    """A filtration rate in mL/min, the scale for dosing, from one in mL/min/1.73 m2 and the body surface area (m2).

    Source: National Institute of Diabetes and Digestive and Kidney Diseases, Determining drug dosing in adults with
    chronic kidney disease, "Considerations for body surface area" (niddk.nih.gov, ckd-drug-dosing-providers); KDIGO
    2011 drug dosing.

    >>> absolute_filtration([60, 60], [1.73, 2.076]).round(6).tolist()
    [60.0, 72.0]
    """
    with np.errstate(all="ignore"):
        return known(positive(indexed) * positive(body_surface_area) / STANDARD_BSA)


class CreatinineChange(NamedTuple):
    """Two creatinines compared, later against earlier: ratio, difference in mg/dL, hours between (never negative)."""

    ratio: Floats
    difference: Floats
    hours: Floats


def creatinine_change(
    creatinine_a: ArrayLike, hours_a: ArrayLike, creatinine_b: ArrayLike, hours_b: ArrayLike
) -> CreatinineChange:
    """How creatinine (mg/dL) moved between two samples, in whichever order given; times in hours from one origin.

    A ratio over 1 and a positive difference are a rise. With equal or unknown times nobody can say which came first:
    ratio and difference are unknown.

    Source of the quantities: KDIGO Clinical Practice Guideline for Acute Kidney Injury. Kidney Int Suppl 2012;2:1-138,
    definition 2.1.1, seen as restated by BMJ Best Practice.

    >>> creatinine_change([1.2], [0], [0.9], [-30])
    CreatinineChange(ratio=array([1.33333333]), difference=array([0.3]), hours=array([30.]))
    """
    first, second = positive(creatinine_a), positive(creatinine_b)
    with np.errstate(all="ignore"):
        elapsed = known(np.asarray(hours_b, dtype=np.float64) - np.asarray(hours_a, dtype=np.float64))
        forward, backward = elapsed > 0, elapsed < 0
        earlier = np.where(forward, first, np.where(backward, second, np.nan))
        later = np.where(forward, second, np.where(backward, first, np.nan))
        ratio, difference = np.round(later / earlier, _DECIMALS), np.round(later - earlier, _DECIMALS)
    return CreatinineChange(known(ratio), known(difference), np.abs(elapsed))


def meets_kidney_injury(
    change: CreatinineChange, *, rise: float, rise_hours: float, ratio: float, ratio_hours: float
) -> Floats:
    """Whether a change meets KDIGO's creatinine criteria of acute kidney injury, by the limits given: 1, 0 or unknown.

    Met by a difference of at least ``rise`` (mg/dL) within ``rise_hours``, or a ratio of at least ``ratio`` within
    ``ratio_hours``; limits are inclusive. Urine output, the third criterion, is not seen here, and 0 rules nothing
    out beyond these two samples. A limit set in micromol/L (26 or 26.5) is a little under 0.3 mg/dL: give it
    converted.

    Source: KDIGO 2012 as for :func:`creatinine_change`.

    >>> change = creatinine_change([0.9, 0.9, 0.8], [0, 0, 0], [1.2, 1.2, 1.2], [48, 49, 168])
    >>> meets_kidney_injury(change, rise=0.3, rise_hours=48, ratio=1.5, ratio_hours=168).tolist()
    [1.0, 0.0, 1.0]
    """
    risen = (change.difference >= round(rise, _DECIMALS)) & (change.hours <= rise_hours)
    multiplied = (change.ratio >= round(ratio, _DECIMALS)) & (change.hours <= ratio_hours)
    unknown = np.isnan(change.ratio) | np.isnan(change.difference) | np.isnan(change.hours)
    return np.where(unknown, np.nan, (risen | multiplied).astype(np.float64))
