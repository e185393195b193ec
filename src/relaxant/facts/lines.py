"""The lines of agents as a table, of one person or of many: the lines of one person and agent stand together, as a group.

One person at a bedside and a registry give the same table and take the same few steps over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.facts.column import Floats, Mask
from relaxant.facts.line_kinds import LineKinds, by_weight, line_kind
from relaxant.knowledge.agents import Agent
from relaxant.medicines.medicine import Medicine

Index = NDArray[np.intp]
ROLES = WEIGHED, KEPT, REPLACED, STOPPING, STOPPED = range(5)
"""What a line is: weighed, taken, taken and replaced by what is weighed, a stop that is weighed, taken in the past."""
_FIRST = np.array([True])
_OF_AGENTS = 6


class AgentLines(msgspec.Struct, frozen=True):
    """Lines of ``agents``, sorted by ``agent`` (its place there), then ``row`` (the person).

    ``kind`` is a line's place among ``kinds``, ``role`` what it is (:data:`ROLES`), ``beside`` whether it comes on top of what is taken; each
    has shape (lines,). ``days`` are its start and its stop in days before the day of the review, below nought after it, NaN where not said;
    shape (2, lines).
    """

    agents: tuple[Agent, ...]
    kinds: LineKinds
    agent: Index
    row: Index
    kind: Index
    role: Index
    days: Floats
    beside: Mask

    def part(self, of: slice | Mask) -> AgentLines:
        """Some of the lines, in their order."""
        agent, row, kind, role = (values[of] for values in (self.agent, self.row, self.kind, self.role))
        return AgentLines(self.agents, self.kinds, agent, row, kind, role, self.days[:, of], self.beside[of])

    def of_rows(self, place: Index) -> AgentLines:
        """The lines of the persons whose new place is not below nought."""
        chosen = self.part(place[self.row] >= 0)
        return msgspec.structs.replace(chosen, row=place[chosen.row])


def lines_of(readings: Iterable[tuple[date, Sequence[Medicine]]], agents: Mapping[str, Agent]) -> AgentLines:
    """The lines of agents of people, each with the day of the review and the medicines as read."""
    found = [
        (name, row, as_of, m) for row, (as_of, medicines) in enumerate(readings) for m in medicines for name in m.agents
    ]
    found.sort(key=itemgetter(0))
    place = {name: i for i, name in enumerate(dict.fromkeys([name for name, *_ in found]))}
    said = [
        (place[name], row, _role(m), days_before(m.regimen.start, as_of), days_before(m.regimen.stop, as_of), m.beside)
        for name, row, as_of, m in found
    ]
    kinds = LineKinds([line_kind(m, agents[name].dose_unit) for name, _, _, m in found], [m.regimen for *_, m in found])
    table = np.array(said, np.float64).reshape(-1, _OF_AGENTS).T
    agent, row, role = table[:3].astype(np.intp)
    own = tuple([agents[name] for name in place])
    return AgentLines(own, kinds, agent, row, np.arange(len(found)), role, table[3:5], table[5] > 0)


def _role(medicine: Medicine) -> int:
    if medicine.role == "considering":
        return STOPPING if medicine.change == "stop" else WEIGHED
    return STOPPED if medicine.role == "stopped" else REPLACED if medicine.replaced else KEPT


def days_before(day: date | None, as_of: date) -> float:
    """Days from one day to that of the review; NaN where it is not said."""
    return np.nan if day is None else float((as_of - day).days)


class Groups(NamedTuple):
    """Lines by person and agent. ``first`` is the place of each group's first line, ``of`` the group of each line.

    ``row`` is each group's person and ``known`` whether that one's list of medicines was said. ``kind`` has the fields of the lines' kinds,
    amounts by weight times the weight: shape (fields, lines).
    """

    first: Index
    of: Index
    row: Index
    known: Mask
    kind: Floats


def grouped(lines: AgentLines, weight: Floats, known: Mask) -> Groups:
    """The groups of lines. ``weight`` (kg, NaN where not known) and ``known`` have shape (rows,)."""
    new = np.concatenate((_FIRST, (lines.row[1:] != lines.row[:-1]) | (lines.agent[1:] != lines.agent[:-1])))
    new = new[: len(lines.row)]
    first = new.nonzero()[0]
    of = first if len(first) == len(new) else new.cumsum() - 1
    row, kind = lines.row.take(first), lines.kinds.values.take(lines.kind, 1)
    if lines.kinds.by_weight:
        kind = by_weight(kind, weight[lines.row])
    return Groups(first, of, row, known.take(row), kind)


def reduced(how: np.ufunc, values: Any, first: Index) -> Any:
    """What the lines of each group come to, along the last axis: the lines themselves where each is a group of its own."""
    return values if len(first) == values.shape[-1] else how.reduceat(values, first, axis=-1)
