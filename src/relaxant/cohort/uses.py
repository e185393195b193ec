"""Who takes which agent at the looks of a period, and who began it anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from relaxant.cohort.looks import Looks
from relaxant.cohort.period import Period
from relaxant.cohort.tally import STOPPED, TAKING
from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.rules.ragged import Index

NEVER = np.iinfo(np.int32).max
"""A day that never comes."""


class Uses(msgspec.Struct, frozen=True):
    """One agent at the looks: who takes it, how long ago it was stopped (NaN: it was not), and the looks at which it was begun anew."""

    agent: str
    taking: Mask
    stopped_days: Floats
    new: Mask


def uses_of(facts: Facts, looks: Looks, period: Period) -> Iterator[Uses]:
    """Every agent that somebody has at some look."""
    for agent, own in facts.inputs.agents.items():
        taking = own[TAKING] == 1
        stopped = np.where(own[STOPPED] == 1, facts.agent_number(agent, "stopped_days"), np.nan)
        duration = facts.agent_number(agent, "duration_days")
        yield Uses(agent, taking, stopped, _new_use(taking, stopped, duration, looks, period))


def _new_use(taking: Mask, stopped_days: Floats, duration: Floats, looks: Looks, period: Period) -> Mask:
    """The looks at which an agent was begun, without it in the washout before; the registry knows the person for as long."""
    first, _ = period.days
    here = np.arange(looks.rows)
    taken = np.where(taking, here, -1)
    latest = np.maximum.accumulate(taken)
    before = np.append(-1, latest[:-1])  # the last look before at which it was taken, of whomever
    own = before >= looks.first[looks.person]
    last_day = np.where(own, looks.end[np.maximum(before, 0)], -NEVER).astype(np.float64)
    said = np.append(np.nan, (looks.day - stopped_days)[:-1])
    last_day = np.where(~looks.begins & ~np.isnan(said), np.fmax(last_day, said), last_day)
    begun = taking & np.where(looks.begins, duration == 0, ~np.append(False, taking[:-1]))
    known = looks.followed[looks.person]
    clean = (looks.day - last_day > period.washout) & ~(known > looks.day - period.washout)
    return begun & clean & (looks.day >= first)


def first_uses(uses: Sequence[Uses], looks: Looks) -> Index:
    """The day on which each person first began an agent anew; a day that never comes for those who did not."""
    anew = np.zeros(looks.rows, bool)
    for use in uses:
        anew |= use.new
    return first_of(anew, looks, looks.day, NEVER)


def first_of(here: Mask, looks: Looks, values: Index, nobody: int) -> Index:
    """The value of each person's first look of some; ``nobody`` where there is none."""
    out = np.full(looks.people, nobody, np.intp)
    rows = np.flatnonzero(here)[::-1]
    out[looks.person[rows]] = values[rows]
    return out
