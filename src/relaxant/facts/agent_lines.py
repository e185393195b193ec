"""What the lines of an agent say of it: in which situation it is, its doses, how often, for how long, and what changes."""

from __future__ import annotations

import math
import sys
from functools import lru_cache

import numpy as np

from relaxant.facts.column import Floats, Mask, anywhere
from relaxant.facts.limits import of_routes
from relaxant.facts.line_kinds import BY_FIELD
from relaxant.facts.lines import (
    KEPT,
    REPLACED,
    ROLES,
    STOPPED,
    STOPPING,
    WEIGHED,
    AgentLines,
    Groups,
    Index,
    grouped,
    reduced,
)
from relaxant.knowledge.agents import Agent

SITUATIONS = ("taking", "starting", "stopping", "stopped")
"""Whom nothing was said of is in none of them; any other value of theirs is unknown."""
_LIMITED = ("daily_high", "daily_per_kg_high", "doses_daily", "single_high", "single_per_kg_high", "weight_missing")
"""What limits are held against: the most in a day and at once, as amounts and by weight, and the number of doses. The first three are sums."""
_DIGITS = 9  # three doses of a third are three doses, and a sum is the same in whichever order it is made

# ---------------------------------------------------------------- what depends on the roles of a person's lines alone, in tables

_Case = frozenset[int]
"""The roles that the lines of one person and agent have. Its number has a bit for each."""
_BIT = 1 << np.array(ROLES)
_CASES = [frozenset(role for role in ROLES if number >> role & 1) for number in range(1 << len(ROLES))]
_CURRENT = frozenset({KEPT, REPLACED})
_DOSED = ({WEIGHED, KEPT}, {REPLACED}, {STOPPING}, {STOPPED})
"""The doses are those of the lines of the first of these that there are: what is to be taken, else what is, else what was."""


def _counts(case: _Case, role: int) -> tuple[bool, ...]:
    """For what a line counts: the doses, the dose before (of what is taken where something is weighed, of what was where nothing is taken), the
    time of being taken and of being stopped, the routes, the time since the first line."""
    taken, stopped = role in _CURRENT, role == STOPPED
    before = WEIGHED in case if taken else stopped and not case & _CURRENT
    return role in next((d for d in _DOSED if case & d), ()), before, taken, stopped, not stopped, taken or stopped


_COUNTS = np.array([[_counts(case, role) for role in ROLES] for case in _CASES])
_DOSES, _BEFORE, _TAKEN, _STOPPED, _ROUTES, _TIME = range(6)


def _situations(case: _Case) -> tuple[bool, ...]:
    """In which of the :data:`SITUATIONS` the agent is, whether it is weighed, and whether that replaces what is taken."""
    taken, weighed = bool(case & _CURRENT), WEIGHED in case
    return (
        taken,
        weighed and not taken,
        STOPPING in case,
        STOPPED in case and not taken,
        weighed,
        {WEIGHED, REPLACED} <= case,
    )


_SITUATIONS = np.array([_situations(case) for case in _CASES])


def _open(case: _Case) -> tuple[float, ...]:
    """Nought where these may be known, NaN where there is none: days since a stop, days of the present dose, the dose before, a change of it that
    is not weighed; and from how many days on the agent is taken or was."""
    taken, weighed = bool(case & _CURRENT), WEIGHED in case
    ended = STOPPED in case and not taken
    least = 0.0 if taken else -sys.float_info.max if ended else math.inf
    known = (ended, taken, weighed if taken else ended, weighed if taken else ended, taken and not weighed)
    return (*(0.0 if one else math.nan for one in known), least)


_OPEN = np.array([_open(case) for case in _CASES])

# ---------------------------------------------------------------- sums and extremes

_FIRST_LARGEST = BY_FIELD["single"]
_SUMMED = ("daily_high", "daily_per_kg_high", "doses_daily", "daily_low", "daily_high", "daily_low")
_SUMS = np.array([BY_FIELD[name] for name in _SUMMED])
_SUMS_OF = np.array([_DOSES, _DOSES, _DOSES, _DOSES, _BEFORE, _BEFORE])
_DURATION = BY_FIELD["duration_days"]
_LARGEST = slice(_FIRST_LARGEST, BY_FIELD["not_licensed"] + 1)
_LARGEST_OF = np.array([_DOSES] * (BY_FIELD["not_licensed"] - _FIRST_LARGEST) + [_ROUTES, _TAKEN, _STOPPED])
_NAMES: tuple[str, ...] = (
    *("daily_high", "daily_per_kg_high", "doses_daily", "daily_low"),
    *("single_high", "single_per_kg_high", "weight_missing"),
    *(*SITUATIONS, "weighed"),
    *("stopped_days", "present_days", "before_high", "before_low"),
    *("as_needed", "modified_release", "capsule", "interval_days", "route_not_licensed"),
    *("current_twice", "dose_known", "duration_days", "dose_drop", "product_changes", "restarting"),
)


def said_of_agents(lines: AgentLines, weight: Floats, known: Mask) -> dict[str, dict[str, Floats]]:
    """Every value that the lines of agents give, by agent and name, for every person; NaN is unknown.

    ``weight`` (kg, NaN where not known) and ``known`` (whether the list of medicines was said) have shape (rows,).
    """
    if not len(lines.row):
        return {}
    groups = grouped(lines, weight, known)
    first, role, days = groups.first, lines.role, lines.days
    case = reduced(np.bitwise_or, _BIT.take(role), first)
    counts = _COUNTS[case.take(groups.of), role].T
    sums = np.where(counts.take(_SUMS_OF, 0), groups.kind.take(_SUMS, 0), 0.0)
    sums = reduced(np.add, sums, first).round(_DIGITS)
    largest = np.where(counts.take(_LARGEST_OF, 0), np.concatenate((groups.kind[_LARGEST], -days)), -np.inf)
    largest = reduced(np.maximum, largest, first)
    regular, modified, capsule, doses, often, not_licensed, latest, stop = largest[3:]
    earliest = reduced(np.fmax, np.where(counts[_TIME], days[0], -np.inf), first)
    twice = reduced(np.add, role <= KEPT, first) > 1
    on_top = None
    if anywhere(~groups.known):
        on_top = ~groups.known & reduced(np.logical_or, lines.beside & (role == WEIGHED), first)
        sums[:2, on_top], sums[2, on_top] = np.inf, np.nan
        twice = np.where(on_top, np.nan, twice)
    situations, unless = _SITUATIONS.take(case, 0).T, _OPEN.take(case, 0).T
    duration = np.where(earliest >= unless[-1], earliest + np.where(situations[3], stop, 0.0), np.nan)
    drop = changes = unless[-2]
    again = situations[-1]
    if anywhere(situations[4]):
        duration = _planned(groups, role, situations, earliest, duration)
        drop, changes, again = _changes(lines, groups, situations, sums, drop)
    present = np.where(latest <= 0, -latest, np.nan)
    dated = np.concatenate((-stop, present, sums[4], sums[5])).reshape(4, -1) + unless[:4]
    others = (
        *(1 - regular, modified, capsule, np.where(doses > 0, -often, np.nan), not_licensed > 0),
        *(twice, np.isfinite(sums[0]), duration, drop, changes, again),
    )
    rest = np.concatenate(others).reshape(len(others), -1)
    table = np.concatenate((sums[:4], largest[:3], situations[:5], dated, rest))
    begins = lines.agent[first].searchsorted(np.arange(len(lines.agents) + 1)).tolist()
    out = {}
    for place, agent in enumerate(lines.agents):
        own = slice(begins[place], begins[place + 1])
        names, values = _NAMES, table[:, own]
        if any(limit.routes for limit in agent.limits):
            by_routes = _by_routes(agent, own, lines, groups, counts[_DOSES], on_top)
            names, values = (*names, *by_routes), np.concatenate((values, list(by_routes.values())))
        out[agent.agent] = _of_everybody(names, values, groups.row[own], len(weight))
    return out


def _of_everybody(names: tuple[str, ...], values: Floats, rows: Index, people: int) -> dict[str, Floats]:
    """The values of those of whom something was said, as columns of everybody; none of what is known of nobody."""
    if len(rows) < people:
        known = np.flatnonzero(np.any(~np.isnan(values), axis=1))
        names, values = tuple(names[place] for place in known.tolist()), values[known]
        everybody = np.full((len(names), people), np.nan)
        everybody[[names.index(situation) for situation in SITUATIONS]] = 0.0
        everybody[:, rows] = values
        values = everybody
    return dict(zip(names, values, strict=True))


def _by_routes(
    agent: Agent, own: slice, lines: AgentLines, groups: Groups, used: Mask, on_top: Mask | None
) -> dict[str, Floats]:
    """What limits are held against again, of an agent's lines by the routes alone that one of them counts; and whether there are such lines."""
    counted = {limit.routes for limit in agent.limits if limit.routes}
    first = groups.first
    here = slice(first[own.start], first[own.stop] if own.stop < len(first) else len(used))
    heads = first[own] - first[own.start]
    by_these = used[here] & np.array([lines.kinds.by_routes(routes) for routes in counted])[:, lines.kind[here]]
    given = reduced(np.logical_or, by_these, heads)
    kind, each = groups.kind[:, here], by_these[:, None]
    sums = reduced(np.add, np.where(each, kind[:3], 0.0), heads).round(_DIGITS)
    largest = reduced(np.maximum, np.where(each, kind[_FIRST_LARGEST : _FIRST_LARGEST + 3], 0.0), heads)
    out: dict[str, Floats] = {}
    for place, routes in enumerate(counted):
        if on_top is not None:
            open_ones = on_top[own] & given[place]
            sums[place, :2, open_ones], sums[place, 2, open_ones] = np.inf, np.nan
        values = np.concatenate((given[place][None], sums[place], largest[place]))
        out.update(zip(_names_of(routes), values, strict=True))
    return out


@lru_cache
def _names_of(routes: tuple[str, ...]) -> list[str]:
    return [f"{name}{of_routes(routes)}" for name in ("given", *_LIMITED)]


# ---------------------------------------------------------------- what is weighed


def _planned(groups: Groups, role: Index, situations: Mask, earliest: Floats, duration: Floats) -> Floats:
    """For how long it is or is to be taken: as weighed, where it was not said since when it is."""
    planned = np.where(role == WEIGHED, groups.kind[_DURATION], -np.inf)
    every, some = reduced(np.maximum, planned, groups.first), reduced(np.fmax, planned, groups.first)
    since_unsaid = situations[0] & ~(earliest > -np.inf) & (some > 0)
    begun = situations[1] > situations[3]
    return np.where(since_unsaid, some, np.where(begun, every, duration))


def _changes(
    lines: AgentLines, groups: Groups, situations: Mask, sums: Floats, staying: Floats
) -> tuple[Floats, Floats, Floats]:
    """How far a day's dose falls against the dose before, whether the product changes, and whether it is begun again."""
    _, starting, _, stopped, weighed, replaces = situations
    high, low, before_high, before_low = sums[0], sums[3], sums[4], sums[5]
    certain = weighed & (before_low == before_high) & (low == high) & (before_low > 0)
    drop = np.where(certain, 1 - low / np.where(certain, before_low, 1.0), staying)
    again = np.where(groups.known | ~starting | stopped, starting & stopped, np.nan)
    changes, kind, products = staying, lines.kind, lines.kinds.products
    if anywhere(replaces):  # few, and only at a bedside
        changes = staying.copy()
        for group in replaces.nonzero()[0].tolist():
            old, new = (
                {products[k] for k in kind[(groups.of == group) & (lines.role == role)].tolist()}
                for role in (REPLACED, WEIGHED)
            )
            if all(form is not None for form, _ in old | new):
                changes[group] = float(old != new)
    return drop, changes, again
