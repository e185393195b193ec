"""Liver: values against their upper limit of normal, and the Child-Pugh score with what is missing left open.

Functions work element by element over float64 arrays and broadcast; NaN is unknown.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from relaxant.facts.body import known, positive
from relaxant.facts.column import Floats

_DECIMALS = 9
"""A cut point met exactly stays met after a change of unit (34.2 micromol/L is 2 mg/dL)."""


def times_upper_normal(value: ArrayLike, upper: ArrayLike) -> Floats:
    """How many times the upper limit of normal a laboratory value is; both in the same unit.

    The limit is the reporting laboratory's own, for it depends on method and sex. A value of zero is kept.

    >>> times_upper_normal([120, 30, 50], [40, 40, float("nan")]).tolist()
    [3.0, 0.75, nan]
    """
    amount = np.asarray(value, dtype=np.float64)
    with np.errstate(all="ignore"):
        return known(np.where(amount >= 0, amount, np.nan) / positive(upper))


CLASS_B = 7.0
"""The points from which a score is class B; the source is that of :func:`child_pugh`."""


class ChildPugh(NamedTuple):
    """The least and the most points that the inputs allow, each from 5 to 15; equal when all five inputs are known."""

    low: Floats
    high: Floats


def child_pugh(
    bilirubin: ArrayLike, albumin: ArrayLike, inr: ArrayLike, ascites: ArrayLike, encephalopathy: ArrayLike
) -> ChildPugh:
    """Child-Pugh points in chronic liver disease, as an interval: a missing input may be 1 to 3 points.

    ============================  ===========  ===========  ==================
    Input                         1 point      2 points     3 points
    ============================  ===========  ===========  ==================
    ``bilirubin``, total, mg/dL   under 2      2 to 3       over 3
    ``albumin``, g/dL             over 3.5     2.8 to 3.5   under 2.8
    ``inr``                       under 1.7    1.7 to 2.3   over 2.3
    ``ascites``                   0 (absent)   1 (slight)   2 (moderate or more)
    ``encephalopathy``, grade     0            1 or 2       3 or 4
    ============================  ===========  ===========  ==================

    An impossible input (INR of zero, grade 7) counts as missing. Class A is 5-6, B 7-9, C 10-15 points. The score
    describes cirrhosis and says little of drug clearance without it; a vitamin K antagonist raises the INR and with
    it the points. The wider bilirubin cut points (4 and 10 mg/dL) that Pugh gave for primary biliary cholangitis are
    not applied.

    Source: Pugh RNH, Murray-Lyon IM, Dawson JL, Pietroni MC, Williams R. Transection of the oesophagus for bleeding
    oesophageal varices. Br J Surg 1973;60:646-649, with INR in place of seconds of prothrombin time. Cut points seen
    in Cleve Clin J Med (ccjm.org, Table 1 "Child-Pugh classification") and BMC Clin Pharmacol 2011;11:3 Table 1 (all
    but its INR). Harrison's prints 3.0 g/dL in place of 2.8; it is not used here.

    >>> child_pugh([2.5], [3.0], [1.2], [1], [0])
    ChildPugh(low=array([8.]), high=array([8.]))
    >>> child_pugh([2.5], [3.0], [1.2], [float("nan")], [float("nan")])
    ChildPugh(low=array([7.]), high=array([11.]))
    """
    parts = (
        _points(positive(bilirubin), 2.0, 3.0),
        _points(-positive(albumin), -3.5, -2.8),
        _points(positive(inr), 1.7, 2.3),
        _points(_grade(ascites, 2), 1.0, 1.0),
        _points(_grade(encephalopathy, 4), 1.0, 2.0),
    )
    missing = [np.isnan(points) for points in parts]
    low = sum(np.where(gone, 1.0, points) for gone, points in zip(missing, parts, strict=True))
    high = sum(np.where(gone, 3.0, points) for gone, points in zip(missing, parts, strict=True))
    return ChildPugh(np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))


def _points(value: Floats, two_from: float, three_above: float) -> Floats:
    """1 under ``two_from``, 3 over ``three_above``, 2 between and on both."""
    rounded = np.round(value, _DECIMALS)
    scored = np.where(rounded < two_from, 1.0, np.where(rounded > three_above, 3.0, 2.0))
    return np.where(np.isnan(rounded), np.nan, scored)


def _grade(values: ArrayLike, highest: int) -> Floats:
    """Whole grades from 0 to ``highest``; anything else is unknown."""
    array = np.asarray(values, dtype=np.float64)
    return np.where((array >= 0) & (array <= highest) & (array == np.floor(array)), array, np.nan)
