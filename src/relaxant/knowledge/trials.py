"""Trials as data: who was treated with what, and what came of it, each number with its place in the source."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.schema import Cited, Frozen

Risk = Literal["low", "some concerns", "high", "unclear"]
Measure = Literal["events", "mean change", "mean after", "difference", "ratio"]


class Arm(Frozen, frozen=True, kw_only=True, gc=False):
    """A group of a trial. ``agent`` is a relaxant by id, ``placebo``, ``no treatment`` or a free name of another medicine; ``dose`` in words."""

    arm: str
    agent: str
    dose: str = ""
    randomised: int | None = None


class Bias(Frozen, frozen=True, kw_only=True, gc=False):
    """Risk of bias by domain, as a reviewer judged it or as what was read allows; ``by`` names who judged."""

    randomisation: Risk = "unclear"
    deviations: Risk = "unclear"
    missing: Risk = "unclear"
    measurement: Risk = "unclear"
    reporting: Risk = "unclear"
    overall: Risk = "unclear"
    by: str
    why: str = ""


class Result(Cited, frozen=True, kw_only=True, gc=False):
    """One number of one outcome. ``events``: ``count`` of ``n`` in an ``arm``. ``mean change`` and ``mean after``: ``value`` with ``sd`` of ``n`` in
    an ``arm``. ``difference`` and ``ratio``: ``value`` between ``arm`` and ``against``, with ``low`` and ``high`` of the 95% interval (or
    ``p``). ``scale`` is a scale of ours by id where it is one; ``outcome`` names what was measured, the same word for the same thing in
    all trials. ``derived`` says how a number was reckoned that the source does not print."""

    outcome: str
    measure: Measure
    arm: str
    against: str | None = None
    scale: str | None = None
    harm: bool = False
    at: str = ""
    count: int | None = None
    n: int | None = None
    value: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    p: str | None = None
    text: str = ""
    derived: str | None = None


class Trial(Cited, frozen=True, kw_only=True, gc=False):
    """A trial. ``conditions`` by id. ``says`` is its result in our words where no number could be had: such a trial is shown and never pooled."""

    trial: str
    title: str
    year: int
    design: Literal["parallel", "crossover", "withdrawal", "open", "cohort", "pooled"]
    randomised: bool
    blinded: Literal["double", "single", "none", "unclear"]
    conditions: tuple[str, ...]
    population: str
    n: int | None = None
    weeks: float | None = None
    arms: tuple[Arm, ...]
    results: tuple[Result, ...] = ()
    says: str
    bias: Bias
    doi: str | None = None
