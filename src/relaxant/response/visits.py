"""Scales scored at visits: how far a score has moved from the first to the last, and whether that is more than its error.

Two scores carry no probability. The change of an ordinal scale is counted in levels and never averaged; what was found of a mean over muscles says
nothing of the grade of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

import msgspec

from relaxant.io.scale_entries import ScaleEntries, ScaleEntry
from relaxant.io.scale_names import plain
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Property, Scale
from relaxant.quantities import plain_number

Direction = Literal["better", "worse", "same", "told"]
Verdict = Literal["beyond", "within", "between"]
_SIDES = {"l": "left", "lt": "left", "r": "right", "rt": "right", "bilateral": "both"}
_PERCENT = 100.0
_DIGITS = 12


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A score of a day. ``value``: the rank of a level, or a number in the scale's unit; ``said`` as it is written."""

    day: date
    value: float
    said: str
    by: str | None = None


class Against(msgspec.Struct, frozen=True, kw_only=True):
    """A change set against what was found of the scale. ``low`` and ``high``: the change found, in the unit of the score, a range where several
    were. ``verdict``: ``beyond`` it, ``within`` it, or ``between`` the two."""

    finding: Property
    low: float
    high: float
    verdict: Verdict


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From the first score to the last. ``size`` has the sign of last less first: levels where ``levels``, else the scale's unit.

    ``told``: the score is itself a change, so that no difference is taken. ``error``: detectable changes of people like this one, and
    ``matters``: important ones, for a change for the better alone, as they were found for no other. Empty where none is known; with
    ``elsewhere``: found in other people, or in another measure of the scale."""

    size: float
    levels: bool
    direction: Direction
    error: tuple[Against, ...] = ()
    matters: tuple[Against, ...] = ()
    elsewhere: bool = False


class Visited(msgspec.Struct, frozen=True, kw_only=True):
    """A scale at a site: its scores from first to last, one a day, and the change where there are two or more."""

    scale: str
    site: str | None
    visits: tuple[Visit, ...]
    change: Change | None


class Visits(msgspec.Struct, frozen=True, kw_only=True):
    """All scales that were scored at visits, in the order of the scales, harms last. ``said``: sentences for each score that could not be
    used."""

    scales: tuple[Visited, ...]
    said: tuple[str, ...]


def visits_of(entries: ScaleEntries, conditions: frozenset[str], knowledge: Knowledge) -> Visits:
    """The scores at visits of a person with these conditions, by id, whatever gave them."""
    words = knowledge.words("visits")
    groups: dict[tuple[str, str], list[ScaleEntry]] = {}
    for entry in sorted((*entries.entries, *_differences(entries.entries, knowledge)), key=lambda e: e.day):
        groups.setdefault((entry.scale, site_key(entry.site)), []).append(entry)
    out, said = list[Visited](), list(entries.unread)
    order = {name: (scale.harm, place) for place, (name, scale) in enumerate(knowledge.responses.scales.items())}
    for (name, _), group in sorted(groups.items(), key=lambda item: (order[item[0][0]], item[0][1])):
        scale = knowledge.responses.scales[name]
        once, twice = _a_day(group)
        said += [_disagree(words, scale, day, scores) for day, scores in twice.items()]
        if once:
            change = _change(once, scale, conditions) if len(once) > 1 else None
            out.append(Visited(scale=name, site=group[0].site, visits=tuple(once), change=change))
    return Visits(scales=tuple(out), said=tuple(said))


def _differences(entries: Sequence[ScaleEntry], knowledge: Knowledge) -> Iterator[ScaleEntry]:
    """Scores that are the difference of two others of one site and day (an angle of spasticity, R2 less R1), where nobody gave them."""
    given: dict[tuple[str, str, date], dict[float, ScaleEntry]] = {}
    for entry in entries:
        given.setdefault((entry.scale, site_key(entry.site), entry.day), {})[entry.value] = entry
    for scale in knowledge.responses.scales.values():
        if not scale.difference:
            continue
        whole, less = scale.difference
        for (name, site, day), found in given.items():
            other = given.get((less, site, day), {})
            if name != whole or len(found) != 1 or len(other) != 1 or (scale.scale, site, day) in given:
                continue
            (first,), (second,) = found.values(), other.values()
            value = round(first.value - second.value, _DIGITS)
            if scale.low <= value and (scale.high is None or value <= scale.high):
                yield ScaleEntry(scale=scale.scale, site=first.site, day=day, value=value, said=plain_number(value))


def site_key(site: str | None) -> str:
    """A site for comparison: ``L gastrocnemius`` and ``gastrocnemius, left`` are one.

    >>> site_key("L gastrocnemius") == site_key("Gastrocnemius, left")
    True
    """
    words = plain(site or "").replace(",", " ").replace(".", " ").split()
    return " ".join(sorted(_SIDES.get(word, word) for word in words))


def _a_day(group: list[ScaleEntry]) -> tuple[list[Visit], dict[date, tuple[str, ...]]]:
    """One score a day; those of a day that disagree apart, as nobody knows which one holds."""
    days: dict[date, dict[float, ScaleEntry]] = {}
    for entry in group:
        days.setdefault(entry.day, {}).setdefault(entry.value, entry)
    once = [e for found in days.values() if len(found) == 1 for e in found.values()]
    twice = {day: tuple(e.said for e in found.values()) for day, found in days.items() if len(found) > 1}
    return [Visit(day=e.day, value=e.value, said=e.said, by=e.by) for e in once], twice


def _disagree(words: dict[str, str], scale: Scale, day: date, scores: tuple[str, ...]) -> str:
    return words["disagree"].format(scale=scale.title, day=day, scores=words["and"].join(scores))


def _change(found: list[Visit], scale: Scale, conditions: frozenset[str]) -> Change:
    first, last = found[0], found[-1]
    size = round(last.value - first.value, _DIGITS)
    levels = scale.kind == "ordinal"
    if scale.of_change:
        return Change(size=size, levels=levels, direction="told")
    direction: Direction = "same" if size == 0 else "better" if (size < 0) == (scale.better == "lower") else "worse"
    error, error_elsewhere = _against("detectable change", first, last, scale, conditions)
    matters, matters_elsewhere = _against("important change", first, last, scale, conditions)
    return Change(
        size=size,
        levels=levels,
        direction=direction,
        error=error,
        matters=matters if direction == "better" else (),
        elsewhere=error_elsewhere or matters_elsewhere,
    )


def _against(
    kind: str, first: Visit, last: Visit, scale: Scale, conditions: frozenset[str]
) -> tuple[tuple[Against, ...], bool]:
    """The change set against each finding of a kind in people like this one, and whether there are findings that do not hold here."""
    out, elsewhere = list[Against](), False
    for found in scale.properties:
        if found.kind != kind:
            continue
        spans = tuple(_sizes(found, first, last, scale))
        if not spans or (found.conditions and not conditions & set(found.conditions)):
            elsewhere = True
            continue
        low, high = min(spans), max(spans)
        size = round(abs(last.value - first.value), _DIGITS)
        # a change as large as its error may be error; one as large as what matters does
        over = size > high if kind == "detectable change" else size >= high
        under = size <= low if kind == "detectable change" else size < low
        out.append(
            Against(finding=found, low=low, high=high, verdict="beyond" if over else "within" if under else "between")
        )
    return tuple(out), elsewhere


def _sizes(found: Property, first: Visit, last: Visit, scale: Scale) -> Iterator[float]:
    """A change that was found, in the unit of the score; nothing where it cannot be said of these two."""
    if scale.kind == "ordinal":
        return  # what was found of ordinal scales is of means
    for value in (found.low, found.value, found.high):
        if value is None:
            continue
        if found.unit == scale.unit:
            yield value
        elif found.unit == "percent of baseline" and first.value > 0:
            yield round(value / _PERCENT * first.value, _DIGITS)
        elif found.unit == "percent" and first.value + last.value > 0:
            yield round(value / _PERCENT * (first.value + last.value) / 2, _DIGITS)
