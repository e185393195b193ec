"""The review page as HTML: the whole page, and its parts for a page that is already open. The review itself is the report's own body."""

from __future__ import annotations

from typing import Any

import msgspec
from markupsafe import Markup

from relaxant.io.patient_file import EU
from relaxant.report.review.page import View
from relaxant.report.review.stepped import StepView, stepped_view
from relaxant.report.review.view import view_of
from relaxant.reviewing import Review, course_steps
from relaxant.service.frame.header import header
from relaxant.service.frame.templates import template
from relaxant.service.house import House
from relaxant.service.pages.answer import Answer
from relaxant.service.pages.fields import LABS, NAMES
from relaxant.service.pages.moved import Moved
from relaxant.service.signin.sessions import Person

PARTS = ("question", "read", "changes", "refused", "review")
DOWNLOADS = ("pdf", "json", "fhir", "ics")


def page(answer: Answer, house: House, person: Person | None = None) -> str:
    """The whole page. ``person``: who is signed in."""
    top = header("/", house.knowledge, person=person)
    return template("page.html.j2").render(**_context(answer, house), site=top)


def parts(answer: Answer, house: House) -> dict[str, str]:
    """The parts of the page that an answer changes, each as HTML. Without a new review the one that is shown stays."""
    context = _context(answer, house)
    kept = () if answer.review is None and answer.refused is not None else ("read", "question", "review")
    return {
        name: template(f"page_{name}.html.j2").render(**context)
        for name in PARTS
        if name in ("refused", "changes", *kept)
    }


def _context(answer: Answer, house: House) -> dict[str, Any]:
    knowledge, made = house.knowledge, answer.review
    view: View | None = None
    stepped: tuple[tuple[StepView, ...], ...] = ()
    if made is not None and answer.patient is not None:
        view = view_of(made, knowledge=knowledge)
        stepped = stepped_view(made, course_steps(answer.patient, knowledge=knowledge), knowledge)
    return {
        "words": knowledge.words("page"),
        "words_of_page": knowledge.words("page"),
        "shown_step": _shown_step,
        "answer": answer,
        "fields": answer.fields,
        "kept": msgspec.json.encode(answer.fields.kept).decode() if answer.fields.kept else "",
        "seen": "" if answer.seen is None else msgspec.json.encode(answer.seen).decode(),
        "today": house.now().date().isoformat(),
        "country_set": house.settings.country,
        "countries": ("US", "UK", *sorted(EU)),
        "labs": LABS,
        "names": NAMES,
        "goals": [goal.title for goal in knowledge.plans.goals.values()],
        "downloads": DOWNLOADS,
        "view": view,
        "stepped": stepped,
        "marks": _marks(made, answer.moved),
        "drawn": Markup,
    }


def _shown_step(steps: tuple[StepView, ...]) -> int:
    """The step that is open at first, counted from 1: the last that has a picture."""
    return max(i for i, step in enumerate(steps, 1) if step.charts)


def _marks(made: Review | None, found: Moved) -> dict[str, list[str]]:
    """The words at what changed, for the findings that are shown in full and for those in short."""
    pairs = [] if made is None else list(zip(made.findings, found.marks, strict=True))
    return {"open": [mark for f, mark in pairs if not f.folded], "folded": [mark for f, mark in pairs if f.folded]}
