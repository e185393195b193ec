"""The facts of an agent: its situation, partners, doses, limits, exposure, and whether it suits the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from relaxant.facts.column import (
    SAID,
    Column,
    Floats,
    Mask,
    Methods,
    anywhere,
    between,
    gather_needs,
    number,
    truth,
    yes_no,
)
from relaxant.facts.derive import values
from relaxant.facts.inputs import full
from relaxant.facts.limits import LIMITED, Ceiling, bounds_by_routes, for_every_age, plain_kind
from relaxant.facts.members import Members, partners
from relaxant.facts.names import AGENT_FACTS, TAKEN_FOR, amount_unit
from relaxant.facts.pace import raised_beyond_step, raised_too_soon
from relaxant.facts.suitability import unestablished, unsuited

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts

_LINE: Methods = (("as read from the line", None),)
_LARGEST: Methods = (("the largest dose of the line", None),)
_LARGEST_BY_WEIGHT: Methods = (("the largest dose of the line, by weight", None),)
_MOST: Methods = (("the most that the line allows", None),)
_PUMP: Methods = (("from the pump as described and its line", None),)
_OF_PUMP = {
    "pump_flow": ("pump_concentration", 0.0),
    "refill_in_days": ("reservoir", -np.inf),
    "reservoir_volume": ("reservoir", 0.0),
    "reservoir_days": ("reservoir", 0.0),
    "reservoir_gap": ("reservoir", 0.0),
    "expected_days": ("reservoir", 0.0),
    "dose_rise": ("", -1.0),
    "first_day_ratio": ("test_dose", 0.0),
}
"""Numbers of a pump that may lie between two: what would settle each (its dose, where nothing is named) and the least it can be."""
_MOST_BY_WEIGHT: Methods = (("the most that the line allows, by weight", None),)


def agent_column(facts: Facts, agent: str, name: str) -> Column:
    """One fact of an agent, by its name. Raises :class:`KeyError` for a name that is no fact."""
    kind, colon, rest = name.partition(":")
    if colon:
        return _BY_KIND[kind](facts, agent, rest)
    fact, by, routes = name.partition("@")
    if fact not in AGENT_FACTS or (by and fact not in LIMITED.values()):
        raise KeyError(f"{agent}:{name}")
    maker = _MAKERS.get(fact)
    return _as_said(facts, agent, fact, f"{by}{routes}") if maker is None else maker(facts, agent, f"{by}{routes}")


def _with(facts: Facts, agent: str, clause: str) -> Column:
    """How many medicines of a set are taken beside the agent."""
    return facts.count_members(partners(facts.knowledge, f"{agent}:with:{clause}"))


def _taken_for(facts: Facts, agent: str, role: str) -> Column:
    """For how long the medicine of a role that was begun last has been taken: nought where one is only weighed, endless where none is."""
    chosen = partners(facts.knowledge, f"{agent}:with:{role}||")
    low, high = full(facts.rows, np.inf), full(facts.rows, np.inf)
    for name in facts.taken_of(chosen):
        surely, maybe = (who == 1 for who in facts.taking(name, chosen))
        days = facts.taken_days(name)
        low = np.where(maybe, np.fmin(low, np.where(np.isnan(days), 0.0, days)), low)
        high = np.where(surely, np.fmin(high, np.where(np.isnan(days), np.inf, days)), high)
    low = np.where(facts.inputs.medicines_known & (facts.inputs.unread == 0), low, 0.0)
    needs = {TAKEN_FOR: low != high}
    return Column(low, high, "days", False, _LINE, ("medicines",), None, needs)


def _situation(facts: Facts, agent: str, situations: str) -> Column:
    on, own = situations.split("+"), facts.inputs.agents.get(agent, {})
    here = np.zeros(facts.rows)
    for situation in on:
        if situation in own:
            here = np.maximum(here, own[situation])
    if facts.lists_known:
        return Column(here, here, "", True, SAID, ("medicines",))
    surely = here == 1
    # Where nothing was said of the medicines the agent may be taken, or may have been stopped; what is weighed of it is
    # known, but a stop of its ingredient may be meant for another of its routes.
    unknown = ~facts.inputs.medicines_known & ~surely
    if not {"taking", "stopped"} & set(on):
        named = np.zeros(facts.rows, bool)
        for situation in ("taking", "starting", "stopping", "stopped"):
            if situation in own:
                named |= own[situation] == 1
        unknown = unknown & ~named if "stopping" in on else np.zeros(facts.rows, bool)
    return truth(surely, unknown, needs={"medicines": unknown}, inputs=("medicines",), methods=SAID)


def _unit(facts: Facts, agent: str, fact: str) -> str:
    return amount_unit(fact, facts.knowledge.agents[agent].dose_unit)


def _daily_dose(facts: Facts, agent: str, _of: str) -> Column:
    return _between(facts, agent, "daily", f"how much {agent} is taken in a day")


def _previous_daily_dose(facts: Facts, agent: str, _of: str) -> Column:
    return _between(facts, agent, "before", f"dose of {agent} before")


def _last_session_days(facts: Facts, agent: str, _of: str) -> Column:
    low, high = _session_bounds(facts, agent, "session")
    needs = {f"day of the last session of {agent}": low != high}
    return Column(low, high, "days", False, _LINE, ("medicines",), None, needs)


def _session_bounds(facts: Facts, agent: str, name: str) -> tuple[Floats, Floats]:
    said = facts.sessions(agent)
    return np.fmax(said.get(f"{name}_low", facts.unsaid), 0.0), np.fmin(said.get(f"{name}_high", facts.unsaid), np.inf)


def _most_daily_dose(facts: Facts, agent: str, of: str) -> Column:
    most = _most_in_a_day(facts, agent, f"daily_high{of}")
    return number(most, _unit(facts, agent, "most_daily_dose"), needs=_dose_needs(facts, agent, most), inputs=("medicines",), methods=_MOST)  # fmt: skip


def _most_single_dose(facts: Facts, agent: str, of: str) -> Column:
    single = facts.agent_number(agent, f"single_high{of}")
    return number(single, _unit(facts, agent, "most_single_dose"), needs=_dose_needs(facts, agent, single), inputs=("medicines",), methods=_LARGEST)  # fmt: skip


def _most_daily_dose_per_kg(facts: Facts, agent: str, of: str) -> Column:
    by_weight, most = (_most_in_a_day(facts, agent, f"daily_{which}{of}") for which in ("per_kg_high", "high"))
    return _per_kg(facts, agent, by_weight, most, _unit(facts, agent, "most_daily_dose_per_kg"), _MOST_BY_WEIGHT)


def _most_single_dose_per_kg(facts: Facts, agent: str, of: str) -> Column:
    by_weight, single = (facts.agent_number(agent, f"single_{which}{of}") for which in ("per_kg_high", "high"))
    return _per_kg(facts, agent, by_weight, single, _unit(facts, agent, "most_single_dose_per_kg"), _LARGEST_BY_WEIGHT)


def _duration_days(facts: Facts, agent: str, _of: str) -> Column:
    weighed = facts.agent_number(agent, "starting") == 1
    return number(
        facts.agent_number(agent, "duration_days"),
        AGENT_FACTS["duration_days"].unit,
        needs={f"how long {agent} is to be taken": weighed, f"start date of {agent}": ~weighed},
        inputs=("medicines",),
        methods=_LINE,
    )


def _dose_interval_days(facts: Facts, agent: str, _of: str) -> Column:
    """Days between doses: of the most frequent line, or the day by the number of its doses; endless for what is given once."""
    said, doses = facts.agent_number(agent, "interval_days"), facts.agent_number(agent, "doses_daily")
    several = (said <= 1) & (doses > 1)
    days = np.where(several, 1 / np.fmax(doses, 1.0), said)
    return number(days, AGENT_FACTS["dose_interval_days"].unit, needs=f"dose of {agent}", inputs=("medicines",), methods=_LINE)  # fmt: skip


def _allergic(facts: Facts, agent: str, _of: str) -> Column:
    return facts.column(f"allergy:{facts.knowledge.agents[agent].ingredient}")


_NEEDS = {
    "stopped_days": "stop date of {agent}",
    "restarting": "medicines",
    "present_days": "start date of {agent}",
    "dose_drop": "dose of {agent}",
    "doses_daily": "dose of {agent}",
    "reservoir_at_alarm": "reservoir",
    "filling_days": "refilled",
    "pump_mixed": "pump",
}
"""What would settle a fact that stands as it was said; the product, where nothing is named."""


def _as_said(facts: Facts, agent: str, name: str, of: str) -> Column:
    """A fact of an agent's lines as they say it; with ``of``, of those by some routes alone."""
    if name in _OF_PUMP:
        return _of_pump(facts, agent, name)
    said, fact = facts.agent_number(agent, f"{name}{of}"), AGENT_FACTS[name]
    need = _NEEDS.get(name, "the {agent} product").format(agent=agent)
    if fact.truth:
        return yes_no(said, need)
    return number(said, fact.unit, needs=need, inputs=("medicines",), methods=_LINE)


def _between(facts: Facts, agent: str, which: str, need: str) -> Column:
    """A daily dose of the agent's line: what is certain of it and the most that it allows."""
    low = np.fmax(facts.agent_number(agent, f"{which}_low"), 0.0)
    high = np.fmin(facts.agent_number(agent, f"{which}_high"), np.inf)
    unsettled, unweighed = low != high, facts.agent_number(agent, "weight_missing") == 1
    needs = {need: unsettled & ~unweighed, "weight": unsettled & unweighed}
    return Column(low, high, _unit(facts, agent, "daily_dose"), False, _LINE, ("medicines",), None, needs)


def _units_of_sessions(facts: Facts, agent: str, _of: str) -> Column:
    return _of_sessions(facts, agent, by_weight=False)


def _units_of_sessions_per_kg(facts: Facts, agent: str, _of: str) -> Column:
    return _of_sessions(facts, agent, by_weight=True)


def _of_sessions(facts: Facts, agent: str, *, by_weight: bool) -> Column:
    """What the sessions that act together give, by weight where that is asked for."""
    unit = _unit(facts, agent, "units_of_sessions_per_kg" if by_weight else "units_of_sessions")
    low, high = _session_bounds(facts, agent, "sessions")
    listed, endless = facts.inputs.medicines_known, np.isinf(high)
    day = f"day of the last session of {agent}"
    needs = {"medicines": endless & ~listed, f"dose of {agent}": endless & listed, day: ~endless & (low != high)}
    if not by_weight:
        return Column(low, high, unit, False, _LINE, ("medicines",), None, needs)
    weight = facts.column("weight")
    needs["weight"] = ~weight.known
    low, high = (np.where(weight.known, amount / values(weight), end) for amount, end in ((low, 0.0), (high, np.inf)))
    return Column(low, high, unit, False, _LINE, ("medicines", "weight"), None, needs)


def _of_pump(facts: Facts, agent: str, name: str) -> Column:
    """A number of the agent's pump, between the least and the most that it can be."""
    need, least = _OF_PUMP[name]
    low = np.fmax(facts.agent_number(agent, f"{name}_low"), least)
    high = np.fmin(facts.agent_number(agent, f"{name}_high"), np.inf)
    unit = AGENT_FACTS[name].unit
    return Column(low, high, unit, False, _PUMP, ("pump", "medicines"), None, {need or f"dose of {agent}": low != high})


def _most_in_a_day(facts: Facts, agent: str, which: str) -> Floats:
    """The most that the line allows in a day; NaN where it sets no bound."""
    high = facts.agent_number(agent, which)
    return np.where(np.isfinite(high), high, np.nan)


def _dose_needs(facts: Facts, agent: str, value: Floats) -> dict[str, Mask]:
    """What would settle a dose: the weight where it is written by weight, else the dose."""
    unknown, unweighed = np.isnan(value), facts.agent_number(agent, "weight_missing") == 1
    return {f"dose of {agent}": unknown & ~unweighed, "weight": unknown & unweighed}


def _per_kg(facts: Facts, agent: str, by_weight: Floats, amount: Floats, unit: str, methods: Methods) -> Column:
    """A dose by weight: as written, or the amount by the person's weight."""
    weight = facts.column("weight")
    needs = _dose_needs(facts, agent, np.where(np.isnan(by_weight), amount, by_weight))
    needs["weight"] = needs["weight"] | (np.isnan(by_weight) & ~weight.known)
    return number(
        np.where(np.isnan(by_weight), amount / values(weight), by_weight),
        unit,
        needs=needs,
        inputs=("medicines", "weight"),
        methods=methods,
    )


def _exposure(facts: Facts, agent: str, _of: str) -> Column:
    """The greatest measured ratio among the medicines that are surely taken, up to that among those that may be: one that was not understood may be
    any that was measured."""
    low, high, unknown = np.ones(facts.rows), np.ones(facts.rows), ~facts.inputs.medicines_known
    needs = {"medicines": unknown, **facts.unread_needs}
    verified = [e for e in facts.knowledge.exposures_of(agent) if e.verified]
    greatest = max((e.auc_ratio for e in verified if e.kind == "interaction"), default=1.0)
    high = np.where(facts.inputs.unread > 0, np.fmax(greatest, high), high)
    for exposure in verified:
        if exposure.partner in facts.intake:
            here, maybe = facts.taking(exposure.partner, Members({exposure.partner: (None, 0.0)}))
            low = np.where(here == 1, np.maximum(low, exposure.auc_ratio), low)
            high = np.where(maybe == 1, np.maximum(high, exposure.auc_ratio), high)
            needs[f"whether {exposure.partner} is taken"] = ~unknown & (maybe > here)
    return Column(
        np.where(unknown, -np.inf, low),
        np.where(unknown, np.inf, high),
        "",
        False,
        (("greatest measured AUC ratio among the medicines taken", None),),
        ("medicines",),
        None,
        needs,
    )


def _limit(facts: Facts, agent: str, kind: str) -> Column:
    """The lowest of the agent's limits of a kind that hold at the person's age; where the age is not known, between the limits of all ages that it may be."""
    value, least, most = full(facts.rows), full(facts.rows), full(facts.rows)
    for ceiling in facts.ceilings(agent, kind):
        given, may_be_given = _given(facts, agent, ceiling)
        here, maybe = (facts.age_band(ceiling.age_from, ceiling.age_to) if not ceiling.for_all else (~facts.no_one, ~facts.no_one))  # fmt: skip
        value = np.where(here & given, np.fmin(value, ceiling.value), value)
        least = np.where(maybe & may_be_given, np.fmin(least, ceiling.value), least)
        most = np.where(maybe & may_be_given, np.fmax(most, ceiling.value), most)
    unit = facts.knowledge.agents[agent].dose_unit
    units = {
        "single": unit,
        "single_per_kg": f"{unit}/kg",
        "sessions": unit,
        "sessions_per_kg": f"{unit}/kg",
        "daily": f"{unit}/day",
        "daily_per_kg": f"{unit}/kg/day",
        "course": "days",
        "least_age": "years",
    }
    open_age = np.isnan(value) & for_every_age(facts.ceilings(agent, kind))
    return between(
        np.where(open_age, least, value),
        np.where(open_age, most, value),
        units.get(plain_kind(kind), ""),
        needs={"age": np.isnan(value)},
        inputs=("age",),
    )


def _given(facts: Facts, agent: str, ceiling: Ceiling) -> tuple[Mask, Mask]:
    """Who surely and who maybe has a line by one of a limit's routes: of whom no line of the agent is known, one may be by any."""
    if not ceiling.of:
        return ~facts.no_one, ~facts.no_one
    given = facts.agent_number(agent, f"given{ceiling.of}")
    return given == 1, given != 0


def _over_limit(facts: Facts, agent: str, kind: str) -> Column:
    limits = facts.ceilings(agent, kind)
    if not limits:
        return facts.never
    if plain_kind(kind) == "least_age":
        return _too_young(facts, agent, limits)
    fact, age = LIMITED[plain_kind(kind)], facts.column("age")
    surely = maybe = facts.no_one
    asked = [age]
    for bounds in bounds_by_routes(facts.knowledge, facts.jurisdiction, agent, kind):
        tested = facts.column(f"{agent}:{fact}{bounds.of}")
        asked.append(tested)
        if anywhere(tested.high > bounds.least):
            over, may_be_over = _over(facts, tested, bounds.limits)
            surely, maybe = surely | over, maybe | may_be_over
    needs = gather_needs(asked, maybe & ~surely)
    return truth(surely, maybe, needs=needs, inputs=(fact, "age"))


def _over(facts: Facts, tested: Column, limits: Sequence[Ceiling]) -> tuple[Mask, Mask]:
    """Who surely and who maybe is above one of the limits of some routes, at the person's age."""
    surely = maybe = within_one = facts.no_one
    for ceiling in limits:
        over, may_be_over = tested.low > ceiling.over, tested.high > ceiling.over
        if ceiling.for_all:
            within_one = within_one | ~over
        else:
            in_band, may_be_in_band = facts.age_band(ceiling.age_from, ceiling.age_to)
            within_one = within_one | (may_be_in_band & ~over)
            over, may_be_over = over & in_band, may_be_over & may_be_in_band
        surely, maybe = surely | over, maybe | may_be_over
    if anywhere(~facts.column("age").known) and for_every_age(limits):
        surely = surely | (maybe & ~within_one)  # above the limit of every age that the person may have
    return surely, maybe


def _too_young(facts: Facts, agent: str, limits: Sequence[Ceiling]) -> Column:
    """Who is younger than the least age for which a dose is known, or licensed."""
    age = facts.column("age")
    surely = maybe = unlisted = facts.no_one
    for ceiling in limits:
        given, may_be_given = _given(facts, agent, ceiling)
        surely = surely | (given & (age.high < ceiling.value))
        maybe = maybe | (may_be_given & (np.maximum(age.low, 0.0) < ceiling.value))
        unlisted = unlisted | (may_be_given & ~given)
    unknown = maybe & ~surely
    needs = gather_needs((age,), unknown) | {"medicines": unknown & unlisted}
    return truth(surely, unknown, needs=needs, inputs=("age",))


_BY_KIND: dict[str, Callable[[Facts, str, str], Column]] = {
    "with": _with,
    "taken_for": _taken_for,
    "on": _situation,
    "over_limit": _over_limit,
    "limit": _limit,
}
"""Facts of an agent that are asked for with something after a colon."""
_MAKERS: dict[str, Callable[[Facts, str, str], Column]] = {
    "daily_dose": _daily_dose,
    "previous_daily_dose": _previous_daily_dose,
    "last_session_days": _last_session_days,
    "units_of_sessions": _units_of_sessions,
    "units_of_sessions_per_kg": _units_of_sessions_per_kg,
    "most_daily_dose": _most_daily_dose,
    "most_single_dose": _most_single_dose,
    "most_daily_dose_per_kg": _most_daily_dose_per_kg,
    "most_single_dose_per_kg": _most_single_dose_per_kg,
    "exposure_ratio": _exposure,
    "unsuited": lambda facts, agent, _: unsuited(facts, agent),
    "unestablished": lambda facts, agent, _: unestablished(facts, agent),
    "raised_beyond_step": lambda facts, agent, _: raised_beyond_step(facts, agent),
    "raised_too_soon": lambda facts, agent, _: raised_too_soon(facts, agent),
    "allergic": _allergic,
    "duration_days": _duration_days,
    "dose_interval_days": _dose_interval_days,
}
"""Facts that are made of what an agent's lines say; the others stand as they were said."""
