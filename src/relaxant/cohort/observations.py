"""The observations of a registry: allergies, tobacco, pregnancy, dialysis, and conditions that were written down there."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from relaxant.cohort.allergies import asks_for_allergies
from relaxant.cohort.conditions import above_of, meaning_of, stated_of
from relaxant.cohort.noted import NOTED, Made, allergy_noted, condition_noted, dialysis_noted, habit_noted, none_noted
from relaxant.cohort.said import Habit
from relaxant.cohort.vocabulary import SYSTEMS, Glossary, Row, beside, in_order, rows_of
from relaxant.io.fhir_observations import asks_for, is_pregnant, smokes
from relaxant.patient import Code

OBSERVATION_KEYS: Final = ("concept", "value_concept", "source", "value_text")
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
    :func:`relaxant.cohort.conditions.map_conditions`. Gives :data:`OBSERVATION_KEYS` and :data:`~relaxant.cohort.noted.NOTED` of those that say something."""
    known = rows_of(rows, Observation)
    above = above_of(ancestors)
    made: list[Made | None] = [None] * len(known)
    for i in in_order(known):
        made[i] = _noted(known[i], above.get(known[i].concept, ()), glossary)
    return beside(rows, OBSERVATION_KEYS, made, NOTED)


def _noted(row: Observation, above: tuple[str, ...], glossary: Glossary) -> Made | None:
    if (habit := _habit(row)) is not None:
        pregnancy = glossary.knowledge.conditions.get(_PREGNANCY) if habit.field == "pregnant" else None
        return habit_noted(habit, glossary, pregnancy.lasts_days if pregnancy else None)
    if not _denied(row) and (dialysis := dialysis_noted(row.concept_code, above, glossary)) is not None:
        return dialysis
    field = asks_for(row.concept_code or "")
    if field is not None:
        glossary.leave("observation", row, "its answer says neither yes nor no", lost=True, name=f"{row.words}: {row.value_name or row.value_text}")  # fmt: skip
        return None
    if (none := _none(row, glossary)) is not None:
        return none
    stated = stated_of(row, glossary, above)
    meaning = meaning_of(stated, glossary) if (stated.name or stated.codes) and not _denied(row) else None
    if meaning is not None:
        return condition_noted(meaning, glossary)
    system = SYSTEMS.get(row.value_vocabulary_id or "")
    codes = (Code(system=system, code=row.value_code),) if system and row.value_code else ()
    answer = row.value_name or row.value_text
    said = None if _denied(row) else allergy_noted(row.words, row.concept_code, glossary, answer, codes)
    if said == "unnamed":
        glossary.leave("observation", row, "an allergy, and not to what", lost=True)
        return None
    if said is None:
        glossary.leave("observation", row, "no rule asks for it", lost=False)
    return said


def _none(row: Observation, glossary: Glossary) -> Made | None:
    """A note that there are no known allergies, as what was observed or as the answer to a question about them."""
    if not _denied(row) and (none := none_noted([row.concept_code], [row.words], glossary)) is not None:
        return none
    asked = asks_for_allergies(row.concept_code)
    return none_noted([row.value_code], [row.value_name, row.value_text], glossary, asked=asked)


def _denied(row: Observation) -> bool:
    """Whether the answer to an observation is that it is not so."""
    words = (row.value_name or row.value_text or "").casefold().strip()
    return words in ("no", "false", "absent", "negative", "not present", "0", "never")


# ---------------------------------------------------------------- habits


def _habit(row: Observation) -> Habit | None:
    """Tobacco and pregnancy, by the code of the question with its answer, or by a code that is question and answer in one."""
    field = asks_for(row.concept_code or "")
    answer = [row.value_code] if row.value_code else []
    words = row.value_name or row.value_text
    if field is not None:
        told = (smokes if field == "smoker" else is_pregnant)(answer, words)
        return None if told is None else Habit(field=field, value=told)
    if _denied(row):
        return None
    told = smokes([row.concept_code] if row.concept_code else [], row.words)
    return None if told is None else Habit(field="smoker", value=told)
