"""A diary answered for one person: what it says, and what it changes at the next step of a plan: which step the answer asks for, what the doses so
far foretell of it, what a level adds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.diary import Diary
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import NextStep
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.planning.plan import Step
from relaxant.response.next import Forecast, LevelSeen, Next
from relaxant.response.person import Person, person_of
from relaxant.response.reading import Reading, read_at
from relaxant.response.response import Response, respond
from relaxant.response.series import series_of
from relaxant.response.taken import Taken, taken
from relaxant.reviewing import Review, review

_NEAR = 1e-6


def answer(
    diary: Diary,
    patient: Patient | None,
    knowledge: Knowledge,
    *,
    conditions: frozenset[str] = frozenset(),
    randomised: bool = False,
    blinded: bool = False,
) -> Response:
    """The answer of a diary with its next step. ``conditions``, by id, come on top of those of the ``patient``. Raises :class:`InputError`."""
    known = Person() if patient is None else person_of(patient, read_medicines(patient, knowledge), knowledge)
    told = known.told or bool(conditions)
    person = msgspec.structs.replace(known, conditions=known.conditions | conditions, told=told)
    label = diary.label or (patient.label if patient else None)
    named = msgspec.structs.replace(diary, label=label)
    found = respond(named, knowledge, person=person, randomised=randomised, blinded=blinded)
    medicated = patient is not None and (patient.medicines or patient.considering)
    reviewed = review(patient, knowledge=knowledge) if patient is not None and medicated else None
    return msgspec.structs.replace(found, next=next_of(found, diary, reviewed, knowledge))


def next_of(response: Response, diary: Diary, review: Review | None, knowledge: Knowledge) -> Next | None:
    """What the answer asks for; ``None`` where it asks for nothing. ``review`` of the same person, whose plan is taken on."""
    found = asked(response.readings, knowledge)
    if found is None:
        return None
    step, by = found
    own = taken(diary, knowledge)
    planned = None if review is None else _planned(own, diary, review)
    if planned is None:
        return Next(next_step=step.next_step, decided_by=by)
    agent, dose = planned.agent, float(own.medicines[planned.agent].doses[-1])
    return Next(
        next_step=step.next_step,
        decided_by=by,
        agent=agent,
        unit=diary.units[agent],
        dose_now=dose,
        dose_next=planned.daily,
        first=planned.first,
        forecasts=tuple(_forecasts(response, diary, own, planned, knowledge)),
        levels=() if review is None else tuple(_levels(agent, review)),
    )


def asked(readings: Sequence[Reading], knowledge: Knowledge) -> tuple[NextStep, tuple[str, ...]] | None:
    """The first step that fits the answers, and the scales that decide it."""
    for step in knowledge.responses.next_steps.values():
        by = tuple(r.scale for r in readings if r.said in (step.harms if r.harm else step.symptoms))
        if by:
            return step, by
    return None


def _planned(own: Taken, diary: Diary, review: Review) -> Step | None:
    """The first step of a plan that raises what the diary holds, in its unit."""
    for plan in review.plan:
        for step in plan.steps:
            if step.agent in own.medicines and diary.units[step.agent] == plan.unit:
                now = float(own.medicines[step.agent].doses[-1])
                if step.daily > now + _NEAR and step.changed > 0:
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


def _levels(agent: str, review: Review) -> list[LevelSeen]:
    return [
        LevelSeen(
            value=level.value,
            unit=level.unit,
            day=date.fromisoformat(level.date),
            expected=level.expected,
            low=level.low,
            high=level.high,
        )
        for prediction in review.prediction
        if prediction.agent == agent
        for level in prediction.levels
        if level.used and level.expected is not None and level.low is not None and level.high is not None
    ]
