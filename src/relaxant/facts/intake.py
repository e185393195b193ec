"""Who takes which ingredient by which route, since when, and who stopped it when: of everybody's lines, by ingredient and route."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
import numpy as np

from relaxant.facts.column import Floats, Mask, anywhere
from relaxant.facts.lines import Index, days_before, reduced
from relaxant.medicines.medicine import Medicine

_FIRST = np.array([True])
_FIELDS = 8
Taken = tuple[str, str]
"""An ingredient and its route, empty where none was said."""


class Intake(msgspec.Struct):
    """Who takes one ingredient by one route: ``now`` is 1, 0 or NaN; ``stopped_days`` since a stop, NaN where not stopped;
    ``taken_days`` since it was begun, nought for what is only weighed, NaN where that was not said (``None``: of nobody).

    ``rows`` are the persons who have a line of it, in their order: the others take none. Of everybody in their order where it is ``None``.
    """

    now: Floats
    stopped_days: Floats
    taken_days: Floats | None = None
    rows: Index | None = None


class TakenLines(msgspec.Struct, frozen=True):
    """Lines by what is in them, but for those that what is weighed replaces: sorted by ``what`` (its place in ``of``), then ``row`` (the person).

    Of each line: ``leaving`` whether it was stopped or is to be, ``weighed`` whether it is weighed, ``over`` whether it is not taken, on
    whichever day that ended, ``doubtful`` whether it may be taken all the same. ``days`` are its start and its stop in days before the day of
    the review, below nought after it, NaN where not said; shape (2, lines).
    """

    of: tuple[Taken, ...]
    what: Index
    row: Index
    leaving: Mask
    weighed: Mask
    over: Mask
    doubtful: Mask
    days: Floats


def taken_lines_of(readings: Iterable[tuple[date, Sequence[Medicine]]]) -> TakenLines:
    """The lines of people, each with the day of the review and the medicines as read."""
    found: dict[Taken, list[tuple[int, date, Medicine]]] = {}
    for row, (as_of, medicines) in enumerate(readings):
        for m in medicines:
            if not m.replaced:
                for ingredient in m.ingredients:
                    found.setdefault((ingredient.name, m.regimen.route or ""), []).append((row, as_of, m))
    said = [
        (
            *(what, row, m.role == "stopped" or m.change == "stop", m.role == "considering", m.over, m.doubtful),
            *(days_before(m.regimen.start, as_of), days_before(m.regimen.stop, as_of)),
        )
        for what, own in enumerate(found.values())
        for row, as_of, m in own
    ]
    table = np.array(said, np.float64).reshape(-1, _FIELDS).T
    what, row = table[:2].astype(np.intp)
    leaving, weighed, over, doubtful = table[2:6] > 0
    return TakenLines(tuple(found), what, row, leaving, weighed, over, doubtful, table[6:])


def intake_of(lines: TakenLines, known: Mask) -> tuple[dict[Taken, Intake], dict[str, Floats]]:
    """What everybody's lines come to, by ingredient and route; and of each ingredient that anybody weighs who does. ``known`` says whose list of
    medicines was said: who has none may take whatever is not on it. Shape (rows,)."""
    if not len(lines.row):
        return {}, {}
    new = np.concatenate((_FIRST, (lines.row[1:] != lines.row[:-1]) | (lines.what[1:] != lines.what[:-1])))
    first = new.nonzero()[0]
    row, what, start, some = lines.row.take(first), lines.what.take(first), lines.days[0], anywhere(lines.weighed)
    begun = np.where(start >= 0, start, np.nan)
    if some:
        begun = np.where(lines.weighed, 0.0, begun)
    if anywhere(lines.leaving):
        now, stopped_days = _leaving(lines, first, row, what, len(known))
        begun = np.where(lines.leaving, np.nan, begun)
    else:
        now, stopped_days = np.ones(len(first)), np.full(len(first), np.nan)
    if anywhere(~known):
        now[(now == 0) & ~known[row]] = np.nan
    taken_days = reduced(np.fmax, begun, first)
    begins, out = what.searchsorted(np.arange(len(lines.of) + 1)).tolist(), {}
    for key, begin, end in zip(lines.of, begins, begins[1:], strict=False):
        own = slice(begin, end)
        rows = None if end - begin == len(known) else row[own]
        out[key] = Intake(now[own], stopped_days[own], taken_days[own], rows)
    return out, _weighed(lines, len(known)) if some else {}


def _leaving(lines: TakenLines, first: Index, row: Index, what: Index, people: int) -> tuple[Floats, Floats]:
    """Whether each group is taken, and the days since the last stop that was or is weighed."""
    taken = reduced(np.logical_or, ~lines.leaving, first)
    now = taken.astype(np.float64)
    if anywhere(lines.doubtful):
        now[~taken & reduced(np.logical_or, lines.leaving & lines.doubtful, first)] = np.nan
    if anywhere(stops := lines.leaving & lines.weighed):
        now[_stopped(lines, stops, row, what, people)] = 0.0
    stop = lines.days[1]
    ended = np.where(np.isnan(stop), np.where(lines.over, np.nan, 0.0), np.maximum(stop, 0.0))
    return now, reduced(np.fmin, np.where(lines.leaving, ended, np.nan), first)


def _stopped(lines: TakenLines, stops: Mask, row: Index, what: Index, people: int) -> Mask:
    """The groups of persons and ingredients by whatever route that a stop which is weighed takes out of what is taken."""
    place = {name: i for i, name in enumerate(dict.fromkeys(name for name, _ in lines.of))}
    ingredient = np.array([place[name] for name, _ in lines.of])
    return np.isin(ingredient[what] * people + row, ingredient[lines.what[stops]] * people + lines.row[stops])


def _weighed(lines: TakenLines, people: int) -> dict[str, Floats]:
    """Who weighs each ingredient."""
    out: dict[str, Floats] = {}
    for place in np.flatnonzero(lines.weighed & ~lines.leaving).tolist():
        who = out.setdefault(lines.of[lines.what[place]][0], np.zeros(people))
        who[lines.row[place]] = 1.0
    return out
