"""The dose of a pump: test doses, the first day, how far a step may go, and where a rate stands among those that were used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from relaxant.facts.pump import first_rate, first_rates, start_rules
from relaxant.knowledge.agents import Limit
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.pumps import Origin, PumpMark, PumpRange, PumpScreening, PumpStart, PumpStep
from relaxant.knowledge.schema import Cited
from relaxant.planning.plan import Policy, ShownBound
from relaxant.planning.pump_given import Given, Rate, chosen, of_age, of_origin
from relaxant.planning.pump_lines import Book
from relaxant.planning.reservoir import HOURS_A_DAY, daily_volume, stepped
from relaxant.rules.reasons import cited

DAILY, AMOUNT = "micrograms/day", "micrograms"
When = Literal["titration", "refill"]
_WHENS: tuple[When, ...] = ("titration", "refill")
_DIGITS = 6  # of a percentage: a change of just 30% is no more than 30%
_ALL_ORIGINS: tuple[Origin, ...] = ("spinal", "cerebral")


# ---------------------------------------------------------------- the test and the first day


def screening(book: Book, known: Given) -> None:
    """The ladder of test doses, how long to watch, and what counts as a response."""
    ladders, own = chosen(known.protocol.screening, book.facts)
    ladder = min(ladders, key=_lowest)
    doses = ", ".join(book.fill("{dose}", dose=dose) for dose in ladder.doses)
    book.add("screening", max(ladder.doses), AMOUNT, by=(ladder,), own=own, doses=doses, apart=ladder.apart_hours, text=ladder.text)  # fmt: skip
    if ladder.lower_first is not None and known.age[0] < ladder.lower_age_to:
        book.add("screening_lower", ladder.lower_first, AMOUNT, by=(ladder,), own=own, dose=ladder.lower_first, who=ladder.lower_for)  # fmt: skip
    book.add("screening_watch", ladder.watch_high, "h", by=(ladder,), own=own, low=ladder.watch_low, high=ladder.watch_high)  # fmt: skip
    for part in ladder.response:
        book.add("screening_response", by=(part,), own=own, text=part.text)
    if (dose := _beyond(known)) is not None:
        book.add("screening_beyond", dose, AMOUNT, by=(ladder,), own=own, dose=dose, most=max(ladder.doses))


def _lowest(ladder: PumpScreening) -> float:
    """The smallest first dose that a ladder allows anybody."""
    lower = ladder.lower_first if ladder.lower_anyone else None
    return ladder.doses[0] if lower is None else min(lower, ladder.doses[0])


def _beyond(known: Given) -> float | None:
    """A test dose above every one of a label."""
    dose = known.device.screening_dose
    return dose if dose is not None and dose > max(max(ladder.doses) for ladder in known.protocol.screening) else None


def first_day(book: Book, known: Given) -> tuple[Policy, ...]:
    """The first day's rate from the test dose that worked and how long it did, as far as these are known; and the policies weighed."""
    rules, own = start_rules(known.protocol, book.facts.jurisdiction)
    rule = rules[0]
    dose, hours = known.device.screening_dose, known.device.screening_hours
    if dose is None:
        book.need("screening_dose")
    if hours is None:
        book.need("screening_hours")
    if dose is not None and _beyond(known) is None:
        if hours is None:
            low, high = first_rates(rule, dose, hours)
            book.add("start_open", by=(rule,), own=own, low_factor=rule.prolonged_factor, factor=rule.factor, dose=dose, low=low, high=high, line=rule.prolonged_hours)  # fmt: skip
        else:
            _first_lines(book, known, rule, own, dose, hours)
        _ordered(book, known, rule, own, first_rates(rule, dose, hours)[0])
    book.add("hold", rule.hold_hours, "h", by=(rule,), own=own, hours=rule.hold_hours)
    book.say("at_start", known.protocol.at_start)
    return tuple(_policy(book, r, r is rule) for r in known.protocol.start)


def _first_lines(book: Book, known: Given, rule: PumpStart, own: bool, dose: float, hours: float) -> None:
    rate = first_rate(rule, dose, hours)
    book.add("start", rate, DAILY, by=(rule,), own=own, factor=rate / dose, dose=dose, hours=hours, line=rule.prolonged_hours)  # fmt: skip
    book.add("start_hour", rate / HOURS_A_DAY, "micrograms/h", rate=rate)
    for other in known.protocol.start:
        if (differs := first_rate(other, dose, hours)) != rate:
            where = ", ".join(book.words["countries"][j] for j in other.jurisdiction)
            book.add("start_elsewhere", differs, DAILY, by=(other,), factor=differs / dose, dose=dose, line=other.prolonged_hours, where=where)  # fmt: skip
    if (concentration := known.device.concentration) is not None:
        book.add("start_volume", daily_volume(rate, concentration), "mL/day", rate=rate, concentration=concentration)


def against_first_day(book: Book, known: Given) -> None:
    """The start that is weighed against the first day reckoned, where no start is planned."""
    dose = known.device.screening_dose
    if dose is not None and _beyond(known) is None:
        rules, own = start_rules(known.protocol, book.facts.jurisdiction)
        _ordered(book, known, rules[0], own, first_rates(rules[0], dose, known.device.screening_hours)[0])


def _ordered(book: Book, known: Given, rule: PumpStart, own: bool, first: float) -> None:
    """The start that is weighed against the first day reckoned."""
    if known.weighed is None:
        return
    ratio = round(known.weighed.high / first, _DIGITS)
    verdict = book.words["order"]["above" if ratio > 1 else "within"]
    book.add("order", ratio, "×", by=(rule,), own=own, order=known.weighed.high, first=first, verdict=verdict)


def _policy(book: Book, rule: PumpStart, taken: bool) -> Policy:
    where = "-".join(j.lower() for j in rule.jurisdiction)
    return Policy(
        id=f"first-day-{where}" if where else "first-day",
        text=rule.text,
        verified=rule.verified,
        source=cited(book.facts.knowledge, rule.source, rule.place),
        chosen=taken,
    )


# ---------------------------------------------------------------- steps


class Allowed(NamedTuple):
    """How far a step may go: the part that counts (``None`` where there is none, or age or cause would tell), whether it is the country's own, in
    which words its origin is said where it is not, and the country's own part where a stricter one counts instead."""

    step: PumpStep | None
    own: bool = True
    foreign: str = "elsewhere"
    beside: PumpStep | None = None
    cap: PumpMark | None = None


def step_of(book: Book, known: Given, at: When) -> Allowed:
    """How far a step may go for this person, no further than a high dose allows."""
    allowed, rate = _label_step(book, known, at), known.rate
    caps = [] if rate is None else [m for m in _of_person(known.protocol.marks, known) if rate.high > m.above]
    cap = min((m for m in caps if m.step_most is not None), key=lambda m: m.step_most or 0.0, default=None)
    if cap is None or allowed.step is None or allowed.step.up_high <= (cap.step_most or 0.0):
        return allowed
    return allowed._replace(
        step=_capped(allowed.step, cap), beside=allowed.beside and _capped(allowed.beside, cap), cap=cap
    )


def _capped(step: PumpStep, cap: PumpMark) -> PumpStep:
    most = step.up_high if cap.step_most is None else min(step.up_high, cap.step_most)
    return msgspec.structs.replace(step, up_high=most, up_low=min(step.up_low, most))


def _label_step(book: Book, known: Given, at: When) -> Allowed:
    """How far a step may go for this person: the most cautious of what fits.

    A text that goes by the cause counts over the country's own that does not, where it is stricter. Age and cause are asked for where they are
    not known and decide.
    """
    if known.age[0] != known.age[1]:
        book.need("age")
    fitting = [part for part in known.protocol.steps if part.at == at and of_age(part, known.age)]
    own = [part for part in fitting if holds_in(part, book.facts.jurisdiction)]
    mine = bool([part for part in own if of_origin(part, known.origins or _ALL_ORIGINS)])
    parts = own if mine else fitting
    if not known.origins and _differ(parts):
        book.need("cause")
        return Allowed(None, mine)
    step = min(_of(parts, known.origins or _ALL_ORIGINS), key=_reach, default=None)
    if step is None or not mine or step.origin is not None:
        return Allowed(step, mine)
    stricter = [
        part for part in _of(fitting, known.origins or _ALL_ORIGINS) if part.origin and _reach(part) < _reach(step)
    ]
    if not stricter:
        return Allowed(step)
    if not known.origins:
        book.need("cause")
    return Allowed(min(stricter, key=_reach), own=False, foreign="stricter", beside=step)


def _of(parts: list[PumpStep], origins: tuple[Origin, ...]) -> list[PumpStep]:
    return [part for part in parts if of_origin(part, origins)]


def _differ(parts: list[PumpStep]) -> bool:
    """Whether the cause decides which parts hold."""
    return any(_of(parts, (origin,)) != _of(parts, _ALL_ORIGINS[:1]) for origin in _ALL_ORIGINS)


def _reach(part: PumpStep) -> tuple[float, float]:
    return part.up_high, part.up_low


def ceiling(book: Book, known: Given) -> Limit | None:
    """The highest daily dose for this person: the least of the agent's limits whose age band may hold them; ``None`` where there is none."""
    low, high = max(0.0, known.age[0]), max(0.0, known.age[1])
    fits = [
        c.limit
        for c in book.facts.ceilings(known.protocol.agent, "daily")
        if c.age_from <= high and low < c.age_to and c.limit.unit == AMOUNT
    ]
    return min(fits, key=lambda limit: limit.value, default=None)


def steps(book: Book, known: Given, rate: Rate) -> tuple[ShownBound, ...]:
    """The next rise and the next lowering from a rate, while the dose is sought and at a refill; and the bounds that follow.

    No rise goes past the ceiling, and from there none is shown. A bound of a step is the rise itself.
    """
    most, highest, bounds = ceiling(book, known), rate.high, []
    if most is not None:
        bounds.append(_bound(book, known, "daily", "daily", most.value, book.words["bounds"]["daily"], most))
    full = most is not None and highest >= most.value
    if most is not None and full:
        book.add("at_ceiling", most.value, DAILY, by=(most,), rate=highest, most=most.value)
    shown = False
    for at in _WHENS:
        allowed = step_of(book, known, at)
        step = allowed.step
        if step is None:
            continue
        shown = True
        when, high = book.words["when"][at], stepped(highest, step.up_high)
        if not full:
            capped = most is not None and high > most.value
            high = min(high, most.value) if most is not None else high
            _rise(book, step, allowed, when, highest, high, most if capped else None)
            why = book.fill(book.words["bounds"]["step"], percent=step.up_high, rate=highest, when=when, high=high)
            bounds.append(_bound(book, known, f"step-{at}", "step_daily", round(high - highest, _DIGITS), why, step))
        if step.down_low is not None and step.down_high is not None:
            least, less = stepped(highest, -step.down_high), stepped(highest, -step.down_low)
            book.add("step_down", least, DAILY, by=(step,), own=allowed.own, foreign=allowed.foreign, when=when, rate=highest, down_low=step.down_low, down_high=step.down_high, low=least, high=less)  # fmt: skip
    if shown:
        book.say("at_step", known.protocol.at_step)
        for cap in dict.fromkeys(step_of(book, known, at).cap for at in _WHENS):
            if cap is not None:
                book.add("at_step", by=(cap,), text=cap.text)
    return tuple(bounds)


def _rise(book: Book, step: PumpStep, allowed: Allowed, when: str, rate: float, high: float, cap: Limit | None) -> None:
    low = min(stepped(rate, step.up_low), high)
    often = "" if step.every_hours is None else book.fill(book.words["often"], hours=step.every_hours)
    capped = "" if cap is None else book.fill(book.words["capped"], most=cap.value)
    by = tuple(part for part in (step, cap, allowed.cap) if part is not None)
    book.add("step_up", high, DAILY, by=by, own=allowed.own, foreign=allowed.foreign, when=when, rate=rate, up_low=step.up_low, up_high=step.up_high, low=low, high=high, often=often, capped=capped)  # fmt: skip
    if (other := allowed.beside) is not None:
        ends = stepped(rate, other.up_low), stepped(rate, other.up_high)
        book.add("step_beside", ends[1], DAILY, by=(other,), when=when, rate=rate, up_low=other.up_low, up_high=other.up_high, low=ends[0], high=ends[1], where=book.where(other))  # fmt: skip


def _bound(
    book: Book, known: Given, name: str, kind: Literal["step_daily", "daily"], value: float, why: str, part: Cited
) -> ShownBound:
    return ShownBound(
        id=f"{known.protocol.pump}-{name}",
        agent=known.protocol.agent,
        kind=kind,
        value=value,
        unit=DAILY,
        why=why,
        decides=True,
        open=False,
        settled_by=(),
        verified=part.verified,
        source=cited(book.facts.knowledge, part.source, part.place),
    )


def weighed_change(book: Book, known: Given, rate: Rate, new: Rate) -> None:
    """How far the change that is weighed goes, against what one step may be: the largest that both lines allow."""
    allowed = step_of(book, known, "titration")
    titration, refill = allowed.step, step_of(book, known, "refill").step
    ends = [round((ratio - 1) * 100, _DIGITS) for ratio in (new.high / rate.low, new.low / rate.high)]
    change = max(ends, key=abs)
    words, most = book.words["verdict"], ceiling(book, known)
    if change > 0 and most is not None and new.high > most.value:
        verdict = book.fill(words["past_ceiling"], most=most.value)
    elif titration is None or refill is None:
        verdict = words["unknown"]
    elif change == 0:
        verdict = words["none"]
    elif change > 0:
        key = "within_titration" if change <= titration.up_high else "within_refill" if change <= refill.up_high else "above"  # fmt: skip
        verdict = book.fill(words[key], percent=titration.up_high, refill=refill.up_high)
    elif titration.down_high is None:
        verdict = words["unknown"]
    else:
        key = "lower_within" if -change <= titration.down_high else "lower_above"
        verdict = book.fill(words[key], percent=titration.down_high)
    sources = [part for part in (titration, refill) if part is not None]
    book.add("weighed", change, "%", by=sources, own=allowed.own or not sources, foreign=allowed.foreign, new=new.high, rate=rate.low, percent=abs(change), sign="+" if change > 0 else "−" if change < 0 else "", verdict=verdict)  # fmt: skip


# ---------------------------------------------------------------- ranges


def ranges(book: Book, known: Given, rate: Rate) -> None:
    """Where most people end and what was used; a text that goes by the cause stands beside the country's own that does not."""
    possible = known.origins or _ALL_ORIGINS
    fitting = [part for part in known.protocol.ranges if of_age(part, known.age) and of_origin(part, possible)]
    own = [part for part in fitting if holds_in(part, book.facts.jurisdiction)]
    parts = own or fitting
    if not known.origins and any(part.origin for part in parts):
        book.need("cause")
        parts = [part for part in parts if part.origin is None and own]
    beside = [] if not own or any(part.origin for part in own) else [p for p in fitting if p not in own and p.origin in known.origins and _numbers(p) not in map(_numbers, own)]  # fmt: skip
    for part in (*parts, *beside):
        for key, low, high in (("usual", part.usual_low, part.usual_high), ("used", part.used_low, part.used_high)):
            if low is not None and high is not None:
                where = book.words["where"]["above" if rate.high > high else "below" if rate.low < low else "within"]
                book.add(key, high, DAILY, by=(part,), own=part in own, foreign="by_cause" if beside else "elsewhere", low=low, high=high, rate=rate.high, where=where)  # fmt: skip


def _numbers(part: PumpRange) -> tuple[float | None, ...]:
    return part.usual_low, part.usual_high, part.used_low, part.used_high


def marks(book: Book, known: Given, rates: Sequence[float]) -> None:
    """What is said of high doses: the present one, the one that is weighed, and that to which a step may lead."""
    for mark in _of_person(known.protocol.marks, known):
        highest = max(rates)
        if highest > mark.above and mark.step_most is None:
            book.add("mark", mark.above, DAILY, by=(mark,), above=mark.above, rate=highest, text=mark.text)


def _of_person(parts: Sequence[PumpMark], known: Given) -> list[PumpMark]:
    """The marks whose age may be this person's."""
    return [mark for mark in parts if mark.age_from <= max(0.0, known.age[1]) and known.age[0] < mark.age_to]
