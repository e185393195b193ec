"""What is taken in a day: doses, a rate and stated limits brought to one amount."""

from __future__ import annotations

from relaxant.medicines.dose.numbers import figure, tidy
from relaxant.medicines.dose.units import BY_STRENGTH, HOURS, day_unit, in_unit, times_in_a_day
from relaxant.medicines.dose.words import say
from relaxant.medicines.regimen import Amount, Dose, Strength

_TIMES = frozenset({"h", "hr", "hrs", "hour", "hours", "d", "day", "wk", "week"})
Ends = tuple[float | None, float | None]
"""The least that is certain and the most that is allowed."""


def strength_of(unit: str, strength: Strength | None) -> Strength | None:
    """The strength where it turns this unit into a mass: pieces by a strength per piece, mL by one per mL; what a patch gives in a time is none."""
    if strength is None or unit not in BY_STRENGTH or (unit == "mL") != (strength.per == "mL"):
        return None
    if strength.per.casefold() in _TIMES:
        return None
    return strength


def by_strength(amount: Amount, strength: Strength | None) -> Amount:
    """The amount in the strength's unit where it counts pieces or mL of a known strength; as it came otherwise."""
    known = strength_of(amount.unit, strength)
    if known is None:
        return amount
    low, high = (None if value is None else tidy(value * known.value) for value in (amount.low, amount.high))
    return Amount(low=low, high=high, unit=known.unit)


def _times_in_a_day(dose: Dose, max_doses: float | None) -> Ends:
    """The fewest and the most of one kind of dose in a day.

    A dose every few days counts its average as certain and one whole dose as the most.
    """
    if dose.every == "once":
        return 0.0, 1.0
    times = times_in_a_day(dose.every) if dose.every is not None else None
    if times is None:
        return (0.0, max_doses) if dose.as_needed or max_doses is not None else (None, None)
    return (0.0, times[1]) if dose.as_needed else times


def _in_a_day(dose: Dose, times: Ends, unit: str) -> Ends:
    fewest, most = times
    low, high = in_unit(dose.low, dose.unit, unit), in_unit(dose.high, dose.unit, unit)
    certain = 0.0 if fewest == 0 else None if low is None or fewest is None else low * fewest
    return certain, None if high is None or most is None else high * most


def _plus(one: Ends, other: Ends) -> Ends:
    return (
        None if one[0] is None or other[0] is None else one[0] + other[0],
        None if one[1] is None or other[1] is None else one[1] + other[1],
    )


def _over_steps(steps: dict[int, Ends]) -> Ends:
    """The lowest step is certain, the highest is the most."""
    if len(steps) == 1:
        return next(iter(steps.values()))
    lows = [low for low, _ in steps.values() if low is not None]
    highs = [high for _, high in steps.values() if high is not None]
    return (
        min(lows, default=0.0) if len(lows) == len(steps) else None,
        max(highs, default=0.0) if len(highs) == len(steps) else None,
    )


def _largest_dose(doses: tuple[Dose, ...], unit: str) -> float | None:
    """The largest dose that can be repeated; none where one of them is not known."""
    highs = [in_unit(dose.high, dose.unit, unit) for dose in doses if dose.every != "once" or len(doses) == 1]
    known = [high for high in highs if high is not None]
    return max(known, default=0.0) if len(known) == len(highs) else None


def _at_most(total: Ends, cap: float) -> Ends:
    low, high = total
    return None if low is None else min(low, cap), cap if high is None else min(high, cap)


def _of_rate(rate: Amount, unit: str) -> Ends:
    base, _, time = rate.unit.rpartition("/")
    hours = HOURS["d" if time == "day" else time]
    low, high = in_unit(rate.low, base, unit), in_unit(rate.high, base, unit)
    return None if low is None else low * 24 / hours, None if high is None else high * 24 / hours


def _the_unit(doses: tuple[Dose, ...], rate: Amount | None, route: str | None) -> tuple[str | None, list[str]]:
    """The one unit in which all can be added; none, with a sentence, where there are several."""
    if len(doses) == 1 and rate is None:
        unit = doses[0].unit
        return (None if unit == "dose" else day_unit(unit, route)), []
    units = {day_unit(dose.unit, route) for dose in doses if dose.unit != "dose"}
    if rate is not None:
        units.discard("patch")
        units.add(day_unit(rate.unit.rpartition("/")[0], route))
    if len(units) > 1:
        return None, [say("mixed_units", said=", ".join(sorted(units)))]
    return (units.pop() if units else None), []


def daily_intake(
    doses: tuple[Dose, ...],
    *,
    rate: Amount | None = None,
    max_daily: Amount | None = None,
    max_doses: float | None = None,
    route: str | None = None,
) -> tuple[Amount | None, list[str]]:
    """What is taken in a day, and what to say of it: ``low`` is certain (as needed counts nought), ``high`` the most.

    Doses of one step add up; steps that follow one another do not: ``low`` is that of the lowest step, ``high`` of the
    highest.
    """
    unit, problems = _the_unit(doses, rate, route)
    if unit is None:
        return None, problems
    patches: Ends = (1.0, 1.0)
    if rate is not None:
        for dose in doses:
            if dose.unit == "patch":
                patches = (dose.low or 1.0, dose.high or 1.0)
        doses = tuple(dose for dose in doses if dose.unit != "patch")
    steps: dict[int, Ends] = {}
    scheduled = rate is not None
    for dose in doses:
        times = _times_in_a_day(dose, max_doses)
        scheduled = scheduled or times[0] is not None
        today = _in_a_day(dose, times, unit)
        steps[dose.step] = _plus(steps[dose.step], today) if dose.step in steps else today
    if not scheduled:
        return None, problems
    total = _over_steps(steps)
    if max_doses is not None and len(steps) == 1 and (largest := _largest_dose(doses, unit)) is not None:
        total = _at_most(total, max_doses * largest)
    if rate is not None:
        low, high = _of_rate(rate, unit)
        assert patches[0] is not None
        assert patches[1] is not None
        total = _plus(total, (None if low is None else low * patches[0], None if high is None else high * patches[1]))
    limit = in_unit(max_daily.high, max_daily.unit, unit) if max_daily is not None else None
    if limit is not None:
        if total[0] is not None and total[0] > limit * (1 + 1e-9):
            problems = [say("over_maximum", read=f"{figure(total[0])} {unit}", other=f"{figure(limit)} {unit}")]
        else:
            total = (total[0], limit if total[1] is None else min(total[1], limit))
    low, high = total
    if low is None and high is None:
        return None, problems
    low, high = None if low is None else tidy(low), None if high is None else tidy(high)
    return Amount(low=low, high=high, unit=unit), problems
