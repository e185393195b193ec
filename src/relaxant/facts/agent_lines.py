"""What the lines of an agent say of it: in which situation it is, its doses, how often, for how long, and what changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relaxant.facts.column import Floats, Mask, anywhere
from relaxant.facts.limits import of_routes
from relaxant.facts.line_kinds import BY_FIELD
from relaxant.facts.lines import CURRENT, KEPT, REPLACED, STOPPED, WEIGHED, AgentLines, Groups, Index, grouped, reduced
from relaxant.knowledge.schema import Agent

SITUATIONS = ("taking", "starting", "stopping", "stopped")
"""Whom nothing was said of is in none of them; any other value of theirs is unknown."""
_RANK = np.array([0, 0, 1, 2, 3])
"""By role: the doses are those of the lines of the first rank that there are."""
_LIMITED = ("daily_high", "daily_per_kg_high", "doses_daily", "single_high", "single_per_kg_high", "weight_missing")
"""What limits are held against: the most in a day and at once, as amounts and by weight, and the number of doses. The first three are sums."""
_SUMMED, _LARGEST = slice(0, BY_FIELD["single"]), slice(BY_FIELD["single"], BY_FIELD["least"])
_LIMITED_SUMS, _LIMITED_LARGEST = slice(0, 3), slice(BY_FIELD["single"], BY_FIELD["single"] + 3)
_LOW, _DAILY = BY_FIELD["daily_low"], [BY_FIELD["daily_high"], BY_FIELD["daily_low"]]
_CURRENT_STOPPED = [CURRENT, STOPPED]


def said_of_agents(lines: AgentLines, weight: Floats, known: Mask) -> dict[str, dict[str, Floats]]:
    """Every value that the lines of agents give, by agent and name, for every person; NaN is unknown.

    ``weight`` (kg, NaN where not known) and ``known`` (whether the list of medicines was said) have shape (rows,).
    """
    if not len(lines.row):
        return {}
    groups = grouped(lines, weight, known)
    first, which = groups.first, groups.which
    rank = _RANK[lines.role]
    used = rank == reduced(np.minimum, rank, first)[groups.of]
    summed = reduced(np.add, np.where(used, groups.kind[_SUMMED], 0.0), first)
    largest = reduced(np.maximum, np.where(used, groups.kind[_LARGEST], -np.inf), first)
    twice = reduced(np.add, lines.role <= KEPT, first) > 1
    on_top = None
    if not groups.known.all():
        on_top = ~groups.known & reduced(np.logical_or, lines.beside & which[WEIGHED], first)
        summed[:2, on_top], summed[2, on_top] = np.inf, np.nan
        twice = np.where(on_top, np.nan, twice)
    said = {
        **dict(zip(_LIMITED, (*summed[:3], *largest[:3]), strict=True)),
        "taking": groups.current,
        "starting": groups.weighed > groups.current,
        "stopping": groups.stopping,
        "stopped": groups.stopped > groups.current,
        "weighed": groups.weighed,
        "current_twice": twice,
        "dose_known": np.isfinite(summed[0]),
        "route_not_licensed": reduced(np.logical_or, groups.field("not_licensed") > which[STOPPED], first),
        **_manner(largest[3:], summed[2]),
        **_days(groups),
        **_changes(groups, summed),
    }
    table = np.concatenate(list(said.values())).reshape(len(said), -1)
    begins = lines.agent[first].searchsorted(np.arange(len(lines.agents) + 1)).tolist()
    out = {}
    for place, agent in enumerate(lines.agents):
        own = slice(begins[place], begins[place + 1])
        names, values = list(said), table[:, own]
        if by_routes := _by_routes(agent, own, groups, used, on_top):
            names, values = names + list(by_routes), np.concatenate((values, list(by_routes.values())))
        out[agent.agent] = _of_everybody(names, values, groups.row[own], len(weight))
    return out


def _of_everybody(names: Sequence[str], values: Floats, rows: Index, people: int) -> dict[str, Floats]:
    """The values of those of whom something was said, as columns of everybody."""
    if len(rows) < people:
        everybody = np.full((len(names), people), np.nan)
        everybody[[names.index(situation) for situation in SITUATIONS]] = 0.0
        everybody[:, rows] = values
        values = everybody
    return dict(zip(names, values, strict=True))


def _manner(largest: Floats, doses_daily: Floats) -> dict[str, Floats]:
    """How it is taken: as needed, as which product, every how many days."""
    regular, modified, capsule, doses, often = largest
    interval = np.where(doses == 1, -often, np.nan)
    return {
        "as_needed": 1 - regular,
        "modified_release": modified,
        "capsule": capsule,
        "dose_interval_days": np.where((interval <= 1) & (doses_daily > 1), 1 / np.fmax(doses_daily, 1), interval),
    }


def _days(groups: Groups) -> dict[str, Floats]:
    """Since when it is taken, or since when it is not, and for how long it was or is to be."""
    days, which, current, ended = groups.lines.days, groups.which, groups.current, groups.stopped > groups.current
    said = (which[CURRENT] | which[STOPPED]) & (days[0] == days[0])
    earliest = reduced(np.maximum, np.where(said, days[0], -np.inf), groups.first)
    latest, stop = reduced(np.minimum, np.where(which[_CURRENT_STOPPED], days, np.inf), groups.first)
    since = np.where(earliest >= 0, earliest, np.nan)
    told = earliest > -np.inf
    duration = np.where(current, since, np.where(ended & told, earliest - stop, np.nan))
    if anywhere(groups.weighed):
        planned = np.where(which[WEIGHED], groups.field("duration_days"), -np.inf)
        any_planned = reduced(np.fmax, planned, groups.first)
        duration = np.where(current & ~told & (any_planned > 0), any_planned, duration)
        whole = groups.weighed & ~current & ~ended
        duration = np.where(whole, reduced(np.maximum, planned, groups.first), duration)
    return {
        "stopped_days": np.where(ended, stop, np.nan),
        "duration_days": duration,
        "present_days": np.where(current & (latest >= 0), latest, np.nan),
    }


def _changes(groups: Groups, summed: Floats) -> dict[str, Floats]:
    """What is certain of a day's dose, and against the dose before: how far it falls, whether the product changes, whether it is begun again."""
    current, weighed, stopped, low = groups.current, groups.weighed, groups.stopped, summed[_LOW]
    of_roles = np.where(groups.which[_CURRENT_STOPPED][:, None], groups.kind[_DAILY], 0.0)
    before = np.where(current, *reduced(np.add, of_roles, groups.first))
    before_high, before_low = np.where(np.where(current, weighed, stopped), before, np.nan)
    drop = changes = np.where(current > weighed, 0.0, np.nan)
    again = np.zeros(len(low))
    if anywhere(weighed):
        certain = weighed & (before_low == before_high) & (low == summed[0]) & np.isfinite(low) & (before_low > 0)
        drop = np.where(certain, 1 - low / np.where(certain, before_low, 1.0), drop)
        changes = _product_changes(groups, changes)
        unlisted = weighed & ~(groups.known | stopped | current)
        again = np.where(unlisted, np.nan, weighed & stopped & ~current)
    return {
        "daily_low": low,
        "before_low": before_low,
        "before_high": before_high,
        "dose_drop": drop,
        "product_changes": changes,
        "restarting": again,
    }


def _product_changes(groups: Groups, staying: Floats) -> Floats:
    """Whether what is weighed is of another form or release than what it replaces. Few weigh a change, and only at a bedside."""
    changes, products, kind = staying.copy(), groups.lines.kinds.products, groups.lines.kind
    for group in (groups.replaced & groups.weighed).nonzero()[0].tolist():
        old, new = (
            {products[k] for k in kind[(groups.of == group) & (groups.lines.role == role)].tolist()}
            for role in (REPLACED, WEIGHED)
        )
        if all(form is not None for form, _ in old | new):
            changes[group] = float(old != new)
    return changes


def _by_routes(agent: Agent, own: slice, groups: Groups, used: Mask, on_top: Mask | None) -> dict[str, Floats]:
    """What limits are held against again, of an agent's lines by the routes alone that one of them counts; and whether there are such lines."""
    counted = {limit.routes for limit in agent.limits if limit.routes}
    if not counted:
        return {}
    lines, first = groups.lines, groups.first
    here = slice(first[own.start], first[own.stop] if own.stop < len(first) else len(used))
    heads = first[own] - first[own.start]
    by_these = used[here] & np.array([lines.kinds.by_routes(routes) for routes in counted])[:, lines.kind[here]]
    given = reduced(np.logical_or, by_these, heads)
    summed = reduced(np.add, np.where(by_these[:, None], groups.kind[_LIMITED_SUMS, here], 0.0), heads)
    largest = reduced(np.maximum, np.where(by_these[:, None], groups.kind[_LIMITED_LARGEST, here], 0.0), heads)
    out: dict[str, Floats] = {}
    for place, routes in enumerate(counted):
        if on_top is not None:
            open_ones = on_top[own] & given[place]
            summed[place, :2, open_ones], summed[place, 2, open_ones] = np.inf, np.nan
        values = (given[place].astype(np.float64), *summed[place], *largest[place])
        out |= {f"{name}{of_routes(routes)}": value for name, value in zip(("given", *_LIMITED), values, strict=True)}
    return out
