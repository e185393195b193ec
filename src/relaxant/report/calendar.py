"""A plan, or the days of a review, as a calendar file (iCalendar, RFC 5545): an all-day event for each step, the same bytes every time.

A step has the same UID whenever a plan of the same kind is written again for the same label, whatever else changed in what was put in, so a
calendar replaces it instead of doubling it. Without a label all people are one to a calendar, and the file says so. What a later file no longer
holds stays in a calendar that took an earlier one in: each event names the day on which it was planned. There is no METHOD: a file is
imported and nobody is invited, and PUBLISH would ask for an organiser (RFC 5546, 3.2.1). The stamp is the day of the plan, never the clock.
Only the main calendar is in the file: two sets of doses on one day would be taken for one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from relaxant.errors import InputError
from relaxant.monitoring import Watch
from relaxant.report.blocks import Words
from relaxant.report.plan.page import BeforeView, DoseView, PlanHead, PlanView, StepView, WithheldView
from relaxant.report.review.page import View, WatchView

if TYPE_CHECKING:
    from icalendar import Event

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://relaxant.invalid/follow")
_PRODUCT = "-//relaxant//plan//EN"
_FIRST_DAY = date(2000, 1, 1)  # from which the sequence counts, so that a later plan outranks an earlier one


def plan_calendar(view: PlanView) -> bytes:
    """The plan's steps as a calendar file.

    Raises :class:`InputError` where the plan has no dated step and holds nothing, or the library is not installed.
    """
    words = view.words["unusable"]
    if not view.steps and not view.withheld:
        others = view.words["between"].join(("text", "html", "pdf", "json", "fhir"))
        raise InputError("format", "ics", words["no_steps"], words["no_steps_do"].format(formats=others))
    _installed(words)
    own = view.words["ics"]
    about = (*view.banners, *_whose(view.head, own), own["main_only"], own["older"])
    return _lined(f"{view.head.label}: {view.title}", about, _of_plan(view))


def review_calendar(view: View, monitoring: Sequence[Watch], words: Words) -> bytes:
    """The days of a review: the steps of its plan, and what is to be followed on the day on which it is due (today if that has passed).

    Several plans with steps are choices that begin on one day, so none of them goes in. Raises :class:`InputError` where nothing has a day
    or the library is not installed. ``words`` are those of plans.
    """
    own, title = words["unusable"], str(view.words["title"])
    due = [(w.due, shown) for w, shown in zip(monitoring, view.monitoring, strict=True) if w.due is not None]
    plans = [plan for plan in view.plans if plan.steps]
    choices = len(plans) > 1
    held = [plan for plan in view.plans if plan.withheld and not plan.steps]  # nobody chooses that
    if not due and not held and len(plans) != 1:
        others = words["between"].join(("text", "html", "pdf", "json", "fhir"))
        why = own["several_plans"] if choices else own["no_days"]
        raise InputError("format", "ics", why, own["no_steps_do"].format(formats=others))
    _installed(own)
    events = [event for plan in (*([] if choices else plans), *held) for event in _of_plan(plan)]
    events += [_followed(view, words, shown, day) for day, shown in due]
    events += [
        _followed(view, words, shown, day, number)
        for w, shown in zip(monitoring, view.monitoring, strict=True)
        if not w.not_before
        for number, day in enumerate(w.then, 1)
    ]
    about = words["ics"]["choices" if choices else "main_only"]
    return _lined(f"{view.head.label}: {title}", (view.orders, *_whose(view.head, words["ics"]), about), events)


def without_label(words: Words) -> str:
    """What to say to whoever writes a calendar file for a person without a label. ``words`` are those of plans."""
    return str(words["ics"]["no_label"])


def _whose(head: PlanHead, words: Words) -> tuple[str, ...]:
    """What keeps people apart, where nothing does."""
    return () if head.labelled else (str(words["no_label"]),)


def _installed(words: Words) -> None:
    try:
        import icalendar  # noqa: F401
    except ImportError:
        raise InputError("format", "ics", words["missing"], words["missing_do"].format(extra="calendar")) from None


def _lined(name: str, about: Iterable[str], events: Iterable[Event]) -> bytes:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-caldesc", " ".join(about))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical(sorted=True))


def _of_plan(view: PlanView) -> list[Event]:
    before = [*(_unchanged(view, one) for one in view.before), *(_withheld(view, one) for one in view.withheld)]
    return [*before, *(_event(view, s) for s in sorted(view.steps, key=lambda s: (s.first, s.agent, s.number)))]


def _followed(view: View, words: Words, watch: WatchView, due: date, number: int = 0) -> Event:
    """The day on which something is to be followed; ``number`` counts the days after the first."""
    day, head = max(due, view.head.as_of), view.head
    summary = str(view.words["name_value"]).format(name=watch.agent, value=watch.what)
    which = f"\0{number}" if number else ""
    uid = str(uuid.uuid5(_NAMESPACE, f"{head.label}\0{watch.agent}\0{watch.what}{which}"))
    due_text = "" if number else watch.due  # that a day has passed is said of the first alone
    lines = [f"{head.label}: {summary}", due_text, watch.at, watch.act, view.orders]
    return _days(head, words, uid, day, day, summary, lines)


def _event(view: PlanView, step: StepView) -> Event:
    summary = _summary(view, step)
    if view.beyond:
        summary = str(view.words["ics"]["beyond"]).format(summary=summary)
    return _days(view.head, view.words, step.uid, step.first, step.until, summary, _description(view, step))


def _unchanged(view: PlanView, before: BeforeView) -> Event:
    """The days on which a medicine stays as it is taken now."""
    text = str(view.words["ics"]["as_now"]).format(agent=view.name(before.agent), text=before.text)
    lines = [f"{view.head.label}: {view.title}", before.dates, before.text, *view.banners]
    return _days(view.head, view.words, before.uid, before.first, before.last, text, lines)


def _withheld(view: PlanView, one: WithheldView) -> Event:
    """The day from which a medicine is not given: an older calendar of it may still stand there."""
    named = str(view.words["name_value"])
    first = [named.format(name=view.words["first_do"]["heading"], value=text) for text in view.first_do]
    lines = [f"{view.head.label}: {view.title}", one.text, *one.says, *first, view.words["ics"]["older"], *view.banners]
    return _days(view.head, view.words, one.uid, one.first, one.first, one.text, lines)


def _days(head: PlanHead, words: Words, uid: str, first: date, last: date, summary: str, lines: list[str]) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", datetime.combine(head.as_of, time(), UTC))
    event.add("sequence", (head.as_of - _FIRST_DAY).days)
    event.add("dtstart", first)
    event.add("dtend", last + timedelta(days=1))
    event.add("summary", summary)
    planned = str(words["ics"]["as_planned"]).format(as_of=head.as_of.isoformat())
    event.add("description", "\n".join(filter(None, (*lines, planned))))
    event.add("categories", [head.label])
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event


def _summary(view: PlanView, step: StepView) -> str:
    words, agent = view.words["ics"], view.name(step.agent)
    if not step.doses:
        return str(words["summary_none"]).format(agent=agent)
    doses = [str(words["dose"]).format(dose=d.text, part=d.part.lower()) for d in step.doses]
    key = "summary" if step.last is not None else "summary_on"
    return str(words[key]).format(agent=agent, doses=str(view.words["between"]).join(doses))


def _pieces(view: PlanView, dose: DoseView) -> str:
    return str(view.words["ics"]["pieces"]).format(part=dose.part, dose=dose.text, pieces=dose.pieces)


def _description(view: PlanView, step: StepView) -> list[str]:
    """The doses in pieces, what decides at the step, and whom this is for."""
    named = str(view.words["name_value"])
    lines = [f"{view.head.label}: {view.title}", f"{step.dates}, {step.length}"]
    if step.first == min(s.first for s in view.steps):
        lines += [named.format(name=view.words["first_do"]["heading"], value=text) for text in view.first_do]
        if view.needs:
            needs = str(view.words["between"]).join(view.needs)
            lines.append(named.format(name=view.words["needs"]["heading"], value=needs))
        lines.append(view.words["ics"]["older"])
    lines += [_pieces(view, d) for d in step.doses]
    lines += [step.total, *step.notes]
    goes_on = any(s.agent == step.agent and s.first > step.first for s in view.steps)
    if step.last is not None and step.last == view.last_dose and not goes_on:
        lines.append(str(view.words["ics"]["last"]).format(agent=view.name(step.agent)))
    lines += [named.format(name=g.label, value=text) for g in view.gates if g.agent == step.agent for text in g.texts]
    return [*lines, *view.banners]
