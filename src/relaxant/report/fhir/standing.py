"""How the lines of a person's list stand beside the plans: what a calendar takes the place of, and what is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from relaxant.report.plan.page import PlanHead, PlanView, TakenView

_TAKEN, _WEIGHED = "current", "considering"
_CALENDARS = ("titration", "taper", "switch")


def beside_plans(head: PlanHead, plans: Sequence[PlanView], dangers: Collection[str] = ()) -> PlanHead:
    """The head with its list as it stands beside the plans. ``dangers`` are the names of what a DANGER stands for.

    What is weighed is left out where the steps of a calendar say it, or where no calendar could be made of it; where it may not be given it
    is refused. What is taken says from when on a calendar of it takes its place.
    """
    return msgspec.structs.replace(head, taken=tuple(_standing(head, plans, dangers)))


def replaced(head: PlanHead, plans: Sequence[PlanView], names: Collection[str]) -> list[PlanView]:
    """The plans whose steps say what was weighed under one of these names."""
    weighed = [one for one in head.taken if one.role == _WEIGHED and set(names) & {*one.names, *one.agents}]
    return [plan for plan in plans if any(_steps(plan, one) for one in weighed)]


def _standing(head: PlanHead, plans: Sequence[PlanView], dangers: Collection[str]) -> Iterator[TakenView]:
    for one in head.taken:
        if one.role == _TAKEN:
            yield _ending(one, plans)
        elif one.role != _WEIGHED:
            yield one
        elif not any(_steps(plan, one) for plan in plans):
            refusing = [p for p in plans if p.refused and {a.id for a in p.agents} & set(one.agents)]
            forbidden = [p for p in refusing if _forbids(p, one, dangers)]
            if forbidden:
                yield msgspec.structs.replace(one, refused=forbidden[0].refused)
            elif not any(p.kind in _CALENDARS for p in refusing):
                yield one


def _steps(plan: PlanView, one: TakenView) -> bool:
    return any(s.agent in one.agents for s in plan.steps)


def _forbids(plan: PlanView, one: TakenView, dangers: Collection[str]) -> bool:
    return any(b.never and b.agent in one.agents for b in plan.bounds) or bool(set(dangers) & {*one.names, *one.agents})


def _ending(one: TakenView, plans: Sequence[PlanView]) -> TakenView:
    """A line that is taken, with the day from which a plan takes its place."""
    begins = [(step.first, plan.title) for plan in plans for step in plan.steps if step.agent in one.agents]
    begins += [(held.first, plan.title) for plan in plans for held in plan.withheld if held.agent in one.agents]
    if not begins or one.regimen.stop is not None:
        return one
    first, title = min(begins)
    return msgspec.structs.replace(one, replaced_from=first, replaced_by=title)
