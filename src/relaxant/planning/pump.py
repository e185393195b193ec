"""The plan of an intrathecal pump: the test and the first day, steps, the reservoir, another concentration, and the emergency page.

It reckons line by line, asks for what is missing and for a second check, and is no programming order. Amounts are micrograms and mL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.members import role_members
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.pumps import PumpNotWith, PumpOverdose, PumpProtocol, PumpToRead
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.dose import danger, leaves
from relaxant.planning.plan import Gate, Plan, Policy, ShownBound, Signs, Told
from relaxant.planning.pump_dose import (
    DAILY,
    against_first_day,
    first_day,
    marks,
    ranges,
    screening,
    steps,
    weighed_change,
)
from relaxant.planning.pump_emergency import (
    Failure,
    emergency_lines,
    failure,
    in_question,
    kidney_lines,
    may_be_low,
    overdose,
    overdose_lines,
    unread,
)
from relaxant.planning.pump_given import Given, Rate, given
from relaxant.planning.pump_lines import Book
from relaxant.planning.pump_volume import (
    concentrations,
    days_of,
    days_then,
    does_not_fit,
    flex,
    goes_on,
    new_concentration,
    old_drug,
    overdue,
    reservoir,
)
from relaxant.planning.said import gates, withdrawal
from relaxant.rules.findings import Finding
from relaxant.rules.wording import capital, shown_agent_name

_NOT_YET = ("start", "restart")
"""The pages of a pump that does not deliver yet."""


def pump_plan(
    patient: Patient,
    medicines: Sequence[Medicine],
    facts: Facts,
    told: Callable[[str], Sequence[Finding]] = lambda _: (),
) -> Plan | None:
    """The plan of the pump that a person has, or for whom one is weighed; ``None`` where nothing is said of any.

    ``facts`` are those of this one person. A pump whose delivery has stopped or is about to gets the emergency page and no dose; where one of
    the findings ``told`` of the agent is a DANGER no start and no rise is planned.
    """
    for protocol in facts.knowledge.plans.pumps.values():
        known = given(protocol, patient, medicines, facts)
        if known is None:
            continue
        findings = told(protocol.agent) if facts.agent_is_said(protocol.agent, 0) else ()
        book = Book(facts, [], [], _left(protocol, facts, told))
        if (plan := _plan(book, known, danger(protocol.agent, findings, facts))) is not None:
            return plan
    return None


def refill_by(patient: Patient, medicines: Sequence[Medicine], facts: Facts) -> date | None:
    """By when the running pump is to be refilled, at the faster of the present rate and the one weighed, in the past where it is overdue, and no later than the day of the review where its delivery is in
    doubt. ``None`` where no day can be told: the age of the filling alone tells none before it is too old."""
    for protocol in facts.knowledge.plans.pumps.values():
        known = given(protocol, patient, medicines, facts)
        if known is not None and known.running:
            days, today = days_then(known) or days_of(known), patient.as_of
            told = days is not None and (days.empty is not None or days.by <= today)
            if failure(known, facts) is not None or in_question(known, facts):
                return today if days is None or not told else min(days.by, today)
            return days.by if days is not None and told else None
    return None


def is_urgent(patient: Patient, medicines: Sequence[Medicine], facts: Facts) -> bool:
    """Whether the page of the pump is that of an emergency: delivery has stopped or is about to, or there is an overdose."""
    found = (given(protocol, patient, medicines, facts) for protocol in facts.knowledge.plans.pumps.values())
    return any(known is not None and any(_emergency(known, facts)) for known in found)


def _emergency(known: Given, facts: Facts) -> tuple[PumpOverdose | None, Failure | None]:
    """The overdose that is there, of a pump that runs or has failed, and what has failed."""
    over, what = overdose(known, facts), failure(known, facts)
    there = over is not None and over.surely and (known.running or what is not None)
    return over if there else None, what


def _left(protocol: PumpProtocol, facts: Facts, told: Callable[[str], Sequence[Finding]]) -> frozenset[str]:
    """The agents of which the protocol speaks and a way out stands: a danger asks for it, or something about the person."""
    named = {said.keeps or said.leaves for said in protocol.at_start} - {None}
    taken = [agent for agent in named if agent is not None and facts.agent_is_said(agent, 0)]
    return frozenset(agent for agent in taken if danger(agent, told(agent), facts) or leaves(agent, facts))


def _plan(book: Book, known: Given, stands: str | None) -> Plan | None:
    facts = book.facts
    over, what = _emergency(known, facts)
    if over is not None:
        return _overdose(book, known, over, what)
    if what is not None:
        emergency_lines(book, known, what)
        why = "dry" if what in ("empty", "at_alarm", "hours_left") else "emergency"
        refused = book.words["refused"]["stopped" if what == "stopped" else "emergency"]
        return _made(book, known, why, refused=refused, check=False)
    if known.running:
        return _running(book, known, stands)
    if known.stopped and (known.starting or known.described):
        return _restart(book, known, stands)
    return _starting(book, known, stands) if known.starting or known.described else None


# ---------------------------------------------------------------- the pages


def _overdose(book: Book, known: Given, over: PumpOverdose, what: Failure | None) -> Plan:
    """An overdose: its page, before that of the withdrawal where delivery has failed as well, because the two can look alike; else by when to refill,
    because a pump that is not stopped for it still runs dry."""
    overdose_lines(book, known, over)
    if what is None:
        goes_on(book, known)
    else:
        emergency_lines(book, known, what)
    return _made(book, known, "overdose", refused=book.words["refused"]["overdose"], check=False)


def _running(book: Book, known: Given, stands: str | None) -> Plan:
    """A pump that delivers: the reservoir first, because running dry is what kills."""
    rate, bounds = known.rate, tuple[ShownBound, ...]()
    if rate is None:
        if known.slip is not None:
            book.need("rate_slip", rate=book.rate_text(known.slip))
        elif known.lines > 1:
            book.need("one_line", count=known.lines)
        else:
            book.need("rate")
    concentrations(book, known)
    reservoir(book, known)
    refused = _no_change(book, known, stands)
    book.say("mixture", known.protocol.mixed if known.others else ())
    if rate is not None and not known.stop_weighed:
        reached = [rate.high, *([known.weighed.high] if known.weighed else [])]
        kidney_lines(book, known)
        ranges(book, known, rate)
        if not refused:
            bounds = steps(book, known, rate)
            reached += [rate.high + b.value for b in bounds if b.kind == "step_daily" and b.value is not None]
        marks(book, known, reached)
        if known.weighed is not None:
            weighed_change(book, known, rate, known.weighed)
        if not refused:
            flex(book, known, rate)
    if not does_not_fit(known) and not in_question(known, book.facts) and not _to_read(known, book):
        new_concentration(book, known)
    return _made(book, known, "running", refused=" ".join(refused) or None, bounds=bounds)


def _no_change(book: Book, known: Given, stands: str | None) -> list[str]:
    """Why no rise of a running pump is planned; empty where nothing stands against it."""
    words, out = book.words["refused"], []
    if known.stop_weighed:
        out.append(str(words["stop"]))
    if known.slip is not None:
        out.append(book.fill(words["slip"], rate=book.rate_text(known.slip)))
    if may_be_low(known):
        out.append(str(words["may_be_low"]))
    if unread(book.facts):
        out.append(str(words["unread"]))
    if (early := overdose(known, book.facts)) is not None:
        out.append(book.fill(words["early"], text=early.text))
    if does_not_fit(known):
        out.append(str(words["unfit"]))
    if overdue(known):
        out.append(str(words["overdue"]))
    out += [part.text for part in _to_read(known, book)]
    if known.others:
        out.append(book.fill(words["mixed"], others=", ".join(known.others)))
    if _two_changes(known):
        out += [said.text for said in known.protocol.one_change if holds_in(said, book.facts.jurisdiction)]
    if stands is not None and not out:
        out.append(book.fill(words["danger"], summary=stands))
    return out


def _to_read(known: Given, book: Book) -> list[PumpToRead]:
    """Why the pump is to be read before anything is changed: something happened to it of late."""

    def of_late(part: PumpToRead) -> bool:
        columns = [book.facts.column(f"since:{name}") for name in part.conditions]
        return any(c.settled(0) and 0 <= c.low.item(0) <= part.within_days for c in columns)

    return [part for part in known.protocol.to_read if holds_in(part, book.facts.jurisdiction) and of_late(part)]


def _two_changes(known: Given) -> bool:
    """Whether another concentration and another dose are planned together."""
    device = known.device
    other = device.new_concentration is not None and device.new_concentration != device.concentration
    return other and known.weighed is not None and known.weighed != known.rate


def _starting(book: Book, known: Given, stands: str | None) -> Plan:
    """A pump that is weighed, or described and not yet running: the test and the first day."""
    refused = _no_start(book, known, stands)
    if refused is not None:
        against_first_day(book, known)
        return _made(book, known, "start", refused=refused)
    if not known.starting and (known.device.concentration is not None or known.device.residual is not None):
        book.need("runs")
    return _made(book, known, "start", policies=_from_test(book, known))


def _restart(book: Book, known: Given, stands: str | None) -> Plan:
    """A pump that has been off for long: what it may still hold, and that it begins as a first one does."""
    off = float(known.stopped_days or 0)
    book.add("off", off, "days", span=book.days(off), day=known.stopped_on, today=known.patient.as_of, rate=book.rate_text(known.rate))  # fmt: skip
    old_drug(book, known)
    book.say("restart", known.protocol.restart)
    if known.weighed is not None and known.rate is not None:
        _against_old(book, known.weighed, known.rate)
    refused = _no_start(book, known, stands)
    if refused is not None:
        return _made(book, known, "restart", refused=refused)
    return _made(book, known, "restart", policies=_from_test(book, known))


def _against_old(book: Book, new: Rate, old: Rate) -> None:
    book.add("restart_order", new.high / old.low, "×", new=new.high, old=old.low)


def _from_test(book: Book, known: Given) -> tuple[Policy, ...]:
    if known.age[0] != known.age[1]:
        book.need("age")
    concentrations(book, known)
    kidney_lines(book, known)
    screening(book, known)
    return first_day(book, known)


def _no_start(book: Book, known: Given, stands: str | None) -> str | None:
    """Why no pump may be started, or ``None``."""
    words, least = book.words["refused"], known.protocol.licensed_from
    if known.age[1] < least.value:
        return book.fill(words["too_young"], text=least.text)
    ingredient = book.facts.knowledge.agents[known.protocol.agent].ingredient
    if book.facts.column(f"allergy:{ingredient}").low.item(0) >= 1:
        return book.fill(words["allergy"], agent=ingredient)
    if (over := overdose(known, book.facts)) is not None:
        return str(words["overdose"]) if over.surely else book.fill(words["early"], text=over.text)
    for part in known.protocol.not_with:
        if holds_in(part, book.facts.jurisdiction) and _has(part, book.facts):
            return part.text
    return None if stands is None else book.fill(words["danger"], summary=stands)


def _has(part: PumpNotWith, facts: Facts) -> bool:
    """Whether one of the conditions is surely on record, or a medicine of one of the roles is."""
    return any(facts.column(f"condition:{name}").low.item(0) >= 1 for name in part.conditions) or any(
        facts.count_members(role_members(facts.knowledge, role)).low.item(0) >= 1 for role in part.roles
    )


# ---------------------------------------------------------------- what every page has


def _made(
    book: Book,
    known: Given,
    page: str,
    *,
    refused: str | None = None,
    policies: tuple[Policy, ...] = (),
    bounds: tuple[ShownBound, ...] = (),
    check: bool = True,
) -> Plan:
    agent, words = known.protocol.agent, book.words
    name = shown_agent_name(agent, book.facts)
    if check:
        book.say("check", known.protocol.check)
    return Plan(
        id=f"pump:{agent}",
        kind="pump",
        agents=(name,),
        title=capital(book.fill(words["title"], agent=name)),
        why=words["why"][page],
        unit=DAILY,
        refused=refused,
        needs_first=tuple(book.needs),
        policies=policies,
        bounds=bounds,
        gates=_gates(book, agent, page),
        withdrawal=_withdrawal(book, agent, page),
        reckoning=tuple(book.lines),
        notes=(words["no_order"],),
    )


def _gates(book: Book, agent: str, page: str) -> tuple[Gate, ...]:
    """What decides at each change of the pump."""

    def said(sentences: Sequence[Told]) -> tuple[Told, ...]:
        return tuple(msgspec.structs.replace(one, text=_once(one.text, page, book)) for one in sentences)

    return tuple(
        msgspec.structs.replace(
            gate, go_on=said(gate.go_on), hold=said(gate.hold), go_back=said(gate.go_back), call=said(gate.call)
        )
        for gate in gates(agent, "pump", book.facts)
    )


def _once(text: str, page: str, book: Book) -> str:
    """What is said of a pump that delivers, where this one does not yet."""
    if page not in _NOT_YET:
        return text
    return book.fill(book.words["once"], text=text[:1].lower() + text[1:])


def _withdrawal(book: Book, agent: str, page: str) -> tuple[Signs, ...]:
    """What withdrawal looks like; with every plan of a pump."""
    return tuple(
        msgspec.structs.replace(known, action=_once(known.action, page, book))
        for known in withdrawal(agent, book.facts)
    )
