"""What one series of a diary says, in numbers and in the key of the sentence that says it plainly."""

from __future__ import annotations

import math
from typing import Literal

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
]
_HALF, _NINE_TENTHS, _WIDE = 0.5, 0.9, 0.95
_PERCENT = 100.0
_SETTLED: tuple[Said, ...] = ("better", "not better", "worse", "no worse", "hardly worse")
_FEW_POINTS = 20
_MORE_DAYS, _TENTH = (7, 14, 28, 56), 10


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
    before and of the last week. ``beyond``: the change that neither a bad spell, expectation nor trend accounts for; ``level``: that of the level itself, whatever it is due
    to. ``better`` and ``worse``: probabilities of ``beyond`` in these directions. ``least``: the least improvement that matters, in the scale's unit, for
    a count a ratio: that of ``differences``, else our own; ``level_least``: the probability that the level itself has improved by it. ``more_days``: how many more days like the last would
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
    level_least: float | None = None
    more_days: int | None = None
    prior: str = ""


def read_series(series: Series, scale: Scale, knowledge: Knowledge, conditions: frozenset[str]) -> Reading:
    """What a series says. ``conditions`` of the person, by id: differences that matter were found in some of them alone."""
    prior, policy = prior_of(scale, knowledge), knowledge.policy
    seen = ~np.isnan(series.values)
    before, after = int(seen[: series.start].sum()), int(seen[series.start :].sum())
    now = int(policy("respond_now"))
    plain = Reading(
        scale=scale.scale,
        harm=prior.harm,
        said="too few days",
        days_before=before,
        days_after=after,
        mean_before=_mean(series, slice(0, series.start)),
        mean_now=_mean(series, slice(series.days - now, series.days)),
        prior=prior.prior,
    )
    if not any(m.doses.any() for m in series.medicines):
        return msgspec.structs.replace(plain, said="no dose")
    if series.start >= series.days:
        return msgspec.structs.replace(plain, said="no change of dose")
    needed = policy("respond_least_days")
    if before < needed:
        return msgspec.structs.replace(plain, said="no days before")
    if after < needed:
        return msgspec.structs.replace(plain, more_days=math.ceil(needed - after))
    moved = change(series, prior, last=now)
    differences = tuple(_differences(moved, series, scale, conditions))
    said = _said(moved, differences, series, prior, knowledge)
    least = _least(differences, series, knowledge)
    more = _more_days(series, prior, scale, knowledge, conditions, now) if said not in _SETTLED else None
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
        least=None if prior.harm else _own(least, series),
        level_least=None if prior.harm else _by_at_least(moved.level, least, series),
    )


class Armed(msgspec.Struct, frozen=True, kw_only=True):
    """What a series says of one arm against another: ``difference`` as settled, the probability of any better, and the words' key."""

    said: Said
    difference: Span | None = None
    better: float | None = None


def read_arms(series: Series, scale: Scale, knowledge: Knowledge) -> Armed:
    """What a series says of its first medicine, the arm that is compared: worse or better than the other arm."""
    prior, policy = prior_of(scale, knowledge), knowledge.policy
    taken = series.medicines[0].doses > 0
    seen = ~np.isnan(series.values)
    if min(int(seen[taken].sum()), int(seen[~taken].sum())) < policy("respond_least_days"):
        return Armed(said="too few days")
    moved = change(series, prior, courses=arm_against_arm)
    better, sure = _better(moved.beyond, series), policy("respond_sure")
    said: Said = "better" if better >= sure else "worse" if 1 - better >= sure else "cannot be told"
    return Armed(said=said, difference=_span(moved.beyond, series), better=better)


def read_at(series: Series, scale: Scale, knowledge: Knowledge, place: int, share: float) -> Span:
    """What a medicine, by its place, would bring beyond now at a dose of ``share`` of the highest of the series."""
    moved = change(series, prior_of(scale, knowledge), last=int(knowledge.policy("respond_now")), courses=at_dose(place, share))  # fmt: skip
    return _span(moved.beyond, series)


def prior_of(scale: Scale, knowledge: Knowledge) -> ResponsePrior:
    """What is taken for granted of a scale's series."""
    kind, harm = "count" if scale.kind == "count" else "ordinal", scale.harm
    return next(p for p in knowledge.responses.response_priors.values() if p.kind == kind and p.harm == harm)


def _mean(series: Series, days: slice) -> float | None:
    values = series.values[max(0, days.start) : days.stop]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def _better(change: Mixture, series: Series) -> float:
    """The probability of any change for the better."""
    return change.below(0.0) if series.worse > 0 else 1 - change.below(0.0)


def _said(moved: Change, differences: tuple[Difference, ...], series: Series, prior: ResponsePrior, knowledge: Knowledge) -> Said:  # fmt: skip
    sure, unlikely = knowledge.policy("respond_sure"), knowledge.policy("respond_unlikely")
    better, level = _better(moved.beyond, series), _better(moved.level, series)
    least = _least(differences, series, knowledge)
    if better >= sure:
        return "better"
    if 1 - level >= sure or 1 - better >= sure:
        if (
            prior.harm
            and series.bounds is not None
            and _by_at_least(moved.level, least, series, for_worse=True) <= _HALF
        ):
            return "hardly worse"
        return "worse" if 1 - better >= sure else "worse, cause open"
    if prior.harm:
        grown = _by_at_least(moved.level, least, series, for_worse=True)
        return "no worse" if min(grown, 1 - better) <= unlikely else "too few days"
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


def _more_days(series: Series, prior: ResponsePrior, scale: Scale, knowledge: Knowledge, conditions: frozenset[str], now: int) -> int | None:  # fmt: skip
    """The fewest more days that would settle it, if they went on like the last ones at the same doses."""
    tail = series.values[-2 * now :]
    for more in (m for m in _MORE_DAYS if _TENTH * m >= series.days):  # a week tells nothing new to half a year
        longer = msgspec.structs.replace(
            series,
            values=np.concatenate((series.values, np.resize(tail, more))),
            medicines=tuple(_longer(m, more) for m in series.medicines),
        )
        moved = change(longer, prior, points=_FEW_POINTS, last=now)
        differences = tuple(_differences(moved, longer, scale, conditions))
        if _said(moved, differences, longer, prior, knowledge) in _SETTLED:
            return more
    return None


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
