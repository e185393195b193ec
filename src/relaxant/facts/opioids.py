"""Opioids in morphine milligram equivalents a day: what is certain, and the most that the lines allow, endless where a dose is not said."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from relaxant.facts.column import Floats
from relaxant.facts.lines import Index
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.partners import Member
from relaxant.medicines.medicine import Medicine
from relaxant.quantities import Quantity, convert

Share = tuple[float, float]
_DIGITS = 9  # the sum of several lines is the same in whichever order they stand
_OPIOIDS: dict[str, dict[str, Member]] = {}


def opioids_of(readings: Sequence[Sequence[Medicine]], knowledge: Knowledge) -> dict[str, Floats]:
    """``opioid_mme_low`` and ``opioid_mme_high`` of people by their medicines as read. Shape (rows,)."""
    shares = [
        (row, low if taken else 0.0, high)
        for row, medicines in enumerate(readings)
        for m in medicines
        if (taken := not (m.role == "stopped" or m.change == "stop" or m.replaced)) or m.doubtful
        for low, high in [share_of(m, knowledge) or (0.0, 0.0)]
    ]
    if not shares:
        return {"opioid_mme_low": np.zeros(len(readings)), "opioid_mme_high": np.zeros(len(readings))}
    row, low, high = np.array(shares, np.float64).reshape(-1, 3).T
    return summed(row.astype(np.intp), low, high, len(readings))


def summed(row: Index, low: Floats, high: Floats, rows: int) -> dict[str, Floats]:
    """The same from the shares of lines: of which person each is, and what is certain and the most of it."""
    least, most = (np.bincount(row, share, rows).astype(np.float64).round(_DIGITS) for share in (low, high))
    return {"opioid_mme_low": least, "opioid_mme_high": most}


def share_of(medicine: Medicine, knowledge: Knowledge) -> Share | None:
    """What one line adds; ``None`` where there is no opioid in it."""
    known = _OPIOIDS.get(knowledge.sha256)
    if known is None:
        role = knowledge.roles.get("opioid")
        known = _OPIOIDS[knowledge.sha256] = {n: m for m in (role.members if role else ()) for n in m.ingredients}
    found = [known[i.name] for i in medicine.ingredients if i.name in known]
    if not found:
        return None
    shares = [_share(medicine, member) for member in found]
    return sum(low for low, _ in shares), sum(high for _, high in shares)


def _share(medicine: Medicine, member: Member) -> Share:
    regimen = medicine.regimen
    patch = "microgram/h" in (member.factor_unit or "")
    amount = regimen.rate if patch else regimen.daily
    fits = regimen.route == "transdermal" if patch else regimen.route in ("oral", None)
    if member.factor is None or amount is None or not fits or len(medicine.ingredients) > 1:
        return 0.0, math.inf
    said, unit = (amount.unit, "micrograms/h") if patch else (amount.unit.removesuffix("/day"), "mg")
    low, high = (None if a is None else convert(Quantity(a, said), unit) for a in (amount.low, amount.high))
    return (low or 0.0) * member.factor, math.inf if high is None else high * member.factor
