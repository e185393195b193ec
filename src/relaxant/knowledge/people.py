"""The shape of a population: how height, weight and creatinine are spread among people of an age and sex, as data.

A measure is a table by sex: each row stands at an age and gives either what so many percent of people stay under
(``percentiles``) or the three numbers of a growth chart (``lms``: Box-Cox power, median, coefficient of variation). Between two
rows people lie between them; before the first and after the last they are as there. How measures hang together is said by
the correlations of their scores (standard normal). ``reproduces`` are published numbers that drawn people must give back.
"""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.schema import Cited, Frozen, SourceRef

Sex = Literal["female", "male"]
Drawn = Literal["height", "weight", "creatinine"]
"""What is drawn, in the order of the correlations; all else about a person follows from these, age and sex."""


class Ages(Cited, frozen=True, kw_only=True, gc=False):
    """How people share out over ages: ``rows`` of (age from, age to, share of the whole population)."""

    sex: Sex
    rows: tuple[tuple[float, float, float], ...]
    derived: str | None = None


class Measure(Cited, frozen=True, kw_only=True, gc=False):
    """One measure of one sex. ``rows``: the age, then the values at ``percentiles`` (in %), or L, M and S."""

    measure: Drawn
    sex: Sex
    unit: str
    form: Literal["percentiles", "lms"]
    percentiles: tuple[float, ...] = ()
    rows: tuple[tuple[float, ...], ...]
    derived: str | None = None


class ScoreCorrelations(Cited, frozen=True, kw_only=True, gc=False):
    """Correlations of scores: ``rows`` of (age, height with weight, height with creatinine, weight with creatinine)."""

    sex: Sex
    rows: tuple[tuple[float, float, float, float], ...]
    derived: str | None = None


class Possible(Cited, frozen=True, kw_only=True, gc=False):
    """The least and the most that a person of this population can have; who is drawn outside is drawn again."""

    measure: Literal["height", "weight", "bmi", "creatinine"]
    unit: str
    low: float
    high: float
    derived: str | None = None


class Shift(Frozen, frozen=True, kw_only=True, gc=False):
    """How the scores of a group lie: their mean and standard deviation (0 and 1 in the population itself)."""

    measure: Drawn
    sex: Sex
    mean: float
    sd: float


class Among(Cited, frozen=True, kw_only=True, gc=False):
    """A group within a population: other scores, a range of filtration rates, or a creatinine that flatters the kidney.

    ``egfr`` (mL/min/1.73 m2) is drawn evenly and creatinine follows from it. ``creatinine_ratio`` is what creatinine is to that of
    other people whose kidneys do the same.
    """

    among: str
    scores: tuple[Shift, ...] = ()
    egfr: tuple[float, float] | None = None
    creatinine_ratio: float | None = None
    derived: str | None = None


class PublishedOfPeople(Cited, frozen=True, kw_only=True, gc=False):
    """A number that drawn people of these ages must give back within ``tolerance`` (a share of it).

    ``at`` is the percentile (in %) or the limit that the share lies below.
    """

    title: str
    measure: str
    sex: Sex | None = None
    age: tuple[float, float]
    statistic: Literal["mean", "percentile", "share below", "correlation with height"]
    at: float | None = None
    value: float
    tolerance: float
    derived: str | None = None


class Population(Frozen, frozen=True, kw_only=True, gc=False):
    """People of a country and time, by age and sex."""

    population: str
    title: str
    people: str  # who was measured, in words, with their number
    age: tuple[float, float]
    ages: tuple[Ages, ...]
    measures: tuple[Measure, ...]
    correlations: tuple[ScoreCorrelations, ...]
    bounds: tuple[Possible, ...]
    among: tuple[Among, ...] = ()
    reproduces: tuple[PublishedOfPeople, ...]
    limits: tuple[str, ...] = ()  # what these people are not, in words
    sources: tuple[SourceRef, ...] = ()
