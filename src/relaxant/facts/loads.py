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
    low = facts.inputs.unread + facts.ingredients_taken()
    high = np.where(facts.inputs.medicines_known, low, np.inf)
    return Column(
        low,
        high,
        "",
        False,
        (("ingredients counted", None),),
        ("medicines",),
        None,
        {"medicines": ~facts.inputs.medicines_known},
    )


@makes("anticholinergic_burden")
def _anticholinergic(facts: Facts) -> Column:
    low = np.zeros(facts.rows)
    chosen = role_members(facts.knowledge, "anticholinergic")
    for name in facts.taken_of(chosen):
        low = low + facts.taking(name, chosen)[0] * _points(facts.knowledge)[name]
    unknown = ~facts.inputs.medicines_known | (facts.inputs.unread > 0)
    return Column(
        low,
        np.where(unknown, np.inf, low),
        "points",
        False,
        (("sum of the scale's points", None),),
        ("medicines",),
        facts.knowledge.roles["anticholinergic"].members[0].source,
        {"medicines": unknown},
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
    low, high = facts.numbers("opioid_mme_low"), facts.numbers("opioid_mme_high")
    low = np.where(np.isnan(low), 0.0, low)
    high = np.where(np.isnan(high), 0.0, high)
    unknown = ~facts.inputs.medicines_known
    return Column(
        low,
        np.where(unknown, np.inf, high),
        "mg/day",
        False,
        (("CDC 2022 conversion factors", None),),
        ("medicines",),
        "cdc-opioid-2022",
        {"medicines": unknown, "dose of the opioid": (low != high) & ~unknown},
    )
