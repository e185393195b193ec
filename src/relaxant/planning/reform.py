"""Another form of the same agent: tablets for a liquid, one strength of it for another, or a form (or a way to food) that is not alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import Switch, Taper, Uptake
from relaxant.knowledge.questions import holds_in
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock, supplies
from relaxant.planning.current import Intake, current_lines, intake, weighed_daily, weighed_line
from relaxant.planning.dose import danger, room, why_refused
from relaxant.planning.joined import following
from relaxant.planning.parts import Grains, shares_of, spread
from relaxant.planning.plan import Branch, Gate, Line, Plan, Product, Step, Take
from relaxant.planning.product_said import ProductSaid, form_sold, groups_of, product_said, usual_form
from relaxant.planning.products import product_groups
from relaxant.planning.said import amount, gates, missed, own_policy, points, policy, withdrawal
from relaxant.planning.tablets import GRAIN, ROUNDING, grains
from relaxant.planning.taper import taper_plan
from relaxant.planning.titration import product_notes, titrations
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import listed, shown_agent_name


class _Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is exchanged: the product taken, the one weighed, what is known of it, and what is taken each day."""

    agent: str
    old: ProductSaid
    new: ProductSaid
    switch: Switch
    taken: Intake
    weighed: float | None
    first: date


def form_plan(
    agent: str, medicines: Sequence[Medicine], facts: Facts, findings: Sequence[Finding], first: date, row: int = 0
) -> Plan | None:
    """The exchange of one form of an agent for another; ``None`` where the line that is weighed changes no form.

    The dose stays what it is: another dose is a step of its own. Where a DANGER stands for the agent the way out is planned instead.
    """
    change = _change(agent, medicines, facts, first)
    if change is None:
        return None
    if danger(agent, findings, facts):
        return taper_plan(agent, medicines, facts, first, why="danger", findings=findings, row=row)
    made = _begun(change, facts, row)
    refused = _not_possible(change, facts) or why_refused(room(agent, facts, row), agent, findings, facts)
    if refused:
        return msgspec.structs.replace(made, refused=refused, needs_first=_needs(change, facts))
    if change.switch.method == "same dose":
        return _same_dose(change, made, facts, row)
    return _again(change, made, medicines, facts, row)


def _change(agent: str, medicines: Sequence[Medicine], facts: Facts, first: date) -> _Change | None:
    line, now = weighed_line(agent, medicines), current_lines(agent, medicines)
    known = [s for s in facts.knowledge.plans.switches.values() if s.from_agent == s.to_agent == agent]
    if line is None or line.beside or not now or not known:
        return None
    new, olds = product_said(line, agent, facts), {product_said(m, agent, facts) for m in now}
    if len(olds) != 1 or new.modified or next(iter(olds)).modified:
        return None
    old = next(iter(olds))
    if old.form is None:
        old = msgspec.structs.replace(old, form=usual_form(agent, facts))
    if new.form is None:
        new = msgspec.structs.replace(new, form=old.form, strength=old.strength)
    switch = _switch(known, old, new, facts)
    if switch is None:
        return None
    return _Change(agent=agent, old=old, new=new, switch=switch, taken=intake(agent, now, facts), weighed=weighed_daily(agent, medicines, facts), first=first)  # fmt: skip


def _switch(known: Sequence[Switch], old: ProductSaid, new: ProductSaid, facts: Facts) -> Switch | None:
    """What is known of this exchange: of the form first, then of the strength of a liquid, then of the way to food."""
    other_form = new.form != old.form
    other_strength = None not in (old.strength, new.strength) and old.strength != new.strength
    if other_form or other_strength:
        fits = [
            s for s in known if s.to_form and new.form and new.form in s.to_form and s.from_form in (None, old.form)
        ]
        here = [s for s in fits if holds_in(s, facts.jurisdiction)]
        return next(iter(here or ([] if new.sold else fits)), None)
    if old.meal is None or new.meal is None or old.meal == new.meal:
        return None
    fits = [s for s in known if (s.from_form, s.to_form) == (old.meal, new.meal)]
    return next((s for s in fits if holds_in(s, facts.jurisdiction)), None)


def _begun(change: _Change, facts: Facts, row: int) -> Plan:
    agent, words = change.agent, facts.knowledge.words("planning")
    name, unit = shown_agent_name(agent, facts), facts.knowledge.agents[agent].dose_unit
    slots = {"agent": name, "old": _said(change.old, facts), "new": _said(change.new, facts)}
    parts = [words["why"]["form"].format(**slots)]
    daily = change.taken.daily
    if not change.taken.why and change.weighed is not None and abs(change.weighed - daily) > ROUNDING:
        parts.append(words["why"]["dose_kept"].format(weighed=amount(change.weighed, unit), taken=amount(daily, unit)))
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


def _said(product: ProductSaid, facts: Facts) -> str:
    """A form with its strength and its way to food, as far as they are said."""
    words = facts.knowledge.words("planning")["exchange"]
    meals = {m for s in facts.knowledge.plans.switches.values() for m in (s.from_form, s.to_form)}
    said = product.form or words["form_unsaid"]
    if product.strength is not None:
        said = words["of_strength"].format(form=said, strength=plain_number(product.strength))
    if product.meal is not None and product.meal in meals:
        said = words["of_meal"].format(form=said, meal=product.meal)
    return str(said)


def _not_possible(change: _Change, facts: Facts) -> str | None:
    """Why no calendar of this exchange can be made, or ``None``."""
    words, name = facts.knowledge.words("planning"), shown_agent_name(change.agent, facts)
    if change.taken.why:
        return str(words["not_known"][change.taken.why].format(agent=name))
    form = change.new.form
    sold = ", ".join(_sold(change.agent, facts))
    if form is None or form_sold(form, change.agent, facts) is None:
        return str(words["refused"]["form_not_sold"].format(agent=name, form=form, sold=sold))
    groups = groups_of(form, change.agent, facts, change.new.strength)
    if not groups:
        strength = words["exchange"]["strength"].format(strength=plain_number(change.new.strength or 0))
        return str(words["refused"]["strength_not_sold"].format(agent=name, strength=strength, sold=sold))
    if groups[0][0].liquid and len(groups) > 1:
        return str(words["refused"]["strength_unsaid"].format(sold=sold))
    return None


def _sold(agent: str, facts: Facts) -> Iterator[str]:
    """The forms sold here, liquids with their strengths."""
    words, seen = facts.knowledge.words("planning")["exchange"], dict[str, None]()
    for group in product_groups(agent, facts):
        form, strength = group[0].form, plain_number(group[0].strength)
        seen[words["of_strength"].format(form=form, strength=strength) if group[0].liquid else form] = None
    yield from seen


def _needs(change: _Change, facts: Facts) -> tuple[str, ...]:
    words, name = facts.knowledge.words("planning")["need"], shown_agent_name(change.agent, facts)
    if change.taken.why:
        return (words["dose"].format(agent=name),)
    form = change.new.form
    if form and len(groups_of(form, change.agent, facts, change.new.strength)) > 1:
        return (words["strength"].format(agent=name),)
    return ()


# ---------------------------------------------------------------- unit for unit


def _same_dose(change: _Change, made: Plan, facts: Facts, row: int) -> Plan:
    """One step without end: the doses of today in the new product, with the old and the new amount side by side."""
    doses = {part: grains(dose) for part, dose in change.taken.doses.items()}
    group = groups_of(str(change.new.form), change.agent, facts, change.new.strength)[0]
    held = stock(group, max(change.taken.doses.values()), facts)
    found = calendar(change.agent, [Rung(doses=doses, days=None)], held, change.first, sum(doses.values()), facts)
    if found is None:
        words, name = facts.knowledge.words("planning"), shown_agent_name(change.agent, facts)
        refused = words["refused"]["form_too_coarse"].format(agent=name, form=change.new.form)
        return msgspec.structs.replace(made, refused=refused)
    lines = (*_side_by_side(change, found, facts), *_hazards(change, found, facts))
    return _with(made, found, (*lines, *points(change.switch, change.agent, facts, row)), change, facts)


def _with(made: Plan, found: Calendar, lines: tuple[Line, ...], change: _Change, facts: Facts) -> Plan:
    words = facts.knowledge.words("planning")["notes"]
    placed = (words["placed"],) if change.taken.placed else ()
    return msgspec.structs.replace(
        made,
        products=found.products,
        steps=found.steps,
        supply=found.supply,
        reckoning=lines,
        branches=_branches(("rescue_form",), facts),
        notes=(*placed, *product_notes(found, facts)),
    )


def _side_by_side(change: _Change, found: Calendar, facts: Facts) -> Iterator[Line]:
    """For each part of the day what it was and what it is from now on."""
    words, named = facts.knowledge.words("planning")["exchange"], facts.knowledge.words("plan")["calendar"]["parts"]
    unit = facts.knowledge.agents[change.agent].dose_unit
    alike: dict[float, list[Take]] = {}
    for take in found.steps[0].takes:
        alike.setdefault(take.amount, []).append(take)
    for takes in alike.values():
        take, dose = takes[0], amount(takes[0].amount, unit)
        parts = listed([named[t.at] for t in takes], facts.knowledge.words("values"))
        liquid = found.products[take.counts[0].product].liquid
        volume = take.counts[0].count if liquid else None
        before = words["as_form"].format(dose=dose, form=_said(change.old, facts))
        if change.old.strength is not None:
            volume_before = plain_number(take.amount / change.old.strength)
            before = words["as_liquid"].format(dose=dose, volume=volume_before, form=_said(change.old, facts))
        after = _pieces(take, found.products, dose, facts)
        product = found.products[take.counts[0].product]
        yield Line(
            what=words["part"].format(part=parts),
            how=words["divided"].format(dose=dose, strength=plain_number(product.strength), unit=unit) if liquid else words["counted"].format(dose=dose),
            value=volume if liquid else take.amount,
            unit="mL" if liquid else unit,
            text=words["before_after"].format(before=before, after=after),
            sources=(product.source,),
        )  # fmt: skip


def _pieces(take: Take, products: Sequence[Product], dose: str, facts: Facts) -> str:
    words = facts.knowledge.words("planning")["exchange"]
    made = []
    for count in take.counts:
        product = products[count.product]
        slots = {"count": plain_number(count.count), "form": product.form, "strength": plain_number(product.strength), "unit": product.unit}  # fmt: skip
        made.append(words["mL" if product.liquid else "pieces"].format(**slots))
    return str(words["made_of"].format(dose=dose, pieces=" + ".join(made)))


def _hazards(change: _Change, found: Calendar, facts: Facts) -> Iterator[Line]:
    """What the same volume of a liquid of another strength would be; the mL of before in the new one first."""
    words, unit = facts.knowledge.words("planning")["exchange"], facts.knowledge.agents[change.agent].dose_unit
    product = found.products[0]
    largest = max(take.amount for take in found.steps[0].takes)
    if change.old.strength is not None and product.liquid and change.old.strength != product.strength:
        volume = largest / change.old.strength
        yield _hazard("hazard_old", volume, product.strength, largest, words, unit, product.source)
    if product.liquid:
        volume = largest / product.strength
        sold = {group[0].strength: group[0].source for group in product_groups(change.agent, facts) if group[0].liquid}
        others = dict(sold)
        if (mixed := change.switch.mixed) is not None:
            source = cited(facts.knowledge, mixed.source, mixed.place)
            others = {**dict.fromkeys(mixed.strengths, source), **sold}
        for strength in sorted(others):
            if abs(strength - product.strength) > ROUNDING:
                key = "hazard_sold" if strength in sold else "hazard_mixed"
                yield _hazard(key, volume, strength, largest, words, unit, others[strength])


def _hazard(
    key: str, volume: float, strength: float, meant: float, words: dict[str, str], unit: str, source: Cited
) -> Line:
    got = volume * strength
    key_often, slot = (
        ("times_more", plain_number(got / meant, 2))
        if got > meant
        else ("times_less", plain_number(round(got / meant * 100)))
    )
    slots = {
        "volume": plain_number(volume),
        "strength": plain_number(strength),
        "got": amount(round(got, 3), unit),
        "meant": amount(meant, unit),
        "often": words[key_often].format(times=slot, share=slot),
        "unit": unit,
    }
    return Line(
        what=words["hazard"],
        how=words["multiplied"].format(**slots),
        value=round(got, 3),
        unit=unit,
        text=words[key].format(**slots),
        sources=(source,),
    )


# ---------------------------------------------------------------- not alike: stepped back, then stepped again


def _again(change: _Change, made: Plan, medicines: Sequence[Medicine], facts: Facts, row: int) -> Plan:
    """The old form is lowered, at its own pace, to what cannot peak higher in the new one; the new begins there and is stepped to the
    dose of before, by the steps of the agent's titration. Where the new form cannot peak higher it begins at the dose of before."""
    agent, daily, words = change.agent, change.taken.daily, facts.knowledge.words("planning")
    fitting = [t for t in titrations(agent, facts, row) if t.unit == made.unit]
    share, pairs = _share(change, facts)
    if not fitting or not pairs:
        key = "no_schedule" if not fitting else "no_uptake"
        return msgspec.structs.replace(made, refused=words["refused"][key].format(agent=shown_agent_name(agent, facts)))
    held = _stock(change, facts)
    begin = _begin(change, held, daily * share)
    if not begin:
        refused = words["refused"]["form_too_coarse"].format(agent=shown_agent_name(agent, facts), form=change.new.form)
        return msgspec.structs.replace(made, refused=refused)
    lower = _lowered(change, medicines, facts, sum(begin.values()) / GRAIN, row)
    if lower is not None and not lower.steps:
        why = lower.refused or words["refused"]["no_policy"].format(agent=shown_agent_name(agent, facts))
        return msgspec.structs.replace(made, refused=why, needs_first=lower.needs_first, first_do=lower.first_do)
    steps = _ending(lower.steps, facts.knowledge.plans.tapers[lower.policies[0].id]) if lower else ()
    day = change.first if not steps or steps[-1].last is None else steps[-1].last + timedelta(days=1)
    stages = fitting[0].stages
    rise = sum(stages[1].doses.values()) - sum(stages[0].doses.values()) if len(stages) > 1 else sum(stages[0].doses.values())  # fmt: skip
    stands = room(agent, facts, row)
    top = min(daily, stands.daily) * GRAIN
    days = max(stages[0].days or 1, stands.days)
    rungs = merged(
        list(_rises(change, held, begin, min(rise, stands.step * len(begin), stands.step_daily) * GRAIN, top, days))
    )
    rungs[-1] = Rung(doses=rungs[-1].doses, days=None)
    before = grains(steps[-1].daily if steps else daily)
    found = calendar(agent, rungs, held, day, before, facts)
    if found is None:
        refused = words["refused"]["form_too_coarse"].format(agent=shown_agent_name(agent, facts), form=change.new.form)
        return msgspec.structs.replace(made, refused=refused)
    shift = len(lower.products) if lower else 0
    policies = (*made.policies, *(lower.policies if lower else ()), policy(fitting[0], facts))
    lines = (*_peaks(change, pairs, share, daily, facts), *points(change.switch, agent, facts, row))
    whole = _with(msgspec.structs.replace(made, policies=policies), found, lines, change, facts)
    ways = ("hold", "rescue_form") if lower is None and len(found.steps) == 1 else ("hold", "rescue")
    whole = msgspec.structs.replace(whole, branches=_branches(ways, facts), needs_first=_meal_needed(change, facts))
    if lower is None:
        return whole
    return msgspec.structs.replace(
        whole,
        steps=(both := (*steps, *following(found.steps, shift, len(steps)))),
        products=(*lower.products, *found.products),
        first_do=lower.first_do,
        supply=supplies(both, facts),
        gates=_both(whole.gates, lower.gates),
        notes=tuple(dict.fromkeys((*lower.notes, *whole.notes))),
    )


def _both(rising: Sequence[Gate], falling: Sequence[Gate]) -> tuple[Gate, ...]:
    """One list of what decides while it is stepped back and up again: what to go on by is that of the rise."""
    if not rising or not falling:
        return (*rising, *falling)
    one, two = rising[0], falling[0]
    told = {
        kind: tuple(dict.fromkeys((*getattr(two, kind), *getattr(one, kind)))) for kind in ("hold", "go_back", "call")
    }
    return (msgspec.structs.replace(one, **told),)


def _ending(steps: tuple[Step, ...], taper: Taper) -> tuple[Step, ...]:
    """The way down of the old form, whose last step makes way for the new one after the policy's time."""
    last = steps[-1].first + timedelta(days=math.ceil(taper.every_days) - 1)
    return (*steps[:-1], msgspec.structs.replace(steps[-1], last=steps[-1].last or last))


def _branches(keys: Sequence[str], facts: Facts) -> tuple[Branch, ...]:
    words = facts.knowledge.words("planning")["branches"]
    return tuple(Branch(kind="hold" if key == "hold" else "rescue", text=words[key]) for key in keys)


def _meal_needed(change: _Change, facts: Facts) -> tuple[str, ...]:
    """The way to food, where the line that is taken does not say it."""
    words = facts.knowledge.words("planning")["need"]
    return () if change.old.meal else (words["meal"].format(agent=shown_agent_name(change.agent, facts)),)


def _share(change: _Change, facts: Facts) -> tuple[float, tuple[tuple[Uptake, Uptake], ...]]:
    """The part of the day's dose at which the new form begins, so that it peaks no higher than the old may have; the strictest over
    the ways to food where none is said."""
    known = {(u.form, u.meal): u for u in facts.knowledge.plans.uptakes.values() if u.agent == change.agent}
    meals = dict.fromkeys(meal for _, meal in known)
    pairs = [
        (known[old], known[new])
        for old_meal in ([change.old.meal] if change.old.meal else meals)
        for new_meal in ([change.new.meal] if change.new.meal else [change.old.meal or old_meal])
        if (old := (str(change.old.form), old_meal)) in known and (new := (str(change.new.form), new_meal)) in known
    ]
    return min((_ratio(pair) for pair in pairs), default=1.0), tuple(pairs)


def _ratio(pair: tuple[Uptake, Uptake]) -> float:
    """The part of the dose at which the new peak is surely no higher than the old one."""
    return min(1.0, pair[0].low / pair[1].high)


def _peaks(
    change: _Change, pairs: Sequence[tuple[Uptake, Uptake]], share: float, daily: float, facts: Facts
) -> Iterator[Line]:
    words, unit = facts.knowledge.words("planning")["exchange"], facts.knowledge.agents[change.agent].dose_unit
    for uptake in dict.fromkeys(u for pair in pairs for u in pair):
        low, high = plain_number(uptake.low), plain_number(uptake.high)
        peak = words["peak_same" if low == high else "peak_span"].format(low=low, high=high)
        yield Line(
            what=words["peak"].format(form=uptake.form, meal=uptake.meal),
            how=words["no_sum"],
            value=uptake.high,
            unit=words["times"],
            text=f"{peak} {uptake.text}",
            sources=(cited(facts.knowledge, uptake.source, uptake.place),),
            verified=uptake.verified,
        )
    old, new = min(pairs, key=_ratio)
    key = "begin_lower" if share < 1 else "begin_same"
    yield Line(
        what=words["begin"],
        how=words["peak_divided"].format(low=plain_number(old.low), high=plain_number(new.high)),
        value=round(share * daily, 1),
        unit=unit,
        text=words[key].format(share=plain_number(round(share * 100)), most=amount(round(share * daily, 1), unit)),
        sources=(cited(facts.knowledge, change.switch.source, change.switch.place),),
        verified=change.switch.verified,
    )


def _stock(change: _Change, facts: Facts) -> Stock:
    groups = groups_of(str(change.new.form), change.agent, facts, change.new.strength)
    return stock(groups[0], max(change.taken.doses.values()), facts)


def _begin(change: _Change, held: Stock, most: float) -> Grains:
    """The first doses in the new form: no part of the day above what it was, the day at most ``most``."""
    doses = {part: grains(dose) for part, dose in change.taken.doses.items()}
    if most * GRAIN >= sum(doses.values()) - ROUNDING and all(dose in held.ways for dose in doses.values()):
        return doses
    shares = shares_of({part: float(dose) for part, dose in doses.items()})
    return spread(most * GRAIN, shares, held.amounts, doses, at_most=math.floor(most * GRAIN + ROUNDING))


def _lowered(change: _Change, medicines: Sequence[Medicine], facts: Facts, goal: float, row: int) -> Plan | None:
    """The way down of the old form to where the new one begins; ``None`` where there is none to go."""
    if goal >= change.taken.daily - ROUNDING:
        return None
    made = taper_plan(change.agent, medicines, facts, change.first, why="lower", goal=goal, row=row)
    if made.steps and not any(step.changed < 0 for step in made.steps):
        return None  # nothing between the two can be made: the new begins at once
    return made


def _rises(change: _Change, held: Stock, begin: Grains, step: float, top: float, days: float) -> Iterator[Rung]:
    """From where the new form begins up to the dose of before, no part of the day above what it was."""
    doses = {part: grains(dose) for part, dose in change.taken.doses.items()}
    shares, now = shares_of({part: float(dose) for part, dose in doses.items()}), begin
    while True:
        yield Rung(doses=now, days=days)
        total = sum(now.values())
        aim = min(total + step, top)
        more = spread(aim, shares, held.amounts, doses, at_most=math.floor(aim + ROUNDING))
        if sum(more.values()) <= total:
            return
        now = more
