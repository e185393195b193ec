"""A diary answered for one person: what it says, what the review says of the person as the diary leaves them, and what both change at the next step of
a plan: which step they ask for, what the doses so far foretell of it, what a level adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from relaxant.diary import Diary
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import NextStep, Standing
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.planning.plan import Step
from relaxant.response.as_taken import AsTaken, as_taken, before_fall, with_dose
from relaxant.response.falls import dose_now, falls, in_sessions
from relaxant.response.next import Forecast, LevelSeen, Next
from relaxant.response.person import Person, person_of
from relaxant.response.reading import Reading, read_at
from relaxant.response.response import Response, respond
from relaxant.response.reviewed import Refused, Restart, Reviewed, Withdrawal
from relaxant.response.series import series_of
from relaxant.response.taken import Taken, taken
from relaxant.reviewing import Review, review
from relaxant.rules.findings import Finding

_NEAR = 1e-6
_GRAVE = ("DANGER", "CHANGE")


def answer(
    diary: Diary,
    patient: Patient | None,
    knowledge: Knowledge,
    *,
    country: str = "US",
    conditions: frozenset[str] = frozenset(),
    randomised: bool = False,
    blinded: bool = False,
) -> Response:
    """The answer of a diary with what the review says first, and its next step. ``country``, whose labels count, where there is no ``patient``.
    ``conditions``, by id, come on top of those of the ``patient``. Raises :class:`InputError`."""
    known = Person() if patient is None else person_of(patient, read_medicines(patient, knowledge), knowledge)
    told = known.told or bool(conditions)
    person = msgspec.structs.replace(known, conditions=known.conditions | conditions, told=told)
    label = diary.label or (patient.label if patient else None)
    named = msgspec.structs.replace(diary, label=label)
    found = respond(named, knowledge, person=person, randomised=randomised, blinded=blinded)
    own = taken(diary, knowledge)
    left = as_taken(patient, diary, own, knowledge, country=country, conditions=conditions)
    levels = any(m.after_dose is not None for m in (*left.patient.labs, *left.patient.observations))
    whole = review(left.patient, knowledge=knowledge, predict=levels)
    first = reviewed(diary, own, left, whole, knowledge)
    return msgspec.structs.replace(
        found,
        said=(*found.said, *left.granted),
        review=first,
        next=next_of(found, diary, own, left, whole, first, knowledge),
    )


# ---------------------------------------------------------------- what the review says first


def reviewed(diary: Diary, own: Taken, left: AsTaken, whole: Review, knowledge: Knowledge) -> Reviewed:
    """What the ``whole`` review says about what the diary holds, and what one of the medicines taken alone, without what is weighed, does."""
    alone = msgspec.structs.replace(left.patient, considering=())
    grave = _about(diary, review(alone, knowledge=knowledge, predict=False, plan=False).findings, knowledge)
    causes = {f.cause for f in grave}
    weighed = [f for f in _about(diary, whole.findings, knowledge) if f.tier == "DANGER" and f.cause not in causes]
    findings = sorted((*grave, *weighed), key=lambda f: _GRAVE.index(f.tier))
    return Reviewed(
        as_of=left.patient.as_of,
        country=left.patient.country,
        said=left.said,
        findings=tuple(findings),
        above=tuple(_above(diary, own, left, findings, knowledge)),
        stepped_down=tuple(_stepped_down(diary, own, left, findings, knowledge)),
        refused=tuple(
            Refused(agent=agent, title=plan.title, why=plan.refused)
            for plan in whole.plan
            for agent in diary.units
            if plan.refused is not None and plan.id == f"titration:{agent}"
        ),
        restart=tuple(
            Restart(agent=m.agent, text=m.text, verified=m.verified, source=m.source)
            for plan in whole.plan
            for m in plan.missed
            if plan.kind == "resume" and m.now and m.agent in diary.units
        ),
        withdrawal=tuple(
            Withdrawal(agent=s.agent, signs=s.signs, emergency=s.emergency, onset=s.onset, action=s.action, verified=s.verified, source=s.source)
            for plan in whole.plan
            for s in plan.withdrawal
            if plan.kind == "resume" and s.agent in diary.units
        ),
        gaps=tuple(f for f in falls(own, knowledge) if not f.after and not f.lasts),
    )  # fmt: skip


def _about(diary: Diary, findings: Sequence[Finding], knowledge: Knowledge) -> list[Finding]:
    """Those of DANGER and CHANGE in which something of the diary has a part."""
    names = {knowledge.agents[a].ingredient for a in diary.units}
    return [f for f in findings if f.tier in _GRAVE and (set(diary.units) & set(f.agents) or names & set(f.partners))]


def _above(diary: Diary, own: Taken, left: AsTaken, findings: Sequence[Finding], knowledge: Knowledge) -> Iterator[Finding]:  # fmt: skip
    """What the rules that test a limit say of the highest day, and do not say of the dose that the diary ends with."""
    causes = {f.cause for f in findings}
    for agent, unit in diary.units.items():
        slips = (s.dose for s in own.slips if s.agent == agent)
        most = max((float(own.medicines[agent].doses.max()), *slips))
        if in_sessions(agent, knowledge) or most <= dose_now(own, agent):
            continue
        that_day = with_dose(left.patient, agent, most, unit, knowledge)
        told = review(that_day, knowledge=knowledge, predict=False, plan=False)
        for finding in _about(diary, told.findings, knowledge):
            limits = any(_names(knowledge.rules[r].when, "over_limit") for r in finding.rules)
            if agent in finding.agents and finding.cause not in causes and limits:
                yield finding


def _names(when: object, key: str) -> bool:
    """Whether a condition of a rule names a test anywhere."""
    if isinstance(when, Mapping):
        return key in when or any(_names(v, key) for v in when.values())
    return isinstance(when, list | tuple) and any(_names(v, key) for v in when)


def _stepped_down(diary: Diary, own: Taken, left: AsTaken, findings: Sequence[Finding], knowledge: Knowledge) -> Iterator[Finding]:  # fmt: skip
    """What is said of a step as large as a fall of the last days, and is not said of the dose after it."""
    since = own.last - timedelta(days=int(knowledge.policy("respond_fall")))
    causes = {f.cause for f in findings}
    for fall in falls(own, knowledge):
        if fall.lasts and fall.after and fall.first >= since and fall.agent not in left.newer:
            told = review(before_fall(left.patient, fall, knowledge), knowledge=knowledge, predict=False, plan=False)
            yield from (f for f in _about(diary, told.findings, knowledge) if fall.agent in f.agents and f.cause not in causes)  # fmt: skip


# ---------------------------------------------------------------- the next step


def next_of(response: Response, diary: Diary, own: Taken, left: AsTaken, whole: Review, first: Reviewed, knowledge: Knowledge) -> Next | None:  # fmt: skip
    """What the answer and the review ask for; ``None`` where they ask for nothing. A dose is given only where the step that is asked for has one, and from
    the dose that the diary ends with."""
    levels = tuple(_levels(diary, own, whole))
    found = asked(response.readings, knowledge, standing(first, own, levels, knowledge))
    if found is None:
        return None
    step, by = found
    planned = _planned(own, diary, left, whole, knowledge) if step.next_dose else None
    if planned is None:
        return Next(next_step=step.next_step, decided_by=by, levels=levels)
    return Next(
        next_step=step.next_step,
        decided_by=by,
        agent=planned.agent,
        unit=diary.units[planned.agent],
        dose_now=dose_now(own, planned.agent),
        dose_next=planned.daily,
        first=planned.first,
        forecasts=tuple(_forecasts(response, diary, own, planned, knowledge)),
        levels=levels,
    )


def standing(first: Reviewed, own: Taken, levels: Sequence[LevelSeen], knowledge: Knowledge) -> frozenset[Standing]:
    """What stands whatever the scales say."""
    out: set[Standing] = {f.tier for f in (*first.findings, *first.stepped_down) if f.tier == "DANGER"}
    out |= {"CHANGE"} if first.above or any(f.tier == "CHANGE" for f in first.findings) else set()
    out |= {"refused"} if first.refused else set()
    ended = [f for f in falls(own, knowledge) if f.lasts]
    out |= {"dose down"} if ended else set()
    out |= {"stopped"} if ended and not any(dose_now(own, a) for a in own.medicines) else set()
    out |= {"level"} if any(not level.explained for level in levels) else set()
    return frozenset(out)


def asked(
    readings: Sequence[Reading], knowledge: Knowledge, stands: frozenset[Standing] = frozenset()
) -> tuple[NextStep, tuple[str, ...]] | None:
    """The first step that fits, and the scales that decide it: none where what stands alone does."""
    for step in knowledge.responses.next_steps.values():
        if step.standing and not stands & set(step.standing):
            continue
        if step.raises and stands & _HOLDS:
            continue
        by = _deciding(step, readings)
        if by is not None:
            return step, by
    return None


_HOLDS: frozenset[Standing] = frozenset({"DANGER", "CHANGE", "refused", "level"})


def _deciding(step: NextStep, readings: Sequence[Reading]) -> tuple[str, ...] | None:
    """The scales whose answers the step asks for; ``None`` where one that it asks for is not there."""
    symptoms, harms = [r for r in readings if not r.harm], [r for r in readings if r.harm]
    groups = [
        [r.scale for r in scored if r.said in answers]
        for answers, scored in ((step.symptoms, symptoms), (step.beside, symptoms), (step.harms, harms))
        if answers
    ]
    if not all(groups):
        return None
    deciding = {scale for group in groups for scale in group}
    return tuple(r.scale for r in readings if r.scale in deciding)


def _planned(own: Taken, diary: Diary, left: AsTaken, whole: Review, knowledge: Knowledge) -> Step | None:
    """The first step of a plan that raises what the diary holds, in its unit; none of what the file changed since."""
    for plan in whole.plan:
        for step in plan.steps:
            if step.agent in own.medicines and step.agent not in left.newer and diary.units[step.agent] == plan.unit:
                now = dose_now(own, step.agent)
                if step.daily > now + _NEAR and step.changed > 0 and step.first >= own.last:
                    return step
    return None


def _forecasts(response: Response, diary: Diary, own: Taken, step: Step, knowledge: Knowledge) -> list[Forecast]:
    place = list(own.medicines).index(step.agent)
    out = []
    for reading in response.readings:
        if reading.beyond is not None:
            scale = knowledge.responses.scales[reading.scale]
            more = read_at(series_of(diary, scale, own), scale, knowledge, place, step.daily)
            out.append(Forecast(scale=reading.scale, harm=reading.harm, more=more))
    return out


def _levels(diary: Diary, own: Taken, whole: Review) -> Iterator[LevelSeen]:
    """Levels of what the diary holds, drawn at the dose that it ends with."""
    for prediction in whole.prediction:
        if prediction.agent not in diary.units:
            continue
        since = max((s.first for s in own.stretches if s.agent == prediction.agent), default=own.first)
        for level in prediction.levels:
            day = date.fromisoformat(level.date)
            if level.used and level.expected is not None and level.low is not None and level.high is not None:
                if day < since > own.first:
                    continue
                yield LevelSeen(
                    agent=prediction.agent,
                    value=level.value,
                    unit=level.unit,
                    day=day,
                    expected=level.expected,
                    low=level.low,
                    high=level.high,
                )
