"""What is wrong with the conditions: what they imply, their codes, levels of the cord, and a name that two of them have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relaxant.facts.cord_level import place_of
from relaxant.facts.known_names import folded
from relaxant.knowledge.load import Knowledge

_ICD = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?")


def faults_of_conditions(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the conditions: where, and what."""
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for condition in knowledge.conditions.values():
        where = f"conditions {condition.condition}"
        for implied in condition.implies:
            if implied not in knowledge.conditions:
                yield where, f"there is no condition “{implied}”"
        for code in condition.icd10cm:
            if not _ICD.fullmatch(code):
                yield where, f"“{code}” is not an ICD-10-CM code"
        if condition.lasts_days is not None and condition.lasts_days <= 0:
            yield where, f"it lasts {condition.lasts_days:g} days; write more than nought, or leave it out"
        if (condition.lasts_days is None) != (not (condition.lasts_reason or "").strip()):
            yield where, "lasts_days and lasts_reason belong together"
        for code in condition.past:
            if not condition.again or not code.startswith(condition.icd10cm):
                yield where, f"past code “{code}” is none of its ICD-10-CM codes, or it does not happen again"
        if condition.down_to is not None and place_of(condition.down_to) is None:
            yield where, f"“{condition.down_to}” is no level of the cord"
        for name in dict.fromkeys(folded(n) for n in (condition.title, *condition.names)):
            if (other := names.setdefault(name, condition.condition)) != condition.condition:
                yield (
                    where,
                    f"{other} has the name “{name}” too; it belongs to one of them, and `implies` carries the rest",
                )
        for code in (*condition.icd10cm, *condition.snomed):
            if (other := codes.setdefault(code, condition.condition)) != condition.condition:
                yield where, f"{other} has the code {code} too; it belongs to one of them"
    for condition in knowledge.conditions.values():
        for name in dict.fromkeys(map(folded, condition.pump_names)):
            if (other := names.setdefault(name, condition.condition)) != condition.condition:
                yield f"conditions {condition.condition}", f"{other} has the name “{name}” too"
