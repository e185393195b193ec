"""Parts of calendars put together: steps point at their products by place, and places shift when lists are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from relaxant.planning.plan import Branch, Step, Take


def shifted_step(step: Step, products: int, number: int = 0) -> Step:
    """A step that stands so many products, and so many steps of its own agent, further on."""
    return msgspec.structs.replace(
        step,
        number=step.number + number,
        back_to=None if step.back_to is None else step.back_to + number,
        takes=tuple(_shifted_take(t, products) for t in step.takes),
    )


def following(steps: Sequence[Step], products: int, number: int) -> tuple[Step, ...]:
    """The steps of an agent that come after ``number`` others of it: the first of them goes back to the last of those."""
    later = (shifted_step(step, products, number) for step in steps)
    return tuple(
        s if s.back_to is not None or not number else msgspec.structs.replace(s, back_to=number) for s in later
    )


def placed_step(step: Step, places: Sequence[int]) -> Step:
    """A step whose products stand at these places of another list."""
    return msgspec.structs.replace(step, takes=tuple(_placed_take(t, places) for t in step.takes))


def _shifted_take(take: Take, products: int) -> Take:
    return _placed_take(take, {c.product: c.product + products for c in take.counts})


def _placed_take(take: Take, places: Sequence[int] | Mapping[int, int]) -> Take:
    counts = tuple(msgspec.structs.replace(c, product=places[c.product]) for c in take.counts)
    return msgspec.structs.replace(take, counts=counts)


def shifted_branch(branch: Branch, products: int) -> Branch:
    """A branch whose steps stand so many products further on."""
    return msgspec.structs.replace(branch, steps=tuple(shifted_step(s, products) for s in branch.steps))
