"""The days between the review and a first step that comes later: the present dose goes on, as a step of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from relaxant.facts.facts import Facts
from relaxant.medicines.medicine import Medicine
from relaxant.planning.calendar import supplies
from relaxant.planning.current import current_lines, intake
from relaxant.planning.exchange import as_now_until
from relaxant.planning.joined import following
from relaxant.planning.plan import Branch, Plan


def until_then(plan: Plan, agent: str, medicines: Sequence[Medicine], facts: Facts, first: date) -> Plan:
    """A way up or down, with the time from the ``first`` day to its own first step at the present dose: nobody is left without doses or
    supply in it. As it was where it has no steps or begins on that day."""
    begin = min((s.first for s in plan.steps), default=first)
    taken = intake(agent, current_lines(agent, medicines), facts)
    longer = as_now_until(begin, agent, plan, taken, facts, first)
    now = longer.steps[: len(longer.steps) - len(plan.steps)]
    if not now:
        return plan

    def after(branch: Branch) -> Branch:
        steps = (*now, *following(branch.steps, 0, len(now))) if branch.steps else ()
        return msgspec.structs.replace(branch, steps=steps)

    return msgspec.structs.replace(
        longer, branches=tuple(map(after, plan.branches)), supply=supplies(longer.steps, facts)
    )
