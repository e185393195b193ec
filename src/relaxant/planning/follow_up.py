"""The monitoring schedule: what to measure or ask of each relaxant that is taken or weighed, when it is due, what the record shows
as done, and what to do at which value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import FollowUp
from relaxant.knowledge.questions import holds_in
from relaxant.knowledge.schema import Jurisdiction, Monitoring
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Measured, Patient
from relaxant.planning.due_dates import Anchors, Change, When, when_due
from relaxant.planning.plan import Plan
from relaxant.quantities import plain_number
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN, Row
from relaxant.rules.predicate import Clauses, read_predicate
from relaxant.rules.reasons import Cited, cited

_RAISES = ("titration", "switch", "resume")
_ONCE = "once"


class ShownAct(msgspec.Struct, frozen=True, kw_only=True):
    """What to do at a result. ``holds`` is whether that is the result now; ``None`` where the facts cannot tell or it is for the reader to judge."""

    at: str
    do: str
    holds: bool | None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Something to measure or ask for one agent. ``due`` is ``None`` where nothing falls due any more, or no day can be told.

    ``last_value`` is in words; a value without a date counts as of the day of the review and has no ``last_done``. ``settled_by`` are
    inputs that would tell whether it is for this person, or from which day it counts (``start_known`` is then false).
    """

    follow_up: str
    agent: str
    what: str
    at: str
    due: date | None
    then: tuple[date, ...]
    last_done: date | None
    last_value: str | None
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
    acts: tuple[tuple[ShownAct, Clauses | None], ...]
    at: str
    valid_days: float
    source: Cited


class _Of(NamedTuple):
    """What is known of one agent: what has dates, what is in words alone, and what goes back to words where no date holds."""

    dated: tuple[_Known, ...]
    in_words: tuple[Monitoring, ...]
    else_words: tuple[tuple[Monitoring, tuple[str, ...]], ...]


class _Done(NamedTuple):
    """The newest values that count as done: the day they count for, the day on record, and the values in words."""

    day: date | None = None
    dated: date | None = None
    text: str | None = None


def follow_up(
    facts: Facts, patient: Patient, medicines: Sequence[Medicine], row: int = 0, plans: Sequence[Plan] = ()
) -> tuple[Due, ...]:
    """What is to be followed of every agent that is taken or weighed, the longest overdue first, what has no day last.

    Of several entries for one agent that ask for the same, the one that is due first speaks. The labels are those of the facts' jurisdiction.
    """
    person, newest = Row(facts, row), _newest(patient, facts.knowledge)
    chosen: dict[tuple[str, str], Due] = {}
    for agent in _present(facts, row):
        anchors: Anchors | None = None
        for known in _of(agent, facts).dated:
            open_by: tuple[str, ...] = ()
            if known.when is not None:
                outcome, open_by = _tested(known.when, person)
                if outcome == SILENT:
                    continue
            anchors = anchors or _anchors(agent, facts, patient, medicines, row, plans)
            if known.follow.anchor == "session":
                anchors = msgspec.structs.replace(anchors, session=_session(agent, facts, row, medicines, anchors))
            due = _due(agent, known, anchors, newest, person, open_by)
            before = chosen.get((agent, due.what))
            if before is None or _order(due) < _order(before):
                chosen[agent, due.what] = due
    return tuple(sorted(chosen.values(), key=_order))


def in_words(facts: Facts, due: Sequence[Due], row: int = 0) -> tuple[tuple[str, Monitoring], ...]:
    """What the agents' ``monitoring`` says that no item of ``due`` says with a date: the agent, and the entry."""
    shown = {(d.agent, d.what) for d in due}
    out = []
    for agent in _present(facts, row):
        known = _of(agent, facts)
        out += [(agent, entry) for entry in known.in_words]
        out += [(agent, entry) for entry, whats in known.else_words if not any((agent, w) in shown for w in whats)]
    return tuple(out)


def _order(due: Due) -> tuple[bool, date, str, str, bool]:
    return due.due is None, due.due or date.max, due.agent, due.what, bool(due.settled_by)


def _present(facts: Facts, row: int) -> list[str]:
    return [a for a, own in sorted(facts.inputs.agents.items()) if own["taking"][row] == 1 or own["starting"][row] == 1]


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


def _due(
    agent: str, known: _Known, anchors: Anchors, newest: dict[str, Measured], person: Row, open_by: tuple[str, ...]
) -> Due:
    follow, knowledge = known.follow, person.facts.knowledge
    done = _done(follow, newest, anchors.review, knowledge)
    when: When = when_due(follow, anchors, done.day, known.valid_days)
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
        measured=bool(follow.labs),
        overdue=late > 0,
        overdue_days=late,
        not_before=follow.not_before,
        start_known=when.anchored,
        act=tuple([act if clauses is None else _judged(act, clauses, person) for act, clauses in known.acts]),
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
    return (f"start date of {agent}",) if when.due is not None else ()


def _tested(clauses: Clauses, person: Row) -> tuple[int, tuple[str, ...]]:
    """The three-valued outcome of a predicate, and the inputs that would settle it where it is unknown."""
    needs: dict[str, None] = {}
    for clause in clauses:
        outcomes = [person.outcome(leaf) for leaf in clause]
        if SILENT in outcomes:
            continue
        if UNKNOWN not in outcomes:
            return FIRES, ()
        for leaf, outcome in zip(clause, outcomes, strict=True):
            if outcome == UNKNOWN:
                needs.update(dict.fromkeys(person.needs(leaf)))
    return (UNKNOWN, tuple(needs)) if needs else (SILENT, ())


def _judged(act: ShownAct, clauses: Clauses, person: Row) -> ShownAct:
    """An act with whether its result is the one of now."""
    outcome, _ = _tested(clauses, person)
    return act if outcome == UNKNOWN else ShownAct(at=act.at, do=act.do, holds=outcome == FIRES)


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
    own = [(lab, newest[lab]) for lab in follow.labs if lab in newest]
    if not own:
        return _Done()
    words = knowledge.words("follow")
    day = max(m.date or as_of for _, m in own)
    of_that_day = [(lab, m) for lab, m in own if (m.date or as_of) == day]
    dated = [m.date for _, m in of_that_day if m.date is not None]
    values = [
        words["value"].format(
            title=knowledge.labs[lab].title,
            value=plain_number(m.value or 0.0),
            unit=m.unit or knowledge.labs[lab].unit,
        )
        for lab, m in of_that_day
    ]
    text = ", ".join(values)
    return _Done(day, max(dated, default=None), text if dated else str(words["undated"]).format(value=text))


# ---------------------------------------------------------------- the days to count from


def _anchors(
    agent: str, facts: Facts, patient: Patient, medicines: Sequence[Medicine], row: int, plans: Sequence[Plan]
) -> Anchors:
    """The first dose, the day of the highest dose, the last session and the changes of dose, from the lines and the plans of an agent.

    What is weighed is taken as begun on the day of the review, unless its line or a plan says another.
    """
    as_of = patient.as_of
    own = [m for m in medicines if agent in m.agents]
    current = [m for m in own if m.role == "current"]
    weighed = [m for m in own if m.role == "considering" and m.change != "stop"]
    steps = [s for p in plans if p.refused is None for s in p.steps if s.agent == agent]
    raised = [s for p in plans if p.refused is None and p.kind in _RAISES for s in p.steps if s.agent == agent]
    begun = [m.regimen.start for m in own if m.role in ("current", "stopped") and m.regimen.start is not None]
    start: date | None
    if current:
        start = min(begun) if begun and min(begun) <= as_of else None
    else:
        start = min([m.regimen.start or as_of for m in weighed], default=None)
        start = min([s.first for s in raised], default=start)
    present = [m.regimen.start or as_of for m in weighed] or [
        m.regimen.start for m in current if m.regimen.start is not None and m.regimen.start <= as_of
    ]
    line = max(present, default=None)
    changes = [Change(s.first, s.changed) for s in steps]
    if line is not None and not any(c.day <= line for c in changes):
        changes.insert(0, Change(line, _rise(agent, facts, row) if weighed else 1))
    return Anchors(
        review=as_of,
        start=start,
        highest=max((s.first for s in raised), default=line),
        line=line,
        changes=tuple(changes),
    )


def _rise(agent: str, facts: Facts, row: int) -> float:
    """Whether what is weighed raises the dose (1), lowers it (-1) or leaves it (0); a start is a rise, as is what cannot be told."""
    low, high = facts.column(f"{agent}:dose_drop").bounds(row)
    return -1 if low > 0 else 0 if low == high == 0 else 1


def _session(agent: str, facts: Facts, row: int, medicines: Sequence[Medicine], anchors: Anchors) -> date | None:
    """The day of the last session: that of the line, unless by its interval there have been others since."""
    ahead = [m for m in medicines if agent in m.agents and m.role != "stopped" and m.change != "stop"]
    if anchors.line is None or all(dose.every == _ONCE for m in ahead for dose in m.regimen.doses):
        return anchors.line
    interval, _ = facts.column(f"{agent}:dose_interval_days").bounds(row)
    return anchors.line if (anchors.review - anchors.line).days < interval else None
