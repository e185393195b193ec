"""What a note among conditions, observations or procedures comes to: a condition, an allergy or a habit, and for how long it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa

from relaxant.cohort.allergies import allergy_of
from relaxant.cohort.said import ALLERGY, CONDITION, HABIT, Habit
from relaxant.cohort.vocabulary import Glossary
from relaxant.facts.allergies import allergen_ids
from relaxant.io.fhir_problems import denies_allergies, dialysis_of
from relaxant.patient import Allergy, Code, Stated

NOTED: Final = pa.schema(
    [
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("item", pa.int32(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("lasts_days", pa.float64()),
        pa.field("again", pa.bool_(), nullable=False),
    ]
)
"""``kind`` and ``item`` as in :data:`relaxant.cohort.said.SAID`; ``field`` of a habit, of which the newest note counts. A note counts for ``lasts_days``
where that is given, else for good. All that means the same is one item: it is since its newest note that came ``again``, else since its first that counts."""

Made = dict[str, Any]
_OF_ALLERGIES = re.compile(r"allerg|^\s*nkd?a\b", re.I)


class Meaning(msgspec.Struct, frozen=True):
    """What a statement of a condition means: the item's statement, how long a note of it counts, and whether each is of its own day."""

    stated: Stated
    lasts_days: float | None
    again: bool


def condition_noted(meaning: Meaning, glossary: Glossary) -> Made:
    """A note of a condition."""
    item = glossary.conditions.number(meaning.stated)
    return _made(CONDITION, item, lasts_days=meaning.lasts_days, again=meaning.again)


def allergy_noted(
    words: str | None, code: str | None, glossary: Glossary, answer: str | None = None, codes: tuple[Code, ...] = ()
) -> Made | Literal["unnamed"] | None:
    """A note of an allergy, as of :func:`relaxant.cohort.allergies.allergy_of`; ``None`` for an intolerance of what no rule asks for, such as heat."""
    said = allergy_of(words, code, answer, codes)
    if not isinstance(said, Allergy):
        return said
    if said.kind == "intolerance" and not allergen_ids(said, glossary.knowledge):
        return None
    return _made(ALLERGY, glossary.allergies.number(said))


def none_noted(
    codes: Iterable[str | None], words: Iterable[str | None], glossary: Glossary, *, asked: bool = False
) -> Made | None:
    """A note that there are no known allergies, as the bedside reads it. Where that was not ``asked``, words have to speak of allergies: “none” may be
    none of anything."""
    said = [text for text in words if text and (asked or _OF_ALLERGIES.search(text))]
    if not any(denies_allergies([code for code in codes if code], text) for text in (None, *said)):
        return None
    return _made(ALLERGY, glossary.allergies.number(None))


def habit_noted(habit: Habit, glossary: Glossary, lasts_days: float | None = None) -> Made:
    """A note of a habit."""
    return _made(HABIT, glossary.habits.number(habit), field=habit.field, lasts_days=lasts_days)


def dialysis_noted(code: str | None, above: Iterable[str], glossary: Glossary) -> Made | None:
    """A note of dialysis, by a procedure's code or those above it."""
    kinds = [kind for one in (code, *above) if one and (kind := dialysis_of(one)) is not None]
    if not kinds:
        return None
    return habit_noted(Habit(field="dialysis", value=kinds[0]), glossary, glossary.knowledge.policy("registry_dialysis_days"))  # fmt: skip


def _made(kind: int, item: int, field: str | None = None, lasts_days: float | None = None, again: bool = False) -> Made:
    return {"kind": kind, "item": item, "field": field, "lasts_days": lasts_days, "again": again}
