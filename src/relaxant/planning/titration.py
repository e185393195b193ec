"""Starting and raising: the label's stages, within what bounds the doses of this person, in products that exist."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import DayPart, Titration
from relaxant.knowledge.questions import holds_in
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock
from relaxant.planning.dose import Room, room, why_refused
from relaxant.planning.parts import Grains, kept_parts, shares_of, spread
from relaxant.planning.plan import Kind, Plan, Product
from relaxant.planning.products import product_groups
from relaxant.planning.said import amount, gates, missed, policy, withdrawal
from relaxant.planning.tablets import GRAIN, ROUNDING, grains
from relaxant.quantities import Quantity, convert, plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.wording import shown_agent_name

_BY_WEIGHT = "/kg"
_ROUNDS = 100  # steps within one stage, where a rise is bounded more tightly than the label's, or the start was


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a titration is asked for: from which doses a day (grains), up to which daily dose, with which product."""

    first: date
    before: Grains = {}
    goal: float | None = None
    form: str | None = None
    modified: bool = False


def titration_plan(
    agent: str, facts: Facts, findings: Sequence[Finding], wanted: Wanted, row: int = 0, *, kind: Kind = "titration"
) -> Plan:
    """The dated steps by which one person starts an agent, or raises it from what is taken; refused where a DANGER stands, where a
    bound says never, or where no source gives steps for this person."""
    stands, fitting = room(agent, facts, row), titrations(agent, facts, row)
    made = _begun(agent, facts, stands, wanted, row, kind)
    if why := why_refused(stands, agent, findings, facts):
        return msgspec.structs.replace(made, refused=why)
    if not fitting:
        return _refused(made, "no_schedule", agent, facts)
    chosen, weight = fitting[0], facts.column("weight")
    if chosen.unit.endswith(_BY_WEIGHT) and not weight.settled(row):
        made = msgspec.structs.replace(made, needs_first=tuple(dict.fromkeys((*made.needs_first, "weight"))))
        return _refused(made, "weight", agent, facts)
    stages = _stages(chosen, agent, facts, row)
    found = _in_products(agent, facts, stages, stands, wanted, row)
    if isinstance(found, str):
        return _refused(made, found, agent, facts)
    return msgspec.structs.replace(
        made,
        why=_why(made.why, chosen, found, wanted, agent, facts),
        policies=tuple(policy(t, facts, chosen=t is chosen) for t in fitting),
        products=found.products,
        steps=found.steps,
        supply=found.supply,
        gates=gates(agent, "titration", facts, row),
        withdrawal=withdrawal(agent, facts),
        missed=missed(agent, facts, row),
        notes=_notes(chosen, found, stages, facts),
    )


def titrations(agent: str, facts: Facts, row: int = 0) -> list[Titration]:
    """The titrations that fit the person, the plan's choice first: those for a condition that the person has, then in the order of the file."""
    fitting = []
    for titration in facts.knowledge.plans.titrations.values():
        if titration.agent != agent or not holds_in(titration, facts.jurisdiction):
            continue
        if not facts.age_band(titration.age_from, titration.age_to)[1][row]:
            continue
        if titration.weight_from is not None and facts.column("weight").high.item(row) < titration.weight_from:
            continue
        own = [facts.column(f"condition:{c}").surely[row] for c in titration.conditions]
        if titration.conditions and not any(own):
            continue
        fitting.append((not titration.conditions, titration))
    return [t for _, t in sorted(fitting, key=lambda f: f[0])]


def _begun(agent: str, facts: Facts, stands: Room, wanted: Wanted, row: int, kind: Kind) -> Plan:
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    title = words["titles"]["raise" if wanted.before and kind == "titration" else kind]
    return Plan(
        id=f"{kind}:{agent}",
        kind=kind,
        agents=(name,),
        title=title.format(agent=name),
        why=words["why"]["titration"].format(agent=name),
        unit=facts.knowledge.agents[agent].dose_unit,
        needs_first=stands.needs(facts.seldom_asked(row)),
        bounds=stands.bounds,
    )


def _refused(made: Plan, why: str, agent: str, facts: Facts) -> Plan:
    text = facts.knowledge.words("planning")["refused"][why].format(agent=shown_agent_name(agent, facts))
    return msgspec.structs.replace(made, refused=text)


class _Stage(msgspec.Struct, frozen=True):
    """A stage in grains for this person, as labelled."""

    doses: dict[DayPart, float]
    days: float | None

    @property
    def total(self) -> float:
        return sum(self.doses.values())


def _stages(titration: Titration, agent: str, facts: Facts, row: int) -> list[_Stage]:
    unit = titration.unit.removesuffix(_BY_WEIGHT)
    factor = facts.column("weight").low.item(row) if titration.unit.endswith(_BY_WEIGHT) else 1.0
    own = convert(Quantity(factor, unit), facts.knowledge.agents[agent].dose_unit) if unit != facts.knowledge.agents[agent].dose_unit else factor  # fmt: skip
    if own is None:
        raise ValueError(f"a titration in {titration.unit} does not fit an agent dosed in another kind of unit")
    return [_Stage({p: a * own * GRAIN for p, a in s.doses.items()}, s.days) for s in titration.stages]


def _in_products(
    agent: str, facts: Facts, stages: Sequence[_Stage], stands: Room, wanted: Wanted, row: int
) -> Calendar | str:
    """The calendar in the first kind of product that makes every labelled dose, else in the one that makes the finest."""
    liquid_first = any(facts.column(name).surely[row] for name in ("tube_feeding", "crushes_tablets"))
    groups = product_groups(agent, facts, liquid_first=liquid_first, form=wanted.form, modified=wanted.modified)
    if not groups:
        return "no_products"
    largest = max(max(s.doses.values()) for s in stages) / GRAIN
    held = _chosen_stock(groups, stages, largest, wanted, facts)
    rungs = merged(_rungs(stages, stands, wanted, held))
    if not rungs:
        return "too_small"
    rungs[-1] = Rung(doses=rungs[-1].doses, days=None, bounds=rungs[-1].bounds)
    found = calendar(agent, rungs, held, wanted.first, sum(wanted.before.values()), facts)
    return found or "no_products"


def _chosen_stock(
    groups: Sequence[tuple[Product, ...]], stages: Sequence[_Stage], largest: float, wanted: Wanted, facts: Facts
) -> Stock:
    """Chosen by the labelled doses alone, so that what bounds a person's doses never changes what they are rounded to."""
    labelled = {a for s in stages for a in s.doses.values()}
    stocks = [stock(group, largest, facts) for group in groups]
    exact = [s for s in stocks if labelled <= set(s.amounts)]
    if exact:
        return exact[0]
    return min(stocks, key=lambda s: s.amounts[0] if s.amounts else math.inf)


def _rungs(stages: Sequence[_Stage], stands: Room, wanted: Wanted, held: Stock) -> list[Rung]:
    """The stages within the room, rounded down to what can be made; the labelled doses themselves where nothing bounds them."""
    out: list[Rung] = []
    before, labelled, spacing = dict(wanted.before), 0.0, max(stands.days, 1.0)
    top = min(stands.daily * GRAIN, math.inf if wanted.goal is None else wanted.goal * GRAIN)
    for i, stage in enumerate(stages):
        step, labelled = stage.total - labelled, stage.total
        spacing = spacing if stage.days is None else max(stage.days, stands.days)
        if wanted.before and stage.total * stands.share <= sum(wanted.before.values()):
            continue
        if not (out or wanted.before or i == 0):
            return []  # the first dose cannot be made: a later stage is no place to begin
        raised = False
        for _ in range(_ROUNDS):
            rung = _rung(stage, step, stands, before, top, held, spacing, first=i == 0 and not wanted.before)
            if rung is None or rung.total <= sum(before.values()):
                break
            out.append(rung)
            before, raised = dict(rung.doses), True
        if out and not raised and out[-1].days is not None:  # too little to make: the time passes all the same
            out[-1] = Rung(doses=out[-1].doses, days=out[-1].days + spacing, bounds=out[-1].bounds)
        if out and sum(before.values()) >= top:
            break
    return out


def _rung(
    stage: _Stage, step: float, stands: Room, before: Grains, top: float, held: Stock, days: float, *, first: bool
) -> Rung | None:
    doses = kept_parts(stage.doses, round(min(stands.doses_daily, len(stage.doses))))
    most = {part: min(dose, stands.single * GRAIN) for part, dose in doses.items()}
    if first:
        most = {part: min(dose, stands.start * GRAIN) for part, dose in most.items()}
    elif stands.step < math.inf:
        most = {part: min(dose, before.get(part, 0) + stands.step * GRAIN) for part, dose in most.items()}
    total = min(sum(min(dose * stands.share, most[part]) for part, dose in doses.items()), top)
    held_by = _held_by(stage, doses, most, total, top, stands, first=first)
    at_most = sum(before.values()) + step
    if not held_by and stage.total <= at_most + ROUNDING and all(round(dose) in held.ways for dose in doses.values()):
        return Rung(doses={part: round(dose) for part, dose in doses.items()}, days=days)
    upper = {part: math.floor(dose + ROUNDING) for part, dose in most.items()}
    found = spread(total, shares_of(doses), held.amounts, upper, at_most=at_most)
    return Rung(doses=found, days=days, bounds=held_by) if found else None


def _held_by(stage: _Stage, doses: dict[DayPart, float], most: dict[DayPart, float], total: float, top: float, stands: Room, *, first: bool) -> tuple[str, ...]:  # fmt: skip
    """The bounds that hold a stage below what is labelled."""
    kinds: list[Any] = []
    if stands.share < 1:
        kinds.append("share")
    if len(doses) < len(stage.doses):
        kinds.append("doses_daily")
    if any(stands.single * GRAIN < dose for dose in doses.values()):
        kinds.append("single")
    if any(most[part] < min(dose, stands.single * GRAIN) for part, dose in doses.items()):
        kinds.append("start" if first else "step")
    if top < stage.total and total >= top:
        kinds.append("daily")
    return stands.deciding(*kinds) or (("goal",) if total < stage.total - ROUNDING else ())


def _why(why: str, chosen: Titration, found: Calendar, wanted: Wanted, agent: str, facts: Facts) -> str:
    words, unit = facts.knowledge.words("planning")["why"], facts.knowledge.agents[agent].dose_unit
    parts, top = [why], found.steps[-1].daily
    if wanted.goal is not None and top >= wanted.goal:
        parts.append(words["goal"].format(goal=amount(wanted.goal, unit)))
    elif wanted.goal is not None:
        parts.append(words["capped"].format(goal=amount(wanted.goal, unit), top=amount(top, unit)))
    if chosen.target_high is not None and chosen.target_unit:
        its = chosen.target_unit.removesuffix("/day")
        low, high = chosen.target_low, amount(chosen.target_high, its)
        parts.append(words["target_high"].format(high=high) if low is None else words["target"].format(low=plain_number(low), high=high))  # fmt: skip
    return " ".join(parts)


def _notes(chosen: Titration, found: Calendar, stages: Sequence[_Stage], facts: Facts) -> tuple[str, ...]:
    words = facts.knowledge.words("planning")["notes"]
    out = []
    if chosen.as_needed:
        out.append(words["as_needed"])
    labelled = {grains(a / GRAIN) for s in stages for a in s.doses.values()}
    if any(grains(take.amount) not in labelled for step in found.steps for take in step.takes):
        out.append(words["rounded"])
    spans = {(s.days_least, s.days) for s in chosen.stages if s.days_least is not None and s.days is not None}
    out += [words["slow_end"].format(least=plain_number(a), days=plain_number(b)) for a, b in sorted(spans) if a < b]
    if chosen.reconsider_days is not None:
        out.append(words["reconsider"][chosen.reconsider_from].format(days=plain_number(chosen.reconsider_days)))
    return (*out, *product_notes(found, facts))


def product_notes(found: Calendar, facts: Facts) -> tuple[str, ...]:
    """What to mind of the products of a calendar."""
    words = facts.knowledge.words("planning")["notes"]
    halves = any(
        c.count % 1 for s in found.steps for t in s.takes for c in t.counts if not found.products[c.product].liquid
    )
    liquid = any(p.liquid for p in found.products)
    return (words["special"], *([words["halves"]] if halves else []), *([words["liquid"]] if liquid else []))
