"""Where the usual dose of what is taken daily went down: for good, or as a gap that is longer than a lapse."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.response.taken import Stretch, Taken, onset_of


class Fall(msgspec.Struct, frozen=True, kw_only=True):
    """The dose a day ``before`` and ``after`` in ``unit``, from ``first`` on, for so many ``days``. ``lasts`` where it is the dose of the diary's end."""

    agent: str
    unit: str
    before: float
    after: float
    first: date
    days: int
    lasts: bool


def falls(taken: Taken, knowledge: Knowledge) -> tuple[Fall, ...]:
    """Every fall of the usual dose, by agent and day."""
    return tuple(
        Fall(
            agent=agent,
            unit=now.unit,
            before=before.dose,
            after=now.dose,
            first=now.first,
            days=now.days,
            lasts=now is own[-1],
        )
        for agent in taken.medicines
        for own in [tuple(daily(taken, agent, knowledge))]
        for before, now in itertools.pairwise(own)
        if now.dose < before.dose
    )


def in_sessions(agent: str, knowledge: Knowledge) -> bool:
    """Whether what one dose brings lasts and fades, so that no day has a usual dose."""
    onset = onset_of(agent, knowledge)
    return onset is not None and onset.fades is not None


def daily(taken: Taken, agent: str, knowledge: Knowledge) -> Iterator[Stretch]:
    """The stretches of what is taken day by day, in order; none of what is given in sessions."""
    if not in_sessions(agent, knowledge):
        yield from (s for s in taken.stretches if s.agent == agent)


def last_stretch(taken: Taken, agent: str) -> Stretch | None:
    """The last days of one usual dose; of what is given in sessions the last session. ``None`` where none was given."""
    return next((s for s in reversed(taken.stretches) if s.agent == agent), None)


def dose_now(taken: Taken, agent: str) -> float:
    """The dose a day of the last usual stretch; of what is given in sessions that of the last."""
    last = last_stretch(taken, agent)
    return 0.0 if last is None else last.dose
