"""The dose of a pump: test doses, the first day, how far a step may go, and where a rate stands among those that were used."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.pumps import Origin, PumpStart, PumpStep
from relaxant.knowledge.schema import Cited, Limit
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
    ladder = ladders[0]
    doses = ", ".join(book.fill("{dose}", dose=dose) for dose in ladder.doses)
    book.add("screening", max(ladder.doses), AMOUNT, by=(ladder,), own=own, doses=doses, apart=ladder.apart_hours, text=ladder.text)  # fmt: skip
    if ladder.lower_first is not None:
        book.add("screening_lower", ladder.lower_first, AMOUNT, by=(ladder,), own=own, dose=ladder.lower_first, who=ladder.lower_for)  # fmt: skip
    book.add("screening_watch", ladder.watch_high, "h", by=(ladder,), own=own, low=ladder.watch_low, high=ladder.watch_high)  # fmt: skip
    for part in ladder.response:
        book.add("screening_response", by=(part,), own=own, text=part.text)
    if (dose := _beyond(known)) is not None:
        book.add("screening_beyond", dose, AMOUNT, by=(ladder,), own=own, dose=dose, most=max(ladder.doses))


def _beyond(known: Given) -> float | None:
    """A test dose above every one of a label."""
    dose = known.device.screening_dose
    return dose if dose is not None and dose > max(max(ladder.doses) for ladder in known.protocol.screening) else None


def first_day(book: Book, known: Given) -> tuple[Policy, ...]:
    """The first day's rate from the test dose that worked and how long it did, as far as these are known; and the policies weighed."""
    rules, own = chosen(known.protocol.start, book.facts)
    rule = min(rules, key=lambda r: r.prolonged_hours)  # of several the one that starts lower
    dose, hours = known.device.screening_dose, known.device.screening_hours
    if dose is None:
        book.need("screening_dose")
    if hours is None:
        book.need("screening_hours")
    if dose is not None and _beyond(known) is None:
        if hours is None:
            low, high = rule.prolonged_factor * dose, rule.factor * dose
            book.add("start_open", by=(rule,), own=own, low_factor=rule.prolonged_factor, factor=rule.factor, dose=dose, low=low, high=high, line=rule.prolonged_hours)  # fmt: skip
        else:
            _first_lines(book, known, rule, own, dose, hours)
    book.add("hold", rule.hold_hours, "h", by=(rule,), own=own, hours=rule.hold_hours)
    book.say("at_start", known.protocol.at_start)
    return tuple(_policy(book, r, r is rule) for r in known.protocol.start)


def _first_lines(book: Book, known: Given, rule: PumpStart, own: bool, dose: float, hours: float) -> None:
    rate = _first_rate(rule, dose, hours)
    book.add("start", rate, DAILY, by=(rule,), own=own, factor=rate / dose, dose=dose, hours=hours, line=rule.prolonged_hours)  # fmt: skip
    book.add("start_hour", rate / HOURS_A_DAY, "micrograms/h", rate=rate)
    for other in known.protocol.start:
        if (differs := _first_rate(other, dose, hours)) != rate:
            where = ", ".join(book.words["countries"][j] for j in other.jurisdiction)
            book.add("start_elsewhere", differs, DAILY, by=(other,), factor=differs / dose, dose=dose, line=other.prolonged_hours, where=where)  # fmt: skip
    if (concentration := known.device.concentration) is not None:
        book.add("start_volume", daily_volume(rate, concentration), "mL/day", rate=rate, concentration=concentration)


def _first_rate(rule: PumpStart, dose: float, hours: float) -> float:
    """Once the test dose where its effect was prolonged, else the rule's multiple of it."""
    return dose * (rule.prolonged_factor if hours > rule.prolonged_hours else rule.factor)


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


def step_of(book: Book, known: Given, at: When) -> tuple[PumpStep | None, bool]:
    """How far a step may go for this person, the most cautious of what fits, and whether it is from the country's own text.

    ``None`` where age or cause, which is then asked for, is not known, or nothing is written for such a person.
    """
    parts = [part for part in known.protocol.steps if part.at == at]

    def fitting(origins: tuple[Origin, ...]) -> tuple[tuple[PumpStep, ...], bool]:
        return chosen(parts, book.facts, lambda part: of_age(part, known.age) and of_origin(part, origins))

    if known.age[0] != known.age[1]:
        book.need("age")
    if known.origins:
        steps, own = fitting(known.origins)
    else:
        each = [fitting((origin,)) for origin in _ALL_ORIGINS]
        steps, own = each[0]
        if any(other != each[0] for other in each):
            book.need("cause")
            return None, own
    return min(steps, key=lambda part: (part.up_high, part.up_low), default=None), own


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

    No rise goes past the ceiling, and from there none is shown.
    """
    most, highest, bounds = ceiling(book, known), rate.high, []
    if most is not None:
        bounds.append(_bound(book, known, "daily", "daily", most.value, book.words["bounds"]["daily"], most))
    full = most is not None and highest >= most.value
    if most is not None and full:
        book.add("at_ceiling", most.value, DAILY, by=(most,), rate=highest, most=most.value)
    for at in _WHENS:
        step, own = step_of(book, known, at)
        if step is None:
            continue
        when, high = book.words["when"][at], stepped(highest, step.up_high)
        if not full:
            capped = most is not None and high > most.value
            high = min(high, most.value) if most is not None else high
            _rise(book, step, own, when, highest, high, most if capped else None)
            why = book.fill(book.words["bounds"]["step"], percent=step.up_high, rate=highest, when=when)
            bounds.append(_bound(book, known, f"step-{at}", "step", high, why, step))
        if step.down_low is not None and step.down_high is not None:
            least, less = stepped(highest, -step.down_high), stepped(highest, -step.down_low)
            book.add("step_down", least, DAILY, by=(step,), own=own, when=when, rate=highest, down_low=step.down_low, down_high=step.down_high, low=least, high=less)  # fmt: skip
    book.say("at_step", known.protocol.at_step)
    return tuple(bounds)


def _rise(book: Book, step: PumpStep, own: bool, when: str, rate: float, high: float, cap: Limit | None) -> None:
    low = min(stepped(rate, step.up_low), high)
    often = "" if step.every_hours is None else book.fill(book.words["often"], hours=step.every_hours)
    capped = "" if cap is None else book.fill(book.words["capped"], most=cap.value)
    by = (step,) if cap is None else (step, cap)
    book.add("step_up", high, DAILY, by=by, own=own, when=when, rate=rate, up_low=step.up_low, up_high=step.up_high, low=low, high=high, often=often, capped=capped)  # fmt: skip


def _bound(
    book: Book, known: Given, name: str, kind: Literal["step", "daily"], value: float, why: str, part: Cited
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
    titration, own = step_of(book, known, "titration")
    refill, _ = step_of(book, known, "refill")
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
    book.add("weighed", change, "%", by=sources, own=own or not sources, new=new.high, rate=rate.low, sign="+" if change > 0 else "", verdict=verdict)  # fmt: skip


# ---------------------------------------------------------------- ranges


def ranges(book: Book, known: Given, rate: Rate) -> None:
    """Where most people end and what was used, and what is said of high doses."""
    fits, own = chosen(
        known.protocol.ranges,
        book.facts,
        lambda part: of_age(part, known.age) and of_origin(part, known.origins),
    )
    for part in fits:
        for key, low, high in (("usual", part.usual_low, part.usual_high), ("used", part.used_low, part.used_high)):
            if low is not None and high is not None:
                where = book.words["where"]["above" if rate.high > high else "below" if rate.low < low else "within"]
                book.add(key, high, DAILY, by=(part,), own=own, low=low, high=high, rate=rate.high, where=where)
    for mark in known.protocol.marks:
        if rate.high > mark.above and mark.age_from <= max(0.0, known.age[1]) and known.age[0] < mark.age_to:
            book.add("mark", mark.above, DAILY, by=(mark,), above=mark.above, rate=rate.high, text=mark.text)
