"""Options: for this person and this goal, what suits, at which dose, at what cost to this person, and why the rest fell out.

Nothing is scored and nothing is called best: what stands first has the first place in a guideline, and of these what speaks least
against it here. The table says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.allergies import allergen_ids
from relaxant.facts.conditions import implied_by
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.suitability import SUITS, indications
from relaxant.knowledge.agents import SUITABILITIES
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import Goal
from relaxant.knowledge.schema import TIERS
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.planning.current import current_lines
from relaxant.planning.falling_out import why_not
from relaxant.planning.option import Harm, Option, Options, Place, Support, Taken, Why
from relaxant.planning.option_sources import (
    course_of,
    driving,
    places,
    regimen,
    said_about,
    support_of,
    wider_of,
    within,
)
from relaxant.planning.plan import Plan, ShownBound, Step
from relaxant.planning.said import amount
from relaxant.planning.useful import useful_levels, usual_dose
from relaxant.planning.weighing import Weighed, weighed
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import cited
from relaxant.rules.wording import shown_agent_name

_NOT_INJECTED = ("oral", "enteral tube", "oromucosal", "buccal", "sublingual", "transdermal", "rectal")
_WHY: tuple[Why, ...] = ("danger", "never", "no dose", "age", "not sold", "not supported", "wrong goal")


def goals_of(patient: Patient, knowledge: Knowledge) -> tuple[list[Goal], list[str]]:
    """The goals that the person named, and the words that name none that is known."""
    known: dict[str, Goal] = {}
    unknown = []
    for said in patient.goals:
        plain = " ".join(said.lower().replace("_", " ").split())
        goal = next((g for g in knowledge.plans.goals.values() if plain in (*g.names, g.title)), None)
        if goal is None:
            unknown.append(said)
        else:
            known[goal.goal] = goal
    return list(known.values()), unknown


def options(patient: Patient, knowledge: Knowledge) -> tuple[Options, ...]:
    """The options for each goal that the patient file names; empty without one."""
    goals, _ = goals_of(patient, knowledge)
    if not goals:
        return ()
    patient = msgspec.structs.replace(patient, considering=())
    medicines = read_medicines(patient, knowledge)
    here = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    asked_of = {g.goal: _conditions(g, here) for g in goals}
    agents = sorted({a for found in asked_of.values() for a in _candidates(found, here)})
    known = weighed(patient, agents, medicines, here, knowledge)
    return tuple(_options(g, asked_of[g.goal], known, patient, medicines, here) for g in goals)


def _options(
    goal: Goal,
    conditions: Sequence[str],
    known: dict[str, Weighed],
    patient: Patient,
    medicines: Sequence[Medicine],
    facts: Facts,
) -> Options:
    made = [_option(a, goal, conditions, known[a], patient, medicines, facts) for a in _candidates(conditions, facts)]
    return Options(
        goal=goal.title,
        text=goal.text,
        conditions=tuple(facts.knowledge.conditions[c].title for c in conditions),
        assumed=not any(facts.column(f"condition:{c}").surely[0] for c in conditions),
        order=facts.knowledge.words("planning")["options"]["order"],
        source=cited(facts.knowledge, goal.source, goal.place),
        options=tuple(sorted(made, key=_order)),
    )


def _conditions(goal: Goal, facts: Facts) -> list[str]:
    """The goal's conditions that the person has, the narrowest alone; the goal's first where none was said."""
    own = [c for c in goal.conditions if facts.column(f"condition:{c}").surely[0]]
    narrow = [c for c in own if not any(c != other and c in implied_by(other, facts.knowledge) for other in own)]
    return narrow or [goal.conditions[0]]


def _candidates(conditions: Sequence[str], facts: Facts) -> list[str]:
    """The relaxants of which a source says something for one of the conditions, or for what it is a case of."""
    wider = wider_of(conditions, facts)
    return sorted(
        agent.agent
        for agent in facts.knowledge.agents.values()
        if any(i.condition in wider for i in indications(agent, facts.jurisdiction))
    )


# ---------------------------------------------------------------- one relaxant


def _option(
    agent: str,
    goal: Goal,
    conditions: Sequence[str],
    known: Weighed,
    patient: Patient,
    medicines: Sequence[Medicine],
    facts: Facts,
) -> Option:
    about, other_ages = said_about(agent, conditions, facts)
    supports = tuple(support_of(i, patient, facts) for i in about)
    wider = wider_of(conditions, facts)
    whole = known.whole.steps if known.whole is not None and not known.whole.refused else ()
    plan = known.plan if known.plan is not None and not known.stopped_rise else None
    planned = plan.steps if plan is not None and not plan.refused else ()
    taken = bool(current_lines(agent, medicines))
    course = course_of(agent, goal, conditions, planned, facts)
    steps = tuple(s for s in planned if s.changed) if taken else within(planned, course)  # without the days as now
    pieces = [sum(c.count for t in s.takes for c in t.counts) for s in steps]
    against = tuple(why_not(agent, goal, supports, other_ages, known, facts))
    usually = whole if taken else within(whole, course)
    return Option(
        agent=shown_agent_name(agent, facts),
        suits=not against,
        taken=_taken(agent, known, medicines, facts) if taken else None,
        history=tuple(_history(agent, patient, medicines, facts, taken=taken)),
        places=tuple(sorted(places(agent, goal, conditions, facts), key=_rank)),
        support=supports,
        why_not=against,
        injected=facts.knowledge.agents[agent].routes[0] not in _NOT_INJECTED,
        unit=facts.knowledge.agents[agent].dose_unit,
        first_daily=steps[0].daily if steps else None,
        top_daily=steps[-1].daily if steps else None,
        days=(steps[-1].first - steps[0].first).days if steps else None,
        pieces_low=pieces[0] if pieces else None,
        pieces_high=pieces[-1] if pieces else None,
        liquid=bool(plan and plan.products and plan.products[0].liquid and steps),
        bounds=_holding(plan, steps),
        regimen=tuple(regimen(agent, conditions, known.whole, facts)),
        course=course,
        usual=usual_dose(agent, usually[-1].daily if usually else None, facts),
        useful=() if against else useful_levels(agent, wider, patient, steps, taken=taken, facts=facts),
        harms=tuple(_harm(f) for f in known.findings),
        say=tuple(driving(agent, facts)),
        open=tuple(
            dict.fromkeys(
                (*(known.whole.needs_first if known.whole else ()), *(n for n in known.open if agent not in n))
            )
        ),
    )


def _holding(plan: Plan | None, steps: Sequence[Step]) -> tuple[ShownBound, ...]:
    """The bounds that hold some step below what is labelled."""
    held = {b for s in steps for b in s.bounds}
    return tuple(b for b in plan.bounds if b.id in held and b.decides) if plan else ()


def _harm(finding: Finding) -> Harm:
    return Harm(
        tier=finding.tier,
        summary=finding.summary,
        rules=finding.rules,
        verified=finding.verified,
        sources=finding.sources,
    )


def _taken(agent: str, known: Weighed, medicines: Sequence[Medicine], facts: Facts) -> Taken:
    """What is taken now, and whether it may rise."""
    words, unit = facts.knowledge.words("planning"), facts.knowledge.agents[agent].dose_unit
    own, now = words["options"]["taken"], known.now
    if known.whole is None:  # given in sessions or by a pump: no calendar
        read = " ".join(m.read_as for m in current_lines(agent, medicines) if m.read_as)
        return Taken(daily=None, room=None, text=own["as_read"].format(read=read))
    if now is None or now.why:
        why = now.why if now and now.why in own["unknown"] else "no_dose"
        return Taken(daily=None, room=None, text=own["unknown"][why])
    said, steps = amount(now.daily, unit), known.plan.steps if known.plan else ()
    if known.stopped_rise:
        return Taken(daily=now.daily, room=None, text=own["may_not"].format(now=said, why=known.stopped_rise))
    if steps:
        top = steps[-1].daily
        return Taken(daily=now.daily, room=top, text=own["rises"].format(now=said, top=amount(top, unit)))
    whole = known.whole
    if whole.steps and not whole.refused:
        top = whole.steps[-1].daily
        key = "over" if now.daily > top else "at_top"
        return Taken(daily=now.daily, room=None, text=own[key].format(now=said, top=amount(top, unit)))
    forbidden = any(f.tier == "DANGER" for f in known.findings) or any(
        b.kind == "never" and not b.open for b in whole.bounds
    )
    key = "may_not" if forbidden else "no_steps"
    return Taken(daily=now.daily, room=None, text=own[key].format(now=said, why=whole.refused or ""))


def _history(
    agent: str, patient: Patient, medicines: Sequence[Medicine], facts: Facts, *, taken: bool
) -> Iterator[str]:
    """That it was not tolerated, or was taken before: the record does not say why it was left, and that decides whether it is tried again."""
    words, ingredient = (
        facts.knowledge.words("planning")["options"]["history"],
        facts.knowledge.agents[agent].ingredient,
    )
    for said in patient.allergies or ():
        if said.kind == "intolerance" and ingredient in allergen_ids(said, facts.knowledge):
            key = "not_tolerated" if said.reaction else "not_tolerated_plain"
            yield words[key].format(reaction=said.reaction)
    lines = [m for m in medicines if agent in m.agents and (m.role == "stopped" or m.over)]
    if lines and not taken:
        ends = [m.regimen.stop for m in lines if m.regimen.stop is not None]
        yield words["until"].format(date=max(ends).isoformat()) if ends else words["once"]


# ---------------------------------------------------------------- order


def _order(option: Option) -> tuple[object, ...]:
    """What suits first, what other countries' labels alone speak for last of it: by its place in a guideline, then by what labels say, then what is not injected, then by the gravest that
    speaks against it, then by name."""
    best = min((_standing(s) for s in option.support), default=len(SUITABILITIES))
    worst = min((TIERS.index(h.tier) for h in option.harms), default=len(TIERS))
    if option.suits:
        return (
            0,
            _elsewhere_alone(option),
            *(_rank(option.places[0]) if option.places else _NOWHERE),
            best,
            option.injected,
            -worst,
            option.agent,
        )
    return (1, min(_WHY.index(r.why) for r in option.why_not), 0, best, -worst, option.agent)


def _elsewhere_alone(option: Option) -> bool:
    """Whether labels of other countries alone speak for it: nobody looked up whether it is sold here."""
    speaking = [s for s in option.support if s.status in SUITS]
    return bool(speaking) and all(s.elsewhere for s in speaking)


def _standing(support: Support) -> int:
    """What the label says; that of another country counts as off label."""
    own = SUITABILITIES.index(support.status)
    return max(own, SUITABILITIES.index("off label")) if support.elsewhere else own


_NOWHERE = (2, 0)  # nobody names it


def _rank(place: Place) -> tuple[int, int]:
    """A place in an order, then a mention without one; what comes only after others failed stands after what nobody names."""
    if place.after:
        return 3, 0
    return (0, place.line) if place.line is not None else (1, 0)
