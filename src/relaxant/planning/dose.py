"""Room for a dose: everything that bounds it for this person, the strictest of each kind, and which that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from relaxant.facts.facts import Facts
from relaxant.facts.limits import OLDEST, ceilings
from relaxant.facts.members import Members
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import DoseBound
from relaxant.planning.plan import OF_LABEL, BoundKind, ShownBound
from relaxant.quantities import plain_number
from relaxant.rules.asked import Answer, asked
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import Cited, cited, decided_here
from relaxant.rules.wording import fill, shown_agent_name, shown_name

_LIMITS: tuple[tuple[str, BoundKind, bool], ...] = (
    ("daily", "daily", False),
    ("daily_soft", "daily", False),
    ("single", "single", False),
    ("single_soft", "single", False),
    ("daily_per_kg", "daily", True),
    ("daily_per_kg_soft", "daily", True),
    ("single_per_kg", "single", True),
    ("doses_daily", "doses_daily", False),
    ("least_age", "never", False),
)
_LEAST_WINS = ("share", "start", "start_daily", "step", "step_daily", "single", "daily", "doses_daily")


_STOPPED, MEASURED = "stopped", "exposure:"


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """The strictest bound of each kind, infinite (or nought days) where nothing bounds. ``share`` is of the doses as labelled; ``never``
    says why nothing may be started or raised."""

    share: float = 1.0
    start: float = math.inf
    start_daily: float = math.inf
    step: float = math.inf
    step_daily: float = math.inf
    single: float = math.inf
    daily: float = math.inf
    days: float = 0.0
    doses_daily: float = math.inf
    never: tuple[str, ...] = ()
    bounds: tuple[ShownBound, ...] = ()

    def needs(self, seldom: frozenset[str]) -> tuple[str, ...]:
        """What would settle the bounds that may hold, without what is ``seldom`` known."""
        return tuple(dict.fromkeys(n for b in self.bounds if b.open for n in b.settled_by if n not in seldom))

    def deciding(self, *kinds: BoundKind) -> tuple[str, ...]:
        """The ids of the bounds of these kinds that decide."""
        return tuple(dict.fromkeys(b.id for b in self.bounds if b.decides and b.kind in kinds))


def room(agent: str, facts: Facts, row: int = 0) -> Room:
    """What bounds the doses of an agent for one person: limits of the label, kidney, liver, age, weight, and what is taken with it."""
    found = [*_limits(agent, facts, row), *_of_plans(agent, facts, row), *_exposure(agent, facts, row)]
    strictest: dict[BoundKind, float] = {}
    for bound in found:
        if not bound.open and bound.value is not None:
            pick = min if bound.kind in _LEAST_WINS else max
            known = strictest.get(bound.kind)
            strictest[bound.kind] = bound.value if known is None else pick(known, bound.value)
    bounds = tuple(_decided(b, strictest) for b in found)
    never = tuple(b.why for b in bounds if b.kind == "never" and not b.open)
    return Room(never=never, bounds=bounds, **strictest)


def ceiling(stands: Room) -> float | None:
    """The most in a day that the person's kidneys, liver, age or medicines leave of the label's; ``None`` where they take nothing off it.
    A measured exposure bounds how a medicine is started; whoever takes both is looked at, and not lowered by arithmetic. What bounds the day by
    an amount of its own takes no part off the label's."""
    held = [b for b in stands.bounds if not b.open and b.value is not None]
    own = {b.id for b in held if b.kind == "daily"}
    of_label = min((b.value for b in held if b.kind == "daily" and b.of_label and b.value), default=math.inf)
    shares = [
        b.value for b in held if b.kind == "share" and b.value and b.id not in own and not b.id.startswith(MEASURED)
    ]
    most = min(stands.daily, of_label * min(shares, default=1.0))
    return most if most < of_label else None


def most_taken(stands: Room) -> float | None:
    """The most in a day that somebody who takes it already may go on with: what the person's kidneys, liver, age or medicines leave, and never
    above the label's own limit; ``None`` where nothing bounds it. What the label keeps for special care alone bounds a rise and lowers nobody."""
    held = [b for b in stands.bounds if b.kind == "daily" and not b.open and b.value and not b.soft]
    return min(
        [*(b.value for b in held if b.value), *([most] if (most := ceiling(stands)) is not None else [])], default=None
    )


def most_at_once(stands: Room) -> float:
    """The most at one time for somebody who takes it already: infinite where nothing bounds it."""
    held = (b.value for b in stands.bounds if b.kind == "single" and not b.open and not b.soft)
    return min((value for value in held if value), default=math.inf)


def dangers(agent: str, findings: Sequence[Finding], facts: Facts) -> list[Finding]:
    """Every DANGER that stands for an agent. That it was stopped is none against taking it up again, and is left out."""
    own = {shown_agent_name(agent, facts), agent}
    return [f for f in findings if f.tier == "DANGER" and own & set(f.agents) and f.situation != _STOPPED]


def leaves(agent: str, facts: Facts, row: int = 0) -> bool:
    """Whether something about the person asks that an agent that is taken be left."""
    asks = (b for b in facts.knowledge.plans.dose_bounds.values() if b.leave and agent in b.agents)
    return any(holds_in(b, facts.jurisdiction) and asked(b.when, agent, facts, row).holds for b in asks)


class OneWay(NamedTuple):
    """That nothing leads back up, and after how many days the test that it rests on is there again (``None``: nobody said), by which bound."""

    recheck_days: float | None
    verified: bool
    source: Cited


def one_way(agent: str, facts: Facts, row: int = 0) -> OneWay | None:
    """Whether something about the person forbids even a step back; ``None`` where nothing surely does."""
    bounds = (b for b in facts.knowledge.plans.dose_bounds.values() if b.one_way and agent in b.agents)
    held = [b for b in bounds if holds_in(b, facts.jurisdiction) and asked(b.when, agent, facts, row).holds]
    if not held:
        return None
    first = min(held, key=lambda b: b.recheck_days or math.inf)
    return OneWay(first.recheck_days, first.verified, cited(facts.knowledge, first.source, first.place))


def danger(agent: str, findings: Sequence[Finding], facts: Facts) -> str | None:
    """The summary of the gravest DANGER that stands for an agent; ``None`` where there is none."""
    return next((f.summary for f in dangers(agent, findings, facts)), None)


def _decided(bound: ShownBound, strictest: dict[BoundKind, float]) -> ShownBound:
    decides = not bound.open and (bound.kind == "never" or bound.value == strictest.get(bound.kind))
    return msgspec.structs.replace(bound, decides=decides)


def _limits(agent: str, facts: Facts, row: int) -> Iterator[ShownBound]:
    """The label's own limits at the person's age and by the route that is planned, the agent's first; those by weight become amounts
    where the weight is known."""
    unit, weight, route = (
        facts.knowledge.agents[agent].dose_unit,
        facts.column("weight"),
        facts.knowledge.agents[agent].routes[0],
    )
    planning = facts.knowledge.words("planning")
    for kind, bounds, by_weight in _LIMITS:
        for ceiling in ceilings(facts.knowledge, facts.jurisdiction, agent, kind):
            if ceiling.limit.routes and route not in ceiling.limit.routes:
                continue
            youngest, oldest = (0.0, ceiling.value) if bounds == "never" else (ceiling.age_from, ceiling.age_to)
            surely, maybe = (True, True) if youngest <= 0 and oldest >= OLDEST else facts.of_age(youngest, oldest, row)
            if not maybe:
                continue
            value: float | None = None if bounds == "never" else ceiling.value
            needs = () if surely else ("age",)
            if by_weight:
                value = ceiling.value * weight.low.item(row) if weight.settled(row) else None
                needs = (*needs, *(() if weight.settled(row) else ("weight",)))
            limit = ceiling.limit
            here = planning["limits_of_place"] if decided_here(limit.source, facts.knowledge) else {}
            words = {**planning["limits"], **here}
            yield ShownBound(
                id=f"{OF_LABEL}{kind}:{plain_number(ceiling.value)}",
                agent=agent,
                kind=bounds,
                value=value,
                unit="" if bounds == "doses_daily" else unit,
                why=words[kind].format(value=plain_number(limit.value), unit=limit.unit.split("/")[0]),
                decides=False,
                open=bool(needs),
                settled_by=needs,
                verified=limit.verified,
                source=cited(facts.knowledge, limit.source, limit.place),
            )


def _of_plans(agent: str, facts: Facts, row: int) -> Iterator[ShownBound]:
    for bound in facts.knowledge.plans.dose_bounds.values():
        if agent in bound.agents and holds_in(bound, facts.jurisdiction):
            answer = asked(bound.when, agent, facts, row)
            if answer.holds or answer.open:
                yield from _shown(bound, agent, answer, facts, row)


def _shown(bound: DoseBound, agent: str, answer: Answer, facts: Facts, row: int) -> Iterator[ShownBound]:
    unit = facts.knowledge.agents[agent].dose_unit
    values: list[tuple[BoundKind, float | None, str]] = [
        ("share", bound.share, "1"),
        ("start", bound.start, unit),
        ("start_daily", bound.start_daily, unit),
        ("step", bound.step, unit),
        ("step_daily", bound.step_daily, unit),
        ("single", bound.single, unit),
        ("daily", bound.daily, unit),
        ("days", bound.days, "days"),
        ("doses_daily", bound.doses_daily, ""),
    ]
    kinds = [v for v in values if v[1] is not None]
    if bound.never:
        kinds.insert(0, ("never", None, ""))
    for kind, value, its_unit in kinds:
        yield ShownBound(
            id=bound.bound,
            agent=agent,
            kind=kind,
            value=value,
            unit=its_unit,
            why=fill(bound.why, shown_agent_name(agent, facts), (shown_agent_name(agent, facts),), (), facts, row),
            decides=False,
            open=answer.open,
            settled_by=answer.settled_by,
            verified=bound.verified,
            source=cited(facts.knowledge, bound.source, bound.place),
        )


def _exposure(agent: str, facts: Facts, row: int) -> Iterator[ShownBound]:
    """A measured rise of the agent's exposure by a medicine that is taken: the labelled doses divided by the ratio."""
    least, words = facts.knowledge.policy("plan_exposure_from"), facts.knowledge.words("planning")
    for exposure in facts.knowledge.exposures_of(agent):
        if exposure.kind != "interaction" or not exposure.verified or exposure.auc_ratio < least:
            continue
        if exposure.partner not in facts.intake:
            continue
        surely, maybe = (
            bool(who[row] == 1) for who in facts.taking(exposure.partner, Members({exposure.partner: (None, 0.0)}))
        )
        if maybe:
            partner = shown_name(exposure.partner, facts)
            yield ShownBound(
                id=f"{MEASURED}{exposure.partner}",
                agent=agent,
                kind="share",
                value=1 / exposure.auc_ratio,
                unit="1",
                why=words["exposure"].format(partner=partner, ratio=plain_number(exposure.auc_ratio, 3)),
                decides=False,
                open=not surely,
                settled_by=() if surely else (words["whether_taken"].format(partner=partner),),
                verified=exposure.verified,
                source=cited(facts.knowledge, exposure.source, exposure.place),
            )


def why_refused(stands: Room, agent: str, findings: Sequence[Finding], facts: Facts) -> str | None:
    """Why an agent may not be started, raised or taken up again: a DANGER, or a bound that says never."""
    grave = danger(agent, findings, facts)
    return grave or " ".join(stands.never) or None
