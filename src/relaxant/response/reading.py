"""What one series of a diary says, in numbers and in the key of the sentence that says it plainly."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.responses import ResponsePrior
from relaxant.knowledge.scales import Property, Scale
from relaxant.response.change import Change, change
from relaxant.response.course import Medicine, Series, arm_against_arm, at_dose
from relaxant.response.mixture import Mixture

Said = Literal[
    "better",
    "better, cause open",
    "not better",
    "worse",
    "worse, cause open",
    "no worse",
    "hardly worse",
    "too few days",
    "cannot be told",
    "no days before",
    "no change of dose",
    "no dose",
    "none",
]
_HALF, _NINE_TENTHS, _WIDE = 0.5, 0.9, 0.95
_PERCENT = 100.0
_SETTLED: tuple[Said, ...] = ("better", "not better", "worse", "no worse", "hardly worse")
_MORE_DAYS = (7, 14, 28, 56)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its middle half, nine tenths and 95% of probability, in the scale's unit; for a count's change a ratio."""

    middle: float
    half: tuple[float, float]
    nine_tenths: tuple[float, float]
    wide: tuple[float, float]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that a source says matters: how large it is here, for a count what is left as a ratio, and the probability of at least that, in
    the direction of better."""

    finding: Property
    size: float
    probability: float


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One series. ``days_before`` and ``days_after`` count days with a score. ``mean_before`` and ``mean_now``: plain means of what was written, of all days
    before and of those that count as now. ``beyond``: the change that neither a bad spell, expectation nor trend accounts for; ``level``: that of the level itself, whatever it is due
    to. ``better`` and ``worse``: probabilities of ``beyond`` in these directions. ``least``: the least change that matters, in the scale's unit, for
    a count what a fall by it leaves as a ratio: that of ``differences``, else our own; ``level_better`` and ``level_worse``: probabilities that the level
    itself has moved by it. ``more_days``: how many more days like the last would
    settle it; ``None`` where none would or nothing is open."""

    scale: str
    harm: bool
    said: Said
    days_before: int
    days_after: int
    mean_before: float | None
    mean_now: float | None
    before: Span | None = None
    beyond: Span | None = None
    level: Span | None = None
    better: float | None = None
    worse: float | None = None
    differences: tuple[Difference, ...] = ()
    least: float | None = None
    level_better: float | None = None
    level_worse: float | None = None
    more_days: int | None = None
    prior: str = ""


def read_series(series: Series, scale: Scale, knowledge: Knowledge, conditions: frozenset[str], *, lowered: bool = False) -> Reading:  # fmt: skip
    """What a series says. ``conditions`` of the person, by id: differences that matter were found in some of them alone. ``lowered``: the dose went down,
    so that it is asked whether a symptom is no worse."""
    prior, policy = prior_of(scale, knowledge), knowledge.policy
    seen = ~np.isnan(series.values)
    before, after = int(seen[: series.start].sum()), int(seen[series.start :].sum())
    changed = series.start < series.days
    plain = Reading(
        scale=scale.scale,
        harm=prior.harm,
        said="too few days",
        days_before=before if changed else 0,
        days_after=after,
        mean_before=_mean(series, slice(0, series.start)) if changed else None,
        mean_now=_mean(series, slice(*series.now)),
        prior=prior.prior,
    )
    if not any(m.doses.any() for m in series.medicines):
        return msgspec.structs.replace(plain, said="no dose")
    if not changed:
        return msgspec.structs.replace(plain, said="no change of dose")
    needed = policy("respond_least_days")
    if before < needed:
        return msgspec.structs.replace(plain, said="no days before")
    if after < needed:
        return msgspec.structs.replace(plain, more_days=math.ceil(needed - after))
    if series.bounds is None and not series.values[seen].any():
        return msgspec.structs.replace(plain, said="none")
    question = Question(series, scale, prior, knowledge, conditions, lowered)
    moved = change(series, prior)
    said, differences = said_of(moved, question)
    least = _least(differences, series, knowledge)
    more = _more_days(question) if said not in _SETTLED else None
    return msgspec.structs.replace(
        plain,
        said="cannot be told" if said == "too few days" and more is None else said,
        more_days=more,
        before=_span(moved.before, series, level=True),
        beyond=_span(moved.beyond, series),
        level=_span(moved.level, series),
        better=_better(moved.beyond, series),
        worse=1 - _better(moved.beyond, series),
        differences=differences,
        least=_own(least, series),
        level_better=_by_at_least(moved.level, least, series),
        level_worse=_by_at_least(moved.level, least, series, for_worse=True),
    )


class Question(NamedTuple):
    """What is asked of a series."""

    series: Series
    scale: Scale
    prior: ResponsePrior
    knowledge: Knowledge
    conditions: frozenset[str]
    lowered: bool


class Armed(msgspec.Struct, frozen=True, kw_only=True):
    """What a series says of one arm against another: ``difference`` as settled, the probability of any better, and the words' key. ``least``: the least
    difference that matters, for a count a ratio, and the probabilities that the arm is better or worse by it."""

    said: Said
    difference: Span | None = None
    better: float | None = None
    least: float | None = None
    better_least: float | None = None
    worse_least: float | None = None


def read_arms(series: Series, scale: Scale, knowledge: Knowledge, conditions: frozenset[str]) -> Armed:
    """What a series says of its first medicine, the arm that is compared: worse or better than the other arm."""
    prior, policy = prior_of(scale, knowledge), knowledge.policy
    taken = series.medicines[0].doses > 0
    seen = ~np.isnan(series.values)
    if min(int(seen[taken].sum()), int(seen[~taken].sum())) < policy("respond_least_days"):
        return Armed(said="too few days")
    if series.bounds is None and not series.values[seen].any():
        return Armed(said="none")
    moved = change(series, prior, courses=arm_against_arm)
    least = _least(tuple(_differences(moved, series, scale, conditions)), series, knowledge)
    better, sure = _better(moved.beyond, series), policy("respond_sure")
    better_least = _by_at_least(moved.beyond, least, series)
    worse_least = _by_at_least(moved.beyond, least, series, for_worse=True)
    said: Said = "cannot be told"
    if better >= sure and better_least > policy("respond_unlikely"):
        said = "better"
    elif 1 - better >= sure and worse_least > _HALF:
        said = "worse"
    elif max(better_least, worse_least) <= policy("respond_unlikely") or 1 - better >= sure:
        said = "not better"
    return Armed(
        said=said,
        difference=_span(moved.beyond, series),
        better=better,
        least=_own(least, series),
        better_least=better_least,
        worse_least=worse_least,
    )


def read_at(series: Series, scale: Scale, knowledge: Knowledge, place: int, dose: float) -> Span:
    """What a medicine, by its place, would bring beyond now at a dose a day."""
    moved = change(series, prior_of(scale, knowledge), courses=at_dose(place, dose))
    return _span(moved.beyond, series)


def prior_of(scale: Scale, knowledge: Knowledge) -> ResponsePrior:
    """What is taken for granted of a scale's series."""
    kind, harm = "count" if scale.kind == "count" else "ordinal", scale.harm
    return next(p for p in knowledge.responses.response_priors.values() if p.kind == kind and p.harm == harm)


def _mean(series: Series, days: slice) -> float | None:
    values = series.values[days]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def _better(change: Mixture, series: Series) -> float:
    """The probability of any change for the better."""
    return change.below(0.0) if series.worse > 0 else 1 - change.below(0.0)


def said_of(moved: Change, question: Question) -> tuple[Said, tuple[Difference, ...]]:
    """The words of a change, and the differences that it is set against."""
    differences = tuple(_differences(moved, question.series, question.scale, question.conditions))
    return _said(moved, differences, question), differences


def _said(moved: Change, differences: tuple[Difference, ...], question: Question) -> Said:
    """The words. Better and worse are said of a change that is sure in its sign and not unlikely, or likelier than not, to be one that matters: a dose that is
    back where it was changes something surely and by nothing."""
    series, knowledge, harm = question.series, question.knowledge, question.prior.harm
    sure, unlikely = knowledge.policy("respond_sure"), knowledge.policy("respond_unlikely")
    least = _least(differences, series, knowledge)
    better, level = _better(moved.beyond, series), _better(moved.level, series)
    if better >= sure and _by_at_least(moved.beyond, least, series) > unlikely:
        return "better"
    ways: tuple[tuple[Mixture, Said], ...] = ((moved.beyond, "worse"), (moved.level, "worse, cause open"))
    for change_of, key in ways:
        if 1 - _better(change_of, series) >= sure and _by_at_least(change_of, least, series, for_worse=True) > _HALF:
            return key
    grown = _by_at_least(moved.level, least, series, for_worse=True)
    if harm or question.lowered:
        if 1 - level >= sure:
            return "hardly worse"
        if harm and level >= sure and _by_at_least(moved.level, least, series) > _HALF:
            return "better, cause open"
        return "no worse" if grown <= unlikely or (harm and 1 - better <= unlikely) else "too few days"
    if _by_at_least(moved.level, least, series) <= unlikely:
        return "not better"
    if level >= sure:
        return "better, cause open"
    return "not better" if _by_at_least(moved.beyond, least, series) <= unlikely else "too few days"


def _least(differences: tuple[Difference, ...], series: Series, knowledge: Knowledge) -> float:
    """The least change that matters, in the series' unit and above 0: that of a source, else what a rating or a count can show."""
    known = [d.size for d in differences if d.finding.kind == "important change"]
    if known:
        return min(known) if series.bounds is not None else -math.log(max(known))
    share = knowledge.policy("respond_shown" if series.bounds is not None else "respond_shown_count")
    return share * series.range if series.bounds is not None else -math.log1p(-share)


def _by_at_least(change: Mixture, size: float, series: Series, *, for_worse: bool = False) -> float:
    """The probability of an improvement by at least a size, or of a change for the worse by it."""
    upwards = (series.worse > 0) == for_worse
    return 1 - change.below(size) if upwards else change.below(-size)


def _more_days(question: Question) -> int | None:
    """The fewest more days that would settle it, if they went on like the last two weeks at the same doses; ``None`` where the most that are tried would
    not. Nothing is asked of days to come where those that count as now are over."""
    series = question.series
    if series.now[1] < series.days or not _settles(question, _MORE_DAYS[-1]):
        return None
    low, high = 0, len(_MORE_DAYS) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _settles(question, _MORE_DAYS[middle]) else (middle + 1, high)
    return _MORE_DAYS[high]


def _settles(question: Question, more: int) -> bool:
    series = question.series
    days, week = series.days + more, series.now[1] - series.now[0]
    longer = msgspec.structs.replace(
        series,
        values=np.concatenate((series.values, np.resize(series.values[-2 * week :], more))),
        medicines=tuple(_longer(m, more) for m in series.medicines),
        now=(days - week, days),
    )
    moved = change(longer, question.prior)
    return said_of(moved, question._replace(series=longer))[0] in _SETTLED


def _longer(medicine: Medicine, more: int) -> Medicine:
    """A medicine taken on as on the last day; one that is given rarely is not given again."""
    last = np.full(more, medicine.doses[-1] if medicine.fades is None else 0.0)
    return msgspec.structs.replace(medicine, doses=np.concatenate((medicine.doses, last)))


def _differences(moved: Change, series: Series, scale: Scale, conditions: frozenset[str]) -> list[Difference]:
    """The differences that sources found to matter in people like this one, smallest first."""
    out = []
    level = moved.before.middle()
    for found in scale.properties:
        if found.kind not in ("important change", "large change") or found.value is None:
            continue
        if found.conditions and not conditions & set(found.conditions):
            continue
        size = _size(found, series, level)
        if size is None:
            continue
        out.append(
            Difference(finding=found, size=_own(size, series), probability=_by_at_least(moved.beyond, size, series))
        )
    return sorted(out, key=lambda d: -d.probability)


def _own(size: float, series: Series) -> float:
    """An improvement in the scale's own unit; of a count what is left, as a ratio."""
    return size if series.bounds is not None else math.exp(-size)


def _size(found: Property, series: Series, level: float) -> float | None:
    """A difference in the series' unit, above 0."""
    value = found.value or 0.0
    if found.unit == "points" and series.bounds is not None:
        return value
    if found.unit == "percent of baseline":
        return value / _PERCENT * level if series.bounds is not None else -math.log1p(-value / _PERCENT)
    return None


def _span(of: Mixture, series: Series, *, level: bool = False) -> Span:
    """In the scale's own unit: a count's level as a mean count, its change as a ratio."""

    def own(value: float) -> float:
        return math.exp(value) if series.bounds is None else value

    def pair(share: float) -> tuple[float, float]:
        low, high = of.interval(share)
        if level and series.bounds is not None:
            low, high = (min(max(v, series.bounds[0]), series.bounds[1]) for v in (low, high))
        return own(low), own(high)

    return Span(middle=own(of.quantile(0.5)), half=pair(_HALF), nine_tenths=pair(_NINE_TENTHS), wide=pair(_WIDE))
