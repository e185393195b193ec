"""Loads: how many medicines do the same thing, the anticholinergic burden, opioids in morphine equivalents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import Column
from relaxant.facts.derive import MAKERS, makes
from relaxant.facts.members import role_members
from relaxant.knowledge.load import Knowledge

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts

LOADS = {
    "sedative_count": "cns_depressant",
    "hypotensive_count": "hypotensive",
    "serotonergic_count": "serotonergic",
    "hepatotoxic_count": "hepatotoxic",
    "nephrotoxic_count": "renal_function_changer",
}

for _name, _role in LOADS.items():
    MAKERS[_name] = lambda facts, role=_role: facts.count_members(role_members(facts.knowledge, role))  # type: ignore[misc]


@makes("medicine_count")
def _medicine_count(facts: Facts) -> Column:
    surely, maybe = (facts.inputs.unread + count for count in facts.ingredients_taken())
    high = np.where(facts.inputs.medicines_known, maybe, np.inf)
    return Column(surely, high, "", False, (("ingredients counted", None),), ("medicines",), None, facts.list_needs)


@makes("anticholinergic_burden")
def _anticholinergic(facts: Facts) -> Column:
    low = high = np.zeros(facts.rows)
    chosen = role_members(facts.knowledge, "anticholinergic")
    for name in facts.taken_of(chosen):
        surely, maybe = facts.taking(name, chosen)
        points = _points(facts.knowledge)[name]
        low, high = low + surely * points, high + maybe * points
    unknown = ~facts.inputs.medicines_known | (facts.inputs.unread > 0)
    return Column(
        low,
        np.where(unknown, np.inf, high),
        "points",
        False,
        (("sum of the scale's points", None),),
        ("medicines",),
        facts.knowledge.roles["anticholinergic"].members[0].source,
        facts.list_needs,
    )


_POINTS: dict[str, dict[str, float]] = {}


def _points(knowledge: Knowledge) -> dict[str, float]:
    """Each anticholinergic with its points on the scale."""
    known = _POINTS.get(knowledge.sha256)
    if known is None:
        members = knowledge.roles["anticholinergic"].members
        known = _POINTS[knowledge.sha256] = {n: m.points or 0.0 for m in members for n in m.ingredients}
    return known


@makes("opioid_mme")
def _opioid_mme(facts: Facts) -> Column:
    low, high = (np.nan_to_num(facts.numbers(name)) for name in ("opioid_mme_low", "opioid_mme_high"))
    unknown = ~facts.inputs.medicines_known | (facts.inputs.unread > 0)
    in_doubt, chosen = facts.no_one, role_members(facts.knowledge, "opioid")
    for name in facts.taken_of(chosen):
        surely, maybe = facts.taking(name, chosen)
        in_doubt = in_doubt | (maybe > surely)
    return Column(
        low,
        np.where(unknown, np.inf, high),
        "mg/day",
        False,
        (("CDC 2022 conversion factors", None),),
        ("medicines",),
        "cdc-opioid-2022",
        {**facts.list_needs, "dose of the opioid": (low != high) & ~in_doubt & facts.inputs.medicines_known},
    )
