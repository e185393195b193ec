"""What the formulary says on amounts and times: ceilings, first doses, longest courses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from relaxant.claims.heard import Heard, Judgement, by_label, turned
from relaxant.knowledge.agents import Agent, Limit
from relaxant.knowledge.claims import Verdict
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.schema import Jurisdiction
from relaxant.quantities import Quantity, convert

_ADULT = 18.0
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mg|milligrams?|g|grams?|micrograms?|mcg|units?|sprays?)(/kg)?\b", re.I)
_UNITS = {
    "milligram": "mg", "milligrams": "mg", "gram": "g", "grams": "g", "mcg": "micrograms", "microgram": "micrograms", "unit": "units", "spray": "sprays",
}  # fmt: skip
_SPAN = re.compile(r"\b(two|three|four|\d+)(?:\s*(?:to|-|–)\s*(two|three|four|\d+))?\s*(day|week|month)s?\b", re.I)
_NUMBERS = {"two": 2, "three": 3, "four": 4}
_DAYS = {"day": 1, "week": 7, "month": 30}


def amounts_in(text: str, unit: str) -> list[float]:
    """The amounts of a clause in an agent's unit; none where one is by weight or of another kind."""
    out = []
    for value, said, by_weight in _AMOUNT.findall(text):
        plain = said.lower()
        amount = convert(Quantity(_number(value), _UNITS.get(plain, plain)), unit)
        if by_weight or amount is None:
            return []
        out.append(amount)
    return out


def _number(said: str) -> float:
    """A number as written: a comma before three digits parts thousands, any other is a decimal comma; so is one after a nought.

    >>> _number("1,000"), _number("2,5"), _number("0,125")
    (1000.0, 2.5, 0.125)
    """
    return float(said.replace(",", "") if re.fullmatch(r"[1-9]\d{0,2},\d{3}", said) else said.replace(",", "."))


def _of_adults(limits: Sequence[Limit], kind: str) -> list[Limit]:
    return [x for x in limits if x.kind == kind and x.age_from <= _ADULT < x.age_to and x.tier == "CHANGE"]


def _against_limits(heard: Heard, limits: Sequence[Limit], values: Sequence[float], said: float) -> Verdict | None:
    """What the labels' ceilings say of a number."""
    answers: dict[Jurisdiction, bool] = {}
    for place in heard.jurisdictions:
        here = [value for limit, value in zip(limits, values, strict=True) if holds_in(limit, place)]
        if here:
            answers[place] = any(_same(value, said) for value in here)
    return by_label(answers)


def ceiling(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """The most in a day or at once."""
    amounts = amounts_in(heard.clause.text, agent.dose_unit)
    if len(amounts) != 1 or not heard.hears("most") or heard.hears("others") or heard.subjects.partners:
        return
    kind = "single" if heard.hears("single") else "daily" if heard.hears("daily") else None
    limits = _of_adults(agent.limits, kind) if kind else []
    own = [v or x.value for x in limits for v in (convert(Quantity(x.value, x.unit.split("/")[0]), agent.dose_unit),)]
    verdict = _against_limits(heard, limits, own, amounts[0])
    if kind is not None and verdict is not None:
        holds = heard.holds(kind, agent=agent.agent, rows=heard.listed("amount", limits, value="value", unit="unit"))
        yield Judgement(turned(verdict, heard.clause.denied), holds, "limits", heard.cite(limits))


def first_dose(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """The first dose: one that some label gives is supported; one above every label's is contradicted."""
    amounts = amounts_in(heard.clause.text, agent.dose_unit)
    if len(amounts) != 1 or heard.hears("others") or not heard.hears("start"):
        return
    rows = [
        d
        for d in agent.dosing
        if d.start is not None
        and d.unit == agent.dose_unit
        and (d.age_to is None or d.age_to > _ADULT)
        and any(holds_in(d, place) for place in heard.jurisdictions)
    ]
    starts = [d.start for d in rows if d.start is not None]
    if not starts or not (any(_same(s, amounts[0]) for s in starts) or amounts[0] > max(starts)):
        return
    verdict: Verdict = "contradicted" if amounts[0] > max(starts) else "supported"
    said = heard.listed("who", rows, value="start", unit="unit", who="who")
    holds = heard.holds("start", agent=agent.agent, rows=said)
    yield Judgement(turned(verdict, heard.clause.denied), holds, "dosing", heard.cite(rows))


def course(heard: Heard, agent: Agent) -> Iterator[Judgement]:
    """For how long at most."""
    found = _SPAN.findall(heard.clause.text)
    if len(found) != 1 or not heard.hears("course"):
        return
    low, high, unit = found[0]
    longest = (high or low).lower()
    days = float(_NUMBERS.get(longest) or int(longest)) * _DAYS[unit.lower()]
    limits = [x for x in agent.limits if x.kind == "course" and x.age_from <= _ADULT < x.age_to]
    verdict = _against_limits(heard, limits, [x.value for x in limits], days)
    if verdict is not None:
        holds = heard.holds("course", agent=agent.agent, rows=heard.listed("days", limits, value="value"))
        yield Judgement(verdict, holds, "limits", heard.cite(limits))


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b))
