"""When somebody is worse: what explains it, in the order in which it is asked. More medicine comes last."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.response.falls import Fall, falls
from relaxant.response.person import Person
from relaxant.response.taken import Taken


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """An explanation, by id. ``less_days``: on how many days of the diary less than the usual dose was taken, and ``falls``: where the usual dose itself
    went down, where that is what it asks. ``on_record``: conditions of the person, by id, and ``started``: ingredients begun lately, that make it likely;
    ``risen``: markers of disease, by id, that rose, where they do."""

    worsening: str
    less_days: int | None = None
    falls: tuple[Fall, ...] = ()
    on_record: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    risen: tuple[str, ...] = ()


def reasons(taken: Taken, person: Person, knowledge: Knowledge) -> tuple[Reason, ...]:
    """All that is asked of this person, in order."""
    lately = int(knowledge.policy("respond_lately"))
    since = taken.last - timedelta(days=lately)
    begun = [name for name, day in person.started.items() if since <= day <= taken.last]
    down = falls(taken, knowledge)
    ended = tuple(f for f in down if f.lasts)
    seen = {"missed doses": down, "dose down": ended, "": ()}
    return tuple(
        Reason(
            worsening=own.worsening,
            less_days=taken.less if own.measured == "missed doses" else None,
            falls=seen[own.measured],
            on_record=tuple(c for c in own.conditions if c in person.conditions),
            started=tuple(p for p in own.partners if p in begun),
            risen=person.risen if own.markers else (),
        )
        for own in knowledge.responses.worsenings.values()
        if (person.pump or not own.pump) and (ended or own.measured != "dose down")
    )
