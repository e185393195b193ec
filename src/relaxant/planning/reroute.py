"""Exchanges that no calendar reckons: through a test dose, back from a pump, and from one product to another whose units never convert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.sessions import last_session
from relaxant.knowledge.plans import Switch
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Rung, calendar, stock
from relaxant.planning.current import current_lines, intake
from relaxant.planning.dose import danger, room
from relaxant.planning.plan import Line, Plan
from relaxant.planning.product_notes import product_notes
from relaxant.planning.products import usable_groups
from relaxant.planning.said import amount, days_said, gates, missed, own_policy, points, policy, withdrawal
from relaxant.planning.tablets import grains
from relaxant.planning.taper import taper_plan
from relaxant.planning.way_down import Override
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import shown_agent_name


def trial_plan(
    switch: Switch,
    medicines: Sequence[Medicine],
    facts: Facts,
    findings: Sequence[Finding],
    first: date,
    *,
    refused: str | None = None,
    row: int = 0,
) -> Plan:
    """Through a test dose: the old stays as it is until the new one works, and goes then, by ``switch.after``; no day is known for that.

    ``refused`` says why the new one may not be begun. The old is then as it was, or, where a stop of it is weighed, on its own way out.
    """
    old, new = switch.from_agent, switch.to_agent
    made, words = _begun(switch, facts, row), facts.knowledge.words("planning")
    refused = danger(new, findings, facts) or refused
    left = any(m.stop_weighed for m in current_lines(old, medicines))
    grave = bool(room(old, facts, row).never) or (not left and danger(old, findings, facts) is not None)
    if grave or (refused and left):  # it may not stay: its own way out, whenever the new one begins
        out = taper_plan(
            old, medicines, facts, first, why="danger" if grave else "stop_weighed", findings=findings, row=row
        )
        return msgspec.structs.replace(
            out,
            id=made.id,
            kind=made.kind,
            agents=made.agents,
            title=made.title,
            why=out.why,
            refused=refused or out.refused,
            policies=(*made.policies, *out.policies),
            reckoning=points(switch, new, facts, row) if not grave else (),
        )
    if refused:
        return msgspec.structs.replace(made, refused=refused, reckoning=points(switch, new, facts, row))
    taken = intake(old, current_lines(old, medicines), facts)
    if taken.why:
        name = shown_agent_name(old, facts)
        need = words["need"]["dose"].format(agent=name)
        return msgspec.structs.replace(made, needs_first=(need,), reckoning=points(switch, new, facts, row))
    doses = {part: grains(dose) for part, dose in taken.doses.items()}
    groups = usable_groups(old, facts, said=taken.form, modified=taken.modified)
    kept = (
        calendar(old, [Rung(doses=doses, days=None)], stock(group, max(taken.doses.values()), facts), first, sum(doses.values()), facts)
        for group in groups
    )  # fmt: skip
    found = next((made_of for made_of in kept if made_of), None)
    made = msgspec.structs.replace(made, reckoning=(*points(switch, new, facts, row), *_afterwards(switch, medicines, facts, first, row)))  # fmt: skip
    if found is None:
        return made
    placed = (words["notes"]["placed"],) if taken.placed else ()
    return msgspec.structs.replace(
        made,
        products=found.products,
        steps=found.steps,
        supply=found.supply,
        notes=(words["notes"]["kept_until"].format(old=shown_agent_name(old, facts)), *placed, *product_notes(found, facts)),
    )  # fmt: skip


def _afterwards(switch: Switch, medicines: Sequence[Medicine], facts: Facts, first: date, row: int) -> Iterator[Line]:
    """The steps by which the old goes once the new works: without days, since that day is not known."""
    if switch.after is None:
        return
    words, unit = facts.knowledge.words("planning")["exchange"], facts.knowledge.agents[switch.from_agent].dose_unit
    out = taper_plan(switch.from_agent, medicines, facts, first, override=Override(policy=switch.after), row=row)
    if not out.steps:
        return
    taper = facts.knowledge.plans.tapers[switch.after]
    doses = ", ".join(amount(step.daily, unit) for step in out.steps)
    yield Line(
        what=words["afterwards"],
        how=words["afterwards_how"].format(days=days_said(taper.every_days, facts)),
        value=None,
        unit="",
        text=words["afterwards_text"].format(doses=doses, text=taper.text),
        sources=(policy(taper, facts).source,),
        verified=taper.verified,
    )


def apart_plan(
    switch: Switch,
    medicines: Sequence[Medicine],
    facts: Facts,
    findings: Sequence[Finding],
    first: date,
    *,
    row: int = 0,
) -> Plan:
    """Begun anew, never by a ratio: what is known, and the earliest day where a time must pass since the last dose of the old."""
    made, words = _begun(switch, facts, row), facts.knowledge.words("planning")
    names = _names(switch, facts)
    refused = danger(switch.to_agent, findings, facts)
    lines, needs = [*_no_ratio(switch, facts)], list[str]()
    if switch.wait_days is not None:
        last, sure = _last_session(switch, medicines, first)
        if not sure:
            needs.append(words["need"]["last_dose"].format(agent=names["old"]))
        lines.append(_earliest(switch, last, sure, first, facts))
    elif refused is None:
        refused = words["refused"]["no_ratio"].format(**names)
    lines += points(switch, switch.from_agent, facts, row)
    return msgspec.structs.replace(made, refused=refused, needs_first=tuple(needs), reckoning=tuple(lines))


def _no_ratio(switch: Switch, facts: Facts) -> Iterator[Line]:
    words, names = facts.knowledge.words("planning")["exchange"], _names(switch, facts)
    yield Line(
        what=words["no_ratio"],
        how=words["no_sum"],
        value=None,
        unit="",
        text=words["no_ratio_text"].format(**names),
        sources=(cited(facts.knowledge, switch.source, switch.place),),
        verified=switch.verified,
    )


def _earliest(switch: Switch, last: date | None, sure: bool, first: date, facts: Facts) -> Line:
    """The earliest day for the new one, later if there was another session since; or that the day to count from is not known."""
    words, wait = facts.knowledge.words("planning")["exchange"], switch.wait_days or 0
    names, days = _names(switch, facts), days_said(wait, facts)
    text = words["earliest_unknown"].format(days=days, **names)
    if last is not None:
        day = last + timedelta(days=round(wait))
        key = "earliest_passed" if day <= first else "earliest_day" if sure else "earliest_or_later"
        text = words[key].format(day=day.isoformat(), last=last.isoformat(), days=days, **names)
    return Line(
        what=words["earliest"],
        how=words["earliest_how"].format(days=days, last=last.isoformat() if last else words["not_known"]),
        value=wait,
        unit="days",
        text=text,
        sources=(cited(facts.knowledge, switch.source, switch.place),),
        verified=switch.verified,
    )


def _last_session(switch: Switch, medicines: Sequence[Medicine], first: date) -> tuple[date | None, bool]:
    """The day of the last session on record, and whether there was surely none since. Where there may have been, it counts only as long as
    it holds the new one back by itself."""
    own = [m for m in medicines if switch.from_agent in m.agents and m.role in ("current", "stopped")]
    last, sure = last_session(own, first)
    binds = last is not None and last + timedelta(days=round(switch.wait_days or 0)) > first
    return (last, sure) if sure or binds else (None, False)


def _begun(switch: Switch, facts: Facts, row: int) -> Plan:
    old, new, words = switch.from_agent, switch.to_agent, facts.knowledge.words("planning")
    names = _names(switch, facts)
    return Plan(
        id=f"switch:{old}:{new}",
        kind="switch",
        agents=(names["new"], names["old"]),
        title=words["titles"]["switch"].format(**names),
        why=words["why"][switch.method].format(**names),
        unit=facts.knowledge.agents[old].dose_unit,
        policies=(own_policy(switch, facts),),
        gates=gates(old, "taper", facts, row),
        withdrawal=(*withdrawal(old, facts), *(withdrawal(new, facts) if switch.method == "trial" else ())),
        missed=missed(old, facts, row),
    )


def _names(switch: Switch, facts: Facts) -> dict[str, str]:
    return {"old": shown_agent_name(switch.from_agent, facts), "new": shown_agent_name(switch.to_agent, facts)}
