"""The tally of a period: each person counts once, with what was seen on any day of it on which they were looked at."""

from __future__ import annotations

import msgspec
import numpy as np

from relaxant.cohort.looks import Looks
from relaxant.cohort.over_time import OverTime
from relaxant.cohort.period import Period
from relaxant.cohort.tally import (
    STOPPED,
    TAKING,
    FoundKey,
    People,
    Screened,
    Tally,
    Wanting,
    counts_of_rules,
    found_by_sex_and_age,
    known_inputs,
    sex_and_age,
)
from relaxant.facts.column import Mask
from relaxant.knowledge.schema import TIERS
from relaxant.rules.columns import Fired, Questions, lacking
from relaxant.rules.ragged import Index
from relaxant.rules.tiers import RANK

NOT_NEW = "no new use of a relaxant in the period"


def tally_of_period(looks: Looks, said: Screened, counts: Mask, period: Period, over_time: OverTime) -> Tally:
    """The counts of the people of one batch who are looked at in the period. ``counts``: the looks at which they count (shape: looks), those of the period; in a
    screen of new users from the first use on."""
    facts, inputs = said.checks.facts, said.checks.facts.inputs
    first, last = period.days
    seen = looks.of_people(counts)
    in_period = looks.of_people(looks.day >= first)
    rows = looks.first.copy()  # the last look at each that counts
    rows[looks.person[counts]] = np.flatnonzero(counts)
    usable = np.flatnonzero(seen)
    place = np.full(looks.people, -1, np.intp)  # among those with a relaxant
    place[usable] = np.arange(len(usable))
    everybody = People(
        looks.person_id[usable],
        inputs.truths["female"][rows[usable]],
        inputs.numbers["age"][rows[usable]],
        np.arange(len(usable)),
    )
    sex_age = sex_and_age(everybody, facts.knowledge)
    person = np.where(counts, place[looks.person], -1)
    found = _by_person(said.fired, person)
    asked = _asked(said.questions, person)
    unsure, worst = np.unique(asked.row), np.full(len(usable), len(TIERS), np.int8)
    np.minimum.at(worst, found.row, found.tier)
    year = looks.day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.intp) + 1970
    by_year: dict[FoundKey, int] = {}
    for one in np.unique(year[counts]).tolist():
        of_year = _by_person(said.fired, np.where(year == one, person, -1))
        by_year |= found_by_sex_and_age(of_year, sex_age, everybody.asked, one)
    not_new = int(np.count_nonzero(in_period & ~seen))

    def persons(here: Mask) -> int:
        return int(np.count_nonzero(looks.of_people(here & counts)))

    everywhere = np.arange(looks.rows)
    every = People(looks.person_id[looks.person], inputs.truths["female"], inputs.numbers["age"], everywhere)
    taking = np.zeros(looks.rows, bool)
    for own in inputs.agents.values():
        taking |= own[TAKING] == 1
    return Tally(
        persons=int(np.count_nonzero(in_period)),
        rejected={NOT_NEW: not_new} if not_new else {},
        checked=len(usable) - len(unsure),
        unchecked=len(unsure),
        now=persons(taking & (looks.day == last)),
        everybody=sex_age.counted(slice(None)),
        with_relaxant=sex_age.counted(slice(None)),
        with_finding=sex_age.counted(np.unique(found.row)),
        agents={
            (agent, situation): count
            for agent, own in inputs.agents.items()
            for situation in (TAKING, STOPPED)
            if (count := persons(own[situation] == 1))
        },
        known={name: persons(known) for name, known in known_inputs(facts, every)},
        found=by_year,
        rules=counts_of_rules(found),
        worst={tier: n for tier, n in zip(TIERS, np.bincount(worst, minlength=len(TIERS)).tolist(), strict=False) if n},
        wanting={one.need: Wanting(one.people, one.checks, RANK[one.worst]) for one in lacking(asked)},
        over_time=over_time,
    )


def _by_person(found: Fired, person: Index) -> Fired:
    """What fired, each once a person, rule of an agent and tier; the row is the person's (-1: does not count). Only ``row``, ``test`` and ``tier`` mean something."""
    whose = person[found.row]
    here = whose >= 0
    size = len(found.tests) * len(TIERS)
    key = np.unique(whose[here] * size + found.test[here] * len(TIERS) + found.tier[here])
    return msgspec.structs.replace(
        found, row=key // size, test=key % size // len(TIERS), tier=(key % len(TIERS)).astype(np.int8)
    )


def _asked(asked: Questions, person: Index) -> Questions:
    """What could not be checked, each input once a person: with the most checks that waited for it on one day, and the gravest."""
    whose = person[asked.row]
    here = np.flatnonzero(whose >= 0)
    key = whose[here] * max(1, len(asked.names)) + asked.need[here]
    order = np.argsort(key, kind="stable")
    key = key[order]
    begins = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    if not len(begins):
        none = np.empty(0, np.intp)
        return Questions(none, none, np.empty(0, np.int8), none, asked.names)
    return Questions(
        key[begins] // len(asked.names),
        key[begins] % len(asked.names),
        np.minimum.reduceat(asked.tier[here][order], begins),
        np.maximum.reduceat(asked.checks[here][order], begins),
        asked.names,
    )
