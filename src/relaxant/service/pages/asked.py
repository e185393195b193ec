"""The one input that would settle most of what could not be checked: what is asked first, and where its answer goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from relaxant.io.said import fold
from relaxant.knowledge.load import Knowledge
from relaxant.report.shown import clean, counted, title_of
from relaxant.reviewing import Review
from relaxant.rules.findings import Unchecked
from relaxant.service.pages.fields import LABS, LISTS, MEASURES, SINGLE, Fields

Kind = Literal["choice", "line", "lines", "result", "look"]
CHOICES = ("sex", "dialysis", "smoker", "pregnant", "breastfeeding", "stands_on_tone", "muscle_mass", "swallowing")
_ALSO = {"creatinine_clearance": "creatinine", "an earlier creatinine": MEASURES}
_OF_A_LINE = re.compile(r"dose|product|how (?:long|much)|stop date|“")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. ``field`` is where the answer stands on the form; ``kind`` how it is given: a choice, a line, lines, a result with its unit; or
    ``look``: a line of the form is to be completed. ``name`` is what a result is of. ``left``: further questions after this one."""

    need: str
    title: str
    why: str
    field: str
    kind: Kind
    name: str = ""
    left: int = 0


def question(review: Review, fields: Fields, knowledge: Knowledge) -> Question | None:
    """The first open input that was not skipped, gravest first, then what settles most; those that are hardly known anywhere are not asked."""
    waiting = [u for u in review.unchecked if not u.folded and u.settled_by not in fields.skipped]
    if not waiting:
        return None
    first, words = waiting[0], knowledge.words("page", review.stamp.language)["question"]
    field, kind, name = _where(first.settled_by, knowledge)
    titles = knowledge.words("facts", review.stamp.language)
    own = words["titles"].get(first.settled_by)
    return Question(
        need=first.settled_by,
        title=str(own or clean(title_of(first.settled_by, titles, knowledge.labs))),
        why=_why(first, words),
        field=field,
        kind=kind,
        name=name,
        left=len(waiting) - 1,
    )


def _why(first: Unchecked, words: Mapping[str, Any]) -> str:
    agents = clean(str(words["between"]).join(first.agents))
    return counted(words["why"], first.checks, tier=first.worst_tier, agents=agents)


def _where(need: str, knowledge: Knowledge) -> tuple[str, Kind, str]:
    if need in CHOICES:
        return need, "choice", ""
    if need in LISTS:
        return need, "lines", ""
    if need in SINGLE:
        return need, "line", ""
    need = _ALSO.get(need, need)
    if need == MEASURES:
        return MEASURES, "look", ""
    for lab in knowledge.labs.values():
        if fold(need) in (fold(lab.lab), fold(lab.title), *map(fold, lab.names)):
            return (lab.lab, "result", lab.lab) if lab.lab in LABS else (MEASURES, "result", lab.lab.replace("_", " "))
    return ("medicines" if _OF_A_LINE.search(need) else "more"), "look", ""


def answered(fields: Fields, field: str, name: str, answer: str) -> Fields:
    """The form with an answer in its place: beside what a list of lines holds, in place of what a field holds."""
    answer = answer.strip()
    if not answer or field not in (*SINGLE, *LISTS, *LABS, MEASURES):
        return fields
    if field == MEASURES:
        return fields.with_text(MEASURES, "\n".join((*fields.lines(MEASURES), f"{name} {answer}".strip())))
    if field in LISTS and (lines := fields.lines(field)):
        return fields.with_text(field, "\n".join((*lines, *answer.splitlines())))
    return fields.with_text(field, answer)
