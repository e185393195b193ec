"""The conditions of a registry: what each of its codes and names means to the rules, and for how long a note of it counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa

from relaxant.cohort.noted import NOTED, Made, Meaning, allergy_noted, condition_noted, none_noted
from relaxant.cohort.vocabulary import SYSTEMS, Glossary, Row, beside, in_order, rows_of
from relaxant.facts.conditions import condition_ids, conditions_said
from relaxant.io.conditions import condition
from relaxant.io.fhir_problems import dialysis_codes
from relaxant.io.said import Reading
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Code, Stated

CONDITION_KEYS: Final = ("concept", "source_concept", "source")
_SNOMED = "SNOMED CT"


class Occurrence(Row, frozen=True, kw_only=True):
    """A row of the distinct conditions: the standard concept, and the concept of the source with its code, often of ICD-10-CM."""

    source_concept: int = 0
    source_vocabulary_id: str | None = None
    source_code: str | None = None
    source_name: str | None = None


def asked_snomed(knowledge: Knowledge) -> frozenset[str]:
    """The SNOMED CT codes of the knowledge, and of dialysis: what lies below one of them is that, too (``ancestors`` of :func:`map_conditions`)."""
    return frozenset(code for condition in knowledge.conditions.values() for code in condition.snomed) | {
        *dialysis_codes()
    }


def map_conditions(rows: pa.Table, glossary: Glossary, ancestors: pa.Table | None = None) -> pa.Table:
    """Reads each distinct condition. Columns of ``rows``: the fields of :class:`Occurrence`; of ``ancestors``: ``concept`` and ``concept_code``, a
    SNOMED CT code of :func:`asked_snomed` above it. Gives :data:`CONDITION_KEYS` and :data:`~relaxant.cohort.noted.NOTED` of those that mean something
    to a rule, allergies among them."""
    known = rows_of(rows, Occurrence)
    above = above_of(ancestors)
    made: list[Made | None] = [None] * len(known)
    for i in in_order(known):
        made[i] = _noted(known[i], above.get(known[i].concept, ()), glossary)
    return beside(rows, CONDITION_KEYS, made, NOTED)


def above_of(ancestors: pa.Table | None) -> dict[int, tuple[str, ...]]:
    """Concept -> the SNOMED CT codes above it, in one order."""
    out: dict[int, set[str]] = {}
    for one in ancestors.to_pylist() if ancestors is not None else ():
        out.setdefault(int(one["concept"]), set()).add(str(one["concept_code"]))
    return {concept: tuple(sorted(codes)) for concept, codes in out.items()}


def _noted(row: Occurrence, above: tuple[str, ...], glossary: Glossary) -> Made | None:
    stated = stated_of(row, glossary, above)
    if row.source_concept and row.source_code and (system := SYSTEMS.get(row.source_vocabulary_id or "")):
        stated = msgspec.structs.replace(stated, codes=(*stated.codes, Code(system=system, code=row.source_code)))
    if stated.name is None:
        stated = msgspec.structs.replace(stated, name=row.source_name)
    if stated.name is None and not stated.codes:
        glossary.leave("condition", row, "neither a code nor words", lost=True, name="a condition without name or code")
        return None
    codes, words = [code.code for code in stated.codes], dict.fromkeys((stated.name, row.source_name))
    if (none := none_noted(codes, words, glossary)) is not None:
        return none
    if (meaning := meaning_of(stated, glossary, row.source_name)) is not None:
        return condition_noted(meaning, glossary)
    said = [found for text in words for code in (None, *codes) if (found := allergy_noted(text, code, glossary))]
    if allergies := [found for found in said if not isinstance(found, str)]:
        return allergies[0]
    if said:
        glossary.leave("condition", row, "an allergy, and not to what", lost=True, name=stated.name)
        return None
    unread = not row.concept and not stated.codes
    why = "no concept, and its words name no condition that is known here" if unread else "no rule asks for it"
    glossary.leave("condition", row, why, lost=unread, name=stated.name)
    return None


def stated_of(row: Row, glossary: Glossary, above: tuple[str, ...] = ()) -> Stated:
    """A concept as a condition of a patient file, with the codes above it; without a concept the source's words, which may be a code."""
    if not row.concept and row.source:
        return condition(Reading(glossary.knowledge, glossary.somebody.as_of, True), "conditions", row.source)
    codes = [Code(system=_SNOMED, code=code) for code in above if code != row.concept_code]
    if row.concept_code and (system := SYSTEMS.get(row.vocabulary_id or "")) is not None:
        codes.insert(0, Code(system=system, code=row.concept_code))
    return Stated(name=row.concept_name, codes=tuple(codes))


def meaning_of(stated: Stated, glossary: Glossary, more: str | None = None) -> Meaning | None:
    """What a statement means to the rules, in the knowledge's own words where these say the same; ``None`` where it means nothing to them. ``more``
    are other words for it."""
    known = glossary.knowledge.conditions
    said = [_said(stated, glossary, pump=p) for p in (False, True)]
    if not said[0]:
        return Meaning(stated, None, False) if said[1] else None
    ids = condition_ids(stated, glossary.knowledge)
    for name in ids:
        titled = Stated(name=known[name].title)
        if [_said(titled, glossary, pump=p) for p in (False, True)] == said:
            stated, ids, was = titled, (name,), stated
            break
    else:
        was = stated
    lasting = [known[name].lasts_days for name in ids]
    lasts = max((days for days in lasting if days is not None), default=None) if None not in lasting else None
    again = any(known[name].again or known[name].event for name in ids)
    return Meaning(stated, lasts, again and not _past(was, more, ids, glossary))


_ONCE = re.compile(r"\b(?:history|h/o|old|previous|prior|past|healed|sequelae?|late effects?|residual|status post|post[- ]stroke|survivor)\b", re.I)  # fmt: skip
_INJURY, _FIRST_SEEN = re.compile(r"[ST]\d{2}\.?[0-9A-Z]{3}[A-Z]", re.I), frozenset("ABC")


def _past(stated: Stated, more: str | None, ids: Sequence[str], glossary: Glossary) -> bool:
    """Whether a statement is of something that was: by its words, by a code that the knowledge calls ``past``, or by ICD-10-CM's seventh
    character, which tells an injury that is seen for the first time from what is seen of it later."""
    if any(_ONCE.search(words) for words in (stated.name, more, *(c.display for c in stated.codes)) if words):
        return True
    past = tuple(code.replace(".", "") for name in ids for code in glossary.knowledge.conditions[name].past)
    for code in stated.codes:
        if code.system.startswith("ICD-10"):
            if past and code.code.replace(".", "").upper().startswith(past):
                return True
            if _INJURY.fullmatch(code.code) and code.code[-1].upper() not in _FIRST_SEEN:
                return True
    return False


def _said(stated: Stated, glossary: Glossary, *, pump: bool) -> dict[str, float]:
    """Every condition that it says, 1 or unknown (written as -1, which equals itself)."""
    patient = msgspec.structs.replace(glossary.somebody, conditions=(stated,))
    found = conditions_said(patient, glossary.knowledge, {}, pump=pump)
    return {name: value if value == 1.0 else -1.0 for name, value in found.items()}
