"""The shape of what plans are made from: how relaxants are started, raised, lowered, exchanged, delivered and followed.

Like everything under ``knowledge/`` each entry names its ``source`` and the ``place`` in it, and is replaced by an overlay pack by its
id (the first field). ``when`` is a predicate over the person's facts, in the language of the rules; where it is left out the entry
is for everybody that ``agents``, ``jurisdiction`` and the ages name.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from relaxant.knowledge.blocks import Block
from relaxant.knowledge.crises import Crisis
from relaxant.knowledge.pumps import PumpProtocol
from relaxant.knowledge.schema import Cited, Frozen

Release = Literal["immediate", "modified", "delayed"]
DayPart = Literal["morning", "noon", "evening", "night"]
DAY_PARTS: tuple[DayPart, ...] = get_args(DayPart)
IMMEDIATE: Release = "immediate"
BY_WEIGHT = "/kg"
"""What a unit of doses by weight ends in."""


class Said(Cited, frozen=True, kw_only=True, gc=False):
    """A sentence of a plan, in our words. With ``when`` it is said to whom it concerns.

    ``person`` is the same for the sheet of the person, in plain words and without what needs an instrument or a laboratory, one line for
    each thing; empty where the sheet leaves it out.
    """

    text: str
    person: tuple[str, ...] | None = None
    when: dict[str, Any] | None = None


# ---------------------------------------------------------------- start and raise


class Stage(Frozen, frozen=True, kw_only=True, gc=False):
    """A stage of a titration: the doses of a day, and for how long at least. Where the source gives a span of days, ``days`` is its
    slow end and ``days_least`` its quick one. ``days`` null: the last stage, stayed at."""

    morning: float | None = None
    noon: float | None = None
    evening: float | None = None
    night: float | None = None
    days: float | None = None
    days_least: float | None = None

    @property
    def doses(self) -> dict[DayPart, float]:
        """The amounts of a day, by part of the day, in its order."""
        said = zip(DAY_PARTS, (self.morning, self.noon, self.evening, self.night), strict=True)
        return {part: amount for part, amount in said if amount is not None}

    @property
    def daily(self) -> float:
        """The amount of a day."""
        return sum(self.doses.values())


class Titration(Cited, frozen=True, kw_only=True, gc=False):
    """How an agent is started and raised as a source writes it. Amounts are in ``unit`` a dose (``mg`` or ``mg/kg``).

    ``release`` is that of the products it is written for, and ``form`` the one form of them where it is for one alone: no other makes its
    doses. Such a titration waits until that release or form is asked for, or no other fits. Among several that fit a person the one for the person's
    ``conditions`` comes first, then the one that the file lists first. ``conditions`` may be empty: for any. ``target_low`` and
    ``target_high`` bound the usual dose in a day. Each stage's day is above that of the stage before, or, where a label begins high, each
    is below it. ``rise_most`` is the most by which the source lets a day's dose rise at a time, where that is more than its stages do.
    """

    titration: str
    agent: str
    who: str
    age_from: float = 0
    age_to: float = 200
    weight_from: float | None = None
    conditions: tuple[str, ...] = ()
    unit: str
    release: Release = "immediate"
    form: str | None = None
    as_needed: bool = False
    stages: tuple[Stage, ...]
    rise_most: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    target_unit: str | None = None
    reconsider_days: float | None = None
    reconsider_from: Literal["first dose", "highest dose"] = "highest dose"
    text: str

    @property
    def falls(self) -> bool:
        """Whether it begins high and goes lower."""
        return len(self.stages) > 1 and self.stages[1].daily < self.stages[0].daily

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """Where it stands among those that fit a person: without a release of its own first, a form of its own last, then for a condition."""
        return self.release != IMMEDIATE, self.form is not None, not self.conditions


class DoseBound(Cited, frozen=True, kw_only=True, gc=False):
    """What about a person bounds a dose. The strictest of all that hold counts, and each says what it bounds.

    ``never``: no start and no rise; with ``leave`` whoever takes it already is taken off it, and with ``one_way`` whoever comes down because of
    it goes back up for nothing, not for a step that is not borne. ``recheck_days`` after the first day the test that it rests on is there again:
    what somebody comes down to is given up to then, and by its result from then on. ``share``: this part of the doses as labelled (the start, each step, the target and the ceiling).
    ``start``, ``single`` and ``daily`` are most, in the agent's dose unit; ``step`` is the most by which one dose of the day is raised at a time;
    ``start_daily`` and ``step_daily`` are the same of the whole day; ``days`` the least between two steps; ``doses_daily`` the most doses in a
    day. ``why`` is our sentence, with the slots of a rule's.
    """

    bound: str
    agents: tuple[str, ...]
    when: dict[str, Any]
    why: str
    never: bool = False
    leave: bool = False
    one_way: bool = False
    recheck_days: float | None = None
    share: float | None = None
    start: float | None = None
    step: float | None = None
    start_daily: float | None = None
    step_daily: float | None = None
    single: float | None = None
    daily: float | None = None
    days: float | None = None
    doses_daily: float | None = None


class Gates(Frozen, frozen=True, kw_only=True, gc=False):
    """What decides at each step whether to go on, hold, go back or call, for some agents in one kind of plan."""

    gates: str
    agents: tuple[str, ...]
    of: Literal["titration", "taper", "pump"]
    go_on: tuple[Said, ...] = ()
    hold: tuple[Said, ...] = ()
    go_back: tuple[Said, ...] = ()
    call: tuple[Said, ...] = ()


# ---------------------------------------------------------------- lower and stop


class Taper(Cited, frozen=True, kw_only=True, gc=False):
    """A policy of lowering to nothing. Exactly one of ``by`` (in the agent's dose unit a day), ``percent`` (of the dose at that time, or of
    the first where ``of_first``), ``over_days`` (even steps to nothing in that time) and ``at_once`` says how much a step is.

    ``at_once``: nothing is given from today on, under watch, and ``text`` says how; there are no steps. ``every_days`` is what the plan
    uses, ``every_days_least`` the quickest that the source allows. A step of ``percent`` is ``least`` at least, the smallest step that a source takes (up to ``least_most`` where it gives a span), and never above
    ``percent_most`` of the dose in each ``every_days``: where products are too coarse for that the dose stays until they are not. ``last`` is the daily dose from which the next step is nothing.
    ``end_most`` is the most in a day from which the plan goes to nothing: where the last step is from more, smaller ones follow, each
    ``every_days``. ``built_up``: the dose has built up, and what is above the most that the person's limits leave neither waits nor is given
    back. ``then`` are policies (by id), the first with a step to take being the one by which the plan goes on below that most.
    ``supervised``: in hospital or with daily contact. ``first_do`` is what has to be done before the first step. Of those that fit the first of the file is the plan's choice.
    ``if_unknown``: it fits too where nobody said what would settle whether it does; for the slow way of those who may have taken it long.
    """

    taper: str
    agents: tuple[str, ...]
    who: str
    when: dict[str, Any] | None = None
    if_unknown: bool = False
    age_from: float = 0
    by: float | None = None
    percent: float | None = None
    percent_most: float | None = None
    least: float | None = None
    least_most: float | None = None
    of_first: bool = False
    over_days: float | None = None
    at_once: bool = False
    every_days: float = 1
    every_days_least: float | None = None
    last: float | None = None
    end_most: float | None = None
    built_up: bool = False
    then: tuple[str, ...] = ()
    slower_factor: float = 2
    supervised: bool = False
    first_do: str | None = None
    text: str


class Gap(Cited, frozen=True, kw_only=True, gc=False):
    """What to do after so many days without the medicine: from ``days_from`` to below ``days_to``."""

    gap: str
    agents: tuple[str, ...]
    days_from: float
    days_to: float | None = None
    when: dict[str, Any] | None = None
    do: Literal["resume", "retitrate", "call"]
    text: str


class Withdrawal(Cited, frozen=True, kw_only=True, gc=False):
    """What withdrawal of an agent looks like and when it comes; shown with every taper.

    ``person_signs`` and ``person_emergency`` are the same for the sheet of the person, in plain words and without what needs an instrument.
    """

    withdrawal: str
    agents: tuple[str, ...]
    signs: tuple[str, ...]
    emergency: tuple[str, ...]
    person_signs: tuple[str, ...] | None = None
    person_emergency: tuple[str, ...] | None = None
    onset: str
    action: str


# ---------------------------------------------------------------- exchange


class Mixed(Cited, frozen=True, kw_only=True, gc=False):
    """Strengths (in the agent's dose unit a mL) that pharmacies mix beside what is sold."""

    strengths: tuple[float, ...]


class Switch(Cited, frozen=True, kw_only=True, gc=False):
    """How one agent, or one form of it, is exchanged for another. ``ratio`` is units of the new for one unit of the old, by day; where
    sources differ ``ratio_low`` and ``ratio_high`` span them, and without a middle the low end is used.

    ``cross-taper``: the new is raised as its titration says while the old is lowered as its taper says, after ``overlap_days``.
    ``exchange``: part for part, in ``parts`` equal parts over ``over_days``, by the ratio.
    ``same dose``: unit for unit (a tablet to a liquid). ``retitrate``: never unit for unit. ``trial``: through a test dose.

    Between forms of one agent ``from_form`` may be left out (any other form). ``wait_days`` is the least time since the last dose of the old; with it the old need not be left in words. ``after`` is the
    taper by which the old goes once the new works. ``points`` are what else is to be known, each with its own source, in order.
    """

    switch: str
    from_agent: str
    to_agent: str
    from_form: str | None = None
    to_form: str | None = None
    method: Literal["cross-taper", "exchange", "same dose", "retitrate", "trial"]
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    overlap_days: float | None = None
    parts: int | None = None
    over_days: float | None = None
    mixed: Mixed | None = None
    wait_days: float | None = None
    after: str | None = None
    text: str
    points: tuple[Said, ...] = ()


class Uptake(Cited, frozen=True, kw_only=True, gc=False):
    """How high an agent peaks from one form of it, taken in one way to food, beside a reference (1): ``low`` and ``high`` span the sources.

    ``meal`` is a key of the words for meals. A form whose uptake is listed is not interchangeable with another.
    """

    uptake: str
    agent: str
    form: str
    meal: str
    low: float
    high: float
    text: str


# ---------------------------------------------------------------- follow


class Act(Frozen, frozen=True, kw_only=True, gc=False):
    """What to do at a result. Without ``when``, for the reader to judge. Where it holds at the last value on record, that is measured
    again ``again_days`` after it."""

    when: dict[str, Any] | None = None
    at: str
    do: str
    again_days: float | None = None


class FollowUp(Cited, frozen=True, kw_only=True, gc=False):
    """What to measure or ask, and when it is due: before the first dose (``baseline``), on ``days`` after the anchor, and every
    ``every_days`` from ``from_day`` (if left out, after one interval) up to ``to_day``, without end if that is left out.

    ``labs`` are ids of ``labs.yaml`` whose values are shown; none where it is asked or looked at. It counts as done by a value of one
    of each group of ``done_by``, or of any of the labs where that is left out. ``anchor``: the first dose, each step of a plan (``steps``: the
    rises or the falls alone), the day the highest dose is reached, the day from which a day's dose is ``from_daily`` (in the agent's dose unit)
    or more (it is then for this person although what is weighed is less), the last session of what is given in sessions, the day by which a pump is to be refilled, the day of the review,
    or the last dose, where a plan ends with one: nothing else is due after that day. ``within_step``: at the end of a step that is shorter. A value counts for a day when it is at
    most ``grace_days`` older, ``days_grace`` for the days of ``days`` where those are close together.

    ``in_place_of`` names what the agents' ``monitoring`` says in words (its ``what``): this entry gives it dates and the review shows it
    in its stead, with its words for when (``at``) unless this entry has its own. Where ``when`` is not met the words go too, but with
    ``else_words`` they stay. ``lapses_days`` after a day it is too late to make it good. ``not_before``: allowed from that day, never
    overdue. ``superseded``: of a label that is no longer in force; it is kept and not used.
    """

    follow_up: str
    agents: tuple[str, ...]
    when: dict[str, Any] | None = None
    what: str
    at: str | None = None
    in_place_of: tuple[str, ...] = ()
    else_words: bool = False
    labs: tuple[str, ...] = ()
    done_by: tuple[tuple[str, ...], ...] = ()
    baseline: bool = False
    anchor: Literal["start", "step", "highest dose", "daily dose", "session", "refill", "review", "last dose"] = "start"
    from_daily: float | None = None
    steps: Literal["every", "rise", "fall"] = "every"
    within_step: bool = False
    days: tuple[float, ...] = ()
    every_days: float | None = None
    from_day: float | None = None
    to_day: float | None = None
    grace_days: float = 7
    days_grace: float | None = None
    lapses_days: float | None = None
    not_before: bool = False
    superseded: bool = False
    act: tuple[Act, ...]


# ---------------------------------------------------------------- what for


class Goal(Cited, frozen=True, kw_only=True, gc=False):
    """What somebody wants of a relaxant: its names in plain words and the conditions in which it arises; the first stands for whoever
    has none of the others. ``families`` of agents serve it; none named: all. ``too_brief`` are agents that are injected for an acute spasm and
    act for hours: they do not serve it. ``text`` says what it means for the choice; ``night`` where
    the night's dose is what counts."""

    goal: str
    title: str
    names: tuple[str, ...]
    conditions: tuple[str, ...]
    families: tuple[str, ...] = ()
    too_brief: tuple[str, ...] = ()
    night: bool = False
    text: str


class Choice(Cited, frozen=True, kw_only=True, gc=False):
    """Where a guideline or a label puts some agents among the treatments of ``conditions``. ``line`` is the place in its order, 1 the
    first; left out where it names them without an order. ``after``: only when other treatment failed or was not borne. Where several
    speak for a person, those of the person's own jurisdiction come before those for everywhere, then the order of the file."""

    choice: str
    agents: tuple[str, ...]
    conditions: tuple[str, ...]
    goals: tuple[str, ...] = ()
    age_from: float = 0
    age_to: float = 200
    line: int | None = None
    after: bool = False
    most_days: float | None = None
    text: str


class UsefulLevel(Cited, frozen=True, kw_only=True, gc=False):
    """What is published of a useful level of an agent. ``target`` names a target of one of its models, of which a chance is reckoned;
    without it ``text`` says why there is none to reckon."""

    useful: str
    agent: str
    conditions: tuple[str, ...] = ()
    age_from: float = 0
    target: str | None = None
    text: str


class Plans(Frozen, frozen=True, kw_only=True, gc=False):
    """Everything that plans are made from, by id."""

    titrations: dict[str, Titration] = msgspec.field(default_factory=dict)
    dose_bounds: dict[str, DoseBound] = msgspec.field(default_factory=dict)
    gates: dict[str, Gates] = msgspec.field(default_factory=dict)
    tapers: dict[str, Taper] = msgspec.field(default_factory=dict)
    gaps: dict[str, Gap] = msgspec.field(default_factory=dict)
    withdrawals: dict[str, Withdrawal] = msgspec.field(default_factory=dict)
    switches: dict[str, Switch] = msgspec.field(default_factory=dict)
    uptakes: dict[str, Uptake] = msgspec.field(default_factory=dict)
    follow_ups: dict[str, FollowUp] = msgspec.field(default_factory=dict)
    goals: dict[str, Goal] = msgspec.field(default_factory=dict)
    choices: dict[str, Choice] = msgspec.field(default_factory=dict)
    useful_levels: dict[str, UsefulLevel] = msgspec.field(default_factory=dict)
    blocks: dict[str, Block] = msgspec.field(default_factory=dict)
    crises: dict[str, Crisis] = msgspec.field(default_factory=dict)
    pumps: dict[str, PumpProtocol] = msgspec.field(default_factory=dict)
