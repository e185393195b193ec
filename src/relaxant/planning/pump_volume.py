"""The volumes of a pump: what the reservoir holds and how long it lasts, the day to refill, another concentration, and the day in parts."""

from __future__ import annotations

from relaxant.knowledge.questions import holds_in
from relaxant.planning.pump_dose import AMOUNT, step_of
from relaxant.planning.pump_given import Given, Rate
from relaxant.planning.pump_lines import Book
from relaxant.planning.reservoir import (
    HOURS_A_DAY,
    Refill,
    bridge,
    daily_volume,
    day_in_two,
    days_until,
    mixed,
    refill_days,
)

DAYS = "days"


def is_empty(known: Given) -> bool:
    """Whether nothing is left that could be delivered."""
    left = known.device.residual
    return left is not None and left <= known.protocol.numbers.dead.value


def concentrations(book: Book, known: Given) -> None:
    """What is said of a concentration that no product of the country has, or that is above all of them."""
    agent = book.facts.knowledge.agents[known.protocol.agent]
    products = [
        p for p in agent.products if p.per == "mL" and p.unit == AMOUNT and holds_in(p, book.facts.jurisdiction)
    ]
    sold = sorted({strength for product in products for strength in product.strengths})
    for concentration in dict.fromkeys((known.device.concentration, known.device.new_concentration)):
        if concentration is None or not sold or concentration in sold:
            continue
        if concentration > sold[-1]:
            strongest = [p for p in products if sold[-1] in p.strengths]
            book.add("too_strong", concentration, "micrograms/mL", by=strongest[:1], concentration=concentration, most=sold[-1])  # fmt: skip
        else:
            book.add("not_sold", concentration, "micrograms/mL", by=products, concentration=concentration, sold=", ".join(book.fill("{s}", s=s) for s in sold))  # fmt: skip


# ---------------------------------------------------------------- the reservoir


def reservoir(book: Book, known: Given) -> Refill | None:
    """What is in the reservoir, how long it lasts, and by when to refill; ``None`` where what the day rests on is not known."""
    device, numbers, rate = known.device, known.protocol.numbers, known.rate
    for name in ("concentration", "residual", "alarm", "refilled"):
        if getattr(device, name) is None:
            book.need(name)
    if device.concentration is None:
        return None
    if device.residual is not None:
        book.add("content", device.residual * device.concentration, AMOUNT, volume=device.residual, concentration=device.concentration)  # fmt: skip
    if device.reservoir is not None:
        book.add("full", device.reservoir * device.concentration, AMOUNT, volume=device.reservoir, concentration=device.concentration)  # fmt: skip
    if rate is None:
        return None
    if rate.low != rate.high:
        book.add("rate_range", rate.high, "micrograms/day", low=rate.low, high=rate.high)
    a_day = daily_volume(rate.high, device.concentration)
    book.add("daily_volume", a_day, "mL/day", rate=rate.high, concentration=device.concentration)
    _slow(book, known, a_day)
    if device.residual is None or device.alarm is None:
        return None
    days = refill_days(
        known.patient.as_of,
        device.residual,
        a_day,
        alarm=device.alarm,
        floor=numbers.floor.value,
        dead=numbers.dead.value,
        margin_days=numbers.margin.value,
        longest_days=numbers.longest.value,
        refilled=device.refilled,
    )
    _dated(book, known, days, a_day, device.residual, device.alarm)
    book.say("at_refill", known.protocol.at_refill)
    return days


def _dated(book: Book, known: Given, days: Refill, a_day: float, residual: float, alarm: float) -> None:
    """The lines with a day, each with what it was made of."""
    numbers = known.protocol.numbers
    floor, dead, longest, margin = numbers.floor, numbers.dead, numbers.longest, numbers.margin
    book.add("to_alarm", days_until(residual, alarm, a_day), DAYS, residual=residual, alarm=alarm, a_day=a_day, day=days.alarm)  # fmt: skip
    book.add("to_floor", days_until(residual, floor.value, a_day), DAYS, by=(floor,), residual=residual, floor=floor.value, a_day=a_day, day=days.floor, text=floor.text)  # fmt: skip
    book.add("to_empty", days_until(residual, dead.value, a_day), DAYS, by=(dead,), residual=residual, dead=dead.value, a_day=a_day, day=days.empty, text=dead.text)  # fmt: skip
    names = book.words["bound_names"]
    bounds = [
        book.fill(names["alarm"], days=margin.value, day=days.alarm),
        book.fill(names["floor"], volume=floor.value, day=days.floor),
    ]
    if days.oldest is not None:
        book.add("to_oldest", longest.value, DAYS, by=(longest,), refilled=known.device.refilled, longest=longest.value, day=days.oldest, text=longest.text)  # fmt: skip
        bounds.append(book.fill(names["oldest"], day=days.oldest))
    today = known.patient.as_of
    key = "refill" if days.by > today else "overdue"
    left = float((days.by - today).days)
    book.add(key, left, DAYS, by=(margin,), bounds="; ".join(bounds), day=days.by, text=margin.text)


def _slow(book: Book, known: Given, a_day: float) -> None:
    """A flow that the pump may not manage."""
    least = known.protocol.numbers.slowest
    if a_day < least.value:
        book.add("slow", a_day, "mL/day", by=(least,), a_day=a_day, least=least.value, text=least.text)


# ---------------------------------------------------------------- another concentration


def new_concentration(book: Book, known: Given) -> None:
    """The bridge where another concentration is planned, line by line; the volumes it rests on are asked for and never assumed."""
    device, rate = known.device, known.rate
    new = device.new_concentration
    if new is None or new == device.concentration:
        return
    for name in ("catheter", "tubing", "concentration"):
        if getattr(device, name) is None:
            book.need(name)
    if rate is not None:
        after = daily_volume(rate.high, new)
        book.add("new_volume", after, "mL/day", rate=rate.high, new=new)
        _slow(book, known, after)
        longest = known.protocol.numbers.longest
        if device.reservoir is None:
            book.need("reservoir")
        elif device.alarm is not None:
            lasts = days_until(device.reservoir, device.alarm, after)
            book.add("new_lasts", lasts, DAYS, by=(longest,), reservoir=device.reservoir, alarm=device.alarm, a_day=after, text=longest.text)  # fmt: skip
    dead, old = known.protocol.numbers.dead, device.concentration
    if old is not None and device.reservoir is not None and device.reservoir > dead.value:
        found = mixed(old, new, dead.value, device.reservoir)
        book.add("mixed", found, "micrograms/mL", by=(dead,), dead=dead.value, rest=device.reservoir - dead.value, old=old, new=new, reservoir=device.reservoir, text=dead.text)  # fmt: skip
    if rate is not None and device.concentration is not None:
        _bridge(book, known, rate, device.concentration, new)
    book.say("bridge_said", known.protocol.bridge)


def _bridge(book: Book, known: Given, rate: Rate, old: float, new: float) -> None:
    catheter, tubing = known.device.catheter, known.device.tubing
    if catheter is None or tubing is None or catheter + tubing <= 0:
        return
    made, before, after = bridge(rate.high, old, new, catheter, tubing), daily_volume(rate.high, old), daily_volume(rate.high, new)  # fmt: skip
    warning = known.protocol.bridge[:1]
    book.add("path", made.volume, "mL", by=warning, catheter=catheter, tubing=tubing)
    book.add("old_drug", made.old_drug, AMOUNT, volume=made.volume, old=old)
    book.add("bridge_time", made.hours, "h", volume=made.volume, a_day=before)
    book.add("bridge_flow", made.flow, "mL/h", a_day=before, rate=rate.high)
    book.add("bridge_counted", made.counted, AMOUNT, volume=made.volume, new=new, hours=made.hours, old_drug=made.old_drug)  # fmt: skip
    verdict = book.words["verdict"]["too_little" if made.unbridged < rate.high else "too_much"]
    book.add("unbridged", made.unbridged, "micrograms/day", by=warning, a_day=after, old=old, rate=rate.high, hours=made.unbridged_hours, verdict=verdict)  # fmt: skip


# ---------------------------------------------------------------- the day in parts


def flex(book: Book, known: Given, rate: Rate) -> None:
    """The day in parts, for those whose goals or standing ask for it; its sum is the day's dose."""
    knowledge, most = book.facts.knowledge, known.protocol.numbers.flex_changes
    goals = {goal.casefold() for goal in known.patient.goals}
    for pattern in known.protocol.flex:
        if not holds_in(pattern, book.facts.jurisdiction):
            continue
        if not (goals & set(pattern.goals) or (pattern.standing and known.patient.stands_on_tone)):
            continue
        step, own = step_of(book, known, "titration")
        if step is None or rate.low != rate.high:
            continue
        first, until = (int(knowledge.policy(name)) for name in (pattern.more_from, pattern.more_to))
        book.add(
            "flex_even",
            rate.high / HOURS_A_DAY,
            "micrograms/h",
            by=(step,),
            own=own,
            rate=rate.high,
            percent=step.up_low,
        )
        parts = day_in_two(rate.high, first, until, step.up_low)
        for part in parts:
            book.add("flex_part", part.dose, AMOUNT, by=(step,), own=own, first=f"{part.first:02}", until=f"{part.until:02}", hours=part.hours, rate=part.rate)  # fmt: skip
        sums = " + ".join(book.fill("{dose}", dose=part.dose) for part in parts)
        book.add("flex_sum", sum(part.dose for part in parts), "micrograms/day", by=(pattern, most), parts=sums, changes=len(parts), most=most.value, text=pattern.text)  # fmt: skip
