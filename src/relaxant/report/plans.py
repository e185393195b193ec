"""A plan in the format that is asked for: the one way in."""

from __future__ import annotations

from typing import Literal, get_args

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.plain import as_json
from relaxant.planning.plan import Plan
from relaxant.report.plan.page import PlanHead
from relaxant.report.plan.view import plan_view

Format = Literal["text", "json", "html", "pdf", "ics", "fhir", "sheet", "sheet-pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""``sheet`` is the page for the person who takes the medicine, ``sheet-pdf`` the same for print."""


def render_plan(
    plan: Plan,
    format: Format,
    *,
    head: PlanHead,
    knowledge: Knowledge | None = None,
    colour: bool = False,
    width: int = 80,
    encoding: str = "utf-8",
    confirmed: bool = False,
) -> bytes:
    """The plan as bytes. ``head`` says for whom and as of when (:func:`relaxant.report.review.view.head_of` takes it from a review).

    ``colour``, ``width`` and ``encoding`` are for text alone; ``confirmed`` says that an override beyond every source may go on the sheet for the
    person. Raises :class:`InputError` for a format that this plan has no place in (a
    calendar file of a plan without dated steps), or whose library is not installed.
    """
    knowledge = knowledge or load_knowledge()
    if format == "json":
        return as_json(plan)
    if format not in FORMATS:
        words = knowledge.words("plan", head.language)
        formats = str(words["between"]).join(FORMATS)
        unusable = words["unusable"]
        raise InputError("format", format, unusable["format"], unusable["no_steps_do"].format(formats=formats))
    view = plan_view(plan, head, knowledge=knowledge)
    # What draws a format is loaded with it: text must not wait for the others.
    if format == "text":
        from relaxant.report.plan.text import plan_text

        return plan_text(view, colour=colour, width=width, encoding=encoding).encode(encoding)
    if format == "html":
        from relaxant.report.plan.html import plan_html

        return plan_html(view).encode()
    if format == "pdf":
        from relaxant.report.pdf import plan_pdf

        return plan_pdf(view)
    if format == "ics":
        from relaxant.report.calendar import plan_calendar

        return plan_calendar(view)
    if format == "fhir":
        from relaxant.report.fhir.plan import plan_fhir

        return plan_fhir(view)
    from relaxant.report.patient_sheet import sheet_html, sheet_pdf, sheet_view

    sheet = sheet_view(view, knowledge=knowledge, confirmed=confirmed)
    return sheet_html(sheet).encode() if format == "sheet" else sheet_pdf(sheet, view)
