"""The conditions of a registry: what each of its codes and names means to the rules, and for how long a note of it counts."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pyarrow as pa

from relaxant.cohort.allergies import allergy_of
from relaxant.cohort.vocabulary import SYSTEMS, Glossary, Row, beside, in_order, rows_of
from relaxant.facts.conditions import condition_ids, conditions_said
from relaxant.io.conditions import condition
from relaxant.io.said import Reading
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Code, Stated

CONDITION_KEYS: Final = ("concept", "source_concept", "source")
CONDITIONS: Final = pa.schema([pa.field("item", pa.int32(), nullable=False), pa.field("lasts_days", pa.float64())])
"""All that means the same is one item. A note counts for ``lasts_days`` where that is given: then from its newest day, else for good, from its first."""

_SNOMED = "SNOMED CT"


class Occurrence(Row, frozen=True, kw_only=True):
    """A row of the distinct conditions: the standard concept, and the concept of the source with its code, often of ICD-10-CM."""

    source_concept: int = 0
    source_vocabulary_id: str | None = None
    source_code: str | None = None
    source_name: str | None = None


class Meaning(msgspec.Struct, frozen=True):
    """What a statement means: the item's statement, and how long a note of it counts."""

    stated: Stated
    lasts_days: float | None


def asked_snomed(knowledge: Knowledge) -> frozenset[str]:
    """The SNOMED CT codes of the knowledge: what lies below one of them is that condition, too (``ancestors`` of :func:`map_conditions`)."""
    return frozenset(code for condition in knowledge.conditions.values() for code in condition.snomed)


def map_conditions(rows: pa.Table, glossary: Glossary, ancestors: pa.Table | None = None) -> pa.Table:
    """Reads each distinct condition. Columns of ``rows``: the fields of :class:`Occurrence`; of ``ancestors``: ``concept`` and ``concept_code``, a
    SNOMED CT code of :func:`asked_snomed` above it. Gives :data:`CONDITION_KEYS` and :data:`CONDITIONS` of those that mean something to a rule."""
    known = rows_of(rows, Occurrence)
    above = above_of(ancestors)
    made: list[dict[str, Any] | None] = [None] * len(known)
    for i in in_order(known):
        meaning = _meaning(known[i], above.get(known[i].concept, ()), glossary)
        if meaning is not None:
            made[i] = {"item": glossary.conditions.number(meaning.stated), "lasts_days": meaning.lasts_days}
    return beside(rows, CONDITION_KEYS, made, CONDITIONS)


def above_of(ancestors: pa.Table | None) -> dict[int, tuple[str, ...]]:
    """Concept -> the SNOMED CT codes above it, in one order."""
    out: dict[int, set[str]] = {}
    for one in ancestors.to_pylist() if ancestors is not None else ():
        out.setdefault(int(one["concept"]), set()).add(str(one["concept_code"]))
    return {concept: tuple(sorted(codes)) for concept, codes in out.items()}


def _meaning(row: Occurrence, above: tuple[str, ...], glossary: Glossary) -> Meaning | None:
    stated = stated_of(row, glossary, above)
    if row.source_concept and row.source_code and (system := SYSTEMS.get(row.source_vocabulary_id or "")):
        stated = msgspec.structs.replace(stated, codes=(*stated.codes, Code(system=system, code=row.source_code)))
    if stated.name is None:
        stated = msgspec.structs.replace(stated, name=row.source_name)
    if stated.name is None and not stated.codes:
        glossary.leave("condition", row, "neither a code nor words", lost=True, name="a condition without name or code")
        return None
    meaning = meaning_of(stated, glossary)
    if meaning is None and allergy_of(stated.name, row.concept_code) is not None:
        glossary.leave(
            "condition", row, "an allergy among the conditions: those among the observations are read", lost=True
        )
    elif meaning is None:
        unread = not row.concept and not stated.codes
        why = "no concept, and its words name no condition that is known here" if unread else "no rule asks for it"
        glossary.leave("condition", row, why, lost=unread, name=stated.name)
    return meaning


def stated_of(row: Row, glossary: Glossary, above: tuple[str, ...] = ()) -> Stated:
    """A concept as a condition of a patient file, with the codes above it; without a concept the source's words, which may be a code."""
    if not row.concept and row.source:
        return condition(Reading(glossary.knowledge, glossary.somebody.as_of, True), "conditions", row.source)
    codes = [Code(system=_SNOMED, code=code) for code in above if code != row.concept_code]
    if row.concept_code and (system := SYSTEMS.get(row.vocabulary_id or "")) is not None:
        codes.insert(0, Code(system=system, code=row.concept_code))
    return Stated(name=row.concept_name, codes=tuple(codes))


def meaning_of(stated: Stated, glossary: Glossary) -> Meaning | None:
    """What a statement means to the rules, in the knowledge's own words where these say the same; ``None`` where it means nothing to them."""
    knowledge = glossary.knowledge
    said = _said(stated, glossary, pump=False)
    if not said:
        return Meaning(stated, None) if _said(stated, glossary, pump=True) else None
    ids = condition_ids(stated, knowledge)
    lasting = [knowledge.conditions[name].lasts_days for name in ids]
    lasts = max((days for days in lasting if days is not None), default=None) if None not in lasting else None
    if len(ids) == 1:
        titled = Stated(name=knowledge.conditions[ids[0]].title)
        if all(_said(titled, glossary, pump=p) == _said(stated, glossary, pump=p) for p in (False, True)):
            return Meaning(titled, lasts)
    return Meaning(stated, lasts)


def _said(stated: Stated, glossary: Glossary, *, pump: bool) -> dict[str, float]:
    """Every condition that it says, 1 or unknown (written as -1, which equals itself)."""
    patient = msgspec.structs.replace(glossary.somebody, conditions=(stated,))
    found = conditions_said(patient, glossary.knowledge, {}, pump=pump)
    return {name: value if value == 1.0 else -1.0 for name, value in found.items()}
