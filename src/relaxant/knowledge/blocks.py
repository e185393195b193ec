"""The shape of what a plan of neuromuscular block is made from: doses by weight, times, what changes them, and reversal by depth.

One entry a blocker or reversal agent. Amounts are ``low``, ``usual`` and ``high`` in ``unit``, a kilogram of the weight that ``weights``
says. Ages are in years, from ``age_from`` up to, not including, ``age_to``. Of those that fit a person the first of the file is the plan's.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from relaxant.knowledge.schema import Cited, Frozen

Purpose = Literal["test", "reduced", "intubation", "rapid sequence", "intramuscular", "repeat", "infusion"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
"""In the order in which they are given."""
Weight = Literal["weight", "ideal_weight", "lean_weight", "adjusted_weight"]
Milestone = Literal[
    "intubation", "80% block", "maximum block", "relaxation", "25% twitch", "90% twitch", "95% twitch", "ratio 0.9"
]


class BlockWeight(Cited, frozen=True, kw_only=True, gc=False):
    """The weight that the doses go by. ``also`` are other weights that a source uses: their amounts are shown beside, with ``why``.

    With ``over_ideal`` it is for whom actual weight is so many times the ideal one, or more. With ``surely`` it is passed over, and nothing is
    asked, where it is not known whether ``when`` holds.
    """

    weight: Weight
    when: dict[str, Any] | None = None
    surely: bool = False
    over_ideal: float | None = None
    also: tuple[Weight, ...] = ()
    why: str


class BlockDose(Cited, frozen=True, kw_only=True, gc=False):
    """A dose. With ``rules`` it is for whom one of these rules spoke; ``most`` is the most in all, in mg. With ``surely`` it is passed over, and
    nothing is asked, where it is not known whether ``when`` holds."""

    purpose: Purpose
    who: str
    age_from: float = 0
    age_to: float = 200
    when: dict[str, Any] | None = None
    surely: bool = False
    rules: tuple[str, ...] = ()
    low: float | None = None
    usual: float
    high: float | None = None
    unit: str
    most: float | None = None
    text: str


class BlockLess(Cited, frozen=True, kw_only=True, gc=False):
    """For whom one of ``rules`` spoke, the low end of each labelled range of ``purposes`` is planned, or ``share`` of the usual amount; with
    ``whole`` the usual amount stays, and ``text`` says what to expect of it."""

    rules: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    share: float | None = None
    whole: bool = False
    text: str


class BlockTime(Cited, frozen=True, kw_only=True, gc=False):
    """How long after a dose (``dose`` to ``dose_to``, in mg/kg) a milestone is reached, in ``unit``: ``middle``, and from ``low`` to ``high``.

    ``spread`` says what those are: the least and greatest of the people, one SD to each side, or the span that a text gives.
    """

    milestone: Milestone
    dose: float
    dose_to: float | None = None
    age_from: float = 0
    age_to: float = 200
    middle: float | None = None
    low: float | None = None
    high: float | None = None
    spread: Literal["range", "SD", "span"] | None = None
    unit: Literal["min", "s"] = "min"
    people: int | None = None
    under: str = ""
    text: str = ""


class BlockRecovery(Cited, frozen=True, kw_only=True, gc=False):
    """Which effect of a model is read, and at which level: ``level`` in the effect's unit, or with ``of_own`` a percentage of the person's own."""

    effect: str
    milestone: Milestone
    level: float
    of_own: bool = False


class BlockChange(Cited, frozen=True, kw_only=True, gc=False):
    """How much something changes the block, where it was measured; said when one of ``rules`` spoke."""

    rules: tuple[str, ...]
    text: str


class BlockNote(Cited, frozen=True, kw_only=True, gc=False):
    """A sentence to mind, said to whom ``when`` concerns; to everybody without."""

    text: str
    when: dict[str, Any] | None = None


class BlockReversal(Cited, frozen=True, kw_only=True, gc=False):
    """What to give at a depth, to people in whom ``reverses`` were given. Without ``usual`` nothing is given yet, and ``text`` says what then.

    Bounds are of the post-tetanic count, the train-of-four count and its ratio, from ``_from`` up to, not including, ``_to``. With
    ``immediate`` it stands apart, for an emergency soon after a large dose, and where it is known how much of the blocker was given it is for
    ``after`` mg/kg or more. ``most`` is the most in all, in mg, and ``most_per_kg`` in mg/kg of the weight; what was given already counts.
    """

    reverses: tuple[str, ...]
    depth: str
    post_tetanic_from: float | None = None
    post_tetanic_to: float | None = None
    count_from: float | None = None
    count_to: float | None = None
    ratio_from: float | None = None
    ratio_to: float | None = None
    immediate: bool = False
    after: float | None = None
    age_from: float = 0
    age_to: float = 200
    low: float | None = None
    usual: float | None = None
    high: float | None = None
    unit: str = "mg/kg"
    most: float | None = None
    most_per_kg: float | None = None
    text: str


class BlockWarning(Cited, frozen=True, kw_only=True, gc=False):
    """What stands beside the amounts of a reversal agent when one of ``rules`` spoke: they are not first choice, and not forbidden.

    ``text`` where another agent may reverse the block, ``alone`` where none may.
    """

    rules: tuple[str, ...]
    text: str
    alone: str


class BlockAgain(Cited, frozen=True, kw_only=True, gc=False):
    """What to do where a reversal agent was given already and the block is still there: ``usual`` is an amount that a label gives then."""

    usual: float | None = None
    unit: str = "mg/kg"
    text: str


class Block(Frozen, frozen=True, kw_only=True, gc=False):
    """What is known for planning with a blocker, or with what reverses one.

    A finding of the rules ``withheld_by`` takes its dose away where it asks for a change or more. The rules ``slips`` speak of the order that is
    weighed, ``beside`` of what is given with the agent, and neither of the agent: their findings refuse no plan, which says what is right
    instead. For whom a note of ``not_known`` holds, no source gives a dose.
    """

    block: str
    agent: str
    weights: tuple[BlockWeight, ...]
    doses: tuple[BlockDose, ...] = ()
    less: tuple[BlockLess, ...] = ()
    not_known: tuple[BlockNote, ...] = ()
    times: tuple[BlockTime, ...] = ()
    recoveries: tuple[BlockRecovery, ...] = ()
    changes: tuple[BlockChange, ...] = ()
    reversals: tuple[BlockReversal, ...] = ()
    warnings: tuple[BlockWarning, ...] = ()
    again: tuple[BlockAgain, ...] = ()
    withheld_by: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    notes: tuple[BlockNote, ...] = ()
