"""The intrathecal pump as facts: the device in numbers, what is in its reservoir now, and what is weighed against its rate.

Volumes are in mL, doses in micrograms, rates in micrograms a day, spans in days. A pair is the least and the most that a number can be:
a line may leave room, several lines may speak of one pump, and what ran before the present line began is not known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np

from relaxant.facts.column import Floats, Mask
from relaxant.facts.limits import ceilings
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.pumps import PumpProtocol, PumpStart
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient, Pump
from relaxant.quantities import Quantity, convert, quantity

Span = tuple[float, float]
ROUTE = "intrathecal"
_DIGITS = 9  # a rise from 400 to 520 is one of 0.3 and no more
_WHOLE = 1e-9  # a day that is whole but for rounding is whole
_EACH_DAY = "1 d"
_BETWEEN_DRUGS = re.compile(r"\s*(?:\band\b|\bwith\b|\bplus\b|[+/&,;])\s*")


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """The device in numbers: micrograms/mL, mL, micrograms, hours; ``None`` is unknown."""

    concentration: float | None = None
    new_concentration: float | None = None
    reservoir: float | None = None
    residual: float | None = None
    residual_on: date | None = None
    alarm: float | None = None
    catheter: float | None = None
    tubing: float | None = None
    screening_dose: float | None = None
    screening_hours: float | None = None
    refilled: date | None = None
    filled: float | None = None

    @property
    def after_refill(self) -> float | None:
        """The volume in it after the last refill: that said, or the capacity."""
        return self.reservoir if self.filled is None else self.filled


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a reservoir; ``None`` where what it rests on is not known.

    ``flow`` is in mL/day. ``since`` is the days since the last refill and ``expected`` what they have left of a full reservoir, or of the volume
    said to be filled in, at the present flow; ``measured`` is the residual as it stands today. ``gap`` lies between the two. ``now`` is the measured volume or else the
    expected one, ``days`` are those until no more can be delivered, and ``expected_days`` the same by the expected volume. ``at_alarm`` is whether the volume is surely, and whether it may be,
    no more than the alarm or what cannot be delivered.
    """

    flow: Span | None = None
    since: int | None = None
    expected: Span | None = None
    measured: Span | None = None
    gap: Span | None = None
    now: Span | None = None
    days: Span | None = None
    expected_days: Span | None = None
    at_alarm: tuple[bool, bool] = (False, True)


def device_of(pump: Pump) -> Device:
    """The device that was described, in numbers."""

    def amount(part: str, kind: str) -> float | None:
        said = getattr(pump, part)
        if said is None:
            return None
        got = quantity(said, f"pump.{part}", example=kind, bare=True)
        return convert(got if got.unit else Quantity(got.value, kind), kind)

    return Device(
        concentration=amount("concentration", "ug/mL"),
        new_concentration=amount("new_concentration", "ug/mL"),
        reservoir=amount("reservoir", "mL"),
        residual=amount("residual", "mL"),
        residual_on=pump.residual_on,
        alarm=amount("alarm", "mL"),
        catheter=amount("catheter", "mL"),
        tubing=amount("tubing", "mL"),
        screening_dose=amount("screening_dose", "ug"),
        screening_hours=amount("screening_hours", "h"),
        refilled=pump.refilled,
        filled=amount("filled", "mL"),
    )


def without_old_test(device: Device, own: Sequence[Medicine]) -> Device:
    """The device without a test dose that may be of before a stop: tolerance is lost, and a new test counts."""
    if not any(m.role == "stopped" for m in own) or any(m.role == "current" for m in own):
        return device
    return msgspec.structs.replace(device, screening_dose=None, screening_hours=None)


def is_for(pump: Pump | None, ingredient: str, knowledge: Knowledge, *, said: bool) -> bool:
    """Whether the pump described is one for an ingredient: by its medicine or, where that is not said, by a line of it or a test dose."""
    if pump is None:
        return False
    if pump.drug is None:
        return said or pump.screening_dose is not None
    named = lookup_name(pump.drug, dictionary_of(knowledge))
    names = {i.name for group in named.alternatives for i in group} if named is not None else set()
    return ingredient in names or ingredient in pump.drug.casefold()


_PUMPED: dict[str, frozenset[str]] = {}


def pumped_agents(knowledge: Knowledge) -> frozenset[str]:
    """The agents that are given into the spinal fluid."""
    known = _PUMPED.get(knowledge.sha256)
    if known is None:
        own = (agent.agent for agent in knowledge.agents.values() if ROUTE in agent.routes)
        known = _PUMPED[knowledge.sha256] = frozenset(own)
    return known


def has_pump(patient: Patient, medicines: Sequence[Medicine], knowledge: Knowledge) -> bool:
    """Whether something runs, ran or is to run into the spinal fluid, or a pump for it is described."""
    pumped = pumped_agents(knowledge)
    return patient.pump is not None or any(
        m.regimen.route == ROUTE or not pumped.isdisjoint(m.agents) for m in medicines
    )


def only_weighed(patient: Patient, medicines: Sequence[Medicine], knowledge: Knowledge) -> bool:
    """Whether a pump or a test dose is weighed for somebody in whom none runs or ran, so that none is in place yet."""
    pumped = pumped_agents(knowledge)
    roles = {m.role if m.change != "stop" else "current" for m in medicines if not pumped.isdisjoint(m.agents)}
    return patient.medicines is not None and roles == {"considering"}


def daily_of(line: Medicine) -> Span | None:
    """The daily dose of one line, in micrograms; ``None`` where it says none above nought."""
    daily = line.regimen.daily
    if daily is None or daily.low is None or daily.high is None:
        return None
    low, high = (convert(Quantity(v, daily.unit), "ug") for v in (daily.low, daily.high))
    return None if low is None or high is None or low <= 0 else (low, high)


def runs_at(current: Sequence[Medicine]) -> Span | None:
    """Between which daily doses a pump runs: several lines of one pump say that it is at least the least of them, and at most their sum."""
    spans = [daily_of(line) for line in current]
    known = [span for span in spans if span is not None]
    if not known or len(known) < len(spans):
        return None
    return min(low for low, _ in known), sum(high for _, high in known)


def is_slip(rate: Span | None, agent: str, jurisdiction: Jurisdiction, knowledge: Knowledge) -> bool:
    """Whether a daily dose lies so far above every limit that a unit was mistaken: nothing is made of it then."""
    slips = [float(c.over) for c in ceilings(knowledge, jurisdiction, agent, "daily_slip")]
    return rate is not None and bool(slips) and rate[0] > max(slips)


def begun(current: Sequence[Medicine]) -> date | None:
    """The day from which the present rate holds, the latest that a line says."""
    return max((m.regimen.start for m in current if m.regimen.start is not None), default=None)


def held(device: Device, rate: Span | None, start: date | None, as_of: date, dead: float) -> Held:
    """What is in the reservoir on a day. ``rate`` is that of the pump, ``start`` the day from which it holds, ``dead`` the volume (mL) that cannot be
    delivered.

    Where the present rate began after the refill, the least that is expected counts it for the whole time and the most from its own day
    only.
    """
    flow = None
    if rate is not None and device.concentration is not None:
        flow = rate[0] / device.concentration, rate[1] / device.concentration
    since = None if device.refilled is None else (as_of - device.refilled).days
    expected = None
    if flow is not None and since is not None and (full := device.after_refill) is not None:
        surely = since if start is None or start > as_of else min(since, (as_of - start).days)
        expected = _left(full, flow, surely, since)
    measured = None
    if device.residual is not None and not _of_an_earlier_filling(device):
        ago = 0 if device.residual_on is None else (as_of - device.residual_on).days
        if ago == 0:
            measured = device.residual, device.residual
        elif flow is not None:
            measured = _left(device.residual, flow, ago, ago)
    now = measured or expected
    line = dead if device.alarm is None else max(dead, device.alarm)
    return Held(
        flow=flow,
        since=since,
        expected=expected,
        measured=measured,
        gap=None if measured is None or expected is None else _apart(measured, expected),
        now=now,
        days=None if now is None else _until(now, dead, flow),
        expected_days=None if expected is None else _until(expected, dead, flow),
        at_alarm=(False, True) if now is None else (now[1] <= line, now[0] <= line),
    )


def _of_an_earlier_filling(device: Device) -> bool:
    """Whether the residual was measured before the last refill."""
    return device.residual_on is not None and device.refilled is not None and device.residual_on < device.refilled


def _left(volume: float, flow: Span, least: int, most: int) -> Span:
    """What is left of a volume after so many days, at least and at most."""
    return max(0.0, volume - most * flow[1]), max(0.0, volume - least * flow[0])


def _apart(a: Span, b: Span) -> Span:
    """How far two numbers lie apart, at least and at most."""
    return max(0.0, a[0] - b[1], b[0] - a[1]), max(abs(a[1] - b[0]), abs(b[1] - a[0]))


def _until(now: Span, dead: float, flow: Span | None) -> Span | None:
    """The days until only what cannot be delivered is left."""
    if now[1] <= dead:
        return 0.0, 0.0
    if flow is None or flow[1] <= 0:
        return None
    most = math.inf if flow[0] <= 0 else (now[1] - dead) / flow[0]
    return max(0.0, now[0] - dead) / flow[1], most


# ---------------------------------------------------------------- what else is in it


def other_drugs(
    pump: Pump | None, ingredient: str, medicines: Sequence[Medicine], knowledge: Knowledge
) -> tuple[str, ...]:
    """The other medicines that run into the spinal fluid, by the pump's own words or by their lines."""
    found: dict[str, None] = {}
    for part in _BETWEEN_DRUGS.split(pump.drug.casefold()) if pump is not None and pump.drug else ():
        named = lookup_name(part, dictionary_of(knowledge))
        names = sorted({i.name for group in named.alternatives for i in group}) if named is not None else []
        if ingredient in names or ingredient in part:
            continue
        found.update(dict.fromkeys(names))
    for medicine in medicines:
        if medicine.role == "current":
            found.update(dict.fromkeys(flows_beside(medicine, ingredient)))
    return tuple(found)


def flows_beside(medicine: Medicine, ingredient: str) -> tuple[str, ...]:
    """The other ingredients of a line that may be one of a pump for ``ingredient``."""
    if medicine.regimen.route != ROUTE or not _flows(medicine):
        return ()
    return tuple(i.name for i in medicine.ingredients if i.name != ingredient)


def _flows(medicine: Medicine) -> bool:
    """Whether a line may be one of a pump: a rate, a dose of each day or none said, and not an injection now and then."""
    return medicine.regimen.rate is not None or all(dose.every == _EACH_DAY for dose in medicine.regimen.doses)


# ---------------------------------------------------------------- the first day


def start_rules(protocol: PumpProtocol, jurisdiction: Jurisdiction) -> tuple[tuple[PumpStart, ...], bool]:
    """The rules of the first day that hold in a country, or those of the others; and whether they are its own. The lower start comes first."""
    own = [rule for rule in protocol.start if holds_in(rule, jurisdiction)]
    return tuple(sorted(own or protocol.start, key=lambda rule: rule.prolonged_hours)), bool(own)


def first_rate(rule: PumpStart, dose: float, hours: float) -> float:
    """The first day's rate: once the test dose where its effect was prolonged, else the rule's multiple of it."""
    return dose * (rule.prolonged_factor if hours > rule.prolonged_hours else rule.factor)


def first_rates(rule: PumpStart, dose: float, hours: float | None) -> Span:
    """Between which rates the first day lies; two where it is not known how long the test dose worked."""
    if hours is None:
        return rule.prolonged_factor * dose, rule.factor * dose
    return (rate := first_rate(rule, dose, hours)), rate


# ---------------------------------------------------------------- the values of the facts


def said_of_pump(agent: str, patient: Patient, medicines: Sequence[Medicine], knowledge: Knowledge) -> dict[str, float]:
    """Every value that the pump of one agent gives for one person, by name; what is not there is unknown."""
    protocol = next((p for p in knowledge.plans.pumps.values() if p.agent == agent), None)
    if protocol is None:
        return {}
    own = [m for m in medicines if agent in m.agents]
    ingredient = knowledge.agents[agent].ingredient
    described = is_for(patient.pump, ingredient, knowledge, said=bool(own))
    device = device_of(patient.pump) if described and patient.pump is not None else Device()
    device = without_old_test(device, own)
    current = [m for m in own if m.role == "current"]
    weighed = [m for m in own if m.role == "considering" and m.change != "stop"]
    now = runs_at(current)
    if is_slip(now, agent, patient.jurisdiction, knowledge):
        now = None
    found = held(device, now, begun(current), patient.as_of, protocol.numbers.dead.value)
    out: dict[str, float] = {}
    for name, span in (
        ("pump_flow", _flow(found, runs_at(weighed), device) if not current else found.flow),
        ("refill_in_days", _refill_in(protocol, device, found)),
        ("reservoir_volume", found.now),
        ("reservoir_days", found.days),
        ("reservoir_gap", found.gap),
        ("expected_days", found.expected_days),
        ("dose_rise", _rise(now, weighed, [m for m in current if not m.replaced]) if current else None),
        ("first_day_ratio", _first_day(protocol, patient, device, weighed)),
    ):
        if span is not None:
            out[f"{name}_low"], out[f"{name}_high"] = (
                round(end, _DIGITS) if math.isfinite(end) else end for end in span
            )
    surely, maybe = found.at_alarm
    out["reservoir_at_alarm"] = 1.0 if surely else math.nan if maybe else 0.0
    out["filling_days"] = math.nan if found.since is None else float(found.since)
    out["pump_mixed"] = float(bool(other_drugs(patient.pump if described else None, ingredient, medicines, knowledge)))
    return out


def said_of_lines(current: Mask, mixed: Mask) -> dict[str, Floats]:
    """What :func:`said_of_pump` gives where no pump is described and nothing weighed, from who has a current line and whose lines are of other
    medicines in the spinal fluid, too. Shape (rows,), of those who have a line of the agent."""
    steady = np.where(current, 0.0, np.nan)
    return {"dose_rise_low": steady, "dose_rise_high": steady, "pump_mixed": mixed.astype(np.float64)}


def _flow(found: Held, new: Span | None, device: Device) -> Span | None:
    """The flow (mL/day) of the start that is weighed."""
    if new is None or device.concentration is None:
        return found.flow
    return new[0] / device.concentration, new[1] / device.concentration


def _refill_in(protocol: PumpProtocol, device: Device, found: Held) -> Span | None:
    """The days until the refill is due, nought or fewer where it is: a margin before the alarm, at the floor volume, or by the age of the
    filling. What is not known may make it due sooner, never later."""
    numbers, unfit = protocol.numbers, found.gap is not None and found.gap[0] > protocol.numbers.gap.value
    spans: list[Span] = [] if found.since is None else [(numbers.longest.value - found.since,) * 2]
    now, flow = found.now, found.flow
    open_ = now is None or flow is None or found.since is None or device.alarm is None
    if now is not None:
        least = min(now[0], found.expected[0]) if unfit and found.expected else now[0]
        lines = [(numbers.floor.value, 0.0)]
        lines += [] if device.alarm is None else [(device.alarm, math.ceil(numbers.margin.value))]
        for line, margin in lines:
            if flow is not None and flow[1] > 0:
                soonest, latest = _days_to(line, (least, now[1]), flow)
                spans.append((soonest - margin, latest - margin))
            elif now[1] <= line:
                spans.append((0.0, 0.0))
    if not spans:
        return None
    return -math.inf if open_ else min(low for low, _ in spans), min(high for _, high in spans)


def _days_to(line: float, volume: Span, flow: Span) -> Span:
    """The whole days until a volume reaches a line, at least and at most; what is below it reached it the longer ago the slower it runs."""
    slow, fast = flow
    soonest, latest = fast if volume[0] >= line else slow, slow if volume[1] > line else fast
    least = math.floor((volume[0] - line) / soonest + _WHOLE) if soonest > 0 else -math.inf
    most = math.floor((volume[1] - line) / latest + _WHOLE) if latest > 0 else math.inf
    return least, most


def _rise(now: Span | None, weighed: Sequence[Medicine], kept: Sequence[Medicine]) -> Span | None:
    """By which fraction what is weighed, with what stays beside it, lies above the present rate; nought where nothing is weighed."""
    if not weighed:
        return 0.0, 0.0
    new = together(weighed, kept)
    return None if now is None or new is None else (new[0] / now[1] - 1, new[1] / now[0] - 1)


def together(weighed: Sequence[Medicine], kept: Sequence[Medicine]) -> Span | None:
    """The daily dose (micrograms) of what is weighed with what stays beside it; ``None`` where nothing is weighed or a line says no dose."""
    spans = [daily_of(line) for line in (*weighed, *kept)]
    known = [span for span in spans if span is not None]
    if not weighed or len(known) < len(spans):
        return None
    return sum(low for low, _ in known), sum(high for _, high in known)


def _first_day(protocol: PumpProtocol, patient: Patient, device: Device, weighed: Sequence[Medicine]) -> Span | None:
    """How many times the first day reckoned what is weighed is."""
    new = runs_at(weighed)
    if new is None or device.screening_dose is None:
        return None
    rules, _ = start_rules(protocol, patient.jurisdiction)
    low, high = first_rates(rules[0], device.screening_dose, device.screening_hours)
    return new[0] / high, new[1] / low
