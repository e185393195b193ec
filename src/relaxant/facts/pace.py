"""How fast a dose rises: what is weighed against the next step that the agent's titrations take from the present dose, and its days."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relaxant.facts.column import Column, Floats, Mask, anywhere, gather_needs, truth
from relaxant.facts.derive import values
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.plans import BY_WEIGHT, IMMEDIATE, Titration
from relaxant.knowledge.schema import Jurisdiction
from relaxant.quantities import Quantity, convert

if TYPE_CHECKING:
    from relaxant.facts.facts import Facts

PACE = ("raised_beyond_step", "raised_too_soon")
"""The facts that speak of how a dose is reached, and not of the dose."""
_ROUNDING = 1e-9  # three doses of a third are three doses


class _Stages(NamedTuple):
    """A titration's stages: each day's dose in the agent's unit (a kg, where ``by_weight``), for how many days at least, and the most by which
    the source lets a day's dose rise whatever the stages do. Of each number of stages that a dose has reached: by how much it rises (``rises``),
    the stage ahead of it and the one after that."""

    titration: Titration
    totals: Floats
    days: Floats
    rises: Floats
    ahead: Floats
    after: Floats
    rise_most: float
    by_weight: bool


_Test = Callable[["_Stages", Floats], Floats]
"""What stages ask of a day's dose that is taken: the most that comes next, or the days that it stands."""


def raised_beyond_step(facts: Facts, agent: str) -> Column:
    """True where a dose is weighed that lies above the next one of every titration that may be the person's. Nobody whose titrations
    have one stage, or begin high and go lower, is asked."""
    weighed = facts.column(f"{agent}:most_daily_dose")
    return _against_stages(facts, agent, weighed, _next_dose)


def raised_too_soon(facts: Facts, agent: str) -> Column:
    """True where a rise is weighed while the present dose has not been taken for the days of the stage that it has reached."""
    taken = facts.column(f"{agent}:present_days")
    waits = _against_stages(facts, agent, taken, _stage_days, below=True)
    weighed, before = facts.column(f"{agent}:most_daily_dose"), facts.column(f"{agent}:previous_daily_dose")
    surely, maybe = weighed.low > before.high, weighed.high > before.low
    open_ones = waits.maybe & maybe & ~(waits.surely & surely)
    needs = gather_needs((weighed, before, waits), open_ones)
    return truth(waits.surely & surely, open_ones, needs=needs, inputs=("medicines",))


def _against_stages(facts: Facts, agent: str, asked: Column, mark: _Test, *, below: bool = False) -> Column:
    """True where ``asked`` lies above (or below) the mark that stages set, of those taken whose dose changes by what is weighed; where several
    titrations may be the person's, beyond that of each."""
    before, weighed = facts.column(f"{agent}:previous_daily_dose"), facts.agent_number(agent, "weighed") == 1
    rising = weighed & (facts.agent_number(agent, "taking") == 1)
    unlisted = weighed & ~rising & ~facts.inputs.medicines_known  # what is weighed may be taken already
    if not anywhere(rising | unlisted):
        return truth(facts.no_one, facts.no_one, inputs=("medicines",))
    surely, maybe = rising.copy(), facts.no_one
    found, undecided = facts.no_one, rising
    columns = [asked, before]
    for group in _titrations(facts, agent):
        settled = blocked = chance = facts.no_one
        for stages in group:
            fits, may_fit = _fits(facts, agent, stages.titration, columns)
            here = undecided & may_fit
            weight = values(facts.column("weight")) if stages.by_weight else np.ones(facts.rows)
            marks = [mark(stages, end / weight) * (1.0 if below else weight) for end in (before.low, before.high)]
            least, most = np.fmin(*marks), np.fmax(*marks)
            known = ~np.isnan(weight)
            beyond = asked.high < least if below else asked.low > most
            may_be = asked.low < most if below else asked.high > least
            surely = surely & (~here | (beyond & known))
            chance, blocked = chance | (here & (may_be | ~known)), blocked | (here & fits & ~may_be & known)
            found, settled = found | here, settled | fits
        maybe = maybe | (chance & ~blocked)
        undecided = undecided & ~settled
    surely, open_ones = surely & found, maybe & ~(surely & found)
    needs = gather_needs(columns, open_ones)
    needs["medicines"] = needs.get("medicines", facts.no_one) | unlisted
    return truth(surely, open_ones | unlisted, needs=needs, inputs=("medicines",))


_TITRATIONS: dict[tuple[str, Jurisdiction, str], tuple[tuple[_Stages, ...], ...]] = {}


def _titrations(facts: Facts, agent: str) -> tuple[tuple[_Stages, ...], ...]:
    """The agent's titrations of this jurisdiction, those that a plan prefers first; those that stand alike together."""
    key = (facts.knowledge.sha256, facts.jurisdiction, agent)
    known = _TITRATIONS.get(key)
    if known is None:
        of_agent = (t for t in facts.knowledge.plans.titrations.values() if t.agent == agent)
        own = sorted((t for t in of_agent if holds_in(t, facts.jurisdiction)), key=_preference)
        known = _TITRATIONS[key] = tuple(tuple(_stages(facts, agent, t) for t in group) for _, group in groupby(own, key=_preference))  # fmt: skip
    return known


def _preference(titration: Titration) -> tuple[bool, bool]:
    """Where a titration stands; those of several forms stand alike, since a line seldom says its form."""
    of_release, _, for_anybody = titration.rank
    return of_release, for_anybody


def _fits(facts: Facts, agent: str, titration: Titration, columns: list[Column]) -> tuple[Mask, Mask]:
    """Who a titration is surely and maybe for; what it asks of the person joins ``columns``."""
    surely, maybe = facts.age_band(titration.age_from, titration.age_to)
    columns.append(facts.column("age"))
    if titration.unit.endswith(BY_WEIGHT) or titration.weight_from is not None:
        weight = facts.column("weight")
        columns.append(weight)
        least = titration.weight_from or 0.0
        surely, maybe = surely & (weight.low >= least), maybe & (weight.high >= least)
    if titration.conditions:
        own = [facts.column(f"condition:{c}") for c in titration.conditions]
        columns += own
        surely = surely & np.logical_or.reduce([c.surely for c in own])
        maybe = maybe & np.logical_or.reduce([c.maybe for c in own])
    if titration.release == IMMEDIATE:
        other = facts.column(f"{agent}:modified_release").surely
        surely, maybe = surely & ~other, maybe & ~other
    return surely, maybe


def _stages(facts: Facts, agent: str, titration: Titration) -> _Stages:
    """The stages of a titration in the agent's unit; those that say nothing of a rise set no mark."""
    unit, its = titration.unit.removesuffix(BY_WEIGHT), facts.knowledge.agents[agent].dose_unit
    factor = 1.0 if unit == its else convert(Quantity(1.0, unit), its)
    if factor is None:
        raise ValueError(f"a titration in {titration.unit} does not fit an agent dosed in another kind of unit")
    silent = titration.falls or len(titration.stages) == 1
    totals = np.array([] if silent else [s.daily * factor for s in titration.stages])
    rises = np.diff(totals, prepend=0.0)
    return _Stages(
        titration,
        totals,
        np.array([] if silent else [s.days_least or s.days or 0.0 for s in titration.stages]),
        np.concatenate((rises, rises[-1:])),
        np.concatenate((totals, [-np.inf])),
        np.concatenate((totals[1:], [np.inf, np.inf])),
        (titration.rise_most or 0.0) * factor,
        titration.unit.endswith(BY_WEIGHT),
    )


def _reached(stages: _Stages, before: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """How many stages a day's dose has reached."""
    return stages.totals.searchsorted(before * (1 + _ROUNDING), side="right")


def _next_dose(stages: _Stages, before: Floats) -> Floats:
    """The most in a day that comes next: the following stage, or as much more as it is above the stage before, but not past the one after
    it. Endless where stages say nothing."""
    if not len(stages.totals):
        return np.full(before.shape, np.inf)
    reached = _reached(stages, before)
    more = np.minimum(before + stages.rises[reached], stages.after[reached])
    usual = np.where(reached == 0, stages.totals[0], np.maximum(stages.ahead[reached], more))
    return np.asarray(np.maximum(usual, before + stages.rise_most) * (1 + _ROUNDING))


def _stage_days(stages: _Stages, before: Floats) -> Floats:
    """For how many days at least the stage lasts that a day's dose has reached, the first where it has reached none; nought for the last."""
    if not len(stages.days):
        return np.zeros(before.shape)
    return stages.days[np.maximum(_reached(stages, before) - 1, 0)]
