"""What is measured of spasticity and spasm: scales with their levels, how far they can be trusted and what change matters."""

from __future__ import annotations

import re
from typing import Literal

from relaxant.knowledge.schema import Cited, Evidence, Frozen, SourceRef

ScaleKind = Literal["count", "ordinal", "continuous", "share"]
PropertyKind = Literal[
    "retest reliability",
    "inter-rater reliability",
    "measurement error",
    "detectable change",
    "important change",
    "large change",
    "validity",
    "responsiveness",
]
_LEVEL = re.compile(r"(-?\d+)(\+?)")


class Level(Frozen, frozen=True, kw_only=True, gc=False):
    """A level of an ordinal scale: as it is written (``1+``), its place in the order from 0, and what it means in our words."""

    said: str
    rank: int
    text: str


def number_of(level: Level) -> float | None:
    """Where what is written as a level lies between whole numbers: ``1+`` is between 1 and 2."""
    match = _LEVEL.fullmatch(level.said)
    return None if match is None else int(match[1]) + (0.5 if match[2] else 0.0)


class Property(Cited, frozen=True, kw_only=True, gc=False):
    """What a study found of a scale. ``value`` in ``unit``: ``points``, ``percent of baseline``, ``percent`` of the score at hand, ``degrees``,
    ``seconds``, ``feet per second``, above nought whichever way is better; for reliability, validity and responsiveness ``statistic`` names it
    (ICC, kappa, r) and the unit is left out. ``low`` and ``high`` where a
    range or an interval was given. ``population`` are those in whom it was found: a difference that matters belongs to them alone.
    ``conditions`` are those that population has, by id; empty where it holds whatever the condition. ``text`` says it in our words."""

    kind: PropertyKind
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    statistic: str | None = None
    population: str
    conditions: tuple[str, ...] = ()
    people: int | None = None
    text: str
    evidence: Evidence = "study"


class Scale(Cited, frozen=True, kw_only=True, gc=False):
    """A scale or a count. ``column`` is its name in a diary; empty where a day's diary does not hold it. ``better`` is the direction of
    improvement. ``low`` and ``high`` bound a valid score, in steps of ``step`` (0: any number); a count has no ``high``. ``sided`` where it is
    scored for a muscle or a limb, which the entry has to name, such as ``site_example``. ``difference``: where it is the first of two other scales
    less the second, of one site and day. ``of_change`` where the score is itself a change and has no baseline. ``harm`` where it measures what a medicine may bring. ``ordinal`` scales list their ``levels``, from the best or least to the
    most. ``licence`` says who may use it and where its terms forbid or charge; ``questions`` are given only where they allow it. ``further`` are
    other sources: of codes, terms, wording."""

    scale: str
    title: str
    names: tuple[str, ...]
    column: str = ""
    what: str
    kind: ScaleKind
    better: Literal["lower", "higher"]
    low: float = 0.0
    high: float | None = None
    step: float = 0.0
    unit: str = ""
    sided: bool = False
    site_example: str = ""
    difference: tuple[str, ...] = ()
    harm: bool = False
    of_change: bool = False
    levels: tuple[Level, ...] = ()
    scoring: str
    licence: str
    loinc: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    further: tuple[SourceRef, ...] = ()
    properties: tuple[Property, ...] = ()


class Marker(Cited, frozen=True, kw_only=True, gc=False):
    """A measurement that is taken for a sign of tone and is none. ``what`` is what it follows, in a few words, ``text`` what was found.
    It is kept and shown on the axis of the diary, and never moves the dose of a relaxant. ``conditions``: those in which it was studied, by id;
    ``fresh``: a result above nought is by itself new. ``further`` are other sources."""

    marker: str
    title: str
    names: tuple[str, ...]
    loinc: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    what: str
    text: str
    conditions: tuple[str, ...] = ()
    fresh: bool = False
    further: tuple[SourceRef, ...] = ()
