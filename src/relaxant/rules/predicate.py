"""The predicate: a small closed expression tree over named facts, and its normal form.

A rule's ``when`` is read into *any of all of leaves*. A leaf compares one column with one threshold (``at least`` or ``below``).
Negation is pushed down to the leaves, where it swaps the two; Kleene logic is a distributive lattice with De
Morgan's laws, so the normal form has the same three-valued meaning as the tree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from relaxant.errors import KnowledgeError, meant, shown
from relaxant.facts.limits import LIMITED, plain_kind
from relaxant.facts.names import AGENT_FACTS, PERSON_FACTS
from relaxant.knowledge.rules import Partner

MOST_CLAUSES = 64
_COMPARISONS = ("below", "at_most", "above", "at_least")
_KINDS = (
    "all",
    "any",
    "not",
    "fact",
    "condition",
    "since",
    "genotype",
    "allergy",
    "takes",
    "given",
    "stopped",
    "role",
    "taken_for",
    "over_limit",
)
_BESIDE = {
    "fact": (*_COMPARISONS, "unit"),
    "since": (*_COMPARISONS, "unit"),
    "stopped": (*_COMPARISONS, "unit"),
    "genotype": ("is",),
    "role": _COMPARISONS,
    "taken_for": (*_COMPARISONS, "unit"),
}


class Leaf(msgspec.Struct, frozen=True):
    """``column`` at least ``threshold``, or below it. A yes/no fact is *at least 1*."""

    column: str
    threshold: float
    below: bool = False

    def negated(self) -> Leaf:
        """The leaf that is true where this one is false."""
        return Leaf(self.column, self.threshold, not self.below)


Clauses = tuple[tuple[Leaf, ...], ...]  # any of (all of leaves)


def yes(column: str) -> Clauses:
    """The yes/no fact ``column`` is true."""
    return ((Leaf(column, 1.0),),)


def either(*parts: Clauses) -> Clauses:
    """Three-valued *or*."""
    return _bounded(tuple(dict.fromkeys(clause for part in parts for clause in part)))


def both(*parts: Clauses) -> Clauses:
    """Three-valued *and*."""
    product: Clauses = ((),)
    for part in parts:
        product = _bounded(tuple(dict.fromkeys(tuple(dict.fromkeys(a + b)) for a in product for b in part)))
    return product


def negation(clauses: Clauses) -> Clauses:
    """Three-valued *not*."""
    return both(*(tuple((leaf.negated(),) for leaf in clause) for clause in clauses))


def _bounded(clauses: Clauses) -> Clauses:
    if len(clauses) > MOST_CLAUSES:
        raise KnowledgeError(f"this predicate has over {MOST_CLAUSES} alternatives; split the rule")
    return clauses


def read_predicate(node: object, agent: str, where: str) -> Clauses:
    """The normal form of a ``when`` for one agent. Raises :class:`KnowledgeError` naming ``where`` and the fault."""
    if not isinstance(node, Mapping) or not node:
        raise KnowledgeError(f"{where}: a predicate is a mapping such as {{fact: pregnant}}, not {shown(node)}")
    kinds = [k for k in _KINDS if k in node]
    if len(kinds) != 1:
        raise KnowledgeError(f"{where}: {shown(node)}: a predicate has exactly one of {', '.join(_KINDS)}")
    kind = kinds[0]
    _only(node, _BESIDE.get(kind, ()), kind, where)
    value = node[kind]
    if kind in ("all", "any"):
        if not isinstance(value, (list, tuple)) or not value:
            raise KnowledgeError(f"{where}: {kind} needs a list")
        parts = [read_predicate(part, agent, f"{where}.{kind}[{i}]") for i, part in enumerate(value)]
        return both(*parts) if kind == "all" else either(*parts)
    if kind == "not":
        return negation(read_predicate(value, agent, f"{where}.not"))
    if not isinstance(value, str):
        raise KnowledgeError(f"{where}: {kind} needs a name")
    if kind == "fact":
        return _fact(value, node, agent, where)
    if kind == "taken_for":
        compared = _compared(f"{agent}:taken_for:{value}", node, where)
        if compared is None or node.get("unit") != "days":
            raise KnowledgeError(
                f"{where}: taken_for {value} is a number of days; say at_least or below, and unit: days"
            )
        return compared
    if kind == "role":
        column = with_column(agent, Partner(roles=(value,)))
        return _compared(column, node, where) or yes(column)
    if kind == "since":
        return _days_ago(f"since {value}", f"since:{value}", f"condition:{value}", node, where)
    if kind == "genotype":
        if not isinstance(node.get("is"), str):
            raise KnowledgeError(f"{where}: genotype {value} needs `is`, such as {{genotype: {value}, is: poor}}")
        return yes(f"genotype:{value}:{node['is']}")
    if kind == "given":  # an agent that is on the list as taken, not one that is only weighed
        return yes(f"{value}:on:taking")
    if kind == "stopped":  # an agent, whichever the rule is of, that is not taken any more
        return _days_ago(f"stopped {value}", f"{value}:stopped_days", f"{value}:on:stopped", node, where)
    if kind == "takes":
        return yes(with_column(agent, Partner(ingredients=(value,))))
    if kind == "over_limit":
        if plain_kind(value) not in LIMITED:
            raise KnowledgeError(f"{where}: there is no limit “{value}”; there are {', '.join(LIMITED)}")
        return yes(f"{agent}:over_limit:{value}")
    return yes(f"{kind}:{value}")


def _only(node: Mapping[str, Any], allowed: tuple[str, ...], kind: str, where: str) -> None:
    extra = sorted(set(node) - {kind} - set(allowed))
    if extra:
        would = f"there may be {', '.join(allowed)}" if allowed else "nothing stands beside it"
        raise KnowledgeError(f"{where}: {', '.join(extra)} does not belong beside {kind}; {would}")


def _fact(name: str, node: Mapping[str, Any], agent: str, where: str) -> Clauses:
    known = AGENT_FACTS.get(name) or PERSON_FACTS.get(name)
    if known is None:
        would = meant(name, [*AGENT_FACTS, *PERSON_FACTS]) or "see the facts in docs/knowledge-schema.md"
        raise KnowledgeError(f"{where}: there is no fact “{name}”; {would}")
    column = f"{agent}:{name}" if name in AGENT_FACTS else name
    compared = _compared(column, node, where)
    if known.truth:
        if compared is not None:
            raise KnowledgeError(f"{where}: {name} is a yes/no fact and is not compared with a number")
        return yes(column)
    if compared is None:
        raise KnowledgeError(f"{where}: {name} is a number; say below, at_most, above or at_least")
    if node.get("unit", "") != known.unit and not (known.unit == "dose" and node.get("unit")):
        said = node.get("unit")
        came = f"not {said}" if said else "and none is said"
        if known.unit == "dose":
            raise KnowledgeError(f"{where}: {name} is an amount of the agent, and no unit is said; write one, such as `unit: mg/day`, or `unit: mg` of one dose")  # fmt: skip
        would = f"write `unit: {known.unit}`" if known.unit else "leave `unit` out"
        raise KnowledgeError(f"{where}: {name} is in {known.unit or 'no unit'}, {came}; {would}")
    return compared


def _days_ago(what: str, column: str, here: str, node: Mapping[str, Any], where: str) -> Clauses:
    """What the column ``here`` says holds, and began so many days ago by ``column``; unknown where that day was not said."""
    compared = _compared(column, node, where)
    if compared is None or node.get("unit") != "days":
        raise KnowledgeError(
            f"{where}: {what} is a number of days; say below, at_most, above or at_least, and unit: days"
        )
    return both(yes(here), compared)


def _compared(column: str, node: Mapping[str, Any], where: str) -> Clauses | None:
    parts = []
    for word in _COMPARISONS:
        if word in node:
            try:
                threshold = float(node[word])
            except (TypeError, ValueError):
                raise KnowledgeError(f"{where}: {word} needs a number, not {shown(node[word])}") from None
            if not math.isfinite(threshold):
                raise KnowledgeError(f"{where}: {word} needs a finite number")
            beyond = math.nextafter(threshold, math.inf)
            parts.append(
                Leaf(column, beyond if word in ("above", "at_most") else threshold, word in ("below", "at_most"))
            )
    return (tuple(parts),) if parts else None


def with_column(agent: str, partner: Partner) -> str:
    """The name of the column that counts an agent's partners: ``baclofen:with:roles|ingredients|but not``, each set with semicolons (a name of an
    ingredient may have a comma: insulin lispro protamine, human)."""
    return f"{agent}:with:{';'.join(partner.roles)}|{';'.join(partner.ingredients)}|{';'.join(partner.but_not)}"
