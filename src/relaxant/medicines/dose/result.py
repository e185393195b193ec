"""What a whole line comes to: the clauses as doses, their sum, and what must be said of them together."""

from __future__ import annotations

from relaxant.medicines.dose.daily import by_strength, daily_intake, strength_of
from relaxant.medicines.dose.numbers import figure, tidy
from relaxant.medicines.dose.product import settle_form
from relaxant.medicines.dose.reading import Clause, Reading
from relaxant.medicines.dose.units import MICROGRAM_ROUTES, SOLID, day_unit, in_family, in_unit, interval_hours
from relaxant.medicines.regimen import Amount, Dose, Regimen, Strength

_SINGLE = (None, "once")


def regimen_of(r: Reading) -> Regimen:
    settle_form(r)
    if r.pump and r.route is None and _spinal(r):
        r.route = "intrathecal"
        r.problem("pump_route")
    route = r.route or r.implied_route
    for clause in r.replaced:
        if clause.said:
            r.problem("replaced_dose", said=clause.said)
    _no_volume_of_a_piece(r)
    _drop_strengths(r)
    _follow_durations(r)
    _keep_apart(r)
    several_steps = r.step > 1 and any(clause.step > 1 for clause in r.clauses)
    doses: tuple[Dose, ...] = ()
    for clause in r.clauses:
        doses += _doses_of(r, clause, several_steps=several_steps)
    if r.rate is not None and r.form == "patch" and len(doses) == 1 and doses[0].unit == "dose":
        one = doses[0]
        doses = (Dose(low=1.0, high=1.0, unit="patch", at=one.at, every=one.every, as_needed=one.as_needed),)
    _place_dates(r, doses)
    max_daily = by_strength(r.max_daily, r.strength) if r.max_daily is not None else None
    daily, problems = daily_intake(doses, rate=r.rate, max_daily=max_daily, max_doses=r.max_doses, route=route)
    for sentence in problems:
        r.problems[sentence] = None
    if r.total is not None:
        daily = _beside_total(r, r.total, daily, route)
    if daily is not None and (r.open_low or r.open_high):
        low, high = None if r.open_low else daily.low, None if r.open_high else daily.high
        daily = Amount(low=low, high=high, unit=daily.unit)
    _warn(r, doses, route)
    needed, timed, duration = False, False, None
    for dose in doses:
        needed = needed or dose.as_needed
        timed = timed or bool(dose.every or dose.at)
    if r.days is not None:
        duration = r.days
    elif not several_steps:
        for clause in r.clauses:
            duration = duration if clause.days is None else clause.days
    return Regimen(
        doses=doses,
        rate=r.rate,
        daily=daily,
        as_needed=True if needed else False if timed or daily is not None else None,
        max_daily=max_daily,
        max_doses_daily=r.max_doses,
        route=route,
        form=r.form,
        release=r.release,
        strength=r.strength,
        start=r.start_day,
        stop=r.stop_day,
        duration_days=duration,
        site=r.site,
        notes=tuple(r.notes),
        unread=tuple([r.source[start:end] for start, end in r.unread]),
        problems=tuple(r.problems),
    )


def _place_dates(r: Reading, doses: tuple[Dose, ...]) -> None:
    """``400 units once on 2026-10-10``: the one day beside what is given once, or beside a dose of which nothing says how often, is that on
    which it was given. Any other date that says neither start nor stop is not used."""
    single = bool(doses) and r.rate is None and all(d.every in _SINGLE and not d.as_needed for d in doses)
    if single and len(r.loose) == 1 and r.loose[0][0] is not None and r.start_day is None and r.stop_day is None:
        r.start_day = r.loose[0][0]
        return
    for _, said in r.loose:
        r.problem("loose_date", said=said)


def _no_volume_of_a_piece(r: Reading) -> None:
    """``10 mg tablet, 5 mL at night``: what is meant may be a liquid of another strength."""
    if r.form not in SOLID:
        return
    for clause in r.clauses:
        if clause.volume or clause.unit == "mL":
            r.problem("volume_of_piece", said=clause.said, form=r.form)
            clause.low = clause.high = None
            if r.strength is not None and r.strength.per == "mL":  # made of the two that do not go together
                r.strength = None


def _spinal(r: Reading) -> bool:
    """Whether a pump named without its route is for the spine: in micrograms (or a slip for them), or no amount."""
    doses = {clause.unit for clause in r.clauses if clause.unit is not None}
    totals = {amount.unit for amount in (r.rate, r.total) if amount is not None}
    return doses <= {"micrograms", "mL", "dose"} and totals <= {
        "micrograms/day",
        "mg/day",
        "micrograms/h",
        "micrograms",
    }


def _follow_durations(r: Reading) -> None:
    """``5 mg tid x 3 d, 10 mg tid x 3 d, 15 mg tid``: each for its own days, and so one after another."""
    before: Clause | None = None
    if r.step > 1 or not any(clause.days is not None for clause in r.clauses[:-1]):
        return
    step = 1
    for clause in r.clauses:
        if before is not None and before.days is not None and before.scheduled() and clause.unit is not None:
            apart = bool(before.ats and clause.ats) and set(before.ats).isdisjoint(clause.ats)
            step += not (clause.joined or apart or clause.prn != before.prn)
        clause.step = step
        before = clause
    if step > 1:
        r.step = step
        r.problem("steps", said=f"{r.clauses[0].said}, {r.clauses[-1].said}")


def _keep_apart(r: Reading) -> None:
    """``20 mg tds (usual dose 10 mg tds)``: two doses of several times a day do not add up unless they are joined."""
    if r.step > 1 or len(r.clauses) < 2:
        return
    step, before = 1, r.clauses[0]
    for clause in r.clauses[1:]:
        if _several_a_day(before) and _several_a_day(clause) and not clause.joined and clause.prn == before.prn:
            step += 1
            r.problem("two_regimens", said=f"{before.said}, {clause.said}")
        clause.step, before = step, clause
    r.step = step


def _several_a_day(clause: Clause) -> bool:
    hours = interval_hours(clause.every)
    return clause.unit is not None and not clause.ats and hours is not None and hours[1] < 24


def _drop_strengths(r: Reading) -> None:
    """A mass with a form after it and no times, beside a clause that has them, is the product's strength."""
    if len(r.clauses) < 2 or not any(clause.prn or clause.scheduled() for clause in r.clauses):
        return
    kept = []
    for clause in r.clauses:
        idle = not clause.prn and not clause.scheduled() and clause.unit is not None and clause.unit != "dose"
        if idle and clause.form_after and clause.low is not None and clause.unit is not None:
            r.strength = r.strength or Strength(value=clause.low, unit=clause.unit)
            continue
        if idle:
            r.problem("no_schedule", said=clause.said)
        kept.append(clause)
    r.clauses = kept


def _doses_of(r: Reading, clause: Clause, *, several_steps: bool) -> tuple[Dose, ...]:
    if clause.unit is None and r.rate is not None and not clause.scheduled():
        return ()
    low, high, unit = clause.low, clause.high, clause.unit or "dose"
    strength = strength_of(unit, r.strength)
    if strength is not None:
        low, high = (None if value is None else tidy(value * strength.value) for value in (low, high))
        unit = strength.unit
    every, ats = _at_times(clause.every, clause.ats)
    if clause.ats and not ats:
        r.notes[", ".join(clause.ats)] = None
    days = clause.days if several_steps else None
    doses: tuple[Dose, ...] = ()
    for at in ats or (None,):
        doses += (
            Dose(low=low, high=high, unit=unit, at=at, every=every, as_needed=clause.prn, step=clause.step, days=days),
        )
    return doses


def _at_times(every: str | None, ats: list[str]) -> tuple[str | None, list[str]]:
    """How often, and at what times, each dose is taken: at its own time once a day where the two agree.

    Several times that do not agree with how often are left out.
    """
    if not ats:
        return every, ats
    if every is None:
        return "1 d", ats
    hours = interval_hours(every)
    if hours is None or hours[0] != hours[1] or hours[0] > 24:
        return every, ats
    if round(24 / hours[0], 6) == len(ats):
        return "1 d", ats
    return every, ats if len(ats) == 1 else []


def _beside_total(r: Reading, total: Amount, daily: Amount | None, route: str | None) -> Amount:
    """The stated total of a day beside what the doses add up to."""
    total = by_strength(total, r.strength)
    unit = day_unit(total.unit, route)
    low, high = in_unit(total.low, total.unit, unit), in_unit(total.high, total.unit, unit)
    stated = Amount(low=low, high=high, unit=unit)
    if daily is None or daily.unit != unit:
        return stated
    if daily == stated or low is None or high is None:
        return daily
    if (daily.low or 0) <= low and (daily.high is None or high <= daily.high):
        return Amount(low=daily.low, high=high, unit=unit)
    read = figure(daily.low or 0)
    if daily.low != daily.high:
        read = f"{read}-{figure(daily.high or 0)}"
    r.problem("total_differs", read=f"{read} {unit}", other=f"{figure(high)} {unit}")
    return Amount(
        low=None if daily.low is None else min(daily.low, low),
        high=None if daily.high is None else max(daily.high, high),
        unit=unit,
    )


def _warn(r: Reading, doses: tuple[Dose, ...], route: str | None) -> None:
    """Sentences on what is read but can be a thousandfold slip."""
    if route in MICROGRAM_ROUTES:
        said = [dose.unit for dose in doses if dose.low is not None]
        for unit in [*said, r.rate.unit] if r.rate is not None else said:
            base = unit.partition("/")[0]
            if base in {"mg", "g"}:
                r.problem("intrathecal_mg", said=base)
    strength = r.strength
    if strength is not None and strength.per == "piece" and strength.value:
        for dose in doses:
            amount = in_family(dose.high, dose.unit, strength.unit)
            if amount and not 0.02 < amount / strength.value < 50:
                r.problem("unit_scale", read=figure(float(f"{amount / strength.value:.2g}")))
    if r.start_day is not None and r.stop_day is not None and r.stop_day < r.start_day:
        r.problem("order_of_dates", start=r.start_day.isoformat(), stop=r.stop_day.isoformat())
