"""Filling the slots of a rule's sentences with this person's agent, partners and facts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from relaxant.facts.column import Column
from relaxant.facts.facts import Facts
from relaxant.facts.limits import LIMITED, plain_kind
from relaxant.facts.names import AGENT_FACTS, PERSON_FACTS
from relaxant.facts.suitability import SPEAKING, said_as, speaking
from relaxant.knowledge.rules import Spoken
from relaxant.medicines.dictionary import display_name
from relaxant.quantities import plain_number

LONGEST_SUMMARY = 139
SUITABILITY_SLOTS = {f"{fact}_for": statuses for fact, statuses in SPEAKING.items()}
"""The slots that name the conditions for which the agent is not recommended, or not established."""
TEXT_SLOTS = ("agent", "partners", *SUITABILITY_SLOTS)
_MOST_LISTED = 99
_MONTH_DIGITS = 6  # a month is one twelfth of a year, whatever its arithmetic
_SLOT = re.compile(r"\{([a-z_]+)\}")


def listed(names: Sequence[str], words: Mapping[str, str], most: int = _MOST_LISTED) -> str:
    """Names as a sentence lists them, cut after ``most``: ``a, b and c``, ``a and 2 more``."""
    shown = list(names) if len(names) <= most else [*names[:most], words["more"].format(count=len(names) - most)]
    if not shown:
        return words["another"]
    return shown[0] if len(shown) == 1 else words["and"].format(most=", ".join(shown[:-1]), last=shown[-1])


def fact_text(column: Column, row: int, words: Mapping[str, str]) -> str:
    """A fact's value for one row in words: number and unit, a range, what is past as ago, yes, no or unknown."""
    low, high = column.bounds(row)
    if column.truth:
        return words["yes"] if low == 1 else words["no"] if high == 0 else words["unknown"]
    if column.unit == "days" and high < 0:  # from 14 to 12 days before nought is 12 to 14 days ago
        return words["days_ago"].format(span=_span_text(-high, -low, column.unit, words))
    return _span_text(low, high, column.unit, words)


def _span_text(low: float, high: float, unit: str, words: Mapping[str, str]) -> str:
    """What is known of an amount that lies between two."""
    if low == high or (math.isfinite(high) and low > 0 and plain_number(low, 3) == plain_number(high, 3)):
        return amount_text(high, unit, words)
    if math.isinf(high):
        return words["unknown"] if low <= 0 else words["at_least"].format(value=amount_text(low, unit, words))
    if low <= 0:
        return words["at_most"].format(value=amount_text(high, unit, words))
    return words["between"].format(low=plain_number(low, 3), high=amount_text(high, unit, words))


def amount_text(value: float, unit: str, words: Mapping[str, str]) -> str:
    """A number with its unit; an age as completed years, a small child's as months."""
    if unit == "years":
        if value >= 2:
            return words["years"].format(count=math.floor(value))
        return words["months"].format(count=math.floor(round(value * 12, _MONTH_DIGITS)))
    if unit == "days" and value == 1:
        return words["a_day"]
    if unit == "points" and value == 1:
        return words["a_point"]
    if unit == "1/min":
        return f"{plain_number(value, 3)}{words['a_minute']}"
    return f"{plain_number(value, 3)} {unit}" if unit else plain_number(value, 3)


def column_of_slot(slot: str, agent: str) -> str | None:
    """The column that a slot names for an agent, or ``None`` for the slots of ``TEXT_SLOTS``."""
    if slot.startswith("limit_"):
        kind = slot.removeprefix("limit_")
        return f"{agent}:limit:{kind}" if plain_kind(kind) in LIMITED else None
    if slot in AGENT_FACTS:
        return f"{agent}:{slot}"
    return slot if slot in PERSON_FACTS else None


def slots(text: str) -> list[str]:
    """The slots that a sentence has."""
    return _SLOT.findall(text)


def fill(
    text: str,
    agent: str,
    agents: Sequence[str],
    partners: Sequence[str],
    facts: Facts,
    row: int,
    *,
    most: int | None = None,
) -> str:
    """A sentence with its slots filled. With ``most``, what it lists is shortened until it has at most that many characters."""
    if "{" not in text:
        return capital(text)
    words = facts.knowledge.words("values")

    def value(match: re.Match[str], how_many: int) -> str:
        slot = match[1]
        if slot == "agent":
            return listed(agents, words, how_many) if how_many else agents[0]
        if slot == "partners":
            return listed(partners, words, how_many or 1)
        if slot in SUITABILITY_SLOTS:
            return listed(_titles(facts, agent, row, SUITABILITY_SLOTS[slot]), words, how_many or 1)
        column = column_of_slot(slot, agent)
        return fact_text(facts.column(column), row, words) if column else match[0]

    for how_many in (max(len(partners), _MOST_LISTED), 3, 2, 1, 0):  # at last one agent speaks for all
        filled = _SLOT.sub(lambda m, n=how_many: value(m, n), text)  # type: ignore[misc]
        if most is None or len(filled) <= most:
            break
    return capital(filled)


def _titles(facts: Facts, agent: str, row: int, statuses: tuple[str, ...]) -> list[str]:
    """What was said of the person that speaks against an agent, as a sentence names it."""
    against = speaking(facts, agent, row, statuses)
    return list(dict.fromkeys(title for i in against for title in said_as(facts, i.condition, row)))


def shown_name(ingredient: str, facts: Facts) -> str:
    """An ingredient's name as the country knows it."""
    return display_name(ingredient, facts.jurisdiction)


def shown_agent_name(agent: str, facts: Facts) -> str:
    """An agent's name as the country knows it."""
    return facts.knowledge.agents[agent].names.get(facts.jurisdiction, agent)


def capital(text: str) -> str:
    """A sentence with its first letter in upper case, units and acronyms untouched."""
    return text[:1].upper() + text[1:] if text[:1].isalpha() and not text[1:2].isupper() else text


def for_situation(text: str | dict[Spoken, str], situation: Spoken) -> str:
    """The text for a situation; a text that is one for all is itself."""
    if isinstance(text, str):
        return text
    return text.get(situation) or text.get("taking") or next(iter(text.values()))
