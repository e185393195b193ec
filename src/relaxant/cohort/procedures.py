"""The procedures of a registry: dialysis, scans, and what else is a condition to the rules."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from relaxant.cohort.conditions import above_of, meaning_of, stated_of
from relaxant.cohort.noted import NOTED, Made, condition_noted, dialysis_noted
from relaxant.cohort.vocabulary import Glossary, Row, beside, in_order, rows_of
from relaxant.facts.conditions import condition_ids, events_of
from relaxant.patient import Stated

PROCEDURE_KEYS: Final = ("concept", "source")


def map_procedures(rows: pa.Table, glossary: Glossary, ancestors: pa.Table | None = None) -> pa.Table:
    """Reads each distinct procedure. Columns of ``rows``: the fields of :class:`~relaxant.cohort.vocabulary.Row`; ``ancestors`` as of
    :func:`relaxant.cohort.conditions.map_conditions`. Gives :data:`PROCEDURE_KEYS` and :data:`~relaxant.cohort.noted.NOTED` of those that say something."""
    known = rows_of(rows, Row)
    above = above_of(ancestors)
    made: list[Made | None] = [None] * len(known)
    for i in in_order(known):
        made[i] = _noted(known[i], above.get(known[i].concept, ()), glossary)
    return beside(rows, PROCEDURE_KEYS, made, NOTED)


def _noted(row: Row, above: tuple[str, ...], glossary: Glossary) -> Made | None:
    """What a procedure says. Its name may stand among other words where it is an event; else it is a condition where it is the name of one."""
    code = row.concept_code or (row.source if not row.concept else None)
    if (dialysis := dialysis_noted(code, above, glossary)) is not None:
        return dialysis
    known = glossary.knowledge
    events = events_of(row.words or "", known, within=True)
    stated = Stated(name=known.conditions[events[0]].title) if events else stated_of(row, glossary, above)
    if condition_ids(stated, known) and (meaning := meaning_of(stated, glossary)) is not None:
        return condition_noted(meaning, glossary)
    glossary.leave("procedure", row, "no rule asks for it", lost=False)
    return None
