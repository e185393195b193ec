"""What conditions and allergens are called and which codes they have, indexed once for a knowledge; and what was read of the same few words before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar, cast

from relaxant.knowledge.load import Knowledge
from relaxant.medicines.kept import LONGEST_KEPT, MOST_KEPT, Kept

Read = TypeVar("Read")


class KnownNames(NamedTuple):
    """Folded name, SNOMED code, ICD-10-CM prefix (no dot): each to its condition. And folded allergen names to allergens. ``of_pumps`` are names
    that count for whoever has a pump, and ``about_pumps`` the words that put a condition in question there, each with those that do not.
    ``levelled`` are conditions whose names may carry a level of the cord, ``down_to`` the lowest level that a condition reaches to, ``events`` the
    names of each event and the words that may stand beside them; ``kept`` what was read of words."""

    names: dict[str, str]
    snomed: dict[str, str]
    icd: dict[str, str]
    allergens: dict[str, list[str]]
    of_pumps: dict[str, str]
    about_pumps: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    levelled: set[str]
    down_to: dict[str, str]
    events: dict[str, tuple[frozenset[str], frozenset[str]]]
    kept: dict[tuple[Any, ...], Any]


_KNOWN: dict[str, KnownNames] = {}


def names_of(knowledge: Knowledge) -> KnownNames:
    """The names of a knowledge, indexed once."""
    made = _KNOWN.get(knowledge.sha256)
    if made is None:
        made = _KNOWN[knowledge.sha256] = KnownNames({}, {}, {}, {}, {}, {}, set(), {}, {}, {})
        for condition in knowledge.conditions.values():
            made.names.update({folded(name): condition.condition for name in (condition.title, *condition.names)})
            if condition.levels:
                made.levelled.add(condition.condition)
            if condition.down_to is not None:
                made.down_to[condition.condition] = condition.down_to
            if condition.event:
                own = frozenset(map(folded, (condition.title, *condition.names)))
                made.events[condition.condition] = own, frozenset(map(folded, condition.beside))
            made.of_pumps.update({folded(name): condition.condition for name in condition.pump_names})
            if condition.pump_words:
                made.about_pumps[condition.condition] = (
                    tuple(map(folded, condition.pump_words)),
                    tuple(map(folded, condition.not_pump_words)),
                )
            made.snomed.update(dict.fromkeys(condition.snomed, condition.condition))
            made.icd.update({prefix.replace(".", "").upper(): condition.condition for prefix in condition.icd10cm})
        for key in knowledge.conditions:  # the words of an id give way to what a condition is called
            made.names.setdefault(folded(key.replace("_", " ")), key)
        for allergen in knowledge.allergens.values():
            for name in {
                folded(n) for n in (allergen.allergen.replace("_", " "), *allergen.names, *allergen.ingredients)
            }:
                made.allergens.setdefault(name, []).append(allergen.allergen)
    return made


@Kept
def folded(text: str) -> str:
    """Words for comparison: case folded, punctuation and apostrophes gone, single spaces."""
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold().replace("'", "").replace("’", "")).split())


def remembered(
    knowledge: Knowledge, key: tuple[Any, ...], words: Iterable[str | None], read: Callable[[], Read]
) -> Read:
    """What was read of some words before, or what is read of them now: the same few are written for many people."""
    kept = names_of(knowledge).kept
    found = kept.get(key)
    if found is None:
        found = read()
        if sum(len(text) for text in words if text) <= LONGEST_KEPT:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[key] = found
    return cast(Read, found)
