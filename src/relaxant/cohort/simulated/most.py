"""The most that each person may go on with: :mod:`relaxant.planning.dose`, asked once of all who have the same bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import msgspec
import numpy as np

from relaxant.facts.column import Floats, Mask
from relaxant.facts.facts import Facts
from relaxant.facts.limits import ceilings
from relaxant.facts.members import Members
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.planning.dose import MEASURED, leaves, most_at_once, most_taken, room
from relaxant.planning.plan import ShownBound
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN
from relaxant.rules.predicate import Clauses, read_predicate
from relaxant.rules.ragged import Index
from relaxant.rules.wording import capital, shown_agent_name

_BY_AGE = ("daily", "daily_soft", "single", "single_soft", "daily_per_kg", "daily_per_kg_soft", "single_per_kg", "doses_daily", "least_age")  # fmt: skip
_SLOT = re.compile(r"\{\w+\}")
_OWN = "…"  # in place of each person's own value


class Most(msgspec.Struct, frozen=True):
    """The most in a ``day`` and at ``once`` in the agent's dose unit, infinite where nothing bounds it, and who should be taken off the agent (``leave``). ``bounds`` are
    those that decide for somebody, each with of how many. Shapes (people,)."""

    day: Floats
    once: Floats
    leave: Mask
    bounds: tuple[tuple[ShownBound, int], ...]


def most_of(agent: str, facts: Facts, rows: Index) -> Most:
    """The most of an agent for the people of some rows."""
    day, once = np.full(len(rows), math.inf), np.full(len(rows), math.inf)
    leave = np.zeros(len(rows), bool)
    deciding: dict[str, tuple[ShownBound, int]] = {}
    signature = np.stack([column[rows] for column in _asked(agent, facts)], axis=1)
    _, first, group = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    for number, representative in enumerate(rows[first].tolist()):
        alike = group == number
        stands = room(agent, facts, representative)
        held = most_taken(stands)
        day[alike] = math.inf if held is None else held
        once[alike] = most_at_once(stands)
        leave[alike] = leaves(agent, facts, representative)
        for bound in stands.bounds:
            if _lowers(bound):
                known = deciding.get(bound.id, (bound, 0))
                deciding[bound.id] = known[0], known[1] + int(np.count_nonzero(alike))
    bounds = (
        (_of_nobody(bound, agent, facts), count) for bound, count in (deciding[name] for name in sorted(deciding))
    )
    return Most(day, once, leave, tuple(bounds))


def _of_nobody(bound: ShownBound, agent: str, facts: Facts) -> ShownBound:
    """A bound in the words that it has for everybody, without the values of the person of whom it was asked."""
    own = facts.knowledge.plans.dose_bounds.get(bound.id)
    if own is None:
        return bound
    why = _SLOT.sub(lambda slot: shown_agent_name(agent, facts) if slot[0] == "{agent}" else _OWN, own.why)
    return msgspec.structs.replace(bound, why=capital(why))


def _lowers(bound: ShownBound) -> bool:
    """Whether a bound holds and bounds what somebody takes who takes it already; a measured exposure does not, as in :func:`relaxant.planning.dose.ceiling`."""
    held = not bound.open and not bound.soft and bound.value is not None
    if bound.kind == "share":
        return held and not bound.id.startswith(MEASURED)
    return held and bound.decides and bound.kind in ("daily", "single")


def _asked(agent: str, facts: Facts) -> Iterator[Floats]:
    """Everything about a person that a bound of the agent asks, as numbers: people for whom all are the same have the same bounds."""
    yield np.zeros(facts.rows)
    weighed = np.zeros(facts.rows, bool)
    for kind in _BY_AGE:
        for ceiling in ceilings(facts.knowledge, facts.jurisdiction, agent, kind):
            youngest, oldest = (0.0, ceiling.value) if kind == "least_age" else (ceiling.age_from, ceiling.age_to)
            surely, maybe = facts.age_band(youngest, oldest)
            yield np.add(surely, maybe, dtype=np.float64)
            if kind.endswith(("per_kg", "per_kg_soft")):
                weighed = weighed | maybe
    weight = facts.column("weight")
    yield np.where(weighed & weight.known, weight.low, np.where(weighed, -1.0, 0.0))
    for bound in facts.knowledge.plans.dose_bounds.values():
        if agent in bound.agents and holds_in(bound, facts.jurisdiction):
            yield answers(read_predicate(bound.when, agent, bound.bound), facts)
    for exposure in facts.knowledge.exposures_of(agent):
        if exposure.kind == "interaction" and exposure.verified and exposure.partner in facts.intake:
            here, may_be = facts.taking(exposure.partner, Members({exposure.partner: (None, 0.0)}))
            yield here + may_be


def answers(clauses: Clauses, facts: Facts) -> Floats:
    """The three-valued answer of everybody, as :func:`relaxant.rules.asked.asked` has it of one."""
    out = np.full(facts.rows, float(SILENT))
    for clause in clauses:
        surely, maybe = np.ones(facts.rows, bool), np.ones(facts.rows, bool)
        for leaf in clause:
            column = facts.column(leaf.column)
            at_least, may_reach = column.low >= leaf.threshold, column.high >= leaf.threshold
            surely &= ~may_reach if leaf.below else at_least
            maybe &= ~at_least if leaf.below else may_reach
        out = np.where(surely | (out == FIRES), FIRES, np.where(maybe | (out == UNKNOWN), UNKNOWN, out))
    return out
