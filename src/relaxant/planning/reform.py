"""Another form of the same agent: tablets for a liquid, one strength of it for another, or a form (or a way to food) that is not alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.medicines.medicine import Medicine
from relaxant.planning.current import current_lines, weighed_line
from relaxant.planning.dose import Room, danger, leaves, most_taken, room, why_refused
from relaxant.planning.plan import Gate, Plan
from relaxant.planning.product_change import Change, needs_of, not_possible, product_change, said_product
from relaxant.planning.product_said import ProductSaid, is_liquid, product_said
from relaxant.planning.products import product_groups
from relaxant.planning.said import amount, gates, missed, own_policy, withdrawal
from relaxant.planning.same_dose import same_dose
from relaxant.planning.stepped_again import stepped_again
from relaxant.planning.tablets import ROUNDING
from relaxant.planning.taper import taper_plan
from relaxant.rules.findings import Finding
from relaxant.rules.wording import shown_agent_name


def form_plan(
    agent: str, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], first: date, row: int = 0
) -> Plan | None:
    """The exchange of one form of an agent for another; ``None`` where the line that is weighed changes no form.

    The dose stays what it is: another dose is a step of its own. Where a DANGER stands for the agent the way out is planned instead.
    """
    change = product_change(agent, medicines, facts, first)
    if change is None:
        return _other_release(agent, medicines, facts, findings, first, row)
    if out := _way_out(agent, medicines, facts, findings, first, row):
        return out
    stands = room(agent, facts, row)
    made = _above(_begun(change, facts, row), change, stands, facts)
    refused = not_possible(change, facts) or why_refused(stands, agent, findings, facts)
    if refused:
        return msgspec.structs.replace(made, refused=refused, needs_first=needs_of(change, facts))
    if change.switch.method == "same dose":
        return same_dose(change, made, facts, row)
    return stepped_again(change, made, medicines, facts, row)


def _way_out(agent: str, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], first: date, row: int) -> Plan | None:  # fmt: skip
    """The taper in place of an exchange, where a DANGER stands or something about the person asks that the agent be left."""
    why = "danger" if danger(agent, findings, facts) else "leave" if leaves(agent, facts, row) else None
    return taper_plan(agent, medicines, facts, first, why=why, findings=findings, row=row) if why else None


def _above(made: Plan, change: Change, stands: Room, facts: Facts) -> Plan:
    """The plan with what is allowed, where more than that is taken: an exchange of the form does not lower it."""
    most = most_taken(stands)
    if change.taken.why or most is None or change.taken.daily <= most:
        return made
    key = "form_above" if change.switch.method == "same dose" else "form_capped"
    text = facts.knowledge.words("planning")["why"][key]
    slots = {"taken": amount(change.taken.daily, made.unit), "most": amount(most, made.unit), "agent": made.agents[0]}
    bounds = tuple(b for b in stands.bounds if b.decides and b.kind in ("daily", "share"))
    return msgspec.structs.replace(made, why=f"{made.why} {text.format(**slots)}", bounds=bounds)


def _begun(change: Change, facts: Facts, row: int) -> Plan:
    agent, words = change.agent, facts.knowledge.words("planning")
    name, unit = shown_agent_name(agent, facts), facts.knowledge.agents[agent].dose_unit
    slots = {"agent": name, "old": said_product(change.old, facts), "new": said_product(change.new, facts)}
    parts = [words["why"]["form"].format(**slots)]
    daily = change.taken.daily
    if not change.taken.why and change.weighed is not None and abs(change.weighed - daily) > ROUNDING:
        measured = any(is_liquid(product.form, agent, facts) for product in (change.old, change.new))
        key = "dose_kept_liquid" if measured else "dose_kept"
        parts.append(words["why"][key].format(weighed=amount(change.weighed, unit), taken=amount(daily, unit)))
    return Plan(
        id=f"switch:{agent}:form",
        kind="switch",
        agents=(name,),
        title=words["titles"]["form"].format(**slots),
        why=" ".join(parts),
        unit=unit,
        policies=(own_policy(change.switch, facts),),
        gates=_calls(agent, facts, row)
        if change.switch.method == "same dose"
        else gates(agent, "titration", facts, row),
        withdrawal=withdrawal(agent, facts),
        missed=missed(agent, facts, row),
    )


def _calls(agent: str, facts: Facts, row: int) -> tuple[Gate, ...]:
    """Nothing is raised or lowered, yet too much can arrive: when to call. That too little looks like withdrawal stands beside it."""
    found = gates(agent, "titration", facts, row)
    return tuple(Gate(agent=gate.agent, go_on=(), hold=(), go_back=(), call=gate.call) for gate in found if gate.call)


def _other_release(agent: str, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], first: date, row: int) -> Plan | None:  # fmt: skip
    """From one release of an agent to another: no dose of the one tells a dose of the other, so it is refused, in words. ``None`` where
    the line that is weighed says no other release."""
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    if line is None or line.beside or not now:
        return None
    new, olds = product_said(line, agent, facts), {product_said(m, agent, facts) for m in now}
    old = next(iter(olds))
    if len(olds) != 1 or (line.regimen.release is None and new.form is None) or new.modified == old.modified:
        return None
    plain = new if old.modified else old
    if plain.form is None and all(group[0].modified_release for group in product_groups(agent, facts)):
        return None  # a line that says no release means the one that is sold
    if out := _way_out(agent, medicines, facts, findings, first, row):
        return out
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    slots = {"agent": name, "old": _of_release(old, facts), "new": _of_release(new, facts)}
    return Plan(
        id=f"switch:{agent}:release",
        kind="switch",
        agents=(name,),
        title=words["titles"]["form"].format(**slots),
        why=words["why"]["form"].format(**slots),
        unit=facts.knowledge.agents[agent].dose_unit,
        refused=words["refused"]["other_release"].format(**slots),
        gates=_calls(agent, facts, row),
        withdrawal=withdrawal(agent, facts),
        missed=missed(agent, facts, row),
    )


def _of_release(product: ProductSaid, facts: Facts) -> str:
    """A form as it is said, with whether it is released slowly."""
    words = facts.knowledge.words("planning")["exchange"]
    form = product.form or words["form_unsaid"]
    return str(words["modified" if product.modified and words["slow"] not in form else "plain"].format(form=form))
