"""What a plan says beside its steps: gates, signs of withdrawal, what to do after missed days, policies, each with its source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from relaxant.facts.facts import Facts
from relaxant.facts.names import AGENT_FACTS
from relaxant.facts.pace import PACE
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import Said, Switch, Taper, Titration
from relaxant.planning.plan import Gate, Line, Missed, Policy, Signs, Told
from relaxant.quantities import plain_number
from relaxant.rules.asked import asked
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import fill, shown_agent_name

_COUNTED = frozenset({"sprays", "units"})


def gates(agent: str, of: str, facts: Facts, row: int = 0, *, stepless: bool = False) -> tuple[Gate, ...]:
    """What decides at each step of an agent; sentences for some people only are said to them. Where there are no steps (``stepless``), when
    to call alone: there is no dose to go on with, to stay at or to go back to."""
    entries = [g for g in facts.knowledge.plans.gates.values() if agent in g.agents and g.of == of]
    if not entries:
        return ()

    def told(kind: str) -> tuple[Told, ...]:
        if stepless and kind != "call":
            return ()
        return tuple(dict.fromkeys(t for g in entries for t in _told(getattr(g, kind), agent, facts, row)))

    return (
        Gate(
            agent=shown_agent_name(agent, facts),
            go_on=told("go_on"),
            hold=told("hold"),
            go_back=told("go_back"),
            call=told("call"),
        ),
    )


def _told(said: Iterable[Said], agent: str, facts: Facts, row: int) -> list[Told]:
    return [
        Told(
            text=_filled(s.text, agent, facts, row),
            person=None if s.person is None else tuple(_filled(text, agent, facts, row) for text in s.person),
            verified=s.verified,
            source=cited(facts.knowledge, s.source, s.place),
        )
        for s in said
        if holds_in(s, facts.jurisdiction) and asked(s.when, agent, facts, row).holds
    ]


def _filled(text: str, agent: str, facts: Facts, row: int) -> str:
    name = shown_agent_name(agent, facts)
    return fill(text, name, (name,), (), facts, row)


def withdrawal(agent: str, facts: Facts) -> tuple[Signs, ...]:
    """What withdrawal of an agent looks like."""
    return tuple(
        Signs(
            agent=shown_agent_name(agent, facts),
            signs=w.signs,
            emergency=w.emergency,
            person_signs=w.person_signs,
            person_emergency=w.person_emergency,
            onset=w.onset,
            action=w.action,
            verified=w.verified,
            source=cited(facts.knowledge, w.source, w.place),
        )
        for w in facts.knowledge.plans.withdrawals.values()
        if agent in w.agents and holds_in(w, facts.jurisdiction)
    )


def missed(agent: str, facts: Facts, row: int = 0) -> tuple[Missed, ...]:
    """What to do after missed days, by how many; ``now`` marks where somebody stands who has stopped."""
    stopped = facts.column(f"{agent}:stopped_days")
    days = stopped.low.item(row) if stopped.settled(row) else None
    out = []
    for gap in facts.knowledge.plans.gaps.values():
        if (
            agent not in gap.agents
            or not holds_in(gap, facts.jurisdiction)
            or not asked(gap.when, agent, facts, row).holds
        ):
            continue
        here = days is not None and days >= gap.days_from and (gap.days_to is None or days < gap.days_to)
        out.append(
            Missed(
                agent=shown_agent_name(agent, facts),
                days_from=gap.days_from,
                days_to=gap.days_to,
                do=gap.do,
                text=gap.text,
                now=here,
                verified=gap.verified,
                source=cited(facts.knowledge, gap.source, gap.place),
            )
        )
    return tuple(sorted(out, key=lambda m: m.days_from))


def points(switch: Switch, agent: str, facts: Facts, row: int = 0) -> tuple[Line, ...]:
    """What else is to be known of an exchange, one line each, in the order of the knowledge."""
    words = facts.knowledge.words("planning")["exchange"]
    return tuple(
        Line(
            what=words["point"],
            how=words["no_sum"],
            value=None,
            unit="",
            text=told.text,
            sources=(told.source,),
            verified=told.verified,
        )
        for told in _told(switch.points, agent, facts, row)
    )


def own_policy(switch: Switch, facts: Facts) -> Policy:
    """What is known of an exchange, as a plan shows it."""
    return Policy(
        id=switch.switch,
        text=switch.text,
        verified=switch.verified,
        source=cited(facts.knowledge, switch.source, switch.place),
    )


def policy(entry: Titration | Taper, facts: Facts, *, chosen: bool = True, override: str | None = None) -> Policy:
    """Where steps come from, as a plan shows it."""
    return Policy(
        id=entry.titration if isinstance(entry, Titration) else entry.taper,
        text=entry.text,
        verified=entry.verified,
        source=cited(facts.knowledge, entry.source, entry.place),
        chosen=chosen,
        override=override,
        supervised=isinstance(entry, Taper) and entry.supervised,
    )


def asked_by(findings: Iterable[Finding]) -> tuple[Told, ...]:
    """What findings ask for, each with its first source."""
    return tuple(
        Told(text=f.action, verified=f.verified, source=f.sources[0]) for f in findings if f.action and f.sources
    )


def asked_before(agent: str, findings: Iterable[Finding], facts: Facts) -> tuple[Told, ...]:
    """What each CHANGE about an agent asks for, to be done before it is begun or raised. What is found of the dose that is weighed is left
    out: the steps of the plan are others."""
    own, known = {agent, shown_agent_name(agent, facts)}, facts.knowledge.rules
    return asked_by(
        f
        for f in findings
        if f.tier == "CHANGE" and own & set(f.agents) and not all(_of_dose(known[rule].when) for rule in f.rules)
    )


def _of_dose(when: Any) -> bool:
    """Whether a predicate asks for a dose of the agent."""
    if isinstance(when, dict):
        fact = AGENT_FACTS.get(str(when.get("fact")))
        of_dose = when.get("fact") in PACE or (fact is not None and fact.unit == "dose")
        return "over_limit" in when or of_dose or any(map(_of_dose, when.values()))
    return isinstance(when, (list, tuple)) and any(map(_of_dose, when))


def amount(value: float, unit: str) -> str:
    """An amount with its unit, without trailing zeros."""
    return f"{plain_number(value)} {unit.removesuffix('s') if value == 1 and unit in _COUNTED else unit}"


def days_said(days: float, facts: Facts) -> str:
    """A time in days, as a sentence holds it: ``1 day``, ``3 days``."""
    words = facts.knowledge.words("planning")["days"]
    return str(words["one" if days == 1 else "other"]).format(count=plain_number(days))
