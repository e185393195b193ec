"""Exchanging one agent for another: which exchanges a list of medicines asks for, and one calendar of both agents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Switch
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.planning.calendar import Calendar, supplies
from relaxant.planning.current import Intake, current_lines, intake, weighed_daily, weighed_line, weighed_times
from relaxant.planning.dose import Room, leaves, room, why_refused
from relaxant.planning.exchange import Exchanged, as_now_until, exchanged
from relaxant.planning.handover import fits_within, followed
from relaxant.planning.joined import following, shifted_branch, shifted_step
from relaxant.planning.lowering import to_be_left
from relaxant.planning.plan import Branch, Plan
from relaxant.planning.product_notes import product_notes
from relaxant.planning.pump import pump_plan
from relaxant.planning.reroute import apart_plan, trial_plan
from relaxant.planning.said import amount, gates, missed, own_policy, points, withdrawal
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import Wanted, titration_plan
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.wording import listed, shown_agent_name

_TOGETHER = ("cross-taper", "exchange")
_STOPPING = "stopping"  # a DANGER of the stop itself is no reason to leave
_OF_DAY = ("daily", "share")
_WAYS: tuple[tuple[Literal["hold", "rescue"], str], ...] = (("hold", "hold"), ("rescue", "rescue_both"))


def switches(medicines: Sequence[Medicine], facts: Facts, row: int = 0) -> list[Switch]:
    """The exchanges that the list asks for, each agent in one: what is weighed takes the place of what is left (or, from product to
    product and through a trial, of what is taken)."""
    found: list[Switch] = []
    for switch in facts.knowledge.plans.switches.values():
        old, new = switch.from_agent, switch.to_agent
        if old == new or not {old, new} <= set(facts.inputs.agents) or not holds_in(switch, facts.jurisdiction):
            continue
        if weighed_line(new, medicines) is None or not _is_left(switch, medicines, facts, row):
            continue
        if not any({old, new} & {s.from_agent, s.to_agent} for s in found):
            found.append(switch)
    return found


def _is_left(switch: Switch, medicines: Sequence[Medicine], facts: Facts, row: int) -> bool:
    now = current_lines(switch.from_agent, medicines)
    left, fresh = any(m.stop_weighed for m in now), not current_lines(switch.to_agent, medicines)
    if switch.method in _TOGETHER:
        return left and fresh
    if switch.method == "trial":
        return bool(now) and fresh
    if switch.wait_days is not None and now:
        return True
    return left or _lately(switch, medicines, facts, row)


def _lately(switch: Switch, medicines: Sequence[Medicine], facts: Facts, row: int) -> bool:
    """Whether the old one was stopped a short time ago, or on a day that is not known."""
    if not any(switch.from_agent in m.agents and m.role == "stopped" and not m.allergy_to for m in medicines):
        return False
    days = facts.column(f"{switch.from_agent}:stopped_days")
    within = switch.wait_days or facts.knowledge.policy("plan_missed_days")
    return not days.settled(row) or days.low.item(row) <= within


def plan_of_switch(switch: Switch, patient: Patient, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], row: int = 0) -> Plan:  # fmt: skip
    """The plan of one exchange, by its method."""
    first = patient.as_of
    if switch.method == "trial":
        pump = pump_plan(patient, medicines, facts)
        refused = pump.refused if pump is not None else None
        return trial_plan(switch, medicines, facts, findings, first, refused=refused, row=row)
    if switch.method in _TOGETHER:
        goal = weighed_daily(switch.to_agent, medicines, facts)
        make = switch_plan if switch.method == "cross-taper" else exchange_plan
        return _asking(
            make(switch, medicines, facts, findings, first, goal=goal, row=row), switch, findings, facts, row
        )
    return apart_plan(switch, medicines, facts, findings, first, row=row)


def _asking(made: Plan, switch: Switch, findings: Sequence[Finding], facts: Facts, row: int) -> Plan:
    """A plan whose new one may not be begun, without dates: whether the old one goes at all is asked first. With them where the old one has to be
    left whatever takes its place."""
    old = switch.from_agent
    must = any(f.situation != _STOPPING for f in to_be_left(old, findings, facts, row)) or leaves(old, facts, row)
    if made.refused is None or not made.steps or must:
        return made
    text = facts.knowledge.words("planning")["notes"]["leave_alone"].format(old=shown_agent_name(old, facts))
    return msgspec.structs.replace(
        made, products=(), steps=(), gates=(), branches=(), last_dose=None, supply=(), missed=(), notes=(text,)
    )


def without_exchange(plans: Sequence[Plan], asked: Sequence[Switch], medicines: Sequence[Medicine], facts: Facts) -> list[Plan]:  # fmt: skip
    """The plans, each of one agent, where one is to be left and another is begun, and no exchange of them is known: they say so, because
    two plans beside one another look like one."""
    known = {agent for switch in asked for agent in (switch.from_agent, switch.to_agent)}
    free = sorted(set(facts.inputs.agents) - known)
    left = [a for a in free if any(m.stop_weighed for m in current_lines(a, medicines))]
    fresh = [a for a in free if weighed_line(a, medicines) is not None and not current_lines(a, medicines)]
    if not left or not fresh:
        return list(plans)
    words, names = facts.knowledge.words("planning")["why"], facts.knowledge.words("values")
    slots = {
        "old": listed([shown_agent_name(a, facts) for a in left], names),
        "new": listed([shown_agent_name(a, facts) for a in fresh], names),
    }
    own = {f"taper:{a}" for a in left} | {f"titration:{a}" for a in fresh}
    text = words["two_plans"].format(**slots)
    return [msgspec.structs.replace(p, why=f"{p.why} {text}".strip()) if p.id in own else p for p in plans]


# ---------------------------------------------------------------- up and down, each at its own pace


def switch_plan(
    switch: Switch,
    medicines: Sequence[Medicine],
    facts: Facts,
    findings: Sequence[Finding],
    first: date,
    *,
    goal: float | None = None,
    row: int = 0,
) -> Plan:
    """One calendar of both agents. Where the new one may not be started the way out of the old one is planned alone, and says why; where
    the way out of the old one is not known, nothing is started either."""
    old, new = switch.from_agent, switch.to_agent
    taken = intake(old, current_lines(old, medicines), facts)
    ratio = _ratio(switch)
    reckoned = None if ratio is None or taken.why else taken.daily * ratio
    order, placed = weighed_times(new, medicines, facts)
    wanted = Wanted(first=first, goal=goal if goal is not None else reckoned, order=order, placed=placed)
    rising = titration_plan(new, facts, findings, wanted, row, kind="titration")
    at_once = rising.refused or room(old, facts, row).never  # a week more of what may not be taken is no overlap
    later = first if at_once else first + timedelta(days=round(switch.overlap_days or 0))
    falling = taper_plan(old, medicines, facts, later, why="stop_weighed", findings=findings, row=row)
    if falling.refused:
        rising = msgspec.structs.replace(rising, steps=(), products=(), supply=(), refused=rising.refused or falling.refused)  # fmt: skip
    words = facts.knowledge.words("planning")["branches"]
    ways = tuple(
        msgspec.structs.replace(b, text=words["rescue_one"]) if b.text == words["rescue"] and rising.steps else b
        for b in falling.branches
    )
    falling = as_now_until(later, old, falling, taken, facts, first)
    falling = msgspec.structs.replace(falling, branches=ways)
    head = _head(switch, taken, goal, facts, row)
    if goal is not None and rising.steps:
        head = msgspec.structs.replace(head, why=f"{head.why} {_ends(switch, goal, rising, facts)}")
    return _joined(head, rising, falling, facts)


def _ends(switch: Switch, goal: float, rising: Plan, facts: Facts) -> str:
    """Where the new one ends: at what is weighed or below it, and that nothing beyond is planned."""
    words, unit = facts.knowledge.words("planning")["why"], facts.knowledge.agents[switch.to_agent].dose_unit
    top, slots = rising.steps[-1].daily, {"new": shown_agent_name(switch.to_agent, facts)}
    if top < goal:
        return str(words["new_ends_below"].format(**slots, top=amount(top, unit), goal=amount(goal, unit)))
    key = "new_stays_at_start" if len(rising.steps) == 1 else "new_ends"
    return str(words[key].format(**slots, goal=amount(goal, unit)))


def _joined(head: Plan, rising: Plan, falling: Plan, facts: Facts) -> Plan:
    """Both sides in one plan; its last dose is that of the old one. Where the new one may not be begun it is the way out of the old one, and
    asks first whether that is to go at all."""
    shift, last = len(rising.products), list[str]()
    if rising.steps and not falling.steps:
        last.append(facts.knowledge.words("planning")["notes"]["old_at_once"].format(old=head.agents[1]))
    elif rising.steps and falling.last_dose is not None:
        text = facts.knowledge.words("planning")["notes"]["last_of_old"]
        last.append(text.format(old=head.agents[1], day=falling.last_dose.isoformat()))
    steps, asks = (*rising.steps, *(shifted_step(s, shift) for s in falling.steps)), list[str]()
    if rising.refused and falling.steps and not falling.refused:
        text = facts.knowledge.words("planning")["need"]["leave"]
        asks.append(text.format(old=head.agents[1], new=head.agents[0]))
    return msgspec.structs.replace(
        head,
        refused=rising.refused or falling.refused,
        needs_first=tuple(dict.fromkeys((*asks, *rising.needs_first, *falling.needs_first))),
        first_do=tuple(dict.fromkeys((*rising.first_do, *falling.first_do))),
        policies=(*head.policies, *rising.policies, *falling.policies),
        bounds=rising.bounds,
        products=(*rising.products, *falling.products),
        steps=steps,
        gates=(*rising.gates, *falling.gates),
        branches=tuple(shifted_branch(b, shift) for b in falling.branches),
        last_dose=falling.last_dose,
        supply=supplies(steps, facts),
        withdrawal=(*falling.withdrawal, *(w for w in rising.withdrawal if w not in falling.withdrawal)),
        missed=(*rising.missed, *falling.missed),
        notes=tuple(dict.fromkeys((*last, *rising.notes, *falling.notes))),
    )


def _head(switch: Switch, taken: Intake, goal: float | None, facts: Facts, row: int) -> Plan:
    words = facts.knowledge.words("planning")
    old, new = switch.from_agent, switch.to_agent
    names = _shown(switch, facts)
    daily = None if taken.why else taken.daily
    why = words["why"]["switch" if switch.method == "cross-taper" else "exchange"].format(**names)
    return Plan(
        id=f"switch:{old}:{new}",
        kind="switch",
        agents=(names["new"], names["old"]),
        title=words["titles"]["switch"].format(**names),
        why=" ".join((why, *_equivalent(switch, daily, goal, facts, row))),
        unit=facts.knowledge.agents[new].dose_unit,
        policies=(own_policy(switch, facts),),
        reckoning=points(switch, new, facts, row),
    )


def _shown(switch: Switch, facts: Facts) -> dict[str, str]:
    return {"old": shown_agent_name(switch.from_agent, facts), "new": shown_agent_name(switch.to_agent, facts)}


def _ratio(switch: Switch) -> float | None:
    """The ratio to reckon with: the published one, or the low end where sources give a span alone."""
    return switch.ratio if switch.ratio is not None else switch.ratio_low


def _equivalent(switch: Switch, daily: float | None, goal: float | None, facts: Facts, row: int) -> tuple[str, ...]:
    """What the published ratio makes of the present dose, with its span, beside the dose that is weighed and the most allowed here."""
    ratio = _ratio(switch)
    if ratio is None or daily is None:
        return ()
    words, unit = facts.knowledge.words("planning")["why"], facts.knowledge.agents[switch.to_agent].dose_unit
    low, high = daily * (switch.ratio_low or ratio), daily * (switch.ratio_high or ratio)
    slots = {
        "old": shown_agent_name(switch.from_agent, facts),
        "new": shown_agent_name(switch.to_agent, facts),
        "dose": amount(daily, facts.knowledge.agents[switch.from_agent].dose_unit),
        "middle": amount(daily * ratio, unit),
        "low": plain_number(low, 3),
        "high": f"{plain_number(high, 3)} {unit}",
    }
    key = "equivalent_span" if switch.ratio is None else "equivalent" if switch.method == "cross-taper" else "equivalent_used"  # fmt: skip
    out = [words[key].format(**slots)]
    if switch.method == "exchange" and goal is not None and goal > daily * ratio:
        out.append(words["weighed_later"].format(weighed=amount(goal, unit)))
    elif goal is not None and not low <= goal <= high:
        out.append(words["weighed_below" if goal < low else "weighed_above"].format(weighed=amount(goal, unit)))
    most = room(switch.to_agent, facts, row).daily
    if high > most:
        out.append(words["equivalent_capped"].format(most=amount(most, unit), new=slots["new"]))
    return tuple(out)


# ---------------------------------------------------------------- part for part


def exchange_plan(
    switch: Switch,
    medicines: Sequence[Medicine],
    facts: Facts,
    findings: Sequence[Finding],
    first: date,
    *,
    goal: float | None = None,
    row: int = 0,
) -> Plan:
    """The new one takes the place of the old one part for part, and what it does not replace goes by the old one's taper. Where that
    cannot be, the way out of the old one is planned alone, and says why."""
    old, new = switch.from_agent, switch.to_agent
    words, taken = facts.knowledge.words("planning"), intake(old, current_lines(old, medicines), facts)
    head, stands = _head(switch, taken, goal, facts, row), room(new, facts, row)
    refused = why_refused(stands, new, findings, facts)
    made = "no_exchange" if taken.why or refused else exchanged(switch, taken, stands, goal, facts, first, row)
    if not isinstance(made, str) and not _fits(made, taken, stands, room(old, facts, row)):
        return _handover(head, switch, taken, stands, goal, medicines, facts, findings, first, row)
    if not isinstance(made, str) and made.covers < facts.knowledge.policy("plan_exchange_least"):
        made = "too_little"  # it would come beside the old one and hardly in its place
    if isinstance(made, str):
        out = taper_plan(old, medicines, facts, first, why="stop_weighed", findings=findings, row=row)
        most = amount(stands.daily, head.unit)
        unknown = words["refused"][made].format(agent=shown_agent_name(new, facts), old=shown_agent_name(old, facts), most=most)  # fmt: skip
        alone = _part(head, refused=refused or out.refused or unknown, bounds=stands.bounds)
        return _joined(head, alone, out, facts)
    rising = _risen(head, new, made.rising, stands, facts, row)
    return _joined(head, rising, _out_of(head, switch, made, taken, medicines, facts, first, row), facts)


def _risen(head: Plan, new: str, made: Calendar, stands: Room, facts: Facts, row: int) -> Plan:
    """The new one's side of an exchange."""
    return _part(
        head,
        needs_first=stands.needs(facts.seldom_asked(row)),
        bounds=stands.bounds,
        products=made.products,
        steps=made.steps,
        gates=gates(new, "titration", facts, row),
        withdrawal=withdrawal(new, facts),
        missed=missed(new, facts, row),
        notes=product_notes(made, facts),
    )


def _fits(made: Exchanged, taken: Intake, new: Room, old: Room) -> bool:
    """Whether both together stay within what is allowed on every day of an exchange, and the new one takes the whole place of the old
    where it has to begin with a part of the labelled doses."""
    if new.share < 1 and made.rest:
        return False
    falling = made.falling.steps if made.falling else ()
    return fits_within(made.rising.steps, falling, sum(made.rest.values()), taken, new, old)


def _handover(head: Plan, switch: Switch, taken: Intake, stands: Room, goal: float | None, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], first: date, row: int) -> Plan:  # fmt: skip
    """Where both together would be more than is allowed: the old one goes by its own taper from the first day, and the new one rises into
    the room that it leaves. There is no slower way, since the days of the new one would not move with it."""
    old, new = switch.from_agent, switch.to_agent
    words, names = facts.knowledge.words("planning"), _shown(switch, facts)
    out = taper_plan(old, medicines, facts, first, why="stop_weighed", findings=findings, row=row)
    alone, both = words["branches"]["rescue"], words["branches"]["rescue_both"]
    ways = (msgspec.structs.replace(b, text=b.text.replace(alone, both)) for b in out.branches if b.kind != "slower")
    out = msgspec.structs.replace(out, branches=tuple(ways))
    rooms = stands, room(old, facts, row)
    made = None if out.refused else followed(switch, taken, out.steps, rooms, goal, facts, first, row)
    ratio = " ".join(_equivalent(switch, None if taken.why else taken.daily, goal, facts, row))
    head = msgspec.structs.replace(head, why=f"{words['why']['handover'].format(**names)} {ratio}".strip())
    if made is None:
        refused = out.refused or words["refused"]["no_room"].format(**names)
        return _joined(head, _part(head, refused=refused, bounds=stands.bounds), out, facts)
    rising = _risen(head, new, made, stands, facts, row)
    of_old = tuple(b for b in rooms[1].bounds if b.decides and b.kind in _OF_DAY)
    return _joined(head, msgspec.structs.replace(rising, bounds=(*stands.bounds, *of_old)), out, facts)


def _part(head: Plan, **changed: Any) -> Plan:
    """One agent's side of a plan, before both are joined."""
    return Plan(id=head.id, kind=head.kind, agents=(), title=head.title, why=head.why, unit=head.unit, **changed)


def _out_of(head: Plan, switch: Switch, made: Exchanged, taken: Intake, medicines: Sequence[Medicine], facts: Facts, first: date, row: int) -> Plan:  # fmt: skip
    """The old one's side: what falls part for part, and, where something is left, its own taper from there."""
    old, words = switch.from_agent, facts.knowledge.words("planning")
    notes = [words["notes"]["placed"]] if taken.placed else []
    falling = made.falling
    side = _part(
        head,
        gates=gates(old, "taper", facts, row),
        withdrawal=withdrawal(old, facts),
        missed=missed(old, facts, row),
        branches=tuple(Branch(kind=kind, text=words["branches"][key]) for kind, key in _WAYS),
    )
    steps = falling.steps if falling else ()
    if falling is not None:
        side = msgspec.structs.replace(side, products=falling.products, steps=steps)
        notes += product_notes(falling, facts)
    if not made.rest:
        last = steps[-1].last if steps else first - timedelta(days=1)
        return msgspec.structs.replace(side, last_dose=last, notes=tuple(notes))
    left = Intake(doses=made.rest, form=taken.form, modified=taken.modified)
    out = taper_plan(old, medicines, facts, made.then, why="stop_weighed", taken=left, row=row)
    shift = len(side.products)
    unit = facts.knowledge.agents[old].dose_unit
    rest = words["notes"]["rest"].format(old=shown_agent_name(old, facts), rest=amount(left.daily, unit))
    if not out.steps:
        return msgspec.structs.replace(
            side, notes=(rest, *notes), policies=out.policies, first_do=out.first_do, refused=out.refused
        )
    return msgspec.structs.replace(
        side,
        products=(*side.products, *out.products),
        steps=(*steps, *following(out.steps, shift, len(steps))),
        policies=out.policies,
        first_do=out.first_do,
        branches=(*side.branches, *(shifted_branch(b, shift) for b in out.branches if b.kind == "slower")),
        last_dose=out.last_dose,
        notes=tuple(dict.fromkeys((rest, *notes, *out.notes))),
    )
