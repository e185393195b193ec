"""What is wrong with the protocol of a pump: names that are not known, numbers out of order, a kind that nothing is said of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product

from relaxant.facts.names import PERSON_FACTS
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.pumps import PumpOral, PumpProtocol, PumpRange, PumpScreening, PumpStep

_UNITS = {
    "licensed_from": "years",
    "margin": "days",
    "floor": "mL",
    "longest": "days",
    "dead": "mL",
    "slowest": "mL/day",
    "flex_changes": "changes a day",
    "withdrawal": "days",
    "urgent": "days",
    "gap": "mL",
    "path": "mL",
}
_STOP = 100  # a lowering of so many percent is a stop


def faults_of_pump(pump: PumpProtocol, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of one protocol: where, and what."""
    where = f"pumps {pump.pump}"
    if pump.agent in knowledge.agents and "intrathecal" not in knowledge.agents[pump.agent].routes:
        yield where, f"{pump.agent} is not given into the spinal fluid"
    named = [
        *(part.conditions for part in pump.origins),
        *(part.conditions for part in pump.not_with),
        *(part.conditions for part in pump.to_read),
        *(part.conditions for part in pump.overdose_if),
    ]
    for condition in (name for names in named for name in names):
        if condition not in knowledge.conditions:
            yield where, f"there is no condition “{condition}”"
    for fact in (fact for part in pump.overdose_if for fact in part.facts):
        if not (fact in PERSON_FACTS and PERSON_FACTS[fact].truth):
            yield where, f"there is no yes/no fact “{fact}”"
    if any(part.surely for part in pump.overdose_if) != bool(pump.overdose):
        yield where, "what to do in an overdose belongs with what tells one"
    for agent in {said.keeps or said.leaves for said in pump.at_start} - {None}:
        if agent not in knowledge.agents:
            yield where, f"there is no agent “{agent}”"
    for role in (role for part in pump.not_with for role in part.roles):
        if role not in knowledge.roles:
            yield where, f"there is no role “{role}”"
    if any(not part.conditions and not part.roles for part in pump.not_with):
        yield where, "what rules out a start names a condition or a role"
    for kind in ("screening", "start", "steps", "ranges", "check", "emergency", "meanwhile", "oral", "restart", "call"):
        if not getattr(pump, kind):
            yield where, f"nothing is said of its {kind}"
    for ladder in pump.screening:
        yield from _ladder(ladder, where)
    yield from _oral(pump.oral, where)
    for start in pump.start:
        if not 0 < start.prolonged_factor <= start.factor or min(start.prolonged_hours, start.hold_hours) <= 0:
            yield where, "a first day: 0 < prolonged_factor <= factor, and hours above nought"
    for step in pump.steps:
        yield from _step(step, where)
    for part in pump.ranges:
        yield from _range(part, where)
    if any(part.within_days <= 0 for part in pump.to_read):
        yield where, "a pump is to be read for days above nought"
    for mark in pump.marks:
        if mark.above <= 0 or (mark.step_most is not None and mark.step_most <= 0) or mark.age_from >= mark.age_to:
            yield where, "a mark lies above nought, and age_from below age_to"
    numbers = {"licensed_from": pump.licensed_from} | {
        name: getattr(pump.numbers, name) for name in pump.numbers.__struct_fields__
    }
    for name, number in numbers.items():
        if number.unit != _UNITS[name] or number.value <= 0:
            yield f"{where} {name}", f"it is a number above nought in {_UNITS[name]}"
    for pattern in pump.flex:
        hours = [knowledge.policies.get(name) for name in (pattern.more_from, pattern.more_to)]
        if any(h is None or h.unit != "h" or not h.value.is_integer() for h in hours):
            yield f"{where} flex {pattern.flex}", "more_from and more_to are hours among the policies"
        elif hours[0] is not None and hours[1] is not None and hours[0].value == hours[1].value:
            yield f"{where} flex {pattern.flex}", "its two parts are one"
    if pump.numbers.flex_changes.value < 2 and pump.flex:
        yield where, "a day in two parts needs two changes"


def _oral(parts: tuple[PumpOral, ...], where: str) -> Iterator[tuple[str, str]]:
    """Every kidney function, and none known, has just one sentence, in every country and at every age."""
    ages = sorted({part.age_from for part in parts})
    for country, age in product(JURISDICTIONS, ages):
        here = [p for p in parts if holds_in(p, country) and p.age_from <= age < p.age_to]
        yield from _oral_here(here, where)


def _oral_here(parts: list[PumpOral], where: str) -> Iterator[tuple[str, str]]:
    bands = sorted((p.egfr_from, p.egfr_to) for p in parts if not p.dialysis and not p.unknown)
    if sum(p.unknown for p in parts) != 1 or sum(p.dialysis for p in parts) != 1:
        yield where, "of the oral form one sentence is for dialysis and one for a kidney function that is not known"
    if not bands or bands[0][0] != 0 or any(end != following for (_, end), (following, _) in pairwise(bands)):
        yield where, "the bands of eGFR for the oral form begin at nought and leave no gap"


def _ladder(ladder: PumpScreening, where: str) -> Iterator[tuple[str, str]]:
    doses = [d for d in (ladder.lower_first, *ladder.doses) if d is not None]
    if not ladder.doses or doses != sorted(set(doses)) or doses[0] <= 0:
        yield where, "test doses rise from above nought"
    if (ladder.lower_first is None) != (ladder.lower_for is None):
        yield where, "lower_first and lower_for belong together"
    if not 0 < ladder.watch_low <= ladder.watch_high <= ladder.apart_hours or ladder.over_minutes <= 0:
        yield where, "hours of a test: 0 < watch_low <= watch_high <= apart_hours"
    if not ladder.response:
        yield where, "it does not say what counts as a response"


def _step(step: PumpStep, where: str) -> Iterator[tuple[str, str]]:
    if not 0 < step.up_low <= step.up_high or step.age_from >= step.age_to:
        yield where, "a step: 0 < up_low <= up_high, age_from below age_to"
    if (step.down_low is None) != (step.down_high is None):
        yield where, "a lowering has both its ends or none"
    if step.down_low is not None and step.down_high is not None and not 0 < step.down_low <= step.down_high < _STOP:
        yield where, "a lowering: 0 < down_low <= down_high < 100"
    if (step.at == "titration") != (step.every_hours is not None) or (step.every_hours or 1) <= 0:
        yield where, "a step of the titration says how often it may come, and one at a refill does not"


def _range(part: PumpRange, where: str) -> Iterator[tuple[str, str]]:
    for low, high in ((part.usual_low, part.usual_high), (part.used_low, part.used_high)):
        if (low is None) != (high is None) or (low is not None and high is not None and not 0 < low <= high):
            yield where, "a range has both its ends, in order, above nought"
    if part.usual_low is None and part.used_low is None:
        yield where, "a range without numbers"
