"""The monitoring schedule: what to measure or ask of each relaxant that is taken or weighed, when it is due, what the record shows
as done, and what to do at which value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.knowledge.agents import Monitoring
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import FollowUp
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Measured, Patient
from relaxant.planning.anchors import anchors_of, daily_span, lines_of, sessions
from relaxant.planning.due_dates import Anchors, When, days_after, later, when_due
from relaxant.planning.plan import Plan
from relaxant.quantities import plain_number
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Row, tested
from relaxant.rules.predicate import Clauses, read_predicate
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import shown_agent_name

REFILL = "by when the pump is to be refilled"
"""The input that a refill lacks where its day cannot be told."""


class ShownAct(msgspec.Struct, frozen=True, kw_only=True):
    """What to do at a result. ``holds`` is whether that is the result now; ``None`` where the facts cannot tell or it is for the reader to
    judge. ``at_last``: it is that of the last value on record, which is too old to be that of now."""

    at: str
    do: str
    holds: bool | None
    at_last: bool = False


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Something to measure or ask for one agent. ``due`` is ``None`` where nothing falls due any more, or no day can be told.

    ``last_value`` is in words; a value without a date counts as of the day of the review and has no ``last_done``. ``lacking`` are the values
    without which it does not count as done, where none is on record. ``settled_by`` are inputs that would tell whether it is for this person,
    or from which day it counts (``start_known`` is then false).
    """

    follow_up: str
    agent: str
    what: str
    at: str
    due: date | None
    then: tuple[date, ...]
    last_done: date | None
    last_value: str | None
    lacking: tuple[str, ...]
    measured: bool
    overdue: bool
    overdue_days: int
    not_before: bool
    start_known: bool
    act: tuple[ShownAct, ...]
    settled_by: tuple[str, ...]
    verified: bool
    source: Cited


class _Known(NamedTuple):
    """A follow-up of one agent, its predicates read, its acts as shown where nothing is known, its words for when, how long a value of
    its labs stays true, and its source."""

    follow: FollowUp
    when: Clauses | None
    acts: tuple[tuple[ShownAct, Clauses | None, float | None], ...]
    at: str
    valid_days: float
    source: Cited


class _Of(NamedTuple):
    """What is known of one agent: what has dates, what is in words alone, and what goes back to words where no date holds."""

    dated: tuple[_Known, ...]
    in_words: tuple[Monitoring, ...]
    else_words: tuple[tuple[Monitoring, tuple[str, ...]], ...]


class _Done(NamedTuple):
    """The newest values that count as done: the day they count for, the day on record, the values in words, and those that are lacking."""

    day: date | None = None
    dated: date | None = None
    text: str | None = None
    lacking: tuple[str, ...] = ()


class _Found(NamedTuple):
    """A follow-up as due, with what its later days are reckoned from, and whether it is surely for this person."""

    due: Due
    known: _Known
    anchors: Anchors
    sure: bool


def follow_up(
    facts: Facts,
    patient: Patient,
    medicines: Sequence[Medicine],
    row: int = 0,
    plans: Sequence[Plan] = (),
    refill: date | None = None,
) -> tuple[Due, ...]:
    """What is to be followed of every agent that is taken or weighed, the longest overdue first, what has no day last.

    Of several entries for one agent that ask for the same, the one that is due first speaks, with the later days of all. The labels are those
    of the facts' jurisdiction. ``refill`` is the day by which a pump is to be refilled.
    """
    person = _Person(Row(facts, row), patient, medicines)
    chosen: dict[tuple[str, str], list[_Found]] = {}
    for agent in _present(facts, row, plans):
        lines, anchors = lines_of(agent, facts, patient.as_of, medicines, row, plans), None
        for known in _of(agent, facts).dated:
            follow, span = known.follow, None
            if follow.from_daily is not None:
                span = daily_span(follow.from_daily, lines, facts)
            outcome, open_by = (FIRES, ()) if known.when is None else tested(known.when, person.now)
            if outcome == SILENT and span is None:
                continue
            of_all = anchors = anchors or anchors_of(lines, refill)
            if follow.anchor == "session":
                of_all = msgspec.structs.replace(anchors, sessions=sessions(follow, lines))
            elif span is not None:
                of_all = msgspec.structs.replace(anchors, daily=span)
            if follow.anchor == "last dose" and of_all.ends is None:
                continue
            due = _due(agent, known, of_all, person, open_by)
            if of_all.ends is not None and _no_more(due, follow, of_all):
                continue
            chosen.setdefault((agent, due.what), []).append(_Found(due, known, of_all, not open_by))
    return tuple(sorted(map(_together, chosen.values()), key=_order))


def _no_more(due: Due, follow: FollowUp, anchors: Anchors) -> bool:
    """Whether it has no place where the medicine ends: its day will not come, or it asks for what is past (a refill apart)."""
    if due.due is None:
        return not any(a.holds or a.at_last for a in due.act)
    return not follow.labs and follow.anchor != "refill" and due.due < anchors.review


def _together(found: Sequence[_Found]) -> Due:
    """The first of the entries that ask for the same, with the days after it of all that surely hold."""
    first = min(found, key=lambda f: _order(f.due))
    due = first.due
    if len(found) == 1 or due.due is None or not due.start_known:
        return due
    done = max(due.due, first.anchors.review)
    all_of = [f for f in found if f.sure or f is first]
    days = {day for f in all_of for day in days_after(f.known.follow, f.anchors, done, f.known.valid_days)}
    return msgspec.structs.replace(due, then=tuple(sorted(days)))


def in_words(
    facts: Facts, due: Sequence[Due], row: int = 0, plans: Sequence[Plan] = ()
) -> tuple[tuple[str, Monitoring], ...]:
    """What the agents' ``monitoring`` says that no item of ``due`` says with a date: the agent, and the entry."""
    shown = {(d.agent, d.what) for d in due}
    out = []
    for agent in _present(facts, row, plans):
        known = _of(agent, facts)
        out += [(agent, entry) for entry in known.in_words]
        out += [(agent, entry) for entry, whats in known.else_words if not any((agent, w) in shown for w in whats)]
    return tuple(out)


def _order(due: Due) -> tuple[bool, bool, date, str, str, bool]:
    return due.due is None, not due.overdue, due.due or date.max, due.agent, due.what, bool(due.settled_by)


def _present(facts: Facts, row: int, plans: Sequence[Plan]) -> list[str]:
    """The agents that are taken, or weighed to be begun; not those whose start is refused, of which nothing is given."""
    refused = {name for plan in plans if plan.refused is not None for name in plan.agents}
    given = {step.agent for plan in plans for step in plan.steps}

    def begun(agent: str) -> bool:
        return agent in given or shown_agent_name(agent, facts) not in refused

    agents = sorted(facts.inputs.agents.items())
    return [a for a, own in agents if own["taking"][row] == 1 or (own["starting"][row] == 1 and begun(a))]


# ---------------------------------------------------------------- what is known of an agent

_READ: dict[tuple[str, Jurisdiction, str], _Of] = {}


def _of(agent: str, facts: Facts) -> _Of:
    key = facts.knowledge.sha256, facts.jurisdiction, agent
    made = _READ.get(key)
    if made is None:
        made = _READ[key] = _read(agent, facts.knowledge, facts.jurisdiction)
    return made


def _read(agent: str, knowledge: Knowledge, jurisdiction: Jurisdiction) -> _Of:
    own = [
        f
        for f in knowledge.plans.follow_ups.values()
        if agent in f.agents and holds_in(f, jurisdiction) and not f.superseded
    ]
    entries = [m for m in knowledge.agents[agent].monitoring if holds_in(m, jurisdiction)]
    words = {m.what: m.at for m in reversed(entries)}
    dated = tuple(
        _Known(
            f,
            None if f.when is None else read_predicate(f.when, agent, f.follow_up),
            tuple(
                (
                    ShownAct(at=a.at, do=a.do, holds=None),
                    None if a.when is None else read_predicate(a.when, agent, f.follow_up),
                    a.again_days,
                )
                for a in f.act
            ),
            f.at or next((words[what] for what in f.in_place_of if what in words), ""),
            max((knowledge.labs[lab].valid_days for lab in f.labs), default=0),
            cited(knowledge, f.source, f.place),
        )
        for f in own
    )
    replaced = {what: [f for f in own if what in f.in_place_of] for f in own for what in f.in_place_of}
    return _Of(
        dated,
        tuple(m for m in entries if m.what not in replaced),
        tuple(
            (m, tuple(f.what for f in replaced[m.what]))
            for m in entries
            if any(f.else_words for f in replaced.get(m.what, ()))
        ),
    )


# ---------------------------------------------------------------- this person


class _Person:
    """One person's facts now, the newest values on record, and what the facts would be if those were of today."""

    def __init__(self, now: Row, patient: Patient, medicines: Sequence[Medicine]) -> None:
        self.now, self.patient, self.medicines = now, patient, medicines
        self.newest = _newest(patient, now.facts.knowledge)
        self._at_last: Row | None = None

    @property
    def at_last(self) -> Row:
        """The facts by the last values on record, however old."""
        if self._at_last is None:
            today = tuple(
                msgspec.structs.replace(m, date=self.patient.as_of)
                for m in self.newest.values()
                if m is not self.patient.weight
            )
            patient = msgspec.structs.replace(self.patient, labs=today, observations=())
            known = self.now.facts.knowledge
            inputs = inputs_of([(patient, self.medicines)], known)
            self._at_last = Row(Facts(inputs, known, patient.jurisdiction), 0)
        return self._at_last


def _due(agent: str, known: _Known, anchors: Anchors, person: _Person, open_by: tuple[str, ...]) -> Due:
    follow = known.follow
    knowledge, shown = person.now.facts.knowledge, bool(follow.labs)
    done = _done(follow, person.newest, anchors.review, knowledge)
    if follow.anchor == "refill" and anchors.refill is not None:
        filled = person.patient.pump.refilled if person.patient.pump else None
        words, shown = knowledge.words("follow"), True
        done = _Done(None, filled, words["refilled"]) if filled else _Done(lacking=(words["refill"],))
    acts = [
        act if clauses is None else _judged(act, clauses, person, old=done.text is not None)
        for act, clauses, _ in known.acts
    ]
    again = [
        days
        for act, (_, _, days) in zip(acts, known.acts, strict=True)
        if days is not None and (act.holds or act.at_last)
    ]
    repeat = None if done.day is None or not again else later(done.day, min(again))
    when = when_due(follow, anchors, done.day, known.valid_days, repeat)
    late = 0 if when.due is None or follow.not_before else max(0, (anchors.review - when.due).days)
    return Due(
        follow_up=follow.follow_up,
        agent=agent,
        what=follow.what,
        at=known.at,
        due=when.due,
        then=when.then,
        last_done=done.dated,
        last_value=done.text,
        lacking=done.lacking,
        measured=shown,
        overdue=late > 0,
        overdue_days=late,
        not_before=follow.not_before,
        start_known=when.anchored,
        act=tuple(acts),
        settled_by=tuple(dict.fromkeys((*open_by, *_anchor_inputs(follow, agent, when)))),
        verified=follow.verified,
        source=known.source,
    )


def _anchor_inputs(follow: FollowUp, agent: str, when: When) -> tuple[str, ...]:
    """The input that would tell from which day a follow-up counts, by the name that the facts have for it. None for what belongs to a
    moment that is probably long past."""
    if when.anchored:
        return ()
    if follow.anchor == "session" and follow.not_before:
        return (f"day of the last session of {agent}",)
    if follow.anchor == "refill":
        return (REFILL,)
    return (f"start date of {agent}",) if when.due is not None else ()


def _judged(act: ShownAct, clauses: Clauses, person: _Person, *, old: bool) -> ShownAct:
    """An act with whether its result is the one of now, or with ``old`` that of the last value, where that says nothing of now."""
    outcome, _ = tested(clauses, person.now)
    if outcome != UNKNOWN:
        return ShownAct(at=act.at, do=act.do, holds=outcome == FIRES)
    if old and tested(clauses, person.at_last)[0] == FIRES:
        return ShownAct(at=act.at, do=act.do, holds=None, at_last=True)
    return act


# ---------------------------------------------------------------- what is on record


def _newest(patient: Patient, knowledge: Knowledge) -> dict[str, Measured]:
    """The newest value of each lab up to the day of the review; one without a date is taken as of that day, as the facts take it."""
    found: dict[str, Measured] = {}
    for measured in (*patient.labs, *patient.observations, patient.weight):
        if measured is None or measured.value is None or measured.name not in knowledge.labs:
            continue
        day = measured.date or patient.as_of
        before = found.get(measured.name)
        if day <= patient.as_of and (before is None or day >= (before.date or patient.as_of)):
            found[measured.name] = measured
    return found


def _done(follow: FollowUp, newest: dict[str, Measured], as_of: date, knowledge: Knowledge) -> _Done:
    """The day for which the values on record count, being the newest of which each group that is needed has one, and what to show of them:
    the values of that day, newer ones, and of those that are needed by name the newest."""
    days = {lab: newest[lab].date or as_of for lab in follow.labs if lab in newest}
    groups = follow.done_by or (follow.labs,)
    reached = [max((days[lab] for lab in group if lab in days), default=None) for group in groups]
    there = [day for day in reached if day is not None]
    day = min(there) if there and len(there) == len(groups) else None
    words, named = knowledge.words("follow"), {lab for group in follow.done_by for lab in group}
    lacking = tuple(
        words["or"].join(knowledge.labs[lab].title for lab in group)
        for group, one in zip(groups, reached, strict=True)
        if one is None and days
    )
    shown = [lab for lab in days if day is None or days[lab] >= day or lab in named]
    if not shown:
        return _Done(lacking=lacking)
    of_day = [newest[lab] for lab in shown if days[lab] == day]
    dated = max((m.date for m in of_day if m.date is not None), default=None)
    values = []
    for lab in shown:
        measured = newest[lab]
        value = words["value"].format(
            title=knowledge.labs[lab].title,
            value=plain_number(measured.value or 0.0),
            unit=measured.unit or knowledge.labs[lab].unit,
        )
        if measured.date is None:
            value = words["undated"].format(value=value)
        elif measured.date != dated:
            value = words["of_day"].format(value=value, date=measured.date)
        values.append(value)
    return _Done(day, dated, str(words["list"]).join(values), lacking)
