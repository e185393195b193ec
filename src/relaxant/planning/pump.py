"""The plan of an intrathecal pump: the test and the first day, steps, the reservoir, another concentration, and the emergency page.

It reckons line by line, asks for what is missing and for a second check, and is no programming order. Amounts are micrograms and mL.
"""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.facts.facts import Facts
from relaxant.knowledge.questions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.plan import Gate, Plan, Policy, ShownBound, Signs
from relaxant.planning.pump_dose import DAILY, first_day, ranges, screening, steps, weighed_change
from relaxant.planning.pump_given import Given, given
from relaxant.planning.pump_lines import Book
from relaxant.planning.pump_volume import concentrations, flex, is_empty, new_concentration, reservoir
from relaxant.rules.reasons import cited
from relaxant.rules.wording import capital, shown_agent_name

IN_DOUBT = "pump_delivery_in_doubt"  # the condition of a fault on record, or a missed refill


def pump_plan(patient: Patient, medicines: Sequence[Medicine], facts: Facts) -> Plan | None:
    """The plan of the pump that a person has, or for whom one is weighed; ``None`` where nothing is said of any.

    ``facts`` are those of this one person. A pump whose delivery has stopped gets the emergency page and no dose.
    """
    for protocol in facts.knowledge.plans.pumps.values():
        known = given(protocol, patient, medicines, facts)
        if known is None:
            continue
        if (plan := _plan(known, facts)) is not None:
            return plan
    return None


def _plan(known: Given, facts: Facts) -> Plan | None:
    book = Book(facts, [], [])
    if _emergency(known, facts):
        return _emergency_plan(book, known)
    if known.running:
        return _running(book, known)
    return _starting(book, known) if known.starting or known.described else None


def _emergency(known: Given, facts: Facts) -> bool:
    """Whether delivery has stopped lately or on an unknown day, or a pump that should run is empty or has a fault on record."""
    if known.stopped:
        within = known.protocol.numbers.withdrawal.value
        return known.stopped_days is None or 0 <= known.stopped_days <= within
    should_run = known.running or (known.described and not known.starting)
    return should_run and (is_empty(known) or _in_doubt(facts))


def _in_doubt(facts: Facts) -> bool:
    return IN_DOUBT in facts.knowledge.conditions and facts.column(f"condition:{IN_DOUBT}").low.item(0) >= 1


# ---------------------------------------------------------------- the three pages


def _emergency_plan(book: Book, known: Given) -> Plan:
    """What to do now: what stopped, whom to call, what to give meanwhile; no dose of the pump."""
    rate, numbers = book.rate_text(known.rate), known.protocol.numbers
    if known.stopped and known.stopped_days is None:
        book.need("stop_day")
        book.add("stopped_unknown", rate=rate)
    elif known.stopped:
        book.add("stopped", float(known.stopped_days or 0), "days", by=(numbers.withdrawal,), day=known.stopped_on, today=known.patient.as_of, rate=rate)  # fmt: skip
    elif is_empty(known):
        left = known.device.residual
        book.add(
            "empty",
            left,
            "mL",
            by=(numbers.dead,),
            residual=left,
            dead=numbers.dead.value,
            rate=rate,
            text=numbers.dead.text,
        )
    else:
        book.add("doubt", title=book.facts.knowledge.conditions[IN_DOUBT].title, rate=rate)
    book.say("call", known.protocol.call)
    book.say("emergency", known.protocol.emergency)
    agent = book.facts.knowledge.agents[known.protocol.agent]
    for statement in agent.statements:
        if statement.topic == "withdrawal" and holds_in(statement, book.facts.jurisdiction):
            book.add("meanwhile", by=(statement,), text=statement.text)
    return _made(book, known, "emergency", refused=book.words["refused"]["emergency"])


def _running(book: Book, known: Given) -> Plan:
    """A pump that delivers: the reservoir first, because running dry is what kills."""
    rate, bounds = known.rate, tuple[ShownBound, ...]()
    if rate is None:
        if known.lines > 1:
            book.need("one_line", count=known.lines)
        else:
            book.need("rate")
    concentrations(book, known)
    reservoir(book, known)
    refused = book.words["refused"]["stop"] if known.stop_weighed else None
    if rate is not None and not known.stop_weighed:
        ranges(book, known, rate)
        bounds = steps(book, known, rate)
        if known.weighed is not None:
            weighed_change(book, known, rate, known.weighed)
        flex(book, known, rate)
    new_concentration(book, known)
    return _made(book, known, "running", refused=refused, bounds=bounds)


def _starting(book: Book, known: Given) -> Plan:
    """A pump that is weighed, or described and not yet running: the test and the first day."""
    refused = _no_start(book, known)
    if refused is not None:
        return _made(book, known, "start", refused=refused)
    if not known.starting and (known.device.concentration is not None or known.device.residual is not None):
        book.need("runs")
    if known.age[0] != known.age[1]:
        book.need("age")
    concentrations(book, known)
    screening(book, known)
    return _made(book, known, "start", policies=first_day(book, known))


def _no_start(book: Book, known: Given) -> str | None:
    """Why no pump may be started, or ``None``."""
    words, least = book.words["refused"], known.protocol.licensed_from
    if known.age[1] < least.value:
        return book.fill(words["too_young"], text=least.text)
    ingredient = book.facts.knowledge.agents[known.protocol.agent].ingredient
    if book.facts.column(f"allergy:{ingredient}").low.item(0) >= 1:
        return book.fill(words["allergy"], agent=ingredient)
    return None


# ---------------------------------------------------------------- what every page has


def _made(
    book: Book,
    known: Given,
    page: str,
    *,
    refused: str | None = None,
    policies: tuple[Policy, ...] = (),
    bounds: tuple[ShownBound, ...] = (),
) -> Plan:
    agent, words = known.protocol.agent, book.words
    name = shown_agent_name(agent, book.facts)
    if page != "emergency":
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
        gates=_gates(book, agent),
        withdrawal=_withdrawal(book, agent),
        reckoning=tuple(book.lines),
        notes=(words["no_order"],),
    )


def _gates(book: Book, agent: str) -> tuple[Gate, ...]:
    """What decides at each change of the pump."""
    return tuple(
        Gate(
            agent=agent,
            go_on=tuple(book.told(said) for said in gates.go_on if holds_in(said, book.facts.jurisdiction)),
            hold=tuple(book.told(said) for said in gates.hold if holds_in(said, book.facts.jurisdiction)),
            go_back=tuple(book.told(said) for said in gates.go_back if holds_in(said, book.facts.jurisdiction)),
            call=tuple(book.told(said) for said in gates.call if holds_in(said, book.facts.jurisdiction)),
        )
        for gates in book.facts.knowledge.plans.gates.values()
        if gates.of == "pump" and agent in gates.agents
    )


def _withdrawal(book: Book, agent: str) -> tuple[Signs, ...]:
    """What withdrawal looks like; with every plan of a pump."""
    knowledge = book.facts.knowledge
    return tuple(
        Signs(
            agent=agent,
            signs=known.signs,
            emergency=known.emergency,
            onset=known.onset,
            action=known.action,
            verified=known.verified,
            source=cited(knowledge, known.source, known.place),
        )
        for known in knowledge.plans.withdrawals.values()
        if agent in known.agents and holds_in(known, book.facts.jurisdiction)
    )
