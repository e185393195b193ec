"""The observations of a registry: allergies, tobacco, pregnancy, dialysis, and conditions that were written down there."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from relaxant.cohort.allergies import allergy_of
from relaxant.cohort.conditions import above_of, meaning_of, stated_of
from relaxant.cohort.said import ALLERGY, CONDITION, HABIT, Habit
from relaxant.cohort.vocabulary import SYSTEMS, Glossary, Row, beside, in_order, rows_of
from relaxant.io.fhir_observations import asks_for, is_pregnant, smokes
from relaxant.io.fhir_problems import denies_allergies, dialysis_of
from relaxant.patient import Allergy, Code

OBSERVATION_KEYS: Final = ("concept", "value_concept", "source", "value_text")
OBSERVATIONS: Final = pa.schema(
    [
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("item", pa.int32(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("lasts_days", pa.float64()),
    ]
)
"""``kind`` and ``item`` as in :data:`relaxant.cohort.said.SAID`; ``field`` of a habit, of which the newest note counts; ``lasts_days`` for how long."""

_PREGNANCY = "pregnancy"


class Observation(Row, frozen=True, kw_only=True):
    """A row of the distinct observations with its answer: a concept (0: none) or words."""

    value_concept: int = 0
    value_vocabulary_id: str | None = None
    value_code: str | None = None
    value_name: str | None = None
    value_text: str | None = None


def map_observations(rows: pa.Table, glossary: Glossary, ancestors: pa.Table | None = None) -> pa.Table:
    """Reads each distinct observation. Columns of ``rows``: the fields of :class:`Observation`; ``ancestors`` as of
    :func:`relaxant.cohort.conditions.map_conditions`. Gives :data:`OBSERVATION_KEYS` and :data:`OBSERVATIONS` of those that say something."""
    known = rows_of(rows, Observation)
    above = above_of(ancestors)
    glossary.habits.numbers([habit for row in known if (habit := _habit(row)) is not None])
    made: list[dict[str, Any] | None] = [None] * len(known)
    for i in in_order(known):
        made[i] = _meaning(known[i], above.get(known[i].concept, ()), glossary)
    return beside(rows, OBSERVATION_KEYS, made, OBSERVATIONS)


def _meaning(row: Observation, above: tuple[str, ...], glossary: Glossary) -> dict[str, Any] | None:
    if (habit := _habit(row)) is not None:
        pregnancy = glossary.knowledge.conditions.get(_PREGNANCY) if habit.field == "pregnant" else None
        return {
            "kind": HABIT,
            "item": glossary.habits.number(habit),
            "field": habit.field,
            "lasts_days": pregnancy.lasts_days if pregnancy else None,
        }
    field = asks_for(row.concept_code or "")
    if field is not None:
        glossary.leave("observation", row, "its answer says neither yes nor no", lost=True, name=f"{row.words}: {row.value_name or row.value_text}")  # fmt: skip
        return None
    answer = [code for code in (row.concept_code, row.value_code) if code]
    if any(denies_allergies(answer, words) for words in (row.words, row.value_name, row.value_text)):
        glossary.leave("observation", row, "denies allergies: allergies count as known only where one is written down", lost=True)  # fmt: skip
        return None
    stated = stated_of(row, glossary, above)
    meaning = meaning_of(stated, glossary) if (stated.name or stated.codes) and not _denied(row) else None
    if meaning is not None:
        item = glossary.conditions.number(meaning.stated)
        return {"kind": CONDITION, "item": item, "field": None, "lasts_days": meaning.lasts_days}
    system = SYSTEMS.get(row.value_vocabulary_id or "")
    codes = (Code(system=system, code=row.value_code),) if system and row.value_code else ()
    said = None if _denied(row) else allergy_of(row.words, row.concept_code, row.value_name or row.value_text, codes)
    if isinstance(said, Allergy):
        return {"kind": ALLERGY, "item": glossary.allergies.number(said), "field": None, "lasts_days": None}
    if said == "unnamed":
        glossary.leave("observation", row, "an allergy, and not to what", lost=True)
    else:
        glossary.leave("observation", row, "no rule asks for it", lost=False)
    return None


def _denied(row: Observation) -> bool:
    """Whether the answer to an observation is that it is not so."""
    words = (row.value_name or row.value_text or "").casefold().strip()
    return words in ("no", "false", "absent", "negative", "not present", "0", "never")


# ---------------------------------------------------------------- habits


def _habit(row: Observation) -> Habit | None:
    """Tobacco, pregnancy and dialysis, by the code of the question with its answer, or by a code that is question and answer in one."""
    field = asks_for(row.concept_code or "")
    answer = [row.value_code] if row.value_code else []
    words = row.value_name or row.value_text
    if field is not None:
        told = (smokes if field == "smoker" else is_pregnant)(answer, words)
        return None if told is None else Habit(field=field, value=told)
    if _denied(row):
        return None
    if (told := smokes([row.concept_code] if row.concept_code else [], row.words)) is not None:
        return Habit(field="smoker", value=told)
    kind = dialysis_of(row.concept_code or "")
    return None if kind is None else Habit(field="dialysis", value=kind)
