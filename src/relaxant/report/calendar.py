"""A plan as a calendar file (iCalendar, RFC 5545): an all-day event for each step, the same bytes every time.

A step has the same UID whenever the plan is written again for the same label, so a calendar replaces it instead of doubling it. The stamp
is the day of the plan, never the clock. Only the main calendar is in the file: two sets of doses on one day would be taken for one.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from relaxant.errors import InputError
from relaxant.report.plan_page import DoseView, PlanView, StepView

if TYPE_CHECKING:
    from icalendar import Calendar, Event

_PRODUCT = "-//relaxant//plan//EN"


def plan_calendar(view: PlanView) -> bytes:
    """The plan's steps as a calendar file.

    Raises :class:`InputError` where the plan has no dated step or the library is not installed.
    """
    words = view.words["unusable"]
    if not view.steps:
        others = view.words["between"].join(("text", "html", "pdf", "json", "fhir"))
        raise InputError("format", "ics", words["no_steps"], words["no_steps_do"].format(formats=others))
    try:
        from icalendar import Calendar
    except ImportError:
        raise InputError("format", "ics", words["missing"], words["missing_do"].format(extra="calendar")) from None
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{view.head.label}: {view.title}")
    calendar.add("x-wr-caldesc", " ".join((*view.banners, view.words["ics"]["main_only"])))
    for step in sorted(view.steps, key=lambda s: (s.first, s.agent, s.number)):
        calendar.add_component(_event(view, step))
    return _lined(calendar)


def _lined(calendar: Calendar) -> bytes:
    return bytes(calendar.to_ical(sorted=True))


def _event(view: PlanView, step: StepView) -> Event:
    from icalendar import Event

    last = step.first if step.last is None else step.last
    event = Event()
    event.add("uid", step.uid)
    event.add("dtstamp", datetime.combine(view.head.as_of, time(), UTC))
    event.add("dtstart", step.first)
    event.add("dtend", last + timedelta(days=1))
    event.add("summary", _summary(view, step))
    event.add("description", "\n".join(_description(view, step)))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _summary(view: PlanView, step: StepView) -> str:
    words, agent = view.words["ics"], view.name(step.agent)
    if not step.doses:
        return str(words["summary_none"]).format(agent=agent)
    doses = [str(words["dose"]).format(dose=d.text, part=d.part.lower()) for d in step.doses]
    return str(words["summary"]).format(agent=agent, doses=str(view.words["between"]).join(doses))


def _pieces(view: PlanView, dose: DoseView) -> str:
    return str(view.words["ics"]["pieces"]).format(part=dose.part, dose=dose.text, pieces=dose.pieces)


def _description(view: PlanView, step: StepView) -> list[str]:
    """The doses in pieces, what decides at the step, and whom this is for."""
    named = str(view.words["name_value"])
    lines = [f"{view.head.label}: {view.title}", f"{step.dates}, {step.length}"]
    lines += [_pieces(view, d) for d in step.doses]
    lines += [step.total, *step.notes]
    if view.last_dose is not None and step.last == view.last_dose:
        lines.append(str(view.words["ics"]["last"]).format(agent=view.name(step.agent)))
    lines += [named.format(name=g.label, value=text) for g in view.gates if g.agent == step.agent for text in g.texts]
    return [*lines, *view.banners]
