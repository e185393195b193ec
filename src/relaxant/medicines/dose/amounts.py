"""Amounts as they are said: a new one, the same one said twice, or the strength of what is counted."""

from __future__ import annotations

from relaxant.medicines.dose.numbers import tidy
from relaxant.medicines.dose.reading import Clause, Reading
from relaxant.medicines.dose.units import BY_STRENGTH, COUNTED, in_family, too_many
from relaxant.medicines.regimen import Strength


def add_amount(
    r: Reading,
    low: float | None,
    high: float | None,
    unit: str,
    i: int,
    j: int,
    *,
    each: bool = False,
    total: bool = False,
) -> None:
    """An amount was said: a new clause, or another way of saying the amount before it."""
    clause = r.current()
    said = r.said(i, j)
    many = too_many(unit, high)
    if unit == "patch" and high is not None and high > 1 and said.casefold().endswith("patch"):  # "5 patch"
        many = "many_patches"
    if many:
        r.problem(many, said=said)
        low = high = None
    if clause is None:
        clause = r.begin_clause()
    elif clause.unit is not None:
        if not clause.prn and (r.paren or not clause.scheduled()):
            if (clause.unit in BY_STRENGTH) != (unit in BY_STRENGTH):
                if clause.pieces is not None and clause.one is not None and unit in COUNTED:
                    if clause.pieces == (low, high):
                        return
                    r.problem("count_twice", said=f"{clause.said} {said}")
                    if high is None or (clause.pieces[1] or 0) <= high:
                        clause.low = clause.high = None
                        return
                    clause.low, clause.high = clause.one
                _reconcile(r, clause, low, high, unit, said, each=each, total=total)
                return
            same = (in_family(low, unit, clause.unit), in_family(high, unit, clause.unit)) == (clause.low, clause.high)
            if same and clause.low is not None:
                return
        if not clause.scheduled() and not clause.prn and clause.days is None and not r.changing:
            r.problem("two_amounts", said=f"{clause.said}, {said}")
        clause = r.begin_clause()
    clause.low, clause.high, clause.unit, clause.said = low, high, unit, said
    clause.joined = r.keyword[i - 1] == "and" or r.meaning[i - 1] in {"+", "&"}


def add_unknown(r: Reading, unit: str, i: int, j: int) -> None:
    """A dose was said whose amount cannot be used."""
    add_amount(r, None, None, unit, i, j)


def _reconcile(
    r: Reading, clause: Clause, low: float | None, high: float | None, unit: str, said: str, *, each: bool, total: bool
) -> None:
    """A count (or volume) and a mass beside each other: the strength of one piece, or the same dose said twice."""
    assert clause.unit is not None
    count = (low, high, unit)
    mass = (clause.low, clause.high, clause.unit)
    count_first = clause.unit in BY_STRENGTH
    if count_first:
        count, mass = mass, count
    (n_low, n_high, n_unit), (m_low, m_high, m_unit) = count, mass
    if n_unit in COUNTED and n_unit != "piece":
        r.form = r.form or n_unit
    clause.said = said = f"{clause.said} {said}"
    clause.unit, clause.pieces, clause.volume = m_unit, (n_low, n_high), n_unit == "mL"
    clause.one = None if count_first else (m_low, m_high)
    if n_low is None or n_high is None or m_low is None or m_high is None or not n_low:
        clause.low = clause.high = None
        return
    per = "mL" if n_unit == "mL" else "piece"
    known = r.strength
    one = in_family(known.value, known.unit, m_unit) if known is not None and known.per == per else None
    single = n_low == n_high == 1 and m_low == m_high
    if n_unit == "mL" or total or single:
        mass_of_all = True
    elif (
        each
        or (n_low != n_high and m_low == m_high)
        or (not count_first and (clause.form_after or r.taking) and not r.paren)
    ):
        mass_of_all = False
    elif one is not None and (one == m_low or tidy(one * n_low) == m_low):
        mass_of_all = one != m_low
    else:
        r.problem("each_or_total", said=said)
        clause.low, clause.high = min(m_low, m_low * n_low), max(m_high, m_high * n_high)
        return
    if not mass_of_all:
        clause.low, clause.high = tidy(m_low * n_low), tidy(m_high * n_high)
        r.strength = r.strength or Strength(value=m_low, unit=m_unit)
        return
    clause.low, clause.high = m_low, m_high
    if m_low == m_high and n_low == n_high:
        r.strength = r.strength or Strength(value=tidy(m_low / n_low), unit=m_unit, per=per)
