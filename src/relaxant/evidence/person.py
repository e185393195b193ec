"""Each relaxant weighed for one person, without the others that are compared: what would be found, and the dose that the person would get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from relaxant.evidence.pieces import Day, fewest, steps_told
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.facts.suitability import indications, may_be_of_age, said_as
from relaxant.knowledge.agents import SUITABILITIES, Suitability
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import TIERS, Tier
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.planning.current import current_lines
from relaxant.planning.option import UsualDose
from relaxant.planning.plan import Plan, ShownBound, Step, Told
from relaxant.planning.useful import usual_dose
from relaxant.planning.weighing import Weighed, weighed
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import Cited, cited
from relaxant.rules.wording import listed


class ForThem(msgspec.Struct, frozen=True, kw_only=True):
    """What a relaxant is to a condition that the person has."""

    condition: str
    status: Suitability
    text: str
    verified: bool
    source: Cited


class OwnDose(msgspec.Struct, frozen=True, kw_only=True):
    """The dose that this person would get: the day's dose of the first and last step (``unit``), the ``days`` from one to the other, the fewest
    pieces of a day at the first and at the last. Of what is taken already (``daily_now``) the steps go up from there. ``steps`` says how they go. ``bounds`` hold the doses below those labelled. ``refused`` says why there are no steps, and then no usual dose is named; null beside no steps: no plan is known."""

    unit: str
    daily_now: float | None
    first_daily: float | None
    top_daily: float | None
    days: int | None
    steps: Told | None
    first_pieces: Day | None
    top_pieces: Day | None
    bounds: tuple[ShownBound, ...]
    usual: UsualDose | None
    refused: str | None
    needs: tuple[str, ...]


class ForOne(msgspec.Struct, frozen=True, kw_only=True):
    """One relaxant for this person. ``findings`` are those of a review that weighs it without the others, the gravest first; ``differing`` are
    the ids of those that not every relaxant compared has in the same tier."""

    agent: str
    taken: bool
    suits: tuple[ForThem, ...]
    findings: tuple[Finding, ...]
    differing: tuple[str, ...]
    dose: OwnDose
    open: tuple[str, ...]


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What is found in the same tier with every relaxant compared: the finding of the first."""

    tier: Tier
    finding: Finding


class Persons(msgspec.Struct, frozen=True, kw_only=True):
    """The relaxants for one person, and what they have in common. ``taken`` are those on the list now; ``left_out`` what the file weighs of them.
    ``conditions`` (ids) are what the person has, and what that amounts to."""

    each: tuple[ForOne, ...]
    shared: tuple[Shared, ...]
    taken: tuple[str, ...]
    left_out: tuple[str, ...]
    conditions: tuple[str, ...]


def for_person(patient: Patient, agents: Sequence[str], knowledge: Knowledge) -> Persons:
    """Every one of these agents for the person, each weighed while the others are not taken."""
    medicines = read_medicines(patient, knowledge)
    patient, left_out = _not_weighing(patient, agents, medicines)
    medicines = read_medicines(patient, knowledge)
    taken = tuple(a for a in agents if current_lines(a, medicines))
    made: dict[str, tuple[Weighed, Patient, Facts, Sequence[Medicine]]] = {}
    for agent in agents:
        alone = _without(patient, [a for a in agents if a != agent], medicines)
        read = read_medicines(alone, knowledge)
        here = Facts(inputs_of([(alone, read)], knowledge), knowledge, alone.jurisdiction)
        made[agent] = (weighed(alone, [agent], read, here, knowledge)[agent], alone, here, read)
    common = _common({a: found.findings for a, (found, *_) in made.items()})
    each = tuple(
        _for_one(agent, found, one, here, read, common, knowledge) for agent, (found, one, here, read) in made.items()
    )
    first = each[0].findings if each else ()
    shared = tuple(Shared(tier=f.tier, finding=f) for f in first if _key(f, each[0].agent) in common)
    here = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    known = tuple(c for c in sorted(knowledge.conditions) if here.column(f"condition:{c}").surely[0])
    return Persons(each=each, shared=shared, taken=taken, left_out=left_out, conditions=known)


def _not_weighing(patient: Patient, agents: Sequence[str], medicines: Sequence[Medicine]) -> tuple[Patient, tuple[str, ...]]:  # fmt: skip
    """The patient without what the file weighs of these agents, and what that was: each is weighed in its turn."""
    own = {m.said for m in medicines if m.role == "considering" and set(agents) & set(m.agents)}
    kept = tuple(x for x in patient.considering or () if x.said not in own)
    return msgspec.structs.replace(patient, considering=kept), tuple(x.said for x in patient.considering or () if x.said in own)  # fmt: skip


def _without(patient: Patient, others: Sequence[str], medicines: Sequence[Medicine]) -> Patient:
    """The patient without the lines by which the others are taken now."""
    gone = {m.said for m in medicines if m.role == "current" and set(others) & set(m.agents)}
    if patient.medicines is None or not gone:
        return patient
    return msgspec.structs.replace(patient, medicines=tuple(x for x in patient.medicines if x.said not in gone))


def _key(finding: Finding, agent: str) -> tuple[str, str]:
    """By which findings of different agents are the same: their cause without the agent's name, and their tier."""
    return finding.cause.replace(agent, ""), finding.tier


def _common(found: Mapping[str, Sequence[Finding]]) -> frozenset[tuple[str, str]]:
    keys = [{_key(f, agent) for f in own} for agent, own in found.items()]
    return frozenset(set.intersection(*keys)) if keys else frozenset()


def _for_one(
    agent: str,
    found: Weighed,
    patient: Patient,
    facts: Facts,
    medicines: Sequence[Medicine],
    common: frozenset[tuple[str, str]],
    knowledge: Knowledge,
) -> ForOne:
    ordered = sorted(found.findings, key=lambda f: TIERS.index(f.tier))
    return ForOne(
        agent=agent,
        taken=bool(current_lines(agent, medicines)),
        suits=tuple(_suits(agent, patient, facts)),
        findings=tuple(ordered),
        differing=tuple(f.id for f in ordered if _key(f, agent) not in common),
        dose=_dose(agent, found, facts, knowledge),
        open=found.open,
    )


def _suits(agent: str, patient: Patient, facts: Facts) -> Iterator[ForThem]:
    """What sources say of the agent for what the person has, the best supported first."""
    known = [
        i
        for i in indications(facts.knowledge.agents[agent], facts.jurisdiction, patient.country)
        if facts.column(f"condition:{i.condition}").surely[0] and may_be_of_age(i, facts, 0)
    ]
    for one in sorted(known, key=lambda i: SUITABILITIES.index(i.status)):
        yield ForThem(
            condition=listed(said_as(facts, one.condition, 0), facts.knowledge.words("values")),
            status=one.status,
            text=one.text,
            verified=one.verified,
            source=cited(facts.knowledge, one.source, one.place),
        )


def _dose(agent: str, found: Weighed, facts: Facts, knowledge: Knowledge) -> OwnDose:
    plan = found.plan if not found.stopped_rise else None
    steps = plan.steps if plan is not None and not plan.refused else ()
    whole = found.whole.steps if found.whole is not None and not found.whole.refused else ()
    refused = (
        found.stopped_rise
        or (found.whole.refused if found.whole is not None else None)
        or (plan.refused if plan is not None else None)
    )
    return OwnDose(
        unit=knowledge.agents[agent].dose_unit,
        daily_now=found.now.daily if found.now is not None and not found.now.why else None,
        first_daily=steps[0].daily if steps else None,
        top_daily=steps[-1].daily if steps else None,
        days=(steps[-1].first - steps[0].first).days if steps else None,
        steps=steps_told(plan) if steps else None,
        first_pieces=_day(steps[:1], plan, facts),
        top_pieces=_day(steps[-1:], plan, facts),
        bounds=_holding(found.whole),
        usual=None if refused else usual_dose(agent, whole[-1].daily if whole else None, facts),
        refused=refused,
        needs=plan.needs_first if plan is not None else (),
    )


def _day(steps: Sequence[Step], plan: Plan | None, facts: Facts) -> Day | None:
    return fewest(steps[0], plan, facts) if steps and plan is not None else None


def _holding(plan: Plan | None) -> tuple[ShownBound, ...]:
    """The bounds that hold some step below what is labelled, or forbid any."""
    if plan is None:
        return ()
    held = {b for s in plan.steps for b in s.bounds}
    return tuple(b for b in plan.bounds if (b.id in held and b.decides) or (b.kind == "never" and not b.open))
