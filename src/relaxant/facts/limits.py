"""The limits of an agent in one jurisdiction: by single dose, day, weight, course, number of doses and least age, each with its band
of age and its routes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from relaxant.errors import KnowledgeError
from relaxant.facts.column import Floats
from relaxant.knowledge.agents import Limit
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Jurisdiction
from relaxant.quantities import Quantity, convert

_YEARS = "years"
_ROUNDING = 1e-9  # a dose at its limit is not over it, whatever the arithmetic of its unit
OLDEST = 150.0
"""No age is above it: a band that reaches from nothing to here is for everyone."""

LIMITED = {
    "single": "most_single_dose",
    "single_per_kg": "most_single_dose_per_kg",
    "daily": "most_daily_dose",
    "daily_per_kg": "most_daily_dose_per_kg",
    "course": "duration_days",
    "doses_daily": "doses_daily",
    "least_age": "age",
    "sessions": "units_of_sessions",
    "sessions_per_kg": "units_of_sessions_per_kg",
}
"""Each kind of limit and the fact that it bounds."""
_OF_SESSIONS = {"sessions": "single", "sessions_per_kg": "single_per_kg"}
"""What is given in sessions is held against the limit of one session with all sessions that act together."""


class Ceiling(msgspec.Struct, frozen=True):
    """A limit's value in the agent's own dose unit (a least age in years) and the ages that it holds for; ``for_all`` has no band."""

    value: float
    over: Floats
    """What is above it, as an array without dimensions: past what the arithmetic of a unit rounds, times the slip for ``_slip``."""
    age_from: float
    age_to: float
    for_all: bool
    limit: Limit

    @property
    def of(self) -> str:
        """What the name of a fact ends in that counts the limit's routes alone; nothing where it is for every route."""
        return of_routes(self.limit.routes)


def of_routes(routes: Sequence[str]) -> str:
    """What the name of a fact of an agent ends in that counts some routes alone."""
    return f"@{'+'.join(routes)}" if routes else ""


_CEILINGS: dict[tuple[str, Jurisdiction, str, str], tuple[Ceiling, ...]] = {}


def ceilings(knowledge: Knowledge, jurisdiction: Jurisdiction, agent: str, kind: str) -> tuple[Ceiling, ...]:
    """The agent's limits of a kind in a jurisdiction; ``daily_soft`` are those that ask for attention only.

    Raises :class:`KnowledgeError` for a limit in a unit that the agent is not dosed in.
    """
    key = (knowledge.sha256, jurisdiction, agent, kind)
    known = _CEILINGS.get(key)
    if known is None:
        soft = kind.endswith("_soft")
        plain = plain_kind(kind)
        own = [
            x
            for x in knowledge.agents[agent].limits
            if x.kind == _OF_SESSIONS.get(plain, plain) and (x.tier in ("WATCH", "NOTE")) == soft
        ]
        local = [x for x in own if jurisdiction in x.jurisdiction]
        local += [x for x in own if not x.jurisdiction and not any(_covers(y, x) for y in local)]
        unit = knowledge.agents[agent].dose_unit
        factor = (1 + _ROUNDING) * (knowledge.policy("unit_slip_factor") if kind.endswith("_slip") else 1)
        known = _CEILINGS[key] = tuple(_ceiling(x, unit, factor, agent) for x in local)
    return known


class Bounds(msgspec.Struct, frozen=True):
    """The limits of a kind that count the same routes (``of``, as :attr:`Ceiling.of`); nobody under ``least`` is above one of them."""

    of: str
    limits: tuple[Ceiling, ...]
    least: Floats


_BOUNDS: dict[tuple[str, Jurisdiction, str, str], tuple[Bounds, ...]] = {}


def bounds_by_routes(knowledge: Knowledge, jurisdiction: Jurisdiction, agent: str, kind: str) -> tuple[Bounds, ...]:
    """The agent's limits of a kind in a jurisdiction, those together that count the same routes."""
    key = (knowledge.sha256, jurisdiction, agent, kind)
    known = _BOUNDS.get(key)
    if known is None:
        together: dict[str, list[Ceiling]] = {}
        for ceiling in ceilings(knowledge, jurisdiction, agent, kind):
            together.setdefault(ceiling.of, []).append(ceiling)
        known = _BOUNDS[key] = tuple(Bounds(of, tuple(own), np.min([c.over for c in own])) for of, own in together.items())  # fmt: skip
    return known


def _covers(local: Limit, limit: Limit) -> bool:
    """Whether a limit of the jurisdiction stands in place of one that holds everywhere: for some of its ages and routes."""
    ages = local.age_from < limit.age_to and limit.age_from < local.age_to
    return ages and (not local.routes or not limit.routes or bool(set(local.routes) & set(limit.routes)))


def _ceiling(limit: Limit, dose_unit: str, factor: float, agent: str) -> Ceiling:
    value = in_dose_unit(limit, dose_unit)
    if value is None:
        raise KnowledgeError(
            f"agents {agent} limit: a limit in {limit.unit} does not fit an agent dosed in {dose_unit}"
        )
    for_all = limit.age_from <= 0 and limit.age_to >= OLDEST
    return Ceiling(value, np.array(value * factor), limit.age_from, limit.age_to, for_all, limit)


def for_every_age(limits: Sequence[Ceiling]) -> bool:
    """Whether the limits' bands leave no age out."""
    reach = 0.0
    for limit in sorted(limits, key=lambda c: c.age_from):
        if limit.age_from > reach:
            return False
        reach = max(reach, limit.age_to)
    return reach >= OLDEST


def plain_kind(kind: str) -> str:
    """``daily`` of ``daily_soft`` (asks for attention only) and ``daily_slip`` (so far above that a unit was mistaken)."""
    return kind.removesuffix("_soft").removesuffix("_slip")


def in_dose_unit(limit: Limit, dose_unit: str) -> float | None:
    """A limit's value in the unit of the agent's doses (a least age in years); nothing where it cannot be had in it."""
    unit = limit.unit.split("/")[0]
    wanted = _YEARS if limit.kind == "least_age" else dose_unit
    if limit.kind in ("course", "doses_daily") or unit == wanted:
        return limit.value
    return convert(Quantity(limit.value, unit), wanted)
