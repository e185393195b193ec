"""The weight that doses go by: actual, ideal, lean or adjusted, and in children an ideal weight for their height."""

from __future__ import annotations

import math

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.blocks import Block, BlockWeight
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.rules.asked import outcome_of
from relaxant.rules.evaluate import SILENT, UNKNOWN

_IDEAL, _ACTUAL = "ideal_weight", "weight"
_CHILD_FROM, _CHILD_TO = 2.0, 18.0
_CM = 100.0
_GIRL, _BOY = (2.120, 1.993), (2.379, 1.895)
_CHILD_METHOD = "Braillon 2017, for the height of a child"


class Weighed(msgspec.Struct, frozen=True):
    """The weight that doses go by, in kg, with where it comes from; ``also`` are others by name, in kg, ``actual`` the one measured."""

    kg: float
    of: BlockWeight
    method: str
    also: dict[str, float]
    actual: float | None


class Open(msgspec.Struct, frozen=True):
    """What is not settled, by the inputs that would settle it."""

    needs: tuple[str, ...]


class _Value(msgspec.Struct, frozen=True):
    """A weight in kg, ``None`` where it is not defined for the person or not settled, and then what would settle it."""

    kg: float | None
    needs: tuple[str, ...] = ()
    method: str = ""


def ideal_weight_of_child(height: float, female: bool) -> float:
    """The ideal weight in kg for a height in cm, from 2 to 18 years: A exp(B H), H in m.

    Source: Braillon PM. Acad J Ped Neonatol 2017;4(2):555689, abstract: A and B are 2.120 kg and 1.993 per m in girls, 2.379 and 1.895 in boys.

    >>> round(ideal_weight_of_child(165, female=False), 1)
    54.2
    """
    scale, slope = _GIRL if female else _BOY
    return scale * math.exp(slope * height / _CM)


def dosing_weight(block: Block, facts: Facts) -> Weighed | Open:
    """The weight that the doses of an agent go by: the first of its entries that holds and has a value."""
    for entry in block.weights:
        if not holds_in(entry, facts.jurisdiction):
            continue
        outcome, needs = outcome_of(entry.when, block.agent, facts)
        if outcome == SILENT or (outcome == UNKNOWN and entry.surely):
            continue
        if outcome == UNKNOWN:
            return Open(needs)
        if entry.over_ideal is not None:
            actual, ideal = _value(_ACTUAL, facts), _value(_IDEAL, facts)
            open_needs = (*actual.needs, *ideal.needs)
            if open_needs:
                return Open(tuple(dict.fromkeys(open_needs)))
            if actual.kg is None or ideal.kg is None or actual.kg < entry.over_ideal * ideal.kg:
                continue
        own = _value(entry.weight, facts)
        if own.needs:
            return Open(own.needs)
        if own.kg is None:
            continue  # not defined for this person: an ideal weight below the height at which its formula starts
        others = {str(name): _value(name, facts).kg for name in entry.also}
        also = {name: kg for name, kg in others.items() if kg is not None}
        return Weighed(own.kg, entry, own.method, also, _value(_ACTUAL, facts).kg)
    return Open(facts.column(_ACTUAL).settled_by(0))


def _value(name: str, facts: Facts) -> _Value:
    """One weight of the person, by its fact; the ideal weight of a child by its own formula."""
    if name == _IDEAL and facts.of_age(_CHILD_FROM, _CHILD_TO)[0]:
        return _of_child(facts)
    column = facts.column(name)
    if column.settled(0):
        return _Value(column.low.item(0), method=column.method(0))
    return _Value(None, column.settled_by(0))


def _of_child(facts: Facts) -> _Value:
    height, female = facts.column("height"), facts.column("female")
    missing = (*height.settled_by(0), *female.settled_by(0))
    if not height.settled(0) or not female.settled(0):
        return _Value(None, tuple(dict.fromkeys(missing)))
    return _Value(ideal_weight_of_child(height.low.item(0), bool(female.low.item(0))), method=_CHILD_METHOD)
