"""Options: for this person and this goal, what suits, at which dose, at what cost to this person, and why the rest fell out.

Nothing is scored and nothing is called best: what stands first has the first place in a guideline, and of these what speaks least
against it here. The table says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec

from relaxant.facts.conditions import allergen_ids, implied_by
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.suitability import SUITS, indications, said_as
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import Choice, Goal
from relaxant.knowledge.questions import holds_in
from relaxant.knowledge.schema import SUITABILITIES, TIERS, Dosing, Indication
from relaxant.knowledge.schema import Cited as KnownAs
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.planning.current import current_lines
from relaxant.planning.falling_out import only_weight, why_not
from relaxant.planning.option import Course, Harm, Place, Support, Taken, Why
from relaxant.planning.option import Option as Option
from relaxant.planning.option import Options as Options
from relaxant.planning.plan import Plan, ShownBound, Step, Told
from relaxant.planning.said import amount, days_said
from relaxant.planning.useful import useful_levels, usual_dose
from relaxant.planning.weighing import Weighed, weighed
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import capital, listed, shown_agent_name

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


def _wider(condition: str, facts: Facts) -> list[str]:
    return [condition, *implied_by(condition, facts.knowledge)]


def _candidates(conditions: Sequence[str], facts: Facts) -> list[str]:
    """The relaxants of which a source says something for one of the conditions, or for what it is a case of."""
    wider = {c for condition in conditions for c in _wider(condition, facts)}
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
    about, other_ages = _about(agent, conditions, facts)
    supports = tuple(_support(i, patient, facts) for i in about)
    wider = {c for condition in conditions for c in _wider(condition, facts)}
    whole = known.whole.steps if known.whole is not None and not known.whole.refused else ()
    plan = known.plan if known.plan is not None and not known.stopped_rise else None
    planned = plan.steps if plan is not None and not plan.refused else ()
    taken = bool(current_lines(agent, medicines))
    course = _course(agent, goal, conditions, planned, facts)
    steps = tuple(s for s in planned if s.changed) if taken else _within(planned, course)  # without the days as now
    pieces = [sum(c.count for t in s.takes for c in t.counts) for s in steps]
    against = tuple(why_not(agent, goal, supports, other_ages, known, facts))
    usually = whole if taken else _within(whole, course)
    return Option(
        agent=shown_agent_name(agent, facts),
        suits=not against,
        taken=_taken(agent, known, medicines, facts) if taken else None,
        history=tuple(_history(agent, patient, medicines, facts, taken=taken)),
        places=tuple(sorted(_places(agent, goal, conditions, facts), key=_rank)),
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
        regimen=tuple(_regimen(agent, conditions, known.whole, facts)),
        course=course,
        usual=usual_dose(agent, usually[-1].daily if usually else None, facts),
        useful=() if against else useful_levels(agent, wider, patient, steps, taken=taken, facts=facts),
        harms=tuple(_harm(f) for f in known.findings),
        say=tuple(_driving(agent, facts)),
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


# ---------------------------------------------------------------- what sources say


def _at_age(age_from: float, age_to: float, facts: Facts) -> bool:
    """Whether it may be for somebody of this age."""
    return bool(facts.age_band(age_from, age_to)[1][0])


def _about(agent: str, conditions: Sequence[str], facts: Facts) -> tuple[list[Indication], list[Indication]]:
    """What sources say of the agent for these conditions at this age, and what would suit at another age alone.

    The condition's own lines decide; those of what it is a case of do where there are none, and add what the label allows where the
    agent suits.
    """
    known = indications(facts.knowledge.agents[agent], facts.jurisdiction)
    wider = {c for condition in conditions for c in _wider(condition, facts)}
    fitting = [i for i in known if _at_age(i.age_from, i.age_to, facts)]
    out: list[Indication] = []
    for condition in conditions:
        own = [i for i in fitting if i.condition == condition]
        more = [i for i in fitting if i.condition in implied_by(condition, facts.knowledge)]
        if own and any(i.status in SUITS for i in own):
            own += [i for i in more if i.status == "licensed"] if not any(i.status == "licensed" for i in own) else []
        out += own or more
    others = [i for i in known if i not in fitting and i.condition in wider and i.status in SUITS]
    return sorted(dict.fromkeys(out), key=lambda i: SUITABILITIES.index(i.status)), others


def _support(known: Indication, patient: Patient, facts: Facts) -> Support:
    return Support(
        condition=listed(said_as(facts, known.condition, 0), facts.knowledge.words("values")),
        status=known.status,
        text=known.text,
        evidence=known.evidence,
        elsewhere=bool(known.countries) and patient.country not in known.countries,
        verified=known.verified,
        source=cited(facts.knowledge, known.source, known.place),
    )


def _places(agent: str, goal: Goal, conditions: Sequence[str], facts: Facts) -> Iterator[Place]:
    """Where guidelines and labels put it for each condition: of the person's own country first; those of the narrowest condition alone."""
    for condition in conditions:
        own = list(_choices(agent, goal, [condition], facts))
        for known in own or _choices(agent, goal, implied_by(condition, facts.knowledge), facts):
            yield Place(
                line=known.line,
                after=known.after,
                text=known.text,
                verified=known.verified,
                source=cited(facts.knowledge, known.source, known.place),
            )


def _choices(agent: str, goal: Goal, conditions: Sequence[str], facts: Facts) -> list[Choice]:
    found = [
        c
        for c in facts.knowledge.plans.choices.values()
        if agent in c.agents
        and set(conditions) & set(c.conditions)
        and (not c.goals or goal.goal in c.goals)
        and holds_in(c, facts.jurisdiction)
        and _at_age(c.age_from, c.age_to, facts)
    ]
    return sorted(found, key=lambda c: not c.jurisdiction)


def _regimen(agent: str, conditions: Sequence[str], plan: Plan | None, facts: Facts) -> Iterator[Told]:
    """How it is given, in words: the titration of the calendar; without one what the dosing of this age and condition says."""
    chosen = [p for p in plan.policies if p.chosen] if plan is not None and not plan.refused else []
    for used in chosen:
        yield Told(text=used.text, verified=used.verified, source=used.source)
    if chosen or (plan is not None and plan.refused and not only_weight(plan, facts) and plan.policies):
        return
    wider = {c for condition in conditions for c in _wider(condition, facts)}
    fitting = [
        d
        for d in facts.knowledge.agents[agent].dosing
        if holds_in(d, facts.jurisdiction) and _at_age(d.age_from or 0, d.age_to or math.inf, facts)
    ]
    if not fitting:
        yield from _of_pump(agent, facts)
    for dosing in _for_conditions(fitting, wider):
        yield _told(f"{capital(dosing.who)}: {dosing.text}", dosing, facts)


def _of_pump(agent: str, facts: Facts) -> Iterator[Told]:
    """The test doses and the first day, of what a pump delivers."""
    for pump in facts.knowledge.plans.pumps.values():
        if pump.agent != agent:
            continue
        for test in pump.screening:
            if holds_in(test, facts.jurisdiction) and _at_age(test.age_from, math.inf, facts):
                yield _told(test.text, test, facts)
        for start in pump.start:
            if holds_in(start, facts.jurisdiction):
                yield _told(start.text, start, facts)


def _told(text: str, known: KnownAs, facts: Facts) -> Told:
    return Told(text=text, verified=known.verified, source=cited(facts.knowledge, known.source, known.place))


def _for_conditions(fitting: Sequence[Dosing], wider: set[str]) -> list[Dosing]:
    """The first that is for any condition, and those for one of these; tables by muscle and the like only where no whole dose is said."""
    found = [*[d for d in fitting if not d.conditions][:1], *[d for d in fitting if wider & set(d.conditions)]]
    return [d for d in found if (d.start, d.target_low, d.target_high, d.maximum_daily) != (None,) * 4] or found


def _course(agent: str, goal: Goal, conditions: Sequence[str], steps: Sequence[Step], facts: Facts) -> Course | None:
    """The longest treatment that a label or guideline allows, the shorter of them."""
    found: list[tuple[float, Cited, bool]] = [
        (limit.value, cited(facts.knowledge, limit.source, limit.place), limit.verified)
        for limit in facts.knowledge.agents[agent].limits
        if limit.kind == "course"
        and holds_in(limit, facts.jurisdiction)
        and _at_age(limit.age_from, limit.age_to, facts)
    ]
    found += [
        (c.most_days, cited(facts.knowledge, c.source, c.place), c.verified)
        for c in _choices(agent, goal, conditions, facts)
        if c.most_days is not None
    ]
    if not found:
        return None
    days, source, verified = min(found, key=lambda f: f[0])
    within = _of_days(steps, days)
    text = facts.knowledge.words("planning")["options"]["course"].format(days=days_said(days, facts))
    return Course(days=days, reached=within[-1].daily if within else None, text=text, verified=verified, source=source)


def _of_days(steps: Sequence[Step], days: float) -> tuple[Step, ...]:
    """The steps that begin within so many days."""
    return tuple(s for s in steps if (s.first - steps[0].first).days < days)


def _within(steps: Sequence[Step], course: Course | None) -> tuple[Step, ...]:
    """The steps that the longest time of treatment leaves room for."""
    return tuple(steps) if course is None else _of_days(steps, course.days)


def _driving(agent: str, facts: Facts) -> Iterator[Told]:
    """What the medicine does to driving, for those of an age to drive."""
    if not _at_age(facts.knowledge.policy("options_driving_from"), math.inf, facts):
        return
    for said in facts.knowledge.agents[agent].statements:
        if said.topic == "driving" and holds_in(said, facts.jurisdiction):
            yield Told(text=said.text, verified=said.verified, source=cited(facts.knowledge, said.source, said.place))
            return


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
