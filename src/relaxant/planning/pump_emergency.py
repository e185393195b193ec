"""The emergency of a pump: whether delivery has stopped, may have, or is about to, and what to do then."""

from __future__ import annotations

from typing import Literal

from relaxant.facts.facts import Facts
from relaxant.facts.pump import Held
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.pumps import PumpOral, PumpOverdose
from relaxant.planning.pump_given import Given
from relaxant.planning.pump_lines import Book
from relaxant.planning.pump_volume import held_now, to_empty
from relaxant.planning.reservoir import HOURS_A_DAY, whole_tenths
from relaxant.rules.asked import outcome_of
from relaxant.rules.evaluate import FIRES

IN_DOUBT = "pump_delivery_in_doubt"  # the condition of a fault on record, or a missed refill
Failure = Literal["stopped", "empty", "at_alarm", "hours_left", "doubt"]
_OFF = ("stopped", "empty")
"""The failures after which surely nothing flows."""


def failure(known: Given, facts: Facts) -> Failure | None:
    """What has surely failed or is about to: a stop of late or on an unknown day, or a pump that should run with too little in it or with a
    fault on record."""
    if known.stopped:
        within = known.protocol.numbers.withdrawal.value
        recent = known.stopped_days is None or 0 <= known.stopped_days <= within
        return "stopped" if recent else None
    if not known.running and (known.starting or not known.described):
        return None
    held = known.held
    if held.now is not None and held.now[1] <= known.protocol.numbers.dead.value:
        return "empty"
    if held.at_alarm[0]:
        return "at_alarm"
    if held.days is not None and held.days[1] < known.protocol.numbers.urgent.value:
        return "hours_left"
    return "doubt" if _doubt(facts)[0] else None


def in_question(known: Given, facts: Facts) -> bool:
    """Whether delivery may be failing: the reservoir may be that low, or the record has words on pump or catheter that are not understood."""
    return may_be_low(known) or unread(facts)


def unread(facts: Facts) -> bool:
    """Whether the record has words on pump or catheter that are not understood."""
    return _doubt(facts)[1]


def may_be_low(known: Given) -> bool:
    """Whether the reservoir may be at its alarm, or within days of running dry."""
    held, urgent = known.held, known.protocol.numbers.urgent.value
    low = held.now is not None and (held.at_alarm[1] or (held.days is not None and held.days[0] < urgent))
    low |= held.gap is not None and held.gap[0] > known.protocol.numbers.gap.value and _dry(held, urgent)
    return low


def _dry(held: Held, urgent: float) -> bool:
    """Whether the refill and the rate leave nothing, or next to nothing."""
    return held.expected_days is not None and held.expected_days[1] < urgent


def _doubt(facts: Facts) -> tuple[bool, bool]:
    """Whether a fault is surely on record, and whether one may be in what is said there."""
    if IN_DOUBT not in facts.knowledge.conditions or not facts.inputs.conditions_known[0]:
        return False, False
    low, high = facts.column(f"condition:{IN_DOUBT}").bounds(0)
    return low >= 1, high >= 1


def overdose(known: Given, facts: Facts) -> PumpOverdose | None:
    """What on record tells of an overdose, of a pump that runs or has drug in it; the surest first. A start that is weighed has none yet."""
    there = [
        part
        for part in known.protocol.overdose_if
        if holds_in(part, facts.jurisdiction)
        and (
            any(_counts(name, part, known, facts) for name in part.conditions)
            or any(facts.column(name).low.item(0) >= 1 for name in part.facts)
        )
    ]
    return min(there, key=lambda part: not part.surely, default=None)


def _counts(condition: str, part: PumpOverdose, known: Given, facts: Facts) -> bool:
    """Whether a condition is surely on record, and not known to have begun too long ago; one without a day counts unless what is said of it there
    surely holds."""
    since = facts.column(f"since:{condition}")
    if facts.column(f"condition:{condition}").low.item(0) < 1:
        return False
    if since.settled(0):
        return part.within_days is None or since.low.item(0) <= part.within_days
    unless = part.undated_unless
    return unless is None or outcome_of(unless, known.protocol.agent, facts)[0] != FIRES


def overdose_lines(book: Book, known: Given, what: PumpOverdose) -> None:
    """What to do now in an overdose, and whom to call."""
    book.add("overdose_if", by=(what,), text=what.text, rate=_rate_text(book, known))
    book.say("overdose", known.protocol.overdose)
    book.say("call", known.protocol.call)


def emergency_lines(book: Book, known: Given, what: Failure) -> None:
    """What to do now: what failed, whom to call, what to find out, and what to give meanwhile; no dose of the pump."""
    _failed(book, known, what)
    if what not in ("stopped", "doubt"):
        held_now(book, known)
    if what == "at_alarm":
        to_empty(book, known)
    book.say("call", known.protocol.call)
    book.say("emergency", known.protocol.emergency)
    later = "" if what in _OFF else "_later"
    book.say("flowing", known.protocol.flowing if later else ())
    book.say(f"meanwhile{later}", known.protocol.meanwhile)
    for oral in oral_for(known, book.facts):
        book.add(f"oral{later}", by=(oral,), text=oral.text)


def _failed(book: Book, known: Given, what: Failure) -> None:
    rate, numbers, device = _rate_text(book, known), known.protocol.numbers, known.device
    if what == "stopped":
        if known.stopped_days is None:
            book.need("stop_day")
            book.add("stopped_unknown", rate=rate)
        else:
            days = float(known.stopped_days)
            ago = book.words["today"] if days == 0 else book.fill(book.words["ago"], span=book.days(days))
            book.add("stopped", days or None, "days" if days else "", by=(numbers.withdrawal,), ago=ago, day=known.stopped_on, today=known.patient.as_of, rate=rate)  # fmt: skip
        return
    if what == "doubt":
        book.add("doubt", title=book.facts.knowledge.conditions[IN_DOUBT].title, rate=rate)
        return
    volume = known.held.now[1] if known.held.now is not None else 0.0
    how = book.words["by"]["measured" if known.held.measured is not None else "expected"]
    if known.held.measured is None:
        book.need("residual")
    if what == "empty":
        book.add("empty", volume, "mL", by=(numbers.dead,), volume=volume, dead=numbers.dead.value, rate=rate, how=how, text=numbers.dead.text)  # fmt: skip
    elif what == "at_alarm":
        book.add("at_alarm", volume, "mL", by=(numbers.floor,), volume=volume, alarm=device.alarm, rate=rate, how=how, text=numbers.floor.text)  # fmt: skip
    else:
        days = known.held.days[1] if known.held.days is not None else 0.0
        a_day = known.held.flow[1] if known.held.flow is not None else 0.0
        book.add("hours_left", whole_tenths(days * HOURS_A_DAY), "h", by=(numbers.urgent,), volume=volume, dead=numbers.dead.value, a_day=a_day, rate=rate, how=how, text=numbers.urgent.text)  # fmt: skip


def _rate_text(book: Book, known: Given) -> str:
    """The daily dose in words; of several lines, between which doses they lie."""
    several = known.several
    if not known.running and not known.stopped:
        book.need("runs")
        return str(book.words["rate"]["unsaid"])
    if known.rate is not None or several is None:
        return book.rate_text(known.rate)
    return book.fill(book.words["rate"]["several"], low=several.low, high=several.high, lines=known.lines)


def oral_for(known: Given, facts: Facts) -> tuple[PumpOral, ...]:
    """What is said of the oral form as a stand-in for this person's age and kidneys: where several bands of kidney function may hold, that it
    is not known, and of an age that is not known what holds at each."""
    youngest, oldest = max(0.0, known.age[0]), max(0.0, known.age[1])
    parts = [
        part
        for part in known.protocol.oral
        if holds_in(part, facts.jurisdiction) and part.age_from <= oldest and youngest < part.age_to
    ]
    if facts.column("on_dialysis").low.item(0) >= 1:
        return tuple(part for part in parts if part.dialysis)
    unknown = tuple(part for part in parts if part.unknown)
    low, high = _kidneys(facts)
    if not low > float("-inf") or facts.column("acute_kidney_injury").low.item(0) >= 1:
        return unknown
    bands = [p for p in parts if not p.dialysis and not p.unknown and p.egfr_from <= high and low < p.egfr_to]
    return tuple(bands) if len({part.egfr_from for part in bands}) == 1 else unknown


def kidney_lines(book: Book, known: Given) -> None:
    """What weak kidneys ask of the pump's own dose, where they surely are."""
    facts, (_, high) = book.facts, _kidneys(book.facts)
    dialysed = facts.column("on_dialysis").low.item(0) >= 1
    for part in known.protocol.kidneys:
        if holds_in(part, facts.jurisdiction) and (part.dialysis if dialysed else not part.dialysis and high < part.egfr_to):  # fmt: skip
            book.add("kidneys", by=(part,), text=part.text)


def _kidneys(facts: Facts) -> tuple[float, float]:
    """Between which values the kidney function lies: of eGFR and creatinine clearance, where both are known, the lower."""
    ends = facts.column("egfr").bounds(0)
    low, high = facts.column("creatinine_clearance").bounds(0)
    return (min(ends[0], low), min(ends[1], high)) if low > float("-inf") else ends
