"""The volumes of a pump: what the reservoir holds and how long it lasts, the day to refill, another concentration, and the day in parts."""

from __future__ import annotations

from typing import Any

from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.pumps import PumpNumber
from relaxant.planning.pump_dose import AMOUNT, step_of
from relaxant.planning.pump_given import Given, Rate
from relaxant.planning.pump_lines import Book
from relaxant.planning.reservoir import (
    HOURS_A_DAY,
    Refill,
    bridge,
    daily_volume,
    day_after,
    day_in_two,
    days_until,
    mixed,
    refill_days,
    whole_tenths,
)

DAYS = "days"
_DIGITS = 9  # 2.2 mL less 0.2 mL are 2 mL


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


def does_not_fit(known: Given) -> bool:
    """Whether the volume said lies further from the one expected than may be."""
    return known.held.gap is not None and round(known.held.gap[0], _DIGITS) > known.protocol.numbers.gap.value


def volume_now(known: Given) -> float | None:
    """The volume (mL) that days are reckoned from: the one said or else the expected one, and of two that do not fit the smaller."""
    held = known.held
    if held.now is None:
        return None
    return min(held.now[0], held.expected[0]) if does_not_fit(known) and held.expected else held.now[0]


def days_of(known: Given) -> Refill | None:
    """The days that bound the refill, as far as they can be told."""
    return _days_at(known, None if known.held.flow is None else known.held.flow[1])


def days_then(known: Given) -> Refill | None:
    """The days that bound the refill once the rate that is weighed runs, if from today; ``None`` where it empties the reservoir no sooner."""
    flow, concentration = known.held.flow, known.device.concentration
    if flow is None or known.then is None or concentration is None or known.then.high / concentration <= flow[1]:
        return None
    return _days_at(known, known.then.high / concentration)


def overdue(known: Given) -> bool:
    """Whether the refill was due before today, or the floor volume is reached."""
    days, volume = days_of(known), volume_now(known)
    late = days is not None and days.by < known.patient.as_of
    return late or (volume is not None and volume <= known.protocol.numbers.floor.value)


def _days_at(known: Given, a_day: float | None) -> Refill | None:
    numbers = known.protocol.numbers
    return refill_days(
        known.patient.as_of,
        volume_now(known),
        a_day,
        alarm=known.device.alarm,
        floor=numbers.floor.value,
        dead=numbers.dead.value,
        margin_days=numbers.margin.value,
        longest_days=numbers.longest.value,
        refilled=known.device.refilled,
    )


def reservoir(book: Book, known: Given) -> None:
    """What is in the reservoir, how long it lasts, and by when to refill, as far as what each rests on is known."""
    device = known.device
    for name in ("concentration", "residual", "alarm", "refilled"):
        if getattr(device, name) is None or (name == "residual" and known.held.measured is None):
            book.need(name)
    if device.after_refill is None and known.held.measured is None:
        book.need("reservoir")
    if device.concentration is not None:
        if device.reservoir is not None:
            book.add("full", device.reservoir * device.concentration, AMOUNT, volume=device.reservoir, concentration=device.concentration)  # fmt: skip
        _flow(book, known, device.concentration)
        held_now(book, known, dated=True)
        if known.held.measured is not None:
            volume = known.held.measured[0]
            book.add("content", volume * device.concentration, AMOUNT, volume=volume, concentration=device.concentration)  # fmt: skip
    days = days_of(known)
    if days is not None:
        _dated(book, known, days)
        _sooner(book, known, days)
        book.say("at_refill", known.protocol.at_refill)


def goes_on(book: Book, known: Given) -> None:
    """By when to refill a pump that is not stopped, and from when nothing may flow, as far as they can be told."""
    days = days_of(known)
    if days is None:
        return
    empty = "" if days.empty is None else book.fill(book.words["nothing_flows"], day=days.empty)
    book.add("goes_on", by=(_decided(known, days),), day=days.by, empty=empty)


def _decided(known: Given, days: Refill) -> PumpNumber:
    """What decides by when to refill."""
    numbers = known.protocol.numbers
    return {"alarm": numbers.margin, "floor": numbers.floor, "oldest": numbers.longest}[days.decides]


def _flow(book: Book, known: Given, concentration: float) -> None:
    """How much fluid leaves in a day."""
    flow = known.held.flow
    if flow is None:
        return
    least, most = (part * concentration for part in flow)
    if known.lines > 1:
        book.add("rate_lines", most, "micrograms/day", lines=known.lines, most=most)
    elif least != most:
        book.add("rate_range", most, "micrograms/day", low=least, high=most)
    book.add("daily_volume", flow[1], "mL/day", rate=most, concentration=concentration)
    _slow(book, known, flow[1])


def held_now(book: Book, known: Given, *, dated: bool = False) -> None:
    """The volume of today where an earlier one was said, the one that the refill and the rate leave, and how far they lie apart."""
    device, held, gap = known.device, known.held, known.protocol.numbers.gap
    if held.measured is not None and device.residual is not None and held.flow is not None and device.residual_on:
        ago = (known.patient.as_of - device.residual_on).days
        if ago:
            book.add("measured", held.measured[0], "mL", residual=device.residual, day=device.residual_on, span=book.days(ago), a_day=held.flow[1])  # fmt: skip
    full = device.after_refill
    if held.expected is None or held.since is None or full is None or held.flow is None:
        return
    later = ""
    if known.begun is not None and device.refilled is not None and known.begun > device.refilled:
        later = book.fill(book.words["rate_later"], day=known.begun)
    dry = ""
    if held.expected[0] <= known.protocol.numbers.dead.value and device.refilled is not None:
        lasts = days_until(full, known.protocol.numbers.dead.value, held.flow[1])
        dry = book.fill(book.words["would_be_dry"], day=day_after(device.refilled, lasts))
    words = book.words["at_refill"]
    start = book.fill(words["full" if device.filled is None else "filled"], volume=full)
    book.add("expected", held.expected[0], "mL", full=full, start=start, span=book.days(held.since), a_day=held.flow[1], refilled=device.refilled, later=later, dry=dry)  # fmt: skip
    if held.measured is None or held.gap is None:
        return
    measured, expected = held.measured[0], held.expected[0]
    words, apart = book.words["gap"], round(abs(measured - expected), _DIGITS)
    unfit = does_not_fit(known)
    if unfit and device.residual_on is None:
        book.need("residual_on")
    way = words["more" if measured > expected else "less"] if apart else words["none"]
    if unfit:
        way = f"{way} {words['why_more' if measured > expected else 'why_less']}"
        verdict = words["unfit_dated" if dated else "unfit"]
    else:
        verdict = words["fit" if round(held.gap[1], _DIGITS) <= gap.value else "open"]
    book.add("gap", apart, "mL", by=(gap,), measured=measured, expected=expected, way=book.fill(way, value=apart), verdict=verdict, text=gap.text)  # fmt: skip


def to_empty(book: Book, known: Given) -> None:
    """How long something flows, where volume and rate are known."""
    dead, flow, volume, days = known.protocol.numbers.dead, known.held.flow, volume_now(known), days_of(known)
    if volume is not None and flow is not None and days is not None:
        key = "is_empty" if volume <= dead.value else "to_empty"
        book.add(key, **_until(book, volume, dead.value, flow[1]), by=(dead,), dead=dead.value, day=days.empty, text=dead.text)  # fmt: skip


def _until(book: Book, volume: float, left: float, a_day: float) -> dict[str, Any]:
    """The slots of the days until only ``left`` mL are there; without days where it has come to that."""
    if volume <= left:
        return {"volume": volume}
    value = whole_tenths(days_until(volume, left, a_day))
    return {"value": value, "unit": DAYS, "volume": volume, "a_day": a_day, "span": book.days(value)}


def _dated(book: Book, known: Given, days: Refill) -> None:
    """The lines with a day, each with what it was made of."""
    numbers, device, flow, volume = known.protocol.numbers, known.device, known.held.flow, volume_now(known)
    floor, longest, margin = numbers.floor, numbers.longest, numbers.margin
    names, bounds = book.words["bound_names"], []
    if volume is not None and flow is not None:
        if device.alarm is not None:
            reached = "alarm_reached" if volume <= device.alarm else ""
            book.add(
                reached or "to_alarm", **_until(book, volume, device.alarm, flow[1]), alarm=device.alarm, day=days.alarm
            )
            bounds.append(book.fill(names[reached or "alarm"], days=margin.value, day=days.alarm))
        reached = "floor_reached" if volume <= floor.value else ""
        book.add(reached or "to_floor", **_until(book, volume, floor.value, flow[1]), by=(floor,), floor=floor.value, day=days.floor, text=floor.text)  # fmt: skip
        bounds.append(book.fill(names[reached or "floor"], volume=floor.value, day=days.floor))
        to_empty(book, known)
    if days.oldest is not None:
        old = "oldest_reached" if days.oldest < known.patient.as_of else "to_oldest"
        book.add(old, longest.value, DAYS, by=(longest,), refilled=device.refilled, longest=longest.value, day=days.oldest, text=longest.text)  # fmt: skip
        bounds.append(book.fill(names["oldest"], day=days.oldest))
    decided = _decided(known, days)
    why = book.fill(book.words["decides"][days.decides], floor=floor.value, text=decided.text)
    left = float((days.by - known.patient.as_of).days)
    key = "overdue" if left < 0 else "refill" if left > 0 else "due"
    alone = "" if flow is not None and volume is not None else book.words["by_age_alone"]
    book.add(key, left if left > 0 else None, DAYS if left > 0 else "", by=(decided,), bounds="; ".join(bounds), day=days.by, span=book.days(abs(left)), why=why, alone=alone)  # fmt: skip


def _sooner(book: Book, known: Given, days: Refill) -> None:
    """By when to refill at the rate that is weighed, where that is sooner."""
    then = days_then(known)
    if then is None or known.then is None or known.device.concentration is None or not then.by < days.by:
        return
    a_day, left = known.then.high / known.device.concentration, float((then.by - known.patient.as_of).days)
    book.add("refill_then", max(left, 0.0), DAYS, rate=known.then.high, a_day=a_day, day=then.by, now=days.by, span=book.days(max(left, 0.0)))  # fmt: skip


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
            lasts = whole_tenths(days_until(device.reservoir, device.alarm, after))
            book.add("new_lasts", lasts, DAYS, by=(longest,), span=book.days(lasts), reservoir=device.reservoir, alarm=device.alarm, a_day=after, text=longest.text)  # fmt: skip
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


def old_drug(book: Book, known: Given) -> None:
    """What a pump that is off may still hold, in its reservoir and on the way to the tip."""
    device = known.device
    if device.concentration is None or device.residual is None:
        for name in ("concentration", "residual"):
            if getattr(device, name) is None:
                book.need(name)
    else:
        book.add("left_over", device.residual * device.concentration, AMOUNT, volume=device.residual, concentration=device.concentration)  # fmt: skip
    if device.concentration is None or device.catheter is None or device.tubing is None:
        return
    volume = device.catheter + device.tubing
    book.add("left_on_way", volume * device.concentration, AMOUNT, volume=volume, concentration=device.concentration)


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
        allowed = step_of(book, known, "titration")
        step = allowed.step
        if step is None or rate.low != rate.high:
            continue
        first, until = (int(knowledge.policy(name)) for name in (pattern.more_from, pattern.more_to))
        book.add(
            "flex_even",
            rate.high / HOURS_A_DAY,
            "micrograms/h",
            by=(step,),
            own=allowed.own,
            foreign=allowed.foreign,
            rate=rate.high,
            percent=step.up_low,
        )
        parts = day_in_two(rate.high, first, until, step.up_low)
        for part in parts:
            book.add("flex_part", part.dose, AMOUNT, by=(step,), own=allowed.own, foreign=allowed.foreign, first=f"{part.first:02}", until=f"{part.until:02}", hours=part.hours, rate=part.rate)  # fmt: skip
        sums = " + ".join(book.fill("{dose}", dose=part.dose) for part in parts)
        book.add("flex_sum", sum(part.dose for part in parts), "micrograms/day", by=(pattern, most), parts=sums, changes=len(parts), most=most.value, text=pattern.text)  # fmt: skip
