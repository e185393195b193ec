"""What is taken now, by part of the day: where a calendar begins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.limits import in_dose_unit
from relaxant.knowledge.plans import DAY_PARTS, DayPart
from relaxant.medicines.dose.units import interval_hours
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.regimen import Dose
from relaxant.planning.plan import Product, Taken
from relaxant.planning.tablets import grains
from relaxant.quantities import Quantity, convert

_A_DAY = 24.0
_BY_NUMBER: dict[int, tuple[DayPart, ...]] = {
    1: ("night",),
    2: ("morning", "night"),
    3: ("morning", "noon", "night"),
    4: DAY_PARTS,
}


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """The doses of a day by part, in the agent's unit; empty with ``why`` (a key of the words) where they cannot be told.

    ``placed`` where the line names no time of day and the parts are ours. ``form`` and ``modified`` are of the product, as said.
    ``since`` is the day on which the last of the lines began; ``None`` where that of any is not known.
    """

    doses: dict[DayPart, float] = {}
    why: str | None = None
    placed: bool = False
    form: str | None = None
    modified: bool = False
    since: date | None = None

    @property
    def daily(self) -> float:
        return sum(self.doses.values())


def current_lines(agent: str, medicines: Sequence[Medicine]) -> list[Medicine]:
    """The lines by which an agent is taken now."""
    return [m for m in medicines if agent in m.agents and m.role == "current" and not m.over]


def weighed_line(agent: str, medicines: Sequence[Medicine]) -> Medicine | None:
    """The line by which a start or another dose of an agent is weighed."""
    return next((m for m in medicines if agent in m.agents and m.role == "considering" and m.change != "stop"), None)


def release_of(weighed: Medicine | None, taken: Sequence[Medicine]) -> str | None:
    """The release of what is weighed, else of what is taken: as one line says it."""
    lines = [weighed, *([] if weighed is not None and weighed.beside else taken)]
    return next((m.regimen.release for m in lines if m is not None and m.regimen.release), None)


def weighed_daily(agent: str, medicines: Sequence[Medicine], facts: Facts) -> float | None:
    """The daily dose that is weighed, in the agent's unit: the most that the line allows; unknown where it says none."""
    line, unit = weighed_line(agent, medicines), facts.knowledge.agents[agent].dose_unit
    daily = line.regimen.daily if line else None
    if line is None or daily is None or daily.high is None:
        return None
    its = daily.unit.removesuffix("/day")
    if its == unit:
        return daily.high
    converted = convert(Quantity(daily.high, its), unit)
    strength = line.regimen.strength
    if converted is None and strength is not None and strength.per in ("piece", its):
        one = convert(Quantity(strength.value, strength.unit), unit)
        return None if one is None else one * daily.high
    return converted


def weighed_times(agent: str, medicines: Sequence[Medicine], facts: Facts) -> tuple[dict[DayPart, int], bool]:
    """The doses (grains) that are weighed, by part of the day, and whether the parts are ours; none where the line does not tell them."""
    line = weighed_line(agent, medicines)
    asked = None if line is None else intake(agent, [line], facts)
    if asked is None:
        return {}, False
    return {part: grains(dose) for part, dose in asked.doses.items()}, asked.placed


def intake(agent: str, lines: Sequence[Medicine], facts: Facts) -> Intake:
    """What the lines add up to in a day. What is taken only when needed, a range, or a dose not said has no calendar."""
    if not lines:
        return Intake(why="not_taken")
    if len({_product(line) for line in lines}) > 1:
        return Intake(why="mixed")
    unit, doses, placed = facts.knowledge.agents[agent].dose_unit, dict[DayPart, float](), False
    for line in lines:
        given = line.regimen.doses
        if not given or line.doubtful:
            return Intake(why="no_dose")
        if line.regimen.as_needed or any(d.as_needed for d in given):
            return Intake(why="as_needed")
        if len({d.step for d in given}) > 1:
            return Intake(why="steps")
        for dose in given:
            amount = _amount(dose, unit, line, agent, facts)
            if amount is None:
                return Intake(why="range" if dose.low != dose.high else "no_dose")
            parts, ours = _parts(dose, facts)
            if not parts:
                return Intake(why="no_times")
            if ours and len(parts) == 1 and amount > _most_at_once(agent, facts):
                return Intake(why="one_or_total")
            placed = placed or ours
            for part in parts:
                doses[part] = doses.get(part, 0.0) + amount
    ordered = {part: doses[part] for part in DAY_PARTS if part in doses}
    regimen = lines[0].regimen
    modified = regimen.release not in (None, "immediate")
    return Intake(doses=ordered, placed=placed, form=regimen.form, modified=modified, since=_since(lines))


def _most_at_once(agent: str, facts: Facts) -> float:
    """The most that any label gives at one time by the agent's own route, at whatever age; endless where none does."""
    own = facts.knowledge.agents[agent]
    said = (
        in_dose_unit(limit, own.dose_unit)
        for limit in own.limits
        if limit.kind == "single" and (not limit.routes or own.routes[0] in limit.routes)
    )
    return max((value for value in said if value is not None), default=math.inf)


def _since(lines: Sequence[Medicine]) -> date | None:
    begun = [start for line in lines if (start := line.regimen.start) is not None]
    return max(begun) if len(begun) == len(lines) else None


def taken_until(agents: Iterable[str], medicines: Sequence[Medicine], facts: Facts) -> tuple[Taken, ...]:
    """What is taken now of each of the agents, by part of the day; those of which it is not known are left out."""
    out = []
    for agent in dict.fromkeys(agents):
        now = intake(agent, current_lines(agent, medicines), facts)
        if not now.why:
            out.append(Taken(agent=agent, doses=now.doses))
    return tuple(out)


def _product(line: Medicine) -> tuple[bool, str | None]:
    """What must not differ between the lines of one calendar: the release, and the form as far as it is said."""
    return line.regimen.release not in (None, "immediate"), line.regimen.form


def _amount(dose: Dose, unit: str, line: Medicine, agent: str, facts: Facts) -> float | None:
    if dose.low is None or dose.low != dose.high:
        return None
    if dose.unit == unit:
        return dose.low
    converted = convert(Quantity(dose.low, dose.unit), unit)
    if converted is not None:
        return converted
    strength = line.regimen.strength
    if strength is None or strength.per not in ("piece", dose.unit):
        return None
    one = convert(Quantity(strength.value, strength.unit), unit)
    return None if one is None else one * dose.low


def _parts(dose: Dose, facts: Facts) -> tuple[tuple[DayPart, ...], bool]:
    """The parts of the day of a dose, and whether the choice of them is ours."""
    if dose.at is not None:
        part = _part_of(dose.at, facts)
        return ((part,) if part else ()), False
    span = interval_hours(dose.every) if dose.every else None
    if span is None or span[0] != span[1] or span[0] <= 0:
        return (), False
    return _BY_NUMBER.get(round(_A_DAY / span[0]), ()) if _A_DAY % span[0] == 0 else (), True


def _part_of(at: str, facts: Facts) -> DayPart | None:
    """The part of the day of a time in words or on the clock: the one whose hour is nearest, across midnight too."""
    if at in DAY_PARTS:
        return next(part for part in DAY_PARTS if part == at)
    hour: float | None = None
    if f"hour_of_{at}" in facts.knowledge.policies:
        hour = facts.knowledge.policy(f"hour_of_{at}")
    elif at[:2].isdecimal() and at[2:3] == ":":
        hour = float(at[:2]) + float(at[3:5]) / 60
    if hour is None:
        return None
    apart = {part: abs(facts.knowledge.policy(f"hour_of_{part}") - hour) for part in DAY_PARTS}
    return min(DAY_PARTS, key=lambda part: min(apart[part], _A_DAY - apart[part]))


def form_of(said: str | None, products: Sequence[Sequence[Product]]) -> str | None:
    """The form of a group that a said form means: a tablet is a tablet."""
    return next((g[0].name for g in products if said and g and (said in g[0].name or said in g[0].form)), None)
